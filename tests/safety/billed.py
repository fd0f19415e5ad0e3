"""Bob's and Dan's sponsors are billed: of each an invoice that is issued, and a draft."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from coachbase import clock
from coachbase.billing import actions as billing
from coachbase.billing.models import Charge, Part, Plan
from coachbase.clients.models import Client
from coachbase.dunning import actions as dunning
from coachbase.dunning.models import Dun, Letter, Pause
from coachbase.engagements.models import Engagement
from coachbase.files.models import Document, DocumentContent
from coachbase.files.rules import Hold, Kind
from coachbase.invoices import actions as invoices
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Batch, Invoice, Line
from coachbase.invoices.rules import Entry
from coachbase.payers.models import Payer, Seller, TaxRate
from coachbase.sessions.models import CoachingSession

if TYPE_CHECKING:
    from tests.safety.world import World

Readers = frozenset[str]


def bill(world: "World", readers: Mapping[str, Readers]) -> None:
    """`readers` may read the canaries, by whose they are. `bob` and `dan` are issued; `bob, draft` is not."""
    rate = world.keep("firm", TaxRate.create(name="VAT", rate_bps=2000))
    Seller.create(
        legal_name="Northbank Ltd", address="1 Quay", city="London", country="GB", tax_id="GB123456789", rate=rate
    )
    batch = world.keep("firm", Batch.create(made_at=clock.now(), upto_on=clock.now().date()))
    for whose in ("bob", "dan"):
        _bill(world, whose, readers[whose], rate, batch)


def _bill(world: "World", whose: str, readers: Readers, rate: TaxRate, batch: Batch) -> None:
    client = Client.get(Client.public_id == world.ids["client"][whose])
    engagement = Engagement.get(Engagement.public_id == world.ids["engagement"][whose])
    payer = _payer(world, whose, readers, client)
    _plan(world, whose, readers, engagement)
    told_too = readers | _who_pays(whose)

    def line(what: str) -> NewLine:
        may = told_too if what == "invoiceline" else readers
        text, detail = world.word(what, whose, may), world.word(f"{what}detail", whose, may)
        return NewLine(
            text, 45_000, detail=detail, rate=rate, client=client, engagement=engagement, coach=client.coach,
            supplied_to=clock.now().date(),
        )  # fmt: skip

    told = {"words": world.word("invoicewords", whose, told_too), "po_number": world.word("invoicepo", whose, told_too)}
    drafted = invoices.draft(payer, [line("invoiceline")], currency="GBP", engagement=engagement, by=None, **told)
    issued = invoices.issue(drafted, version=1, by=None)
    _drawn(world, whose, readers, issued)
    _reminded(world, whose, readers, issued)
    world.keep(whose, issued)
    _objected_to(world, whose, readers, payer, rate, engagement)
    draft = invoices.draft(
        payer, [line("draftline")], currency="GBP", engagement=engagement, batch=batch, by=None
    )  # fmt: skip
    world.keep(f"{whose}, draft", draft)


def _objected_to(
    world: "World", whose: str, readers: Readers, payer: Payer, rate: TaxRate, engagement: Engagement
) -> None:
    """Another one, part of which was taken back and written off, with what was said of it and why. Who pays reads the
    reason on the credit note alone; a session that is not billed has its reason too."""
    client, coach = engagement.client, engagement.client.coach
    line = NewLine(
        "Preparation", 10_000, rate=rate, client=client, engagement=engagement, coach=coach,
        supplied_to=clock.now().date(),
    )  # fmt: skip
    drafted = invoices.draft(payer, [line, line], currency="GBP", engagement=engagement, by=None, po_number="PO 4711")
    issued = invoices.issue(drafted, version=1, by=None)
    world.keep(f"{whose}, objected to", issued)
    part = {Line.of(issued).first().public_id: 1_000}
    told_too = readers | (_who_pays(whose) - {"invoice"})
    invoices.credit(issued, part, reason=world.word("creditreason", whose, told_too), by=coach)
    today, forgiven = clock.now().date(), world.word("writeoffreason", whose, readers)
    invoices.post(issued, Entry.WRITE_OFF, 500, today, reason=forgiven, by=coach)
    dunning.log_call(issued, world.word("callwords", whose, readers), None, by=coach)
    invoices.dispute(issued, world.word("disputewords", whose, readers), by=coach)
    session = CoachingSession.known_as(world.ids["coaching_session"][whose])
    billing.waive(session, reason=world.word("waivereason", whose, readers), by=coach)


def _who_pays(whose: str) -> Readers:
    """Who holds a link to what Bob's sponsor pays reads what stands there."""
    return frozenset({"invoice", "invoices"}) if whose == "bob" else frozenset()


def _plan(world: "World", whose: str, readers: Readers, engagement: Engagement) -> None:
    """How the program is billed, by somebody's word, and something beside it."""
    now = clock.now()
    plan = Plan.create(
        engagement=engagement, discount_words=world.word("plandiscount", whose, readers), price_cents=450_000,
        version=2, changed_at=now,
    )  # fmt: skip
    Part.create(plan=plan, position=1, label=world.word("planpart", whose, readers), cents=450_000)
    charge = Charge.create(
        client=engagement.client, engagement=engagement, text=world.word("chargetext", whose, readers), on=now.date(),
        unit_cents=3_900, currency="GBP", created_at=now,
    )  # fmt: skip
    world.keep(whose, charge)


def _payer(world: "World", whose: str, readers: Readers, client: Client) -> Payer:
    words = ("legal_name", "address", "attention", "cost_centre", "reference", "portal")
    printed = ("legal_name", "cost_centre", "reference")
    told = {
        name: world.word(
            f"payer{name.replace('_', '')}", whose, readers | (_who_pays(whose) if name in printed else frozenset())
        )
        for name in words
    }
    email, copy = (f"{world.word(name, whose, readers)}@payer.example" for name in ("payeremail", "payercopy"))
    payer = Payer.create(
        organisation=client.organisation, email=email, copy_to=copy, created_at=clock.now(), **told
    )  # fmt: skip
    return world.keep(whose, payer)


def _reminded(world: "World", whose: str, readers: Readers, invoice: Invoice) -> None:
    """A letter that named it, and why reminders rest."""
    now = clock.now()
    content = f"%PDF-1.7 {world.word('letterpdf', whose, readers)}".encode()
    sha256 = hashlib.sha256(content).hexdigest()
    document = Document.create(
        client=None, name="Friendly reminder.pdf", media_type="application/pdf", size=len(content), sha256=sha256,
        uploaded_at=now, kind_name=Kind.INVOICE,
    )  # fmt: skip
    DocumentContent.create(document=document, content=content)
    letter = world.keep(
        whose,
        Letter.create(
            payer=invoice.payer, level_name="friendly", state_name="out", on=now.date(), document=document, at=now
        ),
    )
    Dun.create(invoice=invoice, letter=letter, level_name="friendly", open_cents=invoice.open_cents)
    reason, until = world.word("pausereason", whose, readers), now.date() + timedelta(days=9)
    Pause.create(invoice=invoice, until=until, reason=reason, at=now)


def _drawn(world: "World", whose: str, readers: Readers, invoice: Invoice) -> None:
    """A PDF by name, as the worker would file it."""
    content = f"%PDF-1.7 {world.word('invoicepdf', whose, readers)}".encode()
    document = Document.create(
        client=None, name=f"{invoice.label}.pdf", media_type="application/pdf", size=len(content),
        sha256=hashlib.sha256(content).hexdigest(), uploaded_at=clock.now(), kind_name=Kind.INVOICE,
        held_name=Hold.PROOF,
    )  # fmt: skip
    DocumentContent.create(document=document, content=content)
    Invoice.update(document=document).where(Invoice.id == invoice.id).execute()

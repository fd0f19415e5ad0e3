"""Draft, change, discard, issue, credit; post what was paid. The only door to invoices."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from peewee import IntegrityError

from .. import clock, jobs
from ..accounts.models import Attempt, Serving, User
from ..clients.models import Client, Contact
from ..db import atomic, new_public_id
from ..engagements.models import Engagement
from ..errors import Refused, Stale
from ..events import Question, announce
from ..firm.models import day_of
from ..links import actions as links
from ..links.models import Link
from ..mail import actions as mail
from ..mail.models import Message
from ..mail.rules import State as Mailing
from ..money import in_words
from ..numbers import actions as numbers
from ..numbers.rules import Kind
from ..payers.models import Payer, Seller, TaxRate
from ..payers.rules import TERM_DAYS, Category
from ..sums.rules import by_coach, refusal_of_lines
from ..timeline import actions as timeline
from ..timeline.rules import Kind as Said
from . import tasks
from .models import (
    Batch,
    Claim,
    History,
    Invoice,
    Line,
    Portion,
    Posting,
    coach_of,
    facts_of,
    left_to_credit,
    readers_of,
    snapshot_of,
    totals_of,
    totals_of_credit_note,
)
from .rules import (
    SETTLED,
    ClaimKind,
    Entry,
    State,
    ToCredit,
    Unit,
    as_read,
    due_on,
    posted_in_words,
    refusal_of_credit,
    refusal_to_credit,
    refusal_to_dispute,
    refusal_to_post,
    refusal_to_transfer,
    refusal_to_undo,
    refusals_to_issue,
    settled,
)

BATCH = 50
"""How many documents one turn of the clock looks at."""


@dataclass(frozen=True)
class NewLine:
    """A line to be: what it says, what it is about, and what it bills. `public_id` is that of the line it was."""

    text: str
    unit_cents: int
    quantity_milli: int = 1000
    unit: Unit = Unit.PIECE
    detail: str = ""
    discount_bps: int = 0
    rate: TaxRate | None = None
    client: Client | None = None
    engagement: Engagement | None = None
    coach: User | None = None
    supplied_from: date | None = None
    supplied_to: date | None = None
    credits: Line | None = None
    claims: Sequence[tuple[ClaimKind, str]] = field(default=())
    public_id: str = ""


@dataclass(frozen=True)
class Issued:
    """A document has its number and its snapshot; the PDF comes."""

    invoice: Invoice
    by: User | None


@dataclass(frozen=True)
class Posted:
    """Something was paid, refunded, credited, written off, or that was taken back."""

    posting: Posting


@dataclass(frozen=True)
class Credited:
    """All of a document, or some of it, was taken back by a credit note."""

    invoice: Invoice
    note: Invoice
    by: User | None


@dataclass(frozen=True)
class Disputed:
    """The payer objects to it."""

    invoice: Invoice
    by: User | None


@dataclass(frozen=True)
class DisputeSettled:
    """The payer objects no more, or wrongly."""

    invoice: Invoice
    by: User | None


@dataclass(frozen=True)
class RemindersAsked(Question[dict[int, int]]):
    """How often was each of these invoices (by its own id) reminded of? Who never was is not in the answer."""

    invoices: Sequence[int]


class Outcome(NamedTuple):
    """What became of several drafts: those issued, and those that could not be, each with why."""

    issued: list[Invoice]
    refused: list[tuple[Invoice, str]]


# Drafts ---------------------------------------------------------------------------------------------------------------


@atomic
def draft(
    payer: Payer,
    lines: Sequence[NewLine],
    *,
    currency: str,
    kind: Kind = Kind.INVOICE,
    engagement: Engagement | None = None,
    batch: Batch | None = None,
    corrects: Invoice | None = None,
    by: User | None,
    **values: Any,
) -> Invoice:
    """A new draft. `values` are further columns of Invoice: discount, words, reason, po_number, term, supplied days.

    Raises Refused when something on it is billed already, or the amounts are too large.
    """
    seller = Seller.current()
    usual = seller.term_days if seller else TERM_DAYS
    invoice = Invoice.create(
        payer=payer,
        kind_name=kind,
        engagement=engagement,
        batch=batch,
        corrects=corrects,
        currency=currency,
        created_at=clock.now(),
        by=by,
        **({"po_number": payer.po_number, "term_days": usual if payer.term_days is None else payer.term_days} | values),
    )
    _write_lines(invoice, lines)
    note(invoice, "pencil", "Drafted", by=by)
    return invoice


@atomic
def change(invoice: Invoice, values: Mapping[str, Any], lines: Sequence[NewLine], *, version: int, by: User) -> Invoice:
    """Write a draft anew, lines and all.

    Raises Stale when somebody saved it since `version`, Refused when it was issued, or a line of it is billed already.
    """
    invoice = _draft_as_it_is(invoice, version)
    for name, value in values.items():
        setattr(invoice, name, value)
    invoice.version += 1
    invoice.save()
    Line.delete().where(Line.invoice == invoice).execute()
    _write_lines(invoice, lines)
    return invoice


@atomic
def give_po_number(invoice: Invoice, po_number: str, *, version: int) -> None:
    """Put a PO number on a draft, and leave the rest of it alone. Raises as `change` does."""
    invoice = _draft_as_it_is(invoice, version)
    invoice.po_number = po_number
    invoice.version += 1
    invoice.save()


@atomic
def discard(invoice: Invoice, *, version: int, by: User) -> None:
    """Throw a draft away: what it billed may be billed by another. `restore` takes that back."""
    invoice = _draft_as_it_is(invoice, version)
    invoice.removed_at = clock.now()
    invoice.version += 1
    invoice.save()
    Claim.delete().where(Claim.line.in_(Line.select(Line.id).where(Line.invoice == invoice))).execute()
    note(invoice, "trash", "Discarded", by=by)


@atomic
def restore(invoice: Invoice, *, by: User) -> Invoice:
    """Take a discarded draft back, with what it billed. Raises Refused when that is billed by another by now."""
    invoice = Invoice.get_by_id(invoice.id)
    if invoice.removed_at is None:
        return invoice
    for line in Line.of(invoice):
        _claim(line)
    invoice.removed_at = None
    invoice.version += 1
    invoice.save()
    note(invoice, "undo", "Put back", by=by)
    return invoice


def _draft_as_it_is(invoice: Invoice, version: int) -> Invoice:
    now = Invoice.with_payer().where(Invoice.id == invoice.id).first()
    if now is None:
        raise Refused("This draft was discarded.")
    if now.state is not State.DRAFT:
        raise Refused(f"{now.label} is issued, so it stays as it is. Correct it by a credit note.")
    if now.version != version:
        raise Stale("Somebody else changed this draft since you opened it.")
    return now


def _write_lines(invoice: Invoice, lines: Sequence[NewLine]) -> None:
    rows = [_line(invoice, position, line) for position, line in enumerate(lines, start=1)]
    reckoned = totals_of(invoice, rows)
    if refusal := refusal_of_lines(rows, reckoned, discount_bps=invoice.discount_bps):
        raise Refused(refusal)
    for row, net in zip(rows, reckoned.lines, strict=True):
        row.net_cents = net
        row.save(force_insert=True)
        _claim(row)
    invoice.net_cents, invoice.tax_cents, invoice.total_cents = reckoned.net, reckoned.tax, reckoned.total
    invoice.save()


def _line(invoice: Invoice, position: int, line: NewLine) -> Line:
    rate = line.rate
    return Line(
        public_id=line.public_id or new_public_id(),
        invoice=invoice,
        position=position,
        text=line.text,
        detail=line.detail,
        quantity_milli=line.quantity_milli,
        unit_name=line.unit,
        unit_cents=line.unit_cents,
        discount_bps=line.discount_bps,
        rate=rate,
        category_name=rate.category if rate else Category.OUTSIDE,
        rate_bps=rate.rate_bps if rate else 0,
        tax_note=rate.note if rate else "",
        client=line.client,
        engagement=line.engagement,
        coach=line.coach,
        supplied_from=line.supplied_from,
        supplied_to=line.supplied_to,
        credits=line.credits,
        subjects=" ".join(f"{kind}:{subject}" for kind, subject in line.claims),
    )


def _claim(line: Line) -> None:
    for told in line.subjects.split():
        kind, _, subject = told.partition(":")
        try:
            Claim.create(kind_name=kind, subject=subject, line=line)
        except IntegrityError as error:
            raise Refused(f"“{line.text}” is billed already, on another invoice.") from error


# Issuing --------------------------------------------------------------------------------------------------------------


@atomic
def issue(invoice: Invoice, *, version: int, by: User | None) -> Invoice:
    """Give a draft the next number of its series and freeze what it says: both, or neither (domain.md §10).

    Raises Stale when somebody saved it since `version`, Refused with all that is missing.
    """
    invoice = _draft_as_it_is(invoice, version)
    lines = list(Line.of(invoice))
    if missing := refusals_to_issue(facts_of(invoice, lines)):
        raise Refused(" ".join(missing))
    today = day_of(clock.now())
    invoice.series, invoice.year, invoice.seq, invoice.number = numbers.take(invoice.kind, today.year)
    invoice.issued_on, invoice.due_on = today, due_on(today, invoice.term_days)
    invoice.issued_at, invoice.issued_by, invoice.state_name = clock.now(), by, State.ISSUED
    invoice.open_cents = 0 if invoice.kind is Kind.CREDIT else invoice.total_cents
    said = json.dumps(snapshot_of(invoice, lines), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    invoice.snapshot, invoice.snapshot_sha256 = said, hashlib.sha256(said.encode()).hexdigest()
    invoice.version += 1
    _write_portions(invoice, lines)
    invoice.save()
    note(invoice, "send", f"Issued as {invoice.number}", by=by)
    tell(invoice, f"{invoice.label} issued to {invoice.payer.name}", by=by)
    tasks.draw(invoice.public_id)
    announce(Issued(invoice, by))
    return invoice


@atomic
def issue_all(drafts: Sequence[tuple[Invoice, int]], *, by: User) -> Outcome:
    """Issue several drafts, each at the version that was looked at, in this order. Those that cannot be stay drafts."""
    outcome = Outcome([], [])
    for invoice, version in drafts:
        try:
            outcome.issued.append(issue(invoice, version=version, by=by))
        except Refused as refusal:
            outcome.refused.append((invoice, str(refusal)))
    return outcome


def _write_portions(invoice: Invoice, lines: Sequence[Line]) -> None:
    """What the books add up, frozen together with the document."""
    rows = by_coach(totals_of(invoice, lines), lines, [line.coach_id for line in lines])
    told = ("coach", "category_name", "rate_bps", "net_cents", "tax_cents")
    Portion.insert_many([{"invoice": invoice} | dict(zip(told, row, strict=True)) for row in rows]).execute()


@atomic
def sweep() -> None:
    """Wake the worker for what was issued and has no PDF yet."""
    awake = {task.args[0] for task in jobs.huey.pending() if isinstance(task, tasks.draw.task_class)}
    for invoice in Invoice.for_worker(clock.now()).limit(BATCH):
        if invoice.public_id not in awake:
            tasks.draw(invoice.public_id)


@atomic
def try_again(invoice: Invoice) -> None:
    """Let the worker draw anew what it gave up. Raises Refused when there is nothing to draw."""
    invoice = _as_it_is(invoice)
    if invoice.state is not State.ISSUED or invoice.document_id:
        raise Refused("There is no PDF to be made.")
    invoice.problem, invoice.attempts, invoice.try_at = "", 0, None
    invoice.save()
    tasks.draw(invoice.public_id)


def _as_it_is(invoice: Invoice) -> Invoice:
    """The row as it stands in this transaction: what the page showed may be old."""
    return Invoice.with_payer().where(Invoice.id == invoice.id).get()


# Credit notes ---------------------------------------------------------------------------------------------------------


@atomic
def credit(
    invoice: Invoice,
    quantities: Mapping[str, int] | None = None,
    *,
    reason: str,
    bill_again: bool = False,
    by: User,
) -> Invoice:
    """Take back what was issued by a credit note: all that is left of it, or so many thousandths of these lines (by
    their public ids). It is issued at once, and taken off what is open.

    With `bill_again` what the lines billed is to be billed anew. Raises Refused when more is asked for than is left.
    """
    invoice = _as_it_is(invoice)
    lines, left = list(Line.of(invoice)), left_to_credit(invoice)
    asked = left if quantities is None else {line.public_id: quantities.get(line.public_id, 0) for line in lines}
    named = [ToCredit(line.text, line.unit, left[line.public_id], asked[line.public_id]) for line in lines]
    if refusal := refusal_to_credit(invoice.state, invoice.kind, named, reason=reason):
        raise Refused(refusal)
    taken = [line for line in lines if asked[line.public_id]]
    reckoned = totals_of_credit_note(invoice, {line.id: asked[line.public_id] for line in taken}, lines=lines)
    credited_before = sum(posting.cents for posting in Posting.standing(invoice) if posting.entry is Entry.CREDIT)
    if refusal := refusal_of_credit(reckoned.total, invoice.total_cents - credited_before, invoice.currency):
        raise Refused(refusal)
    if bill_again:
        _let_go(taken, asked, left)
    drafted = draft(
        invoice.payer,
        [_mirror(line, asked[line.public_id]) for line in taken],
        currency=invoice.currency,
        kind=Kind.CREDIT,
        engagement=invoice.engagement,
        corrects=invoice,
        by=by,
        reason=reason.strip(),
        po_number=invoice.po_number,
        term_days=0,
        supplied_from=invoice.supplied_from,
        supplied_to=invoice.supplied_to,
        discount_cents=reckoned.discount,
        discount_words=invoice.discount_words,
    )
    issued = issue(drafted, version=1, by=by)
    _post(
        invoice, Entry.CREDIT, issued.total_cents, issued.issued_on, reason=issued.reason, about=issued.public_id, by=by
    )
    announce(Credited(invoice, issued, by))
    return issued


def _mirror(line: Line, quantity_milli: int) -> NewLine:
    return NewLine(
        line.text,
        line.unit_cents,
        quantity_milli=quantity_milli,
        unit=line.unit,
        detail=line.detail,
        discount_bps=line.discount_bps,
        rate=line.rate,
        client=line.client,
        engagement=line.engagement,
        coach=line.coach,
        supplied_from=line.supplied_from,
        supplied_to=line.supplied_to,
        credits=line,
    )


def _let_go(taken: Sequence[Line], asked: Mapping[str, int], left: Mapping[str, int]) -> None:
    """What a line bills hangs on the whole line: which of its sessions a part of it would mean, nobody could say."""
    for line in taken:
        claims = Claim.delete().where(Claim.line == line)
        if asked[line.public_id] != left[line.public_id] and line.subjects:
            raise Refused(f"“{line.text}” can be billed again when all that is left of it is credited.")
        claims.execute()


# What was paid --------------------------------------------------------------------------------------------------------


@atomic
def post(
    invoice: Invoice,
    entry: Entry,
    cents: int,
    on: date,
    *,
    reference: str = "",
    reason: str = "",
    about: str = "",
    by: User | None,
) -> Posting:
    """Write that so much of an issued invoice was paid or written off; below zero that it was given back.

    Raises Refused when it cannot have been: a draft, a day to come, more given back than was too much.
    """
    invoice = _as_it_is(invoice)
    if refusal := refusal_to_post(entry, cents, on, invoice.account, reason=reason, today=day_of(clock.now())):
        raise Refused(refusal)
    return _post(invoice, entry, cents, on, reference=reference, reason=reason, about=about, by=by)


@atomic
def refund(invoice: Invoice, cents: int, on: date, *, reference: str = "", reason: str = "", by: User) -> Posting:
    """Write that so much of what was paid too much was given back. Raises Refused when we do not owe that much."""
    return post(invoice, Entry.REFUND, -cents, on, reference=reference, reason=reason, by=by)


@atomic
def write_off(invoice: Invoice, *, reason: str, by: User) -> Posting:
    """Expect no more of what is open. Raises Refused without a reason, or when nothing is open."""
    today, open_cents = day_of(clock.now()), _as_it_is(invoice).open_cents
    most = max(open_cents, 1)  # of nothing one cent is too much already: the rule says so
    return post(invoice, Entry.WRITE_OFF, most, today, reason=reason.strip(), by=by)


@atomic
def transfer(invoice: Invoice, target: Invoice, cents: int, *, by: User) -> tuple[Posting, Posting]:
    """Pay another invoice of the same payer from what was paid too much on this one.

    Raises Refused when that is not so much, or more than is open there.
    """
    invoice, target, today = _as_it_is(invoice), _as_it_is(target), day_of(clock.now())
    same = {"same_payer": invoice.payer_id == target.payer_id, "same_document": invoice == target}
    if refusal := (
        refusal_to_transfer(invoice.account, target.account, **same)
        or refusal_to_post(Entry.TRANSFER, -abs(cents), today, invoice.account, today=today)
        or refusal_to_post(Entry.TRANSFER, cents, today, target.account, today=today)
    ):
        raise Refused(refusal)
    pair = new_public_id()
    away = _post(invoice, Entry.TRANSFER, -cents, today, reason=f"To {target.label}", about=pair, by=by)
    return away, _post(target, Entry.TRANSFER, cents, today, reason=f"From {invoice.label}", about=pair, by=by)


@atomic
def undo(posting: Posting, *, reason: str = "", by: User) -> Posting:
    """Take a posting back by another; of a transfer both.

    Raises Refused when that was done already, or something that stands on it must be taken back first.
    """
    posting = Posting.get_by_id(posting.id)
    if posting.entry == Entry.TRANSFER:
        twin = Posting.get(
            Posting.about == posting.about, Posting.invoice != posting.invoice_id, Posting.undoes.is_null()
        )
        _undo(twin, reason=reason, by=by)
    return _undo(posting, reason=reason, by=by)


def _undo(posting: Posting, *, reason: str, by: User) -> Posting:
    invoice = _as_it_is(posting.invoice)
    if refusal := refusal_to_undo(posting.id, Posting.standing(invoice)):
        raise Refused(refusal)
    today, about = day_of(clock.now()), posting.about
    return _post(
        invoice, Entry(posting.entry), -posting.cents, today, reason=reason, about=about, undoes=posting, by=by
    )


def _post(invoice: Invoice, entry: Entry, cents: int, on: date, *, by: User | None, **values: Any) -> Posting:
    """The database takes it off what is open (triggers.py)."""
    posting = Posting.create(invoice=invoice, entry=entry, cents=cents, on=on, at=clock.now(), by=by, **values)
    invoice = _as_it_is(invoice)
    was, now = invoice.settled_on, settled(invoice.total_cents, Posting.standing(invoice))
    invoice.last_entry, invoice.settled_on = now.by or "", now.on
    invoice.save()
    if undone := values.get("undoes"):
        words = f"Taken back: {posted_in_words(entry, undone.cents, invoice.currency)}"
    else:
        words = posted_in_words(entry, cents, invoice.currency)
    note(invoice, "undo" if undone else "banknote", words, by=by)
    if was is None and now.on is not None:
        tell(invoice, f"{invoice.label} {SETTLED.get(now.by or Entry.PAYMENT, 'is paid')}", by=by)
    elif was is not None and now.on is None:
        tell(invoice, f"{invoice.label} is open again", by=by)
    posting.invoice = invoice
    announce(Posted(posting))
    return posting


# What else happens to it ----------------------------------------------------------------------------------------------


@atomic
def dispute(invoice: Invoice, words: str, *, by: User) -> None:
    """Note what the payer objects to: it is not reminded of meanwhile. Raises Refused when nothing of it is open."""
    invoice = _as_it_is(invoice)
    if refusal := refusal_to_dispute(invoice.account, words=words, is_disputed=invoice.disputed_at is not None):
        raise Refused(refusal)
    invoice.disputed_at, invoice.dispute = clock.now(), words.strip()
    invoice.save()
    note(invoice, "help", f"Disputed: {invoice.dispute}", by=by)
    tell(invoice, f"{invoice.label} is disputed", by=by)
    announce(Disputed(invoice, by))


@atomic
def settle_dispute(invoice: Invoice, reason: str, *, by: User) -> None:
    """Note how a dispute ended: what is open is asked for again. Raises Refused without a reason."""
    invoice = _as_it_is(invoice)
    if invoice.disputed_at is None:
        raise Refused("It is not disputed any more.")
    if not reason.strip():
        raise Refused("Say how it was settled.")
    invoice.disputed_at, invoice.dispute = None, ""
    invoice.save()
    note(invoice, "handshake", f"Dispute settled: {reason.strip()}", by=by)
    tell(invoice, f"The dispute about {invoice.label} is settled", by=by)
    announce(DisputeSettled(invoice, by))


@atomic
def mark_viewed(invoice: Invoice) -> None:
    """The payer has looked at it: the first time is noted."""
    first = Invoice.update(viewed_at=clock.now()).where(Invoice.id == invoice.id, Invoice.viewed_at.is_null())
    if first.execute():
        invoice = _as_it_is(invoice)
        note(invoice, "eye", "Opened by the payer", by=None)
        tell(invoice, f"{invoice.label} was opened by {invoice.payer.name}", by=None)


@atomic
def note_overdue() -> None:
    """By the clock: say once of each invoice that its day has passed."""
    for invoice in Invoice.newly_overdue(day_of(clock.now())).limit(BATCH):
        invoice.overdue_noted_at = clock.now()
        invoice.save()
        note(invoice, "clock-alert", f"Overdue, {in_words(invoice.open_cents, invoice.currency)} open", by=None)
        tell(invoice, f"{invoice.label} is overdue", by=None)


# What is told ---------------------------------------------------------------------------------------------------------


@atomic
def note(invoice: Invoice, icon: str, words: str, *, by: User | None) -> None:
    """Add a sentence to an invoice's own history."""
    History.create(invoice=invoice, at=clock.now(), icon=icon, words=words, by=by)


@atomic
def tell(invoice: Invoice, sentence: str, *, by: User | None) -> None:
    """Say it on the timeline of everybody the invoice is about. Where it is about clients of several coaches, not all
    who read that may open it: then nothing leads there."""
    clients = invoice.clients
    href = invoice.page if len({client.coach_id for client in clients}) == 1 else ""
    for client in clients:
        timeline.record(client, Said.INVOICE, sentence, href=href, by=by)


# What the payer gets --------------------------------------------------------------------------------------------------

LINK, LINKS = "invoice", "invoices"
"""The kinds of links: to the page of one document, and to the page of all that somebody is to pay."""
LINK_LASTS, HOLD_LASTS = timedelta(days=365), timedelta(hours=12)
ADMITTED, AN_HOUR = 60, timedelta(hours=1)
MAILED_AS = {Kind.INVOICE: "invoice", Kind.CREDIT: "credit_note", Kind.FEE: "late_fee"}


@atomic
def send(invoice: Invoice, *, by: User | None = None) -> list[Message]:
    """Mail a document with its PDF, and to each reader a personal link. Links mailed before stay alive.

    Where nobody is known any more by the time it is drawn, its history says so.
    """
    invoice = Invoice.with_payer().where(Invoice.id == invoice.id).get()
    if not (readers := readers_of(invoice)):
        note(invoice, "mail-warning", "Not mailed: nobody is known to mail it to. Add the payer’s address", by=None)
    about, said = invoice.clients, as_read(json.loads(invoice.snapshot))
    fields = {"document": said.label, "facts": said.facts_by_mail}
    if invoice.kind is not Kind.INVOICE:
        fields["corrects"] = invoice.corrects.label if invoice.corrects_id else "what was billed"
    return [
        mail.queue(
            MAILED_AS[invoice.kind],
            to=(reader.name, reader.email),
            fields=fields | {"name": reader.greeted},
            link=links.issue(LINK, invoice.public_id, lasts=LINK_LASTS),
            attach=invoice.document,
            client=about[0] if len(about) == 1 else None,
            about=invoice.public_id,
            reply_to=Serving.desk_address(coach_of(invoice)),
            by=by,
        )
        for reader in readers
    ]


@atomic
def mail_again(invoice: Invoice, *, by: User) -> list[Message]:
    """Mail a document once more, to whoever pays now; the links mailed before die. Raises Refused when it cannot."""
    invoice = Invoice.with_payer().where(Invoice.id == invoice.id).get()
    if invoice.state is not State.ISSUED or invoice.document_id is None:
        raise Refused("There is no PDF of it yet. It is mailed by itself as soon as there is one.")
    if not readers_of(invoice):
        raise Refused("Nobody is known to mail it to. Add the payer’s address.")
    _shut(invoice)
    note(invoice, "mail", "Mailed again, with new links", by=by)
    return send(invoice, by=by)


@atomic
def link_to_open(payer: Payer, email: str) -> tuple[Link, str]:
    """A link to the page of all that this reader is to pay, for a mail that names several invoices.

    A contact who pays, and is not the payer's own address, sees the programs the contact pays for.
    """
    contact = None if payer.client_id or payer.email.casefold() == email.casefold() else _contact(payer, email)
    return links.issue(LINKS, (contact or payer).public_id, lasts=LINK_LASTS)


def _contact(payer: Payer, email: str) -> Contact | None:
    return Contact.kept().where(Contact.organisation == payer.organisation_id, Contact.email == email).first()


@atomic
def admit(subject: str, *, source: str) -> str:
    """The token of a link to all that this client or contact was sent, for a browser that came by another of theirs.

    Raises TooMany when one address asks for them without end.
    """
    Attempt.count_one(f"{LINKS} held from {source}", limit=ADMITTED, within=AN_HOUR, now=clock.now())
    return links.issue(LINKS, subject, lasts=HOLD_LASTS)[1]


@atomic
def follow_payer(payer: Payer) -> None:
    """Another address is another mailbox: links that went to the old one die. What waited to be sent goes to the new
    one; the rest `mail_again` sends."""
    links.revoke_all(LINKS, payer.public_id)
    for invoice in Invoice.issued().where(Invoice.payer == payer):
        _readdress(invoice)


@atomic
def follow_client(client: Client) -> None:
    """The same where the client pays, and no other address is known."""
    links.revoke_all(LINKS, client.public_id)
    for payer in Payer.with_people().where(Payer.client == client, Payer.email == ""):
        follow_payer(payer)


@atomic
def follow_contact(contact: Contact) -> None:
    """The same for a sponsor contact who pays, or has left the sponsor."""
    links.revoke_all(LINKS, contact.public_id)
    for invoice in Invoice.for_contact(contact).where(Payer.email == ""):
        _readdress(invoice)


def _readdress(invoice: Invoice) -> None:
    waits = Message.state_name.in_((Mailing.QUEUED, Mailing.FAILED))
    waited = Message.select().where(Message.about == invoice.public_id, waits).exists()
    _shut(invoice)
    if waited:
        send(invoice)
    elif invoice.open_cents > 0:
        note(invoice, "link", "Links mailed before work no longer: the address is another. Mail it again", by=None)


def _shut(invoice: Invoice) -> None:
    links.revoke_all(LINK, invoice.public_id)
    mail.call_off(invoice.public_id)

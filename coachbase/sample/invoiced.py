"""What the practice of fiction bills: plans, charges, and four months of invoices in every standing.

Each week's drafts are made and issued as at the desk, on the days they would have been; so are payments and reminders.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from .. import clock
from ..accounts.models import User
from ..assessments.models import Assessment
from ..billing import actions as billing
from ..billing.models import Charge, account_of, costs_to_charge
from ..billing.rules import Anchor, NewPart, Way
from ..clients.models import Client, Organisation
from ..dunning import actions as dunning
from ..dunning import tasks as letters
from ..dunning.models import Letter
from ..engagements.models import Engagement
from ..invoices import actions as invoices
from ..invoices import tasks as painters
from ..invoices.models import Invoice
from ..invoices.rules import Entry, State
from ..mail.models import Message
from ..mail.rules import State as MailState
from ..numbers.rules import Kind
from ..payers import actions as payers
from ..payments import actions as payments
from ..payments.models import BankLine
from ..payments.rules import Entry as BankEntry
from ..payments.rules import Way as FileWay
from .times import arrive, days_ago

WANTS_PO = "Nordhavn"
"""Has begun to ask for the number of its order, so that drafts to it wait."""

WEEKS, DRAFTED_UP_TO = 17, 5
"""How many weeks ago they began, and how many days ago the last drafts were issued."""
PAID, LATE, NEVER, PART, OVER, DISPUTED, CREDITED, WRITTEN_OFF = range(8)
FATES = {
    "Viktor Salo": (NEVER, PAID),
    "Felix Brunner": (PART,),
    "Adam Kowal": (OVER, LATE),
    "Lucia Ferrante": (PAID, CREDITED, WRITTEN_OFF),
    "Carrow College": (LATE, PAID, PAID, DISPUTED, PAID),
    "Marlow Rail": (PAID, NEVER),
    "Henrik Moe": (PAID, LATE),
    "Aster Hotels": (PAID, WRITTEN_OFF),
}
"""What becomes of the invoices of some payers, one after the other; the rest are paid."""

EXPENSES = (
    ("Lucia Ferrante", 60, "Room for a day, Bristol", 18_000),
    ("Adam Kowal", 75, "Train to Bristol and back", 8_450),
    ("Henrik Moe", 44, "Flight to Oslo", 24_900),
    ("George Whitlock", 38, "Two nights in Norwich", 31_200),
    ("Lucia Ferrante", 33, "Facilitation cards", 4_200),
    ("Astrid Hammer", 17, "Train to London", 6_480),
    ("Viktor Salo", 4, "Book: Taking over a team", 2_400),
    ("Amara Diallo", 3, "Room for half a day, London", 9_600),
    ("Henrik Moe", 3, "Taxi to the office in Oslo", 5_100),
    ("Bob Haddad", 2, "Workbook", 3_200),
    ("Astrid Hammer", 2, "Train to Edinburgh", 11_340),
)


def invoice_all(by: User) -> None:
    """All of it, in the order it happened."""
    _change_plans(by)
    for name, days, text, cents in EXPENSES:
        with days_ago(days):
            _charge(_client(name), text, cents, by)
    last = clock.now() - timedelta(days=DRAFTED_UP_TO)
    for moment in _working_days():
        with clock.pretend(moment):
            _live_a_day(moment, by, is_drafting=moment < last)
    with days_ago(1.5):
        _charge_assessments(by)
        _raise_a_rate(by)
        _demand_orders(by)
    with days_ago(1.2):
        billing.propose(Engagement.with_client(), Charge.unbilled(clock.now().date()), by=None)
    with days_ago(0.4):
        _read_the_bank(by)


def _working_days() -> Iterator[datetime]:
    """Half past ten in London on each of them."""
    now = clock.now()
    for days in range(7 * WEEKS, 1, -1):
        day = (now - timedelta(days=days)).date()
        if day.weekday() < 5:
            yield datetime.combine(day, time(10, 30), ZoneInfo("Europe/London"))


# How it is billed -----------------------------------------------------------------------------------------------------


def _change_plans(by: User) -> None:
    """Some agreed otherwise than their program usually is billed: for each session; a deposit, then halves."""
    with days_ago(7 * WEEKS + 2):
        _plan("George Whitlock", by, Way.PER_SESSION, 120_000)
        _plan("Isabel Crane", by, Way.PER_SESSION, 80_000)
        deposit = NewPart("Deposit", Anchor.SIGNED, 192_000, is_deposit=True)
        halves = (NewPart("first half", Anchor.START, 480_000), NewPart("second half", Anchor.MIDDLE, 480_000))
        _plan("Astrid Hammer", by, Way.PARTS, 0, (deposit, *halves))


def _plan(name: str, by: User, way: Way, unit_cents: int, parts: tuple[NewPart, ...] = ()) -> None:
    account = account_of(Engagement.of(_client(name)).get())
    values = {
        "way_name": way, "unit_cents": unit_cents, "discount_bps": 0, "discount_cents": 0, "discount_words": "",
        "rate": None, "since_on": None,
    }  # fmt: skip
    seen = [part.public_id for part in account.unbilled_parts]
    version = account.plan.version if account.plan.id else 0
    billing.change_plan(account.engagement, values, parts, seen=seen, version=version, by=by)


def _raise_a_rate(by: User) -> None:
    """From now on, as agreed by telephone; the next draft shows the difference."""
    _plan("Isabel Crane", by, Way.PER_SESSION, 85_000)


def _demand_orders(by: User) -> None:
    sponsor = Organisation.get(Organisation.name == WANTS_PO)
    payer = payers.payer_for(sponsor)
    payers.keep_payer(sponsor, {"needs_po": True}, version=payer.version, by=by)


def _charge(client: Client, text: str, cents: int, by: User) -> None:
    program = Engagement.of(client).get()
    values = {
        "engagement": program, "kind_name": "expense", "text": text, "on": clock.now().date(), "unit_cents": cents,
        "currency": program.currency,
    }  # fmt: skip
    billing.charge(client, values, by=by)


def _charge_assessments(by: User) -> None:
    """What their instruments cost."""
    for name in ("Elif Demir", "Ken Watanabe-Holt"):
        for assessment in costs_to_charge(_client(name)):
            billing.charge_assessment(Assessment.get_by_id(assessment.id), by=by)


def _client(name: str) -> Client:
    return Client.get(Client.name == name)


# Day by day -----------------------------------------------------------------------------------------------------------


def _live_a_day(moment: datetime, by: User, *, is_drafting: bool) -> None:
    if is_drafting and moment.weekday() == 0:
        _issue_all(by)
    issued = Invoice.with_payer().where(Invoice.state_name == State.ISSUED, Invoice.kind_name == Kind.INVOICE)
    nths: dict[str, Iterator[int]] = {}
    for invoice in list(issued.order_by(Invoice.seq)):
        nth = next(nths.setdefault(invoice.payer.name, count()))
        if invoice.open_cents > 0:
            _follow(invoice, _fate_of(invoice.payer.name, nth), moment.date(), by)
    dunning.remind_due()
    for letter in list(Letter.waiting(clock.now())):
        letters.write.call_local(letter.public_id)
    _deliver()


def _issue_all(by: User) -> None:
    proposed = billing.propose(Engagement.with_client(), Charge.unbilled(clock.now().date()), by=None)
    outcome = billing.issue([(draft, 1) for draft in proposed.drafts], by=by)
    for invoice, _ in outcome.refused:
        billing.discard(invoice, version=invoice.version, by=by)  # it is proposed again once it can be issued
    _deliver()


def _deliver() -> None:
    """What was issued is drawn and mailed; it has arrived, and nothing has left."""
    for invoice in list(Invoice.select().where(Invoice.state_name == State.ISSUED, Invoice.document.is_null())):
        painters.draw.call_local(invoice.public_id)
    arrive(Message.select().where(Message.state_name == MailState.QUEUED, Message.kind.startswith("invoice")))


def _fate_of(payer: str, nth: int) -> int:
    fates = FATES.get(payer, ())
    return fates[nth] if nth < len(fates) else PAID


def _follow(invoice: Invoice, fate: int, today: date, by: User) -> None:
    """What the payer does, so many days after it was issued."""
    days, total = (today - invoice.issued_on).days, invoice.total_cents
    is_whole = invoice.open_cents == total
    if (fate == PAID and days >= 9 + 5 * invoice.seq % 16) or (fate == LATE and days >= 24):
        invoices.post(invoice, Entry.PAYMENT, invoice.open_cents, today, reference=invoice.number, by=by)
    elif fate == PART and days >= 12 and is_whole:
        invoices.post(invoice, Entry.PAYMENT, total // 2, today, reference="First half", by=by)
    elif fate == OVER and days >= 9:
        invoices.post(invoice, Entry.PAYMENT, total + 5_000, today, reference=invoice.number, by=by)
    elif fate == DISPUTED and days >= 6 and invoice.disputed_at is None:
        invoices.dispute(invoice, "They count one session less in October.", by=by)
    elif fate == CREDITED and days >= 4:
        invoices.credit(invoice, reason="Agreed to be free of charge", by=by)
    elif fate == WRITTEN_OFF and days >= 10 and is_whole:
        invoices.post(invoice, Entry.PAYMENT, total - 1_250, today, reference=invoice.number, by=by)
    elif fate == WRITTEN_OFF and days >= 20:
        invoices.write_off(invoice, reason="Bank charges, not worth a letter", by=by)


# The bank -------------------------------------------------------------------------------------------------------------


def _read_the_bank(by: User) -> None:
    """A file of which one line is booked: another fits for sure, the rest wait to be looked at."""
    today = clock.now().date()
    open_ones = list(_open_invoices(by))
    first, others = open_ones[:2], open_ones[2:4]
    lines = [
        *(_line(n, invoice, invoice.number, 0) for n, invoice in enumerate(first, start=1)),
        *(_line(n, invoice, "Coaching, thank you", 0) for n, invoice in enumerate(others[:1], start=3)),
        *(_line(n, invoice, f"Inv {invoice.number}", 1_250) for n, invoice in enumerate(others[1:], start=4)),
        BankEntry(5, today - timedelta(days=2), 4_999, "GBP", "A Shop of Fiction", "", "Refund of an order"),
        BankEntry(6, today - timedelta(days=1), -12_000, "GBP", "Rooms Ltd", "", "Rent of a room"),
    ]
    added = payments.take("northbank-november.xml", "0" * 64, FileWay.CAMT, lines, by=by)
    rows = {row.cents: row for row in BankLine.select().where(BankLine.file == added.file)}
    for invoice in first[:1]:
        row = rows.get(invoice.open_cents)
        if row:
            part = payments.Part(invoice, invoice.open_cents, invoice.open_cents)
            payments.match(row, [part], version=row.version, by=by)


def _open_invoices(by: User) -> Iterator[Invoice]:
    """Of the assistant's own clients, what is open and nobody objects to, the newest last."""
    rows = Invoice.visible_to(by).where(Invoice.state_name == State.ISSUED, Invoice.open_cents > 0)
    lately = Invoice.disputed_at.is_null(), Invoice.issued_on > clock.now().date() - timedelta(days=30)
    seen: set[int] = set()
    for invoice in rows.where(*lately).order_by(Invoice.seq.desc()):
        if invoice.open_cents not in seen:
            seen.add(invoice.open_cents)
            yield invoice


def _line(number: int, invoice: Invoice, words: str, less: int) -> BankEntry:
    on = clock.now().date() - timedelta(days=number % 3)
    return BankEntry(number, on, invoice.open_cents - less, invoice.currency, invoice.payer.legal_name, "", words)

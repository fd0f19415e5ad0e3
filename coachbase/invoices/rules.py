"""What an invoice adds up to, how it stands, what it lacks, and how it is numbered (domain.md §10).

Amounts are integer minor units of the invoice's currency, quantities thousandths, percentages hundredths of a percent
(`bps`). Halves are rounded away from zero, so that a credit note is its invoice's mirror.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Protocol
from urllib.parse import urlencode

from ..money import LARGEST, as_number
from ..payers.rules import Category


class Kind(StrEnum):
    """What a document is; each has its own series."""

    INVOICE = "invoice"
    CREDIT = "credit"
    FEE = "fee"


class State(StrEnum):
    """A draft has no number and may change; what was issued never does."""

    DRAFT = "draft"
    ISSUED = "issued"


class Standing(StrEnum):
    """How it stands today, from its state, what is open of it, and the day."""

    DRAFT = "draft"
    ISSUED = "issued"
    OPEN = "open"
    DISPUTED = "disputed"
    OVERDUE = "overdue"
    PAID = "paid"
    OVERPAID = "overpaid"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"


class Entry(StrEnum):
    """Lines of what became of an issued amount; each takes its cents off what is open, or adds them when negative."""

    PAYMENT = "payment"
    REFUND = "refund"
    CREDIT = "credit"
    TRANSFER = "transfer"
    WRITE_OFF = "write_off"


class ClaimKind(StrEnum):
    """What a line bills, so that nothing is billed twice."""

    SESSION = "session"
    PART = "part"
    CHARGE = "charge"
    DEPOSIT = "deposit"


class Unit(StrEnum):
    """What a quantity counts; the values are the codes of UN/ECE Recommendation 20."""

    PIECE = "C62"
    HOUR = "HUR"
    DAY = "DAY"
    MONTH = "MON"
    SESSION = "E48"


KIND_LABELS = {Kind.INVOICE: "Invoice", Kind.CREDIT: "Credit note", Kind.FEE: "Late fee"}
PREFIXES = {Kind.INVOICE: "", Kind.CREDIT: "CN-", Kind.FEE: "LF-"}
ENTRY_LABELS = {
    Entry.PAYMENT: "Payment",
    Entry.REFUND: "Refund",
    Entry.CREDIT: "Credit note",
    Entry.TRANSFER: "Transfer",
    Entry.WRITE_OFF: "Written off",
}
UNIT_LABELS = {
    Unit.PIECE: ("", ""),
    Unit.HOUR: ("hour", "hours"),
    Unit.DAY: ("day", "days"),
    Unit.MONTH: ("month", "months"),
    Unit.SESSION: ("session", "sessions"),
}
MOST_LINES = 200
LARGEST_QUANTITY = 1_000_000_000
"""Thousandths: a million."""


class Face(NamedTuple):
    """A state as icon, word and tone."""

    icon: str
    label: str
    tone: str


FACES = {
    Standing.DRAFT: Face("pencil", "Draft", ""),
    Standing.ISSUED: Face("check", "Issued", ""),
    Standing.OPEN: Face("send", "Open", "wait"),
    Standing.DISPUTED: Face("help", "Disputed", "late"),
    Standing.OVERDUE: Face("clock-alert", "Overdue", "late"),
    Standing.PAID: Face("check", "Paid", "good"),
    Standing.OVERPAID: Face("arrow-right-left", "Overpaid", "wait"),
    Standing.CREDITED: Face("undo", "Credited", ""),
    Standing.WRITTEN_OFF: Face("x", "Written off", ""),
}


# What it adds up to ---------------------------------------------------------------------------------------------------


class LineLike(Protocol):
    """What the totals ask of a line."""

    @property
    def quantity_milli(self) -> int: ...
    @property
    def unit_cents(self) -> int: ...
    @property
    def discount_bps(self) -> int: ...
    @property
    def category(self) -> Category: ...
    @property
    def rate_bps(self) -> int: ...


class RateSum(NamedTuple):
    """What is taxed at one rate, after discounts, and its tax."""

    category: Category
    rate_bps: int
    discount_cents: int
    base_cents: int
    tax_cents: int


@dataclass(frozen=True)
class Totals:
    """`lines` are the lines' own nets in their order; `net` is their sum less the discount."""

    lines: tuple[int, ...]
    subtotal: int
    discount: int
    net: int
    rates: tuple[RateSum, ...]
    tax: int
    total: int


def half_up(numerator: int, denominator: int) -> int:
    """The quotient, a half rounded away from zero; the denominator is above zero."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def net_of(line: LineLike) -> int:
    """Quantity by price, rounded, less the line's own discount, rounded."""
    whole = half_up(line.quantity_milli * line.unit_cents, 1000)
    return whole - half_up(whole * line.discount_bps, 10_000)


def totals(lines: Sequence[LineLike], *, discount_bps: int = 0, discount_cents: int = 0) -> Totals:
    """The one reckoning behind list, page, PDF, CSV and XML (domain.md §10).

    The discount on all (a share and an amount, added up) is spread over the rates by what stands at each, and taken off
    before tax; tax is rounded half up once for each rate, on its sum.
    """
    nets = tuple(net_of(line) for line in lines)
    groups: dict[tuple[Category, int], int] = {}
    for line, net in zip(lines, nets, strict=True):
        key = line.category, line.rate_bps
        groups[key] = groups.get(key, 0) + net
    subtotal = sum(nets)
    discount = half_up(subtotal * discount_bps, 10_000) + discount_cents
    ordered = sorted(groups, key=lambda key: (-key[1], key[0]))
    shares = spread(discount, [groups[key] for key in ordered])
    rates = tuple(
        RateSum(*key, share, base := groups[key] - share, half_up(base * key[1], 10_000))
        for key, share in zip(ordered, shares, strict=True)
    )
    tax = sum(rate.tax_cents for rate in rates)
    net = subtotal - discount
    return Totals(nets, subtotal, discount, net, rates, tax, net + tax)


def spread(amount: int, over: Sequence[int]) -> list[int]:
    """An amount in whole cents by the size of some sums: each its share rounded down, the rest to the largest parts
    that were cut off. All to the first where the sums cancel out."""
    whole = sum(over)
    if not whole:
        return [amount if not place else 0 for place in range(len(over))]
    sign = 1 if whole > 0 else -1
    cut = [divmod(sign * amount * part, abs(whole)) for part in over]
    shares = [share for share, _ in cut]
    for place in sorted(range(len(over)), key=lambda place: -cut[place][1])[: amount - sum(shares)]:
        shares[place] += 1
    return shares


def refusal_of_lines(lines: Sequence[LineLike], reckoned: Totals) -> str | None:
    """Why these lines cannot stand on an invoice, as a sentence; None when they can."""
    if len(lines) > MOST_LINES:
        return f"An invoice has {MOST_LINES} lines at most."
    if any(abs(amount) > LARGEST for amount in (*reckoned.lines, reckoned.discount, reckoned.net, reckoned.total)):
        return "These amounts are larger than any invoice of ours."
    return None


# How it stands --------------------------------------------------------------------------------------------------------


def standing(
    state: State,
    kind: Kind,
    *,
    total: int,
    open_cents: int,
    due_on: date | None,
    is_disputed: bool,
    last: Entry | None,
    today: date,
) -> Standing:
    """How an invoice stands; `last` is what last changed the open amount. Of a credit note nothing is ever open: it is
    posted to what it corrects."""
    if state is State.DRAFT:
        return Standing.DRAFT
    if kind is Kind.CREDIT:
        return Standing.ISSUED
    if open_cents < 0 < total:
        return Standing.OVERPAID
    if not open_cents:
        return {Entry.WRITE_OFF: Standing.WRITTEN_OFF, Entry.CREDIT: Standing.CREDITED}.get(
            last or Entry.PAYMENT, Standing.PAID
        )
    if is_disputed:
        return Standing.DISPUTED
    return Standing.OVERDUE if due_on is not None and due_on < today else Standing.OPEN


# Numbers --------------------------------------------------------------------------------------------------------------


def number_in_words(prefix: str, year: int, seq: int, digits: int) -> str:
    """'2026-0012', 'CN-2026-0003'; without a year in a series that runs on."""
    middle = f"{year}-" if year else ""
    return f"{prefix}{middle}{seq:0{digits}d}"


# Issuing --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What decides whether a draft may be issued."""

    seller_name: str
    seller_address: str
    seller_tax: str
    payer_name: str
    payer_address: str
    needs_po: bool
    po_number: str
    line_count: int
    total: int
    kind: Kind
    untaxed_without_note: bool
    supplied: bool
    has_address_to_mail: bool


def refusals_to_issue(facts: Facts) -> list[str]:
    """What is missing (EU VAT directive, Art. 226), each as a sentence that says what to do; none when it may go."""
    missing = [
        (not facts.seller_name or not facts.seller_address, "Fill in the firm’s legal name and address first."),
        (not facts.seller_tax, "Fill in the firm’s tax number first."),
        (not facts.payer_name or not facts.payer_address, "The payer’s name and address are missing."),
        (
            facts.needs_po and not facts.po_number,
            "This payer wants a PO number, and there is none yet.",
        ),
        (not facts.line_count, "There is no line on it."),
        (
            facts.total <= 0 and facts.kind is not Kind.CREDIT,
            "It comes to nothing or less. That is a credit note.",
        ),
        (facts.untaxed_without_note, "A line without tax needs the reason. Say it in the tax rate."),
        (not facts.supplied, "Say when the services were supplied."),
        (not facts.has_address_to_mail, "Nobody is known to mail it to. Add the payer’s address."),
    ]
    return [sentence for is_missing, sentence in missing if is_missing]


def due_on(issued_on: date, term_days: int) -> date:
    return issued_on + timedelta(days=term_days)


def open_of(total: int, postings: Iterable[int]) -> int:
    """What is still to be paid."""
    return total - sum(postings)


# How it is written ----------------------------------------------------------------------------------------------------


def quantity_in_words(milli: int, unit: Unit) -> str:
    """'1.5 hours', '1 session', '3'."""
    one, several = UNIT_LABELS[unit]
    return f"{as_number(milli, 3)} {one if milli == 1000 else several}".strip()


def days_in_words(first: date | None, last: date | None) -> str:
    """'3 Nov 2026', '3 to 28 Nov 2026', '28 Oct to 3 Nov 2026'; '' for none."""
    first, last = first or last, last or first
    if first is None or last is None:
        return ""
    whole = f"{last.day} {last:%b} {last.year}"
    if first == last:
        return whole
    if first.year != last.year:
        return f"{first.day} {first:%b} {first.year} to {whole}"
    return f"{first.day} {first:%b} to {whole}" if first.month != last.month else f"{first.day} to {whole}"


def due_in_words(due: date, today: date) -> str:
    """'due in 5 days', 'due today', '12 days late'."""
    days = (due - today).days
    if not days:
        return "due today"
    number = f"{abs(days)} {'day' if abs(days) == 1 else 'days'}"
    return f"due in {number}" if days > 0 else f"{number} late"


# The overview and the list --------------------------------------------------------------------------------------------


class Column(StrEnum):
    """Of the overview."""

    DRAFTS = "drafts"
    OPEN = "open"
    OVERDUE = "overdue"
    DISPUTED = "disputed"
    PAID = "paid"


COLUMN_LABELS = {
    Column.DRAFTS: "Drafts",
    Column.OPEN: "Open",
    Column.OVERDUE: "Overdue",
    Column.DISPUTED: "Disputed",
    Column.PAID: "Paid lately",
}
LATELY = timedelta(days=30)
AGES = ((14, "1–14 days"), (30, "15–30 days"), (60, "31–60 days"), (None, "over 60 days"))


def age_of(due: date, today: date) -> str:
    """Which of the ages what is overdue belongs to."""
    late = (today - due).days
    return next(label for most, label in AGES if most is None or late <= most)


@dataclass(frozen=True)
class InvoiceFilter:
    """Which invoices a list shows, in which order: all of it stands in the address."""

    SORTS: ClassVar = ("issued", "due", "number", "payer", "total", "open")

    q: str = ""
    standing: str = ""
    kind: str = ""
    payer: str = ""
    coach: str = ""
    currency: str = ""
    since: date | None = None
    until: date | None = None
    sort: str = "issued"
    descending: bool = True
    page: int = 1

    @property
    def narrows(self) -> bool:
        """Whether something is asked for, so that some may be left out."""
        asked = (self.q, self.standing, self.kind, self.payer, self.coach, self.currency, self.since, self.until)
        return any(asked)

    def address(self, path: str = "/invoices/list", **changes: Any) -> str:
        """The list's address with something changed; a change of filter or order starts on the first page."""
        wanted = replace(self, **({"page": 1} | changes))
        sort = f"-{wanted.sort}" if wanted.descending else wanted.sort
        asked = {
            "q": wanted.q,
            "state": wanted.standing,
            "kind": wanted.kind,
            "payer": wanted.payer,
            "coach": wanted.coach,
            "currency": wanted.currency,
            "since": wanted.since and wanted.since.isoformat(),
            "until": wanted.until and wanted.until.isoformat(),
            "sort": "" if sort == "-issued" else sort,
            "page": "" if wanted.page == 1 else wanted.page,
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{path}?{query}" if query else path

    def sorted_by(self, column: str) -> str:
        """Where a column's heading leads: that order, or its reverse when it stands already."""
        return self.address(sort=column, descending=not (self.sort == column and self.descending))

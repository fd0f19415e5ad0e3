"""How an invoice stands, what it lacks, what it says, and what may be posted (domain.md §10).

Amounts are integer minor units of the invoice's currency, quantities thousandths, percentages hundredths of a percent
(`bps`). What lines add up to is reckoned in the room `sums`.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode

from ..agreements.rules import day_in_words
from ..mail.rules import one_line
from ..money import LARGEST, as_number, in_words
from ..numbers.rules import KIND_LABELS, Kind
from ..payers.rules import Category, country_in_words, iban_in_words, percent_in_words


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
    DISCOUNT = "discount"


class Unit(StrEnum):
    """What a quantity counts; the values are the codes of UN/ECE Recommendation 20."""

    PIECE = "C62"
    HOUR = "HUR"
    DAY = "DAY"
    MONTH = "MON"
    SESSION = "E48"


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


# Credit notes ---------------------------------------------------------------------------------------------------------


class ToCredit(NamedTuple):
    """A line of which something is to be taken back, in thousandths."""

    text: str
    unit: Unit
    left: int
    asked: int


def refusal_to_credit(state: State, kind: Kind, lines: Sequence[ToCredit], *, reason: str) -> str | None:
    """Why this cannot be taken back by a credit note, as a sentence; None when it can."""
    if state is State.DRAFT:
        return "A draft is changed or discarded. A credit note is for what was issued."
    if kind is Kind.CREDIT:
        return "A credit note is not taken back by another. Issue a new invoice instead."
    if not any(line.left for line in lines):
        return "All of it is credited already."
    if not any(line.asked for line in lines):
        return "Choose what is credited."
    for line in lines:
        if line.asked and (line.asked * line.left <= 0 or abs(line.asked) > abs(line.left)):
            return f"Of “{line.text}” {quantity_in_words(line.left, line.unit)} can be credited, no more."
    return None if reason.strip() else "Say why. The sentence stands on the credit note."


def refusal_of_credit(total: int, left: int, currency: str) -> str | None:
    """Why a credit note cannot come to this when so much of an invoice is not credited yet; None when it can."""
    if total <= 0:
        return "That comes to nothing or less, so there is nothing to credit."
    if total > left:
        return f"That is more than the {in_words(left, currency)} that are left of it. Credit its other lines as well."
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
    undrawable: str = ""
    """Why the fonts cannot draw it."""


class Where(StrEnum):
    """The page on which something that is missing can be said."""

    FIRM = "firm"
    PAYER = "payer"
    DRAFT = "draft"


class Lack(NamedTuple):
    """What keeps a draft from being issued, as a sentence, and where that is mended."""

    sentence: str
    where: Where


def refusals_to_issue(facts: Facts) -> list[str]:
    """What is missing, each as a sentence that says what to do; none when it may go."""
    return [lack.sentence for lack in lacks(facts)]


def lacks(facts: Facts) -> list[Lack]:
    """What an invoice must say and this one would not (EU VAT directive, Art. 226), and what a payer demands."""
    firm, payer, draft = Where.FIRM, Where.PAYER, Where.DRAFT
    missing = [
        (not facts.seller_name or not facts.seller_address, firm, "Fill in the firm’s legal name and address first."),
        (not facts.seller_tax, firm, "Fill in the firm’s tax number first."),
        (not facts.payer_name or not facts.payer_address, payer, "The payer’s name and address are missing."),
        (
            facts.needs_po and not facts.po_number and facts.kind is not Kind.CREDIT,
            draft,
            "This payer wants a PO number, and there is none yet.",
        ),
        (not facts.line_count, draft, "There is no line on it."),
        (
            facts.total <= 0 and facts.kind is not Kind.CREDIT,
            draft,
            "It comes to nothing or less. That is a credit note.",
        ),
        (facts.untaxed_without_note, firm, "A line without tax needs the reason. Say it in the tax rate."),
        (not facts.supplied, draft, "Say when the services were supplied."),
        (not facts.has_address_to_mail, payer, "Nobody is known to mail it to. Add the payer’s address."),
        (bool(facts.undrawable), draft, facts.undrawable),
    ]
    return [Lack(sentence, where) for is_missing, where, sentence in missing if is_missing]


def due_on(issued_on: date, term_days: int) -> date:
    return issued_on + timedelta(days=term_days)


# What became of it ----------------------------------------------------------------------------------------------------

MONEY = (Entry.PAYMENT, Entry.REFUND, Entry.TRANSFER)
"""What came in, or went out again."""
EARLY = timedelta(days=366)
"""So long before it was issued somebody may have paid."""


class Stands(NamedTuple):
    """A posting that was not taken back; `key` tells it from its like."""

    key: int
    entry: Entry
    cents: int
    on: date


class Settled(NamedTuple):
    """By what nothing is open any more, and since when; of what is open, None."""

    by: Entry | None
    on: date | None


def settled(total: int, postings: Iterable[Stands]) -> Settled:
    """What settles an amount, from the postings that stand, in the order they were written.

    It is settled by the last that took something off, on the day it came to nothing: what is paid on top of that, and
    given back, changes neither. A credit note settles only what it takes back whole, else whoever paid the rest did.
    """
    open_cents, on, by, credited = total, None, None, 0
    for posting in postings:
        before, open_cents = open_cents, open_cents - posting.cents
        if before > 0 >= open_cents:
            on = posting.on
        credited += posting.cents if posting.entry is Entry.CREDIT else 0
        if posting.cents > 0 and (posting.entry is not Entry.CREDIT or by is None):
            by = posting.entry
    if open_cents > 0:
        return Settled(None, None)
    return Settled(Entry.CREDIT if credited >= total else by, on)


@dataclass(frozen=True)
class Account:
    """How an issued document stands, for who wants to post to it."""

    state: State
    kind: Kind
    currency: str
    open_cents: int
    issued_on: date | None


def refusal_to_post(
    entry: Entry, cents: int, on: date, account: Account, *, reason: str = "", today: date
) -> str | None:
    """Why this cannot have become of it, as a sentence; None when it can. What is given back is below zero."""
    if account.state is State.DRAFT:
        return "A draft cannot be paid: issue it first."
    if account.kind is Kind.CREDIT:
        return "A credit note is not paid: it is taken off what it corrects."
    if entry is Entry.CREDIT:
        return "What is credited has a document of its own: write a credit note."
    if not cents or (entry is not Entry.TRANSFER and (cents < 0) is not (entry is Entry.REFUND)):
        return "Enter an amount above zero."
    if abs(cents) > LARGEST:
        return "That is larger than any amount of ours."
    if on > today:
        return "That day is still to come."
    if account.issued_on and on < account.issued_on - EARLY:
        return "That is more than a year before it was issued. Check the day."
    return _refusal_of_amount(entry, cents, account) or (
        "Say why it is written off." if entry is Entry.WRITE_OFF and not reason.strip() else None
    )


def _refusal_of_amount(entry: Entry, cents: int, account: Account) -> str | None:
    """Nobody is given back more than we owe, nor let off more than is open."""
    most = in_words(abs(account.open_cents), account.currency)
    if cents < 0 and account.open_cents >= 0:
        return "Nothing was paid too much, so there is nothing to give back."
    if cents < account.open_cents < 0:
        return f"We owe {most}: no more than that can be given back."
    if entry in (Entry.WRITE_OFF, Entry.TRANSFER) and cents > 0:
        if account.open_cents <= 0:
            return "Nothing is open any more."
        if cents > account.open_cents:
            return f"{most} is open: that is the most."
    return None


def refusal_to_undo(key: int, postings: Sequence[Stands]) -> str | None:
    """Why a posting cannot be taken back, as a sentence; None when it can. `postings` are those that stand."""
    undone = next((posting for posting in postings if posting.key == key), None)
    if undone is None:
        return "That was taken back already."
    if undone.entry is Entry.CREDIT:
        return "A credit note stays. To ask for the amount again, issue a new invoice."
    came_in = sum(posting.cents for posting in postings if posting.entry in MONEY)
    if undone.entry in MONEY and undone.cents > 0 and came_in < undone.cents:
        return "Some of it was given back. Take that back first."
    return None


def posted_in_words(entry: Entry, cents: int, currency: str) -> str:
    """'£300.00 paid', '£20.00 given back'."""
    became = {
        Entry.PAYMENT: "paid",
        Entry.REFUND: "given back",
        Entry.CREDIT: "credited",
        Entry.TRANSFER: "paid from what was too much on another" if cents > 0 else "moved to another invoice",
        Entry.WRITE_OFF: "written off",
    }
    return f"{in_words(abs(cents), currency)} {became[entry]}"


SETTLED = {Entry.WRITE_OFF: "is written off", Entry.CREDIT: "is credited in full"}
"""What a timeline says when nothing is open any more; else it is paid."""


def refusal_to_transfer(source: Account, target: Account, *, same_payer: bool, same_document: bool) -> str | None:
    """Why what was paid too much on one cannot pay the other, as a sentence; None when it can."""
    if same_document:
        return "Choose another invoice."
    if not same_payer or source.currency != target.currency:
        return "What was paid too much can pay another invoice of the same payer in the same currency."
    return None


def refusal_to_dispute(account: Account, *, words: str, is_disputed: bool) -> str | None:
    """Why this cannot be noted as disputed, as a sentence; None when it can."""
    if account.state is State.DRAFT or account.kind is Kind.CREDIT or account.open_cents <= 0:
        return "Nothing of it is open, so there is nothing to dispute."
    if is_disputed:
        return "It is disputed already."
    return None if words.strip() else "Say what the payer objects to."


# How it is written ----------------------------------------------------------------------------------------------------


def quantity_in_words(milli: int, unit: Unit) -> str:
    """'1.5 hours', '1 session', '3'."""
    one, several = UNIT_LABELS[unit]
    return f"{as_number(milli, 3)} {one if milli == 1000 else several}".strip()


def due_in_words(due: date, today: date) -> str:
    """'due in 5 days', 'due today', '12 days late'."""
    days = (due - today).days
    if not days:
        return "due today"
    number = f"{abs(days)} {'day' if abs(days) == 1 else 'days'}"
    return f"due in {number}" if days > 0 else f"{number} late"


# How it reads ---------------------------------------------------------------------------------------------------------

TAX_WORDS = {
    Category.STANDARD: "Tax",
    Category.ZERO: "Zero rate",
    Category.EXEMPT: "Exempt from tax",
    Category.REVERSE: "Reverse charge",
    Category.EXPORT: "Export",
    Category.OUTSIDE: "Outside the scope of tax",
}
TO_PAY = {Kind.INVOICE: "To pay", Kind.CREDIT: "Credited", Kind.FEE: "To pay"}
ABOUT_BEFORE = {Kind.INVOICE: "Follows invoice", Kind.CREDIT: "Corrects invoice", Kind.FEE: "For invoice"}
"""What a document says of the one before it."""
BY_MAIL = ("Due", "Supplied", "Your PO number", "Your cost centre", "Your reference")
"""The facts a reader in a hurry looks for."""
CITY_FIRST = ("AU", "CA", "GB", "IE", "NZ", "US")
"""Where the postcode stands behind the city."""


@dataclass(frozen=True)
class LineRead:
    """A line in words; `when` and `discount` are '' where there is nothing to say."""

    text: str
    detail: str
    when: str
    quantity: str
    price: str
    discount: str
    rate: str
    amount: str


@dataclass(frozen=True)
class SumRead:
    """A row under the lines."""

    label: str
    amount: str
    is_total: bool = False


@dataclass(frozen=True)
class Reading:
    """All a document says, as it is to be read: the one source of page, PDF, mail and public page.

    `facts` and `account` are labels with their values; `account` is empty where nothing is to be paid.
    """

    kind: Kind
    title: str
    number: str
    seller: str
    sender: str
    payer: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    words: str
    lines: tuple[LineRead, ...]
    sums: tuple[SumRead, ...]
    notes: tuple[str, ...]
    total: str
    due: str
    terms: str
    account: tuple[tuple[str, str], ...]
    payment_words: str
    foot: str
    imprint: str

    @property
    def label(self) -> str:
        """'Invoice 2026-0012'."""
        return f"{self.title} {self.number}" if self.number else f"{self.title}, draft"

    @property
    def facts_by_mail(self) -> str:
        """The amount, when it is due, and what the payer files it under, a line each."""
        facts = dict(self.facts)
        pairs = [(TO_PAY[self.kind], self.total), *((label, facts[label]) for label in BY_MAIL if label in facts)]
        return "\n".join(f"{label}: {value}" for label, value in pairs)


def as_read(said: Mapping[str, Any]) -> Reading:
    """A document in words, from its snapshot (models.snapshot_of)."""
    kind, seller = Kind(said["kind"]), said["seller"]
    total = in_words(said["total_cents"], said["currency"])
    due = day_in_words(_day(said["due_on"]))
    return Reading(
        kind=kind,
        title=KIND_LABELS[kind],
        number=said["number"] or "",
        seller=seller["legal_name"],
        sender=sender_of(seller),
        payer=window_of(said["payer"], seller["country"]),
        facts=_facts(said, kind, due),
        words="\n".join(part for part in (said["reason"] if kind is not Kind.INVOICE else "", said["words"]) if part),
        lines=tuple(_line_read(line, said["currency"]) for line in said["lines"]),
        sums=tuple(_sums(said, kind, total)),
        notes=tuple(dict.fromkeys(rate["note"] for rate in said["rates"] if rate["note"])),
        total=total,
        due=due,
        terms=_terms(said, kind, total, due),
        account=account_of(seller, said["number"] or "") if is_to_pay(said) else (),
        payment_words=seller["payment_words"] if is_to_pay(said) else "",
        foot=seller["foot"],
        imprint=imprint_of(seller),
    )


class Told(NamedTuple):
    """How a document stands, as its payer reads it."""

    icon: str
    label: str
    tone: str
    sentence: str


def told_to_payer(standing: Standing, due: str) -> Told:
    """In kind words: who has paid already should not be scolded, and who disputes it knows that we know."""
    return {
        Standing.ISSUED: Told("undo", "Credited", "good", "There is nothing to pay."),
        Standing.OPEN: Told("clock", "To be paid", "wait", f"Please pay it by {due}." if due else "Please pay it."),
        Standing.OVERDUE: Told(
            "clock-alert", "Still open", "late", f"It was due on {due}. If you have paid meanwhile: thank you."
        ),
        Standing.DISPUTED: Told(
            "help",
            "Being looked into",
            "wait",
            "You told us that something is not right. Please wait for our answer.",
        ),
        Standing.PAID: Told("circle-check", "Paid", "good", "Thank you. There is nothing more to do."),
        Standing.OVERPAID: Told(
            "arrow-right-left", "Paid", "good", "More came in than we asked for. We write to you about the rest."
        ),
        Standing.CREDITED: Told("undo", "Credited", "plain", "A credit note took it back. Nothing is to be paid."),
        Standing.WRITTEN_OFF: Told("check", "Closed", "plain", "Nothing is to be paid any more."),
    }[standing]


def is_to_pay(said: Mapping[str, Any]) -> bool:
    """Whether somebody owes something by this document."""
    return said["kind"] != Kind.CREDIT and said["total_cents"] > 0


def period_in_words(first: date | None, last: date | None) -> str:
    """'November 2026' for whole months, 'October to December 2026', '3 to 17 November 2026', '3 November 2026'."""
    first, last = first or last, last or first
    if first is None or last is None:
        return ""
    if first.day == 1 and last.day == monthrange(last.year, last.month)[1]:
        until = f"{last:%B %Y}"
        if (first.year, first.month) == (last.year, last.month):
            return until
        return f"{first:%B} to {until}" if first.year == last.year else f"{first:%B %Y} to {until}"
    if first == last:
        return day_in_words(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day_in_words(last)}"
    begins = f"{first.day} {first:%B}" if first.year == last.year else day_in_words(first)
    return f"{begins} to {day_in_words(last)}"


def supplied_in(said: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """The first and last day of what was supplied: as the document says, or from its first line to its last."""
    spans = [said["supplied"], *(line["supplied"] for line in said["lines"])]
    days = [day for span in (spans[:1] if any(spans[0]) else spans) for day in map(_day, span) if day]
    return (min(days), max(days)) if days else (None, None)


def whole_months(first: date | None, last: date | None) -> tuple[date | None, date | None]:
    """From the first of a month to the last of one."""
    first, last = first or last, last or first
    if first is None or last is None:
        return None, None
    return first.replace(day=1), last.replace(day=monthrange(last.year, last.month)[1])


def _line_read(line: Mapping[str, Any], currency: str) -> LineRead:
    return LineRead(
        text=line["text"],
        detail=line["detail"],
        when=period_in_words(*map(_day, line["supplied"])),
        quantity=quantity_in_words(line["quantity_milli"], Unit(line["unit"])),
        price=in_words(line["unit_cents"], currency),
        discount=percent_in_words(line["discount_bps"]) if line["discount_bps"] else "",
        rate=percent_in_words(line["rate_bps"]),
        amount=in_words(line["net_cents"], currency),
    )


def _sums(said: Mapping[str, Any], kind: Kind, total: str) -> list[SumRead]:
    currency, discount = said["currency"], said["discount"]
    rows = []
    if discount["cents"]:
        rows.append(SumRead("Subtotal", in_words(said["subtotal_cents"], currency)))
        words = discount["words"] or "Discount"
        share = f", {percent_in_words(discount['bps'])}" if discount["bps"] else ""
        rows.append(SumRead(f"{words}{share}", in_words(-discount["cents"], currency)))
    rows.append(SumRead("Net", in_words(said["net_cents"], currency)))
    for rate in said["rates"]:
        rows.append(SumRead(_tax_words(rate, currency), in_words(rate["tax_cents"], currency)))
    return [*rows, SumRead(TO_PAY[kind], total, is_total=True)]


def _tax_words(rate: Mapping[str, Any], currency: str) -> str:
    """'VAT 20 % on £1,000.00'."""
    name = rate.get("name") or TAX_WORDS[Category(rate["category"])]
    share = f" {percent_in_words(rate['rate_bps'])}" if rate["rate_bps"] else ""
    return f"{name}{share} on {in_words(rate['base_cents'], currency)}"


def _facts(said: Mapping[str, Any], kind: Kind, due: str) -> tuple[tuple[str, str], ...]:
    before, payer = said["corrects"], said["payer"]
    pairs = [
        ("Date", day_in_words(_day(said["issued_on"]))),
        (ABOUT_BEFORE[kind], before["number"] if before else ""),
        ("Its date", day_in_words(_day(before["issued_on"])) if before else ""),
        ("Supplied", period_in_words(*supplied_in(said))),
        ("Due", due if is_to_pay(said) else ""),
        ("Your PO number", said["po_number"]),
        ("Your cost centre", payer["cost_centre"]),
        ("Your reference", payer["reference"]),
        ("Your VAT ID", payer["tax_id"]),
    ]
    return tuple((label, value) for label, value in pairs if value)


def _terms(said: Mapping[str, Any], kind: Kind, total: str, due: str) -> str:
    if kind is Kind.CREDIT:
        number = said["corrects"]["number"] if said["corrects"] else ""
        return f"{total} is taken off {f'invoice {number}' if number else 'what you owe'}. Nothing is to be paid."
    if not is_to_pay(said):
        return "Nothing is to be paid."
    if not due:
        return f"Please pay {total} within {said['term_days']} days." if said["term_days"] else f"Please pay {total}."
    days = f", within {said['term_days']} days" if said["term_days"] > 1 else ""
    return f"Please pay {total} by {due}{days}."


def account_of(seller: Mapping[str, str], reference: str) -> tuple[tuple[str, str], ...]:
    """Where to pay, as labels and values; nothing without an account."""
    if not seller["iban"]:
        return ()
    pairs = [
        ("Account holder", seller["account_holder"] or seller["legal_name"]),
        ("IBAN", iban_in_words(seller["iban"])),
        ("BIC", seller["bic"]),
        ("Bank", seller["bank"]),
        ("Reference", reference),
    ]
    return tuple((label, value) for label, value in pairs if value)


def sender_of(seller: Mapping[str, str]) -> str:
    """The small line above the window."""
    return " · ".join([seller["legal_name"], *_address(seller, abroad=False)])


def window_of(payer: Mapping[str, str], home: str) -> tuple[str, ...]:
    """What stands in the window of the envelope."""
    lines = [payer["legal_name"], payer["attention"], *_address(payer, abroad=payer["country"] != home)]
    return tuple(line for line in lines if line)


def _address(party: Mapping[str, str], *, abroad: bool) -> list[str]:
    order = ("city", "postcode") if party["country"] in CITY_FIRST else ("postcode", "city")
    place = " ".join(party[name] for name in order).strip()
    country = country_in_words(party["country"]) if abroad else ""
    return [line.strip() for line in (*party["address"].splitlines(), place, country) if line.strip()]


def imprint_of(seller: Mapping[str, str]) -> str:
    """Who bills, for the foot of every page."""
    parts = [
        seller["legal_name"],
        ", ".join(_address(seller, abroad=True)),
        seller["register"],
        seller["tax_id"] and f"VAT ID {seller['tax_id']}",
        seller["tax_number"] and f"Tax number {seller['tax_number']}",
        seller["email"],
        seller["phone"],
    ]
    return " · ".join(part for part in parts if part)


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None


# The code a banking app reads -----------------------------------------------------------------------------------------

LARGEST_TRANSFER = 99_999_999_999
LONGEST_HOLDER, LONGEST_REMITTANCE, LARGEST_CODE = 70, 140, 250
"""Of the European Payments Council's guideline EPC069-12: cents of the euro, letters, and bytes that are left for name
and words of the 331 it allows."""


class Reader(NamedTuple):
    """Whom a document is mailed to, and how a mail greets them."""

    name: str
    email: str
    greeted: str


class Transfer(NamedTuple):
    """What a banking app fills in from a QR code."""

    holder: str
    iban: str
    bic: str
    cents: int
    words: str


def transfer_of(seller: Mapping[str, str], currency: str, cents: int, words: str) -> Transfer | None:
    """The transfer that pays so much; None where no code can say it: only euro are sent so, and only to an IBAN."""
    iban, bic = ("".join(seller[name].split()).upper() for name in ("iban", "bic"))
    holder = one_line(seller["account_holder"] or seller["legal_name"])[:LONGEST_HOLDER].strip()
    room = min(LONGEST_REMITTANCE, LARGEST_CODE - len(holder.encode()))
    remittance = one_line(words).encode()[:room].decode(errors="ignore").strip()
    fits = currency == "EUR" and 0 < cents <= LARGEST_TRANSFER and _IBAN.fullmatch(iban)
    if not (fits and holder and remittance):
        return None
    return Transfer(holder, iban, bic if _BIC.fullmatch(bic) else "", cents, remittance)


_IBAN, _BIC = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}"), re.compile(r"[0-9A-Z]{8}([0-9A-Z]{3})?")


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

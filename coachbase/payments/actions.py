"""Read what the bank says, book what came in, and take it back. Every booking is a person's act."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from .. import clock, money
from ..accounts.models import User
from ..db import atomic, database
from ..errors import Refused, Stale
from ..invoices import actions as invoices
from ..invoices.models import Invoice, Posting
from ..invoices.rules import Entry as Booked
from .models import (
    BankColumns,
    BankFile,
    BankLine,
    hashes_of,
    is_all_seen,
    payable_for,
    payer_keys,
    postings_of,
    proposals,
)
from .rules import (
    Columns,
    Entry,
    LineState,
    Way,
    facts_of,
    needs_reason,
    refusal_to_match,
    who_of,
)

ROWS_AT_ONCE = 500
CHANGED = "Somebody else has dealt with this line since you looked. Look again."


class Part(NamedTuple):
    """So much of a line goes to an invoice, of which `seen` was open when somebody said so."""

    invoice: Invoice
    cents: int
    seen: int


class Added(NamedTuple):
    """What a file brought: lines that are new, and lines another file had brought before."""

    file: BankFile
    new: int
    seen: int


class Tick(NamedTuple):
    """A line that was ticked, at its version, with what it was to pay."""

    line: BankLine
    version: int
    seen: str


# Files ----------------------------------------------------------------------------------------------------------------


@atomic
def take(name: str, sha256: str, way: Way, entries: Sequence[Entry], *, by: User) -> Added:
    """Keep the lines of a file; those that another file brought are the same ones."""
    file = BankFile.create(name=name, sha256=sha256, way=way, at=clock.now(), by=by)
    return _add(file, entries)


@atomic
def keep(name: str, sha256: str, text: str, *, by: User) -> BankFile:
    """Put a CSV file aside until somebody has said what its columns hold; brought again, it takes its own place."""
    BankFile.delete().where(BankFile.read_at.is_null(), BankFile.by == by, BankFile.sha256 == sha256).execute()
    return BankFile.create(name=name, sha256=sha256, way=Way.CSV, content=text, at=clock.now(), by=by)


@atomic
def read(file: BankFile, headings: str, columns: Columns, entries: Sequence[Entry]) -> Added:
    """Keep the lines of a file that was put aside, and remember what its columns hold for the next one.

    Raises Refused when that was done already.
    """
    file = BankFile.get_or_none(BankFile.id == file.id, BankFile.read_at.is_null())
    if file is None:
        raise Refused("This file was read already, or put away.")
    told = {BankColumns.columns: columns.to_json()}
    BankColumns.insert(headings=headings, columns=columns.to_json()).on_conflict(
        conflict_target=[BankColumns.headings], update=told
    ).execute()
    return _add(file, entries)


@atomic
def put_away(file: BankFile) -> None:
    """Forget a file, and its lines. Raises Refused when somebody has dealt with one of them."""
    if BankLine.select().where(BankLine.file == file, BankLine.state_name != LineState.OPEN).exists():
        raise Refused("Some of its lines are matched or set aside. Take those back first.")
    BankFile.delete().where(BankFile.id == file.id).execute()


def _add(file: BankFile, entries: Sequence[Entry]) -> Added:
    hashes = [hashes_of(facts, "bank line") for facts in facts_of(entries)]
    there = BankLine.known(key for each in hashes for key in each)
    rows = [_row(file, entry, keys[0]) for entry, keys in zip(entries, hashes, strict=True) if not there & set(keys)]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        BankLine.insert_many(rows[start : start + ROWS_AT_ONCE]).execute()
    file.content, file.read_at, file.seen_count = "", clock.now(), len(entries) - len(rows)
    file.save()
    return Added(file, len(rows), file.seen_count)


def _row(file: BankFile, entry: Entry, key: str) -> dict[str, object]:
    who = payer_keys(who_of(entry.payer, entry.account))
    return {
        "file": file,
        "key": key,
        "on": entry.on,
        "cents": entry.cents,
        "currency": entry.currency,
        "payer": entry.payer,
        "account": entry.account,
        "reference": entry.reference,
        "payer_key": who[0] if who else "",
    }


# Lines ----------------------------------------------------------------------------------------------------------------


@atomic
def match(line: BankLine, parts: Sequence[Part], *, version: int, by: User) -> BankLine:
    """Book what a line pays: all of it, to one invoice or several.

    Raises Stale when somebody dealt with the line, or something was paid of an invoice, since that was looked at;
    Refused when the parts are not the line.
    """
    line = _as_it_is(line, version)
    given = [part.cents for part in parts]
    rest = money.in_words(abs(line.cents - sum(given)), line.currency)
    if refusal := refusal_to_match(line.state, line.cents, given, rest):
        raise Refused(refusal)
    for part in parts:
        _check(line, part, by)
    entry = Booked.PAYMENT if line.cents > 0 else Booked.REFUND
    reference = line.reference if len(parts) == 1 else ""  # of several it would say to one payer's coach who else paid
    for part in parts:
        told = {"reference": reference, "about": line.public_id}
        invoices.post(part.invoice, entry, part.cents, line.on, **told, by=by)
    return _settle(line, LineState.MATCHED, by=by)


def _check(line: BankLine, part: Part, by: User) -> None:
    invoice = payable_for(by).where(Invoice.id == part.invoice.id).first()
    if invoice is None:
        raise Refused("Choose an invoice that is issued.")
    if invoice.open_cents != part.seen:
        raise Stale(f"What is open of {invoice.label} has changed since you looked. Look again.")
    if invoice.currency != line.currency:
        raise Refused(f"{invoice.label} is in {invoice.currency}, and this line in {line.currency}.")
    if part.cents < 0 and part.cents < invoice.open_cents:
        raise Refused(f"That is more than was paid too much for {invoice.label}.")


@atomic
def book(ticks: Sequence[Tick], *, by: User) -> tuple[int, int]:
    """Book several lines that fit for sure, each as it was seen; how many were, and how many were left because
    something has changed since."""
    booked = 0
    for tick, proposal in zip(ticks, proposals(by, [tick.line for tick in ticks]), strict=True):
        if not proposal.sure or proposal.seen != tick.seen:
            continue
        parts = [Part(invoice.row, invoice.cents, invoice.cents) for invoice in proposal.sure]
        try:
            with database.atomic():  # of a line that is refused half way, nothing stays
                match(tick.line, parts, version=tick.version, by=by)
        except Refused:
            continue
        booked += 1
    return booked, len(ticks) - booked


@atomic
def ignore(lines: Iterable[tuple[BankLine, int]], reason: str, *, by: User) -> int:
    """Set lines aside that are none of ours, each at the version that was looked at.

    Raises Stale or Refused when one of them cannot be: then none is.
    """
    count = 0
    for line, version in lines:
        now = _as_it_is(line, version)
        if now.state is not LineState.OPEN:
            raise Refused("Somebody has dealt with this line already.")
        now.reason = reason
        _settle(now, LineState.IGNORED, by=by)
        count += 1
    return count


@atomic
def reopen(line: BankLine, *, version: int, reason: str = "", by: User) -> BankLine:
    """Take back what was done with a line: what it paid is open again.

    Raises Stale when somebody did since, Refused when it wants a reason, or pays an invoice the user does not see.
    """
    line = _as_it_is(line, version)
    if line.state is LineState.OPEN:
        raise Refused("This line is open already.")
    if needs_reason(line.dealt_at, clock.now()) and not reason:
        raise Refused("That was more than a day ago. Say why it is taken back.")
    postings = postings_of([line]).get(line.public_id, [])
    if postings and not is_all_seen(postings[0], by):
        raise Refused("The owner can take this back.")
    for posting in postings:
        invoices.undo(posting, reason=reason, by=by)
    line.reason = ""
    return _settle(line, LineState.OPEN, by=None)


def _as_it_is(line: BankLine, version: int) -> BankLine:
    now = BankLine.get_or_none(BankLine.id == line.id)
    if now is None:
        raise Refused("This file was put away meanwhile.")
    if now.version != version:
        raise Stale(CHANGED)
    return now


def _settle(line: BankLine, state: LineState, *, by: User | None) -> BankLine:
    line.state_name, line.by, line.version = state, by, line.version + 1
    line.dealt_at = clock.now() if by else None
    line.save()
    return line


# By hand --------------------------------------------------------------------------------------------------------------


@atomic
def record(invoice: Invoice, cents: int, on: date, *, reference: str, seen: int, by: User) -> Posting:
    """Write down a payment. Raises Stale when something was booked since `seen` was open."""
    return invoices.post(_unchanged(invoice, seen), Booked.PAYMENT, cents, on, reference=reference, by=by)


@atomic
def refund(invoice: Invoice, cents: int, on: date, *, reference: str, seen: int, by: User) -> Posting:
    """Write down that what was paid too much was given back. Raises as `record`."""
    return invoices.refund(_unchanged(invoice, seen), cents, on, reference=reference, by=by)


@atomic
def transfer(invoice: Invoice, target: Invoice, cents: int, *, seen: int, by: User) -> Posting:
    """Pay another invoice from what was paid too much. Raises as `record`."""
    return invoices.transfer(_unchanged(invoice, seen), target, cents, by=by)[0]


@atomic
def write_off(invoice: Invoice, reason: str, *, seen: int, by: User) -> Posting:
    """Expect no more of what is open. Raises as `record`."""
    return invoices.write_off(_unchanged(invoice, seen), reason=reason, by=by)


def _unchanged(invoice: Invoice, seen: int) -> Invoice:
    now = Invoice.with_payer().where(Invoice.id == invoice.id).get()
    if now.open_cents != seen:
        left = money.in_words(now.open_cents, now.currency)
        raise Stale(f"Somebody has booked something meanwhile: now {left} of {now.label} is open.")
    return now


@atomic
def take_back(posting: Posting, *, reason: str = "", by: User) -> None:
    """Take a posting back; with what came from the bank, its line is open again.

    Raises Refused when it was taken back already, wants a reason, or is not to be taken back here.
    """
    line = BankLine.get_or_none(BankLine.public_id == posting.about) if posting.about else None
    if line is not None and line.state is LineState.MATCHED:
        if not by.may_arrange:
            raise Refused("This came from the bank. Whoever looks after the desk takes it back there.")
        reopen(line, version=line.version, reason=reason, by=by)
        return
    if needs_reason(posting.at, clock.now()) and not reason:
        raise Refused("That was more than a day ago. Say why it is taken back.")
    if not is_all_seen(posting, by):
        raise Refused("The owner can take this back.")
    invoices.undo(posting, reason=reason, by=by)

"""Who is reminded of what is overdue, when, and how firmly; what a late payment costs.

The levels follow each other: nobody gets a second reminder who had no first one. What the worker missed, because it was
off for weeks, is not made up for by a firmer letter: the next level goes out, and the one after it as many days later
as the rhythm has between the two.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from ..invoices.rules import Face
from ..numbers.rules import Kind
from ..sums.rules import half_up


class Level(StrEnum):
    """How firmly; in this order."""

    FRIENDLY = "friendly"
    FIRST = "first"
    SECOND = "second"


LEVELS = tuple(Level)
LEVEL_LABELS = {Level.FRIENDLY: "Friendly reminder", Level.FIRST: "First reminder", Level.SECOND: "Second reminder"}


class LetterState(StrEnum):
    """A letter waits to be drawn, is in the outbox or at its reader, was called off before it left, or came back."""

    PENDING = "pending"
    OUT = "out"
    OFF = "off"
    BACK = "back"


COUNTS = (LetterState.PENDING, LetterState.OUT)
"""Letters that remind of something: what nobody got does not."""
FACES = {
    LetterState.PENDING: Face("pencil", "Being written", ""),
    LetterState.OUT: Face("mail-check", "Sent", "good"),
    LetterState.OFF: Face("ban", "Called off", ""),
    LetterState.BACK: Face("mail-x", "Not delivered", "late"),
}


class Why(StrEnum):
    """Why nobody is reminded of an invoice."""

    NOTHING_OPEN = "nothing"
    NOT_LATE = "not_late"
    DISPUTED = "disputed"
    HANDED = "handed"
    PAUSED = "paused"
    UNREACHED = "unreached"
    CAME_BACK = "came_back"
    ENOUGH = "enough"


SENTENCES = {
    Why.NOTHING_OPEN: "Nothing is open of it.",
    Why.NOT_LATE: "It is not late.",
    Why.DISPUTED: "The payer disputes it. Nobody is reminded until that is settled.",
    Why.HANDED: "It was handed to the owner, who decides what comes next.",
    Why.PAUSED: "Reminders rest until the day that was agreed.",
    Why.UNREACHED: "The mail with it did not arrive, so the payer could not pay. Mend the address and mail it again.",
    Why.CAME_BACK: "The last reminder did not arrive at this address. Enter another one, or send it again from Mail.",
    Why.ENOUGH: "All three reminders were sent. A call may do more now.",
}
CALL_AFTER = timedelta(days=7)
"""So long after the last reminder somebody should call."""
LETTER_DELAYS = (timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
LONGEST_WORDS, LONGEST_REST = 300, timedelta(days=365)


@dataclass(frozen=True)
class Case:
    """An invoice as it is now, for whoever decides about reminding of it. Days are the reader's.

    `reached_on` is when the payer had it: None while no mail with it arrived. `sent` are the levels it was reminded at,
    with their days; `came_back`: the last letter did not arrive where it would go now. `invoice` is the row itself.
    """

    kind: Kind
    open_cents: int
    due_on: date
    rhythm: tuple[int, ...]
    reached_on: date | None
    sent: tuple[tuple[Level, date], ...] = ()
    is_disputed: bool = False
    is_handed: bool = False
    paused_until: date | None = None
    came_back: bool = False
    invoice: Any = None

    @property
    def level(self) -> Level | None:
        """The next level; None when it was reminded of at all that the rhythm knows."""
        levels = LEVELS[: len(self.rhythm)]
        return levels[len(self.sent)] if len(self.sent) < len(levels) else None

    @property
    def last_on(self) -> date | None:
        return max((on for _, on in self.sent), default=None)


def days_late(due_on: date, today: date) -> int:
    return max(0, (today - due_on).days)


def why_not(case: Case, today: date) -> Why | None:
    """Why nobody may be reminded of it on this day, by whomever; None when somebody may."""
    reasons = (
        (case.kind is Kind.CREDIT or case.open_cents <= 0, Why.NOTHING_OPEN),
        (case.is_disputed, Why.DISPUTED),
        (case.is_handed, Why.HANDED),
        (case.paused_until is not None and today < case.paused_until, Why.PAUSED),
        (case.due_on >= today, Why.NOT_LATE),
        (case.reached_on is None, Why.UNREACHED),
        (case.came_back, Why.CAME_BACK),
    )
    return next((why for holds, why in reasons if holds), None)


def next_on(case: Case) -> date | None:
    """The day from which the clock reminds of it once more; None after the last level.

    Counted from the due day, or from when the payer had it, if that was later. After a level that went out late, the
    next one keeps its distance.
    """
    if case.level is None:
        return None
    number = len(case.sent)
    day = max(case.due_on, case.reached_on or case.due_on) + timedelta(days=case.rhythm[number])
    if case.last_on is not None:
        day = max(day, case.last_on + timedelta(days=case.rhythm[number] - case.rhythm[number - 1]))
    return max(day, case.paused_until) if case.paused_until else day


def is_due(case: Case, today: date) -> bool:
    """Whether the clock reminds of it today."""
    day = next_on(case)
    return day is not None and day <= today and why_not(case, today) is None


def refusal_to_remind(case: Case, today: date) -> str | None:
    """Why nobody can be reminded of it by hand today, as a sentence; None when somebody can."""
    if why := why_not(case, today):
        return SENTENCES[why]
    if case.level is None:
        return SENTENCES[Why.ENOUGH]
    if case.last_on == today:
        return "They were reminded of it today already."
    return None


def why_to_act(case: Case, today: date) -> Why | None:
    """Why somebody should do something: all reminders were of no use, they do not arrive, the owner decides."""
    why = why_not(case, today)
    if why in (Why.UNREACHED, Why.CAME_BACK, Why.HANDED):
        return why
    if why is None and case.level is None and case.last_on is not None and case.last_on + CALL_AFTER <= today:
        return Why.ENOUGH
    return None


class Reminded(NamedTuple):
    """An invoice in a letter; without a level it is listed only."""

    case: Case
    level: Level | None


def together(cases: Sequence[Case], today: date, *, asked: Any = None) -> list[Reminded]:
    """What one letter to one address says of these; nothing when none of them is due, or asked for.

    All that is late stands in it, so that the sum is right. What was never mentioned before is reminded of in a
    friendly way along with the others; what had its turn some days ago is listed, and keeps its own days.
    """
    may = sorted((case for case in cases if why_not(case, today) is None), key=lambda case: case.due_on)
    due = [case for case in may if is_due(case, today) or case.invoice == asked]
    if not due:
        return []
    return [Reminded(case, case.level if case in due or not case.sent else None) for case in may]


def firmest(reminded: Iterable[Reminded]) -> Reminded:
    """The one whose tone the letter has; at least one has a level."""
    return max((one for one in reminded if one.level is not None), key=lambda one: LEVELS.index(one.level))


# Late fees ------------------------------------------------------------------------------------------------------------


class Way(StrEnum):
    """How a late fee is reckoned."""

    FIXED = "fixed"
    INTEREST = "interest"


YEAR, WHOLE = 365, 10_000
HIGHEST_INTEREST = 3000
"""Hundredths of a percent a year: 30 %. More is a slip of the finger, or usury."""


def interest(open_cents: int, bps: int, days: int) -> int:
    """Interest for so many days, of a year of 365 days (act/365), a half rounded up; `bps`: 912 is 9.12 % a year."""
    return half_up(open_cents * bps * days, YEAR * WHOLE)


def refusal_of_rest(until: date, today: date) -> str | None:
    """Why reminders cannot rest until this day, as a sentence; None when they can."""
    if until <= today:
        return "Choose a day to come."
    return "A year at most." if until > today + LONGEST_REST else None


def refusal_to_charge(case: Case, today: date, *, has_fee: bool, another: bool) -> str | None:
    """Why no late fee can be asked for it, as a sentence; None when one can."""
    if case.kind is not Kind.INVOICE:
        return "Only an invoice can bear a late fee."
    if case.open_cents <= 0:
        return SENTENCES[Why.NOTHING_OPEN]
    if case.due_on >= today:
        return SENTENCES[Why.NOT_LATE]
    if case.is_disputed:
        return "The payer disputes it. Settle that first."
    if has_fee and not another:
        return "There is a late fee for it already. Say so if it is to be another one."
    return None


def listed(numbers: Sequence[str], most: int = 3) -> str:
    """'invoice 2026-0012', 'invoices 2026-0012 and 2026-0015', 'invoices A, B, C and 4 more'."""
    if len(numbers) == 1:
        return f"invoice {numbers[0]}"
    shown = list(numbers[:most]) if len(numbers) > most + 1 else list(numbers)
    rest = len(numbers) - len(shown)
    parts = [*shown, f"{rest} more"] if rest else shown
    return f"invoices {', '.join(parts[:-1])} and {parts[-1]}"

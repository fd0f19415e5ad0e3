"""What a session may become, what it counts in the ledger, and where it is (domain.md §2)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from ..availability.rules import SessionKind


class State(StrEnum):
    """`late_cancelled` is a cancellation too late to be free of charge; `cancelled` one that costs nothing."""

    BOOKED = "booked"
    HELD = "held"
    NO_SHOW = "no_show"
    LATE_CANCELLED = "late_cancelled"
    CANCELLED = "cancelled"


STATE_LABELS = {
    State.BOOKED: "Booked",
    State.HELD: "Held",
    State.NO_SHOW: "No-show",
    State.LATE_CANCELLED: "Cancelled late",
    State.CANCELLED: "Cancelled",
}
TAKES_TIME = (State.BOOKED, State.HELD, State.NO_SHOW)
"""In these the time is taken; the triggers in the database say the same."""


class Entry(StrEnum):
    """Lines of the ledger. All but `bought` and `made_up` use sessions up; `booked` is taken back when it ends."""

    BOUGHT = "bought"
    BOOKED = "booked"
    HELD = "held"
    NO_SHOW = "no_show"
    LATE_CANCELLED = "late_cancelled"
    MADE_UP = "made_up"
    FORFEITED = "forfeited"


ENTRY_LABELS = {
    Entry.BOUGHT: "Bought",
    Entry.BOOKED: "Booked",
    Entry.HELD: "Held",
    Entry.NO_SHOW: "No-show",
    Entry.LATE_CANCELLED: "Cancelled late",
    Entry.MADE_UP: "Made up",
    Entry.FORFEITED: "Forfeited",
}
GIVES = (Entry.BOUGHT, Entry.MADE_UP)

COUNTED = (SessionKind.KICKOFF, SessionKind.COACHING, SessionKind.DEBRIEF, SessionKind.CLOSING)
"""What a program's number of sessions means; chemistry calls, three-way meetings and groups come beside it."""


class Balance(NamedTuple):
    """The sum of a ledger."""

    bought: int = 0
    booked: int = 0
    held: int = 0
    no_show: int = 0
    late_cancelled: int = 0
    made_up: int = 0
    forfeited: int = 0

    @classmethod
    def of(cls, sums: Mapping[str, int]) -> "Balance":
        return cls(**{entry: sums.get(entry, 0) for entry in Entry})

    @property
    def used(self) -> int:
        return self.held + self.no_show + self.late_cancelled + self.forfeited

    @property
    def left(self) -> int:
        """How many may still be booked; below zero when more were than were bought."""
        return self.bought + self.made_up - self.used - self.booked


class Attendance(StrEnum):
    """What somebody answered to an invitation (RFC 5545 PARTSTAT)."""

    NEEDS_ACTION = "needs-action"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class Role(StrEnum):
    """Who comes: the coachee, a sponsor contact, the coach."""

    CLIENT = "client"
    SPONSOR = "sponsor"
    COACH = "coach"


def counts(kind: SessionKind) -> bool:
    """Whether it uses up a session of the program."""
    return kind in COUNTED


def is_late(starts_at: datetime, now: datetime, notice_hours: int) -> bool:
    """Whether a cancellation at this moment is one at short notice."""
    return starts_at - now < timedelta(hours=notice_hours)


def is_due(state: State, ends_at: datetime, now: datetime) -> bool:
    """Whether somebody should say what became of it."""
    return state is State.BOOKED and ends_at <= now


def refusal_to_mark(state: State, to: State, starts_at: datetime, now: datetime) -> str | None:
    """Why a session may not be marked as held, missed or cancelled late, as a sentence; None when it may.

    What was said by mistake can be said otherwise; a cancelled session stays cancelled.
    """
    if to not in (State.HELD, State.NO_SHOW, State.LATE_CANCELLED, State.BOOKED):
        return "Cancel it instead."
    if state is State.CANCELLED:
        return "This session was cancelled."
    if state is to:
        return "That is what it says already."
    return "It has not begun yet." if now < starts_at else None


def place_of(chain: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """The first (kind, place) of session, program, coach that says where; ('', '') when none does."""
    return next(((kind, place) for kind, place in chain if place.strip()), ("", ""))

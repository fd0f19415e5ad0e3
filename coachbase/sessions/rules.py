"""What a session may become, what it counts in the ledger, where it is, and how a program gets on (domain.md §2)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from ..availability.rules import SESSION_LABELS, PlaceKind, SessionKind
from ..engagements.rules import THREE_WAY_LABELS, Cadence, ThreeWay
from ..engagements.rules import State as ProgramState


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

UNDONE = "Undone"
"""The reason of what a plan did and took back before anybody had heard of it."""
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
    def given(self) -> int:
        """How many there are to be held, whatever became of them; forfeited ones are no more."""
        return self.bought + self.made_up - self.forfeited

    @property
    def left(self) -> int:
        """How many may still be booked; below zero when more were than were bought."""
        return self.bought + self.made_up - self.used - self.booked

    @property
    def words(self) -> str:
        """'12 bought · 5 held · 2 booked · 5 left'."""
        figures = ((figure, ENTRY_LABELS[Entry(name)].lower()) for name, figure in self._asdict().items())
        over = f"{-self.left} more than bought" if self.left < 0 else f"{self.left} left"
        return " · ".join([*(f"{figure} {label}" for figure, label in _in_order(figures) if figure), over])


def _in_order(figures: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """As one tells it: what there was to begin with and was added, what became of it, what is to come."""
    order = ("bought", "made up", "held", "no-show", "cancelled late", "forfeited", "booked")
    return sorted(figures, key=lambda pair: order.index(pair[1]))


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


MARKS = (State.HELD, State.NO_SHOW, State.LATE_CANCELLED, State.CANCELLED)
"""What a session that has begun may have become. `cancelled` is then: we could not, and it costs nothing."""


def refusal_to_mark(
    state: State, to: State, starts_at: datetime, now: datetime, *, ended_at: datetime | None = None, reason: str = "-"
) -> str | None:
    """Why a session may not be marked so, as a sentence; None when it may.

    What was said by mistake can be said otherwise, and BOOKED takes it back; one that was called off before it began
    stays so, since its people were told. That we did not come needs a reason.
    """
    if state is State.CANCELLED and (ended_at is None or ended_at < starts_at):
        return "This session was cancelled before it began."
    if state is to:
        return "That is what it says already."
    if now < starts_at:
        return "It has not begun yet. Move it or cancel it instead."
    return "Say why it did not take place." if to is State.CANCELLED and not reason else None


def entry_of(state: State, *, late_is_charged: bool) -> Entry | None:
    """The line that a session in this state has in the ledger; None when it has none.

    A coach's own cancellation never costs the client anything, so nothing is to be made up for by itself.
    """
    if state is State.LATE_CANCELLED and not late_is_charged:
        return None
    return None if state is State.CANCELLED else Entry(state.value)


BY_HAND = (Entry.MADE_UP, Entry.BOUGHT, Entry.FORFEITED)
"""Lines that somebody adds with a reason; all others follow from what happens to a session."""
MOST_AT_ONCE = 100


def refusal_to_enter(entry: Entry, count: int, *, reason: str, left: int, program: ProgramState) -> str | None:
    """Why this line may not be added by hand, as a sentence; None when it may."""
    if entry not in BY_HAND:
        return "That line follows from the sessions themselves. Mark the session instead."
    if program is ProgramState.DRAFT:
        return "The program is not active yet. Its sessions come into the ledger when it is."
    if not 1 <= count <= MOST_AT_ONCE:
        return f"A number from 1 to {MOST_AT_ONCE}."
    if not reason:
        return "Say why. The reason stands in the ledger for good."
    if entry is Entry.FORFEITED and count > left:
        return "No session is left that could be forfeited." if left < 1 else f"Only {left} are left."
    return None


def place_of(chain: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """The first (kind, place) of session, program, coach that says where; ('', '') when none does."""
    return next(((kind, place) for kind, place in chain if place.strip()), ("", ""))


PLACE_SOURCES = ("this session’s own", "from the program", "the coach’s usual place")


def place_from(chain: Iterable[tuple[str, str]]) -> str:
    """Whose word the place is that `place_of` finds; '' when nobody said."""
    said = (source for source, (_, words) in zip(PLACE_SOURCES, chain, strict=False) if words.strip())
    return next(said, "")


# Two clocks -----------------------------------------------------------------------------------------------------------

A_WHILE = timedelta(days=35)
"""Longer than one zone has changed its clocks and the other not yet."""


def minutes_apart(zone: str, other: str, moment: datetime) -> int:
    """How far the clocks of a zone are ahead of another's."""
    offsets = [moment.astimezone(ZoneInfo(name)).utcoffset() or timedelta() for name in (zone, other)]
    return int((offsets[0] - offsets[1]).total_seconds() // 60)


def clocks_differ(zone: str, other: str, moment: datetime) -> bool:
    """Whether this is one of the few weeks in which one of two zones has changed its clocks and the other has not.

    In these a session at its usual time by one clock is at an unusual one by the other.
    """
    now = minutes_apart(zone, other, moment)
    return now not in (minutes_apart(zone, other, moment - A_WHILE), minutes_apart(zone, other, moment + A_WHILE))


# How a program gets on ------------------------------------------------------------------------------------------------

STALLED_AFTER = {Cadence.WEEKLY: 14, Cadence.BIWEEKLY: 28, Cadence.MONTHLY: 60, Cadence.FREE: 45}
"""Days without a session after which nothing booked means that nobody moves it: twice the agreed pace."""


def stalled_days(
    state: ProgramState, cadence: Cadence, *, booked: int, left: int, since: datetime | None, now: datetime
) -> int | None:
    """For how many days a program has been stalled; None when it is not.

    `since` is the end of the last session that was held, or else when the onboarding was over (domain.md §2).
    """
    if state is not ProgramState.ACTIVE or booked or left < 1 or since is None:
        return None
    days = (now - since).days
    return days if days >= STALLED_AFTER[cadence] else None


class SessionLike(Protocol):
    """What the strip asks of a session."""

    @property
    def public_id(self) -> str: ...
    @property
    def kind(self) -> SessionKind: ...
    @property
    def state(self) -> State: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def label(self) -> str: ...


class Mark(NamedTuple):
    """One mark of a program's line; `on` is its day, or about when it will be.

    `state` is a session's, `next`, `due` for one that is over and not marked, or `open` for one still to be booked.
    """

    state: str
    label: str
    is_three_way: bool
    number: int
    on: date
    at: datetime | None
    public_id: str


OPEN, NEXT, DUE = "open", "next", "due"


def marks_of(
    sessions: Sequence[SessionLike],
    given: int,
    meetings: Sequence[tuple[ThreeWay, date]],
    starts_on: date,
    ends_on: date | None,
    now: datetime,
) -> list[Mark]:
    """A program as a line of marks: sessions in the order of their days, among them the three-way meetings.

    `given` is how many sessions the program has, `meetings` when its three-way meetings should be. What is not booked
    yet stands where it would be if the rest were spread evenly up to the end.
    """
    shown = [one for one in sessions if one.state is not State.CANCELLED]
    counted = [one for one in shown if counts(one.kind)]
    met = [one for one in shown if one.kind is SessionKind.THREE_WAY]
    first = next((one for one in shown if one.state is State.BOOKED and one.ends_at > now), None)
    numbers = {one.public_id: number for number, one in enumerate(counted, start=1)}
    found = [
        (one.starts_at, 0, _mark_of(one, numbers.get(one.public_id, 0), now, is_next=one is first))
        for one in (*counted, *met)
    ]
    after = max(starts_on, shown[-1].starts_at.date()) if shown else starts_on
    days = spread(after, ends_on, given - len(counted))
    open_ones = [
        (_noon(day), 1, Mark(OPEN, SESSION_LABELS[SessionKind.COACHING], False, len(counted) + place, day, None, ""))
        for place, day in enumerate(days, start=1)
    ]
    missing = [
        (_noon(on), 1, Mark(OPEN, f"Three-way meeting {THREE_WAY_LABELS[meeting]}", True, 0, on, None, ""))
        for meeting, on in meetings[len(met) :]
    ]
    return [mark for _, _, mark in sorted([*found, *open_ones, *missing], key=lambda each: each[:2])]


def _mark_of(session: SessionLike, number: int, now: datetime, *, is_next: bool) -> Mark:
    state = DUE if is_due(session.state, session.ends_at, now) else NEXT if is_next else session.state.value
    is_three_way = session.kind is SessionKind.THREE_WAY
    at = session.starts_at
    return Mark(state, session.label, is_three_way, number, at.date(), at, session.public_id)


def spread(after: date, ends_on: date | None, count: int) -> list[date]:
    """Days for so many sessions, evenly between two; all far ahead while there is no end."""
    if ends_on is None or ends_on <= after:
        return [max(after, ends_on or date.max)] * max(count, 0)
    return [after + (ends_on - after) * place / (count + 1) for place in range(1, count + 1)]


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def place_in_words(kind: str, place: str) -> str:
    """The place as pages, mails and calendars write it; an address or a room speaks for itself."""
    if kind == PlaceKind.PHONE:
        return f"Phone: {place}"
    return f"Video call: {place}" if kind == PlaceKind.VIDEO and place and not is_address(place) else place


def is_address(place: str) -> bool:
    """Whether a place is a web address, to be clicked on."""
    return re.fullmatch(r"https?://[!-~]+", place.strip()) is not None

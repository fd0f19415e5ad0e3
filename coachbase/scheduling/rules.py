"""Who may book, move and cancel, and what that costs (domain.md §2, §3)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ..availability.rules import SessionKind, moment_of
from ..engagements.rules import State as ProgramState
from ..sessions.rules import State, is_late
from ..slots.rules import Reason, Why, label

SHORTEST, LONGEST = 10, 8 * 60
"""Minutes of a session."""
LINK_LASTS = timedelta(days=365)


class Via(StrEnum):
    """Through which of the doors a session came; all lead to the one path."""

    CLIENT = "client"
    ASSISTANT = "assistant"
    STAFF = "staff"
    CADENCE = "cadence"
    PLAN = "plan"
    POLL = "poll"
    SEAT = "seat"


class Side(StrEnum):
    """Who moves or cancels."""

    CLIENT = "client"
    ASSISTANT = "assistant"
    COACH = "coach"
    FIRM = "firm"


BY_SIDE = {
    Side.CLIENT: " by the client",
    Side.ASSISTANT: " by the client’s assistant",
    Side.COACH: " by the coach",
    Side.FIRM: "",
}
"""Who did it, at the end of a sentence; of the firm it is said who that was."""
SIDE_OF = {Via.CLIENT: Side.CLIENT, Via.ASSISTANT: Side.ASSISTANT}
"""Whose door it is; the others are the firm's."""


def refusal_to_meet(
    kind: SessionKind, *, has_client: bool, is_their_program: bool, is_coached: bool, knows_guests: bool
) -> str | None:
    """Why these people do not belong in one session, as a sentence: what one form says is checked against the rest."""
    if kind is SessionKind.GROUP:
        return "A group session is booked for its group." if has_client else None
    if not has_client:
        return "Say whom the session is with."
    if not is_their_program:
        return "This program is another client’s."
    if not is_coached:
        return "Somebody else coaches in this program. Say why this coach stands in."
    return None if knows_guests else "Who else comes is a contact of the client’s organisation."


def refusal_of_length(minutes: int) -> str | None:
    if SHORTEST <= minutes <= LONGEST:
        return None
    return f"A session lasts from {SHORTEST} minutes to {LONGEST // 60} hours."


def refusal_to_have(
    kind: SessionKind, program: ProgramState | None, *, minutes: int, has_place: bool, left: int | None, despite: str
) -> str | None:
    """Why there may be no such session, as a sentence; None when there may. `despite` is a member of staff's reason.

    domain.md §2: no session outside an engagement whose agreement is signed, except a chemistry session, or an override
    with a reason. `left` is how many sessions the program has left, None for kinds it does not count. The first
    meeting may be booked before all have signed: the onboarding step asks for it.
    """
    if refusal := refusal_of_length(minutes):
        return refusal
    if not has_place:
        return "Say where it is: a link, a number or a room. An invitation without a place helps nobody."
    if despite or kind in (SessionKind.CHEMISTRY, SessionKind.GROUP):
        return None
    if program is None:
        return "There is no program yet. Start one first, or say why this session is outside of it."
    if program is ProgramState.DRAFT and kind is not SessionKind.KICKOFF:
        return "The agreement is not signed by all yet. Say why this session cannot wait for it."
    if program in (ProgramState.COMPLETED, ProgramState.ENDED):
        return "The program is over. Say why there is another session."
    if program is ProgramState.PAUSED:
        return "The program is paused. Let it go on first, or say why this session cannot wait."
    if left is not None and left < 1:
        return "The program has no session left. Say why there is one more."
    return None


def that_bind(reasons: Iterable[Reason], via: Via) -> list[Reason]:
    """What keeps a session that comes by this door from its time: how far ahead one may book holds for a single one,
    not for a cadence or a plan, which the desk makes for a whole program."""
    planned = via in (Via.CADENCE, Via.PLAN)
    return [reason for reason in reasons if not (planned and reason.why is Why.HORIZON)]


def refusal_of_time(reasons: Sequence[Reason], *, is_staff: bool, despite: str) -> str | None:
    """Why this time cannot be had, as a sentence; None when it can.

    Who holds a link learns only that it is gone: the reasons name other clients.
    """
    if not reasons:
        return None
    if not is_staff:
        return "This time has just gone. Please choose another."
    hard = [reason for reason in reasons if reason.is_hard]
    if hard:
        return f"That time cannot be had: {in_words(hard)}."
    return None if despite else f"That time is not offered: {in_words(reasons)}. Say why it is right nevertheless."


def in_words(reasons: Collection[Reason]) -> str:
    """'Alice Kern: 10:00 with Bob Haddad; outside the open hours'."""
    return "; ".join(f"{reason.party}: {reason.words}" for reason in reasons)


def refusal_to_change(state: State, starts_at: datetime, now: datetime) -> str | None:
    """Why a session may not be moved or cancelled any more, as a sentence."""
    if state in (State.CANCELLED, State.LATE_CANCELLED):
        return "This session is not booked any more."
    if state is not State.BOOKED:
        return "This session is over."
    return "This session has begun. Say what became of it instead." if starts_at <= now else None


def refusal_to_move(side: Side, starts_at: datetime, now: datetime, *, cancel_hours: int) -> str | None:
    """Why this side may not move a session by itself, as a sentence. Staff may until it begins."""
    if side in (Side.COACH, Side.FIRM) or not is_late(starts_at, now, cancel_hours):
        return None
    return f"It is less than {cancel_hours} hours until then. To move it, please write to us, and we look for a way."


def is_charged(side: Side, starts_at: datetime, now: datetime, *, cancel_hours: int, late_is_charged: bool) -> bool:
    """Whether a cancellation uses the session up: the client's, at short notice, where the agreement says so.

    The coach's own never does, whatever the hour.
    """
    by_client = side in (Side.CLIENT, Side.ASSISTANT)
    return by_client and late_is_charged and is_late(starts_at, now, cancel_hours)


# What people behind links are offered ---------------------------------------------------------------------------------

JUST_GONE = "This time has just gone. Please choose another."
DAYS_AT_ONCE = 3
"""Days with free times on one page; the next page goes on with the others."""
PARTS = ((6, "Night"), (12, "Morning"), (18, "Afternoon"), (24, "Evening"))


class FreeTime(NamedTuple):
    """A time to choose: the minute it begins, and what the reader's and the coach's clock show then."""

    start: int
    here: str
    there: str


class FreeDay(NamedTuple):
    """A day by the reader's clock, with its times by the part of the day."""

    on: date
    parts: list[tuple[str, list[FreeTime]]]


class FreeDays(NamedTuple):
    """Some days to choose from, and where the others are: days to begin from, None when there are none."""

    days: list[FreeDay]
    earlier: date | None
    later: date | None
    weeks: list[tuple[date, bool]]
    """The first day with a free time of each week, and whether it is the week that is shown."""


def free_days(starts: Sequence[int], zone: str, coach_zone: str, *, first: date | None = None) -> FreeDays:
    """The days from `first` on, by the clock of whoever chooses; from the last ones when `first` lies behind all."""
    here = ZoneInfo(zone)
    by_day: dict[date, list[int]] = {}
    for start in starts:
        by_day.setdefault(moment_of(start).astimezone(here).date(), []).append(start)
    known = sorted(by_day)
    place = next((number for number, day in enumerate(known) if first is None or day >= first), None)
    if place is None:
        place = max(0, len(known) - DAYS_AT_ONCE)
    shown = known[place : place + DAYS_AT_ONCE]
    mondays = {day - timedelta(days=day.weekday()): day for day in reversed(known)}
    now_shown = shown[0] - timedelta(days=shown[0].weekday()) if shown else None
    return FreeDays(
        days=[FreeDay(day, _parts(by_day[day], zone, coach_zone)) for day in shown],
        earlier=known[max(0, place - DAYS_AT_ONCE)] if place else None,
        later=known[place + DAYS_AT_ONCE] if place + DAYS_AT_ONCE < len(known) else None,
        weeks=[(mondays[monday], monday == now_shown) for monday in sorted(mondays)],
    )


def _parts(starts: Sequence[int], zone: str, coach_zone: str) -> list[tuple[str, list[FreeTime]]]:
    found: dict[str, list[FreeTime]] = {}
    for start in starts:
        hour = moment_of(start).astimezone(ZoneInfo(zone)).hour
        part = next(words for before, words in PARTS if hour < before)
        found.setdefault(part, []).append(FreeTime(start, *clocks(moment_of(start), zone, coach_zone)))
    return list(found.items())


def clocks(moment: datetime, zone: str, other: str) -> tuple[str, str]:
    """('9:00', '5:00') on two clocks; the other with its weekday on another day, '' when both show the same."""
    here, there = moment.astimezone(ZoneInfo(zone)), moment.astimezone(ZoneInfo(other))
    if here.utcoffset() == there.utcoffset():
        return label(moment, zone), ""
    words = label(moment, other)
    return label(moment, zone), words if here.date() == there.date() else f"{there:%a} {words}"


def terms_in_words(cancel_hours: int, *, late_is_charged: bool) -> str:
    """Until when a client may move or cancel, and what comes of it later."""
    if not cancel_hours:
        return "You can move or cancel it here until it begins."
    hours = "an hour" if cancel_hours == 1 else f"{cancel_hours} hours"
    until = f"You can move or cancel it here up to {hours} before."
    return f"{until} Cancelled later than that, it counts as used." if late_is_charged else until


def refusal_by_link(*, is_group: bool, guests: Collection[str]) -> str | None:
    """Why a client may not move or cancel a session alone, as a sentence: it is not only theirs."""
    if is_group:
        return "This is a session of a group, so it stays where it is. If you cannot come, please write to us."
    if guests:
        names = " and ".join(part for part in (", ".join([*guests][:-1]), [*guests][-1]) if part)
        return f"{names} will be there, too. Please write to us, and we look for a time that suits everybody."
    return None


def day_in_words(day: date) -> str:
    """'Thursday 3 December'."""
    return f"{day:%A} {day.day} {day:%B}"

"""When a poll is decided, when it is stuck, who may answer, and which times are proposed at first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ..slots.rules import label

HELD_FOR = timedelta(days=7)
"""Whatever the weekday: the reminder after three days leaves two working days to answer (portal.rules)."""
HEAD_START = timedelta(days=2)
"""So much later than the first free time begins what is ticked when the form opens: people need days to answer."""
MOST_SLOTS, FIRST_SLOTS = 8, 6
"""How many times may be proposed, and how many are ticked when the form opens."""
LINK = "poll"
"""The kind of link behind which one person says what suits."""
LINK_LASTS = timedelta(days=60)
"""Longer than the times are held: afterwards the link still says what became of it."""


class PollState(StrEnum):
    """`stuck`: no time can suit everybody any more, or the holds have expired."""

    OPEN = "open"
    BOOKED = "booked"
    STUCK = "stuck"
    CLOSED = "closed"


class Face(NamedTuple):
    """How a state is shown: word, tone and icon together."""

    word: str
    tone: str
    icon: str


FACES = {
    PollState.OPEN: Face("waiting for answers", "wait", "clock"),
    PollState.BOOKED: Face("booked", "good", "calendar-check"),
    PollState.STUCK: Face("no time suits all", "late", "calendar-x"),
    PollState.CLOSED: Face("closed", "plain", "ban"),
}

Answers = Mapping[int, Collection[int]]
"""By whom (a voter's id): the times (ids) that suit. Who is silent is not in it."""


def agreed(slots: Iterable[int], answers: Answers, asked: Collection[int]) -> list[int]:
    """The times that everybody who is asked has accepted, in order; none while anybody is silent."""
    if not asked or not all(person in answers for person in asked):
        return []
    return possible(slots, answers)


def possible(slots: Iterable[int], answers: Answers) -> list[int]:
    """The times that nobody has turned down so far, in order. When there are none, nobody need answer any more."""
    return [slot for slot in slots if all(slot in suiting for suiting in answers.values())]


def refusal_to_propose(
    *, people: int, unreachable: Collection[str], starts: Sequence[datetime], minutes: int, zone: str
) -> str | None:
    """Why these times cannot be proposed to these people, as a sentence; None when they can."""
    if not people:
        return "Choose who comes from the sponsor."
    if unreachable:
        return f"There is no mail address for {' and '.join(unreachable)}. Add one first."
    if not starts:
        return "Choose the times to propose."
    if len(starts) > MOST_SLOTS:
        return f"At most {MOST_SLOTS} times: each is kept free until all have answered."
    length = timedelta(minutes=minutes)
    for one, other in pairwise(starts):
        if other < one + length:
            return f"{_moment(one, zone)} and {_moment(other, zone)} overlap. Leave one of them out."
    return None


def refusal_to_answer(state: PollState, expires_at: datetime, now: datetime) -> str | None:
    """Why nothing can be answered any more, as a sentence for whoever holds a link."""
    if state is PollState.BOOKED:
        return "It is booked already. The invitation says when."
    if state is not PollState.OPEN or expires_at <= now:
        return "These times are no longer on offer. We look for others and write to you."
    return None


def _moment(start: datetime, zone: str) -> str:
    """'Thursday 26 November, 9:00'."""
    return f"{in_words(start.astimezone(ZoneInfo(zone)).date())}, {label(start, zone)}"


def spread(starts: Sequence[datetime], zone: str, most: int = FIRST_SLOTS) -> list[datetime]:
    """A choice to begin with: one a day, mornings and afternoons by turns, on as many days as may be."""
    by_day: dict[date, list[datetime]] = {}
    for start in [start for start in starts if start >= starts[0] + HEAD_START] or starts:
        by_day.setdefault(start.astimezone(ZoneInfo(zone)).date(), []).append(start)
    chosen = []
    for turn, day in enumerate(list(by_day)[:most]):
        times = by_day[day]
        chosen.append(times[len(times) * (1 + 2 * (turn % 2)) // 4])
    return chosen


class Offer(NamedTuple):
    """A time on offer as one reader sees it: day and hours on the own clock, the coach's where it differs."""

    slot: str
    day: str
    here: str
    there: str


def offer(slot: str, starts_at: datetime, minutes: int, zone: str, coach_zone: str) -> Offer:
    """'Thursday 26 November', '13:00–14:00', 'Thursday 9:00' (the last '' where both clocks show the same)."""
    ends_at = starts_at + timedelta(minutes=minutes)
    here, there = starts_at.astimezone(ZoneInfo(zone)), starts_at.astimezone(ZoneInfo(coach_zone))
    beside = ""
    if here.utcoffset() != there.utcoffset():
        beside = ("" if here.date() == there.date() else f"{there:%A} ") + label(starts_at, coach_zone)
    return Offer(slot, in_words(here.date()), f"{label(starts_at, zone)}–{label(ends_at, zone)}", beside)


def in_words(day: date) -> str:
    """'Thursday 26 November'."""
    return f"{day:%A} {day.day} {day:%B}"


def listed(names: Sequence[str]) -> str:
    """'Bob, Sam and Alice'."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part) if names else ""

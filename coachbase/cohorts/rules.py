"""Seats, the days of a series, and which times suit most of a group."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from ..availability.rules import DAY, instant, moment_of
from ..engagements.rules import Cadence
from ..planning.rules import cadence_days
from ..slots.rules import Openings, is_at_night

MOST_SEATS = 60
MOST_MEETINGS = 52
"""In one series."""
CADENCES = (Cadence.WEEKLY, Cadence.BIWEEKLY, Cadence.MONTHLY)


class CohortState(StrEnum):
    OPEN = "open"
    RUNNING = "running"
    CLOSED = "closed"


STATE_LABELS = {CohortState.OPEN: "Filling", CohortState.RUNNING: "Running", CohortState.CLOSED: "Closed"}


# Seats ----------------------------------------------------------------------------------------------------------------


def free_number(taken: Collection[int], seats: int) -> int | None:
    """The first seat nobody has; None when all are taken."""
    return next((number for number in range(1, seats + 1) if number not in taken), None)


def refusal_to_seat(state: CohortState, taken: Collection[int], seats: int, *, wanted: int = 1) -> str | None:
    """Why so many more do not get a seat, as a sentence; None when they may."""
    if state is CohortState.CLOSED:
        return "This cohort is closed. Open it again first."
    free = seats - len(taken)
    if free < 1:
        return FULL if seats > 1 else "The one seat is taken."
    if wanted > free:
        return f"You chose {wanted}, and {'1 seat is' if free == 1 else f'{free} seats are'} free. Choose fewer."
    return None


FULL = "All seats are taken. Give the cohort more seats, or let somebody go first."


def refusal_of_seats(seats: int, taken: Collection[int]) -> str | None:
    """Why a cohort cannot have so many seats."""
    if taken and max(taken) > seats:
        return f"Seat {max(taken)} is taken, so there cannot be fewer."
    return None


# The series -----------------------------------------------------------------------------------------------------------


class Planned(NamedTuple):
    """A date of a series. `exists` is False where the clocks skip the time on that day."""

    starts_at: datetime
    exists: bool


def series(first: date, wall: int, zone: str, count: int, cadence: Cadence) -> list[Planned]:
    """The dates of a series: the same wall time each, whatever the clocks do between them."""
    found = []
    for day in islice(cadence_days(first, first.weekday(), cadence), count):
        start = instant(day, wall, zone)
        found.append(Planned(moment_of(start), instant(day, wall + 1, zone) == start + 1))
    return found


# Times that suit most -------------------------------------------------------------------------------------------------


class Suggestion(NamedTuple):
    """A time at which the coach is free: who of the members cannot come, and for whom it is night; by their places."""

    start: int
    cannot: tuple[int, ...]
    at_night: tuple[int, ...]


@dataclass(frozen=True)
class Together:
    """What keeps the coach, and each member alone, from a time; `zones` are the members' clocks."""

    host: Openings
    members: Sequence[Openings]
    zones: Sequence[str]

    def absent(self, start: int) -> tuple[int, ...]:
        """Which members cannot come then."""
        return tuple(place for place, member in enumerate(self.members) if not member.is_free(start))

    def at_night(self, start: int) -> tuple[int, ...]:
        """For which members it would begin or end at night."""
        minutes = self.host.question.minutes
        return tuple(place for place, zone in enumerate(self.zones) if is_at_night(start, minutes, zone))

    def ranked(self, most: int, *, a_day: int) -> list[Suggestion]:
        """The times that suit the coach: those first at which most can come, then those at night for the fewest, then
        the earliest. None overlaps a better one, and not more than some of each day, so that there is a choice."""
        found = [Suggestion(start, self.absent(start), self.at_night(start)) for start in self.host.starts]
        found.sort(key=lambda one: (len(one.cannot), len(one.at_night), one.start))
        days: Counter[int] = Counter()
        kept: list[Suggestion] = []
        for one in found:
            is_apart = all(abs(one.start - other.start) >= self.host.question.minutes for other in kept)
            if is_apart and days[one.start // DAY] < a_day:
                days[one.start // DAY] += 1
                kept.append(one)
        return kept[:most]


# Attendance -----------------------------------------------------------------------------------------------------------


class Tick(NamedTuple):
    """Whether somebody was there: what the page showed, and what it says now."""

    seen: bool
    now: bool


def marks_of(ticks: Sequence[tuple[bool | None, Tick]]) -> list[bool | None]:
    """What becomes of the marks of one meeting, given what is stored of each and its tick; None leaves one alone.

    Only what was changed on the page is written, so that two who tick at once do not undo each other. Once anybody of
    a meeting is ticked, those who were not asked about count as absent.
    """
    if all(tick.seen == tick.now for _, tick in ticks):
        return [None] * len(ticks)
    return [tick.now if tick.seen != tick.now or stored is None else None for stored, tick in ticks]

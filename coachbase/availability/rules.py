"""When a coach is open, from wall time in the coach's zone to moments, date by date (domain.md §3).

Moments are whole minutes since 1970 in UTC here: the slot engine only counts.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

DAY = 24 * 60
"""Minutes of the wall clock in a day, whatever the sun does."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOT_AVAILABLE = "not available"


class SessionKind(StrEnum):
    CHEMISTRY = "chemistry"
    KICKOFF = "kickoff"
    COACHING = "coaching"
    DEBRIEF = "debrief"
    THREE_WAY = "three_way"
    GROUP = "group"
    CLOSING = "closing"


SESSION_LABELS = {
    SessionKind.CHEMISTRY: "Chemistry call",
    SessionKind.KICKOFF: "Kickoff",
    SessionKind.COACHING: "Coaching session",
    SessionKind.DEBRIEF: "Debrief",
    SessionKind.THREE_WAY: "Three-way meeting",
    SessionKind.GROUP: "Group session",
    SessionKind.CLOSING: "Closing session",
}


class PlaceKind(StrEnum):
    VIDEO = "video"
    PHONE = "phone"
    ROOM = "room"


PLACE_LABELS = {PlaceKind.VIDEO: "Video call", PlaceKind.PHONE: "Phone", PlaceKind.ROOM: "Room"}


def minute_of(moment: datetime) -> int:
    """Whole minutes since 1970; seconds are cut off."""
    return int((moment - EPOCH).total_seconds() // 60)


def moment_of(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)


class Wall(NamedTuple):
    """An open time on a wall clock: minutes from midnight, `ends` up to 24:00. Without kinds it is open for all."""

    begins: int
    ends: int
    kinds: tuple[str, ...] = ()


class Special(NamedTuple):
    """Days that differ from the week: open at these times instead, or not at all when `wall` is None."""

    first: date
    last: date
    wall: Wall | None
    why: str


class Travel(NamedTuple):
    """Days on which the coach's wall clock shows another zone."""

    first: date
    last: date
    zone: str
    place: str


class Piece(NamedTuple):
    """An open time without a change of clocks in it. `wall` is what the clock shows when it begins."""

    begins: int
    ends: int
    wall: int
    zone: str


class Closed(NamedTuple):
    """A time that is not open for a reason of its own."""

    begins: int
    ends: int
    why: str


class WeekLike(Protocol):
    """What the opening hours of a coach follow from."""

    @property
    def zone(self) -> str: ...
    @property
    def week(self) -> Sequence[Sequence[Wall]]: ...
    @property
    def specials(self) -> Sequence[Special]: ...
    @property
    def travels(self) -> Sequence[Travel]: ...
    @property
    def holidays(self) -> dict[date, str]: ...


def opening_hours(coach: WeekLike, first: date, last: date, kind: str = "") -> tuple[list[Piece], list[Closed]]:
    """Where the coach is open from one day to another, for a kind of session; and what closes days beyond the week.

    A minute is open when the coach's wall clock shows an open time of that day in it: what the clocks skip is never
    open, and what they show twice is open twice. A special day beats a holiday, which beats the week.
    """
    pieces: list[Piece] = []
    closed: list[Closed] = []
    for day in _days(first, last):
        zone = zone_on(coach, day)
        walls, why = walls_on(coach, day)
        if why:
            closed += [Closed(piece.begins, piece.ends, why) for piece in _pieces(day, [Wall(0, DAY)], zone)]
        pieces += _pieces(day, [wall for wall in walls if not wall.kinds or not kind or kind in wall.kinds], zone)
    return _joined(pieces), closed


def zone_on(coach: WeekLike, day: date) -> str:
    """The zone of the coach's wall clock on a day: the later of two travels wins."""
    return next((trip.zone for trip in reversed(coach.travels) if trip.first <= day <= trip.last), coach.zone)


def walls_on(coach: WeekLike, day: date) -> tuple[Sequence[Wall], str]:
    """The open times of a day, and why it is closed when it is closed for a reason of its own.

    Of several special days the one of fewest days is meant: an open evening in a month away. Closed beats open.
    """
    covering = [each for each in coach.specials if each.first <= day <= each.last]
    if covering:
        shortest = min(each.last - each.first for each in covering)
        special = [each for each in covering if each.last - each.first == shortest]
        blocked = next((each for each in special if each.wall is None), None)
        return ((), blocked.why or NOT_AVAILABLE) if blocked else ([each.wall for each in special if each.wall], "")
    if day in coach.holidays:
        return (), coach.holidays[day] or NOT_AVAILABLE
    return coach.week[day.weekday()], ""


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def instant(day: date, wall: int, zone: str) -> int:
    """The minute at which a wall clock first shows this, 24:00 included.

    A time that the clocks skip is the moment they jump.
    """
    there = ZoneInfo(zone)
    local = datetime.combine(day + timedelta(days=wall // DAY), time(wall % DAY // 60, wall % 60), there)
    first = minute_of(local.astimezone(UTC))
    other = minute_of(local.replace(fold=1).astimezone(UTC))
    return first if first <= other else _change_between(other, first, there)


def _offset(minute: int, zone: ZoneInfo) -> int:
    """Minutes by which the clocks are ahead; historic seconds are cut off."""
    offset = moment_of(minute).astimezone(zone).utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


def _change_between(low: int, high: int, zone: ZoneInfo) -> int:
    """The first minute after `low` with another offset; `high` has one."""
    before = _offset(low, zone)
    return low + bisect_right(range(low, high), False, key=lambda minute: _offset(minute, zone) != before)


WIDEST = 26 * 60
"""No clock is further from UTC than 14 hours, and none jumps further than a day."""


def _pieces(day: date, walls: Sequence[Wall], zone: str) -> Iterator[Piece]:
    """The minutes in which the clock shows a time of the walls on this day, each cut where the clocks change."""
    if not walls:
        return
    midnight = minute_of(datetime.combine(day, time(), UTC))
    for begins, ends, offset in _steady(midnight - WIDEST, midnight + DAY + WIDEST, ZoneInfo(zone)):
        for wall in walls:
            low = max(begins, midnight + wall.begins - offset)
            high = min(ends, midnight + wall.ends - offset)
            if low < high:
                yield Piece(low, high, (low + offset) % DAY, zone)


def _steady(begins: int, ends: int, zone: ZoneInfo) -> Iterator[tuple[int, int, int]]:
    """A range of minutes cut where the clocks change, each part with its offset."""
    last = _offset(ends, zone)
    while begins < ends:
        offset = _offset(begins, zone)
        change = ends if offset == last else _change_between(begins, ends, zone)
        yield begins, change, offset
        begins = change


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """In order; one that overlaps the one before is cut to what it adds."""
    found: list[Piece] = []
    for piece in sorted(pieces):
        begins = max(piece.begins, found[-1].ends if found else piece.begins)
        if begins < piece.ends:
            found.append(piece._replace(begins=begins, wall=(piece.wall + begins - piece.begins) % DAY))
    return found


class DayShown(NamedTuple):
    """A day of the calendar as it comes out: its open times, why it is closed, and what is unusual about its clock."""

    day: date
    walls: Sequence[Wall]
    pieces: Sequence[Piece]
    why: str
    zone: str
    clocks_change: bool


def days_shown(coach: WeekLike, first: date, count: int) -> list[DayShown]:
    """What becomes of some days, for every kind of session."""
    shown = []
    for day in _days(first, first + timedelta(days=count - 1)):
        walls, why = walls_on(coach, day)
        pieces, _ = opening_hours(coach, day, day)
        zone = zone_on(coach, day)
        lasts = instant(day + timedelta(days=1), 0, zone) - instant(day, 0, zone)
        shown.append(DayShown(day, sorted(walls), pieces, why, zone, clocks_change=lasts != DAY))
    return shown


# What may be saved ----------------------------------------------------------------------------------------------------


def refusal_of_hours(walls: Collection[Wall]) -> str | None:
    """Why these times of one day will not do, as a sentence; None when they will."""
    ordered = sorted(walls)
    for wall in ordered:
        if not 0 <= wall.begins < wall.ends <= DAY:
            return "Hours end after they begin, on the same day."
    for one, other in pairwise(ordered):
        if other.begins < one.ends:
            return f"{in_words(one)} and {in_words(other)} overlap."
    return None


def refusal_of_days(first: date, last: date) -> str | None:
    if last < first:
        return "The last day comes before the first one."
    return "That is more than a year. Split it." if (last - first).days > 366 else None


MOST_AHEAD = 400
"""Special days, and travels, that are kept at once."""
YEARS_AHEAD = 3
"""Holidays are kept for this year and the next two."""
KIND_TERMS = ("minutes", "before_minutes", "after_minutes", "notice_hours", "daily_most")
"""What may be different for one kind of session."""


def in_words(wall: Wall) -> str:
    """'9:00–12:30'."""
    return f"{clock_time(wall.begins)}–{clock_time(wall.ends)}"


def clock_time(minute: int) -> str:
    """'9:00'; midnight at the end of a day is 24:00."""
    return f"{minute // 60}:{minute % 60:02d}"


# A week in words ------------------------------------------------------------------------------------------------------

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_HOURS = 12
"""Open times of one day that can be saved."""
_HOURS = re.compile(r"(\d{1,2}):(\d\d)–(\d{1,2}):(\d\d)(?: \(([a-z_ ]{1,80})\))?", re.ASCII)


def week_in_words(week: Sequence[Sequence[Wall]]) -> str:
    """A line for each day that is open, which `week_from_words` can read: 'Monday 9:00–12:30 (chemistry)'."""
    lines = []
    for name, walls in zip(WEEKDAYS, week, strict=True):
        if walls:
            told = (in_words(wall) + (f" ({' '.join(wall.kinds)})" if wall.kinds else "") for wall in sorted(walls))
            lines.append(f"{name} {', '.join(told)}")
    return "\n".join(lines)


def week_from_words(words: str) -> list[list[Wall]]:
    """Raises ValueError for what `week_in_words` would not have written."""
    week: list[list[Wall]] = [[] for _ in WEEKDAYS]
    for line in words.splitlines():
        name, _, told = line.partition(" ")
        if name not in WEEKDAYS or len(told) > 100 * MOST_HOURS:
            raise ValueError("unreadable week")
        week[WEEKDAYS.index(name)] = [_wall_from(each) for each in told.split(", ")]
    return week


def _wall_from(words: str) -> Wall:
    found = _HOURS.fullmatch(words)
    if found is None:
        raise ValueError("unreadable hours")
    kinds = tuple((found[5] or "").split())
    if any(kind not in SESSION_LABELS for kind in kinds):
        raise ValueError("unreadable kind of session")
    begins_at, begins, ends_at, ends = (int(number) for number in found.groups()[:4])
    if begins > 59 or ends > 59:
        raise ValueError("unreadable minutes")
    return Wall(60 * begins_at + begins, 60 * ends_at + ends, kinds)

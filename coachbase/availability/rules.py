"""When a coach is open, from wall time in the coach's zone to moments, date by date (domain.md §3).

Moments are whole minutes since 1970 in UTC here: the slot engine only counts.
"""

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

    A special day beats a holiday, which beats the week.
    """
    pieces: list[Piece] = []
    closed: list[Closed] = []
    for day in _days(first, last):
        zone = zone_on(coach, day)
        walls, why = _walls_on(coach, day)
        if why:
            closed.append(Closed(*_span(day, 0, DAY, zone), why))
        for wall in sorted(walls):
            if not wall.kinds or not kind or kind in wall.kinds:
                pieces += _pieces(day, wall, zone)
    return _joined(pieces), closed


def zone_on(coach: WeekLike, day: date) -> str:
    """The zone of the coach's wall clock on a day: the later of two travels wins."""
    return next((trip.zone for trip in reversed(coach.travels) if trip.first <= day <= trip.last), coach.zone)


def _walls_on(coach: WeekLike, day: date) -> tuple[Sequence[Wall], str]:
    special = [each for each in coach.specials if each.first <= day <= each.last]
    if special:
        walls = [each.wall for each in special if each.wall]
        blocked = next((each.why for each in special if each.wall is None), None)
        if blocked is not None:
            return (), blocked or "not available"
        return walls, ""
    if day in coach.holidays:
        return (), coach.holidays[day]
    return coach.week[day.weekday()], ""


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def instant(day: date, wall: int, zone: str, *, is_end: bool = False) -> int:
    """The minute at which a wall clock shows this, 24:00 included.

    A time that the clocks skip is the moment they jump. One they show twice is the first as a beginning and the
    second as an end, so that an open hour is open both times.
    """
    local = datetime.combine(day + timedelta(days=wall // DAY), time(wall % DAY // 60, wall % 60))
    there = local.replace(tzinfo=ZoneInfo(zone), fold=int(is_end))
    first = minute_of(there.replace(fold=0).astimezone(UTC))
    other = minute_of(there.replace(fold=1).astimezone(UTC))
    if first > other:  # fold 0 lies after fold 1: the clocks skip this time
        return _change_between(other, first, ZoneInfo(zone))
    return other if is_end else first


def _offset(minute: int, zone: ZoneInfo) -> int:
    offset = moment_of(minute).astimezone(zone).utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


def _change_between(low: int, high: int, zone: ZoneInfo) -> int:
    """The first minute with the new offset."""
    before = _offset(low, zone)
    return low + bisect_right(range(low, high), False, key=lambda minute: _offset(minute, zone) != before)


def _span(day: date, begins: int, ends: int, zone: str) -> tuple[int, int]:
    return instant(day, begins, zone), instant(day, ends, zone, is_end=True)


def _pieces(day: date, wall: Wall, zone: str) -> Iterator[Piece]:
    """The open time, cut where the clocks change."""
    begins, ends = _span(day, wall.begins, wall.ends, zone)
    there = ZoneInfo(zone)
    while begins < ends:
        change = ends
        if _offset(begins, there) != _offset(ends - 1, there):
            change = _change_between(begins, ends - 1, there)
        yield Piece(begins, change, (begins + _offset(begins, there)) % DAY, zone)
        begins = change


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """In order; one that overlaps the one before is cut to what it adds."""
    found: list[Piece] = []
    for piece in sorted(pieces):
        begins = max(piece.begins, found[-1].ends if found else piece.begins)
        if begins < piece.ends:
            found.append(piece._replace(begins=begins, wall=(piece.wall + begins - piece.begins) % DAY))
    return found


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


def in_words(wall: Wall) -> str:
    """'9:00–12:30'."""
    return f"{clock_time(wall.begins)}–{clock_time(wall.ends)}"


def clock_time(minute: int) -> str:
    """'9:00'; midnight at the end of a day is 24:00."""
    return f"{minute // 60}:{minute % 60:02d}"

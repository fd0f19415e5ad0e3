"""Which days a calendar shows, where on a day something lies, and what is wrong with it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from ..availability.rules import SessionKind
from ..firm.rules import is_zone
from ..sessions.rules import clocks_differ, minutes_apart

FIRST_HOUR, LAST_HOUR = 7, 20
"""Hours of the day that a week shows when nothing lies outside of them."""
MOST_LANES = 6
"""How many things that happen at once stand beside each other; more lie upon the last."""
SHORTEST_DRAWN = 30
"""Minutes: what is shorter takes this much room, so that it can be read and pressed."""
DAY = 24 * 60
A_WEEK = timedelta(days=7)
EARLIEST, LATEST = 2000, 2099

_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


@dataclass(frozen=True)
class Shown:
    """What a calendar shows; kept in the address. `month` is '' for a week, `zone` the second clock."""

    week: str = ""
    month: str = ""
    coach: str = ""
    kind: str = ""
    zone: str = ""

    @classmethod
    def read(cls, address: Mapping[str, str], today: date) -> "Shown":
        """From an address that anybody may have written: what is not known is as it always is."""
        month = address.get("month", "")
        week = address.get("week", "")
        kind, zone = address.get("kind", ""), address.get("zone", "")
        is_month = first_of(month) is not None
        return cls(
            week="" if is_month else week if monday_of(week) else week_of(today),
            month=month if is_month else "",
            coach=address.get("coach", "")[:26],
            kind=kind if kind in set(SessionKind) else "",
            zone=zone if is_zone(zone) else "",
        )

    @property
    def days(self) -> list[date]:
        """A week, or the whole weeks that a month lies in."""
        first = first_of(self.month)
        if first is None:
            return _days(monday_of(self.week) or date.min, 7)
        monday = first - timedelta(days=first.weekday())
        last = next_month(first) - timedelta(days=1)
        return _days(monday, (last - monday).days // 7 * 7 + 7)

    def near(self, by: int) -> str:
        """The address of the week or month before (-1) or after (1)."""
        first = first_of(self.month)
        if first is None:
            return self.but(week=week_of(self.days[0] + by * A_WEEK))
        other = next_month(first) if by > 0 else (first - timedelta(days=1)).replace(day=1)
        return self.but(month=f"{other:%Y-%m}")

    @property
    def query(self) -> str:
        return urlencode({name: value for name, value in vars(self).items() if value})

    def but(self, **changes: Any) -> str:
        """The calendar's address with this changed."""
        return f"/calendar?{replace(self, **changes).query}"


def week_of(day: date) -> str:
    """'2026-W48'."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def monday_of(week: str) -> date | None:
    """The first day of a week; None when it is none."""
    found = _WEEK.fullmatch(week)
    if not found or not EARLIEST < int(found[1]) < LATEST:
        return None
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        return None


def first_of(month: str) -> date | None:
    found = _MONTH.fullmatch(month)
    if not found or not EARLIEST < int(found[1]) < LATEST or not 1 <= int(found[2]) <= 12:
        return None
    return date(int(found[1]), int(found[2]), 1)


def next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]


# Where something lies -------------------------------------------------------------------------------------------------


class Slice(NamedTuple):
    """What of a time lies on one day: the minute on the wall clock it begins, and for how many it lasts."""

    day: date
    at: int
    minutes: int


def midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def slices(begins: datetime, ends: datetime, zone: str) -> Iterator[Slice]:
    """A time, cut at the midnights of a wall clock."""
    while begins < ends:
        local = begins.astimezone(ZoneInfo(zone))
        until = min(ends, midnight(local.date() + timedelta(days=1), zone))
        at = local.hour * 60 + local.minute
        minutes = -(-int((until - begins).total_seconds()) // 60)
        yield Slice(local.date(), at, min(minutes, DAY - at))
        begins = until


def lanes(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """(lane, number of lanes) for each (begins, ends) of one day, so that what happens at once stands side by side."""
    found: list[tuple[int, int]] = [(0, 1)] * len(spans)
    group: list[int] = []
    free_from: list[int] = []
    for place in sorted(range(len(spans)), key=lambda place: spans[place]):
        begins, ends = spans[place]
        if group and begins >= max(free_from):
            group, free_from = [], []
        lane = next((lane for lane, free in enumerate(free_from) if free <= begins), len(free_from))
        if lane == len(free_from) and lane < MOST_LANES:
            free_from.append(ends)
        else:
            lane = min(lane, MOST_LANES - 1)
            free_from[lane] = max(free_from[lane], ends)
        group.append(place)
        found[place] = (lane, 1)
        for member in group:
            found[member] = (found[member][0], len(free_from))
    return found


def joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Times, with those that touch made one."""
    found: list[tuple[int, int]] = []
    for begins, ends in sorted(spans):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found


def hours_shown(times: Iterable[Slice]) -> tuple[int, int]:
    """The first hour a week shows and the one it ends with, so that nothing lies outside."""
    first, last = FIRST_HOUR, LAST_HOUR
    for one in times:
        first = min(first, one.at // 60)
        last = max(last, -(-(one.at + one.minutes) // 60))
    return first, last


# What is wrong --------------------------------------------------------------------------------------------------------


def conflicts(
    span: tuple[int, int], *, open_hours: Iterable[tuple[int, int]], busy: Iterable[tuple[int, int]]
) -> list[str]:
    """What is wrong with a session that is booked, as words; nothing when it lies well."""
    begins, ends = span
    found = []
    if any(one < ends and begins < other for one, other in busy):
        found.append("over a busy time")
    if not any(one <= begins and ends <= other for one, other in open_hours):
        found.append("outside hours")
    return found


class Drift(NamedTuple):
    """Days on which two clocks are not as far apart as they are for most of the year."""

    first: date
    last: date
    hours: str
    usually: str


def drift(zone: str, other: str, days: Sequence[date]) -> Drift | None:
    """Whether on some of these days one zone has changed its clocks and the other not yet."""
    noons = {day: datetime.combine(day, time(12), ZoneInfo(other)) for day in days}
    odd = [day for day, noon in noons.items() if clocks_differ(zone, other, noon)]
    if not odd:
        return None
    apart = minutes_apart(zone, other, noons[odd[0]])
    usually = minutes_apart(zone, other, noons[odd[0]] + timedelta(days=35))
    return Drift(odd[0], odd[-1], in_hours(apart), in_hours(usually))


def in_hours(minutes: int) -> str:
    """'5 h ahead', '3½ h behind'."""
    hours, rest = divmod(abs(minutes), 60)
    figure = (str(hours) if hours or not rest else "") + {0: "", 15: "¼", 30: "½", 45: "¾"}.get(rest, f":{rest:02}")
    if not minutes:
        return "on the same clock"
    return f"{figure} h {'ahead' if minutes > 0 else 'behind'}"

"""Proposals and their mails; what a cadence proposes; where two clocks differ.

Plain values in, plain values out; moments are whole minutes since 1970 in UTC, as in the slot engine.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ..availability.rules import SessionKind, clock_time, instant, moment_of
from ..engagements.rules import Cadence, months_later
from ..engagements.rules import State as ProgramState
from ..slots.rules import Openings, Reason, Why

UNDO_FOR = timedelta(minutes=2)
"""Mails leave so long after a plan was applied; until then it can be undone without anybody having heard of it."""
MOST_SESSIONS = 60
"""In one cadence."""
FURTHEST_AHEAD = timedelta(days=731)


class ProposalKind(StrEnum):
    CADENCE = "cadence"
    ILL = "ill"
    SLIP = "slip"


class ProposalState(StrEnum):
    DRAFT = "draft"
    APPLIED = "applied"
    UNDONE = "undone"
    DROPPED = "dropped"


STATE_LABELS = {
    ProposalState.DRAFT: "Proposed",
    ProposalState.APPLIED: "Applied",
    ProposalState.UNDONE: "Undone",
    ProposalState.DROPPED: "Dropped",
}


def refusal_to_edit(state: ProposalState) -> str | None:
    """Why a proposal may not be changed or applied any more, as a sentence; None when it may: also one that was
    undone, for nothing of it stands."""
    words = {
        ProposalState.APPLIED: "This proposal was applied already.",
        ProposalState.DROPPED: "This proposal was dropped. Make a new one.",
    }
    return words.get(state)


def refusal_to_undo(state: ProposalState, mails_at: datetime | None, now: datetime) -> str | None:
    """Why a plan cannot be undone, as a sentence; None when nobody has heard of it yet."""
    if state is not ProposalState.APPLIED or mails_at is None:
        return "There is nothing to undo."
    return "The mails have left. Move the sessions one by one, or make another plan." if now >= mails_at else None


def refusal_of_absence(first: date, last: date, today: date) -> str | None:
    if last < first:
        return "The last day comes before the first one."
    if last < today:
        return "These days are over."
    return "Plan at most eight weeks at once." if (last - first).days > 8 * 7 else None


class LetterKind(StrEnum):
    """What leaves when a proposal is applied."""

    INVITATION = "invitation"
    CHANGE = "change"
    CANCELLATION = "cancellation"


LETTER_LABELS = {
    LetterKind.INVITATION: "Invitation",
    LetterKind.CHANGE: "Changed invitation",
    LetterKind.CANCELLATION: "Cancellation",
}


class Letter(NamedTuple):
    """A mail that will leave; `about` is what it says, on the reader's clock."""

    name: str
    email: str
    kind: LetterKind
    about: str


class Reader(NamedTuple):
    """Who hears of a plan: how many of which mail ([('Invitation', 12)]), and what each says."""

    name: str
    email: str
    kinds: Sequence[tuple[str, int]]
    about: Sequence[str]


def letters_in_words(letters: Iterable[Letter]) -> list[Reader]:
    """Each reader once."""
    readers: dict[tuple[str, str], list[Letter]] = {}
    for letter in letters:
        readers.setdefault((letter.name, letter.email), []).append(letter)
    found = []
    for (name, email), own in readers.items():
        counts = Counter(letter.kind for letter in own)
        kinds = [(LETTER_LABELS[kind], counts[kind]) for kind in LetterKind if counts[kind]]
        found.append(Reader(name, email, kinds, [letter.about for letter in own]))
    return found


def refusal_of_slip(was: date, will: date) -> str | None:
    if was == will:
        return "That is the first day it has."
    return "A program slips by two years at most." if abs(will - was) > FURTHEST_AHEAD else None


# A cadence ------------------------------------------------------------------------------------------------------------

CADENCES = (Cadence.WEEKLY, Cadence.BIWEEKLY, Cadence.MONTHLY)
FURTHEST = 6
"""Days from the regular one on which another time is looked for."""
SPARE = 6
"""So many dates beyond the wanted number are tried when some fall out."""


class ClosedDays(StrEnum):
    """What becomes of a date on which the coach is closed."""

    NEAREST = "nearest"
    SKIP = "skip"


CLOSED_LABELS = {
    ClosedDays.NEAREST: "take the nearest free time",
    ClosedDays.SKIP: "leave the date out and go on one longer",
}


def refusal_to_plan(program: ProgramState, *, has_place: bool, left: int | None) -> str | None:
    """Why no sessions of a program can be booked at once, as a sentence; None when they can.

    `left` is how many it has left, None where they are not counted.
    """
    words = {
        ProgramState.DRAFT: "The agreement is not signed by all yet. Its sessions can be planned once it is.",
        ProgramState.PAUSED: "The program is paused. Let it go on first.",
        ProgramState.COMPLETED: "The program is over.",
        ProgramState.ENDED: "The program is over.",
    }
    if program in words:
        return words[program]
    if not has_place:
        return "Nobody has said where the coach’s sessions are: a link, a number or a room."
    return "It has no session left: all are booked, or behind." if left is not None and left < 1 else None


def cadence_days(first: date, weekday: int, cadence: Cadence) -> Iterator[date]:
    """The regular days, from the first such weekday on.

    Monthly is the same weekday of the month: the second Thursday; who begins on a fifth one has the last.
    """
    day = first + timedelta(days=(weekday - first.weekday()) % 7)
    place, month = (day.day - 1) // 7, day.replace(day=1)
    while True:
        yield day
        if cadence is Cadence.MONTHLY:
            month = months_later(month, 1)
            day = _weekday_of_month(month, weekday, place)
        else:
            day += timedelta(days=7 if cadence is Cadence.WEEKLY else 14)


def _weekday_of_month(month: date, weekday: int, place: int) -> date:
    first = month + timedelta(days=(weekday - month.weekday()) % 7)
    day = first + timedelta(days=7 * place)
    return day if day.month == month.month else day - timedelta(days=7)


@dataclass(frozen=True)
class Wish:
    """A cadence as it was asked for: so many sessions, from the first such weekday on, at a time on the wall clock."""

    first: date
    weekday: int
    wall: int
    cadence: Cadence
    count: int
    kind: SessionKind
    minutes: int
    closed_days: ClosedDays = ClosedDays.NEAREST

    @property
    def days(self) -> list[date]:
        """The regular days, and some more for those that fall out."""
        return list(islice(cadence_days(self.first, self.weekday, self.cadence), self.count + SPARE + 1))

    @property
    def span(self) -> tuple[date, date]:
        """From which day up to which something may be proposed."""
        days = self.days
        return days[0] - timedelta(days=FURTHEST), days[-1] + timedelta(days=1)


class Date(NamedTuple):
    """One date of a cadence: when it would be, when it is to be (None: it falls out), and what is unlike the rest.

    `is_skipped` is one that falls out because closed days are to be left out.
    """

    regular: int
    start: int | None
    exception: str = ""
    is_skipped: bool = False


def lay_out(wish: Wish, zone: str, openings: Openings) -> list[Date]:
    """What a cadence proposes: the regular times that are free, and the nearest free ones where they are not."""
    found: list[Date] = []
    since: date | None = None
    for day, following in pairwise(wish.days):
        if sum(each.start is not None for each in found) == wish.count:
            break
        found.append(_date(openings, wish, day, zone, since, following))
        if (start := found[-1].start) is not None:
            since = local_day(start, zone)
    return found


def beyond_the_horizon(openings: Openings) -> Openings:
    """The same as if one could book however far ahead: the desk plans whole programs."""
    return replace(openings, bars=[bar for bar in openings.bars if bar.why is not Why.HORIZON])


def _date(openings: Openings, wish: Wish, day: date, zone: str, since: date | None, until: date) -> Date:
    """`since` and `until` are the days of the dates before and after: order is kept."""
    regular = instant(day, wish.wall, zone)
    shown, at = _wall_of(regular, zone), clock_time(wish.wall)
    gap = f"{at} does not exist on {in_words(day)}" if shown != wish.wall else ""
    reasons = openings.why_not(regular)
    if not reasons:
        return Date(regular, regular, gap and f"{gap}: {clock_time(shown)} instead")
    why = gap or _why(reasons, at)
    if wish.closed_days is ClosedDays.SKIP and any(reason.why is Why.CLOSED for reason in reasons):
        return Date(regular, None, f"{in_words(day)}: {why}", is_skipped=True)
    start = nearest(openings.starts, regular, zone, after=since, before=until)
    if start is None:
        return Date(regular, None, f"{in_words(day)}: {why}, and no free time around it")
    return Date(regular, start, _instead(why, regular, start, zone))


def _instead(why: str, regular: int, start: int, zone: str) -> str:
    """'9:00 is taken: 10:00 instead', '25 December: Christmas Day → 31 December, 9:00'."""
    day, other = local_day(regular, zone), local_day(start, zone)
    at = clock_time(_wall_of(start, zone))
    return f"{why}: {at} instead" if day == other else f"{in_words(day)}: {why} → {in_words(other)}, {at}"


def instead(openings: Openings, regular: int, start: int, zone: str) -> str:
    """Why another time than the regular one was taken; '' when it was not."""
    if regular == start:
        return ""
    reasons = openings.why_not(regular)
    return _instead(_why(reasons, clock_time(_wall_of(regular, zone))), regular, start, zone) if reasons else ""


def _why(reasons: Sequence[Reason], at: str) -> str:
    """The one reason that says most."""
    closed = [reason for reason in reasons if reason.why is Why.CLOSED]
    if closed:
        return closed[0].words
    if any(reason.why in (Why.TAKEN, Why.BUSY, Why.BUFFER) for reason in reasons):
        return f"{at} is taken"
    full = [reason for reason in reasons if reason.why is Why.FULL]
    return full[0].words if full else f"{at} is {_WORDS.get(reasons[0].why, 'not free')}"


_WORDS = {
    Why.PAST: "past",
    Why.NOTICE: "too soon",
    Why.OUTSIDE: "outside the open hours",
    Why.HORIZON: "too far ahead",
}


def nearest(
    starts: Sequence[int], regular: int, zone: str, *, after: date | None = None, before: date | None = None
) -> int | None:
    """The free start nearest to a regular one: the same day, else up to six days away, at the same time if possible.

    Of two days as far away the one in the same week is nearer. `after`, `before` are days it must lie between.
    """
    low = bisect_left(starts, regular - (FURTHEST + 1) * 1440)
    high = bisect_right(starts, regular + (FURTHEST + 1) * 1440)
    was, wall = local_day(regular, zone), _wall_of(regular, zone)
    found = []
    for start in starts[low:high]:
        day = local_day(start, zone)
        away = abs((day - was).days)
        if away > FURTHEST or (after and day <= after) or (before and day >= before):
            continue
        another_week = day.isocalendar()[:2] != was.isocalendar()[:2]
        found.append((away, another_week, abs(_wall_of(start, zone) - wall), start))
    return min(found)[-1] if found else None


def local_day(minute: int, zone: str) -> date:
    return _local(minute, zone).date()


def _wall_of(minute: int, zone: str) -> int:
    local = _local(minute, zone)
    return 60 * local.hour + local.minute


def _local(minute: int, zone: str) -> datetime:
    return moment_of(minute).astimezone(ZoneInfo(zone))


def in_words(day: date) -> str:
    """'25 December'."""
    return f"{day.day} {day:%B}"


def moment_in_words(moment: datetime, zone: str) -> str:
    """'Thursday 3 December, 9:00' by a clock."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%A} {local.day} {local:%B}, {local.hour}:{local:%M}"


# Two clocks -----------------------------------------------------------------------------------------------------------


def divergences(moments: Iterable[datetime], zone: str, other: str) -> dict[datetime, int]:
    """Where the two zones' clocks are not as far apart as they usually are, by how many minutes.

    Usual is what holds for most of these moments; of two that are as frequent the earlier.
    """
    apart = {moment: _apart(moment, zone, other) for moment in moments}
    if not apart:
        return {}
    usual = Counter(apart.values()).most_common(1)[0][0]
    return {moment: minutes - usual for moment, minutes in apart.items() if minutes != usual}


def clocks_in_words(minutes: int, city: str) -> str:
    """'an hour later in New York than usual'."""
    hours = {60: "an hour", 30: "half an hour"}.get(abs(minutes), f"{abs(minutes)} minutes")
    return f"{hours} {'later' if minutes > 0 else 'earlier'} in {city} than usual"


def _apart(moment: datetime, zone: str, other: str) -> int:
    offsets = [moment.astimezone(ZoneInfo(each)).utcoffset() or timedelta() for each in (other, zone)]
    return int((offsets[0] - offsets[1]).total_seconds() // 60)

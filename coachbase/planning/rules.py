"""What a cadence proposes, and the smallest change that mends a calendar.

Plain values in, plain values out; moments are whole minutes since 1970 in UTC, as in the slot engine.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from itertools import combinations, islice, pairwise
from operator import itemgetter
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


DAY_BEGINS, DAY_ENDS = 7, 21
"""Hours on one's own clock between which a session is not at night."""


def is_at_night(start: int, minutes: int, zone: str) -> bool:
    """Whether it begins or ends at night on a clock."""
    ends = _local(start, zone), _local(start + minutes - 1, zone)
    return not all(DAY_BEGINS <= moment.hour < DAY_ENDS for moment in ends)


def _apart(moment: datetime, zone: str, other: str) -> int:
    offsets = [moment.astimezone(ZoneInfo(each)).utcoffset() or timedelta() for each in (other, zone)]
    return int((offsets[0] - offsets[1]).total_seconds() // 60)


# The smallest change --------------------------------------------------------------------------------------------------

NO_PLACE, MOVED, COSTLIEST = 10**9, 10**6, 9_999
"""Weights that never add up to the next: first every session finds a place, then few move, then they move little."""
OTHER_WEEKDAY, OTHER_TIME, MOST_FOR_TIME, SOONER, AFTER_THE_END, AT_SHORT_NOTICE = 20, 10, 8, 1, 50, 40
SHORT_NOTICE = timedelta(days=4)
"""Nobody likes to hear that a session of next week is tomorrow: earlier, and so soon, only when it is much better."""
GAPS = {Cadence.WEEKLY: 36 * 60, Cadence.BIWEEKLY: 4 * 1440, Cadence.MONTHLY: 10 * 1440, Cadence.FREE: 12 * 60}
"""Minutes at least between the beginnings of two sessions of a client; less only where it was less before."""
MOST_STEPS = 6_000
"""Of the search, for one session; for more, so many less."""
FIRST_KINDS, LAST_KINDS = (SessionKind.CHEMISTRY, SessionKind.KICKOFF), (SessionKind.CLOSING,)


def displacement(was: datetime, will: datetime) -> int:
    """How much a client notices: both by the coach's clock. The same weekday and time first, then the same weekday,
    then the same time of day; each day away counts one, and of two as far away the later is easier to take."""
    minutes = abs(60 * (will.hour - was.hour) + will.minute - was.minute)
    cost = abs((will.date() - was.date()).days) + (SOONER if will < was else 0)
    if will.weekday() != was.weekday():
        cost += OTHER_WEEKDAY
    if minutes:
        cost += OTHER_TIME + min(minutes // 30, MOST_FOR_TIME)
    return cost


def distance(was: datetime, will: datetime) -> int:
    """How far from where it should be, when its place in a cadence counts: the same day first, then the nearest one."""
    minutes = abs(60 * (will.hour - was.hour) + will.minute - was.minute)
    days = abs((will.date() - was.date()).days)
    return days * OTHER_WEEKDAY + (OTHER_TIME + min(minutes // 30, MOST_FOR_TIME) if minutes else 0)


def deadline(day: date, obliged_on: Iterable[date], ends_on: date | None) -> date | None:
    """The day a three-way meeting must not pass: the first day it is owed by that it was in time for, else the end."""
    owed = [on for on in obliged_on if on >= day]
    if owed:
        return min(owed)
    return ends_on if ends_on and day <= ends_on else None


class Option(NamedTuple):
    """A start that is free when all the sessions in question are away; `day` by the coach's clock."""

    start: int
    cost: int
    day: date


@dataclass(frozen=True)
class Movable:
    """A session that must move, or one that could to make room (`stays` is where it is).

    `whose` and `rank` keep a client's sessions in order: those of another rank never change places. `start` is where
    it is, or where it should be. `daily`, `weekly` are the most its coach has of them; 0 is any number.
    """

    start: int
    minutes: int
    options: Sequence[Option]
    stays: Option | None = None
    before: int = 0
    after: int = 0
    whose: int | None = None
    rank: int = 1
    gap: int = 0
    daily: int = 0
    weekly: int = 0


@dataclass(frozen=True)
class Change:
    """Where each session goes, in the order they were given; None where none was found.

    `is_least` is off when the search was cut short, so that a smaller change may exist.
    """

    starts: tuple[int | None, ...]
    weight: int
    is_least: bool = True
    steps: int = 0

    @property
    def without_place(self) -> int:
        return self.weight // NO_PLACE

    @property
    def cost(self) -> int:
        return self.weight % MOVED


def rank_of(kind: SessionKind) -> int:
    """Kickoffs come first and closings last; sessions of one sort are each as good as the other."""
    if kind in FIRST_KINDS:
        return FIRST_KINDS.index(kind) - len(FIRST_KINDS)
    return 2 if kind in LAST_KINDS else 1 if kind is SessionKind.THREE_WAY else 0


def forbidden(one: Movable, start: int, other: Movable) -> list[tuple[int, int]]:
    """The starts that `other` cannot have when `one` is at `start`, as ranges with both ends in them."""
    least = start - other.minutes - max(other.after, one.before) + 1
    most = start + one.minutes + max(one.after, other.before) - 1
    if one.whose is None or one.whose != other.whose:
        return [(least, most)]
    gap = min(max(one.gap, other.gap), abs(one.start - other.start))
    least, most = min(least, start - gap + 1), max(most, start + gap - 1)
    if one.rank == other.rank or one.start == other.start:
        return [(least, most)]
    return [(-ALWAYS, most)] if one.start < other.start else [(least, ALWAYS)]


ALWAYS = 1 << 40


def smallest_change(
    sessions: Sequence[Movable],
    days: Mapping[date, int] | None = None,
    *,
    most_steps: int | None = None,
) -> Change:
    """Find places for all, moving as few as possible and those as little as possible.

    `days` says how many sessions a day holds beside these. Best first: take for each session the cheapest option
    that is left. If these go together nothing is cheaper; else either one of two that clash is taken for good, or
    it is out.
    """
    steps = MOST_STEPS // max(1, len(sessions)) if most_steps is None else most_steps
    return _Search(sessions, days or {}).run(steps)


class _Node(NamedTuple):
    """The options each session would have, at which weight; what is left to it, as bits, the cheapest lowest; and
    what is taken for good."""

    weight: int
    chosen: tuple[int, ...]
    left: tuple[int, ...]
    taken: tuple[int | None, ...]


@dataclass
class _Search:
    sessions: Sequence[Movable]
    days: Mapping[date, int]
    options: list[list[tuple[int, Option | None]]] = field(init=False)
    by_time: list[tuple[list[int], list[int]]] = field(init=False)
    cells: list[list[int]] = field(init=False)
    weeks: Counter = field(init=False)
    _ruled_out: dict[tuple[int, int], list[int]] = field(init=False, default_factory=dict)
    _rows: dict[tuple[int, int], tuple[dict[int, int], dict[int, int]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.options = [_weighed(session) for session in self.sessions]
        self.by_time = [_prefixes(options) for options in self.options]
        self.cells = self._cells()
        self.weeks = Counter()
        for day, count in self.days.items():
            self.weeks[_week(day)] += count

    def run(self, most_steps: int) -> Change:
        none = (None,) * len(self.sessions)
        root = self.relaxed(tuple((1 << len(options)) - 1 for options in self.options), none)
        heap = [(root.weight, 0, 0, root)] if root else []
        steps = 0
        while heap:
            *_, node = heappop(heap)
            number = self.clash(node)
            if number is None:
                return Change(self.starts(node), node.weight, steps=steps)
            steps += 1
            if steps > most_steps:
                return self.dive(node, steps)
            for depth, child in enumerate((self.take(node, number), self.strike(node, number))):
                if child is not None:
                    heappush(heap, (child.weight, -steps, depth, child))
        raise ValueError("what stays where it is clashes already")

    def dive(self, node: "_Node", steps: int) -> Change:
        """Out of time: decide each clash at once, as it comes."""
        while (number := self.clash(node)) is not None:
            child = self.take(node, number) or self.strike(node, number)
            if child is None:
                return self.run_without_moving_others(steps)
            node = child
        return Change(self.starts(node), node.weight, is_least=False, steps=steps)

    def run_without_moving_others(self, steps: int) -> Change:
        """Everybody who may stay stays: then a session without a place is the worst there is."""
        only = [
            session if session.stays is None else Movable(**vars(session) | {"options": ()})
            for session in self.sessions
        ]
        found = _Search(only, self.days).run(MOST_STEPS)
        return Change(found.starts, found.weight, is_least=False, steps=steps)

    # What a node is worth at least

    def _cells(self) -> list[list[int]]:
        """Pieces of time so short that no two sessions can both move into one; for each session its options there."""
        shortest = min((session.minutes + session.after for session in self.sessions), default=0)
        starts = sorted({start for times, _ in self.by_time for start in times})
        edges: list[int] = []
        for start in starts:
            if not edges or start >= edges[-1] + shortest:
                edges.append(start)
        found: list[list[int]] = [[0] * len(edges) for _ in self.sessions]
        for number, options in enumerate(self.options):
            for place, (_, option) in enumerate(options):
                if option is not None and option is not self.sessions[number].stays:
                    found[number][bisect_right(edges, option.start) - 1] |= 1 << place
        return found

    def relaxed(self, left: Sequence[int], taken: tuple[int | None, ...]) -> "_Node | None":
        """The cheapest way to give each session an option that is left, no two in one cell; None without any.

        Nothing that fits can be cheaper than this. Who stays, or finds no place, is in nobody's way here.
        """
        rows = [self._row(number, bits) for number, bits in enumerate(left)]
        cells = match([weights for weights, _ in rows])
        if cells is None:
            return None
        chosen = tuple(places[cell] for (_, places), cell in zip(rows, cells, strict=True))
        weight = sum(weights[cell] for (weights, _), cell in zip(rows, cells, strict=True))
        return _Node(weight, chosen, tuple(left), taken)

    def _row(self, number: int, bits: int) -> tuple[dict[int, int], dict[int, int]]:
        """The cheapest of what is left to a session in each cell: its weight, and which it is."""
        if (number, bits) not in self._rows:
            places, rest = dict[int, int](), bits
            for cell, there in enumerate(self.cells[number]):
                if found := bits & there:
                    places[cell] = (found & -found).bit_length() - 1
                    rest &= ~there
            if rest:  # to stay, or to have no place: a cell of its own
                places[-1 - number] = (rest & -rest).bit_length() - 1
            weights = {cell: self.options[number][place][0] for cell, place in places.items()}
            self._rows[number, bits] = weights, places
        return self._rows[number, bits]

    def starts(self, node: "_Node") -> tuple[int | None, ...]:
        chosen = (self.options[number][place][1] for number, place in enumerate(node.chosen))
        return tuple(option.start if option else None for option in chosen)

    # Where a node does not go together

    def clash(self, node: "_Node") -> int | None:
        """The session to decide on: of those whose options clash, the one with the fewest left."""
        clashing = [
            number
            for pair in combinations(range(len(self.sessions)), 2)
            if self.ruled_out(pair[0], node.chosen[pair[0]])[pair[1]] >> node.chosen[pair[1]] & 1
            for number in pair
            if node.taken[number] is None
        ]
        clashing = clashing or self.crowd(node)
        return min(clashing, key=lambda number: node.left[number].bit_count()) if clashing else None

    def crowd(self, node: "_Node") -> list[int]:
        """Those on a day, or in a week, that holds too many."""
        for unit, counts, limit in self.units():
            there: dict[date, list[int]] = {}
            for number, place in enumerate(node.chosen):
                option = self.options[number][place][1]
                if option is not None:
                    there.setdefault(unit(option.day), []).append(number)
            for day, numbers in there.items():
                most = [limit(number) for number in numbers if self.is_limited(number, node.chosen[number])]
                if most and counts.get(day, 0) + len(numbers) > min(most):
                    return [number for number in numbers if node.taken[number] is None]
        return []

    def units(self) -> Iterator[tuple[Callable[[date], date], Mapping[date, int], Callable[[int], int]]]:
        """Days and weeks: what day falls into which, how many are there, how many may be."""
        if any(session.daily for session in self.sessions):
            yield lambda day: day, self.days, lambda number: self.sessions[number].daily or ALWAYS
        if any(session.weekly for session in self.sessions):
            yield _week, self.weeks, lambda number: self.sessions[number].weekly or ALWAYS

    def is_limited(self, number: int, choice: int) -> bool:
        """Who stays where it is asks nobody."""
        return self.options[number][choice][1] is not self.sessions[number].stays

    def take(self, node: _Node, number: int) -> _Node | None:
        """The option this session has is its for good; what clashes with it is out for the others."""
        choice = node.chosen[number]
        left = [
            1 << choice if other == number else bits & ~out
            for other, (bits, out) in enumerate(zip(node.left, self.ruled_out(number, choice), strict=True))
        ]
        taken = (*node.taken[:number], choice, *node.taken[number + 1 :])
        option = self.options[number][choice][1]
        if option is not None:
            for unit, counts, limit in self.units():
                self.fill(left, taken, unit, counts, limit, unit(option.day))
        return self.relaxed(left, taken) if all(left) else None

    def fill(
        self,
        left: list[int],
        taken: Sequence[int | None],
        unit: Callable[[date], date],
        counts: Mapping[date, int],
        limit: Callable[[int], int],
        day: date,
    ) -> None:
        """Strike what would be one too many on a day, after another was put there."""
        there = [
            number
            for number, choice in enumerate(taken)
            if choice is not None and (option := self.options[number][choice][1]) and unit(option.day) == day
        ]
        most = min((limit(number) for number in there if self.is_limited(number, taken[number])), default=ALWAYS)  # type: ignore[arg-type]
        count = counts.get(day, 0) + len(there)
        for number, choice in enumerate(taken):
            if choice is not None:
                continue
            for place, (_, option) in enumerate(self.options[number]):
                if option is None or unit(option.day) != day:
                    continue
                own = limit(number) if self.is_limited(number, place) else ALWAYS
                if count + 1 > min(most, own):
                    left[number] &= ~(1 << place)
        if count > most:
            left[there[0]] = 0

    def strike(self, node: _Node, number: int) -> _Node | None:
        """This session has anything but this option."""
        rest = node.left[number] & ~(1 << node.chosen[number])
        return self.relaxed((*node.left[:number], rest, *node.left[number + 1 :]), node.taken) if rest else None

    def ruled_out(self, number: int, choice: int) -> list[int]:
        """The options of each other session that do not go with this one, as bits."""
        key = number, choice
        if key not in self._ruled_out:
            self._ruled_out[key] = list(self._reckon(number, self.options[number][choice][1]))
        return self._ruled_out[key]

    def _reckon(self, number: int, option: Option | None) -> Iterator[int]:
        for other, session in enumerate(self.sessions):
            bits = 0
            if option is not None and other != number:
                times, prefixes = self.by_time[other]
                for low, high in forbidden(self.sessions[number], option.start, session):
                    bits |= prefixes[bisect_right(times, high)] & ~prefixes[bisect_left(times, low)]
                if option is self.sessions[number].stays and session.stays:
                    bits &= ~1  # both are there already, whatever they think of each other
            yield bits


def _weighed(session: Movable) -> list[tuple[int, Option | None]]:
    """The options of a session, the best first: staying costs nothing, and to find no place is the worst."""
    own: list[tuple[int, Option | None]] = [
        (min(option.cost, COSTLIEST) + (MOVED if session.stays else 0), option) for option in session.options
    ]
    own.append((0, session.stays) if session.stays else (NO_PLACE, None))
    return sorted(own, key=itemgetter(0))


def _prefixes(options: Sequence[tuple[int, Option | None]]) -> tuple[list[int], list[int]]:
    """The starts in order of time, and for the first n of them their bits: a range of time is two of these."""
    ordered = sorted((option.start, place) for place, (_, option) in enumerate(options) if option)
    prefixes = [0]
    for _, place in ordered:
        prefixes.append(prefixes[-1] | 1 << place)
    return [start for start, _ in ordered], prefixes


def match(rows: Sequence[Mapping[int, int]]) -> list[int] | None:
    """A column of its own for each row, the cheapest way; None when there is none.

    `rows` give the columns a row may have, and at which cost. Shortest augmenting paths (Kuhn, Munkres).
    """
    owner: dict[int, int] = {}
    of_row, of_column = [0] * len(rows), dict.fromkeys({column for row in rows for column in row}, 0)
    for start in range(len(rows)):
        row, least, came, done = start, dict[int, int](), dict[int, int | None](), dict[int, int]()
        column: int | None = None
        while True:
            own = of_row[row]
            for each, cost in rows[row].items():
                if each not in done and (reduced := cost - own - of_column[each]) < least.get(each, ALWAYS):
                    least[each], came[each] = reduced, column
            if not least:
                return None
            column = min(least, key=least.__getitem__)
            delta = least.pop(column)
            if delta:
                of_row[start] += delta
                for each, holder in done.items():
                    of_row[holder] += delta
                    of_column[each] -= delta
                for each in least:
                    least[each] -= delta
            if column not in owner:
                break
            row = done[column] = owner[column]
        while column is not None:
            before = came[column]
            owner[column] = owner[before] if before is not None else start
            column = before
    of = {row: column for column, row in owner.items()}
    return [of[row] for row in range(len(rows))]


def _week(day: date) -> date:
    return day - timedelta(days=day.weekday())

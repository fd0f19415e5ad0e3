"""The smallest change that finds a place for every session that must move.

Plain values in, plain values out; moments are whole minutes since 1970 in UTC, as in the slot engine.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from itertools import combinations
from operator import itemgetter
from typing import NamedTuple

from ..availability.rules import SessionKind
from ..engagements.rules import Cadence

NO_PLACE, MOVED, COSTLIEST = 10**9, 10**6, 9_999
"""Weights that never add up to the next: first every session finds a place, then few move, then they move little."""
OTHER_WEEKDAY, OTHER_TIME, MOST_FOR_TIME, SOONER, AFTER_THE_END, AT_SHORT_NOTICE = 20, 10, 8, 1, 50, 40
A_WEEK, BEYOND = 7, 3
"""Within a week each day away counts one, each one beyond three: three weeks on is no longer the same session."""
SHORT_NOTICE = timedelta(days=4)
"""Nobody likes to hear that a session of next week is tomorrow: earlier, and so soon, only when it is much better."""
GAPS = {Cadence.WEEKLY: 36 * 60, Cadence.BIWEEKLY: 4 * 1440, Cadence.MONTHLY: 10 * 1440, Cadence.FREE: 12 * 60}
"""Minutes at least between the beginnings of two sessions of a client; less only where it was less before."""
MOST_STEPS = 6_000
"""Of the search, for one session; for more, so many less."""
FIRST_KINDS, LAST_KINDS = (SessionKind.CHEMISTRY, SessionKind.KICKOFF), (SessionKind.CLOSING,)


def displacement(was: datetime, will: datetime) -> int:
    """How much a client notices: both by the coach's clock. The same weekday and time first, then the same weekday,
    then the same time of day, as long as it is near; of two as far away the later is easier to take."""
    minutes = abs(60 * (will.hour - was.hour) + will.minute - was.minute)
    days = abs((will.date() - was.date()).days)
    cost = days + (BEYOND - 1) * max(0, days - A_WEEK) + (SOONER if will < was else 0)
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

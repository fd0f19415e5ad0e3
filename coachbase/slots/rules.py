"""Free starts and the reasons of the others, from one list, so that the explanation cannot disagree (domain.md §3).

Everything is reckoned in whole minutes since 1970, UTC. Each thing in the way becomes a bar: the starts it forbids for
a session of this length. A start is free when no bar holds it; why not is which bars do.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ..availability.rules import DAY, Closed, Piece, moment_of

ALWAYS = 1 << 40
"""A minute far beyond every calendar."""


class Why(StrEnum):
    """What keeps a start from being free."""

    PAST = "past"
    TAKEN = "taken"
    BUFFER = "buffer"
    BUSY = "busy"
    CLOSED = "closed"
    OUTSIDE = "outside"
    NOTICE = "notice"
    HORIZON = "horizon"
    FULL = "full"


HARD = (Why.PAST, Why.TAKEN)
"""Nobody can book over these. Over the others staff can, with a reason."""


class Taken(NamedTuple):
    """A time that is in use, with the buffers it asks for around it. `is_ours`: a session or hold of coachbase."""

    begins: int
    ends: int
    words: str
    before: int = 0
    after: int = 0
    is_ours: bool = True


class Full(NamedTuple):
    """A day or week in which no more is to begin."""

    begins: int
    ends: int
    words: str


class Away(NamedTuple):
    """A time in which a party's wall clock shows another zone: the open hours are those of the clock there."""

    begins: int
    ends: int
    zone: str
    place: str


class Reason(NamedTuple):
    """Why a start is not free: whose reason, what sort, and the sentence."""

    party: str
    why: Why
    words: str

    @property
    def is_hard(self) -> bool:
        return self.why in HARD


class Bar(NamedTuple):
    """Starts that are forbidden, from `begins` up to but without `ends`."""

    begins: int
    ends: int
    party: "Party"
    why: Why
    thing: Taken | Full | Closed | None


@dataclass(frozen=True)
class Party:
    """Somebody who is to be there. `pieces` None is open always; notice in minutes; `latest` the last start.

    `away` explains hours that lie oddly on the clock at home; the later of two wins.
    `unknown` says which calendars of this party cannot be read: its slots are offered with that warning.
    """

    name: str
    pieces: Sequence[Piece] | None = None
    closed: Sequence[Closed] = ()
    taken: Sequence[Taken] = ()
    full: Sequence[Full] = ()
    away: Sequence[Away] = ()
    before: int = 0
    after: int = 0
    earliest: int = 0
    latest: int = ALWAYS
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """When can these parties meet for so many minutes, from `first` up to but without `last`?

    Starts stand on the wall clock of the first party, every `increment` minutes from midnight.
    """

    parties: Sequence[Party]
    minutes: int
    first: int
    last: int
    now: int
    increment: int = 30


@dataclass(frozen=True)
class Openings:
    """The answer. `starts` and `why_not` read the same bars."""

    question: Question
    bars: Sequence[Bar] = field(repr=False)

    @cached_property
    def starts(self) -> list[int]:
        """The free starts, in order."""
        return list(self._free())

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        return tuple(name for party in self.question.parties for name in party.unknown)

    def is_free(self, start: int) -> bool:
        """Whether nothing is in the way, also for a start that does not stand on the grid."""
        return not self.why_not(start)

    def why_not(self, start: int) -> list[Reason]:
        """All that keeps this start from being free; nothing when it is. Only for starts that were asked about."""
        if not self.question.first <= start < self.question.last:
            raise ValueError("the bars say nothing about this start")
        found = [_reason(bar, start, self.question) for bar in self.bars if bar.begins <= start < bar.ends]
        closed = {reason.party for reason in found if reason.why is Why.CLOSED}
        told = [reason for reason in found if not (reason.why is Why.OUTSIDE and reason.party in closed)]
        return list(dict.fromkeys(told))

    def _free(self) -> Iterator[int]:
        """Sweep over the forbidden starts, stepping through what lies between them on the clock of the first party."""
        step, pieces = self.question.increment, iter(_grid(self.question))
        piece = next(pieces, None)
        for begins, ends in _gaps(self.bars, self.question.first, self.question.last):
            while piece is not None and piece.begins < ends:
                low = max(begins, piece.begins)
                low += -(piece.wall + low - piece.begins) % step
                yield from range(low, min(ends, piece.ends), step)
                if piece.ends > ends:
                    break
                piece = next(pieces, None)


def openings(question: Question) -> Openings:
    """The one function that says which starts are free and why the others are not."""
    bars = [bar for party in question.parties for bar in _bars(party, question)]
    bars.sort(key=itemgetter(0))
    return Openings(question, bars)


def _bars(party: Party, question: Question) -> Iterator[Bar]:
    length, first, last = question.minutes, question.first, question.last
    now = question.now
    if first <= now:
        yield Bar(first, min(last, now + 1), party, Why.PAST, None)
    if party.earliest > now + 1:
        yield Bar(now + 1, party.earliest, party, Why.NOTICE, None)
    if party.latest < last:
        yield Bar(party.latest + 1, last, party, Why.HORIZON, None)
    own_before, own_after, ours, theirs = party.before, party.after, Why.TAKEN, Why.BUSY
    for taken in party.taken:  # by the thousand: unpacked at once, and without calls
        begins, ends, _, before, after, is_ours = taken
        begins += 1 - length - (own_after if own_after > before else before)
        ends += own_before if own_before > after else after
        if ends > first and begins < last:
            yield Bar(begins, ends, party, ours if is_ours else theirs, taken)
    for full in party.full:
        yield Bar(full.begins, full.ends, party, Why.FULL, full)
    for closed in party.closed:
        yield Bar(closed.begins - length + 1, closed.ends, party, Why.CLOSED, closed)
    if party.pieces is not None:
        yield from _outside(party, question)


def _outside(party: Party, question: Question) -> Iterator[Bar]:
    """The starts from which the session would not lie in one open time; pieces that touch are one."""
    edge = question.first
    for begins, ends in _spans(party.pieces or ()):
        if begins > edge:
            yield Bar(edge, begins, party, Why.OUTSIDE, None)
        edge = max(edge, ends - question.minutes + 1, begins)
    if edge < question.last:
        yield Bar(edge, question.last, party, Why.OUTSIDE, None)


def _spans(pieces: Iterable[Piece]) -> Iterator[tuple[int, int]]:
    """Open times with those joined that touch: a session may last over midnight or over a change of clocks."""
    begun: tuple[int, int] | None = None
    for piece in pieces:
        if begun and piece.begins <= begun[1]:
            begun = begun[0], max(begun[1], piece.ends)
        else:
            if begun:
                yield begun
            begun = piece.begins, piece.ends
    if begun:
        yield begun


def _gaps(bars: Iterable[Bar], first: int, last: int) -> Iterator[tuple[int, int]]:
    """The starts that no bar forbids, as ranges."""
    edge = first
    for bar in bars:
        if bar.begins > edge:
            yield edge, min(bar.begins, last)
        edge = max(edge, bar.ends)
        if edge >= last:
            return
    yield edge, last


def _grid(question: Question) -> Sequence[Piece]:
    host = question.parties[0].pieces if question.parties else None
    if host is not None:
        return host
    return [Piece(question.first, question.last, question.first % DAY, "UTC")]


def _reason(bar: Bar, start: int, question: Question) -> Reason:
    """The sentence for one bar at one start; a time taken tells whether it is the time itself or its buffer."""
    name, thing = bar.party.name, bar.thing
    if isinstance(thing, Taken):
        if start < thing.ends and start + question.minutes > thing.begins:
            return Reason(name, bar.why, thing.words)
        comes_after = start >= thing.ends
        buffer = max(bar.party.before, thing.after) if comes_after else max(bar.party.after, thing.before)
        return Reason(name, Why.BUFFER, f"buffer {buffer} min {'after' if comes_after else 'before'} {thing.words}")
    if isinstance(thing, Full):
        return Reason(name, bar.why, thing.words)
    if isinstance(thing, Closed):
        return Reason(name, bar.why, thing.why)
    if bar.why is Why.OUTSIDE:
        return Reason(name, bar.why, _WORDS[bar.why] + _on_the_way(bar.party, start))
    return Reason(name, bar.why, _WORDS[bar.why])


def _on_the_way(party: Party, start: int) -> str:
    """': 18:00 in Singapore'; nothing for who is at home."""
    away = next((each for each in reversed(party.away) if each.begins <= start < each.ends), None)
    return f": {label(moment_of(start), away.zone)} in {away.place}" if away else ""


_WORDS = {
    Why.PAST: "it is past",
    Why.NOTICE: "too short a notice",
    Why.HORIZON: "too far ahead",
    Why.OUTSIDE: "outside the open hours",
}


# For readers ----------------------------------------------------------------------------------------------------------

DAY_BEGINS, DAY_ENDS = 7, 21
"""Hours on one's own clock between which a session is not at night."""


def is_at_night(start: int, minutes: int, zone: str) -> bool:
    """Whether it begins or ends at night on a clock."""
    ends = (moment_of(minute).astimezone(ZoneInfo(zone)) for minute in (start, start + minutes - 1))
    return not all(DAY_BEGINS <= local.hour < DAY_ENDS for local in ends)


def label(start: datetime, zone: str) -> str:
    """'9:00' on the wall clock of a zone; '1:30 (UTC−5)' where that clock shows the time twice on that day."""
    local = start.astimezone(ZoneInfo(zone))
    shown = f"{local.hour}:{local:%M}"
    offset = local.utcoffset()
    if offset == local.replace(fold=1 - local.fold).utcoffset() or offset is None:
        return shown
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    sign = "−" if offset.total_seconds() < 0 else "+"
    return f"{shown} (UTC{sign}{hours}{f':{minutes:02d}' if minutes else ''})"

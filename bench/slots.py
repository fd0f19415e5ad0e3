"""Slots beside a naive grid: the same question, answered by the engine and by trying every start against everything."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from coachbase.availability.rules import DAY, Travel, Wall, opening_hours
from coachbase.slots.rules import Party, Question, Taken, openings

FIRST, DAYS = date(2026, 11, 23), 90
MONDAY = (FIRST - date(1970, 1, 1)).days * DAY


@dataclass
class Week:
    """Monday to Friday, nine to five, somewhere."""

    zone: str
    week: list = field(default_factory=lambda: [(Wall(9 * 60, 17 * 60),) if day < 5 else () for day in range(7)])
    specials: tuple = ()
    travels: tuple[Travel, ...] = ()
    holidays: dict[date, str] = field(default_factory=dict)


def question(busy: int = 2000, *, seed: int = 4) -> Question:
    """When can three people in three zones meet for an hour within 90 days, with so many busy times between them?"""
    chance = random.Random(seed)
    zones = ("Europe/London", "Europe/Athens", "America/Sao_Paulo")
    parties = [
        _party(zone, busy // len(zones) + (place < busy % len(zones)), chance) for place, zone in enumerate(zones)
    ]
    return Question(tuple(parties), minutes=60, first=MONDAY, last=MONDAY + DAYS * DAY, now=MONDAY)


def _party(zone: str, busy: int, chance: random.Random) -> Party:
    pieces, closed = opening_hours(Week(zone), FIRST - timedelta(days=1), FIRST + timedelta(days=DAYS + 1))
    begins = [MONDAY + 5 * chance.randrange(DAYS * DAY // 5) for _ in range(busy)]
    taken = [Taken(begin, begin + chance.choice((15, 30, 45)), "busy", is_ours=False) for begin in begins]
    return Party(zone, pieces, closed, taken, earliest=MONDAY + DAY, latest=MONDAY + DAYS * DAY)


def naive(question: Question) -> list[int]:
    """Every start of the grid, tried against every open time and every busy time of everybody."""
    host = question.parties[0]
    grid = [
        minute
        for piece in host.pieces
        for minute in range(piece.begins, piece.ends)
        if not (piece.wall + minute - piece.begins) % question.increment and question.first <= minute < question.last
    ]
    return [start for start in grid if all(_suits(party, start, question) for party in question.parties)]


def _suits(party: Party, start: int, question: Question) -> bool:
    end = start + question.minutes
    if not max(party.earliest, question.now + 1) <= start <= party.latest:
        return False
    if not any(piece.begins <= start and end <= piece.ends for piece in party.pieces):
        return False
    return not any(taken.begins < end and start < taken.ends for taken in party.taken)


def beside(times: int) -> tuple[list[float], list[float]]:
    """What the engine and the naive grid took, in milliseconds, turn by turn in this run."""
    asked = question()
    engine: list[float] = []
    grid: list[float] = []
    for _ in range(times):
        engine.append(_took(lambda: openings(asked).starts))
        grid.append(_took(lambda: naive(asked)))
    return engine, grid


def _took(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000

"""How far a package is, what goes into it and in what order, whether it may be made or released."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ..agreements.rules import day_in_words
from ..clients.rules import fold
from ..instruments.rules import PART_LABELS, Part

MOST_PARTS, LARGEST = 40, 24_000_000
"""Of one package; the whole must be kept as one file (files.rules.LARGEST), which needs a little more."""
LEASE = timedelta(minutes=10)
LONGEST_GOAL, MOST_GOALS = 3000, 12
LAYOUT = 1
"""Raised when the same parts are to give other pages, so that packages are made anew."""


class State(StrEnum):
    """Asked for, being made, ready, or not possible."""

    PENDING = "pending"
    LEASED = "leased"
    READY = "ready"
    FAILED = "failed"


class Face(NamedTuple):
    """How a state is shown: never by colour alone."""

    word: str
    tone: str
    icon: str


FACES = {
    State.PENDING: Face("waiting to be made", "wait", "hourglass"),
    State.LEASED: Face("being made", "accent", "refresh-cw"),
    State.READY: Face("ready", "good", "circle-check"),
    State.FAILED: Face("could not be made", "late", "triangle-alert"),
}
PICTURES = ("image/png", "image/jpeg", "image/webp")
PDF = "application/pdf"
NOT_PRINTABLE = "is of a kind that cannot be printed here"


def is_printable(media_type: str) -> bool:
    """Whether it becomes pages; what does not is listed."""
    return media_type == PDF or media_type in PICTURES


def title_of(name: str, label: str, part: Part | None) -> str:
    """'EQ-i 2.0, coach part' for a report; else the file's name without its ending."""
    if part is not None:
        return f"{label}, {PART_LABELS[part].lower()}"
    return name.rpartition(".")[0] or name


def place_of(position: int | None, due_on: date | None, assessment: int, part: Part) -> tuple[Any, ...]:
    """What reports are sorted by: the battery's order, then by the day they are due; the coach part first."""
    return position is None, position or 0, due_on or date.max, assessment, part is not Part.COACH


def is_for_client(part: Part | None, is_released: bool) -> bool:
    """Whether a part belongs in the client's copy: of a report the client part; else what the client may open."""
    return part is Part.CLIENT if part is not None else is_released


def moved(order: Sequence[str], one: str, *, by: int) -> list[str]:
    """The order with one of them further up (-1) or down (+1)."""
    rest = [each for each in order if each != one]
    if len(rest) == len(order):
        return list(order)
    place = min(max(list(order).index(one) + by, 0), len(rest))
    return [*rest[:place], one, *rest[place:]]


def kept_hidden(chosen: Sequence[int], before: Sequence[int], hidden: Iterable[int]) -> list[int]:
    """What somebody chose, with what was in before and stays out of this person's sight: each after what it stood
    after."""
    order, out_of_sight = list(chosen), set(hidden) - set(chosen)
    for place, one in enumerate(before):
        if one in out_of_sight:
            above = next((each for each in reversed(before[:place]) if each in order), None)
            order.insert(order.index(above) + 1 if above is not None else 0, one)
    return order


def refusal_to_make(printable: int, parts: int, size: int) -> str | None:
    """Why this cannot be made into a package, as a sentence; None when it can."""
    if not parts:
        return "Tick at least one document: a package of nothing helps nobody."
    if parts > MOST_PARTS:
        return f"A package holds up to {MOST_PARTS} documents. Leave some out."
    if not printable:
        return "None of these can be printed: a package is made of PDFs and pictures."
    if size > LARGEST:
        return f"Together these are larger than {LARGEST // 1_000_000} MB. Leave something out, or make two packages."
    return None


def refusal_to_release(state: State, *, has_copy: bool, unreleased: Sequence[str], may_open: bool) -> str | None:
    """Why the client's copy may not be released, as a sentence; None when it may."""
    if not may_open:
        return "Whoever releases a report must be allowed to read it: ask the coach."
    if state is not State.READY or not has_copy:
        return "There is no copy for the client to release."
    if unreleased:
        named = ", ".join(f"“{title}”" for title in unreleased[:3])
        return f"Release {named} first: the copy holds it, and the client may not open it yet."
    return None


def speaks_of_goals(question: str) -> bool:
    """Whether a question asks what somebody wants to reach."""
    words = fold(question)
    return any(word in words for word in ("goal", "objective", "achieve", "aim", "success", "different at the end"))


def fingerprint_of(inputs: dict[str, Any]) -> str:
    """The hash of all that goes in; the same for the same."""
    return hashlib.sha256(json.dumps(inputs | {"layout": LAYOUT}, sort_keys=True).encode()).hexdigest()


def percent(done: int, total: int) -> int:
    """How far it is. Not in steps: their number would tell of parts the reader may not know of."""
    return min(100, 100 * done // total) if total else 0


def moment_in_words(moment: datetime, zone: str) -> str:
    """'Thursday 12 November 2026, 09:00 (Europe/London)'."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%A} {day_in_words(local.date())}, {local:%H:%M} ({zone.replace('_', ' ')})"


def pages_in_words(first: int, pages: int) -> str:
    """'4–15', '4'."""
    return f"{first}–{first + pages - 1}" if pages > 1 else str(first)


def is_stuck(leased_until: datetime | None, now: datetime) -> bool:
    """Whether who took it up has not been heard of."""
    return leased_until is None or leased_until <= now

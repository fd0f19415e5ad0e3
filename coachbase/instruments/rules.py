"""How an instrument is handed out, what it needs, how long it takes; when the items of a battery are due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

MOST_REMINDERS = 4
"""However the rhythm reads, nobody is chased more often (domain.md §8)."""
LONGEST_OFFSET = 60
"""Months."""


class Way(StrEnum):
    """How somebody gets in: a personal link, a code to type, or an account with a password."""

    LINK = "link"
    CODE = "code"
    ACCOUNT = "account"


class Part(StrEnum):
    """Whom a part of a report is for."""

    COACH = "coach"
    CLIENT = "client"


class Anchor(StrEnum):
    """What an item of a battery counts from."""

    KICKOFF = "kickoff"
    START = "start"
    END = "end"


class Unit(StrEnum):
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"


WAY_LABELS = {Way.LINK: "A personal link", Way.CODE: "An access code", Way.ACCOUNT: "An account with a password"}
PART_LABELS = {Part.COACH: "Coach part", Part.CLIENT: "Client part"}
ANCHOR_LABELS = {Anchor.KICKOFF: "the kickoff", Anchor.START: "the start", Anchor.END: "the end"}


@dataclass(frozen=True)
class Group:
    """A group of raters and how many it wants."""

    name: str
    least: int
    most: int


class Item(NamedTuple):
    """When an instrument of a battery is to be completed: `amount` units after its anchor, before it when negative."""

    anchor: Anchor
    amount: int
    unit: Unit


def due_on(item: Item, *, kickoff_on: date, starts_on: date, ends_on: date | None) -> date | None:
    """The day an item is due; None when it counts from an end that is not known."""
    days = {Anchor.KICKOFF: kickoff_on, Anchor.START: starts_on, Anchor.END: ends_on}
    anchor = days[item.anchor]
    if anchor is None:
        return None
    if item.unit is Unit.MONTHS:
        return months_after(anchor, item.amount)
    return anchor + timedelta(days=item.amount * (7 if item.unit is Unit.WEEKS else 1))


def months_after(day: date, months: int) -> date:
    """The same day of another month, or that month's last when it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))


def item_in_words(item: Item) -> str:
    """'2 weeks before the kickoff', 'on the day of the kickoff', '9 months after the start'."""
    anchor = ANCHOR_LABELS[item.anchor]
    if not item.amount:
        return f"on the day of {anchor}"
    count = abs(item.amount)
    unit = item.unit.value if count > 1 else item.unit.value.removesuffix("s")
    return f"{count} {unit} {'before' if item.amount < 0 else 'after'} {anchor}"


def rhythm_of(typed: str) -> tuple[int, ...]:
    """The days after the invitation on which to remind, from '3 7 10'; at most four, rising."""
    days = sorted({int(word) for word in typed.replace(",", " ").split() if word.isdecimal() and 0 < int(word) < 366})
    return tuple(days[:MOST_REMINDERS])


def groups_wanted(groups: Sequence[Group]) -> int:
    """How many raters are needed at the least."""
    return sum(group.least for group in groups)

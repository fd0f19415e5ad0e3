"""How an instrument is handed out, what it needs, how long it takes; when the items of a battery are due."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from ..clients.rules import fold

MOST_REMINDERS = 4
"""However the rhythm reads, nobody is chased more often (domain.md §8)."""
MOST_GROUPS, MOST_RATERS, MOST_ITEMS, MOST_DAYS, MOST_CREDITS = 12, 99, 30, 3650, 10_000
LONGEST_NAME, LONGEST_HOW_TO, LONGEST_WORDS = 80, 4000, 500
LAST_REMINDER = 365


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


MOST_OF = {Unit.DAYS: 1830, Unit.WEEKS: 260, Unit.MONTHS: 60}
"""How far from its anchor an item may be: five years."""

WAY_LABELS = {Way.LINK: "A personal link", Way.CODE: "An access code", Way.ACCOUNT: "An account with a password"}
WAY_WORDS = {Way.LINK: ("link", "links"), Way.CODE: ("code", "codes"), Way.ACCOUNT: ("account", "accounts")}
"""One of them, and several."""
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


def refusal_of_rhythm(typed: str) -> str | None:
    """Why this is no rhythm of reminders, as a sentence; None when it is, or says that there are none."""
    words = typed.replace(",", " ").split()
    if not all(word.isascii() and word.isdigit() and len(word) < 4 for word in words):
        return "Type the days after the invitation, such as 3 7 10."
    days = [int(word) for word in words]
    if len(days) > MOST_REMINDERS:
        return f"Nobody is reminded more than {MOST_REMINDERS} times: type at most {MOST_REMINDERS} days."
    if any(not 0 < day <= LAST_REMINDER for day in days):
        return f"A day is a number from 1 to {LAST_REMINDER}."
    return None if days == sorted(set(days)) else "Each day is later than the one before it."


_GROUP = re.compile(r"(?P<name>.*?\S)[\s,:;]+(?P<least>\d{1,3})(?:\s*(?:-|–|to|,|;)\s*(?P<most>\d{1,3}))?")


def read_groups(typed: str) -> list[Group]:
    """The groups of raters somebody typed, one a line: 'Peers: 3 to 6', 'Manager: 1'.

    Raises ValueError with the sentence that says which line is none, and why.
    """
    lines = [" ".join(line.split()) for line in typed.splitlines() if line.strip()]
    if len(lines) > MOST_GROUPS:
        raise ValueError(f"At most {MOST_GROUPS} groups.")
    groups = [_group(line) for line in lines]
    names = [fold(group.name) for group in groups]
    if twice := next((group.name for group in groups if names.count(fold(group.name)) > 1), None):
        raise ValueError(f"“{twice}” stands there twice.")
    return groups


def _group(line: str) -> Group:
    shown = line if len(line) <= 40 else f"{line[:40]}…"
    found = _GROUP.fullmatch(line[:200])
    if not found:
        raise ValueError(f"“{shown}” is not understood. Write the group and its size, such as Peers: 3 to 6.")
    name, least = found["name"].strip(" ,:;"), int(found["least"])
    most = int(found["most"] or least)
    if not name or len(name) > LONGEST_NAME:
        raise ValueError(f"The name in “{shown}” is missing or longer than {LONGEST_NAME} characters.")
    if not 0 <= least <= most or not 0 < most <= MOST_RATERS:
        raise ValueError(f"The size in “{shown}” goes from at least to at most, up to {MOST_RATERS}.")
    return Group(name, least, most)


def groups_as_typed(groups: Iterable[Group]) -> str:
    """What `read_groups` takes: 'Peers: 3 to 6'."""
    return "\n".join(group_in_words(group) for group in groups)


def group_in_words(group: Group) -> str:
    size = f"{group.least}" if group.least == group.most else f"{group.least} to {group.most}"
    return f"{group.name}: {size}"


def phrases_of(file_words: str) -> tuple[str, ...]:
    """What a report's name and first page say, from 'hogan hpi, personality inventory': folded, each once."""
    found = (fold(phrase).strip() for phrase in re.split(r"[,;\n]", file_words))
    return tuple(dict.fromkeys(phrase for phrase in found if phrase))


def words_of_battery(names: Sequence[str]) -> str:
    """The instruments of a battery in the words of an agreement, one a line; what comes again says so."""
    counts = {name: names.count(name) for name in names}
    return "\n".join(name if count == 1 else f"{name}, {_times(count)}" for name, count in counts.items())


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


def groups_wanted(groups: Sequence[Group]) -> int:
    """How many raters are needed at the least."""
    return sum(group.least for group in groups)

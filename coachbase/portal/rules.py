"""What is asked of a person, and when somebody may be reminded of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ..assessments.rules import next_reminder as next_in_rhythm
from ..availability.rules import PLACE_LABELS, PlaceKind

LINK_LASTS = timedelta(days=365)
"""A page is for the whole of a program, and for looking back at it."""

# What is asked --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ask:
    """One thing asked of somebody: open with a button, waiting for somebody else, or done.

    `way` is the kind of link its button leads through (public.WAYS), `subject` the public id behind that link; `href`
    the page it leads to instead, where the page's own link is enough.
    """

    way: str
    subject: str
    title: str
    hint: str
    button: str
    waits: bool = False
    done_at: datetime | None = None
    href: str = ""

    @property
    def is_open(self) -> bool:
        return self.done_at is None and not self.waits


class Meeting(NamedTuple):
    """A session as it stands on a page behind a link; `link` when its place can be clicked on."""

    session: Any
    place_kind: str
    place: str
    link: str | None

    @property
    def place_label(self) -> str:
        return PLACE_LABELS[PlaceKind(self.place_kind)] if self.place_kind else ""


def progress(asks: Iterable[Ask]) -> tuple[int, int]:
    """How many are done, of how many."""
    all_of_them = list(asks)
    return sum(ask.done_at is not None for ask in all_of_them), len(all_of_them)


# When to remind -------------------------------------------------------------------------------------------------------

OPENS, CLOSES, SATURDAY = time(9), time(17), 5
FIRST_AFTER = EVERY = timedelta(days=3)
MOST = 4
"""No more than so many reminders for one thing; then somebody should call."""


@dataclass(frozen=True)
class Reader:
    """Who is reminded, and the page the mail leads to: the kind and the subject of its link."""

    email: str
    name: str
    zone: str
    page: tuple[str, str]


@dataclass(frozen=True)
class Thing:
    """What a reader has not done yet. `about` is the row that counts its reminders, `client` whom it concerns.

    `rhythm` are the days after it was asked on which to remind, where it has one of its own.
    """

    reader: Reader
    words: str
    asked_at: datetime
    reminders: int = 0
    reminded_at: datetime | None = None
    about: Any = None
    client: Any = None
    rhythm: tuple[int, ...] | None = None


def day_of(moment: datetime, zone: str) -> date:
    """The day it is there."""
    return moment.astimezone(ZoneInfo(zone)).date()


def is_working_time(now: datetime, zone: str) -> bool:
    """Monday to Friday, nine to five, by the clock on the wall there."""
    local = now.astimezone(ZoneInfo(zone))
    return local.weekday() < SATURDAY and OPENS <= local.time() < CLOSES


def due_on(thing: Thing) -> date | None:
    """The reader's day from which this may be reminded of; None when it was often enough."""
    if thing.reminders >= MOST:
        return None
    zone = thing.reader.zone
    reminded_on = day_of(thing.reminded_at, zone) if thing.reminded_at else None
    if thing.rhythm is not None:
        return next_in_rhythm(day_of(thing.asked_at, zone), thing.rhythm, thing.reminders, reminded_on)
    if reminded_on is None:
        return day_of(thing.asked_at, zone) + FIRST_AFTER
    return reminded_on + EVERY


def is_due(thing: Thing, now: datetime) -> bool:
    """Whether the clock may remind of it at this moment."""
    since = due_on(thing)
    return since is not None and since <= day_of(now, thing.reader.zone) and is_working_time(now, thing.reader.zone)


def next_reminder(thing: Thing, now: datetime) -> date | None:
    """The reader's day of the next reminder, a working one."""
    since = due_on(thing)
    if since is None:
        return None
    local = now.astimezone(ZoneInfo(thing.reader.zone))
    next_day = max(since, local.date() + timedelta(days=local.time() >= CLOSES))
    while next_day.weekday() >= SATURDAY:
        next_day += timedelta(days=1)
    return next_day


def merged(things: Iterable[Thing]) -> list[list[Thing]]:
    """The things of each reader and page together, in one mail: who has waited longest comes first.

    One address may read two pages (a sponsor contact who is coached as well). These stay two lots: a client's page
    shows nothing of a sponsor's. One mail a day leaves the second for the next day.
    """
    lots: dict[tuple[str, tuple[str, str]], list[Thing]] = {}
    for thing in sorted(things, key=lambda thing: thing.asked_at):
        lots.setdefault((thing.reader.email.casefold(), thing.reader.page), []).append(thing)
    return list(lots.values())


def may_name(thing: Thing) -> bool:
    """Whether it may stand in a mail: not for the fifth time."""
    return thing.reminders < MOST


def in_words(things: Iterable[Thing]) -> str:
    """'sign “Coaching agreement” and answer “Before we begin”'; the same twice is said once, with its number."""
    counted: dict[str, int] = {}
    for thing in things:
        counted[thing.words] = counted.get(thing.words, 0) + 1
    parts = [f"{words} ({count})" if count > 1 else words for words, count in counted.items()]
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part) if parts else ""

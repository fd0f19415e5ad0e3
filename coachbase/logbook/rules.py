"""What stands in a coaching log, and for whom.

The ICF asks for each client: name and address, when the coaching began and ended, hours that were paid and hours pro
bono; for a group the name of one of its people and how many they were, 15 at most. Who does not agree to stand there is
left off. Where an organisation vouches for the hours by a letter, it stands in the place of names. An hour is 60
minutes, less counts in part. (ICF, "What information does ICF require for the client coaching log?", and the
definition of a client coaching hour: time with a client who has hired the coach as a coach. So chemistry calls and
meetings with the sponsor are none.)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol

from ..availability.rules import SessionKind
from ..money import as_number
from ..sessions.rules import COUNTED

LOGGED = (*COUNTED, SessionKind.GROUP)
"""Kinds of sessions that are coaching."""
MOST_IN_GROUP = 15
LONGEST_ORGANISATION, LONGEST_HOW = 120, 300


class Answer(StrEnum):
    """What a client says about standing in the log."""

    NAME = "name"
    LETTER = "letter"
    NO = "no"


ANSWER_LABELS = {
    Answer.NAME: "Yes, by name and address",
    Answer.LETTER: "Yes, as a client of an organisation that vouches by a letter",
    Answer.NO: "No, the hours are left out",
}


def refusal_to_record(answer: Answer, organisation: str, on: date, today: date) -> str | None:
    """Why this cannot be what a client said, as a sentence; None when it can."""
    if answer is Answer.LETTER and not organisation:
        return "Which organisation vouches by a letter?"
    return "That day is still to come." if on > today else None


class ConsentLike(Protocol):
    """What the log asks of a consent."""

    @property
    def answer(self) -> Answer: ...
    @property
    def organisation(self) -> str: ...


class Person(NamedTuple):
    """A client whom the reader may see."""

    id: int
    public_id: str
    name: str
    email: str


class Held(NamedTuple):
    """A session that was held. `series` tells a group from others, '' for a single client; `clients` are the ids of
    those who were there, `head_count` of them."""

    on: date
    minutes: int
    is_paid: bool
    clients: tuple[int, ...]
    series: str = ""
    head_count: int = 1


@dataclass
class Line:
    """What one client, or one group of the same size, comes to."""

    name: str
    contact: str
    is_group: bool
    head_count: int
    starts_on: date
    ends_on: date
    paid: int = 0
    pro_bono: int = 0

    def add(self, held: Held) -> None:
        self.starts_on, self.ends_on = min(self.starts_on, held.on), max(self.ends_on, held.on)
        if held.is_paid:
            self.paid += held.minutes
        else:
            self.pro_bono += held.minutes

    @property
    def minutes(self) -> int:
        return self.paid + self.pro_bono


class Totals(NamedTuple):
    """Minutes. Of a group they count once, whatever the head count."""

    paid: int
    pro_bono: int
    individual: int
    group: int

    @property
    def all(self) -> int:
        return self.paid + self.pro_bono


@dataclass
class Log:
    """The lines, and what is left out of them: how many sessions of whom, and of how many groups for which reason."""

    lines: list[Line] = field(default_factory=list)
    without: dict[Person, int] = field(default_factory=dict)
    groups_without: int = 0
    groups_unmarked: int = 0
    groups_too_large: int = 0
    coached: set[int] = field(default_factory=set)
    """The ids of all who were there, however often; each in a group is a client, too (ICF)."""

    @property
    def totals(self) -> Totals:
        groups = [line for line in self.lines if line.is_group]
        group = sum(line.minutes for line in groups)
        paid, pro_bono = sum(line.paid for line in self.lines), sum(line.pro_bono for line in self.lines)
        return Totals(paid, pro_bono, paid + pro_bono - group, group)

    @property
    def left_out(self) -> int:
        """How many sessions nobody agreed to."""
        return sum(self.without.values()) + self.groups_without


def log_of(sessions: Iterable[Held], people: Mapping[int, Person], consents: Mapping[int, ConsentLike]) -> Log:
    """A coach's log of these sessions, by when the coaching began."""
    log, lines = Log(), dict[tuple[object, ...], Line]()
    for held in sessions:
        if held.series and not _is_a_group(log, held):
            continue
        named = _who_stands_for(held, people, consents)
        if named is None:
            _leave_out(log, held, people)
            continue
        key = (held.series, named.id, held.head_count)
        name, contact = _stands_as(named, consents[named.id])
        line = lines.setdefault(key, Line(name, contact, bool(held.series), held.head_count, held.on, held.on))
        line.add(held)
        log.coached.update(held.clients)
    log.lines = sorted(lines.values(), key=lambda line: (line.starts_on, line.name))
    log.without = dict(sorted(log.without.items(), key=lambda pair: pair[0].name.casefold()))
    return log


def _is_a_group(log: Log, held: Held) -> bool:
    if not held.head_count:
        log.groups_unmarked += 1
    elif held.head_count > MOST_IN_GROUP:
        log.groups_too_large += 1
    return 0 < held.head_count <= MOST_IN_GROUP


def _who_stands_for(held: Held, people: Mapping[int, Person], consents: Mapping[int, ConsentLike]) -> Person | None:
    """The client; of a group one who agreed, by name rather than by letter, and the same one each time."""
    agreed = [
        people[client]
        for client in held.clients
        if client in people and client in consents and consents[client].answer is not Answer.NO
    ]
    return min(agreed, key=lambda person: (consents[person.id].answer is not Answer.NAME, person.id), default=None)


def _leave_out(log: Log, held: Held, people: Mapping[int, Person]) -> None:
    if held.series:
        log.groups_without += 1
        return
    person = people[held.clients[0]]
    log.without[person] = log.without.get(person, 0) + 1


def _stands_as(person: Person, consent: ConsentLike) -> tuple[str, str]:
    """Name and contact; where an organisation vouches, neither is the client's."""
    if consent.answer is Answer.NAME:
        return person.name, person.email
    return f"{consent.organisation} (letter)", ""


def hours_in_words(minutes: int) -> str:
    """'7.5', '0.83': hours of 60 minutes, to the hundredth."""
    return as_number((minutes * 200 + 60) // 120, 2)


HEADER = (
    "Client",
    "Contact",
    "Individual or group",
    "Number in group",
    "Start date",
    "End date",
    "Paid hours",
    "Pro bono hours",
    "Minutes",
)


def row_of(line: Line) -> tuple[str, ...]:
    """A line as the file for a spreadsheet has it."""
    return (
        line.name,
        line.contact,
        "Group" if line.is_group else "Individual",
        str(line.head_count) if line.is_group else "",
        line.starts_on.isoformat(),
        line.ends_on.isoformat(),
        hours_in_words(line.paid),
        hours_in_words(line.pro_bono),
        str(line.minutes),
    )


def period_in_words(first: date | None, last: date | None) -> str:
    """'1 January 2026 to 31 December 2026', 'up to 3 March 2026', 'all so far'."""
    begins, ends = (f"{day.day} {day:%B %Y}" if day else "" for day in (first, last))
    if begins and ends:
        return f"{begins} to {ends}"
    return f"since {begins}" if begins else f"up to {ends}" if ends else "all so far"

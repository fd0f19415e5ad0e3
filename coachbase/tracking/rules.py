"""What a vendor's status list says: its columns, its words, its days, and whom a line is about. Nothing is guessed."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from ..clients.rules import Sheet, fold
from ..credentials.rules import day_of

MOST_WORDS = 40
"""Different words a status column may hold; one with more is hardly the status."""
LONGEST_WORD = 120


class Meaning(StrEnum):
    """What a word of the status column says."""

    COMPLETED = "completed"
    STARTED = "started"
    NOTHING = "nothing"


MEANING_LABELS = {
    Meaning.COMPLETED: "Completed",
    Meaning.STARTED: "Has begun",
    Meaning.NOTHING: "Nothing yet",
}
KNOWN_WORDS = {
    Meaning.COMPLETED: ("completed", "complete", "done", "finished", "submitted", "scored"),
    Meaning.STARTED: ("started", "in progress", "begun", "incomplete", "partially complete"),
    Meaning.NOTHING: ("not started", "invited", "pending", "sent", "new", "not begun", "registered"),
}
FIELDS = {
    "email": ("Email", "mail emailaddress participantemail respondentemail rateremail"),
    "name": ("Name", "fullname participant participantname respondent rater ratername"),
    "first_name": ("First name", "firstname givenname first"),
    "last_name": ("Last name", "lastname surname familyname last"),
    "about": ("About whom", "subject focus target ratee leader coachee aboutwhom feedbackfor"),
    "instrument": ("Instrument", "assessment product test questionnaire survey inventory"),
    "status": ("Status", "state completionstatus progress"),
    "date": ("Date", "completed completedon completiondate datecompleted statusdate lastactivity"),
}
"""What a column may hold: its label, and other headings we know it by."""
LEAVE_OUT = "none"
"""What stands for an instrument whose lines are left out."""


class Order(StrEnum):
    """How the days of a list are written where both readings are days."""

    UNKNOWN = ""
    DAY = "day"
    MONTH = "month"


ORDER_LABELS = {
    Order.UNKNOWN: "Clear by themselves",
    Order.DAY: "The day first: 03/12/2026 is in December",
    Order.MONTH: "The month first: 03/12/2026 is in March",
}


@dataclass(frozen=True)
class Meanings:
    """What the lists of a vendor say: headings, words and instruments (folded), and how their days are written."""

    columns: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Meaning] = field(default_factory=dict)
    instruments: Mapping[str, str] = field(default_factory=dict)
    order: Order = Order.UNKNOWN

    def to_json(self) -> str:
        return json.dumps([dict(self.columns), dict(self.words), dict(self.instruments), self.order])

    @classmethod
    def from_json(cls, text: str) -> "Meanings":
        if not text:
            return cls()
        columns, words, instruments, order = json.loads(text)
        return cls(columns, {word: Meaning(meaning) for word, meaning in words.items()}, instruments, Order(order))

    def fields_of(self, sheet: Sheet) -> tuple[str, ...]:
        """What each column holds: as it was said, else by its heading; each thing once."""
        found: list[str] = []
        for heading in sheet.header:
            known = self.columns.get(fold(heading))
            here = _guess(heading) if known is None else known
            found.append(here if here not in found else "")
        return tuple(found)

    def with_columns(self, sheet: Sheet, fields: Sequence[str]) -> "Meanings":
        """These fields for these headings; other headings keep what was said of them."""
        said = {fold(heading): here for heading, here in zip(sheet.header, fields, strict=True)}
        return replace(self, columns={**self.columns, **said})


def _guess(heading: str) -> str:
    key = re.sub(r"[^a-z]", "", fold(heading))
    known = {name: {re.sub(r"[^a-z]", "", fold(label)), *words.split()} for name, (label, words) in FIELDS.items()}
    return next((name for name, words in known.items() if key and key in words), "")


def meaning_of(word: str) -> Meaning | None:
    """What a word most likely says; somebody confirms it."""
    return next((meaning for meaning, words in KNOWN_WORDS.items() if fold(word) in words), None)


def refusal_of_columns(fields: Sequence[str]) -> str | None:
    """Why columns cannot be read like this, as a sentence; None when they can."""
    twice = [name for name, count in Counter(filter(None, fields)).items() if count > 1]
    if twice:
        return f"Two columns are called “{FIELDS[twice[0]][0]}”. Choose one of them."
    if "status" not in fields:
        return "Say which column holds the status."
    if not {"email", "name", "last_name"}.intersection(fields):
        return "Say which column holds the mail address or the name."
    return None


def different(sheet: Sheet, fields: Sequence[str], name: str) -> list[str]:
    """What stands in a column, each once, in the order of the list; '' is not listed."""
    if name not in fields:
        return []
    at = list(fields).index(name)
    cells = (row[at] for _, row in sheet.rows if at < len(row) and row[at])
    return list({fold(cell): cell for cell in cells}.values())


def unclear(sheet: Sheet, meanings: Meanings) -> tuple[list[str], list[str]]:
    """The words and the instruments of a list that nobody has said the meaning of."""
    fields = meanings.fields_of(sheet)
    words = [word for word in different(sheet, fields, "status") if fold(word) not in meanings.words]
    named = [name for name in different(sheet, fields, "instrument") if fold(name) not in meanings.instruments]
    return words, named


# A line ---------------------------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """A line as read. `why` says what of it cannot be understood; `instrument` is a public id, '' for any."""

    number: int
    email: str
    name: str
    about: str
    instrument: str
    meaning: Meaning
    on: date | None
    why: str = ""


def read_entries(sheet: Sheet, meanings: Meanings, today: date) -> list[Entry]:
    """The lines that say something; those whose instrument or word says nothing are left out."""
    fields = meanings.fields_of(sheet)
    found = []
    for number, row in sheet.rows:
        cells = {name: cell for name, cell in zip(fields, row, strict=False) if name}
        named = cells.get("instrument", "")
        instrument = meanings.instruments.get(fold(named), LEAVE_OUT) if named else ""
        meaning = meanings.words.get(fold(cells.get("status", "")), Meaning.NOTHING)
        if meaning is Meaning.NOTHING or instrument == LEAVE_OUT:
            continue
        name = cells.get("name") or f"{cells.get('first_name', '')} {cells.get('last_name', '')}".strip()
        on, why = read_day(cells.get("date", ""), meanings.order, today)
        about, email = cells.get("about", ""), cells.get("email", "").casefold()
        found.append(Entry(number, email, name, about, instrument, meaning, on, why))
    return found


_AMBIGUOUS = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")


def read_day(text: str, order: Order, today: date) -> tuple[date | None, str]:
    """The day that is meant, or why none can be made out."""
    day = re.split(r"[ T]+\d{1,2}:\d", text.strip()[:60])[0].strip()
    if (found := _AMBIGUOUS.fullmatch(day)) and order:
        first, second, year = found.groups()
        month, number = (second, first) if order is Order.DAY else (first, second)
        day = f"{year}-{month}-{number}"
    read, why = day_of(day)
    if why and _AMBIGUOUS.fullmatch(day) and not order:
        return None, "The day may be two days. Say how this vendor writes them."
    if why:
        return None, "The day is not understood."
    return (None, "The day lies ahead.") if read and read > today else (read, "")


# Whom it is about -----------------------------------------------------------------------------------------------------


class Target(NamedTuple):
    """An assessment or a rater a line may be about. `rank` is how far it is: 0, 1 has begun, 2 is done."""

    public_id: str
    email: str
    name: str
    client: str
    client_email: str
    is_rater: bool
    instrument: str
    label: str
    rank: int
    since: date
    done_on: date | None
    row: Any


class Outcome(StrEnum):
    """What a line comes to."""

    CHANGE = "change"
    SAME = "same"
    CHOOSE = "choose"
    UNKNOWN = "unknown"
    UNCLEAR = "unclear"


class Line(NamedTuple):
    """A line of the list and what it comes to; `targets` are what it is, or may be, about."""

    entry: Entry
    outcome: Outcome
    targets: tuple[Target, ...] = ()
    why: str = ""


RANKS = {Meaning.NOTHING: 0, Meaning.STARTED: 1, Meaning.COMPLETED: 2}


def plan(entries: Sequence[Entry], targets: Iterable[Target]) -> list[Line]:
    """What each line comes to, in the order of the list. Of several about the same, the furthest counts."""
    known = Known(targets)
    claimed: dict[str, int] = {}
    lines = []
    for entry in sorted(entries, key=lambda entry: (-RANKS[entry.meaning], entry.number)):
        line = _line(entry, known)
        if line.outcome is Outcome.CHANGE:
            target = line.targets[0].public_id
            if target in claimed:
                line = Line(entry, Outcome.SAME, line.targets, f"Line {claimed[target]} says it already.")
            claimed.setdefault(target, entry.number)
        lines.append(line)
    return sorted(lines, key=lambda line: line.entry.number)


class Known:
    """Who may be meant, by address and by name."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self.by_email: dict[str, list[Target]] = {}
        self.by_name: dict[str, list[Target]] = {}
        for target in targets:
            self.by_email.setdefault(target.email.casefold(), []).append(target)
            self.by_name.setdefault(fold(target.name), []).append(target)

    def meant_by(self, entry: Entry) -> tuple[list[Target], bool]:
        """Whom a line may be about, and whether the address stands there and is another's or nobody's."""
        by_email = list(_fitting(entry, self.by_email.get(entry.email, []))) if entry.email else []
        if by_email:
            return by_email, False
        by_name = list(_fitting(entry, self.by_name.get(fold(entry.name), []))) if entry.name else []
        return by_name, bool(entry.email)


def _fitting(entry: Entry, targets: Iterable[Target]) -> Iterator[Target]:
    for target in targets:
        is_instrument = not entry.instrument or target.instrument == entry.instrument
        is_about = not entry.about or _is(entry.about, target)
        is_later = entry.on is None or target.since <= entry.on
        if is_instrument and is_about and is_later:
            yield target


def _is(about: str, target: Target) -> bool:
    return fold(about) == fold(target.client) or about.casefold() == target.client_email.casefold()


def _line(entry: Entry, known: Known) -> Line:
    if entry.why:
        return Line(entry, Outcome.UNCLEAR, why=entry.why)
    fitting, is_doubtful = known.meant_by(entry)
    if not fitting:
        return Line(entry, Outcome.UNKNOWN)
    behind = tuple(target for target in fitting if target.rank < RANKS[entry.meaning])
    is_told = entry.on is not None and any(target.done_on == entry.on for target in fitting)
    if not behind or is_told:
        return Line(entry, Outcome.SAME, tuple(fitting))
    if is_doubtful:
        return Line(entry, Outcome.CHOOSE, behind, "The name fits, the address is another.")
    if len(fitting) > 1:
        return Line(entry, Outcome.CHOOSE, behind, "More than one fits.")
    return Line(entry, Outcome.CHANGE, behind)

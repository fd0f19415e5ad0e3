"""What a client's record may say, who holds the ball, what a list shows, and how a CSV file is read and written."""

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from email_validator import EmailNotValidError, validate_email

from ..errors import Refused
from ..firm.rules import zones


class Status(StrEnum):
    PROSPECT = "prospect"
    ONBOARDING = "onboarding"
    ACTIVE = "active"
    PAUSED = "paused"
    FORMER = "former"


STATUS_LABELS = {status: status.capitalize() for status in Status}


class Party(StrEnum):
    """Whom a client's next step waits on."""

    US = "us"
    CLIENT = "client"
    ASSISTANT = "assistant"
    SPONSOR = "sponsor"
    COACH = "coach"
    RATERS = "raters"
    VENDOR = "vendor"
    NOBODY = "nobody"


PARTY_LABELS = {
    Party.US: "us",
    Party.CLIENT: "client",
    Party.ASSISTANT: "client’s assistant",
    Party.SPONSOR: "sponsor",
    Party.COACH: "coach",
    Party.RATERS: "raters",
    Party.VENDOR: "vendor",
    Party.NOBODY: "nobody",
}


class ContactRole(StrEnum):
    HR = "hr"
    LINE_MANAGER = "line_manager"
    ACCOUNTS_PAYABLE = "accounts_payable"
    OTHER = "other"


CONTACT_ROLE_LABELS = {
    ContactRole.HR: "HR",
    ContactRole.LINE_MANAGER: "Line manager",
    ContactRole.ACCOUNTS_PAYABLE: "Accounts payable",
    ContactRole.OTHER: "Other",
}

FIELD_LABELS = {
    "name": "name",
    "preferred_name": "preferred name",
    "pronouns": "pronouns",
    "email": "email",
    "phone": "phone",
    "zone": "time zone",
    "language": "language",
    "position": "position",
    "organisation": "organisation",
    "coach": "coach",
    "assistant_name": "own assistant",
    "assistant_email": "own assistant’s email",
    "legal_name": "legal name",
    "address": "postal address",
    "status": "status",
}
"""What a client's fields are called in a sentence; what stands in them is never said there."""

LONGEST = {"email": 254, "assistant_email": 254, "phone": 40, "pronouns": 40, "language": 60, "address": 400}
LONGEST_LINE = 120
MULTILINE = ("address",)
"""Fields that may have several lines."""


def in_words(fields: Iterable[str]) -> str:
    """'email, phone and time zone'."""
    labels = [FIELD_LABELS[field] for field in fields]
    return " and ".join(part for part in (", ".join(labels[:-1]), labels[-1]) if part)


TITLES = frozenset(["dr", "prof", "mr", "mrs", "ms", "miss", "sir", "dame", "lord", "lady", "herr", "frau"])


def called(name: str) -> str:
    """How a mail greets somebody of whom we know no more than the name: 'Bob'; 'Dr. Ada Hill' with a title."""
    first = name.split(" ")[0]
    return name if first.endswith(".") or first.casefold() in TITLES else first


# Search ---------------------------------------------------------------------------------------------------------------

_UNMARKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
MOST_WORDS, LONGEST_SEARCH = 6, 80


def fold(*texts: str | None) -> str:
    """What search compares: no case, no accents, so that "sorensen" finds Sørensen."""
    joined = " ".join(text for text in texts if text).casefold()
    apart = unicodedata.normalize("NFKD", joined)
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).casefold().translate(_UNMARKED)


def words_of(typed: str) -> list[str]:
    """The words somebody searches for, folded; quotes, %, _ and operators are signs like any other."""
    return fold(_CONTROL.sub(" ", typed[:LONGEST_SEARCH])).split()[:MOST_WORDS]


# Lists ----------------------------------------------------------------------------------------------------------------

CURRENT, ALL, NO_COACH = "current", "all", "none"
SORTS = ("name", "organisation", "coach", "status", "since")
PAGE_SIZE = 50


@dataclass(frozen=True)
class ClientFilter:
    """Which clients a list shows, in which order: all of it stands in the address."""

    q: str = ""
    status: str = CURRENT
    coach: str = ""
    organisation: str = ""
    waiting: str = ""
    sort: str = "name"
    descending: bool = False
    page: int = 1

    @property
    def narrows(self) -> bool:
        """Whether something besides the status is asked for."""
        return bool(self.q or self.coach or self.organisation or self.waiting)

    def address(self, path: str = "/clients", **changes: Any) -> str:
        """The list's address with something changed; a change of filter or order starts on the first page."""
        wanted = replace(self, **({"page": 1} | changes))
        asked = {
            "q": wanted.q,
            "status": "" if wanted.status == CURRENT else wanted.status,
            "coach": wanted.coach,
            "organisation": wanted.organisation,
            "waiting": wanted.waiting,
            "sort": f"-{wanted.sort}" if wanted.descending else "" if wanted.sort == "name" else wanted.sort,
            "page": "" if wanted.page == 1 else wanted.page,
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{path}?{query}" if query else path

    def sorted_by(self, column: str) -> str:
        """Where a column's heading leads: that order, or its reverse when it stands already."""
        return self.address(sort=column, descending=self.sort == column and not self.descending)


def web_address(typed: str) -> str | None:
    """A sponsor's website as a link: http or https and nothing else; None when it is no such thing."""
    text = typed if re.match(r"[a-z][a-z0-9+.-]*:", typed, re.IGNORECASE) else f"https://{typed}"
    try:
        parts = urlsplit(text)
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname or parts.username is not None:
            return None
    except ValueError:
        return None
    return text if re.fullmatch(r"[^\s\"<>\\^`{|}]+", text) else None


# CSV out --------------------------------------------------------------------------------------------------------------

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_STARTS_A_FORMULA) else cell


def plain(cell: str) -> str:
    """What `neutral` was given: our own export can be read again."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_STARTS_A_FORMULA) else cell


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str | Decimal]]) -> str:
    """A CSV file with a byte order mark, by which spreadsheets know that it is UTF-8. What is a number may be below
    zero; what somebody typed is never taken for one."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([neutral(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return "\ufeff" + file.getvalue()


# CSV in ---------------------------------------------------------------------------------------------------------------

MAX_IMPORT_BYTES, MOST_COLUMNS = 5_000_000, 60
MOST_ROWS = 1_000
"""All of a file goes in at once, and for so many clients everybody else waits some four seconds to write."""

COLUMNS = {
    "name": ("Name", "fullname client clientname coachee participant"),
    "first_name": ("First name", "firstname givenname given forename"),
    "last_name": ("Last name", "lastname surname familyname"),
    "legal_name": ("Legal name", "legalname fulllegalname officialname contractname"),
    "preferred_name": ("Preferred name", "preferredname nickname calledname goesby"),
    "pronouns": ("Pronouns", "pronoun"),
    "email": ("Email", "mail emailaddress mailaddress emailaddresses workemail"),
    "phone": ("Phone", "telephone mobile cell phonenumber mobilephone tel"),
    "zone": ("Time zone", "timezone zone tz"),
    "language": ("Language", "lang"),
    "address": ("Address", "postaladdress mailingaddress billingaddress homeaddress streetaddress"),
    "position": ("Position", "title jobtitle job function roletitle role"),
    "organisation": ("Organisation", "organization company employer sponsor firm account"),
    "coach": ("Coach", "coachname coachemail assignedcoach"),
    "assistant_name": ("Assistant", "assistantname ea executiveassistant ownassistant"),
    "assistant_email": ("Assistant’s email", "assistantemail assistantsemail eaemail ownassistantsemail"),
    "status": ("Status", "state stage clientstatus"),
}
"""What a column of a file may fill: its label, and other headings we know it by."""


@dataclass(frozen=True)
class Sheet:
    """A file as read: the headings, and each row with the line it starts on."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def sample(self, column: int) -> list[str]:
        """The first few things that stand in a column."""
        filled = (row[column] for _, row in self.rows if column < len(row) and row[column])
        return [cell for cell, _ in zip(filled, range(3), strict=False)]


@dataclass(frozen=True)
class Columns:
    """Which column fills what, and what stands for an empty coach or status."""

    fields: tuple[str, ...]
    coach: str = ""
    status: str = Status.PROSPECT.value

    def to_json(self) -> str:
        return json.dumps([self.fields, self.coach, self.status])

    @classmethod
    def from_json(cls, text: str) -> "Columns":
        fields, coach, status = json.loads(text)
        return cls(tuple(fields), coach, status)


@dataclass(frozen=True)
class PlannedClient:
    """What one line of a file becomes: values to add, or the problem that stops the whole import."""

    line: int
    values: Mapping[str, Any]
    problem: str = ""
    double: str = ""
    """Who has this address already, as a sentence."""


def decoded(content: bytes) -> str:
    """The text of a CSV file as spreadsheets write them: UTF-8, UTF-16 or Windows' own."""
    if content.startswith(b"PK\x03\x04"):
        raise Refused("This is a workbook, not a CSV file. Save it as CSV in your spreadsheet, then choose that.")
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused("This file is not text. Save your list as CSV (UTF-8), then choose that.")


def read_sheet(text: str, *, most: int = MOST_ROWS) -> Sheet:
    """Headings and rows of a CSV text, whatever parts its cells.

    Raises Refused when there is nothing to read, or too much.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    rows: list[tuple[int, tuple[str, ...]]] = []
    line = 1
    try:
        for cells in reader:
            row = tuple(plain(_tidy_lines(cell)) for cell in cells)
            if any(row):
                rows.append((line, row))
            line = reader.line_num + 1
            if len(rows) > most + 1:
                raise Refused(f"A file may have up to {most:,} rows. Split it and import the parts.")
    except csv.Error:
        raise Refused(f"The file cannot be read from line {line} on: is a quote left open there?") from None
    if len(rows) < 2:
        raise Refused("The file needs a first line with headings, and an entry on each line below.")
    if len(rows[0][1]) > MOST_COLUMNS:
        raise Refused(f"A file may have up to {MOST_COLUMNS} columns.")
    return Sheet(tuple(_one_line(cell) for cell in rows[0][1]), tuple(rows[1:]))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _tidy_lines(cell: str) -> str:
    """Without needless space; a postal address keeps its lines."""
    return "\n".join(line for line in map(_one_line, cell.splitlines()) if line)


def _cell(field: str, text: str) -> str:
    return text if field in MULTILINE else _one_line(text)


def delimiter_of(text: str) -> str:
    """What parts the cells of a text, by its first line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    unquoted = re.sub(r'"[^"]*"', "", first)
    return max(",;\t", key=unquoted.count)


def guess_columns(header: Sequence[str], known: Mapping[str, tuple[str, str]] = COLUMNS) -> tuple[str, ...]:
    """What each column fills, by its heading; each thing once, unknown headings fill nothing."""
    guessed: list[str] = []
    headings = {field: _headings(*told) for field, told in known.items()}
    for heading in header:
        key = re.sub(r"[^a-z]", "", fold(heading))
        found = next((field for field in known if key and key in headings[field] and field not in guessed), "")
        guessed.append(found)
    return tuple(guessed)


def _headings(label: str, others: str) -> set[str]:
    return {re.sub(r"[^a-z]", "", fold(label)), *others.split()}


def refusal_of_columns(fields: Sequence[str]) -> str | None:
    """Why columns cannot be read like this, as a sentence; None when they can."""
    twice = [field for field, count in Counter(filter(None, fields)).items() if count > 1]
    if twice:
        return f"Two columns fill “{COLUMNS[twice[0]][0]}”. Choose one of them."
    if "name" not in fields and "last_name" not in fields and "first_name" not in fields:
        return "Say which column holds the name."
    return None


def plan_clients(
    sheet: Sheet, columns: Columns, *, coaches: Mapping[str, Any], known: Mapping[str, str]
) -> list[PlannedClient]:
    """What each line becomes.

    `coaches` finds a coach by folded name, address or id, with None for a name two coaches share; `known` says whose
    an address is.
    """
    seen: dict[str, int] = {}
    planned = []
    for line, row in sheet.rows:
        cells = {field: cell for field, cell in zip(columns.fields, row, strict=False) if field}
        values, problems = _values(cells, columns, coaches)
        email = values["email"].casefold()
        double = f"{known[email]} has this address already." if email in known else ""
        if email and email in seen:
            double = f"Line {seen[email]} has this address too."
        seen.setdefault(email, line)
        planned.append(PlannedClient(line, values, " ".join(problems), double if email else ""))
    return planned


def _values(cells: Mapping[str, str], columns: Columns, coaches: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    texts = {field: _cell(field, cells.get(field, "")) for field in FIELD_LABELS}
    first, last = (_one_line(cells.get(field, "")) for field in ("first_name", "last_name"))
    texts["name"] = texts["name"] or f"{first} {last}".strip()
    problems = list(_problems(texts))
    values: dict[str, Any] = dict(texts)
    values["zone"] = _zone(texts["zone"])
    if values["zone"] is None:
        problems.append(f"“{_short(texts['zone'])}” is no time zone we know; write it like Europe/London.")
    values["status"] = _status(texts["status"] or columns.status)
    if values["status"] is None:
        problems.append(f"“{_short(texts['status'])}” is no status; write {', '.join(Status)}.")
    wanted = fold(texts["coach"] or columns.coach)
    values["coach"] = coaches.get(wanted) if wanted else None
    if wanted and wanted not in coaches:
        problems.append(f"No coach you work with is called “{_short(texts['coach'])}”.")
    elif wanted and values["coach"] is None:
        problems.append(f"Two coaches are called “{_short(texts['coach'])}”; write the email address instead.")
    return values, problems


def _problems(texts: Mapping[str, str]) -> Iterator[str]:
    if not texts["name"]:
        yield "The name is missing."
    for field, text in texts.items():
        if len(text) > (longest := LONGEST.get(field, LONGEST_LINE)):
            yield f"The {FIELD_LABELS[field]} is longer than {longest} characters."
        if _CONTROL.search(text.replace("\n", "") if field in MULTILINE else text):
            yield f"There is a character in the {FIELD_LABELS[field]} that cannot be stored."
    for field in ("email", "assistant_email"):
        if texts[field] and not is_mail_address(texts[field]):
            yield f"“{_short(texts[field])}” is no email address."


def is_mail_address(text: str) -> bool:
    """Whether it has the form of one."""
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _zone(text: str) -> str | None:
    """The zone meant by 'europe/london'; '' for nothing, None for nonsense."""
    return _zones_by_key().get(text.replace(" ", "_").casefold()) if text else ""


@cache
def _zones_by_key() -> dict[str, str]:
    return {zone.casefold(): zone for zone in zones()}


def _status(text: str) -> Status | None:
    wanted = fold(text)
    return Status(wanted) if wanted in set(Status) else None

"""What may be stored, under what name, and who may open it; what a dropped file seems to be.

A stored file is never shown by us and never unpacked: it leaves as an attachment (views.py). So these rules keep out
what is no document at all, and names and sizes that hurt whoever downloads it.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlencode

from ..clients.rules import fold
from ..instruments.rules import PART_LABELS, Part

LARGEST = 25_000_000
LARGEST_UNPACKED = 200_000_000
LARGEST_DIRECTORY = 1_000_000
"""Of a ZIP's table of contents: reading half a million entries would take seconds."""
MOST_AT_ONCE = 10


class Audience(StrEnum):
    """The team; the coach alone; the team and the client, on the client's own page. Never a sponsor."""

    TEAM = "team"
    COACH = "coach"
    CLIENT = "client"


class Kind(StrEnum):
    """What a document is, in the library."""

    REPORT = "report"
    PACKAGE = "package"
    PLAN = "plan"
    INSTRUMENT = "instrument"
    AGREEMENT = "agreement"
    INVOICE = "invoice"
    UPLOAD = "upload"


KIND_LABELS = {
    Kind.REPORT: "Assessment report",
    Kind.PACKAGE: "Package",
    Kind.PLAN: "Development plan",
    Kind.INSTRUMENT: "Completed instrument",
    Kind.AGREEMENT: "Agreement",
    Kind.INVOICE: "Invoice",
    Kind.UPLOAD: "Other document",
}
KIND_ICONS = {
    Kind.REPORT: "chart-line",
    Kind.PACKAGE: "archive",
    Kind.PLAN: "list-checks",
    Kind.INSTRUMENT: "clipboard-check",
    Kind.AGREEMENT: "signature",
    Kind.INVOICE: "receipt",
    Kind.UPLOAD: "file",
}
SHUT = (Kind.REPORT, Kind.PACKAGE)
"""What assistants file and may open only where the firm says so."""
AUDIENCE_LABELS = {
    Audience.TEAM: "The team",
    Audience.COACH: "The coach only",
    Audience.CLIENT: "The team and the client",
}
BY_PART = {Part.COACH: Audience.COACH, Part.CLIENT: Audience.TEAM}
"""Who may open a report that is filed; its client part is the client's only once it is released."""
_WIDTH = {Audience.COACH: 0, Audience.TEAM: 1, Audience.CLIENT: 2}


def is_logged(kind: Kind, audience: Audience) -> bool:
    """Whether opening a document is noted (docs/decisions/0026)."""
    return kind in SHUT or audience is Audience.COACH


def is_narrower(audience: Audience, than: Audience) -> bool:
    return _WIDTH[audience] < _WIDTH[than]


def audience_after(was: Audience, kind: Kind) -> Audience:
    """Who may open what comes in the place of another file. A report reaches the client by being released, never by
    being filed: what she was given stays hers until the new one is."""
    return Audience.TEAM if kind in SHUT and was is Audience.CLIENT else was


class Hold(StrEnum):
    """What stands on a document, so that it cannot be removed: a proof (it is not changed either), an assessment."""

    NOT = ""
    PROOF = "proof"
    REPORT = "report"


REFUSALS_TO_REMOVE = {
    Hold.PROOF: "This file proves what was signed, so it is kept as it is.",
    Hold.REPORT: "It belongs to an assessment. Say first that it is something else, then remove it.",
}


class TextState(StrEnum):
    """Whether the text of a document was read; unreadable is what has none, or is locked or damaged."""

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    UNREADABLE = "unread"


class Why(StrEnum):
    """Why a document has no text."""

    LOCKED = "locked"
    DAMAGED = "damaged"
    SCANNED = "scanned"
    ENDLESS = "endless"


WHY_IN_WORDS = {
    Why.LOCKED: "It is locked with a password, so its text cannot be read here.",
    Why.DAMAGED: "It is damaged, so its text cannot be read.",
    Why.SCANNED: "Its first pages hold pictures and no text; it was probably scanned.",
    Why.ENDLESS: "It takes more time or memory to read than a document should, so its text was not read.",
}


MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "txt": "text/plain",
    "ics": "text/calendar",
    "csv": "text/csv",
}
ACCEPT = ",".join(f".{ending}" for ending in MEDIA_TYPES)
KINDS_IN_WORDS = "PDF, PNG, JPEG, WebP, DOCX, XLSX, TXT, ICS or CSV"

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\f\r")) + b"\x7f"
_END_OF_ZIP, _ZIP64_LOCATOR = b"PK\x05\x06", b"PK\x06\x07"


class Upload(NamedTuple):
    """A file as it came in, under a name that is safe to keep."""

    name: str
    content: bytes


def ending_of(name: str) -> str:
    return name.rpartition(".")[2].casefold() if "." in name else ""


def media_type_of(name: str) -> str:
    return MEDIA_TYPES[ending_of(name)]


def safe_name(name: str) -> str:
    """The last part of a path, without what file systems, headers and readers trip over.

    What is not printable goes: line breaks that would end a header, and marks such as U+202E that turn
    "gpj.exe" around on screen.
    """
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    kept = "".join(sign for sign in last if sign.isprintable() and sign not in '<>:"|?*').strip(" .")
    stem, dot, ending = kept.rpartition(".")
    return f"{stem[:100]}{dot}{ending[:10]}" if dot else kept[:100]


def sentence_of_filing(name: str, audience: Audience, kind: Kind = Kind.UPLOAD) -> str:
    """What the timeline says. Everybody on the team reads it, so what is kept shut stays unnamed."""
    if kind in SHUT:
        return "An assessment report was filed" if kind is Kind.REPORT else "A package was filed"
    return "A document for the coach was filed" if audience is Audience.COACH else f"Filed {name}"


def named(name: str, audience: Audience, kind: Kind) -> str:
    """A document in a sentence that everybody on the team may read."""
    return "A document that is kept shut" if is_logged(kind, audience) else name


def size_in_words(size: int) -> str:
    """'840 B', '12 kB', '3.4 MB'."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} kB" if size < 999_500 else f"{size / 1_000_000:.1f} MB"


def refusal_to_store(name: str, content: bytes) -> str | None:
    """Why this file is not kept, as a sentence; None when it is. Ending and first bytes must agree."""
    if not content:
        return "The file is empty."
    if len(content) > LARGEST:
        return "Files may have up to 25 MB. Choose a smaller one."
    ending = ending_of(name)
    if ending not in MEDIA_TYPES:
        return f"We keep {KINDS_IN_WORDS} files only."
    if not _looks_like(ending, content):
        return f"This file says it is {ending.upper()} but is something else."
    return None


def _looks_like(ending: str, content: bytes) -> bool:
    match ending:
        case "pdf":
            return content.startswith(b"%PDF-")
        case "png":
            return content.startswith(b"\x89PNG\r\n\x1a\n")
        case "jpg" | "jpeg":
            return content.startswith(b"\xff\xd8\xff")
        case "webp":
            return content[:4] == b"RIFF" and content[8:12] == b"WEBP"
        case "docx":
            return _is_office(content, "word/")
        case "xlsx":
            return _is_office(content, "xl/")
        case "ics":
            return _is_text(content) and content.lstrip(b"\xef\xbb\xbf \r\n")[:15].upper() == b"BEGIN:VCALENDAR"
        case _:
            return _is_text(content)


def _is_office(content: bytes, folder: str) -> bool:
    """An Office file is a ZIP with known parts and no macros; one that unpacks beyond reason is a bomb."""
    if not content.startswith(b"PK\x03\x04") or not _has_small_directory(content):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False
    names = {part.filename for part in parts}
    if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        return False
    if any("vbaproject" in name.casefold() for name in names):
        return False
    return "[Content_Types].xml" in names and any(name.startswith(folder) for name in names)


def _has_small_directory(content: bytes) -> bool:
    """Look at the size a ZIP gives for its table of contents before reading it; ZIP64 is for what we refuse anyway."""
    end = content.rfind(_END_OF_ZIP, -66_000)
    if end < 0 or _ZIP64_LOCATOR in content[max(0, end - 20) : end]:
        return False
    return int.from_bytes(content[end + 12 : end + 16], "little") <= LARGEST_DIRECTORY


def _is_text(content: bytes) -> bool:
    """Text in UTF-8 or one of the old single-byte alphabets: no control characters, no half characters."""
    return len(content.translate(None, _CONTROLS)) == len(content)


# The library ----------------------------------------------------------------------------------------------------------

LAST_PAGE = 2000


@dataclass(frozen=True)
class Shown:
    """Which documents a list shows: all of it stands in the address."""

    q: str = ""
    kind: str = ""
    removed: bool = False
    page: int = 1

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.kind or self.removed)

    def address(self, path: str, **changes: Any) -> str:
        """The same list with some of it changed, from its first page unless that is what changes."""
        now = replace(self, **{"page": 1} | changes)
        asked = {"q": now.q, "kind": now.kind, "removed": "1" if now.removed else ""}
        asked["page"] = str(now.page) if now.page > 1 else ""
        query = urlencode({key: value for key, value in asked.items() if value})
        return f"{path}?{query}" if query else path


# What a dropped file is -----------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """What somebody says a file is, as one value of a select.

    `instrument` and `assessment` are public ids; `replaces` is that of the document whose next version it is.
    """

    kind: Kind = Kind.UPLOAD
    instrument: str = ""
    assessment: str = ""
    part: Part | None = None
    replaces: str = ""


def place_of(value: str) -> Place:
    """Reads 'upload', 'report:<instrument>', 'of:<assessment>:<part>', 'again:<document>'."""
    word, *ids = value.split(":")
    if word == "of":
        return Place(Kind.REPORT, assessment=ids[0], part=Part(ids[1]))
    if word == "again":
        return Place(replaces=ids[0])
    return Place(Kind(word), instrument=ids[0] if ids else "")


class Wanted(NamedTuple):
    """A part of an assessment's report, as those above this room tell of it: whose, of which instrument, under which
    label, and the documents already filed as it."""

    client_id: int
    instrument_id: int
    assessment: str
    label: str
    part: Part
    is_open: bool
    filed: tuple[str, ...]

    @property
    def value(self) -> str:
        return f"of:{self.assessment}:{self.part}"

    @property
    def words(self) -> str:
        return f"{self.label}, {PART_LABELS[self.part].lower()}"


class Guess(NamedTuple):
    """What a file seems to be, and why; empty where nothing says so."""

    value: str = ""
    why: str = ""


IN_NAME, ON_PAGE = "in the file’s name", "on the first page"


_BETWEEN_WORDS, _INSIDE_WORDS = re.compile(r"[\W_]+"), re.compile(r"(?<=[^\W\d_])(?=[A-Z][a-z])")


def spaced(text: str) -> str:
    """Folded words with single spaces, one at either end, so that a phrase is found as whole words."""
    words = _BETWEEN_WORDS.sub(" ", fold(text)).strip()
    return f" {words} "


def words_in_names(clients: Iterable[tuple[Any, str]]) -> list[tuple[str, list[str]]]:
    """Clients, of (key, name), as `guess_client` looks for them: done once for many files."""
    return [(str(key), words) for key, name in clients if (words := spaced(name).split())]


def guess_client(clients: Sequence[tuple[str, list[str]]], name: str, page: str) -> Guess:
    """The one client, of (key, words of the name), who stands in a file's name, or on its first page; none of several.

    On the page the whole name stands together, either way round; in the file's name a long last name is enough.
    """
    words = {*spaced(name).split(), *spaced(_INSIDE_WORDS.sub(" ", name)).split()}  # HPI_BobHaddad.pdf
    whole = [(len(own), key) for key, own in clients if words.issuperset(own)]
    last = [(1, key) for key, own in clients if len(own[-1]) > 3 and own[-1] in words]
    if key := _only_longest(whole) or ("" if whole else _only_longest(last)):
        return Guess(key, IN_NAME)
    text = spaced(page)
    there = set(text.split())
    found = [
        (len(own), key)
        for key, own in clients
        if len(own) > 1 and there.issuperset(own) and any(f" {' '.join(way)} " in text for way in (own, _turned(own)))
    ]
    return Guess(key, ON_PAGE) if (key := _only_longest(found)) else Guess()


def _turned(words: list[str]) -> list[str]:
    """'Haddad, Bob'."""
    return [words[-1], *words[:-1]]


def _only_longest(found: Sequence[tuple[int, str]]) -> str:
    """The key of the most that fits; '' when two fit as well."""
    best = max((length for length, _ in found), default=0)
    keys = {key for length, key in found if length == best}
    return keys.pop() if len(keys) == 1 else ""


def guess_instrument(instruments: Iterable[tuple[str, Sequence[str]]], name: str, page: str) -> Guess:
    """The instrument, of (key, phrases), whose longest phrase stands in the file's name, or on its first page."""
    known = [(key, spaced(phrase).strip()) for key, phrases in instruments for phrase in phrases]
    squeezed = spaced(name).replace(" ", "")
    for text, why in ((spaced(name), IN_NAME), (spaced(page), ON_PAGE)):
        found = [(len(phrase), key) for key, phrase in known if phrase and f" {phrase} " in text]
        if not found and why == IN_NAME:  # EQi20_Bob.pdf
            tight = [(key, phrase.replace(" ", "")) for key, phrase in known]
            found = [(len(phrase), key) for key, phrase in tight if len(phrase) > 4 and phrase in squeezed]
        if key := _only_longest(found):
            return Guess(key, why)
    return Guess()


_SAYS_CLIENT = frozenset(["client", "coachee", "participant", "respondent"])
_SAYS_COACH = frozenset(["coach", "consultant", "practitioner", "facilitator"])
_PHRASES = {
    Part.CLIENT: ("client report", "coachee report", "participant report", "respondent report"),
    Part.COACH: ("coach report", "coach s report", "consultant report", "practitioner report", "facilitator report"),
}


def guess_part(name: str, page: str) -> Part | None:
    """Which part of a report it says it is."""
    words, text = set(spaced(name).split()), spaced(page)
    said = {Part.CLIENT: bool(words & _SAYS_CLIENT), Part.COACH: bool(words & _SAYS_COACH)}
    if not any(said.values()):
        said = {part: any(f" {phrase} " in text for phrase in phrases) for part, phrases in _PHRASES.items()}
    parts = [part for part, is_said in said.items() if is_said]
    return parts[0] if len(parts) == 1 else None


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_YEAR, _GAP, _DAY = r"(?P<y>20\d\d)(?!\d)", r"[-._ ,]{1,2}", r"(?P<d>[0-3]?\d)(?:st|nd|rd|th)?"
_EITHER = re.compile(rf"(?<!\d)(?P<d>[0-3]?\d)[-./](?P<m>[0-3]?\d)[-./]{_YEAR}")
"""Whether day or month comes first depends on where it was written."""
_DATES = (
    re.compile(r"(?<!\d)(?P<y>20\d\d)[-._ /]?(?P<m>[01]\d)[-._ /]?(?P<d>[0-3]\d)(?!\d)"),
    re.compile(rf"(?<!\d){_DAY}{_GAP}{_MONTH}{_GAP}{_YEAR}"),
    re.compile(rf"(?<![a-z]){_MONTH}{_GAP}{_DAY}{_GAP}{_YEAR}"),
    _EITHER,
)


def guess_day(name: str, page: str, today: date) -> tuple[date | None, str]:
    """The day that stands in the file's name, or else first on its first page, and where; none that is to come.

    3/11 is a day in November here and one in March there: such a date is no guess, unless one of its numbers is above
    twelve.
    """
    for text, why in ((name, IN_NAME), (page, ON_PAGE)):
        folded = fold(text)
        days = [(found.start(), day) for form in _DATES for found in form.finditer(folded) if (day := _day_of(found))]
        past = sorted((at, day) for at, day in days if day <= today)
        if past:
            return past[0][1], why
    return None, ""


def _day_of(found: re.Match[str]) -> date | None:
    parts = found.groupdict()
    day, year = int(parts["d"]), int(parts["y"])
    month = _MONTHS.index(parts["month"]) + 1 if "month" in parts else int(parts["m"])
    if found.re is _EITHER:
        if day <= 12 and month <= 12 and day != month:
            return None
        day, month = max(day, month), min(day, month)
    try:
        return date(year, month, day)
    except ValueError:
        return None


_SAYS_KIND = {
    Kind.AGREEMENT: frozenset(["agreement", "contract"]),
    Kind.PLAN: frozenset(["plan", "idp"]),
}


def guess_place(
    name: str, page: str, instrument: tuple[str, int | None], wanted: Sequence[Wanted], same_name: str = ""
) -> str:
    """What to suggest that a file of a client is: the value of a `Place`.

    `instrument` is the public id and the id of the one it seems to be of; `same_name` the client's document that has
    the file's name. What an assessment still lacks comes before what it has.
    """
    public_id, instrument_id = instrument
    fit = [each for each in wanted if instrument_id is not None and each.instrument_id == instrument_id]
    part = guess_part(name, page)
    fit = [each for each in fit if part in (None, each.part)] or fit
    best = min(fit, key=lambda each: (not each.is_open, bool(each.filed), each.part is not Part.COACH), default=None)
    if best and not best.filed:
        return best.value
    if same_name:
        return f"again:{same_name}"
    if best:
        return best.value
    if instrument_id is not None:
        return f"{Kind.REPORT}:{public_id}"
    words = set(spaced(name).split())
    return next((kind for kind, says in _SAYS_KIND.items() if words & says), Kind.UPLOAD)

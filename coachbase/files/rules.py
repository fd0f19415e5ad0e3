"""What may be stored, under what name, and who may open it.

A stored file is never shown by us and never unpacked: it leaves as an attachment (views.py). So these rules keep out
what is no document at all, and names and sizes that hurt whoever downloads it.
"""

import io
import unicodedata
import zipfile
from enum import StrEnum
from typing import NamedTuple

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
    UPLOAD = "upload"


KIND_LABELS = {
    Kind.REPORT: "Assessment report",
    Kind.PACKAGE: "Package",
    Kind.PLAN: "Development plan",
    Kind.INSTRUMENT: "Completed instrument",
    Kind.AGREEMENT: "Agreement",
    Kind.UPLOAD: "Other document",
}
SHUT = (Kind.REPORT, Kind.PACKAGE)
"""What assistants file and may open only where the firm says so."""


class TextState(StrEnum):
    """Whether the text of a document was read; unreadable is what has none, or is locked or damaged."""

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    UNREADABLE = "unreadable"


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


def sentence_of_filing(name: str, audience: Audience) -> str:
    """What the timeline says. Everybody on the team reads it, so a file for the coach stays unnamed."""
    return "A document for the coach was filed" if audience is Audience.COACH else f"Filed {name}"


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

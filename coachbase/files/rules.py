"""What may be stored and who may open it."""

import io
import zipfile
from enum import StrEnum

LARGEST = 25_000_000
LARGEST_UNPACKED = 200_000_000


class Audience(StrEnum):
    TEAM = "team"
    COACH = "coach"


AUDIENCE_LABELS = {Audience.TEAM: "the team", Audience.COACH: "the coach only"}

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


def ending_of(name: str) -> str:
    return name.rpartition(".")[2].casefold() if "." in name else ""


def media_type_of(name: str) -> str:
    return MEDIA_TYPES[ending_of(name)]


def safe_name(name: str) -> str:
    """The last part of a path, without what file systems and headers trip over."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(sign for sign in last if sign.isprintable() and sign not in '<>:"|?*').strip(" .")
    stem, dot, ending = kept.rpartition(".")
    return f"{stem[:100]}{dot}{ending[:10]}" if dot else kept[:100]


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
        case _:
            return _is_text(content) and (ending != "ics" or content.lstrip(b"\xef\xbb\xbf \r\n")[:15].upper() == b"BEGIN:VCALENDAR")  # fmt: skip


def _is_office(content: bytes, folder: str) -> bool:
    """An Office file is a ZIP with known parts; one that unpacks beyond reason is a bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False
    names = {part.filename for part in parts}
    small = sum(part.file_size for part in parts) <= LARGEST_UNPACKED
    return small and "[Content_Types].xml" in names and any(name.startswith(folder) for name in names)


def _is_text(content: bytes) -> bool:
    """Text, and not a page in disguise: browsers are told the type, but mail programs guess."""
    if b"\0" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return all(byte >= 32 or byte in (9, 10, 13) for byte in content[:4096])
    return True

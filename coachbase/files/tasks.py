"""The slow edge: reading what the first pages of a PDF say.

Whoever sends a PDF may have made it to hurt: it is read in a process apart, for so long and in so much memory. The row
says what is to be done; a job only says “look now”.
"""

import io
import logging
from datetime import timedelta

from .. import clock
from ..apart import apart_within, with_memory
from ..db import transaction
from ..jobs import job
from .models import Document, DocumentText
from .rules import TextState, Why

SECONDS, MEMORY = 6.0, 400_000_000
PAGES, LETTERS = 5, 20_000
LEASE, TRIES = timedelta(minutes=1), 2


@job
def read(document_id: str) -> None:
    """Read the first pages of a PDF, unless somebody has, or is at it."""
    row = _take(document_id)
    if row is None:
        return
    text, why = _read_apart(row.document.content)
    with transaction():
        still = DocumentText.get_or_none(
            DocumentText.id == row.id,
            DocumentText.state_name == TextState.LEASED,
            DocumentText.attempts == row.attempts,
        )
        if still is not None:
            still.state_name, still.text, still.why_name = TextState.UNREADABLE if why else TextState.DONE, text, why
            still.leased_until = None
            still.save()


def _take(document_id: str) -> DocumentText | None:
    """Take up what waits; one that a worker has died of is not tried for ever."""
    now = clock.now()
    with transaction():
        row = DocumentText.due(now, limit=1).where(Document.public_id == document_id).first()
        if row is None:
            return None
        row.attempts += 1
        is_hopeless = row.attempts > TRIES
        row.state_name = TextState.UNREADABLE if is_hopeless else TextState.LEASED
        row.why_name = Why.ENDLESS if is_hopeless else ""
        row.leased_until = None if is_hopeless else now + LEASE
        row.save()
        return None if is_hopeless else row


def _read_apart(content: bytes) -> tuple[str | None, str]:
    try:
        return apart_within(SECONDS, with_memory, MEMORY, first_pages, content)
    except (TimeoutError, MemoryError, EOFError):  # too long, too large, or the process died of it
        return None, Why.ENDLESS


def first_pages(content: bytes) -> tuple[str | None, str]:
    """What the first pages say, or why that cannot be read. Runs apart."""
    import pypdf  # only this needs it, and only there  # noqa: PLC0415

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it complains of may be what stands in the file
    try:
        pdf = pypdf.PdfReader(io.BytesIO(content))
        if pdf.is_encrypted and not pdf.decrypt(""):
            return None, Why.LOCKED
        text = ""
        for number in range(min(PAGES, len(pdf.pages))):
            text += f"{pdf.pages[number].extract_text()}\n\n"
            if len(text) > LETTERS:
                break
    except MemoryError:
        raise
    except pypdf.errors.LimitReachedError:
        return None, Why.ENDLESS
    except Exception:  # whatever a damaged file makes of its reader, it is damaged
        return None, Why.DAMAGED
    kept = "".join(sign for sign in text[:LETTERS] if sign.isprintable() or sign == "\n").strip()
    return (kept, "") if kept else (None, Why.SCANNED)

"""The slow edge: a bank's file is read in a process beside this one, within a time and a memory."""

from collections.abc import Callable
from typing import Any

from ..apart import apart_within, with_memory
from ..clients.rules import Sheet
from ..errors import Refused
from .rules import Entry, entries_of_camt, sheet_of

SECONDS, MEMORY = 1.8, 300_000_000


def read_camt(content: bytes) -> list[Entry]:
    """The booked lines of a bank's XML. Raises Refused when it cannot be read."""
    return _within(entries_of_camt, content)


def read_csv(text: str) -> Sheet:
    """Headings and rows of a bank's CSV. Raises Refused when it cannot be read."""
    return _within(sheet_of, text)


def _within(read: Callable[..., Any], content: bytes | str) -> Any:
    try:
        return apart_within(SECONDS, with_memory, MEMORY, read, content)
    except (TimeoutError, MemoryError, EOFError):
        raise Refused("This file takes too long to read. Export a shorter time from your bank.") from None

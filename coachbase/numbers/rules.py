"""How documents are numbered (domain.md §10): what a number looks like, and which prefixes keep numbers apart."""

import re
from collections.abc import Iterable
from enum import StrEnum


class Kind(StrEnum):
    """What a document is; each has its own series."""

    INVOICE = "invoice"
    CREDIT = "credit"
    FEE = "fee"


KIND_LABELS = {Kind.INVOICE: "Invoice", Kind.CREDIT: "Credit note", Kind.FEE: "Late fee"}
PREFIXES = {Kind.INVOICE: "", Kind.CREDIT: "CN-", Kind.FEE: "LF-"}
LONGEST_PREFIX, MOST_DIGITS, HIGHEST_NUMBER = 12, 8, 99_999_999
_PREFIX = re.compile(r"([A-Za-z0-9][A-Za-z0-9./_-]*)?")


def number_in_words(prefix: str, year: int, seq: int, digits: int) -> str:
    """'2026-0012', 'CN-2026-0003'; without a year in a series that runs on."""
    middle = f"{year}-" if year else ""
    return f"{prefix}{middle}{seq:0{digits}d}"


def refusal_of_prefix(prefix: str, others: Iterable[str]) -> str | None:
    """Why numbers of a kind may not begin so, as a sentence; None when they may. `others` are those of other kinds.

    What stands before the last digits then belongs to one series and one year alone, so that no two numbers are ever
    equal: a prefix ends neither with a digit nor like a year with its dash, and no other kind has it.
    """
    if not _PREFIX.fullmatch(prefix):
        return "A prefix has letters, digits and - . / _ and begins with a letter or a digit."
    if prefix[-1:].isdigit() or re.search(r"[0-9]{4}-$", prefix):
        return "A prefix cannot end with a digit or a year: it would run into the number."
    if prefix.casefold() in {other.casefold() for other in others}:
        return "Another kind of document is numbered so already. Its numbers would be the same."
    return None


def refusal_to_begin_with(number: int, last: int, *, is_used: bool) -> str | None:
    """Why a series may not go on with this number, as a sentence; None when it may. `last` is taken, as all before it,
    and `is_used` says whether any of them was given here."""
    if number == last + 1:
        return None
    if is_used:
        return "Numbers were given here already, and they follow each other without a gap."
    return f"Numbers up to {last} are taken. The next one is higher." if number <= last else None

"""The last numbers, kept in a file beside the database."""

import json
import logging
import os
from pathlib import Path

from peewee import DatabaseError

from .. import config
from ..db import transaction
from ..firm.models import Firm
from .models import LastNumber, Series
from .rules import Kind

log = logging.getLogger("coachbase")
MARKS = "numbers.json"
"""The file in the data folder that remembers the last numbers."""


def keep_marks() -> None:
    """Write the last numbers to a file beside the database, so that an older copy of it that is put back gives none of
    them out again (docs/operations.md). Without the file all goes on: the next number that is given writes it anew."""
    try:
        with transaction():  # one process at a time, so that the highest stays
            marks = _marks_kept()
            for kind, year, last in _last_numbers():
                marks[kind, year] = max(last, marks.get((kind, year), 0))
            _write_marks(marks)
    except (OSError, DatabaseError):
        log.warning("%s could not be written", MARKS, exc_info=True)


def numbers_above() -> list[tuple[Kind, int, int, int]]:
    """Numbers that were given out, as the file knows, and that this database has not: kind, year, first and last."""
    here = {(kind, year): last for kind, year, last in _last_numbers()}
    marks = sorted(_marks_kept().items())
    return [(kind, year, here.get((kind, year), 0) + 1, last) for (kind, year), last in marks
            if last > here.get((kind, year), 0)]  # fmt: skip


def _last_numbers() -> list[tuple[Kind, int, int]]:
    rows = LastNumber.select(Series.kind_name, LastNumber.year, LastNumber.last).join(Series).tuples()
    return [(Kind(kind), year, last) for kind, year, last in rows]


def _marks_kept() -> dict[tuple[Kind, int], int]:
    """What the file says of this firm; nothing when there is none, it is damaged, or it is another firm's."""
    try:
        told = json.loads(_marks_path().read_text())
        if told["firm"] != _firm():
            return {}
        return {
            (Kind(kind), int(year)): int(last) for kind, years in told["last"].items() for year, last in years.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        log.warning("%s cannot be read, and is written anew", MARKS)
        return {}


def _write_marks(marks: dict[tuple[Kind, int], int]) -> None:
    years: dict[str, dict[str, int]] = {}
    for (kind, year), last in sorted(marks.items()):
        years.setdefault(kind, {})[str(year)] = last
    path = _marks_path()
    fresh = path.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({"firm": _firm(), "last": years}, file, indent=1)
    fresh.replace(path)


def _marks_path() -> Path:
    return config.in_force().data / MARKS


def _firm() -> str:
    """Which firm these numbers are of: a practice that is begun anew in the same folder counts from one."""
    firm = Firm.current()
    return firm.created_at.isoformat() if firm else ""

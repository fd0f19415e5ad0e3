"""Whether the database is sound: the file, the references, the guards, the places on the boards."""

from collections.abc import Iterator

from . import triggers
from .db import database


def findings() -> Iterator[str]:
    """One line for each thing that is wrong; none when all is well."""
    for (line,) in database.execute_sql("PRAGMA integrity_check").fetchall():
        if line != "ok":
            yield f"The file is damaged: {line}"
    for table, row, parent, _ in database.execute_sql("PRAGMA foreign_key_check").fetchall():
        yield f"Row {row} of {table} points at a row of {parent} that is not there."
    for name in triggers.missing():
        yield f"The guard {name} is missing: run `python app.py migrate`."

"""The slow edge: drawing the PDF of an issued document from its snapshot; the last numbers, kept beside the database.

Nothing is drawn inside a transaction. The row says what is to be done; a job only says “look now”, and does nothing
when another one was quicker.
"""

import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from peewee import DatabaseError

from .. import clock, config, einvoice, paper
from ..agreements.rules import DELAYS, delay_after, is_due
from ..db import transaction
from ..errors import Refused
from ..events import announce
from ..files import actions as files
from ..files.rules import Hold
from ..files.rules import Kind as Paper
from ..firm.models import Firm
from ..jobs import job
from .models import History, Invoice, LastNumber, Series
from .rules import Kind, State, as_read, is_to_pay, transfer_of

log = logging.getLogger("coachbase")
MARKS = "numbers.json"
"""The file in the data folder that remembers the last numbers."""


@dataclass(frozen=True)
class Drawn:
    """The PDF of an issued document is there."""

    invoice: Invoice


@job
def draw(public_id: str) -> None:
    """Draw a document's PDF, unless that is done or another worker is at it."""
    invoice = _take(public_id)
    if invoice is None:
        return
    try:
        said = json.loads(invoice.snapshot)
        _keep(invoice, einvoice.render("invoice", data_of(invoice), said, marker=invoice.public_id))
    except Exception as error:  # whatever it was, somebody is told and it is tried again
        log.exception("invoice %s could not be drawn", public_id)
        _note_problem(invoice, error)


def data_of(invoice: Invoice) -> dict[str, Any]:
    """What templates/pdf/invoice.typ draws: the snapshot in words, a code for banking apps, and the letterhead."""
    said = json.loads(invoice.snapshot)
    pays = (
        transfer_of(said["seller"], said["currency"], said["total_cents"], said["number"]) if is_to_pay(said) else None
    )
    return paper.drawn(asdict(as_read(said)) | {"firm": Firm.letterhead()}) | {
        "made_at": invoice.issued_at.isoformat(timespec="seconds"),
        "code": paper.transfer_code(*pays) if pays else "",
    }


def _take(public_id: str) -> Invoice | None:
    """Take up what waits, and set when to try again should this worker die."""
    now = clock.now()
    with transaction():
        invoice = Invoice.get_or_none(Invoice.public_id == public_id)
        if invoice is None or invoice.state is not State.ISSUED or invoice.document_id:
            return None
        if not is_due(attempts=invoice.attempts, try_at=invoice.try_at, now=now):
            return None
        invoice.attempts += 1
        invoice.try_at = now + (delay_after(invoice.attempts) or DELAYS[-1])
        invoice.save()
        return invoice


def _keep(invoice: Invoice, drawn: einvoice.Rendered) -> None:
    with transaction():
        invoice = Invoice.get_by_id(invoice.id)
        if invoice.document_id:
            return
        name = f"{invoice.label}.pdf"
        invoice.document = files.store(drawn.content, name, client=None, kind=Paper.INVOICE, held=Hold.PROOF)
        invoice.problem, invoice.attempts, invoice.try_at = "", 0, None
        invoice.save()
        icon, words = _told(drawn)
        History.create(invoice=invoice, at=clock.now(), icon=icon, words=words)
        announce(Drawn(invoice))


def _told(drawn: einvoice.Rendered) -> tuple[str, str]:
    if drawn.is_electronic:
        return "file-check", "PDF made, with the electronic invoice inside (EN 16931)"
    return "file", f"PDF made, without an electronic invoice. {drawn.why_not}" if drawn.why_not else "PDF made"


def _note_problem(invoice: Invoice, error: Exception) -> None:
    sentence = str(error) if isinstance(error, Refused) else "The PDF could not be made. The server’s log says why."
    with transaction():
        now = Invoice.get_by_id(invoice.id)
        if now.document_id is None:
            now.problem = sentence
            if delay_after(now.attempts) is None or isinstance(error, Refused):
                now.try_at = None  # somebody must look
            now.save()


# The last numbers, beside the database --------------------------------------------------------------------------------


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

"""The slow edge: drawing the PDF of an issued document from its snapshot.

Nothing is drawn inside a transaction. The row says what is to be done; a job only says “look now”, and does nothing
when another one was quicker.
"""

import json
import logging
from dataclasses import asdict, dataclass
from typing import Any

from .. import clock, einvoice, paper
from ..agreements.rules import DELAYS, delay_after, is_due
from ..db import transaction
from ..errors import Refused
from ..events import announce
from ..files import actions as files
from ..files.rules import Hold
from ..files.rules import Kind as Paper
from ..firm.models import Firm
from ..jobs import job
from .models import History, Invoice
from .rules import State, as_read, is_to_pay, transfer_of

log = logging.getLogger("coachbase")


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

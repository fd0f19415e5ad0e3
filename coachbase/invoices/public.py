"""What somebody pays, by a personal link: one document with how to pay it, or all that are open.

A GET changes nothing; that a document was looked at is noted when a person asks for its PDF.
"""

import json
from base64 import b64encode
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from peewee import ModelSelect
from werkzeug.wrappers import Response

from .. import clock, paper
from ..accounts.models import Serving
from ..money import as_typed, in_words
from ..web.guard import public_blueprint
from ..web.links import CAME_FROM, LinkDoors, link_doors
from ..web.pages import attachment, firm, load_or_404
from . import actions
from .models import Invoice, coach_of
from .rules import Reading, Standing, as_read, told_to_payer, transfer_of

pages = public_blueprint("invoices_public", __name__, prefix="/p")
doors = link_doors(pages, actions.LINK)
doors_to_all = link_doors(pages, actions.LINKS)

BACKS = ("/p/invoices", "/p/client", "/p/sponsor")
"""The pages a browser may have come from."""
PAYABLE = (Standing.OPEN, Standing.OVERDUE)


# One document ---------------------------------------------------------------------------------------------------------


@pages.get("/invoice")
def invoice() -> str:
    """What it is for, how it stands, and how to pay it."""
    found = _invoice()
    said = json.loads(found.snapshot)
    standing, read = found.standing(_today()), as_read(said)
    back = request.cookies.get(CAME_FROM, "")
    return render_template(
        "invoices/payer_invoice.html",
        invoice=found,
        read=read,
        told=told_to_payer(standing, read.due),
        amount=in_words(found.open_cents, found.currency) if standing in PAYABLE else read.total,
        is_part_paid=standing in PAYABLE and found.open_cents != found.total_cents,
        ways=_ways_to_pay(found, read) if standing in PAYABLE else [],
        words=read.payment_words if standing in PAYABLE else "",
        code=_code(found, said) if standing in PAYABLE else "",
        payer=said["payer"]["legal_name"],
        back=back if back in BACKS else "",
        desk=_desk(found),
        home=doors.home,
    )


@pages.post("/invoice/document")
def document() -> ResponseReturnValue:
    """The PDF, for the person who asks for it."""
    found = _invoice()
    if found.document_id is None:
        return redirect(doors.home, 303)
    actions.mark_viewed(found)
    return attachment(found.document.content, found.document.name, found.document.media_type)


@pages.post("/invoice/leave")
def leave() -> Response:
    return _leave(doors)


def _invoice() -> Invoice:
    """What the link is for."""
    found: Invoice = load_or_404(Invoice.issued(), doors.subject())
    return found


def _ways_to_pay(found: Invoice, read: Reading) -> list[tuple[str, str, str]]:
    """What is filled into a transfer: a label, the value as it is read, and as it is copied."""
    if not read.account:
        return []
    *account, reference = [
        (label, value, value.replace(" ", "") if label == "IBAN" else value) for label, value in read.account
    ]
    amount = in_words(found.open_cents, found.currency), as_typed(found.open_cents, found.currency)
    return [*account, ("Amount", *amount), reference]


def _code(found: Invoice, said: dict[str, Any]) -> str:
    """What a banking app reads, over what is open now: a picture, for an address of one."""
    pays = transfer_of(said["seller"], found.currency, found.open_cents, found.number)
    if pays is None:
        return ""
    return "data:image/svg+xml;base64," + b64encode(paper.transfer_code(*pays).encode()).decode()


# All of a payer -------------------------------------------------------------------------------------------------------


@pages.get("/invoices")
def invoices() -> str:
    """All that is open, each with its own page."""
    today = _today()
    rows = [
        (found, found.standing(today), as_read(json.loads(found.snapshot)))
        for found in _all().where(Invoice.open_cents > 0)
    ]
    listed = [(found, told_to_payer(standing, read.due), read) for found, standing, read in rows]
    newest = _all().first() or abort(404)
    return render_template(
        "invoices/payer_invoices.html",
        listed=listed,
        sums=_sums([found for found, _, _ in rows]),
        payer=newest.payer.legal_name,
        desk=_desk(newest),
        home=doors_to_all.home,
    )


@pages.post("/invoices/<ulid:invoice_id>")
def open_one(invoice_id: str) -> Response:
    """“Open”: this browser may go on to the page of one."""
    found: Invoice = load_or_404(_all(), invoice_id)
    return go_on(found, doors_to_all)


@pages.post("/invoices/leave")
def leave_all() -> Response:
    return _leave(doors_to_all)


def _all() -> ModelSelect:
    found = Invoice.for_reader(doors_to_all.subject())
    return abort(404) if found is None else found


def _sums(rows: list[Invoice]) -> list[str]:
    """What is open, by currency: these are never added up."""
    sums: dict[str, int] = {}
    for each in rows:
        sums[each.currency] = sums.get(each.currency, 0) + each.open_cents
    return [in_words(cents, currency) for currency, cents in sums.items()]


# ----------------------------------------------------------------------------------------------------------------------


def go_on(found: Invoice, came_by: LinkDoors) -> Response:
    """Give this browser the link to the page of one document."""
    token = actions.admit(found, source=request.remote_addr or "nowhere")
    return doors.remember(doors.keep(redirect(doors.home, 303), token), came_by.home)


def _leave(left: LinkDoors) -> Response:
    """Let this browser forget the link: it is somebody else’s."""
    answer = left.let_go(redirect("/p/left", 303))
    answer.delete_cookie(CAME_FROM, path=left.home)
    return answer


def _desk(found: Invoice) -> Any:
    """To whom one writes."""
    return next(iter(Serving.desk_of(coach_of(found))), None)


def _today() -> date:
    return clock.now().astimezone(ZoneInfo(firm().zone)).date()

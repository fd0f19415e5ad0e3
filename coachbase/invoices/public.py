"""What somebody pays, by a personal link: one document with how to pay it, or all that are open.

A GET changes nothing; that a document was looked at is noted when a person asks for its PDF.
"""

import json
from base64 import b64encode
from datetime import date
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from peewee import ModelSelect
from werkzeug.wrappers import Response

from .. import clock, paper
from ..accounts.models import Serving
from ..agreements.rules import day_in_words
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

BACKS = "/p/client", "/p/sponsor"
"""The pages a browser may have come from."""
PAYABLE = (Standing.OPEN, Standing.OVERDUE)
MOST_LISTED = 200
"""Counted from the newest."""


# One document ---------------------------------------------------------------------------------------------------------


@pages.get("/invoice")
def invoice() -> str:
    return _page(_invoice(), doors.home)


@pages.post("/invoice/document")
def document() -> ResponseReturnValue:
    """The PDF, for the person who asks for it."""
    return _document(_invoice(), doors.home)


@pages.post("/invoice/leave")
def leave() -> Response:
    return _leave(doors)


def _invoice() -> Invoice:
    """What the link is for."""
    found: Invoice = load_or_404(Invoice.issued(), doors.subject())
    return found


def _page(found: Invoice, here: str, back: str = "") -> str:
    """What it is for, how it stands, and how to pay it."""
    said = json.loads(found.snapshot)
    standing, read = found.standing(_today()), as_read(said)
    is_payable = standing in PAYABLE
    return render_template(
        "invoices/payer_invoice.html",
        invoice=found,
        read=read,
        told=told_to_payer(standing, read.due),
        amount=in_words(found.open_cents, found.currency) if is_payable else read.total,
        is_part_paid=is_payable and found.open_cents != found.total_cents,
        ways=_ways_to_pay(found, read) if is_payable else [],
        words=read.payment_words if is_payable else "",
        code=_code(found, said) if is_payable else "",
        payer=said["payer"]["legal_name"],
        desk=_desk(found),
        here=here,
        home=doors_to_all.home if back else doors.home,
        back=back,
    )


def _document(found: Invoice, here: str) -> ResponseReturnValue:
    if found.document_id is None:
        return redirect(here, 303)
    actions.mark_viewed(found)
    return attachment(found.document.content, found.document.name, found.document.media_type)


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
    """All that was sent: what is open first, the longest due on top, each with its own page."""
    today, rows = _today(), list(_all().limit(MOST_LISTED))
    still_open = sorted((row for row in rows if row.open_cents > 0), key=attrgetter("due_on", "id"))
    back = request.cookies.get(CAME_FROM, "")
    return render_template(
        "invoices/payer_invoices.html",
        still_open=[(row, told_to_payer(row.standing(today), day_in_words(row.due_on))) for row in still_open],
        settled=[row for row in rows if row.open_cents <= 0],
        sums=_sums(still_open),
        payer=rows[0].payer.legal_name,
        back=back if back in BACKS else "",
        desk=_desk(rows[0]),
        home=doors_to_all.home,
    )


@pages.get("/invoices/<ulid:invoice_id>")
def one(invoice_id: str) -> str:
    found: Invoice = load_or_404(_all(), invoice_id)
    return _page(found, f"{doors_to_all.home}/{invoice_id}", back=doors_to_all.home)


@pages.post("/invoices/<ulid:invoice_id>/document")
def document_of_one(invoice_id: str) -> ResponseReturnValue:
    found: Invoice = load_or_404(_all(), invoice_id)
    return _document(found, f"{doors_to_all.home}/{invoice_id}")


@pages.post("/invoices/leave")
def leave_all() -> Response:
    return _leave(doors_to_all)


def _all() -> ModelSelect:
    """What the holder of the link was sent; there is one at least."""
    found = Invoice.for_reader(doors_to_all.subject())
    return abort(404) if found is None else found


def _sums(rows: list[Invoice]) -> list[str]:
    """What is open, by currency: these are never added up."""
    sums: dict[str, int] = {}
    for each in rows:
        sums[each.currency] = sums.get(each.currency, 0) + each.open_cents
    return [in_words(cents, currency) for currency, cents in sums.items()]


# ----------------------------------------------------------------------------------------------------------------------


def go_on_to_all(subject: str, came_by: LinkDoors) -> Response:
    """Give this browser the link to all that this client or contact was sent."""
    token = actions.admit(subject, source=request.remote_addr or "nowhere")
    answer = redirect(doors_to_all.home, 303)
    return doors_to_all.remember(doors_to_all.keep(answer, token), came_by.home)


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

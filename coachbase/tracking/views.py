"""Dropping a vendor's status list: whose it is, what it means, what would happen, done."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..clients.rules import fold, read_sheet
from ..errors import Refused
from ..instruments.models import Instrument, Vendor
from ..web.pages import go, load_or_404
from . import actions
from .forms import UploadForm, chosen_targets, said
from .models import StatusList
from .rules import (
    FIELDS,
    LEAVE_OUT,
    MEANING_LABELS,
    ORDER_LABELS,
    Meanings,
    Outcome,
    different,
    meaning_of,
    refusal_of_columns,
    unclear,
)

pages = Blueprint("tracking", __name__)
HOME = "/assessments/status"
MOST_SHOWN_LINES = 200


@pages.get("/assessments/status")
def choose_list() -> str:
    form = UploadForm(request.args)
    return _upload_page(form)


@pages.post("/assessments/status")
def take() -> ResponseReturnValue:
    form = UploadForm(request.form)
    form.offer(Vendor.used())
    if not form.validate():
        return _upload_page(form), 422
    upload = request.files.get("file")
    try:
        form.take_file(upload)
        read_sheet(form.text.data)
    except Refused as refusal:
        return _upload_page(form, why=str(refusal)), 422
    vendor: Vendor = load_or_404(Vendor.used(), form.vendor.data)
    name = "".join(sign for sign in ((upload and upload.filename) or "") if sign.isprintable())[-80:]
    kept = actions.take(vendor, filename=name or "a pasted list", text=form.text.data, by=_me())
    return go(_next(kept))


def _upload_page(form: UploadForm, *, why: str = "") -> str:
    vendors = list(Vendor.used())
    form.offer(vendors)
    waiting = StatusList.open_of(_me()).order_by(StatusList.id.desc()).limit(5)
    return render_template("tracking/upload.html", form=form, why=why, vendors=vendors, waiting=list(waiting))


@pages.get("/assessments/status/<ulid:status_list_id>")
def columns(status_list_id: str) -> str:
    upload = _list(status_list_id)
    return _columns_page(upload, upload.meanings)


@pages.post("/assessments/status/<ulid:status_list_id>")
def choose_columns(status_list_id: str) -> ResponseReturnValue:
    """Remembered for this vendor; back to this page while a word or an instrument is not clear yet."""
    upload = _list(status_list_id)
    meanings = said(upload.sheet, upload.meanings, _instruments(upload), request.form)
    try:
        actions.remember(upload, meanings)
    except Refused as refusal:
        return _columns_page(upload, meanings, why=str(refusal)), 422
    return go(_next(upload))


def _next(upload: StatusList) -> str:
    """Where to go on: to what would happen, once everything is clear."""
    here = f"{HOME}/{upload.public_id}"
    is_clear = not any(unclear(upload.sheet, upload.meanings)) and upload.meanings.columns
    return f"{here}/check" if is_clear and not _refusal(upload) else here


def _refusal(upload: StatusList) -> str | None:
    return refusal_of_columns(upload.meanings.fields_of(upload.sheet))


def _columns_page(upload: StatusList, meanings: Meanings, *, why: str = "") -> str:
    sheet, fields = upload.sheet, meanings.fields_of(upload.sheet)
    words, instruments = different(sheet, fields, "status"), _instruments(upload)
    named = {fold(instrument.name): instrument.public_id for instrument in instruments}
    return render_template(
        "tracking/columns.html",
        upload=upload,
        sheet=sheet,
        fields=fields,
        known=FIELDS,
        words=[(word, meanings.words.get(fold(word)) or meaning_of(word) or "") for word in words[:100]],
        meanings=MEANING_LABELS,
        named=[
            (name, meanings.instruments.get(fold(name)) or named.get(fold(name), ""))
            for name in different(sheet, fields, "instrument")[:100]
        ],
        instruments=instruments,
        leave_out=LEAVE_OUT,
        order=meanings.order,
        orders=ORDER_LABELS,
        why=why,
    )


def _instruments(upload: StatusList) -> list[Instrument]:
    return list(Instrument.with_vendor().where(Instrument.vendor == upload.vendor).order_by(Instrument.name))


@pages.get("/assessments/status/<ulid:status_list_id>/check")
def check(status_list_id: str) -> ResponseReturnValue:
    """What would happen: nothing has yet."""
    upload = _list(status_list_id)
    if _next(upload) == f"{HOME}/{upload.public_id}":
        return redirect(f"{HOME}/{upload.public_id}", 303)
    lines = upload.plan(clock.now().date())
    return render_template(
        "tracking/check.html",
        upload=upload,
        total=len(upload.sheet.rows),
        lines={outcome.value: [line for line in lines if line.outcome is outcome] for outcome in Outcome},
        meanings=MEANING_LABELS,
        most=MOST_SHOWN_LINES,
    )


@pages.post("/assessments/status/<ulid:status_list_id>/apply")
def apply(status_list_id: str) -> ResponseReturnValue:
    upload = load_or_404(StatusList.select().where(StatusList.by == _me()), status_list_id)
    count = actions.apply(upload, chosen_targets(request.form))
    said_so = "Nothing was marked." if not count else "1 is marked." if count == 1 else f"{count} are marked."
    return go("/boards/assessments", f"{said_so} The list is forgotten.")


@pages.post("/assessments/status/<ulid:status_list_id>/forget")
def forget(status_list_id: str) -> ResponseReturnValue:
    actions.forget(_list(status_list_id))
    return go(HOME, "The list is forgotten.")


def _list(public_id: str) -> StatusList:
    """The reader's own list that is still to be applied."""
    return load_or_404(StatusList.open_of(_me()), public_id)


def _me() -> User:
    return current_user._get_current_object()

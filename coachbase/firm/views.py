"""Settings of the firm."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from ..errors import Stale
from ..web.conflict import conflict
from ..web.pages import firm, go, require
from . import actions
from .forms import FirmForm, LogoForm, drawn_anew
from .models import Firm

pages = Blueprint("firm", __name__)


@pages.get("/settings/firm")
def details() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    return _details(FirmForm(obj=firm()))


@pages.post("/settings/firm")
def change() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    form = FirmForm(request.form)
    if not form.validate():
        return _details(form), 422
    try:
        actions.change(**form.data)
    except Stale as stale:
        return conflict(stale, form, Firm.current(), "/settings/firm")
    return go("/settings/firm", "Saved.")


@pages.post("/settings/firm/logo")
def change_logo() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    if "remove" in request.form:
        actions.change_logo(None, None)
        return go("/settings/firm", "The logo is gone.")
    actions.change_logo(*drawn_anew(request.files.get("logo")))
    return go("/settings/firm", "The logo is set.")


def _details(form: FirmForm) -> str:
    return render_template("firm/details.html", form=form, logo_form=LogoForm())

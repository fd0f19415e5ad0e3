"""The stock of codes and the ledgers of credits in the settings; one code, shown to somebody who may see it."""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from ..accounts.models import User
from ..instruments.rules import WAY_WORDS
from ..web.pages import load_or_404
from . import actions
from .models import Credential

pages = Blueprint("credentials", __name__)


@pages.post("/codes/<ulid:credential_id>/reveal")
def reveal(credential_id: str) -> ResponseReturnValue:
    """Show a code once: in its place on the page, or on a page of its own. The log keeps who looked."""
    code = _code(credential_id)
    for_whom = code.client.name if code.client_id else "the stock"
    shown = actions.reveal(code, for_whom=for_whom, client=code.client, by=_me())
    return render_template(
        "credentials/_shown.html" if request.htmx else "credentials/shown.html",
        code=code,
        shown=shown,
        for_whom=for_whom,
        word=WAY_WORDS[code.instrument.way][0],
        back=f"/clients/{code.client.public_id}/assessments" if code.client_id else "/settings/instruments",
    )


def _code(public_id: str) -> Any:
    return load_or_404(Credential.visible_to(_me()), public_id)


def _me() -> User:
    return current_user._get_current_object()

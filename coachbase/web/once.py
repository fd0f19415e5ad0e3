"""A form carries a key (`ui.once()`); sent twice, it takes effect once and leads to the same page.

The key is stored by the first action's own transaction (db.atomic), so two clicks cannot both win. It counts for the
person who sent it only: with somebody else's key nobody learns where that person was led.
"""

import logging
import secrets

from flask import Flask, g, request
from flask_login import current_user
from peewee import DatabaseError
from werkzeug.wrappers import Response

from ..db import Once, once_key, transaction
from .guard import SAFE

log = logging.getLogger("coachbase")


def install(app: Flask) -> None:
    app.before_request(_offer_key)
    app.after_request(_remember_place)
    app.teardown_request(_forget_key)
    app.jinja_env.globals["new_once_key"] = lambda: secrets.token_urlsafe(16)


def _offer_key() -> None:
    key = request.form.get("once", "")[:37] if request.method not in SAFE else ""
    g.once = f"{current_user.public_id if current_user.is_authenticated else ''}:{key}" if key else ""
    once_key.set(g.once or None)


def _remember_place(response: Response) -> Response:
    """Note where the form led, for a second click to follow. A failure here must not say that nothing was done."""
    if g.get("once") and response.status_code == 303:
        try:
            with transaction():
                place = Once.update(location=response.headers["Location"])
                place.where(Once.key == g.once, Once.location.is_null()).execute()
        except DatabaseError as error:
            log.warning("where a form led was not noted: %s", error)
    return response


def place_after(key: str) -> str:
    """Where a form that already took effect led; the page it came from while the first click still works."""
    row = Once.get_or_none(Once.key == key)
    return (row and row.location) or request.path


def _forget_key(_: BaseException | None) -> None:
    once_key.set(None)

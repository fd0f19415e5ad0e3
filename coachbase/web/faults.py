"""What people see when something says no: one sentence, what they typed still there, and a way on."""

import logging
import secrets

from flask import Flask, current_app, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin
from peewee import DatabaseError, InterfaceError
from werkzeug.exceptions import HTTPException

from ..db import database
from ..errors import AlreadyDone, Refused, TooMany
from .once import place_after

log = logging.getLogger("coachbase")

SENTENCES = {
    400: ("That did not reach us whole", "Part of the request was missing or unreadable. Go back and try again."),
    403: ("Not from here", "This cannot be done from there, so nothing was done."),
    404: ("There is nothing here", "The page does not exist, or is not yours to see."),
    405: ("Not that way", "This page cannot be used like that. Go back and use its buttons."),
    413: ("Too large", "Files may have up to 25 MB. Nothing was saved; choose a smaller file."),
}
BUSY = "The database is busy right now. Nothing was saved and nothing is lost: try again in a moment."
FULL = "The server’s disk is full, so nothing was saved. Tell whoever runs the server, then try again."
READ_ONLY = (
    "The database can only be read right now, so nothing was saved. Tell whoever runs the server, then try again."
)
BROKEN = "The database could not be read. Nothing was saved. Tell whoever runs the server: `app.py check` says more."

FAULTS = (
    ("lock", BUSY),
    ("busy", BUSY),
    ("full", FULL),
    ("readonly", READ_ONLY),
    ("malformed", BROKEN),
    ("not a database", BROKEN),
    ("unable to open", BROKEN),
    ("disk i/o", BROKEN),
)


def install(app: Flask) -> None:
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(AlreadyDone, _already_done)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DatabaseError, _database)
    app.register_error_handler(InterfaceError, _database)
    app.register_error_handler(Exception, _bug)


def _answer(status: int, title: str, sentence: str, *, retry: bool = False) -> ResponseReturnValue:
    """A page, or for htmx the bare sentence, which app.js puts into #notice."""
    if request.htmx:
        return current_app.response_class(sentence, status, mimetype="text/plain", headers={"HX-Reswap": "none"})
    g.refused = True  # this page has no sidebar, so nobody need count for it
    typed = _typed() if retry and request.method == "POST" else None
    page = render_template("error.html", status=status, title=title, sentence=sentence, retry=typed, back=_back())
    return page, status


def _typed() -> list[tuple[str, str]]:
    """What was sent, to be sent again: not passwords, and not files, which a page cannot hold."""
    return [(name, text) for name, text in request.form.items(multi=True) if "password" not in name]


def _back() -> str:
    """The page to go on from: the one the form stood on, or the start."""
    referrer = request.referrer or ""
    return referrer if referrer.startswith(request.host_url) else "/"


def _refused(error: Refused) -> ResponseReturnValue:
    status = 429 if isinstance(error, TooMany) else 422
    return _answer(status, "Not done", str(error), retry=status == 429)


def _already_done(error: AlreadyDone) -> ResponseReturnValue:
    where = place_after(str(error))
    if request.htmx:
        return current_app.response_class(status=204, headers={"HX-Redirect": where})
    return redirect(where, 303)


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if 300 <= status < 400:
        return error
    title, sentence = SENTENCES.get(status, ("Not done", "That did not work. Go back and try again."))
    if error.description and status in (400, 403) and error.description != type(error).description:
        sentence = error.description
    return _answer(status, title, sentence)


def _database(error: Exception) -> ResponseReturnValue:
    """A fault of the file or the disk is said as what it is; a wrong query is a bug of ours."""
    text = str(error).rpartition("] ")[2].lower()  # without the query, which may hold any word
    for words, sentence in FAULTS:
        if words in text:
            log.warning("database fault: %s", error)
            if not database.in_transaction():
                database.close()  # the next request starts with a fresh connection
            g.setdefault("firm", None)  # what could not be read before cannot be read for this page either
            g.setdefault("_login_user", AnonymousUserMixin())
            return _answer(503, "Not saved", sentence, retry=True)
    return _bug(error)


def _bug(error: Exception) -> ResponseReturnValue:
    if current_app.testing:
        raise error
    reference = secrets.token_hex(4)
    log.exception(
        "unexpected error %s on %s %s", reference, request.method, request.url_rule
    )  # a path may hold a token
    g.pop("firm", None)
    return _answer(
        500, "Our mistake", f"Something went wrong on our side and nothing was saved. Reference {reference}."
    )

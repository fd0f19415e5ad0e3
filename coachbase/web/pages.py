"""What views use to answer: load or 404, a page or a partial, a way on."""

import hashlib
import io
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, abort, current_app, flash, g, redirect, render_template, request, send_file
from flask_login import current_user
from markupsafe import Markup
from peewee import ModelSelect
from werkzeug.wrappers import Response

from ..firm.models import Firm


def install(app: Flask) -> None:
    app.jinja_env.globals["asset"] = asset
    app.context_processor(lambda: {"firm": firm()})


def firm() -> Any:
    """The `Firm`, read once a request; None before the first run, when only the front doors are open."""
    if "firm" not in g:
        g.firm = Firm.current()
    return g.firm


def load_or_404(query: ModelSelect, public_id: str) -> Any:
    """The row of a query that already knows the wall: foreign and missing answer the same 404."""
    row = query.where(query.model.public_id == public_id).first()
    if row is None:
        abort(404)
    return row


def require(allowed: bool) -> None:
    """Who may not do this learns nothing: the page is not there for them."""
    if not allowed:
        abort(404)


def go(url: str, said: str | None = None) -> Response:
    """After a change: on to a page (303), or by HX-Redirect when htmx asked; with a toast."""
    if said:
        flash(said)
    if request.htmx:
        return current_app.response_class(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)


def attachment(content: bytes, name: str, media_type: str) -> Response:
    """A stored document, as an attachment only: nothing that was uploaded ever runs or shows in this site."""
    answer = send_file(
        io.BytesIO(content), mimetype=media_type, as_attachment=True, download_name=name, conditional=False, etag=False
    )
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def toast(sentence: str) -> Markup:
    """A toast beside a partial, swapped in out of band."""
    return Markup(render_template("_toast.html", sentence=sentence))  # noqa: S704


def reader_zone() -> str:
    """The zone times are shown in: the reader's, or the firm's for link parties."""
    reader = current_user._get_current_object()  # asked for with every time on a page
    if reader.is_authenticated:
        return reader.zone
    return firm().zone if firm() else "UTC"


@lru_cache
def _hash_of(folder: str, path: str) -> str:
    return hashlib.sha256((Path(folder) / path).read_bytes()).hexdigest()[:12]


def asset(path: str) -> str:
    """The address of a static file, with its hash, so that it may be cached for ever."""
    return f"/static/{path}" + ("" if current_app.debug else f"?v={_hash_of(current_app.static_folder, path)}")

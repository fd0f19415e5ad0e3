"""Who may come in: the right host, the same site, signed in. Asked once, for every URL.

Closed by default: only blueprints made by `public_blueprint` are open to strangers, and tests walk the URL map to see
that nothing else is (tests/test_house.py).
"""

import ipaddress
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, abort, current_app, redirect, request, session
from flask_login import LoginManager, current_user
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from .. import clock
from ..accounts.models import LoginSession, User
from ..firm.models import Firm
from ..links.rules import hash_token

SAFE = ("GET", "HEAD", "OPTIONS")
login_manager = LoginManager()
login_manager.session_protection = None  # the session row decides; an address may change on a train
_public: set[str] = {"static"}


class UlidConverter(BaseConverter):
    """`<ulid:client_id>` in a rule: anything else is no such page."""

    regex = "[0-9A-HJKMNP-TV-Z]{26}"


def public_blueprint(name: str, import_name: str, *, prefix: str) -> Blueprint:
    """Pages for people without an account. `prefix` is `/p/…`; only the front doors in accounts differ."""
    _public.add(name)
    return Blueprint(name, import_name, url_prefix=prefix or None)


def is_public(blueprint: str | None) -> bool:
    return blueprint in _public


def install(app: Flask) -> None:
    app.url_map.converters["ulid"] = UlidConverter
    login_manager.init_app(app)
    for step in (_refuse_foreign_host, _refuse_foreign_site, _require_sign_in):
        app.before_request(step)


@login_manager.user_loader
def _load_user(token: str) -> User | None:
    return LoginSession.user_behind(hash_token(token), token, clock.now())


def _refuse_foreign_host() -> None:
    """Links are made from BASE_URL only; a request for another name is a mistake or an attack."""
    if request.path == "/healthz" or request.host == current_app.config["COACHBASE"].host_name:
        return
    if current_app.config["COACHBASE"].is_local and _is_loopback(request.host):
        return
    abort(400, "This address is not served here. Open the address in BASE_URL.")


def _is_loopback(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _refuse_foreign_site() -> None:
    """A write must come from our own page: Sec-Fetch-Site says so, or else Origin (no tokens in forms needed)."""
    if request.method in SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        same = site == "same-origin"
    elif origin is not None:
        same = origin.partition("://")[2] == request.host
    else:
        same = not request.cookies
    if not same:
        abort(403, "This form was sent from another site, so nothing was done. Open the page here and send it again.")


def _require_sign_in() -> Response | None:
    if request.endpoint is None or is_public(request.blueprint or request.endpoint):
        return None
    if current_user.is_authenticated:
        return None
    if session.pop("_user_id", None):
        session.clear()
    if Firm.current() is None:
        return _go("/set-up")
    wanted = request.full_path.rstrip("?") if request.method == "GET" and not request.htmx else "/"
    return _go("/sign-in" if wanted == "/" else "/sign-in?" + urlencode({"next": wanted}))


def _go(url: str) -> Response:
    """Leave the page, also when htmx asked for a part of it."""
    if request.htmx:
        return current_app.response_class(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)


def is_own_page(path: str) -> bool:
    """Whether `next` is a page of ours: a plain path that some GET route answers, and nothing a browser re-reads."""
    if not path.startswith("/") or path.startswith("//") or any(sign in path for sign in "\\\r\n\t\0"):
        return False
    try:
        current_app.url_map.bind(request.host).match(urlsplit(path).path, method="GET")
    except (HTTPException, MethodNotAllowed, ValueError):
        return False
    return True

"""A client's packages: choosing what goes in, watching one being made, releasing the client's copy."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from .. import clock
from ..accounts.models import User
from ..availability.rules import SessionKind
from ..clients.models import Client
from ..errors import Refused
from ..sessions.models import CoachingSession
from ..web.filters import day
from ..web.pages import go, load_or_404
from . import actions
from .forms import PartsForm, label_of
from .models import Package, PackageItem, has_changed, in_package_for, is_hers, may_open, offers
from .rules import refusal_to_release

pages = Blueprint("packages", __name__)
MOST_SESSIONS, MOST_SHOWN = 20, 30


@pages.get("/clients/<ulid:client_id>/packages")
def packages(client_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    found = list(Package.of(client).limit(MOST_SHOWN))
    return render_template("packages/packages.html", client=client, tab="documents", packages=found)


@pages.get("/clients/<ulid:client_id>/packages/of")
def of_client(client_id: str) -> ResponseReturnValue:
    """A small list for other pages about the client."""
    client = _client(client_id)
    return render_template("packages/_of_client.html", client=client, packages=list(Package.of(client).limit(3)))


@pages.get("/clients/<ulid:client_id>/packages/new")
def choose(client_id: str) -> ResponseReturnValue:
    """What goes in: for a session there is a package for, what is in that; else what has no debrief yet."""
    client = _client(client_id)
    form, sessions = _form(client, request.args)
    wanted = request.args.get("session")
    if wanted is None:
        wanted = next((one.public_id for one in sessions if one.kind is SessionKind.DEBRIEF), "")
    form.session.data = wanted if wanted in {one.public_id for one in sessions} else ""
    session = next((one for one in sessions if one.public_id == form.session.data), None)
    before = in_package_for(client, session, _me())
    form.document.data = before or [key for key, offer in form.offers.items() if offer.is_wanted]
    order = [*before, *(key for key in form.offers if key not in before)]
    return _choosing(client, form, order)


@pages.post("/clients/<ulid:client_id>/packages")
def make(client_id: str) -> ResponseReturnValue:
    """Make it, or only move a row of the page up or down. Without any row: of what is ticked by default."""
    client = _client(client_id)
    form, sessions = _form(client, request.form)
    order = form.moved(request.form)
    if order is not None:
        pressed = "up" if "up" in request.form else "down"
        return _choosing(client, form, order, moved=(request.form[pressed], pressed))
    chosen = form.ticked if form.row.data else [key for key, offer in form.offers.items() if offer.is_wanted]
    session = next((one for one in sessions if one.public_id == form.session.data), None)
    try:
        package, is_new = actions.make(client, [form.offers[key].document for key in chosen], session=session, by=_me())
    except Refused as refusal:
        return _choosing(client, form, form.order, why=str(refusal)), 422
    return go(package.page, None if is_new else "Nothing has changed since it was made, so it is the same.")


@pages.get("/clients/<ulid:client_id>/packages/<ulid:package_id>")
def package(client_id: str, package_id: str) -> ResponseReturnValue:
    """How far it is, what is in it, and its copies."""
    row = _package(client_id, package_id)
    items = PackageItem.shown(row, _me())
    copy = row.client_document if row.client_document_id else None
    unreleased = [item.title for item in items if item.is_for_client and not item.is_released]
    return render_template(
        "packages/package.html",
        package=row,
        client=row.client,
        items=items,
        may_open=may_open(_me()),
        is_hers=is_hers(copy),
        has_changed=not row.is_worked_on and has_changed(row),
        why_not=refusal_to_release(
            row.state, has_copy=copy is not None, unreleased=unreleased, may_open=may_open(_me())
        ),
    )


@pages.post("/clients/<ulid:client_id>/packages/<ulid:package_id>/try-again")
def try_again(client_id: str, package_id: str) -> ResponseReturnValue:
    row = _package(client_id, package_id)
    actions.try_again(row, by=_me())
    return go(row.page)


@pages.post("/clients/<ulid:client_id>/packages/<ulid:package_id>/release")
def release(client_id: str, package_id: str) -> ResponseReturnValue:
    """Let the client open the own copy."""
    row = _package(client_id, package_id)
    actions.release(row, by=_me())
    return go(row.page, f"{row.client.name} finds it on the own page now.")


@pages.post("/clients/<ulid:client_id>/packages/<ulid:package_id>/take-back")
def take_back(client_id: str, package_id: str) -> ResponseReturnValue:
    row = _package(client_id, package_id)
    actions.take_back(row, by=_me())
    return go(row.page, "It is no longer on the client’s page.")


def _form(client: Client, sent: MultiDict[str, str]) -> tuple[PartsForm, list[CoachingSession]]:
    also = sent.get("session", "")
    also = also if also.isascii() else ""  # half characters are no id, and the database would choke on them
    sessions = list(CoachingSession.ahead_of(client, _me(), clock.now(), also).limit(MOST_SESSIONS))
    form = PartsForm(sent)
    form.offer(offers(client, _me()), [(one.public_id, label_of(one, day(one.starts_at))) for one in sessions])
    return form, sessions


def _choosing(
    client: Client, form: PartsForm, order: list[str], *, why: str = "", moved: tuple[str, str] = ("", "")
) -> str:
    """`moved` is the row that was moved and the button that did it: the keyboard stays there."""
    rows = form.rows(order)
    return render_template("packages/choose.html", client=client, form=form, rows=rows, why=why, moved=moved)


def _client(client_id: str) -> Client:
    return load_or_404(Client.with_people(_me()), client_id)


def _package(client_id: str, package_id: str) -> Package:
    client = load_or_404(Client.visible_to(_me()), client_id)
    return load_or_404(Package.of(client), package_id)


def _me() -> User:
    return current_user._get_current_object()

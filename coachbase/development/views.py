"""A client's development plan: reading, writing, comparing and restoring versions, printing, sharing."""

from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from ..accounts.models import User
from ..clients.models import Client
from ..errors import Refused, Stale
from ..web.conflict import conflict
from ..web.pages import attachment, go, load_or_404
from . import actions, tasks
from .forms import PlanForm
from .models import DevelopmentPlan, DevelopmentPlanVersion
from .rules import STARTER, differences, in_words

pages = Blueprint("development", __name__)
MOST_SHOWN = 50


@pages.get("/clients/<ulid:client_id>/plan")
def plan(client_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    row = DevelopmentPlan.of(client)
    versions = list(DevelopmentPlanVersion.told_of(row).limit(MOST_SHOWN)) if row else []
    return render_template("development/plan.html", client=client, tab="plan", plan=row, versions=versions)


@pages.get("/clients/<ulid:client_id>/plan/edit")
def text(client_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    row = DevelopmentPlan.of(client)
    form = PlanForm(data={"text": row.text if row else STARTER, "version": row.version if row else 0})
    return _text_page(client, form)


@pages.post("/clients/<ulid:client_id>/plan/edit")
def write(client_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    form = PlanForm(request.form)
    if not form.validate() or request.form.get("act") == "preview":
        return _text_page(client, form), 422 if form.errors else 200
    try:
        actions.write(client, form.text.data, version=form.version.data, by=_me())
    except Stale as stale:
        return conflict(stale, form, _standing(client), request.path)
    return go(_home(client), "Saved.")


@pages.get("/clients/<ulid:client_id>/plan/versions/<ulid:development_plan_version_id>")
def version(client_id: str, development_plan_version_id: str) -> ResponseReturnValue:
    """What a version said, and what changed between it and another: the one before, unless somebody chooses."""
    client = _client(client_id)
    row = _plan(client)
    shown = load_or_404(DevelopmentPlanVersion.of(row), development_plan_version_id)
    other = DevelopmentPlanVersion.compared_with(shown, request.args.get("with", ""))
    older, newer = (None, shown) if other is None else sorted((shown, other), key=lambda each: each.version)
    lines = differences(older.text if older else "", newer.text)
    return render_template(
        "development/version.html",
        client=client,
        plan=row,
        shown=shown,
        other=other,
        older=older,
        newer=newer,
        versions=list(DevelopmentPlanVersion.told_of(row).limit(MOST_SHOWN)),
        lines=lines,
        said=in_words(lines),
    )


@pages.post("/clients/<ulid:client_id>/plan/versions/<ulid:development_plan_version_id>/restore")
def restore(client_id: str, development_plan_version_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    older = load_or_404(DevelopmentPlanVersion.of(_plan(client)), development_plan_version_id)
    actions.restore(older, version=_seen(), by=_me())
    return go(_home(client), f"It says again what it said in version {older.version}.")


@pages.get("/clients/<ulid:client_id>/plan.pdf")
def printed(client_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    row = _plan(client)
    return attachment(_drawn(client, row), f"Development plan - {client.name}.pdf", "application/pdf")


@pages.post("/clients/<ulid:client_id>/plan/share")
def share(client_id: str) -> ResponseReturnValue:
    """Let the client open it as it is now."""
    client = _client(client_id)
    row = _plan(client)
    if row.version != _seen():
        raise Refused("Somebody changed this plan since you opened it. Read it once more, then share it.")
    actions.share(client, _drawn(client, row), version=row.version, by=_me())
    return go(_home(client), f"{client.name} finds it on the own page now.")


@pages.post("/clients/<ulid:client_id>/plan/stop-sharing")
def stop_sharing(client_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    actions.stop_sharing(client, by=_me())
    return go(_home(client), "It is no longer on the client’s page.")


def _drawn(client: Client, row: DevelopmentPlan) -> bytes:
    return tasks.draw(client, row.text, number=row.version, at=row.changed_at)


def _seen() -> int:
    """Which version stood on the page that was sent."""
    return request.form.get("version", -1, type=int)


def _standing(client: Client) -> Any:
    """What stands now; somebody may have written the first version meanwhile, or the form was made up."""
    return DevelopmentPlan.of(client) or DevelopmentPlan(client=client, text="", version=0)


def _text_page(client: Client, form: PlanForm) -> str:
    return render_template("development/text.html", client=client, form=form, shown=form.text.data or "")


def _home(client: Client) -> str:
    return f"/clients/{client.public_id}/plan"


def _plan(client: Client) -> DevelopmentPlan:
    row = DevelopmentPlan.of(client)
    if row is None:
        abort(404)
    return row


def _client(client_id: str) -> Client:
    return load_or_404(Client.with_people(_me()), client_id)


def _me() -> User:
    return current_user._get_current_object()

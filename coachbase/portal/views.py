"""What the staff does about these pages: mail them, remind people, and see what is open there."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..assessments.models import Assessment
from ..clients.models import Client
from ..engagements.models import Engagement
from ..web.pages import go, load_or_404
from . import actions
from .models import open_things, page_mailed
from .rules import MOST, next_reminder

pages = Blueprint("portal", __name__)


@pages.get("/clients/<ulid:client_id>/page/of")
def of_client(client_id: str) -> str:
    """In the rail of the client's page: when the page was mailed, what is open, and the next reminder."""
    client: Client = load_or_404(Client.with_people(current_user), client_id)
    now = clock.now()
    return render_template(
        "portal/_of_client.html",
        client=client,
        engagement=Engagement.of(client).first(),
        mailed=page_mailed(client),
        open=[(thing, next_reminder(thing, now)) for thing in open_things(client)],
        most=MOST,
    )


@pages.post("/clients/<ulid:client_id>/remind")
def remind(client_id: str) -> ResponseReturnValue:
    client: Client = load_or_404(Client.with_people(current_user), client_id)
    reminded = actions.remind(client, by=current_user._get_current_object())
    names = " and ".join(part for part in (", ".join(reminded[:-1]), reminded[-1]) if part)
    places = {"today": "/"} | {tab: f"/clients/{client_id}/{tab}" for tab in ("agreements", "assessments", "sessions")}
    return go(
        places.get(request.form.get("from", ""), f"/clients/{client_id}"), f"A reminder is on its way to {names}."
    )


@pages.post("/assessments/<ulid:assessment_id>/raters/remind")
def remind_raters(assessment_id: str) -> ResponseReturnValue:
    """Never says who is reminded: whoever is silent is known to the assistant alone."""
    assessment: Assessment = load_or_404(Assessment.visible_to(current_user._get_current_object()), assessment_id)
    count = actions.remind_raters(assessment, by=current_user._get_current_object())
    said = "A reminder is" if count == 1 else f"{count} reminders are"
    return go(f"/assessments/{assessment_id}/raters", f"{said} on the way.")


@pages.post("/clients/<ulid:client_id>/page/mail")
def mail_page(client_id: str) -> ResponseReturnValue:
    client: Client = load_or_404(Client.with_people(current_user), client_id)
    actions.mail_anew(client, by=current_user._get_current_object())
    return go(f"/clients/{client_id}", f"A new link is on its way to {client.name}. The older ones no longer work.")


@pages.post("/clients/<ulid:client_id>/page/assistant")
def mail_dates(client_id: str) -> ResponseReturnValue:
    client: Client = load_or_404(Client.with_people(current_user), client_id)
    actions.mail_assistant_anew(client, by=current_user._get_current_object())
    return go(f"/clients/{client_id}", f"The dates are on their way to {client.assistant_email}.")

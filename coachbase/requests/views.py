"""Asking clients to book, by the hands of staff; the client's tab of sessions, with what was asked."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..availability.rules import SessionKind
from ..clients.models import Client
from ..engagements.models import Engagement
from ..errors import Refused
from ..scheduling.models import usual_minutes
from ..sessions.models import CoachingSession, LedgerEntry, places_of
from ..sessions.rules import State
from ..web.pages import go, load_or_404
from . import actions
from .forms import AskForm
from .models import Request

pages = Blueprint("requests", __name__)

MOST_SESSIONS, MOST_PROGRAMS, MOST_REQUESTS = 200, 20, 20


# Asking a client to book ----------------------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/sessions/ask")
def choose_what_to_ask(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(_me()), client_id)
    if client.coach_id is None:
        return render_template("scheduling/no_coach.html", client=client)
    engagement = Engagement.current_of(client)
    kind = SessionKind.KICKOFF if engagement and not engagement.kickoff_on else SessionKind.COACHING
    return _asking(client, AskForm(data={"kind": kind, "minutes": usual_minutes(client.coach, kind, engagement)}))


@pages.post("/clients/<ulid:client_id>/sessions/ask")
def ask(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(_me()), client_id)
    if client.coach_id is None:
        raise Refused("Give the client a coach first.")
    form = AskForm(request.form)
    if not form.validate():
        return _asking(client, form), 422
    actions.ask(
        client,
        client.coach,
        SessionKind(form.kind.data),
        minutes=form.minutes.data,
        engagement=Engagement.current_of(client),
        **form.window(),
        by=_me(),
    )
    return go(f"/clients/{client_id}/sessions", f"{client.called} is asked to choose a time.")


def _asking(client: Client, form: AskForm) -> str:
    return render_template("requests/_ask.html" if request.htmx else "requests/ask.html", client=client, form=form)


@pages.post("/requests/<ulid:request_id>/withdraw")
def withdraw(request_id: str) -> ResponseReturnValue:
    asked = load_or_404(Request.visible_to(_me()), request_id)
    actions.withdraw(asked, by=_me())
    return go(f"/clients/{asked.client.public_id}/sessions", "It is not asked for any more.")


# The client's tab -----------------------------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/sessions")
def of_client(client_id: str) -> str:
    """What is to come and what was, who is asked to book, and the ledger of the program named, or the newest one."""
    client = load_or_404(Client.with_people(_me()), client_id)
    programs = list(Engagement.of(client).limit(MOST_PROGRAMS))
    named = request.args.get("program", "")
    shown = next((one for one in programs if one.public_id == named), next(iter(programs), None))
    sessions = list(CoachingSession.of_client(client).limit(MOST_SESSIONS))
    now = clock.now()
    coming = [one for one in reversed(sessions) if one.state is State.BOOKED and one.ends_at > now]
    return render_template(
        "requests/of_client.html",
        client=client,
        tab="sessions",
        coming=coming,
        unmarked=[one for one in reversed(sessions) if one.state is State.BOOKED and one.ends_at <= now],
        past=[one for one in sessions if one.state is not State.BOOKED],
        places=places_of(coming),
        requests=list(Request.of_client(client).limit(MOST_REQUESTS)),
        programs=programs,
        shown=shown,
        lines=list(LedgerEntry.of(shown)) if shown else [],
        balance=LedgerEntry.balance(shown) if shown else None,
        now=now,
    )


def _me() -> User:
    return current_user._get_current_object()

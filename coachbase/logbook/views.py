"""The coaching log of the ICF: a page, a file for a spreadsheet, a PDF; and what clients said about standing there."""

from datetime import date
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..clients.rules import csv_text
from ..errors import Stale
from ..web.conflict import conflict
from ..web.pages import attachment, go, load_or_404
from . import actions, tasks
from .forms import Asked, ConsentForm, as_typed, asked_for
from .models import LogConsent, log_for
from .rules import HEADER, Answer, Log, hours_in_words, period_in_words, row_of

pages = Blueprint("logbook", __name__)
pages.add_app_template_filter(hours_in_words, "hours")


@pages.get("/logbook")
def log() -> ResponseReturnValue:
    coaches = list(User.coaches_for(_me()))
    asked = asked_for(request.args, coaches, _me())
    if asked is None:
        return render_template("logbook/nobody.html")
    found, consents = log_for(asked.coach, _me(), asked.first, asked.last)
    return render_template(
        "logbook/log.html",
        asked=asked,
        coaches=coaches,
        periods=_periods(asked),
        log=found,
        totals=found.totals,
        refused={person for person, said in consents.items() if said.answer is Answer.NO},
        days=period_in_words(asked.first, asked.last),
    )


@pages.get("/logbook.csv")
def log_csv() -> ResponseReturnValue:
    _, found = _log()
    headers = {"Content-Disposition": 'attachment; filename="coaching-log.csv"'}
    rows = [row_of(line) for line in found.lines]
    return Response(csv_text(HEADER, rows), mimetype="text/csv", headers=headers)


@pages.get("/logbook.pdf")
def log_pdf() -> ResponseReturnValue:
    asked, found = _log()
    drawn = tasks.draw(asked.coach, found, asked.first, asked.last, at=clock.now())
    return attachment(drawn, f"Coaching log - {asked.coach.name}.pdf", "application/pdf")


def _log() -> tuple[Asked, Log]:
    asked = asked_for(request.args, list(User.coaches_for(_me())), _me())
    if asked is None:
        abort(404)
    return asked, log_for(asked.coach, _me(), asked.first, asked.last)[0]


def _periods(asked: Asked) -> list[tuple[str, str, bool]]:
    """What is mostly asked for, as chips: label, address, whether it is shown."""
    year = _today().year
    spans = {
        "All so far": (None, None),
        "This year": (date(year, 1, 1), date(year, 12, 31)),
        "Last year": (date(year - 1, 1, 1), date(year - 1, 12, 31)),
    }
    chosen = [(label, asked._replace(first=first, last=last)) for label, (first, last) in spans.items()]
    return [(label, one.address(), one == asked) for label, one in chosen]


# What clients said ----------------------------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/log-consent")
def consent(client_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    return _consent_page(client, ConsentForm(obj=_as_typed(client), today=_today()))


@pages.post("/clients/<ulid:client_id>/log-consent")
def record(client_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    form = ConsentForm(request.form, today=_today())
    if not form.validate():
        return _consent_page(client, form), 422
    try:
        actions.record(client, **form.values(), by=_me())
    except Stale as stale:
        return conflict(stale, form, _as_typed(client), request.path)
    coach = f"?coach={client.coach.public_id}" if client.coach_id else ""
    return go(f"/logbook{coach}", f"What {client.name} said is noted.")


def _as_typed(client: Client) -> object:
    organisation = client.organisation.name if client.organisation_id else ""
    return as_typed(LogConsent.of(client), organisation=organisation, today=_today())


def _consent_page(client: Client, form: ConsentForm) -> str:
    return render_template(
        "logbook/_consent.html" if request.htmx else "logbook/consent.html",
        client=client,
        said=LogConsent.of(client),
        form=form,
    )


def _client(client_id: str) -> Client:
    return load_or_404(Client.with_people(_me()), client_id)


def _today() -> date:
    return clock.now().astimezone(ZoneInfo(_me().zone)).date()


def _me() -> User:
    return current_user._get_current_object()

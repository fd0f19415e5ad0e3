"""A client's assessments: set up, given access to, marked, released; what sending access would do, and doing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..clients.rules import PARTY_LABELS
from ..engagements.models import Engagement
from ..errors import Refused
from ..instruments.models import Battery, Instrument
from ..instruments.rules import PART_LABELS, WAY_WORDS, Part
from ..mail.models import Message
from ..web.pages import go, load_or_404
from . import actions
from .forms import BatteryForm, CancelForm, CodeForm, DueForm, MarkForm, NewForm, ids_in, versions_seen
from .models import Access, Assessment, Report, foresee_access, has_way_in, may_open_reports
from .rules import NEXT_STEP, STAGES, STATE_LABELS, Dates, Facts, State, Todo, is_at_risk, refusal_to_mark

pages = Blueprint("assessments", __name__)

FACES = {
    State.SET_UP: ("plain", "list-checks"),
    State.ACCESS_SENT: ("accent", "send"),
    State.IN_PROGRESS: ("accent", "pencil"),
    State.COMPLETED: ("wait", "clipboard-check"),
    State.REPORT_IN: ("wait", "file-text"),
    State.PACKAGED: ("accent", "archive"),
    State.DEBRIEFED: ("wait", "coffee"),
    State.RELEASED: ("good", "circle-check"),
    State.CANCELLED: ("plain", "ban"),
}
"""Tone and icon of each state."""
MOST_AT_ONCE = 200


# A client's -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """An assessment as the client's tab shows it."""

    assessment: Assessment
    dates: Dates
    is_at_risk: bool
    has_way_in: bool
    mailed: Message | None
    reminder_on: date | None
    parts: list[tuple[str, Report | None]]
    moves: list[tuple[State, str]]
    """How far it can be marked by hand."""

    @property
    def face(self) -> tuple[str, str]:
        return FACES[self.assessment.state]

    @property
    def went_elsewhere(self) -> bool:
        """Whether access went to an address that is no longer the client's."""
        there = self.assessment.client.email.casefold()
        return self.mailed is not None and self.mailed.to_address.casefold() != there


@pages.get("/clients/<ulid:client_id>/assessments")
def of_client(client_id: str) -> str:
    client = load_or_404(Client.with_people(_me()), client_id)
    found = list(Assessment.listed(client))
    rows = _rows([each for each in found if each.state is not State.CANCELLED])
    to_send = [row.assessment.public_id for row in rows if row.assessment.todo(_today()) is Todo.SEND]
    return render_template(
        "assessments/of_client.html",
        client=client,
        tab="assessments",
        rows=rows,
        cancelled=[each for each in found if each.state is State.CANCELLED],
        send_all=send_address(to_send),
        to_send=len(to_send),
        labels=PARTY_LABELS,
        next_step=NEXT_STEP,
        today=clock.now().date(),
    )


def send_address(ids: Sequence[str]) -> str:
    return f"/assessments/send?{urlencode([('ids', each) for each in ids])}"


def _rows(assessments: list[Assessment]) -> list[Row]:
    today, may_open = clock.now().date(), may_open_reports(_me())
    filed, mailed = Report.of_all(assessments), Assessment.mails_of(assessments)
    return [_row(each, filed.get(each.id, {}), mailed.get(each.public_id), may_open, today) for each in assessments]


def _row(assessment: Assessment, filed: dict[Part, Report], mailed: Message | None, may_open: bool, today: date) -> Row:
    instrument, dates = assessment.instrument, assessment.dates(today)
    facts = Facts(bool(filed), False, Part.CLIENT in filed, instrument.has_client_part, may_open)
    reminder = assessment.next_reminder(today)
    may_be = [to for to in STAGES if to is not assessment.state and not refusal_to_mark(assessment.state, to, facts)]
    return Row(
        assessment,
        dates,
        is_at_risk(dates.expected_on, dates.due_on),
        has_way_in(assessment, today),
        mailed,
        reminder and max(reminder, today),
        [(PART_LABELS[part], filed.get(part)) for part in instrument.parts],
        [(to, STATE_LABELS[to]) for to in may_be if to is not State.RELEASED],
    )


# Setting up -----------------------------------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/assessments/new")
def new(client_id: str) -> ResponseReturnValue:
    return _new_page(_client(client_id), NewForm(today=_today()))


@pages.post("/clients/<ulid:client_id>/assessments/new")
def set_up(client_id: str) -> ResponseReturnValue:
    client, form = _client(client_id), NewForm(request.form, today=_today())
    form.offer(Instrument.kept())
    if not form.validate():
        return _new_page(client, form), 422
    program = Engagement.current_of(client)
    try:
        made = actions.set_up_by_hand(
            client, form.chosen(), engagement=program, due=form.due_on.data, code=form.typed(), by=_me()
        )
    except Refused as refusal:
        form.secret.errors = [str(refusal)]
        return _new_page(client, form), 422
    return go(_place(made), f"{made.label} is set up.")


def _new_page(client: Client, form: NewForm) -> str:
    form.offer(Instrument.kept())
    return _dialog("assessments/_new.html", "Set up an assessment", client=client, form=form)


@pages.get("/clients/<ulid:client_id>/assessments/battery")
def choose_battery(client_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    program = Engagement.current_of(client)
    chosen = program.battery.public_id if program and program.battery_id else ""
    return _battery_page(client, program, BatteryForm(data={"battery": chosen}))


@pages.post("/clients/<ulid:client_id>/assessments/battery")
def apply_battery(client_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    program, form = Engagement.current_of(client), BatteryForm(request.form)
    form.offer(Battery.kept())
    if program is None or not form.validate():
        return _battery_page(client, program, form), 422
    made = actions.apply_battery(program, form.chosen(), by=_me())
    said = f"{len(made)} {'assessment is' if len(made) == 1 else 'assessments are'} set up."
    return go(_tab(client), said if made else "All of it was set up already.")


def _battery_page(client: Client, program: Engagement | None, form: BatteryForm) -> str:
    form.offer(Battery.kept())
    return _dialog(
        "assessments/_battery.html",
        "Set up a battery",
        client=client,
        program=program,
        form=form,
    )


# One assessment -------------------------------------------------------------------------------------------------------


@pages.get("/assessments/<ulid:assessment_id>/due")
def choose_due(assessment_id: str) -> ResponseReturnValue:
    row = _assessment(assessment_id)
    return _about(row, "assessments/_due.html", "When it is due", form=DueForm(obj=row))


@pages.post("/assessments/<ulid:assessment_id>/due")
def change_due(assessment_id: str) -> ResponseReturnValue:
    row, form = _assessment(assessment_id), DueForm(request.form)
    if not form.validate():
        return _about(row, "assessments/_due.html", "When it is due", form=form), 422
    actions.change_due(row, form.due_on.data, version=form.version.data, by=_me())
    return go(_place(row), f"{row.label}: saved. The day stays when the program moves.")


@pages.get("/assessments/<ulid:assessment_id>/code")
def type_code(assessment_id: str) -> ResponseReturnValue:
    row = _assessment(assessment_id)
    days = row.instrument.code_days
    usual = {"version": row.version, "expires_on": _today() + timedelta(days=days) if days else None}
    return _code_page(row, CodeForm(data=usual, today=_today()))


@pages.post("/assessments/<ulid:assessment_id>/code")
def hand_in(assessment_id: str) -> ResponseReturnValue:
    row, form = _assessment(assessment_id), CodeForm(request.form, today=_today())
    if not form.validate():
        return _code_page(row, form), 422
    try:
        actions.hand_in(row, form.code(), version=form.version.data, by=_me())
    except Refused as refusal:
        form.secret.errors = [str(refusal)]
        return _code_page(row, form), 422
    return go(_place(row), f"{row.label}: the {WAY_WORDS[row.instrument.way][0]} is kept, and shown to nobody.")


def _code_page(row: Assessment, form: CodeForm) -> str:
    return _dialog(
        "assessments/_code.html",
        "The way in",
        assessment=row,
        client=row.client,
        form=form,
        way=row.instrument.way_label,
    )


@pages.post("/assessments/<ulid:assessment_id>/code/stock")
def take_code(assessment_id: str) -> ResponseReturnValue:
    """One out of the stock, kept for this client until access is sent."""
    row = _assessment(assessment_id)
    actions.give_code(row, by=_me())
    return go(_place(row), f"{row.label}: one is taken out of the stock.")


@pages.post("/assessments/<ulid:assessment_id>/mark")
def mark(assessment_id: str) -> ResponseReturnValue:
    """How far it is, by hand; a toast’s Undo has its fields in the address."""
    row, form = _assessment(assessment_id), MarkForm(request.values)
    if not form.validate():
        abort(400, form.errors_in_words())
    facts = row.facts(_me(), has_package=False)
    done = actions.mark(row, form.state, facts=facts, version=form.version.data, by=_me())
    undo = urlencode({"to": row.state, "version": done.version})
    flash(f"{row.label}: {STATE_LABELS[form.state].lower()}.", f"undo:/assessments/{assessment_id}/mark?{undo}")
    return go(_place(row))


@pages.get("/assessments/<ulid:assessment_id>/cancel")
def ask_why(assessment_id: str) -> ResponseReturnValue:
    row = _assessment(assessment_id)
    return _about(row, "assessments/_cancel.html", "Cancel", form=CancelForm(data={"version": row.version}))


@pages.post("/assessments/<ulid:assessment_id>/cancel")
def cancel(assessment_id: str) -> ResponseReturnValue:
    row, form = _assessment(assessment_id), CancelForm(request.form)
    if not form.validate():
        return _about(row, "assessments/_cancel.html", "Cancel", form=form), 422
    actions.cancel(row, reason=form.reason.data, version=form.version.data, by=_me())
    return go(_tab(row.client), f"{row.label} is cancelled.")


# Sending access -------------------------------------------------------------------------------------------------------


@pages.get("/assessments/send")
def look_at_mails() -> ResponseReturnValue:
    """What would leave: each mail, and what keeps it from leaving. Nothing has happened yet."""
    return _send_page(_chosen(ids_in(request.args)))


@pages.post("/assessments/send")
def send() -> ResponseReturnValue:
    """All of them, or none and why."""
    seen = versions_seen(request.form.getlist("seen"))
    rows = _chosen(list(seen)) or abort(400)
    try:
        count = actions.send({row.id: seen[row.public_id] for row in rows}, by=_me())
    except Refused as refusal:
        return _send_page(_chosen(list(seen)), str(refusal)), 422
    clients = {row.client_id for row in rows}
    said = f"{count} {'mail is' if count == 1 else 'mails are'} on the way."
    return go(_tab(rows[0].client) if len(clients) == 1 else "/boards/assessments", said)


def _chosen(ids: list[str]) -> list[Assessment]:
    """In the order in which they are to be sent; all of them, or it is a 404."""
    if len(ids) > MOST_AT_ONCE:
        raise Refused(f"At most {MOST_AT_ONCE} at once. Untick some.")
    found = Assessment.visible_with_access(_me()).where(Assessment.public_id.in_(ids))
    rows = list(found.order_by(Assessment.send_on, Assessment.id)) if ids else []
    return rows if len(rows) == len(ids) else abort(404)


def _send_page(rows: list[Assessment], refused: str = "") -> str:
    mails = foresee_access(rows, _today())
    fit = [each.assessment.public_id for each in mails if not each.refusal]
    clients = {row.client_id: row.client for row in rows}
    return render_template(
        "assessments/send.html",
        mails=[(each, _address_without(each, mails)) for each in mails],
        refused=refused,
        left=len(mails) - len(fit),
        send_fit=send_address(fit) if fit else "",
        client=next(iter(clients.values())) if len(clients) == 1 else None,
    )


def _address_without(one: Access, mails: Sequence[Access]) -> str:
    return send_address([each.assessment.public_id for each in mails if each is not one])


# What they share ------------------------------------------------------------------------------------------------------


def _dialog(partial: str, title: str, **shown: Any) -> str:
    """What opens in the dialog, or stands on a page without JavaScript."""
    template = partial if request.htmx else "assessments/dialog.html"
    return render_template(template, partial=partial, title=title, **shown)


def _about(row: Assessment, partial: str, title: str, **shown: Any) -> str:
    return _dialog(partial, title, assessment=row, client=row.client, **shown)


def _client(public_id: str) -> Client:
    return load_or_404(Client.with_people(_me()), public_id)


def _assessment(public_id: str) -> Assessment:
    return load_or_404(Assessment.visible_with_access(_me()), public_id)


def _tab(client: Client) -> str:
    return f"/clients/{client.public_id}/assessments"


def _place(row: Assessment) -> str:
    return f"{row.page}#assessment-{row.public_id}"


def _today() -> date:
    return clock.now().date()


def _me() -> User:
    return current_user._get_current_object()

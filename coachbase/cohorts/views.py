"""Cohorts: who has a seat, the series, times that suit most, who was there, and what was handed out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..availability.rules import minute_of, moment_of
from ..clients.models import Client
from ..engagements.rules import Cadence
from ..errors import Refused, Stale
from ..files.forms import sent
from ..files.models import Document
from ..files.rules import size_in_words
from ..scheduling.forms import moment_at
from ..sessions.models import STRANGER, Attendee
from ..sessions.rules import State
from ..slots.rules import label
from ..web.conflict import conflict
from ..web.forms import Form
from ..web.pages import attachment, go, load_or_404
from . import actions
from .forms import (
    BookForm,
    ChangeCohortForm,
    MakeUpForm,
    MaterialForm,
    NewCohortForm,
    SeatForm,
    SeriesForm,
    TimesForm,
    TopicForm,
    moments_ticked,
    ticks_sent,
)
from .models import Cohort, Material, Meeting, Seat, attendees_of, together, visible_among
from .rules import CohortState, Planned, Together

pages = Blueprint("cohorts", __name__, url_prefix="/cohorts")
MOST_SUGGESTIONS, A_DAY = 40, 4


@pages.get("")
def cohorts() -> ResponseReturnValue:
    found = list(Cohort.listed(_me()))
    return render_template("cohorts/cohorts.html", cohorts=found, coming=Meeting.next_of(found, clock.now()))


@pages.get("/new")
def new() -> ResponseReturnValue:
    return render_template("cohorts/new.html", form=_new_form())


@pages.post("/new")
def create() -> ResponseReturnValue:
    form = _new_form()
    if not form.validate():
        return render_template("cohorts/new.html", form=form), 422
    coach = load_or_404(User.coaches_for(_me()), form.coach.data)
    cohort = actions.create(coach, _values(form, "coach"), by=_me())
    return go(_home(cohort), f"{cohort.name} is there. Give the first seats.")


def _new_form() -> NewCohortForm:
    form = NewCohortForm(request.form)
    form.offer(User.coaches_for(_me()))
    return form


@pages.get("/<ulid:cohort_id>")
def cohort(cohort_id: str) -> ResponseReturnValue:
    return _page(_cohort(cohort_id))


@pages.get("/<ulid:cohort_id>/edit")
def edit(cohort_id: str) -> ResponseReturnValue:
    found = _cohort(cohort_id)
    return render_template("cohorts/edit.html", cohort=found, form=ChangeCohortForm(obj=found))


@pages.post("/<ulid:cohort_id>/edit")
def change(cohort_id: str) -> ResponseReturnValue:
    found = _cohort(cohort_id)
    form = ChangeCohortForm(request.form)
    if not form.validate():
        return render_template("cohorts/edit.html", cohort=found, form=form), 422
    try:
        actions.change(found, _values(form, "version"), version=form.version.data)
    except Stale as stale:
        return conflict(stale, form, Cohort.get_by_id(found.id), request.path)
    except Refused as refusal:
        form.seats.errors = [str(refusal)]
        return render_template("cohorts/edit.html", cohort=found, form=form), 422
    return go(_home(found), "Saved. Sessions that are booked stay as they are.")


@pages.post("/<ulid:cohort_id>/close")
def close(cohort_id: str) -> ResponseReturnValue:
    found = _cohort(cohort_id)
    actions.close(found)
    flash(f"{found.name} is closed. Its sessions stay as they are.", f"undo:{_home(found)}/reopen")
    return go(_home(found))


@pages.post("/<ulid:cohort_id>/reopen")
def reopen(cohort_id: str) -> ResponseReturnValue:
    found = _cohort(cohort_id)
    actions.reopen(found)
    return go(_home(found), f"{found.name} is open again.")


def _values(form: Form, *but: str) -> dict[str, Any]:
    return {name: value for name, value in form.data.items() if name not in but}


# Seats ----------------------------------------------------------------------------------------------------------------


@pages.post("/<ulid:cohort_id>/seats")
def take_seat(cohort_id: str) -> ResponseReturnValue:
    found = _cohort(cohort_id)
    form = SeatForm(request.form)
    candidates = list(found.candidates(_me()))
    form.offer(candidates)
    if not form.validate():
        return _page(found, form), 422
    try:
        return _seat(found, [client for client in candidates if client.public_id in form.clients.data])
    except Refused as refusal:
        form.clients.errors = [str(refusal)]
        return _page(found, form), 422


@pages.post("/<ulid:cohort_id>/seats/<ulid:client_id>/again")
def take_seat_again(cohort_id: str, client_id: str) -> ResponseReturnValue:
    """Reached from a toast: who left comes back."""
    found = _cohort(cohort_id)
    return _seat(found, [load_or_404(found.candidates(_me()), client_id)])


def _seat(cohort: Cohort, clients: Sequence[Client]) -> ResponseReturnValue:
    missed = actions.take_seats(cohort, clients, by=_me())
    said = f"{clients[0].name} has a seat." if len(clients) == 1 else f"{len(clients)} more have a seat."
    flash(said + (f" Not invited: {'; '.join(missed)}" if missed else ""))
    return go(_home(cohort))


@pages.post("/<ulid:cohort_id>/seats/<ulid:seat_id>/leave")
def leave_seat(cohort_id: str, seat_id: str) -> ResponseReturnValue:
    found = _cohort(cohort_id)
    seat: Seat = load_or_404(Seat.seen_by(_me(), found), seat_id)
    actions.leave_seat(seat, by=_me())
    again = f"{_home(found)}/seats/{seat.client.public_id}/again"
    flash(f"{seat.client.name} has left; the invitations are taken back.", f"undo:{again}")
    return go(_home(found))


# The series -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A date of the series as it is shown: what keeps it from being had, who cannot come, and for whom it is night."""

    starts_at: datetime
    why_not: str
    can_be_had: bool
    absent: Sequence[str]
    at_night: Sequence[str]


@pages.get("/<ulid:cohort_id>/series")
def plan_series(cohort_id: str) -> ResponseReturnValue:
    """Dates with the exceptions marked, once a first one was typed; nothing is booked by looking."""
    found = _cohort(cohort_id)
    form = SeriesForm(request.args)
    rows = _rows(found, form.planned(found.coach.zone)) if request.args and form.validate() else []
    return _series_page(found, form if request.args else SeriesForm(), rows)


@pages.post("/<ulid:cohort_id>/series")
def book_series(cohort_id: str) -> ResponseReturnValue:
    found = _cohort(cohort_id)
    form = BookForm(request.form)
    if not form.validate():
        raise Refused(form.errors_in_words())
    starts = moments_ticked(request.form, found.coach.zone)
    topics = [line.strip() for line in form.topics.data.split("\n")]
    booked = actions.book_series(found, starts, topics=topics, despite=form.despite.data, by=_me())
    said = "One session is" if len(booked) == 1 else f"{len(booked)} sessions are"
    return go(_home(found), f"{said} booked; each member gets an invitation alone.")


def _series_page(cohort: Cohort, form: SeriesForm, rows: Sequence[Row]) -> str:
    return render_template("cohorts/series.html", cohort=cohort, form=form, book=BookForm(), rows=rows, label=label)


def _rows(cohort: Cohort, planned: Sequence[Planned]) -> list[Row]:
    members = cohort.members
    names = _names([member.id for member in members], members)
    first, last = planned[0].starts_at, planned[-1].starts_at + timedelta(minutes=1)
    then = together(cohort, members, first, last)
    return [_row(then, each, names) for each in planned]


def _row(then: Together, planned: Planned, names: Sequence[str]) -> Row:
    start = minute_of(planned.starts_at)
    reasons = then.host.why_not(start)
    words = "; ".join(reason.words for reason in reasons) if planned.exists else "the clocks skip this time"
    can_be_had = planned.exists and not any(reason.is_hard for reason in reasons)
    absent, at_night = ([names[place] for place in places] for places in (then.absent(start), then.at_night(start)))
    return Row(planned.starts_at, words, can_be_had, absent, at_night)


@pages.get("/<ulid:cohort_id>/times")
def times(cohort_id: str) -> ResponseReturnValue:
    """When the coach is free, those times first at which most members can come."""
    found = _cohort(cohort_id)
    tomorrow = (clock.now() + timedelta(days=1)).astimezone(ZoneInfo(found.coach.zone)).date()
    form = TimesForm(request.args) if request.args else TimesForm(data={"first": tomorrow, "days": 14})
    suggestions: list[tuple[datetime, list[str], list[str], str]] = []
    members = found.members
    if not request.args or form.validate():
        first = datetime.combine(form.first.data, datetime.min.time(), ZoneInfo(found.coach.zone)).astimezone(UTC)
        then = together(found, members, first, first + timedelta(days=form.days.data))
        names = _names([member.id for member in members], members)
        for start, cannot, at_night in then.ranked(MOST_SUGGESTIONS, a_day=A_DAY):
            absent, sleepers = ([names[place] for place in places] for places in (cannot, at_night))
            suggestions.append((moment_of(start), absent, sleepers, _series_from(found, moment_of(start))))
    return render_template(
        "cohorts/times.html", cohort=found, form=form, suggestions=suggestions, members=members, label=label
    )


def _series_from(cohort: Cohort, moment: datetime) -> str:
    """Where a series with that time each is planned."""
    local = moment.astimezone(ZoneInfo(cohort.coach.zone))
    asked = {"first": local.date().isoformat(), "at": f"{local:%H:%M}", "count": 6, "cadence": Cadence.BIWEEKLY.value}
    return f"{_home(cohort)}/series?{urlencode(asked)}"


# One session ----------------------------------------------------------------------------------------------------------


@pages.get("/<ulid:cohort_id>/meetings/<ulid:meeting_id>")
def meeting(cohort_id: str, meeting_id: str) -> ResponseReturnValue:
    return _meeting_page(_meeting(cohort_id, meeting_id))


@pages.post("/<ulid:cohort_id>/meetings/<ulid:meeting_id>")
def change_topic(cohort_id: str, meeting_id: str) -> ResponseReturnValue:
    found = _meeting(cohort_id, meeting_id)
    form = TopicForm(request.form)
    if not form.validate():
        return _meeting_page(found, topic=form), 422
    try:
        actions.change_topic(found, form.topic.data, version=form.version.data)
    except Stale as stale:
        return conflict(stale, form, Meeting.get_by_id(found.id), request.path)
    return go(request.path, "Saved.")


@pages.post("/<ulid:cohort_id>/meetings/<ulid:meeting_id>/make-up")
def make_up(cohort_id: str, meeting_id: str) -> ResponseReturnValue:
    found = _meeting(cohort_id, meeting_id)
    missed = _missed(found)
    form = MakeUpForm(request.form)
    form.offer(missed, found.cohort.coach.zone)
    if not form.validate():
        return _meeting_page(found, again=form), 422
    clients = [client for client in missed if client.public_id in form.members.data]
    moment = moment_at(form.day.data, form.at.data, found.cohort.coach.zone)
    try:
        made = actions.make_up(found, moment, clients, despite=form.despite.data, by=_me())
    except Refused as refusal:
        form.day.errors = [str(refusal)]
        return _meeting_page(found, again=form), 422
    return go(f"{_home(found.cohort)}/meetings/{made.public_id}", "It is booked; only those who missed it are invited.")


@pages.post("/<ulid:cohort_id>/meetings/<ulid:meeting_id>/materials")
def hand_out(cohort_id: str, meeting_id: str) -> ResponseReturnValue:
    found = _meeting(cohort_id, meeting_id)
    form = MaterialForm(sent())
    if not form.validate():
        return _meeting_page(found, material=form), 422
    actions.hand_out(found, form.files.data, by=_me())
    return go(f"{_home(found.cohort)}/meetings/{meeting_id}", "Filed with this session.")


@pages.get("/<ulid:cohort_id>/materials/<ulid:document_id>")
def take_out(cohort_id: str, document_id: str) -> ResponseReturnValue:
    document: Document = load_or_404(Material.documents_of(_cohort(cohort_id)), document_id)
    return attachment(document.content, document.name, document.media_type)


@pages.post("/<ulid:cohort_id>/meetings/<ulid:meeting_id>/materials/<ulid:document_id>/remove")
def take_back(cohort_id: str, meeting_id: str, document_id: str) -> ResponseReturnValue:
    found = _meeting(cohort_id, meeting_id)
    document = load_or_404(Material.documents_of(found.cohort, found), document_id)
    actions.take_back(found, document)
    return go(f"{_home(found.cohort)}/meetings/{meeting_id}", f"{document.name} is gone.")


def _meeting_page(
    meeting: Meeting,
    *,
    topic: TopicForm | None = None,
    again: MakeUpForm | None = None,
    material: MaterialForm | None = None,
) -> str:
    missed = _missed(meeting)
    if again is None:
        again = MakeUpForm()
        again.offer(missed, meeting.cohort.coach.zone)
        again.members.data = [client.public_id for client in missed]
    invited = attendees_of([meeting])
    names = _names([attendee.client_id for attendee in invited], invited)
    return render_template(
        "cohorts/meeting.html",
        cohort=meeting.cohort,
        meeting=meeting,
        session=meeting.session,
        invited=list(zip(invited, names, strict=True)),
        missed=missed,
        topic=topic or TopicForm(obj=meeting),
        again=again,
        material=material or MaterialForm(),
        materials=list(Material.of([meeting])),
        has_begun=meeting.session.starts_at <= clock.now(),
        size_in_words=size_in_words,
        label=label,
    )


def _missed(meeting: Meeting) -> list[Client]:
    """Who has a seat, was not there, nor at a session that made up for it, and is not asked to one."""
    if meeting.makes_up_id is not None or meeting.session.starts_at > clock.now():
        return []
    people = attendees_of([meeting, *Meeting.repeating(meeting)])
    came_or_may = {each.client_id for each in people if each.was_there is not False}
    return [seat.client for seat in Seat.seen_by(_me(), meeting.cohort) if seat.client_id not in came_or_may]


# Attendance -----------------------------------------------------------------------------------------------------------


@pages.post("/<ulid:cohort_id>/attendance")
def tick(cohort_id: str) -> ResponseReturnValue:
    found = _cohort(cohort_id)
    written = actions.tick(found, ticks_sent(request.form), by=_me())
    return go(f"{_home(found)}#attendance", "Saved." if written else "Nothing was changed.")


def _page(cohort: Cohort, seat_form: SeatForm | None = None) -> str:
    now = clock.now()
    seats = list(Seat.of(cohort))
    meetings = list(Meeting.of(cohort))
    invited = attendees_of(meetings)
    names = _names([seat.client_id for seat in seats], [seat.client for seat in seats])
    if seat_form is None:
        seat_form = SeatForm()
        seat_form.offer(cohort.candidates(_me()) if cohort.state is not CohortState.CLOSED else ())
    return render_template(
        "cohorts/cohort.html",
        cohort=cohort,
        seats=list(zip(seats, names, strict=True)),
        seat_form=seat_form,
        meetings=meetings,
        begun=[meeting for meeting in meetings if meeting.session.starts_at <= now],
        invitations={(each.session_id, each.client_id): each for each in invited},
        made_up=_made_up(meetings, invited),
        counts=_counts(invited),
        materials=_materials(meetings),
        label=label,
    )


def _made_up(meetings: Sequence[Meeting], invited: Sequence[Attendee]) -> dict[tuple[int, int], Meeting]:
    """By meeting and client: the one that makes up for it, the last where there are several."""
    again = {
        each.session_id: each for each in meetings if each.makes_up_id and each.session.state is not State.CANCELLED
    }
    return {
        (again[each.session_id].makes_up_id, each.client_id): again[each.session_id]
        for each in invited
        if each.session_id in again
    }


def _counts(invited: Sequence[Attendee]) -> dict[int, tuple[int, int]]:
    """By session: how many are invited, and how many were there."""
    counts: dict[int, tuple[int, int]] = {}
    for each in invited:
        came, there = counts.get(each.session_id, (0, 0))
        counts[each.session_id] = came + 1, there + bool(each.was_there)
    return counts


def _materials(meetings: Sequence[Meeting]) -> dict[int, int]:
    """By meeting: how many documents."""
    counts: dict[int, int] = {}
    for material in Material.of(meetings):
        counts[material.meeting_id] = counts.get(material.meeting_id, 0) + 1
    return counts


def _names(clients: Sequence[int], rows: Sequence[Any]) -> list[str]:
    """The names of members one may see; the wall of a client is not the cohort's."""
    visible = visible_among(_me(), clients)
    return [row.name if client in visible else STRANGER for client, row in zip(clients, rows, strict=True)]


def _cohort(public_id: str) -> Cohort:
    return load_or_404(Cohort.visible_to(_me()), public_id)


def _meeting(cohort_id: str, meeting_id: str) -> Meeting:
    found = _cohort(cohort_id)
    meeting: Meeting = load_or_404(Meeting.of(found), meeting_id)
    meeting.cohort = found
    return meeting


def _home(cohort: Cohort) -> str:
    return f"/cohorts/{cohort.public_id}"


def _me() -> User:
    return current_user._get_current_object()

"""Sessions by the hands of staff: booked, moved, placed and cancelled; why a time is not free."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..availability.models import Availability
from ..availability.rules import PLACE_LABELS, PlaceKind, SessionKind, minute_of
from ..clients.models import Client, Contact
from ..engagements.models import Engagement, Participant
from ..engagements.rules import State as ProgramState
from ..errors import Refused, Stale
from ..events import ask
from ..sessions.models import Attendee, CoachingSession
from ..sessions.rules import place_of
from ..slots.models import moments, openings_of
from ..slots.rules import Openings, Reason
from ..web.filters import clock_in, day_in
from ..web.guard import is_own_page
from ..web.pages import go, load_or_404, reader_zone
from . import actions
from .forms import (
    A_WEEK,
    ALONE,
    MOST_DAYS,
    BookForm,
    CancelForm,
    MoveForm,
    PlaceForm,
    WhenForm,
    WhyForm,
    days_listed,
    moment_named,
    with_slot,
)
from .models import AN_HOUR, as_told_to, knows_day_of, sessions_left, usual_minutes
from .rules import Side, Via, is_charged, refusal_to_change, refusal_to_have

pages = Blueprint("scheduling", __name__)

MOST_CONTACTS, MOST_PROGRAMS = 30, 20
SOMEBODY = "a client you do not look after"


@dataclass(frozen=True)
class Free:
    """A free start, as a button shows it: on the coach's clock, and on the client's with the day if it is another."""

    slot: str
    here: str
    there: str
    is_chosen: bool


@dataclass(frozen=True)
class Outlook:
    """What the form says about the time that is typed so far, and which times are free from that day on."""

    starts_at: datetime | None
    refusal: str | None
    reasons: Sequence[Reason]
    unknown: Sequence[str]
    days: Sequence[tuple[str, Sequence[Free]]]

    @property
    def is_hard(self) -> bool:
        return any(reason.is_hard for reason in self.reasons)

    @property
    def asks_why(self) -> bool:
        """Whether it can be done with a reason only."""
        return bool(self.refusal or self.reasons) and not self.is_hard


# Booking --------------------------------------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/sessions/new")
def new_session(client_id: str) -> ResponseReturnValue:
    """The form; asked again with what is typed so far it says whether that time is free."""
    client = load_or_404(Client.with_people(_me()), client_id)
    if client.coach_id is None:
        return render_template("scheduling/no_coach.html", client=client)
    return _booking(client, _book_form(client, request.args))


@pages.post("/clients/<ulid:client_id>/sessions/new")
def book(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(_me()), client_id)
    if client.coach_id is None:
        raise Refused("Give the client a coach first.")
    form = _book_form(client, request.form)
    if not form.validate() or form.starts_at is None:
        return _booking(client, form), 422
    place_kind, place = form.where
    try:
        session = actions.book(
            client.coach,
            form.session_kind,
            form.starts_at,
            form.minutes.data,
            via=Via.STAFF,
            client=client,
            engagement=form.engagement,
            contacts=form.guests,
            place_kind=place_kind,
            place=place,
            despite=form.despite.data,
            by=_me(),
        )
    except Refused as refusal:
        return _booking(client, form, refused=str(refusal)), 422
    return go(_way_back(f"/clients/{client_id}/sessions"), f"{session.label} booked for {_spoken(session)}.")


def _book_form(client: Client, sent: Any) -> BookForm:
    """Filled with what was typed, or at first with what is right most of the time."""
    programs = list(Engagement.of(client).limit(MOST_PROGRAMS))
    filled = with_slot(sent, client.coach.zone, reader_zone())
    if "suggested_for" not in filled:
        for name, values in _usual(client, programs, filled.get("kind", "")).items():
            filled.setlistdefault(name, values)
    form = BookForm(filled, zone=client.coach.zone)
    form.offer(programs, _contacts(client) if form.is_three_way else ())
    form.offer_places(_inherited(client.coach, form.engagement))
    if form.suggested_for.data != form.kind.data and "minutes" not in sent:
        form.fill_minutes(usual_minutes(client.coach, form.session_kind, form.engagement))
    form.suggested_for.data = form.kind.data
    return form


def _usual(client: Client, programs: Sequence[Engagement], wanted: str) -> dict[str, list[str]]:
    """The program that runs, the session that comes next in it, and to a three-way meeting who of the sponsor meets."""
    running = next((one for one in programs if one.state not in (ProgramState.COMPLETED, ProgramState.ENDED)), None)
    kind = SessionKind(wanted) if wanted in ALONE else _next_kind(client, running)
    meets = Participant.of(running).where(Participant.meets) if running and kind is SessionKind.THREE_WAY else ()
    return {
        "kind": [kind.value],
        "program": [running.public_id if running else ""],
        "contacts": [one.contact.public_id for one in meets],
        "fold": ["0"],
        "place_kind": [""],
    }


def _next_kind(client: Client, running: Engagement | None) -> SessionKind:
    """What the client is asked to book, or else what comes next."""
    if asked := ask(actions.KindAsked(client)):
        return asked
    if running is None:
        return SessionKind.CHEMISTRY
    return SessionKind.COACHING if running.kickoff_on else SessionKind.KICKOFF


def _contacts(client: Client) -> list[Contact]:
    return list(Contact.of(client.organisation).limit(MOST_CONTACTS)) if client.organisation_id else []


def _booking(client: Client, form: BookForm, *, refused: str = "") -> str:
    kind, engagement = form.session_kind, form.engagement
    minutes = form.length(AN_HOUR)
    place_kind, _ = form.where
    usual = _inherited(client.coach, engagement)
    refusal = refusal_to_have(
        kind,
        engagement.state if engagement else None,
        minutes=minutes,
        has_place=bool(usual or place_kind),
        left=sessions_left(engagement, kind),
        despite="",
    )
    return _form_page(
        "scheduling/book.html",
        client=client,
        coach=client.coach,
        form=form,
        refused=refused,
        back=_way_back(f"/clients/{client.public_id}/sessions"),
        outlook=_outlook(form, client.coach, kind, minutes, [client], form.guests, refusal=refusal),
        zone_there=client.zone or client.coach.zone,
        is_three_way=form.is_three_way,
    )


def _outlook(
    form: WhenForm,
    coach: User,
    kind: SessionKind,
    minutes: int,
    people: Sequence[Client],
    contacts: Sequence[Contact],
    *,
    but: Sequence[CoachingSession] = (),
    refusal: str | None = None,
) -> Outlook:
    """Both answers from one reading: whether the time that is typed is free, and the free ones around that day."""
    days = days_listed(request.values.get("days"))
    first = _first_listed(form, coach)
    openings = openings_of(
        coach, kind, minutes, first, first + timedelta(days=days), clients=people, contacts=contacts, but=but
    )
    starts_at = form.starts_at
    return Outlook(
        starts_at=starts_at,
        refusal=refusal,
        reasons=as_told_to(_me(), coach, openings.why_not(minute_of(starts_at))) if starts_at else (),
        unknown=_named_calendars(openings, coach),
        days=_by_day(
            openings, coach.zone, (people[0].zone or coach.zone) if len(people) == 1 else coach.zone, starts_at
        ),
    )


def _named_calendars(openings: Openings, coach: User) -> Sequence[str]:
    """The calendars that cannot be read, by their names for whoever may know them."""
    if not openings.unknown or knows_day_of(_me(), coach):
        return openings.unknown
    return (f"a calendar of {coach.name}",)


def _first_listed(form: WhenForm, coach: User) -> datetime:
    """Two days before the one that is typed, but nothing that is over: midnight on the coach's clock."""
    today = clock.now().astimezone(ZoneInfo(coach.zone)).date()
    day = form.chosen_day or today
    first = max(min(day, today), day - timedelta(days=2))
    return datetime.combine(first, time(), ZoneInfo(coach.zone)).astimezone(UTC)


def _by_day(openings: Openings, here: str, there: str, chosen: datetime | None) -> list[tuple[str, list[Free]]]:
    starts = [(day_in(moment, here), moment) for moment in moments(openings.starts)]
    return [
        (day, [_free(moment, day, here, there, chosen) for _, moment in rows])
        for day, rows in groupby(starts, key=itemgetter(0))
    ]


def _free(moment: datetime, day: str, here: str, there: str, chosen: datetime | None) -> Free:
    other = day_in(moment, there)
    beside = "" if here == there else clock_in(moment, there) + ("" if other == day else f" {other[:3]}")
    return Free(_slot(moment), clock_in(moment, here), beside, moment == chosen)


def _slot(moment: datetime) -> str:
    """A moment in an address; forms.moment_named reads it."""
    return f"{moment:%Y-%m-%dT%H:%MZ}"


def _inherited(coach: User, engagement: Engagement | None) -> str:
    """Where a session is when nobody says otherwise, in words; '' when nobody said."""
    chain = [(engagement.place_kind_name, engagement.place)] if engagement else []
    terms = Availability.of(coach)
    kind, place = place_of([*chain, (terms.place_kind_name, terms.place)])
    return f"{PLACE_LABELS[PlaceKind(kind)]}, {place}" if kind else ""


# Moving ---------------------------------------------------------------------------------------------------------------


@pages.get("/sessions/<ulid:session_id>/move")
def choose_time(session_id: str) -> ResponseReturnValue:
    session = _changeable(session_id)
    return _moving(session, _move_form(session, request.args))


@pages.post("/sessions/<ulid:session_id>/move")
def move(session_id: str) -> ResponseReturnValue:
    """Reached from the form, and from the calendar by a drag or a key that fills in the same form."""
    session = _session(session_id)
    was, form = session.starts_at, _move_form(session, request.form)
    if not form.validate() or form.starts_at is None:
        return _moving(session, form), 422
    try:
        actions.move(
            session,
            form.starts_at,
            minutes=form.minutes.data,
            side=Side.FIRM,
            via=Via.STAFF,
            reason=form.reason.data or form.despite.data,
            despite=form.despite.data,
            version=form.version.data,
            by=_me(),
        )
    except Stale as stale:
        form.version.raw_data, form.version.data = None, _session(session_id).version
        return _moving(_session(session_id), form, refused=f"{stale} Here is what you typed."), 409
    except Refused as refusal:
        return _moving(session, form, refused=str(refusal)), 422
    moved = _session(session_id)
    what = f"now {moved.minutes} minutes" if moved.starts_at == was else f"moved to {_spoken(moved)}"
    return go(_way_back(f"/sessions/{session_id}"), f"{_named(moved)}: {what}.")


def _move_form(session: CoachingSession, sent: Any) -> MoveForm:
    filled = with_slot(sent, session.coach.zone, reader_zone())
    local = session.starts_at.astimezone(ZoneInfo(session.coach.zone))
    usual = {
        "day": local.date().isoformat(),
        "at": f"{local:%H:%M}",
        "fold": str(local.fold),
        "minutes": str(session.minutes),
        "version": str(session.version),
    }
    if request.method == "GET":
        for name, value in usual.items():
            filled.setdefault(name, value)
    filled.setdefault("fold", "0")
    return MoveForm(filled, zone=session.coach.zone)


def _moving(session: CoachingSession, form: MoveForm, *, refused: str = "") -> str:
    """The form, with what is said about the time; a refusal that no reason can change is said alone to the calendar."""
    attendees = list(Attendee.of(session))
    people = [one.client for one in attendees if one.client_id]
    contacts = [one.contact for one in attendees if one.contact_id]
    minutes = form.length(session.minutes)
    outlook = _outlook(form, session.coach, session.kind, minutes, people, contacts, but=[session])
    for name in _unseen(session, people):
        refused = refused.replace(name, SOMEBODY)
        outlook = replace(
            outlook, reasons=[one._replace(party=one.party.replace(name, SOMEBODY)) for one in outlook.reasons]
        )
    if refused and request.htmx and not outlook.asks_why:
        raise Refused(refused)
    form.reason.data = form.despite.data = form.reason.data or form.despite.data  # one of them is asked for
    return _form_page(
        "scheduling/move.html",
        session=session,
        coach=session.coach,
        form=form,
        refused=refused,
        back=_way_back(f"/sessions/{session.public_id}"),
        outlook=outlook,
        zone_there=(people[0].zone if len(people) == 1 else "") or session.coach.zone,
        is_same=(form.starts_at, minutes) == (session.starts_at, session.minutes),
        named=_named(session),
    )


def _unseen(session: CoachingSession, people: Sequence[Client]) -> list[str]:
    """Members of a group who lie behind another coach's wall: their names stand in no reason."""
    if session.client_id:
        return []
    seen = Client.visible_to(_me(), Client.id).where(Client.id.in_(people))
    known = {one.id for one in seen}
    return [one.name for one in people if one.id not in known]


# Cancelling, and where it is ------------------------------------------------------------------------------------------


@pages.get("/sessions/<ulid:session_id>/cancel")
def ask_why(session_id: str) -> ResponseReturnValue:
    """Who cancels and why; what it costs stands beside."""
    session = _changeable(session_id)
    return _cancelling(session, CancelForm(data={"version": session.version}))


@pages.post("/sessions/<ulid:session_id>/cancel")
def cancel(session_id: str) -> ResponseReturnValue:
    session = _session(session_id)
    form = CancelForm(request.form)
    if not form.validate():
        return _cancelling(session, form), 422
    try:
        actions.cancel(session, side=Side(form.side.data), reason=form.reason.data, version=form.version.data, by=_me())
    except Stale as stale:
        form.version.raw_data, form.version.data = None, _session(session_id).version
        return _cancelling(_session(session_id), form, refused=str(stale)), 409
    except Refused as refusal:
        return _cancelling(session, form, refused=str(refusal)), 422
    return go(_way_back(_home(session)), f"{_named(session)}: {_session(session_id).state_label.lower()}.")


def _cancelling(session: CoachingSession, form: CancelForm, *, refused: str = "") -> str:
    engagement = session.engagement if session.engagement_id else None
    is_charge = engagement is not None and is_charged(
        Side.CLIENT,
        session.starts_at,
        clock.now(),
        cancel_hours=engagement.cancel_hours,
        late_is_charged=engagement.late_is_charged,
    )
    return _form_page(
        "scheduling/cancel.html",
        session=session,
        engagement=engagement,
        form=form,
        refused=refused,
        is_charged=is_charge,
        back=_way_back(_home(session)),
        named=_named(session),
    )


@pages.get("/sessions/<ulid:session_id>/place")
def choose_place(session_id: str) -> ResponseReturnValue:
    session = _changeable(session_id)
    form = PlaceForm(data={"place_kind": session.place_kind_name, "place": session.place, "version": session.version})
    return _placing(session, form)


@pages.post("/sessions/<ulid:session_id>/place")
def place(session_id: str) -> ResponseReturnValue:
    session = _session(session_id)
    form = PlaceForm(request.form)
    form.offer_places(_inherited(session.coach, session.engagement if session.engagement_id else None))
    if not form.validate():
        return _placing(session, form), 422
    kind, words = form.where
    try:
        actions.place(session, kind, words, version=form.version.data, by=_me())
    except Stale as stale:
        form.version.raw_data, form.version.data = None, _session(session_id).version
        return _placing(_session(session_id), form, refused=f"{stale} Here is what you typed."), 409
    except Refused as refusal:
        return _placing(session, form, refused=str(refusal)), 422
    return go(_way_back(f"/sessions/{session_id}"), "Everybody is told where it is now.")


def _placing(session: CoachingSession, form: PlaceForm, *, refused: str = "") -> str:
    form.offer_places(_inherited(session.coach, session.engagement if session.engagement_id else None))
    return _form_page(
        "scheduling/place.html",
        session=session,
        form=form,
        refused=refused,
        back=_way_back(f"/sessions/{session.public_id}"),
        named=_named(session),
    )


# Why not? -------------------------------------------------------------------------------------------------------------


@pages.get("/slots/why")
def why_not() -> ResponseReturnValue:
    """Any time of a coach's calendar: whether a session could begin then, for whom, and what is in the way."""
    coaches = list(User.coaches_for(_me()))
    if not coaches:
        raise Refused("There is no coach yet. Invite one first.")
    coach = next((one for one in coaches if one.public_id == request.args.get("coach")), coaches[0])
    form = _why_form(coach)
    clients = list(Client.with_people(_me()).where(Client.coach == coach).order_by(Client.search_key))
    client = next((one for one in clients if one.public_id == request.args.get("client")), None)
    kind = SessionKind(form.kind.data) if form.kind.data in ALONE else SessionKind.COACHING
    minutes = form.length(AN_HOUR)
    outlook = _outlook(form, coach, kind, minutes, [client] if client else [], [])
    if outlook.days and not {"slot", "day"} & {*request.args}:
        outlook = _at_first_free(outlook)
        form = _why_form(coach, outlook.starts_at)
    return _form_page(
        "scheduling/why.html",
        coaches=coaches,
        coach=coach,
        clients=clients,
        client=client,
        kind=kind,
        form=form,
        outlook=outlook,
        zone_there=(client.zone if client else "") or coach.zone,
        booking=urlencode({"slot": _slot(outlook.starts_at), "kind": kind, "minutes": minutes} | _kept_back())
        if outlook.starts_at
        else "",
        back=_way_back("/calendar"),
    )


def _why_form(coach: User, at_first: datetime | None = None) -> WhyForm:
    """With the time that was pressed or typed."""
    filled = with_slot(request.args, coach.zone, reader_zone())
    first = (at_first or clock.now() + timedelta(hours=1)).astimezone(ZoneInfo(coach.zone))
    usual = {
        "day": first.date().isoformat(),
        "at": f"{first:%H:%M}",
        "fold": str(first.fold),
        "minutes": str(AN_HOUR),
        "kind": SessionKind.COACHING.value,
    }
    for name, value in usual.items():
        filled.setdefault(name, value)
    return WhyForm(filled, zone=coach.zone)


def _at_first_free(outlook: Outlook) -> Outlook:
    """As if the first of the free times had been pressed: where nobody has typed a time yet, that is what is meant."""
    (day, (first, *others)), *later = outlook.days
    chosen = [replace(first, is_chosen=True), *others]
    return replace(outlook, starts_at=moment_named(first.slot, "UTC"), reasons=(), days=[(day, chosen), *later])


def _kept_back() -> dict[str, str]:
    back = _way_back("")
    return {"back": back} if back else {}


# ----------------------------------------------------------------------------------------------------------------------


def _session(session_id: str) -> CoachingSession:
    return load_or_404(CoachingSession.visible_to(_me()), session_id)


def _changeable(session_id: str) -> CoachingSession:
    """A session that can still be moved or cancelled; else the sentence why not."""
    session = _session(session_id)
    if refusal := refusal_to_change(session.state, session.starts_at, clock.now()):
        raise Refused(refusal)
    return session


def _form_page(page: str, **shown: Any) -> str:
    """A form of this room: a page of its own, to htmx only what it includes, which is a dialog."""
    shown |= {"most_days": MOST_DAYS, "a_week": A_WEEK, "days_shown": days_listed(request.values.get("days"))}
    return render_template(page.replace("/", "/_") if request.htmx else page, **shown)


def _way_back(otherwise: str) -> str:
    """The calendar as it was looked at, when the form was opened there."""
    back = request.values.get("back", "")
    return back if back.startswith(("/calendar", "/sessions/")) and is_own_page(back) else otherwise


def _home(session: CoachingSession) -> str:
    return f"/sessions/{session.public_id}"


def _named(session: CoachingSession) -> str:
    """'Bob Haddad, kickoff'; a group by its title."""
    return (
        f"{session.client.name}, {session.label[0].lower()}{session.label[1:]}" if session.client_id else session.label
    )


def _spoken(session: CoachingSession) -> str:
    """'Thu 26 Nov, 9:00' on the coach's clock."""
    return f"{day_in(session.starts_at, session.coach.zone)}, {clock_in(session.starts_at, session.coach.zone)}"


def _me() -> User:
    return current_user._get_current_object()

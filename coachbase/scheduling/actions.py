"""The one path: every booking, move, cancellation and hold passes here, whoever wants it (domain.md §3).

What is free is asked inside the transaction that writes, and behind that the database refuses an overlap (triggers.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from peewee import IntegrityError

from .. import clock, config
from ..accounts.models import User
from ..availability.models import terms_for
from ..availability.rules import SessionKind
from ..clients.models import Client, Contact
from ..db import atomic, new_public_id
from ..engagements.models import Engagement
from ..errors import Refused, Stale
from ..events import announce
from ..sessions import actions as sessions
from ..sessions.models import Attendee, CoachingSession, Hold, LedgerEntry
from ..sessions.rules import Role, State, counts
from ..slots.models import openings_of
from ..slots.rules import Reason
from .models import Request
from .rules import (
    RequestState,
    Side,
    Via,
    is_charged,
    refusal_of_time,
    refusal_to_change,
    refusal_to_have,
    refusal_to_move,
)

BY_STAFF = (Via.STAFF, Via.CADENCE, Via.PLAN)
"""Doors behind which somebody of the firm decides, who may say why a rule does not hold this once."""


@dataclass(frozen=True)
class Booked:
    """A session was booked; its attendees are written."""

    session: CoachingSession
    by: User | None


@dataclass(frozen=True)
class Moved:
    """A session has another time or place; its sequence is raised. `was` is when it began before."""

    session: CoachingSession
    was: datetime
    by: User | None


@dataclass(frozen=True)
class Cancelled:
    """A session was cancelled; its sequence is raised."""

    session: CoachingSession
    side: Side
    by: User | None


@dataclass(frozen=True)
class PeopleChanged:
    """Somebody was invited to a session that is booked, or the invitation taken back (`left`)."""

    session: CoachingSession
    joined: tuple[Attendee, ...]
    left: tuple[Attendee, ...]


@dataclass(frozen=True)
class BookingAsked:
    """A client is asked to book a session."""

    request: Request
    by: User | None


# Booking --------------------------------------------------------------------------------------------------------------


@atomic
def book(
    coach: User,
    kind: SessionKind,
    starts_at: datetime,
    minutes: int,
    *,
    via: Via,
    client: Client | None = None,
    engagement: Engagement | None = None,
    members: Sequence[Client] = (),
    contacts: Sequence[Contact] = (),
    title: str = "",
    place_kind: str = "",
    place: str = "",
    despite: str = "",
    held_for: str = "",
    by: User | None,
) -> CoachingSession:
    """Book a session at a moment, if it is free for everybody at this very moment.

    `client` for one who is coached, `members` for a group; `contacts` come too. `despite` is why staff book although a
    rule says no; nobody books over another session. `held_for` is what a hold was made for: its holds are released.
    Raises Refused with the reason.
    """
    session = CoachingSession(
        public_id=new_public_id(),
        coach=coach,
        client=client,
        engagement=engagement,
        kind_name=kind,
        title=title,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        zone=coach.zone,
        place_kind_name=place_kind,
        place=place,
        via=via,
        created_at=clock.now(),
        by=by,
    )
    session.uid = f"{session.public_id}@{_domain()}"
    left = LedgerEntry.balance(engagement).left if engagement and counts(kind) else None
    program = engagement.state if engagement else None
    if refusal := refusal_to_have(
        kind, program, minutes=minutes, has_place=any(session.where), left=left, despite=despite
    ):
        raise Refused(refusal)
    people = [client] if client else list(members)
    if held_for:
        release(held_for)
    _expect_free(session, people, contacts, via=via, despite=despite)
    _keep_buffers(session)
    _write(session)
    for person in people:
        _invite_client(session, person)
    for contact in contacts:
        _invite_contact(session, contact)
    sessions.move_in_ledger(session, None, reason=despite, by=by)
    sessions.tell(session, f"{session.label} booked for {_day_of(session)}" + _because(despite), by=by)
    _answer_request(session)
    announce(Booked(session, by))
    return session


@atomic
def move(
    session: CoachingSession,
    starts_at: datetime,
    *,
    minutes: int | None = None,
    side: Side,
    via: Via,
    reason: str = "",
    despite: str = "",
    version: int | None = None,
    by: User | None,
) -> None:
    """Give a session another time, if that is free for every party; its place and people stay.

    Raises Refused with the reason; Stale when somebody changed the session since `version`.
    """
    session = _as_it_is(session, version)
    now = clock.now()
    hours = _cancel_hours(session)
    if refusal := refusal_to_change(session.state, session.starts_at, now) or refusal_to_move(
        side, session.starts_at, now, cancel_hours=hours
    ):
        raise Refused(refusal)
    was, length = session.starts_at, timedelta(minutes=minutes or session.minutes)
    if (was, session.ends_at) == (starts_at, starts_at + length):
        return
    session.starts_at, session.ends_at = starts_at, starts_at + length
    people, contacts = _people_of(session)
    _expect_free(session, people, contacts, via=via, despite=despite)
    _keep_buffers(session)
    session.moves += 1
    session.reason = reason
    _change(session)
    sessions.tell(session, f"{session.label} moved to {_day_of(session)}" + _because(reason or despite), by=by)
    announce(Moved(session, was, by))


@atomic
def move_together(
    moves: Sequence[tuple[CoachingSession, datetime]], *, reason: str, despite: str = "", by: User | None
) -> None:
    """Move several sessions at once: they may take each other's places. All move, or none.

    Raises Refused naming the first session that cannot move.
    """
    sessions_now = [_as_it_is(session, None) for session, _ in moves]
    now, waiting = clock.now(), list(sessions_now)
    for session in sessions_now:
        if refusal := refusal_to_change(session.state, session.starts_at, now):
            raise Refused(f"{_named(session)}: {refusal}")
    # Out of each other's way first: the triggers look at every single row that is written.
    CoachingSession.update(state_name=State.CANCELLED).where(CoachingSession.id.in_(sessions_now)).execute()
    for session, (_, starts_at) in zip(sessions_now, moves, strict=True):
        was = session.starts_at
        session.ends_at += starts_at - was
        session.starts_at = starts_at
        people, contacts = _people_of(session)
        refusal = refusal_of_time(_why_not(session, people, contacts, but=waiting), is_staff=True, despite=despite)
        if refusal:
            raise Refused(f"{_named(session)}: {refusal}")
        waiting.remove(session)
        _keep_buffers(session)
        session.moves += 1
        session.reason, session.state_name = reason, State.BOOKED
        _change(session)
        sessions.tell(session, f"{session.label} moved to {_day_of(session)}" + _because(reason), by=by)
        announce(Moved(session, was, by))


def _named(session: CoachingSession) -> str:
    return f"{session.client.name if session.client_id else session.label}, {_day_of(session)}"


@atomic
def place(session: CoachingSession, kind: str, words: str, *, version: int | None = None, by: User | None) -> None:
    """Say where a session is; '' and '' where the program's or the coach's place holds again.

    Raises Refused when it would be nowhere.
    """
    session = _as_it_is(session, version)
    if refusal := refusal_to_change(session.state, session.starts_at, clock.now()):
        raise Refused(refusal)
    if (session.place_kind_name, session.place) == (kind, words):
        return
    session.place_kind_name, session.place = kind, words
    if not any(session.where):
        raise Refused("Say where it is: a link, a number or a room.")
    _change(session)
    sessions.tell(session, f"{session.label} on {_day_of(session)} is elsewhere now", by=by)
    announce(Moved(session, session.starts_at, by))


@atomic
def cancel(session: CoachingSession, *, side: Side, reason: str, version: int | None = None, by: User | None) -> None:
    """Take a session back. At short notice by the client it is used up, where the agreement says so.

    Raises Refused when it has begun or is over.
    """
    session = _as_it_is(session, version)
    now = clock.now()
    if refusal := refusal_to_change(session.state, session.starts_at, now):
        raise Refused(refusal)
    charged = session.engagement_id is not None and is_charged(
        side,
        session.starts_at,
        now,
        cancel_hours=_cancel_hours(session),
        late_is_charged=session.engagement.late_is_charged,
    )
    was = session.state
    session.state_name = State.LATE_CANCELLED if charged else State.CANCELLED
    session.reason, session.ended_at = reason, now
    _change(session)
    sessions.move_in_ledger(session, was, reason=reason, by=by)
    how = "cancelled at short notice" if charged else "cancelled"
    sessions.tell(session, f"{session.label} on {_day_of(session)} {how}" + _because(reason), by=by)
    _ask_again(session)
    announce(Cancelled(session, side, by))


@atomic
def join(session: CoachingSession, client: Client, *, by: User | None) -> Attendee:
    """One more member of a group session, who may be in already. Raises Refused when the time is not free for them."""
    session = _as_it_is(session, None)
    found = Attendee.get_or_none(Attendee.session == session, Attendee.client == client, Attendee.left_at.is_null())
    if found:
        return found
    _expect_free(session, [client], (), via=Via.SEAT, despite="", host=False)
    attendee = _invite_client(session, client)
    announce(PeopleChanged(session, (attendee,), ()))
    return attendee


@atomic
def leave(attendee: Attendee, *, by: User | None) -> None:
    """Take one invitation back; the session stays for the others."""
    if attendee.left_at is None:
        attendee.left_at = clock.now()
        attendee.save()
        announce(PeopleChanged(attendee.session, (), (attendee,)))


def _domain() -> str:
    return urlsplit(config.in_force().base_url).hostname or "localhost"


def _as_it_is(session: CoachingSession, version: int | None) -> CoachingSession:
    now = CoachingSession.known_as(session.public_id)
    if now is None:
        raise Refused("This session is gone.")
    if version is not None and now.version != version:
        raise Stale("Somebody else changed this session while you looked at it.")
    return now


def _why_not(
    session: CoachingSession,
    people: Sequence[Client],
    contacts: Sequence[Contact],
    *,
    but: Sequence[CoachingSession] = (),
) -> list[Reason]:
    """What keeps a session, saved or not, from being at its time."""
    away = [*but, *([session] if session.id else [])]
    openings = openings_of(
        session.coach,
        session.kind_name,
        session.minutes,
        session.starts_at - timedelta(days=1),
        session.starts_at + timedelta(days=1),
        clients=people,
        contacts=contacts,
        but=away,
    )
    return openings.why_not(int(session.starts_at.timestamp()) // 60)


def _expect_free(
    session: CoachingSession,
    people: Sequence[Client],
    contacts: Sequence[Contact],
    *,
    via: Via,
    despite: str,
    host: bool = True,
) -> None:
    _let_go(session.coach)
    reasons = _why_not(session, people, contacts)
    if not host:
        reasons = [reason for reason in reasons if reason.party != session.coach.name]
    if refusal := refusal_of_time(reasons, is_staff=via in BY_STAFF, despite=despite):
        raise Refused(refusal)


def _keep_buffers(session: CoachingSession) -> None:
    terms = terms_for(session.coach, session.kind_name)
    session.before_minutes, session.after_minutes = terms.before_minutes, terms.after_minutes


def _change(session: CoachingSession) -> None:
    """Every change of time, place or fate is a new edition of the calendar event."""
    session.sequence += 1
    session.version += 1
    _write(session)


def _write(session: CoachingSession) -> None:
    try:
        session.save()
    except IntegrityError as error:
        _refuse_overlap(error)


def _refuse_overlap(error: IntegrityError) -> NoReturn:
    """The guard in the database in words."""
    if "overlap" in str(error):
        raise Refused("This time has just gone. Please choose another.") from error
    raise error


def _people_of(session: CoachingSession) -> tuple[list[Client], list[Contact]]:
    attendees = list(Attendee.of(session))
    people = [attendee.client for attendee in attendees if attendee.client_id]
    return people, [attendee.contact for attendee in attendees if attendee.contact_id]


def _invite_client(session: CoachingSession, client: Client) -> Attendee:
    zone = client.zone or session.coach.zone
    return Attendee.create(
        session=session, role_name=Role.CLIENT, client=client, name=client.name, email=client.email, zone=zone
    )


def _invite_contact(session: CoachingSession, contact: Contact) -> Attendee:
    return Attendee.create(
        session=session,
        role_name=Role.SPONSOR,
        contact=contact,
        name=contact.name,
        email=contact.email,
        zone=session.coach.zone,
    )


def _cancel_hours(session: CoachingSession) -> int:
    return session.engagement.cancel_hours if session.engagement_id else 24


def _day_of(session: CoachingSession) -> str:
    """'Thursday 3 December, 9:00' by the clock it was booked by."""
    local = session.starts_at.astimezone(ZoneInfo(session.zone))
    return f"{local:%A} {local.day} {local:%B}, {local.hour}:{local:%M}"


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


# Holds ----------------------------------------------------------------------------------------------------------------


@atomic
def hold(
    coach: User, starts_at: datetime, minutes: int, *, kind: SessionKind, about: str, lasts: timedelta, words: str
) -> Hold:
    """Keep a time free while somebody is asked. Raises Refused when it is not free."""
    ends_at = starts_at + timedelta(minutes=minutes)
    _let_go(coach)
    openings = openings_of(coach, kind, minutes, starts_at - timedelta(days=1), starts_at + timedelta(days=1))
    reasons = openings.why_not(int(starts_at.timestamp()) // 60)
    if refusal := refusal_of_time(reasons, is_staff=True, despite=""):
        raise Refused(refusal)
    try:
        return Hold.create(
            coach=coach,
            starts_at=starts_at,
            ends_at=ends_at,
            expires_at=clock.now() + lasts,
            about=about,
            words=words,
        )
    except IntegrityError as error:
        _refuse_overlap(error)


@atomic
def release(about: str) -> None:
    """Let go what was held for something."""
    Hold.delete().where(Hold.about == about).execute()


def _let_go(coach: User) -> None:
    """Holds that have expired go before anything is written: the triggers know no clock."""
    Hold.delete().where(Hold.coach == coach, Hold.expires_at <= clock.now()).execute()


# Requests -------------------------------------------------------------------------------------------------------------


@atomic
def ask(
    client: Client,
    coach: User,
    kind: SessionKind,
    *,
    minutes: int,
    engagement: Engagement | None,
    from_on: date | None = None,
    until_on: date | None = None,
    by: User | None,
) -> Request:
    """Ask a client to book a session on the own page; the one that is open already when there is one."""
    there = Request.open_of(client).where(Request.kind_name == kind, Request.engagement == engagement).first()
    if there:
        return there
    request = Request.create(
        client=client,
        engagement=engagement,
        coach=coach,
        kind_name=kind,
        minutes=minutes,
        from_on=from_on,
        until_on=until_on,
        asked_at=clock.now(),
        by=by,
    )
    announce(BookingAsked(request, by))
    return request


@atomic
def withdraw(request: Request, *, by: User | None) -> None:
    """Nobody is asked for it any more."""
    request.state_name = RequestState.WITHDRAWN
    request.save()


def _answer_request(session: CoachingSession) -> None:
    """Whoever booked it and through whichever door: it is no longer asked for."""
    if session.client_id is None:
        return
    asked = Request.open_of(session.client).where(Request.kind_name == session.kind_name).first()
    if asked:
        asked.state_name, asked.session = RequestState.BOOKED, session
        asked.save()


def _ask_again(session: CoachingSession) -> None:
    """What was asked for and is cancelled is asked for again."""
    answered = Request.get_or_none(Request.session == session, Request.state_name == RequestState.BOOKED)
    if answered:
        answered.state_name, answered.session = RequestState.ASKED, None
        answered.save()

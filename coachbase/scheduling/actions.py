"""The one path: every booking, move, cancellation and hold passes here, whoever wants it (domain.md §3).

What is free is asked inside the transaction that writes, and behind that the database refuses an overlap (triggers.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from peewee import IntegrityError

from .. import clock, config
from ..accounts.models import Attempt, User
from ..availability.models import terms_for
from ..availability.rules import SessionKind, minute_of, moment_of
from ..clients.models import Client, Contact
from ..db import atomic, new_public_id
from ..engagements.models import Engagement
from ..errors import Refused, Stale
from ..events import Question, announce
from ..links import actions as links
from ..sessions import actions as sessions
from ..sessions.models import Attendee, CoachingSession, Hold
from ..sessions.rules import Role, State
from ..slots.models import openings_of
from ..slots.rules import Reason
from .models import as_told_to, offered_instead, sessions_left
from .rules import (
    BY_SIDE,
    JUST_GONE,
    LINK_LASTS,
    SIDE_OF,
    Side,
    Via,
    is_charged,
    refusal_by_link,
    refusal_of_length,
    refusal_of_time,
    refusal_to_change,
    refusal_to_have,
    refusal_to_meet,
    refusal_to_move,
    that_bind,
)

BY_STAFF = (Via.STAFF, Via.CADENCE, Via.PLAN)
"""Doors behind which somebody of the firm decides, who may say why a rule does not hold this once."""


@dataclass(frozen=True)
class KindAsked(Question[SessionKind | None]):
    """Which kind of session is this client asked to book? None when there is none."""

    client: Client


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
class Restored:
    """A cancellation was taken back; that the session is as it was before is announced as Moved."""

    session: CoachingSession


@dataclass(frozen=True)
class PeopleChanged:
    """Somebody was invited to a session that is booked, or the invitation taken back (`left`)."""

    session: CoachingSession
    joined: tuple[Attendee, ...]
    left: tuple[Attendee, ...]


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
    engagement = engagement and Engagement.with_client().where(Engagement.id == engagement.id).get()
    starts_at = starts_at.replace(second=0, microsecond=0)
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
    left = sessions_left(engagement, kind)
    program = engagement.state if engagement else None
    if refusal := _refusal_to_meet(session, contacts, despite) or refusal_to_have(
        kind, program, minutes=minutes, has_place=any(session.where), left=left, despite=despite
    ):
        raise Refused(refusal)
    people = [client] if client else list(members)
    if held_for:
        release(held_for)
    _expect_free(session, people, contacts, via=via, despite=despite, by=by)
    _keep_buffers(session)
    _write(session)
    for person in people:
        _invite_client(session, person)
    for contact in contacts:
        _invite_contact(session, contact)
    sessions.follow_in_ledger(session, reason=despite, by=by)
    by_door = BY_SIDE[SIDE_OF.get(via, Side.FIRM)]
    sessions.tell(session, f"{session.label} booked for {_day_of(session)}{by_door}" + _because(despite), by=by)
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
    now, was, lasted = clock.now(), session.starts_at, session.minutes
    starts_at, minutes = starts_at.replace(second=0, microsecond=0), minutes or session.minutes
    asking = side if via not in BY_STAFF else Side.FIRM
    if refusal := (
        refusal_to_change(session.state, was, now)
        or refusal_to_move(asking, was, now, cancel_hours=_cancel_hours(session))
        or refusal_of_length(minutes)
    ):
        raise Refused(refusal)
    if (was, lasted) == (starts_at, minutes):
        return
    session.starts_at, session.ends_at = starts_at, starts_at + timedelta(minutes=minutes)
    people, contacts = _people_of(session)
    _expect_free(session, people, contacts, via=via, despite=despite, by=by)
    _keep_buffers(session)
    session.moves += 1
    session.reason = reason
    _change(session)
    what = f"moved to {_day_of(session)}" if was != starts_at else f"on {_day_of(session)} is now {minutes} minutes"
    sessions.tell(session, f"{session.label} {what}{BY_SIDE[side]}" + _because(reason or despite), by=by)
    announce(Moved(session, was, by))


@atomic
def move_together(
    moves: Sequence[tuple[CoachingSession, datetime]], *, reason: str, despite: str = "", by: User | None
) -> None:
    """Move several sessions at once: they may take each other's places. All move, or none.

    Raises Refused naming the first session that cannot move.
    """
    now = clock.now()
    aims = {session.public_id: starts_at.replace(second=0, microsecond=0) for session, starts_at in moves}
    waiting = [_as_it_is(session, None) for session, starts_at in moves]
    waiting = [session for session in waiting if session.starts_at != aims[session.public_id]]
    for session in waiting:
        if refusal := refusal_to_change(session.state, session.starts_at, now):
            raise Refused(f"{_named(session)}: {refusal}")
    # Out of each other's way first: the triggers look at every single row that is written.
    CoachingSession.update(state_name=State.CANCELLED).where(CoachingSession.id.in_(waiting)).execute()
    was = {session.public_id: session.starts_at for session in waiting}
    for session in waiting:
        session.starts_at = aims[session.public_id]
        session.ends_at += session.starts_at - was[session.public_id]
        people, contacts = _people_of(session)
        reasons = as_told_to(by, session.coach, that_bind(_why_not(session, people, contacts), Via.PLAN))
        if refusal := refusal_of_time(reasons, is_staff=True, despite=despite):
            raise Refused(f"{_named(session)}: {refusal}")
        _keep_buffers(session)
        session.moves += 1
        session.reason, session.state_name = reason, State.BOOKED
        _change(session)
    for session in waiting:
        sessions.tell(session, f"{session.label} moved to {_day_of(session)}" + _because(reason), by=by)
        announce(Moved(session, was[session.public_id], by))


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
def follow_place(inheriting: Iterable[CoachingSession], *, by: User | None) -> None:
    """The place these sessions inherit is another one now: a new edition of each, as far as it has not begun."""
    for each in inheriting:
        session = _as_it_is(each, None)
        if refusal_to_change(session.state, session.starts_at, clock.now()) is None and any(session.where):
            _change(session)
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
    session.state_name = State.LATE_CANCELLED if charged else State.CANCELLED
    session.reason, session.ended_at = reason, now
    _change(session)
    sessions.follow_in_ledger(session, reason=reason, by=by)
    how = "cancelled at short notice" if charged else "cancelled"
    sessions.tell(session, f"{session.label} on {_day_of(session)} {how}{BY_SIDE[side]}" + _because(reason), by=by)
    announce(Cancelled(session, side, by))


@atomic
def restore(session: CoachingSession, *, reason: str, by: User | None) -> None:
    """Take a cancellation back, if the session's time is still free for all. Raises Refused when it is not."""
    session = _as_it_is(session, None)
    if session.state is not State.CANCELLED:
        raise Refused(f"{_named(session)} is not cancelled.")
    people, contacts = _people_of(session)
    _expect_free(session, people, contacts, via=Via.PLAN, despite=reason, by=by)
    session.state_name, session.reason, session.ended_at = State.BOOKED, "", None
    _change(session)
    sessions.follow_in_ledger(session, reason=reason, by=by)
    sessions.tell(session, f"{session.label} on {_day_of(session)} takes place after all" + _because(reason), by=by)
    announce(Restored(session))
    announce(Moved(session, session.starts_at, by))


@atomic
def join(session: CoachingSession, client: Client, *, by: User | None) -> Attendee:
    """One more member of a group session, who may be in already. Raises Refused when the time is not free for them."""
    session = _as_it_is(session, None)
    if refusal := refusal_to_change(session.state, session.starts_at, clock.now()):
        raise Refused(refusal)
    found = Attendee.get_or_none(Attendee.session == session, Attendee.client == client, Attendee.left_at.is_null())
    if found:
        return found
    reasons = _why_not(session, [client], (), is_hosted=False)
    if refusal := refusal_of_time(reasons, is_staff=by is not None, despite=""):
        raise Refused(refusal)
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


def _refusal_to_meet(session: CoachingSession, contacts: Sequence[Contact], despite: str) -> str | None:
    client, engagement = session.client, session.engagement
    return refusal_to_meet(
        session.kind,
        has_client=client is not None,
        is_their_program=engagement is None or engagement.client == client,
        is_coached=engagement is None or engagement.coach == session.coach or bool(despite),
        knows_guests=all(client and contact.organisation_id == client.organisation_id for contact in contacts),
    )


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
    is_hosted: bool = True,
) -> list[Reason]:
    """What keeps a session, saved or not, from being at its time."""
    openings = openings_of(
        session.coach,
        session.kind_name,
        session.minutes,
        session.starts_at - timedelta(days=1),
        session.starts_at + timedelta(days=1),
        clients=people,
        contacts=contacts,
        but=[session] if session.id else [],
        is_hosted=is_hosted,
    )
    return openings.why_not(minute_of(session.starts_at))


def _expect_free(
    session: CoachingSession,
    people: Sequence[Client],
    contacts: Sequence[Contact],
    *,
    via: Via,
    despite: str,
    by: User | None,
) -> None:
    reasons = as_told_to(by, session.coach, that_bind(_why_not(session, people, contacts), via))
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
    sessions.let_go(session.coach)
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
    return _invite(session, client, role_name=Role.CLIENT, client=client, zone=zone)


def _invite_contact(session: CoachingSession, contact: Contact) -> Attendee:
    return _invite(session, contact, role_name=Role.SPONSOR, contact=contact, zone=session.coach.zone)


def _invite(session: CoachingSession, person: Client | Contact, **facts: Any) -> Attendee:
    try:
        return Attendee.create(session=session, name=person.name, email=person.email, **facts)
    except IntegrityError as error:
        _refuse_overlap(error)


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
    """Keep a time free while somebody is asked. Raises Refused when it is not free.

    Other times held for the same may lie close by, since only one of them will be used.
    """
    starts_at = starts_at.replace(second=0, microsecond=0)
    ends_at = starts_at + timedelta(minutes=minutes)
    sessions.let_go(coach)
    around = starts_at - timedelta(days=1), starts_at + timedelta(days=1)
    openings = openings_of(coach, kind, minutes, *around, but_held_for=about)
    reasons = openings.why_not(minute_of(starts_at))
    if refusal := refusal_of_length(minutes) or refusal_of_time(reasons, is_staff=True, despite=""):
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


# By link --------------------------------------------------------------------------------------------------------------

CHANGE, CHANGE_FOR = "session", "session_assistant"
"""The kinds of links by which a client, and the client's own assistant, move or cancel what is booked."""
ADMITTED, AN_HOUR = 120, timedelta(hours=1)


@atomic
def admit(kind: str, public_id: str, *, source: str) -> str:
    """The token of a link to book or to change for a browser that came by another link of the same person.

    Raises TooMany when one address asks for them without end.
    """
    Attempt.count_one(f"{kind} held from {source}", limit=ADMITTED, within=AN_HOUR, now=clock.now())
    return links.issue(kind, public_id, lasts=LINK_LASTS)[1]


@atomic
def shut_doors(client: Client, kind: str) -> None:
    """The links of this kind to what this client may change die."""
    for session in CoachingSession.select(CoachingSession.public_id).where(CoachingSession.client == client):
        links.revoke_all(kind, session.public_id)


@atomic
def move_by_link(
    session: CoachingSession, start: int, *, side: Side, via: Via, reason: str = "", version: int | None = None
) -> None:
    """Move a session to a time that is on offer, for whoever holds its link. Raises Refused, Stale."""
    _refuse_what_is_not_theirs(session)
    if start not in offered_instead(session, clock.now()).starts:
        raise Refused(JUST_GONE)
    move(session, moment_of(start), side=side, via=via, reason=reason, version=version, by=None)


@atomic
def cancel_by_link(session: CoachingSession, *, side: Side, reason: str, version: int | None = None) -> None:
    """Cancel a session, for whoever holds its link. Raises Refused, Stale."""
    _refuse_what_is_not_theirs(session)
    cancel(session, side=side, reason=reason, version=version, by=None)


def _refuse_what_is_not_theirs(session: CoachingSession) -> None:
    guests = [attendee.name for attendee in Attendee.of(session) if attendee.contact_id]
    if refusal := refusal_by_link(is_group=session.client_id is None, guests=guests):
        raise Refused(refusal)

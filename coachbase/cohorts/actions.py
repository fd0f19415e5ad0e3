"""Run a cohort: give seats, book its series, say who was there, make up for those who were not, hand things out."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import IntegrityError

from .. import clock
from ..accounts.models import User
from ..availability.rules import SessionKind
from ..clients.models import Client
from ..db import atomic
from ..errors import Refused, Stale
from ..files import actions as files
from ..files.models import Document
from ..files.rules import Upload
from ..invitations import actions as invitations
from ..scheduling import actions as scheduling
from ..scheduling.rules import Via
from ..sessions import actions as sessions
from ..sessions.models import Attendee
from ..sessions.rules import State
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import Cohort, Material, Meeting, Seat, able, attendees_of, together
from .rules import FULL, MOST_MEETINGS, CohortState, Tick, free_number, marks_of, refusal_of_seats, refusal_to_seat

TO_UNDO = timedelta(seconds=90)
"""A little longer than the page offers to undo it."""


@atomic
def create(coach: User, values: Mapping[str, Any], *, by: User) -> Cohort:
    """A new cohort, with nobody in it yet."""
    return Cohort.create(coach=coach, created_at=clock.now(), by=by, **values)


@atomic
def change(cohort: Cohort, values: Mapping[str, Any], *, version: int) -> None:
    """Another name, number of seats, length or place; sessions that are booked stay as they are.

    Raises Stale when somebody saved since, Refused when more seats are taken than there would be.
    """
    now = Cohort.get_by_id(cohort.id)
    if now.version != version:
        raise Stale("Somebody else changed this cohort while you were typing.")
    if refusal := refusal_of_seats(values["seats"], now.numbers_taken):
        raise Refused(refusal)
    for name, value in values.items():
        setattr(now, name, value)
    now.version += 1
    now.save()


@atomic
def close(cohort: Cohort) -> None:
    """It is over, or did not come about. Its sessions stay as they are."""
    cohort.state_name = CohortState.CLOSED
    cohort.save()


@atomic
def reopen(cohort: Cohort) -> None:
    cohort.state_name = CohortState.RUNNING if Meeting.of(cohort).exists() else CohortState.OPEN
    cohort.save()


# Seats ----------------------------------------------------------------------------------------------------------------


@atomic
def take_seat(cohort: Cohort, client: Client, *, by: User) -> list[str]:
    """Give a client the next seat, and an invitation to each session to come.

    Gives a sentence for each session that this client cannot come to. Raises Refused when the cohort is full; behind
    that the database guards each seat (triggers.py).
    """
    now = Cohort.get_by_id(cohort.id)
    if Seat.get_or_none(Seat.cohort == now, Seat.client == client):
        raise Refused(f"{client.name} has a seat already.")
    taken = now.numbers_taken
    if refusal := refusal_to_seat(now.state, taken, now.seats):
        raise Refused(refusal)
    try:
        Seat.create(cohort=now, client=client, number=free_number(taken, now.seats), since=clock.now())
    except IntegrityError as error:
        raise Refused(FULL) from error
    _note(client, f"Has a seat in {now.name}", now, by)
    missed = []
    for meeting in Meeting.to_come(now, clock.now()).where(Meeting.makes_up.is_null()):
        try:
            scheduling.join(meeting.session, client, by=by)
        except Refused as refusal_then:
            missed.append(f"{meeting.label}: {refusal_then}")
    return missed


@atomic
def take_seats(cohort: Cohort, clients: Sequence[Client], *, by: User) -> list[str]:
    """Several at once: all of them get a seat, or nobody does. Raises Refused like one alone."""
    now = Cohort.get_by_id(cohort.id)
    if refusal := refusal_to_seat(now.state, now.numbers_taken, now.seats, wanted=len(clients)):
        raise Refused(refusal)
    return [f"{client.name} to {missed}" for client in clients for missed in take_seat(now, client, by=by)]


@atomic
def leave_seat(seat: Seat, *, by: User) -> None:
    """Take a client out of the cohort and its sessions to come; each invitation is taken back.

    The mails wait as long as that can be undone.
    """
    seat.delete_instance()
    _note(seat.client, f"Left {seat.cohort.name}", seat.cohort, by)
    now = clock.now()
    with invitations.delayed(now + TO_UNDO):
        for attendee in attendees_of(list(Meeting.to_come(seat.cohort, now))):
            if attendee.client_id == seat.client_id:
                scheduling.leave(attendee, by=by)


def _note(client: Client, sentence: str, cohort: Cohort, by: User) -> None:
    timeline.record(client, Kind.CHANGE, sentence, href=f"/cohorts/{cohort.public_id}", by=by)


# The series -----------------------------------------------------------------------------------------------------------


@atomic
def book_series(
    cohort: Cohort, starts: Sequence[datetime], *, topics: Sequence[str] = (), despite: str = "", by: User
) -> list[Meeting]:
    """Book a session at each of these times through the one path, or none of them.

    Who has another session then is not invited to that one. Raises Refused naming the first time that cannot be had.
    """
    if not starts:
        raise Refused("Choose at least one date.")
    if len(starts) > MOST_MEETINGS:
        raise Refused(f"At most {MOST_MEETINGS} sessions at once.")
    members = cohort.members
    then = together(cohort, members, min(starts), max(starts) + timedelta(minutes=1))
    found = []
    for place, starts_at in enumerate(sorted(starts)):
        topic = topics[place] if place < len(topics) else ""
        found.append(_book(cohort, starts_at, able(then, members, starts_at), topic, despite=despite, by=by))
    if cohort.state is CohortState.OPEN:
        Cohort.update(state_name=CohortState.RUNNING).where(Cohort.id == cohort.id).execute()
    _number(cohort)
    return list(Meeting.of(cohort).where(Meeting.id.in_(found)))


@atomic
def make_up(missed: Meeting, starts_at: datetime, clients: Sequence[Client], *, despite: str = "", by: User) -> Meeting:
    """Repeat a session for some of those who missed it; only they are invited. Raises Refused like any booking."""
    if missed.makes_up_id is not None:
        raise Refused("This session makes up for another one already. Make up for that one.")
    if not clients:
        raise Refused("Choose who is to come.")
    meeting = _book(missed.cohort, starts_at, clients, missed.topic, despite=despite, by=by, makes_up=missed)
    meeting.number = Meeting.get_by_id(missed.id).number
    meeting.save()
    return meeting


def _book(
    cohort: Cohort,
    starts_at: datetime,
    members: Sequence[Client],
    topic: str,
    *,
    despite: str,
    by: User,
    makes_up: Meeting | None = None,
) -> Meeting:
    try:
        session = scheduling.book(
            cohort.coach,
            SessionKind.GROUP,
            starts_at,
            cohort.minutes,
            via=Via.CADENCE,
            members=members,
            title=cohort.name,
            place_kind=cohort.place_kind_name if cohort.place else "",
            place=cohort.place,
            despite=despite,
            by=by,
        )
    except Refused as refusal:
        local = starts_at.astimezone(_zone(cohort))
        raise Refused(f"{local:%A} {local.day} {local:%B}, {local.hour}:{local:%M}: {refusal}") from refusal
    return Meeting.create(cohort=cohort, session=session, number=0, topic=topic, makes_up=makes_up)


def _zone(cohort: Cohort) -> ZoneInfo:
    return ZoneInfo(cohort.coach.zone)


def _number(cohort: Cohort) -> None:
    """The sessions of a series are counted in the order of their days; one that makes up has the other's number."""
    for number, meeting in enumerate(Meeting.of(cohort).where(Meeting.makes_up.is_null()), start=1):
        if meeting.number != number:
            meeting.number = number
            meeting.save()
            Meeting.update(number=number).where(Meeting.makes_up == meeting).execute()


@atomic
def change_topic(meeting: Meeting, topic: str, *, version: int) -> None:
    """Raises Stale when somebody saved another one since."""
    values = {Meeting.topic: topic, Meeting.version: Meeting.version + 1}
    if not Meeting.update(values).where(Meeting.id == meeting.id, Meeting.version == version).execute():
        raise Stale("Somebody else changed the topic while you were typing.")


# Attendance -----------------------------------------------------------------------------------------------------------


@atomic
def tick(cohort: Cohort, ticks: Mapping[str, Tick], *, by: User) -> int:
    """Who was there, by the public id of each invitation. Sessions somebody came to count as held.

    Gives how many marks were written; sessions that have not begun are left alone.
    """
    now, written = clock.now(), 0
    begun = [meeting for meeting in Meeting.of(cohort) if meeting.session.starts_at <= now]
    by_session: dict[int, list[Attendee]] = {meeting.session_id: [] for meeting in begun}
    for attendee in attendees_of(begun):
        if attendee.public_id in ticks:
            by_session[attendee.session_id].append(attendee)
    for meeting in begun:
        there = by_session[meeting.session_id]
        marks = marks_of([(attendee.was_there, ticks[attendee.public_id]) for attendee in there])
        for attendee, mark in zip(there, marks, strict=True):
            if mark is not None:
                attendee.was_there = mark
                attendee.save()
                written += 1
        if any(marks) and meeting.session.state is State.BOOKED:
            sessions.mark(meeting.session, State.HELD, by=by)
    return written


# Materials ------------------------------------------------------------------------------------------------------------


@atomic
def hand_out(meeting: Meeting, uploads: Sequence[Upload], *, by: User) -> None:
    """Keep documents for a session. Raises Refused when one is of a kind we do not keep."""
    for upload in uploads:
        Material.create(meeting=meeting, document=files.store(upload.content, upload.name, client=None, by=by))


@atomic
def take_back(meeting: Meeting, document: Document) -> None:
    """A document no longer belongs to a session; in no other it is gone."""
    Material.delete().where(Material.meeting == meeting, Material.document == document).execute()
    if document.client_id is None and not Material.select().where(Material.document == document).exists():
        document.delete_instance()

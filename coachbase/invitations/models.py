"""Who is told of a session, what each was told last, and which reminders went out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from peewee import JOIN, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import Serving, User
from ..availability.models import Availability
from ..availability.rules import SESSION_LABELS, SessionKind
from ..clients.models import Client, Contact
from ..clients.rules import called
from ..db import EncryptedTextField, Model, UtcDateTimeField
from ..firm.models import Firm
from ..mail.models import Message
from ..mail.rules import Security, may_have_left
from ..mail.rules import State as MailState
from ..sessions.models import Attendee, CoachingSession
from ..sessions.rules import TAKES_TIME, Role, State, place_of
from .rules import SHOWN_SINCE, Feed, Guest, Meeting, Method, feed_event, feed_file, summary_in_feed, written


class Reminder(Model):
    """A reminder that was sent, by its key (attendee, kind, starts_at): a session that moved has another key.

    Nothing is planned ahead: whether one is due is asked of the session as it is at that minute.
    """

    attendee = ForeignKeyField(Attendee, on_delete="CASCADE")
    kind_name = CharField(max_length=12, column_name="kind")
    starts_at = UtcDateTimeField()
    message = ForeignKeyField(Message, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("attendee", "kind_name", "starts_at"), True),)


class ReplyBox(Model):
    """Where answers to invitations are fetched by IMAP: one row, absent until somebody fills it in.

    `last_uid` is the last mail looked at, a number that means something within `validity` only (RFC 3501, 2.3.1.1).
    `answer` is what went wrong the last time, '' when nothing did.
    """

    host = TextField()
    port = IntegerField()
    security_name = CharField(max_length=8, column_name="security", default=Security.TLS)
    username = TextField()
    password = EncryptedTextField()
    folder = TextField(default="INBOX")
    version = IntegerField(default=1)
    validity = IntegerField(default=0)
    last_uid = IntegerField(default=0)
    looked_at = UtcDateTimeField(null=True)
    answer = TextField(default="")

    @property
    def security(self) -> Security:
        return Security(self.security_name)

    @classmethod
    def current(cls) -> Self | None:
        return cls.select().first()


def attendees_between(first: datetime, last: datetime) -> ModelSelect:
    """Who comes to sessions that begin between two moments, without those reminded of that very beginning."""
    reminded = Reminder.select(Reminder.attendee).where(Reminder.starts_at == CoachingSession.starts_at)
    begins = CoachingSession.starts_at.between(first, last), CoachingSession.state_name == State.BOOKED
    there = _with_session().where(*begins, Attendee.email != "", Attendee.id.not_in(reminded))
    return there.order_by(CoachingSession.starts_at, Attendee.id)


def _with_session() -> ModelSelect:
    """Who is invited, with the session, its coach and the client."""
    return (
        Attendee.select(Attendee, CoachingSession, User, Client)
        .join(CoachingSession)
        .join(User, on=(CoachingSession.coach == User.id))
        .switch(Attendee)
        .join(Client, JOIN.LEFT_OUTER)
        .where(Attendee.left_at.is_null())
    )


def attendees_to_come(who: Client | Contact, now: datetime) -> list[Attendee]:
    """Somebody's part in sessions that are booked and not begun."""
    theirs = Attendee.client == who if isinstance(who, Client) else Attendee.contact == who
    begins = CoachingSession.starts_at > now, CoachingSession.state_name == State.BOOKED
    return list(_with_session().where(*begins, theirs).order_by(CoachingSession.starts_at))


# What somebody was told -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """The last calendar file that reached a reader about a session.

    `sequence` is the highest of all that may have; `is_sure`, that the last one has.
    """

    file: str
    method: Method
    sequence: int
    at: datetime
    is_sure: bool

    def begins_at(self, moment: datetime) -> bool:
        return written(self.file, "DTSTART") == f"{moment:%Y%m%dT%H%M%SZ}"

    @classmethod
    def of(cls, session: CoachingSession, email: str) -> Self | None:
        """None for who heard nothing."""
        files = Message.select().where(
            Message.about == session.public_id, Message.to_address == email, Message.method != ""
        )
        left = [row for row in files.order_by(Message.id) if may_have_left(row.state, row.answer)]
        if not left:
            return None
        last = left[-1]
        return cls(
            file=last.calendar,
            method=Method(last.method),
            sequence=max(int(written(row.calendar, "SEQUENCE")) for row in left),
            at=last.created_at,
            is_sure=last.state is MailState.SENT,
        )


def session_with(uid: str, user: User | None) -> CoachingSession | None:
    """The session of a calendar event; None for one that this user may not see."""
    seen = CoachingSession.visible_to(user) if user else CoachingSession.with_people()
    return seen.where(CoachingSession.uid == uid).first()


def who_may_answer_for(session: CoachingSession, attendee: Attendee | None) -> list[str]:
    """Whose mail may bring somebody's answer: the client's own assistant, and who looks after the coach."""
    client = attendee.client if attendee and attendee.client_id else None
    desk = [session.coach.email, *(one.email for one in Serving.desk_of(session.coach))]
    return [*desk, client.assistant_email] if client else desk


# Who is told ----------------------------------------------------------------------------------------------------------


def meeting_of(session: CoachingSession) -> Meeting:
    kind, place = session.where
    return Meeting(session.uid, session.starts_at, session.ends_at, kind, place)


def guests_of(session: CoachingSession) -> Iterator[tuple[Guest, Client | None]]:
    """Everybody who is told of a session, each address once, and behind which client's wall the mail belongs.

    Who comes goes before who only keeps the dates: of two roles of one address the first counts.
    """
    seen: set[str] = set()
    for guest, client in _all_guests(session):
        if guest.email.casefold() not in seen:
            seen |= {guest.email.casefold()} - {""}
            yield guest, client


def _all_guests(session: CoachingSession) -> Iterator[tuple[Guest, Client | None]]:
    attendees = list(_invited(session))
    for attendee in attendees:
        yield guest_of(attendee), wall_of(attendee)
    yield _coach_of(session), session.client if session.client_id else None
    for attendee in attendees:
        yield from assistant_of(attendee)


def _invited(session: CoachingSession) -> ModelSelect:
    people = Attendee.select(Attendee, Client).join(Client, JOIN.LEFT_OUTER)
    return people.where(Attendee.session == session, Attendee.left_at.is_null()).order_by(Attendee.id)


def wall_of(attendee: Attendee) -> Client | None:
    """Behind which client's wall a mail to somebody belongs; None for who is no client, in a group."""
    return attendee.client if attendee.client_id else attendee.session.client


def guest_of(attendee: Attendee) -> Guest:
    """A client, or a sponsor contact, who comes."""
    session = attendee.session
    what = _with(session, session.coach.name)
    if attendee.role is Role.SPONSOR and session.client_id:
        what = f"{what} and {session.client.name}"
    return Guest(
        name=attendee.name,
        email=attendee.email,
        zone=attendee.zone,
        part=attendee.role,
        called=attendee.client.called if attendee.client_id else called(attendee.name),
        what=what,
        summary=what,
        beside=session.coach.zone,
        answer=attendee.answer,
    )


def assistant_of(attendee: Attendee) -> Iterator[tuple[Guest, Client | None]]:
    """The client's own assistant, who keeps the client's dates, when she is known."""
    client = attendee.client
    if client is None or not client.assistant_email:
        return
    label = _with(attendee.session, attendee.session.coach.name)
    yield (
        Guest(
            name=client.assistant_name,
            email=client.assistant_email,
            zone=attendee.zone,
            part=None,
            called=called(client.assistant_name) or client.assistant_email,
            what=f"{label} for {client.name}",
            summary=label,
            beside=attendee.session.coach.zone,
        ),
        client,
    )


def _coach_of(session: CoachingSession) -> Guest:
    coach = session.coach
    client = session.client if session.client_id else None
    what = _with(session, client.name if client else "")
    beside = client.zone if client else ""
    return Guest(coach.name, coach.email, coach.zone, Role.COACH, called(coach.name), what, what, beside)


def _with(session: CoachingSession, other: str) -> str:
    """'Coaching session with Alice Kern'; a group by its title. Never what a session is about."""
    if session.kind is SessionKind.GROUP:
        return session.label
    return f"{SESSION_LABELS[session.kind]} with {other}" if other else SESSION_LABELS[session.kind]


# What a feed shows ----------------------------------------------------------------------------------------------------


def feed_of(kind: Feed, subject: str, now: datetime) -> str | None:
    """The calendar behind an address; None when its client or coach is gone."""
    if kind is Feed.CLIENT:
        client = Client.get_or_none(Client.public_id == subject)
        return client and _feed_of_client(client, now)
    coach = User.active().where(User.public_id == subject).first()
    return coach and _feed_of_coach(coach, kind, now)


def _feed_of_client(client: Client, now: datetime) -> str:
    there = Attendee.select(Attendee.session).where(Attendee.client == client, Attendee.left_at.is_null())
    shown = _shown(now).where(CoachingSession.id.in_(there))
    firm = Firm.current()
    return feed_file(
        f"Sessions with {firm.name}" if firm else "Sessions",
        [_event(session, meeting, _with(session, session.coach.name)) for session, meeting in _places_filled(shown)],
    )


def _feed_of_coach(coach: User, kind: Feed, now: datetime) -> str:
    shown = _places_filled(_shown(now).where(CoachingSession.coach == coach))
    return feed_file(
        f"Sessions of {coach.name}",
        [
            _event(
                session,
                meeting,
                summary_in_feed(kind, SESSION_LABELS[session.kind], session.client.name if session.client_id else ""),
                is_busy_only=kind is Feed.BUSY,
            )
            for session, meeting in shown
        ],
    )


def _shown(now: datetime) -> ModelSelect:
    """A session that was cancelled is not in a feed any more."""
    sessions = CoachingSession.with_people().where(CoachingSession.state_name.in_(TAKES_TIME))
    return sessions.where(CoachingSession.starts_at > now - SHOWN_SINCE).order_by(CoachingSession.starts_at)


def _places_filled(sessions: ModelSelect) -> Iterator[tuple[CoachingSession, Meeting]]:
    """Each with its place; the coaches' terms are read once."""
    terms = Availability.of_each()
    for session in sessions:
        kind, place = place_of(session.places(terms.get(session.coach_id) or Availability(coach=session.coach)))
        yield session, Meeting(session.uid, session.starts_at, session.ends_at, kind, place)


def _event(session: CoachingSession, meeting: Meeting, summary: str, *, is_busy_only: bool = False) -> Any:
    return feed_event(meeting, summary, sequence=session.sequence, stamp=session.created_at, is_busy_only=is_busy_only)

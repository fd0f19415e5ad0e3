"""Cohorts, their seats, their series of sessions and the materials of each. The wall is the coach's."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

from peewee import JOIN, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from ..accounts.models import User
from ..availability.rules import SessionKind, minute_of
from ..clients.models import Client, Organisation
from ..clients.rules import Status
from ..db import Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..files.models import Document
from ..sessions.models import Attendee, CoachingSession
from ..sessions.rules import State
from ..slots.models import openings_of
from ..slots.rules import openings
from .rules import STATE_LABELS, CohortState, Together


class Cohort(Model):
    """A group program of one coach. `seats` is how many there are."""

    public_id = PublicIdField()
    name = TextField()
    coach = ForeignKeyField(User, on_delete="RESTRICT")
    seats = IntegerField(default=8)
    minutes = IntegerField(default=90)
    place_kind_name = CharField(max_length=6, column_name="place_kind", default="")
    place = TextField(default="")
    state_name = CharField(max_length=10, column_name="state", default=CohortState.OPEN)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def state(self) -> CohortState:
        return CohortState(self.state_name)

    @property
    def state_label(self) -> str:
        return STATE_LABELS[self.state]

    @property
    def numbers_taken(self) -> set[int]:
        return {number for (number,) in Seat.select(Seat.number).where(Seat.cohort == self).tuples()}

    @property
    def members(self) -> list[Client]:
        """Who has a seat, in the order of the seats."""
        return [seat.client for seat in Seat.of(self)]

    def candidates(self, user: User) -> ModelSelect:
        """The coach's clients whom this user may see and who have no seat yet."""
        seated = Seat.select(Seat.client).where(Seat.cohort == self)
        theirs = Client.coach == self.coach_id, Client.status_name != Status.FORMER, Client.id.not_in(seated)
        return Client.visible_to(user).where(*theirs).order_by(Client.name)

    @classmethod
    def listed(cls, user: User) -> ModelSelect:
        """Those of a list, the closed ones last, each with how many seats are `taken`."""
        taken = Seat.select(fn.COUNT(Seat.id)).where(Seat.cohort == cls.id)
        rows = cls.visible_to(user).select_extend(taken.alias("taken_count"))
        return rows.order_by(cls.state_name == CohortState.CLOSED, cls.name, cls.id)

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """The cohorts of the coaches this user works for."""
        coaches = User.coaches_for(user).select(User.id)
        return cls.select(cls, User).join(User, on=(cls.coach == User.id)).where(cls.coach.in_(coaches))


class Seat(Model):
    """A client in a cohort. The place in it is guarded by the database: `number` is unique and ends at its seats."""

    public_id = PublicIdField()
    cohort = ForeignKeyField(Cohort, backref="taken", on_delete="CASCADE")
    client = ForeignKeyField(Client, on_delete="CASCADE")
    engagement = ForeignKeyField(Engagement, null=True, on_delete="SET NULL")
    number = IntegerField()
    since = UtcDateTimeField()

    class Meta:
        indexes = ((("cohort", "client"), True), (("cohort", "number"), True))

    @classmethod
    def of(cls, cohort: Cohort) -> ModelSelect:
        """With client and organisation, in the order of the seats."""
        rows = cls.select(cls, Client, Organisation).join(Client).join(Organisation, JOIN.LEFT_OUTER)
        return rows.where(cls.cohort == cohort).order_by(cls.number)

    @classmethod
    def seen_by(cls, user: User, cohort: Cohort) -> ModelSelect:
        """Those of clients whom this user may see: their wall is not the cohort's."""
        return cls.of(cohort).where(cls.client.in_(Client.visible_to(user, Client.id)))


class Meeting(Model):
    """A session of the series; `makes_up` the one it repeats for those who missed that. `version` is the topic's."""

    public_id = PublicIdField()
    cohort = ForeignKeyField(Cohort, backref="meetings", on_delete="CASCADE")
    session = ForeignKeyField(CoachingSession, unique=True, on_delete="CASCADE")
    number = IntegerField()
    topic = TextField(default="")
    makes_up = ForeignKeyField("self", null=True, on_delete="SET NULL")
    version = IntegerField(default=1)

    @property
    def label(self) -> str:
        return f"Session {self.number}" + (", made up" if self.makes_up_id else "")

    @classmethod
    def of(cls, cohort: Cohort) -> ModelSelect:
        """With their sessions, in the order of their days."""
        rows = cls.select(cls, CoachingSession).join(CoachingSession)
        return rows.where(cls.cohort == cohort).order_by(CoachingSession.starts_at, cls.id)

    @classmethod
    def to_come(cls, cohort: Cohort, now: datetime) -> ModelSelect:
        """Those that are booked and have not begun."""
        return cls.of(cohort).where(CoachingSession.state_name == State.BOOKED, CoachingSession.starts_at > now)

    @classmethod
    def repeating(cls, meeting: Self) -> ModelSelect:
        """Those that make up for a meeting."""
        return cls.of(meeting.cohort).where(cls.makes_up == meeting, CoachingSession.state_name != State.CANCELLED)

    @classmethod
    def next_of(cls, cohorts: Sequence[Cohort], now: datetime) -> dict[int, datetime]:
        """When the next one of each cohort begins."""
        rows = cls.select(cls.cohort, fn.MIN(CoachingSession.starts_at)).join(CoachingSession)
        coming = CoachingSession.state_name == State.BOOKED, CoachingSession.starts_at > now
        return dict(rows.where(cls.cohort.in_(cohorts), *coming).group_by(cls.cohort).tuples())


class Material(Model):
    """A document handed out at a meeting."""

    meeting = ForeignKeyField(Meeting, backref="materials", on_delete="CASCADE")
    document = ForeignKeyField(Document, on_delete="CASCADE")

    class Meta:
        indexes = ((("meeting", "document"), True),)

    @classmethod
    def of(cls, meetings: Sequence[Meeting]) -> ModelSelect:
        """With their documents, without the bytes."""
        return cls.select(cls, Document).join(Document).where(cls.meeting.in_(meetings)).order_by(cls.id)

    @classmethod
    def for_member(cls, client: Client, *columns: Any) -> ModelSelect:
        """What was handed out to a client: at the sessions of cohorts with a seat, and at those one is invited to."""
        seated = Seat.select(Seat.cohort).where(Seat.client == client)
        invited = Attendee.select(Attendee.session).where(Attendee.client == client, Attendee.left_at.is_null())
        theirs = Meeting.cohort.in_(seated) | Meeting.session.in_(invited)
        return cls.select(*columns).join(Meeting).where(theirs)

    @classmethod
    def documents_of(cls, cohort: Cohort, meeting: Meeting | None = None) -> ModelSelect:
        """What was handed out in a cohort, or at one of its meetings."""
        rows = cls.select(cls.document).join(Meeting).where(Meeting.cohort == cohort)
        return Document.select().where(Document.id.in_(rows.where(Meeting.id == meeting) if meeting else rows))


def attendees_of(meetings: Sequence[Meeting]) -> list[Attendee]:
    """The clients who are invited to any of these meetings."""
    sessions = [meeting.session_id for meeting in meetings]
    rows = Attendee.select().where(Attendee.session.in_(sessions), Attendee.left_at.is_null())
    return list(rows.where(Attendee.client.is_null(False)).order_by(Attendee.id))


def together(cohort: Cohort, members: Sequence[Client], first: datetime, last: datetime) -> Together:
    """What keeps the coach, and each member alone, from meeting at times from `first` up to but without `last`."""
    everybody = openings_of(cohort.coach, SessionKind.GROUP, cohort.minutes, first, last, clients=members)
    alone = [openings(replace(everybody.question, parties=(party,))) for party in everybody.question.parties]
    return Together(alone[0], alone[1:], [member.zone or cohort.coach.zone for member in members])


def able(together_then: Together, members: Sequence[Client], moment: datetime) -> list[Client]:
    """Those of the members who can come at a moment."""
    absent = together_then.absent(minute_of(moment))
    return [member for place, member in enumerate(members) if place not in absent]


def visible_among(user: User, clients: Sequence[int]) -> set[int]:
    """Which of these clients a user may see."""
    return {client.id for client in Client.visible_to(user, Client.id).where(Client.id.in_(clients))}

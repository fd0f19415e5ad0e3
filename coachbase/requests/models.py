"""Requests to book: who was asked for which session, when, and how often."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from peewee import CharField, DateField, ForeignKeyField, IntegerField, ModelSelect

from ..accounts.models import User
from ..availability.models import Availability
from ..availability.rules import SESSION_LABELS, SessionKind
from ..clients.models import Client, Contact, Organisation
from ..db import Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement, Participant
from ..engagements.rules import RUNNING
from ..scheduling.models import AHEAD, not_before
from ..sessions.models import CoachingSession
from ..slots.models import openings_of
from ..slots.rules import Openings
from .rules import RequestState


class Request(Model):
    """A client is asked to book a session; the client's own assistant may do it on the page with dates.

    `reminders` and `reminded_at` are counted by the portal, which merges what one person is reminded of. `unsuited_at`
    is when the client told us that no time suits: then it is our turn, and nobody is reminded.
    """

    public_id = PublicIdField()
    client = ForeignKeyField(Client, on_delete="CASCADE")
    engagement = ForeignKeyField(Engagement, null=True, on_delete="CASCADE")
    coach = ForeignKeyField(User, on_delete="RESTRICT")
    kind_name = CharField(max_length=10, column_name="kind")
    minutes = IntegerField()
    from_on = DateField(null=True)
    until_on = DateField(null=True)
    state_name = CharField(max_length=10, column_name="state", default=RequestState.ASKED)
    session = ForeignKeyField(CoachingSession, null=True, on_delete="SET NULL")
    asked_at = UtcDateTimeField()
    reminders = IntegerField(default=0)
    reminded_at = UtcDateTimeField(null=True)
    unsuited_at = UtcDateTimeField(null=True)
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def kind(self) -> SessionKind:
        return SessionKind(self.kind_name)

    @property
    def state(self) -> RequestState:
        return RequestState(self.state_name)

    @property
    def label(self) -> str:
        return SESSION_LABELS[self.kind]

    @property
    def reminders_in_words(self) -> str:
        """'reminded twice'."""
        if not self.reminders:
            return "not reminded yet"
        return f"reminded {('once', 'twice')[self.reminders - 1] if self.reminders < 3 else f'{self.reminders} times'}"

    @classmethod
    def with_people(cls) -> ModelSelect:
        """With client, organisation, coach and engagement."""
        return (
            cls.select(cls, Client, Organisation, User, Engagement)
            .join(Client)
            .left_outer_join(Organisation)
            .switch(cls)
            .join(User, on=(cls.coach == User.id))
            .switch(cls)
            .left_outer_join(Engagement)
        )

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall."""
        return cls.with_people().where(cls.client.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def known_as(cls, public_id: str) -> Self | None:
        return cls.with_people().where(cls.public_id == public_id).first()

    @classmethod
    def of(cls, engagements: Any) -> ModelSelect:
        """Of some programs, those asked and those booked, in the order they were asked."""
        alive = cls.state_name != RequestState.WITHDRAWN
        return cls.with_people().where(cls.engagement.in_(engagements), alive).order_by(cls.id)

    @classmethod
    def of_client(cls, client: Client) -> ModelSelect:
        """All that a client is or was asked to book, the latest first."""
        return cls.with_people().where(cls.client == client).order_by(cls.id.desc())

    @classmethod
    def open_of(cls, client: Client) -> ModelSelect:
        return cls.with_people().where(cls.client == client, cls.state_name == RequestState.ASKED).order_by(cls.id)

    @classmethod
    def kind_asked_of(cls, client: Client) -> SessionKind | None:
        """The first session that a client is asked to book and has not; None when there is none."""
        asked = cls.open_of(client).first()
        return asked and asked.kind

    @classmethod
    def unanswered(cls, user: User, today: date, often: int) -> ModelSelect:
        """Reminded so often, or wanted by a day that has passed, and still nobody chose a time. A program's kickoff is
        a step, which says so itself; where no time suits, the ball is ours."""
        is_step = (cls.kind_name == SessionKind.KICKOFF) & cls.engagement.is_null(False)
        is_over = (cls.until_on < today) | (cls.reminders >= often)
        open_ones = cls.state_name == RequestState.ASKED, cls.unsuited_at.is_null(), ~is_step
        there = cls.engagement.is_null() | Engagement.state_name.in_(RUNNING)
        return cls.visible_to(user).where(*open_ones, is_over, there).order_by(cls.asked_at)

    @classmethod
    def for_page(cls, client: Client) -> ModelSelect:
        """What a client finds on the own page: asked or booked, outside of a program or in one that runs."""
        there = cls.engagement.is_null() | Engagement.state_name.in_(RUNNING)
        alive = cls.state_name != RequestState.WITHDRAWN
        return cls.with_people().where(cls.client == client, there, alive).order_by(cls.id)

    @classmethod
    def to_chase(cls, states: Any) -> ModelSelect:
        """Asked for in a program of these states or outside of one, and nobody told us that no time suits."""
        there = cls.engagement.is_null() | Engagement.state_name.in_(states)
        waiting = cls.state_name == RequestState.ASKED, cls.unsuited_at.is_null()
        return cls.with_people().where(*waiting, there).order_by(cls.asked_at)

    @property
    def guests(self) -> list[Contact]:
        """Who of the sponsor comes, too."""
        if self.kind is not SessionKind.THREE_WAY or self.engagement_id is None:
            return []
        return [part.contact for part in Participant.of(self.engagement) if part.meets]

    @property
    def first_on(self) -> date | None:
        """The first day that is offered: the one asked for, else a kickoff's is the first day of its program."""
        begins = self.kind is SessionKind.KICKOFF and self.engagement_id
        return self.from_on or (self.engagement.starts_on if begins else None)

    def opens_on(self, now: datetime) -> date | None:
        """The day from which on its times are on offer, when all lie further ahead than may be booked; else None."""
        ahead = timedelta(days=Availability.of(self.coach).horizon_days)
        today = now.astimezone(ZoneInfo(self.coach.zone)).date()
        return self.first_on - ahead if self.first_on and self.first_on > today + ahead else None

    def draft(self) -> CoachingSession:
        """The session as it would be booked, unsaved: for its place and its terms."""
        return CoachingSession(
            coach=self.coach, client=self.client, engagement=self.engagement, kind_name=self.kind_name
        )


def offered(request: Request, now: datetime) -> Openings:
    """The times a client may choose from: within the days asked for, as long as these are not over."""
    zone = ZoneInfo(request.coach.zone)
    first, last = not_before(request.first_on, request.coach, now), now + AHEAD
    if request.until_on and request.until_on >= now.astimezone(zone).date():
        last = min(last, datetime.combine(request.until_on + timedelta(days=1), time(), zone).astimezone(UTC))
    return openings_of(
        request.coach,
        request.kind_name,
        request.minutes,
        first,
        max(first, last),
        clients=[request.client],
        contacts=request.guests,
    )

"""Requests to book: who was asked for which session, when, and how often."""

from datetime import datetime
from typing import Any, Self

from peewee import CharField, DateField, ForeignKeyField, IntegerField, ModelSelect

from ..accounts.models import User
from ..availability.rules import SESSION_LABELS, SessionKind
from ..clients.models import Client, Organisation
from ..db import Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..sessions.models import CoachingSession
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
    def open_of(cls, client: Client) -> ModelSelect:
        return cls.with_people().where(cls.client == client, cls.state_name == RequestState.ASKED).order_by(cls.id)

    @classmethod
    def overdue(cls, user: User, now: datetime) -> ModelSelect:
        """Asked for, and the day until which it was asked has passed."""
        return cls.visible_to(user).where(cls.state_name == RequestState.ASKED, cls.until_on < now.date())

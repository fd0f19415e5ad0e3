"""Polls, the times they offer, who is asked, and what they said."""

from typing import Self

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..availability.rules import SessionKind
from ..clients.models import Client, Contact, Organisation
from ..db import Model, NoCaseField, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..sessions.models import CoachingSession, Hold
from .rules import PollState


class Poll(Model):
    """A meeting that client and sponsor choose the time of; the first time that all accept books itself."""

    public_id = PublicIdField()
    engagement = ForeignKeyField(Engagement, on_delete="CASCADE")
    coach = ForeignKeyField(User, on_delete="RESTRICT")
    kind_name = CharField(max_length=10, column_name="kind", default=SessionKind.THREE_WAY)
    title = TextField(default="")
    minutes = IntegerField(default=60)
    state_name = CharField(max_length=10, column_name="state", default=PollState.OPEN)
    expires_at = UtcDateTimeField()
    session = ForeignKeyField(CoachingSession, null=True, on_delete="SET NULL")
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def state(self) -> PollState:
        return PollState(self.state_name)

    @classmethod
    def with_people(cls) -> ModelSelect:
        """With engagement, client, organisation and coach."""
        return (
            cls.select(cls, Engagement, Client, Organisation, User)
            .join(Engagement)
            .join(Client)
            .left_outer_join(Organisation)
            .switch(cls)
            .join(User, on=(cls.coach == User.id))
        )

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall."""
        return cls.with_people().where(Engagement.client.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def of(cls, engagement: Engagement) -> ModelSelect:
        return cls.with_people().where(cls.engagement == engagement).order_by(cls.id.desc())


class PollSlot(Model):
    """A time on offer; the coach's hold keeps it free. Gone when the hold is."""

    public_id = PublicIdField()
    poll = ForeignKeyField(Poll, backref="slots", on_delete="CASCADE")
    starts_at = UtcDateTimeField()
    hold = ForeignKeyField(Hold, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("poll", "starts_at"), True),)


class Voter(Model):
    """Somebody who is asked, by a link of one's own."""

    public_id = PublicIdField()
    poll = ForeignKeyField(Poll, backref="voters", on_delete="CASCADE")
    client = ForeignKeyField(Client, null=True, on_delete="CASCADE")
    contact = ForeignKeyField(Contact, null=True, on_delete="SET NULL")
    name = TextField()
    email = NoCaseField()
    zone = TextField()
    asked_at = UtcDateTimeField(null=True)
    answered_at = UtcDateTimeField(null=True)
    reminders = IntegerField(default=0)
    reminded_at = UtcDateTimeField(null=True)

    @classmethod
    def known_as(cls, public_id: str) -> Self | None:
        return cls.get_or_none(cls.public_id == public_id)


class Vote(Model):
    """Whether a time suits somebody."""

    voter = ForeignKeyField(Voter, backref="votes", on_delete="CASCADE")
    slot = ForeignKeyField(PollSlot, backref="votes", on_delete="CASCADE")
    suits = BooleanField()

    class Meta:
        indexes = ((("voter", "slot"), True),)

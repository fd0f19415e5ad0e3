"""Polls, the times they offer, who is asked, and what they said."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from peewee import JOIN, BooleanField, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..availability.models import terms_for
from ..availability.rules import SESSION_LABELS, SessionKind
from ..clients.models import Client, Contact, Organisation
from ..db import Model, NoCaseField, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..sessions.models import CoachingSession, Hold
from .rules import FACES, Face, PollState


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

    @property
    def kind(self) -> SessionKind:
        return SessionKind(self.kind_name)

    @property
    def face(self) -> Face:
        return FACES[self.state]

    @property
    def label(self) -> str:
        return self.title or SESSION_LABELS[self.kind]

    @property
    def client(self) -> Client:
        return self.engagement.client

    @classmethod
    def with_people(cls) -> ModelSelect:
        """With engagement, client, organisation and coach, and the session when there is one."""
        return (
            cls.select(cls, Engagement, Client, Organisation, User, CoachingSession)
            .join(Engagement)
            .join(Client)
            .left_outer_join(Organisation)
            .switch(cls)
            .join(User, on=(cls.coach == User.id))
            .switch(cls)
            .join(CoachingSession, JOIN.LEFT_OUTER)
        )

    @classmethod
    def known_as(cls, public_id: str) -> Self | None:
        return cls.with_people().where(cls.public_id == public_id).first()

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall."""
        return cls.with_people().where(Engagement.client.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def of(cls, engagement: Engagement) -> ModelSelect:
        return cls.with_people().where(cls.engagement == engagement).order_by(cls.id.desc())

    @classmethod
    def open_of(cls, engagement: Engagement) -> Self | None:
        return cls.of(engagement).where(cls.state_name == PollState.OPEN).first()

    @classmethod
    def still_open(cls) -> ModelSelect:
        return cls.with_people().where(cls.state_name == PollState.OPEN)

    @classmethod
    def stuck_for(cls, user: User) -> ModelSelect:
        """Those for which somebody has to find other times, the longest waiting first."""
        return cls.visible_to(user).where(cls.state_name == PollState.STUCK).order_by(cls.expires_at)


class PollSlot(Model):
    """A time on offer; the coach's hold keeps it free. Gone when the hold is."""

    public_id = PublicIdField()
    poll = ForeignKeyField(Poll, backref="slots", on_delete="CASCADE")
    starts_at = UtcDateTimeField()
    hold = ForeignKeyField(Hold, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("poll", "starts_at"), True),)

    @classmethod
    def of(cls, poll: Poll) -> ModelSelect:
        """In the order of their days."""
        return cls.select().where(cls.poll == poll).order_by(cls.starts_at)

    @classmethod
    def on_offer(cls, poll: Poll, now: datetime) -> ModelSelect:
        """Those that the coach's minimum notice still allows."""
        notice = timedelta(hours=terms_for(poll.coach, poll.kind_name).notice_hours)
        return cls.of(poll).where(cls.starts_at > now, cls.starts_at >= now + notice)


class Voter(Model):
    """Somebody who is asked, by a link of one's own. `note` is what was written to the desk, for staff alone."""

    public_id = PublicIdField()
    poll = ForeignKeyField(Poll, backref="voters", on_delete="CASCADE")
    client = ForeignKeyField(Client, null=True, on_delete="CASCADE")
    contact = ForeignKeyField(Contact, null=True, on_delete="SET NULL")
    name = TextField()
    email = NoCaseField()
    zone = TextField()
    note = TextField(default="")
    asked_at = UtcDateTimeField(null=True)
    answered_at = UtcDateTimeField(null=True)
    reminders = IntegerField(default=0)
    reminded_at = UtcDateTimeField(null=True)

    @classmethod
    def with_poll(cls) -> ModelSelect:
        """With the poll, its engagement, client and coach."""
        return (
            cls.select(cls, Poll, Engagement, Client, User)
            .join(Poll)
            .join(Engagement)
            .join(Client)
            .switch(Poll)
            .join(User, on=(Poll.coach == User.id))
        )

    @classmethod
    def known_as(cls, public_id: str) -> Self | None:
        return cls.with_poll().where(cls.public_id == public_id).first()

    @classmethod
    def of(cls, poll: Poll) -> ModelSelect:
        """The client first, then the contacts as they were chosen; with the contact."""
        return cls.select(cls, Contact).join(Contact, JOIN.LEFT_OUTER).where(cls.poll == poll).order_by(cls.id)

    @classmethod
    def asked_in(cls, states: Any) -> ModelSelect:
        """Who is, or was, asked in polls that are open, in programs of these states."""
        is_open = Poll.state_name == PollState.OPEN, Engagement.state_name.in_(states)
        return cls.with_poll().where(*is_open).order_by(cls.asked_at, cls.id)

    @classmethod
    def silent(cls, states: Any) -> ModelSelect:
        """Of these who has not answered yet."""
        return cls.asked_in(states).where(cls.answered_at.is_null())


class Vote(Model):
    """Whether a time suits somebody."""

    voter = ForeignKeyField(Voter, backref="votes", on_delete="CASCADE")
    slot = ForeignKeyField(PollSlot, backref="votes", on_delete="CASCADE")
    suits = BooleanField()

    class Meta:
        indexes = ((("voter", "slot"), True),)

    @classmethod
    def answers(cls, voters: Sequence[Voter]) -> dict[int, set[int]]:
        """The times that suit, by whoever has answered; both by their ids."""
        found: dict[int, set[int]] = {voter.id: set() for voter in voters if voter.answered_at}
        for voter, slot in cls.select(cls.voter, cls.slot).where(cls.voter.in_(list(found)), cls.suits).tuples():
            found[voter].add(slot)
        return found

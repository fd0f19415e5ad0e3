"""Proposals: sessions to be booked or moved together, shown before they are."""

from datetime import datetime
from typing import Any

from peewee import BooleanField, CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..availability.rules import SessionKind
from ..clients.models import Client
from ..db import Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..sessions.models import CoachingSession
from .rules import ProposalKind, ProposalState


class Proposal(Model):
    """What would change, by whom it was asked for and why; `mails_at` is when its mails leave after it was applied."""

    public_id = PublicIdField()
    kind_name = CharField(max_length=10, column_name="kind")
    coach = ForeignKeyField(User, on_delete="RESTRICT")
    engagement = ForeignKeyField(Engagement, null=True, on_delete="CASCADE")
    first = DateField()
    last = DateField(null=True)
    reason = TextField(default="")
    state_name = CharField(max_length=10, column_name="state", default=ProposalState.DRAFT)
    applied_at = UtcDateTimeField(null=True)
    mails_at = UtcDateTimeField(null=True)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def kind(self) -> ProposalKind:
        return ProposalKind(self.kind_name)

    @property
    def state(self) -> ProposalState:
        return ProposalState(self.state_name)

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """The proposals of the coaches this user works for."""
        coaches = User.coaches_for(user).select(User.id)
        return cls.select(cls, User).join(User, on=(cls.coach == User.id)).where(cls.coach.in_(coaches))


class ProposedSession(Model):
    """One line: a session to book (`session` is None until applied) or to move. `after` None: no time was found.

    `exception` says what is unlike the rest ("holiday", "9:00 is taken: 10:00 instead"); `chosen` is off when the
    assistant left it out.
    """

    public_id = PublicIdField()
    proposal = ForeignKeyField(Proposal, backref="lines", on_delete="CASCADE")
    session = ForeignKeyField(CoachingSession, null=True, on_delete="CASCADE")
    client = ForeignKeyField(Client, null=True, on_delete="CASCADE")
    kind_name = CharField(max_length=10, column_name="kind", default=SessionKind.COACHING)
    minutes = IntegerField()
    before = UtcDateTimeField(null=True)
    after = UtcDateTimeField(null=True)
    exception = TextField(default="")
    chosen = BooleanField(default=True)

    @classmethod
    def of(cls, proposal: Proposal) -> ModelSelect:
        return cls.select(cls, Client).left_outer_join(Client).where(cls.proposal == proposal).order_by(cls.id)

    @property
    def moves(self) -> bool:
        return self.after is not None and self.after != self.before

    @property
    def at(self) -> datetime | Any:
        """Where it stands in the order of days."""
        return self.after or self.before

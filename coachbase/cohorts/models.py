"""Cohorts, their seats, their series of sessions and the materials of each. The wall is the coach's."""

from peewee import CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..clients.models import Client
from ..db import Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..files.models import Document
from ..sessions.models import CoachingSession
from .rules import CohortState


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


class Meeting(Model):
    """A session of the series; `makes_up` the one it repeats for those who missed that."""

    public_id = PublicIdField()
    cohort = ForeignKeyField(Cohort, backref="meetings", on_delete="CASCADE")
    session = ForeignKeyField(CoachingSession, unique=True, on_delete="CASCADE")
    number = IntegerField()
    topic = TextField(default="")
    makes_up = ForeignKeyField("self", null=True, on_delete="SET NULL")


class Material(Model):
    """A document handed out at a meeting."""

    meeting = ForeignKeyField(Meeting, backref="materials", on_delete="CASCADE")
    document = ForeignKeyField(Document, on_delete="CASCADE")

    class Meta:
        indexes = ((("meeting", "document"), True),)

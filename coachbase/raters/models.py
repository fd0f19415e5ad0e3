"""Raters of an assessment. That somebody is one is nobody's business but the desk's."""

from peewee import CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..assessments.models import Assessment
from ..clients.models import Client, Contact
from ..credentials.models import Credential
from ..db import Model, NoCaseField, PublicIdField, UtcDateTimeField
from ..instruments.models import InstrumentGroup
from .rules import STATE_LABELS, State


class Rater(Model):
    """Somebody who is to answer about a client. `by` is who entered them: None when the client nominated them.

    `approved_by` (the staff) or `approved_by_contact` (a sponsor) said yes to a nomination.
    """

    public_id = PublicIdField()
    assessment = ForeignKeyField(Assessment, backref="raters", on_delete="CASCADE")
    group = ForeignKeyField(InstrumentGroup, on_delete="RESTRICT")
    name = TextField()
    email = NoCaseField()
    zone = TextField(default="")
    state_name = CharField(max_length=10, column_name="state", default=State.APPROVED)
    credential = ForeignKeyField(Credential, null=True, unique=True, on_delete="RESTRICT")
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    approved_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    approved_by_contact = ForeignKeyField(Contact, null=True, on_delete="SET NULL")
    invited_at = UtcDateTimeField(null=True)
    completed_at = UtcDateTimeField(null=True)
    reminders = IntegerField(default=0)
    reminded_at = UtcDateTimeField(null=True)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()

    class Meta:
        indexes = ((("assessment", "email"), True), (("state_name", "invited_at"), False))

    @property
    def state(self) -> State:
        return State(self.state_name)

    @property
    def state_label(self) -> str:
        return STATE_LABELS[self.state]

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall, with assessment, client and group."""
        mine = Client.id.in_(Client.visible_to(user, Client.id))
        found = cls.select(cls, Assessment, Client, InstrumentGroup).join(Assessment).join(Client)
        return found.switch(cls).join(InstrumentGroup).where(mine)

    @classmethod
    def of(cls, assessment: Assessment) -> ModelSelect:
        """By group, then name."""
        found = cls.select(cls, InstrumentGroup).join(InstrumentGroup).where(cls.assessment == assessment)
        return found.order_by(InstrumentGroup.position, InstrumentGroup.id, cls.name, cls.id)

"""Plans of what is billed when, charges beside them, and sessions that are not billed. The wall is the client's."""

from typing import Self

from peewee import BooleanField, CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..clients.models import Client
from ..db import Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..files.models import Document
from ..payers.models import TaxRate
from ..sessions.models import CoachingSession
from .rules import Anchor, ChargeKind, Way


class Plan(Model):
    """How one program is billed. `unit_cents` is for a session, or an hour; `rate` overrides the payer's.

    A program has one from its start, made of its terms; currency and price are the program's. `price_cents` is the
    price when somebody last looked at the plan; what came before `since_on` was billed elsewhere.
    """

    public_id = PublicIdField()
    engagement = ForeignKeyField(Engagement, unique=True, on_delete="CASCADE")
    way_name = CharField(max_length=8, column_name="way", default=Way.PARTS)
    unit_cents = IntegerField(default=0)
    discount_bps = IntegerField(default=0)
    discount_cents = IntegerField(default=0)
    discount_words = TextField(default="")
    rate = ForeignKeyField(TaxRate, null=True, on_delete="RESTRICT")
    price_cents = IntegerField(default=0)
    since_on = DateField(null=True)
    version = IntegerField(default=1)
    changed_at = UtcDateTimeField()

    @property
    def way(self) -> Way:
        return Way(self.way_name)

    @classmethod
    def visible_to(cls, user: User) -> "ModelSelect[Self]":
        """Behind the client's wall; with engagement and client."""
        mine = Client.visible_to(user, Client.id)
        return cls.select(cls, Engagement, Client).join(Engagement).join(Client).where(Client.id.in_(mine))

    @classmethod
    def of(cls, engagement: Engagement) -> Self | None:
        return cls.get_or_none(cls.engagement == engagement)


class Part(Model):
    """An instalment. `number` is the n of its anchor, `on` the day of one by date; later ones are less a deposit."""

    public_id = PublicIdField()
    plan = ForeignKeyField(Plan, backref="parts", on_delete="CASCADE")
    position = IntegerField()
    label = TextField(default="")
    anchor_name = CharField(max_length=8, column_name="anchor", default=Anchor.START)
    number = IntegerField(default=0)
    on = DateField(null=True)
    cents = IntegerField()
    is_deposit = BooleanField(default=False)

    class Meta:
        indexes = ((("plan", "position"), True),)

    @property
    def anchor(self) -> Anchor:
        return Anchor(self.anchor_name)


class Charge(Model):
    """Something to be billed beside the plan: an expense, an instrument, hours. `about`: an assessment's public id."""

    public_id = PublicIdField()
    client = ForeignKeyField(Client, backref="charges", on_delete="CASCADE")
    engagement = ForeignKeyField(Engagement, null=True, on_delete="SET NULL")
    kind_name = CharField(max_length=8, column_name="kind", default=ChargeKind.EXPENSE)
    text = TextField()
    on = DateField()
    quantity_milli = IntegerField(default=1000)
    unit_cents = IntegerField()
    currency = CharField(max_length=3)
    rate = ForeignKeyField(TaxRate, null=True, on_delete="RESTRICT")
    about = CharField(max_length=26, default="")
    document = ForeignKeyField(Document, null=True, on_delete="SET NULL")
    removed_at = UtcDateTimeField(null=True)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def kind(self) -> ChargeKind:
        return ChargeKind(self.kind_name)


class Waiver(Model):
    """A session that counts and is not to be billed, and why."""

    session = ForeignKeyField(CoachingSession, unique=True, on_delete="CASCADE")
    reason = TextField()
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

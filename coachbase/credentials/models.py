"""The stock of codes, sealed, and the ledger of credits, append only (triggers.py)."""

from datetime import date
from typing import Any, Self

from peewee import CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..clients.models import Client
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..instruments.models import Instrument, Vendor
from .rules import FREE, Entry, State


class Credential(Model):
    """A way in: `secret` is the code, the personal link or the password, `login` the name of an account; both sealed.

    Who holds it points here: an assessment or a rater, never two (unique there). `client` is whose assessment it
    serves. `expires_on` is its last day.
    """

    public_id = PublicIdField()
    instrument = ForeignKeyField(Instrument, backref="credentials", on_delete="RESTRICT")
    state_name = CharField(max_length=10, column_name="state", default=State.STOCK, index=True)
    login = EncryptedTextField(default="")
    secret = EncryptedTextField()
    expires_on = DateField(null=True)
    cost_cents = IntegerField(default=0)
    currency = CharField(max_length=3)
    credits = IntegerField(default=1)
    order = TextField(default="")
    client = ForeignKeyField(Client, null=True, on_delete="SET NULL")
    added_at = UtcDateTimeField()
    added_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    given_at = UtcDateTimeField(null=True)
    ended_at = UtcDateTimeField(null=True)

    class Meta:
        indexes = ((("instrument", "state_name"), False),)

    @property
    def state(self) -> State:
        return State(self.state_name)

    @classmethod
    def free(cls, instrument: Instrument, today: date) -> "ModelSelect[Self]":
        """What can be given today: what expires first goes first."""
        usable = cls.expires_on.is_null() | (cls.expires_on >= today)
        found = cls.select().where(cls.instrument == instrument, cls.state_name.in_(FREE), usable)
        return found.order_by(cls.expires_on.is_null(), cls.expires_on, cls.id)


class CreditEntry(Model):
    """A line of the credit ledger of a vendor: `credits` bought (positive) or spent (negative)."""

    vendor = ForeignKeyField(Vendor, backref="credit_entries", on_delete="RESTRICT")
    instrument = ForeignKeyField(Instrument, null=True, on_delete="RESTRICT")
    credential = ForeignKeyField(Credential, null=True, on_delete="RESTRICT")
    client = ForeignKeyField(Client, null=True, on_delete="SET NULL")
    entry_name = CharField(max_length=10, column_name="entry")
    credits = IntegerField()
    cost_cents = IntegerField(default=0)
    currency = CharField(max_length=3)
    note = TextField(default="")
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    at = UtcDateTimeField()

    @property
    def entry(self) -> Entry:
        return Entry(self.entry_name)

    @classmethod
    def of(cls, vendor: Vendor) -> "ModelSelect[Any]":
        return cls.select().where(cls.vendor == vendor).order_by(cls.id.desc())

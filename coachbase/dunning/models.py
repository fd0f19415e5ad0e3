"""Which invoice was reminded of, and when."""

from peewee import CharField, DateField, ForeignKeyField

from ..accounts.models import User
from ..db import Model, PublicIdField, UtcDateTimeField
from ..invoices.models import Invoice
from ..mail.models import Message


class Dun(Model):
    """One reminder of one invoice, each firmness once; several of one day share a mail."""

    public_id = PublicIdField()
    invoice = ForeignKeyField(Invoice, backref="duns", on_delete="RESTRICT")
    level_name = CharField(max_length=8, column_name="level")
    on = DateField()
    message = ForeignKeyField(Message, null=True, on_delete="SET NULL")
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("invoice", "level_name"), True),)

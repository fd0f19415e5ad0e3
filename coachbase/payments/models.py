"""Files from the bank and their lines. They are the firm's: whoever looks after the desk sees them."""

from peewee import CharField, DateField, ForeignKeyField, IntegerField, TextField

from ..accounts.models import User
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from .rules import LineState


class BankFile(Model):
    """A file that was read."""

    public_id = PublicIdField()
    name = TextField()
    sha256 = CharField(max_length=64)
    way = CharField(max_length=8)
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")


class BankLine(Model):
    """Money that came in or went out. `key` tells a line of another file that is the same one.

    What it paid are the postings whose `about` is its public id.
    """

    public_id = PublicIdField()
    file = ForeignKeyField(BankFile, backref="lines", on_delete="CASCADE")
    key = CharField(max_length=64, unique=True)
    on = DateField()
    cents = IntegerField()
    currency = CharField(max_length=3)
    payer = EncryptedTextField(default="")
    account = EncryptedTextField(default="")
    reference = EncryptedTextField(default="")
    state_name = CharField(max_length=8, column_name="state", default=LineState.OPEN, index=True)
    reason = TextField(default="")
    version = IntegerField(default=1)

    @property
    def state(self) -> LineState:
        return LineState(self.state_name)


class BankColumns(Model):
    """Which column of a bank's CSV file says what, remembered by its headings."""

    headings = CharField(max_length=64, unique=True)
    columns = TextField()

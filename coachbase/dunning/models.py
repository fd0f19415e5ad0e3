"""Letters of reminder, what each says of which invoice, whom it goes to, and when reminders rest."""

from collections.abc import Iterable

from peewee import BooleanField, CharField, DateField, ForeignKeyField, IntegerField, TextField, fn

from ..accounts.models import User
from ..db import Model, NoCaseField, PublicIdField, UtcDateTimeField
from ..files.models import Document
from ..invoices.models import Invoice
from ..payers.models import Payer
from ..portal.models import Chaser
from .rules import LETTER_DELAYS, Level, LetterState


class Letter(Model):
    """A reminder of all that is overdue at one address, drawn by the worker and mailed once it is drawn.

    `level_name` is the firmest tone in it, `on` the reader's day. Mails of it carry its public id as what they are about.
    """

    public_id = PublicIdField()
    payer = ForeignKeyField(Payer, on_delete="RESTRICT")
    level_name = CharField(max_length=8, column_name="level")
    state_name = CharField(max_length=8, column_name="state", default=LetterState.PENDING, index=True)
    on = DateField()
    document = ForeignKeyField(Document, null=True, on_delete="SET NULL")
    attempts = IntegerField(default=0)
    try_at = UtcDateTimeField(null=True)
    problem = TextField(default="")
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")


class Addressee(Model):
    """Whom a letter is mailed to; `chaser` is the right to remind that person on that day."""

    letter = ForeignKeyField(Letter, backref="addressees", on_delete="CASCADE")
    name = TextField()
    email = NoCaseField()
    chaser = ForeignKeyField(Chaser, null=True, on_delete="SET NULL")


class Dun(Model):
    """An invoice in a letter. Each firmness once; without one it is listed only, beside others that are due."""

    invoice = ForeignKeyField(Invoice, backref="duns", on_delete="RESTRICT")
    letter = ForeignKeyField(Letter, backref="duns", on_delete="CASCADE")
    level_name = CharField(max_length=8, column_name="level", null=True)

    class Meta:
        indexes = ((("invoice", "level_name"), True), (("letter", "invoice"), True))

    @classmethod
    def counts(cls, invoices: Iterable[int]) -> dict[int, int]:
        """How often each of these (by its own id) was reminded of; who never was is not among them. One query."""
        levels = cls.level_name.is_null(False), cls.invoice.in_(list(invoices))
        rows = cls.select(cls.invoice_id, fn.COUNT(cls.id)).where(*levels).group_by(cls.invoice)
        return dict(rows.tuples())


class Pause(Model):
    """Nobody is reminded of an invoice until a day, or it was handed to the owner, who decides."""

    invoice = ForeignKeyField(Invoice, unique=True, on_delete="CASCADE")
    until = DateField(null=True)
    reason = TextField(default="")
    is_handed = BooleanField(default=False)
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

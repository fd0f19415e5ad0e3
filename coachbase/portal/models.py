"""Who was reminded on which day: one reminder a person and day, whatever is open."""

from peewee import DateField, ForeignKeyField

from ..db import Model, NoCaseField
from ..mail.models import Message


class Chaser(Model):
    """A merged reminder. The day is the reader's own."""

    email = NoCaseField()
    on = DateField()
    message = ForeignKeyField(Message, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("email", "on"), True),)

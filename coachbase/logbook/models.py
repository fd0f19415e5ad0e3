"""Whose hours may stand in the coaching log, and by what name. The wall is the client's."""

from peewee import BooleanField, DateField, ForeignKeyField, IntegerField, TextField

from ..accounts.models import User
from ..clients.models import Client
from ..db import Model, UtcDateTimeField


class LogConsent(Model):
    """What a client said about standing in a coach's log for the ICF. Without a row the hours are left out.

    `by_name`: the name may stand there; else a letter of the organisation stands for it. `how` is how we know.
    """

    client = ForeignKeyField(Client, unique=True, on_delete="CASCADE")
    is_given = BooleanField()
    by_name = BooleanField(default=False)
    organisation = TextField(default="")
    on = DateField()
    how = TextField()
    version = IntegerField(default=1)
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

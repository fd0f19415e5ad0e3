"""Which reminders of sessions went out."""

from peewee import CharField, ForeignKeyField

from ..db import Model, UtcDateTimeField
from ..mail.models import Message
from ..sessions.models import Attendee


class Reminder(Model):
    """A reminder that was sent, by its key (attendee, kind, starts_at): a session that moved has another key.

    Nothing is planned ahead: whether one is due is asked of the session as it is at that minute.
    """

    attendee = ForeignKeyField(Attendee, on_delete="CASCADE")
    kind_name = CharField(max_length=12, column_name="kind")
    starts_at = UtcDateTimeField()
    message = ForeignKeyField(Message, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("attendee", "kind_name", "starts_at"), True),)

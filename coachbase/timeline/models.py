"""Entries, which are never changed, and the texts staff write, which may be."""

from peewee import CharField, ForeignKeyField, IntegerField, TextField

from ..accounts.models import User
from ..clients.models import Client
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from .rules import Kind


class Entry(Model):
    """One sentence about a client. The database refuses to change or delete it (trigger).

    `happened_at` is when it happened, `recorded_at` when it was written down. `href` is the page in here that shows
    more. `by` is None when the program or a link party did it; the sentence says who.
    """

    public_id = PublicIdField()
    client = ForeignKeyField(Client, backref="entries", on_delete="CASCADE")
    kind_name = CharField(max_length=8, column_name="kind")
    sentence = TextField()
    href = TextField(default="")
    happened_at = UtcDateTimeField()
    recorded_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="RESTRICT")

    class Meta:
        indexes = ((("client", "happened_at"), False),)

    @property
    def kind(self) -> Kind:
        return Kind(self.kind_name)


class Note(Model):
    """What a note, a call or a logged mail says: Markdown, encrypted, with a version against silent overwriting."""

    entry = ForeignKeyField(Entry, unique=True, backref="notes", on_delete="CASCADE")
    body = EncryptedTextField()
    version = IntegerField(default=1)
    edited_at = UtcDateTimeField(null=True)
    edited_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")

"""Entries, which are never changed, and the texts staff write, which may be."""

from collections.abc import Collection, Iterable
from typing import Self

from peewee import CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..clients.models import Client
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from .rules import Kind, may_edit_note


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

    @classmethod
    def of(cls, client: Client) -> "ModelSelect[Self]":
        """A client's entries; the client came through the wall, so they did too."""
        return cls.select(cls, User.id, User.name).left_outer_join(User).where(cls.client == client)

    @classmethod
    def page_of(cls, client: Client, kinds: Collection[Kind], *, before: Self | None, limit: int) -> list[Self]:
        """Newest first, going on after `before`: entries that arrive meanwhile neither double nor hide one."""
        entries = cls.of(client)
        if kinds:
            entries = entries.where(cls.kind_name.in_(kinds))
        if before is not None:
            # the first half lets the index find the place, the second parts what happened at the same moment
            entries = entries.where(
                (cls.happened_at <= before.happened_at)
                & ((cls.happened_at < before.happened_at) | (cls.id < before.id))
            )
        return list(entries.order_by(cls.happened_at.desc(), cls.id.desc()).limit(limit))


class Note(Model):
    """What a note, a call or a logged mail says: Markdown, encrypted, with a version against silent overwriting."""

    entry = ForeignKeyField(Entry, unique=True, backref="notes", on_delete="CASCADE")
    body = EncryptedTextField()
    version = IntegerField(default=1)
    edited_at = UtcDateTimeField(null=True)
    edited_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")

    @classmethod
    def by_entry(cls, entries: Iterable[Entry]) -> dict[int, Self]:
        """The texts under these entries, each with its last editor, by the entry's id; one query."""
        notes = cls.select(cls, User.id, User.name).left_outer_join(User).where(cls.entry.in_(list(entries)))
        return {note.entry_id: note for note in notes}

    @classmethod
    def editable(cls, client: Client, public_id: str, user: User) -> Self | None:
        """The text under an entry of this client, when this user may change it."""
        note = cls.select(cls, Entry).join(Entry).where(Entry.client == client, Entry.public_id == public_id).first()
        if note is None or not may_edit_note(is_author=note.entry.by_id == user.id, role=user.role):
            return None
        return note

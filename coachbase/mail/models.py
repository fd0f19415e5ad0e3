"""The outbox, the firm's own texts, and where mail is handed over."""

from typing import Self

from peewee import CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..accounts.rules import Role
from ..clients.models import Client
from ..db import EncryptedTextField, Model, NoCaseField, PublicIdField, UtcDateTimeField
from ..links.models import Link
from .rules import Security, State


class MailServer(Model):
    """The SMTP settings: one row, absent until somebody fills them in."""

    host = TextField()
    port = IntegerField()
    security_name = CharField(max_length=8, column_name="security", default=Security.STARTTLS)
    username = TextField(default="")
    password = EncryptedTextField(null=True)
    from_name = TextField()
    from_address = NoCaseField()
    version = IntegerField(default=1)

    @property
    def security(self) -> Security:
        return Security(self.security_name)

    @classmethod
    def current(cls) -> Self | None:
        return cls.select().first()


class MailText(Model):
    """The firm's own words for one kind of message; without a row the shipped text is used."""

    kind = CharField(max_length=30, unique=True)
    subject = TextField()
    body = TextField()
    version = IntegerField(default=1)


class Message(Model):
    """A mail and its fate: queued → leased → sent, or failed and tried again, or dead, or cancelled.

    Subject and bodies are what the reader gets, except that a personal link stands as a placeholder: its token is
    sealed beside and dropped once sent, so staff never see it.
    """

    public_id = PublicIdField()
    message_id = TextField(unique=True)
    kind = CharField(max_length=30)
    to_name = TextField(default="")
    to_address = NoCaseField()
    reply_to = NoCaseField(default="")
    subject = TextField()
    text = EncryptedTextField()
    html = EncryptedTextField()
    link = ForeignKeyField(Link, null=True, on_delete="SET NULL")
    token = EncryptedTextField(null=True)
    client = ForeignKeyField(Client, null=True, backref="messages", on_delete="CASCADE")
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    state_name = CharField(max_length=10, column_name="state", default=State.QUEUED)
    attempts = IntegerField(default=0)
    try_at = UtcDateTimeField(null=True)
    leased_until = UtcDateTimeField(null=True)
    answer = TextField(default="")
    created_at = UtcDateTimeField(index=True)
    sent_at = UtcDateTimeField(null=True)

    class Meta:
        indexes = ((("state_name", "try_at"), False), (("client", "created_at"), False))

    @property
    def state(self) -> State:
        return State(self.state_name)

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall; what concerns no client (invitations, tests) is the owner's and the sender's."""
        messages = cls.select(cls, Client).left_outer_join(Client)
        if user.role is Role.OWNER:
            return messages
        own = cls.client.is_null() & (cls.by == user)
        return messages.where(own | cls.client.in_(Client.visible_to(user, Client.id)))

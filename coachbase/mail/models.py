"""The outbox, the firm's own texts, and where mail is handed over."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Self

from peewee import JOIN, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from .. import config
from ..accounts.models import User
from ..accounts.rules import Role
from ..clients.models import Client
from ..db import ADDED_LATER, EncryptedTextField, Model, NoCaseField, PublicIdField, UtcDateTimeField
from ..files.models import Document
from ..firm.models import Firm
from ..links.models import Link
from .rules import (
    CALLED_OFF,
    FACES,
    FOR_CHASERS,
    KINDS,
    LINK_PLACE,
    TROUBLE,
    Face,
    Field,
    Kind,
    Security,
    State,
    fill,
    one_line,
    paragraphs,
    plain,
    plain_value,
)

TEXTS = Path(__file__).parents[2] / "templates" / "email"


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
    """The firm's own words for one kind of message. Without a row, or with an empty one, the shipped text is used.

    A text that was restored keeps its empty row: its version goes on counting, so that a form opened before the
    restoring is seen to be stale.
    """

    kind = CharField(max_length=30, unique=True)
    subject = TextField()
    body = TextField()
    version = IntegerField(default=1)

    @property
    def is_own(self) -> bool:
        """Whether these are the firm's words and not the shipped ones."""
        return (self.subject, self.body) != _shipped(self.kind)

    @property
    def about(self) -> Kind:
        return KINDS[self.kind]

    def values(self, fields: Mapping[str, str], *, secret: str) -> dict[str, str]:
        """What stands for each field in a mail with this text.

        Raises ValueError when the caller gives other fields than the kind has: that is a bug of ours.
        """
        kind = self.about
        if fields.keys() != kind.own_fields.keys() or secret != kind.secret:
            raise ValueError(f"{kind.label} needs {sorted(kind.own_fields)} {kind.secret}")
        values = {"firm": _firm_name(), kind.secret: LINK_PLACE}
        return values | {name: _written(kind.own_fields[name], value) for name, value in fields.items()}

    def drafted(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """Subject and text of a mail before it is queued, as staff may read it."""
        values = self.values(fields, secret=self.about.secret) | {self.about.secret: self.about.secret_shown}
        return fill(self.subject, values), fill(plain(self.body), values)

    @classmethod
    def in_force(cls, kind: str) -> Self:
        """The text that is used now; version 0 when the firm never touched it."""
        return cls._filled_in(cls.get_or_none(cls.kind == kind), kind)

    @classmethod
    def all_in_force(cls) -> list[Self]:
        rows = {row.kind: row for row in cls.select()}
        return [cls._filled_in(rows.get(kind), kind) for kind in KINDS]

    @classmethod
    def _filled_in(cls, row: Self | None, kind: str) -> Self:
        text = row or cls(kind=kind, subject="", body="", version=0)
        if not text.body:
            text.subject, text.body = _shipped(kind)
        return text


def _written(about: Field, value: str) -> str:
    """A value as its field takes it."""
    if about.is_address:
        return _own_address(value)
    if about.is_text:
        return paragraphs(value)
    return one_line(value) if about.is_place else plain_value(value)


def _own_address(path: str) -> str:
    """A page of ours for a mail; from BASE_URL only."""
    if not path.startswith("/"):
        raise ValueError("an address in a mail is a path of ours")
    return config.in_force().base_url + path


def _firm_name() -> str:
    firm = Firm.current()
    return plain_value(firm.name) if firm else "coachbase"


@cache
def _shipped(kind: str) -> tuple[str, str]:
    """Subject and body as coachbase brings them."""
    folder = TEXTS / kind
    return (folder / "subject.txt").read_text("utf-8").strip(), (folder / "body.md").read_text("utf-8").strip()


class Message(Model):
    """A mail and its fate: queued → leased → sent, or failed and tried again, or dead, or cancelled.

    Subject and bodies are what the reader gets, except that a personal link stands as a placeholder: its token is
    sealed beside and dropped once the fate is known, so staff never see it.

    `about` is the public id of what it is for: a signer, a questionnaire, a program; it may end the message's use.
    `calendar` is a calendar file that goes with it, `method` what that asks of the reader's program (RFC 6047).
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
    document = ForeignKeyField(Document, null=True, on_delete="SET NULL")
    about = CharField(max_length=26, default="", index=True, constraints=[ADDED_LATER])
    method = CharField(max_length=8, default="", constraints=[ADDED_LATER])
    calendar = EncryptedTextField(null=True)

    class Meta:
        indexes = ((("state_name", "try_at"), False), (("client", "created_at"), False))

    @property
    def state(self) -> State:
        return State(self.state_name)

    @property
    def face(self) -> Face:
        return FACES[self.state]

    @property
    def label(self) -> str:
        return KINDS[self.kind].label

    @property
    def has_link(self) -> bool:
        """Whether a personal link stands in it; also when the link itself is long gone."""
        return KINDS[self.kind].has_link

    @property
    def is_overtaken(self) -> bool:
        """Whether it says what is no longer so: called off, or followed by a newer calendar file about the same."""
        if self.answer.startswith(CALLED_OFF):
            return True
        same = Message.about == self.about, Message.to_address == self.to_address, Message.id > self.id
        return bool(self.about) and Message.select(Message.id).where(*same, Message.method != "").exists()

    @property
    def calendar_label(self) -> str:
        """What the calendar file does that goes with it; '' without one."""
        return {"REQUEST": "invites", "CANCEL": "takes out of the calendar", "PUBLISH": "informs"}.get(self.method, "")

    @property
    def text_shown(self) -> str:
        """The text as staff may read it."""
        return self.text.replace(LINK_PLACE, KINDS[self.kind].secret_shown)

    @property
    def html_shown(self) -> str:
        """The HTML part as staff may read it: the personal link leads nowhere."""
        return self.html.replace(f'href="{LINK_PLACE}"', 'href="#"').replace(LINK_PLACE, KINDS[self.kind].secret_shown)

    @classmethod
    def visible_to(cls, user: User, *columns: object) -> ModelSelect:
        """Behind the client's wall; what concerns no client (invitations, tests) is the owner's and the sender's."""
        messages = cls.select(*(columns or (cls, Client.id, Client.public_id, Client.name))).join(
            Client, JOIN.LEFT_OUTER
        )
        if user.role is not Role.ASSISTANT:
            messages = messages.where(cls.kind.not_in(FOR_CHASERS))
        if user.role is Role.OWNER:
            return messages
        own = cls.client.is_null() & (cls.by == user)
        return messages.where(own | cls.client.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def listed(cls, user: User, *, state: str = "", words: str = "", client: Client | None = None) -> ModelSelect:
        """For lists: newest first and without the bodies, which would have to be deciphered."""
        rows = cls.visible_to(
            user,
            cls.id,
            cls.public_id,
            cls.kind,
            cls.to_name,
            cls.to_address,
            cls.subject,
            cls.state_name,
            cls.attempts,
            cls.try_at,
            cls.answer,
            cls.created_at,
            cls.sent_at,
            cls.client,
            Client.id,
            Client.public_id,
            Client.name,
        ).order_by(cls.id.desc())
        if client is not None:
            rows = rows.where(cls.client == client)
        if state:
            rows = rows.where(cls.state_name == state)
        if words:
            rows = rows.where(
                cls.subject.contains(words) | cls.to_address.contains(words) | cls.to_name.contains(words)
            )
        return rows

    @classmethod
    def open_counts(cls, user: User, *, client: Client | None = None) -> dict[State, int]:
        """How many wait, fail or are dead; the sent ones are not worth counting each time."""
        counting = cls.visible_to(user, cls.state_name, fn.COUNT(cls.id)).where(
            cls.state_name.in_((State.QUEUED, *TROUBLE))
        )
        if client is not None:
            counting = counting.where(cls.client == client)
        return {State(name): count for name, count in counting.group_by(cls.state_name).tuples()}

    @classmethod
    def in_trouble(cls, user: User) -> ModelSelect:
        """How many somebody should look at."""
        return cls.visible_to(user, fn.COUNT(cls.id)).where(cls.state_name.in_(TROUBLE))

    @classmethod
    def waiting_for_server(cls) -> ModelSelect:
        """What waits because nobody set up the mail server."""
        return cls.select(cls.id).where(cls.state_name == State.QUEUED, ~fn.EXISTS(MailServer.select(MailServer.id)))

    @classmethod
    def due(cls, now: datetime) -> ModelSelect:
        """What a worker should take now, oldest first."""
        return (
            cls.select(cls.public_id)
            .where(cls.state_name.in_((State.QUEUED, State.FAILED)), cls.try_at.is_null() | (cls.try_at <= now))
            .order_by(cls.id)
        )

    @classmethod
    def left_behind(cls, now: datetime) -> ModelSelect:
        """What a worker took and never told about: it was killed."""
        return cls.select().where(cls.state_name == State.LEASED, cls.leased_until <= now)

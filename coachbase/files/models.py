"""Documents and, apart from them, their encrypted bytes: lists never load a file."""

from typing import Self

from peewee import SQL, BooleanField, CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..accounts.rules import Role
from ..clients.models import Client
from ..db import ADDED_LATER, EncryptedBlobField, EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..firm.models import Firm
from ..instruments.models import Instrument
from .rules import SHUT, Audience, Kind, TextState


class Document(Model):
    """A stored file. `audience` says who may open it; without a client (a form that is still being filled in) nobody
    may.

    What replaces a file has the same `series` and the next `number`; the newest of a series `is_newest`. `dated_on` is
    the day the document speaks of.
    """

    public_id = PublicIdField()
    client = ForeignKeyField(Client, null=True, backref="documents", on_delete="CASCADE")
    name = TextField()
    media_type = TextField()
    size = IntegerField()
    sha256 = CharField(max_length=64)
    audience_name = CharField(max_length=8, column_name="audience", default=Audience.TEAM)
    kind_name = CharField(max_length=10, column_name="kind", default=Kind.UPLOAD, constraints=[SQL("DEFAULT 'upload'")])
    instrument = ForeignKeyField(Instrument, null=True, on_delete="SET NULL")
    dated_on = DateField(null=True)
    series = CharField(max_length=26, default="", constraints=[ADDED_LATER])
    number = IntegerField(default=1, constraints=[SQL("DEFAULT 1")])
    is_newest = BooleanField(default=True, constraints=[SQL("DEFAULT 1")])
    uploaded_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def audience(self) -> Audience:
        return Audience(self.audience_name)

    @property
    def kind(self) -> Kind:
        return Kind(self.kind_name)

    @classmethod
    def visible_to(cls, user: User) -> "ModelSelect[Self]":
        """Behind the client's wall; what is for the coach only stays away from assistants.

        Reports and packages they may open where the firm says so, whatever the audience.
        """
        documents = cls.select(cls, Client).join(Client).where(Client.id.in_(Client.visible_to(user, Client.id)))
        if user.role is Role.ASSISTANT:
            is_shut = cls.kind_name.in_(SHUT)
            firm = Firm.current()
            opens_reports = firm is not None and firm.assistants_open_reports
            others = (cls.audience_name != Audience.COACH) & ~is_shut
            documents = documents.where(others | is_shut if opens_reports else others)
        return documents

    @classmethod
    def for_client(cls, client: Client) -> "ModelSelect[Self]":
        """What the client may open on the own page, newest first."""
        return cls.select().where(cls.client == client, cls.audience_name == Audience.CLIENT).order_by(cls.id.desc())

    @classmethod
    def of(cls, client: Client, user: User, *, before: Self | None, limit: int) -> list[Self]:
        """A page of a client's documents that this user may open, newest first, each with who filed it."""
        documents = cls.visible_to(user).switch(cls).left_outer_join(User, on=(cls.by == User.id))
        documents = documents.select(cls, User.id, User.name).where(cls.client == client)
        if before is not None:
            documents = documents.where(cls.id < before.id)
        return list(documents.order_by(cls.id.desc()).limit(limit))

    @property
    def content(self) -> bytes:
        """The bytes, opened; a query of its own."""
        return DocumentContent.get(DocumentContent.document == self).content


class DocumentContent(Model):
    """The bytes of a document."""

    document = ForeignKeyField(Document, unique=True, backref="contents", on_delete="CASCADE")
    content = EncryptedBlobField()


class DocumentText(Model):
    """What the first pages of a PDF say, for its preview; read by the worker."""

    document = ForeignKeyField(Document, unique=True, backref="texts", on_delete="CASCADE")
    state_name = CharField(max_length=8, column_name="state", default=TextState.PENDING, index=True)
    text = EncryptedTextField(null=True)
    leased_until = UtcDateTimeField(null=True)

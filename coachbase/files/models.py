"""Documents and, apart from them, their encrypted bytes: lists never load a file."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from peewee import (
    JOIN,
    SQL,
    BooleanField,
    CharField,
    DateField,
    ForeignKeyField,
    IntegerField,
    ModelSelect,
    TextField,
    fn,
)

from ..accounts.models import User
from ..accounts.rules import Role
from ..clients.models import Client
from ..clients.rules import words_of
from ..db import ADDED_LATER, EncryptedBlobField, EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..firm.models import Firm
from ..instruments.models import Instrument
from .rules import SHUT, Audience, Hold, Kind, Shown, TextState, Why, is_logged

PDF = "application/pdf"
KEPT_REMOVED = timedelta(days=30)


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
    series = CharField(max_length=26, default="", index=True, constraints=[ADDED_LATER])
    number = IntegerField(default=1, constraints=[SQL("DEFAULT 1")])
    is_newest = BooleanField(default=True, constraints=[SQL("DEFAULT 1")])
    held_name = CharField(max_length=8, column_name="held", default=Hold.NOT, constraints=[ADDED_LATER])
    search_key = TextField(default="", constraints=[ADDED_LATER])
    removed_at = UtcDateTimeField(null=True)
    uploaded_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def audience(self) -> Audience:
        return Audience(self.audience_name)

    @property
    def kind(self) -> Kind:
        return Kind(self.kind_name)

    @property
    def held(self) -> Hold:
        return Hold(self.held_name)

    @property
    def is_logged(self) -> bool:
        """Whether opening it is noted."""
        return is_logged(self.kind, self.audience)

    @property
    def page(self) -> str:
        """The page about it."""
        return f"/documents/{self.public_id}/about"

    @classmethod
    def visible_to(cls, user: User) -> "ModelSelect[Self]":
        """Behind the client's wall; what is for the coach only stays away from assistants. Removed ones are gone.

        Reports and packages they may open where the firm says so, whatever the audience.
        """
        return cls._behind_wall(user).where(cls.removed_at.is_null(), cls._opens_for(user))

    @classmethod
    def _behind_wall(cls, user: User) -> "ModelSelect[Self]":
        return cls.select(cls, Client).join(Client).where(Client.id.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def _opens_for(cls, user: User) -> Any:
        """A condition: whether this user may open it, once behind the wall."""
        if user.role is not Role.ASSISTANT:
            return SQL("1")
        is_shut = cls.kind_name.in_(SHUT)
        firm = Firm.current()
        opens_reports = firm is not None and firm.assistants_open_reports
        others = (cls.audience_name != Audience.COACH) & ~is_shut
        return others | is_shut if opens_reports else others

    @classmethod
    def movable_by(cls, user: User) -> "ModelSelect[Self]":
        """What this user may say is something else: what may be opened, and reports, which assistants file."""
        there = cls._behind_wall(user).where(cls.removed_at.is_null(), cls.held_name != Hold.PROOF)
        there = there.where(cls.kind_name != Kind.PACKAGE)
        return there.where(cls._opens_for(user) | (cls.kind_name == Kind.REPORT))

    @classmethod
    def removed_for(cls, user: User) -> "ModelSelect[Self]":
        """What was removed and can still be put back, by those who might open it."""
        return cls._behind_wall(user).where(cls.removed_at.is_null(False), cls._opens_for(user))

    @classmethod
    def listed(cls, user: User, shown: Shown, client: Client | None = None) -> "ModelSelect[Self]":
        """What a list shows, newest first, each with client, instrument and who filed it; of a series the newest."""
        found = cls.removed_for(user) if shown.removed else cls.visible_to(user)
        found = found.switch(cls).left_outer_join(Instrument).switch(cls).left_outer_join(User, on=(cls.by == User.id))
        found = found.select(cls, Client, Instrument, User.id, User.name).where(cls.is_newest)
        if client is not None:
            found = found.where(cls.client == client)
        if shown.kind:
            found = found.where(cls.kind_name == shown.kind)
        for word in words_of(shown.q):
            found = found.where(cls.search_key.contains(word) | Client.search_key.contains(word))
        return found.order_by(cls.id.desc())

    @classmethod
    def found(cls, user: User, words: Sequence[str]) -> "ModelSelect[Self]":
        """What search finds by name, newest first."""
        found = cls.visible_to(user).where(cls.is_newest)
        for word in words:
            found = found.where(cls.search_key.contains(word))
        return found.order_by(cls.id.desc())

    @classmethod
    def versions(cls, document: Self, user: User) -> "ModelSelect[Self]":
        """All versions of it that this user may open, the last first, each with who filed it."""
        found = cls.visible_to(user).switch(cls).left_outer_join(User, on=(cls.by == User.id))
        found = found.select(cls, Client, User.id, User.name).where(cls.in_series(document))
        return found.order_by(cls.number.desc(), cls.id.desc())

    @classmethod
    def in_series(cls, document: Self) -> Any:
        """A condition: a version of it, or itself."""
        return cls.series == document.series if document.series else cls.id == document.id

    @classmethod
    def newest_of(cls, document: Self) -> Self:
        """The version that counts now."""
        return cls.select().where(cls.in_series(document), cls.is_newest).order_by(cls.number.desc()).get()

    @classmethod
    def named(cls, names: Sequence[str], clients: Sequence[int], user: User) -> dict[tuple[int, str], str]:
        """Documents of these names that this user may open and replace: public id by client and name."""
        found = cls.visible_to(user).where(cls.is_newest, cls.held_name != Hold.PROOF)
        found = found.where(cls.name.in_(list(names)), cls.client.in_(list(clients))).order_by(cls.id)
        return {(row.client_id, row.name): row.public_id for row in found}

    @classmethod
    def for_client(cls, client: Client) -> "ModelSelect[Self]":
        """What the client may open on the own page, newest first."""
        own = cls.select().where(cls.client == client, cls.audience_name == Audience.CLIENT)
        return own.where(cls.removed_at.is_null()).order_by(cls.id.desc())

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
    why_name = CharField(max_length=8, column_name="why", default="")
    attempts = IntegerField(default=0)
    leased_until = UtcDateTimeField(null=True)

    @property
    def state(self) -> TextState:
        return TextState(self.state_name)

    @property
    def is_read(self) -> bool:
        """Whether there is no more to wait for."""
        return self.state in (TextState.DONE, TextState.UNREADABLE)

    @property
    def why(self) -> Why | None:
        """Why there is no text."""
        return Why(self.why_name) if self.why_name else None

    @classmethod
    def of(cls, document: Document) -> Self | None:
        return cls.get_or_none(cls.document == document)

    @classmethod
    def due(cls, now: datetime, limit: int) -> "ModelSelect[Self]":
        """Those nobody reads yet, and those whose reader never came back."""
        left_behind = (cls.state_name == TextState.LEASED) & (cls.leased_until < now)
        waiting = (cls.state_name == TextState.PENDING) | left_behind
        return cls.select(cls, Document).join(Document).where(waiting).order_by(cls.id.desc()).limit(limit)

    @classmethod
    def missing(cls, limit: int) -> "ModelSelect[Document]":
        """PDFs of clients for which there is no row, the newest first."""
        pdfs = Document.select().join(cls, JOIN.LEFT_OUTER).where(cls.id.is_null(), Document.media_type == PDF)
        return pdfs.where(Document.client.is_null(False)).order_by(Document.id.desc()).limit(limit)


class Arrival(Model):
    """A file that was dropped and waits to be told what it is; the document is nobody's until then (no client).

    `client` is on whose page it was dropped. Once filed it stays for a while, so that the filing can be taken back.
    """

    public_id = PublicIdField()
    document = ForeignKeyField(Document, unique=True, backref="arrivals", on_delete="CASCADE")
    client = ForeignKeyField(Client, null=True, on_delete="CASCADE")
    by = ForeignKeyField(User, on_delete="CASCADE")
    at = UtcDateTimeField()
    filed_at = UtcDateTimeField(null=True)
    left_at = UtcDateTimeField(null=True)

    @classmethod
    def waiting_for(cls, user: User) -> "ModelSelect[Self]":
        """What this user dropped and has not filed, first come first, with the document, the text and the client whose
        page it was dropped on; nobody else sees it."""
        mine = cls.select(cls, Document, DocumentText, Client).join(Document)
        mine = mine.join(DocumentText, JOIN.LEFT_OUTER, attr="read").switch(cls).left_outer_join(Client)
        return mine.where(cls.by == user, cls.filed_at.is_null(), cls.left_at.is_null()).order_by(cls.id)

    @classmethod
    def left_by(cls, user: User) -> "ModelSelect[Self]":
        """What this user left out, while it can be taken up again."""
        return cls.select(cls, Document).join(Document).where(cls.by == user, cls.left_at.is_null(False))

    @classmethod
    def filed_by(cls, user: User) -> "ModelSelect[Self]":
        """What this user filed of late, with the document and its client."""
        mine = cls.select(cls, Document, Client).join(Document).join(Client, JOIN.LEFT_OUTER, on=Document.client)
        return mine.where(cls.by == user, cls.filed_at.is_null(False))

    @classmethod
    def count_for(cls, user: User) -> int:
        return (
            cls.select(fn.COUNT(cls.id)).where(cls.by == user, cls.filed_at.is_null(), cls.left_at.is_null()).scalar()
        )

    @property
    def read(self) -> DocumentText | None:
        """How far its text is read; needs the joins of `waiting_for`."""
        return getattr(self.document, "read", None)

    @property
    def text(self) -> str:
        """What its first pages say, as far as it was read."""
        return (self.read and self.read.text) or ""

    @property
    def is_read(self) -> bool:
        """Whether there is nothing to wait for before asking."""
        return self.read is None or self.read.is_read

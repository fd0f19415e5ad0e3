"""Documents and, apart from them, their encrypted bytes: lists never load a file."""

from peewee import CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..accounts.rules import Role
from ..clients.models import Client
from ..db import EncryptedBlobField, Model, PublicIdField, UtcDateTimeField
from .rules import Audience


class Document(Model):
    """A stored file. `audience` says who on the staff may open it; without a client (a form that is still being
    filled in) nobody may.
    """

    public_id = PublicIdField()
    client = ForeignKeyField(Client, null=True, backref="documents", on_delete="CASCADE")
    name = TextField()
    media_type = TextField()
    size = IntegerField()
    sha256 = CharField(max_length=64)
    audience_name = CharField(max_length=8, column_name="audience", default=Audience.TEAM)
    uploaded_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def audience(self) -> Audience:
        return Audience(self.audience_name)

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall; what is for the coach only stays away from assistants."""
        documents = cls.select(cls, Client).join(Client).where(Client.id.in_(Client.visible_to(user, Client.id)))
        if user.role is Role.ASSISTANT:
            documents = documents.where(cls.audience_name == Audience.TEAM)
        return documents


class DocumentContent(Model):
    """The bytes of a document."""

    document = ForeignKeyField(Document, unique=True, backref="contents", on_delete="CASCADE")
    content = EncryptedBlobField()

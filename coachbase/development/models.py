"""The plan and what it said before."""

from typing import Self

from peewee import JOIN, ForeignKeyField, IntegerField, ModelSelect

from ..accounts.models import User
from ..clients.models import Client
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..files.models import Document
from ..files.rules import Audience


class DevelopmentPlan(Model):
    """Markdown, sealed; one a client. `version` guards against silent overwriting. `document` is the PDF of it that was
    shared last, `shared_version` what it says."""

    public_id = PublicIdField()
    client = ForeignKeyField(Client, unique=True, backref="development_plans", on_delete="CASCADE")
    text = EncryptedTextField(default="")
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    changed_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    document = ForeignKeyField(Document, null=True, on_delete="SET NULL")
    shared_version = IntegerField(default=0)

    @property
    def is_shared(self) -> bool:
        """Whether the client may open it on the own page."""
        copy = self.document if self.document_id else None
        return copy is not None and copy.removed_at is None and copy.audience is Audience.CLIENT

    @classmethod
    def of(cls, client: Client) -> Self | None:
        """A client's, with the PDF that was shared and who wrote last. The wall is the client's."""
        plans = cls.select(cls, Document, User).join(Document, JOIN.LEFT_OUTER)
        plans = plans.switch(cls).join(User, JOIN.LEFT_OUTER, on=cls.by)
        return plans.where(cls.client == client).first()

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall."""
        return cls.select(cls, Client).join(Client).where(Client.id.in_(Client.visible_to(user, Client.id)))


class DevelopmentPlanVersion(Model):
    """The text as it stood after one saving."""

    public_id = PublicIdField()
    plan = ForeignKeyField(DevelopmentPlan, backref="versions", on_delete="CASCADE")
    version = IntegerField()
    text = EncryptedTextField()
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("plan", "version"), True),)

    @classmethod
    def of(cls, plan: DevelopmentPlan) -> ModelSelect:
        """The newest first, with who saved it."""
        return cls.select(cls, User).left_outer_join(User).where(cls.plan == plan).order_by(cls.version.desc())

    @classmethod
    def told_of(cls, plan: DevelopmentPlan) -> ModelSelect:
        """The same without the texts, each of which would have to be opened."""
        return cls.of(plan).select(cls.id, cls.public_id, cls.version, cls.at, cls.by, User.id, User.name)

    @classmethod
    def numbered(cls, plan: DevelopmentPlan, number: int) -> Self | None:
        return cls.of(plan).where(cls.version == number).first()

    @classmethod
    def compared_with(cls, shown: Self, public_id: str) -> Self | None:
        """Another version of the same plan: the named one, else the one before; None for the first."""
        others = cls.of(shown.plan).where(cls.id != shown.id)
        named = others.where(cls.public_id == public_id).first() if public_id.isascii() else None
        return named or others.where(cls.version < shown.version).first()

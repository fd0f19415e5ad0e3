"""The plan and what it said before."""

from peewee import ForeignKeyField, IntegerField, ModelSelect

from ..accounts.models import User
from ..clients.models import Client
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField


class DevelopmentPlan(Model):
    """Markdown, sealed; one a client. `version` guards against silent overwriting."""

    public_id = PublicIdField()
    client = ForeignKeyField(Client, unique=True, backref="development_plans", on_delete="CASCADE")
    text = EncryptedTextField(default="")
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    changed_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall."""
        return cls.select(cls, Client).join(Client).where(Client.id.in_(Client.visible_to(user, Client.id)))


class DevelopmentPlanVersion(Model):
    """The text as it stood after one saving."""

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

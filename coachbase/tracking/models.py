"""Status lists on their way in."""

from typing import Self

from peewee import ForeignKeyField, ModelSelect, TextField

from ..accounts.models import User
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..instruments.models import Vendor


class StatusList(Model):
    """A vendor's status list on its way in: kept sealed until applied, so mapping and dry run see the same rows."""

    public_id = PublicIdField()
    vendor = ForeignKeyField(Vendor, on_delete="CASCADE")
    by = ForeignKeyField(User, on_delete="CASCADE")
    filename = TextField()
    content = EncryptedTextField()
    created_at = UtcDateTimeField()
    applied_at = UtcDateTimeField(null=True)

    @classmethod
    def open_of(cls, user: User) -> "ModelSelect[Self]":
        """A user's own lists that are not applied yet."""
        return cls.select(cls, Vendor).join(Vendor).where(cls.by == user, cls.applied_at.is_null())

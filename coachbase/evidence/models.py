"""Audit trails as hash chains, the personal details beside them, the keys that seal, and the files they sealed."""

from typing import Self

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..db import EncryptedBlobField, EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..files.models import Document


class TrailEvent(Model):
    """One link of a chain. `facts` is canonical JSON without personal data; `hash` covers it and the one before.

    The database refuses to change or delete it (triggers.py).
    """

    subject = CharField(max_length=26)
    number = IntegerField()
    kind = CharField(max_length=20)
    at = UtcDateTimeField()
    facts = TextField()
    detail_hash = CharField(max_length=64, default="")
    previous_hash = CharField(max_length=64)
    hash = CharField(max_length=64)

    class Meta:
        indexes = ((("subject", "number"), True),)

    @classmethod
    def of(cls, subject: str) -> ModelSelect:
        """A subject's trail from the beginning."""
        return cls.select().where(cls.subject == subject).order_by(cls.number)


class TrailDetail(Model):
    """The personal data of an event. It may be erased by law: the chain holds a salted hash and still verifies."""

    event = ForeignKeyField(TrailEvent, unique=True, backref="details", on_delete="RESTRICT")
    salt = EncryptedTextField()
    content = EncryptedTextField()


class SealKey(Model):
    """A key and its certificate (PEM, own one first). The one in use has no `retired_at`."""

    public_id = PublicIdField()
    subject = TextField()
    private_key = EncryptedBlobField()
    certificates = TextField()
    fingerprint = CharField(max_length=64)
    is_own = BooleanField(default=False)
    made_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()
    retired_at = UtcDateTimeField(null=True)

    @classmethod
    def in_use(cls) -> Self | None:
        return cls.select().where(cls.retired_at.is_null()).order_by(cls.id.desc()).first()


class ProvableFile(Model):
    """A PDF of ours that somebody may bring to be checked. Its `public_id` stands in the PDF, several times."""

    public_id = PublicIdField()
    subject = CharField(max_length=26, index=True)
    document = ForeignKeyField(Document, on_delete="RESTRICT")
    sha256 = CharField(max_length=64, unique=True)
    size = IntegerField()
    is_sealed = BooleanField()
    made_at = UtcDateTimeField()
    replaced_at = UtcDateTimeField(null=True)

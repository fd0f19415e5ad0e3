"""Audit trails as hash chains, the personal details beside them, the keys that seal, and the files they sealed."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Self

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..db import EncryptedBlobField, EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..files.models import Document
from .rules import (
    COMPLETED,
    ENDED,
    SIGNED,
    Break,
    Detail,
    Outcome,
    Verdict,
    differences,
    first_break,
    hex_of_certificate,
    markers_in,
    says_it_holds,
)


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

    @classmethod
    def last_of(cls, subject: str) -> Self | None:
        return cls.select().where(cls.subject == subject).order_by(cls.number.desc()).first()

    @classmethod
    def break_of(cls, subject: str) -> Break | None:
        """Where a subject's trail is broken; None when it is whole."""
        return first_break(subject, cls.of(subject), TrailDetail.beside(subject))

    @property
    def told(self) -> dict[str, Any]:
        """The facts, read."""
        return json.loads(self.facts)


class TrailDetail(Model):
    """The personal data of an event. It may be erased by law: the chain holds a salted hash and still verifies."""

    event = ForeignKeyField(TrailEvent, unique=True, backref="details", on_delete="RESTRICT")
    salt = EncryptedTextField()
    content = EncryptedTextField()

    @classmethod
    def beside(cls, subject: str) -> dict[int, Detail]:
        """What is kept beside the events of a trail, by their number."""
        rows = cls.select(cls, TrailEvent.number).join(TrailEvent).where(TrailEvent.subject == subject)
        return {row.event.number: Detail(row.salt, row.content) for row in rows}


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

    @classmethod
    def retired(cls) -> ModelSelect:
        """Those that sealed before, the last one first."""
        return cls.select().where(cls.retired_at.is_null(False)).order_by(cls.id.desc())

    @classmethod
    def fingerprint_in(cls, pdf: bytes) -> str:
        """Whose certificate stands in the seal of a PDF; "" when none of ours does."""
        keys = cls.select(cls.certificates, cls.fingerprint).order_by(cls.id.desc())
        return next((key.fingerprint for key in keys if hex_of_certificate(key.certificates) in pdf), "")


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

    @classmethod
    def behind(cls, content: bytes) -> Self | None:
        """Which of our files somebody brought: exactly, or by the ids that stand in it."""
        exact = cls.get_or_none(cls.sha256 == hashlib.sha256(content).hexdigest())
        return exact or cls.select().where(cls.public_id.in_(markers_in(content))).order_by(cls.id.desc()).first()

    def is_on_trail(self) -> bool:
        """Whether an event names this file."""
        return not self._is_unnamed(TrailEvent.of(self.subject))

    def _is_unnamed(self, events: Iterable[TrailEvent]) -> bool:
        return not any(says_it_holds(event, self.sha256) for event in events)

    def _why_broken(self, events: list[TrailEvent]) -> str:
        if broken := first_break(self.subject, events, TrailDetail.beside(self.subject)):
            return broken.why
        return "no event names this file" if self._is_unnamed(events) else ""

    def verdict_on(self, content: bytes) -> Verdict:
        """What to say of a file that is this one, or was. The hash decides; our copy only tells where they differ."""
        events = list(TrailEvent.of(self.subject))
        is_same = hashlib.sha256(content).hexdigest() == self.sha256
        kept = content if is_same else self.document.content
        is_kept_well = is_same or hashlib.sha256(kept).hexdigest() == self.sha256
        ended = next(((event.kind, event.at) for event in events if event.kind in ENDED), None)
        return Verdict(
            Outcome.UNCHANGED if is_same else Outcome.CHANGED,
            is_sealed=self.is_sealed,
            made_at=self.made_at,
            signatures=sum(event.kind == SIGNED for event in events),
            completed_at=next((event.at for event in events if event.kind == COMPLETED), None),
            ended=ended,
            is_replaced=self.replaced_at is not None,
            events=len(events),
            broken=self._why_broken(events),
            differences=differences(content, kept) if is_kept_well and not is_same else (),
            fingerprint=SealKey.fingerprint_in(kept) if self.is_sealed else "",
        )

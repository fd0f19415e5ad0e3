"""Tokens that open one thing for whoever holds them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from peewee import CharField

from ..db import Model, UtcDateTimeField


class Link(Model):
    """A key to one subject: 256 bits that only the mail carries; here stands its hash."""

    token_hash = CharField(max_length=64, unique=True)
    kind = CharField(max_length=20)
    subject = CharField(max_length=26, index=True)
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()
    revoked_at = UtcDateTimeField(null=True)

    @classmethod
    def behind(cls, kind: str, token_hash: str, now: datetime) -> Self | None:
        """The live link of this kind; unknown, expired, revoked and wrong kind all look the same."""
        return cls.get_or_none(
            cls.token_hash == token_hash, cls.kind == kind, cls.revoked_at.is_null(), cls.expires_at > now
        )

    @classmethod
    def is_out(cls, kind: str, subject: str, now: datetime) -> bool:
        """Whether a link of this kind to this subject is alive."""
        alive = cls.revoked_at.is_null(), cls.expires_at > now
        return cls.select(cls.id).where(cls.kind == kind, cls.subject == subject, *alive).exists()

    @classmethod
    def kinds_out(cls, kinds: Iterable[str], subjects: Iterable[str], now: datetime) -> dict[str, str]:
        """Which of these kinds is alive, by subject; one query."""
        alive = cls.revoked_at.is_null(), cls.expires_at > now, cls.kind.in_(list(kinds))
        return dict(cls.select(cls.subject, cls.kind).where(*alive, cls.subject.in_(list(subjects))).tuples())

"""Calendars elsewhere that are read, and the busy times found in them; titles are not kept."""

from datetime import datetime

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from .rules import FeedKind, is_unknown


class Feed(Model):
    """A calendar elsewhere. Its address is as good as a password, so it is sealed, too.

    `ok_at` is when it was last read to the end; `answer` what went wrong since, as a sentence, '' when nothing did.
    """

    public_id = PublicIdField()
    coach = ForeignKeyField(User, on_delete="CASCADE")
    name = TextField()
    kind_name = CharField(max_length=6, column_name="kind", default=FeedKind.ICS)
    address = EncryptedTextField()
    username = TextField(default="")
    password = EncryptedTextField(null=True)
    etag = TextField(default="")
    warning = TextField(default="")
    answer = TextField(default="")
    failures = IntegerField(default=0)
    leased_until = UtcDateTimeField(null=True)
    next_at = UtcDateTimeField(null=True)
    ok_at = UtcDateTimeField(null=True)
    created_at = UtcDateTimeField()
    version = IntegerField(default=1)

    @property
    def kind(self) -> FeedKind:
        return FeedKind(self.kind_name)

    @classmethod
    def of(cls, coach: User) -> ModelSelect:
        return cls.select().where(cls.coach == coach).order_by(cls.id)

    @classmethod
    def unknown_of(cls, coach: User, now: datetime) -> list[str]:
        """The names of the calendars from which nothing can be said now."""
        rows = cls.select(cls.name, cls.ok_at).where(cls.coach == coach).order_by(cls.id)
        return [row.name for row in rows if is_unknown(row.ok_at, now)]


class Busy(Model):
    """A time at which a calendar says busy."""

    feed = ForeignKeyField(Feed, backref="busy", on_delete="CASCADE")
    begins_at = UtcDateTimeField()
    ends_at = UtcDateTimeField()
    is_all_day = BooleanField(default=False)

    class Meta:
        indexes = ((("feed", "begins_at"), False),)

    @classmethod
    def of(cls, coach: User, first: datetime, last: datetime) -> ModelSelect:
        """(begins, ends, the calendar's name) of what touches a time."""
        touching = cls.ends_at > first, cls.begins_at < last
        found = cls.select(cls.begins_at, cls.ends_at, Feed.name).join(Feed)
        return found.where(Feed.coach == coach, *touching).order_by(cls.begins_at).tuples()

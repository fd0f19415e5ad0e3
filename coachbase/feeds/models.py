"""Calendars elsewhere that are read, and the busy times found in them; titles are not kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Self

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField, database
from .rules import STALE_AFTER, FeedKind, is_unknown


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
    def of_all(cls, coaches: Sequence[User]) -> ModelSelect:
        """Of several coaches, without what is sealed: a list need not decipher it."""
        shown = (
            cls.id, cls.public_id, cls.coach, cls.name, cls.kind_name, cls.warning, cls.answer, cls.ok_at, cls.next_at,
        )  # fmt: skip
        return cls.select(*shown).where(cls.coach.in_(coaches)).order_by(cls.id)

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Those of the coaches this user works for; with the coach."""
        coaches = User.coaches_for(user).select(User.id)
        return cls.select(cls, User).join(User).where(cls.coach.in_(coaches))

    @classmethod
    def due(cls, now: datetime) -> ModelSelect:
        """What should be read now: its time has come, and nobody is at it."""
        waits = cls.next_at.is_null() | (cls.next_at <= now)
        free = cls.leased_until.is_null() | (cls.leased_until <= now)
        return cls.select(cls.public_id).where(waits, free).order_by(cls.next_at)

    @classmethod
    def stale_for(cls, user: User, now: datetime) -> list[Self]:
        """Those of one's coaches from which nothing can be said now, though they were read once."""
        rows = cls.visible_to(user).where(cls.ok_at < now - STALE_AFTER)
        return list(rows.order_by(cls.ok_at))


class BusyTime(NamedTuple):
    """A time at which a calendar of a coach says busy."""

    coach_id: int
    begins: datetime
    ends: datetime
    calendar: str


class Unread(NamedTuple):
    """A calendar of a coach from which nothing can be said now."""

    coach_id: int
    name: str
    ok_at: datetime | None


class Busy(Model):
    """A time at which a calendar says busy."""

    feed = ForeignKeyField(Feed, backref="busy", on_delete="CASCADE")
    begins_at = UtcDateTimeField()
    ends_at = UtcDateTimeField()
    is_all_day = BooleanField(default=False)

    class Meta:
        indexes = ((("feed", "begins_at"), False),)

    @classmethod
    def told(
        cls, coaches: Sequence[User], first: datetime, last: datetime, now: datetime
    ) -> tuple[list[BusyTime], list[Unread]]:
        """What the calendars of these coaches say of a time, and those that say nothing because they were not read
        lately: neither free nor busy (domain.md §3)."""
        touching = (cls.feed == Feed.id) & (cls.ends_at > first) & (cls.begins_at < last)
        rows = (
            Feed.select(Feed.coach, cls.begins_at, cls.ends_at, Feed.name, Feed.ok_at)
            .left_outer_join(cls, on=touching & (Feed.ok_at >= now - STALE_AFTER))
            .where(Feed.coach.in_(coaches))
            .order_by(cls.begins_at, Feed.id)
        )
        busy, unread, moment = [], [], cls.begins_at.python_value
        for coach, begins, ends, name, ok_at in database.execute(rows):
            if begins:
                busy.append(BusyTime(coach, moment(begins), moment(ends), name))
            elif is_unknown(moment(ok_at), now):
                unread.append(Unread(coach, name, moment(ok_at)))
        return busy, unread

"""Staff, their sessions, and which assistant serves which coach."""

from datetime import datetime, timedelta
from typing import Self

from peewee import CharField, ForeignKeyField, ModelSelect, TextField

from ..db import Model, NoCaseField, PublicIdField, UtcDateTimeField, kept, transaction
from ..errors import TooMany
from .rules import COACHING, Role, device_in_words, is_live, may_arrange, may_run_practice


class User(Model):
    """Somebody who signs in. `password_hash` is None until the invitation is accepted."""

    public_id = PublicIdField()
    name = TextField()
    email = NoCaseField(unique=True)
    role_name = CharField(max_length=12, column_name="role")
    password_hash = TextField(null=True)
    zone = TextField()
    theme = CharField(max_length=5, default="auto")
    disabled_at = UtcDateTimeField(null=True)
    created_at = UtcDateTimeField()

    is_authenticated, is_anonymous = True, False  # what Flask-Login asks, without importing it down here

    login: "LoginSession"
    """The session this user came in with; set by whoever loads the current user."""

    @property
    def role(self) -> Role:
        return Role(self.role_name)

    @property
    def may_run_practice(self) -> bool:
        return may_run_practice(self.role)

    @property
    def may_arrange(self) -> bool:
        return may_arrange(self.role)

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None

    def get_id(self) -> str:
        """Flask-Login keeps this in the cookie: the session's token, so that a session can be ended from here."""
        return self.login.token

    @classmethod
    def active(cls) -> ModelSelect:
        return cls.select().where(cls.disabled_at.is_null()).order_by(cls.name)

    @classmethod
    def coaches(cls) -> ModelSelect:
        return cls.active().where(cls.role_name.in_(COACHING))

    @classmethod
    def coaches_for(cls, user: Self) -> ModelSelect:
        """The coaches whose clients this user may see, or give a client to."""
        if user.role is Role.OWNER:
            return cls.coaches()
        if user.role is Role.COACH:
            return cls.coaches().where(cls.id == user.id)
        return cls.coaches().where(cls.id.in_(Serving.coaches_of(user)))

    @classmethod
    def by_email(cls, email: str) -> Self | None:
        return cls.get_or_none(cls.email == email)


class Serving(Model):
    """This assistant serves this coach, and so sees the coach's clients."""

    assistant = ForeignKeyField(User, backref="serves", on_delete="CASCADE")
    coach = ForeignKeyField(User, backref="served_by", on_delete="CASCADE")

    class Meta:
        indexes = ((("assistant", "coach"), True),)

    @classmethod
    def coaches_of(cls, assistant: User) -> ModelSelect:
        return cls.select(cls.coach).where(cls.assistant == assistant)

    @classmethod
    def assistants_of(cls, coach: User | None) -> ModelSelect:
        """Who looks after this coach's clients; with no coach yet, every assistant (docs/decisions/0003)."""
        assistants = User.active().where(User.role_name == Role.ASSISTANT)
        if coach is None:
            return assistants
        return assistants.where(User.id.in_(cls.select(cls.assistant).where(cls.coach == coach)))

    @classmethod
    def desk_of(cls, coach: User | None) -> list[User]:
        """Who is told what happens with this coach's clients: the assistants, or the owner when there are none."""
        return list(cls.assistants_of(coach)) or list(User.active().where(User.role_name == Role.OWNER))

    @classmethod
    def desk_address(cls, coach: User | None) -> str:
        """Where an answer to our mail about this coach's clients goes."""
        readers = cls.desk_of(coach)
        return readers[0].email if readers else ""


class LoginSession(Model):
    """One browser that is signed in. The token is stored hashed; ending the row signs the browser out."""

    public_id = PublicIdField()
    token_hash = CharField(max_length=64, unique=True)
    user = ForeignKeyField(User, backref="sessions", on_delete="CASCADE")
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()
    ended_at = UtcDateTimeField(null=True)
    user_agent = TextField(default="")

    token: str
    """The plain token, known only while the browser that holds it is being served."""

    @property
    def device(self) -> str:
        return device_in_words(self.user_agent)

    @classmethod
    def user_behind(cls, token_hash: str, token: str, now: datetime) -> User | None:
        """The user whose live session this is, or nobody."""
        found = kept(
            (cls, token_hash), lambda: cls.select(cls, User).join(User).where(cls.token_hash == token_hash).first()
        )
        if found is None:
            return None
        session, user = found.twin(), found.user.twin()
        if not is_live(expires_at=session.expires_at, ended_at=session.ended_at, now=now):
            return None
        if not user.is_active:
            return None
        session.token = token
        user.login = session
        return user

    @classmethod
    def live_of(cls, user: User, now: datetime) -> ModelSelect:
        return (
            cls.select()
            .where((cls.user == user) & cls.ended_at.is_null() & (cls.expires_at > now))
            .order_by(cls.created_at.desc())
        )


class Attempt(Model):
    """One counted try of something strangers can do: sign in, ask for a reset, submit a form."""

    bucket = TextField()
    at = UtcDateTimeField(index=True)

    class Meta:
        indexes = ((("bucket", "at"), False),)

    @classmethod
    def count_one(cls, bucket: str, *, limit: int, within: timedelta, now: datetime) -> None:
        """Count a try, in a transaction of its own so that a refusal cannot roll it back.

        Raises TooMany when `limit` were made `within` the time.
        """
        with transaction():
            cls.delete().where(cls.at < now - timedelta(days=1)).execute()
            tries = cls.select().where((cls.bucket == bucket) & (cls.at > now - within)).count()
            if tries < limit:
                cls.create(bucket=bucket, at=now)
        if tries >= limit:
            minutes = max(1, round(within.total_seconds() / 60))
            raise TooMany(f"That was tried too often. Please wait {minutes} minutes and try again.")

    @classmethod
    def forget(cls, bucket: str) -> None:
        """Start counting anew: the person was who she said."""
        with transaction():
            cls.delete().where(cls.bucket == bucket).execute()

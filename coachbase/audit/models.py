"""The log of openings, append only (triggers.py)."""

from peewee import CharField, ForeignKeyField, ModelSelect, TextField

from ..accounts.models import User
from ..accounts.rules import Role
from ..clients.models import Client
from ..db import Model, UtcDateTimeField
from .rules import LABELS, What


class Opening(Model):
    """Somebody opened what is kept shut. `words` name it without its content; `client` is whom it is about, if any."""

    what_name = CharField(max_length=8, column_name="what")
    words = TextField()
    client = ForeignKeyField(Client, null=True, backref="openings", on_delete="CASCADE")
    by = ForeignKeyField(User, on_delete="RESTRICT")
    at = UtcDateTimeField(index=True)

    @property
    def what(self) -> What:
        return What(self.what_name)

    @property
    def label(self) -> str:
        return LABELS[self.what]

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """domain.md §1: the owner sees all, a coach the own clients', an assistant nothing. Newest first."""
        found = cls.select(cls, Client, User).left_outer_join(Client).switch(cls).join(User, on=(cls.by == User.id))
        if user.role is Role.ASSISTANT:
            found = found.where(cls.id.is_null())
        if user.role is Role.COACH:
            found = found.where(cls.client.in_(Client.visible_to(user, Client.id)))
        return found.order_by(cls.id.desc())

    @classmethod
    def listed(cls, user: User, *, by: str = "", about: str = "") -> ModelSelect:
        """`visible_to`, narrowed to who opened and to the client it was about, by their public ids."""
        found = cls.visible_to(user)
        if by:
            found = found.where(User.public_id == by)
        return found.where(Client.public_id == about) if about else found

    @classmethod
    def people(cls, user: User) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Who stands in what this reader sees, as (public id, name): who opened, and about whom."""
        seen = cls.visible_to(user).order_by()
        openers = seen.select(User.public_id, User.name).distinct().order_by(User.name, User.public_id)
        clients = seen.select(Client.public_id, Client.name).where(cls.client.is_null(False)).distinct()
        return list(openers.tuples()), list(clients.order_by(Client.name, Client.public_id).tuples())

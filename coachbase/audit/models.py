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

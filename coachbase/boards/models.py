"""Boards, stages and cards. Triggers raise a board's revision whenever something it shows has changed."""

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, TextField

from ..clients.models import Client
from ..db import Model, PublicIdField, UtcDateTimeField
from .rules import StageMeaning


class Board(Model):
    """`revision` only ever grows: a browser that knows it can ask cheaply whether anything is new."""

    slug = CharField(max_length=20, unique=True)
    revision = IntegerField(default=1)


class Stage(Model):
    """A column. A stage without a meaning is the firm's own."""

    public_id = PublicIdField()
    board = ForeignKeyField(Board, backref="stages", on_delete="RESTRICT")
    name = TextField()
    meaning_name = CharField(max_length=20, column_name="meaning", null=True)
    position = IntegerField()
    target_days = IntegerField(null=True)
    hidden = BooleanField(default=False)

    class Meta:
        indexes = ((("board", "position"), True), (("board", "meaning_name"), True))

    @property
    def meaning(self) -> StageMeaning | None:
        return StageMeaning(self.meaning_name) if self.meaning_name else None


class Card(Model):
    """A client on a board. No two cards share a place; `version` tells whether somebody moved it meanwhile."""

    public_id = PublicIdField()
    board = ForeignKeyField(Board, on_delete="RESTRICT")
    stage = ForeignKeyField(Stage, backref="cards", on_delete="RESTRICT")
    client = ForeignKeyField(Client, backref="cards", on_delete="CASCADE")
    position = IntegerField()
    entered_at = UtcDateTimeField()
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("stage", "position"), True), (("board", "client"), True))

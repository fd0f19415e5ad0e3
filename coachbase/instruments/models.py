"""Vendors, instruments with their rater groups, batteries. The firm's own catalogue: no client stands in it."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Self

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from .. import money
from ..clients.rules import fold
from ..db import Model, PublicIdField, UtcDateTimeField
from .rules import PART_LABELS, WAY_LABELS, Anchor, Group, Item, Part, Unit, Way, item_in_words, phrases_of, rhythm_of


class Vendor(Model):
    """Whose instruments they are. `columns` (JSON) says what the columns of its status list mean, once known."""

    public_id = PublicIdField()
    name = TextField(unique=True)
    portal = TextField(default="")
    columns = TextField(default="")
    version = IntegerField(default=1)

    @classmethod
    def used(cls) -> ModelSelect:
        """Those that have an instrument which can be given, by name."""
        there = Instrument.select(Instrument.vendor).where(Instrument.removed_at.is_null())
        return cls.select().where(cls.id.in_(there)).order_by(cls.name, cls.id)


class Instrument(Model):
    """An instrument as this firm buys and uses it.

    `answer_days` is how long people usually take, `report_days` how long the vendor then does; `code_days` and
    `invitation_days` are until a code or an invitation expires (None: never). `rhythm` are the days after the
    invitation on which to remind. `how_to` tells the reader of the access mail how to get in. `file_words` are what its
    reports' names and first pages say.
    """

    public_id = PublicIdField()
    vendor = ForeignKeyField(Vendor, backref="instruments", on_delete="RESTRICT")
    name = TextField()
    way_name = CharField(max_length=8, column_name="way", default=Way.CODE)
    needs_raters = BooleanField(default=False)
    answer_days = IntegerField(default=10)
    report_days = IntegerField(default=1)
    code_days = IntegerField(null=True)
    invitation_days = IntegerField(null=True)
    rhythm = TextField(default="3 7 10")
    has_coach_part = BooleanField(default=True)
    has_client_part = BooleanField(default=True)
    cost_cents = IntegerField(default=0)
    currency = CharField(max_length=3)
    credits = IntegerField(default=1)
    how_to = TextField(default="")
    file_words = TextField(default="")
    removed_at = UtcDateTimeField(null=True)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()

    @property
    def way(self) -> Way:
        return Way(self.way_name)

    @property
    def way_label(self) -> str:
        return WAY_LABELS[self.way]

    @property
    def file_phrases(self) -> tuple[str, ...]:
        """What to look for in a file's name and on its first page, folded."""
        return phrases_of(self.file_words)

    @property
    def price(self) -> str:
        """What it costs, as the form shows it."""
        return money.as_typed(self.cost_cents, self.currency)

    @property
    def price_in_words(self) -> str:
        return money.in_words(self.cost_cents, self.currency)

    @property
    def part_labels(self) -> tuple[str, ...]:
        return tuple(PART_LABELS[part] for part in self.parts)

    @property
    def reminders_after(self) -> tuple[int, ...]:
        return rhythm_of(self.rhythm)

    @property
    def parts(self) -> tuple[Part, ...]:
        """What its report consists of."""
        has = {Part.COACH: self.has_coach_part, Part.CLIENT: self.has_client_part}
        return tuple(part for part in Part if has[part])

    @classmethod
    def with_vendor(cls) -> ModelSelect:
        """With vendor, removed ones too."""
        return cls.select(cls, Vendor).join(Vendor)

    @classmethod
    def kept(cls) -> ModelSelect:
        """Those that can be given, by vendor and name."""
        return cls.with_vendor().where(cls.removed_at.is_null()).order_by(Vendor.name, cls.name, cls.id)

    @classmethod
    def removed(cls) -> ModelSelect:
        """Those that are no longer given; what was done with them stays."""
        return cls.with_vendor().where(cls.removed_at.is_null(False)).order_by(Vendor.name, cls.name, cls.id)


class InstrumentGroup(Model):
    """A group of raters an instrument asks, and how many of them it wants."""

    public_id = PublicIdField()
    instrument = ForeignKeyField(Instrument, backref="groups", on_delete="CASCADE")
    name = TextField()
    least = IntegerField()
    most = IntegerField()
    position = IntegerField()

    class Meta:
        indexes = ((("instrument", "name"), True),)

    @property
    def wanted(self) -> Group:
        return Group(self.name, self.least, self.most)

    @classmethod
    def of(cls, instrument: Instrument) -> ModelSelect:
        return cls.select().where(cls.instrument == instrument).order_by(cls.position, cls.id)

    @classmethod
    def of_all(cls) -> "dict[int, list[Group]]":
        """The groups of every instrument, by its id."""
        found: dict[int, list[Group]] = {}
        for row in cls.select().order_by(cls.position, cls.id):
            found.setdefault(row.instrument_id, []).append(row.wanted)
        return found


class Battery(Model):
    """An ordered set of instruments, with days relative to a program."""

    public_id = PublicIdField()
    name = TextField()
    removed_at = UtcDateTimeField(null=True)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()

    @classmethod
    def kept(cls) -> ModelSelect:
        return cls.select().where(cls.removed_at.is_null()).order_by(cls.name, cls.id)


class BatteryItem(Model):
    """One instrument of a battery, and when it is due. One taken out waits below zero, to be put back."""

    public_id = PublicIdField()
    battery = ForeignKeyField(Battery, backref="items", on_delete="CASCADE")
    instrument = ForeignKeyField(Instrument, on_delete="RESTRICT")
    position = IntegerField()
    anchor_name = CharField(max_length=8, column_name="anchor", default=Anchor.KICKOFF)
    amount = IntegerField(default=-14)
    unit_name = CharField(max_length=8, column_name="unit", default=Unit.DAYS)
    version = IntegerField(default=1)

    @property
    def item(self) -> Item:
        return Item(Anchor(self.anchor_name), self.amount, Unit(self.unit_name))

    @property
    def when(self) -> str:
        """'2 weeks before the kickoff'."""
        return item_in_words(self.item)

    @classmethod
    def of(cls, battery: Battery) -> "ModelSelect[Self]":
        """In order, with the instrument and its vendor."""
        items = cls.select(cls, Instrument, Vendor).join(Instrument).join(Vendor)
        return items.where(cls.battery == battery, cls.position > 0).order_by(cls.position, cls.id)

    @classmethod
    def of_all(cls) -> "dict[int, list[Self]]":
        """The items of every battery, by its id."""
        found: dict[int, list[Self]] = {}
        items = cls.select(cls, Instrument).join(Instrument).where(cls.position > 0)
        for row in items.order_by(cls.position, cls.id):
            found.setdefault(row.battery_id, []).append(row)
        return found


# What ships ----------------------------------------------------------------------------------------------------------

SHIPPED = Path(__file__).parents[2] / "templates" / "instruments" / "shipped" / "catalogue.toml"


@cache
def shipped() -> dict[str, Any]:
    """Vendors with their instruments, and batteries, as every firm begins with them."""
    return tomllib.loads(SHIPPED.read_text("utf-8"))


def not_there() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What we ship, vendor and instrument, and this firm does not have under that name; not even removed."""
    known = {fold(name) for (name,) in Instrument.select(Instrument.name).tuples()}
    found = ((vendor, row) for vendor in shipped()["vendor"] for row in vendor["instrument"])
    return [(vendor, row) for vendor, row in found if fold(row["name"]) not in known]

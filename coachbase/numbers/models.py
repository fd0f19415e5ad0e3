"""The series of numbers, the last one taken of each, and those that stand on papers of another time or program."""

from datetime import date
from typing import Self

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, TextField, fn

from ..db import Model, UtcDateTimeField
from .rules import PREFIXES, Kind, number_in_words


class Series(Model):
    """How documents of one kind are numbered."""

    kind_name = CharField(max_length=8, column_name="kind", unique=True)
    prefix = TextField(default="")
    is_yearly = BooleanField(default=True)
    digits = IntegerField(default=4)
    version = IntegerField(default=1)

    @classmethod
    def of_each(cls) -> dict[Kind, Self]:
        """Of every kind; those that nobody has used or changed are not kept yet."""
        kept = {Kind(series.kind_name): series for series in cls.select()}
        return {kind: kept.get(kind) or cls(kind_name=kind, prefix=PREFIXES[kind], version=0) for kind in Kind}

    def counted_in(self, today: date) -> int:
        """The year a number of this day is counted in; 0 where the series runs on."""
        return today.year if self.is_yearly else 0

    def is_used(self, today: date) -> bool:
        """Whether a document of ours was given a number in this year: whatever was taken and is not lost."""
        mine = (LostNumber.series == self.id) & (LostNumber.year == self.counted_in(today))
        lost = LostNumber.select(fn.SUM(LostNumber.last - LostNumber.first + 1)).where(mine).scalar() if self.id else 0
        return self.next_number(today)[0] - 1 > (lost or 0)

    def next_number(self, today: date) -> tuple[int, str]:
        """The number that the next document gets, should nothing be issued meanwhile: nothing is reserved."""
        year = self.counted_in(today)
        row = LastNumber.get_or_none(LastNumber.series == self.id, LastNumber.year == year) if self.id else None
        number = (row.last if row else 0) + 1
        return number, number_in_words(self.prefix, year, number, self.digits)


class LastNumber(Model):
    """The last number taken of a series in a year; year 0 where it runs on."""

    series = ForeignKeyField(Series, on_delete="RESTRICT")
    year = IntegerField()
    last = IntegerField(default=0)

    class Meta:
        indexes = ((("series", "year"), True),)


class LostNumber(Model):
    """Numbers that stand on papers out there and not in this database: a backup was put back, or they were given out by
    another program before. Append only."""

    series = ForeignKeyField(Series, on_delete="RESTRICT")
    year = IntegerField()
    first = IntegerField()
    last = IntegerField()
    reason = TextField()
    at = UtcDateTimeField()

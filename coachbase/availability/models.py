"""A coach's weekly hours, exceptions, travel and holidays, and the terms on which sessions are booked."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from peewee import (
    SQL,
    BooleanField,
    CharField,
    DateField,
    ForeignKeyField,
    IntegerField,
    ModelSelect,
    TextField,
    Value,
)

from ..accounts.models import User
from ..db import Model, PublicIdField, database, kept
from .rules import PlaceKind, Special, Travel, Wall

WORKING_WEEK = tuple((Wall(9 * 60, 17 * 60),) if weekday < 5 else () for weekday in range(7))
"""Until somebody says otherwise: Monday to Friday, nine to five."""
NO = SQL("NULL")


class Availability(Model):
    """The terms on which a coach's sessions are booked. Minutes, hours and days; a maximum of 0 is none.

    `country` is a holiday calendar such as "GB" or "DE-BY"; '' has no holidays. The zone is the coach's own. `version`
    is 0 until somebody has saved something on the page: until then the week is WORKING_WEEK.
    """

    coach = ForeignKeyField(User, unique=True, on_delete="CASCADE")
    before_minutes = IntegerField(default=0)
    after_minutes = IntegerField(default=15)
    notice_hours = IntegerField(default=24)
    horizon_days = IntegerField(default=90)
    increment = IntegerField(default=30)
    daily_most = IntegerField(default=0)
    weekly_most = IntegerField(default=0)
    country = CharField(max_length=40, default="")
    place_kind_name = CharField(max_length=6, column_name="place_kind", default=PlaceKind.VIDEO)
    place = TextField(default="")
    version = IntegerField(default=0)

    @property
    def place_kind(self) -> PlaceKind:
        return PlaceKind(self.place_kind_name)

    @classmethod
    def of(cls, coach: User) -> Self:
        """What is saved; else how everybody begins, unsaved. For reading: whoever changes it does so in an action."""
        return cls.of_each().get(coach.id) or cls(coach=coach)

    @classmethod
    def of_each(cls) -> dict[int, Self]:
        """What is saved, by the coaches' ids: one row for each, so all are read at once. Only to be read."""
        return kept(cls, lambda: {row.coach_id: row for row in cls.select()})


class KindTerms(Model):
    """What is different for one kind of session; None is as the coach's other sessions."""

    coach = ForeignKeyField(User, on_delete="CASCADE")
    kind_name = CharField(max_length=10, column_name="kind")
    minutes = IntegerField(null=True)
    before_minutes = IntegerField(null=True)
    after_minutes = IntegerField(null=True)
    notice_hours = IntegerField(null=True)
    daily_most = IntegerField(null=True)

    class Meta:
        indexes = ((("coach", "kind_name"), True),)

    @classmethod
    def of(cls, coach: User) -> ModelSelect:
        return cls.select().where(cls.coach == coach)

    @classmethod
    def said(cls, coach: User, kind: str) -> Self | None:
        """What this coach said of this kind, only to be read."""
        return kept(("kinds", coach.id), lambda: {row.kind_name: row for row in cls.of(coach)}).get(kind)

    @classmethod
    def length_of(cls, coach: User, kind: str) -> int | None:
        """How many minutes such a session of this coach has, when that was said."""
        own = cls.said(coach, kind)
        return own and own.minutes


class Hours(Model):
    """Open hours on a weekday (0 is Monday), as wall time: minutes from midnight. `kinds` are words with spaces."""

    coach = ForeignKeyField(User, on_delete="CASCADE")
    weekday = IntegerField()
    begins = IntegerField()
    ends = IntegerField()
    kinds = TextField(default="")


class SpecialDay(Model):
    """Days with other hours than the week's; closed when `begins` is None."""

    public_id = PublicIdField()
    coach = ForeignKeyField(User, on_delete="CASCADE")
    first = DateField()
    last = DateField()
    begins = IntegerField(null=True)
    ends = IntegerField(null=True)
    why = TextField(default="")

    @property
    def special(self) -> Special:
        wall = None if self.begins is None else Wall(self.begins, self.ends)
        return Special(self.first, self.last, wall, self.why)

    @classmethod
    def coming(cls, coach: User, today: date) -> ModelSelect:
        return cls.of(coach).where(cls.last >= today)

    @classmethod
    def of(cls, coach: User) -> ModelSelect:
        return cls.select().where(cls.coach == coach).order_by(cls.first, cls.id)


class Trip(Model):
    """Days on which the coach is elsewhere: the weekly hours are those of the clock there."""

    public_id = PublicIdField()
    coach = ForeignKeyField(User, on_delete="CASCADE")
    first = DateField()
    last = DateField()
    zone = TextField()
    place = TextField(default="")

    @property
    def travel(self) -> Travel:
        return Travel(self.first, self.last, self.zone, self.place)

    @classmethod
    def coming(cls, coach: User, today: date) -> ModelSelect:
        return cls.of(coach).where(cls.last >= today)

    @classmethod
    def of(cls, coach: User) -> ModelSelect:
        return cls.select().where(cls.coach == coach).order_by(cls.first, cls.id)


class Holiday(Model):
    """A day off by the coach's country; `is_worked` when the coach works nevertheless."""

    coach = ForeignKeyField(User, on_delete="CASCADE")
    on = DateField()
    name = TextField()
    is_worked = BooleanField(default=False)

    class Meta:
        indexes = ((("coach", "on"), True),)

    @classmethod
    def coming(cls, coach: User, today: date) -> ModelSelect:
        return cls.select().where(cls.coach == coach, cls.on >= today).order_by(cls.on)


@dataclass(frozen=True)
class CoachWeek:
    """All that a coach's opening hours follow from, read at once; see rules.opening_hours."""

    zone: str
    week: Sequence[Sequence[Wall]]
    specials: Sequence[Special]
    travels: Sequence[Travel]
    holidays: dict[date, str]

    @classmethod
    def of(cls, coach: User) -> Self:
        """Two queries, whatever the range."""
        return cls.of_all([coach])[coach.id]

    @classmethod
    def of_all(cls, coaches: Sequence[User]) -> dict[int, Self]:
        """Of several coaches, by their ids, in the same two queries; kept until somebody writes."""
        zones = tuple((coach.id, coach.zone) for coach in coaches)
        return kept(("weeks", zones), lambda: cls._read(coaches))

    @classmethod
    def _read(cls, coaches: Sequence[User]) -> dict[int, Self]:
        weeks: dict[int, list[list[Wall]]] = defaultdict(lambda: [[] for _ in range(7)])
        specials: dict[int, list[Special]] = defaultdict(list)
        travels: dict[int, list[Travel]] = defaultdict(list)
        holidays: dict[int, dict[date, str]] = defaultdict(dict)
        for coach, weekday, begins, ends, kinds in database.execute(_weeks_said(coaches)):
            week = weeks[coach]
            if weekday is not None:
                week[weekday].append(Wall(begins, ends, tuple(kinds.split())))
        for what, coach, first, _, last, begins, ends, zone, words in sorted(database.execute(_days_apart(coaches))):
            days = date.fromisoformat(first), date.fromisoformat(last)
            if what == "special":
                specials[coach].append(Special(*days, None if begins is None else Wall(begins, ends), words))
            elif what == "trip":
                travels[coach].append(Travel(*days, zone, words))
            else:
                holidays[coach][days[0]] = words
        return {
            coach.id: cls(
                coach.zone, weeks.get(coach.id, WORKING_WEEK), specials[coach.id], travels[coach.id], holidays[coach.id]
            )
            for coach in coaches
        }


def _weeks_said(coaches: Sequence[User]) -> ModelSelect:
    """(coach, weekday, begins, ends, kinds), a row without a weekday for an empty week; of those who have said one."""
    return (
        User.select(User.id, Hours.weekday, Hours.begins, Hours.ends, Hours.kinds)
        .left_outer_join(Hours)
        .switch(User)
        .left_outer_join(Availability)
        .where(User.id.in_(coaches), Hours.id.is_null(False) | (Availability.version > 0))
        .order_by(Hours.weekday, Hours.begins)
    )


def _days_apart(coaches: Sequence[User]) -> ModelSelect:
    """(what, coach, first day, id, last day, begins, ends, zone, words) of the days that are not as the week says."""
    day, trip, off = SpecialDay, Trip, Holiday
    days = day.select(Value("special"), day.coach, day.first, day.id, day.last, day.begins, day.ends, NO, day.why)
    trips = trip.select(Value("trip"), trip.coach, trip.first, trip.id, trip.last, NO, NO, trip.zone, trip.place)
    holidays = off.select(Value("holiday"), off.coach, off.on, off.id, off.on, NO, NO, NO, off.name)
    return (
        days.where(day.coach.in_(coaches))
        .union_all(trips.where(trip.coach.in_(coaches)))
        .union_all(holidays.where(off.coach.in_(coaches), ~off.is_worked))
    )


def terms_for(coach: User, kind: str) -> Availability:
    """The coach's terms with what is different for this kind of session in them; unsaved, not to be saved."""
    terms = Availability.of(coach).twin()
    terms.coach = coach
    own = KindTerms.said(coach, kind)
    for name in ("before_minutes", "after_minutes", "notice_hours", "daily_most"):
        if own is not None and getattr(own, name) is not None:
            setattr(terms, name, getattr(own, name))
    return terms

"""A coach's weekly hours, exceptions, travel and holidays, and the terms on which sessions are booked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from peewee import BooleanField, CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..db import Model, PublicIdField, kept
from .rules import PlaceKind, Special, Travel, Wall

WORKING_WEEK = tuple((Wall(9 * 60, 17 * 60),) if weekday < 5 else () for weekday in range(7))
"""Until somebody says otherwise: Monday to Friday, nine to five."""


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
        return kept(("availability", coach.id), lambda: cls.get_or_none(cls.coach == coach) or cls(coach=coach))

    @classmethod
    def saved_by(cls, coaches: Sequence[User]) -> set[int]:
        """Who of them has said something, by their ids."""
        if not coaches:
            return set()
        return {row.coach_id for row in cls.select(cls.coach).where(cls.coach.in_(coaches), cls.version > 0)}


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
    def length_of(cls, coach: User, kind: str) -> int | None:
        """How many minutes such a session of this coach has, when that was said."""
        own = cls.get_or_none(cls.coach == coach, cls.kind_name == kind)
        return own and own.minutes


class Hours(Model):
    """Open hours on a weekday (0 is Monday), as wall time: minutes from midnight. `kinds` are words with spaces."""

    coach = ForeignKeyField(User, on_delete="CASCADE")
    weekday = IntegerField()
    begins = IntegerField()
    ends = IntegerField()
    kinds = TextField(default="")

    @property
    def wall(self) -> Wall:
        return Wall(self.begins, self.ends, tuple(self.kinds.split()))


class SpecialDay(Model):
    """Days with other hours than the week's; closed when `begins` is None."""

    public_id = PublicIdField()
    coach = ForeignKeyField(User, on_delete="CASCADE")
    first = DateField()
    last = DateField()
    begins = IntegerField(null=True)
    ends = IntegerField(null=True)
    why = TextField(default="")

    @classmethod
    def coming(cls, coach: User, today: date) -> ModelSelect:
        return cls.of(coach).where(cls.last >= today)

    @property
    def special(self) -> Special:
        wall = None if self.begins is None else Wall(self.begins, self.ends)
        return Special(self.first, self.last, wall, self.why)

    @classmethod
    def of(cls, coach: User) -> ModelSelect:
        return cls.of_all([coach])

    @classmethod
    def of_all(cls, coaches: Sequence[User]) -> ModelSelect:
        return cls.select().where(cls.coach.in_(coaches)).order_by(cls.first, cls.id)


class Trip(Model):
    """Days on which the coach is elsewhere: the weekly hours are those of the clock there."""

    public_id = PublicIdField()
    coach = ForeignKeyField(User, on_delete="CASCADE")
    first = DateField()
    last = DateField()
    zone = TextField()
    place = TextField(default="")

    @classmethod
    def coming(cls, coach: User, today: date) -> ModelSelect:
        return cls.of(coach).where(cls.last >= today)

    @property
    def travel(self) -> Travel:
        return Travel(self.first, self.last, self.zone, self.place)

    @classmethod
    def of(cls, coach: User) -> ModelSelect:
        return cls.of_all([coach])

    @classmethod
    def of_all(cls, coaches: Sequence[User]) -> ModelSelect:
        return cls.select().where(cls.coach.in_(coaches)).order_by(cls.first, cls.id)


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
        """Five queries at most, whatever the range."""
        return cls.of_all([coach])[coach.id]

    @classmethod
    def of_all(cls, coaches: Sequence[User]) -> dict[int, Self]:
        """Of several coaches, by their ids, in the same five queries; kept until somebody writes."""
        zones = tuple((coach.id, coach.zone) for coach in coaches)
        return kept(("weeks", zones), lambda: cls._read(coaches))

    @classmethod
    def _read(cls, coaches: Sequence[User]) -> dict[int, Self]:
        hours = _by_coach(Hours.select().where(Hours.coach.in_(coaches)).order_by(Hours.weekday, Hours.begins))
        have_said = set(hours) | Availability.saved_by([coach for coach in coaches if coach.id not in hours])
        off = _by_coach(Holiday.select().where(Holiday.coach.in_(coaches), ~Holiday.is_worked))
        specials = _by_coach(SpecialDay.of_all(coaches))
        trips = _by_coach(Trip.of_all(coaches))
        return {
            coach.id: cls(
                zone=coach.zone,
                week=[[row.wall for row in hours.get(coach.id, ()) if row.weekday == weekday] for weekday in range(7)]
                if coach.id in have_said
                else WORKING_WEEK,
                specials=[row.special for row in specials.get(coach.id, ())],
                travels=[row.travel for row in trips.get(coach.id, ())],
                holidays={row.on: row.name for row in off.get(coach.id, ())},
            )
            for coach in coaches
        }


def _by_coach(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.coach_id, []).append(row)
    return found


def terms_for(coach: User, kind: str) -> Availability:
    """The coach's terms with what is different for this kind of session in them; unsaved, not to be saved."""
    terms = Availability.of(coach).twin()
    terms.coach = coach
    own = KindTerms.get_or_none(KindTerms.coach == coach, KindTerms.kind_name == kind)
    for name in ("before_minutes", "after_minutes", "notice_hours", "daily_most"):
        if own is not None and getattr(own, name) is not None:
            setattr(terms, name, getattr(own, name))
    return terms

"""Say when a coach works and on which terms sessions are booked; keep the holidays of the coach's country."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from .. import clock
from ..accounts.models import User
from ..db import atomic
from ..errors import Refused, Stale
from ..events import announce
from . import tasks
from .models import Availability, CoachWeek, Holiday, Hours, KindTerms, SpecialDay, Trip
from .rules import (
    KIND_TERMS,
    MOST_AHEAD,
    WEEKDAYS,
    YEARS_AHEAD,
    SessionKind,
    Special,
    Travel,
    Wall,
    refusal_of_days,
    refusal_of_hours,
)


@dataclass(frozen=True)
class UsualPlaceChanged:
    """Where a coach's sessions are, unless they say otherwise, is another place now."""

    coach: User


@atomic
def save_week(coach: User, week: Sequence[Sequence[Wall]], *, version: int) -> None:
    """The weekly hours. Raises Refused naming the day that will not do, Stale when somebody saved since."""
    for name, walls in zip(WEEKDAYS, week, strict=True):
        if refusal := refusal_of_hours(walls):
            raise Refused(f"{name}: {refusal}")
    _changed(coach, version)
    _write_week(coach, week)


@atomic
def save_terms(coach: User, values: Mapping[str, Any], *, version: int) -> None:
    """Buffers, notice, horizon, increment, most sessions and the place. Raises Stale when somebody saved since."""
    terms = _changed(coach, version)
    was = (terms.place_kind_name, terms.place)
    for name, value in values.items():
        setattr(terms, name, value)
    terms.save()
    if was != (terms.place_kind_name, terms.place):
        announce(UsualPlaceChanged(coach))


@atomic
def save_kinds(coach: User, terms: Mapping[SessionKind, Mapping[str, int | None]], *, version: int) -> None:
    """What is different for some kinds of session; what is None is as for the others. Raises Stale as above."""
    _changed(coach, version)
    KindTerms.delete().where(KindTerms.coach == coach).execute()
    for kind, values in terms.items():
        own = {name: values.get(name) for name in KIND_TERMS}
        if any(value is not None for value in own.values()):
            KindTerms.create(coach=coach, kind_name=kind, **own)


def _changed(coach: User, version: int) -> Availability:
    """What is saved of the coach, one version on. The first save keeps the week that held until then."""
    terms = Availability.of(coach)
    if terms.version != version:
        raise Stale("Somebody else changed these hours or terms while you looked at them.")
    if version == 0:
        _write_week(coach, CoachWeek.of(coach).week)
    terms.version += 1
    terms.save()
    return terms


def _write_week(coach: User, week: Sequence[Sequence[Wall]]) -> None:
    Hours.delete().where(Hours.coach == coach).execute()
    for weekday, walls in enumerate(week):
        for wall in sorted(walls):
            Hours.create(coach=coach, weekday=weekday, begins=wall.begins, ends=wall.ends, kinds=" ".join(wall.kinds))


# Days that differ -----------------------------------------------------------------------------------------------------


@atomic
def add_special(coach: User, special: Special) -> SpecialDay:
    """Other hours on some days, or none. Raises Refused when these days will not do."""
    _expect_days(special.first, special.last)
    if special.wall and (refusal := refusal_of_hours([special.wall])):
        raise Refused(refusal)
    _expect_room(SpecialDay.coming(coach, clock.now().date()).count())
    begins, ends = (special.wall.begins, special.wall.ends) if special.wall else (None, None)
    return SpecialDay.create(
        coach=coach, first=special.first, last=special.last, begins=begins, ends=ends, why=special.why
    )


@atomic
def remove_special(row: SpecialDay) -> None:
    """The week holds on these days again."""
    row.delete_instance()


@atomic
def add_trip(coach: User, travel: Travel) -> Trip:
    """The coach's clock is another one for some days. Raises Refused when these days will not do."""
    _expect_days(travel.first, travel.last)
    _expect_room(Trip.coming(coach, clock.now().date()).count())
    return Trip.create(coach=coach, first=travel.first, last=travel.last, zone=travel.zone, place=travel.place)


@atomic
def remove_trip(row: Trip) -> None:
    row.delete_instance()


def _expect_days(first: date, last: date) -> None:
    if refusal := refusal_of_days(first, last):
        raise Refused(refusal)


def _expect_room(there: int) -> None:
    if there >= MOST_AHEAD:
        raise Refused(f"There are {MOST_AHEAD} already. Remove some that are not needed.")


# Holidays -------------------------------------------------------------------------------------------------------------


@atomic
def choose_country(coach: User, country: str) -> None:
    """Keep the holidays of another country, or of none, from this year on; what is worked nevertheless stays so.

    Raises Refused for a country whose holidays nobody knows.
    """
    code, _, region = country.partition("-")
    if country and (code not in tasks.countries() or (region and region not in tasks.regions(code))):
        raise Refused("The holidays of this country are not known. Choose another, or none.")
    terms = Availability.of(coach)
    terms.country = country
    terms.save()
    this_year = _this_year(coach)
    worked = {row.on for row in Holiday.coming(coach, date(this_year, 1, 1)) if row.is_worked}
    Holiday.delete().where(Holiday.coach == coach, Holiday.on >= date(this_year, 1, 1)).execute()
    _write_holidays(coach, country, range(this_year, this_year + YEARS_AHEAD), worked)


@atomic
def work_on(coach: User, day: date, *, is_worked: bool) -> Holiday:
    """The coach works on a holiday nevertheless, or does not after all. Raises Refused when it is none."""
    holiday = Holiday.get_or_none(Holiday.coach == coach, Holiday.on == day)
    if holiday is None:
        raise Refused("This is no holiday any more. Look again.")
    holiday.is_worked = is_worked
    holiday.save()
    return holiday


@atomic
def keep_holidays_ahead() -> None:
    """By the clock: a year that has come near gets its holidays, for each coach with a country."""
    for terms in Availability.select(Availability, User).join(User).where(Availability.country != ""):
        coach, this_year = terms.coach, _this_year(terms.coach)
        last = max((row.on.year for row in Holiday.coming(coach, date(this_year, 1, 1))), default=this_year - 1)
        _write_holidays(coach, terms.country, range(last + 1, this_year + YEARS_AHEAD), set())


def _this_year(coach: User) -> int:
    return clock.now().astimezone(ZoneInfo(coach.zone)).year


def _write_holidays(coach: User, country: str, years: range, worked: Collection[date]) -> None:
    if country and years:
        for on, name in tasks.days_off(country, years).items():
            Holiday.insert(coach=coach, on=on, name=name, is_worked=on in worked).on_conflict_ignore().execute()

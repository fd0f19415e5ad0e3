"""When a coach works: weekly hours, the terms of booking, what is different for a kind of session, and special days."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..errors import Stale
from ..web.conflict import conflict
from ..web.forms import Form
from ..web.pages import go, load_or_404
from . import actions, tasks
from .forms import (
    CountryForm,
    HolidayForm,
    KindsForm,
    SpecialForm,
    TermsForm,
    TripForm,
    WeekForm,
    kinds_as_saved,
    time_of,
)
from .models import Availability, CoachWeek, Holiday, KindTerms, SpecialDay, Trip
from .rules import KIND_TERMS, SESSION_LABELS, SessionKind, Travel, clock_time, days_shown, in_words, week_in_words

pages = Blueprint("availability", __name__, url_prefix="/settings/availability")
DAYS_SHOWN = 14


@pages.get("")
def coaches() -> ResponseReturnValue:
    """Whose hours one may see; a coach goes straight to the own ones."""
    found = list(User.coaches_for(_me()))
    if len(found) == 1:
        return go(_home(found[0]))
    return render_template("availability/coaches.html", coaches=found, terms=Availability.of_each())


@pages.app_template_global("trips_about")
def trips_about(coach: User, moment: datetime | None, days: int) -> list[Travel]:
    """For forms that show free times: where the coach is on the days they list from about this moment on.

    By which clock is said to whoever may look for a time; in what place only to who keeps this coach's hours.
    """
    day = (moment or clock.now()).astimezone(ZoneInfo(coach.zone)).date()
    first, last = day - timedelta(days=2), day + timedelta(days=days)
    trips = [trip for trip in CoachWeek.of(coach).travels if trip.first <= last and first <= trip.last]
    if not trips or coach in User.coaches_for(_me()):
        return trips
    return [trip._replace(place="") for trip in trips]


# The week -------------------------------------------------------------------------------------------------------------


@pages.get("/<ulid:user_id>")
def week(user_id: str) -> ResponseReturnValue:
    coach = _coach(user_id)
    form = WeekForm(data={"week": CoachWeek.of(coach).week, "version": Availability.of(coach).version})
    return _page("availability/week.html", coach, form=form)


@pages.post("/<ulid:user_id>")
def save_week(user_id: str) -> ResponseReturnValue:
    """Save, or do what a button beside the rows says and show the form again, with nothing saved."""
    coach = _coach(user_id)
    form = WeekForm(request.form)
    if form.week.press(request.form.get("act", "")[:20]):
        return _page("availability/week.html", coach, form=form)
    if not form.validate():
        return _page("availability/week.html", coach, form=form), 422
    try:
        actions.save_week(coach, form.week.week, version=form.version.data)
    except Stale as stale:
        theirs = SimpleNamespace(week=week_in_words(CoachWeek.of(coach).week), version=Availability.of(coach).version)
        return conflict(stale, form, theirs, _home(coach))
    return go(_home(coach), "The weekly hours are saved.")


# Terms ----------------------------------------------------------------------------------------------------------------


@pages.get("/<ulid:user_id>/terms")
def terms(user_id: str) -> ResponseReturnValue:
    coach = _coach(user_id)
    return _page("availability/terms.html", coach, form=TermsForm(obj=Availability.of(coach)))


@pages.post("/<ulid:user_id>/terms")
def save_terms(user_id: str) -> ResponseReturnValue:
    coach = _coach(user_id)
    form = TermsForm(request.form)
    if not form.validate():
        return _page("availability/terms.html", coach, form=form), 422
    values = {name: value for name, value in form.data.items() if name != "version"}
    try:
        actions.save_terms(coach, values, version=form.version.data)
    except Stale as stale:
        return conflict(stale, form, Availability.of(coach), request.path)
    return go(f"{_home(coach)}/terms", "The terms are saved.")


@pages.get("/<ulid:user_id>/kinds")
def kinds(user_id: str) -> ResponseReturnValue:
    coach = _coach(user_id)
    return _kinds_page(coach, KindsForm(data=_kinds_of(coach)))


@pages.post("/<ulid:user_id>/kinds")
def save_kinds(user_id: str) -> ResponseReturnValue:
    coach = _coach(user_id)
    form = KindsForm(request.form)
    if not form.validate():
        return _kinds_page(coach, form), 422
    try:
        actions.save_kinds(coach, form.terms, version=form.version.data)
    except Stale as stale:
        return conflict(stale, form, SimpleNamespace(**_kinds_of(coach)), request.path)
    return go(f"{_home(coach)}/kinds", "Saved.")


def _kinds_page(coach: User, form: Form) -> str:
    """Where nothing is typed, the field shows what holds for all kinds."""
    saved = Availability.of(coach)
    usual = {name: getattr(saved, name) for name in KIND_TERMS if hasattr(saved, name)}
    return _page("availability/kinds.html", coach, form=form, usual=usual)


def _kinds_of(coach: User) -> dict[str, int | None]:
    return kinds_as_saved(list(KindTerms.of(coach))) | {"version": Availability.of(coach).version}


# Days that differ -----------------------------------------------------------------------------------------------------


@pages.get("/<ulid:user_id>/days")
def days(user_id: str) -> ResponseReturnValue:
    return _days_page(_coach(user_id))


@pages.post("/<ulid:user_id>/days")
def add_special(user_id: str) -> ResponseReturnValue:
    coach = _coach(user_id)
    form = SpecialForm(request.form)
    if not form.validate():
        return _days_page(coach, special=form), 422
    actions.add_special(coach, form.special)
    return go(f"{_home(coach)}/days", "Saved.")


@pages.post("/<ulid:user_id>/days/<ulid:special_day_id>/remove")
def remove_special(user_id: str, special_day_id: str) -> ResponseReturnValue:
    coach = _coach(user_id)
    row: SpecialDay = load_or_404(SpecialDay.of(coach), special_day_id)
    actions.remove_special(row)
    times = {} if row.begins is None else {"begins": time_of(row.begins), "ends": time_of(row.ends)}
    told = {"first": row.first, "last": row.last, "how": "open" if times else "closed", "why": row.why} | times
    flash("The week holds on these days again.", f"undo:{_home(coach)}/days/restore?{urlencode(told)}")
    return go(f"{_home(coach)}/days")


@pages.post("/<ulid:user_id>/days/restore")
def restore_special(user_id: str) -> ResponseReturnValue:
    """Reached from a toast, whose form has no fields: what was removed stands in the address."""
    coach = _coach(user_id)
    actions.add_special(coach, _sent(SpecialForm(request.args)).special)
    return go(f"{_home(coach)}/days", "These days are back.")


@pages.post("/<ulid:user_id>/travel")
def add_trip(user_id: str) -> ResponseReturnValue:
    coach = _coach(user_id)
    form = TripForm(request.form)
    if not form.validate():
        return _days_page(coach, trip=form), 422
    actions.add_trip(coach, form.travel)
    return go(f"{_home(coach)}/days#travel", "Saved.")


@pages.post("/<ulid:user_id>/travel/<ulid:trip_id>/remove")
def remove_trip(user_id: str, trip_id: str) -> ResponseReturnValue:
    coach = _coach(user_id)
    row: Trip = load_or_404(Trip.of(coach), trip_id)
    actions.remove_trip(row)
    told = urlencode({f"trip-{name}": getattr(row, name) for name in ("first", "last", "zone", "place")})
    flash("The journey is removed.", f"undo:{_home(coach)}/travel/restore?{told}")
    return go(f"{_home(coach)}/days#travel")


@pages.post("/<ulid:user_id>/travel/restore")
def restore_trip(user_id: str) -> ResponseReturnValue:
    coach = _coach(user_id)
    actions.add_trip(coach, _sent(TripForm(request.args)).travel)
    return go(f"{_home(coach)}/days#travel", "The journey is back.")


@pages.post("/<ulid:user_id>/country")
def choose_country(user_id: str) -> ResponseReturnValue:
    """A region counts only within its own country: who changes the country begins with the whole of it."""
    coach = _coach(user_id)
    form = CountryForm(request.form)
    form.offer(tasks.countries(), tasks.regions(str(form.country.data)))
    if form.region.data not in tasks.regions(str(form.country.data)):
        form.region.data = ""
    if not form.validate():
        return _days_page(coach, country=form), 422
    actions.choose_country(coach, "-".join(part for part in (form.country.data, form.region.data) if part))
    return go(f"{_home(coach)}/days#holidays", "Saved.")


@pages.post("/<ulid:user_id>/holidays")
def work_on_holiday(user_id: str) -> ResponseReturnValue:
    coach = _coach(user_id)
    form = _sent(HolidayForm(request.form))
    holiday = actions.work_on(coach, form.on.data, is_worked=form.worked.data == "1")
    said = "is worked nevertheless" if holiday.is_worked else "is a day off"
    return go(f"{_home(coach)}/days#holidays", f"{holiday.name} {said}.")


def _days_page(
    coach: User,
    *,
    special: SpecialForm | None = None,
    trip: TripForm | None = None,
    country: CountryForm | None = None,
) -> str:
    today = _today(coach)
    saved = Availability.of(coach)
    if country is None:
        code, _, region = saved.country.partition("-")
        country = CountryForm(data={"country": code, "region": region})
        country.offer(tasks.countries(), tasks.regions(code))
    return _page(
        "availability/days.html",
        coach,
        special=special or SpecialForm(),
        trip=trip or TripForm(data={"zone": coach.zone}),
        country=country,
        specials=list(SpecialDay.coming(coach, today)),
        trips=list(Trip.coming(coach, today)),
        holidays=list(Holiday.coming(coach, today)),
        in_a_year=today + timedelta(days=365),
        in_words=in_words,
    )


# What all of them need ------------------------------------------------------------------------------------------------


def _page(template: str, coach: User, **shown: Any) -> str:
    week = CoachWeek.of(coach)
    return render_template(
        template,
        coach=coach,
        home=_home(coach),
        preview=days_shown(week, _today(coach), DAYS_SHOWN),
        labels=SESSION_LABELS,
        kind_terms=KIND_TERMS,
        kinds=list(SessionKind),
        clock_time=clock_time,
        **shown,
    )


def _today(coach: User) -> date:
    return clock.now().astimezone(ZoneInfo(coach.zone)).date()


def _coach(public_id: str) -> User:
    """A coach whose hours this user may see and set."""
    return load_or_404(User.coaches_for(_me()), public_id)


def _sent(form: Form) -> Any:
    """A form without anything to type into: one that does not hold was not sent by our page."""
    if not form.validate():
        abort(400, form.errors_in_words())
    return form


def _home(coach: User) -> str:
    return f"/settings/availability/{coach.public_id}"


def _me() -> User:
    return current_user._get_current_object()

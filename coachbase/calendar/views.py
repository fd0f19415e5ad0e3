"""The calendar: the weeks and months of all coaches of whoever reads it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, get_flashed_messages, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from markupsafe import Markup

from .. import clock
from ..accounts.models import User
from ..availability.rules import SESSION_LABELS, SessionKind, moment_of, walls_on
from ..clients.models import Client
from ..firm.rules import city_of
from ..sessions.models import CoachingSession
from ..sessions.rules import State
from ..web.filters import clock_in, iso
from ..web.pages import reader_zone
from .models import Diary, Stretch, outside_hours
from .rules import (
    SHORTEST_DRAWN,
    Drift,
    Shown,
    Slice,
    drift,
    first_of,
    hours_shown,
    joined,
    lanes,
    midnight,
    slices,
    week_of,
)

pages = Blueprint("calendar", __name__)

MOST_IN_CELL = 4
"""Sessions that a day of the month names; the others are counted."""


@dataclass(frozen=True)
class Item:
    """Something in a day's column: a session, a hold, a time taken or busy. `lane` of `of` stand side by side.

    A busy time lies behind the sessions of the only coach shown; of several, it stands beside those of the others.
    """

    what: str
    on: Slice
    coach: User
    begins: datetime
    ends: datetime
    words: str = ""
    session: CoachingSession | None = None
    conflicts: Sequence[str] = ()
    may_move: bool = False
    step: int = 0
    is_rest: bool = False
    is_behind: bool = False
    lane: int = 0
    of: int = 1


@dataclass(frozen=True)
class Note:
    """What makes a day of some coaches another than their week says: why it is closed, or where they are."""

    icon: str
    words: str
    coaches: Sequence[User]


@dataclass(frozen=True)
class Day:
    """A column. `open_hours` are slices of the day, `said` the same in words."""

    on: date
    items: Sequence[Item]
    open_hours: Sequence[Slice]
    said: str
    notes: Sequence[Note] = ()


@dataclass(frozen=True)
class Clocks:
    """Zones whose clocks are not as far apart as usual on some of the days, and whose sessions that touches."""

    here: str
    there: str
    drift: Drift
    days: Sequence[date]
    names: Sequence[str]


@pages.get("/calendar")
def calendar() -> ResponseReturnValue:
    """A week, or a month with `?month=`; to htmx only the calendar itself, after something in it moved."""
    now = clock.now()
    today = now.astimezone(ZoneInfo(reader_zone())).date()
    shown = Shown.read(request.args, today)
    everybody = list(User.coaches_for(_me()))
    coaches = [coach for coach in everybody if coach.public_id == shown.coach] or everybody
    days = shown.days
    first, last = midnight(days[0], reader_zone()), midnight(days[-1] + timedelta(days=1), reader_zone())
    diary = Diary.read(_me(), coaches, first, last, now, kind=shown.kind)
    told = {
        "shown": shown,
        "coaches": everybody,
        "coach": coaches[0] if len(coaches) == 1 else None,
        "kinds": [(kind, SESSION_LABELS[kind]) for kind in SessionKind],
        "days": days,
        "today": today,
        "this_week": week_of(today),
        "week_here": shown.week or week_of(today if today in days else days[7]),
        "unknown": diary.unknown,
        "names": {coach.id: coach for coach in coaches},
        "back": f"/calendar?{shown.query}",
    }
    told |= _month(shown, diary, coaches) if shown.month else _week(shown, diary, coaches, now)
    return _drawn(told)


@pages.app_template_global("outside_hours_of")
def outside_hours_of(coach: User) -> Sequence[CoachingSession]:
    """For the pages on which a coach's hours are changed: what is booked outside of them, as the reader may see it."""
    return outside_hours(_me(), coach, clock.now())


def _drawn(told: dict[str, Any]) -> str:
    if request.htmx:
        said = get_flashed_messages()
        return render_template("calendar/_answer.html", said=said, **told)
    return render_template("calendar/calendar.html", **told)


# A week ---------------------------------------------------------------------------------------------------------------


def _week(shown: Shown, diary: Diary, coaches: Sequence[User], now: datetime) -> dict[str, Any]:
    zone = reader_zone()
    items = _items(diary, coaches, shown)
    open_hours = _open_hours(diary, coaches)
    columns = [
        Day(
            day,
            _side_by_side(items.get(day, ()), is_alone=len(coaches) == 1),
            open_hours.get(day, ()),
            _in_words(open_hours.get(day, ())),
            _notes(diary, coaches, day),
        )
        for day in shown.days
    ]
    first, last = hours_shown(
        one for column in columns for one in [*(item.on for item in column.items), *column.open_hours]
    )
    local = now.astimezone(ZoneInfo(zone))
    second = _second_zone(shown, coaches)
    return {
        "columns": columns,
        "first_hour": first,
        "last_hour": last,
        "hours": [(hour, _second_clock(shown.days[0], hour, zone, second)) for hour in range(first, last)],
        "second": second,
        "zones": sorted(({coach.zone for coach in coaches} | {one.zone for one in diary.clients}) - {zone}),
        "now_at": Slice(local.date(), local.hour * 60 + local.minute, 1) if first <= local.hour < last else None,
        "clocks": _clocks(diary, coaches, shown.days),
        "is_empty": not any(column.items for column in columns),
    }


def _items(diary: Diary, coaches: Sequence[User], shown: Shown) -> dict[date, list[Item]]:
    """Everything by the day of the reader's clock; what lasts over midnight has a part on each day."""
    by_id = {coach.id: coach for coach in coaches}
    found: dict[date, list[Item]] = defaultdict(list)
    for session in diary.sessions:
        told = {
            "session": session,
            "conflicts": diary.conflicts_of(session),
            "may_move": session.state is State.BOOKED and session.starts_at > diary.now,
            "step": diary.increment_of(session.coach_id),
        }
        _put(found, "session", by_id, Stretch(session.coach_id, session.starts_at, session.ends_at), **told)
    if not shown.kind:
        for what, stretches in (("hold", diary.holds), ("busy", diary.busy), ("taken", diary.taken)):
            for stretch in stretches:
                _put(found, what, by_id, stretch)
    return found


def _put(found: dict[date, list[Item]], what: str, by_id: dict[int, User], one: Stretch, **told: Any) -> None:
    for number, part in enumerate(slices(one.begins, one.ends, reader_zone())):
        item = Item(what, part, by_id[one.coach], one.begins, one.ends, one.words, is_rest=number > 0, **told)
        found[part.day].append(item)


def _side_by_side(items: Sequence[Item], *, is_alone: bool) -> list[Item]:
    behind = [replace(item, is_behind=True) for item in items if is_alone and item.what == "busy"]
    beside = [item for item in items if not (is_alone and item.what == "busy")]
    spans = [(item.on.at, item.on.at + max(item.on.minutes, SHORTEST_DRAWN)) for item in beside]
    placed = [replace(item, lane=lane, of=of) for item, (lane, of) in zip(beside, lanes(spans), strict=True)]
    return sorted([*behind, *placed], key=lambda item: (item.on.at, item.lane))


def _notes(diary: Diary, coaches: Sequence[User], day: date) -> list[Note]:
    found: dict[tuple[str, str], list[User]] = defaultdict(list)
    for coach in coaches:
        week = diary.weeks[coach.id]
        _, why = walls_on(week, day)
        if why:
            found["coffee", why].append(coach)
        trip = next((trip for trip in reversed(week.travels) if trip.first <= day <= trip.last), None)
        if trip:
            found["globe", f"in {trip.place or city_of(trip.zone)}"].append(coach)
    return [Note(icon, words, theirs) for (icon, words), theirs in found.items()]


def _open_hours(diary: Diary, coaches: Sequence[User]) -> dict[date, list[Slice]]:
    """When any of the coaches is open."""
    found: dict[date, list[Slice]] = defaultdict(list)
    for begins, ends in joined(span for coach in coaches for span in diary.open_hours(coach.id, "")):
        for part in slices(moment_of(begins), moment_of(ends), reader_zone()):
            found[part.day].append(part)
    return found


@pages.app_template_filter("placed")
def placed(one: Slice, shortest: int = 0) -> str:
    """Where it lies on its day, as the style sheet's classes; its length in steps of five minutes."""
    minutes = (max(one.minutes, shortest) + 4) // 5 * 5
    return f"at-{one.at // 60}h at-{one.at % 60 // 5 * 5}m for-{minutes // 60}h for-{minutes % 60}m"


@pages.app_template_filter("times")
def times(item: Item, zone: str) -> Markup:
    """From when to when, on the clock of a zone."""
    begins, ends = clock_in(item.begins, zone), clock_in(item.ends, zone)
    return Markup(f'<time datetime="{iso(item.begins)}">{begins}</time><span class="until">–{ends}</span>')  # noqa: S704


def _in_words(open_hours: Iterable[Slice]) -> str:
    """'open 9:00–12:00 and 13:00–17:00'."""
    times = [f"{_wall(one.at)}–{_wall(one.at + one.minutes)}" for one in open_hours]
    return f"open {' and '.join(times)}" if times else "closed"


def _wall(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"


def _second_zone(shown: Shown, coaches: Sequence[User]) -> str:
    """The zone of the second clock: the one that was chosen, or else that of the only coach."""
    zone = shown.zone or (coaches[0].zone if len(coaches) == 1 else "")
    return "" if zone == reader_zone() else zone


def _second_clock(day: date, hour: int, zone: str, second: str) -> str:
    return clock_in(midnight(day, zone) + timedelta(hours=hour), second) if second else ""


def _clocks(diary: Diary, coaches: Sequence[User], days: Sequence[date]) -> list[Clocks]:
    """For each pair of zones of a coach and a client: whether these are days on which the clocks differ."""
    zones = {coach.id: coach.zone for coach in coaches}
    pairs: dict[tuple[str, str], list[Client]] = defaultdict(list)
    for client in diary.clients:
        pairs[zones[client.coach_id], client.zone].append(client)
    found = []
    for (here, there), clients in sorted(pairs.items()):
        if odd := drift(there, here, days):
            found.append(Clocks(here, there, odd, days, [client.name for client in clients]))
    return found


# A month --------------------------------------------------------------------------------------------------------------


def _month(shown: Shown, diary: Diary, coaches: Sequence[User]) -> dict[str, Any]:
    by_day: dict[date, list[CoachingSession]] = defaultdict(list)
    for session in diary.sessions:
        by_day[session.starts_at.astimezone(ZoneInfo(reader_zone())).date()].append(session)
    mondays = shown.days[::7]
    return {
        "weeks": [(week_of(monday), [monday + timedelta(days=number) for number in range(7)]) for monday in mondays],
        "by_day": by_day,
        "notes": {day: _notes(diary, coaches, day) for day in shown.days},
        "most": MOST_IN_CELL,
        "first": first_of(shown.month),
        "odd_weeks": {
            week_of(monday): clocks
            for monday in mondays
            if (clocks := _clocks(diary, coaches, [monday + timedelta(days=number) for number in range(7)]))
        },
        "troubled": {session.id for session in diary.sessions if diary.conflicts_of(session)},
        "is_empty": not diary.sessions,
    }


def _me() -> User:
    return current_user._get_current_object()

"""Moving and cancelling for whoever holds a link: the client, or the client's own assistant; and what is shared with
booking by link (requests/public.py).

States beat addresses: every GET shows, or leads to, the page that fits. Only a POST does something. Nobody here learns
why a time is not free: the reasons name other clients.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from .. import clock
from ..accounts.models import Attempt, Serving, User
from ..availability.rules import PlaceKind, minute_of, moment_of
from ..clients.models import Client
from ..clients.rules import web_address
from ..errors import Refused, Stale, TooMany
from ..firm.rules import is_zone, zones
from ..sessions.models import Attendee, CoachingSession
from ..sessions.rules import State
from ..slots.rules import Openings
from ..web.guard import public_blueprint
from ..web.links import CAME_FROM, LinkDoors, link_doors
from . import actions
from .forms import CancelByLinkForm, MoveByLinkForm, day_named, minute_named
from .models import offered_instead
from .rules import (
    JUST_GONE,
    Side,
    Via,
    clocks,
    day_in_words,
    free_days,
    is_charged,
    refusal_by_link,
    refusal_to_change,
    refusal_to_move,
    terms_in_words,
)

pages = public_blueprint("scheduling_public", __name__, prefix="/p")
change_doors = link_doors(pages, actions.CHANGE)
assistant_change_doors = LinkDoors(actions.CHANGE_FOR, home=change_doors.home)

BACKS = ("/p/client", "/p/assistant")
"""The pages a browser may have come from."""
MOST_TRIES = 30
"""How often somebody may try to book or change with one link in an hour."""
CHANGED_MEANWHILE = "This was changed meanwhile, so nothing was done. This is how it is now."


@dataclass(frozen=True)
class Holder:
    """Who came by a link: the client, or the client's own assistant."""

    subject: str
    side: Side
    via: Via

    @property
    def is_assistant(self) -> bool:
        return self.side is Side.ASSISTANT


def who_came(own: LinkDoors, assistants: LinkDoors) -> Holder:
    if subject := own.subject_or_none():
        return Holder(subject, Side.CLIENT, Via.CLIENT)
    return Holder(assistants.subject(), Side.ASSISTANT, Via.ASSISTANT)


def expect_assistant(holder: Holder, client: Client | None) -> None:
    """An assistant who was taken off books nothing any more."""
    if holder.is_assistant and not (client and client.assistant_email):
        abort(404)


# Moving and cancelling ------------------------------------------------------------------------------------------------


@pages.get("/session")
def session() -> str:
    """When and where it is, and what can be done about it."""
    return render_template("scheduling/own_session.html", **_about_booked(*_session()))


@pages.get("/session/move")
def choose_another() -> ResponseReturnValue:
    """The times it could move to."""
    about = _about_booked(*_session())
    return _others(about) if about["may_move"] else redirect(change_doors.home, 303)


@pages.get("/session/move/confirm")
def confirm_move() -> ResponseReturnValue:
    about = _about_booked(*_session())
    booked, start = about["session"], minute_named(request.args.get("start"))
    if not about["may_move"]:
        return redirect(change_doors.home, 303)
    if start is None or start not in offered_instead(booked, clock.now()).starts:
        return _others(about, notice=JUST_GONE)
    form = MoveByLinkForm(data={"start": str(start), "zone": request.args.get("zone", ""), "version": booked.version})
    return _is_this_right(form, start, about)


def _is_this_right(form: MoveByLinkForm, start: int, about: dict[str, Any]) -> str:
    booked = about["session"]
    when = when_on_clocks(moment_of(start), booked.minutes, about["zone"], booked.coach.zone)
    return render_template("scheduling/own_move.html", form=form, start=start, new=when, **about)


@pages.post("/session/move")
def move() -> ResponseReturnValue:
    holder, booked = _session()
    about = _about_booked(holder, booked)
    form = MoveByLinkForm(request.form)
    if not about["may_move"]:
        return render_template("scheduling/own_session.html", **about), 422
    start, is_fine = form.minute, form.validate()
    if start is not None and form.reason.errors:
        return _is_this_right(form, start, about), 422
    if start is None or not is_fine:
        return _others(about, notice="Please choose a time first."), 422
    try:
        count_one(f"moving by {booked.public_id}", MOST_TRIES)
        who = {"side": holder.side, "via": holder.via, "reason": form.reason.data}
        actions.move_by_link(booked, start, version=form.version.data, **who)
    except Stale:
        return _as_it_is(holder, booked, CHANGED_MEANWHILE), 409
    except Refused as refusal:
        return _others(about, notice=str(refusal), near=start), status_of(refusal)
    return redirect(by_clock(f"{change_doors.home}?done=moved", form.zone.data, about["client"]), 303)


@pages.get("/session/cancel")
def ask_why() -> ResponseReturnValue:
    """Why; and before it whether it will be charged."""
    about = _about_booked(*_session())
    if about["keeps"]:
        return redirect(change_doors.home, 303)
    form = CancelByLinkForm(data={"version": about["session"].version})
    return render_template("scheduling/own_cancel.html", form=form, **about)


@pages.post("/session/cancel")
def cancel() -> ResponseReturnValue:
    holder, booked = _session()
    about = _about_booked(holder, booked)
    form = CancelByLinkForm(request.form)
    if booked.state in (State.CANCELLED, State.LATE_CANCELLED):
        return redirect(change_doors.home, 303)
    if about["keeps"]:
        return render_template("scheduling/own_session.html", **about), 422
    if not form.validate():
        return render_template("scheduling/own_cancel.html", form=form, **about), 422
    try:
        count_one(f"cancelling by {booked.public_id}", MOST_TRIES)
        actions.cancel_by_link(booked, side=holder.side, reason=form.reason.data, version=form.version.data)
    except Stale:
        return _as_it_is(holder, booked, CHANGED_MEANWHILE), 409
    except Refused as refusal:
        return _as_it_is(holder, booked, str(refusal)), status_of(refusal)
    return redirect(change_doors.home, 303)


@pages.post("/session/leave")
def leave_session() -> Response:
    return forget(change_doors, assistant_change_doors)


def _session() -> tuple[Holder, CoachingSession]:
    holder = who_came(change_doors, assistant_change_doors)
    booked = CoachingSession.known_as(holder.subject) or abort(404)
    expect_assistant(holder, booked.client if booked.client_id else None)
    return holder, booked


def _refusal_to_change(holder: Holder, booked: CoachingSession) -> str | None:
    """Why it can be neither moved nor cancelled here. Whom else the client meets is not the assistant's to know."""
    guests = [attendee.name for attendee in Attendee.of(booked) if attendee.contact_id]
    if holder.is_assistant and guests:
        guests = ["Somebody else"]
    by_link = refusal_by_link(is_group=booked.client_id is None, guests=guests)
    begun = refusal_to_change(booked.state, booked.starts_at, clock.now())
    return "This session has begun, or is over." if begun and booked.state is State.BOOKED else begun or by_link


def _about_booked(holder: Holder, booked: CoachingSession) -> dict[str, Any]:
    about = facts_about(holder, booked.client if booked.client_id else None, booked)
    program = booked.engagement if booked.engagement_id else None
    hours, charged = (program.cancel_hours, program.late_is_charged) if program else (24, False)
    now = clock.now()
    keeps = _refusal_to_change(holder, booked)
    too_late = refusal_to_move(holder.side, booked.starts_at, now, cancel_hours=hours)
    return about | {
        "keeps": keeps,
        "too_late": too_late,
        "may_move": not keeps and not too_late,
        "charged": is_charged(holder.side, booked.starts_at, now, cancel_hours=hours, late_is_charged=charged),
        "was_moved": request.args.get("done") == "moved",
    }


def _as_it_is(holder: Holder, booked: CoachingSession, notice: str) -> str:
    """The page of the session as somebody else left it meanwhile."""
    booked = CoachingSession.known_as(booked.public_id) or booked
    return render_template("scheduling/own_session.html", notice=notice, **_about_booked(holder, booked))


def _others(about: dict[str, Any], *, notice: str = "", near: int | None = None) -> str:
    """The times around the one it has, unless others are asked for."""
    booked = about["session"]
    openings = offered_instead(booked, clock.now())
    if near is None and "from" not in request.args:
        near = minute_of(booked.starts_at)
    times = times_to_choose(openings, about["zone"], booked.coach.zone, near, but=booked.starts_at)
    return render_template("scheduling/other_times.html", notice=notice, **times, **about)


# What these pages and those of requests show --------------------------------------------------------------------------


def times_to_choose(
    openings: Openings, zone: str, coach_zone: str, near: int | None, *, but: datetime | None = None
) -> dict[str, Any]:
    """The free days from the one that is asked for; the time it has already is no other."""
    first = day_named(request.args.get("from"))
    if near is not None:
        first = moment_of(near).astimezone(ZoneInfo(zone)).date()
    starts = [start for start in openings.starts if but is None or moment_of(start) != but]
    free = free_days(starts, zone, coach_zone, first=first)
    return {
        "free": free,
        "shows_both": any(each.there for day in free.days for _, times in day.parts for each in times),
        "first": first,
        "zones": sorted(zones()),
        "asks_zone": "zones" in request.args,
    }


def facts_about(holder: Holder, client: Client | None, session: CoachingSession) -> dict[str, Any]:
    """What every page of it shows, of a session or of a draft of one."""
    own_zone = client.zone if client else ""
    chosen = valid_zone(request.values.get("zone", ""))
    zone = chosen or own_zone or session.coach.zone
    place_kind, place = session.where
    program = session.engagement if session.engagement_id else None
    about = {
        "holder": holder,
        "client": client,
        "session": session,
        "coach": session.coach,
        "zone": zone,
        "knows_zone": bool(own_zone or chosen),
        "query": f"&zone={chosen}" if chosen and chosen != own_zone else "",
        "place_kind": place_kind,
        "place": place,
        "place_link": web_address(place) if place_kind == PlaceKind.VIDEO else None,
        "terms": terms_in_words(program.cancel_hours, late_is_charged=program.late_is_charged) if program else "",
        "desk_of": _desk_of,
        "back": way_back(),
        "day_in_words": day_in_words,
    }
    if session.id:
        about["when"] = when_on_clocks(session.starts_at, session.minutes, zone, session.coach.zone)
    return about


def _desk_of(coach: User) -> User | None:
    """To whom one writes."""
    return next(iter(Serving.desk_of(coach)), None)


def when_on_clocks(starts_at: datetime, minutes: int, zone: str, coach_zone: str) -> dict[str, str]:
    """A time in words on both clocks."""
    here, there = clocks(starts_at, zone, coach_zone)
    day = starts_at.astimezone(ZoneInfo(zone)).date()
    return {"day": day_in_words(day), "here": here, "there": there, "minutes": str(minutes)}


def by_clock(page: str, zone: str | None, client: Client | None) -> str:
    """The page by the clock that was chosen, so that it says what was confirmed."""
    chosen = valid_zone(zone)
    if not chosen or (client and client.zone == chosen):
        return page
    return f"{page}{'&' if '?' in page else '?'}zone={chosen}"


def valid_zone(name: str | None) -> str:
    return name if name and is_zone(name) else ""


def way_back() -> str:
    back = request.cookies.get(CAME_FROM, "")
    return back if back in BACKS else ""


def count_one(bucket: str, limit: int) -> None:
    Attempt.count_one(bucket, limit=limit, within=actions.AN_HOUR, now=clock.now())


def forget(*doors: LinkDoors) -> Response:
    """Let this browser forget the link: it is somebody else's."""
    answer = redirect("/p/left", 303)
    for each in doors:
        answer = each.let_go(answer)
    answer.delete_cookie(CAME_FROM, path=doors[0].home)
    return answer


def status_of(refusal: Refused) -> int:
    return 429 if isinstance(refusal, TooMany) else 422


def source() -> str:
    return request.remote_addr or "nowhere"

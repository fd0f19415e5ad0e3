"""Booking, moving and cancelling for whoever holds a link: the client, or the client's own assistant.

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
from .forms import CancelByLinkForm, ChosenForm, MoveByLinkForm, UnsuitedForm, day_named, minute_named
from .models import Request, offered, offered_instead, sessions_left
from .rules import (
    JUST_GONE,
    RequestState,
    Side,
    Via,
    clocks,
    day_in_words,
    free_days,
    is_charged,
    refusal_by_link,
    refusal_to_book_by_link,
    refusal_to_change,
    refusal_to_have,
    refusal_to_move,
    terms_in_words,
)

pages = public_blueprint("scheduling_public", __name__, prefix="/p")
book_doors = link_doors(pages, actions.BOOK)
change_doors = link_doors(pages, actions.CHANGE)
assistant_book_doors = LinkDoors(actions.BOOK_FOR, home=book_doors.home)
assistant_change_doors = LinkDoors(actions.CHANGE_FOR, home=change_doors.home)

BACKS = ("/p/client", "/p/assistant")
"""The pages a browser may have come from."""
MOST_TRIES, MOST_WORDS = 30, 5
"""How often somebody may try to book or change, and write to us, with one link in an hour."""
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


def _holder(own: LinkDoors, assistants: LinkDoors) -> Holder:
    if subject := own.subject_or_none():
        return Holder(subject, Side.CLIENT, Via.CLIENT)
    return Holder(assistants.subject(), Side.ASSISTANT, Via.ASSISTANT)


def _expect_assistant(holder: Holder, client: Client | None) -> None:
    """An assistant who was taken off books nothing any more."""
    if holder.is_assistant and not (client and client.assistant_email):
        abort(404)


# Booking --------------------------------------------------------------------------------------------------------------


@pages.get("/book")
def book() -> ResponseReturnValue:
    """The free times; what is booked; or why there is nothing to book."""
    holder, asked = _asked()
    return _fitting(holder, asked, UnsuitedForm())


@pages.get("/book/confirm")
def confirm() -> ResponseReturnValue:
    """The one question before it is booked."""
    holder, asked = _asked()
    start = minute_named(request.args.get("start"))
    if not _is_open(asked):
        return redirect(book_doors.home, 303)
    if start is None or start not in offered(asked, clock.now()).starts:
        return _fitting(holder, asked, UnsuitedForm(), notice=JUST_GONE)
    form = ChosenForm(data={"start": str(start), "zone": request.args.get("zone", "")})
    return _question(holder, asked, form, start)


@pages.post("/book")
def take() -> ResponseReturnValue:
    """Book it; when the time has just gone, the others are shown."""
    holder, asked = _asked()
    form = ChosenForm(request.form)
    if asked.state is RequestState.BOOKED:
        return redirect(book_doors.home, 303)
    start = form.minute
    if not _is_open(asked) or start is None:
        return _fitting(holder, asked, UnsuitedForm(), notice="Please choose a time first."), 422
    if not form.validate():
        return _question(holder, asked, form, start), 422
    try:
        _count(f"booking by {asked.public_id}", MOST_TRIES)
        told = _told_by_the_way(holder, asked, form)
        actions.book_asked(asked, start, via=holder.via, **told)
    except Refused as refusal:
        if not isinstance(refusal, TooMany):
            actions.learn(asked.client, **told)  # it is not to be typed again
        asked = Request.known_as(asked.public_id) or asked
        return _fitting(holder, asked, UnsuitedForm(), notice=str(refusal), near=start), _status(refusal)
    return redirect(_by_clock(book_doors.home, form.zone.data, asked.client), 303)


def _told_by_the_way(holder: Holder, asked: Request, form: ChosenForm) -> dict[str, str]:
    """Zone and number of the client, from the client alone; a number only where it was asked for."""
    if holder.is_assistant:
        return {"zone": "", "phone": ""}
    phone = form.phone.data if _asks_phone(holder, asked) else ""
    return {"zone": _valid_zone(form.zone.data), "phone": phone}


def _asks_phone(holder: Holder, asked: Request) -> bool:
    kind, _ = asked.draft().where
    return kind == PlaceKind.PHONE and not asked.client.phone and not holder.is_assistant


@pages.post("/book/none")
def none_suits() -> ResponseReturnValue:
    """None of the times suits: a word to the desk."""
    holder, asked = _asked()
    form = UnsuitedForm(request.form)
    if not _is_open(asked):
        return redirect(book_doors.home, 303)
    if not form.validate():
        return _fitting(holder, asked, form), 422
    try:
        _count(f"words by {asked.public_id}", MOST_WORDS)
        actions.tell_none_suits(asked, form.words.data, side=holder.side)
    except Refused as refusal:
        return _fitting(holder, asked, form, notice=str(refusal)), _status(refusal)
    return redirect(book_doors.home, 303)


@pages.post("/book/change")
def go_on_to_change() -> Response:
    """From what was booked on to moving or cancelling it."""
    holder, asked = _asked()
    if asked.session_id is None:
        return redirect(book_doors.home, 303)
    kind, doors, others = (
        (actions.CHANGE_FOR, assistant_change_doors, change_doors)
        if holder.is_assistant
        else (actions.CHANGE, change_doors, assistant_change_doors)
    )
    token = actions.admit(kind, asked.session.public_id, source=_source())
    tail = {"move": "/move", "cancel": "/cancel"}.get(request.form.get("to", ""), "")
    answer = others.let_go(doors.keep(redirect(doors.home + tail, 303), token))
    return doors.remember(answer, _back())


@pages.post("/book/leave")
def leave_booking() -> Response:
    return _forget(book_doors, assistant_book_doors)


def _asked() -> tuple[Holder, Request]:
    holder = _holder(book_doors, assistant_book_doors)
    asked = Request.known_as(holder.subject) or abort(404)
    _expect_assistant(holder, asked.client)
    return holder, asked


def _is_open(asked: Request) -> bool:
    return asked.state is RequestState.ASKED and _refusal(asked) is None


def _refusal(asked: Request) -> str | None:
    program = asked.engagement.state if asked.engagement_id else None
    has_place = any(asked.draft().where)
    left = sessions_left(asked.engagement if asked.engagement_id else None, asked.kind)
    to_have = refusal_to_have(asked.kind, program, minutes=asked.minutes, has_place=has_place, left=left, despite="")
    return refusal_to_book_by_link(asked.state, to_have)


def _fitting(
    holder: Holder, asked: Request, unsuited: UnsuitedForm, *, notice: str = "", near: int | None = None
) -> str:
    """The page for the state the request is in. `near` is a time that was wanted: its day is shown."""
    if asked.state is RequestState.BOOKED and asked.session_id:
        session = CoachingSession.known_as(asked.session.public_id) or abort(404)
        return render_template("scheduling/booked.html", **_about(holder, asked.client, session), asked=asked)
    about = _about(holder, asked.client, asked.draft())
    if refusal := _refusal(asked):
        return render_template("scheduling/nothing_to_book.html", sentence=refusal, asked=asked, **about)
    now = clock.now()
    times = _times(offered(asked, now), about["zone"], asked.coach.zone, near)
    told = {"unsuited": unsuited, "notice": notice, "opens_on": asked.opens_on(now)}
    return render_template("scheduling/free_times.html", asked=asked, **told, **times, **about)


def _question(holder: Holder, asked: Request, form: ChosenForm, start: int) -> str:
    session = asked.draft()
    session.starts_at = moment_of(start)
    about = _about(holder, asked.client, session)
    when = _when(session.starts_at, asked.minutes, about["zone"], asked.coach.zone)
    asks_phone = _asks_phone(holder, asked)
    return render_template(
        "scheduling/confirm.html", asked=asked, form=form, start=start, when=when, asks_phone=asks_phone, **about
    )


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
    when = _when(moment_of(start), booked.minutes, about["zone"], booked.coach.zone)
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
        _count(f"moving by {booked.public_id}", MOST_TRIES)
        who = {"side": holder.side, "via": holder.via, "reason": form.reason.data}
        actions.move_by_link(booked, start, version=form.version.data, **who)
    except Stale:
        return _as_it_is(holder, booked, CHANGED_MEANWHILE), 409
    except Refused as refusal:
        return _others(about, notice=str(refusal), near=start), _status(refusal)
    return redirect(_by_clock(f"{change_doors.home}?done=moved", form.zone.data, about["client"]), 303)


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
        _count(f"cancelling by {booked.public_id}", MOST_TRIES)
        actions.cancel_by_link(booked, side=holder.side, reason=form.reason.data, version=form.version.data)
    except Stale:
        return _as_it_is(holder, booked, CHANGED_MEANWHILE), 409
    except Refused as refusal:
        return _as_it_is(holder, booked, str(refusal)), _status(refusal)
    return redirect(change_doors.home, 303)


@pages.post("/session/leave")
def leave_session() -> Response:
    return _forget(change_doors, assistant_change_doors)


def _session() -> tuple[Holder, CoachingSession]:
    holder = _holder(change_doors, assistant_change_doors)
    booked = CoachingSession.known_as(holder.subject) or abort(404)
    _expect_assistant(holder, booked.client if booked.client_id else None)
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
    about = _about(holder, booked.client if booked.client_id else None, booked)
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
    times = _times(openings, about["zone"], booked.coach.zone, near, but=booked.starts_at)
    return render_template("scheduling/other_times.html", notice=notice, **times, **about)


# What the pages show --------------------------------------------------------------------------------------------------


def _times(
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


def _about(holder: Holder, client: Client | None, session: CoachingSession) -> dict[str, Any]:
    """What every page of it shows, of a session or of a draft of one."""
    own_zone = client.zone if client else ""
    chosen = _valid_zone(request.values.get("zone", ""))
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
        "back": _back(),
        "day_in_words": day_in_words,
    }
    if session.id:
        about["when"] = _when(session.starts_at, session.minutes, zone, session.coach.zone)
    return about


def _desk_of(coach: User) -> User | None:
    """To whom one writes."""
    return next(iter(Serving.desk_of(coach)), None)


def _when(starts_at: datetime, minutes: int, zone: str, coach_zone: str) -> dict[str, str]:
    """A time in words on both clocks."""
    here, there = clocks(starts_at, zone, coach_zone)
    day = starts_at.astimezone(ZoneInfo(zone)).date()
    return {"day": day_in_words(day), "here": here, "there": there, "minutes": str(minutes)}


def _by_clock(page: str, zone: str | None, client: Client | None) -> str:
    """The page by the clock that was chosen, so that it says what was confirmed."""
    chosen = _valid_zone(zone)
    if not chosen or (client and client.zone == chosen):
        return page
    return f"{page}{'&' if '?' in page else '?'}zone={chosen}"


def _valid_zone(name: str | None) -> str:
    return name if name and is_zone(name) else ""


def _back() -> str:
    back = request.cookies.get(CAME_FROM, "")
    return back if back in BACKS else ""


def _count(bucket: str, limit: int) -> None:
    Attempt.count_one(bucket, limit=limit, within=actions.AN_HOUR, now=clock.now())


def _forget(*doors: LinkDoors) -> Response:
    """Let this browser forget the link: it is somebody else's."""
    answer = redirect("/p/left", 303)
    for each in doors:
        answer = each.let_go(answer)
    answer.delete_cookie(CAME_FROM, path=doors[0].home)
    return answer


def _status(refusal: Refused) -> int:
    return 429 if isinstance(refusal, TooMany) else 422


def _source() -> str:
    return request.remote_addr or "nowhere"

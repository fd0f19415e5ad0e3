"""Booking what was asked for, for whoever holds a link: the client, or the client's own assistant.

What was booked is moved and cancelled by another link (scheduling/public.py, which says what holds for both).
"""

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from .. import clock
from ..availability.rules import PlaceKind, moment_of
from ..errors import Refused, TooMany
from ..scheduling import actions as scheduling
from ..scheduling.forms import minute_named
from ..scheduling.models import sessions_left
from ..scheduling.public import (
    MOST_TRIES,
    Holder,
    assistant_change_doors,
    by_clock,
    change_doors,
    count_one,
    expect_assistant,
    facts_about,
    forget,
    source,
    status_of,
    times_to_choose,
    valid_zone,
    way_back,
    when_on_clocks,
    who_came,
)
from ..scheduling.rules import JUST_GONE, refusal_to_have
from ..sessions.models import CoachingSession
from ..web.guard import public_blueprint
from ..web.links import LinkDoors, link_doors
from . import actions
from .forms import ChosenForm, UnsuitedForm
from .models import Request, offered
from .rules import RequestState, refusal_to_book_by_link

pages = public_blueprint("requests_public", __name__, prefix="/p")
book_doors = link_doors(pages, actions.BOOK)
assistant_book_doors = LinkDoors(actions.BOOK_FOR, home=book_doors.home)

MOST_WORDS = 5
"""How often somebody may write to us with one link in an hour."""


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
        count_one(f"booking by {asked.public_id}", MOST_TRIES)
        told = _told_by_the_way(holder, asked, form)
        actions.book_asked(asked, start, via=holder.via, **told)
    except Refused as refusal:
        if not isinstance(refusal, TooMany):
            actions.learn(asked.client, **told)  # it is not to be typed again
        asked = Request.known_as(asked.public_id) or asked
        return _fitting(holder, asked, UnsuitedForm(), notice=str(refusal), near=start), status_of(refusal)
    return redirect(by_clock(book_doors.home, form.zone.data, asked.client), 303)


def _told_by_the_way(holder: Holder, asked: Request, form: ChosenForm) -> dict[str, str]:
    """Zone and number of the client, from the client alone; a number only where it was asked for."""
    if holder.is_assistant:
        return {"zone": "", "phone": ""}
    phone = form.phone.data if _asks_phone(holder, asked) else ""
    return {"zone": valid_zone(form.zone.data), "phone": phone}


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
        count_one(f"words by {asked.public_id}", MOST_WORDS)
        actions.tell_none_suits(asked, form.words.data, side=holder.side)
    except Refused as refusal:
        return _fitting(holder, asked, form, notice=str(refusal)), status_of(refusal)
    return redirect(book_doors.home, 303)


@pages.post("/book/change")
def go_on_to_change() -> Response:
    """From what was booked on to moving or cancelling it."""
    holder, asked = _asked()
    if asked.session_id is None:
        return redirect(book_doors.home, 303)
    kind, doors, others = (
        (scheduling.CHANGE_FOR, assistant_change_doors, change_doors)
        if holder.is_assistant
        else (scheduling.CHANGE, change_doors, assistant_change_doors)
    )
    token = scheduling.admit(kind, asked.session.public_id, source=source())
    tail = {"move": "/move", "cancel": "/cancel"}.get(request.form.get("to", ""), "")
    answer = others.let_go(doors.keep(redirect(doors.home + tail, 303), token))
    return doors.remember(answer, way_back())


@pages.post("/book/leave")
def leave_booking() -> Response:
    return forget(book_doors, assistant_book_doors)


def _asked() -> tuple[Holder, Request]:
    holder = who_came(book_doors, assistant_book_doors)
    asked = Request.known_as(holder.subject) or abort(404)
    expect_assistant(holder, asked.client)
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
        return render_template("requests/booked.html", **facts_about(holder, asked.client, session), asked=asked)
    about = facts_about(holder, asked.client, asked.draft())
    if refusal := _refusal(asked):
        return render_template("requests/nothing_to_book.html", sentence=refusal, asked=asked, **about)
    now = clock.now()
    times = times_to_choose(offered(asked, now), about["zone"], asked.coach.zone, near)
    told = {"unsuited": unsuited, "notice": notice, "opens_on": asked.opens_on(now)}
    return render_template("requests/free_times.html", asked=asked, **told, **times, **about)


def _question(holder: Holder, asked: Request, form: ChosenForm, start: int) -> str:
    session = asked.draft()
    session.starts_at = moment_of(start)
    about = facts_about(holder, asked.client, session)
    when = when_on_clocks(session.starts_at, asked.minutes, about["zone"], asked.coach.zone)
    asks_phone = _asks_phone(holder, asked)
    return render_template(
        "requests/confirm.html", asked=asked, form=form, start=start, when=when, asks_phone=asks_phone, **about
    )

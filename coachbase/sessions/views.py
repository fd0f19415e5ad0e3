"""A session's page and what became of it; lines of the ledger; where a program's sessions are; the program strip."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..availability.models import Availability
from ..availability.rules import PLACE_LABELS
from ..clients.models import Client
from ..engagements.models import Engagement
from ..errors import Refused, Stale
from ..firm.rules import city_of
from ..timeline.models import Entry as TimelineEntry
from ..web.conflict import conflict
from ..web.filters import clock_in, day_in, zone_word
from ..web.pages import go, load_or_404, reader_zone
from . import actions
from .forms import LineForm, MarkForm, ProgramPlaceForm
from .models import Attendee, CoachingSession, LedgerEntry, Strip
from .rules import BY_HAND, Entry, State, clocks_differ, is_address, minutes_apart, place_from, place_of

pages = Blueprint("sessions", __name__)

MOST_HISTORY = 30
MOST_LISTED = 25


# What pages everywhere say of sessions --------------------------------------------------------------------------------


@pages.app_template_global("strip_of")
def strip_of(client: Client, engagement: Engagement | None) -> Strip:
    """The line of a client's program; whoever reads the page may see both."""
    return Strip.of(client, engagement, clock.now())


@pages.app_template_global("next_sessions_of")
def next_sessions_of(clients: list[Client]) -> dict[int, datetime]:
    """Of clients on a list of whom no step is noted: when their next session begins."""
    wanted = [client.id for client in clients if not client.next_step]
    return CoachingSession.next_of_each(wanted, clock.now()) if wanted else {}


@dataclass(frozen=True)
class OtherClock:
    """What a clock elsewhere shows: '12:00 Dubai', with the day where it is another; `is_odd` in weeks that differ."""

    words: str
    is_odd: bool


@pages.app_template_global("other_clock")
def other_clock(moment: datetime, zone: str) -> OtherClock | None:
    """A moment on another party's clock, beside the reader's; None when both show the same."""
    mine = reader_zone()
    if not zone or not minutes_apart(zone, mine, moment):
        return None
    there, here = day_in(moment, zone), day_in(moment, mine)
    words = f"{clock_in(moment, zone)} {city_of(zone)}"
    return OtherClock(words if there == here else f"{there}, {words}", clocks_differ(zone, mine, moment))


@pages.app_template_filter("hour")
def hour(moment: datetime) -> str:
    """'9:00', on the reader's clock."""
    return clock_in(moment, reader_zone())


@pages.app_template_filter("zone_letters")
def zone_letters(moment: datetime) -> str:
    """'GMT': what the reader's clock is called then."""
    return zone_word(moment, reader_zone())


pages.add_app_template_test(is_address, "address")


# One session ----------------------------------------------------------------------------------------------------------


@pages.get("/sessions/<ulid:session_id>")
def session(session_id: str) -> str:
    return _page(_session(session_id), MarkForm())


@pages.post("/sessions/<ulid:session_id>/mark")
def mark(session_id: str) -> ResponseReturnValue:
    """What became of it. `from` is the page it was said on."""
    found = _session(session_id)
    form = MarkForm(request.form)
    if not form.validate():
        return _page(found, form), 422
    try:
        actions.mark(found, form.state, reason=form.reason.data, version=form.version.data, by=_me())
    except Stale:
        raise
    except Refused as refusal:
        if form.state is not State.CANCELLED or request.htmx:
            raise
        form.reason.errors = [str(refusal)]
        return _page(found, form), 422
    said = f"{_named(found)}: {found.label.lower()}, {CoachingSession(state_name=form.state).state_label.lower()}."
    undo = f"/sessions/{session_id}/unmark"
    came = request.form.get("from")
    if came != "today":
        flash(said, f"undo:{undo}")
        return go(_tab(found) if came == "client" and found.client_id else f"/sessions/{session_id}")
    if not request.htmx:
        flash(said, f"undo:{undo}?from=today")
        return go("/")
    return _unmarked(found, said, f"{undo}?from=today")


@pages.post("/sessions/<ulid:session_id>/unmark")
def unmark(session_id: str) -> ResponseReturnValue:
    """Take back what was said."""
    found = _session(session_id)
    actions.mark(found, State.BOOKED, by=_me())
    back = "/" if request.args.get("from") == "today" else f"/sessions/{session_id}"
    return go(back, f"{_named(found)}: not marked any more.")


def _unmarked(done: CoachingSession, said: str, undo: str) -> str:
    """The rows of Today that are left; the one after is selected, so that the next key goes there."""
    rows, total = CoachingSession.first_unmarked(_me(), clock.now(), MOST_LISTED)
    chosen = next((row for row in rows if row.starts_at >= done.starts_at), rows[-1] if rows else None)
    return render_template(
        "sessions/_unmarked_answer.html", rows=rows, total=total, chosen=chosen, said=said, undo=undo
    )


def _page(found: CoachingSession, form: MarkForm) -> str:
    terms = Availability.of(found.coach)
    chain = found.places(terms)
    entries = _history(found)
    return render_template(
        "sessions/session.html",
        session=found,
        attendees=Attendee.seen_by(_me(), found),
        place=place_of(chain),
        place_from=place_from(chain),
        kinds=PLACE_LABELS,
        history=entries,
        form=form,
        has_begun=found.starts_at <= clock.now(),
        is_over=found.ends_at <= clock.now(),
        may_be_marked=found.state is not State.CANCELLED or (found.ended_at or found.created_at) >= found.starts_at,
        made_up=LedgerEntry.made_up_for(found),
    )


def _history(found: CoachingSession) -> list[TimelineEntry]:
    """What the client's timeline says of it."""
    if found.client_id is None:
        return []
    own = TimelineEntry.of(found.client).where(TimelineEntry.href == f"/sessions/{found.public_id}")
    return list(own.order_by(TimelineEntry.happened_at.desc(), TimelineEntry.id.desc()).limit(MOST_HISTORY))


# The ledger -----------------------------------------------------------------------------------------------------------


@pages.get("/engagements/<ulid:engagement_id>/ledger")
def new_line(engagement_id: str) -> str:
    """The form for a line by hand, filled with what is right most of the time."""
    engagement = _engagement(engagement_id)
    balance = LedgerEntry.balance(engagement)
    entry = Entry(request.args["entry"]) if request.args.get("entry") in BY_HAND else Entry.MADE_UP
    count = max(balance.left, 1) if entry is Entry.FORFEITED else 1
    return _ledger_form(engagement, LineForm(data={"entry": entry, "count": count}))


@pages.post("/engagements/<ulid:engagement_id>/ledger")
def add_line(engagement_id: str) -> ResponseReturnValue:
    engagement = _engagement(engagement_id)
    form = LineForm(request.form)
    if not form.validate():
        return _ledger_form(engagement, form), 422
    try:
        actions.enter_by_hand(engagement, **form.values(), by=_me())
    except Refused as refusal:
        form.count.errors = [str(refusal)]
        return _ledger_form(engagement, form), 422
    return go(f"/clients/{engagement.client.public_id}/sessions#ledger", "It stands in the ledger.")


def _ledger_form(engagement: Engagement, form: LineForm) -> str:
    return render_template(
        "sessions/_ledger.html" if request.htmx else "sessions/ledger.html",
        engagement=engagement,
        client=engagement.client,
        form=form,
        balance=LedgerEntry.balance(engagement),
    )


# Where a program's sessions are ---------------------------------------------------------------------------------------


@pages.get("/engagements/<ulid:engagement_id>/place")
def program_place(engagement_id: str) -> str:
    engagement = _engagement(engagement_id)
    return _place_form(engagement, ProgramPlaceForm(obj=engagement))


@pages.post("/engagements/<ulid:engagement_id>/place")
def change_program_place(engagement_id: str) -> ResponseReturnValue:
    engagement = _engagement(engagement_id)
    form = ProgramPlaceForm(request.form)
    if not form.validate():
        return _place_form(engagement, form), 422
    try:
        actions.place_program(engagement, *form.where, version=form.version.data, by=_me())
    except Stale as stale:
        return conflict(stale, form, _engagement(engagement_id), request.path)
    except Refused as refusal:
        form.place.errors = [str(refusal)]
        return _place_form(engagement, form), 422
    return go(f"/clients/{engagement.client.public_id}/program", "Saved.")


def _place_form(engagement: Engagement, form: ProgramPlaceForm) -> str:
    template = "sessions/_program_place.html" if request.htmx else "sessions/program_place.html"
    return render_template(template, engagement=engagement, client=engagement.client, form=form)


@pages.app_template_global("coach_place")
def coach_place(coach: User | None) -> tuple[str, str]:
    """Kind and words of a coach's usual place; ('', '') when nobody said."""
    if coach is None:
        return "", ""
    terms = Availability.of(coach)
    return place_of([(terms.place_kind_name, terms.place)])


def _session(session_id: str) -> CoachingSession:
    return load_or_404(CoachingSession.visible_to(_me()), session_id)


def _engagement(engagement_id: str) -> Engagement:
    return load_or_404(Engagement.visible_to(_me()), engagement_id)


def _tab(found: CoachingSession) -> str:
    return f"/clients/{found.client.public_id}/sessions"


def _named(found: CoachingSession) -> str:
    return found.client.name if found.client_id else found.label


def _me() -> User:
    return current_user._get_current_object()

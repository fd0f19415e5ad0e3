"""Finding a three-way time by the hands of staff: propose, look who has answered, close."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..availability.rules import SessionKind, minute_of
from ..clients.models import Client, Contact
from ..engagements.models import Engagement, Participant
from ..errors import Refused
from ..scheduling.forms import days_listed
from ..scheduling.rules import LONGEST, SHORTEST
from ..slots.models import moments, openings_of
from ..slots.rules import Openings, is_at_night
from ..web.filters import clock_in, day_in
from ..web.pages import go, load_or_404
from . import actions
from .forms import ProposeForm
from .models import Poll, PollSlot, Vote, Voter
from .rules import MOST_SLOTS, PollState, possible, spread

pages = Blueprint("polls", __name__)

AN_HOUR, TWO_WEEKS, MOST_DAYS = 60, 14, 84
MOST_CONTACTS = 30


@dataclass(frozen=True)
class Free:
    """A free time as a box to tick: on the coach's clock, and on the client's with the day if it is another."""

    slot: str
    day: str
    here: str
    there: str
    is_ticked: bool


# Proposing ------------------------------------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/polls/new")
def new_poll(client_id: str) -> ResponseReturnValue:
    """The form; asked again it shows the free times for whoever is ticked by then."""
    client, engagement = _program(client_id)
    if engagement is None:
        return render_template("polls/no_program.html", client=client)
    is_first = "contacts" not in request.args and "minutes" not in request.args
    return _proposing(client, engagement, _form(engagement, request.args, is_first=is_first), suggests=is_first)


@pages.post("/clients/<ulid:client_id>/polls/new")
def propose(client_id: str) -> ResponseReturnValue:
    client, engagement = _program(client_id)
    if engagement is None:
        raise Refused(f"{client.name} has no program with a coach yet. Start one first.")
    form = _form(engagement, request.form)
    if not form.validate():
        return _proposing(client, engagement, form), 422
    try:
        poll = actions.propose(engagement, form.guests, form.starts(), minutes=form.minutes.data, by=_me())
    except Refused as refusal:
        return _proposing(client, engagement, form, refused=str(refusal)), 422
    return go(f"/polls/{poll.public_id}", "Everybody is asked. The first time that suits all is booked by itself.")


def _program(client_id: str) -> tuple[Client, Engagement | None]:
    """The client's program that runs, if it has a coach."""
    client = load_or_404(Client.with_people(_me()), client_id)
    engagement = Engagement.current_of(client)
    return client, engagement if engagement and engagement.coach_id else None


def _form(engagement: Engagement, sent: Any, *, is_first: bool = False) -> ProposeForm:
    """With everybody at the sponsor; whoever takes part in its three-way meetings is ticked to begin with."""
    client = engagement.client
    contacts: list[Contact] = []
    if client.organisation_id:
        contacts = list(Participant.beside(Contact.of(client.organisation).limit(MOST_CONTACTS), engagement))
    form = ProposeForm(None if is_first else sent, data={"minutes": AN_HOUR})
    form.offer(contacts)
    if is_first:
        form.contacts.data = [contact.public_id for contact in contacts if contact.meets]
    return form


def _proposing(
    client: Client, engagement: Engagement, form: ProposeForm, *, suggests: bool = False, refused: str = ""
) -> str:
    coach, zone = engagement.coach, client.zone or engagement.coach.zone
    asked = request.values.get("days", "")
    days = min(max(days_listed(asked), TWO_WEEKS), MOST_DAYS)
    openings = _openings(engagement, form, days)
    found = moments(openings.starts)
    by_day = [start for start in found if not is_at_night(minute_of(start), AN_HOUR, zone)]
    ticked = spread(by_day or found, coach.zone) if suggests else form.starts()
    free = [_free(start, coach.zone, zone, start in ticked) for start in found]
    return render_template(
        "polls/new.html",
        client=client,
        coach=coach,
        engagement=engagement,
        form=form,
        days=[(day, list(rows)) for day, rows in groupby(free, key=attrgetter("day"))],
        zone=zone,
        unknown=openings.unknown,
        refused=refused,
        shown=days,
        more=days + TWO_WEEKS if days < MOST_DAYS else None,
        most=MOST_SLOTS,
        open_poll=Poll.open_of(engagement),
    )


def _openings(engagement: Engagement, form: ProposeForm, days: int) -> Openings:
    now, typed = clock.now(), form.minutes.data
    minutes = typed if typed is not None and SHORTEST <= typed <= LONGEST else AN_HOUR
    return openings_of(
        engagement.coach,
        SessionKind.THREE_WAY,
        minutes,
        now,
        now + timedelta(days=days),
        clients=[engagement.client],
        contacts=form.guests,
    )


def _free(start: datetime, here: str, there: str, is_ticked: bool) -> Free:
    day, other = day_in(start, here), day_in(start, there)
    beside = "" if here == there else clock_in(start, there) + ("" if other == day else f" {other[:3]}")
    return Free(f"{start:%Y-%m-%dT%H:%MZ}", day, clock_in(start, here), beside, is_ticked)


# Looking on -----------------------------------------------------------------------------------------------------------


@pages.get("/polls/<ulid:poll_id>")
def poll(poll_id: str) -> str:
    """Who was asked, when, chased how often; and what they answered."""
    row = _poll(poll_id)
    voters, slots = list(Voter.of(row)), list(PollSlot.of(row))
    answers = Vote.answers(voters)
    on_offer = [slot.id for slot in PollSlot.on_offer(row, clock.now())] if row.state is PollState.OPEN else []
    return render_template(
        "polls/poll.html",
        poll=row,
        client=row.client,
        voters=voters,
        slots=slots,
        answers=answers,
        on_offer=on_offer,
        still=possible(on_offer, answers),
        can_close=row.state in (PollState.OPEN, PollState.STUCK),
    )


@pages.post("/polls/<ulid:poll_id>/close")
def close(poll_id: str) -> ResponseReturnValue:
    row = _poll(poll_id)
    actions.close(row, by=_me())
    return go(f"/polls/{poll_id}", "Nobody is asked any more, and the times are free again.")


def _poll(poll_id: str) -> Poll:
    return load_or_404(Poll.visible_to(_me()), poll_id)


def _me() -> User:
    return current_user._get_current_object()

"""Saying which times suit, by a personal link: nobody learns what the others said.

Only a POST does something; what is over says so on the same page.
"""

from typing import Any

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from .. import clock
from ..accounts.models import Attempt, Serving
from ..errors import Refused, TooMany
from ..firm.rules import is_zone, zones
from ..web.guard import public_blueprint
from ..web.links import CAME_FROM, link_doors
from . import actions
from .forms import AnswerForm
from .models import Poll, PollSlot, Vote, Voter
from .rules import LINK, listed, offer, refusal_to_answer

pages = public_blueprint("polls_public", __name__, prefix="/p")
doors = link_doors(pages, LINK)

BACKS = ("/p/client", "/p/sponsor")
"""The pages a browser may have come from."""
MOST_TRIES = 30
"""How often somebody may answer with one link in an hour."""


@pages.get("/poll")
def poll() -> str:
    """The times on offer by the reader's own clock; what was answered; or what became of it."""
    voter, row = _asked()
    if not _is_on_offer(row):
        return _over(voter, row)
    form = AnswerForm(data={"note": voter.note})
    if voter.answered_at is not None:
        suiting = Vote.answers([voter])[voter.id]
        form.slots.data = [slot.public_id for slot in PollSlot.of(row) if slot.id in suiting]
        form.none.data = not suiting
    return _times(voter, row, form)


@pages.post("/poll")
def answer() -> ResponseReturnValue:
    voter, row = _asked()
    form = AnswerForm(request.form)
    if not _is_on_offer(row):
        return _over(voter, row), 422
    if not form.validate():
        return _times(voter, row, form), 422
    slots = list(PollSlot.on_offer(row, clock.now()))
    chosen = form.chosen([slot.public_id for slot in slots])
    try:
        Attempt.count_one(f"poll by {voter.public_id}", limit=MOST_TRIES, within=actions.AN_HOUR, now=clock.now())
        actions.answer(
            voter,
            [slot for slot in slots if slot.public_id in chosen],
            note=form.note.data,
            zone=form.valid_zone,
        )
    except TooMany as refusal:
        return _times(voter, row, form, notice=str(refusal)), 429
    except Refused:
        voter, row = _asked()
        return _over(voter, row), 422
    return redirect(doors.home, 303)


@pages.post("/poll/leave")
def leave() -> Response:
    """Let this browser forget the link: it is somebody else's."""
    answer = redirect("/p/left", 303)
    doors.let_go(answer)
    answer.delete_cookie(CAME_FROM, path=doors.home)
    return answer


def _asked() -> tuple[Voter, Poll]:
    voter = Voter.known_as(doors.subject()) or abort(404)
    return voter, Poll.known_as(voter.poll.public_id) or abort(404)


def _is_on_offer(row: Poll) -> bool:
    now = clock.now()
    return not refusal_to_answer(row.state, row.expires_at, now) and PollSlot.on_offer(row, now).exists()


def _times(voter: Voter, row: Poll, form: AnswerForm, *, notice: str = "") -> str:
    about = _about(voter, row)
    zone = about["zone"]
    form.zone.data = zone
    slots = PollSlot.on_offer(row, clock.now())
    offers = [offer(slot.public_id, slot.starts_at, row.minutes, zone, row.coach.zone) for slot in slots]
    days: dict[str, list[Any]] = {}
    for each in offers:
        days.setdefault(each.day, []).append(each)
    until = offer("", row.expires_at, 0, zone, zone).day
    ticked = set(form.slots.data or ())
    return render_template("polls/times.html", form=form, days=days, ticked=ticked, until=until, notice=notice, **about)


def _over(voter: Voter, row: Poll) -> str:
    about = _about(voter, row)
    when = None
    if row.session_id:
        when = offer("", row.session.starts_at, row.session.minutes, about["zone"], row.coach.zone)
    return render_template("polls/over.html", when=when, **about)


def _about(voter: Voter, row: Poll) -> dict[str, Any]:
    asked = request.values.get("zone", "")
    back = request.cookies.get(CAME_FROM, "")
    others = [each.name for each in Voter.of(row) if each != voter]
    return {
        "voter": voter,
        "poll": row,
        "coach": row.coach,
        "whom": listed([*others, row.coach.name]),
        "zone": asked if is_zone(asked) else voter.zone,
        "zones": sorted(zones()) if "zones" in request.args else (),
        "desk": next(iter(Serving.desk_of(row.coach)), None),
        "back": back if back in BACKS else "",
        "home": doors.home,
    }

"""Naming raters, and approving those named, by a personal link. Neither page tells who was asked, or who has answered.

Only a POST does something; what is over says so on the same page.
"""

from typing import Any

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from .. import clock
from ..accounts.models import Attempt, Serving
from ..assessments.models import Assessment
from ..errors import Refused, TooMany
from ..instruments.models import InstrumentGroup
from ..web.guard import public_blueprint
from ..web.links import CAME_FROM, LinkDoors, link_doors
from . import actions
from .forms import named_people
from .models import Rater, RaterAsk, approvers_of, nominated
from .rules import APPROVE, NOMINATE, Person, wanted_in_words

pages = public_blueprint("raters_public", __name__, prefix="/p")
doors = link_doors(pages, NOMINATE)
approval_doors = link_doors(pages, APPROVE)

BACKS = ("/p/client", "/p/sponsor")
"""The pages a browser may have come from."""
MOST_TRIES = 60
"""How often somebody may save with one link in an hour."""
SPARE = 2
"""Rows that stand open below those who are named already."""


# The coachee names ----------------------------------------------------------------------------------------------------


@pages.get("/nominate")
def nominate() -> str:
    ask = _asked(doors)
    return _naming_page(ask, _named(ask)) if _stands(ask) else _over(ask, doors)


@pages.post("/nominate")
def name() -> ResponseReturnValue:
    """What was typed, kept to be gone on with, or handed in."""
    ask = _asked(doors)
    if not _stands(ask):
        return _over(ask, doors), 422
    is_all = request.form.get("act") == "send"
    people = named_people(InstrumentGroup.of(ask.assessment.instrument), request.form)
    try:
        _count_try(ask)
        actions.name(ask, people, is_all=is_all)
    except TooMany as refusal:
        return _naming_page(ask, people, notice=str(refusal)), 429
    except Refused as refusal:
        return _naming_page(ask, people, notice=str(refusal)), 422
    return redirect(doors.home if is_all else f"{doors.home}?saved=1", 303)


@pages.post("/nominate/leave")
def leave_naming() -> Response:
    return _leave(doors)


def _named(ask: RaterAsk) -> list[Person]:
    """Whom the coachee named so far, whatever has become of them."""
    rows = Rater.of(ask.assessment).where(Rater.is_named)
    return [Person(row.name, row.email, row.group.name) for row in rows]


def _naming_page(ask: RaterAsk, people: list[Person], *, notice: str = "") -> str:
    groups = []
    for group in InstrumentGroup.of(ask.assessment.instrument):
        typed = [person for person in people if person.group == group.name]
        rows = min(group.most, max(group.least, len(typed) + SPARE))
        blank = [Person("", "", group.name)] * max(rows - len(typed), 0)
        groups.append((group, wanted_in_words(group.wanted), typed + blank))
    readers = [f"{each.name} of {each.organisation.name}" for each in approvers_of(ask.assessment)]
    return render_template(
        "raters/nominate.html",
        groups=groups,
        notice=notice,
        saved="saved" in request.args and not notice,
        readers=readers,
        **_about(ask, doors),
    )


# A sponsor contact approves -------------------------------------------------------------------------------------------


@pages.get("/approve")
def approve() -> str:
    ask = _asked(approval_doors)
    return _approval_page(ask) if _stands(ask) else _over(ask, approval_doors)


@pages.post("/approve")
def answer() -> ResponseReturnValue:
    ask = _asked(approval_doors)
    if not _stands(ask):
        return _over(ask, approval_doors), 422
    shown = request.form.getlist("shown")
    undecided = [rater for rater in shown if request.form.get(f"say-{rater}") not in ("yes", "no")]
    if undecided or not shown:
        return _approval_page(ask, notice="Say yes or no to each name."), 422
    try:
        _count_try(ask)
        actions.answer(ask, [rater for rater in shown if request.form[f"say-{rater}"] == "yes"], shown)
    except TooMany as refusal:
        return _approval_page(ask, notice=str(refusal)), 429
    return redirect(approval_doors.home, 303)


@pages.post("/approve/leave")
def leave_approving() -> Response:
    return _leave(approval_doors)


def _approval_page(ask: RaterAsk, *, notice: str = "") -> str:
    said = {key.removeprefix("say-"): value for key, value in request.form.items() if key.startswith("say-")}
    names = nominated(ask.assessment)
    return render_template("raters/approve.html", names=names, said=said, notice=notice, **_about(ask, approval_doors))


# ----------------------------------------------------------------------------------------------------------------------


def _asked(came_by: LinkDoors) -> RaterAsk:
    """What the link is for; one kind of link never opens the other's page."""
    ask = RaterAsk.known_as(came_by.subject()) or abort(404)
    return ask if (ask.contact_id is None) == (came_by is doors) else abort(404)


def _stands(ask: RaterAsk) -> bool:
    """Whether it is still asked; of a sponsor only while there are names to look at."""
    stands = ask.is_open and RaterAsk.standing().where(RaterAsk.id == ask.id).exists()
    return stands and (ask.contact_id is None or bool(nominated(ask.assessment)))


def _over(ask: RaterAsk, came_by: LinkDoors) -> str:
    counts: list[tuple[str, int]] = []
    if came_by is doors:
        named = [person.group for person in _named(ask)]
        counts = [(group, named.count(group)) for group in dict.fromkeys(named)]
    return render_template("raters/over.html", counts=counts, **_about(ask, came_by))


def _about(ask: RaterAsk, came_by: LinkDoors) -> dict[str, Any]:
    assessment: Assessment = ask.assessment
    client, back = assessment.client, request.cookies.get(CAME_FROM, "")
    return {
        "ask": ask,
        "client": client,
        "instrument": assessment.instrument,
        "coach": client.coach.name if client.coach_id else "",
        "reader": ask.contact.name if ask.contact_id else client.name,
        "desk": next(iter(Serving.desk_of(client.coach if client.coach_id else None)), None),
        "back": back if back in BACKS else "",
        "home": came_by.home,
    }


def _count_try(ask: RaterAsk) -> None:
    """Raises TooMany for who sends without end."""
    Attempt.count_one(f"names by {ask.public_id}", limit=MOST_TRIES, within=actions.AN_HOUR, now=clock.now())


def _leave(came_by: LinkDoors) -> Response:
    """Let this browser forget the link: it is somebody else's."""
    answer = redirect("/p/left", 303)
    came_by.let_go(answer)
    answer.delete_cookie(CAME_FROM, path=came_by.home)
    return answer

"""The raters of an assessment: the list, who is put on it, the mails that would go out, who has answered."""

from types import SimpleNamespace
from typing import Any

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..assessments.models import Assessment
from ..assessments.rules import Source
from ..clients.models import Contact
from ..credentials.models import Credential
from ..errors import Refused, Stale
from ..instruments.models import InstrumentGroup
from ..instruments.rules import WAY_WORDS
from ..mail.models import MailText
from ..web.conflict import conflict
from ..web.pages import go, load_or_404, require
from . import actions
from .forms import AddForm, RaterForm, WithdrawForm, typed_codes
from .models import (
    Rater,
    RaterAsk,
    approvers_of,
    fields_of,
    may_chase,
    nominated,
    returned_mails,
    to_do,
    was_mailed,
    what_is_missing,
    why_not,
)
from .rules import (
    ACCESS,
    BY_HAND,
    COUNTED,
    GONE,
    STATE_LABELS,
    Reading,
    State,
    is_enough,
    read_people,
    sort_people,
    wanted_in_words,
)

pages = Blueprint("raters", __name__)
MOST_SENT, MOST_DUE = 200, 50
FACES = {
    State.NOMINATED: ("wait", "circle-dot"),
    State.APPROVED: ("plain", "circle"),
    State.INVITED: ("accent", "send"),
    State.STARTED: ("accent", "circle-dot"),
    State.COMPLETED: ("good", "circle-check"),
    State.DECLINED: ("plain", "x"),
    State.WITHDRAWN: ("plain", "ban"),
}
"""Tone and icon of each state."""
ASKED = ("Asked", "accent", "send")
"""What stands for all who were asked where the reader is to know numbers only."""


@pages.app_template_global("raters_in_words")
def raters_in_words(assessment: Assessment) -> str:
    """'Peers 2/3, Manager 1/1', for the client's tab: read once for all assessments of the client."""
    if "raters" not in g:
        ids = Assessment.select(Assessment.id).where(Assessment.client == assessment.client).tuples()
        g.raters = Rater.progress_of([each for (each,) in ids])
    asked = [each for each in g.raters.get(assessment.id, []) if each.asked]
    return ", ".join(f"{each.group} {each.done}/{each.asked}" for each in asked) or "nobody asked yet"


# The list -------------------------------------------------------------------------------------------------------------


@pages.get("/assessments/<ulid:assessment_id>/raters")
def raters(assessment_id: str) -> str:
    assessment = _assessment(assessment_id)
    rows, chases = list(Rater.of(assessment)), may_chase(_me(), assessment.client)
    progress = Rater.progress_of([assessment.id]).get(assessment.id, [])
    asks = list(RaterAsk.of(assessment))
    asked = next((ask for ask in asks if ask.contact_id is None), None)
    return render_template(
        "raters/raters.html",
        tab="assessments",
        client=assessment.client,
        assessment=assessment,
        groups=_groups(assessment, rows, progress),
        wanted=wanted_in_words,
        faces={rater.id: _face(rater, chases) for rater in rows},
        returned=returned_mails(rows),
        nominated=[rater for rater in rows if rater.state is State.NOMINATED],
        to_invite=[rater for rater in rows if rater.state is State.APPROVED],
        asked_by_us=sum(rater.state in COUNTED for rater in rows),
        chases=chases,
        COUNTED=COUNTED,
        GONE=GONE,
        marks=[(to, STATE_LABELS[to]) for to in BY_HAND],
        missing=what_is_missing(assessment),
        is_enough=is_enough(progress) and assessment.answered_at is not None,
        asked=asked,
        at_sponsor=[ask for ask in asks if ask.contact_id and ask.is_open],
        approvers=approvers_of(assessment),
    )


def _groups(assessment: Assessment, rows: list[Rater], progress: list[Any]) -> list[SimpleNamespace]:
    """Each group with its people and numbers."""
    found = []
    for group, counts in zip(InstrumentGroup.of(assessment.instrument), progress, strict=True):
        people = [rater for rater in rows if rater.group_id == group.id]
        there = sum(rater.state not in GONE for rater in people)
        found.append(SimpleNamespace(group=group, people=people, there=there, done=counts.done, asked=counts.asked))
    return found


def _face(rater: Rater, chases: bool) -> tuple[str, str, str]:
    """Word, tone and icon: who has answered is known by name to whoever chases."""
    if rater.state in COUNTED and not chases:
        return ASKED
    return rater.state_label, *FACES[rater.state]


@pages.get("/assessments/<ulid:assessment_id>/raters/add")
def new_raters(assessment_id: str) -> str:
    return _add_page(_assessment(assessment_id), AddForm())


@pages.post("/assessments/<ulid:assessment_id>/raters/add")
def add(assessment_id: str) -> ResponseReturnValue:
    """All of the list, or, once it was said which lines are left out, the rest of it."""
    assessment, form = _assessment(assessment_id), AddForm(request.form)
    form.offer(InstrumentGroup.of(assessment.instrument))
    if not form.validate():
        return _add_page(assessment, form), 422
    try:
        form.take_file(request.files.get("file"))
        reading = _reading(assessment, form)
        if reading.people and (not reading.troubles or request.form.get("act") == "rest"):
            count = actions.add(assessment, reading.people, by=_me())
            return go(_home(assessment), f"{count} {'rater is' if count == 1 else 'raters are'} on the list.")
    except Refused as refusal:
        return _add_page(assessment, form, why=str(refusal)), 422
    return _add_page(assessment, form, reading=reading), 422


def _reading(assessment: Assessment, form: AddForm) -> Reading:
    groups, client = list(InstrumentGroup.of(assessment.instrument)), assessment.client
    lines = read_people(form.text.data, groups=[group.name for group in groups], usual=form.group.data)
    return sort_people(
        lines,
        groups=[group.wanted for group in groups],
        there=Rater.counts_by_group(assessment),
        taken=Rater.taken(assessment),
        own=client.email,
        coach=client.coach.email if client.coach_id else "",
    )


def _add_page(assessment: Assessment, form: AddForm, *, reading: Reading | None = None, why: str = "") -> str:
    groups, there = list(InstrumentGroup.of(assessment.instrument)), Rater.counts_by_group(assessment)
    form.offer(groups)
    return render_template(
        "raters/add.html",
        tab="assessments",
        client=assessment.client,
        assessment=assessment,
        form=form,
        reading=reading,
        why=why,
        sizes=[(group.name, wanted_in_words(group.wanted), there.get(group.name, 0)) for group in groups],
    )


@pages.get("/raters")
def due() -> str:
    """Whose raters wait for the desk: a page, and what Today asks for once it stands."""
    todos = to_do(_me(), MOST_DUE) if _me().may_arrange else []
    return render_template("raters/_to_do.html" if request.htmx else "raters/due.html", rate_next=todos)


# One rater ------------------------------------------------------------------------------------------------------------


@pages.get("/raters/<ulid:rater_id>")
def rater(rater_id: str) -> str:
    row = _rater(rater_id)
    data = {"name": row.name, "email": row.email, "group": row.group.name, "zone": row.zone, "version": row.version}
    return _rater_page(row, RaterForm(data=data), WithdrawForm())


@pages.post("/raters/<ulid:rater_id>")
def change(rater_id: str) -> ResponseReturnValue:
    row, form = _rater(rater_id), RaterForm(request.form)
    form.offer(InstrumentGroup.of(row.assessment.instrument))
    if not form.validate():
        return _rater_page(row, form, WithdrawForm()), 422
    try:
        actions.change(row, form.person, version=form.version.data, by=_me())
    except Stale as stale:
        now = Rater.with_people().where(Rater.id == row.id).get()
        theirs = SimpleNamespace(
            name=now.name, email=now.email, group=now.group.name, zone=now.zone, version=now.version
        )
        return conflict(stale, form, theirs, request.path)
    except Refused as refusal:
        return _rater_page(row, form, WithdrawForm(), why=str(refusal)), 422
    return go(_home(row.assessment), f"{form.name.data} is changed.")


@pages.post("/raters/<ulid:rater_id>/withdraw")
def withdraw(rater_id: str) -> ResponseReturnValue:
    row, form = _rater(rater_id), WithdrawForm(request.form)
    actions.withdraw(row, is_unused=form.is_unused.data, by=_me())
    return go(_home(row.assessment), f"{row.name} is asked no more.")


@pages.post("/raters/<ulid:rater_id>/back")
def put_back(rater_id: str) -> ResponseReturnValue:
    row = _rater(rater_id)
    actions.put_back(row, by=_me())
    return go(_home(row.assessment), f"{row.name} is to be invited.")


@pages.post("/raters/<ulid:rater_id>/again")
def send_again(rater_id: str) -> ResponseReturnValue:
    row = _rater(rater_id)
    actions.send_again(row, by=_me())
    return go(_home(row.assessment), f"The same way in is on its way to {row.name} again.")


def _rater_page(row: Rater, form: RaterForm, leaving: WithdrawForm, *, why: str = "") -> str:
    form.offer(InstrumentGroup.of(row.assessment.instrument))
    return render_template(
        "raters/_rater.html" if request.htmx else "raters/rater.html",
        tab="assessments",
        client=row.assessment.client,
        rater=row,
        form=form,
        leaving=leaving,
        was_mailed=row.credential_id and was_mailed(row),
        is_gone=row.state in GONE,
        may_leave=State.WITHDRAWN in _ways_of(row),
        why=why,
        today=clock.now().date(),
        back=_home(row.assessment),
    )


def _ways_of(row: Rater) -> tuple[State, ...]:
    from_here = {State.COMPLETED: (), State.DECLINED: (), State.WITHDRAWN: ()}
    return from_here.get(row.state, (State.WITHDRAWN,))


# Named, approved ------------------------------------------------------------------------------------------------------


@pages.post("/assessments/<ulid:assessment_id>/raters/ask")
def ask_to_name(assessment_id: str) -> ResponseReturnValue:
    assessment = _assessment(assessment_id)
    actions.ask_to_name(assessment, by=_me())
    return go(_home(assessment), f"{assessment.client.name} is asked to name raters.")


@pages.post("/assessments/<ulid:assessment_id>/raters/decide")
def decide(assessment_id: str) -> ResponseReturnValue:
    """Yes or no to the ticked nominations, or to all of them."""
    assessment = _assessment(assessment_id)
    named = nominated(assessment)
    ticked = set(request.form.getlist("ids"))
    is_yes = request.form.get("act") != "no"
    chosen = [row for row in named if row.public_id in ticked] if ticked else named if is_yes else []
    if not chosen:
        raise Refused("Tick who is meant first.")
    count = actions.decide(chosen, is_yes=is_yes, by=_me())
    said = "approved" if is_yes else "not approved"
    return go(_home(assessment), f"{count} {'name is' if count == 1 else 'names are'} {said}.")


@pages.post("/assessments/<ulid:assessment_id>/raters/sponsor")
def ask_to_approve(assessment_id: str) -> ResponseReturnValue:
    assessment = _assessment(assessment_id)
    contact: Contact = load_or_404(
        Contact.kept().where(Contact.id.in_([each.id for each in approvers_of(assessment)])),
        request.form.get("contact", ""),
    )
    actions.ask_to_approve(assessment, contact, by=_me())
    return go(_home(assessment), f"{contact.name} is asked to look at the names.")


# Access ---------------------------------------------------------------------------------------------------------------


@pages.get("/raters/send")
def look_at_mails() -> str:
    """The dry run: each mail that would go out, and what is missing. `ids` are assessments."""
    return _send_page(_to_send(request.args.getlist("ids")))


@pages.post("/raters/send")
def send() -> ResponseReturnValue:
    rows = list(Rater.visible_to(_me()).where(Rater.public_id.in_(request.form.getlist("raters")[:MOST_SENT])))
    seen = {row.id: request.form.get(f"version-{row.public_id}", -1, type=int) for row in rows}
    if not rows:
        raise Refused("Tick who is to be sent access.")
    try:
        count = actions.send_access(seen, typed_codes(rows, request.form), by=_me())
    except Refused as refusal:
        ids = [row.assessment.public_id for row in rows]
        return _send_page(_to_send(ids), why=str(refusal)), 422
    return go(_home(rows[0].assessment), f"{count} {'mail is' if count == 1 else 'mails are'} on the way.")


def _to_send(ids: list[str]) -> list[Rater]:
    """Of assessments the reader may see, by public id: one a parameter, or several with commas."""
    wanted = [part for each in ids for part in each.split(",")][:MOST_SENT]
    mine = Assessment.visible_to(_me()).where(Assessment.public_id.in_(wanted))
    found = Rater.to_invite([row.id for row in mine]) if wanted else []
    return list(found)[:MOST_SENT]


def _send_page(rows: list[Rater], *, why: str = "") -> str:
    mails, stock, text = [], _stock_for(rows), MailText.in_force(ACCESS)
    for row in rows:
        left = stock[row.assessment.instrument_id]
        source = Source.HELD if row.credential_id else Source.STOCK if left > 0 else Source.NONE
        stock[row.assessment.instrument_id] -= source is Source.STOCK
        # what is not in stock can still be typed, so that alone keeps nobody from being sent it
        mails.append((row, source, why_not(row, Source.HELD), text.drafted(fields_of(row))))
    return render_template(
        "raters/send.html",
        mails=mails,
        typed=request.form,
        words=WAY_WORDS,
        why=why,
        lacking=sum(source is Source.NONE for _, source, _, _ in mails),
    )


def _stock_for(rows: list[Rater]) -> dict[int, int]:
    """How many codes lie in stock for each instrument of theirs."""
    today = clock.now().date()
    instruments = {row.assessment.instrument_id: row.assessment.instrument for row in rows}
    return {each: Credential.free(instrument, today).count() for each, instrument in instruments.items()}


# Who has answered -----------------------------------------------------------------------------------------------------


@pages.post("/assessments/<ulid:assessment_id>/raters/mark")
def mark(assessment_id: str) -> ResponseReturnValue:
    """What the desk knows of the ticked ones, or that the client herself is done."""
    assessment = _assessment(assessment_id)
    require(may_chase(_me(), assessment.client))
    to = request.form.get("to", "")
    chosen = list(Rater.of(assessment).where(Rater.public_id.in_(request.form.getlist("ids")[:MOST_SENT])))
    if to not in BY_HAND or not chosen:
        raise Refused("Tick who is meant, then say how far they are.")
    count, said = actions.mark(chosen, State(to), by=_me()), STATE_LABELS[State(to)].lower()
    return go(_home(assessment), f"{count} {'rater is' if count == 1 else 'raters are'} marked “{said}”.")


@pages.post("/assessments/<ulid:assessment_id>/raters/client")
def note_client(assessment_id: str) -> ResponseReturnValue:
    assessment = _assessment(assessment_id)
    actions.note_client(assessment, by=_me())
    return go(_home(assessment), f"{assessment.client.name} has answered.")


@pages.post("/assessments/<ulid:assessment_id>/raters/close")
def close(assessment_id: str) -> ResponseReturnValue:
    assessment = _assessment(assessment_id)
    actions.close(assessment, is_sure=request.form.get("sure") == "yes", by=_me())
    return go(_home(assessment), f"{assessment.label} is completed. Nobody is chased any more.")


# ----------------------------------------------------------------------------------------------------------------------


def _assessment(public_id: str) -> Assessment:
    """Only one whose instrument asks raters."""
    row: Assessment = load_or_404(Assessment.visible_to(_me()), public_id)
    require(row.instrument.needs_raters)
    return row


def _rater(public_id: str) -> Rater:
    """Somebody who was asked is changed by whoever chases: what is refused would tell who has answered."""
    row: Rater = load_or_404(Rater.visible_to(_me()), public_id)
    require(row.state not in COUNTED or may_chase(_me(), row.assessment.client))
    return row


def _home(assessment: Assessment) -> str:
    return f"/assessments/{assessment.public_id}/raters"


def _me() -> User:
    return current_user._get_current_object()

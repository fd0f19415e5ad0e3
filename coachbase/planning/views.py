"""Proposals: asked for, looked at line by line, applied as one, and undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..availability.rules import SessionKind, minute_of
from ..clients.models import Client
from ..engagements.models import Engagement
from ..engagements.rules import RUNNING, moved_end, obligations, shifts
from ..errors import Refused, RefusedAndNoted, Stale
from ..firm.rules import city_of
from ..scheduling.models import sessions_left
from ..scheduling.rules import clocks
from ..sessions.models import CoachingSession, LedgerEntry
from ..slots.rules import is_at_night
from ..web.pages import go, load_or_404
from . import actions
from .forms import OTHER, AbsenceForm, CadenceForm, LineForm, SlipForm, VersionForm, as_usual
from .models import (
    Elsewhere,
    Proposal,
    ProposedSession,
    foresee_absence,
    foresee_cadence,
    foresee_slip,
    last_counted,
    letters_of,
)
from .rules import (
    ProposalKind,
    ProposalState,
    clocks_in_words,
    divergences,
    letters_in_words,
    refusal_to_plan,
)

pages = Blueprint("planning", __name__)

MOST_LISTED = 40
NOT_SURE = "The search was cut short: a smaller change may exist."


@dataclass(frozen=True)
class Time:
    """A moment on the coach's clock, and beside it on the client's."""

    moment: datetime
    day: str
    at: str
    beside: str


@dataclass(frozen=True)
class Row:
    """A line as the page shows it; without `client` when that is behind another wall."""

    line: ProposedSession
    client: Client | None
    before: Time | None
    after: Time | None
    clocks: str
    at_night: str


@pages.get("/planning")
def proposals() -> str:
    """What was proposed lately, and what became of it."""
    return render_template("planning/proposals.html", proposals=list(Proposal.lately(_me(), MOST_LISTED)))


# Asking for one -------------------------------------------------------------------------------------------------------


@pages.get("/planning/new")
def new_absence() -> str:
    """A coach falls ill, or is away: what is booked on these days finds other times."""
    today = _today()
    form = _absence_form(data={"coach": request.args.get("coach", "")[:26], "first": today, "last": today})
    return render_template("planning/absence.html", form=form)


@pages.post("/planning/absences")
def plan_absence() -> ResponseReturnValue:
    form = _absence_form(request.form)
    if not form.validate():
        return render_template("planning/absence.html", form=form), 422
    first, last = form.first.data, form.last.data
    lines, is_least = foresee_absence(form.who, first, last)
    try:
        proposal = actions.propose(
            ProposalKind.ILL, form.who, lines, first=first, last=last, reason=form.reason.data, by=_me()
        )
    except Refused as refusal:
        form.last.errors = [str(refusal)]
        return render_template("planning/absence.html", form=form), 422
    return go(_address(proposal), None if is_least else NOT_SURE)


def _absence_form(*args: Any, **options: Any) -> AbsenceForm:
    return AbsenceForm(*args, coaches=User.coaches_for(_me()), today=_today(), **options)


@pages.get("/engagements/<ulid:engagement_id>/cadence")
def new_cadence(engagement_id: str) -> str:
    """All sessions of a program at once."""
    engagement = _engagement(engagement_id)
    left, last = sessions_left(engagement, SessionKind.COACHING), last_counted(engagement)
    there = ZoneInfo(engagement.coach.zone) if engagement.coach_id else None
    usual = as_usual(engagement, left, last and last.starts_at.astimezone(there), _today())
    return _cadence_page(engagement, CadenceForm(data=usual, today=_today(), left=left))


@pages.post("/engagements/<ulid:engagement_id>/cadence")
def plan_cadence(engagement_id: str) -> ResponseReturnValue:
    engagement = _engagement(engagement_id)
    form = CadenceForm(request.form, today=_today(), left=sessions_left(engagement, SessionKind.COACHING))
    if engagement.coach_id is None or _refusal_to_plan(engagement, form.left) or not form.validate():
        return _cadence_page(engagement, form), 422
    wish = form.wish()
    lines = foresee_cadence(engagement, wish)
    proposal = actions.propose(
        ProposalKind.CADENCE, engagement.coach, lines, engagement=engagement, first=wish.first, by=_me()
    )
    return go(_address(proposal))


def _cadence_page(engagement: Engagement, form: CadenceForm) -> str:
    return render_template(
        "planning/cadence.html",
        engagement=engagement,
        client=engagement.client,
        form=form,
        balance=LedgerEntry.balance(engagement),
        refusal=engagement.coach_id and _refusal_to_plan(engagement, form.left),
    )


def _refusal_to_plan(engagement: Engagement, left: int | None) -> str | None:
    draft = CoachingSession(coach=engagement.coach, engagement=engagement, client=engagement.client)
    return refusal_to_plan(engagement.state, has_place=any(draft.where), left=left)


@pages.get("/engagements/<ulid:engagement_id>/slip")
def new_slip(engagement_id: str) -> str:
    """The start of a program slips."""
    engagement = _engagement(engagement_id)
    return _slip_page(engagement, SlipForm(data={"starts_on": engagement.starts_on}, engagement=engagement))


@pages.post("/engagements/<ulid:engagement_id>/slip")
def plan_slip(engagement_id: str) -> ResponseReturnValue:
    engagement = _engagement(engagement_id)
    form = SlipForm(request.form, engagement=engagement)
    if not form.validate() or engagement.coach_id is None or engagement.state not in RUNNING:
        return _slip_page(engagement, form), 422
    starts_on = form.starts_on.data
    lines, is_least = foresee_slip(engagement, starts_on)
    proposal = actions.propose(
        ProposalKind.SLIP,
        engagement.coach,
        lines,
        engagement=engagement,
        first=engagement.starts_on,
        last=starts_on,
        reason=form.reason.data,
        by=_me(),
    )
    return go(_address(proposal), None if is_least else NOT_SURE)


def _slip_page(engagement: Engagement, form: SlipForm) -> str:
    runs = engagement.state in RUNNING
    return render_template("planning/slip.html", engagement=engagement, client=engagement.client, form=form, runs=runs)


# Looking at it --------------------------------------------------------------------------------------------------------


@pages.get("/planning/<ulid:proposal_id>")
def proposal(proposal_id: str) -> str:
    return _page(_proposal(proposal_id))


def _page(proposal: Proposal, *, refused: str = "") -> str:
    lines = ProposedSession.seen_by(_me(), proposal)
    return render_template(
        "planning/proposal.html",
        proposal=proposal,
        client=proposal.client,
        rows=_rows(proposal, lines),
        counts=_counts(lines),
        letters=letters_in_words(letters_of(proposal, [line for line in lines if line.is_seen])),
        shifts=_shifts(proposal, lines),
        may_be_undone=proposal.may_be_undone(clock.now()),
        again=proposal.state is ProposalState.UNDONE,
        refused=refused,
        now=clock.now(),
    )


def _counts(lines: Sequence[ProposedSession]) -> dict[str, int]:
    return {
        "all": len(lines),
        "chosen": sum(line.chosen for line in lines),
        "moved": sum(line.moves for line in lines),
        "cancelled": sum(line.is_cancelled for line in lines),
        "without": sum(line.after is None and not line.chosen for line in lines),
    }


def _rows(proposal: Proposal, lines: Sequence[ProposedSession]) -> list[Row]:
    zone = proposal.coach.zone
    moments = [line.after for line in lines if line.after and proposal.kind is not ProposalKind.ILL]
    rows = []
    for line in lines:
        client = line.client if line.client_id and line.is_seen else None
        theirs = client.zone or zone if client else zone
        apart = divergences(moments or [each for each in (line.before, line.after) if each], zone, theirs)
        note = clocks_in_words(apart[line.after], city_of(theirs)) if line.after in apart else ""
        before = _time(line.before, zone, theirs) if line.session_id and line.before else None
        at_night = line.chosen and line.after and is_at_night(minute_of(line.after), line.minutes, theirs)
        after = _time(line.after, zone, theirs) if line.after else None
        rows.append(Row(line, client, before, after, note, city_of(theirs) if at_night else ""))
    return rows


def _time(moment: datetime, zone: str, other: str, *, is_one_of_many: bool = False) -> Time:
    """Of many that are offered around a day, neither the year nor the city stands with each."""
    local = moment.astimezone(ZoneInfo(zone))
    here, there = clocks(moment, zone, other)
    year = f" {local.year}" if local.year != clock.now().year and not is_one_of_many else ""
    beside = f"{there} {city_of(other)}" if there and not is_one_of_many else there
    return Time(moment, f"{local:%a} {local.day} {local:%b}{year}", here, beside)


def _shifts(proposal: Proposal, lines: Sequence[ProposedSession]) -> list[Any]:
    """What is owed on which day before and after the start slips."""
    engagement = proposal.engagement if proposal.kind is ProposalKind.SLIP else None
    if engagement is None:
        return []
    was, will, ends_on = proposal.first, proposal.last, engagement.ends_on
    kickoffs: list[date | None] = [None, None]
    if engagement.kickoff_on:
        kickoffs = [engagement.kickoff_on, engagement.kickoff_on + (will - was)]
    if engagement.starts_on != was:  # applied: reckon back from what stands now
        ends_on = moved_end(will, ends_on, was)
        kickoffs = [day and day - (will - was) for day in kickoffs]
    for line in lines:
        if line.kind is SessionKind.KICKOFF and line.moves:
            zone = ZoneInfo(proposal.coach.zone)
            kickoffs = [line.before.astimezone(zone).date(), line.after.astimezone(zone).date()]
    before = obligations(engagement, was, ends_on, kickoff_on=kickoffs[0])
    return shifts(before, obligations(engagement, will, moved_end(was, ends_on, will), kickoff_on=kickoffs[1]))


@pages.get("/planning/<ulid:proposal_id>/lines/<ulid:proposed_session_id>")
def line(proposal_id: str, proposed_session_id: str) -> str:
    """Another time for one line, or none."""
    proposal, lines, line = _line(proposal_id, proposed_session_id)
    return _line_page(proposal, lines, line, LineForm.about(line, proposal))


@pages.post("/planning/<ulid:proposal_id>/lines/<ulid:proposed_session_id>")
def change_line(proposal_id: str, proposed_session_id: str) -> ResponseReturnValue:
    proposal, lines, line = _line(proposal_id, proposed_session_id)
    form = LineForm.about(line, proposal, request.form)
    do = request.form.get("do", "")
    acts = {"leave": actions.leave_out, "take": actions.take_in, "cancel": actions.cancel_instead}
    if not form.version.validate(form) or (do not in acts and not form.validate()):
        return _line_page(proposal, lines, line, form), 422
    try:
        if do in acts:
            acts[do](line, version=form.version.data)
        else:
            actions.pick(line, form.chosen, version=form.version.data)
    except Stale as stale:
        return _page(_proposal(proposal_id), refused=str(stale)), 409
    except Refused as refusal:
        form.start.errors = [str(refusal)]
        return _line_page(proposal, lines, line, form), 422
    return go(f"{_address(proposal)}#{line.public_id}")  # the keyboard goes on from there


def _line_page(proposal: Proposal, lines: Sequence[ProposedSession], line: ProposedSession, form: LineForm) -> str:
    zone = proposal.coach.zone
    theirs = line.client.zone or zone if line.client_id else zone
    free = sorted(Elsewhere(line, lines).free()) if proposal.is_open else []
    template = "planning/_line.html" if request.htmx else "planning/line.html"
    return render_template(
        template,
        proposal=proposal,
        line=line,
        form=form,
        free=[(int(moment.timestamp()) // 60, _time(moment, zone, theirs, is_one_of_many=True)) for moment in free],
        city=city_of(theirs) if theirs != zone else "",
        before=_time(line.before, zone, theirs),
        OTHER=OTHER,
    )


# Doing it -------------------------------------------------------------------------------------------------------------


@pages.post("/planning/<ulid:proposal_id>")
def apply(proposal_id: str) -> ResponseReturnValue:
    """At the page's own address: a second click of one that was refused and marked leads to the page."""
    proposal, version = _seen(proposal_id)
    try:
        actions.apply(proposal, version=version, by=_me())
    except Stale as stale:
        return _page(_proposal(proposal_id), refused=str(stale)), 409
    except RefusedAndNoted as refusal:
        return _page(_proposal(proposal_id), refused=str(refusal)), 422
    flash("Done. The mails leave in two minutes.", f"undo:{_address(proposal)}/undo")
    return go(_address(proposal))


@pages.post("/planning/<ulid:proposal_id>/undo")
def undo(proposal_id: str) -> ResponseReturnValue:
    proposal = _proposal(proposal_id)
    actions.undo(proposal, by=_me())
    return go(_address(proposal), "Undone: everything is as it was, and no mail leaves.")


@pages.post("/planning/<ulid:proposal_id>/drop")
def drop(proposal_id: str) -> ResponseReturnValue:
    proposal, version = _seen(proposal_id)
    try:
        actions.drop(proposal, version=version)
    except Stale as stale:
        return _page(_proposal(proposal_id), refused=str(stale)), 409
    return go("/planning", "Dropped. Nothing was changed by it.")


def _seen(proposal_id: str) -> tuple[Proposal, int]:
    """The proposal, and which version of it was looked at."""
    proposal = _proposal(proposal_id)
    form = VersionForm(request.form)
    if not form.validate():
        raise Refused(form.errors_in_words())
    return proposal, form.version.data


def _proposal(proposal_id: str) -> Proposal:
    return load_or_404(Proposal.visible_to(_me()), proposal_id)


def _line(proposal_id: str, line_id: str) -> tuple[Proposal, list[ProposedSession], ProposedSession]:
    """A line with the others of its proposal."""
    proposal = _proposal(proposal_id)
    lines = ProposedSession.seen_by(_me(), proposal)
    line = next((each for each in lines if each.public_id == line_id and each.is_seen), None)
    if line is None:
        abort(404)
    return proposal, lines, line


def _engagement(engagement_id: str) -> Engagement:
    return load_or_404(Engagement.visible_to(_me()), engagement_id)


def _address(proposal: Proposal) -> str:
    return f"/planning/{proposal.public_id}"


def _me() -> User:
    return current_user._get_current_object()


def _today() -> date:
    return clock.now().astimezone(ZoneInfo(_me().zone)).date()

"""Keep a proposal, change its lines, apply it as one, and undo it while nobody has heard of it."""

from collections.abc import Sequence
from datetime import date, datetime

from .. import clock
from ..accounts.models import User
from ..availability import actions as availability
from ..availability.models import SpecialDay
from ..availability.rules import Special
from ..db import atomic, database
from ..engagements import actions as engagements
from ..engagements.models import Engagement
from ..engagements.rules import moved_end
from ..errors import Refused, RefusedAndNoted, Stale
from ..invitations import actions as invitations
from ..scheduling import actions as scheduling
from ..scheduling.rules import Side, Via
from ..sessions.models import CoachingSession
from ..sessions.rules import UNDONE, State
from .models import Elsewhere, Proposal, ProposedSession
from .rules import UNDO_FOR, ProposalKind, ProposalState, moment_in_words, refusal_to_edit, refusal_to_undo


@atomic
def propose(
    kind: ProposalKind,
    coach: User,
    lines: Sequence[ProposedSession],
    *,
    engagement: Engagement | None = None,
    first: date,
    last: date | None = None,
    reason: str = "",
    by: User,
) -> Proposal:
    """Keep what was foreseen, to be looked at and changed; an older one of the same that does not stand is dropped.

    Raises Refused when there is nothing to do.
    """
    if not lines and kind is not ProposalKind.SLIP:
        raise Refused("Nothing is booked on these days." if kind is ProposalKind.ILL else "No free time was found.")
    is_open = Proposal.state_name.in_((ProposalState.DRAFT, ProposalState.UNDONE))
    same = Proposal.kind_name == kind, Proposal.coach == coach, is_open
    about = Proposal.engagement.is_null() if engagement is None else Proposal.engagement == engagement
    Proposal.update(state_name=ProposalState.DROPPED).where(*same, about, Proposal.by == by).execute()
    proposal = Proposal.create(
        kind_name=kind,
        coach=coach,
        engagement=engagement,
        first=first,
        last=last,
        reason=reason,
        created_at=clock.now(),
        by=by,
    )
    for line in lines:
        line.proposal = proposal
        line.save()
    return proposal


@atomic
def drop(proposal: Proposal, *, version: int) -> None:
    """It is not wanted; nothing has happened by it."""
    proposal, _ = _draft(proposal, version)
    proposal.state_name = ProposalState.DROPPED
    _next_version(proposal)


# Lines ----------------------------------------------------------------------------------------------------------------


@atomic
def pick(line: ProposedSession, starts_at: datetime, *, version: int) -> None:
    """Another time for one line. Raises Refused with why it cannot be had, Stale when somebody changed the proposal."""
    proposal, lines = _draft(line.proposal, version)
    line = _among(line, lines)
    if reasons := Elsewhere(line, lines).reasons(starts_at):
        raise Refused(f"{moment_in_words(starts_at, proposal.coach.zone)} cannot be had: {'; '.join(reasons)}.")
    if line.after != starts_at:
        line.exception = "chosen by hand"
    line.after, line.chosen = starts_at, True
    line.save()
    _next_version(proposal)


@atomic
def leave_out(line: ProposedSession, *, version: int) -> None:
    """This one is not booked, or stays where it is."""
    proposal, lines = _draft(line.proposal, version)
    line = _among(line, lines)
    line.chosen = False
    line.save()
    _next_version(proposal)


@atomic
def take_in(line: ProposedSession, *, version: int) -> None:
    """One that was left out is wanted after all, at the time it had. Raises as `pick`."""
    proposal, lines = _draft(line.proposal, version)
    line = _among(line, lines)
    if line.after is None:
        raise Refused("There is no time for it yet. Choose one.")
    if reasons := Elsewhere(line, lines).reasons(line.after):
        raise Refused(f"{moment_in_words(line.after, proposal.coach.zone)} cannot be had: {'; '.join(reasons)}.")
    line.chosen = True
    line.save()
    _next_version(proposal)


@atomic
def cancel_instead(line: ProposedSession, *, version: int) -> None:
    """The session is cancelled when the proposal is applied; it costs the client nothing."""
    proposal, lines = _draft(line.proposal, version)
    line = _among(line, lines)
    if line.session_id is None:
        raise Refused("Only what is booked can be cancelled. Leave it out.")
    line.after, line.chosen, line.exception = None, True, ""
    line.save()
    _next_version(proposal)


def _draft(proposal: Proposal, version: int) -> tuple[Proposal, list[ProposedSession]]:
    """The proposal and its lines as they are now, if they may still be changed."""
    proposal = Proposal.with_people().where(Proposal.id == proposal.id).get()
    if refusal := refusal_to_edit(proposal.state):
        raise Refused(refusal)
    if proposal.version != version:
        raise Stale("Somebody else changed this proposal while you looked at it. Here it is as it stands now.")
    return proposal, ProposedSession.all_of(proposal)


def _among(line: ProposedSession, lines: Sequence[ProposedSession]) -> ProposedSession:
    return next(each for each in lines if each.id == line.id)


def _next_version(proposal: Proposal) -> None:
    proposal.version += 1
    proposal.save()


# Apply and undo -------------------------------------------------------------------------------------------------------


@atomic
def apply(proposal: Proposal, *, version: int, by: User) -> None:
    """Book, move and cancel all that is chosen, or nothing; what is mailed about it leaves two minutes later.

    Raises RefusedAndNoted when a time has gone meanwhile: the line is marked then, and has another proposal.
    """
    proposal, lines = _draft(proposal, version)
    chosen = [line for line in lines if line.chosen]
    if not chosen and proposal.kind is not ProposalKind.SLIP:
        raise Refused("Nothing is chosen, so there is nothing to do.")
    mails_at = clock.now() + UNDO_FOR
    try:
        with database.atomic(), invitations.delayed(mails_at):
            _DO[proposal.kind](proposal, chosen, by)
    except Refused as refusal:
        marked = _refresh(proposal, lines)
        onward = " Here is the proposal anew, with what changed marked." if marked else ""
        raise RefusedAndNoted(f"Nothing was changed. {refusal}{onward}") from refusal
    proposal.state_name, proposal.applied_at, proposal.mails_at = ProposalState.APPLIED, clock.now(), mails_at
    _next_version(proposal)


def _book(proposal: Proposal, lines: Sequence[ProposedSession], by: User) -> None:
    for line in lines:
        try:
            line.session = scheduling.book(
                proposal.coach,
                line.kind,
                line.after,
                line.minutes,
                via=Via.CADENCE,
                client=line.client,
                engagement=proposal.engagement,
                by=by,
            )
        except Refused as refusal:
            raise Refused(f"{moment_in_words(line.after, proposal.coach.zone)}: {refusal}") from refusal
        line.save()


def _clear_days(proposal: Proposal, lines: Sequence[ProposedSession], by: User) -> None:
    """Nobody books the coach on these days from now on."""
    for special in _closings(proposal):
        availability.add_special(proposal.coach, special)
    _move(proposal, lines, by)


def _closings(proposal: Proposal) -> list[Special]:
    """The days away; and again those among them for which other hours were said, which would stay open otherwise: of
    several special days the one of fewest days is meant."""
    first, last = proposal.first, proposal.last
    away = Special(first, last, None, proposal.reason)
    opened = SpecialDay.of(proposal.coach).where(
        SpecialDay.begins.is_null(False), SpecialDay.first <= last, SpecialDay.last >= first
    )
    within = (away._replace(first=max(each.first, first), last=min(each.last, last)) for each in opened)
    return list(dict.fromkeys([away, *within]))


def _slip(proposal: Proposal, lines: Sequence[ProposedSession], by: User) -> None:
    engagement = Engagement.get_by_id(proposal.engagement_id)
    if engagement.starts_on != proposal.first:
        raise Refused("The days of the program were changed meanwhile. Make a new proposal.")
    _start_on(engagement, proposal.last, by)
    _move(proposal, lines, by)


def _start_on(engagement: Engagement, starts_on: date, by: User) -> None:
    """Another first day; the last one moves with it, and so does the kickoff when only its day is known."""
    values = {"starts_on": starts_on, "ends_on": moved_end(engagement.starts_on, engagement.ends_on, starts_on)}
    kickoffs = CoachingSession.of_engagement(engagement).where(CoachingSession.kind_name == "kickoff")
    if engagement.kickoff_on and not kickoffs.where(CoachingSession.state_name != State.CANCELLED).exists():
        values["kickoff_on"] = engagement.kickoff_on + (starts_on - engagement.starts_on)
    engagements.change(engagement, values, version=engagement.version, by=by)


def _move(proposal: Proposal, lines: Sequence[ProposedSession], by: User) -> None:
    for line in lines:
        if (line.session.state, line.session.starts_at) != (State.BOOKED, line.before):
            raise Refused(f"{line.who}, {moment_in_words(line.before, proposal.coach.zone)}, was changed meanwhile.")
    moves = [(line.session, line.after) for line in lines if line.moves]
    for line in lines:
        if line.is_cancelled:
            scheduling.cancel(line.session, side=Side.COACH, reason=proposal.reason, by=by)
    scheduling.move_together(moves, reason=proposal.reason, by=by)


_DO = {ProposalKind.CADENCE: _book, ProposalKind.ILL: _clear_days, ProposalKind.SLIP: _slip}


def _refresh(proposal: Proposal, lines: list[ProposedSession]) -> bool:
    """Mark the lines that cannot be done any more, and find another time for each; whether there were any."""
    marked = False
    for line in lines:
        if not line.chosen:
            continue
        if line.session_id and (line.session.state, line.session.starts_at) != (State.BOOKED, line.before):
            is_booked = line.session.state is State.BOOKED
            line.exception = "was moved meanwhile" if is_booked else "is not booked any more"
            line.before, line.chosen, marked = line.session.starts_at, False, True
        elif line.after and (elsewhere := Elsewhere(line, lines)).reasons(line.after):
            gone = moment_in_words(line.after, proposal.coach.zone)
            line.after = next(iter(elsewhere.free(1, keep_apart=True)), None)
            line.exception = f"{gone} has just gone" + ("" if line.after else ", and no free time around it")
            line.chosen, marked = line.after is not None, True
        line.save()
    _next_version(proposal)
    return marked


@atomic
def undo(proposal: Proposal, *, by: User) -> None:
    """Everything as it was, and nobody has heard of it; it can be changed and applied again.

    Raises Refused once the mails have left.
    """
    proposal = Proposal.with_people().where(Proposal.id == proposal.id).get()
    if refusal := refusal_to_undo(proposal.state, proposal.mails_at, clock.now()):
        raise Refused(refusal)
    lines = [line for line in ProposedSession.all_of(proposal) if line.chosen]
    for line in lines:
        state = State.CANCELLED if line.is_cancelled else State.BOOKED
        if (line.session.state, line.session.starts_at) != (state, line.after or line.before):
            raise Refused(f"{line.who}: the session was changed since, so this cannot be undone as a whole.")
    _UNDO[proposal.kind](proposal, lines, by)
    proposal.state_name = ProposalState.UNDONE
    _next_version(proposal)


def _unbook(proposal: Proposal, lines: Sequence[ProposedSession], by: User) -> None:
    for line in lines:
        scheduling.cancel(line.session, side=Side.FIRM, reason=UNDONE, by=by)
        line.session = None  # it is to be booked again, should it be applied again
        line.save()


def _open_days(proposal: Proposal, lines: Sequence[ProposedSession], by: User) -> None:
    closed = SpecialDay.of(proposal.coach).where(SpecialDay.begins.is_null(), SpecialDay.why == proposal.reason)
    for each in _closings(proposal):
        same = closed.where(SpecialDay.first == each.first, SpecialDay.last == each.last)
        if row := same.order_by(SpecialDay.id.desc()).first():
            availability.remove_special(row)
    _move_back(proposal, lines, by)


def _slip_back(proposal: Proposal, lines: Sequence[ProposedSession], by: User) -> None:
    engagement = Engagement.get_by_id(proposal.engagement_id)
    if engagement.starts_on == proposal.last:
        _start_on(engagement, proposal.first, by)
    _move_back(proposal, lines, by)


def _move_back(proposal: Proposal, lines: Sequence[ProposedSession], by: User) -> None:
    back = [(line.session, line.before) for line in lines if line.moves]
    scheduling.move_together(back, reason=UNDONE, despite=UNDONE, by=by)
    for line in lines:
        if line.is_cancelled:
            scheduling.restore(line.session, reason=UNDONE, by=by)


_UNDO = {ProposalKind.CADENCE: _unbook, ProposalKind.ILL: _open_days, ProposalKind.SLIP: _slip_back}

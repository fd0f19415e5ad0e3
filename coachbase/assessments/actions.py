"""Set assessments up, alone or as a battery; say how far they are; what follows is announced."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .. import clock
from ..accounts.models import Serving, User
from ..clients.models import Client
from ..clients.rules import Party
from ..credentials import actions as credentials
from ..credentials.models import Credential
from ..credentials.rules import Code
from ..credentials.rules import State as CodeState
from ..db import atomic
from ..engagements.models import Engagement
from ..errors import Refused, Stale
from ..events import announce
from ..files import actions as files
from ..files.models import Document
from ..files.rules import Audience, Hold
from ..instruments.models import Battery, BatteryItem, Instrument
from ..instruments.rules import PART_LABELS, WAY_WORDS, Part, due_on
from ..mail import actions as mail
from ..mail.models import Message
from ..mail.rules import may_have_left
from ..sessions.models import CoachingSession
from ..sessions.rules import State as Held
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import ACCESS, MOMENTS, Assessment, Report, fields_of, foresee_access, has_way_in
from .rules import (
    ALL_FILED,
    CHASED,
    NOTHING_FILED,
    OPEN,
    STAGES,
    STATE_LABELS,
    WAITS_ON,
    Facts,
    Pace,
    State,
    refusal_to_mark,
    send_on,
    way_in_words,
)


@dataclass(frozen=True)
class SetUp:
    """A client is to be assessed with an instrument."""

    assessment: Assessment
    by: User | None


@dataclass(frozen=True)
class BatteryApplied:
    """What a program's battery consists of is set up."""

    engagement: Engagement
    by: User | None


@dataclass(frozen=True)
class StateChanged:
    """An assessment got further, or was put back."""

    assessment: Assessment
    was: State
    by: User | None


@atomic
def set_up(
    client: Client,
    instrument: Instrument,
    *,
    engagement: Engagement | None = None,
    item: BatteryItem | None = None,
    due: date | None = None,
    by: User | None,
) -> Assessment:
    """A row for this client and instrument; another round when there was one before."""
    now = clock.now()
    assessment = Assessment.create(
        client=client,
        engagement=engagement,
        instrument=instrument,
        item=item,
        round=Assessment.rounds(client, instrument) + 1,
        due_on=due,
        send_on=send_on(due, Pace(instrument.answer_days, instrument.report_days)),
        waiting_since=now,
        created_at=now,
        by=by,
    )
    timeline.record(client, Kind.CHANGE, f"{assessment.label} is to be done", by=by, href=assessment.page)
    announce(SetUp(assessment, by))
    return assessment


@atomic
def set_up_by_hand(
    client: Client,
    instrument: Instrument,
    *,
    engagement: Engagement | None,
    due: date | None,
    code: Code | None,
    by: User,
) -> Assessment:
    """One more assessment, with its way in where somebody has it already.

    Raises Refused when that is none, or somebody has it.
    """
    assessment = set_up(client, instrument, engagement=engagement, due=due, by=by)
    if code is not None:
        hand_in(assessment, code, version=assessment.version, by=by)
    return assessment


@atomic
def apply_battery(engagement: Engagement, battery: Battery, *, by: User | None) -> list[Assessment]:
    """Set up each instrument of a battery for a program, due relative to it; what was set up from it is left alone."""
    there = {row.item_id for row in Assessment.select(Assessment.item).where(Assessment.engagement == engagement)}
    found = [
        set_up(
            engagement.client,
            item.instrument,
            engagement=engagement,
            item=item,
            due=_due_on(item, engagement),
            by=by,
        )
        for item in BatteryItem.of(battery)
        if item.id not in there
    ]
    announce(BatteryApplied(engagement, by))
    return found


def _due_on(item: BatteryItem, engagement: Engagement) -> date | None:
    return due_on(
        item.item,
        kickoff_on=engagement.kickoff_on or engagement.starts_on,
        starts_on=engagement.starts_on,
        ends_on=engagement.ends_on,
    )


# When it is due -------------------------------------------------------------------------------------------------------


@atomic
def change_due(assessment: Assessment, due: date | None, *, version: int, by: User) -> None:
    """Choose the day by hand: from now on it stays when the program moves.

    Raises Stale when somebody changed the assessment since `version`.
    """
    assessment = _unchanged(assessment, version)
    if assessment.due_on == due:
        return
    assessment.is_due_by_hand = True
    _make_due(assessment, due)
    said = f"is due on {due.day} {due:%B}" if due else "is due on no day any more"
    _note(assessment, said, by)


@atomic
def follow_days(engagement: Engagement) -> None:
    """The kickoff, or another day of the program, moved: what counts from it moves with it, unless it was chosen by
    hand or answered.
    """
    rows = Assessment.of_program(engagement).select_extend(BatteryItem).switch(Assessment).join(BatteryItem)
    for row in rows.where(~Assessment.is_due_by_hand, Assessment.still_open()):
        due = _due_on(row.item, engagement)
        if due != row.due_on:
            _make_due(row, due)


def _make_due(assessment: Assessment, due: date | None) -> None:
    assessment.due_on, assessment.send_on = due, send_on(due, assessment.pace)
    assessment.version += 1
    assessment.save()


# Access ---------------------------------------------------------------------------------------------------------------


@atomic
def give_code(assessment: Assessment, *, by: User) -> Credential:
    """A code out of the stock for the client, unless there is one that works. Raises Refused when none is left."""
    assessment = _as_it_is(assessment)
    today = clock.now().date()
    if has_way_in(assessment, today):
        return Credential.get_by_id(assessment.credential_id)
    code = credentials.take(assessment.instrument, client=assessment.client, today=today, by=by)
    assessment.credential = code
    assessment.save()
    return code


@atomic
def hand_in(assessment: Assessment, code: Code, *, version: int, by: User) -> None:
    """The client gets this way in, which somebody got from the vendor. One held before, and never sent, comes back.

    Raises Refused when it is none, or somebody has it; Stale when the assessment was changed since `version`.
    """
    assessment = _unchanged(assessment, version)
    if not assessment.is_open:
        raise Refused("It is answered already, so nobody needs a way in.")
    held = assessment.credential if assessment.credential_id else None
    assessment.credential = credentials.hand_in(assessment.instrument, code, client=assessment.client, by=by)
    assessment.version += 1
    assessment.save()
    if held is not None and held.state is CodeState.GIVEN and not _was_told(assessment):
        credentials.end(held, CodeState.RETURNED, by=by)
    _note(assessment, f"a {WAY_WORDS[assessment.instrument.way][0]} was typed in", by)


@atomic
def send(wanted: Mapping[int, int], *, by: User) -> int:
    """Mail the clients their ways in, each assessment its own; how many. `wanted` is ids with the versions seen.

    All of them or none: raises Refused with the reason. Codes out of the stock are given in the same transaction.
    """
    today = clock.now().date()
    rows = list(
        Assessment.with_access().where(Assessment.id.in_(list(wanted))).order_by(Assessment.send_on, Assessment.id)
    )
    if changed := next((row for row in rows if row.version != wanted[row.id]), None):
        raise Refused(f"{changed.label} of {changed.client.name} was changed meanwhile. Look at the mails again.")
    foreseen = foresee_access(rows, today)
    if refused := next((each for each in foreseen if each.refusal), None):
        raise Refused(f"{refused.assessment.label} of {refused.assessment.client.name}: {refused.refusal}")
    for each in foreseen:
        _send(each.assessment, today, by)
    return len(foreseen)


def _send(assessment: Assessment, today: date, by: User) -> None:
    """Queued before it is marked, so that who listens to the mark finds the mail on its way."""
    code = give_code(assessment, by=by)
    client, program = assessment.client, assessment.engagement if assessment.engagement_id else None
    mail.call_off(assessment.public_id)
    mail.queue(
        ACCESS,
        to=(client.name, client.email),
        fields=fields_of(assessment, today),
        code=way_in_words(code.login, code.secret, assessment.instrument.way),
        client=client,
        about=assessment.public_id,
        reply_to=Serving.desk_address(program.coach if program and program.coach_id else client.coach),
        by=by,
    )
    if assessment.state is State.SET_UP:
        mark(assessment, State.ACCESS_SENT, facts=NOTHING_FILED, by=by)
    else:
        _invite_again(assessment, by)


def _invite_again(assessment: Assessment, by: User) -> None:
    assessment = _as_it_is(assessment)
    assessment.invited_at = assessment.waiting_since = clock.now()
    assessment.waiting_on_name = WAITS_ON[assessment.state]
    assessment.version += 1
    assessment.save()
    _note(assessment, "access sent again", by)


@atomic
def take_ball(public_id: str) -> None:
    """The mail that gave access did not leave: the client has nothing to go on, so it is our turn."""
    assessment = Assessment.with_people().where(Assessment.public_id == public_id).first()
    if assessment is not None and assessment.state in CHASED:
        assessment.waiting_on_name, assessment.waiting_since = Party.US, clock.now()
        assessment.version += 1
        assessment.save()


def _was_told(assessment: Assessment) -> bool:
    """Whether somebody outside knows, or may know, the way in: a mail with it left, or somebody told it by hand."""
    mails = Message.select(Message.state_name, Message.answer).where(Message.about == assessment.public_id)
    if any(may_have_left(each.state, each.answer) for each in mails.where(Message.kind == ACCESS)):
        return True
    return assessment.invited_at is not None and not mails.where(Message.kind == ACCESS).exists()


# How far it is --------------------------------------------------------------------------------------------------------


@atomic
def mark(
    assessment: Assessment,
    to: State,
    *,
    facts: Facts,
    by: User | None,
    at: datetime | None = None,
    version: int | None = None,
) -> Assessment:
    """Say how far an assessment is, by hand or because something happened. Going back forgets what came after.

    Raises Refused with the reason when it may not be marked so, Stale when somebody changed it since `version`.
    """
    assessment = _as_it_is(assessment) if version is None else _unchanged(assessment, version)
    was, now = assessment.state, clock.now()
    if was is to:
        return assessment
    if refusal := refusal_to_mark(was, to, facts):
        raise Refused(refusal)
    is_back = STAGES.index(to) < STAGES.index(was)
    assessment.state_name, assessment.version = to, assessment.version + 1
    assessment.waiting_on_name, assessment.waiting_since = WAITS_ON[to], now
    if at or not is_back or getattr(assessment, MOMENTS[to]) is None:
        setattr(assessment, MOMENTS[to], at or now)
    for later in STAGES[STAGES.index(to) + 1 :]:
        setattr(assessment, MOMENTS[later], None)
    assessment.save()
    _follow_mark(assessment, was)
    sentence = f"{assessment.label}: {STATE_LABELS[to].lower()}"
    timeline.record(assessment.client, Kind.CHANGE, sentence, by=by, href=assessment.page, happened_at=at)
    announce(StateChanged(assessment, was, by))
    return assessment


def _follow_mark(assessment: Assessment, was: State) -> None:
    """Nobody is mailed about what is done or not asked any more; the client part opens and shuts with its release."""
    if assessment.state not in CHASED:
        mail.call_off(assessment.public_id)
    if State.RELEASED in (was, assessment.state):
        audience = Audience.CLIENT if assessment.state is State.RELEASED else Audience.TEAM
        for report in Report.client_parts(assessment):
            files.set_audience(report.document, audience)


@atomic
def take_back(assessment: Assessment, standing: dict[str, Any], *, by: User) -> None:
    """Undo a mark: everything is as it was before it (`Assessment.standing`), the dates too."""
    assessment = Assessment.with_people().where(Assessment.id == assessment.id).get()
    was = assessment.state
    for name, value in standing.items():
        setattr(assessment, name, value)
    assessment.version += 1
    assessment.save()
    _follow_mark(assessment, was)
    sentence = f"{assessment.label}: {STATE_LABELS[assessment.state].lower()} again"
    timeline.record(assessment.client, Kind.CHANGE, sentence, by=by, href=assessment.page)
    announce(StateChanged(assessment, was, by))


@atomic
def note_answer(assessment: Assessment, *, waits_on: Party, at: datetime, by: User | None) -> None:
    """The client is done; others who answer about her may not be, so it is not completed by that."""
    assessment = _as_it_is(assessment)
    assessment.answered_at = assessment.answered_at or at
    assessment.waiting_on_name, assessment.waiting_since = waits_on, clock.now()
    assessment.version += 1
    assessment.save()
    mail.call_off(assessment.public_id)
    _note(assessment, "answered by the client", by)


@atomic
def forget_code(code: Credential) -> None:
    """A code came back into stock: no assessment holds it any more, so that it can be given to somebody else."""
    Assessment.update(credential=None).where(Assessment.credential == code).execute()


@atomic
def hold_debrief(session: CoachingSession, *, by: User | None) -> None:
    """A debrief was held: what was packaged for the client is debriefed. Taken back, so is that."""
    is_held = session.state is Held.HELD
    now, then = (State.PACKAGED, State.DEBRIEFED) if is_held else (State.DEBRIEFED, State.PACKAGED)
    rows = Assessment.with_people().where(Assessment.client == session.client, Assessment.state_name == now)
    if session.engagement_id:
        rows = rows.where(Assessment.engagement.is_null() | (Assessment.engagement == session.engagement))
    if not is_held:
        rows = rows.where(Assessment.debriefed_at == session.starts_at)
    for row in rows:
        mark(row, then, facts=ALL_FILED, by=by, at=session.starts_at if is_held else None)


@atomic
def cancel(assessment: Assessment, *, reason: str, by: User | None, version: int | None = None) -> None:
    """Take an assessment off the board; a code that nobody was told goes back into stock.

    Raises Refused once somebody has answered: what was done stays. Stale when it was changed since `version`.
    """
    assessment = _as_it_is(assessment) if version is None else _unchanged(assessment, version)
    if assessment.state not in OPEN:
        raise Refused("Somebody has answered already, so it cannot be cancelled. Put it back first if that was a slip.")
    mail.call_off(assessment.public_id)
    code, was, was_told = assessment.credential if assessment.credential_id else None, assessment.state, False
    if code is not None:
        was_told = _was_told(assessment)
    assessment.credential, assessment.reason = (code if was_told else None), reason
    assessment.state_name, assessment.version = State.CANCELLED, assessment.version + 1
    assessment.waiting_on_name, assessment.cancelled_at = WAITS_ON[State.CANCELLED], clock.now()
    assessment.save()
    if code is not None and code.state is CodeState.GIVEN and not was_told:
        credentials.end(code, CodeState.RETURNED, by=by)
    _note(assessment, f"cancelled ({reason})" if reason else "cancelled", by)
    announce(StateChanged(assessment, was, by))


@atomic
def close(engagement: Engagement, *, by: User | None) -> None:
    """The program is over: what was only set up is cancelled, and so is what was asked by a mail that did not leave."""
    for row in list(Assessment.of_program(engagement).where(Assessment.still_open())):
        mail.call_off(row.public_id)
        if row.state is State.SET_UP or not _was_told(row):
            cancel(row, reason="The program is over", by=by)


# Reports --------------------------------------------------------------------------------------------------------------


@atomic
def file_report(public_id: str, document: Document, part: Part, *, by: User) -> None:
    """A document is a part of an assessment's report: it is completed, and once all parts are in, so is the report.

    An assessment that was cancelled meanwhile, or is another client's, gets nothing: the document stays in the library.
    """
    found = Assessment.with_people().where(Assessment.public_id == public_id, Assessment.client == document.client)
    assessment = found.where(Assessment.state_name != State.CANCELLED).first()
    if assessment is None:
        return
    Report.create(assessment=assessment, document=document, part_name=part)
    files.be_report(document, assessment.instrument)
    missing = _missing_parts(assessment)
    to = State.COMPLETED if missing else State.REPORT_IN
    if STAGES.index(assessment.state) < STAGES.index(to):
        assessment = mark(assessment, to, facts=assessment.facts(by, has_package=False), by=by)
    if missing:
        sentence = f"{assessment.label}: the {PART_LABELS[missing[0]].lower()} is still missing"
        timeline.record(assessment.client, Kind.CHANGE, sentence, by=by, href=assessment.page)


@atomic
def take_report_out(document: Document, *, by: User) -> None:
    """A document was no part of a report after all; what lacks a part now is no longer in."""
    report = Report.get_or_none(Report.document == document)
    if report is None:
        return
    assessment = Assessment.with_people().where(Assessment.id == report.assessment_id).get()
    report.delete_instance()
    files.hold(document, Hold.NOT)
    if assessment.state in (State.REPORT_IN, State.PACKAGED) and _missing_parts(assessment):
        mark(assessment, State.COMPLETED, facts=assessment.facts(by, has_package=False), by=by)


@atomic
def follow_version(was: Document, now: Document) -> None:
    """Another file counts in the place of a report's."""
    if Report.update(document=now).where(Report.document == was).execute():
        files.hold(was, Hold.NOT)
        files.hold(now, Hold.REPORT)


def _missing_parts(assessment: Assessment) -> list[Part]:
    """The parts of its report that are not filed; needs the instrument."""
    filed = {report.part for report in Report.select().where(Report.assessment == assessment)}
    return [part for part in assessment.instrument.parts if part not in filed]


def _as_it_is(assessment: Assessment) -> Assessment:
    """The row read anew, inside the transaction that changes it."""
    return Assessment.with_access().where(Assessment.id == assessment.id).get()


def _unchanged(assessment: Assessment, version: int) -> Assessment:
    now = _as_it_is(assessment)
    if now.version != version:
        raise Stale(f"Somebody else changed {now.label} meanwhile. Look at it again.")
    return now


def _note(assessment: Assessment, said: str, by: User | None) -> None:
    timeline.record(assessment.client, Kind.CHANGE, f"{assessment.label}: {said}", by=by, href=assessment.page)

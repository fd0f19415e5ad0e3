"""Set assessments up, alone or as a battery; say how far they are; what follows is announced."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..credentials import actions as credentials
from ..credentials.models import Credential
from ..credentials.rules import State as CodeState
from ..db import atomic
from ..engagements.models import Engagement
from ..errors import Refused
from ..events import announce
from ..instruments.models import Battery, BatteryItem, Instrument
from ..instruments.rules import due_on
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import MOMENTS, Assessment
from .rules import OPEN, STAGES, STATE_LABELS, WAITS_ON, Facts, State, refusal_to_mark


@dataclass(frozen=True)
class SetUp:
    """A client is to be assessed with an instrument."""

    assessment: Assessment
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
    lead = timedelta(days=instrument.answer_days + instrument.report_days)
    assessment = Assessment.create(
        client=client,
        engagement=engagement,
        instrument=instrument,
        item=item,
        round=Assessment.rounds(client, instrument) + 1,
        due_on=due,
        send_on=due - lead if due else None,
        waiting_since=now,
        created_at=now,
        by=by,
    )
    timeline.record(client, Kind.CHANGE, f"{assessment.label} is to be done", by=by, href=assessment.page)
    announce(SetUp(assessment, by))
    return assessment


@atomic
def apply_battery(engagement: Engagement, battery: Battery, *, by: User | None) -> list[Assessment]:
    """Set up each instrument of a battery for a program, due relative to it; what was set up from it is left alone."""
    there = {row.item_id for row in Assessment.select(Assessment.item).where(Assessment.engagement == engagement)}
    return [
        set_up(
            engagement.client,
            item.instrument,
            engagement=engagement,
            item=item,
            due=due_on(
                item.item,
                kickoff_on=engagement.kickoff_on or engagement.starts_on,
                starts_on=engagement.starts_on,
                ends_on=engagement.ends_on,
            ),
            by=by,
        )
        for item in BatteryItem.of(battery)
        if item.id not in there
    ]


@atomic
def mark(assessment: Assessment, to: State, *, facts: Facts, by: User | None, at: datetime | None = None) -> Assessment:
    """Say how far an assessment is, by hand or because something happened. Going back forgets what came after.

    Raises Refused with the reason when it may not be marked so.
    """
    assessment = Assessment.with_people().where(Assessment.id == assessment.id).get()
    was, now = assessment.state, clock.now()
    if was is to:
        return assessment
    if refusal := refusal_to_mark(was, to, facts):
        raise Refused(refusal)
    assessment.state_name, assessment.version = to, assessment.version + 1
    assessment.waiting_on_name, assessment.waiting_since = WAITS_ON[to], now
    setattr(assessment, MOMENTS[to], at or now)
    for later in STAGES[STAGES.index(to) + 1 :] if to is not State.CANCELLED else ():
        setattr(assessment, MOMENTS[later], None)
    assessment.save()
    sentence = f"{assessment.label}: {STATE_LABELS[to].lower()}"
    timeline.record(assessment.client, Kind.CHANGE, sentence, by=by, href=assessment.page, happened_at=at)
    announce(StateChanged(assessment, was, by))
    return assessment


@atomic
def take_back(assessment: Assessment, standing: dict[str, Any], *, by: User) -> None:
    """Undo a mark: everything is as it was before it (`Assessment.standing`), the dates too."""
    assessment = Assessment.with_people().where(Assessment.id == assessment.id).get()
    was = assessment.state
    for name, value in standing.items():
        setattr(assessment, name, value)
    assessment.version += 1
    assessment.save()
    sentence = f"{assessment.label}: {STATE_LABELS[assessment.state].lower()} again"
    timeline.record(assessment.client, Kind.CHANGE, sentence, by=by, href=assessment.page)
    announce(StateChanged(assessment, was, by))


@atomic
def give_code(assessment: Assessment, *, by: User) -> Credential:
    """A code out of the stock for the client, unless there is one. Raises Refused when none is left."""
    assessment = Assessment.with_people().where(Assessment.id == assessment.id).get()
    if assessment.credential_id:
        return assessment.credential
    code = credentials.take(assessment.instrument, client=assessment.client, today=clock.now().date())
    assessment.credential = code
    assessment.save()
    return code


@atomic
def forget_code(code: Credential) -> None:
    """A code came back into stock: no assessment holds it any more, so that it can be given to somebody else."""
    Assessment.update(credential=None).where(Assessment.credential == code).execute()


@atomic
def cancel(assessment: Assessment, *, reason: str, by: User) -> None:
    """Take an assessment off the board; a code nobody used goes back into stock.

    Raises Refused once somebody has answered: what was done stays.
    """
    assessment = Assessment.with_people().where(Assessment.id == assessment.id).get()
    if assessment.state not in OPEN:
        raise Refused("Somebody has answered already, so it cannot be cancelled. Put it back first if that was a slip.")
    code, was = assessment.credential, assessment.state
    assessment.credential, assessment.reason = None, reason
    assessment.state_name, assessment.version = State.CANCELLED, assessment.version + 1
    assessment.waiting_on_name, assessment.cancelled_at = WAITS_ON[State.CANCELLED], clock.now()
    assessment.save()
    if code is not None and was is State.SET_UP:
        credentials.end(code, CodeState.RETURNED, by=by)
    timeline.record(assessment.client, Kind.CHANGE, f"{assessment.label} was cancelled", by=by)
    announce(StateChanged(assessment, was, by))

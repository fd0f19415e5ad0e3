"""Start an engagement; tick, skip and pass on its steps; pause, resume, complete and end it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import IntegrityError

from .. import clock
from ..accounts.models import User
from ..clients import actions as clients
from ..clients.models import Client
from ..clients.rules import Party, Status
from ..db import atomic
from ..errors import Refused, Stale
from ..events import announce
from ..firm.models import Firm
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import Engagement, Participant, Step
from .rules import (
    IMPLIED,
    RUNNING,
    State,
    StepKind,
    StepState,
    agreement_is_out,
    change_in_words,
    due_at,
    holding,
    is_agreed,
    next_step,
    opened_too_early,
    ready_at,
    ready_to_open,
    refusal_of_days,
    refusal_of_state,
    refusal_to_change,
    refusal_to_reopen,
    refusal_to_skip,
    refusal_to_tick,
    ticks_itself,
)

CHANGEABLE = frozenset(
    {
        "starts_on", "ends_on", "kickoff_on", "price_cents", "payer_name", "po_number", "shares", "logistics",
        "cancel_hours", "late_is_charged", "place_kind_name", "place",
    }
)  # fmt: skip
"""What may be changed about an engagement after its start; who takes part is `change_participants`."""

PARTS = ("signs", "meets", "reads", "pays")


@dataclass(frozen=True)
class StepsChanged:
    """Steps of an engagement were done, skipped, opened again or passed on; its figures are written."""

    engagement: Engagement
    by: User | None


@dataclass(frozen=True)
class StepOpened:
    """Everything a step needs first is out of the way."""

    step: Step


@dataclass(frozen=True)
class StateChanged:
    """An engagement became active, was paused, resumed, completed or ended."""

    engagement: Engagement
    was: State
    by: User | None


@dataclass(frozen=True)
class PlaceChanged:
    """Where the sessions of a program are is another place now."""

    engagement: Engagement
    by: User


@dataclass(frozen=True)
class PeopleChanged:
    """Another coach, or others at the sponsor, take part."""

    engagement: Engagement


@atomic
def start(
    client: Client,
    terms: Mapping[str, Any],
    *,
    coach: User | None,
    starts_on: date,
    ends_on: date | None,
    payer: str,
    po_number: str,
    participants: Sequence[Mapping[str, Any]],
    steps: Sequence[Mapping[str, Any]],
    by: User | None,
) -> Engagement:
    """A new engagement from a copy of some terms, with its sponsor contacts and steps.

    `participants` are rows of Participant, `steps` of StepTerms. Raises Refused while another onboarding of this client
    is open.
    """
    try:
        engagement = Engagement.create(
            **{name: terms[name] for name in Engagement.TERMS},
            client=client,
            coach=coach,
            starts_on=starts_on,
            ends_on=ends_on,
            payer_name=payer,
            po_number=po_number,
            created_at=clock.now(),
            by=by,
        )
    except IntegrityError as error:
        raise _second_onboarding(client, error) from error
    for row in participants:
        Participant.create(engagement=engagement, **row)
    for row in steps:
        Step.create(engagement=engagement, **{name: row[name] for name in Step.TERMS})
    timeline.record(client, Kind.CHANGE, f"Program “{engagement.name}” started", href=_page_of(client), by=by)
    if client.status in (Status.PROSPECT, Status.FORMER):
        clients.set_status(client, Status.ONBOARDING)
    _settle(engagement, list(Step.of(engagement)), held=None, by=by)
    return engagement


def _second_onboarding(client: Client, error: IntegrityError) -> Exception:
    """The guard in the database (engagement_one_onboarding) in words."""
    if "engagement.client_id" not in str(error):
        return error
    return Refused(f"{client.name} is being onboarded already. Finish that program’s steps or end it first.")


# Steps ----------------------------------------------------------------------------------------------------------------


@atomic
def tick(step: Step, *, reason: str, by: User, kickoff_on: date | None = None) -> None:
    """Say by hand that a step is done, and why we know; the kickoff with its day."""
    engagement, steps, step = _as_they_are(step)
    if refusal := refusal_to_tick(step, reason=reason, kickoff_on=kickoff_on):
        raise Refused(refusal)
    held = _ball(engagement, steps)
    if step.kind is StepKind.KICKOFF_BOOKED:
        engagement.kickoff_on = kickoff_on
    for done in _with_implied(step, steps):
        _put_away(done, StepState.DONE, reason=reason, by=by)
        _note(engagement, f"Ticked by hand: {done.label} ({reason})", by)
    _settle(engagement, steps, held=held, by=by)


@atomic
def skip(step: Step, *, reason: str, by: User) -> None:
    """Go on without a step."""
    engagement, steps, step = _as_they_are(step)
    if refusal := refusal_to_skip(step, reason=reason):
        raise Refused(refusal)
    held = _ball(engagement, steps)
    _put_away(step, StepState.SKIPPED, reason=reason, by=by)
    _note(engagement, f"Skipped: {step.label} ({reason})", by)
    _settle(engagement, steps, held=held, by=by)


@atomic
def reopen(step: Step, *, by: User) -> None:
    """Undo a tick or a skip that was made by hand."""
    engagement, steps, step = _as_they_are(step)
    if refusal := refusal_to_reopen(step):
        raise Refused(refusal)
    held = _ball(engagement, steps)
    if step.kind is StepKind.KICKOFF_BOOKED:
        engagement.kickoff_on = None
    step.state_name = StepState.OPEN if step.opened_at else StepState.WAITING
    step.done_at, step.reason, step.by = None, "", None
    step.save()
    _note(engagement, f"Opened again: {step.label}", by)
    _begin_again(engagement)
    _settle(engagement, steps, held=held, by=by)


@atomic
def happened(engagement: Engagement, kind: StepKind, *, by: User | None = None) -> None:
    """The thing a step stands for has happened: the step ticks itself. Nothing when there is none, or it is gone."""
    engagement, steps = _now(engagement)
    found = next((step for step in steps if step.kind is kind and not step.is_gone), None)
    if found is None or engagement.state not in RUNNING:
        return
    held = _ball(engagement, steps)
    for done in _with_implied(found, steps):
        _tick_itself(engagement, done, by)
    _settle(engagement, steps, held=held, by=by)


@atomic
def book_kickoff(engagement: Engagement, on: date, *, by: User | None) -> None:
    """The kickoff is booked for a day, or for another one now; its step ticks itself."""
    engagement, steps = _now(engagement)
    if engagement.kickoff_on != on:
        held = _ball(engagement, steps)
        engagement.kickoff_on = on
        engagement.save()
        _settle(engagement, steps, held=held, by=by)
    happened(engagement, StepKind.KICKOFF_BOOKED, by=by)


@atomic
def lose_kickoff(engagement: Engagement, *, by: User | None) -> None:
    """The kickoff was cancelled: there is no day for it, and its step is open again."""
    engagement, steps = _now(engagement)
    step = next((each for each in steps if each.kind is StepKind.KICKOFF_BOOKED and each.is_gone), None)
    if engagement.kickoff_on is None or engagement.state not in RUNNING:
        return
    held = _ball(engagement, steps)
    engagement.kickoff_on = None
    if step is not None:
        step.state_name = StepState.OPEN if step.opened_at else StepState.WAITING
        step.done_at, step.reason, step.by = None, "", None
        step.save()
        _begin_again(engagement)
    _settle(engagement, steps, held=held, by=by)


@atomic
def wait_on(engagement: Engagement, kind: StepKind, party: Party) -> None:
    """Pass the ball of a step that is open or waiting."""
    engagement, steps = _now(engagement)
    found = next((step for step in steps if step.kind is kind and not step.is_gone), None)
    if found is None or found.waiting_on is party or engagement.state not in RUNNING:
        return
    held = _ball(engagement, steps)
    found.waiting_on_name = party
    found.since = clock.now() if found.state is StepState.OPEN else None
    found.save()
    _settle(engagement, steps, held=held, by=None)


@atomic
def add_step(
    engagement: Engagement,
    *,
    label: str,
    waiting_on: Party,
    target_days: int | None,
    needs: Sequence[Step] = (),
    by: User,
) -> Step:
    """One more step in an onboarding that runs."""
    engagement, steps = _now(engagement)
    if not engagement.is_onboarding:
        raise Refused("The onboarding is over, so nothing can be added to it.")
    held = _ball(engagement, steps)
    keys = {step.key for step in steps}
    step = Step.create(
        engagement=engagement,
        position=max((each.position for each in steps), default=0) + 1,
        key=next(key for number in range(1, len(keys) + 2) if (key := f"own-{number}") not in keys),
        label=label,
        waiting_on_name=waiting_on,
        target_days=target_days,
        needs=" ".join(need.key for need in needs if need.key in keys),
    )
    _note(engagement, f"Step added: {label}", by)
    _settle(engagement, [*steps, step], held=held, by=by)
    return step


@atomic
def look_ahead() -> None:
    """By the clock: what is late is done today at the earliest, so with every day the rest comes later."""
    for engagement in Engagement.unready(clock.now()):
        _write_figures(engagement, list(Step.of(engagement)))


def _as_they_are(step: Step) -> tuple[Engagement, list[Step], Step]:
    """The engagement and its steps as they are now, of an engagement that runs."""
    engagement, steps = _now(step.engagement)
    if engagement.state not in RUNNING:
        raise Refused("This program is over. Its steps stay as they are.")
    found = next((each for each in steps if each.id == step.id), None)
    if found is None:
        raise Refused("This step is gone. Open the page again.")
    return engagement, steps, found


def _now(engagement: Engagement) -> tuple[Engagement, list[Step]]:
    now = Engagement.with_client().where(Engagement.id == engagement.id).get()
    return now, list(Step.of(now))


def _with_implied(step: Step, steps: Sequence[Step]) -> list[Step]:
    """The step, after one that must have happened with it."""
    implied = [each for each in steps if each.kind is IMPLIED.get(step.kind) and not each.is_gone]
    return [*implied, step]


def _put_away(step: Step, state: StepState, *, reason: str = "", by: User | None = None) -> None:
    step.state_name, step.done_at, step.reason, step.by = state, clock.now(), reason, by
    step.save()


def _tick_itself(engagement: Engagement, step: Step, by: User | None = None) -> None:
    _put_away(step, StepState.DONE)
    _note(engagement, f"Step done: {step.label}", by)


def _begin_again(engagement: Engagement) -> None:
    """An onboarding that was over has a step again, if no other runs by now."""
    engagement.onboarded_at = None
    try:
        engagement.save()
    except IntegrityError as error:
        raise _second_onboarding(engagement.client, error) from error


def _note(engagement: Engagement, sentence: str, by: User | None) -> None:
    timeline.record(engagement.client, Kind.CHANGE, sentence, href=_page_of(engagement.client), by=by)


def _page_of(client: Client) -> str:
    return f"/clients/{client.public_id}/program"


# What follows from the steps ------------------------------------------------------------------------------------------


def _settle(engagement: Engagement, steps: list[Step], *, held: "Ball | None", by: User | None) -> None:
    """Open what can open, write the figures, pass the ball when another step holds things up now, and tell of it.

    `held` is the ball as it was before: one that somebody passed by hand stays while the same step holds things up.
    """
    opened = _open_and_close(engagement, steps)
    was = engagement.state
    if was is State.DRAFT and is_agreed(steps):
        _set_state(engagement, State.ACTIVE)
        _note(engagement, f"Program “{engagement.name}” is active", by)
    was_onboarded = engagement.onboarded_at is not None
    _write_figures(engagement, steps)
    if engagement.onboarded_at and not was_onboarded:
        _note(engagement, f"Ready for the kickoff{_on_its_day(engagement)}", None)
    ball = _ball(engagement, steps)
    if ball != held:
        _pass(engagement.client, ball or Ball(Party.NOBODY, "", None))
    if engagement.state is not was:
        announce(StateChanged(engagement, was, by))
    for step in opened:
        announce(StepOpened(step))
    announce(StepsChanged(engagement, by))


def _open_and_close(engagement: Engagement, steps: list[Step]) -> list[Step]:
    """Open what needs nothing any more, until nothing opens by it; shut what opened too early. What is newly open."""
    now = clock.now()
    for step in opened_too_early(steps):
        step.state_name, step.opened_at, step.since = StepState.WAITING, None, None
        step.save()
    opened = []
    while ready := ready_to_open(steps):
        for step in ready:
            step.state_name, step.opened_at, step.since = StepState.OPEN, now, now
            step.save()
            if ticks_itself(step):
                _tick_itself(engagement, step)
            else:
                opened.append(step)
    return opened


def _write_figures(engagement: Engagement, steps: Sequence[Step]) -> None:
    now = clock.now()
    gone = sum(step.is_gone for step in steps)
    engagement.steps_done, engagement.steps_total = gone, len(steps)
    if gone == len(steps) and engagement.onboarded_at is None:
        engagement.onboarded_at = now
    ready = ready_at(steps, now)
    engagement.ready_on = (ready or engagement.onboarded_at or now).astimezone(_zone()).date()
    engagement.due_at = _due_at(engagement, steps)
    engagement.save()


def _due_at(engagement: Engagement, steps: Sequence[Step]) -> datetime | None:
    """When somebody should look: the step that holds things up is late, or the day of the kickoff has passed."""
    if engagement.state not in (State.DRAFT, State.ACTIVE):
        return None
    if engagement.onboarded_at is None:
        step = holding(steps)
        return due_at(step) if step else None
    return engagement.kickoff_on and datetime.combine(engagement.kickoff_on + timedelta(days=1), time(), _zone())


def _zone() -> ZoneInfo:
    return ZoneInfo(Firm.home_zone())


@dataclass(frozen=True)
class Ball:
    """Who has to do what, and since when."""

    party: Party
    words: str
    since: datetime | None


def _ball(engagement: Engagement, steps: Sequence[Step]) -> Ball | None:
    """What the engagement asks for now; None when it asks for nothing."""
    if engagement.state not in (State.DRAFT, State.ACTIVE):
        return None
    if engagement.onboarded_at:
        return _ball_of_kickoff(engagement)
    step = holding(steps)
    return Ball(step.waiting_on, next_step(step), step.since) if step else None


def _ball_of_kickoff(engagement: Engagement) -> Ball | None:
    """The steps are gone: the coach holds the kickoff; without a day for it somebody must still find one."""
    if engagement.kickoff_on is None:
        return Ball(Party.US, "Book the kickoff", engagement.onboarded_at)
    if engagement.kickoff_on < clock.now().astimezone(_zone()).date():
        return None
    party = Party.COACH if engagement.coach_id else Party.US
    return Ball(party, f"Hold the kickoff{_on_its_day(engagement)}", engagement.onboarded_at)


def _on_its_day(engagement: Engagement) -> str:
    on = engagement.kickoff_on
    return f" on {on.day} {on:%B}" if on else ""


def _pass(client: Client, ball: Ball) -> None:
    clients.pass_ball(client, ball.party, ball.words)
    if ball.since and client.waiting_since != ball.since:
        client.waiting_since = ball.since
        client.save()


# States ---------------------------------------------------------------------------------------------------------------


@atomic
def pause(engagement: Engagement, *, by: User) -> None:
    """Stop the clock: nothing is late and nobody is waited on until it goes on."""
    engagement, steps, was = _go_to(engagement, State.PAUSED)
    _tell(engagement, steps, "is paused", was, by, ball=Ball(Party.NOBODY, "Paused", None), status=Status.PAUSED)


@atomic
def resume(engagement: Engagement, *, by: User) -> None:
    """Go on; what was open has its target days anew."""
    engagement, steps, was = _go_to(engagement, State.ACTIVE)
    if was is not State.PAUSED:
        raise Refused("This program is not paused.")
    now = clock.now()
    for step in steps:
        if step.state is StepState.OPEN:
            step.opened_at = step.since = now
            step.save()
    ball = _ball(engagement, steps) or Ball(Party.US, "Plan what comes next", None)
    status = Status.ONBOARDING if engagement.is_onboarding else Status.ACTIVE
    _tell(engagement, steps, "goes on", was, by, ball=ball, status=status)


@atomic
def complete(engagement: Engagement, *, by: User) -> None:
    """It has run to its end."""
    engagement, steps, was = _go_to(engagement, State.COMPLETED)
    _tell(engagement, steps, "is completed", was, by, ball=Ball(Party.US, "Close or renew", None))


@atomic
def end_early(engagement: Engagement, *, reason: str, by: User) -> None:
    """It stops before its end; the reason stays with it."""
    engagement, steps, was = _go_to(engagement, State.ENDED, reason=reason)
    _tell(engagement, steps, f"ended early ({reason})", was, by, ball=Ball(Party.US, "Close the file", None))


def _go_to(engagement: Engagement, to: State, *, reason: str = "") -> tuple[Engagement, list[Step], State]:
    engagement, steps = _now(engagement)
    was, is_onboarded = engagement.state, engagement.onboarded_at is not None
    if refusal := refusal_of_state(was, to, is_onboarded=is_onboarded, reason=reason):
        raise Refused(refusal)
    engagement.reason = reason
    _set_state(engagement, to)
    return engagement, steps, was


def _set_state(engagement: Engagement, to: State) -> None:
    engagement.state_name = to
    engagement.save()


def _tell(
    engagement: Engagement,
    steps: Sequence[Step],
    how: str,
    was: State,
    by: User,
    *,
    ball: Ball,
    status: Status | None = None,
) -> None:
    """Write down a change of state, with whose turn it is by it."""
    _write_figures(engagement, steps)
    if status and engagement.client.status is not status:
        clients.set_status(engagement.client, status)
    _pass(engagement.client, ball)
    _note(engagement, f"Program “{engagement.name}” {how}", by)
    announce(StateChanged(engagement, was, by))


@atomic
def follow_coach(client: Client) -> None:
    """What is under way passes to whoever coaches the client now, so that no other desk is told of it."""
    for engagement in Engagement.of(client).where(Engagement.state_name.in_(RUNNING)):
        if engagement.coach_id != client.coach_id:
            engagement.coach = client.coach
            engagement.save()
            announce(PeopleChanged(engagement))


# Terms and people -----------------------------------------------------------------------------------------------------


@atomic
def change(engagement: Engagement, values: Mapping[str, Any], *, version: int, by: User) -> None:
    """Change any of CHANGEABLE. The dated obligations follow from the first and the last day, so they move with them.

    Raises Stale when somebody saved it since `version`; Refused for what an agreement has fixed.
    """
    engagement, steps = _not_changed_since(engagement, version)
    wanted = {name: value for name, value in values.items() if name in CHANGEABLE}
    changed = [name for name in sorted(wanted) if getattr(engagement, name) != wanted[name]]
    if not changed:
        return
    if refusal := refusal_to_change(engagement.state, changed, is_out=agreement_is_out(steps)):
        raise Refused(refusal)
    held = _ball(engagement, steps)
    for name in changed:
        setattr(engagement, name, wanted[name])
    if refusal := refusal_of_days(engagement.starts_on, engagement.ends_on):
        raise Refused(refusal)
    engagement.version += 1
    engagement.save()
    _note(engagement, change_in_words(changed), by)
    _settle(engagement, steps, held=held, by=by)
    if not {"place_kind_name", "place"}.isdisjoint(changed):
        announce(PlaceChanged(engagement, by))


@atomic
def change_participants(engagement: Engagement, rows: Sequence[Mapping[str, Any]], *, version: int, by: User) -> None:
    """Say anew who at the sponsor takes part and how: rows of Participant, each with its contact.

    Raises Stale when somebody saved it since `version`.
    """
    engagement, steps = _not_changed_since(engagement, version)
    was = {part.contact_id: _parts(part.__data__) for part in Participant.of(engagement)}
    wanted = {row["contact"].id: _parts(row) for row in rows if any(_parts(row))}
    if any(row["contact"].organisation_id != engagement.client.organisation_id for row in rows):
        raise Refused("This contact belongs to another sponsor.")
    if was == wanted:
        return
    signing = [{contact for contact, parts in side.items() if parts[0]} for side in (was, wanted)]
    fields = ["signs"] if signing[0] != signing[1] else ["parts"]
    if refusal := refusal_to_change(engagement.state, fields, is_out=agreement_is_out(steps)):
        raise Refused(refusal)
    Participant.delete().where(Participant.engagement == engagement).execute()
    for contact, parts in wanted.items():
        Participant.create(engagement=engagement, contact=contact, **dict(zip(PARTS, parts, strict=True)))
    engagement.version += 1
    engagement.save()
    _note(engagement, "Changed who at the sponsor takes part, and how", by)
    announce(PeopleChanged(engagement))


def _parts(row: Mapping[str, Any]) -> tuple[bool, ...]:
    return tuple(bool(row.get(part)) for part in PARTS)


def _not_changed_since(engagement: Engagement, version: int) -> tuple[Engagement, list[Step]]:
    engagement, steps = _now(engagement)
    if engagement.version != version:
        raise Stale("Somebody else changed this program while you were typing.")
    return engagement, steps

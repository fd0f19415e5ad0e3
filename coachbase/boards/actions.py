"""Lay out the boards, put clients and assessments on them, move cards and take moves back; arrange the stages."""

import json
from collections.abc import Sequence
from datetime import datetime

from peewee import fn

from .. import clock
from ..accounts.models import User
from ..assessments import actions as assessments
from ..assessments.models import Assessment
from ..assessments.rules import OPEN, State
from ..clients import actions as clients
from ..clients.models import Client
from ..clients.rules import Party, Status
from ..db import atomic
from ..engagements.models import Engagement, Step
from ..engagements.rules import RUNNING
from ..errors import Refused, Stale
from ..packages.models import Package
from ..sessions.models import CoachingSession
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import Board, Card, Move, Stage
from .rules import (
    DEFAULT_OF,
    GAP,
    STAGE_OF,
    STAGES_OF,
    Column,
    StageMeaning,
    ball_of_chemistry,
    place_between,
    refusal_to_delete,
    refusal_to_hide,
    refusal_to_move,
    stage_of_state,
    stage_reached,
    stages_of,
    state_of,
)


@atomic
def lay_out() -> None:
    """Make the boards with their stages."""
    for slug, defaults in STAGES_OF.items():
        board = Board.create(slug=slug)
        for number, default in enumerate(defaults, start=1):
            Stage.create(
                board=board,
                name=default.name,
                meaning_name=default.meaning,
                position=number,
                target_days=default.target_days,
            )


@atomic
def put_on_board(client: Client) -> Card:
    """Put a new client's card on top of the stage that fits the status; the first stage when that one is hidden."""
    board = Board.onboarding()
    open_stages = list(Stage.open_of(board))
    wanted = STAGE_OF[client.status]
    stage = next((stage for stage in open_stages if stage.meaning is wanted), open_stages[0])
    card = _put_on_top(stage, client, client.public_id)
    if not client.next_step:
        _pass_ball(client, stage)
    return card


def _put_on_top(stage: Stage, client: Client, public_id: str, assessment: Assessment | None = None) -> Card:
    """One random id a card and what it is about, not two, keeps a compressed board a third smaller."""
    return Card.create(
        public_id=public_id,
        board=stage.board_id,
        stage=stage,
        client=client,
        assessment=assessment,
        position=_top_of(stage),
        entered_at=clock.now(),
    )


def _top_of(stage: Stage) -> int:
    first = Card.first_of(stage)
    place = place_between(None, first.position if first else None)
    assert place is not None  # above the first there is always room
    return place


@atomic
def move(card: Card, to: Stage, *, before: Card | None, by: User, seen_version: int) -> Card:
    """Put a card in a stage, in front of another or at the end; a new stage passes the ball and sets the status.

    Raises Stale when the card, or the one it was to stand before, was moved since the board was drawn.
    """
    card = _unmoved(card, seen_version)
    to = _still_open(to, card.board_id)
    if before == card:
        return card
    left, (low, high) = card.stage, _neighbours(to, before, card)
    if to == left and (low is None or low < card.position) and (high is None or card.position < high):
        return card
    _put(card, to, _place(to, before, card, low, high), by, since=card.entered_at if to == left else clock.now())
    if to != left:
        _enter(card, to, by)
    return card


@atomic
def undo(card: Card, *, by: User, seen_version: int) -> Card:
    """Take the last move back: the place, the days in the stage, the ball and the status.

    Raises Stale when the card was moved again.
    """
    card = _unmoved(card, seen_version)
    step = Move.get_or_none(Move.card == card, Move.version == seen_version)
    if step is None or step.from_stage is None or step.from_stage.hidden:
        raise Refused("This move cannot be undone any more. Move the card instead.")
    left, back = card.stage, step.from_stage
    _put(card, back, _near(back, step.from_position), by, since=step.entered_at)
    if back != left:
        _go_back(card, step, left, by)
    return card


def _unmoved(card: Card, seen_version: int) -> Card:
    """The card as it is now, if it stands where the board showed it."""
    now = Card.with_client().where(Card.id == card.id).first()
    if now is None:
        raise Stale("This card is gone. The board shows how it stands now.")
    if now.version != seen_version:
        raise Stale(_who_moved(now))
    return now


def _still_open(stage: Stage, board: int) -> Stage:
    """The stage as it is now, if cards of this board may enter it."""
    now = Stage.get_or_none(Stage.id == stage.id)
    if now is None:
        raise Stale(f"{stage.name} was deleted meanwhile. The board shows how it stands now.")
    if refusal := refusal_to_move(now.name, same_board=now.board_id == board, hidden=now.hidden):
        raise Refused(refusal)
    return now


def _who_moved(card: Card) -> str:
    """Whose hand it was; a card that its steps moved has no such hand, so its version is nobody's."""
    last, now = Move.last_of(card), "The board shows how it stands now."
    if last is None or last.version != card.version:
        by_itself = "" if card.assessment_id else " by its steps"
        return f"{card.title} has moved on to {card.stage.name}{by_itself}. {now}"
    if last.to_stage is None:
        return f"{card.title} was moved meanwhile. {now}"
    return f"{last.by.name} has just moved {card.title} to {last.to_stage.name}. {now}"


def _neighbours(stage: Stage, before: Card | None, moving: Card) -> tuple[int | None, int | None]:
    """The places between which the moving card is to stand."""
    others = Card.select(fn.MAX(Card.position)).where(Card.stage == stage, Card.id != moving.id)
    if before is None:
        return others.scalar(), None
    now = Card.get_or_none(Card.id == before.id)
    if now is None or now.stage_id != stage.id:
        # not by its name: on top of a stage may stand a client whom the mover may not see
        raise Stale(f"The card below is no longer in {stage.name}. The board shows how it stands now.")
    return others.where(Card.position < now.position).scalar(), now.position


def _place(stage: Stage, before: Card | None, moving: Card, low: int | None, high: int | None) -> int:
    place = place_between(low, high)
    if place is None:
        _spread(stage)
        return _place(stage, before, moving, *_neighbours(stage, before, moving))
    return place


def _spread(stage: Stage) -> None:
    """Give the cards of a stage room again, beyond all places in use so that no two ever share one."""
    cards = list(Card.select().where(Card.stage == stage).order_by(Card.position))
    beyond = cards[-1].position
    for number, card in enumerate(cards, start=1):
        Card.update(position=beyond + number * GAP).where(Card.id == card.id).execute()


def _near(stage: Stage, position: int) -> int:
    """This place when it is still free, else one right before the card that took it."""
    taken = Card.get_or_none(Card.stage == stage, Card.position == position)
    return position if taken is None else _place(stage, taken, taken, *_neighbours(stage, taken, taken))


def _put(card: Card, to: Stage, position: int, by: User, *, since: datetime) -> None:
    left, client = card.stage, card.client
    card.version += 1
    Move.create(
        card=card,
        version=card.version,
        from_stage=left,
        to_stage=to,
        from_position=card.position,
        entered_at=card.entered_at,
        status_name=client.status_name,
        waiting_on_name=client.waiting_on_name,
        next_step=client.next_step,
        waiting_since=client.waiting_since,
        standing=json.dumps(card.assessment.standing, default=str) if card.assessment_id else "",
        at=clock.now(),
        by=by,
    )
    card.stage, card.position, card.entered_at = to, position, since
    card.save()
    if to != left and not card.assessment_id:
        timeline.record(client, Kind.MOVE, f"Moved from {left.name} to {to.name}", by=by)


def _enter(card: Card, stage: Stage, by: User) -> None:
    """What a stage means for whom or what came into it; the firm's own stages mean nothing.

    Raises Refused when an assessment may not be marked so; the card is put back with all the rest.
    """
    if not card.assessment_id:
        _pass_ball(card.client, stage)
    elif state := state_of(stage.meaning):
        has_package = Package.holds(card.assessment)
        assessments.mark(card.assessment, state, facts=card.assessment.facts(by, has_package=has_package), by=by)
    else:
        timeline.record(card.client, Kind.MOVE, f"{card.assessment.label}: moved to {stage.name}", by=by)


def _go_back(card: Card, step: Move, left: Stage, by: User) -> None:
    if not card.assessment_id:
        _return_ball(card.client, step, left)
    elif card.assessment.state is state_of(left.meaning):  # unless it has got on since
        assessments.take_back(card.assessment, step.stood, by=by)


def _pass_ball(client: Client, stage: Stage) -> None:
    """What entering a stage means for the client; the firm's own stages mean nothing."""
    if stage.meaning is None:
        return
    default = DEFAULT_OF[stage.meaning]
    stays_paused = client.status is Status.PAUSED and stage.is_done
    clients.pass_ball(client, default.waits_on, default.step, status=client.status if stays_paused else default.status)


def _return_ball(client: Client, step: Move, left: Stage) -> None:
    """What the move changed goes back, unless somebody has changed it since."""
    if left.meaning is None:
        return
    default = DEFAULT_OF[left.meaning]
    if (client.waiting_on, client.next_step) == (default.waits_on, default.step):
        clients.pass_ball(client, Party(step.waiting_on_name), step.next_step)
        client.waiting_since = step.waiting_since
        client.save()
    if client.status is default.status:
        clients.set_status(client, Status(step.status_name))


@atomic
def follow_steps(engagement: Engagement, *, by: User | None) -> None:
    """Move the client's card forward to the stage its steps have reached; never back, and only while onboarding.

    The ball is left alone: the step that holds things up has passed it.
    """
    card = Card.with_client().where(Card.client == engagement.client, Card.board == Board.onboarding()).first()
    if card is None or engagement.state not in RUNNING:
        return
    stages = list(Stage.of(card.board))
    steps = [(step.kind, step.is_gone) for step in Step.of(engagement)]
    columns = [Column(stage.meaning, stage.hidden) for stage in stages]
    place = stage_reached(columns, stages.index(card.stage), stages_of(steps))
    if place is None:
        return
    left, to = card.stage, stages[place]
    _lift_to(card, to)
    timeline.record(card.client, Kind.MOVE, f"Moved from {left.name} to {to.name} by its steps", by=by)


def _lift_to(card: Card, stage: Stage) -> None:
    """On top of a stage, where nobody's hand put it."""
    card.stage, card.position = stage, _top_of(stage)
    card.entered_at, card.version = clock.now(), card.version + 1
    card.save()


@atomic
def follow_assessment(assessment: Assessment) -> None:
    """The card of an assessment stands where its state is; a cancelled one has none.

    Also out of a stage of the firm's own, once something happens. What somebody drags is there already.
    """
    card = Card.with_client().where(Card.assessment == assessment).first()
    if assessment.state is State.CANCELLED:
        Card.delete().where(Card.assessment == assessment).execute()
        return
    stages = list(Stage.of(Board.assessments()))
    columns = [Column(stage.meaning, stage.hidden) for stage in stages]
    stage = stages[stage_of_state(columns, assessment.state)]
    if card is None:
        _put_on_top(stage, assessment.client, assessment.public_id, assessment)
    elif card.stage != stage:
        _lift_to(card, stage)


@atomic
def complete(cards: Sequence[Card], *, by: User) -> int:
    """Mark these assessments completed, those in which somebody still had to answer; how many that were."""
    found = [card.assessment for card in cards if card.assessment.state in OPEN]
    for assessment in found:
        assessments.mark(assessment, State.COMPLETED, facts=assessment.facts(by, has_package=False), by=by)
    return len(found)


@atomic
def begin_coaching(client: Client, *, by: User) -> None:
    """The kickoff was held: the card goes on to where clients are coached, unless it stands there or beyond."""
    card = Card.with_client().where(Card.client == client, Card.board == Board.onboarding()).first()
    stage = Stage.open_of(Board.onboarding()).where(Stage.meaning_name == StageMeaning.ACTIVE).first()
    if card is not None and stage is not None and card.stage.position < stage.position:
        move(card, stage, before=Card.first_of(stage), by=by, seen_version=card.version)


@atomic
def follow_chemistry(session: CoachingSession) -> None:
    """With a prospect: a time is to be chosen, then they meet, then somebody asks how it was."""
    client = Client.get_by_id(session.client_id)
    if client.status is Status.PROSPECT and (
        ball := ball_of_chemistry(session.state, client.waiting_on, client.next_step)
    ):
        clients.pass_ball(client, *ball)


@atomic
def add_stage(name: str, target_days: int | None, *, board: Board) -> Stage:
    """Add a stage of the firm's own, at the end of a board."""
    last = Stage.of(board).order_by(Stage.position.desc()).first()
    return Stage.create(board=board, name=name, target_days=target_days, position=last.position + 1)


@atomic
def change_stage(stage: Stage, *, name: str, target_days: int | None) -> None:
    """Rename a stage and set how many days its cards should take."""
    stage.name, stage.target_days = name, target_days
    stage.save()


@atomic
def place_stage(stage: Stage, before: Stage | None) -> None:
    """Put a stage in front of another, or at the end."""
    row = [other for other in Stage.of(stage.board) if other != stage]
    row.insert(row.index(before) if before in row else len(row), stage)
    _number(row)


@atomic
def shift_stage(stage: Stage, by: int) -> None:
    """Move a stage one to the left (-1) or to the right (1)."""
    row = list(Stage.of(stage.board))
    now = row.index(stage)
    row.insert(max(0, now + by), row.pop(now))
    _number(row)


def _number(row: Sequence[Stage]) -> None:
    beyond = max(stage.position for stage in row)
    for number, stage in enumerate(row, start=1):
        Stage.update(position=beyond + number).where(Stage.id == stage.id).execute()


@atomic
def hide_stage(stage: Stage) -> None:
    """Take an empty stage off the board."""
    shown = Stage.open_of(stage.board).where(Stage.id != stage.id).count()
    if refusal := refusal_to_hide(stage.name, cards=stage.cards.count(), others_shown=shown):
        raise Refused(refusal)
    stage.hidden = True
    stage.save()


@atomic
def show_stage(stage: Stage) -> None:
    """Put a hidden stage back on the board."""
    stage.hidden = False
    stage.save()


@atomic
def delete_stage(stage: Stage) -> None:
    """Delete an empty stage of the firm's own."""
    if refusal := refusal_to_delete(stage.name, stage.meaning, cards=stage.cards.count()):
        raise Refused(refusal)
    stage.delete_instance()

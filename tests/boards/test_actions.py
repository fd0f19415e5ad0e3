"""What moving a card does to the card, the client and the timeline; and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from peewee import IntegrityError

from coachbase import clock
from coachbase.availability.models import Availability
from coachbase.availability.rules import SessionKind
from coachbase.boards import actions
from coachbase.boards.models import Board, Card, Move, Stage
from coachbase.boards.rules import StageMeaning
from coachbase.clients import actions as clients
from coachbase.clients.models import Client
from coachbase.clients.rules import Party, Status
from coachbase.db import database, transaction
from coachbase.engagements.models import Engagement, Step
from coachbase.engagements.rules import StepKind, StepState
from coachbase.errors import Refused, Stale
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Side, Via
from coachbase.sessions import actions as sessions
from coachbase.sessions.rules import State as SessionState
from coachbase.timeline.models import Entry


def stage(meaning):
    return Stage.get(Stage.meaning_name == meaning)


def add(name, **values):
    status = values.pop("status", Status.PROSPECT)
    return clients.add({"name": name} | values, how="by hand", status=status)


def card_of(client):
    return Card.get(Card.client == client)


def order(where):
    return [card.client.name for card in Card.select().where(Card.stage == where).order_by(Card.position)]


def sentences(client):
    return [entry.sentence for entry in Entry.select().where(Entry.client == client).order_by(Entry.id)]


def test_founding_a_firm_lays_out_the_board(cast):
    names = [each.name for each in Stage.of(Board.onboarding())]
    expected = ["Inquiry", "Chemistry", "Agreement", "Intake", "Assessments", "Kickoff", "Active", "Closed"]
    assert names == expected


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (Status.PROSPECT, StageMeaning.INQUIRY),
        (Status.ONBOARDING, StageMeaning.AGREEMENT),
        (Status.ACTIVE, StageMeaning.ACTIVE),
        (Status.PAUSED, StageMeaning.ACTIVE),
        (Status.FORMER, StageMeaning.CLOSED),
    ],
)
def test_a_new_client_is_put_on_top_of_the_stage_of_the_status(cast, status, meaning):
    add("First", status=status)
    second = add("Second", status=status)
    assert order(stage(meaning))[:2] == ["Second", "First"]
    assert Client.get_by_id(second.id).status is status


def test_a_new_inquiry_waits_on_us(cast):
    client = Client.get_by_id(add("Ines").id)
    assert (client.waiting_on, client.next_step) == (Party.US, "Reply to inquiry")


def test_a_new_client_finds_a_place_when_the_stage_is_hidden(cast):
    Stage.update(hidden=True).where(Stage.meaning_name == StageMeaning.ACTIVE).execute()
    assert card_of(add("Ines", status=Status.ACTIVE)).stage == stage(StageMeaning.INQUIRY)


def test_a_move_to_another_stage_passes_the_ball_and_stands_on_the_timeline(cast):
    card = card_of(cast.bob)
    moved = actions.move(card, stage(StageMeaning.AGREEMENT), before=None, by=cast.vera, seen_version=card.version)
    bob = Client.get_by_id(cast.bob.id)
    assert (bob.waiting_on, bob.next_step, bob.status) == (Party.CLIENT, "Sign agreement", Status.ONBOARDING)
    assert moved.version == card.version + 1
    assert moved.entered_at > card.entered_at
    assert sentences(bob) == ["Moved from Inquiry to Agreement"]


def test_a_stage_of_the_firms_own_leaves_ball_and_status_alone(cast):
    card, own = card_of(cast.bob), actions.add_stage("Waiting list", None, board=Board.onboarding())
    actions.move(card, own, before=None, by=cast.vera, seen_version=card.version)
    bob = Client.get_by_id(cast.bob.id)
    assert (bob.next_step, bob.status) == ("Reply to inquiry", Status.PROSPECT)
    assert sentences(bob) == ["Moved from Inquiry to Waiting list"]


def test_a_move_within_a_stage_changes_the_order_and_nothing_else(cast):
    grace, ines = add("Grace"), add("Ines")
    inquiry = stage(StageMeaning.INQUIRY)
    assert order(inquiry) == ["Ines", "Grace", "Bob Haddad"]
    bob = card_of(cast.bob)
    moved = actions.move(bob, inquiry, before=card_of(grace), by=cast.vera, seen_version=1)
    assert order(inquiry) == ["Ines", "Bob Haddad", "Grace"]
    assert moved.entered_at == bob.entered_at
    assert sentences(cast.bob) == []
    actions.move(card_of(ines), inquiry, before=None, by=cast.vera, seen_version=1)
    assert order(inquiry) == ["Bob Haddad", "Grace", "Ines"]


def test_a_move_to_where_the_card_stands_is_none(cast):
    add("Grace")
    card = card_of(cast.bob)
    for before in (None, card):
        assert actions.move(card, card.stage, before=before, by=cast.vera, seen_version=1).version == 1
    assert Move.select().count() == 0


def test_a_stale_move_is_refused_and_says_who_moved_the_card_whereto(cast):
    card = card_of(cast.bob)
    actions.move(card, stage(StageMeaning.CHEMISTRY), before=None, by=cast.olive, seen_version=1)
    with pytest.raises(Stale, match="Olive Marsh has just moved Bob Haddad to Chemistry"):
        actions.move(card, stage(StageMeaning.INTAKE), before=None, by=cast.vera, seen_version=1)
    assert card_of(cast.bob).stage == stage(StageMeaning.CHEMISTRY)


def test_a_neighbour_that_has_left_makes_a_move_stale(cast):
    grace = card_of(add("Grace"))
    actions.move(grace, stage(StageMeaning.CHEMISTRY), before=None, by=cast.olive, seen_version=1)
    ines = card_of(add("Ines"))
    with pytest.raises(Stale, match="The card below is no longer in Inquiry"):
        actions.move(ines, stage(StageMeaning.INQUIRY), before=grace, by=cast.vera, seen_version=1)


def test_a_deleted_card_or_stage_makes_a_move_stale(cast):
    card, own = card_of(cast.bob), actions.add_stage("Own", 3, board=Board.onboarding())
    actions.delete_stage(own)
    with pytest.raises(Stale, match="deleted"):
        actions.move(card, own, before=None, by=cast.vera, seen_version=1)
    Card.delete().execute()
    with pytest.raises(Stale, match="gone"):
        actions.move(card, stage(StageMeaning.INTAKE), before=None, by=cast.vera, seen_version=1)


def test_a_hidden_stage_and_another_boards_stage_are_refused(cast):
    card, intake = card_of(cast.bob), stage(StageMeaning.INTAKE)
    actions.hide_stage(intake)
    foreign = stage(StageMeaning.REPORT_IN)
    for to in (intake, foreign):
        with pytest.raises(Refused):
            actions.move(card, to, before=None, by=cast.vera, seen_version=1)
    assert card_of(cast.bob).version == 1


def test_there_is_always_room_between_two_cards(cast):
    inquiry = stage(StageMeaning.INQUIRY)
    for name in ("Low", "High"):
        add(name)
    for _ in range(60):
        last, middle = Card.select().where(Card.stage == inquiry).order_by(Card.position)[1:3]
        wanted = [last.id, middle.id]
        actions.move(middle, inquiry, before=last, by=cast.vera, seen_version=middle.version)
        now = [card.id for card in Card.select().where(Card.stage == inquiry).order_by(Card.position)[1:3]]
        assert now == wanted[::-1]


def test_undo_restores_place_days_ball_and_status(cast):
    grace = add("Grace")
    before = clock.now() - timedelta(days=5)
    Card.update(entered_at=before).execute()
    Client.update(waiting_since=before).execute()
    was = card_of(grace)
    moved = actions.move(was, stage(StageMeaning.ACTIVE), before=None, by=cast.vera, seen_version=1)
    assert Client.get_by_id(grace.id).waiting_since is None
    actions.undo(moved, by=cast.vera, seen_version=moved.version)
    now, client = card_of(grace), Client.get_by_id(grace.id)
    assert (now.stage, now.position, now.entered_at) == (was.stage, was.position, before)
    assert (client.waiting_on, client.next_step, client.waiting_since) == (Party.US, "Reply to inquiry", before)
    assert client.status is Status.PROSPECT
    assert sentences(client)[-1] == "Moved from Active to Inquiry"


def test_undo_is_refused_once_somebody_moved_the_card_again(cast):
    card = card_of(cast.bob)
    moved = actions.move(card, stage(StageMeaning.INTAKE), before=None, by=cast.vera, seen_version=1)
    actions.move(moved, stage(StageMeaning.KICKOFF), before=None, by=cast.olive, seen_version=moved.version)
    with pytest.raises(Stale, match="Olive Marsh"):
        actions.undo(moved, by=cast.vera, seen_version=moved.version)


def test_undo_finds_a_place_when_another_card_took_it(cast):
    grace = add("Grace")
    inquiry = stage(StageMeaning.INQUIRY)
    was = card_of(grace)
    moved = actions.move(was, stage(StageMeaning.INTAKE), before=None, by=cast.vera, seen_version=1)
    Card.update(position=was.position).where(Card.client == cast.bob).execute()
    actions.undo(moved, by=cast.vera, seen_version=moved.version)
    assert order(inquiry) == ["Grace", "Bob Haddad"]


def test_undo_leaves_what_somebody_changed_since(cast):
    moved = actions.move(card_of(cast.bob), stage(StageMeaning.INTAKE), before=None, by=cast.vera, seen_version=1)
    clients.pass_ball(Client.get_by_id(cast.bob.id), Party.SPONSOR, "Countersign")
    actions.undo(moved, by=cast.vera, seen_version=moved.version)
    assert Client.get_by_id(cast.bob.id).next_step == "Countersign"


def test_nothing_moved_is_nothing_to_undo(cast):
    with pytest.raises(Refused):
        actions.undo(card_of(cast.bob), by=cast.vera, seen_version=1)


def test_the_database_itself_refuses_two_cards_in_one_place(cast):
    add("Grace")
    with pytest.raises(IntegrityError):
        Card.update(position=0).execute()
    database.execute_sql("DROP INDEX card_stage_id_position")  # without the guard the same statement goes through
    Card.update(position=0).execute()
    assert Card.select().where(Card.position == 0).count() == 2


def test_stages_are_reordered_hidden_added_and_deleted(cast):
    board = Board.onboarding()
    own = actions.add_stage("Waiting list", 10, board=Board.onboarding())
    actions.place_stage(own, stage(StageMeaning.INQUIRY))
    actions.shift_stage(stage(StageMeaning.CLOSED), -1)
    names = [each.name for each in Stage.of(board)]
    assert names[0] == "Waiting list"
    assert names[-2:] == ["Closed", "Active"]
    actions.hide_stage(own)
    assert own not in Stage.open_of(board)
    actions.show_stage(own)
    actions.delete_stage(own)
    assert Stage.select().where(Stage.name == "Waiting list").count() == 0


def test_a_stage_with_cards_is_neither_hidden_nor_deleted(cast):
    own, card = actions.add_stage("Own", None, board=Board.onboarding()), card_of(cast.bob)
    actions.move(card, own, before=None, by=cast.vera, seen_version=1)
    for refuse in (actions.hide_stage, actions.delete_stage):
        with pytest.raises(Refused, match="1 card"):
            refuse(own)


def test_a_stage_that_cards_passed_through_can_still_be_deleted(cast):
    own, card = actions.add_stage("Own", None, board=Board.onboarding()), card_of(cast.bob)
    there = actions.move(card, own, before=None, by=cast.vera, seen_version=1)
    back = actions.move(there, stage(StageMeaning.INQUIRY), before=None, by=cast.vera, seen_version=2)
    actions.delete_stage(own)
    with pytest.raises(Refused):
        actions.undo(back, by=cast.vera, seen_version=back.version)


def test_whatever_a_board_shows_raises_its_revision(cast):
    def revision():
        return Board.onboarding().revision

    seen = revision()
    for change in (
        lambda: actions.move(card_of(cast.bob), stage(StageMeaning.INTAKE), before=None, by=cast.vera, seen_version=1),
        lambda: clients.pass_ball(Client.get_by_id(cast.bob.id), Party.SPONSOR, "Countersign"),
        lambda: actions.change_stage(stage(StageMeaning.INTAKE), name="Forms", target_days=1),
        lambda: add("Ines"),
    ):
        change()
        assert revision() > seen
        seen = revision()


# Cards that follow their steps ----------------------------------------------------------------------------------------


@pytest.fixture
def engagement(cast):
    """Bob's program: the agreement is to be signed, then a questionnaire to be answered."""
    now = clock.now()
    made = Engagement.create(client=cast.bob, name="Six", currency="GBP", starts_on=now.date(), created_at=now)
    for place, kind in enumerate((StepKind.AGREEMENT_SIGNED, StepKind.QUESTIONNAIRE_ANSWERED), start=1):
        Step.create(engagement=made, position=place, key=kind, kind_name=kind, label=kind, state_name=StepState.OPEN)
    return made


def finish(engagement, kind):
    Step.update(state_name=StepState.DONE).where(Step.engagement == engagement, Step.kind_name == kind).execute()


def test_a_card_goes_where_its_steps_are_on_top_and_says_so(cast, engagement):
    add("Grace", status=Status.ONBOARDING)
    before = card_of(cast.bob)
    actions.follow_steps(engagement, by=cast.vera)
    assert order(stage(StageMeaning.AGREEMENT)) == ["Bob Haddad", "Grace"]
    moved = card_of(cast.bob)
    assert moved.version == before.version + 1
    assert moved.entered_at > before.entered_at
    assert sentences(cast.bob) == ["Moved from Inquiry to Agreement by its steps"]


def test_the_step_keeps_the_ball_when_its_card_moves(cast, engagement):
    clients.pass_ball(cast.bob, Party.SPONSOR, "Sign on the second page")
    actions.follow_steps(engagement, by=None)
    bob = Client.get_by_id(cast.bob.id)
    assert (bob.waiting_on, bob.next_step, bob.status) == (Party.SPONSOR, "Sign on the second page", Status.PROSPECT)


def test_a_card_that_stands_further_stays_and_nothing_is_written(cast, engagement):
    finish(engagement, StepKind.AGREEMENT_SIGNED)
    for meaning in (StageMeaning.KICKOFF, StageMeaning.ACTIVE):
        card = card_of(cast.bob)
        actions.move(card, stage(meaning), before=None, by=cast.vera, seen_version=card.version)
        told, version = sentences(cast.bob), card_of(cast.bob).version
        actions.follow_steps(engagement, by=None)
        assert (card_of(cast.bob).stage, card_of(cast.bob).version) == (stage(meaning), version)
        assert sentences(cast.bob) == told


def test_a_card_moved_back_by_hand_goes_forward_with_the_next_step(cast, engagement):
    actions.follow_steps(engagement, by=None)
    card = card_of(cast.bob)
    actions.move(card, stage(StageMeaning.INQUIRY), before=None, by=cast.vera, seen_version=card.version)
    finish(engagement, StepKind.AGREEMENT_SIGNED)
    actions.follow_steps(engagement, by=None)
    assert card_of(cast.bob).stage == stage(StageMeaning.INTAKE)


def test_a_card_with_no_step_left_waits_for_the_kickoff(cast, engagement):
    for kind in (StepKind.AGREEMENT_SIGNED, StepKind.QUESTIONNAIRE_ANSWERED):
        finish(engagement, kind)
    actions.follow_steps(engagement, by=None)
    assert card_of(cast.bob).stage == stage(StageMeaning.KICKOFF)


def test_who_drags_a_card_that_its_steps_have_moved_is_told_so(cast, engagement):
    card = card_of(cast.bob)
    actions.move(card, stage(StageMeaning.CHEMISTRY), before=None, by=cast.olive, seen_version=1)
    seen = card_of(cast.bob)
    actions.follow_steps(engagement, by=None)
    with pytest.raises(Stale, match="Bob Haddad has moved on to Agreement by its steps"):
        actions.move(seen, stage(StageMeaning.INTAKE), before=None, by=cast.vera, seen_version=seen.version)
    with pytest.raises(Stale, match="by its steps"):
        actions.undo(seen, by=cast.olive, seen_version=seen.version)
    assert card_of(cast.bob).stage == stage(StageMeaning.AGREEMENT)


def test_a_client_without_a_card_has_none_to_move(cast, engagement):
    Card.delete().execute()
    actions.follow_steps(engagement, by=None)
    assert sentences(cast.bob) == []


@pytest.fixture
def meet(cast, time_machine):
    """`meet(hour)` books Bob, a prospect, for a chemistry session tomorrow."""
    time_machine.move_to(datetime(2026, 11, 23, 10, tzinfo=UTC), tick=False)
    with transaction():
        Client.update(status_name=Status.PROSPECT, waiting_on_name=Party.CLIENT, next_step="Pick a time").execute()
        Availability.create(coach=cast.alice, place_kind_name="video", place="https://meet.example/alice")

    def booked(hour):
        day = datetime(2026, 11, 24, hour, tzinfo=UTC)
        return scheduling.book(cast.alice, SessionKind.CHEMISTRY, day, 60, via=Via.STAFF, client=cast.bob, by=cast.vera)

    return booked


def ball(client):
    now = Client.get_by_id(client.id)
    return now.waiting_on, now.next_step


def test_the_ball_follows_the_chemistry_session_of_a_prospect(cast, meet, time_machine):
    scheduling.cancel(meet(11), side=Side.CLIENT, reason="ill", by=cast.vera)
    assert ball(cast.bob) == (Party.CLIENT, "Pick a time")
    session = meet(13)
    assert ball(cast.bob) == (Party.COACH, "Meet for the first time")
    time_machine.move_to(session.ends_at, tick=False)
    sessions.mark(session, SessionState.HELD, by=cast.vera)
    assert ball(cast.bob) == (Party.US, "Ask whether they go on")


def test_a_ball_that_was_passed_by_hand_does_not_follow(cast, meet):
    with transaction():
        Client.update(waiting_on_name=Party.SPONSOR, next_step="Approve the budget").execute()
    meet(11)
    assert ball(cast.bob) == (Party.SPONSOR, "Approve the budget")

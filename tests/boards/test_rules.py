"""Targets, places, filters, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from coachbase.boards.rules import (
    DEFAULT_OF,
    GAP,
    STAGE_OF,
    STAGE_OF_STEP,
    Column,
    Due,
    Face,
    Filter,
    Lateness,
    StageMeaning,
    count_waiting,
    lateness,
    place_between,
    refusal_to_delete,
    refusal_to_hide,
    refusal_to_move,
    stage_reached,
    stages_of,
)
from coachbase.clients.rules import Party, Status
from coachbase.engagements.rules import StepKind

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "target", "expected"),
    [
        (0, 2, Lateness.FINE),
        (0.9, 2, Lateness.FINE),
        (1, 2, Lateness.DUE),
        (2, 2, Lateness.DUE),
        (2.01, 2, Lateness.LATE),
        (400, None, Lateness.FINE),
        (0, 0, Lateness.DUE),
    ],
)
def test_a_card_is_due_on_the_last_day_of_the_target_and_late_after_it(days, target, expected):
    assert lateness(NOW - timedelta(days=days), target, NOW) is expected


def test_a_place_lies_between_its_neighbours_until_there_is_no_room():
    assert place_between(None, None) == 0
    assert place_between(7, None) == 7 + GAP
    assert place_between(None, 7) == 7 - GAP
    assert 3 < place_between(3, 5) < 5
    assert place_between(3, 4) is None


def test_twenty_cards_fit_between_two_neighbours():
    low, high = 0, place_between(0, None)
    for _ in range(20):
        high = place_between(low, high)
        assert high is not None


def test_a_hidden_stage_and_another_boards_stage_take_no_card():
    assert refusal_to_move("Intake", same_board=True, hidden=False) is None
    assert "hidden" in refusal_to_move("Intake", same_board=True, hidden=True)
    assert "another board" in refusal_to_move("Intake", same_board=False, hidden=False)


def test_a_stage_with_cards_is_not_hidden_and_the_reason_counts_them():
    assert refusal_to_hide("Intake", cards=0, others_shown=3) is None
    assert "3 cards" in refusal_to_hide("Intake", cards=3, others_shown=3)
    assert "1 card." in refusal_to_hide("Intake", cards=1, others_shown=3)
    assert "at least one" in refusal_to_hide("Intake", cards=0, others_shown=0)


def test_only_an_empty_stage_of_the_firms_own_is_deleted():
    assert refusal_to_delete("Paused", None, cards=0) is None
    assert refusal_to_delete("Paused", None, cards=2)
    assert "Hide it" in refusal_to_delete("Intake", StageMeaning.INTAKE, cards=0)


def test_each_meaning_says_who_has_the_ball_and_each_status_has_a_stage():
    assert set(DEFAULT_OF) == set(StageMeaning)
    assert set(STAGE_OF) == set(Status)
    for default in DEFAULT_OF.values():
        assert bool(default.step) == (default.waits_on is not Party.NOBODY)


def face(**shown):
    usual = dict.fromkeys(Face._fields, "") | {"lateness": Lateness.FINE, "waits_on": Party.US}
    return Face(**usual | shown)


def test_a_filter_keeps_what_it_names():
    chosen = Filter.read({"coach": "A", "waiting": "client", "late": "1"})
    assert chosen.keeps_people(face(coach_id="A"))
    assert not chosen.keeps_people(face(coach_id="B"))
    assert chosen.keeps_state(face(waits_on=Party.CLIENT, lateness=Lateness.LATE))
    assert not chosen.keeps_state(face(waits_on=Party.CLIENT))
    assert not chosen.keeps_state(face(lateness=Lateness.LATE))


def test_a_filter_written_by_anybody_keeps_everything_it_does_not_know():
    chosen = Filter.read({"waiting": "'; DROP TABLE card", "late": "yes", "closed": "\0"})
    assert not chosen.narrows
    assert chosen.query == ""


def test_the_address_keeps_the_other_filters():
    assert Filter(coach="A", late=True).but(late=False) == "/boards/onboarding?coach=A"
    assert Filter(coach="A").but(waiting="us") == "/boards/onboarding?coach=A&waiting=us"


def test_the_chips_count_whom_cards_wait_on():
    cards = [face(), face(waits_on=Party.CLIENT), face(), face(waits_on=Party.NOBODY)]
    assert count_waiting(cards) == {Party.US: 2, Party.CLIENT: 1}


# Steps ----------------------------------------------------------------------------------------------------------------

M = StageMeaning
A, I, X, K = M.AGREEMENT, M.INTAKE, M.ASSESSMENT_ACCESS, M.KICKOFF  # noqa: E741
OWN = StepKind.OWN


def test_every_kind_of_step_has_its_stage_but_the_firms_own():
    assert set(STAGE_OF_STEP) == set(StepKind) - {OWN}


@pytest.mark.parametrize(
    ("steps", "stages"),
    [
        ([], {K}),
        ([(StepKind.AGREEMENT_SIGNED, True), (StepKind.QUESTIONNAIRE_ANSWERED, True)], {K}),
        ([(StepKind.AGREEMENT_SIGNED, False), (StepKind.QUESTIONNAIRE_ANSWERED, False)], {A, I}),
        ([(StepKind.AGREEMENT_SIGNED, True), (OWN, False)], {A}),
        ([(StepKind.FILE_SET_UP, True), (OWN, True), (OWN, False)], {X}),
        ([(OWN, False), (StepKind.THREE_WAY_AGREED, False)], {A, K}),
    ],
)
def test_a_client_stands_where_something_is_to_be_done(steps, stages):
    assert stages_of(steps) == stages


BOARD = [Column(meaning, hidden=False) for meaning in (M.INQUIRY, M.CHEMISTRY, A, I, None, X, K, M.ACTIVE, M.CLOSED)]


def hiding(*hidden):
    return [column._replace(hidden=column.meaning in hidden) for column in BOARD]


@pytest.mark.parametrize(
    ("board", "now", "ahead", "reached"),
    [
        (BOARD, 0, {A}, 2),
        (BOARD, 2, {I, K}, 3),
        (BOARD, 2, {X}, 5),
        (BOARD, 3, {I}, None),
        (BOARD, 5, {I}, None),
        (BOARD, 4, {I}, None),
        (BOARD, 4, {X}, 5),
        (BOARD, 7, {A}, None),
        (BOARD, 8, {A}, None),
        (hiding(I), 2, {I}, 4),
        (hiding(I, None), 2, {I}, 5),
        (hiding(K), 5, {K}, None),
        (hiding(X, K), 3, {X}, None),
        ([BOARD[0], BOARD[6], BOARD[3]], 0, {I, K}, 1),
        ([BOARD[0]], 0, {I}, None),
    ],
)
def test_a_card_goes_forward_to_the_earliest_stage_that_shows_and_never_back(board, now, ahead, reached):
    assert stage_reached(board, now, ahead) == reached


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (Due(NOW - 9 * DAY, 2), Lateness.LATE),
        (Due(NOW - 9 * DAY, 2, is_onboarding=True), Lateness.FINE),
        (Due(NOW, 2, is_onboarding=True, due_at=NOW - HOUR), Lateness.LATE),
        (Due(NOW - 9 * DAY, 2, is_onboarding=True, due_at=NOW + HOUR), Lateness.DUE),
        (Due(NOW - 9 * DAY, 2, is_onboarding=True, due_at=NOW + 2 * DAY), Lateness.FINE),
        (Due(NOW, None, is_onboarding=True, due_at=NOW - HOUR, is_done=True), Lateness.LATE),
        (Due(NOW - 9 * DAY, 2, due_at=NOW + 9 * DAY), Lateness.FINE),
        (Due(NOW - 9 * DAY, 2, due_at=NOW - DAY), Lateness.LATE),
        (Due(NOW - 9 * DAY, None, due_at=NOW - DAY, is_done=True), Lateness.FINE),
    ],
)
def test_a_card_is_measured_by_its_steps_and_without_them_by_its_stage(due, expected):
    assert due.lateness(NOW) is expected

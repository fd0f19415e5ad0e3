"""Targets, places, filters, and what is refused; the course of an assessment."""

from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase.assessments.rules import STAGES, Pace, Progress
from coachbase.assessments.rules import State as Assessed
from coachbase.boards.rules import (
    ASSESSMENTS,
    DEFAULT_OF,
    GAP,
    MOST_SEGMENTS,
    STAGE_OF,
    STAGE_OF_STATE,
    STAGE_OF_STEP,
    Chase,
    Column,
    Course,
    Due,
    Face,
    Filter,
    Lateness,
    StageMeaning,
    bar,
    count_waiting,
    groups_in_words,
    lateness,
    place_between,
    refusal_to_delete,
    refusal_to_hide,
    refusal_to_move,
    reminder_in_words,
    stage_of_state,
    stage_reached,
    stages_of,
    state_of,
    step_of,
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


# Assessments ----------------------------------------------------------------------------------------------------------


def test_every_state_but_cancelled_has_a_stage_and_each_stage_its_state():
    assert set(STAGE_OF_STATE) == set(Assessed) - {Assessed.CANCELLED}
    assert all(state_of(meaning) is state for state, meaning in STAGE_OF_STATE.items())
    assert state_of(None) is None
    assert state_of(M.INTAKE) is None


def columns(*hidden, own_at=None):
    found = [Column(STAGE_OF_STATE[state], state in hidden) for state in STAGES]
    if own_at is not None:
        found.insert(own_at, Column(None, hidden=False))
    return found


@pytest.mark.parametrize(
    ("board", "state", "place"),
    [
        (columns(), Assessed.SET_UP, 0),
        (columns(), Assessed.RELEASED, 7),
        (columns(own_at=2), Assessed.IN_PROGRESS, 3),
        (columns(Assessed.PACKAGED), Assessed.PACKAGED, 4),
        (columns(Assessed.REPORT_IN, Assessed.PACKAGED), Assessed.PACKAGED, 3),
        (columns(Assessed.SET_UP), Assessed.SET_UP, 1),
        ([*reversed(columns(Assessed.PACKAGED))], Assessed.PACKAGED, 3),
        ([*columns(*STAGES), Column(None, hidden=False)], Assessed.PACKAGED, 8),
    ],
)
def test_an_assessment_stands_in_its_stage_or_the_nearest_before_it_that_shows(board, state, place):
    assert stage_of_state(board, state) == place


TODAY = NOW.date()
PACE = Pace(answer_days=10, report_days=1)


def course(state, *, due=None, **values):
    day = TODAY + timedelta(days=due) if due is not None else None
    return Course(
        **{"state": state, "since": TODAY, "due_on": day, "pace": PACE, "entered_at": NOW, "target_days": None} | values
    )


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (course(Assessed.SET_UP), Lateness.FINE),
        (course(Assessed.SET_UP, due=11), Lateness.FINE),
        (course(Assessed.SET_UP, due=10), Lateness.RISK),
        (course(Assessed.SET_UP, due=-1), Lateness.LATE),
        (course(Assessed.ACCESS_SENT, due=5, since=TODAY - 7 * DAY), Lateness.FINE),
        (course(Assessed.ACCESS_SENT, due=5, since=TODAY), Lateness.RISK),
        (course(Assessed.COMPLETED, due=0, since=TODAY - 9 * DAY), Lateness.FINE),
        (course(Assessed.REPORT_IN, due=-30), Lateness.FINE),
        (course(Assessed.REPORT_IN, entered_at=NOW - 3 * DAY, target_days=2), Lateness.LATE),
        (course(Assessed.RELEASED, due=-30, entered_at=NOW - 99 * DAY, target_days=2), Lateness.FINE),
        (course(Assessed.IN_PROGRESS, code_until=TODAY - DAY), Lateness.RISK),
        (course(Assessed.IN_PROGRESS, code_until=TODAY), Lateness.FINE),
        (course(Assessed.COMPLETED, code_until=TODAY - DAY), Lateness.FINE),
        (course(Assessed.ACCESS_SENT, invited_on=TODAY - 9 * DAY, invitation_days=8), Lateness.RISK),
    ],
)
def test_an_assessment_is_at_risk_before_its_day_and_late_after_it(what, expected):
    assert what.lateness(NOW) is expected


@pytest.mark.parametrize(
    ("what", "send_on", "dates"),
    [
        (course(Assessed.SET_UP), None, ""),
        (course(Assessed.SET_UP, due=20), date(2026, 12, 1), "send 1 Dec, due 12 Dec"),
        (course(Assessed.SET_UP, due=3), date(2026, 11, 14), "likely 3 Dec, due 25 Nov"),
        (course(Assessed.SET_UP, due=-3), date(2026, 11, 8), "send 8 Nov, due 19 Nov"),
        (course(Assessed.COMPLETED, due=20), date(2026, 12, 1), "due 12 Dec"),
        (course(Assessed.REPORT_IN, due=20), date(2026, 12, 1), ""),
    ],
)
def test_a_card_says_when_it_is_due_and_when_it_is_likely(what, send_on, dates):
    assert what.dates(send_on, TODAY) == dates


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (course(Assessed.SET_UP), ""),
        (course(Assessed.SET_UP, code_until=date(2027, 2, 3)), "code until 3 Feb"),
        (course(Assessed.ACCESS_SENT, code_until=TODAY - DAY), "code expired 21 Nov"),
        (course(Assessed.ACCESS_SENT, invited_on=TODAY, invitation_days=14), "invitation until 6 Dec"),
        (course(Assessed.ACCESS_SENT, invited_on=TODAY, invitation_days=90), ""),
        (course(Assessed.COMPLETED, code_until=TODAY), ""),
    ],
)
def test_a_card_says_until_when_one_can_get_in(what, said):
    assert what.access(TODAY) == said


@pytest.mark.parametrize(
    ("state", "invited_on", "reminders", "said"),
    [
        (Assessed.ACCESS_SENT, TODAY, 0, "reminder 25 Nov"),
        (Assessed.ACCESS_SENT, TODAY - 9 * DAY, 0, "reminder today"),
        (Assessed.IN_PROGRESS, TODAY - 3 * DAY, 1, "reminder 26 Nov"),
        (Assessed.IN_PROGRESS, TODAY, 3, ""),
        (Assessed.COMPLETED, TODAY, 0, ""),
        (Assessed.ACCESS_SENT, None, 0, ""),
    ],
)
def test_a_card_says_when_the_client_is_reminded_next(state, invited_on, reminders, said):
    chase = Chase((3, 7, 10), reminders, None)
    assert reminder_in_words(course(state, invited_on=invited_on), chase, TODAY) == said


def test_of_the_groups_those_are_named_in_which_somebody_has_yet_to_answer():
    groups = [Progress("Manager", 1, 1, 1), Progress("Peers", 2, 3, 3), Progress("Others", 0, 0, 0)]
    assert groups_in_words(groups) == "Peers 2/3"


def test_more_raters_than_segments_are_drawn_to_scale():
    assert bar(5, 8) == (5, 8)
    assert bar(30, 60) == (MOST_SEGMENTS // 2, MOST_SEGMENTS)


def test_who_has_answered_waits_for_the_raters():
    assert step_of(Assessed.IN_PROGRESS, Party.CLIENT) == "Complete"
    assert step_of(Assessed.IN_PROGRESS, Party.RATERS) == "Raters to answer"


def test_late_and_at_risk_may_be_asked_for_together():
    chosen = Filter.read({"late": "1", "risk": "1", "made_with": "V"}, ASSESSMENTS)
    assert [chosen.keeps_state(face(lateness=each)) for each in Lateness] == [False, False, True, True]
    assert chosen.keeps_people(face(vendor_id="V"))
    assert chosen.keeps_people(face(instrument_id="V"))
    assert not chosen.keeps_people(face(vendor_id="W"))
    assert chosen.but(late=False) == "/boards/assessments?made_with=V&risk=1"


def test_the_onboarding_board_knows_no_instruments_and_no_risk():
    assert Filter.read({"risk": "1", "made_with": "V"}).query == ""

"""Targets, places, filters, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from coachbase.boards.rules import (
    DEFAULT_OF,
    GAP,
    STAGE_OF,
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
)
from coachbase.clients.rules import Party, Status

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

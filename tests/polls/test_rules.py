"""When a poll is decided and when it can be decided no more; what may be proposed, and what stands on whose clock."""

from datetime import UTC, datetime, timedelta

import pytest

from coachbase.polls.rules import (
    HELD_FOR,
    MOST_SLOTS,
    PollState,
    agreed,
    listed,
    offer,
    possible,
    refusal_to_answer,
    refusal_to_propose,
    spread,
)
from coachbase.portal.rules import Reader, Thing, next_reminder

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
BERLIN = "Europe/Berlin"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOB, SAM, EVE = 1, 2, 3
SLOTS = [10, 11, 12]


@pytest.mark.parametrize(
    ("answers", "all_accept", "still_possible"),
    [
        ({}, [], [10, 11, 12]),
        ({BOB: {10, 11}}, [], [10, 11]),
        ({BOB: {10, 11}, SAM: {11, 12}}, [], [11]),
        ({BOB: {10, 11}, SAM: {11, 12}, EVE: {11}}, [11], [11]),
        ({BOB: {10, 11, 12}, SAM: {12, 10}, EVE: {12, 10}}, [10, 12], [10, 12]),
        ({BOB: {10}, SAM: {11}}, [], []),
        ({BOB: set()}, [], []),
        ({BOB: {10}, SAM: {11}, EVE: {12}}, [], []),
    ],
)
def test_the_first_time_that_all_accept_and_whether_there_can_still_be_one(answers, all_accept, still_possible):
    assert agreed(SLOTS, answers, [BOB, SAM, EVE]) == all_accept
    assert possible(SLOTS, answers) == still_possible


def test_nobody_asked_agrees_on_nothing():
    assert agreed(SLOTS, {}, []) == []


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, None),
        ({"people": 0}, "who comes from the sponsor"),
        ({"unreachable": ["Bob", "Sam"]}, "no mail address for Bob and Sam"),
        ({"starts": []}, "Choose the times"),
        ({"starts": [NOW + day * DAY for day in range(MOST_SLOTS)]}, None),
        ({"starts": [NOW + day * DAY for day in range(MOST_SLOTS + 1)]}, "At most 8"),
        ({"starts": [NOW, NOW + HOUR]}, None),
        (
            {"starts": [NOW, NOW + DAY, NOW + DAY + HOUR - timedelta(minutes=1)]},
            "Tuesday 24 November, 9:00 and Tuesday 24 November, 9:59 overlap. Leave one",
        ),
    ],
)
def test_what_may_be_proposed(facts, sentence):
    found = refusal_to_propose(
        **{"people": 1, "unreachable": (), "starts": [NOW], "minutes": 60, "zone": BERLIN} | facts
    )
    assert found is sentence is None or sentence in found


@pytest.mark.parametrize("state", PollState)
@pytest.mark.parametrize("is_expired", [False, True])
def test_only_what_is_on_offer_is_answered(state, is_expired):
    found = refusal_to_answer(state, NOW if is_expired else NOW + HOUR, NOW)
    assert (found is None) is (state is PollState.OPEN and not is_expired)


def test_the_choice_to_begin_with_takes_one_a_day_early_and_late_by_turns():
    starts = [NOW + day * DAY + half * HOUR / 2 for day in range(9) for half in range(8)]
    chosen = spread(starts, "Europe/London")
    assert len(chosen) == 6
    assert len({start.date() for start in chosen}) == 6
    assert {start.hour for start in chosen} == {9, 11}
    assert chosen[0].date() == (NOW + 2 * DAY).date(), "who is asked has a day or two to answer"
    assert spread([], "Europe/London") == []
    assert spread([NOW], "Europe/London") == [NOW]


@pytest.mark.parametrize("day", range(7))
@pytest.mark.parametrize("hour", [0, 8, 12, 23])
def test_on_whatever_day_they_are_asked_who_is_reminded_has_two_working_days_to_answer(day, hour):
    """Three days after a Wednesday is a Saturday: the times must still be on offer after the Monday that follows."""
    asked = (NOW + day * DAY).replace(hour=hour)
    reader = Reader("bob@x.example", "Bob", "UTC", ("client", "B"))
    reminded = next_reminder(Thing(reader, "say what suits", asked), asked)
    left = [reminded + n * DAY for n in range((asked + HELD_FOR).date().toordinal() - reminded.toordinal())]
    assert len([each for each in left if each.weekday() < 5]) >= 2


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        (datetime(2026, 11, 26, 9, tzinfo=UTC), "Asia/Dubai", ("Thursday 26 November", "13:00–14:00", "9:00")),
        (datetime(2026, 11, 26, 9, tzinfo=UTC), "Europe/Lisbon", ("Thursday 26 November", "9:00–10:00", "")),
        (datetime(2026, 11, 26, 16, tzinfo=UTC), "Asia/Tokyo", ("Friday 27 November", "1:00–2:00", "Thursday 16:00")),
        (
            datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
            "America/New_York",
            ("Sunday 1 November", "1:30 (UTC−4)–1:30 (UTC−5)", "5:30"),
        ),
    ],
)
def test_a_time_stands_on_the_readers_clock_with_the_coachs_beside_it(moment, zone, expected):
    assert tuple(offer("S", moment, 60, zone, "Europe/London"))[1:] == expected


def test_names_are_listed_as_one_says_them():
    assert [listed(names) for names in ([], ["A"], ["A", "B"], ["A", "B", "C"])] == ["", "A", "A and B", "A, B and C"]

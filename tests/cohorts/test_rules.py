"""Seats, dates that keep their wall time, times that suit most, and ticks that do not undo each other's."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from coachbase.availability.rules import Piece, minute_of
from coachbase.cohorts.rules import (
    FULL,
    CohortState,
    Tick,
    Together,
    free_number,
    marks_of,
    refusal_of_seats,
    refusal_to_seat,
    series,
)
from coachbase.engagements.rules import Cadence
from coachbase.slots.rules import Party, Question, Taken, openings


@pytest.mark.parametrize(
    ("taken", "seats", "number"), [((), 1, 1), ((1,), 2, 2), ((2,), 2, 1), ((1, 3), 3, 2), ((1, 2), 2, None)]
)
def test_the_next_seat_is_the_first_that_nobody_has(taken, seats, number):
    assert free_number(taken, seats) == number


@pytest.mark.parametrize(
    ("state", "taken", "seats", "refused"),
    [
        (CohortState.OPEN, (), 5, None),
        (CohortState.RUNNING, (1, 2), 5, None),
        (CohortState.OPEN, (1, 2), 2, FULL),
        (CohortState.OPEN, (1,), 1, "The one seat is taken."),
        (CohortState.CLOSED, (), 5, "This cohort is closed. Open it again first."),
    ],
)
def test_who_may_have_a_seat(state, taken, seats, refused):
    assert refusal_to_seat(state, taken, seats) == refused


@pytest.mark.parametrize(("taken", "wanted", "free"), [((1, 2), 3, "2 seats are"), ((1, 2, 4), 2, "1 seat is")])
def test_more_than_there_are_seats_for_is_too_many(taken, wanted, free):
    assert (
        refusal_to_seat(CohortState.OPEN, taken, 4, wanted=wanted)
        == f"You chose {wanted}, and {free} free. Choose fewer."
    )
    assert refusal_to_seat(CohortState.OPEN, taken, 4, wanted=4 - len(taken)) is None


def test_a_cohort_keeps_the_seats_that_are_taken():
    assert refusal_of_seats(4, (1, 5)) == "Seat 5 is taken, so there cannot be fewer."
    assert refusal_of_seats(5, (1, 5)) is None
    assert refusal_of_seats(1, ()) is None


SERIES = [
    # over the end of summer time in Berlin: nine stays nine
    ("Europe/Berlin", date(2026, 10, 15), 540, Cadence.WEEKLY, ["15.10. 09:00", "22.10. 09:00", "29.10. 09:00"]),
    ("America/New_York", date(2027, 3, 4), 540, Cadence.BIWEEKLY, ["4.3. 09:00", "18.3. 09:00", "1.4. 09:00"]),
    ("Europe/London", date(2026, 11, 12), 540, Cadence.MONTHLY, ["12.11. 09:00", "10.12. 09:00", "14.1. 09:00"]),
    ("Australia/Lord_Howe", date(2026, 9, 27), 600, Cadence.WEEKLY, ["27.9. 10:00", "4.10. 10:00", "11.10. 10:00"]),
]


@pytest.mark.parametrize(("zone", "first", "wall", "cadence", "dates"), SERIES)
def test_a_series_keeps_the_coachs_wall_time(zone, first, wall, cadence, dates):
    found = [each.starts_at.astimezone(ZoneInfo(zone)) for each in series(first, wall, zone, 3, cadence)]
    assert [f"{local.day}.{local.month}. {local:%H:%M}" for local in found] == dates


def test_a_date_on_which_the_clocks_skip_the_time_is_marked():
    planned = series(date(2026, 3, 22), 90, "Europe/London", 2, Cadence.WEEKLY)
    assert [each.exists for each in planned] == [True, False]


# Times that suit most -------------------------------------------------------------------------------------------------

EIGHT = minute_of(datetime(2026, 12, 3, 8, tzinfo=UTC))


def alone(*taken, pieces=None):
    party = Party("somebody", pieces=pieces, taken=[Taken(begins, ends, "busy") for begins, ends in taken])
    return openings(Question((party,), minutes=60, first=EIGHT, last=EIGHT + 24 * 60, now=EIGHT - 1440, increment=60))


def group(*members, zones=None):
    host = alone(pieces=[Piece(EIGHT, EIGHT + 4 * 60, 8 * 60, "UTC")])
    return Together(host, members, zones or ["UTC"] * len(members))


def test_times_are_ranked_by_how_many_can_come_then_by_hour():
    together = group(alone((EIGHT, EIGHT + 60)), alone((EIGHT, EIGHT + 120)), alone())
    found = [((one.start - EIGHT) // 60, one.cannot) for one in together.ranked(10, a_day=9)]
    assert found == [(2, ()), (3, ()), (1, (1,)), (0, (0, 1))]


def test_a_time_that_is_night_for_somebody_comes_after_one_that_is_night_for_nobody():
    together = group(alone(), alone(), zones=["UTC", "America/New_York"])
    found = [((one.start - EIGHT) // 60, one.at_night) for one in together.ranked(10, a_day=9)]
    assert found == [(0, (1,)), (1, (1,)), (2, (1,)), (3, (1,))]
    assert [one.at_night for one in group(alone(), zones=["Europe/Berlin"]).ranked(1, a_day=9)] == [()]


def test_of_each_day_only_the_best_are_shown():
    assert len(group(alone()).ranked(10, a_day=2)) == 2
    assert len(group(alone()).ranked(1, a_day=9)) == 1


def test_no_time_overlaps_a_better_one():
    """Half hours are free from eight to eleven; a session lasts an hour."""
    host = openings(replace(group().host.question, increment=30))
    found = [(one.start - EIGHT) // 30 for one in Together(host, [], []).ranked(10, a_day=9)]
    assert found == [0, 2, 4, 6]


def test_without_members_every_free_time_of_the_coach_suits():
    assert len(group().ranked(10, a_day=9)) == 4


# Ticks ----------------------------------------------------------------------------------------------------------------

LEFT, ON, OFF, STAYS_ON = Tick(False, False), Tick(False, True), Tick(True, False), Tick(True, True)


@pytest.mark.parametrize(
    ("stored", "ticks", "marks"),
    [
        ((None, None), (LEFT, LEFT), [None, None]),
        ((None, None), (ON, LEFT), [True, False]),
        ((True, False), (STAYS_ON, LEFT), [None, None]),
        ((True, False), (OFF, LEFT), [False, None]),
        # somebody else ticked the first one since: that tick stays
        ((True, None), (LEFT, ON), [None, True]),
    ],
)
def test_only_what_was_changed_is_marked_and_who_was_not_ticked_is_absent(stored, ticks, marks):
    assert marks_of(list(zip(stored, ticks, strict=True))) == marks

"""Cadences keep the clock; what may be done with a plan."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachbase.availability.rules import Closed, SessionKind, instant, minute_of
from coachbase.engagements.rules import Cadence
from coachbase.engagements.rules import State as ProgramState
from coachbase.planning.rules import (
    ClosedDays,
    Date,
    ProposalState,
    Wish,
    cadence_days,
    divergences,
    lay_out,
    local_day,
    nearest,
    refusal_of_absence,
    refusal_to_edit,
    refusal_to_plan,
    refusal_to_undo,
)
from coachbase.slots.rules import Openings, Party, Question, Taken, openings

ZONES = (
    "Europe/London", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe",
    "Africa/Casablanca", "Asia/Dubai", "Pacific/Apia", "America/St_Johns",
)  # fmt: skip
NINE = 9 * 60
SPRING, AUTUMN = date(2027, 3, 28), date(2026, 10, 25)


# A cadence ------------------------------------------------------------------------------------------------------------


def always_open(first: date, zone: str, *, taken=(), closed=(), minutes: int = 60) -> Openings:
    """Two years without a closed hour, but for what is given."""
    low, high = (instant(first + timedelta(days=days), 0, zone) for days in (-40, 700))
    return openings(Question((Party("Alice", taken=taken, closed=closed),), minutes, low, high, low - 1))


def the_dates(
    first, wall=NINE, zone="Europe/Berlin", cadence=Cadence.BIWEEKLY, count=4, closed_days="nearest", **open_
):
    wish = Wish(first, first.weekday(), wall, cadence, count, SessionKind.COACHING, 60, ClosedDays(closed_days))
    return lay_out(wish, zone, always_open(first, zone, **open_))


@given(
    first=st.dates(date(2026, 1, 1), date(2037, 12, 31)),
    wall=st.integers(0, 24 * 60 - 1),
    zone=st.sampled_from(ZONES),
    cadence=st.sampled_from([Cadence.WEEKLY, Cadence.BIWEEKLY, Cadence.MONTHLY]),
)
@settings(max_examples=150, deadline=None)
def test_a_cadence_keeps_wall_time_over_every_change_of_clocks(first, wall, zone, cadence):
    dates = the_dates(first, wall, zone, cadence, count=12)
    assert len(dates) == 12
    for each in dates:
        local = datetime.fromtimestamp(60 * each.start, UTC).astimezone(ZoneInfo(zone))
        if 60 * local.hour + local.minute == wall:
            assert each.exception == ""
        else:  # the clock never shows it on that day, and this is the first moment after
            naive = datetime.combine(local_day(each.regular, zone), datetime.min.time()) + timedelta(minutes=wall)
            there = naive.replace(tzinfo=ZoneInfo(zone))
            assert there.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != naive
            assert "does not exist" in each.exception
            before = datetime.fromtimestamp(60 * each.start - 60, UTC).astimezone(ZoneInfo(zone))
            assert before.replace(tzinfo=None) < naive < local.replace(tzinfo=None)


@given(
    first=st.dates(date(2026, 1, 1), date(2040, 1, 1)),
    weekday=st.integers(0, 6),
    cadence=st.sampled_from([Cadence.WEEKLY, Cadence.BIWEEKLY, Cadence.MONTHLY]),
)
@settings(max_examples=100)
def test_every_day_of_a_cadence_is_the_same_weekday_and_as_far_from_the_one_before(first, weekday, cadence):
    days = list(itertools.islice(cadence_days(first, weekday, cadence), 24))
    assert first <= days[0] < first + timedelta(days=7)
    assert {day.weekday() for day in days} == {weekday}
    apart = {(after - before).days for before, after in itertools.pairwise(days)}
    assert apart <= {Cadence.WEEKLY: {7}, Cadence.BIWEEKLY: {14}, Cadence.MONTHLY: {28, 35}}[cadence]
    if cadence is Cadence.MONTHLY:
        assert [(12 * day.year + day.month) - (12 * days[0].year + days[0].month) for day in days] == list(range(24))


def test_monthly_is_the_same_weekday_of_the_month_and_a_fifth_is_the_last():
    days = itertools.islice(cadence_days(date(2026, 12, 10), 3, Cadence.MONTHLY), 3)
    assert list(days) == [date(2026, 12, 10), date(2027, 1, 14), date(2027, 2, 11)]
    days = itertools.islice(cadence_days(date(2026, 12, 31), 3, Cadence.MONTHLY), 4)
    assert list(days) == [date(2026, 12, 31), date(2027, 1, 28), date(2027, 2, 25), date(2027, 3, 25)]


def test_a_time_that_the_clocks_skip_is_an_exception_with_the_next_possible_one():
    before, at, after = the_dates(SPRING - timedelta(days=7), wall=150, cadence=Cadence.WEEKLY, count=3)
    assert (before.exception, after.exception) == ("", "")
    assert at.exception == "2:30 does not exist on 28 March: 3:00 instead"
    assert at.start == minute_of(datetime(2027, 3, 28, 1, tzinfo=UTC))


def test_a_time_that_comes_twice_is_the_first_of_the_two():
    (at,) = the_dates(AUTUMN, wall=150, count=1)
    assert at.start == minute_of(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))


def taken(day: date, begins: int, ends: int, zone: str = "Europe/Berlin") -> Taken:
    return Taken(instant(day, begins, zone), instant(day, ends, zone), "taken")


def closed(day: date, why: str, zone: str = "Europe/Berlin") -> Closed:
    return Closed(instant(day, 0, zone), instant(day + timedelta(days=1), 0, zone), why)


THURSDAY = date(2026, 12, 10)
CHRISTMAS_EVE = date(2026, 12, 24)


def test_a_taken_time_gives_the_nearest_one_of_the_same_day():
    dates = the_dates(THURSDAY, taken=[taken(CHRISTMAS_EVE, NINE, NINE + 60)])
    assert [each.exception for each in dates] == ["", "9:00 is taken: 8:00 instead", "", ""]


def test_a_closed_day_gives_the_nearest_other_day_at_the_same_time():
    days = [closed(CHRISTMAS_EVE + timedelta(days=number), "Christmas") for number in range(-1, 3)]
    dates = the_dates(THURSDAY, closed=days)
    assert dates[1].exception == "24 December: Christmas → 22 December, 9:00"
    assert dates[1].start == instant(date(2026, 12, 22), NINE, "Europe/Berlin")


def test_a_closed_day_that_is_to_be_skipped_is_left_out_and_the_cadence_lasts_longer():
    dates = the_dates(THURSDAY, closed=[closed(CHRISTMAS_EVE, "Christmas Eve")], closed_days="skip")
    assert [each.start is None for each in dates] == [False, True, False, False, False]
    assert dates[1].exception == "24 December: Christmas Eve"
    assert local_day(dates[-1].start, "Europe/Berlin") == THURSDAY + timedelta(days=56)


def test_without_any_free_time_around_it_a_date_falls_out_with_its_reason():
    away = [closed(CHRISTMAS_EVE + timedelta(days=number), "Holidays") for number in range(-7, 8)]
    dates = the_dates(THURSDAY, closed=away)
    assert dates[1] == Date(dates[1].regular, None, "24 December: Holidays, and no free time around it")
    assert sum(each.start is not None for each in dates) == 4


def test_another_time_never_passes_the_dates_before_and_after():
    week = [closed(THURSDAY + timedelta(days=7 + number), "Away") for number in range(-6, 7) if number not in (6,)]
    dates = the_dates(THURSDAY, cadence=Cadence.WEEKLY, closed=week)
    days = [local_day(each.start, "Europe/Berlin") for each in dates if each.start]
    assert days == sorted(set(days))


def test_of_two_days_as_far_away_the_one_in_the_same_week_is_nearer():
    friday = date(2026, 12, 11)
    zone = "Europe/Berlin"
    monday, before = friday + timedelta(days=3), friday - timedelta(days=3)
    starts = sorted(instant(day, NINE, zone) for day in (monday, before))
    assert nearest(starts, instant(friday, NINE, zone), zone) == instant(before, NINE, zone)


# Two clocks -----------------------------------------------------------------------------------------------------------


def test_the_weeks_are_named_in_which_the_clocks_of_two_zones_differ():
    days = [date(2027, 3, 4) + timedelta(days=7 * number) for number in range(8)]
    moments = [datetime(day.year, day.month, day.day, 14, tzinfo=UTC) for day in days]
    found = divergences(moments, "Europe/London", "America/New_York")
    assert found == {moments[2]: 60, moments[3]: 60}  # New York is an hour nearer from 14 to 28 March
    assert divergences(moments, "Europe/London", "Europe/London") == {}
    assert divergences([], "Europe/London", "Asia/Dubai") == {}


# What may be done -----------------------------------------------------------------------------------------------------


def test_only_what_does_not_stand_is_changed_and_only_what_nobody_heard_of_is_undone():
    now = datetime(2026, 12, 1, tzinfo=UTC)
    open_ones = [state for state in ProposalState if refusal_to_edit(state) is None]
    assert open_ones == [ProposalState.DRAFT, ProposalState.UNDONE]
    assert refusal_to_undo(ProposalState.APPLIED, now + timedelta(seconds=1), now) is None
    assert "have left" in refusal_to_undo(ProposalState.APPLIED, now, now)
    assert "nothing to undo" in refusal_to_undo(ProposalState.DRAFT, None, now)


@pytest.mark.parametrize(
    ("program", "has_place", "left", "said"),
    [
        ("active", True, 1, None),
        ("active", True, None, None),
        ("active", True, 0, "no session left"),
        ("active", False, 1, "where the coach"),
        ("draft", True, 12, "not signed by all"),
        ("paused", True, 12, "paused"),
        ("completed", True, 12, "over"),
        ("ended", True, 12, "over"),
    ],
)
def test_where_sessions_may_be_planned(program, has_place, left, said):
    refusal = refusal_to_plan(ProgramState(program), has_place=has_place, left=left)
    assert refusal is None if said is None else said in refusal


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [(1, 5, None), (5, 1, "before"), (-9, -2, "over"), (-2, 3, None), (1, 80, "eight weeks")],
)
def test_days_of_an_absence(first, last, said):
    today = date(2026, 12, 1)
    refusal = refusal_of_absence(today + timedelta(days=first), today + timedelta(days=last), today)
    assert refusal is None if said is None else said in refusal

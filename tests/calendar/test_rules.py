"""Which days are shown, where on a day something lies, and what is wrong with it."""

from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest

from coachbase.calendar.rules import (
    MOST_LANES,
    Shown,
    Slice,
    conflicts,
    drift,
    hours_shown,
    in_hours,
    joined,
    lanes,
    monday_of,
    slices,
    week_of,
)

TODAY = date(2026, 11, 25)
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("week", "monday"),
    [
        ("2026-W48", date(2026, 11, 23)),
        ("2026-W53", date(2026, 12, 28)),
        ("2020-W53", date(2020, 12, 28)),
        ("2027-W53", None),
        ("2026-W00", None),
        ("2026-48", None),
        ("1999-W01", None),
        ("2100-W01", None),
        ("٢٠٢٦-W48", None),
        ("", None),
        ("9" * 5000, None),
    ],
)
def test_a_week_is_named_by_its_number(week, monday):
    assert monday_of(week) == monday
    assert monday is None or week_of(monday) == week


@pytest.mark.parametrize(
    ("address", "first", "count"),
    [
        ({}, date(2026, 11, 23), 7),
        ({"week": "2026-W49"}, date(2026, 11, 30), 7),
        ({"week": "rubbish"}, date(2026, 11, 23), 7),
        ({"month": "2026-11"}, date(2026, 10, 26), 42),
        ({"month": "2027-02"}, date(2027, 2, 1), 28),  # begins on a Monday and has four weeks
        ({"month": "2026-13"}, date(2026, 11, 23), 7),
        ({"month": "2026-11", "week": "2026-W49"}, date(2026, 10, 26), 42),
    ],
)
def test_an_address_says_which_days_are_shown(address, first, count):
    days = Shown.read(address, TODAY).days
    assert (days[0], len(days)) == (first, count)


def test_what_an_address_does_not_know_is_as_it_always_is():
    shown = Shown.read({"kind": "x", "zone": "/etc/passwd", "coach": "a" * 100}, TODAY)
    assert (shown.kind, shown.zone, len(shown.coach)) == ("", "", 26)


@pytest.mark.parametrize(
    ("address", "by", "query"),
    [
        ({"week": "2026-W53", "kind": "kickoff"}, 1, "week=2027-W01&kind=kickoff"),
        ({"week": "2027-W01"}, -1, "week=2026-W53"),
        ({"month": "2026-12"}, 1, "month=2027-01"),
        ({"month": "2026-03"}, -1, "month=2026-02"),
    ],
)
def test_one_turns_to_the_week_or_month_beside_and_keeps_the_filters(address, by, query):
    assert Shown.read(address, TODAY).near(by) == f"/calendar?{query}"


def test_what_lasts_over_midnight_has_a_part_on_each_day():
    parts = [*slices(at("2026-11-25T22:30"), at("2026-11-26T01:00"), "Europe/London")]
    assert parts == [Slice(date(2026, 11, 25), 1350, 90), Slice(date(2026, 11, 26), 0, 60)]
    assert [*slices(at("2026-11-25T22:30"), at("2026-11-26T01:00"), "Asia/Dubai")] == [
        Slice(date(2026, 11, 26), 150, 150)
    ]


@pytest.mark.parametrize(
    ("begins", "zone", "where"),
    [
        ("2026-03-29T00:30", "Europe/London", (30, 60)),  # the clock jumps on from 1:00 to 2:00 in between
        ("2026-10-25T01:30", "Europe/London", (90, 60)),  # the second 1:30
        ("2026-11-25T12:00", "Asia/Kolkata", (1050, 60)),
        ("2026-11-25T12:00", "Australia/Lord_Howe", (1380, 60)),
    ],
)
def test_something_lies_where_the_wall_clock_says(begins, zone, where):
    part = next(slices(at(begins), at(begins) + HOUR, zone))
    assert (part.at, part.minutes) == where


@pytest.mark.parametrize(
    ("spans", "placed"),
    [
        ([], []),
        ([(0, 60)], [(0, 1)]),
        ([(0, 60), (60, 90)], [(0, 1), (0, 1)]),
        ([(0, 60), (30, 90)], [(0, 2), (1, 2)]),
        ([(30, 90), (0, 60)], [(1, 2), (0, 2)]),
        ([(0, 90), (0, 30), (30, 60), (100, 120)], [(1, 2), (0, 2), (0, 2), (0, 1)]),
    ],
)
def test_what_happens_at_once_stands_side_by_side(spans, placed):
    assert lanes(spans) == placed


def test_however_much_happens_at_once_there_are_only_so_many_lanes():
    placed = lanes([(0, 60)] * 40)
    assert max(lane for lane, _ in placed) == MOST_LANES - 1
    assert {of for _, of in placed} == {MOST_LANES}


def test_no_two_in_one_lane_overlap_while_there_is_room():
    spans = [(start, start + 45) for start in range(0, 600, 20)]
    placed = [(*span, lane) for span, (lane, _) in zip(spans, lanes(spans), strict=True)]
    for one, other in combinations(placed, 2):
        assert one[2] != other[2] or one[1] <= other[0]


def test_times_that_touch_are_one():
    assert joined([(5, 9), (0, 5), (20, 30), (22, 25)]) == [(0, 9), (20, 30)]


def test_the_hours_shown_leave_nothing_out():
    assert hours_shown([]) == (7, 20)
    assert hours_shown([Slice(TODAY, 5 * 60 + 30, 30), Slice(TODAY, 23 * 60, 60)]) == (5, 24)
    assert hours_shown([Slice(TODAY, 20 * 60, 1)]) == (7, 21)


@pytest.mark.parametrize(
    ("span", "busy", "found"),
    [
        ((540, 600), [], []),
        ((540, 600), [(600, 660)], []),
        ((540, 600), [(599, 660)], ["over a busy time"]),
        ((500, 560), [], ["outside hours"]),
        ((990, 1050), [(1000, 1010)], ["over a busy time", "outside hours"]),
    ],
)
def test_a_session_over_a_busy_time_or_outside_the_hours_is_marked(span, busy, found):
    assert conflicts(span, open_hours=[(540, 1020)], busy=busy) == found


def week(monday: date) -> list[date]:
    return [monday + timedelta(days=number) for number in range(7)]


@pytest.mark.parametrize(
    ("there", "monday", "odd"),
    [
        ("America/New_York", date(2026, 10, 19), ("2026-10-25", "2026-10-25", "4 h behind", "5 h behind")),
        ("America/New_York", date(2026, 10, 26), ("2026-10-26", "2026-10-31", "4 h behind", "5 h behind")),
        ("America/New_York", date(2026, 11, 2), None),
        ("America/New_York", date(2026, 3, 9), ("2026-03-09", "2026-03-15", "4 h behind", "5 h behind")),
        ("Europe/Berlin", date(2026, 10, 19), None),
        ("Asia/Dubai", date(2026, 12, 7), None),
        ("Asia/Dubai", date(2026, 7, 6), None),
        ("Europe/London", date(2026, 10, 26), None),
    ],
)
def test_weeks_in_which_one_clock_has_changed_and_the_other_not_yet_are_known(there, monday, odd):
    found = drift(there, "Europe/London", week(monday))
    assert (found and (f"{found.first}", f"{found.last}", found.hours, found.usually)) == odd


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "on the same clock"), (300, "5 h ahead"), (-210, "3½ h behind"), (345, "5¾ h ahead"), (-30, "½ h behind")],
)
def test_how_far_clocks_are_apart_is_said_in_hours(minutes, words):
    assert in_hours(minutes) == words

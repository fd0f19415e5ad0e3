"""Opening hours on the days on which clocks change; which special day is meant; which hours may be saved."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coachbase.availability.rules import (
    DAY,
    EPOCH,
    Special,
    Travel,
    Wall,
    instant,
    moment_of,
    opening_hours,
    refusal_of_days,
    refusal_of_hours,
    week_from_words,
    week_in_words,
)
from coachbase.firm.rules import zones

NINE_TO_FIVE = Wall(9 * 60, 17 * 60)
NIGHT = Wall(0, 4 * 60)


@dataclass
class Coach:
    zone: str = "Europe/London"
    week: list[list[Wall]] = field(default_factory=lambda: [[NINE_TO_FIVE]] * 5 + [[], []])
    specials: list[Special] = field(default_factory=list)
    travels: list[Travel] = field(default_factory=list)
    holidays: dict[date, str] = field(default_factory=dict)


def in_utc(coach, day, kind=""):
    """The open times of a day as UTC: '09:00-17:00', with the date where it is another one."""
    return [f"{_utc(piece.begins, day)}-{_utc(piece.ends, day)}" for piece in opening_hours(coach, day, day, kind)[0]]


def _utc(minute, day):
    moment = moment_of(minute)
    return f"{moment:%H:%M}" if moment.date() == day else f"{moment.day}.{moment.month}. {moment:%H:%M}"


def every_day(*walls):
    return [list(walls)] * 7


# zone, day, the hours of that day, and what they are in UTC
TRANSITIONS = [
    # New York: forward 2:00 → 3:00, back 2:00 → 1:00
    ("America/New_York", date(2026, 3, 7), NINE_TO_FIVE, ["14:00-22:00"]),
    ("America/New_York", date(2026, 3, 8), NINE_TO_FIVE, ["13:00-21:00"]),
    ("America/New_York", date(2026, 3, 8), NIGHT, ["05:00-07:00", "07:00-08:00"]),
    ("America/New_York", date(2026, 3, 8), Wall(120, 180), []),
    ("America/New_York", date(2026, 3, 8), Wall(150, 210), ["07:00-07:30"]),
    ("America/New_York", date(2026, 11, 1), NINE_TO_FIVE, ["14:00-22:00"]),
    ("America/New_York", date(2026, 11, 1), NIGHT, ["04:00-06:00", "06:00-09:00"]),
    ("America/New_York", date(2026, 11, 1), Wall(0, 60), ["04:00-05:00"]),
    ("America/New_York", date(2026, 11, 1), Wall(60, 120), ["05:00-06:00", "06:00-07:00"]),
    ("America/New_York", date(2026, 11, 1), Wall(30, 90), ["04:30-05:30", "06:00-06:30"]),
    ("America/New_York", date(2026, 11, 1), Wall(90, 240), ["05:30-06:00", "06:30-09:00"]),
    # London: forward 1:00 → 2:00, back 2:00 → 1:00
    ("Europe/London", date(2026, 3, 28), NINE_TO_FIVE, ["09:00-17:00"]),
    ("Europe/London", date(2026, 3, 29), NINE_TO_FIVE, ["08:00-16:00"]),
    ("Europe/London", date(2026, 3, 29), Wall(60, 120), []),
    ("Europe/London", date(2026, 10, 25), NIGHT, ["24.10. 23:00-01:00", "01:00-04:00"]),
    # São Paulo has no summer time since 2019; before, it changed at midnight
    ("America/Sao_Paulo", date(2026, 11, 1), NINE_TO_FIVE, ["12:00-20:00"]),
    ("America/Sao_Paulo", date(2018, 11, 4), Wall(0, 120), ["03:00-04:00"]),
    ("America/Sao_Paulo", date(2018, 11, 3), Wall(23 * 60, DAY), ["4.11. 02:00-4.11. 03:00"]),
    (
        "America/Sao_Paulo",
        date(2018, 2, 17),
        Wall(23 * 60, DAY),
        ["18.2. 01:00-18.2. 02:00", "18.2. 02:00-18.2. 03:00"],
    ),
    # Kolkata never changes, by half an hour
    ("Asia/Kolkata", date(2026, 3, 29), NINE_TO_FIVE, ["03:30-11:30"]),
    ("Asia/Kolkata", date(2026, 10, 25), Wall(0, DAY), ["24.10. 18:30-18:30"]),
    # Lord Howe changes by half an hour: forward 2:00 → 2:30, back 2:00 → 1:30
    ("Australia/Lord_Howe", date(2026, 10, 4), NIGHT, ["3.10. 13:30-3.10. 15:30", "3.10. 15:30-3.10. 17:00"]),
    ("Australia/Lord_Howe", date(2026, 10, 4), Wall(120, 150), []),
    ("Australia/Lord_Howe", date(2026, 4, 5), NIGHT, ["4.4. 13:00-4.4. 15:00", "4.4. 15:00-4.4. 17:30"]),
    ("Australia/Lord_Howe", date(2026, 4, 5), Wall(90, 120), ["4.4. 14:30-4.4. 15:00", "4.4. 15:00-4.4. 15:30"]),
    # Casablanca goes back for Ramadan (15 February 2026, 3:00 → 2:00) and forward after it (22 March, 2:00 → 3:00)
    ("Africa/Casablanca", date(2026, 2, 14), NINE_TO_FIVE, ["08:00-16:00"]),
    ("Africa/Casablanca", date(2026, 2, 15), NINE_TO_FIVE, ["09:00-17:00"]),
    ("Africa/Casablanca", date(2026, 2, 15), NIGHT, ["14.2. 23:00-02:00", "02:00-04:00"]),
    ("Africa/Casablanca", date(2026, 3, 22), NIGHT, ["00:00-02:00", "02:00-03:00"]),
    # Apia crossed the date line: there was no 30 December 2011
    ("Pacific/Apia", date(2011, 12, 29), Wall(0, DAY), ["10:00-30.12. 10:00"]),
    ("Pacific/Apia", date(2011, 12, 30), Wall(0, DAY), []),
    ("Pacific/Apia", date(2011, 12, 31), Wall(0, DAY), ["30.12. 10:00-10:00"]),
    # Havana's clocks go back from 1:00 to 0:00: midnight comes twice
    ("America/Havana", date(2026, 11, 1), Wall(0, 60), ["04:00-05:00", "05:00-06:00"]),
]


@pytest.mark.parametrize(("zone", "day", "wall", "expected"), TRANSITIONS)
def test_open_hours_on_days_on_which_clocks_change(zone, day, wall, expected):
    assert in_utc(Coach(zone, every_day(wall)), day) == expected


@given(
    st.sampled_from(sorted(zones())),
    st.dates(date(1975, 1, 1), date(2037, 12, 28)),
    st.integers(0, DAY // 15 - 1),
    st.integers(1, DAY // 15),
)
@example("Pacific/Apia", date(2011, 12, 30), 0, 96)
@example("America/St_Johns", date(2006, 10, 29), 0, 96)
def test_exactly_the_minutes_are_open_in_which_the_clock_shows_an_open_time(zone, day, begins, length):
    """Against a count, minute by quarter: asking each instant around the day what the clock shows then."""
    wall = Wall(begins * 15, min(DAY, (begins + length) * 15))
    pieces, _ = opening_hours(Coach(zone, every_day(wall)), day, day)
    there = ZoneInfo(zone)
    around = range(*(int((datetime.combine(day, datetime.min.time(), UTC) - EPOCH) / timedelta(minutes=1)) + shift
                     for shift in (-16 * 60, DAY + 16 * 60)), 7)  # fmt: skip
    for minute in around:
        local = moment_of(minute).astimezone(there)
        shown = local.date() == day and wall.begins <= local.hour * 60 + local.minute < wall.ends
        seconds = (local.utcoffset() or timedelta()).seconds % 60
        piece = next((piece for piece in pieces if piece.begins <= minute < piece.ends), None)
        assert bool(piece) == shown or seconds, moment_of(minute)
        if piece and not seconds:
            assert (piece.wall + minute - piece.begins) % DAY == local.hour * 60 + local.minute


def test_an_instant_the_clocks_skip_is_the_moment_they_jump_and_one_shown_twice_the_first():
    assert moment_of(instant(date(2026, 3, 8), 150, "America/New_York")).hour == 7
    assert moment_of(instant(date(2026, 11, 1), 90, "America/New_York")).strftime("%H:%M") == "05:30"
    assert moment_of(instant(date(2018, 11, 4), 0, "America/Sao_Paulo")).hour == 3
    assert moment_of(instant(date(2026, 11, 1), DAY, "Europe/London")) == datetime(2026, 11, 2, tzinfo=UTC)


# Which day is meant ---------------------------------------------------------------------------------------------------

MONDAY = date(2026, 11, 30)
THURSDAY = date(2026, 12, 3)
EVENING = Wall(18 * 60, 20 * 60)


def week_of(coach):
    return {piece.begins // DAY: piece for piece in opening_hours(coach, MONDAY, MONDAY + timedelta(days=6))[0]}


def test_hours_limited_to_kinds_are_open_for_those_kinds_only():
    coach = Coach(week=every_day(NINE_TO_FIVE, EVENING._replace(kinds=("chemistry", "kickoff"))))
    assert in_utc(coach, MONDAY, "chemistry") == ["09:00-17:00", "18:00-20:00"]
    assert in_utc(coach, MONDAY, "coaching") == ["09:00-17:00"]
    assert in_utc(coach, MONDAY) == ["09:00-17:00", "18:00-20:00"], "the week as it is"


def test_a_special_day_has_other_hours_instead_of_the_weeks():
    coach = Coach(specials=[Special(THURSDAY, THURSDAY, EVENING, "")])
    assert in_utc(coach, THURSDAY) == ["18:00-20:00"]
    assert in_utc(coach, MONDAY) == ["09:00-17:00"]


def test_two_open_times_on_one_special_day_are_both_open():
    coach = Coach(specials=[Special(THURSDAY, THURSDAY, EVENING, ""), Special(THURSDAY, THURSDAY, Wall(480, 600), "")])
    assert in_utc(coach, THURSDAY) == ["08:00-10:00", "18:00-20:00"]


def test_days_away_are_closed_with_their_reason():
    coach = Coach(specials=[Special(MONDAY, MONDAY + timedelta(days=2), None, "training")])
    pieces, closed = opening_hours(coach, MONDAY, THURSDAY)
    assert [moment_of(piece.begins).date() for piece in pieces] == [THURSDAY]
    assert [moment_of(each.begins).day for each in closed] == [30, 1, 2]
    assert {each.why for each in closed} == {"training"}


def test_an_open_evening_within_days_away_is_open():
    away = Special(MONDAY, MONDAY + timedelta(days=6), None, "away")
    assert in_utc(Coach(specials=[away, Special(THURSDAY, THURSDAY, EVENING, "")]), THURSDAY) == ["18:00-20:00"]


def test_closed_beats_open_on_the_same_days():
    closed = Special(THURSDAY, THURSDAY, None, "ill")
    assert in_utc(Coach(specials=[Special(THURSDAY, THURSDAY, EVENING, ""), closed]), THURSDAY) == []


def test_a_holiday_is_closed_with_its_name_and_a_special_day_beats_it():
    coach = Coach(holidays={THURSDAY: "Founders' Day"})
    assert in_utc(coach, THURSDAY) == []
    assert [each.why for each in opening_hours(coach, THURSDAY, THURSDAY)[1]] == ["Founders' Day"]
    coach.specials.append(Special(THURSDAY, THURSDAY, EVENING, ""))
    assert in_utc(coach, THURSDAY) == ["18:00-20:00"]


def test_a_closed_day_that_the_calendar_skips_closes_nothing():
    skipped = date(2011, 12, 30)
    assert opening_hours(Coach("Pacific/Apia", holidays={skipped: "a holiday"}), skipped, skipped) == ([], [])


def test_on_travel_the_hours_are_those_of_the_clock_there():
    coach = Coach(travels=[Travel(THURSDAY, THURSDAY, "Asia/Singapore", "Singapore")])
    assert in_utc(coach, THURSDAY) == ["01:00-09:00"]
    assert in_utc(coach, MONDAY) == ["09:00-17:00"]


def test_the_later_of_two_travels_says_which_clock():
    travels = [Travel(MONDAY, THURSDAY, "Asia/Singapore", ""), Travel(THURSDAY, THURSDAY, "America/New_York", "")]
    assert in_utc(Coach(travels=travels), THURSDAY) == ["14:00-22:00"]


def test_hours_of_two_zones_that_overlap_are_open_once():
    """All day long, and the next day begins eight hours earlier in Singapore."""
    coach = Coach(week=every_day(Wall(0, DAY)), travels=[Travel(THURSDAY, THURSDAY, "Asia/Singapore", "")])
    pieces, _ = opening_hours(coach, THURSDAY - timedelta(days=1), THURSDAY + timedelta(days=1))
    assert all(one.ends <= other.begins for one, other in pairwise(pieces))
    assert sum(piece.ends - piece.begins for piece in pieces) == (24 + 16 + 24) * 60


# What may be saved ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("walls", "refused"),
    [
        ([], None),
        ([NINE_TO_FIVE], None),
        ([Wall(0, DAY)], None),
        ([Wall(540, 720), Wall(720, 780)], None),
        ([Wall(600, 540)], "Hours end after they begin, on the same day."),
        ([Wall(540, 540)], "Hours end after they begin, on the same day."),
        ([Wall(-5, 540)], "Hours end after they begin, on the same day."),
        ([Wall(540, DAY + 1)], "Hours end after they begin, on the same day."),
        ([Wall(720, 780), Wall(540, 750)], "9:00–12:30 and 12:00–13:00 overlap."),
    ],
)
def test_which_hours_of_a_day_may_be_saved(walls, refused):
    assert refusal_of_hours(walls) == refused


@pytest.mark.parametrize(
    ("first", "last", "refused"),
    [
        (MONDAY, MONDAY, None),
        (MONDAY, MONDAY + timedelta(days=366), None),
        (THURSDAY, MONDAY, "The last day comes before the first one."),
        (MONDAY, MONDAY + timedelta(days=367), "That is more than a year. Split it."),
    ],
)
def test_which_days_may_be_saved(first, last, refused):
    assert refusal_of_days(first, last) == refused


WEEK = [[NINE_TO_FIVE], [Wall(0, DAY)], [], [Wall(540, 720), Wall(780, 1035, ("chemistry", "three_way"))], [], [], []]


def test_a_week_in_words_can_be_read_back():
    words = week_in_words(WEEK)
    assert words.splitlines() == [
        "Monday 9:00–17:00",
        "Tuesday 0:00–24:00",
        "Thursday 9:00–12:00, 13:00–17:15 (chemistry three_way)",
    ]
    assert week_from_words(words) == WEEK


@pytest.mark.parametrize(
    "words",
    ["Moonday 9:00–17:00", "Monday 9–17", "Monday", "Monday 9:00–17:00 (golf)", "x" * 9999, "Monday 99:00–9:61"],
)
def test_words_that_are_no_week_are_refused(words):
    with pytest.raises(ValueError, match="unreadable"):
        week_from_words(words)

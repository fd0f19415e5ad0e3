"""What is free, why the rest is not, and that wall clocks everywhere are told right (domain.md §3)."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.slots import Week, beside, naive, question
from coachbase.availability.rules import DAY, Closed, Piece, Special, Travel, Wall, minute_of, moment_of, opening_hours
from coachbase.firm.rules import zones
from coachbase.slots.rules import Away, Full, Party, Question, Reason, Taken, Why, label, openings

SPAN = 400
"""Minutes of the small world in which every minute is looked at."""


# The engine and a clock that looks at every minute --------------------------------------------------------------------

minutes_of_day = st.integers(-30, SPAN + 30)
lengths = st.integers(1, 90)
gaps = st.integers(0, 20)


@st.composite
def open_times(draw) -> list[Piece]:
    """In order and apart; some touch, as where clocks change."""
    edges = sorted(draw(st.lists(minutes_of_day, min_size=0, max_size=8, unique=True)))
    pairs = [(begins, ends) for begins, ends in pairwise(edges) if draw(st.booleans())]
    return [Piece(begins, ends, draw(st.integers(0, DAY - 1)), "UTC") for begins, ends in pairs]


@st.composite
def taken_times(draw) -> Taken:
    begins = draw(minutes_of_day)
    return Taken(begins, begins + draw(lengths), "taken", draw(gaps), draw(gaps), draw(st.booleans()))


@st.composite
def parties(draw, *, is_host: bool) -> Party:
    whole_days = st.builds(lambda begins, length: (begins, begins + length), minutes_of_day, lengths)
    return Party(
        name="Alice" if is_host else "Bob",
        pieces=draw(open_times() if is_host else st.none() | open_times()),
        closed=[Closed(*span, "holiday") for span in draw(st.lists(whole_days, max_size=2))],
        taken=draw(st.lists(taken_times(), max_size=5)),
        full=[Full(*span, "full") for span in draw(st.lists(whole_days, max_size=2))],
        before=draw(gaps),
        after=draw(gaps),
        earliest=draw(st.integers(0, 100)),
        latest=draw(st.integers(100, SPAN + 50)),
    )


@st.composite
def questions(draw) -> Question:
    first = draw(st.integers(0, 60))
    return Question(
        parties=(draw(parties(is_host=True)), *draw(st.lists(parties(is_host=False), max_size=2))),
        minutes=draw(st.integers(1, 60)),
        first=first,
        last=draw(st.integers(first, SPAN)),
        now=draw(st.integers(-20, 80)),
        increment=draw(st.sampled_from((1, 5, 7, 15, 30))),
    )


def suits(party: Party, start: int, asked: Question) -> bool:
    """Word by word, minute by minute: nothing of the engine in it."""
    session = range(start, start + asked.minutes)
    if start <= asked.now or start < party.earliest or start > party.latest:
        return False
    pieces = party.pieces if party.pieces is not None else [Piece(session.start, session.stop, 0, "UTC")]
    if not all(any(piece.begins <= minute < piece.ends for piece in pieces) for minute in session):
        return False
    if any(closed.begins <= minute < closed.ends for closed in party.closed for minute in session):
        return False
    if any(full.begins <= start < full.ends for full in party.full):
        return False
    for taken in party.taken:
        around = range(session.start - max(party.before, taken.after), session.stop + max(party.after, taken.before))
        if any(taken.begins <= minute < taken.ends for minute in around):
            return False
    return True


def grid(asked: Question) -> list[int]:
    return [
        minute
        for piece in asked.parties[0].pieces
        for minute in range(piece.begins, piece.ends)
        if (piece.wall + minute - piece.begins) % asked.increment == 0 and asked.first <= minute < asked.last
    ]


@settings(max_examples=300, deadline=None)
@given(questions())
def test_a_start_is_offered_exactly_when_there_is_no_reason_against_it(asked):
    found = openings(asked)
    free = [start for start in grid(asked) if all(suits(party, start, asked) for party in asked.parties)]
    assert found.starts == free
    for start in range(asked.first, asked.last):
        is_free = all(suits(party, start, asked) for party in asked.parties)
        assert bool(found.why_not(start)) is not is_free
        assert found.is_free(start) is is_free


@settings(max_examples=100, deadline=None)
@given(questions())
def test_a_reason_is_given_by_the_party_it_belongs_to(asked):
    found = openings(asked)
    for start in grid(asked):
        told = {reason.party for reason in found.why_not(start)}
        assert told == {party.name for party in asked.parties if not suits(party, start, asked)}


def test_a_start_nobody_asked_about_is_no_free_start():
    found = openings(question())
    for start in (found.question.first - 1, found.question.last):
        with pytest.raises(ValueError, match="nothing about this start"):
            found.why_not(start)


# Every zone there is --------------------------------------------------------------------------------------------------


@cache
def days_of_change(zone: str) -> list[date]:
    """Days from 2025 to 2027 on which the clocks there change."""
    there, noon = ZoneInfo(zone), datetime(2025, 1, 1, 12)
    days = [noon + timedelta(days=number) for number in range(3 * 365)]
    offsets = [day.replace(tzinfo=there).utcoffset() for day in days]
    return [day.date() for day, was, now in zip(days[1:], offsets, offsets[1:], strict=False) if was != now]


@st.composite
def zoned_days(draw) -> tuple[str, date]:
    zone = draw(st.sampled_from(sorted(zones())))
    any_day = st.dates(date(2025, 1, 3), date(2031, 12, 28))
    changes = days_of_change(zone)
    near = st.builds(lambda day, off: day + timedelta(days=off), st.sampled_from(changes), st.integers(-1, 1))
    return zone, draw(any_day | near if changes else any_day)


def offered(zone: str, day: date, walls: tuple[Wall, ...], *, minutes: int = 10, increment: int = 30) -> list[int]:
    """The starts offered by somebody open on this day alone."""
    week = Week(zone, week=[()] * 7, specials=tuple(Special(day, day, wall, "") for wall in walls))
    pieces, closed = opening_hours(week, day - timedelta(days=1), day + timedelta(days=1))
    noon = minute_of(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    span = noon - 3 * DAY, noon + 3 * DAY
    host = Party("Alice", pieces, closed)
    return openings(Question((host,), minutes=minutes, first=span[0], last=span[1], now=0, increment=increment)).starts


@settings(max_examples=400, deadline=None)
@given(zoned_days(), st.sampled_from((10, 15, 20, 30, 45, 60)))
def test_everywhere_exactly_the_wall_times_that_exist_are_offered(zoned_day, increment):
    zone, day = zoned_day
    there, existing = ZoneInfo(zone), set()
    for minute in range(0, DAY, increment):
        wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60)
        for fold in (0, 1):
            moment = wall.replace(tzinfo=there, fold=fold).astimezone(UTC)
            if moment.astimezone(there).replace(tzinfo=None) == wall:
                existing.add(minute_of(moment))
    starts = offered(zone, day, (Wall(0, DAY),), minutes=1, increment=increment)
    assert starts == sorted(existing)
    for start in starts:
        local = moment_of(start).astimezone(there)
        assert (local.hour * 60 + local.minute) % increment == 0


@settings(max_examples=200, deadline=None)
@given(zoned_days(), st.integers(0, 46), st.integers(1, 10))
def test_nothing_is_offered_outside_the_hours_that_the_wall_clock_shows(zoned_day, half_hours, length):
    zone, day = zoned_day
    wall = Wall(30 * half_hours, min(DAY, 30 * (half_hours + length)))
    for start in offered(zone, day, (wall,), minutes=30):
        for minute in (start, start + 29):
            local = moment_of(minute).astimezone(ZoneInfo(zone))
            assert local.date() == day
            assert wall.begins <= local.hour * 60 + local.minute < wall.ends


TRANSITIONS = {
    "New York loses an hour": (
        "America/New_York", date(2026, 3, 8), Wall(60, 240), 60,
        "1:00 1:30 3:00",  # from 1:30 an hour lasts until 3:30: open all the time
    ),
    "New York has an hour twice": (
        "America/New_York", date(2026, 11, 1), Wall(60, 150), 60,
        "1:00 (UTC−4) 1:30 (UTC−4) 1:00 (UTC−5) 1:30 (UTC−5)",
    ),
    "London loses an hour": ("Europe/London", date(2026, 3, 29), Wall(0, 180), 60, "0:00 0:30 2:00"),
    "London has an hour twice": (
        "Europe/London", date(2026, 10, 25), Wall(0, 180), 60,
        "0:00 0:30 1:00 (UTC+1) 1:30 (UTC+1) 1:00 (UTC+0) 1:30 (UTC+0) 2:00",
    ),
    "São Paulo loses its midnight": ("America/Sao_Paulo", date(2018, 11, 4), Wall(0, 150), 60, "1:00 1:30"),
    "São Paulo has the hour before midnight twice": (
        "America/Sao_Paulo", date(2019, 2, 16), Wall(1320, DAY), 60,
        "22:00 22:30 23:00 (UTC−2) 23:30 (UTC−2) 23:00 (UTC−3)",
    ),
    "São Paulo today": ("America/Sao_Paulo", date(2026, 11, 1), Wall(0, 150), 60, "0:00 0:30 1:00 1:30"),
    "Kolkata": ("Asia/Kolkata", date(2026, 3, 29), Wall(0, 150), 60, "0:00 0:30 1:00 1:30"),
    "Lord Howe loses half an hour": (
        "Australia/Lord_Howe", date(2026, 10, 4), Wall(60, 240), 60, "1:00 1:30 2:30 3:00",
    ),
    "Lord Howe has half an hour twice": (
        "Australia/Lord_Howe", date(2026, 4, 5), Wall(60, 180), 60,
        "1:00 1:30 (UTC+11) 1:30 (UTC+10:30) 2:00",
    ),
    "Casablanca before Ramadan": (
        "Africa/Casablanca", date(2026, 2, 15), Wall(60, 240), 60,
        "1:00 1:30 2:00 (UTC+1) 2:30 (UTC+1) 2:00 (UTC+0) 2:30 (UTC+0) 3:00",
    ),
    "Casablanca after Ramadan": ("Africa/Casablanca", date(2026, 3, 22), Wall(60, 240), 60, "1:00 1:30 3:00"),
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSITIONS)
def test_the_days_on_which_clocks_change(name):
    zone, day, wall, minutes, expected = TRANSITIONS[name]
    starts = offered(zone, day, (wall,), minutes=minutes)
    assert " ".join(label(moment_of(start), zone) for start in starts) == expected


def test_an_hour_that_begins_before_the_clocks_change_lasts_an_hour():
    [start] = offered("America/New_York", date(2026, 3, 8), (Wall(90, 210),), minutes=60, increment=90)
    assert label(moment_of(start), "America/New_York") == "1:30"
    assert label(moment_of(start + 60), "America/New_York") == "3:30"


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        (datetime(2026, 11, 23, 9, 5, tzinfo=UTC), "Europe/London", "9:05"),
        (datetime(2026, 11, 23, 9, 5, tzinfo=UTC), "Asia/Kolkata", "14:35"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/London", "1:30 (UTC+1)"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/London", "1:30 (UTC+0)"),
        (datetime(2026, 4, 4, 15, 0, tzinfo=UTC), "Australia/Lord_Howe", "1:30 (UTC+10:30)"),
    ],
)
def test_a_time_is_labelled_on_the_readers_clock(moment, zone, expected):
    assert label(moment, zone) == expected


# What each reason says ------------------------------------------------------------------------------------------------

NINE, NOON, FIVE = 9 * 60, 12 * 60, 17 * 60
TODAY = Piece(NINE, FIVE, NINE, "UTC")
WITH_BOB = Taken(600, 660, "10:00 with Bob", before=0, after=15)


def why(start: int, *others: Party, minutes: int = 60, now: int = 0, **facts) -> list[tuple]:
    host = Party(**{"name": "Alice", "pieces": [TODAY]} | facts)
    asked = Question((host, *others), minutes=minutes, first=0, last=2 * DAY, now=now)
    return [tuple(reason) for reason in openings(asked).why_not(start)]


@pytest.mark.parametrize(
    ("start", "facts", "expected"),
    [
        (NOON, {}, []),
        (NOON, {"now": NOON}, [(Why.PAST, "it is past")]),
        (NOON, {"now": NOON - 1}, []),
        (NOON, {"earliest": NOON + 1}, [(Why.NOTICE, "too short a notice")]),
        (NOON, {"earliest": NOON}, []),
        (NOON, {"latest": NOON - 1}, [(Why.HORIZON, "too far ahead")]),
        (NOON, {"latest": NOON}, []),
        (FIVE - 60, {}, []),
        (FIVE - 59, {}, [(Why.OUTSIDE, "outside the open hours")]),
        (NINE - 1, {}, [(Why.OUTSIDE, "outside the open hours")]),
        (600, {"taken": [WITH_BOB]}, [(Why.TAKEN, "10:00 with Bob")]),
        (659, {"taken": [WITH_BOB]}, [(Why.TAKEN, "10:00 with Bob")]),
        (660, {"taken": [WITH_BOB]}, [(Why.BUFFER, "buffer 15 min after 10:00 with Bob")]),
        (675, {"taken": [WITH_BOB]}, []),
        (540, {"taken": [WITH_BOB]}, []),
        (541, {"taken": [WITH_BOB]}, [(Why.TAKEN, "10:00 with Bob")]),
        (540, {"taken": [WITH_BOB], "after": 15}, [(Why.BUFFER, "buffer 15 min before 10:00 with Bob")]),
        (675, {"taken": [WITH_BOB], "before": 20}, [(Why.BUFFER, "buffer 20 min after 10:00 with Bob")]),
        (
            660,
            {"taken": [Taken(600, 660, "a busy time in Outlook", is_ours=False)], "before": 5},
            [(Why.BUFFER, "buffer 5 min after a busy time in Outlook")],
        ),
        (630, {"taken": [Taken(600, 660, "a busy time in Outlook", is_ours=False)]},
         [(Why.BUSY, "a busy time in Outlook")]),
        (630, {"taken": [Taken(600, 660, "10:00 held for Bob")]}, [(Why.TAKEN, "10:00 held for Bob")]),
        (NOON, {"full": [Full(0, DAY, "4 sessions on that day already")]},
         [(Why.FULL, "4 sessions on that day already")]),
        (NOON, {"closed": [Closed(0, DAY, "Boxing Day")], "pieces": []}, [(Why.CLOSED, "Boxing Day")]),
        (
            600,
            {"taken": [WITH_BOB], "earliest": 601},
            [(Why.NOTICE, "too short a notice"), (Why.TAKEN, "10:00 with Bob")],
        ),
    ],
)  # fmt: skip
def test_each_reason_has_its_words(start, facts, expected):
    assert sorted(why(start, **facts)) == sorted(("Alice", *reason) for reason in expected)


def test_every_party_is_asked_and_named():
    bob = Party("Bob", taken=[Taken(NOON, NOON + 30, "has another session then")])
    sam = Party("Sam", taken=[Taken(NINE, NINE + 30, "has another session then")])
    assert why(NOON, bob, sam) == [("Bob", Why.TAKEN, "has another session then")]
    assert why(NINE, bob, sam) == [("Sam", Why.TAKEN, "has another session then")]
    assert why(NINE + 90, bob, sam) == []


def test_nobody_books_over_a_session_or_into_the_past_but_over_the_rest_with_a_reason():
    assert {why for why in Why if Reason("Alice", why, "").is_hard} == {Why.PAST, Why.TAKEN}


def test_a_calendar_that_cannot_be_read_is_told_and_closes_nothing():
    host = Party("Alice", [TODAY], unknown=("Outlook",))
    found = openings(Question((host, Party("Bob", unknown=("Diary",))), minutes=60, first=0, last=DAY, now=0))
    assert found.unknown == ("Outlook", "Diary")
    assert NINE in found.starts


def test_a_session_may_last_over_midnight_where_both_days_are_open():
    late, early = Piece(DAY - 60, DAY, DAY - 60, "UTC"), Piece(DAY, DAY + 60, 0, "UTC")
    found = openings(Question((Party("Alice", [late, early]),), minutes=60, first=0, last=2 * DAY, now=0))
    assert found.starts == [DAY - 60, DAY - 30, DAY]


def test_somebody_abroad_is_open_by_the_clock_there():
    trip = Travel(date(2026, 12, 3), date(2026, 12, 9), "Asia/Singapore", "Singapore")
    pieces, _ = opening_hours(Week("Europe/London", travels=(trip,)), date(2026, 12, 2), date(2026, 12, 3))
    assert [label(moment_of(piece.begins), "UTC") for piece in pieces] == ["9:00", "1:00"]


def test_somebody_abroad_is_told_the_hour_there_when_it_is_outside_the_open_hours():
    home, there = Away(0, DAY, "Europe/London", "London"), Away(NOON, DAY, "Asia/Dubai", "Dubai")
    [(_, _, abroad)] = why(FIVE - 30, away=[home, there])
    assert abroad == "outside the open hours: 20:30 in Dubai"
    assert why(NOON, away=[there]) == []
    assert [words for _, _, words in why(DAY + 1, away=[there])] == ["outside the open hours"]


# Speed ----------------------------------------------------------------------------------------------------------------


def test_the_naive_grid_that_is_timed_beside_it_finds_the_same():
    asked = question()
    assert openings(asked).starts == naive(asked) != []


def test_three_people_ninety_days_and_two_thousand_events_are_far_quicker_than_a_grid():
    """A bar of 20 is held by `make bench`; here a machine that is busy with other tests must not fail."""
    engine, grid = beside(times=3)
    assert min(grid) > 6 * min(engine)

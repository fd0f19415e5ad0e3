"""The smallest change is the smallest there is."""

import itertools
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachbase.availability.rules import SessionKind
from coachbase.moves.rules import (
    ALWAYS,
    MOVED,
    NO_PLACE,
    Movable,
    Option,
    deadline,
    displacement,
    forbidden,
    rank_of,
    smallest_change,
)

# What a change costs --------------------------------------------------------------------------------------------------

WAS = datetime(2026, 12, 8, 10)


def test_the_same_weekday_and_time_costs_least_then_the_weekday_then_the_time():
    week_later = WAS + timedelta(days=7)
    in_order = [
        week_later,
        week_later + timedelta(minutes=30),
        week_later + timedelta(hours=2),
        week_later + timedelta(days=1),
        week_later + timedelta(days=1, hours=2),
    ]
    costs = [displacement(WAS, will) for will in in_order]
    assert costs == sorted(set(costs))
    assert displacement(WAS, week_later) < displacement(WAS, week_later + timedelta(days=7))


def test_another_weekday_next_week_is_nearer_than_the_same_one_three_weeks_on():
    assert displacement(WAS, WAS + timedelta(days=5)) < displacement(WAS, WAS + timedelta(days=21))
    assert displacement(WAS, WAS + timedelta(days=7)) < displacement(WAS, WAS + timedelta(days=1))


@pytest.mark.parametrize(
    ("day", "owed", "ends_on", "until"),
    [
        (8, [15, 28], 30, 15),
        (15, [15], 30, 15),
        (16, [15, 28], 30, 28),
        (29, [15, 28], 30, 30),
        (31, [15], 30, None),
        (29, [], None, None),
    ],
)
def test_a_three_way_stays_before_the_day_it_was_in_time_for(day, owed, ends_on, until):
    on = [date(2027, 1, number) for number in owed]
    found = deadline(date(2027, 1, day), on, ends_on and date(2027, 1, ends_on))
    assert found == (until and date(2027, 1, until))


def test_kickoffs_come_first_and_closings_last():
    ranks = [rank_of(SessionKind(kind)) for kind in ("chemistry", "kickoff", "coaching", "three_way", "closing")]
    assert ranks == sorted(set(ranks))
    assert rank_of(SessionKind.COACHING) == rank_of(SessionKind.DEBRIEF)


# The smallest change --------------------------------------------------------------------------------------------------

HOUR, A_DAY = 60, 1440
MONDAY = date(2026, 12, 7)


def fits(sessions, choice, days) -> bool:
    """Whether these places go together, said anew: no two at once, buffers, order, gap, the most of a day."""
    for (one, at), (other, then) in itertools.combinations(
        [(session, option) for session, option in zip(sessions, choice, strict=True) if option], 2
    ):
        if at.start > then.start:
            (one, at), (other, then) = (other, then), (one, at)
        if at.start + one.minutes + max(one.after, other.before) > then.start:
            return False
        if one.whose is not None and one.whose == other.whose:
            if then.start - at.start < min(max(one.gap, other.gap), abs(one.start - other.start)):
                return False
            if one.rank != other.rank and one.start > other.start:
                return False
    held = Counter(option.day for option in choice if option)
    weeks, beside = Counter(), Counter()
    for count, into in ((held, weeks), (days, beside)):
        for day, number in count.items():
            into[day.isocalendar()[:2]] += number
    for session, option in zip(sessions, choice, strict=True):
        if option is None or option is session.stays:
            continue
        if session.daily and held[option.day] + days.get(option.day, 0) > session.daily:
            return False
        week = option.day.isocalendar()[:2]
        if session.weekly and weeks[week] + beside[week] > session.weekly:
            return False
    return True


def brute(sessions, days) -> int:
    """The least weight over all assignments."""

    def weight(session, option):
        if option is session.stays:
            return 0 if option else NO_PLACE
        return option.cost + (MOVED if session.stays else 0)

    options = [[*session.options, session.stays] for session in sessions]
    return min(
        sum(map(weight, sessions, choice)) for choice in itertools.product(*options) if fits(sessions, choice, days)
    )


@st.composite
def small_case(draw):
    """Up to five sessions with up to five places each, crowded into four days."""
    starts = st.integers(0, 4 * 8).map(lambda number: A_DAY * (number // 8) + HOUR * (9 + number % 8))

    def option(start, cost=0):
        return Option(start, cost, MONDAY + timedelta(days=start // A_DAY))

    sessions, there = [], []
    for _ in range(draw(st.integers(1, 5))):
        start = draw(starts)
        found = draw(st.lists(starts, max_size=5, unique=True))
        stays = None
        who = draw(st.sampled_from([None, 1, 2]))
        if draw(st.booleans()) and all(abs(start - other) >= 2 * HOUR for other in there):
            stays = option(start)
            there.append(start)
            found = [each for each in found if each != start]
        sessions.append(
            Movable(
                start, draw(st.sampled_from([30, 60, 90])), [option(each, draw(st.integers(0, 40))) for each in found],
                stays, after=draw(st.sampled_from([0, 15])), before=draw(st.sampled_from([0, 10])),
                whose=who, rank=draw(st.integers(0, 2)), gap=draw(st.sampled_from([0, 12 * HOUR])),
                daily=draw(st.sampled_from([0, 0, 2])), weekly=draw(st.sampled_from([0, 0, 0, 4])),
            )
        )  # fmt: skip
    days = draw(st.dictionaries(st.integers(0, 3).map(lambda n: MONDAY + timedelta(days=n)), st.integers(1, 2)))
    return sessions, days


@given(small_case())
@settings(max_examples=400, deadline=None)
def test_no_assignment_at_all_moves_fewer_sessions_or_moves_them_less(case):
    sessions, days = case
    if not any(fits(sessions, choice, days) for choice in [[session.stays for session in sessions]]):
        return  # what stays clashes already, which the database refuses
    found = smallest_change(sessions, days)
    assert found.is_least
    assert found.weight == brute(sessions, days)
    chosen = [
        next((option for option in [*session.options, session.stays] if option and option.start == start), None)
        for session, start in zip(sessions, found.starts, strict=True)
    ]
    assert fits(sessions, chosen, days)


def at(day: int, hour: int, cost: int = 0) -> Option:
    return Option(A_DAY * day + HOUR * hour, cost, MONDAY + timedelta(days=day))


def test_a_session_of_another_week_moves_only_when_a_touched_one_has_no_place_otherwise():
    cheap, dear = at(7, 10, cost=7), at(9, 10, cost=90)
    there = Movable(at(7, 10).start, 60, [at(7, 14, cost=12)], stays=at(7, 10))
    touched = Movable(0, 60, [cheap, dear])
    assert smallest_change([touched, there]).starts == (dear.start, at(7, 10).start)
    touched = Movable(0, 60, [cheap])
    assert smallest_change([touched, there]).starts == (cheap.start, at(7, 14).start)


def test_a_session_without_any_place_is_said_to_have_none():
    found = smallest_change([Movable(0, 60, [at(7, 10)]), Movable(60, 60, [at(7, 10, cost=1)])])
    assert found.without_place == 1
    assert found.starts == (at(7, 10).start, None)


def test_kickoff_and_session_never_change_places_but_two_sessions_may():
    kickoff = Movable(at(0, 9).start, 60, [at(9, 9)], whose=1, rank=-1)
    coaching = Movable(at(8, 9).start, 60, [], stays=at(8, 9), whose=1, rank=0)
    assert smallest_change([kickoff, coaching]).starts[0] is None
    other = Movable(at(0, 9).start, 60, [at(9, 9)], whose=1, rank=0)
    assert smallest_change([other, coaching]).starts[0] == at(9, 9).start


def test_who_is_out_of_time_still_gets_a_plan_and_hears_that_a_smaller_one_may_exist():
    day = MONDAY + timedelta(days=7)
    times = [Option(A_DAY * 7 + 15 * number, abs(number - 44), day) for number in range(36, 68)]
    sessions = [Movable(HOUR * number, 60, times, after=15 * (number % 2)) for number in range(5)]
    found = smallest_change(sessions, most_steps=1)
    assert not found.is_least
    starts = sorted(found.starts)
    assert all(after - before >= 60 for before, after in itertools.pairwise(starts))
    best = smallest_change(sessions[:3])
    assert best.is_least
    assert best.weight == brute(sessions[:3], {})


def test_ranges_of_forbidden_starts_end_where_the_buffers_do():
    one, other = Movable(0, 60, [], after=15), Movable(0, 30, [], before=5, after=10)
    assert forbidden(one, 600, other) == [(600 - 30 - 10 + 1, 600 + 60 + 15 - 1)]
    assert ALWAYS > 10**9

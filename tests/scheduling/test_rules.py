"""Who may book, move and cancel, at which notice, and what it costs."""

from datetime import UTC, datetime, timedelta

import pytest

from coachbase.availability.rules import SessionKind, minute_of
from coachbase.engagements.rules import State as Program
from coachbase.scheduling.rules import (
    JUST_GONE,
    LONGEST,
    SHORTEST,
    Side,
    Via,
    clocks,
    free_days,
    is_charged,
    refusal_by_link,
    refusal_of_length,
    refusal_of_time,
    refusal_to_change,
    refusal_to_have,
    refusal_to_meet,
    refusal_to_move,
    terms_in_words,
    that_bind,
)
from coachbase.sessions.rules import State
from coachbase.slots.rules import Reason, Why

STARTS = datetime(2026, 11, 26, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHEMISTRY, KICKOFF, COACHING, DEBRIEF, THREE_WAY, GROUP, CLOSING = SessionKind

NO_PROGRAM, UNSIGNED, OVER, PAUSED, NONE_LEFT = (
    "There is no program yet",
    "not signed by all yet",
    "The program is over",
    "The program is paused",
    "no session left",
)


def having(kind, program, *, minutes=60, has_place=True, left=3, despite=""):
    return refusal_to_have(kind, program, minutes=minutes, has_place=has_place, left=left, despite=despite)


@pytest.mark.parametrize(
    ("kind", "program", "left", "expected"),
    [
        (CHEMISTRY, None, None, None),
        (CHEMISTRY, Program.ENDED, None, None),
        (GROUP, None, None, None),
        (COACHING, None, None, NO_PROGRAM),
        (KICKOFF, None, None, NO_PROGRAM),
        (KICKOFF, Program.DRAFT, 3, None),
        (COACHING, Program.DRAFT, 3, UNSIGNED),
        (DEBRIEF, Program.DRAFT, 3, UNSIGNED),
        (THREE_WAY, Program.DRAFT, None, UNSIGNED),
        (COACHING, Program.ACTIVE, 3, None),
        (COACHING, Program.ACTIVE, 1, None),
        (COACHING, Program.ACTIVE, 0, NONE_LEFT),
        (COACHING, Program.ACTIVE, -1, NONE_LEFT),
        (COACHING, Program.ACTIVE, None, None),
        (THREE_WAY, Program.ACTIVE, None, None),
        (COACHING, Program.PAUSED, 3, PAUSED),
        (CLOSING, Program.COMPLETED, 3, OVER),
        (CLOSING, Program.ENDED, 3, OVER),
    ],
)
def test_which_sessions_a_program_may_have(kind, program, left, expected):
    found = having(kind, program, left=left)
    assert found is expected is None or expected in found
    assert having(kind, program, left=left, despite="we agreed on the phone") is None


@pytest.mark.parametrize("despite", ["", "a good reason"])
def test_no_reason_makes_up_for_a_missing_place_or_an_absurd_length(despite):
    assert "Say where it is" in having(COACHING, Program.ACTIVE, has_place=False, despite=despite)
    assert "lasts from" in having(COACHING, Program.ACTIVE, minutes=SHORTEST - 1, despite=despite)


@pytest.mark.parametrize(
    ("minutes", "fits"), [(SHORTEST - 1, False), (SHORTEST, True), (LONGEST, True), (LONGEST + 1, False), (-60, False)]
)
def test_how_long_a_session_may_be(minutes, fits):
    assert (refusal_of_length(minutes) is None) is fits


FITS = {"has_client": True, "is_their_program": True, "is_coached": True, "knows_guests": True}


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        (COACHING, {}, None),
        (COACHING, {"has_client": False}, "whom the session is with"),
        (COACHING, {"is_their_program": False}, "another client’s"),
        (COACHING, {"is_coached": False}, "Somebody else coaches"),
        (THREE_WAY, {"knows_guests": False}, "a contact of the client’s organisation"),
        (GROUP, {}, "for its group"),
        (GROUP, {"has_client": False}, None),
    ],
)
def test_who_belongs_in_one_session(kind, facts, expected):
    found = refusal_to_meet(kind, **FITS | facts)
    assert found is expected is None or expected in found


TAKEN, OUTSIDE, PAST, HORIZON = (
    Reason("Alice", why, f"{why}!") for why in (Why.TAKEN, Why.OUTSIDE, Why.PAST, Why.HORIZON)
)


@pytest.mark.parametrize(
    ("reasons", "is_staff", "despite", "expected"),
    [
        ([], True, "", None),
        ([], False, "", None),
        ([OUTSIDE], False, "", JUST_GONE),
        ([OUTSIDE], False, "please", JUST_GONE),
        ([TAKEN], False, "please", JUST_GONE),
        ([OUTSIDE], True, "", "That time is not offered: Alice: outside!. Say why it is right nevertheless."),
        ([OUTSIDE], True, "she asked", None),
        ([OUTSIDE, TAKEN], True, "she asked", "That time cannot be had: Alice: taken!."),
        ([PAST], True, "she asked", "That time cannot be had: Alice: past!."),
    ],
)
def test_what_is_said_of_a_time_and_to_whom(reasons, is_staff, despite, expected):
    assert refusal_of_time(reasons, is_staff=is_staff, despite=despite) == expected


@pytest.mark.parametrize("via", Via)
def test_the_horizon_binds_single_bookings_only(via):
    planned = via in (Via.CADENCE, Via.PLAN)
    assert that_bind([HORIZON, OUTSIDE], via) == ([OUTSIDE] if planned else [HORIZON, OUTSIDE])


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_only_what_is_booked_and_has_not_begun_is_changed(state, hours):
    found = refusal_to_change(state, STARTS, STARTS - hours * HOUR)
    assert (found is None) is (state is State.BOOKED and hours > 0)


@pytest.mark.parametrize(
    ("side", "hours", "cancel_hours", "may"),
    [
        (Side.CLIENT, 24, 24, True),
        (Side.CLIENT, 23.9, 24, False),
        (Side.ASSISTANT, 24, 24, True),
        (Side.ASSISTANT, 23.9, 24, False),
        (Side.CLIENT, 1, 0, True),
        (Side.CLIENT, 47, 48, False),
        (Side.COACH, 0.1, 48, True),
        (Side.FIRM, 0.1, 48, True),
    ],
)
def test_at_which_notice_each_side_moves_a_session(side, hours, cancel_hours, may):
    found = refusal_to_move(side, STARTS, STARTS - hours * HOUR, cancel_hours=cancel_hours)
    assert (found is None) is may
    assert found is None or f"{cancel_hours} hours" in found


@pytest.mark.parametrize(
    ("side", "hours", "late_is_charged", "charged"),
    [
        (Side.CLIENT, 24, True, False),
        (Side.CLIENT, 23.9, True, True),
        (Side.CLIENT, 23.9, False, False),
        (Side.ASSISTANT, 23.9, True, True),
        (Side.COACH, 0.1, True, False),
        (Side.FIRM, 0.1, True, False),
    ],
)
def test_which_cancellation_uses_a_session_up(side, hours, late_is_charged, charged):
    now = STARTS - hours * HOUR
    assert is_charged(side, STARTS, now, cancel_hours=24, late_is_charged=late_is_charged) is charged


def test_what_is_not_theirs_alone_stays_where_it_is():
    assert refusal_by_link(is_group=False, guests=[]) is None
    assert "group" in refusal_by_link(is_group=True, guests=[])
    assert refusal_by_link(is_group=False, guests=["Sam", "Max", "Eve"]).startswith("Sam, Max and Eve will be there")


# What people behind links are offered ---------------------------------------------------------------------------------


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "zone", "coach", "said"),
    [
        (at(24, 9), "Asia/Dubai", "Europe/London", ("13:00", "9:00")),
        (at(24, 9), "Europe/London", "Europe/London", ("9:00", "")),
        (at(24, 9), "Africa/Accra", "Europe/London", ("9:00", "")),  # another zone, the same clock
        (at(24, 9, month=7), "Africa/Accra", "Europe/London", ("9:00", "10:00")),  # and not in summer
        (at(24, 16), "Pacific/Auckland", "Europe/London", ("5:00", "Tue 16:00")),
        (at(24, 3), "America/New_York", "Asia/Kolkata", ("22:00", "Tue 8:30")),
        (at(1, 5, 30), "America/New_York", "Europe/London", ("1:30 (UTC−4)", "5:30")),
        (at(1, 6, 30), "America/New_York", "Europe/London", ("1:30 (UTC−5)", "6:30")),
        (at(25, 0, 30, 10), "Europe/Paris", "Europe/London", ("2:30 (UTC+2)", "1:30 (UTC+1)")),
    ],
)
def test_a_time_stands_on_both_clocks(moment, zone, coach, said):
    assert clocks(moment, zone, coach) == said


def test_days_are_those_of_who_reads_and_parted_by_the_hour_there():
    starts = [minute_of(each) for each in (at(24, 8), at(24, 18), at(24, 22), at(25, 3), at(25, 8))]
    (tuesday, wednesday) = free_days(starts, "Asia/Dubai", "Europe/London").days
    assert [(part, [time.here for time in times]) for part, times in tuesday.parts] == [
        ("Afternoon", ["12:00"]), ("Evening", ["22:00"]),
    ]  # fmt: skip
    assert [(part, [time.here for time in times]) for part, times in wednesday.parts] == [
        ("Night", ["2:00"]), ("Morning", ["7:00"]), ("Afternoon", ["12:00"]),
    ]  # fmt: skip


def test_three_days_at_once_and_where_the_others_are():
    starts = [minute_of(at(day, 9)) for day in (24, 25, 26, 27, 30)]
    shown = free_days(starts, "Europe/London", "Europe/London")
    assert [day.on.day for day in shown.days] == [24, 25, 26]
    assert (shown.earlier, shown.later.day) == (None, 27)
    assert [(day.day, is_shown) for day, is_shown in shown.weeks] == [(24, True), (30, False)]
    rest = free_days(starts, "Europe/London", "Europe/London", first=shown.later)
    assert [day.on.day for day in rest.days] == [27, 30]
    assert (rest.earlier.day, rest.later) == (24, None)


def test_a_day_behind_all_shows_the_last_ones_and_none_shows_none():
    starts = [minute_of(at(day, 9)) for day in (24, 25, 26, 27)]
    shown = free_days(starts, "UTC", "UTC", first=at(1, 0, month=12).date())
    assert [day.on.day for day in shown.days] == [25, 26, 27]
    assert free_days([], "UTC", "UTC") == ([], None, None, [])


@pytest.mark.parametrize(
    ("hours", "charged", "said"),
    [
        (24, True, "up to 24 hours before. Cancelled later than that, it counts as used."),
        (48, False, "up to 48 hours before."),
        (1, False, "up to an hour before."),
        (0, True, "until it begins."),
    ],
)
def test_the_terms_are_said_in_words(hours, charged, said):
    assert terms_in_words(hours, late_is_charged=charged) == f"You can move or cancel it here {said}"

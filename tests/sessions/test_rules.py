"""What a session may become, what it costs, where it is, and the line of marks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase.availability.rules import SessionKind
from coachbase.engagements.rules import Cadence, ThreeWay
from coachbase.engagements.rules import State as ProgramState
from coachbase.sessions.rules import (
    STALLED_AFTER,
    Balance,
    Entry,
    State,
    clocks_differ,
    entry_of,
    is_late,
    marks_of,
    minutes_apart,
    place_from,
    place_of,
    refusal_to_enter,
    refusal_to_mark,
    spread,
    stalled_days,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)
BEFORE, AFTER = NOON - AN_HOUR, NOON + AN_HOUR
B, H, N, L, C = State.BOOKED, State.HELD, State.NO_SHOW, State.LATE_CANCELLED, State.CANCELLED


@pytest.mark.parametrize(
    ("state", "to", "now", "ended_at", "reason", "said"),
    [
        (B, H, AFTER, None, "", None),
        (B, N, NOON, None, "", None),
        (B, L, AFTER, None, "", None),
        (B, H, BEFORE, None, "", "not begun"),
        (B, C, AFTER, None, "", "Say why"),
        (B, C, AFTER, None, "ill", None),
        (B, B, AFTER, None, "", "already"),
        (H, H, AFTER, AFTER, "", "already"),
        (H, B, AFTER, AFTER, "", None),
        (N, H, AFTER, AFTER, "", None),
        (L, H, AFTER, AFTER, "", None),
        (C, H, AFTER, BEFORE, "", "cancelled before"),
        (C, B, AFTER, BEFORE, "", "cancelled before"),
        (C, B, AFTER, AFTER, "", None),
        (C, H, AFTER, None, "", "cancelled before"),
    ],
)
def test_what_a_session_may_be_marked_as(state, to, now, ended_at, reason, said):
    refusal = refusal_to_mark(state, to, NOON, now, ended_at=ended_at, reason=reason)
    assert (refusal is None) == (said is None)
    assert said is None or said in refusal


@pytest.mark.parametrize(
    ("state", "charged", "entry"),
    [
        (B, True, Entry.BOOKED),
        (H, True, Entry.HELD),
        (N, False, Entry.NO_SHOW),
        (L, True, Entry.LATE_CANCELLED),
        (L, False, None),
        (C, True, None),
    ],
)
def test_which_line_a_state_has_in_the_ledger(state, charged, entry):
    assert entry_of(state, late_is_charged=charged) is entry


@pytest.mark.parametrize(
    ("entry", "count", "reason", "left", "program", "said"),
    [
        (Entry.MADE_UP, 1, "why", 0, ProgramState.ACTIVE, None),
        (Entry.BOUGHT, 100, "why", 0, ProgramState.PAUSED, None),
        (Entry.BOUGHT, 101, "why", 0, ProgramState.ACTIVE, "1 to 100"),
        (Entry.BOUGHT, 0, "why", 0, ProgramState.ACTIVE, "1 to 100"),
        (Entry.MADE_UP, -1, "why", 0, ProgramState.ACTIVE, "1 to 100"),
        (Entry.MADE_UP, 1, "", 0, ProgramState.ACTIVE, "Say why"),
        (Entry.FORFEITED, 2, "why", 2, ProgramState.ENDED, None),
        (Entry.FORFEITED, 3, "why", 2, ProgramState.ENDED, "Only 2"),
        (Entry.FORFEITED, 1, "why", -1, ProgramState.ENDED, "No session is left"),
        (Entry.HELD, 1, "why", 5, ProgramState.ACTIVE, "follows from the sessions"),
        (Entry.BOUGHT, 1, "why", 0, ProgramState.DRAFT, "not active yet"),
    ],
)
def test_which_lines_are_added_by_hand(entry, count, reason, left, program, said):
    refusal = refusal_to_enter(entry, count, reason=reason, left=left, program=program)
    assert (refusal is None) == (said is None)
    assert said is None or said in refusal


def test_a_balance_is_the_sum_in_words():
    assert Balance(bought=12, held=5, booked=2).words == "12 bought · 5 held · 2 booked · 5 left"
    assert Balance(bought=1, made_up=1, no_show=2, booked=1).words == (
        "1 bought · 1 made up · 2 no-show · 1 booked · 1 more than bought"
    )
    assert Balance().words == "0 left"
    assert Balance.of({"bought": 12, "forfeited": 3, "held": 9}).left == 0


def test_a_cancellation_is_late_from_the_hour_on_that_was_agreed():
    assert not is_late(NOON, NOON - 24 * AN_HOUR, 24)
    assert is_late(NOON, NOON - 24 * AN_HOUR + timedelta(seconds=1), 24)
    assert not is_late(NOON, NOON, 0)


@pytest.mark.parametrize(
    ("chain", "place", "source"),
    [
        ([("", ""), ("", ""), ("", "")], ("", ""), ""),
        ([("phone", "+1"), ("room", "A"), ("video", "x")], ("phone", "+1"), "this session’s own"),
        ([("", "  "), ("room", "A"), ("video", "x")], ("room", "A"), "from the program"),
        ([("", ""), ("", ""), ("video", "x")], ("video", "x"), "the coach’s usual place"),
    ],
)
def test_where_a_place_comes_from(chain, place, source):
    assert (place_of(chain), place_from(chain)) == (place, source)


@pytest.mark.parametrize(
    ("one", "other", "day", "differs"),
    [
        ("Europe/London", "America/New_York", (2026, 3, 1), False),
        ("Europe/London", "America/New_York", (2026, 3, 10), True),  # New York springs forward three weeks earlier
        ("Europe/London", "America/New_York", (2026, 3, 30), False),
        ("Europe/London", "America/New_York", (2026, 10, 27), True),
        ("Europe/London", "Asia/Dubai", (2026, 3, 10), False),
        ("Europe/London", "Asia/Dubai", (2026, 3, 30), False),  # one change for half a year is no odd week
        ("Europe/Berlin", "Europe/London", (2026, 3, 29), False),
        ("Asia/Kolkata", "Asia/Dubai", (2026, 6, 1), False),
        ("Australia/Sydney", "Europe/London", (2026, 3, 30), True),
    ],
)
def test_weeks_in_which_two_clocks_have_not_both_changed(one, other, day, differs):
    assert clocks_differ(one, other, datetime(*day, 12, tzinfo=UTC)) is differs
    assert clocks_differ(other, one, datetime(*day, 12, tzinfo=UTC)) is differs


def test_how_far_two_clocks_are_apart():
    assert minutes_apart("Asia/Kolkata", "Europe/London", NOON) == 330
    assert minutes_apart("America/New_York", "Europe/London", NOON) == -300


@pytest.mark.parametrize("cadence", Cadence)
def test_a_program_is_stalled_from_twice_its_pace_on(cadence):
    def days(ago, **options):
        given = {"booked": 0, "left": 1, "since": NOON - timedelta(days=ago), "now": NOON} | options
        return stalled_days(given.pop("state", ProgramState.ACTIVE), cadence, **given)

    most = STALLED_AFTER[cadence]
    assert days(most - 1) is None
    assert days(most) == most
    assert days(most, booked=1) is None
    assert days(most, left=0) is None
    assert days(most, since=None) is None
    assert all(days(most, state=state) is None for state in ProgramState if state is not ProgramState.ACTIVE)


# The line of marks ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Some:
    day: int
    state: State
    kind: SessionKind = SessionKind.COACHING

    @property
    def public_id(self) -> str:
        return f"{self.kind}{self.day}"

    @property
    def label(self) -> str:
        return self.kind

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + AN_HOUR

    @property
    def starts_at(self) -> datetime:
        return NOON + timedelta(days=self.day)


def drawn(sessions, given, meetings=(), ends_on=date(2027, 5, 1)):
    """The line in letters; three-way meetings in brackets, what is open as dots."""
    letters = {"held": "h", "no_show": "n", "late_cancelled": "l", "booked": "b", "next": "N", "due": "?", "open": "."}
    marks = marks_of(sessions, given, meetings, date(2026, 11, 1), ends_on, NOON)
    return "".join(f"[{letters[mark.state]}]" if mark.is_three_way else letters[mark.state] for mark in marks)


T = SessionKind.THREE_WAY
START, END = (ThreeWay.START, date(2026, 11, 16)), (ThreeWay.END, date(2027, 4, 20))


@pytest.mark.parametrize(
    ("sessions", "given", "meetings", "line"),
    [
        ([], 3, [], "..."),
        ([Some(-9, H), Some(-2, N), Some(-1, L), Some(3, B), Some(9, B)], 7, [], "hnlNb.."),
        ([Some(-9, H), Some(-2, C), Some(3, B)], 3, [], "hN."),
        ([Some(-9, H), Some(-2, B), Some(3, B), Some(4, B)], 5, [], "h?Nb."),
        ([Some(-9, H), Some(3, B)], 4, [START, END], "h[.]N..[.]"),
        ([Some(-9, H), Some(-5, H, T), Some(3, B)], 4, [START, END], "h[h]N..[.]"),
        ([Some(-9, H), Some(2, B, T), Some(3, B)], 4, [START, END], "h[N]b..[.]"),
        ([Some(-9, H), Some(3, B)], 1, [], "hN"),
        ([Some(-9, H), Some(-3, H, SessionKind.GROUP)], 2, [], "h."),
    ],
)
def test_a_program_is_a_line_of_marks(sessions, given, meetings, line):
    assert drawn(sessions, given, meetings) == line


def test_marks_are_numbered_as_sessions_and_three_way_meetings_are_not():
    marks = marks_of([Some(-9, H), Some(-5, H, T), Some(3, B)], 4, [], date(2026, 11, 1), None, NOON)
    assert [mark.number for mark in marks] == [1, 0, 2, 3, 4]


def test_what_is_not_booked_is_spread_evenly_up_to_the_end():
    assert spread(date(2026, 1, 1), date(2026, 1, 31), 2) == [date(2026, 1, 11), date(2026, 1, 21)]
    assert spread(date(2026, 1, 1), None, 2) == [date.max, date.max]
    assert spread(date(2026, 1, 1), date(2025, 1, 1), 1) == [date(2026, 1, 1)]
    assert spread(date(2026, 1, 1), date(2026, 1, 31), -3) == []

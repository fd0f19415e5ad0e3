"""Who is reminded when, and how firmly; what stands in one letter; what interest comes to."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from coachbase.dunning.rules import (
    Case,
    Level,
    Reminded,
    Why,
    firmest,
    interest,
    is_due,
    listed,
    next_on,
    refusal_of_rest,
    refusal_to_charge,
    refusal_to_remind,
    together,
    why_not,
    why_to_act,
)
from coachbase.numbers.rules import Kind

DUE = date(2026, 11, 16)
FRIENDLY, FIRST, SECOND = Level
LATE = Case(Kind.INVOICE, 30_000, DUE, (3, 14, 28), reached_on=date(2026, 11, 2), invoice="2026-0001")


def after(days: int) -> date:
    return DUE + timedelta(days=days)


def sent(*days: int) -> Case:
    """Reminded so many days after the due day, each time a level firmer."""
    return replace(LATE, sent=tuple(zip(Level, map(after, days), strict=False)))


ALL = sent(3, 14, 28)


@pytest.mark.parametrize(
    ("case", "level", "day"),
    [
        (LATE, FRIENDLY, 3),
        (sent(3), FIRST, 14),
        (sent(3, 14), SECOND, 28),
        (ALL, None, None),
        # the worker was off until the fortieth day: one level after the other, each as far apart as it would have been
        (sent(40), FIRST, 51),
        (sent(40, 51), SECOND, 65),
        # by hand, before the clock would have: the next one keeps its day
        (sent(1), FIRST, 14),
        # it came late to the payer, and counts from then
        (replace(LATE, reached_on=after(10)), FRIENDLY, 13),
        (replace(LATE, reached_on=after(-5)), FRIENDLY, 3),
        # a rest moves what would have come meanwhile
        (replace(LATE, paused_until=after(9)), FRIENDLY, 9),
        (replace(LATE, paused_until=after(1)), FRIENDLY, 3),
        # a payer with a rhythm of its own; one with a single reminder
        (replace(LATE, rhythm=(7, 8, 30)), FRIENDLY, 7),
        (replace(sent(7), rhythm=(7,)), None, None),
    ],
)
def test_the_next_level_and_its_day(case, level, day):
    assert case.level == level
    assert next_on(case) == (after(day) if day is not None else None)


@pytest.mark.parametrize(
    ("case", "day", "is_it"),
    [
        (LATE, 2, False),
        (LATE, 3, True),
        (LATE, 200, True),
        (sent(3), 3, False),
        (sent(40), 40, False),
        (ALL, 300, False),
    ],
)
def test_the_clock_reminds_from_its_day_on_and_never_twice_a_day(case, day, is_it):
    assert is_due(case, after(day)) is is_it


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": Kind.CREDIT}, Why.NOTHING_OPEN),
        ({"open_cents": 0}, Why.NOTHING_OPEN),
        ({"open_cents": -5}, Why.NOTHING_OPEN),
        ({"due_on": after(20)}, Why.NOT_LATE),
        ({"is_disputed": True}, Why.DISPUTED),
        ({"is_handed": True}, Why.HANDED),
        ({"paused_until": after(21)}, Why.PAUSED),
        ({"reached_on": None}, Why.UNREACHED),
        ({"came_back": True}, Why.CAME_BACK),
        ({"paused_until": after(20)}, None),
        ({"kind": Kind.FEE}, None),
        ({}, None),
    ],
)
def test_who_is_left_in_peace(change, why):
    case, today = replace(LATE, **change), after(20)
    assert why_not(case, today) is why
    assert is_due(case, today) is (why is None)
    assert (refusal_to_remind(case, today) is None) is (why is None)


def test_on_the_due_day_nothing_is_late():
    assert why_not(LATE, DUE) is Why.NOT_LATE
    assert why_not(LATE, after(1)) is None


@pytest.mark.parametrize(
    ("case", "day", "refused"),
    [
        (LATE, 1, None),
        (sent(5), 5, "today already"),
        (sent(5), 6, None),
        (ALL, 40, "All three"),
    ],
)
def test_by_hand_the_next_level_may_come_early_but_not_twice_a_day(case, day, refused):
    said = refusal_to_remind(case, after(day))
    assert said is None if refused is None else refused in said


@pytest.mark.parametrize(
    ("case", "day", "why"),
    [
        (ALL, 34, None),
        (ALL, 35, Why.ENOUGH),
        (replace(ALL, paused_until=after(50)), 40, None),
        (replace(ALL, paused_until=after(50)), 50, Why.ENOUGH),
        (replace(ALL, is_disputed=True), 50, None),
        (sent(3, 14), 300, None),
        (replace(LATE, reached_on=None), 1, Why.UNREACHED),
        (replace(LATE, came_back=True), 1, Why.CAME_BACK),
        (replace(LATE, is_handed=True), 1, Why.HANDED),
    ],
)
def test_when_somebody_should_do_something(case, day, why):
    assert why_to_act(case, after(day)) is why


# One letter -----------------------------------------------------------------------------------------------------------

OTHER = replace(LATE, due_on=after(5), invoice="2026-0002")


def test_all_that_is_late_stands_in_one_letter_and_what_was_never_mentioned_is_reminded_of_along():
    assert together([OTHER, LATE], after(7)) == [Reminded(LATE, FRIENDLY), Reminded(OTHER, FRIENDLY)]


def test_what_had_its_turn_is_listed_and_keeps_its_own_days():
    waits = replace(sent(3), invoice="2026-0003")
    assert together([waits, OTHER], after(8)) == [Reminded(waits, None), Reminded(OTHER, FRIENDLY)]


def test_nothing_is_written_when_nothing_is_due():
    assert together([OTHER, sent(3)], after(7)) == []


def test_what_is_asked_for_is_reminded_of_before_its_day():
    assert together([sent(3)], after(7), asked="2026-0001") == [Reminded(sent(3), FIRST)]


def test_what_is_disputed_stands_in_no_letter():
    assert together([replace(OTHER, is_disputed=True), LATE], after(7)) == [Reminded(LATE, FRIENDLY)]


def test_a_letter_has_the_firmest_tone_in_it():
    lot = [Reminded(OTHER, FRIENDLY), Reminded(sent(3, 14), SECOND), Reminded(ALL, None)]
    assert firmest(lot).level is SECOND


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (["A"], "invoice A"),
        (["A", "B"], "invoices A and B"),
        (["A", "B", "C", "D"], "invoices A, B, C and D"),
        (["A", "B", "C", "D", "E"], "invoices A, B, C and 2 more"),
    ],
)
def test_invoices_are_named_as_far_as_a_sentence_can_hold_them(numbers, said):
    assert listed(numbers) == said


# Resting, late fees ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "refused"), [(0, True), (-1, True), (1, False), (365, False), (366, True)])
def test_reminders_rest_for_a_year_at_most(days, refused):
    assert (refusal_of_rest(after(days), DUE) is not None) is refused


@pytest.mark.parametrize(
    ("open_cents", "bps", "days", "cents"),
    [
        # 300.00 * 9 % * 30 / 365 = 2.2191…
        (30_000, 900, 30, 222),
        # 1,000.00 * 7.3 % * 1 / 365 = 0.20 exactly
        (100_000, 730, 1, 20),
        # 0.5 of a cent is rounded up: 25.00 * 7.3 % * 1 / 365 = 0.005
        (2_500, 730, 1, 1),
        # just below a half: 24.99 * 7.3 % * 1 / 365 = 0.004998
        (2_499, 730, 1, 0),
        # a whole year, a leap year's 366 days: act/365
        (30_000, 800, 365, 2_400),
        (30_000, 800, 366, 2_407),
        # 4,000 yen at 14.6 % for 10 days = 16
        (4_000, 1_460, 10, 16),
        (30_000, 0, 10, 0),
        (30_000, 900, 0, 0),
        # the largest: no float would hold it
        (10**12, 3_000, 3_650, 3 * 10**12),
    ],
)
def test_interest_is_reckoned_by_days_over_365_and_a_half_cent_is_rounded_up(open_cents, bps, days, cents):
    assert interest(open_cents, bps, days) == cents


@pytest.mark.parametrize(
    ("change", "has_fee", "another", "refused"),
    [
        ({}, False, False, None),
        ({}, True, False, "already"),
        ({}, True, True, None),
        ({"open_cents": 0}, False, False, "Nothing is open"),
        ({"kind": Kind.FEE}, False, False, "Only an invoice"),
        ({"kind": Kind.CREDIT}, False, False, "Only an invoice"),
        ({"due_on": after(30)}, False, False, "not late"),
        ({"is_disputed": True}, False, False, "disputes"),
        ({"reached_on": None}, False, False, None),
    ],
)
def test_what_bears_a_late_fee(change, has_fee, another, refused):
    said = refusal_to_charge(replace(LATE, **change), after(30), has_fee=has_fee, another=another)
    assert said is None if refused is None else refused in said

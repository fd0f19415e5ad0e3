"""Periods, ages, and where bars stand."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachbase.books.rules import (
    AGES,
    OWED_BACK,
    Earned,
    Owing,
    Period,
    Span,
    Taxed,
    bars_of,
    late_since,
    receivables,
    revenues,
    round_up,
    strip_of,
    tax_reports,
)
from coachbase.payers.rules import Category

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("written", "first", "last", "label"),
    [
        ("2026", (2026, 1, 1), (2026, 12, 31), "2026"),
        ("2024-Q1", (2024, 1, 1), (2024, 3, 31), "Quarter 1, 2024"),
        ("2026-Q4", (2026, 10, 1), (2026, 12, 31), "Quarter 4, 2026"),
        ("2024-02", (2024, 2, 1), (2024, 2, 29), "February 2024"),
        ("2025-12", (2025, 12, 1), (2025, 12, 31), "December 2025"),
    ],
)
def test_a_period_is_read_from_an_address_and_written_the_same(written, first, last, label):
    period = Period.read(written, TODAY)
    assert (period.first, period.last, period.label) == (date(*first), date(*last), label)
    assert period.key == written


@pytest.mark.parametrize("written", ["", "2026-13", "2026-Q5", "1999", "99999", "２０２６", "2026-1", "2026\n"])
def test_what_is_no_period_is_this_year(written):
    assert Period.read(written, TODAY) == Period(Span.YEAR, 2026)


@given(st.sampled_from(Span), st.dates(date(2001, 1, 1), date(2098, 12, 31)))
def test_periods_follow_each_other_without_a_gap(span, day):
    period = Period.of(span, day)
    assert period.first <= day <= period.last
    assert period.after.first == period.last + timedelta(days=1)
    assert period.after.before == period
    assert Period.read(period.key, TODAY) == period


def test_before_the_first_and_after_the_last_year_there_is_nothing():
    assert Period(Span.MONTH, 2000).before is None
    assert Period(Span.YEAR, 2099).after is None


def test_another_length_shows_where_today_lies_or_the_end_of_what_was_shown():
    assert Period.read("2026", TODAY).as_long_as(Span.MONTH, TODAY).key == "2026-11"
    assert Period.read("2024", TODAY).as_long_as(Span.QUARTER, TODAY).key == "2024-Q4"
    assert Period.read("2025-03", TODAY).as_long_as(Span.YEAR, TODAY).key == "2025"


def test_revenue_is_by_currency_month_and_coach_and_late_fees_are_apart():
    months = Period.read("2026-Q4", TODAY).months
    pounds, yen = revenues(
        [
            Earned("2026-10", "GBP", "Alice", False, 100),
            Earned("2026-11", "GBP", "Alice", False, -30),
            Earned("2026-11", "GBP", "", False, 5),
            Earned("2026-11", "GBP", "Carol", False, 500),
            Earned("2026-12", "GBP", "Carol", True, 40),
            Earned("2026-12", "JPY", "Carol", False, 9),
        ],
        months,
    )
    assert pounds.coaches == {"Carol": [0, 500, 0], "Alice": [100, -30, 0], "No coach": [0, 5, 0]}
    assert (pounds.by_month, pounds.fees, pounds.total) == ([100, 475, 0], [0, 0, 40], 575)
    assert (yen.currency, yen.total) == ("JPY", 9)


def test_a_currency_of_late_fees_alone_has_no_revenue():
    (revenue,) = revenues([Earned("2026-11", "GBP", "", True, 40)], [date(2026, 11, 1)])
    assert (revenue.by_month, revenue.total, revenue.fees) == ([0], 0, [40])


@pytest.mark.parametrize(
    ("late", "age"), [(-5, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (9999, 4)]
)
def test_what_is_owed_has_an_age(late, age):
    due = TODAY - timedelta(days=late)
    assert sum(due < since for since in late_since(TODAY)) == age


def test_who_is_late_most_stands_first_and_what_we_owe_is_no_age():
    (owed,) = receivables(
        [
            Owing("Bob", "b", "GBP", 0, 900),
            Owing("Dan", "d", "GBP", 4, 20),
            Owing("Dan", "d", "GBP", OWED_BACK, -5),
            Owing("Dan", "d", "GBP", 1, 1),
        ]
    )
    assert [debtor.name for debtor in owed.debtors] == ["Dan", "Bob"]
    assert owed.ages == [900, 1, 0, 0, 20]
    assert (owed.total, owed.late, owed.owed_back) == (921, 21, 5)
    assert len(AGES) == len(owed.ages)


def test_tax_is_by_currency_the_highest_rate_first():
    pounds, euro = tax_reports(
        [
            Taxed("GBP", Category.REVERSE, 0, 50, 0, 1),
            Taxed("GBP", Category.STANDARD, 700, 100, 7, 1),
            Taxed("GBP", Category.STANDARD, 2000, 1000, 200, 3),
            Taxed("EUR", Category.ZERO, 0, 9, 0, 1),
        ]
    )
    assert [row.label for row in pounds.rows] == [
        "Taxed at 20 %", "Taxed at 7 %", "Reverse charge: the payer owes the tax",
    ]  # fmt: skip
    assert (pounds.net, pounds.tax, euro.net, euro.tax) == (1150, 207, 9, 0)


# Pictures -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("amount", "end"), [(-3, 0), (0, 0), (1, 1), (3, 5), (5, 5), (6, 10), (99, 100), (1201, 2000)])
def test_a_scale_ends_at_a_round_amount(amount, end):
    assert round_up(amount) == end


def test_bars_stand_on_the_line_of_zero_and_upon_each_other():
    drawn = bars_of([[100, 0], [100, -50]])
    assert (drawn.top, drawn.bottom) == (200, -50)
    first, second, below = drawn.bars
    assert (first.y, first.height) == (40.0, 40.0)
    assert (second.y, second.height) == (0.0, 40.0)
    assert (below.y, below.height, below.place) == (80.0, 20.0, 1)
    assert drawn.lines == [(200, 0.0), (100, 40.0), (0, 80.0), (-50, 100.0)]


@given(st.lists(st.lists(st.integers(-(10**9), 10**9), min_size=3, max_size=3), max_size=8))
def test_whatever_the_amounts_every_bar_is_inside_the_picture(series):
    drawn = bars_of(series)
    for bar in drawn.bars:
        assert 0 <= bar.y <= bar.y + bar.height <= 100.02
        assert bar.x + bar.width <= 30


def test_a_strip_is_shared_by_size():
    assert strip_of([50, 0, 150, -20]) == [(0.0, 25.0), (25.0, 0.0), (25.0, 75.0), (100.0, 0.0)]
    assert strip_of([0, 0]) == [(0.0, 0.0), (0.0, 0.0)]

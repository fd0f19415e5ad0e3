"""What a list of invoices keeps in its address, and how late is said."""

from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest

from coachbase.invoices.forms import bps_of, invoice_filter, signed_cents
from coachbase.invoices.rules import InvoiceFilter, age_of, due_in_words

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (date(2026, 11, 28), "due in 5 days"),
        (date(2026, 11, 24), "due in 1 day"),
        (date(2026, 11, 23), "due today"),
        (date(2026, 11, 22), "1 day late"),
        (date(2025, 11, 23), "365 days late"),
    ],
)
def test_when_it_is_due_is_said_in_days(due, words):
    assert due_in_words(due, TODAY) == words


@pytest.mark.parametrize(
    ("due", "age"),
    [
        (date(2026, 11, 22), "1–14 days"),
        (date(2026, 11, 9), "1–14 days"),
        (date(2026, 11, 8), "15–30 days"),
        (date(2026, 10, 24), "15–30 days"),
        (date(2026, 10, 23), "31–60 days"),
        (date(2026, 9, 24), "31–60 days"),
        (date(2026, 9, 23), "over 60 days"),
    ],
)
def test_what_is_late_belongs_to_one_age(due, age):
    assert age_of(due, TODAY) == age


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": "bob & co", "state": "overdue", "kind": "credit", "currency": "EUR"},
        {"since": "2026-01-01", "until": "2026-03-31", "sort": "due", "page": "3"},
        {"sort": "-total", "payer": "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
    ],
)
def test_an_address_asks_for_what_it_was_made_of(query):
    shown = invoice_filter(query)
    again = dict(parse_qsl(urlsplit(shown.address(page=shown.page)).query))
    assert again == query
    assert invoice_filter(again) == shown


def test_another_filter_starts_on_the_first_page_and_a_heading_turns_its_order():
    shown = InvoiceFilter(standing="open", page=4)
    assert shown.address(currency="EUR") == "/invoices/list?state=open&currency=EUR"
    assert shown.sorted_by("due") == "/invoices/list?state=open&sort=-due"
    assert InvoiceFilter(sort="due").sorted_by("due") == "/invoices/list?sort=due"


@pytest.mark.parametrize(
    ("typed", "cents"),
    [("-40", -4000), ("−40.50", -4050), (" 1,200 ", 120_000), ("--4", None), ("4-", None), ("", None), ("1e3", None)],
)
def test_an_amount_of_a_line_may_be_below_zero(typed, cents):
    assert signed_cents(typed, "GBP") == cents


@pytest.mark.parametrize(
    ("typed", "bps"),
    [("", 0), ("10", 1000), ("12.5 %", 1250), ("100", 10_000), ("100.01", None), ("-1", None), ("0.001", None)],
)
def test_a_percentage_is_read_exactly_or_not_at_all(typed, bps):
    assert bps_of(typed) == bps

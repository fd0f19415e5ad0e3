import pytest

from coachbase import money


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("4500", "GBP", 450000),
        ("4,500.50", "GBP", 450050),
        ("4500", "JPY", 4500),
        ("1.234", "KWD", 1234),
        ("0", "EUR", 0),
        ("1 234 567.8", "GBP", 123456780),
        ("4500.505", "GBP", None),
        ("4,5", "GBP", None),
        ("4.500,50", "GBP", None),
        ("45,00", "GBP", None),
        ("1.5", "JPY", None),
        ("-5", "EUR", None),
        ("", "EUR", None),
        ("1e9", "EUR", None),
        ("٣", "EUR", None),
        ("9" * 5000, "EUR", None),
        ("99999999999999", "EUR", None),
    ],
)
def test_an_amount_is_read_exactly_or_not_at_all(typed, currency, minor):
    assert money.minor_of(typed, currency) == minor


@pytest.mark.parametrize(("minor", "currency"), [(450000, "GBP"), (4500, "JPY"), (1234, "KWD"), (5, "EUR"), (0, "USD")])
def test_what_a_form_shows_is_read_back_the_same(minor, currency):
    assert money.minor_of(money.as_typed(minor, currency), currency) == minor


def test_the_scale_of_a_picture_is_short():
    assert [money.in_short(minor, "GBP") for minor in (0, 50_000, 1_250_000, 200_000_000, -500_000)] == [
        "£0", "£500", "£12.5K", "£2M", "-£5K",
    ]  # fmt: skip
    assert money.in_short(500_000, "CHF") == "CHF\N{NO-BREAK SPACE}5K"


def test_amounts_are_shown_as_people_write_them():
    assert money.in_words(450000, "GBP") == "£4,500.00"
    assert money.in_words(4500, "JPY") == "JP¥4,500"
    assert money.in_words(-450000, "CHF") == "-CHF\N{NO-BREAK SPACE}4,500.00"


@pytest.mark.parametrize(
    ("whole", "places", "text"), [(1500, 3, "1.5"), (12_000, 3, "12"), (810, 2, "8.1"), (5, 3, "0.005")]
)
def test_a_number_of_a_form_is_read_back_the_same(whole, places, text):
    assert money.as_number(whole, places) == text
    assert money.whole_of(text, places) == whole

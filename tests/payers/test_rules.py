"""Rates, rhythms, and numbers of firms and banks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachbase.payers.models import Seller
from coachbase.payers.rules import (
    NEEDS_NOTE,
    Category,
    bps_of,
    countries,
    iban_in_words,
    lacking,
    percent_in_words,
    ready_rates,
    refusal_of_bic,
    refusal_of_iban,
    refusal_of_rate,
    refusal_of_rhythm,
    refusal_of_tax_id,
    refusal_of_tax_number,
    reminder_days,
    tidy_account,
    tidy_rhythm,
    tidy_tax_id,
)


@pytest.mark.parametrize(
    ("typed", "bps"),
    [
        ("8.1", 810), ("20", 2000), ("20 %", 2000), (" 7.75%", 775), ("0", 0), ("100", 10_000), ("0.07", 7),
        ("100.01", None), ("8,1", None), ("8.125", None), ("-1", None), ("", None), ("%", None), ("1e1", None),
        ("٣", None), ("NaN", None), ("9" * 5000, None),
    ],
)  # fmt: skip
def test_a_percentage_is_read_to_the_last_hundredth(typed, bps):
    assert bps_of(typed) == bps


@given(st.integers(0, 10_000))
def test_a_percentage_that_was_written_is_read_again(bps):
    assert bps_of(percent_in_words(bps)) == bps


@pytest.mark.parametrize(
    ("category", "bps", "note", "refused"),
    [
        (Category.STANDARD, 2000, "", ""),
        (Category.STANDARD, 0, "", "above 0 %"),
        (Category.ZERO, 0, "", ""),
        (Category.ZERO, 2000, "", "rate is 0 %"),
        (Category.REVERSE, 0, "", "Say why"),
        (Category.REVERSE, 0, "Reverse charge", ""),
    ],
)
def test_a_rate_says_what_it_must(category, bps, note, refused):
    assert refused in (refusal_of_rate(category, bps, note) or "")
    assert bool(refused) is bool(refusal_of_rate(category, bps, note))


@pytest.mark.parametrize("country", ["", *countries()])
def test_every_country_is_offered_rates_that_can_be_added(country):
    ready = ready_rates(country)
    assert ready
    assert len({rate.key for rate in ready}) == len(ready)
    assert all(refusal_of_rate(rate.category, rate.rate_bps, rate.note) is None for rate in ready)
    assert all(rate.note for rate in ready if rate.category in NEEDS_NOTE)


@pytest.mark.parametrize(
    ("country", "label"),
    [("GB", "VAT, 20 %"), ("DE", "USt, 19 %"), ("AT", "USt, 20 %"), ("FR", "TVA, 20 %"), ("CH", "MWST, 8.1 %")],
)
def test_the_usual_rate_of_a_country_comes_first(country, label):
    assert ready_rates(country)[0].label == label


def test_reverse_charge_names_its_article_and_is_for_europe():
    notes = [rate.note for rate in ready_rates("DE")]
    assert "Reverse charge: VAT to be accounted for by the recipient (Art. 196 Directive 2006/112/EC)" in notes
    assert not any(rate.category is Category.REVERSE for rate in ready_rates("US"))


@pytest.mark.parametrize(
    ("typed", "refused"),
    [
        ("3 14 28", ""), ("3, 14, 28", ""), ("1 2 365", ""),
        ("14 3 28", "rising"), ("3 3 28", "rising"), ("0 3 4", "rising"), ("1 2 366", "rising"),
        ("3 14", "Three numbers"), ("3 14 28 40", "Three numbers"), ("a b c", "Three numbers"),
        ("3 14 99999999999", "Three numbers"), ("³ 14 28", "Three numbers"), ("", "Three numbers"), ("-1 2 3", "Three"),
    ],
)  # fmt: skip
def test_three_reminders_come_one_after_the_other(typed, refused):
    refusal = refusal_of_rhythm(tidy_rhythm(typed))
    assert refused in (refusal or "")
    assert bool(refused) is bool(refusal)


def test_a_rhythm_is_days():
    assert reminder_days("3 14 28") == (3, 14, 28)
    assert reminder_days("") == ()


@pytest.mark.parametrize(
    ("country", "typed", "kept", "refused"),
    [
        ("GB", "GB 980 7806 84", "GB980780684", ""),
        ("GB", "980780684", "GB980780684", ""),
        ("GB", "980780685", "GB980780685", "A digit of this VAT number (United Kingdom) is wrong."),
        ("DE", "DE 136.695.976", "DE136695976", ""),
        ("DE", "FR40303265045", "DEFR40303265045", "another form"),
        ("GR", "094259216", "EL094259216", ""),
        ("CH", "CHE-107.787.577", "CHE107787577MWST", ""),
        ("CH", "CHE-107.787.577 TVA", "CHE107787577TVA", ""),
        ("NO", "995 525 828", "NO995525828MVA", ""),
        ("US", "12-3456789", "12-3456789", ""),
        ("", "anything", "anything", ""),
        ("DE", "", "", ""),
    ],
)
def test_a_vat_number_stands_as_on_an_invoice_and_a_wrong_digit_is_said(country, typed, kept, refused):
    assert tidy_tax_id(country, typed) == kept
    refusal = refusal_of_tax_id(country, kept)
    assert refused in (refusal or "")
    assert bool(refused) is bool(refusal)


@pytest.mark.parametrize(
    ("country", "number", "is_wrong"),
    [
        ("AT", "59-119/9013", False),
        ("AT", "59-119/9012", True),
        ("GB", "1955839661", False),
        ("GB", "2955839661", True),
        ("GB", "01234567", False),  # a company's number, of a kind nobody here knows
        ("DE", "181/815/08155", False),
        ("FR", "552 008 443", False),
        ("FR", "552 008 442", True),
        ("SE", "whatever", False),
        ("AT", "５９１１９９０１３", False),
    ],
)
def test_only_a_wrong_digit_of_a_known_kind_is_a_fault_of_a_tax_number(country, number, is_wrong):
    assert bool(refusal_of_tax_number(country, number)) is is_wrong


def test_an_account_and_its_bank_are_checked():
    kept = tidy_account(" gb82 west 1234 5698 7654 32 ")
    assert (kept, refusal_of_iban(kept)) == ("GB82WEST12345698765432", None)
    assert iban_in_words(kept) == "GB82 WEST 1234 5698 7654 32"
    assert refusal_of_iban("GB82WEST12345698765433") == "A digit of this IBAN is wrong."
    assert refusal_of_iban("") is None
    assert refusal_of_bic("DEUTDEFF500") is None
    assert "8 or 11" in (refusal_of_bic("DEU") or "")


@given(st.sampled_from(sorted(countries())), st.text(max_size=40))
def test_nothing_that_is_typed_breaks_a_check(country, typed):
    number = tidy_tax_id(country, typed)
    for said in (
        refusal_of_tax_id(country, number), refusal_of_tax_number(country, typed),
        refusal_of_iban(tidy_account(typed)), refusal_of_bic(tidy_account(typed)),
    ):  # fmt: skip
        assert said is None or said.endswith(".")


def test_what_an_invoice_would_lack_is_named():
    assert lacking(None, has_rate=True)[0] == "legal name and address"
    seller = Seller(legal_name="Northbank Ltd", address="1 Quay", country="GB", tax_id="GB1", iban="x")
    assert lacking(seller, has_rate=True) == []
    assert lacking(seller, has_rate=False) == ["the usual tax rate"]
    assert lacking(Seller(), has_rate=True) == ["legal name and address", "country", "tax number", "how to pay"]

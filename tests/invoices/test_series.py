"""How documents are numbered: changes never make two numbers equal, nor leave one out."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachbase import clock
from coachbase.errors import Refused, Stale
from coachbase.invoices import actions
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Invoice, LastNumber, LostNumber, Series
from coachbase.invoices.rules import (
    PREFIXES,
    Kind,
    number_in_words,
    refusal_of_prefix,
    refusal_to_begin_with,
)
from coachbase.payers import actions as payers
from coachbase.payers.models import Seller, TaxRate

NUMBERS = "/settings/invoicing/numbers"
YEAR = clock.now().year
TYPED = {"kind": "invoice", "prefix": "", "is_yearly": "True", "digits": "4", "begins_with": "", "version": "0"}


@pytest.fixture
def issue(cast):
    rate = TaxRate.create(name="VAT", rate_bps=2000)
    Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789", rate=rate)
    payer = payers.keep_payer(cast.bob, {"address": "2 Mill Lane"}, version=0, by=cast.vera)

    def issued(kind: Kind = Kind.INVOICE) -> str:
        line = NewLine("Coaching", 25_000, rate=rate, client=cast.bob, supplied_to=date(2026, 11, 20))
        draft = actions.draft(payer, [line], currency="GBP", kind=kind, by=cast.vera)
        return actions.issue(draft, version=draft.version, by=cast.vera).number

    return issued


def change(kind=Kind.INVOICE, **said):
    usual = {"prefix": PREFIXES[kind], "is_yearly": True, "digits": 4, "version": 0}
    return actions.change_series(kind, **usual | said)


@pytest.mark.parametrize(
    ("prefix", "others", "refused"),
    [
        ("", ["CN-"], ""), ("RE-", ["CN-"], ""), ("RE", [], ""), ("A/B.", [], ""), ("2X-", [], ""), ("20-", [], ""),
        ("RE1", [], "end with a digit"), ("2026-", [], "a year"), ("X2026-", [], "a year"),
        ("cn-", ["CN-"], "Another kind"), ("", [""], "Another kind"),
        ("-A", [], "letters"), ("A B", [], "letters"), ("A*", [], "letters"), ("Ä-", [], "letters"),
        ("A\n", [], "letters"),
    ],
)  # fmt: skip
def test_a_prefix_keeps_numbers_apart(prefix, others, refused):
    refusal = refusal_of_prefix(prefix, others)
    assert refused in (refusal or "")
    assert bool(refused) is bool(refusal)


signs = st.text("Ab09-./_", max_size=12)
numbering = st.tuples(signs, st.booleans(), st.integers(1, 8))


@given(
    numbering,
    numbering,
    st.sampled_from([(1, 1), (1, 11), (26, 2026), (20260001, 1), (7, 7)]),
    st.sampled_from([2026, 2027]),
)
def test_two_series_whose_prefixes_are_allowed_never_give_one_number(one, other, seqs, year):
    """Whatever they count, and however wide they write it."""
    if refusal_of_prefix(one[0], [other[0]]) or refusal_of_prefix(other[0], [one[0]]):
        return
    written = [
        number_in_words(prefix, counted * is_yearly, seq, digits)
        for (prefix, is_yearly, digits), seq, counted in zip((one, other), seqs, (2026, year), strict=True)
    ]
    assert written[0] != written[1]


@pytest.mark.parametrize(
    ("number", "last", "is_used", "refused"),
    [(42, 0, False, ""), (1, 0, False, ""), (6, 5, True, ""), (7, 5, True, "given here already"),
     (5, 5, False, "up to 5"), (3, 5, False, "up to 5")],
)  # fmt: skip
def test_a_series_begins_where_nothing_was_given(number, last, is_used, refused):
    refusal = refusal_to_begin_with(number, last, is_used=is_used)
    assert refused in (refusal or "")
    assert bool(refused) is bool(refusal)


def test_what_is_shown_as_next_is_what_the_next_gets_and_showing_takes_nothing(issue, olive):
    change(prefix="RE-", digits=3)
    for number in ("001", "002"):
        assert f"Next: RE-{YEAR}-{number}" in olive.get(NUMBERS).text
        assert olive.get(NUMBERS).status_code == 200
        assert issue() == f"RE-{YEAR}-{number}"


def test_a_new_prefix_goes_on_counting(issue):
    assert issue() == f"{YEAR}-0001"
    change(prefix="RE-", version=1)
    assert issue() == f"RE-{YEAR}-0002"
    change(prefix="", version=2)
    assert issue() == f"{YEAR}-0003"


def test_counting_on_and_on_begins_at_one_and_takes_no_number_again(issue):
    assert [issue(), issue()] == [f"{YEAR}-0001", f"{YEAR}-0002"]
    change(is_yearly=False, version=1)
    assert issue() == "0001"
    change(is_yearly=True, version=2)
    assert issue() == f"{YEAR}-0003"


def test_a_series_goes_on_above_what_another_program_gave(issue):
    change(begins_with=42)
    assert [issue(), issue()] == [f"{YEAR}-0042", f"{YEAR}-0043"]
    lost = LostNumber.get()
    assert (lost.first, lost.last, lost.year, lost.reason) == (1, 41, YEAR, "Given out before coachbase was used.")


def test_who_thought_of_a_higher_one_first_says_so_again(issue):
    change(begins_with=42)
    change(begins_with=50, version=1)
    assert issue() == f"{YEAR}-0050"
    assert [(row.first, row.last) for row in LostNumber.select().order_by(LostNumber.id)] == [(1, 41), (42, 49)]
    with pytest.raises(Refused, match="given here already"):
        change(begins_with=60, version=2)
    assert issue() == f"{YEAR}-0051"


def test_a_number_below_what_is_taken_is_refused_and_nothing_changes(cast):
    change(begins_with=42)
    with pytest.raises(Refused, match="up to 41"):
        change(prefix="RE-", begins_with=7, version=1)
    assert (Series.get().prefix, LastNumber.get().last) == ("", 41)


def test_two_kinds_never_share_a_prefix_now_or_from_before(issue):
    with pytest.raises(Refused, match="Another kind"):
        change(prefix="CN-")
    assert issue(Kind.FEE) == f"LF-{YEAR}-0001"
    change(Kind.FEE, prefix="MG-", version=1)
    with pytest.raises(Refused, match="numbered so before"):
        change(prefix="LF-")
    change(Kind.FEE, prefix="LF-", version=2)
    assert issue(Kind.FEE) == f"LF-{YEAR}-0002"
    assert Invoice.select().where(Invoice.number.is_null(False)).count() == 2


def test_who_saw_other_numbers_changes_nothing(cast):
    change(prefix="RE-")
    with pytest.raises(Stale):
        change(prefix="MINE-")
    assert Series.get().prefix == "RE-"


def test_the_owner_changes_them_on_a_page(olive):
    assert "Your next number" in olive.get(f"{NUMBERS}/edit?kind=invoice").text
    assert olive.post(f"{NUMBERS}/edit", data=TYPED | {"prefix": "RE-", "begins_with": "118"}).status_code == 303
    assert f"Next: RE-{YEAR}-0118" in olive.get(NUMBERS).text
    answer = olive.post(f"{NUMBERS}/edit", data=TYPED | {"prefix": "<b>"})
    assert (answer.status_code, "begins with a letter" in answer.text) == (422, True)
    answer = olive.post(f"{NUMBERS}/edit", data=TYPED | {"prefix": "MINE-"})
    assert (answer.status_code, "MINE-" in answer.text, "RE-" in answer.text) == (409, True, True)


def test_where_numbers_were_given_nothing_is_asked_about_others(issue, olive):
    issue()
    assert "Your next number" not in olive.get(f"{NUMBERS}/edit?kind=invoice").text
    sent = TYPED | {"begins_with": "500", "version": "1"}
    assert olive.post(f"{NUMBERS}/edit", data=sent).status_code == 303
    assert issue() == f"{YEAR}-0002"


@pytest.mark.parametrize(
    "typed",
    [
        {"digits": "0"}, {"digits": "9"}, {"digits": ""}, {"begins_with": "0"}, {"begins_with": str(2**63)},
        {"begins_with": "100000000"}, {"prefix": "x" * 13}, {"prefix": "a\0"}, {"version": ""}, {"version": str(2**63)},
    ],
)  # fmt: skip
def test_a_slip_about_numbers_is_said_and_changes_nothing(olive, typed):
    assert olive.post(f"{NUMBERS}/edit", data=TYPED | typed).status_code == 422
    assert not Series.select().exists()


@pytest.mark.parametrize("name", ["alice", "vera", "carol"])
def test_numbers_are_the_owners(sign_in, name):
    browser = sign_in(name)
    for path in (NUMBERS, f"{NUMBERS}/edit"):
        assert browser.get(path).status_code == 404
    assert browser.post(f"{NUMBERS}/edit", data=TYPED).status_code == 404

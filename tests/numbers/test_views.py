"""The page of numbers: what the next ones are, and the owner's form to change them."""

import pytest

from coachbase import clock
from coachbase.numbers import actions
from coachbase.numbers.models import Series
from coachbase.numbers.rules import Kind

NUMBERS = "/settings/invoicing/numbers"
YEAR = clock.now().year
TYPED = {"kind": "invoice", "prefix": "", "is_yearly": "True", "digits": "4", "begins_with": "", "version": "0"}


def test_what_is_shown_as_next_is_what_the_next_gets_and_showing_takes_nothing(issue, olive):
    actions.change_series(Kind.INVOICE, prefix="RE-", is_yearly=True, digits=3, version=0)
    for number in ("001", "002"):
        assert f"Next: RE-{YEAR}-{number}" in olive.get(NUMBERS).text
        assert olive.get(NUMBERS).status_code == 200
        assert issue() == f"RE-{YEAR}-{number}"


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

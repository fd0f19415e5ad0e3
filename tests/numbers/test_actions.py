"""How documents are numbered: changes never make two numbers equal, nor leave one out."""

import pytest

from coachbase import clock
from coachbase.errors import Refused, Stale
from coachbase.invoices.models import Invoice
from coachbase.numbers import actions
from coachbase.numbers.models import LastNumber, LostNumber, Series
from coachbase.numbers.rules import PREFIXES, Kind

YEAR = clock.now().year


def change(kind=Kind.INVOICE, **said):
    usual = {"prefix": PREFIXES[kind], "is_yearly": True, "digits": 4, "version": 0}
    return actions.change_series(kind, **usual | said)


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

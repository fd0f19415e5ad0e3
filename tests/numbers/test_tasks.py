"""The last numbers stand in a file beside the database, so that after a restore none is given out again."""

import json

import pytest

from coachbase import clock
from coachbase.db import atomic
from coachbase.firm.models import Firm
from coachbase.numbers import actions, tasks
from coachbase.numbers.models import LastNumber, LostNumber
from coachbase.numbers.rules import Kind

YEAR = str(clock.now().year)


def marks(config):
    return json.loads((config.data / tasks.MARKS).read_text())["last"]


def test_the_last_numbers_stand_beside_the_database_once_they_are_committed(issue, config):
    issue()
    assert marks(config) == {"invoice": {YEAR: 1}}
    assert (config.data / tasks.MARKS).stat().st_mode & 0o777 == 0o600

    @atomic
    def fail():
        issue()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert marks(config) == {"invoice": {YEAR: 1}}
    assert [issue(), issue(Kind.FEE)] == [f"{YEAR}-0002", f"LF-{YEAR}-0001"]
    assert marks(config) == {"fee": {YEAR: 1}, "invoice": {YEAR: 2}}


def beside(config, **last):
    """As if numbers up to these had been given out before an older copy was put back."""
    told = {"firm": Firm.current().created_at.isoformat(), "last": {kind: {YEAR: seq} for kind, seq in last.items()}}
    (config.data / tasks.MARKS).write_text(json.dumps(told))


def test_after_an_older_copy_was_put_back_the_series_goes_on_above_what_was_given_out(issue, config):
    issue()
    beside(config, invoice=5, fee=2)
    lost = actions.continue_above_marks()
    assert sorted((row.first, row.last) for row in lost) == [(1, 2), (2, 5)]
    assert actions.continue_above_marks() == [], "once"
    assert [issue(), issue(Kind.FEE)] == [f"{YEAR}-0006", f"LF-{YEAR}-0003"]
    assert "put back" in LostNumber.get().reason


def test_the_highest_number_stays_in_the_file_though_the_database_knows_less(issue, config):
    beside(config, invoice=5)
    issue()
    assert marks(config) == {"invoice": {YEAR: 5}}


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"firm": 1}', '{"firm": "x", "last": {"invoice": {"2026": 9}}}', None]
)
def test_a_file_of_numbers_that_is_lost_damaged_or_anothers_does_no_harm(issue, config, damage):
    path = config.data / tasks.MARKS
    issue()
    path.unlink() if damage is None else path.write_text(damage)
    assert actions.continue_above_marks() == []
    assert issue() == f"{YEAR}-0002"
    assert marks(config) == {"invoice": {YEAR: 2}}


def test_a_file_of_numbers_that_cannot_be_written_stops_no_document(issue, config):
    (config.data / tasks.MARKS).with_suffix(".new").mkdir()
    assert issue() == f"{YEAR}-0001"
    assert LastNumber.get().last == 1

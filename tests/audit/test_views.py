"""Who reads the log of openings, how it is narrowed, and that no line of it is ever changed."""

import re

import pytest
from peewee import IntegrityError

from coachbase import clock
from coachbase.audit import actions
from coachbase.audit.models import Opening
from coachbase.audit.rules import What
from coachbase.clients.models import Client
from coachbase.db import database


@pytest.fixture
def log(cast):
    """Vera opened something of Bob's, Olive of Dan's, who is Carol's client, and Vera a code in stock."""
    dan = Client.create(name="Dan Quist", coach=cast.carol, created_at=clock.now())
    actions.note(What.CODE, "the code of Hogan HPI for Bob", client=cast.bob, by=cast.vera)
    actions.note(What.FILE, "a report of Dan", client=dan, by=cast.olive)
    actions.note(What.CODE, "a code of MBTI in stock", client=None, by=cast.vera)
    return dan


def lines(browser, path="/audit"):
    return re.findall(r"<strong>([^<]* opened [^<]*)</strong>", browser.get(path).text)


ALL = [
    "Vera Moreau opened a code of MBTI in stock",
    "Olive Marsh opened a report of Dan",
    "Vera Moreau opened the code of Hogan HPI for Bob",
]


@pytest.mark.parametrize(("who", "seen"), [("olive", ALL), ("alice", ALL[2:]), ("carol", ALL[1:2])])
def test_the_owner_reads_all_and_a_coach_what_is_about_the_own_clients_newest_first(sign_in, log, who, seen):
    assert lines(sign_in(who)) == seen


def test_an_assistant_finds_no_log(vera, log):
    assert vera.get("/audit").status_code == 404
    assert "/audit" not in vera.get("/settings/forms").text


def test_the_log_is_narrowed_to_who_opened_and_about_whom(olive, cast, log):
    assert lines(olive, f"/audit?by={cast.vera.public_id}") == [ALL[0], ALL[2]]
    assert lines(olive, f"/audit?about={log.public_id}") == [ALL[1]]
    assert lines(olive, f"/audit?by={cast.vera.public_id}&about={log.public_id}") == []


def test_who_is_not_in_the_log_one_sees_is_not_offered_and_counts_as_not_asked(alice, cast, log):
    page = alice.get("/audit").text
    assert "Dan Quist" not in page
    assert "Olive Marsh" not in page
    assert lines(alice, f"/audit?about={log.public_id}") == ALL[2:]
    assert lines(alice, "/audit?by=nobody&page=x") == ALL[2:]


def test_a_long_log_has_pages_that_keep_the_filter(olive, cast, log):
    for number in range(60):
        actions.note(What.PACKAGE, f"package {number}", client=cast.bob, by=cast.vera)
    path = f"/audit?by={cast.vera.public_id}"
    assert len(lines(olive, path)) == 50
    assert f"by={cast.vera.public_id}&amp;page=2" in olive.get(path).text
    assert len(lines(olive, f"{path}&page=2")) == 12
    assert "No opening fits" in olive.get(f"{path}&page=3").text


def test_an_empty_log_says_what_it_is_for(olive):
    assert "Nothing was opened yet" in olive.get("/audit").text


@pytest.mark.parametrize("statement", ["UPDATE opening SET words = ''", "DELETE FROM opening"])
def test_no_line_is_ever_changed_or_deleted(log, statement):
    with pytest.raises(IntegrityError, match="append only"):
        database.execute_sql(statement)
    assert Opening.select().count() == 3


def test_a_long_log_asks_the_database_no_more_often(olive, cast, log, queries):
    for number in range(60):
        actions.note(What.CODE, f"code {number}", client=cast.bob, by=cast.vera)
    with queries() as asked:
        olive.get("/audit")
    assert len(asked) <= 15

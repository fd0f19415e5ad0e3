"""A list is dropped, understood once a vendor, looked at, applied, forgotten."""

import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase import clock, tidying
from coachbase.accounts.models import Serving
from coachbase.assessments import actions as assessments
from coachbase.assessments.models import Assessment
from coachbase.assessments.rules import State
from coachbase.clients.models import Client
from coachbase.db import database
from coachbase.instruments.models import Instrument, Vendor
from coachbase.raters.models import Rater
from coachbase.raters.rules import State as RaterState
from coachbase.timeline.models import Entry
from coachbase.tracking.models import StatusList
from tests.raters.conftest import MONDAY

HOME = "/assessments/status"
HEAD = "Respondent,Respondent Email,Feedback For,Product,Status,Date"
ROWS = """
Bob Haddad,bob@brightwater.example,Bob Haddad,Brief 360,Completed,2026-11-23
Pia One,pia.one@peers.example,Bob Haddad,Brief 360,Completed,2026-11-23
Pia Two,PIA.TWO@peers.example,Bob Haddad,Brief 360,In Progress,
Pia Three,pia.other@peers.example,Bob Haddad,Brief 360,Completed,2026-11-23
Otto Nobody,otto@nowhere.example,Bob Haddad,Brief 360,Completed,
Max Mustermann,max@brightwater.example,Bob Haddad,Brief 360,Invited,"""


def words(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def drop(browser, vendor: Vendor, text: str, **more):
    return browser.post(HOME, data={"vendor": vendor.public_id, "text": text} | more)


@pytest.fixture
def mhs(eq360) -> Vendor:
    return eq360.vendor


@pytest.fixture
def understood(vera, mhs, eq360) -> str:
    """The address of the dry run of ROWS, whose columns and words were said."""
    here = drop(vera, mhs, HEAD + ROWS).location
    columns = ("name", "email", "about", "instrument", "status", "date")
    data = {f"column-{number}": name for number, name in enumerate(columns)}
    data |= {"word-0": "completed", "word-1": "started", "word-2": "nothing", "instrument-0": eq360.public_id}
    answer = vera.post(here, data=data)
    if answer.location == here:  # the columns were other ones than were shown
        answer = vera.post(here, data=data)
    assert answer.location == f"{here}/check"
    return answer.location


def test_the_dry_run_tells_what_would_change_who_is_unknown_and_what_is_to_be_chosen(vera, understood, invited):
    page = words(vera.get(understood))
    assert "Would change 3 of 6 lines" in page
    assert "Bob Haddad · Brief 360" in page
    assert "Pia One, rater of Bob Haddad · Brief 360" in page
    assert "Line 5: Pia Three, pia.other@peers.example" in page
    assert "The name fits, the address is another." in page
    assert "Line 6: Otto Nobody, otto@nowhere.example" in page
    assert Rater.select().where(Rater.state_name == RaterState.COMPLETED).count() == 0


def test_applying_marks_all_at_once_and_forgets_the_list(vera, understood, invited, assessment):
    apply = understood.replace("/check", "/apply")
    assert vera.post(apply).location == "/boards/assessments"
    row = Assessment.get_by_id(assessment.id)
    assert row.state is State.IN_PROGRESS
    assert row.answered_at.date() == date(2026, 11, 23)
    states = {rater.name: rater.state for rater in Rater.of(assessment)}
    assert states == {
        "Max Mustermann": RaterState.INVITED,
        "Pia One": RaterState.COMPLETED,
        "Pia Two": RaterState.STARTED,
        "Pia Three": RaterState.INVITED,
    }
    kept = StatusList.get()
    assert (kept.content, kept.filename) == ("", "")
    assert vera.post(apply).status_code == 422
    assert vera.get(understood).status_code == 404


def test_a_line_that_may_be_about_several_is_marked_only_as_somebody_chose(vera, understood, invited, assessment):
    three = next(rater for rater in invited if rater.name == "Pia Three")
    outside = next(rater for rater in invited if rater.name == "Max Mustermann")
    apply = understood.replace("/check", "/apply")
    vera.post(
        apply, data={"line-5": three.public_id, "line-6": outside.public_id, "line-x": "1", "line-" + "9" * 99: "1"}
    )
    assert Rater.get_by_id(three.id).state is RaterState.COMPLETED
    assert Rater.get_by_id(outside.id).state is RaterState.INVITED


def test_what_was_said_once_is_remembered_for_the_vendor(vera, understood, mhs, invited):
    again = drop(vera, mhs, "Status;Respondent Email;Product\nCompleted;pia.one@peers.example;Brief 360")
    assert again.location.endswith("/check")
    assert "Would change 1 of 1 line" in words(vera.get(again.location))
    new_word = drop(vera, mhs, "Status;Respondent Email\nScored twice;pia.one@peers.example")
    assert not new_word.location.endswith("/check")
    assert vera.get(f"{new_word.location}/check").location == new_word.location


def test_an_instrument_for_the_client_alone_is_completed_on_its_day(vera, cast, monday):
    instrument = Instrument.with_vendor().where(Instrument.name == "EQ-i 2.0").get()
    row = assessments.set_up(cast.bob, instrument, by=cast.vera)
    Assessment.update(created_at=MONDAY - timedelta(days=20)).where(Assessment.id == row.id).execute()
    here = drop(vera, instrument.vendor, "Email,Status,Date\nbob@brightwater.example,Done,2026-11-20 10:11").location
    vera.post(here, data={"column-0": "email", "column-1": "status", "column-2": "date", "word-0": "completed"})
    vera.post(f"{here}/apply")
    done = Assessment.get_by_id(row.id)
    assert (done.state, done.completed_at) == (State.COMPLETED, datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert "EQ-i 2.0: completed" in [entry.sentence for entry in Entry.select()]


def test_carol_learns_from_a_list_naming_bob_that_he_is_unknown(carol, vera, understood, mhs, invited):
    """The very page as for somebody who exists nowhere."""
    named = drop(carol, mhs, "Status;Respondent Email;Respondent\nCompleted;bob@brightwater.example;Bob Haddad")
    nobody = drop(carol, mhs, "Status;Respondent Email;Respondent\nCompleted;eve@brightwater.example;Eve Haddad")
    pages = [words(carol.get(each.location)).replace("eve@", "bob@").replace("Eve", "Bob") for each in (named, nobody)]
    assert "Unknown here 1" in pages[0]
    assert re.sub(r"once \S+", "", pages[0]) == re.sub(r"once \S+", "", pages[1])
    here = named.location.removesuffix("/check")
    rater = next(rater for rater in invited if rater.name == "Pia One")
    carol.post(f"{here}/apply", data={"line-2": rater.public_id})
    assert Rater.get_by_id(rater.id).state is RaterState.INVITED


def test_a_coach_learns_from_a_list_of_raters_who_of_them_has_answered_no_more_than_elsewhere(
    alice, olive, vera, mhs, understood, invited
):
    """Who chases knows; a list that a coach or the owner made up tells them nothing of it."""
    row = "Status;Respondent Email;Respondent\nCompleted;pia.one@peers.example;Pia One"
    for reader, count in ((vera, 1), (alice, 0), (olive, 0)):
        page = words(reader.get(drop(reader, mhs, row).location))
        assert ("Unknown here 1" in page) is (count == 0)
        assert page.count("rater of Bob Haddad") == count
    rater = Rater.get(Rater.email == "pia.one@peers.example")
    here = drop(alice, mhs, row).location.removesuffix("/check")
    alice.post(f"{here}/apply", data={"line-2": rater.public_id})
    assert Rater.get_by_id(rater.id).state is RaterState.INVITED


def test_an_owner_chases_the_raters_of_a_coach_whom_no_assistant_serves(cast, olive, mhs, understood, invited):
    Serving.delete().execute()
    page = words(olive.get(drop(olive, mhs, f"{HEAD}{ROWS}").location))
    assert page.count("rater of Bob Haddad") > 1


def test_carol_learns_of_no_rater_of_bobs_either(carol, understood, mhs, invited):
    named = drop(carol, mhs, "Status;Respondent Email;Respondent\nCompleted;pia.one@peers.example;Pia One")
    assert "Unknown here 1" in words(carol.get(named.location))
    carol.post(named.location.replace("/check", "/apply"))
    assert not Rater.select().where(Rater.state_name == RaterState.COMPLETED).exists()


def test_a_list_is_its_uploaders_alone(carol, alice, olive, understood):
    here = understood.removesuffix("/check")
    for browser in (carol, alice, olive):
        assert browser.get(here).status_code == 404
        assert browser.get(understood).status_code == 404
        for act in ("", "/apply", "/forget"):
            assert browser.post(here + act).status_code == 404
        assert "Not applied yet" not in browser.get(HOME).text


def test_a_list_is_sealed_until_it_is_applied(vera, understood):
    stored = str(database.execute_sql('SELECT * FROM "status_list"').fetchall())
    assert "peers.example" not in stored
    assert "Pia" not in stored


def test_a_list_that_nobody_applies_goes_after_a_week(vera, understood):
    with clock.pretend(MONDAY + timedelta(days=8)):
        tidying.forget_spent_rows()
    assert StatusList.select().count() == 0


def test_a_list_can_be_forgotten_at_once(vera, understood):
    assert vera.post(understood.replace("/check", "/forget")).location == HOME
    assert StatusList.select().count() == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"text": ""}, "first line with headings"),
        ({"text": "Status"}, "first line with headings"),
        ({"text": "a,b\n\x00,c"}, "cannot be stored"),
        ({"vendor": "nobody", "text": "a,b\n1,2"}, "choice"),
        ({"vendor": "", "text": "a,b\n1,2"}, "Say whose list it is."),
        ({"text": "a,b\n" + "1,2\n" * 1001}, "up to 1,000 rows"),
        ({"file": (io.BytesIO(b"PK\x03\x04..."), "list.xlsx")}, "This is a workbook"),
        ({"file": (io.BytesIO(b"\x00\x01\x02"), "list.csv")}, "This file is not text"),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence(vera, mhs, data, said):
    page = vera.post(HOME, data={"vendor": mhs.public_id} | data)
    assert page.status_code == 422
    assert said in words(page)
    assert StatusList.select().count() == 0


def test_columns_that_make_no_sense_are_refused_and_what_was_chosen_stays(vera, mhs):
    here = drop(vera, mhs, "A,B\nx,y").location
    page = vera.post(here, data={"column-0": "email", "column-1": "email"})
    assert page.status_code == 422
    assert "Say which column holds the status." in words(page)
    assert '<option value="email" selected>' in page.text
    assert vera.post(here, data={"column-0": "nonsense", "column-99": "status"}).status_code == 422
    assert Vendor.get_by_id(mhs.id).columns == ""


def test_no_page_asks_more_than_fifteen_times_however_long_the_list(vera, cast, mhs, understood, invited, queries):
    lines = "\n".join(f"Completed;p{number}@peers.example" for number in range(500))
    here = drop(vera, mhs, f"Status;Respondent Email\n{lines}").location
    for path in (HOME, here, here.removesuffix("/check")):
        vera.get(path)
        with queries() as asked:
            assert vera.get(path).status_code == 200
        assert len([one for one in asked if "SELECT" in one]) <= 15


def test_a_client_who_left_the_wall_meanwhile_is_not_marked(vera, cast, understood, invited, assessment):
    Client.update(coach=cast.carol).where(Client.id == cast.bob.id).execute()
    vera.post(understood.replace("/check", "/apply"))
    assert Assessment.get_by_id(assessment.id).answered_at is None

"""The stock of codes and the ledgers as the cast sees them; a code is met nowhere but where somebody asks for it."""

import io
import re
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.assessments import actions as assessments
from coachbase.audit.models import Opening
from coachbase.clients.models import Client
from coachbase.credentials import actions
from coachbase.credentials.models import Credential, CreditEntry
from coachbase.credentials.rules import State
from coachbase.instruments.models import Instrument
from coachbase.timeline.models import Entry as TimelineEntry
from tests.safety.digest import digest

HTMX = {"HX-Request": "true"}


@pytest.fixture
def home(disc):
    return f"/settings/instruments/{disc.public_id}/codes"


@pytest.fixture
def bobs(cast, disc, stock):
    """A code Bob was given; another lies in stock."""
    stock(2)
    return actions.take(disc, client=cast.bob, today=clock.now().date(), by=cast.vera)


@pytest.fixture
def carols(cast, disc, bobs):
    """A code that a client of Carol's was given."""
    dan = Client.create(name="Dan Quist", coach=cast.carol, created_at=clock.now())
    return actions.take(disc, client=dan, today=clock.now().date(), by=cast.olive)


# The list ------------------------------------------------------------------------------------------------------------


def test_codes_are_listed_under_a_mask(vera, home, bobs):
    for state, shown in (("stock", "in stock"), ("given", "Bob Haddad"), ("all", "EPIC 88412")):
        page = vera.get(f"{home}?state={state}").text
        assert shown in page
        assert "••••••••" in page
        assert "SECRET" not in page


def test_whom_a_code_is_for_is_told_to_those_who_see_the_client(vera, olive, home, carols):
    page = vera.get(f"{home}?state=given").text
    assert "Dan Quist" not in page
    assert "a client of another desk" in page
    assert carols.public_id not in page
    assert "Dan Quist" in olive.get(f"{home}?state=given").text


@pytest.mark.parametrize("who", ["alice", "carol"])
def test_coaches_keep_no_stock(sign_in, home, disc, bobs, who):
    browser, before = sign_in(who), digest()
    paths = (home, f"{home}/add", "/settings/credits", f"/settings/credits/{disc.vendor.public_id}")
    for path in (*paths, f"/codes/{bobs.public_id}/end"):
        assert browser.get(path).status_code == 404
    assert browser.post(f"{home}/add", data={"text": "A"}).status_code == 404
    assert browser.post(f"/codes/{bobs.public_id}/end", data={"to": "returned"}).status_code == 404
    assert digest() == before


def test_a_long_stock_has_pages(vera, home, stock):
    stock(60)
    first, second = vera.get(home).text, vera.get(f"{home}?page=2").text
    assert (first.count('class="way-in"'), second.count('class="way-in"')) == (50, 10)
    assert "state=stock&amp;page=2" in first


def test_many_codes_ask_the_database_no_more_often_than_few(vera, home, stock, queries):
    stock(2)
    vera.get(home)
    with queries() as few:
        vera.get(home)
    stock(60)
    vera.get(home)
    with queries() as many:
        vera.get(home)
    assert len(many) == len(few) <= 15


# Adding --------------------------------------------------------------------------------------------------------------


def test_a_pasted_list_goes_into_stock(vera, home, disc):
    answer = vera.post(
        f"{home}/add", data={"text": "A-1\nA-2, 2099-12-31", "order": "EPIC 7", "expires_on": "2098-01-01"}
    )
    assert answer.status_code == 303
    assert [(row.secret, str(row.expires_on), row.order) for row in Credential.select()] == [
        ("A-1", "2098-01-01", "EPIC 7"), ("A-2", "2099-12-31", "EPIC 7"),
    ]  # fmt: skip
    assert "2 codes are added." in vera.get(home).text


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbfCode;Expiry\r\nA-1;31.12.2099\r\n", "Code\tExpiry\nA-1\t2099-12-31\n".encode("utf-16")]
)
def test_a_dropped_file_goes_into_stock(vera, home, content):
    sent = {"text": "", "file": (io.BytesIO(content), "codes.csv")}
    assert vera.post(f"{home}/add", data=sent, content_type="multipart/form-data").status_code == 303
    [code] = Credential.select()
    assert (code.secret, str(code.expires_on)) == ("A-1", "2099-12-31")


def test_lines_not_understood_hold_all_back_until_it_is_said_that_they_are_left_out(vera, home):
    sent = {"text": "A-1\nA 2\nA-1\nA-4", "order": "EPIC 7"}
    answer = vera.post(f"{home}/add", data=sent)
    assert answer.status_code == 422
    assert "Nothing is added yet. 2 codes can be" in answer.text
    assert Credential.select().count() == 0
    lines = re.findall(r"<strong>(Line \d)</strong>\s*<p>([^<]*)</p>", answer.text)
    assert lines == [("Line 2", "There is a space in the code."), ("Line 3", "It says the same as line 1.")]
    assert "A-1\nA 2\nA-1\nA-4</textarea>" in answer.text
    assert 'value="EPIC 7"' in answer.text
    assert vera.post(f"{home}/add", data=sent | {"act": "rest"}).status_code == 303
    assert [row.secret for row in Credential.select()] == ["A-1", "A-4"]


def test_what_a_file_says_wrong_can_be_mended_on_the_page(vera, home):
    sent = {"text": "", "file": (io.BytesIO(b"A-1\nA 2\n"), "codes.csv")}
    answer = vera.post(f"{home}/add", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "A-1\nA 2\n</textarea>" in answer.text


def test_a_list_known_already_is_told_by_line_and_nothing_is_added(vera, home, stock):
    secrets = stock(1)
    answer = vera.post(f"{home}/add", data={"text": f"{secrets[0]}\n", "act": "rest"})
    assert answer.status_code == 422
    assert "It is known already: in stock." in answer.text
    assert Credential.select().count() == 1


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"text": ""}, "Paste at least one code, or choose a file."),
        ({"text": "A", "file": (b"B", "b.csv")}, "Paste the list or choose a file, not both."),
        ({"text": "", "file": (b"PK\x03\x04", "b.xlsx")}, "This is a workbook, not a CSV file."),
        ({"text": "", "file": (b"a\0b", "b.csv")}, "This file is not text."),
        ({"text": "", "file": (b"a" * 500_001, "b.csv")}, "up to 500 kB"),
        ({"text": "A", "expires_on": "2199-01-01"}, "until 2099"),
        ({"text": "A", "order": "x" * 81}, "At most 80 characters."),
        ({"text": "\x01"}, "cannot be stored"),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence(vera, home, sent, sentence):
    if "file" in sent:
        sent = sent | {"file": (io.BytesIO(sent["file"][0]), sent["file"][1])}
    answer = vera.post(f"{home}/add", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert Credential.select().count() == 0


def test_codes_that_expire_after_so_many_days_are_offered_that_day(vera, home, disc):
    assert 'name="expires_on" type="date" value=""' in vera.get(f"{home}/add").text
    Instrument.update(code_days=90).where(Instrument.id == disc.id).execute()
    last = clock.now().date() + timedelta(days=90)
    assert f'value="{last}"' in vera.get(f"{home}/add").text


def test_a_list_sent_twice_goes_in_once(vera, home):
    sent = {"text": "A-1\nA-2", "once": "k" * 22}
    assert [vera.post(f"{home}/add", data=sent).status_code for _ in range(2)] == [303, 303]
    assert CreditEntry.select().count() == 2


# One code ------------------------------------------------------------------------------------------------------------


def test_a_code_is_shown_once_by_a_post_that_is_logged(vera, home, bobs):
    path = f"/codes/{bobs.public_id}/reveal"
    assert vera.get(path).status_code == 405
    for headers in ({}, HTMX):
        answer = vera.post(path, headers=headers)
        assert answer.status_code == 200
        assert bobs.secret in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
    assert Opening.select().count() == 2
    assert bobs.secret not in vera.get(f"{home}?state=given").text


@pytest.mark.parametrize(("who", "status"), [("olive", 200), ("alice", 200), ("vera", 200), ("carol", 404)])
def test_who_sees_the_client_may_see_the_code(sign_in, bobs, who, status):
    browser = sign_in(who)
    answer = browser.post(f"/codes/{bobs.public_id}/reveal")
    assert answer.status_code == status
    assert (bobs.secret in answer.text) == (status == 200)
    assert Opening.select().count() == (status == 200)


def test_a_code_of_a_client_one_may_not_see_is_as_good_as_missing(vera, carols):
    before = digest()
    answers = [vera.post(f"/codes/{carols.public_id}/{verb}", data={"to": "returned"}) for verb in ("reveal", "end")]
    missing = vera.post("/codes/01ARZ3NDEKTSV4RRFFQ69G5FAV/reveal")
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == missing.text
    assert digest() == before


def test_an_account_shows_login_and_password(vera, cast, hogan):
    code = actions.hand_in(hogan, actions.Code("pass-word", "BF1"), client=cast.bob, by=cast.vera)
    page = vera.post(f"/codes/{code.public_id}/reveal", headers=HTMX).text
    assert "pass-word" in page
    assert "BF1" in page


def test_what_became_of_a_code_is_said_in_a_dialog(vera, home, cast, disc, bobs):
    path = f"/codes/{bobs.public_id}/end"
    dialog = vera.get(path, headers=HTMX).text
    assert "It is back in stock, unused" in dialog
    assert "Bob may still have it in a mail" in dialog
    assert bobs.secret not in dialog
    assert vera.post(path).status_code == 422
    assert vera.post(path, data={"to": "given"}).status_code == 422
    assert vera.post(path, data={"to": "returned"}).status_code == 303
    assert Credential.get_by_id(bobs.id).state is State.RETURNED
    assert "It is back in stock" not in vera.get(path).text


def test_of_several_codes_the_same_is_said_at_once(vera, home, disc, stock):
    stock(3)
    ids = [row.public_id for row in Credential.select()]
    assert f'value="{ids[0]}"' in vera.get(home).text
    assert vera.post(f"{home}/end", data={"to": "reclaimed", "code": ids[:2]}).status_code == 303
    assert [row.state for row in Credential.select()] == [State.RECLAIMED, State.RECLAIMED, State.STOCK]
    assert "2 codes are reclaimed from the vendor." in vera.get(home).text


def test_of_several_codes_all_become_it_or_none(vera, home, bobs, carols):
    free = Credential.create(instrument=bobs.instrument, secret="X-1", currency="GBP", added_at=clock.now())
    gone = Credential.create(
        instrument=bobs.instrument, secret="X-2", currency="GBP", added_at=clock.now(), state_name=State.EXPIRED
    )
    before = digest()
    answer = vera.post(f"{home}/end", data={"to": "expired", "code": [free.public_id, gone.public_id]})
    assert answer.status_code == 422
    assert "This code is expired, so it cannot be expired." in answer.text
    unused = vera.post(f"{home}/end", data={"to": "returned", "code": bobs.public_id})
    assert unused.status_code == 422, "that is made sure of one by one"
    assert (
        vera.post(f"{home}/end", data={"to": "expired", "code": [bobs.public_id, carols.public_id]}).status_code == 404
    )
    for wrong in ({}, {"to": "expired"}, {"to": "given", "code": bobs.public_id}, {"code": bobs.public_id}):
        assert vera.post(f"{home}/end", data=wrong).status_code == 422
    assert vera.post(f"{home}/end", data={"to": "expired", "code": [str(n) for n in range(60)]}).status_code == 422
    assert digest() == before


# Credits -------------------------------------------------------------------------------------------------------------


def test_credits_say_what_lies_where_and_what_runs_low(vera, cast, disc, stock):
    Instrument.update(cost_cents=6500).where(Instrument.id == disc.id).execute()
    stock(1)
    for _ in range(3):
        assessments.set_up(cast.bob, disc, by=cast.vera)
    page = vera.get("/settings/credits").text
    assert "Everything DiSC: 1 in stock, 3 set up without one. Buy 2 more." in page
    assert "Stock runs low." in page
    assert "1 free" not in page
    today = vera.get("/").text
    assert "1 in stock, 3 set up without one" in today
    assert f"/settings/instruments/{disc.public_id}/codes/add" in today
    assert "No codes yet" in page


def test_the_ledger_takes_what_one_act_wrote_together(vera, olive, disc, stock, carols):
    path = f"/settings/credits/{disc.vendor.public_id}"
    page = vera.get(path).text
    assert "Bought · 2 codes" in page
    assert "+2" in page
    assert "Bob Haddad" in page
    assert "Dan Quist" not in page
    assert "Dan Quist" in olive.get(path).text


def test_a_correction_needs_a_reason(vera, disc):
    path = f"/settings/credits/{disc.vendor.public_id}"
    for wrong in ({"credits": "2"}, {"credits": "x", "reason": "a"}, {"credits": "99999999", "reason": "a"}):
        assert vera.post(path, data=wrong).status_code == 422
    assert "Nothing is corrected by 0 credits." in vera.post(path, data={"credits": "0", "reason": "a"}).text
    assert vera.post(path, data={"credits": "-2", "reason": "EPIC shows two fewer"}).status_code == 303
    assert "EPIC shows two fewer" in vera.get(path).text


# Nowhere else --------------------------------------------------------------------------------------------------------


def test_neither_timeline_nor_log_nor_file_knows_a_code(vera, home, cast, disc, config, caplog):
    caplog.set_level("DEBUG")
    secret = "CANARY-5b1c"
    assert vera.post(f"{home}/add", data={"text": f"{secret}\n{secret} x"}).status_code == 422
    assert vera.post(f"{home}/add", data={"text": secret}).status_code == 303
    assessment = assessments.set_up(cast.bob, disc, by=cast.vera)
    code = assessments.give_code(assessment, by=cast.vera)
    assert secret in vera.post(f"/codes/{code.public_id}/reveal").text
    assert vera.post(f"/codes/{code.public_id}/end", data={"to": "reclaimed"}).status_code == 303
    assert not any(secret in row.sentence for row in TimelineEntry.select())
    assert not any(secret in row.words for row in Opening.select())
    assert secret not in caplog.text
    whole = b"".join(path.read_bytes() for path in config.data.glob("coachbase.sqlite3*"))
    assert secret.encode() not in whole

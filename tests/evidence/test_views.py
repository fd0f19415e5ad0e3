"""Settings → Seal: the owner sees the certificate in use, loads the firm's own, and never sees a key."""

import io

import pytest
import time_machine

from coachbase.evidence.models import SealKey
from tests.evidence.test_rules import REFUSED, pkcs12_file


@pytest.fixture(autouse=True)
def _on_that_day(cast):
    with time_machine.travel("2026-11-03T14:05:00+00:00", tick=True):
        yield


def load(browser, content: bytes, password: str = "quiet", in_use: str | None = None):
    seen = SealKey.in_use().public_id if in_use is None else in_use
    data = {"certificate": (io.BytesIO(content), "seal.p12"), "password": password, "in_use": seen}
    return browser.post("/settings/seal/certificate", data=data)


def test_the_certificate_in_use_is_shown_with_its_fingerprint(olive):
    key, page = SealKey.in_use(), olive.get("/settings/seal").text
    assert "made here" in page
    assert key.fingerprint[:2].upper() + ":" + key.fingerprint[2:4].upper() in page


def test_the_firms_own_certificate_takes_over_and_the_old_one_stays_on_the_list(olive):
    before = SealKey.in_use()
    assert load(olive, pkcs12_file()).status_code == 303
    page = olive.get("/settings/seal").text
    assert "Northbank Coaching Ltd" in page
    assert "your own" in page
    assert f"/settings/seal/{before.public_id}.pem" in page
    assert SealKey.in_use().is_own


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_certificate_that_will_not_do_is_refused_beside_its_field(olive, sentence):
    before = SealKey.in_use()
    answer = load(olive, REFUSED[sentence])
    assert answer.status_code == 422
    assert sentence in answer.text
    assert SealKey.in_use() == before


def test_a_page_that_was_open_while_another_changed_the_certificate_changes_nothing(olive):
    seen = SealKey.in_use().public_id
    assert olive.post("/settings/seal/new", data={"in_use": seen}).status_code == 303
    now = SealKey.in_use().public_id
    for answer in (load(olive, pkcs12_file(), in_use=seen), olive.post("/settings/seal/new", data={"in_use": seen})):
        assert answer.status_code == 409
        assert "Somebody else changed the certificate meanwhile" in answer.text
    assert SealKey.in_use().public_id == now


def test_a_new_key_can_be_made_in_place_of_the_own_certificate(olive):
    load(olive, pkcs12_file())
    assert olive.post("/settings/seal/new", data={"in_use": SealKey.in_use().public_id}).status_code == 303
    assert not SealKey.in_use().is_own


def test_an_own_certificate_that_ends_soon_is_said(olive):
    load(olive, pkcs12_file(ends=30))
    assert "Your certificate ends on" in olive.get("/settings/seal").text
    load(olive, pkcs12_file(ends=300))
    assert "Your certificate ends on" not in olive.get("/settings/seal").text


def test_the_download_is_the_certificate_and_never_the_key(olive):
    key = SealKey.in_use()
    answer = olive.get(f"/settings/seal/{key.public_id}.pem")
    assert answer.text == key.certificates
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "PRIVATE KEY" not in answer.text + olive.get("/settings/seal").text


def test_a_wrong_password_is_not_sent_back(olive):
    assert "another secret" not in load(olive, pkcs12_file(), "another secret").text


@pytest.mark.parametrize("who", ["alice", "vera", "carol"])
def test_only_the_owner_gets_there(sign_in, who):
    browser = sign_in(who)
    key = SealKey.in_use()
    assert browser.get("/settings/seal").status_code == 404
    assert browser.get(f"/settings/seal/{key.public_id}.pem").status_code == 404
    assert load(browser, pkcs12_file()).status_code == 404
    assert browser.post("/settings/seal/new", data={"in_use": key.public_id}).status_code == 404
    assert SealKey.in_use() == key

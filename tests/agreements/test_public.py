"""Signing by link: the four doors, the page that fits each state, and everything that must be refused."""

import hashlib
import json
import re
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from coachbase import clock, jobs
from coachbase.agreements import actions
from coachbase.agreements.models import Agreement, Signer
from coachbase.agreements.rules import CONSENT, LONGEST_BODY, MOST_TRIES
from coachbase.clients.models import Client
from coachbase.db import database
from coachbase.evidence.models import TrailDetail
from coachbase.files.models import Document, DocumentContent
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.mail.models import Message
from tests.agreements import signing
from tests.safety.digest import digest

ADDRESSES = ("", "/read", "/document", "/code", "/decline", "/somebody-else", "/handed-over")
DRAWN = json.dumps([[[10, 20], [300, 200], [500, 40]], [[600, 100], [620, 120]]])


@pytest.fixture
def agreement(cast) -> Agreement:
    """Out to be signed by Bob, Sam and Alice, in this order."""
    return signing.sent(cast)


@pytest.fixture
def come(app, stranger):
    """`come(signer)` gives a browser that opened this signer's link."""

    def enter(signer: Signer):
        browser = app.test_client()
        answer = browser.get(f"/p/sign/open/{token_for(signer)}")
        assert (answer.status_code, answer.location) == (303, "/p/sign")
        return browser

    return enter


@pytest.fixture
def bob(come, agreement):
    return come(signing.signer_of(agreement, "client"))


def token_for(signer: Signer) -> str:
    return links.issue(actions.LINK, signer.public_id, lasts=timedelta(days=60))[1]


def agree(browser, agreement: Agreement, **changes):
    return browser.post("/p/sign/code", data={"sha256": agreement.sha256, "consent": "y"} | changes)


def sign(browser, agreement: Agreement, code: str, **changes):
    typed = {"sha256": agreement.sha256, "code": code, "kind": "typed", "typed": "Bob Haddad", "strokes": ""}
    return browser.post("/p/sign", data=typed | changes, headers={"User-Agent": "Phone/1"})


def sign_whole(browser, agreement: Agreement, role: str, **changes):
    """Read, agree, take the code from the mailbox, sign."""
    browser.post("/p/sign/read")
    agree(browser, agreement)
    code = signing.mailed_code(signing.signer_of(agreement, role))
    return sign(browser, agreement, code, **changes)


def words(html: str) -> str:
    """What a reader reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style).*?</\1>", "", html)).split())


# The four doors ------------------------------------------------------------------------------------------------------


def test_a_good_link_leads_to_an_address_without_the_token(bob, agreement):
    page = bob.get("/p/sign")
    assert page.status_code == 200
    assert "Your coaching agreement" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("state", ["expired", "revoked", "unknown", "of another kind"])
def test_every_other_link_finds_the_same_nothing(agreement, stranger, state):
    signer = signing.signer_of(agreement, "client")
    token = "nosuchtoken"
    if state == "of another kind":
        token = links.issue("client", signer.public_id, lasts=timedelta(days=1))[1]
    elif state != "unknown":
        link, token = links.issue(actions.LINK, signer.public_id, lasts=timedelta(days=1))
        change = {"expires_at": clock.now()} if state == "expired" else {"revoked_at": clock.now()}
        Link.update(**change).where(Link.id == link.id).execute()
    assert stranger.get(f"/p/sign/open/{token}").status_code == 404
    assert all(stranger.get(f"/p/sign{tail}").status_code == 404 for tail in ADDRESSES if tail != "/handed-over")
    for tail in ("", "/read", "/code", "/decline", "/somebody-else", "/next"):
        assert stranger.post(f"/p/sign{tail}").status_code == 404


def test_opening_every_page_three_times_changes_nothing(bob, agreement):
    agree(bob, agreement)
    before = digest()
    for tail in ADDRESSES * 3:
        bob.get(f"/p/sign{tail}")
        bob.head(f"/p/sign{tail}")
    assert digest() == before


# Reading -------------------------------------------------------------------------------------------------------------


def test_the_first_page_says_what_it_is_who_signs_and_what_the_sponsor_will_see(bob, agreement):
    page = words(bob.get("/p/sign").text)
    assert "Between Bob Haddad and Alice Kern of Northbank" in page
    assert (
        "What Brightwater will see Sessions held and planned, and the goals agreed together. Never what is said" in page
    )
    assert CONSENT in page
    assert "Signing as Bob Haddad , b…b@brightwater.example" in page
    assert "bob@brightwater.example" not in page


def test_who_opened_it_is_noted_at_the_first_press_only(bob, agreement):
    bob.get("/p/sign/read")
    assert "opened" not in signing.trail(agreement)
    for _ in range(2):
        assert bob.post("/p/sign/read").location == "/p/sign/read"
    assert signing.trail(agreement).count("opened") == 1


def test_the_whole_text_is_there_as_safe_html_below_the_pages_heading(cast, come):
    body = (
        "# Coaching agreement\n\n## Duties\n\n<script>alert(1)</script> **said** by {{client_name}}\n\n{{coach_name}}"
    )
    agreement = signing.sent(cast, body=body)
    text = come(signing.signer_of(agreement, "client")).get("/p/sign/read").text
    assert text.count("<h1") == 1
    assert "<h2>Duties</h2>" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; <strong>said</strong> by Bob Haddad" in text


def test_a_first_heading_that_is_not_the_title_stands_below_it_and_takes_the_others_along(cast, come):
    agreement = signing.sent(cast, body="# Terms\n\n## Duties\n\n{{client_name}} {{coach_name}}")
    text = come(signing.signer_of(agreement, "client")).get("/p/sign/read").text
    assert "<h2>Terms</h2>" in text
    assert "<h3>Duties</h3>" in text


def test_a_text_of_forty_pages_is_read_to_its_end(cast, come):
    agreement = signing.sent(
        cast, body="{{client_name}} {{coach_name}}\n\n" + "Some words of it. " * 6000 + "\n\nThe very end."
    )
    assert "The very end." in come(signing.signer_of(agreement, "client")).get("/p/sign/read").text


def test_what_its_fields_make_long_is_read_to_its_end_too(cast, come):
    Client.update(address="14 Quay Street " * 20).where(Client.id == cast.bob.id).execute()
    agreement = signing.sent(
        cast, body="{{client_name}} {{coach_name}}\n\n" + "{{client_address}} " * 800 + "\n\nThe very end."
    )
    assert len(agreement.body) > LONGEST_BODY
    assert "The very end." in come(signing.signer_of(agreement, "client")).get("/p/sign/read").text


def test_the_document_is_the_frozen_bytes_as_an_attachment(bob, agreement):
    answer = bob.get("/p/sign/document")
    assert hashlib.sha256(answer.data).hexdigest() == agreement.sha256
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("role", "shares", "said"),
    [
        ("client", "", "What Brightwater will see Nothing about the coaching."),
        ("sponsor", "sessions", "What you will be told Sessions held and planned. Never"),
        ("coach", "sessions", "What Brightwater will see Sessions held and planned. Never"),
    ],
)
def test_each_reads_what_is_shared_in_own_words(cast, come, role, shares, said):
    agreement = signing.sent(cast, shares=shares)
    before = {"client": (), "sponsor": ("client",), "coach": ("client", "sponsor")}[role]
    for other in before:
        signing.sign_as(agreement, other)
    assert said in words(come(signing.signer_of(agreement, role)).get("/p/sign").text)


def test_without_a_sponsor_nobody_will_see_anything(cast, come):
    cast.bob.organisation = None
    cast.bob.save()
    agreement = signing.sent(cast, sponsor=False)
    page = words(come(signing.signer_of(agreement, "client")).get("/p/sign").text)
    assert "There is no sponsor in this program." in page


# Signing -------------------------------------------------------------------------------------------------------------


def test_bob_signs_by_typing_his_name_and_learns_what_comes_next(bob, agreement):
    assert agree(bob, agreement).location == "/p/sign/code"
    assert sign_whole(bob, agreement, "client").location == "/p/sign"
    signer = signing.signer_of(agreement, "client")
    assert (signer.state_name, signer.mark_kind_name, signer.mark) == ("signed", "typed", "Bob Haddad")
    page = words(bob.get("/p/sign").text)
    assert "Thank you, it is signed" in page
    assert "Sam Okafor signs next, then Alice Kern." in page
    assert "sealed copy comes to you by mail" in page


def test_where_somebody_signed_from_is_kept_beside_the_trail(bob, agreement):
    sign_whole(bob, agreement, "client")
    beside = "".join(detail.content for detail in TrailDetail.select())
    assert '"Phone/1"' in beside
    assert '"127.0.0.1"' in beside


def test_bob_signs_by_drawing(bob, agreement):
    assert sign_whole(bob, agreement, "client", kind="drawn", typed="", strokes=DRAWN).status_code == 303
    signer = signing.signer_of(agreement, "client")
    assert (signer.mark_kind_name, signer.mark) == ("drawn", DRAWN)


def test_without_the_tick_no_code_is_mailed(bob, agreement):
    for consent in ("", "false"):
        answer = agree(bob, agreement, consent=consent)
        assert answer.status_code == 422
        assert "Tick this first" in answer.text
    assert Message.select().where(Message.kind == "agreement_code").count() == 0
    assert bob.get("/p/sign/code").location == "/p/sign"


def test_a_wrong_code_keeps_what_was_typed_and_drawn(bob, agreement):
    agree(bob, agreement)
    answer = sign(bob, agreement, "12345", kind="drawn", strokes=DRAWN, typed="Bob A. Haddad")
    assert answer.status_code == 422
    assert "That is not the code. You can try 4 times more." in words(answer.text)
    assert DRAWN in answer.text.replace("&#34;", '"')
    assert 'value="Bob A. Haddad"' in answer.text
    assert re.search(r'value="drawn"[^>]*checked|checked[^>]*value="drawn"', answer.text)
    assert signing.trail(agreement)[-1] == "code_failed"


def test_a_new_code_replaces_the_first(bob, agreement):
    agree(bob, agreement)
    first = signing.mailed_code(signing.signer_of(agreement, "client"))
    agree(bob, agreement)
    second = signing.mailed_code(signing.signer_of(agreement, "client"))
    if first != second:
        assert sign(bob, agreement, first).status_code == 422
    assert sign(bob, agreement, second).status_code == 303


def test_codes_are_not_mailed_without_end(bob, agreement):
    answers = [agree(bob, agreement).status_code for _ in range(7)]
    assert answers[-1] == 429
    assert "checked" in agree(bob, agreement).text


def test_the_form_sent_again_signs_once(bob, agreement):
    sign_whole(bob, agreement, "client")
    before, events = digest(), signing.trail(agreement)
    assert sign(bob, agreement, "123456").location == "/p/sign"
    assert agree(bob, agreement).status_code == 422
    assert (digest(), signing.trail(agreement)) == (before, events)


def test_when_all_have_signed_the_page_says_that_the_copy_was_mailed(bob, agreement):
    for role in ("client", "sponsor", "coach"):
        signing.sign_as(agreement, role)
    assert "is being prepared" in words(bob.get("/p/sign").text)
    jobs.run_jobs()
    assert "The sealed copy was mailed to you" in words(bob.get("/p/sign").text)
    assert bob.get("/p/sign/document").status_code == 200


def test_the_way_back_leads_to_pages_of_ours_only(bob, agreement):
    sign_whole(bob, agreement, "client")
    for path, shown in (("/p/client", True), ("https://evil.example", False), ("/clients", False)):
        bob.set_cookie("back", path, path="/p/sign")
        assert ("Back to my page" in bob.get("/p/sign").text) is shown


def test_the_code_page_works_without_scripts_and_helps_phones(bob, agreement):
    agree(bob, agreement)
    page = bob.get("/p/sign/code").text
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert 'value="Bob Haddad"' in page
    assert re.findall(r"<script[^>]*>", page) == re.findall(r"<script src=\"/static/js/sign.js[^>]*>", page)
    assert re.search(r"<div data-choice hidden>", page), "drawing is offered by the script that can draw"


# What must be refused without a trace of success ---------------------------------------------------------------------


def unsigned(agreement: Agreement) -> bool:
    return not [signer for signer in Signer.of(agreement) if signer.signed_at or signer.mark]


def test_sams_page_is_inert_before_bob_has_signed(come, agreement):
    sam = come(signing.signer_of(agreement, "sponsor"))
    before = digest()
    page = words(sam.get("/p/sign").text)
    assert "It is not your turn yet Bob Haddad signs first. We will mail you when it is your turn." in page
    assert "Between" not in page
    for tail in ("/read", "/document", "/code", "/decline", "/somebody-else"):
        assert sam.get(f"/p/sign{tail}").location == "/p/sign"
    assert agree(sam, agreement).status_code == 422
    assert sign(sam, agreement, "123456").status_code == 422
    assert sam.post("/p/sign/decline", data={"reason": "no"}).status_code == 422
    assert sam.post("/p/sign/somebody-else", data={"name": "Jo", "email": "jo@b.example"}).status_code == 422
    assert digest() == before


def test_sams_page_opens_when_bob_has_signed(come, agreement):
    sam = come(signing.signer_of(agreement, "sponsor"))
    signing.sign_as(agreement, "client")
    assert "The agreement for Bob Haddad" in sam.get("/p/sign").text


def test_the_code_of_another_signer_does_not_do(come, agreement):
    signing.sign_as(agreement, "client")
    sam = come(signing.signer_of(agreement, "sponsor"))
    agree(sam, agreement)
    sams = signing.mailed_code(signing.signer_of(agreement, "sponsor"))
    bobs = "000000" if sams != "000000" else "000001"
    assert sign(sam, agreement, bobs).status_code == 422
    assert signing.signer_of(agreement, "sponsor").signed_at is None


def test_eight_browsers_that_guess_at_once_have_five_tries_between_them(app, bob, agreement):
    signer = signing.signer_of(agreement, "client")
    agree(bob, agreement)
    code, answers = signing.mailed_code(signer), []
    browsers = [app.test_client() for _ in range(8)]
    for browser in browsers:
        browser.get(f"/p/sign/open/{token_for(signer)}")

    def guess(place: int) -> None:
        for number in range(4):
            wrong = f"{(int(code) + 1 + 4 * place + number) % 1_000_000:06}"
            answers.append(sign(browsers[place], agreement, wrong).status_code)
        database.close()

    threads = [threading.Thread(target=guess, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [422] * 32
    assert signing.trail(agreement).count("code_failed") == MOST_TRIES
    assert sign(bob, agreement, code).status_code == 422


def test_anothers_cookie_signs_for_nobody(cast, come, bob, agreement):
    """Bob's browser knows Sam's code: his own signature is all it can give, and that with his own code only."""
    signing.sign_as(agreement, "client")
    sams_code = signing.consent(signing.signer_of(agreement, "sponsor"))
    before = digest()
    sign(bob, agreement, sams_code)
    assert digest() == before


def test_a_document_that_was_not_shown_is_not_signed(bob, agreement):
    assert agree(bob, agreement, sha256="0" * 64).status_code == 422
    assert agree(bob, agreement, sha256="").status_code == 422
    agree(bob, agreement)
    code = signing.mailed_code(signing.signer_of(agreement, "client"))
    answer = sign(bob, agreement, code, sha256="0" * 64)
    assert answer.status_code == 422
    assert "The document was changed since you opened it." in answer.text
    assert unsigned(agreement)


def test_bytes_replaced_in_the_store_are_not_signed(bob, agreement):
    agree(bob, agreement)
    code = signing.mailed_code(signing.signer_of(agreement, "client"))
    database.execute_sql("DROP TRIGGER provable_document_is_frozen")
    other = DocumentContent.get(DocumentContent.document == agreement.document)
    other.content = b"%PDF-1.7 another one"
    other.save()
    answer = sign(bob, agreement, code)
    assert answer.status_code == 422
    assert unsigned(agreement)


def test_after_it_was_withdrawn_the_link_leads_nowhere(cast, bob, agreement):
    agree(bob, agreement)
    code = signing.mailed_code(signing.signer_of(agreement, "client"))
    actions.withdraw(agreement, reason="The price was wrong.", by=cast.vera)
    before = digest()
    assert bob.get("/p/sign").status_code == 404
    assert sign(bob, agreement, code).status_code == 404
    assert agree(bob, agreement).status_code == 404
    assert digest() == before
    assert unsigned(agreement)


@pytest.mark.parametrize(
    "typed",
    [
        {"code": "9" * 5000},
        {"code": "\ud800"},
        {"code": "१२३४५६"},
        {"typed": "x" * 5000},
        {"typed": "Bob\x00"},
        {"typed": "Bob\nHaddad"},
        {"typed": ""},
        {"kind": "stamped"},
        {"kind": "drawn", "strokes": ""},
        {"kind": "drawn", "strokes": "[[[1, NaN], [2, 2]]]"},
        {"kind": "drawn", "strokes": "[" * 5000},
        {"kind": "drawn", "strokes": "[[[1, 2]]]" + " " * 250_000},
        {"kind": "drawn", "strokes": '[[["<script>", 2], [1, 2]]]'},
        {"sha256": "\ud800" * 100},
    ],
)
def test_whatever_is_sent_gets_a_sentence(bob, agreement, typed):
    agree(bob, agreement)
    code = signing.mailed_code(signing.signer_of(agreement, "client"))
    data = {"sha256": agreement.sha256, "code": code, "kind": "typed", "typed": "Bob Haddad"} | typed
    answer = bob.post("/p/sign", data={name: value.encode("utf-8", "surrogatepass") for name, value in data.items()})
    assert answer.status_code == 422
    assert "alert" in answer.text
    assert unsigned(agreement)


# Declining and handing over ------------------------------------------------------------------------------------------


def test_who_declines_says_why_and_finds_that_said(bob, agreement, cast):
    assert bob.post("/p/sign/decline", data={"reason": " "}).status_code == 422
    assert bob.post("/p/sign/decline", data={"reason": "Section 2 is not what we said."}).location == "/p/sign"
    assert signing.latest(agreement).state_name == "declined"
    assert "You declined to sign" in bob.get("/p/sign").text
    assert bob.post("/p/sign/decline", data={"reason": "Once more"}).location == "/p/sign"
    assert agree(bob, agreement).status_code == 422
    notice = Message.get(Message.kind == "agreement_declined")
    assert notice.to_address == cast.vera.email
    assert "Section 2" not in notice.text


def test_a_reason_too_long_stays_on_the_page(bob, agreement):
    answer = bob.post("/p/sign/decline", data={"reason": "why " * 400})
    assert answer.status_code == 422
    assert "why why" in answer.text
    assert signing.latest(agreement).state_name == "out"


def test_only_a_sponsor_can_name_somebody_else(bob, agreement):
    page = bob.get("/p/sign/somebody-else")
    assert "Nobody can sign for Bob Haddad." in page.text
    answer = bob.post("/p/sign/somebody-else", data={"name": "Jo Vance", "email": "jo@brightwater.example"})
    assert answer.status_code == 422
    assert "Only the sponsor can name somebody else to sign." in answer.text
    assert Signer.select().where(Signer.name == "Jo Vance").count() == 0


def test_sam_hands_over_and_the_link_dies(come, agreement):
    signing.sign_as(agreement, "client")
    sam = come(signing.signer_of(agreement, "sponsor"))
    assert (
        "that does not look like" in sam.post("/p/sign/somebody-else", data={"name": "Jo", "email": "jo"}).text.lower()
    )
    answer = sam.post("/p/sign/somebody-else", data={"name": "Jo Vance", "email": "jo@brightwater.example"})
    assert answer.location == "/p/sign/handed-over"
    assert sam.get("/p/sign/handed-over").status_code == 200
    assert sam.get("/p/sign").status_code == 404
    asked = Message.select().where(Message.kind == "agreement_request").order_by(Message.id.desc()).first()
    assert asked.to_address == "jo@brightwater.example"


def test_a_device_forgets_the_page_of_somebody_else(bob, agreement):
    assert bob.post("/p/sign/leave").location == "/p/left"
    assert bob.get("/p/left").status_code == 200
    assert bob.get("/p/sign").status_code == 404


# A coach who has several to sign -------------------------------------------------------------------------------------


def test_alice_goes_on_to_the_next_that_waits_for_her(cast, come, agreement):
    for role in ("client", "sponsor"):
        signing.sign_as(agreement, role)
    alice = come(signing.signer_of(agreement, "coach"))
    ben = Client.create(
        name="Ben Ito", email="ben@ito.example", address="1 Quay", coach=cast.alice, created_at=clock.now()
    )
    other = signing.sent(replace(cast, bob=ben), sponsor=False)
    signing.sign_as(other, "client")
    assert "Read the next" not in alice.get("/p/sign").text
    sign_whole(alice, agreement, "coach", typed="Alice Kern")
    assert "Read the next one that waits for you" in alice.get("/p/sign").text
    alice.post("/p/sign/next")
    assert "The agreement for Ben Ito" in alice.get("/p/sign").text


def test_nobody_goes_on_to_what_waits_for_somebody_else(bob, agreement):
    sign_whole(bob, agreement, "client")
    before = digest()
    assert bob.post("/p/sign/next").location == "/p/sign"
    assert digest() == before
    assert "Thank you, it is signed" in bob.get("/p/sign").text


def test_no_page_of_signing_asks_more_than_fifteen_times(bob, agreement, queries):
    agree(bob, agreement)
    for tail in ADDRESSES:
        with queries() as asked:
            bob.get(f"/p/sign{tail}")
        assert len(asked) <= 15, tail


def test_the_frozen_document_is_no_clients_file_yet(agreement):
    assert Document.get_by_id(agreement.document_id).client_id is None

"""What the staff does about the pages, and the wall before it."""

import re
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.clients import actions as clients
from coachbase.clients.rules import Party
from coachbase.mail.models import Message
from coachbase.portal.models import ASSISTANT, CLIENT

WAYS = ("remind", "page/mail", "page/assistant")


def path(cast, tail: str) -> str:
    return f"/clients/{cast.bob.public_id}/{tail}"


def test_the_rail_tells_what_was_mailed_what_is_open_and_when_the_next_reminder_goes(vera, cast, questionnaire):
    answer = vera.get(path(cast, "page/of"))
    assert answer.text.count('id="client-page"') == 1
    said = " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
    assert "Client’s page" in said
    assert "Bob" in said
    assert "sign “Coaching agreement” 0 of 4 reminders · next" in said
    assert "answer “About your work”" in said


def test_the_rail_of_a_client_without_a_program_teaches(vera, cast):
    assert "With the first program there is a page for the client." in vera.get(path(cast, "page/of")).text


def test_vera_reminds_all_with_one_press(vera, cast, questionnaire):
    answer = vera.post(path(cast, "remind"))
    assert answer.location == path(cast, "").rstrip("/")
    assert "A reminder is on its way to Bobby." in vera.get(answer.location).text
    assert Message.select().where(Message.kind == "reminder").count() == 1
    assert vera.post(path(cast, "remind")).status_code == 422


@pytest.mark.parametrize(
    ("place", "leads_to"), [("today", "/"), ("agreements", "/agreements"), ("https://elsewhere.example", "")]
)
def test_who_reminds_stays_where_they_are(vera, cast, questionnaire, place, leads_to):
    home = path(cast, "").rstrip("/")
    assert vera.post(path(cast, "remind"), data={"from": place}).location == (
        "/" if leads_to == "/" else home + leads_to
    )


def test_vera_mails_new_links(vera, cast, agreement):
    for tail, kind in (("page/mail", CLIENT), ("page/assistant", ASSISTANT)):
        assert vera.post(path(cast, tail)).status_code == 303
        assert Message.select().order_by(Message.id.desc()).first().link.kind == kind


def test_a_second_click_mails_one(vera, cast, agreement):
    before = Message.select().count()
    for _ in range(2):
        assert vera.post(path(cast, "page/mail"), data={"once": "abc"}).status_code == 303
    assert Message.select().count() == before + 1


def test_nobody_sees_a_token(vera, olive, cast, questionnaire):
    vera.post(path(cast, "remind"))
    tokens = [message.token for message in Message.select() if message.token]
    assert tokens
    for reader in (vera, olive):
        pages = reader.get(path(cast, "page/of")).text + reader.get("/mail").text
        assert not [token for token in tokens if token in pages]


@pytest.mark.parametrize("tail", WAYS)
def test_carol_finds_nothing_and_does_nothing(carol, cast, questionnaire, tail):
    before = Message.select().count()
    assert carol.get(path(cast, "page/of")).status_code == 404
    assert carol.post(path(cast, tail)).status_code == 404
    assert Message.select().count() == before


def test_the_rail_asks_no_more_than_fifteen_times(vera, cast, questionnaire, queries):
    vera.get(path(cast, "page/of"))
    with queries() as asked:
        vera.get(path(cast, "page/of"))
    assert len(asked) <= 15


@pytest.mark.parametrize(("party", "offered"), [(Party.CLIENT, True), (Party.US, False)])
def test_today_offers_to_remind_of_the_kickoff_as_long_as_it_is_bobs_turn(vera, cast, active, party, offered):
    clients.pass_ball(cast.bob, party, "Book the kickoff")
    with clock.pretend(clock.now() + timedelta(days=9)):
        assert (f"/clients/{cast.bob.public_id}/remind" in vera.get("/").text) is offered

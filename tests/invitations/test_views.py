"""Pasting an answer, and the pages from which calendars by address are given out."""

import re

import pytest

from coachbase import clock
from coachbase.invitations.rules import Feed
from coachbase.links.models import Link
from coachbase.mail.models import Message
from coachbase.sessions.models import Attendee
from coachbase.sessions.rules import Attendance
from tests.invitations.test_replies import as_mail, reply


def test_a_pasted_answer_is_noted_and_said(book, leave, vera):
    session = book()
    leave()
    answer = vera.post("/replies", data={"content": reply(session, "ACCEPTED")})
    assert (answer.status_code, answer.location) == (303, "/replies")
    assert "Bob Haddad accepted" in vera.get("/replies").text
    assert Attendee.get().answer is Attendance.ACCEPTED
    vera.post("/replies", data={"content": as_mail(reply(session, "DECLINED")).decode()})
    assert Attendee.get().answer is Attendance.DECLINED
    assert "declined Thursday 3 December" in vera.get("/").text


def test_carol_cannot_answer_for_alices_client(book, leave, carol):
    session = book()
    leave()
    answer = carol.post("/replies", data={"content": reply(session, "ACCEPTED")})
    assert answer.status_code == 422
    assert "Bob" not in re.sub(r"<textarea.*?</textarea>", "", answer.text, flags=re.DOTALL)  # what she pasted is hers
    assert Attendee.get().answer is Attendance.NEEDS_ACTION


@pytest.mark.parametrize("content", ["", "hello", "BEGIN:VCALENDAR", "x" * 1_000_000, "BEGIN:VCALENDAR\0", "\ud800"])
def test_what_is_no_answer_is_refused_with_a_sentence(vera, content):
    answer = vera.post("/replies", data={"content": content.encode("utf-8", "surrogatepass")})
    assert answer.status_code == 422


def test_a_paste_that_is_refused_is_still_there(vera):
    page = vera.post("/replies", data={"content": "Bob says yes"}).text
    assert "There is no calendar file in it." in page
    assert "Bob says yes</textarea>" in page


def test_a_client_is_mailed_an_address_that_staff_never_see(vera, cast):
    page = f"/clients/{cast.bob.public_id}/feed"
    assert "Mail the address" in vera.get(page).text
    assert vera.post(page).status_code == 303
    assert Link.is_out(Feed.CLIENT, cast.bob.public_id, clock.now())
    message = Message.get(Message.kind == "feed_address")
    for path in (page, f"/mail/{message.public_id}", f"/mail/{message.public_id}/html", "/"):
        assert message.token not in vera.get(path).text
    assert "Mail a new address" in vera.get(page).text
    vera.post(f"{page}/close")
    assert not Link.is_out(Feed.CLIENT, cast.bob.public_id, clock.now())


def test_the_tab_of_sessions_shows_the_clients_calendar(vera, cast):
    page = f"/clients/{cast.bob.public_id}"
    assert f'hx-get="{page}/feed"' in vera.get(f"{page}/sessions").text
    piece = vera.get(f"{page}/feed", headers={"HX-Request": "true"}).text
    assert piece.lstrip().startswith('<section class="section" id="client-feed">')


def test_a_coachs_address_is_shown_once_and_ends(vera, stranger, cast):
    made = vera.post("/settings/feeds", data={"coach": cast.alice.public_id, "kind": "feed_coach"})
    (path,) = set(re.findall(r"http://localhost(/p/feed/[\w-]+\.ics)", made.text))
    assert stranger.get(path).status_code == 200
    again = vera.get("/settings/feeds").text
    assert path not in again
    assert "in use: “Busy”" in again
    vera.post("/settings/feeds", data={"coach": cast.alice.public_id, "kind": "feed_coach_initials"})
    assert stranger.get(path).status_code == 404
    assert "in use: initials and place" in vera.get("/settings/feeds").text
    vera.post(f"/settings/feeds/{cast.alice.public_id}/close")
    assert "no address yet" in vera.get("/settings/feeds").text


def test_nobody_gives_out_the_calendar_of_a_coach_they_do_not_serve(carol, vera, cast):
    for browser, coach in ((carol, cast.alice), (vera, cast.carol)):
        assert coach.name not in browser.get("/settings/feeds").text
        answer = browser.post("/settings/feeds", data={"coach": coach.public_id, "kind": "feed_coach"})
        assert answer.status_code == 404
        assert browser.post(f"/settings/feeds/{coach.public_id}/close").status_code == 404
    assert Link.select().where(Link.kind.startswith("feed_")).count() == 0


def test_a_kind_of_calendar_that_there_is_not_is_refused(vera, cast):
    answer = vera.post("/settings/feeds", data={"coach": cast.alice.public_id, "kind": "feed_client"})
    assert answer.status_code == 422
    assert Link.select().where(Link.kind.startswith("feed_")).count() == 0


def test_a_page_that_is_loaded_anew_makes_no_second_address(vera, stranger, cast):
    asked = {"coach": cast.alice.public_id, "kind": "feed_coach", "once": "a-key-of-this-page"}
    made = vera.post("/settings/feeds", data=asked)
    (path,) = set(re.findall(r"http://localhost(/p/feed/[\w-]+\.ics)", made.text))
    assert vera.post("/settings/feeds", data=asked).location == "/settings/feeds"
    assert stranger.get(path).status_code == 200

"""Calendars by address: what a coach's and a client's program gets, and how an address ends."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.clients import actions as clients
from coachbase.clients.models import Client
from coachbase.db import transaction
from coachbase.invitations import actions as invitations
from coachbase.invitations.rules import Feed
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.mail.models import Message
from coachbase.scheduling import actions as scheduling
from coachbase.sessions.models import CoachingSession
from tests.invitations.conftest import FRIDAY, PLACE, THURSDAY, file_of, part, to


def open_feed(kind, whose):
    _, token = invitations.open_feed(kind, whose.public_id)
    return f"/p/feed/{token}.ics"


def events_in(browser, address):
    answer = browser.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    calendar = Calendar.from_ical(answer.data)
    assert calendar["METHOD"] == "PUBLISH"
    return calendar.walk("VEVENT")


def test_a_client_sees_the_own_sessions_with_their_places(book, stranger, cast, eight):
    book()
    book(starts_at=FRIDAY, client=eight[0])
    (event,) = events_in(stranger, open_feed(Feed.CLIENT, cast.bob))
    assert (event["SUMMARY"], event["LOCATION"]) == ("Coaching session with Alice Kern", PLACE)
    assert event["DTSTART"].dt == THURSDAY
    assert "ATTENDEE" not in event


@pytest.mark.parametrize(
    ("kind", "summary", "where"),
    [(Feed.BUSY, "Busy", None), (Feed.INITIALS, "Coaching session with B. H.", PLACE)],
)
def test_a_coachs_calendar_tells_busy_or_initials(book, stranger, cast, kind, summary, where):
    book()
    address = open_feed(kind, cast.alice)
    (event,) = events_in(stranger, address)
    assert (event["SUMMARY"], event.get("LOCATION")) == (summary, where)
    whole = stranger.get(address).text
    assert not any(word in whole for word in ("Bob", "Haddad", "brightwater"))


def test_carols_calendar_has_nothing_of_alices(book, stranger, cast):
    book()
    assert events_in(stranger, open_feed(Feed.INITIALS, cast.carol)) == []


def test_a_cancelled_session_leaves_the_calendar(book, cancel, stranger, cast):
    address = open_feed(Feed.CLIENT, cast.bob)
    session = book()
    assert len(events_in(stranger, address)) == 1
    cancel(session)
    assert events_in(stranger, address) == []


def test_a_calendar_in_which_nothing_changed_is_not_sent_again(book, move, stranger, cast, frozen):
    session = book()
    address = open_feed(Feed.CLIENT, cast.bob)
    etag = stranger.get(address).headers["ETag"]
    frozen.shift(timedelta(hours=1))
    again = stranger.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "no-store"
    move(session, FRIDAY)
    assert stranger.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_an_address_opens_itself_alone_and_ends(stranger, cast, frozen):
    first = open_feed(Feed.CLIENT, cast.bob)
    second = open_feed(Feed.CLIENT, cast.bob)
    assert stranger.get(first).status_code == 404, "a new one ends the old one"
    assert stranger.get(second).status_code == 200
    assert stranger.head(second).status_code == 200
    assert stranger.post(second).status_code == 405
    invitations.close_feed(Feed.CLIENT, cast.bob.public_id)
    assert stranger.get(second).status_code == 404
    assert stranger.get("/p/feed/unknown.ics").status_code == 404
    expiring = open_feed(Feed.BUSY, cast.alice)
    frozen.shift(timedelta(days=6 * 365))
    assert stranger.get(expiring).status_code == 404


def test_another_kind_of_link_is_no_calendar(stranger, cast, frozen):
    _, token = links.issue("client", cast.bob.public_id, lasts=timedelta(days=1))
    assert stranger.get(f"/p/feed/{token}.ics").status_code == 404
    address = open_feed(Feed.CLIENT, cast.bob)
    token = address.removeprefix("/p/feed/").removesuffix(".ics")
    assert stranger.get(f"/p/client/open/{token}").status_code == 404


def test_whoever_is_disabled_has_no_calendar(stranger, cast, frozen):
    address = open_feed(Feed.BUSY, cast.alice)
    with transaction():
        User.update(disabled_at=clock.now()).where(User.id == cast.alice.id).execute()
    assert stranger.get(address).status_code == 404


def test_who_guesses_addresses_is_asked_to_wait(stranger, cast):
    answers = {stranger.get(f"/p/feed/{number}.ics").status_code for number in range(70)}
    assert answers == {404, 429}


def test_a_hundred_sessions_are_read_as_quickly_as_two(book, stranger, cast, queries):
    address = open_feed(Feed.INITIALS, cast.alice)
    with invitations.quiet():
        book()
    with queries() as few:
        stranger.get(address)
    with invitations.quiet():
        for day in range(1, 12):
            book(starts_at=THURSDAY + timedelta(days=day))
    with queries() as many:
        stranger.get(address)
    assert len(many) == len(few) <= 15


def test_the_address_is_mailed_and_works(cast, frozen, leave, stranger, book):
    invitations.mail_feed(cast.bob, by=cast.vera)
    (letter,) = leave()
    text = part(letter, "text/plain")
    address = next(word for word in text.split() if "/p/feed/" in word)
    assert address.startswith("http://localhost/p/feed/")
    assert address.endswith(".ics")
    assert stranger.get(address.removeprefix("http://localhost")).status_code == 200
    message = Message.get()
    token = address.rpartition("/")[2].removesuffix(".ics")
    assert token not in message.text_shown + message.html_shown


def test_another_mail_address_ends_the_old_calendar_and_gets_the_invitations(cast, book, leave, stranger):
    book()
    address = open_feed(Feed.CLIENT, cast.bob)
    leave()
    values = {"email": "bob@elsewhere.example", "assistant_email": "ines@elsewhere.example"}
    bob = Client.get_by_id(cast.bob.id)
    clients.change(bob, values, version=bob.version, by=cast.vera)
    assert stranger.get(address).status_code == 404
    letters = [letter for letter in leave() if "session" in letter["Subject"]]
    assert sorted(letter["To"] for letter in letters) == [
        "Bob Haddad <bob@elsewhere.example>",
        "Bob Haddad <bob@elsewhere.example>",
        "ines@elsewhere.example",
    ]
    assert Link.is_out(Feed.CLIENT, cast.bob.public_id, clock.now())


def test_moved_between_phone_and_video_mail_file_page_and_feed_agree(book, move, leave, cast, stranger, vera):
    """Three times to and fro: all tell the last place and time."""
    session = book()
    address = open_feed(Feed.CLIENT, cast.bob)
    leave()
    for kind, words, starts_at in (
        ("phone", "+44 20 7946 0000", FRIDAY),
        ("video", "https://video.example/two", THURSDAY + timedelta(hours=3)),
        ("phone", "+44 20 7946 0003", FRIDAY + timedelta(hours=1)),
    ):
        scheduling.place(session, kind, words, by=cast.vera)
        move(session, starts_at)
        letter = to(leave(), "Bob")
        (event,) = Calendar.from_ical(file_of(letter)).walk("VEVENT")
        (in_feed,) = events_in(stranger, address)
        place = words if kind == "video" else f"Phone: {words}"
        assert event["LOCATION"] == in_feed["LOCATION"] == place
        assert event["DTSTART"].dt == in_feed["DTSTART"].dt == starts_at
        assert event["SEQUENCE"] == in_feed["SEQUENCE"] == CoachingSession.get().sequence
        assert place in part(letter, "text/plain")
        assert words in vera.get(f"/clients/{cast.bob.public_id}/sessions").text

import re
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.availability.rules import SessionKind
from coachbase.db import transaction
from coachbase.errors import Refused
from coachbase.feeds import actions as feeds
from coachbase.feeds.models import Busy, Feed
from coachbase.feeds.rules import FeedKind
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from tests.feeds.test_tasks import add

ADDRESS = "https://cal.example/secret.ics"
FORM = {"name": "Private", "kind": "ics", "address": ADDRESS, "username": "", "password": ""}


def test_vera_adds_a_calendar_of_alice_and_its_address_is_shown_to_nobody(vera, cast):
    answer = vera.post(f"/settings/calendars/{cast.alice.public_id}", data=FORM, follow_redirects=True)
    assert "Private" in answer.text
    assert "not read yet" in answer.text
    feed = Feed.get()
    assert feed.address == ADDRESS
    page = vera.get(f"/settings/calendars/feeds/{feed.public_id}").text
    assert "secret" not in page + answer.text


def test_the_page_asks_again_until_what_is_being_read_was_read(vera, cast):
    feed = add(cast, ADDRESS)
    page = vera.get("/settings/calendars").text
    assert "being read" in page
    assert 'hx-trigger="every 2s"' in page
    Feed.update(next_at=clock.now(), ok_at=clock.now(), answer="The server is down.").execute()
    page = vera.get("/settings/calendars").text
    assert "hx-trigger" not in page
    assert "</time> · The server is down." in page
    vera.post(f"/settings/calendars/feeds/{feed.public_id}/read")
    assert "being read" in vera.get("/settings/calendars").text


def test_a_wrong_address_gets_a_sentence_and_what_was_typed_stays(vera, cast):
    answer = vera.post(f"/settings/calendars/{cast.alice.public_id}", data=FORM | {"address": "calendar"})
    assert answer.status_code == 422
    assert "The address begins with https://" in answer.text
    assert 'value="Private"' in answer.text


def test_a_changed_calendar_keeps_its_password_and_forgets_what_the_old_address_said(vera, cast):
    feed = add(cast, ADDRESS, FeedKind.CALDAV, "alice", "pass")
    to = f"/settings/calendars/feeds/{feed.public_id}"
    vera.post(to, data=FORM | {"address": "", "username": "alice", "kind": "caldav", "name": "Home", "version": "1"})
    feed = Feed.get()
    assert (feed.name, feed.address, feed.password, feed.version) == ("Home", ADDRESS, "pass", 2)
    stale = vera.post(to, data=FORM | {"version": "1", "name": "Work", "address": ""})
    assert stale.status_code == 409
    assert "secret" not in stale.text
    assert Feed.get().name == "Home"


def test_of_two_tabs_the_second_is_told_and_keeps_what_was_typed(vera, cast):
    to = f"/settings/calendars/feeds/{add(cast, ADDRESS).public_id}"
    one, other = (re.search(r'name="version"[^>]*value="(\d+)"', vera.get(to).text)[1] for _ in "ab")
    vera.post(to, data=FORM | {"name": "Home", "address": "", "version": one})
    typed = {"name": "Work", "address": "", "username": "alice", "password": "zqsecret", "version": other}
    answer = vera.post(to, data=FORM | typed)
    assert (answer.status_code, "Home" in answer.text, "Work" in answer.text) == (409, True, True)
    assert ("zqsecret" in answer.text, "type the password once more" in answer.text) == (False, True)
    kept = dict(re.findall(r'<textarea name="(\w+)"[^>]*>([^<]*)<', answer.text))
    assert vera.post(to, data=kept).status_code == 303
    assert (Feed.get().name, Feed.get().address) == ("Work", ADDRESS)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://cal.example/a.ics", "https://me:secret@cal.example/"])
def test_an_address_is_looked_at_again_where_it_is_written(cast, address):
    told = {"name": "Private", "kind": FeedKind.ICS, "username": "", "password": ""}
    with pytest.raises(Refused):
        feeds.add(cast.alice, address=address, **told)
    feed = add(cast, ADDRESS)
    with pytest.raises(Refused):
        feeds.change(feed, version=1, address=address, **told)
    assert [row.address for row in Feed.select()] == [ADDRESS]


@pytest.mark.parametrize(
    ("address", "password", "status"),
    [
        ("https://cal.example/other.ics", "", 303),
        ("https://vera.example/secret.ics", "", 422),
        ("http://cal.example/secret.ics", "", 422),
        ("https://cal.example:8443/secret.ics", "", 422),
        ("https://vera.example/secret.ics", "another", 303),
    ],
)
def test_the_password_that_is_kept_is_told_to_no_other_server(vera, cast, address, password, status):
    feed = add(cast, ADDRESS, FeedKind.CALDAV, "alice", "pass")
    typed = {"address": address, "username": "alice", "kind": "caldav", "password": password, "version": "1"}
    answer = vera.post(f"/settings/calendars/feeds/{feed.public_id}", data=FORM | typed)
    assert (answer.status_code, "Type the password, too" in answer.text) == (status, status == 422)
    if status == 422:
        assert address in answer.text
        address = ADDRESS
    assert (Feed.get().address, Feed.get().password) == (address, password or "pass")


def test_a_removed_calendar_takes_its_busy_times_along(vera, cast):
    feed = add(cast, ADDRESS)
    vera.post(f"/settings/calendars/feeds/{feed.public_id}/remove")
    assert (Feed.select().count(), Busy.select().count()) == (0, 0)


def test_carol_sees_nothing_of_alices_calendars(carol, cast):
    feed = add(cast, ADDRESS)
    assert "Private" not in carol.get("/settings/calendars").text
    assert carol.get(f"/settings/calendars/feeds/{feed.public_id}").status_code == 404
    assert carol.get(f"/settings/calendars/{cast.alice.public_id}/new").status_code == 404


def test_a_coach_has_ten_calendars_at_most(vera, cast):
    for _ in range(10):
        add(cast, ADDRESS)
    answer = vera.post(f"/settings/calendars/{cast.alice.public_id}", data=FORM)
    assert answer.status_code == 422
    assert Feed.select().count() == 10


def test_the_page_asks_few_questions_however_many_calendars(vera, cast, queries):
    for _ in range(9):
        add(cast, ADDRESS)
    with queries() as asked:
        vera.get("/settings/calendars")
    assert len(asked) <= 15


def test_today_names_a_session_that_another_calendar_lies_over_and_a_calendar_that_fell_silent(
    vera, alice, carol, cast
):
    now = clock.now()
    starts_at = now + timedelta(days=3)
    with transaction():
        feed = Feed.create(
            coach=cast.alice, name="Private", address=ADDRESS, ok_at=now - timedelta(hours=7), created_at=now
        )
        session = scheduling.book(
            cast.alice, SessionKind.CHEMISTRY, starts_at, 60, via=Via.STAFF, client=cast.bob,
            place_kind="phone", place="+44 20 7946 0000", despite="agreed", by=cast.vera,
        )  # fmt: skip
        Busy.create(feed=feed, begins_at=starts_at + timedelta(minutes=59), ends_at=starts_at + timedelta(hours=2))
    for reader in (vera, alice):
        page = reader.get("/").text
        assert f'href="/sessions/{session.public_id}/move"' in page
        assert "Private of Alice Kern" in page
    assert "needs a look" not in carol.get("/").text
    with transaction():
        Busy.update(begins_at=session.ends_at).execute()
        Feed.update(ok_at=now).execute()
    assert "needs a look" not in vera.get("/").text

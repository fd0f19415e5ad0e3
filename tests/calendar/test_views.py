"""The calendar as each of the cast sees it."""

import re
from datetime import date, timedelta

import pytest

from coachbase.accounts.models import Serving
from coachbase.availability.models import Availability, Holiday, SpecialDay, Trip
from coachbase.clients.models import Client
from coachbase.feeds.models import Busy, Feed
from coachbase.sessions.models import Hold
from coachbase.sessions.rules import State
from tests.scheduling.conftest import HOUR, MONDAY

HTMX = {"HX-Request": "true"}
HERE = "/calendar?week=2026-W48"


def plain(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def block(page, session):
    """One session's entry in the week, with its classes."""
    found = re.search(rf'<li class="([^"]*)" id="{session.public_id}"([^>]*)>(.*?)</li>', page, re.DOTALL)
    return found and (found[1].split(), found[2], plain(found[3]))


@pytest.fixture
def feed(cast, monday):
    return Feed.create(
        coach=cast.alice, name="Outlook", address="https://x.example/a.ics", created_at=MONDAY, ok_at=MONDAY
    )


def test_a_block_tells_whom_when_what_and_how_it_stands(vera, put):
    page = vera.get(HERE).text
    assert "Nothing is booked in this week." in page
    session = put(26, kind_name="debrief", minutes=90)
    classes, _, text = block(vera.get(HERE).text, session)
    assert {"at-10h", "at-0m", "for-1h", "for-30m", "lane-0", "of-1", "accent"} <= {*classes}
    assert text.split() == ["Bob", "Haddad", "10:00", "–11:30", "Booked", "Debrief"]
    assert f'href="/sessions/{session.public_id}"' in vera.get(HERE).text


@pytest.mark.parametrize(
    ("state", "tone", "word"),
    [("held", "good", "Held"), ("no_show", "late", "No-show"), ("booked", "accent", "Booked")],
)
def test_a_state_is_a_tone_and_a_word(vera, put, state, tone, word):
    session = put(23, 7, state_name=state, minutes=30)
    classes, _, text = block(vera.get(HERE).text, session)
    assert tone in classes
    assert word in text


def test_a_cancelled_session_takes_no_room(vera, put):
    session = put(26, state_name=State.CANCELLED)
    assert block(vera.get(HERE).text, session) is None


def test_only_what_is_still_to_come_can_be_dragged(vera, put):
    coming, over, held = put(26), put(23, 7, minutes=30), put(27, state_name="held")
    page = vera.get(HERE).text
    assert ["data-move" in block(page, session)[1] for session in (coming, over, held)] == [True, False, False]


def test_a_session_that_collides_says_so_in_words(vera, put, feed):
    Busy.create(feed=feed, begins_at=MONDAY.replace(day=26, hour=10), ends_at=MONDAY.replace(day=26, hour=12))
    busy = put(26)
    early = put(27, 7)
    page = vera.get(HERE).text
    assert block(page, busy)[2].strip().endswith("over a busy time Coaching session")
    assert {"odd", "of-1"} <= {*block(page, busy)[0]}  # the busy time lies behind it
    assert 'class="item busy behind at-10h' in page
    assert "outside hours" in block(page, early)[2]
    assert "Busy 10:00 –12:00 Outlook" in plain(page)


def test_of_several_coaches_a_busy_time_stands_beside_and_says_whose_it_is(olive, put, feed):
    Busy.create(feed=feed, begins_at=MONDAY.replace(day=26, hour=10), ends_at=MONDAY.replace(day=26, hour=12))
    session = put(26)
    page = olive.get(HERE).text
    assert "of-2" in block(page, session)[0]
    assert " behind" not in page
    assert page.count('title="Alice Kern">AK</abbr>') == 2


def test_holds_are_shown_with_what_they_are_for(vera, cast, put):
    begins = MONDAY.replace(day=26, hour=12)
    held = {"coach": cast.alice, "starts_at": begins, "ends_at": begins + HOUR, "about": "x"}
    Hold.create(**held, expires_at=MONDAY + HOUR, words="Three-way with Sam")
    assert "Three-way with Sam" in vera.get(HERE).text
    Hold.update(expires_at=MONDAY - HOUR).execute()
    assert "Three-way with Sam" not in vera.get(HERE).text


def test_a_calendar_that_was_not_read_is_named_and_says_nothing(vera, feed):
    Busy.create(feed=feed, begins_at=MONDAY.replace(day=26, hour=10), ends_at=MONDAY.replace(day=26, hour=12))
    assert "What is busy is not known" not in vera.get(HERE).text
    Feed.update(ok_at=MONDAY - timedelta(hours=20)).execute()
    page = plain(vera.get(HERE).text)
    assert "What is busy is not known from Outlook (Alice Kern, read 20 h ago)" in page
    assert "10:00 –12:00" not in page


def test_days_are_those_of_the_readers_clock_and_another_clock_stands_beside(vera, cast, put):
    session = put(26, 22)
    cast.vera.zone = "Asia/Tokyo"
    cast.vera.save()
    page = vera.get(HERE).text
    assert "at-7h" in block(page, session)[0]
    assert 'data-day="2026-11-27"' in page.partition(session.public_id)[0]
    beside = re.findall(r'<p class="hour"><span>([^<]+)</span><span>([^<]+)</span>', page)
    assert ("9:00", "0:00") in beside  # Alice's, in London
    assert re.findall(r'<p class="hour"><span>[^<]+</span><span>', vera.get(f"{HERE}&zone=Asia/Tokyo").text) == []
    assert ("9:00", "4:00") in re.findall(
        r'<p class="hour"><span>([^<]+)</span><span>([^<]+)</span>', vera.get(f"{HERE}&zone=Asia/Dubai").text
    )


def test_weeks_in_which_the_clocks_differ_are_marked(vera, cast, put):
    Client.update(zone="America/New_York").execute()
    page = plain(vera.get("/calendar?week=2026-W44").text)
    assert "Until Saturday New York is 4 h behind London, usually 5 h behind: Bob Haddad." in page
    assert "usually" not in plain(vera.get(HERE).text)
    assert vera.get("/calendar?month=2026-11").text.count("Clocks differ: New York") == 2  # a title and a label


def test_open_hours_are_drawn_and_told(vera, put):
    page = vera.get(HERE).text
    assert page.count('class="open at-9h at-0m for-8h for-0m"') == 5
    assert "open 9:00–17:00" in page
    assert page.count(", closed</span>") == 2


def test_filters_stand_in_the_address(olive, cast, put):
    hers, alices = put(26, coach=cast.carol, client=None, title="Circle", kind_name="group"), put(27)
    page = olive.get(HERE).text
    assert None not in (block(page, hers), block(page, alices))
    assert block(olive.get(f"{HERE}&kind=group").text, alices) is None
    only = olive.get(f"{HERE}&coach={cast.carol.public_id}").text
    assert block(only, hers)
    assert block(only, alices) is None
    assert f"coach={cast.carol.public_id}" in re.search(r'href="([^"]+)" data-turn="n"', only)[1]


def test_the_month_names_four_a_day_and_counts_the_others(vera, put):
    for hour in range(9, 15):
        put(26, hour)
    page = vera.get("/calendar?month=2026-11").text
    assert page.count('class="line accent"') == 4
    assert "and 2 more" in page
    assert "November 2026" in page
    assert "Nothing is booked in this month." in vera.get("/calendar?month=2027-02").text


def test_an_answer_to_htmx_is_the_calendar_with_what_was_said(vera, put):
    session = put(26)
    form = {"slot": "2026-11-27T11:00", "minutes": "60", "version": "1", "back": HERE}
    assert (
        vera.post(f"/sessions/{session.public_id}/move", data=form, headers={"HX-Request": "true"}).status_code == 204
    )
    answer = vera.get(HERE, headers={"HX-Request": "true"}).text
    assert answer.lstrip().startswith('<div id="calendar"')
    assert "moved to Fri 27 Nov, 11:00." in answer
    assert "<html" not in answer


def test_carol_sees_nothing_of_alices_week(carol, alice, put, feed, cast):
    Busy.create(feed=feed, begins_at=MONDAY.replace(day=26, hour=10), ends_at=MONDAY.replace(day=26, hour=12))
    Hold.create(
        coach=cast.alice, starts_at=MONDAY.replace(day=25), ends_at=MONDAY.replace(day=25) + HOUR,
        expires_at=MONDAY + HOUR, about="x", words="Three-way with Sam",
    )  # fmt: skip
    put(26)
    put(27, client=None, title="Circle", kind_name="group")
    for address in (HERE, "/calendar?month=2026-11", f"{HERE}&coach={cast.alice.public_id}"):
        theirs, foreign = alice.get(address).text, carol.get(address).text
        assert "Bob" in theirs
        for word in ("Bob", "Outlook", "Sam", "Circle", "Alice"):
            assert word not in foreign, (address, word)
    assert "Nothing is booked in this week." in carol.get(HERE).text


def test_of_a_client_who_has_another_coach_now_only_the_time_is_known(alice, cast, put):
    session = put(26)
    Client.update(coach=cast.carol).execute()
    page = alice.get(HERE).text
    assert "Bob" not in page
    assert session.public_id not in page
    assert "Taken 10:00 –11:00" in plain(page)
    assert "Bob" not in alice.get("/calendar?month=2026-11").text


def test_busy_weeks_of_several_coaches_ask_fifteen_times_at_most(vera, cast, put, queries):
    Serving.create(assistant=cast.vera, coach=cast.carol)
    for coach in (cast.alice, cast.carol):
        feed = Feed.create(coach=coach, name="O", address="https://x.example", created_at=MONDAY, ok_at=MONDAY)
        for day in range(23, 28):
            for hour in range(9, 17):
                put(day, hour, coach=coach, client=cast.bob if coach == cast.alice else None, minutes=45)
                begins = MONDAY.replace(day=day, hour=hour)
                Busy.create(feed=feed, begins_at=begins, ends_at=begins + HOUR)
    vera.get("/account")  # what every page asks is kept
    for address in (HERE, "/calendar?month=2026-11"):
        with queries() as asked:
            assert vera.get(address).status_code == 200
        assert len(asked) <= 15, (address, len(asked))


def test_each_coachs_own_increment_is_the_step_of_a_drag(vera, put):
    Availability.update(increment=15).execute()
    session = put(26)
    assert 'data-step="15"' in block(vera.get(HERE).text, session)[1]


@pytest.mark.parametrize("name", ["week", "month", "coach", "kind", "zone"])
def test_nonsense_in_the_address_is_as_if_it_were_not_there(vera, put, name):
    for value in ("", "x", "\0", "9" * 5000, "-1", "2026-W99", "0000-00", "9999-12", "/etc/passwd", "٣", "😀" * 999):
        assert vera.get("/calendar", query_string={name: value}).status_code == 200, value[:20]


def test_a_day_off_and_a_journey_stand_at_the_head_of_the_day(vera, cast, put):
    Holiday.create(coach=cast.alice, on=date(2026, 11, 24), name="Founders’ day")
    Holiday.create(coach=cast.alice, on=date(2026, 11, 25), name="Worked day", is_worked=True)
    SpecialDay.create(coach=cast.alice, first=date(2026, 11, 25), last=date(2026, 11, 25))
    Trip.create(coach=cast.alice, first=date(2026, 11, 26), last=date(2026, 11, 27), zone="America/New_York")
    days = re.findall(r'<ul class="day-notes">(.*?)</ul>', vera.get(HERE).text, re.DOTALL)
    told = ["Founders’ day", "not available", "in New York", "in New York"]
    assert [plain(day).strip() for day in days] == told
    month = re.findall(r'<ul class="day-notes">(.*?)</ul>', vera.get("/calendar?month=2026-11").text, re.DOTALL)
    assert [plain(day).strip() for day in month] == told


# What a coach's hours leave outside -----------------------------------------------------------------------------------


def test_hours_that_leave_booked_sessions_outside_say_which_on_every_page_of_the_hours(vera, cast, put, queries):
    home = f"/settings/availability/{cast.alice.public_id}"
    first = put(26, 16)
    put(27, 10)
    put(20, 16)
    put(27, 16, state_name=State.CANCELLED)
    assert "outside these hours" not in vera.get(home).text
    version = {"version": "0"}
    vera.post(home, data=version | {f"row-{day}": "0" for day in range(5)} | half_days())
    page = vera.get(home).text
    assert "1 booked session lies outside these hours. Bob Haddad , Thu 26 Nov, 16:00 They stay" in plain(page)
    assert f'href="/sessions/{first.public_id}"' in page
    vera.post(f"{home}/days", data={"first": "2026-11-27", "how": "closed"})
    for tail in ("", "/terms", "/kinds", "/days"):
        with queries() as asked:
            page = plain(vera.get(home + tail).text)
        assert "2 booked sessions lie outside these hours." in page
        assert len(asked) <= 15, tail


def half_days():
    return {f"begins-{day}": "09:00" for day in range(5)} | {f"ends-{day}": "12:00" for day in range(5)}


def test_of_what_lies_outside_nobody_behind_the_wall_is_named(alice, cast, put):
    put(28)
    Client.update(coach=cast.carol).execute()
    page = alice.get(f"/settings/availability/{cast.alice.public_id}").text
    assert "outside these hours" not in page
    assert "Bob" not in page

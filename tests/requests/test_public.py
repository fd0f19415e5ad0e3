"""Booking by link: what is offered, what is done, and what nobody learns there."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.availability.models import Availability, Hours
from coachbase.availability.rules import SessionKind
from coachbase.clients import actions as clients
from coachbase.clients.models import Client
from coachbase.clients.rules import Party
from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import State as ProgramState
from coachbase.errors import Refused
from coachbase.feeds.models import Feed
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.requests import actions
from coachbase.requests.models import Request
from coachbase.requests.rules import RequestState
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import Attendee, CoachingSession
from coachbase.sessions.rules import Role
from coachbase.timeline.models import Entry
from tests.cast import Cast
from tests.safety.digest import digest
from tests.safety.walk import read
from tests.scheduling.by_link import LINK, MONDAY, at, booked, open_up, times, words


@pytest.fixture(autouse=True)
def monday(time_machine):
    """Eight in the morning in London, noon in Dubai."""
    time_machine.move_to(MONDAY, tick=False)


@pytest.fixture
def asked(cast, engagement) -> Request:
    """Bob is asked for his kickoff."""
    request = actions.ask(
        engagement.client, cast.alice, SessionKind.KICKOFF, minutes=60, engagement=engagement, by=None
    )
    return Request.known_as(request.public_id)


@pytest.fixture
def bob(come, asked):
    return come("book", asked)


@pytest.fixture
def eve(come, asked, cast):
    """Bob's own assistant, who came from the page with dates."""
    Client.update(assistant_name="Eve Lind", assistant_email="eve@brightwater.example").execute()
    return come("book_assistant", asked)


def take(browser, start: int, **more):
    return browser.post("/p/book", data={"start": str(start), "zone": "Asia/Dubai"} | more)


# Choosing -------------------------------------------------------------------------------------------------------------


def test_bob_sees_real_free_times_by_his_clock_and_alices_beside_it(bob):
    page = bob.get("/p/book")
    said = words(page)
    assert page.status_code == 200
    assert "Kickoff with Alice Kern 60 minutes, by video." in said
    assert "All times in Dubai ; in small type Alice Kern’s, in London" in said
    assert "Tuesday 24 November Afternoon 13:00 for Alice Kern: 9:00" in said
    assert times(page)[0] == (at(24, 9), "13:00 for Alice Kern: 9:00")
    assert "Evening 18:00" in said


def test_three_days_at_a_time_with_the_weeks_to_jump_to(bob):
    page = bob.get("/p/book")
    days = re.findall(r'<section class="offered">\s*<h2>(.*?)</h2>', page.text)
    assert days == ["Tuesday 24 November", "Wednesday 25 November", "Thursday 26 November"]
    assert 'href="/p/book?from=2026-11-27">' in page.text
    later = bob.get("/p/book?from=2026-11-27")
    assert "Friday 27 November" in later.text
    assert "Earlier days" in later.text
    assert 'href="/p/book?from=2026-12-07"' in page.text


def test_one_question_and_then_it_is_booked(bob, asked, cast):
    question = bob.get(f"/p/book/confirm?start={at(24, 9)}")
    said = words(question)
    assert "Is this right? Kickoff with Alice Kern" in said
    assert "Tuesday 24 November, 13:00 Dubai time 9:00 for Alice Kern in London" in said
    assert f'href="{LINK}"' in question.text
    assert "You can move or cancel it here up to 24 hours before. Cancelled later than that, it counts as used." in said
    assert CoachingSession.select().count() == 0
    answer = take(bob, at(24, 9))
    assert (answer.status_code, answer.location) == (303, "/p/book")
    session = CoachingSession.get()
    assert (session.via, session.client, session.starts_at) == (
        "client",
        cast.bob,
        datetime(2026, 11, 24, 9, tzinfo=UTC),
    )
    assert Request.known_as(asked.public_id).state is RequestState.BOOKED
    page = words(bob.get("/p/book"))
    assert "It is booked Kickoff with Alice Kern" in page
    assert "b…b@brightwater.example" in page


def test_it_books_from_all_of_it_without_a_script(bob, asked):
    """Follow the page's own links and forms."""
    link = re.search(r'class="time" href="([^"]+)"', bob.get("/p/book").text)[1].replace("&amp;", "&")
    form = bob.get(link).text
    sent = dict(next(each for each in read(link, form).forms if each.action == "/p/book").fields)
    assert bob.post("/p/book", data=sent).status_code == 303
    assert CoachingSession.select().count() == 1
    assert bob.post("/p/book", data=sent).location == "/p/book"
    assert CoachingSession.select().count() == 1


def test_the_step_ticks_and_the_kickoff_has_its_day(bob, asked, engagement):
    take(bob, at(24, 9))
    assert Engagement.get_by_id(engagement.id).kickoff_on == date(2026, 11, 24)


def test_a_time_that_was_never_offered_is_not_booked(bob):
    """Off the grid, at night, tomorrow at too short a notice, next year, or no time at all."""
    for start in (at(24, 9) + 7, at(24, 3), at(23, 12), at(24, 9) + 60 * 24 * 365, 10**8, "", "x", "-1", "9" * 40):
        answer = bob.post("/p/book", data={"start": str(start)})
        assert answer.status_code == 422, start
        assert times(answer), start
    assert CoachingSession.select().count() == 0


def test_when_the_slot_has_just_gone_the_others_are_shown_and_nothing_is_lost(bob, cast, engagement, come):
    Availability.update(place_kind_name="phone", place="Alice calls you").execute()
    question = bob.get(f"/p/book/confirm?start={at(25, 9)}")
    assert question.status_code == 200
    dan = Client.create(name="Dan Ito", coach=cast.alice, created_at=MONDAY)
    scheduling.book(
        cast.alice, SessionKind.CHEMISTRY, datetime(2026, 11, 25, 9, tzinfo=UTC), 60, via=Via.STAFF,
        client=dan, by=cast.vera,
    )  # fmt: skip
    answer = take(bob, at(25, 9), phone="+971 4 000")
    assert answer.status_code == 422
    assert "This time has just gone. Please choose another." in words(answer)
    assert times(answer)[0][0] == at(25, 10)
    assert Client.get_by_id(cast.bob.id).phone == "+971 4 000"
    assert "has just gone" in words(bob.get(f"/p/book/confirm?start={at(25, 9)}"))


def test_nobody_learns_with_whom_alice_is(bob, cast):
    dan = Client.create(name="Zqfirst Zqlast", coach=cast.alice, created_at=MONDAY)
    scheduling.book(
        cast.alice, SessionKind.CHEMISTRY, datetime(2026, 11, 25, 9, tzinfo=UTC), 60, via=Via.STAFF, title="Zqtitle",
        place_kind="room", place="Zqroom", client=dan, by=cast.vera,
    )  # fmt: skip
    scheduling.hold(
        cast.alice, datetime(2026, 11, 25, 14, tzinfo=UTC), 60, kind=SessionKind.THREE_WAY, about="x" * 26,
        lasts=timedelta(days=3), words="Zqhold",
    )  # fmt: skip
    pages = [bob.get("/p/book"), bob.get(f"/p/book/confirm?start={at(25, 9)}"), take(bob, at(25, 9))]
    # whole words: two letters of one stand by chance in a form's own random key
    kept = ("Zqfirst", "Zqlast", "Zqtitle", "Zqroom", "Zqhold")
    assert not [word for word in kept for page in pages if word in page.text]
    offered = [start for start, _ in times(pages[0])]
    assert at(25, 9) not in offered
    assert at(25, 14) not in offered


# Clocks ---------------------------------------------------------------------------------------------------------------


def test_who_travels_looks_by_another_clock_which_stays_in_the_address(bob):
    page = bob.get("/p/book?zone=America/New_York")
    assert "All times in New York" in words(page)
    assert times(page)[0] == (at(24, 9), "4:00 for Alice Kern: 9:00")
    assert "&zone=America/New_York" in page.text
    assert "4:00 New York time" in words(bob.get(f"/p/book/confirm?start={at(24, 9)}&zone=America/New_York"))


def test_where_both_clocks_show_the_same_only_one_is_shown(bob):
    page = bob.get("/p/book?zone=Africa/Accra")
    assert "in small type" not in page.text
    assert times(page)[0] == (at(24, 9), "9:00")


def test_another_day_there_is_said(bob):
    assert (at(24, 16), "5:00 for Alice Kern: Tue 16:00") in times(
        bob.get("/p/book?zone=Pacific/Auckland&from=2026-11-25")
    )


@pytest.mark.parametrize("zone", ["/etc/passwd", "Mars/Olympus", "\x00", "Europe/London\r\nX: y", "🕐" * 500])
def test_a_zone_that_is_none_is_the_own_one(bob, zone):
    page = bob.get("/p/book", query_string={"zone": zone, "from": zone})
    assert "All times in Dubai" in words(page)


def test_all_zones_can_be_chosen_from_without_a_script(bob):
    page = bob.get("/p/book?zones=1")
    assert '<option selected value="Asia/Dubai">' in page.text
    assert 'value="Asia/Kolkata"' in page.text
    assert "<option" not in bob.get("/p/book").text


def test_of_who_has_no_zone_the_one_that_was_confirmed_is_kept(bob, cast):
    Client.update(zone="").execute()
    page = bob.get("/p/book")
    assert "We do not know your time zone yet. The times below are those of London." in words(page)
    assert '<option value="Asia/Kolkata">' in page.text
    assert "All times in Kolkata" in words(bob.get("/p/book?zone=Asia/Kolkata"))
    question = bob.get(f"/p/book/confirm?start={at(24, 9)}&zone=Asia/Kolkata").text
    assert "14:30" in question
    assert ("zone", "Asia/Kolkata") in read("/p/book", question).forms[0].fields
    take(bob, at(24, 9), zone="Asia/Kolkata")
    assert Client.get_by_id(cast.bob.id).zone == "Asia/Kolkata"
    assert Attendee.get(Attendee.role_name == Role.CLIENT).zone == "Asia/Kolkata"


def test_a_zone_nobody_chose_is_not_taken_for_the_own_one(bob, cast):
    Client.update(zone="").execute()
    link = re.search(r'class="time" href="([^"]+)"', bob.get("/p/book").text)[1]
    sent = dict(read(link, bob.get(link).text).forms[0].fields)
    assert bob.post("/p/book", data=sent).status_code == 303
    assert Client.get_by_id(cast.bob.id).zone == ""


def test_eves_zone_is_not_taken_for_bobs(eve, cast):
    Client.update(zone="").execute()
    take(eve, at(24, 9), zone="Asia/Kolkata")
    assert Client.get_by_id(cast.bob.id).zone == ""


def test_a_zone_we_know_is_not_changed_by_a_journey(bob, cast):
    answer = take(bob, at(24, 9), zone="America/New_York")
    assert Client.get_by_id(cast.bob.id).zone == "Asia/Dubai"
    assert "4:00 New York time" in words(bob.get(answer.location)), "it says what was confirmed"


def test_a_time_that_occurs_twice_shows_its_offset(bob, time_machine):
    """New York sets its clocks back on 1 November: half past one comes twice."""
    time_machine.move_to(datetime(2026, 10, 26, 8, tzinfo=UTC), tick=False)
    Hours.update(begins=0, ends=24 * 60).execute()
    for weekday in (5, 6):
        Hours.create(coach=Hours.get().coach, weekday=weekday, begins=0, ends=24 * 60)
    shown = dict(times(bob.get("/p/book?zone=America/New_York&from=2026-11-01")))
    assert shown[at(1, 5) + 30].startswith("1:30 (UTC−4)")
    assert shown[at(1, 6) + 30].startswith("1:30 (UTC−5)")


# What else there is to say --------------------------------------------------------------------------------------------


def test_none_of_these_suits_reaches_the_desk_and_nobody_is_reminded(bob, asked, cast):
    assert bob.post("/p/book/none", data={"words": ""}).status_code == 422
    answer = bob.post("/p/book/none", data={"words": "In Oslo all week, mornings after the 7th?"})
    assert answer.location == "/p/book"
    page = words(bob.get("/p/book"))
    assert "we have read that none of these suits" in page
    assert times(bob.get("/p/book"))
    entry = Entry.select().order_by(Entry.id.desc()).where(Entry.kind_name == "session").first()
    assert entry.sentence == "Bob on the times for the kickoff: “In Oslo all week, mornings after the 7th?”"
    assert Client.get_by_id(cast.bob.id).waiting_on is Party.US
    assert list(Request.to_chase([ProgramState.ACTIVE])) == []
    assert take(bob, at(24, 9)).status_code == 303


def test_words_are_written_to_us_five_times_an_hour_at_most(bob):
    said = [bob.post("/p/book/none", data={"words": f"Word {number}"}).status_code for number in range(7)]
    assert said == [303] * 5 + [429] * 2


def test_a_calendar_that_cannot_be_read_says_nothing_to_bob_and_asks_the_desk(bob, cast):
    Feed.create(coach=cast.alice, name="Outlook", address="https://x.example/a.ics", created_at=MONDAY)
    page = bob.get("/p/book")
    assert times(page)
    assert "Outlook" not in page.text
    take(bob, at(24, 9))
    assert "Outlook" not in bob.get("/p/book").text
    assert Entry.select().where(Entry.sentence == "Please check: Outlook could not be read").count() == 1


def test_by_phone_bob_is_asked_for_a_number_that_we_do_not_know(bob, cast):
    Availability.update(place_kind_name="phone", place="Alice calls you").execute()
    question = f"/p/book/confirm?start={at(24, 9)}"
    assert "Your phone number" in bob.get(question).text
    assert take(bob, at(24, 9), phone="x" * 50).status_code == 422
    take(bob, at(24, 9), phone="+971 4 000")
    assert Client.get_by_id(cast.bob.id).phone == "+971 4 000"
    assert CoachingSession.get().where == ("phone", "Alice calls you")


def test_only_bob_gives_his_number(eve, cast):
    Availability.update(place_kind_name="phone", place="Alice calls you").execute()
    assert "Your phone number" not in eve.get(f"/p/book/confirm?start={at(24, 9)}").text
    take(eve, at(24, 9), phone="+971 4 000")
    assert CoachingSession.select().count() == 1
    assert Client.get_by_id(cast.bob.id).phone == ""


def test_a_number_that_was_not_asked_for_is_not_taken(bob, cast):
    take(bob, at(24, 9), phone="+971 4 000")
    assert (CoachingSession.select().count(), Client.get_by_id(cast.bob.id).phone) == (1, "")


def test_a_number_we_know_is_neither_asked_nor_shown(bob):
    Availability.update(place_kind_name="phone", place="Alice calls you").execute()
    Client.update(phone="+44 20 1").execute()
    page = bob.get(f"/p/book/confirm?start={at(24, 9)}").text
    assert "Your phone number" not in page
    assert "+44 20 1" not in page


@pytest.mark.parametrize("state", [ProgramState.PAUSED, ProgramState.COMPLETED, ProgramState.ENDED])
def test_in_a_program_that_rests_or_is_over_nothing_is_booked(bob, state):
    Engagement.update(state_name=state).execute()
    page = bob.get("/p/book")
    assert "This cannot be booked at the moment." in words(page)
    assert "vera@northbank.example" in page.text
    assert take(bob, at(24, 9)).status_code == 422
    assert CoachingSession.select().count() == 0


def test_without_a_place_nothing_is_offered(bob):
    Availability.update(place="").execute()
    assert "This cannot be booked at the moment." in words(bob.get("/p/book"))


def test_what_was_withdrawn_is_not_booked(bob, asked, cast):
    actions.withdraw(asked, by=cast.vera)
    assert "There is nothing to book here any more." in words(bob.get("/p/book"))
    assert take(bob, at(24, 9)).status_code == 422


def test_only_days_that_were_asked_for_are_offered(come, cast, engagement):
    request = actions.ask(
        engagement.client, cast.alice, SessionKind.DEBRIEF, minutes=60, engagement=engagement,
        from_on=date(2026, 12, 2), until_on=date(2026, 12, 3), by=cast.vera,
    )  # fmt: skip
    page = come("book", request).get("/p/book")
    assert re.findall(r"<h2>(.*?)</h2>", page.text)[:2] == ["Wednesday 2 December", "Thursday 3 December"]
    assert "Later days" not in page.text
    assert "Please until Thursday 3 December." in words(page)


def test_no_kickoff_is_offered_before_the_first_day_of_its_program(bob):
    Engagement.update(starts_on=date(2026, 12, 7)).execute()
    page = bob.get("/p/book")
    assert re.findall(r"<h2>(.*?)</h2>", page.text)[0] == "Monday 7 December"
    assert take(bob, at(24, 9)).status_code == 422
    assert CoachingSession.select().count() == 0


def test_the_desk_may_ask_for_a_kickoff_on_earlier_days(bob):
    Engagement.update(starts_on=date(2026, 12, 7)).execute()
    Request.update(from_on=date(2026, 12, 2)).execute()
    assert re.findall(r"<h2>(.*?)</h2>", bob.get("/p/book").text)[0] == "Wednesday 2 December"


def test_a_program_that_begins_beyond_the_horizon_says_from_when_on_its_kickoff_can_be_booked(bob):
    Engagement.update(starts_on=date(2027, 6, 7)).execute()
    page = words(bob.get("/p/book"))
    assert "It is to be on Mon 7 Jun 2027 or soon after." in page
    assert "Times can be chosen here from Tue 9 Mar 2027 on" in page
    assert "There is no free time" not in page


def test_a_second_click_books_once(bob):
    for _ in range(2):
        assert take(bob, at(24, 9), once="abc").status_code == 303
    assert CoachingSession.select().count() == 1


def test_after_thirty_tries_in_an_hour_bob_is_asked_to_wait(bob):
    said = [bob.post("/p/book", data={"start": at(24, 3)}).status_code for _ in range(32)]
    assert said == [422] * 30 + [429] * 2


def test_no_page_asks_more_than_fifteen_times(bob, asked, come, cast, engagement, queries):
    for hour in range(9, 16):
        booked(cast, engagement, at(30, hour))
    session = CoachingSession.select().first()
    browser = come("session", session)
    for holder, page in (
        (bob, "/p/book"), (bob, f"/p/book/confirm?start={at(24, 9)}"), (browser, "/p/session"),
        (browser, "/p/session/move"), (browser, f"/p/session/move/confirm?start={at(24, 9)}"),
        (browser, "/p/session/cancel"),
    ):  # fmt: skip
        with queries() as statements:
            assert holder.get(page).status_code == 200
        assert len(statements) <= 15, (page, len(statements))


# The client's own assistant -------------------------------------------------------------------------------------------


def test_eve_books_for_bob_and_it_is_known_that_she_did(eve, asked):
    assert "60 minutes, by video, for Bob Haddad." in words(eve.get("/p/book"))
    assert take(eve, at(24, 9)).status_code == 303
    assert CoachingSession.get().via == "assistant"
    assert "It is booked" in words(eve.get("/p/book"))


def test_eves_words_are_hers(eve):
    eve.post("/p/book/none", data={"words": "He travels"})
    assert Entry.select().where(Entry.sentence == "Eve Lind on the times for the kickoff: “He travels”").count() == 1


def test_eve_sees_neither_the_program_nor_whom_else_bob_meets(eve, come, cast, engagement):
    session = scheduling.book(
        cast.alice, SessionKind.THREE_WAY, datetime(2026, 11, 25, 9, tzinfo=UTC), 60, via=Via.STAFF,
        client=engagement.client, engagement=engagement, contacts=[cast.sam], by=cast.vera,
    )  # fmt: skip
    pages = [eve.get("/p/book"), eve.get(f"/p/book/confirm?start={at(24, 9)}")]
    pages.append(come("session_assistant", session).get("/p/session"))
    for page in pages:
        assert page.status_code == 200
        assert not [word for word in ("Leadership 6", "Sam Okafor", "Brightwater", "brightwater") if word in page.text]
    assert "Somebody else will be there, too." in words(pages[-1])


def test_an_assistant_who_was_taken_off_books_nothing(eve, asked):
    Client.update(assistant_email="").execute()
    assert eve.get("/p/book").status_code == 404
    assert take(eve, at(24, 9)).status_code == 404


def test_eves_link_opens_nothing_but_dates(eve, come, asked):
    for path in ("/p/client", "/p/sign", "/p/intake", "/p/sponsor", "/p/session", "/p/assistant"):
        assert eve.get(path).status_code == 404
    take(eve, at(24, 9))
    assert eve.post("/p/book/change", data={"to": "move"}).location == "/p/session/move"
    assert eve.get("/p/session").status_code == 200


# The doors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["book", "session"])
@pytest.mark.parametrize("state", ["expired", "revoked", "unknown", "of another kind"])
def test_a_link_that_is_no_good_finds_nothing(asked, cast, engagement, stranger, kind, state):
    row = asked if kind == "book" else booked(cast, engagement, at(30, 9))
    token = "nosuchtoken"
    if state == "of another kind":
        token = links.issue("session" if kind == "book" else "book", row.public_id, lasts=timedelta(days=1))[1]
    elif state != "unknown":
        link, token = links.issue(kind, row.public_id, lasts=timedelta(days=1))
        change = {"expires_at": clock.now()} if state == "expired" else {"revoked_at": clock.now()}
        Link.update(**change).where(Link.id == link.id).execute()
    assert stranger.get(f"/p/{kind}/open/{token}").status_code == 404
    stranger.set_cookie(f"link_{kind}", token, path=f"/p/{kind}")
    assert stranger.get(f"/p/{kind}").status_code == 404
    assert stranger.get(f"/p/{kind}/confirm").status_code == 404


def test_looking_three_times_changes_nothing(bob, eve, come, cast, engagement):
    browser = come("session", booked(cast, engagement, at(30, 9)))
    before = digest()
    for _ in range(3):
        for holder, page in (
            (bob, "/p/book"), (eve, f"/p/book/confirm?start={at(24, 9)}"), (browser, "/p/session"),
            (browser, f"/p/session/move/confirm?start={at(24, 9)}"), (browser, "/p/session/cancel"),
        ):  # fmt: skip
            assert holder.get(page).status_code == 200
            holder.head(page)
    assert digest() == before


def test_a_device_forgets_the_page(bob):
    assert bob.post("/p/book/leave").location == "/p/left"
    assert bob.get("/p/book").status_code == 404


# From what was booked on ----------------------------------------------------------------------------------------------


def test_what_was_booked_leads_on_to_moving_it(bob):
    take(bob, at(24, 9))
    answer = bob.post("/p/book/change", data={"to": "move"})
    assert answer.location == "/p/session/move"
    assert "now Tuesday 24 November, 13:00" in words(bob.get("/p/session/move"))


def test_a_cancelled_kickoff_is_asked_for_again_on_the_same_page(bob, asked, engagement):
    take(bob, at(25, 9))
    bob.post("/p/book/change", data={"to": "cancel"})
    version = CoachingSession.get().version
    assert bob.post("/p/session/cancel", data={"reason": "A flight", "version": version}).status_code == 303
    assert times(bob.get("/p/book"))
    assert Engagement.get_by_id(engagement.id).kickoff_on is None


# When something changes -----------------------------------------------------------------------------------------------


def test_another_address_shuts_the_doors_that_went_with_the_old_one(bob, holder, cast, eve, come, session):
    eves = come("session_assistant", session)
    now = Client.get_by_id(cast.bob.id)
    clients.change(now, {"email": "bob@new.example"}, version=now.version, by=cast.vera)
    assert [page.get(path).status_code for page, path in ((bob, "/p/book"), (holder, "/p/session"))] == [404, 404]
    assert [page.get(path).status_code for page, path in ((eve, "/p/book"), (eves, "/p/session"))] == [200, 200]
    now = Client.get_by_id(cast.bob.id)
    clients.change(now, {"assistant_email": "ned@brightwater.example"}, version=now.version, by=cast.vera)
    assert [page.get(path).status_code for page, path in ((eve, "/p/book"), (eves, "/p/session"))] == [404, 404]


def test_another_address_shuts_the_door_to_what_is_no_longer_asked_for_too(bob, asked, cast):
    actions.withdraw(asked, by=cast.vera)
    assert bob.get("/p/book").status_code == 200
    now = Client.get_by_id(cast.bob.id)
    clients.change(now, {"email": "bob@new.example"}, version=now.version, by=cast.vera)
    assert bob.get("/p/book").status_code == 404


def test_forms_of_a_page_that_is_out_of_date_do_nothing(bob, asked, cast):
    """A tab left open, the back button, a form that a program filled in."""
    free = at(25, 9)
    assert (take(bob, "").status_code, bob.post("/p/book/change", data={"to": "move"}).location) == (422, "/p/book")
    actions.withdraw(asked, by=cast.vera)
    assert take(bob, free).status_code == 422
    assert bob.get(f"/p/book/confirm?start={free}").location == "/p/book"
    said = Entry.select().count()
    assert bob.post("/p/book/none", data={"words": "Never mind"}).location == "/p/book"
    assert (Entry.select().count(), CoachingSession.select().count()) == (said, 0)


def test_a_coach_who_is_locked_out_meets_nobody(bob, holder, session, cast, engagement):
    begins, free = session.starts_at, at(25, 9)
    User.update(disabled_at=MONDAY).where(User.id == cast.alice.id).execute()
    assert times(bob.get("/p/book")) == times(holder.get("/p/session/move")) == []
    moved = holder.post("/p/session/move", data={"start": str(free), "zone": "Asia/Dubai", "version": session.version})
    assert (take(bob, free).status_code, moved.status_code) == (422, 422)
    with pytest.raises(Refused, match="Alice Kern: not free then"):
        booked(Cast.met(), engagement, free)
    assert [one.starts_at for one in CoachingSession.select()] == [begins]


def test_another_coach_is_booked_where_the_client_goes(bob, asked, cast):
    open_up(cast.carol)
    now = Client.get_by_id(cast.bob.id)
    clients.change(now, {"coach": cast.carol}, version=now.version, by=cast.olive)
    assert "Kickoff with Carol Voss" in words(bob.get("/p/book"))

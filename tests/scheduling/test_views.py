"""What staff see and do about sessions: book, move, cancel, place, ask; and why a time is not free."""

import re
from datetime import date, timedelta

import pytest

from coachbase.accounts.models import Serving
from coachbase.availability.models import Availability, Hours, KindTerms, SpecialDay, Trip
from coachbase.clients.models import Client
from coachbase.feeds.models import Feed
from coachbase.scheduling import actions
from coachbase.scheduling.rules import Side, Via
from coachbase.sessions.models import Attendee, CoachingSession, LedgerEntry
from coachbase.sessions.rules import State
from coachbase.timeline.models import Entry
from tests.scheduling.conftest import DAY, HOUR, MONDAY, THURSDAY

HTMX = {"HX-Request": "true"}


@pytest.fixture
def new(cast):
    return f"/clients/{cast.bob.public_id}/sessions/new"


@pytest.fixture
def typed(program):
    """What Vera types: an hour with Bob on Thursday at ten."""
    return {
        "kind": "coaching", "suggested_for": "coaching", "program": program.public_id, "day": "2026-11-26",
        "at": "10:00", "fold": "0", "minutes": "60", "place_kind": "", "place": "", "despite": "",
    }  # fmt: skip


@pytest.fixture
def session(cast, program):
    return actions.book(
        cast.alice, "coaching", THURSDAY, 60, via=Via.STAFF, client=cast.bob, engagement=program, by=cast.vera
    )


def now(session):
    return CoachingSession.known_as(session.public_id)


def plain(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


# Booking --------------------------------------------------------------------------------------------------------------


def test_vera_books_what_she_typed_and_is_told_so(vera, cast, new, typed):
    answer = vera.post(new, data=typed)
    assert (answer.status_code, answer.location) == (303, f"/clients/{cast.bob.public_id}/sessions")
    session = CoachingSession.get()
    assert (session.starts_at, session.minutes, session.by, session.via) == (THURSDAY, 60, cast.vera, Via.STAFF)
    assert [attendee.email for attendee in Attendee.of(session)] == ["bob@brightwater.example"]
    assert "Coaching session booked for Thu 26 Nov, 10:00." in vera.get(f"/clients/{cast.bob.public_id}").text


def test_the_form_opens_with_the_program_the_session_that_comes_next_and_its_length(vera, cast, new, program):
    KindTerms.create(coach=cast.alice, kind_name="kickoff", minutes=90)
    page = vera.get(new).text
    assert '<option selected value="kickoff">' in page
    assert f'<option selected value="{program.public_id}">' in page
    assert 'name="minutes"' in page
    assert re.search(r'name="minutes"[^>]*value="90"', page)
    assert "As always: Video call, meet.example/alice" in page


def test_a_free_time_is_a_button_with_the_clients_clock_beside(vera, new, program):
    page = vera.get(new).text
    button = page.partition('value="2026-11-26T10:00Z"')[2].partition("</button>")[0]
    assert "10:00<small>14:00</small>" in button


def test_a_button_fills_in_day_and_time_and_says_that_it_is_free(vera, new, typed):
    answer = vera.get(new, query_string=typed | {"slot": "2026-11-27T15:30Z"}, headers=HTMX).text
    assert re.search(r'name="day"[^>]*value="2026-11-27"', answer)
    assert re.search(r'name="at"[^>]*value="15:30"', answer)
    assert "This time is free." in answer
    assert "19:30 UTC+4" in answer
    assert "<html" not in answer


def test_more_days_are_listed_when_asked_for(vera, new, program):
    assert "2026-12-03T10:00Z" not in vera.get(new).text
    assert "2026-12-03T10:00Z" in vera.get(new, query_string={"days": "14"}).text


def test_another_kind_suggests_another_length_and_keeps_the_rest(vera, cast, new, typed):
    KindTerms.create(coach=cast.alice, kind_name="debrief", minutes=120)
    changed = typed | {"kind": "debrief"}
    del changed["minutes"]
    page = vera.get(new, query_string=changed).text
    assert re.search(r'name="minutes"[^>]*value="120"', page)
    assert re.search(r'name="at"[^>]*value="10:00"', page)


def test_a_time_that_is_not_offered_says_why_and_is_booked_with_a_reason(vera, cast, new, typed):
    early = typed | {"at": "07:00"}
    refused = vera.post(new, data=early)
    assert refused.status_code == 422
    assert "Alice Kern: outside the open hours" in plain(refused.text)
    assert 'name="despite"' in refused.text
    assert re.search(r'name="at"[^>]*value="07:00"', refused.text)
    assert not CoachingSession.select().exists()
    assert vera.post(new, data=early | {"despite": "Bob flies at ten"}).status_code == 303
    assert "Bob flies at ten" in Entry.select().order_by(Entry.id.desc()).get().sentence


def test_a_time_that_is_taken_cannot_be_had_for_any_reason(vera, new, typed, session):
    answer = vera.post(new, data=typed | {"despite": "She insists"})
    assert answer.status_code == 422
    assert "That time cannot be had: Alice Kern: 10:00 with Bob Haddad" in plain(answer.text)
    assert CoachingSession.select().count() == 1


def test_what_is_typed_stays_when_it_is_refused(vera, new, typed):
    answer = vera.post(new, data=typed | {"at": "", "place_kind": "room", "place": ""}).text
    assert "At what time?" in answer
    assert "Say where: a link, a number or a room." in answer
    assert re.search(r'name="day"[^>]*value="2026-11-26"', answer)
    assert '<option selected value="room">' in answer


def test_another_place_is_said_for_this_session_alone(vera, new, typed):
    vera.post(new, data=typed | {"place_kind": "room", "place": "The Wharf, 3rd floor"})
    assert CoachingSession.get().where == ("room", "The Wharf, 3rd floor")


def test_a_three_way_meeting_needs_somebody_of_the_sponsor(vera, cast, new, typed):
    three = typed | {"kind": "three_way", "suggested_for": "three_way"}
    assert "Choose who comes from the sponsor." in vera.post(new, data=three).text
    assert vera.post(new, data=three | {"contacts": [cast.sam.public_id]}).status_code == 303
    assert [one.name for one in Attendee.of(CoachingSession.get())] == ["Bob Haddad", "Sam Okafor"]


def test_a_program_without_a_session_left_asks_why_before_anything_is_sent(vera, new, typed, program):
    LedgerEntry.create(engagement=program, entry="held", count=6, at=MONDAY)
    assert "The program has no session left." in vera.get(new, query_string=typed).text


def test_a_time_that_the_clocks_skip_is_said_to_be_none(vera, new, typed):
    answer = vera.post(new, data=typed | {"day": "2027-03-28", "at": "01:30"})
    assert answer.status_code == 422
    assert "The clocks of London skip 01:30 on that day." in answer.text


def test_a_time_that_comes_twice_asks_which_one(vera, cast, new, typed):
    Availability.update(horizon_days=800).execute()
    twice = typed | {"day": "2027-10-31", "at": "01:30", "despite": "She is in Sydney"}
    assert "The second" in vera.get(new, query_string=twice).text
    assert "The second" not in vera.get(new, query_string=twice | {"at": "03:30"}).text
    vera.post(new, data=twice | {"fold": "1"})
    assert f"{CoachingSession.get().starts_at:%H:%M}" == "01:30"  # UTC: the clocks are back already


def test_who_has_no_coach_is_given_one_first(olive, vera, cast):
    cast.bob.coach = None
    cast.bob.save()
    address = f"/clients/{cast.bob.public_id}/sessions"
    assert "No coach yet" in vera.get(f"{address}/new").text
    assert vera.post(f"{address}/new").status_code == 422
    assert "No coach yet" in vera.get(f"{address}/ask").text
    assert vera.post(f"{address}/ask").status_code == 422


def test_the_same_form_sent_twice_books_once(vera, new, typed):
    once = re.search(r'name="once" value="([^"]+)"', vera.get(new).text)[1]
    first, second = (vera.post(new, data=typed | {"once": once}) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert CoachingSession.select().count() == 1


# Moving ---------------------------------------------------------------------------------------------------------------


def test_a_session_moves_and_keeps_its_reason(vera, session):
    here = f"/sessions/{session.public_id}/move"
    form = {"day": "2026-11-27", "at": "11:00", "fold": "0", "minutes": "90", "reason": "A strike", "version": "1"}
    answer = vera.post(here, data=form)
    assert (answer.status_code, answer.location) == (303, f"/sessions/{session.public_id}")
    moved = now(session)
    assert (moved.starts_at, moved.minutes, moved.reason) == (THURSDAY + DAY + HOUR, 90, "A strike")


def test_another_length_alone_is_not_called_a_move(vera, cast, session):
    form = {"day": "2026-11-26", "at": "10:00", "fold": "0", "minutes": "90", "version": "1"}
    answer = vera.post(f"/sessions/{session.public_id}/move", data=form, follow_redirects=True)
    assert "coaching session: now 90 minutes." in answer.text
    last = Entry.select().where(Entry.client == cast.bob).order_by(Entry.id.desc()).first()
    assert last.sentence == "Coaching session on Thursday 26 November, 10:00 is now 90 minutes"


def test_the_form_to_move_it_opens_at_its_time_without_a_verdict(vera, session):
    page = vera.get(f"/sessions/{session.public_id}/move").text
    assert re.search(r'name="at"[^>]*value="10:00"', page)
    assert "This time is free." not in page
    assert "Why not?" not in page


def test_the_calendar_sends_what_the_readers_clock_shows(vera, cast, session):
    cast.alice.zone = "America/New_York"
    cast.alice.save()
    form = {"slot": "2026-11-27T15:00", "minutes": "60", "version": "1", "back": "/calendar?week=2026-W48"}
    answer = vera.post(f"/sessions/{session.public_id}/move", data=form, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/calendar?week=2026-W48")
    assert now(session).starts_at == THURSDAY + DAY + 5 * HOUR  # 15:00 in London, where Vera is


def test_a_drag_to_a_time_that_cannot_be_had_gets_the_sentence_alone(vera, cast, session, program):
    actions.book(
        cast.alice, "coaching", THURSDAY + 4 * HOUR, 60, via=Via.STAFF, client=cast.bob, engagement=program, by=None
    )
    form = {"slot": "2026-11-26T14:00Z", "minutes": "60", "version": "1"}
    answer = vera.post(f"/sessions/{session.public_id}/move", data=form, headers=HTMX)
    assert (answer.status_code, answer.mimetype) == (422, "text/plain")
    assert answer.text.startswith("That time cannot be had: Alice Kern: 14:00 with Bob Haddad")
    assert now(session).starts_at == THURSDAY


def test_a_drag_to_a_time_that_needs_a_reason_gets_the_form_that_asks_for_it(vera, session):
    form = {"slot": "2026-11-26T19:00Z", "minutes": "60", "version": "1", "back": "/calendar?week=2026-W48"}
    answer = vera.post(f"/sessions/{session.public_id}/move", data=form, headers=HTMX)
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert 'name="despite"' in answer.text
    assert 'value="/calendar?week=2026-W48"' in answer.text
    assert now(session).starts_at == THURSDAY


def test_one_reason_is_asked_for_and_it_is_kept_when_the_time_turns_out_to_need_it(vera, session):
    form = {"day": "2026-11-26", "at": "19:00", "fold": "0", "minutes": "60", "version": "1", "reason": "Bob is ill"}
    answer = vera.post(f"/sessions/{session.public_id}/move", data=form)
    assert answer.status_code == 422
    assert re.search(r'name="despite"[^>]*value="Bob is ill"', answer.text)
    assert 'name="reason"' not in answer.text
    assert now(session).starts_at == THURSDAY
    form["despite"] = form.pop("reason")
    assert vera.post(f"/sessions/{session.public_id}/move", data=form).status_code == 303
    moved = now(session)
    assert (moved.starts_at, moved.reason) == (THURSDAY + 9 * HOUR, "Bob is ill")
    page = vera.get(f"/sessions/{session.public_id}/move").text
    assert ('name="reason"' in page, 'name="despite"' in page) == (True, False)


def test_a_stale_move_keeps_what_is_typed_and_changes_nothing(vera, cast, session):
    actions.move(session, THURSDAY + HOUR, side=Side.COACH, via=Via.STAFF, by=cast.alice)
    form = {"day": "2026-11-27", "at": "15:00", "fold": "0", "minutes": "60", "version": "1"}
    answer = vera.post(f"/sessions/{session.public_id}/move", data=form)
    assert answer.status_code == 409
    assert "Somebody else changed this session" in answer.text
    assert re.search(r'name="at"[^>]*value="15:00"', answer.text)
    assert 'name="version" value="2"' in answer.text
    assert now(session).starts_at == THURSDAY + HOUR


# Cancelling, and where it is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "form"),
    [("cancel", {"side": "client", "reason": "A train"}), ("place", {"place_kind": "room", "place": "Room 9"})],
)
def test_who_looks_at_an_older_session_neither_cancels_nor_places_it(vera, cast, session, what, form):
    here = f"/sessions/{session.public_id}/{what}"
    shown = re.search(r'name="version" value="(\d+)"', vera.get(here).text)[1]
    actions.move(session, THURSDAY + HOUR, side=Side.COACH, via=Via.STAFF, by=cast.alice)
    answer = vera.post(here, data=form | {"version": shown})
    assert (answer.status_code, "Somebody else changed this session" in answer.text) == (409, True)
    assert [*form.values()][1] in answer.text
    assert (now(session).state, now(session).place, now(session).sequence) == (State.BOOKED, "", 1)


@pytest.mark.parametrize(("hours", "said"), [(10, "the session is used up"), (60, "the session is not used up")])
def test_who_cancels_learns_beforehand_what_it_costs(vera, cast, program, hours, said):
    program.cancel_hours = 24
    program.save()
    session = actions.book(
        cast.alice, "coaching", MONDAY + hours * HOUR, 60, via=Via.STAFF, client=cast.bob, engagement=program,
        despite="short notice", by=None,
    )  # fmt: skip
    assert said in vera.get(f"/sessions/{session.public_id}/cancel").text


@pytest.mark.parametrize(("side", "becomes"), [("client", State.LATE_CANCELLED), ("coach", State.CANCELLED)])
def test_whose_fault_it_is_decides_what_it_costs(vera, cast, program, side, becomes):
    session = actions.book(
        cast.alice, "coaching", MONDAY + 4 * HOUR, 60, via=Via.STAFF, client=cast.bob, engagement=program,
        despite="short notice", by=None,
    )  # fmt: skip
    here = f"/sessions/{session.public_id}/cancel"
    assert vera.post(here, data={"side": side, "reason": "", "version": "1"}).status_code == 422
    answer = vera.post(here, data={"side": side, "reason": "A cold", "version": "1"})
    assert (answer.status_code, answer.location) == (303, f"/sessions/{session.public_id}")
    assert (now(session).state, now(session).reason) == (becomes, "A cold")


def test_the_place_is_changed_and_given_back(vera, session):
    here = f"/sessions/{session.public_id}/place"
    vera.post(here, data={"place_kind": "phone", "place": "+44 20 7946 0000", "version": "1"})
    assert now(session).where == ("phone", "+44 20 7946 0000")
    assert "+44 20 7946 0000" in vera.get(here).text
    vera.post(here, data={"place_kind": "", "place": "whatever", "version": "2"})
    assert now(session).where == ("video", "https://meet.example/alice")


@pytest.mark.parametrize("what", ["move", "cancel", "place"])
def test_what_is_over_or_cancelled_can_no_more_be_changed(vera, cast, session, what):
    actions.cancel(session, side=Side.COACH, reason="ill", by=cast.alice)
    answer = vera.get(f"/sessions/{session.public_id}/{what}")
    assert answer.status_code == 422
    assert "This session is not booked any more." in answer.text


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/calendar\\evil", "/sign-out", "/clients"])
def test_the_way_back_is_the_calendar_or_nothing(vera, session, back):
    form = {"day": "2026-11-27", "at": "11:00", "fold": "0", "minutes": "60", "version": "1", "back": back}
    assert vera.post(f"/sessions/{session.public_id}/move", data=form).location == f"/sessions/{session.public_id}"


# Why not --------------------------------------------------------------------------------------------------------------


def test_why_not_names_what_is_in_the_way(vera, cast, session):
    why = vera.get(
        "/slots/why", query_string={"coach": cast.alice.public_id, "slot": "2026-11-26T10:30Z"}, headers=HTMX
    )
    assert "Alice Kern: 10:00 with Bob Haddad" in plain(why.text)
    free = vera.get(
        "/slots/why", query_string={"slot": "2026-11-26T13:00Z", "client": cast.bob.public_id}, headers=HTMX
    )
    assert "This time is free." in free.text
    assert f"/clients/{cast.bob.public_id}/sessions/new?slot=2026-11-26T13%3A00Z" in free.text


def test_why_not_begins_at_the_next_time_that_is_free(vera, cast, session):
    page = vera.get("/slots/why").text
    assert "This time is free. Tue 24 Nov, 9:00" in plain(page)
    Hours.create(coach=cast.alice, weekday=5, begins=600, ends=660)
    assert "This time is free. Sat 28 Nov, 10:00" in plain(vera.get("/slots/why").text)
    SpecialDay.create(coach=cast.alice, first=MONDAY.date(), last=MONDAY.date() + 30 * DAY)
    assert "Why not?" in plain(vera.get("/slots/why").text)


def test_why_not_names_no_client_who_is_another_coachs_by_now(vera, cast, session):
    Client.update(coach=cast.carol).execute()
    why = vera.get("/slots/why", query_string={"slot": "2026-11-26T10:30Z"}).text
    assert "10:00 with a client who has another coach now" in plain(why)
    assert "Bob" not in why


def test_a_calendar_that_was_not_read_makes_the_answer_uncertain(vera, cast, program):
    Feed.create(
        coach=cast.alice, name="Outlook", address="https://x.example/a.ics", created_at=MONDAY, ok_at=MONDAY - 2 * DAY
    )
    assert "nobody knows what is in it: Outlook" in vera.get("/slots/why").text


def test_without_any_coach_there_is_nothing_to_ask(vera, cast):
    Serving.delete().execute()
    answer = vera.get("/slots/why")
    assert answer.status_code == 422
    assert "There is no coach yet." in answer.text


def test_carol_learns_nothing_of_alices_calendar(carol, cast, session, new, typed):
    for address in (new, f"/sessions/{session.public_id}/move", f"/sessions/{session.public_id}/cancel"):
        assert carol.get(address).status_code == 404
        assert carol.post(address, data=typed).status_code == 404
    why = carol.get("/slots/why", query_string={"coach": cast.alice.public_id, "slot": "2026-11-26T10:00Z"}).text
    assert "Alice" not in why  # her own calendar answers instead
    assert "Bob" not in why


def test_a_page_about_a_time_asks_fifteen_times_at_most(vera, new, typed, session, queries):
    for address in (f"{new}?slot=2026-11-26T10:00Z", f"/sessions/{session.public_id}/move", "/slots/why"):
        vera.get(address, headers=HTMX)
        with queries() as asked:
            assert vera.get(address, headers=HTMX).status_code == 200
        assert len(asked) <= 15, (address, len(asked))


WRONG = ["", "x", "\0", "9" * 5000, "-1", "1e9", "٣", "2026-02-30", "9999-12-31", "0001-01-01", "25:61", "😀" * 2000]


@pytest.mark.parametrize(
    "name", ["slot", "day", "at", "minutes", "fold", "kind", "program", "days", "version", "coach"]
)
def test_nonsense_is_refused_in_words_or_taken_for_nothing(vera, cast, new, typed, session, name):
    for value in WRONG:
        bad = typed | {name: value, "version": "1", "coach": cast.alice.public_id} | {name: value}
        for address in (new, f"/sessions/{session.public_id}/move", "/slots/why"):
            assert vera.get(address, query_string=bad).status_code == 200, (address, value[:20])
        for address in (new, f"/sessions/{session.public_id}/move"):
            assert vera.post(address, data=bad).status_code in (303, 409, 422), (address, value[:20])


def test_the_time_is_named_by_the_minute(vera, session):
    """What is pressed between two minutes is the earlier one."""
    form = {"slot": "2026-11-27T15:00:59Z", "minutes": "60", "version": "1"}
    vera.post(f"/sessions/{session.public_id}/move", data=form)
    assert now(session).starts_at == THURSDAY + DAY + timedelta(hours=5)


def test_who_asks_why_not_while_the_coach_travels_reads_where_and_which_hour_it_is_there(vera, cast, program):
    Trip.create(coach=cast.alice, first=date(2026, 12, 3), last=date(2026, 12, 9), zone="Asia/Singapore")
    page = plain(vera.get("/slots/why?slot=2026-12-04T15:00").text)
    assert "Alice Kern: outside the open hours: 23:00 in Singapore" in page
    assert "Alice Kern is in Singapore, 8 h ahead from Thu 3 Dec to Wed 9 Dec" in page
    assert "On Alice Kern’s clock in London." in page
    home = plain(vera.get("/slots/why?slot=2026-11-24T19:00").text)
    assert "outside the open hours" in home
    assert "Singapore" not in home

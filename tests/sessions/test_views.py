"""A session's page, marks by one key, the client's line and tab, the ledger, and Today."""

import re
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.availability.rules import SessionKind
from coachbase.clients import actions as clients
from coachbase.clients.models import Client
from coachbase.clients.rules import Party
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement
from coachbase.requests import actions as requests
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions import actions
from coachbase.sessions.models import CoachingSession, LedgerEntry
from coachbase.sessions.rules import Entry, State
from tests.sessions.conftest import NOW


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def state_of(session):
    return CoachingSession.get_by_id(session.id).state


@pytest.fixture
def over(book):
    """A session of Friday's that nobody has marked."""
    return book(-3)


def path(session, act=""):
    return f"/sessions/{session.public_id}{act}"


def test_a_sessions_page_says_when_where_and_who(cast, book, vera):
    text = words(vera.get(path(book(2, contacts=[cast.sam]))))
    for said in ("Wed 25 Nov, 10:00–11:00 GMT", "14:00 Dubai", "60 minutes", "the coach’s usual place", "Sam Okafor"):
        assert said in text, said
    assert "What became of it?" not in text


def test_the_menu_marks_the_noun_the_path_begins_with(cast, book, vera):
    of_group = scheduling.book(
        cast.alice, SessionKind.GROUP, NOW + timedelta(days=3, hours=2), 60, via=Via.STAFF, by=cast.vera
    )
    for session, noun in ((book(2), "/clients"), (of_group, "/calendar")):
        assert re.findall(r'href="(/[^"]+)" aria-current="page"', vera.get(path(session)).text) == [noun]


def test_where_no_step_is_noted_the_next_session_comes_next(cast, book, vera):
    book(2)
    page = f"/clients/{cast.bob.public_id}"

    def facts():
        return words(vera.get(page)).partition("Next ")[2].partition("Waiting on")[0].strip()

    clients.pass_ball(cast.bob, Party.NOBODY, "")
    assert facts() == "Wed 25 Nov, 10:00 14:00 Dubai Coaching session"
    clients.pass_ball(cast.bob, Party.US, "Send the outline")
    assert facts().startswith("Send the outline")


def test_the_list_of_clients_tells_the_next_session_of_those_without_a_step(cast, book, vera, carol):
    book(2), book(9)
    clients.pass_ball(cast.bob, Party.NOBODY, "")
    assert "Wed 25 Nov, 10:00 next session" in words(vera.get("/clients"))
    assert "next session" not in words(carol.get("/clients"))
    clients.pass_ball(cast.bob, Party.US, "Send the outline")
    text = words(vera.get("/clients"))
    assert "Send the outline" in text
    assert "next session" not in text


def test_the_week_in_which_two_clocks_differ_is_marked(cast, book, vera):
    Client.update(zone="America/New_York").where(Client.id == cast.bob.id).execute()
    session = book(2)
    assert "clocks differ" not in words(vera.get(path(session)))
    later = session.starts_at.replace(year=2027, month=3, day=17)
    CoachingSession.update(starts_at=later, ends_at=later + timedelta(hours=1)).where(
        CoachingSession.id == session.id
    ).execute()
    assert "6:00 New York clocks differ this week" in words(vera.get(path(session)))


def test_carol_sees_no_session_of_alices(over, carol, program):
    page = path(over)
    assert [carol.get(page).status_code, carol.post(f"{page}/mark", data={"to": "held"}).status_code] == [404, 404]
    assert carol.post(f"{page}/unmark").status_code == 404
    for form in ("ledger", "place"):
        assert carol.get(f"/engagements/{program.public_id}/{form}").status_code == 404
        assert carol.post(f"/engagements/{program.public_id}/{form}", data={}).status_code == 404
    assert state_of(over) is State.BOOKED
    assert "Bob" not in carol.get("/").text


@pytest.mark.parametrize("to", ["held", "no_show", "late_cancelled"])
def test_a_session_is_marked_and_the_mark_taken_back(over, vera, to):
    answer = vera.post(path(over, "/mark"), data={"to": to, "version": over.version})
    assert (answer.status_code, answer.location) == (303, path(over))
    assert state_of(over) == to
    page = vera.get(path(over))
    assert f'action="{path(over, "/unmark")}"' in page.text
    assert vera.post(path(over, "/unmark")).status_code == 303
    assert state_of(over) is State.BOOKED


def test_that_we_did_not_come_needs_a_reason(over, vera):
    answer = vera.post(path(over, "/mark"), data={"to": "cancelled", "reason": "", "version": over.version})
    assert answer.status_code == 422
    assert "Say why it did not take place." in words(answer)
    vera.post(path(over, "/mark"), data={"to": "cancelled", "reason": "Alice was ill", "version": over.version})
    assert state_of(over) is State.CANCELLED
    assert "Cancelled: Alice was ill" in words(vera.get(path(over)))


@pytest.mark.parametrize(
    "data", [{}, {"to": "booked"}, {"to": "x"}, {"to": "held", "version": str(2**63)}, {"to": "held", "reason": "\0"}]
)
def test_nonsense_marks_nothing(over, vera, data):
    assert vera.post(path(over, "/mark"), data=data).status_code == 422
    assert state_of(over) is State.BOOKED


def test_who_looked_at_an_older_page_does_not_mark_over_somebody_else(over, vera, alice):
    alice.post(path(over, "/mark"), data={"to": "no_show", "version": over.version})
    answer = vera.post(path(over, "/mark"), data={"to": "held", "version": over.version})
    assert answer.status_code == 409 or answer.status_code == 422
    assert "Somebody else changed this session" in answer.text
    assert state_of(over) is State.NO_SHOW


def test_a_group_has_a_page_and_is_marked_like_any_other(cast, program, vera, carol):
    at = NOW - timedelta(days=2)
    with clock.pretend(at - timedelta(days=3)):
        given = {"via": Via.STAFF, "members": [cast.bob], "title": "First-time VPs", "despite": "agreed"}
        group = scheduling.book(cast.alice, SessionKind.GROUP, at, 90, by=cast.vera, **given)
    assert "First-time VPs" in words(vera.get(path(group)))
    assert vera.post(path(group, "/mark"), data={"to": "held"}).status_code == 303
    assert state_of(group) is State.HELD
    assert carol.get(path(group)).status_code == 404
    assert "First-time VPs" in words(vera.get(f"/clients/{cast.bob.public_id}/sessions"))


# Today ----------------------------------------------------------------------------------------------------------------


def test_today_asks_what_became_of_sessions_that_are_over(book, over, vera, alice, olive, carol):
    book(2)
    for browser in (vera, alice, olive):
        page = browser.get("/").text
        assert page.count('class="row marking"') == 1
        assert path(over, "/mark") in page
        assert all(f'data-key="{key}"' in page for key in "hnl")
    assert "Say what became of it" not in carol.get("/").text


def test_one_key_marks_and_the_next_row_is_selected(book, over, vera):
    later, last = book(-2), book(-1)
    sent = {"to": "held", "version": later.version, "from": "today"}
    answer = vera.post(path(later, "/mark"), data=sent, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="unmarked">')
    rows = re.findall(r'<li class="row marking"( aria-current="true")?>.*?/sessions/(\w+)', answer.text, re.S)
    assert rows == [("", over.public_id), (' aria-current="true"', last.public_id)]
    assert f'action="{path(later, "/unmark")}?from=today"' in answer.text
    assert vera.post(path(later, "/unmark?from=today")).location == "/"


def test_without_script_marking_on_today_leads_back_there(over, vera):
    assert vera.post(path(over, "/mark"), data={"to": "held", "from": "today"}).location == "/"


def test_todays_sessions_stand_on_today_with_both_clocks_and_the_place(book, vera, carol):
    book(0, hour=12)
    text = words(vera.get("/"))
    assert "Sessions today 1" in text
    assert "12:00 16:00 Dubai Bob Haddad · coaching session meet.example/alice" in text
    assert "Sessions today" not in carol.get("/").text


def test_who_is_stalled_stands_on_today_for_the_desk(cast, book, vera, olive, alice, carol):
    actions.mark(book(-40), State.HELD, by=cast.alice)
    for browser in (vera, olive):
        assert "Bob Haddad Leadership 6 · 11 left · Alice Kern 39 d" in words(browser.get("/"))
    assert all("Stalled" not in browser.get("/").text for browser in (alice, carol))
    assert "stalled · 39 d" in vera.get(f"/clients/{cast.bob.public_id}").text


# The client -----------------------------------------------------------------------------------------------------------


def test_the_clients_page_has_a_mark_for_each_session(cast, book, vera):
    actions.mark(book(-14), State.HELD, by=cast.alice)
    book(-7)
    book(2)
    book(9, kind=SessionKind.THREE_WAY)
    page = vera.get(f"/clients/{cast.bob.public_id}")
    line = page.text.partition('<ol class="marks')[2].partition("</ol>")[0]
    states = re.findall(r'<li class="([a-z_ ]+)"', line)
    assert states[:5] == ["held", "due", "next", "booked three", "open"]
    assert len(states) == 14  # twelve sessions and two meetings with the sponsor
    assert "Next: Coaching session Wed 25 Nov, 10:00 14:00 Dubai" in words(page)
    assert "12 bought · 1 held · 2 booked · 9 left" in words(page)


def test_before_a_program_the_line_says_what_is_next(cast, vera):
    with clock.pretend(NOW - timedelta(days=3)):
        given = {"via": Via.STAFF, "client": cast.bob, "place_kind": "phone", "place": "+44 20 1", "despite": "agreed"}
        scheduling.book(cast.alice, SessionKind.CHEMISTRY, NOW + timedelta(days=1, hours=2), 30, by=cast.vera, **given)
    text = words(vera.get(f"/clients/{cast.bob.public_id}"))
    assert "Before a program Next: Chemistry call Tomorrow, 10:00 14:00 Dubai +44 20 1" in text


def test_a_long_program_is_a_meter(cast, book, program, vera):
    actions.enter_by_hand(program, Entry.BOUGHT, 30, reason="More", by=cast.vera)
    page = vera.get(f"/clients/{cast.bob.public_id}").text
    assert '<ol class="marks' not in page
    assert 'aria-label="42 bought · 42 left"' in page


def test_the_tab_lists_sessions_requests_and_the_ledger(cast, book, over, program, vera, carol):
    book(2)
    requests.ask(cast.bob, cast.alice, SessionKind.DEBRIEF, minutes=60, engagement=program, by=cast.vera)
    actions.mark(book(-9), State.NO_SHOW, by=cast.alice)
    here = f"/clients/{cast.bob.public_id}/sessions"
    text = words(vera.get(here))
    for said in (
        "Say what became of it 1",
        "To come 1",
        "Asked to book",
        "Debrief asked",
        "Past or cancelled 1",
        "No-show",
    ):
        assert said in text, said
    assert "12 bought · 1 no-show · 2 booked · 9 left" in text
    assert carol.get(here).status_code == 404


def test_a_client_without_sessions_is_offered_the_first_act(cast, vera):
    text = words(vera.get(f"/clients/{cast.bob.public_id}/sessions"))
    assert "Nothing is booked" in text


# The ledger by hand ---------------------------------------------------------------------------------------------------


def test_a_line_is_added_with_a_reason(cast, program, vera, balance):
    here = f"/engagements/{program.public_id}/ledger"
    assert "A line in the ledger" in vera.get(here).text
    answer = vera.post(here, data={"entry": "made_up", "count": "1", "reason": "Fire alarm"})
    assert answer.location == f"/clients/{cast.bob.public_id}/sessions#ledger"
    assert balance() == "12 bought · 1 made up · 13 left"
    assert "Fire alarm" in vera.get(f"/clients/{cast.bob.public_id}/sessions").text
    assert "1 session made up (Fire alarm)" in vera.get(f"/clients/{cast.bob.public_id}").text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"entry": "made_up", "count": "1", "reason": ""}, "Say why."),
        ({"entry": "held", "count": "1", "reason": "x"}, "Not a valid choice"),
        ({"entry": "forfeited", "count": "13", "reason": "x"}, "Only 12 are left."),
        ({"entry": "bought", "count": str(2**63), "reason": "x"}, "out of range"),
        ({"entry": "bought", "count": "-1", "reason": "x"}, "A number from 1 to 100."),
    ],
)
def test_a_wrong_line_is_refused_and_what_was_typed_stays(program, vera, data, said):
    answer = vera.post(f"/engagements/{program.public_id}/ledger", data=data)
    assert answer.status_code == 422
    assert said in words(answer)
    assert f'value="{data["reason"]}"' in answer.text
    assert LedgerEntry.select().count() == 1


def test_what_is_left_in_a_program_that_is_over_is_pointed_out(cast, program, vera):
    engagements.complete(program, by=cast.vera)
    page = vera.get(f"/clients/{cast.bob.public_id}/sessions")
    assert "The program is over, and 12 sessions are left in it." in words(page)
    form = vera.get(f"/engagements/{program.public_id}/ledger?entry=forfeited").text
    assert re.search(r'<option selected value="forfeited">', form)
    assert 'value="12"' in form


# Where a program's sessions are ---------------------------------------------------------------------------------------


def test_a_programs_place_is_set_and_given_back_to_the_coach(cast, program, vera):
    here = f"/engagements/{program.public_id}/place"
    assert "at Alice Kern’s usual place: https://meet.example/alice" in words(vera.get(here))
    sent = {"place_kind_name": "room", "place": "Room 4", "version": program.version}
    assert vera.post(here, data=sent).status_code == 303
    assert "Room 4" in vera.get(f"/clients/{cast.bob.public_id}/program").text
    sent = {"place_kind_name": "", "place": "Room 4", "version": program.version + 1}
    assert vera.post(here, data=sent).status_code == 303
    assert Engagement.get_by_id(program.id).place == ""


def test_a_programs_place_needs_words_and_the_newest_version(program, vera):
    here = f"/engagements/{program.public_id}/place"
    answer = vera.post(here, data={"place_kind_name": "room", "place": "", "version": program.version})
    assert (answer.status_code, "Say which one" in answer.text) == (422, True)
    engagements.change(program, {"po_number": "1"}, version=program.version, by=User.get(User.name == "Vera Moreau"))
    answer = vera.post(here, data={"place_kind_name": "room", "place": "A", "version": program.version})
    assert answer.status_code == 409


def test_the_clients_pages_ask_little_whatever_there_is(cast, book, over, vera, queries):
    for days in range(-30, -4):
        actions.mark(book(days), State.HELD, by=cast.alice)
    for days in range(1, 12):
        book(days)
    home = f"/clients/{cast.bob.public_id}"
    for page in (home, f"{home}/sessions", path(over), "/"):
        with queries() as asked:
            assert vera.get(page).status_code == 200
        assert len(asked) <= 15, (page, len(asked))

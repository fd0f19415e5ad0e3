"""The pages of a cohort: what is shown, what is refused with what was typed, and who sees it."""

import io
import re
from datetime import timedelta
from html import unescape

import pytest

from coachbase import clock
from coachbase.availability import actions as availability
from coachbase.clients import actions as clients
from coachbase.cohorts import actions
from coachbase.cohorts.models import Cohort, Material, Meeting, Seat, attendees_of
from coachbase.db import transaction
from coachbase.sessions.models import Attendee, CoachingSession
from tests.cohorts.conftest import THURSDAY
from tests.safety.walk import read

WEEK = timedelta(days=7)
FIELDS = {"name": "Founders", "seats": "5", "minutes": "60", "place_kind_name": "video", "place": ""}
SERIES = "first=2026-11-26&at=09:00&count=3&cadence=weekly&topics=Trust%0APeers"


@pytest.fixture
def home(seated):
    return f"/cohorts/{seated.public_id}"


@pytest.fixture
def meeting(seated, cast):
    return actions.book_series(seated, [THURSDAY, THURSDAY + WEEK], topics=["Trust"], by=cast.vera)[0]


def ticks_in(page):
    form = next(form for form in read("/", page).forms if form.action.endswith("/series") and form.method == "POST")
    return [value for name, value in form.fields if name == "start"]


def test_a_cohort_is_started_and_stands_in_the_list(vera, cast, people):
    answer = vera.post("/cohorts/new", data=FIELDS | {"coach": cast.alice.public_id})
    assert answer.status_code == 303
    page = vera.get("/cohorts").text
    assert "Founders" in page
    assert "0 of 5" in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "What is the cohort called?"),
        ({"seats": "0"}, "A number from 1 to 60."),
        ({"seats": "9" * 400}, "That number is out of range."),
        ({"minutes": "5"}, "A number from 10 to 480."),
    ],
)
def test_what_will_not_do_says_why_and_stays_on_screen(vera, cast, change, sentence):
    answer = vera.post("/cohorts/new", data=FIELDS | {"place": "the blue room", "coach": cast.alice.public_id} | change)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "the blue room" in answer.text


def test_a_cohort_for_a_coach_one_does_not_serve_is_refused(vera, cast):
    assert vera.post("/cohorts/new", data=FIELDS | {"coach": cast.carol.public_id}).status_code == 422
    assert not Cohort.select().exists()


def test_two_who_change_a_cohort_see_both_names(vera, olive, home):
    assert vera.post(f"{home}/edit", data=FIELDS | {"version": "1"}).status_code == 303
    answer = olive.post(f"{home}/edit", data=FIELDS | {"name": "Builders", "version": "1"})
    assert answer.status_code == 409
    assert "Founders" in answer.text
    assert "Builders" in answer.text


# Seats ----------------------------------------------------------------------------------------------------------------


def test_a_client_is_given_a_seat_leaves_and_comes_back(vera, home, people, seated):
    assert vera.post(f"{home}/seats", data={"clients": people[2].public_id}).status_code == 303
    seat = Seat.get(Seat.client == people[2])
    assert "Tomás Vidal" in vera.get(home).text
    page = vera.post(f"{home}/seats/{seat.public_id}/leave", follow_redirects=True).text
    assert Seat.of(seated).count() == 2
    undo = unescape(re.search(r'action="([^"]*/again)"', page)[1])
    assert vera.post(undo).status_code == 303
    assert Seat.of(seated).count() == 3


def test_several_are_given_a_seat_at_once(vera, olive, cast, people):
    cohort = actions.create(cast.alice, {"name": "Founders", "seats": 3, "minutes": 60}, by=cast.vera)
    page = f"/cohorts/{cohort.public_id}"
    answer = vera.post(f"{page}/seats", data={"clients": [each.public_id for each in people]})
    assert answer.status_code == 422
    assert "You chose 4, and 3 seats are free" in answer.text
    assert len(re.findall(r'<input[^>]* checked[^>]* name="clients"', answer.text)) == 4, "what was ticked stays"
    assert vera.post(f"{page}/seats", data={}).status_code == 422
    said = vera.post(f"{page}/seats", data={"clients": [each.public_id for each in people[:3]]}, follow_redirects=True)
    assert "3 more have a seat." in said.text
    assert Seat.of(cohort).count() == 3


def test_the_page_of_a_full_cohort_offers_no_seat_and_a_sentence_comes_from_an_old_one(
    vera, home, people, cast, seated
):
    actions.take_seat(seated, people[2], by=cast.vera)
    assert "Give a seat" not in vera.get(home).text
    answer = vera.post(f"{home}/seats", data={"clients": people[3].public_id})
    assert answer.status_code == 422
    assert "All seats are taken" in answer.text


def test_a_client_of_another_coach_gets_no_seat(vera, olive, home, cast):
    foreign = clients.add({"name": "Dan Foreign", "coach": cast.carol}, how="by hand")
    for browser in (vera, olive):
        assert "Dan Foreign" not in browser.get(home).text
        assert browser.post(f"{home}/seats", data={"clients": foreign.public_id}).status_code == 422
        assert browser.post(f"{home}/seats/{foreign.public_id}/again").status_code == 404


# The series -----------------------------------------------------------------------------------------------------------


def test_looking_at_the_dates_books_nothing_and_shows_what_is_in_the_way(vera, home, seated, cast):
    availability.add_special(cast.alice, availability.Special(*[(THURSDAY + WEEK).date()] * 2, None, "training"))
    page = vera.get(f"{home}/series?{SERIES}").text
    assert page.count("free for all") == 2
    assert "training" in page
    assert not CoachingSession.select().exists()


def test_the_ticked_dates_are_booked_with_their_topics_in_order(vera, home, seated, cast):
    page = vera.get(f"{home}/series?{SERIES}").text
    ticks = re.findall(r'name="start" value="([^"]+)"', page)
    answer = vera.post(f"{home}/series", data={"start": [ticks[0], ticks[2]], "topics": "Trust\r\nPeers"})
    assert answer.status_code == 303
    assert [(m.session.starts_at, m.topic) for m in Meeting.of(seated)] == [
        (THURSDAY, "Trust"),
        (THURSDAY + 2 * WEEK, "Peers"),
    ]


def test_who_would_sit_there_at_night_is_named_beside_the_date_and_a_series_begins_at_a_good_time(vera, home, people):
    with transaction():
        people[0].zone = "Asia/Tokyo"
        people[0].save()
    late = vera.get(f"{home}/series?{SERIES.replace('09', '14')}").text
    assert (late.count("at night for Ines Marchetti"), late.count("night for 1"), late.count("free for all")) == (
        3,
        3,
        0,
    )
    page = vera.get(f"{home}/times?first=2026-11-26&days=7")
    series = next(link for link in re.findall(r'href="([^"]+/series[?][^"]+)"', page.text))
    assert "first=2026-11-26&at=09%3A00" in unescape(series)
    assert "The dates" in vera.get(unescape(series)).text


def test_a_date_that_has_gone_since_is_refused_with_its_name(vera, home, seated, meeting):
    answer = vera.post(f"{home}/series", data={"start": THURSDAY.isoformat()})
    assert answer.status_code == 422
    assert "Thursday 26 November, 9:00" in answer.text


@pytest.mark.parametrize("start", ["", "never", "9999-12-31T00:00Z", "2026-11-26T09:00Z" * 300])
def test_dates_that_are_none_are_refused(vera, home, start):
    answer = vera.post(f"{home}/series", data={"start": start})
    assert answer.status_code == 422
    assert "Choose at least one date." in answer.text


@pytest.mark.parametrize(
    "query", ["first=nine", "first=9999-12-31&at=09:00&count=6&cadence=weekly", SERIES + "&count=99"]
)
def test_a_series_that_makes_no_sense_is_shown_again(vera, home, query):
    assert vera.get(f"{home}/series?{query}").status_code == 200


def test_times_at_which_all_can_come_stand_before_those_without_somebody(vera, home, people, cast):
    hours = {"starts_at": THURSDAY, "ends_at": THURSDAY.replace(hour=17), "zone": "Europe/London"}
    with transaction():
        CoachingSession.create(
            uid="elsewhere", coach=cast.carol, client=people[0], kind_name="chemistry", via="staff",
            created_at=clock.now(), **hours,
        )  # fmt: skip
    page = vera.get(f"{home}/times?first=2026-11-26&days=7").text
    assert page.index("everybody can come") < page.index("without Ines Marchetti")
    assert page.count("without Ines Marchetti") == 4, "the best of that day"
    assert page.rindex("everybody can come") < page.index("without Ines Marchetti")


# One session ----------------------------------------------------------------------------------------------------------


def test_two_who_change_a_topic_see_both(vera, olive, home, meeting):
    page = f"{home}/meetings/{meeting.public_id}"
    assert vera.post(page, data={"topic": "Delegating", "version": "1"}).status_code == 303
    answer = olive.post(page, data={"topic": "Saying no", "version": "1"})
    assert answer.status_code == 409
    assert "Delegating" in answer.text
    assert "Saying no" in answer.text


def test_ticks_of_the_grid_are_saved_and_the_session_counts_as_held(vera, home, meeting):
    with clock.pretend(THURSDAY + timedelta(hours=2)):
        page = read(home, vera.get(home).text)
        shown = [value for form in page.forms for name, value in form.fields if name == "shown"]
        vera.post(f"{home}/attendance", data={"shown": shown, "there": shown[:1]})
        assert [each.was_there for each in attendees_of([meeting])] == [True, False]
        page = vera.get(home).text
    assert "1 of 2 came" in page
    assert "missed" in page


def test_who_missed_it_is_offered_for_making_up_and_who_came_is_not(vera, home, meeting, people, cast, seated):
    page = f"{home}/meetings/{meeting.public_id}"
    assert "Make up for it" not in vera.get(page).text
    with clock.pretend(THURSDAY + timedelta(hours=2)):
        ines, grace = attendees_of([meeting])
        actions.tick(
            seated,
            {ines.public_id: actions.Tick(False, True), grace.public_id: actions.Tick(False, False)},
            by=cast.vera,
        )
        assert f'href="{page}#make-up"' in vera.get(home).text
        assert f'value="{people[1].public_id}"' in vera.get(page).text
        assert f'value="{people[0].public_id}"' not in vera.get(page).text
        sent = {"day": "2026-11-30", "at": "10:00"}
        assert vera.post(f"{page}/make-up", data=sent).status_code == 422
        assert vera.post(f"{page}/make-up", data=sent | {"members": people[0].public_id}).status_code == 422
        answer = vera.post(f"{page}/make-up", data=sent | {"members": people[1].public_id})
        assert answer.status_code == 303
        made = Meeting.get(Meeting.makes_up == meeting)
        assert [each.name for each in Attendee.of(made.session)] == ["Grace Adeyemi"]
        assert "Make up for it" not in vera.get(page).text, "nobody is left who missed it"
        assert "made up Mon 30 Nov" in vera.get(home).text
    with clock.pretend(made.session.ends_at):
        assert "Grace Adeyemi was at session 1, made up" in vera.get(home).text
        (again,) = attendees_of([made])
        actions.tick(seated, {again.public_id: actions.Tick(True, False)}, by=cast.vera)
        assert "Make up for it" in vera.get(page).text, "she missed that one as well"
        actions.tick(seated, {again.public_id: actions.Tick(False, True)}, by=cast.vera)
        assert "Make up for it" not in vera.get(page).text


def test_materials_are_filed_listed_and_leave_as_downloads(vera, home, meeting):
    page = f"{home}/meetings/{meeting.public_id}"
    answer = vera.post(f"{page}/materials", data={"files": (io.BytesIO(b"Trust"), "slides.txt")})
    assert answer.status_code == 303
    assert "slides.txt" in vera.get(page).text
    document = Material.get().document
    taken = vera.get(f"{home}/materials/{document.public_id}")
    assert taken.data == b"Trust"
    assert "attachment" in taken.headers["Content-Disposition"]
    assert vera.get(f"/documents/{document.public_id}").status_code == 404, "it is behind the cohort's wall alone"
    assert vera.post(f"{page}/materials/{document.public_id}/remove").status_code == 303
    assert not Material.select().exists()


@pytest.mark.parametrize(("name", "sentence"), [("a.svg", "We keep"), ("", "Choose a file first.")])
def test_files_we_do_not_keep_are_refused_beside_the_field(vera, home, meeting, name, sentence):
    answer = vera.post(f"{home}/meetings/{meeting.public_id}/materials", data={"files": (io.BytesIO(b"<svg/>"), name)})
    assert answer.status_code == 422
    assert sentence in answer.text


# The wall -------------------------------------------------------------------------------------------------------------


def test_carol_sees_nothing_of_a_cohort_next_door(carol, home, meeting, people):
    assert "Leaders’ circle" not in carol.get("/cohorts").text
    for page in ("", "/edit", "/series", "/times", f"/meetings/{meeting.public_id}"):
        assert carol.get(home + page).status_code == 404
    seat = Seat.select().first()
    for page in ("/close", "/seats", f"/seats/{seat.public_id}/leave", "/attendance", "/series"):
        assert carol.post(home + page, data={"clients": people[2].public_id}).status_code == 404
    assert Seat.select().count() == 2


def test_a_session_of_another_cohort_is_not_reached_through_ones_own(carol, cast, meeting):
    own = actions.create(cast.carol, {"name": "Next door", "seats": 1, "minutes": 60}, by=cast.carol)
    assert carol.get(f"/cohorts/{own.public_id}/meetings/{meeting.public_id}").status_code == 404


def test_a_member_who_went_to_another_coach_has_no_name_here_any_more(vera, olive, home, people, cast, meeting):
    with transaction():
        people[0].coach = cast.carol
        people[0].save()
    for page in (home, f"{home}/meetings/{meeting.public_id}", f"{home}/times", f"{home}/series?{SERIES}"):
        assert "Ines" not in vera.get(page).text, page
    assert "Ines Marchetti" in olive.get(home).text
    assert vera.post(f"{home}/seats/{Seat.get(Seat.client == people[0]).public_id}/leave").status_code == 404


def test_each_page_asks_few_queries_however_many_members_and_sessions(vera, home, seated, people, cast, queries):
    Cohort.update(seats=40).execute()
    more = [clients.add({"name": f"Guest {number}", "coach": cast.alice}, how="by hand") for number in range(30)]
    for client in more:
        actions.take_seat(seated, client, by=cast.vera)
    meetings = actions.book_series(seated, [THURSDAY + number * WEEK for number in range(4)], by=cast.vera)
    with clock.pretend(THURSDAY + timedelta(days=10)):
        vera.get(home)
        for page in ("", f"/meetings/{meetings[0].public_id}", "/times", "/edit", f"/series?{SERIES}"):
            with queries() as asked:
                assert vera.get(home + page).status_code == 200
            assert len(asked) <= 15, (page, len(asked))
        with queries() as asked:
            vera.get("/cohorts")
        assert len(asked) <= 15

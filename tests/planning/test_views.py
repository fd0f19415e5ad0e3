"""The pages: ask for a plan, look at it, change a line, apply, undo."""

import re
from datetime import date

import pytest

from coachbase.availability.models import Availability, Holiday
from coachbase.clients.models import Client
from coachbase.db import transaction
from coachbase.engagements.models import Engagement
from coachbase.mail.models import Message
from coachbase.planning.models import Proposal, ProposedSession
from coachbase.planning.rules import ProposalState
from coachbase.sessions.models import CoachingSession
from coachbase.sessions.rules import State
from tests.planning.conftest import at, client_of

CADENCE = {
    "count": "12", "kind": "coaching", "cadence": "biweekly", "weekday": "3", "at": "15:00", "first": "2026-12-10",
    "minutes": "60", "closed_days": "nearest",
}  # fmt: skip


@pytest.fixture
def absence_of(cast):
    return {"coach": cast.alice.public_id, "first": "2026-12-14", "last": "2026-12-18", "reason": "Alice is away"}


@pytest.fixture
def planned(vera, program):
    """The address of Bob's twelve Thursdays."""
    answer = vera.post(f"/engagements/{program.public_id}/cadence", data=CADENCE)
    assert answer.status_code == 303
    return answer.headers["Location"]


@pytest.fixture
def away(vera, program, book, absence_of):
    """The address of a plan by which one session of Bob's moves."""
    book(at(12, 15, 10), program)
    return vera.post("/planning/absences", data=absence_of).headers["Location"]


def version_on(page: str) -> str:
    return re.search(r'name="version" value="(\d+)"', page)[1]


def count_of_booked() -> int:
    return CoachingSession.select().where(CoachingSession.state_name == State.BOOKED).count()


def test_the_form_offers_what_the_program_has_left_in_its_own_cadence(vera, program):
    page = vera.get(f"/engagements/{program.public_id}/cadence").text
    assert "12 sessions left to book, of 12" in page
    assert 'value="12"' in page
    assert '<option selected value="biweekly">' in page


def test_more_sessions_than_are_left_are_refused_at_once_and_what_was_typed_stays(vera, program, book):
    book(at(12, 3, 15), program, "kickoff")
    answer = vera.post(f"/engagements/{program.public_id}/cadence", data=CADENCE)
    assert answer.status_code == 422
    assert "there are 11 left to book" in answer.text
    assert 'value="12"' in answer.text
    assert Proposal.select().count() == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state_name": "paused"}, "The program is paused."),
        ({"state_name": "ended"}, "The program is over."),
    ],
)
def test_where_nothing_can_be_booked_the_page_says_so_before_anything_is_typed(vera, program, change, said):
    Engagement.update(change).execute()
    where = f"/engagements/{program.public_id}/cadence"
    page = vera.get(where)
    assert said in page.text
    assert 'name="count"' not in page.text
    assert vera.post(where, data=CADENCE).status_code == 422
    assert Proposal.select().count() == 0


def test_without_a_session_left_or_a_place_nothing_is_planned(vera, program, planned):
    vera.post(planned, data={"version": "1"})
    where = f"/engagements/{program.public_id}/cadence"
    assert "It has no session left" in vera.get(where).text
    assert vera.post(where, data=CADENCE | {"count": "1"}).status_code == 422
    Availability.update(place="").execute()
    assert "Nobody has said where" in vera.get(where).text


def test_a_cadence_goes_on_after_the_kickoff_at_its_time(vera, program, book):
    book(at(12, 3, 15), program, "kickoff")
    page = vera.get(f"/engagements/{program.public_id}/cadence").text
    assert re.search(r'name="first"[^>]*value="2026-12-17"', page)
    assert re.search(r'name="at"[^>]*value="15:00"', page)
    assert '<option selected value="3">Thursday' in page


def test_dates_after_the_programs_last_day_are_marked(vera, program):
    Engagement.update(ends_on=date(2027, 4, 30)).execute()
    answer = vera.post(f"/engagements/{program.public_id}/cadence", data=CADENCE)
    page = vera.get(answer.headers["Location"]).text
    assert page.count("after the program’s last day, 30 April") == 1


def test_what_was_undone_is_changed_and_booked_again_from_the_same_page(vera, planned):
    vera.post(planned, data={"version": "1"})
    vera.post(f"{planned}/undo")
    page = vera.get(planned).text
    assert "Book all again" in page
    assert "12 × Invitation" in page
    line = ProposedSession.get()
    vera.post(f"{planned}/lines/{line.public_id}", data={"version": version_on(page), "do": "leave"})
    assert vera.post(planned, data={"version": version_on(vera.get(planned).text)}).status_code == 303
    assert count_of_booked() == 11
    assert Proposal.get().state is ProposalState.APPLIED


def test_a_plan_shows_each_date_on_both_clocks_and_who_hears_of_it(vera, planned):
    page = vera.get(planned).text
    assert "Thu 10 Dec, 15:00" in page
    assert "19:00 Dubai" in page
    assert "12 × Invitation" in page
    assert "bob@brightwater.example" in page


def test_weeks_in_which_the_clocks_differ_are_marked(vera, program):
    Client.update(zone="America/New_York").execute()
    answer = vera.post(f"/engagements/{program.public_id}/cadence", data=CADENCE)
    page = vera.get(answer.headers["Location"]).text
    assert page.count("clocks differ") == 1  # New York changes on 14 March, London on the 28th
    assert "an hour later in New York than usual" in page


def test_a_time_at_night_for_the_client_is_marked(vera, program):
    Client.update(zone="Asia/Tokyo").execute()
    answer = vera.post(f"/engagements/{program.public_id}/cadence", data=CADENCE | {"count": "2"})
    page = vera.get(answer.headers["Location"]).text
    assert page.count("at night") == 2
    assert "in Tokyo" in page


def test_book_all_books_all_and_can_be_undone_from_the_page(vera, planned):
    page = vera.get(planned).text
    answer = vera.post(planned, data={"version": version_on(page)}, follow_redirects=True)
    assert count_of_booked() == 12
    assert f'action="{planned}/undo"' in answer.text
    assert "The mails leave" in answer.text
    answer = vera.post(f"{planned}/undo", follow_redirects=True)
    assert "no mail leaves" in answer.text
    assert count_of_booked() == 0


def test_what_was_undone_unheard_stands_in_no_list_of_sessions(vera, planned, program):
    vera.post(planned, data={"version": "1"})
    where = f"/clients/{program.client.public_id}/sessions"
    vera.post(f"{planned}/undo")
    page = vera.get(where).text
    assert "Past or cancelled" not in page


def test_a_double_click_books_once(vera, planned):
    page = vera.get(planned).text
    data = {"version": version_on(page), "once": "one-click"}
    answers = [vera.post(planned, data=data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert count_of_booked() == 12


def test_a_gone_time_answers_the_page_with_the_line_marked(vera, planned, book, cast):
    page = vera.get(planned).text
    book(at(1, 7, 15), client=client_of(cast.alice, "Ines Marchetti"))
    answer = vera.post(planned, data={"version": version_on(page)})
    assert answer.status_code == 422
    assert "Nothing was changed" in answer.text
    assert "Thursday 7 January, 15:00 has just gone" in answer.text
    assert count_of_booked() == 1
    assert vera.post(planned, data={"version": version_on(answer.text)}).status_code == 303
    assert count_of_booked() == 13


def test_a_double_click_on_a_plan_that_is_refused_leads_to_the_plan(vera, planned, book, cast):
    book(at(1, 7, 15), client=client_of(cast.alice, "Ines Marchetti"))
    data = {"version": "1", "once": "one-click"}
    answers = [vera.post(planned, data=data, follow_redirects=True) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [422, 200]
    assert all("has just gone" in answer.text for answer in answers)


def test_an_older_page_answers_409_with_the_plan_as_it_stands(vera, planned):
    line = ProposedSession.get()
    assert vera.post(f"{planned}/lines/{line.public_id}", data={"version": "1", "do": "leave"}).status_code == 303
    answer = vera.post(planned, data={"version": "1"})
    assert answer.status_code == 409
    assert "Somebody else changed this proposal" in answer.text
    assert "left out" in answer.text
    answer = vera.post(f"{planned}/lines/{line.public_id}", data={"version": "1", "do": "take"})
    assert answer.status_code == 409
    assert count_of_booked() == 0


def test_before_and_after_stand_side_by_side_with_each_mail(vera, away):
    page = vera.get(away).text
    assert "Tue 15 Dec, 10:00" in page
    assert "Tue 22 Dec, 10:00" in page
    assert "14:00 Dubai" in page
    assert "1 session touched, 1 moves" in page
    assert page.count("Changed invitation") == 2


def test_a_line_takes_one_of_the_free_times_or_another(vera, away):
    line = ProposedSession.get()
    page = vera.get(f"{away}/lines/{line.public_id}").text
    offered = re.findall(r'name="start" value="(\d+)"', page)
    assert len(offered) == 18
    vera.post(f"{away}/lines/{line.public_id}", data={"version": "1", "start": offered[-1], "do": "pick"})
    assert int(ProposedSession.get().after.timestamp()) // 60 == int(offered[-1])
    other = {"version": "2", "start": "other", "on": "2026-12-11", "at": "11:15", "do": "pick"}
    assert vera.post(f"{away}/lines/{line.public_id}", data=other).status_code == 303
    assert ProposedSession.get().after == at(12, 11, 11, 15)


@pytest.mark.parametrize("chosen", ["other", "as it stands", None])
def test_another_time_that_was_typed_counts_without_saying_so(vera, away, chosen):
    line = ProposedSession.get()
    data = {"version": "1", "on": "2026-12-11", "at": "11:15", "do": "pick"}
    if chosen:
        data["start"] = {"as it stands": str(int(line.after.timestamp()) // 60)}.get(chosen, chosen)
    answer = vera.post(f"{away}/lines/{line.public_id}", data=data)
    assert answer.headers["Location"] == f"{away}#{line.public_id}"
    assert ProposedSession.get().after == at(12, 11, 11, 15)


def test_a_time_that_was_chosen_counts_whatever_is_typed_beside_it(vera, away):
    line = ProposedSession.get()
    minute = int(at(12, 10, 10).timestamp()) // 60
    data = {"version": "1", "start": str(minute), "on": "2026-12-11", "at": "11:15", "do": "pick"}
    vera.post(f"{away}/lines/{line.public_id}", data=data)
    assert ProposedSession.get().after == at(12, 10, 10)


def test_a_holiday_that_is_left_out_is_no_session_without_a_time(vera, program, cast):
    Holiday.create(coach=cast.alice, on=date(2026, 12, 24), name="Christmas Eve")
    where = vera.post(
        f"/engagements/{program.public_id}/cadence", data=CADENCE | {"closed_days": "skip", "count": "3"}
    ).headers["Location"]
    page = vera.get(where).text
    assert "3 sessions to book." in page
    assert ("left out" in page, "no time" in page) == (True, False)


def test_a_line_may_stay_or_be_cancelled_instead(vera, away):
    line = ProposedSession.get()
    vera.post(f"{away}/lines/{line.public_id}", data={"version": "1", "do": "leave"})
    assert "stays" in vera.get(away).text
    vera.post(f"{away}/lines/{line.public_id}", data={"version": "2", "do": "cancel"})
    page = vera.get(away).text
    assert "1 cancelled" in page
    assert page.count("Cancellation") == 2
    vera.post(away, data={"version": version_on(page)})
    assert count_of_booked() == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"start": "other", "on": "2026-12-16", "at": "10:00"}, "the absence, is in the way"),
        ({"start": "other", "on": "2026-12-12", "at": "10:00"}, "outside the open hours"),
        ({"start": "other", "on": "", "at": ""}, "Say the day and the time."),
        ({"start": "other", "on": "2027-03-28", "at": "01:30"}, "outside the open hours"),
        ({"start": "99999999999999"}, "Choose a time."),
        ({"start": "٣"}, "Choose a time."),
        ({}, "Choose a time."),
    ],
)
def test_a_time_that_cannot_be_had_is_refused_with_its_reason(vera, away, typed, said):
    line = ProposedSession.get()
    answer = vera.post(f"{away}/lines/{line.public_id}", data={"version": "1", "do": "pick"} | typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert ProposedSession.get().after == at(12, 22, 10)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("count", "0", "A number from 1 to 60."),
        ("count", "9" * 400, "out of range"),
        ("at", "25:00", "A time looks like 9:00."),
        ("at", "\0", "A time looks like 9:00."),
        ("first", "2020-01-01", "from today on"),
        ("first", "9999-12-31", "between 2000 and 2099"),
        ("weekday", "9", "Not a valid choice"),
        ("minutes", "1", "From 10 to 480 minutes."),
        ("cadence", "free", "Not a valid choice"),
        ("closed_days", "", "Not a valid choice"),
    ],
)
def test_bad_input_gets_a_sentence_and_plans_nothing(vera, program, field, typed, said):
    answer = vera.post(f"/engagements/{program.public_id}/cadence", data=CADENCE | {field: typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert Proposal.select().count() == 0


def test_days_on_which_nothing_is_booked_say_so_beside_the_field(vera, program, absence_of):
    answer = vera.post("/planning/absences", data=absence_of)
    assert answer.status_code == 422
    assert "Nothing is booked on these days." in answer.text
    assert 'value="Alice is away"' in answer.text


def test_the_start_slips_with_all_that_is_owed(vera, program, book):
    book(at(12, 3, 10), program, "kickoff")
    answer = vera.post(f"/engagements/{program.public_id}/slip", data={"starts_on": "2026-12-15", "reason": "Budget"})
    where = answer.headers["Location"]
    page = vera.get(where).text
    assert "Thu 17 Dec, 10:00" in page
    assert "Three-way meeting at the start" in page
    assert "Tue 29 Dec" in page
    vera.post(where, data={"version": "1"})
    assert Engagement.get().starts_on == date(2026, 12, 15)
    after = vera.get(where).text
    assert re.findall(r"<td>Kickoff</td>\s*<td[^>]*>([^<]*)", page) == re.findall(
        r"<td>Kickoff</td>\s*<td[^>]*>([^<]*)", after
    )


def test_the_same_first_day_is_no_slip(vera, program):
    answer = vera.post(f"/engagements/{program.public_id}/slip", data={"starts_on": "2026-12-01", "reason": "x"})
    assert answer.status_code == 422
    assert "That is the first day it has." in answer.text


def test_without_a_coach_the_page_asks_for_one(vera, program):
    Engagement.update(coach=None).execute()
    page = vera.get(f"/engagements/{program.public_id}/cadence")
    assert "There is no coach yet" in page.text
    assert vera.post(f"/engagements/{program.public_id}/cadence", data=CADENCE).status_code == 422
    assert vera.post(
        f"/engagements/{program.public_id}/slip", data={"starts_on": "2026-12-15", "reason": "x"}
    ).status_code == 422  # fmt: skip


def test_carol_sees_no_plan_of_alices_and_plans_none(carol, vera, away, program, absence_of):
    line = ProposedSession.get()
    assert carol.get(away).status_code == 404
    assert carol.get(f"{away}/lines/{line.public_id}").status_code == 404
    for act in ("", "/undo", "/drop", f"/lines/{line.public_id}"):
        assert carol.post(f"{away}{act}", data={"version": "1"}).status_code == 404
    assert carol.post(f"/engagements/{program.public_id}/cadence", data=CADENCE).status_code == 404
    assert carol.post("/planning/absences", data=absence_of).status_code == 422
    assert "Alice" not in carol.get("/planning").text
    assert "Alice" not in carol.get("/planning/new").text
    assert Proposal.get().state is ProposalState.DRAFT


def test_a_client_who_is_anothers_by_now_is_not_named_though_the_session_moves(vera, carol, away, cast):
    Client.update(coach=cast.carol).execute()
    page = vera.get(away).text
    assert "Bob" not in page
    assert "bob@" not in page
    assert "A client of another coach" in page
    assert vera.get(f"{away}/lines/{ProposedSession.get().public_id}").status_code == 404
    assert vera.post(away, data={"version": version_on(page)}).status_code == 303
    assert CoachingSession.get().starts_at == at(12, 22, 10)


def test_vera_who_serves_alice_plans_nothing_for_carol(vera, program, cast, absence_of):
    answer = vera.post("/planning/absences", data=absence_of | {"coach": cast.carol.public_id})
    assert answer.status_code == 422
    assert Proposal.select().count() == 0


def test_a_line_of_another_plan_is_not_there(vera, planned, away):
    foreign = ProposedSession.select().where(ProposedSession.proposal != Proposal.get(Proposal.kind_name == "ill"))
    assert vera.get(f"{away}/lines/{foreign.first().public_id}").status_code == 404


def test_a_plan_that_is_dropped_changes_nothing(vera, away):
    assert vera.post(f"{away}/drop", data={"version": "1"}).headers["Location"] == "/planning"
    assert Proposal.get().state is ProposalState.DROPPED
    assert CoachingSession.get().starts_at == at(12, 15, 10)
    assert "No plan yet" in vera.get("/planning").text


def test_a_get_writes_nothing_and_mails_nothing(vera, away):
    before = Message.select().count()
    line = ProposedSession.get()
    for path in (away, f"{away}/lines/{line.public_id}", "/planning", "/planning/new"):
        assert vera.get(path).status_code == 200
    assert (Proposal.get().version, Message.select().count()) == (1, before)


def test_a_plan_of_forty_lines_asks_fifteen_times_at_most(vera, cast, program, book, queries, absence_of):
    with transaction():
        for number in range(40):
            client = client_of(cast.alice, f"Client {number}", assistant_email="ea@client.example")
            book(at(12, 14 + number % 5, 8 + number // 5), client=client)
    where = vera.post("/planning/absences", data=absence_of).headers["Location"]
    vera.get(where)
    with queries() as asked:
        page = vera.get(where)
    assert page.text.count("<tr") == 41
    assert len(asked) <= 15
    line = ProposedSession.get()
    with queries() as asked:
        vera.get(f"{where}/lines/{line.public_id}")
    assert len(asked) <= 15, "\n".join(each[:220] for each in asked)


def test_no_page_of_a_programs_plan_asks_more_than_fifteen_times(vera, program, planned, book, queries):
    slip = f"/engagements/{program.public_id}/slip"
    book(at(12, 3, 10), program, "kickoff")
    slips = vera.post(slip, data={"starts_on": "2026-12-15", "reason": "Budget"}).headers["Location"]
    line = f"{planned}/lines/{ProposedSession.get().public_id}"
    for where in (f"/engagements/{program.public_id}/cadence", slip, planned, slips, line, "/planning"):
        with queries() as asked:
            assert vera.get(where).status_code == 200
        assert len(asked) <= 15, (where, len(asked))

"""What staff see and do: real free times, who is asked, what was answered; Carol sees nothing of it."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from coachbase.availability.rules import SessionKind
from coachbase.clients.models import Client, Contact
from coachbase.db import transaction
from coachbase.engagements.models import Engagement
from coachbase.polls import actions
from coachbase.polls.models import Poll, PollSlot, Voter
from coachbase.polls.rules import PollState
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import Hold
from tests.scheduling.conftest import DAY, HOUR, THURSDAY


@pytest.fixture
def here(cast, program) -> str:
    return f"/clients/{cast.bob.public_id}/polls/new"


@pytest.fixture
def poll(cast, program) -> Poll:
    return actions.propose(program, [cast.sam], [THURSDAY, THURSDAY + DAY], minutes=60, by=cast.vera)


def offered(page) -> dict[str, bool]:
    """The times on the form, and whether each is ticked."""
    return {slot: bool(checked) for slot, checked in re.findall(r'name="slots" value="([^"]+)"( checked)?', page.text)}


def words(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def named(moment) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"


def test_the_form_opens_with_sam_and_a_choice_of_real_free_times(vera, cast, here):
    page = vera.get(here)
    times = offered(page)
    assert page.status_code == 200
    assert f'checked id="contacts-0" name="contacts" type="checkbox" value="{cast.sam.public_id}"' in page.text
    assert times[named(THURSDAY)] in (True, False)
    assert sum(times.values()) == 6
    assert named(THURSDAY + 9 * HOUR) not in times, "Alice is not open in the evening"


def test_what_is_ticked_at_first_is_night_for_nobody_as_far_as_may_be(vera, cast, here):
    for zone, at_night in (("Asia/Tokyo", False), ("Pacific/Auckland", True)):
        with transaction():
            Client.update(zone=zone).where(Client.id == cast.bob.id).execute()
        ticked = [datetime.fromisoformat(slot) for slot, is_ticked in offered(vera.get(here)).items() if is_ticked]
        assert len(ticked) == 6
        ends = [start + timedelta(minutes=each) for start in ticked for each in (0, 59)]
        hours = {moment.astimezone(ZoneInfo(zone)).hour for moment in ends}
        assert (not all(7 <= hour < 21 for hour in hours)) is at_night


def test_the_button_stands_in_the_program(vera, cast, program):
    assert "Find a three-way time" in vera.get(f"/clients/{cast.bob.public_id}/program").text


def test_asking_anew_keeps_what_is_ticked_and_looks_at_who_is_chosen(vera, cast, here, program):
    dana = Contact.create(organisation=cast.brightwater, name="Dana Brook", email="dana@brightwater.example")
    others = {"via": Via.STAFF, "client": cast.bob, "engagement": program, "contacts": [dana], "by": cast.vera}
    scheduling.book(cast.carol, SessionKind.THREE_WAY, THURSDAY, 60, despite="Alice is away", **others)
    asked = {"contacts": dana.public_id, "minutes": "90", "slots": named(THURSDAY + DAY), "days": "14"}
    times = offered(vera.get(here, query_string=asked))
    assert times[named(THURSDAY + DAY)] is True
    assert sum(times.values()) == 1
    assert named(THURSDAY) not in times
    assert named(THURSDAY - HOUR / 2) not in times, "90 minutes would last into it"


def test_more_weeks_are_shown_on_demand(vera, here):
    assert len(offered(vera.get(f"{here}?days=28&minutes=60"))) > len(offered(vera.get(here)))
    assert vera.get(f"{here}?days=99999999999999999999&minutes=x").status_code == 200


def test_proposing_asks_them_and_leads_to_who_has_answered(vera, cast, here):
    times = [named(THURSDAY), named(THURSDAY + DAY)]
    answer = vera.post(here, data={"contacts": cast.sam.public_id, "minutes": "60", "slots": times})
    poll = Poll.get()
    assert (answer.status_code, answer.location) == (303, f"/polls/{poll.public_id}")
    assert Hold.select().count() == 2
    page = words(vera.get(answer.location))
    assert "waiting for answers" in page
    assert "Bob Haddad asked today 08:00 silent" in page
    assert "Thu 26 Nov, 10:00 not yet not yet" in page


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "How many minutes"),
        ({"minutes": "60"}, "Choose who comes from the sponsor"),
        ({"minutes": "60", "contacts": "sam"}, "Choose the times to propose"),
        ({"minutes": "60", "contacts": "sam", "slots": ["\0", "x" * 100_000, "9999-12-31T23:59Z"]}, "Choose the times"),
        (
            {"minutes": "60", "contacts": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "slots": ["2026-11-26T10:00Z"]},
            "not a valid choice",
        ),
        ({"minutes": str(2**63), "contacts": "sam", "slots": ["2026-11-26T10:00Z"]}, "out of range"),
        ({"minutes": "60", "contacts": "sam", "slots": ["2026-11-26T22:00Z"]}, "22:00 is not free"),
    ],
)
def test_what_cannot_be_proposed_stays_typed_with_its_reason(vera, cast, here, sent, sentence):
    if sent.get("contacts") == "sam":
        sent = sent | {"contacts": cast.sam.public_id}
    answer = vera.post(here, data=sent)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not Poll.select().exists()


def test_a_form_sent_twice_asks_once(vera, cast, here):
    key = re.search(r'name="once" value="([^"]+)"', vera.get(here).text)[1]
    sent = {"contacts": cast.sam.public_id, "minutes": "60", "slots": [named(THURSDAY)], "once": key}
    for _ in range(2):
        assert vera.post(here, data=sent).status_code == 303
    assert Poll.select().count() == 1


def test_without_a_program_the_page_says_what_to_do(vera, cast, here):
    Engagement.update(state_name="completed").execute()
    page = vera.get(here)
    assert (page.status_code, "No program with a coach yet" in page.text) == (200, True)
    assert vera.post(here).status_code == 422


def test_the_page_shows_what_each_answered_and_wrote(vera, poll):
    bob, _ = Voter.of(poll)
    slots = list(PollSlot.of(poll))
    actions.answer(bob, [slots[1]], note="Not before <ten>")
    page = vera.get(f"/polls/{poll.public_id}")
    assert "Not before &lt;ten&gt;" in page.text
    assert "1 of 2 suit" in words(page)
    assert "Thu 26 Nov, 10:00 turned down no not yet" in words(page)


def test_closing_takes_it_off_and_what_is_booked_leads_to_the_session(vera, poll):
    assert vera.post(f"/polls/{poll.public_id}/close").status_code == 303
    assert "closed" in words(vera.get(f"/polls/{poll.public_id}"))
    assert "Ask no more" not in vera.get(f"/polls/{poll.public_id}").text


def test_a_stuck_one_stands_on_today_with_its_next_act(vera, carol, cast, poll):
    actions.answer(Voter.of(poll).first(), [])
    today = vera.get("/").text
    assert "Three-way meeting: Bob Haddad" in today
    assert f"/clients/{cast.bob.public_id}/polls/new" in today
    assert "Three-way meeting" not in carol.get("/").text
    assert "Propose other times" in vera.get(f"/polls/{poll.public_id}").text


def test_carol_sees_and_does_nothing(carol, cast, here, poll):
    for path in (here, f"/polls/{poll.public_id}"):
        assert carol.get(path).status_code == 404
    sent = {"contacts": cast.sam.public_id, "minutes": "60", "slots": [named(THURSDAY)]}
    assert carol.post(here, data=sent).status_code == 404
    assert carol.post(f"/polls/{poll.public_id}/close").status_code == 404
    assert Poll.get().state is PollState.OPEN


def test_few_questions_to_the_database_whatever_there_is_to_show(vera, cast, here, poll, queries):
    for number in range(20):
        Contact.create(organisation=cast.brightwater, name=f"Contact {number}", email=f"c{number}@brightwater.example")
    for path in (f"{here}?days=84&minutes=30", f"/polls/{poll.public_id}"):
        vera.get(path)
        with queries() as asked:
            assert vera.get(path).status_code == 200
        assert len(asked) <= 15, path

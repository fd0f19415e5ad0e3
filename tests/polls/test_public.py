"""What client and sponsor find behind their links, and what neither learns of the other."""

import re
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.clients.models import Client
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.mail.models import Message
from coachbase.polls import actions
from coachbase.polls.models import Poll, PollSlot, Vote, Voter
from coachbase.polls.rules import HELD_FOR, LINK, PollState
from coachbase.portal import actions as portal
from coachbase.portal.models import open_things
from coachbase.sessions.models import CoachingSession
from tests.safety.digest import digest
from tests.scheduling.conftest import DAY, HOUR, MONDAY, THURSDAY

TIMES = [THURSDAY, THURSDAY + 2 * HOUR, THURSDAY + DAY]


@pytest.fixture
def poll(cast, program) -> Poll:
    return actions.propose(program, [cast.sam], TIMES, minutes=60, by=cast.vera)


@pytest.fixture
def come(app, stranger, poll):
    """A browser that came in by the link of the first (Bob's) or second (Sam's) voter."""

    def enter(place: int):
        token = links.issue(LINK, list(Voter.of(poll))[place].public_id, lasts=60 * DAY)[1]
        browser = app.test_client()
        assert browser.get(f"/p/poll/open/{token}").location == "/p/poll"
        return browser

    return enter


@pytest.fixture
def bob(come):
    return come(0)


@pytest.fixture
def sam(come):
    return come(1)


def words(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def slots(poll) -> list[str]:
    return [slot.public_id for slot in PollSlot.of(poll)]


def tick(browser, poll, *numbers, **more):
    return browser.post("/p/poll", data={"slots": [slots(poll)[number] for number in numbers]} | more)


def test_times_stand_on_the_own_clock_with_the_coachs_beside_it(bob, sam):
    page = words(bob.get("/p/poll"))
    assert "Three-way meeting with Sam Okafor and Alice Kern, 60 minutes." in page
    assert "All times in Dubai ; in small type Alice Kern’s, in London" in page
    assert "Thursday 26 November 14:00–15:00 10:00 16:00–17:00 12:00 Friday 27 November 14:00–15:00 10:00" in page
    assert "Thursday 26 November 10:00–11:00 12:00–13:00 Friday" in words(sam.get("/p/poll"))


def test_another_clock_can_be_looked_at_and_is_kept_with_the_answer(bob, poll):
    assert "Thursday 26 November 19:00–20:00 10:00" in words(bob.get("/p/poll?zone=Asia/Tokyo"))
    assert '<option value="Asia/Tokyo">' in bob.get("/p/poll?zones=1").text
    assert "All times in Dubai" in words(bob.get("/p/poll?zone=../../etc/passwd"))
    tick(bob, poll, 0, zone="Asia/Tokyo")
    assert Voter.of(poll).first().zone == "Asia/Tokyo"
    tick(bob, poll, 0, zone="/etc/passwd")
    assert Voter.of(poll).first().zone == "Asia/Tokyo"


def test_bob_and_sam_tick_and_the_first_time_that_suits_both_is_booked(bob, sam, poll):
    assert tick(bob, poll, 1, 2).status_code == 303
    assert "Thank you, your answer is with us" in words(bob.get("/p/poll"))
    assert not CoachingSession.select().exists()
    assert tick(sam, poll, 2, 1).location == "/p/poll"
    assert CoachingSession.get().starts_at == TIMES[1]
    assert "It is booked Three-way meeting with Bob Haddad and Alice Kern When Thursday 26 November, 12:00" in words(
        sam.get("/p/poll")
    )
    assert "Thursday 26 November, 16:00–17:00 Dubai time 12:00 for Alice Kern in London" in words(bob.get("/p/poll"))


def test_nobody_learns_what_another_ticked_or_wrote(bob, sam, poll):
    before = re.sub(r'name="once" value="[^"]+"', "", sam.get("/p/poll").text)
    tick(bob, poll, 0, note="Sam talks too much")
    assert re.sub(r'name="once" value="[^"]+"', "", sam.get("/p/poll").text) == before


def test_an_answer_is_shown_again_and_can_be_changed(bob, poll):
    tick(bob, poll, 0, 2, note="Mornings")
    page = bob.get("/p/poll").text
    ticked = re.findall(r'name="slots" value="([^"]+)" checked', page)
    assert ticked == [slots(poll)[0], slots(poll)[2]]
    assert "Mornings" in page
    assert "Change my answer" in page
    tick(bob, poll, 1)
    assert [vote.slot.public_id for vote in Vote.select().where(Vote.suits)] == [slots(poll)[1]]


def test_none_of_these_suits_with_a_word_to_the_desk(bob, sam, poll):
    answer = bob.post("/p/poll", data={"none": "y", "note": "In December"})
    assert answer.status_code == 303
    assert Poll.get().state is PollState.STUCK
    for browser, thanks in ((bob, True), (sam, False)):
        page = words(browser.get("/p/poll"))
        assert "These times are no longer on offer" in page
        assert ("Thank you for your answer" in page) is thanks
        assert "In December" not in page


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Tick the times that suit you, or say that none does."),
        ({"slots": ["0"], "none": "y"}, "You ticked times, and that none suits."),
        ({"none": "y", "note": "x" * 501}, "At most 500 characters."),
        ({"none": "y", "note": "a\0b"}, "a character in here that cannot be stored"),
    ],
)
def test_what_will_not_do_stays_typed(bob, poll, sent, sentence):
    sent = sent | ({"slots": [slots(poll)[0]]} if "slots" in sent else {})
    answer = bob.post("/p/poll", data=sent)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert Voter.of(poll).first().answered_at is None


def test_times_that_are_not_on_offer_count_as_none(bob, poll):
    bob.post("/p/poll", data={"slots": ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "\0", "9" * 5000]})
    assert not Vote.select().where(Vote.suits).exists()


def test_who_comes_too_late_is_told_so(bob, poll):
    with clock.pretend(MONDAY + HELD_FOR):
        assert "no longer on offer" in words(bob.get("/p/poll"))
        assert tick(bob, poll, 0).status_code == 422
    assert not Vote.select().exists()


def test_a_time_that_is_too_near_is_offered_no_more_and_staff_see_why(bob, vera, poll):
    with clock.pretend(THURSDAY - HOUR):
        assert [slot in bob.get("/p/poll").text for slot in slots(poll)] == [False, False, True]
        assert "Thu 26 Nov, 10:00 too late" in words(vera.get(f"/polls/{poll.public_id}"))
    with clock.pretend(THURSDAY + DAY):
        assert "no longer on offer" in words(bob.get("/p/poll"))
        assert tick(bob, poll, 2).status_code == 422
    assert not Vote.select().exists()


def test_one_link_answers_thirty_times_an_hour(bob, poll):
    fates = [tick(bob, poll, 0).status_code for _ in range(31)]
    assert fates == [303] * 30 + [429]


# Doors ----------------------------------------------------------------------------------------------------------------


def test_good_expired_revoked_and_unknown_links(app, stranger, poll):
    voter = Voter.of(poll).first()

    def answer(token):
        return app.test_client().get(f"/p/poll/open/{token}").status_code

    good, token = links.issue(LINK, voter.public_id, lasts=DAY)
    other = links.issue("book", voter.public_id, lasts=DAY)[1]
    assert [answer(token), answer(other), answer("x" * 43)] == [303, 404, 404]
    with clock.pretend(MONDAY + DAY):
        assert answer(token) == 404
    links.revoke_all(LINK, voter.public_id)
    assert answer(token) == 404
    assert Link.get_by_id(good.id).revoked_at is not None
    assert app.test_client().get("/p/poll").status_code == 404
    assert app.test_client().post("/p/poll").status_code == 404


def test_opening_and_reading_changes_nothing(bob, poll):
    token = links.issue(LINK, Voter.of(poll).first().public_id, lasts=DAY)[1]
    before = digest()
    for path in (f"/p/poll/open/{token}", "/p/poll", "/p/poll?zones=1", "/p/poll?zone=Asia/Tokyo"):
        for _ in range(3):
            bob.get(path)
            bob.head(path)
    assert digest() == before


def test_whose_it_is_not_lets_the_device_forget_it(bob):
    assert bob.post("/p/poll/leave").location == "/p/left"
    assert bob.get("/p/poll").status_code == 404


# The pages that lead here, and who is chased --------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "number"), [("client", 0), ("sponsor", 1)])
def test_the_own_page_asks_for_it_and_leads_on_and_back(app, stranger, cast, poll, kind, number):
    voter = list(Voter.of(poll))[number]
    browser = app.test_client()
    subject = cast.bob.public_id if kind == "client" else cast.sam.public_id
    browser.get(f"/p/{kind}/open/{links.issue(kind, subject, lasts=DAY)[1]}")
    assert "Say when the three-way meeting suits you" in browser.get(f"/p/{kind}").text
    assert browser.post(f"/p/{kind}/poll/{voter.public_id}").location == "/p/poll"
    assert f'href="/p/{kind}"' in browser.get("/p/poll").text
    foreign = list(Voter.of(poll))[1 - number]
    assert browser.post(f"/p/{kind}/poll/{foreign.public_id}").status_code == 404
    actions.answer(voter, list(PollSlot.of(poll)))
    assert browser.post(f"/p/{kind}/poll/{voter.public_id}").location == f"/p/{kind}"


def test_only_the_silent_one_is_reminded_and_it_is_counted(cast, poll):
    actions.answer(Voter.of(poll).first(), list(PollSlot.of(poll))[:1])
    things = [thing for thing in open_things() if isinstance(thing.about, Voter)]
    assert [(thing.reader.name, thing.reader.page, thing.words) for thing in things] == [
        ("Sam Okafor", ("sponsor", cast.sam.public_id), "say when the three-way meeting suits you")
    ]
    with clock.pretend(MONDAY + 3 * DAY + 3 * HOUR):
        portal.remind_due()
        portal.remind_due()
    [reminder] = Message.select().where(Message.kind == "reminder")
    assert reminder.to_address == "sam@brightwater.example"
    bob, sam = Voter.of(poll)
    assert (bob.reminders, sam.reminders) == (0, 1)
    assert sam.reminded_at == MONDAY + 3 * DAY + 3 * HOUR


@pytest.mark.parametrize("state", [PollState.BOOKED, PollState.STUCK, PollState.CLOSED])
def test_nobody_is_reminded_of_what_is_over(poll, state):
    Poll.update(state_name=state).execute()
    assert not [thing for thing in open_things() if isinstance(thing.about, Voter)]


def test_a_new_page_for_the_client_shuts_the_older_ways_in(cast, poll, bob):
    portal.mail_anew(Client.get_by_id(cast.bob.id), by=cast.vera)
    assert bob.get("/p/poll").status_code == 404


def test_a_link_outlives_the_poll_to_say_what_became_of_it(poll):
    link = Link.select().where(Link.kind == LINK).first()
    assert link.expires_at - link.created_at > HELD_FOR + timedelta(days=30)

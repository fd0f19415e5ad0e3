"""Proposing times, answering, deciding, and what happens when nobody does; each person learns nothing of the others."""

import threading
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.availability.models import Availability, terms_for
from coachbase.availability.rules import SessionKind
from coachbase.clients import actions as clients
from coachbase.clients.models import Client, Contact, Organisation
from coachbase.clients.rules import Party
from coachbase.db import database
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement
from coachbase.errors import Refused
from coachbase.links.models import Link
from coachbase.mail.models import Message
from coachbase.mail.rules import State as MailState
from coachbase.polls import actions
from coachbase.polls.models import Poll, PollSlot, Vote, Voter
from coachbase.polls.rules import HELD_FOR, PollState
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import Attendee, CoachingSession, Hold
from coachbase.timeline.models import Entry
from tests.scheduling.conftest import DAY, HOUR, MONDAY, THURSDAY

TIMES = [THURSDAY, THURSDAY + 2 * HOUR, THURSDAY + DAY]


@pytest.fixture
def propose(cast, program):
    def proposed(starts=TIMES, contacts=(cast.sam,), minutes=60):
        return actions.propose(program, list(contacts), starts, minutes=minutes, by=cast.vera)

    return proposed


@pytest.fixture
def poll(propose):
    return propose()


def now(poll):
    return Poll.known_as(poll.public_id)


def voters(poll):
    return list(Voter.of(poll))


def say(voter, *numbers, **more):
    slots = list(PollSlot.of(voter.poll))
    return actions.answer(voter, [slots[number] for number in numbers], **more)


def refused(sentence, act, *args, **kwargs):
    with pytest.raises(Refused, match=sentence):
        act(*args, **kwargs)


def last(cast):
    return Entry.select().where(Entry.client == cast.bob).order_by(Entry.id.desc()).first().sentence


def mails(kind="poll_request", **facts):
    rows = Message.select().where(Message.kind == kind).order_by(Message.id)
    return [row for row in rows if all(getattr(row, name) == value for name, value in facts.items())]


# Proposing ------------------------------------------------------------------------------------------------------------


def test_proposing_holds_each_time_and_mails_each_person_a_link_of_their_own(cast, poll):
    assert [(hold.starts_at, hold.about) for hold in Hold.select().order_by(Hold.starts_at)] == [
        (start, poll.public_id) for start in TIMES
    ]
    assert {hold.expires_at for hold in Hold.select()} == {MONDAY + HELD_FOR} == {poll.expires_at}
    assert [(each.name, each.zone) for each in voters(poll)] == [
        ("Bob Haddad", "Asia/Dubai"),
        ("Sam Okafor", "Europe/London"),
    ]
    assert [mail.to_address for mail in mails()] == ["bob@brightwater.example", "sam@brightwater.example"]
    assert (
        Link.select().where(Link.kind == "poll", Link.subject.in_([each.public_id for each in voters(poll)])).count()
        == 2
    )
    assert last(cast) == "3 times for the three-way meeting proposed to Bob Haddad and Sam Okafor"


def test_each_mail_names_the_others_and_the_last_day(poll):
    bobs, sams = mails()
    assert "Hello Bob," in bobs.text
    assert "with Sam Okafor and Alice Kern" in bobs.text
    assert "with Bob Haddad and Alice Kern" in sams.text
    assert "until Monday 30 November" in bobs.text


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"contacts": []}, "who comes from the sponsor"),
        ({"starts": []}, "Choose the times"),
        ({"starts": [THURSDAY + n * HOUR * 2 for n in range(9)]}, "At most 8"),
        ({"starts": [THURSDAY, THURSDAY + HOUR / 2]}, "10:00 and Thursday 26 November, 10:30 overlap"),
        ({"starts": [THURSDAY + 9 * HOUR]}, "Thursday 26 November, 19:00 is not free: Alice Kern: outside the open"),
        ({"starts": [MONDAY - DAY]}, "it is past"),
        ({"minutes": 5}, "from 10 minutes"),
    ],
)
def test_what_cannot_be_proposed_leaves_nothing(propose, facts, sentence):
    refused(sentence, propose, **facts)
    assert not Poll.select().exists()
    assert not Hold.select().exists()
    assert not mails()


def test_a_contact_of_another_organisation_is_not_asked(propose):
    elsewhere = Organisation.create(name="Elsewhere", created_at=MONDAY)
    stranger = Contact.create(organisation=elsewhere, name="Max", email="max@elsewhere.example")
    refused("contact of the client’s organisation", propose, contacts=[stranger])


def test_who_has_no_address_cannot_be_asked(cast, propose):
    Client.update(email="").where(Client.id == cast.bob.id).execute()
    refused("no mail address for Bob Haddad", propose)


@pytest.mark.parametrize("state", ["paused", "completed", "ended"])
def test_only_a_program_that_runs_asks(propose, state):
    Engagement.update(state_name=state).execute()
    refused("The program is", propose)


def test_whom_else_a_coach_meets_is_told_only_to_who_may_know_it(cast, program):
    """Carol coaches Bob, who is still Alice's client: Vera proposes times, and learns nothing of Carol's others."""
    dana = Client.create(name="Dana Whitfield", email="d@x.example", coach=cast.carol, created_at=MONDAY)
    scheduling.book(cast.carol, SessionKind.CHEMISTRY, THURSDAY, 60, via=Via.STAFF, client=dana, by=cast.carol)
    Engagement.update(coach=cast.carol).execute()
    with pytest.raises(Refused, match="Carol Voss: not free then") as refusal:
        actions.propose(program, [cast.sam], [THURSDAY], minutes=60, by=cast.vera)
    assert "Dana" not in str(refusal.value)


def test_two_polls_at_once_would_confuse_everybody(propose, poll):
    refused("asked already", propose, starts=[THURSDAY + 5 * DAY])


def test_the_known_sessions_of_all_who_come_are_in_the_way(cast, propose, program):
    others = {"via": Via.STAFF, "client": cast.bob, "engagement": program, "by": cast.vera, "despite": "Alice is away"}
    scheduling.book(cast.carol, SessionKind.COACHING, THURSDAY, 60, **others)
    refused("Bob Haddad: has another session then", propose)
    dana = Client.create(
        name="Dana", email="d@x.example", coach=cast.carol, organisation=cast.brightwater, created_at=MONDAY
    )
    hers = {"via": Via.STAFF, "client": dana, "contacts": [cast.sam], "by": cast.vera}
    scheduling.book(cast.carol, SessionKind.CHEMISTRY, THURSDAY + 2 * HOUR, 60, **hers)
    refused("Sam Okafor: has another session then", propose, starts=[THURSDAY + 2 * HOUR])


def test_times_of_one_poll_may_lie_side_by_side(propose):
    """Only one of them will be used: the buffers between them are nobody's."""
    Availability.update(before_minutes=15).execute()
    assert propose(starts=[THURSDAY, THURSDAY + HOUR])


def test_what_is_on_offer_nobody_else_gets(cast, poll, program):
    facts = {"via": Via.STAFF, "client": cast.bob, "engagement": program, "by": cast.vera, "despite": "I insist"}
    with pytest.raises(Refused, match="held for the three-way meeting with Bob Haddad"):
        scheduling.book(cast.alice, SessionKind.COACHING, THURSDAY, 60, **facts)


# Answering ------------------------------------------------------------------------------------------------------------


def test_the_first_time_that_all_accept_books_itself_and_frees_the_others(cast, poll, program):
    bob, sam = voters(poll)
    say(bob, 1, 2)
    assert now(poll).state is PollState.OPEN
    assert not CoachingSession.select().exists()
    say(sam, 2, 1)
    session = CoachingSession.get()
    assert now(poll).session == session
    assert now(poll).state is PollState.BOOKED
    assert (session.starts_at, session.kind, session.via) == (TIMES[1], SessionKind.THREE_WAY, "poll")
    assert session.engagement == program
    assert [each.name for each in Attendee.of(session)] == ["Bob Haddad", "Sam Okafor"]
    assert not Hold.select().exists()
    assert len(mails("session_invite")) >= 2


def test_the_silent_one_keeps_it_open(poll):
    say(voters(poll)[0], 0, 1, 2)
    assert now(poll).state is PollState.OPEN
    assert [each.name for each in Voter.silent(("active",))] == ["Sam Okafor"]


def test_an_answer_may_be_changed_while_it_is_open(poll):
    bob, sam = voters(poll)
    say(bob, 0)
    say(bob, 1)
    assert Vote.select().where(Vote.voter == bob).count() == 3
    say(sam, 0, 1)
    assert CoachingSession.get().starts_at == TIMES[1]


def test_when_no_time_can_suit_all_any_more_nobody_else_is_asked_and_the_ball_is_ours(cast, poll):
    say(voters(poll)[0], note="Only mornings,\nplease", zone="Europe/Paris")
    assert now(poll).state is PollState.STUCK
    assert not Hold.select().exists()
    assert {mail.state for mail in mails()} == {MailState.CANCELLED}
    client = Client.get_by_id(cast.bob.id)
    assert (client.waiting_on, client.next_step) == (Party.US, "Find another time for the three-way meeting")
    bob = Voter.known_as(voters(poll)[0].public_id)
    assert (bob.note, bob.zone) == ("Only mornings,\nplease", "Europe/Paris")
    assert [each.public_id for each in Poll.stuck_for(cast.vera)] == [poll.public_id]
    assert list(Poll.stuck_for(cast.carol)) == []


def test_what_suited_all_but_has_gone_is_not_booked_and_the_next_one_is(cast, poll, program):
    """Bob got a session with Carol at the first time meanwhile: his own calendar is nobody's hold."""
    others = {"via": Via.STAFF, "client": cast.bob, "engagement": program, "by": cast.vera, "despite": "Alice is away"}
    scheduling.book(cast.carol, SessionKind.COACHING, TIMES[0], 60, **others)
    bob, sam = voters(poll)
    say(bob, 0, 2)
    say(sam, 0, 2)
    assert now(poll).session.starts_at == TIMES[2]


def test_when_all_that_suited_has_gone_it_is_stuck_and_the_answers_are_kept(cast, poll, program):
    others = {"via": Via.STAFF, "client": cast.bob, "engagement": program, "by": cast.vera, "despite": "Alice is away"}
    scheduling.book(cast.carol, SessionKind.COACHING, TIMES[0], 60, **others)
    bob, sam = voters(poll)
    say(bob, 0)
    say(sam, 0)
    assert now(poll).state is PollState.STUCK
    assert Vote.select().where(Vote.suits).count() == 2
    assert last(cast).endswith("what suited everybody has gone meanwhile")


def test_another_polls_times_do_not_count(cast, poll, propose, program):
    bob, _ = voters(poll)
    foreign = PollSlot.create(
        poll=Poll.create(engagement=program, coach=cast.alice, expires_at=MONDAY, created_at=MONDAY), starts_at=TIMES[0]
    )
    actions.answer(bob, [foreign])
    assert not Vote.select().where(Vote.suits).exists()


@pytest.mark.parametrize("state", [PollState.BOOKED, PollState.STUCK, PollState.CLOSED])
def test_what_is_over_is_not_answered(poll, state):
    Poll.update(state_name=state).execute()
    refused("booked already|no longer on offer", say, voters(poll)[0], 0)
    assert not Vote.select().exists()


# The clock, and what ends a poll --------------------------------------------------------------------------------------


def test_times_that_have_expired_are_free_and_cannot_be_answered_and_the_poll_is_stuck(cast, propose):
    poll = propose(starts=[THURSDAY + 7 * DAY])
    say(voters(poll)[0], 0)
    with clock.pretend(MONDAY + HELD_FOR - timedelta(seconds=1)):
        actions.sweep()
        assert now(poll).state is PollState.OPEN
    with clock.pretend(MONDAY + HELD_FOR):
        refused("no longer on offer", say, voters(poll)[1], 0)
        actions.sweep()
        actions.sweep()
    assert now(poll).state is PollState.STUCK
    assert last(cast) == "No time found for the three-way meeting: nobody heard from Sam Okafor in time"
    assert not Hold.select().exists()


def test_a_time_that_the_minimum_notice_no_longer_allows_is_not_on_offer(cast, poll):
    for voter in voters(poll)[:1]:
        say(voter, 0, 2)
    notice = timedelta(hours=terms_for(cast.alice, SessionKind.THREE_WAY).notice_hours)
    with clock.pretend(THURSDAY - notice + timedelta(minutes=1)):
        assert [slot.starts_at for slot in PollSlot.on_offer(poll, clock.now())] == TIMES[1:]
        say(voters(poll)[1], 0, 2)
    assert CoachingSession.get().starts_at == TIMES[2]


def test_when_the_times_that_were_left_have_passed_nobody_else_need_answer(cast, poll):
    say(voters(poll)[0], 0)
    with clock.pretend(THURSDAY - DAY):
        actions.sweep()
        assert now(poll).state is PollState.OPEN
    with clock.pretend(THURSDAY):
        actions.sweep()
        actions.sweep()
    assert now(poll).state is PollState.STUCK
    assert last(cast) == "No time found for the three-way meeting: the times that were left have passed"
    assert not Hold.select().exists()
    assert {mail.state for mail in mails(to_address="sam@brightwater.example")} == {MailState.CANCELLED}


def test_closing_frees_the_times_and_calls_the_mails_off(cast, poll):
    actions.close(poll, by=cast.vera)
    actions.close(poll, by=cast.vera)
    assert now(poll).state is PollState.CLOSED
    assert not Hold.select().exists()
    assert {mail.state for mail in mails()} == {MailState.CANCELLED}


def test_what_is_booked_is_not_closed(cast, poll):
    for voter in voters(poll):
        say(voter, 0)
    refused("It is booked", actions.close, poll, by=cast.vera)


def test_other_times_put_the_stuck_ones_away(cast, poll, propose):
    say(voters(poll)[0])
    propose(starts=[THURSDAY + 4 * DAY])
    assert now(poll).state is PollState.CLOSED
    assert list(Poll.stuck_for(cast.vera)) == []


def test_a_meeting_booked_by_other_ways_ends_the_asking(cast, poll, program):
    facts = {"via": Via.STAFF, "client": cast.bob, "engagement": program, "by": cast.vera, "contacts": [cast.sam]}
    scheduling.book(cast.alice, SessionKind.THREE_WAY, THURSDAY + 5 * HOUR, 60, **facts)
    assert now(poll).state is PollState.CLOSED


def test_a_program_that_ends_asks_no_more(cast, poll, program):
    engagements.end_early(program, reason="a new job", by=cast.vera)
    assert now(poll).state is PollState.CLOSED


def test_another_address_is_another_mailbox(cast, poll):
    bob = Client.get_by_id(cast.bob.id)
    clients.change(bob, {"email": "bob@home.example"}, version=bob.version, by=cast.vera)
    assert [(mail.to_address, mail.state) for mail in mails()] == [
        ("bob@brightwater.example", MailState.CANCELLED),
        ("sam@brightwater.example", MailState.QUEUED),
        ("bob@home.example", MailState.QUEUED),
    ]
    links = Link.select().where(Link.subject == voters(poll)[0].public_id).order_by(Link.id)
    assert [link.revoked_at is None for link in links] == [False, True]


def test_a_contact_at_another_address_is_asked_there(cast, poll):
    told = {"name": "Sam Okafor", "role": cast.sam.role, "title": "", "phone": ""}
    clients.change_contact(cast.sam, **told, email="sam@home.example", version=cast.sam.version)
    assert [mail.to_address for mail in mails(state_name="queued")] == ["bob@brightwater.example", "sam@home.example"]
    assert now(poll).state is PollState.OPEN


def test_a_contact_who_left_takes_part_in_nothing(cast, poll):
    clients.remove_contact(cast.sam)
    assert now(poll).state is PollState.STUCK
    assert Link.select().where(Link.subject == voters(poll)[1].public_id, Link.revoked_at.is_null()).count() == 0


# Races ----------------------------------------------------------------------------------------------------------------


def test_two_last_voters_at_once_book_once(cast, program):
    eve = Contact.create(organisation=cast.brightwater, name="Eve Lind", email="eve@brightwater.example")
    poll = actions.propose(program, [cast.sam, eve], TIMES, minutes=60, by=cast.vera)
    bob, *others = voters(poll)
    say(bob, 0, 1, 2)
    gate, faults = threading.Barrier(2), []

    def vote(voter):
        gate.wait()
        try:
            with clock.pretend(MONDAY):
                say(voter, 0, 2)
        except Exception as error:
            faults.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=vote, args=(voter,)) for voter in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert [session.starts_at for session in CoachingSession.select()] == [TIMES[0]]
    assert now(poll).state is PollState.BOOKED

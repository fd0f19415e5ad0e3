"""Pages are mailed, reminders go out by the clock: rows, mail and timeline."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase import clock, tidying
from coachbase.accounts.models import Serving
from coachbase.agreements import actions as agreements
from coachbase.agreements.models import Signer
from coachbase.availability.models import Availability
from coachbase.availability.rules import SessionKind
from coachbase.clients import actions as clients
from coachbase.clients.models import Client, Contact
from coachbase.clients.rules import Party
from coachbase.db import database
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import State, StepKind
from coachbase.errors import Refused
from coachbase.intake.models import Submission
from coachbase.jobs import run_jobs
from coachbase.links.models import Link
from coachbase.links.rules import hash_token
from coachbase.mail import actions as mail
from coachbase.mail.models import Message
from coachbase.mail.rules import KINDS
from coachbase.mail.rules import State as Fate
from coachbase.portal import actions
from coachbase.portal.models import ASSISTANT, CLIENT, SPONSOR, Chaser
from coachbase.portal.rules import MOST
from coachbase.requests import actions as requests
from coachbase.requests.models import Request
from coachbase.scheduling.rules import Side
from coachbase.timeline.models import Entry
from tests.agreements import signing
from tests.portal.conftest import asked, booked

ASKED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""A Monday, noon in Dubai, where Bob is."""


@pytest.fixture
def waiting(cast):
    """Everything was asked on Monday: Bob is to sign and to answer."""
    with clock.pretend(ASKED):
        agreement = signing.sent(cast)
        asked(agreement)
    Message.delete().execute()
    return agreement


def at(day: int, hour: int = 8, minute: int = 0):
    """In November 2026; hours of UTC."""
    return clock.pretend(datetime(2026, 11, day, hour, minute, tzinfo=UTC))


def remind_on(day: int, hour: int = 8, minute: int = 0) -> list[Message]:
    """Let the clock strike; the reminders it sent."""
    before = {message.id for message in reminders()}
    with at(day, hour, minute):
        actions.remind_due()
    return [message for message in reminders() if message.id not in before]


def reminders() -> list[Message]:
    return list(Message.select().where(Message.kind == "reminder").order_by(Message.id))


def alive(kind: str, subject: str) -> int:
    return Link.select().where(Link.kind == kind, Link.subject == subject, Link.revoked_at.is_null()).count()


def mails(kind: str) -> list[Message]:
    return list(Message.select().where(Message.kind == kind).order_by(Message.id))


# Pages ----------------------------------------------------------------------------------------------------------------


def test_who_is_asked_to_sign_gets_the_page_by_mail(cast):
    agreement = signing.sent(cast)
    message = mails("client_page")[-1]
    assert (message.to_address, message.reply_to) == ("bob@brightwater.example", "vera@northbank.example")
    assert agreement.engagement.name in message.text
    link = Link.behind(CLIENT, hash_token(message.token), clock.now())
    assert link.subject == cast.bob.public_id
    assert link.expires_at - link.created_at == timedelta(days=365)


def test_what_goes_out_by_itself_shuts_no_page_that_is_open(cast):
    engagement = signing.sent(cast, logistics="By video.").engagement
    actions.invite(engagement)
    actions.send_logistics(engagement)
    assert alive(CLIENT, cast.bob.public_id) == 3


def test_a_page_mailed_anew_shuts_the_older_ones_and_where_they_led(cast, app, stranger):
    agreement = signing.sent(cast)
    first = mails("client_page")[-1].token
    stranger.get(f"/p/client/open/{first}")
    stranger.post(f"/p/client/sign/{signing.signer_of(agreement, 'client').public_id}")
    assert stranger.get("/p/sign").status_code == 200
    actions.mail_anew(cast.bob, by=cast.vera)
    assert stranger.get("/p/client").status_code == 404
    assert stranger.get("/p/sign").status_code == 404
    assert alive(CLIENT, cast.bob.public_id) == 1


def test_a_client_without_an_address_leaves_a_note_and_the_ball_with_us(cast):
    engagement = signing.engaged(cast)
    Client.update(email="").execute()
    actions.invite(Engagement.of(cast.bob).first())
    assert mails("client_page") == []
    bob = Client.get_by_id(cast.bob.id)
    assert (bob.waiting_on, bob.next_step) == (Party.US, "Find out the mail address")
    assert Entry.select().where(Entry.sentence.contains("no mail address is known")).count() == 1
    with pytest.raises(Refused, match="no mail address for Bob Haddad"):
        actions.mail_anew(bob, by=cast.vera)
    assert engagement.client == cast.bob


def test_without_a_program_there_is_no_page_to_mail(cast):
    with pytest.raises(Refused, match="has no program yet"):
        actions.mail_anew(cast.bob, by=cast.vera)


def test_the_page_names_the_program_that_runs(cast):
    running = signing.engaged(cast)
    Engagement.create(
        client=cast.bob, name="Cancelled 3", currency="GBP", state_name=State.ENDED, starts_on=running.starts_on,
        created_at=clock.now(), onboarded_at=clock.now(),
    )  # fmt: skip
    actions.mail_anew(cast.bob, by=cast.vera)
    assert "Leadership 6" in mails("client_page")[-1].text


def test_eve_gets_the_dates_and_nobody_does_when_there_is_no_eve(cast):
    engagement = signing.engaged(cast)
    actions.invite_assistant(engagement)
    assert mails("assistant_page") == []
    cast.bob.assistant_name, cast.bob.assistant_email = "Eve Lind", "eve@b.example"
    cast.bob.save()
    actions.invite_assistant(Engagement.of(cast.bob).first())
    message = mails("assistant_page")[0]
    assert (message.to_address, engagement.name in message.text) == ("eve@b.example", False)
    assert Link.behind(ASSISTANT, hash_token(message.token), clock.now()).subject == cast.bob.public_id


@pytest.mark.parametrize(("text", "count"), [("By video.", 1), (" \n", 0)])
def test_logistics_are_mailed_when_there_are_any(cast, text, count):
    actions.send_logistics(signing.engaged(cast, logistics=text))
    assert len(mails("logistics")) == count
    assert all("By video" not in message.text for message in mails("logistics"))


def test_a_new_address_gets_a_new_link_and_the_old_one_dies(cast):
    signing.sent(cast)
    old = mails("client_page")[-1].token
    bob = Client.get_by_id(cast.bob.id)
    clients.change(bob, {"email": "bob@new.example"}, version=bob.version, by=cast.vera)
    assert Link.behind(CLIENT, hash_token(old), clock.now()) is None
    assert mails("client_page")[-1].to_address == "bob@new.example"
    assert alive(CLIENT, cast.bob.public_id) == 1


def test_another_phone_number_shuts_nothing(cast):
    signing.sent(cast)
    bob = Client.get_by_id(cast.bob.id)
    clients.change(bob, {"phone": "+44 20 1234"}, version=bob.version, by=cast.vera)
    assert alive(CLIENT, cast.bob.public_id) == 1
    assert len(mails("client_page")) == 1


@pytest.mark.parametrize(("address", "mailed"), [("", 1), ("ned@b.example", 2)])
def test_the_assistant_before_is_out_and_the_new_one_is_told(cast, address, mailed):
    engagement = signing.engaged(cast)
    bob = Client.get_by_id(cast.bob.id)
    bob.assistant_email = "eve@b.example"
    bob.save()
    actions.invite_assistant(replace_client(engagement, bob))
    old = mails("assistant_page")[0].token
    clients.change(bob, {"assistant_email": address}, version=bob.version, by=cast.vera)
    assert Link.behind(ASSISTANT, hash_token(old), clock.now()) is None
    assert len(mails("assistant_page")) == mailed


def replace_client(engagement: Engagement, client: Client) -> Engagement:
    engagement.client = client
    return engagement


def test_a_contact_with_another_address_is_mailed_no_old_page(cast):
    with at(23):
        agreement = signing.sent(cast)
        signing.sign_as(agreement, "client")
    remind_on(26, 9)
    assert alive(SPONSOR, cast.sam.public_id) == 1
    clients.change_contact(
        cast.sam, name="Sam Okafor", role=cast.sam.role, title="", email="sam@new.example", phone="", version=1
    )
    assert alive(SPONSOR, cast.sam.public_id) == 0


# Reminders by the clock -----------------------------------------------------------------------------------------------


def test_after_three_days_bob_gets_one_mail_for_all_that_is_open(waiting, cast):
    assert remind_on(25, 8) == []
    assert remind_on(26, 4, 45) == []  # a quarter to nine in Dubai
    (message,) = remind_on(26, 5)
    assert message.to_address == "bob@brightwater.example"
    assert "sign “Coaching agreement” and answer “About your work”" in message.text
    assert Link.behind(CLIENT, hash_token(message.token), ASKED).subject == cast.bob.public_id
    assert (message.client, message.reply_to) == (cast.bob, "vera@northbank.example")
    assert Signer.get(Signer.role_name == "client").reminders == 1
    assert Submission.get().reminders == 1
    assert "reminded" in signing.trail(waiting)


def test_once_a_day_however_often_the_clock_strikes(waiting):
    assert [len(remind_on(26, 5, minute)) for minute in (0, 15, 30, 45)] == [1, 0, 0, 0]
    assert remind_on(26, 12, 45) == []


def test_every_third_day_four_times_and_then_never(waiting):
    days = []
    for morning in (ASKED + timedelta(days=day) for day in range(40)):
        count = len(reminders())
        with clock.pretend(morning):
            actions.remind_due()
        if len(reminders()) > count:
            days.append(f"{morning:%a %d}")
    assert days == ["Thu 26", "Mon 30", "Thu 03", "Mon 07"]  # never on the Sundays, when they would have been due
    assert Signer.get(Signer.role_name == "client").reminders == MOST


def test_what_is_done_is_not_named(waiting):
    signing.sign_as(waiting, "client")
    messages = {message.to_address: message.text for message in remind_on(26, 9)}
    assert "answer “About your work”" in messages["bob@brightwater.example"]
    assert "Coaching agreement" not in messages["bob@brightwater.example"]


@pytest.mark.parametrize("state", [State.PAUSED, State.COMPLETED, State.ENDED])
def test_nobody_is_reminded_of_a_program_that_rests_or_is_over(waiting, state):
    Engagement.update(state_name=state).execute()
    assert remind_on(26, 9) == []


def test_nobody_is_reminded_of_what_was_withdrawn(waiting, cast):
    signing.actions.withdraw(waiting, reason="The price was wrong.", by=cast.vera)
    Submission.delete().execute()
    assert remind_on(26, 9) == []


def test_sam_gets_one_mail_for_all_his_coachees_with_his_page(cast):
    with at(23):
        agreement = signing.sent(cast)
        signing.sign_as(agreement, "client")
        ben = Client.create(
            name="Ben Ito", email="ben@b.example", coach=cast.alice, organisation=cast.brightwater, created_at=ASKED
        )
        other = signing.sent(replace(cast, bob=ben))
        signing.sign_as(other, "client")
    Message.delete().execute()
    (message,) = remind_on(26, 9)
    assert message.to_address == "sam@brightwater.example"
    assert "sign “Coaching agreement” (2)" in message.text
    assert "Bob" not in message.text
    assert Link.behind(SPONSOR, hash_token(message.token), ASKED).subject == cast.sam.public_id
    assert message.client == cast.bob
    assert Entry.select().where(Entry.client == ben, Entry.sentence.startswith("Reminded Sam Okafor")).count() == 1


def test_a_mail_about_clients_of_two_coaches_stands_behind_nobodys_wall(cast):
    with at(23):
        signing.sign_as(signing.sent(cast), "client")
        dan = Client.create(
            name="Dan Ito", email="dan@b.example", coach=cast.carol, organisation=cast.brightwater, created_at=ASKED
        )
        signing.sign_as(signing.sent(replace(cast, bob=dan, alice=cast.carol)), "client")
    Message.delete().execute()
    (message,) = remind_on(26, 9)
    assert message.client is None
    assert Message.visible_to(cast.vera).where(Message.id == message.id).count() == 0
    for client in (cast.bob, dan):
        assert Entry.select().where(Entry.client == client, Entry.sentence.startswith("Reminded Sam")).count() == 1


def test_a_signature_asked_at_another_address_gets_no_link_to_the_contacts_page(cast):
    with at(23):
        agreement = signing.sent(cast)
        signing.sign_as(agreement, "client")
    Contact.update(email="sam@new.example").execute()
    Message.delete().execute()
    (message,) = remind_on(26, 9)
    assert message.to_address == "sam@brightwater.example"
    link = Link.behind("sign", hash_token(message.token), ASKED)
    assert link.subject == signing.signer_of(agreement, "sponsor").public_id


def test_alice_is_led_to_the_oldest_she_has_to_sign(cast):
    with at(23):
        agreement = signing.sent(cast, sponsor=False)
        signing.sign_as(agreement, "client")
    cast.alice.zone = "America/New_York"
    cast.alice.save()
    Message.delete().execute()
    assert remind_on(26, 13, 45) == []
    (message,) = remind_on(26, 14)
    assert message.to_address == "alice@northbank.example"
    link = Link.behind("sign", hash_token(message.token), ASKED)
    assert link.subject == signing.signer_of(agreement, "coach").public_id
    Chaser.delete().execute()
    cast.alice.disabled_at = ASKED
    cast.alice.save()
    assert remind_on(30, 14) == []


def test_who_is_client_and_sponsor_at_one_address_gets_one_mail_a_day(waiting, cast):
    with at(23):
        ben = Client.create(
            name="Ben Ito", email="ben@b.example", coach=cast.alice, organisation=cast.brightwater, created_at=ASKED
        )
        Contact.update(email="bob@brightwater.example").execute()
        sam = Contact.get_by_id(cast.sam.id)
        signing.sign_as(signing.sent(replace(cast, bob=ben, sam=sam)), "client")
    Message.delete().execute()
    first, second = remind_on(26, 10), remind_on(27, 10)
    assert [message.link.kind for message in first + second] == [CLIENT, SPONSOR]


def test_the_day_is_guarded_by_the_database(waiting):
    """Without its index two workers at once would write twice."""
    remind_on(26, 5)
    Signer.update(reminded_at=ASKED).execute()
    assert remind_on(26, 6) == []
    database.execute_sql('DROP INDEX "chaser_email_on"')
    assert len(remind_on(26, 6)) == 1


def test_a_client_without_an_address_is_no_reason_to_stop(waiting):
    Client.update(email="").execute()
    assert remind_on(26, 9) == []


def test_a_reminder_shuts_no_page_but_sending_it_again_does(waiting, cast):
    with at(24):
        actions.invite(Engagement.of(cast.bob).first())
    before = alive(CLIENT, cast.bob.public_id)
    (message,) = remind_on(26, 5)
    assert alive(CLIENT, cast.bob.public_id) == before + 1
    message.state_name = Fate.SENT
    message.save()
    with at(26, 6):
        mail.resend(message, by=cast.vera)
    assert alive(CLIENT, cast.bob.public_id) == 1


# Reminders by hand ----------------------------------------------------------------------------------------------------


def test_vera_reminds_everybody_now_and_only_once_a_day(waiting, cast):
    with at(24, 20):  # in the evening: by hand is by hand
        assert actions.remind(cast.bob, by=cast.vera) == ["Bob"]
        with pytest.raises(Refused, match="reminded today already"):
            actions.remind(cast.bob, by=cast.vera)
    assert [message.by for message in reminders()] == [cast.vera]
    assert remind_on(26, 9) == []  # two days later is too soon


def test_by_hand_only_what_is_open_with_this_client_is_named(cast):
    """Vera sees Bob; what Sam has to do for Carol's client is not hers to know."""
    with at(23):
        signing.sign_as(signing.sent(cast), "client")
        dan = Client.create(
            name="Dan Ito", email="dan@b.example", coach=cast.carol, organisation=cast.brightwater, created_at=ASKED
        )
        signing.sign_as(signing.sent(replace(cast, bob=dan, alice=cast.carol)), "client")
    with at(24):
        actions.remind(cast.bob, by=cast.vera)
    (message,) = reminders()
    assert "(2)" not in message.text
    assert message.client == cast.bob


def test_when_nothing_is_open_nobody_is_reminded(cast):
    with pytest.raises(Refused, match="Nothing is open"):
        actions.remind(cast.bob, by=cast.vera)


def test_the_fifth_time_somebody_should_call(waiting, cast):
    Signer.update(reminders=MOST).execute()
    Submission.update(reminders=MOST).execute()
    with pytest.raises(Refused, match="A call may do more"):
        actions.remind(cast.bob, by=cast.vera)


def test_without_an_assistant_answers_go_to_the_owner(waiting, cast):
    Serving.delete().execute()
    (message,) = remind_on(26, 5)
    assert message.reply_to == "olive@northbank.example"


def test_who_was_reminded_when_is_forgotten_after_a_month(waiting):
    remind_on(26, 5)
    for days, kept in ((29, 1), (32, 0)):
        with clock.pretend(datetime(2026, 11, 26, 5, tzinfo=UTC) + timedelta(days=days)):
            tidying.forget_spent_rows()
        assert Chaser.select().count() == kept


def test_every_mail_of_these_pages_carries_a_link():
    assert all(KINDS[kind].has_link for kind in ("client_page", "assistant_page", "logistics", "reminder"))


# To book --------------------------------------------------------------------------------------------------------------


def test_who_is_asked_to_book_gets_one_mail_that_says_so(active, cast):
    Message.update(state_name=Fate.SENT).execute()
    request = requests.ask(active.client, cast.alice, SessionKind.KICKOFF, minutes=60, engagement=active, by=cast.vera)
    (message,) = mails("booking_request")
    assert (message.to_address, message.reply_to) == ("bob@brightwater.example", "vera@northbank.example")
    assert "please choose a time for your kickoff with Alice Kern" in message.text
    assert Link.behind(CLIENT, hash_token(message.token), clock.now()).subject == cast.bob.public_id
    assert message.about == request.public_id
    requests.ask(active.client, cast.alice, SessionKind.KICKOFF, minutes=60, engagement=active, by=cast.vera)
    assert len(mails("booking_request")) == 1


def test_while_a_mail_to_the_page_is_still_to_leave_there_is_no_second_one(active, cast):
    assert mails("client_page")[-1].state is Fate.QUEUED
    requests.ask(active.client, cast.alice, SessionKind.KICKOFF, minutes=60, engagement=active, by=cast.vera)
    assert mails("booking_request") == []


def test_without_an_address_the_desk_is_told(active, cast):
    Client.update(email="").execute()
    now = Engagement.current_of(cast.bob)
    requests.ask(now.client, cast.alice, SessionKind.KICKOFF, minutes=60, engagement=now, by=cast.vera)
    assert mails("booking_request") == []
    assert Client.get_by_id(cast.bob.id).next_step == "Find out the mail address"


@pytest.fixture
def to_book(active, cast):
    """Asked on Monday; nothing else is open."""
    with clock.pretend(ASKED):
        request = requests.ask(
            active.client, cast.alice, SessionKind.KICKOFF, minutes=60, engagement=active, by=cast.vera
        )
    Signer.update(state_name="signed").execute()
    Message.delete().execute()
    return request


def test_who_has_not_booked_is_reminded(to_book):
    (message,) = remind_on(26, 5)
    assert "book your kickoff" in message.text
    assert Request.get().reminders == 1
    assert remind_on(27, 5) == []
    assert len(remind_on(30, 5)) == 1


def test_four_times_and_no_more(to_book):
    Request.update(reminders=MOST).execute()
    assert remind_on(26, 5) == []


@pytest.mark.parametrize("state", [State.PAUSED, State.COMPLETED, State.ENDED])
def test_nobody_is_reminded_to_book_in_a_program_that_rests_or_is_over(to_book, state):
    Engagement.update(state_name=state).execute()
    assert remind_on(26, 5) == []


def test_who_told_us_that_nothing_suits_is_not_reminded(to_book):
    requests.tell_none_suits(to_book, "Away until May", side=Side.CLIENT)
    assert remind_on(26, 5) == []


def test_what_is_booked_or_withdrawn_is_not_reminded_of(to_book, cast):
    requests.withdraw(to_book, by=cast.vera)
    assert remind_on(26, 5) == []


def test_vera_reminds_of_the_kickoff_from_today(to_book, cast):
    with at(24):
        assert actions.remind(cast.bob, by=cast.vera) == ["Bobby"]


def test_when_all_have_signed_bob_gets_his_copy_and_one_mail_that_asks_him_to_book(cast):
    """Not the page once more, and not two mails: the step that opens asks, and nobody else does."""
    Availability.create(coach=cast.alice, place="https://meet.example/alice", version=0)
    signed = {"position": 1, "key": "signed", "kind_name": StepKind.AGREEMENT_SIGNED, "label": "Agreement signed"}
    kickoff = {"position": 2, "key": "kickoff", "kind_name": StepKind.KICKOFF_BOOKED, "label": "Kickoff booked"}
    both = {"waiting_on_name": "client", "target_days": 5}
    engagement = engagements.start(
        cast.bob, signing.TERMS, coach=cast.alice, starts_on=ASKED.date(), ends_on=None, payer="client", po_number="",
        participants=[], steps=[signed | both | {"needs": ""}, kickoff | both | {"needs": "signed"}], by=cast.vera,
    )  # fmt: skip
    agreement = agreements.draft(engagement, agreements.keep_template("Agreement", signing.BODY), by=cast.vera)
    agreements.send(agreement, by=cast.vera)
    run_jobs()
    Message.update(state_name=Fate.SENT).execute()
    before = {message.id for message in Message.select()}
    for role in ("client", "coach"):
        signing.sign_as(agreement, role)
    run_jobs()
    to_bob = Message.to_address == "bob@brightwater.example"
    kinds = [message.kind for message in Message.select().where(to_bob, Message.id.not_in(before))]
    assert sorted(kinds) == ["agreement_code", "agreement_copy", "booking_request"]
    assert Request.get().engagement == engagement


def test_while_nobody_has_said_where_nobody_is_asked_and_the_desk_is_told(active, cast):
    Availability.update(place="").execute()
    Message.update(state_name=Fate.SENT).execute()
    with clock.pretend(ASKED):
        requests.ask(active.client, cast.alice, SessionKind.KICKOFF, minutes=60, engagement=active, by=cast.vera)
    Signer.update(state_name="signed").execute()
    assert mails("booking_request") == []
    sentence = "The kickoff cannot be booked yet: say where Alice Kern’s sessions are"
    assert Entry.select().where(Entry.sentence == sentence).count() == 1
    assert remind_on(26, 5) == []
    Availability.update(place="https://meet.example/alice").execute()
    assert len(remind_on(26, 5)) == 1


def test_while_all_times_of_a_kickoff_lie_too_far_ahead_nobody_is_asked_and_the_desk_is_told(active, cast):
    Message.update(state_name=Fate.SENT).execute()
    Signer.update(state_name="signed").execute()
    Engagement.update(starts_on=date(2027, 6, 7)).execute()
    with clock.pretend(ASKED):
        program = Engagement.get_by_id(active.id)
        requests.ask(active.client, cast.alice, SessionKind.KICKOFF, minutes=60, engagement=program, by=cast.vera)
    assert mails("booking_request") == []
    sentence = (
        "The kickoff cannot be booked yet: Alice Kern’s times for it open on Tuesday 9 March; book it here, or wait"
    )
    assert Entry.select().where(Entry.sentence.startswith(sentence)).count() == 1
    assert remind_on(26, 5) == []
    Engagement.update(starts_on=date(2026, 12, 1)).execute()
    assert len(remind_on(26, 5)) == 1


def test_a_request_that_waits_to_be_mailed_is_called_off_once_it_is_booked(active, cast):
    Message.update(state_name=Fate.SENT).execute()
    requests.ask(active.client, cast.alice, SessionKind.KICKOFF, minutes=60, engagement=active, by=cast.vera)
    booked(active, cast, kind=SessionKind.KICKOFF)
    assert [message.state for message in mails("booking_request")] == [Fate.CANCELLED]

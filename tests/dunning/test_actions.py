"""Reminders by the clock and by hand, called off, resting; late fees: rows, letters, mail."""

from datetime import UTC, date, datetime

import pytest

from coachbase import clock, jobs, schedule
from coachbase.accounts.models import Serving
from coachbase.clients.models import Client
from coachbase.db import database
from coachbase.dunning import actions, tasks
from coachbase.dunning.models import Dun, Letter, Pause, waiting_for_us
from coachbase.dunning.rules import LetterState, Level, Why
from coachbase.errors import Refused
from coachbase.events import ask
from coachbase.invoices import actions as invoices
from coachbase.invoices.models import History, Invoice, Posting
from coachbase.invoices.rules import Entry
from coachbase.jobs import run_jobs
from coachbase.links.models import Link
from coachbase.links.rules import hash_token
from coachbase.mail import actions as mail
from coachbase.mail.models import MailServer, Message
from coachbase.mail.rules import State as Fate
from coachbase.numbers.rules import Kind
from coachbase.payers.models import Payer, Seller
from coachbase.portal.models import Chaser
from coachbase.timeline.models import Entry as Said
from tests.dunning.conftest import at, came, deliver, issued, mails_of, strike

DUE = date(2026, 11, 16)


def levels(letter: Letter) -> dict[str, str | None]:
    return {dun.invoice.number: dun.level_name for dun in letter.duns}


def pay(invoice: Invoice, cast, cents: int = 30_000) -> None:
    invoices.post(invoice, Entry.PAYMENT, cents, date(2026, 11, 18), by=cast.vera)


def now(invoice: Invoice) -> Invoice:
    return Invoice.with_payer().where(Invoice.id == invoice.id).get()


# By the clock ---------------------------------------------------------------------------------------------------------


def test_three_days_after_the_due_day_a_friendly_letter_goes_out(invoice, cast):
    assert strike(18) == []
    (letter,) = strike(19)
    (message,) = mails_of(letter)
    assert (letter.level, letter.on, letter.state) == (Level.FRIENDLY, date(2026, 11, 19), LetterState.OUT)
    assert (message.kind, message.to_address) == ("invoice_reminder_friendly", "ap@brightwater.example")
    assert (message.reply_to, message.client) == ("vera@northbank.example", cast.bob)
    assert invoice.number in message.text
    assert message.document == letter.document
    assert letter.document.content.startswith(b"%PDF")
    assert ask(invoices.RemindersAsked([invoice.id])) == {invoice.id: 1}


def test_the_levels_follow_each_other_and_then_nobody_is_reminded_any_more(invoice):
    found = [letter.level for day in range(17, 31) for letter in strike(day)]
    found += [letter.level for day in range(1, 32) for letter in strike(day, month=12)]
    assert found == list(Level)


def test_what_the_worker_missed_is_not_made_up_for_by_a_firmer_letter(invoice):
    assert [letter.level for letter in strike(21, month=12)] == [Level.FRIENDLY]
    assert strike(31, month=12) == []


@pytest.mark.parametrize("hour", [8, 17])
def test_nobody_is_reminded_outside_of_working_hours(invoice, hour):
    assert strike(19, hour) == []


def test_nobody_is_reminded_on_a_sunday(invoice):
    assert strike(22) == []


def test_working_hours_are_those_of_who_pays(cast, bobs_own):
    issued(cast, bobs_own)
    assert strike(19, 14) == []  # six in the evening in Dubai, two in the afternoon in London
    assert [len(mails_of(letter)) for letter in strike(20, 6)] == [1]


def test_a_client_who_pays_is_greeted_by_name(cast, bobs_own):
    issued(cast, bobs_own)
    (letter,) = strike(19)
    (message,) = mails_of(letter)
    assert message.to_address == cast.bob.email
    assert message.text.startswith("Hello Bob,")


def test_what_was_paid_a_minute_ago_is_not_reminded_of(invoice, cast):
    pay(invoice, cast)
    assert strike(19) == []


def test_a_part_that_is_open_is_reminded_of(invoice, cast):
    pay(invoice, cast, 10_000)
    (letter,) = strike(19)
    assert [dun.open_cents for dun in letter.duns] == [20_000]


def test_what_is_disputed_is_not_reminded_of_until_that_is_settled(invoice, cast):
    invoices.dispute(invoice, "Two sessions were not held", by=cast.vera)
    assert strike(19) == []
    invoices.settle_dispute(invoice, "They were", by=cast.vera)
    assert len(strike(19)) == 1


def test_a_credit_note_is_never_reminded_of(invoice, cast):
    with at(3):
        invoices.credit(invoice, None, reason="Wrong", by=cast.vera)
        run_jobs()
    Message.update(state_name=Fate.SENT, sent_at=clock.now()).execute()
    assert strike(30) == []


def test_who_never_got_the_invoice_is_not_reminded_and_the_assistant_is_told(cast, brightwater):
    invoice = issued(cast, brightwater, sent=False)
    came(invoice, Fate.DEAD)
    assert strike(19) == []
    with at(19):
        assert [(waits.case.invoice, waits.why) for waits in waiting_for_us(cast.vera, clock.now())] == [
            (invoice, Why.UNREACHED)
        ]
        came(invoice)  # mailed again, and it arrived
    assert strike(20) == []
    assert len(strike(23)) == 1  # the 22nd, three days later, is a Sunday


def test_who_has_looked_at_it_has_it(cast, brightwater):
    invoice = issued(cast, brightwater, sent=False)
    with at(5):
        invoices.mark_viewed(invoice)
    assert len(strike(19)) == 1


def test_a_payer_may_have_a_rhythm_of_its_own_and_the_firm_another(invoice, brightwater):
    Seller.update(rhythm="5 20 40").execute()
    assert (strike(19), len(strike(23))) == ([], 1)


def test_the_payers_rhythm_goes_before_the_firms(invoice, brightwater):
    Payer.update(rhythm="1 20 40").where(Payer.id == brightwater.id).execute()
    assert len(strike(17)) == 1


def test_several_late_ones_of_a_payer_are_one_letter_and_one_mail(cast, brightwater, invoice):
    other = issued(cast, brightwater, on=4)
    (letter,) = strike(19)
    (message,) = mails_of(letter)
    assert levels(letter) == {invoice.number: "friendly", other.number: "friendly"}
    assert f"invoices {invoice.number} and {other.number}" in message.text
    assert (message.link.kind, message.link.subject) == ("invoices", brightwater.public_id)
    assert strike(20) == []


def test_the_link_of_a_letter_about_one_invoice_leads_to_it(invoice):
    (letter,) = strike(19)
    (message,) = mails_of(letter)
    assert Link.behind("invoice", hash_token(message.token), clock.now()).subject == invoice.public_id


def test_two_payers_get_two_letters(cast, invoice, bobs_own):
    issued(cast, bobs_own)
    assert len(strike(19)) == 2


def test_several_contacts_who_pay_get_each_the_own_mail(cast, invoice, brightwater):
    Payer.update(email="").where(Payer.id == brightwater.id).execute()
    assert strike(19) == []  # nobody is known
    _pays(cast)
    (letter,) = strike(20)
    assert [message.to_address for message in mails_of(letter)] == ["sam@brightwater.example"]


def _pays(cast) -> None:
    """Sam pays for a program of Bob's, and the invoice is about it."""
    from coachbase.engagements.models import Engagement, Participant
    from coachbase.invoices.models import Line

    engagement = Engagement.create(
        client=cast.bob, coach=cast.alice, name="Leadership 6", currency="GBP", starts_on=DUE, created_at=clock.now()
    )
    Participant.create(engagement=engagement, contact=cast.sam, pays=True)
    database.execute_sql("DROP TRIGGER line_is_frozen_on_update")
    Line.update(engagement=engagement).execute()


def test_who_was_reminded_of_something_else_today_is_left_in_peace(invoice):
    with at(19):
        Chaser.create(email="AP@brightwater.example", on=date(2026, 11, 19))
    assert strike(19) == []
    assert len(strike(20)) == 1


def test_a_run_begins_so_many_and_the_next_goes_on(cast, invoice, bobs_own, monkeypatch):
    monkeypatch.setattr(actions, "BATCH", 1)
    issued(cast, bobs_own)
    assert [len(strike(19)), len(strike(19)), len(strike(19))] == [1, 1, 0]


def test_the_clocks_run_asks_no_more_for_many_than_for_few(cast, brightwater, invoice, queries):
    def asked() -> int:
        with queries() as statements, at(18):
            actions.remind_due()
        return len(statements)

    few = asked()
    for _ in range(5):
        issued(cast, brightwater)
    assert asked() == few


def test_the_history_says_that_it_was_reminded_of_and_the_clients_timeline_that_the_mail_left(invoice, cast, smtp):
    strike(19)
    assert History.select().where(History.words == "Friendly reminder to Accounts payable").count() == 1
    said = Said.select().where(Said.sentence.startswith("Friendly reminder"), Said.client == cast.bob)
    assert [entry.sentence for entry in said] == ["Friendly reminder of an invoice sent to ap@brightwater.example"]


def test_a_letter_about_several_clients_is_told_on_the_timeline_of_each(cast, brightwater, invoice):
    dan = _dan(cast)
    other = issued(cast, brightwater, client=dan)
    strike(19)
    for client, each in ((cast.bob, invoice), (dan, other)):
        said = f"Friendly reminder of Invoice {each.number} to Accounts payable"
        told = Said.select().where(Said.sentence.startswith("Friendly reminder"), Said.client == client)
        assert [entry.sentence for entry in told] == [said]


def test_one_that_is_done_with_does_not_stand_in_the_way_of_the_others(cast, brightwater, invoice):
    """It is listed, since it is open, and keeps its three."""
    for letters in (strike(19), strike(30), strike(14, month=12)):
        deliver(letters[0])
    other = issued(cast, brightwater, on=30)
    (letter,) = strike(17, month=12)
    assert levels(letter) == {invoice.number: None, other.number: "friendly"}


def test_a_last_reminder_that_came_back_goes_out_again(invoice, brightwater):
    for letters in (strike(19), strike(30)):
        deliver(letters[0])
    Letter.update(state_name=LetterState.BACK).where(Letter.id == strike(14, month=12)[0].id).execute()
    assert strike(15, month=12) == []
    Payer.update(email="billing@brightwater.example").where(Payer.id == brightwater.id).execute()
    assert [letter.level for letter in strike(16, month=12)] == [Level.SECOND]


# The mail server ------------------------------------------------------------------------------------------------------


def test_the_letter_leaves_with_its_pdf_and_is_counted_from_there(invoice, smtp):
    (letter,) = strike(19)
    (leaving,) = [message for message in smtp.messages if "reminder" in message["Subject"]]
    (attached,) = list(leaving.iter_attachments())
    assert leaving["Subject"] == "A friendly reminder from Northbank"
    assert attached.get_filename() == "Friendly reminder 2026-11-19.pdf"
    assert attached.get_content() == letter.document.content
    assert "/p/invoice/open/" in leaving.get_body(("plain",)).get_content()
    assert Letter.get_by_id(letter.id).state is LetterState.OUT


def test_the_whole_way_by_the_clock(cast, brightwater, smtp):
    """Issued and mailed; friendly on the nineteenth; the first one on the thirtieth; paid: no more."""
    invoice = issued(cast, brightwater, sent=False)
    assert [message["Subject"] for message in smtp.messages] == [f"Invoice {invoice.number} from Northbank"]
    for day in range(3, 30):
        strike(day)
    strike(30)
    assert [message["Subject"] for message in smtp.messages[1:]] == [
        "A friendly reminder from Northbank",
        "A reminder from Northbank",
    ]
    assert "19 November 2026" in smtp.messages[-1].get_body(("plain",)).get_content()
    pay(invoice, cast)
    for day in range(1, 32):
        strike(day, month=12)
    assert len(smtp.messages) == 3


def test_a_payment_while_the_reminder_waits_keeps_it_from_leaving(invoice, cast, smtp):
    smtp.data.append("451 4.3.0 try again later")
    (letter,) = strike(19)
    assert [message.state for message in mails_of(letter)] == [Fate.FAILED]
    taken = len(smtp.messages)
    with at(19, 10):
        pay(invoice, cast)
        mail.sweep()
        run_jobs()
    assert len(smtp.messages) == taken
    assert [message.state for message in mails_of(letter)] == [Fate.CANCELLED]
    assert History.select().where(History.words.startswith("A reminder was called off before it left")).count() == 1


def test_a_letter_that_came_back_is_told_and_reminds_of_nothing(invoice, cast, smtp):
    smtp.rcpt.append("550 5.1.1 no such mailbox")
    (letter,) = strike(19)
    assert Letter.get_by_id(letter.id).state is LetterState.BACK
    assert ask(invoices.RemindersAsked([invoice.id])) == {}
    assert strike(20) == []
    with at(20):
        assert [waits.why for waits in waiting_for_us(cast.vera, clock.now())] == [Why.CAME_BACK]
    assert History.select().where(History.words.contains("could not be delivered")).count() == 1


def test_after_another_address_was_entered_it_is_reminded_of_in_the_same_words(invoice, brightwater, smtp):
    smtp.rcpt.append("550 5.1.1 no such mailbox")
    strike(19)
    Payer.update(email="billing@brightwater.example").where(Payer.id == brightwater.id).execute()
    (letter,) = strike(20)
    assert (letter.level, [message.state for message in mails_of(letter)]) == (Level.FRIENDLY, [Fate.SENT])
    assert [letter.level for letter in strike(1, month=12)] == [Level.FIRST]


def test_one_that_came_back_counts_once_it_was_sent_again(invoice, cast, smtp):
    smtp.rcpt.append("550 5.1.1 no such mailbox")
    (letter,) = strike(19)
    with at(19, 10):
        mail.resend(mails_of(letter)[0], by=cast.vera)
        run_jobs()
    assert Letter.get_by_id(letter.id).state is LetterState.OUT
    assert ask(invoices.RemindersAsked([invoice.id])) == {invoice.id: 1}


def test_a_mail_that_waited_for_a_server_too_long_is_written_anew(invoice, smtp):
    port = smtp.port
    MailServer.delete().execute()
    (letter,) = strike(19)
    from tests.smtp import use

    use(port)
    with at(24):
        mail.sweep()
        run_jobs()
    assert Letter.get_by_id(letter.id).state is LetterState.OFF
    assert [letter.level for letter in strike(24, 11)] == [Level.FRIENDLY]


# Called off -----------------------------------------------------------------------------------------------------------


def test_what_waits_is_called_off_when_somebody_pays_and_reminded_of_anew_when_that_bounces(invoice, cast):
    (letter,) = strike(19)
    with at(19, 10):
        posting = invoices.post(invoice, Entry.PAYMENT, 30_000, date(2026, 11, 19), by=cast.vera)
    assert Letter.get_by_id(letter.id).state is LetterState.OFF
    assert [message.state for message in mails_of(letter)] == [Fate.CANCELLED]
    assert strike(19, 11) == []
    with at(19, 12):
        invoices.undo(posting, reason="Came back", by=cast.vera)
    assert [letter.level for letter in strike(19, 13)] == [Level.FRIENDLY]


def test_the_others_in_a_letter_that_was_called_off_are_reminded_of_the_same_day(cast, brightwater, invoice):
    other = issued(cast, brightwater)
    (letter,) = strike(19)
    with at(19, 10):
        pay(invoice, cast)
    (again,) = strike(19, 11)
    assert levels(letter) == {invoice.number: None, other.number: None}
    assert levels(again) == {other.number: "friendly"}


def test_after_a_part_was_paid_the_letter_says_what_is_open_now(invoice, cast):
    strike(19)
    with at(19, 10):
        pay(invoice, cast, 10_000)
    (again,) = strike(19, 11)
    assert [dun.open_cents for dun in again.duns] == [20_000]


def test_a_dispute_calls_off_what_waits(invoice, cast):
    (letter,) = strike(19)
    with at(19, 10):
        invoices.dispute(invoice, "Not ours", by=cast.vera)
    assert [message.state for message in mails_of(letter)] == [Fate.CANCELLED]


def test_what_has_left_counts_whoever_pays_then(invoice, cast):
    (letter,) = strike(19)
    deliver(letter)
    with at(19, 10):
        pay(invoice, cast)
    assert Letter.get_by_id(letter.id).state is LetterState.OUT
    assert ask(invoices.RemindersAsked([invoice.id])) == {invoice.id: 1}


def test_paid_before_the_letter_is_drawn_it_is_never_mailed(invoice, cast):
    with at(19):
        actions.remind_due()
        pay(invoice, cast)
        run_jobs()
    letter = Letter.get()
    assert (letter.state, mails_of(letter), letter.document) == (LetterState.OFF, [], None)


def dispute_unheard(invoice: Invoice) -> None:
    Invoice.update(disputed_at=clock.now()).where(Invoice.id == invoice.id).execute()


def pay_unheard(invoice: Invoice) -> None:
    Posting.create(invoice=invoice, entry=Entry.PAYMENT, cents=1, on=DUE, at=clock.now())


@pytest.mark.parametrize("happen", [dispute_unheard, pay_unheard])
def test_what_changed_while_it_was_drawn_keeps_it_from_being_mailed(invoice, monkeypatch, happen):
    """Nobody announced it, so only the last look can know."""
    drawing = tasks.draw

    def and_meanwhile(*args, **kwargs):
        content = drawing(*args, **kwargs)
        happen(invoice)
        return content

    monkeypatch.setattr(tasks, "draw", and_meanwhile)
    (letter,) = strike(19)
    assert (letter.state, mails_of(letter)) == (LetterState.OFF, [])


def test_a_letter_that_was_left_until_the_next_day_is_not_sent(invoice):
    with at(19):
        actions.remind_due()
    with at(20):
        run_jobs()
    assert Letter.get().state is LetterState.OFF
    assert [letter.level for letter in strike(20)] == [Level.FRIENDLY]


# The worker -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "minutes"), [("remind_due", {0, 15, 30, 45}), ("sweep", set(range(60)))])
def test_the_clock_knows_it(verb, minutes):
    schedule.set_clock()
    name = f"at.coachbase.dunning.actions.{verb}"
    (task,) = [task for task in jobs.huey._registry.periodic_tasks if task.name == name]
    assert {minute for minute in range(60) if task.validate_datetime(datetime(2026, 11, 23, 9, minute))} == minutes


def test_a_letter_nobody_drew_is_found_by_the_sweep(invoice, cast):
    with at(19):
        actions.remind_due()
        jobs.huey.storage.flush_queue()
        actions.sweep()
        run_jobs()
    assert [len(mails_of(letter)) for letter in Letter.select()] == [1]


def test_one_drawn_twice_is_mailed_once(invoice):
    with at(19):
        actions.remind_due()
        tasks.write(Letter.get().public_id)
        run_jobs()
        actions.sweep()
        run_jobs()
    assert len(mails_of(Letter.get())) == 1


def test_what_is_out_is_not_drawn_again(invoice, monkeypatch):
    (letter,) = strike(19)
    drawn = []
    monkeypatch.setattr(tasks, "draw", lambda *args, **kwargs: drawn.append(args))
    with at(20):
        tasks.write(letter.public_id)
        run_jobs()
    assert drawn == []


def test_a_worker_that_died_over_it_is_followed_by_another_and_one_mail_leaves(invoice, monkeypatch):
    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with at(19):
        actions.remind_due()
        with monkeypatch.context() as dying:
            dying.setattr(tasks, "draw", die)
            with pytest.raises(KeyboardInterrupt):
                tasks.write.call_local(Letter.get().public_id)
        actions.sweep()
        run_jobs()
        assert mails_of(Letter.get()) == []  # its time is not over yet
    with clock.pretend(datetime(2026, 11, 19, 9, 5, tzinfo=UTC)):
        actions.sweep()
        run_jobs()
    assert len(mails_of(Letter.get())) == 1


def test_a_letter_that_cannot_be_drawn_says_so_and_is_tried_again(invoice, monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError("no ink")

    with monkeypatch.context() as failing:
        failing.setattr(tasks, "draw", fail)
        (letter,) = strike(19)
    assert (letter.state, letter.problem) == (
        LetterState.PENDING,
        "The letter could not be made. The server’s log says why.",
    )
    with clock.pretend(datetime(2026, 11, 19, 9, 5, tzinfo=UTC)):
        actions.sweep()
        run_jobs()
    assert Letter.get_by_id(letter.id).state is LetterState.OUT


def test_the_database_knows_no_level_twice(invoice, brightwater):
    from peewee import IntegrityError

    (letter,) = strike(19)
    again = Letter.create(payer=brightwater, level_name="friendly", on=letter.on, at=clock.now())
    with pytest.raises(IntegrityError):
        Dun.create(invoice=invoice, letter=again, level_name="friendly", open_cents=1)


# By hand --------------------------------------------------------------------------------------------------------------


def test_by_hand_somebody_is_reminded_before_the_clock_would(invoice, cast):
    with at(17, 20):
        actions.remind(now(invoice), by=cast.vera)
        run_jobs()
        with pytest.raises(Refused, match="today already"):
            actions.remind(now(invoice), by=cast.vera)
    (letter,) = Letter.select()
    assert (letter.level, letter.by, len(mails_of(letter))) == (Level.FRIENDLY, cast.vera, 1)


@pytest.mark.parametrize("day", [10, 16])
def test_what_is_not_late_is_not_reminded_of_by_hand_either(invoice, cast, day):
    with at(day), pytest.raises(Refused, match="not late"):
        actions.remind(now(invoice), by=cast.vera)


def test_by_hand_too_one_mail_a_day_is_enough(invoice, cast):
    with at(19):
        Chaser.create(email="ap@brightwater.example", on=date(2026, 11, 19))
        with pytest.raises(Refused, match="One mail a day"):
            actions.remind(now(invoice), by=cast.vera)
    assert Letter.select().count() == 0


def test_by_hand_a_letter_names_nothing_its_writer_may_not_see(cast, brightwater, invoice):
    dan = _dan(cast)
    other = issued(cast, brightwater, client=dan)
    with at(18):
        letter = actions.remind(now(invoice), by=cast.vera)
    assert levels(letter) == {invoice.number: "friendly"}
    assert other.number not in levels(letter)


def test_a_letter_is_seen_by_who_sees_all_in_it(cast, brightwater, invoice):
    issued(cast, brightwater, client=_dan(cast))
    (letter,) = strike(19)
    assert len(levels(letter)) == 2
    seen = {name for name in ("olive", "alice", "vera", "carol") if letter in Letter.visible_to(getattr(cast, name))}
    assert seen == {"olive"}
    assert mails_of(letter)[0].client is None


def _dan(cast) -> Client:
    """Carol's client, of the same sponsor."""
    return Client.create(
        name="Dan Reyes", organisation=cast.brightwater, coach=cast.carol, search_key="dan", created_at=clock.now()
    )


# Resting, calling, handing over ---------------------------------------------------------------------------------------


def test_reminders_rest_until_a_day_and_go_on_then(invoice, cast):
    with at(18):
        actions.rest(invoice, date(2026, 11, 24), "Paid by card next week", by=cast.vera)
    assert strike(19) == strike(23) == []
    assert len(strike(24)) == 1


def test_resting_calls_off_what_waits_and_can_be_ended(invoice, cast):
    (letter,) = strike(19)
    with at(19, 10):
        actions.rest(invoice, date(2026, 12, 24), "", by=cast.vera)
        assert [message.state for message in mails_of(letter)] == [Fate.CANCELLED]
        actions.go_on(invoice, by=cast.vera)
        with pytest.raises(Refused, match="already"):
            actions.go_on(invoice, by=cast.vera)
    assert len(strike(19, 11)) == 1


def test_a_day_that_has_passed_is_no_rest(invoice, cast):
    with at(19), pytest.raises(Refused, match="day to come"):
        actions.rest(invoice, date(2026, 11, 19), "", by=cast.vera)


def test_what_nothing_is_open_of_needs_no_rest(invoice, cast):
    pay(invoice, cast)
    with at(19), pytest.raises(Refused, match="Nothing is open"):
        actions.hand_over(invoice, "For you", by=cast.vera)


def reminded_thrice() -> None:
    for letters in (strike(19), strike(30), strike(14, month=12)):
        for letter in letters:
            deliver(letter)


def test_a_week_after_the_last_reminder_somebody_is_to_call(invoice, cast):
    reminded_thrice()
    with at(20, month=12):
        assert waiting_for_us(cast.vera, clock.now()) == []
    with at(21, month=12):
        assert [waits.why for waits in waiting_for_us(cast.vera, clock.now())] == [Why.ENOUGH]
        assert waiting_for_us(cast.carol, clock.now()) == []
        actions.log_call(invoice, "They pay on Monday", date(2026, 12, 28), by=cast.vera)
        assert waiting_for_us(cast.vera, clock.now()) == []
    assert History.select().where(History.words == "Called: They pay on Monday").count() == 1
    with at(28, month=12):
        assert [waits.why for waits in waiting_for_us(cast.vera, clock.now())] == [Why.ENOUGH]


def test_what_is_handed_over_waits_for_the_owner(invoice, cast):
    with at(18):
        actions.hand_over(invoice, "They do not answer", by=cast.vera)
        assert waiting_for_us(cast.vera, clock.now()) == []
        assert [waits.why for waits in waiting_for_us(cast.olive, clock.now())] == [Why.HANDED]
    assert strike(19) == []
    assert Pause.get().by == cast.vera


# Late fees ------------------------------------------------------------------------------------------------------------


def charged(invoice: Invoice, cast, **values) -> Invoice:
    with at(30):
        return actions.charge(now(invoice), 4_000, "As agreed.", **({"another": False, "by": cast.vera} | values))


def test_a_late_fee_is_a_document_of_its_own_and_the_invoice_stays(invoice, cast):
    before = Invoice.select().where(Invoice.id == invoice.id).dicts().get()
    draft = charged(invoice, cast)
    with at(30):
        fee = invoices.issue(draft, version=1, by=cast.vera)
        run_jobs()
    assert (fee.kind, fee.number, fee.corrects, fee.currency) == (Kind.FEE, "LF-2026-0001", invoice, "GBP")
    assert (fee.net_cents, fee.tax_cents, fee.total_cents) == (4_000, 0, 4_000)
    assert Invoice.select().where(Invoice.id == invoice.id).dicts().get() == before
    assert Invoice.get_by_id(fee.id).document is not None


def test_there_is_one_late_fee_unless_somebody_says_otherwise(invoice, cast):
    draft = charged(invoice, cast)
    with pytest.raises(Refused, match="already"):
        charged(invoice, cast)
    assert charged(invoice, cast, another=True)
    invoices.discard(draft, version=1, by=cast.vera)
    with pytest.raises(Refused, match="already"):
        charged(invoice, cast)


def test_a_discarded_late_fee_leaves_room_for_another(invoice, cast):
    invoices.discard(charged(invoice, cast), version=1, by=cast.vera)
    assert charged(invoice, cast)


def test_a_late_fee_is_reminded_of_too(invoice, cast):
    draft = charged(invoice, cast)
    with at(30):
        fee = invoices.issue(draft, version=1, by=cast.vera)
        run_jobs()
        came(fee)
    pay(invoice, cast)
    (letter,) = strike(17, month=12)
    assert levels(letter) == {fee.number: "friendly"}


def test_a_fee_is_behind_the_wall_of_its_invoice(cast, brightwater):
    with at(2):
        from coachbase.invoices.actions import NewLine
        from coachbase.payers.models import TaxRate

        lines = [
            NewLine("Coaching", 25_000, rate=TaxRate.get(), client=client, coach=client.coach, supplied_to=DUE)
            for client in (cast.bob, _dan(cast))
        ]
        draft = invoices.draft(brightwater, lines, currency="GBP", by=cast.olive)
        invoice = invoices.issue(draft, version=1, by=cast.olive)
    fee = charged(invoice, cast, by=cast.olive)
    assert fee in Invoice.visible_to(cast.olive)
    assert Serving.select().where(Serving.assistant == cast.vera).count() == 1
    assert fee not in Invoice.visible_to(cast.vera)
    assert fee not in Invoice.visible_to(cast.carol)

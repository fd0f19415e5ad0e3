"""Set up, sent, marked, cancelled, released; what follows from a program, a mail, a session."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase import clock
from coachbase.assessments import actions
from coachbase.assessments.models import ACCESS, Assessment, Report, foresee_access
from coachbase.assessments.rules import Facts, Source, State, Todo
from coachbase.availability.rules import SessionKind
from coachbase.clients.models import Client
from coachbase.clients.rules import Party, fold
from coachbase.credentials.models import Credential
from coachbase.credentials.rules import Code
from coachbase.credentials.rules import State as CodeState
from coachbase.db import transaction
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement, Step
from coachbase.engagements.rules import State as Program
from coachbase.engagements.rules import StepKind, StepState
from coachbase.errors import Refused, Stale
from coachbase.files import actions as files
from coachbase.files.models import Document
from coachbase.files.rules import Audience
from coachbase.instruments import actions as instruments
from coachbase.instruments.models import Battery, BatteryItem
from coachbase.instruments.rules import Anchor, Item, Unit
from coachbase.jobs import run_jobs
from coachbase.mail.models import Message
from coachbase.mail.rules import State as Fate
from coachbase.portal import actions as portal
from coachbase.portal.models import open_things
from coachbase.sessions import actions as sessions
from coachbase.sessions.models import CoachingSession
from coachbase.sessions.rules import State as Held
from coachbase.timeline.models import Entry
from tests.programs.conftest import begin, choose, leadership  # noqa: F401 (fixtures)

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""Noon in Dubai, where Bob is."""
FILED = Facts(True, True, True, True, may_open=True)


def mails() -> list[Message]:
    return list(Message.select().where(Message.kind == ACCESS).order_by(Message.id))


def step_of(engagement: Engagement) -> Step:
    return Step.get(Step.engagement == engagement, Step.kind_name == StepKind.ASSESSMENT_ACCESS)


# Sending --------------------------------------------------------------------------------------------------------------


def test_access_takes_a_code_mails_it_sealed_and_passes_the_ball(cast, disc, stock, set_up, send, now):
    stock(disc, "K7QP-22XM-9")
    row = set_up(disc)
    assert send(row) == 1
    [mail] = mails()
    code = Credential.get()
    assert (now(row).credential_id, code.state, code.client) == (code.id, CodeState.GIVEN, cast.bob)
    assert (now(row).state, now(row).waiting_on) == (State.ACCESS_SENT, Party.CLIENT)
    assert (mail.to_address, mail.token, mail.about) == (cast.bob.email, "K7QP-22XM-9", row.public_id)
    assert "[code]" in mail.text_shown
    assert "catalyst.everythingdisc.com" in mail.text_shown
    assert "K7QP" not in mail.text + mail.html + mail.subject + "".join(entry.sentence for entry in Entry.select())


def test_the_mail_that_leaves_holds_the_own_code_and_the_row_forgets_it(smtp, cast, hogan, stock, set_up, send):
    stock(hogan, "<sesame>&co", login="BF812345")
    send(set_up(hogan))
    run_jobs()
    [letter] = smtp.messages
    text = letter.get_body(("plain",)).get_content()
    html = letter.get_body(("html",)).get_content()
    assert "User ID: BF812345\nPassword: <sesame>&co" in text.replace("\r", "")
    assert "User ID: BF812345<br>Password: &lt;sesame&gt;&amp;co" in html
    assert "The Hogan Personality Inventory takes about 20 minutes." in text
    assert mails()[0].token is None


def test_a_personal_link_can_be_clicked_in_the_mail(smtp, cast, eqi, stock, set_up, send):
    stock(eqi, "https://tap.mhs.com/i/8f2c1?a=1&b=2")
    send(set_up(eqi))
    run_jobs()
    html = smtp.messages[0].get_body(("html",)).get_content()
    assert 'href="https://tap.mhs.com/i/8f2c1?a=1&amp;b=2"' in html


def test_what_a_server_repeats_of_a_password_is_blotted_out(smtp, cast, hogan, stock, set_up, send):
    stock(hogan, "opensesame77", login="BF812345")
    smtp.data.append("550 looks like spam: opensesame77 for BF812345")
    send(set_up(hogan))
    run_jobs()
    assert mails()[0].answer == "550 looks like spam: [personal link] for [personal link]"


def test_all_are_sent_or_none_and_why(cast, disc, stock, set_up, send, now):
    stock(disc, "K1", "K2")
    rows = [set_up(disc) for _ in range(3)]
    with pytest.raises(Refused, match="No code for Everything DiSC"):
        send(*rows)
    assert {now(row).state for row in rows} == {State.SET_UP}
    assert not mails()
    assert Credential.select().where(Credential.state_name == CodeState.GIVEN).count() == 0
    assert send(*rows[:2]) == 2
    assert sorted(mail.token for mail in mails()) == ["K1", "K2"]


def test_a_dry_run_says_what_the_act_will_do(cast, disc, eqi, stock, set_up):
    stock(disc, "K1")
    stock(eqi, "https://tap.mhs.com/i/1", expires_on=clock.now().date() + timedelta(days=1))
    held = set_up(eqi, due=clock.now().date() + timedelta(days=5))
    actions.give_code(held, by=cast.vera)
    ids = [held.id, set_up(disc).id, set_up(disc).id]
    foreseen = foresee_access(Assessment.with_access().where(Assessment.id.in_(ids)), clock.now().date())
    assert [each.source for each in foreseen] == [Source.HELD, Source.STOCK, Source.NONE]
    assert [bool(each.refusal) for each in foreseen] == [False, False, True]
    assert foreseen[0].notes == ("What is held for it expires before it is due.",)
    assert "K1" not in foreseen[1].text
    assert "[code]" in foreseen[1].text


def test_what_changed_since_it_was_looked_at_is_not_sent(cast, disc, stock, set_up):
    stock(disc, "K1")
    row = set_up(disc)
    actions.change_due(row, date(2026, 12, 20), version=row.version, by=cast.vera)
    with pytest.raises(Refused, match="changed meanwhile"):
        actions.send({row.id: row.version}, by=cast.vera)
    assert not mails()


def test_without_an_address_nothing_is_sent_and_no_code_taken(cast, disc, stock, set_up, send):
    stock(disc, "K1")
    Client.update(email="").where(Client.id == cast.bob.id).execute()
    with pytest.raises(Refused, match="No mail address"):
        send(set_up(disc))
    assert Credential.get().state is CodeState.STOCK
    assert not mails()


def test_who_has_answered_is_sent_nothing(cast, disc, stock, set_up, send):
    stock(disc, "K1")
    row = set_up(disc)
    actions.mark(row, State.COMPLETED, facts=FILED, by=cast.vera)
    with pytest.raises(Refused, match="answered already"):
        send(row)
    assert not mails()


def test_sent_again_it_goes_to_the_new_address_with_the_same_code(cast, disc, stock, set_up, send, now):
    stock(disc, "K1", "K2")
    row = set_up(disc)
    send(row)
    Client.update(email="bob@new.example").where(Client.id == cast.bob.id).execute()
    send(row)
    first, second = mails()
    assert (first.state, second.to_address, second.token) == (Fate.CANCELLED, "bob@new.example", "K1")
    assert now(row).state is State.ACCESS_SENT


def test_an_expired_code_is_replaced_when_access_is_sent_again(cast, disc, stock, set_up, send, now):
    stock(disc, "K1", expires_on=clock.now().date())
    stock(disc, "K2")
    row = set_up(disc)
    send(row)
    with clock.pretend(clock.now() + timedelta(days=2)):
        send(row)
    assert [mail.token for mail in mails()] == [None, "K2"]
    assert Credential.get_by_id(now(row).credential_id).secret == "K2"


def test_a_typed_code_is_held_and_never_taken_twice(cast, disc, set_up, send, now):
    row, other = set_up(disc), set_up(disc)
    actions.hand_in(row, Code("TYPED-1"), version=row.version, by=cast.vera)
    with pytest.raises(Refused, match="given out already"):
        actions.hand_in(other, Code("TYPED-1"), version=other.version, by=cast.vera)
    send(row)
    assert mails()[0].token == "TYPED-1"


def test_what_was_held_and_never_told_comes_back_when_another_is_typed(cast, disc, stock, set_up, now):
    stock(disc, "K1")
    row = set_up(disc)
    actions.give_code(row, by=cast.vera)
    actions.hand_in(row, Code("TYPED-1"), version=now(row).version, by=cast.vera)
    assert Credential.get(Credential.state_name == CodeState.RETURNED).secret == "K1"
    assert Credential.get_by_id(now(row).credential_id).secret == "TYPED-1"


def test_fifty_who_send_at_once_share_forty_codes_and_ten_are_told(cast, disc, stock, set_up):
    stock(disc, *(f"K{number}" for number in range(40)))
    rows = [set_up(disc, client=_client(cast, number)) for number in range(50)]
    refused, sent, ready = [], [], threading.Barrier(50)

    def run(row: Assessment) -> None:
        ready.wait()
        try:
            sent.append(actions.send({row.id: row.version}, by=cast.vera))
        except Refused as refusal:
            refused.append(str(refusal))

    threads = [threading.Thread(target=run, args=(row,)) for row in rows]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert (len(sent), len(refused)) == (40, 10)
    assert all("No code for Everything DiSC is left" in said for said in refused)
    assert len({mail.token for mail in mails()}) == 40


def _client(cast, number: int) -> Client:
    return Client.create(
        name=f"Client {number}", email=f"c{number}@brightwater.example", coach=cast.alice, created_at=clock.now(),
        search_key=fold(f"Client {number}"),
    )  # fmt: skip


def test_a_mail_that_did_not_leave_gives_the_ball_back(smtp, cast, disc, stock, set_up, send, now):
    stock(disc, "K1")
    smtp.rcpt.append("550 no such mailbox")
    row = set_up(disc)
    send(row)
    run_jobs()
    assert mails()[0].state is Fate.DEAD
    assert (now(row).state, now(row).waiting_on) == (State.ACCESS_SENT, Party.US)


# How far it is --------------------------------------------------------------------------------------------------------


def test_going_back_keeps_the_days_before_and_forgets_those_after(cast, disc, set_up, now):
    with clock.pretend(MONDAY):
        row = set_up(disc)
    for hours, state in enumerate((State.ACCESS_SENT, State.IN_PROGRESS, State.COMPLETED), start=1):
        with clock.pretend(MONDAY + timedelta(hours=hours)):
            actions.mark(row, state, facts=FILED, by=cast.vera)
    actions.mark(row, State.ACCESS_SENT, facts=FILED, by=cast.vera)
    row = now(row)
    assert (row.created_at, row.invited_at) == (MONDAY, MONDAY + timedelta(hours=1))
    assert (row.started_at, row.completed_at) == (None, None)


def test_a_stale_mark_changes_nothing(cast, disc, set_up, now):
    row = set_up(disc)
    actions.mark(row, State.ACCESS_SENT, facts=FILED, by=cast.vera)
    with pytest.raises(Stale):
        actions.mark(row, State.COMPLETED, facts=FILED, version=row.version, by=cast.alice)
    assert now(row).state is State.ACCESS_SENT


def test_what_is_done_is_mailed_about_no_more(cast, disc, stock, set_up, send):
    stock(disc, "K1")
    row = set_up(disc)
    send(row)
    actions.mark(row, State.COMPLETED, facts=FILED, by=cast.vera)
    assert mails()[0].state is Fate.CANCELLED


def test_a_release_opens_the_client_part_and_going_back_shuts_it(cast, eqi, set_up, now):
    row = set_up(eqi)
    part, other = (_report(cast, row, part) for part in ("client", "coach"))
    actions.mark(row, State.RELEASED, facts=FILED, by=cast.alice)
    assert Document.get_by_id(part.id).audience is Audience.CLIENT
    assert Document.get_by_id(other.id).audience is Audience.COACH
    actions.mark(row, State.DEBRIEFED, facts=FILED, by=cast.alice)
    assert Document.get_by_id(part.id).audience is Audience.TEAM


def _report(cast, row: Assessment, part: str) -> Document:
    audience = Audience.COACH if part == "coach" else Audience.TEAM
    document = files.store(b"%PDF-1.7", f"{part}.pdf", client=cast.bob, audience=audience, by=cast.vera)
    Report.create(assessment=row, document=document, part_name=part)
    return document


def test_a_cancelled_assessment_gives_back_what_nobody_was_told(cast, disc, stock, set_up, now):
    stock(disc, "K1")
    row = set_up(disc)
    actions.give_code(row, by=cast.vera)
    actions.cancel(row, reason="He knows it already", by=cast.vera)
    assert (now(row).state, now(row).credential_id) == (State.CANCELLED, None)
    assert Credential.get().state is CodeState.RETURNED


def test_a_code_the_client_knows_is_not_given_to_another(smtp, cast, disc, stock, set_up, send, now):
    stock(disc, "K1")
    row = set_up(disc)
    send(row)
    run_jobs()
    actions.cancel(row, reason="Not needed", by=cast.vera)
    assert Credential.get().state is CodeState.GIVEN
    assert now(row).credential_id


def test_a_mail_that_never_left_told_nobody(cast, disc, stock, set_up, send):
    stock(disc, "K1")
    row = set_up(disc)
    send(row)
    actions.cancel(row, reason="Not needed", by=cast.vera)
    assert (mails()[0].state, Credential.get().state) == (Fate.CANCELLED, CodeState.RETURNED)


def test_what_was_answered_cannot_be_cancelled(cast, disc, set_up):
    row = set_up(disc)
    actions.mark(row, State.COMPLETED, facts=FILED, by=cast.vera)
    with pytest.raises(Refused, match="answered already"):
        actions.cancel(row, reason="x", by=cast.vera)


# A program ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def program(begin) -> Engagement:  # noqa: F811
    """Leadership 6 with its battery: HPI, HDS and EQ-i, two weeks before the kickoff."""
    return begin(starts_on=date(2026, 12, 21))


def agreed(program: Engagement) -> Engagement:
    Engagement.update(state_name=Program.ACTIVE).where(Engagement.id == program.id).execute()
    return Engagement.get_by_id(program.id)


def test_a_program_sets_its_battery_up_due_relative_to_the_kickoff(program):
    rows = list(Assessment.of_program(program))
    assert [row.label for row in rows] == ["Hogan HPI", "Hogan HDS", "EQ-i 2.0"]
    assert {row.due_on for row in rows} == {date(2026, 12, 7)}
    assert {row.send_on for row in rows} == {date(2026, 11, 26)}


def test_a_battery_applied_twice_is_applied_once(cast, program):
    assert actions.apply_battery(program, program.battery, by=cast.vera) == []


def test_days_follow_the_kickoff_but_for_those_chosen_by_hand(cast, program, now):
    first, second, third = Assessment.of_program(program)
    actions.change_due(first, date(2026, 12, 1), version=first.version, by=cast.vera)
    actions.mark(third, State.COMPLETED, facts=FILED, by=cast.vera)
    engagements.book_kickoff(program, date(2026, 12, 28), by=cast.vera)
    assert [now(row).due_on for row in (first, second, third)] == [
        date(2026, 12, 1), date(2026, 12, 14), date(2026, 12, 7),
    ]  # fmt: skip
    assert now(second).send_on == date(2026, 12, 3)


def test_the_step_is_done_once_the_mail_server_took_all_that_is_due_by_the_kickoff(
    smtp, cast, program, hogan, eqi, stock, send
):
    later = instruments.make_battery("Later")
    instruments.add_item(later, eqi, Item(Anchor.START, 9, Unit.MONTHS))
    actions.apply_battery(program, later, by=cast.vera)
    first, second, third, again = Assessment.of_program(program)
    for row in (first, second):
        actions.hand_in(row, Code("sesame", f"BF{row.id}"), version=row.version, by=cast.vera)
    actions.hand_in(third, Code("https://tap.mhs.com/i/1"), version=third.version, by=cast.vera)
    send(first, second)
    run_jobs()
    assert step_of(program).state is not StepState.DONE
    send(third)
    assert step_of(program).state is not StepState.DONE, "the mail is only queued"
    run_jobs()
    assert (again.label, again.state) == ("EQ-i 2.0, round 2", State.SET_UP)
    assert step_of(program).state is StepState.DONE


def test_access_given_by_other_ways_ticks_the_step_as_well(cast, program):
    for row in Assessment.of_program(program):
        assert step_of(program).state is not StepState.DONE
        actions.mark(row, State.ACCESS_SENT, facts=FILED, by=cast.vera)
    assert step_of(program).state is StepState.DONE


def test_a_battery_for_later_does_not_hold_the_onboarding_up(cast, leadership, begin, eqi):  # noqa: F811
    battery = Battery.get()
    BatteryItem.delete().where(BatteryItem.battery == battery).execute()
    instruments.add_item(battery, eqi, Item(Anchor.START, 9, Unit.MONTHS))
    program = begin()
    assert Assessment.of_program(program).count() == 1
    assert step_of(program).state is StepState.DONE


def test_the_end_of_a_program_cancels_what_was_only_set_up(smtp, cast, program, disc, stock, send, now):
    out, waiting, first = list(Assessment.of_program(program))
    actions.hand_in(out, Code("sesame", "BF1"), version=out.version, by=cast.vera)
    send(out)
    run_jobs()
    actions.hand_in(waiting, Code("sesame", "BF2"), version=waiting.version, by=cast.vera)
    send(waiting)
    engagements.end_early(program, reason="Left the company", by=cast.vera)
    assert [now(row).state for row in (out, waiting, first)] == [State.ACCESS_SENT, State.CANCELLED, State.CANCELLED]
    assert [mail.state for mail in mails()] == [Fate.SENT, Fate.CANCELLED]


def test_a_debrief_that_was_held_counts_until_it_is_taken_back(cast, eqi, set_up, now):
    row, other = set_up(eqi), set_up(eqi)
    actions.mark(row, State.PACKAGED, facts=FILED, by=None)
    actions.mark(other, State.COMPLETED, facts=FILED, by=None)
    begins = clock.now().replace(microsecond=0) - timedelta(hours=2)
    session = CoachingSession.create(
        uid="debrief@northbank.example", coach=cast.alice, client=cast.bob, kind_name=SessionKind.DEBRIEF,
        starts_at=begins, ends_at=begins + timedelta(hours=1), zone="Europe/London", via="staff",
        created_at=begins - timedelta(days=1),
    )  # fmt: skip
    sessions.mark(session, Held.HELD, by=cast.alice)
    assert (now(row).state, now(row).debriefed_at, now(other).state) == (State.DEBRIEFED, begins, State.COMPLETED)
    sessions.mark(session, Held.BOOKED, by=cast.alice)
    assert now(row).state is State.PACKAGED


@pytest.mark.parametrize(("state", "word"), [(Program.PAUSED, "paused"), (Program.ENDED, "over")])
def test_nothing_is_sent_in_a_program_that_rests_or_is_over(cast, program, stock, hogan, send, state, word):
    stock(hogan, "sesame", login="BF1")
    Engagement.update(state_name=state).execute()
    with pytest.raises(Refused, match=word):
        send(Assessment.of_program(program).first())
    assert not mails()


# Reminders ------------------------------------------------------------------------------------------------------------


def at(day: int, hour: int = 8, month: int = 11):
    return clock.pretend(datetime(2026, month, day, hour, tzinfo=UTC))


def reminded_on(day: int, hour: int = 8, month: int = 11) -> list[Message]:
    before = Message.select().count()
    with at(day, hour, month):
        portal.remind_due()
    return (
        list(Message.select().where(Message.kind == "reminder").order_by(Message.id))[-1:]
        if (Message.select().count() > before)
        else []
    )


@pytest.fixture
def asked(cast, disc, stock, set_up, send):
    """Bob was sent access on Monday the 23rd, noon in Dubai; rhythm 3, 7, 10."""
    stock(disc, "K1")
    with clock.pretend(MONDAY):
        row = set_up(disc)
        send(row)
    return row


def test_reminders_follow_the_rhythm_in_the_clients_working_hours(asked, now):
    assert not reminded_on(25)
    assert not reminded_on(26, 4), "eight in the morning in Dubai"
    [mail] = reminded_on(26)
    assert "complete “Everything DiSC”" in mail.text
    assert "K1" not in mail.text
    assert not reminded_on(27)
    assert reminded_on(30)
    assert reminded_on(3, month=12)
    assert not reminded_on(10, month=12)
    assert now(asked).reminders == 3


def test_nobody_is_reminded_of_what_is_done_cancelled_or_expired(cast, asked, now):
    actions.mark(asked, State.COMPLETED, facts=FILED, by=cast.vera)
    assert not reminded_on(26)
    actions.mark(asked, State.ACCESS_SENT, facts=FILED, by=cast.vera)
    Credential.update(expires_on=date(2026, 11, 25)).execute()
    assert not reminded_on(26)
    Credential.update(expires_on=date(2026, 11, 26)).execute()
    assert reminded_on(26), "the last day is still a day"
    actions.cancel(asked, reason="No", by=cast.vera)
    assert not reminded_on(30)


@pytest.mark.parametrize(("state", "count"), [(Program.ACTIVE, 1), (Program.PAUSED, 0), (Program.ENDED, 0)])
def test_nobody_is_reminded_in_a_program_that_rests_or_is_over(cast, program, state, count):
    row = Assessment.of_program(program).first()
    actions.mark(row, State.ACCESS_SENT, facts=FILED, by=cast.vera)
    Engagement.update(state_name=state).execute()
    things = [thing for thing in open_things(cast.bob) if thing.about == row]
    assert len(things) == count


# Today ----------------------------------------------------------------------------------------------------------------


def test_today_lists_what_waits_for_each(cast, disc, eqi, stock, set_up, send):
    today = clock.now().date()
    stock(disc, "K1", expires_on=today + timedelta(days=5))
    set_up(disc, due=today + timedelta(days=60))
    to_send, expiring = set_up(disc, due=today + timedelta(days=5)), set_up(disc)
    send(expiring)
    slow, fetch, pack, release = (set_up(eqi, due=today + timedelta(days=5)) for _ in range(4))
    actions.mark(slow, State.ACCESS_SENT, facts=FILED, by=None)
    actions.mark(fetch, State.COMPLETED, facts=FILED, by=None, at=clock.now() - timedelta(days=5))
    actions.mark(pack, State.REPORT_IN, facts=FILED, by=None)
    actions.mark(release, State.DEBRIEFED, facts=FILED, by=None)
    found = {row.id: todo for row, todo in Assessment.to_do(cast.olive, (Party.US, Party.COACH), today, 50)}
    assert found == {
        to_send.id: Todo.SEND, expiring.id: Todo.EXPIRING, slow.id: Todo.AT_RISK, fetch.id: Todo.FETCH,
        pack.id: Todo.PACKAGE, release.id: Todo.RELEASE,
    }  # fmt: skip
    assert [todo for _, todo in Assessment.to_do(cast.alice, (Party.COACH,), today, 50)] == [Todo.RELEASE]
    assert Assessment.to_do(cast.carol, (Party.US, Party.COACH), today, 50) == []


def test_the_condition_of_today_loses_nothing_the_rule_would_list(cast, disc, eqi, stock, set_up, now):
    """Days around each edge: what the rule names, the query finds."""
    today, rows = clock.now().date(), []
    with transaction():
        for due in range(-3, 30, 3):
            for since in (0, 3, 9, 12, 80, 90):
                for state in (State.SET_UP, State.ACCESS_SENT, State.COMPLETED):
                    row = set_up(eqi, due=today + timedelta(days=due))
                    if state is not State.SET_UP:
                        at = clock.now() - timedelta(days=since)
                        actions.mark(row, state, facts=FILED, by=None, at=at)
                    rows.append(row)
    wanted = {row.id for row in rows if now(row).todo(today)}
    found = {row.id for row, _ in Assessment.to_do(cast.olive, (Party.US, Party.COACH), today, 1000)}
    assert found == wanted
    assert 0 < len(found) < len(rows)


def test_nothing_is_sent_by_today_before_the_agreement_is_signed(cast, program):
    today = date(2026, 11, 30)
    assert Assessment.to_do(cast.vera, (Party.US,), today, 50) == []
    agreed(program)
    assert len(Assessment.to_do(cast.vera, (Party.US,), today, 50)) == 3

"""What happens to raters: rows, mails, codes, the assessment they answer for."""

import threading
from datetime import date, timedelta

import pytest

from coachbase import clock
from coachbase.assessments import actions as assessments
from coachbase.assessments.models import Assessment
from coachbase.assessments.rules import NOTHING_FILED
from coachbase.assessments.rules import State as AssessmentState
from coachbase.clients.rules import Party
from coachbase.credentials import actions as credentials
from coachbase.credentials.models import Credential
from coachbase.credentials.rules import Code
from coachbase.credentials.rules import State as CodeState
from coachbase.db import database
from coachbase.errors import Refused, Stale
from coachbase.mail.models import Message
from coachbase.mail.rules import State as MailState
from coachbase.portal import actions as portal
from coachbase.portal.models import Chaser, open_things
from coachbase.raters import actions
from coachbase.raters.models import Rater, RaterAsk, nominated, what_is_missing
from coachbase.raters.rules import Person, State
from coachbase.timeline.models import Entry
from tests.raters.conftest import DAY, MANAGER, MONDAY, PEERS

NOON = MONDAY + timedelta(hours=7)
"""Monday, ten in the morning in New York, seven in the evening in Dubai."""


def mails(kind: str) -> list[Message]:
    return list(Message.select().where(Message.kind == kind).order_by(Message.id))


def anew(rater: Rater) -> Rater:
    return Rater.get_by_id(rater.id)


def sent(*raters: Rater) -> None:
    """The mail server took the mails to them."""
    about = [rater.public_id for rater in raters]
    Message.update(state_name=MailState.SENT).where(Message.about.in_(about)).execute()


def finish(assessment: Assessment, to: AssessmentState, by) -> None:
    assessments.mark(assessment, to, facts=NOTHING_FILED, by=by)


# The list -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "said"),
    [
        (Person("Pia again", "PIA.ONE@peers.example", "Peers"), "on the list already, among Peers"),
        (Person("Bob", "bob@brightwater.example", "Peers"), "who is coached"),
        (Person("Alice", "alice@northbank.example", "Others"), "of the coach"),
        (Person("Second", "second@brightwater.example", "Manager"), "at most 1 can be asked"),
    ],
)
def test_who_may_not_be_asked_is_refused_and_nobody_is_added(cast, assessment, listed, person, said):
    fine = Person("Otto", "otto@others.example", "Others")
    with pytest.raises(Refused, match=said):
        actions.add(assessment, [fine, person], by=cast.vera)
    assert Rater.select().count() == 4


def test_nobody_is_added_once_it_is_closed_or_where_the_client_alone_is_asked(cast, assessment, eq360):
    finish(assessment, AssessmentState.COMPLETED, cast.vera)
    with pytest.raises(Refused, match="closed"):
        actions.add(assessment, PEERS, by=cast.vera)
    eq360.needs_raters = False
    eq360.save()
    with pytest.raises(Refused, match="asks the client alone"):
        actions.add(assessment, PEERS, by=cast.vera)


def test_a_stale_change_changes_nothing(cast, listed):
    actions.change(listed[0], MANAGER._replace(name="Max M."), version=1, by=cast.vera)
    with pytest.raises(Stale):
        actions.change(listed[0], MANAGER._replace(name="Moritz"), version=1, by=cast.vera)
    assert anew(listed[0]).name == "Max M."


def test_another_address_is_to_be_sent_access_again_and_the_code_stays_theirs(cast, invited):
    rater = invited[1]
    actions.change(rater, PEERS[0]._replace(email="new@peers.example"), version=rater.version, by=cast.vera)
    assert anew(rater).state is State.APPROVED
    assert anew(rater).credential_id == rater.credential_id
    assert [mail.state for mail in mails("rater_access") if mail.about == rater.public_id] == [MailState.CANCELLED]
    actions.send_access({rater.id: anew(rater).version}, {}, by=cast.vera)
    assert mails("rater_access")[-1].to_address == "new@peers.example"
    assert anew(rater).credential_id == rater.credential_id


# Access ---------------------------------------------------------------------------------------------------------------


def test_each_is_mailed_the_own_code_which_stands_nowhere_else(cast, listed, stock):
    codes = stock(4)
    actions.send_access({rater.id: rater.version for rater in listed}, {}, by=cast.vera)
    letters = mails("rater_access")
    assert sorted(letter.token for letter in letters) == codes
    assert {letter.to_address for letter in letters} == {rater.email for rater in listed}
    for letter in letters:
        assert "about Bob Haddad" in letter.text
        assert "It takes ten minutes." in letter.text
        assert "[code]" in letter.text_shown
        assert not any(code in letter.text + letter.html + letter.subject for code in codes)
    said = " ".join(entry.sentence for entry in Entry.select())
    assert "Access for 4 raters of Brief 360 is on its way" in said
    assert not any(code in said for code in codes)
    assert not any(rater.name in said or rater.email in said for rater in listed)


def test_where_the_stock_is_too_small_nobody_is_sent_anything(cast, listed, stock):
    stock(3)
    with pytest.raises(Refused, match="No code for Brief 360 is left"):
        actions.send_access({rater.id: rater.version for rater in listed}, {}, by=cast.vera)
    assert not mails("rater_access")
    assert Credential.select().where(Credential.state_name == CodeState.STOCK).count() == 3
    assert {rater.state for rater in Rater.select()} == {State.APPROVED}


def test_a_code_can_be_typed_instead(cast, listed):
    typed = {listed[0].id: Code("zqtyped")}
    actions.send_access({listed[0].id: listed[0].version}, typed, by=cast.vera)
    assert mails("rater_access")[0].token == "zqtyped"


def test_what_was_changed_since_it_was_looked_at_is_not_sent(cast, listed, stock):
    stock(4)
    actions.change(listed[0], MANAGER._replace(name="Max M."), version=1, by=cast.vera)
    with pytest.raises(Refused, match="changed since you looked"):
        actions.send_access({rater.id: 1 for rater in listed}, {}, by=cast.vera)
    assert not mails("rater_access")


def test_two_desks_that_send_at_once_give_no_code_twice(cast, listed, stock):
    stock(8)
    refusals, start = [], threading.Barrier(2)

    def press() -> None:
        start.wait()
        try:
            actions.send_access({rater.id: rater.version for rater in listed}, {}, by=cast.vera)
        except Refused as refusal:
            refusals.append(str(refusal))
        finally:
            database.close()

    desks = [threading.Thread(target=press) for _ in range(2)]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join()
    assert len(refusals) == 1
    assert len(mails("rater_access")) == 4
    assert len({rater.credential_id for rater in Rater.select()}) == 4


@pytest.mark.parametrize(("state", "said"), [("paused", "paused"), ("ended", "over")])
def test_nobody_is_sent_access_while_the_program_does_not_run(cast, program, listed, stock, state, said):
    stock(4)
    program.state_name = state
    program.save()
    with pytest.raises(Refused, match=said):
        actions.send_access({listed[0].id: 1}, {}, by=cast.vera)


def test_who_is_withdrawn_before_the_mail_left_gives_the_code_back(cast, invited):
    rater, code = invited[0], invited[0].credential
    actions.withdraw(rater, is_unused=False, by=cast.vera)
    assert Credential.get_by_id(code.id).state is CodeState.RETURNED
    assert anew(rater).state is State.WITHDRAWN
    assert mails("rater_access")[0].state is MailState.CANCELLED


@pytest.mark.parametrize(("is_unused", "state"), [(False, CodeState.GIVEN), (True, CodeState.RETURNED)])
def test_a_code_that_was_mailed_goes_back_only_when_somebody_says_it_was_not_used(cast, invited, is_unused, state):
    sent(invited[0])
    actions.withdraw(invited[0], is_unused=is_unused, by=cast.vera)
    assert Credential.get_by_id(invited[0].credential_id).state is state


def test_who_has_answered_is_not_withdrawn(cast, invited):
    actions.mark(invited[:1], State.COMPLETED, by=cast.vera)
    with pytest.raises(Refused, match="cannot become"):
        actions.withdraw(invited[0], is_unused=True, by=cast.vera)


def test_a_code_that_came_back_by_itself_leaves_its_rater_to_be_sent_another(cast, invited):
    credentials.end(invited[0].credential, CodeState.RETURNED, by=cast.vera)
    assert anew(invited[0]).credential_id is None
    assert anew(invited[0]).state is State.APPROVED


def test_a_cancelled_assessment_sends_nothing_more_and_takes_unsent_codes_back(cast, assessment, invited):
    sent(invited[0])
    assessments.cancel(assessment, reason="", by=cast.vera)
    states = [Credential.get_by_id(rater.credential_id).state for rater in invited]
    assert states == [CodeState.GIVEN, *[CodeState.RETURNED] * 3]
    assert [mail.state for mail in mails("rater_access")] == [MailState.SENT, *[MailState.CANCELLED] * 3]


# Chasing --------------------------------------------------------------------------------------------------------------


def chase(moment) -> list[str]:
    """Who is reminded at this moment."""
    before = len(mails("rater_reminder"))
    with clock.pretend(moment):
        portal.chase_raters()
    return [mail.to_address for mail in mails("rater_reminder")[before:]]


def test_who_is_silent_is_chased_on_the_rhythm_in_their_own_working_hours_at_most_four_times(invited):
    peers = {person.email for person in PEERS}
    assert chase(MONDAY + 2 * DAY) == []
    thursday = MONDAY + 3 * DAY  # noon in Dubai, where Bob is; three at night in New York
    assert set(chase(thursday)) == peers
    assert chase(thursday + timedelta(hours=1)) == []
    assert chase(thursday + timedelta(hours=7)) == ["max@brightwater.example"]
    got = [chase(MONDAY + day * DAY + timedelta(hours=hour)) for day in range(4, 40) for hour in (0, 7)]
    flat = [address for addresses in got for address in addresses]
    assert {address: flat.count(address) for address in flat} == dict.fromkeys(peers | {MANAGER.email}, 3)
    assert {rater.reminders for rater in Rater.select()} == {4}


def test_what_was_missed_is_not_made_up_for_day_by_day(invited):
    late = MONDAY + 14 * DAY
    assert len(chase(late)) == 3
    assert chase(late + DAY) == []
    assert chase(late + 2 * DAY) == []
    assert len(chase(late + 3 * DAY)) == 3


def test_a_reminder_carries_the_same_way_in(invited):
    chase(MONDAY + 3 * DAY)
    assert {mail.token for mail in mails("rater_reminder")} < {mail.token for mail in mails("rater_access")}


def test_nobody_who_has_answered_or_was_withdrawn_is_chased(cast, invited):
    actions.mark(invited[1:2], State.COMPLETED, by=cast.vera)
    actions.withdraw(invited[2], is_unused=False, by=cast.vera)
    assert chase(MONDAY + 3 * DAY) == [invited[3].email]


@pytest.mark.parametrize("state", ["paused", "completed", "ended"])
def test_nobody_is_chased_for_a_program_that_does_not_run(program, invited, state):
    program.state_name = state
    program.save()
    assert chase(MONDAY + 3 * DAY) == []


def test_nobody_is_chased_once_it_is_closed_and_what_waits_is_not_sent(cast, assessment, invited):
    chase(MONDAY + 3 * DAY)
    actions.close(assessment, is_sure=True, by=cast.vera)
    assert {mail.state for mail in mails("rater_reminder")} == {MailState.CANCELLED}
    assert chase(MONDAY + 7 * DAY) == []


def test_one_mail_a_person_and_day_whoever_reminds(invited):
    Chaser.create(email=PEERS[0].email.upper(), on=date(2026, 11, 26))
    assert PEERS[0].email not in chase(MONDAY + 3 * DAY)
    assert PEERS[0].email in chase(MONDAY + 4 * DAY)


def test_whose_mail_came_back_is_not_written_to_again(invited):
    Message.update(state_name=MailState.DEAD).where(Message.about == invited[1].public_id).execute()
    assert invited[1].email not in chase(MONDAY + 3 * DAY)


def test_whose_code_has_expired_is_not_reminded_of_it(invited):
    Credential.update(expires_on=date(2026, 11, 25)).where(Credential.id == invited[1].credential_id).execute()
    assert invited[1].email not in chase(MONDAY + 3 * DAY)


def test_the_desk_reminds_all_who_are_silent_once_a_day(cast, assessment, invited):
    actions.mark(invited[1:2], State.COMPLETED, by=cast.vera)
    assert portal.remind_raters(assessment, by=cast.alice) == 3
    with pytest.raises(Refused, match="today already"):
        portal.remind_raters(assessment, by=cast.alice)
    actions.mark(invited, State.COMPLETED, by=cast.vera)
    with pytest.raises(Refused, match="Nobody is to be reminded"):
        portal.remind_raters(assessment, by=cast.alice)


# Who has answered -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", [State.STARTED, State.COMPLETED])
def test_somebody_has_begun_so_the_assessment_is_in_progress(cast, assessment, invited, to):
    actions.mark(invited[:1], to, by=cast.vera)
    assert Assessment.get_by_id(assessment.id).state is AssessmentState.IN_PROGRESS


def test_being_invited_begins_nothing(cast, assessment, invited):
    assert Assessment.get_by_id(assessment.id).state is AssessmentState.SET_UP


def test_a_slip_is_put_right(cast, invited):
    actions.mark(invited[:1], State.COMPLETED, by=cast.vera)
    actions.mark(invited[:1], State.INVITED, by=cast.vera)
    assert anew(invited[0]).completed_at is None


def test_it_can_be_closed_once_the_client_and_the_least_of_each_group_have_answered(cast, assessment, invited):
    actions.mark(invited, State.COMPLETED, by=cast.vera)
    assert what_is_missing(Assessment.get_by_id(assessment.id)) == "Bob Haddad"
    with pytest.raises(Refused, match="Not all have answered yet: Bob Haddad"):
        actions.close(assessment, is_sure=False, by=cast.vera)
    actions.note_client(assessment, by=cast.vera)
    row = Assessment.get_by_id(assessment.id)
    assert (row.state, row.waiting_on) == (AssessmentState.IN_PROGRESS, Party.RATERS)
    actions.close(assessment, is_sure=False, by=cast.vera)
    assert Assessment.get_by_id(assessment.id).state is AssessmentState.COMPLETED


def test_progress_is_counted_for_many_at_once(cast, assessment, invited, queries, eq360):
    actions.mark(invited[1:3], State.COMPLETED, by=cast.vera)
    other = assessments.set_up(cast.bob, eq360, by=cast.vera)
    with queries() as asked:
        found = Rater.progress_of([assessment.id, other.id])
    assert len(asked) == 1
    assert [tuple(each) for each in found[assessment.id]] == [
        ("Manager", 0, 1, 1),
        ("Peers", 2, 3, 3),
        ("Others", 0, 0, 0),
    ]
    assert [(each.done, each.asked) for each in found[other.id]] == [(0, 0)] * 3


# Named and approved ---------------------------------------------------------------------------------------------------


def test_the_coachee_is_mailed_a_link_and_what_is_named_waits_for_a_yes(cast, assessment):
    ask = actions.ask_to_name(assessment, by=cast.vera)
    letter = mails("nomination_request")[0]
    assert (letter.to_address, letter.link.kind, letter.link.subject) == (cast.bob.email, "nominate", ask.public_id)
    actions.name(ask, [MANAGER, *PEERS], is_all=True)
    assert {(rater.state, rater.by_id, rater.is_named) for rater in Rater.select()} == {(State.NOMINATED, None, True)}
    assert mails("nomination_request")[0].state is MailState.CANCELLED
    assert actions.decide(nominated(assessment)[:3], is_yes=True, by=cast.vera) == 3
    assert actions.decide(nominated(assessment), is_yes=False, by=cast.alice) == 1
    assert [rater.state for rater in Rater.of(assessment)] == [*[State.APPROVED] * 3, State.DECLINED]


def test_what_is_named_is_saved_bit_by_bit_and_handed_in_only_when_it_is_enough(cast, assessment):
    ask = actions.ask_to_name(assessment, by=cast.vera)
    actions.name(ask, PEERS[:1], is_all=False)
    actions.name(ask, PEERS[1:3], is_all=False)
    assert {rater.email for rater in Rater.select()} == {person.email for person in PEERS[1:3]}
    with pytest.raises(Refused, match="Manager: 0 of at least 1"):
        actions.name(ask, PEERS, is_all=True)
    with pytest.raises(Refused, match="stands there twice"):
        actions.name(ask, [MANAGER, PEERS[0], PEERS[0]], is_all=False)
    actions.name(ask, [MANAGER, *PEERS], is_all=True)
    with pytest.raises(Refused, match="this is done"):
        actions.name(ask, PEERS, is_all=True)


def test_naming_changes_nothing_of_who_stood_on_the_list_before(cast, assessment, invited):
    ask = actions.ask_to_name(assessment, by=cast.vera)
    actions.name(ask, [MANAGER._replace(name="Maxi"), *PEERS], is_all=False)
    manager = Rater.of(assessment).first()
    assert (manager.name, manager.state, manager.is_named) == ("Max Mustermann", State.INVITED, True)
    actions.name(ask, [], is_all=False)
    assert [rater.is_named for rater in Rater.of(assessment)] == [False] * 4


def test_a_sponsor_contact_says_yes_or_no_to_the_names_that_were_shown(cast, assessment):
    actions.name(actions.ask_to_name(assessment, by=cast.vera), [MANAGER, *PEERS[:2]], is_all=False)
    ask = actions.ask_to_approve(assessment, cast.sam, by=cast.vera)
    assert mails("approval_request")[0].to_address == cast.sam.email
    max_, first, _second = nominated(assessment)
    actions.answer(ask, [max_.public_id], [max_.public_id, first.public_id])
    assert [rater.state for rater in Rater.of(assessment)] == [State.APPROVED, State.DECLINED, State.NOMINATED]
    assert anew(max_).approved_by_contact == cast.sam
    with pytest.raises(Refused, match="this is done"):
        actions.answer(ask, [], [])


def test_a_sponsor_is_asked_no_more_once_the_desk_has_decided(cast, assessment):
    actions.name(actions.ask_to_name(assessment, by=cast.vera), [MANAGER, *PEERS], is_all=True)
    ask = actions.ask_to_approve(assessment, cast.sam, by=cast.vera)
    actions.decide(nominated(assessment)[:1], is_yes=True, by=cast.vera)
    assert RaterAsk.get_by_id(ask.id).is_open
    actions.decide(nominated(assessment), is_yes=True, by=cast.vera)
    assert not RaterAsk.get_by_id(ask.id).is_open
    assert mails("approval_request")[0].state is MailState.CANCELLED
    assert open_things(cast.bob) == []


def test_only_who_signs_or_reads_in_the_program_is_asked_to_approve(cast, assessment, program):
    actions.name(actions.ask_to_name(assessment, by=cast.vera), [MANAGER], is_all=False)
    program.participants.get().delete_instance()
    with pytest.raises(Refused, match="neither signs nor reads"):
        actions.ask_to_approve(assessment, cast.sam, by=cast.vera)


def test_who_is_asked_to_name_or_approve_is_reminded_like_of_anything_else(cast, assessment):
    ask = actions.ask_to_name(assessment, by=cast.vera)
    assert [thing.words for thing in open_things(cast.bob)] == ["say who may be asked for “Brief 360”"]
    actions.name(ask, [MANAGER], is_all=False)
    actions.ask_to_approve(assessment, cast.sam, by=cast.vera)
    readers = {thing.reader.email: thing.reader.page[0] for thing in open_things(cast.bob)}
    assert readers == {cast.bob.email: "client", cast.sam.email: "approve"}
    with clock.pretend(MONDAY + 3 * DAY + timedelta(hours=2)):
        portal.remind_due()
    assert {mail.to_address for mail in mails("reminder")} == {cast.bob.email, cast.sam.email}
    assert {row.reminders for row in RaterAsk.select()} == {1}
    finish(assessment, AssessmentState.COMPLETED, cast.vera)
    assert open_things(cast.bob) == []

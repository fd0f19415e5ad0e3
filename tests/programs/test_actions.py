"""Programs in the settings, and what starting one creates, mails and leaves alone: rows, timeline, outbox."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.agreements import actions as agreements
from coachbase.agreements.models import Agreement, AgreementTemplate, Signer
from coachbase.agreements.rules import State as AgreementState
from coachbase.clients import actions as clients
from coachbase.clients.models import Client
from coachbase.clients.rules import Party
from coachbase.db import database
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement, Participant, Step
from coachbase.engagements.rules import StepKind, StepState, Summaries
from coachbase.errors import Refused, Stale
from coachbase.firm.models import Firm
from coachbase.instruments import actions as instruments
from coachbase.instruments.models import Instrument
from coachbase.instruments.rules import Anchor, Item, Unit
from coachbase.intake import actions as intake
from coachbase.intake.models import Form, Question, Submission
from coachbase.jobs import run_jobs
from coachbase.mail.models import Message
from coachbase.programs import actions
from coachbase.programs.models import Outlook, ProgramTemplate, TemplateStep, lacking_of
from coachbase.timeline.models import Entry
from tests.agreements.signing import latest, sign_as
from tests.safety.digest import digest


def columns(template: ProgramTemplate, **changes):
    return template.terms() | {"payer_name": template.payer_name} | changes


def kinds(template):
    return [step.kind for step in TemplateStep.of(template)]


def step_of(template, kind):
    return TemplateStep.get(TemplateStep.template == template, TemplateStep.kind_name == kind)


def know(client, **values):
    clients.change(client, values, version=Client.get_by_id(client.id).version, by=None)


def mails():
    return Counter((row.kind, row.to_address) for row in Message.select())


def outlook(client, template, chosen):
    return Outlook(client, template, chosen, firm=Firm.current(), now=clock.now())


# What ships ----------------------------------------------------------------------------------------------------------


def test_a_firm_begins_with_three_programs_an_agreement_and_a_questionnaire(cast):
    shipped = {one.name: one for one in ProgramTemplate.offered()}
    assert list(shipped) == ["Executive year", "Leadership 3", "Leadership 6"]
    assert {(one.months, one.sessions, one.payer) for one in shipped.values()} == {
        (3, 6, "client"), (6, 12, "sponsor"), (12, 12, "sponsor"),
    }  # fmt: skip
    for one in shipped.values():
        assert one.currency == "GBP"
        assert one.agreement_to_sign.name == "Coaching agreement"
        assert one.questionnaire_to_ask.title == "Before we begin"
        assert set(kinds(one)) >= {StepKind.AGREEMENT_SIGNED, StepKind.KICKOFF_BOOKED, StepKind.LOGISTICS_SENT}
    assert StepKind.THREE_WAY_AGREED not in kinds(shipped["Leadership 3"])


def test_what_ships_can_be_sent_at_once_to_a_client_of_whom_little_is_known(cast, leadership, alone, choose):
    lone = clients.add({"name": "Ines Marchetti", "email": "ines@halden.example", "coach": cast.alice}, how="by hand")
    assert outlook(lone, alone, choose(payer="client", signers=(), meets=(), reads=(), pays=())).is_sent
    assert outlook(cast.bob, leadership, choose()).is_sent


# Templates -----------------------------------------------------------------------------------------------------------


def test_a_new_program_gets_the_steps_its_parts_call_for(leadership):
    bare = columns(leadership, name="Sprint", assessments="", battery_id=None, three_ways="", logistics="")
    assert kinds(actions.add(bare)) == [StepKind.FILE_SET_UP, StepKind.KICKOFF_BOOKED]
    assert kinds(actions.add(bare | {"agreement": leadership.agreement}))[:2] == [
        StepKind.AGREEMENT_SENT, StepKind.AGREEMENT_SIGNED,
    ]  # fmt: skip


def test_a_stale_change_of_a_program_changes_nothing(leadership):
    actions.change(leadership, {"sessions": 10}, version=1)
    with pytest.raises(Stale):
        actions.change(leadership, {"sessions": 8}, version=1)
    assert ProgramTemplate.get_by_id(leadership.id).sessions == 10


def test_a_program_keeps_what_its_steps_stand_on(leadership):
    for gone in ({"agreement": None}, {"questionnaire": None}, {"three_ways": ""}, {"logistics": " "}):
        with pytest.raises(Refused, match="Take the step out first"):
            actions.change(leadership, gone, version=1)
    assert ProgramTemplate.get_by_id(leadership.id).version == 1
    actions.take_out(step_of(leadership, StepKind.LOGISTICS_SENT))
    actions.change(leadership, {"logistics": ""}, version=1)


def test_a_copy_has_the_same_terms_and_steps_and_is_its_own(leadership):
    copy = actions.duplicate(leadership)
    assert copy.name == "Leadership 6 (copy)"
    assert copy.terms() | {"name": ""} == leadership.terms() | {"name": ""}
    assert [step.terms() for step in TemplateStep.of(copy)] == [step.terms() for step in TemplateStep.of(leadership)]
    actions.take_out(step_of(copy, StepKind.KICKOFF_BOOKED))
    assert StepKind.KICKOFF_BOOKED in kinds(leadership)


def test_a_removed_program_is_not_offered_until_it_is_back(leadership, begin):
    actions.remove(leadership)
    assert leadership not in ProgramTemplate.offered()
    with pytest.raises(Refused, match="removed"):
        begin()
    actions.restore(leadership)
    assert leadership in ProgramTemplate.offered()


def test_steps_are_added_moved_taken_out_and_put_back(alone):
    own = actions.add_step(
        alone, StepKind.OWN, label="Send the welcome book", waiting_on=Party.US, target_days=2, needs=["agreement_sent"]
    )
    before = kinds(alone)
    assert before[-1] is StepKind.OWN
    actions.shift_step(own, -1)
    assert kinds(alone)[-2] is StepKind.OWN
    place = actions.take_out(TemplateStep.get_by_id(own.id))
    assert StepKind.OWN not in kinds(alone)
    assert [step.position for step in TemplateStep.of(alone)] == list(range(1, len(before)))
    actions.put_back(own, place)
    assert kinds(alone)[-2] is StepKind.OWN
    actions.put_back(own, 1)
    assert kinds(alone)[-2] is StepKind.OWN


def test_a_kind_stands_in_a_program_once_also_when_one_was_taken_out(alone):
    with pytest.raises(Refused, match="already"):
        actions.add_step(alone, StepKind.KICKOFF_BOOKED, waiting_on=Party.CLIENT, target_days=5)
    gone = step_of(alone, StepKind.KICKOFF_BOOKED)
    actions.take_out(gone)
    actions.add_step(alone, StepKind.KICKOFF_BOOKED, waiting_on=Party.CLIENT, target_days=5)
    assert kinds(alone).count(StepKind.KICKOFF_BOOKED) == 1
    assert TemplateStep.get_or_none(TemplateStep.id == gone.id) is None


def test_steps_that_would_wait_for_each_other_are_refused(alone):
    sent = step_of(alone, StepKind.AGREEMENT_SENT)
    with pytest.raises(Refused, match="circle"):
        actions.change_step(sent, waiting_on=Party.US, target_days=1, needs=["agreement_signed"], version=1)
    assert TemplateStep.get_by_id(sent.id).needs == ""


def test_a_stale_change_of_a_step_changes_nothing(alone):
    sent = step_of(alone, StepKind.AGREEMENT_SENT)
    actions.change_step(sent, waiting_on=Party.US, target_days=4, needs=[], version=1)
    with pytest.raises(Stale):
        actions.change_step(sent, waiting_on=Party.US, target_days=9, needs=[], version=1)
    assert TemplateStep.get_by_id(sent.id).target_days == 4


# Starting ------------------------------------------------------------------------------------------------------------


def test_a_start_copies_terms_steps_and_people(cast, leadership, begin):
    engagement = Engagement.get_by_id(begin().id)
    assert engagement.terms() == leadership.terms()
    assert (engagement.starts_on, engagement.ends_on) == (date(2026, 12, 7), date(2027, 6, 6))
    assert (engagement.client, engagement.coach, engagement.payer, engagement.po_number) == (
        cast.bob, cast.alice, "sponsor", "PO-1",
    )  # fmt: skip
    assert [step.terms() for step in Step.of(engagement)] == [step.terms() for step in TemplateStep.of(leadership)]
    person = Participant.of(engagement).get()
    assert (person.contact, person.signs, person.meets, person.reads, person.pays) == (cast.sam, *[True] * 4)
    assert Entry.select().where(Entry.sentence.contains("Leadership 6")).exists()


def test_price_and_end_are_those_chosen(begin):
    engagement = begin(price_cents=100_00, ends_on=date(2027, 3, 1))
    assert (engagement.price_cents, engagement.ends_on) == (100_00, date(2027, 3, 1))


def test_a_start_sends_the_agreement_and_asks_the_questionnaire(cast, begin):
    engagement = begin()
    assert Agreement.get(Agreement.engagement == engagement).state is AgreementState.FREEZING
    assert [one.form_version.form.title for one in Submission.asked_of(cast.bob)] == ["Before we begin"]
    assert mails() == {}  # the page is mailed when there is something to sign on it
    run_jobs()
    assert mails() == {("client_page", "bob@brightwater.example"): 1}


def test_an_agreement_that_is_not_to_be_sent_stays_a_draft_and_the_questionnaire_goes_out(begin):
    engagement = begin(send_now=False)
    run_jobs()
    assert Agreement.get(Agreement.engagement == engagement).state is AgreementState.DRAFT
    assert mails() == {("client_page", "bob@brightwater.example"): 1}


def test_an_agreement_that_lacks_a_field_stays_a_draft_and_says_which(cast, leadership, choose, begin):
    paper = AgreementTemplate.get()
    agreements.change_template(paper, name="Contract", body="{{client_name}}, {{client_address}}", version=1)
    leadership = ProgramTemplate.with_documents().where(ProgramTemplate.id == leadership.id).get()
    foreseen = outlook(cast.bob, leadership, choose())
    assert [(lack.label, lack.href, lack.is_asked) for lack in foreseen.holds_back] == [
        ("the client’s postal address", f"/clients/{cast.bob.public_id}/edit", True)
    ]
    assert not foreseen.is_sent
    engagement = begin()
    assert Agreement.get(Agreement.engagement == engagement).state is AgreementState.DRAFT
    assert {one.document: len(one.lacks) for one in lacking_of(engagement, today=date(2026, 11, 22))} == {
        "Contract": 1, "Mails": 0, "Invoice": 1,
    }  # fmt: skip


def test_a_client_without_an_address_is_started_and_nothing_is_mailed(cast, leadership, choose, begin):
    know(cast.bob, email="")
    assert [lack.label for lack in outlook(cast.bob, leadership, choose()).holds_back] == ["the address of Bob Haddad"]
    engagement = begin()
    run_jobs()
    assert Agreement.get(Agreement.engagement == engagement).state is AgreementState.DRAFT
    assert mails() == {}


def test_a_signer_without_an_address_keeps_the_agreement_back(cast, leadership, choose):
    cast.sam.email = ""
    cast.sam.save()
    foreseen = outlook(cast.bob, leadership, choose(signers=(cast.sam,)))
    assert [lack.label for lack in foreseen.holds_back] == ["the address of Sam Okafor"]


def test_the_clients_own_assistant_gets_the_page_of_dates(cast, begin):
    know(cast.bob, assistant_email="eva@brightwater.example")
    begin()
    assert ("assistant_page", "eva@brightwater.example") in mails()


def test_without_a_sponsor_there_is_nobody_to_meet_write_to_or_share_with(cast, begin):
    engagement = begin(payer="client", signers=(), meets=(), reads=(), pays=())
    assert (engagement.three_ways, engagement.summaries, engagement.shares) == ("", Summaries.NONE, "")
    assert StepKind.THREE_WAY_AGREED not in [step.kind for step in Step.of(engagement)]


def test_steps_whose_document_is_gone_are_dropped_and_nothing_waits_for_them(leadership, begin):
    agreements.remove_template(leadership.agreement)
    intake.close(leadership.questionnaire)
    engagement = begin()
    steps = {step.key: step for step in Step.of(engagement)}
    assert not {key for key in steps if key.startswith(("agreement", "questionnaire"))}
    assert steps["kickoff_booked"].needs == ""
    assert not Agreement.select().exists()
    assert not Submission.select().exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [({"coach": None}, "coach"), ({"ends_on": date(2026, 12, 6)}, "before it starts")],
)
def test_what_cannot_begin_is_refused_with_a_sentence(begin, change, says):
    before = digest()
    with pytest.raises(Refused, match=says):
        begin(**change)
    assert digest() == before


def test_a_sponsor_cannot_pay_where_there_is_none(cast, begin):
    lone = clients.add({"name": "Ines Marchetti", "coach": cast.alice}, how="by hand")
    with pytest.raises(Refused, match="no sponsor"):
        begin(client=lone, signers=(), meets=(), reads=(), pays=())


def test_a_client_without_a_coach_gets_the_one_that_is_chosen(cast, alone, begin):
    lone = clients.add({"name": "Ines Marchetti", "email": "ines@halden.example"}, how="by hand")
    begin(template=alone, client=lone, payer="client", signers=(), meets=(), reads=(), pays=())
    assert Client.get_by_id(lone.id).coach == cast.alice


def test_a_second_start_while_the_first_is_open_leaves_everything_as_it_is(begin):
    begin()
    before = digest()
    with pytest.raises(Refused, match="onboarded already"):
        begin()
    assert digest() == before


def test_a_refusal_in_the_middle_leaves_nothing(cast, begin):
    """No font draws this name; sending finds out after engagement, steps, questionnaire and draft were made."""
    User.update(name="爱丽丝").where(User.id == cast.alice.id).execute()
    before = digest()
    with pytest.raises(Refused, match="爱"):
        begin(coach=User.get_by_id(cast.alice.id))
    assert digest() == before
    begin(coach=User.get_by_id(cast.alice.id), send_now=False)


def test_a_template_changed_later_never_changes_what_runs(leadership, begin):
    engagement = begin()
    rows = [step.terms() for step in Step.of(engagement)]
    terms = Engagement.get_by_id(engagement.id).terms()
    body = latest(Agreement.get(Agreement.engagement == engagement)).body
    actions.change(
        leadership,
        columns(leadership, name="Other", sessions=1, price_cents=1, shares="", logistics="Elsewhere", months=12),
        version=1,
    )
    for step in list(TemplateStep.of(leadership)):
        actions.change_step(step, waiting_on=Party.COACH, target_days=99, needs=[], version=1)
    actions.take_out(step_of(leadership, StepKind.FILE_SET_UP))
    actions.add_step(leadership, StepKind.OWN, label="New", waiting_on=Party.US, target_days=1)
    agreements.change_template(AgreementTemplate.get(), name="Other", body="Nothing like it.", version=1)
    actions.remove(leadership)
    assert [step.terms() for step in Step.of(engagement)] == rows
    assert Engagement.get_by_id(engagement.id).terms() == terms
    assert latest(Agreement.get(Agreement.engagement == engagement)).body == body
    ProgramTemplate.delete_by_id(leadership.id)
    assert Engagement.get_by_id(engagement.id).terms() == terms


WHAT = {
    "The link to the own page": "client_page",
    "A page with the dates only": "assistant_page",
    "Request to sign": "agreement_request",
    "Code to sign with": "agreement_code",
    "The signed agreement": "agreement_copy",
    "The questionnaire was answered": "intake_notice",
    "The logistics": "logistics",
}


def answer_all(submission: Submission) -> None:
    kept = {}
    for question in Question.of(submission.form_version):
        if question.required or question.fills == "legal_name":
            kept[question] = "Asia/Dubai" if question.fills == "zone" else "Robert Haddad"
    intake.keep(submission, kept, {})
    intake.submit(submission, source="203.0.113.7")


def test_every_mail_that_was_foreseen_leaves_and_no_other(cast, leadership, choose, begin):
    know(cast.bob, assistant_email="eva@brightwater.example")
    foreseen = outlook(cast.bob, leadership, choose()).letters
    engagement = begin()
    run_jobs()
    agreement = Agreement.get(Agreement.engagement == engagement)
    for signer in list(Signer.of(agreement)):
        sign_as(agreement, signer.role_name)
    run_jobs()
    answer_all(Submission.asked_of(cast.bob).get())
    kickoff = Step.get(Step.engagement == engagement, Step.kind_name == StepKind.KICKOFF_BOOKED)
    engagements.tick(kickoff, reason="Agreed by phone", by=cast.vera, kickoff_on=date(2026, 12, 8))
    assert mails() == Counter((WHAT[letter.what.partition(":")[0]], letter.to.address) for letter in foreseen)
    assert Step.get(Step.engagement == engagement, Step.key == "agreement_signed").state is StepState.DONE


def test_foreseeing_changes_nothing(cast, leadership, choose):
    before = digest()
    foreseen = outlook(cast.bob, leadership, choose())
    assert foreseen.letters
    assert foreseen.dates
    assert foreseen.steps
    assert foreseen.lacking
    assert digest() == before
    assert not database.in_transaction()


def test_what_the_open_questionnaire_asks_is_no_longer_lacking_once_answered(cast, leadership, begin):
    engagement = begin(payer="client")
    found = {one.document: one.lacks for one in lacking_of(engagement, today=date(2026, 11, 22))}
    assert [(lack.label, lack.is_asked) for lack in found["Invoice"]] == [
        ("the client’s legal name", True), ("the client’s postal address", True),
    ]  # fmt: skip
    answer_all(Submission.asked_of(cast.bob).get())
    engagement = Engagement.current_of(Client.get_by_id(cast.bob.id))
    assert not any(one.lacks for one in lacking_of(engagement, today=date(2026, 11, 22)))
    assert Form.select().where(Form.title == "Before we begin").exists()


# The battery ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def strengths(cast):
    """A battery of one instrument, twice."""
    battery = instruments.make_battery("Strengths")
    gallup = Instrument.get(Instrument.name == "CliftonStrengths")
    for months in (0, 9):
        instruments.add_item(battery, gallup, Item(Anchor.START, months, Unit.MONTHS))
    return battery


def test_a_battery_says_which_assessments_there_are_where_nobody_else_does(leadership, strengths):
    named = actions.add(columns(leadership, name="Sprint", assessments="", battery_id=None) | {"battery": strengths})
    assert named.assessments == "CliftonStrengths, twice"
    worded = actions.add(columns(leadership, name="Dash", battery_id=None) | {"battery": strengths})
    assert worded.assessments == leadership.assessments


def test_a_program_begins_with_its_own_battery_and_its_own_words(begin, leadership):
    engagement = begin()
    assert engagement.battery == leadership.battery
    assert engagement.assessments == leadership.assessments


def test_another_battery_may_be_chosen_for_one_client_and_changes_the_words(begin, strengths):
    engagement = begin(has_own_battery=True, battery=strengths)
    assert engagement.battery == strengths
    assert engagement.assessments == "CliftonStrengths, twice"


def test_who_is_to_have_no_assessments_has_none_in_the_agreement_and_no_step_for_them(begin):
    engagement = begin(has_own_battery=True, battery=None)
    assert engagement.battery is None
    assert engagement.assessments == ""
    assert StepKind.ASSESSMENT_ACCESS not in {step.kind for step in Step.of(engagement)}


def test_a_battery_that_was_removed_is_not_begun_with(begin, leadership):
    instruments.remove_battery(leadership.battery)
    assert begin().battery is None


def test_what_starting_brings_names_the_days_of_the_battery(cast, leadership, choose):
    outlook = Outlook(cast.bob, leadership, choose(), firm=Firm.current(), now=clock.now())
    days = {each.what: each.on for each in outlook.dates}
    assert days["Hogan HPI completed"] == date(2026, 11, 23)
    assert days["EQ-i 2.0 completed"] == date(2026, 11, 23)


def test_what_starting_brings_warns_of_instruments_there_is_no_time_for(cast, leadership, choose, time_machine):
    due = date(2026, 11, 23)
    for days, hurried in ((11, []), (10, ["Hogan HPI", "Hogan HDS", "EQ-i 2.0"])):
        time_machine.move_to(datetime.combine(due - timedelta(days=days), time(9), UTC))
        outlook = Outlook(cast.bob, leadership, choose(), firm=Firm.current(), now=clock.now())
        assert outlook.too_soon == hurried

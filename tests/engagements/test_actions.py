"""What steps do to each other, the ball, the figures, the timeline and the state; and what is refused."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from peewee import IntegrityError

from coachbase import clock
from coachbase.agreements.models import Agreement
from coachbase.agreements.rules import State as AgreementState
from coachbase.boards.models import Board, Card
from coachbase.clients import actions as clients
from coachbase.clients.models import Client, Contact
from coachbase.clients.rules import Party, Status
from coachbase.db import database
from coachbase.engagements import actions
from coachbase.engagements.models import Engagement, Participant, Step
from coachbase.engagements.rules import State, StepKind, StepState
from coachbase.errors import Refused, Stale
from coachbase.events import _listeners
from coachbase.timeline.models import Entry
from tests.engagements.conftest import STEPS, TERMS

KICKOFF = date(2026, 12, 3)


def now(engagement):
    return Engagement.get_by_id(engagement.id)


def bob(cast):
    return Client.get_by_id(cast.bob.id)


def ball(cast):
    client = bob(cast)
    return client.waiting_on, client.next_step


def states(engagement):
    return {step.key: step.state_name for step in Step.of(engagement)}


def sentences(cast):
    return [entry.sentence for entry in Entry.select().where(Entry.client == cast.bob).order_by(Entry.id)]


@pytest.fixture
def heard(app):
    """Every announcement of this room, in order."""
    told = []
    kinds = (actions.StepsChanged, actions.StepOpened, actions.StateChanged)
    before = {kind: list(_listeners[kind]) for kind in kinds}
    for kind in kinds:
        _listeners[kind].append(told.append)
    yield told
    for kind in kinds:
        _listeners[kind][:] = before[kind]


def walk(engagement, step, by, *keys):
    """Let steps happen, the kickoff by hand."""
    for key in keys:
        if key == "kickoff":
            actions.tick(step(engagement, key), reason="phoned", by=by, kickoff_on=KICKOFF)
        else:
            actions.happened(engagement, step(engagement, key).kind)


ALL = ("sent", "signed", "asked", "answered", "kickoff")


# Starting -------------------------------------------------------------------------------------------------------------


def test_a_start_copies_terms_people_and_steps(cast, start):
    engagement = now(start(participants=[{"contact": cast.sam, "signs": True}]))
    assert engagement.terms() == TERMS
    assert (engagement.state, engagement.coach, engagement.by) == (State.DRAFT, cast.alice, cast.vera)
    assert [(each.contact, each.signs, each.meets) for each in Participant.of(engagement)] == [(cast.sam, True, False)]
    assert [step.key for step in Step.of(engagement)] == [key for key, *_ in STEPS]


def test_a_start_opens_what_needs_nothing_and_passes_the_ball(cast, start):
    engagement = now(start())
    assert states(engagement) == {
        "sent": "open", "signed": "waiting", "asked": "open", "answered": "waiting", "file": "waiting",
        "kickoff": "waiting",
    }  # fmt: skip
    assert ball(cast) == (Party.US, "Send the agreement")
    assert (engagement.steps_done, engagement.steps_total) == (0, 6)
    assert bob(cast).status is Status.ONBOARDING
    assert sentences(cast)[0] == "Program “Leadership 6” started"


def test_an_active_client_who_begins_anew_stays_active(cast, start):
    clients.set_status(cast.bob, Status.ACTIVE)
    start()
    assert bob(cast).status is Status.ACTIVE


def test_a_program_without_steps_is_active_and_ready_at_once(cast, start):
    engagement = now(start(steps=()))
    assert engagement.state is State.ACTIVE
    assert engagement.onboarded_at is not None
    assert ball(cast) == (Party.US, "Book the kickoff")


def test_a_second_onboarding_is_refused_with_a_sentence(cast, start):
    start()
    with pytest.raises(Refused, match="Bob Haddad is being onboarded already"):
        start()
    assert Engagement.select().count() == 1
    assert sentences(cast).count("Program “Leadership 6” started") == 1


def test_only_the_index_keeps_two_onboardings_apart(start):
    """The control: without it a second one begins, so it is the index that refuses."""
    database.execute_sql('DROP INDEX "engagement_one_onboarding"')
    start()
    start()
    assert Engagement.select().count() == 2


def test_after_the_first_is_onboarded_or_over_another_can_begin(cast, start, step):
    first = start()
    walk(first, step, cast.vera, *ALL)
    second = start()
    actions.end_early(second, reason="moved abroad", by=cast.vera)
    start()
    assert Engagement.select().count() == 3


def test_a_start_that_fails_otherwise_is_not_called_a_second_onboarding(start):
    with pytest.raises(IntegrityError):
        start(starts_on=None)


# Steps that happen ----------------------------------------------------------------------------------------------------


def test_what_happens_ticks_its_step_opens_the_next_and_passes_the_ball(cast, start, step):
    engagement = start()
    actions.happened(engagement, StepKind.AGREEMENT_SENT)
    assert states(engagement)["sent"] == "done"
    assert states(engagement)["signed"] == "open"
    assert ball(cast) == (Party.US, "Send the questionnaire")
    assert "Step done: Agreement sent" in sentences(cast)
    assert now(engagement).steps_done == 1


def test_what_happens_twice_happens_once(cast, start):
    engagement = start()
    for _ in range(3):
        actions.happened(engagement, StepKind.AGREEMENT_SENT)
    assert sentences(cast).count("Step done: Agreement sent") == 1


def test_what_a_program_does_not_ask_for_happens_without_a_trace(cast, start, heard):
    engagement = start()
    heard.clear()
    actions.happened(engagement, StepKind.ASSESSMENT_ACCESS)
    assert heard == []


def test_who_signed_was_sent_it_whatever_became_of_the_mail(cast, start, step):
    engagement = start()
    actions.happened(engagement, StepKind.AGREEMENT_SIGNED)
    assert (states(engagement)["sent"], states(engagement)["signed"]) == ("done", "done")


def test_the_signature_makes_a_draft_active_and_says_so_once(cast, start, heard):
    engagement = start()
    heard.clear()
    actions.happened(engagement, StepKind.AGREEMENT_SIGNED)
    assert now(engagement).state is State.ACTIVE
    assert sentences(cast).count("Program “Leadership 6” is active") == 1
    assert [(event.was, event.engagement.state) for event in heard if isinstance(event, actions.StateChanged)] == [
        (State.DRAFT, State.ACTIVE)
    ]


def test_the_program_file_sets_itself_up_when_what_it_needs_is_there(cast, start, step):
    engagement = start()
    walk(engagement, step, cast.vera, "signed")
    assert states(engagement)["file"] == "waiting"
    walk(engagement, step, cast.vera, "answered")
    assert states(engagement)["file"] == "done"
    assert "Step done: Program file set up" in sentences(cast)


def test_each_opened_step_is_announced_and_the_change_once(cast, start, heard):
    engagement = start()
    opened = [event.step.key for event in heard if isinstance(event, actions.StepOpened)]
    assert opened == ["sent", "asked"]
    heard.clear()
    actions.happened(engagement, StepKind.AGREEMENT_SIGNED)
    assert [event.step.key for event in heard if isinstance(event, actions.StepOpened)] == ["kickoff"]
    assert sum(isinstance(event, actions.StepsChanged) for event in heard) == 1


def test_the_ball_says_since_when_its_own_step_waits(cast, start, step):
    early = datetime(2026, 11, 2, 9, tzinfo=UTC)
    with clock.pretend(early):
        engagement = start()
    with clock.pretend(early + timedelta(hours=3)):
        actions.happened(engagement, StepKind.AGREEMENT_SENT)
    assert bob(cast).waiting_since == early  # the questionnaire was to be sent from the start on


def test_a_ball_passed_by_hand_stays_while_the_same_step_holds_things_up(cast, start, step):
    engagement = start()
    clients.pass_ball(bob(cast), Party.ASSISTANT, "Ask for the private address")
    actions.skip(step(engagement, "kickoff"), reason="they meet every week", by=cast.vera)
    assert ball(cast) == (Party.ASSISTANT, "Ask for the private address")
    actions.happened(engagement, StepKind.AGREEMENT_SENT)
    assert ball(cast) == (Party.US, "Send the questionnaire")


def test_when_no_step_is_left_the_coach_holds_the_kickoff(cast, start, step):
    engagement = start()
    walk(engagement, step, cast.vera, *ALL)
    done = now(engagement)
    assert done.onboarded_at is not None
    assert (done.steps_done, done.steps_total, done.kickoff_on) == (6, 6, KICKOFF)
    assert ball(cast) == (Party.COACH, "Hold the kickoff on 3 December")
    assert sentences(cast)[-1] == "Ready for the kickoff on 3 December"
    assert done.due_at == datetime(2026, 12, 4, tzinfo=UTC)


def test_without_a_day_for_the_kickoff_somebody_must_still_book_it(cast, start, step):
    engagement = start()
    walk(engagement, step, cast.vera, "sent", "signed", "asked", "answered")
    actions.skip(step(engagement, "kickoff"), reason="later", by=cast.vera)
    assert ball(cast) == (Party.US, "Book the kickoff")
    assert sentences(cast)[-1] == "Ready for the kickoff"


def test_nothing_happens_in_a_program_that_is_over(cast, start, step):
    engagement = start()
    actions.end_early(engagement, reason="changed jobs", by=cast.vera)
    before = states(engagement), sentences(cast), ball(cast)
    actions.happened(engagement, StepKind.AGREEMENT_SIGNED)
    actions.wait_on(engagement, StepKind.AGREEMENT_SIGNED, Party.SPONSOR)
    for act in (actions.tick, actions.skip):
        with pytest.raises(Refused, match="over"):
            act(step(engagement, "sent"), reason="x", by=cast.vera)
    assert (states(engagement), sentences(cast), ball(cast)) == before


# By hand --------------------------------------------------------------------------------------------------------------


def test_a_tick_by_hand_keeps_who_and_why(cast, start, step):
    engagement = start()
    actions.tick(step(engagement, "sent"), reason="sent on paper", by=cast.vera)
    done = step(engagement, "sent")
    assert (done.state, done.reason, done.by) == (StepState.DONE, "sent on paper", cast.vera)
    entry = Entry.get(Entry.sentence == "Ticked by hand: Agreement sent (sent on paper)")
    assert entry.by == cast.vera


def test_by_hand_a_step_is_ticked_before_what_it_needs(cast, start, step):
    engagement = start()
    actions.tick(step(engagement, "kickoff"), reason="agreed at lunch", by=cast.vera, kickoff_on=KICKOFF)
    assert states(engagement)["kickoff"] == "done"


@pytest.mark.parametrize(
    ("key", "said"), [("sent", {"reason": ""}), ("kickoff", {"reason": "phoned"}), ("kickoff", {"reason": ""})]
)
def test_a_tick_without_a_reason_or_the_kickoffs_day_changes_nothing(cast, start, step, key, said):
    engagement = start()
    before = states(engagement)
    with pytest.raises(Refused):
        actions.tick(step(engagement, key), by=cast.vera, **said)
    assert states(engagement) == before


def test_a_skipped_step_counts_as_gone(cast, start, step):
    engagement = start()
    actions.skip(step(engagement, "sent"), reason="signed last year", by=cast.vera)
    assert states(engagement)["signed"] == "open"
    assert now(engagement).steps_done == 1
    assert "Skipped: Agreement sent (signed last year)" in sentences(cast)


def test_an_undone_tick_opens_the_step_and_shuts_what_it_had_opened(cast, start, step):
    engagement = start()
    opened_at = step(engagement, "sent").opened_at
    actions.tick(step(engagement, "sent"), reason="sent on paper", by=cast.vera)
    actions.reopen(step(engagement, "sent"), by=cast.olive)
    again = step(engagement, "sent")
    assert (again.state, again.opened_at, again.reason, again.done_at) == (StepState.OPEN, opened_at, "", None)
    assert states(engagement)["signed"] == "waiting"
    assert ball(cast) == (Party.US, "Send the agreement")
    assert sentences(cast)[-1] == "Opened again: Agreement sent"


def test_an_undone_kickoff_is_booked_no_more_and_the_onboarding_goes_on(cast, start, step):
    engagement = start()
    walk(engagement, step, cast.vera, *ALL)
    actions.reopen(step(engagement, "kickoff"), by=cast.vera)
    again = now(engagement)
    assert (again.onboarded_at, again.kickoff_on, again.steps_done) == (None, None, 5)
    assert ball(cast) == (Party.CLIENT, "Book the kickoff")


def test_an_onboarding_does_not_begin_again_beside_another(cast, start, step):
    first = start()
    walk(first, step, cast.vera, *ALL)
    start()
    with pytest.raises(Refused, match="being onboarded already"):
        actions.reopen(step(first, "kickoff"), by=cast.vera)
    assert states(first)["kickoff"] == "done"


def test_what_happened_by_itself_cannot_be_undone(cast, start, step):
    engagement = start()
    actions.happened(engagement, StepKind.AGREEMENT_SENT)
    with pytest.raises(Refused, match="ticked itself"):
        actions.reopen(step(engagement, "sent"), by=cast.vera)


def test_an_active_program_stays_active_when_the_signature_is_undone(cast, start, step):
    engagement = start()
    actions.tick(step(engagement, "signed"), reason="on paper", by=cast.vera)
    actions.reopen(step(engagement, "signed"), by=cast.vera)
    assert now(engagement).state is State.ACTIVE


def test_a_ball_is_passed_on_within_a_step(cast, start, step):
    engagement = start()
    walk(engagement, step, cast.vera, "sent", "asked", "answered")
    assert ball(cast) == (Party.CLIENT, "Sign agreement")
    before = step(engagement, "signed").since
    actions.wait_on(engagement, StepKind.AGREEMENT_SIGNED, Party.SPONSOR)
    assert ball(cast) == (Party.SPONSOR, "Sign agreement")
    assert step(engagement, "signed").since > before
    assert step(engagement, "signed").opened_at <= before
    actions.wait_on(engagement, StepKind.AGREEMENT_SIGNED, Party.US)
    assert ball(cast) == (Party.US, "Send the agreement again")


def test_a_step_of_ones_own_opens_at_once_or_after_another(cast, start, step):
    engagement = start()
    first = actions.add_step(engagement, label="Ask for a room", waiting_on=Party.SPONSOR, target_days=0, by=cast.vera)
    second = actions.add_step(
        engagement, label="Send the map", waiting_on=Party.US, target_days=None, needs=[first], by=cast.vera
    )
    assert (first.key, second.key) == ("own-1", "own-2")
    assert (states(engagement)["own-1"], states(engagement)["own-2"]) == ("open", "waiting")
    assert now(engagement).steps_total == 8
    assert ball(cast) == (Party.SPONSOR, "Ask for a room")
    assert "Step added: Ask for a room" in sentences(cast)


def test_nothing_is_added_to_an_onboarding_that_is_over(cast, start, step):
    engagement = start(steps=())
    with pytest.raises(Refused, match="over"):
        actions.add_step(engagement, label="Late", waiting_on=Party.US, target_days=None, by=cast.vera)


def test_two_ticks_at_once_leave_one_line(cast, start, step):
    engagement = start()
    barrier, refused = threading.Barrier(2), []

    def tick(who):
        row = Step.get(Step.engagement == engagement, Step.key == "sent")
        barrier.wait(10)
        try:
            actions.tick(row, reason="sent on paper", by=who)
        except Refused as error:
            refused.append(str(error))
        finally:
            database.close()

    threads = [threading.Thread(target=tick, args=(who,)) for who in (cast.vera, cast.olive)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert refused == ["“Agreement sent” is done already."]
    assert sum(said.startswith("Ticked by hand") for said in sentences(cast)) == 1
    assert now(engagement).steps_done == 1


# Lateness and prediction ----------------------------------------------------------------------------------------------


def test_the_figures_say_when_it_is_late_and_when_all_should_be_done(cast, start, step):
    begun = datetime(2026, 11, 2, 9, tzinfo=UTC)
    with clock.pretend(begun):
        engagement = start()
    assert now(engagement).due_at == begun + timedelta(days=1)
    assert now(engagement).ready_on == date(2026, 11, 10)  # sent 1, signed 4, kickoff 3
    with clock.pretend(begun + timedelta(days=6)):
        actions.happened(engagement, StepKind.AGREEMENT_SENT)
    assert now(engagement).due_at == begun + timedelta(days=1)  # the questionnaire is still to be sent
    assert now(engagement).ready_on == date(2026, 11, 15)


def test_what_is_late_pushes_the_rest_with_every_day(cast, start):
    begun = datetime(2026, 11, 2, 9, tzinfo=UTC)
    with clock.pretend(begun):
        engagement = start()
    revision = Board.get().revision
    with clock.pretend(begun + timedelta(hours=20)):
        actions.look_ahead()
    assert Board.get().revision == revision  # nothing is late, so nothing is written
    with clock.pretend(begun + timedelta(days=10)):
        actions.look_ahead()
    assert now(engagement).ready_on == date(2026, 11, 19)
    assert Board.get().revision > revision


# States ---------------------------------------------------------------------------------------------------------------


def test_a_pause_stops_the_clock_and_going_on_starts_it_anew(cast, start, step):
    begun = datetime(2026, 11, 2, 9, tzinfo=UTC)
    with clock.pretend(begun):
        engagement = start()
        walk(engagement, step, cast.vera, "signed")
        actions.pause(engagement, by=cast.vera)
    paused = now(engagement)
    assert (paused.state, paused.due_at) == (State.PAUSED, None)
    assert (ball(cast), bob(cast).status) == ((Party.NOBODY, "Paused"), Status.PAUSED)
    actions.happened(engagement, StepKind.QUESTIONNAIRE_SENT)
    assert ball(cast) == (Party.NOBODY, "Paused")
    on = begun + timedelta(days=30)
    with clock.pretend(on):
        actions.resume(engagement, by=cast.vera)
    assert now(engagement).state is State.ACTIVE
    assert now(engagement).due_at == on + timedelta(days=3)
    assert (ball(cast), bob(cast).status) == ((Party.CLIENT, "Book the kickoff"), Status.ONBOARDING)
    assert [said for said in sentences(cast) if "Leadership 6” " in said][-2:] == [
        "Program “Leadership 6” is paused",
        "Program “Leadership 6” goes on",
    ]


def test_a_program_that_ran_goes_on_without_asking_for_its_kickoff(cast, start, step):
    with clock.pretend(datetime(2026, 11, 2, 9, tzinfo=UTC)):
        engagement = start()
        walk(engagement, step, cast.vera, *ALL)
    with clock.pretend(datetime(2027, 2, 1, 9, tzinfo=UTC)):
        actions.pause(engagement, by=cast.vera)
        actions.resume(engagement, by=cast.vera)
    assert (ball(cast), bob(cast).status) == ((Party.US, "Plan what comes next"), Status.ACTIVE)


def test_a_program_is_completed_when_it_was_onboarded(cast, start, step):
    engagement = start()
    walk(engagement, step, cast.vera, "signed")
    with pytest.raises(Refused, match="onboarding is still open"):
        actions.complete(engagement, by=cast.vera)
    walk(engagement, step, cast.vera, "answered", "kickoff")
    actions.complete(engagement, by=cast.vera)
    assert now(engagement).state is State.COMPLETED
    assert (ball(cast), now(engagement).due_at) == ((Party.US, "Close or renew"), None)


def test_an_early_end_keeps_its_reason_and_is_final(cast, start):
    engagement = start()
    with pytest.raises(Refused, match="Say why"):
        actions.end_early(engagement, reason="", by=cast.vera)
    actions.end_early(engagement, reason="changed jobs", by=cast.vera)
    assert (now(engagement).state, now(engagement).reason) == (State.ENDED, "changed jobs")
    assert sentences(cast)[-1] == "Program “Leadership 6” ended early (changed jobs)"
    for act in (actions.pause, actions.resume, actions.complete):
        with pytest.raises(Refused, match="over"):
            act(engagement, by=cast.vera)


@pytest.mark.parametrize(
    ("was", "will_be"),
    [
        (AgreementState.DRAFT, AgreementState.VOID),
        (AgreementState.OUT, AgreementState.VOID),
        (AgreementState.SEALING, AgreementState.SEALING),
        (AgreementState.COMPLETED, AgreementState.COMPLETED),
    ],
)
def test_with_an_early_end_an_agreement_that_is_out_is_taken_back(cast, start, was, will_be):
    engagement = start()
    agreement = Agreement.create(
        engagement=engagement, client=cast.bob, title="A", body="B", state_name=was, created_at=clock.now()
    )
    actions.end_early(engagement, reason="changed jobs", by=cast.vera)
    assert Agreement.get_by_id(agreement.id).state is will_be
    assert ball(cast) == (Party.US, "Close the file")


@pytest.mark.parametrize("act", [actions.pause, actions.resume, actions.complete])
def test_a_draft_is_neither_paused_resumed_nor_completed(cast, start, act):
    engagement = start()
    with pytest.raises(Refused):
        act(engagement, by=cast.vera)
    assert now(engagement).state is State.DRAFT


def test_only_the_trigger_keeps_an_active_program_from_the_draft(cast, start, step):
    engagement = start()
    walk(engagement, step, cast.vera, "signed")
    back = Engagement.update(state_name=State.DRAFT).where(Engagement.id == engagement.id)
    with pytest.raises(IntegrityError, match="never returns to draft"):
        back.execute()
    database.execute_sql("DROP TRIGGER engagement_never_returns_to_draft")
    back.execute()
    assert now(engagement).state is State.DRAFT


# Terms and people -----------------------------------------------------------------------------------------------------


def test_days_and_terms_are_changed_and_told_without_saying_to_what(cast, start):
    engagement = start()
    values = {"starts_on": date(2026, 12, 15), "ends_on": date(2027, 6, 15), "po_number": "PO 4711"}
    actions.change(engagement, values, version=1, by=cast.vera)
    changed = now(engagement)
    assert (changed.starts_on, changed.ends_on, changed.po_number, changed.version) == (*values.values(), 2)
    assert sentences(cast)[-1] == "Changed the program: first day, last day and PO number"


def test_what_nobody_changed_is_not_written(cast, start):
    engagement = start()
    before = sentences(cast)
    actions.change(engagement, {"po_number": "", "name": "Another"}, version=1, by=cast.vera)
    assert (now(engagement).version, now(engagement).name, sentences(cast)) == (1, "Leadership 6", before)


def test_a_stale_change_is_told_and_changes_nothing(cast, start):
    engagement = start()
    actions.change(engagement, {"po_number": "A"}, version=1, by=cast.olive)
    with pytest.raises(Stale):
        actions.change(engagement, {"po_number": "B"}, version=1, by=cast.vera)
    with pytest.raises(Stale):
        actions.change_participants(engagement, [{"contact": cast.sam, "signs": True}], version=1, by=cast.vera)
    assert now(engagement).po_number == "A"


def test_a_tick_does_not_make_a_form_about_the_terms_stale(cast, start, step):
    engagement = start()
    walk(engagement, step, cast.vera, "sent")
    actions.change(engagement, {"po_number": "B"}, version=1, by=cast.vera)
    assert now(engagement).po_number == "B"


def test_what_may_be_shared_is_changed_in_a_draft_alone(cast, start, step):
    engagement = start()
    actions.change(engagement, {"shares": "sessions"}, version=1, by=cast.vera)
    assert now(engagement).shares == "sessions"
    walk(engagement, step, cast.vera, "signed")
    with pytest.raises(Refused, match="new agreement"):
        actions.change(engagement, {"shares": "sessions goals"}, version=2, by=cast.vera)
    assert now(engagement).shares == "sessions"


def test_while_an_agreement_is_out_its_terms_stand(cast, start, step):
    engagement = start()
    walk(engagement, step, cast.vera, "sent")
    for values in ({"shares": "goals"}, {"price_cents": 1}, {"payer_name": "sponsor"}):
        with pytest.raises(Refused, match="Withdraw it first"):
            actions.change(engagement, values, version=1, by=cast.vera)
    with pytest.raises(Refused, match="Withdraw it first"):
        actions.change_participants(engagement, [{"contact": cast.sam, "signs": True}], version=1, by=cast.vera)
    actions.wait_on(engagement, StepKind.AGREEMENT_SIGNED, Party.US)
    actions.change(engagement, {"shares": "goals"}, version=1, by=cast.vera)
    assert now(engagement).shares == "goals"


def test_a_moved_kickoff_moves_the_ball_with_it(cast, start, step):
    engagement = start()
    walk(engagement, step, cast.vera, *ALL)
    actions.change(engagement, {"kickoff_on": date(2026, 12, 10)}, version=1, by=cast.vera)
    assert ball(cast) == (Party.COACH, "Hold the kickoff on 10 December")
    assert now(engagement).due_at == datetime(2026, 12, 11, tzinfo=UTC)


def test_a_program_that_ends_before_it_begins_is_refused(cast, start):
    engagement = start()
    with pytest.raises(Refused, match="last day"):
        actions.change(engagement, {"ends_on": date(2026, 11, 1)}, version=1, by=cast.vera)


def test_who_takes_part_is_said_anew(cast, start):
    engagement = start(participants=[{"contact": cast.sam, "signs": True}])
    lena = Contact.create(organisation=cast.brightwater, name="Lena Roth", email="lena@brightwater.example")
    rows = [{"contact": cast.sam, "reads": True}, {"contact": lena, "meets": True, "signs": True}]
    actions.change_participants(engagement, rows, version=1, by=cast.vera)
    there = {each.contact.name: (each.signs, each.meets, each.reads, each.pays) for each in Participant.of(engagement)}
    assert there == {"Sam Okafor": (False, False, True, False), "Lena Roth": (True, True, False, False)}
    assert sentences(cast)[-1] == "Changed who at the sponsor takes part, and how"
    actions.change_participants(engagement, rows, version=2, by=cast.vera)
    assert now(engagement).version == 2


def test_a_contact_of_another_sponsor_takes_no_part(cast, start):
    engagement = start()
    other = clients.add_organisation(name="Quill", by=cast.vera)
    stranger = Contact.create(organisation=other, name="Noor Aziz")
    with pytest.raises(Refused, match="another sponsor"):
        actions.change_participants(engagement, [{"contact": stranger, "signs": True}], version=1, by=cast.vera)
    assert Participant.select().count() == 0


def test_the_card_goes_where_the_steps_are(cast, start, step):
    engagement = start()
    where = lambda: Card.get(Card.client == cast.bob).stage.name  # noqa: E731
    seen = [where()]
    for keys in (("sent", "signed"), ("asked", "answered"), ("kickoff",)):
        walk(engagement, step, cast.vera, *keys)
        seen.append(where())
    assert seen == ["Agreement", "Intake", "Kickoff", "Kickoff"]

"""Plans, charges, drafts of what is due, and issuing them together."""

import threading
from datetime import date, timedelta

import pytest

from coachbase import clock
from coachbase.assessments.models import Assessment
from coachbase.billing import actions, models
from coachbase.billing.models import Charge, Part, Plan, Waiver, account_of
from coachbase.billing.rules import Anchor, Check, NewPart, Way
from coachbase.clients.models import Client
from coachbase.db import database
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import State
from coachbase.errors import Refused, Stale
from coachbase.files.rules import Upload
from coachbase.instruments.models import Instrument
from coachbase.invoices import actions as invoices
from coachbase.invoices.models import Batch, Claim, Invoice, Line
from coachbase.invoices.rules import Unit
from coachbase.payers.models import Payer, Seller
from coachbase.payers.rules import Bundle
from coachbase.sessions import actions as sessions
from coachbase.sessions.models import CoachingSession
from coachbase.sessions.rules import Entry
from coachbase.sessions.rules import State as S
from coachbase.timeline.models import Entry as Told
from tests.billing.conftest import NOW, TODAY

HEAD = {
    "way_name": Way.PARTS, "unit_cents": 0, "discount_bps": 0, "discount_cents": 0, "discount_words": "",
    "rate": None, "since_on": None,
}  # fmt: skip


def propose(cast, programs=None, by=None):
    return actions.propose(programs or Engagement.with_client(), Charge.unbilled(TODAY), by=by or cast.vera)


def said(invoice):
    return [(line.text, line.quantity_milli // 1000, line.net_cents) for line in Line.of(invoice)]


def ready(program, cast, parts, **head):
    """A plan in these parts."""
    account = account_of(program)
    seen = [part.public_id for part in account.unbilled_parts]
    version = account.plan.version if account.plan.id else 0
    return actions.change_plan(program, HEAD | head, parts, seen=seen, version=version, by=cast.vera)


# Plans ----------------------------------------------------------------------------------------------------------------


def test_a_program_that_becomes_active_has_a_plan_of_its_terms(cast, program):
    made = program(billing_name="halves", state_name=State.DRAFT, onboarded_at=None)
    engagements.skip(
        engagements.add_step(made, label="Ask", waiting_on="us", target_days=None, needs=[], by=cast.vera),
        reason="Done before", by=cast.vera,
    )  # fmt: skip
    plan = Plan.get(Plan.engagement == made)
    assert [(part.label, part.cents) for part in plan.parts] == [("first half", 75_000), ("second half", 75_000)]


def test_a_plan_follows_the_terms_until_somebody_changes_it_or_it_is_billed(cast, program):
    made = program(billing_name="upfront")
    actions.plan_of(made)
    Engagement.update(price_cents=200_000).where(Engagement.id == made.id).execute()
    made = Engagement.with_client().where(Engagement.id == made.id).get()
    actions.plan_of(made)
    assert [part.cents for part in Part.select()] == [200_000]
    propose(cast)
    Engagement.update(price_cents=300_000).where(Engagement.id == made.id).execute()
    made = Engagement.with_client().where(Engagement.id == made.id).get()
    assert [part.cents for part in account_of(made).parts] == [200_000]


def test_a_change_of_the_plan_keeps_what_is_billed_and_is_told(cast, program):
    made = program(billing_name="halves")
    propose(cast)
    ready(made, cast, [NewPart("rest", Anchor.END, 75_000)])
    account = account_of(made)
    assert [(part.label, bool(account.line_of(part.public_id))) for part in account.parts] == [
        ("first half", True),
        ("rest", False),
    ]
    assert Told.select().where(Told.sentence == "Changed how the program is billed").count() == 1


def test_an_older_plan_is_not_written_over_a_newer_one(cast, program):
    made = program(billing_name="upfront")
    actions.plan_of(made)
    seen = [part.public_id for part in account_of(made).unbilled_parts]
    ready(made, cast, [NewPart("all", Anchor.END, 150_000)])
    with pytest.raises(Stale):
        actions.change_plan(made, HEAD, [], seen=seen, version=1, by=cast.vera)
    assert [part.label for part in Part.select()] == ["all"]


def test_an_older_rate_is_not_written_over_a_newer_one(cast, program):
    made = program()
    actions.plan_of(made)
    for_sessions = HEAD | {"way_name": Way.PER_SESSION}
    actions.change_plan(made, for_sessions | {"unit_cents": 20_000}, [], seen=[], version=1, by=cast.vera)
    with pytest.raises(Stale):
        actions.change_plan(made, for_sessions | {"unit_cents": 30_000}, [], seen=[], version=1, by=cast.vera)
    assert Plan.get().unit_cents == 20_000


def test_a_part_that_was_drafted_meanwhile_is_not_planned_a_second_time(cast, program):
    made = program(billing_name="upfront")
    plan = actions.plan_of(made)
    seen = [part.public_id for part in plan.parts]
    propose(cast)
    with pytest.raises(Stale, match="billed meanwhile"):
        actions.change_plan(made, HEAD, [NewPart("", Anchor.START, 150_000)], seen=seen, version=1, by=cast.vera)
    assert Part.select().count() == 1


def test_a_deposit_larger_than_any_part_is_refused(cast, program):
    made = program(billing_name="upfront")
    with pytest.raises(Refused, match="must be larger"):
        ready(made, cast, [NewPart("", Anchor.SIGNED, 9, is_deposit=True), NewPart("", Anchor.END, 9)])


# Charges --------------------------------------------------------------------------------------------------------------


def expense(cast, program, **values):
    told = {
        "engagement": program, "kind_name": "expense", "text": "Train to Leeds", "on": TODAY, "quantity_milli": 1000,
        "unit_cents": 8_450, "currency": "GBP", "rate": None,
    }  # fmt: skip
    return actions.charge(cast.bob, told | values, by=cast.vera)


def test_a_charge_comes_into_the_next_draft_once_and_is_fixed_then(cast, program):
    row = expense(cast, program(billing_name="upfront", starts_on=date(2027, 1, 1)))
    (draft,) = propose(cast).drafts
    assert said(draft) == [("Train to Leeds", 1, 8_450)]
    assert propose(cast).drafts == []
    with pytest.raises(Refused, match="on an invoice"):
        actions.remove_charge(row, by=cast.vera)
    with pytest.raises(Refused, match="on an invoice"):
        actions.change_charge(row, {"text": "Plane"}, receipt=None, version=1, by=cast.vera)


def test_a_removed_charge_is_not_billed_until_it_is_back(cast, program):
    row = expense(cast, program(price_cents=0))
    actions.remove_charge(row, by=cast.vera)
    assert propose(cast).drafts == []
    actions.restore_charge(row, by=cast.vera)
    assert len(propose(cast).drafts) == 1


def test_an_older_charge_is_not_written_over_a_newer_one(cast, program):
    row = expense(cast, program())
    actions.change_charge(row, {"text": "Plane"}, receipt=None, version=1, by=cast.vera)
    with pytest.raises(Stale):
        actions.change_charge(row, {"text": "Boat"}, receipt=None, version=1, by=cast.vera)
    assert Charge.get_by_id(row.id).text == "Plane"


def test_a_receipt_is_kept_among_the_clients_documents(cast, program):
    row = actions.charge(
        cast.bob,
        {"text": "Train", "on": TODAY, "unit_cents": 1, "currency": "GBP"},
        receipt=Upload("ticket.txt", b"Leeds, 84.50"),
        by=cast.vera,
    )
    assert (row.document.name, row.document.client) == ("ticket.txt", cast.bob)


def test_a_client_without_a_program_pays_a_charge_alone(cast, vat):
    Client.update(address="5 Mill Lane").where(Client.id == cast.bob.id).execute()
    expense(cast, None)
    (draft,) = propose(cast).drafts
    assert (draft.payer.client, draft.engagement) == (cast.bob, None)


def test_what_goes_with_a_program_waits_for_its_agreement(cast, program):
    expense(cast, program(state_name=State.DRAFT))
    assert propose(cast).drafts == []


@pytest.fixture
def assessment(cast):
    instrument = Instrument.select().first()
    instrument.cost_cents = 3_900
    instrument.save()
    return Assessment.create(client=cast.bob, instrument=instrument, waiting_since=NOW, created_at=NOW)


def test_what_an_assessment_costs_is_charged_once(cast, assessment):
    assert models.costs_to_charge(cast.bob) == [assessment]
    row = actions.charge_assessment(assessment, by=cast.vera)
    assert (row.unit_cents, row.text, models.costs_to_charge(cast.bob)) == (3_900, assessment.label, [])
    with pytest.raises(Refused, match="charged already"):
        actions.charge_assessment(assessment, by=cast.vera)
    actions.remove_charge(row, by=cast.vera)
    actions.charge_assessment(assessment, by=cast.vera)
    with pytest.raises(Refused, match="anew"):
        actions.restore_charge(row, by=cast.vera)


# Drafts of what is due ------------------------------------------------------------------------------------------------


def test_sessions_that_were_held_are_drafted_each_once(cast, program, session):
    made = program()
    for days, state in ((40, S.HELD), (30, S.NO_SHOW), (20, S.LATE_CANCELLED), (10, S.CANCELLED)):
        session(made, days, state)
    session(made, 5, kind="three_way")
    (draft,) = propose(cast).drafts
    assert [(line.detail, line.net_cents, line.unit_name) for line in Line.of(draft)] == [
        ("", 25_000, Unit.SESSION),
        ("No-show", 25_000, Unit.SESSION),
        ("Cancelled late", 25_000, Unit.SESSION),
    ]
    assert (draft.total_cents, draft.payer.client, draft.engagement) == (90_000, cast.bob, made)
    assert propose(cast) == ([], [])
    assert Batch.select().count() == 1


def test_a_made_up_session_is_not_billed_twice(cast, program, session):
    made = program()
    missed = session(made, 40, S.NO_SHOW)
    propose(cast)
    sessions.enter_by_hand(made, Entry.MADE_UP, 1, reason="Fog", session=missed, by=cast.vera)
    session(made, 20)
    assert propose(cast).drafts == []
    session(made, 10)
    assert len(Line.of(propose(cast).drafts[0])) == 1


def test_a_sponsor_reads_no_day_and_no_reason(cast, program, session, sponsor):
    made = program(is_sponsored=True, po_number="PO-77")
    session(made, 40, S.NO_SHOW)
    session(made, 33)
    (draft,) = propose(cast).drafts
    assert said(draft) == [("Leadership 6: sessions with Bob Haddad, October 2026", 2, 50_000)]
    assert [(line.detail, line.supplied_from, line.supplied_to) for line in Line.of(draft)] == [
        ("", date(2026, 10, 1), date(2026, 10, 31))
    ]
    assert (draft.payer, draft.po_number) == (sponsor, "PO-77")
    assert Claim.select().count() == 2


def _second_client(cast):
    return Client.create(
        name="Ada Lund", organisation=cast.brightwater, coach=cast.alice, search_key="ada", created_at=NOW
    )


@pytest.mark.parametrize(("bundle", "count"), [(Bundle.PROGRAM, 2), (Bundle.PAYER, 1)])
def test_a_payer_gets_one_draft_for_each_program_or_one_for_all(cast, program, session, sponsor, bundle, count):
    Payer.update(bundle_name=bundle).execute()
    for client in (cast.bob, _second_client(cast)):
        session(program(client, is_sponsored=True), 40)
    assert len(propose(cast).drafts) == count


def test_one_for_all_never_mixes_currencies_or_orders(cast, program, session, sponsor):
    Payer.update(bundle_name=Bundle.PAYER).execute()
    for number, values in enumerate(({}, {"currency": "EUR"}, {"po_number": "PO-2"})):
        client = _second_client(cast)
        session(program(client, is_sponsored=True, **values), 40 + number)
    drafts = propose(cast).drafts
    assert sorted((draft.currency, draft.po_number) for draft in drafts) == [("EUR", ""), ("GBP", ""), ("GBP", "PO-2")]


def test_who_cannot_be_billed_is_told_and_stops_nobody_else(cast, program, session):
    lost = Client.create(name="Ada Lund", coach=cast.alice, search_key="ada", created_at=NOW)
    session(program(lost, is_sponsored=True), 40)
    session(program(), 40)
    proposed = propose(cast)
    assert [client.name for client, _ in proposed.refused] == ["Ada Lund"]
    assert [draft.payer.name for draft in proposed.drafts] == ["Bob Haddad"]


def test_an_amount_too_large_leaves_nothing_behind_and_stops_nobody_else(cast, program, session):
    big = program(_second_client(cast), billing_name="upfront", price_cents=10**12)
    ready(big, cast, [NewPart("", Anchor.START, 10**12)] * 3)
    session(program(), 40)
    proposed = propose(cast)
    assert [client.name for client, _ in proposed.refused] == ["Ada Lund"]
    assert Invoice.select().count() == len(proposed.drafts) == 1


def test_a_deposit_is_billed_first_and_taken_off_once(cast, program):
    made = program(billing_name="upfront")
    parts = [NewPart("", Anchor.START, 50_000, is_deposit=True), NewPart("", Anchor.START, 90_000)]
    ready(made, cast, [*parts, NewPart("", Anchor.START, 60_000)])
    (first,) = propose(cast).drafts
    assert said(first) == [("Leadership 6: deposit", 1, 50_000)]
    assert propose(cast).drafts == []
    number = invoices.issue(first, version=1, by=cast.vera).number
    (second,) = propose(cast).drafts
    assert said(second) == [
        ("Leadership 6: part 1 of 2", 1, 90_000),
        ("Leadership 6: part 2 of 2", 1, 60_000),
        (f"Less deposit, invoice {number}", 1, -50_000),
    ]
    assert first.net_cents + second.net_cents == 150_000
    invoices.issue(second, version=1, by=cast.vera)
    made = Engagement.with_client().where(Engagement.id == made.id).get()
    ready(made, cast, [NewPart("more", Anchor.START, 70_000)])
    assert [said(draft) for draft in propose(cast).drafts] == [[("Leadership 6: more", 1, 70_000)]]


def test_a_discount_of_an_amount_comes_off_once_and_a_share_off_each(cast, program):
    made = program(billing_name="halves", ends_on=date(2026, 10, 1))
    halves = [NewPart("a", Anchor.START, 75_000), NewPart("b", Anchor.MIDDLE, 75_000)]
    ready(made, cast, halves, discount_bps=1000, discount_cents=5_000, discount_words="Founding client")
    (draft,) = propose(cast).drafts
    assert [net for _, _, net in said(draft)] == [67_500, 67_500, -5_000]


def test_all_sessions_of_a_program_come_to_its_price(cast, program, session):
    made = program(price_cents=100_000)
    for days in range(10, 70, 10):
        session(made, days)
        propose(cast)
    assert sum(invoice.net_cents for invoice in Invoice.select()) == 100_000


def test_twice_at_once_makes_no_double(app, cast, program, session):
    made = program()
    for days in range(10, 60, 10):
        session(made, days)
    begin, found, wrong = threading.Barrier(4), [], []

    def look():
        try:
            with clock.pretend(NOW), database.connection_context():
                begin.wait()
                found.extend(actions.propose(Engagement.with_client(), Charge.unbilled(TODAY), by=None).drafts)
        except Exception as error:  # whatever it is, the test says so
            wrong.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (wrong, len(found), Claim.select().count()) == ([], 1, 5)


@pytest.mark.parametrize(
    ("days", "hours", "is_made"), [(0, 0, True), (0, -4, False), (1, 0, False), (7, 0, True), (-1, 0, False)]
)
def test_the_clock_makes_drafts_on_the_firms_day(cast, program, session, days, hours, is_made):
    session(program(), 40)
    with clock.pretend(NOW + timedelta(days=days, hours=hours)):
        actions.propose_due()
    assert Batch.select().count() == is_made


def test_the_clock_looks_once_that_day(cast, program, session):
    made = program()
    session(made, 40)
    actions.propose_due()
    session(made, 20)
    with clock.pretend(NOW + timedelta(hours=2)):
        actions.propose_due()
    assert Batch.select().count() == 1


def test_a_firm_that_never_wants_drafts_by_the_clock_gets_none(cast, program, session):
    session(program(), 40)
    Seller.update(batch_weekday=-1).execute()
    actions.propose_due()
    assert Batch.select().count() == 0


def test_a_discarded_draft_is_proposed_again(cast, program, session):
    session(program(), 40)
    (draft,) = propose(cast).drafts
    actions.discard(draft, version=1, by=cast.vera)
    assert Batch.get().closed_at
    assert len(propose(cast).drafts) == 1


def test_a_waived_session_is_not_billed_until_it_is_after_all(cast, program, session):
    held = session(program(), 40)
    actions.waive(held, reason="A gift", by=cast.vera)
    actions.waive(held, reason="A gift", by=cast.vera)
    assert (Waiver.select().count(), propose(cast).drafts) == (1, [])
    actions.bill_after_all(held, by=cast.vera)
    assert len(propose(cast).drafts) == 1
    with pytest.raises(Refused, match="Credit it"):
        actions.waive(held, reason="A gift", by=cast.vera)


# Issued together ------------------------------------------------------------------------------------------------------


def test_what_was_ticked_is_issued_and_the_rest_says_why(cast, program, session, sponsor):
    Payer.update(needs_po=True).execute()
    session(program(), 40)
    session(program(_second_client(cast), is_sponsored=True), 40)
    drafts = propose(cast).drafts
    outcome = actions.issue([(draft, 1) for draft in drafts], by=cast.vera)
    assert [invoice.payer.name for invoice in outcome.issued] == ["Bob Haddad"]
    assert [why for _, why in outcome.refused] == ["This payer wants a PO number, and there is none yet."]
    assert Batch.get().closed_at is None
    blocked = Invoice.get_by_id(outcome.refused[0][0].id)
    lines = [line.public_id for line in Line.of(blocked)]
    actions.give_po(blocked, "PO-9", version=1, by=cast.vera)
    assert [line.public_id for line in Line.of(blocked)] == lines  # an editor that is open finds them again
    assert Engagement.get_by_id(blocked.engagement_id).po_number == "PO-9"
    assert Claim.select().count() == 2
    blocked = Invoice.with_payer().where(Invoice.id == blocked.id).get()
    assert actions.issue([(blocked, 2)], by=cast.vera).refused == []
    assert Batch.get().closed_at


def test_a_draft_somebody_changed_meanwhile_is_not_issued_unseen(cast, program, session):
    session(program(), 40)
    (draft,) = propose(cast).drafts
    assert [str(why) for _, why in actions.issue([(draft, 7)], by=cast.vera).refused]
    assert Invoice.get().number is None


# What does not fit together -------------------------------------------------------------------------------------------


def checks(user):
    return [(found.check, found.client.name) for found in models.findings(user, TODAY)]


def test_a_session_held_a_week_ago_and_not_billed_is_found_and_billing_it_mends_that(cast, program, session):
    made = program()
    actions.plan_of(made)
    session(made, 7)
    session(made, 6)
    assert checks(cast.vera) == [(Check.NOT_BILLED, "Bob Haddad")]
    assert checks(cast.carol) == []
    propose(cast)
    assert checks(cast.vera) == []


def test_a_billed_session_that_was_not_held_is_found_until_it_is_credited(cast, program, session):
    made = program()
    held = session(made, 40)
    (draft,) = propose(cast).drafts
    CoachingSession.update(state_name=S.CANCELLED).where(CoachingSession.id == held.id).execute()
    assert checks(cast.vera) == [(Check.NOT_HELD, "Bob Haddad")]
    assert checks(cast.carol) == []
    invoices.discard(draft, version=1, by=cast.vera)
    assert checks(cast.vera) == []


def test_what_is_unlike_the_agreement_is_found(cast, program, session, sponsor):
    Payer.update(needs_po=True, currency="EUR").execute()
    made = program(is_sponsored=True)
    session(made, 40)
    propose(cast)
    plan = Plan.get()
    Plan.update(unit_cents=20_000, version=2).where(Plan.id == plan.id).execute()
    Engagement.update(payer_name="client", price_cents=1).where(Engagement.id == made.id).execute()
    assert {check for check, _ in checks(cast.vera)} == {Check.RATE, Check.PAYER, Check.PRICE}
    Engagement.update(payer_name="sponsor", price_cents=150_000).where(Engagement.id == made.id).execute()
    assert {check for check, _ in checks(cast.vera)} == {Check.RATE, Check.PO, Check.CURRENCY}
    Client.update(organisation=None).where(Client.id == cast.bob.id).execute()
    assert Check.NOBODY in {check for check, _ in checks(cast.vera)}


def test_parts_passed_over_and_parts_left_by_an_early_end_are_found(cast, program):
    made = program(billing_name="halves")
    assert checks(cast.vera) == [(Check.PART_LATE, "Bob Haddad")]
    propose(cast)
    Engagement.update(state_name=State.ENDED).where(Engagement.id == made.id).execute()
    assert checks(cast.vera) == [(Check.LEFT, "Bob Haddad")]

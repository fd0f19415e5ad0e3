"""Drafting, issuing, posting."""

import hashlib
import json
import threading
from datetime import date, timedelta

import pytest
from peewee import IntegrityError

from coachbase import clock, einvoice, jobs
from coachbase.clients.models import Client
from coachbase.db import atomic, database
from coachbase.errors import Refused, Stale
from coachbase.events import on
from coachbase.files.models import Document
from coachbase.invoices import actions, tasks
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Claim, History, Invoice, Line, Posting, totals_of
from coachbase.invoices.rules import ClaimKind, Entry, Standing, State
from coachbase.numbers.rules import Kind
from coachbase.payers import actions as payers
from coachbase.payers.models import Seller, TaxRate
from coachbase.timeline.models import Entry as Said

DAY = date(2026, 11, 20)


@pytest.fixture
def payer(cast):
    rate = TaxRate.create(name="VAT", rate_bps=2000)
    Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789", rate=rate)
    payer = payers.payer_for(cast.bob)
    payer.address = "2 Mill Lane"
    payer.save()
    return payer


def coaching(cast, **values):
    told = {
        "unit_cents": 25_000, "rate": TaxRate.get(), "client": cast.bob, "coach": cast.alice, "supplied_to": DAY,
    }  # fmt: skip
    return NewLine("Coaching session", **(told | values))


def drafted(cast, payer, *lines):
    return actions.draft(payer, lines or [coaching(cast)], currency="GBP", by=cast.vera)


def test_issuing_takes_the_next_number_and_freezes_what_it_says(cast, payer):
    first = actions.issue(drafted(cast, payer), version=1, by=cast.vera)
    second = actions.issue(drafted(cast, payer), version=1, by=cast.vera)
    year = first.issued_on.year
    assert [first.number, second.number] == [f"{year}-0001", f"{year}-0002"]
    assert (first.net_cents, first.tax_cents, first.total_cents, first.open_cents) == (25_000, 5_000, 30_000, 30_000)
    kept = Invoice.get_by_id(first.id)
    assert hashlib.sha256(kept.snapshot.encode()).hexdigest() == kept.snapshot_sha256
    assert json.loads(kept.snapshot)["total_cents"] == 30_000
    with pytest.raises(IntegrityError):
        Line.update(text="Other").where(Line.invoice == kept).execute()


def test_an_issue_that_is_rolled_back_leaves_no_gap(cast, payer):
    draft = drafted(cast, payer)

    @atomic
    def fail():
        actions.issue(draft, version=1, by=cast.vera)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert Invoice.get_by_id(draft.id).state is State.DRAFT
    assert actions.issue(draft, version=1, by=cast.vera).number.endswith("-0001")


def test_two_reasons_not_to_ask_for_tax_stand_on_a_document_both(cast, payer):
    free = [TaxRate.create(name=name, category_name="E", note=note) for name, note in (("A", "One."), ("B", "Other."))]
    lines = [coaching(cast, rate=rate) for rate in (*free, free[0])]
    issued = actions.issue(drafted(cast, payer, *lines), version=1, by=cast.vera)
    (told,) = json.loads(issued.snapshot)["rates"]
    assert (told["name"], told["note"]) == ("A, B", "One. Other.")


def test_what_is_missing_blocks_the_issue_and_is_said(cast, payer):
    Seller.update(legal_name="").execute()
    with pytest.raises(Refused, match="legal name"):
        actions.issue(drafted(cast, payer), version=1, by=cast.vera)


def test_a_draft_somebody_changed_is_not_issued_unseen(cast, payer):
    draft = drafted(cast, payer)
    actions.change(draft, {"words": "Thank you"}, [coaching(cast, quantity_milli=2000)], version=1, by=cast.vera)
    with pytest.raises(Stale):
        actions.issue(draft, version=1, by=cast.vera)
    assert actions.issue(draft, version=2, by=cast.vera).net_cents == 50_000


def test_nothing_is_billed_twice_until_its_draft_is_discarded(cast, payer):
    line = coaching(cast, claims=[(ClaimKind.SESSION, "01ARZ3NDEKTSV4RRFFQ69G5FAV")])
    first = drafted(cast, payer, line)
    with pytest.raises(Refused, match="billed already"):
        drafted(cast, payer, line)
    actions.discard(first, version=1, by=cast.vera)
    assert drafted(cast, payer, line)
    assert Claim.select().count() == 1


def test_a_payment_takes_off_what_is_open_and_can_be_taken_back(cast, payer):
    invoice = actions.issue(drafted(cast, payer), version=1, by=cast.vera)
    with pytest.raises(Refused, match="draft"):
        actions.post(drafted(cast, payer), Entry.PAYMENT, 1, DAY, by=cast.vera)
    paid = actions.post(invoice, Entry.PAYMENT, 30_000, DAY, by=cast.vera)
    assert (Invoice.get_by_id(invoice.id).open_cents, Invoice.get_by_id(invoice.id).settled_on) == (0, DAY)
    actions.undo(paid, reason="Another's", by=cast.vera)
    assert (Invoice.get_by_id(invoice.id).open_cents, Invoice.get_by_id(invoice.id).settled_on) == (30_000, None)
    with pytest.raises(Refused, match="already"):
        actions.undo(paid, by=cast.vera)


# Drafts that come back ------------------------------------------------------------------------------------------------

SESSION = (ClaimKind.SESSION, "01ARZ3NDEKTSV4RRFFQ69G5FAV")


def test_a_discarded_draft_comes_back_with_what_it_billed(cast, payer):
    draft = drafted(cast, payer, coaching(cast, claims=[SESSION]))
    actions.discard(draft, version=1, by=cast.vera)
    assert not Claim.select().exists()
    back = actions.restore(draft, by=cast.vera)
    assert (back.removed_at, Claim.get().subject) == (None, SESSION[1])
    assert actions.restore(draft, by=cast.vera).version == back.version, "twice is once"


def test_a_discarded_draft_stays_away_when_another_bills_the_same(cast, payer):
    draft = drafted(cast, payer, coaching(cast, claims=[SESSION]))
    actions.discard(draft, version=1, by=cast.vera)
    drafted(cast, payer, coaching(cast, claims=[SESSION]))
    with pytest.raises(Refused, match="billed already"):
        actions.restore(draft, by=cast.vera)
    assert Invoice.get_by_id(draft.id).removed_at is not None


# Credit notes ---------------------------------------------------------------------------------------------------------


def issued(cast, payer, *lines, **values):
    draft = actions.draft(payer, lines or [coaching(cast)], currency="GBP", by=cast.vera, **values)
    return actions.issue(draft, version=1, by=cast.vera)


def lines_of(invoice):
    return list(Line.of(invoice))


def today():
    return clock.now().date()


def as_kept(invoice):
    return Invoice.get_by_id(invoice.id)


def test_a_credit_note_over_everything_is_the_mirror_and_leaves_nothing_open(cast, payer):
    lines = [coaching(cast, quantity_milli=3000), coaching(cast, unit_cents=9_999, discount_bps=750)]
    invoice = issued(cast, payer, *lines, discount_bps=1000, discount_cents=333, discount_words="For friends")
    note = actions.credit(invoice, reason=" Billed to the wrong month ", by=cast.vera)
    assert (note.kind, note.number[:3], note.corrects_id) == (Kind.CREDIT, "CN-", invoice.id)
    mirrored = ("net_cents", "tax_cents", "total_cents", "currency", "discount_words")
    assert [getattr(note, name) for name in mirrored] == [getattr(invoice, name) for name in mirrored]
    said, of = json.loads(note.snapshot), json.loads(invoice.snapshot)
    assert (said["lines"], said["rates"]) == (of["lines"], of["rates"])
    assert (said["reason"], said["corrects"]["number"]) == ("Billed to the wrong month", invoice.number)
    assert [line.credits_id for line in Line.of(note)] == [line.id for line in Line.of(invoice)]
    assert (as_kept(note).open_cents, as_kept(invoice).open_cents) == (0, 0)
    assert as_kept(invoice).standing(today()) is Standing.CREDITED
    assert Posting.get().about == note.public_id


def test_part_credits_in_odd_shares_leave_exactly_nothing(cast, payer):
    lines = [coaching(cast, unit_cents=33_33, quantity_milli=3000), coaching(cast, unit_cents=35, quantity_milli=2500)]
    invoice = issued(cast, payer, *lines, discount_bps=333)
    first, second = lines_of(invoice)
    for quantities in ({first.public_id: 1000}, {first.public_id: 500, second.public_id: 1}, None):
        actions.credit(invoice, quantities, reason="Not held", by=cast.vera)
    notes = list(Invoice.select().where(Invoice.corrects == invoice).order_by(Invoice.id))
    assert [note.seq for note in notes] == [1, 2, 3]
    assert sum(note.total_cents for note in notes) == invoice.total_cents
    assert sum(note.tax_cents for note in notes) == invoice.tax_cents
    assert [totals_of(note, lines_of(note)).total for note in notes] == [note.total_cents for note in notes]
    assert as_kept(invoice).open_cents == 0
    with pytest.raises(Refused, match="credited already"):
        actions.credit(invoice, reason="Once more", by=cast.vera)


def test_no_more_of_a_line_or_of_the_whole_is_credited_than_is_left(cast, payer):
    invoice = issued(cast, payer, coaching(cast, quantity_milli=2000), coaching(cast, unit_cents=-10_000))
    session, deposit = lines_of(invoice)
    with pytest.raises(Refused, match="2 can be credited"):
        actions.credit(invoice, {session.public_id: 2001}, reason="Not held", by=cast.vera)
    with pytest.raises(Refused, match=r"more than the £480\.00"):
        actions.credit(invoice, {session.public_id: 2000}, reason="Not held", by=cast.vera)
    with pytest.raises(Refused, match="nothing or less"):
        actions.credit(invoice, {deposit.public_id: 1000}, reason="Not held", by=cast.vera)
    with pytest.raises(Refused, match="Choose what"):
        actions.credit(invoice, {"01ARZ3NDEKTSV4RRFFQ69G5FAV": 1000}, reason="Not held", by=cast.vera)
    assert not Posting.select().exists()
    assert not Invoice.select().where(Invoice.kind_name == Kind.CREDIT).exists()
    actions.credit(invoice, {session.public_id: 1000}, reason="Not held", by=cast.vera)
    with pytest.raises(Refused, match="1 can be credited"):
        actions.credit(invoice, {session.public_id: 1001}, reason="Not held", by=cast.vera)


def test_six_who_credit_the_same_at_once_do_it_once(cast, payer):
    invoice = issued(cast, payer)
    gate, fates = threading.Barrier(6), []

    def credit():
        gate.wait(30)
        try:
            actions.credit(invoice, reason="Wrong", by=cast.vera)
            fates.append("credited")
        except Refused as refusal:
            fates.append(str(refusal))
        finally:
            database.close()

    threads = [threading.Thread(target=credit) for _ in range(gate.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fates) == ["All of it is credited already."] * 5 + ["credited"]
    assert as_kept(invoice).open_cents == 0


def test_a_draft_and_a_credit_note_are_not_credited(cast, payer):
    with pytest.raises(Refused, match="draft is changed"):
        actions.credit(drafted(cast, payer), reason="Wrong", by=cast.vera)
    note = actions.credit(issued(cast, payer), reason="Wrong", by=cast.vera)
    with pytest.raises(Refused, match="not taken back by another"):
        actions.credit(note, reason="Wrong", by=cast.vera)


def test_what_is_to_be_billed_again_is_let_go_of_and_only_that(cast, payer):
    other = (ClaimKind.CHARGE, "01ARZ3NDEKTSV4RRFFQ69G5FAW")
    invoice = issued(
        cast, payer, coaching(cast, quantity_milli=2000, claims=[SESSION]), coaching(cast, claims=[other])
    )  # fmt: skip
    session, charge = (line.public_id for line in Line.of(invoice))
    actions.credit(invoice, {charge: 500}, reason="Half of it", by=cast.vera)
    with pytest.raises(Refused, match="all that is left"):
        actions.credit(invoice, {session: 1000}, reason="Wrong rate", bill_again=True, by=cast.vera)
    assert Claim.select().count() == 2
    actions.credit(invoice, {session: 2000}, reason="Wrong rate", bill_again=True, by=cast.vera)
    assert [claim.subject for claim in Claim.select()] == [other[1]]
    assert drafted(cast, payer, coaching(cast, claims=[SESSION]))


def test_others_hear_of_a_credit_note(cast, payer):
    heard = []
    on(actions.Credited, heard.append)
    invoice = issued(cast, payer)
    note = actions.credit(invoice, reason="Wrong", by=cast.vera)
    assert [(event.invoice, event.note) for event in heard] == [(invoice, note)]


# Money ----------------------------------------------------------------------------------------------------------------


def stands(invoice):
    kept = as_kept(invoice)
    return kept.open_cents, kept.settled_on, kept.last_entry


def told(cast):
    return [entry.sentence for entry in Said.select().where(Said.client == cast.bob).order_by(Said.id)]


def test_in_parts_and_too_much_and_back_again(cast, payer):
    invoice = issued(cast, payer)
    first, second, third = (DAY + timedelta(days) for days in range(3))
    actions.post(invoice, Entry.PAYMENT, 10_000, first, by=cast.vera)
    assert stands(invoice) == (20_000, None, "")
    rest = actions.post(invoice, Entry.PAYMENT, 25_000, second, by=cast.vera)
    assert stands(invoice) == (-5_000, second, Entry.PAYMENT)
    with pytest.raises(Refused, match=r"We owe £50\.00"):
        actions.refund(invoice, 5_001, third, by=cast.vera)
    back = actions.refund(invoice, 5_000, third, by=cast.vera)
    assert stands(invoice) == (0, second, Entry.PAYMENT)
    actions.undo(back, by=cast.vera)
    actions.undo(rest, by=cast.vera)
    assert stands(invoice) == (20_000, None, "")
    said = [sentence for sentence in told(cast) if "issued" not in sentence]
    assert said == [f"{invoice.label} is paid", f"{invoice.label} is open again"], "each once"


def test_what_was_given_back_must_come_back_before_what_came_in_is_taken_back(cast, payer):
    invoice = issued(cast, payer)
    paid = actions.post(invoice, Entry.PAYMENT, 35_000, DAY, by=cast.vera)
    actions.refund(invoice, 5_000, DAY, by=cast.vera)
    with pytest.raises(Refused, match="Take that back first"):
        actions.undo(paid, by=cast.vera)


def test_what_was_too_much_pays_another_invoice_and_both_are_taken_back_together(cast, payer):
    first, second = issued(cast, payer), issued(cast, payer)
    actions.post(first, Entry.PAYMENT, 40_000, DAY, by=cast.vera)
    with pytest.raises(Refused, match=r"We owe £100\.00"):
        actions.transfer(first, second, 10_001, by=cast.vera)
    with pytest.raises(Refused, match="another invoice"):
        actions.transfer(first, first, 10_000, by=cast.vera)
    away, here = actions.transfer(first, second, 10_000, by=cast.vera)
    assert (as_kept(first).open_cents, as_kept(second).open_cents) == (0, 20_000)
    assert (away.reason, here.reason) == (f"To {second.label}", f"From {first.label}")
    actions.undo(here, by=cast.vera)
    assert (as_kept(first).open_cents, as_kept(second).open_cents) == (-10_000, 30_000)
    with pytest.raises(Refused, match="already"):
        actions.undo(away, by=cast.vera)


def test_what_is_open_is_written_off_with_a_reason_and_asked_for_again(cast, payer):
    invoice = issued(cast, payer)
    actions.post(invoice, Entry.PAYMENT, 10_000, DAY, by=cast.vera)
    with pytest.raises(Refused, match="Say why"):
        actions.write_off(invoice, reason=" ", by=cast.vera)
    off = actions.write_off(invoice, reason="They are bankrupt", by=cast.vera)
    assert (off.cents, as_kept(invoice).standing(today())) == (20_000, Standing.WRITTEN_OFF)
    with pytest.raises(Refused, match="Nothing is open"):
        actions.write_off(invoice, reason="Once more", by=cast.vera)
    actions.undo(off, by=cast.vera)
    assert as_kept(invoice).standing(today()) is Standing.OPEN


def test_a_credit_is_not_taken_back(cast, payer):
    actions.credit(issued(cast, payer), reason="Wrong", by=cast.vera)
    with pytest.raises(Refused, match="credit note stays"):
        actions.undo(Posting.get(), by=cast.vera)


# What else happens ----------------------------------------------------------------------------------------------------


def test_a_dispute_is_noted_and_settled_with_a_reason(cast, payer):
    invoice = issued(cast, payer)
    actions.dispute(invoice, " Only two were held ", by=cast.vera)
    kept = as_kept(invoice)
    assert (kept.dispute, kept.standing(today())) == ("Only two were held", Standing.DISPUTED)
    with pytest.raises(Refused, match="already"):
        actions.dispute(invoice, "Again", by=cast.vera)
    with pytest.raises(Refused, match="how it was settled"):
        actions.settle_dispute(invoice, "", by=cast.vera)
    actions.settle_dispute(invoice, "They found the third", by=cast.vera)
    assert as_kept(invoice).standing(today()) is Standing.OPEN
    with pytest.raises(Refused, match="not disputed"):
        actions.settle_dispute(invoice, "Again", by=cast.vera)
    assert "Only two were held" not in " ".join(told(cast)), "what a payer objects to is not the timeline's"


def test_the_first_look_is_noted_once(cast, payer):
    invoice = issued(cast, payer)
    actions.mark_viewed(invoice)
    seen = as_kept(invoice).viewed_at
    actions.mark_viewed(invoice)
    assert as_kept(invoice).viewed_at == seen is not None
    assert [row.words for row in History.of(invoice)].count("Opened by the payer") == 1


def test_that_it_is_overdue_is_said_once_and_not_of_what_is_paid_or_disputed(cast, payer):
    late, paid, disputed = (issued(cast, payer, term_days=0) for _ in range(3))
    actions.post(paid, Entry.PAYMENT, 30_000, DAY, by=cast.vera)
    actions.dispute(disputed, "Only two were held", by=cast.vera)
    actions.note_overdue()
    assert as_kept(late).overdue_noted_at is None, "its day is not over"
    with clock.pretend(clock.now() + timedelta(days=2)):
        actions.note_overdue()
        actions.note_overdue()
        assert [sentence for sentence in told(cast) if "overdue" in sentence] == [f"{late.label} is overdue"]
        assert as_kept(paid).overdue_noted_at is None
        actions.settle_dispute(disputed, "They found the third", by=cast.vera)
        actions.note_overdue()
    assert as_kept(disputed).overdue_noted_at is not None


def test_a_timeline_leads_to_an_invoice_only_where_all_its_readers_may_open_it(cast, payer):
    dan = Client.create(name="Dan Eide", coach=cast.carol, email="dan@x.example", created_at=clock.now())
    own = issued(cast, payer)
    both = issued(cast, payer, coaching(cast), coaching(cast, client=dan, coach=cast.carol))
    hrefs = {entry.sentence: entry.href for entry in Said.select()}
    assert hrefs[f"{own.label} issued to Bob Haddad"] == own.page
    assert hrefs[f"{both.label} issued to Bob Haddad"] == ""
    assert Invoice.visible_to(cast.carol).count() == 0


# The PDF --------------------------------------------------------------------------------------------------------------


def test_what_a_killed_worker_left_is_drawn_after_its_lease_and_once(cast, payer):
    invoice = issued(cast, payer)
    jobs.huey.storage.flush_queue()
    assert tasks._take(invoice.public_id) is not None
    assert tasks._take(invoice.public_id) is None
    actions.sweep()
    assert not jobs.huey.pending(), "somebody is at it"
    with clock.pretend(clock.now() + timedelta(minutes=2)):
        actions.sweep()
        actions.sweep()
        assert len(jobs.huey.pending()) == 1
        jobs.run_jobs()
        tasks.draw.call_local(invoice.public_id)
    kept = as_kept(invoice)
    assert (kept.document_id is not None, kept.problem, Document.select().count()) == (True, "", 1)


def test_two_workers_who_draw_the_same_keep_one_pdf(cast, payer):
    invoice = issued(cast, payer)
    late = tasks._take(invoice.public_id)
    with clock.pretend(clock.now() + timedelta(minutes=2)):
        tasks.draw.call_local(invoice.public_id)
    kept = as_kept(invoice).document_id
    tasks._keep(late, einvoice.render("invoice", tasks.data_of(late), json.loads(late.snapshot), marker="late"))
    assert (as_kept(invoice).document_id, Document.select().count()) == (kept, 1)


def test_what_fails_is_tried_again_later_and_at_last_waits_for_a_person(cast, payer):
    invoice = issued(cast, payer)
    jobs.huey.storage.flush_queue()
    database.execute_sql("CREATE TRIGGER full BEFORE INSERT ON document BEGIN SELECT RAISE(ABORT, 'full'); END")
    waits, moment = [], clock.now()
    for hour in range(4):
        with clock.pretend(moment + timedelta(hours=hour)):
            tasks.draw.call_local(invoice.public_id)
            kept = as_kept(invoice)
            waits.append(kept.try_at and kept.try_at - clock.now())
    assert waits == [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), None]
    assert "could not be made" in kept.problem
    actions.sweep()
    assert not jobs.huey.pending()
    database.execute_sql("DROP TRIGGER full")
    actions.try_again(invoice)
    jobs.run_jobs()
    assert (as_kept(invoice).problem, as_kept(invoice).document_id is None) == ("", False)
    with pytest.raises(Refused, match="no PDF to be made"):
        actions.try_again(invoice)

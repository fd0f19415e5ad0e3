"""Drafting, issuing, posting."""

import hashlib
import json
from datetime import date

import pytest
from peewee import IntegrityError

from coachbase.db import atomic
from coachbase.errors import Refused, Stale
from coachbase.invoices import actions
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Claim, Invoice, Line
from coachbase.invoices.rules import ClaimKind, Entry, State
from coachbase.payers import actions as payers
from coachbase.payers.models import Seller, TaxRate

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
    told = {"rate": TaxRate.get(), "client": cast.bob, "coach": cast.alice, "supplied_to": DAY}
    return NewLine("Coaching session", 25_000, **(told | values))


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

"""`python app.py check` names each damage to what was billed."""

import json

import pytest

from coachbase.check import findings
from coachbase.db import database
from coachbase.files import actions as files
from coachbase.files.rules import Hold, Kind
from coachbase.firm.models import Firm
from coachbase.invoices import actions as invoices
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Invoice, Line
from coachbase.invoices.rules import ClaimKind, Entry
from coachbase.numbers.tasks import MARKS
from coachbase.payers import actions as payers
from coachbase.payers.models import Seller, TaxRate
from coachbase.triggers import TRIGGERS


@pytest.fixture
def billed(cast):
    """Two invoices of £60.00 with their PDFs, half of one credited, the other paid, and a draft that was discarded."""
    rate = TaxRate.create(name="VAT", rate_bps=2000)
    Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789", rate=rate)
    payer = payers.payer_for(cast.bob)
    payer.address = "2 Mill Lane"
    payer.save()

    def drafted(**values):
        line = NewLine("Coaching", 2_500, rate=rate, client=cast.bob, quantity_milli=2000, **values)
        return invoices.draft(payer, [line], currency="GBP", by=cast.vera, supplied_to=cast.bob.created_at.date())

    first, second = (invoices.issue(drafted(), version=1, by=cast.vera) for _ in range(2))
    for invoice in (first, second):
        content = b"%PDF-1.7 " + invoice.number.encode()
        document = files.store(content, "x.pdf", client=None, kind=Kind.INVOICE, held=Hold.PROOF)
        Invoice.update(document=document).where(Invoice.id == invoice.id).execute()
    invoices.credit(first, {Line.of(first).get().public_id: 1000}, reason="Not held", by=cast.vera)
    invoices.post(second, Entry.PAYMENT, 6_000, second.issued_on, by=cast.vera)
    claim = (ClaimKind.SESSION, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    invoices.discard(drafted(claims=[claim]), version=1, by=cast.vera)


def test_sound_invoices_have_no_findings(billed):
    assert list(findings()) == []


_SECOND = " WHERE id = (SELECT id FROM invoice WHERE seq = 2)"
_SEALED = "(SELECT snapshot FROM invoice WHERE seq = 1 AND kind = 'invoice')"
DAMAGE_TO_MONEY = {
    "given to no document, or to two": [f"UPDATE invoice SET seq = 3{_SECOND}"],
    "The number invoice": ["DROP INDEX invoice_series_id_year_seq", f"UPDATE invoice SET seq = 1{_SECOND}"],
    "counts on from another number": ["UPDATE last_number SET last = 9"],
    "issued without a number or without what it says": [f"UPDATE invoice SET number = NULL{_SECOND}"],
    "is a draft and has a number": ["UPDATE invoice SET number = '7' WHERE state = 'draft'"],
    "is open than its total": [f"UPDATE invoice SET open_cents = 1{_SECOND}"],
    "open than its total less what was posted": ["UPDATE posting SET cents = 1"],
    "more is credited than it had": ["UPDATE line SET quantity_milli = 2001 WHERE credits_id IS NOT NULL"],
    "keeps others from billing": [
        "INSERT INTO claim (kind, subject, line_id) SELECT 'session', 'x', line.id FROM line "
        "JOIN invoice ON invoice.id = invoice_id WHERE removed_at IS NOT NULL"
    ],
    "is not what its lines add up to": [f"UPDATE invoice SET total_cents = 6001, open_cents = 1{_SECOND}"],
    "what its lines add up to": ["UPDATE line SET net_cents = 1"],
    "its lines add up to": ["UPDATE line SET unit_cents = unit_cents + 1 WHERE credits_id IS NULL"],
    "says is not what its SHA-256 says": [f"UPDATE invoice SET snapshot = {_SEALED}{_SECOND}"],
    "another number or total than its row": [f"UPDATE invoice SET number = '2026-9999'{_SECOND}"],
    "says cannot be opened": [f"UPDATE invoice SET snapshot = zeroblob(60){_SECOND}"],
    "is not the one that was made": ["UPDATE document SET sha256 = 'x'"],
}


@pytest.mark.parametrize("said", DAMAGE_TO_MONEY)
def test_each_damage_to_what_was_billed_is_named(billed, said):
    for name in TRIGGERS:
        database.execute_sql(f"DROP TRIGGER {name}")
    before = list(findings())
    assert not any(said in line for line in before)
    for statement in DAMAGE_TO_MONEY[said]:
        database.execute_sql(statement)
    assert any(said in line for line in findings())


def test_numbers_that_were_given_out_and_are_not_there_are_named(billed, config):
    told = {"firm": Firm.current().created_at.isoformat(), "last": {"invoice": {"2026": 9}}}
    (config.data / MARKS).write_text(json.dumps(told))
    assert any("numbers 3 to 9 of 2026 were given out" in line for line in findings())

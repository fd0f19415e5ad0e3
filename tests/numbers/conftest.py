"""Documents are issued, so that numbers are taken as they are at work."""

from datetime import date

import pytest

from coachbase.invoices import actions
from coachbase.invoices.actions import NewLine
from coachbase.numbers.rules import Kind
from coachbase.payers import actions as payers
from coachbase.payers.models import Seller, TaxRate


@pytest.fixture
def issue(cast):
    rate = TaxRate.create(name="VAT", rate_bps=2000)
    Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789", rate=rate)
    payer = payers.keep_payer(cast.bob, {"address": "2 Mill Lane"}, version=0, by=cast.vera)

    def issued(kind: Kind = Kind.INVOICE) -> str:
        line = NewLine("Coaching", 25_000, rate=rate, client=cast.bob, supplied_to=date(2026, 11, 20))
        draft = actions.draft(payer, [line], currency="GBP", kind=kind, by=cast.vera)
        return actions.issue(draft, version=draft.version, by=cast.vera).number

    return issued

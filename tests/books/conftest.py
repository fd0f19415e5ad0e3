"""Two coaches' clients are billed; in each currency something is credited, late, paid too much."""

from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase import clock
from coachbase.clients.models import Client
from coachbase.clients.rules import fold
from coachbase.invoices import actions
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Line
from coachbase.invoices.rules import Entry
from coachbase.numbers.rules import Kind
from coachbase.payers import actions as payers
from coachbase.payers.models import Seller, TaxRate
from coachbase.payers.rules import Category

TODAY = date(2026, 11, 20)


class Desk:
    """Bills Bob (Alice's) and Dan (Carol's), on any day."""

    def __init__(self, cast):
        self.cast = cast
        self.full = TaxRate.create(name="VAT", rate_bps=2000)
        self.less = TaxRate.create(name="VAT", rate_bps=700)
        self.none = TaxRate.create(name="None", category_name=Category.OUTSIDE, note="Outside the scope")
        Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456782", rate=self.full, term_days=14)
        self.dan = Client.create(
            name="Dan Ito", email="dan@halden.example", coach=cast.carol, zone="Asia/Tokyo",
            search_key=fold("Dan Ito"), created_at=clock.now(),
        )  # fmt: skip
        self.bobs, self.dans = (self._payer(client) for client in (cast.bob, self.dan))

    def _payer(self, client):
        payer = payers.payer_for(client)
        payer.address, payer.tax_id = "2 Mill Lane", "DE136695976"
        payer.save()
        return payer

    def line(self, cents, *, coach=None, rate=None, **values):
        client = values.pop("client", self.cast.bob)
        told = {"rate": rate or self.full, "client": client, "coach": coach or self.cast.alice, "supplied_to": TODAY}
        return NewLine("Coaching", cents, **(told | values))

    def issue(self, on, *lines, payer=None, currency="GBP", kind=Kind.INVOICE, **values):
        with clock.pretend(datetime(on.year, on.month, on.day, 12, tzinfo=UTC)):
            draft = actions.draft(payer or self.bobs, lines, currency=currency, kind=kind, by=self.cast.olive, **values)
            return actions.issue(draft, version=1, by=self.cast.olive)

    def for_dan(self, on, cents, **values):
        line = self.line(cents, coach=self.cast.carol, client=self.dan)
        return self.issue(on, line, payer=self.dans, **values)

    def credit(self, invoice, on, quantities=None):
        """All of it, or so many thousandths of its lines in their order."""
        lines = Line.select().where(Line.invoice == invoice).order_by(Line.position)
        taken = quantities and {line.public_id: each for line, each in zip(lines, quantities, strict=True) if each}
        with clock.pretend(datetime(on.year, on.month, on.day, 12, tzinfo=UTC)):
            return actions.credit(invoice, taken, reason="Agreed", bill_again=False, by=self.cast.olive)

    def paid(self, invoice, cents, on):
        with clock.pretend(datetime(on.year, on.month, on.day, 12, tzinfo=UTC)):
            return actions.post(invoice, Entry.PAYMENT, cents, on, reference="=Ref 1", by=self.cast.olive)


@pytest.fixture
def desk(cast):
    return Desk(cast)


@pytest.fixture
def today():
    """20 November 2026, at noon."""
    with clock.pretend(datetime(2026, 11, 20, 12, tzinfo=UTC)):
        yield TODAY


@pytest.fixture
def late(desk, today):
    """Bob owes something of each age, and was paid too much of one; Dan owes yen."""
    for days in (0, 1, 30, 31, 60, 61, 90, 91):
        desk.issue(today - timedelta(days=14 + days), desk.line(10_000 + days))
    too_much = desk.issue(today, desk.line(5000))
    desk.paid(too_much, 6500, today)
    desk.for_dan(today - timedelta(days=20), 80_000, currency="JPY")

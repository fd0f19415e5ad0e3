"""A practice that bills, with invoices to be paid, and a bank that says what came."""

from datetime import UTC, date, datetime

import pytest

from coachbase import clock
from coachbase.clients.models import Client
from coachbase.invoices import actions as invoices
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Invoice
from coachbase.payers import actions as payers
from coachbase.payers.models import Payer, Seller, TaxRate
from coachbase.payments import actions
from coachbase.payments.models import BankLine
from coachbase.payments.rules import Entry, Way

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
FRIDAY = date(2026, 11, 20)


@pytest.fixture
def monday(cast):
    with clock.pretend(MONDAY):
        yield MONDAY


@pytest.fixture
def issue(cast, monday):
    """`issue(300)` gives Bob an issued invoice over £300.00; `client`, `currency` say another's."""
    TaxRate.create(name="No VAT", category_name="E", note="Exempt: small business")
    Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789")

    def issued(
        pounds: int,
        *,
        client: Client | None = None,
        currency: str = "GBP",
        payer: Payer | None = None,
        issue: bool = True,
    ) -> Invoice:
        client = client or cast.bob
        payer = payer or payers.payer_for(client)
        payer.address = "2 Mill Lane"
        payer.save()
        coached = {"rate": TaxRate.get(), "client": client, "coach": client.coach, "supplied_to": FRIDAY}
        line = NewLine("Coaching session", pounds * 100, **coached)
        draft = invoices.draft(payer, [line], currency=currency, by=cast.vera)
        return invoices.issue(draft, version=1, by=cast.vera) if issue else draft

    return issued


@pytest.fixture
def dans(cast, issue):
    """An invoice of Carol's client: behind the wall for Alice and Vera."""
    dan = Client.create(
        name="Dan Brook", email="dan@other.example", coach=cast.carol, search_key="dan brook", created_at=MONDAY
    )
    return issue(300, client=dan)


@pytest.fixture
def came(cast, monday):
    """`came(30_000, "2026-0001")` gives a line of the bank."""

    def line(cents: int, reference: str = "", payer: str = "", **values) -> BankLine:
        entry = Entry(
            1, values.pop("on", FRIDAY), cents, values.pop("currency", "GBP"), payer, reference=reference, **values
        )
        added = actions.take("bank.csv", "0" * 64, Way.CSV, [entry], by=cast.olive)
        return BankLine.get(BankLine.file == added.file)

    return line


@pytest.fixture
def shared(cast, issue):
    """Two invoices to Brightwater, which pays for Bob, and for Carol's client Ida: the second is behind the wall."""
    ida = Client.create(
        name="Ida Berg",
        email="ida@brightwater.example",
        coach=cast.carol,
        organisation=cast.brightwater,
        search_key="ida berg",
        created_at=MONDAY,
    )
    payer = Payer.create(
        organisation=cast.brightwater, legal_name="Brightwater", email="ap@brightwater.example", created_at=MONDAY
    )
    payer = Payer.with_people().where(Payer.id == payer.id).get()
    return issue(300, payer=payer), issue(300, payer=payer, client=ida)


def open_cents(invoice: Invoice) -> int:
    return Invoice.get_by_id(invoice.id).open_cents

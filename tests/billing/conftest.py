"""Bob in a program that runs, billed by a firm that may."""

from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase import clock
from coachbase.clients.models import Client
from coachbase.engagements.models import Engagement, Participant
from coachbase.engagements.rules import State
from coachbase.payers.models import Payer, Seller, TaxRate
from coachbase.sessions.models import CoachingSession
from coachbase.sessions.rules import State as S

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday."""
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _a_monday():
    with clock.pretend(NOW):
        yield


@pytest.fixture
def vat(cast):
    rate = TaxRate.create(name="VAT", rate_bps=2000)
    Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789", rate=rate, batch_weekday=0)
    return rate


@pytest.fixture
def sponsor(cast, vat):
    """Brightwater as it pays."""
    return Payer.create(
        organisation=cast.brightwater, legal_name="Brightwater plc", address="2 Dock", email="ap@brightwater.example",
        created_at=NOW,
    )  # fmt: skip


@pytest.fixture
def program(cast, vat):
    """`program(billing="per_session")`: a running one of Bob's, or another client's; half a year, six sessions."""

    def begin(client=None, *, is_sponsored=False, **values):
        whose = client or cast.bob
        told = {
            "name": "Leadership 6", "months": 6, "sessions": 6, "price_cents": 150_000, "currency": "GBP",
            "billing_name": "per_session", "starts_on": date(2026, 9, 7), "ends_on": date(2027, 3, 7),
            "state_name": State.ACTIVE, "created_at": NOW, "onboarded_at": NOW,
        }  # fmt: skip
        payer = "sponsor" if is_sponsored else "client"
        made = Engagement.create(client=whose, coach=whose.coach, payer_name=payer, **(told | values))
        if not whose.address:
            Client.update(address="5 Mill Lane").where(Client.id == whose.id).execute()
        if is_sponsored:
            Participant.create(engagement=made, contact=cast.sam, pays=True)
        return Engagement.with_client().where(Engagement.id == made.id).get()

    return begin


@pytest.fixture
def session():
    """`session(program, days_ago=9)`: one that was held so many days ago, or became what `state` says."""

    def happened(program, days_ago, state=S.HELD, kind="coaching", minutes=60):
        begins = NOW - timedelta(days=days_ago) + timedelta(hours=2 * (program.id % 5))  # a coach is in one place
        return CoachingSession.create(
            uid=f"{program.id}-{days_ago}-{kind}@northbank.example", coach=program.coach, client=program.client,
            engagement=program, kind_name=kind, starts_at=begins, ends_at=begins + timedelta(minutes=minutes),
            zone="Europe/London", via="staff", created_at=begins, state_name=state,
        )  # fmt: skip

    return happened

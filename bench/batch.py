"""A batch of a hundred drafts in a practice of its own: made by the clock, looked through, and issued in one act."""

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from coachbase import clock, create_app, schema
from coachbase.accounts.models import User
from coachbase.billing import actions as billing
from coachbase.billing.models import Charge, Draft, review
from coachbase.clients.models import Client
from coachbase.config import Config
from coachbase.db import atomic, database
from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import State
from coachbase.payers.models import Seller, TaxRate
from tests.cast import assemble

DRAFTS = 100


def taken() -> dict[str, float]:
    """Milliseconds for making, reading and issuing them. Every commit waits for the disk, as at work."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config(data=Path(folder))
        schema.migrate(config)
        create_app(config)
        fill()
        vera = User.get(User.email == "vera@northbank.example")
        made = _timed(lambda: billing.propose(Engagement.with_client(), Charge.unbilled(clock.now().date()), by=None))
        read = _timed(lambda: review(vera))
        drafts: list[Draft] = review(vera)
        assert len(drafts) == DRAFTS
        issued = _timed(lambda: _issue(drafts, vera))
        database.close()
    return {"made": made, "read": read, "issued": issued}


def _issue(drafts: list[Draft], by: User) -> None:
    outcome = billing.issue([(draft.invoice, draft.invoice.version) for draft in drafts], by=by)
    assert len(outcome.issued) == DRAFTS, outcome.refused[:1]


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


@atomic
def fill() -> None:
    """A hundred clients of Alice's, each in a program that is to be billed in full."""
    assemble()
    rate = TaxRate.create(name="VAT", rate_bps=2000)
    Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB980780684", rate=rate)
    now, alice = clock.now(), User.get(User.email == "alice@northbank.example")
    for number in range(DRAFTS):
        name = f"Client {number:03}"
        client = Client.create(
            name=name, email=f"{number}@client.example", address="5 Mill Lane", coach=alice, search_key=name.lower(),
            created_at=now,
        )  # fmt: skip
        begins = (now - timedelta(days=30)).date()
        Engagement.create(
            client=client, coach=alice, name="Leadership 3", months=3, sessions=6, price_cents=320_000, currency="GBP",
            starts_on=begins, ends_on=begins + timedelta(days=90), state_name=State.ACTIVE, created_at=now,
            onboarded_at=now,
        )  # fmt: skip

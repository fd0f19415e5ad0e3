"""Bob's program, active and with a place, and sessions of it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase import clock
from coachbase.availability.models import Availability
from coachbase.availability.rules import SessionKind
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement, Step
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import LedgerEntry
from tests.engagements.conftest import TERMS, rows

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""A Monday in London, an hour before the working day."""
STEPS = [row for row in rows() if row["key"] == "kickoff"]


@pytest.fixture(autouse=True)
def _a_monday():
    with clock.pretend(NOW):
        yield


@pytest.fixture
def program(cast) -> Engagement:
    """Twelve sessions, active: its only step is gone."""
    Availability.create(coach=cast.alice, place="https://meet.example/alice")
    given = {"starts_on": date(2026, 11, 2), "ends_on": date(2027, 5, 1), "payer": "client", "po_number": ""}
    started = engagements.start(cast.bob, TERMS, coach=cast.alice, steps=STEPS, participants=(), by=cast.vera, **given)
    engagements.skip(Step.get(Step.engagement == started), reason="Held before", by=cast.vera)
    return Engagement.with_client().where(Engagement.id == started.id).get()


@pytest.fixture
def book(cast, program):
    """`book(days, hour)` books a session of Bob's program so many days from now; those before now as it was then."""

    def at(days: int, hour: int = 10, kind=SessionKind.COACHING, **options):
        starts_at = NOW.replace(hour=hour) + timedelta(days=days)
        given = {"via": Via.STAFF, "client": cast.bob, "engagement": program, "despite": "agreed", "by": cast.vera}
        with clock.pretend(min(NOW, starts_at - timedelta(days=2))):
            return scheduling.book(cast.alice, kind, starts_at, 60, **(given | options))

    return at


@pytest.fixture
def balance(program):
    """The balance as it is now, in words."""
    return lambda: LedgerEntry.balance(program).words

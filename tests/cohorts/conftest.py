"""A cohort of Alice's with three seats, and people to sit on them. It is a Monday in November."""

from datetime import UTC, datetime

import pytest

from coachbase import clock
from coachbase.availability import actions as availability
from coachbase.clients import actions as clients
from coachbase.cohorts import actions as cohorts

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_november():
    with clock.pretend(NOW):
        yield


@pytest.fixture
def people(cast):
    """Ines, Grace, Tomás and Lena, clients of Alice."""
    availability.save_terms(cast.alice, {"place": "https://meet.example/alice"}, version=0)
    names = ("Ines Marchetti", "Grace Adeyemi", "Tomás Vidal", "Lena Fischer")
    return [
        clients.add({"name": name, "email": f"{name[:3].lower()}@firm.example", "coach": cast.alice}, how="by hand")
        for name in names
    ]


@pytest.fixture
def cohort(cast, people):
    return cohorts.create(cast.alice, {"name": "Leaders’ circle", "seats": 3, "minutes": 90}, by=cast.vera)


@pytest.fixture
def seated(cohort, people, cast):
    """Ines and Grace have a seat."""
    for client in people[:2]:
        cohorts.take_seat(cohort, client, by=cast.vera)
    return cohort

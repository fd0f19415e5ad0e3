"""Bob's program with Alice, on a Monday morning."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase import clock
from coachbase.availability.models import Availability
from coachbase.engagements.models import Engagement, Participant
from coachbase.events import _listeners
from coachbase.scheduling import actions
from coachbase.sessions import actions as sessions

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
THURSDAY = datetime(2026, 11, 26, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def monday(app) -> Iterator[None]:
    """It is Monday 23 November, eight in the morning in London."""
    with clock.pretend(MONDAY):
        yield


@pytest.fixture
def place(cast) -> None:
    """Where Alice and Carol meet people."""
    for coach in (cast.alice, cast.carol):
        video = {"place_kind_name": "video", "place": f"https://meet.example/{coach.name.split()[0].lower()}"}
        Availability.create(coach=coach, **video)


@pytest.fixture
def program(cast, monday, place) -> Engagement:
    """Six sessions, active; Sam takes part in its three-way meetings."""
    engagement = Engagement.create(
        client=cast.bob,
        coach=cast.alice,
        name="Six sessions",
        sessions=6,
        currency="GBP",
        starts_on=date(2026, 11, 1),
        state_name="active",
        created_at=MONDAY - 30 * DAY,
        onboarded_at=MONDAY - 20 * DAY,
    )
    Participant.create(engagement=engagement, contact=cast.sam, meets=True)
    sessions.buy(engagement, by=None)
    return engagement


@pytest.fixture
def heard(app) -> Iterator[list]:
    """Every announcement of this room, in order."""
    told: list = []
    kinds = (actions.Booked, actions.Moved, actions.Cancelled, actions.PeopleChanged, actions.BookingAsked)
    before = {kind: list(_listeners[kind]) for kind in kinds}
    for kind in kinds:
        _listeners[kind].append(told.append)
    yield told
    for kind in kinds:
        _listeners[kind][:] = before[kind]

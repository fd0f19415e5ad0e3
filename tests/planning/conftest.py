"""A practice in which much is booked: Alice has a place and hours, Bob a program of twelve sessions."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from coachbase.availability.models import Availability
from coachbase.availability.rules import SessionKind
from coachbase.clients.models import Client
from coachbase.clients.rules import fold
from coachbase.db import transaction
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import State
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions import actions as sessions
from coachbase.sessions.models import CoachingSession
from tests.cast import Cast

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
"""A Tuesday, in London."""
STARTS_ON, ENDS_ON = date(2026, 12, 1), date(2027, 6, 1)
TERMS = {
    "name": "Leadership 6", "months": 6, "sessions": 12, "session_minutes": 60, "cadence_name": "biweekly",
    "price_cents": 960_000, "currency": "GBP", "billing_name": "halves", "assessments": "", "battery_id": None,
    "three_ways": "start end", "summaries_name": "quarterly", "shares": "sessions goals", "logistics": "",
    "cancel_hours": 24, "late_is_charged": True,
}  # fmt: skip


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    year = 2026 if month > 10 else 2027
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def frozen(cast: Cast):
    """Tuesday 1 December 2026, 10:00 in London; the clock stands still until the test moves it."""
    with time_machine.travel(NOW, tick=False) as clock:
        with transaction():
            place_of(cast.alice)
        yield clock


def place_of(coach, **terms) -> Availability:
    return Availability.create(coach=coach, place_kind_name="video", place="https://meet.example/room", **terms)


def program_of(client: Client, coach, **options) -> Engagement:
    """An active program with its sessions bought."""
    given = {"starts_on": STARTS_ON, "ends_on": ENDS_ON, "payer": "client", "po_number": "", "participants": ()}
    terms = TERMS | {name: options.pop(name) for name in list(options) if name in TERMS}
    engagement = engagements.start(client, terms, coach=coach, steps=(), by=None, **(given | options))
    engagement.state_name = State.ACTIVE
    engagement.save()
    sessions.buy(engagement, by=None)
    return engagement


@pytest.fixture
def program(frozen, cast: Cast) -> Engagement:
    """Bob's program of twelve sessions, active."""
    with transaction():
        return program_of(cast.bob, cast.alice)


@pytest.fixture
def book(frozen, cast: Cast) -> Callable[..., CoachingSession]:
    """`book(at(12, 8, 10), engagement)`: a session of Alice, with Bob unless said otherwise."""

    def booked(starts_at, engagement=None, kind=SessionKind.COACHING, minutes=60, coach=None, client=None, **options):
        who = client or (engagement.client if engagement else cast.bob)
        return scheduling.book(
            coach or cast.alice, kind, starts_at, minutes, via=Via.STAFF, client=who, engagement=engagement,
            despite="a test", by=cast.vera, **options,
        )  # fmt: skip

    return booked


def client_of(coach, name: str, **options) -> Client:
    """One more client of a coach."""
    given = {"email": f"{name.lower().replace(' ', '.')}@client.example", "zone": "Europe/Paris"} | options
    return Client.create(name=name, coach=coach, search_key=fold(name), created_at=NOW, **given)


def sample(coaches, rng) -> dict[str, list[Client]]:
    """Three coaches with twelve clients each, who meet every week, every other week or once a month for nine weeks."""
    found = {}
    for number, coach in enumerate(coaches):
        found[coach.name] = []
        free = [(weekday, hour) for weekday in range(5) for hour in (9, 10.5, 12, 13.5, 15)]
        rng.shuffle(free)
        for place in range(12):
            cadence = ("weekly", "biweekly", "biweekly", "monthly")[place % 4]
            client = client_of(coach, f"Client {number}{place:02}")
            engagement = program_of(client, coach, cadence_name=cadence, sessions=30)
            weekday, hour = free[place]
            step = {"weekly": 7, "biweekly": 14, "monthly": 28}[cadence]
            first = datetime(2026, 12, 7, tzinfo=UTC) + timedelta(days=weekday, minutes=int(60 * hour))
            shift = 7 * (place % 2) if cadence == "biweekly" else 0
            for days in range(shift, 9 * 7, step):
                scheduling.book(
                    coach, SessionKind.COACHING, first + timedelta(days=days), 60, via=Via.STAFF, client=client,
                    engagement=engagement, despite="a sample", by=None,
                )  # fmt: skip
            found[coach.name].append(client)
    return found

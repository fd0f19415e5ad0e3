"""Bob's program with Alice, in which others are asked about him; a stock of codes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase import clock
from coachbase.assessments import actions as assessments
from coachbase.assessments.models import Assessment
from coachbase.credentials import actions as credentials
from coachbase.credentials.rules import Code
from coachbase.engagements.models import Engagement, Participant
from coachbase.instruments.models import Instrument, InstrumentGroup
from coachbase.links import actions as links
from coachbase.raters import actions
from coachbase.raters.models import Rater
from coachbase.raters.rules import Person

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
DAY = timedelta(days=1)
PEERS = [Person(f"Pia {name}", f"pia.{name.lower()}@peers.example", "Peers") for name in ("One", "Two", "Three")]
MANAGER = Person("Max Mustermann", "max@brightwater.example", "Manager", "America/New_York")
PASTED = "\n".join(f"{person.name}, {person.email}, {person.group}" for person in [MANAGER, *PEERS])


@pytest.fixture
def monday(app) -> Iterator[None]:
    """It is Monday 23 November, eight in the morning in London."""
    with clock.pretend(MONDAY):
        yield


@pytest.fixture
def eq360(cast) -> Instrument:
    """An instrument that asks a manager and at least three peers, by a code; reminders after 3, 6, 9 and 12 days."""
    first = Instrument.with_vendor().where(Instrument.name == "EQ 360").get()
    instrument = Instrument.create(
        vendor=first.vendor,
        name="Brief 360",
        needs_raters=True,
        rhythm="3 6 9 12",
        currency="GBP",
        how_to="It takes ten minutes.",
        created_at=clock.now(),
    )
    for place, (name, least, most) in enumerate([("Manager", 1, 1), ("Peers", 3, 4), ("Others", 0, 2)], start=1):
        InstrumentGroup.create(instrument=instrument, name=name, least=least, most=most, position=place)
    return instrument


@pytest.fixture
def program(cast, monday) -> Engagement:
    """Active; Sam reads and signs in it."""
    engagement = Engagement.create(
        client=cast.bob,
        coach=cast.alice,
        name="Leadership 6",
        currency="GBP",
        starts_on=date(2026, 11, 1),
        state_name="active",
        created_at=MONDAY - 30 * DAY,
        onboarded_at=MONDAY - 20 * DAY,
    )
    Participant.create(engagement=engagement, contact=cast.sam, reads=True)
    return engagement


@pytest.fixture
def assessment(cast, program, eq360) -> Assessment:
    return assessments.set_up(cast.bob, eq360, engagement=program, due=date(2026, 12, 18), by=cast.vera)


@pytest.fixture
def stock(cast, eq360):
    """`stock(3)` puts that many codes into stock; gives them."""

    def fill(count: int) -> list[str]:
        secrets = [f"zqcode{number:02}" for number in range(count)]
        credentials.add(eq360, [Code(secret) for secret in secrets], order="", by=cast.vera)
        return secrets

    return fill


@pytest.fixture
def listed(cast, assessment) -> list[Rater]:
    """A manager and three peers on the list, to be invited."""
    actions.add(assessment, [MANAGER, *PEERS], by=cast.vera)
    return list(Rater.of(assessment))


@pytest.fixture
def invited(cast, listed, stock) -> list[Rater]:
    """The same, with access on its way since Monday."""
    stock(4)
    actions.send_access({rater.id: rater.version for rater in listed}, {}, by=cast.vera)
    return list(Rater.of(listed[0].assessment))


@pytest.fixture
def come(app, stranger):
    """`come("nominate", ask)` gives a browser that came in by the link of that kind."""

    def enter(kind: str, row: object):
        token = links.issue(kind, row.public_id, lasts=60 * DAY)[1]
        browser = app.test_client()
        assert browser.get(f"/p/{kind}/open/{token}").location == f"/p/{kind}"
        return browser

    return enter

"""Bob's program with Alice, on a Monday morning."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase import clock
from coachbase.availability.models import Availability
from coachbase.availability.rules import SessionKind
from coachbase.engagements.models import Engagement, Participant
from coachbase.engagements.rules import State as ProgramState
from coachbase.events import _listeners
from coachbase.links import actions as links
from coachbase.scheduling import actions
from coachbase.scheduling.rules import Via
from coachbase.sessions import actions as sessions
from coachbase.sessions.models import CoachingSession
from tests.agreements import signing
from tests.scheduling.by_link import at, booked, open_up

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
def book(cast, program):
    """Book an hour for Bob, or whatever else is said."""

    def booked(starts_at=THURSDAY, *, coach=cast.alice, kind=SessionKind.COACHING, minutes=60, **facts):
        facts = {"via": Via.STAFF, "client": cast.bob, "engagement": program, "by": cast.vera} | facts
        return actions.book(coach, kind, starts_at, minutes, **facts)

    return booked


@pytest.fixture
def heard(app) -> Iterator[list]:
    """Every announcement of this room, in order."""
    yield from hearing(actions.Booked, actions.Moved, actions.Cancelled, actions.Restored, actions.PeopleChanged)


def hearing(*kinds: type) -> Iterator[list]:
    told: list = []
    before = {kind: list(_listeners[kind]) for kind in kinds}
    for kind in kinds:
        _listeners[kind].append(told.append)
    yield told
    for kind in kinds:
        _listeners[kind][:] = before[kind]


# By link --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def engagement(cast) -> Engagement:
    """Bob's program under way; Alice is open Monday to Friday, 9 to 17 in London, a day's notice."""
    open_up(cast.alice)
    engagement = signing.engaged(cast)
    began = {"state_name": ProgramState.ACTIVE, "starts_on": date(2026, 10, 26)}
    Engagement.update(began).where(Engagement.id == engagement.id).execute()
    engagement = Engagement.with_client().where(Engagement.id == engagement.id).get()
    sessions.buy(engagement, by=cast.vera)
    return engagement


@pytest.fixture
def come(app, stranger):
    """`come("book", request)` gives a browser that holds a link of this kind to this row."""

    def enter(kind: str, row):
        token = links.issue(kind, row.public_id, lasts=timedelta(days=30))[1]
        browser = app.test_client()
        home = {"book_assistant": "/p/book", "session_assistant": "/p/session"}.get(kind, f"/p/{kind}")
        browser.set_cookie(f"link_{kind}", token, path=home)
        return browser

    return enter


@pytest.fixture
def session(cast, engagement) -> CoachingSession:
    """Next Monday at nine in London."""
    return booked(cast, engagement, at(30, 9))


@pytest.fixture
def holder(come, session):
    return come("session", session)

"""Bob's program: an agreement that waits for him and a questionnaire; browsers that came by a link."""

from datetime import UTC, datetime, timedelta

import pytest

from coachbase import clock
from coachbase.agreements.models import Agreement
from coachbase.availability.models import Availability
from coachbase.availability.rules import SessionKind
from coachbase.clients.models import Client
from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import State
from coachbase.intake import actions as intake
from coachbase.intake.models import Form, Submission
from coachbase.intake.rules import FormKind, QuestionKind
from coachbase.links import actions as links
from coachbase.requests import actions as requests
from coachbase.requests.models import Request
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions import actions as sessions
from coachbase.sessions.models import CoachingSession
from tests.agreements import signing

LOGISTICS = "We meet by **video**.\n\n<script>alert(1)</script>"


@pytest.fixture
def agreement(cast) -> Agreement:
    """Bob was asked to sign; Sam and Alice come after him."""
    cast.bob.preferred_name, cast.bob.assistant_name = "Bobby", "Eve Lind"
    cast.bob.assistant_email = "eve@brightwater.example"
    cast.bob.save()
    return signing.sent(cast, logistics=LOGISTICS)


@pytest.fixture
def questionnaire(agreement) -> Submission:
    return asked(agreement)


def asked(agreement: Agreement) -> Submission:
    form = Form.get_or_none(Form.title == "About your work") or _form()
    return intake.ask(form, agreement.engagement)


def _form() -> Form:
    form = intake.make_form(title="About your work", kind=FormKind.QUESTIONNAIRE)
    intake.add_question(form, QuestionKind.LONG, {"label": "What matters now?"})
    intake.publish(form)
    return form


@pytest.fixture
def come(app, stranger):
    """`come("client", cast.bob)` gives a browser that opened a link of this kind to this row."""

    def enter(kind: str, row: object):
        browser = app.test_client()
        answer = browser.get(f"/p/{kind}/open/{token_for(kind, row)}")
        assert (answer.status_code, answer.location) == (303, f"/p/{kind}")
        return browser

    return enter


def token_for(kind: str, row: Client) -> str:
    return links.issue(kind, row.public_id, lasts=timedelta(days=365))[1]


@pytest.fixture
def active(agreement, cast) -> Engagement:
    """Bob's program under way, as if all had signed; Alice meets by video."""
    Availability.create(coach=cast.alice, place="https://meet.example/alice", version=0)
    Engagement.update(state_name=State.ACTIVE).execute()
    engagement = Engagement.current_of(cast.bob)
    sessions.buy(engagement, by=cast.vera)
    return engagement


@pytest.fixture
def request_to_book(active, cast) -> Request:
    """Bob is asked to book his kickoff."""
    return requests.ask(active.client, cast.alice, SessionKind.KICKOFF, minutes=60, engagement=active, by=cast.vera)


@pytest.fixture
def session(active, cast) -> CoachingSession:
    """A session of Bob's on a Monday in three weeks or so, at ten in London."""
    return booked(active, cast)


def booked(engagement: Engagement, cast, *, days: int = 21, kind: SessionKind = SessionKind.COACHING, contacts=()):
    day = clock.now().date() + timedelta(days=days)
    monday = day - timedelta(days=day.weekday())
    starts_at = datetime(monday.year, monday.month, monday.day, 10, tzinfo=UTC)
    return scheduling.book(
        cast.alice, kind, starts_at, 60, via=Via.STAFF, client=engagement.client, engagement=engagement,
        contacts=contacts, despite="as agreed", by=cast.vera,
    )  # fmt: skip


@pytest.fixture
def bob(come, cast, agreement):
    """Bob on his page."""
    return come("client", cast.bob)

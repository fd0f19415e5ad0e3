"""A clock that people's typing moves on; a public form and a private questionnaire."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from coachbase import clock
from coachbase.clients.models import Client
from coachbase.engagements.models import Engagement
from coachbase.intake import actions
from coachbase.intake.models import Form, Submission
from coachbase.intake.rules import FormKind, QuestionKind
from tests.intake.filling import Filling


@pytest.fixture
def traveller():
    with time_machine.travel(datetime(2026, 11, 24, 9, 0, tzinfo=UTC), tick=True) as traveller:
        yield traveller


@pytest.fixture
def filling(stranger, cast, traveller) -> Filling:
    """A stranger before the first page of the shipped form."""
    return Filling(stranger, traveller)


@pytest.fixture
def questionnaire(cast) -> Form:
    """Open: four fields of the client and one that is chosen, then two texts, one for the coach alone, and a file."""
    form = actions.make_form(title="Before Bob begins", kind=FormKind.QUESTIONNAIRE, intro="Eight minutes.")
    for kind, values in (
        (QuestionKind.SECTION, {"label": "For our papers"}),
        (QuestionKind.SHORT, {"label": "Your full name", "fills": "legal_name", "required": True}),
        (QuestionKind.LONG, {"label": "Your postal address", "fills": "address"}),
        (QuestionKind.PHONE, {"label": "Your number", "fills": "phone", "required": True}),
        (QuestionKind.SHORT, {"label": "Your firm", "fills": "organisation"}),
        (QuestionKind.MAIL, {"label": "Who keeps your calendar", "fills": "assistant_email"}),
        (QuestionKind.SECTION, {"label": "What this is for"}),
        (QuestionKind.LONG, {"label": "What matters", "required": True}),
        (QuestionKind.LONG, {"label": "CANARYQUESTION for Alice", "coach_only": True}),
        (QuestionKind.FILE, {"label": "Your CV"}),
    ):
        actions.add_question(form, kind, values)
    actions.publish(form)
    return Form.get_by_id(form.id)


def program_of(client: Client) -> Engagement:
    """A program under way, without steps."""
    return Engagement.create(
        client=client, coach=client.coach, name="Leadership 6", currency="GBP", starts_on=date(2026, 12, 1),
        created_at=clock.now(),
    )  # fmt: skip


@pytest.fixture
def bob(cast) -> Client:
    """Of whom we know a number and a legal name."""
    cast.bob.phone, cast.bob.legal_name = "+971 4 1234567", "Robert Haddad"
    cast.bob.save()
    return cast.bob


@pytest.fixture
def engagement(bob) -> Engagement:
    return program_of(bob)


@pytest.fixture
def asked(questionnaire, engagement) -> Submission:
    return actions.ask(questionnaire, engagement)

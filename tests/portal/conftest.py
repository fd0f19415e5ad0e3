"""Bob's program: an agreement that waits for him and a questionnaire; browsers that came by a link."""

from datetime import timedelta

import pytest

from coachbase.agreements.models import Agreement
from coachbase.clients.models import Client
from coachbase.intake import actions as intake
from coachbase.intake.models import Form, Submission
from coachbase.intake.rules import FormKind, QuestionKind
from coachbase.links import actions as links
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
def bob(come, cast, agreement):
    """Bob on his page."""
    return come("client", cast.bob)

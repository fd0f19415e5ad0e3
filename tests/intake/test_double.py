"""Eight clicks at once on the button that sends a form, over the real server: one submission, one client, one mail.

Of a questionnaire: one answer, one correction, one mail.
"""

import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from coachbase.accounts.models import Attempt
from coachbase.clients.models import Client
from coachbase.db import transaction
from coachbase.intake import actions
from coachbase.intake.models import FormVersion, Question, Submission
from coachbase.intake.rules import FormKind, QuestionKind
from coachbase.mail.models import Message
from coachbase.timeline.models import Entry
from tests.intake.conftest import program_of
from tests.intake.filling import fields_of, name_of

ROUNDS, AT_ONCE = 20, 8


class StayHere(urllib.request.HTTPRedirectHandler):
    """Answers a 303 as it is, so that the test sees where each click was led."""

    def redirect_request(self, *_):
        return None


@pytest.fixture
def form(cast):
    """One step, so that the first click already begins and sends."""
    form = actions.make_form(title="Short", slug="short", coach=cast.alice)
    actions.publish(form)
    return form


def click(url: str, data: dict[str, str], together: Barrier, cookie: str = "") -> tuple[int, str]:
    headers = {"Sec-Fetch-Site": "same-origin"} | ({"Cookie": cookie} if cookie else {})
    request = urllib.request.Request(url, urllib.parse.urlencode(data).encode(), headers)
    together.wait()
    try:
        with urllib.request.build_opener(StayHere).open(request, timeout=30) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Location", "")


def test_eight_clicks_at_once_are_one_submission_twenty_times(live_server, form):
    url = f"{live_server.url}/p/intake/short"
    asked = {question.fills: name_of(question) for question in Question.of(FormVersion.published(form))}
    pages = [fields_of(urllib.request.urlopen(url).read().decode()) for _ in range(ROUNDS)]
    wait_like_a_person()
    for number, hidden in enumerate(pages):
        email = f"n{number}@halden.example"
        data = hidden | {asked["name"]: f"Number {number}", asked["email"]: email, "act": "next"}
        together = Barrier(AT_ONCE)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            told = list(pool.map(click, [url] * AT_ONCE, [data] * AT_ONCE, [together] * AT_ONCE))
        assert told == [(303, "/p/intake/short/thanks")] * AT_ONCE
        client = Client.get(Client.email == email)
        assert Client.select().where(Client.email == email).count() == 1
        assert Submission.select().where(Submission.client == client).count() == 1
        assert Entry.select().where(Entry.client == client, Entry.kind_name == "intake").count() == 1
        sent = sorted(message.kind for message in Message.select().where(Message.client == client))
        assert sent == ["intake_notice", "intake_thanks"]
        forget_attempts()
    assert Submission.select().count() == ROUNDS


def test_eight_clicks_at_once_are_one_answer(live_server, cast):
    form = actions.make_form(title="Papers", kind=FormKind.QUESTIONNAIRE)
    address = actions.add_question(form, QuestionKind.LONG, {"label": "Address", "fills": "address"})
    actions.publish(form)
    asked = actions.ask(form, program_of(cast.bob))
    cookie = f"link_intake={actions.hold(asked, source='here')}"
    url = f"{live_server.url}{form.path}"
    page = urllib.request.urlopen(urllib.request.Request(url, headers={"Cookie": cookie})).read().decode()
    data = fields_of(page) | {name_of(address): "1 Quay", "act": "next"}
    together = Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = [pool.submit(click, url, data, together, cookie) for _ in range(AT_ONCE)]
    assert [one.result() for one in told] == [(303, f"{form.path}/thanks")] * AT_ONCE
    assert Client.get_by_id(cast.bob.id).address == "1 Quay"
    said = [entry.sentence for entry in Entry.select().where(Entry.client == cast.bob).order_by(Entry.id)]
    assert said[-2:] == ["Changed postal address", "Questionnaire “Papers” answered"]
    assert len(said) == 3
    assert [mail.kind for mail in Message.select()] == ["intake_notice"]


def wait_like_a_person() -> None:
    """The server's clock is its own process's: the three seconds have to pass."""
    time.sleep(3.1)


def forget_attempts() -> None:
    """All of this comes from one address, which the limit per address is there to stop."""
    with transaction():
        Attempt.delete().execute()

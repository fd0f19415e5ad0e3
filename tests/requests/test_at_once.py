"""P3 over HTTP: eight clients in eight browsers want one time at the same moment, from a real server."""

import http.client
import re
import threading
from datetime import timedelta
from urllib.parse import urlencode

from coachbase import clock
from coachbase.availability.models import Availability, Hours
from coachbase.availability.rules import SessionKind
from coachbase.clients.models import Client
from coachbase.db import transaction
from coachbase.links import actions as links
from coachbase.requests import actions
from coachbase.requests.models import offered
from coachbase.sessions.models import CoachingSession
from tests.cast import Cast

EIGHT = 8


def tokens_of_eight(cast: Cast) -> tuple[list[str], int]:
    """Eight clients who are asked to book with Alice, each by a link; and a time that is free for all."""
    Availability.create(coach=cast.alice, place="https://meet.example/alice")
    for weekday in range(7):
        Hours.create(coach=cast.alice, weekday=weekday, begins=0, ends=24 * 60)
    tokens = []
    for number in range(EIGHT):
        client = Client.create(name=f"Client {number}", coach=cast.alice, zone="Asia/Dubai", created_at=clock.now())
        request = actions.ask(client, cast.alice, SessionKind.CHEMISTRY, minutes=60, engagement=None, by=cast.vera)
        tokens.append(links.issue(actions.BOOK, request.public_id, lasts=timedelta(days=1))[1])
    return tokens, offered(request, clock.now()).starts[-1]


def test_one_wins_and_seven_get_the_sentence_and_other_times(cast, live_server):
    with transaction():
        tokens, start = tokens_of_eight(cast)
    address, gate, answers = live_server.url.partition("//")[2], threading.Barrier(EIGHT), []

    def book(token: str) -> None:
        connection = http.client.HTTPConnection(address, timeout=30)
        gate.wait()
        connection.request(
            "POST", "/p/book", urlencode({"start": start}),
            {"Cookie": f"link_book={token}", "Content-Type": "application/x-www-form-urlencoded",
             "Sec-Fetch-Site": "same-origin"},
        )  # fmt: skip
        answer = connection.getresponse()
        answers.append((answer.status, answer.read().decode()))
        connection.close()

    threads = [threading.Thread(target=book, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in answers) == [303] + [422] * (EIGHT - 1)
    for status, page in answers:
        assert status == 303 or ("This time has just gone. Please choose another." in page and 'class="time"' in page)
        assert len(set(re.findall(r"Client \d", page))) <= 1  # nobody meets another's name
    assert CoachingSession.select().count() == 1

"""Fifty at once over HTTP, on the real server, want what is left of forty codes: by mail, or kept for later."""

import http.client
import threading
from urllib.parse import urlencode, urlsplit

from coachbase import clock
from coachbase.assessments import actions as assessments
from coachbase.assessments.models import Assessment
from coachbase.clients.models import Client
from coachbase.credentials.models import Balance, Credential
from coachbase.credentials.rules import State
from coachbase.db import transaction
from coachbase.mail.models import Message
from tests.cast import PASSWORD
from tests.live import serving

FIFTY, FORTY = 50, 40


def sign_in(url: str) -> str:
    """The cookie of Vera's browser, whose tabs the fifty are."""
    status, headers, _ = post(url, "/sign-in", {"email": "vera@northbank.example", "password": PASSWORD})
    assert status == 303
    return headers["Set-Cookie"].partition(";")[0]


def post(url: str, path: str, fields: dict[str, object], cookie: str = "") -> tuple[int, http.client.HTTPMessage, str]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    connection.request("POST", path, urlencode(fields), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


def set_up(cast, disc) -> list[Assessment]:
    with transaction():
        people = (
            Client.create(name=f"Client {n}", email=f"c{n}@x.example", coach=cast.alice, created_at=clock.now())
            for n in range(FIFTY)
        )
        return [assessments.set_up(person, disc, by=cast.vera) for person in people]


def test_fifty_over_http_who_want_forty_codes_get_forty_and_ten_are_told_that_none_is_left(cast, disc, stock, config):
    secrets = stock(FORTY)
    wanted = set_up(cast, disc)
    gate, answers = threading.Barrier(FIFTY), []

    def ask(number: int, row: Assessment, cookie: str, url: str) -> None:
        """Every other one is mailed access, the others' codes are taken out of the stock for later."""
        gate.wait()
        if number % 2:
            answers.append(post(url, f"/assessments/{row.public_id}/code/stock", {}, cookie))
        else:
            answers.append(post(url, "/assessments/send", {"seen": f"{row.public_id}:{row.version}"}, cookie))

    with serving(config, worker=False) as server:
        cookie = sign_in(server.url)
        threads = [
            threading.Thread(target=ask, args=(number, row, cookie, server.url)) for number, row in enumerate(wanted)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(status for status, _, _ in answers) == [303] * FORTY + [422] * (FIFTY - FORTY)
    assert all("is left in stock" in text for status, _, text in answers if status == 422)
    assert not any(secret in text for _, _, text in answers for secret in secrets)
    held = [row.credential_id for row in Assessment.select().where(Assessment.credential.is_null(False))]
    assert (len(held), len(set(held))) == (FORTY, FORTY)
    assert Credential.select().where(Credential.state_name == State.GIVEN).count() == FORTY
    assert Balance.of_all()[disc.vendor_id].unused == 0
    mailed = [mail.token for mail in Message.select().where(Message.kind == "assessment_access")]
    assert mailed
    assert len(set(mailed)) == len(mailed) == Assessment.select().where(Assessment.state_name == "access_sent").count()

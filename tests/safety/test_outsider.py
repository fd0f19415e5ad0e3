"""What a stranger, or somebody with too little to say, tried on this house."""

import base64
import socket
import stat
import threading
import time
from datetime import timedelta

import pytest

from coachbase import schema
from coachbase.accounts.models import Attempt
from coachbase.accounts.public import RESET_TAKES
from coachbase.config import Config
from coachbase.db import database, kept
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.mail.rules import KINDS, refusal_of_body, tidy
from coachbase.text import render_markdown
from tests.cast import PASSWORD
from tests.live import LiveServer
from tests.safety.digest import digest
from tests.safety.people import HOLDERS
from tests.safety.walk import fill, routes
from tests.safety.world import MISSING


def test_what_was_kept_is_read_anew_after_a_lost_connection(app):
    """A fresh connection counts from the start again, so its count alone may look like the lost one's."""

    def read() -> int:
        return kept("answer", lambda: database.execute_sql("SELECT count(*) FROM once").fetchone()[0])

    def elsewhere() -> None:
        database.execute_sql("INSERT INTO once (key, at) VALUES ('k', '2026-01-01T00:00:00.000000')")
        database.close()

    database.close()
    assert read() == 0
    database.close()
    other = threading.Thread(target=elsewhere)
    other.start()
    other.join()
    assert read() == 1


def test_only_their_owner_reads_the_data(tmp_path):
    folder = tmp_path / "data"
    schema.migrate(Config(data=folder))
    database.execute_sql("UPDATE heartbeat SET name = name")
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    database.close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {"coachbase.sqlite3", "secret.key"} <= found.keys()
    assert set(found.values()) == {0o600}


def test_a_missing_stylesheet_is_not_kept_for_a_year(stranger):
    there = stranger.get("/static/js/app.js?v=1")
    assert "immutable" in there.headers["Cache-Control"]
    there.close()
    assert stranger.get("/static/js/nothing.js?v=1").headers["Cache-Control"] == "no-store"


def test_idle_visitors_keep_nobody_out(live_server: LiveServer):
    host, port = live_server.url.removeprefix("http://").split(":")
    idle = [socket.create_connection((host, int(port)), timeout=5) for _ in range(130)]
    try:
        with socket.create_connection((host, int(port)), timeout=5) as late:
            late.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
            assert late.recv(100).startswith(b"HTTP/1.1 200")
    finally:
        for one in idle:
            one.close()


@pytest.mark.parametrize(
    "examine",
    [
        lambda: tidy("{{" + " " * 9_000 + "x"),
        lambda: refusal_of_body(KINDS["test"], "[a](" + " " * 9_000 + "x"),
        lambda: render_markdown("a" + "\u00a0\n" * 9_990 + "b"),
    ],
    ids=["a field never closed", "a link never closed", "lines that only look empty"],
)
def test_hostile_text_costs_no_time(examine):
    began = time.process_time()
    examine()
    assert time.process_time() - began < 1


def test_a_text_that_is_too_long_is_not_examined(vera):
    began = time.process_time()
    answer = vera.post(
        "/settings/mail-texts/test", data={"subject": "Hello", "body": "[a](" + " " * 900_000 + "x", "version": "0"}
    )
    assert answer.status_code == 422
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "body",
    ["https://evil.example/{{link}}", "evil.example/?{{link}}", "https://evil.example/[]({{link}})"],
)
def test_no_text_carries_a_personal_link_to_another_site(body):
    assert "before {{link}}" in refusal_of_body(KINDS["password_reset"], body)


CLIENT = dict.fromkeys(("email", "zone", "organisation", "coach"), "") | {"name": "Quiet Person", "status": "prospect"}


def test_a_link_is_256_random_bits_of_which_the_database_knows_a_hash(app):
    tokens = [links.issue("book", MISSING, lasts=timedelta(days=1))[1] for _ in range(50)]
    assert {len(base64.urlsafe_b64decode(token + "=")) for token in tokens} == {32}
    assert len(set(tokens)) == 50
    kept = database.execute_sql("SELECT * FROM link").fetchall()
    assert not [token for token in tokens if token in repr(kept) or token[:20] in repr(kept)]


HOMES = {"book_assistant": "/p/book", "session_assistant": "/p/session"}


@pytest.mark.parametrize(
    "kind", ["client", "assistant", "sponsor", "book", "session", "poll", *HOMES, "invitation", "reset"]
)
def test_a_link_to_what_is_gone_finds_nothing(people, app, kind):
    """Links outlive what they lead to: a client who was erased, a session of a program that was."""
    home, browser = HOMES.get(kind, f"/p/{kind}"), people["stranger"]
    token = links.issue(kind, MISSING, lasts=timedelta(days=1))[1]
    browser.set_cookie(f"link_{kind}", token, path=home)
    there = [(method, rule) for method, rule in routes(app) if f"{rule.rule}/".startswith(f"{home}/")]
    asked = [pair for pair in there if "/open/" not in pair[1].rule and not pair[1].rule.endswith("/leave")]
    found = {}
    for method, rule in asked:
        answer = browser.open(fill(rule, dict.fromkeys(rule.arguments, MISSING)), method=method)
        found[method, rule.rule] = answer.status_code
    assert set(found.values()) == {404}, found


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_of_mail_that_follows_every_link_three_times_changes_nothing(people, app, world, method):
    """P7. Each mailed link from its token on, and all that can be looked at behind it."""
    before = digest()
    for kind in (*HOLDERS, "feed_client", "feed_coach"):
        browser, home = people[kind if kind in HOLDERS else "stranger"], f"/p/{kind}"
        looks = [rule.rule for verb, rule in routes(app) if verb == "GET" and f"{rule.rule}/".startswith(f"{home}/")]
        door = f"/p/feed/{world.tokens[kind]}.ics" if kind.startswith("feed") else f"{home}/open/{world.tokens[kind]}"
        for path in 3 * [door, *(path for path in looks if "<" not in path)]:
            answer = browser.open(path, method=method)
            assert answer.status_code in (200, 303), path
    assert digest() == before


@pytest.mark.parametrize("kind", ["feed_client", "feed_coach", "feed_coach_initials"])
def test_a_calendar_of_who_is_gone_is_gone(people, kind):
    token = links.issue(kind, MISSING, lasts=timedelta(days=1))[1]
    assert people["stranger"].get(f"/p/feed/{token}.ics").status_code == 404


@pytest.mark.parametrize(
    ("who", "path", "data"),
    [
        ("carol", "/clients/new", CLIENT | {"name": "Somebody"}),
        ("stranger", "/forgot", {"email": "olive@northbank.example"}),
    ],
)
def test_with_somebody_elses_form_key_nobody_learns_where_that_one_was_led(people, who, path, data):
    led = people["vera"].post("/clients/new", data=CLIENT | {"once": "a-key"}).headers["Location"]
    assert people["vera"].post("/clients/new", data=CLIENT | {"once": "a-key"}).headers["Location"] == led
    answer = people[who].post(path, data=data | {"once": "a-key"})
    assert answer.status_code in (200, 303)
    assert answer.headers.get("Location") != led


def test_asking_for_a_reset_takes_as_long_for_an_address_nobody_has(people, monkeypatch):
    monkeypatch.setattr(Attempt, "count_one", classmethod(lambda cls, bucket, **limits: None))

    def seconds(email: str) -> float:
        began = time.perf_counter()
        people["stranger"].post("/forgot", data={"email": email})
        return time.perf_counter() - began

    for email in ("olive@northbank.example", "nobody@where.example"):
        assert RESET_TAKES <= min(seconds(email) for _ in range(3)) < RESET_TAKES + 0.1


def test_a_password_is_not_written_into_the_page_that_offers_another_try(people):
    database.execute_sql("PRAGMA query_only = 1")
    words = {"current_password": PASSWORD, "password": "another quiet morning"}
    answer = people["alice"].post("/account/password", data=words)
    database.execute_sql("PRAGMA query_only = 0")
    assert answer.status_code == 503
    assert PASSWORD not in answer.text


def test_the_log_of_a_fault_holds_no_token(people, app, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("something of ours broke")

    monkeypatch.setattr(Link, "behind", broken)
    app.testing = False
    assert people["stranger"].get("/p/reset/open/the-secret-token").status_code == 500
    assert "/p/reset/open/<token>" in caplog.text
    assert "the-secret-token" not in caplog.text

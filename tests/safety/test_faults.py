"""P15: whatever breaks, people read what happened and what to do; what they typed is kept, what was said is true."""

import http.client
import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import cysqlite
import pytest

from coachbase.accounts.models import User
from coachbase.clients.models import Client
from coachbase.config import Config, ConfigError
from coachbase.db import Once, database
from coachbase.sessions.models import CoachingSession
from coachbase.web import faults
from tests.cast import PASSWORD
from tests.live import ROOT, free_port, serving

TYPED = "Alice Kern, née O’Hara"
FORM = {"name": TYPED, "zone": "Europe/London", "theme": "dark"}


def is_kept(page: str) -> bool:
    """Whether what was typed stands in the page, to be sent again."""
    return "Alice Kern, née O’Hara" in page and 'action="/account"' in page


def name_of_alice() -> str:
    return User.get(User.email == "alice@northbank.example").name


# While it runs --------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_said_and_loses_nothing(people):
    alice, acknowledged = people["alice"], []
    database.execute_sql(f"PRAGMA max_page_count = {database.execute_sql('PRAGMA page_count').fetchone()[0]}")
    for number in range(500):
        answer = alice.post("/account", data=FORM | {"once": f"key-{number}"})
        if answer.status_code != 303:
            break
        acknowledged.append(f"key-{number}")
    assert answer.status_code == 503
    assert "disk is full" in answer.text
    assert is_kept(answer.text)
    kept = {row.key.partition(":")[2] for row in Once.select()}
    assert set(acknowledged) <= kept
    assert f"key-{number}" not in kept

    database.execute_sql("PRAGMA max_page_count = 1000000")
    assert alice.post("/account", data=FORM | {"once": f"key-{number}"}).status_code == 303
    assert name_of_alice() == TYPED


def test_a_database_that_can_only_be_read_is_said(people):
    alice = people["alice"]
    database.execute_sql("PRAGMA query_only = 1")
    assert alice.get("/account").status_code == 200
    answer = alice.post("/account", data=FORM)
    assert (answer.status_code, is_kept(answer.text)) == (503, True)
    assert "can only be read" in answer.text
    database.execute_sql("PRAGMA query_only = 0")
    assert alice.post("/account", data=FORM).status_code == 303


@pytest.fixture
def other(config: Config):
    """Another that has the file open: through the same SQLite, for locks are per process and per library."""
    connection = cysqlite.Connection(str(config.database_path))
    yield connection
    connection.close()


def test_a_lock_that_is_held_too_long_is_said_and_pages_can_still_be_read(people, other):
    alice = people["alice"]
    database.execute_sql("PRAGMA busy_timeout = 100")
    other.execute("BEGIN IMMEDIATE")
    answer = alice.post("/account", data=FORM)
    assert (answer.status_code, is_kept(answer.text)) == (503, True)
    assert "busy" in answer.text
    assert alice.get("/account").status_code == 200
    other.execute("ROLLBACK")
    assert alice.post("/account", data=FORM).status_code == 303
    assert name_of_alice() == TYPED


def test_a_booking_that_meets_a_lock_is_said_kept_and_made_when_it_is_gone(people, world, other):
    """By the desk and by a client's link: nobody is told that it is booked, and the same form books it later."""
    client, bob = people["book"], world.ids["client"]["bob"]
    start = re.search(r"/p/book/confirm\?start=(\d+)", client.get("/p/book").text)[1]
    day = datetime.now(UTC) + timedelta(days=20)
    fields = {
        "kind": "coaching", "suggested_for": "coaching", "program": "", "day": f"{day:%Y-%m-%d}", "at": "09:00",
        "minutes": "30", "fold": "0", "place_kind": "", "place": "", "despite": TYPED, "once": "a-key",
    }  # fmt: skip
    by_desk = (people["vera"], f"/clients/{bob}/sessions/new", fields)
    by_link = (client, "/p/book", {"start": start, "zone": "Asia/Dubai", "once": "another-key"})
    booked = CoachingSession.select().count()
    database.execute_sql("PRAGMA busy_timeout = 50")
    other.execute("BEGIN IMMEDIATE")
    for who, path, data in (by_desk, by_link):
        answer = who.post(path, data=data)
        assert (answer.status_code, "busy" in answer.text, f'action="{path}"' in answer.text) == (503, True, True)
    assert TYPED in people["vera"].post(by_desk[1], data=fields).text
    other.execute("ROLLBACK")
    assert CoachingSession.select().count() == booked
    for who, path, data in (by_desk, by_link):
        assert who.post(path, data=data).status_code == 303
    assert CoachingSession.select().count() == booked + 2


def test_a_booking_that_failed_half_way_is_made_when_the_form_is_sent_again(people):
    """What a client tells by the way must not use up the form's key before the session is written."""
    client = people["book"]
    Client.update(zone="").execute()
    start = re.search(r"/p/book/confirm\?start=(\d+)", client.get("/p/book?zone=Asia/Dubai").text)[1]
    form = {"start": start, "zone": "Asia/Dubai", "once": "a-key"}
    database.execute_sql(
        "CREATE TRIGGER nothing_fits BEFORE INSERT ON coaching_session "
        "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    assert client.post("/p/book", data=form).status_code == 503
    database.execute_sql("DROP TRIGGER nothing_fits")
    assert client.post("/p/book", data=form).status_code == 303
    assert CoachingSession.select().where(CoachingSession.via == "client").count() == 1


def test_a_lock_that_is_let_go_in_time_is_only_waited_for(people, other):
    alice = people["alice"]
    other.execute("BEGIN IMMEDIATE")
    letting_go = threading.Timer(0.4, other.execute, ["ROLLBACK"])
    letting_go.start()
    assert alice.post("/account", data=FORM).status_code == 303
    letting_go.join()


def test_htmx_gets_the_bare_sentence(people, other):
    alice = people["alice"]
    database.execute_sql("PRAGMA busy_timeout = 50")
    other.execute("BEGIN IMMEDIATE")
    answer = alice.post("/account", data=FORM, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.text, answer.mimetype) == (503, faults.BUSY, "text/plain")
    other.execute("ROLLBACK")


def test_what_was_committed_is_acknowledged_even_if_the_note_of_its_place_fails(people):
    database.execute_sql(
        "CREATE TRIGGER nothing_fits BEFORE UPDATE ON once BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    answer = people["alice"].post("/account", data=FORM | {"once": "a-key"})
    assert answer.status_code == 303
    assert name_of_alice() == TYPED
    again = people["alice"].post("/account", data=FORM | {"once": "a-key"})
    assert (again.status_code, again.headers["Location"]) == (303, "/account")


def test_a_form_whose_first_sending_failed_may_be_sent_again(people, other):
    database.execute_sql("PRAGMA busy_timeout = 50")
    other.execute("BEGIN IMMEDIATE")
    answer = people["alice"].post("/account", data=FORM | {"once": "a-key"})
    assert 'name="once" value="a-key"' in answer.text
    other.execute("ROLLBACK")
    assert people["alice"].post("/account", data=FORM | {"once": "a-key"}).status_code == 303
    assert name_of_alice() == TYPED


def scribble_over(config: Config, table: str) -> None:
    """Write nonsense over the first page of a table, as a dying disk does."""
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    page, size = (
        database.execute_sql("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0],
        database.execute_sql("PRAGMA page_size").fetchone()[0],
    )
    database.close()
    with config.database_path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


@pytest.mark.parametrize("table", ["user", "login_session", "firm", "serving"])
@pytest.mark.parametrize("path", ["/account", "/settings/team", "/sign-in", "/healthz"])
def test_a_damaged_page_of_the_file_is_said_on_every_page_that_needs_it(people, config, table, path):
    people.app.testing = False
    olive = people["olive"]
    scribble_over(config, table)
    answer = olive.get(path)
    assert answer.status_code in (200, 303, 503)
    if answer.status_code == 503:
        assert "could not be read" in answer.text
    assert olive.get("/settings/team").status_code == 503
    assert "could not be read" in olive.get("/settings/team").text


def test_a_bug_gets_a_reference_that_stands_in_the_log(people, caplog):
    people.app.testing = False
    people.app.view_functions["accounts.account"] = lambda: 1 / 0
    answer = people["alice"].get("/account")
    assert answer.status_code == 500
    reference = re.search(r"Reference ([0-9a-f]{8})", answer.text)[1]
    assert reference in caplog.text
    assert "ZeroDivisionError" not in answer.text


def test_passwords_are_never_written_back_into_a_page(people, other):
    database.execute_sql("PRAGMA busy_timeout = 50")
    other.execute("BEGIN IMMEDIATE")
    answer = people["stranger"].post("/sign-in", data={"email": "alice@northbank.example", "password": PASSWORD})
    assert answer.status_code == 503
    assert "alice@northbank.example" in answer.text
    assert PASSWORD not in answer.text
    other.execute("ROLLBACK")


# At the start ---------------------------------------------------------------------------------------------------------


def start(config: Config, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    told = {"COACHBASE_DATA": str(config.data), "PORT": str(free_port()), "HOST": "127.0.0.1"} | environment
    return subprocess.run(
        [sys.executable, "app.py", *(arguments or ("serve",))], cwd=ROOT, env=os.environ | told, text=True,
        capture_output=True, timeout=20, check=False,
    )  # fmt: skip


def refuses(run: subprocess.CompletedProcess, words: str) -> None:
    """One line that says what to do, and an exit code of 2."""
    assert run.returncode == 2, run.stderr
    assert "Traceback" not in run.stderr
    lines = [line for line in run.stderr.splitlines() if line.startswith("coachbase: ")]
    assert len(lines) == 1, run.stderr
    assert words in lines[0]


def execute(config: Config, *statements: str) -> None:
    with sqlite3.connect(config.database_path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def lost_key(config: Config) -> None:
    config.key_path.unlink()


def short_key(config: Config) -> None:
    config.key_path.write_text("aabbccdd:00ff\n")


def binary_key(config: Config) -> None:
    config.key_path.write_bytes(bytes(range(256)))


def empty_key(config: Config) -> None:
    config.key_path.write_text("")


def other_key(config: Config) -> None:
    config.key_path.write_text(f"aabbccdd:{'ab' * 32}\n")


def no_database(config: Config) -> None:
    config.database_path.unlink()


def nonsense(config: Config) -> None:
    config.database_path.write_bytes(os.urandom(40_000))


def cut_short(config: Config) -> None:
    os.truncate(config.database_path, 6_000)


def empty_file(config: Config) -> None:
    config.database_path.write_bytes(b"")


def older(config: Config) -> None:
    execute(config, "DELETE FROM schema_migration WHERE name = (SELECT max(name) FROM schema_migration)")


def newer(config: Config) -> None:
    execute(config, "INSERT INTO schema_migration (name, applied) VALUES ('9999_from_the_future', '2030-01-01')")


def no_guard(config: Config) -> None:
    execute(config, "DROP TRIGGER entry_is_never_deleted")


def folder_in_the_way(config: Config) -> None:
    config.database_path.unlink()
    config.database_path.mkdir()


BREAKAGE = {
    lost_key: "The key", short_key: "damaged or too short", binary_key: "damaged or too short",
    empty_key: "damaged or too short", other_key: "another key", no_database: "There is no database",
    nonsense: "cannot be opened", cut_short: "cannot be opened", empty_file: "waits for", older: "waits for",
    newer: "newer than this coachbase", no_guard: "lost its guard", folder_in_the_way: "cannot be opened",
}  # fmt: skip


@pytest.mark.parametrize("breakage", BREAKAGE, ids=lambda breakage: breakage.__name__)
def test_a_broken_house_does_not_open(config, breakage):
    breakage(config)
    refuses(start(config), BREAKAGE[breakage])


@pytest.mark.parametrize("command", ["worker", "check", "sample"])
def test_neither_do_the_other_commands(config, command):
    newer(config)
    refuses(start(config, command), "newer than this coachbase")


def test_a_whole_house_does(config):
    with serving(config) as server:
        host = server.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert (answer.status, b'"database":"ok"' in answer.read().replace(b" ", b"")) == (200, True)
        connection.close()
        server.process.terminate()
        assert server.process.wait(20) == 0


def test_a_lost_guard_is_put_back_by_migrating(config):
    no_guard(config)
    assert start(config, "migrate").returncode == 0
    assert start(config, "check").returncode == 0


def test_migrating_does_not_make_a_new_key_for_an_old_database(config):
    lost_key(config)
    refuses(start(config, "migrate"), "The key")
    assert not config.key_path.exists()


def test_a_port_that_is_taken_is_said(config):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refuses(start(config, PORT=str(taken.getsockname()[1])), "Cannot listen on")


SETTINGS = [
    ({"PORT": "eighty"}, "PORT must be"), ({"PORT": "0"}, "PORT must be"), ({"PORT": "9" * 5000}, "PORT must be"),
    ({"PORT": "-1"}, "PORT must be"), ({"PORT": "٣"}, "PORT must be"), ({"PORT": ""}, "PORT must be"),
    ({"THREADS": "0"}, "THREADS must be"), ({"THREADS": "1e3"}, "THREADS must be"),
    ({"BASE_URL": "desk.example.com"}, "BASE_URL must look like"),
    ({"BASE_URL": "ftp://desk.example.com"}, "BASE_URL must look like"),
    ({"BASE_URL": "https://desk.example.com/desk"}, "BASE_URL must look like"),
    ({"BASE_URL": "https://["}, "BASE_URL must look like"), ({"BASE_URL": "https://a b"}, "BASE_URL must look like"),
    ({"BASE_URL": "https://me@desk.example.com"}, "BASE_URL must look like"),
    ({"BASE_URL": "https://desk.example.com#a"}, "BASE_URL must look like"),
    ({"BASE_URL": "https://desk.example.com:x"}, "BASE_URL must look like"),
    ({"COACHBASE_DEBUG": "yes"}, "COACHBASE_DEBUG must be 0 or 1"),
    ({"COACHBASE_DEBUG": "1", "HOST": "0.0.0.0"}, "for this machine only"),
    ({"COACHBASE_DEBUG": "1", "HOST": "192.0.2.1"}, "for this machine only"),
]  # fmt: skip


@pytest.mark.parametrize(("environment", "words"), SETTINGS, ids=lambda value: str(value)[:40])
def test_a_wrong_setting_is_named(environment, words):
    with pytest.raises(ConfigError, match=words) as refusal:
        Config.from_env(environment)
    assert "\n" not in str(refusal.value)


def test_a_wrong_setting_stops_the_start(config):
    refuses(start(config, PORT="eighty"), "PORT must be")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "999.1.1.1"])
def test_an_address_that_is_not_ours_is_said(config, host):
    refuses(start(config, HOST=host, BASE_URL="http://localhost"), "Cannot listen on")


def test_a_data_folder_that_is_a_file_is_said(config, tmp_path: Path):
    (tmp_path / "file").touch()
    broken = replace(config, data=tmp_path / "file")
    refuses(start(broken), "There is no database")
    refuses(start(broken, "migrate"), "cannot be used")


# At the end -----------------------------------------------------------------------------------------------------------


def door_closes(port: int) -> None:
    """Nobody new is let in; a machine under load may need a moment for it."""
    until = time.monotonic() + 4  # the holder of the lock lets go before SQLite gives up waiting (5 s)
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        except ConnectionError:
            return
        time.sleep(0.05)
    pytest.fail("the door stayed open")


def test_a_request_in_flight_is_answered_before_the_end(config, world):
    """A write that waits for another program's lock is in flight when the signal comes."""
    with serving(config) as server:
        holder = sqlite3.connect(config.database_path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=15)
        headers = {"Origin": server.url, "Content-Type": "application/x-www-form-urlencoded"}
        form = urlencode({"email": "alice@northbank.example", "password": PASSWORD})
        connection.request("POST", "/sign-in", form, headers)
        urllib.request.urlopen(f"{server.url}/healthz", timeout=15).close()  # who came later is answered: it is in
        server.process.terminate()
        door_closes(int(server.url.rpartition(":")[2]))
        holder.execute("ROLLBACK")
        holder.close()
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        connection.close()
        assert server.process.wait(20) == 0


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_the_signal_to_stop_ends_it_with_nothing_left_undone(config, command):
    told = {"COACHBASE_DATA": str(config.data), "PORT": str(free_port()), "HOST": "127.0.0.1"}
    process = subprocess.Popen(
        [sys.executable, "app.py", command], cwd=ROOT, env=os.environ | told, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert "coachbase" in process.stdout.readline()
    process.terminate()
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in said

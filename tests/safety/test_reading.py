"""P7 and P16: looking changes nothing, and the file tells nothing."""

import re

import pytest

from coachbase.db import SealedField, database, every_model
from coachbase.invoices.models import Invoice
from coachbase.mail.models import Message
from coachbase.timeline.models import Entry
from tests.safety.digest import digest, tables
from tests.safety.matrix import ROUTES
from tests.safety.people import HOLDERS
from tests.safety.walk import addresses, routes
from tests.safety.world import World

# P7: GET and HEAD of every mailed link and every public page, three times over ----------------------------------------


def mailed_links(world: World) -> list[str]:
    """Each token at each door: its own opens, the others do not."""
    doors = [f"/p/{kind}/open/{token}" for kind in HOLDERS for token in world.tokens.values()]
    return doors + [f"/p/feed/{token}.ics" for token in world.tokens.values()]


def public_pages(people, world: World) -> list[str]:
    return [
        path
        for method, rule in routes(people.app)
        if method == "GET" and ("doors" in rule.endpoint or "_public" in rule.endpoint)
        for path in addresses(world, rule)
    ]


def look(browser, paths: list[str]) -> None:
    """As mail scanners do: head, get, follow, and again."""
    for path in paths * 3:
        browser.head(path)
        browser.get(path, follow_redirects=True)


@pytest.mark.parametrize("who", ["stranger", *HOLDERS, "alice"])
def test_looking_at_mailed_links_and_public_pages_changes_nothing(people, world, who):
    before = digest()
    look(people[who], mailed_links(world) + public_pages(people, world))
    assert digest() == before


def test_every_open_door_was_looked_at(people, world):
    doors = {route for route in ROUTES if route.startswith("GET ") and (".open_" in route or ".come_back" in route)}
    assert len(doors) == len({path.rpartition("/")[0] for path in mailed_links(world)} - {"/p/feed"})


def test_a_page_that_writes_when_looked_at_would_be_found(people):
    def count_visits() -> str:
        database.execute_sql("UPDATE link SET kind = kind || '!'")
        return ""

    before = digest()
    people.app.view_functions["doors.healthz"] = count_visits
    look(people["stranger"], ["/healthz"])
    assert digest() != before


def test_the_digest_covers_every_table(app):
    assert {model._meta.table_name for model in every_model()} <= set(tables())


# P16: the file and its journal, read as bytes -------------------------------------------------------------------------


def secrets_in(world: World, file: bytes) -> list[str]:
    """Which sealed values, and which tokens and passwords that are stored hashed, stand in the file as they are."""
    sealed = {
        str(value)
        for model in every_model()
        for field in model._meta.sorted_fields
        if isinstance(field, SealedField) and field is not Invoice.snapshot  # its lines stand beside it in the open
        for (value,) in model.select(field).where(field.is_null(False)).tuples()
    }
    words = {word for text in sealed for word in text.replace('"', " ").split() if "zq" in word}
    cookies = {value for jar in world.cookies.values() for _, value, _ in jar}
    return [word for word in sorted(words | set(world.tokens.values()) | cookies) if word.encode() in file]


def everything_written(config) -> bytes:
    """The database, and the journal beside it with what is not in the database yet."""
    return b"".join(path.read_bytes() for path in sorted(config.data.glob("coachbase.sqlite3*")))


def test_the_file_shows_nothing_that_is_sealed(people, world, config):
    alice, bob = people["alice"], world.ids["client"]["bob"]
    pia = {"name": "Pia", "email": "pia@n.example", "role": "coach"}
    written = [alice.post(f"/clients/{bob}", data={"kind": "note", "body": "zqfresh was said a moment ago"})]
    [entry] = Entry.select().order_by(Entry.id.desc()).limit(1)
    changed = {"body": "zqchanged instead", "version": "1"}
    written.append(alice.post(f"/clients/{bob}/notes/{entry.public_id}", data=changed))
    written.append(people["olive"].post("/settings/team/invite", data=pia))
    assert [answer.status_code for answer in written] == [303, 303, 303]
    assert secrets_in(world, everything_written(config)) == []
    assert b"zqfresh" not in everything_written(config)
    assert b"zqchanged" not in everything_written(config)


def test_the_file_shows_no_calendar_mail_and_no_address_of_a_calendar(people, world, config):
    """Neither what is mailed about a booking, nor where another calendar is read, nor the address of one of ours."""
    vera, ids = people["vera"], world.ids
    feed = {
        "name": "Private", "kind": "ics", "address": "https://cal.example/zqsecretaddress.ics", "username": "desk",
        "password": "zqsecretpassword",
    }  # fmt: skip
    added = vera.post(f"/settings/calendars/{ids['user']['alice']}", data=feed)
    opened = vera.post("/settings/feeds", data={"coach": ids["user"]["alice"], "kind": "feed_coach"})
    start = re.search(r"/p/book/confirm\?start=(\d+)", people["book"].get("/p/book").text)[1]
    booked = people["book"].post("/p/book", data={"start": start, "zone": "Asia/Dubai"})
    mailed = vera.post(f"/clients/{ids['client']['bob']}/feed")
    assert [answer.status_code // 100 for answer in (added, opened, booked, mailed)] == [3, 2, 3, 3]
    whole = everything_written(config)
    token = re.search(r"/p/feed/([^.\s\"]+)\.ics", opened.text)[1]
    files = [mail.calendar for mail in Message.select().where(Message.method != "")]
    tokens = [mail.token for mail in Message.select() if mail.token]
    assert files
    assert tokens
    secrets = ["zqsecretaddress", "zqsecretpassword", token, *tokens]
    assert [word for word in secrets if word.encode() in whole] == []
    assert [line for line in (b"BEGIN:VCALENDAR", b"BEGIN:VEVENT", b"ATTENDEE;", b"SEQUENCE:") if line in whole] == []


def test_the_file_shows_no_code_that_was_pasted_shown_or_taken_back(people, world, config):
    vera, ids = people["vera"], world.ids
    stock = f"/settings/instruments/{ids['instrument']['firm']}/codes"
    acts = [
        vera.post(f"{stock}/add", data={"text": "zqfreshcode 1\nzqfreshcode2, zqfreshlogin, 2099-12-31"}),
        vera.post(f"{stock}/add", data={"text": "zqfreshcode2, zqfreshlogin, 2099-12-31"}),
        vera.post(f"/codes/{ids['credential']['bob']}/reveal"),
        vera.post(f"/codes/{ids['credential']['bob']}/end", data={"to": "returned"}),
        vera.get(stock),
    ]
    assert [answer.status_code for answer in acts] == [422, 303, 200, 303, 200]
    whole = everything_written(config)
    assert secrets_in(world, whole) == []
    assert b"zqfresh" not in whole


def test_what_is_not_sealed_would_be_found(people, world, config):
    database.execute_sql("INSERT INTO once (key, at, location) VALUES ('a', 'b', 'zqbodynotebob')")
    assert secrets_in(world, everything_written(config)) == ["zqbodynotebob"]


def test_the_key_lies_beside_the_database_and_for_its_owner_only(config):
    assert config.key_path.stat().st_mode & 0o077 == 0
    assert config.key_path.read_bytes().strip().partition(b":")[2] not in everything_written(config)

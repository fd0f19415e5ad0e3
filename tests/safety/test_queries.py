"""No page asks the database more than fifteen times, however much there is to show."""

import itertools

import pytest

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.boards.models import Card, Stage
from coachbase.clients.models import Client, Contact, Organisation
from coachbase.db import new_public_id, transaction
from coachbase.files.models import Document
from coachbase.mail.models import Message
from coachbase.timeline.models import Entry, Note
from tests.safety.matrix import ROUTES
from tests.safety.test_bad_input import by_whom
from tests.safety.test_matrix import value_of
from tests.safety.walk import fill, routes
from tests.safety.world import World

MOST = 15


@pytest.fixture
def crowd(people, world) -> None:
    """Bob's page is full, and Alice has two hundred clients on the board."""
    with transaction():
        now, alice = clock.now(), User.get(User.email == "alice@northbank.example")
        bob = Client.get(Client.public_id == world.ids["client"]["bob"])
        sponsor = Organisation.get(Organisation.public_id == world.ids["organisation"]["bob"])
        stages = itertools.cycle(Stage.select())
        for number in range(200):
            who = {"name": f"Client {number}", "search_key": "client"}
            many = Client.create(**who, coach=alice, organisation=sponsor, created_at=now)
            Card.create(board=1, stage=next(stages), client=many, position=1000 + number, entered_at=now)
        for number in range(100):
            when = {"happened_at": now, "recorded_at": now}
            entry = Entry.create(client=bob, kind_name="note", sentence="Note", by=alice, **when)
            Note.create(entry=entry, body=f"Note {number}")
            Contact.create(organisation=sponsor, name=f"Contact {number}")
            file = {"name": "a.txt", "media_type": "text/plain", "size": 1, "sha256": "0"}
            Document.create(**file, client=bob, uploaded_at=now, by=alice)
            Message.create(
                message_id=new_public_id(), kind="intake_thanks", to_address="a@b.example", subject="a", text="a",
                html="a", client=bob, by=alice, created_at=now,
            )  # fmt: skip


def greedy_pages(people, world: World, queries, htmx: bool) -> list[str]:
    found = []
    for method, rule in routes(people.app):
        if method == "GET":
            who, whose = by_whom(ROUTES[f"GET {rule.endpoint}"])
            path = fill(rule, {name: value_of(world, name, whose) for name in rule.arguments})
            browser = people[who]
            with queries() as asked:
                browser.get(path, headers={"HX-Request": "true"} if htmx else {})
            if len(asked) > MOST:
                found.append(f"{path}: {len(asked)}")
    return found


@pytest.mark.parametrize("htmx", [False, True])
def test_no_page_asks_more_than_fifteen_times(people, world, crowd, queries, htmx):
    assert greedy_pages(people, world, queries, htmx) == []


def test_a_page_that_asks_for_each_row_would_be_found(people, world, crowd, queries):
    def each() -> str:
        return " ".join(client.coach.name for client in Client.select().where(Client.coach.is_null(False)).limit(50))

    people.app.view_functions["accounts.account"] = each
    assert any(line.startswith("/account:") for line in greedy_pages(people, world, queries, False))

"""No page asks the database more than fifteen times, however much there is to show and with nothing kept yet."""

import itertools

import pytest

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.agreements.models import Agreement, Signer
from coachbase.boards.models import Card, Stage
from coachbase.clients.models import Client, Contact, Organisation
from coachbase.db import database, new_public_id, transaction
from coachbase.engagements.models import Engagement, Participant, Step
from coachbase.engagements.rules import State, StepState
from coachbase.evidence import actions as evidence
from coachbase.files.models import Document
from coachbase.intake.models import FormVersion, Submission
from coachbase.mail.models import Message
from coachbase.timeline.models import Entry, Note
from tests.safety.matrix import ROUTES
from tests.safety.test_bad_input import by_whom
from tests.safety.test_matrix import boards_of, value_of
from tests.safety.walk import fill, routes
from tests.safety.world import World

MOST = 15


@pytest.fixture
def crowd(people, world) -> None:
    """Bob's page is full, and Alice has two hundred clients on the board, each being onboarded."""
    with transaction():
        now, alice = clock.now(), User.get(User.email == "alice@northbank.example")
        bob = Client.get(Client.public_id == world.ids["client"]["bob"])
        sponsor = Organisation.get(Organisation.public_id == world.ids["organisation"]["bob"])
        stages = itertools.cycle(Stage.select())
        for number in range(200):
            who = {"name": f"Client {number}", "search_key": "client"}
            many = Client.create(**who, coach=alice, organisation=sponsor, created_at=now)
            Card.create(board=1, stage=next(stages), client=many, position=1000 + number, entered_at=now)
            _onboard(many, alice)
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
        _fill_programs(bob, Contact.get(Contact.public_id == world.ids["contact"]["bob"]))


def _onboard(client: Client, coach: User, **values: object) -> Engagement:
    now = clock.now()
    given = {"name": "Leadership 6", "currency": "GBP", "starts_on": now.date(), "due_at": now, "created_at": now}
    engagement = Engagement.create(client=client, coach=coach, steps_total=8, **given | values)
    for place in range(8):
        state = StepState.OPEN if place == 0 else StepState.WAITING
        Step.create(engagement=engagement, position=place, key=f"own-{place}", label="Do", state_name=state)
    return engagement


def _fill_programs(bob: Client, sam: Contact) -> None:
    """Programs of years; a sponsor contact who signs for everybody; an agreement with a long trail."""
    now = clock.now()
    for number in range(10):
        over = _onboard(bob, bob.coach, state_name=State.COMPLETED)
        paper = {"title": f"Agreement {number}", "body": "Text", "sent_at": now, "created_at": now}
        Agreement.create(engagement=over, client=bob, state_name="completed", **paper)
        Submission.create(
            form_version=FormVersion.select().first(), ticket=new_public_id(), state_name="submitted", client=bob,
            engagement=over, started_at=now, submitted_at=now,
        )  # fmt: skip
    for engagement in Engagement.select().where(Engagement.state_name == State.DRAFT).limit(60):
        if Agreement.living_of(engagement) is None:
            paper = {"title": "Agreement", "body": "Text", "sent_at": now, "created_at": now}
            agreement = Agreement.create(engagement=engagement, client=engagement.client, state_name="out", **paper)
            Participant.create(engagement=engagement, contact=sam, signs=True)
            for position, role in enumerate(("client", "sponsor", "coach")):
                who = {"name": role, "email": f"{role}@x.example", "contact": sam if role == "sponsor" else None}
                state = "asked" if role == "sponsor" else "waiting"
                Signer.create(
                    agreement=agreement, position=position, role_name=role, state_name=state, asked_at=now, **who
                )
    for agreement in Agreement.select().where(Agreement.client == bob):
        for _ in range(20):
            evidence.append(agreement.public_id, "reminded", {"reminder": 1}, {"name": "Sam"})


def greedy_pages(people, world: World, queries, htmx: bool) -> list[str]:
    found = []
    for method, rule in routes(people.app):
        if method == "GET":
            who, whose = by_whom(ROUTES[f"GET {rule.endpoint}"])
            values = {name: value_of(world, name, whose) for name in rule.arguments}
            for board in boards_of(rule):
                path, browser = fill(rule, values | {"board": board}), people[who]
                database.close()  # on a new connection nothing is kept yet
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

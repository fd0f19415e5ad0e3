"""P6: every private field holds a word of its own; each person crawls all they can reach; nobody meets a word that
is not theirs — not in pages, search, exports, files, mails, headers or the log."""

import io
import re
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.clients.models import Client, Organisation
from coachbase.db import database
from coachbase.files.models import Document
from coachbase.intake.models import Question
from coachbase.mail.models import Message
from tests.safety.people import EVERYBODY, SIGNED_IN, People
from tests.safety.walk import addresses, crawl, read, routes
from tests.safety.world import ALICES, COACH_ONLY, World

SHOWN_LATER = "importname"
"""An import's rows are seen in its dry run, which needs its columns chosen first."""


def starts(people: People, world: World) -> list[str]:
    """Every address of every GET route with everybody's ids in it, and searches for the first letters of each word."""
    found = [path for method, rule in routes(people.app) if method == "GET" for path in addresses(world, rule)]
    found += ["/clients.csv?status=all", "/clients?status=all", "/clients?status=all&sort=-coach"]
    return found + searches()


def searches() -> list[str]:
    return [f"{page}q={what}" for what in LOOKED_FOR for page in SEARCHES]


SEARCHES = ("/search?", "/clients?status=all&", "/clients.csv?status=all&", "/sponsors?", "/mail?")
LOOKED_FOR = ("zqname", "zqcontact", "zqorg", "zqto", "zqsub", "zqflow", "ZQEMAIL")


def leaks(people: People, world: World, who: str, *only: str, pages: list[str] | None = None) -> list[str]:
    """Words this person meets and must not, in what is answered plainly and in what is answered to htmx.

    `pages` takes in all that was answered.
    """
    forbidden = re.compile("|".join(re.escape(word) for word, may in world.canaries.items() if who not in may))
    begun = [path for path in starts(people, world) if path.startswith(only or "/")]
    found = []
    for path, answer in crawl(people[who], begun).items():
        answers = [answer]
        if answer.status_code == 200 and path in begun:
            answers.append(people[who].get(path, headers={"HX-Request": "true"}))
        if pages is not None:
            pages += [each.text for each in answers]
        for each in answers:
            met = set(forbidden.findall(each.text)) | set(forbidden.findall(str(each.headers)))
            found += [f"{who} {path}: {word}" for word in met if word not in path]
    return found


@pytest.mark.parametrize("who", EVERYBODY)
def test_nobody_meets_a_word_that_is_not_theirs(people, world, who, caplog):
    """And those who may meet theirs do: the crawl is worth something only if it gets everywhere."""
    caplog.set_level("INFO")
    pages: list[str] = []
    assert leaks(people, world, who, pages=pages) == []
    assert [word for word in world.canaries if word in caplog.text] == []
    theirs = [word for word, may in world.canaries.items() if who in may and SHOWN_LATER not in word]
    whole = "".join(pages)
    assert who not in SIGNED_IN or [word for word in theirs if word not in whole] == []


# Each wall has a hole made in it: the crawl must see what comes through ----------------------------------------------


def test_a_hole_in_the_wall_would_be_seen(people, world, monkeypatch):
    monkeypatch.setattr(Client, "visible_to", classmethod(lambda cls, user, *columns: cls.select(*columns or [cls])))
    assert len(leaks(people, world, "carol", "/clients")) > 20


def test_a_coach_only_answer_shown_to_an_assistant_would_be_seen(people, world):
    database.execute_sql("DROP TRIGGER question_is_frozen_on_update")
    Question.update(coach_only=False).execute()
    assert any("zqcoachanswerbob" in line for line in leaks(people, world, "vera", "/clients"))


def test_a_coach_only_document_shown_to_an_assistant_would_be_seen(people, world):
    Document.update(audience_name="team").execute()
    assert any("zqcontentcoachbob" in line for line in leaks(people, world, "vera", "/documents"))


# What comes in over the web, from the first page to the last mail -----------------------------------------------------


def send_inquiry(people: People, world: World, time_machine, **more: str) -> Client:
    """A stranger fills in Alice's form."""
    stranger, path = people["stranger"], f"/p/intake/{world.slug}"
    page = read(path, stranger.get(path).text)
    form = next(form for form in page.forms if form.method == "POST")
    time_machine.move_to(clock.now() + timedelta(minutes=2))
    typed = {
        "Your name": "zqflowname", "Your email": "zqflowmail@client.example", "What brings you": "zqflowanswer",
        "For your coach alone": "zqflowsecret",
    } | more  # fmt: skip
    asked = Question.select().where(Question.public_id.in_([name.removeprefix("q") for name in form.names]))
    filled = {f"q{question.public_id}": typed[question.label] for question in asked if question.label in typed}
    hidden = {name: value for name, value in form.fields if not name.startswith("q")}
    answer = stranger.post(form.action, data=hidden | filled, content_type="multipart/form-data")
    assert (answer.status_code, answer.headers.get("Location")) == (303, f"{path}/thanks")
    return Client.get(Client.email == "zqflowmail@client.example")


@pytest.fixture
def inquiry(people, world, time_machine):
    """What a stranger sent, and a document that Alice then filed for herself alone."""
    client = send_inquiry(people, world, time_machine)
    secret = {"audience": "coach", "files": (io.BytesIO(b"zqflowdiary"), "zqflowplan.txt")}
    path = f"/clients/{client.public_id}/documents"
    answer = people["alice"].post(path, data=secret, content_type="multipart/form-data")
    assert (answer.status_code, answer.headers.get("Location")) == (303, path)
    document = Document.get(Document.client == client)
    words = dict.fromkeys(("zqflowname", "zqflowmail", "zqflowanswer"), ALICES)
    words |= dict.fromkeys(("zqflowsecret", "zqflowdiary", "zqflowplan"), COACH_ONLY["bob"])
    world.canaries |= words
    world.ids["client"]["flow"], world.ids["document"]["flow"] = client.public_id, document.public_id
    yield client
    world.canaries = {word: may for word, may in world.canaries.items() if word not in words}
    del world.ids["client"]["flow"], world.ids["document"]["flow"]


@pytest.mark.parametrize("who", ["olive", "alice", "vera", "carol", "dora", "stranger"])
def test_an_inquiry_is_met_only_by_those_it_is_for(people, world, inquiry, who):
    touched = ("/clients", "/documents", "/search", "/mail", "/boards", "/settings/forms", "/p/")
    assert leaks(people, world, who, *touched) == []


def test_alice_meets_all_of_it(people, world, inquiry):
    begun = [path for path in starts(people, world) if path.startswith(("/clients", "/documents"))]
    pages = "".join(answer.text for answer in crawl(people["alice"], begun).values())
    for word in ("zqflowname", "zqflowmail", "zqflowanswer", "zqflowsecret", "zqflowplan", "zqflowdiary"):
        assert word in pages, word


def test_no_mail_carries_an_answer_or_a_document(people, inquiry):
    mails = list(Message.select().where(Message.client == inquiry))
    assert {mail.kind for mail in mails} == {"intake_thanks", "intake_notice"}
    for mail in mails:
        text = " ".join([mail.subject, mail.text, mail.html])
        assert not re.search("zqflow(answer|secret|diary|plan|phone)", text), mail.kind
        assert mail.to_address in ("zqflowmail@client.example", "vera@northbank.example")


def test_an_inquiry_that_names_a_foreign_sponsor_opens_nothing(people, world, time_machine):
    """Anybody may type the name of a company; that must not show Alice whom Carol knows there."""
    foreign = Organisation.get(Organisation.public_id == world.ids["organisation"]["dan"])
    client = send_inquiry(people, world, time_machine, **{"Your company": foreign.name})
    assert client.organisation.name == foreign.name
    assert foreign not in Organisation.visible_to(client.coach)


def test_an_inquiry_that_names_a_sponsor_of_the_same_coach_joins_it(people, world, time_machine):
    own = Organisation.get(Organisation.public_id == world.ids["organisation"]["bob"])
    client = send_inquiry(people, world, time_machine, **{"Your company": own.name.upper()})
    assert client.organisation == own

"""P6: every private field holds a word of its own; each person crawls all they can reach; nobody meets a word that
is not theirs — not in pages, search, exports, files, mails, headers or the log."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

import pytest

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.availability.rules import SessionKind
from coachbase.clients.models import Client, Contact, Organisation
from coachbase.credentials.models import Credential
from coachbase.db import database, transaction
from coachbase.files import actions as files
from coachbase.files.models import Document
from coachbase.files.rules import Audience, Upload
from coachbase.intake.models import Question
from coachbase.invoices.models import Invoice
from coachbase.mail.models import Message
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling import views
from coachbase.scheduling.rules import Side, Via
from coachbase.sessions.models import Attendee, CoachingSession
from tests.safety.matrix import CODE
from tests.safety.people import EVERYBODY, SIGNED_IN, People
from tests.safety.test_matrix import taken_back
from tests.safety.walk import addresses, crawl, crawling, read, routes, said_by
from tests.safety.world import ALICES, COACH_ONLY, World

SHOWN_LATER = re.compile("importname|contentcoach|inside|textreport|paper(left|removed)")
"""An import's rows are seen in its dry run, which needs its columns chosen first; what is kept shut is opened by an act
that is logged; a PDF that is none shows nothing; what was left out or removed is found by asking for it."""


def starts(people: People, world: World) -> list[str]:
    """Every address of every GET route with everybody's ids in it, and searches for the first letters of each word."""
    found = [path for method, rule in routes(people.app) if method == "GET" for path in addresses(world, rule)]
    found += ["/clients.csv?status=all", "/clients?status=all", "/clients?status=all&sort=-coach"]
    return found + searches() + why_nots(world)


def why_nots(world: World) -> list[str]:
    """Wherever it is told what is in the way of a session, asked about the moments at which something is."""
    coaches = (world.ids["user"][name] for name in ("alice", "carol"))
    clients, sessions = world.ids["client"].values(), world.ids["coaching_session"].values()
    asked = [f"/slots/why?coach={coach}&at=" for coach in coaches]
    asked += [f"/clients/{client}/sessions/new?slot=" for client in clients]
    asked += [f"/sessions/{session}/move?slot=" for session in sessions]
    weeks = [f"/calendar?{moment:week=%G-W%V}" for moment in map(datetime.fromisoformat, world.slots)]
    months = [f"/calendar?{moment:month=%Y-%m}" for moment in map(datetime.fromisoformat, world.slots)]
    return [f"{page}{slot}" for page in asked for slot in world.slots] + weeks + months


def searches() -> list[str]:
    return [f"{page}q={what}" for what in LOOKED_FOR for page in SEARCHES]


SEARCHES = (
    "/search?",
    "/library?",
    "/library?removed=1&",
    "/clients?status=all&",
    "/clients.csv?status=all&",
    "/sponsors?",
    "/invoices/list?",
    "/invoices/new?",
    "/mail?",
)
LOOKED_FOR = ("zqname", "zqcontact", "zqorg", "zqto", "zqsub", "zqflow", "ZQEMAIL", "zqaccess", "zqfile", "zqpaper")


def leaks(people: People, world: World, who: str, *only: str, pages: list[str] | None = None) -> list[str]:
    """All words this person meets and must not; see `leaking`."""
    return list(leaking(people, world, who, *only, pages=pages))


def leaking(people: People, world: World, who: str, *only: str, pages: list[str] | None = None) -> Iterator[str]:
    """Words this person meets and must not, in what is answered plainly and in what is answered to htmx.

    `pages` takes in all that was answered.
    """
    forbidden = re.compile("|".join(re.escape(word) for word, may in world.canaries.items() if who not in may))
    begun = [path for path in starts(people, world) if path.startswith(only or "/")]
    for path, answer in crawling(people[who], begun):
        answers = [answer]
        if answer.status_code == 200 and path in begun:
            answers.append(people[who].get(path, headers={"HX-Request": "true"}))
        if pages is not None:
            pages += [said_by(each) for each in answers]
        for each in answers:
            met = set(forbidden.findall(said_by(each))) | set(forbidden.findall(str(each.headers)))
            yield from (f"{who} {path}: {word}" for word in met if word not in path)


@pytest.mark.parametrize("who", EVERYBODY)
def test_nobody_meets_a_word_that_is_not_theirs(people, world, who, caplog):
    """And those who may meet theirs do: the crawl is worth something only if it gets everywhere."""
    caplog.set_level("INFO")
    pages: list[str] = []
    assert leaks(people, world, who, pages=pages) == []
    assert [word for word in world.canaries if word in caplog.text] == []
    theirs = [word for word, may in world.canaries.items() if who in may and not SHOWN_LATER.search(word)]
    whole = "".join(pages)
    assert who not in SIGNED_IN or [word for word in theirs if word not in whole] == []


def test_a_clients_own_assistant_who_books_and_moves_meets_dates_alone(people, world):
    assistant, ids = people["assistant"], world.ids
    for way in (f"book/{ids['request']['bob’s to book']}", f"session/{ids['coaching_session']['bob']}"):
        assert assistant.post(f"/p/assistant/{way}").status_code == 303
    found = crawl(assistant, ["/p/book", "/p/session"])
    assert {"/p/book", "/p/session", "/p/session/move", "/p/session/cancel"} <= {
        path for path, answer in found.items() if answer.status_code == 200
    }
    pages = "".join(said_by(answer) for answer in found.values())
    assert [word for word in told_wrongly(world, "assistant", pages) if word != "zqusualplacebob"] == []


# What is mailed about sessions, and what calendar programs are given --------------------------------------------------


def told_wrongly(world: World, who: str, content: str) -> list[str]:
    return [word for word, may in world.canaries.items() if who not in may and word in content]


def hold_sessions(world: World) -> None:
    """Bob has a meeting with his sponsor's contact and one in a group, each moved and cancelled."""
    ids = world.ids
    vera, alice = (User.get(User.public_id == ids["user"][name]) for name in ("vera", "alice"))
    bob = Client.get(Client.public_id == ids["client"]["bob"])
    contact = Contact.get(Contact.public_id == ids["contact"]["bob"])
    mate = Client.create(name="Mia zqmate", email="mia@client.example", coach=alice, created_at=clock.now())
    begins = clock.now() + timedelta(days=12)
    facts = {"via": Via.STAFF, "despite": "zqdespite", "by": vera}
    booked = [
        scheduling.book(alice, SessionKind.THREE_WAY, begins, 60, client=bob, contacts=[contact], **facts),
        scheduling.book(alice, SessionKind.COACHING, begins + timedelta(days=1), 60, client=bob, **facts),
        scheduling.book(alice, SessionKind.GROUP, begins + timedelta(days=2), 60, members=[bob, mate], **facts),
    ]
    Message.update(state_name="sent", sent_at=clock.now()).execute()  # only who heard of it hears that it is off
    for session in booked:
        later = CoachingSession.known_as(session.public_id).starts_at + timedelta(hours=5)
        why = {"reason": "zqwhymoved", "despite": "zqdespite"}
        scheduling.move(session, later, side=Side.FIRM, via=Via.STAFF, by=vera, **why)
    Message.update(state_name="sent", sent_at=clock.now()).execute()
    for session in booked:
        scheduling.cancel(session, side=Side.FIRM, reason="zqwhycancelled", by=vera)


@pytest.fixture
def mailed(people, world) -> Iterator[list[Message]]:
    """All calendar mails of that; the other member's name and the reasons are nobody's to read there."""
    words = dict.fromkeys(("zqmate", "zqdespite", "zqwhymoved", "zqwhycancelled"), frozenset())
    world.canaries |= words
    with transaction():
        hold_sessions(world)
    yield list(Message.select().where(Message.method != ""))
    world.canaries = {word: may for word, may in world.canaries.items() if word not in words}


def test_a_calendar_mail_tells_each_reader_only_what_is_theirs(world, mailed):
    read_by = {
        "zqemailbob@client.example": "client", "zqeamailbob@client.example": "assistant",
        "zqcontactmailbob@sponsor.example": "sponsor", "alice@northbank.example": "alice",
        "mia@client.example": "stranger",
    }  # fmt: skip
    assert {(mail.to_address, mail.method) for mail in mailed} >= {
        (address, method) for address in read_by for method in ("REQUEST", "CANCEL") if "eamail" not in address
    }
    assert "zqeamailbob@client.example" in {mail.to_address for mail in mailed}
    wrong = []
    for mail in mailed:
        content = " ".join([mail.subject, mail.text, mail.html, re.sub(r"\r?\n ", "", mail.calendar)])
        own = ("zqmate",) if mail.to_address in ("mia@client.example", "alice@northbank.example") else ()
        theirs = mail.to_address.partition("@")[0]
        met = [word for word in told_wrongly(world, read_by[mail.to_address], content) if word not in (theirs, *own)]
        wrong += [f"{mail.to_address} {mail.kind}: {word}" for word in met if word != "zqusualplacebob"]
    assert wrong == []


@pytest.mark.parametrize(
    ("kind", "who", "also"),
    [("feed_client", "client", ["zqusualplacebob"]), ("feed_coach", "stranger", [])],
)
def test_a_calendar_by_address_tells_only_what_is_its_readers(people, world, mailed, kind, who, also):
    file = people["stranger"].get(f"/p/feed/{world.tokens[kind]}.ics").text
    file = re.sub(r"\r?\n ", "", file)
    assert file.count("BEGIN:VEVENT") >= 2
    assert [word for word in told_wrongly(world, who, file) if word not in also] == []


# Each wall has a hole made in it: the crawl must see what comes through ----------------------------------------------


def test_a_hole_in_the_wall_would_be_seen(people, world, monkeypatch):
    monkeypatch.setattr(Client, "visible_to", classmethod(lambda cls, user, *columns: cls.select(*columns or [cls])))
    assert len(list(islice(leaking(people, world, "carol", "/clients"), 21))) == 21


def test_an_invoice_that_stands_behind_no_wall_would_be_seen(people, world, monkeypatch):
    everything = classmethod(lambda cls, user, *, removed=False: cls.with_payer(removed=removed))
    monkeypatch.setattr(Invoice, "visible_to", everything)
    seen = " ".join(leaking(people, world, "carol", "/invoices"))
    words = ("invoiceline", "disputewords", "callwords", "writeoffreason", "creditreason", "draftline")
    assert [word for word in words if f"zq{word}bob" not in seen] == []


def test_a_session_of_another_coach_that_names_whom_that_one_meets_would_be_seen(people, world, monkeypatch):
    monkeypatch.setattr(views, "as_told_to", lambda reader, coach, reasons: reasons)
    session = world.ids["coaching_session"]["dan’s with alice"]
    assert any("zqnamebob" in line for line in leaking(people, world, "dora", f"/sessions/{session}/move"))


def test_a_group_whose_members_all_have_names_would_be_seen(people, world, monkeypatch):
    monkeypatch.setattr(Attendee, "seen_by", classmethod(lambda cls, user, session: list(cls.of(session))))
    group = world.ids["coaching_session"]["bob’s group"]
    assert any("zqnamedan" in line for line in leaking(people, world, "vera", f"/sessions/{group}"))


def test_a_coach_only_answer_shown_to_an_assistant_would_be_seen(people, world):
    database.execute_sql("DROP TRIGGER question_is_frozen_on_update")
    Question.update(coach_only=False).execute()
    assert any("zqcoachanswerbob" in line for line in leaking(people, world, "vera", "/clients"))


@pytest.mark.parametrize("thing", ["bob, coach only", "bob, a report"])
@pytest.mark.parametrize("act", ["open", "read"])
def test_what_is_kept_shut_is_opened_only_by_those_it_is_for(people, world, thing, act):
    path = f"/documents/{world.ids['document'][thing]}/{act}"
    for who in EVERYBODY:
        with taken_back("POST"):
            answer = people[who].post(path)
        met = [word for word in ("zqcontentcoachbob", "zqtextreportbob", "zqinsidereportbob") if word in answer.text]
        assert [word for word in met if who not in world.canaries[word]] == []
        assert (answer.status_code == 200) == (who in ("olive", "alice")), who


def test_a_report_shown_to_an_assistant_would_be_seen(people, world):
    Document.update(kind_name="upload").execute()
    assert any("zqpaperreportbob" in line for line in leaking(people, world, "vera", "/library"))


def test_a_coach_only_document_shown_to_an_assistant_would_be_seen(people, world):
    Document.update(audience_name="team").execute()
    assert any("zqcontentcoachbob" in line for line in leaking(people, world, "vera", "/documents"))


def test_a_code_that_stands_anywhere_on_a_page_would_be_seen(people, world):
    Credential.update(order="zqaccesscodebob").execute()
    assert any("zqaccesscodebob" in line for line in leaking(people, world, "vera", "/settings/instruments"))


@pytest.mark.parametrize("whose", ["bob", "dan", "stock"])
@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_code_is_met_where_somebody_who_may_asks_for_it_and_nowhere_else(people, world, who, whose):
    """The crawl meets it on no page (it is nobody's canary): here it is, for those whom CODE of the matrix names."""
    path = f"/codes/{world.ids['credential'][whose]}/reveal"
    answer = people[who].post(path)
    met = [word for word in (f"zqaccesscode{whose}", f"zqlogin{whose}") if word in answer.text]
    assert len(met) == (2 if who in CODE[whose].split() else 0)
    other = [word for word in told_wrongly(world, who, answer.text) if word not in met]
    assert other == []


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
    alice = User.get(User.public_id == world.ids["user"]["alice"])
    (document,) = files.file(client, [Upload("zqflowplan.txt", b"zqflowdiary")], audience=Audience.COACH, by=alice)
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
    pages = "".join(said_by(answer) for answer in crawl(people["alice"], begun).values())
    pages += people["alice"].post(f"/documents/{world.ids['document']['flow']}/open").text
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

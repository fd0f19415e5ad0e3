"""P1 and P2: web and worker are killed with -9 at random under load. Nothing that was acknowledged is lost, no mail is
lost, and the database stays sound. KILLS says how often; `make soak` does it a thousand times."""

import http.client
import itertools
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import urlencode, urlsplit

import pytest

from coachbase import clock
from coachbase.agreements.models import Agreement, Signer
from coachbase.availability.models import Availability, Hours
from coachbase.availability.rules import DAY as A_DAY_OF_MINUTES
from coachbase.availability.rules import SessionKind
from coachbase.boards import actions as boards
from coachbase.boards.models import Card, Stage
from coachbase.clients import actions as clients
from coachbase.clients.models import Client
from coachbase.config import Config
from coachbase.db import atomic, database, open_database
from coachbase.engagements.models import Engagement, Step
from coachbase.evidence.models import ProvableFile
from coachbase.files.models import Document
from coachbase.files.rules import Kind as Paper
from coachbase.intake import actions as intake
from coachbase.intake.models import Submission
from coachbase.invoices import actions as invoices
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Invoice
from coachbase.links import actions as links
from coachbase.mail.models import Message
from coachbase.mail.rules import State, may_have_left
from coachbase.payers import actions as payers
from coachbase.payers.models import Seller, TaxRate
from coachbase.requests import actions as requests
from coachbase.requests.models import Request
from coachbase.requests.rules import RequestState
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import CoachingSession
from coachbase.sessions.rules import State as SessionState
from coachbase.timeline.models import Note
from tests.cast import PASSWORD, Cast
from tests.live import ROOT, free_port
from tests.safety.walk import read
from tests.smtp import Post, run_post, use

KILLS = int(os.environ.get("KILLS", "50"))
LANES = 3
"""Practices of their own, so that several processors have something to kill."""
UNANSWERED = (OSError, http.client.HTTPException)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Fields = dict[str, str] | list[tuple[str, str]]

pytestmark = pytest.mark.kills


@dataclass
class Ledger:
    """What the program said it had done."""

    notes: list[str] = field(default_factory=list)
    inquiries: list[str] = field(default_factory=list)
    moves: dict[str, int] = field(default_factory=dict)
    """card -> the version an acknowledged move gave it"""
    programs: list[str] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    booked: list[str] = field(default_factory=list)
    """Places of sessions the desk booked: each has one of its own."""
    taken: list[str] = field(default_factory=list)
    """Requests that clients answered by their links."""
    moved: dict[str, int] = field(default_factory=dict)
    """session -> the version an acknowledged move gave it"""
    cancelled: list[str] = field(default_factory=list)
    marked: dict[str, str] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)
    """Drafts of invoices that got their number."""

    def __str__(self) -> str:
        counts = {name: len(done) for name, done in vars(self).items()} | {"moves": sum(self.moves.values())}
        return ", ".join(f"{count} {name}" for name, count in counts.items())

    @property
    def size(self) -> int:
        return sum(map(len, vars(self).values())) - len(self.moves) + sum(self.moves.values())


class House:
    """Web and worker as real processes on one data folder; sometimes one process, sometimes two."""

    def __init__(self, config: Config) -> None:
        self.config, self.port = config, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen] = []
        self.log = (config.data / "log").open("w")

    def start(self, *, apart: bool) -> None:
        commands = (["serve", "--no-worker"], ["worker"]) if apart else (["serve"],)
        self.processes = [self.run(*command) for command in commands]
        for process in self.processes:
            assert "coachbase" in process.stdout.readline(), (self.config.data / "log").read_text()

    def run(self, *command: str) -> subprocess.Popen:
        told = {
            "HOST": "127.0.0.1", "PORT": str(self.port), "COACHBASE_DATA": str(self.config.data),
            "BASE_URL": self.url, "TRUSTED_PROXY": "127.0.0.1",
        }  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-m", "tests.serve", *command], cwd=ROOT, env=os.environ | told,
            stdout=subprocess.PIPE, stderr=self.log, text=True,
        )  # fmt: skip

    def kill(self, processes: list[subprocess.Popen], number: int = signal.SIGKILL) -> None:
        for process in processes:
            process.send_signal(number)
        for process in processes:
            process.wait(30)
            process.stdout.close()
        self.processes = [process for process in self.processes if process not in processes]

    def close(self) -> None:
        self.kill(self.processes)
        self.log.close()


class Person:
    """A browser that goes on where it was when the program comes back."""

    def __init__(self, house: House) -> None:
        self.house, self.cookies = house, {}
        self.connection: http.client.HTTPConnection | None = None
        self.address = ".".join(str(random.randrange(1, 250)) for _ in range(4))

    def ask(self, method: str, path: str, fields: Fields | None = None) -> tuple[int, str, str]:
        """Status, where it leads, and the page."""
        headers = FORM | {"Origin": self.house.url, "X-Forwarded-For": self.address}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=20)
        try:
            self.connection.request(method, path, urlencode(fields) if fields is not None else None, headers)
            answer = self.connection.getresponse()
            page = answer.read().decode()
        except UNANSWERED:
            self.connection.close()
            self.connection = None
            raise
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location", ""), page

    def sign_in(self, name: str) -> None:
        status, *_ = self.ask("POST", "/sign-in", {"email": f"{name}@northbank.example", "password": PASSWORD})
        assert status == 303

    def close(self) -> None:
        if self.connection:
            self.connection.close()


# What people do -------------------------------------------------------------------------------------------------------


def write_notes(vera: Person, bob: str, ledger: Ledger) -> None:
    nonce = f"note{random.getrandbits(64):x}"
    status, where, _ = vera.ask("POST", f"/clients/{bob}", {"kind": "note", "body": nonce, "once": nonce})
    if status == 303 and where == f"/clients/{bob}":
        ledger.notes.append(nonce)


def move_card(vera: Person, card: str, stages: list[str], ledger: Ledger) -> None:
    here = f"/boards/onboarding/cards/{card}/move"
    version = int(re.search(r'name="version"[^>]*value="(\d+)"', vera.ask("GET", f"/cards/{card}")[2])[1])
    status, where, _ = vera.ask("POST", here, {"stage": random.choice(stages), "version": str(version)})
    if status == 303 and where == "/boards/onboarding":
        ledger.moves[card] = max(version, ledger.moves.get(card, 0))


def inquire(stranger: Person, ticket: str, ledger: Ledger) -> None:
    nonce = f"inquiry{random.getrandbits(64):x}"
    names = re.findall(r'name="(q\w{26})"', ticket)
    fields = dict(zip(names, (nonce, f"{nonce}@client.example"), strict=True))
    token = re.search(r'name="ticket" value="([^"]+)"', ticket)[1]
    status, where, _ = stranger.ask("POST", "/p/intake/kills", fields | {"ticket": token, "step": "1", "act": "next"})
    if status == 303 and where.endswith("/thanks"):
        ledger.inquiries.append(nonce)


def start_program(vera: Person, client: str, ledger: Ledger) -> None:
    """Engagement, steps, agreement, questionnaire and mails: all of it, or nothing."""
    here = f"/clients/{client}/programs"
    page = vera.ask("GET", f"{here}/new")[2]
    form = next((form for form in read(here, page).forms if form.action == here), None)
    if form is None:  # it was started, and only the answer was lost
        return
    status, where, _ = vera.ask("POST", here, [pair for pair in form.fields if pair[0] != "po_number"])
    if status == 303 and where == f"/clients/{client}/program":
        ledger.programs.append(client)


def sign_agreement(client: Person, link: str, code_for: Callable[[], str | None], ledger: Ledger, address: str) -> None:
    """From the mailed link to the signature."""
    client.ask("GET", urlsplit(link).path)
    page = read("/p/client", client.ask("GET", "/p/client")[2])
    ask = next((form.action for form in page.forms if form.action.startswith("/p/client/sign/")), None)
    if ask is None:
        return
    client.ask("POST", ask, {})
    sha256 = re.search(r'name="sha256"[^>]*value="(\w{64})"', client.ask("GET", "/p/sign")[2])
    if sha256 is None:
        return
    client.ask("POST", "/p/sign/code", {"sha256": sha256[1], "consent": "y"})
    if code := code_for():
        typed = {"sha256": sha256[1], "code": code, "kind": "typed", "typed": "Kim Known"}
        status, where, _ = client.ask("POST", "/p/sign", typed)
        if (status, where) == (303, "/p/sign"):
            ledger.signatures.append(address)


def book_session(vera: Person, bob: str, day: datetime, ledger: Ledger) -> None:
    place, here = f"https://meet.example/{random.getrandbits(64):x}", f"/clients/{bob}/sessions"
    fields = {
        "kind": "chemistry", "suggested_for": "chemistry", "program": "", "place_kind": "video", "place": place,
        "day": f"{day:%Y-%m-%d}", "at": f"{day:%H:%M}", "fold": "0", "minutes": "30", "despite": "-", "once": place,
    }  # fmt: skip
    status, where, _ = vera.ask("POST", f"{here}/new", fields)
    if (status, where) == (303, here):
        ledger.booked.append(place)


def move_session(vera: Person, session: str, day: datetime, ledger: Ledger) -> None:
    here = f"/sessions/{session}"
    status, _, page = vera.ask("GET", f"{here}/move")
    if status != 200:  # it was cancelled, and only the answer was lost
        return
    version = _version_on(page)
    when = {"day": f"{day:%Y-%m-%d}", "at": f"{day:%H:%M}", "fold": "0", "minutes": "30", "reason": "", "despite": "-"}
    status, where, _ = vera.ask("POST", f"{here}/move", when | {"version": str(version)})
    if (status, where) == (303, here):
        ledger.moved[session] = version + 1


def cancel_session(vera: Person, session: str, ledger: Ledger) -> bool:
    """Whether it is over and done with: also when only the answer to it was lost."""
    here = f"/sessions/{session}"
    status, _, page = vera.ask("GET", f"{here}/cancel")
    if status == 200:
        fields = {"side": "firm", "reason": "She is ill", "version": str(_version_on(page))}
        status, where, _ = vera.ask("POST", f"{here}/cancel", fields)
        if (status, where) == (303, here):
            ledger.cancelled.append(session)
    return status in (303, 422)


def mark_session(vera: Person, session: str, ledger: Ledger) -> None:
    here, state = f"/sessions/{session}", random.choice(("held", "no_show"))
    status, where, _ = vera.ask("POST", f"{here}/mark", {"to": state, "version": "1"})
    if (status, where) == (303, here):
        ledger.marked[session] = state


def take_time(client: Person, request: str, token: str, ledger: Ledger) -> None:
    """From the mailed link to the booking."""
    client.ask("GET", f"/p/book/open/{token}")
    free = re.findall(r"/p/book/confirm\?start=(\d+)", client.ask("GET", "/p/book")[2])
    if free:
        status, where, _ = client.ask("POST", "/p/book", {"start": random.choice(free), "zone": "Asia/Dubai"})
        if (status, where) == (303, "/p/book?zone=Asia/Dubai"):
            ledger.taken.append(request)


def issue_invoice(vera: Person, draft: str, ledger: Ledger) -> bool:
    """Whether it is issued: also when only the answer to it was lost."""
    here = f"/invoices/{draft}"
    status, where, _ = vera.ask("POST", f"{here}/issue", {"version": "1"})
    if (status, where) == (303, here):
        ledger.issued.append(draft)
    return status in (303, 422)


def _version_on(page: str) -> int:
    return int(re.search(r'name="version"[^>]*value="(\d+)"', page)[1])


@dataclass
class Calendar:
    """What there is to keep in the calendar: so much that no lane runs out of it."""

    to_come: list[str] = field(default_factory=list)
    """Sessions to move and cancel."""
    over: list[str] = field(default_factory=list)
    """Sessions to mark."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Requests to book, each with the token of its link."""
    days: Iterator[datetime] = field(default_factory=lambda: itertools.count())
    """Moments that nobody has taken."""


@dataclass
class Practice:
    """One practice under load."""

    house: House
    post: Post
    bob: str
    card: str
    stages: list[str]
    ledger: Ledger = field(default_factory=Ledger)
    tickets: list[str] = field(default_factory=list)
    """Pages of the form, opened a while ago: what is sent at once is taken for a program's."""
    newcomers: list[str] = field(default_factory=list)
    """Clients with whom no program was started yet."""
    calendar: Calendar = field(default_factory=Calendar)
    drafts: list[str] = field(default_factory=list)
    """Drafts of invoices that wait to be issued."""
    people: list[Person] = field(default_factory=list)

    def open_pages(self, count: int) -> None:
        for _ in range(count):
            stranger = Person(self.house)
            self.tickets.append(stranger.ask("GET", "/p/intake/kills")[2])
            stranger.close()

    def begin(self) -> None:
        """Come in, and do each thing once in peace: a load that does nothing would lose nothing."""
        for person in self.people:
            person.sign_in("vera")
        vera = self.people[0]
        write_notes(vera, self.bob, self.ledger)
        move_card(vera, self.card, self.stages[1:], self.ledger)
        start_program(vera, self.newcomers.pop(), self.ledger)
        for act in (self._book, self._move, self._cancel, self._mark, self._take, self._issue):
            act()
        assert self.ledger.size >= 9, self.ledger

    def load(self, until: threading.Event) -> list[threading.Thread]:
        vera, other, third, *_ = self.people
        acts = (
            lambda: write_notes(vera, self.bob, self.ledger),
            lambda: move_card(other, self.card, self.stages, self.ledger),
            self._inquire,
            lambda: self._start(third),
            self._sign,
            self._keep_calendar,
            self._take,
            self._issue,
        )
        threads = [threading.Thread(target=self._go_on, args=(act, until)) for act in acts]
        for thread in threads:
            thread.start()
        return threads

    def _inquire(self) -> None:
        time.sleep(0.05)
        if self.tickets:
            stranger = Person(self.house)
            inquire(stranger, self.tickets.pop(0), self.ledger)
            stranger.close()

    def _start(self, vera: Person) -> None:
        if self.newcomers:
            start_program(vera, self.newcomers[-1], self.ledger)
            self.newcomers.pop()

    def _sign(self) -> None:
        """Whoever got the link to the own page and has not signed yet."""
        letters = [letter for letter in self.post.messages if "/p/client/open/" in _words(letter)]
        waiting = [letter for letter in letters if _address(letter) not in self.ledger.signatures]
        if waiting:
            letter = random.choice(waiting)
            person = Person(self.house)
            link = re.search(r"https?://\S+/p/client/open/\S+", _words(letter))[0]
            address = _address(letter)
            sign_agreement(person, link, lambda: self._code_for(address), self.ledger, address)
            person.close()

    def _keep_calendar(self) -> None:
        random.choice((self._book, self._move, self._move, self._cancel, self._mark))()
        time.sleep(0.05)

    def _book(self) -> None:
        book_session(self.people[3], self.bob, next(self.calendar.days), self.ledger)

    def _move(self) -> None:
        if self.calendar.to_come:
            move_session(self.people[3], self.calendar.to_come[0], next(self.calendar.days), self.ledger)

    def _cancel(self) -> None:
        if self.calendar.to_come and cancel_session(self.people[3], self.calendar.to_come[0], self.ledger):
            self.calendar.to_come.pop(0)

    def _mark(self) -> None:
        if self.calendar.over:
            mark_session(self.people[3], self.calendar.over.pop(), self.ledger)

    def _take(self) -> None:
        if self.calendar.asked:
            client = Person(self.house)
            take_time(client, *self.calendar.asked.pop(), self.ledger)
            client.close()
        time.sleep(0.1)

    def _issue(self) -> None:
        if self.drafts and issue_invoice(self.people[4], self.drafts[0], self.ledger):
            self.drafts.pop(0)
        time.sleep(0.2)

    def _code_for(self, address: str) -> str | None:
        """The newest code that came to this address within a moment."""
        known, deadline = len(self.post.messages), time.monotonic() + 1.5
        while time.monotonic() < deadline:
            for letter in reversed(self.post.messages[max(0, known - 3) :]):
                code = re.search(r"\b\d{6}\b", _words(letter))
                if _address(letter) == address and code and "/p/client/" not in _words(letter):
                    return code[0]
            time.sleep(0.01)
        return None

    @staticmethod
    def _go_on(act: Callable[[], None], until: threading.Event) -> None:
        while not until.is_set():
            with suppress(*UNANSWERED):
                act()
            time.sleep(0.005)


def _words(letter: EmailMessage) -> str:
    return letter.get_body(("plain",)).get_content()


def _address(letter: EmailMessage) -> str:
    return letter["To"].addresses[0].addr_spec


@pytest.fixture
def practice(app, config, cast) -> Iterator[Practice]:
    for post in run_post():
        use(post.port)
        form = intake.make_form(title="Kills", slug="kills", coach=cast.alice)
        intake.publish(form)
        card = Card.get_or_none(Card.client == cast.bob) or boards.put_on_board(cast.bob)
        stages = [Stage.get(Stage.meaning_name == meaning).public_id for meaning in ("inquiry", "chemistry", "intake")]
        newcomers = [
            clients.add(
                {"name": f"Kim Known {n}", "email": f"kim{n}@client.example", "coach": cast.alice}, how="by hand"
            )
            for n in range(-(-KILLS // LANES) + 2)
        ]
        known = (cast.bob.public_id, card.public_id, stages)
        calendar = fill_calendar(cast, -(-KILLS // LANES) + 2)
        drafts = draft_invoices(cast, -(-KILLS // LANES) + 2)
        database.close()
        practice = Practice(House(config), post, *known, newcomers=[client.public_id for client in newcomers])
        practice.calendar, practice.drafts = calendar, drafts
        practice.people = [Person(practice.house) for _ in range(5)]
        yield practice
        for person in practice.people:
            person.close()
        practice.house.close()


@atomic
def fill_calendar(cast: Cast, count: int) -> Calendar:
    """Alice is open day and night: sessions to come, sessions that are over, some to be booked, and free moments."""
    video = {"place_kind_name": "video", "place": "https://meet.example/alice", "notice_hours": 0}
    Availability.create(coach=cast.alice, **video)
    for weekday in range(7):
        Hours.create(coach=cast.alice, weekday=weekday, begins=0, ends=A_DAY_OF_MINUTES)
    noon = clock.now().replace(hour=12, minute=0, second=0, microsecond=0)
    days = (noon + timedelta(days=30, hours=2 * number) for number in itertools.count())
    facts = {"via": Via.STAFF, "client": cast.bob, "by": cast.vera}
    to_come = [scheduling.book(cast.alice, SessionKind.CHEMISTRY, next(days), 30, **facts) for _ in range(count // 2)]
    now, asked, over = clock.now(), [], []
    told = {"coach": cast.alice, "kind_name": SessionKind.CHEMISTRY, "zone": "Europe/London", "created_at": now}
    for number in range(count):
        begins = noon - timedelta(days=2, hours=2 * number)
        over.append(CoachingSession.create(
            uid=f"over-{number}", client=cast.bob, via="staff", starts_at=begins,
            ends_at=begins + timedelta(minutes=30), **told,
        ))  # fmt: skip
        email = f"lee{number}@client.example"
        lee = clients.add({"name": f"Lee Later {number}", "email": email, "coach": cast.alice}, how="by hand")
        asked.append(Request.create(
            client=lee, coach=cast.alice, kind_name=SessionKind.CHEMISTRY, minutes=30, asked_at=now
        ))  # fmt: skip
    return Calendar(
        [session.public_id for session in to_come],
        [session.public_id for session in over],
        [(row.public_id, links.issue(requests.BOOK, row.public_id, lasts=timedelta(days=9))[1]) for row in asked],
        days,
    )


@atomic
def draft_invoices(cast: Cast, count: int) -> list[str]:
    """More to bill than a lane gets to."""
    rate = TaxRate.create(name="VAT", rate_bps=2000)
    Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789", rate=rate)
    payer = payers.payer_for(cast.bob)
    payer.address = "2 Mill Lane"
    payer.save()
    line = NewLine("Coaching", 25_000, rate=rate, client=cast.bob, supplied_to=clock.now().date())
    return [invoices.draft(payer, [line], currency="GBP", by=cast.vera).public_id for _ in range(count)]


# What must be there afterwards ----------------------------------------------------------------------------------------


def losses(config: Config, ledger: Ledger) -> list[str]:
    """What was acknowledged and is gone, or is there twice; read as another program would."""
    open_database(str(config.database_path))
    written = Counter(note.body for note in Note.select())
    clients = Counter(client.name for client in Client.select())
    cards = {card.public_id: card.version for card in Card.select()}
    sent = {submission.client.name for submission in Submission.select().where(Submission.client.is_null(False))}
    thanked = {message.client.name for message in Message.select().where(Message.kind == "intake_thanks")}
    sound = database.execute_sql("PRAGMA quick_check").fetchone()[0]
    started = Counter(engagement.client.public_id for engagement in Engagement.with_client())
    whole = {row.client.public_id for row in Agreement.with_people() if Step.of(row.engagement).count() > 3}
    asked = {row.client.public_id for row in Submission.select().where(Submission.engagement.is_null(False))}
    signed = {signer.email for signer in Signer.select().where(Signer.signed_at.is_null(False))}
    others = losses_of_calendar(ledger) + losses_of_invoices(ledger)
    database.close()
    return [
        *(f"note {nonce}: {written[nonce]} times" for nonce in ledger.notes if written[nonce] != 1),
        *(f"client {nonce}: {clients[nonce]} times" for nonce in ledger.inquiries if clients[nonce] != 1),
        *(f"submission {nonce} is lost" for nonce in ledger.inquiries if nonce not in sent),
        *(f"the thank-you to {nonce} is lost" for nonce in ledger.inquiries if nonce not in thanked),
        *(
            f"card {card}: {cards[card]} after {version}"
            for card, version in ledger.moves.items()
            if cards[card] < version
        ),
        *(f"program {client}: {started[client]} times" for client in ledger.programs if started[client] != 1),
        *(f"program {client}: half of it" for client in started if client not in whole & asked),
        *(f"signature of {address} is lost" for address in ledger.signatures if address not in signed),
        *others,
        *([] if sound == "ok" else [sound]),
    ]


def losses_of_invoices(ledger: Ledger) -> list[str]:
    """Numbers that are missing or there twice, and what was acknowledged as issued and is not, or only half."""
    rows = Invoice.select(Invoice.public_id, Invoice.seq, Invoice.snapshot_sha256).where(Invoice.state_name == "issued")
    whole = {row.public_id: row.seq for row in rows if row.seq and row.snapshot_sha256}
    numbers = sorted(row.seq for row in rows)
    return [
        *(f"invoice {name} is not issued" for name in ledger.issued if name not in whole),
        *([] if numbers == list(range(1, len(numbers) + 1)) else [f"invoices are numbered {numbers}"]),
    ]


def odd_papers(invoices: list[Invoice]) -> list[str]:
    """Issued invoices that have no PDF of their own, or were mailed another number of times than once."""
    papers = Counter(invoice.document_id for invoice in invoices)
    mails = Counter(message.about for message in Message.select(*BRIEFLY).where(Message.kind == "invoice"))
    drawn = Document.select().where(Document.kind_name == Paper.INVOICE).count()
    return [
        *(f"invoice {one.number} has no PDF of its own" for one in invoices
          if one.document_id is None or papers[one.document_id] != 1),
        *(f"invoice {one.number} is mailed {mails[one.public_id]} times" for one in invoices
          if mails[one.public_id] != 1),
        *([] if drawn == len(invoices) else [f"{drawn} PDFs of {len(invoices)} invoices"]),
    ]  # fmt: skip


BRIEFLY = (
    Message.id, Message.message_id, Message.kind, Message.about, Message.to_address, Message.method,
    Message.state_name, Message.answer,
)  # fmt: skip
"""Of a mail, without what would have to be unsealed."""


def losses_of_calendar(ledger: Ledger) -> list[str]:
    """Bookings, moves, cancellations and marks that are gone; and what is booked and was written to nobody."""
    sessions = {session.public_id: session for session in CoachingSession.select()}
    stands = {session.id for session in sessions.values() if session.state is SessionState.BOOKED}
    places = Counter(session.place for session in sessions.values() if session.id in stands)
    answered = {
        row.public_id for row in Request.select().where(Request.state_name == RequestState.BOOKED)
        if row.session_id in stands
    }  # fmt: skip
    written = {
        (message.about, message.to_address) for message in Message.select(*BRIEFLY).where(Message.method == "REQUEST")
        if message.state is not State.CANCELLED
    }  # fmt: skip
    told = {about for about, address in written if address != "alice@northbank.example"}
    coming = [one for one in sessions.values() if one.id in stands and one.starts_at > clock.now()]
    return [
        *(f"booking at {place}: {places[place]} times" for place in ledger.booked if places[place] != 1),
        *(f"booking by request {request} is lost" for request in ledger.taken if request not in answered),
        *(
            f"session {name}: {sessions[name].version} after {version}"
            for name, version in ledger.moved.items()
            if sessions[name].version < version
        ),
        *(
            f"cancellation of {name} is lost"
            for name in ledger.cancelled
            if sessions[name].state is not SessionState.CANCELLED
        ),
        *(f"mark of {name} is lost" for name, state in ledger.marked.items() if sessions[name].state_name != state),
        *(
            f"of session {one.public_id} not all are told"
            for one in coming
            if one.public_id not in told or (one.public_id, "alice@northbank.example") not in written
        ),
    ]


def untimely(arrived: list[str]) -> list[str]:
    """Who was invited under two Message-IDs, or heard of a cancellation and then of the invitation again (P2)."""
    rows = {row.message_id: row for row in Message.select(*BRIEFLY).where(Message.method != "")}
    heard: dict[tuple[str, str], list[Message]] = {}
    for row in (rows[name] for name in arrived if name in rows):
        heard.setdefault((row.about, row.to_address), []).append(row)
    invited = {key: {row.id for row in found if row.kind == "session_invite"} for key, found in heard.items()}
    is_to_come = CoachingSession.starts_at > clock.now()
    said = {
        session.public_id: "REQUEST" if session.state is SessionState.BOOKED else "CANCEL"
        for session in CoachingSession.select().where(is_to_come)
    }
    return [
        *(
            f"{address} was invited {len(ids)} times to {about}"
            for (about, address), ids in invited.items()
            if len(ids) > 1
        ),
        *(
            f"{address} heard last {found[-1].method} of {about}"
            for (about, address), found in heard.items()
            if said.get(about, found[-1].method) != found[-1].method
        ),
    ]


def is_sound(house: House) -> bool:
    process = house.run("check")
    print(process.communicate(timeout=60)[0])
    return process.returncode == 0


def deliver_all(practice: Practice) -> list[str]:
    """Let time pass for the leases and the waits, run the worker, and name the mails that never came out."""
    config = practice.house.config
    deadline = time.monotonic() + 240  # seconds that only a busy machine needs: it ends when nothing waits
    while time.monotonic() < deadline:
        open_database(str(config.database_path))
        past = clock.now() - timedelta(hours=1)
        Message.update(leased_until=past).where(Message.state_name == State.LEASED).execute()
        Message.update(try_at=past).where(Message.state_name == State.FAILED).execute()
        Agreement.update(try_at=past).where(Agreement.try_at.is_null(False)).execute()
        Invoice.update(try_at=past).where(Invoice.try_at.is_null(False)).execute()
        waiting = Message.select().where(Message.state_name.in_([State.QUEUED, State.LEASED, State.FAILED])).count()
        waiting += Agreement.select().where(Agreement.state_name.in_(["freezing", "sealing"])).count()
        waiting += Invoice.select().where(Invoice.state_name == "issued", Invoice.document.is_null()).count()
        database.close()
        if not waiting:
            break
        practice.house.start(apart=False)
        time.sleep(1.5)
        practice.house.kill(practice.house.processes, signal.SIGTERM)
    open_database(str(config.database_path))
    written = {message.message_id: message for message in Message.select(*BRIEFLY)}
    known = {name: message for name, message in written.items() if message.state is not State.CANCELLED}
    perhaps = {name for name, message in written.items() if may_have_left(message.state, message.answer)}
    frozen = Counter(file.subject for file in ProvableFile.select())
    twice = [f"agreement {row.public_id} frozen {frozen[row.public_id]} times" for row in Agreement.select()
             if frozen[row.public_id] != 1]  # fmt: skip
    twice += untimely(practice.post.ids)
    twice += odd_papers(list(Invoice.select().where(Invoice.state_name == "issued")))
    database.close()
    arrived = Counter(practice.post.ids)
    return [
        *(f"{message.kind} {message.state_name} never arrived" for name, message in known.items() if not arrived[name]),
        *(f"{name} is nobody's" for name in arrived if name not in known and name not in perhaps),
        *twice,
    ]


def wait_for_load(ledger: Ledger, size: int) -> None:
    """Until something was acknowledged: a kill before that would show nothing."""
    deadline = time.monotonic() + 5
    while ledger.size == size and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.mark.parametrize("lane", range(LANES))
def test_nothing_acknowledged_is_lost_however_often_it_is_killed(practice, lane):
    house, ledger, kills = practice.house, practice.ledger, -(-KILLS // LANES)
    random.seed()
    for number in range(kills):
        house.start(apart=random.random() < 0.4)
        if number == 0:
            practice.begin()
        if len(practice.tickets) < 20:
            practice.open_pages(10)
        stop = threading.Event()
        threads = practice.load(stop)
        wait_for_load(ledger, ledger.size)
        time.sleep(random.uniform(0, random.choice((0.2, 0.2, 0.2, 4))))  # now and then a PDF gets done in between
        doomed = random.sample(house.processes, random.randint(1, len(house.processes)))
        house.kill(doomed)
        time.sleep(random.uniform(0, 0.1))
        stop.set()
        house.kill(house.processes)
        for thread in threads:
            thread.join()
        assert losses(house.config, ledger) == []
        if number % 5 == 4:
            assert is_sound(house)
    assert is_sound(house)
    assert deliver_all(practice) == []
    assert losses(house.config, ledger) == []
    assert ledger.size >= kills, "there was no load to speak of"
    print(f"lane {lane}: {kills} kills, {ledger}, {len(practice.post.messages)} mails")


def test_a_write_that_is_lost_would_be_found(practice):
    """The ledger against a database from which something acknowledged is gone."""
    practice.ledger.notes.append("never written")
    practice.ledger.inquiries.append("never sent")
    practice.ledger.moves[practice.card] = 99
    practice.ledger.programs.append("never started")
    practice.ledger.signatures.append("nobody@client.example")
    practice.ledger.booked.append("https://meet.example/nowhere")
    practice.ledger.taken.append(practice.calendar.asked[0][0])
    practice.ledger.moved[practice.calendar.to_come[0]] = 9
    practice.ledger.cancelled.append(practice.calendar.to_come[0])
    practice.ledger.marked[practice.calendar.over[0]] = "held"
    practice.ledger.issued.append(practice.drafts[0])
    assert len(losses(practice.house.config, practice.ledger)) == 13
    open_database(str(practice.house.config.database_path))
    Message.delete().where(Message.about == practice.calendar.to_come[0]).execute()
    database.close()
    assert len(losses(practice.house.config, practice.ledger)) == 14


def test_a_number_that_is_missing_and_a_paper_that_is_there_twice_would_be_found(practice):
    open_database(str(practice.house.config.database_path))
    draft = Invoice.get(Invoice.public_id == practice.drafts[0])
    issued = invoices.issue(draft, version=1, by=None)
    assert losses_of_invoices(practice.ledger) == []
    assert len(odd_papers([issued])) == 3, "no PDF and no mail yet"
    database.execute_sql("DROP TRIGGER invoice_is_frozen")
    database.execute_sql("DROP TRIGGER invoice_numbers_follow")
    Invoice.update(seq=2).where(Invoice.id == issued.id).execute()
    assert losses_of_invoices(practice.ledger) == ["invoices are numbered [2]"]
    database.close()


def test_an_invitation_that_comes_after_the_cancellation_would_be_found(practice):
    open_database(str(practice.house.config.database_path))
    [invitation, *_] = Message.select().where(
        Message.about == practice.calendar.to_come[0], Message.kind == "session_invite"
    )
    assert untimely([invitation.message_id]) == []
    CoachingSession.update(state_name="cancelled").where(CoachingSession.public_id == invitation.about).execute()
    assert len(untimely([invitation.message_id])) == 1
    database.close()

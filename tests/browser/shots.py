"""`make shots`: every main page of the sample practice, at two widths and in both themes, into shots/.

Look at each of them. What you would not show a paying customer is not done.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pypdfium2
from peewee import ModelSelect
from playwright.sync_api import Browser, Page, sync_playwright

from coachbase import clock, create_app
from coachbase.accounts.models import User
from coachbase.agreements import actions as agreements
from coachbase.agreements.models import Agreement, Signer
from coachbase.agreements.rules import SignerRole
from coachbase.agreements.rules import State as AgreementState
from coachbase.clients.models import Client, Contact
from coachbase.config import Config
from coachbase.db import transaction
from coachbase.dunning import actions as dunning
from coachbase.engagements.rules import State as ProgramState
from coachbase.feeds.models import Busy, Feed
from coachbase.instruments.rules import Part
from coachbase.invoices import actions as invoicing
from coachbase.invoices.models import Invoice
from coachbase.links import actions as links
from coachbase.polls.models import Voter
from coachbase.portal.models import may_be_booked
from coachbase.raters import actions as raters
from coachbase.raters.models import RaterAsk, approvers_of
from coachbase.requests.models import Request
from coachbase.sample.assessed import NAMING, RATED
from coachbase.sample.reports import report_of
from coachbase.sessions.models import Attendee, CoachingSession
from coachbase.sessions.rules import State as SessionState
from tests.browser.chromium import DESKTOP, PHONE, launch

ROOT = Path(__file__).resolve().parents[2]
INTO = ROOT / "shots"
SET_UP_PASSWORD = "a quiet morning in June"
NOTE = "Spoke with **Sam** about the goals:\n\n- delegate the forecast\n- speak last"
BANK_ROWS = "Date;Amount;Name;Purpose\n20/11/2026;12,50;A Shop of Fiction;Refund of an order\n"
ROWS = "Name;E-mail;Company;Notes\nUgo Ferri;ugo@tarnlabs.example;Tarn Labs;likes mornings\n;nobody@here.example;;\n"
WHILE_TYPING = 3_500
"""Milliseconds a form takes a person at least; who is faster is taken for a machine."""
PAGES = {
    "today": "/",
    "board": "/boards/onboarding",
    "board-late": "/boards/onboarding?late=1",
    "board-assessments": "/boards/assessments",
    "board-assessments-released": "/boards/assessments?closed=1",
    "library": "/library",
    "library-reports": "/library?kind=report",
    "status-list": "/assessments/status",
    "settings-instruments": "/settings/instruments",
    "instrument-new": "/settings/instruments/new",
    "settings-batteries": "/settings/batteries",
    "settings-credits": "/settings/credits",
    "audit": "/audit",
    "clients": "/clients",
    "clients-none": "/clients?q=zzz",
    "client-new": "/clients/new",
    "import": "/clients/import",
    "sponsors": "/sponsors",
    "sponsor-new": "/sponsors/new",
    "mail": "/mail",
    "search": "/search?q=br",
    "account": "/account",
    "welcome": "/welcome",
    "settings-firm": "/settings/firm",
    "settings-team": "/settings/team",
    "invite": "/settings/team/invite",
    "settings-programs": "/settings/programs",
    "program-new": "/settings/programs/new",
    "settings-agreements": "/settings/agreements",
    "settings-forms": "/settings/forms",
    "form-new": "/settings/forms/new?kind=questionnaire",
    "settings-stages": "/settings/stages",
    "settings-stages-assessments": "/settings/stages?board=assessments",
    "settings-mail-texts": "/settings/mail-texts",
    "mail-text": "/settings/mail-texts/invitation",
    "settings-mail": "/settings/mail",
    "settings-seal": "/settings/seal",
    "availability-coaches": "/settings/availability",
    "calendars": "/settings/calendars",
    "feeds": "/settings/feeds",
    "settings-replies": "/settings/replies",
    "replies": "/replies",
    "invoices": "/invoices",
    "invoices-list": "/invoices/list",
    "invoices-none": "/invoices/list?q=zzz",
    "invoices-due": "/invoices/due",
    "invoice-new": "/invoices/new",
    "billing-review": "/billing",
    "billing-checks": "/billing/checks",
    "bank": "/payments",
    "bank-matched": "/payments?state=matched",
    "bank-files": "/payments/files",
    "reminders": "/reminders",
    "coaching-log": "/logbook",
    "settings-invoicing": "/settings/invoicing",
    "settings-tax-rates": "/settings/invoicing/rates",
    "settings-numbers": "/settings/invoicing/numbers",
    "settings-numbers-edit": "/settings/invoicing/numbers/edit?kind=credit",
    "books": "/books",
    "books-receivables": "/books/receivables",
    "books-tax": "/books/tax",
    "cohorts": "/cohorts",
    "cohort-new": "/cohorts/new",
    "planning": "/planning",
    "absence": "/planning/new?kind=ill",
    "keys": "/keys",
    "nothing-here": "/clients/01ARZ3NDEKTSV4RRFFQ69G5FAV",
}
FOLLOW = {
    "client": ("/clients?q=bob", "main a[href^='/clients/0']"),
    "sponsor": ("/sponsors?q=bright", "main a[href^='/sponsors/0']"),
    "message": ("/mail", "main a[href^='/mail/0']"),
    "form-builder": ("/settings/forms", "main a[href^='/settings/forms/0']"),
    "program": ("/settings/programs", "main a[href^='/settings/programs/0']"),
    "agreement-text": ("/settings/agreements", "main a[href^='/settings/agreements/0']"),
    "starting": ("/clients?q=osei", "main a[href^='/clients/0']"),
    "member": ("/settings/team", "main a[href^='/settings/team/0']"),
    "availability": ("/settings/availability", "main a[href^='/settings/availability/0']"),
    "calendar-elsewhere": ("/settings/calendars", ".feed a"),
    "cohort": ("/cohorts", "main a[href^='/cohorts/0']"),
}
"""Pages with an id in their address: where a link to one stands."""
BELOW = {
    "client": {"answers": "answers", "documents": "documents", "mail": "mail", "edit": "edit", "ball": "ball"},
    "sponsor": {"edit": "edit", "contact": "contacts/new", "billing": "billing", "invoices": "invoices"},
    "program": {"step-new": "steps/new?kind=own"},
    "starting": {"program-new": "programs/new"},
    "form-builder": {"kinds": "questions/new", "question": "questions/new?kind=scale", "came-in": "submissions"},
    "availability": {"terms": "terms", "kinds": "kinds", "days": "days"},
    "cohort": {"edit": "edit", "series": "series", "times": "times"},
}
PUBLIC = {"public-intake": "/p/intake/inquiry", "sign-in": "/sign-in", "forgot": "/forgot", "verify": "/p/verify"}
PROGRAMS = {
    "late": "Grace Adeyemi",
    "fresh": "Maya Castellanos",
    "onboarded": "Astrid Hammer",
    "paused": "Naomi Sato",
    "over": "Adam Kowal",
    "none": "Daniel Osei",
}
"""Clients whose programs stand differently."""
ASSESSED = {
    "released": "Astrid Hammer",
    "debriefed": "Isabel Crane",
    "answering": "Paula Figueira",
    "set-up": "Clara Weiss",
    "late": "Viktor Salo",
}
"""Clients whose assessments stand differently."""
BILLS_SESSIONS = "Isabel Crane"
"""Whose program is billed by what was held, and who has charges beside it."""
PLANNED = "Astrid Hammer"
"""Whose development plan has two versions, and whose reports are in a package."""
BOOKED, POLLED, UNPLANNED = "Astrid Hammer", "Isabel Crane", "Henrik Moe"
"""Who has sessions behind and to come, who is asked for a three-way time, for whom a cadence is planned."""
PAPERS = {
    "draft": "Anton Vidal",
    "out": "Grace Adeyemi",
    "completed": "Bob Haddad",
    "void": "Astrid Hammer",
}
"""Clients whose agreements stand differently; the draft is a new version of one that was declined."""
BILLED = {
    "draft": "state=draft",
    "open": "state=open&kind=invoice",
    "late": "state=overdue&sort=due",
    "late-lately": "state=overdue&sort=-due",
    "disputed": "state=disputed",
    "overpaid": "state=overpaid",
    "paid": "state=paid",
    "written-off": "state=written_off",
    "credit": "kind=credit",
    "fee": "kind=fee",
}
"""Documents that stand differently: the first of the list that is asked for so."""
ACTS_ON_A_LATE_ONE = (
    "credit", "dispute", "payments", "payments/new", "payments/write-off", "reminders", "reminders/new", "rest", "call",
    "hand-over", "fee",
)  # fmt: skip
GUESTS = {
    "client-asked": ("client", "Leo Brandt"),
    "client-late": ("client", "Grace Adeyemi"),
    "client-done": ("client", "Ken Watanabe-Holt"),
    "client-over": ("client", "Adam Kowal"),
    "assistant": ("assistant", "Ken Watanabe-Holt"),
    "sponsor-asked": ("sponsor", "Noor Aziz"),
    "sponsor": ("sponsor", "Sam Okafor"),
}
"""Whose page is looked at through a link: the picture's name, the kind of link, and its holder."""
SIGNERS = {
    "early": ("Maya Castellanos", SignerRole.SPONSOR),
    "waiting": ("Grace Adeyemi", SignerRole.CLIENT),
    "signed": ("Bob Haddad", SignerRole.SPONSOR),
    "withdrawn": ("George Whitlock", SignerRole.CLIENT),
    "declined": ("Anton Vidal", SignerRole.SPONSOR),
}
"""Who has nothing to sign now, and why."""
EMPTY = {
    "empty-today": "/",
    "empty-board": "/boards/onboarding",
    "empty-clients": "/clients",
    "empty-sponsors": "/sponsors",
    "empty-mail": "/mail",
    "empty-team": "/settings/team",
    "empty-invoices": "/invoices",
    "empty-invoices-list": "/invoices/list",
    "empty-review": "/billing",
    "empty-checks": "/billing/checks",
    "empty-bank": "/payments",
    "empty-books": "/books",
    "empty-receivables": "/books/receivables",
    "empty-tax": "/books/tax",
    "empty-coaching-log": "/logbook",
    "empty-invoicing": "/settings/invoicing",
}


@dataclass
class Practice:
    """A server of its own: where it is, everybody's password, and what only mail would tell."""

    url: str
    password: str = ""
    doors: dict[str, str] = field(default_factory=dict)
    papers: dict[str, bytes] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=dict)


@contextmanager
def practice(*, sample: bool) -> Iterator[Practice]:
    """A practice of its own, sample or empty, and a server on it."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
        probe.close()
        made = Practice(f"http://127.0.0.1:{port}")
        environment = os.environ | {
            "COACHBASE_DATA": folder,
            "PORT": port,
            "BASE_URL": made.url,
            "COACHBASE_DEBUG": "1",
        }
        run = [sys.executable, str(ROOT / "app.py")]
        subprocess.run([*run, "migrate"], env=environment, check=True, capture_output=True)
        if sample:
            made.password = _sample_of(run, environment)
            _look_into(made, environment)
        server = subprocess.Popen([*run, "serve"], env=environment, stdout=subprocess.DEVNULL)
        try:
            _wait_for(made.url)
            yield made
        finally:
            server.terminate()
            server.wait(20)


def _look_into(made: Practice, environment: Mapping[str, str]) -> None:
    """Links are mailed and sealed papers attached; no mail leaves a sample, so both are taken from the database."""
    app = create_app(Config.from_env(environment))
    with app.app_context(), transaction():
        made.clients = {each.name: f"/clients/{each.public_id}" for each in Client.select()}
        declined = Agreement.get(Agreement.state_name == AgreementState.DECLINED)
        agreements.renew(declined, by=declined.client.coach)
        for name, (kind, whom) in GUESTS.items():
            table = Contact if kind == "sponsor" else Client
            made.doors[name] = _door(kind, table.get(table.name == whom).public_id)
        for name, (whom, role) in SIGNERS.items():
            made.doors[f"sign-{name}"] = _door("sign", _signer(whom, role).public_id)
        asked = next(request for request in Request.to_chase([ProgramState.ACTIVE]) if may_be_booked(request))
        booked = next(each for each in _coming() if not any(attendee.contact_id for attendee in Attendee.of(each)))
        made.doors |= {"book": _door("book", asked.public_id), "session": _door("session", booked.public_id)}
        for name, role in (("poll", "sponsor"), ("poll-answered", "client")):
            made.doors[name] = _door("poll", _voter(role).public_id)
        named = RaterAsk.get()
        approved = raters.ask_to_approve(
            named.assessment, approvers_of(named.assessment)[0], by=named.assessment.client.coach
        )
        made.doors |= {each: _door(each, ask.public_id) for each, ask in (("nominate", named), ("approve", approved))}
        owed = list(Invoice.issued().where(Invoice.open_cents > 0).order_by(Invoice.due_on))
        credit = Invoice.issued().where(Invoice.kind_name == "credit").get()
        for name, invoice in (("invoice-late", owed[0]), ("invoice-open", owed[-1]), ("invoice-credit", credit)):
            made.doors[name] = _door("invoice", invoice.public_id)
        made.doors["invoices"] = _door("invoices", owed[0].payer.public_id)
        _charge_late_fee(owed[0])
        _read_elsewhere(Client.get(Client.name == BOOKED).coach)
        sealed = Agreement.get(Agreement.state_name == AgreementState.COMPLETED)
        content = bytes(sealed.sealed.content)
        made.papers |= {
            "unchanged": content,
            "changed": content[:2000] + bytes([content[2000] ^ 1]) + content[2001:],
            "unknown": b"%PDF-1.7\nnever seen here\n%%EOF",
            "not-signed": bytes(sealed.document.content),
            "no-pdf": b"a letter",
        }


def _charge_late_fee(invoice: Invoice) -> None:
    """The sample asks nobody for one; the worker of the server draws it."""
    owner = User.get(User.email == "olive@northbank.example")
    fee = dunning.charge(invoice, 4_000, "A fixed amount for the delay", another=False, by=owner)
    invoicing.issue(fee, version=fee.version, by=owner)


def _coming() -> ModelSelect:
    """Sessions of one client each that come in a week or later."""
    later = clock.now() + timedelta(days=7)
    booked = CoachingSession.state_name == SessionState.BOOKED, CoachingSession.client.is_null(False)
    return CoachingSession.select().where(*booked, CoachingSession.starts_at > later)


def _voter(role: str) -> Voter:
    column = Voter.client if role == "client" else Voter.contact
    return Voter.select().where(column.is_null(False)).get()


def _read_elsewhere(coach: User) -> None:
    """Two calendars of a coach, as if one had been read lately and the other not for long."""
    now = clock.now()
    for name, ok_at, answer in (
        ("Outlook", now, ""),
        ("Family", now - timedelta(days=1), "The server did not answer in time."),
    ):
        feed = Feed.create(
            coach=coach, name=name, address="https://calendar.example/a.ics", ok_at=ok_at, answer=answer,
            created_at=now, next_at=now + timedelta(days=30),
        )  # fmt: skip
        for day in range(1, 12, 3):
            begins = (now + timedelta(days=day)).replace(hour=12, minute=30, second=0, microsecond=0)
            Busy.create(feed=feed, begins_at=begins, ends_at=begins + timedelta(minutes=90))


def _signer(whom: str, role: SignerRole) -> Signer:
    theirs = Client.get(Client.name == whom)
    return Signer.with_agreement().where(Agreement.client == theirs, Signer.role_name == role).get()


def _door(kind: str, subject: str) -> str:
    return f"/p/{kind}/open/{links.issue(kind, subject, lasts=timedelta(days=1))[1]}"


def _sample_of(run: list[str], environment: dict[str, str]) -> str:
    told = subprocess.run([*run, "sample"], env=environment, check=True, capture_output=True, text=True).stdout
    return re.search(r"password is (\S+)", told).group(1)


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=1)
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("The server did not start.")


@dataclass
class Camera:
    """One reader's browser at one width and in one theme."""

    page: Page
    url: str
    suffix: str

    def open(self, path: str) -> int:
        answer = self.page.goto(self.url + path)
        self.page.wait_for_load_state("networkidle")
        return answer.status

    def take(self, name: str, path: str | None = None, *, whole: bool = True) -> None:
        status = self.open(path) if path else ""
        self.page.screenshot(path=INTO / f"{name}-{self.suffix}.png", full_page=whole)
        wide = self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        print(f"{status} {name}-{self.suffix}{'  (wider than the window)' if wide else ''}", flush=True)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state("networkidle")

    def sign_in(self, who: str, password: str) -> None:
        self.open("/sign-in")
        self.page.fill("[name=email]", f"{who}@northbank.example")
        self.page.fill("[name=password]", password)
        self.press("Sign in")


def _staff_pages(camera: Camera) -> None:
    for name, path in (PAGES | {"pieces": "/ui"}).items():
        camera.take(name, path)
    for name, (where, link) in FOLLOW.items():
        camera.open(where)
        path = camera.page.locator(link).first.get_attribute("href")
        camera.take(name, path)
        for below, tail in BELOW.get(name, {}).items():
            camera.take(f"{name}-{below}", f"{path}/{tail}")


def _programs(camera: Camera, clients: Mapping[str, str]) -> None:
    """The tabs of clients whose programs stand differently, and what changes a program."""
    page = camera.page
    for name, whom in PROGRAMS.items():
        path = clients[whom]
        camera.take(f"program-{name}", f"{path}/program")
        camera.take(f"overview-{name}", path)
    path = clients[PROGRAMS["late"]]
    for name in ("agreements", "answers"):
        camera.take(f"client-late-{name}", f"{path}/{name}")
    camera.open(f"{path}/program")
    program = page.locator("main a[href$='/end']").first.get_attribute("href").removesuffix("/end")
    for name in ("change", "contacts", "end"):
        camera.take(f"program-{name}", f"{program}/{name}")
    camera.open(f"{program}/change")
    page.get_by_label("Kickoff planned for").fill("2026-12-14")
    camera.press("Show what changes")
    camera.take("program-moved")


def _papers(camera: Camera, clients: Mapping[str, str]) -> None:
    """An agreement in each state, its trail, and the text of one."""
    page = camera.page
    for name, whom in PAPERS.items():
        camera.open(f"{clients[whom]}/agreements")
        camera.take(f"agreements-{name}")
        camera.take(f"agreement-{name}", page.locator("#agreements h2 a").first.get_attribute("href"))
    camera.open(f"{clients[PAPERS['draft']]}/agreements")
    camera.take("agreement-edit", page.locator("#agreements a[href$='/edit']").first.get_attribute("href"))


def _assessments(camera: Camera, clients: Mapping[str, str]) -> None:
    """A client's assessments in each state, the mails before they leave, raters, reports, the package, the plan."""
    page = camera.page
    for name, whom in ASSESSED.items():
        camera.take(f"assessments-{name}", f"{clients[whom]}/assessments")
    camera.open(f"{clients[ASSESSED['set-up']]}/assessments")
    for name, tail in (("new", "/new"), ("battery", "/battery")):
        camera.take(f"assessment-{name}", f"{clients[ASSESSED['set-up']]}/assessments{tail}")
    camera.open(f"{clients[ASSESSED['set-up']]}/assessments")
    camera.take("access-mails", page.locator("main a[href^='/assessments/send']").first.get_attribute("href"))
    for name, whom in (("asked", RATED), ("named", NAMING)):
        camera.open(f"{clients[whom]}/assessments")
        raters = page.locator("main a[href$='/raters']").first.get_attribute("href")
        camera.take(f"raters-{name}", raters)
        camera.take(f"raters-{name}-add", f"{raters}/add")
    home = clients[PLANNED]
    camera.take("packages", f"{home}/packages")
    camera.take("package", page.locator("main a[href*='/packages/0']").first.get_attribute("href"))
    camera.take("package-new", f"{home}/packages/new")
    camera.take("plan", f"{home}/plan")
    camera.take("plan-text", f"{home}/plan/edit")
    camera.take("client-documents", f"{home}/documents")
    camera.open("/library?kind=report")
    camera.take("document-shut", page.locator("main a[href^='/documents/0']").first.get_attribute("href"))


def _dropped(camera: Camera) -> None:
    """Files that wait to be told what they are, and are left out again."""
    page = camera.page
    camera.open("/library")
    file = report_of("Bob Haddad", "Hogan HPI", Part.CLIENT, clock.now())
    page.locator("main [type=file]").set_input_files(
        [
            {"name": file.name, "mimeType": "application/pdf", "buffer": file.content},
            {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"What was said on the phone."},
        ]
    )
    camera.press("Upload")
    page.locator("main form select").first.wait_for()
    camera.take("library-waiting")
    while page.get_by_role("button", name="Leave out").count():
        page.get_by_role("button", name="Leave out").first.click()
        page.wait_for_load_state("networkidle")


def _money(camera: Camera, clients: Mapping[str, str]) -> None:
    """A document in each state, what can be done about a late one, how a program is billed, lines of the bank."""
    page, found = camera.page, {}
    for name, asked in BILLED.items():
        camera.open(f"/invoices/list?{asked}")
        found[name] = page.locator("main td a[href^='/invoices/0']").first.get_attribute("href")
        camera.take(f"invoice-{name}", found[name])
    camera.take("invoice-edit", f"{found['draft']}/edit")
    for act in ACTS_ON_A_LATE_ONE:
        camera.take(f"invoice-late-{act.replace('/', '-')}", f"{found['late']}/{act}")
    camera.take("invoice-late-lately-remind", f"{found['late-lately']}/reminders/new")
    for act in ("refund", "transfer"):
        camera.take(f"invoice-overpaid-{act}", f"{found['overpaid']}/payments/{act}")
    home = clients[BILLS_SESSIONS]
    for name in ("invoices", "payer", "charges/new", "log-consent"):
        camera.take(f"client-{name.replace('/', '-')}", f"{home}/{name}")
    camera.open(f"{home}/invoices")
    camera.take(
        "billing-plan", page.locator("main a[href^='/engagements/'][href$='/billing']").first.get_attribute("href")
    )
    camera.open("/payments")
    camera.take("bank-line", page.locator("main a[href^='/payments/lines/']").first.get_attribute("href"))
    _bank_file(camera)
    if camera.suffix == "1440-light":
        _paper(camera, found)


def _bank_file(camera: Camera) -> None:
    """A file whose columns nobody chose yet; it is put away again."""
    camera.open("/payments/files")
    rows = {"name": "november.csv", "mimeType": "text/csv", "buffer": BANK_ROWS.encode()}
    camera.page.locator("main [type=file]").set_input_files(rows)
    camera.press("Read the file")
    camera.take("bank-columns")
    camera.open("/payments/files")
    camera.press("Put it away")


def _paper(camera: Camera, found: Mapping[str, str]) -> None:
    """What is mailed as PDF, page by page: paper knows neither widths nor themes."""
    camera.open(f"{found['late']}/reminders")
    letter = camera.page.locator("main a[href$='/pdf']").first.get_attribute("href")
    papers = {name: f"{found[name]}/pdf" for name in ("late", "credit", "fee")}
    for name, path in (papers | {"letter": letter, "coaching-log": "/logbook.pdf"}).items():
        answer = camera.page.request.get(camera.url + path)
        for number, sheet in enumerate(pypdfium2.PdfDocument(answer.body()), start=1):
            sheet.render(scale=2).to_pil().save(INTO / f"paper-{name}-{number}.png")
        print(f"{answer.status} paper-{name}", flush=True)


def _calendar(camera: Camera) -> None:
    """This week and the next, a month, a week in which clocks differ, and what stands behind an empty time."""
    camera.take("calendar", "/calendar")
    camera.page.locator("[data-turn=n]").click()
    camera.page.wait_for_load_state("networkidle")
    camera.take("calendar-next")
    camera.page.get_by_role("link", name="Month", exact=True).click()
    camera.page.wait_for_load_state("networkidle")
    camera.take("calendar-month")
    camera.take("calendar-clocks", "/calendar?week=2027-W12&zone=America/New_York")
    camera.take("why-not", "/slots/why")


def _scheduling(camera: Camera, clients: Mapping[str, str]) -> None:
    """Sessions of a client, booking and moving at the desk, many at once, a three-way time that is looked for."""
    page = camera.page
    path = clients[BOOKED]
    for name, tail in (("sessions", ""), ("booking", "/new"), ("asking", "/ask")):
        camera.take(f"client-{name}", f"{path}/sessions{tail}")
    camera.open(f"{path}/sessions")
    session = page.locator("main a[href$='/move']").first.get_attribute("href").removesuffix("/move")
    for name in ("", "/move", "/cancel", "/place"):
        camera.take(f"session-desk{name.replace('/', '-')}", session + name)
    camera.take("poll-asked", f"{clients[POLLED]}/polls/new")
    camera.take("poll-desk", page.get_by_role("link", name="See who has answered").get_attribute("href"))
    camera.take("poll-new", f"{path}/polls/new")
    camera.open(f"{clients[UNPLANNED]}/program")
    program = page.locator("main a[href$='/cadence']").first.get_attribute("href").removesuffix("/cadence")
    camera.take("slip", f"{program}/slip")
    camera.take("cadence", f"{program}/cadence")
    camera.press("Show the dates")
    camera.take("cadence-proposal")


def _replanning(camera: Camera) -> None:
    """A coach falls ill for the next working week: before, after, and one line of it. Nothing is applied."""
    page = camera.page
    camera.open("/planning/new?kind=ill")
    today = clock.now().date()
    monday = today + timedelta(days=7 - today.weekday())
    page.get_by_label("First day away").fill(monday.isoformat())
    page.get_by_label("Last day away").fill((monday + timedelta(days=4)).isoformat())
    page.get_by_label("Reason").fill("Influenza")
    camera.press("Show the smallest change")
    camera.take("replanning")
    line = page.locator("main a[href*='/lines/']").first.get_attribute("href")
    camera.take("replanning-line", line)


def _cohort(camera: Camera) -> None:
    """A meeting of a group with its materials, and times ranked by who can come."""
    camera.open("/cohorts")
    camera.open(camera.page.locator("main a[href^='/cohorts/0']").first.get_attribute("href"))
    camera.take("cohort-meeting", camera.page.locator("main a[href*='/meetings/']").first.get_attribute("href"))


def _over_the_board(camera: Camera) -> None:
    """What opens over a page: the palette, the card's dialog, the toast after a move, the keys."""
    page = camera.page
    camera.open("/boards/onboarding")
    page.keyboard.press("Control+k")
    page.wait_for_timeout(400)
    camera.take("palette", whole=False)
    page.keyboard.type("bri")
    page.wait_for_timeout(600)
    camera.take("palette-found", whole=False)
    page.keyboard.press("Escape")
    page.locator(".card .more").first.click(force=True)
    page.locator("#dialog [name=stage]").wait_for()
    camera.take("move", whole=False)
    page.locator("#dialog [name=stage]").select_option(label="Chemistry")
    page.locator("#dialog").get_by_role("button", name="Move", exact=True).click()
    page.locator(".toast").wait_for()
    camera.take("toast", whole=False)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    page.keyboard.press("?")
    page.locator("#dialog dl").wait_for()
    camera.take("keys-dialog", whole=False)


def _at_a_client(camera: Camera) -> None:
    """A note on its way, a note changed, and two who changed the same client."""
    page = camera.page
    camera.open(FOLLOW["client"][0])
    path = page.locator(FOLLOW["client"][1]).first.get_attribute("href")
    camera.open(path)
    page.get_by_placeholder("Write a note").fill(NOTE)
    page.get_by_role("button", name="Preview").click()
    page.locator("#preview ul").wait_for()
    camera.take("composer", whole=False)
    camera.press("Save")
    page.locator("#timeline").get_by_role("link", name="Edit").first.click()
    page.wait_for_load_state("networkidle")
    camera.take("note")
    camera.open(f"{path}/edit")
    other = Camera(page.context.new_page(), camera.url, camera.suffix)
    other.open(f"{path}/edit")
    other.page.get_by_label("Position").fill(f"Chief Operating Officer {camera.suffix}")
    other.press("Save")
    page.get_by_label("Position").fill("SVP Operations and Supply")
    camera.press("Save")
    camera.take("conflict")
    page.get_by_role("link").first.wait_for()
    other.page.close()


def _import(camera: Camera) -> None:
    page = camera.page
    camera.open("/clients/import")
    spreadsheet = {"name": "clients.csv", "mimeType": "text/csv", "buffer": ROWS.encode()}
    page.locator("[type=file]").set_input_files(spreadsheet)
    camera.press("Read the file")
    camera.take("import-columns")
    page.locator("main form .button.main").click()
    page.wait_for_load_state("networkidle")
    camera.take("import-check")


def _public_form(camera: Camera) -> None:
    """A person fills in the form, with mistakes, and comes back to it later."""
    page = camera.page
    for name, path in PUBLIC.items():
        camera.take(name, path)
    camera.open(PUBLIC["public-intake"])
    camera.press("Next")
    camera.take("public-refused")
    page.get_by_label("Your name").fill("Uma Petrov")
    page.get_by_label("Your email").fill("uma@tarnlabs.example")
    camera.press("Next")
    camera.take("public-2")
    camera.press("Next")
    camera.take("public-2-refused")
    page.get_by_label("What would you like").fill("To sleep before board meetings.")
    camera.press("Save and return later")
    camera.take("public-later")
    page.go_back()
    page.wait_for_timeout(WHILE_TYPING)
    page.get_by_label("What would you like").fill("To sleep before board meetings.")
    camera.press("Next")
    camera.take("public-3")
    camera.press("Send")
    camera.take("public-3-refused")
    page.get_by_label("I agree").check()
    camera.press("Send")
    camera.take("public-thanks")


def _by_link(camera: Camera, doors: Mapping[str, str]) -> None:
    """What people see who come by a link, and each step of signing and of answering."""
    page = camera.page
    for name, door in doors.items():
        camera.take(f"p-{name}", door)
    camera.open(doors["client-done"])
    page.locator("a[href^='/p/client/assessment/']").first.click()
    camera.take("p-assessment")
    camera.open(doors["client-asked"])
    camera.press("Read and sign")
    camera.take("sign")
    page.evaluate("document.forms[1].noValidate = true")  # the browser's own bubble is in no picture
    camera.press("Send me the signing code")
    camera.take("sign-no-consent")
    page.get_by_role("button", name=re.compile("^Read ")).click()
    page.wait_for_load_state("networkidle")
    camera.take("sign-read")
    for name in ("decline", "somebody-else", "handed-over"):
        camera.take(f"sign-{name}", f"/p/sign/{name}")
    camera.open("/p/sign")
    page.get_by_label(re.compile("I have read")).check()
    camera.press("Send me the signing code")
    camera.take("sign-code")
    page.get_by_label("Draw my signature").check()
    camera.take("sign-draw")
    page.get_by_label("Type my name").check()
    page.get_by_label(re.compile("code", re.I)).first.fill("000000")
    page.get_by_role("button", name=re.compile("^Sign “")).click()
    page.wait_for_load_state("networkidle")
    camera.take("sign-code-wrong")
    camera.take("p-left", "/p/left")
    _booking(camera)
    _questionnaire(camera, doors["client-late"])


def _booking(camera: Camera) -> None:
    """What was opened before: choosing a time, moving, cancelling. Nothing is sent."""
    page = camera.page
    for name, path in (("book", "/p/book"), ("move", "/p/session/move")):
        camera.open(path)
        page.locator("a.time").first.click()
        page.wait_for_load_state("networkidle")
        camera.take(f"{name}-confirm")
    camera.take("book-zones", "/p/book?zones=1")
    camera.take("book-gone", "/p/book/confirm?start=1")
    camera.take("session-cancel", "/p/session/cancel")


def _questionnaire(camera: Camera, door: str) -> None:
    camera.open(door)
    page = camera.page
    page.get_by_role("button", name=re.compile("^(Answer|Go on)")).first.click()
    page.wait_for_load_state("networkidle")
    camera.take("questionnaire-1")
    for number in range(2, 6):
        following = page.get_by_role("button", name="Next", exact=True)
        if not following.count():
            return
        for box in page.locator("main :is(textarea, input[type=text])").all():
            box.fill(box.input_value() or "12 Harbour Road, Bristol")
        following.click()
        page.wait_for_load_state("networkidle")
        camera.take(f"questionnaire-{number}")


def _verify(camera: Camera, papers: Mapping[str, bytes]) -> None:
    for name, content in papers.items():
        camera.open("/p/verify")
        pdf = {"name": "agreement.pdf", "mimeType": "application/pdf", "buffer": content}
        camera.page.locator("[type=file]").set_input_files(pdf)
        camera.press("Check it")
        camera.take(f"verify-{name}")


def _set_up(camera: Camera) -> None:
    """The first minute of a practice. Set-up works once, so only the first camera finds the page."""
    page = camera.page
    if camera.open("/set-up") != 200 or not page.get_by_label("Firm").count():
        camera.sign_in("olive", SET_UP_PASSWORD)
        return
    camera.take("set-up")
    page.get_by_label("Firm").fill("Northbank")
    page.get_by_label("Your name").fill("Olive Marsh")
    page.get_by_label("Your email").fill("olive@northbank.example")
    page.get_by_label("Password").fill(SET_UP_PASSWORD)
    page.locator(".button.main").click()
    page.wait_for_load_state("networkidle")
    camera.take("welcome-new")


def _take_all(browser: Browser, sample: Practice, empty: Practice, size: dict[str, int], theme: str) -> None:
    suffix = f"{size['width']}-{theme}"
    options = {"viewport": size, "color_scheme": theme, "locale": "en-GB", "reduced_motion": "reduce"}
    stranger = Camera(browser.new_context(**options).new_page(), sample.url, suffix)
    _public_form(stranger)
    _by_link(stranger, sample.doors)
    _verify(stranger, sample.papers)
    olive = Camera(browser.new_context(**options).new_page(), sample.url, suffix)
    olive.sign_in("olive", sample.password)
    _programs(olive, sample.clients)
    _papers(olive, sample.clients)
    _scheduling(olive, sample.clients)
    _assessments(olive, sample.clients)
    _money(olive, sample.clients)
    _dropped(olive)
    for scene in (_calendar, _replanning, _cohort, _staff_pages, _over_the_board, _at_a_client, _import):
        scene(olive)
    newcomer = Camera(browser.new_context(**options).new_page(), empty.url, suffix)
    _set_up(newcomer)
    for name, path in EMPTY.items():
        newcomer.take(name, path)
    for camera in (stranger, olive, newcomer):
        camera.page.context.close()


def main() -> None:
    INTO.mkdir(exist_ok=True)
    chosen = sys.argv[1:] or ["1440-light", "1440-dark", "390-light", "390-dark"]
    with practice(sample=True) as sample, practice(sample=False) as empty, sync_playwright() as playwright:
        browser = launch(playwright)
        for size in (DESKTOP, PHONE):
            for theme in ("light", "dark"):
                if f"{size['width']}-{theme}" in chosen:
                    _take_all(browser, sample, empty, size, theme)
        browser.close()
    print(f"{len(list(INTO.glob('*.png')))} pictures in {INTO.relative_to(ROOT)}/")


if __name__ == "__main__":
    main()

"""P10: sixty ways to bring a script along, in every field that holds text, looked at by every role in a real browser:
none runs, none is even tried (the policy would report it), and nothing of theirs becomes part of a page."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from coachbase import clock
from coachbase.accounts.models import Serving, User
from coachbase.accounts.rules import Role
from coachbase.audit.models import Opening
from coachbase.availability.models import Availability, Holiday, SpecialDay, Trip
from coachbase.boards.models import Board, Card, Stage
from coachbase.clients.models import Client, ClientImport, Contact, Organisation
from coachbase.cohorts.models import Cohort, Meeting
from coachbase.credentials.models import Credential, CreditEntry
from coachbase.db import database, transaction
from coachbase.engagements.models import Engagement
from coachbase.feeds.models import Feed
from coachbase.files.models import Document, DocumentContent
from coachbase.firm.models import Firm
from coachbase.instruments.models import Battery, BatteryItem, Instrument, InstrumentGroup, Vendor
from coachbase.intake.models import Answer, Form, FormVersion, Question, Submission
from coachbase.links import actions as links
from coachbase.mail import actions as mail
from coachbase.mail.models import Message
from coachbase.planning.models import Proposal, ProposedSession
from coachbase.programs.models import ProgramTemplate, TemplateStep
from coachbase.requests.models import Request
from coachbase.sessions.models import Attendee, CoachingSession, Hold, LedgerEntry
from coachbase.timeline.models import Entry, Note
from tests.cast import password_hash

RAN = "window.ran=(window.ran||0)+1"
PAYLOADS = [
    line.replace("RAN", RAN).replace("\\t", "\t").replace("\\n", "\n")
    for line in Path(__file__).with_name("payloads.txt").read_text().splitlines()
]
"""One a line in payloads.txt: RAN stands for what would show that it ran; a tag of theirs has the class zq."""
TOGETHER = 8
"""Payloads in one field, for the number of pages; each row begins with other ones."""


def rows_of_payloads() -> list[str]:
    return [" ".join(PAYLOADS[start : start + TOGETHER]) for start in range(0, len(PAYLOADS), TOGETHER)]


@pytest.fixture
def infested(cast, live_server) -> list[str]:
    """Every field of every table that holds words holds payloads; the pages to look at for each row."""
    with transaction():
        Firm.update(name=PAYLOADS[0]).execute()
        User.update(name=PAYLOADS[14]).where(User.id == cast.vera.id).execute()
        pages = [page for number, text in enumerate(rows_of_payloads()) for page in infest(cast, number, text)]
    database.close()
    return pages


def infest(cast, number: int, text: str) -> list[str]:
    """One row of each table with this text in all its fields, as if it had been typed."""
    now = clock.now()
    coach = User.create(
        name=text, email=f"c{number}@n.example", role_name=Role.COACH, zone="Europe/London", created_at=now,
        password_hash=password_hash(),
    )  # fmt: skip
    Serving.create(assistant=cast.vera, coach=coach)
    sponsor = Organisation.create(name=text, website=text, address=text, search_key="zq", created_at=now)
    contact = Contact.create(organisation=sponsor, name=text, title=text, email=text, phone=text)
    client = Client.create(
        name=text, preferred_name=text, pronouns=text, email=text, phone=text, zone="Asia/Dubai", language=text,
        position=text, organisation=sponsor, coach=cast.alice, assistant_name=text, assistant_email=text,
        next_step=text, waiting_on_name="us", waiting_since=now, search_key="zq", created_at=now,
    )  # fmt: skip
    entry = Entry.create(client=client, kind_name="note", sentence=text, happened_at=now, recorded_at=now, by=coach)
    note = Entry.create(client=client, kind_name="note", sentence=text, happened_at=now, recorded_at=now, by=cast.vera)
    Note.create(entry=entry, body=text)
    Note.create(entry=note, body="\n\n".join(PAYLOADS[number * TOGETHER : (number + 1) * TOGETHER]))
    document = Document.create(
        client=client, name=f"{text}.txt", media_type="text/plain", size=1, sha256="0", uploaded_at=now, by=coach
    )
    DocumentContent.create(document=document, content=b"x")
    fields = {"name": text, "form": text}
    message = mail.queue("intake_thanks", to=(text, "a@b.example"), fields=fields, client=client, by=coach)
    Message.update(state_name="dead", answer=text).where(Message.id == message.id).execute()
    stage = Stage.create(board=Board.get(), name=text, position=5000 + number)
    Card.create(board=stage.board, stage=stage, client=client, position=1, entered_at=now)
    form, questions = ask(number, text, now)
    sent = Submission.create(
        form_version=questions[0].form_version, ticket=f"t{number}", state_name="submitted", client=client,
        submitted_at=now, started_at=now,
    )  # fmt: skip
    for question in questions:
        Answer.create(submission=sent, question=question, value=json.dumps(text))
    sheet = f"Name;Email\n{text.replace(';', ',').replace(chr(34), chr(39))};b\n"
    upload = ClientImport.create(by=cast.vera, filename=text, content=sheet, created_at=now)
    program = ProgramTemplate.create(
        name=text, currency="GBP", assessments=text, logistics=text, created_at=now, questionnaire=form
    )
    step = TemplateStep.create(template=program, position=1, key="own_1", kind_name="own", label=text)
    here = f"/clients/{client.public_id}"
    return [
        f"/settings/programs/{program.public_id}", f"/settings/programs/{program.public_id}/steps/{step.public_id}",
        f"{here}/programs/new?template={program.public_id}", f"{here}/programs/lacking",
        here, f"{here}/answers", f"{here}/documents", f"{here}/mail", f"{here}/edit", f"{here}/ball",
        f"{here}/notes/{note.public_id}", f"/sponsors/{sponsor.public_id}",
        f"/sponsors/{sponsor.public_id}/contacts/{contact.public_id}", f"/mail/{message.public_id}",
        f"/settings/forms/{form.public_id}", f"/settings/forms/{form.public_id}/preview",
        f"/settings/forms/{form.public_id}/questions/{questions[1].public_id}", f"/clients/import/{upload.public_id}",
        f"/p/intake/form-{number}", *plan(cast, number, text, client, coach), *catalogue(cast, text, client),
    ]  # fmt: skip


def plan(cast, number: int, text: str, client: Client, coach: User) -> list[str]:
    """The same in all that has a time: where it is, what it is called, why it moved, what is in the way."""
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    program = Engagement.create(
        client=client, coach=cast.alice, name=text, currency="GBP", starts_on=now.date(), state_name="active",
        place_kind_name="video", place=text, created_at=now,
    )  # fmt: skip
    terms = {"coach": coach, "place_kind_name": "video", "place": text}
    Availability.create(**terms)
    for row in (SpecialDay(why=text), Trip(zone="Asia/Tokyo", place=text)):
        row.coach, row.first, row.last = coach, now.date() + timedelta(days=9), now.date() + timedelta(days=9)
        row.save()
    Holiday.create(coach=coach, on=now.date() + timedelta(days=10), name=text)
    Feed.create(coach=coach, name=text, address="https://a.example", username=text, created_at=now, answer=text)
    begins = now + timedelta(hours=24 + 4 * number)
    facts = {"zone": "Europe/London", "via": "staff", "created_at": now, "reason": text, "title": text}
    session = CoachingSession.create(
        uid=f"coming-{number}", coach=cast.alice, client=client, engagement=program, kind_name="coaching",
        starts_at=begins, ends_at=begins + timedelta(hours=1), place_kind_name="video", place=f"javascript:{RAN}//zq",
        **facts,
    )  # fmt: skip
    group = CoachingSession.create(
        uid=f"group-{number}", coach=coach, kind_name="group", starts_at=begins + timedelta(hours=1),
        ends_at=begins + timedelta(hours=2), place_kind_name="room", place=text, **facts,
    )  # fmt: skip
    for each in (session, group):
        Attendee.create(session=each, role_name="client", client=client, name=text, email=text, zone="UTC")
    LedgerEntry.create(engagement=program, session=session, entry="booked", reason=text, at=now)
    held = {"starts_at": begins + timedelta(hours=2), "ends_at": begins + timedelta(hours=3), "about": text}
    Hold.create(coach=coach, expires_at=now + timedelta(days=9), words=text, **held)
    cohort = Cohort.create(name=text, coach=coach, place_kind_name="video", place=text, created_at=now)
    Meeting.create(cohort=cohort, session=group, number=1, topic=text)
    absence = {"kind_name": "ill", "coach": cast.alice, "first": begins.date(), "last": begins.date(), "reason": text}
    proposal = Proposal.create(created_at=now, by=cast.vera, **absence)
    moved = {"before": begins, "after": begins + timedelta(days=9), "exception": text}
    ProposedSession.create(proposal=proposal, session=session, client=client, minutes=60, **moved)
    asked = Request.create(client=client, coach=coach, kind_name="chemistry", minutes=30, asked_at=now)
    doors = (("client", client), ("assistant", client), ("book", asked), ("session", session))
    tokens = [(kind, links.issue(kind, row.public_id, lasts=timedelta(days=9))[1]) for kind, row in doors]
    here, hours = f"/clients/{client.public_id}", f"/settings/availability/{coach.public_id}"
    return [
        f"/sessions/{session.public_id}", f"/sessions/{session.public_id}/move", f"/sessions/{group.public_id}",
        f"{here}/sessions", f"{hours}/days", f"{hours}/terms",
        f"/slots/why?coach={coach.public_id}&at={held['starts_at']:%Y-%m-%dT%H:%MZ}",
        f"/cohorts/{cohort.public_id}", f"/planning/{proposal.public_id}",
        *(f"/p/{kind}/open/{token}" for kind, token in tokens),
    ]  # fmt: skip


def catalogue(cast, text: str, client: Client) -> list[str]:
    """The same in an instrument, a battery of it, and a code the client has."""
    now = clock.now()
    vendor = Vendor.create(name=text, portal=f"javascript:{RAN}//zq")
    said = {"name": text, "how_to": text, "file_words": text, "rhythm": text, "currency": "GBP"}
    instrument = Instrument.create(vendor=vendor, needs_raters=True, created_at=now, **said)
    InstrumentGroup.create(instrument=instrument, name=text, least=1, most=2, position=1)
    battery = Battery.create(name=text, created_at=now)
    item = BatteryItem.create(battery=battery, instrument=instrument, position=1)
    code = Credential.create(
        instrument=instrument, login=text, secret=text, order=text, state_name="given", client=client, currency="GBP",
        added_at=now, given_at=now,
    )  # fmt: skip
    CreditEntry.create(
        vendor=vendor, instrument=instrument, client=client, entry_name="used", credits=-1, currency="GBP", note=text,
        by=cast.vera, at=now,
    )  # fmt: skip
    Opening.create(what_name="code", words=text, client=client, by=cast.vera, at=now)
    home = f"/settings/instruments/{instrument.public_id}"
    return [
        home, f"/settings/instruments/vendors/{vendor.public_id}", f"{home}/codes?state=given", f"{home}/codes/add",
        f"/codes/{code.public_id}/end", f"/settings/credits/{vendor.public_id}",
        f"/settings/batteries/{battery.public_id}", f"/settings/batteries/{battery.public_id}/items/{item.public_id}",
    ]  # fmt: skip


def ask(number: int, text: str, now: datetime) -> tuple[Form, list[Question]]:
    form = Form.create(slug=f"form-{number}", title=text, intro=text, thanks=text, state_name="open", created_at=now)
    version = FormVersion.create(form=form, number=1)
    scale = json.dumps([1, 5, text, text])
    kinds = (("short", "[]"), ("long", "[]"), ("choice", json.dumps([text, "b"])), ("scale", scale), ("consent", "[]"))
    questions = [
        Question.create(form_version=version, position=place, kind_name=kind, label=text, help=text, options=options)
        for place, (kind, options) in enumerate(kinds, start=1)
    ]
    version.published_at = now
    version.save()
    return form, questions


LISTS = {
    "vera": [
        "/", "/boards/onboarding", "/clients?status=all", "/sponsors", "/mail", "/settings/forms", "/settings/stages",
        "/settings/programs", "/settings/mail-texts/intake_thanks", "/search?q=zq", "/clients/new", "/account",
        "/calendar", "/cohorts", "/planning", "/settings/calendars", "/settings/feeds", "/settings/instruments",
        "/settings/batteries", "/settings/credits",
    ],
    "alice": ["/", "/boards/onboarding", "/clients?status=all", "/sponsors", "/mail", "/account", "/audit"],
    "olive": [
        "/", "/boards/onboarding", "/clients?status=all&sort=-coach", "/settings/team", "/settings/team/invite",
        "/settings/firm", "/settings/mail", "/audit",
    ],
}  # fmt: skip

INFESTED = """() => ({
  ran: window.ran || 0,
  parts: [...document.querySelectorAll('.zq, iframe:not([sandbox])')].map(part => part.outerHTML.slice(0, 200)),
  links: [...document.querySelectorAll('[href], [action], [formaction], [src]')]
    .flatMap(part => ['href', 'action', 'formaction', 'src'].map(name => part.getAttribute(name) || ''))
    .map(link => link.replace(/[\\t\\n]/g, ''))
    .filter(link => /^\\s*(javascript|data|vbscript)\\s*:/i.test(link)),
})"""
CALM = {"ran": 0, "parts": [], "links": []}


def look(page, path: str) -> dict[str, object]:
    """What the page is made of once it stands, and whether anything ran or asked."""
    answer = page.goto(path)
    assert answer.status == 200, path
    assert "zq" in page.content(), f"{path} shows none of it"
    return page.evaluate(INFESTED)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_no_list_runs_what_was_typed(open_page, infested, enter, name):
    page = open_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog said {dialog.message}"))
    enter(page, name)
    assert {path: seen for path in LISTS[name] if (seen := look(page, path)) != CALM} == {}


@pytest.mark.parametrize("half", [0, 1])
def test_no_page_runs_what_was_typed(open_page, infested, enter, half):
    page = open_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog said {dialog.message}"))
    enter(page, "vera")
    assert {path: seen for path in infested[half::2] if (seen := look(page, path)) != CALM} == {}


def test_there_are_sixty_ways():
    assert len(PAYLOADS) >= 60


@pytest.mark.parametrize("payload", [PAYLOADS[0], PAYLOADS[14], PAYLOADS[39]])
def test_one_that_became_part_of_a_page_would_be_found(open_page, live_server, tolerated, payload):
    tolerated += ["Content-Security-Policy", "Refused", "violates", "404", "Executing inline"]
    page = open_page()
    page.goto("/sign-in")
    page.evaluate("payload => { document.body.insertAdjacentHTML('beforeend', payload) }", payload)
    assert page.evaluate(INFESTED) != CALM

"""Every main page, in both themes, is asked what breaks WCAG 2.2 AA: nothing may."""

from datetime import date, timedelta

import pytest

from coachbase import clock
from coachbase.agreements import actions as agreements
from coachbase.agreements.models import AgreementTemplate
from coachbase.availability.rules import SessionKind
from coachbase.boards.models import Card
from coachbase.clients import actions as clients
from coachbase.cohorts import actions as cohorts
from coachbase.cohorts.models import Cohort, Meeting
from coachbase.credentials import actions as credentials
from coachbase.credentials.models import Credential
from coachbase.credentials.rules import Code
from coachbase.db import transaction
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement
from coachbase.instruments.models import Battery, BatteryItem, Instrument, Vendor
from coachbase.intake.models import Form, FormVersion, Question
from coachbase.invoices import actions as invoices
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Invoice
from coachbase.mail import actions as mail
from coachbase.mail.models import Message
from coachbase.payers import actions as payers
from coachbase.payers.models import Payer, Seller, TaxRate
from coachbase.payments.models import BankFile, BankLine
from coachbase.programs.models import ProgramTemplate, TemplateStep
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import CoachingSession
from coachbase.timeline import actions as timeline
from coachbase.timeline.models import Entry
from coachbase.timeline.rules import Kind
from tests.browser.chromium import DESKTOP, PHONE

PUBLIC = ("/sign-in", "/forgot", "/p/verify", "/p/intake/inquiry", "/clients", "/p/intake/no-such-form")
SETTINGS = (
    "/settings/firm",
    "/settings/team",
    "/settings/team/invite",
    "/settings/team/{vera}",
    "/settings/mail",
    "/settings/seal",
    "/audit",
    "/settings/invoicing",
    "/settings/invoicing/rates",
    "/settings/invoicing/numbers",
    "/settings/invoicing/numbers/edit?kind=credit",
)
DESK = (
    "/",
    "/welcome",
    "/keys",
    "/account",
    "/search",
    "/search?q=b",
    "/search?q=zzz",
    "/boards/onboarding",
    "/boards/onboarding?late=1",
    "/cards/{card}",
    "/clients",
    "/clients?q=zzz",
    "/clients/new",
    "/clients/import",
    "/clients/{bob}",
    "/clients/{bob}/answers",
    "/clients/{bob}/documents",
    "/clients/{bob}/mail",
    "/clients/{bob}/edit",
    "/clients/{bob}/ball",
    "/clients/{bob}/sessions",
    "/clients/{grace}/sessions",
    "/sessions/{session}",
    "/sessions/{over}",
    "/engagements/{engagement}/ledger",
    "/engagements/{engagement}/place",
    "/clients/{bob}/notes/{note}",
    "/sponsors",
    "/sponsors?q=zzz",
    "/sponsors/new",
    "/sponsors/{brightwater}",
    "/sponsors/{brightwater}/edit",
    "/sponsors/{brightwater}/contacts/new",
    "/sponsors/{brightwater}/contacts/{sam}",
    "/mail",
    "/mail?state=dead",
    "/invoices",
    "/invoices/list",
    "/invoices/list?q=zzz",
    "/invoices/due",
    "/invoices/new",
    "/invoices/new?client={bob}",
    "/invoices/{invoice}",
    "/invoices/{invoice}/credit",
    "/invoices/{invoice}/dispute",
    "/invoices/{invoice}/reminders",
    "/invoices/{invoice}/call",
    "/invoices/{invoice}/rest",
    "/invoices/{invoice}/reminders/new",
    "/invoices/{invoice}/hand-over",
    "/invoices/{invoice}/fee",
    "/invoices/{invoice}/payments",
    "/invoices/{invoice}/payments/new",
    "/invoices/{invoice}/payments/write-off",
    "/reminders",
    "/invoices/{draft}",
    "/invoices/{draft}/edit",
    "/clients/{bob}/invoices",
    "/payments",
    "/payments?state=matched",
    "/payments/files",
    "/payments/lines/{line}",
    "/billing",
    "/billing/checks",
    "/clients/{bob}/payer",
    "/clients/{bob}/charges/new",
    "/clients/{bob}/log-consent",
    "/sponsors/{brightwater}/billing",
    "/sponsors/{brightwater}/invoices",
    "/engagements/{engagement}/billing",
    "/sessions/{over}/waive",
    "/logbook",
    "/mail/{message}",
    "/clients/{bob}/program",
    "/clients/{grace}/program",
    "/engagements/{engagement}/change",
    "/engagements/{engagement}/contacts",
    "/engagements/{engagement}/end",
    "/clients/{bob}/programs/new",
    "/clients/{bob}/programs/lacking",
    "/settings/programs",
    "/settings/programs/new",
    "/settings/programs/{program}",
    "/settings/programs/{program}/steps/new?kind=own",
    "/settings/programs/{program}/steps/{step}",
    "/clients/{grace}/agreements",
    "/clients/{grace}/agreements/{agreement}",
    "/clients/{grace}/agreements/{agreement}/edit",
    "/settings/agreements",
    "/settings/agreements/new",
    "/settings/agreements/{wording}",
    "/settings/forms",
    "/settings/forms/new",
    "/settings/forms/{form}",
    "/settings/forms/{form}/questions/new",
    "/settings/forms/{form}/questions/{question}",
    "/settings/forms/{form}/submissions",
    "/settings/availability/{alice}",
    "/settings/availability/{alice}/terms",
    "/settings/availability/{alice}/kinds",
    "/settings/availability/{alice}/days",
    "/books",
    "/books/receivables",
    "/books/tax",
    "/cohorts",
    "/cohorts/new",
    "/cohorts/{cohort}",
    "/cohorts/{cohort}/edit",
    "/cohorts/{cohort}/times",
    "/cohorts/{cohort}/series?first=2027-01-07&at=09:00&count=3&cadence=weekly",
    "/cohorts/{cohort}/meetings/{meeting}",
    "/settings/instruments",
    "/settings/instruments/new",
    "/settings/instruments/{instrument}",
    "/settings/instruments/vendors/{vendor}",
    "/settings/instruments/{instrument}/codes",
    "/settings/instruments/{instrument}/codes?state=expired",
    "/settings/instruments/{instrument}/codes/add",
    "/codes/{code}/end",
    "/settings/credits",
    "/settings/credits/{vendor}",
    "/settings/batteries",
    "/settings/batteries/new",
    "/settings/batteries/{battery}",
    "/settings/batteries/{battery}/items/{item}",
    "/settings/stages",
    "/settings/mail-texts",
    "/settings/mail-texts/invitation",
)


@pytest.fixture
def ids(cast, live_server) -> dict[str, str]:
    """The public ids of what the practice holds, once a note and a mail are there as well."""
    with transaction():
        timeline.write(cast.bob, Kind.NOTE, "Prefers **mornings**.\n\n- no video", by=cast.vera)
        mail.queue("test", to=(cast.vera.name, cast.vera.email), fields={})
        engagement = begin(cast)
        wording = AgreementTemplate.kept().first()
        agreement = agreements.draft(engagement, wording, by=cast.vera)
    form = Form.get()
    things = {
        "bob": cast.bob,
        "brightwater": cast.brightwater,
        "sam": cast.sam,
        "vera": cast.vera,
        "alice": cast.alice,
        "cohort": (meeting := _gathered(cast, engagement.client)).cohort,
        "meeting": meeting,
        "card": Card.get(Card.client == cast.bob),
        "note": Entry.get(Entry.kind_name == Kind.NOTE),
        "message": Message.get(),
        "form": form,
        "question": Question.of(FormVersion.newest(form))[1],
        "program": (program := ProgramTemplate.kept().first()),
        "step": TemplateStep.of(program).first(),
        "grace": engagement.client,
        "engagement": engagement,
        "agreement": agreement,
        "wording": wording,
        "session": _session(cast, 3),
        "over": _session(cast, -3),
        "invoice": _billed(cast, is_issued=True),
        "draft": _billed(cast),
        "line": _came_in(),
        "battery": (battery := Battery.kept().first()),
        "item": BatteryItem.of(battery).first(),
        "code": (code := _code(cast)),
        "instrument": code.instrument,
        "vendor": code.instrument.vendor,
    }
    return {name: thing.public_id for name, thing in things.items()}


def _code(cast) -> Credential:
    """One that Bob has and somebody looked at; others lie in stock, one of them not for long."""
    instrument = Instrument.kept().where(Instrument.name == "Everything DiSC").get()
    soon = clock.now().date() + timedelta(days=3)
    with transaction():
        codes = [Code("K7QP-22"), Code("K7QP-23", "", soon), Code("K7QP-24")]
        credentials.add(instrument, codes, order="EPIC 88412", by=cast.vera)
        code = credentials.take(instrument, client=cast.bob, today=clock.now().date(), by=cast.vera)
        credentials.reveal(code, for_whom="Bob", client=cast.bob, by=cast.vera)
    return code


def _billed(cast, *, is_issued: bool = False) -> Invoice:
    """What Bob's sponsor is to pay, late already, or a draft of it."""
    if Seller.current() is None:
        rate = TaxRate.create(name="VAT", rate_bps=2000)
        Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789", rate=rate)
        of_brightwater = {"address": "2 Mill Lane", "email": "ap@brightwater.example"}
        payers.keep_payer(cast.brightwater, of_brightwater, version=0, by=cast.vera)
    day, payer = clock.now() - timedelta(days=40), Payer.get()
    line = NewLine("Coaching", 25_000, rate=TaxRate.get(), client=cast.bob, coach=cast.alice, supplied_to=day.date())
    with clock.pretend(day):
        draft = invoices.draft(payer, [line, line], currency="GBP", by=cast.vera)
        return invoices.issue(draft, version=1, by=cast.vera) if is_issued else draft


def _came_in() -> BankLine:
    """What the bank says came in: nobody said yet what it pays."""
    now = clock.now()
    read = BankFile.create(name="november.csv", sha256="0" * 64, way="csv", at=now, read_at=now)
    told = {"payer": "Brightwater", "reference": "Thank you"}
    return BankLine.create(file=read, key="a key", on=now.date(), cents=25_000, currency="GBP", **told)


def _session(cast, days: int) -> CoachingSession:
    """One of Bob's, so many days from now; what is over nobody has marked."""
    at = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
    with clock.pretend(min(clock.now(), at - timedelta(days=5))):
        return scheduling.book(
            cast.alice, SessionKind.COACHING, at, 60, via=Via.STAFF, client=cast.bob, despite="agreed",
            place_kind="video", place="https://meet.example/alice", by=cast.vera,
        )  # fmt: skip


def _gathered(cast, client) -> Meeting:
    """A group that met two days ago; who was there is not ticked yet."""
    at = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
    place = {"place_kind_name": "video", "place": "https://meet.example/circle"}
    with clock.pretend(at - timedelta(days=5)):
        cohort = cohorts.create(
            cast.alice, {"name": "Leaders’ circle", "seats": 2, "minutes": 60} | place, by=cast.vera
        )
        cohorts.take_seat(cohort, client, by=cast.vera)
        return cohorts.book_series(cohort, [at], topics=["Trust"], despite="agreed", by=cast.vera)[0]


def begin(cast) -> Engagement:
    """A program under way, of somebody who may not be Bob: his page still offers to start one."""
    grace = clients.add({"name": "Grace Adeyemi", "coach": cast.alice, "organisation": "Brightwater"}, how="by hand")
    template = ProgramTemplate.kept().first()
    return engagements.start(
        grace, template.terms(), coach=cast.alice, starts_on=date(2026, 12, 1), ends_on=date(2027, 6, 1),
        payer="sponsor", po_number="PO 4711", participants=[{"contact": cast.sam, "signs": True}],
        steps=[step.terms() for step in TemplateStep.of(template)], by=cast.vera,
    )  # fmt: skip


@pytest.fixture
def look(axe):
    """Opens each page: what is out of reach, and what hangs over the edge of a phone.

    The pages that are built differently on a phone (board, timeline, forms) are asked there by their own tests.
    """

    def look(page, paths):
        found = {}
        for path in paths:
            page.set_viewport_size(DESKTOP)
            page.goto(path)
            found[path] = axe(page)
            page.set_viewport_size(PHONE)
            if page.evaluate("document.documentElement.scrollWidth") != PHONE["width"]:
                found[path].append("wider than a phone")
        return [f"{place}: {broken}" for place, all_broken in found.items() for broken in all_broken]

    return look


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_of_the_desk_is_within_reach(open_page, enter, ids, look, theme):
    vera = open_page(color_scheme=theme)
    enter(vera, "vera")
    assert look(vera, [path.format(**ids) for path in DESK]) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_owners_pages_and_the_public_ones_are_within_reach(open_page, enter, ids, look, theme):
    stranger = open_page(color_scheme=theme)
    assert look(stranger, PUBLIC) == []
    olive = open_page(color_scheme=theme)
    enter(olive, "olive")
    assert look(olive, [path.format(**ids) for path in SETTINGS]) == []


LONG = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewis"
"""A name as they are, of one word."""


def test_a_long_word_makes_no_phone_page_wider(open_page, enter, ids, cast):
    with transaction():
        for thing in (cast.alice, cast.bob, cast.sam, cast.brightwater, ProgramTemplate.kept().first()):
            type(thing).update(name=LONG).where(type(thing).id == thing.id).execute()
        Cohort.update(name=LONG).execute()
        Vendor.update(name=LONG).where(Vendor.public_id == ids["vendor"]).execute()
        Instrument.update(name=LONG).execute()
        Battery.update(name=LONG).execute()
        Engagement.update(name=LONG).execute()
        Meeting.update(topic=LONG).execute()
        CoachingSession.update(place="https://meet.example/" + LONG).execute()
    vera = open_page(viewport=PHONE)
    enter(vera, "vera")
    wide = []
    for path in (*DESK, "/calendar", "/planning/new"):
        vera.goto(path.format(**ids))
        if vera.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            wide.append(path)
    assert wide == []


def test_paper_has_no_menu_no_buttons_and_is_white(open_page, enter, ids):
    page = open_page(color_scheme="dark")
    enter(page, "vera")
    page.goto(f"/clients/{ids['grace']}/program")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator(".side, .bar .button, main .button, .open-side").filter(visible=True).count() == 0
    assert page.locator("main .rows").first.is_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_opens_over_a_page_is_within_reach(open_page, enter, ids, axe, theme):
    page = open_page(color_scheme=theme)
    enter(page, "vera")
    page.goto("/boards/onboarding")
    page.keyboard.press("Control+k")
    page.locator("#palette input").wait_for()
    assert axe(page) == []
    page.keyboard.type("bob")
    page.locator("#palette mark").first.wait_for()
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('#palette').childElementCount")
    page.keyboard.press("?")
    page.locator("#dialog dl").wait_for()
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.locator(".card .who").first.focus()
    page.keyboard.press("Alt+ArrowRight")
    page.locator(".toast").wait_for()
    assert axe(page) == []

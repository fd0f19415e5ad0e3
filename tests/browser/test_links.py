"""P7: a mail scanner that opens links in a real browser, runs its scripts and clicks nothing changes nothing."""

import time
from datetime import date, timedelta

from coachbase import clock
from coachbase.accounts import actions as accounts
from coachbase.accounts.models import User
from coachbase.accounts.rules import Role
from coachbase.agreements.models import Signer
from coachbase.agreements.rules import SignerState
from coachbase.availability.models import Availability
from coachbase.availability.rules import SessionKind, moment_of
from coachbase.clients.models import Contact
from coachbase.db import transaction
from coachbase.intake import actions as intake
from coachbase.intake.models import Form, FormVersion
from coachbase.invoices import actions as invoices
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Invoice
from coachbase.links import actions as links
from coachbase.mail.models import Message
from coachbase.payers import actions as payers
from coachbase.payers.models import Seller, TaxRate
from coachbase.programs import actions as programs
from coachbase.programs.models import ProgramTemplate, Start
from coachbase.requests import actions as requests
from coachbase.requests.models import offered
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from tests.safety.digest import digest

TEN_SECONDS = 10_000


def addresses_mailed() -> list[str]:
    """What the mails of an invitation, a reset and a form begun lead to."""
    return [f"/p/{message.link.kind}/open/{message.token}" for message in Message.select() if message.token]


def test_ten_seconds_in_a_browser_that_clicks_nothing_change_nothing(cast, app, open_page, config):
    with transaction():
        accounts.invite(name="New Coach", email="new@northbank.example", role=Role.COACH, colleagues=[], by=cast.olive)
        accounts.ask_for_reset(cast.alice.email)
        submission = intake.start(FormVersion.published(Form.get()), "t1", source="10.0.0.1")
        intake.mail_return_link(submission, "ines@halden.example", source="10.0.0.1")
        sixth = ProgramTemplate.get(ProgramTemplate.name == "Leadership 6")
        programs.begin(cast.bob, sixth, start_with(cast.alice, cast.sam), by=cast.vera)
    mailed = addresses_mailed() + links_of_a_program(cast) + links_to_dates(cast) + links_to_pay(cast)
    assert len(mailed) >= 10
    scanner = open_page()
    pages = [scanner, *(scanner.context.new_page() for _ in mailed[1:])]
    before = digest_without_the_worker()
    for page, link in zip(pages, mailed, strict=True):
        assert page.goto(link).status == 200
    scanner.wait_for_timeout(TEN_SECONDS)
    assert digest_without_the_worker() == before


def start_with(coach: User, sponsor: Contact) -> Start:
    return Start(
        coach=coach, starts_on=date(2026, 12, 7), ends_on=None, price_cents=1, payer="sponsor", po_number="",
        signers=(sponsor,),
    )  # fmt: skip


def links_of_a_program(cast) -> list[str]:
    """Of client, own assistant and sponsor, and to the signing page of who may sign and of who may not yet."""
    until = time.monotonic() + 20
    while not Signer.select().where(Signer.state_name == SignerState.ASKED).exists():
        assert time.monotonic() < until, "the worker froze nothing"
        time.sleep(0.05)
    holders = [("client", cast.bob), ("assistant", cast.bob), ("sponsor", cast.sam)]
    holders += [("sign", signer) for signer in Signer.select().order_by(Signer.position).limit(2)]
    with transaction():
        cast.bob.assistant_email = "ea@brightwater.example"
        cast.bob.save()
        tokens = [links.issue(kind, whose.public_id, lasts=timedelta(days=1))[1] for kind, whose in holders]
    return [f"/p/{kind}/open/{token}" for (kind, _), token in zip(holders, tokens, strict=True)]


def links_to_pay(cast) -> list[str]:
    """To an invoice of Bob's own, and to all of them."""
    with transaction():
        rate = TaxRate.create(name="VAT", rate_bps=2000)
        Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789", rate=rate)
        payer = payers.payer_for(cast.bob)
        payer.address = "2 Mill Lane"
        payer.save()
        line = NewLine("Coaching", 25_000, rate=rate, client=cast.bob, supplied_to=date(2026, 11, 30))
        draft = invoices.draft(payer, [line], currency="EUR", by=cast.vera)
        issued = invoices.issue(draft, version=1, by=cast.vera)
        holders = (("invoice", issued), ("invoices", payer))
        tokens = [(kind, links.issue(kind, whose.public_id, lasts=timedelta(days=1))[1]) for kind, whose in holders]
    until = time.monotonic() + 20
    while not Invoice.get_by_id(issued.id).document_id:
        assert time.monotonic() < until, "the worker drew nothing"
        time.sleep(0.05)
    return [f"/p/{kind}/open/{token}" for kind, token in tokens]


def links_to_dates(cast) -> list[str]:
    """To booking what is asked for, and to moving what is booked."""
    with transaction():
        Availability.create(coach=cast.alice, place="https://meet.example/alice", version=0)
        asked = {"minutes": 30, "engagement": None, "by": cast.vera}
        request = requests.ask(cast.bob, cast.alice, SessionKind.CHEMISTRY, **asked)
        free = offered(request, clock.now()).starts
        session = scheduling.book(
            cast.alice, SessionKind.CHEMISTRY, moment_of(free[-1]), 30, via=Via.STAFF, client=cast.bob, by=cast.vera
        )
        again = requests.ask(cast.bob, cast.alice, SessionKind.CHEMISTRY, **asked)
        tokens = [
            links.issue(kind, row.public_id, lasts=timedelta(days=1))[1]
            for kind, row in ((requests.BOOK, again), (scheduling.CHANGE, session))
        ]
    return [f"/p/{kind}/open/{token}" for kind, token in zip(("book", "session"), tokens, strict=True)]


def digest_without_the_worker() -> str:
    return digest("heartbeat", "task", "schedule", "kv", "counter", "message")

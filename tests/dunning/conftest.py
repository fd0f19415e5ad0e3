"""Invoices that are late: Bob's, who pays himself, and Brightwater's, whose accounts payable pays; and the hours."""

from datetime import UTC, date, datetime

import pytest

from coachbase import clock
from coachbase.dunning import actions
from coachbase.dunning.models import Letter
from coachbase.invoices import actions as invoices
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Invoice
from coachbase.jobs import run_jobs
from coachbase.mail.models import Message
from coachbase.mail.rules import State as Fate
from coachbase.payers import actions as payers
from coachbase.payers.models import Payer, Seller, TaxRate

MONDAY = date(2026, 11, 2)
"""The day they are issued; due a fortnight later, on Monday the 16th."""


def at(day: int, hour: int = 9, *, month: int = 11):
    """In 2026; hours of UTC, by which London goes in winter. At nine it is one in Dubai, where Bob is."""
    return clock.pretend(datetime(2026, month, day, hour, tzinfo=UTC))


@pytest.fixture
def seller(cast) -> Seller:
    rate = TaxRate.create(name="VAT", rate_bps=2000)
    return Seller.create(
        legal_name="Northbank Ltd", address="1 Quay", postcode="EC1A 1AA", city="London", country="GB",
        tax_id="GB123456789", rate=rate, account_holder="Northbank Ltd", iban="GB82WEST12345698765432",
        bic="WESTGB2L", late_fee_cents=4000,
    )  # fmt: skip


@pytest.fixture
def brightwater(cast, seller) -> Payer:
    """The sponsor's accounts payable."""
    payer = payers.payer_for(cast.brightwater)
    values = {"legal_name": "Brightwater plc", "address": "2 Mill Lane", "email": "ap@brightwater.example"}
    Payer.update(attention="Accounts payable", **values).where(Payer.id == payer.id).execute()
    return Payer.with_people().where(Payer.id == payer.id).get()


@pytest.fixture
def bobs_own(cast, seller) -> Payer:
    payer = payers.payer_for(cast.bob)
    Payer.update(address="3 Marina Walk").where(Payer.id == payer.id).execute()
    return Payer.with_people().where(Payer.id == payer.id).get()


def issued(cast, payer: Payer, *, cents: int = 25_000, on: int = 2, currency: str = "GBP", client=None, sent=True):
    """An invoice of November, mailed and taken by its reader's mail server."""
    client = client or cast.bob
    with at(on):
        line = NewLine("Coaching", cents, rate=TaxRate.get(), client=client, coach=client.coach, supplied_to=MONDAY)
        draft = invoices.draft(payer, [line], currency=currency, by=cast.vera)
        invoice = invoices.issue(draft, version=1, by=cast.vera)
        run_jobs()
        if sent:
            came(invoice)
    return Invoice.with_payer().where(Invoice.id == invoice.id).get()


def came(invoice: Invoice, state: Fate = Fate.SENT) -> None:
    """As if the mail server had taken what was mailed about it."""
    mails = Message.about == invoice.public_id
    Message.update(state_name=state, sent_at=clock.now() if state is Fate.SENT else None).where(mails).execute()


@pytest.fixture
def invoice(cast, brightwater) -> Invoice:
    return issued(cast, brightwater)


def strike(day: int, hour: int = 9, *, month: int = 11) -> list[Letter]:
    """Let the clock strike and the worker work; the letters that were begun."""
    before = {letter.id for letter in Letter.select()}
    with at(day, hour, month=month):
        actions.remind_due()
        run_jobs()
    return [letter for letter in Letter.select().order_by(Letter.id) if letter.id not in before]


def mails_of(letter: Letter) -> list[Message]:
    return list(Message.select().where(Message.about == letter.public_id).order_by(Message.id))


def deliver(letter: Letter, state: Fate = Fate.SENT) -> None:
    Message.update(state_name=state).where(Message.about == letter.public_id).execute()

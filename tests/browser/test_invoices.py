"""From the sessions to the money: held, proposed, issued, mailed, half paid, reminded of, credited, and in the books.

Everything is real: server and worker as people start them, browsers (the payer's a phone without scripts), an SMTP
server, other people's readers of PDFs and codes.
"""

import io
import re
from datetime import datetime, timedelta
from pathlib import Path

import pypdf
import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import Page, expect

from coachbase import clock
from coachbase.db import transaction
from coachbase.dunning import actions as dunning
from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import State
from coachbase.invoices.models import Invoice
from coachbase.payers import actions as payers
from coachbase.payers.models import Payer, Seller, TaxRate
from coachbase.sessions.models import CoachingSession
from tests.browser.chromium import PHONE
from tests.browser.test_onboarding import Assistant, Mailbox, link_in
from tests.live import serving

DAY = timedelta(days=1)
IBAN = "DE02120300000000202051"
MOST_ACTS = 14
"""Of the assistant, from three sessions to be marked to nothing open."""


@pytest.fixture
def program(cast, live_server) -> Engagement:
    """Bob pays €250 a session himself; three are over, and nobody has said yet what became of them."""
    now = clock.now()
    with transaction():
        rate = TaxRate.create(name="VAT", rate_bps=2000)
        Seller.create(
            legal_name="Northbank Ltd", address="1 Quay", postcode="E1 6AN", city="London", country="GB",
            tax_id="GB999999973", iban=IBAN, bic="BYLADEM1001", rate=rate, batch_weekday=-1,
        )  # fmt: skip
        there = {"address": "5 Mill Lane", "postcode": "80331", "city": "München", "country": "DE"}
        Payer.update(there).where(Payer.id == payers.payer_for(cast.bob).id).execute()
        made = Engagement.create(
            client=cast.bob, coach=cast.alice, name="Leadership 6", months=6, sessions=6, price_cents=150_000,
            currency="EUR", billing_name="per_session", payer_name="client", starts_on=(now - 40 * DAY).date(),
            ends_on=(now + 140 * DAY).date(), state_name=State.ACTIVE, created_at=now - 41 * DAY,
            onboarded_at=now - 41 * DAY,
        )  # fmt: skip
        for days in (20, 13, 6):
            begins = (now - days * DAY).replace(hour=10, minute=0, second=0, microsecond=0)
            CoachingSession.create(
                uid=f"session-{days}@northbank.example", coach=cast.alice, client=cast.bob, engagement=made,
                kind_name="coaching", starts_at=begins, ends_at=begins + timedelta(hours=1), zone="Europe/London",
                via="staff", created_at=begins - DAY,
            )  # fmt: skip
    return made


def pdf_of(message) -> bytes:
    return next(part.get_content() for part in message.iter_attachments() if part.get_content_type().endswith("pdf"))


def words_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


# The acts, in the order in which they come ----------------------------------------------------------------------------


def mark_held(vera: Assistant) -> None:
    """By mouse, in rows that are not selected yet: what is pressed does not slip away."""
    vera.page.goto("/")
    for _ in range(3):
        before = vera.page.get_by_role("button", name="Held", exact=True).count()
        vera.click("button", "Held")
        expect(vera.page.get_by_role("button", name="Held", exact=True)).to_have_count(before - 1)


def issue_batch(vera: Assistant) -> Invoice:
    desk = vera.page
    desk.goto("/billing")
    vera.click("button", "Propose now")
    row = desk.locator(".drafts > li")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("€900.00")
    assert Invoice.get().number is None
    desk.locator(".issue-bar button").click()
    vera.acts.append("click “Issue 1 and mail them”")
    expect(desk.get_by_role("status").first).to_contain_text("1 invoice is issued")
    return Invoice.get()


def read_invoice(content: bytes, number: str) -> None:
    """Text, the code that a banking app reads, and the electronic invoice inside."""
    words = words_of(content)
    for told in (number, "€750.00", "€150.00", "€900.00", "Northbank Ltd", "5 Mill Lane"):
        assert told in words, told
    picture = pypdfium2.PdfDocument(content)[0].render(scale=3).to_pil()
    (code,) = [found.text.split("\n") for found in zxingcpp.read_barcodes(picture)]
    assert (code[0], code[6], code[7]) == ("BCD", IBAN, "EUR900")
    assert any(number in line for line in code[8:])
    (xml,) = pypdf.PdfReader(io.BytesIO(content)).attachments["factur-x.xml"]
    assert "<ram:GrandTotalAmount>900.00<" in xml.decode()


def open_by_link(client: Page, link: str, mailed: bytes) -> None:
    """On a phone, without scripts."""
    client.goto(link)
    expect(client.locator("main")).to_contain_text("€900.00")
    assert Invoice.get().viewed_at is None
    assert client.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with client.expect_download() as download:
        client.get_by_role("button", name="Download the PDF").click()
    assert Path(download.value.path()).read_bytes() == mailed
    assert Invoice.get().viewed_at is not None


def import_half(vera: Assistant, number: str) -> None:
    desk = vera.page
    desk.goto("/payments/files")
    told = f"Date,Name,Reference,Amount,Currency\n{clock.now().date()},BOB HADDAD,Thanks {number},450.00,EUR\n"
    desk.set_input_files("#file", {"name": "bank.csv", "mimeType": "text/csv", "buffer": told.encode()})
    vera.acts.append("choose the bank's file")
    vera.click("button", "Read the file")
    vera.click("button", "Read the line")
    match = desk.get_by_role("button", name=re.compile(r"^(Book it|Match)")).first
    match.click()
    vera.acts.append("match the payment")
    expect(desk.locator("#toasts")).to_contain_text(re.compile("ooked"))
    assert Invoice.get().open_cents == 45_000


def some_days_late() -> datetime:
    """At least four days after it was due, on a working day at noon in Dubai."""
    later = (clock.now() + 18 * DAY).replace(hour=8, minute=0)
    while later.weekday() > 3:
        later += DAY
    return later


def be_reminded(mailbox: Mailbox, now: datetime) -> str:
    """Once, and of what is still open."""
    with transaction(), clock.pretend(now):
        dunning.remind_due()
        dunning.remind_due()
    mail = mailbox.next_to("bob@")
    letter = words_of(pdf_of(mail))
    assert "€450.00" in letter
    return letter


def credit_rest(vera: Assistant, invoice: Invoice) -> None:
    """The last session, and half of the one before: line by line."""
    desk = vera.page
    desk.goto(invoice.page)
    vera.click("link", "Credit…")
    for place, quantity in enumerate(("0", "0.5")):
        desk.locator("input[name=quantity]").nth(place).fill(quantity)
        vera.acts.append("fill in how much")
    vera.fill("Why", "The last one and a half were not as agreed")
    vera.click("button", "Issue the credit note and mail it")
    expect(desk.locator("main")).to_contain_text("CN-")
    assert Invoice.get_by_id(invoice.id).open_cents == 0


def test_from_sessions_held_to_money_and_a_credit_note(cast, program, open_page, enter, smtp, live_server):
    mailbox, vera = Mailbox(smtp), Assistant(open_page())
    client = open_page(java_script_enabled=False, viewport=PHONE, is_mobile=True, has_touch=True)
    enter(vera.page, "vera")

    mark_held(vera)
    invoice = issue_batch(vera)
    mail = mailbox.next_to("bob@")
    assert "€" not in mail["Subject"]
    mailed = pdf_of(mail)
    read_invoice(mailed, invoice.number)
    open_by_link(client, link_in(mail), mailed)
    vera.page.goto(f"/clients/{cast.bob.public_id}")
    expect(vera.page.locator("main")).to_contain_text(f"{invoice.label} was opened by Bob Haddad")

    import_half(vera, invoice.number)
    client.reload()
    expect(client.locator("main")).to_contain_text("€450.00")
    vera.page.goto("about:blank")  # her page asks the server for news, and would miss it
    live_server.process.kill()
    live_server.process.wait()
    later, port = some_days_late(), int(live_server.url.rpartition(":")[2])
    with serving(live_server.config, port=port, BEGINS_AT=later.isoformat()):
        assert invoice.number in be_reminded(mailbox, later)
        enter(vera.page, "vera")
        credit_rest(vera, invoice)
        note = words_of(pdf_of(mailbox.next_to("bob@")))
        assert "CN-" in note
        assert invoice.number in note
        assert mailed == bytes(Invoice.get_by_id(invoice.id).document.content)
        vera.page.goto("/books")
        expect(vera.page.locator("main")).to_contain_text("€375.00")
        vera.page.wait_for_load_state("networkidle")
    print(f"{len(vera.acts)} acts: {'; '.join(vera.acts)}")
    assert len(vera.acts) <= MOST_ACTS

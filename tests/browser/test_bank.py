"""A file of the bank in a browser: read, looked through, booked, taken back; with and without JavaScript."""

import pytest
from playwright.sync_api import expect

from coachbase import clock
from coachbase.db import transaction
from coachbase.invoices import actions as invoices
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Invoice
from coachbase.payers import actions as payers
from coachbase.payers.models import Seller, TaxRate
from tests.browser.chromium import PHONE

FILE = """Date,Description,Money in,Money out
{day},COACHING {number},300.00,
{day},HADDAD B THANK YOU,150.00,
{day},RENT,,80.00
"""


@pytest.fixture
def owed(cast, live_server) -> list[Invoice]:
    """Two invoices of Bob's: £300.00 and £200.00."""
    today = clock.now().date()
    with transaction():
        rate = TaxRate.create(name="No VAT", category_name="E", note="Exempt: small business")
        Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789")
        payer = payers.payer_for(cast.bob)
        payer.address = "2 Mill Lane"
        payer.save()
        made = []
        for pounds in (300, 200):
            told = {"rate": rate, "client": cast.bob, "coach": cast.alice, "supplied_to": today}
            draft = invoices.draft(payer, [NewLine("Session", pounds * 100, **told)], currency="GBP", by=cast.vera)
            made.append(invoices.issue(draft, version=1, by=cast.vera))
    return made


def open_of(invoice: Invoice) -> int:
    return Invoice.get_by_id(invoice.id).open_cents


@pytest.fixture
def bring(owed):
    """Read a file whose columns nobody has said yet."""

    def read(page) -> None:
        page.goto("/payments/files")
        content = FILE.format(day=clock.now().date(), number=owed[0].number)
        page.set_input_files("#file", {"name": "bank.csv", "mimeType": "text/csv", "buffer": content.encode()})
        page.get_by_role("button", name="Read the file").click()
        expect(page.get_by_role("heading", name="What do the columns hold?")).to_be_visible()
        page.get_by_role("button", name="Read 3 lines").click()
        expect(page.get_by_role("heading", name="Fits for sure")).to_be_visible()

    return read


def test_a_file_is_read_booked_and_taken_back(page, enter, owed, bring, axe):
    enter(page, "vera")
    bring(page)
    assert axe(page) == []
    page.get_by_role("button", name="Book it").click()
    expect(page.locator("#toasts")).to_contain_text("1 line is booked.")
    assert open_of(owed[0]) == 0
    match = page.get_by_role("button", name=f"Match with {owed[1].label}")
    match.click()
    expect(page.locator("#toasts")).to_contain_text(f"Booked for {owed[1].label}.")
    assert open_of(owed[1]) == 5_000
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(match).to_be_visible()
    assert open_of(owed[1]) == 20_000
    page.get_by_role("link", name="Several, or another…").click()
    page.get_by_label(owed[1].label, exact=True).fill("140")
    page.keyboard.press("Tab")
    expect(page.locator("#left")).to_have_text("£10.00 still to give out")
    assert axe(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_a_payment_is_recorded_in_a_dialog_that_says_what_is_wrong(page, enter, owed):
    enter(page, "alice")
    page.goto(owed[0].page)
    page.get_by_role("link", name="Record a payment").click()
    page.locator("#dialog").get_by_label("Amount").fill("much")
    page.locator("#dialog").get_by_role("button", name="Record a payment").click()
    expect(page.locator("#dialog [role=alert]")).to_contain_text("Type an amount")
    page.locator("#dialog").get_by_label("Amount").fill("120.50")
    page.locator("#dialog").get_by_role("button", name="Record a payment").click()
    expect(page.locator("#toasts")).to_contain_text("£120.50 recorded.")
    assert open_of(owed[0]) == 17_950


def test_all_of_it_works_without_javascript(open_page, enter, owed, bring):
    page = open_page(java_script_enabled=False)
    enter(page, "vera")
    bring(page)
    page.get_by_role("button", name="Book it").click()
    page.get_by_role("button", name=f"Match with {owed[1].label}").click()
    expect(page.get_by_role("button", name=f"Match with {owed[1].label}")).to_have_count(0)
    assert [open_of(invoice) for invoice in owed] == [0, 5_000]
    page.goto("/payments?state=matched")
    taken = page.get_by_role("button", name="Take back")
    expect(taken).to_have_count(2)
    taken.first.click()
    expect(taken).to_have_count(1)
    assert sorted(open_of(invoice) for invoice in owed) in ([0, 20_000], [5_000, 30_000])

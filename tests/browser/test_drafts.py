"""A draft is written in a browser: its sums follow what one types, its lines move; without JavaScript as well."""

import re

import pytest

from coachbase.invoices.models import Invoice, Line
from coachbase.payers.models import Seller, TaxRate


@pytest.fixture
def new_invoice(cast, live_server) -> str:
    rate = TaxRate.create(name="VAT", rate_bps=2000)
    Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789", rate=rate)
    return f"/invoices/new?client={cast.bob.public_id}"


def fill(page, number: int, text: str, price: str) -> None:
    page.fill(f"#text-{number}", text)
    page.fill(f"#price-{number}", price)


def test_sums_follow_what_is_typed_and_lines_move(open_page, enter, new_invoice):
    page = open_page()
    enter(page, "vera")
    page.goto(new_invoice)
    fill(page, 0, "Workshop", "100.05")
    page.fill("#quantity-0", "2")
    page.locator("#amount-0", has_text="£200.10").wait_for()
    page.locator("#totals", has_text="£240.12").wait_for()
    page.get_by_role("button", name="Add a line").click()
    fill(page, 1, "Deposit", "-40")
    page.locator("#totals", has_text="£192.12").wait_for()
    page.get_by_role("button", name="Move line 2 up").click()
    page.locator("#text-0[value=Deposit]").wait_for()
    page.locator("#text-1").press("Enter")
    page.wait_for_url(re.compile(r"/invoices/[0-9A-Z]{26}$"))
    assert [line.text for line in Line.of(Invoice.get())] == ["Deposit", "Workshop"]
    assert Invoice.get().total_cents == 19_212


def test_a_draft_is_written_without_javascript(open_page, enter, new_invoice):
    page = open_page(java_script_enabled=False)
    enter(page, "vera")
    page.goto(new_invoice)
    fill(page, 0, "Workshop", "100")
    page.get_by_role("button", name="Add a line").click()
    fill(page, 1, "Travel", "50")
    page.get_by_role("button", name="Move line 2 up").click()
    page.locator("#text-0[value=Travel]").wait_for()
    page.locator("#totals", has_text="£180.00").wait_for()
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url(re.compile(r"/invoices/[0-9A-Z]{26}$"))
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Take out line 1").click()
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url(re.compile(r"/invoices/[0-9A-Z]{26}$"))
    assert [line.text for line in Line.of(Invoice.get())] == ["Workshop"]

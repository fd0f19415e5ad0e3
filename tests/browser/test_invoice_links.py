"""What somebody pays by link, in a browser: on a phone, in both themes; copying, and the PDF."""

import time
from datetime import timedelta

import pypdf
import pytest

from coachbase import clock
from coachbase.db import transaction
from coachbase.invoices import actions
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Invoice
from coachbase.invoices.rules import Unit
from coachbase.links import actions as links
from coachbase.payers import actions as payers
from coachbase.payers.models import Seller, TaxRate


@pytest.fixture
def owed(cast, app) -> Invoice:
    """Two hours that Bob pays, issued and drawn."""
    with transaction():
        rate = TaxRate.create(name="VAT", rate_bps=2000)
        Seller.create(
            legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789", iban="DE02120300000000202051",
            bic="BYLADEM1001", rate=rate,
        )  # fmt: skip
        payer = payers.payer_for(cast.bob)
        payer.address = "2 Mill Lane"
        payer.save()
        told = {"rate": rate, "client": cast.bob, "coach": cast.alice, "supplied_to": clock.now().date()}
        line = NewLine("Coaching with Alice Kern", 25_000, 2000, Unit.SESSION, **told)
        draft = actions.draft(payer, [line], currency="EUR", by=cast.vera)
        return actions.issue(draft, version=1, by=cast.vera)


@pytest.fixture
def drawn(owed, live_server) -> None:
    """The worker has drawn it."""
    until = time.monotonic() + 20
    while not Invoice.get_by_id(owed.id).document_id:
        assert time.monotonic() < until, "the worker drew nothing"
        time.sleep(0.05)


def way_in(kind: str, subject) -> str:
    with transaction():
        return f"/p/{kind}/open/{links.issue(kind, subject.public_id, lasts=timedelta(days=1))[1]}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_who_pays(owed, cast, open_page, axe, theme):
    page = open_page(color_scheme=theme, viewport={"width": 390, "height": 844})
    found = {}
    for path in (way_in("invoice", owed), way_in("invoices", owed.payer), f"/p/invoices/{owed.public_id}"):
        page.goto(path)
        found[path] = axe(page)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found[path].append("wider than a phone")
    assert [f"{path}: {broken}" for path, all_broken in found.items() for broken in all_broken] == []


def test_bob_goes_from_his_page_to_the_invoice_copies_the_account_and_takes_the_pdf(owed, cast, open_page, drawn):
    page = open_page(viewport={"width": 390, "height": 844}, permissions=["clipboard-read", "clipboard-write"])
    page.goto(way_in("client", cast.bob))
    page.get_by_role("button", name="See how to pay").click()
    page.get_by_role("link", name="See how to pay").click()
    page.get_by_role("button", name="Copy: IBAN").click()
    assert page.evaluate("navigator.clipboard.readText()") == "DE02120300000000202051"
    page.get_by_role("button", name="Copied").wait_for()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the PDF").click()
    assert waiting.value.suggested_filename == f"{owed.label}.pdf"
    assert "To pay €600.00" in " ".join(pypdf.PdfReader(waiting.value.path()).pages[0].extract_text().split())


def test_without_scripts_all_of_it_works_and_nothing_is_offered_that_does_not(owed, cast, open_page, drawn):
    page = open_page(java_script_enabled=False)
    page.goto(way_in("invoice", owed))
    assert page.get_by_text("DE02 1203 0000 0000 2020 51").is_visible()
    assert page.locator("[data-copy]").first.is_hidden()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the PDF").click()
    assert waiting.value.suggested_filename.endswith(".pdf")

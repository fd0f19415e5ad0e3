"""Whatever is issued: list, page, PDF, CSV and electronic invoice say the same amounts, to the last cent."""

import csv
import html
import io
import json
import re
from collections import Counter
from decimal import Decimal
from xml.etree import ElementTree

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coachbase import clock, einvoice
from coachbase.invoices import actions, tasks
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Invoice, Line
from coachbase.invoices.rules import Unit
from coachbase.money import decimals, in_words
from coachbase.payers import actions as payers
from coachbase.payers.models import Seller, TaxRate
from coachbase.payers.rules import Category

DOCUMENTS = 24
RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
CENTS = 10_000_000
"""Amounts people type; the largest are in test_rules."""


def plain(text: str) -> str:
    """Words with ordinary spaces and signs between them."""
    return " ".join(text.replace("−", "-").split())


def words_of(page: str) -> str:
    return plain(html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture
def rates(cast) -> list[TaxRate]:
    rates = [TaxRate.create(name=f"VAT {bps}", rate_bps=bps) for bps in (2000, 1900, 775)]
    rates.append(TaxRate.create(name="Reverse charge", category_name=Category.REVERSE, note="The recipient owes it"))
    Seller.create(
        legal_name="Northbank Ltd", address="1 Quay", country="GB", tax_id="GB123456782", rate=rates[0],
        iban="DE89370400440532013000",
    )  # fmt: skip
    return rates


@pytest.fixture
def payer(cast, rates):
    payer = payers.payer_for(cast.bob)
    payer.address, payer.country, payer.tax_id = "2 Mill Lane", "DE", "DE136695976"
    payer.save()
    return payer


LINES = st.lists(
    st.tuples(
        st.one_of(st.integers(1, 1_000), st.integers(1, CENTS)),
        st.one_of(st.just(1000), st.integers(1, 12_000)),
        st.sampled_from([0, 0, 333, 5_000]),
        st.integers(0, 3),
        st.sampled_from(list(Unit)),
    ),
    min_size=1,
    max_size=6,
)
LESS = st.fixed_dictionaries({
    "discount_bps": st.sampled_from([0, 0, 750, 3_333]), "discount_cents": st.sampled_from([0, 0, 1, 99]),
})  # fmt: skip


@settings(max_examples=DOCUMENTS, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(LINES, LESS, st.sampled_from(["EUR", "GBP", "JPY", "KWD"]), st.integers(1, 999))
def test_what_is_issued_says_the_same_everywhere(cast, payer, rates, vera, lines, less, currency, share):
    told = {"client": cast.bob, "coach": cast.alice, "supplied_to": clock.now().date()}
    rows = []
    for price, quantity, off, rate, unit in lines:
        facts = told | {"quantity_milli": quantity, "discount_bps": off, "rate": rates[rate], "unit": unit}
        rows.append(NewLine("Coaching", price, **facts))
    draft = actions.draft(payer, rows, currency=currency, by=cast.vera, **less)
    if draft.total_cents <= 0:
        return
    issued = actions.issue(draft, version=1, by=cast.vera)
    same_everywhere(vera, issued)
    first = Line.of(issued).first()
    part = {first.public_id: max(1, first.quantity_milli * share // 1000)}
    if actions.totals_of_credit_note(issued, {first.id: part[first.public_id]}).total > 0:
        same_everywhere(vera, actions.credit(issued, part, reason="Not held", by=cast.vera))


def same_everywhere(vera, invoice: Invoice) -> None:
    said = json.loads(invoice.snapshot)
    assert [line["net_cents"] for line in said["lines"]] == [line.net_cents for line in Line.of(invoice)]
    amounts = [line["net_cents"] for line in said["lines"]]
    amounts += [amount for rate in said["rates"] for amount in (rate["base_cents"], rate["tax_cents"])]
    shown = {plain(in_words(amount, said["currency"])) for amount in (*amounts, said["net_cents"], said["total_cents"])}
    tasks.draw.call_local(invoice.public_id)
    content = Invoice.get_by_id(invoice.id).document.content
    pdf = pypdf.PdfReader(io.BytesIO(content))
    for where, text in (
        ("page", words_of(vera.get(invoice.page).text)),
        ("PDF", plain(" ".join(page.extract_text() for page in pdf.pages))),
    ):
        assert not {amount for amount in shown if amount not in text}, (where, text)
    assert listed(vera, said) == said["total_cents"]
    assert booked(vera, said) == (said["net_cents"], said["tax_cents"], said["total_cents"])
    if einvoice.refusal_to_write(said) is None:
        written(pdf.attachments["factur-x.xml"][0], said)
    else:
        assert decimals(said["currency"]) > 2, "only dinars cannot be written"


def listed(vera, said) -> int:
    """The total in the list's row."""
    page = vera.get(f"/invoices/list?q={said['number']}").text
    [row] = [row for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL) if f">{said['number']}<" in row]
    [total] = re.findall(r't-total">(.*?)</td>', row, re.DOTALL)
    return cents(words_of(total), said["currency"])


def cents(text: str, currency: str) -> int:
    return abs(int(Decimal(re.sub(r"[^\d.]", "", text)).scaleb(decimals(currency))))


def booked(vera, said) -> tuple[int, int, int]:
    """Net, tax and gross of all its rows in the accountant's file."""
    page = vera.get(f"/books/documents.csv?period={said['issued_on'][:4]}").text
    rows = [row for row in csv.DictReader(io.StringIO(page.lstrip("\ufeff"))) if row["Number"] == said["number"]]
    assert len(rows) == len(said["rates"])
    sums = Counter({name: sum(Decimal(row[name]) for row in rows) for name in ("Net", "Tax", "Gross")})
    return tuple(abs(int(sums[name].scaleb(decimals(said["currency"])))) for name in ("Net", "Tax", "Gross"))


def written(xml: bytes, said) -> None:
    """The amounts of the electronic invoice."""
    root = ElementTree.fromstring(xml)

    def minor(name: str, within: ElementTree.Element = root) -> list[int]:
        found = within.iter(f"{RAM}{name}")
        return [int(Decimal(each.text).scaleb(decimals(said["currency"]))) for each in found]

    lines = [minor("LineTotalAmount", line) for line in root.iter(f"{RAM}IncludedSupplyChainTradeLineItem")]
    assert lines == [[line["net_cents"]] for line in said["lines"]]
    [settlement] = root.iter(f"{RAM}ApplicableHeaderTradeSettlement")
    rates = settlement.findall(f"{RAM}ApplicableTradeTax")
    assert sorted((minor("BasisAmount", rate)[0], minor("CalculatedAmount", rate)[0]) for rate in rates) == sorted(
        (rate["base_cents"], rate["tax_cents"]) for rate in said["rates"]
    )
    [sums] = root.iter(f"{RAM}SpecifiedTradeSettlementHeaderMonetarySummation")
    names = ("LineTotalAmount", "TaxBasisTotalAmount", "TaxTotalAmount", "GrandTotalAmount", "DuePayableAmount")
    told = ("subtotal_cents", "net_cents", "tax_cents", "total_cents", "total_cents")
    assert [minor(name, sums) for name in names] == [[said[name]] for name in told]

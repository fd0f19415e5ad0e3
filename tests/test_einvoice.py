"""Electronic invoices: what is written is valid, says the same amounts, and travels inside the PDF."""

import io
import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pypdf
import pytest
from facturx import get_facturx_xml_from_pdf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coachbase import einvoice
from coachbase.invoices import actions as invoices
from coachbase.invoices.models import History, Invoice
from coachbase.jobs import run_jobs
from coachbase.numbers.rules import Kind
from coachbase.payers import actions as payers
from coachbase.payers.models import Seller, TaxRate
from coachbase.payers.rules import Category
from coachbase.sums.rules import totals, totals_of_credit

SELLER = {
    "legal_name": "Northbank Ltd", "address": "1 Quay", "postcode": "E1 1AA", "city": "London", "country": "GB",
    "tax_id": "GB 123 4567 82", "tax_number": "", "register": "01234567", "email": "desk@northbank.example",
    "phone": "+44 20 7946 0000", "account_holder": "", "iban": "GB33 BUKB 2020 1555 5555 55", "bic": "BUKBGB22",
    "bank": "Northern", "payment_words": "", "foot": "Registered in England",
}  # fmt: skip
PAYER = {
    "legal_name": "Brightwater AG", "address": "Mill Lane 2\nHouse B\n3rd floor\nDesk 4", "postcode": "10115",
    "city": "Berlin", "country": "DE", "tax_id": "DE 136695976", "attention": "Accounts payable", "cost_centre": "4711",
    "reference": "04011000-1234-34", "email": "ap@brightwater.example",
}  # fmt: skip
NOTES = {
    Category.EXEMPT: "Small business: no VAT is charged",
    Category.REVERSE: "Reverse charge",
    Category.EXPORT: "Services to another country",
    Category.OUTSIDE: "Outside the scope of VAT",
}
RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"


def line(unit_cents=25_000, quantity_milli=1000, category=Category.STANDARD, rate_bps=2000, **values):
    said = {"text": "Coaching session", "detail": "", "unit": "E48", "discount_bps": 0, "supplied": [None, None]}
    rate = rate_bps if category is Category.STANDARD else 0
    return said | {
        "unit_cents": unit_cents,
        "quantity_milli": quantity_milli,
        "category": category,
        "rate_bps": rate,
        "tax_note": NOTES.get(category, ""),
        **values,
    }


def document(*lines, discount_bps=0, discount_cents=0, seller=None, payer=None, **values):
    """A snapshot as invoices.models.snapshot_of makes one, of lines that are no rows."""
    lines = lines or (line(),)
    reckoned = totals(
        [SimpleNamespace(**each) for each in lines], discount_bps=discount_bps, discount_cents=discount_cents
    )
    rows = [
        each | {"position": place, "net_cents": net}
        for place, (each, net) in enumerate(zip(lines, reckoned.lines, strict=True), start=1)
    ]
    notes = {(each["category"], each["rate_bps"]): each["tax_note"] for each in lines}
    return {
        "kind": Kind.INVOICE,
        "number": "2026-0001",
        "issued_on": "2026-11-20",
        "due_on": "2026-12-04",
        "term_days": 14,
        "currency": "EUR",
        "seller": SELLER | (seller or {}),
        "payer": PAYER | (payer or {}),
        "po_number": "",
        "words": "",
        "reason": "",
        "corrects": None,
        "supplied": ["2026-10-01", "2026-10-31"],
        "lines": rows,
        "discount": {"bps": discount_bps, "cents": reckoned.discount, "words": ""},
        "subtotal_cents": reckoned.subtotal,
        "net_cents": reckoned.net,
        "rates": [rate._asdict() | {"note": notes[rate.category, rate.rate_bps]} for rate in reckoned.rates],
        "tax_cents": reckoned.tax,
        "total_cents": reckoned.total,
    } | values


def of(category, **values):
    return line(category=category, **values)


MANY_RATES = (line(10_050), line(3333, 1500, rate_bps=700, discount_bps=1250), of(Category.ZERO), of(Category.EXEMPT))
SMALL = {"tax_id": "", "tax_number": "29/815/08151"}
CORRECTED = {"number": "2026-0001", "issued_on": "2026-11-02"}
DOCUMENTS = {
    "one line": document(),
    "a quantity of one and a half": document(line(19_999, 1500)),
    "a discount on a line": document(line(19_999, 1500, discount_bps=333)),
    "half cents": document(line(5, 500), line(15, 500), line(25, 500)),
    "a discount on all": document(line(), discount_bps=1000),
    "a discount in cents over two rates": document(line(10_001), line(333, rate_bps=700), discount_cents=777),
    "all that can stand beside each other": document(*MANY_RATES, discount_bps=777, discount_cents=11),
    "zero rate": document(of(Category.ZERO)),
    "exempt": document(of(Category.EXEMPT)),
    "a small business without a VAT number": document(of(Category.EXEMPT), seller=SMALL | {"register": ""}),
    "reverse charge": document(of(Category.REVERSE), discount_bps=500),
    "reverse charge beside what is taxed": document(line(), of(Category.REVERSE)),
    "export": document(of(Category.EXPORT), payer={"country": "US", "tax_id": "12-3456789"}),
    "outside the scope": document(of(Category.OUTSIDE), discount_cents=100),
    "outside, by who has a VAT number and no register": document(of(Category.OUTSIDE), seller={"register": ""}),
    "outside, by who has a tax number only": document(of(Category.OUTSIDE), seller=SMALL | {"register": ""}),
    "a tax number without a country": document(seller={"tax_id": "100123456700003", "country": "AE"}),
    "a Swiss number": document(line(rate_bps=810), currency="CHF", seller={"tax_id": "CHE-123.456.788 MWST"}),
    "yen": document(line(33_333, 1500, rate_bps=1000), line(1), currency="JPY", discount_bps=333),
    "a deposit taken off": document(line(900_000), line(-300_000, discount_bps=1000), line(-1, 500)),
    "what is taken off is more than a rate holds": document(line(90_000), line(-100, rate_bps=700), discount_bps=1000),
    "a discount over more than there is at a rate": document(
        line(50_000), of(Category.ZERO, unit_cents=-20_000), discount_cents=5000
    ),
    "a credit note": document(kind=Kind.CREDIT, number="CN-2026-0001", corrects=CORRECTED, reason="A session less"),
    "a credit note with a deposit in it": document(line(), line(-5000), kind=Kind.CREDIT, corrects=CORRECTED),
    "a late fee": document(of(Category.OUTSIDE, unit="C62"), kind=Kind.FEE, number="LF-2026-0001", corrects=CORRECTED),
    "without an account": document(seller={"iban": "", "bic": "", "payment_words": "By card at our desk."}),
    "an account without a BIC": document(seller={"bic": "", "account_holder": "Olive Marsh"}, currency="GBP"),
    "a PO number, words and a reason": document(po_number="PO 17", words="Thank you.\n\nSee you soon", reason="Late"),
    "a payer who is a person": document(
        payer={"tax_id": "", "attention": "", "cost_centre": "", "reference": "", "postcode": "", "city": ""}
    ),
    "days on the lines alone": document(
        line(supplied=["2026-10-01", "2026-10-31"]), line(supplied=[None, "2026-11-12"]), supplied=[None, None]
    ),
    "one day": document(supplied=[None, "2026-11-12"]),
    "no days": document(supplied=[None, None]),
    "due at once": document(term_days=0, due_on="2026-11-20"),
    "the longest and the largest": document(*(line(99_999_999, 999_999, text="Ω" * 500) for _ in range(60))),
    "signs of XML, and what nobody sees": document(
        line(text="<b>Bob & Co</b> ]]> \x00\x0b\ufffe\u202e", detail="\U0001f600 'quoted' \"twice\""), words="\x01"
    ),
    "a month of hours": document(line(unit="HUR"), line(unit="DAY"), line(unit="MON"), line(unit="C62")),
    "nothing in the firm's data but what must be": document(
        seller=dict.fromkeys(("postcode", "city", "register", "email", "phone", "foot", "bank"), "")
    ),
}


@pytest.mark.parametrize("snapshot", DOCUMENTS.values(), ids=DOCUMENTS)
def test_what_is_written_is_valid_against_schema_and_rules(snapshot):
    assert einvoice.refusal_to_write(snapshot) is None
    assert einvoice.faults_of(einvoice._xml_of(snapshot)) == []


def test_the_check_sees_a_wrong_sum_and_a_broken_document():
    xml = einvoice.written(document())
    wrong = xml.replace(b"<ram:GrandTotalAmount>300.00<", b"<ram:GrandTotalAmount>300.01<")
    assert any("BR-CO-15" in fault for fault in einvoice.faults_of(wrong))
    assert einvoice.faults_of(xml.replace(b"ram:GrandTotalAmount", b"ram:Total"))


REFUSED = [
    (document(line(), currency="KWD"), "two decimals"),
    (document(seller={"country": ""}), "firm’s country"),
    (document(payer={"country": ""}), "payer’s country"),
    (document(line(), of(Category.OUTSIDE)), "outside the scope"),
    (document(of(Category.REVERSE), payer={"tax_id": ""}), "payer’s VAT number"),
    (document(of(Category.REVERSE), payer={"tax_id": "136695976"}), "payer’s VAT number"),
    (document(of(Category.EXPORT), seller={"tax_id": "", "tax_number": "12"}), "firm’s VAT number"),
    (document(seller={"tax_id": "", "register": ""}), "tax number"),
]


@pytest.mark.parametrize(("snapshot", "why"), REFUSED)
def test_what_the_norm_cannot_say_is_refused_with_the_reason(snapshot, why):
    """And rightly: written all the same, the norm's own rules would refuse it."""
    assert why in einvoice.refusal_to_write(snapshot)
    assert einvoice.faults_of(einvoice._xml_of(snapshot))


def test_what_the_checks_refuse_is_not_sent(caplog):
    assert einvoice.written(document(payer={"country": "QQ"})) == b""
    assert "2026-0001" in caplog.text


# To the last cent -----------------------------------------------------------------------------------------------------

CATEGORIES = st.sampled_from([Category.STANDARD, Category.STANDARD, Category.ZERO, Category.EXEMPT, Category.REVERSE])
LINES = st.builds(
    line,
    unit_cents=st.integers(-50_000, 10_000_000),
    quantity_milli=st.integers(1, 100_000),
    category=CATEGORIES,
    rate_bps=st.sampled_from([500, 700, 810, 1900, 2000, 2550]),
    discount_bps=st.integers(0, 10_000),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(LINES, min_size=1, max_size=8),
    st.integers(0, 3000),
    st.integers(0, 10_000),
    st.sampled_from(["EUR", "GBP", "JPY"]),
    st.sampled_from(list(Kind)),
)
def test_whatever_is_billed_the_norm_holds_and_the_amounts_are_those_of_the_document(
    lines, discount_bps, discount_cents, currency, kind
):
    snapshot = document(
        *lines,
        discount_bps=discount_bps,
        discount_cents=discount_cents,
        currency=currency,
        kind=kind,
        corrects=CORRECTED,
    )
    xml = einvoice._xml_of(snapshot)
    assert einvoice.faults_of(xml) == []
    root, factor = ElementTree.fromstring(xml), 1 if currency == "JPY" else 100
    said = [int(Decimal(each.text) * factor) for each in root.iter(f"{RAM}LineTotalAmount")]
    assert said == [each["net_cents"] for each in snapshot["lines"]] + [snapshot["subtotal_cents"]]
    for name, cents in (
        ("TaxBasisTotalAmount", snapshot["net_cents"]),
        ("TaxTotalAmount", snapshot["tax_cents"]),
        ("GrandTotalAmount", snapshot["total_cents"]),
        ("DuePayableAmount", snapshot["total_cents"]),
    ):
        assert [int(Decimal(each.text) * factor) for each in root.iter(f"{RAM}{name}")] == [cents]
    assert all(Decimal(each.text) >= 0 for each in root.iter(f"{RAM}ChargeAmount"))
    assert all(Decimal(each.text) >= 0 for each in root.iter(f"{RAM}ActualAmount"))


@settings(max_examples=100, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=5), st.integers(0, 3000), st.data())
def test_a_credit_note_over_a_part_is_valid_however_it_was_rounded(lines, discount_bps, data):
    priced = [SimpleNamespace(**each) for each in lines]
    parts = [sorted((data.draw(st.integers(0, 1000)), data.draw(st.integers(0, 1000)))) for _ in lines]
    before, now = ([each["quantity_milli"] * part[place] // 1000 for each, part in zip(lines, parts, strict=True)]
                   for place in (0, 1))  # fmt: skip
    now = [after - taken for after, taken in zip(now, before, strict=True)]
    assume(any(now))
    reckoned = totals_of_credit(priced, before, now, discount_bps=discount_bps)
    taken = [each | {"quantity_milli": quantity} for each, quantity in zip(lines, now, strict=True) if quantity]
    snapshot = document(*taken, kind=Kind.CREDIT, corrects=CORRECTED) | {
        "lines": [
            each | {"position": place, "net_cents": net}
            for place, (each, net) in enumerate(zip(taken, reckoned.lines, strict=True), start=1)
        ],
        "discount": {"bps": 0, "cents": reckoned.discount, "words": ""},
        "subtotal_cents": reckoned.subtotal,
        "net_cents": reckoned.net,
        "rates": [rate._asdict() | {"note": NOTES.get(rate.category, "")} for rate in reckoned.rates],
        "tax_cents": reckoned.tax,
        "total_cents": reckoned.total,
    }
    assert einvoice.faults_of(einvoice._xml_of(snapshot)) == []


def test_a_line_says_what_it_is_and_how_it_was_reckoned():
    root = ElementTree.fromstring(einvoice.written(document(line(-19_999, 1500, discount_bps=1000))))
    item = next(root.iter(f"{RAM}IncludedSupplyChainTradeLineItem"))
    assert item.find(f".//{RAM}ChargeAmount").text == "199.99"
    assert item.find(f".//{RAM}BilledQuantity").text == "-1.5"
    assert item.find(f".//{RAM}ActualAmount").text == "30.00", "a tenth of 299.99, which comes back: a charge"
    assert item.find(f".//{RAM}LineTotalAmount").text == "-269.99"


@pytest.mark.parametrize(
    ("kind", "code", "pays"), [(Kind.INVOICE, "380", True), (Kind.CREDIT, "381", False), (Kind.FEE, "380", True)]
)
def test_a_document_says_what_kind_it_is_and_whether_it_is_to_be_paid(kind, code, pays):
    root = ElementTree.fromstring(einvoice.written(document(kind=kind, corrects=CORRECTED)))
    assert next(root.iter(f"{RAM}TypeCode")).text == code
    assert bool(list(root.iter(f"{RAM}IBANID"))) is pays
    assert next(root.iter(f"{RAM}InvoiceReferencedDocument")).find(f"{RAM}IssuerAssignedID").text == "2026-0001"


# Inside the PDF -------------------------------------------------------------------------------------------------------

DATA = {
    "made_at": "2026-11-20T09:00:00+00:00",
    "firm": {"name": "Northbank", "logo": ""},
    "client": {"name": "Bob Haddad", "line": ""},
    "coach": "",
    "subtitle": "",
    "blocks": [],
}
"""A page of ours; what it shows does not matter here."""
MARKER = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def test_the_xml_travels_in_a_pdf_that_says_so_and_is_the_same_each_time():
    pdf = einvoice.render("plan", DATA, document(), marker=MARKER).content
    read = pypdf.PdfReader(io.BytesIO(pdf))
    assert dict(read.attachments) == {"factur-x.xml": [einvoice.written(document())]}
    assert get_facturx_xml_from_pdf(pdf)[0] == "factur-x.xml", "another's reader finds it, too"
    (attached,) = read.root_object["/AF"]
    assert attached.get_object()["/AFRelationship"] == "/Alternative"
    assert "Bob Haddad" in read.pages[0].extract_text()
    assert pdf.startswith(b"%PDF-1.7")
    assert pdf.count(b"coachbase" + MARKER.encode()) >= 3, "it is recognised when it was changed"
    assert pdf == einvoice.render("plan", DATA, document(), marker=MARKER).content


def test_it_is_meant_to_be_kept_as_far_as_that_can_be_read_without_a_validator():
    read = pypdf.PdfReader(io.BytesIO(einvoice.render("plan", DATA, document(), marker=MARKER).content))
    metadata = read.root_object["/Metadata"].get_data()
    told = ElementTree.fromstring(metadata[metadata.index(b"<x:xmpmeta") : metadata.rindex(b"<?xpacket")])
    said = [tag.rpartition("}")[2] for tag in (each.tag for each in told.iter()) if tag.startswith(PDFA)]
    assert sorted(said) == ["ConformanceLevel", "DocumentFileName", "DocumentType", "Version", "conformance", "part"]
    assert len(list(told.iter("{http://www.aiim.org/pdfa/ns/extension/}schemas"))) == 1, "no property twice"
    (meant,) = (each for each in told.iter(f"{SCHEMA}namespaceURI") if each.text.startswith("urn:factur-x:"))
    assert meant.text in said_in(told), "what is said is explained"
    (intent,) = read.root_object["/OutputIntents"]
    assert intent.get_object()["/S"] == "/GTS_PDFA1"
    assert len(read.trailer["/ID"]) == 2
    fonts = [font.get_object() for page in read.pages for font in page["/Resources"]["/Font"].values()]
    for font in fonts:
        drawn = font["/DescendantFonts"][0].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(drawn["/FontDescriptor"]), "every font is inside"


PDFA = ("{http://www.aiim.org/pdfa/ns/id", "{urn:factur-x")
SCHEMA = "{http://www.aiim.org/pdfa/ns/schema#}"


def said_in(told):
    """The namespaces of all that is said."""
    return {each.tag[1:].partition("}")[0] for each in told.iter()}


def test_what_cannot_be_an_electronic_invoice_is_a_plain_document():
    rendered = einvoice.render("plan", DATA, document(currency="KWD"), marker=MARKER)
    assert not rendered.is_electronic
    assert "two decimals" in rendered.why_not
    read = pypdf.PdfReader(io.BytesIO(rendered.content))
    assert not read.attachments
    assert "Bob Haddad" in read.pages[0].extract_text()


def test_whatever_goes_wrong_with_the_data_the_document_is_drawn_and_the_log_says_why(caplog):
    broken = document()
    del broken["lines"][0]["unit"]
    rendered = einvoice.render("plan", DATA, broken, marker=MARKER)
    assert (rendered.is_electronic, rendered.why_not) == (False, "It could not be written. The server’s log says why.")
    assert "Bob Haddad" in pypdf.PdfReader(io.BytesIO(rendered.content)).pages[0].extract_text()
    assert "KeyError" in caplog.text


@pytest.mark.parametrize("missing", ["drafthorse", "facturx", "saxonche"])
def test_without_the_extra_documents_are_plain_and_nothing_breaks(missing, tmp_path):
    (tmp_path / "told.json").write_text(json.dumps([DATA, document()]))
    (tmp_path / "draw.py").write_text(WITHOUT)
    ended = subprocess.run(
        [sys.executable, "draw.py", missing],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(einvoice.__file__).parents[1])},
    )
    assert ended.returncode == 0, ended.stderr
    assert not pypdf.PdfReader(io.BytesIO((tmp_path / "drawn.pdf").read_bytes())).attachments


WITHOUT = """
import json, sys
from pathlib import Path

if __name__ == "__main__":
    sys.modules[sys.argv[1]] = None  # as if it were not installed
    from coachbase import einvoice

    assert not einvoice.is_installed()
    data, snapshot = json.loads(Path("told.json").read_text())
    drawn = einvoice.render("plan", data, snapshot, marker="")
    assert not drawn.is_electronic and not drawn.why_not
    Path("drawn.pdf").write_bytes(drawn.content)
"""


def test_what_is_issued_is_stored_with_its_electronic_invoice_and_says_so(cast):
    issued = issue(cast, payer_country="DE")
    pdf = pypdf.PdfReader(io.BytesIO(issued.document.content))
    (xml,) = pdf.attachments["factur-x.xml"]
    root = ElementTree.fromstring(xml)
    assert next(root.iter(f"{RAM}GrandTotalAmount")).text == "300.00"
    assert "£300.00" in pdf.pages[0].extract_text()
    assert issued.history.order_by(History.id.desc()).first().words.endswith("electronic invoice inside (EN 16931)")


def test_the_history_says_why_a_document_has_no_electronic_invoice(cast):
    issued = issue(cast, payer_country="")
    assert not pypdf.PdfReader(io.BytesIO(issued.document.content)).attachments
    assert "payer’s country" in issued.history.order_by(History.id.desc()).first().words


def issue(cast, *, payer_country):
    rate = TaxRate.create(name="VAT", rate_bps=2000)
    Seller.create(legal_name="Northbank Ltd", address="1 Quay", country="GB", tax_id="GB123456782", rate=rate)
    payer = payers.payer_for(cast.bob)
    payer.address, payer.country = "2 Mill Lane", payer_country
    payer.save()
    coaching = invoices.NewLine("Coaching session", 25_000, rate=rate, client=cast.bob, supplied_to=date(2026, 11, 20))
    draft = invoices.draft(payer, [coaching], currency="GBP", by=cast.vera)
    issued = invoices.issue(draft, version=1, by=cast.vera)
    run_jobs()
    return Invoice.get_by_id(issued.id)

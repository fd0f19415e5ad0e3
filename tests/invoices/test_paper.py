"""What the payer gets: the page that is drawn, the code on it, and the mail that carries it."""

import io
import json
from base64 import b64encode
from dataclasses import asdict
from datetime import date

import pypdf
import pypdfium2
import pytest
import zxingcpp

from coachbase import clock, jobs, paper
from coachbase.clients import actions as clients
from coachbase.clients.models import Contact
from coachbase.engagements.models import Engagement, Participant
from coachbase.errors import Refused
from coachbase.firm.models import Firm
from coachbase.invoices import actions, tasks
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import History, Invoice
from coachbase.invoices.rules import Unit, as_read, period_in_words, transfer_of
from coachbase.links.models import Link
from coachbase.mail.models import Message
from coachbase.mail.rules import LINK_PLACE
from coachbase.payers import actions as payers
from coachbase.payers.models import Payer, Seller, TaxRate

MADE_AT = "2026-11-23T10:00:00+00:00"
SELLER = {
    "legal_name": "Northbank Ltd", "address": "1 Quay", "postcode": "E1 6AN", "city": "London", "country": "GB",
    "tax_id": "GB123456789", "tax_number": "", "register": "Companies House 01234567", "email": "", "phone": "",
    "account_holder": "", "iban": "DE02120300000000202051", "bic": "BYLADEM1001", "bank": "", "payment_words": "",
    "foot": "Thank you.",
}  # fmt: skip
PAYER = {
    "legal_name": "Brightwater plc", "address": "2 Mill Lane", "postcode": "80331", "city": "München", "country": "DE",
    "tax_id": "DE136695976", "attention": "Accounts", "cost_centre": "HR-410", "reference": "",
}  # fmt: skip


def line(text="Coaching session", cents=25_000, **other):
    return {
        "text": text, "detail": "", "unit_cents": cents, "quantity_milli": 1000, "unit": "E48", "discount_bps": 0,
        "rate_bps": 2000, "category": "S", "tax_note": "", "supplied": ["2026-11-01", "2026-11-30"], "net_cents": cents,
    } | other  # fmt: skip


def said(*lines, **other):
    """A snapshot with these lines; its sums are those of one taxed at 20 %."""
    lines = list(lines) or [line()]
    net = sum(each["net_cents"] for each in lines)
    rate = {"category": "S", "rate_bps": 2000, "base_cents": net, "tax_cents": net // 5, "name": "VAT", "note": ""}
    return {
        "kind": "invoice", "number": "2026-0012", "issued_on": "2026-11-23", "due_on": "2026-12-07", "term_days": 14,
        "currency": "EUR", "seller": SELLER, "payer": PAYER, "po_number": "4500", "words": "", "reason": "",
        "corrects": None, "supplied": [None, None], "lines": lines, "discount": {"bps": 0, "cents": 0, "words": ""},
        "subtotal_cents": net, "net_cents": net, "rates": [rate], "tax_cents": net // 5, "total_cents": net + net // 5,
    } | other  # fmt: skip


def drawn(snapshot, logo="") -> bytes:
    """The page of a snapshot, by the template that the worker uses."""
    pays = transfer_of(snapshot["seller"], snapshot["currency"], snapshot["total_cents"], snapshot["number"])
    data = paper.drawn(asdict(as_read(snapshot))) | {
        "firm": {"name": "Northbank", "logo": logo}, "made_at": MADE_AT, "xml": "",
        "code": paper.transfer_code(*pays) if pays else "",
    }  # fmt: skip
    return paper.render("invoice", data, marker="01JD2C0000000000000000007K", standard="a-3b")


def pages(pdf: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def codes(pdf: bytes) -> list[str]:
    """What a camera reads from the first page."""
    picture = pypdfium2.PdfDocument(pdf)[0].render(scale=3).to_pil()
    return [code.text for code in zxingcpp.read_barcodes(picture)]


# The page -------------------------------------------------------------------------------------------------------------


def test_the_page_says_all_that_an_invoice_must_say():
    (page,) = pages(drawn(said(line(detail="60 minutes", quantity_milli=3000, net_cents=75_000))))
    for words in (
        "Northbank Ltd · 1 Quay · London E1 6AN",
        "Brightwater plc Accounts 2 Mill Lane 80331 München Germany",
        "Invoice 2026-0012",
        "Date 23 November 2026",
        "Supplied November 2026",
        "Due 7 December 2026",
        "Your PO number 4500",
        "Your cost centre HR-410",
        "Your VAT ID DE136695976",
        "Coaching session 60 minutes November 2026 3 sessions €250.00 €750.00",
        "Net €750.00",
        "VAT 20 % on €750.00 €150.00",
        "To pay €900.00",
        "Please pay €900.00 by 7 December 2026, within 14 days.",
        "IBAN DE02 1203 0000 0000 2020 51",
        "Reference 2026-0012",
        "VAT ID GB123456789",
        "Companies House 01234567",
        "Thank you.",
        "Page 1 of 1",
    ):
        assert words in page, words


def test_the_same_snapshot_gives_the_same_bytes_and_another_other_ones():
    assert drawn(said()) == drawn(said())
    assert drawn(said()) != drawn(said(number="2026-0013"))


def test_the_file_is_meant_to_be_kept_for_decades():
    file = pypdf.PdfReader(io.BytesIO(drawn(said())))
    kept = file.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in kept
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in kept


def test_forty_lines_go_over_pages_that_count_and_each_repeats_the_head_of_the_table():
    found = pages(drawn(said(*(line(f"Session number {n}", detail="With Alice Kern") for n in range(1, 41)))))
    assert len(found) > 2
    for number, page in enumerate(found[:-1], start=1):
        assert f"Page {number} of {len(found)}" in page
        assert "What Quantity Price Amount" in page
        assert "Invoice 2026-0012" in page
    whole = " ".join(found)
    assert all(f"Session number {n} With Alice Kern" in whole for n in range(1, 41))


def test_no_line_is_torn_at_the_end_of_a_page():
    parts = [[f"Part{n}x{k}" for k in range(14)] for n in range(1, 13)]
    found = pages(drawn(said(*(line(detail="\n".join(each)) for each in parts))))
    assert len(found) > 3
    torn = [each[0] for each in parts if not any(" ".join(each) in page for page in found)]
    assert torn == []


def test_long_names_stay_on_the_page_and_a_line_longer_than_a_page_loses_nothing():
    long = "word " * 1500 + "the end"
    payer = PAYER | {"legal_name": "Verylongname" * 20, "address": "\n".join(f"Line {n}" for n in range(9))}
    found = pages(drawn(said(line(long, cents=10**11), payer=payer)))
    assert len(found) >= 4, "it runs off the page"
    assert "the end" in found[-1] + found[-2]
    assert "Line 8" in found[0]
    assert "€1,200,000,000.00" in " ".join(found)


@pytest.mark.parametrize(
    ("currency", "cents", "amount"),
    [("JPY", 250_000, "JP¥250,000"), ("KWD", 250_125, "KWD 250.125"), ("CHF", 5, "CHF 0.05")],
)
def test_amounts_have_the_decimals_of_their_currency(currency, cents, amount):
    (page,) = pages(drawn(said(line(cents=cents), currency=currency)))
    assert f"1 session {amount} {amount}" in page.replace("\N{NO-BREAK SPACE}", " ")


def test_without_tax_the_reason_stands_there_once():
    note = "Reverse charge: VAT to be accounted for by the recipient"
    rate = {"category": "AE", "rate_bps": 0, "base_cents": 25_000, "tax_cents": 0, "name": "", "note": note}
    lines = [line(category="AE", rate_bps=0, tax_note=note)] * 2
    (page,) = pages(drawn(said(*lines, rates=[rate], tax_cents=0, total_cents=25_000)))
    assert "Reverse charge on €250.00 €0.00" in page
    assert page.count("accounted for by the recipient") == 1


def test_a_discount_and_two_rates_stand_in_the_sums_and_beside_the_lines():
    rates = [
        {"category": "S", "rate_bps": bps, "base_cents": 1000, "tax_cents": bps // 10, "name": "VAT", "note": ""}
        for bps in (2000, 500)
    ]
    discount = {"bps": 500, "cents": 1000, "words": "For a whole year"}
    lines = [line(discount_bps=1000), line(rate_bps=500)]
    (page,) = pages(drawn(said(*lines, rates=rates, discount=discount)))
    assert "What Quantity Price Discount Tax Amount" in page
    assert "10 % 20 %" in page
    assert "Subtotal €500.00 For a whole year, 5 % -€10.00 Net" in page.replace("−", "-")
    assert "VAT 20 % on €10.00 €2.00 VAT 5 % on €10.00 €0.50" in page


def test_a_credit_note_says_what_it_corrects_and_why_and_asks_for_nothing():
    before = {"number": "2026-0012", "issued_on": "2026-11-03"}
    snapshot = said(kind="credit", number="CN-2026-0001", corrects=before, reason="Billed twice.")
    (page,) = pages(drawn(snapshot | {"seller": SELLER | {"payment_words": "By card, too."}}))
    assert "Credit note CN-2026-0001 Billed twice." in page
    assert "Corrects invoice 2026-0012 Its date 3 November 2026" in page
    assert "€300.00 is taken off invoice 2026-0012. Nothing is to be paid." in page
    assert not [words for words in ("Please pay", "IBAN", "By card", "Due") if words in page]


def test_a_late_fee_says_for_which_invoice():
    snapshot = said(kind="fee", number="LF-2026-0001", corrects={"number": "2026-0012", "issued_on": "2026-11-03"})
    (page,) = pages(drawn(snapshot))
    assert "Late fee LF-2026-0001" in page
    assert "For invoice 2026-0012" in page
    assert "Please pay €300.00" in page


def test_the_logo_stands_on_the_page_and_what_is_data_is_never_read_as_code():
    picture = pypdfium2.PdfDocument(drawn(said()))[0].render().to_pil()
    written = io.BytesIO()
    picture.crop((0, 0, 64, 64)).save(written, "PNG")
    logo = b64encode(written.getvalue()).decode()
    hostile = '#import "x.typ": * $x^2$ *bold* \\ <label> @ref // no comment "quoted"'
    pdf = drawn(said(line(hostile)), logo)
    assert hostile.replace('"', "") in pages(pdf)[0].replace('"', "")
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].images) == 1


# The code for banking apps --------------------------------------------------------------------------------------------


def test_a_banking_app_reads_account_amount_and_number_from_the_page():
    (code,) = codes(drawn(said()))
    assert code.splitlines()[:4] == ["BCD", "002", "1", "SCT"]
    assert code.splitlines()[4:7] == ["BYLADEM1001", "Northbank Ltd", "DE02120300000000202051"]
    assert code.splitlines()[7:] == ["EUR300", "", "", "2026-0012"]


@pytest.mark.parametrize(
    "other",
    [
        {"currency": "GBP"},
        {"seller": SELLER | {"iban": ""}},
        {"seller": SELLER | {"iban": "12-34-56 12345678"}},
        {"total_cents": 0},
        {"total_cents": 100_000_000_000},
    ],
)
def test_where_no_transfer_can_be_said_there_is_no_code(other):
    assert codes(drawn(said(**other))) == []


def test_the_longest_holder_and_words_still_fit_into_a_code():
    long = SELLER | {"account_holder": "Ж" * 90, "bic": "no bic"}
    pays = transfer_of(long, "EUR", 99_999_999_999, "é" * 300)
    assert len(pays.holder) == 70
    assert len(pays.words.encode()) <= 140
    assert pays.bic == ""
    assert paper.transfer_code(*pays).startswith("<svg")


# Days -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ((2026, 11, 1), (2026, 11, 30), "November 2026"),
        ((2026, 10, 1), (2026, 12, 31), "October to December 2026"),
        ((2025, 12, 1), (2026, 1, 31), "December 2025 to January 2026"),
        ((2026, 11, 3), (2026, 11, 17), "3 to 17 November 2026"),
        ((2026, 10, 28), (2026, 11, 3), "28 October to 3 November 2026"),
        ((2025, 12, 28), (2026, 1, 3), "28 December 2025 to 3 January 2026"),
        ((2024, 2, 29), (2024, 2, 29), "29 February 2024"),
    ],
)
def test_whole_months_are_named_and_other_days_are_counted(first, last, words):
    assert period_in_words(date(*first), date(*last)) == words
    assert period_in_words(None, None) == ""


# From issuing to the mailbox ------------------------------------------------------------------------------------------


@pytest.fixture
def seller(cast) -> Seller:
    rate = TaxRate.create(name="VAT", rate_bps=2000)
    return Seller.create(rate=rate, **SELLER)


@pytest.fixture
def bob_pays(cast, seller) -> Payer:
    payer = payers.payer_for(cast.bob)
    payer.address = "2 Mill Lane"
    payer.save()
    return payer


@pytest.fixture
def sponsor_pays(cast, seller) -> Payer:
    payer = payers.payer_for(cast.brightwater)
    payer.address, payer.email, payer.attention = "2 Mill Lane", "ap@brightwater.example", "Accounts payable"
    payer.save()
    return payer


def coaching(cast, **other) -> NewLine:
    told = {
        "text": "Coaching session", "unit_cents": 25_000, "unit": Unit.SESSION, "rate": TaxRate.get(),
        "client": cast.bob, "coach": cast.alice, "supplied_from": date(2026, 11, 4), "supplied_to": date(2026, 11, 18),
    }  # fmt: skip
    return NewLine(**(told | other))


def issued(cast, payer, *lines, currency="EUR", **other) -> Invoice:
    draft = actions.draft(payer, lines or [coaching(cast)], currency=currency, by=cast.vera, **other)
    return actions.issue(draft, version=draft.version, by=cast.vera)


def mails() -> list[Message]:
    return list(Message.select().order_by(Message.id))


def test_what_is_issued_is_drawn_from_its_snapshot_and_mailed_with_it(cast, bob_pays):
    invoice = issued(cast, bob_pays)
    assert mails() == []
    jobs.run_jobs()
    (mail,) = mails()
    kept = Invoice.get_by_id(invoice.id).document
    assert (mail.to_address, mail.reply_to, mail.document) == (cast.bob.email, cast.vera.email, kept)
    assert mail.subject == f"{invoice.label} from Northbank"
    assert (mail.client, mail.about, mail.by) == (cast.bob, invoice.public_id, cast.vera)
    assert "Hello Bob," in mail.text
    assert "To pay: €300.00" in mail.text
    assert LINK_PLACE in mail.text
    assert f"{invoice.number}" in pages(kept.content)[0]
    assert codes(kept.content)[0].splitlines()[-1] == invoice.number


def test_no_amount_stands_in_a_subject(cast, bob_pays):
    issued(cast, bob_pays)
    jobs.run_jobs()
    assert "300" not in mails()[0].subject


def test_what_the_server_took_comes_with_its_pdf_and_a_link_and_the_history_says_so(cast, bob_pays, smtp):
    invoice = issued(cast, bob_pays)
    jobs.run_jobs()
    (letter,) = smtp.messages
    (attached,) = letter.iter_attachments()
    assert attached.get_filename() == f"{invoice.label}.pdf"
    assert "To pay €300.00" in pages(attached.get_content())[0]
    assert "/p/invoice/open/" in letter.get_body(("plain",)).get_content()
    assert f"Invoice sent to {cast.bob.email}" in [row.words for row in History.of(invoice)]


def test_a_sponsor_reads_months_and_never_a_day_of_a_session(cast, sponsor_pays, bob_pays):
    for_sponsor, for_bob = issued(cast, sponsor_pays), issued(cast, bob_pays)
    assert "4 to 18 November 2026" in str(as_read(json.loads(for_bob.snapshot)))
    jobs.run_jobs()
    page = pages(Invoice.get_by_id(for_sponsor.id).document.content)[0]
    assert "Coaching session November 2026" in page
    assert "18" not in json.dumps(json.loads(for_sponsor.snapshot)["lines"])
    assert "4 to 18" not in page


def test_an_office_is_greeted_by_its_name_and_gets_its_copy(cast, sponsor_pays):
    sponsor_pays.copy_to = "archive@brightwater.example"
    sponsor_pays.save()
    issued(cast, sponsor_pays)
    jobs.run_jobs()
    assert {mail.to_address: mail.text.splitlines()[0] for mail in mails()} == {
        "ap@brightwater.example": "Hello Accounts payable,",
        "archive@brightwater.example": "Hello Brightwater,",
    }
    assert len({mail.link_id for mail in mails()}) == 2


def test_about_several_clients_the_mail_stands_in_nobodys_room(cast, sponsor_pays):
    ann = type(cast.bob).create(
        name="Ann Ito", organisation=cast.brightwater, coach=cast.alice, search_key="ann", created_at=clock.now()
    )
    issued(cast, sponsor_pays, coaching(cast), coaching(cast, client=ann))
    jobs.run_jobs()
    assert mails()[0].client is None


def test_the_mail_is_seen_behind_the_walls_of_the_invoice(cast, bob_pays):
    issued(cast, bob_pays)
    jobs.run_jobs()
    seen = [user for user in (cast.olive, cast.alice, cast.vera, cast.carol) if Message.visible_to(user).exists()]
    assert seen == [cast.olive, cast.alice, cast.vera]
    assert LINK_PLACE not in mails()[0].text_shown
    assert "/open/" not in mails()[0].text_shown + mails()[0].html_shown


def test_that_nobody_is_known_any_more_is_said_in_its_history(cast, bob_pays):
    invoice = issued(cast, bob_pays)
    cast.bob.email = ""
    cast.bob.save()
    jobs.run_jobs()
    assert mails() == []
    assert "Not mailed" in History.of(invoice).first().words


def test_a_credit_note_is_mailed_as_one(cast, bob_pays):
    invoice = issued(cast, bob_pays)
    actions.credit(invoice, reason="Billed twice.", by=cast.vera)
    jobs.run_jobs()
    mail = mails()[-1]
    assert mail.kind == "credit_note"
    assert f"It corrects {invoice.label}." in mail.text
    assert "Credited: €300.00" in mail.text


def test_what_the_fonts_cannot_draw_is_said_before_anything_is_issued(cast, bob_pays):
    with pytest.raises(Refused, match="cannot draw “語”"):
        issued(cast, bob_pays, coaching(cast, text="Coaching 語"))
    assert Invoice.get().number is None
    invoice = issued(cast, bob_pays)
    with pytest.raises(Refused, match="cannot draw “語”"):
        actions.credit(invoice, reason="Billed 語", by=cast.vera)
    assert Invoice.select().where(Invoice.kind_name == "credit").count() == 0


def test_an_issued_invoice_is_drawn_whatever_the_firm_is_called_by_then(cast, bob_pays):
    invoice = issued(cast, bob_pays)
    Firm.update(name="語").execute()
    jobs.run_jobs()
    invoice = Invoice.get_by_id(invoice.id)
    assert invoice.problem == ""
    assert pages(invoice.document.content)[0].startswith("?")


def test_nothing_but_the_snapshot_is_read_for_the_page(cast, bob_pays):
    invoice = issued(cast, bob_pays)
    before = tasks.data_of(invoice)
    Seller.update(legal_name="Other Ltd", iban="").execute()
    Payer.update(legal_name="Somebody").execute()
    TaxRate.update(name="Other").execute()
    assert tasks.data_of(Invoice.get_by_id(invoice.id)) == before


# Mailing again, and other mailboxes -----------------------------------------------------------------------------------


def living(kind: str, subject: str) -> int:
    return Link.select().where(Link.kind == kind, Link.subject == subject, Link.revoked_at.is_null()).count()


def test_mailed_again_the_links_mailed_before_die(cast, bob_pays):
    invoice = issued(cast, bob_pays)
    with pytest.raises(Refused, match="no PDF"):
        actions.mail_again(invoice, by=cast.vera)
    jobs.run_jobs()
    first = mails()[0].link
    actions.mail_again(invoice, by=cast.vera)
    assert Link.get_by_id(first.id).revoked_at
    assert living("invoice", invoice.public_id) == 1
    assert [mail.state_name for mail in mails()] == ["cancelled", "queued"]


def test_nobody_to_mail_it_to_is_said(cast, bob_pays):
    invoice = issued(cast, bob_pays)
    jobs.run_jobs()
    cast.bob.email = ""
    cast.bob.save()
    with pytest.raises(Refused, match="Nobody is known"):
        actions.mail_again(invoice, by=cast.vera)


def test_another_address_shuts_old_links_and_what_waited_goes_there(cast, bob_pays):
    waiting, gone = issued(cast, bob_pays), issued(cast, bob_pays)
    jobs.run_jobs()
    Message.update(state_name="sent").where(Message.about == gone.public_id).execute()
    old, new = cast.bob.email, "bob@home.example"
    clients.change(cast.bob, {"email": new}, version=cast.bob.version, by=cast.vera)
    assert living("invoice", gone.public_id) == 0
    assert [mail.to_address for mail in mails() if mail.about == waiting.public_id] == [old, new]
    assert "Mail it again" in History.of(gone).first().words


# Who reads what -------------------------------------------------------------------------------------------------------


@pytest.fixture
def engagement(cast) -> Engagement:
    made = Engagement.create(
        client=cast.bob, coach=cast.alice, name="Leadership 6", sessions=6, currency="GBP", state_name="active",
        starts_on=clock.now().date(), created_at=clock.now(),
    )  # fmt: skip
    Participant.create(engagement=made, contact=cast.sam, pays=True)
    return made


def test_a_contact_who_pays_sees_the_programs_that_are_paid_and_others_of_the_sponsor_see_none(
    cast, sponsor_pays, engagement
):
    sponsor_pays.email = ""
    sponsor_pays.save()
    tess = Contact.create(
        organisation=cast.brightwater,
        name="Tess Moor",
        role_name="hr",
        email="tess@brightwater.example",
        search_key="tess",
    )
    invoice = issued(cast, sponsor_pays, coaching(cast, engagement=engagement))
    assert list(Invoice.for_contact(cast.sam)) == [invoice]
    assert list(Invoice.for_contact(tess)) == []
    assert actions.link_to_open(sponsor_pays, "sam@brightwater.example")[0].subject == cast.sam.public_id
    jobs.run_jobs()
    assert [mail.to_address for mail in mails()] == ["sam@brightwater.example"]
    assert "Hello Sam," in mails()[0].text


def test_who_has_the_payers_own_address_sees_all_of_the_sponsor(cast, sponsor_pays):
    sponsor_pays.email = "Sam@Brightwater.example"
    sponsor_pays.save()
    invoice = issued(cast, sponsor_pays)
    assert list(Invoice.for_contact(cast.sam)) == [invoice]
    assert actions.link_to_open(sponsor_pays, "sam@brightwater.example")[0].subject == sponsor_pays.public_id


def test_bob_is_never_shown_what_his_sponsor_pays(cast, sponsor_pays, bob_pays):
    issued(cast, sponsor_pays)
    own = issued(cast, bob_pays)
    assert list(Invoice.for_client(cast.bob)) == [own]

"""The payer's pages behind links: the four doors, what stands there, and that looking changes nothing."""

import io
import re
from base64 import b64decode
from datetime import timedelta

import pypdf
import pytest
import typst
import zxingcpp
from PIL import Image

from coachbase import clock, jobs
from coachbase.engagements.models import Engagement, Participant
from coachbase.invoices import actions
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import History, Invoice
from coachbase.invoices.rules import Entry, Unit
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.payers import actions as payers
from coachbase.payers.models import Payer, Seller, TaxRate
from coachbase.portal import actions as portal
from tests.safety.digest import digest


@pytest.fixture
def seller(cast) -> Seller:
    return Seller.create(
        legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789", iban="DE02120300000000202051",
        bic="BYLADEM1001", payment_words="By card on request.", rate=TaxRate.create(name="VAT", rate_bps=2000),
    )  # fmt: skip


@pytest.fixture
def bob_pays(cast, seller) -> Payer:
    payer = payers.payer_for(cast.bob)
    payer.address = "2 Mill Lane"
    payer.save()
    return payer


@pytest.fixture
def sponsor_pays(cast, seller) -> Payer:
    payer = payers.payer_for(cast.brightwater)
    payer.address, payer.email, payer.po_number = "2 Mill Lane", "ap@brightwater.example", "4500"
    payer.save()
    return payer


@pytest.fixture
def bob_owes(cast, bob_pays) -> Invoice:
    return issued(cast, bob_pays)


def issued(cast, payer, *, days=0, currency="EUR", **other) -> Invoice:
    told = {
        "text": "Coaching session", "unit_cents": 25_000, "quantity_milli": 2000, "unit": Unit.SESSION,
        "rate": TaxRate.get(), "client": cast.bob, "coach": cast.alice,
    }  # fmt: skip
    with clock.pretend(clock.now() - timedelta(days=days)):
        line = NewLine(**({"supplied_to": clock.now().date()} | told | other))
        draft = actions.draft(payer, [line], currency=currency, by=cast.vera)
        return actions.issue(draft, version=1, by=cast.vera)


@pytest.fixture
def program(cast) -> Engagement:
    return Engagement.create(
        client=cast.bob, coach=cast.alice, name="Six sessions", sessions=6, currency="GBP", state_name="active",
        starts_on=clock.now().date(), created_at=clock.now(),
    )  # fmt: skip


@pytest.fixture
def come(app, stranger):
    """A browser that came by a link."""

    def by(kind: str, subject):
        browser = app.test_client()
        token = links.issue(kind, subject.public_id, lasts=timedelta(days=1))[1]
        assert browser.get(f"/p/{kind}/open/{token}").status_code == 303
        return browser

    return by


def words(answer) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.text).replace("&nbsp;", " ").replace("\N{NO-BREAK SPACE}", " ")
    return " ".join(text.split())


def pay(cast, invoice, cents) -> None:
    actions.post(invoice, Entry.PAYMENT, cents, clock.now().date(), by=cast.vera)


# The four doors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["invoice", "invoices"])
@pytest.mark.parametrize("state", ["expired", "revoked", "unknown", "of another kind"])
def test_a_link_that_is_no_good_finds_nothing(stranger, bob_owes, bob_pays, kind, state):
    subject = (bob_owes if kind == "invoice" else bob_pays).public_id
    token = "nosuchtoken"
    if state == "of another kind":
        token = links.issue({"invoice": "invoices", "invoices": "invoice"}[kind], subject, lasts=timedelta(days=1))[1]
    elif state != "unknown":
        link, token = links.issue(kind, subject, lasts=timedelta(days=1))
        change = {"expires_at": clock.now()} if state == "expired" else {"revoked_at": clock.now()}
        Link.update(**change).where(Link.id == link.id).execute()
    assert stranger.get(f"/p/{kind}/open/{token}").status_code == 404
    assert stranger.get(f"/p/{kind}").status_code == 404
    assert stranger.post(f"/p/{kind}/document").status_code in (404, 405)


def test_a_draft_has_no_page_whatever_link_there_is(cast, bob_pays, come):
    draft = actions.draft(bob_pays, [NewLine("Coaching", 100)], currency="EUR", by=cast.vera)
    assert come("invoice", draft).get("/p/invoice").status_code == 404
    assert come("invoices", bob_pays).get("/p/invoices").status_code == 404


def test_staff_who_sign_in_have_no_way_in_without_a_link(vera, bob_owes):
    assert vera.get("/p/invoice").status_code == 404


def test_the_link_in_the_mail_leads_to_the_page(bob_owes, smtp, stranger):
    jobs.run_jobs()
    letter = smtp.messages[0].get_body(("plain",)).get_content()
    (path,) = re.findall(r"http://localhost(/p/invoice/open/\S+)", letter)
    assert stranger.get(path).headers["Location"] == "/p/invoice"
    assert bob_owes.label in words(stranger.get("/p/invoice"))


# Looking --------------------------------------------------------------------------------------------------------------


def test_looking_three_times_changes_nothing_and_is_no_view(come, bob_owes, bob_pays):
    jobs.run_jobs()
    one, all_of_them = come("invoice", bob_owes), come("invoices", bob_pays)
    before = digest()
    for _ in range(3):
        for browser, page in (
            (one, "/p/invoice"), (all_of_them, "/p/invoices"), (all_of_them, f"/p/invoices/{bob_owes.public_id}"),
        ):  # fmt: skip
            assert browser.get(page).status_code == 200
            browser.head(page)
    assert digest() == before
    assert Invoice.get().viewed_at is None


@pytest.mark.parametrize("way", ["invoice", "invoices"])
def test_who_asks_for_the_pdf_gets_it_and_has_seen_it(come, bob_owes, bob_pays, way):
    jobs.run_jobs()
    browser = come(way, bob_owes if way == "invoice" else bob_pays)
    path = "/p/invoice" if way == "invoice" else f"/p/invoices/{bob_owes.public_id}"
    assert f'action="{path}/document"' in browser.get(path).text
    answer = browser.post(f"{path}/document")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert bob_owes.number in pypdf.PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
    browser.post(f"{path}/document")
    assert Invoice.get().viewed_at
    assert (
        len([row for row in History.of(bob_owes) if "seen" in row.words.lower() or "opened" in row.words.lower()]) == 1
    )


def test_before_it_is_drawn_there_is_no_button_and_nothing_breaks(come, bob_owes):
    browser = come("invoice", bob_owes)
    assert "Download" not in browser.get("/p/invoice").text
    assert browser.post("/p/invoice/document").headers["Location"] == "/p/invoice"
    assert Invoice.get().viewed_at is None


def test_the_page_is_kept_by_nobody_and_runs_one_script_of_ours(come, bob_owes):
    answer = come("invoice", bob_owes).get("/p/invoice")
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert re.findall(r"<script[^>]*>", answer.text) == re.findall(
        r'<script src="/static/js/copy.js[^>]*>', answer.text
    )
    assert " style=" not in answer.text


# What stands there ----------------------------------------------------------------------------------------------------


def test_the_page_says_what_it_is_for_how_much_until_when_and_how_to_pay(come, bob_owes):
    said = words(come("invoice", bob_owes).get("/p/invoice"))
    for each in (
        f"Invoice {bob_owes.number}",
        "From Northbank Ltd to Bob Haddad.",
        "To be paid €600.00 Please pay it by",
        "IBAN DE02 1203 0000 0000 2020 51",
        "Amount €600.00",
        f"Reference {bob_owes.number}",
        "By card on request.",
        "Coaching session",
        "2 sessions × €250.00 €500.00",
        "Net €500.00 VAT 20 % on €500.00 €100.00 To pay €600.00",
        "vera@northbank.example",
        "Not Bob Haddad?",
    ):
        assert each in said, each


def test_what_is_copied_is_what_a_bank_takes(come, bob_owes):
    page = come("invoice", bob_owes).get("/p/invoice").text
    assert re.findall(r'data-copy="([^"]*)"', page) == [
        "Northbank Ltd", "DE02120300000000202051", "BYLADEM1001", "600.00", bob_owes.number,
    ]  # fmt: skip


def scanned(page: str) -> str:
    """What a banking app reads from the picture on the page."""
    (picture,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    drawing = '#set page(width: 300pt, height: 300pt)\n#image(bytes(sys.inputs.svg), format: "svg", width: 100%)'
    png = typst.compile(drawing.encode(), format="png", sys_inputs={"svg": b64decode(picture).decode()})
    return zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))[0].text


def test_the_code_says_what_is_open_now(cast, come, bob_owes):
    browser = come("invoice", bob_owes)
    assert scanned(browser.get("/p/invoice").text).splitlines()[7] == "EUR600"
    pay(cast, bob_owes, 15_050)
    page = browser.get("/p/invoice")
    assert scanned(page.text).splitlines()[7:] == ["EUR449.5", "", "", bob_owes.number]
    assert "€449.50 That is what is still open of €600.00." in words(page)


def test_what_is_paid_credited_disputed_or_late_says_so_and_asks_for_nothing_wrong(cast, bob_pays, come):
    paid, credited, disputed, late = (issued(cast, bob_pays, days=30) for _ in range(4))
    pay(cast, paid, paid.total_cents)
    note = actions.credit(credited, reason="Billed twice.", by=cast.vera)
    actions.dispute(disputed, "Not held", by=cast.vera)
    told = {
        paid: "Paid €600.00 Thank you.",
        credited: "Credited €600.00 A credit note took it back.",
        disputed: "Being looked into €600.00 You told us that something is not right.",
        note: "Credited €600.00 There is nothing to pay.",
    }
    for invoice, sentence in told.items():
        said = words(come("invoice", invoice).get("/p/invoice"))
        assert sentence in said
        assert "How to pay" not in said
    said = words(come("invoice", late).get("/p/invoice"))
    assert "Still open €600.00 It was due on" in said
    assert "If you have paid meanwhile: thank you." in said
    assert "How to pay" in said


def test_pounds_have_no_code_and_the_rest_stands_there(cast, come, bob_pays):
    page = come("invoice", issued(cast, bob_pays, currency="GBP")).get("/p/invoice")
    assert "data:image" not in page.text
    assert "Amount £600.00" in words(page)


def test_what_the_firm_changed_since_changes_nothing_of_what_was_issued(come, bob_owes):
    Seller.update(iban="GB82WEST12345698765432", legal_name="Other Ltd").execute()
    said = words(come("invoice", bob_owes).get("/p/invoice"))
    assert "DE02 1203 0000 0000 2020 51" in said
    assert "Other Ltd" not in said


def test_scripts_in_a_line_are_words(cast, come, bob_pays):
    hostile = "<script>alert(1)</script>"
    page = come("invoice", issued(cast, bob_pays, text=hostile, detail=hostile)).get("/p/invoice").text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)") == 2


def test_this_device_can_forget_the_page(come, bob_owes, bob_pays):
    for kind, subject in (("invoice", bob_owes), ("invoices", bob_pays)):
        browser = come(kind, subject)
        assert browser.post(f"/p/{kind}/leave").headers["Location"] == "/p/left"
        assert browser.get(f"/p/{kind}").status_code == 404


# All that is open -----------------------------------------------------------------------------------------------------


def test_one_link_lists_all_that_is_open_the_longest_due_first_and_what_is_settled(cast, come, bob_pays):
    paid, late, new = (issued(cast, bob_pays, days=days) for days in (60, 30, 0))
    pounds = issued(cast, bob_pays, currency="GBP")
    pay(cast, paid, paid.total_cents)
    browser = come("invoices", bob_pays)
    said = words(browser.get("/p/invoices"))
    assert "3 invoices are open For Bob Haddad: €1,200.00 and £600.00." in said
    assert said.index(late.label) < said.index(new.label) < said.index("Settled") < said.index(paid.label)
    assert pounds.label in words(browser.get(f"/p/invoices/{pounds.public_id}"))


def test_when_all_is_settled_it_says_thank_you(cast, come, bob_owes, bob_pays):
    pay(cast, bob_owes, bob_owes.total_cents)
    assert "Nothing is open" in words(come("invoices", bob_pays).get("/p/invoices"))


def test_a_link_to_all_leads_to_nobody_elses(cast, come, bob_owes, sponsor_pays):
    theirs = issued(cast, sponsor_pays)
    browser = come("invoices", sponsor_pays)
    assert browser.get(f"/p/invoices/{theirs.public_id}").status_code == 200
    assert browser.get(f"/p/invoices/{bob_owes.public_id}").status_code == 404
    assert browser.post(f"/p/invoices/{bob_owes.public_id}/document").status_code == 404


def test_no_page_asks_more_often_however_many_there_are(cast, come, bob_pays, queries):
    for days in range(12):
        issued(cast, bob_pays, days=days)
    browser = come("invoices", bob_pays)
    with queries() as statements:
        browser.get("/p/invoices")
    assert len(statements) <= 15


# From a person's own page ---------------------------------------------------------------------------------------------


def test_bob_finds_on_his_own_page_what_he_owes_and_what_he_paid(cast, come, bob_pays):
    bob = come("client", cast.bob)
    assert "invoice" not in words(bob.get("/p/client")).lower()
    owed = issued(cast, bob_pays)
    assert "An invoice is open" in words(bob.get("/p/client"))
    onward = bob.post(f"/p/client/invoices/{cast.bob.public_id}")
    assert onward.headers["Location"] == "/p/invoices"
    page = bob.get("/p/invoices").text
    assert owed.label in page
    assert 'href="/p/client"' in page
    pay(cast, owed, owed.total_cents)
    said = words(bob.get("/p/client"))
    assert "An invoice is open" not in said
    assert "Your invoices Open them all" in said


def test_bob_learns_nothing_of_what_his_sponsor_pays(cast, come, sponsor_pays):
    theirs = issued(cast, sponsor_pays)
    bob = come("client", cast.bob)
    assert "nvoice" not in bob.get("/p/client").text
    path = f"/p/client/invoices/{cast.bob.public_id}"
    assert bob.post(path).status_code == 404
    assert come("invoices", cast.bob).get(f"/p/invoices/{theirs.public_id}").status_code == 404


def test_of_a_sponsors_contacts_only_who_pays_finds_the_invoices(cast, come, sponsor_pays, program):
    taking_part = Participant.create(engagement=program, contact=cast.sam, reads=True)
    invoice, other = issued(cast, sponsor_pays, engagement=program), issued(cast, sponsor_pays)
    sam = come("sponsor", cast.sam)
    path = f"/p/sponsor/invoices/{cast.sam.public_id}"
    assert "nvoice" not in sam.get("/p/sponsor").text
    assert sam.post(path).status_code == 404
    taking_part.pays = True
    taking_part.save()
    assert "An invoice is open" in words(sam.get("/p/sponsor"))
    sam.post(path)
    assert invoice.label in sam.get("/p/invoices").text
    assert other.label not in sam.get("/p/invoices").text


def test_who_gets_a_new_link_to_the_own_page_shuts_what_the_old_one_led_to(cast, come, bob_owes, program):
    bob = come("client", cast.bob)
    bob.post(f"/p/client/invoices/{cast.bob.public_id}")
    assert bob.get("/p/invoices").status_code == 200
    portal.mail_anew(cast.bob, by=cast.vera)
    assert bob.get("/p/invoices").status_code == 404


def test_who_goes_back_and_forth_without_end_is_asked_to_wait(cast, come, bob_owes):
    bob = come("client", cast.bob)
    for _ in range(actions.ADMITTED):
        assert bob.post(f"/p/client/invoices/{cast.bob.public_id}").status_code == 303
    assert bob.post(f"/p/client/invoices/{cast.bob.public_id}").status_code == 429

"""On an invoice: what was sent, what comes next, and the acts; walls, bad input, and no writing by looking."""

from datetime import date
from io import BytesIO
from urllib.parse import urlencode

import pytest
from pypdf import PdfReader

from coachbase.dunning import actions, tasks
from coachbase.dunning.models import Dun, Letter, Pause
from coachbase.invoices import actions as invoices
from coachbase.invoices.models import History, Invoice
from coachbase.invoices.rules import Entry
from coachbase.jobs import run_jobs
from coachbase.mail import actions as mail
from coachbase.mail.models import MailText, Message
from coachbase.numbers.rules import Kind
from coachbase.payers.models import Payer, Seller
from tests.dunning.conftest import at, deliver, issued, mails_of, strike
from tests.dunning.test_actions import _dan, reminded_thrice

NONSENSE = ["", "a" * 1_000_000, "2026-13-45", "99999-01-01", "9" * 400, "\x00", "\ud800", "-1", "<script>"]


def page_of(browser, invoice: Invoice, path: str = "reminders", *, day: int = 19, **options) -> str:
    with at(day):
        return browser.get(f"{invoice.page}/{path}", **options).get_data(as_text=True)


def post(browser, invoice: Invoice, path: str, *, day: int = 19, **data):
    sent = urlencode(data, errors="surrogatepass")
    with at(day):
        return browser.post(f"{invoice.page}/{path}", data=sent, content_type="application/x-www-form-urlencoded")


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


# What was sent --------------------------------------------------------------------------------------------------------


def test_it_says_what_comes_next_and_what_was_sent(invoice, vera):
    assert "by the clock, from Thu 19 Nov" in page_of(vera, invoice, day=17)
    (letter,) = strike(19)
    deliver(letter)
    shown = page_of(vera, invoice, day=20)
    assert "Friendly reminder" in shown
    assert "by the clock, from Mon 30 Nov" in shown
    assert f"{invoice.page}/reminders/{letter.public_id}/pdf" in shown


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        ("disputed", "The payer disputes it"),
        ("resting", "No reminders until Tue 24 Nov"),
        ("handed", "It was handed to the owner"),
        ("paid", "Nothing is open of it"),
        ("unreached", "did not arrive, so the payer could not pay"),
    ],
)
def test_it_says_why_nobody_is_reminded(invoice, vera, cast, happened, said):
    with at(18):
        match happened:
            case "disputed":
                invoices.dispute(invoice, "Not ours", by=cast.vera)
            case "resting":
                actions.rest(invoice, date(2026, 11, 24), "", by=cast.vera)
            case "handed":
                actions.hand_over(invoice, "They are silent", by=cast.vera)
            case "paid":
                invoices.post(invoice, Entry.PAYMENT, 30_000, date(2026, 11, 18), by=cast.vera)
            case "unreached":
                Message.delete().execute()
    assert said in page_of(vera, invoice)


def test_after_the_last_reminder_it_says_to_call(invoice, sign_in):
    reminded_thrice()
    with at(20, month=12):
        assert "call them" in sign_in("vera").get(f"{invoice.page}/reminders").get_data(as_text=True)


def test_the_rail_gets_the_panel_alone(invoice, vera):
    shown = page_of(vera, invoice, headers={"HX-Request": "true"})
    assert 'id="reminders"' in shown
    assert "<html" not in shown


def test_a_draft_has_nothing_to_do_with_reminders(invoice, vera, cast, brightwater):
    draft = invoices.draft(brightwater, [], currency="GBP", by=cast.vera)
    assert vera.get(f"{draft.page}/reminders").status_code == 404


PLACES = ("reminders", "reminders/new", "reminders/new.pdf", "rest", "call", "hand-over", "fee")


@pytest.mark.parametrize("path", PLACES)
def test_carol_finds_nothing(invoice, carol, vera, path):
    with at(19):
        assert carol.get(f"{invoice.page}/{path}").status_code == 404
        assert vera.get(f"{invoice.page}/{path}").status_code == 200


@pytest.mark.parametrize("path", ["reminders", "rest", "go-on", "call", "hand-over", "fee"])
def test_carol_does_nothing(invoice, carol, path):
    answer = post(carol, invoice, path, words="x", until="2026-12-01", way="fixed", amount="40")
    assert answer.status_code == 404
    assert (Letter.select().count(), Pause.select().count()) == (0, 0)
    assert Invoice.select().where(Invoice.kind_name == Kind.FEE).count() == 0


def test_a_letter_is_opened_by_who_sees_all_that_stands_in_it(cast, brightwater, invoice, vera, carol, olive):
    other = issued(cast, brightwater, client=_dan(cast))
    (letter,) = strike(19)
    paths = [f"{each.page}/reminders/{letter.public_id}/pdf" for each in (invoice, other)]
    assert [olive.get(path).status_code for path in paths] == [200, 200]
    assert [vera.get(path).status_code for path in paths] == [404, 404]
    assert [carol.get(path).status_code for path in paths] == [404, 404]
    shown = page_of(vera, invoice)
    assert "Friendly reminder" in shown
    assert other.number not in shown
    assert "/pdf" not in shown


def test_looking_changes_nothing(invoice, vera):
    with at(19):
        for path in PLACES:
            vera.get(f"{invoice.page}/{path}")
        vera.get(f"{invoice.page}/fee?way=interest&percent=9")
    counts = [model.select().count() for model in (Letter, Dun, Pause)]
    assert (counts, Invoice.select().count()) == ([0, 0, 0], 1)


def test_the_panel_asks_no_more_for_many_letters_than_for_few(invoice, vera, queries):
    def asked() -> int:
        with queries() as statements:
            page_of(vera, invoice, day=31 - 1)
        return len(statements)

    strike(19)
    few = asked()
    strike(30)
    strike(14, month=12)
    assert asked() <= few <= 15


# Reminding now --------------------------------------------------------------------------------------------------------


def test_mail_and_letter_are_shown_before_they_are_sent(invoice, vera):
    shown = page_of(vera, invoice, "reminders/new", day=17)
    assert "Friendly reminder" in shown
    assert "A friendly reminder from Northbank" in shown
    assert "[personal link]" in shown
    assert "ap@brightwater.example" in shown
    with at(17):
        said = text_of(vera.get(f"{invoice.page}/reminders/new.pdf").data)
    assert f"Invoice {invoice.number}" in said
    assert Letter.select().count() == 0


def test_send_it_now_sends_what_was_shown(invoice, vera):
    answer = post(vera, invoice, "reminders", day=17)
    assert (answer.status_code, answer.location) == (303, invoice.page)
    with at(17):
        run_jobs()
    assert [len(mails_of(letter)) for letter in Letter.select()] == [1]
    assert post(vera, invoice, "reminders", day=17).status_code == 422


def test_what_cannot_be_reminded_of_says_why_in_place_of_the_preview(invoice, vera):
    shown = page_of(vera, invoice, "reminders/new", day=10)
    assert "It is not late." in shown
    assert "Send it now" not in shown


# The letter -----------------------------------------------------------------------------------------------------------


def letter_text(letter: Letter) -> str:
    return text_of(letter.document.content)


def test_the_letter_says_what_is_open_since_when_and_how_to_pay(cast, brightwater, invoice):
    other = issued(cast, brightwater, cents=10_000, on=4)
    (letter,) = strike(19)
    said = letter_text(letter)
    assert "Brightwater plc Accounts payable 2 Mill Lane" in said
    assert f"Invoice {invoice.number} 2 November 2026 16 November 2026 3 days £300.00" in said
    assert f"Invoice {other.number} 4 November 2026 18 November 2026 1 day £120.00" in said
    assert "Open in GBP £420.00" in said
    assert "GB82 WEST 1234 5698 7654 32" in said
    assert f"Reference {invoice.number}, {other.number}" in said
    assert "/p/" not in said


def test_sums_are_never_added_across_currencies(cast, brightwater, invoice):
    issued(cast, brightwater, cents=40_000, currency="KWD")
    said = letter_text(strike(19)[0])
    assert "Open in GBP £300.00" in said
    assert "Open in KWD KWD 48.000" in said.replace("\xa0", " ")


def test_an_invoice_in_euro_carries_a_code_for_banking_apps(cast, brightwater):
    import pypdfium2
    import zxingcpp

    Seller.update(iban="DE02120300000000202051", bic="BYLADEM1001").execute()
    invoice = issued(cast, brightwater, currency="EUR")
    (letter,) = strike(19)
    picture = pypdfium2.PdfDocument(letter.document.content)[0].render(scale=3).to_pil()
    (code,) = zxingcpp.read_barcodes(picture)
    lines = code.text.split("\n")
    assert (lines[0], lines[6], lines[7]) == ("BCD", "DE02120300000000202051", "EUR300")
    assert invoice.number in code.text


def test_the_firms_own_words_stand_in_mail_and_letter(invoice):
    body = "Dear {{name}},\n\nplease look at **{{invoices}}**:\n\n[Look]({{link}})\n\nYours, {{firm}}"
    mail.save_text("invoice_reminder_friendly", version=0, subject="{{firm}}", body=body)
    (letter,) = strike(19)
    assert "Dear Accounts payable, please look at invoice" in letter_text(letter)
    assert "Yours, Northbank" in letter_text(letter)
    assert "Look at" not in letter_text(letter)
    assert mails_of(letter)[0].text.startswith("Dear Accounts payable,\n\nplease look at invoice")


def test_what_a_name_holds_is_never_read_as_markdown(invoice, brightwater):
    Payer.update(attention="**Bold** & {{link}} <b>").where(Payer.id == brightwater.id).execute()
    assert "Hello **Bold** & {{link}} <b>," in letter_text(strike(19)[0])


def test_a_name_the_fonts_do_not_know_stops_no_letter(invoice, brightwater):
    Payer.update(attention="山田 Taro", legal_name="株式会社").where(Payer.id == brightwater.id).execute()
    assert "Hello ?? Taro," in letter_text(strike(19)[0])


def test_the_same_letter_gives_the_same_bytes(invoice):
    (letter,) = strike(19)
    said = tasks.said_of(letter, list(letter.addressees))
    assert tasks.draw(said, letter.at, marker=letter.public_id) == letter.document.content


def test_the_first_reminder_speaks_of_the_one_before(invoice):
    deliver(strike(19)[0])
    (letter,) = strike(30)
    assert "we wrote to you on 19 November 2026" in letter_text(letter)


def test_each_text_has_a_place_for_what_is_open():
    assert all(tasks.PLACE in MailText.in_force(kind).body for kind in tasks.KINDS.values())


# Resting, calling, handing over ---------------------------------------------------------------------------------------


def test_a_rest_is_kept_and_ended(invoice, vera):
    assert post(vera, invoice, "rest", until="2026-11-30", reason="They asked").status_code == 303
    assert Pause.get().until == date(2026, 11, 30)
    assert "They asked" in page_of(vera, invoice)
    assert post(vera, invoice, "go-on").status_code == 303
    assert Pause.select().count() == 0
    assert post(vera, invoice, "go-on").status_code == 422


def test_a_day_that_has_passed_is_refused_beside_its_field_and_what_was_typed_stays(invoice, vera):
    answer = post(vera, invoice, "rest", until="2026-11-18", reason="They asked")
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Choose a day to come." in shown
    assert "They asked" in shown


def test_a_call_is_noted_and_rests_until_the_promised_day(invoice, alice):
    assert post(alice, invoice, "call", words="Next week", until="2026-11-27").status_code == 303
    assert History.select().where(History.words == "Called: Next week").count() == 1
    assert Pause.get().until == date(2026, 11, 27)


def test_a_call_without_a_promise_rests_nothing(invoice, vera):
    assert post(vera, invoice, "call", words="Nobody there").status_code == 303
    assert Pause.select().count() == 0


def test_handing_over_tells_the_owner(invoice, vera, olive):
    assert post(vera, invoice, "hand-over", words="They will not pay").status_code == 303
    with at(19):
        assert invoice.number in olive.get("/reminders").get_data(as_text=True)
        assert invoice.number not in vera.get("/reminders").get_data(as_text=True)


def test_what_waits_for_us_stands_on_today_with_its_act(invoice, sign_in):
    reminded_thrice()
    with at(22, month=12):
        vera, alice, carol = map(sign_in, ("vera", "alice", "carol"))
        shown = vera.get("/reminders", headers={"HX-Request": "true"}).get_data(as_text=True)
        assert f"Call Brightwater: {invoice.number}" in shown
        assert f"{invoice.page}/call" in shown
        assert "36 days late" in shown
        assert 'hx-get="/reminders"' in vera.get("/").get_data(as_text=True)
        assert invoice.number not in alice.get("/reminders").get_data(as_text=True)
        assert invoice.number not in carol.get("/reminders").get_data(as_text=True)


def test_a_mail_that_never_arrived_leads_to_the_address(cast, brightwater, vera):
    invoice = issued(cast, brightwater, sent=False)
    with at(19):
        shown = vera.get("/reminders").get_data(as_text=True)
    assert invoice.number in shown
    assert f"/sponsors/{cast.brightwater.public_id}/billing" in shown


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("path", ["rest", "call", "hand-over", "fee"])
def test_nonsense_gets_a_sentence(invoice, vera, path, nonsense):
    fields = {"until": nonsense, "words": nonsense, "way": nonsense, "amount": nonsense, "percent": nonsense}
    assert post(vera, invoice, path, **fields).status_code in (303, 422)
    if path == "fee":
        for way in ("fixed", "interest"):
            assert post(vera, invoice, path, **(fields | {"way": way})).status_code == 422


# Late fees ------------------------------------------------------------------------------------------------------------


def test_interest_is_shown_before_it_becomes_a_draft(invoice, vera):
    shown = page_of(vera, invoice, "fee?way=interest&percent=9", day=30)
    assert "It comes to £1.04." in shown  # 300.00 * 9 % * 14 / 365 = 1.0356…
    assert "9 % a year on £300.00 for 14 days after 16 November 2026, to 30 November 2026" in shown
    assert Invoice.select().count() == 1


def test_the_firms_own_amount_is_offered_in_its_own_currency_alone(cast, brightwater, invoice, vera):
    euro = issued(cast, brightwater, currency="EUR")
    assert 'value="40.00"' in page_of(vera, invoice, "fee")
    assert 'value="40.00"' not in page_of(vera, euro, "fee")


def test_a_fee_becomes_a_draft_that_is_looked_at_and_then_issued(invoice, vera):
    answer = post(vera, invoice, "fee", day=30, way="fixed", amount="40")
    fee = Invoice.get(Invoice.kind_name == Kind.FEE)
    assert (answer.status_code, answer.location) == (303, fee.page)
    assert (fee.net_cents, fee.total_cents, fee.corrects, fee.state) == (4_000, 4_000, invoice, "draft")
    with at(30):
        shown = vera.get(fee.page).get_data(as_text=True)
        assert "Fixed charge for late payment, due on 16 November 2026." in shown
        assert vera.post(f"{fee.page}/issue", data={"version": fee.version}).status_code == 303
    assert Invoice.get_by_id(fee.id).number == "LF-2026-0001"


def test_a_second_fee_is_made_only_when_that_is_said(invoice, vera):
    post(vera, invoice, "fee", day=30, way="fixed", amount="40")
    assert post(vera, invoice, "fee", day=30, way="fixed", amount="40").status_code == 422
    assert "Another one" in page_of(vera, invoice, "fee", day=30)
    assert post(vera, invoice, "fee", day=30, way="fixed", amount="40", another="y").status_code == 303


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"way": "fixed", "amount": ""}, "Type an amount above zero, such as 40.00."),
        ({"way": "fixed", "amount": "0"}, "Type an amount above zero"),
        ({"way": "fixed", "amount": "1.234"}, "Type an amount above zero"),
        ({"way": "interest", "percent": ""}, "Type a percentage above 0, up to 30 %."),
        ({"way": "interest", "percent": "30.01"}, "Type a percentage above 0, up to 30 %."),
        ({"way": "interest", "percent": "0.01"}, "That comes to nothing."),
    ],
)
def test_what_is_no_fee_is_refused_beside_its_field(invoice, vera, fields, said):
    answer = post(vera, invoice, "fee", day=30, **fields)
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)


def test_what_is_not_late_bears_no_fee(invoice, vera):
    assert "It is not late." in page_of(vera, invoice, "fee", day=16)
    assert post(vera, invoice, "fee", day=16, way="fixed", amount="40").status_code == 422

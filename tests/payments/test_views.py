"""The bank's page, a line of it, its files, and what came in on an invoice."""

import re
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.invoices.models import Invoice, Posting
from coachbase.payments import actions
from coachbase.payments.actions import Part
from coachbase.payments.models import BankColumns, BankFile, BankLine
from coachbase.payments.rules import LineState
from tests.payments.banks import CAMT_OLD, FINTECH, GERMAN, UK, US
from tests.payments.conftest import MONDAY, open_cents

BANK, FILES = "/payments", "/payments/files"
HTMX = {"HX-Request": "true", "HX-Target": "bank"}


def words(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def bring(browser, content: bytes, name: str = "bank.csv"):
    """The body is written out: Werkzeug's test client leaves temporary files of big ones open."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--x--\r\n"
    return browser.post(FILES, data=body, content_type="multipart/form-data; boundary=x")


def of(line: BankLine) -> str:
    return f"{BANK}/lines/{line.public_id}"


def match(browser, line: BankLine, invoice: Invoice, **more):
    sent = {"invoice": invoice.public_id, "version": 1, "seen": open_cents(invoice)}
    return browser.post(f"{of(line)}/match", data=sent | more)


# Files ----------------------------------------------------------------------------------------------------------------


def test_an_xml_file_is_read_at_once_and_twice_adds_nothing(vera, monday):
    assert bring(vera, CAMT_OLD, "november.xml").location == BANK
    assert "4 new lines in november.xml." in words(vera.get(BANK))
    bring(vera, CAMT_OLD, "again.xml")
    assert "Nothing new in again.xml; 4 had been read before." in words(vera.get(BANK))
    assert BankLine.select().count() == 4


@pytest.mark.parametrize(
    ("content", "said", "count"),
    [
        (UK, {}, 4),
        (GERMAN, {"currency": "EUR"}, 3),
        (US, {"currency": "USD"}, 2),
        (FINTECH, {}, 2),
    ],
    ids=["British", "German", "American", "of several currencies"],
)
def test_what_columns_hold_is_said_once_for_a_bank(vera, monday, content, said, count):
    here = bring(vera, content).location
    page = vera.get(here)
    sent = {f"column-{n}": field for n, field in enumerate(chosen(page.text))}
    answer = vera.post(here, data={"order": "", "decimal": "", "currency": "GBP"} | sent | said)
    assert answer.location == BANK, words(answer)
    assert (BankLine.select().count(), BankColumns.select().count()) == (count, 1)
    assert bring(vera, content).location == BANK, "the next one is read at once"
    assert BankLine.select().count() == count


def chosen(html: str) -> list[str]:
    """What the page proposes for each column."""
    found = []
    for select in re.findall(r'<select id="column-\d+".*?</select>', html, re.DOTALL):
        picked = re.search(r'value="(\w*)" selected', select)
        found.append(picked[1] if picked else "")
    return found


def test_lines_that_are_not_understood_are_shown_and_left_out_when_somebody_says_so(vera, monday):
    here = bring(vera, b"Date,Amount\n2026-11-20,12.00\nsoon,13.00\n").location
    sent = {"column-0": "on", "column-1": "amount", "order": "", "decimal": ".", "currency": "GBP"}
    page = vera.post(here, data=sent)
    assert page.status_code == 422
    assert "Line 3: The day is not understood." in words(page)
    assert BankLine.select().count() == 0
    assert vera.post(here, data=sent | {"leave_out": "y"}).location == BANK
    assert BankLine.select().count() == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Choose a file from your bank first."),
        (b"PK\x03\x04rest", "Unpack it"),
        (b"\x00\x01\x02", "not text"),
        (b"one line", "headings"),
        (b"<a/>", "no account statement"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "entities"),
        (b"a,b\n" + b"x" * 5_000_001, "5 MB"),
    ],
)
def test_a_file_that_cannot_be_read_gets_a_sentence(vera, monday, content, sentence):
    answer = bring(vera, content)
    assert (answer.status_code, sentence in words(answer)) == (422, True)
    assert BankFile.select().count() == 0


def test_a_file_on_its_way_in_is_its_own_person_s(vera, olive, carol, alice, monday):
    here = bring(vera, UK).location
    for browser in (olive, carol, alice):
        assert browser.get(here).status_code == 404
        assert browser.post(here).status_code == 404
        assert browser.post(f"{here}/put-away").status_code == 404
    assert vera.post(f"{here}/put-away").location == FILES
    assert BankFile.select().count() == 0


def test_coaches_have_no_business_with_the_bank(alice, carol, came):
    line = came(30_000, "2026-0001")
    for browser in (alice, carol):
        for address in (BANK, FILES, of(line)):
            assert browser.get(address).status_code == 404
        for address in (FILES, f"{BANK}/book", f"{BANK}/ignore", of(line), f"{of(line)}/match", f"{of(line)}/reopen"):
            assert browser.post(address).status_code == 404
        assert ">Bank<" not in browser.get("/invoices").text


# Lines ----------------------------------------------------------------------------------------------------------------


def ticked(browser) -> list[str]:
    """What the form of what fits for sure would send."""
    page = browser.get(BANK).text
    return [value.replace("&#39;", "'") for value in re.findall(r'id="sure-\w+" name="line" value="([^"]+)"', page)]


def test_what_fits_for_sure_is_ticked_and_booked_by_one_button(vera, issue, came):
    invoices = [issue(300), issue(200)]
    came(30_000, "2026-0001"), came(20_000, "2026 2")
    page = words(vera.get(BANK))
    assert "Fits for sure 2" in page
    assert all(open_cents(invoice) for invoice in invoices), "nothing is booked by looking"
    assert vera.post(f"{BANK}/book", data={"line": ticked(vera)}).location == BANK
    assert "2 lines are booked." in words(vera.get(BANK))
    assert [open_cents(invoice) for invoice in invoices] == [0, 0]
    assert vera.post(f"{BANK}/book", data={}).status_code == 422


def test_a_second_click_on_book_books_nothing_more(vera, issue, came):
    issue(300)
    came(30_000, "2026-0001")
    sent = {"line": ticked(vera), "once": "the same form"}
    assert [vera.post(f"{BANK}/book", data=sent).location for _ in range(2)] == [BANK, BANK]
    assert Posting.select().count() == 1


def test_a_doubtful_line_stands_beside_what_it_may_pay_with_the_difference(vera, issue, came):
    issue(300)
    came(25_000, "invoice 1", "Bob Haddad")
    page = words(vera.get(BANK))
    assert "To be decided 1" in page
    assert "Invoice 2026-0001 Bob Haddad · £300.00 open · due Mon 7 Dec number half read name alike" in page
    assert "leaves £50.00 open" in page


def test_a_match_answers_htmx_with_the_lines_as_they_stand_and_an_undo(vera, issue, came):
    invoice, line = issue(300), came(25_000, "", "Bob Haddad")
    sent = {"invoice": invoice.public_id, "version": 1, "seen": 30_000}
    answer = vera.post(f"{of(line)}/match", data=sent, headers=HTMX)
    assert answer.text.lstrip().startswith('<div class="stack bank" id="bank"')
    assert "Booked for Invoice 2026-0001." in words(answer)
    undo = re.search(r'action="([^"]+/reopen[^"]*)"', answer.text)[1]
    assert vera.post(undo.replace("&amp;", "&")).location == BANK
    assert (open_cents(invoice), BankLine.get().state) == (30_000, LineState.OPEN)


def test_who_comes_second_is_told_and_sees_how_it_stands(vera, olive, issue, came):
    invoice, line = issue(300), came(25_000, "", "Bob Haddad")
    match(olive, line, invoice)
    sent = {"invoice": invoice.public_id, "version": 1, "seen": 30_000}
    answer = vera.post(f"{of(line)}/match", data=sent, headers=HTMX)
    assert answer.status_code == 409
    assert "Somebody else has dealt with this line" in words(answer)
    assert "All is dealt with" in words(answer)
    assert match(vera, line, invoice).status_code == 422
    assert Posting.select().count() == 1


def test_a_line_is_split_on_its_page_and_what_was_typed_stays(vera, issue, came):
    first, second = issue(300), issue(200)
    line = came(45_000)
    sent = {"version": 1}
    for invoice, typed in ((first, "300"), (second, "100")):
        sent |= {f"part-{invoice.public_id}": typed, f"open-{invoice.public_id}": open_cents(invoice)}
    page = vera.post(of(line), data=sent)
    assert page.status_code == 422
    assert "£50.00 of this line is given to no invoice yet." in words(page)
    assert 'value="100"' in page.text
    assert vera.post(of(line), data=sent | {f"part-{second.public_id}": "150"}).location == BANK
    assert (open_cents(first), open_cents(second)) == (0, 5_000)


def test_an_invoice_nobody_would_have_guessed_is_found_by_its_number(vera, issue, came):
    for _ in range(15):
        issue(300)
    wanted, line = issue(100), came(45_000)
    assert wanted.number not in words(vera.get(of(line)))
    page = vera.get(f"{of(line)}?q={wanted.number}&part-{wanted.public_id}=12")
    assert wanted.number in words(page)
    assert "2026-0001" not in words(page)
    assert "£438.00 still to give out" in words(page)


@pytest.mark.parametrize("typed", ["abc", "-5", "1.234", "9" * 30, "1e5", "\0", "²"])
def test_a_bad_amount_keeps_what_was_typed(vera, issue, came, typed):
    invoice, line = issue(300), came(45_000)
    sent = {"version": 1, f"part-{invoice.public_id}": typed, f"open-{invoice.public_id}": 30_000}
    answer = vera.post(of(line), data=sent)
    assert answer.status_code == 422
    assert Posting.select().count() == 0


def test_what_fits_nothing_is_set_aside_with_a_reason_and_taken_back(vera, came):
    first, second = came(-800, "Fee"), came(-900, "Rent")
    sent = {"line": [f"{line.public_id} 1" for line in (first, second)]}
    assert vera.post(f"{BANK}/ignore", data=sent).status_code == 422
    vera.post(f"{BANK}/ignore", data=sent | {"reason": "Our own"})
    page = words(vera.get(f"{BANK}?state=ignored"))
    assert page.count("Our own · Vera Moreau, today 09:00") == 2
    assert vera.post(f"{of(first)}/reopen", data={"version": 2}).location == BANK
    assert BankLine.get_by_id(first.id).state is LineState.OPEN


def test_a_single_line_is_set_aside_and_the_toast_takes_it_back(vera, came):
    line = came(-800, "Fee")
    vera.post(f"{of(line)}/ignore", data={"version": 1, "reason": "A fee"})
    page = vera.get(BANK)
    undo = re.search(r'action="([^"]+/reopen[^"]*)"', page.text)[1]
    vera.post(undo)
    assert BankLine.get().state is LineState.OPEN


def test_a_match_of_last_week_wants_a_reason(vera, issue, came, cast):
    invoice, line = issue(300), came(30_000)
    match(vera, line, invoice)
    with clock.pretend(MONDAY + timedelta(days=7)):
        assert "Take back…" in vera.get(f"{BANK}?state=matched").text
        assert "Why is it taken back?" in vera.get(of(line)).text
        assert vera.post(f"{of(line)}/reopen", data={"version": 2}).status_code == 422
        assert vera.post(f"{of(line)}/reopen", data={"version": 2, "reason": "Another's"}).location == BANK
    assert open_cents(invoice) == 30_000


def test_what_is_behind_the_wall_is_not_offered_named_or_found(vera, olive, dans, came):
    line = came(30_000, dans.number, "Dan Brook")
    assert "Fits for sure 1" in words(olive.get(BANK))
    page = words(vera.get(BANK))
    assert "Came in, and fits nothing 1" in page
    assert f"Invoice {dans.number}" not in page
    assert f"Invoice {dans.number}" not in words(vera.get(f"{of(line)}?q=Dan"))
    assert match(vera, line, dans).status_code == 404
    sent = {"version": 1, f"part-{dans.public_id}": "300", f"open-{dans.public_id}": 30_000}
    assert vera.post(of(line), data=sent).status_code == 422
    match(olive, line, dans)
    for address in (f"{BANK}?state=matched", of(line)):
        page = vera.get(address)
        assert page.status_code == 200
        assert f"Invoice {dans.number}" not in page.text
        assert dans.public_id not in page.text


def test_today_says_what_waits_and_nothing_when_nothing_does(vera, alice, issue, came):
    asks = 'hx-get="/payments"'
    assert asks in vera.get("/").text
    assert asks not in alice.get("/").text
    asked = {"headers": {"HX-Request": "true"}}
    assert words(vera.get(BANK, **asked)) == ""
    issue(300)
    came(30_000, "2026-0001"), came(-500, "Fee")
    page = words(vera.get(BANK, **asked))
    assert "2 lines of the bank wait 1 fits for sure, to be booked in one act" in page


def test_the_page_asks_few_questions_however_many_lines_there_are(vera, issue, came, queries):
    for number in range(1, 9):
        issue(100 * number)
        came(10_000 * number, f"2026-{number:04}")
        came(10_000 * number + 1, "x", "Bob Haddad", account=f"DE{number}")
        came(-number, "fee")
    with queries() as asked:
        vera.get(BANK)
    assert len(asked) <= 15


# On an invoice --------------------------------------------------------------------------------------------------------


def pay(browser, invoice: Invoice, act: str = "new", **sent):
    told = {"amount": "300", "on": "2026-11-20", "seen": open_cents(invoice)} | sent
    return browser.post(f"{invoice.page}/payments/{act}", data=told)


def test_a_payment_by_hand_begins_with_what_is_open_and_can_be_taken_back_at_once(alice, issue):
    invoice = issue(300)
    assert 'value="300.00"' in alice.get(f"{invoice.page}/payments/new").text
    assert pay(alice, invoice, amount="100.50", reference="Cheque 7").location == invoice.page
    assert open_cents(invoice) == 19_950
    page = alice.get(f"{invoice.page}/payments")
    assert "Payment £100.50 Cheque 7 Fri 20 Nov · Alice Kern" in words(page)
    undo = re.search(r'action="([^"]+/take-back)"', page.text)[1]
    assert alice.post(undo).location == invoice.page
    assert open_cents(invoice) == 30_000
    assert "Payment taken back -£100.50" in words(alice.get(f"{invoice.page}/payments"))


def test_the_panel_is_a_partial_to_htmx(vera, issue):
    answer = vera.get(f"{issue(300).page}/payments", headers={"HX-Request": "true"})
    assert answer.text.lstrip().startswith('<section class="section" id="payments"')


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"amount": ""}, "How much?"),
        ({"amount": "0"}, "above zero"),
        ({"amount": "-5"}, "Type an amount"),
        ({"amount": "3,5"}, "Type an amount"),
        ({"amount": "1.001"}, "Type an amount"),
        ({"amount": "9" * 500}, "At most"),
        ({"amount": "1\0"}, "cannot be stored"),
        ({"on": "2026-11-25"}, "to come"),
        ({"on": "1999-01-01"}, "between 2000"),
        ({"on": "soon"}, "valid date"),
        ({"reference": "x" * 5000}, "At most"),
        ({"seen": ""}, "incomplete"),
        ({"seen": str(2**63)}, "incomplete"),
        ({"seen": "x"}, "incomplete"),
    ],
)
def test_bad_input_gets_a_sentence_and_stays(vera, issue, sent, sentence):
    answer = pay(vera, issue(300), **sent)
    assert (answer.status_code, Posting.select().count()) == (422, 0)
    assert sentence in words(answer)


def test_two_who_record_the_same_payment_record_it_once(vera, alice, issue):
    invoice = issue(300)
    assert pay(vera, invoice).status_code == 303
    late = pay(alice, invoice, seen=30_000)
    assert late.status_code == 409
    assert "now £0.00 of Invoice 2026-0001 is open" in words(late)
    assert re.search(r'<input[^>]*name="seen"[^>]*>', late.text)[0].endswith('value="0">')
    assert open_cents(invoice) == 0


def test_what_is_paid_too_much_is_refunded_or_used_for_another(vera, issue):
    invoice, other = issue(300), issue(200)
    pay(vera, invoice, amount="350")
    assert 'value="50.00"' in vera.get(f"{invoice.page}/payments/refund").text
    assert pay(vera, invoice, "refund", amount="60").status_code == 422
    pay(vera, invoice, "refund", amount="20")
    assert open_cents(invoice) == -3_000
    assert "Invoice 2026-0002, £200.00 open" in vera.get(f"{invoice.page}/payments/transfer").text
    pay(vera, invoice, "transfer", amount="30", to=other.public_id)
    assert (open_cents(invoice), open_cents(other)) == (0, 17_000)
    posting = Posting.select().where(Posting.invoice == other).get()
    vera.post(f"{other.page}/payments/{posting.public_id}/take-back")
    assert (open_cents(invoice), open_cents(other)) == (-3_000, 20_000)


def test_nothing_is_transferred_to_an_invoice_behind_the_wall(vera, issue, dans):
    invoice = issue(300)
    pay(vera, invoice, amount="350")
    page = vera.get(f"{invoice.page}/payments/transfer").text
    assert "Nothing else of this payer is open." in page
    assert dans.number not in page
    assert 'name="amount"' not in page  # nothing to fill in, nothing to press
    assert pay(vera, invoice, "transfer", amount="50", to=dans.public_id).status_code == 422
    assert open_cents(dans) == 30_000


def test_where_a_transfer_went_is_not_said_to_who_does_not_see_it(vera, olive, shared):
    mine, hers = shared
    pay(vera, mine, amount="350")
    assert hers.number not in vera.get(f"{mine.page}/payments/transfer").text
    pay(olive, mine, "transfer", amount="50", to=hers.public_id)
    page = vera.get(f"{mine.page}/payments")
    assert "Transfer -£50.00" in words(page)
    assert hers.number not in page.text
    assert hers.number in olive.get(f"{mine.page}/payments").text


def test_what_will_not_be_paid_is_written_off_with_a_reason(vera, issue):
    invoice = issue(300)
    assert pay(vera, invoice, "write-off").status_code == 422
    pay(vera, invoice, "write-off", reason="Insolvent")
    assert open_cents(invoice) == 0
    assert "Written off £300.00 Insolvent" in words(vera.get(f"{invoice.page}/payments"))


def test_a_posting_from_the_bank_is_taken_back_by_who_looks_after_the_bank(vera, alice, issue, came, cast):
    invoice, line = issue(300), came(30_000)
    actions.match(line, [Part(invoice, 30_000, 30_000)], version=1, by=cast.vera)
    back = f"{invoice.page}/payments/{Posting.get().public_id}/take-back"
    refused = alice.post(back)
    assert (refused.status_code, "This came from the bank" in words(refused)) == (422, True)
    assert vera.post(back).location == invoice.page
    assert BankLine.get().state is LineState.OPEN


def test_carol_sees_nothing_of_what_was_paid_for_bob(carol, vera, issue):
    invoice = issue(300)
    pay(vera, invoice)
    posting = Posting.get()
    for act in ("", "/new", "/refund", "/transfer", "/write-off", f"/{posting.public_id}/take-back"):
        address = f"{invoice.page}/payments{act}"
        assert carol.get(address).status_code == 404
        if act:
            assert carol.post(address, data={"amount": "1", "on": "2026-11-20", "seen": 0}).status_code == 404


def test_a_draft_and_a_posting_of_another_invoice_are_not_there(vera, issue):
    draft, first, second = issue(300, issue=False), issue(300), issue(300)
    assert vera.get(f"{draft.page}/payments").status_code == 404
    pay(vera, first)
    assert vera.post(f"{second.page}/payments/{Posting.get().public_id}/take-back").status_code == 404
    assert open_cents(first) == 0

"""The desk's pages of invoices: overview, list, a document with its acts, the editor, credit notes."""

import re
from datetime import date, timedelta

import pytest
from werkzeug.datastructures import MultiDict

from coachbase import clock
from coachbase.clients.models import Client
from coachbase.clients.rules import fold
from coachbase.engagements.models import Engagement
from coachbase.invoices import actions
from coachbase.invoices.actions import NewLine
from coachbase.invoices.models import Batch, Claim, Invoice, Line
from coachbase.invoices.rules import ClaimKind, Entry, State
from coachbase.payers import actions as payers
from coachbase.payers.models import Payer, Seller, TaxRate

SESSION = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def payer(cast) -> Payer:
    rate = TaxRate.create(name="VAT", rate_bps=2000)
    Seller.create(legal_name="Northbank Ltd", address="1 Quay", tax_id="GB123456789", rate=rate)
    payer = payers.payer_for(cast.brightwater)
    payer.address, payer.email, payer.attention = "2 Mill Lane", "ap@brightwater.example", "Accounts"
    payer.save()
    return payer


def coaching(cast, **values) -> NewLine:
    told = {"rate": TaxRate.get(), "client": cast.bob, "coach": cast.alice, "supplied_to": clock.now().date()}
    return NewLine(**({"text": "Coaching session", "unit_cents": 25_000} | told | values))


def drafted(cast, payer, *lines, currency="GBP", **values) -> Invoice:
    return actions.draft(payer, lines or [coaching(cast)], currency=currency, by=cast.vera, **values)


def issued(cast, payer, *lines, days=0, **values) -> Invoice:
    with clock.pretend(clock.now() - timedelta(days=days)):
        return actions.issue(drafted(cast, payer, *lines, **values), version=1, by=cast.vera)


def text_of(answer) -> str:
    """What one reads, without marks and doubled spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)).replace(" ,", ",")


def column(page, name: str) -> str:
    """What stands in a column of the overview."""
    found = re.search(rf'aria-labelledby="name-{name}".*?</section>', page.text, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0]))


# The overview ---------------------------------------------------------------------------------------------------------


def test_the_overview_shows_each_invoice_where_it_stands_with_sums_by_currency(vera, cast, payer):
    drafted(cast, payer)
    issued(cast, payer)
    issued(cast, payer, coaching(cast, unit_cents=10_000), currency="EUR")
    issued(cast, payer, days=40)
    disputed = issued(cast, payer, days=40)
    actions.dispute(disputed, "Nobody came", by=cast.vera)
    paid = issued(cast, payer)
    actions.post(paid, Entry.PAYMENT, paid.total_cents, clock.now().date(), by=cast.vera)
    page = vera.get("/invoices")
    assert "£300.00" in column(page, "drafts")
    assert "€120.00" in column(page, "open")
    assert "£300.00" in column(page, "open")
    assert "£420.00" not in page.text
    assert "due in 14 days" in column(page, "open")
    assert "15–30 days" in column(page, "overdue")
    assert "26 days late" in column(page, "overdue")
    assert "Nobody came" in column(page, "disputed")
    assert paid.number in column(page, "paid")
    assert "not seen yet" in column(page, "open")


def test_what_was_paid_long_ago_leaves_the_overview_and_what_was_paid_too_much_stays(vera, cast, payer):
    today = clock.now().date()
    for cents in (30_000, 40_000):
        paid = issued(cast, payer, days=90)
        actions.post(paid, Entry.PAYMENT, cents, today - timedelta(days=80), by=cast.vera)
    shown = column(vera.get("/invoices"), "paid")
    assert "paid too much" in shown
    assert "1 invoice" in shown
    assert "-0002" in shown
    assert "-0001" not in shown


def test_a_new_practice_is_told_what_will_stand_here(vera, cast):
    assert "Nothing is billed yet" in vera.get("/invoices").text
    assert "No invoices yet" in vera.get("/invoices/list").text


def test_the_menu_counts_what_is_overdue_and_what_waits_for_review(vera, carol, cast, payer):
    issued(cast, payer, days=40)
    issued(cast, payer)
    drafted(cast, payer)
    batch = Batch.create(made_at=clock.now(), upto_on=clock.now().date())
    drafted(cast, payer, batch=batch)
    counted = re.search(r"<span>Invoices</span><b>(\d+)</b>", vera.get("/invoices").text)
    assert counted[1] == "2"
    assert not re.search(r"<span>Invoices</span><b>", carol.get("/invoices").text)


def test_carol_sees_nothing_of_it(carol, cast, payer):
    invoice = issued(cast, payer)
    for path in ("/invoices", "/invoices/list", "/invoices/list?q=brightwater", "/search?q=brightwater"):
        page = carol.get(path)
        assert page.status_code == 200
        assert invoice.number not in page.text
        assert "Brightwater" not in page.text
        assert "300.00" not in page.text
    for path in (invoice.page, f"{invoice.page}/pdf", f"{invoice.page}/credit", f"{invoice.page}/edit"):
        assert carol.get(path).status_code == 404
    for verb in ("issue", "discard", "restore", "credit", "mail", "draw", "dispute", "settle"):
        assert carol.post(f"{invoice.page}/{verb}").status_code == 404


def test_carol_cannot_put_back_what_alices_assistant_discarded(carol, cast, payer):
    draft = drafted(cast, payer)
    actions.discard(draft, version=1, by=cast.vera)
    assert carol.post(f"{draft.page}/restore").status_code == 404
    assert Invoice.get_by_id(draft.id).removed_at


def test_what_is_about_nobody_is_seen_by_who_sees_the_payer(vera, carol, olive, cast, payer):
    invoice = issued(cast, payer, coaching(cast, client=None, coach=None))
    assert [reader.get(invoice.page).status_code for reader in (vera, olive, carol)] == [200, 200, 404]
    assert [invoice.number in reader.get("/invoices").text for reader in (vera, olive, carol)] == [True, True, False]


# The list -------------------------------------------------------------------------------------------------------------


def numbers(page) -> list[str]:
    return re.findall(r'<td>\s*<a href="/invoices/[^"]+">([^<]+)</a>', page.text)


@pytest.fixture
def several(cast, payer) -> list[Invoice]:
    ines = Client.create(
        name="Ines Marchetti", coach=cast.alice, search_key=fold("Ines Marchetti"), created_at=clock.now()
    )
    own = payers.payer_for(ines)
    own.address, own.email = "3 Hill", "ines@x.example"
    own.save()
    late = issued(cast, payer, days=40)
    of_ines = issued(cast, own, coaching(cast, client=ines), currency="EUR", days=2)
    paid = issued(cast, payer, days=10)
    actions.post(paid, Entry.PAYMENT, paid.total_cents, clock.now().date(), by=cast.vera)
    draft = drafted(cast, payer)
    return [late, of_ines, paid, draft]


def test_the_list_finds_by_number_payer_and_client(vera, several):
    late, of_ines, paid, _ = several
    assert numbers(vera.get("/invoices/list")) == [of_ines.number, paid.number, late.number, "Draft"]
    assert numbers(vera.get(f"/invoices/list?q={late.number}")) == [late.number]
    assert numbers(vera.get("/invoices/list?q=marchetti")) == [of_ines.number]
    assert numbers(vera.get("/invoices/list?q=bright+bob")) == [paid.number, late.number, "Draft"]
    assert "Nothing matches" in vera.get("/invoices/list?q=nobody").text


def test_the_list_is_narrowed_by_what_stands_in_its_address(vera, cast, several):
    late, of_ines, paid, _ = several
    ask = lambda query: numbers(vera.get(f"/invoices/list?{query}"))  # noqa: E731
    assert ask("state=overdue") == [late.number]
    assert ask("state=paid") == [paid.number]
    assert ask("state=draft") == ["Draft"]
    assert ask("currency=EUR") == [of_ines.number]
    assert ask(f"since={paid.issued_on}&until={paid.issued_on}") == [paid.number]
    assert ask(f"payer={of_ines.payer.public_id}") == [of_ines.number]
    assert ask(f"coach={cast.alice.public_id}&sort=due")[-1] == of_ines.number
    assert ask(f"coach={cast.carol.public_id}") == []
    assert ask("kind=credit") == []
    assert ask("sort=number&state=overdue&page=x") == [late.number]
    assert ask("sort=nonsense&state=nonsense") == ask("")
    assert ask("page=2") == []


def test_the_list_says_what_it_comes_to_in_each_currency_and_never_adds_two(vera, several):
    page = text_of(vera.get("/invoices/list"))
    assert "1 document in EUR €300.00 €300.00 open" in page
    assert "3 documents in GBP £900.00 £300.00 open" in page


def test_a_credit_note_takes_off_in_the_sums(vera, cast, payer):
    invoice = issued(cast, payer)
    actions.credit(invoice, reason="Nobody came", by=cast.vera)
    page = text_of(vera.get("/invoices/list"))
    assert "2 documents in GBP £0.00" in page
    assert "-£300.00" in page


def test_typing_in_the_list_answers_its_table_alone_and_keeps_the_address(vera, several):
    answer = vera.get("/invoices/list?q=marchetti&page=1", headers={"HX-Request": "true"})
    assert answer.text.lstrip().startswith('<div id="invoices"')
    assert answer.headers["HX-Replace-Url"] == "/invoices/list?q=marchetti"


@pytest.mark.parametrize("path", ["/invoices", "/invoices/list", "/invoices/list?q=bob&state=open"])
def test_lists_ask_as_often_however_much_there_is(vera, cast, payer, queries, path):
    for _ in range(12):
        issued(cast, payer, coaching(cast), coaching(cast))
    vera.get(path)
    with queries() as asked:
        vera.get(path)
    assert len(asked) <= 13, asked


# A document -----------------------------------------------------------------------------------------------------------


def test_a_draft_reads_as_it_will_be_and_names_who_gets_it(vera, cast, payer):
    page = text_of(vera.get(drafted(cast, payer, words="With thanks").page))
    for words in ("Northbank Ltd", "2 Mill Lane", "With thanks", "Coaching session", "£250.00", "£50.00", "£300.00"):
        assert words in page
    assert "to Accounts &lt;ap@brightwater.example&gt;" in page


def test_what_keeps_it_from_being_issued_leads_to_where_that_is_mended(vera, cast, payer):
    Seller.update(tax_id="").execute()
    Payer.update(needs_po=True, email="").execute()
    draft = drafted(cast, payer)
    page = vera.get(draft.page).text
    assert "Issue and mail it" not in page
    for sentence, href in (
        ("tax number", "/settings/invoicing"),
        ("PO number", f"{draft.page}/edit"),
        ("Nobody is known to mail it to", f"/sponsors/{cast.brightwater.public_id}/billing"),
    ):
        assert re.search(rf'{sentence}[^<]*<a class="link" href="{href}"', page), sentence


def test_issuing_gives_the_number_and_freezes_the_page(vera, cast, payer):
    draft = drafted(cast, payer)
    answer = vera.post(f"{draft.page}/issue", data={"version": "1"})
    assert answer.headers["Location"] == draft.page
    number = Invoice.get_by_id(draft.id).number
    assert f"Issued as {number}" in vera.get(draft.page).text
    Seller.update(legal_name="Another name").execute()
    page = text_of(vera.get(draft.page))
    assert "Northbank Ltd" in page
    assert "Another name" not in page
    assert vera.get(f"{draft.page}/edit").status_code == 422


@pytest.mark.parametrize("version", ["", "0", "2", "x", "9" * 40, "²"])
def test_a_draft_that_was_not_looked_at_as_it_is_is_not_issued(vera, cast, payer, version):
    draft = drafted(cast, payer)
    answer = vera.post(f"{draft.page}/issue", data={"version": version})
    assert answer.status_code == 422
    assert "Somebody else changed this draft" in answer.text
    assert Invoice.get_by_id(draft.id).state is State.DRAFT


def test_a_form_sent_twice_issues_once(vera, cast, payer):
    draft = drafted(cast, payer)
    issuing = re.search(rf'action="{draft.page}/issue".*?</form>', vera.get(draft.page).text, re.DOTALL)[0]
    sent = dict(re.findall(r'name="([^"]+)" value="([^"]+)"', issuing))
    assert sent.keys() == {"version", "once"}
    for _ in range(2):
        assert vera.post(f"{draft.page}/issue", data=sent).headers["Location"] == draft.page
    assert Invoice.get_by_id(draft.id).number.endswith("-0001")


def test_a_discarded_draft_can_be_put_back(vera, cast, payer):
    draft = drafted(cast, payer, coaching(cast, claims=[(ClaimKind.SESSION, SESSION)]))
    assert vera.post(f"{draft.page}/discard", data={"version": "1"}).status_code == 303
    assert f"{draft.page}/restore" in vera.get("/invoices").text
    assert vera.get(draft.page).status_code == 404
    assert Claim.select().count() == 0
    assert vera.post(f"{draft.page}/restore").headers["Location"] == draft.page
    assert vera.get(draft.page).status_code == 200
    assert Claim.select().count() == 1


def test_a_dispute_is_noted_with_words_and_settled_with_words(vera, cast, payer):
    invoice = issued(cast, payer)
    assert vera.post(f"{invoice.page}/dispute", data={"words": ""}).status_code == 422
    assert vera.post(f"{invoice.page}/dispute", data={"words": "Nobody came"}).status_code == 303
    page = vera.get(invoice.page).text
    assert "Nobody came" in page
    assert "Disputed since today" in page
    assert vera.post(f"{invoice.page}/settle", data={"words": "They had the wrong month"}).status_code == 303
    assert Invoice.get_by_id(invoice.id).disputed_at is None
    assert "Dispute settled: They had the wrong month" in vera.get(invoice.page).text


def test_what_could_not_be_drawn_is_said_with_the_act_that_tries_again(vera, cast, payer):
    invoice = issued(cast, payer)
    assert "The PDF is being made" in vera.get(invoice.page).text
    Invoice.update(problem="The fonts are gone", attempts=9).where(Invoice.id == invoice.id).execute()
    for page in (invoice.page, "/invoices/due"):
        assert f'action="{invoice.page}/draw"' in vera.get(page).text
        assert "The fonts are gone" in vera.get(page).text
    vera.post(f"{invoice.page}/draw")
    assert Invoice.get_by_id(invoice.id).problem == ""


# The editor -----------------------------------------------------------------------------------------------------------


def line(**values) -> dict[str, str]:
    usual = {
        "line": "", "text": "Workshop", "quantity": "1", "unit": "C62", "price": "100", "rate": TaxRate.get().public_id,
        "detail": "", "discount": "", "about": "", "since": "", "until": "2026-11-20",
    }  # fmt: skip
    return usual | values


def form(*lines, **head) -> MultiDict:
    sent = MultiDict({"currency": "GBP", "term_days": "14", "version": "0"} | head)
    for each in lines or (line(),):
        for name, value in each.items():
            sent.add(name, value)
    return sent


def new_for(cast) -> str:
    return f"/invoices/new?sponsor={cast.brightwater.public_id}"


def test_an_invoice_is_written_by_hand_for_whom_one_chooses(vera, cast, payer):
    assert "Brightwater" in vera.get("/invoices/new").text
    assert "Bob Haddad" in vera.get("/invoices/new?q=bob").text
    assert vera.get(new_for(cast)).status_code == 200
    answer = vera.post(new_for(cast), data=form(line(quantity="1.5", price="100.10"), words="Hello", po_number="PO 7"))
    assert answer.status_code == 303
    draft = Invoice.get()
    assert (draft.payer, draft.net_cents, draft.total_cents, draft.words) == (payer, 15_015, 18_018, "Hello")
    assert answer.headers["Location"] == draft.page


def test_looking_at_an_empty_invoice_makes_no_payer(vera, cast):
    assert vera.get(f"/invoices/new?client={cast.bob.public_id}").status_code == 200
    assert Payer.select().count() == 0
    TaxRate.create(name="VAT", rate_bps=2000)
    vera.post(f"/invoices/new?client={cast.bob.public_id}", data=form())
    assert Invoice.get().payer.client == cast.bob


@pytest.mark.parametrize("name", ["client", "sponsor"])
@pytest.mark.parametrize("value", ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "bob", "²"])
def test_nobody_bills_whom_there_is_not(vera, cast, name, value):
    assert vera.get("/invoices/new", query_string={name: value}).status_code == 404
    assert vera.post("/invoices/new", query_string={name: value}).status_code == 404


def test_carol_cannot_bill_alices_client(carol, cast, payer):
    for who in (f"client={cast.bob.public_id}", f"sponsor={cast.brightwater.public_id}"):
        assert carol.get(f"/invoices/new?{who}").status_code == 404
        assert carol.post(f"/invoices/new?{who}", data=form()).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"quantity": "1,5"}, "Type a number"),
        ({"quantity": "0"}, "Type a number"),
        ({"quantity": "-1"}, "Type a number"),
        ({"price": "1.234"}, "Type an amount"),
        ({"price": "1e9"}, "Type an amount"),
        ({"price": "9" * 19}, "Type an amount"),
        ({"discount": "101"}, "from 0 to 100"),
        ({"text": ""}, "Say what this line is for"),
        ({"text": "a\0b"}, "cannot be stored"),
        ({"since": "2026-11-21"}, "ends before it begins"),
        ({"rate": "nonsense"}, "Not a valid choice"),
        ({"about": "nonsense"}, "Not a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(vera, cast, payer, wrong, sentence):
    answer = vera.post(new_for(cast), data=form(line(detail="kept as typed", **wrong)))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "kept as typed" in answer.text
    assert Invoice.select().count() == 0


def test_amounts_are_typed_in_the_currencys_own_decimals(vera, cast, payer):
    for currency, price, cents in (("JPY", "1500", 1500), ("GBP", "1500", 150_000)):
        assert vera.post(new_for(cast), data=form(line(price=price), currency=currency)).status_code == 303
        assert Invoice.select().order_by(Invoice.id.desc()).get().net_cents == cents
    assert vera.post(new_for(cast), data=form(line(price="15.5"), currency="JPY")).status_code == 422


def test_a_line_below_zero_takes_something_off(vera, cast, payer):
    vera.post(new_for(cast), data=form(line(price="100"), line(text="Deposit", price="−40")))
    assert Invoice.get().net_cents == 6000


def rows(answer) -> list[str]:
    return re.findall(r'<input[^>]*name="text"[^>]*value="([^"]*)"', answer.text)


def test_lines_move_come_and_go_without_being_kept(vera, cast, payer):
    two = (line(text="First"), line(text="Second"))
    press = lambda **button: vera.post(new_for(cast), data=form(*two, **button))  # noqa: E731
    assert rows(press(down="0")) == ["Second", "First"]
    assert rows(press(up="1")) == ["Second", "First"]
    assert rows(press(remove="0")) == ["Second"]
    assert rows(press(add="1")) == ["First", "Second", ""]
    for nonsense in ({"up": "7"}, {"up": "²"}, {"down": "9" * 50}, {"remove": ""}):
        assert rows(press(**nonsense)) == ["First", "Second"]
    assert Invoice.select().count() == 0


def test_sums_follow_what_is_typed_and_keep_nothing(vera, cast, payer):
    sent = form(line(quantity="2", price="100.05", discount="10"), line(price="x"), discount_amount="10")
    answer = vera.post("/invoices/reckon", data=sent)
    page = text_of(answer)
    assert "£170.09" in page  # 2 × 100.05 = 200.10, less 20.01 = 180.09, less 10
    assert "£204.11" in page  # tax on 170.09 at 20 % is 34.018
    assert 'id="amount-0" hx-swap-oob="true">£180.09<' in answer.text
    assert 'id="amount-1" hx-swap-oob="true">–<' in answer.text
    assert Invoice.select().count() == 0


def edited(cast, payer) -> Invoice:
    return drafted(cast, payer, coaching(cast, claims=[(ClaimKind.SESSION, SESSION)], text="Held"), coaching(cast))


def as_sent(vera, draft) -> MultiDict:
    """What the editor would send if nobody touched it."""
    page, sent = vera.get(f"{draft.page}/edit").text, MultiDict()
    body = re.search(r'<form class="typed-draft".*?</form>', page, re.DOTALL)[0]
    for tag in re.findall(r"<input[^>]*>|<select.*?</select>|<textarea.*?</textarea>", body, re.DOTALL):
        name = re.search(r'name="([^"]+)"', tag)[1]
        if tag.startswith("<select"):
            chosen = re.search(r'<option selected value="([^"]*)"', tag)
            value = chosen[1] if chosen else re.search(r'<option value="([^"]*)"', tag)[1]
        elif tag.startswith("<textarea"):
            value = re.search(r">\s*(.*?)</textarea>", tag, re.DOTALL)[1]
        else:
            found = re.search(r'value="([^"]*)"', tag)
            value = found[1] if found else ""
        if name != "once":
            sent.add(name, value)
    return sent


def test_a_draft_saved_as_it_was_stays_as_it_was(vera, cast, payer):
    draft = edited(cast, payer)
    what = ("public_id", "text", "unit_cents", "client", "coach", "supplied_to", "rate", "subjects")
    before = [[getattr(each, name) for name in what] for each in draft.lines]
    assert vera.post(f"{draft.page}/edit", data=as_sent(vera, draft)).headers["Location"] == draft.page
    now = Invoice.get_by_id(draft.id)
    assert [[getattr(each, name) for name in what] for each in now.lines] == before
    assert (now.total_cents, now.version) == (draft.total_cents, 2)


def test_a_draft_about_a_program_the_payer_does_not_pay_for_any_more_is_still_edited(olive, cast, payer):
    program = Engagement.create(
        client=cast.bob, coach=cast.alice, payer_name="sponsor", name="Leadership 6", starts_on=date(2026, 9, 1),
        ends_on=date(2027, 3, 1), state_name="active", sessions=6, session_minutes=60, price_cents=480_000,
        currency="GBP", created_at=clock.now(),
    )  # fmt: skip
    draft = drafted(cast, payer, coaching(cast, engagement=program))
    Client.update(organisation=None).where(Client.id == cast.bob.id).execute()
    page = olive.get(f"{draft.page}/edit")
    assert page.status_code == 200
    assert "Leadership 6" in page.text


def test_what_a_line_bills_moves_with_it(vera, cast, payer):
    draft = edited(cast, payer)
    sent = as_sent(vera, draft)
    turned = vera.post(f"{draft.page}/edit", data=MultiDict([*sent.items(multi=True), ("down", "0")]))
    assert rows(turned) == ["Coaching session", "Held"]
    for name in ("line", "text"):
        sent.setlist(name, sent.getlist(name)[::-1])
    vera.post(f"{draft.page}/edit", data=sent)
    assert [each.text for each in Line.of(draft)] == ["Coaching session", "Held"]
    assert Claim.get().line.text == "Held"


def test_a_line_that_is_taken_out_lets_go_of_what_it_bills(vera, cast, payer):
    draft = edited(cast, payer)
    sent = as_sent(vera, draft)
    for name in ("line", "text", "quantity", "unit", "price", "rate", "detail", "discount", "about", "since", "until"):
        sent.setlist(name, sent.getlist(name)[1:])
    vera.post(f"{draft.page}/edit", data=sent)
    assert [each.text for each in Line.of(draft)] == ["Coaching session"]
    assert Claim.select().count() == 0


def test_a_line_sent_twice_bills_once(vera, cast, payer):
    draft = edited(cast, payer)
    first = Line.of(draft).first().public_id
    sent = form(line(line=first), line(line=first), version="1")
    assert vera.post(f"{draft.page}/edit", data=sent).status_code == 303
    assert Claim.select().count() == 1


def test_two_who_edit_one_draft_see_both_and_the_second_decides(vera, alice, cast, payer):
    draft = edited(cast, payer)
    sent = as_sent(vera, draft)
    theirs = sent.copy()
    theirs["words"] = "Theirs"
    assert alice.post(f"{draft.page}/edit", data=theirs).status_code == 303
    sent["words"] = "Mine"
    answer = vera.post(f"{draft.page}/edit", data=sent)
    assert answer.status_code == 409
    assert "Theirs" in answer.text
    assert "Mine" in answer.text
    assert Invoice.get_by_id(draft.id).words == "Theirs"
    kept = MultiDict(re.findall(r'<textarea name="([^"]+)"[^>]*>([^<]*)</textarea>', answer.text))
    assert vera.post(f"{draft.page}/edit", data=kept).status_code == 303
    assert Invoice.get_by_id(draft.id).words == "Mine"
    assert Claim.get().line.text == "Held"


def test_a_draft_of_two_hundred_lines_is_read_and_one_more_refused(vera, cast, payer):
    assert vera.post(new_for(cast), data=form(*[line()] * 200)).status_code == 303
    assert vera.post(new_for(cast), data=form(*[line()] * 201)).status_code == 422


# Credit notes ---------------------------------------------------------------------------------------------------------


def credit_form(invoice, *quantities, **values) -> MultiDict:
    sent = MultiDict({"reason": "Nobody came"} | values)
    for each, quantity in zip(Line.of(invoice), quantities, strict=True):
        sent.add("line", each.public_id)
        sent.add("quantity", quantity)
    return sent


def test_before_a_credit_note_is_written_one_sees_what_is_owed_then(vera, cast, payer):
    invoice = issued(cast, payer, coaching(cast, quantity_milli=3000))
    assert "They owe us then £0.00" in text_of(vera.get(f"{invoice.page}/credit"))
    look = vera.post(f"{invoice.page}/credit", data=credit_form(invoice, "1", reckon="1"))
    assert "Credited £300.00" in text_of(look)
    assert "They owe us then £600.00" in text_of(look)
    assert Invoice.select().count() == 1
    actions.post(invoice, Entry.PAYMENT, invoice.total_cents, clock.now().date(), by=cast.vera)
    look = vera.post(f"{invoice.page}/credit", data=credit_form(invoice, "1", reckon="1"))
    assert "We owe them then £300.00" in text_of(look)


def test_a_credit_note_takes_back_so_much_of_a_line(vera, cast, payer):
    invoice = issued(cast, payer, coaching(cast, quantity_milli=3000))
    answer = vera.post(f"{invoice.page}/credit", data=credit_form(invoice, "1"))
    note = Invoice.select().order_by(Invoice.id.desc()).get()
    assert answer.headers["Location"] == note.page
    assert (note.number[:3], note.total_cents) == ("CN-", 30_000)
    assert Invoice.get_by_id(invoice.id).open_cents == 60_000
    assert note.page in vera.get(invoice.page).text
    assert invoice.page in vera.get(note.page).text


@pytest.mark.parametrize(
    ("quantity", "reason", "sentence"),
    [("4", "Nobody came", "no more"), ("x", "Nobody came", "Type a number"), ("0", "Why", "Choose"), ("1", "", "why")],
)
def test_a_credit_note_that_cannot_be_is_refused_with_what_was_typed(vera, cast, payer, quantity, reason, sentence):
    invoice = issued(cast, payer, coaching(cast, quantity_milli=3000))
    answer = vera.post(f"{invoice.page}/credit", data=credit_form(invoice, quantity, reason=reason))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{quantity}"' in answer.text
    assert Invoice.select().count() == 1


def test_what_was_credited_may_be_billed_again_where_that_is_ticked(vera, cast, payer):
    for ticked, left in (({}, 1), ({"bill_again": "y"}, 1)):
        claims = [(ClaimKind.SESSION, f"{SESSION[:-1]}{left + len(ticked)}")]
        invoice = issued(cast, payer, coaching(cast, claims=claims))
        vera.post(f"{invoice.page}/credit", data=credit_form(invoice, "1", **ticked))
        assert Claim.select().count() == left


# Other pages ----------------------------------------------------------------------------------------------------------


def test_a_clients_page_and_the_sponsors_show_their_invoices(vera, cast, payer):
    invoice = issued(cast, payer)
    client, sponsor = f"/clients/{cast.bob.public_id}", f"/sponsors/{cast.brightwater.public_id}"
    assert invoice.number in vera.get(f"{client}/invoices").text
    assert f'hx-get="{client}/billing"' in vera.get(f"{client}/invoices").text
    assert invoice.number in vera.get(f"{sponsor}/invoices", headers={"HX-Request": "true"}).text
    page = vera.get(f"{sponsor}/invoices").text  # what the plain link leads to
    assert invoice.number in page
    assert "<title>Invoices to Brightwater" in page
    assert f'hx-get="{sponsor}/invoices"' in vera.get(sponsor).text


def test_an_invoice_of_two_coaches_is_on_neither_coachs_page(alice, olive, cast, payer):
    dan = Client.create(
        name="Dan", coach=cast.carol, organisation=cast.brightwater, search_key="dan", created_at=clock.now()
    )
    invoice = issued(cast, payer, coaching(cast), coaching(cast, client=dan, coach=cast.carol))
    page = f"/clients/{cast.bob.public_id}/invoices"
    assert invoice.number not in alice.get(page).text
    assert invoice.number in olive.get(page).text
    assert alice.get(invoice.page).status_code == 404


def test_today_says_what_waits_for_review_and_what_could_not_be_drawn(vera, carol, cast, payer):
    """And not what is late: the clock reminds of that, and who is to be called stands beside it."""
    late, stuck = issued(cast, payer, days=40), issued(cast, payer)
    Invoice.update(problem="The PDF could not be made.").where(Invoice.id == stuck.id).execute()
    batch = Batch.create(made_at=clock.now(), upto_on=clock.now().date())
    drafted(cast, payer, batch=batch)
    assert 'hx-get="/invoices/due"' in vera.get("/").text
    page = text_of(vera.get("/invoices/due", headers={"HX-Request": "true"}))
    assert f"Invoice {stuck.number}: Brightwater The PDF could not be made." in page
    assert "1 draft waits to be reviewed" in page
    assert late.number not in page
    assert stuck.number not in carol.get("/invoices/due").text
    assert "/invoices/due" not in carol.get("/").text


def test_search_finds_an_invoice_by_number_and_payer(vera, cast, payer):
    invoice = issued(cast, payer)
    for q in (invoice.number, "brightw"):
        assert invoice.page in vera.get(f"/search?q={q}").text


def test_a_day_no_calendar_has_is_not_asked_for(vera, cast, payer):
    invoice = issued(cast, payer)
    for day in ("2026-02-30", "x", "0000-00-00", "20261101", "2026-11-01T00:00"):
        assert numbers(vera.get(f"/invoices/list?since={day}")) == [invoice.number]
    assert date(2000, 1, 1) < invoice.issued_on

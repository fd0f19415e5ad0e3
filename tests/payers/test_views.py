"""The owner's pages about invoicing, and who gets invoices; Carol sees nothing of Bob's."""

from datetime import date

import pytest

from coachbase.engagements.models import Engagement
from coachbase.payers import actions
from coachbase.payers.models import Payer, Seller, TaxRate
from coachbase.payers.rules import Category

FIRM, RATES = "/settings/invoicing", "/settings/invoicing/rates"
SAID = {
    "legal_name": "Northbank Ltd", "address": "1 Quay", "city": "London", "country": "GB", "tax_id": "980 7806 84",
    "iban": "GB82 WEST 1234 5698 7654 32", "term_days": "30", "batch_weekday": "-1", "rhythm": "5, 10, 20",
    "late_fee": "12.50", "rate": "", "version": "0",
}  # fmt: skip
BOB = {"legal_name": "Bob", "country": "", "currency": "", "rate": "", "version": "0"}


@pytest.fixture
def rate(cast) -> TaxRate:
    return actions.add_rate("VAT", Category.STANDARD, 2000, "")


@pytest.fixture
def to_bob(cast) -> str:
    return f"/clients/{cast.bob.public_id}/payer"


@pytest.fixture
def to_brightwater(cast) -> str:
    return f"/sponsors/{cast.brightwater.public_id}/billing"


def test_an_empty_page_says_what_an_invoice_lacks(olive):
    page = olive.get(FIRM).text
    assert "Nobody has said yet how the firm bills" in page
    assert "legal name" in page


def test_what_the_owner_says_is_kept_as_it_stands_on_invoices(olive, rate):
    assert olive.post(FIRM, data=SAID | {"rate": rate.public_id}).status_code == 303
    seller = Seller.current()
    assert (seller.tax_id, seller.iban, seller.rhythm) == ("GB980780684", "GB82WEST12345698765432", "5 10 20")
    assert (seller.late_fee_cents, seller.term_days, seller.batch_weekday, seller.rate) == (1250, 30, -1, rate)
    page = olive.get(FIRM).text
    assert "Still missing" not in page
    assert "GB82 WEST 1234 5698 7654 32" in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"legal_name": ""}, "Whose name"),
        ({"tax_id": "980780685"}, "A digit of this VAT number"),
        ({"iban": "GB82WEST12345698765433"}, "A digit of this IBAN"),
        ({"bic": "nonsense!"}, "A BIC has"),
        ({"rhythm": "3 2 1"}, "three rising numbers"),
        ({"late_fee": "12.505"}, "Type an amount"),
        ({"late_fee": "12,50"}, "Type an amount"),
        ({"term_days": "181"}, "from 0 to 180"),
        ({"term_days": str(2**63)}, "out of range"),
        ({"batch_weekday": "7"}, "valid choice"),
        ({"country": "ZZ"}, "valid choice"),
        ({"rate": "none"}, "valid choice"),
        ({"foot": "a\0"}, "cannot be stored"),
        ({"version": str(2**63)}, ""),
    ],
)
def test_a_slip_is_said_beside_its_field_and_what_was_typed_stays(olive, typed, said):
    answer = olive.post(FIRM, data=SAID | {"register": "Kept words"} | typed)
    assert (answer.status_code, said in answer.text.replace("Valid", "valid"), Seller.current()) == (422, True, None)
    assert "Kept words" in answer.text


def test_a_second_tab_shows_both_and_may_be_sent_again(olive):
    olive.post(FIRM, data=SAID)
    answer = olive.post(FIRM, data=SAID | {"legal_name": "<b>Mine</b>"})
    assert answer.status_code == 409
    assert "Northbank Ltd" in answer.text
    assert "&lt;b&gt;Mine&lt;/b&gt;" in answer.text
    assert "GB82" not in answer.text.split("<form")[0]  # what both say alike is not shown as different
    assert olive.post(FIRM, data=SAID | {"legal_name": "Mine", "version": "1"}).status_code == 303


def test_a_rate_is_added_by_a_click_where_the_firm_is_at_home(olive):
    olive.post(FIRM, data=SAID)
    assert "Add VAT, 20 %" in olive.get(RATES).text
    assert olive.post(f"{RATES}/ready", data={"key": "usual"}).status_code == 303
    assert (TaxRate.get().label, Seller.current().rate) == ("VAT, 20 %", TaxRate.get())
    page = olive.get(RATES).text
    assert "Add VAT, 20 %" not in page
    assert "Usual" in page
    assert olive.post(f"{RATES}/ready", data={"key": "usual"}).status_code == 422
    assert olive.post(f"{RATES}/ready", data={"key": "other"}).status_code == 422


def test_a_rate_is_typed_exactly(olive):
    answer = olive.post(RATES, data={"name": "MWST", "percent": "8.1", "category": "S"})
    assert (answer.status_code, TaxRate.get().rate_bps) == (303, 810)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": "", "percent": "8"}, "What is it called"),
        ({"name": "VAT", "percent": "8.125"}, "two decimals"),
        ({"name": "VAT", "percent": "-8"}, "two decimals"),
        ({"name": "VAT", "percent": ""}, "above 0 %"),
        ({"name": "Abroad", "category": "AE"}, "Say why"),
        ({"name": "VAT", "percent": "8", "category": "XX"}, "alid choice"),
    ],
)
def test_a_rate_that_cannot_be_is_refused_with_a_sentence(olive, typed, said):
    answer = olive.post(RATES, data={"category": "S", "note": ""} | typed)
    assert (answer.status_code, said in answer.text, TaxRate.select().count()) == (422, True, 0)


def test_a_rate_changes_its_name_but_never_its_percentage(olive, rate):
    here = f"{RATES}/{rate.public_id}"
    assert "The percentage stays" in olive.get(here).text
    sent = {"name": "Sales tax", "percent": "5", "rate_bps": "500", "category": "Z", "version": "1"}
    assert olive.post(here, data=sent).status_code == 303
    kept = TaxRate.get()
    assert (kept.name, kept.rate_bps, kept.category) == ("Sales tax", 2000, Category.STANDARD)
    assert olive.post(here, data=sent | {"name": "Mine"}).status_code == 409


def test_a_removed_rate_comes_back(olive, rate):
    here = f"{RATES}/{rate.public_id}"
    assert olive.post(f"{here}/remove").status_code == 303
    assert "No longer offered" in olive.get(RATES).text
    assert olive.post(f"{here}/restore").status_code == 303
    assert TaxRate.kept().count() == 1


def test_a_payer_is_filled_in_from_what_is_known_and_asking_keeps_nothing(vera, cast, to_bob, to_brightwater):
    cast.bob.legal_name, cast.bob.address = "Robert Haddad", "2 Mill Lane"
    cast.bob.save()
    page = vera.get(to_bob).text
    assert "Robert Haddad" in page
    assert "2 Mill Lane" in page
    assert 'value="Brightwater"' in vera.get(to_brightwater).text
    assert Payer.select().count() == 0


def test_what_a_payer_wants_is_kept(vera, cast, to_brightwater):
    typed = BOB | {
        "legal_name": "Brightwater plc", "email": "ap@brightwater.example", "needs_po": "y", "bundle": "payer",
        "currency": "EUR", "term_days": "60", "rhythm": "7 14 21", "version": "0",
    }  # fmt: skip
    assert vera.post(to_brightwater, data=typed).status_code == 303
    payer = Payer.known_as(cast.brightwater)
    assert (payer.legal_name, payer.needs_po, payer.bundle, payer.term_days) == ("Brightwater plc", True, "payer", 60)
    page = vera.get(to_brightwater).text
    assert "We call them Brightwater elsewhere" in page
    assert vera.post(to_brightwater, data=typed | {"version": "0"}).status_code == 409
    answer = vera.post(to_brightwater, data=BOB | {"version": "1", "bundle": "program"})
    assert answer.status_code == 303
    payer = Payer.known_as(cast.brightwater)
    assert (payer.needs_po, payer.term_days, payer.rhythm, payer.currency) == (False, None, "", "")


def test_a_client_who_pays_is_one_payer_whatever_is_sent(vera, cast, to_bob):
    assert "What stands on one invoice" not in vera.get(to_bob).text
    assert vera.post(to_bob, data=BOB | {"bundle": "payer"}).status_code == 303
    assert Payer.get().bundle == "program"


@pytest.mark.parametrize(
    "typed",
    [
        {"legal_name": ""}, {"email": "nonsense"}, {"copy_to": "a@b"}, {"rhythm": "1 2"}, {"term_days": "x"},
        {"currency": "XXX"}, {"rate": "x"}, {"country": "GB", "tax_id": "980780685"}, {"portal": "x" * 601},
        {"version": ""},
    ],
)  # fmt: skip
def test_a_slip_about_a_payer_is_said_and_keeps_nothing(vera, to_bob, typed):
    answer = vera.post(to_bob, data=BOB | {"attention": "Kept words"} | typed)
    assert (answer.status_code, "Kept words" in answer.text, Payer.select().count()) == (422, True, 0)


def test_another_currency_than_a_programs_is_said(vera, cast, to_bob):
    Engagement.create(
        client=cast.bob, coach=cast.alice, name="Leadership", currency="GBP", starts_on=date(2026, 9, 1),
        created_at=cast.bob.created_at,
    )  # fmt: skip
    vera.post(to_bob, data=BOB | {"currency": "EUR"})
    assert "was agreed in GBP" in vera.get(to_bob).text
    vera.post(to_bob, data=BOB | {"currency": "GBP", "version": "1"})
    assert "was agreed in GBP" not in vera.get(to_bob).text


def test_a_client_whose_sponsor_pays_leads_there(vera, cast, to_bob, to_brightwater):
    assert to_brightwater not in vera.get(to_bob).text
    paid = {"name": "Leadership", "currency": "GBP", "starts_on": date(2026, 9, 1), "created_at": cast.bob.created_at}
    Engagement.create(client=cast.bob, coach=cast.alice, payer_name="sponsor", **paid)
    page = vera.get(to_bob).text
    assert "its invoices go to Brightwater" in page
    assert f'href="{to_brightwater}"' in page


def test_a_rate_that_is_no_longer_offered_stays_with_who_has_it(vera, olive, rate, to_bob):
    vera.post(to_bob, data=BOB | {"rate": rate.public_id})
    olive.post(f"{RATES}/{rate.public_id}/remove")
    assert "VAT, 20 % (no longer offered)" in vera.get(to_bob).text
    assert vera.post(to_bob, data=BOB | {"rate": rate.public_id, "version": "1"}).status_code == 303
    assert Payer.get().rate == rate


def test_coach_and_assistant_see_their_payers_and_carol_nothing(alice, vera, carol, to_bob, to_brightwater):
    for path in (to_bob, to_brightwater):
        assert (alice.get(path).status_code, vera.get(path).status_code, carol.get(path).status_code) == (200, 200, 404)
        assert carol.post(path, data={"legal_name": "Mine", "version": "0"}).status_code == 404
    assert Payer.select().count() == 0


@pytest.mark.parametrize("name", ["alice", "vera", "carol"])
def test_how_the_firm_bills_is_the_owners(sign_in, name, rate):
    browser = sign_in(name)
    for path in (FIRM, RATES, f"{RATES}/{rate.public_id}"):
        assert (browser.get(path).status_code, browser.post(path).status_code) == (404, 404)
    for act in ("remove", "restore"):
        assert browser.post(f"{RATES}/{rate.public_id}/{act}").status_code == 404
    assert browser.post(f"{RATES}/ready").status_code == 404

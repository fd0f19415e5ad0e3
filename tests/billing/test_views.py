"""The pages of plans, charges, drafts to review and checks."""

import re
from datetime import date

import pytest

from coachbase.billing import actions
from coachbase.billing.models import Charge, Part, Plan, Waiver, account_of
from coachbase.clients.models import Client
from coachbase.engagements.models import Engagement
from coachbase.invoices.models import Invoice
from coachbase.payers.models import Payer
from tests.billing.conftest import NOW, TODAY


def text_of(page):
    """What a person reads of it."""
    return " ".join(re.sub("<[^>]+>", " ", page).split())


def propose(cast):
    return actions.propose(Engagement.with_client(), Charge.unbilled(TODAY), by=cast.vera).drafts


def home(cast):
    return f"/clients/{cast.bob.public_id}"


def plan_at(made):
    return f"/engagements/{made.public_id}/billing"


def as_sent(made, *parts, **values):
    """The form of a plan, with these parts as (label, amount, anchor)."""
    account = account_of(made)
    head = {
        "way": "parts", "unit": "", "version": account.plan.version if account.plan.id else 0,
        "seen": " ".join(part.public_id for part in account.unbilled_parts), "discount_share": "",
        "discount_amount": "", "discount_words": "", "rate": "", "since_on": "",
    }  # fmt: skip
    columns = {
        "part": [""] * len(parts), "label": [part[0] for part in parts], "amount": [part[1] for part in parts],
        "anchor": [part[2] for part in parts], "sort": [""] * len(parts), "number": [""] * len(parts),
        "on": [""] * len(parts),
    }  # fmt: skip
    return head | columns | values


# Plans and charges ----------------------------------------------------------------------------------------------------


def test_a_client_s_page_says_how_the_program_is_billed_and_what_is_billed(cast, program, vera):
    program(billing_name="halves")
    (draft,) = propose(cast)
    page = vera.get(f"{home(cast)}/billing").text
    assert "First half" in page
    assert f"/invoices/{draft.public_id}" in page
    assert 'id="main"' in page
    assert 'id="main"' not in vera.get(f"{home(cast)}/billing", headers={"HX-Request": "true"}).text


def test_looking_at_a_program_without_a_plan_writes_none(cast, program, vera):
    made = program(billing_name="halves")
    assert "First half" in vera.get(f"{home(cast)}/billing").text
    assert vera.get(plan_at(made)).status_code == 200
    assert Plan.select().count() == 0


def test_the_parts_of_a_plan_are_said(cast, program, vera):
    made = program(billing_name="upfront")
    sent = as_sent(made, ("first", "1,000", "start"), ("rest", "500.00", "end"))
    assert vera.post(plan_at(made), data=sent).status_code == 303
    assert [(part.label, part.cents, part.anchor) for part in Part.select()] == [
        ("first", 100_000, "start"),
        ("rest", 50_000, "end"),
    ]


def test_another_sum_than_the_price_is_kept_once_that_was_said(cast, program, vera):
    made = program(billing_name="upfront")
    sent = as_sent(made, ("first", "1000", "start"))
    answer = vera.post(plan_at(made), data=sent)
    assert answer.status_code == 422
    assert "£500.00 less than the £1,500.00 agreed" in answer.text
    assert Plan.select().count() == 0
    agreed = re.search(r'name="agreed" value="(\d+)"', answer.text)[1]
    assert vera.post(plan_at(made), data=sent | {"agreed": agreed}).status_code == 303
    assert Part.get().cents == 100_000


def test_the_sum_is_shown_as_it_is_typed(cast, program, vera):
    made = program(billing_name="upfront")
    sent = as_sent(made, ("first", "1000", "start"), ("", "400", "start"))
    answer = vera.get(f"{plan_at(made)}/sum", query_string=sent, headers={"HX-Request": "true"})
    assert "£100.00 less" in text_of(answer.text)
    whole = as_sent(made, way="session", unit="250")
    assert "This comes to the £1,500.00 agreed." in text_of(vera.get(f"{plan_at(made)}/sum", query_string=whole).text)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"amount": ["abc"]}, "Type an amount"),
        ({"amount": ["0"]}, "A part is more than nothing."),
        ({"anchor": ["month"]}, "After how many?"),
        ({"anchor": ["date"]}, "On which day?"),
        ({"anchor": ["month"], "number": ["9" * 30]}, "out of range"),
        ({"way": "session"}, "What does one cost?"),
        ({"way": "session", "unit": "9", "discount_amount": "9"}, "comes off a part"),
        ({"discount_share": "101"}, "percentage"),
    ],
)
def test_what_cannot_be_stays_on_the_page_with_a_sentence(cast, program, vera, values, said):
    made = program(billing_name="upfront")
    answer = vera.post(plan_at(made), data=as_sent(made, ("all of it", "1500", "start")) | values)
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert Plan.select().count() == 0


def test_parts_are_added_and_taken_out_without_a_script(cast, program, vera):
    made = program(billing_name="upfront")
    sent = as_sent(made, ("first", "1000", "start"), ("rest", "500", "end"))
    assert vera.post(plan_at(made), data=sent | {"add": "1"}).text.count('name="amount"') == 3
    page = vera.post(plan_at(made), data=sent | {"remove": "0"}).text
    assert (page.count('name="amount"'), 'value="rest"' in page) == (1, True)
    assert Plan.select().count() == 0


def test_two_who_plan_at_once_see_both_plans(cast, program, vera):
    made = program(billing_name="upfront")
    mine, theirs = (as_sent(made, (name, "1500", "start")) for name in ("mine", "theirs"))
    vera.post(plan_at(made), data=theirs)
    answer = vera.post(plan_at(made), data=mine)
    assert answer.status_code == 409
    assert all(name in answer.text for name in ("mine", "theirs"))
    again = dict(re.findall(r'<textarea name="(\w+)"[^>]*>([^<]*)</textarea>', answer.text))
    assert vera.post(plan_at(made), data=again).status_code == 303
    assert [part.label for part in Part.select()] == ["mine"]


def test_a_charge_is_added_changed_removed_and_put_back(cast, program, vera):
    made = program(billing_name="upfront")
    sent = {
        "text": "Train", "kind": "expense", "on": "2026-11-20", "quantity": "2", "price": "84.50", "currency": "GBP",
        "program": made.public_id, "rate": "", "version": "1",
    }  # fmt: skip
    assert vera.post(f"{home(cast)}/charges", data=sent).status_code == 303
    row = Charge.get()
    assert (row.net_cents, row.engagement, row.on) == (16_900, made, date(2026, 11, 20))
    here = f"/charges/{row.public_id}"
    assert vera.post(here, data=sent | {"text": "Two trains"}).status_code == 303
    answer = vera.post(here, data=sent | {"text": "A boat"})
    assert (answer.status_code, "Two trains" in answer.text, "A boat" in answer.text) == (409, True, True)
    vera.post(f"{here}/remove")
    assert "Two trains" not in vera.get(f"{home(cast)}/billing").text
    vera.post(f"{here}/restore")
    assert "Two trains" in vera.get(f"{home(cast)}/billing").text


@pytest.mark.parametrize(("field", "typed"), [("price", "0"), ("price", "1.234"), ("quantity", "x"), ("on", "never")])
def test_a_charge_that_cannot_be_says_so(cast, program, vera, field, typed):
    program()
    sent = {"text": "Train", "kind": "expense", "on": "2026-11-20", "quantity": "2", "price": "84.50",
            "currency": "GBP", "program": "", "rate": "", "version": "1"}  # fmt: skip
    assert vera.post(f"{home(cast)}/charges", data=sent | {field: typed}).status_code == 422
    assert Charge.select().count() == 0


# Drafts to be looked through ------------------------------------------------------------------------------------------


@pytest.fixture
def two_drafts(cast, program, session, sponsor):
    """One of Bob's own, and one to Brightwater, which wants a PO number."""
    Payer.update(needs_po=True).execute()
    other = Client.create(
        name="Ada Lund", organisation=cast.brightwater, coach=cast.alice, search_key="ada", created_at=NOW
    )
    session(program(), 40)
    session(program(other, is_sponsored=True), 40)
    return propose(cast)


def test_what_is_ready_is_ticked_and_what_lacks_something_cannot_be(cast, two_drafts, vera):
    page = vera.get("/billing").text
    boxes = re.findall(r'<input type="checkbox"[^>]*name="draft"[^>]*>', page)
    assert [("checked" in box, "disabled" in box) for box in boxes] == [(True, False), (False, True)]
    assert "This payer wants a PO number" in page
    assert "First invoice to Brightwater" in page
    assert "£600.00" in page


def test_the_ticked_ones_are_issued_in_one_act_and_the_answer_says_so(cast, two_drafts, vera):
    ticked = [f"{draft.public_id}.{draft.version}" for draft in two_drafts]
    answer = vera.post("/billing/issue", data={"draft": ticked})
    assert answer.status_code == 200
    assert "1 invoice is issued" in answer.text
    assert "This payer wants a PO number" in answer.text
    assert Invoice.select().where(Invoice.number.is_null(False)).count() == 1
    again = vera.post("/billing/issue", data={"draft": ticked})
    assert "1 was issued or discarded meanwhile" in again.text


def test_enter_on_a_box_neither_issues_nor_discards(cast, two_drafts, vera):
    """A browser presses the first button of the form."""
    form = vera.get("/billing").text.partition('id="to-issue"')[2]
    assert 'formmethod="get"' in re.search(r"<button[^>]*>", form)[0]


def test_a_draft_somebody_changed_since_it_was_ticked_is_not_issued(cast, two_drafts, vera):
    draft = two_drafts[0]
    answer = vera.post("/billing/issue", data={"draft": f"{draft.public_id}.7"})
    assert "Somebody else changed this draft" in answer.text
    assert Invoice.select().where(Invoice.number.is_null(False)).count() == 0


def test_a_po_number_typed_into_its_row_lets_the_draft_go(cast, two_drafts, vera):
    blocked = two_drafts[-1]
    blocked = next(row for row in Invoice.with_payer() if row.payer.needs_po)
    vera.post(f"/billing/{blocked.public_id}/po", data={"po_number": "PO-9", "version": "1"})
    answer = vera.post("/billing/issue", data={"draft": f"{blocked.public_id}.2"})
    assert "1 invoice is issued" in answer.text


@pytest.mark.parametrize("draft", ["", "x", "01ARZ3NDEKTSV4RRFFQ69G5FAV.1", "\0.1", "9" * 5000])
def test_nonsense_issues_nothing(cast, two_drafts, vera, draft):
    assert vera.post("/billing/issue", data={"draft": draft}).status_code in (200, 422)
    assert Invoice.select().where(Invoice.number.is_null(False)).count() == 0


def test_carol_sees_none_of_it_and_issues_none_of_it(cast, two_drafts, session, carol):
    for page in ("/billing", "/billing/checks"):
        said = carol.get(page).text
        assert "Bob Haddad" not in said
        assert "Brightwater" not in said
    draft = two_drafts[0]
    answer = carol.post("/billing/issue", data={"draft": f"{draft.public_id}.1"})
    assert "1 was issued or discarded meanwhile" in answer.text
    assert carol.post(f"/billing/{draft.public_id}/discard", data={"version": "1"}).status_code == 404
    assert carol.post("/billing/propose").status_code == 303
    assert carol.get(f"{home(cast)}/billing").status_code == 404
    assert Invoice.select().where(Invoice.number.is_null(False) | Invoice.removed_at.is_null(False)).count() == 0


def test_what_carol_billed_to_the_same_payer_is_no_difference_of_ours(cast, two_drafts, program, session, vera, carol):
    """That somebody else has a client there is nobody's business: domain.md §1."""
    hers = Client.create(
        name="Cid Orr", organisation=cast.brightwater, coach=cast.carol, search_key="cid", created_at=NOW
    )
    session(program(hers, is_sponsored=True, po_number="PO-3"), 41)
    (draft,) = propose(cast)
    assert actions.issue([(draft, 1)], by=cast.olive).issued
    assert "First invoice to Brightwater" in vera.get("/billing").text


def test_propose_now_makes_drafts_of_ones_own_clients_alone(cast, program, session, carol, vera):
    session(program(), 40)
    Charge.create(client=cast.bob, text="Train", on=TODAY, unit_cents=100, currency="GBP", created_at=NOW)
    carol.post("/billing/propose")
    assert Invoice.select().count() == 0
    assert vera.post("/billing/propose").status_code == 303
    assert Invoice.select().count() == 2


# Checks ---------------------------------------------------------------------------------------------------------------


def test_a_session_that_was_not_billed_is_billed_or_waived_from_its_line(cast, program, session, vera):
    made = program()
    held = session(made, 40)
    page = vera.get("/billing/checks").text
    assert "Held, not billed" in page
    assert vera.post(f"/sessions/{held.public_id}/waive", data={"reason": ""}).status_code == 422
    vera.post(f"/sessions/{held.public_id}/waive", data={"reason": "A gift"})
    assert Waiver.get().reason == "A gift"
    assert "Everything fits together" in vera.get("/billing/checks").text
    assert "A gift" in vera.get(f"{home(cast)}/billing").text
    assert vera.post(f"/engagements/{made.public_id}/bill").status_code == 422
    vera.post(f"/sessions/{held.public_id}/bill-after-all")
    answer = vera.post(f"/engagements/{made.public_id}/bill")
    assert answer.location == f"/invoices/{Invoice.get().public_id}"


def test_the_tabs_say_how_many_wait_for_whom(cast, two_drafts, program, session, vera, carol):
    session(program(), 30)
    assert "Checks <b>2</b>" in vera.get("/billing/tabs").text  # a session, and an order number
    assert "To review <b>2</b>" in vera.get("/billing/tabs").text
    assert "<b>" not in carol.get("/billing/tabs?tab=list").text


# However much there is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["/billing", "/billing/checks"])
def test_a_batch_of_many_asks_no_more_than_one_of_few(cast, program, session, sponsor, olive, queries, page):
    for number in range(30):
        client = Client.create(
            name=f"Client {number}", organisation=cast.brightwater, coach=cast.alice, search_key="c", created_at=NOW
        )
        session(program(client, is_sponsored=True), 40 + number)
    propose(cast)
    with queries() as asked:
        assert olive.get(page).status_code == 200
    assert len(asked) <= 15, "\n".join(asked)


def test_a_client_with_many_programs_asks_no_more(cast, program, session, vera, queries):
    for number in range(6):
        session(program(), 40 + number)
    propose(cast)
    with queries() as asked:
        assert vera.get(f"{home(cast)}/billing", headers={"HX-Request": "true"}).status_code == 200
    assert len(asked) <= 15, "\n".join(asked)
    with queries() as asked:
        assert vera.get(f"{home(cast)}/billing").status_code == 200
    assert len(asked) <= 15, len(asked)

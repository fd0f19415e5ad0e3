"""What a credit note may take back, what settles an amount, what may be posted, and what an invoice lacks."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from coachbase.invoices.rules import (
    Account,
    Entry,
    Facts,
    Settled,
    Standing,
    Stands,
    State,
    ToCredit,
    Unit,
    refusal_of_credit,
    refusal_to_credit,
    refusal_to_dispute,
    refusal_to_post,
    refusal_to_transfer,
    refusal_to_undo,
    refusals_to_issue,
    settled,
    standing,
)
from coachbase.money import LARGEST
from coachbase.numbers.rules import Kind

TODAY = date(2026, 11, 23)


# Credit notes ---------------------------------------------------------------------------------------------------------

SESSIONS = ToCredit("Sessions", Unit.SESSION, 3000, 0)


@pytest.mark.parametrize(
    ("state", "kind", "asked", "left", "reason", "said"),
    [
        (State.ISSUED, Kind.INVOICE, 3000, 3000, "Held twice", None),
        (State.ISSUED, Kind.FEE, 1, 3000, "Held twice", None),
        (State.DRAFT, Kind.INVOICE, 3000, 3000, "Held twice", "draft is changed"),
        (State.ISSUED, Kind.CREDIT, 3000, 3000, "Held twice", "not taken back by another"),
        (State.ISSUED, Kind.INVOICE, 0, 3000, "Held twice", "Choose what"),
        (State.ISSUED, Kind.INVOICE, 0, 0, "Held twice", "credited already"),
        (State.ISSUED, Kind.INVOICE, 3001, 3000, "Held twice", "3 sessions can be credited"),
        (State.ISSUED, Kind.INVOICE, -1, 3000, "Held twice", "3 sessions can be credited"),
        (State.ISSUED, Kind.INVOICE, -1000, -1000, "Held twice", None),
        (State.ISSUED, Kind.INVOICE, -1001, -1000, "Held twice", "can be credited"),
        (State.ISSUED, Kind.INVOICE, 3000, 3000, " ", "Say why"),
    ],
)
def test_no_more_is_credited_than_is_left(state, kind, asked, left, reason, said):
    refusal = refusal_to_credit(state, kind, [SESSIONS._replace(asked=asked, left=left)], reason=reason)
    assert refusal is None if said is None else said in refusal


@pytest.mark.parametrize(
    ("total", "left", "said"),
    [(100, 100, None), (101, 100, "more than the £1.00"), (0, 100, "nothing or less"), (-5, 100, "nothing or less")],
)
def test_a_credit_note_comes_to_something_and_to_no_more_than_is_left(total, left, said):
    refusal = refusal_of_credit(total, left, "GBP")
    assert refusal is None if said is None else said in refusal


# How it stands --------------------------------------------------------------------------------------------------------

PAID, BACK, CREDIT, MOVED, OFF = Entry.PAYMENT, Entry.REFUND, Entry.CREDIT, Entry.TRANSFER, Entry.WRITE_OFF
NOTHING = Settled(None, None)


def postings(*told):
    """(entry, cents) on the first, the second, … of November."""
    return [Stands(day, entry, cents, date(2026, 11, day)) for day, (entry, cents) in enumerate(told, start=1)]


def on(day):
    return date(2026, 11, day)


@pytest.mark.parametrize(
    ("told", "comes_to"),
    [
        ([], NOTHING),
        ([(PAID, 299)], NOTHING),
        ([(PAID, 300)], (PAID, on(1))),
        ([(PAID, 100), (PAID, 200)], (PAID, on(2))),
        ([(PAID, 300), (PAID, 50)], (PAID, on(1))),
        ([(PAID, 300), (PAID, 50), (BACK, -50)], (PAID, on(1))),
        ([(PAID, 350), (BACK, -50)], (PAID, on(1))),
        ([(PAID, 350), (MOVED, -50)], (PAID, on(1))),
        ([(PAID, 100), (MOVED, 200)], (MOVED, on(2))),
        ([(CREDIT, 300)], (CREDIT, on(1))),
        ([(CREDIT, 100), (CREDIT, 200)], (CREDIT, on(2))),
        ([(CREDIT, 100), (PAID, 200)], (PAID, on(2))),
        ([(PAID, 200), (CREDIT, 100)], (PAID, on(2))),
        ([(PAID, 300), (CREDIT, 300)], (CREDIT, on(1))),
        ([(PAID, 300), (CREDIT, 300), (BACK, -300)], (CREDIT, on(1))),
        ([(PAID, 100), (OFF, 200)], (OFF, on(2))),
        ([(CREDIT, 100), (OFF, 200)], (OFF, on(2))),
        ([(OFF, 300), (PAID, 300), (BACK, -300)], (PAID, on(1))),
    ],
)
def test_what_settles_an_amount_and_when(told, comes_to):
    assert settled(300, postings(*told)) == comes_to


@pytest.mark.parametrize(
    ("state", "kind", "open_cents", "due", "disputed", "last", "stands"),
    [
        (State.DRAFT, Kind.INVOICE, 0, None, False, None, Standing.DRAFT),
        (State.ISSUED, Kind.CREDIT, 0, TODAY, False, None, Standing.ISSUED),
        (State.ISSUED, Kind.INVOICE, 300, TODAY, False, None, Standing.OPEN),
        (State.ISSUED, Kind.INVOICE, 300, TODAY - timedelta(1), False, None, Standing.OVERDUE),
        (State.ISSUED, Kind.INVOICE, 300, TODAY - timedelta(1), True, None, Standing.DISPUTED),
        (State.ISSUED, Kind.INVOICE, 100, TODAY - timedelta(1), False, PAID, Standing.OVERDUE),
        (State.ISSUED, Kind.INVOICE, 0, TODAY - timedelta(1), True, PAID, Standing.PAID),
        (State.ISSUED, Kind.INVOICE, 0, TODAY, False, MOVED, Standing.PAID),
        (State.ISSUED, Kind.INVOICE, 0, TODAY, False, CREDIT, Standing.CREDITED),
        (State.ISSUED, Kind.INVOICE, 0, TODAY, False, OFF, Standing.WRITTEN_OFF),
        (State.ISSUED, Kind.INVOICE, -1, TODAY, False, PAID, Standing.OVERPAID),
        (State.ISSUED, Kind.FEE, 300, TODAY - timedelta(1), False, None, Standing.OVERDUE),
    ],
)
def test_how_it_stands(state, kind, open_cents, due, disputed, last, stands):
    facts = {"total": 300, "open_cents": open_cents, "due_on": due, "is_disputed": disputed, "last": last}
    assert standing(state, kind, today=TODAY, **facts) is stands


OPEN = Account(State.ISSUED, Kind.INVOICE, "GBP", 300, date(2026, 11, 2))


@pytest.mark.parametrize(
    ("entry", "cents", "day", "account", "said"),
    [
        (PAID, 300, TODAY, {}, None),
        (PAID, 1, TODAY, {}, None),
        (PAID, 400, TODAY, {}, None),
        (PAID, 300, TODAY, {"state": State.DRAFT}, "draft cannot be paid"),
        (PAID, 300, TODAY, {"kind": Kind.CREDIT}, "taken off what it corrects"),
        (PAID, 300, TODAY, {"kind": Kind.FEE}, None),
        (PAID, 0, TODAY, {}, "above zero"),
        (PAID, -1, TODAY, {}, "above zero"),
        (PAID, LARGEST, TODAY, {}, None),
        (PAID, LARGEST + 1, TODAY, {}, "larger than any"),
        (PAID, 300, TODAY + timedelta(1), {}, "still to come"),
        (PAID, 300, date(2025, 11, 1), {}, None),
        (PAID, 300, date(2025, 10, 31), {}, "Check the day"),
        (PAID, 300, date(1, 1, 1), {}, "Check the day"),
        (CREDIT, 300, TODAY, {}, "write a credit note"),
        (BACK, -50, TODAY, {"open_cents": -50}, None),
        (BACK, -51, TODAY, {"open_cents": -50}, "We owe £0.50"),
        (BACK, 50, TODAY, {"open_cents": -50}, "above zero"),
        (BACK, -1, TODAY, {"open_cents": 0}, "nothing to give back"),
        (BACK, -1, TODAY, {}, "nothing to give back"),
        (MOVED, -50, TODAY, {"open_cents": -50}, None),
        (MOVED, -51, TODAY, {"open_cents": -50}, "We owe"),
        (MOVED, 300, TODAY, {}, None),
        (MOVED, 301, TODAY, {}, "£3.00 is open"),
        (MOVED, 1, TODAY, {"open_cents": 0}, "Nothing is open"),
        (OFF, 300, TODAY, {}, None),
        (OFF, 301, TODAY, {}, "£3.00 is open"),
        (OFF, 1, TODAY, {"open_cents": 0}, "Nothing is open"),
        (OFF, 1, TODAY, {"open_cents": -50}, "Nothing is open"),
    ],
)
def test_what_may_be_posted(entry, cents, day, account, said):
    refusal = refusal_to_post(entry, cents, day, replace(OPEN, **account), reason="They are bankrupt", today=TODAY)
    assert refusal is None if said is None else said in refusal


def test_nothing_is_written_off_without_a_reason():
    assert "Say why" in refusal_to_post(OFF, 300, TODAY, OPEN, reason=" ", today=TODAY)


@pytest.mark.parametrize(
    ("told", "which", "said"),
    [
        ([(PAID, 300)], 1, None),
        ([(PAID, 300)], 2, "already"),
        ([(CREDIT, 300)], 1, "credit note stays"),
        ([(OFF, 300)], 1, None),
        ([(PAID, 400), (BACK, -100)], 1, "Take that back first"),
        ([(PAID, 400), (BACK, -100)], 2, None),
        ([(PAID, 400), (MOVED, -100)], 1, "Take that back first"),
        ([(PAID, 300), (PAID, 100), (BACK, -100)], 2, None),
        ([(PAID, 300), (CREDIT, 300), (BACK, -300)], 1, "Take that back first"),
    ],
)
def test_nothing_is_taken_back_on_which_something_stands(told, which, said):
    refusal = refusal_to_undo(which, postings(*told))
    assert refusal is None if said is None else said in refusal


def test_what_was_too_much_pays_only_the_same_payers_invoice_in_the_same_currency():
    owed = replace(OPEN, open_cents=-50)
    same = {"same_payer": True, "same_document": False}
    assert refusal_to_transfer(owed, OPEN, **same) is None
    assert refusal_to_transfer(owed, OPEN, **same | {"same_payer": False})
    assert refusal_to_transfer(owed, OPEN, **same | {"same_document": True})
    assert refusal_to_transfer(owed, replace(OPEN, currency="EUR"), **same)


@pytest.mark.parametrize(
    ("account", "words", "disputed", "said"),
    [
        ({}, "Held only twice", False, None),
        ({}, " ", False, "objects"),
        ({}, "Held only twice", True, "already"),
        ({"open_cents": 0}, "Held only twice", False, "Nothing of it is open"),
        ({"state": State.DRAFT}, "Held only twice", False, "Nothing of it is open"),
        ({"kind": Kind.CREDIT}, "Held only twice", False, "Nothing of it is open"),
    ],
)
def test_what_may_be_disputed(account, words, disputed, said):
    refusal = refusal_to_dispute(replace(OPEN, **account), words=words, is_disputed=disputed)
    assert refusal is None if said is None else said in refusal


# Issuing --------------------------------------------------------------------------------------------------------------

READY = Facts(
    seller_name="Northbank Ltd", seller_address="1 Quay", seller_tax="GB123456789", payer_name="Bob Haddad",
    payer_address="2 Mill Lane", needs_po=True, po_number="4711", line_count=1, total=300, kind=Kind.INVOICE,
    untaxed_without_note=False, supplied=True, has_address_to_mail=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        ({}, None),
        ({"seller_name": ""}, "legal name"),
        ({"seller_address": ""}, "legal name"),
        ({"seller_tax": ""}, "tax number"),
        ({"payer_name": ""}, "payer’s name"),
        ({"payer_address": ""}, "payer’s name"),
        ({"po_number": ""}, "PO number"),
        ({"po_number": "", "needs_po": False}, None),
        ({"po_number": "", "kind": Kind.CREDIT}, None),
        ({"line_count": 0}, "no line"),
        ({"total": 0}, "nothing or less"),
        ({"total": -1}, "nothing or less"),
        ({"untaxed_without_note": True}, "needs the reason"),
        ({"supplied": False}, "supplied"),
        ({"has_address_to_mail": False}, "Nobody is known"),
        ({"undrawable": "The fonts cannot draw it."}, "cannot draw it"),
    ],
)
def test_what_an_invoice_lacks_is_said(lacks, said):
    refusals = refusals_to_issue(replace(READY, **lacks))
    assert refusals == [] if said is None else len(refusals) == 1 and said in refusals[0]

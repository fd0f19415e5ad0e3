"""Which invoice a line of the bank pays, and what may be done with a line."""

from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase.payments.rules import LineState, Open, Paid, Why, needs_reason, numbers_in, propose, refusal_to_match

DAY = date(2026, 11, 20)


def open_invoice(number: str, cents: int, **values) -> Open:
    """Bob's, of the year in its number, unless told otherwise."""
    parts = [part for part in number.split("-") if part.isdigit()]
    year = int(parts[0]) if len(parts) > 1 else 0
    told = {"currency": "GBP", "payer": 1, "names": ("Bob Haddad",), "due_on": DAY}
    return Open(number, number, year, int(parts[-1]), cents=cents, **(told | values))


def line(cents: int, reference: str = "", payer: str = "", **values) -> Paid:
    return Paid(f"{reference} {cents}", DAY, cents, values.pop("currency", "GBP"), payer, reference, **values)


BOBS = open_invoice("2026-0012", 30_000)
ANOTHER = open_invoice("2026-0003", 120_000, payer=2, names=("Brightwater Ltd", "Brightwater"))
OLD = open_invoice("2025-0012", 50_000, payer=2, names=("Brightwater",))
FEE = open_invoice("LF-2026-0003", 4_000, payer=2, names=("Brightwater",))
PAID = open_invoice("2026-0001", 0)
OVER = open_invoice("2026-0007", -5_000)
EURO = open_invoice("2026-0009", 30_000, currency="EUR")
RUNNING = open_invoice("RE-00077", 7_700, payer=3, names=("Ida Berg",))
ALL = (BOBS, ANOTHER, OLD, FEE, PAID, OVER, EURO, RUNNING)


@pytest.mark.parametrize(
    "reference",
    [
        "2026-0012", "20260012", "2026 0012", "2026/12", "2026-12", "INV 2026-0012", "inv2026-0012", "No. 2026.0012",
        "RE 2026 12", "RE20260012", "rechnungsnr: 2026-0012 vom 20.11.2026", "PAYMENT 2026_0012 THANKS", "#2026-0012",
        "2026-11-20 2026-0012", "SEPA 2026-0012/COACHING", "  2026 -  0012", "/INV/2026-0012/20.11.2026",
    ],
)  # fmt: skip
def test_our_number_is_known_however_it_is_written(reference):
    assert tuple(invoice.number for invoice in propose([line(30_000, reference)], ALL)[0].sure) == ("2026-0012",)


@pytest.mark.parametrize(
    "reference",
    ["", "coaching", "2026-11-12", "12.11.2026", "on 12/11/2026", "DE89 3704 0044 0532 0130 00", "+44 2026 001299"],
)
def test_days_accounts_and_numbers_of_others_are_not_ours(reference):
    proposal = propose([line(30_000, reference)], ALL)[0]
    assert proposal.sure == ()
    assert all(Why.NUMBER not in candidate.why for candidate in proposal.candidates)


def found(paid: Paid, invoices=ALL) -> list[tuple]:
    proposal = propose([paid], invoices)[0]
    return [(each.invoice.number, {why.value for why in each.why}, each.left) for each in proposal.candidates]


@pytest.mark.parametrize(
    ("paid", "first"),
    [
        (line(30_000, "thanks"), ("2026-0012", {"amount"}, 0)),
        (line(29_000, "2026-0012"), ("2026-0012", {"number"}, 1_000)),
        (line(31_000, "2026-0012"), ("2026-0012", {"number"}, -1_000)),
        (line(30_000, "invoice 12"), ("2026-0012", {"half", "amount"}, 0)),
        (line(30_000, "26-0012"), ("2026-0012", {"half", "amount"}, 0)),
        (line(30_000, "0012"), ("2026-0012", {"half", "amount"}, 0)),
        (line(10_000, "part", "MR BOB HADDAD"), ("2026-0012", {"name"}, 20_000)),
        (line(10_000, "part", "HADDAD B"), ("2026-0012", {"name"}, 20_000)),
        (line(10_000, "HADDAD B PART"), ("2026-0012", {"name"}, 20_000)),
        (line(10_000, "part", known=frozenset({1})), ("2026-0012", {"account"}, 20_000)),
        (line(500, "2026-0001"), ("2026-0001", {"number"}, -500)),
        (line(120_000, "", "Brightwater Holdings Limited"), ("2026-0003", {"amount", "name"}, 0)),
    ],
)
def test_what_is_doubtful_is_offered_with_what_speaks_for_it(paid, first):
    assert found(paid)[0] == first


def test_at_most_three_are_offered_the_most_likely_first():
    many = [open_invoice(f"2026-{n:04}", 1_000 * n) for n in range(20, 30)]
    offered = found(line(23_000, "", "Bob Haddad"), many)
    assert [number for number, _, _ in offered] == ["2026-0023", "2026-0022", "2026-0024"]


def test_one_line_may_pay_several_when_their_sum_is_its_amount():
    proposal = propose([line(150_000, "2026-0012 and 2026-0003")], ALL)[0]
    assert [invoice.number for invoice in proposal.sure] == ["2026-0012", "2026-0003"]
    assert proposal.seen == "2026-0012=30000 2026-0003=120000"
    assert propose([line(150_001, "2026-0012 and 2026-0003")], ALL)[0].sure == ()


def test_letters_tell_a_late_fee_from_the_invoice_of_the_same_number():
    assert [each.number for each in propose([line(4_000, "LF-2026-0003")], ALL)[0].sure] == ["LF-2026-0003"]
    assert [each.number for each in propose([line(120_000, "2026-0003")], ALL)[0].sure] == ["2026-0003"]
    assert propose([line(4_000, "2026-0003")], ALL)[0].sure == ()
    assert [each.number for each in propose([line(4_000, "2026-0003")], [FEE])[0].sure] == ["LF-2026-0003"]


def test_numbers_of_a_series_that_runs_on_are_known_too():
    for reference in ("RE-00077", "re 77", "00077"):
        assert "RE-00077" in {number for number, _, _ in found(line(7_700, reference))} | {
            each.number for each in propose([line(7_700, reference)], ALL)[0].sure
        }
    assert [each.number for each in propose([line(7_700, "RE-00077")], ALL)[0].sure] == ["RE-00077"]


def test_the_currency_must_be_the_same():
    proposal = propose([line(30_000, "2026-0009")], ALL)[0]
    assert proposal.sure == ()
    assert "2026-0009" not in [candidate.invoice.number for candidate in proposal.candidates]
    assert proposal.note == "It names 2026-0009, which is in EUR."


def test_of_two_lines_that_pay_the_same_only_the_first_is_sure():
    first, second = propose([line(30_000, "2026-0012"), line(30_000, "2026 12")], ALL)
    assert first.sure
    assert (second.sure, second.note) == ((), "Another line here pays the same.")
    assert second.candidates[0].invoice is BOBS


def test_money_that_went_out_gives_back_what_was_paid_too_much():
    assert [each.number for each in propose([line(-5_000, "refund 2026-0007")], ALL)[0].sure] == ["2026-0007"]
    assert found(line(-5_000, "refund")) == [("2026-0007", {"amount"}, 0)]
    assert found(line(-30_000, "2026-0012")) == []


def test_a_reference_full_of_figures_is_read_in_no_time():
    assert len(numbers_in("2026 0012 " * 1000).whole) <= 250


@pytest.mark.parametrize(
    ("state", "parts", "sentence"),
    [
        (LineState.OPEN, [30_000], None),
        (LineState.OPEN, [20_000, 10_000], None),
        (LineState.MATCHED, [30_000], "dealt with this line already"),
        (LineState.IGNORED, [30_000], "dealt with this line already"),
        (LineState.OPEN, [], "which invoice"),
        (LineState.OPEN, [30_000, 0], "the same way"),
        (LineState.OPEN, [40_000, -10_000], "the same way"),
        (LineState.OPEN, [29_000], "given to no invoice yet"),
        (LineState.OPEN, [20_000, 11_000], "too much is given out"),
    ],
)
def test_a_line_is_given_out_whole_or_not_at_all(state, parts, sentence):
    said = refusal_to_match(state, 30_000, parts, "£10.00")
    assert said is sentence or sentence in said


def test_what_is_a_day_old_wants_a_reason():
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert not needs_reason(now - timedelta(hours=24), now)
    assert needs_reason(now - timedelta(hours=25), now)
    assert not needs_reason(None, now)

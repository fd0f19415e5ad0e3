"""What the books add up is what the documents say, to the last cent, and nobody else's."""

from collections import Counter
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachbase import check, clock
from coachbase.books.models import document_rows, earned, owing, payment_rows, taxed, unbilled
from coachbase.books.rules import OWED_BACK, Period, receivables
from coachbase.db import database
from coachbase.engagements.models import Engagement
from coachbase.invoices import actions
from coachbase.invoices.models import Invoice, Portion
from coachbase.invoices.rules import ClaimKind, Unit
from coachbase.numbers.rules import Kind
from coachbase.payers.rules import Category
from coachbase.sums.rules import by_coach, totals

YEAR = Period.read("2026", date(2026, 11, 20))
OCTOBER, NOVEMBER = date(2026, 10, 15), date(2026, 11, 12)


def sums(rows):
    return {(row.month, row.currency, row.coach, row.is_fee): row.cents for row in rows}


def test_revenue_counts_for_the_coach_of_each_line_in_the_month_of_issue(cast, desk, today):
    desk.issue(OCTOBER, desk.line(10_000), desk.line(5000, coach=cast.carol))
    desk.issue(NOVEMBER, desk.line(7000), desk.line(100_000, coach=cast.carol))
    assert sums(earned(cast.olive, YEAR)) == {
        ("2026-10", "GBP", "Alice Kern", False): 10_000,
        ("2026-10", "GBP", "Carol Voss", False): 5000,
        ("2026-11", "GBP", "Alice Kern", False): 7000,
        ("2026-11", "GBP", "Carol Voss", False): 100_000,
    }


def test_a_discount_on_all_is_spread_over_the_coaches_to_the_last_cent(cast, desk, today):
    """10.00 off 100.01 and 50.00: 6.67 and 3.33, for 1000 * 10001 / 15001 is 666.69."""
    invoice = desk.issue(NOVEMBER, desk.line(10_001), desk.line(5000, coach=cast.carol), discount_cents=1000)
    assert {row.coach: row.cents for row in earned(cast.olive, YEAR)} == {"Alice Kern": 9334, "Carol Voss": 4667}
    assert invoice.net_cents == 9334 + 4667


def test_what_is_credited_is_taken_off_in_the_month_of_the_credit_note(cast, desk, today):
    invoice = desk.issue(OCTOBER, desk.line(10_000), desk.line(6000, coach=cast.carol))
    desk.credit(invoice, NOVEMBER, [0, 500])
    assert sums(earned(cast.olive, YEAR))["2026-11", "GBP", "Carol Voss", False] == -3000
    assert ("2026-11", "GBP", "Alice Kern", False) not in sums(earned(cast.olive, YEAR))


def test_late_fees_stand_apart_and_so_does_what_is_credited_of_them(cast, desk, today):
    invoice = desk.issue(OCTOBER, desk.line(10_000))
    fee = desk.issue(OCTOBER, desk.line(4000, rate=desk.none), kind=Kind.FEE, corrects=invoice)
    desk.credit(fee, NOVEMBER)
    found = sums(earned(cast.olive, YEAR))
    assert found["2026-10", "GBP", "Alice Kern", True] == 4000
    assert found["2026-11", "GBP", "Alice Kern", True] == -4000
    assert found["2026-10", "GBP", "Alice Kern", False] == 10_000


def test_drafts_and_other_periods_are_not_counted(cast, desk, today):
    desk.issue(date(2025, 12, 31), desk.line(10_000))
    assert earned(cast.olive, YEAR) == []
    assert taxed(cast.olive, YEAR) == []
    (last_year,) = earned(cast.olive, Period.read("2025-12", today))
    assert last_year.cents == 10_000


def some_of_each(desk):
    desk.issue(OCTOBER, desk.line(10_000), desk.line(3333, rate=desk.less), desk.line(500, rate=desk.none))
    desk.issue(OCTOBER, desk.line(99_999, discount_bps=1250), desk.line(1), discount_bps=333)
    half = desk.issue(OCTOBER, desk.line(10_001, quantity_milli=1500), discount_cents=77)
    desk.credit(half, NOVEMBER, [500])
    desk.for_dan(NOVEMBER, 80_001, currency="JPY")


def test_the_tax_report_adds_up_to_the_documents(cast, desk, today):
    some_of_each(desk)
    net, tax, counted = Counter(), Counter(), Counter()
    for row in taxed(cast.olive, YEAR):
        net[row.currency] += row.net_cents
        tax[row.currency] += row.tax_cents
        counted[row.currency, row.category, row.rate_bps] = row.documents
    signed = [(-1 if invoice.kind is Kind.CREDIT else 1, invoice) for invoice in Invoice.issued()]
    for currency in ("GBP", "JPY"):
        own = [(sign, invoice) for sign, invoice in signed if invoice.currency == currency]
        assert net[currency] == sum(sign * invoice.net_cents for sign, invoice in own)
        assert tax[currency] == sum(sign * invoice.tax_cents for sign, invoice in own)
    assert counted["GBP", Category.STANDARD, 2000] == 4
    assert counted["GBP", Category.OUTSIDE, 0] == 1


def test_the_accountants_rows_add_up_to_the_same(cast, desk, today):
    some_of_each(desk)
    net, tax, gross = Counter(), Counter(), Counter()
    for row in document_rows(cast.olive, YEAR):
        said = dict(zip(DOCUMENT, row, strict=True))
        rate = said["currency"], said["category"], said["rate"]
        net[rate] += said["net"]
        tax[rate] += said["tax"]
        gross[said["number"]] += said["gross"]
    for row in taxed(cast.olive, YEAR):
        shift = 0 if row.currency == "JPY" else -2
        rate = row.currency, row.label.partition(" at ")[0], row.rate_bps / 100
        assert (net[rate].scaleb(-shift), tax[rate].scaleb(-shift)) == (row.net_cents, row.tax_cents)
    invoice = Invoice.issued().order_by(Invoice.id).first()
    assert gross[invoice.number].scaleb(2) == invoice.total_cents


DOCUMENT = (
    "number", "kind", "on", "due", "payer", "tax_id", "currency", "net", "rate", "category", "tax", "gross", "open",
    "paid_on", "coach", "corrects",
)  # fmt: skip


def test_a_document_of_two_rates_says_once_what_is_open_and_whose_it_is(cast, desk, today):
    invoice = desk.issue(NOVEMBER, desk.line(10_000), desk.line(5000, rate=desk.less, coach=cast.carol))
    desk.paid(invoice, 50, NOVEMBER)
    first, second = (dict(zip(DOCUMENT, row, strict=True)) for row in document_rows(cast.olive, YEAR))
    assert [str(first["rate"]), str(second["rate"])] == ["20.00", "7.00"]
    assert (str(first["open"]), second["open"]) == ("173.00", "")
    assert first["coach"] == "Alice Kern, Carol Voss"
    assert (first["payer"], first["tax_id"], first["paid_on"]) == ("Bob Haddad", "DE136695976", "")


def test_a_credit_note_is_below_zero_and_names_what_it_corrects(cast, desk, today):
    invoice = desk.issue(OCTOBER, desk.line(10_000))
    desk.credit(invoice, NOVEMBER)
    said = dict(zip(DOCUMENT, list(document_rows(cast.olive, YEAR))[1], strict=True))
    assert (said["kind"], str(said["net"]), str(said["gross"])) == ("Credit note", "-100.00", "-120.00")
    assert said["corrects"] == invoice.number
    assert said["due"] == ""


def test_payments_are_listed_by_their_day_with_what_was_taken_back(cast, desk, today):
    invoice = desk.issue(OCTOBER, desk.line(10_000))
    posting = desk.paid(invoice, 7000, NOVEMBER)
    actions.undo(posting, reason="Another's", by=cast.olive)
    paid, undone = payment_rows(cast.olive, YEAR)
    assert [paid[0], paid[1], paid[2], str(paid[5]), paid[6]] == [
        "2026-11-12", "Payment", invoice.number, "70.00", "=Ref 1",
    ]  # fmt: skip
    assert (undone[1], str(undone[5])) == ("Payment, taken back", "-70.00")
    assert list(payment_rows(cast.olive, Period.read("2026-10", today))) == []


def test_what_is_owed_is_by_payer_currency_and_age(cast, late, today):
    pounds, yen = receivables(owing(cast.olive, today))
    (bob,) = pounds.debtors
    of_each = [invoice.open_cents for invoice in Invoice.issued().order_by(Invoice.id)][:8]
    assert bob.ages == [12_000, sum(of_each[1:3]), sum(of_each[3:5]), sum(of_each[5:7]), of_each[7]]
    assert bob.owed_back == 500
    assert (yen.currency, yen.total, yen.late) == ("JPY", 96_000, 96_000)
    assert {row.age for row in owing(cast.olive, today)} == {*range(5), OWED_BACK}


# The wall -------------------------------------------------------------------------------------------------------------


def test_carol_sees_her_own_figures_and_none_of_alices(cast, desk, today):
    desk.issue(NOVEMBER, desk.line(11_111))
    desk.for_dan(NOVEMBER, 22_222)
    desk.issue(NOVEMBER, desk.line(33_333), desk.line(44_444, coach=cast.carol, client=desk.dan))
    for user, own in ((cast.alice, 11_111), (cast.vera, 11_111), (cast.carol, 22_222)):
        assert [row.cents for row in earned(user, YEAR)] == [own]
        assert [row.net_cents for row in taxed(user, YEAR)] == [own]
        assert len(list(document_rows(user, YEAR))) == 1
        assert len(owing(user, today)) == 1
        assert list(payment_rows(user, YEAR)) == []
    assert sum(row.cents for row in earned(cast.olive, YEAR)) == 111_110


def test_a_payment_is_told_to_who_sees_its_invoice(cast, desk, today):
    desk.paid(desk.for_dan(NOVEMBER, 22_222), 100, NOVEMBER)
    assert len(list(payment_rows(cast.carol, YEAR))) == 1
    assert list(payment_rows(cast.alice, YEAR)) == []


# What is frozen for the books -----------------------------------------------------------------------------------------

LINES = st.tuples(
    st.integers(-10_000, 100_000), st.integers(1, 5000), st.integers(0, 10_000), st.sampled_from([0, 700, 2000]),
    st.sampled_from([None, 1, 2, 3]),
)  # fmt: skip


class Priced:
    def __init__(self, unit_cents, quantity_milli, discount_bps, rate_bps, coach):
        self.unit_cents, self.quantity_milli, self.discount_bps = unit_cents, quantity_milli, discount_bps
        self.rate_bps, self.coach, self.unit = rate_bps, coach, Unit.SESSION
        self.category = Category.STANDARD if rate_bps else Category.ZERO


@settings(max_examples=300)
@given(st.lists(LINES, max_size=8), st.integers(0, 10_000), st.integers(0, 5000))
def test_portions_add_up_to_the_document_for_each_rate(lines, discount_bps, discount_cents):
    priced = [Priced(*line) for line in lines]
    reckoned = totals(priced, discount_bps=discount_bps, discount_cents=discount_cents)
    portions = by_coach(reckoned, priced, [line.coach for line in priced])
    for rate in reckoned.rates:
        own = [row for row in portions if (row.category, row.rate_bps) == rate[:2]]
        assert sum(row.net_cents for row in own) == rate.base_cents
        assert sum(row.tax_cents for row in own) == rate.tax_cents
        assert len({row.coach for row in own}) == len(own)


def test_the_check_sees_books_that_do_not_say_what_a_document_says(cast, desk, today):
    some_of_each(desk)
    assert list(check.findings()) == []
    database.execute_sql("DROP TRIGGER portion_is_never_changed")
    Portion.update(net_cents=Portion.net_cents + 1).where(Portion.id == 1).execute()
    assert any("The books say of document 2026-0001" in line for line in check.findings())


# What is still to be billed -------------------------------------------------------------------------------------------


@pytest.fixture
def program(cast):
    return Engagement.create(
        client=cast.bob, coach=cast.alice, name="Six months", price_cents=600_000, currency="GBP", state_name="active",
        starts_on=OCTOBER, created_at=clock.now(),
    )  # fmt: skip


def left(user):
    return [(row.coach, row.currency, row.programs, row.billed_cents, row.left_cents) for row in unbilled(user)]


def test_what_is_agreed_and_not_billed_is_told_for_each_coach(cast, desk, today, program):
    assert left(cast.olive) == [("Alice Kern", "GBP", 1, 0, 600_000)]
    first = desk.issue(NOVEMBER, desk.line(300_000, engagement=program))
    assert left(cast.olive) == [("Alice Kern", "GBP", 1, 300_000, 300_000)]
    desk.credit(first, NOVEMBER, [500])
    assert left(cast.olive) == [("Alice Kern", "GBP", 1, 150_000, 450_000)]
    assert left(cast.vera) == left(cast.olive)
    assert left(cast.carol) == []


def test_charges_late_fees_and_other_currencies_are_no_part_of_the_price(cast, desk, today, program):
    charge = [(ClaimKind.CHARGE, "01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    costs = desk.issue(NOVEMBER, desk.line(5000, engagement=program, claims=charge))
    desk.issue(NOVEMBER, desk.line(7000, engagement=program), currency="EUR")
    desk.issue(NOVEMBER, desk.line(4000, engagement=program, rate=desk.none), kind=Kind.FEE, corrects=costs)
    assert left(cast.olive) == [("Alice Kern", "GBP", 1, 0, 600_000)]
    desk.credit(costs, NOVEMBER)
    assert left(cast.olive) == [("Alice Kern", "GBP", 1, 0, 600_000)]


def test_a_program_billed_in_full_or_not_to_be_billed_is_not_told(cast, desk, today, program):
    desk.issue(NOVEMBER, desk.line(600_000, engagement=program))
    assert left(cast.olive) == []
    program.state_name = "ended"
    program.price_cents = 700_000
    program.save()
    assert left(cast.olive) == []

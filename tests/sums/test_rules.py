"""What lines add up to, and what credit notes over parts of them take back, to the last cent."""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachbase.money import LARGEST
from coachbase.payers.rules import Category
from coachbase.sums.rules import LARGEST_QUANTITY, MOST_LINES, refusal_of_lines, spread, totals, totals_of_credit

S, AE, E = Category.STANDARD, Category.REVERSE, Category.EXEMPT


@dataclass(frozen=True)
class Row:
    """A line as the reckoning asks for it."""

    unit_cents: int
    rate_bps: int = 2000
    quantity_milli: int = 1000
    discount_bps: int = 0
    category: Category = S


def row(price, rate=2000, quantity=1000, less=0, category=S):
    return Row(price, rate, quantity, less, category)


# What it adds up to ---------------------------------------------------------------------------------------------------

WORKED = {
    # 1 × 250.00 = 250.00; 20 % of 250.00 = 50.00
    "one line": ([row(25_000)], {}, ([25_000], 0, 25_000, {2000: 5_000}, 30_000)),
    # 1.5 × 180.00 = 270.00; 19 % = 51.30
    "an hour and a half": ([row(18_000, 1900, 1500)], {}, ([27_000], 0, 27_000, {1900: 5_130}, 32_130)),
    # 3 × 99.99 = 299.97, 10 % of it 29.997 → 30.00, leaves 269.97; 7.75 % = 20.922675 → 20.92
    "a line's own discount": ([row(9_999, 775, 3000, 1000)], {}, ([26_997], 0, 26_997, {775: 2_092}, 29_089)),
    # 7.5 % of 1,500.00 = 112.50: 75.00 and 37.50; 20 % of 925.00 = 185.00; 10 % of 462.50 = 46.25
    "a share off all, over two rates": (
        [row(100_000), row(50_000, 1000)], {"discount_bps": 750},
        ([100_000, 50_000], 11_250, 138_750, {2000: 18_500, 1000: 4_625}, 161_875),
    ),
    # 1.00 over 10.00 and 20.00: 0.333… and 0.666… → 0.33 and 0.67; 20 % of 9.67 = 1.934; 10 % of 19.33 = 1.933
    "an amount off all, over two rates": (
        [row(1_000), row(2_000, 1000)], {"discount_cents": 100},
        ([1_000, 2_000], 100, 2_900, {2000: 193, 1000: 193}, 3_286),
    ),
    # 5 % of 200.00 = 10.00, and 3.33: 13.33; 20 % of 186.67 = 37.334
    "a share and an amount off all": (
        [row(20_000)], {"discount_bps": 500, "discount_cents": 333}, ([20_000], 1_333, 18_667, {2000: 3_733}, 22_400),
    ),
    # 5 % of 0.50 = 0.025 → 0.03
    "half a cent of tax, upwards": ([row(50, 500)], {}, ([50], 0, 50, {500: 3}, 53)),
    # 5 % of −0.50 = −0.025 → −0.03: away from zero
    "half a cent of tax, below zero": ([row(-50, 500)], {}, ([-50], 0, -50, {500: -3}, -53)),
    # 0.5 × 0.05 = 0.025 → 0.03; 20 % of it 0.006 → 0.01
    "half a cent on a line": ([row(5, 2000, 500)], {}, ([3], 0, 3, {2000: 1}, 4)),
    # 0.5 × −0.05 = −0.025 → −0.03; 20 % of it −0.006 → −0.01
    "half a cent on a line below zero": ([row(-5, 2000, 500)], {}, ([-3], 0, -3, {2000: -1}, -4)),
    # 19 % of 0.33 = 0.0627 three times would be 0.18; once, of 0.99, it is 0.1881 → 0.19
    "tax once for a rate, not once a line": (
        [row(33, 1900), row(33, 1900), row(33, 1900)], {}, ([33, 33, 33], 0, 99, {1900: 19}, 118),
    ),
    # ¥: 3 × 33,333 = 99,999; 10 % = 9,999.9 → 10,000
    "yen": ([row(33_333, 1000, 3000)], {}, ([99_999], 0, 99_999, {1000: 10_000}, 109_999)),
    # KWD: 2.5 × 12.345 = 30.8625 → 30.863; 5 % = 1.54315 → 1.543
    "dinars": ([row(12_345, 500, 2500)], {}, ([30_863], 0, 30_863, {500: 1_543}, 32_406)),
    # CHF: 8.1 % of 1,234.56 = 99.99936 → 100.00
    "a rate with a decimal": ([row(123_456, 810)], {}, ([123_456], 0, 123_456, {810: 10_000}, 133_456)),
    "reverse charge": ([row(450_000, 0, category=AE)], {}, ([450_000], 0, 450_000, {0: 0}, 450_000)),
    # 4,500.00 − 1,000.00 = 3,500.00; 20 % = 700.00
    "a deposit taken off": (
        [row(450_000), row(-100_000)], {}, ([450_000, -100_000], 0, 350_000, {2000: 70_000}, 420_000),
    ),
    # 20 % of 4,500.00 = 900.00; 10 % of −1,000.00 = −100.00
    "a deposit that was taxed otherwise": (
        [row(450_000), row(-100_000, 1000)], {},
        ([450_000, -100_000], 0, 350_000, {2000: 90_000, 1000: -10_000}, 430_000),
    ),
    # 10 % of 100.00: 8.00 and 2.00; 20 % of 72.00 = 14.40; the other 18.00 are exempt
    "taxed and exempt": (
        [row(8_000), row(2_000, 0, category=E)], {"discount_bps": 1000},
        ([8_000, 2_000], 1_000, 9_000, {2000: 1_440, 0: 0}, 10_440),
    ),
    "all of it given away": ([row(10_000, less=10_000)], {}, ([0], 0, 0, {2000: 0}, 0)),
    # 20 % of 8,333,333,333.33 = 1,666,666,666.666 → …67
    "the largest amount": (
        [row(833_333_333_333)], {},
        ([833_333_333_333], 0, 833_333_333_333, {2000: 166_666_666_667}, 1_000_000_000_000),
    ),
    # what cancels out has no size to spread by: 1.00 goes to the highest rate. 20 % of 99.00, 10 % of −100.00
    "a discount on what cancels out": (
        [row(10_000), row(-10_000, 1000)], {"discount_cents": 100},
        ([10_000, -10_000], 100, -100, {2000: 1_980, 1000: -1_000}, 880),
    ),
    "nothing at all": ([], {"discount_cents": 100}, ([], 0, 0, {}, 0)),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "less", "comes_to"), WORKED.values(), ids=WORKED)
def test_it_adds_up_as_by_hand(lines, less, comes_to):
    reckoned = totals(lines, **less)
    taxes = {rate.rate_bps: rate.tax_cents for rate in reckoned.rates}
    assert (list(reckoned.lines), reckoned.discount, reckoned.net, taxes, reckoned.total) == comes_to


@pytest.mark.parametrize("name", [name for name in WORKED if name != "a discount on what cancels out"])
def test_a_credit_note_over_everything_is_the_mirror(name):
    """But where the lines cancel out and a discount hangs on none of them: nothing like that is ever issued."""
    lines, less, _ = WORKED[name]
    whole = totals_of_credit(lines, [0] * len(lines), [line.quantity_milli for line in lines], **less)
    assert whole == totals(lines, **less)


def rows(least=-LARGEST, most=LARGEST // 1000):
    rate = st.sampled_from([(S, 2000), (S, 1900), (S, 775), (S, 500), (S, 10_000), (AE, 0), (E, 0), (Category.ZERO, 0)])
    return st.builds(
        lambda price, quantity, less, taxed: Row(price, taxed[1], quantity, less, taxed[0]),
        st.one_of(st.integers(max(least, -100_000), 100_000), st.integers(least, most)),
        st.one_of(st.just(1000), st.integers(1, 5_000), st.integers(0, 1_000_000)),
        st.one_of(st.just(0), st.integers(0, 10_000)),
        rate,
    )


LESS = st.fixed_dictionaries({
    "discount_bps": st.one_of(st.just(0), st.integers(0, 10_000)),
    "discount_cents": st.one_of(st.just(0), st.integers(0, 10_000_000)),
})  # fmt: skip


def rounded(exact: Decimal) -> int:
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@settings(deadline=None)
@given(st.lists(rows(), max_size=12), LESS)
def test_sums_fit_and_tax_is_rounded_once_for_each_rate(lines, less):
    reckoned = totals(lines, **less)
    assert sum(reckoned.lines) == reckoned.subtotal  # BR-CO-10
    assert reckoned.subtotal - reckoned.discount == reckoned.net  # BR-CO-13
    assert sum(rate.tax_cents for rate in reckoned.rates) == reckoned.tax  # BR-CO-14
    assert reckoned.net + reckoned.tax == reckoned.total  # BR-CO-15
    assert sum(rate.base_cents for rate in reckoned.rates) == reckoned.net
    assert sum(rate.discount_cents for rate in reckoned.rates) == reckoned.discount, "the discount is spread whole"
    for rate in reckoned.rates:
        assert rate.tax_cents == rounded(Decimal(rate.base_cents) * rate.rate_bps / 10_000)  # BR-CO-17
        of_rate = [
            net for net, line in zip(reckoned.lines, lines, strict=True)
            if (line.category, line.rate_bps) == (rate.category, rate.rate_bps)
        ]  # fmt: skip
        assert sum(of_rate) - rate.discount_cents == rate.base_cents  # BR-S-08
    for net, line in zip(reckoned.lines, lines, strict=True):
        whole = rounded(Decimal(line.quantity_milli) * line.unit_cents / 1000)
        assert net == whole - rounded(Decimal(whole) * line.discount_bps / 10_000)
    if lines:
        share = rounded(Decimal(reckoned.subtotal) * less["discount_bps"] / 10_000)
        assert reckoned.discount == share + less["discount_cents"]


@settings(deadline=None)
@given(st.lists(rows(), max_size=12), LESS)
def test_what_is_below_zero_is_the_mirror_of_what_is_above(lines, less):
    mirrored = totals([replace(line, unit_cents=-line.unit_cents) for line in lines], discount_bps=less["discount_bps"])
    reckoned = totals(lines, discount_bps=less["discount_bps"])
    assert (mirrored.lines, mirrored.subtotal, mirrored.discount, mirrored.net) == (
        tuple(-net for net in reckoned.lines), -reckoned.subtotal, -reckoned.discount, -reckoned.net,
    )  # fmt: skip


@settings(deadline=None)
@given(st.integers(-LARGEST, LARGEST), st.lists(st.integers(-LARGEST, LARGEST), min_size=1, max_size=12))
def test_an_amount_is_spread_whole(amount, over):
    shares = spread(amount, over)
    assert sum(shares) == amount
    whole = sum(over)
    if whole:
        assert all(abs(share * whole - amount * part) < abs(whole) for share, part in zip(shares, over, strict=True))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([row(1)] * MOST_LINES, None),
        ([row(1)] * (MOST_LINES + 1), "200 lines at most"),
        ([row(833_333_333_333)], None),
        ([row(833_333_333_334)], "larger than any"),
        ([row(2**63, quantity=0)], "larger than any"),
        ([row(1, quantity=LARGEST_QUANTITY)], None),
        ([row(1, quantity=LARGEST_QUANTITY + 1)], "1,000,000 at most"),
        ([row(0, quantity=-(2**63))], "1,000,000 at most"),
        ([row(100, less=10_001)], "discount is between"),
        ([row(100, less=-1)], "discount is between"),
        ([row(100, 10_001)], "tax rate is between"),
    ],
)
def test_lines_that_no_invoice_has_are_refused(lines, said):
    refusal = refusal_of_lines(lines, totals(lines))
    assert refusal is None if said is None else said in refusal


# Credit notes ---------------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(st.lists(rows(least=0), min_size=1, max_size=6), LESS, st.data())
def test_credit_notes_that_take_back_all_come_to_the_invoice_to_the_last_cent(lines, less, data):
    whole = totals(lines, **less)
    if whole.total <= 0 or whole.discount > whole.subtotal:
        return
    quantities = [line.quantity_milli for line in lines]
    before, notes = [0] * len(lines), []
    for _ in range(data.draw(st.integers(0, 3))):
        now = [data.draw(st.integers(0, left - gone)) for left, gone in zip(quantities, before, strict=True)]
        notes.append((now, totals_of_credit(lines, before, now, **less)))
        before = [sum(both) for both in zip(before, now, strict=True)]
    rest = [left - gone for left, gone in zip(quantities, before, strict=True)]
    notes.append((rest, totals_of_credit(lines, before, rest, **less)))
    for of_note in ("subtotal", "discount", "net", "tax", "total"):
        assert sum(getattr(note, of_note) for _, note in notes) == getattr(whole, of_note), of_note
    for rate in whole.rates:
        parts = [part for _, note in notes for part in note.rates if part[:2] == rate[:2]]
        assert sum(part.tax_cents for part in parts) == rate.tax_cents
        assert sum(part.base_cents for part in parts) == rate.base_cents
    for now, note in notes:
        assert len(note.lines) == sum(1 for quantity in now if quantity)
        assert sum(note.lines) == note.subtotal
        assert note.total == note.net + note.tax
        for part in note.rates:
            assert part.base_cents >= 0
            exact = Decimal(part.base_cents) * part.rate_bps / 10_000
            assert abs(part.tax_cents - exact) <= 1, "a cent of tax, no more, comes from what was rounded before"


def test_three_thirds_of_an_amount_that_does_not_divide_are_credited_to_nothing():
    # 3 × 0.35 = 1.05, 10 % of it 0.105 → 0.11. Alone each third is 0.35 and 0.035 → 0.04: 0.12 in all, a cent too much.
    lines = [row(35, 1000, 3000)]
    assert totals(lines).tax == 11
    steps = [totals_of_credit(lines, [done], [1000]) for done in (0, 1000, 2000)]
    assert [step.tax for step in steps] == [4, 3, 4]
    assert [step.total for step in steps] == [39, 38, 39]


def test_a_part_carries_its_share_of_the_discount():
    # 10 % of 300.00 and 100.00: half of the first line is 150.00 less 15.00; 20 % of 135.00 = 27.00
    lines = [row(30_000, quantity=1000), row(10_000, 1000)]
    half = totals_of_credit(lines, [0, 0], [500, 0], discount_bps=1000)
    assert (half.lines, half.discount, half.net, half.tax, half.total) == ((15_000,), 1_500, 13_500, 2_700, 16_200)
    assert [rate.rate_bps for rate in half.rates] == [2000], "a rate of which nothing is taken back is not named"

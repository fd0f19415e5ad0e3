"""What lines add up to (domain.md §10): nets, discounts, tax for each rate, and the sums of credit notes.

Amounts are integer minor units of one currency, quantities thousandths, percentages hundredths of a percent (`bps`).
Halves are rounded away from zero, so that a credit note is its invoice's mirror.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ..money import LARGEST
from ..payers.rules import Category

MOST_LINES = 200
LARGEST_QUANTITY = 1_000_000_000
"""Thousandths: a million."""


class LineLike(Protocol):
    """What the totals ask of a line."""

    @property
    def quantity_milli(self) -> int: ...
    @property
    def unit_cents(self) -> int: ...
    @property
    def discount_bps(self) -> int: ...
    @property
    def category(self) -> Category: ...
    @property
    def rate_bps(self) -> int: ...


class RateSum(NamedTuple):
    """What is taxed at one rate, after discounts, and its tax."""

    category: Category
    rate_bps: int
    discount_cents: int
    base_cents: int
    tax_cents: int


@dataclass(frozen=True)
class Totals:
    """`lines` are the lines' own nets in their order; `net` is their sum less the discount."""

    lines: tuple[int, ...]
    subtotal: int
    discount: int
    net: int
    rates: tuple[RateSum, ...]
    tax: int
    total: int


def half_up(numerator: int, denominator: int) -> int:
    """The quotient, a half rounded away from zero; the denominator is above zero."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def net_of(line: LineLike, quantity_milli: int | None = None) -> int:
    """Quantity by price, rounded, less the line's own discount, rounded; of another quantity if one is given."""
    quantity = line.quantity_milli if quantity_milli is None else quantity_milli
    whole = half_up(quantity * line.unit_cents, 1000)
    return whole - half_up(whole * line.discount_bps, 10_000)


def totals(lines: Sequence[LineLike], *, discount_bps: int = 0, discount_cents: int = 0) -> Totals:
    """The one reckoning behind list, page, PDF, CSV and XML (domain.md §10).

    The discount on all (a share and an amount, added up) is spread over the rates by what stands at each, and taken off
    before tax; tax is rounded half up once for each rate, on its sum.
    """
    nets = tuple(net_of(line) for line in lines)
    groups = _by_rate(lines, nets)
    subtotal = sum(nets)
    discount = half_up(subtotal * discount_bps, 10_000) + discount_cents if lines else 0
    ordered = sorted(groups, key=lambda key: (-key[1], key[0]))
    shares = spread(discount, [groups[key] for key in ordered])
    return _summed(nets, [_taxed(key, groups[key], share) for key, share in zip(ordered, shares, strict=True)])


def _by_rate(lines: Sequence[LineLike], nets: Sequence[int]) -> dict[tuple[Category, int], int]:
    groups: dict[tuple[Category, int], int] = {}
    for line, net in zip(lines, nets, strict=True):
        key = line.category, line.rate_bps
        groups[key] = groups.get(key, 0) + net
    return groups


def _taxed(key: tuple[Category, int], amount: int, discount: int) -> RateSum:
    base = amount - discount
    return RateSum(*key, discount, base, half_up(base * key[1], 10_000))


def _summed(nets: Iterable[int], rates: Iterable[RateSum]) -> Totals:
    nets, rates = tuple(nets), tuple(rates)
    subtotal, discount = sum(nets), sum(rate.discount_cents for rate in rates)
    tax, net = sum(rate.tax_cents for rate in rates), subtotal - discount
    return Totals(nets, subtotal, discount, net, rates, tax, net + tax)


def spread(amount: int, over: Sequence[int]) -> list[int]:
    """An amount in whole cents by the size of some sums: each its share rounded down, the rest to the largest parts
    that were cut off. All to the first where the sums cancel out."""
    whole = sum(over)
    if not whole:
        return [amount if not place else 0 for place in range(len(over))]
    sign = 1 if whole > 0 else -1
    cut = [divmod(sign * amount * part, abs(whole)) for part in over]
    shares = [share for share, _ in cut]
    for place in sorted(range(len(over)), key=lambda place: -cut[place][1])[: amount - sum(shares)]:
        shares[place] += 1
    return shares


def refusal_of_lines(lines: Sequence[LineLike], reckoned: Totals, *, discount_bps: int = 0) -> str | None:
    """Why these lines cannot stand on an invoice, as a sentence; None when they can."""
    if len(lines) > MOST_LINES:
        return f"An invoice has {MOST_LINES} lines at most."
    if any(abs(line.quantity_milli) > LARGEST_QUANTITY for line in lines):
        return f"A quantity is {LARGEST_QUANTITY // 1000:,} at most."
    amounts = (*reckoned.lines, *(line.unit_cents for line in lines), reckoned.subtotal, reckoned.discount)
    if any(abs(amount) > LARGEST for amount in (*amounts, reckoned.net, reckoned.total)):
        return "These amounts are larger than any invoice of ours."
    if not all(0 <= share <= 10_000 for share in (discount_bps, *(line.discount_bps for line in lines))):
        return "A discount is between 0 % and 100 %."
    if any(not 0 <= line.rate_bps <= 10_000 for line in lines):
        return "A tax rate is between 0 % and 100 %."
    return None


class ByCoach(NamedTuple):
    """What of a document falls to one coach at one rate, after all discounts."""

    coach: int | None
    category: Category
    rate_bps: int
    net_cents: int
    tax_cents: int


def by_coach(reckoned: Totals, lines: Sequence[LineLike], coaches: Sequence[int | None]) -> list[ByCoach]:
    """A document as the books count it: discount and tax of each rate are spread over the coaches of its lines by what
    stands there for each, so that the sums are the document's own to the last cent."""
    rows = []
    for rate in reckoned.rates:
        nets: dict[int | None, int] = {}
        for line, coach, net in zip(lines, coaches, reckoned.lines, strict=True):
            if (line.category, line.rate_bps) == rate[:2]:
                nets[coach] = nets.get(coach, 0) + net
        shares = spread(rate.discount_cents, list(nets.values()))
        bases = [net - share for net, share in zip(nets.values(), shares, strict=True)]
        taxes = spread(rate.tax_cents, bases)
        rows += [ByCoach(coach, *rate[:2], *sums) for coach, *sums in zip(nets, bases, taxes, strict=True)]
    return rows


# Credit notes ---------------------------------------------------------------------------------------------------------


def totals_of_credit(
    lines: Sequence[LineLike], before: Sequence[int], now: Sequence[int], *, discount_bps: int = 0,
    discount_cents: int = 0,
) -> Totals:  # fmt: skip
    """What a credit note adds up to that takes back `now` of each line of an invoice, after `before` (in thousandths).

    It is the step from what an invoice over the one would say to what an invoice over both would. So notes that take
    back all of it, in whatever parts, come to the invoice to the last cent: lines, discount, and the tax of each rate.
    A single note over everything is the invoice itself. What a later part says of a line or of a rate's tax may differ
    by a cent from what it would say if it stood alone: that is the cent which rounding gave or took before.
    `Totals.lines` are of the lines that are taken back, in their order.
    """
    whole = totals(lines, discount_bps=discount_bps, discount_cents=discount_cents)
    nets_before, rates_before = _part_of(whole, lines, before)
    nets_after, rates_after = _part_of(whole, lines, [sum(both) for both in zip(before, now, strict=True)])
    taken = [place for place, quantity in enumerate(now) if quantity]
    touched = {(lines[place].category, lines[place].rate_bps) for place in taken}
    rates = [_less(after, rate) for rate, after in zip(rates_before, rates_after, strict=True) if rate[:2] in touched]
    return _summed([nets_after[place] - nets_before[place] for place in taken], rates)


def _part_of(whole: Totals, lines: Sequence[LineLike], quantities: Sequence[int]) -> tuple[list[int], list[RateSum]]:
    """What so much of each line of an invoice comes to; each rate keeps its share of the invoice's discount."""
    nets = [net_of(line, quantity) for line, quantity in zip(lines, quantities, strict=True)]
    groups = _by_rate(lines, nets)
    rates = []
    for rate in whole.rates:
        key, of_all = rate[:2], rate.discount_cents + rate.base_cents
        share = half_up(rate.discount_cents * groups[key] * (1 if of_all > 0 else -1), abs(of_all)) if of_all else 0
        rates.append(_taxed(key, groups[key], share))
    return nets, rates


def _less(rate: RateSum, other: RateSum) -> RateSum:
    return RateSum(*rate[:2], *(mine - theirs for mine, theirs in zip(rate[2:], other[2:], strict=True)))

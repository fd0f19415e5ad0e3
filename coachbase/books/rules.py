"""Periods, ages and sums as the books count them, and where the bars of a picture stand."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

from ..payers.rules import CATEGORY_LABELS, Category, percent_in_words

# Periods --------------------------------------------------------------------------------------------------------------


class Span(StrEnum):
    """How long a period is."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"


SPAN_LABELS = {Span.YEAR: "Year", Span.QUARTER: "Quarter", Span.MONTH: "Month"}
MONTHS_OF = {Span.YEAR: 12, Span.QUARTER: 3, Span.MONTH: 1}
FIRST_YEAR, LAST_YEAR = 2000, 2099
_WRITTEN = re.compile(r"(20\d\d)(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?", re.ASCII)


@dataclass(frozen=True)
class Period:
    """A year, a quarter or a month of the calendar. `place` counts its like in the year, from 0."""

    span: Span
    year: int
    place: int = 0

    @classmethod
    def of(cls, span: Span, day: date) -> Self:
        """The one a day lies in."""
        return cls(span, day.year, (day.month - 1) // MONTHS_OF[span])

    @classmethod
    def read(cls, written: str, today: date) -> Self:
        """'2026', '2026-Q3' or '2026-11'; this year where it is none of them."""
        said = _WRITTEN.fullmatch(written)
        if said is None:
            return cls.of(Span.YEAR, today)
        year, quarter, month = said.groups()
        if month:
            return cls(Span.MONTH, int(year), int(month) - 1)
        return cls(Span.QUARTER, int(year), int(quarter) - 1) if quarter else cls(Span.YEAR, int(year))

    @property
    def key(self) -> str:
        """How an address says it."""
        return {
            Span.YEAR: f"{self.year}",
            Span.QUARTER: f"{self.year}-Q{self.place + 1}",
            Span.MONTH: f"{self.year}-{self.place + 1:02d}",
        }[self.span]

    @property
    def label(self) -> str:
        return {
            Span.YEAR: f"{self.year}",
            Span.QUARTER: f"Quarter {self.place + 1}, {self.year}",
            Span.MONTH: f"{self.first:%B %Y}",
        }[self.span]

    @property
    def first(self) -> date:
        return date(self.year, 1 + self.place * MONTHS_OF[self.span], 1)

    @property
    def last(self) -> date:
        return _month_after(self.months[-1]) - timedelta(days=1)

    @property
    def months(self) -> list[date]:
        """The first day of each month in it."""
        return [self.first.replace(month=self.first.month + place) for place in range(MONTHS_OF[self.span])]

    @property
    def before(self) -> Self | None:
        return self._beside(self.first - timedelta(days=1))

    @property
    def after(self) -> Self | None:
        return self._beside(self.last + timedelta(days=1))

    def _beside(self, day: date) -> Self | None:
        return self.of(self.span, day) if FIRST_YEAR <= day.year <= LAST_YEAR else None

    def as_long_as(self, span: Span, today: date) -> Self:
        """The period of another length that today lies in, or else the last one in this."""
        return self.of(span, min(max(today, self.first), self.last))


def _month_after(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


# Revenue --------------------------------------------------------------------------------------------------------------

NO_COACH = "No coach"
FEES = "Late fees"


class Earned(NamedTuple):
    """What a coach billed in a month ('2026-11'), net; what was credited is taken off."""

    month: str
    currency: str
    coach: str
    is_fee: bool
    cents: int


@dataclass(frozen=True)
class Revenue:
    """What was billed in one currency: for each coach an amount a month, then late fees apart."""

    currency: str
    coaches: Mapping[str, Sequence[int]]
    fees: Sequence[int]

    @property
    def by_month(self) -> list[int]:
        """All coaches together, without late fees."""
        return [sum(month) for month in zip(*self.coaches.values(), strict=True)] or [0] * len(self.fees)

    @property
    def total(self) -> int:
        return sum(self.by_month)


def revenues(rows: Iterable[Earned], months: Sequence[date]) -> list[Revenue]:
    """By currency, never added across; the largest first, and in it the coach who billed most."""
    places = {f"{month:%Y-%m}": place for place, month in enumerate(months)}
    found: dict[str, tuple[dict[str, list[int]], list[int]]] = {}
    for row in rows:
        coaches, fees = found.setdefault(row.currency, ({}, [0] * len(months)))
        amounts = fees if row.is_fee else coaches.setdefault(row.coach or NO_COACH, [0] * len(months))
        amounts[places[row.month]] += row.cents
    made = [Revenue(currency, _largest_first(coaches), fees) for currency, (coaches, fees) in found.items()]
    return sorted(made, key=lambda revenue: (-revenue.total, revenue.currency))


def _largest_first(coaches: Mapping[str, Sequence[int]]) -> dict[str, Sequence[int]]:
    return dict(sorted(coaches.items(), key=lambda item: (-sum(item[1]), item[0])))


class Unbilled(NamedTuple):
    """What running programs of a coach are to bring, and what of it is billed; net, before tax."""

    coach: str
    currency: str
    programs: int
    agreed_cents: int
    billed_cents: int
    left_cents: int


# What is owed ---------------------------------------------------------------------------------------------------------

AGES = ("Not due", "1 to 30 days", "31 to 60 days", "61 to 90 days", "Over 90 days")
"""How late what is owed is; the words stand over columns."""
_LAST_DAYS = (0, 30, 60, 90)


def late_since(today: date) -> list[date]:
    """What was due before the n-th of these days is older than the n-th of AGES."""
    return [today - timedelta(days=last) for last in _LAST_DAYS]


class Owing(NamedTuple):
    """What one payer owes in one currency at one age; below zero where more was paid than owed."""

    payer: str
    payer_id: str
    currency: str
    age: int
    cents: int


@dataclass(frozen=True)
class Debtor:
    """One payer: an amount for each of AGES, and what we owe back."""

    name: str
    public_id: str
    ages: Sequence[int]
    owed_back: int

    @property
    def total(self) -> int:
        return sum(self.ages)


@dataclass(frozen=True)
class Receivables:
    """What is owed in one currency, who is late most first."""

    currency: str
    debtors: Sequence[Debtor]

    @property
    def ages(self) -> list[int]:
        return [sum(column) for column in zip(*(debtor.ages for debtor in self.debtors), strict=True)]

    @property
    def total(self) -> int:
        return sum(self.ages)

    @property
    def late(self) -> int:
        return sum(self.ages[1:])

    @property
    def owed_back(self) -> int:
        return sum(debtor.owed_back for debtor in self.debtors)


OWED_BACK = len(AGES)
"""The age of what was paid too much."""


def receivables(rows: Iterable[Owing]) -> list[Receivables]:
    """By currency, never added across; the largest first."""
    found: dict[str, dict[tuple[str, str], list[int]]] = {}
    for row in rows:
        payers = found.setdefault(row.currency, {})
        payers.setdefault((row.payer, row.payer_id), [0] * (len(AGES) + 1))[row.age] += row.cents
    made = [
        Receivables(currency, sorted((_debtor(*who, amounts) for who, amounts in payers.items()), key=_lateness))
        for currency, payers in found.items()
    ]
    return sorted(made, key=lambda owed: (-owed.total, owed.currency))


def _debtor(name: str, public_id: str, amounts: Sequence[int]) -> Debtor:
    return Debtor(name, public_id, amounts[:OWED_BACK], -amounts[OWED_BACK])


def _lateness(debtor: Debtor) -> tuple[int, int, str]:
    return -sum(debtor.ages[1:]), -debtor.total, debtor.name


# Tax ------------------------------------------------------------------------------------------------------------------


class Taxed(NamedTuple):
    """What was billed at one rate, and its tax; what was credited is taken off."""

    currency: str
    category: Category
    rate_bps: int
    net_cents: int
    tax_cents: int
    documents: int

    @property
    def label(self) -> str:
        """'Taxed at 20 %'."""
        if self.category is Category.STANDARD:
            return f"{CATEGORY_LABELS[self.category]} at {percent_in_words(self.rate_bps)}"
        return CATEGORY_LABELS[self.category]


@dataclass(frozen=True)
class TaxReport:
    """One currency, a row for each rate."""

    currency: str
    rows: Sequence[Taxed]

    @property
    def net(self) -> int:
        return sum(row.net_cents for row in self.rows)

    @property
    def tax(self) -> int:
        return sum(row.tax_cents for row in self.rows)


def tax_reports(rows: Iterable[Taxed]) -> list[TaxReport]:
    """By currency, never added across; the highest rate first, then what bears no tax."""
    found: dict[str, list[Taxed]] = {}
    for row in rows:
        found.setdefault(row.currency, []).append(row)
    order = list(Category)
    made = [
        TaxReport(currency, sorted(taxed, key=lambda row: (order.index(row.category), -row.rate_bps)))
        for currency, taxed in found.items()
    ]
    return sorted(made, key=lambda report: (-report.net, report.currency))


# Pictures -------------------------------------------------------------------------------------------------------------

HIGH, WIDE, GAP = 100.0, 10.0, 1.6
"""A picture of bars is so high, each bar with its place so wide, and so much of that is left free on both sides."""


class Bar(NamedTuple):
    """A part of a bar: of which row of numbers, where, how high, and the amount."""

    series: int
    place: int
    x: float
    y: float
    width: float
    height: float
    amount: int


@dataclass(frozen=True)
class Bars:
    """Bars side by side, parts upon each other; what is below zero hangs from the line of zero."""

    bars: Sequence[Bar]
    top: int
    bottom: int

    @property
    def lines(self) -> list[tuple[int, float]]:
        """Amounts with the height of their line, from the top down."""
        marks = sorted({self.top, self.top // 2, 0, self.bottom}, reverse=True)
        return [(mark, round(_down(mark, self.top, self.bottom), 2)) for mark in marks]


def bars_of(series: Sequence[Sequence[int]]) -> Bars:
    """Rows of amounts, one for each place, as bars."""
    places = len(series[0]) if series else 0
    highest = max((sum(_above(row[place] for row in series)) for place in range(places)), default=0)
    lowest = min((-sum(_above(-row[place] for row in series)) for place in range(places)), default=0)
    top, bottom = round_up(highest), -round_up(-lowest)
    top = top if top or bottom else 1
    made = []
    for place in range(places):
        up = down = 0
        for which, row in enumerate(series):
            amount = row[place]
            if not amount:
                continue
            start = up if amount > 0 else down
            end = start + amount
            y, foot = (_down(level, top, bottom) for level in (max(start, end), min(start, end)))
            place_x = place * WIDE + GAP
            made.append(Bar(which, place, place_x, round(y, 2), WIDE - 2 * GAP, round(foot - y, 2), amount))
            up, down = (end, down) if amount > 0 else (up, end)
    return Bars(made, top, bottom)


def strip_of(amounts: Sequence[int]) -> list[tuple[float, float]]:
    """Amounts side by side on a strip 100 wide: where each begins, and how wide it is; none where it is below zero."""
    whole = sum(_above(amounts))
    places, start = [], 0.0
    for amount in amounts:
        width = round(100 * max(amount, 0) / whole, 2) if whole else 0.0
        places.append((round(start, 2), width))
        start += width
    return places


def round_up(amount: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50 … that holds an amount: where the scale of a picture ends."""
    if amount <= 0:
        return 0
    step = 10 ** (len(str(amount)) - 1)
    return next(step * times for times in (1, 2, 5, 10) if step * times >= amount)


def _above(amounts: Iterable[int]) -> list[int]:
    return [amount for amount in amounts if amount > 0]


def _down(amount: int, top: int, bottom: int) -> float:
    """How far below the upper edge an amount stands."""
    return HIGH * (top - amount) / (top - bottom)

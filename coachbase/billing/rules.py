"""What of a program is to be billed, when, and what does not fit together (domain.md §10).

A plan is made of a program's terms. What is due follows from plan and facts alone, so that it is a table in a test;
what was billed is fixed, whatever becomes of the plan. Prices are net, whole minor units.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple, Protocol

from ..availability.rules import SessionKind
from ..engagements.rules import Billing, State, months_later
from ..invoices.rules import ClaimKind, Unit
from ..money import in_words
from ..sessions.rules import STATE_LABELS as SESSION_STATE_LABELS
from ..sessions.rules import State as SessionState
from ..sessions.rules import counts, entry_of
from ..sums.rules import half_up, spread


class Way(StrEnum):
    """How a program is billed: by parts (in full, instalments, monthly), for each session, by the hour, not at all."""

    PARTS = "parts"
    PER_SESSION = "session"
    HOURS = "hours"
    NONE = "none"


class Anchor(StrEnum):
    """What a part waits for. `session` is the n-th that was held, `month` the n-th after the start."""

    SIGNED = "signed"
    START = "start"
    MIDDLE = "middle"
    END = "end"
    SESSION = "session"
    MONTH = "month"
    DATE = "date"


class ChargeKind(StrEnum):
    EXPENSE = "expense"
    ASSESSMENT = "assess"
    HOURS = "hours"
    OTHER = "other"


WAY_LABELS = {
    Way.PARTS: "In parts",
    Way.PER_SESSION: "For each session held",
    Way.HOURS: "By the hour",
    Way.NONE: "Not billed",
}
BY_SESSIONS = (Way.PER_SESSION, Way.HOURS)
ANCHOR_LABELS = {
    Anchor.SIGNED: "when the agreement is signed",
    Anchor.START: "at the start",
    Anchor.MIDDLE: "in the middle",
    Anchor.END: "at the end",
    Anchor.SESSION: "after a number of sessions",
    Anchor.MONTH: "after a number of months",
    Anchor.DATE: "on a day",
}
NUMBERED = (Anchor.SESSION, Anchor.MONTH)
CHARGE_LABELS = {
    ChargeKind.EXPENSE: "Expense",
    ChargeKind.ASSESSMENT: "Assessment",
    ChargeKind.HOURS: "Hours",
    ChargeKind.OTHER: "Other",
}
CHARGE_ICONS = {
    ChargeKind.EXPENSE: "receipt",
    ChargeKind.ASSESSMENT: "clipboard-check",
    ChargeKind.HOURS: "clock",
    ChargeKind.OTHER: "tag",
}
MOST_PARTS = 60
GRACE_DAYS = 7
"""The weekly drafts have had their chance: what was due before that and is not billed was passed over."""


# A plan, of the terms -------------------------------------------------------------------------------------------------


class Terms(NamedTuple):
    """What was agreed about money."""

    billing: Billing
    price_cents: int
    sessions: int
    months: int | None
    starts_on: date
    ends_on: date | None


class NewPart(NamedTuple):
    """A part to be."""

    label: str
    anchor: Anchor
    cents: int
    number: int = 0
    on: date | None = None
    is_deposit: bool = False


class NewPlan(NamedTuple):
    way: Way
    unit_cents: int = 0
    parts: tuple[NewPart, ...] = ()


def plan_of_terms(terms: Terms) -> NewPlan:
    """How a program with these terms is billed until somebody says otherwise; its parts add up to the price."""
    if not terms.price_cents:
        return NewPlan(Way.NONE)
    if terms.billing is Billing.PER_SESSION:
        return NewPlan(Way.PER_SESSION, terms.price_cents // max(terms.sessions, 1))
    if terms.billing is Billing.MONTHLY:
        count = months_of(terms)
        shares = enumerate(equal(terms.price_cents, count), start=1)
        parts = (NewPart(f"month {n} of {count}", Anchor.MONTH, cents, n) for n, cents in shares)
        return NewPlan(Way.PARTS, parts=tuple(parts))
    if terms.billing is Billing.HALVES:
        first, second = equal(terms.price_cents, 2)
        halves = NewPart("first half", Anchor.START, first), NewPart("second half", Anchor.MIDDLE, second)
        return NewPlan(Way.PARTS, parts=halves)
    return NewPlan(Way.PARTS, parts=(NewPart("in full", Anchor.START, terms.price_cents),))


def equal(amount: int, count: int) -> list[int]:
    """An amount in equal parts; cents that are left over go to the first ones, so that the sum is exact."""
    return spread(amount, [1] * count)


def months_of(terms: Terms) -> int:
    """In how many months it is paid; one where nobody said how long it lasts."""
    months = terms.months
    if months is None and terms.ends_on is not None:
        months = round((terms.ends_on - terms.starts_on).days / 30.44)
    return min(max(months or 1, 1), MOST_PARTS)


def sum_of(parts: "Iterable[PartLike | NewPart]") -> int:
    """What the parts come to: a deposit is taken off a later one, so it adds nothing."""
    return sum(part.cents for part in parts if not part.is_deposit)


def agreed_sum(way: Way, unit_cents: int, parts_sum: int, sessions: int) -> int | None:
    """What a plan comes to, to be compared with the price; None where nobody can know before."""
    if way is Way.PER_SESSION:
        return unit_cents * sessions if sessions else None
    return parts_sum if way is Way.PARTS else None


def refusal_of_parts(parts: "Sequence[PartLike | NewPart]", *, discount_cents: int = 0) -> str | None:
    """Why a program cannot be billed in these parts, as a sentence; None when it can."""
    if len(parts) > MOST_PARTS:
        return f"A program has {MOST_PARTS} parts at most."
    largest = max((part.cents for part in parts if not part.is_deposit), default=0)
    if any(part.is_deposit and part.cents >= largest for part in parts):
        return "A deposit is taken off a later part, so one of those must be larger."
    return "The discount is taken off one part, so one must be larger." if discount_cents >= (largest or 1) else None


# What is known of a program -------------------------------------------------------------------------------------------


class PlanLike(Protocol):
    """What the rules ask of a plan."""

    @property
    def way(self) -> Way: ...
    @property
    def unit_cents(self) -> int: ...
    @property
    def since_on(self) -> date | None: ...


class PartLike(Protocol):
    """What the rules ask of a part."""

    @property
    def public_id(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def anchor(self) -> Anchor: ...
    @property
    def number(self) -> int: ...
    @property
    def on(self) -> date | None: ...
    @property
    def cents(self) -> int: ...
    @property
    def is_deposit(self) -> bool: ...


class Used(NamedTuple):
    """A session that used one up: held, or one that counts as held. `is_made_up`: it was given back."""

    public_id: str
    on: date
    minutes: int = 60
    state: SessionState = SessionState.HELD
    is_made_up: bool = False
    is_waived: bool = False


@dataclass(frozen=True)
class Facts:
    """What decides what is due, beside the plan. `used` are in the order of their days; `given` sessions were given
    beside what was bought; `billed` are public ids of parts and sessions; `issued` those on an issued invoice."""

    state: State
    starts_on: date
    ends_on: date | None = None
    signed_on: date | None = None
    price_cents: int = 0
    sessions: int = 0
    bought: int = 0
    given: int = 0
    used: tuple[Used, ...] = ()
    billed: frozenset[str] = field(default=frozenset())
    issued: frozenset[str] = field(default=frozenset())


def uses_up(kind: SessionKind, state: SessionState, *, late_is_charged: bool) -> bool:
    """Whether a session is one to be billed: of those a program counts, and held, or lost by the client."""
    is_over = state not in (SessionState.BOOKED, SessionState.CANCELLED)
    return counts(kind) and is_over and entry_of(state, late_is_charged=late_is_charged) is not None


# What is due ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Due:
    """Something to be billed since a day. `since` and `until` are what time it stands for."""

    kind: ClaimKind
    subject: str
    on: date
    label: str
    unit_cents: int
    quantity_milli: int
    unit: Unit
    since: date
    until: date
    is_deposit: bool = False


def due(plan: PlanLike, parts: Sequence[PartLike], facts: Facts, upto: date) -> list[Due]:
    """What of a program is to be billed up to a day, and is not yet, in the order of its days."""
    found = due_sessions(plan, facts) if plan.way in BY_SESSIONS else []
    found += due_parts(parts, facts, upto) if plan.way is Way.PARTS else []
    ours = (one for one in found if one.unit_cents and _is_ours(one.on, plan, upto))
    return sorted(ours, key=lambda one: one.on)


def _is_ours(on: date, plan: PlanLike, upto: date) -> bool:
    """What came before `since_on` was billed elsewhere."""
    return (plan.since_on or date.min) <= on <= upto


def due_parts(parts: Sequence[PartLike], facts: Facts, upto: date) -> list[Due]:
    """Parts whose day has come; those beside a deposit wait until that is issued, since they are less it."""
    days = {part.public_id: day_of(part, facts, upto) for part in parts}
    open_ones = [part for part in parts if part.public_id not in facts.billed and _has_come(days[part.public_id], upto)]
    asked = [part for part in parts if part.is_deposit and _has_come(days[part.public_id], upto)]
    waits = any(part.public_id not in facts.issued for part in asked)
    return [
        Due(
            ClaimKind.PART, part.public_id, days[part.public_id] or upto, label_of(part, parts), part.cents, 1000,
            Unit.PIECE, *_period(part, days, facts, upto), is_deposit=part.is_deposit,
        )
        for part in open_ones
        if part.is_deposit or not waits
    ]  # fmt: skip


def _has_come(day: date | None, upto: date) -> bool:
    return day is not None and day <= upto


CALENDAR = (Anchor.MIDDLE, Anchor.END, Anchor.MONTH)


def day_of(part: PartLike, facts: Facts, today: date) -> date | None:
    """When a part is due; None while that is not known.

    Nothing is before the agreement is signed. While a program is paused, what follows the calendar waits. One that is
    completed has brought all it owed; of one that ended early the rest of the calendar is for somebody to decide.
    """
    if facts.state is State.DRAFT:
        return None
    day = _anchored(part, facts)
    if facts.state is State.COMPLETED:
        return min(day or today, today)
    if facts.state is State.PAUSED and part.anchor in CALENDAR:
        return None
    if facts.state is State.ENDED and part.anchor in CALENDAR:
        return None
    return day


def _anchored(part: PartLike, facts: Facts) -> date | None:
    match part.anchor:
        case Anchor.SIGNED:
            return facts.signed_on
        case Anchor.START:
            return facts.starts_on
        case Anchor.MIDDLE:
            return middle_of(facts)
        case Anchor.END:
            return facts.ends_on
        case Anchor.SESSION:
            return _nth_used(facts, part.number)
        case Anchor.MONTH:
            return months_later(facts.starts_on, part.number)
        case Anchor.DATE:
            return part.on


def middle_of(facts: Facts) -> date | None:
    """The day between first and last; without a last one, when half the sessions are behind."""
    if facts.ends_on is not None:
        return facts.starts_on + (facts.ends_on - facts.starts_on) / 2
    return _nth_used(facts, (facts.sessions + 1) // 2)


def _nth_used(facts: Facts, number: int) -> date | None:
    return facts.used[number - 1].on if 0 < number <= len(facts.used) else None


def label_of(part: PartLike, parts: Sequence[PartLike]) -> str:
    """Its own label, or which one it is."""
    if part.label or part.is_deposit:
        return part.label or "deposit"
    own = [each.public_id for each in parts if not each.is_deposit]
    return f"part {own.index(part.public_id) + 1} of {len(own)}" if len(own) > 1 else "in full"


def _period(part: PartLike, days: dict[str, date | None], facts: Facts, upto: date) -> tuple[date, date]:
    """The time a part stands for. One that waits for a session says no more than its month (domain.md §10)."""
    day = days[part.public_id] or upto
    if part.is_deposit or part.anchor is Anchor.DATE:
        return day, day
    if part.anchor is Anchor.SESSION:
        return month_of(day)
    if part.anchor is Anchor.MONTH:
        first = months_later(facts.starts_on, max(part.number - 1, 0))
        return first, max(first, months_later(facts.starts_on, part.number) - timedelta(days=1))
    if part.anchor is Anchor.END:
        before = [one for key, one in days.items() if one and one < day and key != part.public_id]
        return max(before, default=facts.starts_on), day
    first = min(day, facts.starts_on) if part.anchor is Anchor.SIGNED else day
    after = [one for key, one in days.items() if one and one > day and key != part.public_id]
    last = min(after) - timedelta(days=1) if after else facts.ends_on
    return first, max(first, last or first)


def month_of(day: date) -> tuple[date, date]:
    """Its first and its last day."""
    first = day.replace(day=1)
    return first, months_later(first, 1) - timedelta(days=1)


def due_sessions(plan: PlanLike, facts: Facts) -> list[Due]:
    """Sessions to be billed, each at the plan's price: the last one the program has takes what does not divide.

    One that was given back is not billed, and its substitute is; was it billed before, the next one after it is free.
    """
    number = sum(one.public_id in facts.billed for one in facts.used)
    owed, given, found = 0, facts.given, []
    for one in facts.used:
        if one.public_id in facts.billed:
            owed += one.is_made_up
        elif one.is_made_up or one.is_waived:
            continue
        elif owed:
            owed -= 1
        elif given and number >= facts.bought:
            given -= 1
        else:
            number += 1
            found.append(_session_due(plan, facts, one, number))
    return found


def _session_due(plan: PlanLike, facts: Facts, one: Used, number: int) -> Due:
    label = "" if one.state is SessionState.HELD else SESSION_STATE_LABELS[one.state]
    by_hour = plan.way is Way.HOURS
    cents = plan.unit_cents if by_hour else price_of(number, plan.unit_cents, facts.price_cents, facts.sessions)
    quantity, unit = (half_up(one.minutes * 1000, 60), Unit.HOUR) if by_hour else (1000, Unit.SESSION)
    return Due(ClaimKind.SESSION, one.public_id, one.on, label, cents, quantity, unit, one.on, one.on)


def price_of(number: int, unit_cents: int, price_cents: int, sessions: int) -> int:
    """What the n-th session of a program costs. Where the price does not divide, the last takes the rest."""
    divides = sessions > 0 and unit_cents == price_cents // sessions
    return unit_cents + (price_cents % sessions if divides and number == sessions else 0)


MORNING = 6
"""The hour drafts are made at, or as soon after as a worker runs."""


def is_time_for_batch(weekday: int, now: datetime, last: datetime | None) -> bool:
    """Whether the clock makes drafts at this moment, by the firm's clock: on its day of the week, once; -1 is never."""
    is_day = now.weekday() == weekday and now.hour >= MORNING
    return is_day and (last is None or last.date() < now.date())


# Lines of an invoice --------------------------------------------------------------------------------------------------


class Worded(NamedTuple):
    """A line to be, and what it bills."""

    text: str
    detail: str
    unit_cents: int
    quantity_milli: int
    unit: Unit
    discount_bps: int
    since: date
    until: date
    claims: tuple[tuple[ClaimKind, str], ...]


def worded(found: Sequence[Due], program: str, *, client: str = "", discount_bps: int = 0) -> list[Worded]:
    """What is due as lines. `client` is who is coached where somebody else pays: then sessions stand together, how many
    in which month, never on which days, nor what became of them (domain.md §10)."""
    parts = [_part_line(one, program, client, discount_bps) for one in found if one.kind is ClaimKind.PART]
    sessions = [one for one in found if one.kind is ClaimKind.SESSION]
    if not client:
        return parts + [_session_line(one, program, discount_bps) for one in sessions]
    by_month = groupby(sessions, key=lambda one: (month_of(one.on), one.unit_cents))
    return parts + [_month_line(list(month), program, client, discount_bps) for _, month in by_month]


def _part_line(one: Due, program: str, client: str, discount_bps: int) -> Worded:
    name = f"{program} for {client}" if client else program
    less = 0 if one.is_deposit else discount_bps
    claims = ((one.kind, one.subject),)
    return Worded(f"{name}: {one.label}", "", one.unit_cents, 1000, one.unit, less, one.since, one.until, claims)


def _session_line(one: Due, program: str, discount_bps: int) -> Worded:
    claims = ((one.kind, one.subject),)
    return Worded(
        f"{program}: session", one.label, one.unit_cents, one.quantity_milli, one.unit, discount_bps, one.since,
        one.until, claims,
    )  # fmt: skip


def _month_line(month: Sequence[Due], program: str, client: str, discount_bps: int) -> Worded:
    first, last = month_of(month[0].on)
    quantity = sum(one.quantity_milli for one in month)
    claims = tuple((one.kind, one.subject) for one in month)
    text = f"{program}: sessions with {client}, {first:%B %Y}"
    return Worded(text, "", month[0].unit_cents, quantity, month[0].unit, discount_bps, first, last, claims)


def net_of(found: Iterable[Due], discount_bps: int) -> int:
    """What is due after the plan's share of discount, without deposits: something can be taken off it."""
    wholes = [half_up(one.quantity_milli * one.unit_cents, 1000) for one in found if not one.is_deposit]
    return sum(whole - half_up(whole * discount_bps, 10_000) for whole in wholes)


class Off(NamedTuple):
    """Something that is taken off once: a deposit that was paid, or a discount. `subject` is what its claim names."""

    kind: ClaimKind
    subject: str
    text: str
    cents: int


def taken_off(net: int, offers: Iterable[Off]) -> list[Off]:
    """Which of them are taken off an invoice of so much: whole, and something must be left to pay."""
    taken = []
    for off in offers:
        if off.cents < net:
            net -= off.cents
            taken.append(off)
    return taken


# Differences ----------------------------------------------------------------------------------------------------------


class Said(NamedTuple):
    """What of an invoice is compared with the one before."""

    number: str
    payer: str
    currency: str
    po_number: str
    prices: dict[str, int]
    """By unit: what a session, an hour cost."""
    net_cents: int


class Change(NamedTuple):
    """A difference in a few words; a grave one should be looked at before it goes."""

    words: str
    is_grave: bool = False


PRICED = {Unit.SESSION: "a session", Unit.HOUR: "an hour"}


def changes(now: Said, before: Said | None) -> list[Change]:
    """What is unlike the last invoice for the same program, or to the same payer."""
    if before is None:
        return [Change(f"First invoice to {now.payer}")]
    told = []
    if now.payer != before.payer:
        told.append(Change(f"{before.number} went to {before.payer}", is_grave=True))
    if now.currency != before.currency:
        return [*told, Change(f"{before.number} was in {before.currency}", is_grave=True)]
    for unit, words in PRICED.items():
        was, costs = before.prices.get(unit), now.prices.get(unit)
        if was is not None and costs is not None and was != costs:
            price = f"{in_words(was, now.currency)} before, now {in_words(costs, now.currency)}"
            told.append(Change(f"{words.capitalize()} was {price}", is_grave=True))
    if now.po_number != before.po_number:
        told.append(Change(f"PO number was {before.po_number or 'none'}"))
    if 2 * abs(now.net_cents - before.net_cents) > abs(before.net_cents):
        told.append(Change(f"{before.number} came to {in_words(before.net_cents, before.currency)} net"))
    return told


# Checks ---------------------------------------------------------------------------------------------------------------


class Check(StrEnum):
    """What may not fit together."""

    NOT_BILLED = "not_billed"
    NOT_HELD = "not_held"
    PART_LATE = "part_late"
    RATE = "rate"
    PO = "po"
    PAYER = "payer"
    CURRENCY = "currency"
    PRICE = "price"
    NOBODY = "nobody"
    LEFT = "left"


CHECK_LABELS = {
    Check.NOT_BILLED: "Held, not billed",
    Check.NOT_HELD: "Billed, not held",
    Check.PART_LATE: "Due, not billed",
    Check.RATE: "Price unlike the plan",
    Check.PO: "PO number missing",
    Check.PAYER: "Payer unlike the agreement",
    Check.CURRENCY: "Currency unlike the terms",
    Check.PRICE: "Plan unlike the price",
    Check.NOBODY: "Nobody to bill",
    Check.LEFT: "Ended early, not all billed",
}


CHECK_WORDS = {
    Check.NOT_BILLED: "Held or lost more than a week ago, and no draft or invoice has them.",
    Check.NOT_HELD: "They were billed, and do not count any more.",
    Check.PART_LATE: "Their day came more than a week ago.",
    Check.RATE: "A line asks for another price than the plan does.",
    Check.PO: "The payer wants the number of its order on every invoice.",
    Check.PAYER: "By the agreement somebody else pays.",
    Check.CURRENCY: "The terms name another currency.",
    Check.PRICE: "The price changed after something was billed by the plan.",
    Check.NOBODY: "The sponsor pays, and no sponsor is entered.",
    Check.LEFT: "The plan has parts that will not come due by themselves.",
}


def was_passed_over(on: date, today: date) -> bool:
    """Whether what was due on a day should have been billed by now."""
    return on <= today - timedelta(days=GRACE_DAYS)


class Billed(NamedTuple):
    """A line that bills something of a program: what its check needs. `is_settled`: it was credited, or nothing is
    open of it any more. `is_newer` than the plan as it is now."""

    kind: ClaimKind
    unit_cents: int
    currency: str
    payer_id: int
    is_draft: bool
    is_credited: bool = False
    is_settled: bool = False
    is_newer: bool = True

    @property
    def may_be_wrong(self) -> bool:
        """Whether somebody can still mend it without troubling who has paid."""
        return self.is_draft or not (self.is_credited or self.is_settled)


def is_unlike_plan(line: Billed, prices: Iterable[int]) -> bool:
    """Whether a line asks for another price than the plan does. What was issued by an earlier one was right then."""
    is_priced = line.kind in (ClaimKind.SESSION, ClaimKind.PART)
    is_judged = line.is_draft or (line.is_newer and not line.is_credited)
    return is_priced and is_judged and line.unit_cents not in prices


def prices_of(plan: PlanLike, part: PartLike | None, price_cents: int, sessions: int) -> frozenset[int]:
    """What a part, or else a session or an hour, may cost by the plan."""
    if part is not None:
        return frozenset({part.cents})
    if plan.way is not Way.PER_SESSION:
        return frozenset({plan.unit_cents})
    return frozenset(price_of(n, plan.unit_cents, price_cents, sessions) for n in (0, sessions))


def is_unheld(line: Billed, *, counts_now: bool) -> bool:
    """Whether a session was billed that does not count any more, and nobody has credited it."""
    return line.kind is ClaimKind.SESSION and not counts_now and not line.is_credited


def is_unlike_payer(line: Billed, payer_id: int | None) -> bool:
    """Whether it goes to another than who pays by the agreement."""
    return line.may_be_wrong and payer_id != line.payer_id


def is_unlike_currency(line: Billed, currency: str) -> bool:
    """Whether it asks for another currency than the terms."""
    return line.may_be_wrong and line.currency != currency


def price_has_changed(planned_for: int, price_cents: int, *, is_billed: bool) -> bool:
    """Whether the price is another one than the plan was made for, and something is billed by that plan already."""
    return is_billed and planned_for != price_cents


def lacks_po(state: State, way: Way, *, needs_po: bool, po_number: str) -> bool:
    """Whether a program runs whose payer will want a PO number nobody has entered."""
    return needs_po and not po_number and way is not Way.NONE and state in (State.ACTIVE, State.PAUSED)


def left_over(state: State, parts: Sequence[PartLike], billed: frozenset[str]) -> int:
    """What of a program that ended early is billed by nothing."""
    if state is not State.ENDED:
        return 0
    return sum(part.cents for part in parts if not part.is_deposit and part.public_id not in billed)

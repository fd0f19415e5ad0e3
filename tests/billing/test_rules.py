"""What is due, what it says on an invoice, and what does not fit together."""

from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachbase.availability.rules import SessionKind
from coachbase.billing.rules import (
    Anchor,
    Billed,
    Change,
    Due,
    Facts,
    NewPart,
    Off,
    Said,
    Terms,
    Used,
    Way,
    changes,
    day_of,
    due,
    equal,
    is_time_for_batch,
    is_unheld,
    is_unlike_currency,
    is_unlike_payer,
    is_unlike_plan,
    lacks_po,
    left_over,
    plan_of_terms,
    price_has_changed,
    price_of,
    prices_of,
    refusal_of_parts,
    sum_of,
    taken_off,
    uses_up,
    was_passed_over,
    worded,
)
from coachbase.engagements.rules import Billing, State
from coachbase.invoices.rules import ClaimKind, Unit
from coachbase.sessions.rules import State as S

START, END = date(2026, 1, 5), date(2026, 7, 4)
MIDDLE = date(2026, 4, 5)
FAR = date(2027, 1, 1)


class P(NamedTuple):
    """A plan."""

    way: Way = Way.PARTS
    unit_cents: int = 0
    since_on: date | None = None


class Part(NamedTuple):
    public_id: str
    anchor: Anchor
    cents: int = 100
    number: int = 0
    on: date | None = None
    label: str = ""
    is_deposit: bool = False


def running(**values):
    told = {"state": State.ACTIVE, "starts_on": START, "ends_on": END, "signed_on": date(2025, 12, 20)}
    return Facts(**(told | {"price_cents": 600, "sessions": 6, "bought": 6} | values))


def held(*days, **values):
    return tuple(Used(f"s{day:%m%d}", day, **values) for day in days)


# A plan, of the terms -------------------------------------------------------------------------------------------------


def terms(billing, price=100_000, sessions=6, months=6):
    return Terms(billing, price, sessions, months, START, END)


@pytest.mark.parametrize(
    ("billing", "anchors"),
    [
        (Billing.UPFRONT, [Anchor.START]),
        (Billing.HALVES, [Anchor.START, Anchor.MIDDLE]),
        (Billing.MONTHLY, [Anchor.MONTH] * 6),
    ],
)
def test_the_parts_made_of_the_terms_add_up_to_the_price(billing, anchors):
    new = plan_of_terms(terms(billing, price=100_001))
    assert ([part.anchor for part in new.parts], sum_of(new.parts)) == (anchors, 100_001)


def test_a_price_for_sessions_is_a_price_for_each():
    assert plan_of_terms(terms(Billing.PER_SESSION)).unit_cents == 16_666
    assert plan_of_terms(terms(Billing.PER_SESSION, sessions=0)).unit_cents == 100_000


def test_what_costs_nothing_is_not_billed():
    assert plan_of_terms(terms(Billing.MONTHLY, price=0)).way is Way.NONE


@pytest.mark.parametrize(("months", "ends_on", "count"), [(None, END, 6), (None, None, 1), (0, END, 1), (999, END, 60)])
def test_monthly_parts_are_as_many_as_the_program_has_months(months, ends_on, count):
    told = Terms(Billing.MONTHLY, 100_000, 6, months, START, ends_on)
    assert len(plan_of_terms(told).parts) == count


def test_cents_that_do_not_divide_go_to_the_first_parts():
    assert equal(100, 3) == [34, 33, 33]


@given(price=st.integers(1, 10**12), sessions=st.integers(1, 400))
def test_all_sessions_of_a_program_cost_its_price_to_the_cent(price, sessions):
    unit = price // sessions
    assert sum(price_of(n, unit, price, sessions) for n in range(1, sessions + 1)) == price


def test_a_rate_somebody_chose_is_every_session_s():
    assert [price_of(n, 20_000, 100_001, 6) for n in (1, 6)] == [20_000, 20_000]


@pytest.mark.parametrize(
    ("parts", "discount", "no"),
    [
        ([NewPart("", Anchor.START, 100)], 0, None),
        ([NewPart("", Anchor.START, 100)] * 61, 0, "at most"),
        ([NewPart("", Anchor.SIGNED, 100, is_deposit=True), NewPart("", Anchor.START, 100)], 0, "must be larger"),
        ([NewPart("", Anchor.SIGNED, 99, is_deposit=True), NewPart("", Anchor.START, 100)], 0, None),
        ([NewPart("", Anchor.START, 100)], 100, "discount"),
        ([NewPart("", Anchor.START, 100)], 99, None),
    ],
)
def test_a_deposit_or_a_discount_needs_a_larger_part_to_come_off(parts, discount, no):
    refusal = refusal_of_parts(parts, discount_cents=discount)
    assert refusal is None if no is None else no in refusal


# What is due ----------------------------------------------------------------------------------------------------------

ANCHORED = [
    (Part("a", Anchor.SIGNED), date(2025, 12, 20)),
    (Part("a", Anchor.START), START),
    (Part("a", Anchor.MIDDLE), MIDDLE),
    (Part("a", Anchor.END), END),
    (Part("a", Anchor.MONTH, number=2), date(2026, 3, 5)),
    (Part("a", Anchor.DATE, on=date(2026, 2, 2)), date(2026, 2, 2)),
    (Part("a", Anchor.SESSION, number=2), date(2026, 2, 9)),
    (Part("a", Anchor.SESSION, number=4), None),
    (Part("a", Anchor.DATE), None),
]


@pytest.mark.parametrize(("part", "day"), ANCHORED)
def test_a_part_is_due_from_its_day_and_not_before(part, day):
    facts = running(used=held(date(2026, 1, 12), date(2026, 2, 9), date(2026, 3, 9)))
    assert day_of(part, facts, FAR) == day
    if day:
        before = date.fromordinal(day.toordinal() - 1)
        assert [len(due(P(), [part], facts, upto)) for upto in (before, day)] == [0, 1]
    else:
        assert due(P(), [part], facts, FAR) == []


@pytest.mark.parametrize("part", [part for part, _ in ANCHORED])
def test_nothing_is_due_before_the_agreement_is_signed(part):
    assert due(P(), [part], running(state=State.DRAFT, used=held(START)), FAR) == []


@pytest.mark.parametrize(
    ("state", "anchors"),
    [
        (State.PAUSED, {Anchor.SIGNED, Anchor.START, Anchor.DATE, Anchor.SESSION}),
        (State.ENDED, {Anchor.SIGNED, Anchor.START, Anchor.DATE, Anchor.SESSION}),
        (State.COMPLETED, set(Anchor)),
    ],
)
def test_a_pause_stops_the_calendar_and_the_end_closes_it(state, anchors):
    facts = running(state=state, used=held(START, MIDDLE))
    parts = [part._replace(public_id=f"{n}") for n, (part, _) in enumerate(ANCHORED)]
    found = {parts[int(one.subject)].anchor for one in due(P(), parts, facts, FAR)}
    assert found == anchors


def test_without_a_last_day_the_middle_is_when_half_the_sessions_are_behind():
    facts = running(ends_on=None, used=held(date(2026, 1, 12), date(2026, 2, 9), date(2026, 3, 9)))
    assert day_of(Part("a", Anchor.MIDDLE), facts, FAR) == date(2026, 3, 9)
    assert day_of(Part("a", Anchor.END), facts, FAR) is None
    assert day_of(Part("a", Anchor.END), replace(facts, state=State.COMPLETED), FAR) == FAR


def test_what_is_billed_is_not_due_again():
    parts = [Part("a", Anchor.START), Part("b", Anchor.START)]
    assert [one.subject for one in due(P(), parts, running(billed=frozenset("a")), FAR)] == ["b"]


def test_what_came_before_somebody_began_to_bill_here_was_billed_elsewhere():
    plan = P(Way.PER_SESSION, 100, since_on=date(2026, 2, 1))
    facts = running(used=held(date(2026, 1, 31), date(2026, 2, 1)))
    assert [one.subject for one in due(plan, [], facts, FAR)] == ["s0201"]


@pytest.mark.parametrize("way", [Way.NONE, Way.PER_SESSION, Way.HOURS])
def test_parts_are_billed_only_where_a_program_is_billed_in_parts(way):
    assert due(P(way), [Part("a", Anchor.START)], running(), FAR) == []


def test_other_parts_wait_until_the_deposit_is_issued():
    parts = [Part("d", Anchor.SIGNED, 50, is_deposit=True), Part("a", Anchor.START)]
    asked = [due(P(), parts, facts, FAR) for facts in (
        running(),
        running(billed=frozenset("d")),
        running(billed=frozenset("d"), issued=frozenset("d")),
    )]  # fmt: skip
    assert [[one.subject for one in found] for found in asked] == [["d"], [], ["a"]]


SIX = [date(2026, month, 12) for month in range(1, 7)]


def subjects(facts, plan=None):
    return [one.subject for one in due(plan or P(Way.PER_SESSION, 100), [], facts, FAR)]


@pytest.mark.parametrize(
    ("kind", "state", "is_charged", "is_due"),
    [
        (SessionKind.COACHING, S.HELD, True, True),
        (SessionKind.KICKOFF, S.HELD, True, True),
        (SessionKind.COACHING, S.NO_SHOW, True, True),
        (SessionKind.COACHING, S.NO_SHOW, False, True),
        (SessionKind.COACHING, S.LATE_CANCELLED, True, True),
        (SessionKind.COACHING, S.LATE_CANCELLED, False, False),
        (SessionKind.COACHING, S.CANCELLED, True, False),
        (SessionKind.COACHING, S.BOOKED, True, False),
        (SessionKind.CHEMISTRY, S.HELD, True, False),
        (SessionKind.THREE_WAY, S.HELD, True, False),
        (SessionKind.GROUP, S.HELD, True, False),
    ],
)
def test_what_uses_up_a_session_is_billed_and_nothing_else(kind, state, is_charged, is_due):
    assert uses_up(kind, state, late_is_charged=is_charged) is is_due


def test_a_session_that_was_waived_is_not_due():
    assert subjects(running(used=(*held(SIX[0], is_waived=True), *held(SIX[1])))) == ["s0212"]


def test_one_that_was_given_back_is_not_billed_and_its_substitute_is():
    used = (*held(SIX[0], is_made_up=True), *held(SIX[1]))
    assert subjects(running(used=used)) == ["s0212"]


def test_a_substitute_for_one_that_was_billed_is_free_and_stays_so():
    used = (*held(SIX[0], is_made_up=True), *held(*SIX[1:3]))
    assert subjects(running(used=used, billed=frozenset({"s0112"}))) == ["s0312"]
    assert subjects(running(used=used, billed=frozenset({"s0112", "s0312"}))) == []


def test_sessions_given_beside_what_was_bought_are_free_and_further_ones_are_not():
    facts = running(bought=2, sessions=2, price_cents=200, given=1, used=held(*SIX[:4]))
    assert subjects(facts) == ["s0112", "s0212", "s0412"]
    assert subjects(replace(facts, billed=frozenset({"s0112", "s0212"}))) == ["s0412"]
    assert subjects(replace(facts, billed=frozenset({"s0112", "s0212", "s0412"}))) == []


def test_the_last_session_takes_what_does_not_divide_whatever_was_billed_before():
    facts = running(price_cents=601, used=held(*SIX), billed=frozenset({"s0112"}))
    found = due(P(Way.PER_SESSION, 100), [], facts, FAR)
    assert [one.unit_cents for one in found] == [100, 100, 100, 100, 101]


def test_hours_are_the_time_of_the_sessions():
    facts = running(used=(*held(SIX[0], minutes=90), *held(SIX[1], minutes=50)))
    found = due(P(Way.HOURS, 100), [], facts, FAR)
    assert [(one.quantity_milli, one.unit, one.unit_cents) for one in found] == [
        (1500, Unit.HOUR, 100),
        (833, Unit.HOUR, 100),
    ]


@pytest.mark.parametrize(
    ("at", "last", "is_time"),
    [
        ("2026-11-23 06:05", None, True),
        ("2026-11-23 05:59", None, False),
        ("2026-11-24 08:00", None, False),
        ("2026-11-23 09:05", "2026-11-23 06:05", False),
        ("2026-11-23 09:05", "2026-11-16 06:05", True),
    ],
)
def test_the_clock_makes_drafts_once_on_its_day_of_the_week(at, last, is_time):
    moments = [each and datetime.fromisoformat(each) for each in (at, last)]
    assert is_time_for_batch(0, *moments) is is_time
    assert not is_time_for_batch(-1, *moments)


# Lines ----------------------------------------------------------------------------------------------------------------


def session(day, label="", cents=100):
    return Due(ClaimKind.SESSION, f"s{day:%m%d}", day, label, cents, 1000, Unit.SESSION, day, day)


def test_a_sponsor_reads_how_many_sessions_in_which_month_and_no_more():
    found = [session(date(2026, 10, 7)), session(date(2026, 10, 21), "No-show"), session(date(2026, 11, 4))]
    lines = worded(found, "Leadership 6", client="Bob Haddad")
    assert [(line.text, line.detail, line.quantity_milli, line.claims) for line in lines] == [
        ("Leadership 6: sessions with Bob Haddad, October 2026", "", 2000,
         ((ClaimKind.SESSION, "s1007"), (ClaimKind.SESSION, "s1021"))),
        ("Leadership 6: sessions with Bob Haddad, November 2026", "", 1000, ((ClaimKind.SESSION, "s1104"),)),
    ]  # fmt: skip
    assert [(line.since.day, line.until.day) for line in lines] == [(1, 31), (1, 30)]


def test_who_pays_alone_reads_the_days_and_what_became_of_them():
    lines = worded([session(date(2026, 10, 21), "No-show")], "Leadership 3", discount_bps=1000)
    assert [(line.text, line.detail, line.since, line.discount_bps) for line in lines] == [
        ("Leadership 3: session", "No-show", date(2026, 10, 21), 1000)
    ]


def test_sessions_of_one_month_at_two_prices_are_two_lines():
    lines = worded([session(date(2026, 10, 7)), session(date(2026, 10, 21), cents=101)], "L", client="Bob Haddad")
    assert [(line.quantity_milli, line.unit_cents) for line in lines] == [(1000, 100), (1000, 101)]


@pytest.mark.parametrize(
    ("anchor", "since", "until"),
    [
        (Part("a", Anchor.START), START, MIDDLE.replace(day=4)),
        (Part("b", Anchor.MIDDLE), MIDDLE, END),
        (Part("a", Anchor.MONTH, number=2), date(2026, 2, 5), date(2026, 3, 4)),
        (Part("a", Anchor.SESSION, number=1), date(2026, 1, 1), date(2026, 1, 31)),
        (Part("b", Anchor.END), START, END),
        (Part("a", Anchor.SIGNED), date(2025, 12, 20), MIDDLE.replace(day=4)),
        (Part("a", Anchor.DATE, on=date(2026, 2, 2)), date(2026, 2, 2), date(2026, 2, 2)),
    ],
)
def test_a_part_says_what_time_it_stands_for(anchor, since, until):
    others = [Part("m", Anchor.MIDDLE)] if anchor.anchor in (Anchor.START, Anchor.SIGNED) else []
    others += [Part("0", Anchor.START)] if anchor.anchor in (Anchor.MIDDLE, Anchor.END) else []
    found = due(P(), [anchor, *others], running(used=held(date(2026, 1, 12))), FAR)
    mine = next(one for one in found if one.subject == anchor.public_id)
    assert (mine.since, mine.until) == (since, until)


@pytest.mark.parametrize(
    ("net", "offers", "taken"),
    [(1000, [400], [400]), (400, [400], []), (1000, [700, 400], [700]), (1000, [1200, 400], [400]), (0, [1], [])],
)
def test_what_comes_off_comes_off_whole_and_leaves_something_to_pay(net, offers, taken):
    found = taken_off(net, [Off(ClaimKind.DEPOSIT, f"{cents}", "Less deposit", cents) for cents in offers])
    assert [off.cents for off in found] == taken


# Differences ----------------------------------------------------------------------------------------------------------

BEFORE = Said("2026-0007", "Brightwater", "GBP", "PO-1", {Unit.SESSION: 25_000}, 50_000)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (BEFORE, []),
        (BEFORE._replace(payer="Halden"), [("2026-0007 went to Brightwater", True)]),
        (BEFORE._replace(currency="EUR"), [("2026-0007 was in GBP", True)]),
        (BEFORE._replace(prices={Unit.SESSION: 27_500}), [("A session was £250.00 before, now £275.00", True)]),
        (BEFORE._replace(prices={Unit.HOUR: 27_500}), []),
        (BEFORE._replace(po_number="PO-2"), [("PO number was PO-1", False)]),
        (BEFORE._replace(net_cents=75_000), []),
        (BEFORE._replace(net_cents=75_001), [("2026-0007 came to £500.00 net", False)]),
    ],
)
def test_what_is_unlike_the_last_invoice_is_marked(now, told):
    assert changes(now, BEFORE) == [Change(*each) for each in told]


def test_the_first_invoice_to_somebody_is_marked():
    assert changes(BEFORE, None) == [Change("First invoice to Brightwater")]


# Checks ---------------------------------------------------------------------------------------------------------------

LINE = Billed(ClaimKind.SESSION, 100, "GBP", 1, is_draft=False)
SETTLED, CREDITED = LINE._replace(is_settled=True), LINE._replace(is_credited=True)
DRAFT, OLDER = LINE._replace(is_draft=True, is_newer=False), LINE._replace(is_newer=False)


@pytest.mark.parametrize(
    ("line", "prices", "is_unlike"),
    [
        (LINE, {100, 101}, False), (LINE, {90}, True), (DRAFT, {90}, True), (OLDER, {90}, False),
        (CREDITED, {90}, False), (LINE._replace(kind=ClaimKind.CHARGE), {90}, False),
    ],
)  # fmt: skip
def test_a_price_unlike_the_plan_is_found_but_not_that_a_plan_was_another_one_then(line, prices, is_unlike):
    assert is_unlike_plan(line, prices) is is_unlike


def test_the_prices_of_a_plan_are_its_parts_or_its_rate_with_the_last_one_s_rest():
    assert prices_of(P(), Part("a", Anchor.START, 70), 600, 6) == {70}
    assert prices_of(P(Way.PER_SESSION, 100), None, 601, 6) == {100, 101}
    assert prices_of(P(Way.HOURS, 100), None, 601, 6) == {100}


@pytest.mark.parametrize(
    ("line", "counts_now", "found"),
    [(LINE, False, True), (LINE, True, False), (CREDITED, False, False), (DRAFT, False, True), (SETTLED, False, True)],
)
def test_a_billed_session_that_was_not_held_is_found_until_it_is_credited(line, counts_now, found):
    assert is_unheld(line, counts_now=counts_now) is found


@pytest.mark.parametrize(("line", "found"), [(LINE, True), (DRAFT, True), (SETTLED, False), (CREDITED, False)])
def test_another_payer_or_currency_is_found_while_it_can_be_mended(line, found):
    assert [is_unlike_payer(line, 2), is_unlike_currency(line, "EUR")] == [found, found]
    assert not is_unlike_payer(line, 1)
    assert not is_unlike_currency(line, "GBP")


@pytest.mark.parametrize(("on", "is_late"), [(date(2026, 3, 1), True), (date(2026, 3, 2), False)])
def test_what_was_due_a_week_ago_and_is_not_billed_was_passed_over(on, is_late):
    assert was_passed_over(on, date(2026, 3, 8)) is is_late


def test_a_price_that_changed_is_told_once_something_was_billed_by_the_old_one():
    assert price_has_changed(600, 700, is_billed=True)
    assert not price_has_changed(600, 700, is_billed=False)
    assert not price_has_changed(600, 600, is_billed=True)


@pytest.mark.parametrize(
    ("state", "way", "needs", "number", "found"),
    [
        (State.ACTIVE, Way.PARTS, True, "", True), (State.PAUSED, Way.HOURS, True, "", True),
        (State.ACTIVE, Way.PARTS, True, "PO-1", False), (State.ACTIVE, Way.PARTS, False, "", False),
        (State.ACTIVE, Way.NONE, True, "", False), (State.COMPLETED, Way.PARTS, True, "", False),
        (State.DRAFT, Way.PARTS, True, "", False),
    ],
)  # fmt: skip
def test_a_program_whose_payer_wants_an_order_number_and_has_none_is_found(state, way, needs, number, found):
    assert lacks_po(state, way, needs_po=needs, po_number=number) is found


def test_what_is_left_of_a_program_that_ended_early_is_told():
    parts = [Part("a", Anchor.START), Part("b", Anchor.MIDDLE, 70), Part("d", Anchor.SIGNED, 5, is_deposit=True)]
    assert left_over(State.ENDED, parts, frozenset("a")) == 70
    assert left_over(State.ACTIVE, parts, frozenset("a")) == 0

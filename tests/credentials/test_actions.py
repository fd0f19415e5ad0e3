"""Codes in, out and back; the ledger beside them; who looked stands in the log."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from peewee import IntegrityError

from coachbase import clock
from coachbase.assessments import actions as assessments
from coachbase.assessments.models import Assessment
from coachbase.audit.models import Opening
from coachbase.clients.models import Client
from coachbase.credentials import actions
from coachbase.credentials.models import Balance, Credential, CreditEntry, Shelf, Stock
from coachbase.credentials.rules import Code, Entry, State
from coachbase.db import database, transaction
from coachbase.errors import Refused
from coachbase.home.models import codes_wanted, low_stock
from coachbase.instruments.models import Instrument

DAY = timedelta(days=1)


def today():
    return clock.now().date()


def unused(instrument):
    return Balance.of_all().get(instrument.vendor_id, Balance()).unused


def entries(instrument):
    rows = CreditEntry.select().where(CreditEntry.instrument == instrument).order_by(CreditEntry.id)
    return [(row.entry, row.credits) for row in rows]


def stock_of(instrument, wanted=()):
    return next(each for each in Stock.of_all(today(), dict(wanted)) if each.instrument == instrument)


# In and out ----------------------------------------------------------------------------------------------------------


def test_what_is_added_is_bought_at_what_the_instrument_costs(cast, disc, stock):
    Instrument.update(cost_cents=6500, credits=15).where(Instrument.id == disc.id).execute()
    disc = Instrument.with_vendor().where(Instrument.id == disc.id).get()
    assert actions.add(disc, [Code("A"), Code("B")], order="EPIC 1", by=cast.vera) == 2
    assert entries(disc) == [(Entry.BOUGHT, 15)] * 2
    balance = Balance.of_all()[disc.vendor_id]
    assert (balance.unused, balance.used, balance.spent) == (30, 0, {"GBP": 13_000})


def test_a_code_that_is_known_is_not_added_again_whatever_became_of_it(cast, disc, stock):
    stock(3)
    codes = list(Credential.select())
    actions.take(disc, client=cast.bob, today=today())
    actions.end(codes[1], State.EXPIRED, by=cast.vera)
    assert actions.add(disc, [Code(f"SECRET-{n:03}") for n in range(4)], order="", by=cast.vera) == 1
    assert Credential.select().count() == 4


def test_what_is_no_code_is_refused_and_nothing_of_the_list_is_kept(cast, disc):
    with pytest.raises(Refused, match="There is a space"):
        actions.add(disc, [Code("A"), Code("B C")], order="", by=cast.vera)
    assert Credential.select().count() == 0


def test_what_expires_first_is_given_first_and_what_has_expired_never(cast, disc):
    days = {"never": None, "late": today() + 30 * DAY, "soon": today() + DAY, "today": today(), "past": today() - DAY}
    actions.add(disc, [Code(secret, "", day) for secret, day in days.items()], order="", by=cast.vera)
    given = [actions.take(disc, client=cast.bob, today=today()).secret for _ in range(4)]
    assert given == ["today", "soon", "late", "never"]
    with pytest.raises(Refused, match="No code for Everything DiSC is left in stock"):
        actions.take(disc, client=cast.bob, today=today())


def test_a_code_given_leaves_the_sum_and_one_that_comes_back_joins_it(cast, disc, stock):
    stock(2)
    code = actions.take(disc, client=cast.bob, today=today(), by=cast.vera)
    assert (code.state, code.client, unused(disc)) == (State.GIVEN, cast.bob, 1)
    actions.end(code, State.RETURNED, by=cast.vera)
    back = Credential.get_by_id(code.id)
    assert (back.state, back.client_id, unused(disc)) == (State.RETURNED, None, 2)
    assert entries(disc)[2:] == [(Entry.USED, -1), (Entry.RETURNED, 1)]
    assert actions.take(disc, client=cast.bob, today=today()).id == code.id


def test_a_code_that_came_back_is_held_by_nobody_and_can_be_given_to_somebody_else(cast, disc, stock):
    stock(1)
    first = assessments.set_up(cast.bob, disc, by=cast.vera)
    code = assessments.give_code(first, by=cast.vera)
    actions.end(code, State.RETURNED, by=cast.vera)
    assert Assessment.get_by_id(first.id).credential_id is None
    second = assessments.set_up(cast.bob, disc, by=cast.vera)
    assert assessments.give_code(second, by=cast.vera).id == code.id


def test_two_assessments_cannot_hold_one_code(cast, disc, stock):
    stock(1)
    first, second = (assessments.set_up(cast.bob, disc, by=cast.vera) for _ in range(2))
    code = assessments.give_code(first, by=cast.vera)
    with pytest.raises(IntegrityError), transaction():
        Assessment.update(credential=code).where(Assessment.id == second.id).execute()


def test_what_cannot_become_of_a_code_is_refused(cast, disc, stock):
    stock(1)
    code = Credential.get()
    with pytest.raises(Refused, match="is in stock, so it cannot be returned"):
        actions.end(code, State.RETURNED, by=cast.vera)
    assert Credential.get_by_id(code.id).state is State.STOCK


# Typed by hand -------------------------------------------------------------------------------------------------------


def test_a_code_typed_for_somebody_is_bought_and_used_at_once(cast, disc):
    code = actions.hand_in(disc, Code("BY-HAND"), client=cast.bob, by=cast.vera)
    assert (code.state, code.client, unused(disc)) == (State.GIVEN, cast.bob, 0)
    assert entries(disc) == [(Entry.BOUGHT, 1), (Entry.USED, -1)]
    assert not stock_of(disc).is_kept


def test_a_code_typed_by_hand_that_lies_in_stock_is_taken_from_there(cast, disc, stock):
    secrets = stock(3)
    code = actions.hand_in(disc, Code(secrets[1]), client=cast.bob, by=cast.vera)
    assert (code.secret, Credential.select().count(), unused(disc)) == (secrets[1], 3, 2)


def test_nobody_is_handed_what_somebody_has_or_had(cast, disc, stock):
    secrets = stock(1)
    code = actions.take(disc, client=cast.bob, today=today())
    with pytest.raises(Refused, match="given out already"):
        actions.hand_in(disc, Code(secrets[0]), client=cast.bob, by=cast.vera)
    actions.end(code, State.RECLAIMED, by=cast.vera)
    with pytest.raises(Refused, match="reclaimed") as refusal:
        actions.hand_in(disc, Code(secrets[0]), client=cast.bob, by=cast.vera)
    assert secrets[0] not in str(refusal.value)


def test_an_account_needs_its_login(cast, hogan):
    with pytest.raises(Refused, match="The login is missing"):
        actions.hand_in(hogan, Code("pw"), client=cast.bob, by=cast.vera)


# By the clock, and by hand -------------------------------------------------------------------------------------------


def test_the_clock_finds_what_expired_in_stock_and_leaves_what_was_given(cast, disc, stock, time_machine):
    stock(3, expires_on=today() + DAY)
    actions.take(disc, client=cast.bob, today=today())
    assert actions.expire() == 0
    time_machine.move_to(clock.now() + 2 * DAY)
    assert actions.expire() == 2
    assert actions.expire() == 0
    assert Counter(code.state for code in Credential.select()) == {State.EXPIRED: 2, State.GIVEN: 1}
    assert unused(disc) == 0
    assert {row.by_id for row in CreditEntry.select().where(CreditEntry.entry_name == "expired")} == {None}


def test_the_ledger_is_corrected_by_a_line_with_a_reason(cast, disc, stock):
    stock(2)
    actions.correct(disc.vendor, -1, reason="EPIC shows one fewer", currency="GBP", by=cast.vera)
    assert unused(disc) == 1
    with pytest.raises(Refused):
        actions.correct(disc.vendor, 0, reason="-", currency="GBP", by=cast.vera)


@pytest.mark.parametrize("statement", ["UPDATE credit_entry SET credits = 9", "DELETE FROM credit_entry"])
def test_no_line_of_the_ledger_is_ever_changed(cast, disc, stock, statement):
    stock(1)
    with pytest.raises(IntegrityError, match="append only"):
        database.execute_sql(statement)


# What is known of a stock --------------------------------------------------------------------------------------------


def test_a_stock_says_what_lies_there_since_when_and_what_it_cost(cast, disc):
    Instrument.update(cost_cents=6500).where(Instrument.id == disc.id).execute()
    disc = Instrument.with_vendor().where(Instrument.id == disc.id).get()
    long_ago = clock.now() - 100 * DAY
    with clock.pretend(long_ago):
        actions.add(disc, [Code("A"), Code("B")], order="", by=cast.vera)
    days = {"C": 9, "D": 14, "E": 15}
    actions.add(disc, [Code(secret, "", today() + n * DAY) for secret, n in days.items()], order="", by=cast.vera)
    actions.take(disc, client=cast.bob, today=today())
    found = stock_of(disc)
    assert (found.free, found.given, found.soon, found.worth) == (4, 1, 1, {"GBP": 26_000})
    assert found.oldest == long_ago
    assert found.worth_in_words == "£260.00"


def test_stock_runs_low_when_more_are_set_up_than_lie_there(cast, disc, hogan, stock):
    stock(1)
    assessments.set_up(cast.bob, disc, by=cast.vera)
    assert not stock_of(disc, codes_wanted()).is_low
    assessments.set_up(cast.bob, disc, by=cast.vera)
    assessments.set_up(cast.bob, hogan, by=cast.vera)
    low = {each.instrument.name: each.wanted for each in Stock.of_all(today(), codes_wanted()) if each.is_low}
    assert low == {"Everything DiSC": 2}, "each code of Hogan's is typed where it is sent: no stock is kept"
    told = [(row.instrument.name, row.free, row.wanted) for row in low_stock(cast.vera, clock.now())]
    assert told == [("Everything DiSC", 1, 2)]
    assert low_stock(cast.alice, clock.now()) == [], "coaches buy no codes"
    assessments.give_code(Assessment.select().where(Assessment.instrument == disc).first(), by=cast.vera)
    assert codes_wanted()[disc.id] == 1
    assert [row.wanted - row.free for row in low_stock(cast.vera, clock.now())] == [1]


def test_a_shelf_adds_up_what_a_vendor_has(cast, disc, stock):
    stock(2)
    shelf = next(each for each in Shelf.of_all(Stock.of_all(today(), {})) if each.vendor == disc.vendor)
    assert [each.instrument.name for each in shelf.stocks] == ["Everything DiSC", "Everything DiSC 363"]
    assert (shelf.balance.unused, shelf.is_used, shelf.worth_in_words) == (2, True, "")
    others = [each for each in Shelf.of_all(Stock.of_all(today(), {})) if each.vendor != disc.vendor]
    assert not any(each.is_used for each in others)


# Seen ----------------------------------------------------------------------------------------------------------------


def test_whoever_looks_at_a_code_stands_in_the_log_and_the_code_does_not(cast, disc, stock):
    secrets = stock(1)
    code = Credential.visible_to(cast.vera).get()
    assert actions.reveal(code, for_whom="Bob", client=cast.bob, by=cast.vera).secret == secrets[0]
    [line] = Opening.select()
    assert (line.words, line.client, line.by) == ("the code of Everything DiSC for Bob", cast.bob, cast.vera)


@pytest.mark.parametrize(
    ("who", "given", "in_stock"),
    [("olive", True, True), ("alice", True, False), ("vera", True, True), ("carol", False, False)],
)
def test_a_code_is_seen_by_those_who_see_the_client_and_the_stock_by_those_who_keep_it(
    cast, disc, stock, who, given, in_stock
):
    stock(2)
    code = actions.take(disc, client=cast.bob, today=today())
    seen = {row.id for row in Credential.visible_to(getattr(cast, who))}
    assert (code.id in seen, len(seen - {code.id}) == 1) == (given, in_stock)


# Fifty at once -------------------------------------------------------------------------------------------------------


def test_fifty_who_take_from_forty_at_once_get_forty_and_ten_are_told_so(cast, disc, stock):
    stock(40)
    with transaction():
        people = [
            Client.create(name=f"Client {number}", coach=cast.alice, created_at=clock.now()) for number in range(50)
        ]
        set_up = [assessments.set_up(person, disc, by=cast.vera) for person in people]
    gate, told = threading.Barrier(50), []

    def give(assessment):
        gate.wait()
        try:
            told.append(assessments.give_code(assessment, by=cast.vera).public_id)
        except Refused as refusal:
            told.append(str(refusal))
        finally:
            database.close()

    threads = [threading.Thread(target=give, args=(each,)) for each in set_up]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers = Counter(told)
    assert answers.pop("No code for Everything DiSC is left in stock. Add some first.") == 10
    assert len(answers) == 40
    assert set(answers.values()) == {1}
    held = [row.credential_id for row in Assessment.select().where(Assessment.credential.is_null(False))]
    assert (len(held), len(set(held)), unused(disc)) == (40, 40, 0)

"""Reading files, matching lines, taking back."""

import threading
from datetime import date, timedelta

import pytest

from coachbase import clock, sealing, tidying
from coachbase.accounts.models import User
from coachbase.check import findings
from coachbase.db import database
from coachbase.errors import Refused, Stale
from coachbase.invoices.models import History, Invoice, Posting
from coachbase.payments import actions
from coachbase.payments.actions import Part, Tick
from coachbase.payments.models import BankColumns, BankFile, BankLine, matches_of, open_lines, proposals
from coachbase.payments.rules import Columns, Entry, LineState, Way
from coachbase.timeline.models import Entry as Said
from coachbase.tracking.rules import Order
from tests.payments.conftest import FRIDAY, MONDAY, open_cents


def entry(cents: int, reference: str = "", **values) -> Entry:
    return Entry(1, values.pop("on", FRIDAY), cents, "GBP", reference=reference, **values)


def take(cast, *entries: Entry):
    return actions.take("bank.csv", "0" * 64, Way.CSV, entries, by=cast.vera)


def matched(cast, line: BankLine, *parts: tuple[Invoice, int], by: User | None = None) -> BankLine:
    given = [Part(invoice, cents, open_cents(invoice)) for invoice, cents in parts]
    return actions.match(line, given, version=line.version, by=by or cast.vera)


# Files ----------------------------------------------------------------------------------------------------------------


def test_the_same_file_twice_adds_nothing(cast, monday):
    lines = [entry(100, "a"), entry(100, "a"), entry(-100, "a")]
    assert take(cast, *lines)[1:] == (3, 0)
    assert take(cast, *lines)[1:] == (0, 3)
    assert BankLine.select().count() == 3


def test_a_file_that_overlaps_adds_what_is_new(cast, monday):
    take(cast, entry(100, "a"))
    assert take(cast, entry(100, "a"), entry(100, "a"), entry(200, "b"))[1:] == (2, 1)


def test_lines_are_known_after_the_key_was_changed(cast, monday, app):
    take(cast, entry(100, "a"))
    ring = dict(sealing._ring)
    sealing._ring.clear()
    sealing._ring.update({b"newk": b"k" * 32} | ring)
    assert take(cast, entry(100, "a"))[1:] == (0, 1)


def test_what_a_line_says_is_sealed(cast, monday):
    take(cast, entry(100, "zqreference", payer="zqname", account="ZQ99ACCOUNT"))
    stored = str(database.execute_sql("SELECT * FROM bank_line").fetchall()).casefold()
    assert not [word for word in ("zqreference", "zqname", "zq99account") if word in stored]
    row = BankLine.get()
    assert (row.reference, row.payer, row.account) == ("zqreference", "zqname", "ZQ99ACCOUNT")


def test_columns_are_remembered_by_their_headings_and_the_file_is_read_once(cast, monday):
    file = actions.keep("bank.csv", "0" * 64, "Date,Amount\n", by=cast.vera)
    said = Columns(("on", "amount"), Order.DAY, ".", "GBP")
    assert actions.read(file, "headings", said, [entry(100)]).new == 1
    assert BankColumns.remembered("headings") == said
    assert BankFile.get().content == ""
    with pytest.raises(Refused, match="already"):
        actions.read(file, "headings", said, [entry(200)])
    for _ in range(2):
        other = actions.keep("bank.csv", "0" * 64, "Date,Amount\n", by=cast.vera)
    assert [each.id for each in BankFile.waiting(cast.vera)] == [other.id], "brought again, it takes its own place"
    actions.read(other, "headings", Columns(("amount", "on")), [])
    assert BankColumns.remembered("headings").fields == ("amount", "on")


def test_a_file_is_put_away_with_its_lines_until_one_is_dealt_with(cast, issue):
    file = take(cast, entry(30_000), entry(100)).file
    line = BankLine.get(BankLine.cents == 30_000)
    done = matched(cast, line, (issue(300), 30_000))
    with pytest.raises(Refused, match="Take those back first"):
        actions.put_away(file)
    actions.reopen(done, version=done.version, by=cast.vera)
    actions.put_away(file)
    assert (BankFile.select().count(), BankLine.select().count()) == (0, 0)


def test_a_file_whose_columns_nobody_says_goes_after_a_week(cast, monday):
    actions.keep("bank.csv", "0" * 64, "Date,Amount\n", by=cast.vera)
    read = take(cast, entry(100)).file
    with clock.pretend(MONDAY + timedelta(days=8)):
        tidying.forget_spent_rows()
    assert [file.id for file in BankFile.select()] == [read.id]


# Matching -------------------------------------------------------------------------------------------------------------


def test_a_line_pays_an_invoice_on_its_day_and_the_posting_names_it(cast, issue, came):
    invoice, line = issue(300), came(30_000, "2026-0001 Bob")
    done = matched(cast, line, (invoice, 30_000))
    posting = Posting.get()
    assert (posting.cents, posting.on, posting.about, posting.by) == (30_000, FRIDAY, line.public_id, cast.vera)
    assert posting.reference == "2026-0001 Bob"
    assert (open_cents(invoice), Invoice.get_by_id(invoice.id).settled_on) == (0, FRIDAY)
    assert (done.state, done.by, done.version) == (LineState.MATCHED, cast.vera, 2)


def test_a_reference_stands_in_no_history_and_on_no_timeline(cast, issue, came):
    matched(cast, came(30_000, "zqsecret"), (issue(300), 30_000))
    told = [row.words for row in History.select()] + [row.sentence for row in Said.select()]
    assert told
    assert "zqsecret" not in str(told)


def test_a_line_may_pay_a_part_or_too_much(cast, issue, came):
    invoice = issue(300)
    matched(cast, came(10_000), (invoice, 10_000))
    assert open_cents(invoice) == 20_000
    matched(cast, came(25_000), (invoice, 25_000))
    assert open_cents(invoice) == -5_000


def test_a_line_is_split_over_several_invoices_and_taken_back_from_all(cast, issue, came):
    first, second = issue(300), issue(200)
    done = matched(cast, came(45_000, "for Bob and Dan"), (first, 30_000), (second, 15_000))
    assert {posting.reference for posting in Posting.select()} == {""}, "neither invoice says who else paid"
    assert (open_cents(first), open_cents(second)) == (0, 5_000)
    actions.reopen(done, version=done.version, by=cast.vera)
    assert (open_cents(first), open_cents(second)) == (30_000, 20_000)
    assert BankLine.get_by_id(done.id).state is LineState.OPEN


def test_money_that_went_out_is_a_refund_of_what_was_too_much_and_no_more(cast, issue, came):
    invoice = issue(300)
    matched(cast, came(35_000), (invoice, 35_000))
    with pytest.raises(Refused, match="too much"):
        matched(cast, came(-6_000), (invoice, -6_000))
    matched(cast, came(-5_000), (invoice, -5_000))
    assert open_cents(invoice) == 0


def test_what_cannot_be_matched_changes_nothing(cast, issue, came):
    invoice, euro, draft = issue(300), issue(300, currency="EUR"), issue(300, issue=False)
    line = came(30_000)
    for parts, sentence in (
        ([Part(euro, 30_000, 30_000)], "in EUR"),
        ([Part(draft, 30_000, 0)], "issued"),
        ([Part(invoice, 29_000, 30_000)], "£10.00 of this line"),
        ([Part(invoice, 15_000, 30_000), Part(euro, 15_000, 30_000)], "in EUR"),
        ([], "which invoice"),
    ):
        with pytest.raises(Refused, match=sentence):
            actions.match(line, parts, version=1, by=cast.vera)
    assert Posting.select().count() == 0
    assert BankLine.get_by_id(line.id).version == 1


def test_what_was_paid_meanwhile_is_not_paid_again(cast, issue, came):
    invoice, first, second = issue(300), came(30_000, "a"), came(30_000, "b")
    part = Part(invoice, 30_000, 30_000)
    actions.match(first, [part], version=1, by=cast.vera)
    with pytest.raises(Stale, match="changed since you looked"):
        actions.match(second, [part], version=1, by=cast.olive)
    assert open_cents(invoice) == 0


def test_a_line_somebody_else_dealt_with_is_left_alone(cast, issue, came):
    invoice, line = issue(300), came(30_000)
    actions.ignore([(line, 1)], "A loan", by=cast.olive)
    for act in (
        lambda: actions.match(line, [Part(invoice, 30_000, 30_000)], version=1, by=cast.vera),
        lambda: actions.ignore([(line, 1)], "Again", by=cast.vera),
        lambda: actions.reopen(line, version=1, by=cast.vera),
    ):
        with pytest.raises(Stale):
            act()
    assert BankLine.get_by_id(line.id).reason == "A loan"


def test_two_at_once_match_a_line_once(cast, issue, came):
    """Each to another invoice: one of them is told that somebody was quicker."""
    targets, line, told = [issue(300), issue(300)], came(30_000), []
    begin = threading.Barrier(2)

    def act(invoice: Invoice) -> None:
        begin.wait()
        try:
            actions.match(line, [Part(invoice, 30_000, 30_000)], version=1, by=cast.vera)
            told.append("booked")
        except Stale:
            told.append("stale")
        finally:
            database.close()

    threads = [threading.Thread(target=act, args=(invoice,)) for invoice in targets]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(told) == ["booked", "stale"]
    assert sorted(open_cents(invoice) for invoice in targets) == [0, 30_000]
    assert Posting.select().count() == 1


# Several --------------------------------------------------------------------------------------------------------------


def ticks(user: User) -> list[Tick]:
    lines = list(BankLine.in_state(LineState.OPEN))
    return [Tick(each.line.row, each.line.row.version, each.seen) for each in proposals(user, lines) if each.sure]


def test_all_that_fits_for_sure_is_booked_in_one_act(cast, issue, came):
    for number, pounds in enumerate((300, 200, 100), start=1):
        issue(pounds)
        came(pounds * 100, f"2026-{number:04}")
    came(30_000, "coaching")
    assert actions.book(ticks(cast.vera), by=cast.vera) == (3, 0)
    assert BankLine.counts() == {"matched": 3, "open": 1}


def test_of_two_lines_that_pay_the_same_the_older_one_fits(cast, issue, came):
    issue(300)
    came(30_000, "2026-0001", on=date(2026, 11, 21)), came(30_000, "2026-0001 again", on=date(2026, 11, 19))
    sure = [each.line.on for each in proposals(cast.vera, open_lines()) if each.sure]
    assert sure == [date(2026, 11, 19)]


def test_what_changed_since_it_was_ticked_is_left(cast, issue, came):
    first, _second = issue(300), issue(200)
    came(30_000, "2026-0001"), came(20_000, "2026-0002")
    seen = ticks(cast.vera)
    actions.record(first, 10_000, FRIDAY, reference="", seen=30_000, by=cast.olive)
    assert actions.book(seen, by=cast.vera) == (1, 1)
    assert open_cents(first) == 20_000
    assert actions.book(seen, by=cast.vera) == (0, 2)


def test_only_what_was_seen_is_booked(cast, issue, came):
    """A proposal that became another one, and fits for sure too, is nothing anybody has agreed to."""
    issue(300)
    came(30_000, "2026-0001")
    [tick] = ticks(cast.vera)
    assert actions.book([tick._replace(seen="another=30000")], by=cast.vera) == (0, 1)
    assert actions.book([tick], by=cast.vera) == (1, 0)


def test_of_a_line_that_is_refused_half_way_nothing_stays(cast, issue, came):
    first = issue(300)
    issue(200)
    line = came(50_000, "2026-0001 2026-0002", on=date(2026, 11, 23))
    seen = ticks(cast.vera)
    database.execute_sql(
        "CREATE TEMP TRIGGER fails BEFORE INSERT ON posting WHEN NEW.cents = 20000 BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with pytest.raises(Exception, match="no"):
        actions.book(seen, by=cast.vera)
    assert (open_cents(first), BankLine.get_by_id(line.id).state) == (30_000, LineState.OPEN)


def test_lines_are_set_aside_all_or_none(cast, came):
    first, second = came(-100, "fee"), came(-200, "rent")
    actions.ignore([(second, 1)], "Rent", by=cast.vera)
    with pytest.raises(Stale):
        actions.ignore([(first, 1), (second, 1)], "Ours", by=cast.vera)
    assert BankLine.get_by_id(first.id).state is LineState.OPEN


def test_what_pays_something_is_not_set_aside(cast, issue, came):
    done = matched(cast, came(30_000), (issue(300), 30_000))
    with pytest.raises(Refused, match="dealt with"):
        actions.ignore([(done, done.version)], "Not ours", by=cast.vera)
    assert BankLine.get_by_id(done.id).state is LineState.MATCHED


def test_a_line_that_says_another_thing_than_its_postings_is_found_by_the_check(cast, issue, came):
    done = matched(cast, came(30_000), (issue(300), 30_000))
    matched(cast, actions.reopen(done, version=2, by=cast.vera), (issue(300), 30_000))
    assert list(findings()) == []
    BankLine.update(state_name=LineState.OPEN).execute()
    assert list(findings()) == [f"What line {done.public_id} of the bank paid is not what was booked."]


# Who paid before ------------------------------------------------------------------------------------------------------


def test_an_account_that_paid_before_is_known_until_that_is_taken_back(cast, issue, came):
    invoice, later = issue(300), issue(500)
    done = matched(cast, came(30_000, payer="Somebody", account="DE89"), (invoice, 30_000))
    line = came(40_000, "x", payer="Another name", account="DE89")
    [candidate] = proposals(cast.vera, [line])[0].candidates
    assert (candidate.invoice.row, [why.value for why in candidate.why]) == (later, ["account"])
    actions.reopen(done, version=done.version, by=cast.vera)
    assert proposals(cast.vera, [line])[0].candidates == ()


# Taking back ----------------------------------------------------------------------------------------------------------


def test_a_match_is_taken_back_with_a_reason_after_a_day(cast, issue, came):
    invoice = issue(300)
    done = matched(cast, came(30_000), (invoice, 30_000))
    with clock.pretend(MONDAY + timedelta(days=2)):
        with pytest.raises(Refused, match="Say why"):
            actions.reopen(done, version=done.version, by=cast.vera)
        actions.reopen(done, version=done.version, reason="Another's", by=cast.vera)
    assert open_cents(invoice) == 30_000
    assert [posting.reason for posting in Posting.select().order_by(Posting.id)] == ["", "Another's"]


def test_a_line_can_be_matched_anew_after_it_was_taken_back(cast, issue, came):
    wrong, right = issue(300), issue(300)
    done = matched(cast, came(30_000), (wrong, 30_000))
    again = actions.reopen(done, version=done.version, by=cast.vera)
    done = matched(cast, again, (right, 30_000))
    assert (open_cents(wrong), open_cents(right)) == (30_000, 0)
    assert [match.invoice for match in matches_of([done], cast.vera)[done.public_id]] == [right]
    actions.reopen(done, version=done.version, by=cast.vera)
    assert (open_cents(wrong), open_cents(right)) == (30_000, 30_000)


def test_a_posting_from_the_bank_is_taken_back_on_the_invoice_with_its_line(cast, issue, came):
    invoice, line = issue(300), came(30_000)
    matched(cast, line, (invoice, 30_000))
    with pytest.raises(Refused, match="from the bank"):
        actions.take_back(Posting.get(), by=cast.alice)
    actions.take_back(Posting.get(), by=cast.vera)
    assert (open_cents(invoice), BankLine.get_by_id(line.id).state) == (30_000, LineState.OPEN)


def test_a_payment_by_hand_is_taken_back_with_a_reason_after_a_day(cast, issue):
    invoice = issue(300)
    posting = actions.record(invoice, 10_000, FRIDAY, reference="", seen=30_000, by=cast.alice)
    with clock.pretend(MONDAY + timedelta(days=2)):
        with pytest.raises(Refused, match="Say why"):
            actions.take_back(posting, by=cast.alice)
        actions.take_back(posting, reason="Typed twice", by=cast.alice)
        with pytest.raises(Refused, match="already"):
            actions.take_back(posting, reason="Again", by=cast.alice)
    assert open_cents(invoice) == 30_000


@pytest.mark.parametrize("act", ["record", "refund", "transfer", "write_off"])
def test_two_people_at_once_book_once(cast, issue, act):
    invoice, other = issue(300), issue(300)
    over = 35_000 if act in ("refund", "transfer") else 0
    if over:
        actions.record(invoice, over, FRIDAY, reference="", seen=30_000, by=cast.vera)
    seen = open_cents(invoice)
    acts = {
        "record": lambda by: actions.record(invoice, 30_000, FRIDAY, reference="", seen=seen, by=by),
        "refund": lambda by: actions.refund(invoice, 5_000, FRIDAY, reference="", seen=seen, by=by),
        "transfer": lambda by: actions.transfer(invoice, other, 5_000, seen=seen, by=by),
        "write_off": lambda by: actions.write_off(invoice, "Insolvent", seen=seen, by=by),
    }
    acts[act](cast.vera)
    with pytest.raises(Stale, match="meanwhile"):
        acts[act](cast.alice)
    assert open_cents(invoice) == 0


# The wall -------------------------------------------------------------------------------------------------------------


def test_what_a_line_may_pay_is_looked_for_behind_the_wall(cast, dans, came):
    line = came(30_000, dans.number, "Dan Brook")
    assert [each.row for each in proposals(cast.olive, [line])[0].sure] == [dans]
    proposal = proposals(cast.vera, [line])[0]
    assert (proposal.sure, proposal.candidates, proposal.note) == ((), (), "")
    with pytest.raises(Refused, match="issued"):
        actions.match(line, [Part(dans, 30_000, 30_000)], version=1, by=cast.vera)


def test_a_line_that_pays_behind_the_wall_says_nothing_of_it(cast, dans, issue, came):
    done = matched(cast, came(40_000), (dans, 30_000), (mine := issue(100), 10_000), by=cast.olive)
    assert [match.invoice for match in matches_of([done], cast.vera)[done.public_id]] == [mine]
    with pytest.raises(Refused, match="owner"):
        actions.reopen(done, version=done.version, by=cast.vera)
    with pytest.raises(Refused, match="owner"):
        actions.take_back(Posting.get(Posting.invoice == mine), by=cast.vera)
    actions.reopen(done, version=done.version, by=cast.olive)
    assert open_cents(mine) == 10_000


def test_an_account_is_not_known_from_behind_the_wall(cast, dans, issue, came):
    matched(cast, came(30_000, payer="Dan Brook", account="DE89"), (dans, 30_000), by=cast.olive)
    issue(500)
    assert proposals(cast.vera, [came(40_000, "x", account="DE89")])[0].candidates == ()


def test_a_transfer_to_an_invoice_behind_the_wall_is_taken_back_by_who_sees_both(cast, shared):
    mine, hers = shared
    actions.record(mine, 35_000, FRIDAY, reference="", seen=30_000, by=cast.vera)
    posting = actions.transfer(mine, hers, 5_000, seen=-5_000, by=cast.olive)
    with pytest.raises(Refused, match="owner"):
        actions.take_back(posting, by=cast.vera)
    actions.take_back(posting, by=cast.olive)
    assert (open_cents(mine), open_cents(hers)) == (-5_000, 30_000)

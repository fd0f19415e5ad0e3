"""Columns, words, days; whom a line is about. Nothing is guessed."""

from datetime import date

import pytest

from coachbase.clients.rules import read_sheet
from coachbase.tracking.rules import (
    Entry,
    Meaning,
    Meanings,
    Order,
    Outcome,
    Target,
    different,
    meaning_of,
    plan,
    read_day,
    read_entries,
    refusal_of_columns,
    unclear,
)

TODAY = date(2026, 11, 23)
BOB = Target(
    public_id="bob-eq",
    email="bob@x.example",
    name="Bob Haddad",
    client="Bob Haddad",
    client_email="bob@x.example",
    is_rater=False,
    instrument="eq",
    label="EQ-i 2.0",
    rank=0,
    since=date(2026, 11, 1),
    done_on=None,
    row=None,
)
PIA = BOB._replace(public_id="pia", email="pia@x.example", name="Pia", is_rater=True)
LINE = Entry(2, "bob@x.example", "Bob Haddad", "", "", Meaning.COMPLETED, date(2026, 11, 20))


@pytest.mark.parametrize(
    ("line", "targets", "outcome"),
    [
        (LINE, [BOB], Outcome.CHANGE),
        (LINE._replace(email="BOB@X.EXAMPLE".casefold(), name=""), [BOB], Outcome.CHANGE),
        (LINE._replace(email=""), [BOB], Outcome.CHANGE),
        (LINE._replace(name="bob  HADDAD".replace("  ", " "), email=""), [BOB], Outcome.CHANGE),
        (LINE, [], Outcome.UNKNOWN),
        (LINE._replace(email="", name=""), [BOB], Outcome.UNKNOWN),
        (LINE._replace(email="other@x.example"), [BOB], Outcome.CHOOSE),
        (LINE._replace(email="other@x.example", name="Bobby"), [BOB], Outcome.UNKNOWN),
        (LINE, [BOB._replace(rank=2)], Outcome.SAME),
        (LINE._replace(meaning=Meaning.STARTED), [BOB._replace(rank=1)], Outcome.SAME),
        (LINE._replace(meaning=Meaning.COMPLETED), [BOB._replace(rank=1)], Outcome.CHANGE),
        (LINE._replace(instrument="disc"), [BOB], Outcome.UNKNOWN),
        (LINE._replace(instrument="eq"), [BOB, BOB._replace(public_id="d", instrument="disc")], Outcome.CHANGE),
        (LINE, [BOB, BOB._replace(public_id="d", instrument="disc")], Outcome.CHOOSE),
        (LINE._replace(on=date(2026, 10, 1)), [BOB], Outcome.UNKNOWN),
        (LINE._replace(why="The day lies ahead."), [BOB], Outcome.UNCLEAR),
    ],
)
def test_what_a_line_comes_to(line, targets, outcome):
    assert plan([line], targets)[0].outcome is outcome


def test_a_second_round_is_not_completed_by_the_line_of_the_first():
    first = BOB._replace(public_id="1", rank=2, since=date(2026, 1, 1), done_on=date(2026, 2, 1))
    second = BOB._replace(public_id="2", since=date(2026, 11, 1))
    assert plan([LINE._replace(on=date(2026, 2, 1))], [first, second])[0].outcome is Outcome.SAME
    assert plan([LINE._replace(on=None)], [first, second])[0].outcome is Outcome.CHOOSE
    unsure = plan([LINE], [first, second])[0]
    assert (unsure.outcome, [target.public_id for target in unsure.targets]) == (Outcome.CHOOSE, ["2"])


def test_a_raters_line_says_about_whom():
    for_bob, for_dan = PIA, PIA._replace(public_id="pia-dan", client="Dan", client_email="dan@x.example")
    line = LINE._replace(email="pia@x.example", name="Pia")
    assert plan([line], [for_bob, for_dan])[0].outcome is Outcome.CHOOSE
    for about in ("Dan", "dan", "DAN@x.example"):
        found = plan([line._replace(about=about)], [for_bob, for_dan])[0]
        assert (found.outcome, found.targets[0].public_id) == (Outcome.CHANGE, "pia-dan")
    assert plan([line._replace(about="Eve")], [for_bob, for_dan])[0].outcome is Outcome.UNKNOWN


def test_of_several_lines_about_the_same_the_furthest_counts():
    begun = LINE._replace(number=2, meaning=Meaning.STARTED)
    done = LINE._replace(number=3)
    assert [line.outcome for line in plan([begun, done], [BOB])] == [Outcome.SAME, Outcome.CHANGE]


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2026-11-20", Order.UNKNOWN, date(2026, 11, 20)),
        ("2026-11-20 14:03", Order.UNKNOWN, date(2026, 11, 20)),
        ("2026-11-20T14:03:11Z", Order.UNKNOWN, date(2026, 11, 20)),
        ("20/11/2026 2:03 PM", Order.UNKNOWN, date(2026, 11, 20)),
        ("20 Nov 2026", Order.UNKNOWN, date(2026, 11, 20)),
        ("03/11/2026", Order.DAY, date(2026, 11, 3)),
        ("03/11/2026", Order.MONTH, date(2026, 3, 11)),
        ("", Order.UNKNOWN, None),
    ],
)
def test_a_day_is_read(text, order, day):
    assert read_day(text, order, TODAY) == (day, "")


@pytest.mark.parametrize(
    ("text", "order", "why"),
    [
        ("03/11/2026", Order.UNKNOWN, "The day may be two days. Say how this vendor writes them."),
        ("31/31/2026", Order.DAY, "The day is not understood."),
        ("yesterday", Order.UNKNOWN, "The day is not understood."),
        ("2027-01-01", Order.UNKNOWN, "The day lies ahead."),
        ("9" * 5000, Order.UNKNOWN, "The day is not understood."),
    ],
)
def test_a_day_that_is_not_clear_says_why_and_never_what(text, order, why):
    assert read_day(text, order, TODAY) == (None, why)


def test_what_was_said_of_a_vendor_is_remembered_by_heading_whatever_the_order():
    first = read_sheet("Participant,E-Mail Address,Phase\nBob,bob@x.example,Fertig")
    meanings = Meanings().with_columns(first, ("name", "email", "status"))
    second = read_sheet("Phase;Extra;E-Mail Address\nFertig;x;bob@x.example")
    assert meanings.fields_of(second) == ("status", "", "email")
    assert unclear(second, meanings) == (["Fertig"], [])
    kept = Meanings.from_json(Meanings(meanings.columns, {"fertig": Meaning.COMPLETED}, {}, Order.DAY).to_json())
    assert unclear(second, kept) == ([], [])
    assert [entry.email for entry in read_entries(second, kept, TODAY)] == ["bob@x.example"]


def test_lines_of_instruments_that_are_not_ours_and_words_that_say_nothing_are_left_out():
    sheet = read_sheet("Name,Test,Status\nBob,EQ,done\nEve,Other,done\nDan,EQ,invited")
    meanings = Meanings(
        words={"done": Meaning.COMPLETED, "invited": Meaning.NOTHING}, instruments={"eq": "eq-id", "other": "none"}
    )
    assert [(entry.name, entry.instrument) for entry in read_entries(sheet, meanings, TODAY)] == [("Bob", "eq-id")]


def test_words_stand_once_whatever_their_case():
    sheet = read_sheet("Name,Status\nA,Done\nB,done\nC,\nD,Begun")
    assert different(sheet, ("name", "status"), "status") == ["done", "Begun"]


@pytest.mark.parametrize(
    ("word", "meaning"),
    [("COMPLETED", Meaning.COMPLETED), ("In Progress", Meaning.STARTED), ("invited", Meaning.NOTHING), ("83 %", None)],
)
def test_known_words_are_proposed_and_others_asked(word, meaning):
    assert meaning_of(word) is meaning


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (("email", "status"), None),
        (("last_name", "status"), None),
        (("email", "email", "status"), "Two columns"),
        (("email", ""), "status"),
        (("status", "first_name"), "mail address or the name"),
    ],
)
def test_a_list_needs_a_status_and_somebody(fields, said):
    refusal = refusal_of_columns(fields)
    assert refusal is None if said is None else said in refusal

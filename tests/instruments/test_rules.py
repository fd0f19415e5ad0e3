"""How an instrument is typed, and when the items of a battery are due."""

from datetime import date

import pytest

from coachbase.instruments.rules import (
    Anchor,
    Group,
    Item,
    Unit,
    due_on,
    groups_as_typed,
    item_in_words,
    phrases_of,
    read_groups,
    refusal_of_rhythm,
    rhythm_of,
    words_of_battery,
)

K, S, E = Anchor.KICKOFF, Anchor.START, Anchor.END
KICKOFF, START, END = date(2026, 3, 16), date(2026, 1, 31), date(2026, 12, 31)


@pytest.mark.parametrize(
    ("item", "words", "day"),
    [
        (Item(K, -2, Unit.WEEKS), "2 weeks before the kickoff", date(2026, 3, 2)),
        (Item(K, -1, Unit.WEEKS), "1 week before the kickoff", date(2026, 3, 9)),
        (Item(K, 0, Unit.DAYS), "on the day of the kickoff", KICKOFF),
        (Item(S, 9, Unit.MONTHS), "9 months after the start", date(2026, 10, 31)),
        (Item(S, 1, Unit.MONTHS), "1 month after the start", date(2026, 2, 28)),
        (Item(E, -10, Unit.DAYS), "10 days before the end", date(2026, 12, 21)),
        (Item(S, -2, Unit.MONTHS), "2 months before the start", date(2025, 11, 30)),
    ],
)
def test_an_item_says_when_it_is_due_and_is_due_then(item, words, day):
    assert item_in_words(item) == words
    assert due_on(item, kickoff_on=KICKOFF, starts_on=START, ends_on=END) == day


def test_nothing_is_due_before_an_end_that_is_not_known():
    assert due_on(Item(E, -1, Unit.WEEKS), kickoff_on=KICKOFF, starts_on=START, ends_on=None) is None


@pytest.mark.parametrize(
    ("typed", "group"),
    [
        ("Peers: 3 to 6", Group("Peers", 3, 6)),
        ("Peers 3-6", Group("Peers", 3, 6)),
        ("Peers, 3, 6", Group("Peers", 3, 6)),
        ("Peers;3;6", Group("Peers", 3, 6)),
        ("  Direct   reports:  3 – 8 ", Group("Direct reports", 3, 8)),
        ("Manager: 1", Group("Manager", 1, 1)),
        ("Group 2: 0 to 4", Group("Group 2", 0, 4)),
    ],
)
def test_a_group_is_read_however_it_is_typed(typed, group):
    assert read_groups(typed) == [group]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("Peers", "is not understood"),
        ("3-6", "is not understood"),
        ("Peers: many", "is not understood"),
        ("Peers: 6 to 3", "from at least to at most"),
        ("Peers: 0", "from at least to at most"),
        ("Peers: 3 to 200", "from at least to at most"),
        ("Peers: 3 to 6\npeers: 1", "stands there twice"),
        ("\n".join(f"Group {letter}: 1" for letter in "abcdefghijklm"), "At most 12 groups"),
    ],
)
def test_what_is_no_group_is_named(typed, why):
    with pytest.raises(ValueError, match=why):
        read_groups(typed)


def test_groups_are_shown_as_they_can_be_read():
    groups = [Group("Manager", 1, 1), Group("Peers", 3, 6)]
    assert read_groups(groups_as_typed(groups)) == groups


@pytest.mark.parametrize(
    ("typed", "refused"),
    [
        ("", False), ("3 7 10", False), ("3, 7, 10, 14", False), ("365", False), ("3 7 10 14 20", True), ("7 3", True),
        ("3 3", True), ("0", True), ("366", True), ("soon", True), ("-3", True), ("²", True), ("9" * 400, True),
    ],
)  # fmt: skip
def test_a_rhythm_rises_and_has_at_most_four_days(typed, refused):
    assert (refusal_of_rhythm(typed) is not None) == refused
    if not refused:
        assert " ".join(map(str, rhythm_of(typed))) == typed.replace(",", "")


def test_what_reports_are_called_is_folded_and_each_phrase_counts_once():
    assert phrases_of("Hogan HPI, hogan hpi; Personality\nEQ-i 2.0,,") == ("hogan hpi", "personality", "eq-i 2.0")
    assert phrases_of("") == ()


def test_a_battery_is_put_in_words_for_an_agreement():
    assert words_of_battery(["Hogan HPI", "EQ-i 2.0", "EQ-i 2.0"]) == "Hogan HPI\nEQ-i 2.0, twice"
    assert words_of_battery(["EQ-i 2.0"] * 3) == "EQ-i 2.0, 3 times"
    assert words_of_battery([]) == ""

"""What goes into a package, in what order, and whether it may be made or released."""

from datetime import UTC, date, datetime

import pytest

from coachbase.instruments.rules import Part
from coachbase.packages import rules
from coachbase.packages.rules import State


@pytest.mark.parametrize(
    ("name", "label", "part", "title"),
    [
        ("x.pdf", "EQ-i 2.0", Part.COACH, "EQ-i 2.0, coach part"),
        ("x.pdf", "EQ-i 2.0, round 2", Part.CLIENT, "EQ-i 2.0, round 2, client part"),
        ("Signed agreement.pdf", "", None, "Signed agreement"),
        ("no ending", "", None, "no ending"),
        (".pdf", "", None, ".pdf"),
    ],
)
def test_a_report_goes_by_its_instrument_and_another_document_by_its_name(name, label, part, title):
    assert rules.title_of(name, label, part) == title


def test_reports_stand_in_the_batterys_order_then_by_their_day_the_coach_part_first():
    placed = {
        "second of the battery": rules.place_of(2, date(2026, 1, 1), 1, Part.COACH),
        "first, client": rules.place_of(1, date(2026, 3, 1), 2, Part.CLIENT),
        "first, coach": rules.place_of(1, date(2026, 3, 1), 2, Part.COACH),
        "of no battery, early": rules.place_of(None, date(2025, 1, 1), 3, Part.COACH),
        "of no battery, no day": rules.place_of(None, None, 4, Part.COACH),
    }
    assert sorted(placed, key=placed.__getitem__) == [
        "first, coach", "first, client", "second of the battery", "of no battery, early", "of no battery, no day",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "is_released", "is_in"),
    [(Part.CLIENT, False, True), (Part.CLIENT, True, True), (Part.COACH, True, False), (Part.COACH, False, False),
     (None, True, True), (None, False, False)],
)  # fmt: skip
def test_the_clients_copy_never_holds_a_coach_part(part, is_released, is_in):
    assert rules.is_for_client(part, is_released) is is_in


@pytest.mark.parametrize(
    ("one", "by", "order"),
    [("b", -1, "bac"), ("a", -1, "abc"), ("b", 1, "acb"), ("c", 1, "abc"), ("x", 1, "abc")],
)
def test_a_row_moves_by_one_and_stops_at_the_ends(one, by, order):
    assert "".join(rules.moved("abc", one, by=by)) == order


@pytest.mark.parametrize(
    ("chosen", "before", "hidden", "order"),
    [
        ([1, 2], [1, 2], [], [1, 2]),
        ([2, 1], [1, 9, 2], [9], [2, 1, 9]),
        ([1, 2], [9, 1, 2], [9], [9, 1, 2]),
        ([3], [1, 9], [9], [9, 3]),
        ([1], [1, 8, 9], [8, 9], [1, 8, 9]),
        ([1], [1, 9], [], [1]),
    ],
)
def test_what_one_may_not_know_of_stays_where_it_was(chosen, before, hidden, order):
    assert rules.kept_hidden(chosen, before, hidden) == order


@pytest.mark.parametrize(
    ("printable", "parts", "size", "said"),
    [
        (1, 1, 5, None),
        (0, 0, 0, "Tick at least one"),
        (0, 2, 0, "None of these can be printed"),
        (41, 41, 5, "up to 40 documents"),
        (1, 1, 24_000_001, "larger than 24 MB"),
    ],
)
def test_what_keeps_a_package_from_being_made(printable, parts, size, said):
    refusal = rules.refusal_to_make(printable, parts, size)
    assert refusal is None if said is None else said in refusal


@pytest.mark.parametrize(
    ("state", "has_copy", "unreleased", "may_open", "said"),
    [
        (State.READY, True, [], True, None),
        (State.READY, True, [], False, "ask the coach"),
        (State.READY, False, [], True, "no copy"),
        (State.PENDING, True, [], True, "no copy"),
        (State.READY, True, ["EQ-i, client part"], True, "“EQ-i, client part” first"),
    ],
)
def test_what_keeps_the_clients_copy_from_being_released(state, has_copy, unreleased, may_open, said):
    refusal = rules.refusal_to_release(state, has_copy=has_copy, unreleased=unreleased, may_open=may_open)
    assert refusal is None if said is None else said in refusal


def test_the_fingerprint_changes_with_what_goes_in_and_with_nothing_else():
    one = rules.fingerprint_of({"a": 1, "b": [1, 2]})
    assert one == rules.fingerprint_of({"b": [1, 2], "a": 1})
    assert one != rules.fingerprint_of({"a": 1, "b": [2, 1]})


@pytest.mark.parametrize(("done", "total", "percent"), [(0, 0, 0), (0, 4, 0), (1, 3, 33), (4, 4, 100), (9, 4, 100)])
def test_how_far_it_is_is_told_in_hundredths(done, total, percent):
    assert rules.percent(done, total) == percent


@pytest.mark.parametrize(
    ("question", "is_about_goals"),
    [("What are your goals?", True), ("What would you like to achieve?", True), ("Where do you live?", False)],
)
def test_questions_about_goals_are_known_by_their_words(question, is_about_goals):
    assert rules.speaks_of_goals(question) is is_about_goals


def test_a_session_is_told_by_the_clock_it_was_booked_by():
    moment = datetime(2026, 11, 12, 9, tzinfo=UTC)
    assert rules.moment_in_words(moment, "Asia/Dubai") == "Thursday 12 November 2026, 13:00 (Asia/Dubai)"

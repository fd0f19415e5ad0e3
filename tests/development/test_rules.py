"""What changed between two versions of a plan, line by line and in words."""

import pytest

from coachbase.development import rules
from coachbase.development.rules import Change

TEN = "\n".join(f"line {number}" for number in range(10))


def drawn(old: str, new: str) -> str:
    signs = {Change.SAME: " ", Change.ADDED: "+", Change.GONE: "-", Change.SKIPPED: "…"}
    return "".join(signs[line.change] for line in rules.differences(old, new))


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("a\nb", "a\nb", ""),
        ("", "a\nb", "++"),
        ("a\nb", "", "--"),
        ("a\nb\nc", "a\nx\nc", " -+ "),
        (TEN, TEN + "\nmore", "…  +"),
        (TEN, TEN.replace("line 0", "first").replace("line 9", "last"), "-+  …  -+"),
    ],
)
def test_a_change_is_shown_with_what_stands_around_it(old, new, shown):
    assert drawn(old, new) == shown


def test_the_lines_themselves_are_shown():
    gone, added = rules.differences("I lead.", "I lead well.")
    assert (gone.text, added.text) == ("I lead.", "I lead well.")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a", "a", "Both say the same"),
        ("a", "a\nb", "1 line added"),
        ("a\nb", "c\nd", "2 lines added, 2 lines taken away"),
    ],
)
def test_a_change_is_said_in_words(old, new, said):
    assert rules.in_words(rules.differences(old, new)) == said


@pytest.mark.parametrize(("text", "may"), [("# Plan", True), ("", False), (" \n", False)])
def test_an_empty_plan_is_not_shared(text, may):
    assert (rules.refusal_to_share(text) is None) is may

"""What a number looks like, and which prefixes keep numbers apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachbase.numbers.rules import number_in_words, refusal_of_prefix, refusal_to_begin_with


@pytest.mark.parametrize(
    ("told", "number"),
    [
        (("", 2026, 12, 4), "2026-0012"), (("CN-", 2026, 3, 4), "CN-2026-0003"), (("R", 0, 7, 5), "R00007"),
        (("", 2026, 10_000, 4), "2026-10000"),
    ],
)  # fmt: skip
def test_numbers_as_they_are_written(told, number):
    assert number_in_words(*told) == number


@pytest.mark.parametrize(
    ("prefix", "others", "refused"),
    [
        ("", ["CN-"], ""), ("RE-", ["CN-"], ""), ("RE", [], ""), ("A/B.", [], ""), ("2X-", [], ""), ("20-", [], ""),
        ("RE1", [], "end with a digit"), ("2026-", [], "a year"), ("X2026-", [], "a year"),
        ("cn-", ["CN-"], "Another kind"), ("", [""], "Another kind"),
        ("-A", [], "letters"), ("A B", [], "letters"), ("A*", [], "letters"), ("Ä-", [], "letters"),
        ("A\n", [], "letters"),
    ],
)  # fmt: skip
def test_a_prefix_keeps_numbers_apart(prefix, others, refused):
    refusal = refusal_of_prefix(prefix, others)
    assert refused in (refusal or "")
    assert bool(refused) is bool(refusal)


signs = st.text("Ab09-./_", max_size=12)
numbering = st.tuples(signs, st.booleans(), st.integers(1, 8))


@given(
    numbering,
    numbering,
    st.sampled_from([(1, 1), (1, 11), (26, 2026), (20260001, 1), (7, 7)]),
    st.sampled_from([2026, 2027]),
)
def test_two_series_whose_prefixes_are_allowed_never_give_one_number(one, other, seqs, year):
    """Whatever they count, and however wide they write it."""
    if refusal_of_prefix(one[0], [other[0]]) or refusal_of_prefix(other[0], [one[0]]):
        return
    written = [
        number_in_words(prefix, counted * is_yearly, seq, digits)
        for (prefix, is_yearly, digits), seq, counted in zip((one, other), seqs, (2026, year), strict=True)
    ]
    assert written[0] != written[1]


@pytest.mark.parametrize(
    ("number", "last", "is_used", "refused"),
    [(42, 0, False, ""), (1, 0, False, ""), (6, 5, True, ""), (7, 5, True, "given here already"),
     (5, 5, False, "up to 5"), (3, 5, False, "up to 5")],
)  # fmt: skip
def test_a_series_begins_where_nothing_was_given(number, last, is_used, refused):
    refusal = refusal_to_begin_with(number, last, is_used=is_used)
    assert refused in (refusal or "")
    assert bool(refused) is bool(refusal)

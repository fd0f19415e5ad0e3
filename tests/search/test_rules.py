"""Which deeds answer, and where words are marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachbase.search.rules import DEEDS, Deed, pieces


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("Bob Haddad", ["had"], ["Had"]),
        ("Zoë Sørensen", ["sor", "zoe"], ["Zoë", "Sør"]),
        ("Æsir", ["ae"], ["Æ"]),
        ("Æsir", ["e"], ["Æ"]),
        ("Anna Kern", ["an"], ["An"]),
        ("banana", ["ana"], ["ana"]),
        ("Anna Kern", ["n", "nn"], ["nn", "n"]),
        ("<b>", ["b"], ["b"]),
        ("Bob", ["zed"], []),
        ("Bob", [], []),
        ("", ["a"], []),
    ],
)
def test_words_are_marked_where_they_stand(text, words, marked):
    assert [part for part, hit in pieces(text, words) if hit] == marked


@given(st.text(max_size=40), st.lists(st.text(min_size=1, max_size=3), max_size=3))
def test_the_pieces_are_the_text(text, words):
    assert "".join(part for part, _ in pieces(text, words)) == text


@pytest.mark.parametrize(
    ("words", "answers"), [(["new"], True), (["new", "cli"], True), (["cli", "n"], True), (["ent"], False), ([], True)]
)
def test_a_deed_answers_to_the_beginnings_of_its_words(words, answers):
    assert Deed("New client", "/clients/new", "plus").answers(words) is answers


def test_only_who_may_is_offered_a_deed():
    roles = {deed.href: deed.roles for deed in DEEDS}
    assert roles["/settings/team/invite"] == ("owner",)
    assert roles["/clients/import"] == ("owner", "assistant")

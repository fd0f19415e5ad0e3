"""What becomes of a code, what the ledger gets of it, and what a pasted list says: nothing in it is guessed."""

from datetime import date
from itertools import pairwise

import pytest

from coachbase.credentials.rules import (
    FREE,
    LEADS_TO,
    Code,
    State,
    credits_of_end,
    day_of,
    ends_by_hand,
    expires_soon,
    is_past,
    key_of,
    read_codes,
    refusal_of_code,
    refusal_to_become,
)
from coachbase.errors import Refused
from coachbase.instruments.rules import Way

TODAY = date(2026, 11, 23)
LATER = date(2026, 12, 31)


def reading(text, way=Way.CODE, expires_on=None, known=()):
    return read_codes(text, way=way, expires_on=expires_on, today=TODAY, known=dict(known))


def whys(found):
    return {each.number: each.why for each in found}


# A code --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("now", "to"), [(now, to) for now in State for to in State])
def test_a_code_becomes_only_what_it_can(now, to):
    assert (refusal_to_become(now, to) is None) == (to in LEADS_TO[now])


def test_what_was_given_expired_or_reclaimed_by_mistake_can_be_put_back_but_not_given_twice():
    assert ends_by_hand(State.GIVEN) == [State.RETURNED, State.EXPIRED, State.RECLAIMED]
    assert ends_by_hand(State.STOCK) == [State.EXPIRED, State.RECLAIMED]
    assert ends_by_hand(State.RECLAIMED) == [State.RETURNED]
    assert all(State.GIVEN not in LEADS_TO[state] for state in State if state not in FREE)


@pytest.mark.parametrize(
    "way",
    [
        (State.STOCK, State.EXPIRED, State.RECLAIMED), (State.STOCK, State.RECLAIMED),
        (State.GIVEN, State.EXPIRED, State.RECLAIMED), (State.GIVEN, State.RECLAIMED, State.RETURNED),
        (State.GIVEN, State.EXPIRED, State.RETURNED, State.EXPIRED, State.RECLAIMED, State.RETURNED),
    ],
)  # fmt: skip
def test_the_ledgers_sum_is_what_can_still_be_given_whatever_becomes_of_a_code(way):
    total = 15 if way[0] in FREE else 0
    for now, to in pairwise(way):
        total += credits_of_end(now, to, 15)
        assert total == (15 if to in FREE else 0), (now, to)


@pytest.mark.parametrize(
    ("expires_on", "past", "soon"),
    [
        (None, False, False), (TODAY, False, True), (date(2026, 11, 22), True, True), (date(2026, 12, 7), False, True),
        (date(2026, 12, 8), False, False),
    ],
)  # fmt: skip
def test_the_day_it_expires_on_is_a_codes_last(expires_on, past, soon):
    assert is_past(expires_on, TODAY) == past
    assert expires_soon(expires_on, TODAY) == soon


@pytest.mark.parametrize(
    ("way", "code", "refused"),
    [
        (Way.CODE, Code("K7QP-22"), False), (Way.CODE, Code(""), True), (Way.CODE, Code("K7 QP"), True),
        (Way.CODE, Code("x" * 501), True), (Way.CODE, Code("a\nb"), True), (Way.CODE, Code("a\ud800"), True),
        (Way.LINK, Code("https://v.example/i/1?a=b,c"), False), (Way.LINK, Code("v.example/i/1"), True),
        (Way.LINK, Code("https:///"), True), (Way.LINK, Code("javascript:alert(1)"), True),
        (Way.LINK, Code('https://v.example/"x'), True), (Way.LINK, Code("https://v"), True),
        (Way.ACCOUNT, Code("open sesame", "BF1"), False), (Way.ACCOUNT, Code("pw"), True),
        (Way.ACCOUNT, Code("", "BF1"), True), (Way.ACCOUNT, Code("pw", "x" * 201), True),
    ],
)  # fmt: skip
def test_what_is_no_way_in_is_refused_without_being_repeated(way, code, refused):
    refusal = refusal_of_code(way, code)
    assert (refusal is not None) == refused
    assert refusal is None or not code.secret or code.secret not in refusal


def test_an_account_is_known_by_its_name_and_a_code_by_itself():
    assert key_of(Way.ACCOUNT, Code("a", "BF1")) == key_of(Way.ACCOUNT, Code("b", "bf1"))
    assert key_of(Way.CODE, Code("a")) != key_of(Way.CODE, Code("A"))


# A list --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "text", "codes"),
    [
        (Way.CODE, "A-1\nA-2\n\n  A-3  \n", [Code("A-1"), Code("A-2"), Code("A-3")]),
        (Way.CODE, "A-1, 2026-12-31", [Code("A-1", "", LATER)]),
        (Way.CODE, "A-1;bob;31.12.2026", [Code("A-1", "bob", LATER)]),
        (Way.CODE, "A-1\tbob", [Code("A-1", "bob")]),
        (Way.ACCOUNT, "BF1, pass word\nBF2, pw, 2026-12-31", [Code("pass word", "BF1"), Code("pw", "BF2", LATER)]),
        (Way.ACCOUNT, 'BF1,"p,w"', [Code("p,w", "BF1")]),
        (Way.LINK, "https://v.example/1\r\nhttps://v.example/2", [Code("https://v.example/1"), Code("https://v.example/2")]),
        (Way.CODE, "Access code,Expiry date\nA-1,31 Dec 2026", [Code("A-1", "", LATER)]),
        (Way.ACCOUNT, "Expires;Password;User ID\n;pw;BF1", [Code("pw", "BF1")]),
    ],
)  # fmt: skip
def test_a_list_is_read_with_headings_and_without(way, text, codes):
    found = reading(text, way)
    assert list(found.codes) == codes
    assert found.is_clean


def test_a_quote_left_open_swallows_no_line_unnoticed():
    assert whys(reading('A-1\n"A-2\nA-3\nA-4').troubles) == {2: "There is a character in it that cannot be stored."}


def test_a_first_line_that_says_password_beside_a_login_is_no_heading():
    assert list(reading("BF1,password\nBF2,pw", Way.ACCOUNT).codes) == [Code("password", "BF1"), Code("pw", "BF2")]


def test_a_day_of_their_own_goes_before_the_day_for_all():
    found = reading("A-1\nA-2, 2026-12-01", expires_on=LATER)
    assert [code.expires_on for code in found.codes] == [LATER, date(2026, 12, 1)]


def test_lines_that_are_not_understood_are_named_by_number_and_reason_only():
    text = "code,expiry\nA-1,2026-12-31\nA 2,\nA-3,12/11/2026\nA-4,soon\nA-5,2026-11-22\n,2026-12-31\nA-7,,,more"
    found = reading(text)
    assert [code.secret for code in found.codes] == ["A-1"]
    assert whys(found.troubles) == {
        3: "There is a space in the code.",
        4: "The day it expires could be two days. Write it like 2026-12-31.",
        5: "The day it expires is not understood. Write it like 2026-12-31.",
        6: "It has expired.",
        7: "The code is missing.",
        8: "It has more cells than there are columns. What holds the separator stands in quotes.",
    }


def test_lines_are_counted_as_people_count_them():
    found = reading("A-1\n\n\nA 4\n")
    assert whys(found.troubles) == {4: "There is a space in the code."}
    assert whys(reading("\n\ncode\nA 4").troubles) == {4: "There is a space in the code."}


def test_doubles_are_named_by_number_never_by_content():
    known = {("code", "A-2"): State.GIVEN, ("code", "A-3"): State.EXPIRED}
    found = reading("A-1\nA-2\nA-3\nA-1", known=known)
    assert [code.secret for code in found.codes] == ["A-1"]
    assert whys(found.doubles) == {
        2: "It is known already: given out.",
        3: "It is known already: expired.",
        4: "It says the same as line 1.",
    }


def test_a_column_nobody_knows_is_left_out_and_said():
    found = reading("Batch,Code\nB1,A-1")
    assert found.unread == ("Batch",)
    assert found.codes == (Code("A-1"),)
    assert not found.is_clean


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Paste at least one code"),
        (" \n\t", "Paste at least one code"),
        ("code,expiry\n", "no line below them"),
        ("\n".join(f"A-{number}" for number in range(1002)), "up to 1,000 rows"),
    ],
)
def test_a_list_that_cannot_be_read_at_all_is_refused(text, why):
    with pytest.raises(Refused, match=why):
        reading(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-31", LATER), ("31.12.2026", LATER), ("31/12/2026", LATER), ("12/31/2026", LATER),
        ("31 Dec 2026", LATER), ("31 December 2026", LATER), ("Dec 31, 2026", LATER), ("2026/12/31", LATER),
        ("12/12/2026", date(2026, 12, 12)), ("11/12/2026", None), ("2026-02-30", None), ("31.12.26", None),
        ("99/99/9999", None), ("0000-00-00", None), ("2199-01-01", None), ("soon", None), ("9" * 5000, None),
        ("31 Dec", None), ("", None),
    ],
)  # fmt: skip
def test_a_day_is_taken_only_when_it_can_be_no_other(text, day):
    found, why = day_of(text)
    assert found == day
    assert (why == "") == (day is not None or text == "")

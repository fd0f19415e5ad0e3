"""Merge fields, codes, marks and what may be done when, as tables."""

import hashlib
import json
import time
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachbase import paper
from coachbase.agreements.rules import (
    CODE_LASTS,
    CONSENT,
    DELAYS,
    EVENT_FACES,
    EXAMPLES,
    FACES,
    LONGEST_BODY,
    LONGEST_FILLED,
    MAY_BE,
    MERGE_FIELDS,
    MOST_POINTS,
    MOST_REMINDERS,
    MOST_STROKES,
    MOST_TRIES,
    SIGNER_FACES,
    WHERE,
    EventKind,
    MarkKind,
    SignerRole,
    SignerState,
    State,
    code_typed,
    delay_after,
    escape_markdown,
    fill,
    hash_code,
    is_due,
    missing,
    new_code,
    refusal_of_body,
    refusal_of_code,
    refusal_of_document,
    refusal_of_filled,
    refusal_of_mark,
    refusal_of_reason,
    refusal_to,
    refusal_to_act,
    refusal_to_hand_over,
    refusal_to_remind,
    refusal_to_send,
    strokes_of,
    tidy,
    values,
)
from coachbase.engagements.rules import NEVER_SHARED
from tests.agreements.signing import TERMS

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


# Merge fields ---------------------------------------------------------------------------------------------------------


def known(**changes):
    """What a filled-in client of Brightwater gives."""
    client = SimpleNamespace(
        name="Bob Haddad", legal_name="Robert Haddad", preferred_name="", email="bob@brightwater.example",
        address="14 Quay Street,\nBristol", position="SVP Operations",
    )  # fmt: skip
    given = {
        "client": client,
        "organisation": SimpleNamespace(name="Brightwater", address="2 Harbour Road\n\nBristol\n"),
        "coach": SimpleNamespace(name="Alice Kern"),
        "firm": SimpleNamespace(name="Northbank"),
        "terms": SimpleNamespace(**TERMS),
        "starts_on": date(2026, 12, 1),
        "ends_on": date(2027, 5, 31),
        "payer": "sponsor",
        "po_number": "PO-1",
        "sponsor_signer": "Sam Okafor",
        "today": date(2026, 11, 22),
    }
    return values(**given | changes)


def test_every_field_has_a_value_when_everything_is_known():
    assert known().keys() == MERGE_FIELDS.keys()
    assert missing("".join(f"{{{{{name}}}}}" for name in MERGE_FIELDS), known()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_name", "Robert Haddad"),
        ("client_preferred", "Bob"),
        ("client_address", "14 Quay Street, Bristol"),
        ("sponsor_address", "2 Harbour Road, Bristol"),
        ("price", "£9,600.00"),
        ("billing", "half at the start, half in the middle"),
        ("cadence", "every other week"),
        ("payer", "Brightwater"),
        ("program_length", "6 months"),
        ("session_minutes", "60 minutes"),
        ("three_ways", "at the start and at the end"),
        ("assessments", "Hogan HPI and EQ-i 2.0"),
        ("starts_on", "1 December 2026"),
        ("today", "22 November 2026"),
    ],
)
def test_a_field_says_what_is_known(name, value):
    assert known()[name] == value


def test_what_is_not_known_is_missing_and_what_is_none_says_so():
    bare = known(organisation=None, coach=None, firm=None, ends_on=None, po_number="", sponsor_signer="")
    gone = {"client_organisation", "sponsor_name", "sponsor_address", "sponsor_signer", "coach_name", "firm_name"}
    assert {name for name, value in bare.items() if not value} == gone | {"payer", "po_number", "ends_on"}
    terms = SimpleNamespace(
        **TERMS | {"months": None, "three_ways": "", "assessments": " \n", "sessions": 0, "price_cents": 0}
    )
    assert (known(terms=terms)["three_ways"], known(terms=terms)["assessments"]) == ("none", "none")
    assert (known(terms=terms)["sessions"], known(terms=terms)["price"]) == ("", "")
    assert known(terms=terms)["program_length"] == "until 31 May 2027"
    assert known(terms=terms, ends_on=None)["program_length"] == "no fixed length"
    assert known(payer="client")["payer"] == "Robert Haddad"


def test_the_sharing_clause_lists_what_is_shared_and_always_says_what_never_is():
    clause = known()["sharing"]
    assert "- Sessions held and planned\n- The goals agreed together\n" in clause
    assert "Progress" not in clause
    assert NEVER_SHARED in clause
    nothing = known(terms=SimpleNamespace(**TERMS | {"shares": ""}))["sharing"]
    assert nothing.startswith("Nothing about the coaching is shared with the sponsor.")
    assert NEVER_SHARED in nothing


def test_a_field_is_filled_once_and_one_without_a_value_stays():
    assert fill("{{ client_name }} {{po_number}}", {"client_name": "Bob"}) == "Bob {{po_number}}"
    assert "{{firm_name}}" not in fill("{{client_name}}", {"client_name": "{{firm_name}}", "firm_name": "Northbank"})


HOSTILE = [
    "# x", "[a](https://b.example)", "*", "**Bob**", "_Bob_", "- Bob", "1. Bob", "> Bob", "<b>Bob</b>", "&amp;",
    "![a](b)", "`Bob`", "| a | b |", "===", "---", "{{firm_name}}", "\\", "[x]: https://b.example", "a\n\n# b",
    "<https://b.example>", "+ Bob", "~~Bob~~",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("body", ["{{client_name}}", "Before {{client_name}} after", "Two\n{{client_name}}\nlines"])
def test_a_value_cannot_change_the_document(body, value):
    """Drawn, it is one paragraph of plain runs that say what was typed."""
    blocks = paper.blocks_of(fill(body, {"client_name": value, "firm_name": "Northbank"}))
    assert [block["kind"] for block in blocks] == ["paragraph"]
    assert all(run.keys() == {"text"} for run in blocks[0]["runs"])
    said = "".join(run["text"] for run in blocks[0]["runs"])
    assert " ".join(value.split()) in said.replace("\n", " ")


def test_without_the_escape_it_would():
    assert paper.blocks_of("# x")[0]["kind"] == "heading"
    assert escape_markdown("# x") == "\\# x"


@given(st.text(max_size=60))
def test_any_text_is_drawn_as_it_is(value):
    line = " ".join(value.split())
    blocks = paper.blocks_of(f"Before {escape_markdown(value)} after")
    if line and line.isprintable():
        assert "".join(run["text"] for run in blocks[0]["runs"]) == f"Before {line} after"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("", "needs a text"),
        ("  \n", "needs a text"),
        ("{{clientname}}", "{{client_name}}"),
        ("{{nothing_like_it}}", "Use one of those listed"),
        ("{{client_name}", "two braces"),
        ("client_name}}", "two braces"),
        ("{{client\nname}}", "two braces"),
        ("x" * (LONGEST_BODY + 1), "fifty pages"),
        ("[" * 40, "in a row"),
        ("*" * 40, "in a row"),
        ("[a](https://b.example) " * 300, "in a row"),
        ("![a](b)", "Pictures"),
        ("***\n" * 300, "short lines"),
        ("a\n\n" * 5000, "short lines"),
        ("\\" * 9000, "short lines"),
    ],
)
def test_a_text_that_will_not_do_is_refused_with_its_reason(body, word):
    assert word in refusal_of_body(body)


def test_a_text_that_will_do_is_not():
    every = "\n\n".join(f"{{{{{name}}}}}" for name in MERGE_FIELDS)
    assert refusal_of_body(f"# Agreement\n\n{every}\n\n- [a](https://b.example)") is None
    assert refusal_of_body("A long paragraph of plain words. " * 3600) is None


def test_no_text_takes_long_to_judge():
    started = time.thread_time()
    for hostile in ("{{" * 60_000, "{" * 120_000, "{{a" * 40_000, "[" * 120_000, "{{ client_name }}" * 7_000):
        refusal_of_body(tidy(hostile))
        fill(hostile, EXAMPLES)
    assert time.thread_time() - started < 2


@pytest.mark.parametrize("piece", ["***\n", "a|b\n-|-\n", "- a\n    - b\n", "*_", "\\* ", "a\n===\n", "> a\n", "`a` "])
def test_what_is_let_through_is_soon_read(piece):
    longest = LONGEST_BODY // len(piece)
    while refusal_of_body(piece * longest):
        longest = longest * 9 // 10
    started = time.thread_time()
    paper.blocks_of(piece * longest)
    assert time.thread_time() - started < 2


def test_what_would_be_cut_when_it_is_filled_is_refused():
    assert refusal_of_filled("x" * LONGEST_FILLED) is None
    assert refusal_of_filled("x" * (LONGEST_FILLED + 1))
    assert paper.LONGEST == LONGEST_FILLED


def test_fields_are_stored_without_spaces():
    assert tidy("{{ client_name }} {{x}}") == "{{client_name}} {{x}}"


def test_every_field_is_explained_and_has_an_example():
    assert all(field.label and field.example and field.where in WHERE for field in MERGE_FIELDS.values())


# What may be done when ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "states"),
    [
        ("send", "draft"),
        ("change", "draft"),
        ("withdraw", "draft freezing out"),
        ("renew", "completed declined void"),
        ("remind", "out"),
        ("try_again", "freezing sealing"),
    ],
)
def test_an_act_is_taken_in_its_states_and_refused_in_all_others(act, states):
    assert {state for state in State if refusal_to(act, state) is None} == set(states.split())
    assert all(refusal_to(act, state).endswith(".") for state in State if state not in MAY_BE[act])


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("signer", SignerState)
def test_only_who_was_asked_acts_and_only_while_it_is_out(state, signer):
    is_turn = state is State.OUT and signer is SignerState.ASKED
    assert (refusal_to_act(state, signer) is None) == is_turn


def test_a_draft_is_sent_when_nothing_is_missing():
    whole = {"missing": [], "without_address": [], "has_coach": True}
    assert refusal_to_send(State.DRAFT, **whole) is None
    assert "the purchase order" in refusal_to_send(State.DRAFT, **whole | {"missing": ["po_number"]})
    assert "Sam Okafor" in refusal_to_send(State.DRAFT, **whole | {"without_address": ["Sam Okafor"]})
    assert "coach" in refusal_to_send(State.DRAFT, **whole | {"has_coach": False})
    assert refusal_to_send(State.OUT, **whole)


def test_what_was_read_is_what_is_signed():
    stored = b"%PDF-1.7"
    frozen = hashlib.sha256(stored).hexdigest()
    assert refusal_of_document(frozen, frozen, stored) is None
    assert refusal_of_document("0" * 64, frozen, stored)
    assert refusal_of_document("\ud800ü", frozen, stored)
    assert refusal_of_document(frozen, frozen, b"%PDF-1.8")
    assert refusal_of_document(frozen, frozen, None)


def test_only_a_sponsor_hands_over_and_nobody_signs_twice():
    taken = ["bob@brightwater.example", "sam@brightwater.example"]
    assert refusal_to_hand_over(SignerRole.SPONSOR, email="hr@brightwater.example", taken=taken) is None
    assert refusal_to_hand_over(SignerRole.SPONSOR, email="BOB@brightwater.example", taken=taken)
    assert refusal_to_hand_over(SignerRole.CLIENT, email="hr@brightwater.example", taken=taken)
    assert refusal_to_hand_over(SignerRole.COACH, email="hr@brightwater.example", taken=taken)


def test_reminders_end():
    assert refusal_to_remind(State.OUT, SignerState.ASKED, MOST_REMINDERS - 1) is None
    assert refusal_to_remind(State.OUT, SignerState.ASKED, MOST_REMINDERS)
    assert refusal_to_remind(State.OUT, SignerState.WAITING, 0)
    assert refusal_to_remind(State.VOID, SignerState.ASKED, 0)


def test_a_reason_is_some_words():
    assert refusal_of_reason("The price.") is None
    assert refusal_of_reason(" \n")
    assert refusal_of_reason("x" * 1001)


def test_every_state_and_event_has_a_face():
    assert FACES.keys() == set(State)
    assert SIGNER_FACES.keys() == set(SignerState)
    assert EVENT_FACES.keys() == set(EventKind)


def test_the_consent_claims_no_more_than_it_is():
    assert "simple electronic signature" in CONSENT
    assert not any(word in CONSENT.lower() for word in ("advanced", "qualified", "legally binding"))


# The code -------------------------------------------------------------------------------------------------------------


def judge(code: str, *, sent: timedelta = timedelta(), tries: int = 0, to: str = "sam", kept: str | None = None):
    hashed = hash_code("482913", "sam", "key") if kept is None else kept
    typed = hash_code(code_typed(code), to, "key")
    return refusal_of_code(typed, code_hash=hashed, sent_at=NOW - sent, tries=tries, now=NOW)


@pytest.mark.parametrize("code", ["482913", " 482 913 ", "482-913"])
def test_the_right_code_does(code):
    assert judge(code) is None


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"code": "482914"}, "4 times more"),
        ({"code": "482914", "tries": 3}, "once more"),
        ({"code": "482914", "tries": 4}, "Ask for a new one"),
        ({"code": "482913", "tries": MOST_TRIES}, "too often"),
        ({"code": "482913", "sent": CODE_LASTS + timedelta(seconds=1)}, "too old"),
        ({"code": "482913", "kept": ""}, "Ask for a code first"),
        ({"code": "482913", "to": "bob"}, "not the code"),
        ({"code": ""}, "not the code"),
        ({"code": "٤٨٢٩١٣"}, "not the code"),
    ],
)
def test_any_other_does_not(options, word):
    assert word in judge(**options)


def test_codes_are_six_digits_and_differ():
    codes = {new_code() for _ in range(200)}
    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in codes)
    assert len(codes) > 190


# The mark -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["Bob Haddad", "Jean-Luc d’Arc", "Νίκος Παπαδόπουλος", "Олена Коваль", "Zoe\u0308 O'Neil Jr."]
)
def test_a_typed_mark_is_a_name(name):
    assert refusal_of_mark(MarkKind.TYPED, name) is None


@pytest.mark.parametrize(
    "name", ["", " ", "B", "123", "Bob1", "Bob <b>", "Bob\nHaddad", "B" * 121, "….", "\ud800\ud800ab"]
)
def test_what_is_no_name_is_no_mark(name):
    assert refusal_of_mark(MarkKind.TYPED, name)


def test_a_drawn_mark_is_lines_in_a_square():
    assert strokes_of("[[[0, 0], [10.26, 1000]], [[5, 5]]]") == (((0, 0), (10.3, 1000)), ((5, 5),))
    assert refusal_of_mark(MarkKind.DRAWN, "[[[0,0],[9,9]]]") is None
    most = [[[1, 1]] * (MOST_POINTS // MOST_STROKES)] * MOST_STROKES
    assert strokes_of(json.dumps(most))


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{}", "[[]]", "[[[1,2]]]", "[[[1,2,3],[1,2,3]]]", '[[["1","2"],[3,4]]]', "[[[1,2],[true,4]]]",
        "[[[1,2],[NaN,4]]]", "[[[1,2],[1e400,4]]]", "[[[-1,2],[3,4]]]", "[[[1,2],[1001,4]]]", "[" * 100_000,
        "[[[1,2],[" + "9" * 5000 + ",4]]]", "[[1,2]]", json.dumps([[[1, 1], [2, 2]]] * (MOST_STROKES + 1)),
        json.dumps([[[1, 1]] * (MOST_POINTS + 1)]), " " * 300_000, "\ud800",
    ],
    ids=lambda text: repr(text[:20]),
)  # fmt: skip
def test_anything_else_is_no_drawing(text):
    assert strokes_of(text) is None
    assert refusal_of_mark(MarkKind.DRAWN, text)


# The worker's tries ---------------------------------------------------------------------------------------------------


def test_the_worker_waits_longer_each_time_and_then_gives_up():
    assert [delay_after(attempts) for attempts in (1, 2, 3, 4)] == [*DELAYS, None]


@pytest.mark.parametrize(
    ("attempts", "try_in", "due"), [(0, None, True), (1, 60, False), (1, 0, True), (2, -5, True), (4, None, False)]
)
def test_what_waits_is_taken_up_when_its_time_has_come(attempts, try_in, due):
    try_at = None if try_in is None else NOW + timedelta(seconds=try_in)
    assert is_due(attempts=attempts, try_at=try_at, now=NOW) is due

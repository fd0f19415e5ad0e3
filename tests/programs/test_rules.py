"""Steps and what they stand on, circles, days, mails: tables of what the rules say."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from coachbase.engagements.rules import Payer, StepKind, Summaries
from coachbase.programs.rules import (
    FIRST_STEPS,
    MOST_STEPS,
    STANDS_ON,
    Mailing,
    Part,
    Reader,
    end_after,
    first_steps,
    fitting_steps,
    invoice_lacks,
    letters,
    like_name,
    likely,
    own_key,
    planned_start,
    refusal_of_needs,
    refusal_of_parts,
    refusal_to_add,
    refusal_to_begin,
    without_sponsor,
)

K, P = StepKind, Part
ALL = frozenset(Part)


@dataclass(frozen=True)
class Step:
    key: str
    kind: StepKind = K.OWN
    needed: tuple[str, ...] = ()
    label: str = "A step"

    def terms(self) -> dict[str, Any]:
        return {"position": 9, "key": self.key, "kind_name": self.kind, "needs": " ".join(self.needed)}


@dataclass(frozen=True)
class Offer:
    payer: Payer
    months: int | None
    name: str = field(default="")


@pytest.mark.parametrize(
    ("parts", "gone"),
    [
        (ALL, set()),
        (ALL - {P.AGREEMENT}, {K.AGREEMENT_SENT, K.AGREEMENT_SIGNED}),
        (ALL - {P.QUESTIONNAIRE}, {K.QUESTIONNAIRE_SENT, K.QUESTIONNAIRE_ANSWERED}),
        (ALL - {P.ASSESSMENTS}, {K.ASSESSMENT_ACCESS}),
        (ALL - {P.THREE_WAYS}, {K.THREE_WAY_AGREED}),
        (ALL - {P.LOGISTICS}, {K.LOGISTICS_SENT}),
        (frozenset(), set(STANDS_ON)),
    ],
)
def test_a_new_program_begins_with_the_steps_its_parts_call_for(parts, gone):
    rows = first_steps(parts)
    assert {row["kind_name"] for row in rows} == {step.kind for step in FIRST_STEPS} - gone
    keys = {row["key"] for row in rows}
    assert all(set(row["needs"].split()) <= keys for row in rows)
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))


def test_steps_without_their_part_are_dropped_and_numbers_close_up():
    steps = [Step("a", K.AGREEMENT_SIGNED), Step("b"), Step("c", K.LOGISTICS_SENT)]
    rows = fitting_steps(steps, {P.LOGISTICS})
    assert [(row["key"], row["position"]) for row in rows] == [("b", 1), ("c", 2)]


def test_what_waited_for_a_dropped_step_waits_for_what_that_one_waited_for():
    steps = [
        Step("signed", K.AGREEMENT_SIGNED),
        Step("access", K.ASSESSMENT_ACCESS, ("signed",)),
        Step("kickoff", K.KICKOFF_BOOKED, ("access",)),
    ]
    assert fitting_steps(steps, {P.AGREEMENT})[1]["needs"] == "signed"
    assert fitting_steps(steps, set())[0]["needs"] == ""


def test_needs_of_steps_that_are_gone_or_go_round_are_dropped():
    assert fitting_steps([Step("a", needed=("gone",))], ALL)[0]["needs"] == ""
    ring = [Step("x", K.AGREEMENT_SENT, ("y",)), Step("y", K.AGREEMENT_SIGNED, ("x",)), Step("z", needed=("x",))]
    assert fitting_steps(ring, set())[0]["needs"] == ""


@pytest.mark.parametrize(
    ("step", "needs", "others", "is_refused"),
    [
        ("c", ["a"], {"a": [], "b": ["a"]}, False),
        ("c", ["a", "b"], {"a": [], "b": ["a"]}, False),
        ("a", ["b"], {"b": ["a"]}, True),  # each waits for the other
        ("a", ["c"], {"b": ["a"], "c": ["b"]}, True),  # round three
        ("a", ["a"], {"b": []}, True),  # itself is no other step
        ("a", ["nowhere"], {"b": []}, True),
        ("a", ["b"], {"b": ["c"], "c": ["b"]}, False),  # somebody else's ring ends too
        ("a", [], {"b": ["a"]}, False),
    ],
)
def test_steps_never_wait_in_a_circle(step, needs, others, is_refused):
    assert (refusal_of_needs(step, needs, others) is not None) is is_refused


@pytest.mark.parametrize(
    ("kind", "kinds", "parts", "says"),
    [
        (K.KICKOFF_BOOKED, [], set(), None),
        (K.OWN, [K.OWN, K.OWN], set(), None),
        (K.KICKOFF_BOOKED, [K.KICKOFF_BOOKED], ALL, "already"),
        (K.AGREEMENT_SENT, [], ALL - {P.AGREEMENT}, "an agreement"),
        (K.QUESTIONNAIRE_ANSWERED, [], ALL - {P.QUESTIONNAIRE}, "a questionnaire"),
        (K.ASSESSMENT_ACCESS, [], set(), "assessments"),
        (K.THREE_WAY_AGREED, [], set(), "three-way meetings"),
        (K.LOGISTICS_SENT, [], set(), "logistics"),
        (K.OWN, [K.OWN] * MOST_STEPS, ALL, "at most"),
    ],
)
def test_a_step_is_added_once_and_with_what_it_stands_on(kind, kinds, parts, says):
    refusal = refusal_to_add(kind, kinds, parts)
    assert refusal is None if says is None else says in refusal


def test_a_program_keeps_what_its_steps_stand_on():
    assert refusal_of_parts([K.AGREEMENT_SIGNED, K.OWN], {P.AGREEMENT}) is None
    assert "“Agreement signed” needs an agreement" in refusal_of_parts([K.OWN, K.AGREEMENT_SIGNED], set())


@pytest.mark.parametrize(
    ("starts_on", "months", "ends_on"),
    [
        (date(2026, 12, 1), 6, date(2027, 5, 31)),
        (date(2026, 12, 15), 3, date(2027, 3, 14)),
        (date(2027, 1, 1), 12, date(2027, 12, 31)),
        (date(2027, 1, 1), None, None),
    ],
)
def test_a_program_ends_the_day_before_the_same_day(starts_on, months, ends_on):
    assert end_after(starts_on, months) == ends_on


@pytest.mark.parametrize(
    ("today", "planned"),
    [
        (date(2026, 11, 20), date(2026, 12, 4)),
        (date(2026, 11, 21), date(2026, 12, 7)),
        (date(2026, 11, 22), date(2026, 12, 7)),
    ],
)
def test_a_kickoff_is_planned_for_a_working_day(today, planned):
    assert planned_start(today) == planned


def test_the_program_offered_first_is_the_shortest_that_somebody_there_pays():
    year, half, short, free = (
        Offer(Payer.SPONSOR, 12), Offer(Payer.SPONSOR, 6), Offer(Payer.CLIENT, 3), Offer(Payer.SPONSOR, None)
    )  # fmt: skip
    assert likely([free, year, half, short], has_sponsor=True) is half
    assert likely([free, year, half, short], has_sponsor=False) is short
    assert likely([free], has_sponsor=False) is free
    assert likely([], has_sponsor=True) is None


def test_without_a_sponsor_nothing_is_shared_and_nobody_met():
    terms = {"three_ways": "start end", "summaries_name": Summaries.QUARTERLY, "shares": "goals", "sessions": 12}
    assert without_sponsor(terms) == {
        "three_ways": "", "summaries_name": Summaries.NONE, "shares": "", "sessions": 12,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, None),
        ({"is_kept": False}, "removed"),
        ({"has_coach": False}, "coach"),
        ({"has_organisation": False}, "no sponsor"),
        ({"has_organisation": False, "payer": Payer.CLIENT}, None),
        ({"ends_on": date(2026, 11, 30)}, "before it starts"),
        ({"ends_on": None}, None),
    ],
)
def test_a_program_cannot_begin_without_coach_payer_or_time(change, says):
    usual: dict[str, Any] = {
        "has_coach": True, "is_kept": True, "payer": Payer.SPONSOR, "has_organisation": True,
        "starts_on": date(2026, 12, 1), "ends_on": date(2027, 5, 31),
    }  # fmt: skip
    refusal = refusal_to_begin("Bob Haddad", **(usual | change))
    assert refusal is None if says is None else says in refusal


BOB, SAM, ALICE, EVA, VERA = (
    Reader(name, f"{name.lower()}@example.org") for name in ("Bob", "Sam", "Alice", "Eva", "Vera")
)


def mailing(**change: Any) -> Mailing:
    usual: dict[str, Any] = {
        "client": BOB, "assistant": None, "signers": (BOB, SAM, ALICE), "desk": (VERA,), "is_sent": True,
        "has_agreement": True, "has_questionnaire": True, "logistics_after": ("Kickoff booked",),
    }  # fmt: skip
    return Mailing(**(usual | change))


def told(plan: Mailing) -> list[tuple[str, str, str]]:
    return [(letter.what, letter.to.name, letter.when) for letter in letters(plan)]


def test_every_mail_of_a_start_is_foreseen_in_its_order():
    assert told(mailing(assistant=EVA)) == [
        ("The link to the own page: sign the agreement and answer the questionnaire", "Bob", ""),
        ("A page with the dates only", "Eva", ""),
        ("Request to sign", "Sam", "after Bob signed"),
        ("Request to sign", "Alice", "after Sam signed"),
        ("Code to sign with", "Bob", "while signing"),
        ("Code to sign with", "Sam", "while signing"),
        ("Code to sign with", "Alice", "while signing"),
        ("The signed agreement", "Bob", "after everybody signed"),
        ("The signed agreement", "Sam", "after everybody signed"),
        ("The signed agreement", "Alice", "after everybody signed"),
        ("The questionnaire was answered", "Vera", "after Bob answered"),
        ("The logistics", "Bob", "after “Kickoff booked”"),
    ]


def test_an_agreement_that_stays_a_draft_mails_nothing_about_itself_now():
    now = [what for what, _, when in told(mailing(is_sent=False)) if not when]
    assert now == ["The link to the own page: answer the questionnaire"]
    assert ("The link to the own page: sign the agreement", "Bob", "when you send the agreement") in told(
        mailing(is_sent=False)
    )
    assert [letter for letter in told(mailing(is_sent=False, has_questionnaire=False)) if not letter[2]] == []


def test_a_client_without_an_address_gets_no_mail():
    nameless = Reader("Bob", "")
    plan = mailing(client=nameless, signers=(nameless, SAM, ALICE), is_sent=False)
    assert {to for _, to, _ in told(plan)} == {"Sam", "Alice", "Vera"}


def test_without_documents_nobody_is_written_to():
    plan = mailing(signers=(), has_agreement=False, is_sent=False, has_questionnaire=False, logistics_after=None)
    assert letters(plan) == []


@pytest.mark.parametrize(
    ("payer", "known", "lacks"),
    [
        (Payer.CLIENT, {}, ["legal_name", "address"]),
        (Payer.CLIENT, {"legal_name": "Robert Haddad", "address": "14 Quay Street"}, []),
        (Payer.SPONSOR, {"has_organisation": False}, ["organisation"]),
        (Payer.SPONSOR, {}, ["organisation_address", "po_number"]),
        (Payer.SPONSOR, {"organisation_address": "2 Harbour Road", "po_number": "PO-1"}, []),
        (Payer.SPONSOR, {"organisation_address": " \n", "po_number": "PO-1"}, ["organisation_address"]),
    ],
)
def test_an_invoice_lacks_what_its_payer_needs(payer, known, lacks):
    usual: dict[str, Any] = {
        "legal_name": "", "address": "", "has_organisation": True, "organisation_address": "", "po_number": ""
    }  # fmt: skip
    assert invoice_lacks(payer, **(usual | known)) == lacks


def test_copies_and_own_steps_get_names_of_their_own():
    assert like_name("Leadership 6", {"Leadership 6"}) == "Leadership 6 (copy)"
    assert like_name("Leadership 6 (copy)", {"Leadership 6 (copy)"}) == "Leadership 6 (copy 2)"
    assert own_key({"own_1", "own_3"}) == "own_2"

"""How steps hold each other up, when they should all be done, what a state leads to, and what comes when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase.clients.rules import Party
from coachbase.engagements.rules import (
    AGREED_FIELDS,
    LEADS_TO,
    NEXT_STEP,
    STEP_LABELS,
    State,
    StepKind,
    StepState,
    Summaries,
    ThreeWay,
    agreement_is_out,
    cancelling_in_words,
    change_in_words,
    due_at,
    expected_kickoff,
    fixed_fields,
    holding,
    is_agreed,
    is_late,
    missing,
    months_later,
    moved_end,
    next_step,
    obligations,
    opened_too_early,
    ready_at,
    ready_to_open,
    refusal_of_days,
    refusal_of_state,
    refusal_to_change,
    refusal_to_reopen,
    refusal_to_skip,
    refusal_to_tick,
    shifts,
    working_day,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WAITING, OPEN, DONE, SKIPPED = StepState
OUT = {"sent": DONE, "signed": OPEN}


@dataclass(frozen=True)
class Step:
    key: str
    state: StepState = WAITING
    needed: tuple[str, ...] = ()
    days_open: float | None = None
    target_days: int | None = None
    kind: StepKind = StepKind.OWN
    label: str = "A step"
    waiting_on: Party = Party.US
    reason: str = ""

    @property
    def opened_at(self):
        return None if self.days_open is None else NOW - self.days_open * DAY

    @property
    def is_gone(self):
        return self.state in (DONE, SKIPPED)


def keys(steps):
    return [step.key for step in steps]


# Opening and holding up -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "ready"),
    [
        ("wwww", ["a", "d"]),
        ("owww", ["d"]),
        ("dwwd", ["b"]),
        ("swwd", ["b"]),
        ("ddwo", []),
        ("ddwd", ["c"]),
        ("dddd", []),
    ],
)
def test_a_step_opens_when_everything_it_needs_is_gone(states, ready):
    needs = {"a": (), "b": ("a",), "c": ("b", "d"), "d": ("never had",)}
    by_letter = {"w": WAITING, "o": OPEN, "d": DONE, "s": SKIPPED}
    steps = [Step(key, by_letter[state], needs[key]) for key, state in zip("abcd", states, strict=True)]
    assert keys(ready_to_open(steps)) == ready


def test_what_a_step_misses_is_named_in_order():
    steps = [Step("a", OPEN), Step("b", DONE), Step("c", WAITING), Step("d", WAITING, ("c", "b", "a"))]
    assert keys(missing(steps[3], steps)) == ["a", "c"]


def test_a_step_that_came_back_shuts_what_it_had_opened():
    steps = [Step("a", OPEN), Step("b", OPEN, ("a",)), Step("c", DONE, ("a",))]
    assert keys(opened_too_early(steps)) == ["b"]


@pytest.mark.parametrize(
    ("steps", "held"),
    [
        ([], None),
        ([Step("a", DONE), Step("b", WAITING)], None),
        ([Step("a", OPEN), Step("b", OPEN)], "a"),
        ([Step("a", OPEN, days_open=1, target_days=9), Step("b", OPEN, days_open=1, target_days=2)], "b"),
        ([Step("a", OPEN), Step("b", OPEN, days_open=1, target_days=30)], "b"),
        ([Step("a", OPEN, days_open=1, target_days=3), Step("b", OPEN, days_open=1, target_days=3)], "a"),
        ([Step("a", OPEN, days_open=0, target_days=1), Step("b", OPEN, days_open=9, target_days=8)], "b"),
    ],
)
def test_the_step_due_first_holds_things_up_so_that_nothing_late_hides(steps, held):
    found = holding(steps)
    assert (found and found.key) == held


@pytest.mark.parametrize(
    ("step", "late"),
    [
        (Step("a", OPEN, days_open=3.1, target_days=3), True),
        (Step("a", OPEN, days_open=3, target_days=3), False),
        (Step("a", OPEN, days_open=0.1, target_days=0), True),
        (Step("a", OPEN, days_open=99), False),
        (Step("a", DONE, days_open=99, target_days=1), False),
        (Step("a", WAITING, target_days=1), False),
    ],
)
def test_a_step_is_late_once_its_target_days_have_passed_since_it_opened(step, late):
    assert is_late(step, NOW) is late
    assert (due_at(step) is not None) is (step.state is OPEN and step.target_days is not None)


@pytest.mark.parametrize(
    ("steps", "days"),
    [
        ([], None),
        ([Step("a", DONE), Step("b", SKIPPED)], None),
        ([Step("a", OPEN, days_open=1, target_days=4)], 3),
        ([Step("a", OPEN, days_open=9, target_days=4)], 0),
        ([Step("a", OPEN, days_open=1)], 0),
        ([Step("a", WAITING, ("z",), target_days=2)], 2),
        ([Step("a", OPEN, (), 1, 4), Step("b", WAITING, ("a",), target_days=2)], 5),
        ([Step("a", OPEN, (), 9, 4), Step("b", WAITING, ("a",), target_days=2)], 2),
        ([Step("a", DONE), Step("b", WAITING, ("a",), target_days=2)], 2),
        (
            [
                Step("a", OPEN, (), 0, 4),
                Step("b", OPEN, (), 0, 1),
                Step("c", WAITING, ("a", "b"), target_days=3),
                Step("d", WAITING, ("b",), target_days=5),
            ],
            7,
        ),
        ([Step("c", WAITING, ("a",), target_days=3), Step("a", OPEN, (), 0, 4)], 7),
    ],
)
def test_all_steps_are_done_when_the_longest_way_through_them_is_walked(steps, days):
    assert ready_at(steps, NOW) == (None if days is None else NOW + days * DAY)


def test_needs_that_go_round_in_a_circle_end_nevertheless():
    steps = [Step("a", WAITING, ("b",), target_days=2), Step("b", WAITING, ("a",), target_days=3)]
    assert NOW < ready_at(steps, NOW) <= NOW + 5 * DAY


# Words and refusals ---------------------------------------------------------------------------------------------------


def test_every_kind_of_step_says_what_is_to_be_done():
    assert set(NEXT_STEP) == set(StepKind) - {StepKind.OWN}
    for kind, words in NEXT_STEP.items():
        assert next_step(Step("a", kind=kind, label=STEP_LABELS[kind], waiting_on=Party.CLIENT)) == words
    assert next_step(Step("a", label="Ask for a room")) == "Ask for a room"
    assert next_step(Step("a", kind=StepKind.KICKOFF_BOOKED, label="First breakfast")) == "First breakfast"


def test_an_agreement_that_is_back_with_us_is_to_be_sent_again():
    kind = StepKind.AGREEMENT_SIGNED
    assert next_step(Step("a", kind=kind, label=STEP_LABELS[kind], waiting_on=Party.US)) == "Send the agreement again"


@pytest.mark.parametrize(
    ("step", "reason", "day", "refused"),
    [
        (Step("a", OPEN), "phoned", None, False),
        (Step("a", WAITING, ("b",)), "phoned", None, False),
        (Step("a", OPEN), "", None, True),
        (Step("a", DONE), "phoned", None, True),
        (Step("a", SKIPPED), "phoned", None, True),
        (Step("a", OPEN, kind=StepKind.KICKOFF_BOOKED), "phoned", None, True),
        (Step("a", OPEN, kind=StepKind.KICKOFF_BOOKED), "phoned", date(2026, 12, 3), False),
    ],
)
def test_ticking_by_hand_asks_for_a_reason_and_the_kickoff_for_its_day(step, reason, day, refused):
    assert bool(refusal_to_tick(step, reason=reason, kickoff_on=day)) is refused


@pytest.mark.parametrize(
    ("state", "reason", "refused"), [(OPEN, "no", False), (WAITING, "no", False), (OPEN, "", True), (DONE, "no", True)]
)
def test_skipping_asks_for_a_reason(state, reason, refused):
    assert bool(refusal_to_skip(Step("a", state), reason=reason)) is refused


@pytest.mark.parametrize(
    ("state", "reason", "refused"),
    [(DONE, "phoned", False), (SKIPPED, "no need", False), (DONE, "", True), (OPEN, "", True), (WAITING, "", True)],
)
def test_only_what_was_said_by_hand_can_be_taken_back(state, reason, refused):
    assert bool(refusal_to_reopen(Step("a", state, reason=reason))) is refused


# States ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("was", State)
@pytest.mark.parametrize("to", State)
def test_a_state_leads_only_where_the_domain_says(was, to):
    may = {
        State.DRAFT: {State.ACTIVE, State.ENDED},
        State.ACTIVE: {State.PAUSED, State.COMPLETED, State.ENDED},
        State.PAUSED: {State.ACTIVE, State.COMPLETED, State.ENDED},
    }.get(was, set())
    assert set(LEADS_TO[was]) == may
    assert (refusal_of_state(was, to, is_onboarded=True, reason="because") is None) is (to in may)


def test_nothing_leads_back_to_a_draft():
    assert not any(State.DRAFT in ways for ways in LEADS_TO.values())


def test_a_program_is_not_completed_before_its_onboarding_nor_ended_without_a_reason():
    assert "onboarding" in refusal_of_state(State.ACTIVE, State.COMPLETED, is_onboarded=False)
    assert "Say why" in refusal_of_state(State.ACTIVE, State.ENDED, reason="")


@pytest.mark.parametrize(
    ("signed", "others", "agreed"),
    [
        (OPEN, [DONE], False),
        (DONE, [OPEN], True),
        (SKIPPED, [OPEN], True),
        (None, [DONE, OPEN], False),
        (None, [DONE], True),
    ],
)
def test_a_draft_becomes_active_by_the_signature_or_else_by_the_last_step(signed, others, agreed):
    steps = [Step(str(place), state) for place, state in enumerate(others)]
    if signed:
        steps.append(Step("signed", signed, kind=StepKind.AGREEMENT_SIGNED))
    assert is_agreed(steps) is agreed


@pytest.mark.parametrize(
    ("sent", "signed", "party", "out"),
    [
        (OPEN, WAITING, Party.CLIENT, False),
        (DONE, OPEN, Party.CLIENT, True),
        (DONE, OPEN, Party.SPONSOR, True),
        (DONE, OPEN, Party.US, False),
        (DONE, DONE, Party.CLIENT, False),
        (SKIPPED, OPEN, Party.CLIENT, False),
    ],
)
def test_an_agreement_is_out_from_its_sending_until_it_is_signed_or_taken_back(sent, signed, party, out):
    steps = [
        Step("sent", sent, kind=StepKind.AGREEMENT_SENT),
        Step("signed", signed, kind=StepKind.AGREEMENT_SIGNED, waiting_on=party),
    ]
    assert agreement_is_out(steps) is out


@pytest.mark.parametrize(
    ("state", "is_out", "field", "refused"),
    [
        (State.DRAFT, False, "shares", False),
        (State.DRAFT, True, "shares", True),
        (State.DRAFT, True, "price_cents", True),
        (State.DRAFT, True, "po_number", False),
        (State.ACTIVE, False, "shares", True),
        (State.ACTIVE, False, "price_cents", False),
        (State.PAUSED, False, "starts_on", False),
        (State.ENDED, False, "po_number", True),
    ],
)
def test_what_an_agreement_says_is_not_changed_beside_it(state, is_out, field, refused):
    assert bool(refusal_to_change(state, [field], is_out=is_out)) is refused
    assert (field in fixed_fields(state, is_out=is_out)) is (refused and field in AGREED_FIELDS)


def test_a_change_is_told_by_what_was_changed():
    assert change_in_words(["ends_on", "starts_on"]) == "Changed the program: first day and last day"
    assert change_in_words(["po_number"]) == "Changed the program: PO number"
    assert change_in_words(["shares", "starts_on", "price_cents"]).endswith(
        "first day, price and what the sponsor may be told"
    )


# Days -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Terms:
    meetings: tuple[ThreeWay, ...] = tuple(ThreeWay)
    summaries: Summaries = Summaries.QUARTERLY


def test_what_comes_when_follows_from_the_first_and_the_last_day():
    dates = [(each.on, each.what) for each in obligations(Terms(), date(2026, 12, 1), date(2027, 6, 1))]
    assert dates == [
        (date(2026, 12, 1), "Kickoff"),
        (date(2026, 12, 15), "Three-way meeting at the start"),
        (date(2027, 3, 1), "Summary 1 for the sponsor"),
        (date(2027, 3, 2), "Three-way meeting in the middle"),
        (date(2027, 4, 20), "Renewal notice"),
        (date(2027, 5, 18), "Three-way meeting at the end"),
        (date(2027, 6, 1), "Summary 2 for the sponsor"),
        (date(2027, 6, 1), "The program ends"),
    ]


@pytest.mark.parametrize(
    ("terms", "ends_on", "wanted"),
    [
        (Terms((), Summaries.NONE), date(2027, 6, 1), ["Kickoff", "Renewal notice", "The program ends"]),
        (Terms((ThreeWay.START,), Summaries.QUARTERLY), None, ["Kickoff", "Three-way meeting at the start"]),
        (Terms((), Summaries.NONE), None, ["Kickoff"]),
    ],
)
def test_a_program_brings_only_what_its_terms_say(terms, ends_on, wanted):
    assert [each.what for each in obligations(terms, date(2026, 12, 1), ends_on)] == wanted


@pytest.mark.parametrize(
    ("day", "first", "last", "wanted"),
    [
        ("2026-12-04", "2026-12-01", "2026-12-31", "2026-12-04"),  # a Friday stays
        ("2026-12-05", "2026-12-01", "2026-12-31", "2026-12-07"),  # a Saturday: the Monday after
        ("2026-12-06", "2026-12-01", "2026-12-31", "2026-12-07"),  # a Sunday too
        ("2026-12-05", "2026-12-01", "2026-12-07", "2026-12-07"),  # the Monday is the last day
        ("2026-12-05", "2026-12-01", "2026-12-06", "2026-12-04"),  # it ends before the Monday: the Friday before
        ("2026-12-06", "2026-12-04", "2026-12-06", "2026-12-04"),  # the Friday is the first day
        ("2026-12-06", "2026-12-05", "2026-12-06", "2026-12-06"),  # a program of a weekend has no other day
    ],
)
def test_what_we_reckon_falls_on_a_working_day(day, first, last, wanted):
    assert str(working_day(*map(date.fromisoformat, (day, first, last)))) == wanted


def test_no_meeting_notice_or_summary_falls_on_a_weekend_however_the_program_lies():
    for shift in range(14):
        starts_on, ends_on = date(2026, 12, 1) + shift * DAY, date(2027, 6, 5) + shift * DAY
        dates = obligations(Terms(), starts_on, ends_on)
        given = {each.what: each.on for each in dates if each.what in ("Kickoff", "The program ends")}
        assert given == {"Kickoff": starts_on, "The program ends": ends_on}
        assert all(each.on.isoweekday() < 6 for each in dates if each.what not in given), starts_on


def test_a_booked_kickoff_stands_on_its_day_and_moves_nothing_else():
    planned = obligations(Terms(), date(2026, 12, 1), date(2027, 6, 1))
    booked = obligations(Terms(), date(2026, 12, 1), date(2027, 6, 1), kickoff_on=date(2026, 12, 10))
    assert [shift.what for shift in shifts(planned, booked) if shift.moves] == ["Kickoff"]


@pytest.mark.parametrize(("months", "count"), [(3, 1), (6, 2), (12, 4), (24, 8)])
def test_a_quarterly_summary_comes_every_three_months_and_at_the_end(months, count):
    starts_on = date(2026, 11, 30)
    dates = obligations(Terms((), Summaries.QUARTERLY), starts_on, months_later(starts_on, months))
    assert sum(each.what.startswith("Summary") for each in dates) == count


def test_however_short_a_program_nothing_falls_outside_it():
    for days in range(1, 60):
        starts_on, ends_on = date(2026, 12, 1), date(2026, 12, 1) + days * DAY
        assert all(starts_on <= each.on <= ends_on for each in obligations(Terms(), starts_on, ends_on)), days


def test_a_kickoff_two_weeks_later_moves_everything_by_two_weeks():
    starts_on, ends_on = date(2026, 12, 1), date(2027, 6, 1)
    later = starts_on + 14 * DAY
    terms = Terms(summaries=Summaries.MIDDLE_AND_END)
    moved = shifts(
        obligations(terms, starts_on, ends_on), obligations(terms, later, moved_end(starts_on, ends_on, later))
    )
    assert len(moved) == 8
    assert all(shift.moves and shift.after - shift.before == 14 * DAY for shift in moved)


def test_an_earlier_end_takes_a_summary_away_and_says_so():
    starts_on = date(2026, 12, 1)
    moved = shifts(obligations(Terms(), starts_on, date(2027, 6, 1)), obligations(Terms(), starts_on, date(2027, 3, 1)))
    by_name = {shift.what: shift for shift in moved}
    assert by_name["Summary 2 for the sponsor"].after is None
    assert not by_name["Kickoff"].moves


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2026, 1, 15), 11, date(2026, 12, 15)),
        (date(9999, 11, 30), 3, date.max),
        (date(9999, 1, 31), 11, date(9999, 12, 30)),
    ],
)
def test_months_are_counted_as_people_count_them(day, months, later):
    assert months_later(day, months) == later


@pytest.mark.parametrize(
    ("ends_on", "refused"),
    [
        (None, False),
        (date(2027, 6, 1), False),
        (date(2026, 12, 1), True),
        (date(2026, 1, 1), True),
        (date(2099, 1, 1), True),
    ],
)
def test_a_program_ends_after_it_begins(ends_on, refused):
    assert bool(refusal_of_days(date(2026, 12, 1), ends_on)) is refused


@pytest.mark.parametrize(
    ("booked", "ready", "today", "expected"),
    [
        (date(2026, 12, 3), date(2027, 1, 1), date(2026, 11, 1), date(2026, 12, 3)),
        (None, date(2026, 11, 20), date(2026, 11, 1), date(2026, 12, 1)),
        (None, date(2026, 12, 9), date(2026, 11, 1), date(2026, 12, 9)),
        (None, None, date(2026, 11, 1), date(2026, 12, 1)),
        (None, date(2026, 12, 2), date(2026, 12, 20), date(2026, 12, 20)),
    ],
)
def test_the_kickoff_is_expected_as_planned_or_when_the_steps_are_done(booked, ready, today, expected):
    assert expected_kickoff(booked, date(2026, 12, 1), ready, today) == expected


@pytest.mark.parametrize(
    ("hours", "charged", "words"),
    [
        (24, True, "free of charge until 24 hours before it begins; one that is cancelled later counts as held"),
        (0, True, "free of charge until it begins; one that is cancelled later counts as held"),
        (24, False, "free of charge until it begins"),
    ],
)
def test_the_terms_of_cancelling_are_said_in_one_sentence(hours, charged, words):
    assert cancelling_in_words(hours, late_is_charged=charged) == words

"""How far, who has it, whether in time, what to do: tables."""

from datetime import date

import pytest

from coachbase.assessments.rules import (
    NOTHING_FILED,
    STAGES,
    Dates,
    Facts,
    Pace,
    Source,
    State,
    Todo,
    answer_until,
    expected_on,
    is_at_risk,
    is_plain_address,
    last_day,
    next_reminder,
    refusal_to_mark,
    refusal_to_send,
    send_on,
    todo_of,
    until_in_words,
    way_in_words,
    where_in_words,
)
from coachbase.engagements.rules import State as Program
from coachbase.instruments.rules import Way

TODAY = date(2026, 11, 23)
PACE = Pace(answer_days=10, report_days=2)
ALL = Facts(True, True, True, True, may_open=True)


def day(number: int, month: int = 11) -> date:
    return date(2026, month, number)


@pytest.mark.parametrize("now", STAGES)
def test_going_back_is_always_allowed(now):
    assert all(refusal_to_mark(now, to, NOTHING_FILED) is None for to in STAGES[: STAGES.index(now)])


@pytest.mark.parametrize(
    ("to", "facts", "word"),
    [
        (State.REPORT_IN, NOTHING_FILED, "no report"),
        (State.DEBRIEFED, NOTHING_FILED, "no report"),
        (State.PACKAGED, ALL._replace(has_package=False), "no package"),
        (State.RELEASED, ALL._replace(may_open=False), "allowed to read"),
        (State.RELEASED, ALL._replace(has_client_part=False), "client part"),
    ],
)
def test_what_is_not_there_holds_an_assessment_up(to, facts, word):
    assert word in refusal_to_mark(State.COMPLETED, to, facts)
    assert refusal_to_mark(State.COMPLETED, to, ALL) is None


def test_a_report_without_a_client_part_is_released_by_who_may_read_it():
    facts = ALL._replace(has_client_part=False, wants_client_part=False)
    assert refusal_to_mark(State.DEBRIEFED, State.RELEASED, facts) is None


def test_a_cancelled_assessment_goes_nowhere():
    assert "cancelled" in refusal_to_mark(State.CANCELLED, State.ACCESS_SENT, ALL)


@pytest.mark.parametrize(
    ("state", "since", "expected"),
    [
        (State.SET_UP, day(1), day(5, 12)),  # it begins today at the earliest
        (State.ACCESS_SENT, day(20), day(2, 12)),
        (State.IN_PROGRESS, day(1), day(25)),  # slower than usual: answered today, two days for the report
        (State.COMPLETED, day(22), day(24)),
        (State.COMPLETED, day(1), day(23)),
        (State.REPORT_IN, day(1), None),
    ],
)
def test_the_usual_pace_says_when_a_report_can_be_expected(state, since, expected):
    assert expected_on(state, since, PACE, TODAY) == expected


def test_what_comes_after_its_day_is_at_risk():
    assert is_at_risk(day(25), day(24))
    assert not is_at_risk(day(24), day(24))
    assert not is_at_risk(None, day(1))
    assert not is_at_risk(day(24), None)


@pytest.mark.parametrize(
    ("reminders", "reminded", "expected"),
    [
        (0, None, day(26)),
        (1, day(26), day(30)),
        (2, day(30), day(3, 12)),
        (3, day(3, 12), None),
        (1, day(9, 12), day(13, 12)),  # the first came late: the next keeps its four days
    ],
)
def test_reminders_follow_the_rhythm_and_never_make_up_for_lost_time(reminders, reminded, expected):
    assert next_reminder(TODAY, (3, 7, 10), reminders, reminded) == expected


def test_no_rhythm_is_no_reminder():
    assert next_reminder(TODAY, (), 0) is None


@pytest.mark.parametrize(
    ("code", "invited", "days", "expected"),
    [
        (None, None, 90, None),
        (day(30), None, None, day(30)),
        (None, day(1), 30, day(1, 12)),
        (day(30), day(1), 30, day(30)),
        (day(30), day(1), 7, day(8)),
    ],
)
def test_the_last_day_is_the_codes_or_the_invitations_whichever_comes_first(code, invited, days, expected):
    assert last_day(code, invited, days) == expected


def test_access_goes_out_early_enough_for_the_usual_pace():
    assert send_on(day(30), PACE) == day(18)
    assert send_on(None, PACE) is None


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (day(28), "by Thursday 26 November"),
        (day(25), "as soon as you can"),
        (day(1), "as soon as you can"),
        (None, "by Thursday 3 December"),
    ],
)
def test_a_client_is_told_by_when(due, words):
    assert until_in_words(answer_until(due, PACE, TODAY)) == words


@pytest.mark.parametrize("address", ["https://tap.mhs.com", "https://catalyst.everythingdisc.com/a/b?c=d"])
def test_a_plain_https_address_stands_in_the_mail(address):
    assert is_plain_address(address)
    assert where_in_words(Way.CODE, address) == f"Open {address} and use your access code:"


@pytest.mark.parametrize(
    "address",
    [
        "", "http://tap.mhs.com", "https://mhs", "javascript:alert(1)", "https://tap.mhs.com@evil.example",
        "https://a.example/\n\nhttps://b.example", "https://a.example/[x](https://b.example)", "https://é.example",
        "https://" + "a" * 200 + ".example",
    ],
)  # fmt: skip
def test_any_other_address_stays_out(address):
    assert not is_plain_address(address)
    assert where_in_words(Way.CODE, address) == "This is your access code:"


def test_a_way_in_says_what_is_what():
    assert way_in_words("", "K7QP", Way.CODE) == "K7QP"
    assert way_in_words("BF1", "sesame", Way.ACCOUNT) == "User ID: BF1\nPassword: sesame"
    assert way_in_words("", "https://a.example/i/1", Way.LINK) == "https://a.example/i/1"


@pytest.mark.parametrize("state", State)
def test_access_is_sent_while_somebody_has_to_answer(state):
    said = refusal_to_send(state, Program.ACTIVE, email="b@x.example", source=Source.STOCK, instrument="DiSC")
    assert (said is None) == (state in (State.SET_UP, State.ACCESS_SENT, State.IN_PROGRESS))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"program": Program.PAUSED}, "paused"),
        ({"program": Program.ENDED}, "over"),
        ({"program": Program.COMPLETED}, "over"),
        ({"email": ""}, "mail address"),
        ({"source": Source.NONE}, "No code for DiSC"),
        ({"program": Program.DRAFT}, None),
        ({"program": None}, None),
    ],
)
def test_what_keeps_access_from_leaving_is_said(given, word):
    usual = {"program": Program.ACTIVE, "email": "b@x.example", "source": Source.HELD, "instrument": "DiSC"}
    said = refusal_to_send(State.SET_UP, **(usual | given))
    assert word in said if word else said is None


CALM = Dates(send_on=day(30), due_on=day(20, 12), expected_on=day(1, 12), last_day=None, report_on=day(30))


@pytest.mark.parametrize(
    ("state", "dates", "todo"),
    [
        (State.SET_UP, CALM, None),
        (State.SET_UP, CALM._replace(send_on=TODAY), Todo.SEND),
        (State.SET_UP, CALM._replace(send_on=None), Todo.SEND),
        (State.ACCESS_SENT, CALM, None),
        (State.ACCESS_SENT, CALM._replace(due_on=day(30)), Todo.AT_RISK),
        (State.ACCESS_SENT, CALM._replace(due_on=day(30), last_day=day(7, 12)), Todo.EXPIRING),
        (State.IN_PROGRESS, CALM._replace(last_day=day(8, 12)), None),
        (State.IN_PROGRESS, CALM._replace(last_day=day(1)), Todo.EXPIRING),
        (State.COMPLETED, CALM, None),
        (State.COMPLETED, CALM._replace(report_on=TODAY), Todo.FETCH),
        (State.REPORT_IN, CALM, Todo.PACKAGE),
        (State.PACKAGED, CALM, None),
        (State.DEBRIEFED, CALM, Todo.RELEASE),
        (State.RELEASED, CALM, None),
        (State.CANCELLED, CALM, None),
    ],
)
def test_what_is_to_be_done_today(state, dates, todo):
    assert todo_of(state, dates, TODAY) == todo

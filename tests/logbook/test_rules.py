"""What stands in a log, by what name, and how it adds up."""

from datetime import date
from types import SimpleNamespace

import pytest

from coachbase.logbook.rules import (
    Answer,
    Held,
    Person,
    hours_in_words,
    log_of,
    period_in_words,
    refusal_to_record,
    row_of,
)

BOB, ANN, EVE = (
    Person(number, f"id{number}", name, f"{name}@x.example") for number, name in ((1, "Bob"), (2, "Ann"), (3, "Eve"))
)
PEOPLE = {person.id: person for person in (BOB, ANN, EVE)}
JAN, MAY = date(2026, 1, 5), date(2026, 5, 4)


def said(answer, organisation=""):
    return SimpleNamespace(answer=answer, organisation=organisation)


YES, LETTER, NO = said(Answer.NAME), said(Answer.LETTER, "Brightwater"), said(Answer.NO)


def alone(person, on=JAN, minutes=60, is_paid=True):
    return Held(on, minutes, is_paid, (person.id,))


def group(*people, on=JAN, minutes=90, is_paid=True, head_count=None, series="a"):
    ids = tuple(person.id for person in people)
    return Held(on, minutes, is_paid, ids, series, len(ids) if head_count is None else head_count)


def test_a_client_is_one_line_from_first_to_last_with_paid_and_pro_bono_hours():
    log = log_of([alone(BOB, MAY, 45), alone(BOB, JAN, 60), alone(BOB, JAN, 30, is_paid=False)], PEOPLE, {1: YES})
    (line,) = log.lines
    assert (line.name, line.contact, line.starts_on, line.ends_on) == ("Bob", "Bob@x.example", JAN, MAY)
    assert (line.paid, line.pro_bono) == (105, 30)
    assert (log.left_out, log.coached) == (0, {1})


@pytest.mark.parametrize("consents", [{}, {1: NO}])
def test_who_did_not_agree_is_left_out_and_counted(consents):
    log = log_of([alone(BOB), alone(BOB), alone(ANN)], PEOPLE, consents | {2: YES})
    assert [line.name for line in log.lines] == ["Ann"]
    assert (log.without, log.left_out, log.totals.all) == ({BOB: 2}, 2, 60)


def test_a_letter_stands_in_the_place_of_name_and_address():
    (line,) = log_of([alone(BOB)], PEOPLE, {1: LETTER}).lines
    assert (line.name, line.contact) == ("Brightwater (letter)", "")


def test_two_clients_of_one_letter_stay_two_lines():
    assert len(log_of([alone(BOB), alone(ANN)], PEOPLE, {1: LETTER, 2: LETTER}).lines) == 2


def test_a_groups_hours_count_once_and_one_who_agreed_stands_for_it():
    log = log_of([group(BOB, ANN, EVE), group(ANN, EVE, on=MAY)], PEOPLE, {2: LETTER, 3: YES})
    assert [(line.name, line.head_count, line.paid) for line in log.lines] == [("Eve", 3, 90), ("Eve", 2, 90)]
    assert log.totals == (180, 0, 0, 180)


def test_groups_of_one_size_and_series_are_one_line_and_others_are_not():
    sessions = [group(BOB, ANN), group(BOB, ANN, on=MAY), group(BOB, ANN, series="b")]
    lines = log_of(sessions, PEOPLE, {1: YES}).lines
    assert [(line.starts_on, line.ends_on, line.paid) for line in lines] == [(JAN, MAY, 180), (JAN, JAN, 90)]


def test_a_group_counts_all_who_were_there_also_those_the_reader_may_not_see():
    (line,) = log_of([group(BOB, head_count=6)], PEOPLE, {1: YES}).lines
    assert line.head_count == 6


def test_a_name_the_reader_may_not_see_stands_nowhere():
    held = Held(JAN, 60, True, (99, BOB.id), "a", 2)
    assert log_of([held], PEOPLE, {99: YES}).groups_without == 1
    assert log_of([held], PEOPLE, {99: YES, 1: YES}).lines[0].name == "Bob"


def test_groups_are_left_out_for_three_reasons():
    sessions = [group(BOB), group(head_count=0), group(BOB, head_count=16), group(BOB, head_count=15, series="c")]
    log = log_of(sessions, PEOPLE, {})
    assert (log.groups_without, log.groups_unmarked, log.groups_too_large, log.left_out) == (2, 1, 1, 2)
    assert not log.lines


def test_totals_tell_paid_from_pro_bono_and_alone_from_together():
    sessions = [
        alone(BOB, minutes=50),
        alone(BOB, minutes=10, is_paid=False),
        group(BOB, ANN, minutes=90, is_paid=False),
    ]
    log = log_of(sessions, PEOPLE, {1: YES})
    assert log.totals == (50, 100, 60, 90)
    assert log.totals.all == sum(line.minutes for line in log.lines)
    assert log.coached == {1, 2}


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0"), (60, "1"), (90, "1.5"), (50, "0.83"), (40, "0.67"), (45, "0.75"), (6000, "100"), (3, "0.05")],
)
def test_an_hour_is_sixty_minutes_and_less_counts_in_part(minutes, words):
    assert hours_in_words(minutes) == words


def test_many_short_sessions_are_rounded_once():
    log = log_of([alone(BOB, minutes=50)] * 6, PEOPLE, {1: YES})
    assert hours_in_words(log.totals.all) == "5"


def test_a_row_is_as_the_icf_asks_for_it():
    alone_row, group_row = (
        row_of(line) for line in log_of([alone(BOB), group(ANN, EVE)], PEOPLE, {1: YES, 2: YES}).lines[::-1]
    )
    assert alone_row == ("Bob", "Bob@x.example", "Individual", "", "2026-01-05", "2026-01-05", "1", "0", "60")
    assert group_row[2:4] == ("Group", "2")


@pytest.mark.parametrize(
    ("answer", "organisation", "on", "refused"),
    [
        (Answer.NAME, "", JAN, None),
        (Answer.NO, "", MAY, None),
        (Answer.LETTER, "Brightwater", JAN, None),
        (Answer.LETTER, "", JAN, "Which organisation"),
        (Answer.NAME, "", date(2026, 5, 5), "still to come"),
    ],
)
def test_a_consent_says_what_it_must(answer, organisation, on, refused):
    refusal = refusal_to_record(answer, organisation, on, MAY)
    assert (refusal is None) if refused is None else refused in refusal


def test_a_period_is_said_in_words():
    assert period_in_words(JAN, MAY) == "5 January 2026 to 4 May 2026"
    assert period_in_words(JAN, None) == "since 5 January 2026"
    assert period_in_words(None, MAY) == "up to 4 May 2026"
    assert period_in_words(None, None) == "all so far"

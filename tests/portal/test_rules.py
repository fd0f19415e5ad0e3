"""When somebody may be reminded, of what, and in which words: tables without a database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from coachbase.engagements.rules import Share, shares_in_words
from coachbase.portal.rules import (
    MOST,
    Ask,
    Reader,
    Thing,
    due_on,
    in_words,
    is_due,
    is_working_time,
    merged,
    next_reminder,
    progress,
)

LONDON, DUBAI, NEW_YORK, KOLKATA = "Europe/London", "Asia/Dubai", "America/New_York", "Asia/Kolkata"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def reader(zone: str = LONDON, email: str = "bob@b.example", page: tuple[str, str] = ("client", "1")) -> Reader:
    return Reader(email, "Bob", zone, page)


def thing(
    asked: str, *, zone: str = LONDON, words: str = "sign “A”", reminded: str = "", times: int = 0, **who
) -> Thing:
    return Thing(reader(zone, **who), words, at(asked), times, at(reminded) if reminded else None)


@pytest.mark.parametrize(
    ("now", "zone", "works"),
    [
        ("2026-11-23T09:00", LONDON, True),  # a Monday
        ("2026-11-23T08:59", LONDON, False),
        ("2026-11-23T16:59", LONDON, True),
        ("2026-11-23T17:00", LONDON, False),
        ("2026-11-21T12:00", LONDON, False),  # Saturday
        ("2026-11-22T12:00", LONDON, False),  # Sunday
        ("2026-11-22T23:30", "Pacific/Auckland", True),  # Monday there already
        ("2026-11-20T20:30", "Pacific/Auckland", False),  # Saturday there already
        ("2026-11-23T05:00", DUBAI, True),
        ("2026-11-23T04:59", DUBAI, False),
        ("2026-11-23T03:30", KOLKATA, True),
        ("2026-11-23T03:29", KOLKATA, False),
        ("2026-10-23T08:00", LONDON, True),  # summer time: nine o'clock there
        ("2026-10-26T08:00", LONDON, False),  # the Monday after the clocks went back
        ("2026-03-06T14:00", NEW_YORK, True),
        ("2026-03-06T13:30", NEW_YORK, False),
        ("2026-03-09T13:30", NEW_YORK, True),  # the Monday after they went forward
    ],
)
def test_working_hours_are_those_of_the_clock_on_the_wall(now, zone, works):
    assert is_working_time(at(now), zone) is works


@pytest.mark.parametrize(
    ("open_thing", "day"),
    [
        (thing("2026-11-23T15:00"), date(2026, 11, 26)),
        (thing("2026-11-23T21:00", zone=DUBAI), date(2026, 11, 27)),  # past midnight there
        (thing("2026-11-02T09:00", reminded="2026-11-23T16:55", times=1), date(2026, 11, 26)),
        (thing("2026-11-02T09:00", reminded="2026-11-23T09:00", times=3), date(2026, 11, 26)),
        (thing("2026-11-02T09:00", reminded="2026-11-23T09:00", times=MOST), None),
    ],
)
def test_after_three_days_and_then_every_three_and_four_times_at_most(open_thing, day):
    assert due_on(open_thing) == day


@pytest.mark.parametrize(
    ("open_thing", "now", "due"),
    [
        (thing("2026-11-23T15:00"), "2026-11-26T08:59", False),
        (thing("2026-11-23T15:00"), "2026-11-26T09:00", True),
        (thing("2026-11-23T15:00"), "2026-11-25T16:00", False),
        (thing("2026-11-19T15:00"), "2026-11-22T12:00", False),  # due on a Sunday
        (thing("2026-11-19T15:00"), "2026-11-23T09:00", True),  # so on Monday
        (thing("2026-11-02T15:00", reminded="2026-11-10T09:00", times=4), "2026-11-26T09:00", False),
    ],
)
def test_it_is_due_in_working_hours_only(open_thing, now, due):
    assert is_due(open_thing, at(now)) is due


@pytest.mark.parametrize(
    ("open_thing", "now", "day"),
    [
        (thing("2026-11-23T15:00"), "2026-11-24T10:00", date(2026, 11, 26)),
        (thing("2026-11-19T15:00"), "2026-11-20T10:00", date(2026, 11, 23)),  # not on the Sunday
        (thing("2026-11-09T15:00"), "2026-11-24T10:00", date(2026, 11, 24)),
        (thing("2026-11-09T15:00"), "2026-11-24T17:30", date(2026, 11, 25)),  # today is over
        (thing("2026-11-09T15:00"), "2026-11-20T18:00", date(2026, 11, 23)),  # and so is the week
        (thing("2026-11-09T15:00", times=4, reminded="2026-11-20T10:00"), "2026-11-24T10:00", None),
    ],
)
def test_the_next_reminder_is_told_as_a_working_day(open_thing, now, day):
    assert next_reminder(open_thing, at(now)) == day


@pytest.mark.parametrize("zone", [LONDON, DUBAI, NEW_YORK, KOLKATA, "Pacific/Auckland", "Pacific/Apia", "UTC"])
def test_on_the_day_that_is_told_and_never_before_it_becomes_due(zone):
    """Hour by hour over both changes of the clocks."""
    for asked in ("2026-03-05T15:00", "2026-10-22T15:00", "2026-11-20T22:00"):
        open_thing = thing(asked, zone=zone)
        told = next_reminder(open_thing, at(asked))
        moments = (at(asked) + timedelta(hours=hours) for hours in range(24 * 14))
        first = next(moment for moment in moments if is_due(open_thing, moment))
        assert first.astimezone(ZoneInfo(zone)).date() == told


def test_one_mail_names_all_that_is_open_with_a_person():
    sign = thing("2026-11-20T10:00")
    answer = thing("2026-11-19T10:00", words="answer “B”", email="BOB@b.example")
    assert merged([sign, answer]) == [[answer, sign]]


def test_two_pages_of_one_address_stay_two_mails():
    as_client = thing("2026-11-20T10:00")
    as_sponsor = thing("2026-11-19T10:00", page=("sponsor", "2"))
    assert merged([as_client, as_sponsor]) == [[as_sponsor], [as_client]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sign “A”"], "sign “A”"),
        (["sign “A”", "answer “B”"], "sign “A” and answer “B”"),
        (["sign “A”", "answer “B”", "answer “C”"], "sign “A”, answer “B” and answer “C”"),
        (["sign “A”", "sign “A”"], "sign “A” (2)"),
        ([], ""),
    ],
)
def test_what_is_open_in_words(words, said):
    assert in_words(thing("2026-11-20T10:00", words=each) for each in words) == said


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ((), ""),
        ((Share.SESSIONS,), "Sessions held and planned"),
        ((Share.SESSIONS, Share.GOALS), "Sessions held and planned, and the goals agreed together"),
        (
            (Share.SESSIONS, Share.PHASE, Share.GOALS),
            "Sessions held and planned, the phase the program is in, and the goals agreed together",
        ),
    ],
)
def test_what_is_shared_reads_as_a_sentence(shares, said):
    assert shares_in_words(shares) == said


def test_progress_counts_what_is_done():
    def ask(**state):
        return Ask("sign", "1", "A", "", "Sign", **state)

    asks = [ask(done_at=at("2026-11-20T10:00")), ask(), ask(waits=True)]
    assert progress(asks) == (1, 3)
    assert [each.is_open for each in asks] == [False, True, False]

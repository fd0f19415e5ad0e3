"""Words for times and places, what two calendar files have in common, and when a reminder is due."""

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from coachbase.invitations.rules import (
    Guest,
    Meeting,
    Method,
    calendar_file,
    day_in_words,
    essence,
    is_reminded,
    time_in_words,
)
from coachbase.sessions.rules import Role, place_in_words

THURSDAY = datetime(2026, 12, 3, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "beside", "words"),
    [
        ("Europe/London", "", "Thursday 3 December 2026, 9:00–10:00 London time (GMT)"),
        ("Europe/London", "Europe/Lisbon", "Thursday 3 December 2026, 9:00–10:00 London time (GMT)"),
        ("UTC", "Europe/Berlin", "Thursday 3 December 2026, 9:00–10:00 UTC, which is 10:00 in Berlin (CET)"),
        ("Asia/Kolkata", "", "Thursday 3 December 2026, 14:30–15:30 Kolkata time (IST)"),
        (
            "America/Sao_Paulo",
            "Australia/Lord_Howe",
            "Thursday 3 December 2026, 6:00–7:00 Sao Paulo time (UTC−3), which is 20:00 in Lord Howe (UTC+11)",
        ),
        (
            "Pacific/Honolulu",
            "Asia/Kathmandu",
            "Wednesday 2 December 2026, 23:00–0:00 Honolulu time (HST), which is Thursday 14:45 in Kathmandu"
            " (UTC+5:45)",
        ),
    ],
)
def test_a_time_is_told_by_the_readers_clock_and_the_others_beside(zone, beside, words):
    assert time_in_words(THURSDAY, THURSDAY + HOUR, zone, beside) == words


def test_summer_time_is_told_as_such():
    assert time_in_words(
        datetime(2026, 7, 2, 9, tzinfo=UTC), datetime(2026, 7, 2, 10, tzinfo=UTC), "Europe/London"
    ) == ("Thursday 2 July 2026, 10:00–11:00 London time (BST)")
    assert day_in_words(THURSDAY, "Asia/Dubai") == "Thursday 3 December, 13:00"


@pytest.mark.parametrize(
    ("kind", "place", "words"),
    [
        ("video", "https://meet.example/alice", "https://meet.example/alice"),
        ("video", "Zoom 123 456", "Video call: Zoom 123 456"),
        ("phone", "+44 20 7946 0000", "Phone: +44 20 7946 0000"),
        ("room", "Maple, second floor", "Maple, second floor"),
        ("", "", ""),
        ("video", "", ""),
    ],
)
def test_a_place_is_told_by_what_it_is(kind, place, words):
    assert place_in_words(kind, place) == words


MEETING = Meeting("a@b", THURSDAY, THURSDAY + HOUR, "video", "https://meet.example/alice")
BOB = Guest("Bob Haddad", "bob@x.example", "Asia/Dubai", Role.CLIENT, "Bob", "A session", "A session")


def file_for(guest=BOB, meeting=MEETING, *, sequence=0, stamp=THURSDAY, method=Method.REQUEST):
    return calendar_file(meeting, guest, method, sequence=sequence, stamp=stamp)


def test_two_files_that_differ_in_edition_alone_are_the_same_news():
    assert essence(file_for()) == essence(file_for(sequence=7, stamp=THURSDAY + HOUR))
    elsewhere = Meeting("a@b", THURSDAY, THURSDAY + HOUR, "room", "Maple")
    assert essence(file_for()) != essence(file_for(meeting=elsewhere))
    assert essence(file_for()) != essence(file_for(method=Method.CANCEL))


NASTY = (
    'Bob "the builder"; x, y: z',
    "Bob\r\nATTENDEE:mailto:mallory@x.example",
    "Bob\nEND:VEVENT\nBEGIN:VEVENT",
    "ボブ" * 60,
    "Bob\\n\\;\\,^n^'",
    "Bob\0\x07\u2028\ud800\u202e",
    "",
)


@pytest.mark.parametrize("name", NASTY, ids=range(len(NASTY)))
def test_no_name_and_no_place_breaks_out_of_its_line(name):
    guest = Guest(name, "bob@x.example", "Asia/Dubai", Role.CLIENT, name, name, name)
    place = Meeting("a@b", THURSDAY, THURSDAY + HOUR, "room", name)
    file = file_for(guest, place)
    (event,) = Calendar.from_ical(file).walk("VEVENT")
    assert event["ATTENDEE"] == "mailto:bob@x.example"
    assert file.count("\r\nATTENDEE") == 1
    assert file.count("END:VEVENT\r\n") == 1
    assert max(len(line.encode()) for line in file.split("\r\n")) <= 75


def test_what_is_no_web_address_becomes_no_link():
    for place in ("javascript:alert(1)", "https://meet.example/a b", "Zoom"):
        assert "\r\nURL" not in file_for(meeting=Meeting("a@b", THURSDAY, THURSDAY + HOUR, "video", place))


@pytest.mark.parametrize(
    ("told", "before", "due"),
    [(48, 25, False), (48, 24, True), (48, 3, True), (48, 2, False), (48, -1, False), (30, 24, True), (29, 24, False)],
)
def test_a_reminder_is_due_from_the_day_before_unless_one_just_heard_of_it(told, before, due):
    assert is_reminded(THURSDAY, THURSDAY - told * HOUR, THURSDAY - before * HOUR) is due

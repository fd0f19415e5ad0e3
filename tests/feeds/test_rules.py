from datetime import UTC, datetime, timedelta

import pytest

from coachbase.feeds.rules import (
    Health,
    NotACalendar,
    busy_in,
    calendars_in,
    health,
    is_unknown,
    next_time,
    refusal_of_address,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FIRST, LAST = NOW - timedelta(days=2), NOW + timedelta(days=60)


def calendar(*events: str) -> str:
    body = "".join(f"BEGIN:VEVENT\r\n{event.strip()}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{body}END:VCALENDAR\r\n"


def event(**lines: str) -> str:
    known = {"UID": "1", "DTSTAMP": "20260101T000000Z"} | {name.replace("_", "-"): lines[name] for name in lines}
    return "\r\n".join(f"{name}{value if value.startswith(';') else ':' + value}" for name, value in known.items())


def read(*events: str, zone: str = "Europe/London"):
    return busy_in(calendar(*events), FIRST, LAST, zone, ours="@desk.example")


def times(*events: str, zone: str = "Europe/London") -> list[str]:
    return [f"{each.begins:%d.%m. %H:%M}–{each.ends:%H:%M}" for each in read(*events, zone=zone).busy]


TEN = {"DTSTART": "20261125T100000Z", "DTEND": "20261125T110000Z"}
WEEKLY = event(DTSTART=";TZID=Europe/Berlin:20261124T090000", DURATION="PT1H", RRULE="FREQ=WEEKLY;COUNT=3")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([event(**TEN)], ["25.11. 10:00–11:00"]),
        ([event(**TEN, TRANSP="TRANSPARENT")], []),
        ([event(**TEN, STATUS="CANCELLED")], []),
        ([event(**TEN, X_MICROSOFT_CDO_BUSYSTATUS="FREE")], []),
        ([event(**TEN, STATUS="TENTATIVE")], ["25.11. 10:00–11:00"]),
        ([event(**TEN | {"UID": "01ABC@desk.example"})], []),
        ([event(**TEN), event(**TEN | {"UID": "2"})], ["25.11. 10:00–11:00"]),
        ([event(DTSTART="20261125T100000", DTEND="20261125T110000")], ["25.11. 10:00–11:00"]),
        ([event(DTSTART=";TZID=W. Europe Standard Time:20261125T100000", DURATION="PT1H")], ["25.11. 09:00–10:00"]),
        ([event(DTSTART=";TZID=Customized Time Zone:20261125T100000", DURATION="PT1H")], ["25.11. 10:00–11:00"]),
        ([event(DTSTART=";VALUE=DATE:20261125")], ["25.11. 00:00–00:00"]),
        ([event(DTSTART="20261125T100000Z")], []),
        ([event(DTSTART="20261125T100000Z", DTEND="20261125T090000Z")], ["25.11. 09:00–10:00"]),
        ([event(DTSTART="20200101T100000Z", DTEND="20200101T110000Z")], []),
        ([WEEKLY], ["24.11. 08:00–09:00", "01.12. 08:00–09:00", "08.12. 08:00–09:00"]),
        ([WEEKLY + "\r\nEXDATE;TZID=Europe/Berlin:20261201T090000"], ["24.11. 08:00–09:00", "08.12. 08:00–09:00"]),
        (
            [
                WEEKLY,
                event(
                    RECURRENCE_ID=";TZID=Europe/Berlin:20261201T090000",
                    DTSTART=";TZID=Europe/Berlin:20261202T150000",
                    DURATION="PT30M",
                    SEQUENCE="1",
                ),
            ],
            ["24.11. 08:00–09:00", "02.12. 14:00–14:30", "08.12. 08:00–09:00"],
        ),
        (
            [
                WEEKLY,
                event(
                    RECURRENCE_ID=";TZID=Europe/Berlin:20261201T090000",
                    DTSTART=";TZID=Europe/Berlin:20261201T090000",
                    DURATION="PT1H",
                    STATUS="CANCELLED",
                ),
            ],
            ["24.11. 08:00–09:00", "08.12. 08:00–09:00"],
        ),
    ],
)
def test_what_keeps_its_owner_busy(events, expected):
    assert times(*events) == expected


def test_a_floating_time_and_a_whole_day_are_the_owners():
    floating = event(DTSTART="20261125T100000", DTEND="20261125T110000")
    assert times(floating, zone="Asia/Kolkata") == ["25.11. 04:30–05:30"]
    assert times(event(DTSTART=";VALUE=DATE:20261125"), zone="America/New_York") == ["25.11. 05:00–05:00"]


def test_a_recurring_time_keeps_its_wall_clock_over_the_change():
    every_day = event(DTSTART=";TZID=America/New_York:20261030T090000", DURATION="PT1H", RRULE="FREQ=DAILY;COUNT=5")
    found = busy_in(calendar(every_day), NOW - timedelta(days=60), NOW, "Europe/London", ours="@x")
    assert [f"{each.begins:%H}" for each in found.busy] == ["13", "13", "14", "14", "14"]


def test_an_unknown_zone_is_said():
    said = read(event(DTSTART=";TZID=Customized Time Zone:20261125T100000", DURATION="PT1H")).warnings
    assert said == ["The time zone “Customized Time Zone” is not known; its events are read as Europe/London."]


@pytest.mark.parametrize("name", ["Europe", "America/Argentina", "../../etc/passwd", "/etc", "x" * 5000, "\0", ".."])
def test_a_zone_that_is_no_zone_but_may_be_a_file_hides_no_other_event(name):
    hostile = event(**TEN | {"UID": "2"} | {"DTSTART": f";TZID={name}:20261125T150000"})
    found = read(hostile, event(**TEN))
    assert (found.busy[0].begins, bool(found.warnings)) == (datetime(2026, 11, 25, 10, tzinfo=UTC), True)


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=5", "FREQ=DAILY;BYSECOND=1,2,3", "FREQ=DAILY;INTERVAL=0"]
)
def test_what_repeats_every_minute_is_left_out_and_said(rule):
    found = read(event(**TEN | {"UID": "2"}, RRULE=rule), event(**TEN))
    assert len(found.busy) == 1
    assert found.warnings == ["An event that repeats every minute or second was left out."]


@pytest.mark.parametrize(
    ("rule", "begun", "is_read"),
    [
        ("FREQ=HOURLY", "20251125", True),
        ("FREQ=HOURLY", "20101125", False),
        ("FREQ=DAILY", "19301125", True),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "20201125", False),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4,6", "20201125", False),
        ("FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=-1", "20201125", True),
    ],
)
def test_a_series_that_would_take_minutes_is_left_out_and_said(rule, begun, is_read):
    found = read(event(DTSTART=f"{begun}T100000Z", DURATION="PT1H", RRULE=rule))
    assert (bool(found.busy), bool(found.warnings)) == (is_read, not is_read)


def test_a_series_that_is_damaged_hides_no_other_event():
    assert times(event(**TEN | {"UID": "2"}, RRULE="FREQ=NEVER"), event(**TEN)) == ["25.11. 10:00–11:00"]


WHOLE = calendar(event(**TEN))


@pytest.mark.parametrize("text", ["", "<html>", "BEGIN:VCALENDAR", WHOLE[:-20], WHOLE[:-60]])
def test_what_is_no_calendar_gets_a_sentence(text):
    with pytest.raises(NotACalendar, match=r"\.$"):
        busy_in(text, FIRST, LAST, "Europe/London", ours="@x")


XML_OF_LITTLE = (
    '<?xml version="1.0" encoding="%s"?><!DOCTYPE a [<!ENTITY b "BEGIN:VCALENDAR">]><multistatus xmlns="DAV:">'
    '<calendar-data xmlns="urn:ietf:params:xml:ns:caldav">&b;</calendar-data></multistatus>'
)
"""What would become large; nine megabytes of it became 282 in half a second, in an encoding nobody looked into."""


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        (XML_OF_LITTLE % "utf-8").encode(),
        (XML_OF_LITTLE % "utf-16").encode("utf-16"),
        (XML_OF_LITTLE % "utf-16").replace("<!DOC", f"<!--{' ' * 3000}--><!DOC").encode("utf-16"),
        b'<multistatus xmlns="urn:other"/>',
        b"\xff\xfe",
    ],
)
def test_what_is_no_answer_of_a_calendar_server_gets_a_sentence(answer):
    with pytest.raises(NotACalendar, match=r"\.$"):
        calendars_in(answer)


@pytest.mark.parametrize(
    ("hours", "answer", "expected"),
    [
        (None, "", Health.WAITING),
        (None, "It took too long.", Health.UNKNOWN),
        (1, "", Health.FRESH),
        (1, "It took too long.", Health.FAILING),
        (7, "", Health.UNKNOWN),
        (7, "It took too long.", Health.UNKNOWN),
    ],
)
def test_how_far_to_trust_it(hours, answer, expected):
    ok_at = None if hours is None else NOW - timedelta(hours=hours)
    assert health(ok_at, answer, NOW) is expected
    assert is_unknown(ok_at, NOW) == (hours is None or hours > 6)


def test_a_calendar_that_fails_is_asked_less_and_less_often():
    assert [next_time(NOW, count) - NOW for count in (0, 1, 2, 3, 99)] == [
        timedelta(minutes=minutes) for minutes in (15, 30, 60, 120, 120)
    ]


@pytest.mark.parametrize(
    ("address", "is_fine"),
    [
        ("https://cal.example/a.ics", True),
        ("webcal://cal.example/a.ics", True),
        ("http://localhost:5232/alice/", True),
        ("ftp://cal.example/a.ics", False),
        ("cal.example/a.ics", False),
        ("https://", False),
        ("https://bob:secret@cal.example/", False),
        ("https://cal.example:99999/", False),
        ("https://cal.example/\x00", False),
        ("https://[", False),
    ],
)
def test_addresses(address, is_fine):
    assert (refusal_of_address(address) is None) == is_fine

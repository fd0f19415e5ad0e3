"""The calendar files byte for byte as they leave, beside those in golden/; and a real calendar server's opinion.

After a change that is meant: `GOLDEN=write pytest tests/invitations/test_golden.py`, and read the difference.
"""

import os
import re
from pathlib import Path

import pytest
from icalendar import Calendar

from coachbase.availability.rules import SessionKind
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import Attendee, CoachingSession
from tests.invitations.conftest import FRIDAY, THURSDAY, file_of, to

GOLDEN = Path(__file__).parent / "golden"
LONGEST_LINE = 75
UID = "0123456789ABCDEFGHJKMNPQRS"
"""Stands in the files for the session's id, which is another one each time."""


def compare(name: str, file: str, session: CoachingSession) -> None:
    file = file.replace(session.public_id, UID)
    path = GOLDEN / f"{name}.ics"
    if os.environ.get("GOLDEN") == "write":
        path.write_bytes(file.encode())
    assert file.encode() == path.read_bytes()


def by_the_book(file: str) -> None:
    """RFC 5545: CRLF alone, lines of 75 octets, one METHOD outside the event; RFC 5546: one attendee."""
    assert "\n" not in file.replace("\r\n", "")
    assert "\r" not in file.replace("\r\n", "")
    assert max(len(line.encode()) for line in file.split("\r\n")) <= LONGEST_LINE
    calendar = Calendar.from_ical(file)
    (event,) = calendar.walk("VEVENT")
    assert "METHOD" in calendar
    assert "METHOD" not in event
    assert len(re.findall(r"\r\nATTENDEE", file)) == 1
    assert event["ORGANIZER"] == "mailto:desk@northbank.example"
    assert str(event["DTSTART"].dt.tzinfo) == str(event["DTEND"].dt.tzinfo) == "UTC"
    for name in ("UID", "SEQUENCE", "DTSTAMP", "SUMMARY", "DESCRIPTION", "LOCATION", "STATUS", "TRANSP"):
        assert name in event
    assert calendar.to_ical(sorted=False).decode() == file, "what is read back is what was written"


def test_the_life_of_a_session_in_calendar_files(book, move, cancel, leave, cast):
    """Created, moved, elsewhere, cancelled: one UID, growing SEQUENCE, nothing else that differs by chance."""
    session = book()
    for name, change in (
        ("create", lambda: None),
        ("move", lambda: move(session, FRIDAY)),
        ("move_place", lambda: scheduling.place(session, "phone", "+44 20 7946 0000", by=cast.vera)),
        ("cancel", lambda: cancel(session)),
    ):
        change()
        file = file_of(to(leave(), "Bob"))
        by_the_book(file)
        compare(name, file, session)


def test_one_attendee_withdrawn(frozen, eight, cast, leave):
    session = scheduling.book(
        cast.alice, SessionKind.GROUP, THURSDAY, 90, via=Via.SEAT, members=eight,
        title="Führen; mit, Mut — 勇気をもって人を率いる", despite="a test", by=cast.vera,
    )  # fmt: skip
    for letter in leave():
        by_the_book(file_of(letter))
    scheduling.leave(Attendee.get(Attendee.client == eight[3]), by=cast.vera)
    (letter,) = leave()
    by_the_book(file_of(letter))
    compare("withdraw", file_of(letter), session)


@pytest.mark.parametrize("name", ["create", "move", "move_place", "cancel", "withdraw"])
def test_each_file_tells_what_happened(name):
    calendar = Calendar.from_ical((GOLDEN / f"{name}.ics").read_bytes())
    (event,) = calendar.walk("VEVENT")
    gone = name in ("cancel", "withdraw")
    assert (calendar["METHOD"], event["STATUS"]) == (("CANCEL", "CANCELLED") if gone else ("REQUEST", "CONFIRMED"))
    assert event["SEQUENCE"] == {"create": 0, "move": 1, "move_place": 2, "cancel": 3, "withdraw": 1}[name]
    assert event["DTSTART"].dt == (THURSDAY if name in ("create", "withdraw") else FRIDAY)
    assert ("URL" in event) == (name in ("create", "move", "withdraw"))


def stored(file: str) -> str:
    """As a calendar program stores what came by mail: without the METHOD (RFC 4791, 4.1)."""
    return re.sub(r"METHOD:[A-Z]+\r\n", "", file)


def test_a_real_calendar_server_keeps_what_we_write(radicale, book, move, leave):
    session = book()
    work = radicale.make_calendar("invitations")
    radicale.put(work, session.uid, stored(file_of(to(leave(), "Bob"))))
    (event,) = Calendar.from_ical(radicale.get(work, session.uid)).walk("VEVENT")
    assert (event["UID"], event["DTSTART"].dt, event["SEQUENCE"]) == (session.uid, THURSDAY, 0)
    assert event["LOCATION"] == "https://meet.example/alice"
    assert "which is 9:00 in London (GMT)" in event["DESCRIPTION"]
    move(session, FRIDAY)
    radicale.put(work, session.uid, stored(file_of(to(leave(), "Bob"))))
    assert session.uid not in radicale.report(work, "20261203T000000Z", "20261204T000000Z")
    assert session.uid in radicale.report(work, "20261204T000000Z", "20261205T000000Z")

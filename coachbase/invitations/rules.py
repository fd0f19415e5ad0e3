"""Calendar files by the book (RFC 5545, 5546, 6047), when somebody is reminded, and which answer counts."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ..availability.rules import PlaceKind
from ..feeds.rules import zone_called
from ..firm.rules import city_of
from ..mail.rules import one_line, plain_value
from ..sessions.rules import Attendance, Role, is_address, place_in_words

PRODID = "-//coachbase//Sessions//EN"
REMINDED_BEFORE = timedelta(hours=24)
TOO_LATE_BEFORE = timedelta(hours=2)
"""So shortly before a session a reminder only disturbs."""
FRESH = timedelta(hours=6)
"""Who heard of a session so shortly before the reminder would be due needs none."""


class Method(StrEnum):
    """RFC 5546: what a calendar file asks of the program that reads it."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    REPLY = "REPLY"
    COUNTER = "COUNTER"
    PUBLISH = "PUBLISH"


class ReminderKind(StrEnum):
    DAY_BEFORE = "day_before"


@dataclass(frozen=True)
class Meeting:
    """What a calendar event tells of a session, whoever reads it."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    place_kind: str
    place: str


@dataclass(frozen=True)
class Guest:
    """Somebody who is told of a session, and how it is called towards them.

    `part` is None for who keeps another's dates: she comes not, so her file has no attendee. `beside` is the zone of
    the other party. `what` names the session in a mail, `summary` in a calendar, which others may look at.
    """

    name: str
    email: str
    zone: str
    part: Role | None
    called: str
    what: str
    summary: str
    beside: str = ""
    answer: Attendance = Attendance.NEEDS_ACTION


# A time and a place in words ------------------------------------------------------------------------------------------


def day_in_words(moment: datetime, zone: str) -> str:
    """'Thursday 3 December, 13:00'."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%A} {local.day} {local:%B}, {_clock(local)}"


def time_in_words(starts_at: datetime, ends_at: datetime, zone: str, beside: str = "") -> str:
    """'Thursday 3 December 2026, 13:00–14:00 Dubai time (UTC+4), which is 9:00 in London (GMT)'."""
    local = starts_at.astimezone(ZoneInfo(zone))
    until = ends_at.astimezone(ZoneInfo(zone))
    there = f"{city_of(zone)} time ({_abbreviation(local)})" if "/" in zone else _abbreviation(local)
    words = f"{local:%A} {local.day} {local:%B} {local.year}, {_clock(local)}–{_clock(until)} {there}"
    other = starts_at.astimezone(ZoneInfo(beside)) if beside else local
    if other.utcoffset() == local.utcoffset():
        return words
    other_day = f"{other:%A} " if other.date() != local.date() else ""
    return f"{words}, which is {other_day}{_clock(other)} in {city_of(beside)} ({_abbreviation(other)})"


def _clock(local: datetime) -> str:
    return f"{local.hour}:{local:%M}"


def _abbreviation(local: datetime) -> str:
    """'GMT'; zones without one of their own are told by their distance: 'UTC+5:30'."""
    name = local.tzname() or ""
    if name.isalpha():
        return name
    minutes = round((local.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes >= 0 else '−'}{hours}" + (f":{rest:02d}" if rest else "")


# Calendar files -------------------------------------------------------------------------------------------------------


def calendar_file(meeting: Meeting, guest: Guest, method: Method, *, sequence: int, stamp: datetime) -> str:
    """One event for one reader. The organizer is put in when the mail leaves (mail.tasks)."""
    from icalendar import Event  # noqa: PLC0415 (heavy)

    event = Event()
    event.add("UID", meeting.uid)
    event.add("SEQUENCE", sequence)
    event.add("DTSTAMP", stamp.astimezone(UTC))
    event.add("DTSTART", meeting.starts_at.astimezone(UTC))
    event.add("DTEND", meeting.ends_at.astimezone(UTC))
    event.add("SUMMARY", plain_value(guest.summary))
    event.add("DESCRIPTION", f"{_when(meeting, guest)}\n{_where(meeting)}")
    _add_place(event, meeting)
    if guest.part is not None:
        event.add("ATTENDEE", _attendee(guest))
    event.add("STATUS", "CANCELLED" if method is Method.CANCEL else "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT" if method is Method.CANCEL else "OPAQUE")
    return _in_calendar([event], method)


def _add_place(event: Any, meeting: Meeting) -> None:
    event.add("LOCATION", _where(meeting))
    if meeting.place_kind == PlaceKind.VIDEO and is_address(meeting.place):
        event.add("URL", meeting.place.strip())


def _when(meeting: Meeting, guest: Guest) -> str:
    return time_in_words(meeting.starts_at, meeting.ends_at, guest.zone, guest.beside)


def _where(meeting: Meeting) -> str:
    return one_line(place_in_words(meeting.place_kind, meeting.place))


def _attendee(guest: Guest) -> Any:
    from icalendar import vCalAddress  # noqa: PLC0415 (heavy)

    attendee = vCalAddress(f"mailto:{one_line(guest.email)}")
    attendee.params["CN"] = plain_value(guest.name).replace('"', "’")
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "CHAIR" if guest.part is Role.COACH else "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = guest.answer.upper()
    attendee.params["RSVP"] = "TRUE"
    return attendee


def _in_calendar(events: list[Any], method: Method, name: str = "") -> str:
    from icalendar import Calendar  # noqa: PLC0415 (heavy)

    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", method.value)
    if name:
        calendar.add("X-WR-CALNAME", plain_value(name))
        calendar.add("REFRESH-INTERVAL", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for event in events:
        calendar.add_component(event)
    return calendar.to_ical(sorted=False).decode()


def essence(file: str) -> list[str]:
    """What a file says to its reader: two that differ in nothing else are the same news."""
    return [line for line in _lines(file) if not line.startswith(("SEQUENCE", "DTSTAMP", "ATTENDEE"))]


def written(file: str, name: str) -> str:
    """The value of a property in a file of ours; '' without it."""
    start = f"{name}:"
    return next((line.removeprefix(start) for line in _lines(file) if line.startswith(start)), "")


def asks_anew(file: str) -> bool:
    """Whether its reader is asked whether the time suits, whatever was answered before."""
    return any(line.startswith("ATTENDEE") and "PARTSTAT=NEEDS-ACTION" in line for line in _lines(file))


def _lines(file: str) -> list[str]:
    return re.sub(r"\r?\n[ \t]", "", file).splitlines()


# Feeds ----------------------------------------------------------------------------------------------------------------


class Feed(StrEnum):
    """The kinds of links to a calendar by address: what it tells of each session is part of the key."""

    CLIENT = "feed_client"
    BUSY = "feed_coach"
    INITIALS = "feed_coach_initials"


OF_COACH = (Feed.BUSY, Feed.INITIALS)
FEED_LABELS = {
    Feed.BUSY: "“Busy” alone",
    Feed.INITIALS: "initials and place",
}
FEED_LASTS = timedelta(days=5 * 365)
SHOWN_SINCE = timedelta(days=90)
"""How far back a feed reaches."""


def summary_in_feed(feed: Feed, label: str, person: str) -> str:
    """'Busy', 'Coaching session with B. H.'; `person` is who is coached, '' for a group."""
    if feed is Feed.BUSY:
        return "Busy"
    initials = " ".join(f"{word[0].upper()}." for word in person.split())
    return f"{label} with {initials}" if initials else label


def feed_event(meeting: Meeting, summary: str, *, sequence: int, stamp: datetime, is_busy_only: bool) -> Any:
    """One session in a feed. Its stamp is the session's own, so that a feed in which nothing changed is the same."""
    from icalendar import Event  # noqa: PLC0415 (heavy)

    event = Event()
    event.add("UID", meeting.uid)
    event.add("SEQUENCE", sequence)
    event.add("DTSTAMP", stamp.astimezone(UTC))
    event.add("DTSTART", meeting.starts_at.astimezone(UTC))
    event.add("DTEND", meeting.ends_at.astimezone(UTC))
    event.add("SUMMARY", plain_value(summary))
    if not is_busy_only:
        _add_place(event, meeting)
    event.add("STATUS", "CONFIRMED")
    event.add("TRANSP", "OPAQUE")
    return event


def feed_file(name: str, events: list[Any]) -> str:
    """A whole calendar to subscribe to."""
    return _in_calendar(events, Method.PUBLISH, name)


# Reminders ------------------------------------------------------------------------------------------------------------


def is_reminded(starts_at: datetime, told_at: datetime, now: datetime) -> bool:
    """Whether somebody who last heard of a session at `told_at` is to be reminded at this moment."""
    opens = starts_at - REMINDED_BEFORE
    return opens <= now < starts_at - TOO_LATE_BEFORE and told_at <= opens - FRESH


# Answers --------------------------------------------------------------------------------------------------------------

LONGEST_REPLY, LONGEST_FILE = 300_000, 60_000
"""Bytes of a mail that answers an invitation, and of the calendar file in it."""
MOST_PARTS = 40
_ANSWERS = {"ACCEPTED": Attendance.ACCEPTED, "TENTATIVE": Attendance.TENTATIVE, "DECLINED": Attendance.DECLINED}
ANSWERED = {
    Attendance.ACCEPTED: "accepted",
    Attendance.TENTATIVE: "may come to",
    Attendance.DECLINED: "declined",
}
"""What somebody did, in front of the session's name."""


class Reply(NamedTuple):
    """Who answers what to which edition of which event; `at` is when, by the answering program's clock.

    `sender` is who sent the mail it came in: None for a file alone, '' when the mail does not tell. `is_counter` when
    another time is proposed (RFC 5546, 3.2.7): `proposed`, None when it cannot be read.
    """

    uid: str
    sequence: int
    at: datetime | None
    email: str
    answer: Attendance
    sender: str | None = None
    is_counter: bool = False
    proposed: datetime | None = None


def read_reply(content: bytes) -> Reply | str:
    """What an answer to an invitation says, a calendar file or the whole mail; a sentence when it is none."""
    if len(content) > LONGEST_REPLY:
        return "That is too long to be an answer to an invitation."
    file = _file_in(content)
    if file is None:
        return "There is no calendar file in it. Copy the whole mail, or the file that came with it."
    if len(file) > LONGEST_FILE:
        return "The calendar file in it is too long to be an answer to an invitation."
    told = _first_event(file.decode("utf-8", "replace"))
    method = told.get("METHOD", ("",))[0].upper()
    if method not in (Method.REPLY, Method.COUNTER):
        return "The calendar file in it is no answer to an invitation."
    email, parameters = told.get("ATTENDEE", ("", {}))
    answer = _ANSWERS.get(str(parameters.get("PARTSTAT", "")).upper())
    if method == Method.COUNTER:
        answer = answer or Attendance.TENTATIVE  # who proposes another time would come, and says so or not
    if "UID" not in told or answer is None:
        return "The answer in it says neither yes nor no nor perhaps."
    sequence = told.get("SEQUENCE", ("0",))[0]
    return Reply(
        uid=told["UID"][0],
        sequence=int(sequence) if re.fullmatch(r"[0-9]{1,9}", sequence) else 0,
        at=_moment(told.get("DTSTAMP", ("",))[0]),
        email=re.sub(r"(?i)^mailto:", "", email).strip(),
        answer=answer,
        sender=_sender_of(content),
        is_counter=method == Method.COUNTER,
        proposed=_proposed(*told.get("DTSTART", ("", {}))),
    )


LONGEST_SENDER = 300
"""Letters in the From of a mail; a parser that follows brackets in brackets goes no further."""


def _sender_of(content: bytes) -> str | None:
    """The address in the From of a mail, of the outermost when it holds others; '' for none, or for several."""
    if content.lstrip().startswith(b"BEGIN:VCALENDAR"):
        return None
    senders = [str(each)[:LONGEST_SENDER] for each in BytesHeaderParser().parsebytes(content).get_all("From", [])]
    found = [address for _, address in getaddresses(senders[:2])]
    return found[0].strip() if len(found) == 1 else ""


def _proposed(text: str, parameters: Mapping[str, Any]) -> datetime | None:
    """The moment in a DTSTART: in UTC, or on the clock of a zone that is known by name, also by Microsoft's."""
    moment = _moment(text)
    if moment is None or text.endswith("Z"):
        return moment
    zone = zone_called(str(parameters.get("TZID", "")).strip('"'))
    try:
        return moment.replace(tzinfo=zone).astimezone(UTC) if zone else None
    except OverflowError:  # the first or the last day of all time
        return None


def _file_in(content: bytes) -> bytes | None:
    """The calendar file itself, or the one in a mail."""
    start = content.find(b"BEGIN:VCALENDAR")
    if content[:start].isspace() or start == 0:
        return content[start:]
    try:
        return _enclosed(content) or (content[start:] if start > 0 else None)
    except RecursionError:  # mails in mails in mails: nobody answers like that
        return None


def _enclosed(mail: bytes) -> bytes | None:
    for number, each in enumerate(message_from_bytes(mail).walk()):
        if number == MOST_PARTS:
            return None
        if each.get_content_type() in ("text/calendar", "application/ics"):
            payload = each.get_payload(decode=True)
            if isinstance(payload, bytes) and b"BEGIN:VCALENDAR" in payload:
                return payload
    return None


def _first_event(file: str) -> dict[str, tuple[str, Any]]:
    """The calendar's own properties and those of its first event: value and parameters by name, the first of each.

    Read line by line, so that nonsense elsewhere in the file does no harm.
    """
    from icalendar.parser import Contentline  # noqa: PLC0415 (heavy)

    found: dict[str, tuple[str, Any]] = {}
    inside: list[str] = []
    for line in _lines(file):
        try:
            name, parameters, value = Contentline(line).parts()
        except ValueError:
            continue
        name = name.upper()
        if name == "BEGIN":
            inside.append(value.upper())
        elif name == "END" and inside:
            if inside.pop() == "VEVENT":
                return found
        elif inside in (["VCALENDAR"], ["VCALENDAR", "VEVENT"]):
            found.setdefault(name, (str(value), parameters))
    return found


def _moment(text: str) -> datetime | None:
    found = re.fullmatch(r"([0-9]{8}T[0-9]{6})Z?", text)
    try:
        return datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if found else None
    except ValueError:  # the 32nd of a month
        return None


PROPOSED_WITHIN = timedelta(days=730)


FIND = "Find another time: "


def sentence_of(reply: Reply, name: str, what: str, starts_at: datetime, zone: str, now: datetime) -> tuple[str, str]:
    """What was answered, and what is to be done now: '' for nothing. `zone` is the one that days are told in.

    ('Bob Haddad declined Coaching session on Thursday 3 December, 9:00', 'Find another time: Bob Haddad declined …')
    """
    of = day_in_words(starts_at, zone)
    if not reply.is_counter:
        find = f"{FIND}{name} declined {of}" if reply.answer is Attendance.DECLINED else ""
        return f"{name} {ANSWERED[reply.answer]} {what}", find
    is_near = reply.proposed is not None and now < reply.proposed < now + PROPOSED_WITHIN
    day = day_in_words(reply.proposed, zone) if reply.proposed and is_near else ""
    sentence = f"{name} proposes another time for {what}" + (f": {day}" if day else "")
    return sentence, f"{FIND}{name} proposes {day or 'one'} instead of {of}"


def is_to_find(step: str, starts_at: datetime, zone: str) -> bool:
    """Whether this is what an answer asked of us about a session that began then."""
    return step.startswith(FIND) and step.endswith(f" {day_in_words(starts_at, zone)}")


NOT_FROM = (
    "The answer in the name of {name} came from another address. If it is right nevertheless, paste the calendar file "
    "alone."
)


def is_sent_by(reply: Reply, addresses: Collection[str]) -> bool:
    """Whether the mail came from one of these addresses. A file alone tells nothing: who pastes it answers for it.

    All who are invited know the UID, so that only the sender tells one's answer from what another says in one's name.
    """
    return reply.sender is None or reply.sender.casefold() in {each.casefold() for each in addresses if each}


def is_stale(reply: Reply, *, asked: int, answered_at: datetime | None) -> bool:
    """Whether an answer is to an older edition than the one last mailed, or older than the answer noted."""
    return reply.sequence < asked or (
        answered_at is not None and reply.at is not None and reply.at < answered_at.replace(microsecond=0)
    )

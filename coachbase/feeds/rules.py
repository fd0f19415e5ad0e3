"""How far a calendar that we read can be trusted, and what of it is busy (domain.md §3)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import chain, islice
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

STALE_AFTER = timedelta(hours=6)
"""Older than that, a calendar is unknown: neither free nor busy."""
EVERY = timedelta(minutes=15)
SLOWEST = timedelta(hours=2)
"""How often a calendar is read, and how seldom at worst after it failed again and again."""
LEASE_LASTS = timedelta(minutes=3)
BACK, AHEAD = timedelta(days=2), timedelta(days=400)
"""How much of a calendar is kept, from now."""
WORK = 5.0
"""Seconds in which a calendar must be worked out."""
MOST_EVENTS = 20_000
"""No calendar of one person has more busy times in a year."""
LONGEST_EVENT = timedelta(days=366)


class FeedKind(StrEnum):
    ICS = "ics"
    CALDAV = "caldav"


KIND_LABELS = {FeedKind.ICS: "Calendar link (ICS)", FeedKind.CALDAV: "CalDAV"}


class Health(StrEnum):
    """What is to be thought of a calendar now."""

    WAITING = "waiting"
    FRESH = "fresh"
    FAILING = "failing"
    UNKNOWN = "unknown"


def is_unknown(ok_at: datetime | None, now: datetime) -> bool:
    """Whether nothing can be said from it."""
    return ok_at is None or now - ok_at > STALE_AFTER


def health(ok_at: datetime | None, answer: str, now: datetime, *, is_asked: bool = False) -> Health:
    """`is_asked`: somebody wants it read, and that has not happened yet."""
    if is_asked:
        return Health.WAITING
    if is_unknown(ok_at, now):
        return Health.UNKNOWN if answer or ok_at else Health.WAITING
    return Health.FAILING if answer else Health.FRESH


def next_time(now: datetime, failures: int) -> datetime:
    """When to read it again: each failure doubles the wait."""
    return now + min(EVERY * 2 ** min(failures, 10), SLOWEST)


def refusal_of_address(address: str) -> str | None:
    """Why this cannot be the address of a calendar, as a sentence; None when it may be."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return "This is not an address on the web."
    if parts.scheme not in ("http", "https", "webcal") or not parts.hostname:
        return "The address begins with https:// (or webcal://)."
    if parts.username is not None:
        return "Put the name and the password into their own fields, not into the address."
    return None if address.isprintable() and " " not in address else "There is a sign in it that no address has."


def refusal_to_lead(address: str, was: str, *, has_password: bool) -> str | None:
    """Why a password that is kept does not go along to another address, as a sentence; None when it may.

    Nobody is shown it again: neither is somebody's own server to which the calendar is led.
    """
    if has_password and urlsplit(address)[:2] != urlsplit(was)[:2]:
        return "Type the password, too: the one that is kept was given to another server."
    return None


# What is busy ---------------------------------------------------------------------------------------------------------


class BusyTime(NamedTuple):
    begins: datetime
    ends: datetime
    is_all_day: bool


@dataclass
class Reading:
    """What a calendar said: busy times in order, and what of it could not be understood, as sentences."""

    busy: list[BusyTime]
    warnings: list[str] = field(default_factory=list)


class NotACalendar(ValueError):
    """A sentence: why this is not read."""


DAMAGED = "An event that is damaged was left out."


def busy_in(text: str, first: datetime, last: datetime, zone: str, *, ours: str) -> Reading:
    """The busy times of a calendar file between two moments.

    `zone` is the owner's: for floating times, for whole days, and for zones nobody knows. Events whose UID ends with
    `ours` are our own invitations coming back. Free, cancelled, moved and excluded occurrences are left out. Raises
    NotACalendar.
    """
    if "BEGIN:VCALENDAR" not in text[:5000].upper():
        raise NotACalendar("What came is not a calendar: a page, perhaps, on which one looks at it.")
    head, events, warnings = _worth_parsing(text, first, last)
    mine = ZoneInfo(zone)
    busy: set[BusyTime] = set()
    try:
        whole = [_occurrences([*head, *chain.from_iterable(events)], first, last, mine)]
    except Exception:  # the library raises whatever a damaged line makes it; one by one tells which event that is
        whole = _one_by_one(head, events, first, last, mine, warnings)
    for event in chain.from_iterable(whole):
        if (found := _busy_time(event, mine, ours)) and found.ends > first and found.begins < last:
            busy.add(found)
    if len(busy) > MOST_EVENTS:
        raise NotACalendar("There is more in this calendar than one person can do.")
    warnings += _strange_zones(events, zone)
    return Reading(sorted(busy), list(dict.fromkeys(warnings)))


def _one_by_one(
    head: list[str], events: list[list[str]], first: datetime, last: datetime, mine: tzinfo, warnings: list[str]
) -> list[list[Any]]:
    """Each event with the changes to it; a damaged one is left out, and that is said."""
    found: list[list[Any]] = []
    series: dict[str, list[str]] = {}
    for event in events:
        uid = next((line for line in event if line[:4].upper() == "UID:"), "")
        series.setdefault(uid, []).extend(event)
    for lines in series.values():
        try:
            found.append(_occurrences([*head, *lines], first, last, mine))
        except Exception:  # as above; said in words
            warnings.append(DAMAGED)
    return found


def _occurrences(lines: list[str], first: datetime, last: datetime, mine: tzinfo) -> list[Any]:
    import recurring_ical_events  # noqa: PLC0415 (heavy; runs apart)
    from icalendar import Calendar  # noqa: PLC0415 (heavy; runs apart)

    calendar = Calendar.from_ical("\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"]))
    between = recurring_ical_events.of(calendar, skip_bad_series=True).between(
        first.astimezone(mine) - timedelta(days=1), last.astimezone(mine) + timedelta(days=1)
    )
    found = list(islice(between, MOST_EVENTS + 1))
    for event in found:
        _moment(event.start, mine), _moment(event.end, mine)  # a damaged one shall fail here, beside its series
    return found


_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TOO_OFTEN = re.compile(r".*FREQ=(SECONDLY|MINUTELY)|.*BYSECOND=|.*INTERVAL=0+(;|$)", re.IGNORECASE)
_STEPS = {"HOURLY": 24, "DAILY": 1}
MOST_STEPS = 40_000
"""How often a series may repeat until now, for each time is walked: hourly for four years, daily for a century."""
_LAST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _worth_parsing(text: str, first: datetime, last: datetime) -> tuple[list[str], list[list[str]], list[str]]:
    """The zones of a calendar, and its events but the single ones outside the time: a tenth of the cost."""
    head: list[str] = []
    events: list[list[str]] = []
    warnings: list[str] = []
    zone: list[str] | None = None
    event: list[str] | None = None
    low, high = (first - LONGEST_EVENT).date(), (last + timedelta(days=2)).date()
    for line in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        start = line[:15].upper()
        if start.startswith("BEGIN:VEVENT"):
            if event is not None:
                warnings.append(DAMAGED)
            event, zone = [], None
        elif start == "BEGIN:VTIMEZONE":
            event, zone = None, []
        for block in (event, zone):
            if block is not None:
                block.append(line)
        if event is not None and start.startswith("END:VEVENT"):
            if refusal := _refusal_of_event(event, high):
                warnings.append(refusal)
            elif _may_matter(event, low, high):
                events.append(event)
            event = None
        elif zone is not None and start.startswith("END:VTIMEZONE"):
            head += zone
            zone = None
    if event is not None or "END:VCALENDAR" not in text[-5000:].upper():
        raise NotACalendar("This calendar is damaged: it ends in its middle.")
    return head, events, warnings


def _refusal_of_event(event: Iterable[str], last: date) -> str | None:
    """Why an event is left out: walking through its series would take minutes, or for ever."""
    starts = _day_of(event)
    for rule in (line for line in event if line[:5].upper() == "RRULE"):
        if _TOO_OFTEN.match(rule):
            return "An event that repeats every minute or second was left out."
        freq = re.search(r"FREQ=(\w+)", rule, re.IGNORECASE)
        steps = _STEPS.get(freq[1].upper(), 0) if freq else 0
        if starts and steps * 366 * (last.year - starts[0] + 1) > MOST_STEPS:
            return "An event that has repeated too often since it began was left out."
        if _never_comes(rule):
            return "An event that repeats on a day which never comes was left out."
    return None


def _never_comes(rule: str) -> bool:
    """Such as every 30 February: looking for it ends in the year 9999."""
    found = {name.upper(): numbers for name, numbers in re.findall(r"(\w+)=([-\d,]+)(?=;|$)", rule)}
    months, days = (
        [int(number) for number in found.get(name, "").split(",") if number.isdigit() and len(number) < 3]
        for name in ("BYMONTH", "BYMONTHDAY")
    )
    negative = "-" in found.get("BYMONTHDAY", "")
    longest = max((_LAST_DAYS[month - 1] for month in months if 1 <= month <= 12), default=31)
    return bool(days) and not negative and min(days) > longest


def _may_matter(event: Iterable[str], low: date, high: date) -> bool:
    """Repeating events, and changes to one, always do; a single one by its day. One without a day never does."""
    if any(line[:14].upper().startswith(("RRULE", "RDATE", "RECURRENCE-ID")) for line in event):
        return True
    starts = _day_of(event)
    return starts is not None and low.timetuple()[:3] <= starts <= high.timetuple()[:3]


def _day_of(event: Iterable[str]) -> tuple[int, ...] | None:
    """Year, month and day on which an event begins, as written."""
    for line in event:
        if line[:7].upper() == "DTSTART" and (found := _DAY.search(line.rpartition(":")[2])):
            return tuple(map(int, found.groups()))
    return None


_TZID = re.compile(r"DTSTART[^:]*;TZID=\"?([^\";:]*)", re.IGNORECASE)


def _strange_zones(events: Iterable[Iterable[str]], zone: str) -> Iterator[str]:
    """Zones that neither the file explains nor anybody knows: their times were taken as the owner's."""
    named = (_TZID.match(line) for event in events for line in event)
    for name in dict.fromkeys(found[1] for found in named if found):
        if zone_called(name) is None:
            yield f"The time zone “{name[:60]}” is not known; its events are read as {zone}."


def zone_called(name: str) -> tzinfo | None:
    """A time zone by its name, also by Microsoft's; None for one that nobody knows."""
    from icalendar.timezone import tzp  # noqa: PLC0415 (heavy; runs apart)

    try:
        return tzp.timezone(name)
    except OSError:  # "Europe" is a folder of zones, and no file has a name of 5,000 letters
        return None


def _busy_time(event: Any, mine: tzinfo, ours: str) -> BusyTime | None:
    """When an occurrence keeps its owner busy; None when it does not."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return None
    if str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() == "FREE" or str(event.get("UID", "")).endswith(ours):
        return None
    begins, ends = event.start, event.end
    is_all_day = not isinstance(begins, datetime)
    found = BusyTime(_moment(begins, mine), _moment(ends, mine), is_all_day)
    return found if timedelta(0) < found.ends - found.begins <= LONGEST_EVENT else None


def _moment(when: datetime | date, mine: tzinfo) -> datetime:
    """Whole days begin at midnight where their owner is; a time without a zone is the owner's."""
    if not isinstance(when, datetime):
        when = datetime.combine(when, time())
    return (when if when.tzinfo else when.replace(tzinfo=mine)).astimezone(UTC)


# CalDAV (RFC 4791) ----------------------------------------------------------------------------------------------------

_DAV, _CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"


def calendar_query(first: datetime, last: datetime) -> bytes:
    """What a CalDAV server is asked: all events that touch a time."""
    start, end = (f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for moment in (first, last))
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        "<D:prop><C:calendar-data/></D:prop>"
        '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        f'<C:time-range start="{start}" end="{end}"/>'
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    ).encode()


class _Plain(ElementTree.TreeBuilder):
    """XML without a document type: in one, a line may stand for a gigabyte, in whatever encoding it is written."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise NotACalendar("What came is not the answer of a calendar server.")


def calendars_in(answer: bytes) -> list[str]:
    """The calendar files in the answer to a query. Raises NotACalendar."""
    try:
        root = ElementTree.fromstring(answer, ElementTree.XMLParser(target=_Plain()))
    except ElementTree.ParseError as error:
        raise NotACalendar("What came is not the answer of a calendar server.") from error
    if root.tag != f"{_DAV}multistatus":
        raise NotACalendar("What came is not the answer of a calendar server.")
    return [found.text for found in root.iter(f"{_CALDAV}calendar-data") if found.text]


def busy_in_all(files: Iterable[str], first: datetime, last: datetime, zone: str, *, ours: str) -> Reading:
    """`busy_in` of several files, as a CalDAV server gives an event each."""
    readings = [busy_in(file, first, last, zone, ours=ours) for file in files]
    busy = sorted({each for reading in readings for each in reading.busy})
    return Reading(busy, list(dict.fromkeys(said for reading in readings for said in reading.warnings)))


ANSWERS: Mapping[int, str] = {
    401: "The server did not accept the name and password.",
    403: "The server does not let us read this calendar.",
    404: "There is no calendar at this address (any more).",
    405: "This address is no calendar: copy the address of the calendar itself.",
    410: "There is no calendar at this address any more.",
    429: "The server asks us to come less often.",
}


def sentence_of(status: int) -> str:
    """What a server's refusal means."""
    return ANSWERS.get(status, f"The server answered with an error ({status}).")

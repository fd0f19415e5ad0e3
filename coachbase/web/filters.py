"""How moments, names and Markdown are written on pages."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask
from markupsafe import Markup

from .. import clock, money
from ..firm.rules import city_of
from .pages import reader_zone


def install(app: Flask) -> None:
    for written in (
        when, day, long_day, inside, since, iso, initials, hue, markdown, document, hours_apart, wait_tone, masked,
        to_client, clock_in, day_in, zone_word,
    ):  # fmt: skip
        app.jinja_env.filters[written.__name__] = written
    app.jinja_env.filters["city"] = city_of
    app.jinja_env.filters["money"] = money.in_words


def when(moment: datetime) -> str:
    """'Today 10:12', 'Yesterday 16:40', 'Wed 19 Nov 09:00', in the reader's zone."""
    local = _local(moment)
    return f"{_day_name(local.date())} {local:%H:%M}"


def day(moment: datetime | date) -> str:
    """'Today', 'Wed 19 Nov', and the year when it is another one."""
    return _day_name(_local(moment).date() if isinstance(moment, datetime) else moment)


def long_day(moment: datetime) -> str:
    """'Monday 24 November'."""
    local = _local(moment)
    return f"{local:%A} {local.day} {local:%B}"


def inside(words: str) -> str:
    """A day's name inside a sentence: 'since yesterday 16:40'; the names of weekdays keep their capital."""
    return words[0].lower() + words[1:] if words.startswith(("Today", "Yesterday", "Tomorrow")) else words


def to_client(words: str) -> str:
    """What is written about the client, as the client reads it: 'unless you release them'."""
    return words.replace("the client releases", "you release").replace("the client", "you")


def clock_in(moment: datetime, zone: str) -> str:
    """'9:00', on the clock of a zone."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.hour}:{local.minute:02}"


def day_in(moment: datetime, zone: str) -> str:
    """'Thu 26 Nov', on the calendar of a zone."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b}" + (f" {local.year}" if local.year != clock.now().year else "")


def zone_word(moment: datetime, zone: str) -> str:
    """'GMT', 'CEST'; 'UTC+4' where a zone has no letters of its own."""
    local = moment.astimezone(ZoneInfo(zone))
    name = local.tzname() or ""
    if name.isalpha():
        return name
    minutes = int((local.utcoffset() or timedelta()).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def since(moment: datetime) -> str:
    """How long ago in one short figure: '20 m', '4 h', '6 d'."""
    seconds = max(0, int((clock.now() - moment).total_seconds()))
    if seconds < 3600:
        return f"{seconds // 60} m"
    if seconds < 86400:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} d"


def masked(email: str) -> str:
    """'b…d@brightwater.example': enough for its owner to know it, too little for anybody else to write to."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}…{name[-1:] if len(name) > 2 else ''}{at}{domain}"


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def initials(name: str) -> str:
    """'Ines Marchetti' → 'IM'."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


def hue(name: str) -> int:
    """One of twelve avatar colours, always the same for a name."""
    return sum(name.encode("utf-8", "replace")) % 12


def markdown(text: str) -> Markup:
    """A staff member's Markdown as safe HTML; see text.py for what is allowed."""
    from ..text import render_markdown  # heavy: only pages with notes pay for it  # noqa: PLC0415

    return Markup(render_markdown(text))  # noqa: S704


def document(text: str) -> Markup:
    """A whole agreement's Markdown as safe HTML, all forty pages of it."""
    from ..paper import LONGEST  # heavy, as above  # noqa: PLC0415
    from ..text import render_markdown  # noqa: PLC0415

    return Markup(render_markdown(text, longest=LONGEST))  # noqa: S704


def hours_apart(zone: str) -> str:
    """'Dubai, 4 h ahead': a person's zone, as seen from the reader's, at this moment."""
    return zone_beside(zone, reader_zone(), clock.now())


def zone_beside(theirs: str, mine: str, now: datetime) -> str:
    """The city of a zone and how far its clocks are from another's; half hours count ('5½ h behind')."""
    there = city_of(theirs)
    offsets = [now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta() for zone in (theirs, mine)]
    minutes = round((offsets[0] - offsets[1]).total_seconds() / 60)
    if not minutes:
        return f"{there}, same time"
    hours, rest = divmod(abs(minutes), 60)
    figure = (str(hours) if hours else "") + {0: "", 15: "¼", 30: "½", 45: "¾"}.get(rest, f":{rest:02}")
    return f"{there}, {figure} h {'ahead' if minutes > 0 else 'behind'}"


def wait_tone(waiting_since: datetime) -> str:
    """How pressing a wait is: from three days on it shows, from a week on it is late."""
    waited = clock.now() - waiting_since
    return "late" if waited >= timedelta(days=7) else "wait" if waited >= timedelta(days=3) else "plain"


def _local(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(reader_zone()))


def _day_name(on: date) -> str:
    today = _local(clock.now()).date()
    if on == today:
        return "Today"
    if on == today - timedelta(days=1):
        return "Yesterday"
    if on == today + timedelta(days=1):
        return "Tomorrow"
    return f"{on:%a} {on.day} {on:%b}" + (f" {on.year}" if on.year != today.year else "")

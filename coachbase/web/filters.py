"""How moments, names and Markdown are written on pages."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask
from markupsafe import Markup

from .. import clock
from .pages import reader_zone


def install(app: Flask) -> None:
    for name in ("when", "day", "since", "iso", "initials", "hue", "markdown"):
        app.jinja_env.filters[name] = globals()[name]


def when(moment: datetime) -> str:
    """'Today 10:12', 'Yesterday 16:40', 'Wed 19 Nov 09:00', in the reader's zone."""
    local = _local(moment)
    return f"{_day_name(local.date())} {local:%H:%M}"


def day(moment: datetime | date) -> str:
    """'Today', 'Wed 19 Nov', and the year when it is another one."""
    return _day_name(_local(moment).date() if isinstance(moment, datetime) else moment)


def since(moment: datetime) -> str:
    """How long ago in one short figure: '20 m', '4 h', '6 d'."""
    seconds = max(0, int((clock.now() - moment).total_seconds()))
    if seconds < 3600:
        return f"{seconds // 60} m"
    if seconds < 86400:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} d"


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
    from ..text import render_markdown  # heavy: only pages with notes pay for it

    return Markup(render_markdown(text))  # noqa: S704


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

"""What the pages behind a link to book or to change are walked with."""

import re
from datetime import UTC, datetime, timedelta

from coachbase.availability.models import Availability, Hours
from coachbase.availability.rules import SessionKind, minute_of
from coachbase.scheduling import actions
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import CoachingSession

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LINK = "https://meet.example/alice"


def open_up(coach, **terms) -> None:
    Availability.create(coach=coach, **{"place_kind_name": "video", "place": LINK, "after_minutes": 0} | terms)
    for weekday in range(5):
        Hours.create(coach=coach, weekday=weekday, begins=9 * 60, ends=17 * 60)


def words(page) -> str:
    """What a reader reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def times(page) -> list[tuple[int, str]]:
    """What can be chosen: the minute, and what stands there."""
    found = re.findall(r'class="time" href="[^"]*start=(\d+)[^"]*">(.*?)</a>', page.text)
    return [(int(start), " ".join(re.sub(r"<[^>]+>", " ", shown).split())) for start, shown in found]


def at(day: int, hour: int, month: int = 11) -> int:
    """A minute in 2026, by UTC, which London's clock shows in winter."""
    return minute_of(datetime(2026, month, day, hour, tzinfo=UTC))


def booked(cast, engagement, start: int, **more) -> CoachingSession:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=start)
    session = actions.book(
        cast.alice, more.pop("kind", SessionKind.COACHING), moment, 60, via=Via.STAFF,
        client=engagement.client, engagement=engagement, by=cast.vera, **more,
    )  # fmt: skip
    return CoachingSession.known_as(session.public_id)

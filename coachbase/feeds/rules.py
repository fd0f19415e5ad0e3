"""How far a calendar that we read can be trusted, and what of it is busy."""

from datetime import datetime, timedelta
from enum import StrEnum

STALE_AFTER = timedelta(hours=6)
"""Domain.md §3: older than that, a calendar is unknown: neither free nor busy."""


class FeedKind(StrEnum):
    ICS = "ics"
    CALDAV = "caldav"


def is_unknown(ok_at: datetime | None, now: datetime) -> bool:
    """Whether nothing can be said from it."""
    return ok_at is None or now - ok_at > STALE_AFTER

"""A message's fate, when to try again, and how texts are filled."""

from datetime import timedelta
from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    LEASED = "leased"
    SENT = "sent"
    FAILED = "failed"
    DEAD = "dead"
    CANCELLED = "cancelled"


LEASE_LASTS = timedelta(minutes=5)
"""Longer than any SMTP talk may take (see tasks.py), so that a living worker never loses its message."""

DELAYS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12))
"""Waits after the first, second, … failure; after the last the message is dead and a person must look."""


def delay_after(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None when it is time to give up."""
    return DELAYS[attempts - 1] if attempts <= len(DELAYS) else None


class Security(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"

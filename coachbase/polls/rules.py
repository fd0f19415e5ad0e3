"""When a poll is decided, who is silent, and how long times are held."""

from datetime import timedelta
from enum import StrEnum

HELD_FOR = timedelta(days=5)
MOST_SLOTS = 8


class PollState(StrEnum):
    """`stuck`: all have answered and no time suits everybody, or the holds have expired."""

    OPEN = "open"
    BOOKED = "booked"
    STUCK = "stuck"
    CLOSED = "closed"

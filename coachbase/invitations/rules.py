"""When somebody is reminded of a session, and which answer to an invitation counts (domain.md §3, §4)."""

from enum import StrEnum


class Method(StrEnum):
    """RFC 5546: what a calendar file asks of the program that reads it."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    REPLY = "REPLY"
    PUBLISH = "PUBLISH"


class ReminderKind(StrEnum):
    DAY_BEFORE = "day_before"
    HOUR_BEFORE = "hour_before"

"""Seats, and which times suit most of a group."""

from enum import StrEnum


class CohortState(StrEnum):
    OPEN = "open"
    RUNNING = "running"
    CLOSED = "closed"

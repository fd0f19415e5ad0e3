"""How far a package is."""

from enum import StrEnum


class State(StrEnum):
    """Asked for, being made, ready, or not possible."""

    PENDING = "pending"
    LEASED = "leased"
    READY = "ready"
    FAILED = "failed"

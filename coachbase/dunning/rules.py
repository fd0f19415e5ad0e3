"""When a payer is reminded of what is overdue, and how firmly."""

from enum import StrEnum


class Level(StrEnum):
    FRIENDLY = "friendly"
    FIRST = "first"
    SECOND = "second"


LEVEL_LABELS = {Level.FRIENDLY: "Friendly reminder", Level.FIRST: "First reminder", Level.SECOND: "Second reminder"}

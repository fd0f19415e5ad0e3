"""What of a program is to be billed, when, and what does not fit together."""

from enum import StrEnum


class Way(StrEnum):
    """How a program is billed: by parts (in full, instalments, monthly), for each session, by the hour, not at all."""

    PARTS = "parts"
    PER_SESSION = "session"
    HOURS = "hours"
    NONE = "none"


class Anchor(StrEnum):
    """What a part waits for. `session` is the n-th that was held, `month` the n-th after the start."""

    SIGNED = "signed"
    START = "start"
    MIDDLE = "middle"
    END = "end"
    SESSION = "session"
    MONTH = "month"
    DATE = "date"


class ChargeKind(StrEnum):
    EXPENSE = "expense"
    ASSESSMENT = "assess"
    HOURS = "hours"
    OTHER = "other"


WAY_LABELS = {
    Way.PARTS: "In parts",
    Way.PER_SESSION: "For each session held",
    Way.HOURS: "By the hour",
    Way.NONE: "Not billed",
}
ANCHOR_LABELS = {
    Anchor.SIGNED: "when the agreement is signed",
    Anchor.START: "at the start",
    Anchor.MIDDLE: "in the middle",
    Anchor.END: "at the end",
    Anchor.SESSION: "after a number of sessions",
    Anchor.MONTH: "after a number of months",
    Anchor.DATE: "on a day",
}
CHARGE_LABELS = {
    ChargeKind.EXPENSE: "Expense",
    ChargeKind.ASSESSMENT: "Assessment",
    ChargeKind.HOURS: "Hours",
    ChargeKind.OTHER: "Other",
}

"""States of an agreement and of its signers, merge fields, and what may be done when."""

from enum import StrEnum


class State(StrEnum):
    """Draft → freezing (the worker writes the PDF) → out → sealing → completed; or declined, or void."""

    DRAFT = "draft"
    FREEZING = "freezing"
    OUT = "out"
    SEALING = "sealing"
    COMPLETED = "completed"
    DECLINED = "declined"
    VOID = "void"


LIVING = (State.DRAFT, State.FREEZING, State.OUT, State.SEALING)
"""Still to be signed; an engagement has at most one of these."""


class SignerRole(StrEnum):
    CLIENT = "client"
    SPONSOR = "sponsor"
    COACH = "coach"


class SignerState(StrEnum):
    """Inert until the one before has signed, then asked."""

    WAITING = "waiting"
    ASKED = "asked"
    SIGNED = "signed"
    DECLINED = "declined"
    HANDED_OVER = "handed_over"


class MarkKind(StrEnum):
    TYPED = "typed"
    DRAWN = "drawn"

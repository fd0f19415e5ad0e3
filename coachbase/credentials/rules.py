"""What becomes of a code, and what may be done with it."""

from datetime import date
from enum import StrEnum


class State(StrEnum):
    """In stock; given to somebody; back from somebody who never used it; expired; credited by the vendor."""

    STOCK = "stock"
    GIVEN = "given"
    RETURNED = "returned"
    EXPIRED = "expired"
    RECLAIMED = "reclaimed"


class Entry(StrEnum):
    """Why the credits of a vendor changed."""

    BOUGHT = "bought"
    USED = "used"
    RETURNED = "returned"
    RECLAIMED = "reclaimed"
    EXPIRED = "expired"
    CORRECTED = "corrected"


FREE = (State.STOCK, State.RETURNED)
"""What can be handed out."""

STATE_LABELS = {
    State.STOCK: "in stock",
    State.GIVEN: "given out",
    State.RETURNED: "returned, free again",
    State.EXPIRED: "expired",
    State.RECLAIMED: "reclaimed from the vendor",
}
LEADS_TO = {
    State.STOCK: (State.GIVEN, State.EXPIRED, State.RECLAIMED),
    State.GIVEN: (State.RETURNED, State.EXPIRED, State.RECLAIMED),
    State.RETURNED: (State.GIVEN, State.EXPIRED, State.RECLAIMED),
    State.EXPIRED: (State.RECLAIMED,),
    State.RECLAIMED: (),
}
MASK = "••••••••"


def refusal_to_become(now: State, to: State) -> str | None:
    """Why a code may not go from one state to another, as a sentence; None when it may."""
    if to in LEADS_TO[now]:
        return None
    return f"This code is {STATE_LABELS[now]}, so it cannot be {STATE_LABELS[to].split(',')[0]}."


def is_past(expires_on: date | None, today: date) -> bool:
    """Whether a code is of no use any more: the day it expires on is its last."""
    return expires_on is not None and expires_on < today

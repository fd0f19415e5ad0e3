"""What becomes of a request to book, and what is said to a client who cannot choose now."""

from enum import StrEnum


class RequestState(StrEnum):
    ASKED = "asked"
    BOOKED = "booked"
    WITHDRAWN = "withdrawn"


def refusal_to_book_by_link(request_state: RequestState, refusal_to_have: str | None) -> str | None:
    """Why a client cannot choose a time now, as a sentence: in other words than to staff, who can do something."""
    if request_state is RequestState.WITHDRAWN:
        return "There is nothing to book here any more."
    if refusal_to_have:
        return "This cannot be booked at the moment. If you are waiting for it, please write to us."
    return None

"""What becomes of a rater."""

from enum import StrEnum


class State(StrEnum):
    """Nominated by the client, approved (or entered by the desk), invited, done; declined or withdrawn."""

    NOMINATED = "nominated"
    APPROVED = "approved"
    INVITED = "invited"
    STARTED = "started"
    COMPLETED = "completed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


STATE_LABELS = {
    State.NOMINATED: "Nominated",
    State.APPROVED: "To be invited",
    State.INVITED: "Invited",
    State.STARTED: "Has begun",
    State.COMPLETED: "Completed",
    State.DECLINED: "Not approved",
    State.WITHDRAWN: "Withdrawn",
}
COUNTED = (State.INVITED, State.STARTED, State.COMPLETED)
"""Who was asked."""
SILENT = (State.INVITED, State.STARTED)
"""Who can be chased."""
GONE = (State.DECLINED, State.WITHDRAWN)

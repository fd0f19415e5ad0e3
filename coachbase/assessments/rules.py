"""How far an assessment has come, who has the ball, what it may become, and whether it will be in time."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from ..clients.rules import Party


class State(StrEnum):
    """domain.md §7, in order; a cancelled assessment is off the board."""

    SET_UP = "set_up"
    ACCESS_SENT = "access_sent"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    REPORT_IN = "report_in"
    PACKAGED = "packaged"
    DEBRIEFED = "debriefed"
    RELEASED = "released"
    CANCELLED = "cancelled"


STAGES = tuple(state for state in State if state is not State.CANCELLED)
STATE_LABELS = {
    State.SET_UP: "Set up",
    State.ACCESS_SENT: "Access sent",
    State.IN_PROGRESS: "In progress",
    State.COMPLETED: "Completed",
    State.REPORT_IN: "Report in",
    State.PACKAGED: "Packaged",
    State.DEBRIEFED: "Debriefed",
    State.RELEASED: "Released",
    State.CANCELLED: "Cancelled",
}
OPEN = (State.SET_UP, State.ACCESS_SENT, State.IN_PROGRESS)
"""Somebody still has to answer."""
WAITS_ON = {
    State.SET_UP: Party.US,
    State.ACCESS_SENT: Party.CLIENT,
    State.IN_PROGRESS: Party.CLIENT,
    State.COMPLETED: Party.US,
    State.REPORT_IN: Party.US,
    State.PACKAGED: Party.COACH,
    State.DEBRIEFED: Party.COACH,
    State.RELEASED: Party.NOBODY,
    State.CANCELLED: Party.NOBODY,
}
NEXT_STEP = {
    State.SET_UP: "Send access",
    State.ACCESS_SENT: "Begin",
    State.IN_PROGRESS: "Complete",
    State.COMPLETED: "File the report",
    State.REPORT_IN: "Make the package",
    State.PACKAGED: "Debrief",
    State.DEBRIEFED: "Release the client part",
    State.RELEASED: "",
    State.CANCELLED: "",
}


class Facts(NamedTuple):
    """What decides where an assessment may go."""

    has_report: bool
    has_package: bool
    has_client_part: bool
    """Whether a part for the client is filed."""
    wants_client_part: bool
    """Whether the instrument has one."""
    may_open: bool
    """Whether who asks may open reports: nobody releases what they may not read."""


def refusal_to_mark(now: State, to: State, facts: Facts) -> str | None:
    """Why an assessment may not be marked so, as a sentence; None when it may. Going back is always allowed."""
    if now is State.CANCELLED:
        return "This assessment was cancelled. Set it up anew."
    if to in (State.CANCELLED, now) or STAGES.index(to) < STAGES.index(now):
        return None
    if STAGES.index(to) >= STAGES.index(State.REPORT_IN) and not facts.has_report:
        return "There is no report yet. File it, and the assessment moves by itself."
    if to is State.PACKAGED and not facts.has_package:
        return "There is no package with this report yet. Make it, and the assessment moves by itself."
    if to is State.RELEASED:
        return refusal_to_release(facts)
    return None


def refusal_to_release(facts: Facts) -> str | None:
    """Why the client part may not be released, as a sentence; None when it may."""
    if not facts.may_open:
        return "Whoever releases a report must be allowed to read it: ask the coach."
    if facts.wants_client_part and not facts.has_client_part:
        return "The client part is not filed yet, so there is nothing to release."
    return None


class Progress(NamedTuple):
    """How many raters have answered in a group, of how many that were asked; `least` is what the instrument wants."""

    group: str
    done: int
    asked: int
    least: int


def progress_in_words(progress: Sequence[Progress]) -> str:
    """'raters 5/8'; '' when there are none."""
    asked = sum(each.asked for each in progress)
    return f"raters {sum(each.done for each in progress)}/{asked}" if asked else ""


class Pace(NamedTuple):
    """How long things usually take with an instrument, in days."""

    answer_days: int
    report_days: int


def expected_on(state: State, since: date, pace: Pace, today: date) -> date | None:
    """When the report can be expected, judging by the usual pace; never before today; None once it is in."""
    if state not in (*OPEN, State.COMPLETED):
        return None
    left = pace.report_days if state is State.COMPLETED else pace.answer_days + pace.report_days
    from_day = today if state is State.SET_UP else since
    usual = from_day + timedelta(days=left)
    still = today if state is State.COMPLETED else today + timedelta(days=pace.report_days)
    return max(usual, still)


def is_at_risk(expected: date | None, due_on: date | None) -> bool:
    """Whether, at the usual pace, it comes too late."""
    return expected is not None and due_on is not None and expected > due_on


def next_reminder(invited_on: date, rhythm: Sequence[int], reminders: int) -> date | None:
    """The day of the next reminder; None when the rhythm has no more."""
    return invited_on + timedelta(days=rhythm[reminders]) if reminders < len(rhythm) else None


def is_due(reminder: date | None, today: date) -> bool:
    return reminder is not None and reminder <= today


def waiting_days(since: datetime, now: datetime) -> int:
    return (now - since).days

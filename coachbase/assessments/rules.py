"""How far an assessment has come, who has the ball, what it may become, and whether it will be in time."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from ..clients.rules import Party
from ..engagements.rules import State as Program
from ..instruments.rules import Way


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
CHASED = (State.ACCESS_SENT, State.IN_PROGRESS)
"""The client has the way in and has not answered."""
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


NOTHING_FILED = Facts(False, False, False, False, may_open=False)
"""What stands before anything came back."""
ALL_FILED = Facts(True, True, True, True, may_open=False)
"""What stands once it was packaged, whatever became of the files since."""


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


def next_reminder(
    invited_on: date, rhythm: Sequence[int], reminders: int, reminded_on: date | None = None
) -> date | None:
    """The day of the next reminder; None when the rhythm has no more.

    Where one came late, the next keeps its distance: the rhythm is never made up for day by day.
    """
    if reminders >= len(rhythm):
        return None
    day = invited_on + timedelta(days=rhythm[reminders])
    if reminded_on is None or not reminders:
        return day
    return max(day, reminded_on + timedelta(days=rhythm[reminders] - rhythm[reminders - 1]))


def is_due(reminder: date | None, today: date) -> bool:
    return reminder is not None and reminder <= today


def waiting_days(since: datetime, now: datetime) -> int:
    return (now - since).days


# Sending access -------------------------------------------------------------------------------------------------------

SOON = 14
"""Days before a code or an invitation expires from which somebody should look."""


def last_day(code_until: date | None, invited_on: date | None, invitation_days: int | None) -> date | None:
    """The last day on which the client can get in: the code's, or the invitation's, whichever comes first."""
    invitation = invited_on + timedelta(days=invitation_days) if invited_on and invitation_days else None
    return min((day for day in (code_until, invitation) if day), default=None)


def send_on(due_on: date | None, pace: Pace) -> date | None:
    """When access is to be sent, so that at the usual pace the report comes in time."""
    return due_on - timedelta(days=pace.answer_days + pace.report_days) if due_on else None


def answer_until(due_on: date | None, pace: Pace, today: date) -> date | None:
    """The day by which the client is asked to be done; None when that is as soon as possible."""
    day = due_on - timedelta(days=pace.report_days) if due_on else today + timedelta(days=pace.answer_days)
    return day if day > today else None


def until_in_words(day: date | None) -> str:
    """'by Thursday 3 December'."""
    return f"by {day:%A} {day.day} {day:%B}" if day else "as soon as you can"


def where_in_words(way: Way, portal: str) -> str:
    """The sentence before the way in. A portal counts only with a plain https address."""
    one = {Way.LINK: "your personal link", Way.CODE: "your access code", Way.ACCOUNT: "your user ID and password"}[way]
    if way is Way.LINK or not is_plain_address(portal):
        return f"This is {one}:" if way is not Way.ACCOUNT else f"These are {one}:"
    return f"Open {portal} and use {one}:"


_PLAIN = re.compile(r"https://[A-Za-z0-9.-]+\.[A-Za-z]{2,}(?::\d{1,5})?(?:/[A-Za-z0-9._~/?=&%+-]*)?")


def is_plain_address(text: str) -> bool:
    """Whether an address may go into a mail as it is: https, a host with a dot, nothing that hides another."""
    return len(text) <= 200 and _PLAIN.fullmatch(text) is not None


def way_in_words(login: str, secret: str, way: Way) -> str:
    """A way in as its mail and the client's own page say it, a line each."""
    word = "Password: " if way is Way.ACCOUNT else ""
    return "\n".join(line for line in (login and f"User ID: {login}", f"{word}{secret}") if line)


class Source(StrEnum):
    """Where the way in of a mail comes from."""

    HELD = "held"
    STOCK = "stock"
    NONE = "none"


def refusal_to_send(
    state: State, program: Program | None, *, email: str, source: Source, instrument: str
) -> str | None:
    """Why access cannot be sent, as a sentence; None when it can. `program` is the state of the one it belongs to."""
    if state is State.CANCELLED:
        return "It was cancelled. Set it up anew."
    if state not in OPEN:
        return "It is answered already."
    if program is Program.PAUSED:
        return "The program is paused. Resume it first."
    if program in (Program.COMPLETED, Program.ENDED):
        return "The program is over."
    if not email:
        return "No mail address is known. Add it to the client’s details."
    if source is Source.NONE:
        return f"No code for {instrument} is left in stock. Add some, or type one for this client."
    return None


# What waits for the desk ----------------------------------------------------------------------------------------------


class Todo(StrEnum):
    """What somebody should do about an assessment now, the most pressing first."""

    EXPIRING = "expiring"
    AT_RISK = "at_risk"
    SEND = "send"
    FETCH = "fetch"
    PACKAGE = "package"
    RELEASE = "release"


TODO_LABELS = {
    Todo.EXPIRING: "Access expires",
    Todo.AT_RISK: "Will be late",
    Todo.SEND: "Send access",
    Todo.FETCH: "Fetch the report",
    Todo.PACKAGE: "Make the package",
    Todo.RELEASE: "Release the client part",
}
OF_COACH = (Todo.RELEASE,)
"""What the coach does; the rest is the desk’s."""


class Dates(NamedTuple):
    """The days that decide what is to be done."""

    send_on: date | None
    due_on: date | None
    expected_on: date | None
    last_day: date | None
    report_on: date | None
    """When the report should be there, once the client has answered."""


def todo_of(state: State, dates: Dates, today: date) -> Todo | None:
    """What is to be done about an assessment today; None while somebody else has it and all is well."""
    match state:
        case State.SET_UP:
            return Todo.SEND if dates.send_on is None or dates.send_on <= today else None
        case State.ACCESS_SENT | State.IN_PROGRESS:
            if dates.last_day and dates.last_day <= today + timedelta(days=SOON):
                return Todo.EXPIRING
            return Todo.AT_RISK if is_at_risk(dates.expected_on, dates.due_on) else None
        case State.COMPLETED:
            return Todo.FETCH if dates.report_on is None or dates.report_on <= today else None
        case State.REPORT_IN:
            return Todo.PACKAGE
        case State.DEBRIEFED:
            return Todo.RELEASE
    return None

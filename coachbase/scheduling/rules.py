"""Who may book, move and cancel, and what that costs; how often somebody is asked (domain.md §2, §3)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from ..availability.rules import SessionKind
from ..engagements.rules import State as ProgramState
from ..sessions.rules import State, is_late
from ..slots.rules import Reason

SHORTEST, LONGEST = 10, 8 * 60
"""Minutes of a session."""
LINK_LASTS = timedelta(days=365)


class Via(StrEnum):
    """Through which of the doors a session came; all lead to the one path."""

    CLIENT = "client"
    ASSISTANT = "assistant"
    STAFF = "staff"
    CADENCE = "cadence"
    PLAN = "plan"
    POLL = "poll"
    SEAT = "seat"


class Side(StrEnum):
    """Who moves or cancels."""

    CLIENT = "client"
    ASSISTANT = "assistant"
    COACH = "coach"
    FIRM = "firm"


class RequestState(StrEnum):
    ASKED = "asked"
    BOOKED = "booked"
    WITHDRAWN = "withdrawn"


def refusal_to_have(
    kind: SessionKind, program: ProgramState | None, *, minutes: int, has_place: bool, left: int | None, despite: str
) -> str | None:
    """Why there may be no such session, as a sentence; None when there may. `despite` is a member of staff's reason.

    domain.md §2: no session outside an engagement whose agreement is signed, except a chemistry session, or an override
    with a reason. `left` is how many sessions the program has left, None for kinds it does not count. The first
    meeting may be booked before all have signed: the onboarding step asks for it.
    """
    if not SHORTEST <= minutes <= LONGEST:
        return f"A session lasts from {SHORTEST} minutes to {LONGEST // 60} hours."
    if not has_place:
        return "Say where it is: a link, a number or a room. An invitation without a place helps nobody."
    if despite or kind in (SessionKind.CHEMISTRY, SessionKind.GROUP):
        return None
    if program is None:
        return "There is no program yet. Start one first, or say why this session is outside of it."
    if program is ProgramState.DRAFT and kind is not SessionKind.KICKOFF:
        return "The agreement is not signed by all yet. Say why this session cannot wait for it."
    if program in (ProgramState.COMPLETED, ProgramState.ENDED):
        return "The program is over. Say why there is another session."
    if program is ProgramState.PAUSED:
        return "The program is paused. Let it go on first, or say why this session cannot wait."
    if left is not None and left < 1:
        return "The program has no session left. Say why there is one more."
    return None


def refusal_of_time(reasons: Sequence[Reason], *, is_staff: bool, despite: str) -> str | None:
    """Why this time cannot be had, as a sentence; None when it can.

    Who holds a link learns only that it is gone: the reasons name other clients.
    """
    if not reasons:
        return None
    if not is_staff:
        return "This time has just gone. Please choose another."
    hard = [reason for reason in reasons if reason.is_hard]
    if hard:
        return f"That time cannot be had: {in_words(hard)}."
    return None if despite else f"That time is not offered: {in_words(reasons)}. Say why it is right nevertheless."


def in_words(reasons: Collection[Reason]) -> str:
    """'Alice Kern: 10:00 with Bob Haddad; outside the open hours'."""
    return "; ".join(f"{reason.party}: {reason.words}" for reason in reasons)


def refusal_to_change(state: State, starts_at: datetime, now: datetime) -> str | None:
    """Why a session may not be moved or cancelled any more, as a sentence."""
    if state is not State.BOOKED:
        return "This session is not booked any more."
    return "This session has begun. Say what became of it instead." if starts_at <= now else None


def refusal_to_move(side: Side, starts_at: datetime, now: datetime, *, cancel_hours: int, moves: int = 0) -> str | None:
    """Why this side may not move a session by itself, as a sentence. Staff may until it begins."""
    if side in (Side.COACH, Side.FIRM) or not is_late(starts_at, now, cancel_hours):
        return None
    return f"It is less than {cancel_hours} hours until then. Please write to us, and we look for a way."


def is_charged(side: Side, starts_at: datetime, now: datetime, *, cancel_hours: int, late_is_charged: bool) -> bool:
    """Whether a cancellation uses the session up: the client's, at short notice, where the agreement says so.

    The coach's own never does, whatever the hour.
    """
    by_client = side in (Side.CLIENT, Side.ASSISTANT)
    return by_client and late_is_charged and is_late(starts_at, now, cancel_hours)

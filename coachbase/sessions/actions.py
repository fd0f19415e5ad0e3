"""The ledger's one door; what became of a session."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .. import clock
from ..accounts.models import User
from ..db import atomic
from ..engagements.models import Engagement
from ..errors import Refused
from ..events import announce
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import CoachingSession, LedgerEntry
from .rules import STATE_LABELS, Entry, State, counts, refusal_to_mark


@dataclass(frozen=True)
class Marked:
    """Somebody said what became of a session."""

    session: CoachingSession
    was: State
    by: User | None


@atomic
def enter(
    engagement: Engagement,
    entry: Entry,
    *,
    count: int = 1,
    session: CoachingSession | None = None,
    reason: str = "",
    by: User | None,
) -> LedgerEntry:
    """One more line in the ledger; a line that was wrong is taken back by another, never changed."""
    return LedgerEntry.create(
        engagement=engagement, entry=entry, count=count, session=session, reason=reason, at=clock.now(), by=by
    )


@atomic
def buy(engagement: Engagement, *, by: User | None) -> None:
    """The sessions a program consists of, once it is active; again only what was added to it since."""
    missing = engagement.sessions - LedgerEntry.balance(engagement).bought
    if missing > 0:
        enter(engagement, Entry.BOUGHT, count=missing, reason=engagement.name, by=by)


@atomic
def mark(session: CoachingSession, to: State, *, by: User | None, reason: str = "") -> None:
    """Say what became of a session that has begun: held, no-show, cancelled late; BOOKED takes that back."""
    session = CoachingSession.known_as(session.public_id) or session
    was = session.state
    if refusal := refusal_to_mark(was, to, session.starts_at, clock.now()):
        raise Refused(refusal)
    session.state_name, session.reason = to, reason
    session.ended_at = None if to is State.BOOKED else clock.now()
    session.version += 1
    session.save()
    move_in_ledger(session, was, reason=reason, by=by)
    tell(session, f"{session.label}: {STATE_LABELS[to].lower()}" + (f" ({reason})" if reason else ""), by=by)
    announce(Marked(session, was, by))


@atomic
def mark_all(sessions: Iterable[CoachingSession], to: State, *, by: User) -> None:
    """Say the same of several."""
    for session in sessions:
        mark(session, to, by=by)


_ENTRY_OF = {
    State.BOOKED: Entry.BOOKED,
    State.HELD: Entry.HELD,
    State.NO_SHOW: Entry.NO_SHOW,
    State.LATE_CANCELLED: Entry.LATE_CANCELLED,
}


@atomic
def move_in_ledger(session: CoachingSession, was: State | None, *, reason: str = "", by: User | None) -> None:
    """After a session went from one state to another: take the old line back, write the new one."""
    if session.engagement_id is None or not counts(session.kind):
        return
    if was in _ENTRY_OF:
        enter(session.engagement, _ENTRY_OF[was], count=-1, session=session, reason=reason, by=by)
    if session.state in _ENTRY_OF:
        enter(session.engagement, _ENTRY_OF[session.state], session=session, reason=reason, by=by)


@atomic
def tell(session: CoachingSession, sentence: str, *, by: User | None, at: datetime | None = None) -> None:
    """On the timeline of whoever is coached in it; a group stands on each member's."""
    for client in session.clients:
        timeline.record(client, Kind.SESSION, sentence, href=f"/sessions/{session.public_id}", by=by)

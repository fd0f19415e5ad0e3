"""The ledger's one door; what became of a session."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from peewee import IntegrityError

from .. import clock
from ..accounts.models import User
from ..db import atomic
from ..engagements import actions as engagements
from ..engagements.models import Engagement
from ..errors import Refused, Stale
from ..events import announce
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import CoachingSession, Hold, LedgerEntry
from .rules import ENTRY_LABELS, STATE_LABELS, Entry, State, counts, entry_of, refusal_to_enter, refusal_to_mark


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
def enter_by_hand(
    engagement: Engagement, entry: Entry, count: int, *, reason: str, by: User, session: CoachingSession | None = None
) -> LedgerEntry:
    """A line that somebody adds with a reason: made up, bought beside the program, forfeited.

    Raises Refused with why not.
    """
    engagement = Engagement.with_client().where(Engagement.id == engagement.id).get()
    left = LedgerEntry.balance(engagement).left
    if refusal := refusal_to_enter(entry, count, reason=reason, left=left, program=engagement.state):
        raise Refused(refusal)
    line = enter(engagement, entry, count=count, session=session, reason=reason, by=by)
    sentence = f"{count} {'session' if count == 1 else 'sessions'} {ENTRY_LABELS[entry].lower()} ({reason})"
    page = f"/clients/{engagement.client.public_id}/sessions"
    timeline.record(engagement.client, Kind.SESSION, sentence, href=page, by=by)
    return line


@atomic
def mark(
    session: CoachingSession, to: State, *, by: User | None, reason: str = "", version: int | None = None
) -> CoachingSession:
    """Say what became of a session that has begun; BOOKED takes that back. The session as it is then.

    Raises Refused with why not, Stale when somebody changed the session since `version`.
    """
    session = _as_it_is(session, version)
    was, now = session.state, clock.now()
    if refusal := refusal_to_mark(was, to, session.starts_at, now, ended_at=session.ended_at, reason=reason):
        raise Refused(refusal)
    session.state_name, session.reason = to, reason
    session.ended_at = None if to is State.BOOKED else now
    session.version += 1
    _save(session)
    follow_in_ledger(session, reason=reason, by=by)
    said = "not marked any more" if to is State.BOOKED else STATE_LABELS[to].lower()
    tell(session, f"{session.label}: {said}" + (f" ({reason})" if reason else ""), by=by)
    announce(Marked(session, was, by))
    return session


def _as_it_is(session: CoachingSession, version: int | None) -> CoachingSession:
    now = CoachingSession.known_as(session.public_id)
    if now is None:
        raise Refused("This session is gone.")
    if version is not None and now.version != version:
        raise Stale("Somebody else changed this session while you looked at it. Look again before you mark it.")
    return now


def _save(session: CoachingSession) -> None:
    """A mark can take time anew, when a cancellation is corrected: another session may stand there by now."""
    let_go(session.coach)
    try:
        session.save()
    except IntegrityError as error:
        if "overlap" not in str(error):
            raise
        raise Refused("Another session stands at that time by now, so this one cannot have taken place.") from error


@atomic
def let_go(coach: User) -> None:
    """Holds that have expired go before a session or hold of this coach is written: the triggers know no clock."""
    Hold.delete().where(Hold.coach == coach, Hold.expires_at <= clock.now()).execute()


@atomic
def mark_all(sessions: Iterable[CoachingSession], to: State, *, by: User) -> None:
    """Say the same of several."""
    for session in sessions:
        mark(session, to, by=by)


@atomic
def follow_in_ledger(session: CoachingSession, *, reason: str = "", by: User | None) -> None:
    """After a session came into being or into another state: take back what the ledger says of it, and say it anew.

    Read from the ledger itself, so that it always sums up to what the session is, whatever the terms were before.
    """
    if session.engagement_id is None or not counts(session.kind):
        return
    entry = entry_of(session.state, late_is_charged=session.engagement.late_is_charged)
    standing = LedgerEntry.standing(session)
    for old, count in standing.items():
        if old is not entry and count:
            enter(session.engagement, old, count=-count, session=session, reason=reason, by=by)
    if entry is not None and not standing.get(entry):
        enter(session.engagement, entry, session=session, reason=reason, by=by)


@atomic
def place_program(engagement: Engagement, kind: str, place: str, *, version: int, by: User) -> None:
    """Say where the sessions of a program are; '' and '' where the coach's place holds again.

    Raises Refused when sessions that are booked would be nowhere, Stale when somebody saved the program since.
    """
    engagements.change(engagement, {"place_kind_name": kind, "place": place}, version=version, by=by)
    lost = [each for each in CoachingSession.inheriting(clock.now(), engagement=engagement) if not any(each.where)]
    if lost:
        raise Refused(f"{len(lost)} booked would be nowhere: the coach has no usual place. Say where they are.")


@atomic
def tell(session: CoachingSession, sentence: str, *, by: User | None, at: datetime | None = None) -> None:
    """On the timeline of whoever is coached in it; a group stands on each member's."""
    for client in session.clients:
        timeline.record(client, Kind.SESSION, sentence, href=f"/sessions/{session.public_id}", by=by)

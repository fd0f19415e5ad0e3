"""What the one path reads: the times on offer instead, what one may know of a coach's day, what a program has left."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..accounts.models import User
from ..availability.models import KindTerms
from ..availability.rules import SessionKind
from ..engagements.models import Engagement
from ..engagements.rules import State
from ..sessions.models import CoachingSession, LedgerEntry
from ..sessions.rules import counts
from ..slots.models import openings_of
from ..slots.rules import Openings, Reason, Why

USUAL_MINUTES = {SessionKind.CHEMISTRY: 30}
AN_HOUR = 60
AHEAD = timedelta(days=200)
"""How far the free times are looked for; each coach's own horizon is nearer."""


def offered_instead(session: CoachingSession, now: datetime) -> Openings:
    """The times to which a client may move a session; its own is among them when it would be free but for itself.

    A kickoff goes before the first day of its program only where it is before that already.
    """
    first = now
    if session.kind is SessionKind.KICKOFF and session.engagement_id:
        first = min(not_before(session.engagement.starts_on, session.coach, now), max(now, session.starts_at))
    return openings_of(
        session.coach,
        session.kind_name,
        session.minutes,
        first,
        max(first, now + AHEAD),
        clients=session.clients,
        but=[session],
    )


def not_before(day: date | None, coach: User, now: datetime) -> datetime:
    """When a day begins for the coach, or now."""
    return max(now, datetime.combine(day, time(), ZoneInfo(coach.zone)).astimezone(UTC)) if day else now


def usual_minutes(coach: User, kind: SessionKind, engagement: Engagement | None) -> int:
    """How long such a session is with this coach, when nobody says otherwise."""
    said = KindTerms.length_of(coach, kind)
    return said or USUAL_MINUTES.get(kind) or (engagement.session_minutes if engagement else AN_HOUR)


def knows_day_of(reader: User, coach: User) -> bool:
    """Whether this member of staff may know what stands in a coach's calendar. Who sees a client whom another coach
    still meets sees that meeting, not the coach's others."""
    return reader == coach or User.coaches_for(reader).where(User.id == coach.id).exists()


def as_told_to(reader: User | None, coach: User, reasons: Sequence[Reason]) -> list[Reason]:
    """The reasons in words for this reader: those of a coach whose day is not theirs to know say only that it is so."""
    if not any(reason.party == coach.name for reason in reasons) or (reader and knows_day_of(reader, coach)):
        return list(reasons)
    told = [
        reason._replace(words="not free then") if reason.party == coach.name and reason.why in _PRIVATE else reason
        for reason in reasons
    ]
    return list(dict.fromkeys(told))


_PRIVATE = (Why.TAKEN, Why.BUFFER, Why.BUSY, Why.CLOSED, Why.FULL)


def sessions_left(engagement: Engagement | None, kind: SessionKind) -> int | None:
    """How many sessions of this kind a program has left; None where none are counted. A draft has what it will buy."""
    if engagement is None or not counts(kind) or not engagement.sessions:
        return None
    left = LedgerEntry.balance(engagement).left
    return left + engagement.sessions if engagement.state is State.DRAFT else left

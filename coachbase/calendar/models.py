"""What stands in the calendars of several coaches, read in a handful of queries however many they are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple, Self

from ..accounts.models import User
from ..availability.models import Availability, CoachWeek
from ..availability.rules import minute_of, opening_hours
from ..clients.models import Client
from ..clients.rules import Status
from ..feeds.models import Busy, Unread
from ..sessions.models import CoachingSession, Hold
from ..sessions.rules import TAKES_TIME
from .rules import A_WEEK, conflicts, joined

USUAL_INCREMENT = 30
AHEAD = timedelta(days=366)
"""How far sessions are looked at when a coach's hours have changed."""


class Stretch(NamedTuple):
    """A time of a coach of which nothing but the time may be said, or what a hold or another calendar is called."""

    coach: int
    begins: datetime
    ends: datetime
    words: str = ""


@dataclass(frozen=True)
class Diary:
    """Some coaches between two moments, as one reader may see them.

    `taken` are sessions whose clients are behind a wall: only that the time is taken is known of them.
    """

    first: datetime
    last: datetime
    now: datetime
    sessions: Sequence[CoachingSession]
    taken: Sequence[Stretch]
    holds: Sequence[Stretch]
    busy: Sequence[Stretch]
    unknown: Sequence[Unread]
    weeks: Mapping[int, CoachWeek]
    increments: Mapping[int, int]
    clients: Sequence[Client]

    @classmethod
    def read(
        cls, user: User, coaches: Sequence[User], first: datetime, last: datetime, now: datetime, *, kind: str = ""
    ) -> Self:
        busy, unread = Busy.told(coaches, first, last, now)
        theirs = Client.visible_to(user, Client.name, Client.zone, Client.coach)
        current = Client.coach.in_(coaches), Client.zone != "", Client.status_name != Status.FORMER
        return cls(
            first=first,
            last=last,
            now=now,
            sessions=_sessions(user, coaches, first, last, kind),
            taken=_taken(user, coaches, first, last),
            holds=_holds(coaches, first, last, now),
            busy=[Stretch(*time) for time in busy],
            unknown=unread,
            weeks=CoachWeek.of_all(coaches),
            increments={coach: terms.increment for coach, terms in Availability.of_each().items()},
            clients=list(theirs.where(*current).order_by(Client.search_key)),
        )

    def increment_of(self, coach: int) -> int:
        return self.increments.get(coach, USUAL_INCREMENT)

    def open_hours(self, coach: int, kind: str = "") -> list[tuple[int, int]]:
        """When a coach is open, as minutes since 1970; times that touch are one."""
        if (coach, kind) not in self._open:
            pieces, _ = opening_hours(
                self.weeks[coach], (self.first - A_WEEK).date(), (self.last + A_WEEK).date(), kind
            )
            self._open[coach, kind] = joined((piece.begins, piece.ends) for piece in pieces)
        return self._open[coach, kind]

    @cached_property
    def _open(self) -> dict[tuple[int, str], list[tuple[int, int]]]:
        return {}

    def conflicts_of(self, session: CoachingSession) -> list[str]:
        """What is wrong with a session that is still to come."""
        if session.ends_at <= self.now:
            return []
        return conflicts(
            _span(session),
            open_hours=self.open_hours(session.coach_id, session.kind_name),
            busy=self._busy_of[session.coach_id],
        )

    @cached_property
    def _busy_of(self) -> Mapping[int, list[tuple[int, int]]]:
        found = defaultdict(list)
        for one in self.busy:
            found[one.coach].append((minute_of(one.begins), minute_of(one.ends)))
        return found


def outside_hours(user: User, coach: User, now: datetime) -> list[CoachingSession]:
    """Sessions to come at times that the coach's hours, days off, holidays or travel leave closed: they stay booked."""
    coming = [session for session in _sessions(user, [coach], now, now + AHEAD, "") if session.starts_at > now]
    if not coming:
        return []
    week, last = CoachWeek.of(coach), coming[-1].ends_at + A_WEEK
    hours = {}
    for kind in {session.kind_name for session in coming}:
        pieces, _ = opening_hours(week, (now - A_WEEK).date(), last.date(), kind)
        hours[kind] = joined((piece.begins, piece.ends) for piece in pieces)
    return [session for session in coming if conflicts(_span(session), open_hours=hours[session.kind_name], busy=())]


def _span(session: CoachingSession) -> tuple[int, int]:
    return minute_of(session.starts_at), minute_of(session.ends_at)


def _sessions(
    user: User, coaches: Sequence[User], first: datetime, last: datetime, kind: str
) -> Sequence[CoachingSession]:
    one = CoachingSession  # a busy month has hundreds: only what a block shows is read
    rows = CoachingSession.visible_to(user).where(*_taking(coaches, first, last)).select(
        one.id, one.public_id, one.coach, one.client, one.kind_name, one.title, one.starts_at, one.ends_at,
        one.state_name, one.version, Client.id, Client.name,
    )  # fmt: skip
    if kind:
        rows = rows.where(CoachingSession.kind_name == kind)
    return list(rows.order_by(CoachingSession.starts_at, CoachingSession.id))


def _taken(user: User, coaches: Sequence[User], first: datetime, last: datetime) -> list[Stretch]:
    seen = CoachingSession.visible_to(user).select(CoachingSession.id).where(*_taking(coaches, first, last))
    columns = CoachingSession.coach, CoachingSession.starts_at, CoachingSession.ends_at
    rows = CoachingSession.select(*columns).where(*_taking(coaches, first, last), CoachingSession.id.not_in(seen))
    return [Stretch(*row) for row in rows.tuples()]


def _taking(coaches: Sequence[User], first: datetime, last: datetime) -> tuple[object, ...]:
    return (
        CoachingSession.coach.in_(coaches),
        CoachingSession.state_name.in_(TAKES_TIME),
        CoachingSession.ends_at > first,
        CoachingSession.starts_at < last,
    )


def _holds(coaches: Sequence[User], first: datetime, last: datetime, now: datetime) -> list[Stretch]:
    living = Hold.coach.in_(coaches), Hold.expires_at > now, Hold.ends_at > first, Hold.starts_at < last
    rows = Hold.select(Hold.coach, Hold.starts_at, Hold.ends_at, Hold.words).where(*living)
    return [Stretch(*row) for row in rows.tuples()]

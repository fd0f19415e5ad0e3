"""Proposals: sessions to be booked or moved together, shown before they are; and what is read to make one."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Self
from zoneinfo import ZoneInfo

from peewee import JOIN, BooleanField, CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField

from .. import clock
from ..accounts.models import User
from ..availability.models import Availability, terms_for
from ..availability.rules import SESSION_LABELS, SessionKind, instant, minute_of, moment_of
from ..clients.models import Client, Contact
from ..db import Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..engagements.rules import Cadence, meeting_days, moved_end
from ..moves.rules import (
    AFTER_THE_END,
    AT_SHORT_NOTICE,
    GAPS,
    SHORT_NOTICE,
    Change,
    Movable,
    Option,
    deadline,
    displacement,
    distance,
    forbidden,
    rank_of,
    smallest_change,
)
from ..sessions.models import Attendee, CoachingSession
from ..sessions.rules import COUNTED, State
from ..slots.models import openings_of
from ..slots.rules import Openings
from .rules import (
    STATE_LABELS,
    Date,
    Letter,
    LetterKind,
    ProposalKind,
    ProposalState,
    Wish,
    beyond_the_horizon,
    in_words,
    instead,
    lay_out,
    local_day,
    moment_in_words,
    refusal_to_edit,
)


class Proposal(Model):
    """What would change, by whom it was asked for and why; `mails_at` is when its mails leave after it was applied.

    `first` and `last` are the days of an absence, or the old and the new first day of a program that slips.
    """

    public_id = PublicIdField()
    kind_name = CharField(max_length=10, column_name="kind")
    coach = ForeignKeyField(User, on_delete="RESTRICT")
    engagement = ForeignKeyField(Engagement, null=True, on_delete="CASCADE")
    first = DateField()
    last = DateField(null=True)
    reason = TextField(default="")
    state_name = CharField(max_length=10, column_name="state", default=ProposalState.DRAFT)
    applied_at = UtcDateTimeField(null=True)
    mails_at = UtcDateTimeField(null=True)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def kind(self) -> ProposalKind:
        return ProposalKind(self.kind_name)

    @property
    def state(self) -> ProposalState:
        return ProposalState(self.state_name)

    @property
    def state_label(self) -> str:
        return STATE_LABELS[self.state]

    @property
    def client(self) -> Client | None:
        """Whose program it is about; None when it is about all of a coach's."""
        return self.engagement.client if self.engagement_id else None

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Those of the coaches this user works for; one about a program also behind its client's wall."""
        coaches = User.coaches_for(user).select(User.id)
        mine = cls.engagement.is_null() | Client.id.in_(Client.visible_to(user, Client.id))
        return cls.with_people().where(cls.coach.in_(coaches), mine)

    @classmethod
    def with_people(cls) -> ModelSelect:
        """With coach, program and client."""
        return (
            cls.select(cls, User, Engagement, Client)
            .join(User, on=(cls.coach == User.id))
            .switch(cls)
            .join(Engagement, JOIN.LEFT_OUTER)
            .join(Client, JOIN.LEFT_OUTER)
        )

    @classmethod
    def lately(cls, user: User, most: int) -> ModelSelect:
        """The newest that were not dropped."""
        kept = cls.state_name != ProposalState.DROPPED
        return cls.visible_to(user).where(kept).order_by(cls.id.desc()).limit(most)

    @property
    def is_open(self) -> bool:
        """Whether it may still be changed and applied, for the first time or again."""
        return refusal_to_edit(self.state) is None

    def may_be_undone(self, now: datetime) -> bool:
        return self.state is ProposalState.APPLIED and self.mails_at is not None and now < self.mails_at


class ProposedSession(Model):
    """One line: a session to book (`session` is None until applied) or to move.

    `before` is where it is; of one to be booked, where the cadence would have it. `after` None with `chosen` is a
    session to be cancelled, without it one for which no time was found. `exception` says what is unlike the rest
    ("9:00 is taken: 10:00 instead"); `chosen` is off when it is left out, or stays where it is.
    """

    public_id = PublicIdField()
    proposal = ForeignKeyField(Proposal, backref="lines", on_delete="CASCADE")
    session = ForeignKeyField(CoachingSession, null=True, on_delete="CASCADE")
    client = ForeignKeyField(Client, null=True, on_delete="CASCADE")
    kind_name = CharField(max_length=10, column_name="kind", default=SessionKind.COACHING)
    minutes = IntegerField()
    before = UtcDateTimeField(null=True)
    after = UtcDateTimeField(null=True)
    exception = TextField(default="")
    chosen = BooleanField(default=True)

    @property
    def kind(self) -> SessionKind:
        return SessionKind(self.kind_name)

    @property
    def label(self) -> str:
        if self.session_id and self.session.title:
            return self.session.title
        return SESSION_LABELS[self.kind]

    @property
    def who(self) -> str:
        return self.client.name if self.client_id else self.label

    @property
    def moves(self) -> bool:
        return self.chosen and self.after is not None and self.after != self.before

    @property
    def is_cancelled(self) -> bool:
        """Of a session there is: cancelled instead of moved."""
        return self.chosen and self.after is None

    @property
    def at(self) -> datetime | Any:
        """Where it stands in the order of days."""
        return self.before or self.after

    @classmethod
    def of(cls, proposal: Proposal) -> ModelSelect:
        """With client and session, in the order of their days."""
        return (
            cls.select(cls, Client, CoachingSession)
            .join(Client, JOIN.LEFT_OUTER)
            .switch(cls)
            .join(CoachingSession, JOIN.LEFT_OUTER, on=(cls.session == CoachingSession.id))
            .where(cls.proposal == proposal)
            .order_by(cls.before, cls.id)
        )

    @classmethod
    def all_of(cls, proposal: Proposal) -> list[Self]:
        """The same as rows that know their proposal and its coach."""
        return cls._knowing(cls.of(proposal), proposal)

    @classmethod
    def seen_by(cls, user: User, proposal: Proposal) -> list[Self]:
        """The same, and `is_seen`: a coach may still hold sessions with somebody who is another's client by now."""
        seen = cls.client.is_null() | cls.client.in_(Client.visible_to(user, Client.id))
        return cls._knowing(cls.of(proposal).select_extend(seen.alias("is_seen")), proposal)

    @classmethod
    def _knowing(cls, rows: ModelSelect, proposal: Proposal) -> list[Self]:
        lines = list(rows)
        for line in lines:
            line.proposal = proposal
            if line.session_id and line.session.coach_id == proposal.coach_id:
                line.session.coach = proposal.coach
        return lines


# A cadence ------------------------------------------------------------------------------------------------------------


def openings_for(engagement: Engagement, wish: Wish) -> Openings:
    """What is free over the whole range of a cadence."""
    low, high = (_midnight(day, engagement.coach.zone) for day in wish.span)
    asked = openings_of(engagement.coach, wish.kind, wish.minutes, low, high, clients=[engagement.client])
    return beyond_the_horizon(asked)


def last_counted(engagement: Engagement) -> CoachingSession | None:
    """The last session of a program that is booked or was held, of those it counts: a cadence goes on after it."""
    there = CoachingSession.kind_name.in_(COUNTED), CoachingSession.state_name.in_((State.BOOKED, State.HELD))
    rows = CoachingSession.of_engagement(engagement).where(*there)
    return rows.order_by(CoachingSession.starts_at.desc()).first()


def foresee_cadence(engagement: Engagement, wish: Wish) -> list[ProposedSession]:
    """The lines of a cadence, unsaved."""
    found = lay_out(wish, engagement.coach.zone, openings_for(engagement, wish))
    return [
        ProposedSession(
            client=engagement.client,
            kind_name=wish.kind,
            minutes=wish.minutes,
            before=moment_of(each.regular),
            after=_or_none(each.regular if each.is_skipped else each.start),
            exception=" · ".join(filter(None, (each.exception, _after_the_end(engagement, each)))),
            chosen=each.start is not None,
        )
        for each in found
    ]


def _or_none(minute: int | None) -> datetime | None:
    return None if minute is None else moment_of(minute)


def _after_the_end(engagement: Engagement, found: Date) -> str:
    ends_on = engagement.ends_on
    is_after = ends_on and found.start is not None and local_day(found.start, engagement.coach.zone) > ends_on
    return f"after the program’s last day, {in_words(ends_on)}" if is_after else ""


# Sessions that move ---------------------------------------------------------------------------------------------------

EARLIER, LATER = timedelta(days=14), timedelta(days=35)
"""How far around an absence another time is looked for."""
AROUND = timedelta(days=10)
"""How far around its new day a session of a program that slips may go."""
MOST_OPTIONS = 240
ROOM_AROUND, MOST_IN_THE_WAY, THEIR_OPTIONS = timedelta(days=14), 30, 60
"""To make room: sessions so near that could move, too, and to how many other times each."""


@dataclass
class Desk:
    """What a coach's sessions need when they move together, read once: who comes, what else these people have."""

    coach: User
    sessions: Sequence[CoachingSession]
    away: Sequence[CoachingSession] = ()
    people: dict[int, list[Client]] = field(default_factory=dict)
    contacts: dict[int, list[Contact]] = field(default_factory=dict)
    _terms: dict[str, Availability] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.away = self.away or self.sessions
        ids = [session.id for session in self.away if session.id]
        rows = Attendee.select(Attendee, Client, Contact).join(Client, JOIN.LEFT_OUTER)
        rows = rows.switch(Attendee).join(Contact, JOIN.LEFT_OUTER)
        for row in rows.where(Attendee.session.in_(ids), Attendee.left_at.is_null()):
            if row.client_id:
                self.people.setdefault(row.session_id, []).append(row.client)
            if row.contact_id:
                self.contacts.setdefault(row.session_id, []).append(row.contact)

    @cached_property
    def others(self) -> dict[int, list[CoachingSession]]:
        """What else the clients have, by their ids: booked or held, with any coach."""
        found: dict[int, list[CoachingSession]] = {}
        theirs = CoachingSession.with_people().where(
            CoachingSession.client.in_({session.client_id for session in self.away if session.client_id}),
            CoachingSession.id.not_in([session.id for session in self.away if session.id]),
            CoachingSession.state_name.in_((State.BOOKED, State.HELD)),
        )
        for session in theirs:
            found.setdefault(session.client_id, []).append(session)
        return found

    def openings(self, session: CoachingSession, low: datetime, high: datetime) -> Openings:
        """What is free for a session when all that may move are away."""
        return beyond_the_horizon(
            openings_of(
                self.coach,
                session.kind_name,
                session.minutes,
                low,
                high,
                clients=self.people.get(session.id, ()),
                contacts=self.contacts.get(session.id, ()),
                but=[each for each in self.away if each.id],
            )
        )

    def terms(self, kind: str) -> Availability:
        if kind not in self._terms:
            self._terms[kind] = terms_for(self.coach, kind)
        return self._terms[kind]

    def movable(
        self, session: CoachingSession, start: int, options: Iterable[Option] = (), stays: Option | None = None
    ) -> Movable:
        terms = self.terms(session.kind_name)
        return Movable(
            start=start,
            minutes=session.minutes,
            options=tuple(options),
            stays=stays,
            before=terms.before_minutes,
            after=terms.after_minutes,
            whose=session.client_id,
            rank=rank_of(session.kind),
            gap=gap_of(session),
            daily=terms.daily_most,
            weekly=terms.weekly_most,
        )

    def options(
        self,
        session: CoachingSession,
        wanted: int,
        low: datetime,
        high: datetime,
        *,
        ruled_out: Sequence[tuple[int, int]] = (),
        until: date | None = None,
        ends_on: date | None = None,
        most: int = MOST_OPTIONS,
        cost_of: Callable[[datetime, datetime], int] = displacement,
    ) -> list[Option]:
        """Where a session could go, the best first: not at the starts that are ruled out, not after `until`."""
        zone = ZoneInfo(self.coach.zone)
        was = moment_of(wanted).astimezone(zone)
        found, soon = [], clock.now() + SHORT_NOTICE
        for start in self.openings(session, low, high).starts:
            if any(first <= start <= last for first, last in ruled_out):
                continue
            will = moment_of(start).astimezone(zone)
            if until and will.date() > until:
                continue
            cost = cost_of(was, will) + (AFTER_THE_END if ends_on and will.date() > ends_on else 0)
            cost += AT_SHORT_NOTICE if will < min(was, soon) else 0
            found.append(Option(start, cost, will.date()))
        return sorted(found, key=lambda option: (option.cost, option.start))[:most]

    def too_near(self, session: CoachingSession, wanted: int) -> list[tuple[int, int]]:
        """The starts that the client's other sessions forbid, for their order and the time between them."""
        this = self.movable(session, wanted)
        return [
            each
            for other in self.others.get(session.client_id, ())
            for each in forbidden(self.movable(other, minute_of(other.starts_at)), minute_of(other.starts_at), this)
        ]

    def days(self) -> Counter[date]:
        """How many sessions each day of the coach holds beside these."""
        rows = CoachingSession.taking(clock.now() - timedelta(days=7), clock.now() + timedelta(days=800))
        rows = rows.where(
            CoachingSession.coach == self.coach,
            CoachingSession.id.not_in([session.id for session in self.away if session.id]),
        )
        return Counter(local_day(minute_of(row.starts_at), self.coach.zone) for row in rows)


def gap_of(session: CoachingSession) -> int:
    return GAPS[session.engagement.cadence if session.engagement_id else Cadence.FREE]


def last_day_of(session: CoachingSession, day: date, engagement: Engagement | None = None) -> date | None:
    """The day a three-way meeting must not pass; None for other sessions."""
    program = engagement or (session.engagement if session.engagement_id else None)
    if session.kind is not SessionKind.THREE_WAY or program is None:
        return None
    owed = [on for _, on in meeting_days(program, program.starts_on, program.ends_on)]
    return deadline(day, owed, program.ends_on)


def booked_by(coach: User, low: datetime, high: datetime, now: datetime) -> list[CoachingSession]:
    """What of a coach is booked between two moments and has not begun."""
    rows = CoachingSession.with_people().where(
        CoachingSession.coach == coach,
        CoachingSession.state_name == State.BOOKED,
        CoachingSession.ends_at > low,
        CoachingSession.starts_at < high,
        CoachingSession.starts_at > now,
    )
    return list(rows.order_by(CoachingSession.starts_at, CoachingSession.id))


def foresee_absence(coach: User, first: date, last: date) -> tuple[list[ProposedSession], bool]:
    """The lines of the smallest change that clears some days of a coach, unsaved; whether it is surely the smallest.

    Sessions of other days move only when one of these has no place otherwise.
    """
    now = clock.now()
    low, high = _midnight(first, coach.zone), _midnight(last + timedelta(days=1), coach.zone)
    touched = booked_by(coach, low, high, now)
    if not touched:
        return [], True
    closed = minute_of(low), minute_of(high) - 1
    reach = max(now, low - EARLIER), high + LATER
    desk = Desk(coach, touched)
    found = smallest_change(_clearing(desk, touched, closed, reach), desk.days())
    moved: list[CoachingSession] = []
    if found.without_place:
        near = booked_by(coach, max(now, low - ROOM_AROUND), high + ROOM_AROUND, now)
        moved = [session for session in near if session not in touched][:MOST_IN_THE_WAY]
        desk = Desk(coach, touched, away=[*touched, *moved])
        there = [_in_the_way(desk, session, closed) for session in moved]
        roomier = smallest_change([*_clearing(desk, touched, closed, reach), *there], desk.days())
        found = roomier if roomier.weight < found.weight else replace(found, is_least=roomier.is_least)
    lines = [
        _line(session, start, last_day_of(session, local_day(minute_of(session.starts_at), coach.zone)))
        for session, start in zip([*touched, *moved], found.starts, strict=False)
    ]
    return [line for line in lines if line.session in touched or line.moves], found.is_least


def _clearing(
    desk: Desk, touched: Sequence[CoachingSession], closed: tuple[int, int], reach: tuple[datetime, datetime]
) -> list[Movable]:
    found = []
    for session in touched:
        start = minute_of(session.starts_at)
        until = last_day_of(session, local_day(start, desk.coach.zone))
        ruled_out = _ruled_out(desk, session, start, closed)
        options = desk.options(session, start, *reach, ruled_out=ruled_out, until=until, ends_on=_end_of(session))
        found.append(desk.movable(session, start, options))
    return found


def _end_of(session: CoachingSession) -> date | None:
    """The last day of the program, for a session that is in it."""
    ends_on = session.engagement.ends_on if session.engagement_id else None
    return ends_on if ends_on and local_day(minute_of(session.starts_at), session.coach.zone) <= ends_on else None


def _ruled_out(
    desk: Desk, session: CoachingSession, wanted: int, closed: tuple[int, int] | None = None
) -> list[tuple[int, int]]:
    """The starts at which a session would be while the coach is away, or too near to the client's others."""
    away = [(closed[0] - session.minutes + 1, closed[1])] if closed else []
    return [*away, *desk.too_near(session, wanted)]


def _in_the_way(desk: Desk, session: CoachingSession, closed: tuple[int, int]) -> Movable:
    """A session that could make room."""
    start = minute_of(session.starts_at)
    day = local_day(start, desk.coach.zone)
    options = desk.options(
        session,
        start,
        max(clock.now(), session.starts_at - AROUND),
        session.starts_at + AROUND,
        ruled_out=_ruled_out(desk, session, start, closed),
        until=last_day_of(session, day),
        ends_on=_end_of(session),
        most=THEIR_OPTIONS,
    )
    others = [option for option in options if option.start != start]
    return desk.movable(session, start, others, stays=Option(start, 0, day))


def _line(session: CoachingSession, start: int | None, until: date | None) -> ProposedSession:
    exception = f"stays before {in_words(until + timedelta(days=1))}" if until else ""
    if start is None:
        exception = f"no free time until {in_words(until)}" if until else "no free time in the weeks around it"
    return ProposedSession(
        session=session,
        client=session.client if session.client_id else None,
        kind_name=session.kind_name,
        minutes=session.minutes,
        before=session.starts_at,
        after=_or_none(start),
        exception=exception,
        chosen=start is not None,
    )


def foresee_slip(engagement: Engagement, starts_on: date) -> tuple[list[ProposedSession], bool]:
    """The lines by which all that is booked in a program moves with its first day, unsaved."""
    now = clock.now()
    rows = CoachingSession.of_engagement(engagement).where(
        CoachingSession.state_name == State.BOOKED, CoachingSession.starts_at > now
    )
    sessions = list(rows)
    lines: list[ProposedSession] = []
    is_least = True
    for coach in dict.fromkeys(session.coach for session in sessions):
        own = [session for session in sessions if session.coach == coach]
        found, wanted, openings, untils = _slipped(coach, own, engagement, starts_on)
        is_least = is_least and found.is_least
        for session, start, at, free, until in zip(own, found.starts, wanted, openings, untils, strict=True):
            line = _line(session, start, until)
            if start is not None and start != at:
                why = instead(free, at, start, coach.zone) or "another time, so that all find a place"
                line.exception = " · ".join(filter(None, (why, line.exception)))
            lines.append(line)
    return lines, is_least


def _slipped(
    coach: User, sessions: Sequence[CoachingSession], engagement: Engagement, starts_on: date
) -> tuple[Change, list[int], list[Openings], list[date | None]]:
    after = Engagement(**engagement.terms(), starts_on=starts_on)
    after.ends_on = moved_end(engagement.starts_on, engagement.ends_on, starts_on)
    by, now = starts_on - engagement.starts_on, clock.now()
    desk, begins = Desk(coach, sessions), _midnight(starts_on, coach.zone)
    wanted, movables, openings, untils = [], [], [], []
    for session in sessions:
        local = session.starts_at.astimezone(ZoneInfo(coach.zone))
        target = instant(local.date() + by, 60 * local.hour + local.minute, coach.zone)
        low = max(now, moment_of(target) - AROUND, min(begins, moment_of(target)))
        high = max(low, moment_of(target) + AROUND)
        until = last_day_of(session, local_day(target, coach.zone), after)
        limits = {"ruled_out": _ruled_out(desk, session, target), "until": until, "ends_on": after.ends_on}
        options = desk.options(session, target, low, high, **limits, cost_of=distance)
        wanted.append(target)
        movables.append(desk.movable(session, target, options))
        openings.append(desk.openings(session, low, high))
        untils.append(until)
    return smallest_change(movables, desk.days()), wanted, openings, untils


# One line -------------------------------------------------------------------------------------------------------------

CHOICES = 18
"""Free times offered for one line."""


@dataclass
class Elsewhere:
    """Where else one line could go, the other lines being as they stand."""

    line: ProposedSession
    lines: Sequence[ProposedSession]

    def __post_init__(self) -> None:
        line = self.line
        self.proposal: Proposal = line.proposal
        self.coach: User = line.session.coach if line.session_id else self.proposal.coach
        self.session: CoachingSession = line.session if line.session_id else self._unbooked()
        leaving = [each.session for each in self.lines if each.session_id and (each.chosen or each == line)]
        self.desk = Desk(self.coach, [self.session], away=leaving or [self.session])
        if not line.session_id:
            self.desk.people[self.session.id] = [line.client]

    @cached_property
    def ruled_out(self) -> list[tuple[int, int]]:
        """The starts that the absence and the other lines forbid."""
        this = self._with_buffers(self.line)
        found = list(self._absence())
        for each in self.lines:
            if each != self.line and each.chosen and each.after:
                found += forbidden(self._with_buffers(each), minute_of(each.after), this)
        return found

    def _with_buffers(self, line: ProposedSession) -> Movable:
        """For lines that are not booked yet the buffers are the coach's for their kind; of these all are of one."""
        buffered = line.session if line.session_id else self._terms
        before, after = buffered.before_minutes, buffered.after_minutes
        return Movable(minute_of(line.before), line.minutes, (), before=before, after=after)

    @cached_property
    def _terms(self) -> Availability:
        return terms_for(self.coach, self.line.kind_name)

    def _unbooked(self) -> CoachingSession:
        return _as_session(self.line, self.proposal.coach)

    def _absence(self) -> Iterable[tuple[int, int]]:
        """The days the coach is away: for what is picked by hand, too."""
        if self.proposal.kind is ProposalKind.ILL:
            low, high = days_of(self.proposal)
            yield minute_of(low) - self.line.minutes + 1, minute_of(high) - 1

    def free(self, most: int = CHOICES, *, keep_apart: bool = False) -> list[datetime]:
        """The times it could have, the best first; `keep_apart` from the client's other sessions as a plan does."""
        now, reach = clock.now(), LATER if self.line.session_id else AROUND
        low, high = max(now, self.line.before - reach), max(now, self.line.before + reach)
        wanted = minute_of(self.line.before)
        ruled_out = [*self.ruled_out, *(self.desk.too_near(self.session, wanted) if keep_apart else ())]
        until = last_day_of(self.session, local_day(wanted, self.coach.zone)) if keep_apart else None
        cost_of = displacement if self.proposal.kind is ProposalKind.ILL else distance
        found = self.desk.options(
            self.session, wanted, low, high, ruled_out=ruled_out, until=until, most=most, cost_of=cost_of
        )
        return [moment_of(option.start) for option in found]

    def reasons(self, start: datetime) -> list[str]:
        """Why it cannot be at this time; nothing when it can."""
        minute, a_day = minute_of(start), timedelta(days=1)
        openings = self.desk.openings(self.session, start - a_day, start + a_day)
        found = [f"{reason.party}: {reason.words}" for reason in openings.why_not(minute)]
        if any(low <= minute <= high for low, high in self.ruled_out):
            found.append("another line of this proposal, or the absence, is in the way")
        return found


def _as_session(line: ProposedSession, coach: User) -> CoachingSession:
    """A line as the session it would be."""
    if line.session_id:
        return line.session
    return CoachingSession(
        coach=coach,
        client=line.client,
        engagement=line.proposal.engagement,
        kind_name=line.kind_name,
        starts_at=line.before,
        ends_at=line.before + timedelta(minutes=line.minutes),
    )


def days_of(proposal: Proposal) -> tuple[datetime, datetime]:
    """The moments at which an absence begins and ends."""
    zone = proposal.coach.zone
    return _midnight(proposal.first, zone), _midnight(proposal.last + timedelta(days=1), zone)


def _midnight(day: date, zone: str) -> datetime:
    return moment_of(instant(day, 0, zone))


# Who hears of it ------------------------------------------------------------------------------------------------------


def letters_of(proposal: Proposal, lines: Sequence[ProposedSession]) -> list[Letter]:
    """Each mail that leaves when a proposal is applied: to whom, and which."""
    told = [line for line in lines if line.chosen]
    rows = Attendee.select(Attendee, Client).join(Client, JOIN.LEFT_OUTER)
    ids = [line.session_id for line in told if line.session_id]
    invited: dict[int, list[Attendee]] = {}
    for row in rows.where(Attendee.session.in_(ids), Attendee.left_at.is_null()).order_by(Attendee.id):
        invited.setdefault(row.session_id, []).append(row)
    return [
        Letter(name, email, what, _says(what, line, zone, (name, email) == (coach.name, coach.email)))
        for line in told
        if (what := _what_of(proposal, line))
        for coach in (line.session.coach if line.session_id else proposal.coach,)
        for name, email, zone in _readers(line, invited.get(line.session_id, []), coach)
    ]


def _says(what: LetterKind, line: ProposedSession, zone: str, is_coach: bool) -> str:
    """What a mail is about: to the coach with whom, to others which session; and when, by the reader's clock."""
    named = line.who if is_coach else line.label
    if what is LetterKind.CANCELLATION:
        return f"{named}, {moment_in_words(line.before, zone)}: does not take place"
    instead = f", instead of {moment_in_words(line.before, zone)}" if what is LetterKind.CHANGE else ""
    return f"{named}, {moment_in_words(line.after, zone)}{instead}"


def _what_of(proposal: Proposal, line: ProposedSession) -> LetterKind | None:
    if proposal.kind is ProposalKind.CADENCE:
        return LetterKind.INVITATION
    if line.is_cancelled:
        return LetterKind.CANCELLATION
    return LetterKind.CHANGE if line.moves else None


def _readers(line: ProposedSession, invited: Sequence[Attendee], coach: User) -> list[tuple[str, str, str]]:
    """Names, addresses and zones, each address once: who comes, the coach, and the clients' own assistants.

    Who has no address is among them with '': the desk has to tell this person.
    """
    clients = [row.client for row in invited if row.client_id] or ([line.client] if line.client_id else [])
    zones = {client: client.zone or coach.zone for client in clients}
    comes = [(row.name, row.email, row.zone or coach.zone) for row in invited]
    comes = comes or [(client.name, client.email, zones[client]) for client in clients]
    helpers = [(each.assistant_name or each.assistant_email, each.assistant_email, zones[each]) for each in clients]
    found: dict[str, tuple[str, str, str]] = {}
    for each in [*comes, (coach.name, coach.email, coach.zone), *(helper for helper in helpers if helper[1])]:
        found.setdefault(each[1].casefold() or each[0], each)
    return list(found.values())

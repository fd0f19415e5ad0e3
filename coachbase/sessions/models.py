"""Sessions, attendees, holds and the ledger. The wall is the client's; a group is behind the coach's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Self

from peewee import JOIN, BooleanField, Case, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from ..accounts.models import Serving, User
from ..accounts.rules import Role as StaffRole
from ..availability.models import Availability
from ..availability.rules import SESSION_LABELS, SessionKind
from ..clients.models import Client, Contact, Organisation
from ..db import Model, NoCaseField, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..engagements.rules import State as ProgramState
from ..engagements.rules import meeting_days
from .rules import (
    BY_HAND,
    ENTRY_LABELS,
    GIVES,
    NEXT,
    OPEN,
    STATE_LABELS,
    TAKES_TIME,
    UNDONE,
    Attendance,
    Balance,
    Entry,
    Mark,
    Role,
    State,
    marks_of,
    place_of,
    stalled_days,
)

STRANGER = "a client you do not look after"
"""How a member of a group is called towards staff behind whose wall the client is not."""


class CoachingSession(Model):
    """One meeting, with one calendar event for life: `uid` stays, `sequence` grows with each change (RFC 5545).

    `zone` is the wall clock it was booked by. `place_kind`, `place` are '' where the program's or the coach's holds.
    `client` is None for a group. The database refuses that two of a coach, a client or a guest overlap (triggers.py).
    """

    public_id = PublicIdField()
    uid = TextField(unique=True)
    sequence = IntegerField(default=0)
    coach = ForeignKeyField(User, on_delete="RESTRICT")
    client = ForeignKeyField(Client, null=True, backref="sessions", on_delete="CASCADE")
    engagement = ForeignKeyField(Engagement, null=True, backref="sessions_of", on_delete="CASCADE")
    kind_name = CharField(max_length=10, column_name="kind")
    title = TextField(default="")
    starts_at = UtcDateTimeField()
    ends_at = UtcDateTimeField()
    before_minutes = IntegerField(default=0)
    after_minutes = IntegerField(default=0)
    zone = TextField()
    place_kind_name = CharField(max_length=6, column_name="place_kind", default="")
    place = TextField(default="")
    state_name = CharField(max_length=14, column_name="state", default=State.BOOKED)
    via = CharField(max_length=10)
    reason = TextField(default="")
    moves = IntegerField(default=0)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    ended_at = UtcDateTimeField(null=True)
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    class Meta:
        indexes = (
            (("coach", "starts_at"), False),
            (("client", "starts_at"), False),
            (("state_name", "ends_at"), False),
        )

    @property
    def kind(self) -> SessionKind:
        return SessionKind(self.kind_name)

    @property
    def state(self) -> State:
        return State(self.state_name)

    @property
    def label(self) -> str:
        """What it is called: its own title, or what its kind is."""
        return self.title or SESSION_LABELS[self.kind]

    @property
    def kind_label(self) -> str:
        """What it is towards who is to know the dates alone: a title may tell what it is about."""
        return SESSION_LABELS[self.kind]

    @property
    def state_label(self) -> str:
        return STATE_LABELS[self.state]

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def where(self) -> tuple[str, str]:
        """Kind and words of the place, from the one chain: session, program, coach. ('', '') when nobody said."""
        return place_of(self.places(Availability.of(self.coach)))

    def places(self, terms: Availability) -> list[tuple[str, str]]:
        """The chain its place comes from; `terms` are its coach's."""
        program = self.engagement if self.engagement_id else None
        return [
            (self.place_kind_name, self.place),
            (program.place_kind_name, program.place) if program else ("", ""),
            (terms.place_kind_name, terms.place),
        ]

    @property
    def clients(self) -> list[Client]:
        """Who is coached in it."""
        if self.client_id:
            return [self.client]
        return [attendee.client for attendee in Attendee.of(self) if attendee.client_id]

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall; a group is seen by its coach, the coach's assistants and the owner."""
        sessions = cls.with_people()
        if user.role is StaffRole.OWNER:
            return sessions
        coaches = [user.id] if user.role is StaffRole.COACH else Serving.coaches_of(user)
        group = cls.client.is_null() & cls.coach.in_(coaches)
        return sessions.where(cls.client.in_(Client.visible_to(user, Client.id)) | group)

    @classmethod
    def with_people(cls) -> ModelSelect:
        """With coach, client, organisation and engagement."""
        return (
            cls.select(cls, User, Client, Organisation, Engagement)
            .join(User, on=(cls.coach == User.id))
            .switch(cls)
            .join(Client, JOIN.LEFT_OUTER)
            .join(Organisation, JOIN.LEFT_OUTER)
            .switch(cls)
            .join(Engagement, JOIN.LEFT_OUTER)
        )

    @classmethod
    def known_as(cls, public_id: str) -> Self | None:
        return cls.with_people().where(cls.public_id == public_id).first()

    @classmethod
    def taking(cls, first: datetime, last: datetime) -> ModelSelect:
        """Those whose time is taken and touches a range."""
        return cls.select().where(cls.state_name.in_(TAKES_TIME), cls.ends_at > first, cls.starts_at < last)

    @classmethod
    def of_engagement(cls, engagement: Engagement) -> ModelSelect:
        """In the order of their days."""
        return cls.with_people().where(cls.engagement == engagement).order_by(cls.starts_at, cls.id)

    @classmethod
    def of_client(cls, client: Client) -> ModelSelect:
        """All a client is or was invited to, groups too, the latest first; but not what was undone unheard."""
        in_groups = Attendee.select(Attendee.session).where(Attendee.client == client, Attendee.left_at.is_null())
        theirs = (cls.client == client) | cls.id.in_(in_groups)
        undone = (cls.state_name == State.CANCELLED) & (cls.reason == UNDONE)
        return cls.with_people().where(theirs, ~undone).order_by(cls.starts_at.desc(), cls.id.desc())

    @classmethod
    def ahead_of(cls, client: Client, user: User, now: datetime, also: str = "") -> ModelSelect:
        """A client's own sessions that are to come, the next first; `also` names one of them that may be over."""
        coming = (cls.state_name == State.BOOKED) & (cls.ends_at > now)
        return (
            cls.visible_to(user).where(cls.client == client, coming | (cls.public_id == also)).order_by(cls.starts_at)
        )

    @classmethod
    def inheriting(
        cls, now: datetime, *, engagement: Engagement | None = None, coach: User | None = None
    ) -> ModelSelect:
        """Those to come whose place is the program's, or the coach's where no program says otherwise."""
        coming = cls.state_name == State.BOOKED, cls.starts_at > now, cls.place == ""
        if engagement is not None:
            return cls.with_people().where(*coming, cls.engagement == engagement)
        return cls.with_people().where(*coming, cls.coach == coach, fn.COALESCE(Engagement.place, "") == "")

    @classmethod
    def next_of(cls, client: Client, now: datetime) -> Self | None:
        """The client's next one that is booked."""
        booked = cls.client == client, cls.state_name == State.BOOKED, cls.ends_at > now
        return cls.with_people().where(*booked).order_by(cls.starts_at).first()

    @classmethod
    def next_of_each(cls, client_ids: list[int], now: datetime) -> dict[int, datetime]:
        """When the next one of each begins that is booked, groups too; one query."""
        coming = cls.state_name == State.BOOKED, cls.ends_at > now, Attendee.left_at.is_null()
        rows = Attendee.select(Attendee.client_id, fn.MIN(cls.starts_at)).join(cls)
        return dict(rows.where(Attendee.client_id.in_(client_ids), *coming).group_by(Attendee.client_id).tuples())

    @classmethod
    def first_unmarked(cls, user: User, now: datetime, most: int) -> tuple[list[Self], int]:
        """The oldest of them, and how many there are in all."""
        rows = list(cls.unmarked(user, now).select_extend(fn.COUNT().over().alias("of")).limit(most))
        return rows, rows[0].of if rows else 0

    @classmethod
    def unmarked(cls, user: User, now: datetime) -> ModelSelect:
        """Booked ones that are over: somebody should say what became of them."""
        over = cls.state_name == State.BOOKED, cls.ends_at <= now
        return cls.visible_to(user).where(*over).order_by(cls.starts_at, cls.id)


class Attendee(Model):
    """Somebody who is invited to a session: a mail of one's own, and what was answered to it.

    `sequence` is the one last answered to; `left_at` when the invitation was taken back. `was_there` is for groups.
    """

    public_id = PublicIdField()
    session = ForeignKeyField(CoachingSession, backref="attendees", on_delete="CASCADE")
    role_name = CharField(max_length=8, column_name="role")
    client = ForeignKeyField(Client, null=True, on_delete="CASCADE")
    contact = ForeignKeyField(Contact, null=True, on_delete="SET NULL")
    name = TextField()
    email = NoCaseField()
    zone = TextField()
    answer_name = CharField(max_length=12, column_name="answer", default=Attendance.NEEDS_ACTION)
    answered_at = UtcDateTimeField(null=True)
    sequence = IntegerField(default=0)
    left_at = UtcDateTimeField(null=True)
    was_there = BooleanField(null=True)

    @property
    def role(self) -> Role:
        return Role(self.role_name)

    @property
    def answer(self) -> Attendance:
        return Attendance(self.answer_name)

    @classmethod
    def of(cls, session: CoachingSession) -> ModelSelect:
        """Who is invited now, with client and contact."""
        people = cls.select(cls, Client, Contact).left_outer_join(Client).switch(cls).left_outer_join(Contact)
        return people.where(cls.session == session, cls.left_at.is_null()).order_by(cls.id)

    @classmethod
    def seen_by(cls, user: User, session: CoachingSession) -> list[Self]:
        """To be looked at: of a group, only the clients this user looks after have a name."""
        rows = list(cls.of(session))
        theirs = {row.client_id for row in rows if row.client_id} - {session.client_id}
        known = Client.visible_to(user, Client.id).where(Client.id.in_(theirs)) if theirs else ()
        for row in rows:
            if row.client_id in theirs - {client.id for client in known}:
                row.name, row.email = STRANGER, "address not shown"
        return rows


class Hold(Model):
    """A time kept free for somebody who is asked about it; busy until `expires_at`. `about` says for what."""

    public_id = PublicIdField()
    coach = ForeignKeyField(User, on_delete="CASCADE")
    starts_at = UtcDateTimeField()
    ends_at = UtcDateTimeField()
    expires_at = UtcDateTimeField(index=True)
    about = CharField(max_length=26, index=True)
    words = TextField(default="")

    class Meta:
        indexes = ((("coach", "starts_at"), False),)

    @classmethod
    def living(cls, coach: User, now: datetime) -> ModelSelect:
        return cls.select().where(cls.coach == coach, cls.expires_at > now)


class LedgerEntry(Model):
    """A line of an engagement's ledger: append only (triggers.py); the balance is the sum, never a column.

    `count` is below zero where a line takes back another.
    """

    engagement = ForeignKeyField(Engagement, backref="ledger", on_delete="CASCADE")
    session = ForeignKeyField(CoachingSession, null=True, on_delete="CASCADE")
    entry = CharField(max_length=14)
    count = IntegerField(default=1)
    reason = TextField(default="")
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def label(self) -> str:
        return ENTRY_LABELS[Entry(self.entry)]

    @property
    def hand(self) -> str:
        """Whose act it was: a member of the team, somebody with a link, or nobody's (what a program bought)."""
        if self.by_id:
            return self.by.name
        return "a personal link" if self.session_id else "itself"

    @classmethod
    def of(cls, engagement: Engagement) -> ModelSelect:
        """In the order they were written, with who wrote them and the session they are about."""
        lines = (
            cls.select(cls, User, CoachingSession).left_outer_join(User).switch(cls).left_outer_join(CoachingSession)
        )
        return lines.where(cls.engagement == engagement).order_by(cls.id)

    @classmethod
    def standing(cls, session: CoachingSession) -> dict[Entry, int]:
        """What the ledger says of one session, all lines summed up. Made-up lines only point at theirs."""
        rows = cls.select(cls.entry, fn.SUM(cls.count)).where(cls.session == session, cls.entry.not_in(BY_HAND))
        return {Entry(entry): count for entry, count in rows.group_by(cls.entry).tuples()}

    @classmethod
    def made_up_for(cls, session: CoachingSession) -> int:
        """How many sessions were given back for this one."""
        lines = cls.select(fn.SUM(cls.count)).where(cls.session == session, cls.entry == Entry.MADE_UP)
        return lines.scalar() or 0

    @classmethod
    def balance(cls, engagement: Engagement) -> Balance:
        sums = cls.select(cls.entry, fn.SUM(cls.count)).where(cls.engagement == engagement).group_by(cls.entry)
        return Balance.of(dict(sums.tuples()))

    @classmethod
    def sum_left(cls) -> Any:
        """`Balance.left` for a query."""
        return fn.SUM(Case(None, ((cls.entry.in_(GIVES), cls.count),), cls.count * -1))

    @classmethod
    def balances(cls, engagements: Any) -> dict[int, Balance]:
        """Of many engagements in one query, by their ids."""
        rows = cls.select(cls.engagement, cls.entry, fn.SUM(cls.count)).where(cls.engagement.in_(engagements))
        sums: dict[int, dict[str, int]] = {}
        for engagement, entry, count in rows.group_by(cls.engagement, cls.entry).tuples():
            sums.setdefault(engagement, {})[entry] = count
        return {engagement: Balance.of(found) for engagement, found in sums.items()}


def places_of(sessions: Iterable[CoachingSession]) -> dict[int, tuple[str, str]]:
    """Where each of some sessions is, by their ids."""
    terms, nothing = Availability.of_each(), Availability()
    return {session.id: place_of(session.places(terms.get(session.coach_id, nothing))) for session in sessions}


@dataclass(frozen=True)
class Strip:
    """How a client's program gets on: a mark for each session, the balance, and what is next. Four queries."""

    engagement: Engagement | None
    marks: list[Mark]
    balance: Balance
    next: CoachingSession | None
    place: tuple[str, str]
    stalled: int | None

    @property
    def months(self) -> list[str]:
        """Under each mark the month it is in, where another one begins; nothing where the end is open."""
        names = ["" if mark.on == date.max else f"{mark.on:%b}" for mark in self.marks]
        return [name if name != before else "" for before, name in zip(["", *names], names, strict=False)]

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to draw."""
        return len(self.marks) > 1 or self.next is not None

    @property
    def behind(self) -> int:
        """How many marks the solid part of the line passes."""
        return max(
            (place for place, mark in enumerate(self.marks) if mark.state not in (OPEN, NEXT, "booked")), default=0
        )

    @classmethod
    def of(cls, client: Client, engagement: Engagement | None, now: datetime) -> Self:
        """Of a program; without one only what is next."""
        coming = (CoachingSession.state_name == State.BOOKED) & (CoachingSession.ends_at > now)
        wanted = coming if engagement is None else coming | (CoachingSession.engagement == engagement)
        sessions = list(CoachingSession.of_client(client).where(wanted))[::-1]
        own = [session for session in sessions if engagement and session.engagement_id == engagement.id]
        balance = LedgerEntry.balance(engagement) if engagement else Balance()
        coming_next = next((one for one in sessions if one.state is State.BOOKED and one.ends_at > now), None)
        return cls(
            engagement=engagement,
            marks=_marks(engagement, own, balance, now) if engagement else [],
            balance=balance,
            next=coming_next,
            place=coming_next.where if coming_next else ("", ""),
            stalled=_stalled(engagement, own, balance, now) if engagement else None,
        )


def _marks(engagement: Engagement, sessions: list[CoachingSession], balance: Balance, now: datetime) -> list[Mark]:
    """Before a program is active nothing is bought yet, but one knows what it will be."""
    given = balance.given if engagement.state is not ProgramState.DRAFT else engagement.sessions
    meetings = meeting_days(engagement, engagement.starts_on, engagement.ends_on)
    return marks_of(sessions, given, meetings, engagement.starts_on, engagement.ends_on, now)


def _stalled(engagement: Engagement, sessions: list[CoachingSession], balance: Balance, now: datetime) -> int | None:
    booked = sum(session.state is State.BOOKED for session in sessions)
    held = [session.ends_at for session in sessions if session.state is State.HELD]
    since = max(held, default=engagement.onboarded_at)
    return stalled_days(engagement.state, engagement.cadence, booked=booked, left=balance.left, since=since, now=now)


class Stalled(NamedTuple):
    """A program that nobody moves, for so many days."""

    engagement: Engagement
    days: int
    left: int


def stalled_programs(user: User, now: datetime) -> list[Stalled]:
    """Programs this user may see in which nothing is booked and long nothing was held; the longest first."""
    session = CoachingSession
    own = session.engagement == Engagement.id
    held = session.select(fn.MAX(session.ends_at)).where(own, session.state_name == State.HELD)
    booked = session.select(session.id).where(own, session.state_name == State.BOOKED)
    since = fn.COALESCE(held, Engagement.onboarded_at)
    idle = Engagement.state_name == ProgramState.ACTIVE, Engagement.onboarded_at.is_null(False), ~fn.EXISTS(booked)
    left = LedgerEntry.select(LedgerEntry.sum_left()).where(LedgerEntry.engagement == Engagement.id)
    found = []
    for row in Engagement.visible_to(user).select_extend(since.alias("since"), left.alias("left")).where(*idle):
        moment = UtcDateTimeField().python_value(row.since)
        days = stalled_days(row.state, row.cadence, booked=0, left=row.left or 0, since=moment, now=now)
        if days is not None:
            found.append(Stalled(row, days, row.left))
    return sorted(found, key=lambda each: -each.days)

"""Whose hours may stand in the coaching log, and by what name. The wall is the client's."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from peewee import JOIN, BooleanField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from ..accounts.models import User
from ..clients.models import Client
from ..cohorts.models import Meeting
from ..db import Model, UtcDateTimeField
from ..engagements.models import Engagement
from ..engagements.rules import State as Running
from ..sessions.models import Attendee, CoachingSession
from ..sessions.rules import State
from .rules import LOGGED, Answer, Held, Log, Person, log_of


class LogConsent(Model):
    """What a client said about standing in a coach's log for the ICF. Without a row the hours are left out.

    `by_name`: the name may stand there; else a letter of the organisation stands for it. `how` is how we know.
    """

    client = ForeignKeyField(Client, unique=True, on_delete="CASCADE")
    is_given = BooleanField()
    by_name = BooleanField(default=False)
    organisation = TextField(default="")
    on = DateField()
    how = TextField()
    version = IntegerField(default=1)
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def answer(self) -> Answer:
        if not self.is_given:
            return Answer.NO
        return Answer.NAME if self.by_name else Answer.LETTER

    @classmethod
    def of(cls, client: Client) -> Self | None:
        return cls.select(cls, User).left_outer_join(User).where(cls.client == client).first()

    @classmethod
    def of_each(cls, clients: Iterable[int]) -> dict[int, Self]:
        """By the clients' ids."""
        return {row.client_id: row for row in cls.select().where(cls.client.in_(list(clients)))}


def log_for(coach: User, user: User, first: date | None, last: date | None) -> tuple[Log, dict[int, LogConsent]]:
    """A coach's log as this user may see it, and what each client in it said."""
    sessions = [*_alone(coach, user, first, last), *_in_groups(coach, user, first, last)]
    people = _people(user, {client for held in sessions for client in held.clients})
    consents = LogConsent.of_each(people)
    return log_of(sessions, people, consents), consents


def _held(coach: User, first: date | None, last: date | None, *columns: Any) -> ModelSelect:
    """What a coach held on these days, by the coach's clock."""
    zone = ZoneInfo(coach.zone)
    found = CoachingSession.select(*columns, CoachingSession.starts_at, CoachingSession.ends_at)
    found = found.where(
        CoachingSession.coach == coach, CoachingSession.state_name == State.HELD, CoachingSession.kind_name.in_(LOGGED)
    )
    if first:
        found = found.where(CoachingSession.starts_at >= datetime.combine(first, time(), zone))
    if last:
        found = found.where(CoachingSession.starts_at < datetime.combine(last + timedelta(days=1), time(), zone))
    return found.order_by(CoachingSession.starts_at, CoachingSession.id)


def _alone(coach: User, user: User, first: date | None, last: date | None) -> list[Held]:
    rows = _held(coach, first, last, CoachingSession.client, Engagement.price_cents).join(
        Engagement, JOIN.LEFT_OUTER, on=CoachingSession.engagement
    )
    mine = rows.where(CoachingSession.client.in_(Client.visible_to(user, Client.id)))
    return [
        Held(_day(starts_at, coach), _minutes(starts_at, ends_at), bool(price), (client,))
        for client, price, starts_at, ends_at in mine.tuples()
    ]


def _in_groups(coach: User, user: User, first: date | None, last: date | None) -> list[Held]:
    """Groups of one cohort are one series; any other is its own. Paid where one of them had a program with a price."""
    there = (Attendee.session == CoachingSession.id) & Attendee.was_there & Attendee.client.is_null(False)
    columns = CoachingSession.public_id, Meeting.cohort, Attendee.client, fn.EXISTS(_paid_program())
    rows = _held(coach, first, last, *columns).where(CoachingSession.client.is_null())
    rows = rows.join(Attendee, JOIN.LEFT_OUTER, on=there & Attendee.left_at.is_null())
    rows = rows.join(Meeting, JOIN.LEFT_OUTER, on=Meeting.session == CoachingSession.id)
    found: dict[str, Held] = {}
    for session, cohort, client, is_paid, starts_at, ends_at in rows.tuples():
        usual = Held(_day(starts_at, coach), _minutes(starts_at, ends_at), False, (), f"{cohort or session}", 0)
        held = found.get(session, usual)
        who = (client,) if client else ()
        found[session] = held._replace(
            is_paid=held.is_paid or bool(is_paid), clients=held.clients + who, head_count=held.head_count + len(who)
        )
    return list(found.values())


def _paid_program() -> ModelSelect:
    """A program of the attendee’s with a price that ran on the day of the session."""
    day = fn.DATE(CoachingSession.starts_at)
    running = Engagement.starts_on <= day, Engagement.ends_on.is_null() | (Engagement.ends_on >= day)
    paid = Engagement.price_cents > 0, Engagement.state_name != Running.DRAFT
    return Engagement.select(Engagement.id).where(Engagement.client == Attendee.client, *running, *paid)


def _people(user: User, clients: set[int]) -> dict[int, Person]:
    """Those of them whom this user may see."""
    rows = Client.visible_to(user, Client.id, Client.public_id, Client.name, Client.email).where(Client.id.in_(clients))
    return {row[0]: Person(*row) for row in rows.tuples()}


def _day(moment: datetime, coach: User) -> date:
    return moment.astimezone(ZoneInfo(coach.zone)).date()


def _minutes(starts_at: datetime, ends_at: datetime) -> int:
    return int((ends_at - starts_at).total_seconds() // 60)

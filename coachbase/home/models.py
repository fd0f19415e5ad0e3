"""What Today reads from the other rooms; it has no table of its own."""

from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from peewee import ModelSelect, fn

from ..accounts.models import User
from ..accounts.rules import Role
from ..agreements.models import Agreement
from ..assessments.models import Assessment
from ..assessments.rules import State as AssessmentState
from ..assessments.rules import Todo
from ..boards.models import Card, Stage
from ..boards.rules import DONE, Due
from ..clients.models import Client, Organisation
from ..clients.rules import Party
from ..credentials.models import Stock
from ..db import UtcDateTimeField
from ..engagements.models import Engagement
from ..engagements.rules import NEXT_STEP, StepKind
from ..feeds.models import Busy, Feed
from ..mail.models import Message
from ..mail.rules import State
from ..polls.models import Poll
from ..portal.rules import MOST as MOST_REMINDERS
from ..raters.models import Rater
from ..raters.rules import State as RaterState
from ..requests.models import Request
from ..sessions.models import CoachingSession, Stalled, places_of, stalled_programs
from ..sessions.rules import TAKES_TIME
from ..sessions.rules import State as SessionState

MOST = 25
"""Rows a section shows, the longest waiting first; whoever has more open than that works from the board."""


REMINDED = tuple(
    NEXT_STEP[kind] for kind in (StepKind.AGREEMENT_SIGNED, StepKind.QUESTIONNAIRE_ANSWERED, StepKind.KICKOFF_BOOKED)
)
"""Next steps that a mail with a link asks somebody for."""


ACCESS_STEP = NEXT_STEP[StepKind.ASSESSMENT_ACCESS]


class Waiting(NamedTuple):
    """Clients whose next step waits, with their cards' stages; and how many there are in all."""

    rows: list
    total: int


def mine(user: User) -> tuple[Party, ...]:
    """Whose ball this reader plays: the desk's, or a coach's own."""
    return {Role.COACH: (Party.COACH,), Role.ASSISTANT: (Party.US,), Role.OWNER: (Party.US, Party.COACH)}[user.role]


def waiting(user: User, parties: tuple[Party, ...], now: datetime) -> Waiting:
    """Visible clients whose next step waits on one of these; first what is late, in each the longest waiting."""
    waits = Client.waiting_on_name.in_(parties)
    of = Client.visible_to(user, fn.COUNT()).where(waits)
    columns = (
        Client.public_id, Client.name, Client.position, Client.next_step, Client.waiting_on_name,
        Client.waiting_since, Organisation.name.alias("organisation"), User.name.alias("coach"),
        Card.entered_at, Stage.target_days, Stage.meaning_name, of.alias("of"),
        Engagement.id.alias("program"), Engagement.due_at, Engagement.onboarded_at,
    )  # fmt: skip
    in_stage = fn.julianday(UtcDateTimeField().db_value(now)) - fn.julianday(Card.entered_at)
    too_long = Engagement.id.is_null() & (in_stage > Stage.target_days)
    is_late = fn.COALESCE(Engagement.onboarded_at.is_null() & (Engagement.due_at < now), 0) | fn.COALESCE(too_long, 0)
    clients = (
        Client.visible_to(user, *columns)
        .left_outer_join(Organisation)
        .switch(Client)
        .left_outer_join(User, on=(Client.coach == User.id))
        .switch(Client)
        .left_outer_join(Card, on=Card.is_of_client())
        .left_outer_join(Stage)
        .switch(Client)
        .left_outer_join(Engagement, on=Engagement.is_current())
        .where(waits)
        .order_by(is_late.desc(), Client.waiting_since)
        .limit(MOST)
    )
    rows = list(clients.namedtuples())
    return Waiting(rows, rows[0].of if rows else 0)


def is_onboarding(row: Any) -> bool:
    """Whether this client's steps are being walked."""
    return row.program is not None and row.onboarded_at is None


def may_remind(row: Any) -> bool:
    """Whether it waits for somebody who was mailed a link to do it."""
    return is_onboarding(row) and row.next_step in REMINDED and row.waiting_on_name != Party.US


def due_of(row: Any) -> Due | None:
    """What this client's step is measured by; None for one who stands on no board and in no program."""
    if not is_onboarding(row) and (row.entered_at is None or (row.target_days is None and row.due_at is None)):
        return None
    return Due(
        row.entered_at,
        row.target_days,
        is_onboarding=is_onboarding(row),
        due_at=row.due_at,
        is_done=row.meaning_name in DONE,
    )


class Day(NamedTuple):
    """The sessions Today speaks of: over and not marked (and how many in all), of today with their places, and those
    that something in the coach's other calendars lies over: it came in after they were booked."""

    unmarked: list[CoachingSession]
    total: int
    today: list[CoachingSession]
    clashes: list[CoachingSession]
    places: dict[int, tuple[str, str]]


def sessions_of(user: User, now: datetime) -> Day:
    """All rows in one query, since Today asks for much."""
    session = CoachingSession
    first = datetime.combine(now.astimezone(ZoneInfo(user.zone)).date(), time(), ZoneInfo(user.zone))
    is_due = (session.state_name == SessionState.BOOKED) & (session.ends_at <= now)
    is_today = session.state_name.in_(TAKES_TIME) & (session.ends_at > first)
    is_today &= session.starts_at < first + timedelta(days=1)
    is_clash = (session.state_name == SessionState.BOOKED) & (session.ends_at > now) & (session.starts_at > now)
    is_clash &= fn.EXISTS(_lying_over())
    due, of_today, clash = is_due.alias("is_due"), is_today.alias("is_today"), is_clash.alias("is_clash")
    rows = list(
        session.visible_to(user)
        .select_extend(due, of_today, clash, fn.SUM(is_due).over().alias("of"))
        .where(due | of_today | clash)
        .order_by(of_today.desc(), clash.desc(), session.starts_at, session.id)
        .limit(4 * MOST)
    )
    today = [row for row in rows if row.is_today]
    return Day(
        [row for row in rows if row.is_due][:MOST],
        rows[0].of or 0 if rows else 0,
        today,
        [row for row in rows if row.is_clash][:MOST],
        places_of(today),
    )


def _lying_over() -> ModelSelect:
    """What is busy in the coach's other calendars while a session is."""
    over = Busy.begins_at < CoachingSession.ends_at, Busy.ends_at > CoachingSession.starts_at
    return Busy.select(Busy.id).join(Feed).where(Feed.coach == CoachingSession.coach, *over)


def stalled(user: User, now: datetime) -> list[Stalled]:
    """Programs that nobody moves, for whoever looks after the desk."""
    return [] if user.role is Role.COACH else stalled_programs(user, now)


def unanswered(user: User, now: datetime) -> list[Request]:
    """Who was asked to book as often as is kind, or by a day that has passed: somebody should call."""
    if user.role is Role.COACH:
        return []
    today = now.astimezone(ZoneInfo(user.zone)).date()
    return list(Request.unanswered(user, today, MOST_REMINDERS).limit(MOST))


def to_assess(user: User, now: datetime) -> list[tuple[Assessment, Todo]]:
    """What somebody should do about assessments today, each with its act."""
    return Assessment.to_do(user, mine(user), now.date(), 4 * MOST)[:MOST]


def wanting_codes() -> ModelSelect:
    """The instrument of each client and rater who is to be asked and has no way in yet."""
    to_send = Assessment.state_name == AssessmentState.SET_UP, Assessment.credential.is_null()
    clients = Assessment.select(Assessment.instrument_id).where(*to_send)
    to_ask = Rater.state_name == RaterState.APPROVED, Rater.credential.is_null()
    raters = Rater.select(Assessment.instrument_id).join(Assessment)
    return clients.union_all(raters.where(*to_ask, Assessment.state_name != AssessmentState.CANCELLED))


def codes_wanted() -> Counter[int]:
    """How many codes that will take, by the instrument's id."""
    return Counter(instrument for (instrument,) in wanting_codes().tuples())


def low_stock(user: User, now: datetime) -> list[Stock]:
    """Codes that will not do for all who are to be asked, for whoever buys them."""
    return Stock.low(now.date(), wanting_codes()) if user.may_arrange else []


def undelivered(user: User) -> ModelSelect:
    """Mail that did not leave and will not by itself."""
    return Message.visible_to(user).where(Message.state_name == State.DEAD).order_by(Message.id.desc()).limit(MOST)


def stuck(user: User) -> ModelSelect:
    """Agreements whose PDF could not be made: nobody else can sign until somebody looks."""
    return Agreement.in_trouble(user).limit(MOST)


def unread_calendars(user: User, now: datetime) -> list[Feed]:
    """Calendars that were read once and cannot be any more: what they say is not known."""
    return Feed.stale_for(user, now)


def without_time(user: User) -> ModelSelect:
    """Three-way meetings for which no time was found: somebody has to propose others."""
    return Poll.stuck_for(user).limit(MOST)


def is_new_practice() -> bool:
    """Whether nobody was ever entered here."""
    return not Client.select(Client.id).exists()

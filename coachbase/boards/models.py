"""Boards, stages and cards. Triggers raise a board's revision whenever something it shows has changed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple, Self

from peewee import SQL, BooleanField, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from ..accounts.models import User
from ..assessments.models import Assessment
from ..assessments.rules import OPEN, Pace, Progress, State
from ..clients.models import Client, Organisation
from ..clients.rules import Party
from ..credentials.models import Credential
from ..db import ADDED_LATER, Model, PublicIdField, UtcDateTimeField, database, kept
from ..engagements.models import Engagement
from ..engagements.rules import expected_kickoff
from ..instruments.models import Instrument, Vendor
from ..instruments.rules import rhythm_of
from ..raters.models import Rater
from .rules import (
    ASSESSMENTS,
    AWAITED,
    CLOSED,
    DONE,
    NEWEST_DONE,
    ONBOARDING,
    Chase,
    Course,
    Due,
    Face,
    StageMeaning,
    age,
    groups_in_words,
    reminder_in_words,
    short_day,
    step_of,
)

KEPT_DAYS = 2000
"""How many days, kickoffs and rhythms are kept in words."""


class Board(Model):
    """`revision` only ever grows: a browser that knows it can ask cheaply whether anything is new."""

    slug = CharField(max_length=20, unique=True)
    revision = IntegerField(default=1)

    @classmethod
    def named(cls, slug: str) -> Self:
        """Shared, and only to be read: any change is made to the row (triggers.py)."""
        return kept((cls, slug), lambda: cls.get(cls.slug == slug))

    @classmethod
    def onboarding(cls) -> Self:
        return cls.named(ONBOARDING)

    @classmethod
    def assessments(cls) -> Self:
        return cls.named(ASSESSMENTS)


class Stage(Model):
    """A column. A stage without a meaning is the firm's own."""

    public_id = PublicIdField()
    board = ForeignKeyField(Board, backref="stages", on_delete="RESTRICT")
    name = TextField()
    meaning_name = CharField(max_length=20, column_name="meaning", null=True)
    position = IntegerField()
    target_days = IntegerField(null=True)
    hidden = BooleanField(default=False)

    class Meta:
        indexes = ((("board", "position"), True), (("board", "meaning_name"), True))

    @property
    def meaning(self) -> StageMeaning | None:
        return StageMeaning(self.meaning_name) if self.meaning_name else None

    @property
    def is_closed(self) -> bool:
        return self.meaning in CLOSED

    @property
    def is_done(self) -> bool:
        return self.meaning in DONE

    @classmethod
    def of(cls, board: Board | int) -> "ModelSelect[Any]":
        """All stages from left to right, hidden ones too."""
        return cls.select().where(cls.board == board).order_by(cls.position)

    @classmethod
    def with_board(cls) -> "ModelSelect[Any]":
        """The stages of every board."""
        return cls.select(cls, Board).join(Board)

    @classmethod
    def open_of(cls, board: Board) -> "ModelSelect[Any]":
        """The stages a card can be moved to."""
        return cls.of(board).where(~cls.hidden)

    @classmethod
    def counts(cls, board: Board) -> dict[int, int]:
        """How many cards each stage holds, whoever may see them."""
        rows: Any = Card.select(Card.stage, fn.COUNT()).where(Card.board == board).group_by(Card.stage).tuples()
        return dict(rows)


class Card(Model):
    """A client on the onboarding board, or one of a client's assessments on the other.

    No two cards share a place; `version` tells whether somebody moved it meanwhile.
    """

    public_id = PublicIdField()
    board = ForeignKeyField(Board, on_delete="RESTRICT")
    stage = ForeignKeyField(Stage, backref="cards", on_delete="RESTRICT")
    client = ForeignKeyField(Client, backref="cards", on_delete="CASCADE")
    assessment = ForeignKeyField(Assessment, null=True, index=False, backref="cards", on_delete="CASCADE")
    position = IntegerField()
    entered_at = UtcDateTimeField()
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("stage", "position"), True),)

    @classmethod
    def visible_to(cls, user: User) -> "ModelSelect[Any]":
        """The cards of the clients this user may see, with client and stage."""
        return cls.with_client().where(Client.id.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def on(cls, board: Board, user: User) -> "ModelSelect[Any]":
        """Those of `visible_to` that stand on this board."""
        return cls.visible_to(user).where(cls.board == board)

    @classmethod
    def with_client(cls) -> "ModelSelect[Any]":
        """Cards with client and stage, whoever may see them."""
        return cls.select(cls, Client, Stage).join(Client).switch(cls).join(Stage)

    @classmethod
    def of(cls, user: User, client: str) -> "ModelSelect[Any]":
        """The card of the client with this public id, on the onboarding board."""
        return cls.visible_to(user).where(Client.public_id == client, cls.assessment.is_null())

    @classmethod
    def is_of_client(cls) -> Any:
        """For a join with Client: this is the client's card on the onboarding board."""
        return (cls.client == Client.id) & cls.assessment.is_null()

    @classmethod
    def in_stage(cls, stage: Stage, user: User) -> "ModelSelect[Any]":
        """A stage's cards in their order, with what they are about."""
        found = cls.select(cls, Client, Stage, Assessment, Instrument).join(Client).switch(cls).join(Stage).switch(cls)
        found = found.left_outer_join(Assessment).left_outer_join(Instrument)
        return found.where(Client.id.in_(Client.visible_to(user, Client.id)), cls.stage == stage).order_by(cls.position)

    @property
    def title(self) -> str:
        """What the card is about: 'Bob Haddad', 'Bob Haddad, EQ-i 2.0'."""
        return f"{self.client.name}, {self.assessment.label}" if self.assessment_id else self.client.name

    @classmethod
    def first_of(cls, stage: Stage) -> Self | None:
        """The uppermost card, whoever may see it."""
        return cls.select().where(cls.stage == stage).order_by(cls.position).first()

    @classmethod
    def open_count(cls, user: User) -> ModelSelect:
        """How many of this user's clients are on their way in."""
        clients = Client.visible_to(user, fn.COUNT()).join(cls).join(Stage)
        return clients.where(cls.assessment.is_null(), cls._is_work())

    @classmethod
    def open_assessments(cls, user: User) -> ModelSelect:
        """How many assessments of this user's clients are not over."""
        clients = Client.visible_to(user, fn.COUNT()).join(cls).join(Stage)
        return clients.where(cls.assessment.is_null(False), cls._is_work())

    @classmethod
    def _is_work(cls) -> Any:
        return Stage.meaning_name.is_null() | Stage.meaning_name.not_in(DONE)

    @classmethod
    def faces(cls, board: Board, stages: Iterable[Stage], user: User, now: datetime) -> list[Face]:
        """What the cards in these stages show to this user, in their order.

        Of a stage after the work only the newest: it fills for years. No rows of peewee: a board of 200 must cost
        little more than its HTML.
        """
        known = {stage.id: (stage.target_days, stage.is_done) for stage in stages}
        shown = cls.stage.in_([stage for stage, (_, is_done) in known.items() if not is_done])
        for stage in [stage for stage, (_, is_done) in known.items() if is_done]:
            there = Client.visible_to(user, cls.id).join(cls).where(cls.stage == stage)
            newest = there.order_by(cls.entered_at.desc()).limit(NEWEST_DONE)
            shown |= cls.id.in_(newest)
        if board.slug == ASSESSMENTS:
            return cls._faces_of_assessments(shown, user, known, now)
        rows = database.execute(cls._columns_of_clients(user).where(shown).order_by(cls.position))
        return [_face(row, *known[row[2]], now) for row in rows]

    @classmethod
    def _faces_of_assessments(cls, shown: Any, user: User, known: Mapping[int, tuple], now: datetime) -> list[Face]:
        found = list(database.execute(cls._columns_of_assessments(user).where(shown).order_by(cls.position)))
        rows = [_AssessmentRow(*row) for row in found]
        asked = [row.assessment for row in rows if row.needs_raters and row.state in _AWAITED]
        progress = Rater.progress_of(asked) if asked else {}
        return [_face_of_assessment(row, known[row.stage][0], progress.get(row.assessment, ()), now) for row in rows]

    @classmethod
    def _columns_of_assessments(cls, user: User) -> ModelSelect:
        """What `_AssessmentRow` names, in its order."""
        columns = (
            cls.position, cls.public_id, cls.stage, cls.version, cls.entered_at, Client.public_id, Client.name,
            Assessment.id, Assessment.state_name, Assessment.round, Assessment.due_on, Assessment.send_on,
            Assessment.waiting_on_name, Assessment.waiting_since, Assessment.invited_at, Assessment.reminders,
            Assessment.reminded_at, Instrument.name, Instrument.public_id, Instrument.needs_raters,
            Instrument.answer_days, Instrument.report_days, Instrument.invitation_days, Instrument.rhythm,
            Vendor.name, Vendor.public_id, Credential.expires_on, User.name, User.public_id,
            Organisation.name, Organisation.public_id,
        )  # fmt: skip
        return (
            Client.visible_to(user, *columns)
            .join(cls)
            .join(Assessment)
            .join(Instrument)
            .join(Vendor)
            .switch(Assessment)
            .left_outer_join(Credential)
            .switch(Client)
            .left_outer_join(Organisation)
            .switch(Client)
            .left_outer_join(User, on=(Client.coach == User.id))
        )

    @classmethod
    def _columns_of_clients(cls, user: User) -> ModelSelect:
        columns = (
            cls.position, cls.public_id, cls.stage, cls.version, cls.entered_at,
            Client.public_id, Client.name, Client.position, Client.next_step,
            Client.waiting_on_name, Client.waiting_since,
            User.name, User.public_id, Organisation.name, Organisation.public_id,
            Engagement.id, Engagement.steps_done, Engagement.steps_total, Engagement.due_at,
            Engagement.onboarded_at, Engagement.kickoff_on, Engagement.starts_on, Engagement.ready_on,
        )  # fmt: skip
        return (
            Client.visible_to(user, *columns)
            .join(cls)
            .switch(Client)
            .left_outer_join(Organisation)
            .switch(Client)
            .left_outer_join(User, on=(Client.coach == User.id))
            .switch(Client)
            .left_outer_join(Engagement, on=Engagement.is_current())
        )


def _face(row: tuple, target_days: int | None, is_done: bool, now: datetime) -> Face:
    (_, card, stage, version, entered_at, client, name, position, step, waits_on, since, coach, coach_id,
     organisation, organisation_id, engagement, gone, steps, due_at, onboarded_at, kickoff_on, starts_on,
     ready_on) = row  # fmt: skip
    is_onboarding = engagement is not None and onboarded_at is None
    due = Due(_moment(entered_at), target_days, is_onboarding, _moment(due_at) if due_at else None, is_done)
    line = f"{position}, {organisation}" if position and organisation else position or organisation or ""
    return Face(
        card,
        stage,
        version,
        due.lateness(now),
        client,
        name,
        line,
        step,
        _PARTIES[waits_on],
        age(_moment(since), now) if since else "",
        coach or "",
        coach_id or "",
        organisation or "",
        organisation_id or "",
        gone if is_onboarding else 0,
        steps if is_onboarding else 0,
        _kickoff(kickoff_on, starts_on, ready_on, now.date()) if engagement and not is_done else "",
    )


class _AssessmentRow(NamedTuple):
    """A card's assessment as SQLite tells it: days and moments are text."""

    position: int
    card: str
    stage: int
    version: int
    entered_at: str
    client: str
    name: str
    assessment: int
    state: str
    round: int
    due_on: str | None
    send_on: str | None
    waits_on: str
    since: str
    invited_at: str | None
    reminders: int
    reminded_at: str | None
    instrument: str
    instrument_id: str
    needs_raters: int
    answer_days: int
    report_days: int
    invitation_days: int | None
    rhythm: str
    vendor: str
    vendor_id: str
    code_until: str | None
    coach: str | None
    coach_id: str | None
    organisation: str | None
    organisation_id: str | None


def _face_of_assessment(row: _AssessmentRow, target: int | None, progress: Sequence[Progress], now: datetime) -> Face:
    state, since, today = _STATES[row.state], _moment(row.since), now.date()
    course = Course(
        state,
        since.date(),
        _day(row.due_on),
        Pace(row.answer_days, row.report_days),
        _moment(row.entered_at),
        target,
        _day(row.code_until),
        _day(row.invited_at),
        row.invitation_days,
    )
    chase = Chase(_rhythm(row.rhythm), row.reminders, _day(row.reminded_at))
    asked, waits_on = sum(each.asked for each in progress), _PARTIES[row.waits_on]
    notes = (
        course.dates(_day(row.send_on), today),
        "nobody asked yet" if row.needs_raters and not asked and state in OPEN else "",
        course.access(today),
        reminder_in_words(course, chase, today),
    )
    return Face(
        row.card,
        row.stage,
        row.version,
        course.lateness(now),
        row.client,
        row.name,
        f"{row.instrument}, round {row.round}" if row.round > 1 else row.instrument,
        step_of(state, waits_on),
        waits_on,
        age(since, now) if state is not State.RELEASED else "",
        row.coach or "",
        row.coach_id or "",
        row.organisation or "",
        row.organisation_id or "",
        sum(each.done for each in progress),
        asked,
        "",
        row.instrument,
        row.instrument_id,
        row.vendor,
        row.vendor_id,
        groups_in_words(progress),
        tuple(filter(None, notes)),
        state in OPEN,
    )


@lru_cache(KEPT_DAYS)
def _day(text: str | None) -> date | None:
    """The day of a day, or of a moment."""
    return date.fromisoformat(text[:10]) if text else None


_rhythm = lru_cache(KEPT_DAYS)(rhythm_of)
_STATES = {state.value: state for state in State}
_AWAITED = {state.value for state in AWAITED}


@lru_cache(KEPT_DAYS)
def _kickoff(booked: str | None, planned: str, ready: str | None, today: date) -> str:
    """'3 Dec' for the day it is booked for, '~ 3 Dec' for the one to be expected."""
    if booked:
        return short_day(date.fromisoformat(booked))
    ready_on = date.fromisoformat(ready) if ready else None
    return f"~ {short_day(expected_kickoff(None, date.fromisoformat(planned), ready_on, today))}"


_PARTIES = {party.value: party for party in Party}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


# A client stands once on the onboarding board; on the board of assessments once for each. Neither index holds the
# other's cards: SQLite would look all clients up by the assessment that they do not have.
Card.add_index(
    Card.index(Card.assessment, unique=True, name="card_assessment_id", where=SQL('"assessment_id" IS NOT NULL'))
)
Card.add_index(
    Card.index(Card.board, Card.client, unique=True, name="card_one_a_client", where=SQL('"assessment_id" IS NULL'))
)


class Move(Model):
    """One move of a card, with what it displaced: for undo, and to tell a stale board who moved what.

    `version` is the card's after the move. `standing` is how an assessment stood, as JSON; the columns before it are
    a client's.
    """

    card = ForeignKeyField(Card, backref="moves", on_delete="CASCADE")
    version = IntegerField()
    from_stage = ForeignKeyField(Stage, null=True, backref="moves_from", on_delete="SET NULL")
    to_stage = ForeignKeyField(Stage, null=True, backref="moves_to", on_delete="SET NULL")
    from_position = IntegerField()
    entered_at = UtcDateTimeField()
    status_name = CharField(max_length=12, column_name="status")
    waiting_on_name = CharField(max_length=12, column_name="waiting_on")
    next_step = TextField()
    waiting_since = UtcDateTimeField(null=True)
    standing = TextField(default="", constraints=[ADDED_LATER])
    at = UtcDateTimeField()
    by = ForeignKeyField(User, on_delete="RESTRICT")

    class Meta:
        indexes = ((("card", "version"), True),)

    @property
    def stood(self) -> dict[str, Any]:
        """How the assessment stood before this move."""
        told = json.loads(self.standing)
        return {
            name: datetime.fromisoformat(value) if value and name.endswith(("_at", "_since")) else value
            for name, value in told.items()
        }

    @classmethod
    def last_of(cls, card: Card) -> Self | None:
        """The latest move, with who made it and whereto."""
        return (
            cls.select(cls, User, Stage)
            .join(User)
            .switch(cls)
            .left_outer_join(Stage, on=cls.to_stage)
            .where(cls.card == card)
            .order_by(cls.version.desc())
            .first()
        )

"""Engagements, the sponsor contacts in them, and their onboarding steps. The wall is the client's."""

from datetime import datetime
from typing import Any, Self

from peewee import SQL, BooleanField, CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from ..accounts.models import User
from ..clients.models import Client, Contact, Organisation
from ..clients.rules import Party
from ..db import ADDED_LATER, Model, PublicIdField, UtcDateTimeField
from ..instruments.models import Battery
from .rules import (
    GONE,
    RUNNING,
    STATE_LABELS,
    Billing,
    Cadence,
    Payer,
    Share,
    State,
    StepKind,
    StepState,
    Summaries,
    ThreeWay,
)


class Terms(Model):
    """What a program consists of: the columns that a template and an engagement share, copied at the start.

    `months` is None for a program without a fixed length. `three_ways` and `shares` are words with spaces between;
    `assessments` has one instrument a line, in the words of the agreement; `battery` is what is set up for them. Who
    cancels a session less than `cancel_hours` before it has used it up if `late_is_charged`.
    """

    name = TextField()
    months = IntegerField(null=True)
    sessions = IntegerField(default=0)
    session_minutes = IntegerField(default=60)
    cadence_name = CharField(max_length=10, column_name="cadence", default=Cadence.BIWEEKLY)
    price_cents = IntegerField(default=0)
    currency = CharField(max_length=3)
    billing_name = CharField(max_length=12, column_name="billing", default=Billing.UPFRONT)
    assessments = TextField(default="")
    battery = ForeignKeyField(Battery, null=True, on_delete="SET NULL")
    three_ways = TextField(default="")
    summaries_name = CharField(max_length=16, column_name="summaries", default=Summaries.NONE)
    shares = TextField(default="")
    logistics = TextField(default="")
    cancel_hours = IntegerField(default=24, constraints=[SQL("DEFAULT 24")])
    late_is_charged = BooleanField(default=True, constraints=[SQL("DEFAULT 1")])
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()

    TERMS = (
        "name", "months", "sessions", "session_minutes", "cadence_name", "price_cents", "currency", "billing_name",
        "assessments", "battery_id", "three_ways", "summaries_name", "shares", "logistics", "cancel_hours",
        "late_is_charged",
    )  # fmt: skip

    is_shape = True

    @property
    def cadence(self) -> Cadence:
        return Cadence(self.cadence_name)

    @property
    def billing(self) -> Billing:
        return Billing(self.billing_name)

    @property
    def summaries(self) -> Summaries:
        return Summaries(self.summaries_name)

    @property
    def meetings(self) -> tuple[ThreeWay, ...]:
        """The three-way meetings of the program, in order."""
        return tuple(meeting for meeting in ThreeWay if meeting in self.three_ways.split())

    @property
    def shared(self) -> tuple[Share, ...]:
        """What the sponsor may be told."""
        return tuple(share for share in Share if share in self.shares.split())

    def terms(self) -> dict[str, Any]:
        """A copy of the terms, for another row."""
        return {name: getattr(self, name) for name in self.TERMS}


class Engagement(Terms):
    """One client in one program.

    `starts_on` is the planned day of the kickoff, `kickoff_on` the day it is booked for. `steps_done`, `steps_total`,
    `due_at` (when the step that holds things up is late) and `ready_on` (when the steps should all be done) follow
    from the steps and are written with them: a board of 200 cards reads these, not 2,000 steps. `onboarded_at` is set
    when no step is left. `place_kind`, `place` say where its sessions are; '' where the coach's holds.
    """

    public_id = PublicIdField()
    client = ForeignKeyField(Client, backref="engagements", on_delete="CASCADE")
    coach = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    state_name = CharField(max_length=10, column_name="state", default=State.DRAFT)
    starts_on = DateField()
    ends_on = DateField(null=True)
    kickoff_on = DateField(null=True)
    payer_name = CharField(max_length=8, column_name="payer", default=Payer.CLIENT)
    po_number = TextField(default="")
    reason = TextField(default="")
    steps_done = IntegerField(default=0)
    steps_total = IntegerField(default=0)
    due_at = UtcDateTimeField(null=True)
    ready_on = DateField(null=True)
    onboarded_at = UtcDateTimeField(null=True)
    place_kind_name = CharField(max_length=6, column_name="place_kind", default="", constraints=[ADDED_LATER])
    place = TextField(default="", constraints=[ADDED_LATER])
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def state(self) -> State:
        return State(self.state_name)

    @property
    def payer(self) -> Payer:
        return Payer(self.payer_name)

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall; with client, organisation and coach."""
        mine = Client.id.in_(Client.visible_to(user, Client.id))
        return cls.with_client().where(mine)

    @classmethod
    def with_client(cls) -> ModelSelect:
        """With client, organisation and coach, whoever may see them."""
        return (
            cls.select(cls, Client, Organisation, User)
            .join(Client)
            .left_outer_join(Organisation)
            .switch(cls)
            .left_outer_join(User, on=(cls.coach == User.id))
        )

    @classmethod
    def of(cls, client: Client) -> ModelSelect:
        """All of a client's, the newest first."""
        return cls.with_client().where(cls.client == client).order_by(cls.id.desc())

    @classmethod
    def current_of(cls, client: Client) -> Self | None:
        """The newest that is not over."""
        return cls.of(client).where(cls.state_name.in_(RUNNING)).first()

    @classmethod
    def is_being_walked(cls, client: Client) -> bool:
        """Whether an onboarding of this client runs, so that no other can begin."""
        running = cls.onboarded_at.is_null() & cls.state_name.in_(RUNNING)
        return cls.select(cls.id).where(cls.client == client, running).exists()

    @classmethod
    def is_current(cls) -> Any:
        """For a join with Client: this is the client's newest that is not over."""
        other = cls.alias()
        newest = other.select(fn.MAX(other.id)).where(other.client == Client.id, other.state_name.in_(RUNNING))
        return cls.id == newest

    @classmethod
    def unready(cls, now: datetime) -> ModelSelect:
        """Onboardings whose step that holds things up is late: their prediction moves with every day."""
        return cls.with_client().where(cls.onboarded_at.is_null(), cls.state_name.in_(RUNNING), cls.due_at < now)

    @property
    def is_onboarding(self) -> bool:
        """Whether its steps are still to be walked."""
        return self.onboarded_at is None and self.state in RUNNING

    @property
    def state_label(self) -> str:
        return STATE_LABELS[self.state]


# One onboarding at a time: two would both pass the ball.
Engagement.add_index(
    Engagement.index(
        Engagement.client,
        unique=True,
        name="engagement_one_onboarding",
        where=SQL("\"onboarded_at\" IS NULL AND \"state\" IN ('draft', 'active', 'paused')"),
    )
)


class Participant(Model):
    """A sponsor contact in an engagement, and what this person does there."""

    engagement = ForeignKeyField(Engagement, backref="participants", on_delete="CASCADE")
    contact = ForeignKeyField(Contact, on_delete="CASCADE")
    signs = BooleanField(default=False)
    meets = BooleanField(default=False)
    reads = BooleanField(default=False)
    pays = BooleanField(default=False)

    class Meta:
        indexes = ((("engagement", "contact"), True),)

    @classmethod
    def of(cls, engagement: Engagement) -> ModelSelect:
        """With the contact; who signs first."""
        return (
            cls.select(cls, Contact)
            .join(Contact)
            .where(cls.engagement == engagement)
            .order_by(cls.signs.desc(), Contact.search_key, cls.id)
        )

    @classmethod
    def beside(cls, contacts: ModelSelect, engagement: Engagement) -> ModelSelect:
        """Contacts, each with whether this one `meets` in the engagement."""
        theirs = (cls.contact == Contact.id) & (cls.engagement == engagement)
        return contacts.select_extend(cls.meets).left_outer_join(cls, on=theirs).objects()


class StepTerms(Model):
    """What a step of a template and one of an engagement share. `needs` are keys of other steps, with spaces."""

    position = IntegerField()
    key = CharField(max_length=30)
    kind_name = CharField(max_length=24, column_name="kind", default=StepKind.OWN)
    label = TextField()
    waiting_on_name = CharField(max_length=12, column_name="waiting_on", default=Party.US)
    target_days = IntegerField(null=True)
    needs = TextField(default="")

    TERMS = ("position", "key", "kind_name", "label", "waiting_on_name", "target_days", "needs")

    is_shape = True

    @property
    def kind(self) -> StepKind:
        return StepKind(self.kind_name)

    @property
    def waiting_on(self) -> Party:
        return Party(self.waiting_on_name)

    @property
    def needed(self) -> tuple[str, ...]:
        """The keys of the steps that come first."""
        return tuple(self.needs.split())

    def terms(self) -> dict[str, Any]:
        """A copy, for another row."""
        return {name: getattr(self, name) for name in self.TERMS}


class Step(StepTerms):
    """A step of an onboarding. `since` is when it opened or its ball was last passed; `reason` why by hand."""

    public_id = PublicIdField()
    engagement = ForeignKeyField(Engagement, backref="steps", on_delete="CASCADE")
    state_name = CharField(max_length=8, column_name="state", default=StepState.WAITING)
    opened_at = UtcDateTimeField(null=True)
    since = UtcDateTimeField(null=True)
    done_at = UtcDateTimeField(null=True)
    reason = TextField(default="")
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("engagement", "key"), True),)

    @property
    def state(self) -> StepState:
        return StepState(self.state_name)

    @property
    def is_gone(self) -> bool:
        """Done or skipped: it holds nothing up."""
        return self.state in GONE

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall; with engagement and client."""
        mine = Client.id.in_(Client.visible_to(user, Client.id))
        return cls.select(cls, Engagement, Client).join(Engagement).join(Client).where(mine)

    @classmethod
    def of(cls, engagement: Engagement) -> ModelSelect:
        """In their order, with who said it by hand."""
        steps = cls.select(cls, User).left_outer_join(User)
        return steps.where(cls.engagement == engagement).order_by(cls.position, cls.id)

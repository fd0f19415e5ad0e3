"""Plans of what is billed when, charges beside them, and sessions that are not billed. The wall is the client's.

An `Account` is all that is known of the billing of one program; `accounts_of` reads many in a few queries.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Self
from zoneinfo import ZoneInfo

from peewee import JOIN, BooleanField, CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from ..accounts.models import User
from ..assessments.models import Assessment
from ..assessments.rules import State as AssessmentState
from ..clients.models import Client
from ..db import Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement, Step
from ..engagements.rules import Payer as PaidBy
from ..engagements.rules import State, StepKind, StepState
from ..files.models import Document
from ..instruments.models import Instrument
from ..invoices.models import Claim, Invoice, Line
from ..invoices.rules import ClaimKind, half_up
from ..invoices.rules import State as InvoiceState
from ..payers.models import Payer, TaxRate
from ..sessions.models import CoachingSession, LedgerEntry
from ..sessions.rules import COUNTED, Entry
from ..sessions.rules import State as SessionState
from .rules import (
    BY_SESSIONS,
    CHARGE_ICONS,
    CHARGE_LABELS,
    WAY_LABELS,
    Anchor,
    ChargeKind,
    Due,
    Facts,
    Terms,
    Used,
    Way,
    day_of,
    due,
    label_of,
    plan_of_terms,
    sum_of,
    uses_up,
)


class Plan(Model):
    """How one program is billed. `unit_cents` is for a session, or an hour; `rate` overrides the payer's.

    A program has one from its start, made of its terms; currency and price are the program's. `price_cents` is the
    price when somebody last looked at the plan; what came before `since_on` was billed elsewhere.
    """

    public_id = PublicIdField()
    engagement = ForeignKeyField(Engagement, unique=True, on_delete="CASCADE")
    way_name = CharField(max_length=8, column_name="way", default=Way.PARTS)
    unit_cents = IntegerField(default=0)
    discount_bps = IntegerField(default=0)
    discount_cents = IntegerField(default=0)
    discount_words = TextField(default="")
    rate = ForeignKeyField(TaxRate, null=True, on_delete="RESTRICT")
    price_cents = IntegerField(default=0)
    since_on = DateField(null=True)
    version = IntegerField(default=1)
    changed_at = UtcDateTimeField()

    @property
    def way(self) -> Way:
        return Way(self.way_name)

    @property
    def way_label(self) -> str:
        return WAY_LABELS[self.way]

    @classmethod
    def visible_to(cls, user: User) -> "ModelSelect[Self]":
        """Behind the client's wall; with engagement and client."""
        mine = Client.visible_to(user, Client.id)
        return cls.select(cls, Engagement, Client).join(Engagement).join(Client).where(Client.id.in_(mine))

    @classmethod
    def of(cls, engagement: Engagement) -> Self | None:
        return cls.get_or_none(cls.engagement == engagement)


class Part(Model):
    """An instalment. `number` is the n of its anchor, `on` the day of one by date; later ones are less a deposit."""

    public_id = PublicIdField()
    plan = ForeignKeyField(Plan, backref="parts", on_delete="CASCADE")
    position = IntegerField()
    label = TextField(default="")
    anchor_name = CharField(max_length=8, column_name="anchor", default=Anchor.START)
    number = IntegerField(default=0)
    on = DateField(null=True)
    cents = IntegerField()
    is_deposit = BooleanField(default=False)

    class Meta:
        indexes = ((("plan", "position"), True),)

    @property
    def anchor(self) -> Anchor:
        return Anchor(self.anchor_name)


class Charge(Model):
    """Something to be billed beside the plan: an expense, an instrument, hours. `about`: an assessment's public id."""

    public_id = PublicIdField()
    client = ForeignKeyField(Client, backref="charges", on_delete="CASCADE")
    engagement = ForeignKeyField(Engagement, null=True, on_delete="SET NULL")
    kind_name = CharField(max_length=8, column_name="kind", default=ChargeKind.EXPENSE)
    text = TextField()
    on = DateField()
    quantity_milli = IntegerField(default=1000)
    unit_cents = IntegerField()
    currency = CharField(max_length=3)
    rate = ForeignKeyField(TaxRate, null=True, on_delete="RESTRICT")
    about = CharField(max_length=26, default="")
    document = ForeignKeyField(Document, null=True, on_delete="SET NULL")
    removed_at = UtcDateTimeField(null=True)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def kind(self) -> ChargeKind:
        return ChargeKind(self.kind_name)

    @property
    def label(self) -> str:
        return CHARGE_LABELS[self.kind]

    @property
    def icon(self) -> str:
        return CHARGE_ICONS[self.kind]

    @property
    def net_cents(self) -> int:
        return half_up(self.quantity_milli * self.unit_cents, 1000)

    @classmethod
    def visible_to(cls, user: User) -> "ModelSelect[Self]":
        """Behind the client's wall; with client and receipt. Removed ones, too: that can be taken back."""
        rows = cls.select(cls, Client, Document).join(Client).switch(cls).left_outer_join(Document)
        return rows.where(cls.client.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def of(cls, client: Client) -> "ModelSelect[Self]":
        """A client's, the latest first, each with its receipt."""
        rows = cls.select(cls, Document).left_outer_join(Document)
        return rows.where(cls.client == client, cls.removed_at.is_null()).order_by(cls.on.desc(), cls.id.desc())

    @classmethod
    def unbilled(cls, upto: date) -> "ModelSelect[Self]":
        """What no line bills yet, up to a day, with client and program; the wall is the caller's."""
        rows = cls.select(cls, Client, TaxRate).join(Client).switch(cls).left_outer_join(TaxRate)
        there = cls.removed_at.is_null(), cls.on <= upto, ~_is_claimed(ClaimKind.CHARGE, cls.public_id)
        return rows.where(*there).order_by(cls.on, cls.id)


class Waiver(Model):
    """A session that counts and is not to be billed, and why."""

    session = ForeignKeyField(CoachingSession, unique=True, on_delete="CASCADE")
    reason = TextField()
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @classmethod
    def visible_to(cls, user: User) -> "ModelSelect[Self]":
        """Behind the client's wall, with the session."""
        rows = cls.select(cls, CoachingSession, Client).join(CoachingSession).join(Client)
        return rows.where(Client.id.in_(Client.visible_to(user, Client.id)))


def _is_claimed(kind: ClaimKind, subject: Any) -> Any:
    """For a query: whether a line bills this."""
    return fn.EXISTS(Claim.select(Claim.id).where(Claim.kind_name == kind, Claim.subject == subject))


# What is known of a program -------------------------------------------------------------------------------------------


@dataclass
class Account:
    """How the billing of a program stands. `claims` are the lines that bill parts and sessions, by what they bill.

    A plan nobody has touched follows the terms; it may not be kept yet (`plan.id` is None).
    """

    engagement: Engagement
    plan: Plan
    parts: list[Part]
    facts: Facts
    claims: dict[str, Claim]
    payer: Payer | None
    sessions: list[CoachingSession]

    @property
    def client(self) -> Client:
        return self.engagement.client

    @property
    def client_id(self) -> int:
        return self.engagement.client_id

    @property
    def coachee(self) -> str:
        """Who is coached, where somebody else pays; then the days of sessions are nobody's business."""
        return self.client.name if self.engagement.payer is PaidBy.SPONSOR else ""

    @property
    def po_number(self) -> str:
        return self.engagement.po_number or (self.payer.po_number if self.payer else "")

    @cached_property
    def part_by_id(self) -> dict[str, Part]:
        return {part.public_id: part for part in self.parts}

    @property
    def unbilled_parts(self) -> list[Part]:
        return [part for part in self.parts if part.public_id not in self.claims]

    @property
    def parts_sum(self) -> int:
        return sum_of(self.parts)

    @property
    def is_billed(self) -> bool:
        """Whether anything of it is on an invoice or a draft."""
        return bool(self.claims)

    def due(self, upto: date) -> list[Due]:
        return due(self.plan, self.parts, self.facts, upto)

    def day_of(self, part: Part, today: date) -> date | None:
        return day_of(part, self.facts, today)

    def label_of(self, part: Part) -> str:
        return label_of(part, self.parts)

    def line_of(self, subject: str) -> Line | None:
        """The line that bills a part or a session, with its invoice."""
        claim = self.claims.get(subject)
        return claim and claim.line


def accounts_of(engagements: Iterable[Engagement]) -> list[Account]:
    """The accounts of programs, which come with their clients; seven queries, however many there are."""
    engagements = list(engagements)
    ids = [engagement.id for engagement in engagements]
    plans = {
        row.engagement_id: row for row in Plan.select(Plan, TaxRate).left_outer_join(TaxRate).where(_in(Plan, ids))
    }
    parts = _by("plan_id", Part.select().where(Part.plan.in_(list(plans.values()))).order_by(Part.position))
    sessions = _by("engagement_id", _sessions_of(ids))
    ledger = _ledger_of(ids)
    signed = _signed_of(ids)
    claims = _claims_of(ids)
    payers = payers_of(engagements)
    found = []
    for engagement in engagements:
        own = sessions.get(engagement.id, [])
        plan = plans.get(engagement.id)
        known = [part.public_id for part in parts.get(plan.id, [])] if plan else []
        mine = {key: claims[key] for key in (*known, *(one.public_id for one in own)) if key in claims}
        plan, rows = planned(engagement, plan, parts.get(plan.id, []) if plan else [], is_billed=bool(mine))
        facts = _facts(engagement, own, ledger.get(engagement.id, {}), signed.get(engagement.id), mine)
        found.append(Account(engagement, plan, rows, facts, mine, payers.get(engagement.id), own))
    return found


def account_of(engagement: Engagement) -> Account:
    return accounts_of([engagement])[0]


def planned(
    engagement: Engagement, plan: Plan | None, parts: list[Part], *, is_billed: bool
) -> tuple[Plan, list[Part]]:
    """The plan as it is, or as the terms say while nobody has touched it and nothing is billed."""
    is_own = plan is not None and (plan.version > 1 or is_billed)
    if plan is not None and (is_own or plan.price_cents == engagement.price_cents):
        return plan, parts
    new = plan_of_terms(terms_of(engagement))
    fresh = plan or Plan(engagement=engagement)
    fresh.way_name, fresh.unit_cents, fresh.price_cents = new.way, new.unit_cents, engagement.price_cents
    return fresh, [
        Part(
            plan=fresh, position=position, label=part.label, anchor_name=part.anchor, number=part.number, on=part.on,
            cents=part.cents, is_deposit=part.is_deposit,
        )
        for position, part in enumerate(new.parts, start=1)
    ]  # fmt: skip


def terms_of(engagement: Engagement) -> Terms:
    return Terms(
        engagement.billing, engagement.price_cents, engagement.sessions, engagement.months, engagement.starts_on,
        engagement.ends_on,
    )  # fmt: skip


def _in(model: Any, ids: Sequence[int]) -> Any:
    return model.engagement.in_(ids)


def _by(name: str, rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found


def _sessions_of(ids: Sequence[int]) -> ModelSelect:
    """Sessions that are over and of a kind that counts, each with its waiver, in the order of their days."""
    rows = CoachingSession.select(CoachingSession, Waiver).join(Waiver, JOIN.LEFT_OUTER, attr="waiver")
    over = CoachingSession.state_name != SessionState.BOOKED, CoachingSession.client.is_null(False)
    counted = CoachingSession.kind_name.in_([*COUNTED])
    return rows.where(_in(CoachingSession, ids), counted, *over).order_by(CoachingSession.starts_at, CoachingSession.id)


def _ledger_of(ids: Sequence[int]) -> dict[int, dict[tuple[str, int | None], int]]:
    """What was bought and given back, by the session it was given for."""
    key = LedgerEntry.engagement, LedgerEntry.entry, LedgerEntry.session
    told = LedgerEntry.entry.in_((Entry.BOUGHT, Entry.MADE_UP))
    rows = LedgerEntry.select(*key, fn.SUM(LedgerEntry.count)).where(_in(LedgerEntry, ids), told).group_by(*key)
    found: dict[int, dict[tuple[str, int | None], int]] = {}
    for engagement, entry, session, count in rows.tuples():
        found.setdefault(engagement, {})[entry, session] = count
    return found


def _signed_of(ids: Sequence[int]) -> dict[int, datetime]:
    signed = Step.kind_name == StepKind.AGREEMENT_SIGNED, Step.state_name == StepState.DONE
    rows = Step.select(Step.engagement, Step.done_at).where(_in(Step, ids), *signed)
    return {row.engagement_id: row.done_at for row in rows}


def _claims_of(ids: Sequence[int]) -> dict[str, Claim]:
    """What bills the sessions and parts of programs, with line and invoice; what they said is read elsewhere."""
    sessions = CoachingSession.select(CoachingSession.public_id).where(_in(CoachingSession, ids))
    parts = Part.select(Part.public_id).join(Plan).where(_in(Plan, ids))
    subjects = Claim.subject.in_(sessions) | Claim.subject.in_(parts)
    return {row.subject: row for row in _with_invoice().where(subjects, Claim.kind_name.in_(OF_PLAN))}


OF_PLAN = (ClaimKind.SESSION, ClaimKind.PART)
_FACE = (
    Invoice.id, Invoice.public_id, Invoice.kind_name, Invoice.state_name, Invoice.number, Invoice.payer,
    Invoice.currency, Invoice.open_cents, Invoice.version, Invoice.created_at, Invoice.issued_on,
)  # fmt: skip
"""Of an invoice, without what it says."""


def _with_invoice() -> ModelSelect:
    return Claim.select(Claim, Line, *_FACE).join(Line).join(Invoice)


def claims_of(kind: ClaimKind, subjects: Sequence[str]) -> dict[str, Claim]:
    """The lines that bill some things, with their invoices."""
    return {row.subject: row for row in _with_invoice().where(Claim.kind_name == kind, Claim.subject.in_(subjects))}


def payers_of(engagements: Sequence[Engagement]) -> dict[int, Payer]:
    """Who pays each program, as far as it is entered as a payer, by the program's id; one query."""
    clients = [row.client_id for row in engagements if row.payer is PaidBy.CLIENT]
    sponsors = [row.client.organisation_id for row in engagements if row.payer is PaidBy.SPONSOR]
    rows = list(Payer.with_people().where(Payer.client.in_(clients) | Payer.organisation.in_(sponsors)))
    by_client = {row.client_id: row for row in rows if row.client_id}
    by_sponsor = {row.organisation_id: row for row in rows if row.organisation_id}
    found = {
        row.id: by_client.get(row.client_id)
        if row.payer is PaidBy.CLIENT
        else by_sponsor.get(row.client.organisation_id)
        for row in engagements
    }
    return {key: payer for key, payer in found.items() if payer is not None}


def _facts(
    engagement: Engagement,
    sessions: Sequence[CoachingSession],
    ledger: dict[tuple[str, int | None], int],
    signed_at: datetime | None,
    claims: dict[str, Claim],
) -> Facts:
    used = [
        Used(
            one.public_id, _day_of(one), one.minutes, one.state, ledger.get((Entry.MADE_UP, one.id), 0) > 0,
            getattr(one, "waiver", None) is not None and one.waiver.id is not None,
        )
        for one in sessions
        if uses_up(one.kind, one.state, late_is_charged=engagement.late_is_charged)
    ]  # fmt: skip
    bought = sum(count for (entry, _), count in ledger.items() if entry == Entry.BOUGHT)
    return Facts(
        state=engagement.state,
        starts_on=engagement.kickoff_on or engagement.starts_on,
        ends_on=engagement.ends_on,
        signed_on=signed_at.date() if signed_at else None,
        price_cents=engagement.price_cents,
        sessions=engagement.sessions,
        bought=max(bought, engagement.sessions),
        given=ledger.get((Entry.MADE_UP, None), 0),
        used=tuple(used),
        billed=frozenset(claims),
        issued=frozenset(key for key, claim in claims.items() if claim.line.invoice.state is InvoiceState.ISSUED),
    )


def _day_of(session: CoachingSession) -> date:
    """By the clock it was booked by."""
    return session.starts_at.astimezone(ZoneInfo(session.zone)).date()


# Programs with something to bill --------------------------------------------------------------------------------------


def unbilled_programs(programs: ModelSelect) -> ModelSelect:
    """Of some programs, those where something may be due: a part or a session that no line bills, or no plan yet."""
    part, session, plan = Part, CoachingSession, Plan
    own = plan.engagement == Engagement.id
    parts = part.select(part.id).join(plan).where(own, plan.way_name == Way.PARTS)
    is_over = session.state_name.in_((SessionState.HELD, SessionState.NO_SHOW, SessionState.LATE_CANCELLED))
    waived = Waiver.select(Waiver.id).where(Waiver.session == session.id)
    sessions = session.select(session.id).join(plan, on=(plan.engagement == session.engagement)).where(
        session.engagement == Engagement.id, plan.way_name.in_(BY_SESSIONS), is_over, ~fn.EXISTS(waived),
        ~_is_claimed(ClaimKind.SESSION, session.public_id),
    )  # fmt: skip
    unplanned = Engagement.state_name.in_((State.ACTIVE, State.PAUSED)) & ~fn.EXISTS(plan.select(plan.id).where(own))
    open_parts = parts.where(~_is_claimed(ClaimKind.PART, part.public_id))
    return programs.where(Engagement.state_name != State.DRAFT, unplanned | fn.EXISTS(open_parts) | fn.EXISTS(sessions))


# Assessments to be charged --------------------------------------------------------------------------------------------


def costs_to_charge(client: Client) -> list[Assessment]:
    """A client's assessments that cost something and are charged by nothing yet, each with its instrument."""
    charged = Charge.select(Charge.about).where(Charge.client == client, Charge.removed_at.is_null())
    rows = Assessment.select(Assessment, Instrument).join(Instrument)
    told = Assessment.client == client, Assessment.state_name != AssessmentState.CANCELLED
    costs = Instrument.cost_cents > 0, Assessment.public_id.not_in(charged)
    return list(rows.where(*told, *costs).order_by(Assessment.id))

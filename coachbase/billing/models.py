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
from ..agreements.rules import day_in_words
from ..assessments.models import Assessment
from ..assessments.rules import State as AssessmentState
from ..clients.models import Client, Organisation
from ..db import Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement, Step
from ..engagements.rules import Billing, State, StepKind, StepState
from ..engagements.rules import Payer as PaidBy
from ..files.models import Document
from ..instruments.models import Instrument
from ..invoices.models import Claim, Invoice, Line, facts_of, reachable
from ..invoices.rules import ClaimKind, Lack, lacks
from ..invoices.rules import State as InvoiceState
from ..money import in_words
from ..numbers.rules import Kind
from ..payers.models import Payer, Seller, TaxRate
from ..sessions.models import CoachingSession, LedgerEntry
from ..sessions.rules import COUNTED, Entry
from ..sessions.rules import State as SessionState
from ..sums.rules import half_up
from .rules import (
    BY_SESSIONS,
    CHARGE_ICONS,
    CHARGE_LABELS,
    CHECK_LABELS,
    WAY_LABELS,
    Anchor,
    Billed,
    Change,
    ChargeKind,
    Check,
    Due,
    Facts,
    Said,
    Terms,
    Used,
    Way,
    agreed_sum,
    changes,
    day_of,
    due,
    is_unheld,
    is_unlike_currency,
    is_unlike_payer,
    is_unlike_plan,
    label_of,
    lacks_po,
    left_over,
    plan_of_terms,
    price_has_changed,
    prices_of,
    sum_of,
    uses_up,
    was_passed_over,
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
        rows = cls.select(cls, Client, Document, Engagement, TaxRate).join(Client).switch(cls).left_outer_join(Document)
        rows = rows.switch(cls).left_outer_join(Engagement).switch(cls).left_outer_join(TaxRate)
        return rows.where(cls.client.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def of(cls, client: Client) -> "ModelSelect[Self]":
        """A client's, the latest first, each with its receipt and the line that bills it (`invoice`)."""
        billed = (Claim.kind_name == ClaimKind.CHARGE) & (Claim.subject == cls.public_id)
        rows = cls.select(cls, Document, Claim, Line, *_FACE).left_outer_join(Document).switch(cls)
        rows = rows.join(Claim, JOIN.LEFT_OUTER, on=billed, attr="claim").join(Line, JOIN.LEFT_OUTER)
        rows = rows.join(Invoice, JOIN.LEFT_OUTER)
        return rows.where(cls.client == client, cls.removed_at.is_null()).order_by(cls.on.desc(), cls.id.desc())

    @property
    def invoice(self) -> Invoice | None:
        """What it is billed by; needs `of`."""
        claim = getattr(self, "claim", None)
        return claim.line.invoice if claim is not None and claim.id is not None else None

    @classmethod
    def unbilled(cls, upto: date) -> "ModelSelect[Self]":
        """What no line bills yet, up to a day, with client and program; the wall is the caller's.

        What goes with a program waits for its agreement, as the program does.
        """
        rows = cls.select(cls, Client, Organisation, TaxRate, Engagement).join(Client).left_outer_join(Organisation)
        rows = rows.switch(cls).left_outer_join(TaxRate).switch(cls).left_outer_join(Engagement)
        there = cls.removed_at.is_null(), cls.on <= upto, ~_is_claimed(ClaimKind.CHARGE, cls.public_id)
        is_agreed = cls.engagement.is_null() | (Engagement.state_name != State.DRAFT)
        return rows.where(*there, is_agreed).order_by(cls.on, cls.id)


class Waiver(Model):
    """A session that counts and is not to be billed, and why."""

    session = ForeignKeyField(CoachingSession, unique=True, on_delete="CASCADE")
    reason = TextField()
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")


def waiver_of(session: CoachingSession) -> Waiver | None:
    """Of a session that was read with it."""
    waiver = getattr(session, "waiver", None)
    return waiver if waiver is not None and waiver.id is not None else None


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
    def waived(self) -> "list[Waiver]":
        """Why some of its sessions are not billed, each with the session and who said so."""
        found = []
        for session in self.sessions:
            waiver = waiver_of(session)
            if waiver is not None:
                waiver.session = session
                found.append(waiver)
        return found

    def agreed_sum(self) -> int | None:
        """What the plan comes to."""
        return agreed_sum(self.plan.way, self.plan.unit_cents, sum_of(self.parts), self.engagement.sessions)

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
    """The accounts of programs, which come with their clients; four to seven queries, however many there are."""
    engagements = list(engagements)
    ids = [engagement.id for engagement in engagements]
    plans, parts = _plans_of(ids)
    sessions = _by("engagement_id", _sessions_of(ids))
    by_sessions = any(row.way in BY_SESSIONS for row in plans.values())
    ledger = _ledger_of(ids) if by_sessions or any(row.billing is Billing.PER_SESSION for row in engagements) else {}
    waits = any(row.anchor is Anchor.SIGNED for rows in parts.values() for row in rows)
    signed = _signed_of(ids) if waits else {}
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


def _plans_of(ids: Sequence[int]) -> tuple[dict[int, Plan], dict[int, list[Part]]]:
    """Plans by their programs, and parts by their plans."""
    rows = Plan.select(Plan, TaxRate, Part).left_outer_join(TaxRate).switch(Plan)
    rows = rows.join(Part, JOIN.LEFT_OUTER, attr="part").where(_in(Plan, ids)).order_by(Plan.id, Part.position)
    plans: dict[int, Plan] = {}
    parts: dict[int, list[Part]] = {}
    for row in rows:
        plan = plans.setdefault(row.engagement_id, row)
        part = getattr(row, "part", None)
        if part is not None and part.id is not None:
            part.plan = plan
            parts.setdefault(plan.id, []).append(part)
    return plans, parts


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
    rows = CoachingSession.select(CoachingSession, Waiver, User).join(Waiver, JOIN.LEFT_OUTER, attr="waiver")
    rows = rows.join(User, JOIN.LEFT_OUTER, on=(Waiver.by == User.id), attr="by")
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
            waiver_of(one) is not None,
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


# Drafts to be looked through ------------------------------------------------------------------------------------------


@dataclass
class Draft:
    """A draft of a batch, what is unlike before, and what keeps it from being issued."""

    invoice: Invoice
    lines: list[Line]
    changes: list[Change]
    lacks: list[Lack]

    @property
    def is_blocked(self) -> bool:
        return bool(self.lacks)

    @property
    def lacks_po_alone(self) -> bool:
        """Whether a PO number, typed here and now, is all it wants."""
        return self.invoice.payer.needs_po and not self.invoice.po_number and len(self.lacks) == 1

    @property
    def clients(self) -> list[Client]:
        """Whom it is about, each once."""
        return list({line.client_id: line.client for line in self.lines if line.client_id}.values())


def drafts_to_review(user: User) -> ModelSelect:
    """What was drafted together and is not issued yet, by payer."""
    told = Invoice.state_name == InvoiceState.DRAFT, Invoice.batch.is_null(False)
    return Invoice.visible_to(user).where(*told).order_by(Organisation.search_key, Client.search_key, Invoice.id)


def review(user: User) -> list[Draft]:
    """All drafts of batches this user may see; nine queries, however many there are."""
    drafts = list(drafts_to_review(user))
    ids = [row.id for row in drafts]
    rows = Line.select(Line, Client, TaxRate, Engagement).left_outer_join(Client).switch(Line).left_outer_join(TaxRate)
    rows = rows.switch(Line).left_outer_join(Engagement).where(Line.invoice.in_(ids)).order_by(Line.position)
    lines = _by("invoice_id", rows)
    every = [line for own in lines.values() for line in own]
    seller, known = Seller.current() or Seller(), reachable(drafts, every)
    before, agreed = _before(drafts, user), _agreed(every)
    return [
        Draft(
            row,
            own := lines.get(row.id, []),
            changes(_said(row, own), before.get(row.id)) + unlike_agreed(row, own, agreed),
            lacks(facts_of(row, own, seller=seller, is_reachable=row.id in known)),
        )
        for row in drafts
    ]


def _said(invoice: Invoice, lines: Sequence[Line]) -> Said:
    """A price for each unit: of several, the lowest, for the last session may take a rest; none of several programs."""
    prices: dict[str, int] = {}
    if invoice.engagement_id:
        for line in lines:
            prices[line.unit_name] = min(line.unit_cents, prices.get(line.unit_name, line.unit_cents))
    number, payer = invoice.number or "", invoice.payer.name
    return Said(number, payer, invoice.currency, invoice.po_number, prices, invoice.net_cents)


def _before(drafts: Sequence[Invoice], user: User) -> dict[int, Said]:
    """The last invoice for the same program, or else to the same payer, by the draft's id; of those the user sees."""
    seen = Invoice.visible_to(user).where(Invoice.state_name == InvoiceState.ISSUED, Invoice.kind_name == Kind.INVOICE)
    programs, payers = {row.engagement_id for row in drafts} - {None}, {row.payer_id for row in drafts}
    last = fn.MAX(Invoice.id)
    of_program = seen.select(last).where(Invoice.engagement.in_(programs)).group_by(Invoice.engagement)
    of_payer = seen.select(last).where(Invoice.payer.in_(payers)).group_by(Invoice.payer)
    rows = list(short(Invoice.with_payer()).where(Invoice.id.in_(of_program) | Invoice.id.in_(of_payer)))
    told = Line.select(Line.invoice, Line.unit_name, Line.unit_cents).where(Line.invoice.in_(rows))
    lines = _by("invoice_id", told)
    said = {row.id: _said(row, lines.get(row.id, [])) for row in rows}
    by_program = {row.engagement_id: said[row.id] for row in sorted(rows, key=lambda row: row.id)}
    by_payer = {row.payer_id: said[row.id] for row in sorted(rows, key=lambda row: row.id)}
    found = {
        row.id: (row.engagement_id and by_program.get(row.engagement_id)) or by_payer.get(row.payer_id)
        for row in drafts
    }
    return {key: told for key, told in found.items() if told}


def short(invoices: ModelSelect) -> ModelSelect:
    """Without what they say."""
    return invoices.select(*(field for field in Invoice._meta.sorted_fields if field.name != "snapshot"), *_PEOPLE)


_PEOPLE = (Payer, Client, Organisation)


@dataclass
class Agreed:
    """What was agreed about the programs of some lines, by the programs' ids."""

    plans: dict[int, Plan]
    parts: dict[str, Part]
    payers: dict[int, Payer]


def _agreed(lines: Sequence[Line]) -> Agreed:
    ids = {line.engagement_id for line in lines if line.engagement_id}
    engagements = list(Engagement.with_client().where(Engagement.id.in_(ids)))
    plans = {row.engagement_id: row for row in Plan.select().where(Plan.engagement.in_(ids))}
    parts = {row.public_id: row for row in Part.select().where(Part.plan.in_(list(plans.values())))}
    return Agreed(plans, parts, payers_of(engagements))


def unlike_agreed(invoice: Invoice, lines: Sequence[Line], agreed: Agreed) -> list[Change]:
    """What of a draft is unlike plan, payer or currency of its programs, each once."""
    told: dict[str, None] = {}
    for line in lines:
        engagement = line.engagement if line.engagement_id else None
        if engagement is None:
            continue
        for kind, subject in subjects_of(line):
            billed = billed_of(kind, line, invoice)
            plan = agreed.plans.get(engagement.id)
            if plan and is_unlike_plan(billed, _prices(plan, engagement, agreed.parts.get(subject))):
                told[f"“{line.text}” is not at the price of the plan"] = None
        billed = billed_of(ClaimKind.CHARGE, line, invoice)
        payer = agreed.payers.get(engagement.id)
        if is_unlike_payer(billed, payer and payer.id):
            told[f"By the agreement {payer.name if payer else 'somebody else'} pays"] = None
        if is_unlike_currency(billed, engagement.currency):
            told[f"The terms are in {engagement.currency}"] = None
    return [Change(words, is_grave=True) for words in told]


def subjects_of(line: Line) -> list[tuple[ClaimKind, str]]:
    """What it was made to bill."""
    pairs = (told.partition(":") for told in line.subjects.split())
    return [(ClaimKind(kind), subject) for kind, _, subject in pairs]


def billed_of(
    kind: ClaimKind, line: Line, invoice: Invoice, *, is_credited: bool = False, plan: Plan | None = None
) -> Billed:
    return Billed(
        kind,
        line.unit_cents,
        invoice.currency,
        invoice.payer_id,
        is_draft=invoice.state is InvoiceState.DRAFT,
        is_credited=is_credited,
        is_settled=not invoice.open_cents,
        is_newer=plan is None or plan.changed_at is None or invoice.created_at >= plan.changed_at,
    )


def _prices(plan: Plan, engagement: Engagement, part: Part | None) -> frozenset[int]:
    return prices_of(plan, part, engagement.price_cents, engagement.sessions)


# What does not fit together -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """Something that does not fit together, and what mends it: about a session, or an invoice, or the program."""

    check: Check
    account: Account
    words: str
    session: CoachingSession | None = None
    invoice: Invoice | None = None

    @property
    def label(self) -> str:
        return CHECK_LABELS[self.check]

    @property
    def client(self) -> Client:
        return self.account.client


def findings(user: User, today: date) -> list[Finding]:
    """All of them in the user's programs, in the order of the checks; eleven queries."""
    accounts = accounts_of(_programs_to_check(user))
    lines = [claim.line_id for account in accounts for claim in account.claims.values()]
    credited = {row.credits_id for row in Line.select(Line.credits).where(Line.credits.in_(lines))}
    every = (one for account in accounts for one in _findings_of(account, credited, today))
    found = {(one.check, one.account.engagement.id, one.words, one.session): one for one in every}.values()
    order = list(Check)
    return sorted(found, key=lambda one: (order.index(one.check), one.client.search_key))


def _programs_to_check(user: User) -> ModelSelect:
    """Those that run, those with something unbilled, and those on a draft or an invoice that can still be mended."""
    programs = Engagement.visible_to(user)
    runs = Engagement.state_name.in_((State.ACTIVE, State.PAUSED))
    mendable = (Invoice.state_name == InvoiceState.DRAFT) | (Invoice.open_cents > 0)
    asked = Line.select(Line.engagement).join(Invoice).where(mendable, Line.engagement.is_null(False))
    lost = CoachingSession.select(CoachingSession.engagement).where(
        CoachingSession.state_name != SessionState.HELD, _is_claimed(ClaimKind.SESSION, CoachingSession.public_id)
    )
    unbilled = unbilled_programs(Engagement.select(Engagement.id))
    ids = Engagement.id.in_(asked) | Engagement.id.in_(lost) | Engagement.id.in_(unbilled)
    return programs.where(Engagement.state_name != State.DRAFT, runs | ids)


def _findings_of(account: Account, credited: set[int], today: date) -> Iterable[Finding]:
    yield from _unbilled(account, today)
    for subject, claim in account.claims.items():
        yield from _misbilled(account, subject, claim, is_credited=claim.line_id in credited)
    yield from _about_program(account)


def _unbilled(account: Account, today: date) -> Iterable[Finding]:
    sessions: dict[str, CoachingSession] = {one.public_id: one for one in account.sessions}
    currency = account.engagement.currency
    for one in account.due(today):
        if not was_passed_over(one.on, today):
            continue
        if one.kind is ClaimKind.SESSION:
            said = f", {one.label.lower()}" if one.label else ""
            words = f"Session of {day_in_words(one.on)}{said}"
            yield Finding(Check.NOT_BILLED, account, words, session=sessions[one.subject])
        else:
            words = f"{in_words(one.unit_cents, currency)}, {one.label}, since {day_in_words(one.on)}"
            yield Finding(Check.PART_LATE, account, words)


def _misbilled(account: Account, subject: str, claim: Claim, *, is_credited: bool) -> Iterable[Finding]:
    """What is wrong with a line that bills a part or a session of it."""
    line, invoice, engagement = claim.line, claim.line.invoice, account.engagement
    billed = billed_of(ClaimKind(claim.kind_name), line, invoice, is_credited=is_credited, plan=account.plan)
    counted = {one.public_id for one in account.facts.used}
    if is_unheld(billed, counts_now=subject in counted):
        session = next((one for one in account.sessions if one.public_id == subject), None)
        became = session.state_label.lower() if session else "not marked any more"
        day = f" of {day_in_words(_day_of(session))}" if session else ""
        yield Finding(Check.NOT_HELD, account, f"Session{day} is {became}, on {invoice.label}", invoice=invoice)
    prices = _prices(account.plan, engagement, account.part_by_id.get(subject))
    if is_unlike_plan(billed, prices):
        asked, agreed = in_words(line.unit_cents, invoice.currency), in_words(min(prices), engagement.currency)
        yield Finding(Check.RATE, account, f"{asked} on {invoice.label}, {agreed} by the plan", invoice=invoice)
    if is_unlike_payer(billed, account.payer and account.payer.id):
        payer = account.payer.name if account.payer else "nobody who is entered as a payer"
        yield Finding(Check.PAYER, account, f"{invoice.label} goes elsewhere; {payer} pays", invoice=invoice)
    if is_unlike_currency(billed, engagement.currency):
        words = f"{invoice.label} is in {invoice.currency}, the terms in {engagement.currency}"
        yield Finding(Check.CURRENCY, account, words, invoice=invoice)


def _about_program(account: Account) -> Iterable[Finding]:
    engagement, plan, payer = account.engagement, account.plan, account.payer
    currency = engagement.currency
    if engagement.payer is PaidBy.SPONSOR and not account.client.organisation_id and plan.way is not Way.NONE:
        yield Finding(Check.NOBODY, account, "The sponsor pays, and the client has none")
    needs_po = payer is not None and payer.needs_po
    if lacks_po(engagement.state, plan.way, needs_po=needs_po, po_number=account.po_number):
        yield Finding(Check.PO, account, f"{payer.name if payer else ''} wants one for {engagement.name}")
    if payer and payer.currency and payer.currency != currency and engagement.state in (State.ACTIVE, State.PAUSED):
        words = f"{payer.name} is billed in {payer.currency}, the terms are in {currency}"
        yield Finding(Check.CURRENCY, account, words)
    if price_has_changed(plan.price_cents, engagement.price_cents, is_billed=account.is_billed):
        was, now = in_words(plan.price_cents, currency), in_words(engagement.price_cents, currency)
        yield Finding(Check.PRICE, account, f"The plan was made for {was}, the price is {now} now")
    if left := left_over(engagement.state, account.parts, account.facts.billed):
        yield Finding(Check.LEFT, account, f"{in_words(left, currency)} of the plan is billed by nothing")

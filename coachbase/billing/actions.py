"""Plan how a program is billed, charge what comes beside it, make drafts of what is due, issue them together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from .. import clock
from ..accounts.models import User
from ..assessments.models import Assessment
from ..clients.models import Client
from ..db import atomic, database
from ..engagements import actions as engagements
from ..engagements.models import Engagement
from ..engagements.rules import RUNNING
from ..errors import Refused, Stale
from ..files import actions as files
from ..files.rules import Upload
from ..firm.models import Firm, day_of
from ..invoices import actions as invoices
from ..invoices.actions import NewLine, Outcome
from ..invoices.models import Batch, Invoice
from ..invoices.rules import ClaimKind, Unit
from ..invoices.rules import State as InvoiceState
from ..payers import actions as payers
from ..payers.models import Payer, Seller, TaxRate
from ..payers.rules import Bundle
from ..sessions.models import CoachingSession
from ..sums.rules import MOST_LINES
from ..timeline import actions as timeline
from ..timeline.rules import Kind as Said
from .models import (
    Account,
    Charge,
    Part,
    Plan,
    Waiver,
    account_of,
    accounts_of,
    claims_of,
    unbilled_programs,
)
from .rules import ChargeKind, NewPart, Off, Worded, is_time_for_batch, net_of, refusal_of_parts, taken_off, worded

# How a program is billed ----------------------------------------------------------------------------------------------


@atomic
def plan_of(engagement: Engagement) -> Plan:
    """How this program is billed: what was said; or kept now, as its terms say."""
    return _keep_plan(account_of(engagement))


def _keep_plan(account: Account) -> Plan:
    """Write down what `models.planned` made of the terms, if it did."""
    plan = account.plan
    if plan.id is None or plan.is_dirty():
        plan.changed_at = clock.now()
        plan.save()
        Part.delete().where(Part.plan == plan).execute()
        for part in account.parts:
            part.save(force_insert=True)
    return plan


@atomic
def change_plan(
    engagement: Engagement,
    values: Mapping[str, Any],
    parts: Sequence[NewPart],
    *,
    seen: Iterable[str],
    version: int,
    by: User,
) -> Plan:
    """Say how a program is billed. `seen` are the public ids of the parts that `parts` stand for; what is billed stays.

    Raises Stale when somebody saved the plan since `version`, or a part was billed or came back meanwhile; Refused for
    parts that cannot be.
    """
    account = account_of(Engagement.with_client().where(Engagement.id == engagement.id).get())
    plan, is_new = account.plan, account.plan.id is None
    if version != (0 if is_new else plan.version):
        raise Stale("Somebody else changed how this program is billed since you opened it.")
    _keep_plan(account)
    if not is_new and {part.public_id for part in account.unbilled_parts} != set(seen):
        raise Stale("A part of this plan was billed meanwhile, or is to be billed again.")
    kept = [part for part in account.parts if part.public_id in account.claims]
    if refusal := refusal_of_parts([*kept, *parts], discount_cents=values["discount_cents"]):
        raise Refused(refusal)
    for name, value in values.items():
        setattr(plan, name, value)
    plan.price_cents, plan.changed_at = account.engagement.price_cents, clock.now()
    plan.version += 1
    plan.save()
    _write_parts(plan, kept, parts)
    timeline.record(
        account.client, Said.CHANGE, "Changed how the program is billed", href=_page_of(account.client), by=by
    )
    return plan


def _write_parts(plan: Plan, kept: Sequence[Part], parts: Sequence[NewPart]) -> None:
    """What is billed comes first; `position` is unique, so the kept ones step aside before they find their place."""
    Part.delete().where(Part.plan == plan, Part.id.not_in([part.id for part in kept])).execute()
    for place, part in enumerate(kept, start=1):
        Part.update(position=-place).where(Part.id == part.id).execute()
    for place, part in enumerate(kept, start=1):
        Part.update(position=place).where(Part.id == part.id).execute()
    for place, new in enumerate(parts, start=len(kept) + 1):
        Part.create(
            plan=plan, position=place, label=new.label, anchor_name=new.anchor, number=new.number, on=new.on,
            cents=new.cents, is_deposit=new.is_deposit,
        )  # fmt: skip


def _page_of(client: Client) -> str:
    return f"/clients/{client.public_id}/billing"


# Charges --------------------------------------------------------------------------------------------------------------


@atomic
def charge(client: Client, values: Mapping[str, Any], *, receipt: Upload | None = None, by: User) -> Charge:
    """Note something to be billed beside the plan. Raises Refused when the receipt is no file we keep."""
    document = files.file(client, [receipt], by=by)[0] if receipt else None
    return Charge.create(client=client, created_at=clock.now(), by=by, document=document, **values)


@atomic
def charge_assessment(assessment: Assessment, *, by: User) -> Charge:
    """Bill what an assessment costs; once, however often it is asked. Raises Refused when it is charged already."""
    there = Charge.about == assessment.public_id, Charge.removed_at.is_null()
    if Charge.select(Charge.id).where(*there).exists():
        raise Refused(f"{assessment.label} is charged already.")
    instrument = assessment.instrument
    values = {
        "engagement": assessment.engagement_id,
        "kind_name": ChargeKind.ASSESSMENT,
        "text": assessment.label,
        "on": day_of(clock.now()),
        "unit_cents": instrument.cost_cents,
        "currency": instrument.currency,
        "about": assessment.public_id,
    }
    return charge(assessment.client, values, by=by)


@atomic
def change_charge(row: Charge, values: Mapping[str, Any], *, receipt: Upload | None, version: int, by: User) -> None:
    """Raises Stale when somebody saved it since `version`, Refused when it is billed."""
    row = _open_charge(row)
    if row.version != version:
        raise Stale("Somebody else changed this since you opened it.")
    for name, value in values.items():
        setattr(row, name, value)
    if receipt is not None:
        row.document = files.file(row.client, [receipt], by=by)[0]
    row.version += 1
    row.save()


@atomic
def remove_charge(row: Charge, *, by: User) -> None:
    """It is not to be billed; `restore_charge` takes that back. Raises Refused when it is billed."""
    row = _open_charge(row)
    row.removed_at = clock.now()
    row.version += 1
    row.save()


@atomic
def restore_charge(row: Charge, *, by: User) -> None:
    """Raises Refused when the same assessment was charged anew meanwhile."""
    row = Charge.get_by_id(row.id)
    again = Charge.about == row.about, Charge.about != "", Charge.removed_at.is_null(), Charge.id != row.id
    if Charge.select(Charge.id).where(*again).exists():
        raise Refused(f"{row.text} was charged anew meanwhile.")
    row.removed_at = None
    row.version += 1
    row.save()


def _open_charge(row: Charge) -> Charge:
    row = Charge.select(Charge, Client).join(Client).where(Charge.id == row.id).get()
    if row.public_id in claims_of(ClaimKind.CHARGE, [row.public_id]):
        raise Refused("This is on an invoice, so it stays as it is.")
    return row


# Sessions that are not billed -----------------------------------------------------------------------------------------


@atomic
def waive(session: CoachingSession, *, reason: str, by: User) -> None:
    """A session that counts is not billed, for a reason. Raises Refused when a line bills it."""
    if session.public_id in claims_of(ClaimKind.SESSION, [session.public_id]):
        raise Refused("This session is on an invoice already. Credit it instead.")
    told = Waiver.insert(session=session, reason=reason, at=clock.now(), by=by).on_conflict_ignore()
    if not told.as_rowcount().execute():
        return
    sentence = f"{session.label} is not billed ({reason})"
    timeline.record(session.client, Said.INVOICE, sentence, href=_page_of(session.client), by=by)


@atomic
def bill_after_all(session: CoachingSession, *, by: User) -> None:
    """Take a waiver back."""
    if Waiver.delete().where(Waiver.session == session).execute():
        said = f"{session.label} is billed after all"
        timeline.record(session.client, Said.INVOICE, said, href=_page_of(session.client), by=by)


# Drafts of what is due ------------------------------------------------------------------------------------------------


class Proposed(NamedTuple):
    """What came of looking: the drafts, and for whom none could be made, with why."""

    drafts: list[Invoice]
    refused: list[tuple[Client, str]]


@dataclass
class Bunch:
    """What goes on one draft."""

    payer: Payer
    currency: str
    po_number: str
    engagements: list[Engagement] = field(default_factory=list)
    lines: list[NewLine] = field(default_factory=list)


@atomic
def propose_due() -> None:
    """By the clock: on the firm's day of the week, once a day and not in the night."""
    seller, firm, now = Seller.current(), Firm.current(), clock.now()
    if seller is None or firm is None:
        return
    local = now.astimezone(ZoneInfo(firm.zone))
    if is_time_for_batch(seller.batch_weekday, local, _last_batch_at(firm.zone)):
        propose(Engagement.with_client(), Charge.unbilled(local.date()), by=None)


def _last_batch_at(zone: str) -> datetime | None:
    """When the clock last made one."""
    last = Batch.select().where(Batch.by.is_null()).order_by(Batch.id.desc()).first()
    return last and last.made_at.astimezone(ZoneInfo(zone))


@atomic
def propose(programs: Any, charges: Any, *, by: User | None) -> Proposed:
    """Drafts of all that is due of these programs (a query with clients) and charges, in one batch; none of nothing.

    What a line bills is claimed, so that to ask again, or twice at once, bills nothing twice.
    """
    close_batches()
    upto = day_of(clock.now())
    accounts = accounts_of(unbilled_programs(programs))
    seller = Seller.current()
    usual = seller.rate if seller and seller.rate_id else None
    bunches: dict[tuple[object, ...], Bunch] = {}
    proposed = Proposed([], [])
    for account in accounts:
        _keep_plan(account)
        try:
            _gather(account, upto, usual, bunches)
        except Refused as refusal:
            proposed.refused.append((account.client, str(refusal)))
    for row in charges:
        try:
            _gather_charge(row, usual, bunches)
        except Refused as refusal:
            proposed.refused.append((row.client, str(refusal)))
    _draft_all(list(bunches.values()), proposed, upto, by)
    return proposed


def _gather(account: Account, upto: date, usual: TaxRate | None, bunches: dict[tuple[object, ...], Bunch]) -> None:
    found = account.due(upto)
    if not found:
        return
    engagement = account.engagement
    account.payer = payers.payer_of(engagement)
    rate = account.plan.rate if account.plan.rate_id else _rate_of(account.payer, usual)
    discount_bps = account.plan.discount_bps
    lines = worded(found, engagement.name, client=account.coachee, discount_bps=discount_bps)
    bunch = _bunch_for(account.payer, engagement, engagement.currency, bunches)
    bunch.lines += [_new_line(line, account, rate) for line in lines]
    offs = taken_off(net_of(found, discount_bps), _offers(account))
    bunch.lines += [_line_off(off, account, found[-1].until, rate) for off in offs]


def _rate_of(payer: Payer, usual: TaxRate | None) -> TaxRate | None:
    return payer.rate if payer.rate_id else usual


def _bunch_for(
    payer: Payer, engagement: Engagement | None, currency: str, bunches: dict[tuple[object, ...], Bunch]
) -> Bunch:
    """The draft it goes on: one for each program, or for the payer; never of two currencies or two orders."""
    po_number = (engagement.po_number if engagement else "") or payer.po_number
    whose = "all" if payer.bundle is Bundle.PAYER else engagement and engagement.id
    key = (payer.id, whose, currency, po_number)
    bunch = bunches.setdefault(key, Bunch(payer, currency, po_number))
    if engagement and engagement.id not in {each.id for each in bunch.engagements}:
        bunch.engagements.append(engagement)
    return bunch


def _new_line(line: Worded, account: Account, rate: TaxRate | None) -> NewLine:
    engagement = account.engagement
    return NewLine(
        line.text,
        line.unit_cents,
        quantity_milli=line.quantity_milli,
        unit=line.unit,
        detail=line.detail,
        discount_bps=line.discount_bps,
        rate=rate,
        client=account.client,
        engagement=engagement,
        coach=_coach_of(engagement),
        supplied_from=line.since,
        supplied_to=line.until,
        claims=line.claims,
    )


def _coach_of(engagement: Engagement) -> User | None:
    return engagement.coach if engagement.coach_id else None


def _line_off(off: Off, account: Account, day: date, usual: TaxRate | None) -> NewLine:
    """A deposit comes off with the tax it was billed with."""
    line = account.line_of(off.subject) if off.kind is ClaimKind.DEPOSIT else None
    return NewLine(
        off.text,
        -off.cents,
        rate=line.rate if line and line.rate_id else usual,
        client=account.client,
        engagement=account.engagement,
        coach=_coach_of(account.engagement),
        supplied_from=day,
        supplied_to=day,
        claims=[(off.kind, off.subject)],
    )


def _offers(account: Account) -> list[Off]:
    """What is still to be taken off: a deposit once its invoice is issued, and the discount."""
    deposits = {part.public_id for part in account.parts if part.is_deposit}
    taken = claims_of(ClaimKind.DEPOSIT, sorted(deposits))
    paid = sorted(deposits & account.facts.issued - set(taken))
    found = [
        Off(ClaimKind.DEPOSIT, key, f"Less deposit, invoice {line.invoice.number}", line.net_cents)
        for key in paid
        if (line := account.line_of(key))
    ]
    plan = account.plan
    if plan.discount_cents and not claims_of(ClaimKind.DISCOUNT, [plan.public_id]):
        words = plan.discount_words or "Discount"
        found.append(Off(ClaimKind.DISCOUNT, plan.public_id, words, plan.discount_cents))
    return found


def _gather_charge(row: Charge, usual: TaxRate | None, bunches: dict[tuple[object, ...], Bunch]) -> None:
    """It goes with its program's draft, else with one of the client's own."""
    engagement = row.engagement if row.engagement_id else None
    payer = payers.payer_of(engagement) if engagement else payers.payer_for(row.client)
    bunch = _bunch_for(payer, engagement, row.currency, bunches)
    bunch.lines.append(
        NewLine(
            row.text,
            row.unit_cents,
            quantity_milli=row.quantity_milli,
            unit=Unit.HOUR if row.kind is ChargeKind.HOURS else Unit.PIECE,
            rate=row.rate if row.rate_id else _rate_of(payer, usual),
            client=row.client,
            engagement=engagement,
            coach=_coach_of(engagement) if engagement else None,
            supplied_from=row.on,
            supplied_to=row.on,
            claims=[(ClaimKind.CHARGE, row.public_id)],
        )
    )


def _draft_all(bunches: Sequence[Bunch], proposed: Proposed, upto: date, by: User | None) -> None:
    if not bunches:
        return
    batch = Batch.create(made_at=clock.now(), upto_on=upto, by=by)
    for bunch in bunches:
        for first in range(0, len(bunch.lines), MOST_LINES):
            _draft(bunch, bunch.lines[first : first + MOST_LINES], batch, proposed, by)
    if not proposed.drafts:
        batch.delete_instance()


def _draft(bunch: Bunch, lines: Sequence[NewLine], batch: Batch, proposed: Proposed, by: User | None) -> None:
    """One that cannot be made is told, and leaves nothing behind; the others are made."""
    alone = bunch.engagements[0] if len(bunch.engagements) == 1 else None
    try:
        with database.savepoint():
            proposed.drafts.append(
                invoices.draft(
                    bunch.payer, lines, currency=bunch.currency, engagement=alone, batch=batch, by=by,
                    po_number=bunch.po_number,
                )
            )  # fmt: skip
    except Refused as refusal:
        proposed.refused.append((lines[0].client or bunch.payer.client, str(refusal)))


@atomic
def close_batches() -> None:
    """A batch of which no draft is left is done."""
    left = Invoice.select(Invoice.batch).where(
        Invoice.state_name == InvoiceState.DRAFT, Invoice.removed_at.is_null(), Invoice.batch.is_null(False)
    )
    done = Batch.closed_at.is_null(), Batch.id.not_in(left)
    Batch.update(closed_at=clock.now()).where(*done).execute()


# Issued together ------------------------------------------------------------------------------------------------------


@atomic
def issue(drafts: Sequence[tuple[Invoice, int]], *, by: User) -> Outcome:
    """Issue the drafts that were ticked, each as it was looked at; the rest stay drafts, with why."""
    outcome = invoices.issue_all(drafts, by=by)
    close_batches()
    return outcome


@atomic
def discard(draft: Invoice, *, version: int, by: User) -> None:
    """Throw a draft of a batch away; what it billed is proposed again next time."""
    invoices.discard(draft, version=version, by=by)
    close_batches()


@atomic
def give_po(draft: Invoice, po_number: str, *, version: int, by: User) -> None:
    """Put a PO number on a draft that lacks it, and on the program it is for, so that the next one has it."""
    invoices.give_po_number(draft, po_number, version=version)
    program = Engagement.get_or_none(Engagement.id == draft.engagement_id)
    if program and not program.po_number and program.state in RUNNING:
        engagements.change(program, {"po_number": po_number}, version=program.version, by=by)

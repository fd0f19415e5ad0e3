"""Remind of what is overdue, call reminders off, let them rest, call, hand over; draft a late fee."""

from datetime import date, datetime

from .. import clock
from ..accounts.models import User
from ..db import atomic
from ..errors import Refused
from ..invoices import actions as invoices
from ..invoices.actions import NewLine
from ..invoices.models import Invoice, Line
from ..mail.models import Message
from ..mail.rules import State as Fate
from ..mail.rules import sentence_on
from ..numbers.rules import Kind
from ..payers import actions as payers
from ..portal import actions as portal
from ..portal.models import Chaser
from ..portal.rules import day_of, is_working_time
from . import tasks
from .models import Addressee, Dun, Letter, Lot, Pause, asked_for, case_of, cases_of, has_fee, lots, to_remind, today_of
from .rules import (
    COUNTS,
    LetterState,
    firmest,
    refusal_of_rest,
    refusal_to_charge,
)

BATCH = 50
"""How many letters are begun in one transaction, and woken by one sweep; the next run goes on with the others."""
TOO_LATE = "Not sent:"
"""How the answer begins of a mail that never left."""


# Reminding ------------------------------------------------------------------------------------------------------------


@atomic
def remind_due() -> None:
    """By the clock: one letter to each address at which something is due, in working hours where its reader is, and
    only to whom nobody has reminded of anything else that day."""
    now, begun = clock.now(), 0
    for lot in lots(cases_of(list(to_remind(now))), now):
        if is_working_time(now, lot.zone) and _begin(lot, now, by=None):
            begun += 1
            if begun == BATCH:
                return


@atomic
def remind(invoice: Invoice, *, by: User) -> Letter:
    """Remind of an invoice now, and in the same letter of what else is late at the same address and may be seen.

    Raises Refused with the reason when that cannot be, or the reader was reminded of something today already.
    """
    now = clock.now()
    refusal, lot = asked_for(invoice, by, now)
    if lot is None:
        raise Refused(refusal)
    letter = _begin(lot, now, by=by)
    if letter is None:
        raise Refused("They were reminded of something today already. One mail a day is enough.")
    return letter


def _begin(lot: Lot, now: datetime, *, by: User | None) -> Letter | None:
    """A letter that waits to be drawn; None when one of its readers was reminded of something today already."""
    chasers = [portal.first_today(email, lot.zone, now) for _, email in lot.to]
    if not all(chasers):
        Chaser.delete().where(Chaser.id.in_([chaser.id for chaser in chasers if chaser])).execute()
        return None
    first = firmest(lot.reminded)
    letter = Letter.create(
        payer=lot.payer, level_name=first.level, on=day_of(now, lot.zone), before=first.case.last_on, at=now, by=by
    )
    for (name, email), chaser in zip(lot.to, chasers, strict=True):
        Addressee.create(letter=letter, name=name, email=email, chaser=chaser)
    for case, level in lot.reminded:
        _forget_returned(case.invoice)
        Dun.create(invoice=case.invoice, letter=letter, level_name=level, open_cents=case.open_cents)
    tasks.write(letter.public_id)
    return letter


def _forget_returned(invoice: Invoice) -> None:
    """A letter that came back reminds of nothing once another goes out."""
    returned = Letter.select(Letter.id).where(Letter.state_name == LetterState.BACK)
    Dun.update(level_name=None).where(Dun.invoice == invoice, Dun.letter.in_(returned)).execute()


@atomic
def sweep() -> None:
    """Wake the letters that wait to be drawn."""
    for letter in Letter.waiting(clock.now()).limit(BATCH):
        tasks.write(letter.public_id)


@atomic
def follow(invoice: Invoice, *, why: str) -> None:
    """What was said of an invoice is not so any more: it was paid, in part even, or is disputed, or rests. Letters
    about it that have not left do not leave; what else stood in them is reminded of anew by the clock."""
    named = Letter.select(Letter).join(Dun).where(Dun.invoice == invoice, Letter.state_name.in_(COUNTS))
    for letter in named:
        was_out = letter.state is LetterState.OUT
        if tasks.call_off(letter) and was_out:
            invoices.note(invoice, "ban", f"A reminder was called off before it left: {why}", by=None)


@atomic
def follow_mail(message: Message) -> None:
    """What became of a letter's mail: one that nobody got reminds of nothing."""
    letter = Letter.get_or_none(Letter.public_id == message.about) if message.kind in tasks.KINDS.values() else None
    if letter is None:
        return
    if message.state is Fate.SENT:
        if letter.state is LetterState.BACK:
            Letter.update(state_name=LetterState.OUT).where(Letter.id == letter.id).execute()
        return
    others = Message.select(Message.id).where(Message.about == letter.public_id, Message.id != message.id)
    if others.where(Message.state_name.not_in((Fate.DEAD, Fate.CANCELLED))).exists():
        return
    if message.answer.startswith(TOO_LATE):
        tasks.take_back(letter)
    else:
        Letter.update(state_name=LetterState.BACK).where(Letter.id == letter.id).execute()
    said = sentence_on(message.kind, message.to_address, message.state)
    for dun in letter.duns:
        invoices.note(dun.invoice, "mail-x", said, by=None)


# Leaving in peace, calling, handing over ------------------------------------------------------------------------------


@atomic
def rest(invoice: Invoice, until: date, reason: str, *, by: User) -> None:
    """No more reminders until a day. Raises Refused when that day will not do, or nothing is open."""
    _refuse_unless_open(invoice)
    if refusal := refusal_of_rest(until, today_of(invoice, clock.now())):
        raise Refused(refusal)
    _pause(invoice, until=until, reason=reason, by=by)
    said = f"No reminders until {until.day} {until:%B %Y}"
    invoices.note(invoice, "pause", f"{said}: {reason}" if reason else said, by=by)


@atomic
def go_on(invoice: Invoice, *, by: User) -> None:
    """Remind of it again. Raises Refused when nothing holds that up."""
    if not Pause.delete().where(Pause.invoice == invoice).execute():
        raise Refused("Reminders go on already.")
    invoices.note(invoice, "play", "Reminders go on", by=by)


@atomic
def log_call(invoice: Invoice, words: str, until: date | None, *, by: User) -> None:
    """Note what was said on the telephone; reminders rest until the day that was promised."""
    _refuse_unless_open(invoice)
    invoices.note(invoice, "phone", f"Called: {words}", by=by)
    invoices.tell(invoice, f"Called about {invoice.label}", by=by)
    if until is not None:
        rest(invoice, until, "as promised on the telephone", by=by)


@atomic
def hand_over(invoice: Invoice, words: str, *, by: User) -> None:
    """Leave it to the owner, who finds it on Today; nobody is reminded of it meanwhile."""
    _refuse_unless_open(invoice)
    _pause(invoice, is_handed=True, reason=words, by=by)
    invoices.note(invoice, "handshake", f"Handed to the owner: {words}", by=by)


def _refuse_unless_open(invoice: Invoice) -> None:
    if Invoice.get_by_id(invoice.id).open_cents <= 0:
        raise Refused("Nothing is open of it.")


def _pause(invoice: Invoice, *, by: User, until: date | None = None, reason: str, is_handed: bool = False) -> None:
    Pause.delete().where(Pause.invoice == invoice).execute()
    Pause.create(invoice=invoice, until=until, reason=reason, is_handed=is_handed, at=clock.now(), by=by)
    follow(invoice, why="reminders rest")


# Late fees ------------------------------------------------------------------------------------------------------------


@atomic
def charge(invoice: Invoice, cents: int, detail: str, *, another: bool, by: User) -> Invoice:
    """Draft a late fee for an invoice, a document of its own: the invoice stays as it is. `detail` says how it was
    reckoned. Raises Refused when none can be asked for, or there is one already and it is not to be `another`."""
    case = case_of(invoice)
    refusal = refusal_to_charge(case, today_of(invoice, clock.now()), has_fee=has_fee(invoice), another=another)
    if refusal:
        raise Refused(refusal)
    if cents <= 0:
        raise Refused("Enter an amount above zero.")
    lines = list(Line.of(invoice))
    fee = NewLine(
        f"Late fee for invoice {invoice.number}",
        cents,
        detail=detail,
        rate=payers.rate_of_fees(),
        client=lines[0].client if len({line.client_id for line in lines}) == 1 else None,
        coach=lines[0].coach if len({line.coach_id for line in lines}) == 1 else None,
        supplied_to=today_of(invoice, clock.now()),
    )
    return invoices.draft(
        invoice.payer,
        [fee],
        currency=invoice.currency,
        kind=Kind.FEE,
        engagement=invoice.engagement if invoice.engagement_id else None,
        corrects=invoice,
        by=by,
    )

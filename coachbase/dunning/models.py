"""Letters of reminder, what each says of which invoice, whom it goes to, and when reminders rest.

Who sees an invoice sees that it was reminded of; a letter is seen by who sees every invoice in it.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, Self

from peewee import BooleanField, CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from ..accounts.models import User
from ..accounts.rules import Role
from ..clients.models import Client, Organisation
from ..db import Model, NoCaseField, PublicIdField, UtcDateTimeField
from ..files.models import Document
from ..firm.models import Firm
from ..invoices.models import SHORT, Invoice, mail_to
from ..invoices.rules import Entry, State
from ..mail.models import Message
from ..mail.rules import State as Fate
from ..numbers.rules import Kind
from ..payers.models import Payer, Seller
from ..payers.rules import RHYTHM, reminder_days
from ..portal.models import Chaser
from ..portal.rules import day_of
from .rules import (
    COUNTS,
    LEVELS,
    Case,
    LetterState,
    Level,
    Reminded,
    Why,
    is_due,
    refusal_to_remind,
    together,
    why_not,
    why_to_act,
)

MOST_LOOKED_AT, AT_ONCE = 500, 1000
FARTHEST = timedelta(hours=14)
"""No zone is further ahead of UTC: what is late nowhere yet need not be looked at."""


class Letter(Model):
    """A reminder of all that is overdue at one address, drawn by the worker and mailed once it is drawn.

    `level_name` is the firmest tone in it, `on` the reader's day, `before` the day of the reminder before that one.
    Mails of it carry its public id as what they are about.
    """

    public_id = PublicIdField()
    payer = ForeignKeyField(Payer, on_delete="RESTRICT")
    level_name = CharField(max_length=8, column_name="level")
    state_name = CharField(max_length=8, column_name="state", default=LetterState.PENDING, index=True)
    on = DateField()
    before = DateField(null=True)
    document = ForeignKeyField(Document, null=True, on_delete="SET NULL")
    attempts = IntegerField(default=0)
    try_at = UtcDateTimeField(null=True)
    problem = TextField(default="")
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def level(self) -> Level:
        return Level(self.level_name)

    @property
    def state(self) -> LetterState:
        return LetterState(self.state_name)

    @classmethod
    def of(cls, invoice: Invoice) -> "ModelSelect[Self]":
        """All that named an invoice, also those that were called off; the latest first, with whose act each was, and
        what it says of this one as `dun`."""
        rows = cls.select(cls, Dun, User).join(Dun, attr="dun").switch(cls).left_outer_join(User)
        return rows.where(Dun.invoice == invoice).order_by(cls.id.desc())

    @classmethod
    def visible_to(cls, user: User) -> "ModelSelect[Self]":
        """Behind the wall of every invoice in it."""
        seen = Invoice.visible_to(user).select(Invoice.id)
        return cls.select().where(cls.id.not_in(Dun.select(Dun.letter).where(Dun.invoice.not_in(seen))))

    @classmethod
    def waiting(cls, now: datetime) -> "ModelSelect[Self]":
        """What a worker should draw now."""
        due = cls.try_at.is_null() | (cls.try_at <= now)
        return cls.select(cls.public_id).where(cls.state_name == LetterState.PENDING, due).order_by(cls.id)


class Addressee(Model):
    """Whom a letter is mailed to; `chaser` is the right to remind that person on that day."""

    letter = ForeignKeyField(Letter, backref="addressees", on_delete="CASCADE")
    name = TextField()
    email = NoCaseField()
    chaser = ForeignKeyField(Chaser, null=True, on_delete="SET NULL")


class Dun(Model):
    """An invoice in a letter. Each firmness once; without one it is listed only, beside others that are due.

    `open_cents` is what was open when the letter was written. Of a letter that was called off no firmness stands.
    """

    invoice = ForeignKeyField(Invoice, backref="duns", on_delete="RESTRICT")
    letter = ForeignKeyField(Letter, backref="duns", on_delete="CASCADE")
    level_name = CharField(max_length=8, column_name="level", null=True)
    open_cents = IntegerField()

    class Meta:
        indexes = ((("invoice", "level_name"), True), (("letter", "invoice"), True))

    @classmethod
    def counts(cls, invoices: Iterable[int]) -> dict[int, int]:
        """How often each of these (by its own id) was reminded of; who never was is not among them. One query."""
        counts = cls.level_name.is_null(False), Letter.state_name.in_(COUNTS), cls.invoice.in_(list(invoices))
        rows = cls.select(cls.invoice_id, fn.COUNT(cls.id)).join(Letter).where(*counts).group_by(cls.invoice)
        return dict(rows.tuples())


class Pause(Model):
    """Nobody is reminded of an invoice until a day, or it was handed to the owner, who decides."""

    invoice = ForeignKeyField(Invoice, unique=True, on_delete="CASCADE")
    until = DateField(null=True)
    reason = TextField(default="")
    is_handed = BooleanField(default=False)
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")


# What is late ---------------------------------------------------------------------------------------------------------


def overdue(now: datetime) -> "ModelSelect[Invoice]":
    """What is late somewhere, the oldest first, whoever may see it; without the documents themselves."""
    late = Invoice.due_on < (now + FARTHEST).date(), Invoice.open_cents > 0, Invoice.kind_name != Kind.CREDIT
    rows = Invoice.with_payer().select(*SHORT, Payer, Client, Organisation)
    return rows.where(Invoice.state_name == State.ISSUED, *late).order_by(Invoice.due_on, Invoice.id)


def to_remind(now: datetime) -> "ModelSelect[Invoice]":
    """What is late of payers who may be due a reminder: not of those who dispute it all, or had the last one for it."""
    last = Dun.select(Dun.invoice).join(Letter).where(Dun.level_name == LEVELS[-1], Letter.state_name.in_(COUNTS))
    open_ones = Invoice.select(Invoice.payer).where(
        Invoice.due_on < (now + FARTHEST).date(),
        Invoice.open_cents > 0,
        Invoice.disputed_at.is_null(),
        Invoice.id.not_in(last),
    )
    return overdue(now).where(Invoice.payer.in_(open_ones))


def overdue_for(user: User, now: datetime) -> "ModelSelect[Invoice]":
    """The same behind the wall."""
    return overdue(now).where(Invoice.id.in_(Invoice.visible_to(user).select(Invoice.id)))


def zone_of(payer: Payer, home: str) -> str:
    """By whose clock it is: a client's own, else the firm's."""
    return (payer.client.zone if payer.client_id else "") or home


def cases_of(invoices: Sequence[Invoice]) -> list[Case]:
    """How each stands for whoever decides about reminding of it; six questions for each thousand."""
    starts = range(0, len(invoices), AT_ONCE)
    return [case for start in starts for case in _cases_of(invoices[start : start + AT_ONCE])]


def _cases_of(invoices: Sequence[Invoice]) -> list[Case]:
    ids = [invoice.id for invoice in invoices]
    seller, home, letters = Seller.current(), Firm.home_zone(), _letters_of(ids)
    reached = _reached([invoice.public_id for invoice in invoices])
    pauses = {pause.invoice_id: pause for pause in Pause.select().where(Pause.invoice.in_(ids))}
    usual = reminder_days(seller.rhythm) if seller and seller.rhythm else RHYTHM
    cases = []
    for invoice in invoices:
        found, pause, zone = letters.get(invoice.id, []), pauses.get(invoice.id), zone_of(invoice.payer, home)
        moments = [moment for moment in (reached.get(invoice.public_id), invoice.viewed_at) if moment]
        cases.append(
            Case(
                kind=invoice.kind,
                open_cents=invoice.open_cents,
                due_on=invoice.due_on,
                rhythm=reminder_days(invoice.payer.rhythm) or usual,
                reached_on=day_of(min(moments), zone) if moments else None,
                sent=tuple((Level(letter.dun.level_name), letter.on) for letter in found if letter.state in COUNTS),
                is_disputed=invoice.disputed_at is not None,
                is_handed=pause is not None and pause.is_handed,
                paused_until=pause.until if pause else None,
                came_back=bool(found) and _came_back(found[-1], invoice),
                invoice=invoice,
            )
        )
    return cases


def case_of(invoice: Invoice) -> Case:
    """An invoice as it is now."""
    return cases_of(list(Invoice.with_payer().where(Invoice.id == invoice.id)))[0]


def today_of(invoice: Invoice, now: datetime) -> date:
    """The payer's own day."""
    return day_of(now, zone_of(invoice.payer, Firm.home_zone()))


def _letters_of(ids: Sequence[int]) -> dict[int, list[Letter]]:
    """The letters that were to remind of each, in their order; each letter with its `dun`."""
    found: dict[int, list[Letter]] = {}
    rows = Letter.select(Letter, Dun).join(Dun, attr="dun").where(Dun.invoice.in_(ids), Dun.level_name.is_null(False))
    for letter in rows.order_by(Letter.id):
        found.setdefault(letter.dun.invoice_id, []).append(letter)
    return found


def _came_back(letter: Letter, invoice: Invoice) -> bool:
    """Whether the last letter did not arrive, and another would go to the same address."""
    if letter.state is not LetterState.BACK:
        return False
    gone_to = {addressee.email.casefold() for addressee in letter.addressees}
    return any(email.casefold() in gone_to for _, email in mail_to(invoice))


def _reached(invoices: Sequence[str]) -> dict[str, datetime]:
    """When a mail about each of these was first taken by its reader's mail server."""
    of_these = Message.about.in_(list(invoices)), Message.state_name == Fate.SENT
    sent = Message.select(Message.about, fn.MIN(Message.sent_at)).where(*of_these)
    return dict(sent.group_by(Message.about).tuples())


# What is written about it ---------------------------------------------------------------------------------------------


class Lot(NamedTuple):
    """What one letter is about, before it is written: whom it goes to, and what it says."""

    payer: Payer
    to: list[tuple[str, str]]
    zone: str
    reminded: list[Reminded]


def lots(cases: Iterable[Case], now: datetime, *, asked: Invoice | None = None) -> list[Lot]:
    """A lot for each address at which something is due today, or is what is `asked` for."""
    home = Firm.home_zone()
    of_payer: dict[int, list[Case]] = {}
    for case in cases:
        of_payer.setdefault(case.invoice.payer_id, []).append(case)
    return [lot for found in of_payer.values() for lot in _lots_of_payer(found, now, home, asked)]


def _lots_of_payer(cases: Sequence[Case], now: datetime, home: str, asked: Invoice | None) -> Iterable[Lot]:
    payer = cases[0].invoice.payer
    zone = zone_of(payer, home)
    today = day_of(now, zone)
    if not any(is_due(case, today) or case.invoice == asked for case in cases):
        return
    readers: dict[tuple[tuple[str, str], ...], list[Case]] = {}
    for case in cases:
        if why_not(case, today) is None:
            readers.setdefault(tuple(mail_to(case.invoice)), []).append(case)
    for to, theirs in readers.items():
        if to and (reminded := together(theirs, today, asked=asked)):
            yield Lot(payer, list(to), zone, reminded)


def asked_for(invoice: Invoice, user: User, now: datetime) -> tuple[str, Lot | None]:
    """What would be said if somebody reminded of an invoice now; without that, why nobody can."""
    if refusal := refusal_to_remind(case_of(invoice), today_of(invoice, now)):
        return refusal, None
    cases = cases_of(list(overdue_for(user, now).where(Invoice.payer == invoice.payer_id)))
    found = [lot for lot in lots(cases, now, asked=invoice) if invoice in [one.case.invoice for one in lot.reminded]]
    return ("", found[0]) if found else ("Nobody is known to write to. Add the payer’s address.", None)


class Waits(NamedTuple):
    """An invoice of which reminders are of no use any more, or do not arrive, with why."""

    case: Case
    why: Why


def waiting_for_us(user: User, now: datetime) -> list[Waits]:
    """What somebody should do something about, the oldest first: call, mend an address, decide.

    What was handed over waits for the owner; the rest for whoever looks after the desk.
    """
    home, found = Firm.home_zone(), []
    for case in cases_of(list(overdue_for(user, now).limit(MOST_LOOKED_AT))):
        why = why_to_act(case, day_of(now, zone_of(case.invoice.payer, home)))
        if why is not None and (why is not Why.HANDED or user.role is Role.OWNER):
            found.append(Waits(case, why))
    return found


def has_fee(invoice: Invoice) -> bool:
    """Whether a late fee was drafted or issued for it, and not taken back."""
    fees = Invoice.select(Invoice.id).where(Invoice.corrects == invoice, Invoice.kind_name == Kind.FEE)
    return fees.where(Invoice.removed_at.is_null(), Invoice.last_entry != Entry.CREDIT).exists()

"""The stock of codes, sealed, and the ledger of credits, append only (triggers.py)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Self

from peewee import Case, CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from .. import money
from ..accounts.models import User
from ..clients.models import Client
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..instruments.models import Instrument, Vendor
from .rules import ENTRY_LABELS, FREE, SOON, STATE_LABELS, Code, Entry, State, expires_soon, is_past, key_of


class Credential(Model):
    """A way in: `secret` is the code, the personal link or the password, `login` the name of an account; both sealed.

    Who holds it points here: an assessment or a rater, never two (unique there). `client` is whose assessment it
    serves. `expires_on` is its last day.
    """

    public_id = PublicIdField()
    instrument = ForeignKeyField(Instrument, backref="credentials", on_delete="RESTRICT")
    state_name = CharField(max_length=10, column_name="state", default=State.STOCK, index=True)
    login = EncryptedTextField(default="")
    secret = EncryptedTextField()
    expires_on = DateField(null=True)
    cost_cents = IntegerField(default=0)
    currency = CharField(max_length=3)
    credits = IntegerField(default=1)
    order = TextField(default="")
    client = ForeignKeyField(Client, null=True, on_delete="SET NULL")
    added_at = UtcDateTimeField()
    added_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    given_at = UtcDateTimeField(null=True)
    ended_at = UtcDateTimeField(null=True)

    whom: Client | None = None
    """The client, where the reader of a list may see them; see `listed`."""

    class Meta:
        indexes = ((("instrument", "state_name"), False),)

    @property
    def state(self) -> State:
        return State(self.state_name)

    @property
    def state_label(self) -> str:
        return STATE_LABELS[self.state]

    @property
    def is_free(self) -> bool:
        return self.state in FREE

    @property
    def code(self) -> Code:
        return Code(self.secret, self.login, self.expires_on)

    def is_past(self, today: date) -> bool:
        return is_past(self.expires_on, today)

    def expires_soon(self, today: date) -> bool:
        """Whether it can still be used and will soon be of no use."""
        return self.state in (*FREE, State.GIVEN) and expires_soon(self.expires_on, today)

    @classmethod
    def free(cls, instrument: Instrument, today: date) -> "ModelSelect[Self]":
        """What can be given today: what expires first goes first."""
        found = cls.select().where(cls.instrument == instrument, cls.is_free_on(today))
        return found.order_by(cls.expires_on.is_null(), cls.expires_on, cls.id)

    @classmethod
    def is_free_on(cls, today: date) -> Any:
        """A condition: it can be given that day."""
        return cls.state_name.in_(FREE) & (cls.expires_on.is_null() | (cls.expires_on >= today))

    @classmethod
    def stood_in_stock(cls) -> Any:
        """A condition: it was not typed in for somebody."""
        return cls.given_at.is_null() | (cls.given_at != cls.added_at)

    @classmethod
    def past(cls, today: date) -> "ModelSelect[Self]":
        """What lies in stock and is of no use any more."""
        found = cls.select(cls, Instrument, Vendor).join(Instrument).join(Vendor)
        return found.where(cls.state_name.in_(FREE), cls.expires_on < today).order_by(cls.id)

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """With instrument, vendor and client: those of clients one may see; and the stock, for whoever looks after it.

        The secret is among the columns: nobody shows it but `actions.reveal`.
        """
        found = cls.select(cls, Instrument, Vendor, Client).join(Instrument).join(Vendor).switch(cls)
        theirs = cls.client.in_(Client.visible_to(user, Client.id))
        nobodys = cls.client.is_null() & user.may_arrange
        return found.left_outer_join(Client).where(theirs | nobodys)

    @classmethod
    def listed(cls, user: User, instrument: Instrument, state: State | None) -> ModelSelect:
        """An instrument's, without what they say; `whom` only where this reader may see that client.

        What is free stands in the order it will be given, the rest newest first.
        """
        columns = [column for column in cls._meta.sorted_fields if column.name not in ("login", "secret")]
        named = (cls.client == Client.id) & cls.client.in_(Client.visible_to(user, Client.id))
        found = cls.select(*columns, Client).left_outer_join(Client, on=named, attr="whom")
        found = found.where(cls.instrument == instrument)
        if state is None:
            return found.order_by(cls.id.desc())
        if state is State.STOCK:
            found = found.where(cls.state_name.in_(FREE))
            return found.order_by(cls.expires_on.is_null(), cls.expires_on, cls.id)
        return found.where(cls.state_name == state).order_by(cls.id.desc())

    @classmethod
    def counts(cls, instrument: Instrument) -> dict[State, int]:
        """How many there are in each state; what was returned counts as in stock."""
        state = Case(cls.state_name, [(State.RETURNED.value, State.STOCK.value)], cls.state_name)
        found = cls.select(state, fn.COUNT(cls.id)).where(cls.instrument == instrument).group_by(state)
        return {State(name): count for name, count in found.tuples()}

    @classmethod
    def known(cls, instrument: Instrument) -> dict[tuple[str, str], State]:
        """Every code of an instrument there ever was, by what makes it the same as another; and what became of it."""
        way, rows = instrument.way, cls.select(cls.login, cls.secret, cls.state_name)
        rows = rows.where(cls.instrument == instrument).tuples()
        return {key_of(way, Code(secret, login)): State(state) for login, secret, state in rows}


@dataclass
class Stock:
    """What lies in stock of one instrument, and how many are wanted: set up, with nothing to get in by yet."""

    instrument: Instrument
    free: int = 0
    given: int = 0
    soon: int = 0
    """Of the free ones, how many expire within two weeks."""
    oldest: datetime | None = None
    """Since when the oldest of the free ones has lain."""
    worth: dict[str, int] = field(default_factory=dict)
    """What the free ones cost, by currency."""
    is_kept: bool = False
    """Whether there ever was a stock: not when each code is typed in for its client."""
    wanted: int = 0

    @property
    def is_low(self) -> bool:
        return self.is_kept and self.free < self.wanted

    @property
    def worth_in_words(self) -> str:
        return _in_words(self.worth)

    @classmethod
    def of_all(cls, today: date, wanted: Mapping[int, int]) -> list[Self]:
        """Of every instrument that is given or has codes, by vendor and name. `wanted` by the instrument's id."""
        there = Credential.select(Credential.instrument)
        shown = Instrument.removed_at.is_null() | Instrument.id.in_(there)
        found = Instrument.with_vendor().where(shown).order_by(Vendor.name, Instrument.name, Instrument.id)
        stocks = {row.id: cls(row, wanted=wanted.get(row.id, 0)) for row in found}
        for row in cls._figures(today):
            stock = stocks[row.instrument]
            stock.given += row.given
            stock.is_kept = stock.is_kept or bool(row.stocked)
            if row.free:
                stock.free, stock.soon = stock.free + row.free, stock.soon + row.soon
                stock.oldest = min(filter(None, (stock.oldest, row.oldest)))
                stock.worth[row.currency] = stock.worth.get(row.currency, 0) + row.worth
        return list(stocks.values())

    @classmethod
    def low(cls, today: date, wanted: Any) -> list[Self]:
        """Of which more are wanted than lie there, in one statement. `wanted` selects an instrument's id for each."""
        code = Credential
        free = code.select(fn.COUNT(code.id)).where(code.instrument == Instrument.id, code.is_free_on(today))
        is_kept = fn.EXISTS(code.select(code.id).where(code.instrument == Instrument.id, code.stood_in_stock()))
        asked = wanted.alias("wanted")
        count = fn.COUNT(Instrument.id)
        found = Instrument.select(Instrument, count.alias("count"), free.alias("free"))
        found = found.join(asked, on=(asked.c.instrument_id == Instrument.id)).where(is_kept).group_by(Instrument.id)
        rows = found.having(count > free).order_by(Instrument.name, Instrument.id)
        return [cls(row, free=row.free, wanted=row.count, is_kept=True) for row in rows]

    @staticmethod
    def _figures(today: date) -> ModelSelect:
        """Sums by instrument and currency: the codes themselves may be thousands."""
        code = Credential
        free = code.is_free_on(today)
        soon = free & (fn.julianday(code.expires_on) - fn.julianday(today) <= SOON)
        given = code.state_name == State.GIVEN
        oldest = fn.MIN(Case(None, [(free, code.added_at)], None)).converter(UtcDateTimeField().python_value)
        return (
            code.select(
                code.instrument_id.alias("instrument"),
                code.currency,
                _count(free).alias("free"),
                _count(soon).alias("soon"),
                _count(given).alias("given"),
                _count(code.stood_in_stock()).alias("stocked"),
                oldest.alias("oldest"),
                fn.SUM(Case(None, [(free, code.cost_cents)], 0)).alias("worth"),
            )
            .group_by(code.instrument_id, code.currency)
            .namedtuples()
        )


def _in_words(cents: Mapping[str, int]) -> str:
    """'£585.00 + €90.00'."""
    return " + ".join(money.in_words(each, currency) for currency, each in sorted(cents.items()) if each)


def _count(condition: Any) -> Any:
    return fn.SUM(Case(None, [(condition, 1)], 0))


class CreditEntry(Model):
    """A line of the credit ledger of a vendor: `credits` bought (positive) or spent (negative)."""

    vendor = ForeignKeyField(Vendor, backref="credit_entries", on_delete="RESTRICT")
    instrument = ForeignKeyField(Instrument, null=True, on_delete="RESTRICT")
    credential = ForeignKeyField(Credential, null=True, on_delete="RESTRICT")
    client = ForeignKeyField(Client, null=True, on_delete="SET NULL")
    entry_name = CharField(max_length=10, column_name="entry")
    credits = IntegerField()
    cost_cents = IntegerField(default=0)
    currency = CharField(max_length=3)
    note = TextField(default="")
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    at = UtcDateTimeField()

    whom: Client | None = None
    """The client, where the reader may see them; see `shown_to`."""

    @property
    def entry(self) -> Entry:
        return Entry(self.entry_name)

    @property
    def label(self) -> str:
        return ENTRY_LABELS[self.entry]

    @classmethod
    def of(cls, vendor: Vendor) -> "ModelSelect[Any]":
        return cls.select().where(cls.vendor == vendor).order_by(cls.id.desc())

    @classmethod
    def shown_to(cls, user: User, vendor: Vendor) -> ModelSelect:
        """A vendor's lines with instrument and who wrote them, newest first; `whom` where this reader may see them.

        What one act wrote is one line: `count` codes, `sum` credits, `cents`.
        """
        named = (cls.client == Client.id) & cls.client.in_(Client.visible_to(user, Client.id))
        sums = fn.COUNT(cls.id).alias("count"), fn.SUM(cls.credits).alias("sum"), fn.SUM(cls.cost_cents).alias("cents")
        found = cls.select(cls, Instrument, User, Client, *sums).left_outer_join(Instrument).switch(cls)
        found = found.left_outer_join(User, on=(cls.by == User.id)).switch(cls)
        found = found.left_outer_join(Client, on=named, attr="whom")
        one_act = cls.at, cls.entry_name, cls.instrument, cls.client, cls.by, cls.note, cls.currency
        return found.where(cls.vendor == vendor).group_by(*one_act).order_by(fn.MAX(cls.id).desc())

    @property
    def cost_in_words(self) -> str:
        """What was paid, credited or lost; giving a code out costs nothing any more."""
        counts = self.entry in (Entry.BOUGHT, Entry.RECLAIMED, Entry.EXPIRED) and self.cents
        return money.in_words(self.cents, self.currency) if counts else ""


@dataclass
class Balance:
    """The sums of a vendor's ledger."""

    unused: int = 0
    credits: dict[Entry, int] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=dict)
    """What was paid for all that was bought, by currency."""

    @property
    def used(self) -> int:
        """Given out and not come back."""
        return -self.credits.get(Entry.USED, 0) - self.credits.get(Entry.RETURNED, 0)

    @property
    def spent_in_words(self) -> str:
        return _in_words(self.spent)

    @classmethod
    def of_all(cls) -> dict[int, Self]:
        """By the vendor's id."""
        found: dict[int, Self] = {}
        entry = CreditEntry
        sums = entry.select(
            entry.vendor_id, entry.entry_name, entry.currency, fn.SUM(entry.credits), fn.SUM(entry.cost_cents)
        )
        for vendor, name, currency, credits, cents in sums.group_by(
            entry.vendor_id, entry.entry_name, entry.currency
        ).tuples():
            balance, kind = found.setdefault(vendor, cls()), Entry(name)
            balance.unused += credits
            balance.credits[kind] = balance.credits.get(kind, 0) + credits
            if kind is Entry.BOUGHT:
                balance.spent[currency] = balance.spent.get(currency, 0) + cents
        return found


@dataclass
class Shelf:
    """What lies in stock of one vendor, and what its ledger says."""

    vendor: Vendor
    balance: Balance
    stocks: list[Stock]

    @property
    def is_used(self) -> bool:
        """Whether there is anything to tell: a code, a line of the ledger."""
        return bool(self.balance.credits or any(stock.free or stock.given or stock.is_kept for stock in self.stocks))

    @property
    def oldest(self) -> datetime | None:
        return min(filter(None, (stock.oldest for stock in self.stocks)), default=None)

    @property
    def worth_in_words(self) -> str:
        sums: Counter[str] = Counter()
        for stock in self.stocks:
            sums.update(stock.worth)
        return _in_words(sums)

    @classmethod
    def of_all(cls, stocks: Sequence[Stock]) -> list[Self]:
        """One for each vendor, in the order of the stocks."""
        balances = Balance.of_all()
        shelves: dict[int, Self] = {}
        for stock in stocks:
            vendor = stock.instrument.vendor
            shelf = shelves.setdefault(vendor.id, cls(vendor, balances.get(vendor.id, Balance()), []))
            shelf.stocks.append(stock)
        return list(shelves.values())

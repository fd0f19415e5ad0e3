"""Drafts, issued documents, their lines, what they bill, and what was paid.

The wall: an invoice is seen by who sees every client it concerns; one without lines about a client, by who sees its
payer. What was issued is guarded by triggers (triggers.py): neither row, lines nor snapshot ever change.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any, NamedTuple, Self

from peewee import (
    SQL,
    Case,
    CharField,
    DateField,
    Expression,
    ForeignKeyField,
    IntegerField,
    ModelSelect,
    TextField,
    fn,
)

from .. import paper
from ..accounts.models import User
from ..accounts.rules import Role
from ..clients.models import Client, Contact, Organisation
from ..clients.rules import called, words_of
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField, kept
from ..engagements.models import Engagement, Participant
from ..files.models import Document
from ..numbers.models import Series
from ..numbers.rules import KIND_LABELS, Kind
from ..payers.models import Payer, Seller, TaxRate
from ..payers.rules import NEEDS_NOTE, Category
from ..sums.rules import Totals, totals, totals_of_credit
from .rules import (
    LATELY,
    Account,
    ClaimKind,
    Column,
    Entry,
    Facts,
    InvoiceFilter,
    Reader,
    Standing,
    Stands,
    State,
    Unit,
    standing,
    whole_months,
)


class Batch(Model):
    """Drafts that were made together, to be looked through and issued together."""

    public_id = PublicIdField()
    made_at = UtcDateTimeField()
    upto_on = DateField()
    closed_at = UtcDateTimeField(null=True)
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")


class Invoice(Model):
    """An invoice, a credit note or a late fee; `corrects` is the document it is about.

    `net_cents`, `tax_cents`, `total_cents` are what `totals` reckons, written with the lines; `open_cents` is the total
    less the postings, written with them. `snapshot` is what the document says (JSON), frozen when it is issued, and
    `document` the PDF drawn from it. `settled_on` is when nothing was open any more, `last_entry` what settled it.
    """

    public_id = PublicIdField()
    kind_name = CharField(max_length=8, column_name="kind", default=Kind.INVOICE)
    state_name = CharField(max_length=8, column_name="state", default=State.DRAFT)
    payer = ForeignKeyField(Payer, on_delete="RESTRICT")
    engagement = ForeignKeyField(Engagement, null=True, on_delete="RESTRICT")
    corrects = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    batch = ForeignKeyField(Batch, null=True, on_delete="SET NULL")
    series = ForeignKeyField(Series, null=True, on_delete="RESTRICT")
    year = IntegerField(null=True)
    seq = IntegerField(null=True)
    number = TextField(null=True, unique=True)
    currency = CharField(max_length=3)
    po_number = TextField(default="")
    reason = TextField(default="")
    words = TextField(default="")
    term_days = IntegerField()
    supplied_from = DateField(null=True)
    supplied_to = DateField(null=True)
    discount_bps = IntegerField(default=0)
    discount_cents = IntegerField(default=0)
    discount_words = TextField(default="")
    net_cents = IntegerField(default=0)
    tax_cents = IntegerField(default=0)
    total_cents = IntegerField(default=0)
    issued_on = DateField(null=True)
    due_on = DateField(null=True)
    snapshot_sha256 = CharField(max_length=64, default="")
    open_cents = IntegerField(default=0)
    last_entry = CharField(max_length=10, default="")
    settled_on = DateField(null=True)
    document = ForeignKeyField(Document, null=True, on_delete="RESTRICT")
    attempts = IntegerField(default=0)
    try_at = UtcDateTimeField(null=True)
    problem = TextField(default="")
    viewed_at = UtcDateTimeField(null=True)
    overdue_noted_at = UtcDateTimeField(null=True)
    disputed_at = UtcDateTimeField(null=True)
    dispute = TextField(default="")
    removed_at = UtcDateTimeField(null=True)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    issued_at = UtcDateTimeField(null=True)
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    issued_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    snapshot = EncryptedTextField(null=True)  # last, so that a list reads past none of them

    class Meta:
        indexes = (
            (("series", "year", "seq"), True),
            (("state_name", "due_on"), False),
            (("state_name", "open_cents"), False),
            (("issued_on",), False),
            (("settled_on",), False),
        )

    @property
    def kind(self) -> Kind:
        return Kind(self.kind_name)

    @property
    def state(self) -> State:
        return State(self.state_name)

    @property
    def label(self) -> str:
        """'Invoice 2026-0012'; 'Invoice, draft' before it has a number."""
        kind = KIND_LABELS[self.kind]
        return f"{kind} {self.number}" if self.number else f"{kind}, draft"

    @property
    def page(self) -> str:
        return f"/invoices/{self.public_id}"

    def standing(self, today: date) -> Standing:
        return standing(
            self.state,
            self.kind,
            total=self.total_cents,
            open_cents=self.open_cents,
            due_on=self.due_on,
            is_disputed=self.disputed_at is not None,
            last=Entry(self.last_entry) if self.last_entry else None,
            today=today,
        )

    @classmethod
    def with_payer(cls, *, removed: bool = False) -> "ModelSelect[Self]":
        """With payer, its client and its organisation, whoever may see them; removed drafts are gone, or alone."""
        rows = cls.select(cls, Payer, Client, Organisation).join(Payer).left_outer_join(Client)
        rows = rows.switch(Payer).left_outer_join(Organisation)
        return rows.where(cls.removed_at.is_null(not removed))

    @classmethod
    def visible_to(cls, user: User, *, removed: bool = False) -> "ModelSelect[Self]":
        """Behind the wall of every client it concerns, and of its payer; a late fee behind that of its invoice."""
        if user.role is Role.OWNER:
            return cls.with_payer(removed=removed)
        mine = Client.visible_to(user, Client.id)
        organisations = Organisation.visible_to(user).select(Organisation.id)
        payers = Payer.select(Payer.id).where(Payer.client.in_(mine) | Payer.organisation.in_(organisations))
        about = Line.invoice.in_((cls.id, cls.corrects))
        foreign = Line.select(Line.id).where(about, Line.client.is_null(False), Line.client.not_in(mine))
        # Plus nothing: payer by payer the newest fifty of 20,000 would be found last.
        return cls.with_payer(removed=removed).where((cls.payer + 0).in_(payers), ~fn.EXISTS(foreign))

    @property
    def account(self) -> Account:
        """How it stands, for who wants to post to it."""
        return Account(self.state, self.kind, self.currency, self.open_cents, self.issued_on)

    @classmethod
    def for_worker(cls, now: datetime) -> "ModelSelect[Self]":
        """What was issued and has no PDF yet: never tried, or to be tried again by now."""
        waits = (cls.state_name == State.ISSUED) & cls.document.is_null()
        return cls.select().where(waits, (cls.attempts == 0) | (cls.try_at <= now)).order_by(cls.id)

    @classmethod
    def newly_overdue(cls, today: date) -> "ModelSelect[Self]":
        """What is overdue and was not noted as such yet, whoever may see it."""
        waits = (cls.state_name == State.ISSUED) & (cls.due_on < today) & cls.overdue_noted_at.is_null()
        is_owed = (cls.open_cents > 0) & cls.disputed_at.is_null() & (cls.kind_name != Kind.CREDIT)
        return cls.with_payer().where(waits, is_owed).order_by(cls.id)

    @classmethod
    def begins_like(cls, prefix: str, *, but: Series) -> bool:
        """Whether a document of another series has a number that begins so. Signs of GLOB stand in no prefix."""
        alike = Expression(cls.number, "GLOB", f"{prefix}[0-9]*")
        others = cls.series != but.id if but.id else cls.series.is_null(False)
        return cls.select(cls.id).where(others, alike).exists()

    @classmethod
    def issued(cls) -> "ModelSelect[Self]":
        """What has a number, whoever may see it."""
        return cls.with_payer().where(cls.state_name == State.ISSUED)

    @classmethod
    def for_client(cls, client: Client) -> "ModelSelect[Self]":
        """What a client was sent who pays: never what a sponsor pays. The newest first."""
        return cls.issued().where(Payer.client == client).order_by(cls.id.desc())

    @classmethod
    def for_contact(cls, contact: Contact) -> "ModelSelect[Self]":
        """What a sponsor contact was sent: at the payer's own address all of it, else the programs the contact pays."""
        pays = Participant.select(Participant.engagement).where(Participant.contact == contact, Participant.pays)
        concerned = cls.id.in_(Line.select(Line.invoice).where(Line.engagement.in_(pays)))
        at_address = (Payer.email == contact.email) & (Payer.email != "")
        sent = cls.issued().where(Payer.organisation == contact.organisation_id, concerned | at_address)
        return sent.order_by(cls.id.desc())

    @classmethod
    def for_reader(cls, public_id: str) -> "ModelSelect[Self] | None":
        """What whoever holds a link to all invoices was sent: a payer, or a client or sponsor contact; None for
        nobody."""
        if contact := Contact.kept().where(Contact.public_id == public_id).first():
            return cls.for_contact(contact)
        theirs = cls.issued().where((Payer.public_id == public_id) | (Client.public_id == public_id))
        return theirs.order_by(cls.id.desc()) if theirs.exists() else None

    @property
    def clients(self) -> list[Client]:
        """Whom it concerns."""
        found = list(Client.select().join(Line).where(Line.invoice == self).distinct().order_by(Client.name))
        return found or ([self.payer.client] if self.payer.client_id else [])


class Line(Model):
    """A line of an invoice. `credits` is the line of another document that this one takes back.

    `subjects` is what it was made to bill, as kind:id with spaces between; whether it still does so is a Claim.
    """

    public_id = PublicIdField()
    invoice = ForeignKeyField(Invoice, backref="lines", on_delete="CASCADE")
    position = IntegerField()
    text = TextField()
    detail = TextField(default="")
    quantity_milli = IntegerField(default=1000)
    unit_name = CharField(max_length=3, column_name="unit", default=Unit.PIECE)
    unit_cents = IntegerField(default=0)
    discount_bps = IntegerField(default=0)
    net_cents = IntegerField(default=0)
    rate = ForeignKeyField(TaxRate, null=True, on_delete="RESTRICT")
    category_name = CharField(max_length=2, column_name="category", default=Category.STANDARD)
    rate_bps = IntegerField(default=0)
    tax_note = TextField(default="")
    client = ForeignKeyField(Client, null=True, on_delete="RESTRICT")
    engagement = ForeignKeyField(Engagement, null=True, on_delete="RESTRICT")
    coach = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    supplied_from = DateField(null=True)
    supplied_to = DateField(null=True)
    credits = ForeignKeyField("self", null=True, on_delete="RESTRICT")
    subjects = TextField(default="")

    class Meta:
        indexes = ((("invoice", "position"), True), (("invoice", "client"), False))

    @property
    def unit(self) -> Unit:
        return Unit(self.unit_name)

    @property
    def category(self) -> Category:
        return Category(self.category_name)

    @classmethod
    def of(cls, invoice: Invoice) -> "ModelSelect[Self]":
        """In their order, each with its client and its rate."""
        rows = cls.select(cls, Client, TaxRate).left_outer_join(Client).switch(cls).left_outer_join(TaxRate)
        return rows.where(cls.invoice == invoice).order_by(cls.position)


def totals_of(invoice: Invoice, lines: Sequence[Line]) -> Totals:
    """What an invoice with these lines adds up to; of a credit note, see sums.rules.totals_of_credit."""
    if invoice.kind is Kind.CREDIT and invoice.corrects_id:
        quantities = {line.credits_id: line.quantity_milli for line in lines}
        return totals_of_credit_note(invoice.corrects, quantities, note=invoice)
    return totals(lines, discount_bps=invoice.discount_bps, discount_cents=invoice.discount_cents)


def totals_of_credit_note(
    invoice: Invoice, quantities: Mapping[int, int], *, note: Invoice | None = None, lines: Sequence[Line] = ()
) -> Totals:
    """What a credit note over so much of these lines (by their own ids) comes to, after those before `note`."""
    lines = lines or list(Line.of(invoice))
    before = credited(invoice, before=note)
    return totals_of_credit(
        lines,
        [before.get(line.id, 0) for line in lines],
        [quantities.get(line.id, 0) for line in lines],
        discount_bps=invoice.discount_bps,
        discount_cents=invoice.discount_cents,
    )


def credited(invoice: Invoice, *, before: Invoice | None = None) -> dict[int, int]:
    """How much of its lines was taken back, in thousandths, by the line's own id; by notes that came before another."""
    taken = fn.SUM(Line.quantity_milli)
    rows = Line.select(Line.credits, taken).join(Invoice).where(Invoice.corrects == invoice)
    rows = rows.where(Invoice.kind_name == Kind.CREDIT, Invoice.state_name == State.ISSUED, Line.credits.is_null(False))
    if before is not None:
        rows = rows.where(Invoice.id < before.id)
    return dict(rows.group_by(Line.credits).tuples())


def left_to_credit(invoice: Invoice) -> dict[str, int]:
    """How much of each line can still be credited, in thousandths, by the line's public id."""
    taken = credited(invoice)
    return {line.public_id: line.quantity_milli - taken.get(line.id, 0) for line in Line.of(invoice)}


def mail_to(invoice: Invoice) -> list[tuple[str, str]]:
    """Names and addresses an invoice is mailed to: accounts payable; else the client, or the contacts who pay."""
    payer = invoice.payer
    if payer.email:
        return [(payer.attention or payer.name, payer.email)]
    if payer.client_id:
        return [(payer.client.name, payer.client.email)] if payer.client.email else []
    about = Line.select(Line.engagement).where(Line.invoice == invoice, Line.engagement.is_null(False))
    paying = Contact.kept().join(Participant).where(Participant.pays, Participant.engagement.in_(about))
    people = paying.where(Contact.organisation == payer.organisation_id, Contact.email != "").distinct()
    return [(contact.name, contact.email) for contact in people.order_by(Contact.search_key)]


def readers_of(invoice: Invoice) -> list[Reader]:
    """Whom it is mailed to, and how they are greeted: people by their first name, an office by what it is called."""
    payer = invoice.payer
    found = [Reader(name, email, name if payer.email else called(name)) for name, email in mail_to(invoice)]
    if payer.copy_to and payer.copy_to.casefold() not in {reader.email.casefold() for reader in found}:
        found.append(Reader("", payer.copy_to, payer.name))
    return found


def coach_of(invoice: Invoice) -> User | None:
    """Whose desk answers for it."""
    by_line = Line.select(Line, User).join(User, on=Line.coach).where(Line.invoice == invoice).order_by(Line.position)
    line = by_line.first()
    client = next(iter(invoice.clients), None)
    return line.coach if line else client.coach if client and client.coach_id else None


def reachable(drafts: Sequence[Invoice], lines: Iterable[Line]) -> set[int]:
    """The ids of those drafts that somebody is known to be mailed: `mail_to` for many, in one query."""
    pairs = {(line.engagement_id, line.invoice_id) for line in lines if line.engagement_id}
    paying = Participant.select(Participant.engagement, Contact.organisation).join(Contact)
    told = Participant.pays, Contact.email != "", Contact.removed_at.is_null()
    rows = paying.where(*told, Participant.engagement.in_({engagement for engagement, _ in pairs})).tuples()
    by_contact = {(invoice, organisation) for each, organisation in rows for one, invoice in pairs if one == each}
    return {
        row.id
        for row in drafts
        if row.payer.email
        or (row.payer.client.email if row.payer.client_id else (row.id, row.payer.organisation_id) in by_contact)
    }


def facts_of(
    invoice: Invoice, lines: Sequence[Line], *, seller: Seller | None = None, is_reachable: bool | None = None
) -> Facts:
    """What decides whether a draft may be issued; who looks at many says what it knows already."""
    seller, payer = seller or Seller.current() or Seller(), invoice.payer
    return Facts(
        seller_name=seller.legal_name,
        seller_address=seller.address,
        seller_tax=seller.tax_id or seller.tax_number,
        payer_name=payer.legal_name,
        payer_address=payer.address,
        needs_po=payer.needs_po,
        po_number=invoice.po_number,
        line_count=len(lines),
        total=invoice.total_cents,
        kind=invoice.kind,
        untaxed_without_note=any(line.category in NEEDS_NOTE and not line.tax_note for line in lines),
        supplied=invoice.supplied_to is not None or all(line.supplied_to for line in lines),
        has_address_to_mail=bool(mail_to(invoice)) if is_reachable is None else is_reachable,
        undrawable=paper.refusal_to_draw(*_words_in(snapshot_of(invoice, lines, seller))) or "",
    )


def _words_in(said: Any) -> Iterator[str]:
    """Every text of a snapshot."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, Mapping | list | tuple):
        for part in said.values() if isinstance(said, Mapping) else said:
            yield from _words_in(part)


_OF_SELLER = (
    "legal_name", "address", "postcode", "city", "country", "tax_id", "tax_number", "register", "email", "phone",
    "account_holder", "iban", "bic", "bank", "payment_words", "foot",
)  # fmt: skip
_OF_PAYER = (
    "legal_name", "address", "postcode", "city", "country", "tax_id", "attention", "cost_centre", "reference",
)  # fmt: skip
_OF_LINE = (
    "position", "text", "detail", "quantity_milli", "unit_cents", "discount_bps", "net_cents", "rate_bps", "tax_note",
)  # fmt: skip


def snapshot_of(invoice: Invoice, lines: Sequence[Line], seller: Seller | None = None) -> dict[str, Any]:
    """All a document says, as plain values: the page, the PDF, the CSV and the XML read this and nothing else."""
    reckoned, seller = totals_of(invoice, lines), seller or Seller.current() or Seller()
    notes = _by_rate((line, line.tax_note) for line in lines)
    names = _by_rate((line, line.rate.name if line.rate_id else "") for line in lines)
    before = invoice.corrects if invoice.corrects_id else None
    return {
        "kind": invoice.kind_name,
        "number": invoice.number,
        "issued_on": _iso(invoice.issued_on),
        "due_on": _iso(invoice.due_on),
        "term_days": invoice.term_days,
        "currency": invoice.currency,
        "seller": {name: getattr(seller, name) for name in _OF_SELLER},
        "payer": {name: getattr(invoice.payer, name) for name in _OF_PAYER},
        "po_number": invoice.po_number,
        "words": invoice.words,
        "reason": invoice.reason,
        "corrects": {"number": before.number, "issued_on": _iso(before.issued_on)} if before else None,
        "supplied": _supplied(invoice, invoice.payer),
        "lines": [_said(line, invoice.payer) for line in lines],
        "discount": {"bps": invoice.discount_bps, "cents": reckoned.discount, "words": invoice.discount_words},
        "subtotal_cents": reckoned.subtotal,
        "net_cents": reckoned.net,
        "rates": [
            rate._asdict() | {"name": ", ".join(names[rate[:2]]), "note": " ".join(notes[rate[:2]])}
            for rate in reckoned.rates
        ],
        "tax_cents": reckoned.tax,
        "total_cents": reckoned.total,
    }


def _by_rate(told: Iterable[tuple[Line, str]]) -> dict[tuple[str, int], list[str]]:
    """What is said of the lines at each rate, each thing once: two may be free of tax for different reasons."""
    found: dict[tuple[str, int], list[str]] = {}
    for line, words in told:
        said = found.setdefault((line.category, line.rate_bps), [])
        if words and words not in said:
            said.append(words)
    return found


def _said(line: Line, payer: Payer) -> dict[str, Any]:
    return {name: getattr(line, name) for name in _OF_LINE} | {
        "unit": line.unit_name,
        "category": line.category_name,
        "supplied": _supplied(line, payer),
    }


def _supplied(row: Invoice | Line, payer: Payer) -> list[str | None]:
    """First and last day. A sponsor reads months: the days of sessions are for who attends (domain.md §1)."""
    first, last = row.supplied_from, row.supplied_to
    if payer.organisation_id:
        first, last = whole_months(first, last)
    return [_iso(first), _iso(last)]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


class Claim(Model):
    """What a line bills: a session, a part of a plan, a charge. One line bills it, or none: the database says so.

    A draft that is discarded lets go of it, and so does a credit note that says it is to be billed again.
    """

    kind_name = CharField(max_length=8, column_name="kind")
    subject = CharField(max_length=26)
    line = ForeignKeyField(Line, backref="claims", on_delete="CASCADE")

    class Meta:
        indexes = ((("kind_name", "subject"), True),)


class Portion(Model):
    """What of an issued document falls to one coach at one rate, after discounts: what the books add up.

    Written in the transaction that issues, and frozen with it; its sums are the document's own.
    """

    invoice = ForeignKeyField(Invoice, backref="portions", on_delete="CASCADE")
    coach = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    category_name = CharField(max_length=2, column_name="category")
    rate_bps = IntegerField()
    net_cents = IntegerField()
    tax_cents = IntegerField()


class Posting(Model):
    """A payment, a refund, a credit, a transfer, a write-off: append only. `undoes` is the one it takes back.

    `cents` come off what is open. `about` is the public id of where it came from: a line of a bank, a credit note.
    """

    public_id = PublicIdField()
    invoice = ForeignKeyField(Invoice, backref="postings", on_delete="RESTRICT")
    entry = CharField(max_length=10)
    cents = IntegerField()
    on = DateField()
    reference = EncryptedTextField(default="")
    reason = TextField(default="")
    about = CharField(max_length=26, default="", index=True)
    undoes = ForeignKeyField("self", null=True, unique=True, on_delete="RESTRICT")
    at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @classmethod
    def of(cls, invoice: Invoice) -> "ModelSelect[Self]":
        """In the order they were written, with whose act each was."""
        return cls.select(cls, User).left_outer_join(User).where(cls.invoice == invoice).order_by(cls.id)

    @classmethod
    def standing(cls, invoice: Invoice) -> list[Stands]:
        """Those that were not taken back, in the order they were written."""
        undone = cls.alias()
        taken_back = undone.select(undone.undoes).where(undone.undoes.is_null(False), undone.invoice == invoice)
        rows = cls.select(cls.id, cls.entry, cls.cents, cls.on).where(cls.invoice == invoice, cls.undoes.is_null())
        found = rows.where(cls.id.not_in(taken_back)).order_by(cls.id)
        return [Stands(row.id, Entry(row.entry), row.cents, row.on) for row in found]


class History(Model):
    """What happened to an invoice, in sentences; append only. Clients' timelines say the same of theirs."""

    invoice = ForeignKeyField(Invoice, backref="history", on_delete="CASCADE")
    at = UtcDateTimeField()
    icon = CharField(max_length=24, default="file")
    words = TextField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @classmethod
    def of(cls, invoice: Invoice) -> "ModelSelect[Self]":
        """The latest first, with whose act each was."""
        return cls.select(cls, User).left_outer_join(User).where(cls.invoice == invoice).order_by(cls.id.desc())


# The overview and the list --------------------------------------------------------------------------------------------

SHORT = [field for field in Invoice._meta.sorted_fields if field.name != "snapshot"]
"""Lists do without the documents themselves."""


class Sum(NamedTuple):
    """What several documents of one currency come to; credit notes take off. `open` is still to be paid."""

    currency: str
    documents: int
    total: int
    open: int


def _asks() -> Any:
    return (Invoice.state_name == State.ISSUED) & (Invoice.kind_name != Kind.CREDIT)


def _is_standing(standing: Standing, today: date) -> Any:
    """`rules.standing`, said in SQL."""
    is_open, is_settled = _asks() & (Invoice.open_cents > 0), _asks() & (Invoice.open_cents == 0)
    calm = is_open & Invoice.disputed_at.is_null()
    by_last = {Standing.WRITTEN_OFF: Entry.WRITE_OFF, Standing.CREDITED: Entry.CREDIT}
    return {
        Standing.DRAFT: Invoice.state_name == State.DRAFT,
        Standing.ISSUED: (Invoice.state_name == State.ISSUED) & (Invoice.kind_name == Kind.CREDIT),
        Standing.OPEN: calm & (Invoice.due_on >= today),
        Standing.OVERDUE: calm & (Invoice.due_on < today),
        Standing.DISPUTED: is_open & Invoice.disputed_at.is_null(False),
        Standing.PAID: is_settled & Invoice.last_entry.not_in(list(by_last.values())),
        Standing.OVERPAID: _asks() & (Invoice.open_cents < 0),
        **{standing: is_settled & (Invoice.last_entry == entry) for standing, entry in by_last.items()},
    }[standing]


def _is_in(column: Column, today: date) -> Any:
    if column is Column.PAID:
        # Plus nothing: among all that are paid, those of late are found by their day.
        lately = (Invoice.settled_on >= today - LATELY) & ((Invoice.open_cents + 0) == 0)
        return ((Invoice.kind_name != Kind.CREDIT) & lately) | _is_standing(Standing.OVERPAID, today)
    same = {Column.DRAFTS: Standing.DRAFT, Column.OPEN: Standing.OPEN, Column.DISPUTED: Standing.DISPUTED}
    return _is_standing(same.get(column, Standing.OVERDUE), today)


def in_column(user: User, column: Column, today: date) -> "ModelSelect[Invoice]":
    """The invoices of a column of the overview, those first that wait longest; drafts the newest first."""
    order = {
        Column.DRAFTS: Invoice.id.desc(),
        Column.DISPUTED: Invoice.disputed_at,
        Column.PAID: Invoice.settled_on.desc(),
    }.get(column, Invoice.due_on)
    return _short(user).where(_is_in(column, today)).order_by(order, Invoice.id)


def sums_by_column(user: User, today: date) -> dict[Column, list[Sum]]:
    """What each column of the overview comes to, for each currency."""
    named = Case(None, [(_is_in(column, today), column.value) for column in Column], "")
    shown = reduce(or_, (_is_in(column, today) for column in Column))
    found = _bare(user).where(shown).select(named.alias("of"), *_summed()).group_by(SQL("of"), Invoice.currency)
    sums: dict[Column, list[Sum]] = {column: [] for column in Column}
    for of, *figures in found.order_by(Invoice.currency).tuples():
        sums[Column(of)].append(Sum(*figures))
    return sums


PER_PAGE = 50


def listed(user: User, shown: InvoiceFilter, today: date) -> "ModelSelect[Invoice]":
    """The invoices of a page of the list, in its order, and one more where another page follows.

    They are put in order by their keys alone; whole rows are read of those that are shown.
    """
    first = {
        "issued": Invoice.issued_on,
        "due": Invoice.due_on,
        "number": Invoice.number,
        "payer": fn.COALESCE(Organisation.search_key, Client.search_key),
        "total": Invoice.total_cents,
        "open": Invoice.open_cents,
    }[shown.sort]
    order = [key.desc() if shown.descending else key for key in (first, Invoice.id)]
    wanted = _filtered(_bare(user), shown, today).order_by(*order)
    page = wanted.offset((shown.page - 1) * PER_PAGE).limit(PER_PAGE + 1)
    rows = Invoice.with_payer().select(*SHORT, Payer, Client, Organisation)
    return rows.where(Invoice.id.in_(page)).order_by(*order)


def sums_listed(user: User, shown: InvoiceFilter, today: date) -> list[Sum]:
    """What a list comes to, for each currency, on whichever of its pages one is."""
    asked = replace(shown, sort="issued", page=1)
    found = _filtered(_bare(user), asked, today).select(*_summed()).group_by(Invoice.currency)
    rows = found.order_by(Invoice.currency).tuples()
    return kept(("sums of invoices", user.id, asked, today), lambda: [Sum(*row) for row in rows])


def found(user: User, words: Sequence[str]) -> "ModelSelect[Invoice]":
    """What search finds by number, payer or client; the newest first."""
    rows = _short(user)
    for word in words:
        rows = rows.where(_says(word))
    return rows.order_by(Invoice.id.desc())


def of_client(client: Client, user: User) -> "ModelSelect[Invoice]":
    """Those with a line about a client, or which the client pays; the newest first."""
    lines = Line.select(Line.invoice).where(Line.client == client)
    return _short(user).where(Invoice.id.in_(lines) | (Payer.client == client)).order_by(Invoice.id.desc())


def of_sponsor(sponsor: Organisation, user: User) -> "ModelSelect[Invoice]":
    """Those an organisation pays; the newest first."""
    return _short(user).where(Payer.organisation == sponsor).order_by(Invoice.id.desc())


def clients_on(invoices: Iterable[Invoice]) -> dict[int, list[Client]]:
    """Whom each of these concerns, by its id."""
    found: dict[int, list[Client]] = {invoice.id: [] for invoice in invoices}
    named = Client.select(Client, Line.invoice_id.alias("on_invoice")).join(Line, on=(Line.client == Client.id))
    rows = named.where(Line.invoice.in_(list(found))).distinct().order_by(Client.search_key)
    for client in rows.objects():
        found[client.on_invoice].append(client)
    return found


class ToDo(NamedTuple):
    """What somebody at the desk should do about money today. What is late is reminded of by the clock (dunning)."""

    undrawn: list[Invoice]
    draft_count: int


MOST_UNDRAWN = 20


def to_do(user: User) -> ToDo:
    """Documents that could not be drawn, and how many drafts wait to be reviewed."""
    undrawn = _short(user).where(_is_stuck()).order_by(Invoice.id).limit(MOST_UNDRAWN)
    return ToDo(list(undrawn), _bare(user).where(_is_to_review()).count())


def _is_stuck() -> Any:
    return Invoice.document.is_null() & (Invoice.problem != "")


def _is_to_review() -> Any:
    batches = Batch.select(Batch.id).where(Batch.closed_at.is_null())
    return (Invoice.state_name == State.DRAFT) & Invoice.batch.in_(batches)


def to_review(user: User, today: date) -> ModelSelect:
    """How many wait for somebody at the desk: overdue ones, drafts of a batch that is open, what cannot be drawn."""
    waits = _is_to_review() | _is_standing(Standing.OVERDUE, today) | _is_stuck()
    return _bare(user).where(waits).select(fn.COUNT(Invoice.id))


def _short(user: User) -> "ModelSelect[Invoice]":
    return Invoice.visible_to(user).select(*SHORT, Payer, Client, Organisation)


def _bare(user: User) -> "ModelSelect[Invoice]":
    return Invoice.visible_to(user).select(Invoice.id)


def _summed() -> tuple[Any, ...]:
    signed = Case(Invoice.kind_name, [(Kind.CREDIT, Invoice.total_cents * -1)], Invoice.total_cents)
    return Invoice.currency, fn.COUNT(Invoice.id), fn.SUM(signed), fn.SUM(Invoice.open_cents)


def _filtered(rows: "ModelSelect[Invoice]", shown: InvoiceFilter, today: date) -> "ModelSelect[Invoice]":
    if shown.standing:
        rows = rows.where(_is_standing(Standing(shown.standing), today))
    if shown.kind:
        rows = rows.where(Invoice.kind_name == shown.kind)
    if shown.currency:
        rows = rows.where(Invoice.currency == shown.currency)
    if shown.payer:
        rows = rows.where(Payer.public_id == shown.payer)
    if shown.coach:
        coaches = User.select(User.id).where(User.public_id == shown.coach)
        rows = rows.where(Invoice.id.in_(Line.select(Line.invoice).where(Line.coach.in_(coaches))))
    if shown.since:
        rows = rows.where(Invoice.issued_on >= shown.since)
    if shown.until:
        rows = rows.where(Invoice.issued_on <= shown.until)
    return saying(rows, shown.q)


def saying(rows: "ModelSelect[Invoice]", q: str) -> "ModelSelect[Invoice]":
    """Those of them that each word of a search stands in: in the number, or in the name of the payer or of a client."""
    for word in words_of(q):
        rows = rows.where(_says(word))
    return rows


def _says(word: str) -> Any:
    """Whether a word stands in the number, or in the name of the payer or of a client."""
    named = Client.alias()
    about = Line.select(Line.invoice).join(named, on=(Line.client == named.id)).where(named.search_key.contains(word))
    payer = Organisation.search_key.contains(word) | Client.search_key.contains(word)
    return Invoice.number.contains(word) | payer | Invoice.id.in_(about)


def billable(payer: Payer, user: User) -> "ModelSelect[Engagement]":
    """The programs of the payer, or of those it pays for, as far as this user sees them."""
    return Engagement.visible_to(user).where(_is_of(payer)).order_by(Client.search_key, Engagement.id.desc())


def coached_for(payer: Payer, user: User) -> ModelSelect:
    """The payer, or those it pays for, with their coaches."""
    return Client.with_people(user).where(_is_of(payer)).order_by(Client.search_key)


def _is_of(payer: Payer) -> Any:
    if payer.client_id:
        return Client.id == payer.client_id
    return Client.organisation == payer.organisation_id


def claims_on(invoice: Invoice) -> dict[int, list[tuple[ClaimKind, str]]]:
    """What each line of an invoice bills, by the line's id."""
    found: dict[int, list[tuple[ClaimKind, str]]] = {}
    for claim in Claim.select().where(Claim.line.in_(Line.select(Line.id).where(Line.invoice == invoice))):
        found.setdefault(claim.line_id, []).append((ClaimKind(claim.kind_name), claim.subject))
    return found

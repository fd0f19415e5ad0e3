"""What the books read of invoices; there is no table of their own. All of it is behind the wall of each document.

Credit notes have amounts above zero (docs/decisions/0029): here they are taken off.
"""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from peewee import JOIN, SQL, Case, ModelSelect, Select, fn

from ..accounts.models import User
from ..billing.models import Plan
from ..billing.rules import Way
from ..clients.models import Client, Organisation
from ..db import database
from ..engagements.models import Engagement
from ..engagements.rules import State as ProgramState
from ..invoices.models import Invoice, Line, Portion, Posting
from ..invoices.rules import ENTRY_LABELS, ClaimKind, Entry, State
from ..money import decimals
from ..numbers.rules import KIND_LABELS, Kind
from ..payers.models import Payer
from ..payers.rules import CATEGORY_LABELS, Category
from .rules import OWED_BACK, Earned, Owing, Period, Taxed, Unbilled, late_since

SIGN = Case(Invoice.kind_name, ((Kind.CREDIT, -1),), 1)
Before = Invoice.alias("before")
Cells = list[str | Decimal]


def _issued(user: User) -> ModelSelect:
    return Invoice.visible_to(user).where(Invoice.state_name == State.ISSUED)


def _issued_in(user: User, period: Period) -> ModelSelect:
    """Only what was issued bears a date; asked for its state as well, the database would look at all there is."""
    return Invoice.visible_to(user).where(Invoice.issued_on.between(period.first, period.last))


def earned(user: User, period: Period) -> list[Earned]:
    """Net, by month, currency and coach; late fees, and what is credited of them, apart."""
    month = fn.strftime("%Y-%m", Invoice.issued_on)
    is_fee = fn.COALESCE(Before.kind_name == Kind.FEE, False) | (Invoice.kind_name == Kind.FEE)
    sums = fn.SUM(SIGN * Portion.net_cents)
    rows = _issued_in(user, period).select(month, Invoice.currency, User.name, is_fee, sums).switch(Invoice)
    rows = rows.join(Portion, on=Portion.invoice == Invoice.id).join(User, JOIN.LEFT_OUTER, on=Portion.coach == User.id)
    rows = rows.switch(Invoice).join(Before, JOIN.LEFT_OUTER, on=Invoice.corrects == Before.id)
    grouped = rows.group_by(month, Invoice.currency, Portion.coach, is_fee)
    return [Earned(at, currency, name or "", bool(fee), cents) for at, currency, name, fee, cents in grouped.tuples()]


def taxed(user: User, period: Period) -> list[Taxed]:
    """Net and tax by currency and rate; of how many documents."""
    rate = Invoice.currency, Portion.category_name, Portion.rate_bps
    sums = fn.SUM(SIGN * Portion.net_cents), fn.SUM(SIGN * Portion.tax_cents), fn.COUNT(Invoice.id.distinct())
    rows = _issued_in(user, period).select(*rate, *sums).switch(Invoice)
    rows = rows.join(Portion, on=Portion.invoice == Invoice.id).group_by(*rate)
    return [Taxed(currency, Category(category), *figures) for currency, category, *figures in rows.tuples()]


def owing(user: User, today: date) -> list[Owing]:
    """What is open, by payer, currency and age."""
    older = [(Invoice.due_on < since, age) for age, since in reversed(list(enumerate(late_since(today), start=1)))]
    age = Case(None, ((Invoice.open_cents < 0, OWED_BACK), *older), 0)
    name = fn.COALESCE(Organisation.name, Client.name)
    rows = _issued(user).select(name, Payer.public_id, Invoice.currency, age, fn.SUM(Invoice.open_cents))
    rows = rows.where(Invoice.open_cents != 0).group_by(Payer.id, Invoice.currency, SQL("4"))
    return [Owing(*row) for row in rows.tuples()]


BILLS_PROGRAMS = (ProgramState.ACTIVE, ProgramState.PAUSED, ProgramState.COMPLETED)


def unbilled(user: User) -> list[Unbilled]:
    """Of programs with something still to be billed: their price, less the plan's discounts, and what is billed of it.

    Charges beside the plan are no part of the price.
    """
    share = fn.COALESCE(Plan.discount_bps, 0) * Engagement.price_cents
    agreed = Engagement.price_cents - (share + 5000) / 10_000 - fn.COALESCE(Plan.discount_cents, 0)
    billed = fn.COALESCE(_billed_of_program(), 0)
    rows = (
        Engagement.select(User.name, Engagement.currency, agreed.alias("agreed"), billed.alias("billed"))
        .left_outer_join(User, on=Engagement.coach == User.id)
        .switch(Engagement)
        .left_outer_join(Plan)
        .where(
            Engagement.client.in_(Client.visible_to(user, Client.id)),
            Engagement.state_name.in_(BILLS_PROGRAMS),
            Engagement.price_cents > 0,
            fn.COALESCE(Plan.way_name, "") != Way.NONE,
        )
    )
    program = rows.where(agreed > billed).alias("program")
    column, count = program.c, fn.COUNT(SQL("*"))
    figures = column.name, column.currency, count, fn.SUM(column.agreed), fn.SUM(column.billed)
    grouped = Select([program], figures).group_by(column.name, column.currency).order_by(column.currency, column.name)
    return [
        Unbilled(name or "", currency, count, agreed, billed, agreed - billed)
        for name, currency, count, agreed, billed in database.execute(grouped)
    ]


def _billed_of_program() -> ModelSelect:
    """The nets of the lines that bill a program, charges left out; for a query of Engagement."""
    credited = Line.alias("credited")
    subjects = fn.COALESCE(credited.subjects, Line.subjects)
    rows = Line.select(fn.SUM(SIGN * Line.net_cents)).join(Invoice).switch(Line)
    return rows.join(credited, JOIN.LEFT_OUTER, on=Line.credits == credited.id).where(
        Line.engagement == Engagement.id,
        Invoice.currency == Engagement.currency,
        Invoice.state_name == State.ISSUED,
        Invoice.kind_name != Kind.FEE,
        ~subjects.startswith(f"{ClaimKind.CHARGE}:"),
    )


# For the accountant ---------------------------------------------------------------------------------------------------

DOCUMENT_COLUMNS = (
    "Number", "Kind", "Date", "Due", "Payer", "Tax ID", "Currency", "Net", "Rate", "Category", "Tax", "Gross", "Open",
    "Paid on", "Coach", "Corrects",
)  # fmt: skip
PAYMENT_COLUMNS = ("Day", "Entry", "Document", "Payer", "Currency", "Amount", "Reference", "Reason")


def document_rows(user: User, period: Period) -> Iterator[Cells]:
    """A row for each document and rate, from what was frozen; what is open stands in the first of a document."""
    coaches = _coaches(user, period)
    for invoice in _issued_in(user, period).order_by(Invoice.issued_on, Invoice.id):
        said, sign = json.loads(invoice.snapshot), -1 if invoice.kind is Kind.CREDIT else 1
        for place, rate in enumerate(said["rates"]):
            yield [
                said["number"],
                KIND_LABELS[invoice.kind],
                said["issued_on"],
                said["due_on"] if invoice.kind is not Kind.CREDIT else "",
                said["payer"]["legal_name"],
                said["payer"]["tax_id"],
                said["currency"],
                _amount(sign * rate["base_cents"], said["currency"]),
                Decimal(rate["rate_bps"]).scaleb(-2),
                CATEGORY_LABELS[Category(rate["category"])],
                _amount(sign * rate["tax_cents"], said["currency"]),
                _amount(sign * (rate["base_cents"] + rate["tax_cents"]), said["currency"]),
                "" if place else _amount(invoice.open_cents, said["currency"]),
                invoice.settled_on.isoformat() if invoice.settled_on else "",
                coaches.get(invoice.id, ""),
                said["corrects"]["number"] if said["corrects"] else "",
            ]


def _coaches(user: User, period: Period) -> dict[int, str]:
    """The names of the coaches of each document, by its own id."""
    names = _issued_in(user, period).select(Invoice.id, User.name).distinct().switch(Invoice)
    names = names.join(Portion, on=Portion.invoice == Invoice.id).join(User, on=Portion.coach == User.id)
    found: dict[int, list[str]] = {}
    for invoice, name in names.order_by(User.name).tuples():
        found.setdefault(invoice, []).append(name)
    return {invoice: ", ".join(names) for invoice, names in found.items()}


def payment_rows(user: User, period: Period) -> Iterator[Cells]:
    """All that changed what is open, in the order of its days; what was taken back stands as its own contrary."""
    seen = _issued(user).select(Invoice.id)
    rows = Posting.select(Posting, Invoice, Payer, Client, Organisation).join(Invoice).join(Payer)
    rows = rows.left_outer_join(Client).switch(Payer).left_outer_join(Organisation)
    rows = rows.where(Posting.on.between(period.first, period.last), Posting.invoice.in_(seen))
    for posting in rows.order_by(Posting.on, Posting.id):
        invoice: Any = posting.invoice
        yield [
            posting.on.isoformat(),
            ENTRY_LABELS[Entry(posting.entry)] + (", taken back" if posting.undoes_id else ""),
            invoice.number,
            invoice.payer.name,
            invoice.currency,
            _amount(posting.cents, invoice.currency),
            posting.reference,
            posting.reason,
        ]


def _amount(cents: int, currency: str) -> Decimal:
    return Decimal(cents).scaleb(-decimals(currency))

"""Draft, change, discard, issue, credit; post what was paid. The only door to invoices."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from peewee import IntegrityError

from .. import clock
from ..accounts.models import Attempt, Serving, User
from ..clients.models import Client, Contact
from ..db import atomic
from ..engagements.models import Engagement
from ..errors import Refused, Stale
from ..events import Question, announce
from ..firm.models import Firm
from ..links import actions as links
from ..links.models import Link
from ..mail import actions as mail
from ..mail.models import Message
from ..payers.models import Payer, Seller, TaxRate
from ..payers.rules import TERM_DAYS, Category
from ..timeline import actions as timeline
from ..timeline.rules import Kind as Said
from . import tasks
from .models import (
    Batch,
    Claim,
    History,
    Invoice,
    LastNumber,
    Line,
    Posting,
    Series,
    coach_of,
    facts_of,
    readers_of,
    snapshot_of,
    totals_of,
)
from .rules import (
    ENTRY_LABELS,
    PREFIXES,
    ClaimKind,
    Entry,
    Kind,
    State,
    Unit,
    as_read,
    due_on,
    number_in_words,
    refusal_of_lines,
    refusals_to_issue,
)


@dataclass(frozen=True)
class NewLine:
    """A line to be: what it says, what it is about, and what it bills."""

    text: str
    unit_cents: int
    quantity_milli: int = 1000
    unit: Unit = Unit.PIECE
    detail: str = ""
    discount_bps: int = 0
    rate: TaxRate | None = None
    client: Client | None = None
    engagement: Engagement | None = None
    coach: User | None = None
    supplied_from: date | None = None
    supplied_to: date | None = None
    credits: Line | None = None
    claims: Sequence[tuple[ClaimKind, str]] = field(default=())


@dataclass(frozen=True)
class Issued:
    """A document has its number and its snapshot; the PDF comes."""

    invoice: Invoice
    by: User | None


@dataclass(frozen=True)
class Posted:
    """Something was paid, refunded, credited, written off, or that was taken back."""

    posting: Posting


@dataclass(frozen=True)
class RemindersAsked(Question[dict[int, int]]):
    """How often was each of these invoices (by its own id) reminded of? Who never was is not in the answer."""

    invoices: Sequence[int]


class Outcome(NamedTuple):
    """What became of several drafts: those issued, and those that could not be, each with why."""

    issued: list[Invoice]
    refused: list[tuple[Invoice, str]]


# Drafts ---------------------------------------------------------------------------------------------------------------


@atomic
def draft(
    payer: Payer,
    lines: Sequence[NewLine],
    *,
    currency: str,
    kind: Kind = Kind.INVOICE,
    engagement: Engagement | None = None,
    batch: Batch | None = None,
    corrects: Invoice | None = None,
    by: User | None,
    **values: Any,
) -> Invoice:
    """A new draft. `values` are further columns of Invoice: discount, words, reason, po_number, term, supplied days.

    Raises Refused when something on it is billed already, or the amounts are too large.
    """
    seller = Seller.current()
    usual = seller.term_days if seller else TERM_DAYS
    invoice = Invoice.create(
        payer=payer,
        kind_name=kind,
        engagement=engagement,
        batch=batch,
        corrects=corrects,
        currency=currency,
        created_at=clock.now(),
        by=by,
        **({"po_number": payer.po_number, "term_days": usual if payer.term_days is None else payer.term_days} | values),
    )
    _write_lines(invoice, lines)
    note(invoice, "pencil", "Drafted", by=by)
    return invoice


@atomic
def change(invoice: Invoice, values: Mapping[str, Any], lines: Sequence[NewLine], *, version: int, by: User) -> Invoice:
    """Write a draft anew, lines and all.

    Raises Stale when somebody saved it since `version`, Refused when it was issued, or a line of it is billed already.
    """
    invoice = _draft_as_it_is(invoice, version)
    for name, value in values.items():
        setattr(invoice, name, value)
    invoice.version += 1
    invoice.save()
    Line.delete().where(Line.invoice == invoice).execute()
    _write_lines(invoice, lines)
    return invoice


@atomic
def discard(invoice: Invoice, *, version: int, by: User) -> None:
    """Throw a draft away: what it billed may be billed by another. `restore` takes that back."""
    invoice = _draft_as_it_is(invoice, version)
    invoice.removed_at = clock.now()
    invoice.version += 1
    invoice.save()
    Claim.delete().where(Claim.line.in_(Line.select(Line.id).where(Line.invoice == invoice))).execute()
    note(invoice, "trash", "Discarded", by=by)


def _draft_as_it_is(invoice: Invoice, version: int) -> Invoice:
    now = Invoice.with_payer().where(Invoice.id == invoice.id).first()
    if now is None:
        raise Refused("This draft was discarded.")
    if now.state is not State.DRAFT:
        raise Refused(f"{now.label} is issued, so it stays as it is. Correct it by a credit note.")
    if now.version != version:
        raise Stale("Somebody else changed this draft since you opened it.")
    return now


def _write_lines(invoice: Invoice, lines: Sequence[NewLine]) -> None:
    rows = [_line(invoice, position, line) for position, line in enumerate(lines, start=1)]
    reckoned = totals_of(invoice, rows)
    if refusal := refusal_of_lines(rows, reckoned):
        raise Refused(refusal)
    for row, line, net in zip(rows, lines, reckoned.lines, strict=True):
        row.net_cents = net
        row.save(force_insert=True)
        _claim(row, line.claims)
    invoice.net_cents, invoice.tax_cents, invoice.total_cents = reckoned.net, reckoned.tax, reckoned.total
    invoice.save()


def _line(invoice: Invoice, position: int, line: NewLine) -> Line:
    rate = line.rate
    return Line(
        invoice=invoice,
        position=position,
        text=line.text,
        detail=line.detail,
        quantity_milli=line.quantity_milli,
        unit_name=line.unit,
        unit_cents=line.unit_cents,
        discount_bps=line.discount_bps,
        rate=rate,
        category_name=rate.category if rate else Category.OUTSIDE,
        rate_bps=rate.rate_bps if rate else 0,
        tax_note=rate.note if rate else "",
        client=line.client,
        engagement=line.engagement,
        coach=line.coach,
        supplied_from=line.supplied_from,
        supplied_to=line.supplied_to,
        credits=line.credits,
    )


def _claim(line: Line, claims: Iterable[tuple[ClaimKind, str]]) -> None:
    for kind, subject in claims:
        try:
            Claim.create(kind_name=kind, subject=subject, line=line)
        except IntegrityError as error:
            raise Refused(f"“{line.text}” is billed already, on another invoice.") from error


# Issuing --------------------------------------------------------------------------------------------------------------


@atomic
def issue(invoice: Invoice, *, version: int, by: User | None) -> Invoice:
    """Give a draft the next number of its series and freeze what it says: both, or neither (domain.md §10).

    Raises Stale when somebody saved it since `version`, Refused with all that is missing.
    """
    invoice = _draft_as_it_is(invoice, version)
    lines = list(Line.of(invoice))
    if missing := refusals_to_issue(facts_of(invoice, lines)):
        raise Refused(" ".join(missing))
    today = _today()
    invoice.series, invoice.year, invoice.seq, invoice.number = _take_number(invoice.kind, today.year)
    invoice.issued_on, invoice.due_on = today, due_on(today, invoice.term_days)
    invoice.issued_at, invoice.issued_by, invoice.state_name = clock.now(), by, State.ISSUED
    invoice.open_cents = 0 if invoice.kind is Kind.CREDIT else invoice.total_cents
    said = json.dumps(snapshot_of(invoice, lines), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    invoice.snapshot, invoice.snapshot_sha256 = said, hashlib.sha256(said.encode()).hexdigest()
    invoice.version += 1
    invoice.save()
    note(invoice, "send", f"Issued as {invoice.number}", by=by)
    tell(invoice, f"{invoice.label} issued to {invoice.payer.name}", by=by)
    tasks.draw(invoice.public_id)
    announce(Issued(invoice, by))
    return invoice


@atomic
def issue_all(drafts: Sequence[tuple[Invoice, int]], *, by: User) -> Outcome:
    """Issue several drafts, each at the version that was looked at, in this order. Those that cannot be stay drafts."""
    outcome = Outcome([], [])
    for invoice, version in drafts:
        try:
            outcome.issued.append(issue(invoice, version=version, by=by))
        except Refused as refusal:
            outcome.refused.append((invoice, str(refusal)))
    return outcome


def _take_number(kind: Kind, year: int) -> tuple[Series, int, int, str]:
    """The next number: its counter is raised in the transaction that uses it, so none is lost and none given twice."""
    series, _ = Series.get_or_create(kind_name=kind, defaults={"prefix": PREFIXES[kind]})
    counted = year if series.is_yearly else 0
    LastNumber.insert(series=series, year=counted).on_conflict_ignore().execute()
    mine = (LastNumber.series == series) & (LastNumber.year == counted)
    LastNumber.update(last=LastNumber.last + 1).where(mine).execute()
    last = LastNumber.get(mine).last
    return series, counted, last, number_in_words(series.prefix, counted, last, series.digits)


def _today() -> date:
    """The day by the firm's clock: that is the date on the document."""
    firm = Firm.current()
    return clock.now().astimezone(ZoneInfo(firm.zone if firm else "UTC")).date()


# What was paid --------------------------------------------------------------------------------------------------------


@atomic
def post(
    invoice: Invoice,
    entry: Entry,
    cents: int,
    on: date,
    *,
    reference: str = "",
    reason: str = "",
    about: str = "",
    by: User | None,
) -> Posting:
    """Write that so much of an issued invoice was paid, credited, written off; below zero that it was refunded.

    Raises Refused when it is a draft.
    """
    invoice = Invoice.get_by_id(invoice.id)
    if invoice.state is not State.ISSUED:
        raise Refused("A draft cannot be paid: issue it first.")
    return _post(invoice, entry, cents, on, reference=reference, reason=reason, about=about, by=by)


@atomic
def undo(posting: Posting, *, reason: str = "", by: User) -> Posting:
    """Take a posting back by another. Raises Refused when that was done already."""
    posting = Posting.get_by_id(posting.id)
    if posting.undoes_id or Posting.select().where(Posting.undoes == posting).exists():
        raise Refused("That was taken back already.")
    invoice = Invoice.get_by_id(posting.invoice_id)
    entry = Entry(posting.entry)
    return _post(invoice, entry, -posting.cents, _today(), reason=reason, about=posting.about, undoes=posting, by=by)


def _post(invoice: Invoice, entry: Entry, cents: int, on: date, *, by: User | None, **values: Any) -> Posting:
    """The database takes it off what is open (triggers.py)."""
    posting = Posting.create(invoice=invoice, entry=entry, cents=cents, on=on, at=clock.now(), by=by, **values)
    invoice = Invoice.with_payer().where(Invoice.id == invoice.id).get()
    invoice.last_entry = entry
    invoice.settled_on = None if invoice.open_cents else on
    invoice.save()
    said = ENTRY_LABELS[entry] + (" taken back" if values.get("undoes") else "")
    note(invoice, "banknote", said, by=by)
    posting.invoice = invoice
    announce(Posted(posting))
    return posting


# What is told ---------------------------------------------------------------------------------------------------------


@atomic
def note(invoice: Invoice, icon: str, words: str, *, by: User | None) -> None:
    """Add a sentence to an invoice's own history."""
    History.create(invoice=invoice, at=clock.now(), icon=icon, words=words, by=by)


@atomic
def tell(invoice: Invoice, sentence: str, *, by: User | None) -> None:
    """Say it on the timeline of everybody the invoice is about."""
    for client in invoice.clients:
        timeline.record(client, Said.INVOICE, sentence, href=invoice.page, by=by)


# What the payer gets --------------------------------------------------------------------------------------------------

LINK, LINKS = "invoice", "invoices"
"""The kinds of links: to the page of one document, and to the page of all that somebody is to pay."""
LINK_LASTS, HOLD_LASTS = timedelta(days=730), timedelta(hours=12)
ADMITTED, AN_HOUR = 60, timedelta(hours=1)
MAILED_AS = {Kind.INVOICE: "invoice", Kind.CREDIT: "credit_note", Kind.FEE: "late_fee"}


@atomic
def send(invoice: Invoice, *, by: User | None = None) -> list[Message]:
    """Mail a document with its PDF, and to each reader a personal link. Links mailed before stay alive."""
    invoice = Invoice.with_payer().where(Invoice.id == invoice.id).get()
    about, said = invoice.clients, as_read(json.loads(invoice.snapshot))
    fields = {"document": said.label, "facts": said.facts_by_mail}
    if invoice.kind is not Kind.INVOICE:
        fields["corrects"] = invoice.corrects.label if invoice.corrects_id else "what was billed"
    return [
        mail.queue(
            MAILED_AS[invoice.kind],
            to=(reader.name, reader.email),
            fields=fields | {"name": reader.greeted},
            link=links.issue(LINK, invoice.public_id, lasts=LINK_LASTS),
            attach=invoice.document,
            client=about[0] if len(about) == 1 else None,
            about=invoice.public_id,
            reply_to=Serving.desk_address(coach_of(invoice)),
            by=by,
        )
        for reader in readers_of(invoice)
    ]


@atomic
def mail_again(invoice: Invoice, *, by: User) -> list[Message]:
    """Mail a document once more, to whoever pays now; the links mailed before die. Raises Refused when it cannot."""
    invoice = Invoice.with_payer().where(Invoice.id == invoice.id).get()
    if invoice.state is not State.ISSUED or invoice.document_id is None:
        raise Refused("There is no PDF of it yet. It is mailed by itself as soon as there is one.")
    if not readers_of(invoice):
        raise Refused("Nobody is known to mail it to. Add the payer’s address.")
    _shut(invoice)
    note(invoice, "mail", "Mailed again, with new links", by=by)
    return send(invoice, by=by)


@atomic
def link_to_open(payer: Payer, email: str) -> tuple[Link, str]:
    """A link to the page of all that this reader is to pay, for a mail that names several invoices.

    A contact who pays, and is not the payer's own address, sees the programs the contact pays for.
    """
    contact = None if payer.client_id or payer.email.casefold() == email.casefold() else _contact(payer, email)
    return links.issue(LINKS, (contact or payer).public_id, lasts=LINK_LASTS)


def _contact(payer: Payer, email: str) -> Contact | None:
    return Contact.kept().where(Contact.organisation == payer.organisation_id, Contact.email == email).first()


@atomic
def admit(invoice: Invoice, *, source: str) -> str:
    """The token of a link for a browser that came by another link of the same person.

    Raises TooMany when one address asks for them without end.
    """
    Attempt.count_one(f"{LINK} held from {source}", limit=ADMITTED, within=AN_HOUR, now=clock.now())
    return links.issue(LINK, invoice.public_id, lasts=HOLD_LASTS)[1]


@atomic
def follow_payer(payer: Payer) -> None:
    """Another address is another mailbox: links that went to the old one die. `mail_again` makes new ones."""
    links.revoke_all(LINKS, payer.public_id)
    for invoice in Invoice.issued().where(Invoice.payer == payer):
        _shut(invoice)


@atomic
def follow_client(client: Client) -> None:
    """The same where the client pays, and no other address is known."""
    for payer in Payer.with_people().where(Payer.client == client, Payer.email == ""):
        follow_payer(payer)


@atomic
def follow_contact(contact: Contact) -> None:
    """The same for a sponsor contact who pays, or has left the sponsor."""
    links.revoke_all(LINKS, contact.public_id)
    for invoice in Invoice.for_contact(contact).where(Payer.email == ""):
        _shut(invoice)


def _shut(invoice: Invoice) -> None:
    links.revoke_all(LINK, invoice.public_id)
    mail.call_off(invoice.public_id)

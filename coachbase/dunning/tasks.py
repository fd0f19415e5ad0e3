"""The slow edge: drawing a letter and mailing it. What it says is looked at once more before it leaves."""

import logging
from datetime import date, datetime
from typing import Any, NamedTuple

from .. import clock, money, paper
from ..accounts.models import Serving, User
from ..agreements.rules import day_in_words
from ..clients.models import Client
from ..clients.rules import called
from ..db import transaction
from ..errors import Refused
from ..files import actions as files
from ..files.rules import Kind as Paper
from ..firm.models import Firm
from ..invoices import actions as invoices
from ..invoices.models import SHORT, Invoice, coach_of
from ..invoices.rules import account_of, imprint_of, sender_of, transfer_of, window_of
from ..jobs import job
from ..links import actions as links
from ..links.models import Link
from ..mail import actions as mail
from ..mail.models import MailText, Message
from ..mail.rules import LINK_PLACE, fill
from ..mail.rules import State as Fate
from ..payers.models import Payer, Seller
from ..portal.models import Chaser
from ..portal.rules import day_of
from .models import Addressee, Dun, Letter, Lot, cases_of, zone_of
from .rules import (
    LETTER_DELAYS,
    LEVEL_LABELS,
    LetterState,
    Level,
    days_late,
    firmest,
    listed,
    why_not,
)

log = logging.getLogger("coachbase")
KINDS = {level: f"invoice_reminder_{level}" for level in Level}
"""The mail texts; the letters say the same."""
PLACE = "{{link}}"
MOST_REFERENCES = 6
LEFT = (Fate.SENT, Fate.LEASED, Fate.DEAD)


class Row(NamedTuple):
    """An invoice in a letter, with what is open of it."""

    invoice: Invoice
    open_cents: int


class Said(NamedTuple):
    """All that a letter says."""

    payer: Payer
    level: Level
    name: str
    on: date
    before: date | None
    rows: list[Row]


def greeting(payer: Payer, name: str) -> str:
    """How a reader is called: people by their first name, an office by what it is called."""
    return name if payer.email else called(name)


def said_of_lot(lot: Lot, on: date) -> Said:
    """What a letter would say that is not written yet."""
    firm = firmest(lot.reminded)
    rows = [Row(one.case.invoice, one.case.open_cents) for one in lot.reminded]
    assert firm.level is not None
    return Said(lot.payer, firm.level, greeting(lot.payer, lot.to[0][0]), on, firm.case.last_on, rows)


def said_of(letter: Letter, addressees: list[Addressee]) -> Said:
    """What a letter says that was written."""
    payer = Payer.with_people().where(Payer.id == letter.payer_id).get()
    name = greeting(payer, addressees[0].name)
    return Said(payer, letter.level, name, letter.on, letter.before, _rows_of(letter))


def _rows_of(letter: Letter) -> list[Row]:
    rows = Dun.select(Dun, *SHORT).join(Invoice).where(Dun.letter == letter).order_by(Invoice.due_on, Invoice.id)
    return [Row(dun.invoice, dun.open_cents) for dun in rows]


def mail_of(said: Said, name: str) -> tuple[str, dict[str, str]]:
    """The kind of the mail, and its fields."""
    fields = {"name": name, "invoices": listed([row.invoice.number for row in said.rows])}
    if said.level is not Level.FRIENDLY:
        fields["before"] = day_in_words(said.before)
    return KINDS[said.level], fields


# Drawing --------------------------------------------------------------------------------------------------------------


def draw(said: Said, at: datetime, *, marker: str = "") -> bytes:
    """The letter as a PDF."""
    return paper.render("letter", data_of(said, at), marker=marker)


def data_of(said: Said, at: datetime) -> dict[str, Any]:
    """What templates/pdf/letter.typ draws: the firm's own words, what is open, and how to pay."""
    seller, payer = dict((Seller.current() or Seller()).__data__), dict(said.payer.__data__)
    totals = _totals(said.rows)
    numbers = [row.invoice.number for row in said.rows]
    reference = ", ".join(numbers) if len(numbers) <= MOST_REFERENCES else "the numbers above"
    only = totals[0] if len(totals) == 1 else None
    pays = transfer_of(seller, *only, " ".join(numbers)) if only else None
    before, after = _words(said)
    return paper.drawn(
        {
            "firm": Firm.letterhead(),
            "title": LEVEL_LABELS[said.level],
            "sender": sender_of(seller),
            "payer": window_of(payer, seller["country"]),
            "facts": [("Date", day_in_words(said.on))],
            "before": before,
            "rows": [_row_in_words(row, said.on) for row in said.rows],
            "totals": [(f"Open in {currency}", money.in_words(cents, currency)) for currency, cents in totals],
            "account": account_of(seller, reference),
            "payment_words": seller["payment_words"],
            "after": after,
            "foot": seller["foot"],
            "imprint": imprint_of(seller),
        }
    ) | {"made_at": at.isoformat(timespec="seconds"), "code": paper.transfer_code(*pays) if pays else ""}


def _totals(rows: list[Row]) -> list[tuple[str, int]]:
    """What is open, by currency: never added across."""
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.invoice.currency] = sums.get(row.invoice.currency, 0) + row.open_cents
    return sorted(sums.items())


def _row_in_words(row: Row, on: date) -> dict[str, str]:
    invoice, days = row.invoice, days_late(row.invoice.due_on, on)
    return {
        "what": invoice.label,
        "issued": day_in_words(invoice.issued_on),
        "due": day_in_words(invoice.due_on),
        "late": f"{days} {'day' if days == 1 else 'days'}",
        "open": money.in_words(row.open_cents, invoice.currency),
    }


def _words(said: Said) -> tuple[list[paper.Block], list[paper.Block]]:
    """The firm's words before and after what is open. That stands where the mail has its link: no paper carries one."""
    kind, fields = mail_of(said, said.name)
    text = MailText.in_force(kind)
    values = text.values(fields, secret="link")
    parts = text.body.split("\n\n")
    place = next((number for number, part in enumerate(parts) if PLACE in part), len(parts))
    before, after = parts[:place], [part for part in parts[place:] if PLACE not in part]
    first, last = (_filled(paper.blocks_of("\n\n".join(part)), values) for part in (before, after))
    return first, last


def _filled(value: Any, values: dict[str, str]) -> Any:
    """Blocks with their fields replaced: what a field holds is never read as Markdown."""
    if isinstance(value, str):
        return fill(value, values).replace(LINK_PLACE, "")
    if isinstance(value, dict):
        return {name: _filled(part, values) for name, part in value.items()}
    return [_filled(part, values) for part in value] if isinstance(value, list) else value


# Mailing --------------------------------------------------------------------------------------------------------------


@job
def write(public_id: str) -> None:
    """Draw a letter and put its mails into the outbox, unless that is done, or it was called off."""
    letter = _take(public_id)
    if letter is None:
        return
    try:
        addressees = list(letter.addressees.order_by(Addressee.id))
        said = said_of(letter, addressees)
        _send(letter, said, addressees, draw(said, letter.at, marker=letter.public_id))
    except Exception as error:  # whatever it was, somebody is told and it is tried again
        log.exception("letter %s could not be written", public_id)
        _note_problem(letter, error)


def _take(public_id: str) -> Letter | None:
    """Take up what waits, and set when to try again should this worker die."""
    now = clock.now()
    with transaction():
        letter = Letter.get_or_none(Letter.public_id == public_id)
        if letter is None or letter.state is not LetterState.PENDING:
            return None
        if letter.try_at and letter.try_at > now:
            return None
        letter.try_at = now + LETTER_DELAYS[min(letter.attempts, len(LETTER_DELAYS) - 1)]
        letter.attempts += 1
        letter.save()
        return letter


def _note_problem(letter: Letter, error: Exception) -> None:
    sentence = str(error) if isinstance(error, Refused) else "The letter could not be made. The server’s log says why."
    with transaction():
        pending = Letter.id == letter.id, Letter.state_name == LetterState.PENDING
        Letter.update(problem=sentence).where(*pending).execute()


def _send(letter: Letter, said: Said, addressees: list[Addressee], content: bytes) -> None:
    """File it and queue its mails, all at once; or call it off, when it is not so any more."""
    with transaction():
        letter = Letter.get_by_id(letter.id)
        if letter.state is not LetterState.PENDING:
            return
        if not _is_still_so(letter):
            call_off(letter)
            return
        by = letter.by if letter.by_id else None
        name = f"{LEVEL_LABELS[letter.level]} {letter.on.isoformat()}.pdf"
        letter.document = files.store(content, name, client=None, kind=Paper.INVOICE, by=by)
        letter.state_name, letter.try_at, letter.problem = LetterState.OUT, None, ""
        letter.save()
        about = _concerned(said.rows)
        for addressee in addressees:
            _queue(letter, said, addressee, about, by)
        _note(letter, addressees, about, by)


def _is_still_so(letter: Letter) -> bool:
    """Whether it is the reader's day still, each invoice in it is to be reminded of, and as much is open as it says."""
    duns = list(Dun.select(Dun, Invoice).join(Invoice).where(Dun.letter == letter))
    found = Invoice.with_payer().where(Invoice.id.in_([dun.invoice_id for dun in duns]))
    cases = {case.invoice.id: case for case in cases_of(list(found))}
    today = day_of(clock.now(), zone_of(found[0].payer, Firm.home_zone()))
    says_so = all(cases[dun.invoice_id].open_cents == dun.open_cents for dun in duns)
    return today == letter.on and says_so and all(why_not(case, today) is None for case in cases.values())


def _queue(letter: Letter, said: Said, addressee: Addressee, about: Client | None, by: User | None) -> None:
    kind, fields = mail_of(said, greeting(said.payer, addressee.name))
    message = mail.queue(
        kind,
        to=(addressee.name, addressee.email),
        fields=fields,
        link=_link(said, addressee.email),
        attach=letter.document,
        client=about,
        about=letter.public_id,
        reply_to=Serving.desk_address(coach_of(said.rows[0].invoice)),
        by=by,
    )
    Chaser.update(message=message).where(Chaser.id == addressee.chaser_id).execute()


def _concerned(rows: list[Row]) -> Client | None:
    """The one client all of it is about; None when there are several: such a mail stands behind none of their walls."""
    found = {client.id: client for row in rows for client in row.invoice.clients}
    return next(iter(found.values())) if len(found) == 1 else None


def _link(said: Said, email: str) -> tuple[Link, str]:
    if len(said.rows) == 1:
        return links.issue(invoices.LINK, said.rows[0].invoice.public_id, lasts=invoices.LINK_LASTS)
    return invoices.link_to_open(said.payer, email)


def _note(letter: Letter, addressees: list[Addressee], about: Client | None, by: User | None) -> None:
    """Each invoice's own history says that it was reminded of; so do the timelines of those it is about, where the mail
    is not about one client alone, whose timeline hears of it as of all mail."""
    names = ", ".join(addressee.name or addressee.email for addressee in addressees)
    for dun in Dun.select(Dun, Invoice).join(Invoice).where(Dun.letter == letter, Dun.level_name.is_null(False)):
        label = LEVEL_LABELS[Level(dun.level_name)]
        invoices.note(dun.invoice, "bell", f"{label} to {names}", by=by)
        if about is None:
            invoices.tell(dun.invoice, f"{label} of {dun.invoice.label} to {names}", by=by)


def call_off(letter: Letter) -> bool:
    """Take a letter back that has not left; False when a mail of it has, or is leaving at this moment."""
    mail.call_off(letter.public_id)
    if _has_left(letter):
        return False
    take_back(letter)
    return True


def take_back(letter: Letter) -> None:
    """Nobody gets it: what it reminded of may be reminded of again, on the same day even."""
    Letter.update(state_name=LetterState.OFF, try_at=None, problem="").where(Letter.id == letter.id).execute()
    Dun.update(level_name=None).where(Dun.letter == letter).execute()
    chasers = Addressee.select(Addressee.chaser).where(Addressee.letter == letter, Addressee.chaser.is_null(False))
    Chaser.delete().where(Chaser.id.in_(chasers)).execute()


def _has_left(letter: Letter) -> bool:
    """Whether somebody has it, may have it, or is known not to: its fate is more than to wait."""
    from_us = Message.state_name.in_(LEFT)
    return Message.select(Message.id).where(Message.about == letter.public_id, from_us).exists()

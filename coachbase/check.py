"""Whether the database is sound: the file, the references, the guards, and what no constraint can say."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta

from peewee import fn

from . import clock, triggers
from .db import Model, SealedField, UtcDateTimeField, database, every_model
from .evidence.models import ProvableFile, TrailEvent
from .files.models import DocumentContent
from .invoices.models import Invoice, Line, totals_of
from .invoices.rules import State
from .numbers.rules import KIND_LABELS
from .numbers.tasks import numbers_above
from .sealing import CannotOpen

SAMPLE = 200
"""How many rows of each sealed column are opened: the newest, and some from all over."""


_INVITED = (
    "(SELECT session.id, starts_at, ends_at, state, guest.client_id AS guest, contact_id FROM attendee guest "
    "JOIN coaching_session session ON session.id = guest.session_id WHERE left_at IS NULL)"
)


def _overlapping(whose: str, sessions: str = "coaching_session") -> str:
    """Sessions that begin before one of the same person that began earlier is over."""
    earlier = f"PARTITION BY {whose} ORDER BY starts_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    taken = f"{whose} IS NOT NULL AND state IN ('booked', 'held', 'no_show')"
    ends = f"SELECT id, starts_at, max(ends_at) OVER ({earlier}) AS busy_until FROM {sessions} WHERE {taken}"  # noqa: S608
    return f"SELECT id FROM ({ends}) WHERE starts_at < busy_until"  # noqa: S608


_GIVEN = (
    "(SELECT series_id, year, seq AS first, seq AS last FROM invoice WHERE seq IS NOT NULL "
    "UNION ALL SELECT series_id, year, first, last FROM lost_number)"
)
"""Every number of every series: on a document, or lost when an older copy was put back."""


_MUST_BE_EMPTY = {
    "The number {} was given to no document, or to two.": (
        "SELECT kind || ' ' || year || ' ' || (before + 1) FROM (SELECT series.kind, year, first, "  # noqa: S608
        "lag(last, 1, 0) OVER (PARTITION BY series_id, year ORDER BY first) AS before "
        f"FROM {_GIVEN} given JOIN series ON series.id = given.series_id) WHERE first <> before + 1"
    ),
    "The series {} counts on from another number than its last.": (
        "SELECT kind || ' ' || given.year FROM last_number given "  # noqa: S608
        "JOIN series ON series.id = given.series_id "
        f"WHERE given.last <> (SELECT coalesce(max(last), 0) FROM {_GIVEN} used "
        "WHERE used.series_id = given.series_id AND used.year = given.year)"
    ),
    "Invoice {} is issued without a number or without what it says.": (
        "SELECT public_id FROM invoice WHERE state = 'issued' "
        "AND (number IS NULL OR seq IS NULL OR snapshot IS NULL OR issued_on IS NULL)"
    ),
    "Invoice {} is a draft and has a number.": (
        "SELECT public_id FROM invoice WHERE state = 'draft' AND (number IS NOT NULL OR snapshot IS NOT NULL)"
    ),
    "Of invoice {} another amount is open than its total less what was posted.": (
        "SELECT coalesce(number, public_id) FROM invoice WHERE state = 'issued' "
        "AND open_cents <> (kind <> 'credit') * total_cents "
        "- coalesce((SELECT sum(cents) FROM posting WHERE invoice_id = invoice.id), 0)"
    ),
    "Of line {} more is credited than it had.": (
        "SELECT line.public_id FROM line JOIN line note ON note.credits_id = line.id "
        "GROUP BY line.id HAVING abs(sum(note.quantity_milli)) > abs(line.quantity_milli)"
    ),
    "Line {} of a discarded draft still keeps others from billing the same.": (
        "SELECT line.public_id FROM claim JOIN line ON line.id = line_id JOIN invoice ON invoice.id = invoice_id "
        "WHERE removed_at IS NOT NULL"
    ),
    "Two cards share place {} of a stage.": (
        "SELECT stage_id || ':' || position FROM card GROUP BY stage_id, position HAVING count(*) > 1"
    ),
    "Card {} stands in a stage of another board.": (
        "SELECT card.id FROM card JOIN stage ON stage.id = card.stage_id WHERE stage.board_id <> card.board_id"
    ),
    "Answer {} belongs to a question of another version of its form.": (
        "SELECT answer.id FROM answer JOIN submission ON submission.id = submission_id "
        "JOIN question ON question.id = question_id WHERE question.form_version_id <> submission.form_version_id"
    ),
    "Submission {} was sent but hangs on no client.": (
        "SELECT id FROM submission WHERE state = 'submitted' AND client_id IS NULL"
    ),
    "Document {} has lost its content.": (
        "SELECT id FROM document WHERE id NOT IN (SELECT document_id FROM document_content)"
    ),
    "Message {} counts as sent but still keeps its link.": (
        "SELECT id FROM message WHERE state = 'sent' AND token IS NOT NULL"
    ),
    "Session {} overlaps another one of its coach.": _overlapping("coach_id"),
    "Session {} overlaps another one of its client.": _overlapping("client_id"),
    "Session {} wants a client who is in another one then.": _overlapping("guest", _INVITED),
    "Session {} wants a sponsor who is in another one then.": _overlapping("contact_id", _INVITED),
    "Session {} ends before it begins.": "SELECT id FROM coaching_session WHERE ends_at <= starts_at",
    "The ledger says of session {} what it is not.": (
        "SELECT session.id FROM ledger_entry line JOIN coaching_session session ON session.id = line.session_id "
        "WHERE line.entry NOT IN ('bought', 'made_up', 'forfeited') GROUP BY session.id, line.entry "
        "HAVING sum(line.count) NOT IN (0, line.entry = session.state)"
    ),
    "The ledger does not say of session {} that it is booked, held or missed.": (
        "SELECT session.id FROM coaching_session session LEFT JOIN ledger_entry line "
        "ON line.session_id = session.id AND line.entry = session.state WHERE session.engagement_id IS NOT NULL "
        "AND session.kind IN ('kickoff', 'coaching', 'debrief', 'closing') "
        "AND session.state IN ('booked', 'held', 'no_show') "
        "GROUP BY session.id HAVING coalesce(sum(line.count), 0) <> 1"
    ),
    "The books say of document {} what it does not say itself.": (
        "SELECT coalesce(invoice.number, invoice.id) FROM invoice LEFT JOIN portion ON portion.invoice_id = invoice.id "
        "WHERE invoice.state = 'issued' GROUP BY invoice.id "
        "HAVING coalesce(sum(portion.net_cents), 0) <> invoice.net_cents "
        "OR coalesce(sum(portion.tax_cents), 0) <> invoice.tax_cents"
    ),
    "What line {} of the bank paid is not what was booked.": (
        "SELECT line.public_id FROM bank_line line LEFT JOIN posting ON posting.about = line.public_id "
        "GROUP BY line.id HAVING coalesce(sum(posting.cents), 0) <> iif(line.state = 'matched', line.cents, 0)"
    ),
    "Message {} counts as sent without a moment.": "SELECT id FROM message WHERE state = 'sent' AND sent_at IS NULL",
}


def findings() -> Iterator[str]:
    """One line for each thing that is wrong; none when all is well."""
    for (line,) in database.execute_sql("PRAGMA integrity_check").fetchall():
        if line != "ok":
            yield f"The file is damaged: {line}"
    for table, row, parent, _ in database.execute_sql("PRAGMA foreign_key_check").fetchall():
        yield f"Row {row} of {table} points at a row of {parent} that is not there."
    for name in triggers.missing():
        yield f"The guard {name} is missing: run `python app.py migrate`."
    for sentence, query in _MUST_BE_EMPTY.items():
        for (which,) in database.execute_sql(f"{query} LIMIT 20").fetchall():
            yield sentence.format(which)
    yield from _leases_left_behind()
    yield from _broken_trails()
    yield from _files_that_prove_nothing()
    yield from _numbers_out_there()
    yield from _invoices_that_do_not_fit()
    for model in every_model():
        for field in model._meta.sorted_fields:
            if isinstance(field, SealedField):
                yield from _closed_for_ever(model, field)


def _leases_left_behind() -> Iterator[str]:
    """The worker returns expired leases every minute; one that is a day old says that it does not run."""
    yesterday = UtcDateTimeField().db_value(clock.now() - timedelta(days=1))
    leases = "SELECT id FROM message WHERE state = 'leased' AND leased_until < ? LIMIT 20"
    for (which,) in database.execute_sql(leases, (yesterday,)).fetchall():
        yield f"Message {which} was taken by a worker that never came back: is the worker running?"


def _broken_trails() -> Iterator[str]:
    """Every audit trail, event by event."""
    for row in TrailEvent.select(TrailEvent.subject).distinct().order_by(TrailEvent.subject):
        try:
            if broken := TrailEvent.break_of(row.subject):
                yield f"The audit trail of {row.subject} is broken at event {broken.number}: {broken.why}."
        except CannotOpen:
            yield f"The audit trail of {row.subject} cannot be checked: its details cannot be opened with secret.key."


def _files_that_prove_nothing() -> Iterator[str]:
    """Sent and sealed PDFs that are not what their hash says, in a sample: the newest, and some from all over."""
    step = max(1, (ProvableFile.select(fn.MAX(ProvableFile.id)).scalar() or 0) // SAMPLE)
    newest = ProvableFile.select().where(ProvableFile.id % step == 0).order_by(ProvableFile.id.desc()).limit(SAMPLE)
    for file in newest:
        if not file.is_on_trail():
            yield f"No event of the audit trail of {file.subject} names the file {file.public_id}."
        try:
            if hashlib.sha256(file.document.content).hexdigest() != file.sha256:
                yield f"The file {file.public_id} is not what its SHA-256 says."
        except (CannotOpen, DocumentContent.DoesNotExist):
            yield f"The file {file.public_id} cannot be opened, so nothing can be compared with it."


def _numbers_out_there() -> Iterator[str]:
    """Numbers that the file beside the database knows: after an older copy was put back, the next start says so."""
    for kind, year, first, last in numbers_above():
        yield (
            f"{KIND_LABELS[kind]} numbers {first} to {last} of {year} were given out and are not in this database: "
            "start coachbase, and the series goes on above them."
        )


def _invoices_that_do_not_fit() -> Iterator[str]:
    """Documents that are not what their lines, their snapshot or their PDF say, in a sample: the newest, and some from
    all over."""
    step = max(1, (Invoice.select(fn.MAX(Invoice.id)).scalar() or 0) // SAMPLE)
    columns = [field for field in Invoice._meta.sorted_fields if field is not Invoice.snapshot]
    newest = Invoice.select(*columns).where(Invoice.id % step == 0).order_by(Invoice.id.desc()).limit(SAMPLE)
    for invoice in newest:
        lines = list(Line.of(invoice))
        reckoned = totals_of(invoice, lines)
        sums = [reckoned.net, reckoned.tax, reckoned.total, *reckoned.lines]
        kept = [invoice.net_cents, invoice.tax_cents, invoice.total_cents, *(line.net_cents for line in lines)]
        if sums != kept:
            yield f"Invoice {invoice.number or invoice.public_id} is not what its lines add up to."
        if invoice.state is State.ISSUED:
            try:
                yield from _documents_that_say_otherwise(invoice)
            except (CannotOpen, DocumentContent.DoesNotExist):
                yield f"What invoice {invoice.number} says cannot be opened, so nothing can be compared with it."


def _documents_that_say_otherwise(invoice: Invoice) -> Iterator[str]:
    snapshot = Invoice.select(Invoice.snapshot).where(Invoice.id == invoice.id).get().snapshot or "{}"
    if hashlib.sha256(snapshot.encode()).hexdigest() != invoice.snapshot_sha256:
        yield f"What invoice {invoice.number} says is not what its SHA-256 says."
    said = json.loads(snapshot)
    if (said.get("number"), said.get("total_cents")) != (invoice.number, invoice.total_cents):
        yield f"What invoice {invoice.number} says has another number or total than its row."
    if invoice.document_id and hashlib.sha256(invoice.document.content).hexdigest() != invoice.document.sha256:
        yield f"The PDF of invoice {invoice.number} is not the one that was made."


def _closed_for_ever(model: type[Model], field: SealedField) -> Iterator[str]:
    """What the keys of this machine no longer open, in a sample of the column."""
    step = max(1, (model.select(fn.MAX(model.id)).scalar() or 0) // SAMPLE)
    raw = fn.IFNULL(field, None).python_value(bytes)
    rows = model.select(model.id, raw).where(field.is_null(False), model.id % step == 0)
    for row, sealed in rows.order_by(model.id.desc()).limit(SAMPLE).tuples():
        try:
            field.python_value(sealed)
        except CannotOpen:
            yield f"Row {row} of {model._meta.table_name}: `{field.column_name}` cannot be opened with secret.key."

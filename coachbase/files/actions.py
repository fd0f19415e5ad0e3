"""Store documents, file them with a client, say what they are, put a newer one in the place of an old one."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from peewee import fn

from .. import clock
from ..accounts.models import User
from ..audit import actions as audit
from ..audit.rules import What
from ..clients.models import Client
from ..clients.rules import fold
from ..db import atomic, new_public_id
from ..errors import Refused
from ..events import Question, announce
from ..firm import actions as firm
from ..instruments.models import Instrument
from ..instruments.rules import Part
from . import tasks
from .models import KEPT_REMOVED, PDF, Arrival, Document, DocumentContent, DocumentText
from .rules import (
    BY_PART,
    REFUSALS_TO_REMOVE,
    Audience,
    Hold,
    Kind,
    Place,
    Upload,
    Wanted,
    audience_after,
    is_narrower,
    media_type_of,
    refusal_to_store,
    safe_name,
)

AT_ONCE = 10
"""How many texts a sweep has read."""
UNDO, FORGET_LEFT, FORGET_WAITING = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class ReportsWanted(Question[list[Wanted]]):
    """Which parts of reports can be filed for these clients, in the order they are due?"""

    clients: Sequence[int]


@dataclass(frozen=True)
class DocumentFiled:
    """Somebody on the staff filed a document with a client; as a part of an assessment's report, perhaps."""

    document: Document
    client: Client
    by: User
    assessment: str = ""
    part: Part | None = None


@dataclass(frozen=True)
class TakenOut:
    """A document is no longer what it was filed as, or not this client's: it was filed by mistake."""

    document: Document
    client: Client
    by: User


@dataclass(frozen=True)
class Replaced:
    """Another file counts now in the place of this one."""

    was: Document
    now: Document
    by: User | None


@dataclass(frozen=True)
class Restored:
    """An older version of a document counts again."""

    document: Document
    by: User


@dataclass(frozen=True)
class Removed:
    """A document was removed, or put back."""

    document: Document
    is_back: bool
    by: User


class Filing(NamedTuple):
    """What somebody says a document is."""

    client: Client
    place: Place
    instrument: Instrument | None
    replaces: Document | None
    dated_on: date | None
    audience: Audience


@atomic
def store(
    content: bytes,
    name: str,
    *,
    client: Client | None,
    audience: Audience = Audience.TEAM,
    kind: Kind = Kind.UPLOAD,
    instrument: Instrument | None = None,
    dated_on: date | None = None,
    held: Hold = Hold.NOT,
    replaces: Document | None = None,
    by: User | None = None,
) -> Document:
    """Keep a file, encrypted. Without a client it belongs to a form that is still being filled in.

    In the place of another it becomes the next version, for whoever might open that one. Raises Refused with the
    reason when it is not of a kind we keep.
    """
    name = safe_name(name)
    if refusal := refusal_to_store(name, content):
        raise Refused(refusal)
    public_id = new_public_id()
    document = Document.create(
        public_id=public_id,
        client=client,
        name=name,
        media_type=media_type_of(name),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        audience_name=audience,
        kind_name=kind,
        instrument=instrument,
        dated_on=dated_on,
        series=public_id,
        held_name=held,
        search_key=fold(name),
        uploaded_at=clock.now(),
        by=by,
    )
    DocumentContent.create(document=document, content=content)
    if replaces is not None:
        _follow(replaces, document, by=by)
    if client is not None:
        _have_read(document)
    return document


@atomic
def file(client: Client, uploads: Sequence[Upload], *, audience: Audience = Audience.TEAM, by: User) -> list[Document]:
    """Keep what the staff got from or for a client: all of it, or nothing when one file is refused."""
    documents = [store(upload.content, upload.name, client=client, audience=audience, by=by) for upload in uploads]
    for document in documents:
        announce(DocumentFiled(document, client, by))
    return documents


# Files that were dropped, and are to be told what they are -----------------------------------------------------------


@atomic
def drop(uploads: Sequence[Upload], *, client: Client | None = None, by: User) -> list[Arrival]:
    """Keep files until somebody says what they are; all of them, or none when one is refused."""
    now, arrivals = clock.now(), []
    for upload in uploads:
        document = store(upload.content, upload.name, client=None, by=by)
        _have_read(document)
        arrivals.append(Arrival.create(document=document, client=client, by=by, at=now))
    return arrivals


@atomic
def file_arrivals(filings: Sequence[tuple[Arrival, Filing]], *, by: User) -> list[Document]:
    """File what was dropped as somebody says; all of it or nothing. Raises Refused when one is filed already."""
    now = clock.now()
    for arrival, filing in filings:
        fresh = Arrival.get_by_id(arrival.id)
        if fresh.filed_at is not None or fresh.left_at is not None:
            raise Refused("One of these files has been filed or left out meanwhile. Open the page again.")
        fresh.filed_at = now
        fresh.save()
        document = Document.get_by_id(arrival.document_id)
        document.client = filing.client
        document.uploaded_at = now
        _be(document, filing, by=by)
    return [arrival.document for arrival, _ in filings]


def _be(document: Document, filing: Filing, *, by: User) -> None:
    """The document is what somebody says it is, and those above hear of it."""
    place = filing.place
    document.dated_on = filing.dated_on
    document.held_name = Hold.NOT
    if filing.replaces is not None:
        was = Document.newest_of(filing.replaces)
        document.kind_name, document.instrument = was.kind_name, was.instrument
        document.audience_name = audience_after(was.audience, was.kind)
        document.save()
        _follow(was, document, by=by)
    else:
        document.kind_name, document.instrument = place.kind, filing.instrument
        document.audience_name = _audience_of(filing)
        document.save()
    announce(DocumentFiled(document, filing.client, by, place.assessment, place.part))


def _audience_of(filing: Filing) -> Audience:
    """A report is for whom its part is; one of no assessment here is for the coach, until somebody says otherwise."""
    if filing.place.part is not None:
        return BY_PART[filing.place.part]
    if filing.place.kind is Kind.REPORT and filing.audience is Audience.CLIENT:
        return Audience.TEAM
    return filing.audience


@atomic
def take_back(arrival: Arrival, *, by: User) -> int:
    """Undo a filing: what was filed with this one waits again to be told what it is; how many.

    Raises Refused after an hour, or when it was changed since.
    """
    now = clock.now()
    arrival = Arrival.get_by_id(arrival.id)
    if arrival.filed_at is None:
        return 0
    if arrival.filed_at < now - UNDO:
        raise Refused("That was too long ago to undo. Say on the document’s page what it is.")
    together = list(Arrival.filed_by(by).where(Arrival.filed_at == arrival.filed_at))
    for each in together:
        document = each.document
        if document.client_id is None or document.removed_at is not None or not document.is_newest:
            raise Refused("One of these documents was changed since, so the filing cannot be undone as a whole.")
        _withdraw(document, by=by)
        each.filed_at = None
        each.save()
    return len(together)


def _withdraw(document: Document, *, by: User) -> None:
    """The document is nobody's again; the version before it counts, also for those above."""
    _leave_series(document, by=by)
    announce(TakenOut(document, document.client, by))
    document = Document.get_by_id(document.id)
    document.client, document.held_name, document.kind_name = None, Hold.NOT, Kind.UPLOAD
    document.audience_name, document.instrument = Audience.TEAM, None
    document.save()


def _leave_series(document: Document, *, by: User) -> None:
    older = Document.select().where(Document.in_series(document), Document.id != document.id)
    before = older.order_by(Document.number.desc(), Document.id.desc()).first()
    document.series, document.number = document.public_id, 1
    document.save()
    if before is not None:
        before.is_newest = True
        if document.audience is Audience.CLIENT:  # what had given way to it is the client's again
            before.audience_name = Audience.CLIENT
        before.save()
        announce(Replaced(document, before, by))


@atomic
def leave_out(arrival: Arrival) -> None:
    """A dropped file is not to be filed; it is forgotten after a day."""
    Arrival.update(left_at=clock.now()).where(Arrival.id == arrival.id, Arrival.filed_at.is_null()).execute()


@atomic
def take_up(arrival: Arrival) -> None:
    """A file that was left out waits again."""
    Arrival.update(left_at=None).where(Arrival.id == arrival.id).execute()


# Versions, other kinds, removing -------------------------------------------------------------------------------------


@atomic
def replace(document: Document, upload: Upload, *, by: User) -> Document:
    """Put a newer file in the place of a document; the old one stays among its versions."""
    was = Document.newest_of(document)
    _refuse_proof(was)
    kind = was.kind
    now = store(
        upload.content, upload.name, client=was.client, audience=audience_after(was.audience, kind), kind=kind,
        instrument=was.instrument, dated_on=None, replaces=was, by=by,
    )  # fmt: skip
    announce(DocumentFiled(now, was.client, by))
    return now


@atomic
def restore(document: Document, *, by: User) -> None:
    """Let an older version count again."""
    was, now = Document.newest_of(document), Document.get_by_id(document.id)
    _refuse_proof(was)
    if was == now or now.removed_at is not None:
        return
    now.audience_name = audience_after(was.audience, was.kind) if now.audience is not Audience.CLIENT else now.audience
    now.kind_name, now.instrument = was.kind_name, was.instrument
    was.is_newest, now.is_newest = False, True
    _give_way(was, now)
    was.save()
    now.save()
    announce(Replaced(was, now, by))
    announce(Restored(now, by))


def _follow(was: Document, now: Document, *, by: User | None) -> None:
    """`now` is the next version of `was`."""
    was = Document.newest_of(was)
    if not was.series:
        was.series = was.public_id
        was.save()
    now.series = was.series
    now.number = 1 + Document.select(fn.MAX(Document.number)).where(Document.series == was.series).scalar()
    now.is_newest, was.is_newest = True, False
    _give_way(was, now)
    was.save()
    now.save()
    announce(Replaced(was, now, by))


def _give_way(was: Document, now: Document) -> None:
    """The client has one version of a document, the newest she was given."""
    if now.audience is Audience.CLIENT and was.audience is Audience.CLIENT:
        was.audience_name = Audience.TEAM


@atomic
def set_audience(document: Document, audience: Audience) -> None:
    """Say who may open a document. What shuts it shuts its older versions too; what opens it opens itself only."""
    now = Document.get_by_id(document.id)
    older = Document.select().where(Document.in_series(now), Document.id != now.id)
    for other in older:
        if is_narrower(audience, other.audience) or (audience is Audience.CLIENT and other.audience is audience):
            other.audience_name = audience if audience is not Audience.CLIENT else Audience.TEAM
            other.save()
    now.audience_name = audience
    now.save()


@atomic
def hold(document: Document, held: Hold) -> None:
    """Something above stands on the document, or does no longer."""
    Document.update(held_name=held).where(Document.id == document.id).execute()


@atomic
def be_report(document: Document, instrument: Instrument) -> None:
    """An assessment stands on the document now."""
    asked = Document.update(kind_name=Kind.REPORT, instrument=instrument, held_name=Hold.REPORT)
    asked.where(Document.id == document.id).execute()


@atomic
def move(document: Document, filing: Filing, *, by: User) -> None:
    """Say that a document is something else, or another client's, with all its versions.

    Raises Refused when it proves something, and when who may not open a report says that it is none: as anything else
    they could.
    """
    now = Document.get_by_id(document.id)
    _refuse_proof(now)
    is_open = Document.visible_to(by).where(Document.id == now.id).exists()
    if filing.place.kind is not Kind.REPORT and not is_open:
        raise Refused("Whoever may not open a report may only say which report it is. Ask the coach for anything else.")
    announce(TakenOut(now, now.client, by))
    client = filing.client
    if client.id != now.client_id:
        Document.update(client=client).where(Document.in_series(now)).execute()
    now = Document.get_by_id(now.id)
    narrowed = _audience_of(filing)
    now.dated_on, now.held_name = filing.dated_on, Hold.NOT
    now.kind_name, now.instrument = filing.place.kind, filing.instrument
    now.save()
    Document.update(kind_name=now.kind_name).where(Document.in_series(now)).execute()
    set_audience(now, narrowed)
    now = Document.get_by_id(now.id)
    announce(DocumentFiled(now, client, by, filing.place.assessment, filing.place.part))


@atomic
def change(document: Document, *, dated_on: date | None, audience: Audience) -> None:
    """Change the day a document speaks of, and who may open it, while it stays what it is."""
    now = Document.get_by_id(document.id)
    _refuse_proof(now)
    now.dated_on = dated_on
    now.save()
    if now.audience is not audience and now.held is not Hold.REPORT:
        set_audience(now, audience)


@atomic
def remove(document: Document, *, by: User) -> None:
    """Remove a document with its versions; for thirty days it can be put back. Raises Refused when it is held."""
    versions = list(Document.select().where(Document.in_series(document)))
    if refusal := next((REFUSALS_TO_REMOVE[each.held] for each in versions if each.held is not Hold.NOT), None):
        raise Refused(refusal)
    Document.update(removed_at=clock.now()).where(Document.in_series(document), Document.removed_at.is_null()).execute()
    announce(Removed(Document.newest_of(document), is_back=False, by=by))


@atomic
def put_back(document: Document, *, by: User) -> None:
    """Take back that a document was removed."""
    if Document.get_by_id(document.id).removed_at is None:
        return
    Document.update(removed_at=None).where(Document.in_series(document)).execute()
    announce(Removed(Document.newest_of(document), is_back=True, by=by))


def _refuse_proof(document: Document) -> None:
    if document.held is Hold.PROOF:
        raise Refused(REFUSALS_TO_REMOVE[Hold.PROOF])
    if document.kind is Kind.PACKAGE:  # who may open it depends on what is in it, which is known there
        raise Refused("A package stays as it was made. Make it anew, or release the client’s copy, on its own page.")


# Opening -------------------------------------------------------------------------------------------------------------


@atomic
def open_shut(document: Document, *, by: User) -> bytes:
    """The bytes of what is kept shut; that it was opened stands in the log, in one transaction with the opening."""
    _note(document, by=by)
    return document.content


@atomic
def read_shut(document: Document, *, by: User) -> DocumentText | None:
    """The text of what is kept shut; reading it is opening it."""
    _note(document, by=by)
    return DocumentText.of(document)


def _note(document: Document, *, by: User) -> None:
    what = What.PACKAGE if document.kind is Kind.PACKAGE else What.FILE
    audit.note(what, document.name, client=document.client, by=by)


@atomic
def let_assistants_open_reports(allowed: bool, *, by: User) -> None:
    """Say whether assistants may open reports and packages; it stands in the log of openings."""
    if firm.let_assistants_open_reports(allowed):
        words = "Assistants may open reports and packages" if allowed else "Assistants may no longer open reports"
        audit.note(What.SETTING, words, client=None, by=by)


# Reading the text of documents, and forgetting -----------------------------------------------------------------------


def _have_read(document: Document) -> None:
    if document.media_type == PDF:
        DocumentText.create(document=document)
        tasks.read(document.public_id)


@atomic
def sweep() -> None:
    """Have texts read that nobody reads: those a killed worker left, and of documents older than their reading."""
    for document in DocumentText.missing(AT_ONCE):
        DocumentText.create(document=document)
    for row in DocumentText.due(clock.now(), AT_ONCE):
        tasks.read(row.document.public_id)


@atomic
def forget() -> None:
    """Delete what was left out, what nobody said what it is, and what was removed a month ago."""
    now = clock.now()
    Arrival.delete().where(Arrival.filed_at < now - FORGET_LEFT).execute()
    waiting = (Arrival.left_at < now - FORGET_LEFT) | (Arrival.at < now - FORGET_WAITING)
    stale: Iterable[Arrival] = Arrival.select(Arrival.document).where(Arrival.filed_at.is_null(), waiting)
    unfiled = [arrival.document_id for arrival in stale]
    Document.delete().where(Document.id.in_(unfiled)).execute()
    Document.delete().where(Document.removed_at < now - KEPT_REMOVED).execute()

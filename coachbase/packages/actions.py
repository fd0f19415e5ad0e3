"""Put a package together, have it made again, release the client's copy and take it back."""

from collections.abc import Sequence

from .. import clock, jobs
from ..accounts.models import User
from ..assessments.models import Assessment, Report
from ..clients.models import Client
from ..db import atomic
from ..engagements.models import Engagement
from ..errors import Refused
from ..files import actions as files
from ..files.models import Document
from ..files.rules import Audience
from ..sessions.models import CoachingSession
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from . import tasks
from .models import Package, PackageItem, fingerprint, is_hers, may_open, title_now, titles_of
from .rules import State, is_printable, kept_hidden, refusal_to_make, refusal_to_release

BATCH = 20
"""How many packages one sweep wakes."""


@atomic
def make(
    client: Client, documents: Sequence[Document], *, session: CoachingSession | None = None, by: User
) -> tuple[Package, bool]:
    """A package of these documents in this order, for a session or for none; and whether it has to be made, which it
    has not when nothing has changed since.

    What was in it before and is out of this user's sight stays in it. Raises Refused when it cannot be made.
    """
    package = _package_for(client, session, by)
    before = list(PackageItem.of(package)) if package.id else []
    items = _items(client, documents, before, by)
    package.title = title_now(package)
    inputs = fingerprint(package, items)
    if package.id and package.state is State.READY and package.fingerprint == inputs:
        return package, False
    package.fingerprint, package.by = inputs, by
    _ask(package)
    PackageItem.delete().where(PackageItem.package == package).execute()
    for item in items:
        item.package = package
        item.save(force_insert=True)
    sentence = f"A package for “{package.title}” is being made" if session else "A package of reports is being made"
    timeline.record(client, Kind.FILE, sentence, by=by, href=package.page)
    return package, True


def _package_for(client: Client, session: CoachingSession | None, by: User) -> Package:
    """The one there is for this session, or for this program and no session; else a new one, not saved yet."""
    client = Client.with_people(by).where(Client.id == client.id).get()
    engagement = session.engagement if session and session.engagement_id else Engagement.current_of(client)
    mine = Package.of(client)
    if session is not None:
        found = mine.where(Package.session == session).first()
    else:
        found = mine.where(Package.session.is_null(), Package.engagement == engagement).first()
    package = found or Package(client=client, engagement=engagement, session=session, created_at=clock.now())
    package.client = client
    return package


def _items(client: Client, documents: Sequence[Document], before: Sequence[PackageItem], by: User) -> list[PackageItem]:
    there = [item.document_id for item in before if item.document_id]
    known = {document.id for document in Document.visible_to(by).where(Document.id.in_(there))}
    known |= {report.document_id for report in Report.select().where(Report.document.in_(there))}
    order = kept_hidden([document.id for document in documents], there, set(there) - known)
    found = Document.select().where(Document.id.in_(order), Document.client == client, Document.removed_at.is_null())
    by_id = {document.id: document for document in found}
    chosen = [by_id[each] for each in order if each in by_id]
    printable = [document for document in chosen if is_printable(document.media_type)]
    size = sum(document.size for document in printable)
    if refusal := refusal_to_make(len(printable), len(chosen), size):
        raise Refused(refusal)
    titles = titles_of(chosen)
    return [
        PackageItem(
            document=document,
            position=position,
            title=titles[document.id][0],
            sha256=document.sha256,
            is_for_client=titles[document.id][1],
        )
        for position, document in enumerate(chosen, start=1)
    ]


@atomic
def try_again(package: Package, *, by: User) -> None:
    """Have a package made that could not be made."""
    package = Package.with_copies().where(Package.id == package.id).get()
    if package.state is not State.FAILED:
        raise Refused("It is not at fault any more: look again.")
    _ask(package)


def _ask(package: Package) -> None:
    package.state_name, package.error, package.leased_until, package.done = State.PENDING, "", None, 0
    package.save()
    tasks.make(package.public_id)


@atomic
def sweep() -> None:
    """Wake the worker for what waits to be made, and for what another worker left behind."""
    awake = {task.args[0] for task in jobs.huey.pending() if isinstance(task, tasks.make.task_class)}
    for package in Package.for_worker(clock.now()).limit(BATCH):
        if package.public_id not in awake:
            tasks.make(package.public_id)


# The client's copy ----------------------------------------------------------------------------------------------------


@atomic
def release(package: Package, *, by: User) -> None:
    """Let the client open the own copy. Raises Refused unless all it holds may be opened by the client already."""
    package = Package.with_copies().where(Package.id == package.id).get()
    items = [item for item in PackageItem.of(package) if item.is_for_client]
    unreleased = [item.title for item in items if not item.is_released]
    has_copy = package.client_document_id is not None
    if refusal := refusal_to_release(package.state, has_copy=has_copy, unreleased=unreleased, may_open=may_open(by)):
        raise Refused(refusal)
    files.set_audience(package.client_document, Audience.CLIENT)
    timeline.record(package.client, Kind.FILE, "The client’s copy of a package was released", by=by, href=package.page)


@atomic
def take_back(package: Package, *, by: User | None) -> None:
    """The client may open the own copy no longer."""
    package = Package.with_copies().where(Package.id == package.id).get()
    if package.client_document_id is None or not is_hers(package.client_document):
        return
    files.set_audience(package.client_document, Audience.COACH)
    sentence = "The client’s copy of a package was taken back"
    timeline.record(package.client, Kind.FILE, sentence, by=by, href=package.page)


@atomic
def follow_assessment(assessment: Assessment, *, by: User | None) -> None:
    """A report is the client's no longer: neither is a package that holds it."""
    reports = Report.select(Report.document).where(Report.assessment == assessment)
    for package in Package.with_copy_of(reports):
        take_back(package, by=by)


@atomic
def follow_document(document: Document, *, by: User | None) -> None:
    """A document was removed, or is not what it was filed as: no copy that holds it stays with the client."""
    versions = Document.select(Document.id).where(Document.in_series(document))
    for package in Package.with_copy_of(versions):
        take_back(package, by=by)

"""Packages: rows with a state, made by the worker."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from peewee import JOIN, BooleanField, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..accounts.rules import Role
from ..assessments.models import Assessment, Report
from ..assessments.rules import State as AssessmentState
from ..clients.models import Client, Organisation
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..files.models import Document
from ..files.rules import Audience, Kind
from ..firm.models import Firm
from ..instruments.models import BatteryItem, Instrument
from ..intake.models import Answer, Question, Submission
from ..intake.rules import QuestionKind, SubmissionState
from ..sessions.models import CoachingSession
from .rules import (
    FACES,
    LONGEST_GOAL,
    MOST_GOALS,
    Face,
    State,
    fingerprint_of,
    is_for_client,
    is_printable,
    percent,
    place_of,
    speaks_of_goals,
    title_of,
)

MOST_OTHERS = 60
"""Documents beside the reports that are offered, the newest."""


class Package(Model):
    """What was put together for a session, or for no session in particular.

    `fingerprint` is the hash of all that goes in: as long as it is the same, nothing is made again. `done` of `total`
    is how far the worker is. `document` is the coach's copy, `client_document` the one without what is for the coach.
    """

    public_id = PublicIdField()
    client = ForeignKeyField(Client, backref="packages", on_delete="CASCADE")
    engagement = ForeignKeyField(Engagement, null=True, on_delete="SET NULL")
    session = ForeignKeyField(CoachingSession, null=True, on_delete="SET NULL")
    title = TextField()
    state_name = CharField(max_length=8, column_name="state", default=State.PENDING, index=True)
    fingerprint = CharField(max_length=64, default="")
    done = IntegerField(default=0)
    total = IntegerField(default=0)
    error = TextField(default="")
    document = ForeignKeyField(Document, null=True, on_delete="SET NULL")
    client_document = ForeignKeyField(Document, null=True, on_delete="SET NULL")
    leased_until = UtcDateTimeField(null=True)
    created_at = UtcDateTimeField()
    made_at = UtcDateTimeField(null=True)
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def state(self) -> State:
        return State(self.state_name)

    @property
    def face(self) -> Face:
        return FACES[self.state]

    @property
    def is_worked_on(self) -> bool:
        return self.state in (State.PENDING, State.LEASED)

    @property
    def percent(self) -> int:
        return percent(self.done, self.total)

    @property
    def page(self) -> str:
        """Its own page; needs the client."""
        return f"/clients/{self.client.public_id}/packages/{self.public_id}"

    @classmethod
    def with_copies(cls) -> ModelSelect:
        """With client, coach, session, both copies and who asked for it, whoever may see them."""
        coach, copy = User.alias("coach"), Document.alias("client_copy")
        return (
            cls.select(cls, Client, coach, Organisation, CoachingSession, Document, copy, User)
            .join(Client)
            .join(coach, JOIN.LEFT_OUTER, on=(Client.coach == coach.id), attr="coach")
            .switch(Client)
            .join(Organisation, JOIN.LEFT_OUTER)
            .switch(cls)
            .join(CoachingSession, JOIN.LEFT_OUTER)
            .switch(cls)
            .join(Document, JOIN.LEFT_OUTER, on=cls.document)
            .switch(cls)
            .join(copy, JOIN.LEFT_OUTER, on=(cls.client_document == copy.id), attr="client_document")
            .switch(cls)
            .join(User, JOIN.LEFT_OUTER, on=cls.by)
        )

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall."""
        return cls.with_copies().where(cls.client.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def of(cls, client: Client) -> ModelSelect:
        """A client's, the newest first. The wall is the client's."""
        return cls.with_copies().where(cls.client == client).order_by(cls.id.desc())

    @classmethod
    def for_worker(cls, now: datetime) -> ModelSelect:
        """What waits to be made, and what was taken up by a worker nobody has heard of since."""
        left = (cls.state_name == State.LEASED) & (cls.leased_until <= now)
        return cls.select().where((cls.state_name == State.PENDING) | left).order_by(cls.id)

    @classmethod
    def holds(cls, assessment: Assessment) -> bool:
        """Whether a package is ready that has a report of this assessment in it."""
        reports = Report.select(Report.document).where(Report.assessment == assessment)
        items = PackageItem.select().join(cls).where(cls.state_name == State.READY, PackageItem.left_out == "")
        return items.where(PackageItem.document.in_(reports)).exists()

    @classmethod
    def with_copy_of(cls, documents: ModelSelect) -> ModelSelect:
        """Packages whose copy for the client holds one of these documents."""
        items = PackageItem.select(PackageItem.package).where(
            PackageItem.document.in_(documents), PackageItem.is_for_client
        )
        return cls.with_copies().where(cls.id.in_(items), cls.client_document.is_null(False))

    def inputs(self, items: "Sequence[PackageItem]") -> dict[str, Any]:
        """All that goes into it, to be hashed; needs client, coach, organisation and session."""
        return {
            "cover": cover_of(self),
            "goals": goals_of(self.client),
            "parts": [
                [item.title, item.sha256, item.is_for_client, item.document.name, filed_on(item.document).isoformat()]
                for item in items
            ],
        }


class PackageItem(Model):
    """A document in a package, in order. `left_out` says why its pages are not there, when they are not."""

    package = ForeignKeyField(Package, backref="items", on_delete="CASCADE")
    document = ForeignKeyField(Document, null=True, on_delete="SET NULL")
    position = IntegerField()
    title = EncryptedTextField()
    sha256 = CharField(max_length=64, default="")
    pages = IntegerField(default=0)
    is_for_client = BooleanField(default=False)
    left_out = TextField(default="")

    class Meta:
        indexes = ((("package", "position"), True),)

    @property
    def is_released(self) -> bool:
        """Whether the client may open it; needs the document."""
        return self.document_id is not None and self.document.audience is Audience.CLIENT

    @classmethod
    def of(cls, package: Package) -> "ModelSelect[Self]":
        """In order, each with its document, as far as that is still there."""
        items = cls.select(cls, Document).join(Document, JOIN.LEFT_OUTER)
        return items.where(cls.package == package).order_by(cls.position)

    @classmethod
    def shown(cls, package: Package, user: User) -> "list[Self]":
        """Those whose being there this user may know of: reports by their title, others when they may be opened."""
        known = Document.visible_to(user).select(Document.id)
        reports = Report.select(Report.document)
        return list(cls.of(package).where(cls.document.in_(known) | cls.document.in_(reports)))


# What can go in -------------------------------------------------------------------------------------------------------


@dataclass
class Offer:
    """A document that can go into a package, as whoever puts it together may know it."""

    document: Document
    title: str
    is_for_client: bool
    is_report: bool
    is_wanted: bool
    """Whether it is ticked unless somebody says otherwise."""
    place: tuple[Any, ...] = ()

    @property
    def is_printable(self) -> bool:
        return is_printable(self.document.media_type)


def offers(client: Client, user: User) -> list[Offer]:
    """What can go into a package: reports in the battery's order, then what else this user may open, newest first.

    Who may not open a report may still put it in; so it goes by its instrument, not by its file's name.
    """
    reports = _reports(client)
    others = Document.visible_to(user).where(
        Document.client == client,
        Document.is_newest,
        Document.kind_name != Kind.PACKAGE,
        Document.id.not_in([offer.document.id for offer in reports]),
    )
    return reports + [
        Offer(
            document,
            title_of(document.name, "", None),
            is_for_client(None, document.audience is Audience.CLIENT),
            is_report=False,
            is_wanted=False,
        )
        for document in others.order_by(Document.id.desc()).limit(MOST_OTHERS)
    ]


_BEFORE_DEBRIEF = (AssessmentState.COMPLETED, AssessmentState.REPORT_IN, AssessmentState.PACKAGED)


def _reports(client: Client) -> list[Offer]:
    rows = (
        Report.select(Report, Document, Assessment, Instrument, BatteryItem)
        .join(Document)
        .switch(Report)
        .join(Assessment)
        .join(Instrument)
        .switch(Assessment)
        .join(BatteryItem, JOIN.LEFT_OUTER)
        .where(
            Assessment.client == client,
            Document.client == client,
            Document.is_newest,
            Document.removed_at.is_null(),
            Assessment.state_name != AssessmentState.CANCELLED,
        )
    )
    found = [_offer_of(report) for report in rows]
    if not any(offer.is_wanted for offer in found):
        for offer in found:
            offer.is_wanted = True
    return sorted(found, key=lambda offer: offer.place)


def _offer_of(report: Report) -> Offer:
    assessment = report.assessment
    position = assessment.item.position if assessment.item_id else None
    return Offer(
        report.document,
        title_of("", assessment.label, report.part),
        is_for_client(report.part, is_released=False),
        is_report=True,
        is_wanted=assessment.state in _BEFORE_DEBRIEF,
        place=(*place_of(position, assessment.due_on, assessment.id, report.part), report.id),
    )


def titles_of(documents: Iterable[Document]) -> dict[int, tuple[str, bool]]:
    """What each is called in a package, and whether it is for the client, by the document's id."""
    documents = list(documents)
    reports = Report.select(Report, Assessment, Instrument).join(Assessment).join(Instrument)
    by_document = {row.document_id: row for row in reports.where(Report.document.in_(documents))}
    found = {}
    for document in documents:
        report = by_document.get(document.id)
        label, part = (report.assessment.label, report.part) if report else ("", None)
        is_released = document.audience is Audience.CLIENT
        found[document.id] = title_of(document.name, label, part), is_for_client(part, is_released)
    return found


def assessments_in(package: Package) -> list[Assessment]:
    """Those with a report whose pages are in it."""
    documents = PackageItem.select(PackageItem.document).where(PackageItem.package == package)
    reports = Report.select(Report.assessment).where(Report.document.in_(documents.where(PackageItem.left_out == "")))
    return list(Assessment.with_people().where(Assessment.id.in_(reports)).order_by(Assessment.id))


def in_package_for(client: Client, session: CoachingSession | None, user: User) -> list[str]:
    """What stands in the package there is for a session, in its order and in its newest versions, as far as this user
    may know of it: public ids."""
    mine = Package.of(client).where(Package.session == session if session else Package.session.is_null())
    package = mine.first()
    if package is None:
        return []
    series = [item.document.series or item.document.public_id for item in PackageItem.shown(package, user)]
    newest = Document.select().where(Document.client == client, Document.is_newest, Document.removed_at.is_null())
    by_series: dict[str, str] = {row.series or row.public_id: row.public_id for row in newest.where(_in_series(series))}
    return [by_series[each] for each in series if each in by_series]


def _in_series(series: Sequence[str]) -> Any:
    return Document.series.in_(series) | Document.public_id.in_(series)


def has_changed(package: Package) -> bool:
    """Whether making it anew would give another one: a document has a newer version or another name, the session
    moved, the client answered anew; or one of its documents is gone."""
    items = list(PackageItem.of(package))
    if any(item.document is None or item.document.removed_at or not item.document.is_newest for item in items):
        return True
    titles = titles_of(item.document for item in items)
    for item in items:
        item.title, item.is_for_client = titles[item.document_id]
        item.sha256 = item.document.sha256
    return fingerprint(package, items) != package.fingerprint


# What stands in front -------------------------------------------------------------------------------------------------


def goals_of(client: Client) -> list[dict[str, str]]:
    """What the client answered to questions about goals, the first time each was asked; never what is for the coach
    only."""
    answers = (
        Answer.select(Answer, Question)
        .join(Question)
        .switch(Answer)
        .join(Submission)
        .where(
            Submission.client == client,
            Submission.state_name == SubmissionState.SUBMITTED,
            Question.kind_name.in_((QuestionKind.SHORT, QuestionKind.LONG)),
            Question.fills == "",
            ~Question.coach_only,
        )
        .order_by(Submission.submitted_at, Question.position)
    )
    goals: dict[str, str] = {}
    for answer in answers:
        told = answer.typed.strip() if isinstance(answer.typed, str) else ""
        if told and speaks_of_goals(answer.question.label):
            goals[answer.question.label] = told[:LONGEST_GOAL]
    return [{"question": question, "answer": told} for question, told in list(goals.items())[:MOST_GOALS]]


def cover_of(package: Package) -> dict[str, Any]:
    """What the cover says, but for its numbers; needs client, coach, organisation and session."""
    client, session = package.client, package.session if package.session_id else None
    return {
        "firm": Firm.letterhead(),
        "title": title_now(package),
        "client": {"name": client.name, "line": client.line},
        "coach": client.coach.name if client.coach_id else "",
        "session": [session.label, session.starts_at.isoformat(), session.zone] if session else [],
    }


def title_now(package: Package) -> str:
    """'Debrief', as the session is called now; what it is for no session in particular."""
    return package.session.label if package.session_id else "Assessment reports"


def filed_on(document: Document) -> datetime:
    """The moment its content came to us."""
    return document.uploaded_at


def is_hers(copy: Document | None) -> bool:
    """Whether the client may open this copy, or an earlier one of it."""
    if copy is None:
        return False
    return Document.select().where(Document.in_series(copy), Document.audience_name == Audience.CLIENT).exists()


def may_open(user: User) -> bool:
    """Whether this user may open reports and packages of the clients behind the own wall."""
    firm = Firm.current()
    return user.role is not Role.ASSISTANT or (firm is not None and firm.assistants_open_reports)


def fingerprint(package: Package, items: Sequence[PackageItem]) -> str:
    return fingerprint_of(package.inputs(items))

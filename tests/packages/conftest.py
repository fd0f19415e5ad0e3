"""Bob's assessments with their reports filed, a coach part and a client part each."""

from datetime import UTC, date, datetime, timedelta

import pytest

from coachbase import clock
from coachbase.assessments import actions as assessments
from coachbase.assessments.models import Assessment, Report
from coachbase.assessments.rules import State
from coachbase.db import atomic
from coachbase.files import actions as files
from coachbase.files.models import Document
from coachbase.files.rules import BY_PART, Kind
from coachbase.instruments.models import Instrument
from coachbase.instruments.rules import Part
from coachbase.jobs import run_jobs
from coachbase.packages import actions
from coachbase.packages.models import Package
from tests.packages import pdfs

FILED_AT = datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
COACHS, CLIENTS = "zqcoachonly", "zqclientpart"
"""Words of each part."""


@atomic
def assessed(cast, name: str, due: int, *, parts=tuple(Part), pages: int = 2) -> Assessment:
    """An assessment of Bob's whose report is in."""
    instrument = Instrument.get(Instrument.name == name)
    with clock.pretend(FILED_AT):
        assessment = assessments.set_up(cast.bob, instrument, due=date(2026, 11, due), by=cast.vera)
        for part in parts:
            word = COACHS if part is Part.COACH else CLIENTS
            content = pdfs.report(word, f"{word}{due}", pages=pages, title=f"{word.title()} chapter")
            report(assessment, part, content, f"{word}_{due}.pdf", cast.vera)
    Assessment.update(state_name=State.REPORT_IN).where(Assessment.id == assessment.id).execute()
    return Assessment.with_people().where(Assessment.id == assessment.id).get()


@atomic
def report(assessment: Assessment, part: Part, content: bytes, name: str, by) -> Document:
    document = files.store(
        content,
        name,
        client=assessment.client,
        audience=BY_PART[part],
        kind=Kind.REPORT,
        instrument=assessment.instrument,
        by=by,
    )
    Report.create(assessment=assessment, document=document, part_name=part)
    return document


@pytest.fixture
def eqi(cast) -> Assessment:
    return assessed(cast, "EQ-i 2.0", 20)


@pytest.fixture
def hogan(cast) -> Assessment:
    """Due before EQ-i, so that it stands in front."""
    return assessed(cast, "Hogan HPI", 10)


@pytest.fixture
def reports(hogan, eqi) -> list[Document]:
    """The four parts in their order."""
    found = Report.select(Report, Document).join(Document).order_by(Report.id)
    return [row.document for row in found]


def made(cast, documents, *, by=None, session=None) -> Package:
    package, _ = actions.make(cast.bob, documents, session=session, by=by or cast.vera)
    run_jobs()
    return latest(package)


def latest(package: Package) -> Package:
    return Package.with_copies().where(Package.id == package.id).get()


def later(minutes: int = 60):
    return clock.pretend(clock.now() + timedelta(minutes=minutes))

"""The worker: what a package holds and its client copy does not; once, in order, whatever falls over in between."""

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta

import pypdf
import pytest

from coachbase import clock, jobs
from coachbase.assessments.models import Assessment, Report
from coachbase.assessments.rules import State as AssessmentState
from coachbase.availability.rules import SessionKind
from coachbase.db import database
from coachbase.files import actions as files
from coachbase.files.models import Document, DocumentContent
from coachbase.files.rules import Audience, Kind
from coachbase.instruments.rules import Part
from coachbase.intake.models import Answer, Form, FormVersion, Question, Submission
from coachbase.jobs import run_jobs
from coachbase.packages import actions, tasks
from coachbase.packages.models import Package, PackageItem
from coachbase.packages.rules import LEASE, State
from coachbase.sessions.models import CoachingSession
from coachbase.timeline.models import Entry
from tests.packages import pdfs
from tests.packages.conftest import CLIENTS, COACHS, assessed, later, latest, made, report


@pytest.fixture
def debrief(cast) -> CoachingSession:
    starts_at = datetime(2099, 11, 12, 9, tzinfo=UTC)
    return CoachingSession.create(
        uid="debrief", coach=cast.alice, client=cast.bob, kind_name=SessionKind.DEBRIEF, starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1), zone="Europe/London", via="staff", created_at=clock.now(),
    )  # fmt: skip


def test_a_package_holds_cover_contents_reports_in_order_and_manifest(cast, reports, debrief):
    package = made(cast, reports, session=debrief)
    words = pdfs.words_on(package.document.content)
    assert package.state is State.READY
    assert len(words) == 2 + 4 * 2 + 1
    assert ["Debrief" in words[0], "Bob Haddad" in words[0], "Alice Kern" in words[0]] == [True] * 3
    assert "12 November 2099, 09:00" in " ".join(words[0].split())
    placed = (2, COACHS, 10), (4, CLIENTS, 10), (6, COACHS, 20), (8, CLIENTS, 20)
    assert [f"{word}{due}" in words[page] for page, word, due in placed] == [True] * 4
    assert "Manifest" in words[-1]


def test_each_page_says_which_of_all_it_is(cast, reports):
    words = pdfs.words_on(made(cast, reports).document.content)
    for number, page in enumerate(words, start=1):
        assert f"{number} / {len(words)}" in page


def test_contents_bookmarks_and_manifest_name_the_same_pages(cast, reports):
    content = made(cast, reports).document.content
    words, marks = pdfs.words_on(content), pdfs.bookmarks_of(content)
    top = [(title, page) for depth, title, page in marks if depth == 0]
    assert top == [
        ("Assessment reports", 1), ("Contents", 2), ("Hogan HPI, coach part", 3), ("Hogan HPI, client part", 5),
        ("EQ-i 2.0, coach part", 7), ("EQ-i 2.0, client part", 9), ("Manifest", 11),
    ]  # fmt: skip
    assert (1, "Zqcoachonly chapter 1", 3) in marks
    lines = words[1].splitlines()
    for title, page in top[2:-1]:
        assert str(page) in lines[lines.index(title) :][:4]
    assert "Pages 9–10" in words[10]


def test_the_manifest_gives_the_hash_of_each_file(cast, reports):
    manifest = pdfs.words_on(made(cast, reports).document.content)[-1]
    digits = "".join(sign for sign in manifest if sign.isalnum())
    for document in reports:
        assert hashlib.sha256(document.content).hexdigest() in digits


def test_nothing_of_the_coach_parts_is_anywhere_in_the_clients_copy(cast, reports):
    package = made(cast, reports)
    parts = Report.select(Report, Document).join(Document).where(Report.part_name == Part.COACH)
    whole = pdfs.everything_in(package.document.content).decode("latin-1")
    theirs = pdfs.everything_in(package.client_document.content).decode("latin-1")
    for word in (COACHS, COACHS.title(), "coach part"):
        assert word in whole  # the test can see it
    for word in (COACHS, COACHS.title(), "coach part", "for the coach", *[row.document.sha256[:16] for row in parts]):
        assert word not in theirs
        assert word not in theirs.replace("\u200b", "").replace("\n", "")
    assert CLIENTS in theirs
    assert len(pdfs.words_on(package.client_document.content)) == 2 + 2 * 2 + 1
    marks = pdfs.bookmarks_of(package.client_document.content)
    assert [title for depth, title, _ in marks if depth == 0] == [
        "Assessment reports", "Contents", "Hogan HPI, client part", "EQ-i 2.0, client part", "Manifest",
    ]  # fmt: skip


def test_without_a_part_for_the_client_there_is_no_copy(cast):
    assessed(cast, "Hogan HPI", 10, parts=[Part.COACH])
    package = made(cast, [Report.get().document])
    assert package.client_document is None
    assert package.document is not None


def test_the_same_inputs_are_not_made_again_and_give_the_same_bytes(cast, reports):
    package = made(cast, reports)
    first = package.document.content, package.client_document.content
    with later():
        again, is_new = actions.make(cast.bob, reports, by=cast.alice)
        assert (again.id, is_new, again.state) == (package.id, False, State.READY)
        Package.update(state_name=State.PENDING).execute()
        tasks.make.call_local(package.public_id)
    package = latest(package)
    assert (package.document.content, package.client_document.content) == first


@pytest.mark.parametrize("change", ["order", "one less", "another version"])
def test_what_changed_is_made_anew_as_another_version(cast, reports, change):
    package = made(cast, reports)
    others = {"order": reports[::-1], "one less": reports[1:]}.get(change)
    if others is None:
        old = Report.get(Report.document == reports[0])
        others = [report(old.assessment, Part.COACH, pdfs.report("newer"), "newer.pdf", cast.vera), *reports[1:]]
    again = made(cast, others)
    assert again.id == package.id
    assert (again.document.number, again.document.series) == (2, package.document.public_id)
    assert again.document.is_newest
    assert not Document.get_by_id(package.document_id).is_newest


def test_a_package_is_filed_for_the_coach_only(cast, reports):
    package = made(cast, reports)
    for document in (package.document, package.client_document):
        assert (document.kind, document.audience, document.client) == (Kind.PACKAGE, Audience.COACH, cast.bob)
    assert "Bob Haddad" in package.document.name


def test_what_is_in_a_package_is_packaged_and_what_is_further_stays(cast, reports, hogan, eqi):
    Assessment.update(state_name=AssessmentState.DEBRIEFED).where(Assessment.id == hogan.id).execute()
    made(cast, reports)
    assert Assessment.get_by_id(eqi.id).state is AssessmentState.PACKAGED
    assert Assessment.get_by_id(hogan.id).state is AssessmentState.DEBRIEFED


def test_a_report_that_was_left_out_is_not_packaged(cast, eqi):
    broken = [row.document for row in Report.select(Report, Document).join(Document)]
    for document in broken:
        _put_content(document, b"%PDF-1.7\nnothing\n%%EOF")
    good = files.store(pdfs.report("more"), "more.pdf", client=cast.bob, by=cast.vera)
    made(cast, [*broken, good])
    assert Assessment.get_by_id(eqi.id).state is AssessmentState.REPORT_IN


def _put_content(document: Document, content: bytes) -> None:
    DocumentContent.update(content=content).where(DocumentContent.document == document).execute()


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (pdfs.locked(pdfs.report("alpha")), "locked.pdf", "is locked with a password"),
        (b"%PDF-1.7\nnothing\n%%EOF", "broken.pdf", "is damaged"),
        (b"some words", "notes.txt", "is of a kind that cannot be printed here"),
    ],
)
def test_what_cannot_be_printed_is_named_and_left_out(cast, reports, content, name, why):
    odd = files.store(content, name, client=cast.bob, by=cast.vera)
    package = made(cast, [*reports, odd])
    words = pdfs.words_on(package.document.content)
    said = " ".join(words[-1].split())
    assert package.state is State.READY
    assert f"It {why}, so none of its pages are here." in said
    assert name in said
    assert "left out" in words[1]
    assert PackageItem.get(PackageItem.document == odd).left_out == why


def test_a_picture_is_a_page(cast, reports):
    photo = files.store(pdfs.picture(), "flipchart.png", client=cast.bob, by=cast.vera)
    package = made(cast, [*reports, photo])
    assert PackageItem.get(PackageItem.document == photo).pages == 1
    page = pypdf.PdfReader(io.BytesIO(package.document.content)).pages[10]
    assert [image.image.size for image in page.images] == [(40, 20)]


def test_when_nothing_can_be_read_it_fails_in_words_and_can_be_tried_again(cast):
    broken = files.store(b"%PDF-1.7\nnothing\n%%EOF", "broken.pdf", client=cast.bob, by=cast.vera)
    package = made(cast, [broken])
    assert (package.state, package.document) == (State.FAILED, None)
    assert package.error.startswith("None of these could be read")
    assert PackageItem.get().left_out == "is damaged"
    _put_content(broken, pdfs.report("mended"))
    actions.try_again(package, by=cast.vera)
    run_jobs()
    assert latest(package).state is State.READY


def test_an_error_nobody_foresaw_is_told_without_its_words(cast, reports, caplog):
    database.execute_sql("UPDATE document_content SET content = x'00' WHERE document_id = ?", (reports[0].id,))
    package = made(cast, reports)
    assert package.state is State.FAILED
    assert package.error == "The PDF could not be made. The server’s log says why."
    assert COACHS not in caplog.text


def test_a_file_that_was_removed_meanwhile_is_left_out(cast, reports):
    package, _ = actions.make(cast.bob, reports, by=cast.vera)
    Document.update(removed_at=clock.now()).where(Document.id == reports[0].id).execute()
    run_jobs()
    assert PackageItem.get(PackageItem.document == reports[0]).left_out == "is not in the library any more"
    assert latest(package).state is State.READY


def test_the_worker_makes_it_once_and_another_takes_over_when_it_dies(cast, reports):
    package, _ = actions.make(cast.bob, reports, by=cast.vera)
    jobs.huey.storage.flush_queue()
    assert tasks._take(package.public_id) is not None
    assert tasks._take(package.public_id) is None
    actions.sweep()
    assert not jobs.huey.pending()
    with clock.pretend(clock.now() + LEASE):
        for _ in range(2):
            actions.sweep()
            assert len(jobs.huey.pending()) == 1
        run_jobs()
    assert latest(package).state is State.READY
    assert Document.select().where(Document.kind_name == Kind.PACKAGE).count() == 2


def test_a_worker_that_was_overtaken_files_nothing(cast, reports):
    package, _ = actions.make(cast.bob, reports, by=cast.vera)
    jobs.huey.storage.flush_queue()
    slow = tasks._take(package.public_id)
    actions.make(cast.bob, reports[:1], by=cast.vera)
    with pytest.raises(tasks._Overtaken):
        tasks._make(slow)
    assert not Document.select().where(Document.kind_name == Kind.PACKAGE).exists()
    run_jobs()
    assert len(pdfs.words_on(latest(package).document.content)) == 2 + 2 + 1


def test_how_far_it_is_can_be_seen_while_it_is_made(cast, reports):
    package, _ = actions.make(cast.bob, reports, by=cast.vera)
    taken = tasks._take(package.public_id)
    assert latest(package).percent == 0
    tasks._step(taken, 2)
    assert 0 < latest(package).percent < 100
    assert latest(package).is_worked_on


def test_the_timeline_tells_of_it_without_naming_a_part(cast, reports):
    made(cast, reports)
    said = [entry.sentence for entry in Entry.select()]
    assert "A package of reports is being made" in said
    assert not any(COACHS in sentence or "coach part" in sentence for sentence in said)


def _answered(cast, label: str, answer: str, *, coach_only: bool = False) -> None:
    """Bob answered a questionnaire with one question."""
    form, _ = Form.get_or_create(slug="goals", defaults={"title": "Goals", "created_at": clock.now()})
    version, _ = FormVersion.get_or_create(form=form, number=1)
    position = 1 + Question.select().where(Question.form_version == version).count()
    question = Question.create(
        form_version=version, position=position, kind_name="long", label=label, coach_only=coach_only
    )
    now = clock.now()
    submission, _ = Submission.get_or_create(
        form_version=version, client=cast.bob, state_name="submitted",
        defaults={"ticket": "t", "started_at": now, "submitted_at": now},
    )  # fmt: skip
    Answer.create(submission=submission, question=question, value=json.dumps(answer))


def test_what_the_client_wants_to_reach_stands_in_front_in_the_clients_own_words(cast, reports):
    _answered(cast, "What are your goals?", "To listen\nbefore I answer")
    _answered(cast, "Which goals does the sponsor have?", "zqcoacheyes", coach_only=True)
    _answered(cast, "Where do you live?", "zqdubai")
    package = made(cast, reports)
    for document in (package.document, package.client_document):
        words = pdfs.words_on(document.content)
        assert "What are your goals?" in words[2]
        assert "before I answer" in words[2]
        assert not {"zqcoacheyes", "zqdubai"} & set(" ".join(words).split())
        assert (0, "Goals", 3) in pdfs.bookmarks_of(document.content)

"""Who puts what into a package, and the client's copy: released with its parts, taken back with them."""

import pytest

from coachbase.assessments.models import Assessment, Report
from coachbase.assessments.rules import State as AssessmentState
from coachbase.db import atomic
from coachbase.errors import Refused
from coachbase.files import actions as files
from coachbase.files.models import Document
from coachbase.files.rules import Audience
from coachbase.firm.models import Firm
from coachbase.instruments.rules import Part
from coachbase.packages import actions
from coachbase.packages.models import Package, PackageItem, has_changed, offers
from coachbase.portal.models import papers_of
from tests.packages import pdfs
from tests.packages.conftest import latest, made


@atomic
def released(package: Package) -> None:
    """Let the client open the client parts, as releasing the assessments does."""
    parts = Report.select(Report.document).where(Report.part_name == Part.CLIENT)
    Document.update(audience_name=Audience.CLIENT).where(Document.id.in_(parts)).execute()


def test_reports_are_offered_by_instrument_to_who_may_not_open_them(cast, reports):
    assert not Document.visible_to(cast.vera).exists()
    assert [offer.title for offer in offers(cast.bob, cast.vera)] == [
        "Hogan HPI, coach part", "Hogan HPI, client part", "EQ-i 2.0, coach part", "EQ-i 2.0, client part",
    ]  # fmt: skip
    assert all(offer.is_wanted for offer in offers(cast.bob, cast.vera))


def test_what_had_its_debrief_is_not_ticked_as_long_as_something_else_waits_for_one(cast, reports, hogan):
    Assessment.update(state_name=AssessmentState.DEBRIEFED).where(Assessment.id == hogan.id).execute()
    assert [offer.is_wanted for offer in offers(cast.bob, cast.vera)] == [False, False, True, True]


def test_other_documents_are_offered_to_those_who_may_open_them(cast, reports):
    files.store(b"words", "for the team.txt", client=cast.bob, by=cast.alice)
    files.store(b"words", "for the coach.txt", client=cast.bob, audience=Audience.COACH, by=cast.alice)
    assert [offer.title for offer in offers(cast.bob, cast.alice)][4:] == ["for the coach", "for the team"]
    assert [offer.title for offer in offers(cast.bob, cast.vera)][4:] == ["for the team"]


def test_a_document_of_nobody_or_of_another_client_cannot_be_put_in(cast, reports):
    foreign = files.store(pdfs.report("alpha"), "foreign.pdf", client=None, by=cast.vera)
    with pytest.raises(Refused, match="Tick at least one"):
        actions.make(cast.bob, [foreign], by=cast.vera)
    assert not Package.select().exists()


def test_what_the_coach_put_in_stays_in_when_the_assistant_makes_it_anew(cast, reports):
    private = files.store(pdfs.report("zqprivate"), "zqname.pdf", client=cast.bob, audience=Audience.COACH)
    package = made(cast, [reports[0], private, reports[1]], by=cast.alice)
    assert "zqname" not in [item.title for item in PackageItem.shown(package, cast.vera)]
    assert "zqname" in [item.title for item in PackageItem.shown(package, cast.alice)]
    package = made(cast, [reports[1], reports[0]], by=cast.vera)
    assert [item.document_id for item in PackageItem.of(package)] == [reports[1].id, reports[0].id, private.id]
    package = made(cast, [reports[1]], by=cast.alice)
    assert [item.document_id for item in PackageItem.of(package)] == [reports[1].id]


def test_the_clients_copy_is_released_once_its_parts_are(cast, reports):
    package = made(cast, reports)
    with pytest.raises(Refused, match="“Hogan HPI, client part”"):
        actions.release(package, by=cast.alice)
    released(package)
    actions.release(package, by=cast.alice)
    copy, coachs = latest(package).client_document, latest(package).document
    assert copy.audience is Audience.CLIENT
    assert coachs.audience is Audience.COACH
    assert copy.id in {document.id for document in papers_of(cast.bob)}
    assert coachs.id not in {document.id for document in papers_of(cast.bob)}


def test_who_may_not_read_it_may_not_release_it(cast, reports):
    package = made(cast, reports)
    released(package)
    with pytest.raises(Refused, match="ask the coach"):
        actions.release(package, by=cast.vera)
    Firm.update(assistants_open_reports=True).execute()
    actions.release(package, by=cast.vera)
    assert latest(package).client_document.audience is Audience.CLIENT


def test_what_is_released_can_be_taken_back_earlier_versions_too(cast, reports):
    package = made(cast, reports)
    released(package)
    actions.release(package, by=cast.alice)
    again = made(cast, reports[::-1])
    assert again.client_document_id != package.client_document_id
    actions.take_back(again, by=cast.alice)
    audiences = {document.audience for document in Document.select() if document.kind_name == "package"}
    assert audiences == {Audience.COACH}


def test_an_assessment_that_is_released_no_longer_takes_the_copy_with_it(cast, reports, hogan):
    package = made(cast, reports)
    released(package)
    actions.release(package, by=cast.alice)
    actions.follow_assessment(hogan, by=cast.alice)
    assert latest(package).client_document.audience is Audience.COACH


def test_a_package_is_out_of_date_when_what_it_is_made_of_changes(cast, reports):
    package = made(cast, reports)
    assert not has_changed(latest(package))
    Document.update(is_newest=False).where(Document.id == reports[0].id).execute()
    assert has_changed(latest(package))
    Document.update(is_newest=True).where(Document.id == reports[0].id).execute()
    cast.bob.name = "Robert Haddad"
    cast.bob.save()
    assert has_changed(latest(package))


def test_only_what_failed_can_be_tried_again(cast, reports):
    with pytest.raises(Refused, match="not at fault"):
        actions.try_again(made(cast, reports), by=cast.vera)


def test_a_part_that_is_not_what_it_seemed_takes_the_copy_with_it(cast, reports, hogan):
    package = made(cast, reports)
    released(package)
    actions.release(package, by=cast.alice)
    actions.follow_document(reports[0], by=cast.alice)
    assert latest(package).client_document.audience is Audience.CLIENT  # it is in the coach's copy alone
    actions.follow_document(reports[1], by=cast.alice)
    assert latest(package).client_document.audience is Audience.COACH


def test_what_is_removed_from_the_library_leaves_the_clients_page_with_its_package(cast):
    plan = files.store(pdfs.report("plan"), "plan.pdf", client=cast.bob, audience=Audience.CLIENT, by=cast.alice)
    package = made(cast, [plan], by=cast.alice)
    actions.release(package, by=cast.alice)
    files.remove(plan, by=cast.alice)
    assert latest(package).client_document.audience is Audience.COACH


def test_the_library_neither_says_a_package_is_something_else_nor_opens_it_to_the_client(cast, reports):
    package = made(cast, reports)
    assert package.document not in list(Document.movable_by(cast.olive))
    with pytest.raises(Refused, match="A package stays as it was made"):
        files.change(package.document, dated_on=None, audience=Audience.CLIENT)
    assert latest(package).document.audience is Audience.COACH

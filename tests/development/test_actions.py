"""A plan keeps every version, overwrites nobody, and is shared as the very version that was read."""

import pytest

from coachbase.db import database
from coachbase.development import actions, tasks
from coachbase.development.models import DevelopmentPlan, DevelopmentPlanVersion
from coachbase.errors import Refused, Stale
from coachbase.files import actions as files
from coachbase.files.models import Document
from coachbase.files.rules import Audience, Kind
from coachbase.portal.models import papers_of
from coachbase.timeline.models import Entry
from tests.packages.pdfs import bookmarks_of, words_on


def write(cast, text: str, version: int = 0, by=None) -> DevelopmentPlan:
    return actions.write(cast.bob, text, version=version, by=by or cast.vera)


def share(cast, *, seen: int | None = None) -> None:
    plan = DevelopmentPlan.of(cast.bob)
    content = tasks.draw(cast.bob, plan.text, number=plan.version, at=plan.changed_at)
    actions.share(cast.bob, content, version=seen or plan.version, by=cast.alice)


def test_each_saving_is_a_version_with_who_and_when(cast):
    write(cast, "first")
    write(cast, "second", 1, cast.alice)
    plan = DevelopmentPlan.of(cast.bob)
    versions = list(DevelopmentPlanVersion.of(plan))
    assert (plan.text, plan.version) == ("second", 2)
    assert [(each.version, each.text, each.by) for each in versions] == [
        (2, "second", cast.alice),
        (1, "first", cast.vera),
    ]


def test_saving_the_same_is_no_version(cast):
    write(cast, "first")
    assert write(cast, "first", 1).version == 1
    assert DevelopmentPlanVersion.select().count() == 1


@pytest.mark.parametrize("seen", [0, 2])
def test_what_somebody_saved_meanwhile_is_not_overwritten(cast, seen):
    write(cast, "first")
    with pytest.raises(Stale):
        write(cast, "mine", seen)
    assert DevelopmentPlan.of(cast.bob).text == "first"


def test_an_older_version_comes_back_as_a_new_one(cast):
    write(cast, "first")
    plan = write(cast, "second", 1)
    older = DevelopmentPlanVersion.numbered(plan, 1)
    with pytest.raises(Stale):
        actions.restore(older, version=1, by=cast.vera)
    actions.restore(older, version=2, by=cast.vera)
    plan = DevelopmentPlan.of(cast.bob)
    assert (plan.text, plan.version) == ("first", 3)
    assert [each.text for each in DevelopmentPlanVersion.of(plan)] == ["first", "second", "first"]


def test_a_version_is_compared_with_the_one_before_unless_another_is_named(cast):
    for number, text in enumerate(("one", "two", "three")):
        plan = write(cast, text, number)
    three, two, one = DevelopmentPlanVersion.of(plan)
    assert DevelopmentPlanVersion.compared_with(three, "") == two
    assert DevelopmentPlanVersion.compared_with(three, one.public_id) == one
    assert DevelopmentPlanVersion.compared_with(three, three.public_id) == two
    assert DevelopmentPlanVersion.compared_with(one, "\udcff") is None


def test_a_shared_plan_is_a_pdf_on_the_clients_page_under_its_kind(cast):
    write(cast, "# Aims\n\nTo **listen** first.")
    share(cast)
    plan = DevelopmentPlan.of(cast.bob)
    document = plan.document
    assert (document.kind, document.audience) == (Kind.PLAN, Audience.CLIENT)
    assert document.id in {each.id for each in papers_of(cast.bob)}
    words = " ".join(words_on(document.content)[0].split())
    assert "To listen first." in words
    assert "Version 1" in words
    assert ("Aims", 1) in [(title, page) for _, title, page in bookmarks_of(document.content)]
    assert plan.is_shared


def test_sharing_again_puts_the_new_version_in_the_place_of_the_old_one(cast):
    write(cast, "first")
    share(cast)
    write(cast, "second", 1)
    assert DevelopmentPlan.of(cast.bob).shared_version == 1
    share(cast)
    plan = DevelopmentPlan.of(cast.bob)
    theirs = [each for each in papers_of(cast.bob) if each.kind is Kind.PLAN]
    assert [each.id for each in theirs] == [plan.document_id]
    assert plan.document.number == 2


def test_a_plan_that_changed_since_it_was_read_is_not_shared(cast):
    write(cast, "first")
    write(cast, "second", 1)
    with pytest.raises(Stale):
        share(cast, seen=1)
    assert not Document.select().exists()


def test_it_can_be_taken_off_the_clients_page(cast):
    write(cast, "first")
    share(cast)
    actions.stop_sharing(cast.bob, by=cast.alice)
    assert not DevelopmentPlan.of(cast.bob).is_shared
    assert not list(papers_of(cast.bob))


def test_what_was_removed_from_the_library_is_not_what_the_next_one_follows(cast):
    write(cast, "first")
    share(cast)
    files.remove(DevelopmentPlan.of(cast.bob).document, by=cast.alice)
    assert not DevelopmentPlan.of(cast.bob).is_shared
    share(cast)
    plan = DevelopmentPlan.of(cast.bob)
    assert (plan.is_shared, plan.document.number) == (True, 1)


def test_what_the_fonts_cannot_draw_is_refused_by_name(cast):
    write(cast, "東京")
    with pytest.raises(Refused, match="東"):
        share(cast)


def test_neither_database_nor_timeline_shows_what_it_says(cast, config):
    write(cast, "zqplanword")
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"zqplanword" not in config.database_path.read_bytes()
    assert [entry.sentence for entry in Entry.select()] == ["The development plan was written"]

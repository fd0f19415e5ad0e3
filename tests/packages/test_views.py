"""The pages: choosing by mouse or keyboard, watching, opening, releasing; Carol sees nothing of it."""

import re

import pytest

from coachbase.audit.models import Opening
from coachbase.db import database
from coachbase.files import actions as files
from coachbase.files.models import Document
from coachbase.files.rules import Audience
from coachbase.firm.models import Firm
from coachbase.jobs import run_jobs
from coachbase.packages.models import Package, PackageItem
from tests.packages import pdfs
from tests.packages.conftest import COACHS, assessed, made


@pytest.fixture
def home(cast) -> str:
    return f"/clients/{cast.bob.public_id}/packages"


def ids(documents) -> list[str]:
    return [document.public_id for document in documents]


def order_on(page: str) -> list[str]:
    return re.findall(r'name="row" value="(\w+)"', page)


def ticked_on(page: str) -> list[str]:
    return re.findall(r'name="document" value="(\w+)" checked', page)


def test_the_reports_are_ticked_in_order_and_one_press_makes_the_package(vera, cast, reports, home):
    page = vera.get(f"{home}/new").text
    assert order_on(page) == ticked_on(page) == ids(reports)
    answer = vera.post(home, data={"row": order_on(page), "document": ticked_on(page), "session": ""})
    assert answer.status_code == 303
    watched = vera.get(answer.location).text
    assert 'hx-trigger="every 1s"' in watched
    assert "waiting to be made" in watched
    run_jobs()
    ready = vera.get(answer.location).text
    assert "every 1s" not in ready
    assert "ready" in ready
    assert "Hogan HPI, coach part" in ready


def test_without_a_choice_the_usual_one_is_made(vera, reports, home):
    assert vera.post(home).status_code == 303
    assert [item.document_id for item in PackageItem.select().order_by(PackageItem.position)] == [d.id for d in reports]


def test_a_row_is_moved_by_its_button_and_nothing_is_made(vera, reports, home):
    first, second, *rest = ids(reports)
    form = {"row": [first, second, *rest], "document": [second], "session": ""}
    page = vera.post(home, data=form | {"down": first}).text
    assert order_on(page) == [second, first, *rest]
    assert ticked_on(page) == [second]
    assert re.findall(r'name="(\w+)" value="(\w+)"[^>]* autofocus', page) == [("down", first)]
    assert order_on(vera.post(home, data=form | {"up": "nonsense"}).text) == [first, second, *rest]
    assert not Package.select().exists()


def test_the_order_of_the_page_is_the_order_of_the_package(vera, reports, home):
    back = ids(reports)[::-1]
    vera.post(home, data={"row": back, "document": ids(reports), "session": ""})
    items = PackageItem.select(PackageItem, Document).join(Document).order_by(PackageItem.position)
    assert [item.document.public_id for item in items] == back


@pytest.mark.parametrize(
    "body",
    [
        {"row": "x"},
        {"row": "x", "document": ["x", "y"]},
        {"row": "\0", "document": "\0", "session": "\0"},
        {"row": "x" * 100_000, "session": str(2**63)},
    ],
)
def test_what_is_no_choice_is_refused_with_a_sentence(vera, reports, home, body):
    answer = vera.post(home, data=body)
    assert answer.status_code == 422
    assert "Tick at least one document" in answer.text
    assert order_on(answer.text) == ids(reports)


@pytest.mark.parametrize("session", ["%ED%A0%80", "x", "%00", str(2**63)])
def test_an_address_that_names_no_session_is_for_none(vera, reports, home, session):
    assert vera.get(f"{home}/new?session={session}").status_code == 200


def test_what_is_in_the_package_is_ticked_when_it_is_made_anew(vera, cast, reports, home):
    made(cast, [reports[2], reports[0]])
    page = vera.get(f"{home}/new").text
    assert ticked_on(page) == [reports[2].public_id, reports[0].public_id]
    assert order_on(page)[:2] == ticked_on(page)


def test_making_the_same_says_that_nothing_has_changed(vera, cast, reports, home):
    package = made(cast, reports)
    answer = vera.post(home)
    assert answer.location == package.page
    assert "Nothing has changed since it was made" in vera.get(answer.location).text


def test_an_assistant_makes_it_without_reading_any_of_it(vera, cast, reports, home):
    package = made(cast, reports)
    page = vera.get(package.page).text
    assert "/open" not in page
    for document in (package.document, package.client_document, reports[0]):
        assert vera.post(f"/documents/{document.public_id}/open").status_code == 404
    assert COACHS not in page + vera.get(f"{home}/new").text
    Firm.update(assistants_open_reports=True).execute()
    assert vera.post(f"/documents/{package.document.public_id}/open").data.startswith(b"%PDF-")


def test_the_names_of_what_is_for_the_coach_are_not_on_the_assistants_pages(vera, alice, cast, reports, home):
    private = files.store(pdfs.report("x"), "zqsecretname.pdf", client=cast.bob, audience=Audience.COACH)
    package = made(cast, [*reports, private], by=cast.alice)
    for path in (package.page, f"{home}/new", home, f"{home}/of"):
        assert "zqsecretname" not in vera.get(path).text
    assert "zqsecretname" in alice.get(package.page).text


def test_opening_a_copy_is_logged(alice, cast, reports, home):
    package = made(cast, reports)
    assert f"/documents/{package.document.public_id}/open" in alice.get(package.page).text
    assert not Opening.select().exists()
    answer = alice.post(f"/documents/{package.document.public_id}/open")
    assert answer.data == package.document.content
    line = Opening.get()
    assert (line.what, line.by, line.client) == ("package", cast.alice, cast.bob)


def test_release_is_offered_when_the_parts_are_released_and_taken_back_by_the_same_page(alice, cast, reports, home):
    package = made(cast, reports)
    page = alice.get(package.page).text
    assert "Release “Hogan HPI, client part”" in page
    assert "/release" not in page
    assert alice.post(f"{package.page}/release").status_code == 422
    Document.update(audience_name=Audience.CLIENT).where(Document.id.in_([reports[1].id, reports[3].id])).execute()
    assert "/release" in alice.get(package.page).text
    assert alice.post(f"{package.page}/release").status_code == 303
    assert "released" in alice.get(package.page).text
    assert alice.post(f"{package.page}/take-back").status_code == 303
    assert "not released" in alice.get(package.page).text


def test_a_failure_is_told_in_words_with_an_act(vera, cast, home):
    broken = files.store(b"%PDF-1.7\nx\n%%EOF", "broken.pdf", client=cast.bob, by=cast.vera)
    package = made(cast, [broken])
    page = vera.get(package.page).text
    assert "None of these could be read" in page
    assert "It is damaged, so it was left out." in page
    assert vera.post(f"{package.page}/try-again").status_code == 303
    assert "waiting to be made" in vera.get(package.page).text


def test_carol_finds_nothing(carol, cast, reports, home):
    package = made(cast, reports)
    for path in (home, f"{home}/new", f"{home}/of", package.page):
        assert carol.get(path).status_code == 404
    for path in (home, f"{package.page}/release", f"{package.page}/take-back", f"{package.page}/try-again"):
        assert carol.post(path).status_code == 404
    assert carol.post(f"/documents/{package.document.public_id}/open").status_code == 404


def test_a_package_belongs_to_its_client(olive, cast, reports):
    from coachbase.clients.models import Client

    package = made(cast, reports)
    other = Client.create(name="Ina", email="ina@x.example", search_key="ina", created_at=package.created_at)
    assert olive.get(f"/clients/{other.public_id}/packages/{package.public_id}").status_code == 404


def test_no_page_asks_more_the_more_there_is(alice, cast, reports, home, queries):
    def asked(path: str) -> int:
        alice.get(path)
        with queries() as found:
            alice.get(path)
        return len(found)

    for due, name in enumerate(("Hogan HDS", "Hogan MVPI", "MBTI"), start=11):
        assessed(cast, name, due, pages=1)
    every = list(Document.select().where(Document.kind_name == "report").order_by(Document.id))
    package = made(cast, every)
    for number in range(30):
        files.store(b"words", f"more {number}.txt", client=cast.bob, by=cast.alice)
    for path in (package.page, f"{home}/new", home, f"{home}/of"):
        assert asked(path) <= 15, path


def test_neither_titles_nor_contents_are_readable_in_the_database_file(cast, reports, config):
    private = files.store(pdfs.report("zqinside"), "plain.pdf", client=cast.bob)
    made(cast, [*reports, private])
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    held = config.database_path.read_bytes()
    for word in (b"zqinside", b"coach part"):
        assert word not in held

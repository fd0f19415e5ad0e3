"""Filing a document and taking it out again: who may, and as what it leaves."""

import re

import pytest

from coachbase.files import actions
from coachbase.files.models import Document
from coachbase.files.rules import Audience, Upload
from coachbase.timeline.models import Entry
from tests.files.asking import WAITING, answer, send
from tests.files.samples import HTML, PDF, PNG

NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def page(cast):
    return f"/clients/{cast.bob.public_id}/documents"


@pytest.fixture
def brief(cast):
    return actions.file(cast.bob, [Upload("brief.pdf", PDF)], by=cast.vera)[0]


@pytest.fixture
def report(cast):
    upload = Upload("Hogan report.pdf", PDF)
    return actions.file(cast.bob, [upload], audience=Audience.COACH, by=cast.vera)[0]


def send_whole(client, page, content):
    """A body made here: the test client would leave a temporary file open for a large one."""
    head = b'--cut\r\nContent-Disposition: form-data; name="files"; filename="big.txt"\r\n\r\n'
    return client.post(page, data=head + content + b"\r\n--cut--\r\n", content_type="multipart/form-data; boundary=cut")


def test_an_empty_list_teaches_by_one_action(vera, page):
    answer = vera.get(page)
    assert answer.status_code == 200
    assert "No documents yet" in answer.text


def test_what_is_dropped_is_asked_about_then_filed_listed_noted_and_comes_back_as_it_was(vera, page, cast):
    sent = send(vera, page, ("brief.pdf", PDF), ("scan.png", PNG), once="k1")
    assert (sent.status_code, sent.headers["Location"]) == (303, WAITING)
    assert "brief.pdf" not in vera.get(page).text
    filed = answer(vera)
    assert (filed.status_code, filed.headers["Location"]) == (303, page)
    text = vera.get(page).text
    for name, content in (("brief.pdf", PDF), ("scan.png", PNG)):
        assert name in text
        document = Document.get(Document.name == name)
        assert vera.get(f"/documents/{document.public_id}").data == content
    assert "Filed brief.pdf" in vera.get(f"/clients/{cast.bob.public_id}").text


def test_the_same_form_sent_twice_drops_once(vera, page):
    for _ in range(2):
        assert send(vera, page, ("brief.pdf", PDF), once="k1").status_code == 303
    assert Document.select().count() == 1


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "Choose a file first"),
        ([("scan.png", HTML)], "scan.png: This file says it is PNG but is something else."),
        ([("logo.svg", b"<svg/>")], "logo.svg: We keep PDF"),
        ([("a.txt", b"")], "a.txt: The file is empty."),
        ([("..", PDF)], "A file without a name: We keep PDF"),
        ([("good.pdf", PDF), ("bad.exe", b"MZ")], "bad.exe: We keep PDF"),
        ([("a.pdf", PDF)] * 11, "at most 10 files"),
    ],
)
def test_what_we_do_not_keep_is_refused_beside_the_field(vera, page, files, said):
    answer = send(vera, page, *files)
    assert answer.status_code == 422
    assert said in answer.text
    assert (Document.select().count(), Entry.select().count()) == (0, 0)


def test_one_byte_more_than_25_mb_is_refused(vera, page):
    answer = send_whole(vera, page, b"x" * 25_000_001)
    assert answer.status_code == 422
    assert "25 MB" in answer.text
    assert send_whole(vera, page, b"x" * 27_000_000).status_code == 413
    assert Document.select().count() == 0


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"audience": ""}, "Not a valid choice"),
        ({"audience": "everybody"}, "Not a valid choice"),
        ({"what": "secret"}, "Choose what it is"),
        ({"what": "of:NOSUCH:coach"}, "Choose what it is"),
        ({"what": "again:01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "Choose what it is"),
        ({"client": "Nobody"}, "No client of yours is called so"),
        ({"client": ""}, "Whose is it?"),
        ({"dated_on": "9999-12-31"}, "Choose a day between 1980 and 2099"),
        ({"dated_on": "yesterday"}, "Not a valid date value"),
        ({"drawn": ""}, "These are the choices for this client now"),
    ],
)
def test_what_is_not_understood_files_nothing_and_says_why(vera, page, said, why):
    send(vera, page, ("brief.pdf", PDF))
    refused = answer(vera, **said)
    assert refused.status_code == 422
    assert why in refused.text
    assert Document.get().client is None
    assert Entry.select().count() == 0


# The way out ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("brief.pdf", PDF),
        ("polyglot.pdf", PDF + HTML),
        ("polyglot.png", PNG + HTML),
        ("page.txt", HTML),
        ("page.csv", HTML),
    ],
)
def test_a_document_leaves_only_as_an_attachment_that_may_do_nothing(vera, cast, name, content):
    (document,) = actions.file(cast.bob, [Upload(name, content)], by=cast.vera)
    for method in (vera.get, vera.head):
        answer = method(f"/documents/{document.public_id}")
        headers = answer.headers
        assert answer.status_code == 200
        assert headers["Content-Disposition"] == f"attachment; filename={name}"
        assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "html" not in headers["Content-Type"]
        assert "svg" not in headers["Content-Type"]


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("Brücke.pdf", "attachment; filename=Brucke.pdf; filename*=UTF-8''Br%C3%BCcke.pdf"),
        ("東京.pdf", "attachment; filename=.pdf; filename*=UTF-8''%E6%9D%B1%E4%BA%AC.pdf"),
        ("a;b c.pdf", 'attachment; filename="a;b c.pdf"'),
        ("a\r\nSet-Cookie: x=1.pdf", 'attachment; filename="aSet-Cookie x=1.pdf"'),
        ("it's 100%.pdf", 'attachment; filename="it\'s 100%.pdf"'),
        ('"; filename="x.exe.pdf', 'attachment; filename="; filename=x.exe.pdf"'),
    ],
)
def test_a_name_cannot_add_to_the_header(vera, cast, name, disposition):
    (document,) = actions.file(cast.bob, [Upload(name, PDF)], by=cast.vera)
    answer = vera.get(f"/documents/{document.public_id}")
    assert answer.headers["Content-Disposition"] == disposition
    assert "Set-Cookie" not in answer.headers


def test_a_name_is_escaped_on_the_page(vera, page, cast):
    actions.file(cast.bob, [Upload("<img src=x onerror=alert(1)>&amp;.pdf", PDF)], by=cast.vera)
    for path in (page, page.removesuffix("/documents")):
        text = vera.get(path).text
        assert "<img src=x" not in text
        assert "onerror=alert(1)&amp;amp;.pdf" in text


# The wall ------------------------------------------------------------------------------------------------------------


def test_what_is_for_the_coach_is_the_coachs(olive, alice, vera, page, brief, report):
    for reader in (olive, alice):
        assert "Hogan report.pdf" in reader.get(page).text
        assert reader.get(f"/documents/{report.public_id}/about").status_code == 200
    for path in (page, page.removesuffix("/documents"), "/library", f"/documents/{report.public_id}"):
        assert "Hogan" not in vera.get(path).text
    for way in ("", "/about", "/move"):
        assert vera.get(f"/documents/{report.public_id}{way}").status_code == 404
    for act in ("open", "read", "replace", "restore", "remove", "move"):
        assert vera.post(f"/documents/{report.public_id}/{act}").status_code == 404
    assert vera.get(f"/documents/{brief.public_id}").status_code == 200


def test_an_assistant_files_for_the_coach_and_it_is_gone(vera, page):
    send(vera, page, ("Hogan report.pdf", PDF))
    assert answer(vera, audience="coach").status_code == 303
    assert Document.get().audience is Audience.COACH
    assert "Hogan" not in vera.get(page).text


def test_carol_and_strangers_find_nothing(carol, stranger, page, brief, report):
    for document in (brief, report):
        answer = carol.get(f"/documents/{document.public_id}")
        assert answer.status_code == 404
        assert answer.text == carol.get(f"/documents/{NOBODY}").text
        assert stranger.get(f"/documents/{document.public_id}").status_code == 303
    assert carol.get(page).status_code == 404
    assert send(carol, page, ("brief.pdf", PDF)).status_code == 404
    assert send(stranger, page, ("brief.pdf", PDF)).status_code == 303
    assert Document.select().count() == 2


def test_a_file_of_an_unfinished_form_opens_for_nobody(olive, cast):
    document = actions.store(PDF, "brief.pdf", client=None)
    assert olive.get(f"/documents/{document.public_id}").status_code == 404


def test_a_long_list_goes_on_in_pages_and_costs_the_same(vera, page, cast, queries):
    for number in range(45):
        actions.file(cast.bob, [Upload(f"page {number:02}.pdf", PDF)], by=cast.vera)
    with queries() as asked:
        text = vera.get(page).text
    assert 3 < len(asked) <= 15
    assert not any("document_content" in statement for statement in asked)
    rest = vera.get(f"{page}?page=2").text
    seen = re.findall(r">page (\d\d)\.pdf<", text) + re.findall(r">page (\d\d)\.pdf<", rest)
    assert seen == [f"{number:02}" for number in reversed(range(45))]
    assert "The list ends before this page" in vera.get(f"{page}?page=3").text

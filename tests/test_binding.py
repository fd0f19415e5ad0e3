"""Strangers' PDFs become pages of ours: nothing hidden, nothing brought along, and what cannot be read says why."""

import io
import zlib

import pypdf
import pytest
from pypdf.annotations import Link
from pypdf.generic import NameObject, StreamObject

from coachbase import binding, paper
from coachbase.apart import apart
from tests.packages import pdfs

MADE_AT = "2026-11-03T14:05:00+00:00"
TOLD = {"title": "T", "author": "N", "made_at": "D:20261103140500Z"}


def feet(sheaf: binding.Sheaf, first: int = 1, total: int = 9) -> bytes:
    strips = [{"width": width, "number": f"{first + at} / {total}"} for at, width in enumerate(sheaf.widths)]
    return paper.render("strips", {"made_at": MADE_AT, "left": "Bob · EQ-i", "high": binding.STRIP, "strips": strips})


def bound(*parts: tuple[str, bytes]) -> bytes:
    sheaves = [(title, binding.read(content)) for title, content in parts]
    return binding.bind([binding.Part(title, sheaf, feet(sheaf)) for title, sheaf in sheaves], **TOLD)


def test_pages_follow_in_order_with_their_bookmarks_below_the_part():
    content = bound(("One", pdfs.report("alpha", pages=2)), ("Two", pdfs.report("beta")))
    words = pdfs.words_on(content)
    assert ["alpha" in words[0], "alpha" in words[1], "beta" in words[2]] == [True] * 3
    assert pdfs.bookmarks_of(content) == [
        (0, "One", 1), (1, "Report 1", 1), (2, "Scale 1", 1), (1, "Report 2", 2), (2, "Scale 2", 2),
        (0, "Two", 3), (1, "Report 1", 3), (2, "Scale 1", 3),
    ]  # fmt: skip


def test_the_same_parts_give_the_same_bytes():
    parts = ("One", pdfs.report("alpha", pages=2)), ("Two", pdfs.report("beta"))
    assert bound(*parts) == bound(*parts)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_foot_lies_outside_of_what_the_page_was_whichever_way_it_is_turned(degrees):
    source = pdfs.turned(pdfs.report("alpha"), degrees)
    before = pypdf.PdfReader(io.BytesIO(source)).pages[0].mediabox
    page = pypdf.PdfReader(io.BytesIO(bound(("One", source)))).pages[0]
    grown = page.mediabox.width - before.width, page.mediabox.height - before.height
    assert grown == pytest.approx((binding.STRIP, 0) if degrees % 180 else (0, binding.STRIP), abs=0.01)
    assert "1 / 9" in page.extract_text()
    first = page["/Contents"][0].get_object().get_data().decode()
    assert f"{float(before.left):.4f} {float(before.bottom):.4f} {before.width:.4f} {before.height:.4f} re W n" in first
    assert first.index("Do") < first.index("re W n")  # drawn before, and outside of, what the page may draw


def test_nothing_but_pages_is_brought_along():
    source = pdfs.report("alpha", javascript=True)
    assert b"zqscript" in pdfs.everything_in(source)  # the test can see it
    whole = pdfs.everything_in(bound(("One", source)))
    for word in (b"zqscript", b"zqattached", b"zqattachedwords", b"zqauthor", b"/JavaScript", b"/OpenAction"):
        assert word not in whole
    assert b"alpha" in whole


def test_links_to_the_web_stay_and_other_acts_go():
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdfs.report("alpha")))
    for uri in ("https://vendor.example/scale", "file:///etc/passwd"):
        link = Link(rect=(50, 50, 100, 100), url=uri)
        writer.add_annotation(0, link)
    whole = pdfs.everything_in(bound(("One", pdfs.written(writer))))
    assert b"https://vendor.example/scale" in whole
    assert b"file:///" not in whole


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (pdfs.locked(pdfs.report("alpha")), "is locked with a password"),
        (pdfs.report("alpha", pages=3)[:-2000], "is damaged: its end is missing"),
        (b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF", "is damaged"),
        (b"%PDF-1.7\n" + b"<<" * 50_000 + b"\n%%EOF", "is damaged"),
    ],
)
def test_what_cannot_be_read_says_why(content, why):
    with pytest.raises(binding.Unreadable, match=why):
        binding.read(content)


def test_a_file_that_anybody_may_open_is_not_locked():
    assert binding.read(pdfs.locked(pdfs.report("alpha"), owner_only=True)).pages == 1


def test_a_file_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(binding, "READING", 0.0)
    with pytest.raises(binding.Unreadable, match="takes too long"):
        binding.read(pdfs.report("alpha", pages=20))
    assert apart(len, "after it") == 8


def test_too_many_pages_are_not_read():
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(100, 100)
    kids = writer._root_object["/Pages"]
    kids["/Kids"].extend([page.indirect_reference] * binding.MOST_PAGES)
    kids[pypdf.generic.NameObject("/Count")] = pypdf.generic.NumberObject(binding.MOST_PAGES + 1)
    with pytest.raises(binding.Unreadable, match="more than 1000 pages"):
        binding.read(pdfs.written(writer))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_a_page_that_lies_as_it_does(kind):
    wide, high = binding.picture(pdfs.picture(40, 20, kind)), binding.picture(pdfs.picture(20, 40, kind))
    assert [wide.pages, high.pages] == [1, 1]
    assert wide.widths[0] > high.widths[0]
    assert len(pypdf.PdfReader(io.BytesIO(wide.content)).pages[0].images) == 1


def test_a_picture_of_too_many_points_is_not_opened():
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (30_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    crc = zlib.crc32(head[12:]).to_bytes(4, "big")
    with pytest.raises(binding.Unreadable, match="too large a picture"):
        binding.picture(head + crc + b"\0\0\0\0IEND\xaeB`\x82")
    with pytest.raises(binding.Unreadable, match="is damaged"):
        binding.picture(b"\x89PNG\r\n\x1a\n nothing")


def test_bookmarks_that_go_round_in_a_circle_cost_no_page():
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdfs.report("alpha")))
    first = writer._root_object["/Outlines"]["/First"]
    first.get_object()[NameObject("/Next")] = first.get_object().indirect_reference
    sheaf = binding.read(pdfs.written(writer))
    assert sheaf.pages == 1
    assert len(sheaf.marks) <= binding.MOST_MARKS


def test_a_page_that_unpacks_to_hundreds_of_megabytes_is_not_unpacked():
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(200, 200)
    bomb = StreamObject()
    bomb.set_data(zlib.compress(b" " * 300_000_000))
    bomb[NameObject("/Filter")] = NameObject("/FlateDecode")
    page[NameObject("/Contents")] = writer._add_object(bomb)
    sheaf = binding.read(pdfs.written(writer))
    assert sheaf.pages == 1
    assert len(sheaf.content) < 400_000


def test_what_wants_more_memory_than_a_document_should_is_left_out(monkeypatch):
    monkeypatch.setattr(binding, "MOST_MEMORY", 30_000_000)
    with pytest.raises(binding.Unreadable, match="is too much to read"):
        binding.picture(pdfs.picture(5000, 5000))
    assert apart(len, "after it") == 8

"""P11: what is kept, under which name; everything else is refused with a sentence, and quickly."""

import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachbase.files.rules import (
    LARGEST,
    LARGEST_UNPACKED,
    MEDIA_TYPES,
    Audience,
    media_type_of,
    refusal_to_store,
    safe_name,
    sentence_of_filing,
    size_in_words,
)
from tests.files.samples import GOOD, HTML, ICS, JPEG, PDF, PNG, SVG, archive, office


@pytest.mark.parametrize("name", GOOD)
def test_the_kinds_of_a_desk_are_kept(name):
    assert refusal_to_store(name, GOOD[name]) is None
    assert media_type_of(name) in MEDIA_TYPES.values()


def test_no_kind_is_one_that_a_browser_runs():
    assert not {"text/html", "image/svg+xml", "application/xml", "application/xhtml+xml"} & set(MEDIA_TYPES.values())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("logo.svg", SVG),
        ("page.html", HTML),
        ("page.xhtml", HTML),
        ("tool.exe", b"MZ"),
        ("tool.js", b"alert(1)"),
        ("plan.docm", office()),
        ("archive.zip", office()),
        ("agreement.pdf.exe", PDF),
        ("agreement.pdf.html", PDF),
        ("agreement.pdf ", PDF + b"x"),
        ("agreement", PDF),
        (".pdf/", PDF),
        ("", PDF),
        ("agreement.pdf\0.html", PDF),
        ("agreement.p\u200bdf", PDF),
    ],
)
def test_other_kinds_are_refused_by_their_ending(name, content):
    assert refusal_to_store(name, content).startswith("We keep PDF")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("scan.png", HTML),
        ("scan.png", SVG),
        ("scan.png", JPEG),
        ("photo.jpg", PNG),
        ("photo.jpg", b"GIF89a" + HTML),
        ("photo.webp", b"RIFF\0\0\0\0WAVE"),
        ("agreement.pdf", HTML + PDF),
        ("agreement.pdf", b" " + PDF),
        ("agreement.pdf", office()),
        ("agreement.docx", PDF),
        ("notes.txt", b"MZ\x90\0\3"),
        ("notes.txt", PNG),
        ("notes.csv", b"a,b\x1b]0;title\x07"),
        ("invite.ics", b"name,mail"),
        ("invite.ics", HTML + ICS),
        ("plan.docx", office("xl/")),
        ("raters.xlsx", office("word/")),
        ("plan.docx", archive([("word/document.xml", b"<x/>")])),
        ("plan.docx", PDF + office()),
        ("plan.docx", office()[:-30]),
        ("plan.docx", b"PK\x03\x04"),
        ("plan.docx", office(more=[("word/vbaProject.bin", b"x")])),
        ("raters.xlsx", office("xl/", more=[("xl/VBAPROJECT.BIN", b"x")])),
    ],
)
def test_a_file_must_be_what_its_name_says(name, content):
    assert "is something else" in refusal_to_store(name, content)


def test_an_empty_file_and_one_byte_too_many_are_refused():
    assert refusal_to_store("a.txt", b"") == "The file is empty."
    assert refusal_to_store("a.txt", b"x" * LARGEST) is None
    assert "25 MB" in refusal_to_store("a.txt", b"x" * (LARGEST + 1))


def test_a_zip_bomb_is_refused_without_unpacking_it():
    bomb = office(more=[(f"word/{n}.xml", b"\0" * (LARGEST_UNPACKED // 10 + 1)) for n in range(10)])
    assert len(bomb) < 3_000_000
    started = time.thread_time()
    assert "is something else" in refusal_to_store("plan.docx", bomb)
    assert time.thread_time() - started < 0.5


def test_a_zip_with_a_table_of_contents_that_takes_seconds_is_refused_at_once():
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * 400_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, len(directory), 4, 0)
    started = time.thread_time()
    assert "is something else" in refusal_to_store("plan.docx", b"PK\3\4" + directory + end)
    assert time.thread_time() - started < 0.5


def test_the_other_way_to_say_how_long_that_table_is_does_not_help():
    """ZIP64 gives a second, larger figure, which Python's reader would believe."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * 400_000
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 400_000, 400_000, len(directory), 4)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 4 + len(directory), 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 47, 4, 0)
    started = time.thread_time()
    assert "is something else" in refusal_to_store("plan.docx", b"PK\3\4" + directory + record + locator + end)
    assert time.thread_time() - started < 0.5


def test_names_in_a_zip_that_leave_their_folder_hurt_nobody():
    """We never unpack: such a file is stored like any other."""
    content = office(more=[("../../../etc/cron.d/x", b"x"), ("/etc/passwd", b"x")])
    assert refusal_to_store("plan.docx", content) is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\windows\\system.txt", "system.txt"),
        ("/abs/olute.pdf", "olute.pdf"),
        ("C:\\Users\\bob\\brief.pdf", "brief.pdf"),
        ("..", ""),
        ("...pdf", "pdf"),
        ("brief.pdf.", "brief.pdf"),
        ("brief.pdf:evil.exe", "brief.pdfevil.exe"),
        ('a"b.pdf', "ab.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie x=1.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        ("brief\u202efdp.exe.pdf", "brieffdp.exe.pdf"),
        ("\u2066brief\u2069\u200f\u200b\ufeff.pdf", "brief.pdf"),
        ("\u2028\u2029brief.pdf", "brief.pdf"),
        ("\ud800brief.pdf", "brief.pdf"),
        ("Bru\u0308cke.pdf", "Brücke.pdf"),
        ("東京 報告.pdf", "東京 報告.pdf"),
        ("x" * 500 + ".pdf", "x" * 100 + ".pdf"),
        ("x." + "y" * 500, "x." + "y" * 10),
        ("x" * 500, "x" * 100),
    ],
)
def test_a_name_is_kept_without_what_trips_others(name, kept):
    assert safe_name(name) == kept


@given(st.text(max_size=300))
def test_no_name_can_leave_its_header_or_its_folder(name):
    kept = safe_name(name)
    assert len(kept) <= 111
    assert kept.isprintable()
    assert not set('/\\<>:"|?*') & set(kept)
    assert not kept.startswith(".")
    assert safe_name(kept) == kept
    kept.encode()


@given(st.text(max_size=30), st.binary(max_size=300))
def test_any_file_is_kept_or_refused_with_a_sentence(name, content):
    for ending in ("", *MEDIA_TYPES):
        refusal = refusal_to_store(f"{name}.{ending}", content)
        assert refusal is None or refusal.endswith(".")


@given(st.binary(max_size=300))
def test_any_end_of_a_zip_is_read_without_falling_over(tail):
    for content in (office() + tail, b"PK\3\4" + tail + b"PK\5\6" + tail):
        assert refusal_to_store("plan.docx", content) in (None, "This file says it is DOCX but is something else.")


def test_the_timeline_names_a_file_only_when_everybody_may_open_it():
    assert sentence_of_filing("Hogan report.pdf", Audience.TEAM) == "Filed Hogan report.pdf"
    assert sentence_of_filing("Hogan report.pdf", Audience.COACH) == "A document for the coach was filed"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1, "1 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (84_400, "84 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (25_000_000, "25.0 MB"),
    ],
)
def test_a_size_is_said_in_words(size, words):
    assert size_in_words(size) == words

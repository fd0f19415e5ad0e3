"""Documents as PDF: no word is lost between Markdown and paper, data are never code, and the fonts are our own."""

import io
import re
import subprocess
from pathlib import Path

import pypdf
import pytest
from fontTools.ttLib import TTFont

from coachbase import paper

FONTS = Path(__file__).resolve().parents[1] / "static" / "fonts" / "pdf"
MARKER = "01JD2C0000000000000000007K"


def agreement(**other):
    """What templates/pdf/agreement.typ expects."""
    return {
        "made_at": "2026-11-03T14:05:00+00:00",
        "firm": {"name": "Northbank", "logo": ""},
        "title": "Coaching agreement",
        "subtitle": "Version 2 · 3 November 2026",
        "short_id": "01JD2C",
        "parties": [{"role": "Client", "name": "Bob Haddad", "lines": ["SVP Operations", "bob@brightwater.example"]}],
        "blocks": paper.blocks_of("Bob and Alice *agree*."),
        "shares": None,
        "closing": "",
    } | other


def certificate(**other):
    """What templates/pdf/certificate.typ expects."""
    who = {
        "role": "Client",
        "email": "bob@brightwater.example",
        "signed_at": "3 November 2026, 14:05:09 UTC",
        "how": "",
    }
    strokes = [[[0, 9], [5, 0], [10, 9]], [[3, 3]], []]
    return {
        "made_at": "2026-11-03T14:05:00+00:00",
        "firm": {"name": "Northbank", "logo": ""},
        "title": "Coaching agreement",
        "document": {"id": MARKER, "version": "2", "pages": "1", "sha256": "ab" * 32},
        "signers": [
            who | {"name": "Bob Haddad", "mark": {"kind": "typed", "text": "Bob Haddad"}},
            who | {"name": "Alice Kern", "mark": {"kind": "drawn", "strokes": strokes}},
            who | {"name": "Sam Okafor", "mark": {"kind": "drawn", "strokes": []}},
        ],
        "events": [{"number": 1, "at": "3 Nov 2026, 13:58:01 UTC", "what": "Frozen", "hash": "9f" * 32}],
        "verify_url": "https://desk.northbank.example/p/verify",
    } | other


def read(pdf: bytes) -> str:
    """All words of a PDF, however the lines were broken."""
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def fonts_in(pdf: bytes) -> set[str]:
    fonts = (page["/Resources"]["/Font"] for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    return {font["/BaseFont"].partition("+")[2] for page in fonts for font in page.values()}


# What the fonts can draw ----------------------------------------------------------------------------------------------


def test_the_list_of_what_can_be_drawn_is_what_the_fonts_hold():
    held = set.intersection(*(set(TTFont(path).getBestCmap()) for path in FONTS.glob("Inter-*.ttf")))
    assert {chr(sign) for sign in held} | set("\n\r\t") == paper._drawable()


def test_the_fonts_are_few_and_bring_their_licences():
    assert sum(path.stat().st_size for path in FONTS.iterdir()) < 2_500_000
    families = {path.name.split("-")[0].lower() for path in FONTS.glob("*.ttf")}
    assert {path.name.split(".")[0].replace("-", "") for path in FONTS.glob("*.OFL.txt")} == families


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Ångström-Łukasiewicz",
        "Σωκράτης Παπαδόπουλος",
        "Светлана Вознесенская, Київ",
        "Nguyễn Thị Hằng",
        "e\u0301 as two characters",
        "a\u00a0hard space, “quotes” – … €100 → ✓",
        "two\nlines\tand a tab",
        "",
    ],
)
def test_names_in_latin_greek_and_cyrillic_can_be_drawn(name):
    assert paper.refusal_to_draw("Bob", name) is None


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("Ms 你好", "“你” in “你好”"),
        ("دبي Dubai", "“د” in “دبي”"),
        ("שלום", "“ש” in “שלום”"),
        ("Thumbs 👍🏽 up", "“👍” in “👍🏽”"),
        ("Bob\x00", "(U+0000) in “Bob·”"),
        ("Bob\u202egpj", "(U+202E) in “Bob·gpj”"),
        ("zero\u200bwidth", "(U+200B)"),
        ("half \ud800", "(U+D800)"),
        ("private \ue000", "(U+E000)"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_naming_it(name, named):
    refusal = paper.refusal_to_draw("Bob", name)
    assert named in refusal
    refusal.encode()  # the sentence itself can be shown and stored


def test_letters_of_three_alphabets_reach_the_paper_in_our_own_fonts_only():
    name = "Zoë Παπαδόπουλος Вознесенская Nguyễn"
    pdf = paper.render(
        "agreement", agreement(title=name, blocks=paper.blocks_of(f"# {name}\n\n**{name}** `x` *{name}*"))
    )
    assert read(pdf).count(name) >= 4
    ours = {path.stem for path in FONTS.glob("*.ttf")}
    assert fonts_in(pdf) <= ours
    assert {"Inter-SemiBold", "Inter-Italic", "Newsreader-Medium", "IBMPlexMono-Regular"} <= fonts_in(pdf)


# Markdown to blocks ---------------------------------------------------------------------------------------------------


def run(text, **styles):
    return {"text": text, **styles}


BLOCKS = {
    "plain": [{"kind": "paragraph", "runs": [run("plain")]}],
    "## *Two* `x`": [
        {"kind": "heading", "level": 2, "runs": [run("Two", italic=True), run(" "), run("x", code=True)]}
    ],
    "**a *b***": [{"kind": "paragraph", "runs": [run("a ", bold=True), run("b", bold=True, italic=True)]}],
    "[a](https://b.example) c": [
        {"kind": "paragraph", "runs": [run("a", link="https://b.example"), run(" c")]}
    ],
    "[a](javascript:b)": [{"kind": "paragraph", "runs": [run("a")]}],
    "one\ntwo & <b>three</b>": [{"kind": "paragraph", "runs": [run("one\ntwo & <b>three</b>")]}],
    "4. a\n5. b": [
        {"kind": "list", "start": 4, "items": [[{"kind": "paragraph", "runs": [run(t)]}] for t in "ab"]}
    ],
    "- a\n    - b": [
        {"kind": "list", "start": None, "items": [[
            {"kind": "paragraph", "runs": [run("a")]},
            {"kind": "list", "start": None, "items": [[{"kind": "paragraph", "runs": [run("b")]}]]},
        ]]},
    ],
    "> a\n>\n> b\n\nc": [
        {"kind": "quote", "blocks": [{"kind": "paragraph", "runs": [run(t)]} for t in "ab"]},
        {"kind": "paragraph", "runs": [run("c")]},
    ],
    "| a | b |\n|---|--:|\n| **c** | |": [
        {"kind": "table", "columns": ["left", "right"], "head": [[run("a")], [run("b")]],
         "rows": [[[run("c", bold=True)], []]]},
    ],
    "---": [{"kind": "rule"}],
    "    a <b>\n     c": [{"kind": "code", "text": "a <b>\n c\n"}],
    "": [],
}  # fmt: skip


@pytest.mark.parametrize("markdown", BLOCKS)
def test_markdown_becomes_these_blocks(markdown):
    assert paper.blocks_of(markdown) == BLOCKS[markdown]


EVERYTHING = """# w1

w2 **w3 *w4*** `w5` [w6 x](https://w7.example/w8) <w9> w10&amp;w11

1. w12

    w13

    - w14
        1. w15

            > w16

- w17

###### w18

> # w19
>
> - w20

| w21 | w22 | w23 |
|:---|:--:|---:|
| w24 | *w25* | [w26 x](https://w27.example) |
| w28 |

    w29 w30

![w31](https://w32.example) w33<br>w34

w35
===

w36  """
WORDS = set(re.findall(r"w\d+", EVERYTHING))


def words_in(value) -> str:
    if isinstance(value, dict):
        return " ".join(words_in(part) for part in value.values())
    return " ".join(words_in(part) for part in value) if isinstance(value, list) else str(value)


def test_no_word_is_lost_between_markdown_and_blocks():
    assert (
        set(re.findall(r"w\d+", EVERYTHING)) - set(re.findall(r"w\d+", words_in(paper.blocks_of(EVERYTHING)))) == set()
    )


def test_no_word_is_lost_between_blocks_and_paper():
    pdf = paper.render("agreement", agreement(blocks=paper.blocks_of(EVERYTHING)))
    assert WORDS - set(re.findall(r"w\d+", read(pdf))) == set()


def test_text_in_a_tag_nobody_knows_is_kept():
    reader = paper._Reader()
    reader.feed("<section>a <mark>b</mark></section><p>c</p>")
    assert words_in(reader.blocks).split() == ["paragraph", "a", "b", "paragraph", "c"]


def test_forty_pages_are_whole_and_counted():
    body = "\n\n".join(f"## {n}. Clause\n\n" + f"Sentence of clause {n}. " * 75 for n in range(1, 101))
    pdf = paper.render("agreement", agreement(blocks=paper.blocks_of(body)))
    pages = len(pypdf.PdfReader(io.BytesIO(pdf)).pages)
    words = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    words = " ".join(words.split())
    assert pages >= 40
    assert words.count("Sentence of clause") == 7500
    assert f"Page {pages} of {pages}" in words


LONG = "Wolfeschlegelsteinhausenbergerdorff" * 3
"""A word that no column holds."""
RIGHT_MARGIN = 595.28 - 70.86
WITH_LONG_WORDS = {
    "agreement": agreement(
        title=LONG,
        subtitle=LONG,
        firm={"name": LONG, "logo": ""},
        parties=[{"role": "Client", "name": LONG, "lines": [f"{LONG}@{LONG}.example"]}] * 3,
        blocks=paper.blocks_of(f"# {LONG}\n\n{LONG}\n\n- `{LONG}`\n\n|a|{LONG}|c|\n|-|-|-|\n|{LONG}|b|c|"),
    ),
    "certificate": certificate(
        title=LONG,
        signers=[
            {"role": "Client", "name": LONG, "email": f"{LONG}@{LONG}.example", "signed_at": "today", "how": LONG,
             "mark": {"kind": "typed", "text": LONG}},
        ],
        events=[{"number": 1, "at": "22 November 2026, 14:05:09 UTC", "what": LONG, "hash": "9" * 64}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("template", WITH_LONG_WORDS)
def test_no_word_however_long_runs_off_the_paper(template):
    pdf = paper.render(template, WITH_LONG_WORDS[template])
    boxes = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    ends = [float(end) for end in re.findall(r'xMax="([\d.]+)"', boxes)]
    assert len(ends) > 10
    assert max(ends) < RIGHT_MARGIN + 1


# Drawing --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", ['#panic("x")', "*a* _b_ $c$ @d <e>", '"]#let x = 1', "\\u{41} \\", "{{ data }}"])
def test_data_are_drawn_as_they_are_and_never_read_as_code(hostile):
    parties = [{"role": hostile, "name": hostile, "lines": [hostile]}]
    pdf = paper.render("agreement", agreement(title=hostile, parties=parties, blocks=[
        {"kind": "paragraph", "runs": [{"text": hostile}]}
    ]))  # fmt: skip
    assert read(pdf).count(hostile) >= 5


def test_the_same_data_give_the_same_bytes_and_other_data_others():
    once = paper.render("agreement", agreement(), marker=MARKER)
    assert paper.render("agreement", agreement(), marker=MARKER) == once
    assert paper.render("agreement", agreement(title="Another"), marker=MARKER) != once
    assert b"20261103140500" in once


def test_the_marker_stands_in_the_file_several_times():
    pdf = paper.render("agreement", agreement(), marker=MARKER)
    assert pdf.count(paper.stamp_of(MARKER).encode()) >= 4
    assert pypdf.PdfReader(io.BytesIO(pdf)).metadata.title == "Coaching agreement"
    assert b"coachbase0" not in paper.render("agreement", agreement())


def test_what_the_sponsor_may_be_told_stands_in_a_box_of_its_own():
    shares = {"title": "What the sponsor may be told", "intro": "", "told": ["the dates"], "never": ["what is said"]}
    words = read(paper.render("agreement", agreement(shares=shares)))
    assert "May be told" in words
    assert "the dates" in words
    assert "what is said" in words
    assert "May be told" not in read(paper.render("agreement", agreement(shares=shares | {"told": []})))


def test_an_address_behind_other_words_is_printed():
    words = read(
        paper.render("agreement", agreement(blocks=paper.blocks_of("See [the code](https://code.example/ethics).")))
    )
    assert "https://code.example/ethics" in words.replace("\u200b", "")


def test_a_logo_is_drawn():
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg=="
    with_logo = paper.render("agreement", agreement(firm={"name": "Northbank", "logo": dot}))
    assert len(pypdf.PdfReader(io.BytesIO(with_logo)).pages[0].images) == 1


def test_the_certificate_says_who_signed_when_and_what_kind_of_signature_it_is():
    words = read(paper.render("certificate", certificate(), marker=MARKER)).replace("\u200b", "")
    for said in (
        "Simple electronic signature",
        "Bob Haddad",
        "14:05:09 UTC",
        "9f9f9f9f9f9f9f9f",
        "desk.northbank.example",
    ):
        assert said in words
    assert "ab" * 32 in words.replace(" ", "")
    assert not re.search("qualified|advanced|legally", words, re.IGNORECASE)


def test_joined_documents_keep_their_pages_and_the_marker_of_the_first():
    first = paper.render("agreement", agreement(), marker=MARKER)
    joined = paper.join(first, paper.render("certificate", certificate()))
    assert "Page 1 of 1" in read(joined)
    assert "Certificate of signing" in read(joined)
    assert joined.count(paper.stamp_of(MARKER).encode()) >= 3


@pytest.mark.parametrize("number", ["4294967296", "9223372036854775808", "9" * 5000])
def test_a_list_may_begin_with_any_number(number):
    blocks = paper.blocks_of(f"{number}. said\n\n1. done")
    assert "said" in read(paper.render("agreement", agreement(blocks=blocks)))

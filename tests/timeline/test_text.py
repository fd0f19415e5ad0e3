"""A note's Markdown becomes HTML in which nothing can run, load or reach out."""

import time
from html.parser import HTMLParser

import markdown
import pytest

from coachbase.text import render_markdown
from tests.timeline.payloads import PAYLOADS

ALLOWED = set("p br strong em ul ol li blockquote code pre a h1 h2 h3 h4 hr del".split())  # noqa: SIM905
SCHEMES = ("http://", "https://", "mailto:", "tel:")


class Tags(HTMLParser):
    """Every element and attribute, as a browser would find them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_there_are_enough_payloads():
    assert len(set(PAYLOADS)) >= 60


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_text_keeps_only_plain_elements_and_safe_links(payload):
    for text in (payload, f"- {payload}", f"> {payload}\n> {payload}", f"**{payload}**", f"[{payload}]({payload})"):
        for tag, attributes in Tags(render_markdown(text)).found:
            assert tag in ALLOWED
            assert set(attributes) <= ({"href", "rel"} if tag == "a" else set())
            href = attributes.get("href")
            assert href is None or href.lower().startswith(SCHEMES), href


def test_what_staff_do_write_is_rendered():
    html = render_markdown("# Plan\n\nHe is **in**, see [brief](https://ok.example).\n\n- one\n- two\n\n> said so")
    assert [tag for tag, _ in Tags(html).found] == ["h1", "p", "strong", "a", "ul", "li", "li", "blockquote", "p"]
    assert 'rel="noopener noreferrer nofollow"' in html


def test_html_is_shown_as_it_was_typed_and_not_lost():
    assert "&lt;b onclick=x&gt;bold&lt;/b&gt;" in render_markdown("a <b onclick=x>bold</b>")


def test_what_cannot_be_taken_apart_stands_as_it_was_typed(monkeypatch):
    def too_deep(parser, text):
        return too_deep(parser, text)

    monkeypatch.setattr(markdown.Markdown, "convert", too_deep)
    assert render_markdown("> a <b>") == "<p>&gt; a &lt;b&gt;</p>"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "[](" * 6_666,
        "[\\    " * 3_000,
        "\\[\\\\[" * 4_000,
        "[ " * 199 + "](x) " * 199,
        "[" + "a " * 9_000 + "]" * 300,
        "![" * 10_000,
        "*" * 20_000,
        "*a **b " * 2_800,
        "_a __b " * 2_800,
        "`" * 20_000,
        "` `` " * 4_000,
        "> " * 10_000,
        "<" * 20_000,
        "<a " * 6_600,
        "<!--" * 5_000,
        "&" * 20_000,
        "\\" * 20_000,
        "- " * 10_000,
        "".join(f"{' ' * (depth * 4)}- x\n" for depth in range(90)),
        "[a]: b\n" * 2_800,
        "[a][" * 5_000,
        "x\n===\n" * 3_300,
        "x\n---\n" * 3_300,
        "# a\n" * 5_000,
        "***\n" * 5_000,
        "> a\n\n" * 4_000,
        "    a\n\n" * 2_800,
        " " * 20_000,
        "a\n" * 10_000,
        "http://" * 2_800,
        "1. " * 6_600,
        "1. - " * 4_000,
        "> - " * 5_000,
        "a<b " * 5_000,
        "<p>" * 6_600,
        "</p>" * 5_000,
        "<!" * 10_000,
        "<?" * 10_000,
        "&#" * 10_000,
        "a@b." * 5_000,
        "<http:" * 3_300,
        "[a]:\n" * 4_000,
        '[a](b "' * 2_800,
        "  \n" * 6_600,
        "*_" * 10_000,
        "***a" * 5_000,
        "~~a " * 5_000,
        "- a\n\n" * 4_000,
        "- a\n    b\n\n" * 1_500,
        "".join(f"{' ' * (depth * 4)}- x\n\n" for depth in range(90)),
        "\t" * 20_000,
        "|a|b|\n|-|-|\n" + "|x|y|\n" * 3_000,
        "|`a`|\n|-|\n" + "|`" * 9_000,
        "a|b\n-|-\n1|2\n\n" * 1_500,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_note_made_to_be_slow_is_not(text):
    started = time.thread_time()  # not the clock on the wall: the machine may be busy with other tests
    render_markdown(text)
    assert time.thread_time() - started < 1

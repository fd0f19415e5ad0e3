"""Markdown to HTML that is safe to show: no images, no raw HTML, no attributes that scripts listen to."""

import re
from html import escape

import markdown
import nh3
from markdown.extensions.tables import TableProcessor

LONGEST = 50_000
MOST_BRACKETS = 400
_TAGS = frozenset(
    "p br strong em ul ol li blockquote code pre a h1 h2 h3 h4 hr del table thead tbody tr th td".split()  # noqa: SIM905
)
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "th": {"align"}, "td": {"align"}, "*": set[str]()}
_PICTURES = ("image_link", "image_reference", "short_image_ref")
_LINKS = ("link", "reference", "short_reference")
_SCHEMES = {"http", "https", "mailto", "tel"}
_BRACKETS = re.compile(r"([\[\](*_`<>!~])\1{24,}")
_ABSOLUTE = re.compile(r"(https?://|mailto:|tel:)", re.IGNORECASE)
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_DEEP_LIST = re.compile(r"^([ \t]*(?:(?:[-+*>]|\d+\.)[ \t]+){6})(?:(?:[-+*>]|\d+\.)[ \t]+)+", re.MULTILINE)


def render_markdown(text: str, *, longest: int = LONGEST) -> str:
    """HTML of a staff member's text. Never for strangers' input: the parser is quadratic on hostile text, so
    length is capped, long runs of one mark are cut, and what nests too deep to read stands as it was typed.
    """
    calm = _BRACKETS.sub(lambda run: run.group(1) * 24, text[:longest])
    calm = _DEEP_LIST.sub(r"\1", _EMPTY_LINES.sub("\n\n", calm))
    try:
        html = _parser(links=sum(map(calm.count, "[]")) <= MOST_BRACKETS).convert(calm)
    except RecursionError:
        html = f"<p>{escape(calm)}</p>"
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_absolute_only,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )


def _parser(*, links: bool) -> markdown.Markdown:
    """Markdown without raw HTML and pictures: what looks like a tag is shown as it was typed, and costs no time to
    take apart. A line of dashes under a sentence stays a line: few mean a heading by it.
    """
    parser = markdown.Markdown(extensions=["nl2br", "sane_lists"], output_format="html")
    parser.parser.blockprocessors.register(_Tables(parser.parser, {"use_align_attribute": True}), "table", 75)
    parser.preprocessors.deregister("html_block")
    parser.parser.blockprocessors.deregister("setextheader")
    for name in ("html", *_PICTURES, *(() if links else _LINKS)):
        parser.inlinePatterns.deregister(name)
    if not links:
        parser.parser.blockprocessors.deregister("reference")
    return parser


class _Tables(TableProcessor):
    """Tables as the extension draws them. Two lines tell what is one; the extension takes all lines apart to see that,
    each time it is asked, which hostile text makes happen for every line.
    """

    def test(self, parent: object, block: str) -> bool:
        second = block.find("\n") + 1
        end = block.find("\n", second)
        return second > 0 and super().test(parent, block if end < 0 else block[:end])


def _absolute_only(tag: str, attribute: str, value: str) -> str | None:
    """A link leads out of here, never to a page of ours that does something."""
    return value if attribute != "href" or _ABSOLUTE.match(value) else None

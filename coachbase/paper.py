"""Documents as PDF: Markdown to blocks, blocks to pages by typst; what the fonts can draw."""

from typing import Any


def refusal_to_draw(*texts: str) -> str | None:
    """Why the fonts cannot draw one of these texts, as a sentence that names the character; None when they can."""
    raise NotImplementedError


def blocks_of(markdown: str) -> list[dict[str, Any]]:
    """Markdown as the blocks that templates/pdf draws: headings, paragraphs, lists, tables, rules."""
    raise NotImplementedError


def render(template: str, data: dict[str, Any], *, marker: str = "") -> bytes:
    """templates/pdf/<template>.typ with this data, as PDF; the same bytes for the same data."""
    raise NotImplementedError

"""Documents as PDF: Markdown to blocks, blocks to pages by typst; what the fonts can draw.

Data reach a template as JSON and are never read as code. Fonts are those of static/fonts/pdf and no others, so that the
same data give the same bytes on every machine.
"""

import io
import json
from datetime import datetime
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

from . import text
from .apart import apart

_ROOT = Path(__file__).resolve().parents[1]
_TEMPLATES, _FONTS = _ROOT / "templates" / "pdf", _ROOT / "static" / "fonts" / "pdf"
LONGEST = 400_000
"""Characters of a document: some hundred pages."""

Block = dict[str, Any]
Standard = Literal["1.7", "a-3b"]


def render(template: str, data: dict[str, Any], *, marker: str = "", standard: Standard = "1.7") -> bytes:
    """templates/pdf/<template>.typ with this data, as PDF; the same bytes for the same data.

    The top of the template says what it expects. `made_at` (a moment, ISO 8601) is the date the file itself carries,
    and `marker` an id that is written into it several times, so that it can be recognised when it was changed.
    `standard` is what the file keeps to: "a-3b" is meant to be kept for decades, and may carry other files.
    """
    made_at = int(datetime.fromisoformat(data["made_at"]).timestamp())
    return apart(_drawn, template, json.dumps(data), stamp_of(marker) if marker else "", made_at, standard)


def _drawn(template: str, data: str, stamp: str, made_at: int, standard: Standard) -> bytes:
    """Runs apart: typst keeps what it worked out for its last documents, 40 MB for a long one."""
    import typst  # 20 MB that only documents need  # noqa: PLC0415

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_FONTS)])
    return typst.compile(
        str(_TEMPLATES / f"{template}.typ"),
        root=str(_TEMPLATES),
        font_paths=fonts,
        sys_inputs={"data": data, "stamp": stamp},
        timestamp=made_at,
        format="pdf",
        pdf_standards=[standard],
    )


def stamp_of(marker: str) -> str:
    """A marker as it stands in a file: to be found there, and of letters only, which no writer of PDFs escapes."""
    return f"coachbase{marker}"


def join(*documents: bytes) -> bytes:
    """The pages of several PDFs in one, under the title, the date and the marker of the first."""
    return apart(_joined, documents)


def pages_in(document: bytes) -> int:
    """How many pages a PDF has."""
    return apart(_pages_in, document)


def _joined(documents: tuple[bytes, ...]) -> bytes:
    import pypdf  # only documents need it  # noqa: PLC0415

    joined = pypdf.PdfWriter(clone_from=io.BytesIO(documents[0]))
    for document in documents[1:]:
        joined.append(io.BytesIO(document), import_outline=False)
    written = io.BytesIO()
    joined.write(written)
    return written.getvalue()


def _pages_in(document: bytes) -> int:
    import pypdf  # only documents need it  # noqa: PLC0415

    return len(pypdf.PdfReader(io.BytesIO(document)).pages)


def transfer_code(holder: str, iban: str, bic: str, cents: int, words: str) -> str:
    """The QR code from which a banking app fills in a transfer in euro (EPC069-12), as SVG: dark on white, for a
    camera reads no other. Raises ValueError when the guideline does not allow what it would say."""
    from segno import helpers  # 60 ms that only this needs  # noqa: PLC0415

    euro = Decimal(cents).scaleb(-2)
    code = helpers.make_epc_qr(holder, iban, euro, text=words, bic=bic or None, encoding="utf-8")
    written = io.BytesIO()
    code.save(written, kind="svg", xmldecl=False, svgclass=None, lineclass=None, nl=False, omitsize=True, light="#fff")
    return written.getvalue().decode()


# What the fonts can draw ----------------------------------------------------------------------------------------------


def refusal_to_draw(*texts: str) -> str | None:
    """Why the fonts cannot draw one of these texts, as a sentence that names the character; None when they can."""
    for given in texts:
        strange = next((sign for sign in given if sign not in _drawable()), None)
        if strange is None:
            continue
        word = next(word for word in given.split(" ") if strange in word)
        if not strange.isprintable():
            shown = "".join(sign if sign.isprintable() else "·" for sign in word)[:40]
            return f"There is a character nobody can see (U+{ord(strange):04X}) in “{shown}”. Type it anew without it."
        return (
            f"The fonts of our documents cannot draw “{strange}” in “{word[:40]}”. "
            "Write it in Latin, Greek or Cyrillic letters."
        )
    return None


def drawable(text: str) -> str:
    """A text as the fonts can draw it: what they cannot is a question mark, as in the name of somebody's file."""
    return "".join(sign if sign in _drawable() else "?" for sign in text)


def drawn(value: Any) -> Any:
    """A value for a template, with every text in it as the fonts can draw it."""
    if isinstance(value, str):
        return drawable(value)
    if isinstance(value, dict):
        return {name: drawn(part) for name, part in value.items()}
    return [drawn(part) for part in value] if isinstance(value, list | tuple) else value


@cache
def _drawable() -> frozenset[str]:
    """What all weights of the last font hold (tools/pdf_fonts.py writes the list), and the ends of lines."""
    ranges = (line.split("-") for line in (_FONTS / "coverage.txt").read_text().split())
    held = {chr(sign) for first, last in ranges for sign in range(int(first, 16), int(last, 16) + 1)}
    return frozenset(held | set("\n\r\t"))


# Markdown to blocks ---------------------------------------------------------------------------------------------------


def blocks_of(markdown: str) -> list[Block]:
    """Markdown as the blocks that templates/pdf draws: headings, paragraphs, lists, tables, rules.

    A block has a `kind`: `heading` (level, runs), `paragraph` (runs), `list` (start, or none for dots; items: lists of
    blocks), `quote` (blocks), `code` (text), `table` (columns: how each is aligned; head: cells; rows: lists of cells;
    a cell is runs) and `rule`. A run has a `text` and what it is: `bold`, `italic`, `code`, `struck`, `link`.
    """
    reader = _Reader()
    reader.feed(text.render_markdown(markdown, longest=LONGEST))
    reader.close()
    return reader.blocks


_STYLES = {"strong": "bold", "em": "italic", "code": "code", "del": "struck", "a": "link"}
_MOST_DIGITS = 9
"""Of the number a list begins with: typst counts no further than 64 bits go."""
_ALIGNED = {"left": "left", "center": "center", "right": "right"}


class _Reader(HTMLParser):
    """Reads our own safe HTML. Text between tags it does not know is kept as a paragraph: nothing is lost."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._into = [self.blocks]
        """Where blocks go: the page, and in it the quotes and list items that are open."""
        self._runs: list[dict[str, Any]] | None = None
        """The runs of the paragraph, heading or cell that is open."""
        self._styles: list[tuple[str, str | bool | None]] = []
        self._code: Block | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        match tag:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self._open_runs({"kind": "heading", "level": int(tag[1])})
            case "p":
                self._open_runs({"kind": "paragraph"})
            case "ul" | "ol":
                start = int((given.get("start") or "1")[:_MOST_DIGITS]) if tag == "ol" else None
                self._add({"kind": "list", "start": start, "items": []})
            case "li":
                self._open_blocks(self._last("list")["items"])
            case "blockquote":
                self._into.append(self._add({"kind": "quote", "blocks": []})["blocks"])
            case "pre":
                self._code = self._add({"kind": "code", "text": ""})
            case "hr":
                self._add({"kind": "rule"})
            case "br":
                self._write("\n")
            case "table":
                self._add({"kind": "table", "columns": [], "head": [], "rows": []})
            case "tr":
                self._last("table")["rows"].append([])
            case "th" | "td":
                self._open_cell(self._last("table"), tag, given.get("align"))
            case _ if tag in _STYLES and self._code is None:
                self._styles.append((_STYLES[tag], given.get("href") if tag == "a" else True))

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "p" | "th" | "td":
                self._runs = None
            case "ul" | "ol" | "table":
                self._runs = None
                if tag == "table":
                    table = self._last("table")
                    table["rows"] = [row for row in table["rows"] if row]
            case "li" | "blockquote":
                self._runs = None
                self._into.pop()
            case "pre":
                self._code = None
            case _ if tag in _STYLES and self._styles:
                self._styles.pop()

    def handle_data(self, data: str) -> None:
        if self._code is not None:
            self._code["text"] += data
            return
        line = data.replace("\n", " ")
        if not self._runs or self._runs[-1]["text"].endswith("\n"):
            line = line.lstrip(" ")
        if line:
            self._write(line)

    def _write(self, line: str) -> None:
        if self._runs is None:
            self._open_runs({"kind": "paragraph"})
        assert self._runs is not None
        styles = {name: value for name, value in self._styles if value}
        if self._runs and {name: value for name, value in self._runs[-1].items() if name != "text"} == styles:
            self._runs[-1]["text"] += line
        else:
            self._runs.append({"text": line, **styles})

    def _add(self, block: Block) -> Block:
        self._runs = None
        self._into[-1].append(block)
        return block

    def _open_runs(self, block: Block) -> None:
        self._add(block)["runs"] = self._runs = []

    def _open_blocks(self, items: list[list[Block]]) -> None:
        self._runs = None
        items.append([])
        self._into.append(items[-1])

    def _open_cell(self, table: Block, tag: str, align: str | None) -> None:
        self._runs = []
        if tag == "th":
            table["head"].append(self._runs)
            table["columns"].append(_ALIGNED.get(align or "", "left"))
        else:
            table["rows"][-1].append(self._runs)

    def _last(self, kind: str) -> Block:
        """The block that is being filled: lists and tables stay the last of where they stand while they are open."""
        block = self._into[-1][-1]
        assert block["kind"] == kind
        return block

"""Strangers' PDFs made into one of ours: read with care, cleaned, numbered page by page, bookmarked.

All of it runs apart and within a time: what vendors and people send may be locked, damaged or meant to hurt. Only pages
are taken over. What a file can do besides (scripts, forms, attachments, its own metadata) stays behind.
"""

import io
import logging
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from .apart import apart, apart_within, with_memory

MOST_PAGES, MOST_MARKS, DEEPEST = 1000, 200, 4
"""Of one document: its pages, and how many of its own bookmarks we take over, how far down."""
READING, BINDING = 30.0, 300.0
"""Seconds: for one document; for all of them, which are ours by then."""
MOST_MEMORY = 700_000_000
"""Bytes that reading one document may take."""
STRIP = 18.0
"""Points that a page grows at its foot, so that its number hides nothing of it."""
LONGEST_MARK = 120
END_WITHIN = 4096


class Unreadable(Exception):
    """Why a document cannot be bound, as the end of a sentence that begins with its name."""


class Mark(NamedTuple):
    """A bookmark: how deep, what it says, and to which page of its document, counted from 0."""

    depth: int
    title: str
    page: int


class Sheaf(NamedTuple):
    """A document that was read: nothing but its pages, how wide each is as one sees it, and its bookmarks."""

    content: bytes
    widths: tuple[float, ...]
    marks: tuple[Mark, ...]

    @property
    def pages(self) -> int:
        return len(self.widths)


class Part(NamedTuple):
    """What is bound: under a bookmark of its own, or, without a title, under those it brings. `strips` is a PDF with a
    foot for each of its pages, or none where they have one."""

    title: str
    sheaf: Sheaf
    strips: bytes = b""


def read(content: bytes) -> Sheaf:
    """A stranger's PDF, cleaned. Raises Unreadable."""
    try:
        return apart_within(READING, with_memory, MOST_MEMORY, _read, content)
    except TimeoutError:
        raise Unreadable("takes too long to read") from None
    except (EOFError, MemoryError, SystemError):  # the last is how Python says so when there is none left to say it
        raise Unreadable("is too much to read") from None


def picture(content: bytes) -> Sheaf:
    """A stranger's picture as a page: drawn anew, without what a camera writes into it. Raises Unreadable."""
    try:
        return apart_within(READING, with_memory, MOST_MEMORY, _pictured, content)
    except TimeoutError:
        raise Unreadable("takes too long to read") from None
    except (EOFError, MemoryError, SystemError):  # the last is how Python says so when there is none left to say it
        raise Unreadable("is too much to read") from None


def bind(parts: Sequence[Part], *, title: str, author: str, made_at: str) -> bytes:
    """One PDF of them in order; the same parts give the same bytes. `made_at` is written as PDF dates are."""
    return apart_within(BINDING, _bound, tuple(parts), {"/Title": title, "/Author": author, "/CreationDate": made_at})


def own(content: bytes) -> Sheaf:
    """A PDF of ours, to be bound with others."""
    return apart(_read, content)


# Reading --------------------------------------------------------------------------------------------------------------

_KEPT = ("/Type", "/Resources", "/Contents", "/Rotate", "/UserUnit", "/Group")
"""What a page keeps, beside its size: the rest are actions, threads, thumbnails, other programs' notes."""
_DROPPED = ("/Popup", "/FileAttachment", "/Sound", "/Movie", "/Screen", "/RichMedia", "/3D", "/PrinterMark", "/TrapNet")
_OF_A_NOTE = ("/Type", "/Subtype", "/Rect", "/AP", "/AS", "/F", "/Border", "/BS", "/C", "/CA", "/QuadPoints", "/MK")


def _read(content: bytes) -> Sheaf:
    import pypdf  # only documents need it  # noqa: PLC0415

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it would quote the file
    if b"%%EOF" not in content[-END_WITHIN:]:
        raise Unreadable("is damaged: its end is missing")
    try:
        return _cleaned(pypdf.PdfReader(io.BytesIO(content)))
    except (Unreadable, MemoryError):
        raise
    except Exception:  # a stranger's file breaks readers in any way there is
        raise Unreadable("is damaged") from None


def _cleaned(reader: Any) -> Sheaf:
    import pypdf  # as above  # noqa: PLC0415

    if reader.is_encrypted and not reader.decrypt(""):
        raise Unreadable("is locked with a password")
    count = len(reader.pages)
    if not count:
        raise Unreadable("is damaged: it has no pages")
    if count > MOST_PAGES:
        raise Unreadable(f"has more than {MOST_PAGES} pages")
    writer, widths = _writer(), []
    for page in reader.pages:
        if "/Contents" in page and isinstance(page["/Contents"], (type(None), pypdf.generic.NullObject)):
            raise Unreadable("is damaged: a page of it is missing")
        left, bottom, right, top = _seen(page)
        if right - left < 1 or top - bottom < 1:
            raise Unreadable("is damaged: a page of it has no size")
        _clean(page)
        writer.add_page(page)
        sideways = (page.rotation or 0) % 180
        widths.append((top - bottom if sideways else right - left) * _unit(page))
    return Sheaf(_written(writer), tuple(widths), tuple(_marks_of(reader)))


def _seen(page: Any) -> tuple[float, float, float, float]:
    """What of a page is seen."""
    crop, media = page.cropbox, page.mediabox
    return (
        max(float(crop.left), float(media.left)),
        max(float(crop.bottom), float(media.bottom)),
        min(float(crop.right), float(media.right)),
        min(float(crop.top), float(media.top)),
    )


def _unit(page: Any) -> float:
    return max(float(page.get("/UserUnit", 1) or 1), 0.01)


def _clean(page: Any) -> None:
    """Leave what is drawn, and links that lead to the web."""
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject, RectangleObject  # noqa: PLC0415 (as above)

    seen = RectangleObject(_seen(page))
    notes = [note.get_object() for note in page.get("/Annots") or ()]
    for name in [name for name in page if name not in _KEPT]:
        del page[name]
    page[NameObject("/MediaBox")] = seen
    kept = ArrayObject()
    for note in notes:
        if isinstance(note, DictionaryObject) and note.get("/Subtype") not in _DROPPED:
            kept.append(_note(note))
    if kept:
        page[NameObject("/Annots")] = kept


def _note(note: Any) -> Any:
    from pypdf.generic import DictionaryObject, NameObject  # as above  # noqa: PLC0415

    plain = DictionaryObject({NameObject(name): note.raw_get(name) for name in _OF_A_NOTE if name in note})
    act = note.get("/A")
    if isinstance(act, DictionaryObject) and act.get("/S") == "/URI" and _is_web(act.get("/URI")):
        plain[NameObject("/A")] = DictionaryObject(
            {NameObject("/S"): NameObject("/URI"), NameObject("/URI"): act.raw_get("/URI")}
        )
    return plain


def _is_web(address: Any) -> bool:
    return str(address).casefold().startswith(("https://", "http://", "mailto:"))


def _marks_of(reader: Any) -> Iterator[Mark]:
    """Its bookmarks, as far as they can be followed: a broken one takes no page away from anybody."""
    try:
        found = list(_flat(reader, reader.outline, 0))
    except Exception:  # as above; the pages are good
        return
    yield from found[:MOST_MARKS]


def _flat(reader: Any, outline: Sequence[Any], depth: int) -> Iterator[Mark]:
    for each in outline:
        if isinstance(each, list):
            if depth < DEEPEST:
                yield from _flat(reader, each, depth + 1)
        elif (page := reader.get_destination_page_number(each)) is not None and page >= 0:
            yield Mark(depth, " ".join(str(each.title or "").split())[:LONGEST_MARK], page)


# Pictures -------------------------------------------------------------------------------------------------------------

MOST_PIXELS, MOST_DRAWN = 60_000_000, 2400
"""Of a picture that is opened at all; and of its longer side on the page: what A4 shows at 220 to the inch."""
PAPER, MARGIN = (595.28, 841.89), 34.0
"""A4, in points."""


def _pictured(content: bytes) -> Sheaf:
    from PIL import Image, ImageOps  # only pictures need it  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Unreadable("is too large a picture")
            upright = ImageOps.exif_transpose(opened)
            upright.thumbnail((MOST_DRAWN, MOST_DRAWN))
            drawn = Image.new("RGB", upright.size, "white")
            whole = upright.convert("RGBA")
            drawn.paste(whole, mask=whole.getchannel("A"))
    except (Unreadable, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise Unreadable("is too large a picture") from None
    except Exception:  # as with PDFs
        raise Unreadable("is damaged") from None
    packed = io.BytesIO()
    drawn.save(packed, "JPEG", quality=90)
    return _page_of(packed.getvalue(), drawn.width, drawn.height)


def _page_of(jpeg: bytes, width: int, height: int) -> Sheaf:
    """A page of A4, lying when the picture does."""
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, NumberObject, StreamObject  # noqa: PLC0415

    writer = _writer()
    wide, high = sorted(PAPER, reverse=width > height)
    image = StreamObject()
    image.set_data(jpeg)
    facts = {"/Type": "/XObject", "/Subtype": "/Image", "/ColorSpace": "/DeviceRGB", "/Filter": "/DCTDecode"}
    image.update({NameObject(name): NameObject(value) for name, value in facts.items()})
    sizes = {"/Width": width, "/Height": height, "/BitsPerComponent": 8}
    image.update({NameObject(name): NumberObject(value) for name, value in sizes.items()})
    page = writer.add_blank_page(wide, high)
    scale = min((wide - 2 * MARGIN) / width, (high - 2 * MARGIN) / height)
    across, up = width * scale, height * scale
    drawing = DecodedStreamObject()
    drawing.set_data(
        f"q {across:.3f} 0 0 {up:.3f} {(wide - across) / 2:.3f} {(high - up) / 2:.3f} cm /Picture Do Q".encode()
    )
    held = DictionaryObject({NameObject("/Picture"): writer._add_object(image)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): held})
    page[NameObject("/Contents")] = writer._add_object(drawing)
    return Sheaf(_written(writer), (wide,), ())


# Binding --------------------------------------------------------------------------------------------------------------


def _bound(parts: Sequence[Part], told: dict[str, str]) -> bytes:
    import pypdf  # only documents need it  # noqa: PLC0415

    writer = _writer()
    first = 0
    for part in parts:
        pages = pypdf.PdfReader(io.BytesIO(part.sheaf.content)).pages
        strips = pypdf.PdfReader(io.BytesIO(part.strips)).pages if part.strips else ()
        for number, page in enumerate(pages):
            added = writer.add_page(page)
            if strips:
                _put_foot(writer, added, strips[number])
        _bookmark(writer, part, first)
        first += len(pages)
    writer.add_metadata({"/Producer": "coachbase", **told})
    return _written(writer)


def _bookmark(writer: Any, part: Part, first: int) -> None:
    """Its own bookmark, and below it those it brings, each below the last one that was less deep."""
    above: list[Any] = [writer.add_outline_item(part.title, first)] if part.title else []
    held = len(above)
    for mark in part.sheaf.marks:
        del above[held + mark.depth :]
        parent = above[-1] if above else None
        above.append(writer.add_outline_item(mark.title, first + mark.page, parent=parent, is_open=False))


def _put_foot(writer: Any, page: Any, strip: Any) -> None:
    """Let the page grow at the end that is its foot when it is read, and draw the strip there, in front of the rest.

    In front, because what a page leaves turned or scaled behind it would turn the strip as well; and the page may draw
    where it could before, and nowhere else.
    """
    from pypdf.generic import (  # as above  # noqa: PLC0415
        ArrayObject,
        DecodedStreamObject,
        NameObject,
        RectangleObject,
    )

    left, bottom, right, top = box = _seen(page)
    high = STRIP / _unit(page)
    scale = 1 / _unit(page)
    grown, matrix = _foot(box, (page.rotation or 0) % 360, high, scale)
    form = DecodedStreamObject()
    form.set_data(strip.get_contents().get_data())
    form.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): RectangleObject(_seen(strip)),
            NameObject("/Resources"): strip["/Resources"].clone(writer),
        }
    )
    resources = _copied(page.get("/Resources"))
    drawn = _copied(resources.get("/XObject"))
    drawn[NameObject("/CoachbaseFoot")] = writer._add_object(form.flate_encode())
    resources[NameObject("/XObject")] = drawn
    before = DecodedStreamObject()
    placed = " ".join(f"{number:.4f}" for number in matrix)
    clip = f"{left:.4f} {bottom:.4f} {right - left:.4f} {top - bottom:.4f}"
    before.set_data(f"q {placed} cm /CoachbaseFoot Do Q q {clip} re W n\n".encode())
    after = DecodedStreamObject()
    after.set_data(b"\nQ")
    old = page.get("/Contents")
    streams = list(old) if isinstance(old, ArrayObject) else [page.raw_get("/Contents")] if old is not None else []
    page[NameObject("/Contents")] = ArrayObject([writer._add_object(before), *streams, writer._add_object(after)])
    page[NameObject("/Resources")] = resources
    page[NameObject("/MediaBox")] = RectangleObject(grown)


def _copied(dictionary: Any) -> Any:
    """Its own of what several pages may share."""
    from pypdf.generic import DictionaryObject  # as above  # noqa: PLC0415

    return DictionaryObject(dictionary.get_object()) if dictionary is not None else DictionaryObject()


def _foot(
    box: tuple[float, float, float, float], turned: int, high: float, scale: float
) -> tuple[tuple[float, float, float, float], tuple[float, ...]]:
    """The page grown at what is its foot once it is turned (clockwise), and how the strip is laid there."""
    left, bottom, right, top = box
    match turned:
        case 90:
            return (left, bottom, right + high, top), (0, scale, -scale, 0, right + high, bottom)
        case 180:
            return (left, bottom, right, top + high), (-scale, 0, 0, -scale, right, top + high)
        case 270:
            return (left - high, bottom, right, top), (0, -scale, scale, 0, left - high, top)
        case _:
            return (left, bottom - high, right, top), (scale, 0, 0, scale, left, bottom - high)


def _writer() -> Any:
    import pypdf  # as above  # noqa: PLC0415

    return pypdf.PdfWriter()


def _written(writer: Any) -> bytes:
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()

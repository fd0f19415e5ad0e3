"""PDFs that say something, and hostile ones, made by hand: small enough to read."""

import io
import zlib

import pypdf
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject


def pdf(*pages):
    """A PDF with a text on each page."""
    writer = pypdf.PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    kept = writer._add_object(font)
    for text in pages:
        page = writer.add_blank_page(595, 842)
        fonts = DictionaryObject({NameObject("/F1"): kept})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        lines = "".join(f"({line}) Tj 0 -14 Td " for line in text.split("\n"))
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 60 780 Td {lines}ET".encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def locked(*pages):
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(*pages)))
    writer.encrypt("a secret", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def by_hand(*objects):
    """A PDF of numbered objects, the first of which is its catalogue."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out) + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)


def stream(content, more=b""):
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), more, content)


def _one_page(contents, *others):
    catalogue, pages = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    return by_hand(catalogue, pages, page, contents, font, *others)


def bomb(size=100_000_000):
    """A stream of some kilobytes that unpacks to this many bytes of operators."""
    return _one_page(
        stream(zlib.compress(b"BT /F1 9 Tf\n" + b"(aaaaaaa) Tj\n" * (size // 13), 9), b"/Filter/FlateDecode")
    )


def blank(size):
    """A page of this many spaces: soon read, if there is room for them."""
    return _one_page(stream(zlib.compress(b" " * size, 9), b"/Filter/FlateDecode"))


def nested_bomb(size=200_000_000):
    """Packed twice: each layer a thousand times smaller."""
    once = zlib.compress(b"\0" * size, 9)
    return _one_page(stream(zlib.compress(once, 9), b"/Filter[/FlateDecode/FlateDecode]"))


def endless_pages():
    """A page tree that holds itself."""
    return by_hand(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000000>>")


def deep(levels=20_000):
    """Arrays in arrays."""
    return _one_page(stream(b"BT /F1 9 Tf " + b"[" * levels + b"]" * levels + b" TJ ET"))


def many_pages(count=200_000):
    kids = b"3 0 R " * count
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>>>"
    tree = b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids)
    return by_hand(b"<</Type/Catalog/Pages 2 0 R>>", tree, page, stream(b"BT (x) Tj ET"))


def many_objects(count=300_000):
    return _one_page(stream(b"BT (x) Tj ET"), *(b"<</A %d 0 R>>" % (at + 7) for at in range(count)))


def self_including():
    """A form that draws itself."""
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>"
    return by_hand(
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page,
        stream(b"/X Do /X Do"), stream(b"/X Do /X Do", form),
    )  # fmt: skip


def looped_references():
    return by_hand(b"<</Type/Catalog/Pages 2 0 R>>", b"3 0 R", b"4 0 R", b"3 0 R")


def looped_tables():
    """An older table of contents that is the same one again."""
    whole = _one_page(stream(b"BT (x) Tj ET"))
    start = whole.rindex(b"xref\n0")
    return whole.replace(b"/Root 1 0 R>>", b"/Root 1 0 R/Prev %d>>" % start)


HOSTILE = {
    "cut off": lambda: pdf("x")[:200],
    "only a head": lambda: b"%PDF-1.7\n",
    "noise": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 400,
    "a stream of 100 MB": bomb,
    "packed twice": nested_bomb,
    "pages in pages": endless_pages,
    "arrays in arrays": deep,
    "many pages": many_pages,
    "many objects": many_objects,
    "a form that draws itself": self_including,
    "references in a circle": looped_references,
    "tables in a circle": looped_tables,
    "unclosed arrays": lambda: b"%PDF-1.7\n" + b"[" * 5_000_000,
    "unclosed dictionaries": lambda: b"%PDF-1.7\n1 0 obj\n" + b"<</A" * 2_000_000,
    "endless whitespace": lambda: b"%PDF-1.7\n" + b" " * 20_000_000 + b"startxref\n1\n%%EOF",
}

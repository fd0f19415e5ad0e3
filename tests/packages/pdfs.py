"""PDFs as vendors send them, and as they should not."""

import io

import pypdf
import typst
from pypdf.generic import DictionaryObject, NameObject, StreamObject, TextStringObject


def report(*words: str, pages: int = 1, title: str = "Report", javascript: bool = False) -> bytes:
    """A report whose pages say `words`, a chapter a page, with bookmarks of its own."""
    text = " ".join(words)
    chapters = [f"= {title} {number}\n{text}\n== Scale {number}\nA scale.\n" for number in range(1, pages + 1)]
    source = '#set document(date: none)\n#set page(paper: "us-letter")\n' + "#pagebreak()\n".join(chapters)
    content = typst.compile(source.encode(), format="pdf")
    if not javascript:
        return content
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    action = DictionaryObject({NameObject("/S"): NameObject("/JavaScript")})
    action[NameObject("/JS")] = TextStringObject("app.alert('zqscript')")
    writer._root_object[NameObject("/OpenAction")] = writer._add_object(action)
    writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): writer._add_object(action)})
    writer.add_attachment("zqattached.txt", b"zqattachedwords")
    writer.add_metadata({"/Author": "zqauthor"})
    return written(writer)


def locked(content: bytes, password: str = "secret", *, owner_only: bool = False) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt("" if owner_only else password, password, algorithm="AES-256")
    return written(writer)


def turned(content: bytes, degrees: int) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    for page in writer.pages:
        page.rotate(degrees)
    return written(writer)


def written(writer: pypdf.PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def picture(width: int = 40, height: int = 20, kind: str = "PNG") -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (width, height), (30, 90, 90)).save(out, kind)
    return out.getvalue()


def words_on(content: bytes) -> list[str]:
    """What each page says."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def bookmarks_of(content: bytes) -> list[tuple[int, str, int]]:
    """(depth, title, number of the page) of each."""
    reader = pypdf.PdfReader(io.BytesIO(content))

    def flat(outline, depth):
        for each in outline:
            if isinstance(each, list):
                yield from flat(each, depth + 1)
            else:
                yield depth, each.title, reader.get_destination_page_number(each) + 1

    return list(flat(reader.outline, 0))


def everything_in(content: bytes) -> bytes:
    """The file, and all that is packed in it unpacked: every object, every stream, and what each page says."""
    reader = pypdf.PdfReader(io.BytesIO(content))
    numbers = {number for generation in reader.xref.values() for number in generation} | set(reader.xref_objStm)
    parts = [content, "\n".join(words_on(content)).encode()]
    for number in sorted(numbers):
        found = reader.get_object(number)
        parts.append(repr(found).encode("utf-8", "replace"))
        if isinstance(found, StreamObject):
            parts.append(found._data if found.get("/Filter") == "/DCTDecode" else found.get_data())
    whole = b"\n".join(parts)
    return whole + whole.replace(b"\0", b"")

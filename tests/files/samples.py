"""Small files that are what they say, and hostile ones that are not."""

import io
import zipfile

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF"
WEBP = b"RIFF\x1a\0\0\0WEBPVP8L"
ICS = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
HTML = b"<!doctype html><script>alert(document.domain)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


def office(folder="word/", *, more=()):
    """A ZIP with the parts of an Office file, and `more` pairs of name and content."""
    return archive([("[Content_Types].xml", b"<Types/>"), (f"{folder}document.xml", b"<x/>"), *more])


def archive(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts:
            file.writestr(name, content)
    return out.getvalue()


GOOD = {
    "agreement.pdf": PDF,
    "scan.PNG": PNG,
    "photo.jpg": JPEG,
    "photo.jpeg": JPEG,
    "photo.webp": WEBP,
    "plan.docx": office("word/"),
    "raters.xlsx": office("xl/"),
    "notes.txt": "Grüße, 東京\n".encode(),
    "old.txt": "Grüße".encode("latin-1"),
    "kickoff.ics": b"\xef\xbb\xbf" + ICS,
    "raters.csv": b"name,mail\r\nBob,bob@example.com\r\n",
}

"""P13: a sealed PDF. Somebody else's program finds the seal valid, and of every 400 changed bytes each is detected."""

import io
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pypdf
import pytest
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from coachbase.db import new_public_id
from coachbase.evidence import actions
from coachbase.evidence.models import ProvableFile, SealKey
from coachbase.evidence.rules import Outcome, Place, markers_in
from coachbase.evidence.tasks import seal
from tests.evidence.conftest import Signed, draw, keep
from tests.evidence.test_rules import pkcs12_file

FLIPS = 400


def pdfsig(pdf: bytes, folder) -> str:
    path = folder / "sealed.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False).stdout


def flipped(pdf: bytes, place: int, bit: int) -> bytes:
    return pdf[:place] + bytes([pdf[place] ^ 1 << bit]) + pdf[place + 1 :]


def gap_of(pdf: bytes) -> tuple[int, int]:
    """Where the signature itself stands, which no signature covers."""
    _, first, second, _ = map(int, re.findall(rb"/ByteRange ?\[(\d+) (\d+) (\d+) (\d+)", pdf)[-1])
    return first, second


def regions(pdf: bytes) -> dict[str, list[int]]:
    """Places of every kind of part a PDF has."""
    gap = gap_of(pdf)
    found = {
        "header": [0, 20],
        "signature": [*gap],
        "signature dictionary": [gap[1], gap[1] + 250],
        "end": [len(pdf) - 60, len(pdf)],
    }
    for name, pattern in {
        "marker": rb"coachbase\w{26}",
        "trailer": rb"trailer.{0,80}",
        "cross-reference table": rb"xref\n.{0,400}",
        "attachment": rb"/EmbeddedFile\b.{0,600}",
        "page": rb"/Contents.{0,200}",
        "font": rb"/FontFile2.{0,40}",
    }.items():
        last = list(re.finditer(pattern, pdf, re.DOTALL))[-1]
        found[name] = [last.start(), last.end()]
    return found


def places(pdf: bytes) -> list[int]:
    """Evenly over the file, and some in every kind of part."""
    chance = random.Random(13)
    of_parts = [chance.randrange(*part) for part in regions(pdf).values() for _ in range(12)]
    rest = FLIPS - len(of_parts)
    return of_parts + [number * len(pdf) // rest for number in range(rest)]


def answer_to(pdf: bytes) -> Outcome:
    file = ProvableFile.behind(pdf)
    return file.verdict_on(pdf).outcome if file else Outcome.UNKNOWN


def test_a_sealed_file_is_unchanged_and_everything_about_it_is_told(signed):
    verdict = ProvableFile.behind(signed.sealed).verdict_on(signed.sealed)
    assert verdict.outcome is Outcome.UNCHANGED
    assert (verdict.is_sealed, verdict.signatures, verdict.broken) == (True, 3, "")
    assert verdict.fingerprint == SealKey.in_use().fingerprint
    assert verdict.completed_at is not None


def test_every_changed_byte_of_400_is_detected_and_named(signed):
    chance, wrong = random.Random(7), []
    for place in places(signed.sealed):
        pdf = flipped(signed.sealed, place, chance.randrange(8))
        file = ProvableFile.behind(pdf)
        verdict = file and file.verdict_on(pdf)
        told = verdict and [(one.first, one.end) for one in verdict.differences]
        if verdict is None or verdict.outcome is not Outcome.CHANGED or told != [(place, place + 1)]:
            wrong.append((place, verdict))
    assert wrong == []


def is_sound_by_signature_alone(pdf: bytes) -> bool:
    """What a careful program says that trusts our certificate, and asks the signature and nothing else.

    In a thread of its own: pyHanko runs an event loop, and the browser's leaves one running in the thread of the tests.
    """
    [ours] = load_certs_from_pemder_data(SealKey.in_use().certificates.encode())
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_is_sound, pdf, ValidationContext(trust_roots=[ours])).result()


def _is_sound(pdf: bytes, trust: ValidationContext) -> bool:
    try:
        [embedded] = PdfFileReader(io.BytesIO(pdf), strict=False).embedded_signatures
        status = validate_pdf_signature(embedded, trust)
    except Exception:  # who falls over has not called it sound
        return False
    return status.bottom_line and status.coverage is SignatureCoverageLevel.ENTIRE_FILE


def test_the_signature_alone_would_miss_changes_in_its_own_gap(signed):
    """Why the stored SHA-256 is asked first: take it away, and these come through."""
    first, second = gap_of(signed.sealed)
    in_gap = [flipped(signed.sealed, place, 0) for place in range(first + 1, second - 1, (second - first) // 60)]
    assert is_sound_by_signature_alone(signed.sealed)
    missed = [pdf for pdf in in_gap if is_sound_by_signature_alone(pdf)]
    assert not is_sound_by_signature_alone(flipped(signed.sealed, 5000, 0))
    print(f"\n{len(missed)} of {len(in_gap)} changes in the gap pass the signature alone; none passes us")
    assert missed
    assert {answer_to(pdf) for pdf in missed} == {Outcome.CHANGED}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda pdf: pdf + b"\n% signed, really", Place.APPENDED),
        (lambda pdf: pdf[:-7], Place.COVERED),
        (lambda pdf: pdf.replace(b"Signed by all", b"Signed by two"), Place.COVERED),
    ],
)
def test_what_is_added_cut_off_or_written_over_is_told_with_its_place(signed, change, place):
    verdict = ProvableFile.behind(change(signed.sealed)).verdict_on(change(signed.sealed))
    assert verdict.outcome is Outcome.CHANGED
    assert {one.place for one in verdict.differences} == {place}


def test_a_file_saved_anew_by_another_program_is_changed(signed):
    writer, written = pypdf.PdfWriter(clone_from=io.BytesIO(signed.sealed)), io.BytesIO()
    writer.write(written)
    assert answer_to(written.getvalue()) is Outcome.CHANGED


def test_another_document_is_unknown(signed):
    assert answer_to(draw("")) is Outcome.UNKNOWN
    assert answer_to(draw(new_public_id())) is Outcome.UNKNOWN
    assert answer_to(b"") is Outcome.UNKNOWN


def test_the_marker_stands_where_no_single_byte_can_hide_it(signed):
    stamp = f"coachbase{signed.sealed_file.public_id}".encode()
    assert signed.sealed.count(stamp) >= 6
    assert markers_in(signed.sealed)[0] == signed.sealed_file.public_id


def test_pdfsig_finds_the_seal_valid_over_the_whole_file(signed, tmp_path):
    said = pdfsig(signed.sealed, tmp_path)
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert said.count("Signature #") == 1


def test_pdfsig_sees_what_was_changed_under_the_seal(signed, tmp_path):
    assert "Signature is Valid." not in pdfsig(flipped(signed.sealed, 5000, 0), tmp_path)
    assert "Total document signed" not in pdfsig(signed.sealed + b"\n% more\n", tmp_path)


def test_the_attachments_are_what_was_attached(signed):
    attached = pypdf.PdfReader(io.BytesIO(signed.sealed)).attachments
    assert attached == {"agreement.pdf": [signed.sent], "evidence.json": [b'{"events": []}']}


def test_the_firms_own_certificate_seals_and_is_named(signed: Signed, tmp_path):
    before = signed.sealed_file.verdict_on(signed.sealed).fingerprint
    own = actions.load_key(pkcs12_file(usage=True), "quiet")
    marker = new_public_id()
    sealed = seal(draw(marker), marker=marker, reason="Signed by all", attachments={})
    assert "Northbank Coaching Ltd" in pdfsig(sealed, tmp_path)
    assert keep(signed.subject, sealed, marker=marker, is_sealed=True).verdict_on(sealed).fingerprint == own.fingerprint
    assert signed.sealed_file.verdict_on(signed.sealed).fingerprint == before != own.fingerprint

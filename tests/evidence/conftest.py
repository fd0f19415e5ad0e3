"""A document of three signatures as the agreements room would leave it: sent, signed, sealed, with its trail."""

from dataclasses import dataclass

import pytest

from coachbase import paper
from coachbase.db import new_public_id, transaction
from coachbase.evidence import actions
from coachbase.evidence.models import ProvableFile
from coachbase.evidence.tasks import seal
from coachbase.files import actions as files
from tests.test_paper import agreement, certificate

NAMES = {"name": "Bob Haddad", "email": "bob@brightwater.example"}


@dataclass
class Signed:
    """One subject with the PDF that was sent, and the one that was sealed."""

    subject: str
    sent: bytes
    sealed: bytes
    sealed_file: ProvableFile


def trail(subject: str, *kinds: str) -> None:
    for number, kind in enumerate(kinds, 1):
        actions.append(subject, kind, {"step": number}, NAMES | {"step": number})


def keep(subject: str, pdf: bytes, *, marker: str, is_sealed: bool) -> ProvableFile:
    with transaction():
        document = files.store(pdf, "agreement.pdf", client=None)
        actions.append(subject, "sealed" if is_sealed else "frozen", {"sha256": document.sha256})
        return actions.keep(subject, document, marker=marker, is_sealed=is_sealed)


def draw(marker: str, words: str = "Bob and Alice agree.") -> bytes:
    return paper.render("agreement", agreement(blocks=paper.blocks_of(words)), marker=marker)


@pytest.fixture
def waiting(cast) -> tuple[str, bytes]:
    """A subject and its PDF that was sent and not signed yet."""
    subject, marker = new_public_id(), new_public_id()
    pdf = draw(marker)
    keep(subject, pdf, marker=marker, is_sealed=False)
    return subject, pdf


@pytest.fixture
def signed(waiting) -> Signed:
    subject, sent = waiting
    trail(subject, "sent", "signed", "signed", "signed", "completed")
    marker = new_public_id()
    whole = paper.join(draw(marker), paper.render("certificate", certificate(), marker=marker))
    attached = {"agreement.pdf": sent, "evidence.json": b'{"events": []}'}
    sealed = seal(whole, marker=marker, reason="Signed by all", attachments=attached)
    return Signed(subject, sent, sealed, keep(subject, sealed, marker=marker, is_sealed=True))


def upload(pdf: bytes, name: str = "agreement.pdf") -> dict[str, object]:
    """What a test client posts. Written out here: for a large file its own way leaves a temporary one open."""
    head = f'--cut\r\nContent-Disposition: form-data; name="pdf"; filename="{name}"\r\n\r\n'
    return {"data": head.encode() + pdf + b"\r\n--cut--\r\n", "content_type": "multipart/form-data; boundary=cut"}

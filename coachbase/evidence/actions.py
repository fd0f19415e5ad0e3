"""Write audit trails, keep files that can be proved, make and load the key that seals."""

from collections.abc import Mapping

from ..db import atomic
from ..files.models import Document
from .models import ProvableFile, SealKey, TrailEvent


@atomic
def append(
    subject: str, kind: str, facts: Mapping[str, object], detail: Mapping[str, object] | None = None
) -> TrailEvent:
    """Add an event to the trail of a subject (a public id).

    `facts` go into the chain and hold no personal data; `detail` (names, addresses, marks) stands beside it, sealed.
    """
    raise NotImplementedError


@atomic
def keep(subject: str, document: Document, *, marker: str, is_sealed: bool) -> ProvableFile:
    """Remember a PDF that people may bring to be checked; `marker` is the id that stands in it. Frozen from now on."""
    raise NotImplementedError


@atomic
def make_key(name: str) -> SealKey:
    """A key and a self-signed certificate for the firm, made at the installation; the one before is retired."""
    raise NotImplementedError


@atomic
def load_key(content: bytes, password: str) -> SealKey:
    """Use the firm's own certificate, a PKCS #12 file. Raises Refused when it cannot be read or cannot sign."""
    raise NotImplementedError

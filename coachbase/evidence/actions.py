"""Write audit trails, keep files that can be proved, make and load the key that seals."""

import secrets
from collections.abc import Mapping

from .. import clock
from ..db import atomic
from ..errors import Stale
from ..files.models import Document
from .models import ProvableFile, SealKey, TrailDetail, TrailEvent
from .rules import NOTHING_BEFORE, Detail, Material, canonical, hash_of, hash_of_detail, new_material, read_material


@atomic
def append(
    subject: str, kind: str, facts: Mapping[str, object], detail: Mapping[str, object] | None = None
) -> TrailEvent:
    """Add an event to the trail of a subject (a public id).

    `facts` go into the chain and hold no personal data; `detail` (names, addresses, marks) stands beside it, sealed.
    """
    last = TrailEvent.last_of(subject)
    number, previous = (last.number + 1, last.hash) if last else (1, NOTHING_BEFORE)
    now, chained = clock.now(), canonical(dict(facts))
    beside = Detail(secrets.token_hex(16), canonical(dict(detail))) if detail else None
    detail_hash = hash_of_detail(beside) if beside else ""
    event = TrailEvent.create(
        subject=subject,
        number=number,
        kind=kind,
        at=now,
        facts=chained,
        detail_hash=detail_hash,
        previous_hash=previous,
        hash=hash_of(subject, number, kind, now, chained, detail_hash=detail_hash, previous_hash=previous),
    )
    if beside:
        TrailDetail.create(event=event, salt=beside.salt, content=beside.content)
    return event


@atomic
def keep(subject: str, document: Document, *, marker: str, is_sealed: bool) -> ProvableFile:
    """Remember a PDF that people may bring to be checked; `marker` is the id that stands in it. Frozen from now on.

    An event of the trail must name the document's SHA-256 in its facts. What the subject had before counts as replaced.
    """
    now = clock.now()
    ProvableFile.update(replaced_at=now).where(
        ProvableFile.subject == subject, ProvableFile.replaced_at.is_null()
    ).execute()
    return ProvableFile.create(
        public_id=marker,
        subject=subject,
        document=document,
        sha256=document.sha256,
        size=document.size,
        is_sealed=is_sealed,
        made_at=now,
    )


@atomic
def make_key(name: str, *, instead_of: str | None = None) -> SealKey:
    """A key and a self-signed certificate for the firm, made at the installation; the one before is retired.

    Raises Stale when another key than `instead_of` is in use by now.
    """
    return _put_in_use(new_material(name, clock.now()), is_own=False, instead_of=instead_of)


@atomic
def load_key(content: bytes, password: str, *, instead_of: str | None = None) -> SealKey:
    """Use the firm's own certificate, a PKCS #12 file. Raises Refused when it cannot be read or cannot sign.

    Raises Stale when another key than `instead_of` is in use by now.
    """
    return _put_in_use(read_material(content, password, clock.now()), is_own=True, instead_of=instead_of)


def _put_in_use(material: Material, *, is_own: bool, instead_of: str | None) -> SealKey:
    in_use = SealKey.in_use()
    if instead_of is not None and instead_of != (in_use.public_id if in_use else ""):
        raise Stale("Somebody else changed the certificate meanwhile. Look at the one in use, then decide again.")
    now = clock.now()
    SealKey.update(retired_at=now).where(SealKey.retired_at.is_null()).execute()
    return SealKey.create(**material._asdict(), is_own=is_own, made_at=now)

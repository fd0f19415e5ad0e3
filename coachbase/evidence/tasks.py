"""The slow edge: sealing a PDF. Imported by the workers of other rooms."""

import io
from typing import Any, NamedTuple

from .. import clock
from ..apart import apart
from ..db import transaction
from ..firm.models import Firm
from ..paper import stamp_of
from .models import SealKey
from .rules import new_material

FIELD = "Seal"


def seal(pdf: bytes, *, marker: str, reason: str, attachments: dict[str, bytes]) -> bytes:
    """The PDF with files attached and a PAdES seal over the whole of it, by the key in use.

    `marker` (the later ProvableFile's public id) is written into it in several places, so that no single changed byte
    hides what file this was.
    """
    key = _key_in_use()
    means = Means(key.subject, key.private_key, key.certificates)
    return apart(_sealed, pdf, means, stamp_of(marker), reason, attachments)


class Means(NamedTuple):
    """What seals: it travels to the process that does it."""

    subject: str
    private_key: bytes
    certificates: str


def _sealed(pdf: bytes, means: Means, stamp: str, reason: str, attachments: dict[str, bytes]) -> bytes:
    """Runs apart: pyHanko takes a second and as much memory as the whole program."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
    from pyhanko.sign import signers  # noqa: PLC0415
    from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field  # noqa: PLC0415

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    for name, content in attachments.items():
        _attach(writer, name, content, stamp)
    append_signature_field(writer, SigFieldSpec(FIELD, on_page=-1))
    about = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        name=means.subject,
        reason=reason,
        location=stamp,
        contact_info=stamp,
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    return signers.sign_pdf(writer, about, signer=_signer(means)).getvalue()


def _attach(writer: Any, name: str, content: bytes, stamp: str) -> None:
    from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file  # see _sealed()  # noqa: PLC0415

    stream = EmbeddedFileObject.from_file_data(writer, content)
    embed_file(writer, FileSpec(name, file_name=name, embedded_data=stream, description=stamp))


def _signer(means: Means) -> Any:
    from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data  # see above  # noqa: PLC0415
    from pyhanko.sign.signers.pdf_cms import SimpleCertificateStore, SimpleSigner  # noqa: PLC0415

    own, *others = load_certs_from_pemder_data(means.certificates.encode())
    chain = SimpleCertificateStore()
    chain.register_multiple(others)
    return SimpleSigner(own, load_private_key_from_pemder_data(means.private_key, None), chain)


def _key_in_use() -> SealKey:
    """The firm's key. An older installation has none yet, and one may have expired: then one is made."""
    with transaction():
        key, now = SealKey.in_use(), clock.now()
        if key is not None and key.expires_at > now:
            return key
        SealKey.update(retired_at=now).where(SealKey.retired_at.is_null()).execute()
        firm = Firm.current()
        return SealKey.create(**new_material(firm.name if firm else "coachbase", now)._asdict(), made_at=now)

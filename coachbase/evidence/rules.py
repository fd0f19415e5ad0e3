"""How a trail is chained and checked, what a changed PDF is told, and which keys may seal.

What the chain proves: an event that was changed, moved, taken out or put in shows, and where. What it cannot prove by
itself: that nobody wrote all of it anew. So its hashes stand in the sealed PDF, too, and the hash of that in mails.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from ..errors import Refused
from ..paper import stamp_of

# The chain ------------------------------------------------------------------------------------------------------------

NOTHING_BEFORE = "0" * 64


class Event(Protocol):
    """One link of a chain, as models.TrailEvent has it."""

    number: int
    kind: str
    at: datetime
    facts: str
    detail_hash: str
    previous_hash: str
    hash: str


class Detail(NamedTuple):
    """What stands beside an event and may be erased."""

    salt: str
    content: str


class Break(NamedTuple):
    """The first event of a chain that is not what it was, and why."""

    number: int
    why: str


def canonical(value: object) -> str:
    """JSON that is always written the same way, so that it always has the same hash."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hash_of(
    subject: str, number: int, kind: str, at: datetime, facts: str, *, detail_hash: str, previous_hash: str
) -> str:
    """What stands as an event's `hash`: over everything in it, and the hash of the one before."""
    return sha256(
        canonical(
            {
                "subject": subject,
                "number": number,
                "kind": kind,
                "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
                "facts": facts,
                "detail_hash": detail_hash,
                "previous_hash": previous_hash,
            }
        )
    )


def hash_of_detail(detail: Detail) -> str:
    """Salted, so that who has the chain alone cannot try names until one fits."""
    return sha256(f"{detail.salt}:{detail.content}")


def first_break(subject: str, events: Iterable[Event], details: Mapping[int, Detail]) -> Break | None:
    """Where the chain is broken; None when it is whole. `details` are by number; what was erased is not among them."""
    previous = NOTHING_BEFORE
    for number, event in enumerate(events, 1):
        if event.number != number:
            return Break(number, f"event {number} is missing")
        if event.previous_hash != previous:
            return Break(number, f"event {number} does not follow from the one before it")
        expected = hash_of(
            subject,
            number,
            event.kind,
            event.at,
            event.facts,
            detail_hash=event.detail_hash,
            previous_hash=previous,
        )
        if event.hash != expected:
            return Break(number, f"event {number} was changed")
        detail = details.get(number)
        if detail is not None and hash_of_detail(detail) != event.detail_hash:
            return Break(number, f"the names and addresses of event {number} were changed")
        previous = event.hash
    return None


# Recognising a PDF ----------------------------------------------------------------------------------------------------

LARGEST = 25_000_000
MOST_MARKERS = 20
MOST_DIFFERENCES = 5
CLOSE = 16
"""Differences with fewer equal bytes than this between them are told as one."""

_STAMP = re.compile(re.escape(stamp_of("").encode()) + rb"([0-9A-HJKMNP-TV-Z]{26})")
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_BLOCK = 4096
MOST_BLOCKS = 100
"""How many blocks with differences are looked into byte by byte."""


class Outcome(StrEnum):
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class Place(StrEnum):
    """Where a difference lies, seen from the seal."""

    COVERED = "covered"
    SEAL = "seal"
    APPENDED = "appended"
    UNSEALED = "unsealed"


class Difference(NamedTuple):
    """Bytes from `first` up to and without `end` of the file that was brought."""

    first: int
    end: int
    place: Place


def markers_in(content: bytes) -> list[str]:
    """The ids of ours that stand in a file; somebody else's file may name them, too."""
    found = dict.fromkeys(match.group(1).decode() for match in _STAMP.finditer(content))
    return list(found)[:MOST_MARKERS]


def differences(given: bytes, kept: bytes) -> list[Difference]:
    """Where a file differs from the one we keep; the first few places.

    A file of another length is compared from both ends, and what lies between is one difference.
    """
    seal = _seal_in(kept)
    if len(given) == len(kept):
        ranges = _differing(given, kept)
    else:
        shared = min(len(given), len(kept))
        front = _alike(given, kept, shared)
        back = min(_alike(given[::-1], kept[::-1], shared), shared - front)
        ranges = [(front, len(given) - back)]
    return [Difference(first, end, _place(first, end, len(kept), seal)) for first, end in ranges]


def _seal_in(kept: bytes) -> tuple[int, int] | None:
    """The gap that the signature itself fills, which no signature can cover."""
    found = list(_BYTE_RANGE.finditer(kept))
    if not found:
        return None
    _, length, second, _ = map(int, found[-1].groups())
    return length, second


def _place(first: int, end: int, size: int, seal: tuple[int, int] | None) -> Place:
    if first >= size:
        return Place.APPENDED
    if seal is None:
        return Place.UNSEALED
    return Place.SEAL if seal[0] <= first and end <= seal[1] else Place.COVERED


def _alike(one: bytes, other: bytes, length: int) -> int:
    """How many bytes at the beginning are the same."""
    for start in range(0, length, _BLOCK):
        end = min(start + _BLOCK, length)
        if one[start:end] != other[start:end]:
            return next(place for place in range(start, end) if one[place] != other[place])
    return length


def _differing(one: bytes, other: bytes) -> list[tuple[int, int]]:
    """The first few ranges in which two files of one length differ."""
    ranges: list[tuple[int, int]] = []
    looked_into = 0
    for start in range(0, len(one), _BLOCK):
        mine, theirs = one[start : start + _BLOCK], other[start : start + _BLOCK]
        if mine == theirs:
            continue
        looked_into += 1
        if looked_into > MOST_BLOCKS:
            break
        for place in (
            start + offset for offset, pair in enumerate(zip(mine, theirs, strict=True)) if pair[0] != pair[1]
        ):
            if ranges and place - ranges[-1][1] < CLOSE:
                ranges[-1] = (ranges[-1][0], place + 1)
            elif len(ranges) == MOST_DIFFERENCES:
                return ranges
            else:
                ranges.append((place, place + 1))
    return ranges


def utc_in_words(moment: datetime) -> str:
    """'3 November 2026, 14:05 UTC': whoever checks a file may sit anywhere."""
    return f"{moment.astimezone(UTC):%-d %B %Y, %H:%M} UTC"


def says_it_holds(event: Event, hash_of_file: str) -> bool:
    """Whether an event names this file by its hash, which is how a file hangs on its trail."""
    return hash_of_file in event.facts


SIGNED, COMPLETED, ENDED = "signed", "completed", ("voided", "declined")
"""Kinds of events that whoever checks a file is told of."""


@dataclass(frozen=True)
class Verdict:
    """What somebody who brought a PDF is told: nothing that tells who is in it or what it is called."""

    outcome: Outcome
    is_sealed: bool = False
    made_at: datetime | None = None
    signatures: int = 0
    completed_at: datetime | None = None
    ended: tuple[str, datetime] | None = None
    is_replaced: bool = False
    events: int = 0
    broken: str = ""
    differences: Sequence[Difference] = ()
    fingerprint: str = ""


# Keys -----------------------------------------------------------------------------------------------------------------

SealingKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
LASTS = timedelta(days=10 * 365)
LONGEST_COMMON_NAME = 64
LARGEST_CERTIFICATE = 100_000
RENEW_WITHIN = timedelta(days=60)


class Material(NamedTuple):
    """A key and its certificate, as models.SealKey stores them."""

    subject: str
    private_key: bytes
    certificates: str
    fingerprint: str
    expires_at: datetime


def new_material(name: str, now: datetime) -> Material:
    """A key and a certificate signed by itself: it proves that a file is unchanged, not who the firm is."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _cut(name)),
            x509.NameAttribute(NameOID.COMMON_NAME, _cut(name)),
        ]
    )
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only"), False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, content_commitment=True, decipher_only=False, **usage), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _material(key, [builder.sign(key, hashes.SHA256())])


def _cut(name: str) -> str:
    """As much of a name as a certificate holds: it counts bytes, of which a Greek or Cyrillic letter takes two."""
    return name.encode()[:LONGEST_COMMON_NAME].decode(errors="ignore").strip() or "coachbase"


def read_material(content: bytes, password: str, now: datetime) -> Material:
    """The firm's own key and certificate out of a PKCS #12 file.

    Raises Refused when it cannot be read, or may not sign today.
    """
    if not content:
        raise Refused("Choose a certificate first: a file that ends in .p12 or .pfx.")
    if len(content) > LARGEST_CERTIFICATE:
        raise Refused("That file is too large to be a certificate. Choose one that ends in .p12 or .pfx.")
    try:
        held = pkcs12.load_pkcs12(content, password.encode() if password else None)
    except ValueError as error:
        if "password" in str(error).lower():
            raise Refused("The password does not open this file. Type the one that was set when it was made.") from None
        raise Refused("This is not a certificate we can read. Choose a file that ends in .p12 or .pfx.") from None
    if held.key is None or held.cert is None:
        raise Refused("There is no private key with its certificate in this file. Export both together.")
    certificate = held.cert.certificate
    key = _sealing(held.key)
    if refusal := _refusal_of_certificate(certificate, now):
        raise Refused(refusal)
    if _plain(key.public_key()) != _plain(certificate.public_key()):
        raise Refused("The key in this file is another one than the certificate’s. Export both together.")
    return _material(key, [certificate, *(other.certificate for other in held.additional_certs)])


_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


def _sealing(key: object) -> SealingKey:
    """A kind of key that readers of PDF know; raises Refused for others."""
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < 2048:
            raise Refused("This key is too short to be trusted: RSA takes at least 2048 bits.")
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, _CURVES):
        return key
    raise Refused("Readers of PDF do not know this kind of key. Choose one of RSA, P-256, P-384 or P-521.")


def _refusal_of_certificate(certificate: x509.Certificate, now: datetime) -> str | None:
    """Why this certificate may not seal documents today, as a sentence; None when it may."""
    if certificate.not_valid_after_utc <= now:
        return f"This certificate expired on {certificate.not_valid_after_utc:%-d %B %Y}. Ask its issuer for a new one."
    if certificate.not_valid_before_utc > now:
        return f"This certificate is not valid before {certificate.not_valid_before_utc:%-d %B %Y}."
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    if not usage.digital_signature and not usage.content_commitment:
        return "This certificate may not be used for digital signatures. Ask its issuer for one that may."
    return None


def _material(key: SealingKey, chain: list[x509.Certificate]) -> Material:
    own = chain[0]
    return Material(
        subject=_called(own.subject),
        private_key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        certificates="".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in chain),
        fingerprint=own.fingerprint(hashes.SHA256()).hex(),
        expires_at=own.not_valid_after_utc,
    )


def _plain(key: CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _called(name: x509.Name) -> str:
    """How a certificate calls its holder: the common name, else the whole of what stands there."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def fingerprint_in_words(fingerprint: str) -> str:
    """In pairs, as readers of PDF and browsers show it."""
    return ":".join(fingerprint[place : place + 2] for place in range(0, len(fingerprint), 2)).upper()


def hex_of_certificate(certificates: str) -> bytes:
    """The own certificate as it stands inside a signature."""
    own = x509.load_pem_x509_certificates(certificates.encode())[0]
    return own.public_bytes(serialization.Encoding.DER).hex().upper().encode()

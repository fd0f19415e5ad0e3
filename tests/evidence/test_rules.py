"""Chains and what breaks them; where files differ; which keys may seal."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from coachbase.errors import Refused
from coachbase.evidence.rules import (
    LARGEST_CERTIFICATE,
    MOST_DIFFERENCES,
    NOTHING_BEFORE,
    Break,
    Detail,
    Place,
    canonical,
    differences,
    first_break,
    hash_of,
    hash_of_detail,
    markers_in,
    new_material,
    read_material,
)

NOW = datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
SUBJECT = "01JD2C0000000000000000007K"


# The chain ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    number: int
    kind: str
    at: datetime
    facts: str
    detail_hash: str
    previous_hash: str
    hash: str = ""

    def hashed(self) -> "Event":
        return replace(
            self,
            hash=hash_of(
                SUBJECT, self.number, self.kind, self.at, self.facts,
                detail_hash=self.detail_hash, previous_hash=self.previous_hash,
            ),
        )  # fmt: skip


DETAILS = {number: Detail(f"salt {number}", canonical({"name": "Bob"})) for number in range(1, 6)}


def chain() -> list[Event]:
    events: list[Event] = []
    for number in range(1, 6):
        previous = events[-1].hash if events else NOTHING_BEFORE
        detail = hash_of_detail(DETAILS[number])
        events.append(
            Event(
                number, "opened", NOW + timedelta(minutes=number), canonical({"n": number}), detail, previous
            ).hashed()
        )
    return events


def changed(number: int, **what: Any) -> list[Event]:
    events = chain()
    events[number - 1] = replace(events[number - 1], **what)
    return events


def rewritten(number: int) -> list[Event]:
    """Somebody who knows how the hash is made changes an event and mends its own hash."""
    events = chain()
    events[number - 1] = replace(events[number - 1], facts='{"n":99}').hashed()
    return events


BROKEN = {
    "facts of 3": (changed(3, facts='{"n":4}'), 3),
    "kind of 1": (changed(1, kind="signed"), 1),
    "moment of 5": (changed(5, at=NOW), 5),
    "hash of 2": (changed(2, hash="0" * 64), 2),
    "detail hash of 4": (changed(4, detail_hash=""), 4),
    "what 3 follows": (changed(3, previous_hash="0" * 64), 3),
    "2 rewritten with its hash": (rewritten(2), 3),
    "3 taken out": (chain()[:2] + chain()[3:], 3),
    "1 taken out": (chain()[1:], 1),
    "2 and 3 change places": ([chain()[0], chain()[2], chain()[1], *chain()[3:]], 2),
    "4 twice": (chain()[:4] + chain()[3:], 5),
}


def test_a_chain_that_was_left_alone_is_whole():
    assert first_break(SUBJECT, chain(), DETAILS) is None
    assert first_break(SUBJECT, [], {}) is None


@pytest.mark.parametrize("what", BROKEN)
def test_what_breaks_a_chain_is_named(what):
    events, number = BROKEN[what]
    found = first_break(SUBJECT, events, {})
    assert found is not None
    assert found.number == number
    assert f"event {number}" in found.why


def test_a_chain_of_another_subject_does_not_fit():
    assert first_break("01JD2C000000000000000000ZZ", chain(), DETAILS) == Break(1, "event 1 was changed")


def test_changed_details_are_named_and_erased_ones_leave_the_chain_whole():
    other = DETAILS | {4: Detail("salt 4", canonical({"name": "Eve"}))}
    assert first_break(SUBJECT, chain(), other).number == 4
    assert first_break(SUBJECT, chain(), {}) is None


def test_the_same_facts_are_always_written_the_same_way():
    assert (
        canonical({"b": 1, "a": ["ü", None]}) == canonical({"a": ["ü", None], "b": 1}) == '{"a":["\\u00fc",null],"b":1}'
    )


# Recognising a file ---------------------------------------------------------------------------------------------------

SEALED = b"a" * 100 + b"/ByteRange [0 200 300 100]" + b"b" * 274


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (SEALED[:50] + b"X" + SEALED[51:], [(50, 51, Place.COVERED)]),
        (SEALED[:250] + b"X" + SEALED[251:], [(250, 251, Place.SEAL)]),
        (SEALED[:198] + b"XXXX" + SEALED[202:], [(198, 202, Place.COVERED)]),
        (SEALED + b"more", [(400, 404, Place.APPENDED)]),
        (SEALED[:-10], [(390, 390, Place.COVERED)]),
        (SEALED[:20] + b"in" + SEALED[20:], [(20, 22, Place.COVERED)]),
        (b"X" + SEALED[1:60] + b"X" + SEALED[61:], [(0, 1, Place.COVERED), (60, 61, Place.COVERED)]),
        (b"X" + SEALED[1:10] + b"X" + SEALED[11:], [(0, 11, Place.COVERED)]),
        (b"", [(0, 0, Place.COVERED)]),
    ],
)
def test_where_files_differ_is_told_with_its_place(given, found):
    told = differences(given, SEALED)
    # what is inserted into a run of equal bytes could stand anywhere in it
    assert [(one.end - one.first, one.place) for one in told] == [(end - first, place) for first, end, place in found]
    if len(given) == len(SEALED) or given[:20] != SEALED[:20]:
        assert told == found


def test_a_file_without_a_seal_has_no_place_under_it():
    assert differences(b"abX", b"abc") == [(2, 3, Place.UNSEALED)]


def test_files_that_differ_everywhere_are_told_in_a_few_places_and_at_once():
    kept = bytes(range(256)) * 100_000
    begun = datetime.now(UTC)
    assert len(differences(kept[::-1], kept)) <= MOST_DIFFERENCES
    assert datetime.now(UTC) - begun < timedelta(seconds=2)


def test_markers_are_found_among_anything():
    content = b"\x00coachbase01JD2C0000000000000000007K)coachbase01JD2C0000000000000000007Kcoachbase01jd"
    assert markers_in(content) == [SUBJECT]
    assert len(markers_in(b"".join(f"coachbase{number:026}".encode() for number in range(99)))) == 20


# Keys -----------------------------------------------------------------------------------------------------------------


def pkcs12_file(
    key: Any = None, *, password: bytes = b"quiet", starts: int = -1, ends: int = 365, usage: bool | None = None,
    signed_with: Any = None,
) -> bytes:  # fmt: skip
    """The firm's own certificate, valid from and for so many days; `usage` is whether it may sign."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Northbank Coaching Ltd")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(NOW + timedelta(days=starts))
    builder = builder.not_valid_after(NOW + timedelta(days=ends))
    if usage is not None:
        flags = dict.fromkeys(
            ("data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False
        )
        allowed = x509.KeyUsage(digital_signature=usage, content_commitment=usage, key_encipherment=True, **flags)
        builder = builder.add_extension(allowed, critical=True)
    issuer = signed_with or key
    certificate = builder.sign(issuer, None if isinstance(issuer, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    protected = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"seal", key, certificate, None, protected)


@pytest.mark.parametrize("password", [b"quiet", b"", "Größe".encode()])
def test_the_firms_own_certificate_is_read(password):
    read = read_material(pkcs12_file(password=password), password.decode(), NOW)
    assert read.subject == "Northbank Coaching Ltd"
    assert read.expires_at == NOW + timedelta(days=365)
    assert "BEGIN CERTIFICATE" in read.certificates


def test_a_certificate_that_may_sign_is_read_with_rsa_too():
    key = rsa.generate_private_key(65537, 2048)
    assert b"PRIVATE KEY" in read_material(pkcs12_file(key, usage=True), "quiet", NOW).private_key


SHORT = rsa.generate_private_key(65537, 1024)
REFUSED = {
    "expired on 2 November 2026": pkcs12_file(starts=-10, ends=-1),
    "not valid before 4 November 2026": pkcs12_file(starts=1),
    "may not be used for digital signatures": pkcs12_file(usage=False),
    "at least 2048 bits": pkcs12_file(SHORT),
    "do not know this kind of key": pkcs12_file(ed25519.Ed25519PrivateKey.generate()),
    "one of RSA, P-256": pkcs12_file(ec.generate_private_key(ec.SECP256K1())),
    "The password does not open": pkcs12_file(password=b"another"),
    "not a certificate we can read": b"%PDF-1.7",
    "Choose a certificate first": b"",
    "too large": b"0" * (LARGEST_CERTIFICATE + 1),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_certificate_that_will_not_do_is_refused_with_a_sentence(sentence):
    with pytest.raises(Refused, match=sentence):
        read_material(REFUSED[sentence], "quiet", NOW)


def test_a_certificate_without_its_key_is_refused():
    certificate = pkcs12.load_pkcs12(pkcs12_file(), b"quiet").cert.certificate
    alone = pkcs12.serialize_key_and_certificates(
        b"seal", None, None, [certificate], serialization.BestAvailableEncryption(b"quiet")
    )
    with pytest.raises(Refused, match="no private key"):
        read_material(alone, "quiet", NOW)


def test_a_new_key_may_sign_for_ten_years_and_carries_the_firms_name_however_long():
    made = new_material("Northbank " * 12, NOW)
    certificate = x509.load_pem_x509_certificate(made.certificates.encode())
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    assert made.subject == ("Northbank " * 12)[:64]
    assert made.expires_at > NOW + timedelta(days=3640)
    assert made.fingerprint == certificate.fingerprint(hashes.SHA256()).hex()


@pytest.mark.parametrize(
    "name", ["Коучинг и развитие лидеров «Северный берег»", "Ε" * 120, "é" * 33, "Northbank " * 12, " "]
)
def test_a_firm_of_any_name_gets_its_key(name):
    made = new_material(name, NOW)
    assert len(made.subject.encode()) <= 64
    assert name.startswith(made.subject.rstrip()) or made.subject == "coachbase"

"""The key ring and what is sealed with it.

`data/secret.key` holds one key a line, `<id>:<64 hex digits>`, newest first: the first seals, all open. It lives
outside the database so that a copied database alone tells nothing (safety.md P16).
"""

import hashlib
import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .config import ConfigError

_ring: dict[bytes, bytes] = {}


class CannotOpen(Exception):
    """The ciphertext was made with a key that is not on the ring, or was changed."""


def make_key_file(path: Path) -> None:
    """Write a first key, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{secrets.token_hex(4)}:{secrets.token_hex(32)}\n")


def load_key_file(path: Path) -> None:
    """Put the file's keys on the ring.

    Raises ConfigError when the file is missing or holds something else than keys.
    """
    if not path.exists():
        raise ConfigError(f"The key {path} is missing: put it back from your backup, nothing can be read without it.")
    ring = {}
    for line in path.read_text(errors="replace").split():
        key_id, _, key = line.partition(":")
        try:
            ring[bytes.fromhex(key_id)] = bytes.fromhex(key)
        except ValueError:
            ring[b""] = b""
    if not ring or any(len(key_id) != 4 or len(key) != 32 for key_id, key in ring.items()):
        raise ConfigError(f"The key {path} is damaged or too short: put it back from your backup.")
    _ring.clear()
    _ring.update(ring)
    _cipher.cache_clear()


def is_known(sealed: bytes) -> bool:
    """Whether a key on the ring sealed this."""
    return sealed[:4] in _ring


@lru_cache
def _cipher(key_id: bytes) -> AESGCM:
    return AESGCM(_ring[key_id])


def derive(purpose: str) -> str:
    """A secret of its own for each purpose (signing cookies, signing forms), from the newest key."""
    return derived(purpose)[0]


def derived(purpose: str) -> list[str]:
    """The secrets of a purpose from every key, the newest first: what was made with an older one is still known."""
    return [hmac.new(key, purpose.encode(), hashlib.sha256).hexdigest() for key in _ring.values()]


def seal(plain: bytes, place: str) -> bytes:
    """Encrypt for one place (`table.column`): a value copied into another place does not open."""
    key_id = next(iter(_ring))
    nonce = secrets.token_bytes(12)
    return key_id + nonce + _cipher(key_id).encrypt(nonce, plain, place.encode())


def unseal(sealed: bytes, place: str) -> bytes:
    """The plain bytes of what `seal` made.

    Raises CannotOpen when the key is gone or the bytes were changed.
    """
    key_id, nonce, body = sealed[:4], sealed[4:16], sealed[16:]
    if key_id not in _ring:
        raise CannotOpen(place)
    try:
        return _cipher(key_id).decrypt(nonce, body, place.encode())
    except InvalidTag:
        raise CannotOpen(place) from None

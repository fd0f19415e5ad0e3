"""What a token is: 256 random bits, shown once, stored hashed."""

import hashlib
import secrets


def new_token() -> str:
    """256 bits as text that is safe in an address."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored. A plain SHA-256 will do: there is nothing to guess in 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


FEEDS = "feed_"
"""How the kinds of links begin that a calendar program opens, which keeps no cookie."""


def path_of(kind: str, token: str) -> str:
    """Where a link leads, from the root of our address."""
    return f"/p/feed/{token}.ics" if kind.startswith(FEEDS) else f"/p/{kind}/open/{token}"

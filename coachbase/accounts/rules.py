"""Roles, and what a password, a session and a counted attempt may be."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError


class Role(StrEnum):
    OWNER = "owner"
    COACH = "coach"
    ASSISTANT = "assistant"


COACHING = (Role.OWNER, Role.COACH)
"""Who may carry clients: the owner of a small firm mostly coaches too."""

SESSION_LASTS = timedelta(days=14)
INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(hours=1)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200


def refusal_of_password(password: str, *, name: str, email: str) -> str | None:
    """Why this password will not do, as a sentence; None when it will (length over composition: NIST SP 800-63B)."""
    if len(password) < SHORTEST_PASSWORD:
        return f"Use at least {SHORTEST_PASSWORD} characters; a short sentence is easy to remember."
    if len(password) > LONGEST_PASSWORD:
        return f"Use at most {LONGEST_PASSWORD} characters."
    known = {word for word in (name.casefold(), email.casefold(), email.partition("@")[0].casefold()) if word}
    if password.casefold() in known or len(set(password)) < 4:
        return "That is easy to guess. Choose something that has nothing to do with your name or address."
    return None


def is_live(*, expires_at: datetime, ended_at: datetime | None, now: datetime) -> bool:
    """Whether a session or an invitation still opens the door."""
    return ended_at is None and now < expires_at


def device_in_words(user_agent: str) -> str:
    """'Firefox on Linux' from what a browser says of itself; only to recognise one's own devices."""
    browsers = ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")
    systems = (
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "a Mac"),
        ("Linux", "Linux"),
    )
    browser = next((name for mark, name in browsers if mark in user_agent), "A program")
    system = next((name for mark, name in systems if mark in user_agent), "an unknown device")
    return f"{browser} on {system}"


def may_run_practice(role: Role) -> bool:
    """Firm, team, mail server: the owner's."""
    return role is Role.OWNER


def may_arrange(role: Role) -> bool:
    """Forms, boards, mail texts, imports: whoever runs the desk."""
    return role in (Role.OWNER, Role.ASSISTANT)


def hash_password(password: str) -> str:
    """Argon2id with OWASP's smaller setting, 19 MiB and two passes: eight sign-ins at once fit a small server."""
    return _hashing.submit(_hasher().hash, password).result()


def password_matches(stored: str | None, password: str) -> bool:
    """Whether this is the password. Without a stored one it works just as long and says no (no account enumeration)."""
    if len(password) > LONGEST_PASSWORD:
        password = ""
    try:
        return _hashing.submit(_hasher().verify, stored or _decoy(), password).result() and stored is not None
    except VerificationError:
        return False


_hashing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hashing")
"""The one thread that hashes: each thread that ever does keeps the 19 MiB, and eight of them would keep 150."""


@lru_cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@lru_cache
def _decoy() -> str:
    return hash_password("nobody has this password")

"""Issue and revoke links."""

from datetime import timedelta

from .. import clock
from ..db import atomic
from .models import Link
from .rules import hash_token, new_token


@atomic
def issue(kind: str, subject: str, *, lasts: timedelta) -> tuple[Link, str]:
    """A new link and its token; the token is told once and stored nowhere but in the mail that carries it."""
    token = new_token()
    now = clock.now()
    link = Link.create(kind=kind, subject=subject, token_hash=hash_token(token), created_at=now, expires_at=now + lasts)
    return link, token


@atomic
def revoke_all(kind: str, subject: str) -> None:
    """Kill every link of this kind to this subject."""
    Link.update(revoked_at=clock.now()).where(
        Link.kind == kind, Link.subject == subject, Link.revoked_at.is_null()
    ).execute()


@atomic
def reissue(link: Link) -> tuple[Link, str]:
    """A new link in place of this one, which dies; it lasts as long as the first was meant to."""
    revoke_all(link.kind, link.subject)
    return issue(link.kind, link.subject, lasts=link.expires_at - link.created_at)

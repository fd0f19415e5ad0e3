"""Queue, cancel and resend messages; keep the settings and the texts."""

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..db import atomic
from ..links.models import Link
from .models import Message


@atomic
def queue(
    kind: str,
    *,
    to: tuple[str, str],
    fields: dict[str, str],
    link: tuple[Link, str] | None = None,
    client: Client | None = None,
    reply_to: str = "",
    by: User | None = None,
) -> Message:
    """Put a message into the outbox, in the caller's transaction; the worker sends it after the commit."""
    raise NotImplementedError


def sweep() -> None:
    """Return expired leases and try again what is due."""
    clock.now()

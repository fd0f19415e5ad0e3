"""Write on a client's timeline."""

from datetime import datetime

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..db import atomic
from .models import Entry
from .rules import Kind


@atomic
def record(
    client: Client,
    kind: Kind,
    sentence: str,
    *,
    by: User | None = None,
    href: str = "",
    happened_at: datetime | None = None,
) -> Entry:
    """Note one sentence, in the same transaction as what it tells of."""
    now = clock.now()
    return Entry.create(
        client=client,
        kind_name=kind,
        sentence=sentence,
        href=href,
        happened_at=happened_at or now,
        recorded_at=now,
        by=by,
    )

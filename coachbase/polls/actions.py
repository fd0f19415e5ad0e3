"""Propose times to client and sponsor, take their answers, book the first that suits all."""

from collections.abc import Collection, Sequence
from datetime import datetime

from ..accounts.models import User
from ..clients.models import Contact
from ..db import atomic
from ..engagements.models import Engagement
from .models import Poll, PollSlot, Voter


@atomic
def propose(
    engagement: Engagement, contacts: Sequence[Contact], starts: Sequence[datetime], *, minutes: int, by: User
) -> Poll:
    """Hold these times and mail client and contacts a link each. Raises Refused when one is no longer free."""
    raise NotImplementedError


@atomic
def answer(voter: Voter, suiting: Collection[PollSlot], *, note: str = "") -> Poll:
    """Which times suit this person; when one suits all by now, it is booked. May be answered anew while it is open."""
    raise NotImplementedError


@atomic
def close(poll: Poll, *, by: User) -> None:
    """Nobody is asked any more; the times are free again."""
    raise NotImplementedError


@atomic
def sweep() -> None:
    """By the clock: what has expired is stuck and says so."""
    raise NotImplementedError

"""Mail people the link to their own page, and remind them of what is open."""

from ..accounts.models import User
from ..clients.models import Client
from ..db import atomic
from ..engagements.models import Engagement

CLIENT, ASSISTANT, SPONSOR = "client", "assistant", "sponsor"
"""The kinds of links: to the client's page, to the page of the client's assistant, to a sponsor contact's."""


@atomic
def invite(engagement: Engagement, *, by: User | None = None) -> None:
    """Mail the client the link to the own page; links mailed before die."""
    raise NotImplementedError


@atomic
def invite_assistant(engagement: Engagement, *, by: User | None = None) -> None:
    """Mail the client's own assistant, if there is one, the link to a page with dates only."""
    raise NotImplementedError


@atomic
def send_logistics(engagement: Engagement) -> None:
    """Tell the client that the logistics stand on the page; nothing when there are none."""
    raise NotImplementedError


@atomic
def remind(client: Client, *, by: User) -> None:
    """Remind everybody who holds up this client's onboarding, now. Raises Refused when all were reminded today."""
    raise NotImplementedError


@atomic
def remind_due() -> None:
    """By the clock: one merged mail a person and day, in working hours where they are, at most four for one thing."""
    raise NotImplementedError

"""Mail invitations, changes, cancellations and reminders; take in replies; give out feeds."""

from ..accounts.models import User
from ..db import atomic
from ..links.models import Link
from ..sessions.models import Attendee, CoachingSession


@atomic
def invite(session: CoachingSession) -> None:
    """Mail everybody who comes, each alone, the invitation to a session that was just booked; the coach, too."""


@atomic
def tell_of_change(session: CoachingSession) -> None:
    """The same invitation with its new time or place: a REQUEST with the same UID and a higher SEQUENCE."""


@atomic
def take_back(session: CoachingSession) -> None:
    """The session was cancelled: CANCEL for everybody; what still waits to be sent about it is called off."""


@atomic
def invite_one(attendee: Attendee) -> None:
    """Somebody joined a session that is booked."""


@atomic
def take_back_one(attendee: Attendee) -> None:
    """Somebody is no longer invited: CANCEL for this person alone."""


@atomic
def remind_due() -> None:
    """By the clock: who is to be reminded now, from the sessions as they are now."""


@atomic
def take_reply(content: str) -> str:
    """Note what a METHOD:REPLY says; a sentence of what was noted. Stale ones and strangers' change nothing.

    Raises Refused when it is no reply to anything of ours.
    """
    raise NotImplementedError


@atomic
def open_feed(kind: str, subject: str, *, by: User) -> tuple[Link, str]:
    """A new secret address of a feed; the old one dies."""
    raise NotImplementedError


@atomic
def close_feed(kind: str, subject: str, *, by: User) -> None:
    """The address of a feed works no more."""
    raise NotImplementedError

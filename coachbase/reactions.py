"""When this happens, do that: every consequence that goes upward between rooms."""

from .accounts.actions import Invited, ResetAsked
from .events import on
from .mail import actions as mail


def wire() -> None:
    """Connect announcements with what follows from them."""
    on(Invited, _mail_invitation)
    on(ResetAsked, _mail_reset)


def _mail_invitation(event: Invited) -> None:
    mail.queue(
        "invitation",
        to=(event.user.name, event.user.email),
        fields={"name": event.user.name, "inviter": event.by.name},
        link=(event.link, event.token),
        by=event.by,
    )


def _mail_reset(event: ResetAsked) -> None:
    mail.queue(
        "password_reset",
        to=(event.user.name, event.user.email),
        fields={"name": event.user.name},
        link=(event.link, event.token),
    )

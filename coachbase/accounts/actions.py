"""Set up the firm; invite, sign in and out, change roles and who serves whom."""

from collections.abc import Iterable
from dataclasses import dataclass

from .. import clock
from ..db import atomic
from ..errors import Refused
from ..events import announce
from ..firm.models import Firm
from ..links import actions as links
from ..links.models import Link
from ..links.rules import hash_token, new_token
from .models import LoginSession, Serving, User
from .rules import COACHING, INVITATION_LASTS, RESET_LASTS, SESSION_LASTS, Role

INVITATION, RESET = "invitation", "reset"


@dataclass(frozen=True)
class FirmFounded:
    """The first-run page was completed."""

    firm: Firm
    owner: User


@dataclass(frozen=True)
class Invited:
    """Somebody was asked to join the team; the token goes into the mail and nowhere else."""

    user: User
    by: User
    link: Link
    token: str


@dataclass(frozen=True)
class ResetAsked:
    """Somebody forgot the password of a real account."""

    user: User
    link: Link
    token: str


@atomic
def set_up(
    *,
    firm_name: str,
    zone: str,
    currency: str,
    owner_name: str,
    owner_email: str,
    password_hash: str,
    logo: tuple[bytes, str] | None = None,
) -> User:
    """Found the firm and its owner, once and never again. `logo` is a picture of ours and its media type."""
    if Firm.current() is not None:
        raise Refused("This coachbase already has an owner. Sign in instead.")
    now = clock.now()
    picture, media_type = logo or (None, None)
    firm = Firm.create(name=firm_name, zone=zone, currency=currency, logo=picture, logo_type=media_type, created_at=now)
    owner = User.create(
        name=owner_name, email=owner_email, role_name=Role.OWNER, zone=zone, password_hash=password_hash, created_at=now
    )
    announce(FirmFounded(firm, owner))
    return owner


@atomic
def sign_in(user: User, *, user_agent: str) -> User:
    """Open a session of its own for this browser; `user.login.token` is what the browser keeps."""
    now = clock.now()
    token = new_token()
    user.login = LoginSession.create(
        user=user,
        token_hash=hash_token(token),
        created_at=now,
        expires_at=now + SESSION_LASTS,
        user_agent=user_agent[:200],
    )
    user.login.token = token
    return user


@atomic
def sign_out(user: User) -> None:
    """End the session this user came in with."""
    LoginSession.update(ended_at=clock.now()).where(LoginSession.id == user.login.id).execute()


@atomic
def sign_out_everywhere(user: User, *, but: LoginSession | None = None) -> None:
    """End all of a user's sessions, or all but one."""
    LoginSession.update(ended_at=clock.now()).where(
        LoginSession.user == user, LoginSession.ended_at.is_null(), LoginSession.id != (but.id if but else 0)
    ).execute()


@atomic
def invite(*, name: str, email: str, role: Role, colleagues: Iterable[User], by: User) -> User:
    """Add somebody to the team and mail a link to choose a password.

    `colleagues` are the coaches an assistant will serve, or the assistants who will serve a coach.
    """
    if User.by_email(email):
        raise Refused("Somebody on the team already has this address.")
    user = User.create(name=name, email=email, role_name=role, zone=by.zone, created_at=clock.now())
    serve(user, colleagues)
    _send_invitation(user, by)
    return user


@atomic
def invite_again(user: User, *, by: User) -> None:
    """Mail a new link; the old one stops working."""
    if user.password_hash:
        raise Refused(f"{user.name} has joined already.")
    links.revoke_all(INVITATION, user.public_id)
    _send_invitation(user, by)


def _send_invitation(user: User, by: User) -> None:
    link, token = links.issue(INVITATION, user.public_id, lasts=INVITATION_LASTS)
    announce(Invited(user, by, link, token))


@atomic
def serve(user: User, colleagues: Iterable[User]) -> None:
    """Set who serves whom: for an assistant the coaches, for a coach the assistants."""
    if user.role is Role.ASSISTANT:
        Serving.delete().where(Serving.assistant == user).execute()
        pairs = [(user, coach) for coach in colleagues if coach.role in COACHING]
    else:
        Serving.delete().where(Serving.coach == user).execute()
        pairs = [(assistant, user) for assistant in colleagues if assistant.role is Role.ASSISTANT]
    for assistant, coach in pairs:
        Serving.create(assistant=assistant, coach=coach)


@atomic
def ask_for_reset(email: str) -> None:
    """Mail a link to choose a new password; an unknown address looks just the same from outside."""
    user = User.by_email(email)
    if user is None or not user.is_active or not user.password_hash:
        return
    links.revoke_all(RESET, user.public_id)
    link, token = links.issue(RESET, user.public_id, lasts=RESET_LASTS)
    announce(ResetAsked(user, link, token))


@atomic
def choose_password(user: User, password_hash: str, *, stay: LoginSession | None = None) -> None:
    """Set a password; every link to do so and every other session ends."""
    user.password_hash = password_hash
    user.save()
    links.revoke_all(INVITATION, user.public_id)
    links.revoke_all(RESET, user.public_id)
    sign_out_everywhere(user, but=stay)


@atomic
def change_member(user: User, *, name: str, role: Role, colleagues: Iterable[User]) -> None:
    """Rename, give another role, and set who serves whom. A new role ends the sessions that had the old one."""
    if role is not Role.OWNER and _is_last_owner(user):
        raise Refused("A firm needs an owner. Make somebody else owner first.")
    if user.role in COACHING and role not in COACHING and user.clients.exists():
        raise Refused(f"{user.name} still has clients. Give them to another coach first.")
    if role is not user.role:
        Serving.delete().where((Serving.assistant == user) | (Serving.coach == user)).execute()
        sign_out_everywhere(user)
    user.name, user.role_name = name, role
    user.save()
    serve(user, colleagues)


@atomic
def disable(user: User, *, by: User) -> None:
    """Let somebody no longer sign in; what they did stays."""
    if user == by:
        raise Refused("You cannot lock yourself out. Ask another owner.")
    if _is_last_owner(user):
        raise Refused("A firm needs an owner.")
    user.disabled_at = clock.now()
    user.save()
    sign_out_everywhere(user)


@atomic
def enable(user: User) -> None:
    """Let somebody sign in again."""
    user.disabled_at = None
    user.save()


@atomic
def change_profile(user: User, *, name: str, zone: str, theme: str) -> None:
    """What people may change about themselves."""
    user.name, user.zone, user.theme = name, zone, theme
    user.save()


def _is_last_owner(user: User) -> bool:
    """Whether nobody else could run the firm: an owner who never joined cannot."""
    others = User.active().where(User.role_name == Role.OWNER, User.password_hash.is_null(False), User.id != user.id)
    return user.role is Role.OWNER and not others.exists()

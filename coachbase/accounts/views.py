"""My account, and the team."""

from flask import Blueprint, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..web.pages import go, load_or_404, require
from . import actions
from .forms import ChangePasswordForm, InviteForm, MemberForm, ProfileForm
from .models import LoginSession, Serving, User
from .rules import Role, hash_password, password_matches

pages = Blueprint("accounts", __name__)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    actions.sign_out(current_user)
    session.clear()
    return go("/sign-in", "You are signed out.")


@pages.get("/account")
def account() -> ResponseReturnValue:
    return _account(ProfileForm(obj=current_user), ChangePasswordForm(user=current_user))


@pages.post("/account")
def change_profile() -> ResponseReturnValue:
    form = ProfileForm(request.form)
    if not form.validate():
        return _account(form, ChangePasswordForm(user=current_user)), 422
    actions.change_profile(current_user, **form.data)
    return go("/account", "Saved.")


@pages.post("/account/password")
def change_password() -> ResponseReturnValue:
    form = ChangePasswordForm(request.form, user=current_user)
    if form.validate() and not password_matches(current_user.password_hash, form.current_password.data):
        form.current_password.errors = ["That is not your current password."]
    if form.errors:
        return _account(ProfileForm(obj=current_user), form), 422
    actions.choose_password(current_user, hash_password(form.password.data), stay=current_user.login)
    return go("/account", "Your password is changed. Other devices are signed out.")


@pages.post("/account/sign-out-everywhere")
def sign_out_everywhere() -> ResponseReturnValue:
    actions.sign_out_everywhere(current_user, but=current_user.login)
    return go("/account", "All other devices are signed out.")


def _account(profile: ProfileForm, password: ChangePasswordForm) -> str:
    sessions = list(LoginSession.live_of(current_user, clock.now()))
    return render_template("accounts/account.html", profile=profile, password=password, sessions=sessions)


@pages.get("/settings/team")
def team() -> ResponseReturnValue:
    """Everybody who may sign in, and who serves whom."""
    require(current_user.may_run_practice)
    members = list(User.select().order_by(User.disabled_at.is_null(False), User.name))
    serving: dict[int, list[str]] = {}
    names = {user.id: user.name for user in members}
    for pair in Serving.select():
        serving.setdefault(pair.assistant_id, []).append(names[pair.coach_id])
        serving.setdefault(pair.coach_id, []).append(names[pair.assistant_id])
    return render_template("accounts/team.html", members=members, serving=serving)


@pages.get("/settings/team/invite")
def new_member() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    form = InviteForm()
    form.offer(User.active())
    return render_template("accounts/member.html", form=form, member=None)


@pages.post("/settings/team/invite")
def invite() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    everybody = list(User.active())
    form = InviteForm(request.form)
    form.offer(everybody)
    if form.validate() and User.by_email(form.email.data):
        form.email.errors = ["Somebody on the team already has this address."]
    if form.errors:
        return render_template("accounts/member.html", form=form, member=None), 422
    actions.invite(
        name=form.name.data,
        email=form.email.data,
        role=Role(form.role.data),
        colleagues=form.chosen(everybody),
        by=current_user._get_current_object(),
    )
    return go("/settings/team", f"The invitation for {form.name.data} is on its way.")


@pages.get("/settings/team/<ulid:user_id>")
def member(user_id: str) -> ResponseReturnValue:
    require(current_user.may_run_practice)
    user = load_or_404(User.select(), user_id)
    form = MemberForm(data={"name": user.name, "role": user.role_name, "colleagues": _colleagues_of(user)})
    form.offer(_others_than(user))
    return render_template("accounts/member.html", form=form, member=user)


@pages.post("/settings/team/<ulid:user_id>")
def change_member(user_id: str) -> ResponseReturnValue:
    require(current_user.may_run_practice)
    user = load_or_404(User.select(), user_id)
    others = _others_than(user)
    form = MemberForm(request.form)
    form.offer(others)
    if not form.validate():
        return render_template("accounts/member.html", form=form, member=user), 422
    actions.change_member(user, name=form.name.data, role=Role(form.role.data), colleagues=form.chosen(others))
    return go("/settings/team", "Saved.")


@pages.post("/settings/team/<ulid:user_id>/invite-again")
def invite_again(user_id: str) -> ResponseReturnValue:
    require(current_user.may_run_practice)
    user = load_or_404(User.select(), user_id)
    actions.invite_again(user, by=current_user._get_current_object())
    return go("/settings/team", f"A new invitation for {user.name} is on its way; the old link no longer works.")


@pages.post("/settings/team/<ulid:user_id>/disable")
def disable(user_id: str) -> ResponseReturnValue:
    require(current_user.may_run_practice)
    user = load_or_404(User.select(), user_id)
    actions.disable(user, by=current_user._get_current_object())
    return go("/settings/team", f"{user.name} can no longer sign in.")


@pages.post("/settings/team/<ulid:user_id>/enable")
def enable(user_id: str) -> ResponseReturnValue:
    require(current_user.may_run_practice)
    user = load_or_404(User.select(), user_id)
    actions.enable(user)
    return go("/settings/team", f"{user.name} can sign in again.")


def _others_than(user: User) -> list[User]:
    return [other for other in User.active() if other != user]


def _colleagues_of(user: User) -> list[str]:
    if user.role is Role.ASSISTANT:
        pairs = Serving.select(Serving, User).join(User, on=Serving.coach).where(Serving.assistant == user)
        return [pair.coach.public_id for pair in pairs]
    pairs = Serving.select(Serving, User).join(User, on=Serving.assistant).where(Serving.coach == user)
    return [pair.assistant.public_id for pair in pairs]

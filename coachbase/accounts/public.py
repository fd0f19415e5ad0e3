"""The front doors: first run, sign-in, invitation, reset; the logo, and whether we are alive."""

import time
from datetime import timedelta

from flask import Response, abort, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user

from .. import clock
from ..config import VERSION
from ..db import database
from ..errors import Refused
from ..firm.forms import drawn_anew
from ..firm.models import Firm
from ..jobs import Heartbeat
from ..web.guard import is_own_page, public_blueprint
from ..web.links import link_doors
from ..web.pages import go
from . import actions
from .forms import AskResetForm, ChoosePasswordForm, SetUpForm, SignInForm
from .models import Attempt, User
from .rules import hash_password, password_matches

doors = public_blueprint("doors", __name__, prefix="")
pages = public_blueprint("accounts_public", __name__, prefix="/p")

RESET_TAKES = 0.2
"""Seconds that asking for a reset takes at least: writing a mail takes longer than writing none, and would tell."""


@doors.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Version, database and when the worker was last seen; 503 when the database does not answer."""
    seen = Heartbeat.get_or_none(Heartbeat.name == "worker")
    alive = seen is not None and clock.now() - seen.seen_at < timedelta(minutes=3)
    return {
        "version": VERSION,
        "database": "ok" if database.execute_sql("SELECT 1").fetchone() else "empty",
        "worker": "ok" if alive else "not seen",
        "worker_seen_at": seen.seen_at.isoformat(timespec="seconds") if seen else None,
    }


@doors.get("/logo")
def logo() -> ResponseReturnValue:
    """The firm's logo, as we wrote it ourselves from the uploaded picture."""
    row = Firm.select(Firm.logo, Firm.logo_type).first()
    if row is None or row.logo is None:
        abort(404)
    return Response(bytes(row.logo), mimetype=row.logo_type)


@doors.get("/set-up")
def set_up() -> ResponseReturnValue:
    """The first page anybody sees; gone once the firm has an owner."""
    if Firm.current() is not None:
        abort(404)
    return render_template("accounts/set_up.html", form=SetUpForm(data={"zone": "Europe/Berlin", "currency": "EUR"}))


@doors.post("/set-up")
def found() -> ResponseReturnValue:
    if Firm.current() is not None:
        abort(404)
    form = SetUpForm(request.form)
    logo = None
    if form.validate() and request.files.get("logo"):
        try:
            logo = drawn_anew(request.files["logo"])
        except Refused as refusal:
            form.logo.errors = [str(refusal)]
    if form.errors:
        return render_template("accounts/set_up.html", form=form), 422
    owner = actions.set_up(
        firm_name=form.firm_name.data,
        zone=form.zone.data,
        currency=form.currency.data,
        owner_name=form.owner_name.data,
        owner_email=form.owner_email.data,
        password_hash=hash_password(form.password.data),
        logo=logo,
    )
    _enter(owner)
    return go("/welcome")


@doors.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect("/", 303)
    if Firm.current() is None:
        return redirect("/set-up", 303)
    return render_template("accounts/sign_in.html", form=SignInForm(), next=request.args.get("next", ""))


@doors.post("/sign-in")
def enter() -> ResponseReturnValue:
    """The same answer, after the same time, for a wrong password and an unknown account."""
    form = SignInForm(request.form)
    wanted = request.form.get("next", "")
    if form.validate():
        now, quarter = clock.now(), timedelta(minutes=15)
        Attempt.count_one(f"sign-in from {request.remote_addr}", limit=60, within=quarter, now=now)
        account = f"sign-in as {form.email.data.casefold()[:254]}"
        Attempt.count_one(account, limit=10, within=quarter, now=now)
        user = User.by_email(form.email.data)
        is_right = password_matches(user.password_hash if user else None, form.password.data)
        if user and is_right and user.is_active:
            Attempt.forget(account)
            _enter(user)
            return go(wanted if is_own_page(wanted) else "/")
        form.password.errors = ["This address and password do not go together."]
    return render_template("accounts/sign_in.html", form=form, next=wanted), 422


@doors.get("/forgot")
def forgot() -> ResponseReturnValue:
    return render_template("accounts/forgot.html", form=AskResetForm(), sent=False)


@doors.post("/forgot")
def ask_for_reset() -> ResponseReturnValue:
    form = AskResetForm(request.form)
    if not form.validate():
        return render_template("accounts/forgot.html", form=form, sent=False), 422
    now = clock.now()
    Attempt.count_one(f"reset from {request.remote_addr}", limit=20, within=timedelta(hours=1), now=now)
    Attempt.count_one(f"reset of {form.email.data.casefold()}", limit=5, within=timedelta(hours=1), now=now)
    began = time.monotonic()
    actions.ask_for_reset(form.email.data)
    time.sleep(max(0.0, began + RESET_TAKES - time.monotonic()))
    return render_template("accounts/forgot.html", form=form, sent=True)


invitation = link_doors(pages, actions.INVITATION)
reset = link_doors(pages, actions.RESET)


@pages.get("/invitation")
def see_invitation() -> ResponseReturnValue:
    user = _user_of(invitation.subject())
    return _ask_password(user, joining=True)


@pages.post("/invitation")
def accept_invitation() -> ResponseReturnValue:
    return _choose_password(_user_of(invitation.subject()), joining=True)


@pages.get("/reset")
def see_reset() -> ResponseReturnValue:
    user = _user_of(reset.subject())
    return _ask_password(user, joining=False)


@pages.post("/reset")
def reset_password() -> ResponseReturnValue:
    return _choose_password(_user_of(reset.subject()), joining=False)


def _user_of(public_id: str) -> User:
    user = User.get_or_none(User.public_id == public_id)
    if user is None or not user.is_active:
        abort(404)
    return user


def _ask_password(user: User, *, joining: bool) -> str:
    form = ChoosePasswordForm(user=user)
    return render_template("accounts/choose_password.html", form=form, user=user, joining=joining)


def _choose_password(user: User, *, joining: bool) -> ResponseReturnValue:
    form = ChoosePasswordForm(request.form, user=user)
    if not form.validate():
        return render_template("accounts/choose_password.html", form=form, user=user, joining=joining), 422
    actions.choose_password(user, hash_password(form.password.data))
    _enter(user)
    return go("/", "Welcome. You are signed in.")


def _enter(user: User) -> None:
    """A new session row and a fresh cookie: whatever the browser held before is worth nothing."""
    session.clear()
    session.permanent = True
    login_user(actions.sign_in(user, user_agent=request.user_agent.string))

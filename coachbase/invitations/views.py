"""Pasting an answer to an invitation; calendars by address, opened and shut by staff."""

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..errors import Refused, Stale
from ..links.models import Link
from ..links.rules import path_of
from ..mail.rules import Security
from ..web.conflict import conflict
from ..web.pages import go, load_or_404, require
from . import actions
from .forms import BoxForm, FeedForm, ReplyForm
from .models import ReplyBox
from .rules import FEED_LABELS, OF_COACH, Feed

pages = Blueprint("invitations", __name__)


# Answers --------------------------------------------------------------------------------------------------------------


@pages.get("/replies")
def replies() -> ResponseReturnValue:
    return render_template("invitations/replies.html", form=ReplyForm(), refused="")


@pages.post("/replies")
def take_reply() -> ResponseReturnValue:
    """Note an answer that somebody pasted; what was noted is said on the page."""
    form = ReplyForm(request.form)
    if not form.validate():
        return render_template("invitations/replies.html", form=form, refused=""), 422
    try:
        noted = actions.take_reply(form.content.data, by=current_user._get_current_object())
    except Refused as refusal:
        return render_template("invitations/replies.html", form=form, refused=str(refusal)), 422
    return go("/replies", noted)


@pages.get("/settings/replies")
def reply_box() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    box = ReplyBox.current()
    blank = {"port": 993, "security": Security.TLS.value, "folder": "INBOX", "version": 0}
    return _reply_box(BoxForm(obj=box, password="", security=box.security_name) if box else BoxForm(data=blank))


@pages.post("/settings/replies")
def save_reply_box() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    form = BoxForm(request.form)
    if not form.validate():
        return _reply_box(form), 422
    try:
        actions.save_reply_box(**form.data | {"security": Security(form.security.data)})
    except Stale as stale:
        box = ReplyBox.current()
        if box is None:
            form.version.raw_data, form.version.data = None, 0
            form.host.errors = ["Somebody took the mailbox away meanwhile. Save again to look there nevertheless."]
            return _reply_box(form), 409
        del form.password  # neither the one that is stored nor the one that was typed belongs on a page
        return conflict(stale, form, box, "/settings/replies")
    except Refused as refusal:
        form.password.errors = [str(refusal)]
        return _reply_box(form), 422
    return go("/settings/replies", "Saved. What comes from now on is looked at every five minutes.")


@pages.post("/settings/replies/forget")
def forget_reply_box() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    actions.forget_reply_box()
    return go("/settings/replies", "No mailbox is looked at any more.")


def _reply_box(form: BoxForm) -> str:
    return render_template("invitations/reply_box.html", form=form, box=ReplyBox.current())


# A client's calendar --------------------------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/feed")
def client_feed(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(current_user), client_id)
    is_out = Link.is_out(Feed.CLIENT, client.public_id, clock.now())
    template = "invitations/_client_feed.html" if request.htmx else "invitations/client_feed.html"
    return render_template(template, client=client, tab="sessions", is_out=is_out)


@pages.post("/clients/<ulid:client_id>/feed")
def mail_client_feed(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(current_user), client_id)
    actions.mail_feed(client, by=current_user._get_current_object())
    return go(f"/clients/{client_id}/sessions", f"The address is on its way to {client.name}.")


@pages.post("/clients/<ulid:client_id>/feed/close")
def close_client_feed(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(current_user), client_id)
    actions.shut_client_feed(client, by=current_user._get_current_object())
    return go(f"/clients/{client_id}/sessions", "The address works no more.")


# A coach's calendar ---------------------------------------------------------------------------------------------------


@pages.get("/settings/feeds")
def coach_feeds() -> ResponseReturnValue:
    """Whose calendar can be seen by address."""
    return _coach_feeds()


@pages.post("/settings/feeds")
def open_coach_feed() -> ResponseReturnValue:
    """A new address, shown this once: it is stored nowhere."""
    form = FeedForm(request.form)
    if not form.validate():
        return _coach_feeds(refusal=form.errors_in_words()), 422
    coach = load_or_404(User.coaches_for(current_user), form.coach.data)
    link, token = actions.open_feed(Feed(form.kind.data), coach.public_id)
    address = current_app.config["COACHBASE"].base_url + path_of(link.kind, token)
    return _coach_feeds(made_for=coach, address=address)


@pages.post("/settings/feeds/<ulid:user_id>/close")
def close_coach_feed(user_id: str) -> ResponseReturnValue:
    coach = load_or_404(User.coaches_for(current_user), user_id)
    actions.close_feed(Feed.BUSY, coach.public_id)
    return go("/settings/feeds", f"The address of {coach.name}’s calendar works no more.")


def _coach_feeds(made_for: User | None = None, address: str = "", refusal: str = "") -> str:
    coaches = list(User.coaches_for(current_user))
    return render_template(
        "invitations/coach_feeds.html",
        coaches=coaches,
        out=Link.kinds_out(OF_COACH, [coach.public_id for coach in coaches], clock.now()),
        labels=FEED_LABELS,
        made_for=made_for,
        address=address,
        refusal=refusal,
    )

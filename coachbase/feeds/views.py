"""Which calendars of a coach are read, how old what we know is, and what went wrong."""

from types import SimpleNamespace

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..errors import Refused, Stale
from ..web.conflict import conflict
from ..web.pages import go, load_or_404
from . import actions
from .forms import ChangedFeedForm, FeedForm
from .models import Feed
from .rules import KIND_LABELS, FeedKind, Health, health

pages = Blueprint("feeds", __name__)
HOME = "/settings/calendars"
FACES = {
    Health.WAITING: ("being read", "wait", "clock"),
    Health.FRESH: ("up to date", "good", "circle-check"),
    Health.FAILING: ("not answering", "wait", "triangle-alert"),
    Health.UNKNOWN: ("unknown", "late", "circle-alert"),
}


@pages.get("/settings/calendars")
def calendars() -> str:
    """The calendars of every coach one works for."""
    now = clock.now()
    coaches = list(User.coaches_for(current_user))
    feeds: dict[int, list[Feed]] = {}
    for feed in Feed.of_all(coaches):
        feeds.setdefault(feed.coach_id, []).append(feed)
    return render_template(
        "feeds/calendars.html",
        coaches=coaches,
        feeds=feeds,
        face_of=lambda feed: FACES[health(feed.ok_at, feed.answer, now, is_asked=feed.next_at is None)],
        is_reading=any(feed.next_at is None for theirs in feeds.values() for feed in theirs),
        labels=KIND_LABELS,
    )


@pages.get("/settings/calendars/<ulid:coach_id>/new")
def new(coach_id: str) -> str:
    return _form(FeedForm(), _coach(coach_id))


@pages.post("/settings/calendars/<ulid:coach_id>")
def add(coach_id: str) -> ResponseReturnValue:
    coach, form = _coach(coach_id), FeedForm(request.form)
    if not form.validate():
        return _form(form, coach), 422
    actions.add(
        coach,
        name=form.name.data,
        kind=FeedKind(form.kind.data),
        address=form.address.data,
        username=form.username.data,
        password=form.password.data,
    )
    return go(HOME, f"“{form.name.data}” is being read.")


@pages.get("/settings/calendars/feeds/<ulid:feed_id>")
def edit(feed_id: str) -> str:
    feed = _feed(feed_id)
    form = ChangedFeedForm(name=feed.name, kind=feed.kind_name, username=feed.username, version=feed.version)
    return _form(form, feed.coach, feed)


@pages.post("/settings/calendars/feeds/<ulid:feed_id>")
def change(feed_id: str) -> ResponseReturnValue:
    feed, form = _feed(feed_id), ChangedFeedForm(request.form)
    if not form.validate():
        return _form(form, feed.coach, feed), 422
    try:
        actions.change(
            feed,
            version=form.version.data,
            name=form.name.data,
            kind=FeedKind(form.kind.data),
            address=form.address.data,
            username=form.username.data,
            password=form.password.data,
        )
    except Stale as stale:
        return _stale(stale, form, feed_id)
    except Refused as refusal:
        form.password.errors = [str(refusal)]
        return _form(form, feed.coach, feed), 422
    return go(HOME, f"“{form.name.data}” is being read anew.")


@pages.post("/settings/calendars/feeds/<ulid:feed_id>/read")
def read_now(feed_id: str) -> ResponseReturnValue:
    feed = _feed(feed_id)
    actions.read_now(feed)
    return go(HOME, f"“{feed.name}” is being read.")


@pages.post("/settings/calendars/feeds/<ulid:feed_id>/remove")
def remove(feed_id: str) -> ResponseReturnValue:
    feed = _feed(feed_id)
    actions.remove(feed)
    return go(HOME, f"“{feed.name}” is no longer read, and what it said is forgotten.")


def _coach(public_id: str) -> User:
    return load_or_404(User.coaches_for(current_user), public_id)


def _feed(public_id: str) -> Feed:
    return load_or_404(Feed.visible_to(current_user), public_id)


def _form(form: FeedForm, coach: User, feed: Feed | None = None) -> str:
    return render_template("feeds/calendar.html", form=form, coach=coach, feed=feed)


def _stale(stale: Stale, form: ChangedFeedForm, feed_id: str) -> ResponseReturnValue:
    """Both versions side by side, but for the address that is there and any password: nobody is shown those again."""
    feed = _feed(feed_id)
    theirs = SimpleNamespace(
        name=feed.name, kind=feed.kind_name, username=feed.username, address="", version=feed.version
    )
    if form.password.data:
        stale = Stale(f"{stale} A password is not kept here: keep what you typed, then type the password once more.")
    del form.password
    return conflict(stale, form, theirs, f"{HOME}/feeds/{feed_id}")

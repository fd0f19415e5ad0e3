"""Today, the first steps, and what belongs to no room: keys, settings' front page, the drawing board."""

from flask import Blueprint, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.forms import ProfileForm
from ..assessments.rules import TODO_LABELS
from ..boards.rules import Lateness
from ..clients.rules import PARTY_LABELS, Party
from ..web.pages import go, require
from . import actions, models

pages = Blueprint("home", __name__)
TONES = {Lateness.FINE: "plain", Lateness.DUE: "wait", Lateness.LATE: "late"}


@pages.get("/")
def today() -> ResponseReturnValue:
    """What to do now, and who is waited on."""
    mine, now = models.mine(current_user), clock.now()
    others = tuple(party for party in Party if party not in (*mine, Party.NOBODY))
    do_now = models.waiting(current_user, mine, now)
    waited = models.waiting(current_user, others, now)
    if not do_now.rows and not waited.rows and models.is_new_practice():
        return redirect("/welcome", 303)
    day = models.sessions_of(current_user, now)
    return render_template(
        "home/today.html",
        now=now,
        rows=day.unmarked,
        total=day.total,
        chosen=None,
        today=day.today,
        places=day.places,
        stalled=models.stalled(current_user, now),
        most=models.MOST,
        do_now=do_now,
        others=waited,
        stuck=list(models.stuck(current_user)),
        unanswered=models.unanswered(current_user, now),
        without_time=list(models.without_time(current_user)),
        to_assess=models.to_assess(current_user, now),
        todo_labels=TODO_LABELS,
        low_stock=models.low_stock(current_user, now),
        access_step=models.ACCESS_STEP,
        undelivered=list(models.undelivered(current_user)),
        clashes=day.clashes,
        unread_calendars=models.unread_calendars(current_user, now),
        due_of=models.due_of,
        is_onboarding=models.is_onboarding,
        may_remind=models.may_remind,
        labels=PARTY_LABELS,
        tones=TONES,
    )


@pages.get("/welcome")
def welcome() -> ResponseReturnValue:
    """The first steps of a new practice."""
    return render_template("home/welcome.html", is_new=models.is_new_practice())


@pages.post("/welcome/sample")
def fill_sample() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    actions.ask_for_sample(by=current_user._get_current_object())
    return go("/boards/onboarding", "Here is a practice made of fiction. Try everything; nothing leaves the house.")


@pages.get("/settings")
def settings() -> ResponseReturnValue:
    """The first settings page this person may see."""
    if current_user.may_run_practice:
        return redirect("/settings/firm", 303)
    return redirect("/settings/forms" if current_user.may_arrange else "/account", 303)


@pages.get("/keys")
def keys() -> ResponseReturnValue:
    """What the keyboard can do."""
    return render_template("home/_keys.html" if request.htmx else "home/keys.html")


@pages.get("/ui")
def pieces() -> ResponseReturnValue:
    """Each piece of the look, drawn; in development only."""
    if not current_app.debug:
        abort(404)
    return render_template("ui_page.html", form=ProfileForm(obj=current_user), moment=clock.now())

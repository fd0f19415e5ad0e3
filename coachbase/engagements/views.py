"""A client's program: its onboarding step by step, what comes when, its terms, and who at the sponsor takes part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock, money
from ..accounts.models import User
from ..clients.models import Client, Contact
from ..clients.rules import PARTY_LABELS
from ..errors import Stale
from ..web.conflict import conflict
from ..web.forms import Form
from ..web.pages import firm, go, load_or_404
from . import actions
from .forms import (
    MOST_CONTACTS,
    PARTS,
    ChangeForm,
    ContactsForm,
    OwnStepForm,
    ReasonForm,
    TickForm,
    as_typed,
    parts_of,
)
from .models import Engagement, Participant, Step
from .rules import (
    BILLING_LABELS,
    CADENCE_LABELS,
    LEADS_TO,
    NEVER_SHARED,
    PAYER_LABELS,
    SHARE_LABELS,
    SUMMARIES_LABELS,
    THREE_WAY_LABELS,
    Obligation,
    Share,
    Shift,
    State,
    StepKind,
    agreement_is_out,
    cancelling_in_words,
    due_at,
    expected_kickoff,
    fixed_fields,
    holding,
    is_late,
    missing,
    obligations,
    shifts,
)

pages = Blueprint("engagements", __name__)

MOST_EARLIER = 20
"""Programs of the same client that a page lists."""


@pages.app_template_global("program_of")
def program_of(client: Client) -> Engagement | None:
    """The client's newest program that is not over, for every page of the client; whoever reads it may see both."""
    return Engagement.current_of(client)


@pages.app_template_global("kickoff_of")
def kickoff_of(engagement: Engagement) -> date:
    """The day of the kickoff: booked, or to be expected."""
    return expected_kickoff(engagement.kickoff_on, engagement.starts_on, engagement.ready_on, _today())


pages.add_app_template_global(cancelling_in_words, "cancelling")


@pages.app_template_filter("due_tone")
def due_tone(due_at: datetime) -> str:
    """How pressing it is: late once that moment has passed, on the day before it shows."""
    left = due_at - clock.now()
    return "late" if left < timedelta() else "wait" if left <= timedelta(days=1) else "plain"


@dataclass(frozen=True)
class Row:
    """A step as the page shows it; `form` holds what was typed and refused."""

    step: Step
    due_at: datetime | None
    is_late: bool
    needs: list[Step]
    form: Form | None = None


@pages.get("/clients/<ulid:client_id>/program")
def program(client_id: str) -> ResponseReturnValue:
    """The program that runs, or else the newest one."""
    client = load_or_404(Client.with_people(_me()), client_id)
    everything = list(Engagement.of(client).limit(MOST_EARLIER))
    shown = next((each for each in everything if each.state not in (State.COMPLETED, State.ENDED)), None)
    return _page(client, shown or next(iter(everything), None), everything)


@pages.get("/clients/<ulid:client_id>/program/<ulid:engagement_id>")
def earlier_program(client_id: str, engagement_id: str) -> ResponseReturnValue:
    """Any program of the client."""
    client = load_or_404(Client.with_people(_me()), client_id)
    engagement = load_or_404(Engagement.of(client), engagement_id)
    return _page(client, engagement, list(Engagement.of(client).limit(MOST_EARLIER)))


def _page(client: Client, engagement: Engagement | None, everything: list[Engagement]) -> str:
    if engagement is None:
        return render_template("engagements/none.html", client=client, tab="program")
    return render_template(
        "engagements/program.html", tab="program", everything=everything, **_shown(client, engagement)
    )


def _shown(
    client: Client,
    engagement: Engagement,
    *,
    refused: tuple[Step, Form] | None = None,
    own: OwnStepForm | None = None,
    changed: Step | None = None,
) -> dict[str, Any]:
    """What the page of a program shows, with a form that was refused in its place; `changed` gets the focus back."""
    steps, now = list(Step.of(engagement)), clock.now()
    held = holding(steps)
    own = own or OwnStepForm()
    own.offer(steps)
    return _words() | {
        "client": client,
        "engagement": engagement,
        "rows": [
            Row(
                step,
                due_at(step),
                is_late(step, now),
                missing(step, steps),
                refused[1] if refused and refused[0] == step else None,
            )
            for step in steps
        ],
        "held": held,
        "changed": changed,
        "own": own,
        "participants": list(Participant.of(engagement)),
        "dates": _dates(engagement),
        "today": _today(),
        "leads_to": LEADS_TO[engagement.state],
        "ending": ReasonForm(),
    }


def _words() -> dict[str, Any]:
    return {
        "in_words": money.in_words,
        "cadences": CADENCE_LABELS,
        "billings": BILLING_LABELS,
        "payers": PAYER_LABELS,
        "summaries": SUMMARIES_LABELS,
        "three_ways": THREE_WAY_LABELS,
        "shares": SHARE_LABELS,
        "every_share": tuple(Share),
        "never_shared": NEVER_SHARED,
        "parties": PARTY_LABELS,
        "parts": PARTS,
        "KICKOFF": StepKind.KICKOFF_BOOKED,
        "FILE": StepKind.FILE_SET_UP,
    }


def _dates(engagement: Engagement) -> list[Obligation]:
    return obligations(engagement, engagement.starts_on, engagement.ends_on, kickoff_on=engagement.kickoff_on)


# Steps ----------------------------------------------------------------------------------------------------------------


@pages.post("/steps/<ulid:step_id>/tick")
def tick(step_id: str) -> ResponseReturnValue:
    step = load_or_404(Step.visible_to(_me()), step_id)
    form = TickForm(request.form)
    asks_day = step.kind is StepKind.KICKOFF_BOOKED
    if form.validate() and asks_day and form.kickoff_on.data is None:
        form.kickoff_on.errors = ["Say on which day the kickoff is."]
    if form.errors:
        return _steps(step.engagement, refused=(step, form)), 422
    kickoff_on = form.kickoff_on.data if asks_day else None
    actions.tick(step, reason=form.reason.data, by=_me(), kickoff_on=kickoff_on)
    return _changed(step, f"{step.label}: done.", undo=f"/steps/{step.public_id}/reopen")


@pages.post("/steps/<ulid:step_id>/skip")
def skip(step_id: str) -> ResponseReturnValue:
    step = load_or_404(Step.visible_to(_me()), step_id)
    form = TickForm(request.form)
    if not form.reason.validate(form):
        form.reason.errors = form.reason.errors if form.reason.data else ["Say why the program goes on without it."]
        return _steps(step.engagement, refused=(step, form)), 422
    actions.skip(step, reason=form.reason.data, by=_me())
    return _changed(step, f"{step.label}: skipped.", undo=f"/steps/{step.public_id}/reopen")


@pages.post("/steps/<ulid:step_id>/reopen")
def reopen(step_id: str) -> ResponseReturnValue:
    step = load_or_404(Step.visible_to(_me()), step_id)
    actions.reopen(step, by=_me())
    return _changed(step, f"{step.label}: open again.")


@pages.post("/engagements/<ulid:engagement_id>/steps")
def add_step(engagement_id: str) -> ResponseReturnValue:
    engagement = _engagement(engagement_id)
    form = OwnStepForm(request.form)
    form.offer(Step.of(engagement))
    if not form.validate():
        return _steps(engagement, own=form), 422
    step = actions.add_step(engagement, **form.values(), by=_me())
    return _changed(step, f"{step.label}: added.")


def _changed(step: Step, said: str, undo: str | None = None) -> ResponseReturnValue:
    """On to the page; to htmx the steps with everything on the page that follows from them."""
    if request.htmx:
        return _steps(step.engagement, said=said, undo=undo, changed=step)
    flash(said, f"undo:{undo}" if undo else "message")
    return go(f"{_address(step.engagement)}#steps")


def _steps(engagement: Engagement, *, said: str = "", undo: str | None = None, **options: Any) -> str:
    """The steps; around them the page when it is not htmx that asks."""
    client = load_or_404(Client.with_people(_me()), engagement.client.public_id)
    now = load_or_404(Engagement.of(client), engagement.public_id)
    shown = _shown(client, now, **options)
    if request.htmx:
        return render_template("engagements/_answer.html", said=said, undo=undo, **shown)
    everything = list(Engagement.of(client).limit(MOST_EARLIER))
    return render_template("engagements/program.html", tab="program", everything=everything, **shown)


# States ---------------------------------------------------------------------------------------------------------------


@pages.post("/engagements/<ulid:engagement_id>/pause")
def pause(engagement_id: str) -> ResponseReturnValue:
    return _go_on(engagement_id, actions.pause, "The program is paused.")


@pages.post("/engagements/<ulid:engagement_id>/resume")
def resume(engagement_id: str) -> ResponseReturnValue:
    return _go_on(engagement_id, actions.resume, "The program goes on.")


@pages.post("/engagements/<ulid:engagement_id>/complete")
def complete(engagement_id: str) -> ResponseReturnValue:
    return _go_on(engagement_id, actions.complete, "The program is completed.")


@pages.post("/engagements/<ulid:engagement_id>/end")
def end_early(engagement_id: str) -> ResponseReturnValue:
    engagement = _engagement(engagement_id)
    form = ReasonForm(request.form)
    if not form.validate():
        return _ending(engagement, form), 422
    actions.end_early(engagement, reason=form.reason.data, by=_me())
    return go(_address(engagement), "The program has ended.")


@pages.get("/engagements/<ulid:engagement_id>/end")
def ask_for_end(engagement_id: str) -> ResponseReturnValue:
    """Why it ends: a program that has ended does not come back."""
    return _ending(_engagement(engagement_id), ReasonForm())


def _ending(engagement: Engagement, form: ReasonForm) -> str:
    template = "engagements/_end.html" if request.htmx else "engagements/end.html"
    return render_template(template, engagement=engagement, client=engagement.client, form=form)


def _go_on(engagement_id: str, act: Callable[..., None], said: str) -> ResponseReturnValue:
    engagement = _engagement(engagement_id)
    act(engagement, by=_me())
    return go(_address(engagement), said)


# Terms and people -----------------------------------------------------------------------------------------------------


@pages.get("/engagements/<ulid:engagement_id>/change")
def terms(engagement_id: str) -> ResponseReturnValue:
    engagement = _engagement(engagement_id)
    return _terms_page(engagement, _change_form(engagement, obj=as_typed(engagement)))


@pages.post("/engagements/<ulid:engagement_id>/change")
def change(engagement_id: str) -> ResponseReturnValue:
    """First what would move; with `apply` it is done."""
    engagement = _engagement(engagement_id)
    form = _change_form(engagement, request.form)
    if not form.validate():
        return _terms_page(engagement, form), 422
    values = form.values()
    if "apply" not in request.form:
        kickoff_on = values.get("kickoff_on", engagement.kickoff_on)
        after = obligations(engagement, values["starts_on"], values["ends_on"], kickoff_on=kickoff_on)
        return _terms_page(engagement, form, moved=shifts(_dates(engagement), after))
    here = f"/engagements/{engagement_id}/change"
    try:
        actions.change(engagement, values, version=form.version.data, by=_me())
    except Stale as stale:
        return conflict(stale, form, as_typed(_engagement(engagement_id)), here)
    return go(_address(engagement), "Saved.")


def _change_form(engagement: Engagement, *args: Any, **options: Any) -> ChangeForm:
    fixed = fixed_fields(engagement.state, is_out=agreement_is_out(list(Step.of(engagement))))
    return ChangeForm(*args, engagement=engagement, fixed=fixed, **options)


def _terms_page(engagement: Engagement, form: ChangeForm, moved: Sequence[Shift] = ()) -> str:
    return render_template(
        "engagements/change.html", engagement=engagement, client=engagement.client, form=form, moved=moved, **_words()
    )


@pages.get("/engagements/<ulid:engagement_id>/contacts")
def contacts(engagement_id: str) -> ResponseReturnValue:
    engagement = _engagement(engagement_id)
    form = ContactsForm(data=parts_of(Participant.of(engagement)) | {"version": engagement.version})
    return _contacts_page(engagement, form)


@pages.post("/engagements/<ulid:engagement_id>/contacts")
def change_contacts(engagement_id: str) -> ResponseReturnValue:
    engagement = _engagement(engagement_id)
    form = ContactsForm(request.form)
    form.offer(_contacts(engagement))
    if not form.validate():
        return _contacts_page(engagement, form), 422
    try:
        actions.change_participants(engagement, form.rows(), version=form.version.data, by=_me())
    except Stale as stale:
        ticked = {part: form[part].data for part in PARTS}
        form = ContactsForm(data=ticked | {"version": _engagement(engagement_id).version})
        return _contacts_page(engagement, form, stale=f"{stale} Here is what you ticked."), 409
    return go(_address(engagement), "Saved.")


def _contacts_page(engagement: Engagement, form: ContactsForm, *, stale: str = "") -> str:
    there = _contacts(engagement)
    form.offer(there)
    return render_template(
        "engagements/contacts.html",
        engagement=engagement,
        client=engagement.client,
        form=form,
        contacts=there,
        stale=stale,
        **_words(),
    )


def _contacts(engagement: Engagement) -> list[Contact]:
    client = engagement.client
    return list(Contact.of(client.organisation).limit(MOST_CONTACTS)) if client.organisation_id else []


def _engagement(engagement_id: str) -> Engagement:
    return load_or_404(Engagement.visible_to(_me()), engagement_id)


def _address(engagement: Engagement) -> str:
    """Where this program stands: the client may have another that is newer."""
    home = f"/clients/{engagement.client.public_id}/program"
    return home if Engagement.current_of(engagement.client) == engagement else f"{home}/{engagement.public_id}"


def _me() -> User:
    return current_user._get_current_object()


def _today() -> date:
    return clock.now().astimezone(ZoneInfo(firm().zone)).date()

"""Programs in the settings; starting one with a client; which documents lack which fields."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock, money
from ..accounts.models import User
from ..agreements.models import Agreement, AgreementTemplate
from ..agreements.rules import State as AgreementState
from ..clients.models import Client, Contact
from ..clients.rules import PARTY_LABELS
from ..engagements.models import Engagement
from ..engagements.rules import (
    BILLING_LABELS,
    CADENCE_LABELS,
    NEVER_SHARED,
    PAYER_LABELS,
    SHARE_LABELS,
    STEP_LABELS,
    SUMMARIES_LABELS,
    THREE_WAY_LABELS,
    WAITS_ON,
    StepKind,
)
from ..errors import Refused, Stale
from ..instruments.models import Battery
from ..intake.models import Form as Questionnaire
from ..intake.rules import FormState
from ..web.conflict import conflict
from ..web.pages import firm, go, load_or_404, require
from . import actions
from .forms import NewProgramForm, NewStepForm, ProgramForm, StartForm, StepForm
from .models import Outlook, ProgramTemplate, TemplateStep, lacking_of
from .rules import likely, refusal_to_add

pages = Blueprint("programs", __name__)

MOST_CONTACTS = 30
"""A sponsor's contacts to choose among."""


@pages.context_processor
def _words() -> dict[str, Any]:
    """What the terms of a program are called on a page."""
    return {
        "in_words": money.in_words,
        "cadences": CADENCE_LABELS,
        "billings": BILLING_LABELS,
        "payers": PAYER_LABELS,
        "summaries": SUMMARIES_LABELS,
        "three_ways": THREE_WAY_LABELS,
        "share_labels": SHARE_LABELS,
        "never_shared": NEVER_SHARED,
        "parties": PARTY_LABELS,
    }


# Settings ------------------------------------------------------------------------------------------------------------


@pages.get("/settings/programs")
def programs() -> ResponseReturnValue:
    require(current_user.may_arrange)
    return render_template(
        "programs/programs.html", programs=list(ProgramTemplate.offered()), steps=TemplateStep.counts()
    )


@pages.get("/settings/programs/new")
def new_program() -> ResponseReturnValue:
    require(current_user.may_arrange)
    return _new_page(NewProgramForm(data={"currency": firm().currency, "months": 6} | _usual_documents()))


@pages.post("/settings/programs/new")
def add_program() -> ResponseReturnValue:
    require(current_user.may_arrange)
    form = _offered(NewProgramForm(request.form))
    if not form.validate():
        return _new_page(form), 422
    template = actions.add(form.values())
    return go(f"{_home(template)}#steps", "The program is made. These are the steps it begins with.")


def _usual_documents() -> dict[str, str]:
    """The first agreement and the first open questionnaire: mostly there is one of each."""
    paper = AgreementTemplate.kept().first()
    asked = ProgramTemplate.questionnaires().where(Questionnaire.state_name == FormState.OPEN).first()
    return {
        "agreement_id_chosen": paper.public_id if paper else "",
        "questionnaire_id_chosen": asked.public_id if asked else "",
    }


def _new_page(form: NewProgramForm) -> str:
    return render_template("programs/new_program.html", form=_offered(form))


@pages.get("/settings/programs/<ulid:program_template_id>")
def program(program_template_id: str) -> ResponseReturnValue:
    template = _template(program_template_id)
    return _program_page(template, ProgramForm(obj=template))


@pages.post("/settings/programs/<ulid:program_template_id>")
def change_program(program_template_id: str) -> ResponseReturnValue:
    template = _template(program_template_id)
    form = _offered(ProgramForm(request.form), template)
    if not form.validate():
        return _program_page(template, form), 422
    try:
        actions.change(template, form.values(), version=form.version.data)
    except Stale as stale:
        return conflict(stale, form, _template(program_template_id), _home(template))
    return go(_home(template), "Saved. Programs that run already stay as they are.")


@pages.post("/settings/programs/preview")
def preview_logistics() -> ResponseReturnValue:
    """What the text about logistics will look like; nothing is kept."""
    require(current_user.may_arrange)
    form = ProgramForm(request.form)
    sound = form.logistics.validate(form)
    template = "programs/_logistics.html" if request.htmx else "programs/logistics.html"
    return render_template(template, form=form, sound=sound)


@pages.post("/settings/programs/<ulid:program_template_id>/duplicate")
def duplicate_program(program_template_id: str) -> ResponseReturnValue:
    copy = actions.duplicate(_template(program_template_id))
    return go(_home(copy), f"This is {copy.name}. Give it a name of its own.")


@pages.post("/settings/programs/<ulid:program_template_id>/remove")
def remove_program(program_template_id: str) -> ResponseReturnValue:
    template = _template(program_template_id)
    actions.remove(template)
    flash(f"{template.name} is no longer offered. What runs goes on.", f"undo:{_home(template)}/restore")
    return go("/settings/programs")


@pages.post("/settings/programs/<ulid:program_template_id>/restore")
def restore_program(program_template_id: str) -> ResponseReturnValue:
    require(current_user.may_arrange)
    template = load_or_404(ProgramTemplate.with_documents(), program_template_id)
    actions.restore(template)
    return go("/settings/programs", f"{template.name} is offered again.")


def _template(public_id: str) -> ProgramTemplate:
    require(current_user.may_arrange)
    return load_or_404(ProgramTemplate.offered(), public_id)


def _home(template: ProgramTemplate) -> str:
    return f"/settings/programs/{template.public_id}"


def _offered(form: ProgramForm, template: ProgramTemplate | None = None) -> Any:
    form.offer(AgreementTemplate.kept(), ProgramTemplate.questionnaires(), Battery.kept(), template)
    return form


def _program_page(template: ProgramTemplate, form: ProgramForm) -> str:
    steps = list(TemplateStep.of(template))
    kinds = [step.kind for step in steps]
    return render_template(
        "programs/program.html",
        template=template,
        form=_offered(form, template),
        steps=[(step, [other.label for other in steps if other.key in step.needed]) for step in steps],
        addable=[(kind, STEP_LABELS[kind]) for kind in StepKind if not refusal_to_add(kind, kinds, template.parts)],
    )


# Their steps ---------------------------------------------------------------------------------------------------------


@pages.get("/settings/programs/<ulid:program_template_id>/steps/new")
def new_step(program_template_id: str) -> ResponseReturnValue:
    template = _template(program_template_id)
    kind = _kind(request.args.get("kind", ""))
    steps = list(TemplateStep.of(template))
    if refusal := refusal_to_add(kind, [step.kind for step in steps], template.parts):
        raise Refused(refusal)
    return _step_page(template, NewStepForm(kind=kind, others=steps, data={"waiting_on_name": WAITS_ON[kind]}), kind)


@pages.post("/settings/programs/<ulid:program_template_id>/steps/new")
def add_step(program_template_id: str) -> ResponseReturnValue:
    template = _template(program_template_id)
    kind = _kind(request.form.get("kind", ""))
    form = NewStepForm(request.form, kind=kind, others=list(TemplateStep.of(template)))
    if not form.validate():
        return _step_page(template, form, kind), 422
    actions.add_step(template, kind, **form.values())
    return go(f"{_home(template)}#steps", "The step is added.")


@pages.get("/settings/programs/<ulid:program_template_id>/steps/<ulid:template_step_id>")
def step(program_template_id: str, template_step_id: str) -> ResponseReturnValue:
    template, one = _step(program_template_id, template_step_id)
    return _step_page(template, StepForm(obj=one, kind=one.kind, others=_others(template, one)), one.kind, one)


@pages.post("/settings/programs/<ulid:program_template_id>/steps/<ulid:template_step_id>")
def change_step(program_template_id: str, template_step_id: str) -> ResponseReturnValue:
    template, one = _step(program_template_id, template_step_id)
    form = StepForm(request.form, kind=one.kind, others=_others(template, one))
    if not form.validate():
        return _step_page(template, form, one.kind, one), 422
    try:
        actions.change_step(one, **form.values(), version=form.version.data)
    except Stale as stale:
        theirs = TemplateStep.get_by_id(one.id)
        return conflict(stale, form, theirs, f"{_home(template)}/steps/{one.public_id}")
    except Refused as refusal:
        form.needs.errors = [str(refusal)]
        return _step_page(template, form, one.kind, one), 422
    return go(f"{_home(template)}#steps", "Saved.")


@pages.post("/settings/programs/<ulid:program_template_id>/steps/<ulid:template_step_id>/place")
def place_step(program_template_id: str, template_step_id: str) -> ResponseReturnValue:
    template, one = _step(program_template_id, template_step_id)
    if request.form.get("shift") in ("-1", "1"):
        actions.shift_step(one, int(request.form["shift"]))
    return go(f"{_home(template)}#{one.public_id}")


@pages.post("/settings/programs/<ulid:program_template_id>/steps/<ulid:template_step_id>/take-out")
def take_out_step(program_template_id: str, template_step_id: str) -> ResponseReturnValue:
    template, one = _step(program_template_id, template_step_id)
    place = actions.take_out(one)
    flash(f"“{one.label}” is out.", f"undo:{_home(template)}/steps/{one.public_id}/put-back?place={place}")
    return go(f"{_home(template)}#steps")


@pages.post("/settings/programs/<ulid:program_template_id>/steps/<ulid:template_step_id>/put-back")
def put_back_step(program_template_id: str, template_step_id: str) -> ResponseReturnValue:
    template, one = _step(program_template_id, template_step_id)
    place = request.args.get("place", "")
    actions.put_back(one, int(place) if place.isascii() and place.isdigit() and len(place) < 4 else 1)
    return go(f"{_home(template)}#steps", f"“{one.label}” is back.")


def _step(program_template_id: str, template_step_id: str) -> tuple[ProgramTemplate, TemplateStep]:
    """A step of this program, also one that was taken out."""
    template = _template(program_template_id)
    mine = TemplateStep.select().where(TemplateStep.template == template)
    return template, load_or_404(mine, template_step_id)


def _others(template: ProgramTemplate, one: TemplateStep) -> list[TemplateStep]:
    return [other for other in TemplateStep.of(template) if other != one]


def _kind(name: str) -> StepKind:
    if name not in set(StepKind):
        raise Refused("Choose what kind of step it is.")
    return StepKind(name)


def _step_page(template: ProgramTemplate, form: StepForm, kind: StepKind, one: TemplateStep | None = None) -> str:
    title = one.label if one else STEP_LABELS[kind]
    return render_template("programs/step.html", template=template, form=form, kind=kind, step=one, title=title)


# Starting one with a client ------------------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/programs/new")
def choose(client_id: str) -> ResponseReturnValue:
    """The form, filled with what is right most of the time, and what would happen."""
    client = _client(client_id)
    offered = list(ProgramTemplate.offered())
    wanted = request.args.get("template", "")
    chosen = next((one for one in offered if one.public_id == wanted), None)
    template = chosen or likely(offered, has_sponsor=bool(client.organisation_id))
    running = _onboarding(client)
    if template is None or running:
        return render_template("programs/cannot_start.html", client=client, running=running)
    contacts = _contacts(client)
    form = _start_form(client, template, contacts, data=StartForm.defaults(template, client, contacts, _today()))
    return _start_page(client, template, form, offered)


@pages.post("/clients/<ulid:client_id>/programs/preview")
def preview(client_id: str) -> ResponseReturnValue:
    """What would happen with what is typed so far; nothing is kept."""
    client = _client(client_id)
    template = _named()
    form = _start_form(client, template, _contacts(client), request.form)
    form.validate()
    if request.htmx:
        return render_template("programs/_outlook.html", **_shown(client, template, form))
    return _start_page(client, template, form, list(ProgramTemplate.offered())), 422 if form.errors else 200


@pages.post("/clients/<ulid:client_id>/programs")
def start(client_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    template = _named()
    form = _start_form(client, template, _contacts(client), request.form)
    if not form.validate():
        return _start_page(client, template, form, list(ProgramTemplate.offered())), 422
    engagement = actions.begin(client, template, form.chosen(), by=_me())
    return go(f"/clients/{client_id}/program", _said(engagement))


def _named() -> ProgramTemplate:
    """The program a form names, also one that was removed meanwhile: the act says so, or its page."""
    named = ProgramTemplate.public_id == request.form.get("template", "")[:26]
    template = ProgramTemplate.with_documents().where(named).first()
    if template is None:
        raise Refused("Choose a program first.")
    return template


def _said(engagement: Engagement) -> str:
    """What became of the agreement stands in the toast: whether it is out decides what to do next."""
    agreement = Agreement.living_of(engagement)
    if agreement is None:
        return f"{engagement.name} is started."
    if agreement.state is AgreementState.DRAFT:
        return f"{engagement.name} is started. The agreement is a draft until you send it."
    return f"{engagement.name} is started. The agreement is on its way to {engagement.client.called}."


def _start_form(
    client: Client, template: ProgramTemplate, contacts: list[Contact], *args: Any, **kwargs: Any
) -> StartForm:
    offered = {"coaches": list(User.coaches_for(_me())), "contacts": contacts, "batteries": list(Battery.kept())}
    return StartForm(*args, template=template, **offered, **kwargs)


def _start_page(client: Client, template: ProgramTemplate, form: StartForm, offered: list[ProgramTemplate]) -> str:
    return render_template(
        "programs/start.html", programs=offered, contacts=_contacts(client), **_shown(client, template, form)
    )


def _shown(client: Client, template: ProgramTemplate, form: StartForm) -> dict[str, Any]:
    """What the partial `_outlook.html` shows: everything that would happen, or what is wrong with the form."""
    outlook = None if form.errors else Outlook(client, template, form.chosen(), firm=firm(), now=clock.now())
    return {"client": client, "template": template, "form": form, "outlook": outlook}


def _client(client_id: str) -> Client:
    return load_or_404(Client.with_people(_me()), client_id)


def _contacts(client: Client) -> list[Contact]:
    return list(Contact.of(client.organisation).limit(MOST_CONTACTS)) if client.organisation_id else []


def _onboarding(client: Client) -> Engagement | None:
    """The program whose onboarding is still open: until it is done, no other can begin."""
    running = Engagement.current_of(client)
    return running if running and running.onboarded_at is None else None


def _me() -> User:
    return current_user._get_current_object()


def _today() -> Any:
    return clock.now().astimezone(ZoneInfo(firm().zone)).date()


# Asked once, used everywhere -----------------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/programs/lacking")
def lacking(client_id: str) -> ResponseReturnValue:
    """Which documents of this client lack which fields."""
    client = _client(client_id)
    engagement = Engagement.current_of(client)
    return render_template(
        "programs/lacking.html",
        client=client,
        tab="program",
        engagement=engagement,
        documents=lacking_of(engagement, today=_today()) if engagement else [],
    )


@pages.get("/clients/<ulid:client_id>/programs/of/<ulid:engagement_id>")
def of_engagement(client_id: str, engagement_id: str) -> ResponseReturnValue:
    """For the client's program: how many fields are lacking."""
    client = _client(client_id)
    mine = Engagement.visible_to(_me()).where(Engagement.client == client)
    engagement = load_or_404(mine, engagement_id)
    return render_template("programs/_lacking.html", client=client, documents=lacking_of(engagement, today=_today()))

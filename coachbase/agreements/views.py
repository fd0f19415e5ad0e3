"""Agreement templates, and a client's agreements as the staff sees them: text, signers, trail, and what can be done."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock, paper
from ..accounts.models import User
from ..clients.models import Client
from ..engagements.models import Engagement
from ..errors import Refused, Stale
from ..evidence.models import TrailEvent
from ..firm.models import day_of
from ..web.conflict import conflict
from ..web.links import LinkDoors
from ..web.pages import attachment, go, load_or_404, require
from . import actions, tasks
from .forms import DraftForm, NewTemplateForm, TemplateForm, TextForm, WithdrawForm
from .models import Agreement, AgreementTemplate, Signer
from .rules import EVENT_FACES, EXAMPLES, MERGE_FIELDS, WHERE, EventKind, State, fill, refusal_to, tidy

pages = Blueprint("agreements", __name__)
SETTINGS = "/settings/agreements"
MOST_SHOWN, PDF = 20, "application/pdf"


# Templates ------------------------------------------------------------------------------------------------------------


@pages.get(SETTINGS)
def templates() -> ResponseReturnValue:
    _require_arranger()
    return render_template("agreements/templates.html", templates=list(AgreementTemplate.kept()))


@pages.get(f"{SETTINGS}/new")
def new_template() -> ResponseReturnValue:
    _require_arranger()
    return _template_page(NewTemplateForm())


@pages.post(f"{SETTINGS}/new")
def keep_template() -> ResponseReturnValue:
    _require_arranger()
    form = NewTemplateForm(request.form)
    if not form.validate() or _asks_preview():
        return _template_page(form), 422 if form.errors else 200
    template = actions.keep_template(form.name.data, form.body.data)
    return go(f"{SETTINGS}/{template.public_id}", "The template is kept.")


@pages.get(f"{SETTINGS}/<ulid:agreement_template_id>")
def template(agreement_template_id: str) -> ResponseReturnValue:
    row = _template(agreement_template_id)
    return _template_page(TemplateForm(obj=row), row)


@pages.post(f"{SETTINGS}/<ulid:agreement_template_id>")
def change_template(agreement_template_id: str) -> ResponseReturnValue:
    row = _template(agreement_template_id)
    form = TemplateForm(request.form)
    if not form.validate() or _asks_preview():
        return _template_page(form, row), 422 if form.errors else 200
    address = f"{SETTINGS}/{agreement_template_id}"
    try:
        actions.change_template(row, **form.data)
    except Stale as stale:
        return conflict(stale, form, AgreementTemplate.get_by_id(row.id), address)
    return go(address, "Saved. Agreements that were drafted before stay as they are.")


@pages.post(f"{SETTINGS}/<ulid:agreement_template_id>/remove")
def remove_template(agreement_template_id: str) -> ResponseReturnValue:
    row = _template(agreement_template_id)
    actions.remove_template(row)
    flash(f"“{row.name}” is removed.", f"undo:{SETTINGS}/{agreement_template_id}/restore")
    return go(SETTINGS)


@pages.post(f"{SETTINGS}/<ulid:agreement_template_id>/restore")
def restore_template(agreement_template_id: str) -> ResponseReturnValue:
    _require_arranger()
    actions.restore_template(load_or_404(AgreementTemplate.select(), agreement_template_id))
    return go(f"{SETTINGS}/{agreement_template_id}", "The template is back.")


def _template(public_id: str) -> AgreementTemplate:
    _require_arranger()
    return load_or_404(AgreementTemplate.kept(), public_id)


def _asks_preview() -> bool:
    return request.form.get("act") == "preview"


def _template_page(form: NewTemplateForm, row: AgreementTemplate | None = None) -> str:
    """The editor; below it the text with examples in the fields' places."""
    shown = fill(tidy(form.body.data), EXAMPLES) if form.body.data and not form.errors else ""
    return render_template(
        "agreements/template.html", form=form, template=row, shown=shown, fields=MERGE_FIELDS, title=form.name.data
    )


# A client's agreements ------------------------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/agreements")
def of_client(client_id: str) -> ResponseReturnValue:
    return _client_page(load_or_404(Client.with_people(_me()), client_id))


@pages.get("/clients/<ulid:client_id>/agreements/of/<ulid:engagement_id>")
def of_engagement(client_id: str, engagement_id: str) -> ResponseReturnValue:
    """A small list for the page of a program."""
    client = load_or_404(Client.visible_to(_me()), client_id)
    engagement = load_or_404(Engagement.visible_to(_me()).where(Engagement.client == client), engagement_id)
    found = list(Agreement.of(client).where(Agreement.engagement == engagement).limit(MOST_SHOWN))
    return render_template(
        "agreements/_of_engagement.html",
        client=client,
        engagement=engagement,
        agreements=found,
        signers=Signer.of_all(found),
    )


@pages.post("/clients/<ulid:client_id>/agreements")
def draft(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(_me()), client_id)
    engagement = Engagement.current_of(client)
    if engagement is None:
        raise Refused("An agreement belongs to a program. Start a program first.")
    form = DraftForm(request.form)
    form.offer(list(AgreementTemplate.kept()))
    if not form.validate():
        raise Refused("Choose a template.")
    actions.draft(engagement, load_or_404(AgreementTemplate.kept(), form.template.data), by=_me())
    return go(_home(client), "The draft is made.")


@pages.get("/clients/<ulid:client_id>/agreements/<ulid:agreement_id>/edit")
def text(client_id: str, agreement_id: str) -> ResponseReturnValue:
    agreement = _agreement(client_id, agreement_id)
    if refusal := refusal_to("change", agreement.state):
        raise Refused(refusal)
    return _text_page(agreement, TextForm(obj=agreement))


@pages.post("/clients/<ulid:client_id>/agreements/<ulid:agreement_id>/edit")
def change_text(client_id: str, agreement_id: str) -> ResponseReturnValue:
    agreement = _agreement(client_id, agreement_id)
    form = TextForm(request.form)
    if not form.validate() or _asks_preview():
        return _text_page(agreement, form), 422 if form.errors else 200
    try:
        actions.change_text(agreement, **form.data)
    except Stale as stale:
        return conflict(stale, form, Agreement.get_by_id(agreement.id), request.path)
    return go(_home(agreement.client), "Saved.")


def _text_page(agreement: Agreement, form: TextForm) -> str:
    values = agreement.values_on(day_of(clock.now()))
    shown = fill(tidy(form.body.data or ""), values) if not form.errors else ""
    return render_template(
        "agreements/text.html",
        agreement=agreement,
        client=agreement.client,
        form=form,
        shown=shown,
        fields=MERGE_FIELDS,
        values=values,
    )


@pages.get("/clients/<ulid:client_id>/agreements/<ulid:agreement_id>")
def agreement(client_id: str, agreement_id: str) -> ResponseReturnValue:
    """The text as it will be, or was sent, and the audit trail."""
    row = _agreement(client_id, agreement_id)
    events = list(TrailEvent.of(row.public_id))
    signers = Signer.of_all([row])[row.id]
    return render_template(
        "agreements/agreement.html",
        agreement=row,
        client=row.client,
        shown=row.filled_on(day_of(clock.now())),
        events=[(event, EVENT_FACES[EventKind(event.kind)]) for event in events],
        names={signer.public_id: signer.name for signer in signers},
        broken=TrailEvent.break_of(row.public_id) if events else None,
    )


@pages.get("/clients/<ulid:client_id>/agreements/<ulid:agreement_id>/preview.pdf")
def preview(client_id: str, agreement_id: str) -> ResponseReturnValue:
    """A draft as the PDF it would become today."""
    row = _agreement(client_id, agreement_id)
    if refusal := refusal_to("change", row.state):
        raise Refused(refusal)
    if refusal := paper.refusal_to_draw(row.title, row.filled_on(day_of(clock.now()))):
        raise Refused(refusal)
    return attachment(tasks.draw(row, made_at=clock.now()), f"Draft of {row.name}", PDF)


@pages.get("/clients/<ulid:client_id>/agreements/<ulid:agreement_id>/document")
def document(client_id: str, agreement_id: str) -> ResponseReturnValue:
    """The frozen PDF that everybody is shown."""
    row = _agreement(client_id, agreement_id)
    if row.document is None:
        raise Refused("There is no PDF of it yet.")
    return attachment(row.document.content, row.document.name, PDF)


@pages.get("/clients/<ulid:client_id>/agreements/<ulid:agreement_id>/sealed")
def sealed(client_id: str, agreement_id: str) -> ResponseReturnValue:
    """The signed and sealed PDF."""
    row = _agreement(client_id, agreement_id)
    if row.sealed is None:
        raise Refused("It is not signed by all yet.")
    return attachment(row.sealed.content, row.sealed.name, PDF)


@pages.post("/clients/<ulid:client_id>/agreements/<ulid:agreement_id>/send")
def send(client_id: str, agreement_id: str) -> ResponseReturnValue:
    row = _agreement(client_id, agreement_id)
    seen = request.form.get("version", "")
    actions.send(row, by=_me(), version=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else None)
    return go(_home(row.client), "It is being prepared, then the first signer is asked.")


@pages.post("/clients/<ulid:client_id>/agreements/<ulid:agreement_id>/withdraw")
def withdraw(client_id: str, agreement_id: str) -> ResponseReturnValue:
    """Take it back; a draft is discarded without a reason."""
    row = _agreement(client_id, agreement_id)
    form = WithdrawForm(request.form)
    if row.state is not State.DRAFT and not form.validate():
        client = load_or_404(Client.with_people(_me()), client_id)
        return _client_page(client, withdrawing=(agreement_id, form)), 422
    actions.withdraw(row, reason=form.reason.data, by=_me())
    said = "The draft is discarded." if row.state is State.DRAFT else "It is withdrawn; whoever was asked is told."
    return go(_home(row.client), said)


@pages.post("/clients/<ulid:client_id>/agreements/<ulid:agreement_id>/renew")
def renew(client_id: str, agreement_id: str) -> ResponseReturnValue:
    row = _agreement(client_id, agreement_id)
    new = actions.renew(row, by=_me())
    return go(f"{_home(row.client)}/{new.public_id}/edit", f"Version {new.number} is a draft now.")


@pages.post("/clients/<ulid:client_id>/agreements/<ulid:agreement_id>/try-again")
def try_again(client_id: str, agreement_id: str) -> ResponseReturnValue:
    row = _agreement(client_id, agreement_id)
    actions.try_again(row)
    return go(_home(row.client), "It is tried again.")


@pages.post("/clients/<ulid:client_id>/agreements/<ulid:agreement_id>/sign")
def sign(client_id: str, agreement_id: str) -> ResponseReturnValue:
    """The coach whose turn it is goes to the signing page, as if by the mailed link."""
    row = _agreement(client_id, agreement_id)
    own = next((signer for signer in Signer.of(row) if signer.user_id == current_user.id), None)
    if own is None:
        raise Refused("Only the coach who is to sign can do that.")
    doors = LinkDoors(actions.LINK)
    token = actions.hold(own, source=request.remote_addr or "nowhere")
    return doors.keep(redirect(doors.home, 303), token)


def _client_page(client: Client, *, withdrawing: tuple[str, WithdrawForm] | None = None) -> str:
    found = list(Agreement.of(client).limit(MOST_SHOWN))
    today = day_of(clock.now())
    drafted = next((row for row in found if row.state is State.DRAFT), None)
    lacking = (
        [(MERGE_FIELDS[name], _filled_in_at(name, client)) for name in drafted.missing_on(today)] if drafted else []
    )
    living = {row.engagement_id for row in found if row.is_living}
    engagement = Engagement.current_of(client)
    may_draft = engagement is not None and engagement.id not in living
    return render_template(
        "agreements/client.html",
        client=client,
        tab="agreements",
        agreements=found,
        signers=Signer.of_all(found),
        lacking=lacking,
        where=WHERE,
        living=living,
        templates=list(AgreementTemplate.kept()) if may_draft else [],
        may_draft=may_draft,
        withdrawing=withdrawing or ("", WithdrawForm()),
        me=_me(),
    )


def _filled_in_at(name: str, client: Client) -> str:
    """The page where a merge field gets its value."""
    home = f"/clients/{client.public_id}"
    sponsor = f"/sponsors/{client.organisation.public_id}/edit" if client.organisation_id else f"{home}/edit"
    pages_of = {"client": f"{home}/edit", "sponsor": sponsor, "program": f"{home}/program", "firm": "/settings/firm"}
    return pages_of.get(MERGE_FIELDS[name].where, home)


def _agreement(client_id: str, agreement_id: str) -> Any:
    """An agreement of this client, behind the client's wall."""
    return load_or_404(Agreement.visible_to(_me()).where(Client.public_id == client_id), agreement_id)


def _home(client: Client) -> str:
    return f"/clients/{client.public_id}/agreements"


def _require_arranger() -> None:
    require(current_user.may_arrange)


def _me() -> User:
    return current_user._get_current_object()

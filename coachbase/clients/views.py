"""The lists of clients and sponsors, their forms, and a list of clients brought as a file."""

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from ..accounts.models import User
from ..errors import Refused, Stale
from ..web.conflict import conflict
from ..web.pages import go, load_or_404, require
from . import actions
from .forms import (
    BallForm,
    ClientEditForm,
    ClientForm,
    ColumnsForm,
    ContactEditForm,
    ContactForm,
    SponsorEditForm,
    SponsorForm,
    as_typed,
    chosen_columns,
    client_filter,
    uploaded,
)
from .models import Client, ClientImport, Contact, Organisation
from .rules import (
    COLUMNS,
    PAGE_SIZE,
    PARTY_LABELS,
    STATUS_LABELS,
    Columns,
    Party,
    csv_text,
    decoded,
    guess_columns,
    read_sheet,
    words_of,
)

pages = Blueprint("clients", __name__)

MOST_CHOICES, MOST_SHOWN_LINES = 200, 100
SPONSOR_SORTS = ("name", "clients", "contacts")


CSV_HEADER = (
    "Name",
    "Preferred name",
    "Pronouns",
    "Email",
    "Phone",
    "Time zone",
    "Language",
    "Position",
    "Organisation",
    "Coach",
    "Assistant",
    "Assistant’s email",
    "Legal name",
    "Address",
    "Status",
    "Next step",
    "Waiting on",
    "Waiting since (UTC)",
)


def me() -> User:
    return current_user._get_current_object()


# Clients --------------------------------------------------------------------------------------------------------------


@pages.get("/clients")
def clients() -> ResponseReturnValue:
    """The list; to htmx, which asks while somebody types, its table alone."""
    shown = client_filter(request.args)
    rows = list(Client.matching(me(), shown).offset((shown.page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1))
    seen = {
        "clients": rows[:PAGE_SIZE],
        "has_more": len(rows) > PAGE_SIZE,
        "count": Client.count_matching(me(), shown),
        "shown": shown,
        "statuses": STATUS_LABELS,
    }
    if request.htmx:
        return render_template("clients/_clients.html", **seen), {"HX-Replace-Url": shown.address()}
    return render_template(
        "clients/clients.html",
        **seen,
        coaches=list(User.coaches_for(me())),
        organisations=list(Organisation.with_clients_of(me()).limit(MOST_CHOICES)),
        parties=PARTY_LABELS,
    )


@pages.get("/clients.csv")
def clients_csv() -> ResponseReturnValue:
    """All rows of the list as it stands; built before it is sent, so that no reader holds the database open."""
    rows = map(_csv_row, Client.matching(me(), client_filter(request.args)).iterator())
    return Response(
        csv_text(CSV_HEADER, rows),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="clients.csv"'},
    )


def _csv_row(client: Client) -> tuple[str, ...]:
    return (
        client.name,
        client.preferred_name,
        client.pronouns,
        client.email,
        client.phone,
        client.zone,
        client.language,
        client.position,
        client.organisation.name if client.organisation_id else "",
        client.coach.name if client.coach_id else "",
        client.assistant_name,
        client.assistant_email,
        client.legal_name,
        client.address,
        client.status_label,
        client.next_step,
        client.waiting_on_label,
        client.waiting_since.strftime("%Y-%m-%d %H:%M") if client.waiting_since else "",
    )


@pages.get("/clients/new")
def new_client() -> ResponseReturnValue:
    form = ClientForm(request.args)
    form.offer(User.coaches_for(me()), me())
    return _client_page("clients/new.html", form, dialog="New client")


@pages.post("/clients/new")
def add_client() -> ResponseReturnValue:
    form = ClientForm(request.form)
    form.offer(User.coaches_for(me()), me())
    known = _known(form) if form.validate() else None
    if form.errors or known:
        return _client_page("clients/new.html", form, known=known), 422
    client = actions.add(form.values(me()), how="by hand", status=form.values(me())["status"], by=me())
    return go(f"/clients/{client.public_id}", f"{client.name} is on the list.")


@pages.get("/clients/<ulid:client_id>/edit")
def edit_client(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(me()), client_id)
    form = ClientEditForm(obj=as_typed(client))
    form.offer(User.coaches_for(me()), me(), client)
    return _client_page("clients/edit.html", form, client=client)


@pages.post("/clients/<ulid:client_id>/edit")
def change_client(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(me()), client_id)
    form = ClientEditForm(request.form)
    form.offer(User.coaches_for(me()), me(), client)
    known = _known(form, client) if form.validate() else None
    if form.errors or known:
        return _client_page("clients/edit.html", form, client=client, known=known), 422
    here = f"/clients/{client.public_id}"
    try:
        actions.change(client, form.values(me()), version=form.version.data, by=me())
    except Stale as stale:
        return conflict(stale, form, as_typed(load_or_404(Client.with_people(me()), client_id)), f"{here}/edit")
    return go(here, "Saved.")


def _known(form: ClientForm, client: Client | None = None) -> Client | None:
    """Another client with the address typed, unless somebody said that this is fine; only one the reader may see."""
    if not form.email.data or request.form.get("same_address") == form.email.data:
        return None
    return Client.of_address(form.email.data, me(), but=client)


def _client_page(
    template: str, form: ClientForm, *, client: Client | None = None, known: Client | None = None, dialog: str = ""
) -> str:
    """The form as a page; to htmx as a dialog when it opens, then as the form alone."""
    values = {
        "form": form,
        "client": client,
        "known": known,
        "dialog": dialog,
        "organisations": Organisation.visible_to(me()).order_by(Organisation.search_key).limit(MOST_CHOICES),
    }
    return render_template("clients/_client_form.html" if request.htmx else template, **values)


@pages.get("/clients/<ulid:client_id>/ball")
def ball(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(me()), client_id)
    return _ball_page(BallForm(obj=client), client)


@pages.post("/clients/<ulid:client_id>/ball")
def pass_ball(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(me()), client_id)
    form = BallForm(request.form)
    if not form.validate():
        return _ball_page(form, client), 422
    here = f"/clients/{client.public_id}"
    try:
        actions.pass_ball(client, Party(form.waiting_on.data), form.next_step.data, version=form.version.data)
    except Stale as stale:
        return conflict(stale, form, load_or_404(Client.visible_to(me()), client_id), f"{here}/ball")
    return go(here, "Noted.")


def _ball_page(form: BallForm, client: Client) -> str:
    return render_template(
        "clients/_ball_form.html" if request.htmx else "clients/ball.html",
        form=form,
        client=client,
        dialog=request.method == "GET",
    )


# Sponsors -------------------------------------------------------------------------------------------------------------


@pages.get("/sponsors")
def sponsors() -> ResponseReturnValue:
    shown = client_filter(request.args)
    sort = request.args.get("sort", "").lstrip("-")
    sort = sort if sort in SPONSOR_SORTS else "name"
    found = Organisation.listed(me(), words_of(shown.q), sort, descending=shown.descending)
    rows = list(found.offset((shown.page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1))
    seen = {
        "sponsors": rows[:PAGE_SIZE],
        "has_more": len(rows) > PAGE_SIZE,
        "q": shown.q,
        "sort": sort,
        "descending": shown.descending,
        "page": shown.page,
    }
    return render_template("clients/_sponsors.html" if request.htmx else "clients/sponsors.html", **seen)


@pages.get("/sponsors/new")
def new_sponsor() -> ResponseReturnValue:
    return _sponsor_page("clients/new_sponsor.html", SponsorForm(), dialog="New sponsor")


@pages.post("/sponsors/new")
def add_sponsor() -> ResponseReturnValue:
    form = SponsorForm(request.form)
    if form.validate():
        _refuse_known_name(form)
    if form.errors:
        return _sponsor_page("clients/new_sponsor.html", form), 422
    sponsor = actions.add_organisation(**form.data, by=me())
    return go(f"/sponsors/{sponsor.public_id}", f"{sponsor.name} is on the list.")


@pages.get("/sponsors/<ulid:sponsor_id>")
def sponsor(sponsor_id: str) -> ResponseReturnValue:
    organisation = _sponsor(sponsor_id)
    there = Client.with_people(me()).where(Client.organisation == organisation)
    return render_template(
        "clients/sponsor.html",
        sponsor=organisation,
        contacts=list(Contact.of(organisation)),
        clients=list(there.order_by(Client.search_key).limit(PAGE_SIZE)),
        client_count=there.count(),
    )


@pages.get("/sponsors/<ulid:sponsor_id>/edit")
def edit_sponsor(sponsor_id: str) -> ResponseReturnValue:
    organisation = _sponsor(sponsor_id)
    form = SponsorEditForm(obj=organisation)
    return _sponsor_page("clients/edit_sponsor.html", form, sponsor=organisation, dialog=organisation.name)


@pages.post("/sponsors/<ulid:sponsor_id>/edit")
def change_sponsor(sponsor_id: str) -> ResponseReturnValue:
    organisation = _sponsor(sponsor_id)
    form = SponsorEditForm(request.form)
    if form.validate():
        _refuse_known_name(form, organisation)
    if form.errors:
        return _sponsor_page("clients/edit_sponsor.html", form, sponsor=organisation), 422
    here = f"/sponsors/{organisation.public_id}"
    try:
        actions.change_organisation(organisation, **form.data)
    except Stale as stale:
        return conflict(stale, form, _sponsor(sponsor_id), f"{here}/edit")
    return go(here, "Saved.")


def _sponsor(sponsor_id: str) -> Organisation:
    return load_or_404(Organisation.visible_to(me()), sponsor_id)


def _refuse_known_name(form: SponsorForm, organisation: Organisation | None = None) -> None:
    """Clients find their sponsor by its name, so two of a name would be mixed up; those one cannot see do not count."""
    known = Organisation.called(form.name.data, me())
    if known and known != organisation:
        form.name.errors = [f"There is a sponsor called {known.name} already."]


def _sponsor_page(template: str, form: SponsorForm, *, sponsor: Organisation | None = None, dialog: str = "") -> str:
    return render_template(
        "clients/_sponsor_form.html" if request.htmx else template, form=form, sponsor=sponsor, dialog=dialog
    )


@pages.get("/sponsors/<ulid:sponsor_id>/contacts/new")
def new_contact(sponsor_id: str) -> ResponseReturnValue:
    return _contact_page(ContactForm(), _sponsor(sponsor_id))


@pages.post("/sponsors/<ulid:sponsor_id>/contacts/new")
def add_contact(sponsor_id: str) -> ResponseReturnValue:
    organisation = _sponsor(sponsor_id)
    form = ContactForm(request.form)
    if not form.validate():
        return _contact_page(form, organisation), 422
    contact = actions.add_contact(organisation, **form.values())
    return go(f"/sponsors/{organisation.public_id}", f"{contact.name} is a contact now.")


@pages.get("/sponsors/<ulid:sponsor_id>/contacts/<ulid:contact_id>")
def edit_contact(sponsor_id: str, contact_id: str) -> ResponseReturnValue:
    organisation = _sponsor(sponsor_id)
    contact = load_or_404(Contact.of(organisation), contact_id)
    return _contact_page(ContactEditForm(obj=contact), organisation, contact)


@pages.post("/sponsors/<ulid:sponsor_id>/contacts/<ulid:contact_id>")
def change_contact(sponsor_id: str, contact_id: str) -> ResponseReturnValue:
    organisation = _sponsor(sponsor_id)
    contact = load_or_404(Contact.of(organisation), contact_id)
    form = ContactEditForm(request.form)
    if not form.validate():
        return _contact_page(form, organisation, contact), 422
    here = f"/sponsors/{organisation.public_id}"
    try:
        actions.change_contact(contact, **form.values())
    except Stale as stale:
        theirs = load_or_404(Contact.of(organisation), contact_id)
        return conflict(stale, form, theirs, f"{here}/contacts/{contact.public_id}")
    return go(here, "Saved.")


@pages.post("/sponsors/<ulid:sponsor_id>/contacts/<ulid:contact_id>/remove")
def remove_contact(sponsor_id: str, contact_id: str) -> ResponseReturnValue:
    organisation = _sponsor(sponsor_id)
    contact = load_or_404(Contact.of(organisation), contact_id)
    actions.remove_contact(contact)
    here = f"/sponsors/{organisation.public_id}"
    flash(f"{contact.name} is no longer a contact.", f"undo:{here}/contacts/{contact.public_id}/restore")
    return go(here)


@pages.post("/sponsors/<ulid:sponsor_id>/contacts/<ulid:contact_id>/restore")
def restore_contact(sponsor_id: str, contact_id: str) -> ResponseReturnValue:
    organisation = _sponsor(sponsor_id)
    contact = load_or_404(Contact.select().where(Contact.organisation == organisation), contact_id)
    actions.restore_contact(contact)
    return go(f"/sponsors/{organisation.public_id}", f"{contact.name} is a contact again.")


def _contact_page(form: ContactForm, organisation: Organisation, contact: Contact | None = None) -> str:
    return render_template(
        "clients/_contact_form.html" if request.htmx else "clients/contact.html",
        form=form,
        sponsor=organisation,
        contact=contact,
        dialog=("Contact" if contact else "New contact") if request.method == "GET" else "",
    )


# A list of clients as a file ------------------------------------------------------------------------------------------


@pages.get("/clients/import")
def choose_file() -> ResponseReturnValue:
    require(current_user.may_arrange)
    return render_template("clients/import.html", columns=COLUMNS, refused="")


@pages.post("/clients/import")
def take_file() -> ResponseReturnValue:
    require(current_user.may_arrange)
    try:
        filename, content = uploaded(request.files.get("file"))
        text = decoded(content)
        read_sheet(text)
    except Refused as refused:
        return render_template("clients/import.html", columns=COLUMNS, refused=str(refused)), 422
    upload = actions.take_file(filename=filename, text=text, by=me())
    return go(f"/clients/import/{upload.public_id}")


@pages.get("/clients/import/<ulid:import_id>")
def columns(import_id: str) -> ResponseReturnValue:
    upload = _upload(import_id)
    coaches = [coach.public_id for coach in User.coaches_for(me())]
    only_coach = coaches[0] if len(coaches) == 1 else ""
    chosen = upload.columns or Columns(guess_columns(upload.sheet.header), only_coach)
    return _columns_page(upload, ColumnsForm(obj=chosen), chosen)


@pages.post("/clients/import/<ulid:import_id>")
def choose_columns(import_id: str) -> ResponseReturnValue:
    upload = _upload(import_id)
    form = ColumnsForm(request.form)
    form.offer(User.coaches_for(me()))
    chosen = chosen_columns(upload.sheet, form, request.form)
    if not form.validate():
        return _columns_page(upload, form, chosen, form.errors_in_words()), 422
    try:
        actions.choose_columns(upload, chosen)
    except Refused as refused:
        return _columns_page(upload, form, chosen, str(refused)), 422
    return go(f"/clients/import/{upload.public_id}/check")


def _columns_page(upload: ClientImport, form: ColumnsForm, chosen: Columns, refused: str = "") -> str:
    form.offer(User.coaches_for(me()))
    return render_template(
        "clients/columns.html",
        upload=upload,
        sheet=upload.sheet,
        form=form,
        chosen=chosen,
        columns=COLUMNS,
        refused=refused,
    )


@pages.get("/clients/import/<ulid:import_id>/check")
def check_import(import_id: str) -> ResponseReturnValue:
    """What would happen: nothing has yet."""
    upload = _upload(import_id)
    if upload.columns is None:
        return redirect(f"/clients/import/{upload.public_id}", 303)
    planned = upload.plan()
    bad = [row for row in planned if row.problem]
    double = [row for row in planned if row.double and not row.problem]
    return render_template(
        "clients/check_import.html",
        upload=upload,
        planned=planned,
        bad=bad,
        double=double,
        fine=[row for row in planned if not row.problem and not row.double],
        most=MOST_SHOWN_LINES,
    )


@pages.post("/clients/import/<ulid:import_id>/apply")
def apply_import(import_id: str) -> ResponseReturnValue:
    require(current_user.may_arrange)
    upload = load_or_404(ClientImport.select().where(ClientImport.by == me()), import_id)
    count = actions.apply_import(upload, add_doubles=request.form.get("doubles") == "add")
    return go("/clients?status=all", "1 client was imported." if count == 1 else f"{count} clients were imported.")


def _upload(import_id: str) -> ClientImport:
    """The reader's own file that is still to be applied."""
    require(current_user.may_arrange)
    return load_or_404(ClientImport.open_of(me()), import_id)

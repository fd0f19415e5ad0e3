"""The library and a client's documents; what dropped files are; one document, its text, its versions."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from peewee import ModelSelect
from werkzeug.datastructures import MultiDict

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..clients.rules import LONGEST_SEARCH
from ..errors import Refused
from ..events import ask
from ..instruments.models import Instrument
from ..web.pages import attachment, go, load_or_404, require
from . import actions
from .forms import Offer, PlaceForm, ReportsForm, UploadForm, VersionForm, sent
from .models import PDF, Arrival, Document, DocumentText
from .rules import (
    AUDIENCE_LABELS,
    KIND_ICONS,
    KIND_LABELS,
    LAST_PAGE,
    WHY_IN_WORDS,
    Audience,
    Hold,
    Kind,
    Shown,
    size_in_words,
)

PER_PAGE = 40
ON_ONE_PAGE = 20
"""How many dropped files are asked about at once."""
MOST_NAMES = 400
"""Of clients in the list one chooses from; who looks after more types the rest."""
WAITING = "/library/waiting"

pages = Blueprint("files", __name__)


def _me() -> User:
    return current_user._get_current_object()


# The library and a client's documents --------------------------------------------------------------------------------


@pages.get("/library")
def library() -> ResponseReturnValue:
    return _library(UploadForm())


@pages.post("/library")
def drop() -> ResponseReturnValue:
    """Files for the desk; whose they are is asked next."""
    form = UploadForm(sent())
    if not form.validate():
        return _library(form), 422
    actions.drop(form.files.data, by=_me())
    return go(WAITING)


@pages.get("/clients/<ulid:client_id>/documents")
def documents(client_id: str) -> ResponseReturnValue:
    return _of_client(load_or_404(Client.with_people(_me()), client_id), UploadForm())


@pages.post("/clients/<ulid:client_id>/documents")
def file(client_id: str) -> ResponseReturnValue:
    """Files for one client; what they are is asked next."""
    client: Client = load_or_404(Client.with_people(_me()), client_id)
    form = UploadForm(sent())
    if not form.validate():
        return _of_client(client, form), 422
    actions.drop(form.files.data, client=client, by=_me())
    return go(WAITING)


def _library(form: UploadForm) -> str:
    return render_template("files/library.html", form=form, client=None, **_listed("/library"))


def _of_client(client: Client, form: UploadForm) -> str:
    home = f"/clients/{client.public_id}/documents"
    return render_template("files/documents.html", client=client, tab="documents", form=form, **_listed(home, client))


def _listed(path: str, client: Client | None = None) -> dict[str, Any]:
    asked = request.args
    shown = Shown(
        q=asked.get("q", "")[:LONGEST_SEARCH].strip(),
        kind=asked.get("kind", "") if asked.get("kind") in set(Kind) else "",
        removed=asked.get("removed") == "1",
        page=min(max(asked.get("page", 1, type=int), 1), LAST_PAGE),
    )
    rows = Document.listed(_me(), shown, client).offset((shown.page - 1) * PER_PAGE).limit(PER_PAGE + 1)
    found = list(rows)
    return {
        "path": path,
        "shown": shown,
        "documents": found[:PER_PAGE],
        "has_more": len(found) > PER_PAGE,
        "waiting": Arrival.count_for(_me()),
        "kinds": KIND_LABELS,
        "icons": KIND_ICONS,
    }


# Files that wait to be told what they are ----------------------------------------------------------------------------


@pages.get("/library/waiting")
def waiting() -> ResponseReturnValue:
    """One page that asks, a row a file, with what each seems to be. What was changed already comes in the address:
    so the choices are drawn for another client."""
    arrivals = _arrivals()
    unread = [arrival for arrival in arrivals if not arrival.is_read]
    if unread and not request.args:
        return render_template("files/reading.html", done=len(arrivals) - len(unread), total=len(arrivals))
    return _ask(arrivals, [_row_form(arrival, request.args) for arrival in arrivals])


@pages.post("/library/waiting")
def file_waiting() -> ResponseReturnValue:
    arrivals = _arrivals()
    forms = [_row_form(arrival, request.form) for arrival in arrivals]
    _draw(arrivals, forms)
    chosen = [(arrival, form) for arrival, form in zip(arrivals, forms, strict=True) if form.chosen.data]
    if not chosen:
        return _ask(arrivals, forms, why="Tick the files to file." if arrivals else ""), 422
    if {form.validate() for _, form in chosen} != {True}:  # each is looked at, for each says what is wrong
        return _ask(arrivals, forms), 422
    try:
        filings = [(arrival, _filing(form)) for arrival, form in chosen]
        filed = actions.file_arrivals(filings, by=_me())
    except Refused as refusal:
        return _ask(_arrivals(), [], why=str(refusal)), 422
    count = "The document is filed." if len(filed) == 1 else f"{len(filed)} documents are filed."
    flash(count, f"undo:{WAITING}/{chosen[0][0].public_id}/undo")
    clients = {filing.client.public_id for _, filing in filings}
    home = f"/clients/{clients.pop()}/documents" if len(clients) == 1 else "/library"
    return go(WAITING if len(chosen) < len(arrivals) else home)


@pages.post("/library/waiting/<ulid:arrival_id>/undo")
def undo(arrival_id: str) -> ResponseReturnValue:
    """What was filed with this one waits again."""
    count = actions.take_back(load_or_404(Arrival.filed_by(_me()), arrival_id), by=_me())
    return go(WAITING, "It waits again to be told what it is." if count == 1 else f"{count} files wait again.")


@pages.post("/library/waiting/<ulid:arrival_id>/leave")
def leave_out(arrival_id: str) -> ResponseReturnValue:
    arrival = load_or_404(Arrival.waiting_for(_me()), arrival_id)
    actions.leave_out(arrival)
    flash(f"{arrival.document.name} is left out.", f"undo:{WAITING}/{arrival_id}/take")
    return go(WAITING)


@pages.post("/library/waiting/<ulid:arrival_id>/take")
def take_up(arrival_id: str) -> ResponseReturnValue:
    actions.take_up(load_or_404(Arrival.left_by(_me()), arrival_id))
    return go(WAITING)


def _arrivals() -> list[Arrival]:
    return list(Arrival.waiting_for(_me()).limit(ON_ONE_PAGE))


def _row_form(arrival: Arrival, asked: MultiDict[str, str]) -> PlaceForm:
    """The row as it was sent, or empty when it was not."""
    prefix = f"{arrival.public_id}-"
    return PlaceForm(asked if f"{prefix}client" in asked else None, prefix=prefix)


def _draw(arrivals: Sequence[Arrival], forms: Sequence[PlaceForm]) -> Offer:
    """Give each row the choices of its client."""
    documents = [arrival.document for arrival in arrivals]
    offer = _offer(
        [arrival.client_id for arrival in arrivals], forms, documents, [arrival.text for arrival in arrivals]
    )
    for document, form in zip(documents, forms, strict=True):
        form.offer(offer, document.name)
    return offer


def _ask(arrivals: Sequence[Arrival], forms: Sequence[PlaceForm], *, why: str = "") -> str:
    forms = forms or [_row_form(arrival, MultiDict()) for arrival in arrivals]
    offer = _draw(arrivals, forms)
    today, rows = clock.now().date(), []
    for arrival, form in zip(arrivals, forms, strict=True):
        is_new, document = not form.is_sent, arrival.document
        client = arrival.client_id if is_new else form.client_id
        guessed = offer.guess(document.name, arrival.text, client, today)
        if is_new:
            form.suggest(guessed)
            form.offer(offer, document.name)
        elif form.is_redrawn or form.what.data not in form.values:
            form.what.data = guessed.place
        form.drawn.data = str(form.client_id or "")
        rows.append({"arrival": arrival, "form": form, "guessed": guessed})
    return render_template(
        "files/waiting.html",
        rows=rows,
        why=why,
        names=list(offer.label_of.values())[:MOST_NAMES],
        size_in_words=size_in_words,
        why_in_words=WHY_IN_WORDS,
    )


def _offer(
    clients: Sequence[int | None], forms: Sequence[PlaceForm], documents: Sequence[Document], texts: Sequence[str] = ()
) -> Offer:
    """What these files can be, for whoever they are, or seem to be."""
    me = _me()
    known = list(Client.visible_to(me, Client.id, Client.name).order_by(Client.id).tuples())
    instruments = [(row.id, row.public_id, row.name, row.file_phrases) for row in Instrument.kept()]
    offer = Offer(known, instruments)
    meant = {client for client in clients if client}
    meant |= {client for form in forms if (client := offer.client_called(form.client.data or ""))}
    today = clock.now().date()
    seem = (offer.guess(document.name, text, None, today) for document, text in zip(documents, texts, strict=False))
    meant |= {guessed.client for guessed in seem if guessed.client}
    visible = {row for row, _ in known}
    theirs = sorted(meant & visible)
    for each in ask(actions.ReportsWanted(theirs)):
        offer.wanted.setdefault(each.client_id, []).append(each)
    offer.named = Document.named([document.name for document in documents], theirs, me)
    return offer


def _filing(form: PlaceForm) -> actions.Filing:
    """What the form says, with its rows loaded from behind the wall."""
    me, place = _me(), form.place
    client = Client.visible_to(me).where(Client.id == form.client_id).get()
    instrument = Instrument.get_or_none(Instrument.public_id == place.instrument) if place.instrument else None
    replaces: ModelSelect = Document.movable_by(me).where(Document.client == client)
    return actions.Filing(
        client=client,
        place=place,
        instrument=instrument,
        replaces=load_or_404(replaces, place.replaces) if place.replaces else None,
        dated_on=form.dated_on.data,
        audience=Audience(form.audience.data),
    )


# One document --------------------------------------------------------------------------------------------------------


@pages.get("/documents/<ulid:document_id>")
def take_out(document_id: str) -> ResponseReturnValue:
    """The document itself; of what is kept shut the page that opens it, for that is noted, and a GET notes nothing."""
    document = _visible(document_id)
    if document.is_logged:
        return _about(document)
    return attachment(document.content, document.name, document.media_type)


@pages.get("/documents/<ulid:document_id>/about")
def about(document_id: str) -> ResponseReturnValue:
    return _about(_visible(document_id))


@pages.post("/documents/<ulid:document_id>/open")
def open_shut(document_id: str) -> ResponseReturnValue:
    """The document, and a line in the log."""
    document = _visible(document_id)
    content = actions.open_shut(document, by=_me()) if document.is_logged else document.content
    return attachment(content, document.name, document.media_type)


@pages.post("/documents/<ulid:document_id>/read")
def read_shut(document_id: str) -> ResponseReturnValue:
    """Its text, and a line in the log."""
    document = _visible(document_id)
    return _about(document, read=actions.read_shut(document, by=_me()), is_opened=True)


@pages.post("/documents/<ulid:document_id>/replace")
def replace(document_id: str) -> ResponseReturnValue:
    document = _visible(document_id)
    form = VersionForm(sent())
    if not form.validate():
        return _about(document, form=form), 422
    now = actions.replace(document, form.files.data[0], by=_me())
    return go(now.page, f"Version {now.number} is filed. The one before stays among its versions.")


@pages.post("/documents/<ulid:document_id>/restore")
def restore(document_id: str) -> ResponseReturnValue:
    document = _visible(document_id)
    actions.restore(document, by=_me())
    return go(document.page, f"Version {document.number} counts again.")


@pages.post("/documents/<ulid:document_id>/remove")
def remove(document_id: str) -> ResponseReturnValue:
    document = _visible(document_id)
    actions.remove(document, by=_me())
    flash(f"{document.name} is removed.", f"undo:/documents/{document_id}/put-back")
    return go(f"/clients/{document.client.public_id}/documents")


@pages.post("/documents/<ulid:document_id>/put-back")
def put_back(document_id: str) -> ResponseReturnValue:
    document: Document = load_or_404(Document.removed_for(_me()), document_id)
    actions.put_back(document, by=_me())
    return go(document.page, f"{document.name} is back.")


@pages.get("/documents/<ulid:document_id>/move")
def move_page(document_id: str) -> ResponseReturnValue:
    """What it is and whose: also of a report that one filed and may not open, which then stays unnamed."""
    document = _movable(document_id)
    form = PlaceForm(request.args if "client" in request.args else None)
    return _move_page(document, form)


@pages.post("/documents/<ulid:document_id>/move")
def move(document_id: str) -> ResponseReturnValue:
    document = _movable(document_id)
    form = PlaceForm(request.form)
    offer = _offer([document.client_id], [form], [document])
    form.offer(offer, "")
    if not form.validate():
        return _move_page(document, form), 422
    filing = _filing(form)
    if form.what.data == _value_of(document, offer) and filing.client == document.client:
        actions.change(document, dated_on=filing.dated_on, audience=filing.audience)
    else:
        require(not filing.place.replaces)
        actions.move(document, filing, by=_me())
    is_open = Document.visible_to(_me()).where(Document.id == document.id).exists()
    home = document.page if is_open else f"/clients/{filing.client.public_id}/documents"
    return go(home, "Saved.")


def _move_page(document: Document, form: PlaceForm) -> str:
    offer = _offer([document.client_id], [form], [document])
    if not form.is_sent:
        form.client.data = offer.label_of[document.client_id]
        form.what.data = _value_of(document, offer)
        form.dated_on.data, form.audience.data = document.dated_on, document.audience_name
    for client, parts in offer.wanted.items():  # beside itself nothing is filed
        others = [[each for each in part.filed if each != document.public_id] for part in parts]
        offer.wanted[client] = [part._replace(filed=tuple(rest)) for part, rest in zip(parts, others, strict=True)]
    form.offer(offer, "")
    if form.what.data not in form.values:
        form.what.data = Kind.UPLOAD.value
    form.drawn.data = str(form.client_id or "")
    groups = {
        title: [option for option in options if not option[0].startswith("again:")]
        for title, options in form.groups.items()
    }
    return render_template(
        "files/move.html",
        document=document,
        groups=groups,
        form=form,
        names=list(offer.label_of.values())[:MOST_NAMES],
        is_named=Document.visible_to(_me()).where(Document.id == document.id).exists(),
    )


def _value_of(document: Document, offer: Offer) -> str:
    """What a document is now, as the value of a `Place`."""
    parts = offer.wanted.get(document.client_id, ())
    part = next((each for each in parts if document.public_id in each.filed), None)
    if part:
        return part.value
    known = {row: key for row, key, _, _ in offer.instruments}
    if document.kind in (Kind.REPORT, Kind.INSTRUMENT) and document.instrument_id in known:
        return f"{document.kind}:{known[document.instrument_id]}"
    return document.kind.value


def _visible(document_id: str) -> Document:
    found: Document = load_or_404(Document.visible_to(_me()), document_id)
    return found


def _movable(document_id: str) -> Document:
    found: Document = load_or_404(Document.movable_by(_me()), document_id)
    return found


def _about(
    document: Document,
    *,
    form: VersionForm | None = None,
    read: DocumentText | None = None,
    is_opened: bool = False,
) -> str:
    if not document.is_logged:
        read = DocumentText.of(document)
    return render_template(
        "files/document.html",
        document=document,
        versions=list(Document.versions(document, _me())),
        form=form or VersionForm(),
        read=read,
        is_opened=is_opened,
        has_text=document.media_type == PDF,
        kinds=KIND_LABELS,
        icons=KIND_ICONS,
        audiences=AUDIENCE_LABELS,
        why_in_words=WHY_IN_WORDS,
        size_in_words=size_in_words,
        is_proof=document.held is Hold.PROOF,
        is_held=document.held is not Hold.NOT,
    )


# What assistants may open --------------------------------------------------------------------------------------------


@pages.post("/settings/firm/reports")
def change_reports() -> ResponseReturnValue:
    require(_me().may_run_practice)
    allowed = ReportsForm(request.form).allowed.data
    actions.let_assistants_open_reports(allowed, by=_me())
    said = "Assistants may open reports and packages." if allowed else "Assistants may not open reports and packages."
    return go("/settings/firm", said)

"""A client's documents: the list, filing one, taking one out."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from ..clients.models import Client
from ..web.pages import attachment, go, load_or_404
from . import actions
from .forms import UploadForm, sent
from .models import Document
from .rules import Audience, size_in_words

PER_PAGE = 40

pages = Blueprint("files", __name__)


@pages.get("/clients/<ulid:client_id>/documents")
def documents(client_id: str) -> ResponseReturnValue:
    return _documents(load_or_404(Client.with_people(current_user), client_id), UploadForm())


@pages.post("/clients/<ulid:client_id>/documents")
def file(client_id: str) -> ResponseReturnValue:
    client: Client = load_or_404(Client.with_people(current_user), client_id)
    form = UploadForm(sent())
    if not form.validate():
        return _documents(client, form), 422
    filed = actions.file(
        client, form.files.data, audience=Audience(form.audience.data), by=current_user._get_current_object()
    )
    count = f"{len(filed)} documents are" if len(filed) > 1 else "The document is"
    return go(f"/clients/{client_id}/documents", f"{count} filed.")


@pages.get("/documents/<ulid:document_id>")
def take_out(document_id: str) -> ResponseReturnValue:
    """The document itself."""
    document: Document = load_or_404(Document.visible_to(current_user), document_id)
    return attachment(document.content, document.name, document.media_type)


def _documents(client: Client, form: UploadForm) -> str:
    readable = Document.visible_to(current_user).where(Document.client == client)
    before = load_or_404(readable, request.args["before"]) if "before" in request.args else None
    found = Document.of(client, current_user, before=before, limit=PER_PAGE + 1)
    return render_template(
        "files/documents.html",
        client=client,
        tab="documents",
        form=form,
        documents=found[:PER_PAGE],
        earlier=found[PER_PAGE - 1].public_id if len(found) > PER_PAGE else None,
        is_first=before is None,
        size_in_words=size_in_words,
    )

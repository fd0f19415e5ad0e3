"""A client's timeline: what happened, and the composer over it."""

from itertools import groupby

from flask import Blueprint, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..clients.models import Client
from ..errors import Stale
from ..files.forms import sent
from ..web.conflict import conflict
from ..web.pages import go, load_or_404, reader_zone, toast
from . import actions
from .forms import ComposerForm, NoteForm
from .models import Entry, Note
from .rules import FILTERS, Kind, may_edit_note, month_of

PER_PAGE = 40

pages = Blueprint("timeline", __name__)


@pages.get("/clients/<ulid:client_id>")
def timeline(client_id: str) -> ResponseReturnValue:
    """The page; for htmx the entries under a filter, or those that go on after `before`."""
    client = _client(client_id)
    if not request.htmx:
        return _page(client, ComposerForm())
    template = "timeline/_slice.html" if "before" in request.args else "timeline/_entries.html"
    return render_template(template, client=client, **_entries(client))


@pages.post("/clients/<ulid:client_id>")
def write(client_id: str) -> ResponseReturnValue:
    client = _client(client_id)
    form = ComposerForm(sent())
    if not form.validate():
        return _answer(client, form), 422
    actions.write(
        client,
        Kind(form.kind.data),
        form.body.data,
        happened_at=form.happened_at,
        uploads=form.files.data,
        by=current_user._get_current_object(),
    )
    if not request.htmx:
        return go(f"/clients/{client_id}", "It is on the timeline.")
    answer = make_response(f"{_answer(client, ComposerForm())}{toast('It is on the timeline.')}")
    answer.headers["HX-Replace-Url"] = f"/clients/{client_id}"
    return answer


@pages.post("/clients/<ulid:client_id>/preview")
def preview(client_id: str) -> ResponseReturnValue:
    """What the text will look like; nothing is kept."""
    client = _client(client_id)
    form = ComposerForm(sent())
    form.body.validate(form)
    if request.htmx:
        return render_template("timeline/_preview.html", form=form, preview=True)
    return _page(client, form, preview=True)


@pages.get("/clients/<ulid:client_id>/notes/<ulid:entry_id>")
def note(client_id: str, entry_id: str) -> ResponseReturnValue:
    client, found = _note(client_id, entry_id)
    return _editing(client, found, NoteForm(obj=found))


@pages.post("/clients/<ulid:client_id>/notes/<ulid:entry_id>")
def edit(client_id: str, entry_id: str) -> ResponseReturnValue:
    client, found = _note(client_id, entry_id)
    form = NoteForm(request.form)
    if not form.validate():
        return _editing(client, found, form), 422
    try:
        actions.edit(found, form.body.data, version=form.version.data, by=current_user._get_current_object())
    except Stale as stale:
        return conflict(stale, form, Note.get_by_id(found.id), request.path)
    return go(f"/clients/{client_id}#entry-{entry_id}", "Saved.")


def _client(client_id: str) -> Client:
    return load_or_404(Client.with_people(current_user), client_id)


def _note(client_id: str, entry_id: str) -> tuple[Client, Note]:
    client = _client(client_id)
    found = Note.editable(client, entry_id, current_user)
    if found is None:
        abort(404)
    return client, found


def _editing(client: Client, found: Note, form: NoteForm) -> str:
    """The form in the note's place, or on a page of its own."""
    template = "timeline/_note_form.html" if request.htmx else "timeline/note.html"
    return render_template(template, client=client, tab="timeline", note=found, entry=found.entry, form=form)


def _answer(client: Client, form: ComposerForm) -> str:
    """After writing: the whole timeline, so that the composer and the list agree."""
    if not request.htmx:
        return _page(client, form)
    return render_template("timeline/_timeline.html", client=client, form=form, preview=False, **_entries(client))


def _page(client: Client, form: ComposerForm, *, preview: bool = False) -> str:
    entries = _entries(client)
    return render_template(
        "timeline/timeline.html", client=client, tab="timeline", form=form, preview=preview, **entries
    )


def _entries(client: Client) -> dict[str, object]:
    """What `_entries.html` and `_slice.html` show: one page of entries by month, and where it goes on."""
    show = request.args.get("show", "")
    before = load_or_404(Entry.of(client), request.args["before"]) if "before" in request.args else None
    found = Entry.page_of(client, FILTERS.get(show, ()), before=before, limit=PER_PAGE + 1)
    entries = found[:PER_PAGE]
    zone, now, user = reader_zone(), clock.now(), current_user
    by_month = groupby(entries, lambda entry: month_of(entry.happened_at, zone, now))
    return {
        "show": show if show in FILTERS else "",
        "before": before,
        "month_before": month_of(before.happened_at, zone, now) if before else None,
        "months": [(month, list(group)) for month, group in by_month],
        "notes": Note.by_entry(entries),
        "may_edit": lambda entry: may_edit_note(is_author=entry.by_id == user.id, role=user.role),
        "earlier": entries[-1].public_id if len(found) > PER_PAGE else None,
    }

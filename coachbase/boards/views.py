"""The onboarding board, its cards' moves, and the settings of its stages."""

from collections import defaultdict
from functools import lru_cache
from urllib.parse import urlencode

from flask import Blueprint, abort, current_app, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from markupsafe import Markup

from .. import clock
from ..accounts.models import User
from ..clients.rules import PARTY_LABELS
from ..engagements.models import Engagement
from ..errors import Stale
from ..web.forms import Form
from ..web.pages import go, load_or_404, require
from . import actions
from .forms import TOP, MoveForm, StageForm, UndoForm, number_seen
from .models import Board, Card, Stage
from .rules import NEWEST_DONE, Face, Filter, Lateness, count_waiting

pages = Blueprint("boards", __name__, url_prefix="/boards/onboarding")
cards = Blueprint("cards", __name__, url_prefix="/cards")
settings = Blueprint("stages", __name__, url_prefix="/settings/stages")

KEPT_CARDS, KEPT_BOARDS = 5000, 32
"""How much HTML is kept at most: some 3 MB each."""

TONES = {Lateness.FINE: "", Lateness.DUE: "wait", Lateness.LATE: "late"}


@pages.get("")
def board() -> ResponseReturnValue:
    return _page()


@pages.get("/changes")
def changes() -> ResponseReturnValue:
    """Nothing when the browser has drawn the newest board; it asks every few seconds, so this costs two queries."""
    board = Board.onboarding()
    if number_seen(request.args.get("seen", "")) == board.revision:
        return "", 204
    return _partial(board)


@cards.get("/<ulid:card_id>")
def choose_place(card_id: str) -> ResponseReturnValue:
    """The way to move a card without dragging it: a stage and a place in it. A short address: it stands 200 times."""
    card: Card = load_or_404(Card.visible_to(_me()), card_id)
    stages = list(Stage.open_of(card.board))
    chosen = next((stage for stage in stages if stage.public_id == request.args.get("stage")), card.stage)
    template = "boards/_move.html" if request.htmx else "boards/move.html"
    return render_template(
        template,
        card=card,
        stages=stages,
        chosen=chosen,
        others=[other for other in Card.in_stage(chosen, _me()) if other != card],
        may_start=not Engagement.is_being_walked(card.client),
        back=_way_back(),
    )


@pages.post("/cards/<ulid:card_id>/move")
def move(card_id: str) -> ResponseReturnValue:
    card: Card = load_or_404(Card.visible_to(_me()), card_id)
    form = _sent(MoveForm(request.form))
    stage: Stage = load_or_404(Stage.of(card.board_id), form.stage.data)
    try:
        moved = actions.move(
            card, stage, before=_before(stage, form.before.data), by=_me(), seen_version=form.version.data
        )
    except Stale as stale:
        return _stale(stale)
    if moved.version == card.version:
        return _moved(f"{card.client.name} stays in {stage.name}.")
    where = "within" if stage == card.stage else "to"
    return _moved(f"{card.client.name} moved {where} {stage.name}.", undo=_address_of_undo(moved))


@pages.post("/cards/<ulid:card_id>/undo")
def undo(card_id: str) -> ResponseReturnValue:
    """Reached from a toast, whose form has no fields: what was seen stands in the address."""
    card: Card = load_or_404(Card.visible_to(_me()), card_id)
    form = _sent(UndoForm(request.args))
    try:
        moved = actions.undo(card, by=_me(), seen_version=form.version.data)
    except Stale as stale:
        return _stale(stale)
    return _moved(f"{card.client.name} is back in {moved.stage.name}.")


@pages.get("/of/<ulid:client_id>")
def of_client(client_id: str) -> ResponseReturnValue:
    """For the client's page: which stage, since when."""
    card = Card.of(_me(), client_id).first() or abort(404)
    return render_template("boards/_of_client.html", card=card)


def _me() -> User:
    return current_user._get_current_object()


def _sent(form: Form) -> Form:
    """A form without anything to type into: one that does not hold was not sent by our page."""
    if not form.validate():
        abort(400, form.errors_in_words())
    return form


def _before(stage: Stage, wanted: str | None) -> Card | None:
    if wanted == TOP:
        return Card.first_of(stage)
    return load_or_404(Card.visible_to(_me()), wanted) if wanted else None


def _address_of_undo(card: Card) -> str:
    back = {"client": card.client.public_id} if "client" in request.values else {}
    told = urlencode({"version": card.version} | back)
    return f"/boards/onboarding/cards/{card.public_id}/undo?{told}"


def _way_back() -> str:
    """The client's page when the form was opened there, else the board."""
    client = request.values.get("client", "")
    return f"/clients/{client}" if len(client) == 26 and client.isascii() and client.isalnum() else "/boards/onboarding"


def _moved(sentence: str, undo: str | None = None) -> ResponseReturnValue:
    if request.htmx:
        return _partial(Board.onboarding(), said=sentence, undo=undo)
    flash(sentence, f"undo:{undo}" if undo else "message")
    return go(_way_back())


def _stale(stale: Stale) -> ResponseReturnValue:
    if request.htmx:
        return _partial(Board.onboarding(), notice=str(stale)), 409
    flash(str(stale), "late")
    return _page(), 409


def _page() -> str:
    return render_template("boards/board.html", drawn=_whole(Board.onboarding()))


def _partial(board: Board, *, said: str | None = None, undo: str | None = None, notice: str | None = None) -> str:
    return render_template("boards/_answer.html", drawn=_whole(board), said=said, undo=undo, notice=notice)


def _whole(board: Board) -> Markup:
    """The board's HTML for this reader, kept while revision and minute stand.

    Whatever it shows raises the revision (triggers.py), but for the ages, which change by the minute.
    """
    chosen = Filter.read(request.args)
    key = (board.revision, current_user.id, chosen, clock.now().replace(second=0, microsecond=0))
    kept = current_app.extensions.setdefault("boards", {})
    drawn = kept.get(key)
    if drawn is None:
        template = current_app.jinja_env.get_template("boards/_board.html")  # without what a page has besides
        drawn = Markup(template.render(**_shown(board, chosen)))  # noqa: S704
        if len(kept) >= KEPT_BOARDS:
            kept.clear()
        kept[key] = drawn
    return drawn


def _shown(board: Board, chosen: Filter) -> dict[str, object]:
    """What a board shows to this reader: columns, what the chips offer, and the figures."""
    stages = list(Stage.open_of(board))
    shown = [stage for stage in stages if chosen.closed or not stage.is_closed]
    everybody = Card.faces(shown, _me(), clock.now())
    people = [face for face in everybody if chosen.keeps_people(face)]
    faces = [face for face in people if chosen.keeps_state(face)]
    columns: dict[int, list[Face]] = defaultdict(list)
    for face in faces:
        columns[face.stage].append(face)
    done = {stage.id for stage in stages if stage.is_done}
    return {
        "board": board,
        "chosen": chosen,
        "stages": [(stage, columns[stage.id]) for stage in shown],
        "most_done": NEWEST_DONE,
        "has_closed": any(stage.is_closed for stage in stages),
        "coaches": sorted({(face.coach, face.coach_id) for face in everybody if face.coach}),
        "organisations": sorted({(face.organisation, face.organisation_id) for face in everybody if face.organisation}),
        "waiting": [(party, PARTY_LABELS[party], count) for party, count in count_waiting(people).items()],
        "late": sum(face.lateness is Lateness.LATE for face in people),
        "clients": sum(face.stage not in done for face in faces),
        "open_count": sum(face.stage not in done for face in everybody),
        "is_empty": not everybody,
    }


@pages.app_template_filter("cards")
def draw_cards(faces: list[Face]) -> Markup:
    return Markup("").join(map(_draw, faces))


@lru_cache(KEPT_CARDS)
def _draw(face: Face) -> Markup:
    """A card's HTML depends on its face alone, so it is drawn once for as long as it shows the same."""
    template = current_app.jinja_env.get_template("boards/_card.html")
    return Markup(template.render(card=face, tone=TONES[face.lateness], label=PARTY_LABELS[face.waits_on]))  # noqa: S704


@settings.get("")
def stages() -> ResponseReturnValue:
    require(current_user.may_arrange)
    return _settings()


@settings.post("")
def add_stage() -> ResponseReturnValue:
    require(current_user.may_arrange)
    form = StageForm(request.form)
    if not form.validate():
        return _settings(new=form), 422
    actions.add_stage(form.name.data, form.target_days.data)
    return go("/settings/stages", f"{form.name.data} is added, at the right end of the board.")


@settings.post("/<ulid:stage_id>")
def change_stage(stage_id: str) -> ResponseReturnValue:
    stage = _arranged(stage_id)
    form = StageForm(request.form)
    if not form.validate():
        return _settings(changed=(stage, form)), 422
    actions.change_stage(stage, name=form.name.data, target_days=form.target_days.data)
    return go("/settings/stages", "Saved.")


@settings.post("/<ulid:stage_id>/place")
def place_stage(stage_id: str) -> ResponseReturnValue:
    """`shift` from the arrows, or `before` (a stage, or nothing for the end) from dragging."""
    stage = _arranged(stage_id)
    shift, before = request.form.get("shift"), request.form.get("before")
    if shift in ("-1", "1"):
        actions.shift_stage(stage, int(shift))
    else:
        actions.place_stage(stage, load_or_404(Stage.of(stage.board), before) if before else None)
    return _settings() if request.htmx else go("/settings/stages")


@settings.post("/<ulid:stage_id>/hide")
def hide_stage(stage_id: str) -> ResponseReturnValue:
    stage = _arranged(stage_id)
    actions.hide_stage(stage)
    return go("/settings/stages", f"{stage.name} is hidden.")


@settings.post("/<ulid:stage_id>/show")
def show_stage(stage_id: str) -> ResponseReturnValue:
    stage = _arranged(stage_id)
    actions.show_stage(stage)
    return go("/settings/stages", f"{stage.name} is on the board again.")


@settings.post("/<ulid:stage_id>/delete")
def delete_stage(stage_id: str) -> ResponseReturnValue:
    stage = _arranged(stage_id)
    actions.delete_stage(stage)
    return go("/settings/stages", f"{stage.name} is deleted.")


def _arranged(stage_id: str) -> Stage:
    require(current_user.may_arrange)
    return load_or_404(Stage.of(Board.onboarding()), stage_id)


def _settings(*, new: StageForm | None = None, changed: tuple[Stage, StageForm] | None = None) -> str:
    board = Board.onboarding()
    counts = Stage.counts(board)
    rows = []
    for stage in Stage.of(board):
        form = changed[1] if changed and changed[0] == stage else StageForm(obj=stage)
        rows.append((stage, form, counts.get(stage.id, 0)))
    template = "boards/_stages.html" if request.htmx else "boards/stages.html"
    return render_template(template, rows=rows, new=new or StageForm())

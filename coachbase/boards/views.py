"""The boards of onboarding and of assessments, their cards' moves, and the settings of their stages."""

from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple
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
from .rules import ASSESSMENTS, NEWEST_DONE, ONBOARDING, Face, Filter, Lateness, count_waiting

pages = Blueprint("boards", __name__, url_prefix="/boards")
cards = Blueprint("cards", __name__, url_prefix="/cards")
settings = Blueprint("stages", __name__, url_prefix="/settings/stages")

MOST_TICKED = 500
"""Cards at once."""

KEPT_CARDS, KEPT_BOARDS = 5000, 32
"""How much HTML is kept at most: some 3 MB each."""

TONES = {Lateness.FINE: "", Lateness.DUE: "wait", Lateness.RISK: "wait", Lateness.LATE: "late"}

ANY = "<any(onboarding, assessments):board>"


class Words(NamedTuple):
    """What a board is called, and what stands on it."""

    title: str
    one: str
    several: str
    closed: str


WORDS = {
    ONBOARDING: Words("Onboarding", "client", "clients", "Show closed"),
    ASSESSMENTS: Words("Assessments", "assessment", "assessments", "Show released"),
}


@pages.get(f"/{ANY}")
def board(board: str) -> ResponseReturnValue:
    return _page(Board.named(board))


@pages.get(f"/{ANY}/changes")
def changes(board: str) -> ResponseReturnValue:
    """Nothing when the browser has drawn the newest board; it asks every few seconds, so this costs two queries."""
    there = Board.named(board)
    if number_seen(request.args.get("seen", "")) == there.revision:
        return "", 204
    return _partial(there)


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
        may_start=not card.assessment_id and not Engagement.is_being_walked(card.client),
        words=WORDS[card.board.slug],
        home=_home(card.board),
        back=_way_back(card.board),
    )


@pages.post(f"/{ANY}/cards/<ulid:card_id>/move")
def move(board: str, card_id: str) -> ResponseReturnValue:
    there = Board.named(board)
    card: Card = load_or_404(Card.on(there, _me()), card_id)
    form = _sent(MoveForm(request.form))
    stage: Stage = load_or_404(Stage.of(card.board_id), form.stage.data)
    try:
        moved = actions.move(
            card, stage, before=_before(stage, form.before.data), by=_me(), seen_version=form.version.data
        )
    except Stale as stale:
        return _stale(there, stale)
    if moved.version == card.version:
        return _moved(there, f"{card.title} stays in {stage.name}.")
    where = "within" if stage == card.stage else "to"
    return _moved(there, f"{card.title} moved {where} {stage.name}.", undo=_address_of_undo(there, moved))


@pages.post(f"/{ANY}/cards/<ulid:card_id>/undo")
def undo(board: str, card_id: str) -> ResponseReturnValue:
    """Reached from a toast, whose form has no fields: what was seen stands in the address."""
    there = Board.named(board)
    card: Card = load_or_404(Card.on(there, _me()), card_id)
    form = _sent(UndoForm(request.args))
    try:
        moved = actions.undo(card, by=_me(), seen_version=form.version.data)
    except Stale as stale:
        return _stale(there, stale)
    return _moved(there, f"{card.title} is back in {moved.stage.name}.")


@pages.post("/assessments/complete")
def complete() -> ResponseReturnValue:
    """What was ticked is marked completed; what is further already stays where it is."""
    there = Board.assessments()
    ticked = list(Card.on(there, _me()).where(Card.public_id.in_(request.form.getlist("ids")[:MOST_TICKED])))
    count = actions.complete(ticked, by=_me())
    return go(Filter.read(request.args, there.slug).here, _sentence_of_completing(count, len(ticked)))


def _sentence_of_completing(count: int, ticked: int) -> str:
    if not ticked:
        return "Nothing was ticked, so nothing was marked."
    said = f"{count} {'assessment' if count == 1 else 'assessments'} marked completed."
    left = ticked - count
    return f"{said} {left} {'was' if left == 1 else 'were'} completed before." if left else said


@pages.get("/onboarding/of/<ulid:client_id>")
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


def _home(board: Board) -> str:
    return f"/boards/{board.slug}"


def _address_of_undo(board: Board, card: Card) -> str:
    back = {"client": card.client.public_id} if "client" in request.values else {}
    told = urlencode({"version": card.version} | back)
    return f"{_home(board)}/cards/{card.public_id}/undo?{told}"


def _way_back(board: Board) -> str:
    """The client's page when the form was opened there, else the board."""
    client = request.values.get("client", "")
    return f"/clients/{client}" if len(client) == 26 and client.isascii() and client.isalnum() else _home(board)


def _moved(board: Board, sentence: str, undo: str | None = None) -> ResponseReturnValue:
    if request.htmx:
        return _partial(Board.named(board.slug), said=sentence, undo=undo)  # anew: its revision has risen
    flash(sentence, f"undo:{undo}" if undo else "message")
    return go(_way_back(board))


def _stale(board: Board, stale: Stale) -> ResponseReturnValue:
    if request.htmx:
        return _partial(Board.named(board.slug), notice=str(stale)), 409
    flash(str(stale), "late")
    return _page(Board.named(board.slug)), 409


def _page(board: Board) -> str:
    chosen = Filter.read(request.args, board.slug)
    return render_template(
        "boards/board.html", drawn=_whole(board), board=board, words=WORDS[board.slug], chosen=chosen
    )


def _partial(board: Board, *, said: str | None = None, undo: str | None = None, notice: str | None = None) -> str:
    return render_template("boards/_answer.html", drawn=_whole(board), said=said, undo=undo, notice=notice)


def _whole(board: Board) -> Markup:
    """The board's HTML for this reader, kept while revision and minute stand.

    Whatever it shows raises the revision (triggers.py), but for the ages, which change by the minute.
    """
    chosen = Filter.read(request.args, board.slug)
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
    everybody = Card.faces(board, shown, _me(), clock.now())
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
        "made_with": _instruments(everybody) if board.slug == ASSESSMENTS else [],
        "words": WORDS[board.slug],
        "waiting": [(party, PARTY_LABELS[party], count) for party, count in count_waiting(people).items()],
        "late": sum(face.lateness is Lateness.LATE for face in people),
        "risk": sum(face.lateness is Lateness.RISK for face in people),
        "open_shown": sum(face.stage not in done for face in faces),
        "open_count": sum(face.stage not in done for face in everybody),
        "is_empty": not everybody,
    }


def _instruments(faces: list[Face]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(vendor, its id, its instruments with their ids), of those that stand on the board."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for face in faces:
        found[face.vendor, face.vendor_id].add((face.instrument, face.instrument_id))
    return [(*vendor, sorted(instruments)) for vendor, instruments in sorted(found.items())]


@pages.app_template_filter("made_with")
def name_of_choice(chosen: Filter, offered: list[tuple[str, str, list[tuple[str, str]]]]) -> str:
    """The instrument or vendor that is chosen, as the menu's label."""
    names = {vendor_id: vendor for vendor, vendor_id, _ in offered}
    names |= {each: name for *_, instruments in offered for name, each in instruments}
    return names.get(chosen.made_with, "All instruments")


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
    return _settings(_arranged_board())


@settings.post("")
def add_stage() -> ResponseReturnValue:
    require(current_user.may_arrange)
    form, there = StageForm(request.form), _arranged_board()
    if not form.validate():
        return _settings(there, new=form), 422
    actions.add_stage(form.name.data, form.target_days.data, board=there)
    return go(_settings_of(there), f"{form.name.data} is added, at the right end of the board.")


@settings.post("/<ulid:stage_id>")
def change_stage(stage_id: str) -> ResponseReturnValue:
    stage = _arranged(stage_id)
    form = StageForm(request.form)
    if not form.validate():
        return _settings(stage.board, changed=(stage, form)), 422
    actions.change_stage(stage, name=form.name.data, target_days=form.target_days.data)
    return go(_settings_of(stage.board), "Saved.")


@settings.post("/<ulid:stage_id>/place")
def place_stage(stage_id: str) -> ResponseReturnValue:
    """`shift` from the arrows, or `before` (a stage, or nothing for the end) from dragging."""
    stage = _arranged(stage_id)
    shift, before = request.form.get("shift"), request.form.get("before")
    if shift in ("-1", "1"):
        actions.shift_stage(stage, int(shift))
    else:
        actions.place_stage(stage, load_or_404(Stage.of(stage.board), before) if before else None)
    return _settings(stage.board) if request.htmx else go(_settings_of(stage.board))


@settings.post("/<ulid:stage_id>/hide")
def hide_stage(stage_id: str) -> ResponseReturnValue:
    stage = _arranged(stage_id)
    actions.hide_stage(stage)
    return go(_settings_of(stage.board), f"{stage.name} is hidden.")


@settings.post("/<ulid:stage_id>/show")
def show_stage(stage_id: str) -> ResponseReturnValue:
    stage = _arranged(stage_id)
    actions.show_stage(stage)
    return go(_settings_of(stage.board), f"{stage.name} is on the board again.")


@settings.post("/<ulid:stage_id>/delete")
def delete_stage(stage_id: str) -> ResponseReturnValue:
    stage = _arranged(stage_id)
    actions.delete_stage(stage)
    return go(_settings_of(stage.board), f"{stage.name} is deleted.")


def _arranged(stage_id: str) -> Stage:
    require(current_user.may_arrange)
    return load_or_404(Stage.with_board(), stage_id)


def _arranged_board() -> Board:
    """The board the address names; onboarding when it names none that we have."""
    return Board.named(ASSESSMENTS if request.args.get("board") == ASSESSMENTS else ONBOARDING)


def _settings_of(board: Board) -> str:
    return "/settings/stages" if board.slug == ONBOARDING else f"/settings/stages?board={board.slug}"


def _settings(board: Board, *, new: StageForm | None = None, changed: tuple[Stage, StageForm] | None = None) -> str:
    counts = Stage.counts(board)
    rows = []
    for stage in Stage.of(board):
        form = changed[1] if changed and changed[0] == stage else StageForm(obj=stage)
        rows.append((stage, form, counts.get(stage.id, 0)))
    template = "boards/_stages.html" if request.htmx else "boards/stages.html"
    boards = [(words.title, slug) for slug, words in WORDS.items()]
    return render_template(
        template, rows=rows, new=new or StageForm(), boards=boards, board=board, words=WORDS[board.slug]
    )

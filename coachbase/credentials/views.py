"""The stock of codes and the ledgers of credits in the settings; one code, shown to somebody who may see it."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..errors import Refused
from ..events import ask
from ..instruments.models import Instrument, Vendor
from ..instruments.rules import WAY_WORDS, Way
from ..web.pages import firm, go, load_or_404, require
from . import actions
from .forms import AddForm, CorrectForm, EndForm, EndSeveralForm
from .models import Balance, Credential, CreditEntry, Shelf, Stock
from .rules import BY_HAND, STATE_LABELS, Reading, State, ends_of_several, read_codes

pages = Blueprint("credentials", __name__)
PER_PAGE, LAST_PAGE = 50, 2000
FACES = {
    State.STOCK: ("plain", "archive"),
    State.GIVEN: ("accent", "user-check"),
    State.RETURNED: ("good", "undo"),
    State.EXPIRED: ("late", "clock-alert"),
    State.RECLAIMED: ("plain", "receipt"),
}
"""Tone and icon of each state."""
TABS = {
    "stock": ("In stock", State.STOCK),
    "given": ("Given out", State.GIVEN),
    "expired": ("Expired", State.EXPIRED),
    "reclaimed": ("Reclaimed", State.RECLAIMED),
    "all": ("All", None),
}
EXAMPLES = {
    Way.CODE: "K7QP-22XM-9\nK7QP-31TR-4, 2026-12-31",
    Way.LINK: "https://portal.example/i/8f2c1\nhttps://portal.example/i/77ab0, 2026-12-31",
    Way.ACCOUNT: "BF812345, opensesame\nBF812346, opensesame, 2026-12-31",
}
COLUMNS = {
    Way.CODE: "A code on each line; beside it, if you like, a login and the day it expires.",
    Way.LINK: "A personal link on each line; beside it, if you like, the day it expires.",
    Way.ACCOUNT: "A login and a password on each line; beside them, if you like, the day they expire.",
}


# The stock of an instrument -----------------------------------------------------------------------------------------


@pages.get("/settings/instruments/<ulid:instrument_id>/codes")
def codes(instrument_id: str) -> ResponseReturnValue:
    """Masked: what a code says is shown by an act of its own."""
    instrument = _instrument(instrument_id)
    tab = request.args.get("state", "")
    tab = tab if tab in TABS else "stock"
    state, page = TABS[tab][1], _page()
    found = Credential.listed(_me(), instrument, state).offset((page - 1) * PER_PAGE).limit(PER_PAGE + 1)
    rows = list(found)
    counts = Credential.counts(instrument)
    home = f"/settings/instruments/{instrument.public_id}/codes"
    return render_template(
        "credentials/codes.html",
        instrument=instrument,
        codes=rows[:PER_PAGE],
        tabs=[(key, label, _count(counts, state)) for key, (label, state) in TABS.items()],
        tab=tab,
        page=page,
        has_more=len(rows) > PER_PAGE,
        before=f"{home}?state={tab}&page={page - 1}",
        after=f"{home}?state={tab}&page={page + 1}",
        faces=FACES,
        today=clock.now().date(),
        stock=_stock_of(instrument),
        words=WAY_WORDS[instrument.way],
        ends=[(to, BY_HAND[to]) for to in ends_of_several(state)],
    )


@pages.post("/settings/instruments/<ulid:instrument_id>/codes/end")
def end_several(instrument_id: str) -> ResponseReturnValue:
    """The same became of all that are ticked; of none when one of them cannot become that."""
    instrument = _instrument(instrument_id)
    form, ticked = EndSeveralForm(request.form), set(request.form.getlist("code")[: PER_PAGE + 1])
    if not form.validate() or not ticked:
        raise Refused("Tick the codes, and say what became of them.")
    if len(ticked) > PER_PAGE:
        raise Refused(f"At most {PER_PAGE} at once.")
    found = Credential.visible_to(_me()).where(Credential.instrument == instrument)
    codes = list(found.where(Credential.public_id.in_(ticked)))
    require(len(codes) == len(ticked))
    actions.end_all(codes, form.state, by=_me())
    one, many = WAY_WORDS[instrument.way]
    said = f"1 {one} is" if len(codes) == 1 else f"{len(codes)} {many} are"
    return go(f"/settings/instruments/{instrument_id}/codes", f"{said} {STATE_LABELS[form.state]}.")


def _count(counts: dict[State, int], state: State | None) -> int:
    return sum(counts.values()) if state is None else counts.get(state, 0)


def _stock_of(instrument: Instrument) -> Stock:
    return next(stock for stock in _stocks() if stock.instrument == instrument)


def _stocks() -> list[Stock]:
    return Stock.of_all(clock.now().date(), ask(actions.CodesWanted()))


@pages.get("/settings/instruments/<ulid:instrument_id>/codes/add")
def new_codes(instrument_id: str) -> ResponseReturnValue:
    instrument = _instrument(instrument_id)
    last = clock.now().date() + timedelta(days=instrument.code_days) if instrument.code_days else None
    return _add_page(instrument, AddForm(data={"expires_on": last}))


@pages.post("/settings/instruments/<ulid:instrument_id>/codes/add")
def add_codes(instrument_id: str) -> ResponseReturnValue:
    """All of the list, or, once it was said which lines are left out, the rest of it."""
    instrument = _instrument(instrument_id)
    form = AddForm(request.form)
    if not form.validate():
        return _add_page(instrument, form), 422
    try:
        form.take_file(request.files.get("file"))
        reading = read_codes(
            form.text.data,
            way=instrument.way,
            expires_on=form.expires_on.data,
            today=clock.now().date(),
            known=Credential.known(instrument),
        )
    except Refused as refusal:
        return _add_page(instrument, form, why=str(refusal)), 422
    if not reading.codes:
        actions.add(instrument, (), order="", by=_me())  # the same form sent once more is led on to where it led
    leaves_out = request.form.get("act") == "rest"
    if not reading.codes or not (reading.is_clean or leaves_out):
        return _add_page(instrument, form, reading=reading), 422
    added = actions.add(instrument, reading.codes, order=form.order.data, by=_me())
    one, many = WAY_WORDS[instrument.way]
    return go(
        f"/settings/instruments/{instrument.public_id}/codes", f"{added} {one if added == 1 else many} are added."
    )


def _add_page(instrument: Instrument, form: AddForm, *, reading: Reading | None = None, why: str = "") -> str:
    return render_template(
        "credentials/add.html",
        instrument=instrument,
        form=form,
        reading=reading,
        why=why,
        words=WAY_WORDS[instrument.way],
        example=EXAMPLES[instrument.way],
        columns=COLUMNS[instrument.way],
    )


def _instrument(public_id: str) -> Instrument:
    """Also one that is no longer offered: its codes are still somebody's."""
    require(current_user.may_arrange)
    return load_or_404(Instrument.with_vendor(), public_id)


# One code ------------------------------------------------------------------------------------------------------------


@pages.post("/codes/<ulid:credential_id>/reveal")
def reveal(credential_id: str) -> ResponseReturnValue:
    """Show a code once: in its place on the page, or on a page of its own. The log keeps who looked."""
    code = _code(credential_id)
    for_whom = code.client.name if code.client_id else ""
    shown = actions.reveal(code, for_whom=for_whom, client=code.client, by=_me())
    return render_template(
        "credentials/_shown.html" if request.htmx else "credentials/shown.html",
        code=code,
        shown=shown,
        for_whom=for_whom,
        word=WAY_WORDS[code.instrument.way][0],
        back=f"/clients/{code.client.public_id}/assessments" if code.client_id else _codes_of(code),
    )


@pages.get("/codes/<ulid:credential_id>/end")
def ask_what_became(credential_id: str) -> ResponseReturnValue:
    require(current_user.may_arrange)
    code = _code(credential_id)
    return _end_page(code, EndForm())


@pages.post("/codes/<ulid:credential_id>/end")
def end(credential_id: str) -> ResponseReturnValue:
    require(current_user.may_arrange)
    code = _code(credential_id)
    form = EndForm(request.form)
    form.offer(code)
    if not form.validate():
        return _end_page(code, form), 422
    actions.end(code, form.state, by=_me())
    return go(_codes_of(code), f"The {WAY_WORDS[code.instrument.way][0]} is {STATE_LABELS[form.state]}.")


def _end_page(code: Credential, form: EndForm) -> str:
    form.offer(code)
    return render_template(
        "credentials/_end.html" if request.htmx else "credentials/end.html",
        code=code,
        form=form,
        word=WAY_WORDS[code.instrument.way][0],
        back=_codes_of(code),
    )


def _code(public_id: str) -> Any:
    return load_or_404(Credential.visible_to(_me()), public_id)


def _codes_of(code: Credential) -> str:
    return f"/settings/instruments/{code.instrument.public_id}/codes"


# Credits -------------------------------------------------------------------------------------------------------------


@pages.get("/settings/credits")
def credits() -> ResponseReturnValue:
    """By vendor: what is unused, how long it has lain, what it cost, and what runs low."""
    require(current_user.may_arrange)
    shelves = Shelf.of_all(_stocks())
    return render_template(
        "credentials/credits.html",
        shelves=[shelf for shelf in shelves if shelf.is_used],
        others=[stock for shelf in shelves if not shelf.is_used for stock in shelf.stocks],
        low=[stock for shelf in shelves for stock in shelf.stocks if stock.is_low],
    )


@pages.get("/settings/credits/<ulid:vendor_id>")
def ledger(vendor_id: str) -> ResponseReturnValue:
    return _ledger_page(_vendor(vendor_id), CorrectForm())


@pages.post("/settings/credits/<ulid:vendor_id>")
def correct(vendor_id: str) -> ResponseReturnValue:
    vendor = _vendor(vendor_id)
    form = CorrectForm(request.form)
    if not form.validate():
        return _ledger_page(vendor, form), 422
    actions.correct(vendor, form.credits.data, reason=form.reason.data, currency=firm().currency, by=_me())
    return go(f"/settings/credits/{vendor_id}", "The line is added.")


def _ledger_page(vendor: Vendor, form: CorrectForm) -> str:
    page = _page()
    rows = list(CreditEntry.shown_to(_me(), vendor).offset((page - 1) * PER_PAGE).limit(PER_PAGE + 1))
    return render_template(
        "credentials/ledger.html",
        vendor=vendor,
        form=form,
        entries=rows[:PER_PAGE],
        has_more=len(rows) > PER_PAGE,
        page=page,
        balance=Balance.of_all().get(vendor.id, Balance()),
    )


def _vendor(public_id: str) -> Vendor:
    require(current_user.may_arrange)
    return load_or_404(Vendor.select(), public_id)


def _page() -> int:
    return min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)


def _me() -> User:
    return current_user._get_current_object()

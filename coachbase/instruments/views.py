"""The catalogue in the settings: instruments, their vendors, and batteries."""

from itertools import groupby
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from ..errors import Refused, Stale
from ..web.conflict import conflict
from ..web.pages import firm, go, load_or_404, require
from . import actions
from .forms import (
    BatteryForm,
    InstrumentForm,
    ItemForm,
    NewBatteryForm,
    NewInstrumentForm,
    NewItemForm,
    VendorForm,
    as_typed,
    item_as_typed,
)
from .models import Battery, BatteryItem, Instrument, InstrumentGroup, Vendor, not_there
from .rules import Way, group_in_words

pages = Blueprint("instruments", __name__)
SETTINGS, BATTERIES = "/settings/instruments", "/settings/batteries"
WAYS = {Way.LINK: "personal link", Way.CODE: "access code", Way.ACCOUNT: "account"}


# Instruments ---------------------------------------------------------------------------------------------------------


@pages.get(SETTINGS)
def instruments() -> ResponseReturnValue:
    _require_arranger()
    groups = InstrumentGroup.of_all()
    rows = [(row, [group_in_words(group) for group in groups.get(row.id, ())]) for row in Instrument.kept()]
    return render_template(
        "instruments/instruments.html",
        vendors=[(vendor, list(each)) for vendor, each in groupby(rows, key=lambda pair: pair[0].vendor)],
        removed=list(Instrument.removed()),
        not_there=not_there(),
        ways=WAYS,
    )


@pages.post(f"{SETTINGS}/ship")
def ship() -> ResponseReturnValue:
    """Bring in those we ship that this firm does not have."""
    _require_arranger()
    added = actions.ship(firm().currency)
    return go(SETTINGS, "1 instrument is added." if added == 1 else f"{added} instruments are added.")


@pages.get(f"{SETTINGS}/new")
def new_instrument() -> ResponseReturnValue:
    _require_arranger()
    usual = {"answer_days": 10, "report_days": 1, "rhythm": "3 7 10", "credits": 1, "currency": firm().currency}
    parts = {"has_coach_part": True, "has_client_part": True}
    return _instrument_page(NewInstrumentForm(data=usual | parts))


@pages.post(f"{SETTINGS}/new")
def add_instrument() -> ResponseReturnValue:
    _require_arranger()
    form = NewInstrumentForm(request.form)
    if not form.validate():
        return _instrument_page(form), 422
    try:
        row = actions.add(form.vendor.data, form.values(), form.wanted_groups())
    except Refused as refusal:
        return _instrument_page(form, why=str(refusal)), 422
    return go(f"{SETTINGS}/{row.public_id}", f"{row.name} is in the catalogue.")


@pages.get(f"{SETTINGS}/<ulid:instrument_id>")
def instrument(instrument_id: str) -> ResponseReturnValue:
    row = _instrument(instrument_id)
    return _instrument_page(InstrumentForm(obj=as_typed(row)), row)


@pages.post(f"{SETTINGS}/<ulid:instrument_id>")
def change_instrument(instrument_id: str) -> ResponseReturnValue:
    row = _instrument(instrument_id)
    form = InstrumentForm(request.form)
    if not form.validate():
        return _instrument_page(form, row), 422
    try:
        actions.change(row, form.vendor.data, form.values(), form.wanted_groups(), version=form.version.data)
    except Stale as stale:
        return conflict(stale, form, as_typed(_instrument(instrument_id)), _home(row))
    except Refused as refusal:
        return _instrument_page(form, row, str(refusal)), 422
    return go(_home(row), "Saved. It holds for what is set up already, too.")


@pages.post(f"{SETTINGS}/<ulid:instrument_id>/remove")
def remove_instrument(instrument_id: str) -> ResponseReturnValue:
    row = _instrument(instrument_id)
    actions.remove(row)
    flash(f"{row.name} is no longer offered. What is set up goes on.", f"undo:{_home(row)}/restore")
    return go(SETTINGS)


@pages.post(f"{SETTINGS}/<ulid:instrument_id>/restore")
def restore_instrument(instrument_id: str) -> ResponseReturnValue:
    _require_arranger()
    row = load_or_404(Instrument.with_vendor(), instrument_id)
    actions.restore(row)
    return go(SETTINGS, f"{row.name} is offered again.")


def _instrument(public_id: str) -> Instrument:
    _require_arranger()
    return load_or_404(Instrument.kept(), public_id)


def _home(row: Instrument) -> str:
    return f"{SETTINGS}/{row.public_id}"


def _instrument_page(form: InstrumentForm, row: Instrument | None = None, why: str = "") -> str:
    """The form; `why` says what the act itself refused."""
    vendors = list(Vendor.used())
    return render_template("instruments/instrument.html", form=form, instrument=row, vendors=vendors, why=why)


# Vendors -------------------------------------------------------------------------------------------------------------


@pages.get(f"{SETTINGS}/vendors/<ulid:vendor_id>")
def vendor(vendor_id: str) -> ResponseReturnValue:
    row = _vendor(vendor_id)
    return _vendor_page(row, VendorForm(obj=row))


@pages.post(f"{SETTINGS}/vendors/<ulid:vendor_id>")
def change_vendor(vendor_id: str) -> ResponseReturnValue:
    row = _vendor(vendor_id)
    form = VendorForm(request.form)
    if not form.validate():
        return _vendor_page(row, form), 422
    try:
        actions.change_vendor(row, **form.data)
    except Stale as stale:
        return conflict(stale, form, _vendor(vendor_id), request.path)
    except Refused as refusal:
        form.name.errors = [str(refusal)]
        return _vendor_page(row, form), 422
    return go(SETTINGS, "Saved.")


def _vendor(public_id: str) -> Vendor:
    _require_arranger()
    return load_or_404(Vendor.select(), public_id)


def _vendor_page(row: Vendor, form: VendorForm) -> str:
    return render_template("instruments/vendor.html", vendor=row, form=form)


# Batteries -----------------------------------------------------------------------------------------------------------


@pages.get(BATTERIES)
def batteries() -> ResponseReturnValue:
    _require_arranger()
    items = BatteryItem.of_all()
    rows = [(row, items.get(row.id, [])) for row in Battery.kept()]
    return render_template("instruments/batteries.html", rows=rows)


@pages.get(f"{BATTERIES}/new")
def new_battery() -> ResponseReturnValue:
    _require_arranger()
    return render_template("instruments/new_battery.html", form=NewBatteryForm())


@pages.post(f"{BATTERIES}/new")
def make_battery() -> ResponseReturnValue:
    _require_arranger()
    form = NewBatteryForm(request.form)
    if not form.validate():
        return render_template("instruments/new_battery.html", form=form), 422
    row = actions.make_battery(form.name.data)
    return go(_at(row), "Now say which instruments belong to it, and when.")


@pages.get(f"{BATTERIES}/<ulid:battery_id>")
def battery(battery_id: str) -> ResponseReturnValue:
    row = _battery(battery_id)
    return _battery_page(row, BatteryForm(obj=row))


@pages.post(f"{BATTERIES}/<ulid:battery_id>")
def rename_battery(battery_id: str) -> ResponseReturnValue:
    row = _battery(battery_id)
    form = BatteryForm(request.form)
    if not form.validate():
        return _battery_page(row, form), 422
    try:
        actions.rename_battery(row, **form.data)
    except Stale as stale:
        return conflict(stale, form, _battery(battery_id), _at(row))
    return go(_at(row), "Saved.")


@pages.post(f"{BATTERIES}/<ulid:battery_id>/remove")
def remove_battery(battery_id: str) -> ResponseReturnValue:
    row = _battery(battery_id)
    actions.remove_battery(row)
    flash(f"“{row.name}” is no longer offered. Programs that run with it go on.", f"undo:{_at(row)}/restore")
    return go(BATTERIES)


@pages.post(f"{BATTERIES}/<ulid:battery_id>/restore")
def restore_battery(battery_id: str) -> ResponseReturnValue:
    _require_arranger()
    row = load_or_404(Battery.select(), battery_id)
    actions.restore_battery(row)
    return go(_at(row), f"“{row.name}” is offered again.")


def _battery(public_id: str) -> Battery:
    _require_arranger()
    return load_or_404(Battery.kept(), public_id)


def _at(row: Battery) -> str:
    return f"{BATTERIES}/{row.public_id}"


def _battery_page(row: Battery, form: BatteryForm, adding: NewItemForm | None = None) -> str:
    return render_template(
        "instruments/battery.html", form=form, adding=_offered(adding or NewItemForm()), **_shown(row)
    )


def _shown(row: Battery) -> dict[str, Any]:
    """What the partial `_items.html` shows."""
    return {"battery": row, "items": list(BatteryItem.of(row))}


def _offered(form: ItemForm, item: BatteryItem | None = None) -> Any:
    form.offer(Instrument.kept(), item.instrument if item else None)
    return form


# Their items ---------------------------------------------------------------------------------------------------------


@pages.post(f"{BATTERIES}/<ulid:battery_id>/items")
def add_item(battery_id: str) -> ResponseReturnValue:
    row = _battery(battery_id)
    form = _offered(NewItemForm(request.form))
    if not form.validate():
        return _battery_page(row, BatteryForm(obj=row), form), 422
    item = actions.add_item(row, form.chosen(), form.when())
    return go(f"{_at(row)}#{item.public_id}", f"{item.instrument.name} is added.")


@pages.get(f"{BATTERIES}/<ulid:battery_id>/items/<ulid:battery_item_id>")
def item(battery_id: str, battery_item_id: str) -> ResponseReturnValue:
    row, one = _item(battery_id, battery_item_id)
    return _item_page(row, one, _offered(ItemForm(obj=item_as_typed(one)), one))


@pages.post(f"{BATTERIES}/<ulid:battery_id>/items/<ulid:battery_item_id>")
def change_item(battery_id: str, battery_item_id: str) -> ResponseReturnValue:
    row, one = _item(battery_id, battery_item_id)
    form = _offered(ItemForm(request.form), one)
    if not form.validate():
        return _item_page(row, one, form), 422
    try:
        actions.change_item(one, form.chosen(), form.when(), version=form.version.data)
    except Stale as stale:
        return conflict(stale, form, item_as_typed(_item(battery_id, battery_item_id)[1]), request.path)
    return go(f"{_at(row)}#{one.public_id}", "Saved. Programs that run already keep their dates.")


@pages.post(f"{BATTERIES}/<ulid:battery_id>/items/<ulid:battery_item_id>/move")
def move_item(battery_id: str, battery_item_id: str) -> ResponseReturnValue:
    """To a place; htmx gets the items back, with a sentence for screen readers."""
    row, one = _item(battery_id, battery_item_id)
    place = actions.move_item(one, _place(request.form.get("to", "")))
    if not request.htmx:
        return go(f"{_at(row)}#{one.public_id}")
    shown = _shown(row)
    said = f"{one.instrument.name} is now {place} of {len(shown['items'])}."
    return render_template("instruments/_items.html", said=said, moved=one.public_id, **shown)


@pages.post(f"{BATTERIES}/<ulid:battery_id>/items/<ulid:battery_item_id>/take-out")
def take_out(battery_id: str, battery_item_id: str) -> ResponseReturnValue:
    row, one = _item(battery_id, battery_item_id)
    place = actions.take_out(one)
    flash(f"{one.instrument.name} is out.", f"undo:{_at(row)}/items/{one.public_id}/put-back?place={place}")
    return go(_at(row))


@pages.post(f"{BATTERIES}/<ulid:battery_id>/items/<ulid:battery_item_id>/put-back")
def put_back(battery_id: str, battery_item_id: str) -> ResponseReturnValue:
    row, one = _item(battery_id, battery_item_id)
    actions.put_back(one, _place(request.args.get("place", "")))
    return go(_at(row), f"{one.instrument.name} is back.")


def _item(battery_id: str, battery_item_id: str) -> tuple[Battery, BatteryItem]:
    """An item of this battery, also one that was taken out."""
    row = _battery(battery_id)
    items = BatteryItem.select(BatteryItem, Instrument).join(Instrument).where(BatteryItem.battery == row)
    return row, load_or_404(items, battery_item_id)


def _place(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 1


def _item_page(row: Battery, one: BatteryItem, form: ItemForm) -> str:
    return render_template("instruments/item.html", battery=row, item=one, form=form)


def _require_arranger() -> None:
    require(current_user.may_arrange)

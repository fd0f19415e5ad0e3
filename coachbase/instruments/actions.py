"""Keep the catalogue of instruments and the batteries made of them; bring in those we ship."""

from collections.abc import Mapping, Sequence
from typing import Any

from peewee import IntegrityError

from .. import clock
from ..clients.rules import fold
from ..db import atomic, database
from ..errors import Refused, Stale
from .models import Battery, BatteryItem, Instrument, InstrumentGroup, Vendor, not_there, shipped
from .rules import MOST_ITEMS, Group, Item

# Instruments ---------------------------------------------------------------------------------------------------------


@atomic
def add(vendor: str, values: Mapping[str, Any], groups: Sequence[Group]) -> Instrument:
    """A new instrument. `values` are columns of Instrument; a vendor with a new name is new, too.

    Raises Refused when that vendor has one of this name.
    """
    whose = _vendor(vendor)
    _refuse_double(whose, values["name"])
    row = Instrument.create(**values, vendor=whose, needs_raters=bool(groups), created_at=clock.now())
    _write_groups(row, groups)
    return row


@atomic
def change(
    instrument: Instrument, vendor: str, values: Mapping[str, Any], groups: Sequence[Group], *, version: int
) -> None:
    """Change an instrument, for all that is set up with it, too.

    Raises Stale when somebody saved it since `version`, and Refused when a group that has raters would go.
    """
    now = Instrument.with_vendor().where(Instrument.id == instrument.id).get()
    if now.version != version:
        raise Stale(f"Somebody else changed {now.name} while you were typing.")
    now.vendor = _vendor(vendor)
    _refuse_double(now.vendor, values["name"], but=now)
    for name, value in values.items():
        setattr(now, name, value)
    now.needs_raters, now.version = bool(groups), version + 1
    now.save()
    _write_groups(now, groups)


def _vendor(name: str) -> Vendor:
    """The vendor called so, however it is spelled; or a new one."""
    known = {fold(row.name): row for row in Vendor.select()}
    return known.get(fold(name)) or Vendor.create(name=name)


def _refuse_double(vendor: Vendor, name: str, *, but: Instrument | None = None) -> None:
    rows = Instrument.select().where(Instrument.vendor == vendor)
    same = next((row for row in rows if row != but and fold(row.name) == fold(name)), None)
    if same is None:
        return
    kept = "It is removed; put it back instead." if same.removed_at else "Change that one, or give this another name."
    raise Refused(f"{vendor.name} has an instrument called {same.name} already. {kept}")


def _write_groups(instrument: Instrument, groups: Sequence[Group]) -> None:
    """A group that keeps its name stays the row that raters point at."""
    there = {fold(row.name): row for row in InstrumentGroup.of(instrument)}
    for place, group in enumerate(groups, start=1):
        row = there.pop(fold(group.name), None) or InstrumentGroup(instrument=instrument)
        row.name, row.least, row.most, row.position = group.name, group.least, group.most, place
        row.save()
    for row in there.values():
        try:
            with database.atomic():
                row.delete_instance()
        except IntegrityError:
            raise Refused(
                f"Raters stand in the group “{row.name}”: it can be resized, not taken out or renamed."
            ) from None


@atomic
def remove(instrument: Instrument) -> None:
    """Offer an instrument no more; what was set up with it goes on.

    Raises Refused while a battery holds it.
    """
    items = BatteryItem.select(BatteryItem, Battery).join(Battery)
    holding = items.where(
        BatteryItem.instrument == instrument, BatteryItem.position > 0, Battery.removed_at.is_null()
    ).first()
    if holding:
        raise Refused(f"{instrument.name} stands in the battery “{holding.battery.name}”. Take it out there first.")
    instrument.removed_at = clock.now()
    instrument.save(only=[Instrument.removed_at])


@atomic
def restore(instrument: Instrument) -> None:
    """Undo a removal."""
    instrument.removed_at = None
    instrument.save(only=[Instrument.removed_at])


@atomic
def change_vendor(vendor: Vendor, *, name: str, portal: str, version: int) -> None:
    """Name a vendor anew, or say where people answer.

    Raises Stale when somebody saved it since `version`, and Refused when another has this name.
    """
    now = Vendor.get_by_id(vendor.id)
    if now.version != version:
        raise Stale(f"Somebody else changed {now.name} while you were typing.")
    if any(fold(other.name) == fold(name) for other in Vendor.select().where(Vendor.id != now.id)):
        raise Refused(f"There is a vendor called {name} already.")
    now.name, now.portal, now.version = name, portal, version + 1
    now.save()


# Batteries -----------------------------------------------------------------------------------------------------------


@atomic
def make_battery(name: str) -> Battery:
    return Battery.create(name=name, created_at=clock.now())


@atomic
def rename_battery(battery: Battery, *, name: str, version: int) -> None:
    """Raises Stale when somebody saved it since `version`."""
    now = Battery.get_by_id(battery.id)
    if now.version != version:
        raise Stale(f"Somebody else changed {now.name} while you were typing.")
    now.name, now.version = name, version + 1
    now.save()


@atomic
def remove_battery(battery: Battery) -> None:
    """Offer a battery no more; programs that run with it go on."""
    battery.removed_at = clock.now()
    battery.save(only=[Battery.removed_at])


@atomic
def restore_battery(battery: Battery) -> None:
    """Undo a removal; what it holds is offered again, too."""
    battery.removed_at = None
    battery.save(only=[Battery.removed_at])
    held = BatteryItem.select(BatteryItem.instrument).where(BatteryItem.battery == battery, BatteryItem.position > 0)
    Instrument.update(removed_at=None).where(Instrument.id.in_(held)).execute()


@atomic
def add_item(battery: Battery, instrument: Instrument, when: Item) -> BatteryItem:
    """An instrument at the end of a battery. Programs that run with it already are left alone."""
    count = len(list(BatteryItem.of(battery)))
    if count >= MOST_ITEMS:
        raise Refused(f"A battery holds up to {MOST_ITEMS} instruments.")
    return BatteryItem.create(battery=battery, position=count + 1, **_columns(instrument, when))


@atomic
def change_item(item: BatteryItem, instrument: Instrument, when: Item, *, version: int) -> None:
    """Raises Stale when somebody saved it since `version`."""
    now = BatteryItem.get_by_id(item.id)
    if now.version != version:
        raise Stale("Somebody else changed this line of the battery while you were typing.")
    for name, value in _columns(instrument, when).items():
        setattr(now, name, value)
    now.version = version + 1
    now.save()


def _columns(instrument: Instrument, when: Item) -> dict[str, Any]:
    return {
        "instrument": instrument,
        "anchor_name": when.anchor,
        "amount": when.amount,
        "unit_name": when.unit,
    }


@atomic
def move_item(item: BatteryItem, to: int) -> int:
    """Put an item at a place of its battery; where it stands now."""
    order = list(BatteryItem.of(item.battery))
    if item not in order:
        return 0
    order.remove(item)
    order.insert(max(0, to - 1), item)
    _number(order)
    return order.index(item) + 1


@atomic
def take_out(item: BatteryItem) -> int:
    """Take an item out of its battery; it can be put back. Where it stood."""
    now = BatteryItem.get_by_id(item.id)
    place, now.position = abs(now.position), -abs(now.position)
    now.save()
    _number(list(BatteryItem.of(now.battery)))
    return place


@atomic
def put_back(item: BatteryItem, place: int) -> None:
    """Undo `take_out`. Raises Refused when its instrument was removed since."""
    now = BatteryItem.select(BatteryItem, Instrument).join(Instrument).where(BatteryItem.id == item.id).get()
    if now.position > 0:
        return
    if now.instrument.removed_at:
        raise Refused(f"{now.instrument.name} was removed since.")
    order = list(BatteryItem.of(now.battery))
    order.insert(max(0, place - 1), now)
    _number(order)


def _number(items: Sequence[BatteryItem]) -> None:
    for place, item in enumerate(items, start=1):
        BatteryItem.update(position=place).where(BatteryItem.id == item.id).execute()


# What ships ----------------------------------------------------------------------------------------------------------


@atomic
def ship(currency: str) -> int:
    """Bring in the instruments we ship that are not there, and our battery when there is none; how many were new.

    What is there stays as it is, under whatever vendor, also when it was removed.
    """
    fresh = not_there()
    for vendor, row in fresh:
        whose = _vendor(vendor["name"])
        Vendor.update(portal=vendor["portal"]).where(Vendor.id == whose.id, Vendor.portal == "").execute()
        add(vendor["name"], *_shipped(row, currency))
    if not Battery.select(Battery.id).exists():
        for battery in shipped()["battery"]:
            _ship_battery(battery)
    return len(fresh)


def _shipped(row: Mapping[str, Any], currency: str) -> tuple[dict[str, Any], list[Group]]:
    values = {name: value for name, value in row.items() if name not in ("way", "groups")}
    texts = {"how_to": values["how_to"].strip(), "way_name": row["way"], "currency": currency}
    return values | texts, [Group(*group) for group in row.get("groups", ())]


def _ship_battery(row: Mapping[str, Any]) -> None:
    battery = make_battery(row["name"])
    for name, anchor, amount, unit in row["items"]:
        instrument = Instrument.kept().where(Instrument.name == name).first()
        if instrument:
            add_item(battery, instrument, Item(anchor, amount, unit))

"""What staff type about an instrument, its vendor, a battery and its items."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from wtforms import BooleanField, Field, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from .. import money
from ..clients.rules import web_address
from ..firm.rules import CURRENCIES
from ..web.forms import Form, WholeNumberField, choices, long_text, short_text, version_field
from .models import BatteryItem, Instrument, InstrumentGroup
from .rules import (
    ANCHOR_LABELS,
    LONGEST_HOW_TO,
    LONGEST_NAME,
    LONGEST_WORDS,
    MOST_CREDITS,
    MOST_DAYS,
    MOST_OF,
    WAY_LABELS,
    Anchor,
    Group,
    Item,
    Unit,
    groups_as_typed,
    read_groups,
    refusal_of_rhythm,
)

_NO = (False, "", "false", "False", "0")
_UNTIL = f"A number of days from 1 to {MOST_DAYS}, or nothing."


def _days(label: str, help: str) -> WholeNumberField:
    """Days that are always known."""
    most = f"A number of days from 0 to {MOST_DAYS}."
    return WholeNumberField(
        label,
        [InputRequired(most), NumberRange(0, MOST_DAYS, most)],
        description=help,
        render_kw={"min": 0, "max": MOST_DAYS, "inputmode": "numeric"},
    )


def _days_or_never(label: str, help: str) -> WholeNumberField:
    return WholeNumberField(
        label,
        [Optional(), NumberRange(1, MOST_DAYS, _UNTIL)],
        description=help,
        render_kw={"min": 1, "max": MOST_DAYS, "inputmode": "numeric"},
    )


class InstrumentForm(Form):
    """An instrument. Fields carry the names of `as_typed`, so that two versions can be shown."""

    vendor = short_text(
        "Vendor", "Whose instrument is it?", longest=LONGEST_NAME, help="A new name makes a new vendor.", list="vendors"
    )
    name = short_text(
        "Name", "What is the instrument called?", longest=LONGEST_NAME, help="Clients and raters read it."
    )
    way_name = SelectField("How people get in", choices=choices(WAY_LABELS.items()))
    groups = long_text(
        "Groups of raters",
        longest=1000,
        rows=5,
        help="One a line with its size, such as Peers: 3 to 6. Empty when the client alone answers.",
    )
    answer_days = _days("Days people take", "From the invitation until all have answered.")
    report_days = _days("Days until the report", "What the vendor takes after that.")
    code_days = _days_or_never("Codes expire after (days)", "From the day they are bought. Empty: never.")
    invitation_days = _days_or_never("Invitations expire after (days)", "From the day they are sent. Empty: never.")
    rhythm = short_text(
        "Reminders", longest=40, help="Days after the invitation, at most four. Empty: none.", example="3 7 10"
    )
    has_coach_part = BooleanField("A part for the coach", false_values=_NO)
    has_client_part = BooleanField("A part for the client", false_values=_NO)
    price = short_text("Cost", longest=16, inputmode="decimal", autocomplete="off", help="Of one code.")
    currency = SelectField("Currency", choices=choices((code, code) for code in CURRENCIES))
    credits = WholeNumberField(
        "Credits",
        [InputRequired("How many credits?"), NumberRange(0, MOST_CREDITS, f"A number from 0 to {MOST_CREDITS}.")],
        description="Of the vendor’s, for one code.",
        render_kw={"min": 0, "max": MOST_CREDITS, "inputmode": "numeric"},
    )
    how_to = long_text(
        "How to get in", longest=LONGEST_HOW_TO, rows=6, help="Stands in the mail with the code, below the greeting."
    )
    file_words = short_text(
        "What its reports are called",
        longest=LONGEST_WORDS,
        help="Words of their file names and first pages, with commas between: a dropped PDF is recognised by them.",
    )
    version = version_field()

    def validate_groups(self, field: Field) -> None:
        try:
            read_groups(field.data)
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def validate_rhythm(self, field: Field) -> None:
        if refusal := refusal_of_rhythm(field.data):
            raise ValidationError(refusal)

    def validate_has_client_part(self, field: Field) -> None:
        if not field.data and not self.has_coach_part.data:
            raise ValidationError("A report has at least one part.")

    def validate_price(self, field: Field) -> None:
        if self.currency.data in CURRENCIES and field.data and self._cents() is None:
            raise ValidationError(f"Type an amount, such as {money.as_typed(9000, self.currency.data)}.")

    def _cents(self) -> int | None:
        return money.minor_of(self.price.data, self.currency.data) if self.price.data else 0

    def wanted_groups(self) -> list[Group]:
        return read_groups(self.groups.data)

    def values(self) -> dict[str, Any]:
        """What goes into the row, besides vendor and groups."""
        beside = ("vendor", "groups", "price", "version")
        plain = {name: value for name, value in self.data.items() if name not in beside}
        return plain | {"cost_cents": self._cents(), "rhythm": " ".join(self.rhythm.data.replace(",", " ").split())}


class NewInstrumentForm(InstrumentForm):
    version = None


def as_typed(instrument: Instrument) -> SimpleNamespace:
    """An instrument with the form's fields as the form holds them, to fill it and to compare with it."""
    plain = (
        "name", "way_name", "answer_days", "report_days", "code_days", "invitation_days", "rhythm", "has_coach_part",
        "has_client_part", "price", "currency", "credits", "how_to", "file_words", "version",
    )  # fmt: skip
    return SimpleNamespace(
        vendor=instrument.vendor.name,
        groups=groups_as_typed(row.wanted for row in InstrumentGroup.of(instrument)),
        **{name: getattr(instrument, name) for name in plain},
    )


class VendorForm(Form):
    name = short_text("Name", "What is the vendor called?", longest=LONGEST_NAME)
    portal = short_text(
        "Where people answer",
        longest=300,
        help="The address that stands in the mail with the code. Empty when each gets a link.",
        example="https://portal.example",
        inputmode="url",
    )
    version = version_field()

    def validate_portal(self, field: Field) -> None:
        if not field.data:
            return
        link = web_address(field.data)
        if link is None or not link.lower().startswith("https://"):
            raise ValidationError("Type an address that begins with https://.")
        field.data = link


class BatteryForm(Form):
    name = short_text("Name", "What is the battery called?", longest=LONGEST_NAME)
    version = version_field()


class NewBatteryForm(BatteryForm):
    version = None


BEFORE, AFTER = "before", "after"


class ItemForm(Form):
    """An instrument of a battery, and when it is to be completed. Fields carry the names of `item_as_typed`."""

    instrument = SelectField("Instrument")
    amount = WholeNumberField(
        "Completed",
        [InputRequired("How many?"), NumberRange(0, max(MOST_OF.values()), "A number, 0 for the day itself.")],
        default=2,
        render_kw={"min": 0, "max": max(MOST_OF.values()), "inputmode": "numeric"},
    )
    unit_name = SelectField("Unit", choices=choices((unit, unit.value) for unit in Unit), default=Unit.WEEKS.value)
    direction = SelectField("Before or after", choices=choices([(BEFORE, "before"), (AFTER, "after")]))
    anchor_name = SelectField("Of", choices=choices(ANCHOR_LABELS.items()))
    version = version_field()

    def offer(self, instruments: Iterable[Instrument], present: Instrument | None = None) -> None:
        """What there is to choose from; the present one stays among it."""
        there = {row.public_id: row for row in instruments}
        if present:
            there.setdefault(present.public_id, present)
        self._instruments = there
        self.instrument.choices = choices((key, row.name) for key, row in there.items())

    def validate_amount(self, field: Field) -> None:
        most = MOST_OF.get(self.unit_name.data)
        if most is not None and field.data is not None and field.data > most:
            raise ValidationError(f"At most {most} {self.unit_name.data}.")

    def chosen(self) -> Instrument:
        return self._instruments[self.instrument.data]

    def when(self) -> Item:
        amount = -self.amount.data if self.direction.data == BEFORE else self.amount.data
        return Item(Anchor(self.anchor_name.data), amount, Unit(self.unit_name.data))


class NewItemForm(ItemForm):
    version = None


def item_as_typed(item: BatteryItem) -> SimpleNamespace:
    return SimpleNamespace(
        instrument=item.instrument.public_id,
        amount=abs(item.amount),
        unit_name=item.unit_name,
        direction=AFTER if item.amount > 0 else BEFORE,
        anchor_name=item.anchor_name,
        version=item.version,
    )

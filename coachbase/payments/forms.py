"""What a bank's columns hold, what a line pays, and what is recorded by hand."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from wtforms import BooleanField, Field, IntegerField, SelectField
from wtforms.validators import InputRequired, ValidationError
from wtforms.widgets import HiddenInput

from .. import money
from ..clients.rules import Sheet
from ..engagements.forms import cents_of, day_field
from ..firm.rules import CURRENCIES
from ..invoices.models import Invoice
from ..tracking.rules import ORDER_LABELS, Order
from ..web.forms import Form, choices, short_text, version_field
from .rules import DECIMALS, FIELDS, Columns

LONGEST_REASON, LONGEST_REFERENCE = 300, 140
MOST_TICKED, MOST_PARTS = 500, 60


# A file ---------------------------------------------------------------------------------------------------------------


class ColumnsForm(Form):
    """How a bank writes; the columns themselves are read beside it, as `column-<n>`."""

    order = SelectField("Days like 03/12/2026 are written", choices=choices(ORDER_LABELS.items()))
    decimal = SelectField("Amounts are written with", choices=choices(DECIMALS.items()))
    currency = SelectField("Currency of the account", choices=choices([("", "Choose"), *((c, c) for c in CURRENCIES)]))
    leave_out = BooleanField("Leave out the lines that are not understood")

    def columns(self, sheet: Sheet, sent: Mapping[str, str]) -> Columns:
        fields = [sent.get(f"column-{number}", "") for number in range(len(sheet.header))]
        known = tuple(field if field in FIELDS else "" for field in fields)
        return Columns(known, Order(self.order.data), self.decimal.data, self.currency.data)


# Lines ----------------------------------------------------------------------------------------------------------------


class SeenField(IntegerField):
    """What was open when the form was opened: what was paid meanwhile is not paid again by mistake."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data: int | None = whole(valuelist[0]) if valuelist else None
        if self.data is None:
            raise ValueError("The form is incomplete. Open it again.")


class MatchForm(Form):
    """One act: all of a line for one invoice, at the version that was looked at."""

    invoice = short_text("Invoice", "Choose an invoice.", longest=26)
    version = version_field()
    seen = SeenField()

    @property
    def open_then(self) -> int:
        return self.seen.data or 0


class IgnoreForm(Form):
    reason = short_text("Why is it not ours?", "Say why.", longest=LONGEST_REASON, autocomplete="off")


class ReopenForm(Form):
    version = version_field()
    reason = short_text("Why is it taken back?", longest=LONGEST_REASON, autocomplete="off")


class Given(NamedTuple):
    """What somebody typed beside an invoice, what was open of it then, and what it comes to; None when it is no
    amount."""

    key: str
    typed: str
    seen: int | None
    cents: int | None


def given_parts(sent: Mapping[str, str], currency: str) -> list[Given]:
    """What was typed as `part-<id>`, with `open-<id>`; empty ones are none."""
    found = []
    for name, text in list(sent.items())[: 10 * MOST_PARTS]:
        key, typed = name.removeprefix("part-"), text.strip()[:20]
        if name.startswith("part-") and typed:
            found.append(Given(key[:26], typed, whole(sent.get(f"open-{key}", "")), money.minor_of(typed, currency)))
    return found[:MOST_PARTS]


def whole(text: str) -> int | None:
    """A whole number that a page of ours wrote into a form."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    return sign * int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 14 else None


def ticked(sent: Iterable[str]) -> Iterator[tuple[str, int, str]]:
    """What was ticked, as '<line> <version> <what it pays>'."""
    for text in list(sent)[:MOST_TICKED]:
        key, _, rest = text[:4000].partition(" ")
        version, _, seen = rest.partition(" ")
        if (number := whole(version)) is not None:
            yield key[:26], number, seen


# By hand --------------------------------------------------------------------------------------------------------------


class OpenForm(Form):
    seen = SeenField(widget=HiddenInput())

    @property
    def open_then(self) -> int:
        return self.seen.data or 0

    def renewed(self, cents: int) -> str:
        """Shown again, the form carries what is open now; what was wrong with that, which nobody typed."""
        self.seen.data, self.seen.raw_data = cents, None
        return " ".join(self.seen.errors)


class AmountForm(OpenForm):
    amount = short_text("Amount", "How much?", longest=20, inputmode="decimal", autocomplete="off")
    on = day_field("Day")

    def __init__(self, *args: Any, invoice: Invoice, **kwargs: Any) -> None:
        self.currency = invoice.currency
        super().__init__(*args, **kwargs)

    def validate_amount(self, field: Field) -> None:
        if not cents_of(field.data, self.currency):
            raise ValidationError("Type an amount above zero.")

    @property
    def cents(self) -> int:
        return cents_of(self.amount.data, self.currency)


class PaymentForm(AmountForm):
    """Money that came in."""

    reference = short_text(
        "Reference", longest=LONGEST_REFERENCE, help="What the bank says, if it helps.", autocomplete="off"
    )


class RefundForm(PaymentForm):
    """Money that was paid back."""


class TransferForm(AmountForm):
    """What was paid too much, to another invoice of the same payer."""

    to = SelectField("To", [InputRequired("Choose an invoice.")])

    def offer(self, invoices: Iterable[Invoice]) -> None:
        self.to.choices = choices(
            (each.public_id, f"{each.label}, {money.in_words(each.open_cents, each.currency)} open")
            for each in invoices
        )


class WriteOffForm(OpenForm):
    reason = short_text("Why?", "Say why it will not be paid.", longest=LONGEST_REASON, autocomplete="off")


class TakeBackForm(Form):
    reason = short_text("Why is it taken back?", longest=LONGEST_REASON, autocomplete="off")

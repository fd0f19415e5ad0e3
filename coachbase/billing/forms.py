"""How a program is billed, as it is typed: the plan and its parts; charges beside it; why a session is not billed."""

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field, HiddenField, SelectField
from wtforms.validators import NumberRange, Optional, ValidationError

from .. import money
from ..engagements.forms import LONGEST_REASON, cents_of, day_field
from ..engagements.models import Engagement
from ..files.forms import files_field
from ..files.rules import Upload
from ..firm.rules import CURRENCIES
from ..invoices.forms import PERCENT, bps_of
from ..payers.models import TaxRate
from ..sums.rules import LARGEST_QUANTITY
from ..web.forms import Form, WholeNumberField, choices, short_text, strip, version_field
from .models import Account, Charge, Part
from .rules import (
    ANCHOR_LABELS,
    BY_SESSIONS,
    CHARGE_LABELS,
    MOST_PARTS,
    NUMBERED,
    WAY_LABELS,
    Anchor,
    NewPart,
    Way,
    agreed_sum,
    sum_of,
)

MOST_NUMBER = 400
DEPOSIT = "deposit"


class PartForm(Form):
    """A part. Its fields come as lists, one value for each part, so the form needs no numbers and no script.

    `part` is which of the plan's parts it was, '' for a new one.
    """

    part = HiddenField(filters=[lambda text: strip(text)[:26]])
    label = short_text("What it is called", longest=80, autocomplete="off")
    sort = SelectField("Kind", choices=choices([("", "Part"), (DEPOSIT, "Deposit")]), default="")
    anchor = SelectField("Billed", choices=choices(ANCHOR_LABELS.items()), default=Anchor.START.value)
    number = WholeNumberField(
        "How many",
        [Optional(), NumberRange(1, MOST_NUMBER, f"A number from 1 to {MOST_NUMBER}.")],
        render_kw={"min": 1, "max": MOST_NUMBER, "inputmode": "numeric"},
    )
    on = day_field("On", required=False)
    amount = short_text("Amount", "How much?", longest=16, inputmode="decimal", autocomplete="off")

    def __init__(self, sent: Any = None, *, place: int, currency: str, **values: Any) -> None:
        super().__init__(sent, **values)
        self.place, self.currency = place, currency
        for field in self:
            field.id = f"{field.name}-{place}"
        self.number.flags.optional = self.on.flags.optional = False  # they show where they are wanted

    @property
    def is_blank(self) -> bool:
        """A row that was added and left alone."""
        return not (self.part.data or self.label.data or self.amount.data)

    def validate_amount(self, field: Field) -> None:
        if not cents_of(field.data or "", self.currency):
            raise ValidationError("A part is more than nothing.")

    def validate_anchor(self, field: Field) -> None:
        anchor = field.data
        if anchor in {each.value for each in NUMBERED} and not (self.number.data or self.number.errors):
            raise ValidationError("After how many?")
        if anchor == Anchor.DATE and not self.on.data:
            raise ValidationError("On which day?")

    @property
    def cents(self) -> int:
        """What it comes to as far as that can be read."""
        return money.minor_of(self.amount.data or "", self.currency) or 0

    def value(self) -> NewPart:
        anchor = Anchor(self.anchor.data)
        return NewPart(
            self.label.data or "",
            anchor,
            self.cents,
            number=(self.number.data or 0) if anchor in NUMBERED else 0,
            on=self.on.data if anchor is Anchor.DATE else None,
            is_deposit=self.sort.data == DEPOSIT,
        )


PART_FIELDS = ("part", "label", "sort", "anchor", "number", "on", "amount")


def rows_of(sent: MultiDict[str, str]) -> list[MultiDict[str, str]]:
    """The parts as they were sent, each by itself, in their order."""
    columns = {name: sent.getlist(name)[: MOST_PARTS + 1] for name in PART_FIELDS}
    count = max(map(len, columns.values()))
    return [
        MultiDict({name: values[place] if place < len(values) else "" for name, values in columns.items()})
        for place in range(count)
    ]


def after_press(rows: list[MultiDict[str, str]], sent: Mapping[str, str]) -> list[MultiDict[str, str]] | None:
    """The parts after one was added or taken out; None when another button was pressed."""
    if "add" in sent:
        return [*rows, MultiDict({"anchor": Anchor.START.value})][:MOST_PARTS]
    place = sent.get("remove", "")
    if not (place.isascii() and place.isdigit() and len(place) < 4):
        return None
    return rows[: int(place)] + rows[int(place) + 1 :]


def row_of(part: Part, currency: str) -> MultiDict[str, str]:
    """A part as its form shows it."""
    return MultiDict({
        "part": part.public_id,
        "label": part.label,
        "sort": DEPOSIT if part.is_deposit else "",
        "anchor": part.anchor_name,
        "number": str(part.number) if part.number else "",
        "on": part.on.isoformat() if part.on else "",
        "amount": money.as_typed(part.cents, currency),
    })  # fmt: skip


def _in_words(row: PartForm) -> str:
    said = [row.label.data, dict(ANCHOR_LABELS).get(row.anchor.data), row.amount.data]
    return ", ".join(str(each) for each in said if each)


class PlanForm(Form):
    """How a program is billed, and `parts`, which hold its parts that are not billed yet.

    `seen` are those the page showed, `agreed` the sum it warned of.
    """

    way = SelectField("How it is billed", choices=choices(WAY_LABELS.items()))
    unit = short_text("Rate", longest=16, inputmode="decimal", autocomplete="off", help="For a session, or an hour.")
    discount_share = short_text("Discount, %", longest=8, inputmode="decimal", autocomplete="off")
    discount_amount = short_text("Discount, amount", longest=16, inputmode="decimal", autocomplete="off")
    discount_words = short_text("What the discount is for", longest=80, autocomplete="off")
    rate = SelectField("Tax")
    since_on = day_field("Billed from here since", "What was due before is billed elsewhere.", required=False)
    seen = HiddenField(filters=[lambda text: strip(text)[: 27 * MOST_PARTS]])
    agreed = HiddenField(filters=[lambda text: strip(text)[:16]])
    version = version_field()

    def __init__(
        self,
        sent: Any = None,
        *,
        account: Account,
        rows: Iterable[MultiDict[str, str]] = (),
        rates: Sequence[TaxRate] = (),
        **values: Any,
    ) -> None:
        super().__init__(sent, **values)
        self.account = account
        self.currency: str = account.engagement.currency
        self._rates: dict[str, TaxRate] = {row.public_id: row for row in rates}
        self.rate.choices = choices([("", "As the payer’s"), *((key, row.label) for key, row in self._rates.items())])
        self.parts = [PartForm(row, place=place, currency=self.currency) for place, row in enumerate(rows)]

    @property
    def written(self) -> list[PartForm]:
        return [part for part in self.parts if not part.is_blank]

    def validate(self, extra_validators: Any = None) -> bool:
        head = super().validate(extra_validators)
        if self.way.data in BY_SESSIONS and not self.unit_cents:  # a field that may be empty is asked no further
            self.unit.errors = [*self.unit.errors, "What does one cost?"]
        parts = [part.validate() for part in self.written if self.way.data == Way.PARTS]
        return head and not self.unit.errors and all(parts)

    def validate_discount_share(self, field: Field) -> None:
        if bps_of(field.data or "") is None:
            raise ValidationError(PERCENT)

    def validate_discount_amount(self, field: Field) -> None:
        if not field.data:
            return
        if cents_of(field.data, self.currency) and self.way.data != Way.PARTS:
            raise ValidationError("An amount comes off a part. For sessions and hours type a share, or a lower rate.")

    @property
    def unit_cents(self) -> int:
        return money.minor_of(self.unit.data or "", self.currency) or 0

    def sum(self) -> int | None:
        """What it comes to with what is billed already; None where nobody can know."""
        kept = [part for part in self.account.parts if part.public_id in self.account.claims]
        typed = [NewPart("", Anchor.START, part.cents, is_deposit=part.sort.data == DEPOSIT) for part in self.written]
        way = Way(self.way.data) if self.way.data in set(Way) else Way.NONE
        return agreed_sum(way, self.unit_cents, sum_of([*kept, *typed]), self.account.engagement.sessions)

    @property
    def differs(self) -> bool:
        """Whether it comes to something else than the price. The last session takes what does not divide."""
        engagement, found = self.account.engagement, self.sum()
        rest = engagement.price_cents % engagement.sessions if engagement.sessions else 0
        is_near = self.way.data == Way.PER_SESSION and found == engagement.price_cents - rest
        return found is not None and found != engagement.price_cents and not is_near

    @property
    def was_warned(self) -> bool:
        """Whether the sentence about this very sum stood on the page that was sent."""
        return self.agreed.data == str(self.sum())

    def values(self) -> dict[str, Any]:
        """Columns of Plan."""
        way = Way(self.way.data)
        amount = self.discount_amount.data if way is Way.PARTS else ""
        return {
            "way_name": way,
            "unit_cents": self.unit_cents if way in BY_SESSIONS else 0,
            "discount_bps": bps_of(self.discount_share.data or ""),
            "discount_cents": money.minor_of(amount, self.currency) if amount else 0,
            "discount_words": self.discount_words.data,
            "rate": self._rates.get(self.rate.data or ""),
            "since_on": self.since_on.data,
        }

    def new_parts(self) -> list[NewPart]:
        """In another way than in parts, those that were there stay as they were typed."""
        return [part.value() for part in self.written if self.way.data == Way.PARTS]

    @property
    def seen_ids(self) -> list[str]:
        return (self.seen.data or "").split()

    def sent_again(self, account: Account) -> list[tuple[str, Any]]:
        """What was typed, for a page of two versions: sent once more it is about the plan as it is now."""
        own = [(field.name, field.data) for field in self if field.name not in ("version", "seen")]
        rows = [(field.name, field.data) for part in self.written for field in part]
        return [*own, *rows, ("seen", seen_of(account)), ("version", version_of(account))]


def seen_of(account: Account) -> str:
    return " ".join(part.public_id for part in account.unbilled_parts)


def version_of(account: Account) -> int:
    return account.plan.version if account.plan.id else 0


def head_of(account: Account) -> dict[str, Any]:
    """What fills the head of a form."""
    plan, currency = account.plan, account.engagement.currency
    return {
        "way": plan.way_name,
        "unit": money.as_typed(plan.unit_cents, currency) if plan.unit_cents else "",
        "discount_share": money.as_number(plan.discount_bps, 2) if plan.discount_bps else "",
        "discount_amount": money.as_typed(plan.discount_cents, currency) if plan.discount_cents else "",
        "discount_words": plan.discount_words,
        "rate": plan.rate.public_id if plan.rate_id else "",
        "since_on": plan.since_on,
        "seen": seen_of(account),
        "agreed": str(account.agreed_sum()),
        "version": version_of(account),
    }


def differences(mine: PlanForm, theirs: PlanForm) -> list[tuple[str, str, str]]:
    """Where two forms of one plan differ: (label, theirs, mine)."""
    hidden = ("version", "seen", "agreed")
    pairs = [(field.label.text, theirs[field.name], field) for field in mine if field.name not in hidden]
    head = [(label, _shown(one), _shown(other)) for label, one, other in pairs if _shown(one) != _shown(other)]
    parts = "\n".join(map(_in_words, theirs.written)), "\n".join(map(_in_words, mine.written))
    return head + ([("Parts", *parts)] if parts[0] != parts[1] else [])


def _shown(field: Field) -> str:
    labels = {choice.value: choice.label for choice in getattr(field, "choices", None) or ()}
    return str(labels.get(field.data, field.data if field.data is not None else ""))


# Charges --------------------------------------------------------------------------------------------------------------


class ChargeForm(Form):
    """Something to be billed beside the plan."""

    kind = SelectField("What it is", choices=choices(CHARGE_LABELS.items()))
    text = short_text(
        "What stands on the invoice", "Say what it is for.", longest=200, autocomplete="off",
        help="Whoever pays reads it: no reasons, nothing that was said.",
    )  # fmt: skip
    on = day_field("Day")
    quantity = short_text("How many", "How many?", longest=16, inputmode="decimal", autocomplete="off")
    price = short_text(
        "Price of one, without tax", "What does one cost?", longest=16, inputmode="decimal", autocomplete="off"
    )
    currency = SelectField("Currency", choices=choices((code, code) for code in CURRENCIES))
    program = SelectField("Billed with")
    rate = SelectField("Tax")
    files = files_field("Receipt")
    version = version_field()

    def offer(self, programs: Sequence[Engagement], rates: Sequence[TaxRate]) -> None:
        self._programs: dict[str, Engagement] = {row.public_id: row for row in programs}
        self._rates: dict[str, TaxRate] = {row.public_id: row for row in rates}
        named = ((key, row.name) for key, row in self._programs.items())
        self.program.choices = choices([*named, ("", "No program: the client pays")])
        self.rate.choices = choices([("", "As the payer’s"), *((key, row.label) for key, row in self._rates.items())])

    def validate_quantity(self, field: Field) -> None:
        whole = money.whole_of(field.data or "", 3)
        if not whole or whole > LARGEST_QUANTITY:
            raise ValidationError("Type a number, such as 3 or 1.5.")

    def validate_price(self, field: Field) -> None:
        if not cents_of(field.data or "", self._currency):
            raise ValidationError("It costs more than nothing.")

    def validate_files(self, field: Field) -> None:
        if len(field.data or ()) > 1:
            raise ValidationError("One file for a receipt.")

    @property
    def _currency(self) -> str:
        return self.currency.data if self.currency.data in CURRENCIES else CURRENCIES[0]

    @property
    def receipt(self) -> Upload | None:
        return next(iter(self.files.data or ()), None)

    def values(self) -> dict[str, Any]:
        """Columns of Charge."""
        return {
            "kind_name": self.kind.data,
            "text": self.text.data,
            "on": self.on.data,
            "quantity_milli": money.whole_of(self.quantity.data or "", 3),
            "unit_cents": cents_of(self.price.data or "", self._currency),
            "currency": self._currency,
            "engagement": self._programs.get(self.program.data or ""),
            "rate": self._rates.get(self.rate.data or ""),
        }


def as_typed(charge: Charge) -> SimpleNamespace:
    """A charge with the form's fields as the form holds them, to fill it and to compare with it."""
    return SimpleNamespace(
        kind=charge.kind_name,
        text=charge.text,
        on=charge.on,
        quantity=money.as_number(charge.quantity_milli, 3),
        price=money.as_typed(charge.unit_cents, charge.currency),
        currency=charge.currency,
        program=charge.engagement.public_id if charge.engagement_id else "",
        rate=charge.rate.public_id if charge.rate_id else "",
        version=charge.version,
    )


class WaiveForm(Form):
    """Why a session is not billed."""

    reason = short_text("Why is it not billed?", "Say why.", longest=LONGEST_REASON, autocomplete="off")


class OrderForm(Form):
    """The PO number a draft lacks."""

    po_number = short_text("PO number", "Type the PO number.", longest=60, autocomplete="off")
    version = version_field()


# Drafts that were ticked ----------------------------------------------------------------------------------------------


def ticked(sent: MultiDict[str, str]) -> dict[str, int]:
    """Public ids of the drafts that were ticked, each with the version that stood on the page: 'id.version'."""
    pairs = (value.partition(".") for value in sent.getlist("draft")[:MOST_TICKED])
    return {
        key: int(version) for key, _, version in pairs if version.isascii() and version.isdigit() and len(version) < 10
    }


MOST_TICKED = 1000

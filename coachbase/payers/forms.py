"""What is typed about the firm as it bills, its tax rates, and who pays."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from .. import money
from ..clients.rules import LONGEST
from ..engagements.forms import cents_of
from ..firm.rules import CURRENCIES
from ..web.forms import Form, WholeNumberField, choices, long_text, short_text, version_field
from ..web.forms import address as mail_address
from .models import Party, Payer, Seller, TaxRate
from .rules import (
    BUNDLE_LABELS,
    CATEGORY_LABELS,
    LONGEST_NUMBER,
    MOST_TERM_DAYS,
    NEVER,
    RHYTHM,
    TERM_DAYS,
    Bundle,
    Category,
    bps_of,
    countries,
    refusal_of_bic,
    refusal_of_iban,
    refusal_of_rhythm,
    refusal_of_tax_id,
    refusal_of_tax_number,
    tidy_account,
    tidy_rhythm,
    tidy_tax_id,
)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAYS = f"A number of days from 0 to {MOST_TERM_DAYS}."
TERM_LIMITS = {"min": 0, "max": MOST_TERM_DAYS, "inputmode": "numeric"}


class PartyForm(Form):
    """How somebody stands on an invoice. Fields carry the names of the row's, or of `as_typed`."""

    legal_name = short_text("Legal name", "Whose name stands on the invoice?", longest=160, autocomplete="off")
    address = long_text(
        "Street and number", longest=LONGEST["address"], rows=2, help="No invoice is issued without an address."
    )
    postcode = short_text("Postcode", longest=20, autocomplete="off")
    city = short_text("City", longest=80, autocomplete="off")
    country = SelectField("Country")
    tax_id = short_text("VAT number", longest=LONGEST_NUMBER, autocomplete="off")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = choices([("", "Not said"), *countries().items()])

    def validate_tax_id(self, field: StringField) -> None:
        country = self.country.data or ""
        field.data = tidy_tax_id(country, field.data or "")
        _refuse(refusal_of_tax_id(country, field.data))

    def party(self) -> dict[str, Any]:
        return {name: self[name].data for name in ("legal_name", "address", "postcode", "city", "country", "tax_id")}


class SellerForm(PartyForm):
    """The firm as it bills; `late_fee` is typed in the firm's currency."""

    address = long_text("Street and number", "An invoice names the firm’s address.", longest=LONGEST["address"], rows=2)
    tax_number = short_text("Tax number", longest=LONGEST_NUMBER, help="The local one, where you have no VAT number.")
    register = short_text("Register", longest=120, example="Registered in England, no. 01234567", autocomplete="off")
    email = mail_address("Email", "Questions about an invoice go here.", required=False)
    phone = short_text("Phone", longest=LONGEST["phone"], type="tel")
    account_holder = short_text("Account holder", longest=160, autocomplete="off")
    iban = short_text("IBAN", longest=LONGEST_NUMBER, autocomplete="off")
    bic = short_text("BIC", longest=20, autocomplete="off")
    bank = short_text("Bank", longest=120, autocomplete="off")
    payment_words = long_text(
        "Other ways to pay", longest=600, rows=3, help="Sort code and account, or what an IBAN does not say."
    )
    foot = long_text(
        "At the foot of each invoice", longest=600, rows=2, help="What the law wants on letters, or thanks."
    )
    term_days = WholeNumberField(
        "Payable within (days)",
        [InputRequired(DAYS), NumberRange(0, MOST_TERM_DAYS, DAYS)],
        default=TERM_DAYS,
        description="For payers that were not granted anything else.",
        render_kw=TERM_LIMITS,
    )
    batch_weekday = SelectField(
        "Drafts are made by the clock",
        choices=choices([*enumerate(f"every {day}" for day in WEEKDAYS), (NEVER, "never: somebody makes them")]),
        coerce=int,
        default=0,
        description="What is due by then waits for you to look at. Nothing is issued by itself.",
    )
    rhythm = short_text(
        "Reminders (days after due)",
        "When are payers reminded?",
        longest=40,
        help="A friendly one, the first, the second.",
        inputmode="numeric",
    )
    late_fee = short_text("Late fee", longest=16, inputmode="decimal", autocomplete="off")
    rate = SelectField("Usual tax rate")
    version = version_field()

    def __init__(self, *args: Any, currency: str, rates: Iterable[TaxRate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._currency = currency
        self.rate.choices = _rates(rates, "None yet")
        self._rates = {rate.public_id: rate for rate in rates}
        self.late_fee.description = f"In {currency}, offered with the last reminder. 0 for none."

    def validate_tax_number(self, field: StringField) -> None:
        _refuse(refusal_of_tax_number(self.country.data or "", field.data))

    def validate_iban(self, field: StringField) -> None:
        field.data = tidy_account(field.data)
        _refuse(refusal_of_iban(field.data))

    def validate_bic(self, field: StringField) -> None:
        field.data = tidy_account(field.data)
        _refuse(refusal_of_bic(field.data))

    def validate_rhythm(self, field: StringField) -> None:
        field.data = tidy_rhythm(field.data)
        _refuse(refusal_of_rhythm(field.data))

    def validate_late_fee(self, field: StringField) -> None:
        cents_of(field.data or "0", self._currency)

    def values(self) -> dict[str, Any]:
        """What was typed, as `actions.keep_seller` takes it."""
        fee = cents_of(self.late_fee.data or "0", self._currency)
        typed = {name: value for name, value in self.data.items() if name not in ("version", "late_fee")}
        return typed | {"late_fee_cents": fee, "rate": self._rates.get(self.rate.data)}


def seller_as_typed(seller: Seller | None, *, currency: str) -> SimpleNamespace:
    """The firm with the form's fields as the form holds them, to fill it and to compare with it."""
    seller = seller or Seller(version=0)
    return SimpleNamespace(
        **_plain(seller, SellerForm, "rate"),
        late_fee=money.as_typed(seller.late_fee_cents, currency),
        rate=seller.rate.public_id if seller.rate_id else "",
    )


class RateNameForm(Form):
    """What may change of a rate."""

    name = short_text("Name", "What is it called?", longest=40, example="VAT", autocomplete="off")
    note = long_text(
        "Sentence on the invoice", longest=300, rows=2, help="Needed where no tax is asked for: it says why."
    )
    version = version_field()


class RateForm(RateNameForm):
    """Another rate."""

    category = SelectField("How it is taxed", choices=choices(CATEGORY_LABELS.items()), default=Category.STANDARD.value)
    percent = short_text("Percent", longest=10, example="8.1", inputmode="decimal", autocomplete="off")
    version = None

    def validate_percent(self, field: StringField) -> None:
        if bps_of(field.data or "0") is None:
            raise ValidationError("Type a percentage up to 100, with two decimals at most, such as 8.1.")

    def values(self) -> dict[str, Any]:
        """What was typed, as `actions.add_rate` takes it."""
        return {
            "name": self.name.data,
            "category": Category(self.category.data),
            "rate_bps": bps_of(self.percent.data or "0"),
            "note": self.note.data,
        }


class PayerForm(PartyForm):
    """Who gets invoices, and what they ask for."""

    attention = short_text("To the attention of", longest=120, example="Accounts payable", autocomplete="off")
    email = mail_address("Invoices are mailed to", required=False)
    copy_to = mail_address("With a copy to", required=False)
    needs_po = BooleanField("No invoice without a PO number", false_values=(False, "", "False", "false", "0"))
    po_number = short_text(
        "PO number for everything", longest=60, help="Programs may have their own.", autocomplete="off"
    )
    cost_centre = short_text("Cost centre", longest=60, autocomplete="off")
    reference = short_text(
        "Their reference", longest=60, help="What they ask to see on each invoice.", autocomplete="off"
    )
    portal = long_text(
        "Also to be handed in at", longest=600, rows=2, help="Their portal, and how. For us; it stands on no invoice."
    )
    currency = SelectField("Currency")
    term_days = WholeNumberField(
        "Payable within (days)", [Optional(), NumberRange(0, MOST_TERM_DAYS, DAYS)], render_kw=TERM_LIMITS
    )
    rate = SelectField("Tax rate")
    bundle = SelectField(
        "What stands on one invoice", choices=choices(BUNDLE_LABELS.items()), default=Bundle.PROGRAM.value
    )
    rhythm = short_text("Reminders (days after due)", longest=40, inputmode="numeric")
    version = version_field()

    def __init__(
        self, *args: Any, payer: Payer, seller: Seller | None, rates: Iterable[TaxRate], **kwargs: Any
    ) -> None:
        """`payer` as it stands, `seller` the firm, whose ways hold where nothing is said."""
        super().__init__(*args, **kwargs)
        codes = dict.fromkeys([*CURRENCIES, *([payer.currency] if payer.currency else [])])
        self.currency.choices = choices([("", "As each program says"), *((code, code) for code in codes)])
        self.rate.choices = _rates(rates, _as_the_firm(seller.rate.label if seller and seller.rate_id else "none yet"))
        self._rates = {rate.public_id: rate for rate in rates}
        days = seller.term_days if seller else TERM_DAYS
        self.term_days.description = f"Left empty: {days} days, as the firm says."
        rhythm = seller.rhythm if seller else " ".join(map(str, RHYTHM))
        self.rhythm.description = f"Left empty: {rhythm}, as the firm says."
        if payer.client_id:
            del self.bundle

    def validate_rhythm(self, field: StringField) -> None:
        field.data = tidy_rhythm(field.data or "")
        if field.data:
            _refuse(refusal_of_rhythm(field.data))

    def values(self) -> dict[str, Any]:
        """What was typed, as `actions.keep_payer` takes it."""
        typed = {name: value for name, value in self.data.items() if name not in ("version", "bundle")}
        bundle = {"bundle_name": self.bundle.data} if "bundle" in self else {}
        return typed | bundle | {"rate": self._rates.get(self.rate.data)}


def payer_as_typed(payer: Payer) -> SimpleNamespace:
    """A payer with the form's fields as the form holds them."""
    return SimpleNamespace(
        **_plain(payer, PayerForm, "bundle", "rate"),
        bundle=payer.bundle.value,
        rate=payer.rate.public_id if payer.rate_id else "",
    )


def _plain(row: Party, form: type[Form], *but: str) -> dict[str, Any]:
    """The columns a form asks for by their own names."""
    names = [name for name in dir(form) if name in row._meta.fields and name not in but]
    return {name: getattr(row, name) for name in names}


def _rates(rates: Iterable[TaxRate], nothing: str) -> list[Any]:
    removed = " (no longer offered)"
    return choices([("", nothing), *((rate.public_id, rate.label + removed * bool(rate.removed_at)) for rate in rates)])


def _as_the_firm(said: str) -> str:
    return f"As the firm: {said}"


def _refuse(refusal: str | None) -> None:
    if refusal:
        raise ValidationError(refusal)

"""A draft as it is typed: its head and its lines; a credit note; what the list shows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, HiddenField, SelectField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from .. import money
from ..clients.models import Client
from ..engagements.forms import day_field
from ..engagements.models import Engagement
from ..firm.rules import CURRENCIES
from ..numbers.rules import Kind
from ..payers.models import TaxRate
from ..payers.rules import Category
from ..sums.rules import LARGEST_QUANTITY, MOST_LINES, Totals, totals
from ..web.forms import Form, WholeNumberField, choices, long_text, short_text, strip, version_field
from .actions import NewLine
from .models import Invoice, Line
from .rules import UNIT_LABELS, ClaimKind, InvoiceFilter, Standing, Unit, period_in_words

MOST_TERM_DAYS = 365
PERCENT = "Type a percentage from 0 to 100, such as 12.5."
UNITS = [(unit.value, several or "–") for unit, (_, several) in UNIT_LABELS.items()]
LONGEST_SEARCH = 80


class Reckoned(NamedTuple):
    """What the totals ask of a line."""

    quantity_milli: int
    unit_cents: int
    discount_bps: int
    category: Category
    rate_bps: int


# Lines ----------------------------------------------------------------------------------------------------------------


class About(NamedTuple):
    """Whom a line may be about: a client, mostly in one of the programs."""

    client: Client
    engagement: Engagement | None

    @property
    def key(self) -> str:
        return (self.engagement or self.client).public_id

    @property
    def ids(self) -> tuple[int, int | None]:
        return self.client.id, self.engagement.id if self.engagement else None

    @property
    def label(self) -> str:
        return f"{self.client.name}, {self.engagement.name}" if self.engagement else self.client.name


class Offer(NamedTuple):
    """What the lines of a draft can choose from."""

    currency: str
    rates: Mapping[str, TaxRate]
    about: Mapping[str, About]
    usual: TaxRate | None

    def in_currency(self, currency: str) -> "Offer":
        return self._replace(currency=currency if currency in CURRENCIES else self.currency)


class LineForm(Form):
    """A line. Its fields come as lists, one value for each line, so the form needs no numbers and no script.

    `line` is which of the draft's lines it was, '' for a new one.
    """

    line = HiddenField(filters=[lambda text: strip(text)[:26]])
    text = short_text("What for", "Say what this line is for.", longest=200, autocomplete="off")
    quantity = short_text("Quantity", "How many?", longest=16, inputmode="decimal", autocomplete="off")
    unit = SelectField("Unit", choices=choices(UNITS), default=Unit.PIECE.value)
    price = short_text("Price", "What does one cost?", longest=20, inputmode="decimal", autocomplete="off")
    rate = SelectField("Tax")
    detail = long_text("Detail", longest=600, rows=2, help="Stands below in small type.")
    discount = short_text("Discount, %", longest=8, inputmode="decimal", autocomplete="off")
    about = SelectField("Client and program")
    since = day_field("Supplied from", required=False)
    until = day_field("Supplied until", required=False)

    def __init__(self, sent: Any = None, *, number: int, offer: Offer, **values: Any) -> None:
        super().__init__(sent, **values)
        self.offer, self.number = offer, number
        rates = [("", "No tax"), *((key, rate.label) for key, rate in offer.rates.items())]
        self.rate.choices = choices(rates)
        about = [("", "Nobody in particular"), *((key, each.label) for key, each in offer.about.items())]
        self.about.choices = choices(about)
        for field in self:
            field.id = f"{field.name}-{number}"

    @property
    def is_blank(self) -> bool:
        """A row that was added and left alone."""
        return not (self.line.data or self.text.data or self.price.data or self.detail.data)

    @property
    def folded(self) -> list[str]:
        """What stands in the fields that are folded away, in words."""
        about = self.offer.about.get(self.about.data or "")
        discount = f"less {self.discount.data} %" if self.discount.data else ""
        when = period_in_words(self.since.data, self.until.data)
        return [words for words in (about and about.label, when, discount, (self.detail.data or "")[:60]) if words]

    @property
    def is_wrong_inside(self) -> bool:
        return any(field.errors for field in (self.about, self.since, self.until, self.discount, self.detail))

    def validate_quantity(self, field: Field) -> None:
        whole = money.whole_of(field.data, 3)
        if whole is None or not 0 < whole <= LARGEST_QUANTITY:
            raise ValidationError("Type a number, such as 3 or 1.5.")

    def validate_price(self, field: Field) -> None:
        if signed_cents(field.data, self.offer.currency) is None:
            raise ValidationError(f"Type an amount, such as {money.as_typed(25_000, self.offer.currency)}.")

    def validate_discount(self, field: Field) -> None:
        if bps_of(field.data) is None:
            raise ValidationError(PERCENT)

    def validate_until(self, field: Field) -> None:
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError("It ends before it begins.")

    @property
    def tax(self) -> TaxRate | None:
        return self.offer.rates.get(self.rate.data or "")

    def reckoned(self) -> Reckoned | None:
        """What it comes to is known as soon as the figures are, whatever else is missing."""
        quantity = money.whole_of(self.quantity.data or "", 3)
        price, discount = signed_cents(self.price.data or "", self.offer.currency), bps_of(self.discount.data or "")
        if quantity is None or not 0 < quantity <= LARGEST_QUANTITY or price is None or discount is None:
            return None
        rate = self.tax
        return Reckoned(
            quantity, price, discount, rate.category if rate else Category.OUTSIDE, rate.rate_bps if rate else 0
        )

    def value(self, was: Line | None, claims: Sequence[tuple[ClaimKind, str]]) -> NewLine:
        """As `actions.change` takes it; what the line billed, and whose it was, stays with it."""
        about, figures = self.offer.about.get(self.about.data or ""), self.reckoned()
        assert figures is not None, "a line is validated first"
        coach = about and ((about.engagement and about.engagement.coach) or about.client.coach)
        if was and about and was.client_id == about.client.id and was.coach_id:
            coach = was.coach
        return NewLine(
            self.text.data or "",
            figures.unit_cents,
            quantity_milli=figures.quantity_milli,
            unit=Unit(self.unit.data),
            detail=self.detail.data or "",
            discount_bps=figures.discount_bps,
            rate=self.tax,
            client=about and about.client,
            engagement=about and about.engagement,
            coach=coach,
            supplied_from=self.since.data or self.until.data,
            supplied_to=self.until.data or self.since.data,
            credits=was.credits if was and was.credits_id else None,
            claims=claims,
            public_id=was.public_id if was else "",
        )


LINE_FIELDS = ("line", "text", "quantity", "unit", "price", "rate", "detail", "discount", "about", "since", "until")


def rows_of(sent: MultiDict[str, str]) -> list[MultiDict[str, str]]:
    """The lines as they were sent, each by itself, in their order."""
    columns = {name: sent.getlist(name)[: MOST_LINES + 1] for name in LINE_FIELDS}
    count = max(map(len, columns.values()))
    return [
        MultiDict({name: values[place] if place < len(values) else "" for name, values in columns.items()})
        for place in range(count)
    ]


def moved(rows: list[MultiDict[str, str]], sent: Mapping[str, str]) -> list[MultiDict[str, str]] | None:
    """The lines after a button of theirs was pressed; None when it was another button."""
    pressed = next((name for name in ("up", "down", "remove", "add") if name in sent), None)
    if pressed is None:
        return None
    if pressed == "add":
        return [*rows, MultiDict({"quantity": "1", "rate": sent.get("usual", "")[:26]})]
    place = _place(sent[pressed], len(rows))
    if place is None:
        return rows
    row = rows[place]
    rest = rows[:place] + rows[place + 1 :]
    if pressed == "remove":
        return rest
    at = max(0, place - 1) if pressed == "up" else place + 1
    return [*rest[:at], row, *rest[at:]]


def _place(text: str, count: int) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) < 5
    return int(text) if is_number and int(text) < count else None


def row_of(line: Line, offer: Offer) -> MultiDict[str, str]:
    """A line of a draft as its form shows it."""
    rates = {rate.id: key for key, rate in offer.rates.items()}
    about = {each.ids: key for key, each in offer.about.items()}
    return MultiDict({
        "line": line.public_id,
        "text": line.text,
        "quantity": money.as_number(line.quantity_milli, 3),
        "unit": line.unit_name,
        "price": money.as_typed(line.unit_cents, offer.currency),
        "rate": rates.get(line.rate_id, ""),
        "detail": line.detail,
        "discount": money.as_number(line.discount_bps, 2) if line.discount_bps else "",
        "about": about.get((line.client_id, line.engagement_id), ""),
        "since": line.supplied_from.isoformat() if line.supplied_from else "",
        "until": line.supplied_to.isoformat() if line.supplied_to else "",
    })  # fmt: skip


def signed_cents(typed: str, currency: str) -> int | None:
    """An amount, with a minus before it when it takes something off."""
    text = strip(typed).replace("−", "-")
    cents = money.minor_of(text.removeprefix("-"), currency)
    return cents if cents is None or not text.startswith("-") else -cents


def bps_of(typed: str) -> int | None:
    """Hundredths of a percent; nothing typed is none of it."""
    bps = money.whole_of(typed.removesuffix("%"), 2) if typed else 0
    return bps if bps is not None and bps <= 10_000 else None


# The draft ------------------------------------------------------------------------------------------------------------


class DraftForm(Form):
    """The head of a draft, and `lines`, which hold what stands below."""

    currency = SelectField("Currency", choices=choices((code, code) for code in CURRENCIES))
    term_days = WholeNumberField(
        "Days to pay",
        [InputRequired("In how many days?"), NumberRange(0, MOST_TERM_DAYS, f"From 0 to {MOST_TERM_DAYS} days.")],
        render_kw={"min": 0, "max": MOST_TERM_DAYS, "inputmode": "numeric"},
    )
    po_number = short_text("Purchase order", longest=60, autocomplete="off")
    supplied_from = day_field("Supplied from", required=False)
    supplied_to = day_field("Supplied until", "Where the lines do not say.", required=False)
    discount_share = short_text("Discount on all, %", longest=8, inputmode="decimal", autocomplete="off")
    discount_amount = short_text("Discount, amount", longest=16, inputmode="decimal", autocomplete="off")
    discount_words = short_text("What the discount is for", longest=120, autocomplete="off")
    words = long_text("Words on the invoice", longest=2000, rows=3, help="Stand above the lines.")
    version = version_field()

    def __init__(
        self, sent: Any = None, *, rows: Iterable[MultiDict[str, str]] = (), offer: Offer, **values: Any
    ) -> None:
        super().__init__(sent, **values)
        self.offer = offer.in_currency(self.currency.data or "")
        if (self.currency.data or "") not in CURRENCIES:
            self.currency.choices = [*self.currency.choices, *choices([(offer.currency, offer.currency)])]
        self.lines = [LineForm(row, number=number, offer=self.offer) for number, row in enumerate(rows)]

    @property
    def written(self) -> list[LineForm]:
        return [line for line in self.lines if not line.is_blank]

    def validate(self, extra_validators: Any = None) -> bool:
        head = super().validate(extra_validators)
        return all([head, *(line.validate() for line in self.written)])

    def validate_discount_share(self, field: Field) -> None:
        if bps_of(field.data) is None:
            raise ValidationError(PERCENT)

    def validate_discount_amount(self, field: Field) -> None:
        if self._discount_cents() is None:
            raise ValidationError(f"Type an amount, such as {money.as_typed(10_000, self.offer.currency)}.")

    def validate_supplied_to(self, field: Field) -> None:
        if field.data and self.supplied_from.data and field.data < self.supplied_from.data:
            raise ValidationError("It ends before it begins.")

    def _discount_cents(self) -> int | None:
        typed = self.discount_amount.data or ""
        return money.minor_of(typed, self.offer.currency) if typed else 0

    def totals(self) -> Totals:
        """What the lines come to whose figures can be read."""
        lines = [figures for line in self.lines if (figures := line.reckoned())]
        share, cents = bps_of(self.discount_share.data or "") or 0, self._discount_cents() or 0
        return totals(lines, discount_bps=share, discount_cents=cents if lines else 0)

    def amounts(self) -> list[int | None]:
        """What each line comes to; None where its figures cannot be read."""
        nets = iter(self.totals().lines)
        return [next(nets) if line.reckoned() else None for line in self.lines]

    def values(self) -> dict[str, Any]:
        """Columns of Invoice."""
        first, last = self.supplied_from.data, self.supplied_to.data
        return {
            "currency": self.offer.currency,
            "term_days": self.term_days.data,
            "po_number": self.po_number.data,
            "supplied_from": first or last,
            "supplied_to": last or first,
            "discount_bps": bps_of(self.discount_share.data or ""),
            "discount_cents": self._discount_cents(),
            "discount_words": self.discount_words.data,
            "words": self.words.data,
        }

    def new_lines(
        self, was: Iterable[Line] = (), claims: Mapping[int, Sequence[tuple[ClaimKind, str]]] | None = None
    ) -> list[NewLine]:
        """The lines, each with what it billed before, by the old one's id; a line that is sent twice has it once."""
        left = {line.public_id: line for line in was}
        kept = [(line, left.pop(line.line.data, None)) for line in self.written]
        return [line.value(old, (claims or {}).get(old.id, ()) if old else ()) for line, old in kept]


def head_of(invoice: Invoice) -> dict[str, Any]:
    """What fills the head of a form."""
    return {
        "currency": invoice.currency,
        "term_days": invoice.term_days,
        "po_number": invoice.po_number,
        "supplied_from": invoice.supplied_from,
        "supplied_to": invoice.supplied_to,
        "discount_share": money.as_number(invoice.discount_bps, 2) if invoice.discount_bps else "",
        "discount_amount": money.as_typed(invoice.discount_cents, invoice.currency) if invoice.discount_cents else "",
        "discount_words": invoice.discount_words,
        "words": invoice.words,
        "version": invoice.version,
    }


def differences(mine: DraftForm, theirs: DraftForm) -> list[tuple[str, str, str]]:
    """Where two forms of one draft differ: (label, theirs, mine)."""
    pairs = [(field.label.text, theirs[field.name], field) for field in mine if field.name != "version"]
    head = [(label, _shown(one), _shown(other)) for label, one, other in pairs if _shown(one) != _shown(other)]
    lines = "\n".join(map(_line_shown, theirs.lines)), "\n".join(map(_line_shown, mine.written))
    return head + ([("Lines", *lines)] if lines[0] != lines[1] else [])


def _shown(field: Field) -> str:
    return str(field.data if field.data is not None else "")


def _line_shown(line: LineForm) -> str:
    said = f"{line.quantity.data} × {line.price.data} {line.text.data}"
    more = [line.detail.data, f"{line.discount.data} % off" if line.discount.data else "", _shown(line.until)]
    return " · ".join([said, *(each for each in more if each)])


# After it was issued --------------------------------------------------------------------------------------------------


class CreditForm(Form):
    """What is taken back of an issued document: for each line, how much; all that is left unless something is typed."""

    reason = short_text("Why", "Say why.", longest=300, autocomplete="off", help="Stands on the credit note.")
    bill_again = BooleanField(
        "Bill it again", description="What these lines billed, such as sessions, comes into the next drafts anew."
    )

    def __init__(self, sent: Any = None, *, lines: Sequence[Line], left: Mapping[str, int], **values: Any) -> None:
        super().__init__(sent, **values)
        typed = dict(zip(sent.getlist("line"), sent.getlist("quantity"), strict=False)) if sent else {}
        self.lines = [(line, left[line.public_id], self._typed(line, left, typed)) for line in lines]

    @staticmethod
    def _typed(line: Line, left: Mapping[str, int], typed: Mapping[str, str]) -> str:
        return typed.get(line.public_id, money.as_number(left[line.public_id], 3))[:16]

    def quantities(self) -> dict[str, int]:
        """Thousandths of each line, as the action takes them. What cannot be read is none."""
        return {line.public_id: money.whole_of(typed, 3) or 0 for line, _, typed in self.lines}

    @property
    def unreadable(self) -> list[str]:
        """The lines (by public id) of which nobody could say how much is meant."""
        return [line.public_id for line, _, typed in self.lines if typed and money.whole_of(typed, 3) is None]

    def validate(self, extra_validators: Any = None) -> bool:
        return super().validate(extra_validators) and not self.unreadable


class DisputeForm(Form):
    """What the payer objects to, or how that ended."""

    words = long_text("What do they object to?", "Say it in a few words.", longest=600, rows=3)


class SettleForm(Form):
    words = long_text("How was it settled?", "Say it in a few words.", longest=600, rows=3)


# What the list shows --------------------------------------------------------------------------------------------------


def invoice_filter(asked: Mapping[str, str]) -> InvoiceFilter:
    """What an address asks of the list; nonsense counts as not asked."""
    sort, standing, kind = asked.get("sort", ""), asked.get("state", ""), asked.get("kind", "")
    return InvoiceFilter(
        q=_plain(asked.get("q", "")[:LONGEST_SEARCH]).strip(),
        standing=standing if standing in set(Standing) else "",
        kind=kind if kind in set(Kind) else "",
        payer=_plain(asked.get("payer", "")[:26]),
        coach=_plain(asked.get("coach", "")[:26]),
        currency=_plain(asked.get("currency", "")[:3]),
        since=_day(asked.get("since", "")),
        until=_day(asked.get("until", "")),
        sort=sort.lstrip("-") if sort.lstrip("-") in InvoiceFilter.SORTS else "issued",
        descending=sort.startswith("-") or sort not in InvoiceFilter.SORTS,
        page=_page(asked.get("page", "")),
    )


def _plain(text: str) -> str:
    """Without NUL and half characters, on which the database would choke."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.isascii() and len(text) == 10 else None
    except ValueError:
        return None


def _page(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) < 6
    return max(1, int(text)) if is_number else 1

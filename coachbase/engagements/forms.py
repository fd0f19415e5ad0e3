"""What staff type about a program that runs: why a step is done, a step of their own, other days and terms, who
takes part."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

from wtforms import BooleanField, DateField, Field, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from .. import money
from ..clients.models import Contact
from ..clients.rules import PARTY_LABELS, Party
from ..web.forms import Form, WholeNumberField, choices, long_text, short_text, tick_boxes, version_field
from .models import Engagement, Participant, Step
from .rules import AGREED_FIELDS, PAYER_LABELS, SHARE_LABELS, moved_end

EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
LONGEST_REASON = 300
MOST_CONTACTS = 30
PARTS = {"signs": "Signs", "meets": "Meets", "reads": "Reads summaries", "pays": "Pays"}


def day_field(label: str, help: str = "", *, required: bool = True) -> DateField:
    asked = InputRequired("Choose a day.") if required else Optional()
    limits = {"min": EARLIEST.isoformat(), "max": LATEST.isoformat()}
    return DateField(label, [asked, _sensible], description=help, render_kw=limits)


def _sensible(form: Form, field: DateField) -> None:
    if field.data is not None and not EARLIEST <= field.data <= LATEST:
        raise ValidationError("Choose a day between 2000 and 2099.")


class ReasonForm(Form):
    """Why a step is skipped, or a program ends."""

    reason = short_text("Why?", "Say why.", longest=LONGEST_REASON, autocomplete="off")


class TickForm(Form):
    reason = short_text("Reason", "Say how you know.", longest=LONGEST_REASON, autocomplete="off")
    kickoff_on = day_field("The kickoff is on", required=False)


class OwnStepForm(Form):
    """A step of the firm's own; `after` is a step that must be gone first."""

    label = short_text("Step", "What is to be done?", longest=80, example="Ask HR for a room", autocomplete="off")
    waiting_on = SelectField(
        "Waiting on",
        choices=choices((party, words.capitalize()) for party, words in PARTY_LABELS.items() if party != "nobody"),
    )
    target_days = WholeNumberField(
        "Target days",
        [Optional(), NumberRange(0, 365, "A number of days from 0 to 365, or nothing.")],
        render_kw={"min": 0, "max": 365, "inputmode": "numeric"},
    )
    after = SelectField("Comes after", default="")

    def offer(self, steps: Iterable[Step]) -> None:
        """Let it come after one of the steps that are still to be done."""
        self._steps = {step.public_id: step for step in steps if not step.is_gone}
        self.after.choices = choices(
            [("", "Nothing: it opens at once"), *((k, s.label) for k, s in self._steps.items())]
        )

    def values(self) -> dict[str, Any]:
        return {
            "label": self.label.data,
            "waiting_on": Party(self.waiting_on.data),
            "target_days": self.target_days.data,
            "needs": [self._steps[self.after.data]] if self.after.data else [],
        }


class WordsField(SelectMultipleField):
    """Several of some words, kept as the row keeps them: with spaces between."""

    def process_data(self, value: str | None) -> None:
        self.data = value or ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """From ticks, or from the one text that a page of two versions sends back."""
        sent = {word for value in valuelist[:20] for word in value[:200].split()}
        known = [choice.value for choice in self.choices]
        if sent - set(known):
            raise ValueError("Choose among these.")
        self.data = " ".join(word for word in known if word in sent)

    def pre_validate(self, form: Form) -> None:
        """What is not among the choices was refused when it came in."""

    def iter_choices(self) -> Any:
        for choice, known in zip(super().iter_choices(), self.choices, strict=True):
            yield choice._replace(selected=known.value in self.data.split())


def words_field(label: str, labels: Mapping[Any, str], help: str = "") -> Field:
    ticks = tick_boxes(label, help=help)
    return WordsField(
        label,
        choices=choices((word.value, text) for word, text in labels.items()),
        description=help,
        widget=ticks.kwargs["widget"],
        option_widget=ticks.kwargs["option_widget"],
    )


MOST_CANCEL_HOURS = 14 * 24


def cancel_hours_field() -> WholeNumberField:
    """How long before a session it can be cancelled free of charge."""
    most = f"A number of hours from 0 to {MOST_CANCEL_HOURS}."
    return WholeNumberField(
        "Cancelling is free until (hours before)",
        [InputRequired(most), NumberRange(0, MOST_CANCEL_HOURS, most)],
        default=24,
        render_kw={"min": 0, "max": MOST_CANCEL_HOURS, "inputmode": "numeric"},
    )


def late_is_charged_field() -> BooleanField:
    return BooleanField(
        "Cancelled later, the session is used up", default=True, false_values=(False, "", "False", "false", "0")
    )


def cents_of(typed: str, currency: str) -> int:
    """The minor units of a price; raises ValidationError when it is none."""
    cents = money.minor_of(typed, currency)
    if cents is None:
        raise ValidationError(f"Type an amount, such as {money.as_typed(450_000, currency)}.")
    return cents


class ChangeForm(Form):
    """Days and terms. Fields carry the names of `as_typed`, so that two versions can be shown."""

    starts_on = day_field("Kickoff planned for")
    ends_on = day_field("Ends on", required=False)
    move_end = BooleanField("The end moves by as many days", default=True, false_values=(False, "", "False", "0"))
    kickoff_on = day_field("Kickoff booked for", required=False)
    payer = SelectField("Who pays", choices=choices(PAYER_LABELS.items()))
    price = short_text("Price", "What does it cost?", longest=16, inputmode="decimal", autocomplete="off")
    po_number = short_text("Purchase order", longest=60, help="When the sponsor demands one.", autocomplete="off")
    cancel_hours = cancel_hours_field()
    late_is_charged = late_is_charged_field()
    shares = words_field("What the sponsor may be told", SHARE_LABELS)
    logistics = long_text("Logistics", longest=5000, help="Stands on the client’s page. Markdown.")
    version = version_field()

    AGREED = {
        "payer_name": "payer", "price_cents": "price", "shares": "shares", "cancel_hours": "cancel_hours",
        "late_is_charged": "late_is_charged",
    }  # fmt: skip

    def __init__(self, *args: Any, engagement: Engagement, fixed: Iterable[str] = (), **kwargs: Any) -> None:
        """`fixed` are fields an agreement has fixed: the form does not have them."""
        self.engagement = engagement
        super().__init__(*args, **kwargs)
        for name in AGREED_FIELDS.intersection(fixed, self.AGREED):
            del self[self.AGREED[name]]
        if engagement.kickoff_on is None:
            del self.kickoff_on

    def validate_price(self, field: Field) -> None:
        cents_of(field.data, self.engagement.currency)

    def values(self) -> dict[str, Any]:
        """What was typed, as `actions.change` takes it. An end that was left alone moves with the start."""
        was, typed = self.engagement, self.data
        ends_on = typed["ends_on"]
        if typed["move_end"] and ends_on == was.ends_on:
            ends_on = moved_end(was.starts_on, was.ends_on, typed["starts_on"])
        plain = ("starts_on", "po_number", "cancel_hours", "late_is_charged", "shares", "logistics")
        found = {name: typed[name] for name in plain if name in typed}
        if "kickoff_on" in typed:
            found["kickoff_on"] = typed["kickoff_on"] or was.kickoff_on
        if "payer" in typed:
            found["payer_name"] = typed["payer"]
        if "price" in typed:
            found["price_cents"] = cents_of(typed["price"], was.currency)
        return found | {"ends_on": ends_on}


def as_typed(engagement: Engagement) -> SimpleNamespace:
    """An engagement with the form's fields as the form holds them, to fill it and to compare with it."""
    return SimpleNamespace(
        starts_on=engagement.starts_on,
        ends_on=engagement.ends_on,
        move_end=True,
        kickoff_on=engagement.kickoff_on,
        payer=engagement.payer.value,
        price=money.as_typed(engagement.price_cents, engagement.currency),
        po_number=engagement.po_number,
        cancel_hours=engagement.cancel_hours,
        late_is_charged=engagement.late_is_charged,
        shares=engagement.shares,
        logistics=engagement.logistics,
        version=engagement.version,
    )


class ContactsForm(Form):
    """Who at the sponsor takes part: for each part, the contacts that have it."""

    signs = SelectMultipleField()
    meets = SelectMultipleField()
    reads = SelectMultipleField()
    pays = SelectMultipleField()
    version = version_field()

    def offer(self, contacts: Sequence[Contact]) -> None:
        self._contacts = {contact.public_id: contact for contact in contacts}
        for part in PARTS:
            self[part].choices = choices((contact.public_id, contact.name) for contact in contacts)

    def rows(self) -> list[dict[str, Any]]:
        """Rows of Participant, one for each contact with a part."""
        return [
            {"contact": contact} | {part: key in (self[part].data or ()) for part in PARTS}
            for key, contact in self._contacts.items()
            if any(key in (self[part].data or ()) for part in PARTS)
        ]


def parts_of(participants: Iterable[Participant]) -> dict[str, Any]:
    """What fills a ContactsForm."""
    there = list(participants)
    return {part: [each.contact.public_id for each in there if getattr(each, part)] for part in PARTS}

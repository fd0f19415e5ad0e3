"""What is typed to ask for a session, and by whoever was asked."""

from typing import Any

from wtforms import Field, HiddenField, SelectField
from wtforms.validators import ValidationError

from ..availability.rules import SESSION_LABELS
from ..engagements.forms import day_field
from ..scheduling.forms import ALONE, LONGEST_REASON, minute_named, minutes_field
from ..web.forms import Form, choices, long_text, short_text


class AskForm(Form):
    """Ask the client to book one on the own page."""

    kind = SelectField("Which session", choices=choices((kind, SESSION_LABELS[kind]) for kind in ALONE))
    minutes = minutes_field()
    from_on = day_field("Not before", required=False)
    until_on = day_field("Until", help="Left empty: no last day.", required=False)

    def validate_until_on(self, field: Field) -> None:
        if field.data and self.from_on.data and field.data < self.from_on.data:
            raise ValidationError("The last day comes before the first one.")

    def window(self) -> dict[str, Any]:
        return {"from_on": self.from_on.data, "until_on": self.until_on.data}


class ChosenForm(Form):
    """A time that was chosen, as the minute it begins; and what is asked by the way."""

    start = HiddenField()
    zone = HiddenField()
    phone = short_text("Your phone number", longest=40, autocomplete="tel", inputmode="tel")

    @property
    def minute(self) -> int | None:
        return minute_named(self.start.data)


class UnsuitedForm(Form):
    words = long_text(
        "What would suit you?", "Say what would suit you, in a few words.", longest=LONGEST_REASON, rows=3
    )  # fmt: skip

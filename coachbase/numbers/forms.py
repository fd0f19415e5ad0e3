"""How documents of a kind are numbered, as it is typed."""

from collections.abc import Iterable
from typing import Any

from wtforms import Field, HiddenField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from ..web.forms import Form, WholeNumberField, choices, short_text, version_field
from .rules import HIGHEST_NUMBER, LONGEST_PREFIX, MOST_DIGITS, refusal_of_prefix

DIGITS = f"A number from 1 to {MOST_DIGITS}."


class SeriesForm(Form):
    """How documents of a kind are numbered. The field for the next number is there while none was given."""

    kind = HiddenField()
    prefix = short_text("Begins with", longest=LONGEST_PREFIX, example="RE-", autocomplete="off")
    is_yearly = SelectField(
        "Counts",
        choices=choices([("True", "anew each year: 2026-0001"), ("False", "on and on: 0001")]),
        coerce=lambda value: str(value) == "True",
    )
    digits = WholeNumberField(
        "Digits",
        [InputRequired(DIGITS), NumberRange(1, MOST_DIGITS, DIGITS)],
        description="Shorter numbers get zeros in front.",
        render_kw={"min": 1, "max": MOST_DIGITS, "inputmode": "numeric"},
    )
    begins_with = WholeNumberField(
        "Your next number",
        [Optional(), NumberRange(1, HIGHEST_NUMBER, "A number of up to 8 digits.")],
        description="If you come from another program: the one after the last you gave there.",
        render_kw={"min": 1, "max": HIGHEST_NUMBER, "inputmode": "numeric"},
    )
    version = version_field()

    def __init__(self, *args: Any, others: Iterable[str], is_used: bool, **kwargs: Any) -> None:
        """`others` are the prefixes of other kinds, and `is_used` says whether a number was given already."""
        super().__init__(*args, **kwargs)
        self._others = list(others)
        if is_used:
            del self.begins_with

    def validate_prefix(self, field: Field) -> None:
        if refusal := refusal_of_prefix(field.data, self._others):
            raise ValidationError(refusal)

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.data.items() if name != "kind"}

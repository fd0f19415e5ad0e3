"""What staff type about what is late: until when to rest, what was said on the telephone, a late fee."""

from datetime import date
from typing import Any

from wtforms import BooleanField, Field, RadioField
from wtforms.validators import ValidationError

from .. import money
from ..agreements.rules import day_in_words
from ..engagements.forms import day_field
from ..payers.rules import bps_of, percent_in_words
from ..web.forms import Form, choices, short_text
from .rules import HIGHEST_INTEREST, LONGEST_WORDS, Case, Way, days_late, interest, refusal_of_rest


class RestForm(Form):
    """No reminders until a day."""

    until = day_field("No more reminders until")
    reason = short_text("Why?", longest=LONGEST_WORDS, help="Stands in the invoice’s history.", autocomplete="off")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)

    def validate_until(self, field: Field) -> None:
        _to_come(field, self.today)


def _to_come(field: Field, today: date) -> None:
    refusal = refusal_of_rest(field.data, today) if field.data else None
    if refusal:
        raise ValidationError(refusal)


class CallForm(Form):
    """What was said, and by when they pay."""

    words = short_text("What was said?", "Say what they said.", longest=LONGEST_WORDS, autocomplete="off")
    until = day_field("They pay by", help="No reminders until then.", required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)

    def validate_until(self, field: Field) -> None:
        _to_come(field, self.today)


class HandForm(Form):
    """Why the owner should decide."""

    words = short_text("What should the owner know?", "Say why.", longest=LONGEST_WORDS, autocomplete="off")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


WAYS = {Way.FIXED: "A fixed amount", Way.INTEREST: "Interest on what is open"}


class FeeForm(Form):
    """What a late payment costs."""

    way = RadioField("How is it reckoned?", choices=choices((way.value, label) for way, label in WAYS.items()))
    amount = short_text("Amount", longest=16, inputmode="decimal", autocomplete="off")
    percent = short_text("Percent a year", longest=8, inputmode="decimal", autocomplete="off", example="8.5")
    another = BooleanField("Another one: there is a late fee already")

    def __init__(self, *args: Any, case: Case, today: date, **kwargs: Any) -> None:
        self.case, self.today, self.currency = case, today, case.invoice.currency
        super().__init__(*args, **kwargs)

    def validate(self, extra_validators: Any = None) -> bool:
        """The amount or the percentage, whichever it is reckoned by."""
        is_right = super().validate(extra_validators)
        field = self.amount if self.way.data == Way.FIXED else self.percent
        if is_right and (refusal := self._refusal()):
            field.errors = [refusal]
        return is_right and not field.errors

    def _refusal(self) -> str | None:
        if self.way.data == Way.FIXED:
            if not money.minor_of(self.amount.data, self.currency):
                return f"Type an amount above zero, such as {money.as_typed(4_000, self.currency)}."
            return None
        bps = bps_of(self.percent.data)
        if not bps or bps > HIGHEST_INTEREST:
            return f"Type a percentage above 0, up to {percent_in_words(HIGHEST_INTEREST)}."
        return None if self._interest() else "That comes to nothing."

    def _interest(self) -> int:
        return interest(self.case.open_cents, bps_of(self.percent.data) or 0, days_late(self.case.due_on, self.today))

    @property
    def cents(self) -> int:
        """What it comes to, of a form that was found right."""
        fixed = money.minor_of(self.amount.data, self.currency) or 0
        return fixed if self.way.data == Way.FIXED else self._interest()

    @property
    def detail(self) -> str:
        """How it was reckoned, as it stands on the document."""
        if self.way.data == Way.FIXED:
            return f"Fixed charge for late payment, due on {day_in_words(self.case.due_on)}."
        days = days_late(self.case.due_on, self.today)
        return (
            f"{percent_in_words(bps_of(self.percent.data) or 0)} a year on "
            f"{money.in_words(self.case.open_cents, self.currency)} for {days} {'day' if days == 1 else 'days'} "
            f"after {day_in_words(self.case.due_on)}, to {day_in_words(self.today)}; a year has 365 days."
        )

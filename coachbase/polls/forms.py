"""What staff propose; what somebody behind a link answers."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from wtforms import BooleanField, Field, HiddenField, SelectMultipleField
from wtforms.validators import ValidationError

from ..clients.models import Contact
from ..firm.rules import is_zone
from ..scheduling.forms import minutes_field, moment_named
from ..web.forms import Form, choices, long_text, tick_boxes

LONGEST_NOTE = 500


class ProposeForm(Form):
    """Who comes, how long it lasts, and which of the free times are proposed (moments such as 2026-11-26T09:00Z)."""

    minutes = minutes_field()
    contacts = tick_boxes("Who comes from the sponsor")
    slots = SelectMultipleField("Times to propose", validate_choice=False)

    def offer(self, contacts: Iterable[Contact]) -> None:
        self._contacts = {contact.public_id: contact for contact in contacts}
        self.contacts.choices = choices((key, contact.name) for key, contact in self._contacts.items())

    @property
    def guests(self) -> list[Contact]:
        return [contact for key, contact in self._contacts.items() if key in (self.contacts.data or ())]

    def starts(self) -> list[datetime]:
        """The times that are ticked; what is no time is left out."""
        named = (moment_named(text, "UTC") for text in (self.slots.data or ())[:100])
        return sorted({moment for moment in named if moment is not None})


class AnswerForm(Form):
    """Which times suit, or that none does. `zone` is the clock that the page was read by."""

    slots = SelectMultipleField("Which times suit you?", validate_choice=False)
    none = BooleanField("None of these suits me")
    note = long_text("What would suit you?", longest=LONGEST_NOTE, rows=3)
    zone = HiddenField()

    def validate_none(self, field: Field) -> None:
        if field.data and self.slots.data:
            raise ValidationError("You ticked times, and that none suits. Please take one of the two away.")
        if not field.data and not self.slots.data:
            raise ValidationError("Tick the times that suit you, or say that none does.")

    def chosen(self, known: Sequence[str]) -> set[str]:
        """The times ticked that are on offer, by their public ids."""
        return set(self.slots.data or ()).intersection(known)

    @property
    def valid_zone(self) -> str:
        return self.zone.data if self.zone.data and is_zone(self.zone.data) else ""

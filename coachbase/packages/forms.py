"""Which documents go into a package, and in what order."""

from collections.abc import Sequence
from typing import Any

from wtforms import SelectField, SelectMultipleField

from ..sessions.models import CoachingSession
from ..web.forms import Form, choices, tick_boxes
from .models import Offer
from .rules import moved


class PartsForm(Form):
    """`row` is every document on the page, in its order; `document` the ticked ones. What moves a row is a button."""

    row = SelectMultipleField(validate_choice=False)
    document = tick_boxes("Documents")
    session = SelectField("For")

    def offer(self, offers: Sequence[Offer], sessions: Sequence[tuple[str, str]]) -> None:
        """Say what there is to choose from; what is sent besides is no choice."""
        self.offers: dict[str, Offer] = {str(offer.document.public_id): offer for offer in offers}
        self.document.choices = choices((key, offer.title) for key, offer in self.offers.items())
        self.session.choices = choices([("", "No session in particular"), *sessions])

    @property
    def order(self) -> list[str]:
        """All that is offered, in the order of the page; what came in meanwhile stands last."""
        seen = [key for key in dict.fromkeys(self.row.data or ()) if key in self.offers]
        return seen + [key for key in self.offers if key not in seen]

    @property
    def ticked(self) -> list[str]:
        """The ticked ones in that order."""
        return [key for key in self.order if key in (self.document.data or ())]

    def rows(self, order: Sequence[str]) -> list[tuple[Offer, bool]]:
        """What the page shows, each with whether it is ticked."""
        return [(self.offers[key], key in (self.document.data or ())) for key in order]

    def moved(self, sent: Any) -> list[str] | None:
        """The order with the row moved whose button was pressed; None when it was another button."""
        for name, by in (("up", -1), ("down", 1)):
            if name in sent:
                return moved(self.order, sent[name], by=by)
        return None


def label_of(session: CoachingSession, day: str) -> str:
    """'Debrief, Thu 12 Nov'."""
    return f"{session.label}, {day}"

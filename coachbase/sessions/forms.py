"""What staff type about a session, its ledger, and where a program's sessions are."""

from typing import Any

from wtforms import SelectField
from wtforms.validators import InputRequired, NumberRange, Optional
from wtforms.widgets import HiddenInput

from ..availability.rules import PLACE_LABELS
from ..web.forms import LARGEST_NUMBER, Form, WholeNumberField, choices, short_text, version_field
from .rules import BY_HAND, ENTRY_LABELS, MARKS, MOST_AT_ONCE, STATE_LABELS, Entry, State

LONGEST_REASON = 300
LONGEST_PLACE = 300


class MarkForm(Form):
    """What became of a session, and why when it matters. Without a version whoever marks has not seen another mark."""

    to = SelectField("What became of it", choices=choices((mark, STATE_LABELS[mark]) for mark in MARKS))
    reason = short_text("Why?", longest=LONGEST_REASON, autocomplete="off")
    version = WholeNumberField("Version", [Optional(), NumberRange(0, LARGEST_NUMBER)], widget=HiddenInput())

    @property
    def state(self) -> State:
        return State(self.to.data)


class LineForm(Form):
    """A line of the ledger that somebody adds by hand."""

    entry = SelectField("What", choices=choices((entry, ENTRY_LABELS[entry]) for entry in BY_HAND))
    count = WholeNumberField(
        "How many",
        [
            InputRequired("How many sessions?"),
            NumberRange(1, MOST_AT_ONCE, f"A number from 1 to {MOST_AT_ONCE}."),
        ],
        default=1,
        render_kw={"min": 1, "max": MOST_AT_ONCE, "inputmode": "numeric"},
    )
    reason = short_text("Why?", "Say why.", longest=LONGEST_REASON, autocomplete="off")

    def values(self) -> dict[str, Any]:
        return {"entry": Entry(self.entry.data), "count": self.count.data, "reason": self.reason.data}


class ProgramPlaceForm(Form):
    """Where the sessions of a program are, unless one says otherwise. Fields carry the names of the row's."""

    place_kind_name = SelectField(
        "Where", default="", choices=choices([("", "The coach’s usual place"), *PLACE_LABELS.items()])
    )
    place = short_text("Link, number or room", longest=LONGEST_PLACE, autocomplete="off")
    version = version_field()

    def validate(self, *args: Any, **options: Any) -> bool:
        """A kind of place asks for its words; nothing is asked where the coach's holds."""
        if not super().validate(*args, **options):
            return False
        if self.place_kind_name.data and not self.place.data:
            self.place.errors = ["Say which one: paste the link, or type the number or the room."]
        return not self.place.errors

    @property
    def where(self) -> tuple[str, str]:
        """Nothing of its own where the coach's place holds."""
        kind = self.place_kind_name.data
        return kind, self.place.data if kind else ""

"""A list of codes as it is pasted or dropped, what became of a code, and a correction of the ledger."""

from datetime import date
from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import DateField, RadioField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from ..clients.rules import decoded
from ..errors import Refused
from ..web.forms import Form, WholeNumberField, choices, long_text, short_text
from .models import Credential
from .rules import (
    BY_HAND,
    LONGEST_LIST,
    LONGEST_ORDER,
    LONGEST_REASON,
    MOST_CORRECTED,
    SEVERAL_AT_ONCE,
    State,
    ends_by_hand,
)

LAST_DAY = date(2099, 12, 31)


class ListForm(Form):
    """A list that is pasted, or read from a file."""

    text = long_text("The list", longest=LONGEST_LIST, rows=10)

    def take_file(self, upload: FileStorage | None) -> None:
        """Put what a file says where the pasted list stands, so that it can be mended there.

        Raises Refused when it is no text or too much of it, or something was pasted as well.
        """
        content = upload.stream.read(LONGEST_LIST + 1) if upload and upload.filename else b""
        if not content:
            return
        if self.text.data:
            raise Refused("Paste the list or choose a file, not both.")
        if len(content) > LONGEST_LIST:
            raise Refused("A list may have up to 500 kB. Split it and add the parts.")
        self.text.data = decoded(content)


class AddForm(ListForm):
    """Codes for the stock: pasted, or in a file."""

    expires_on = DateField(
        "Expire on",
        [Optional()],
        description="For lines that name no day of their own. Empty: they do not expire.",
        render_kw={"max": LAST_DAY.isoformat()},
    )
    order = short_text("Order", longest=LONGEST_ORDER, help="The vendor’s number or the invoice’s.", autocomplete="off")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.text.flags.optional = False  # it is this or the file

    def validate_expires_on(self, field: DateField) -> None:
        if field.data and field.data > LAST_DAY:
            raise ValidationError("Choose a day until 2099.")


class EndForm(Form):
    """What became of a code."""

    to = RadioField("What became of it?", [InputRequired("Say what became of it.")], choices=choices(BY_HAND.items()))

    def offer(self, code: Credential) -> None:
        self.to.choices = choices((to, BY_HAND[to]) for to in ends_by_hand(code.state))

    @property
    def state(self) -> State:
        return State(self.to.data)


class EndSeveralForm(Form):
    """What became of the codes that are ticked."""

    to = SelectField("What became of those ticked", choices=choices((to, BY_HAND[to]) for to in SEVERAL_AT_ONCE))

    @property
    def state(self) -> State:
        return State(self.to.data)


class CorrectForm(Form):
    """A line of the ledger by hand."""

    credits = WholeNumberField(
        "Credits",
        [
            InputRequired("How many credits?"),
            NumberRange(-MOST_CORRECTED, MOST_CORRECTED, f"A number from -{MOST_CORRECTED} to {MOST_CORRECTED}."),
        ],
        description="What the vendor has more than we: 3. What it has less: -3.",
        render_kw={"min": -MOST_CORRECTED, "max": MOST_CORRECTED},
    )
    reason = short_text("Why?", "Say why.", longest=LONGEST_REASON, autocomplete="off")

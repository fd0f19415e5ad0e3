"""Where a card goes, and what a stage is called."""

from wtforms import StringField
from wtforms.validators import InputRequired, NumberRange, Optional

from ..web.forms import Form, WholeNumberField, short_text, version_field

TOP = "top"


class MoveForm(Form):
    """`before` is a card's id, or TOP; without one the card goes to the end."""

    stage = StringField("Stage", [InputRequired("Choose a stage.")])
    before = StringField("Place")
    version = version_field()


class UndoForm(Form):
    version = version_field()


class StageForm(Form):
    name = short_text("Name", "What is the stage called?", longest=40)
    target_days = WholeNumberField(
        "Target days",
        [Optional(), NumberRange(0, 365, "A number of days from 0 to 365, or nothing.")],
        render_kw={"min": 0, "max": 365, "inputmode": "numeric"},
    )


def number_seen(text: str) -> int:
    """The revision a browser says it has drawn; nonsense counts as none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0

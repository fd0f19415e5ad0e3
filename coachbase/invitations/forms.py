"""An answer to an invitation, pasted; what a coach's calendar by address tells."""

from wtforms import SelectField

from ..web.forms import Form, choices, long_text, short_text
from .rules import FEED_LABELS, LONGEST_REPLY


class ReplyForm(Form):
    content = long_text(
        "The answer",
        "Paste the answer first.",
        longest=LONGEST_REPLY,
        rows=12,
        help="The whole mail as your mail program shows its source, or the calendar file (.ics) that came with it.",
    )


class FeedForm(Form):
    coach = short_text("Coach", "Whose calendar?", longest=26)
    kind = SelectField("It tells", choices=choices(FEED_LABELS.items()))

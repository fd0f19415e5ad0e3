"""The plan as typed."""

from ..web.forms import Form, long_text, version_field
from .rules import LONGEST


class PlanForm(Form):
    text = long_text(
        "Plan",
        longest=LONGEST,
        rows=24,
        help="Markdown: # headings, **bold**, lists, tables. What it said before stays in the versions.",
    )
    version = version_field()

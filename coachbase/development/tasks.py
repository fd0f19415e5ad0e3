"""The slow edge: a plan as PDF."""

from datetime import datetime

from .. import paper
from ..clients.models import Client
from ..errors import Refused
from ..firm.models import Firm, day_of


def draw(client: Client, text: str, *, number: int, at: datetime) -> bytes:
    """A version of the plan as it is printed and shared. Raises Refused when the fonts cannot draw it."""
    if refusal := paper.refusal_to_draw(text, client.name):
        raise Refused(refusal)
    day = day_of(at)
    data = {
        "made_at": at.isoformat(timespec="seconds"),
        "firm": Firm.letterhead(),
        "client": {"name": client.name, "line": paper.drawable(client.line)},
        "coach": paper.drawable(client.coach.name) if client.coach_id else "",
        "subtitle": f"Version {number} · {day.day} {day:%B %Y}",
        "blocks": paper.blocks_of(text),
    }
    return paper.render("plan", data)

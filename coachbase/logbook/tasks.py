"""The slow edge: a coaching log as PDF."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from .. import paper
from ..accounts.models import User
from ..firm.models import Firm
from .rules import Log, hours_in_words, period_in_words, row_of


def draw(coach: User, log: Log, first: date | None, last: date | None, *, at: datetime) -> bytes:
    """What the fonts cannot draw of a name is a question mark: one name must not stop it all."""
    day = at.astimezone(ZoneInfo(coach.zone)).date()
    totals, period = log.totals, period_in_words(first, last)
    data = {
        "made_at": at.isoformat(timespec="seconds"),
        "firm": Firm.letterhead(),
        "coach": paper.drawable(coach.name),
        "period": period[0].upper() + period[1:],
        "made_on": f"{day.day} {day:%B %Y}",
        "rows": [[paper.drawable(cell) for cell in row_of(line)] for line in log.lines],
        "totals": {
            name: hours_in_words(getattr(totals, name)) for name in ("paid", "pro_bono", "individual", "group", "all")
        },
        "clients": str(len(log.coached)),
        "left_out": log.left_out,
    }
    return paper.render("log", data)

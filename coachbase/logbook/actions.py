"""Note what a client says about standing in the coaching log."""

from datetime import date

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..db import atomic
from ..errors import Stale
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import LogConsent
from .rules import ANSWER_LABELS, Answer


@atomic
def record(
    client: Client, answer: Answer, *, organisation: str, on: date, how: str, version: int, by: User
) -> LogConsent:
    """Keep what was said last, and on the timeline that it was said; `version` is 0 while nothing was.

    Raises Stale when somebody noted something else since.
    """
    row = LogConsent.of(client)
    if (row.version if row else 0) != version:
        raise Stale("Somebody else noted what the client said while you were typing.")
    row = row or LogConsent(client=client, version=0)
    row.is_given, row.by_name = answer is not Answer.NO, answer is Answer.NAME
    row.organisation = organisation if answer is Answer.LETTER else ""
    row.on, row.how, row.at, row.by = on, how, clock.now(), by
    row.version += 1
    row.save()
    said = f"Asked about the coach’s ICF log: {ANSWER_LABELS[answer][0].lower()}{ANSWER_LABELS[answer][1:]}"
    timeline.record(client, Kind.CHANGE, said, href=f"/clients/{client.public_id}/log-consent", by=by)
    return row

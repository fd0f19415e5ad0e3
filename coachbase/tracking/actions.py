"""Take a vendor's status list, say what it means, and mark what it says."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from .. import clock
from ..accounts.models import User
from ..assessments import actions as assessments
from ..assessments.rules import NOTHING_FILED
from ..assessments.rules import State as AssessmentState
from ..db import atomic
from ..errors import Refused
from ..instruments.models import Vendor
from ..raters import actions as raters
from ..raters.rules import State as RaterState
from .models import StatusList
from .rules import MOST_WORDS, Line, Meaning, Meanings, Outcome, Target, different, refusal_of_columns, unclear


@atomic
def take(vendor: Vendor, *, filename: str, text: str, by: User) -> StatusList:
    """Keep a list, sealed, until it is applied or a week has passed."""
    return StatusList.create(vendor=vendor, by=by, filename=filename, content=text, created_at=clock.now())


@atomic
def remember(upload: StatusList, meanings: Meanings) -> None:
    """Say what the lists of this vendor mean; the next one is read the same way.

    Raises Refused when the columns cannot be read like that.
    """
    fields = meanings.fields_of(upload.sheet)
    if refusal := refusal_of_columns(fields):
        raise Refused(refusal)
    if len(different(upload.sheet, fields, "status")) > MOST_WORDS:
        raise Refused(f"More than {MOST_WORDS} different words stand in that column: is it the status?")
    vendor = Vendor.get_by_id(upload.vendor_id)
    vendor.columns = meanings.to_json()
    vendor.save()
    upload.vendor = vendor


@atomic
def apply(upload: StatusList, chosen: Mapping[int, str]) -> int:
    """Mark what the list says, all of it in one act; how many were marked. The list is then forgotten.

    `chosen` says by line number which of several is meant (its public id); a line nobody decided about changes nothing.
    Raises Refused when it was applied before, or not all of it is understood.
    """
    now = StatusList.open_of(upload.by).where(StatusList.id == upload.id).first()
    if now is None:
        raise Refused("This list was applied already.")
    if any(unclear(now.sheet, now.meanings)) or refusal_of_columns(now.meanings.fields_of(now.sheet)):
        raise Refused("Say what the columns and words of this list mean first.")
    moment, marked = clock.now(), set()
    for line in now.plan(moment.date()):
        target = _decided(line, chosen)
        if target is not None and target.public_id not in marked:
            _mark(target, line.entry.meaning, _moment_of(line.entry.on, moment), by=now.by)
            marked.add(target.public_id)
    now.content, now.filename, now.applied_at = "", "", moment
    now.save()
    return len(marked)


@atomic
def forget(upload: StatusList) -> None:
    """Put a list away without applying it."""
    upload.delete_instance()


def _decided(line: Line, chosen: Mapping[int, str]) -> Target | None:
    """Whom a line is about; only one of those that were offered can be chosen."""
    if line.outcome is Outcome.CHANGE:
        return line.targets[0]
    if line.outcome is not Outcome.CHOOSE:
        return None
    wanted = chosen.get(line.entry.number, "")
    return next((target for target in line.targets if target.public_id == wanted), None)


def _moment_of(day: date | None, now: datetime) -> datetime:
    return min(datetime.combine(day, time(12), UTC), now) if day else now


def _mark(target: Target, meaning: Meaning, at: datetime, *, by: User) -> None:
    is_done = meaning is Meaning.COMPLETED
    if target.is_rater:
        raters.mark([target.row], RaterState.COMPLETED if is_done else RaterState.STARTED, by=by, at=at)
    elif is_done and target.row.instrument.needs_raters:
        raters.note_client(target.row, by=by, at=at)
    else:
        state = AssessmentState.COMPLETED if is_done else AssessmentState.IN_PROGRESS
        assessments.mark(target.row, state, facts=NOTHING_FILED, by=by, at=at)

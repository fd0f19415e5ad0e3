"""Status lists on their way in, and whom their lines may be about."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import cached_property
from typing import Self

from peewee import ForeignKeyField, ModelSelect, TextField

from ..accounts.models import User
from ..assessments.models import Assessment
from ..assessments.rules import OPEN
from ..assessments.rules import State as AssessmentState
from ..clients.rules import Sheet, read_sheet
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..instruments.models import Instrument, Vendor
from ..raters.models import Rater, chased_by
from ..raters.rules import GONE
from ..raters.rules import State as RaterState
from .rules import Line, Meanings, Target, plan, read_entries

RATER_RANKS = {RaterState.STARTED: 1, RaterState.COMPLETED: 2}


class StatusList(Model):
    """A vendor's status list on its way in: kept sealed until applied, so mapping and dry run see the same rows.

    Applied, it holds nothing any more; what is left lying goes after a week (tidying).
    """

    public_id = PublicIdField()
    vendor = ForeignKeyField(Vendor, on_delete="CASCADE")
    by = ForeignKeyField(User, on_delete="CASCADE")
    filename = TextField()
    content = EncryptedTextField()
    created_at = UtcDateTimeField()
    applied_at = UtcDateTimeField(null=True)

    @classmethod
    def open_of(cls, user: User) -> "ModelSelect[Self]":
        """A user's own lists that are not applied yet."""
        return cls.select(cls, Vendor).join(Vendor).where(cls.by == user, cls.applied_at.is_null())

    @cached_property
    def sheet(self) -> Sheet:
        return read_sheet(self.content)

    @property
    def meanings(self) -> Meanings:
        return Meanings.from_json(self.vendor.columns)

    def plan(self, today: date) -> list[Line]:
        """What each line would come to, judged by what its user may see."""
        return plan(read_entries(self.sheet, self.meanings, today), targets_for(self.by, self.vendor))


def targets_for(user: User, vendor: Vendor) -> Iterator[Target]:
    """All that lines of this vendor's lists may be about, behind the wall of this user; raters only for whoever chases
    them: a list one makes up would tell who has answered."""
    mine = Assessment.visible_to(user).where(Instrument.vendor == vendor)
    for row in mine.where(Assessment.state_name != AssessmentState.CANCELLED):
        yield _of_client(row)
    asked = Rater.visible_to(user).where(chased_by(user), Instrument.vendor == vendor)
    asked = asked.where(Assessment.state_name.in_(OPEN))
    for rater in asked.where(Rater.state_name.not_in((RaterState.NOMINATED, *GONE))):
        yield _of_rater(rater)


def _of_client(row: Assessment) -> Target:
    answered = row.answered_at or row.completed_at
    is_done = answered or row.state not in OPEN
    client = row.client
    return Target(
        public_id=row.public_id,
        email=client.email,
        name=client.name,
        client=client.name,
        client_email=client.email,
        is_rater=False,
        instrument=row.instrument.public_id,
        label=row.label,
        rank=2 if is_done else int(row.state is AssessmentState.IN_PROGRESS),
        since=_day(row.created_at),
        done_on=answered and _day(answered),
        row=row,
    )


def _of_rater(rater: Rater) -> Target:
    assessment = rater.assessment
    return Target(
        public_id=rater.public_id,
        email=rater.email,
        name=rater.name,
        client=assessment.client.name,
        client_email=assessment.client.email,
        is_rater=True,
        instrument=assessment.instrument.public_id,
        label=assessment.label,
        rank=RATER_RANKS.get(rater.state, 0),
        since=_day(rater.created_at),
        done_on=rater.completed_at and _day(rater.completed_at),
        row=rater,
    )


def _day(moment: datetime) -> date:
    return moment.date()

"""Assessments and the reports filed for them. The wall is the client's."""

from typing import Any

from peewee import BooleanField, CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..accounts.rules import Role
from ..clients.models import Client, Organisation
from ..clients.rules import Party
from ..credentials.models import Credential
from ..db import Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..files.models import Document
from ..firm.models import Firm
from ..instruments.models import BatteryItem, Instrument, Vendor
from ..instruments.rules import Part
from .rules import OPEN, STATE_LABELS, Facts, State

MOMENTS = {
    State.SET_UP: "created_at",
    State.ACCESS_SENT: "invited_at",
    State.IN_PROGRESS: "started_at",
    State.COMPLETED: "completed_at",
    State.REPORT_IN: "report_at",
    State.PACKAGED: "packaged_at",
    State.DEBRIEFED: "debriefed_at",
    State.RELEASED: "released_at",
    State.CANCELLED: "cancelled_at",
}
STANDING = ("state_name", "waiting_on_name", "waiting_since", *MOMENTS.values())


class Assessment(Model):
    """One client, one instrument; `round` counts how often (EQ-i again in month 9 is the second).

    `send_on` is when access is to be sent, `due_on` when the report is needed; unless somebody chose that day
    (`is_due_by_hand`), it moves with the program. The ball (`waiting_on`,
    `waiting_since`) follows from the state and is written with it. `credential` is the client's own way in.
    `answered_at` is when the client was done where raters are asked as well: it is completed once somebody closes it.
    """

    public_id = PublicIdField()
    client = ForeignKeyField(Client, backref="assessments", on_delete="CASCADE")
    engagement = ForeignKeyField(Engagement, null=True, backref="assessed", on_delete="SET NULL")
    instrument = ForeignKeyField(Instrument, on_delete="RESTRICT")
    item = ForeignKeyField(BatteryItem, null=True, on_delete="SET NULL")
    round = IntegerField(default=1)
    state_name = CharField(max_length=12, column_name="state", default=State.SET_UP, index=True)
    credential = ForeignKeyField(Credential, null=True, unique=True, on_delete="RESTRICT")
    send_on = DateField(null=True)
    due_on = DateField(null=True)
    is_due_by_hand = BooleanField(default=False)
    waiting_on_name = CharField(max_length=12, column_name="waiting_on", default=Party.US)
    waiting_since = UtcDateTimeField()
    invited_at = UtcDateTimeField(null=True)
    started_at = UtcDateTimeField(null=True)
    answered_at = UtcDateTimeField(null=True)
    completed_at = UtcDateTimeField(null=True)
    report_at = UtcDateTimeField(null=True)
    packaged_at = UtcDateTimeField(null=True)
    debriefed_at = UtcDateTimeField(null=True)
    released_at = UtcDateTimeField(null=True)
    cancelled_at = UtcDateTimeField(null=True)
    reminders = IntegerField(default=0)
    reminded_at = UtcDateTimeField(null=True)
    reason = TextField(default="")
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("client", "instrument", "round"), True),)

    @property
    def state(self) -> State:
        return State(self.state_name)

    @property
    def state_label(self) -> str:
        return STATE_LABELS[self.state]

    @property
    def waiting_on(self) -> Party:
        return Party(self.waiting_on_name)

    @property
    def label(self) -> str:
        """'EQ-i 2.0', 'EQ-i 2.0, round 2'."""
        return self.instrument.name + (f", round {self.round}" if self.round > 1 else "")

    @property
    def page(self) -> str:
        """The page of the client's assessments; needs the client."""
        return f"/clients/{self.client.public_id}/assessments"

    @property
    def standing(self) -> dict[str, Any]:
        """All that marking it changes, so that a mark can be undone whole."""
        return {name: getattr(self, name) for name in STANDING}

    def facts(self, user: User | None, *, has_package: bool) -> Facts:
        """What decides where this user may take it; needs the instrument. What a package holds is known above."""
        filed = {part for (part,) in Report.select(Report.part_name).where(Report.assessment == self).tuples()}
        firm = Firm.current()
        opens = firm is not None and firm.assistants_open_reports
        return Facts(
            has_report=bool(filed),
            has_package=has_package,
            has_client_part=Part.CLIENT in filed,
            wants_client_part=self.instrument.has_client_part,
            may_open=user is not None and (user.role is not Role.ASSISTANT or opens),
        )

    @classmethod
    def with_people(cls) -> ModelSelect:
        """With client, organisation, coach, instrument and vendor, whoever may see them."""
        return (
            cls.select(cls, Client, Organisation, User, Instrument, Vendor)
            .join(Client)
            .left_outer_join(Organisation)
            .switch(Client)
            .left_outer_join(User, on=(Client.coach == User.id))
            .switch(cls)
            .join(Instrument)
            .join(Vendor)
        )

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall."""
        return cls.with_people().where(Client.id.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def of(cls, client: Client) -> ModelSelect:
        """A client's, without the cancelled ones, by the day they are due."""
        found = cls.with_people().where(cls.client == client, cls.state_name != State.CANCELLED)
        return found.order_by(cls.due_on.is_null(), cls.due_on, cls.id)

    @classmethod
    def of_program(cls, engagement: Engagement) -> ModelSelect:
        return cls.with_people().where(cls.engagement == engagement, cls.state_name != State.CANCELLED)

    @classmethod
    def rounds(cls, client: Client, instrument: Instrument) -> int:
        """How often this client was set up for this instrument, cancelled ones too."""
        return cls.select().where(cls.client == client, cls.instrument == instrument).count()

    @classmethod
    def still_open(cls) -> Any:
        """A condition: somebody still has to answer."""
        return cls.state_name.in_(OPEN)


class Report(Model):
    """A part of an assessment's report, filed as a document."""

    assessment = ForeignKeyField(Assessment, backref="reports", on_delete="CASCADE")
    document = ForeignKeyField(Document, unique=True, on_delete="CASCADE")
    part_name = CharField(max_length=8, column_name="part")

    class Meta:
        indexes = ((("assessment", "part_name"), False),)

    @property
    def part(self) -> Part:
        return Part(self.part_name)

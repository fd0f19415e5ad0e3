"""Assessments and the reports filed for them. The wall is the client's."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from peewee import BooleanField, CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from ..accounts.models import User
from ..accounts.rules import Role
from ..clients.models import Client, Organisation
from ..clients.rules import Party
from ..credentials.models import Credential
from ..credentials.rules import FREE
from ..credentials.rules import State as CodeState
from ..db import Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..engagements.rules import State as Program
from ..files.models import Document
from ..files.rules import Wanted
from ..firm.models import Firm
from ..instruments.models import BatteryItem, Instrument, Vendor
from ..instruments.rules import Part
from ..mail.models import MailText, Message
from ..mail.rules import State as MailState
from .rules import (
    CHASED,
    OF_COACH,
    OPEN,
    SOON,
    STATE_LABELS,
    Dates,
    Facts,
    Pace,
    Source,
    State,
    Todo,
    answer_until,
    expected_on,
    last_day,
    next_reminder,
    refusal_to_send,
    todo_of,
    until_in_words,
    where_in_words,
)

ACCESS = "assessment_access"
"""The kind of the mail that gives access."""

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
    def pace(self) -> Pace:
        return Pace(self.instrument.answer_days, self.instrument.report_days)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def dates(self, today: date) -> Dates:
        """What decides what is to be done; needs the instrument and the code."""
        code = self.credential if self.credential_id else None
        invited = self.invited_at and self.invited_at.date()
        since = (self.completed_at if self.state is State.COMPLETED else self.invited_at) or self.waiting_since
        completed = self.completed_at and self.completed_at.date()
        return Dates(
            send_on=self.send_on,
            due_on=self.due_on,
            expected_on=expected_on(self.state, since.date(), self.pace, today),
            last_day=last_day(code and code.expires_on, invited, self.instrument.invitation_days),
            report_on=completed and completed + timedelta(days=self.instrument.report_days),
        )

    def todo(self, today: date) -> Todo | None:
        """What somebody should do about it today."""
        return todo_of(self.state, self.dates(today), today)

    def next_reminder(self, today: date) -> date | None:
        """The day of the next reminder; None when nobody is to be reminded any more."""
        if self.state not in CHASED or self.invited_at is None or self.answered_at is not None:
            return None
        until = self.dates(today).last_day
        if until is not None and until < today:
            return None
        reminded = self.reminded_at and self.reminded_at.date()
        return next_reminder(self.invited_at.date(), self.instrument.reminders_after, self.reminders, reminded)

    @property
    def standing(self) -> dict[str, Any]:
        """All that marking it changes, so that a mark can be undone whole."""
        return {name: getattr(self, name) for name in STANDING}

    def facts(self, user: User | None, *, has_package: bool) -> Facts:
        """What decides where this user may take it; needs the instrument. What a package holds is known above."""
        filed = {part for (part,) in Report.select(Report.part_name).where(Report.assessment == self).tuples()}
        return Facts(
            has_report=bool(filed),
            has_package=has_package,
            has_client_part=Part.CLIENT in filed,
            wants_client_part=self.instrument.has_client_part,
            may_open=user is not None and may_open_reports(user),
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
    def with_access(cls) -> ModelSelect:
        """With people, program, and the client's own way in, but for what it says: nobody shows that by a list."""
        masked = [column for column in Credential._meta.sorted_fields if column.name not in ("login", "secret")]
        program = (Engagement.id, Engagement.public_id, Engagement.name, Engagement.state_name, Engagement.coach)
        found = cls.with_people().select_extend(*masked, *program)
        return found.switch(cls).left_outer_join(Credential).switch(cls).left_outer_join(Engagement)

    @classmethod
    def visible_with_access(cls, user: User) -> ModelSelect:
        """`with_access`, behind the client's wall."""
        return cls.with_access().where(Client.id.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def listed(cls, client: Client) -> ModelSelect:
        """A client's, by the day they are due; the cancelled ones last."""
        is_cancelled = cls.state_name == State.CANCELLED
        found = cls.with_access().where(cls.client == client)
        return found.order_by(is_cancelled, cls.due_on.is_null(), cls.due_on, cls.id)

    @classmethod
    def to_do(cls, user: User, parties: Collection[Party], today: date, most: int) -> "list[tuple[Self, Todo]]":
        """What this reader should do something about today, the most pressing first; not where a program rests.

        The condition is wider than the rule (`rules.todo_of`), which has the last word.
        """
        day = fn.julianday(today.isoformat())
        code_ends = fn.julianday(Credential.expires_on) - day <= SOON
        invitation_ends = fn.julianday(cls.invited_at) + Instrument.invitation_days - day <= SOON + 1
        usual = Instrument.answer_days + Instrument.report_days
        too_slow = fn.julianday(cls.due_on) < fn.julianday(cls.invited_at) + usual
        too_late = fn.julianday(cls.due_on) < day + Instrument.report_days
        chased = cls.state_name.in_(CHASED) & (code_ends | invitation_ends | too_slow | too_late)
        is_agreed = Engagement.id.is_null() | (Engagement.state_name == Program.ACTIVE)
        to_send = (cls.state_name == State.SET_UP) & (cls.send_on.is_null() | (cls.send_on <= today)) & is_agreed
        there = fn.julianday(cls.completed_at) + Instrument.report_days <= day + 1
        to_fetch = (cls.state_name == State.COMPLETED) & (cls.completed_at.is_null() | there)
        filed = cls.state_name.in_((State.REPORT_IN, State.DEBRIEFED))
        runs = Engagement.id.is_null() | Engagement.state_name.in_((Program.DRAFT, Program.ACTIVE))
        over = Engagement.state_name.in_((Program.COMPLETED, Program.ENDED)) & filed
        found = cls.visible_with_access(user).where(runs | over, chased | to_send | to_fetch | filed)
        rows = [(row, todo) for row in found.order_by(cls.due_on, cls.id).limit(most) if (todo := row.todo(today))]
        mine = [(row, todo) for row, todo in rows if (Party.COACH if todo in OF_COACH else Party.US) in parties]
        return sorted(mine, key=lambda pair: list(Todo).index(pair[1]))

    @classmethod
    def silent(cls, programs: Collection[Program]) -> ModelSelect:
        """Those whose client was asked and has not answered, in programs of these states or in none."""
        concerned = Engagement.id.is_null() | Engagement.state_name.in_(programs)
        found = cls.with_access().where(cls.state_name.in_(CHASED), cls.answered_at.is_null(), concerned)
        return found.where(cls.invited_at.is_null(False)).order_by(cls.invited_at)

    @classmethod
    def standing_for(cls, client: Client, programs: Sequence[Engagement]) -> ModelSelect:
        """A client's in these programs or beside any, also those nobody was given access to yet."""
        theirs = cls.engagement.is_null() | cls.engagement.in_(programs)
        found = cls.with_access().where(cls.client == client, theirs, cls.state_name != State.CANCELLED)
        return found.order_by(cls.invited_at, cls.id)

    @classmethod
    def for_page(cls, client: Client, programs: Sequence[Engagement]) -> ModelSelect:
        """What the client was asked to complete, and what of it is done."""
        return cls.standing_for(client, programs).where(cls.state_name != State.SET_UP)

    @classmethod
    def access_is_out(cls, engagement: Engagement, *, taken: str = "") -> bool:
        """Whether all that is due by the kickoff was sent, as far as mails are concerned with the server's word.

        Where nothing is due by then, there is nothing to send before it. `taken` is whose mail it takes right now.
        """
        engagement, rows = Engagement.get_by_id(engagement.id), list(cls.of_program(engagement))
        first = [row for row in rows if row.due_on and row.due_on <= (engagement.kickoff_on or engagement.starts_on)]
        if not rows or any(row.state is State.SET_UP for row in first):
            return False
        return all(about == taken or mailed.state is MailState.SENT for about, mailed in cls.mails_of(first).items())

    @staticmethod
    def mails_of(assessments: "Sequence[Assessment]") -> dict[str, Message]:
        """The latest mail that gave access, by the assessment's public id; without its text."""
        about = [row.public_id for row in assessments]
        columns = (Message.id, Message.public_id, Message.about, Message.state_name, Message.to_address, Message.answer)
        sent = Message.select(*columns).where(Message.kind == ACCESS, Message.about.in_(about)).order_by(Message.id)
        return {mail.about: mail for mail in sent} if about else {}

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


def may_open_reports(user: User) -> bool:
    """Whether this user may read reports at all: assistants where the firm says so."""
    firm = Firm.current()
    return user.role is not Role.ASSISTANT or (firm is not None and firm.assistants_open_reports)


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

    @classmethod
    def wanted(cls, clients: Sequence[int]) -> list[Wanted]:
        """The parts of reports that can be filed for these clients, in the order they are due."""
        filed: dict[tuple[int, str], list[str]] = {}
        rows = cls.select(cls.assessment, cls.part_name, Document.public_id).join(Document).switch(cls).join(Assessment)
        for assessment, part, document in rows.where(Assessment.client.in_(list(clients))).tuples():
            filed.setdefault((assessment, part), []).append(document)
        theirs = Assessment.with_people().where(Assessment.client.in_(list(clients)))
        theirs = theirs.where(Assessment.state_name != State.CANCELLED)
        return [
            Wanted(
                client_id=row.client_id,
                instrument_id=row.instrument_id,
                assessment=row.public_id,
                label=row.label,
                part=part,
                is_open=row.state in (*OPEN, State.COMPLETED, State.REPORT_IN),
                filed=tuple(filed.get((row.id, part), ())),
            )
            for row in theirs.order_by(Assessment.due_on.is_null(), Assessment.due_on, Assessment.id)
            for part in row.instrument.parts or (Part.COACH,)
        ]

    @classmethod
    def client_parts(cls, assessment: Assessment) -> ModelSelect:
        """What of a report is for the client, with the documents."""
        found = cls.select(cls, Document).join(Document)
        return found.where(cls.assessment == assessment, cls.part_name == Part.CLIENT)

    @classmethod
    def of_all(cls, assessments: "Sequence[Assessment]") -> "dict[int, dict[Part, Self]]":
        """What is filed for each, by its id and the part; the newest where there are several."""
        found: dict[int, dict[Part, Self]] = {}
        rows = cls.select(cls, Document.id, Document.public_id, Document.audience_name, Document.uploaded_at)
        for row in rows.join(Document).where(cls.assessment.in_(assessments)).order_by(cls.id):
            found.setdefault(row.assessment_id, {})[row.part] = row
        return found


# What would be sent ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Access:
    """A mail that gives access, as it would leave now; or why it would not."""

    assessment: Assessment
    source: Source
    refusal: str | None
    subject: str
    text: str
    is_again: bool
    notes: tuple[str, ...]


def foresee_access(assessments: Iterable[Assessment], today: date) -> list[Access]:
    """What sending access to these would do, in order; the codes in stock are given to the first ones.

    The dry run shows it, and the act does it (`actions.send`).
    """
    rows = list(assessments)
    left = _codes_left(rows, today)
    words = MailText.in_force(ACCESS)
    found = []
    for row in rows:
        source = _source(row, left, today)
        subject, text = words.drafted(fields_of(row, today))
        is_again, notes = row.invited_at is not None, _notes(row, today)
        found.append(Access(row, source, _refusal(row, source), subject, text, is_again, notes))
    return found


def fields_of(assessment: Assessment, today: date) -> dict[str, str]:
    """What the mail that gives access says; needs people and instrument."""
    client, instrument, firm = assessment.client, assessment.instrument, Firm.current()
    return {
        "name": client.called,
        "coach": client.coach.name if client.coach_id else firm.name if firm else "Your coach",
        "instrument": assessment.label,
        "until": until_in_words(answer_until(assessment.due_on, assessment.pace, today)),
        "how": instrument.how_to,
        "where": where_in_words(instrument.way, instrument.vendor.portal),
    }


def _codes_left(assessments: Sequence[Assessment], today: date) -> dict[int, int]:
    """How many codes can be given, by the instrument's id."""
    wanted = {row.instrument_id for row in assessments}
    usable = Credential.expires_on.is_null() | (Credential.expires_on >= today)
    free = Credential.select(Credential.instrument_id, fn.COUNT(Credential.id)).where(
        Credential.instrument.in_(list(wanted)), Credential.state_name.in_(FREE), usable
    )
    return dict(free.group_by(Credential.instrument_id).tuples())


def has_way_in(assessment: Assessment, today: date) -> bool:
    """Whether the client holds a way in that can still be used."""
    code = assessment.credential if assessment.credential_id else None
    return code is not None and code.state is CodeState.GIVEN and not code.is_past(today)


def _source(assessment: Assessment, left: dict[int, int], today: date) -> Source:
    if has_way_in(assessment, today):
        return Source.HELD
    if not left.get(assessment.instrument_id):
        return Source.NONE
    left[assessment.instrument_id] -= 1
    return Source.STOCK


def _refusal(assessment: Assessment, source: Source) -> str | None:
    program = assessment.engagement.state if assessment.engagement_id else None
    who, name = assessment.client, assessment.instrument.name
    return refusal_to_send(assessment.state, program, email=who.email, source=source, instrument=name)


def _notes(assessment: Assessment, today: date) -> tuple[str, ...]:
    """What somebody should know before it is sent."""
    dates, found = assessment.dates(today), []
    if assessment.engagement_id and assessment.engagement.state is Program.DRAFT:
        found.append("The agreement is not signed yet.")
    if assessment.state is State.SET_UP and dates.send_on and dates.send_on > today:
        found.append(f"Its day is {dates.send_on.day} {dates.send_on:%B %Y}.")
    if dates.last_day and dates.due_on and dates.last_day < dates.due_on:
        found.append("What is held for it expires before it is due.")
    return tuple(found)

"""Raters of an assessment, and who is asked to name or to approve them.

That somebody is one is nobody's business but the desk's; who has answered is known to whoever chases, by name, and to
the coach and the owner by numbers (domain.md §1).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Self

from peewee import JOIN, SQL, BooleanField, Case, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from .. import clock
from ..accounts.models import Serving, User
from ..accounts.rules import Role
from ..assessments.models import Assessment
from ..assessments.rules import (
    OPEN,
    Progress,
    Source,
    answer_until,
    next_reminder,
    refusal_to_send,
    until_in_words,
    where_in_words,
)
from ..clients.models import Client, Contact, Organisation
from ..clients.rules import called
from ..credentials.models import Credential
from ..db import Model, NoCaseField, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement, Participant
from ..engagements.rules import State as ProgramState
from ..firm.models import Firm
from ..instruments.models import Instrument, InstrumentGroup, Vendor
from ..mail.models import Message
from ..mail.rules import State as MailState
from .rules import COUNTED, GONE, SILENT, STATE_LABELS, State, day_of, is_enough, missing_in_words

ASKED_IN = (ProgramState.DRAFT, ProgramState.ACTIVE)
"""Nobody is chased for a program that rests or is over."""


class Rater(Model):
    """Somebody who is to answer about a client. `by` is who entered them: None when the client nominated them.

    `approved_by` (the staff) or `approved_by_contact` (a sponsor) said yes to a nomination. `is_named`: the client
    named them, whoever entered them first, so that her page does not tell who stood on the list before.
    """

    public_id = PublicIdField()
    assessment = ForeignKeyField(Assessment, backref="raters", on_delete="CASCADE")
    group = ForeignKeyField(InstrumentGroup, on_delete="RESTRICT")
    name = TextField()
    email = NoCaseField()
    zone = TextField(default="")
    state_name = CharField(max_length=10, column_name="state", default=State.APPROVED)
    credential = ForeignKeyField(Credential, null=True, unique=True, on_delete="RESTRICT")
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    approved_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    approved_by_contact = ForeignKeyField(Contact, null=True, on_delete="SET NULL")
    invited_at = UtcDateTimeField(null=True)
    completed_at = UtcDateTimeField(null=True)
    reminders = IntegerField(default=0)
    reminded_at = UtcDateTimeField(null=True)
    is_named = BooleanField(default=False)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()

    class Meta:
        indexes = (
            (("assessment", "email"), True),
            (("assessment", "group"), False),  # to count by group; else all of a group are looked through
            (("state_name", "invited_at"), False),
        )

    @property
    def state(self) -> State:
        return State(self.state_name)

    @property
    def state_label(self) -> str:
        return STATE_LABELS[self.state]

    @property
    def reads_at(self) -> str:
        """The zone by whose clock they read: their own, else the client's, the coach's, the firm's."""
        client = self.assessment.client
        return self.zone or client.zone or (client.coach.zone if client.coach_id else Firm.home_zone())

    @property
    def next_reminder(self) -> date | None:
        """The reader's day of the next reminder; None when there is none to come."""
        if self.state not in SILENT or self.invited_at is None:
            return None
        reminded = day_of(self.reminded_at, self.reads_at) if self.reminded_at else None
        rhythm = self.assessment.instrument.reminders_after
        return next_reminder(day_of(self.invited_at, self.reads_at), rhythm, self.reminders, reminded)

    def is_due(self, now: datetime) -> bool:
        """Whether the rhythm says to remind them by now; never where the way in has expired."""
        today = day_of(now, self.reads_at)
        if self.credential_id and self.credential.is_past(today):
            return False
        return self.next_reminder is not None and self.next_reminder <= today

    @classmethod
    def with_people(cls) -> ModelSelect:
        """With assessment, instrument, vendor, client, coach, group and program, whoever may see them."""
        found = cls.select(cls, Assessment, Instrument, Vendor, Client, User, InstrumentGroup, Engagement)
        found = found.join(Assessment).join(Instrument).join(Vendor).switch(Assessment)
        found = found.join(Client).join(User, JOIN.LEFT_OUTER, on=(Client.coach == User.id)).switch(Assessment)
        found = found.join(Engagement, JOIN.LEFT_OUTER).switch(cls)
        return found.join(InstrumentGroup, on=(cls.group == InstrumentGroup.id))

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall."""
        return cls.with_people().where(Client.id.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def of(cls, assessment: Assessment) -> ModelSelect:
        """By group, then name."""
        return cls.in_order(cls.with_people().where(cls.assessment == assessment))

    @classmethod
    def in_order(cls, found: ModelSelect) -> ModelSelect:
        return found.order_by(cls.assessment, InstrumentGroup.position, InstrumentGroup.id, cls.name, cls.id)

    @classmethod
    def to_invite(cls, assessments: ModelSelect) -> ModelSelect:
        """Who of these assessments may be sent access now."""
        waiting = cls.state_name == State.APPROVED, Assessment.state_name.in_(OPEN)
        return cls.in_order(cls.with_people().where(Assessment.id.in_(assessments), *waiting))

    @classmethod
    def silent(cls) -> ModelSelect:
        """Who was asked and has not answered, in assessments and programs that run; the longest waiting first."""
        runs = Assessment.engagement.is_null() | Engagement.state_name.in_(ASKED_IN)
        asked = cls.state_name.in_(SILENT), Assessment.state_name.in_(OPEN), runs
        return cls.with_people().where(*asked).order_by(cls.invited_at, cls.id)

    @classmethod
    def counts_by_group(cls, assessment: Assessment) -> dict[str, int]:
        """How many are on the list, by the name of their group; who was declined or withdrawn is not."""
        there = cls.select(InstrumentGroup.name, fn.COUNT(cls.id)).join(InstrumentGroup)
        there = there.where(cls.assessment == assessment, cls.state_name.not_in(GONE))
        return dict(there.group_by(InstrumentGroup.name).tuples())

    @classmethod
    def taken(cls, assessment: Assessment) -> dict[str, str]:
        """In which group an address stands already; by the address, folded."""
        rows = cls.select(cls.email, InstrumentGroup.name).join(InstrumentGroup).where(cls.assessment == assessment)
        return {email.casefold(): group for email, group in rows.tuples()}

    @classmethod
    def progress_of(cls, assessments: Iterable[int]) -> dict[int, list[Progress]]:
        """How many have answered by group, for many assessments (their ids) at once; none for those without groups."""
        done = fn.SUM(Case(None, [(cls.state_name == State.COMPLETED, 1)], 0))
        asked = fn.SUM(Case(None, [(cls.state_name.in_(COUNTED), 1)], 0))
        rows = (
            Assessment.select(Assessment.id, InstrumentGroup.name, done, asked, InstrumentGroup.least)
            .join(InstrumentGroup, on=(InstrumentGroup.instrument == Assessment.instrument))
            .join(cls, JOIN.LEFT_OUTER, on=((cls.group == InstrumentGroup.id) & (cls.assessment == Assessment.id)))
            .where(Assessment.id.in_(list(assessments)))
            .group_by(Assessment.id, InstrumentGroup.id)
            .order_by(Assessment.id, InstrumentGroup.position, InstrumentGroup.id)
        )
        found: dict[int, list[Progress]] = {}
        for assessment, *counts in rows.tuples():
            found.setdefault(assessment, []).append(Progress(*counts))
        return found


class RaterAsk(Model):
    """The coachee is asked to name raters or, with a `contact`, that sponsor contact to approve those named.

    One for each; asked again, it opens again.
    """

    public_id = PublicIdField()
    assessment = ForeignKeyField(Assessment, backref="rater_asks", on_delete="CASCADE")
    contact = ForeignKeyField(Contact, null=True, on_delete="CASCADE")
    asked_at = UtcDateTimeField()
    answered_at = UtcDateTimeField(null=True)
    reminders = IntegerField(default=0)
    reminded_at = UtcDateTimeField(null=True)
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @classmethod
    def with_people(cls) -> ModelSelect:
        """With assessment, instrument, client, coach, program and contact."""
        found = cls.select(cls, Assessment, Instrument, Client, User, Engagement, Contact, Organisation)
        found = found.join(Assessment).join(Instrument).switch(Assessment)
        found = found.join(Client).join(User, JOIN.LEFT_OUTER, on=(Client.coach == User.id)).switch(Assessment)
        found = found.join(Engagement, JOIN.LEFT_OUTER).switch(cls)
        return found.join(Contact, JOIN.LEFT_OUTER).join(Organisation, JOIN.LEFT_OUTER)

    @classmethod
    def known_as(cls, public_id: str) -> Self | None:
        return cls.with_people().where(cls.public_id == public_id).first()

    @classmethod
    def of(cls, assessment: Assessment) -> ModelSelect:
        return cls.with_people().where(cls.assessment == assessment).order_by(cls.id)

    @classmethod
    def standing(cls) -> ModelSelect:
        """Those of assessments that still run, answered or not."""
        runs = Assessment.engagement.is_null() | Engagement.state_name.in_(ASKED_IN)
        return cls.with_people().where(Assessment.state_name.in_(OPEN), runs).order_by(cls.asked_at, cls.id)

    @property
    def is_open(self) -> bool:
        return self.answered_at is None


class ToDo(NamedTuple):
    """What somebody should do about an assessment's raters."""

    assessment: Assessment
    nominated: int
    to_invite: int
    is_enough: bool


def to_do(user: User, most: int) -> list[ToDo]:
    """Where names wait for a yes, access is to be sent, or all have answered that are needed; the oldest first.

    Not in programs that rest, nor before the client was sent access where nobody has named anybody.
    """

    def counted(*states: State) -> Any:
        theirs = Rater.select(fn.COUNT(Rater.id)).where(Rater.assessment == Assessment.id)
        return theirs.where(Rater.state_name.in_(states))

    done = Rater.select(fn.COUNT(Rater.id)).where(
        Rater.assessment == Assessment.id, Rater.group == InstrumentGroup.id, Rater.state_name == State.COMPLETED
    )
    lacking = InstrumentGroup.select(fn.COUNT(InstrumentGroup.id)).where(
        InstrumentGroup.instrument == Assessment.instrument, done < InstrumentGroup.least
    )
    answered = counted(State.COMPLETED)
    enough = Assessment.answered_at.is_null(False) & (lacking == 0) & (answered > 0)
    named, waiting = counted(State.NOMINATED), counted(State.APPROVED)
    runs = Assessment.engagement.is_null() | Engagement.state_name.in_(ASKED_IN)
    found = Assessment.visible_to(user).switch(Assessment).join(Engagement, JOIN.LEFT_OUTER)
    found = found.where(
        Assessment.state_name.in_(OPEN), Instrument.needs_raters, runs, (named > 0) | (waiting > 0) | enough
    )
    counts = named.alias("nominated"), waiting.alias("to_invite"), enough.alias("is_enough")
    rows = found.select_extend(*counts).order_by(Assessment.waiting_since, Assessment.id).limit(most)
    return [ToDo(row, row.nominated, row.to_invite, bool(row.is_enough)) for row in rows]


def approvers_of(assessment: Assessment) -> list[Contact]:
    """The sponsor contacts who may be asked to approve: who signs or reads in the program (docs/decisions/0025)."""
    if assessment.engagement_id is None:
        return []
    there = Participant.of(assessment.engagement).where(Participant.signs | Participant.reads)
    return [row.contact for row in there.where(Contact.removed_at.is_null())]


def may_chase(user: User, client: Client) -> bool:
    """Whether this reader learns who has answered, by name: who chases does, all others learn numbers."""
    if user.role is Role.ASSISTANT:
        return True
    return any(each.id == user.id for each in Serving.desk_of(client.coach if client.coach_id else None))


def chased_by(user: User) -> Any:
    """The same as a condition on clients: whose raters this reader knows by name and answer."""
    if user.role is Role.ASSISTANT:
        return SQL("1")
    if user.role is not Role.OWNER:
        return SQL("0")
    assistants = User.active().where(User.role_name == Role.ASSISTANT).order_by().select(User.id)
    served = Serving.select(Serving.coach).where(Serving.assistant.in_(assistants))
    nobodys = Client.coach.is_null() & ~fn.EXISTS(assistants)
    return nobodys | (Client.coach.is_null(False) & Client.coach.not_in(served))


def returned_mails(raters: Sequence[Rater]) -> Mapping[str, str]:
    """What the mail server said, by the rater's public id, of those whose last mail could not be delivered."""
    rows = Message.select(Message.about, Message.state_name, Message.answer).order_by(Message.id)
    last: dict[str, tuple[str, str]] = {}
    for about, state, answer in rows.where(Message.about.in_([rater.public_id for rater in raters])).tuples():
        last[about] = (state, answer)
    return {about: answer for about, (state, answer) in last.items() if state == MailState.DEAD}


def was_mailed(rater: Rater) -> bool:
    """Whether a mail with the way in left us, or may be leaving at this moment."""
    gone = Message.state_name.in_((MailState.SENT, MailState.LEASED, MailState.DEAD))
    return bool(Message.select().where(Message.about == rater.public_id, gone).exists())


def group_of(assessment: Assessment, public_id: str) -> Any:
    """A group of the assessment's instrument; None when it is none of its."""
    return InstrumentGroup.of(assessment.instrument).where(InstrumentGroup.public_id == public_id).first()


def nominated(assessment: Assessment) -> list[Rater]:
    """Whose names wait for a yes."""
    return list(Rater.of(assessment).where(Rater.state_name == State.NOMINATED))


def what_is_missing(assessment: Assessment) -> str:
    """'Bob Haddad, Peers 1 more'; '' when it can be closed."""
    progress = Rater.progress_of([assessment.id]).get(assessment.id, [])
    client = "" if assessment.answered_at else assessment.client.name
    lacking = missing_in_words(progress) or ("" if is_enough(progress) else "anybody else")
    return ", ".join(filter(None, (client, lacking)))


def why_not(rater: Rater, source: Source) -> str | None:
    """Why this rater cannot be sent access now, as a sentence; None when they can."""
    assessment = rater.assessment
    program = assessment.engagement.state if assessment.engagement_id else None
    if rater.state is not State.APPROVED:
        return f"This rater is “{STATE_LABELS[rater.state].lower()}”."
    return refusal_to_send(
        assessment.state, program, email=rater.email, source=source, instrument=assessment.instrument.name
    )


def fields_of(rater: Rater) -> dict[str, str]:
    """What stands in the mail to a rater, apart from the way in."""
    assessment, today = rater.assessment, day_of(clock.now(), rater.reads_at)
    instrument = assessment.instrument
    is_vendors = rater.state in SILENT and rater.credential_id is None
    where = "You have been sent your own way in:" if is_vendors else ""
    return {
        "name": called(rater.name),
        "client": assessment.client.name,
        "coach": who_asks(assessment),
        "instrument": instrument.name,
        "until": until_in_words(answer_until(assessment.due_on, assessment.pace, today)),
        "how": "" if is_vendors else instrument.how_to,
        "where": where or where_in_words(instrument.way, instrument.vendor.portal),
    }


def who_asks(assessment: Assessment) -> str:
    """Whose name stands in the mails: the coach's."""
    client = assessment.client
    return client.coach.name if client.coach_id else "We"

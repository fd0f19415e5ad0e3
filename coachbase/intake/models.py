"""Forms, their versions and questions; submissions and their encrypted answers."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Self

from peewee import JOIN, SQL, BooleanField, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from ..accounts.models import User
from ..accounts.rules import Role
from ..clients.models import Client, Organisation
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..files.models import Document
from .rules import (
    FILL_LABELS,
    KIND_ICONS,
    KIND_LABELS,
    STATE_WORDS,
    FormKind,
    FormState,
    QuestionKind,
    Scale,
    SubmissionState,
    Typed,
    is_slug,
)


class Form(Model):
    """A public form, or a private questionnaire. `coach` gets the inquiries; None means whoever is chosen later."""

    public_id = PublicIdField()
    slug = CharField(max_length=60, unique=True)
    title = TextField()
    intro = TextField(default="")
    thanks = TextField(default="")
    coach = ForeignKeyField(User, null=True, on_delete="SET NULL")
    state_name = CharField(max_length=8, column_name="state", default=FormState.DRAFT)
    kind_name = CharField(
        max_length=13, column_name="kind", default=FormKind.INQUIRY, constraints=[SQL("DEFAULT 'inquiry'")]
    )
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()

    @property
    def state(self) -> FormState:
        return FormState(self.state_name)

    @property
    def kind(self) -> FormKind:
        return FormKind(self.kind_name)

    @property
    def is_private(self) -> bool:
        """Whether it is asked of clients, and nobody finds it without a link."""
        return self.kind is FormKind.QUESTIONNAIRE

    @property
    def path(self) -> str:
        """Where strangers find it; of a questionnaire only who holds a link to a submission of it."""
        return f"/p/intake/{self.slug}"

    @property
    def coach_email(self) -> str:
        """Names the coach in the builder's form and on its page of two versions."""
        return self.coach.email if self.coach_id else ""

    @classmethod
    def with_coach(cls) -> ModelSelect:
        return cls.select(cls, User).left_outer_join(User).order_by(cls.title, cls.id)

    @classmethod
    def askable(cls) -> ModelSelect:
        """The questionnaires a client can be asked now."""
        is_open = cls.kind_name == FormKind.QUESTIONNAIRE, cls.state_name == FormState.OPEN
        return cls.select().where(*is_open).order_by(cls.title, cls.id)

    @classmethod
    def at(cls, slug: str) -> Self | None:
        """The form strangers find at this address: published once, perhaps closed now."""
        if not is_slug(slug):
            return None
        return cls.with_coach().where(cls.slug == slug, cls.state_name != FormState.DRAFT).first()


class FormVersion(Model):
    """The questions as they stood: frozen once published, so that old submissions keep theirs."""

    form = ForeignKeyField(Form, backref="versions", on_delete="CASCADE")
    number = IntegerField()
    published_at = UtcDateTimeField(null=True)

    class Meta:
        indexes = ((("form", "number"), True),)

    @classmethod
    def published(cls, form: Form) -> Self | None:
        """What strangers fill in now."""
        return cls.select().where(cls.form == form, cls.published_at.is_null(False)).order_by(cls.number.desc()).first()

    @classmethod
    def numbered(cls, form: Form, number: int) -> Self | None:
        return cls.get_or_none(cls.form == form, cls.number == number, cls.published_at.is_null(False))

    @classmethod
    def draft(cls, form: Form) -> Self | None:
        """What the builder changes; None when nothing was touched since publishing."""
        return cls.select().where(cls.form == form, cls.published_at.is_null()).first()

    @classmethod
    def newest(cls, form: Form) -> Self:
        """What the builder shows: the draft, or else what is published."""
        return cls.select().where(cls.form == form).order_by(cls.number.desc()).get()


class Question(Model):
    """One question, or a section heading. `fills` names the client field its answer goes into.

    `options` is JSON: the lines to choose from, or a scale's ends and their words. A question taken out of a draft
    waits at a position below zero, so that it can be put back.
    """

    public_id = PublicIdField()
    form_version = ForeignKeyField(FormVersion, backref="questions", on_delete="CASCADE")
    position = IntegerField()
    kind_name = CharField(max_length=8, column_name="kind")
    label = TextField()
    help = TextField(default="")
    options = TextField(default="[]")
    fills = CharField(max_length=20, default="")
    required = BooleanField(default=False)
    coach_only = BooleanField(default=False)
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("form_version", "position"), True),)

    @property
    def kind(self) -> QuestionKind:
        return QuestionKind(self.kind_name)

    @property
    def kind_label(self) -> str:
        return KIND_LABELS[self.kind]

    @property
    def icon(self) -> str:
        return KIND_ICONS[self.kind]

    @property
    def fills_label(self) -> str:
        """The client's field its answer goes into, in a word."""
        return FILL_LABELS.get(self.fills, "")

    @property
    def choices(self) -> list[str]:
        return [] if self.kind is QuestionKind.SCALE else json.loads(self.options)

    @property
    def lines(self) -> str:
        """The options as they are typed: one a line."""
        return "\n".join(self.choices)

    @property
    def scale(self) -> Scale:
        return Scale(*json.loads(self.options)) if self.kind is QuestionKind.SCALE else Scale()

    @property
    def offered(self) -> list[str]:
        """What there is to choose from, as sent."""
        return [str(step) for step in self.scale.steps] if self.kind is QuestionKind.SCALE else self.choices

    low = property(lambda self: self.scale.low)
    high = property(lambda self: self.scale.high)
    low_label = property(lambda self: self.scale.low_label)
    high_label = property(lambda self: self.scale.high_label)

    @classmethod
    def of(cls, version: FormVersion) -> ModelSelect:
        return cls.select().where(cls.form_version == version, cls.position > 0).order_by(cls.position)

    @classmethod
    def of_versions(cls, ids: Iterable[int], reader: User) -> ModelSelect:
        """The questions of several versions that this reader may know of; headings included."""
        questions = cls.select().where(cls.form_version.in_(list(ids)), cls.position > 0).order_by(cls.position)
        return questions.where(~cls.coach_only) if reader.role is Role.ASSISTANT else questions


class Submission(Model):
    """One filling-in. Started with the first step kept, submitted once; `ticket` makes a double click one row.

    A questionnaire's has its client and engagement from the beginning: asked, reminded, begun, submitted.
    """

    public_id = PublicIdField()
    form_version = ForeignKeyField(FormVersion, backref="submissions", on_delete="RESTRICT")
    ticket = CharField(max_length=64, unique=True)
    state_name = CharField(max_length=10, column_name="state", default=SubmissionState.STARTED)
    client = ForeignKeyField(Client, null=True, backref="submissions", on_delete="CASCADE")
    started_at = UtcDateTimeField()
    submitted_at = UtcDateTimeField(null=True)
    engagement = ForeignKeyField(Engagement, null=True, backref="submissions", on_delete="CASCADE")
    reminders = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    reminded_at = UtcDateTimeField(null=True)

    @property
    def state(self) -> SubmissionState:
        return SubmissionState(self.state_name)

    @property
    def is_submitted(self) -> bool:
        return self.state is SubmissionState.SUBMITTED

    @property
    def state_words(self) -> tuple[str, str, str]:
        """Word, tone and icon."""
        return STATE_WORDS[self.state]

    @property
    def since(self) -> datetime:
        """When it came into its state."""
        return self.submitted_at or self.started_at

    @property
    def is_asked(self) -> bool:
        """Whether a client was asked for it, and it is hers alone."""
        return self.engagement_id is not None

    @property
    def known(self) -> dict[str, str]:
        """What we know of the client who was asked, by field; of a stranger nothing."""
        if not self.is_asked:
            return {}
        organisation = self.client.organisation.name if self.client.organisation_id else ""
        return {name: getattr(self.client, name) for name in FILL_LABELS} | {"organisation": organisation}

    @property
    def offered(self) -> dict[str, str]:
        """What stands in the fields at first: what is known, and the name for a legal name nobody told us yet."""
        known = self.known
        return known | {"legal_name": known["legal_name"] or known["name"]} if known else known

    @classmethod
    def _with_form(cls) -> ModelSelect:
        return cls.select(cls, FormVersion, Form).join(FormVersion).join(Form)

    @classmethod
    def known_as(cls, public_id: str) -> Self | None:
        """The submission a return link opens, with its version and form."""
        return cls._with_form().where(cls.public_id == public_id).first()

    @classmethod
    def as_it_is(cls, submission: Self) -> Self:
        """The submission read anew, inside the transaction that changes it."""
        return cls._with_form().where(cls.id == submission.id).get()

    @classmethod
    def with_ticket(cls, ticket: str) -> Self | None:
        return cls._with_form().where(cls.ticket == ticket).first()

    @classmethod
    def asked_of(cls, client: Client) -> ModelSelect:
        """Questionnaires this client has not sent in yet, the oldest first."""
        open_ones = (SubmissionState.ASKED, SubmissionState.STARTED)
        mine = cls.client == client, cls.engagement.is_null(False), cls.state_name.in_(open_ones)
        return cls._with_form().where(*mine).order_by(cls.id)

    @classmethod
    def open_of(cls, form: Form, engagement: Engagement) -> Self | None:
        """The one of this questionnaire that this engagement still waits for."""
        return cls.asked_of(engagement.client).where(Form.id == form.id, cls.engagement == engagement).first()

    @classmethod
    def was_asked(cls, engagement: Engagement) -> bool:
        """Whether this engagement has a questionnaire, answered or not."""
        return cls.select(cls.id).where(cls.engagement == engagement).exists()

    @classmethod
    def of_client(cls, client: Client) -> ModelSelect:
        """What this client sent, newest first, and then what waits for an answer. The wall is the client's."""
        return cls._with_form().where(cls.client == client).order_by(cls.submitted_at.desc(), cls.id.desc())

    @classmethod
    def of_form(cls, form: Form, reader: User) -> ModelSelect:
        """What came in by a form, newest first, of clients this reader may see."""
        return (
            cls.select(cls, FormVersion, Client, Organisation, User)
            .join(FormVersion)
            .switch(cls)
            .join(Client)
            .join(Organisation, JOIN.LEFT_OUTER)
            .switch(Client)
            .join(User, JOIN.LEFT_OUTER, on=(Client.coach == User.id))
            .where(
                FormVersion.form == form,
                cls.state_name == SubmissionState.SUBMITTED,
                cls.client.in_(Client.visible_to(reader, Client.id)),
            )
            .order_by(cls.submitted_at.desc(), cls.id.desc())
        )

    @classmethod
    def counts(cls, reader: User) -> dict[int, int]:
        """How many came in by each form, of clients this reader may see."""
        rows = (
            cls.select(FormVersion.form, fn.COUNT(cls.id))
            .join(FormVersion)
            .where(cls.state_name == SubmissionState.SUBMITTED, cls.client.in_(Client.visible_to(reader, Client.id)))
            .group_by(FormVersion.form)
            .tuples()
        )
        return dict(rows)

    @classmethod
    def abandoned(cls, before: datetime) -> ModelSelect:
        """Begun by strangers and never sent. What a client was asked stays asked."""
        begun = cls.state_name == SubmissionState.STARTED, cls.engagement.is_null()
        return cls.select().where(*begun, cls.started_at < before)


class Answer(Model):
    """What was answered to one question, as JSON, encrypted. A file's answer is its name; the document holds it."""

    submission = ForeignKeyField(Submission, backref="answers", on_delete="CASCADE")
    question = ForeignKeyField(Question, on_delete="RESTRICT")
    value = EncryptedTextField()
    document = ForeignKeyField(Document, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("submission", "question"), True),)

    @property
    def typed(self) -> Typed:
        return json.loads(self.value)

    @classmethod
    def of(cls, submission: Submission) -> dict[int, Self]:
        """All answers of one filling-in by question: for the person who fills it in, not for staff."""
        return {answer.question_id: answer for answer in cls.select().where(cls.submission == submission)}

    @classmethod
    def visible_to(cls, user: User, client: Client) -> ModelSelect:
        """The answers this user may read: questions marked *coach only* stay away from assistants (domain.md §1).

        What a client has typed and not sent is hers alone.
        """
        answers = (
            cls.select(cls, Question, Submission, Document)
            .join(Question)
            .switch(cls)
            .join(Submission)
            .switch(cls)
            .join(Document, JOIN.LEFT_OUTER)
            .where(
                Submission.client.in_(Client.visible_to(user, Client.id)),
                Submission.client == client,
                Submission.state_name == SubmissionState.SUBMITTED,
            )
        )
        if user.role is Role.ASSISTANT:
            answers = answers.where(~Question.coach_only)
        return answers

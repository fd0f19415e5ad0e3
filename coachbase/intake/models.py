"""Forms, their versions and questions; submissions and their encrypted answers."""

from typing import Self

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..accounts.rules import Role
from ..clients.models import Client
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..files.models import Document
from .rules import FormState, QuestionKind, SubmissionState


class Form(Model):
    """A public form. `coach` gets the inquiries; None means whoever is chosen later."""

    public_id = PublicIdField()
    slug = CharField(max_length=60, unique=True)
    title = TextField()
    intro = TextField(default="")
    thanks = TextField(default="")
    coach = ForeignKeyField(User, null=True, on_delete="SET NULL")
    state_name = CharField(max_length=8, column_name="state", default=FormState.DRAFT)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()

    @property
    def state(self) -> FormState:
        return FormState(self.state_name)


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
    def draft(cls, form: Form) -> Self | None:
        """What the builder changes; None when nothing was touched since publishing."""
        return cls.select().where(cls.form == form, cls.published_at.is_null()).first()


class Question(Model):
    """One question, or a section heading. `fills` names the client field its answer goes into."""

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

    class Meta:
        indexes = ((("form_version", "position"), True),)

    @property
    def kind(self) -> QuestionKind:
        return QuestionKind(self.kind_name)


class Submission(Model):
    """One filling-in. Started with the first step kept, submitted once; `ticket` makes a double click one row."""

    public_id = PublicIdField()
    form_version = ForeignKeyField(FormVersion, backref="submissions", on_delete="RESTRICT")
    ticket = CharField(max_length=64, unique=True)
    state_name = CharField(max_length=10, column_name="state", default=SubmissionState.STARTED)
    client = ForeignKeyField(Client, null=True, backref="submissions", on_delete="CASCADE")
    started_at = UtcDateTimeField()
    submitted_at = UtcDateTimeField(null=True)

    @property
    def state(self) -> SubmissionState:
        return SubmissionState(self.state_name)


class Answer(Model):
    """What was answered to one question, as JSON, encrypted."""

    submission = ForeignKeyField(Submission, backref="answers", on_delete="CASCADE")
    question = ForeignKeyField(Question, on_delete="RESTRICT")
    value = EncryptedTextField()
    document = ForeignKeyField(Document, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("submission", "question"), True),)

    @classmethod
    def visible_to(cls, user: User, client: Client) -> ModelSelect:
        """The answers this user may read: questions marked *coach only* stay away from assistants (domain.md §1)."""
        answers = (
            cls.select(cls, Question, Submission)
            .join(Question)
            .switch(cls)
            .join(Submission)
            .where(Submission.client.in_(Client.visible_to(user, Client.id)), Submission.client == client)
        )
        if user.role is Role.ASSISTANT:
            answers = answers.where(~Question.coach_only)
        return answers

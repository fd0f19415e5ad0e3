"""What the builder takes, and what people type: one step of a form with its signed ticket."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from .. import sealing
from ..accounts.models import User
from ..files.rules import ACCEPT, KINDS_IN_WORDS, LARGEST, Upload, refusal_to_store, safe_name
from ..firm.rules import zones
from ..web.forms import Form, WholeNumberField, address, choices, long_text, readable, short_text, version_field
from .models import Answer, Question
from .models import Form as IntakeForm
from .rules import (
    EARLIEST,
    FILL_LABELS,
    LATEST,
    OPTIONED,
    PAGE_LASTS,
    FormKind,
    QuestionKind,
    Step,
    Typed,
    fills_of,
    longest_of,
    prefilled,
    refusal_of_answer,
    refusal_of_fill,
    refusal_of_options,
    refusal_of_slug,
    refusal_to_keep,
    tidy,
)

TRAP = "homepage"
"""A field no person sees: what fills it in is a program."""


# The builder ---------------------------------------------------------------------------------------------------------


class TextsForm(Form):
    """What stands around the questions. The coach goes by address, which reads well when two versions are shown.

    A questionnaire has no address, and the coach of whoever is asked.
    """

    title = short_text("Title", "What is the form called?", help="Stands on top of the form and in its mails.")
    slug = short_text("Address", "Where should the form live?", longest=60, help="The last part of its public address.")
    coach_email = SelectField("Coach", description="Who gets these inquiries.", default="")
    intro = long_text("Before the first question", longest=2000, help="Plain paragraphs.", rows=3)
    thanks = long_text("After sending", longest=2000, help="Plain paragraphs.", rows=3)
    version = version_field()

    def __init__(self, *args: Any, kind: FormKind = FormKind.INQUIRY, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if kind is FormKind.QUESTIONNAIRE:
            del self["slug"], self["coach_email"]

    def offer(self, coaches: Iterable[User]) -> None:
        if self.coach_email is None:
            return
        known = [(coach.email, coach.name) for coach in coaches]
        self.coach_email.choices = choices([("", "Chosen later"), *known])

    def validate_slug(self, field: StringField) -> None:
        if refusal := refusal_of_slug(field.data):
            raise ValidationError(refusal)


class NewForm(TextsForm):
    version = None


_NO = (False, "", "false", "False", "0")
"""What a page of two versions sends back for a box that was not ticked."""


class QuestionForm(Form):
    """One question; only the fields its kind has are asked."""

    label = long_text("Question", "What do you ask?", longest=500, rows=2)
    help = short_text("Help", longest=300, help="One more sentence beside the question.")
    lines = TextAreaField(
        "Options", [readable], description="One a line.", filters=[lambda text: _lines(text)], render_kw={"rows": 5}
    )
    low = WholeNumberField("From", [InputRequired("0 or 1."), NumberRange(0, 1, "0 or 1.")], default=1)
    high = WholeNumberField("To", [InputRequired("2 to 10."), NumberRange(2, 10, "2 to 10.")], default=10)
    low_label = short_text("Words for the lowest", longest=60, example="not at all")
    high_label = short_text("Words for the highest", longest=60, example="completely")
    fills = SelectField("Fills in", description="The answer also goes into this field of the client.", default="")
    required = BooleanField("Must be answered", false_values=_NO)
    coach_only = BooleanField(
        "Coach only",
        description="Assistants see neither the question’s answer nor that it was asked.",
        false_values=_NO,
    )
    version = version_field()

    def __init__(
        self,
        *args: Any,
        kind: QuestionKind,
        of: FormKind = FormKind.INQUIRY,
        fixed: str = "",
        taken: Iterable[str] = (),
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        self.kind, self.of, self.fixed, self.taken = kind, of, fixed, list(taken)
        for name in self._unasked():
            del self[name]
        if self.fills is not None:
            self.fills.choices = choices([("", "Nothing"), *((name, FILL_LABELS[name]) for name in fills_of(of, kind))])

    def _unasked(self) -> set[str]:
        names: set[str] = set()
        if self.kind not in OPTIONED:
            names |= {"lines"}
        if self.kind is not QuestionKind.SCALE:
            names |= {"low", "high", "low_label", "high_label"}
        if not fills_of(self.of, self.kind) or self.fixed:
            names |= {"fills"}
        if self.kind is QuestionKind.SECTION or self.fixed:
            names |= {"required", "coach_only"}
        return names

    def validate_lines(self, field: TextAreaField) -> None:
        if refusal := refusal_of_options(self.kind, field.data.split("\n") if field.data else []):
            raise ValidationError(refusal)

    def validate_fills(self, field: SelectField) -> None:
        coach_only = bool(self.coach_only and self.coach_only.data)
        if refusal := refusal_of_fill(self.kind, field.data, coach_only=coach_only, taken=self.taken, form=self.of):
            raise ValidationError(refusal)

    def values(self) -> dict[str, Any]:
        """What goes into the row."""
        row = {name: self[name].data for name in ("label", "help", "fills", "required", "coach_only") if name in self}
        if self.kind in OPTIONED:
            row["options"] = json.dumps(self.lines.data.split("\n"))
        if self.kind is QuestionKind.SCALE:
            row["options"] = json.dumps([self.low.data, self.high.data, self.low_label.data, self.high_label.data])
        return row


class NewQuestionForm(QuestionForm):
    version = None


class AskForm(Form):
    """Which questionnaire a client is asked."""

    questionnaire = SelectField("Questionnaire")

    def offer(self, forms: Iterable[IntakeForm]) -> None:
        self.questionnaire.choices = choices((form.public_id, form.title) for form in forms)


def _lines(text: str | None) -> str:
    return "\n".join(line for line in (line.strip() for line in (text or "").splitlines()) if line)


# What people type ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ticket:
    """Travels, signed, in a form's hidden field: whose filling-in this is, of which questions, first shown when."""

    nonce: str
    number: int
    shown_at: datetime

    @classmethod
    def new(cls, number: int, now: datetime) -> "Ticket":
        return cls(secrets.token_urlsafe(24), number, now)

    @classmethod
    def read(cls, text: str, form: IntakeForm) -> "Ticket | None":
        """What `signed` wrote for this form; None when it was changed or made up."""
        try:
            nonce, number, shown = _signer(form).loads(text)
        except BadData:
            return None
        return cls(nonce, number, datetime.fromtimestamp(shown, UTC))

    def is_fresh(self, now: datetime) -> bool:
        """Whether the page was shown lately enough to begin something, or to go on without the cookie."""
        return timedelta(0) <= now - self.shown_at <= PAGE_LASTS

    def signed(self, form: IntakeForm) -> str:
        return _signer(form).dumps([self.nonce, self.number, self.shown_at.timestamp()])


def _signer(form: IntakeForm) -> URLSafeSerializer:
    return URLSafeSerializer(sealing.derive("intake"), salt=form.public_id)


_INPUTS = {
    QuestionKind.DATE: {"type": "date", "min": EARLIEST.isoformat(), "max": LATEST.isoformat()},
    QuestionKind.MAIL: {"type": "email", "inputmode": "email", "autocomplete": "email"},
    QuestionKind.PHONE: {"type": "tel", "autocomplete": "tel"},
}
_AUTOCOMPLETE = {
    "name": {"autocomplete": "name"},
    "position": {"autocomplete": "organization-title"},
    "organisation": {"autocomplete": "organization"},
    "preferred_name": {"autocomplete": "nickname"},
    "legal_name": {"autocomplete": "name"},
    "address": {"autocomplete": "street-address"},
    "language": {"autocomplete": "off"},
    "assistant_name": {"autocomplete": "off"},
    "assistant_email": {"autocomplete": "off"},
}


@dataclass
class Field:
    """A question on the page with what was typed or chosen before, and what is wrong with it."""

    question: Question
    typed: Typed
    error: str | None = None
    upload: Upload | None = None
    removed: bool = False
    stored: str = ""
    """The name of the file that is kept already."""
    is_known: bool = False
    """Whether what stands there is what we know, and nobody typed it here."""

    accept = ACCEPT

    @property
    def name(self) -> str:
        return f"q{self.question.public_id}"

    @property
    def longest(self) -> int:
        return longest_of(self.question)

    @property
    def input(self) -> dict[str, str]:
        """What kind of keyboard a phone shows, and what a browser may fill in."""
        return _INPUTS.get(self.question.kind, {}) | _AUTOCOMPLETE.get(self.question.fills, {})

    @property
    def zones(self) -> list[str]:
        return sorted(zones()) if self.question.fills == "zone" else []

    @property
    def hint(self) -> str:
        """The firm's help, and what the kind needs said."""
        needs = f"{KINDS_IN_WORDS}, up to 25 MB." if self.question.kind is QuestionKind.FILE else ""
        return " ".join(text for text in (self.question.help, needs) if text)

    @property
    def is_explained(self) -> bool:
        return bool(self.hint or self.question.coach_only)

    @property
    def told(self) -> str:
        """Where a screen reader finds what stands beside the field."""
        parts = [f"{self.name}-about"] * self.is_explained + [f"{self.name}-error"] * bool(self.error)
        return " ".join(parts)

    def has(self, option: str) -> bool:
        return option in self.typed if isinstance(self.typed, list) else option == self.typed


class StepForm:
    """The questions of one step with their answers: those kept before, or just sent, or known without asking."""

    def __init__(self, step: Step, kept: Mapping[int, Answer], known: Mapping[str, str]) -> None:
        self.step = step
        self.fields = [_kept_field(question, kept.get(question.id), known) for question in step.questions]

    def take(self, form: MultiDict, files: MultiDict) -> None:
        """Take in what was sent; nothing but the step's own questions."""
        for field in self.fields:
            if field.question.kind is QuestionKind.FILE:
                _take_file(field, form, files.get(field.name))
            else:
                several = field.question.kind is QuestionKind.SEVERAL
                field.typed = tidy(form.getlist(field.name) if several else form.get(field.name, ""))
                field.error = refusal_to_keep(field.question, field.typed)

    @property
    def has_known(self) -> bool:
        return any(field.is_known for field in self.fields)

    @property
    def is_keepable(self) -> bool:
        return not any(field.error for field in self.fields)

    def to_keep(self) -> tuple[dict[Question, Typed], dict[Question, Upload], frozenset[Question]]:
        """Whatever can be kept, finished or not: texts, files, and the files to let go."""
        sound = [field for field in self.fields if not field.error]
        texts = {field.question: field.typed for field in sound if field.question.kind is not QuestionKind.FILE}
        uploads = {field.question: field.upload for field in sound if field.upload}
        return texts, uploads, frozenset(field.question for field in sound if field.removed)

    def check(self) -> bool:
        """Whether every answer will do; errors then stand beside the fields."""
        for field in self.fields:
            field.error = field.error or refusal_of_answer(field.question, field.typed)
        return self.is_keepable


def _kept_field(question: Question, answer: Answer | None, known: Mapping[str, str]) -> Field:
    typed = answer.typed if answer else prefilled(question, known)
    stored = str(typed) if answer and answer.document_id else ""
    return Field(question, typed, stored=stored, is_known=bool(typed) and answer is None)


def _take_file(field: Field, form: MultiDict, sent: FileStorage | None) -> None:
    if form.get(f"remove-{field.name}") and field.stored:
        field.removed, field.stored, field.typed = True, "", ""
    if sent is None or not sent.filename:
        return
    content, name = sent.stream.read(LARGEST + 1), safe_name(sent.filename)
    field.error = refusal_to_store(name, content)
    if not field.error:
        field.upload, field.stored, field.typed = Upload(name, content), name, name


class ReturnForm(Form):
    """Where the way back to a form is mailed."""

    email = address("Your email", "We mail you a link that leads back to this form. It works for 30 days.")

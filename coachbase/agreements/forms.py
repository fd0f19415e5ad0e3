"""Templates and drafts as typed, why one is withdrawn, and what people type on the signing page."""

from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from ..web.forms import Form, address, choices, long_text, one_line, short_text, strip, version_field
from .models import AgreementTemplate
from .rules import (
    CONSENT,
    LONGEST_BODY,
    LONGEST_MARK,
    LONGEST_REASON,
    LONGEST_STROKES,
    LONGEST_TITLE,
    MarkKind,
    refusal_of_body,
    tidy,
)

# What the staff types -------------------------------------------------------------------------------------------------


def _words(rows: int = 24) -> Field:
    return long_text(
        "Text",
        "An agreement needs a text.",
        longest=LONGEST_BODY,
        rows=rows,
        help="Markdown: # headings, **bold**, lists, tables. Fields stand in two braces, such as {{client_name}}.",
    )


class _WithText(Form):
    body = _words()

    def validate_body(self, field: StringField) -> None:
        if refusal := refusal_of_body(tidy(field.data)):
            raise ValidationError(refusal)


class NewTemplateForm(_WithText):
    name = short_text("Title", "What is the agreement called?", longest=LONGEST_TITLE, help="Signers read it.")


class TemplateForm(NewTemplateForm):
    version = version_field()


class TextForm(_WithText):
    """A draft for one client."""

    title = short_text("Title", "What is the agreement called?", longest=LONGEST_TITLE, help="Signers read it.")
    version = version_field()


class DraftForm(Form):
    """Which template a new agreement is made from."""

    template = SelectField("Template")

    def offer(self, templates: list[AgreementTemplate]) -> None:
        self.template.choices = choices((template.public_id, template.name) for template in templates)


class WithdrawForm(Form):
    reason = long_text(
        "Why",
        "Say why, in a few words.",
        longest=LONGEST_REASON,
        rows=2,
        help="For your records; signers do not see it.",
    )


# Signing --------------------------------------------------------------------------------------------------------------


def _sha256() -> HiddenField:
    """Of the document that stood on the page: what was read is what is signed."""
    return HiddenField(filters=[lambda text: strip(text)[:64]])


class ConsentForm(Form):
    """The consent, and the document it is for."""

    sha256 = _sha256()
    consent = BooleanField(CONSENT, [DataRequired("Tick this first: without it we may not take your signature.")])


class SignForm(Form):
    """Code and mark. Without JavaScript the mark is typed; `strokes` are filled by sign.js."""

    sha256 = _sha256()
    code = StringField(
        "The six-digit code from the mail",
        [
            InputRequired("Type the code from the mail."),
            Length(max=40, message="That is not the code: it has six digits."),
        ],
        filters=[strip],
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 12, "spellcheck": "false"},
    )
    kind = RadioField(
        "How would you like to sign?",
        choices=choices(((MarkKind.TYPED, "Type my name"), (MarkKind.DRAWN, "Draw my signature"))),
        default=MarkKind.TYPED,
    )
    typed = StringField(
        "Your full name, as your signature",
        [Length(max=LONGEST_MARK, message=f"At most {LONGEST_MARK} characters."), one_line],
        filters=[strip],
        render_kw={"autocomplete": "name", "maxlength": LONGEST_MARK},
    )
    strokes = HiddenField(
        validators=[Length(max=LONGEST_STROKES, message="That drawing is too large. Clear it and draw it once more.")]
    )

    @property
    def mark(self) -> tuple[MarkKind, str]:
        """The kind of mark and the mark itself, for the action."""
        kind = MarkKind(self.kind.data)
        return kind, (self.typed.data if kind is MarkKind.TYPED else self.strokes.data) or ""


class DeclineForm(Form):
    """Why not."""

    reason = long_text(
        "What keeps you from signing?",
        "Say in a few words why, so that we can mend it.",
        longest=LONGEST_REASON,
        help="The coach and the assistant who keeps the desk read this; nobody else.",
    )


class HandOverForm(Form):
    """Who signs instead."""

    name = short_text("Their name", "Type the name of who signs instead.", autocomplete="off")
    email = address("Their email address")

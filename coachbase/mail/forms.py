"""The mail server and the texts as typed."""

from typing import Any

from wtforms import PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from ..web.forms import Form, WholeNumberField, address, choices, long_text, one_line, short_text, version_field
from .rules import LONGEST_BODY, LONGEST_SUBJECT, Kind, Security, refusal_of_body, refusal_of_subject, tidy

SECURITIES = [
    (Security.STARTTLS.value, "STARTTLS (port 587)"),
    (Security.TLS.value, "TLS (port 465)"),
    (Security.NONE.value, "None (same machine)"),
]


class ServerForm(Form):
    """Where mail is handed over. The password is never shown again."""

    host = short_text("Server", "What is the mail server called?", longest=253, example="smtp.example.com")
    port = WholeNumberField(
        "Port", [InputRequired("Which port?"), NumberRange(1, 65535, "A port is a number from 1 to 65535.")]
    )
    security = SelectField("Encryption", choices=choices(SECURITIES))
    username = short_text("User name", longest=254, help="Leave empty when the server asks for none.")
    password = PasswordField(
        "Password",
        [Optional(), one_line],
        description="Stored encrypted. Leave empty to keep the one there is.",
        render_kw={"autocomplete": "new-password", "maxlength": 500},
    )
    from_name = short_text("Sender’s name", "Whom shall mail come from?", help="Readers see it beside the subject.")
    from_address = address("Sender’s address", "The server must allow you to send from it.")
    version = version_field()

    def validate_host(self, field: StringField) -> None:
        if any(sign.isspace() or sign in "/@" for sign in field.data):
            raise ValidationError("Type the server’s name alone, such as smtp.example.com.")


class TestForm(Form):
    to = address("Send a test to", required=True)


class TextForm(Form):
    """One message's words; fields that do not exist are refused by their name."""

    subject = short_text("Subject", "A mail needs a subject.", longest=LONGEST_SUBJECT)
    body = long_text(
        "Text",
        "A mail needs a text.",
        longest=LONGEST_BODY,
        rows=14,
        help="Markdown: **bold**, lists, [words](https://…).",
    )
    version = version_field()

    def __init__(self, *args: Any, kind: Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind

    def validate_subject(self, field: StringField) -> None:
        _refuse(refusal_of_subject(self.kind, tidy(field.data)))

    def validate_body(self, field: TextAreaField) -> None:
        _refuse(refusal_of_body(self.kind, tidy(field.data)))


def _refuse(sentence: str | None) -> None:
    if sentence:
        raise ValidationError(sentence)

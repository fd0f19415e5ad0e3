"""An answer to an invitation, pasted; where answers are fetched; what a coach's calendar by address tells."""

from typing import Any

from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from ..mail.rules import Security
from ..web.forms import Form, WholeNumberField, choices, long_text, one_line, short_text, version_field
from .rules import FEED_LABELS, LONGEST_REPLY


class ReplyForm(Form):
    content = long_text(
        "The answer",
        "Paste the answer first.",
        longest=LONGEST_REPLY,
        rows=12,
        help="The whole mail as your mail program shows its source, or the calendar file (.ics) that came with it.",
    )


class FeedForm(Form):
    coach = short_text("Coach", "Whose calendar?", longest=26)
    kind = SelectField("It tells", choices=choices(FEED_LABELS.items()))


SECURITIES = [
    (Security.TLS.value, "TLS (port 993)"),
    (Security.STARTTLS.value, "STARTTLS (port 143)"),
    (Security.NONE.value, "None (same machine)"),
]


class BoxForm(Form):
    """A mailbox to fetch answers from. The password is never shown again."""

    host = short_text("Server", "What is the mail server called?", longest=253, example="imap.example.com")
    port = WholeNumberField(
        "Port", [InputRequired("Which port?"), NumberRange(1, 65535, "A port is a number from 1 to 65535.")]
    )
    security = SelectField("Encryption", choices=choices(SECURITIES))
    username = short_text("User name", "Who signs in there?", longest=254)
    password = PasswordField(
        "Password",
        [Optional(), one_line],
        description="Stored encrypted. Leave empty to keep the one there is.",
        render_kw={"autocomplete": "new-password", "maxlength": 500},
    )
    folder = short_text("Folder", longest=120, help="INBOX, or where a rule of yours puts answers.", example="INBOX")
    version = version_field()

    def validate_host(self, field: StringField) -> None:
        if any(sign.isspace() or sign in "/@" for sign in field.data):
            raise ValidationError("Type the server’s name alone, such as imap.example.com.")

    def _ascii(self, field: Any) -> None:
        if not (field.data or "").isascii():
            raise ValidationError("Mail servers take plain letters, digits and signs here.")

    validate_username = validate_password = validate_folder = _ascii

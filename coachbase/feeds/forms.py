"""A calendar to be read, as typed."""

from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import Optional, ValidationError

from ..web.forms import Form, choices, one_line, short_text, version_field
from .rules import KIND_LABELS, refusal_of_address


class FeedForm(Form):
    """A new calendar."""

    name = short_text("Name", "What do you call it?", longest=60, example="Private", help="Shown instead of titles.")
    kind = SelectField("What it is", choices=choices((kind.value, label) for kind, label in KIND_LABELS.items()))
    address = short_text(
        "Address",
        "Paste the calendar’s address.",
        longest=2000,
        help="Google: “secret address in iCal format”. Outlook: “publish a calendar”, the ICS link. Stored encrypted.",
        autocomplete="off",
    )
    username = short_text("User name", longest=254, help="For CalDAV. Leave empty when there is none.")
    password = PasswordField(
        "Password",
        [Optional(), one_line],
        description="Best one made for this program alone. Stored encrypted.",
        render_kw={"autocomplete": "new-password", "maxlength": 500},
    )

    def validate_address(self, field: StringField) -> None:
        if field.data and (sentence := refusal_of_address(field.data)):
            raise ValidationError(sentence)


class ChangedFeedForm(FeedForm):
    """One that is there; its address and password are not shown again."""

    address = short_text("New address", longest=2000, help="Leave empty to keep the one there is.", autocomplete="off")
    version = version_field()

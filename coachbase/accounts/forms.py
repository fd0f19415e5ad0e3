"""What people type to come in, and what the owner types about the team."""

from collections.abc import Iterable

from wtforms import EmailField, PasswordField, SelectField
from wtforms.validators import InputRequired, ValidationError

from ..firm.forms import logo_field
from ..firm.rules import CURRENCIES
from ..web.forms import Form, address, choices, short_text, tick_boxes, zone_field
from .models import User
from .rules import LONGEST_PASSWORD, Role, refusal_of_password

ROLES = [
    (Role.COACH.value, "Coach: sees their own clients"),
    (Role.ASSISTANT.value, "Assistant: runs the desk of the coaches she serves"),
    (Role.OWNER.value, "Owner: sees everything but private notes"),
]


def new_password(label: str = "Password") -> PasswordField:
    return PasswordField(
        label,
        [InputRequired("Choose a password.")],
        description="At least 10 characters; a short sentence works well.",
        render_kw={"autocomplete": "new-password", "maxlength": LONGEST_PASSWORD},
    )


class SetUpForm(Form):
    firm_name = short_text("Firm", "What is the firm called?", example="Northbank Coaching")
    zone = zone_field("Time zone", "Where most of the work happens.")
    currency = SelectField("Currency", choices=choices((code, code) for code in CURRENCIES))
    logo = logo_field()
    owner_name = short_text("Your name", "What is your name?")
    owner_email = address("Your email", "You sign in with it.")
    password = new_password()

    def validate_password(self, field: PasswordField) -> None:
        _check_password(field.data, self.owner_name.data or "", self.owner_email.data or "")


class SignInForm(Form):
    email = EmailField("Email", [InputRequired("Type your email address.")], render_kw={"autocomplete": "username"})
    password = PasswordField(
        "Password", [InputRequired("Type your password.")], render_kw={"autocomplete": "current-password"}
    )


class AskResetForm(Form):
    email = address("Email", "We mail a link that works for one hour.")


class ChoosePasswordForm(Form):
    password = new_password("New password")

    def __init__(self, *args: object, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def validate_password(self, field: PasswordField) -> None:
        _check_password(field.data, self.user.name, self.user.email)


class ChangePasswordForm(ChoosePasswordForm):
    current_password = PasswordField(
        "Current password",
        [InputRequired("Type your current password.")],
        render_kw={"autocomplete": "current-password"},
    )


class ProfileForm(Form):
    name = short_text("Name", "What is your name?")
    zone = zone_field("Time zone", "Times are shown in it.")
    theme = SelectField("Colours", choices=choices([("auto", "As the system"), ("light", "Light"), ("dark", "Dark")]))


class MemberForm(Form):
    """A member of the team; `colleagues` offers the coaches for an assistant, the assistants for a coach."""

    name = short_text("Name", "What is the name?")
    role = SelectField("Role", choices=choices(ROLES))
    colleagues = tick_boxes(
        "Works with", help="An assistant serves these coaches; a coach is served by these assistants."
    )

    def offer(self, team: Iterable[User]) -> None:
        self.colleagues.choices = choices((user.public_id, f"{user.name}, {user.role}") for user in team)

    def chosen(self, team: Iterable[User]) -> list[User]:
        return [user for user in team if user.public_id in (self.colleagues.data or [])]


class InviteForm(MemberForm):
    email = address("Email", "The invitation goes there.")


def _check_password(password: str, name: str, email: str) -> None:
    if refusal := refusal_of_password(password, name=name, email=email):
        raise ValidationError(refusal)

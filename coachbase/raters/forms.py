"""A list of raters as it is pasted or dropped, one of them to be changed, and what a coachee types on her page."""

from collections.abc import Iterable, Mapping, Sequence

from wtforms import BooleanField, SelectField
from wtforms.validators import InputRequired

from ..credentials.forms import ListForm
from ..credentials.rules import Code
from ..instruments.models import InstrumentGroup
from ..web.forms import Form, address, choices, short_text, version_field, zone_field
from .models import Rater
from .rules import LONGEST_MAIL, LONGEST_NAME, MOST, Person


class AddForm(ListForm):
    """Names, addresses and groups: pasted, or in a file."""

    group = SelectField("Group where a line names none", default="")

    def offer(self, groups: Iterable[InstrumentGroup]) -> None:
        self.group.choices = choices([("", "Each line names its group"), *((each.name, each.name) for each in groups)])


class RaterForm(Form):
    """One rater."""

    name = short_text("Name", "What is the rater’s name?", longest=LONGEST_NAME, autocomplete="off")
    email = address("Email")
    group = SelectField("Group", [InputRequired("Say in which group they answer.")])
    zone = zone_field("Time zone", "When they are reminded. Not known: the client’s.", required=False)
    version = version_field()

    def offer(self, groups: Iterable[InstrumentGroup]) -> None:
        self.group.choices = choices((each.name, each.name) for each in groups)

    @property
    def person(self) -> Person:
        return Person(self.name.data, self.email.data, self.group.data, self.zone.data)


class WithdrawForm(Form):
    """Somebody is asked no more."""

    is_unused = BooleanField(
        "The way in was not used: put it back into stock",
        description="Whoever was mailed it may still have it. Look at the vendor’s portal first.",
    )


def typed_codes(raters: Sequence[Rater], sent: Mapping[str, str]) -> dict[int, Code]:
    """What was typed as somebody's way in, `secret-<id>` and `login-<id>`; left empty, it comes out of the stock."""
    found = {}
    for rater in raters:
        secret = sent.get(f"secret-{rater.public_id}", "").strip()
        if secret:
            found[rater.id] = Code(secret, sent.get(f"login-{rater.public_id}", "").strip())
    return found


def named_people(groups: Iterable[InstrumentGroup], sent: Mapping[str, str]) -> list[Person]:
    """Whom the coachee typed, `name-<group>-<row>` and `email-<group>-<row>`; rows left empty are nobody."""
    found = []
    for group in groups:
        for row in range(min(group.most, MOST) + 1):
            name, email = (_typed(sent, f"{what}-{group.public_id}-{row}") for what in ("name", "email"))
            if name or email:
                found.append(Person(name, email, group.name))
    return found


def _typed(sent: Mapping[str, str], key: str) -> str:
    return " ".join(sent.get(key, "")[: LONGEST_MAIL + LONGEST_NAME].split())

"""What staff type about an assessment: the instrument, the day it is due, the way in, why it is cancelled."""

from collections.abc import Iterable
from datetime import date

from werkzeug.datastructures import MultiDict
from wtforms import Field, SelectField
from wtforms.validators import InputRequired, ValidationError

from ..credentials.rules import LONGEST_LOGIN, LONGEST_SECRET, Code, is_past
from ..engagements.forms import day_field
from ..instruments.models import Battery, Instrument
from ..web.forms import Form, choices, short_text, version_field
from .rules import STAGES, STATE_LABELS, State

LONGEST_REASON = 300


class WayInForm(Form):
    """A way in that somebody got from the vendor."""

    secret = short_text(
        "Code, personal link or password", longest=LONGEST_SECRET, autocomplete="off", spellcheck="false"
    )
    login = short_text("User ID", longest=LONGEST_LOGIN, help="Where there is one.", autocomplete="off")
    expires_on = day_field("Expires on", "Empty: it does not.", required=False)

    def __init__(self, *args: object, today: date, **kwargs: object) -> None:
        self.today = today
        super().__init__(*args, **kwargs)

    def validate_expires_on(self, field: Field) -> None:
        if is_past(field.data, self.today):
            raise ValidationError("It has expired already. Ask the vendor for another one.")

    def validate_login(self, field: Field) -> None:
        if field.data and not self.secret.data:
            raise ValidationError("Type what belongs to it as well: the code, the link or the password.")

    def typed(self) -> Code | None:
        """None when nothing was typed."""
        return self.code() if self.secret.data else None

    def code(self) -> Code:
        return Code(self.secret.data, self.login.data or "", self.expires_on.data)


class NewForm(WayInForm):
    """An assessment set up by hand."""

    instrument = SelectField("Instrument", [InputRequired("Choose an instrument.")])
    due_on = day_field("Report needed by", "Empty: no particular day.", required=False)

    def offer(self, instruments: Iterable[Instrument]) -> None:
        self._instruments = {row.public_id: row for row in instruments}
        self.instrument.choices = choices((key, row.name) for key, row in self._instruments.items())

    def chosen(self) -> Instrument:
        return self._instruments[self.instrument.data]


class CodeForm(WayInForm):
    """The way in for an assessment that is set up."""

    version = version_field()
    secret = short_text(
        "Code, personal link or password",
        "Type what the vendor gave you.",
        longest=LONGEST_SECRET,
        autocomplete="off",
        spellcheck="false",
    )


class BatteryForm(Form):
    """Which battery is set up for the program."""

    battery = SelectField("Battery", [InputRequired("Choose a battery.")])

    def offer(self, batteries: Iterable[Battery]) -> None:
        self._batteries = {row.public_id: row for row in batteries}
        self.battery.choices = choices((key, row.name) for key, row in self._batteries.items())

    def chosen(self) -> Battery:
        return self._batteries[self.battery.data]


class DueForm(Form):
    due_on = day_field("Report needed by", "Empty: no particular day.", required=False)
    version = version_field()


class CancelForm(Form):
    reason = short_text("Why?", "Say why.", longest=LONGEST_REASON, autocomplete="off")
    version = version_field()


class MarkForm(Form):
    """How far it is; there is nothing to type."""

    to = SelectField("State", choices=choices((state, STATE_LABELS[state]) for state in STAGES))
    version = version_field()

    @property
    def state(self) -> State:
        return State(self.to.data)


def ids_in(args: MultiDict[str, str]) -> list[str]:
    """The public ids in an address, `?ids=a&ids=b` or `?ids=a,b`, each once."""
    return list(dict.fromkeys(each for part in args.getlist("ids") for each in part.split(",") if each))


def versions_seen(seen: Iterable[str]) -> dict[str, int]:
    """What was looked at before it is sent: 'id:version' each; what is garbled was not looked at."""
    pairs = (each.partition(":")[::2] for each in seen)
    return {key: int(text) for key, text in pairs if text.isascii() and text.isdigit() and len(text) < 10}

"""A cohort, its series, who is to come, and who was there."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from werkzeug.datastructures import MultiDict
from wtforms import Field, SelectField, TimeField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from ..accounts.models import User
from ..availability.rules import PLACE_LABELS
from ..clients.models import Client
from ..engagements.forms import day_field
from ..engagements.rules import CADENCE_LABELS, Cadence
from ..files.forms import files_field
from ..scheduling.forms import moment_named, refusal_of_clock
from ..scheduling.rules import LONGEST, SHORTEST
from ..web.forms import Form, WholeNumberField, choices, long_text, short_text, tick_boxes, version_field
from .rules import CADENCES, MOST_MEETINGS, MOST_SEATS, Planned, Tick, series

LONGEST_TOPIC = 160
MOST_TICKS = MOST_SEATS * 2 * MOST_MEETINGS


def _number(label: str, least: int, most: int, default: int) -> WholeNumberField:
    return WholeNumberField(
        label,
        [InputRequired("Type a number."), NumberRange(least, most, f"A number from {least} to {most}.")],
        default=default,
        render_kw={"min": least, "max": most, "inputmode": "numeric"},
    )


class CohortForm(Form):
    """Fields carry the names of the row's attributes, so that two versions can be shown."""

    name = short_text("Name", "What is the cohort called?", help="Members read it in their invitations.")
    seats = _number("Seats", 1, MOST_SEATS, 8)
    minutes = _number("Minutes of a session", SHORTEST, LONGEST, 90)
    place_kind_name = SelectField("Sessions take place by", choices=choices(PLACE_LABELS.items()))
    place = short_text(
        "Link, number or room", longest=500, autocomplete="off", help="Nothing for the coach’s usual place."
    )


class ChangeCohortForm(CohortForm):
    version = version_field()


class NewCohortForm(CohortForm):
    coach = SelectField("Coach")

    def offer(self, coaches: Iterable[User]) -> None:
        self.coach.choices = choices((coach.public_id, coach.name) for coach in coaches)


class SeatForm(Form):
    clients = tick_boxes("Who gets a seat")

    def offer(self, clients: Iterable[Client]) -> None:
        self.clients.choices = choices((client.public_id, client.name) for client in clients)

    def validate_clients(self, field: Field) -> None:
        if not field.data:
            raise ValidationError("Choose clients of this coach who have no seat yet.")


class SeriesForm(Form):
    """The dates of a series, in the address: looking at them changes nothing."""

    first = day_field("First session on")
    at = TimeField("at", [InputRequired("At what time?")], render_kw={"step": 300})
    count = _number("How many", 1, MOST_MEETINGS, 6)
    cadence = SelectField(
        "How often",
        choices=choices((each.value, CADENCE_LABELS[each]) for each in CADENCES),
        default=Cadence.BIWEEKLY.value,
    )
    topics = long_text(
        "Topics", longest=MOST_MEETINGS * LONGEST_TOPIC, help="One a line, in the order of the sessions."
    )

    def validate_topics(self, field: Field) -> None:
        if any(len(topic) > LONGEST_TOPIC for topic in self.lines):
            raise ValidationError(f"A topic has at most {LONGEST_TOPIC} characters.")

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in (self.topics.data or "").split("\n")]

    def planned(self, zone: str) -> list[Planned]:
        wall = 60 * self.at.data.hour + self.at.data.minute
        return series(self.first.data, wall, zone, self.count.data, Cadence(self.cadence.data))


class BookForm(Form):
    """The dates that were ticked, and why they are right although a rule says no."""

    topics = long_text("Topics", longest=MOST_MEETINGS * LONGEST_TOPIC)
    despite = short_text(
        "Why nevertheless", longest=300, help="For dates outside of the coach’s hours.", autocomplete="off"
    )


def moments_ticked(sent: MultiDict[str, str], zone: str) -> list[datetime]:
    """The moments that were ticked; what is no moment is none."""
    found = (moment_named(text, zone) for text in sent.getlist("start")[: MOST_MEETINGS + 1])
    return sorted({moment for moment in found if moment is not None})


class TimesForm(Form):
    """Where times that suit most are looked for, in the address."""

    first = day_field("From")
    days = SelectField("In the next", coerce=int, choices=choices((days, f"{days} days") for days in (7, 14, 28)))


class TopicForm(Form):
    topic = short_text("Topic", longest=LONGEST_TOPIC, autocomplete="off")
    version = version_field()


class MakeUpForm(Form):
    """When, on the coach's clock, and who of those who missed it."""

    day = day_field("Day")
    at = TimeField("at", [InputRequired("At what time?")], render_kw={"step": 300})
    members = tick_boxes("Who is to come")
    despite = short_text("Why nevertheless", longest=300, help="Outside of the coach’s hours only.", autocomplete="off")

    def offer(self, clients: Sequence[Client], zone: str) -> None:
        self.zone = zone
        self.members.choices = choices((client.public_id, client.name) for client in clients)

    def validate_at(self, field: Field) -> None:
        if self.day.data and field.data and (refusal := refusal_of_clock(self.day.data, field.data, self.zone)):
            raise ValidationError(refusal)

    def validate_members(self, field: Field) -> None:
        if not field.data:
            raise ValidationError("Choose who is to come.")


class MaterialForm(Form):
    files = files_field("Documents")

    def validate_files(self, field: Field) -> None:
        if not field.data:
            raise ValidationError("Choose a file first.")


def ticks_sent(sent: MultiDict[str, str]) -> dict[str, Tick]:
    """Of each invitation that stood on the page, whether it was ticked when it was shown, and whether it is now."""
    shown, seen = sent.getlist("shown")[:MOST_TICKS], set(sent.getlist("seen")[:MOST_TICKS])
    now = set(sent.getlist("there")[:MOST_TICKS])
    return {key: Tick(key in seen, key in now) for key in shown}

"""What is asked for a cadence, an absence, a start that slips, and one line of a proposal."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import Field, RadioField, SelectField, StringField, TimeField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from ..accounts.models import User
from ..availability.rules import SESSION_LABELS, SessionKind, instant, minute_of, moment_of
from ..engagements.forms import day_field
from ..engagements.models import Engagement
from ..engagements.rules import Cadence
from ..scheduling.rules import LONGEST, SHORTEST
from ..web.forms import Form, WholeNumberField, choices, short_text, version_field
from .models import Proposal, ProposedSession
from .rules import (
    CADENCES,
    CLOSED_LABELS,
    FURTHEST_AHEAD,
    MOST_SESSIONS,
    ClosedDays,
    Wish,
    cadence_days,
    local_day,
    refusal_of_absence,
    refusal_of_slip,
)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CADENCE_WORDS = {
    Cadence.WEEKLY: "every week",
    Cadence.BIWEEKLY: "every other week",
    Cadence.MONTHLY: "every month, on the same weekday of it",
}
KINDS = (SessionKind.COACHING, SessionKind.DEBRIEF)
LONGEST_REASON = 200


class ClockField(TimeField):
    """A time on a wall clock."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([value[:8] for value in valuelist])
        except ValueError:
            raise ValueError("A time looks like 9:00.") from None


class CadenceForm(Form):
    """So many sessions, every so often, at a time on the coach's clock."""

    count = WholeNumberField(
        "How many sessions",
        [InputRequired("How many?"), NumberRange(1, MOST_SESSIONS, f"A number from 1 to {MOST_SESSIONS}.")],
        render_kw={"min": 1, "max": MOST_SESSIONS, "inputmode": "numeric"},
    )
    kind = SelectField("What", choices=choices((kind, SESSION_LABELS[kind]) for kind in KINDS))
    cadence = SelectField("How often", choices=choices((each, CADENCE_WORDS[each]) for each in CADENCES))
    weekday = SelectField("On", coerce=int, choices=choices(enumerate(WEEKDAYS)))
    at = ClockField("At", [InputRequired("Choose a time.")], format=["%H:%M", "%H:%M:%S"])
    first = day_field("From", help="The first one is on this day, or on the first such weekday after it.")
    minutes = WholeNumberField(
        "Minutes",
        [InputRequired("How long?"), NumberRange(SHORTEST, LONGEST, f"From {SHORTEST} to {LONGEST} minutes.")],
        render_kw={"min": SHORTEST, "max": LONGEST, "inputmode": "numeric"},
    )
    closed_days = RadioField("On holidays and closed days", choices=choices(CLOSED_LABELS.items()))

    def __init__(self, *args: Any, today: date, left: int | None, **options: Any) -> None:
        """`left` is how many sessions the program has left; None where they are not counted."""
        self.today, self.left = today, left
        super().__init__(*args, **options)

    def validate_count(self, field: Field) -> None:
        if self.left is not None and field.data and field.data > self.left:
            left = f"are {self.left}" if self.left > 1 else "is one"
            raise ValidationError(f"More than the program has: there {left} left to book.")

    def validate_first(self, field: Field) -> None:
        if field.data and not self.today <= field.data <= self.today + FURTHEST_AHEAD:
            raise ValidationError("Choose a day from today on, within two years.")

    def wish(self) -> Wish:
        return Wish(
            first=self.first.data,
            weekday=self.weekday.data,
            wall=60 * self.at.data.hour + self.at.data.minute,
            cadence=Cadence(self.cadence.data),
            count=self.count.data,
            kind=SessionKind(self.kind.data),
            minutes=self.minutes.data,
            closed_days=ClosedDays(self.closed_days.data),
        )


def as_usual(engagement: Engagement, left: int | None, last: datetime | None, today: date) -> dict[str, Any]:
    """What the form of a cadence begins with: what the program has left, in its own cadence after the `last` one."""
    cadence = engagement.cadence if engagement.cadence in CADENCES else Cadence.BIWEEKLY
    first, at = engagement.kickoff_on or engagement.starts_on, time(10)
    if last:
        at, day = last.time(), last.date()
        _, first = islice(cadence_days(day, day.weekday(), cadence), 2)
    weekday = first.weekday()
    return {
        "count": min(max(left or 1, 1), MOST_SESSIONS),
        "cadence": cadence,
        "weekday": weekday if weekday < 5 else 0,
        "at": at,
        "first": max(today + timedelta(days=1), first),
        "kind": SessionKind.COACHING,
        "minutes": engagement.session_minutes,
        "closed_days": ClosedDays.NEAREST,
    }


class AbsenceForm(Form):
    """A coach is away for some days."""

    coach = SelectField("Coach")
    first = day_field("First day away")
    last = day_field("Last day away")
    reason = short_text(
        "Reason",
        "Say why.",
        longest=LONGEST_REASON,
        help="Stays with each session, for the desk and the coach; the mails do not tell it.",
        autocomplete="off",
    )

    def __init__(self, *args: Any, coaches: Iterable[User], today: date, **options: Any) -> None:
        self.coaches = {coach.public_id: coach for coach in coaches}
        self.today = today
        super().__init__(*args, **options)
        self.coach.choices = choices((public_id, coach.name) for public_id, coach in self.coaches.items())

    def validate_last(self, field: Field) -> None:
        if self.first.data and field.data and (refusal := refusal_of_absence(self.first.data, field.data, self.today)):
            raise ValidationError(refusal)

    @property
    def who(self) -> User:
        return self.coaches[self.coach.data]


class SlipForm(Form):
    """A program begins on another day, and all that is booked in it moves along."""

    starts_on = day_field("New first day")
    reason = short_text("Reason", "Say why.", longest=LONGEST_REASON, autocomplete="off")

    def __init__(self, *args: Any, engagement: Engagement, **options: Any) -> None:
        self.engagement = engagement
        super().__init__(*args, **options)

    def validate_starts_on(self, field: Field) -> None:
        if field.data and (refusal := refusal_of_slip(self.engagement.starts_on, field.data)):
            raise ValidationError(refusal)


OTHER = "other"


class LineForm(Form):
    """Another time for one line: one of those offered, or a day and a time on the coach's clock."""

    start = StringField()
    on = day_field("Day", required=False)
    at = ClockField("Time", [Optional()], format=["%H:%M", "%H:%M:%S"])
    version = version_field()

    zone = "UTC"
    chosen: datetime
    was: datetime

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.on.flags.optional = self.at.flags.optional = False  # they are asked for together with another time

    @classmethod
    def about(cls, line: ProposedSession, proposal: Proposal, data: Any = None) -> "LineForm":
        local = (line.after or line.before).astimezone(ZoneInfo(proposal.coach.zone))
        shown = {"on": local.date(), "at": local.time(), "version": proposal.version}
        form = cls(data) if data is not None else cls(data=shown)
        form.zone, form.was = proposal.coach.zone, local
        return form

    @property
    def is_typed(self) -> bool:
        """Whether another day or time was typed, and none of those offered chosen instead: then that is meant."""
        is_as_shown = (self.on.data, self.at.data) == (self.was.date(), self.was.time())
        is_unchosen = not self.start.data or self.start.data == str(minute_of(self.was))
        return self.start.data == OTHER or (is_unchosen and not is_as_shown and bool(self.on.data and self.at.data))

    def validate_start(self, field: Field) -> None:
        if self.is_typed:
            if self.on.data is None or self.at.data is None:
                raise ValidationError("Say the day and the time.")
            wall = 60 * self.at.data.hour + self.at.data.minute
            self.chosen = moment_of(instant(self.on.data, wall, self.zone))
            if local_day(minute_of(self.chosen), self.zone) != self.on.data:
                raise ValidationError("The clock does not show this time on that day.")
            return
        text = field.data or ""
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise ValidationError("Choose a time.")
        self.chosen = moment_of(int(text)).astimezone(UTC)


class VersionForm(Form):
    """Which version of a proposal one looks at."""

    version = version_field()

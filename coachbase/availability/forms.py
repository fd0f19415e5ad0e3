"""The week as rows of times, the terms of booking, and the days that differ."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from wtforms import Field, RadioField, SelectField, StringField
from wtforms.utils import unset_value
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from ..engagements.forms import day_field
from ..web.forms import Form, WholeNumberField, choices, short_text, strip, version_field, zone_field
from .models import KindTerms
from .rules import (
    DAY,
    KIND_TERMS,
    MOST_HOURS,
    PLACE_LABELS,
    SESSION_LABELS,
    WEEKDAYS,
    SessionKind,
    Special,
    Travel,
    Wall,
    refusal_of_days,
    refusal_of_hours,
    week_from_words,
    week_in_words,
)

LONGEST_WEEK = 10_000


def minute_from(text: str, *, is_end: bool = False) -> int | None:
    """What a time field holds as minutes from midnight; None for what is no time. Midnight as an end is 24:00."""
    hours, colon, minutes = text.strip().partition(":")
    if not (colon and hours.isascii() and hours.isdigit() and len(hours) <= 2 and len(minutes) == 2):
        return None
    if not (minutes.isascii() and minutes.isdigit() and int(minutes) < 60):
        return None
    minute = 60 * int(hours) + int(minutes)
    return DAY if is_end and minute == 0 else minute


def time_of(minute: int) -> str:
    """As a time field wants it; the end of the day is its midnight."""
    return f"{minute % DAY // 60:02d}:{minute % 60:02d}"


@dataclass
class Row:
    """A line of times as typed. `key` tells the ticks of one line from those of another."""

    key: str
    begins: str = ""
    ends: str = ""
    kinds: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.begins.strip() or self.ends.strip())

    @property
    def wall(self) -> Wall | None:
        begins, ends = minute_from(self.begins), minute_from(self.ends, is_end=True)
        kinds = tuple(kind for kind in SessionKind if kind in self.kinds)
        return None if begins is None or ends is None else Wall(begins, ends, kinds)


@dataclass
class Day:
    """A weekday's lines, and what is wrong with them."""

    name: str
    rows: list[Row] = field(default_factory=list)
    error: str = ""

    @property
    def walls(self) -> list[Wall]:
        return [wall for row in self.rows if not row.is_empty and (wall := row.wall)]

    def check(self) -> None:
        if len(self.rows) > MOST_HOURS:
            self.error = f"At most {MOST_HOURS} open times a day."
        elif any(row.wall is None for row in self.rows if not row.is_empty):
            self.error = "A time looks like 9:00."
        else:
            self.error = refusal_of_hours(self.walls) or ""


class WeekField(Field):
    """Seven days of rows; `data` is the week in words, as a page of two versions shows it and sends it back."""

    days: list[Day]

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        self.process_errors: list[str] = []
        self.days = [Day(name) for name in WEEKDAYS]
        if formdata and self.name in formdata:
            self._take_words(formdata[self.name])
        elif formdata:
            self._take_rows(formdata)
        elif data is not unset_value:
            self._lay_out(data)

    def _take_words(self, words: str) -> None:
        try:
            self._lay_out(week_from_words(words.replace("\r\n", "\n").strip()[:LONGEST_WEEK]))
        except ValueError:
            self.process_errors = ["The form is incomplete. Open it again."]

    def _lay_out(self, week: Sequence[Sequence[Wall]]) -> None:
        for day, walls in zip(self.days, week, strict=True):
            day.rows = [
                Row(str(number), time_of(wall.begins), time_of(wall.ends), wall.kinds)
                for number, wall in enumerate(walls)
            ]

    def _take_rows(self, formdata: Any) -> None:
        for number, day in enumerate(self.days):
            lines = zip(*(formdata.getlist(f"{name}-{number}") for name in ("row", "begins", "ends")), strict=False)
            day.rows = [
                Row(key[:8], begins[:8], ends[:8], formdata.getlist(f"kinds-{number}-{key[:8]}")[: len(SessionKind)])
                for key, begins, ends in list(lines)[: MOST_HOURS + 1]
            ]

    @property
    def week(self) -> list[list[Wall]]:
        return [day.walls for day in self.days]

    @property
    def data(self) -> str:
        return week_in_words(self.week)

    @data.setter
    def data(self, _: object) -> None:
        """WTForms sets what `process` has laid out already."""

    def pre_validate(self, form: Any) -> None:
        for day in self.days:
            day.check()
        wrong = [day.name for day in self.days if day.error]
        if wrong:
            raise ValidationError(f"Look at {', '.join(wrong)}.")

    def press(self, act: str) -> bool:
        """Do what a button beside the rows says: 'add-0', 'drop-0-2', 'copy'. False when it is none of these."""
        verb, _, rest = act.partition("-")
        number, _, key = rest.partition("-")
        if verb == "copy":
            for day in self.days[1:5]:
                day.rows = [replace(row) for row in self.days[0].rows]
            return True
        if verb not in ("add", "drop") or number not in "0123456" or len(number) != 1:
            return False
        day = self.days[int(number)]
        day.rows = [row for row in day.rows if verb == "add" or row.key != key]
        if verb == "add" and len(day.rows) < MOST_HOURS:
            day.rows.append(Row(_free_key(day.rows)))
        return True


def _free_key(rows: Sequence[Row]) -> str:
    taken = {row.key for row in rows}
    return next(str(number) for number in range(len(rows) + 1) if str(number) not in taken)


class WeekForm(Form):
    week = WeekField("Hours")
    version = version_field()


def _number(label: str, most: int, unit: str, help: str = "", *, least: int = 0) -> WholeNumberField:
    return WholeNumberField(
        f"{label}, in {unit}" if unit else label,
        [InputRequired("Type a number."), NumberRange(least, most, f"A number from {least} to {most}.")],
        description=help,
        render_kw={"min": least, "max": most, "inputmode": "numeric"},
    )


class TermsForm(Form):
    """The terms. Fields carry the names of the row's attributes, so that two versions can be shown."""

    place_kind_name = SelectField("Sessions take place by", choices=choices(PLACE_LABELS.items()))
    place = short_text(
        "Link, number or room",
        longest=500,
        autocomplete="off",
        help="Where sessions are, unless a program or a session says otherwise. Without it nothing can be booked.",
    )
    before_minutes = _number("Free time before", 240, "minutes")
    after_minutes = _number("Free time after", 240, "minutes")
    notice_hours = _number("Shortest notice", 24 * 60, "hours", "Clients cannot book anything sooner.")
    horizon_days = _number("Furthest ahead", 730, "days", "Nor anything later.", least=1)
    increment = SelectField(
        "Sessions begin every",
        coerce=int,
        choices=choices((minutes, f"{minutes} minutes") for minutes in (5, 10, 15, 20, 30, 60)),
        description="Counted from midnight.",
    )
    daily_most = _number("Most sessions a day", 24, "", "0 for no limit.")
    weekly_most = _number("Most sessions a week", 100, "", "0 for no limit.")
    version = version_field()


KIND_LIMITS = {
    "minutes": ("length in minutes", 10, 480),
    "before_minutes": ("free minutes before", 0, 240),
    "after_minutes": ("free minutes after", 0, 240),
    "notice_hours": ("hours of notice", 0, 24 * 60),
    "daily_most": ("most a day", 0, 24),
}


def _own_number(kind: SessionKind, name: str) -> WholeNumberField:
    label, least, most = KIND_LIMITS[name]
    return WholeNumberField(
        f"{SESSION_LABELS[kind]}: {label}",
        [Optional(), NumberRange(least, most, f"A number from {least} to {most}, or nothing.")],
        render_kw={"min": least, "max": most, "inputmode": "numeric"},
    )


class _KindsForm(Form):
    version = version_field()

    @property
    def terms(self) -> dict[SessionKind, dict[str, int | None]]:
        return {kind: {name: self[f"{kind}_{name}"].data for name in KIND_TERMS} for kind in SessionKind}


KindsForm = type(
    "KindsForm",
    (_KindsForm,),
    {f"{kind}_{name}": _own_number(kind, name) for kind in SessionKind for name in KIND_TERMS},
)
"""A field for each kind of session and what may be different for it: `coaching_minutes`."""


def kinds_as_saved(rows: Sequence[KindTerms]) -> dict[str, int | None]:
    """Values of the fields of a KindsForm."""
    saved = {row.kind_name: row for row in rows}
    return {
        f"{kind}_{name}": getattr(saved[kind], name) if kind in saved else None
        for kind in SessionKind
        for name in KIND_TERMS
    }


class _DaysForm(Form):
    first = day_field("First day")
    last = day_field("Last day", "Nothing for one day.", required=False)

    def validate_last(self, field: Field) -> None:
        if self.first.data and (refusal := refusal_of_days(self.first.data, self.until)):
            raise ValidationError(refusal)

    @property
    def until(self) -> date:
        return self.last.data or self.first.data


def _time(label: str) -> StringField:
    return StringField(label, filters=[strip], render_kw={"type": "time", "step": 300})


class SpecialForm(_DaysForm):
    """Days with other hours, or closed ones."""

    how = RadioField(
        "On these days",
        choices=choices((("closed", "Not available"), ("open", "Open at these times instead"))),
        default="closed",
    )
    begins = _time("From")
    ends = _time("To")
    why = short_text("Why", longest=120, help="Staff reads it beside a slot; clients never do.", autocomplete="off")

    def validate_ends(self, field: Field) -> None:
        if self.how.data == "open":
            wall = self._wall
            if wall is None:
                raise ValidationError("Type both times, such as 18:00 and 20:00.")
            if refusal := refusal_of_hours([wall]):
                raise ValidationError(refusal)

    @property
    def _wall(self) -> Wall | None:
        begins, ends = minute_from(self.begins.data), minute_from(self.ends.data, is_end=True)
        return None if begins is None or ends is None else Wall(begins, ends)

    @property
    def special(self) -> Special:
        return Special(self.first.data, self.until, self._wall if self.how.data == "open" else None, self.why.data)


class TripForm(_DaysForm):
    """Its fields are called trip-…: it stands on one page with a SpecialForm."""

    def __init__(self, formdata: Any = None, **options: Any) -> None:
        super().__init__(formdata, prefix="trip-", **options)

    zone = zone_field("Time zone there")
    place = short_text("Where", longest=80, example="Singapore", autocomplete="off")

    @property
    def travel(self) -> Travel:
        return Travel(self.first.data, self.until, self.zone.data, self.place.data)


class CountryForm(Form):
    country = SelectField("Country")
    region = SelectField("Region", default="")

    def offer(self, countries: dict[str, str], regions: dict[str, str]) -> None:
        self.country.choices = choices([("", "None"), *countries.items()])
        self.region.choices = choices([("", "The whole country"), *regions.items()])


class HolidayForm(Form):
    """Whether one holiday is worked nevertheless."""

    on = day_field("Day")
    worked = SelectField("Works nevertheless", choices=choices((("1", "yes"), ("0", "no"))))

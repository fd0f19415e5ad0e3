"""What staff type about a session: when, of which kind, where, who comes; why it moves or is cancelled."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict
from wtforms import Field, HiddenField, RadioField, SelectField, TimeField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from ..availability.rules import PLACE_LABELS, SESSION_LABELS, SessionKind
from ..clients.models import Contact
from ..engagements.forms import EARLIEST, LATEST, day_field
from ..engagements.models import Engagement
from ..web.forms import Form, WholeNumberField, choices, short_text, tick_boxes, version_field
from .rules import LONGEST, SHORTEST, Side

LONGEST_PLACE, LONGEST_REASON = 300, 300
ALONE = tuple(kind for kind in SessionKind if kind is not SessionKind.GROUP)
"""Kinds that are booked for one client; groups are booked from their cohort."""
A_WEEK, MOST_DAYS = 7, 91
"""Days whose free times are listed: at first, and at most."""


def with_slot(sent: MultiDict[str, str], zone: str, reader_zone: str) -> MultiDict[str, str]:
    """What was sent, with `slot` turned into day and time on the clock the form speaks of.

    A slot is a moment ('2026-11-26T09:00Z'), or what the reader's own clock shows ('2026-11-26T09:00').
    """
    found = MultiDict(sent)
    moment = moment_named(found.pop("slot", ""), reader_zone)
    if moment is not None:
        local = moment.astimezone(ZoneInfo(zone))
        found.setlist("day", [local.date().isoformat()])
        found.setlist("at", [f"{local:%H:%M}"])
        found.setlist("fold", [str(local.fold)])
    return found


def moment_named(text: str, reader_zone: str) -> datetime | None:
    """A moment in an address; None when it is none, or one in another century."""
    try:
        moment = datetime.fromisoformat(text[:32])
    except ValueError:
        return None
    if not EARLIEST < moment.date() < LATEST:
        return None
    here = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(reader_zone))
    return here.astimezone(UTC).replace(second=0, microsecond=0)


def refusal_of_clock(day: date, at: time, zone: str) -> str | None:
    """Why there is no such time on a wall clock, as a sentence."""
    there = datetime.combine(day, at, ZoneInfo(zone))
    if there.astimezone(UTC).astimezone(ZoneInfo(zone)).time() == at:
        return None
    return f"The clocks of {zone.rpartition('/')[2].replace('_', ' ')} skip {at:%H:%M} on that day."


def is_twice(day: date, at: time, zone: str) -> bool:
    """Whether a wall clock shows this time twice on that day."""
    there = datetime.combine(day, at, ZoneInfo(zone))
    return there.utcoffset() != there.replace(fold=1).utcoffset() and refusal_of_clock(day, at, zone) is None


def moment_at(day: date, at: time, zone: str, *, fold: int = 0) -> datetime:
    return datetime.combine(day, at, ZoneInfo(zone)).replace(fold=fold).astimezone(UTC)


def minutes_field() -> WholeNumberField:
    return WholeNumberField(
        "Minutes",
        [InputRequired("How many minutes?"), NumberRange(SHORTEST, LONGEST, f"From {SHORTEST} to {LONGEST} minutes.")],
        render_kw={"min": SHORTEST, "max": LONGEST, "step": 5, "inputmode": "numeric"},
    )


class WhenForm(Form):
    """A time on the coach's clock. `fold` tells the second of two equal times when the clocks go back."""

    day = day_field("Day")
    at = TimeField("Time", [InputRequired("At what time?")], format=["%H:%M", "%H:%M:%S"])
    fold = SelectField("Which of the two", choices=choices([("0", "The first"), ("1", "The second")]), default="0")
    minutes = minutes_field()
    despite = short_text(
        "Why it is right nevertheless", longest=LONGEST_REASON, help="Stands on the timeline.", autocomplete="off"
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        self.zone = zone
        super().__init__(*args, **kwargs)
        self.despite.flags.optional = False  # it is asked for only where it must be answered

    def validate_at(self, field: Field) -> None:
        refusal = refusal_of_clock(self.day.data, field.data, self.zone) if self._has_time() else None
        if refusal:
            raise ValidationError(refusal)

    @property
    def is_twice(self) -> bool:
        return self._has_time() and is_twice(self.day.data, self.at.data, self.zone)

    @property
    def starts_at(self) -> datetime | None:
        """The moment that is typed so far; None when it is none."""
        if not self._has_time() or refusal_of_clock(self.day.data, self.at.data, self.zone):
            return None
        return moment_at(self.day.data, self.at.data, self.zone, fold=int(self.fold.data == "1"))

    @property
    def chosen_day(self) -> date | None:
        day = self.day.data
        return day if day and EARLIEST < day < LATEST else None

    def _has_time(self) -> bool:
        return self.chosen_day is not None and self.at.data is not None

    def fill_minutes(self, minutes: int) -> None:
        self.minutes.raw_data, self.minutes.data = None, minutes

    def length(self, otherwise: int) -> int:
        """The minutes that are typed, where they make sense."""
        typed = self.minutes.data
        return typed if typed is not None and SHORTEST <= typed <= LONGEST else otherwise


class PlaceForm(Form):
    """Where it is; no kind is where the program's or the coach's sessions are."""

    place_kind = SelectField("Place")
    place = short_text("Link, number or room", longest=LONGEST_PLACE, autocomplete="off")
    version = version_field()

    def offer_places(self, inherited: str) -> None:
        usual = f"As always: {inherited.replace('https://', '')}" if inherited else "As always"
        self.place_kind.choices = choices([("", usual), *PLACE_LABELS.items()])

    def validate_place_kind(self, field: Field) -> None:
        if field.data and not self.place.data:
            raise ValidationError("Say where: a link, a number or a room.")

    @property
    def where(self) -> tuple[str, str]:
        """('', '') when it is where it always is."""
        return (self.place_kind.data, self.place.data) if self.place_kind.data else ("", "")


class BookForm(WhenForm):
    """A session for one client. `suggested_for` is the kind for which the length was filled in."""

    kind = SelectField("Kind", choices=choices((kind, SESSION_LABELS[kind]) for kind in ALONE))
    program = SelectField("Program")
    suggested_for = HiddenField()
    contacts = tick_boxes("Who comes from the sponsor")
    place_kind = SelectField("Place")
    place = short_text("Link, number or room", longest=LONGEST_PLACE, autocomplete="off")

    offer_places = PlaceForm.offer_places
    validate_place_kind = PlaceForm.validate_place_kind
    where = PlaceForm.where

    def offer(self, programs: Sequence[Engagement], contacts: Iterable[Contact]) -> None:
        self._programs: dict[str, Engagement] = {str(program.public_id): program for program in programs}
        self._contacts = {contact.public_id: contact for contact in contacts}
        self.program.choices = choices(
            [*((key, f"{one.name} ({one.state_label.lower()})") for key, one in self._programs.items()), ("", "None")]
        )
        self.contacts.choices = choices((key, contact.name) for key, contact in self._contacts.items())

    def validate_contacts(self, field: Field) -> None:
        if self.is_three_way and not field.data:
            raise ValidationError("Choose who comes from the sponsor.")

    @property
    def session_kind(self) -> SessionKind:
        return SessionKind(self.kind.data) if self.kind.data in ALONE else SessionKind.COACHING

    @property
    def is_three_way(self) -> bool:
        return self.session_kind is SessionKind.THREE_WAY

    @property
    def engagement(self) -> Engagement | None:
        return self._programs.get(self.program.data or "")

    @property
    def guests(self) -> list[Contact]:
        """Who of the sponsor comes; nobody to sessions that are not three-way."""
        if not self.is_three_way:
            return []
        return [contact for key, contact in self._contacts.items() if key in (self.contacts.data or ())]


class WhyForm(WhenForm):
    kind = SelectField("Kind", choices=choices((kind, SESSION_LABELS[kind]) for kind in ALONE))


class MoveForm(WhenForm):
    reason = short_text("Why it moves", longest=LONGEST_REASON, help="Stands on the timeline.", autocomplete="off")
    version = version_field()


class CancelForm(Form):
    side = RadioField(
        "Who cancels",
        [InputRequired("Say who cancels.")],
        choices=choices(
            [
                (Side.CLIENT, "The client, or the client’s assistant"),
                (Side.COACH, "The coach"),
                (Side.FIRM, "We do"),
            ]
        ),
    )
    reason = short_text("Why?", "Say why.", longest=LONGEST_REASON, help="Stands on the timeline.", autocomplete="off")
    version = version_field()


def days_listed(text: str | None) -> int:
    """How many days' free times are to be listed."""
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 4 else A_WEEK
    return min(max(number, A_WEEK), MOST_DAYS)


# For whoever holds a link ---------------------------------------------------------------------------------------------


class MoveByLinkForm(Form):
    start = HiddenField()
    zone = HiddenField()
    reason = short_text("Why it moves", longest=LONGEST_REASON, help="Your coach reads this.", autocomplete="off")
    version = version_field()

    @property
    def minute(self) -> int | None:
        return minute_named(self.start.data)


class CancelByLinkForm(Form):
    reason = short_text(
        "Why?", "Say why, in a few words.", longest=LONGEST_REASON, help="Your coach reads this.", autocomplete="off"
    )
    version = version_field()


def minute_named(text: str | None) -> int | None:
    """A minute since 1970 in an address or a form; None when it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def day_named(text: str | None) -> date | None:
    """A day in an address; None when it is none."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None

"""Which log is asked for, and what a client said about standing there."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from wtforms import DateField, RadioField
from wtforms.validators import InputRequired, ValidationError

from ..accounts.models import User
from ..engagements.forms import EARLIEST, LATEST, day_field
from ..web.forms import Form, choices, short_text, version_field
from .models import LogConsent
from .rules import ANSWER_LABELS, LONGEST_HOW, LONGEST_ORGANISATION, Answer, refusal_to_record


class Asked(NamedTuple):
    """A coach's log of some days; without a day it has no end there."""

    coach: User
    first: date | None
    last: date | None

    def address(self, path: str = "/logbook") -> str:
        days = {"since": self.first, "until": self.last}
        return f"{path}?{urlencode({'coach': self.coach.public_id} | {key: day for key, day in days.items() if day})}"


def asked_for(args: Mapping[str, str], coaches: Sequence[User], user: User) -> Asked | None:
    """What an address asks for; nonsense counts as not asked. None when the reader works for no coach."""
    usual = next((coach for coach in coaches if coach == user and not user.may_run_practice), None)
    named = (coach for coach in coaches if coach.public_id == args.get("coach"))
    coach = next(named, usual or next(iter(coaches), None))
    if coach is None:
        return None
    return Asked(coach, _day(args.get("since", "")), _day(args.get("until", "")))


def _day(typed: str) -> date | None:
    with suppress(ValueError):
        day = date.fromisoformat(typed) if len(typed) == 10 else None
        return day if day and EARLIEST <= day <= LATEST else None
    return None


class ConsentForm(Form):
    """What a client said, when, and how we know."""

    answer = RadioField(
        "May the hours stand in the coach’s log?",
        [InputRequired("Say what the client said.")],
        choices=choices(ANSWER_LABELS.items()),
    )
    organisation = short_text("Organisation that vouches", longest=LONGEST_ORGANISATION, autocomplete="off")
    on = day_field("Said on")
    how = short_text(
        "How do you know?",
        "Say how you know.",
        longest=LONGEST_HOW,
        example="In the mail of 3 March",
        autocomplete="off",
    )
    version = version_field()

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today
        self.on.render_kw = {"min": EARLIEST.isoformat(), "max": today.isoformat()}

    def validate_on(self, field: DateField) -> None:
        if field.data and (refusal := refusal_to_record(Answer.NO, "", field.data, self._today)):
            raise ValidationError(refusal)

    def validate_answer(self, field: RadioField) -> None:
        if field.data == Answer.LETTER and (
            refusal := refusal_to_record(Answer.LETTER, self.organisation.data, self._today, self._today)
        ):
            self.organisation.errors = [refusal]
            raise ValidationError(refusal)

    def values(self) -> dict[str, Any]:
        return self.data | {"answer": Answer(self.answer.data)}


def as_typed(consent: LogConsent | None, *, organisation: str, today: date) -> SimpleNamespace:
    """A consent with the form's fields as the form holds them; before the first, what it mostly will be."""
    if consent is None:
        return SimpleNamespace(answer=None, organisation=organisation, on=today, how="", version=0)
    return SimpleNamespace(
        answer=consent.answer.value,
        organisation=consent.organisation or organisation,
        on=consent.on,
        how=consent.how,
        version=consent.version,
    )

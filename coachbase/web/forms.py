"""Fields that several rooms ask for, each with its limits and its sentence."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from wtforms import (
    EmailField,
    Field,
    IntegerField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms import Form as WtForm
from wtforms.validators import DataRequired, Email, InputRequired, Optional, StopValidation, ValidationError
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from ..firm.rules import zones

_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_looks_right = Email("That does not look like an email address.")
_LINE_BREAK = re.compile(r"[\r\n\t\u2028\u2029]")
LARGEST_NUMBER = 2**31 - 1


class Form(WtForm):
    """A form takes its named fields and nothing else."""

    def errors_in_words(self) -> str:
        return " ".join(error for errors in self.errors.values() for error in errors)


def strip(text: str | None) -> str:
    return (text or "").strip()


def readable(form: WtForm, field: Field) -> None:
    """No NUL, no control characters, no half characters: they break files, mails and the database."""
    if _UNREADABLE.search(field.data or ""):
        raise ValidationError("There is a character in here that cannot be stored. Type it anew.")


def one_line(form: WtForm, field: Field) -> None:
    readable(form, field)
    if _LINE_BREAK.search(field.data or ""):
        raise ValidationError("Please keep this on one line.")


def _at_most(longest: int) -> Callable[[WtForm, Field], None]:
    """Stops the validation: what is too long is not looked at any closer, which might take minutes."""

    def check(form: WtForm, field: Field) -> None:
        if len(field.data or "") > longest:
            raise StopValidation(f"At most {longest} characters.")

    return check


def short_text(
    label: str, missing: str | None = None, *, longest: int = 120, help: str = "", example: str = "", **attributes: Any
) -> StringField:
    """One line of text; required when `missing` gives the sentence for its absence."""
    asked = DataRequired(missing) if missing else Optional()
    return StringField(
        label,
        [asked, _at_most(longest), one_line],
        filters=[strip],
        description=help,
        render_kw={"maxlength": longest} | ({"placeholder": example} if example else {}) | attributes,
    )


def long_text(
    label: str, missing: str | None = None, *, longest: int = 5000, help: str = "", rows: int = 4
) -> TextAreaField:
    asked = DataRequired(missing) if missing else Optional()
    return TextAreaField(
        label,
        [asked, _at_most(longest), readable],
        filters=[lambda text: strip(text).replace("\r\n", "\n")],
        description=help,
        render_kw={"rows": rows, "maxlength": longest},
    )


def address(label: str, help: str = "", *, required: bool = True) -> EmailField:
    """A mail address, checked for its form only."""
    asked = DataRequired("Type an email address.") if required else Optional()
    return EmailField(
        label,
        [asked, _at_most(254), one_line, _looks_right],
        filters=[strip],
        description=help,
        render_kw={"autocomplete": "email", "maxlength": 254},
    )


def choices(pairs: Iterable[tuple[Any, str]]) -> list[SelectChoice]:
    """(value, label) pairs as WTForms wants them."""
    return [SelectChoice(value, label) for value, label in pairs]


def tick_boxes(label: str, *, help: str = "") -> SelectMultipleField:
    """Several of some choices; `choices` are set by the form that asks."""
    return SelectMultipleField(
        label, description=help, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )


def zone_field(label: str, help: str = "", *, required: bool = True) -> SelectField:
    nothing = [] if required else [("", "Not known")]
    names = [(zone, zone.replace("_", " ")) for zone in sorted(zones())]
    return SelectField(label, choices=choices(nothing + names), description=help)


class WholeNumberField(IntegerField):
    """A number of few digits: Python would take thousands, and the validators fall over them."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist and len(valuelist[0]) > 12:
            raise ValueError("That number is out of range.")
        super().process_formdata(valuelist)


def version_field() -> IntegerField:
    """Which version of a text this form was opened with; see errors.Stale."""
    return IntegerField(
        "Version", [InputRequired("The form is incomplete. Open it again."), _small], widget=HiddenInput()
    )


def _small(form: WtForm, field: Field) -> None:
    if not 0 <= (field.data or 0) <= LARGEST_NUMBER:
        raise ValidationError("That number is out of range.")

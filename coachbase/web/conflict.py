"""Two people edited one text: show both, let the second decide. Nothing is overwritten in silence (safety.md P5)."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from wtforms import Field

from ..errors import Stale
from .forms import Form


def conflict(stale: Stale, form: Form, theirs: Any, action: str) -> ResponseReturnValue:
    """409 with what stands and what was typed, field by field; sending again keeps what was typed.

    `form` has a `version` field; its other fields carry the names of the row's attributes.
    """
    fields = [field for field in form if field.name != "version"]
    differing = [
        (field.label.text, _in_words(field, getattr(theirs, field.name)), _in_words(field, field.data))
        for field in fields
        if getattr(theirs, field.name) != field.data
    ]
    mine = [(field.name, field.data) for field in fields] + [("version", theirs.version)]
    return render_template("conflict.html", why=str(stale), differing=differing, mine=mine, action=action), 409


def _in_words(field: Field, value: Any) -> Any:
    """What a choice is called on the page, rather than what it is called in here."""
    labels = {choice.value: choice.label for choice in getattr(field, "choices", None) or ()}
    return labels.get(value, value)

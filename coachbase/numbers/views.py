"""How documents are numbered: a page of the settings for the owner."""

from types import SimpleNamespace
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..errors import Refused, Stale
from ..firm.models import day_of
from ..web.conflict import conflict
from ..web.pages import go, require
from . import actions
from .forms import SeriesForm
from .models import Series
from .rules import KIND_LABELS, Kind

pages = Blueprint("numbers", __name__)
NUMBERS = "/settings/invoicing/numbers"


@pages.get(NUMBERS)
def numbers() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    today, each = day_of(clock.now()), Series.of_each()
    return render_template(
        "numbers/numbers.html",
        rows=[(kind, KIND_LABELS[kind], series, series.next_number(today)[1]) for kind, series in each.items()],
        here=NUMBERS,
    )


@pages.get(f"{NUMBERS}/edit")
def edit_series() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    series = Series.of_each()[_asked_kind()]
    return _series_page(series, _series_form(series, obj=_series_as_typed(series)))


@pages.post(f"{NUMBERS}/edit")
def change_series() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    kind = _asked_kind()
    series = Series.of_each()[kind]
    form = _series_form(series, request.form)
    if not form.validate():
        return _series_page(series, form), 422
    try:
        series = actions.change_series(kind, **form.values())
    except Stale as stale:
        return conflict(stale, form, _series_as_typed(Series.of_each()[kind]), f"{NUMBERS}/edit?kind={kind}")
    except Refused as refusal:
        return _series_page(series, form, why=str(refusal)), 422
    return go(NUMBERS, f"Saved. The next number is {series.next_number(day_of(clock.now()))[1]}.")


def _asked_kind() -> Kind:
    """What is no kind of ours counts as an invoice."""
    asked = request.values.get("kind", "")
    return Kind(asked) if asked in set(Kind) else Kind.INVOICE


def _series_form(series: Series, *args: Any, **kwargs: Any) -> SeriesForm:
    others = [each.prefix for kind, each in Series.of_each().items() if kind != series.kind_name]
    return SeriesForm(*args, others=others, is_used=series.is_used(day_of(clock.now())), **kwargs)


def _series_as_typed(series: Series) -> SimpleNamespace:
    """A series with the form's fields as the form holds them."""
    names = ("prefix", "is_yearly", "digits", "version")
    return SimpleNamespace(kind=series.kind_name, begins_with=None, **{name: getattr(series, name) for name in names})


def _series_page(series: Series, form: SeriesForm, *, why: str = "") -> str:
    return render_template(
        "numbers/_series_form.html" if request.htmx else "numbers/series.html",
        series=series,
        label=KIND_LABELS[Kind(series.kind_name)],
        next_number=Series.of_each()[Kind(series.kind_name)].next_number(day_of(clock.now()))[1],
        form=form,
        why=why,
        here=NUMBERS,
    )

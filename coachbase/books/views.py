"""What an accountant and an owner read: revenue, what is owed, tax; and files for a spreadsheet. Nothing is written."""

from collections.abc import Iterable, Sequence

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..accounts.models import User
from ..accounts.rules import Role
from ..agreements.rules import day_in_words
from ..clients.rules import csv_text
from ..firm.models import day_of
from ..money import in_short
from . import models
from .rules import (
    AGES,
    SPAN_LABELS,
    Period,
    Span,
    bars_of,
    receivables,
    revenues,
    strip_of,
    tax_reports,
)

pages = Blueprint("books", __name__)
REVENUE, RECEIVABLES, TAX = "/books", "/books/receivables", "/books/tax"
MOST_DEBTORS = 100


@pages.get(REVENUE)
def revenue() -> ResponseReturnValue:
    period = _period()
    return render_template(
        "books/revenue.html",
        **_about_period(period, REVENUE),
        revenues=revenues(models.earned(_me(), period), period.months),
        unbilled=models.unbilled(_me()),
        months=[(f"{month:%B}", _documents_of(Period.of(Span.MONTH, month))) for month in period.months],
        bars_of=bars_of,
        short=in_short,
    )


@pages.get(RECEIVABLES)
def owed() -> ResponseReturnValue:
    today = day_of(clock.now())
    return render_template(
        "books/receivables.html",
        **_about(RECEIVABLES),
        today=day_in_words(today),
        receivables=receivables(models.owing(_me(), today)),
        ages=AGES,
        strip_of=strip_of,
        most=MOST_DEBTORS,
    )


@pages.get(TAX)
def tax() -> ResponseReturnValue:
    period = _period()
    reports = tax_reports(models.taxed(_me(), period))
    return render_template("books/tax.html", **_about_period(period, TAX), reports=reports)


@pages.get("/books/documents.csv")
def documents() -> ResponseReturnValue:
    period = _period()
    rows = models.document_rows(_me(), period)
    return _sheet(f"documents-{period.key}.csv", models.DOCUMENT_COLUMNS, rows)


@pages.get("/books/payments.csv")
def payments() -> ResponseReturnValue:
    period = _period()
    return _sheet(f"payments-{period.key}.csv", models.PAYMENT_COLUMNS, models.payment_rows(_me(), period))


def _sheet(name: str, columns: Sequence[str], rows: Iterable[models.Cells]) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(csv_text(columns, rows), mimetype="text/csv", headers=headers)


def _period() -> Period:
    return Period.read(request.args.get("period", ""), day_of(clock.now()))


def _documents_of(period: Period) -> str:
    """Where the documents of a period stand."""
    return f"/invoices/list?since={period.first}&until={period.last}"


def _about(here: str) -> dict[str, object]:
    """`is_all` is False for who sees the documents of some clients only, which the page says."""
    return {"here": here, "is_all": _me().role is Role.OWNER}


def _about_period(period: Period, here: str) -> dict[str, object]:
    today = day_of(clock.now())
    spans = [(SPAN_LABELS[span], period.as_long_as(span, today).key, span is period.span) for span in Span]
    return {**_about(here), "period": period, "spans": spans}


def _me() -> User:
    return current_user._get_current_object()

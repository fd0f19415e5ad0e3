"""Take the next number, lose those that stand on papers elsewhere, and change how documents are numbered."""

from dataclasses import dataclass

from .. import clock
from ..db import after_commit, atomic
from ..errors import Refused, Stale
from ..events import Question, ask
from ..firm.models import day_of
from . import tasks
from .models import LastNumber, LostNumber, Series
from .rules import PREFIXES, Kind, number_in_words, refusal_of_prefix, refusal_to_begin_with

BEFORE_A_COPY = "Given out before an older copy of the database was put back."


@dataclass(frozen=True)
class NumbersAlike(Question[bool]):
    """Does a document of another series than `but` have a number that begins so?"""

    prefix: str
    but: Series


@atomic
def take(kind: Kind, year: int) -> tuple[Series, int, int, str]:
    """The next number: its series, its year, its place there, and as it is written. The counter is raised in the
    transaction that uses it, so none is lost and none given twice."""
    series, _ = Series.get_or_create(kind_name=kind, defaults={"prefix": PREFIXES[kind]})
    counted = year if series.is_yearly else 0
    LastNumber.insert(series=series, year=counted).on_conflict_ignore().execute()
    mine = (LastNumber.series == series) & (LastNumber.year == counted)
    LastNumber.update(last=LastNumber.last + 1).where(mine).execute()
    last = LastNumber.get(mine).last
    after_commit(tasks.keep_marks)
    return series, counted, last, number_in_words(series.prefix, counted, last, series.digits)


@atomic
def continue_above_marks() -> list[LostNumber]:
    """At the start, and after a copy was put back: numbers that stand on papers out there, as the file beside the
    database remembers, and not in it, are noted as lost, and the series goes on above them."""
    lost = [_lose(kind, year, first, last) for kind, year, first, last in tasks.numbers_above()]
    after_commit(tasks.keep_marks)
    return lost


@atomic
def change_series(
    kind: Kind, *, prefix: str, is_yearly: bool, digits: int, begins_with: int | None = None, version: int
) -> Series:
    """Number documents of a kind so from now on; `begins_with` is the next number, for who comes from another program.

    Raises Stale when somebody changed it since `version`, Refused when two numbers might be equal, or one be missing.
    """
    each = Series.of_each()
    series = each.pop(kind)
    if series.version != version:
        raise Stale("Somebody else changed these numbers while you were typing.")
    if refusal := refusal_of_prefix(prefix, (other.prefix for other in each.values())):
        raise Refused(refusal)
    if ask(NumbersAlike(prefix, but=series)):
        raise Refused("Documents of another kind were numbered so before. Their numbers would be the same.")
    series.prefix, series.is_yearly, series.digits = prefix, is_yearly, digits
    series.version += 1
    series.save()
    if begins_with is not None:
        _begin_with(series, begins_with)
    return series


def _begin_with(series: Series, number: int) -> None:
    """The numbers before it were given out elsewhere: the series goes on above them."""
    today = day_of(clock.now())
    year, last = series.counted_in(today), series.next_number(today)[0] - 1
    if refusal := refusal_to_begin_with(number, last, is_used=series.is_used(today)):
        raise Refused(refusal)
    if number > last + 1:
        _lose(Kind(series.kind_name), year, last + 1, number - 1, reason="Given out before coachbase was used.")
        after_commit(tasks.keep_marks)


def _lose(kind: Kind, year: int, first: int, last: int, *, reason: str = BEFORE_A_COPY) -> LostNumber:
    series, _ = Series.get_or_create(kind_name=kind, defaults={"prefix": PREFIXES[kind]})
    LastNumber.insert(series=series, year=year).on_conflict_ignore().execute()
    LastNumber.update(last=last).where(LastNumber.series == series, LastNumber.year == year).execute()
    return LostNumber.create(series=series, year=year, first=first, last=last, reason=reason, at=clock.now())

"""The one place that reads the clock. Rules never do: they are handed the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_pretended: ContextVar[datetime | None] = ContextVar("pretended", default=None)


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _pretended.get() or datetime.now(UTC)


@contextmanager
def pretend(moment: datetime) -> Iterator[None]:
    """Let it be another time for this thread: the sample practice has a past."""
    token = _pretended.set(moment)
    try:
        yield
    finally:
        _pretended.reset(token)

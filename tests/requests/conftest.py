"""What is heard of requests; the rest is as in tests/scheduling."""

from collections.abc import Iterator

import pytest

from coachbase.requests.actions import BookingAsked
from tests.scheduling.conftest import (  # noqa: F401 (fixtures)
    book,
    come,
    engagement,
    hearing,
    holder,
    monday,
    place,
    program,
    session,
)


@pytest.fixture
def heard(app) -> Iterator[list]:
    """Every announcement of this room, in order."""
    yield from hearing(BookingAsked)

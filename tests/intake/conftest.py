"""A clock that a stranger's typing moves on."""

from datetime import UTC, datetime

import pytest
import time_machine

from tests.intake.filling import Filling


@pytest.fixture
def traveller():
    with time_machine.travel(datetime(2026, 11, 24, 9, 0, tzinfo=UTC), tick=True) as traveller:
        yield traveller


@pytest.fixture
def filling(stranger, cast, traveller) -> Filling:
    """A stranger before the first page of the shipped form."""
    return Filling(stranger, traveller)

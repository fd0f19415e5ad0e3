"""A stock of codes, and what it takes to read a list of them."""

import pytest

from coachbase.credentials import actions
from coachbase.credentials.rules import Code
from coachbase.instruments.models import Instrument


@pytest.fixture
def disc(cast):
    """An instrument people get into by a code."""
    return Instrument.with_vendor().where(Instrument.name == "Everything DiSC").get()


@pytest.fixture
def hogan(cast):
    """An instrument people get into by an account."""
    return Instrument.with_vendor().where(Instrument.name == "Hogan HPI").get()


@pytest.fixture
def stock(cast, disc):
    """`stock(3)` puts that many codes into the stock of DiSC; gives their secrets."""

    def fill(count: int, **more) -> list[str]:
        secrets = [f"SECRET-{number:03}" for number in range(count)]
        codes = [Code(secret, **more) for secret in secrets]
        actions.add(disc, codes, order="EPIC 88412", by=cast.vera)
        return secrets

    return fill

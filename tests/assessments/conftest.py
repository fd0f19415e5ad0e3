"""An assessment of Bob's, codes in stock, and browsers that came by his link."""

from datetime import date

import pytest

from coachbase.assessments import actions
from coachbase.assessments.models import Assessment
from coachbase.clients.models import Client
from coachbase.clients.rules import fold
from coachbase.credentials import actions as credentials
from coachbase.credentials.rules import Code
from coachbase.instruments.models import Instrument


@pytest.fixture
def eqi(cast) -> Instrument:
    """An instrument with a personal link for everybody."""
    return Instrument.with_vendor().where(Instrument.name == "EQ-i 2.0").get()


@pytest.fixture
def disc(cast) -> Instrument:
    """An instrument with a code."""
    return Instrument.with_vendor().where(Instrument.name == "Everything DiSC").get()


@pytest.fixture
def hogan(cast) -> Instrument:
    """An instrument with an account."""
    return Instrument.with_vendor().where(Instrument.name == "Hogan HPI").get()


@pytest.fixture
def stock(cast):
    """`stock(disc, "K7QP-22XM")` puts codes into stock."""

    def add(instrument: Instrument, *secrets: str, login: str = "", expires_on: date | None = None) -> None:
        codes = [Code(secret, login, expires_on) for secret in secrets]
        assert credentials.add(instrument, codes, order="PO-7", by=cast.vera) == len(codes)

    return add


@pytest.fixture
def set_up(cast):
    """`set_up(disc)` sets it up for Bob; a due day and another client may be given."""

    def make(instrument: Instrument, *, client: Client | None = None, due: date | None = None, **given) -> Assessment:
        return actions.set_up(client or cast.bob, instrument, due=due, by=cast.vera, **given)

    return make


@pytest.fixture
def dan(cast) -> Client:
    """A client of Carol's."""
    return Client.create(
        name="Dan Holt", email="dan@halden.example", coach=cast.carol, search_key=fold("Dan Holt"),
        created_at=cast.bob.created_at,
    )  # fmt: skip


@pytest.fixture
def now():
    """`now(row)` is the row as it stands."""
    return lambda row: Assessment.with_access().where(Assessment.id == row.id).get()


@pytest.fixture
def send(cast, now):
    """`send(row, …)` mails the access of all, as they stand."""
    return lambda *rows, by=None: actions.send({row.id: now(row).version for row in rows}, by=by or cast.vera)

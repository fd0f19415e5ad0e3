"""The catalogue as it ships."""

import pytest

from coachbase.instruments.models import Battery, BatteryItem, Instrument


@pytest.fixture
def hpi(cast):
    return Instrument.with_vendor().where(Instrument.name == "Hogan HPI").get()


@pytest.fixture
def eq360(cast):
    """One that asks raters."""
    return Instrument.with_vendor().where(Instrument.name == "EQ 360").get()


@pytest.fixture
def battery(cast):
    """The battery every firm begins with: two of Hogan's and the EQ-i."""
    return Battery.get()


@pytest.fixture
def names(battery):
    """`names()` are the instruments of the battery, in order."""
    return lambda: [item.instrument.name for item in BatteryItem.of(battery)]

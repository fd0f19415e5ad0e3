"""What a zone is called."""

from coachbase.firm.rules import city_of


def test_a_zone_is_called_by_its_city():
    assert [city_of(zone) for zone in ("America/New_York", "America/Argentina/Ushuaia", "UTC")] == [
        "New York", "Ushuaia", "UTC",
    ]  # fmt: skip

"""What a firm may choose."""

from zoneinfo import available_timezones

CURRENCIES = (
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "CAD",
    "AUD",
    "NZD",
    "SGD",
    "ZAR",
    "INR",
    "JPY",
    "AED",
    "BHD",
    "KWD",
)
HUES = {
    200: "Teal", 230: "Sky", 255: "Blue", 280: "Indigo", 305: "Violet", 335: "Plum",
    10: "Rose", 35: "Clay", 60: "Amber", 110: "Olive", 145: "Green", 170: "Sea",
}  # fmt: skip
MAX_LOGO_BYTES = 1_000_000


def is_zone(name: str) -> bool:
    """Whether this is an IANA zone we know; never touches the file system with the given text."""
    return name in zones()


def city_of(zone: str) -> str:
    """'New York': what a zone is called in a sentence."""
    return zone.rpartition("/")[2].replace("_", " ")


def zones() -> frozenset[str]:
    """All IANA zones with a place in their name, and UTC."""
    return _ZONES


_ZONES = frozenset(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")) | {"UTC"}

"""The holidays of a country, from a library that takes 80 ms and 10 MB to load: only who asks for them pays for it."""

from datetime import date
from functools import cache
from operator import itemgetter

from babel import Locale


@cache
def countries() -> dict[str, str]:
    """Codes and names of the countries whose holidays are known, by name."""
    import holidays  # heavy, see above  # noqa: PLC0415

    names = Locale("en").territories
    known = holidays.list_supported_countries(include_aliases=False)
    return dict(sorted(((code, names.get(code, code)) for code in known), key=itemgetter(1)))


@cache
def regions(country: str) -> dict[str, str]:
    """Codes and names of the parts of a country that have holidays of their own; nothing when it has none."""
    import holidays  # heavy, see above  # noqa: PLC0415

    if country not in countries():
        return {}
    calendar = holidays.country_holidays(country)
    names = {code: name for name, code in calendar.subdivisions_aliases.items()}
    return dict(sorted(((code, names.get(code, code)) for code in calendar.subdivisions), key=itemgetter(1)))


def days_off(country: str, years: range) -> dict[date, str]:
    """The public holidays of "GB" or "DE-BY" in some years, with their names."""
    import holidays  # heavy, see above  # noqa: PLC0415

    code, _, region = country.partition("-")
    return dict(holidays.country_holidays(code, subdiv=region or None, years=years, language="en_US"))

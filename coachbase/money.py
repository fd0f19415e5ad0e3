"""Money as whole minor units with a currency: read from what people type, shown as people write it."""

import re
from decimal import Decimal
from functools import cache

from babel.numbers import format_compact_currency, format_currency, get_currency_precision

LARGEST = 10**12
"""Minor units. More is a slip of the finger."""
_GLUED = re.compile(r"([A-Z])(\d)")
_NUMBER = re.compile(r"([0-9]+|[0-9]{1,3}([, ’][0-9]{3})+)(\.[0-9]*)?|\.[0-9]+")
"""Signs between thousands stand where they belong: '1,5' is refused, rather than taken for fifteen."""


@cache
def decimals(currency: str) -> int:
    """Digits after the point: 2 for GBP, 0 for JPY, 3 for KWD."""
    return get_currency_precision(currency)


def in_words(minor: int, currency: str) -> str:
    """'£4,500.00'; 'CHF 4,500.00', for letters do not touch a figure (CLDR)."""
    written = format_currency(Decimal(minor).scaleb(-decimals(currency)), currency, locale="en_GB")
    return _GLUED.sub("\\1\N{NO-BREAK SPACE}\\2", written)


def in_short(minor: int, currency: str) -> str:
    """'£12.5K': for the scale of a picture."""
    whole = Decimal(minor).scaleb(-decimals(currency))
    written = format_compact_currency(whole, currency, locale="en_GB", fraction_digits=1)
    return _GLUED.sub("\\1\N{NO-BREAK SPACE}\\2", written)


def as_typed(minor: int, currency: str) -> str:
    """'4500.00': for a form."""
    return f"{Decimal(minor).scaleb(-decimals(currency)):f}"


def minor_of(typed: str, currency: str) -> int | None:
    """The minor units of '4,500' or '4500.50'; None when it is no amount of this currency."""
    return whole_of(typed, decimals(currency))


def whole_of(typed: str, places: int) -> int | None:
    """A number of so many decimals as it is kept, without its point: '1.5' with three is 1500; None when it is none."""
    text = typed.strip()
    if len(text) > 20 or not _NUMBER.fullmatch(text):
        return None
    scaled = Decimal(re.sub("[, ’]", "", text)).scaleb(places)
    return int(scaled) if scaled == int(scaled) and scaled <= LARGEST else None


def as_number(whole: int, places: int) -> str:
    """What `whole_of` was given, with no more decimals than it takes: '1.5', '12'."""
    text = f"{Decimal(whole).scaleb(-places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

"""Money as whole minor units with a currency: read from what people type, shown as people write it."""

from decimal import Decimal, InvalidOperation
from functools import cache

from babel.numbers import format_currency, get_currency_precision

LARGEST = 10**12
"""Minor units. More is a slip of the finger."""


@cache
def decimals(currency: str) -> int:
    """Digits after the point: 2 for GBP, 0 for JPY, 3 for KWD."""
    return get_currency_precision(currency)


def in_words(minor: int, currency: str) -> str:
    """'£4,500.00'."""
    return format_currency(Decimal(minor).scaleb(-decimals(currency)), currency, locale="en_GB")


def as_typed(minor: int, currency: str) -> str:
    """'4500.00': for a form."""
    return f"{Decimal(minor).scaleb(-decimals(currency)):f}"


def minor_of(typed: str, currency: str) -> int | None:
    """The minor units of '4,500' or '4500.50'; None when it is no amount of this currency."""
    text = typed.strip().replace(",", "").replace(" ", "").replace("’", "")
    if not text or len(text) > 16 or not text.replace(".", "", 1).isdigit() or not text.isascii():
        return None
    try:
        scaled = Decimal(text).scaleb(decimals(currency))
    except InvalidOperation:
        return None
    return int(scaled) if scaled == int(scaled) and scaled <= LARGEST else None

"""How a supply is taxed, how a payer wants its invoices, and what an invoice to it would lack."""

from enum import StrEnum


class Category(StrEnum):
    """How a supply is taxed: the codes of UNCL 5305 that EN 16931 allows."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE = "AE"
    EXPORT = "G"
    OUTSIDE = "O"


CATEGORY_LABELS = {
    Category.STANDARD: "Taxed",
    Category.ZERO: "Zero rate",
    Category.EXEMPT: "Exempt (also small businesses)",
    Category.REVERSE: "Reverse charge: the payer owes the tax",
    Category.EXPORT: "Export of services",
    Category.OUTSIDE: "Outside the scope of tax",
}
NEEDS_NOTE = (Category.EXEMPT, Category.REVERSE, Category.EXPORT, Category.OUTSIDE)
"""An invoice without tax says why (EU VAT directive, Art. 226 nos. 11 and 11a)."""


class Bundle(StrEnum):
    """What a draft made by the clock brings together."""

    PROGRAM = "program"
    PAYER = "payer"


BUNDLE_LABELS = {Bundle.PROGRAM: "One invoice for each program", Bundle.PAYER: "One invoice for all who are coached"}
RHYTHM = (3, 14, 28)
"""Days after the due day on which a payer is reminded: friendly, first, second."""
TERM_DAYS = 14


def refusal_of_rate(category: Category, rate_bps: int, note: str) -> str | None:
    """Why a tax rate will not do, as a sentence; None when it will. `rate_bps`: 2000 is 20 %."""
    if category is Category.STANDARD and not 0 < rate_bps <= 10_000:
        return "What is taxed has a rate above 0 % and up to 100 %."
    if category is not Category.STANDARD and rate_bps:
        return "Without tax the rate is 0 %."
    if category in NEEDS_NOTE and not note:
        return "Say why no tax is asked for. The sentence stands on the invoice."
    return None


def percent_in_words(bps: int) -> str:
    """'20 %', '8.1 %', '7.75 %'."""
    whole, part = divmod(bps, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") + " %"

"""How a supply is taxed, how a payer wants its invoices, and whether numbers of firms and banks can be right."""

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import NamedTuple, Protocol

from babel import Locale
from stdnum import bic, get_cc_module, iban
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import InvalidChecksum, ValidationError

from .. import money


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
MOST_TERM_DAYS = 180
LATEST_REMINDER = 365
NEVER = -1
"""The weekday of the batch of a firm that makes its drafts by hand."""


# Rates ----------------------------------------------------------------------------------------------------------------


class ReadyRate(NamedTuple):
    """A rate that can be added as it is."""

    key: str
    name: str
    category: Category
    rate_bps: int
    note: str = ""

    @property
    def label(self) -> str:
        return rate_in_words(self.name, self.rate_bps)


REVERSE_NOTE = "Reverse charge: VAT to be accounted for by the recipient (Art. 196 Directive 2006/112/EC)"
_USUAL = {
    "AT": ("USt", 2000), "BE": ("BTW", 2100), "CH": ("MWST", 810), "CZ": ("DPH", 2100), "DE": ("USt", 1900),
    "DK": ("Moms", 2500), "ES": ("IVA", 2100), "FI": ("ALV", 2550), "FR": ("TVA", 2000), "GB": ("VAT", 2000),
    "IE": ("VAT", 2300), "IT": ("IVA", 2200), "LU": ("TVA", 1700), "NL": ("BTW", 2100), "NO": ("MVA", 2500),
    "PL": ("VAT", 2300), "PT": ("IVA", 2300), "SE": ("Moms", 2500),
    "AU": ("GST", 1000), "IN": ("GST", 1800), "NZ": ("GST", 1500), "SG": ("GST", 900), "ZA": ("VAT", 1500),
}  # fmt: skip
_SMALL = {
    "AT": "Exempt from VAT as a small business (§ 6 (1) no. 27 UStG)",
    "DE": "Exempt from VAT as a small business (§ 19 UStG)",
    "FR": "VAT not applicable, Art. 293 B of the CGI",
    "GB": "Not registered for VAT",
}
_SMALL_ELSEWHERE = "Exempt from VAT as a small business"


FEES, NOTE_OF_FEES = "Outside the scope of tax", "Compensation for late payment: outside the scope of tax"
"""What late fees bear. They are compensation and no service: CJEU, C-222/81 (BAZ Bausystem)."""


def ready_rates(country: str) -> list[ReadyRate]:
    """What a firm of this country mostly needs, to be added by a click; the usual rate first.

    Standard rates as of 2026: European Commission, "Taxes in Europe" database; gov.uk "VAT rates"; Swiss MWSTG Art. 25;
    Norwegian, Australian, New Zealand, Singaporean, South African and Indian tax authorities. Small businesses: § 19
    UStG (DE), § 6 (1) no. 27 UStG (AT), Art. 293 B CGI (FR); reverse charge: Art. 196 and Art. 226 no. 11a of Directive
    2006/112/EC. A firm checks them with its accountant; that is what the page says, too.
    """
    found = []
    if country in _USUAL:
        name, bps = _USUAL[country]
        found.append(ReadyRate("usual", name, Category.STANDARD, bps))
    if _is_in_eu(country) or country in ("GB", "NO"):
        found.append(ReadyRate("reverse", "Reverse charge", Category.REVERSE, 0, REVERSE_NOTE))
    if _is_in_eu(country) or country in _SMALL:
        found.append(ReadyRate("small", "Small business", Category.EXEMPT, 0, _SMALL.get(country, _SMALL_ELSEWHERE)))
    if country and not _is_in_eu(country):
        words = "Service for a recipient abroad: outside the scope of tax here"
        found.append(ReadyRate("abroad", "Abroad", Category.OUTSIDE, 0, words))
    if not found:
        found.append(ReadyRate("none", "No tax", Category.OUTSIDE, 0, "Not subject to sales tax"))
    return found


def refusal_of_rate(category: Category, rate_bps: int, note: str) -> str | None:
    """Why a tax rate will not do, as a sentence; None when it will. `rate_bps`: 2000 is 20 %."""
    if category is Category.STANDARD and not 0 < rate_bps <= 10_000:
        return "What is taxed has a rate above 0 % and up to 100 %."
    if category is not Category.STANDARD and rate_bps:
        return "Without tax the rate is 0 %."
    if category in NEEDS_NOTE and not note:
        return "Say why no tax is asked for. The sentence stands on the invoice."
    return None


def bps_of(typed: str) -> int | None:
    """The hundredths of a percent of '8.1', '20 %' or '0'; None when it is no percentage up to 100."""
    bps = money.whole_of(typed.strip().removesuffix("%"), 2)
    return bps if bps is not None and bps <= 10_000 else None


def percent_in_words(bps: int) -> str:
    """'20 %', '8.1 %', '7.75 %'."""
    return f"{money.as_number(bps, 2)} %"


def rate_in_words(name: str, bps: int) -> str:
    """'VAT, 20 %'; the name alone where no tax is asked for."""
    return f"{name}, {percent_in_words(bps)}" if bps else name


# Reminders ------------------------------------------------------------------------------------------------------------


def reminder_days(rhythm: str) -> tuple[int, ...]:
    """The days of '3 14 28' as it is kept."""
    return tuple(int(day) for day in rhythm.split())


def tidy_rhythm(typed: str) -> str:
    """'3, 14, 28' as it is kept."""
    return " ".join(typed.replace(",", " ").split())


def refusal_of_rhythm(rhythm: str) -> str | None:
    """Why these are not the days of three reminders, as a sentence; None when they are."""
    days = rhythm.split()
    are_numbers = len(days) == len(RHYTHM) and all(day.isascii() and day.isdigit() and len(day) < 5 for day in days)
    if not are_numbers:
        return "Three numbers of days after the due day, such as 3 14 28."
    first, second, third = map(int, days)
    if not 0 < first < second < third <= LATEST_REMINDER:
        return f"Each reminder comes after the one before: three rising numbers, from 1 to {LATEST_REMINDER}."
    return None


# What is missing ------------------------------------------------------------------------------------------------------


class SellerLike(Protocol):
    """What is asked of the firm as it bills."""

    @property
    def legal_name(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def tax_id(self) -> str: ...
    @property
    def tax_number(self) -> str: ...
    @property
    def iban(self) -> str: ...
    @property
    def payment_words(self) -> str: ...


def lacking(seller: SellerLike | None, *, has_rate: bool) -> list[str]:
    """What an invoice of the firm would lack (EU VAT directive, Art. 226), each as a noun; nothing when it is whole."""
    if seller is None:
        return ["legal name and address", "tax number", "how to pay", "the usual tax rate"]
    missing = [
        (not seller.legal_name or not seller.address, "legal name and address"),
        (not seller.country, "country"),
        (not seller.tax_id and not seller.tax_number, "tax number"),
        (not seller.iban and not seller.payment_words, "how to pay"),
        (not has_rate, "the usual tax rate"),
    ]
    return [noun for is_missing, noun in missing if is_missing]


# Countries ------------------------------------------------------------------------------------------------------------


@cache
def countries() -> dict[str, str]:
    """Codes (ISO 3166, as on invoices) and names of the countries, by name."""
    named = Locale("en").territories
    kept = {code: name for code, name in named.items() if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY}
    return dict(sorted(kept.items(), key=lambda pair: pair[1]))


_NO_COUNTRY = ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ")
"""What CLDR names beside the countries of ISO 3166: unions, outlying islands, and codes that name nothing."""


def country_in_words(code: str) -> str:
    return countries().get(code, "")


def _is_in_eu(country: str) -> bool:
    return country.lower() in eu_vat.MEMBER_STATES and country != "XI"


# Numbers of firms and banks -------------------------------------------------------------------------------------------

LONGEST_NUMBER = 40


def tidy_tax_id(country: str, typed: str) -> str:
    """A number for VAT as it stands on invoices: its country in front (EN 16931, BR-CO-9), no signs in between.

    What is of a kind that is not known stays as it was typed.
    """
    if _vat_of(country) is None or not typed:
        return typed
    number = "".join(sign for sign in typed.upper() if sign not in " .,-/")
    before, after = _VAT_SIGNS.get(country, (country, ("",)))
    number = number if number.startswith(before) else before + number
    return number if number.endswith(after) else number + after[0]


_VAT_SIGNS = {"GR": ("EL", ("",)), "CH": ("CHE", ("MWST", "TVA", "IVA")), "NO": ("NO", ("MVA",))}
"""What such a number begins and ends with where that is not simply the country."""


def refusal_of_tax_id(country: str, number: str) -> str | None:
    """Why a number for VAT cannot be right, as a sentence; None when it can, or nobody here knows its kind.

    `number` is as `tidy_tax_id` gives it.
    """
    module = _vat_of(country)
    if module is None or not number:
        return None
    said = _refusal(module.validate, number)
    return said and said.format(f"VAT number ({country_in_words(country)})")


def _vat_of(country: str):  # type: ignore[no-untyped-def]  # a module of stdnum
    """What checks numbers for VAT of a country: those of Europe, whose kind is beyond doubt."""
    if not (_is_in_eu(country) or country in ("GB", "CH", "NO")):
        return None
    return get_cc_module(country.lower(), "vat")


_LOCAL = {
    "AT": ("tin",), "CH": ("uid",), "DE": ("stnr", "idnr"), "FR": ("siren", "siret"), "GB": ("utr",),
    "IT": ("codicefiscale",), "US": ("ein",),
}  # fmt: skip
"""The local tax numbers of a country that have a form of their own."""


def refusal_of_tax_number(country: str, number: str) -> str | None:
    """Why a local tax number cannot be right; None when it can, or is of a kind that is not known.

    Only a wrong check digit is a fault: numbers of many kinds are written here; one of another form is another kind.
    """
    kinds = (get_cc_module(country.lower(), kind) for kind in _LOCAL.get(country, ()) if number.isascii())
    for module in kinds:
        try:
            if module and module.validate(number):
                return None
        except InvalidChecksum:
            return f"A digit of this tax number ({country_in_words(country)}) is wrong."
        except ValidationError:
            continue
    return None


def tidy_account(typed: str) -> str:
    """An IBAN or a BIC as it is kept: without spaces, in capitals."""
    return "".join(typed.upper().split())


def refusal_of_iban(number: str) -> str | None:
    """Why an account number cannot be right; None when it can. `number` is as `tidy_account` gives it."""
    said = _refusal(iban.validate, number) if number else None
    return said and said.format("IBAN")


def refusal_of_bic(code: str) -> str | None:
    """Why the code of a bank cannot be right; None when it can. `code` is as `tidy_account` gives it."""
    if not code or (code.isascii() and bic.is_valid(code)):
        return None
    return "A BIC has 8 or 11 letters and digits, such as DEUTDEFF."


def _refusal(validate: Callable[[str], str], number: str) -> str | None:
    """A sentence with room for what the number is; None when it can be right."""
    if not number.isascii():
        return "That is no {0}: it has another form."
    try:
        validate(number)
    except InvalidChecksum:
        return "A digit of this {0} is wrong."
    except ValidationError:
        return "That is no {0}: it has another form."
    return None


def iban_in_words(number: str) -> str:
    """'GB82 WEST 1234 5698 7654 32'."""
    return iban.format(number)

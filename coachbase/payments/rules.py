"""What a bank's file says, line by line, and which invoice a line of it pays. Nothing is booked by a rule: it proposes.

Amounts are whole minor units; what went out is below zero.
"""

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .. import money
from ..clients.rules import Sheet, decoded, fold, guess_columns, read_sheet
from ..errors import Refused
from ..tracking.rules import Order, read_day

MOST_BYTES, MOST_LINES = 5_000_000, 10_000
MOST_ABOVE, LONGEST_HEAD = 40, 20_000
"""Lines above the headings, and signs, among which the headings are looked for."""
LONGEST_PAYER, LONGEST_ACCOUNT, LONGEST_REFERENCE = 140, 40, 500
A_DAY = timedelta(hours=24)


class LineState(StrEnum):
    """A line of a bank's file: nobody has looked, it pays something, it is none of our business."""

    OPEN = "open"
    MATCHED = "matched"
    IGNORED = "ignored"


class Way(StrEnum):
    """How a file is written."""

    CSV = "csv"
    CAMT = "camt"


class Entry(NamedTuple):
    """A line as read. `own` is our account, `account` the other side's; `number` is where it stands in the file."""

    number: int
    on: date
    cents: int
    currency: str
    payer: str = ""
    account: str = ""
    reference: str = ""
    own: str = ""


def way_of(content: bytes) -> Way:
    """How a file is written, by how it begins.

    Raises Refused for what is packed.
    """
    if content.startswith((b"PK\x03\x04", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")):
        raise Refused("This is a packed file or a workbook. Unpack it, or save it as CSV, then choose that.")
    begins = content[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return Way.CAMT if begins.startswith(b"<") else Way.CSV


def _tidy(text: str, longest: int) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 4 * longest]).split())[:longest]


# CSV ------------------------------------------------------------------------------------------------------------------

FIELDS = {
    "on": (
        "Day",
        "date bookingdate booked postingdate posted posteddate transactiondate valuedate buchungstag buchungsdatum "
        "completeddate datecompleted completedon dateutc completeddateutc datum",
    ),
    "amount": (
        "Amount",
        "betrag umsatz betrageur betragineur umsatzineur transactionamount amountgbp amounteur amountusd value sum",
    ),
    "credit": ("Money in", "moneyin paidin credit creditamount deposit deposits in haben gutschrift credits"),
    "debit": ("Money out", "moneyout paidout debit debitamount withdrawal withdrawals out soll belastung debits"),
    "direction": ("In or out", "sollhaben creditdebit debitcredit drcr crdr creditdebitindicator direction"),
    "currency": ("Currency", "currencycode ccy waehrung wahrung paymentcurrency"),
    "payer": (
        "Name",
        "payer payername payee counterparty counterpartyname beguenstigterzahlungspflichtiger auftraggeber "
        "namezahlungsbeteiligter begunstigterauftraggeber auftraggeberbegunstigter begunstigterzahlungspflichtiger "
        "zahlungspflichtiger zahlungspflichtige from sender merchant",
    ),
    "account": (
        "Their account",
        "iban kontonummeriban ibanzahlungsbeteiligter counterpartyiban counterpartyaccount payeraccountnumber "
        "payeraccount ibanauftraggeber",
    ),
    "reference": (
        "Reference",
        "paymentreference verwendungszweck purpose memo transactiondetails reference remittanceinformation",
    ),
    "more": ("Further reference", "description narrative transactiondescription message notes buchungstext"),
    "own": ("Our account", "auftragskonto accountnumber account ownaccount ibanauftragskonto"),
    "status": ("Status", "state status"),
}
"""What a column may hold: its label, and other headings we know it by."""
NOT_BOOKED = frozenset(("pending", "reverted", "declined", "failed", "cancelled", "canceled", "vorgemerkt", "rejected"))
"""Words of a status column: no money moved, or not yet."""
GOES_OUT = frozenset(("s", "d", "dr", "dbit", "debit", "soll", "out"))
DECIMALS = {"": "Clear by themselves", ".": "A point: 1,234.50", ",": "A comma: 1.234,50"}


@dataclass(frozen=True)
class Columns:
    """Which column holds what, and how the bank writes days and amounts; `currency` where no column says it."""

    fields: tuple[str, ...] = ()
    order: Order = Order.UNKNOWN
    decimal: str = ""
    currency: str = ""

    def to_json(self) -> str:
        return json.dumps([self.fields, self.order, self.decimal, self.currency])

    @classmethod
    def from_json(cls, text: str) -> "Columns":
        fields, order, decimal, currency = json.loads(text)
        return cls(tuple(fields), Order(order), decimal, currency)

    def place(self, name: str) -> int:
        return self.fields.index(name) if name in self.fields else -1


class Problem(NamedTuple):
    """A line of a file that is not understood, and why."""

    number: int
    why: str


def sheet_of(text: str) -> Sheet:
    """Headings and rows. What some banks write above the headings, the account and the period, is left out.

    Raises Refused when there is nothing to read, or too much.
    """
    return read_sheet(_from_headings(text), most=MOST_LINES)


def _from_headings(text: str) -> str:
    """Lines above the headings made empty, so that all keep their numbers. The headings are the first line that names a
    day and an amount; else the first that has nearly as many cells as any."""
    lines = text[:LONGEST_HEAD].splitlines()[:MOST_ABOVE]
    parts = max(";,\t", key=lambda sign: sum(line.count(sign) for line in lines))
    rows = [[cell.strip() for cell in _cells(line, parts)] for line in lines]
    known = [set(guess_columns(row, FIELDS)) for row in rows]
    named = (place for place, fields in enumerate(known) if "on" in fields and fields & {"amount", "credit", "debit"})
    filled = [sum(map(bool, row)) for row in rows]
    wide = (place for place, count in enumerate(filled) if count > 1 and count >= max(filled) - 1)
    above = next(named, next(wide, 0))
    return "\n" * above + "".join(text.splitlines(keepends=True)[above:])


def _cells(line: str, parts: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=parts), [])
    except csv.Error:
        return []


def headings_key(sheet: Sheet) -> str:
    """What a bank's files have in common."""
    return hashlib.sha256("\n".join(fold(heading) for heading in sheet.header).encode()).hexdigest()


def guessed(sheet: Sheet, currency: str) -> Columns:
    """How a file is probably to be read, by its headings and by what stands in its cells."""
    return completed(sheet, Columns(guess_columns(sheet.header, FIELDS), currency=currency))


def completed(sheet: Sheet, columns: Columns) -> Columns:
    """The same, with days and amounts read as their cells show they are written, where nobody has said it."""
    order = columns.order or order_of(cells_of(sheet, columns, "on"))
    amounts = [cell for name in ("amount", "credit", "debit") for cell in cells_of(sheet, columns, name)]
    return replace(columns, order=order, decimal=columns.decimal or decimal_of(amounts))


def cells_of(sheet: Sheet, columns: Columns, name: str) -> list[str]:
    at = columns.place(name)
    return [row[at] for _, row in sheet.rows if at < len(row)] if at >= 0 else []


_NUMERIC_DAY = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{2}|\d{4})\b")


def order_of(cells: Iterable[str]) -> Order:
    """What stands first in days like 03/12/2026: a number above twelve tells; days with points begin with the day."""
    first = second = 0
    for cell in cells:
        if found := _NUMERIC_DAY.match(cell.strip()[:20]):
            first, second = max(first, int(found[1])), max(second, int(found[3]))
            if found[2] == ".":
                return Order.DAY
    return Order.DAY if first > 12 >= second else Order.MONTH if second > 12 >= first else Order.UNKNOWN


def decimal_of(cells: Iterable[str]) -> str:
    """Which sign parts the decimals; '' when 1.234 may be either, and no other amount tells."""
    is_open = False
    for cell in cells:
        signs = re.sub(r"[^.,\d]", "", cell[:40])
        parts = [sign for sign in signs if sign in ".,"]
        if not parts:
            continue
        if len(set(parts)) == 2:
            return parts[-1]
        if len(parts) > 1:
            return "." if parts[0] == "," else ","
        before, after = re.split("[.,]", signs)
        if len(after) != 3 or len(before) > 3 or before in ("", "0"):
            return parts[0]
        is_open = True
    return "" if is_open else "."


_AMOUNT = re.compile(
    r"(?P<sign>[-−–+(]?)\s*(?:[A-Za-z]{3}|[^\w\s.,()+'’−–-])?\s*(?P<inner>[-−–+]?)\s*"
    r"(?P<figure>\d[\d.,'’\s]*|[.,]\d+)\s*(?P<word>[A-Za-z]{1,4}|[^\w\s.,()+'’−–-])?\s*(?P<end>[-−–+)]?)"
)


def cents_in(cell: str, decimal: str, currency: str) -> int | None:
    """The minor units of '-1.234,50 €', '(12.00)', '12,00 S'; None when it is no amount of this currency."""
    found = _AMOUNT.fullmatch(cell.strip()) if len(cell) <= 40 else None
    if found is None:
        return None
    figure = re.sub(r"[\s'’]", "", found["figure"]).translate(str.maketrans(decimal + _other(decimal), ".,"))
    cents = money.whole_of(figure.rstrip("."), money.decimals(currency))
    is_out = bool(set(found["sign"] + found["inner"] + found["end"]) & set("-−–(")) or _says_out(found["word"] or "")
    return cents if cents is None or not is_out else -cents


def _other(decimal: str) -> str:
    return "," if decimal == "." else "."


def _says_out(word: str) -> bool:
    return fold(word) in GOES_OUT


def refusal_of_columns(columns: Columns, sheet: Sheet) -> str | None:
    """Why a file cannot be read like this, as a sentence; None when it can."""
    twice = [name for name, count in Counter(filter(None, columns.fields)).items() if count > 1]
    has_pair = {"credit", "debit"} & set(columns.fields)
    if twice:
        return f"Two columns hold “{FIELDS[twice[0]][0]}”. Choose one of them."
    if "on" not in columns.fields:
        return "Say which column holds the day."
    if "amount" not in columns.fields and not has_pair:
        return "Say which column holds the amount, or which hold money in and money out."
    if "amount" in columns.fields and has_pair:
        return "Choose the amount, or money in and money out, not both."
    if not columns.order and any(_is_two_days(cell) for cell in cells_of(sheet, columns, "on")):
        return "Say how this bank writes its days: the ones in this file may be read in two ways."
    if not columns.decimal:
        return "Say how this bank writes its amounts: 1.234 may be a thousand or one."
    if "currency" not in columns.fields and not columns.currency:
        return "Say which currency this account has."
    return None


def _is_two_days(cell: str) -> bool:
    return _NUMERIC_DAY.match(cell.strip()[:20]) is not None


def entries_of(sheet: Sheet, columns: Columns, today: date) -> tuple[list[Entry], list[Problem]]:
    """The lines that tell of money that moved, and those that are not understood.

    Lines without a day or an amount, opening and closing balances for example, tell of none, and are no problem.
    """
    entries, problems = [], []
    for number, row in sheet.rows:
        cells = {name: cell for name, cell in zip(columns.fields, row, strict=False) if name and cell}
        if fold(cells.get("status", "")[:40]) in NOT_BOOKED or not cells.get("on") or not _amounts(cells):
            continue
        read = _entry(number, cells, columns, today)
        if isinstance(read, Problem):
            problems.append(read)
        elif read.cents:
            entries.append(read)
    return entries, problems


def _amounts(cells: Mapping[str, str]) -> list[str]:
    return [cells[name] for name in ("amount", "credit", "debit") if name in cells]


def _entry(number: int, cells: Mapping[str, str], columns: Columns, today: date) -> Entry | Problem:
    on, why = read_day(_with_century(cells["on"]), columns.order, today + timedelta(days=1))
    if on is None:
        return Problem(number, why or "The day is not understood.")
    currency = cells.get("currency", columns.currency).strip().upper()
    if not re.fullmatch("[A-Z]{3}", currency):
        return Problem(number, f"“{currency[:12]}” is no currency.")
    cents = _cents(cells, columns.decimal, currency)
    if cents is None:
        return Problem(number, f"“{_amounts(cells)[0][:24]}” is no amount in {currency}.")
    reference = " ".join(filter(None, (cells.get("reference"), cells.get("more"))))
    return Entry(
        number, on, cents, currency, _tidy(cells.get("payer", ""), LONGEST_PAYER), _account(cells.get("account", "")),
        _tidy(reference, LONGEST_REFERENCE), _account(cells.get("own", "")),
    )  # fmt: skip


def _with_century(cell: str) -> str:
    """'23.11.26' and '20261123' as days are read elsewhere."""
    text = cell.strip()[:40]
    if re.fullmatch(r"20\d{6}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    found = re.match(r"(\d{1,2}[./-]\d{1,2}[./-])(\d{2})(?!\d)", text)
    return f"{found[1]}20{found[2]}" if found else text


def _cents(cells: Mapping[str, str], decimal: str, currency: str) -> int | None:
    if "amount" in cells:
        cents = cents_in(cells["amount"], decimal, currency)
        return -abs(cents) if cents and _says_out(cells.get("direction", "")[:12]) else cents
    came, went = (cents_in(cells[name], decimal, currency) if name in cells else 0 for name in ("credit", "debit"))
    return None if came is None or went is None else abs(came) - abs(went)


def _account(text: str) -> str:
    return "".join(sign for sign in text[:80].upper() if sign.isalnum())[:LONGEST_ACCOUNT]


# CAMT.052, .053 and .054 (ISO 20022) ----------------------------------------------------------------------------------


def entries_of_camt(content: bytes) -> list[Entry]:
    """The booked lines of a bank's XML, whatever its version: elements are known by their local names.

    Raises Refused when it is none of these messages, or too much.
    """
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise Refused("This XML defines entities of its own, which no bank’s file does. It was not read.") from None
    except (ParseError, ValueError, LookupError):
        raise Refused("This XML file cannot be read. Export it anew from your bank.") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    entries = []
    for number, (own, entry) in enumerate(_booked(root), start=1):
        entries += _of_entry(number, own, entry)
        if len(entries) > MOST_LINES:
            raise Refused(f"A file may have up to {MOST_LINES:,} lines. Export a shorter time.")
    if not entries and root.find(".//GrpHdr") is None:
        raise Refused("This XML is no account statement. Choose a CAMT.052, .053 or .054 file, or CSV.")
    return [entry for entry in entries if entry.cents]


def _booked(root: Element) -> Iterator[tuple[str, Element]]:
    """Our account and each entry. What is only noted or announced has not happened yet."""
    for kind in ("Stmt", "Rpt", "Ntfctn"):
        for statement in root.iter(kind):
            own = _account(_text(statement, "Acct/Id/IBAN") or _text(statement, "Acct/Id/Othr/Id"))
            for entry in statement.iterfind("Ntry"):
                if (_text(entry, "Sts/Cd") or _text(entry, "Sts") or "BOOK") == "BOOK":
                    yield own, entry


def _of_entry(number: int, own: str, entry: Element) -> list[Entry]:
    """The single transactions of an entry where each says its amount and they add up to it; else the entry itself."""
    cents, currency = _amount(entry, number)
    on = _day(entry, number)
    details = entry.findall("NtryDtls/TxDtls")
    singles = [_single(detail, entry, currency) for detail in details]
    if len(details) > 1 and all(single is not None for single in singles) and sum(filter(None, singles)) == cents:
        pairs = list(zip(details, filter(None, singles), strict=True))
    else:
        pairs = [(details[0] if len(details) == 1 else entry, cents)]
    return [Entry(number, on, each, currency, *_other_side(part, each, entry), own) for part, each in pairs]


def _amount(entry: Element, number: int) -> tuple[int, str]:
    amount = entry.find("Amt")
    currency = (amount.get("Ccy") or "").upper() if amount is not None else ""
    cents = None
    if amount is not None and re.fullmatch("[A-Z]{3}", currency):
        cents = money.whole_of(amount.text or "", money.decimals(currency))
    if cents is None:
        raise Refused(f"Entry {number} of this file has no amount that can be understood. Nothing was read.")
    return cents * _direction(entry), currency


def _direction(element: Element, usual: int = 1) -> int:
    """An entry that takes another back says itself which way its money went (CdtDbtInd)."""
    return {"CRDT": 1, "DBIT": -1}.get(_text(element, "CdtDbtInd"), usual)


def _single(detail: Element, entry: Element, currency: str) -> int | None:
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        amount = detail.find(path)
        if amount is not None and (amount.get("Ccy") or "").upper() == currency:
            cents = money.whole_of(amount.text or "", money.decimals(currency))
            return cents and cents * _direction(detail, _direction(entry))
    return None


def _day(entry: Element, number: int) -> date:
    for path in ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"):
        try:
            day = date.fromisoformat(_text(entry, path)[:10])
        except ValueError:
            continue
        if 2000 <= day.year <= 2099:
            return day
    raise Refused(f"Entry {number} of this file has no day that can be understood. Nothing was read.")


def _other_side(part: Element, cents: int, entry: Element) -> tuple[str, str, str]:
    """Name, account and reference; who pays when money comes in, who is paid when it goes out."""
    side = "Dbtr" if cents > 0 else "Cdtr"
    names = (f"RltdPties/{side}/Nm", f"RltdPties/{side}/Pty/Nm", f"RltdPties/Ultmt{side}/Nm")
    accounts = (f"RltdPties/{side}Acct/Id/IBAN", f"RltdPties/{side}Acct/Id/Othr/Id")
    name = next(filter(None, (_text(part, path) for path in names)), "")
    account = next(filter(None, (_text(part, path) for path in accounts)), "")
    return _tidy(name, LONGEST_PAYER), _account(account), _tidy(" ".join(_said(part, entry)), LONGEST_REFERENCE)


def _said(part: Element, entry: Element) -> Iterator[str]:
    if _text(entry, "RvslInd").casefold() in ("true", "1"):
        yield "Reversal:"
    remittance = [*part.iterfind("RmtInf/Ustrd"), *part.iterfind("RmtInf/Strd/CdtrRefInf/Ref")]
    words = [(each.text or "").strip() for each in remittance[:40]]
    end_to_end = _text(part, "Refs/EndToEndId")
    yield from dict.fromkeys(filter(None, (*words, "" if end_to_end == "NOTPROVIDED" else end_to_end)))
    if not any(words):
        yield _text(part, "AddtlTxInf") or _text(entry, "AddtlNtryInf")


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


# The same line in another file ----------------------------------------------------------------------------------------


def facts_of(entries: Iterable[Entry]) -> list[str]:
    """What tells each line from any other: account, day, amount, currency, reference, name, and the how-many-th equal
    one of that day it is. So a file that overlaps another adds only what is new."""
    counts: Counter[str] = Counter()
    told = []
    for entry in entries:
        texts = (entry.own, entry.on.isoformat(), str(entry.cents), entry.currency, entry.reference, entry.payer)
        same = "\n".join((*texts, entry.account))
        counts[same] += 1
        told.append(f"{same}\n{counts[same]}")
    return told


def who_of(payer: str, account: str) -> str:
    """By what we know somebody who paid before: the account, else the name; '' when neither stands there."""
    return account or fold(payer)


# Which invoice a line pays --------------------------------------------------------------------------------------------


class Why(StrEnum):
    """What speaks for an invoice."""

    NUMBER = "number"
    AMOUNT = "amount"
    ACCOUNT = "account"
    HALF = "half"
    NAME = "name"


WHY_LABELS = {
    Why.NUMBER: "number in the reference",
    Why.AMOUNT: "amount equal",
    Why.ACCOUNT: "paid like this before",
    Why.HALF: "number half read",
    Why.NAME: "name alike",
}
WEIGHTS = {Why.NUMBER: 8, Why.AMOUNT: 4, Why.ACCOUNT: 3, Why.HALF: 3, Why.NAME: 2}
MOST_CANDIDATES, MOST_NAMED = 3, 40


class Open(NamedTuple):
    """An invoice as matching sees it; `row` is what the page shows of it. Below zero, so much was paid too much."""

    public_id: str
    number: str
    year: int
    seq: int
    currency: str
    cents: int
    payer: int
    names: tuple[str, ...]
    due_on: date
    row: Any = None


class Paid(NamedTuple):
    """A line of the bank as matching sees it; `known` are payers who paid like this before."""

    public_id: str
    on: date
    cents: int
    currency: str
    payer: str = ""
    reference: str = ""
    known: frozenset[int] = frozenset()
    row: Any = None


class Candidate(NamedTuple):
    """An invoice a line may pay, what speaks for it, and what would be open of it then."""

    invoice: Open
    why: tuple[Why, ...]
    left: int

    @property
    def weight(self) -> int:
        return sum(WEIGHTS[why] for why in self.why)


class Proposal(NamedTuple):
    """What a line probably pays. `sure` are invoices whose numbers it names and which come to its amount exactly; a
    person books it all the same. `note` is what else is to be known."""

    line: Paid
    sure: tuple[Open, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    note: str = ""

    @property
    def seen(self) -> str:
        """What somebody who ticks it has agreed to."""
        return " ".join(f"{invoice.public_id}={invoice.cents}" for invoice in self.sure)


_DAYS = re.compile(r"\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b")
_TOKEN = re.compile(r"[a-z]+|\d+")
_ANNOUNCES = re.compile(r"inv(oices?|no)?|bill|fac(ture)?|re|rg|rn|rnr|rechnung(s?nr|snummer)?|no|nr|num(ber)?")
_LEGAL_FORMS = re.compile(
    "ltd|limited|plc|llp|llc|inc|incorporated|corp|corporation|company|gmbh|mbh|ohg|sas|sarl|srl|spa|aps|pty|group|"
    "holdings?|the|and|und|mrs|miss|prof|herr|frau"
)
"""Of three letters and more; shorter words tell nothing anyway."""


class Numbers(NamedTuple):
    """What a reference holds that may be our numbers: (letters before it, year, number); year 0 where none stands."""

    whole: list[tuple[str, int, int]]
    half: list[tuple[str, int, int]]


def numbers_in(reference: str) -> Numbers:
    """Our numbers as people write them: '2026-0012', '20260012', 'RE 2026 12', 'inv2026/12'. Half read are '26-0012'
    and 'invoice 12'. Days are no numbers."""
    text = _DAYS.sub(" . ", fold(reference[:LONGEST_REFERENCE]))
    tokens = [(each[0], each.start(), each.end()) for each in _TOKEN.finditer(text)]
    found = Numbers([], [])
    letters, begun = "", -1
    for place, (token, start, end) in enumerate(tokens[:200]):
        if not token.isdigit():
            letters, begun = token, end
            continue
        before = letters if begun >= 0 and start - begun <= 3 else ""
        begun = -1
        follower = tokens[place + 1] if place + 1 < len(tokens) else ("", 0, 0)
        follows = follower[0] if follower[0].isdigit() and follower[1] - end <= 4 else ""
        for kind, year, seq in _readings(token, follows, before):
            (found.whole if kind else found.half).append((before, year, seq))
    return found


def _readings(token: str, follows: str, before: str) -> Iterator[tuple[bool, int, int]]:
    """(whether whole, year, number) that these figures may mean."""
    if len(token) == 4 and token.startswith("20") and 0 < len(follows) <= 8:
        yield True, int(token), int(follows)
    elif 5 <= len(token) <= 12 and token.startswith("20"):
        yield True, int(token[:4]), int(token[4:])
    elif len(token) == 2 and 0 < len(follows) <= 8:
        yield False, 2000 + int(token), int(follows)
    if 3 <= len(token) <= 8 and (token.startswith("0") or before):
        yield True, 0, int(token)
    if len(token) <= 8 and (_ANNOUNCES.fullmatch(before) or token.startswith("0")):
        yield False, 0, int(token)


class Known:
    """The invoices that may be meant, by number, by amount, by payer, and by the words of their payers' names."""

    def __init__(self, invoices: Iterable[Open]) -> None:
        self.by_number: dict[tuple[int, int], list[Open]] = {}
        self.by_seq: dict[int, list[Open]] = {}
        self.by_amount: dict[tuple[str, int], list[Open]] = {}
        self.by_payer: dict[int, list[Open]] = {}
        self.by_word: dict[str, list[Open]] = {}
        self.words: dict[str, list[set[str]]] = {}
        for invoice in invoices:
            self.by_number.setdefault((invoice.year, invoice.seq), []).append(invoice)
            self.by_seq.setdefault(invoice.seq, []).append(invoice)
            if invoice.cents:
                self.by_amount.setdefault((invoice.currency, invoice.cents), []).append(invoice)
                self.by_payer.setdefault(invoice.payer, []).append(invoice)
                self.words[invoice.public_id] = [words for name in invoice.names if (words := words_of_name(name))]
                for word in set().union(*self.words[invoice.public_id]):
                    self.by_word.setdefault(word, []).append(invoice)

    def named(self, numbers: Iterable[tuple[str, int, int]]) -> dict[str, Open]:
        """Those whose number it is. Letters before it tell an invoice from a late fee of the same number."""
        found = {}
        for letters, year, seq in numbers:
            fitting = self.by_number.get((year, seq), [])
            lettered = [each for each in fitting if prefix_of(each.number) == letters]
            plain = [each for each in fitting if not prefix_of(each.number)]
            for invoice in lettered or plain or fitting:
                found[invoice.public_id] = invoice
        return found

    def half_named(self, numbers: Iterable[tuple[str, int, int]]) -> dict[str, Open]:
        """The same for what is half read: a number without its year is of any year."""
        told = list(numbers)
        found = self.named(told)
        alone = {seq for _, year, seq in told if not year}
        return found | {each.public_id: each for seq in alone for each in self.by_seq.get(seq, ()) if each.cents}


def prefix_of(number: str) -> str:
    """The letters a number begins with: 'lf' of LF-2026-0003."""
    found = re.match("[a-z]+", fold(number))
    return found[0] if found else ""


def words_of_name(name: str) -> set[str]:
    """What tells a name: without legal forms, titles and initials."""
    return {
        word for word in re.findall(r"[^\W\d_]{3,}", fold(name[:LONGEST_PAYER])) if not _LEGAL_FORMS.fullmatch(word)
    }


def propose(lines: Sequence[Paid], invoices: Iterable[Open]) -> list[Proposal]:
    """What each line probably pays, in their order. An invoice is paid by one sure line at most."""
    known, promised, found = Known(invoices), set[str](), []
    for line in lines:
        numbers = numbers_in(line.reference)
        named = known.named(numbers.whole)
        proposal = _proposal(line, known, named, numbers)
        if promised.intersection(invoice.public_id for invoice in proposal.sure):
            proposal = _doubtful(line, known, named, numbers, "Another line here pays the same.")
        promised |= {invoice.public_id for invoice in proposal.sure}
        found.append(proposal)
    return found


def _proposal(line: Paid, known: Known, named: Mapping[str, Open], numbers: Numbers) -> Proposal:
    same = {key: each for key, each in named.items() if each.currency == line.currency}
    due = [each for each in same.values() if each.cents and (each.cents > 0) is (line.cents > 0)]
    if due and len(due) == len(named) and sum(each.cents for each in due) == line.cents:
        return Proposal(line, sure=tuple(due))
    foreign = next((each for each in named.values() if each.currency != line.currency), None)
    note = f"It names {foreign.number}, which is in {foreign.currency}." if foreign else ""
    return _doubtful(line, known, same, numbers, note)


def _doubtful(line: Paid, known: Known, named: Mapping[str, Open], numbers: Numbers, note: str) -> Proposal:
    why: dict[str, set[Why]] = {}
    there: dict[str, Open] = {}
    half = known.half_named(numbers.half)
    speaking = (
        (Why.NUMBER, named.values()),
        (Why.HALF, [each for key, each in half.items() if key not in named]),
        (Why.AMOUNT, known.by_amount.get((line.currency, line.cents), ())),
        (Why.ACCOUNT, [each for payer in line.known for each in known.by_payer.get(payer, ())]),
        (Why.NAME, _namesakes(line, known)),
    )
    for reason, invoices in speaking:
        for invoice in invoices:
            if invoice.currency == line.currency and _may_take(line, invoice, reason):
                there[invoice.public_id] = invoice
                why.setdefault(invoice.public_id, set()).add(reason)
    candidates = [
        Candidate(invoice, tuple(each for each in Why if each in why[key]), invoice.cents - line.cents)
        for key, invoice in there.items()
    ]
    candidates.sort(key=lambda each: (-each.weight, abs(each.left), each.invoice.due_on, each.invoice.number))
    return Proposal(line, candidates=tuple(candidates[:MOST_CANDIDATES]), note=note)


def _may_take(line: Paid, invoice: Open, reason: Why) -> bool:
    """Money that comes in pays what is open; one that is paid only when its number stands there. Money that goes out
    gives back what was paid too much."""
    if line.cents < 0:
        return invoice.cents < 0
    return invoice.cents > 0 or reason is Why.NUMBER


def _namesakes(line: Paid, known: Known) -> list[Open]:
    """Whose name shares half of its words with the line's, or more."""
    words = words_of_name(line.payer) or words_of_name(line.reference)
    met = {invoice.public_id: invoice for word in words for invoice in known.by_word.get(word, ())[:MOST_NAMED]}
    return [
        invoice
        for invoice in met.values()
        if any(2 * len(words & own) >= len(own) for own in known.words[invoice.public_id])
    ]


# What may be done with a line -----------------------------------------------------------------------------------------


def refusal_to_match(state: LineState, cents: int, parts: Sequence[int], written: str) -> str | None:
    """Why a line cannot be given to invoices in these parts, as a sentence; None when it can. `written` is what is left
    of the line, or too much, in words."""
    if state is not LineState.OPEN:
        return "Somebody has dealt with this line already."
    if not parts:
        return "Say which invoice this pays."
    if any(not part or (part > 0) is not (cents > 0) for part in parts):
        return "Each part goes the same way as the line: in, or out."
    if sum(parts) != cents:
        few = abs(sum(parts)) < abs(cents)
        return f"{written} of this line {'is given to no invoice yet' if few else 'too much is given out'}."
    return None


def needs_reason(dealt_at: datetime | None, now: datetime) -> bool:
    """What was done within a day is taken back without a word."""
    return dealt_at is not None and now - dealt_at > A_DAY


def text_of(content: bytes) -> str:
    """The text of a CSV file as banks write them."""
    return decoded(content)

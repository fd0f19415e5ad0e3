"""What becomes of a code, what may be done with it, and what a pasted list of codes says."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from ..clients.rules import delimiter_of, fold, read_sheet
from ..errors import Refused
from ..instruments.rules import WAY_WORDS, Way


class State(StrEnum):
    """In stock; given to somebody; back from somebody who never used it; expired; credited by the vendor."""

    STOCK = "stock"
    GIVEN = "given"
    RETURNED = "returned"
    EXPIRED = "expired"
    RECLAIMED = "reclaimed"


class Entry(StrEnum):
    """Why the credits of a vendor changed."""

    BOUGHT = "bought"
    USED = "used"
    RETURNED = "returned"
    RECLAIMED = "reclaimed"
    EXPIRED = "expired"
    CORRECTED = "corrected"


FREE = (State.STOCK, State.RETURNED)
"""What can be handed out."""

STATE_LABELS = {
    State.STOCK: "in stock",
    State.GIVEN: "given out",
    State.RETURNED: "returned, free again",
    State.EXPIRED: "expired",
    State.RECLAIMED: "reclaimed from the vendor",
}
ENTRY_LABELS = {
    Entry.BOUGHT: "Bought",
    Entry.USED: "Given out",
    Entry.RETURNED: "Returned unused",
    Entry.RECLAIMED: "Reclaimed",
    Entry.EXPIRED: "Expired",
    Entry.CORRECTED: "Corrected by hand",
}
LEADS_TO = {
    State.STOCK: (State.GIVEN, State.EXPIRED, State.RECLAIMED),
    State.GIVEN: (State.RETURNED, State.EXPIRED, State.RECLAIMED),
    State.RETURNED: (State.GIVEN, State.EXPIRED, State.RECLAIMED),
    State.EXPIRED: (State.RETURNED, State.RECLAIMED),
    State.RECLAIMED: (State.RETURNED,),
}
BY_HAND = {
    State.RETURNED: "It is back in stock, unused",
    State.EXPIRED: "It has expired",
    State.RECLAIMED: "The vendor took it back",
}
"""What somebody at the desk may say became of a code."""
SEVERAL_AT_ONCE = (State.EXPIRED, State.RECLAIMED)
"""What may be said of many codes; that one came back unused somebody makes sure of one by one."""
SOON = 14
"""Days before its last one from which a code shows that it expires."""
MOST_CORRECTED = 10_000


def refusal_to_become(now: State, to: State) -> str | None:
    """Why a code may not go from one state to another, as a sentence; None when it may."""
    if to in LEADS_TO[now]:
        return None
    return f"This code is {STATE_LABELS[now]}, so it cannot be {STATE_LABELS[to].split(',')[0]}."


def ends_by_hand(now: State) -> list[State]:
    """What the desk may say became of a code."""
    return [to for to in BY_HAND if refusal_to_become(now, to) is None]


def ends_of_several(now: State | None) -> list[State]:
    """What the desk may say became of several codes in this state, or in different ones."""
    return [to for to in SEVERAL_AT_ONCE if now is None or refusal_to_become(now, to) is None]


def credits_of_end(now: State, to: State, credits: int) -> int:
    """What the ledger gets when a code ends so: its sum is what can still be given.

    What was given out left the sum then, and what expired when it did.
    """
    if to is State.RETURNED:
        return credits
    return -credits if now in FREE else 0


def is_past(expires_on: date | None, today: date) -> bool:
    """Whether a code is of no use any more: the day it expires on is its last."""
    return expires_on is not None and expires_on < today


def expires_soon(expires_on: date | None, today: date) -> bool:
    return expires_on is not None and (expires_on - today).days <= SOON


# A list of codes ------------------------------------------------------------------------------------------------------

LONGEST_SECRET, LONGEST_LOGIN, LONGEST_ORDER, LONGEST_LIST = 500, 200, 80, 500_000
LONGEST_REASON = 300


class Code(NamedTuple):
    """A code as it was pasted or read from a file."""

    secret: str
    login: str = ""
    expires_on: date | None = None


class Line(NamedTuple):
    """A line of the list that could be read."""

    number: int
    code: Code


class Trouble(NamedTuple):
    """A line that is not taken, and why. It never says what stands in the line."""

    number: int
    why: str


class Reading(NamedTuple):
    """What a list says: codes to add, lines not understood, lines that are known already, headings left out."""

    codes: tuple[Code, ...]
    troubles: tuple[Trouble, ...]
    doubles: tuple[Trouble, ...]
    unread: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        return not (self.troubles or self.doubles or self.unread)


HEADINGS = {
    "secret": "code codes accesscode accesscodes key link url accesslink personallink password secret",
    "login": "login user userid username loginname account accountname email participantid id",
    "expires_on": "expiry expires expireson expirydate expirationdate expiration validuntil lastday until",
}
"""What a list calls its columns."""

_UNREADABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def key_of(way: Way, code: Code) -> tuple[str, str]:
    """What makes two codes the same: an account's name, else the code itself."""
    return ("account", code.login.casefold()) if way is Way.ACCOUNT else ("code", code.secret)


def refusal_of_code(way: Way, code: Code) -> str | None:
    """Why this is no way in, as a sentence that does not repeat it; None when it is one."""
    one, _ = WAY_WORDS[way]
    if not code.secret:
        return "The password is missing." if way is Way.ACCOUNT else f"The {one} is missing."
    if len(code.secret) > LONGEST_SECRET or len(code.login) > LONGEST_LOGIN:
        return f"A {one} has up to {LONGEST_SECRET} characters, a login up to {LONGEST_LOGIN}."
    if _UNREADABLE.search(code.secret + code.login):
        return "There is a character in it that cannot be stored."
    if way is Way.ACCOUNT and not code.login:
        return "The login is missing: an account has a login and a password."
    if way is Way.LINK and not re.fullmatch(r"https?://[^\s\"<>\\^`{|}/]+\.[^\s\"<>\\^`{|}]+", code.secret):
        return "This is no link: a personal link begins with https://."
    if way is Way.CODE and re.search(r"\s", code.secret):
        return "There is a space in the code."
    return None


def read_codes(
    text: str, *, way: Way, expires_on: date | None, today: date, known: Mapping[tuple[str, str], State]
) -> Reading:
    """What a pasted list says, with or without headings. `expires_on` is for lines that name no day.

    `known` are the codes we have, by `key_of`. Raises Refused when the list as a whole cannot be read.
    """
    columns, rows, unread = _table(text, way)
    lines: list[Line] = []
    troubles: list[Trouble] = []
    for number, cells in rows:
        code, why = _code(cells, columns or _columns_of(cells, way), expires_on, today)
        if refusal := why or refusal_of_code(way, code):
            troubles.append(Trouble(number, refusal))
        else:
            lines.append(Line(number, code))
    doubles = tuple(_doubles(lines, way, known))
    left_out = {double.number for double in doubles}
    fresh = tuple(line.code for line in lines if line.number not in left_out)
    return Reading(fresh, tuple(troubles), doubles, unread)


def _table(text: str, way: Way) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]], tuple[str, ...]]:
    """What each column is ('' for one left out; nothing when there are no headings), the lines, headings left out.

    A heading has no digit in it, as the login beside the password "password" mostly has.
    """
    if not text.strip():
        raise Refused(f"Paste at least one {WAY_WORDS[way][0]}, or choose a file.")
    first = next(line for line in text.splitlines() if line.strip())
    if "secret" not in _columns_named(first.split(delimiter_of(text))) or re.search(r"\d", first):
        heading = delimiter_of(text).join(("code", "login", "expiry"))
        return (), [(number - 1, row) for number, row in read_sheet(f"{heading}\n{text}").rows], ()
    if not text.partition(first)[2].strip():
        raise Refused("There are headings, and no line below them.")
    sheet = read_sheet(text)
    named = _columns_named(sheet.header)
    unread = tuple(name for name, column in zip(sheet.header, named, strict=True) if name and not column)
    return named, list(sheet.rows), unread


def _columns_named(header: Iterable[str]) -> tuple[str, ...]:
    found: list[str] = []
    for heading in header:
        key = re.sub(r"[^a-z]", "", fold(heading))
        column = next((name for name, words in HEADINGS.items() if key in words.split() and name not in found), "")
        found.append(column)
    return tuple(found)


def _columns_of(cells: Sequence[str], way: Way) -> tuple[str, ...]:
    """What the cells of a line without headings are: by their number, and by whether the second looks like a day."""
    filled = len(cells) if any(cells) else 0
    if way is Way.ACCOUNT:
        return ("login", "secret", "expires_on")[: max(filled, 2)]
    if filled == 2 and _LIKE_A_DAY.fullmatch(cells[1]):
        return ("secret", "expires_on")
    return ("secret", "login", "expires_on")[: max(filled, 1)]


def _code(cells: Sequence[str], columns: Sequence[str], usual: date | None, today: date) -> tuple[Code, str]:
    if len([cell for cell in cells[len(columns) :] if cell]):
        return Code(""), "It has more cells than there are columns. What holds the separator stands in quotes."
    texts = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
    day, why = day_of(texts.get("expires_on", ""))
    if day is None:
        day = usual
    if not why and is_past(day, today):
        why = "It has expired."
    return Code(texts.get("secret", ""), texts.get("login", ""), day), why


def _doubles(lines: Sequence[Line], way: Way, known: Mapping[tuple[str, str], State]) -> Iterator[Trouble]:
    seen: dict[tuple[str, str], int] = {}
    for number, code in lines:
        key = key_of(way, code)
        if key in known:
            yield Trouble(number, f"It is known already: {STATE_LABELS[known[key]]}.")
        elif key in seen:
            yield Trouble(number, f"It says the same as line {seen[key]}.")
        seen.setdefault(key, number)


_LIKE_A_DAY = re.compile(r"[\d\s./-]{6,12}|\d{1,2}\.? [^\W\d]{3,12}\.?,? \d{4}")
_NUMBERS = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})")


def day_of(text: str) -> tuple[date | None, str]:
    """The day that is meant, or why none can be made out: what could be two days is none."""
    if not text:
        return None, ""
    if found := _NUMBERS.fullmatch(text):
        return _day_of_numbers(*found.groups())
    for pattern in ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y"):
        try:
            return _sensible(datetime.strptime(text.replace(".", "").replace(",", "")[:40], pattern).date())
        except ValueError:
            continue
    return None, "The day it expires is not understood. Write it like 2026-12-31."


def _day_of_numbers(first: str, second: str, third: str) -> tuple[date | None, str]:
    a, b, c = int(first), int(second), int(third)
    if len(first) == 4:
        found = [(a, b, c)]
    elif len(third) == 4:
        found = [(c, month, day) for month, day in {(b, a), (a, b)} if month <= 12]
    else:
        found = []
    days = {day for day in (_calendar_day(*each) for each in found) if day}
    if len(days) > 1:
        return None, "The day it expires could be two days. Write it like 2026-12-31."
    if not days:
        return None, "The day it expires is not understood. Write it like 2026-12-31."
    return _sensible(days.pop())


def _calendar_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _sensible(day: date) -> tuple[date | None, str]:
    if not 2000 <= day.year <= 2099:
        return None, "The day it expires is between 2000 and 2099."
    return day, ""

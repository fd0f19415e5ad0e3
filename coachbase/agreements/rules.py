"""States of an agreement and of its signers, merge fields, and what may be done when."""

import difflib
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from ..engagements.rules import (
    BILLING_LABELS,
    CADENCE_LABELS,
    NEVER_SHARED,
    SHARE_LABELS,
    SUMMARIES_LABELS,
    THREE_WAY_LABELS,
    Payer,
    Share,
    cancelling_in_words,
)
from ..money import in_words


class State(StrEnum):
    """Draft → freezing (the worker writes the PDF) → out → sealing → completed; or declined, or void."""

    DRAFT = "draft"
    FREEZING = "freezing"
    OUT = "out"
    SEALING = "sealing"
    COMPLETED = "completed"
    DECLINED = "declined"
    VOID = "void"


LIVING = (State.DRAFT, State.FREEZING, State.OUT, State.SEALING)
"""Still to be signed; an engagement has at most one of these."""


class SignerRole(StrEnum):
    CLIENT = "client"
    SPONSOR = "sponsor"
    COACH = "coach"


class SignerState(StrEnum):
    """Inert until the one before has signed, then asked."""

    WAITING = "waiting"
    ASKED = "asked"
    SIGNED = "signed"
    DECLINED = "declined"
    HANDED_OVER = "handed_over"


class MarkKind(StrEnum):
    TYPED = "typed"
    DRAWN = "drawn"


class EventKind(StrEnum):
    """What an agreement's audit trail tells of (domain.md §6)."""

    FROZEN = "frozen"
    SENT = "sent"
    OPENED = "opened"
    CONSENTED = "consented"
    CODE_SENT = "code_sent"
    CODE_FAILED = "code_failed"
    CODE_VERIFIED = "code_verified"
    SIGNED = "signed"
    DECLINED = "declined"
    REASSIGNED = "reassigned"
    READDRESSED = "readdressed"
    REMINDED = "reminded"
    VOIDED = "voided"
    COMPLETED = "completed"
    SEALED = "sealed"


class Face(NamedTuple):
    """How a state is shown: word, tone and icon together."""

    word: str
    tone: str
    icon: str


FACES = {
    State.DRAFT: Face("draft", "plain", "pencil"),
    State.FREEZING: Face("being prepared", "accent", "clock"),
    State.OUT: Face("being signed", "wait", "signature"),
    State.SEALING: Face("being sealed", "accent", "clock"),
    State.COMPLETED: Face("signed by all", "good", "circle-check"),
    State.DECLINED: Face("declined", "late", "ban"),
    State.VOID: Face("withdrawn", "plain", "archive"),
}
SIGNER_FACES = {
    SignerState.WAITING: Face("not asked yet", "plain", "circle-dashed"),
    SignerState.ASKED: Face("asked to sign", "wait", "clock"),
    SignerState.SIGNED: Face("signed", "good", "circle-check"),
    SignerState.DECLINED: Face("declined", "late", "ban"),
    SignerState.HANDED_OVER: Face("handed over", "plain", "arrow-right-left"),
}
EVENT_FACES = {
    EventKind.FROZEN: Face("Frozen as a PDF", "plain", "file-text"),
    EventKind.SENT: Face("Asked to sign", "plain", "send"),
    EventKind.OPENED: Face("Opened", "plain", "eye"),
    EventKind.CONSENTED: Face("Agreed to sign electronically", "plain", "check"),
    EventKind.CODE_SENT: Face("Code mailed", "plain", "mail"),
    EventKind.CODE_FAILED: Face("A try to sign failed", "wait", "triangle-alert"),
    EventKind.CODE_VERIFIED: Face("Code verified", "plain", "shield-check"),
    EventKind.SIGNED: Face("Signed", "good", "signature"),
    EventKind.DECLINED: Face("Declined", "late", "ban"),
    EventKind.REASSIGNED: Face("Handed over", "plain", "arrow-right-left"),
    EventKind.READDRESSED: Face("Other mail address", "plain", "mail"),
    EventKind.REMINDED: Face("Reminded", "plain", "bell"),
    EventKind.VOIDED: Face("Withdrawn", "late", "ban"),
    EventKind.COMPLETED: Face("Signed by all", "good", "circle-check"),
    EventKind.SEALED: Face("Sealed", "good", "shield-check"),
}
ROLE_LABELS = {SignerRole.CLIENT: "client", SignerRole.SPONSOR: "sponsor", SignerRole.COACH: "coach"}

CONSENT_VERSION = "2026-11"
CONSENT = (
    "I agree to sign this document electronically. I have read it, and I mean my mark to have the effect of my "
    "signature on paper. I can keep a copy, and I know that I may decline here and ask for paper instead, "
    "without any cost. This is a simple electronic signature; a code sent to my mailbox ties it to me."
)
"""What a signer agrees to. ESIGN/UETA ask for consent and intent, eIDAS Art. 25 calls the result a simple electronic
signature; we claim no more. Change the version with the words: the trail keeps both."""

LINK_LASTS = timedelta(days=60)
HOLD_LASTS = timedelta(days=1)
"""For a browser that came by another link of the same person."""
MOST_REMINDERS = 4
"""For one signature (domain.md §5)."""


# Merge fields ---------------------------------------------------------------------------------------------------------


class Field(NamedTuple):
    """What may stand in a template as {{name}}. `where` says which page fills it in; see WHERE.

    A block brings its own Markdown and stands on lines of its own; every other value is one line of plain text.
    """

    label: str
    example: str
    where: str
    is_block: bool = False


WHERE = {
    "client": "the client’s details",
    "sponsor": "the sponsor organisation",
    "program": "the program",
    "firm": "the firm’s settings",
    "today": "the day it is sent",
}

_NEVER = f"Never shared: {NEVER_SHARED}."

MERGE_FIELDS: dict[str, Field] = {
    "client_name": Field("the client’s legal name, or else the name", "Robert Haddad", "client"),
    "client_preferred": Field("what the client is called", "Bob", "client"),
    "client_email": Field("the client’s mail address", "bob@brightwater.example", "client"),
    "client_address": Field("the client’s postal address", "14 Quay Street, Bristol BS1 4DJ", "client"),
    "client_position": Field("the client’s position", "SVP Operations", "client"),
    "client_organisation": Field("where the client works", "Brightwater", "client"),
    "sponsor_name": Field("the sponsor organisation", "Brightwater", "client"),
    "sponsor_address": Field("the sponsor’s postal address", "2 Harbour Road, Bristol BS1 5TT", "sponsor"),
    "sponsor_signer": Field("who signs for the sponsor", "Sam Okafor", "program"),
    "coach_name": Field("the coach", "Alice Kern", "program"),
    "firm_name": Field("your firm", "Northbank", "firm"),
    "program_name": Field("the program", "Leadership 6", "program"),
    "program_length": Field("how long the program runs", "6 months", "program"),
    "sessions": Field("how many sessions", "12", "program"),
    "session_minutes": Field("how long a session is", "60 minutes", "program"),
    "cadence": Field("how often", "every other week", "program"),
    "price": Field("the price", "£9,600.00", "program"),
    "billing": Field("when it is paid", "half at the start, half in the middle", "program"),
    "payer": Field("who pays", "Brightwater", "program"),
    "po_number": Field("the purchase order", "PO-20418", "program"),
    "starts_on": Field("the first day", "1 December 2026", "program"),
    "ends_on": Field("the last day", "31 May 2027", "program"),
    "cancelling": Field(
        "when cancelling costs a session",
        "free of charge until 24 hours before it begins; one that is cancelled later counts as held",
        "program",
    ),
    "three_ways": Field("meetings with the sponsor", "at the start and at the end", "program"),
    "summaries": Field("written summaries for the sponsor", "every three months", "program"),
    "assessments": Field("assessments", "Hogan HPI and EQ-i 2.0", "program"),
    "sharing": Field(
        "what the sponsor may be told, and what never",
        f"The sponsor may be told:\n\n- {SHARE_LABELS[Share.SESSIONS]}\n- {SHARE_LABELS[Share.GOALS]}\n\n{_NEVER}",
        "program",
        is_block=True,
    ),
    "today": Field("the day it is sent", "20 November 2026", "today"),
}
EXAMPLES = {name: field.example for name, field in MERGE_FIELDS.items()}

LONGEST_BODY = 200_000
"""Some fifty pages."""
LONGEST_FILLED = 400_000
"""With its fields filled in: what is longer, paper would cut."""
LONGEST_TITLE, LONGEST_REASON = 120, 1000
LONGEST_RUN, MOST_BRACKETS = 24, 400
MOST_LINES, MOST_MARKS, MOST_RULES = 8000, 8000, 200
"""Far beyond any agreement: the parser of Markdown is quadratic in lines, in marks, and worst in lines drawn across."""

_FIELD = re.compile(r"\{\{([^{}\n]{0,100})\}\}")
_RUN = re.compile(rf"([\[\](*_`<>!~])\1{{{LONGEST_RUN},}}")
_RULE = re.compile(r"^[ \t]*([*_=-])(?:[ \t]*\1)*[ \t]*$", re.MULTILINE)
_MARKS = "*_`\\<>&|~#"
_SPECIAL = re.compile(r"([\\`*_{}\[\]()>#+\-.!])")
_SPACE = re.compile(r"\s+")


def values(
    *,
    client: Any,
    organisation: Any,
    coach: Any,
    firm: Any,
    terms: Any,
    starts_on: date | None,
    ends_on: date | None,
    payer: str,
    po_number: str,
    sponsor_signer: str,
    today: date,
) -> dict[str, str]:
    """What stands for each merge field; '' when it is not known. `terms` has the columns of engagements.Terms.

    An organisation, coach or firm may be None.
    """
    organised = organisation.name if organisation else ""
    legal = client.legal_name or client.name
    return {
        "client_name": _line(legal),
        "client_preferred": _line(client.preferred_name or client.name.split(" ")[0]),
        "client_email": _line(client.email),
        "client_address": _address(client.address),
        "client_position": _line(client.position),
        "client_organisation": _line(organised),
        "sponsor_name": _line(organised),
        "sponsor_address": _address(organisation.address if organisation else ""),
        "sponsor_signer": _line(sponsor_signer),
        "coach_name": _line(coach.name if coach else ""),
        "firm_name": _line(firm.name if firm else ""),
        "payer": _line(organised if payer == Payer.SPONSOR else legal),
        "po_number": _line(po_number),
        "starts_on": day_in_words(starts_on),
        "ends_on": day_in_words(ends_on),
        "today": day_in_words(today),
    } | _values_of_terms(terms, ends_on)


def _values_of_terms(terms: Any, ends_on: date | None) -> dict[str, str]:
    """No sessions and no price mean that nobody filled them in, not that there are none."""
    shares = terms.shares.split()
    meetings = terms.three_ways.split()
    return {
        "program_name": _line(terms.name),
        "program_length": _length_in_words(terms.months, ends_on),
        "sessions": str(terms.sessions or ""),
        "session_minutes": f"{terms.session_minutes} minutes" if terms.session_minutes else "",
        "cadence": CADENCE_LABELS[terms.cadence_name],
        "price": in_words(terms.price_cents, terms.currency) if terms.price_cents else "",
        "billing": BILLING_LABELS[terms.billing_name],
        "cancelling": cancelling_in_words(terms.cancel_hours, late_is_charged=terms.late_is_charged),
        "three_ways": _listed(label for meeting, label in THREE_WAY_LABELS.items() if meeting in meetings) or "none",
        "summaries": SUMMARIES_LABELS[terms.summaries_name],
        "assessments": _listed(_line(line) for line in terms.assessments.splitlines() if line.strip()) or "none",
        "sharing": sharing_clause(share for share in Share if share in shares),
    }


def sharing_clause(shares: Iterable[Share]) -> str:
    """What the sponsor may be told, as Markdown, and what never (domain.md §9)."""
    told = "".join(f"- {SHARE_LABELS[share]}\n" for share in shares)
    first = (
        f"The sponsor may be told:\n\n{told}" if told else "Nothing about the coaching is shared with the sponsor.\n"
    )
    return f"{first}\n{_NEVER}"


def day_in_words(day: date | None) -> str:
    """'1 December 2026'."""
    return f"{day.day} {day:%B %Y}" if day else ""


def _length_in_words(months: int | None, ends_on: date | None) -> str:
    if months:
        return "1 month" if months == 1 else f"{months} months"
    return f"until {day_in_words(ends_on)}" if ends_on else "no fixed length"


def _line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _address(text: str) -> str:
    return ", ".join(_line(line).rstrip(",") for line in text.splitlines() if line.strip())


def _listed(parts: Iterable[str]) -> str:
    """'a, b and c'."""
    several = list(parts)
    return " and ".join(part for part in (", ".join(several[:-1]), several[-1]) if part) if several else ""


def tidy(body: str) -> str:
    """`{{ name }}` as `{{name}}`, the way it is stored."""
    return _FIELD.sub(lambda found: f"{{{{{found.group(1).strip()}}}}}", body)


def fields_in(body: str) -> list[str]:
    """The fields a text uses, each once, in their order."""
    return list(dict.fromkeys(found.group(1).strip() for found in _FIELD.finditer(body)))


def uses_sharing(body: str) -> bool:
    """Whether the text itself says what may be shared."""
    return "sharing" in fields_in(body)


def missing(body: str, values: Mapping[str, str]) -> list[str]:
    """The fields a text uses that have no value."""
    return [name for name in fields_in(body) if not values.get(name)]


def fill(body: str, values: Mapping[str, str]) -> str:
    """The text with its fields replaced, once: what a value contains is neither a field nor Markdown.

    A field without a value stays as it is written.
    """
    return _FIELD.sub(lambda found: _filled(found.group(1).strip(), found.group(0), values), body)


def _filled(name: str, written: str, values: Mapping[str, str]) -> str:
    value = values.get(name, "")
    if not value:
        return written
    return f"\n\n{value}\n\n" if name in MERGE_FIELDS and MERGE_FIELDS[name].is_block else escape_markdown(value)


def escape_markdown(value: str) -> str:
    """One line that Markdown shows as it is: no heading, list, link, table, emphasis or tag comes of it."""
    entities = _line(value).replace("&", "&amp;").replace("<", "&lt;")
    return _SPECIAL.sub(r"\\\1", entities).replace("|", "&#124;").replace("=", "&#61;").replace("~", "&#126;")


def refusal_of_body(body: str) -> str | None:
    """Why this text will not do as an agreement, as a sentence; None when it will."""
    if not body.strip():
        return "An agreement needs a text."
    if len(body) > LONGEST_BODY:
        return f"At most {LONGEST_BODY:,} characters, which is some fifty pages."
    for name in fields_in(body):
        if name not in MERGE_FIELDS:
            near = difflib.get_close_matches(name, MERGE_FIELDS, n=1)
            hint = f"Did you mean {{{{{near[0]}}}}}?" if near else "Use one of those listed."
            return f"There is no field {{{{{name[:60]}}}}}. {hint}"
    if "{{" in (rest := _FIELD.sub("", body)) or "}}" in rest:
        return "A field is not closed: it is written with two braces on each side, such as {{client_name}}."
    if _RUN.search(body) or sum(map(body.count, "[]")) > MOST_BRACKETS:
        return "There are too many brackets or stars in a row. Take some away: they would not be read as you mean them."
    if body.count("\n") > MOST_LINES or sum(map(body.count, _MARKS)) > MOST_MARKS or _ruled(body) > MOST_RULES:
        return "There are too many short lines or signs in this text. Is it an agreement?"
    return "Pictures are left out of agreements. Take away the “![”." if "![" in body else None


def refusal_of_filled(body: str) -> str | None:
    """Why this text, with its fields filled in, is not sent, as a sentence; None when it is."""
    return "With its fields filled in, this text is too long. Shorten it." if len(body) > LONGEST_FILLED else None


def _ruled(body: str) -> int:
    """How many lines of the text are lines drawn across the page."""
    return sum(1 for _ in _RULE.finditer(body))


# What may be done when ------------------------------------------------------------------------------------------------

MAY_BE = {
    "send": (State.DRAFT,),
    "change": (State.DRAFT,),
    "withdraw": (State.DRAFT, State.FREEZING, State.OUT),
    "renew": (State.VOID, State.DECLINED, State.COMPLETED),
    "remind": (State.OUT,),
    "try_again": (State.FREEZING, State.SEALING),
}
"""In which states an agreement takes which act."""

_NOT_NOW = {
    State.DRAFT: "This agreement is still a draft.",
    State.FREEZING: "This agreement is just being prepared. Wait a moment.",
    State.OUT: "This agreement is out to be signed.",
    State.SEALING: "Everybody has signed this agreement; it is being sealed.",
    State.COMPLETED: "This agreement was signed by all.",
    State.DECLINED: "This agreement was declined.",
    State.VOID: "This agreement was withdrawn.",
}
_INSTEAD = {
    "send": "Only a draft can be sent.",
    "change": "Only a draft can be changed: withdraw it, then make a new version.",
    "withdraw": "It can no longer be withdrawn.",
    "renew": "A new version can be made once it is signed, declined or withdrawn.",
    "remind": "Nobody can be reminded of it now.",
    "try_again": "There is nothing to try again.",
}


def refusal_to(act: str, state: State) -> str | None:
    """Why an agreement in this state does not take an act of MAY_BE, as a sentence; None when it does."""
    return None if state in MAY_BE[act] else f"{_NOT_NOW[state]} {_INSTEAD[act]}"


def refusal_to_send(
    state: State,
    *,
    missing: Iterable[str],
    without_address: Iterable[str],
    has_coach: bool,
    gone: Iterable[str] = (),
) -> str | None:
    """Why this draft cannot be sent, naming what it lacks; None when it can.

    `without_address` are the names of signers nobody could mail to, `gone` of those who may not learn of it any more:
    a contact who was removed or is another sponsor's, a coach who left.
    """
    if refusal := refusal_to("send", state):
        return refusal
    if labels := [MERGE_FIELDS[name].label for name in missing]:
        return f"Before it is sent, fill in {_listed(labels)}."
    if names := list(without_address):
        return f"We need a mail address of {_listed(names)} first."
    if names := list(gone):
        return f"{_listed(names)} can no longer sign for this client. Choose in the program who does."
    return None if has_coach else "Choose the coach who signs first."


def refusal_to_act(state: State, signer: SignerState) -> str | None:
    """Why this signer may not read, sign or decline now, as a sentence for the signer; None when it is the turn."""
    if signer is SignerState.SIGNED:
        return "You have signed this agreement already."
    if signer is SignerState.HANDED_OVER:
        return "Somebody else signs in your place."
    if state in (State.VOID, State.DECLINED):
        return f"{_NOT_NOW[state]} There is nothing to sign any more."
    if state is not State.OUT or signer is not SignerState.ASKED:
        return "It is not your turn yet. We write to you as soon as it is."
    return None


CHANGED = "The document was changed since you opened it. Open it again and read it before you sign."


def refusal_of_document(shown: str, frozen: str, stored: bytes | None) -> str | None:
    """Why what somebody read is not what is signed: another hash in the form, or other bytes in the store."""
    if stored is None or hashlib.sha256(stored).hexdigest() != frozen:
        return "The document is not what was sent, so nobody can sign it. Please tell us."
    return None if hmac.compare_digest(shown.encode("utf-8", "replace"), frozen.encode()) else CHANGED


def refusal_to_remind(state: State, signer: SignerState, reminders: int) -> str | None:
    """Why this signer is not reminded, as a sentence; None when the turn is there and it was not asked too often."""
    if refusal := refusal_to("remind", state):
        return refusal
    if signer is not SignerState.ASKED:
        return "Only whose turn it is can be reminded."
    return f"{MOST_REMINDERS} reminders are enough. Please call." if reminders >= MOST_REMINDERS else None


def refusal_of_reason(reason: str) -> str | None:
    """Why these words will not do as a reason, as a sentence; None when they will."""
    if not reason.strip():
        return "Say why, in a few words."
    return f"At most {LONGEST_REASON} characters." if len(reason) > LONGEST_REASON else None


def refusal_to_hand_over(role: SignerRole, *, email: str, taken: Iterable[str]) -> str | None:
    """Why nobody else may sign in this one's place: a client or coach cannot be represented, nor one sign twice."""
    if role is not SignerRole.SPONSOR:
        return "Only the sponsor can name somebody else to sign. Please decline, and say why."
    if email.casefold() in {other.casefold() for other in taken}:
        return "This person is to sign this agreement already. Name somebody else."
    return None


# The code -------------------------------------------------------------------------------------------------------------

CODE_LASTS = timedelta(minutes=15)
MOST_TRIES, MOST_CODES, CODES_WITHIN = 5, 5, timedelta(hours=1)


def new_code() -> str:
    """Six digits."""
    return f"{secrets.randbelow(1_000_000):06}"


def hash_code(code: str, signer: str, key: str) -> str:
    """What is stored: bound to one signer, and by a key from outside the database: six digits are soon tried."""
    return hmac.new(key.encode(), f"{signer}:{code}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def code_typed(text: str) -> str:
    """The digits of what somebody typed or pasted: '482 913' is 482913."""
    return "".join(sign for sign in text[:40] if sign in "0123456789")


def refusal_of_code(
    typed_hash: str, *, code_hash: str, sent_at: datetime | None, tries: int, now: datetime
) -> str | None:
    """Why this code does not do, as a sentence; None when it does. `tries` are the wrong ones before."""
    if not code_hash or sent_at is None:
        return "Ask for a code first: we mail it to you."
    if now - sent_at > CODE_LASTS:
        return "This code is too old. Ask for a new one."
    if tries >= MOST_TRIES:
        return "This code was mistyped too often. Ask for a new one."
    if not hmac.compare_digest(typed_hash, code_hash):
        left = MOST_TRIES - tries - 1
        return f"That is not the code. {_tries_left(left)}"
    return None


def _tries_left(left: int) -> str:
    if not left:
        return "Ask for a new one."
    return f"You can try {'once' if left == 1 else f'{left} times'} more."


# The mark -------------------------------------------------------------------------------------------------------------

Stroke = tuple[tuple[float, float], ...]
MOST_STROKES, MOST_POINTS, LONGEST_STROKES, SIDE = 60, 4000, 200_000, 1000
LONGEST_MARK = 120
_MARK_SIGNS = " -’'.·"


def strokes_of(text: str) -> tuple[Stroke, ...] | None:
    """The lines of a drawn mark, `[[[x, y], …], …]` in a square of 1000; None when it is none."""
    if len(text) > LONGEST_STROKES:
        return None
    try:
        drawn = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(drawn, list) or not 1 <= len(drawn) <= MOST_STROKES or not all(map(_is_line, drawn)):
        return None
    if sum(map(len, drawn)) > MOST_POINTS or not any(len(line) > 1 for line in drawn):
        return None
    return tuple(tuple((round(x, 1), round(y, 1)) for x, y in line) for line in drawn)


def _is_line(line: object) -> bool:
    return isinstance(line, list) and len(line) > 0 and all(map(_is_point, line))


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(side, int | float) and not isinstance(side, bool) and 0 <= side <= SIDE for side in point)
    )


def refusal_of_mark(kind: MarkKind, mark: str) -> str | None:
    """Why this is no mark, as a sentence; None when it is one. Whether the fonts can draw it, paper knows."""
    if kind is MarkKind.DRAWN:
        return None if strokes_of(mark) else "Draw your signature in the box, or type your name instead."
    name = mark.strip()
    if sum(sign.isalpha() for sign in name) < 2 or len(name) > LONGEST_MARK:
        return "Type your full name as your signature."
    if not all(sign.isalpha() or sign in _MARK_SIGNS or _joins(sign) for sign in name):
        return "A typed signature is a name: letters, spaces, hyphens and apostrophes."
    return None


def _joins(sign: str) -> bool:
    """An accent that is a character of its own."""
    return "\u0300" <= sign <= "\u036f"


# The worker's tries ---------------------------------------------------------------------------------------------------

DELAYS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))


def delay_after(attempts: int) -> timedelta | None:
    """How long the worker waits after so many failures; None when somebody must look."""
    return DELAYS[attempts - 1] if attempts <= len(DELAYS) else None


def is_due(*, attempts: int, try_at: datetime | None, now: datetime) -> bool:
    """Whether a worker may take up what waits: never tried, or its time has come.

    The time of the next try is set before the work begins. So two workers do not do the same, and what a killed one
    left is taken up again.
    """
    return attempts == 0 or (try_at is not None and try_at <= now)

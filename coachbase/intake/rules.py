"""Kinds of questions, what a valid answer is, what an answer fills in, and when a form may be published or sent."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any, Protocol, TypeVar

from email_validator import EmailNotValidError, validate_email

from ..clients.rules import LONGEST, fold
from ..firm.rules import is_zone


class QuestionKind(StrEnum):
    SHORT = "short"
    LONG = "long"
    CHOICE = "choice"
    SEVERAL = "several"
    SCALE = "scale"
    DATE = "date"
    MAIL = "mail"
    PHONE = "phone"
    FILE = "file"
    CONSENT = "consent"
    SECTION = "section"


class FormState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class FormKind(StrEnum):
    """An inquiry is public; a questionnaire is private and sent to a client."""

    INQUIRY = "inquiry"
    QUESTIONNAIRE = "questionnaire"


class SubmissionState(StrEnum):
    """A questionnaire begins as asked; what a stranger fills in begins as started."""

    ASKED = "asked"
    STARTED = "started"
    SUBMITTED = "submitted"


FORM_KIND_LABELS = {
    FormKind.INQUIRY: "Public inquiry form",
    FormKind.QUESTIONNAIRE: "Private questionnaire",
}
FORM_KIND_HINTS = {
    FormKind.INQUIRY: "Lives at an address of its own. Whoever sends it becomes a client on the board.",
    FormKind.QUESTIONNAIRE: "Is asked of a client, by a program or by hand, and opens from the client’s own page.",
}
FORM_KIND_ICONS = {FormKind.INQUIRY: "globe", FormKind.QUESTIONNAIRE: "lock"}
STATE_WORDS = {
    SubmissionState.ASKED: ("asked", "wait", "send"),
    SubmissionState.STARTED: ("begun", "accent", "pencil"),
    SubmissionState.SUBMITTED: ("answered", "good", "circle-check"),
}
"""How a questionnaire's state is shown: word, tone and icon."""

KIND_LABELS = {
    QuestionKind.SHORT: "Short answer",
    QuestionKind.LONG: "Long answer",
    QuestionKind.CHOICE: "One of several",
    QuestionKind.SEVERAL: "Any of several",
    QuestionKind.SCALE: "Scale",
    QuestionKind.DATE: "Date",
    QuestionKind.MAIL: "Email address",
    QuestionKind.PHONE: "Phone number",
    QuestionKind.FILE: "File",
    QuestionKind.CONSENT: "Consent",
    QuestionKind.SECTION: "Section heading",
}
KIND_ICONS = {
    QuestionKind.SHORT: "type",
    QuestionKind.LONG: "align-left",
    QuestionKind.CHOICE: "circle-dot",
    QuestionKind.SEVERAL: "list-checks",
    QuestionKind.SCALE: "sliders",
    QuestionKind.DATE: "calendar",
    QuestionKind.MAIL: "at-sign",
    QuestionKind.PHONE: "phone",
    QuestionKind.FILE: "paperclip",
    QuestionKind.CONSENT: "square-check",
    QuestionKind.SECTION: "heading",
}
OPTIONED = (QuestionKind.CHOICE, QuestionKind.SEVERAL)
"""Kinds that offer options, one a line."""

FILL_LABELS = {
    "name": "Name",
    "email": "Email",
    "preferred_name": "Preferred name",
    "pronouns": "Pronouns",
    "phone": "Phone",
    "position": "Role",
    "organisation": "Organisation",
    "zone": "Time zone",
    "language": "Language",
    "legal_name": "Legal name",
    "address": "Postal address",
    "assistant_name": "Own assistant",
    "assistant_email": "Own assistant’s email",
}
"""The fields of a client that an answer can fill."""

ALWAYS = ("name", "email")
"""Without these two an inquiry is nobody's, so every public form asks them.

No questionnaire may: what we call a client, and where our mail goes, is not changed by whoever holds a link.
"""

_SHORTS = ("preferred_name", "pronouns", "position", "organisation", "zone", "language")
FILLS_OF = {
    QuestionKind.SHORT: (*_SHORTS, "legal_name", "address", "assistant_name"),
    QuestionKind.LONG: ("address",),
    QuestionKind.CHOICE: ("pronouns", "position", "organisation", "language"),
    QuestionKind.PHONE: ("phone",),
    QuestionKind.MAIL: ("assistant_email",),
}
"""Which fields a kind of question may fill, beside the two that are always asked."""

OF_CLIENTS = ("legal_name", "address", "assistant_name", "assistant_email")
"""Only a client says these: a stranger who knows a client's address could else name an assistant, who gets mail."""

LONGEST_SHORT, LONGEST_FILL, LONGEST_LONG, LONGEST_MAIL, LONGEST_PHONE = 200, 120, 5000, 254, 40
LONGEST_OPTION, MOST_OPTIONS, MOST_QUESTIONS, MOST_FILES = 120, 30, 60, 5
EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)
AGREED = "yes"

FASTEST = timedelta(seconds=3)
"""Nobody reads and answers a form in less."""
RETURN_LASTS = timedelta(days=30)
"""How long somebody may take to come back to a form begun."""
HELD_LASTS = timedelta(days=7)
"""How long a browser goes on with a questionnaire before it must come from the client's page again."""
PAGE_LASTS = timedelta(hours=24)
"""How long a first page may stay open before its ticket is renewed."""

Typed = str | list[str]
"""An answer as typed: text, or the chosen ones of several."""

_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_BREAK = re.compile(r"[\r\n\t\x85\u2028\u2029]")
_PHONE = re.compile(r"\+?[0-9 ()./-]+(?:(?:ext\.?|x|#) ?[0-9]{1,6})?", re.IGNORECASE)
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Asked(Protocol):
    """What rules need to know of a question."""

    kind: QuestionKind
    fills: str
    label: str
    help: str
    required: bool
    coach_only: bool

    @property
    def choices(self) -> list[str]: ...

    @property
    def scale(self) -> "Scale": ...

    @property
    def offered(self) -> list[str]: ...


@dataclass(frozen=True)
class Scale:
    """From `low` to `high`, with words for both ends."""

    low: int = 1
    high: int = 10
    low_label: str = ""
    high_label: str = ""

    @property
    def steps(self) -> range:
        return range(self.low, self.high + 1)


def tidy(typed: Typed) -> Typed:
    """What was typed without the space around it, lines ended one way."""
    if isinstance(typed, list):
        return [option.strip() for option in typed]
    return typed.replace("\r\n", "\n").strip()


def longest_of(question: Asked) -> int:
    match question.kind:
        case QuestionKind.LONG:
            return LONGEST.get(question.fills, LONGEST_LONG)
        case QuestionKind.MAIL:
            return LONGEST_MAIL
        case QuestionKind.PHONE:
            return LONGEST_PHONE
        case QuestionKind.SHORT if question.fills:
            return LONGEST.get(question.fills, LONGEST_FILL)
        case _:
            return LONGEST_FILL if question.fills else LONGEST_SHORT


def refusal_to_keep(question: Asked, typed: Typed) -> str | None:
    """Why this cannot even be kept as a draft: too long, or not text; None when it can."""
    texts = typed if isinstance(typed, list) else [typed]
    longest = longest_of(question)
    if len(texts) > MOST_OPTIONS or any(len(text) > longest for text in texts):
        return f"At most {longest} characters."
    if any(_UNREADABLE.search(text) for text in texts):
        return "There is a character in here that cannot be stored. Type it anew."
    return None


def refusal_of_answer(question: Asked, typed: Typed) -> str | None:
    """Why this answer will not do, as a sentence; None when it will. `typed` is tidy; a file's answer is its name."""
    if not typed:
        return _missing(question) if question.required else None
    if refusal := refusal_to_keep(question, typed):
        return refusal
    if isinstance(typed, list) != (question.kind is QuestionKind.SEVERAL):
        return "Choose one of these."
    if isinstance(typed, list):
        known = set(typed) <= set(question.choices) and len(set(typed)) == len(typed)
        return None if known else "Choose among these."
    return _refusal_of_text(question, typed)


def _missing(question: Asked) -> str:
    match question.kind:
        case QuestionKind.CHOICE | QuestionKind.SCALE:
            return "Please choose one."
        case QuestionKind.SEVERAL:
            return "Please choose at least one."
        case QuestionKind.FILE:
            return "Please choose a file."
        case QuestionKind.CONSENT:
            return "We can only go on with your consent."
        case QuestionKind.DATE:
            return "Please give a date."
        case QuestionKind.MAIL:
            return "Please type your email address."
        case _:
            return "Please answer this."


def _refusal_of_text(question: Asked, text: str) -> str | None:
    if question.kind is not QuestionKind.LONG and _LINE_BREAK.search(text):
        return "Please keep this on one line."
    match question.kind:
        case QuestionKind.SHORT if question.fills == "zone":
            return None if is_zone(text) else "Choose one of these."
        case QuestionKind.CHOICE:
            return None if text in question.choices else "Choose one of these."
        case QuestionKind.SCALE:
            return None if text in question.offered else f"Choose from {question.scale.low} to {question.scale.high}."
        case QuestionKind.DATE:
            return _refusal_of_date(text)
        case QuestionKind.MAIL:
            return None if is_address(text) else "That does not look like an email address."
        case QuestionKind.PHONE:
            digits = sum(sign in "0123456789" for sign in text)
            usual = _PHONE.fullmatch(text) and 5 <= digits <= 20
            return None if usual else "That does not look like a phone number. Use digits, with + for the country."
        case QuestionKind.CONSENT:
            return None if text == AGREED else "Tick the box, or leave it empty."
    return None


def _refusal_of_date(text: str) -> str | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:  # Python also reads week dates and dates without hyphens
        return "Type the date as year-month-day, for example 2026-03-31."
    if not EARLIEST <= day <= LATEST:
        return f"Give a date from {EARLIEST.year} to {LATEST.year}."
    return None


def is_address(text: str) -> bool:
    """Whether this has the form of a mail address; nobody is asked whether it exists."""
    if len(text) > LONGEST_MAIL or _LINE_BREAK.search(text) or _UNREADABLE.search(text):
        return False
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def is_slug(text: str) -> bool:
    return 2 <= len(text) <= 60 and _SLUG.fullmatch(text) is not None


def refusal_of_slug(text: str) -> str | None:
    """Why a form may not have this address; None when it may."""
    if not is_slug(text):
        return "Use small letters, digits and single hyphens, for example executive-inquiry."
    if text == "open":
        return "The address “open” is taken by the program. Choose another."
    return None


def slug_of(title: str, taken: Iterable[str]) -> str:
    """The last part of a questionnaire's address, of which nobody is told: made from the title, and its own."""
    made = re.sub(r"[^a-z0-9]+", "-", fold(title))[:50].strip("-")
    slug = made if refusal_of_slug(made) is None else "questionnaire"
    known = set(taken)
    return next(one for number in count(1) if (one := slug if number == 1 else f"{slug}-{number}") not in known)


def fills_of(form: FormKind, kind: QuestionKind) -> tuple[str, ...]:
    """Which fields of a client a kind of question may fill in this kind of form."""
    fills = FILLS_OF.get(kind, ())
    return fills if form is FormKind.QUESTIONNAIRE else tuple(field for field in fills if field not in OF_CLIENTS)


def refusal_of_fill(
    kind: QuestionKind, fills: str, *, coach_only: bool, taken: Iterable[str], form: FormKind = FormKind.INQUIRY
) -> str | None:
    """Why a question may not fill this field of the client; None when it may. `taken` are the others' fields."""
    if not fills:
        return None
    if fills not in fills_of(form, kind):
        return f"This kind of question cannot fill “{FILL_LABELS.get(fills, fills)}”."
    if coach_only:
        return "What only the coach may read cannot go into the client’s details, which the assistant sees too."
    if fills in taken:
        return f"Another question fills “{FILL_LABELS[fills]}” already."
    return None


def refusal_of_options(kind: QuestionKind, options: Sequence[str]) -> str | None:
    """Why these options will not do; None when they will."""
    if kind not in OPTIONED:
        return None
    if len(options) < 2:
        return "Offer at least two options, one a line."
    if len(options) > MOST_OPTIONS:
        return f"Offer at most {MOST_OPTIONS} options."
    if any(len(option) > LONGEST_OPTION for option in options):
        return f"An option may have at most {LONGEST_OPTION} characters."
    if len(set(options)) != len(options):
        return "Two options read the same."
    return None


def refusal_to_add(kind: QuestionKind, others: Sequence[QuestionKind]) -> str | None:
    """Why one more question of this kind does not fit; None when it does."""
    if len(others) >= MOST_QUESTIONS:
        return f"A form has at most {MOST_QUESTIONS} questions. Take one away first."
    if kind is QuestionKind.FILE and others.count(QuestionKind.FILE) >= MOST_FILES:
        return f"A form asks for at most {MOST_FILES} files."
    return None


def refusal_to_publish(questions: Sequence[Asked], form: FormKind = FormKind.INQUIRY) -> str | None:
    """Why people may not see these questions yet; None when they may."""
    fills = [question.fills for question in questions if question.fills]
    if form is FormKind.INQUIRY and any(fill not in fills for fill in ALWAYS):
        return "The form must ask for the name and the email address."
    if form is FormKind.QUESTIONNAIRE and any(fill in fills for fill in ALWAYS):
        return "A questionnaire cannot fill in the name or the email address. Ask for the legal name instead."
    if all(question.kind is QuestionKind.SECTION for question in questions):
        return "Add a question first."
    for question in questions:
        if refusal := refusal_of_options(question.kind, question.choices):
            return f"“{question.label}”: {refusal}"
    return None


def refusal_to_ask(form: FormKind, state: FormState) -> str | None:
    """Why a client cannot be asked this; None when that is fine."""
    if form is not FormKind.QUESTIONNAIRE:
        return "Only a private questionnaire can be asked of a client. This is a public form."
    if state is not FormState.OPEN:
        return "This questionnaire is not open. Publish it, or open it again, then ask it."
    return None


def prefilled(question: Asked, known: Mapping[str, Any]) -> Typed:
    """What stands in a field before the client types: what we know already, as this kind of question can show it."""
    value = str(known.get(question.fills, "")) if question.fills else ""
    match question.kind:
        case QuestionKind.SEVERAL:
            return []
        case QuestionKind.CHOICE:
            return value if value in question.choices else ""
        case QuestionKind.LONG:
            return value
        case _:
            return ", ".join(value.splitlines())


Q = TypeVar("Q", bound=Asked)


@dataclass
class Step:
    """The questions under one heading: what stands on one page of the form."""

    title: str = ""
    help: str = ""
    questions: list = field(default_factory=list)


def steps_of(questions: Iterable[Asked]) -> list[Step]:
    """Each heading begins a step; headings without questions make none."""
    steps = [Step()]
    for question in questions:
        if question.kind is QuestionKind.SECTION:
            steps.append(Step(question.label, question.help))
        else:
            steps[-1].questions.append(question)
    return [step for step in steps if step.questions]


def place_after_move(place: int, by: str, last: int) -> int:
    """Where a question goes: `by` is up, down or a place from 1; never beyond the ends."""
    wanted = {"up": place - 1, "down": place + 1}.get(by)
    if wanted is None:
        wanted = int(by) if by.isascii() and by.isdigit() and len(by) < 4 else place
    return max(1, min(wanted, last))


def refusal_of_haste(shown_at: datetime, now: datetime) -> str | None:
    """Why this was sent too soon for a person; None when it was not."""
    if now - shown_at < FASTEST:
        return "That was faster than we can take it. Nothing is lost: please press the button once more."
    return None

"""What messages there are, how their texts are filled, a message's fate, and when to try again."""

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from html import escape
from typing import NamedTuple

# What messages there are ----------------------------------------------------------------------------------------------


class Field(NamedTuple):
    """A merge field: what it stands for, and what a preview shows in its place.

    `is_place`: staff said where to meet, so that an address in it is meant and kept. `is_text`: the firm's own words,
    of several paragraphs.
    """

    meaning: str
    example: str
    is_address: bool = False
    is_place: bool = False
    is_text: bool = False


@dataclass(frozen=True)
class Kind:
    """One message of coachbase; its shipped text lies in templates/email/<kind>/.

    `good_for`: after so long it would only confuse, so it is no longer sent. `anew` is what to do where a mail with a
    code was lost. `is_hushed`: that this person got it stands in no timeline.
    """

    label: str
    occasion: str
    own_fields: Mapping[str, Field] = field(default_factory=dict)
    has_link: bool = False
    has_code: bool = False
    is_tried_again: bool = True
    good_for: timedelta | None = None
    is_hushed: bool = False
    code_word: str = "the six-digit code"
    anew: str = ""

    @property
    def fields(self) -> dict[str, Field]:
        """All that may stand in its text as {{name}}."""
        code = {"code": Field(f"{self.code_word}; only the mail itself carries it", "")} if self.has_code else {}
        secret = {"link": _LINK} if self.has_link else code
        return {"firm": _FIRM} | secret | dict(self.own_fields)

    @property
    def secret_shown(self) -> str:
        """What staff read in its place."""
        return CODE_SHOWN if self.has_code else LINK_SHOWN

    @property
    def instead_of_resending(self) -> str:
        """What to do instead of sending the same again; '' where that can be done."""
        return self.anew or "Send a new one from where it came from." if self.has_code else ""

    @property
    def places(self) -> list[str]:
        """The fields that say where to meet."""
        return [name for name, about in self.own_fields.items() if about.is_place]

    @property
    def secret(self) -> str:
        """The field that only the mail itself carries; '' when there is none."""
        return "link" if self.has_link else "code" if self.has_code else ""


_FIRM = Field("the firm’s name", "Northbank Coaching")
_LINK = Field("the reader’s personal link; only the mail itself carries it", "", is_address=True)
_NAME = Field("how the reader is greeted", "Bob")
_FORM = Field("the form’s title", "First conversation")
_CLIENT = Field("the client’s name", "Bob Haddad")
_PROGRAM = Field("the program’s name", "Leadership 6")
_TITLE = Field("the agreement’s title", "Coaching agreement")
_SESSION = {
    "name": _NAME,
    "what": Field("which session, and with whom", "Coaching session with Alice Kern"),
    "day": Field("day and hour by the reader’s clock, in short", "Thursday 3 December, 13:00"),
    "when": Field(
        "the whole time by the reader’s clock, and the coach’s beside it",
        "Thursday 3 December 2026, 13:00–14:00 Dubai time (UTC+4), which is 9:00 in London (GMT)",
    ),
    "where": Field("the place: a link, a number or a room", "https://meet.example/alice", is_place=True),
}
_ACCESS = {
    "name": _NAME,
    "coach": Field("who asks for it", "Alice Kern"),
    "instrument": Field("the instrument", "EQ-i 2.0"),
    "until": Field("by when", "by Thursday 3 December"),
    "how": Field("how to go about it, from the instrument’s settings", "It takes about 20 minutes.", is_text=True),
    "where": Field("the sentence before the code", "This is your personal link:", is_place=True),
}
_INVOICE = {
    "name": _NAME,
    "document": Field("what it is, with its number", "Invoice 2026-0012"),
    "facts": Field("the amount, when it is due, and the payer’s own numbers", "To pay: £1,200.00", is_text=True),
}
_OVERDUE = {
    "name": _NAME,
    "invoices": Field("which invoices", "invoices 2026-0012 and 2026-0015"),
}
_REMINDED = {"before": Field("when the reminder before was sent", "20 November 2026")}
_OVERDUE = {
    "name": _NAME,
    "invoices": Field("which invoices", "invoices 2026-0012 and 2026-0015"),
}
_REMINDED = {"before": Field("when the reminder before was sent", "20 November 2026")}

KINDS: dict[str, Kind] = {
    "invitation": Kind(
        "Invitation",
        "When you invite somebody to the team.",
        {"name": _NAME, "inviter": Field("who invites", "Olive Marsh")},
        has_link=True,
    ),
    "password_reset": Kind(
        "Password link", "When a member of the team forgot the password.", {"name": _NAME}, has_link=True
    ),
    "intake_thanks": Kind("Thank-you", "To whoever sent in an intake form.", {"name": _NAME, "form": _FORM}),
    "intake_notice": Kind(
        "Notice of an intake",
        "To the assistant, when a form came in.",
        {
            "client": _CLIENT,
            "form": _FORM,
            "page": Field("the client’s page in here", "", is_address=True),
        },
    ),
    "intake_return": Kind(
        "Way back to a form", "To somebody who saves a form to finish it later.", {"form": _FORM}, has_link=True
    ),
    "client_page": Kind(
        "Client’s page",
        "To a client whom we ask for something: the link to the own page.",
        {"name": _NAME, "program": _PROGRAM},
        has_link=True,
    ),
    "booking_request": Kind(
        "Request to book",
        "To a client who is to choose the time of a session: the link to the own page.",
        {"name": _NAME, "session": Field("which session", "kickoff"), "coach": Field("the coach’s name", "Alice Kern")},
        has_link=True,
    ),
    "poll_request": Kind(
        "Request for suitable times",
        "To client and sponsor, when a time for a three-way meeting is looked for: the link to the times on offer.",
        {
            "name": _NAME,
            "what": Field("which meeting", "three-way meeting"),
            "with": Field("who else comes", "Sam Okafor and Alice Kern"),
            "until": Field("until when the times are held", "Saturday 28 November"),
        },
        has_link=True,
    ),
    "assistant_page": Kind(
        "Page of the client’s assistant",
        "To a client’s own assistant, when a program starts: the link to a page with dates only.",
        {"name": _NAME, "client": _CLIENT},
        has_link=True,
    ),
    "logistics": Kind(
        "Logistics",
        "To the client, when all is agreed: where to find how the program runs.",
        {"name": _NAME, "program": _PROGRAM},
        has_link=True,
    ),
    "reminder": Kind(
        "Reminder",
        "To whoever has not answered yet: one mail for everything that is open.",
        {"name": _NAME, "things": Field("what is open", "sign “Coaching agreement” and answer “Before we begin”")},
        has_link=True,
    ),
    "agreement_request": Kind(
        "Request to sign",
        "To a sponsor or coach whose turn it is to sign.",
        {"name": _NAME, "client": _CLIENT, "title": _TITLE},
        has_link=True,
    ),
    "agreement_code": Kind(
        "Signing code",
        "To somebody who is about to sign.",
        {"name": _NAME, "title": _TITLE},
        has_code=True,
        good_for=timedelta(minutes=15),
        anew="A code is good for some minutes only. Whoever signs can ask for a new one on the signing page.",
    ),
    "agreement_copy": Kind(
        "Signed copy",
        "To everybody who signed, with the sealed document.",
        {
            "name": _NAME,
            "title": _TITLE,
            "sha256": Field("the SHA-256 of the attached file", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c"),
            "verify": Field("the page that checks a document", "", is_address=True),
        },
    ),
    "agreement_closed": Kind(
        "Nothing to sign any more",
        "To whoever was asked to sign, when the agreement was declined or withdrawn.",
        {"name": _NAME, "title": _TITLE},
    ),
    "agreement_declined": Kind(
        "Notice of a refusal to sign",
        "To the assistant, when somebody declined to sign.",
        {
            "signer": Field("who declined", "Sam Okafor"),
            "client": _CLIENT,
            "title": _TITLE,
            "page": Field("the agreement’s page in here", "", is_address=True),
        },
    ),
    "session_invite": Kind(
        "Invitation to a session",
        "To everybody who comes to a session, when it is booked; it goes into their calendar.",
        _SESSION,
    ),
    "session_changed": Kind(
        "Changed session", "To everybody who comes to a session, when its time or place changes.", _SESSION
    ),
    "session_cancelled": Kind(
        "Cancelled session", "To everybody who was invited to a session that does not take place.", _SESSION
    ),
    "session_withdrawn": Kind(
        "Invitation taken back", "To somebody who is no longer invited to a session that takes place.", _SESSION
    ),
    "session_reminder": Kind(
        "Reminder of a session",
        "To everybody who comes to a session, the day before.",
        _SESSION,
        good_for=timedelta(hours=20),
    ),
    "feed_address": Kind(
        "Address of a client’s calendar",
        "To a client who wants to see the own sessions in a calendar program.",
        {"name": _NAME},
        has_link=True,
    ),
    "assessment_access": Kind(
        "Access to an assessment",
        "To a client who is to complete an instrument: how to get in. What gets them in, nobody here can read.",
        _ACCESS,
        has_code=True,
        code_word="the personal link, the code, or the user ID and password",
        anew="Send the access again from the client’s assessments.",
    ),
    "nomination_request": Kind(
        "Request to name raters",
        "To a client whose instrument asks others, too: the link to the page where they are named.",
        {
            "name": _NAME,
            "coach": Field("who asks for it", "Alice Kern"),
            "instrument": Field("the instrument", "EQ 360"),
        },
        has_link=True,
    ),
    "approval_request": Kind(
        "Request to approve raters",
        "To a sponsor contact who is asked whether the named ones may be asked: the link to their names.",
        {"name": _NAME, "client": _CLIENT, "coach": _ACCESS["coach"]},
        has_link=True,
    ),
    "rater_access": Kind(
        "Access for a rater",
        "To somebody who is asked about a client: how to get in. What gets them in, nobody here can read.",
        _ACCESS | {"client": _CLIENT},
        has_code=True,
        code_word="the personal link, the code, or the user ID and password",
        anew="Send the access again from the assessment’s raters.",
        is_hushed=True,
    ),
    "rater_reminder": Kind(
        "Reminder for a rater",
        "To whoever was asked about a client and has not answered yet: the way in once more.",
        _ACCESS | {"client": _CLIENT},
        has_code=True,
        code_word="the personal link, the code, or the user ID and password",
        anew="Remind them again from the assessment’s raters.",
        good_for=timedelta(days=2),
        is_hushed=True,
    ),
    "invoice": Kind(
        "Invoice",
        "To whoever pays, when an invoice is issued: the PDF, and the link to a page that says how to pay.",
        _INVOICE,
        has_link=True,
    ),
    "credit_note": Kind(
        "Credit note",
        "To whoever pays, when an invoice is corrected.",
        _INVOICE | {"corrects": Field("what it corrects", "Invoice 2026-0012")},
        has_link=True,
    ),
    "late_fee": Kind(
        "Late fee",
        "To whoever pays, when a fee is asked for because an invoice is long overdue.",
        _INVOICE | {"corrects": Field("what it is for", "Invoice 2026-0012")},
        has_link=True,
    ),
    "invoice_reminder_friendly": Kind(
        "Friendly reminder of an invoice",
        "To the payer, some days after the due day. A letter with the same words is attached.",
        _OVERDUE,
        has_link=True,
        good_for=timedelta(days=3),
    ),
    "invoice_reminder_first": Kind(
        "First reminder of an invoice",
        "To the payer, when the friendly reminder was of no use. A letter with the same words is attached.",
        _OVERDUE | _REMINDED,
        has_link=True,
        good_for=timedelta(days=3),
    ),
    "invoice_reminder_second": Kind(
        "Second reminder of an invoice",
        "To the payer, when the first reminder was of no use; the last one. A letter with the same words is attached.",
        _OVERDUE | _REMINDED,
        has_link=True,
        good_for=timedelta(days=3),
    ),
    "test": Kind("Test mail", "When you try the mail server.", is_tried_again=False),
}

FOR_CHASERS = ("rater_reminder",)
"""Who got one has not answered: that is known to assistants by name, to coach and owner by numbers (domain.md §1)."""

# How a text is filled -------------------------------------------------------------------------------------------------

LINK_PLACE = "\ufffc"
"""Stands in a stored message for the personal link or code (U+FFFC, “an object goes here”); the worker puts it in."""
LINK_SHOWN, CODE_SHOWN = "[personal link]", "[code]"
LONGEST_SUBJECT, LONGEST_BODY, LONGEST_VALUE, LONGEST_TEXT = 150, 10_000, 300, 5000

_FIELD = re.compile(r"\{\{([^{}]*)\}\}")
_SPACE = re.compile(r"\s+")
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffc]"
)
_ADDRESS = re.compile(r"\b(?:[a-z][a-z0-9+.-]*://|www\.)\S*", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"https?://(?:(?!&(?:lt|gt|quot|#x27);)[^\s<>\"'{}])*[\w/=-]")
_MARKDOWN_LINK = re.compile(r"\[([^\[\]]*)\]\(\s*<?([^()\s<>]*)>?\s*\)")
_TARGET = re.compile(r"\]\(([^)]*)|^\s{0,3}\[[^\]\n]*\]:[ \t]*(\S*)|(?:\]\[|<)([^>\]\n]*)", re.MULTILINE)
_GLUED = re.compile(r"(?<=\S)\{\{(link|page|verify|code)\}\}")
_WHOLE_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:)[^\s{}]+")


def tidy(text: str) -> str:
    """`{{ name }}` as `{{name}}`, the way it is stored."""
    return _FIELD.sub(lambda found: f"{{{{{found.group(1).strip()}}}}}", text)


def plain_value(value: str) -> str:
    """A value as it may enter a mail: one line, nothing invisible, and no address.

    Values come from strangers too; an address in somebody's “name” would let a public form send advertisements.
    """
    return _ADDRESS.sub("…", one_line(value))[:LONGEST_VALUE]


def one_line(value: str) -> str:
    """The printable words of a value, on one line."""
    return _SPACE.sub(" ", _UNPRINTABLE.sub("", value[: 4 * LONGEST_VALUE])).strip()[: 2 * LONGEST_VALUE]


def paragraphs(value: str) -> str:
    """The firm's own words: their lines are kept, and what nobody can see is not."""
    lines = (_UNPRINTABLE.sub("", line).rstrip() for line in value[:LONGEST_TEXT].splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def fill(template: str, values: Mapping[str, str]) -> str:
    """The text with its fields replaced, once: what a value contains is never read as a field."""
    return _FIELD.sub(lambda found: values.get(found.group(1).strip(), found.group(0)), template)


def fill_html(template: str, values: Mapping[str, str], places: Collection[str] = ()) -> str:
    """The same for HTML. In `places` a web address can be clicked on."""
    safe = {name: linked(value) if name in places else _broken(escape(value)) for name, value in values.items()}
    return fill(template, safe)


def linked(value: str) -> str:
    """Escaped, in its lines; a web address in it as a link, in the colour of the layout's: it comes in after those
    were inlined.
    """
    link = '<a href="{0}" style="color: #0d5f66">{0}</a>'
    return _broken(_WEB_ADDRESS.sub(lambda found: link.format(found[0]), escape(value)))


def _broken(html: str) -> str:
    return html.replace("\n", "<br>")


def plain(body: str) -> str:
    """The text part of a mail, from its Markdown: links spelled out, marks of emphasis and headings left out."""
    spelled = _MARKDOWN_LINK.sub(lambda link: link[2] if link[1] in ("", link[2]) else f"{link[1]}: {link[2]}", body)
    calm = re.sub(r"<((?:https?://|mailto:)[^\s<>]+)>", r"\1", spelled)
    return re.sub(r"\*\*(\S(?:.*?\S)?)\*\*", r"\1", re.sub(r"(?m)^#{1,6} +", "", calm)).strip() + "\n"


def refusal_of_subject(kind: Kind, subject: str) -> str | None:
    """Why this subject will not do, as a sentence; None when it will."""
    if not subject.strip():
        return "A mail needs a subject."
    if found := _refusal_of_fields(kind, subject):
        return found
    if address := next((name for name in _names(subject) if kind.fields[name].is_address), None):
        return f"{{{{{address}}}}} is an address, which has no place in a subject."
    if "code" in _names(subject):
        return "{{code}} has no place in a subject, which a locked screen shows to everybody."
    return None


def refusal_of_body(kind: Kind, body: str) -> str | None:
    """Why this text will not do, as a sentence; None when it will."""
    if not body.strip():
        return "A mail needs a text."
    if found := _refusal_of_fields(kind, body):
        return found
    if kind.has_link and "link" not in _names(body):
        return "Without {{link}} the reader cannot go on. Put it in, for example [Go on]({{link}})."
    if kind.has_code and "code" not in _names(body):
        return "Without {{code}} the reader cannot go on. Put it in."
    if "![" in body:
        return "Pictures are left out of mails. Take away the “![”."
    return _refusal_of_links(kind, body)


def _names(text: str) -> list[str]:
    return [found.group(1).strip() for found in _FIELD.finditer(text)]


def _refusal_of_fields(kind: Kind, text: str) -> str | None:
    if LINK_PLACE in text:
        return "There is a character in here that cannot be sent. Type it anew."
    for name in _names(text):
        if name not in kind.fields:
            near = difflib.get_close_matches(name, kind.fields, n=1)
            hint = f"Did you mean {{{{{near[0]}}}}}?" if near else "Use one of those listed."
            return f"There is no field {{{{{name[:60]}}}}}. {hint}"
    if "{{" in (rest := _FIELD.sub("", text)) or "}}" in rest:
        return "A field is not closed: it is written with two braces on each side, such as {{firm}}."
    return None


def _refusal_of_links(kind: Kind, body: str) -> str | None:
    """A link leads to a whole address or to an address field: never to what a stranger typed."""
    addresses = {f"{{{{{name}}}}}" for name, about in kind.fields.items() if about.is_address}
    for found in _TARGET.finditer(body):
        target = next((part.strip() for part in found.groups() if part is not None), "")
        in_brackets = found.group(3) is not None
        if in_brackets and "{{" in target:
            return f"“{target[:60]}” cannot be a link. Write it as [words]({{{{link}}}}) or with a whole address."
        if not in_brackets and target not in addresses and not _WHOLE_ADDRESS.fullmatch(target):
            return f"The link to “{target[:60]}” needs a whole address, such as https://example.com."
    if glued := _GLUED.search(plain(body)):  # after “https://elsewhere/” it would be carried there with the next click
        return f"Put a space or a new line before {glued.group(0)}."
    return None


# A message's fate -------------------------------------------------------------------------------------------------


class State(StrEnum):
    QUEUED = "queued"
    LEASED = "leased"
    SENT = "sent"
    FAILED = "failed"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Face(NamedTuple):
    """How a state is shown: word, tone and icon together."""

    word: str
    tone: str
    icon: str


FACES = {
    State.QUEUED: Face("waiting", "plain", "clock"),
    State.LEASED: Face("being sent", "accent", "send"),
    State.SENT: Face("sent", "good", "mail-check"),
    State.FAILED: Face("to be tried again", "wait", "rotate-ccw"),
    State.DEAD: Face("not delivered", "late", "mail-x"),
    State.CANCELLED: Face("cancelled", "plain", "ban"),
}

TROUBLE = (State.FAILED, State.DEAD)
"""What somebody should look at."""

LEASE_LASTS = timedelta(minutes=5)
"""Longer than any SMTP talk may take (see tasks.py), so that a living worker never loses its message."""

CALLED_OFF = "Not sent: what it asks for is done or withdrawn."
UNSURE = ("whether the server took it is not known", "stayed silent or hung up")
"""What is said of an attempt that may have been a success nobody heard of."""

DELAYS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12))
"""Waits after the first, second, … failure; after the last the message is dead and a person must look."""


def delay_after(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None when it is time to give up."""
    return DELAYS[attempts - 1] if attempts <= len(DELAYS) else None


def is_due(state: State, *, try_at: datetime | None, leased_until: datetime | None, now: datetime) -> bool:
    """Whether a worker may take this message now."""
    if state is State.LEASED:
        return leased_until is not None and leased_until <= now
    return state in (State.QUEUED, State.FAILED) and (try_at is None or try_at <= now)


def may_have_left(state: State, answer: str) -> bool:
    """Whether its reader has it, or may have it: a worker was killed, or a line broke, while it was handed over."""
    return state in (State.SENT, State.LEASED) or any(words in answer for words in UNSURE)


def too_late(kind: str, created_at: datetime, now: datetime) -> bool:
    """Whether this message would come when it is of no use any more."""
    good_for = KINDS[kind].good_for
    return good_for is not None and now - created_at >= good_for


def refusal_to_cancel(state: State) -> str | None:
    """Why this message cannot be taken back, as a sentence; None when it can."""
    if state is State.LEASED:
        return "The mail server is taking this mail at this moment: it can no longer be cancelled."
    if state is State.SENT:
        return "This mail has been sent: it can no longer be cancelled."
    return "This mail was cancelled already." if state is State.CANCELLED else None


def refusal_to_resend(
    state: State, *, anew: str, had_link: bool, link_lives: bool, is_overtaken: bool = False
) -> str | None:
    """Why this message cannot be sent again, as a sentence; None when it can.

    `anew` is what to do instead for one with a code, which nobody here can read. `link_lives`: its personal link was
    neither used nor replaced (it may have expired: a new one takes its place). `is_overtaken`: it was called off, or a
    newer calendar file went to the same reader about the same.
    """
    if state in (State.QUEUED, State.LEASED):
        return "This mail is still on its way. Wait for what becomes of it."
    if anew and state is not State.FAILED:
        return anew
    if had_link and not link_lives:
        return "The link in this mail was used or replaced since. Send a new one from where it came from."
    if is_overtaken:
        return "What this mail says has changed since, so it would only confuse."
    return None


def sentence_on(kind: str, to: str, state: State) -> str:
    """What the client's timeline says when a mail has met its fate."""
    label, whom = KINDS[kind].label, "" if KINDS[kind].is_hushed else f" to {to}"
    return f"{label} sent{whom}" if state is State.SENT else f"{label}{whom} could not be delivered"


class Outcome(NamedTuple):
    """What an attempt came to: sent, failed (try again) or dead, with the server's own answer."""

    state: State
    answer: str


# The server -----------------------------------------------------------------------------------------------------------


class Security(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


def refusal_of_server(host: str, security: Security, username: str) -> str | None:
    """Why these settings will not do, as a sentence; None when they will."""
    if security is Security.NONE and username and host not in ("localhost", "127.0.0.1", "::1"):
        return "Without encryption the password would travel readable. Choose STARTTLS or TLS."
    return None

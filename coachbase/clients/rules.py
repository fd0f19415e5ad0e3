"""What a client's record may say, and who holds the ball."""

import unicodedata
from enum import StrEnum


class Status(StrEnum):
    PROSPECT = "prospect"
    ONBOARDING = "onboarding"
    ACTIVE = "active"
    PAUSED = "paused"
    FORMER = "former"


class Party(StrEnum):
    """Whom a client's next step waits on."""

    US = "us"
    CLIENT = "client"
    ASSISTANT = "assistant"
    SPONSOR = "sponsor"
    COACH = "coach"
    NOBODY = "nobody"


PARTY_LABELS = {
    Party.US: "us",
    Party.CLIENT: "client",
    Party.ASSISTANT: "client’s assistant",
    Party.SPONSOR: "sponsor",
    Party.COACH: "coach",
    Party.NOBODY: "nobody",
}


class ContactRole(StrEnum):
    HR = "hr"
    LINE_MANAGER = "line_manager"
    ACCOUNTS_PAYABLE = "accounts_payable"
    OTHER = "other"


CONTACT_ROLE_LABELS = {
    ContactRole.HR: "HR",
    ContactRole.LINE_MANAGER: "Line manager",
    ContactRole.ACCOUNTS_PAYABLE: "Accounts payable",
    ContactRole.OTHER: "Other",
}

_UNMARKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})


def fold(*texts: str | None) -> str:
    """What search compares: no case, no accents, so that "sorensen" finds Sørensen."""
    joined = " ".join(text for text in texts if text).casefold().translate(_UNMARKED)
    return "".join(sign for sign in unicodedata.normalize("NFKD", joined) if not unicodedata.combining(sign))

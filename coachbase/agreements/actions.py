"""Draft, send, sign, decline, hand over, remind, withdraw and renew agreements; keep their templates."""

from dataclasses import dataclass

from ..accounts.models import User
from ..db import atomic
from ..engagements.models import Engagement
from .models import Agreement, AgreementTemplate, Signer
from .rules import MarkKind

LINK = "sign"
"""The kind of link that leads to the signing page: /p/sign."""


@dataclass(frozen=True)
class SignatureAsked:
    """It is this signer's turn. Sponsors and coaches get a mail from here; a client is asked on the own page."""

    signer: Signer


@dataclass(frozen=True)
class Signed:
    """Somebody signed; `next_signer` is whose turn it is now."""

    agreement: Agreement
    signer: Signer
    next_signer: Signer | None


@dataclass(frozen=True)
class Completed:
    """Everybody signed, and the sealed copy is filed."""

    agreement: Agreement


@dataclass(frozen=True)
class Closed:
    """Declined or withdrawn."""

    agreement: Agreement


@atomic
def draft(engagement: Engagement, template: AgreementTemplate, *, by: User | None) -> Agreement:
    """An agreement from a template, with client, signing sponsor contacts and coach as signers, in this order."""
    raise NotImplementedError


@atomic
def send(agreement: Agreement, *, by: User | None) -> None:
    """Freeze it, which the worker does, and ask the first signer then.

    Raises Refused, naming them, while merge fields are missing or the fonts cannot draw a name.
    """
    raise NotImplementedError


@atomic
def hold(signer: Signer, *, source: str) -> str:
    """The token of a signing link for a browser that came by another link of the same person."""
    raise NotImplementedError


@atomic
def open_document(signer: Signer, *, source: str, user_agent: str) -> None:
    """Somebody pressed “Read”: noted once."""
    raise NotImplementedError


@atomic
def mail_code(signer: Signer, *, sha256: str, source: str, user_agent: str) -> None:
    """After the consent: mail a new six-digit code; the one before dies.

    Raises Refused when it is not this signer's turn or the document is another one, TooMany when asked without end.
    """
    raise NotImplementedError


@atomic
def sign(signer: Signer, *, code: str, kind: MarkKind, mark: str, sha256: str, source: str, user_agent: str) -> Signer:
    """Sign. A second call finds it done. `mark` is the typed name, or the drawn strokes as JSON (rules.strokes_of).

    Raises Refused for a wrong or old code, another document, or when it is not this signer's turn.
    """
    raise NotImplementedError


@atomic
def decline(signer: Signer, *, reason: str, source: str, user_agent: str) -> None:
    """Say no, with a reason; the agreement is closed."""
    raise NotImplementedError


@atomic
def hand_over(signer: Signer, *, name: str, email: str, source: str, user_agent: str) -> Signer:
    """Let another person at the sponsor sign; the link so far dies."""
    raise NotImplementedError


@atomic
def remind(signer: Signer, *, by: User | None) -> None:
    """Note that this signer was reminded; the mail is the caller's (portal merges them)."""
    raise NotImplementedError


@atomic
def withdraw(agreement: Agreement, *, reason: str, by: User) -> None:
    """Void it: links die, who was asked is told."""
    raise NotImplementedError


@atomic
def renew(agreement: Agreement, *, by: User) -> Agreement:
    """A new version as a draft, from one that is void, declined or completed."""
    raise NotImplementedError


@atomic
def sweep() -> None:
    """Wake the worker for what waits to be frozen or sealed."""
    raise NotImplementedError

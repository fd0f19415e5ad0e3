"""Keep program templates; start a program with a client."""

from dataclasses import dataclass
from datetime import date

from ..accounts.models import User
from ..clients.models import Client, Contact
from ..db import atomic
from ..engagements.models import Engagement
from ..firm.models import Firm
from .models import ProgramTemplate


@dataclass(frozen=True)
class Start:
    """What the assistant chose for one client, beside the template."""

    coach: User | None
    starts_on: date
    ends_on: date | None
    price_cents: int
    payer: str
    po_number: str
    signers: tuple[Contact, ...] = ()
    meets: tuple[Contact, ...] = ()
    reads: tuple[Contact, ...] = ()
    pays: tuple[Contact, ...] = ()
    send_now: bool = True


@atomic
def begin(client: Client, template: ProgramTemplate, chosen: Start, *, by: User) -> Engagement:
    """Everything at once: engagement, steps, agreement, questionnaire and the mails that follow; or nothing."""
    raise NotImplementedError


@atomic
def ship(firm: Firm) -> None:
    """The three programs, the agreement and the questionnaire every firm begins with."""
    raise NotImplementedError

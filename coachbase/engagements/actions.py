"""Start an engagement; tick, skip and pass on its steps; pause, resume, complete and end it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..accounts.models import User
from ..clients.models import Client
from ..clients.rules import Party
from ..db import atomic
from .models import Engagement, Step
from .rules import State, StepKind


@dataclass(frozen=True)
class StepsChanged:
    """Steps of an engagement were done, skipped, opened again or passed on; its figures are written."""

    engagement: Engagement
    by: User | None


@dataclass(frozen=True)
class StepOpened:
    """Everything a step needs first is out of the way."""

    step: Step


@dataclass(frozen=True)
class StateChanged:
    """An engagement became active, was paused, resumed, completed or ended."""

    engagement: Engagement
    was: State
    by: User | None


@atomic
def start(
    client: Client,
    terms: Mapping[str, Any],
    *,
    coach: User | None,
    starts_on: date,
    ends_on: date | None,
    payer: str,
    po_number: str,
    participants: Sequence[Mapping[str, Any]],
    steps: Sequence[Mapping[str, Any]],
    by: User | None,
) -> Engagement:
    """A new engagement from a copy of some terms, with its sponsor contacts and steps.

    `participants` are rows of Participant, `steps` of StepTerms. Raises Refused while another onboarding of this client
    is open.
    """
    raise NotImplementedError


@atomic
def tick(step: Step, *, reason: str, by: User, kickoff_on: date | None = None) -> None:
    """Say by hand that a step is done, and why we know; the kickoff with its day."""
    raise NotImplementedError


@atomic
def skip(step: Step, *, reason: str, by: User) -> None:
    """Go on without a step."""
    raise NotImplementedError


@atomic
def reopen(step: Step, *, by: User) -> None:
    """Undo a tick or a skip that was made by hand."""
    raise NotImplementedError


@atomic
def happened(engagement: Engagement, kind: StepKind, *, by: User | None = None) -> None:
    """The thing a step stands for has happened: the step ticks itself. Nothing when there is none, or it is gone."""
    raise NotImplementedError


@atomic
def wait_on(engagement: Engagement, kind: StepKind, party: Party) -> None:
    """Pass the ball of a step that is open or waiting."""
    raise NotImplementedError

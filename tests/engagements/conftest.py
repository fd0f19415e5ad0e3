"""A program for Bob, whose steps the tests walk."""

from datetime import date

import pytest

from coachbase.availability.models import Availability
from coachbase.clients.rules import Party
from coachbase.engagements import actions
from coachbase.engagements.models import Step
from coachbase.engagements.rules import StepKind

TERMS = {
    "name": "Leadership 6", "months": 6, "sessions": 12, "session_minutes": 60, "cadence_name": "biweekly",
    "price_cents": 960_000, "currency": "GBP", "billing_name": "halves", "assessments": "EQ-i 2.0", "battery_id": None,
    "three_ways": "start end", "summaries_name": "quarterly", "shares": "sessions goals", "logistics": "Ring the bell.",
    "cancel_hours": 24, "late_is_charged": True,
}  # fmt: skip

STEPS = (
    ("sent", StepKind.AGREEMENT_SENT, "Agreement sent", Party.US, 1, ""),
    ("signed", StepKind.AGREEMENT_SIGNED, "Agreement signed", Party.CLIENT, 4, "sent"),
    ("asked", StepKind.QUESTIONNAIRE_SENT, "Questionnaire sent", Party.US, 1, ""),
    ("answered", StepKind.QUESTIONNAIRE_ANSWERED, "Questionnaire answered", Party.CLIENT, 5, "asked"),
    ("file", StepKind.FILE_SET_UP, "Program file set up", Party.US, 1, "signed answered"),
    ("kickoff", StepKind.KICKOFF_BOOKED, "Kickoff booked", Party.CLIENT, 3, "signed"),
)


def rows(steps=STEPS):
    names = ("key", "kind_name", "label", "waiting_on_name", "target_days", "needs")
    return [dict(zip(names, step, strict=True)) | {"position": place} for place, step in enumerate(steps, start=1)]


@pytest.fixture
def start(cast):
    """`start()` begins the program with Bob; any argument of actions.start may be given. Alice has a place to meet."""
    Availability.create(coach=cast.alice, place="https://meet.example/alice", version=0)

    def begin(client=None, steps=STEPS, **options):
        given = {
            "coach": cast.alice, "starts_on": date(2026, 12, 1), "ends_on": date(2027, 6, 1), "payer": "client",
            "po_number": "", "participants": (), "by": cast.vera,
        }  # fmt: skip
        return actions.start(client or cast.bob, TERMS, steps=rows(steps), **(given | options))

    return begin


@pytest.fixture
def step():
    """`step(engagement, "signed")` as it is now."""
    return lambda engagement, key: Step.get(Step.engagement == engagement, Step.key == key)

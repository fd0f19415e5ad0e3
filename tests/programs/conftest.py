"""Programs to start with Bob, and what is chosen when nobody changes anything."""

from datetime import date

import pytest

from coachbase.programs import actions
from coachbase.programs.models import ProgramTemplate, Start


@pytest.fixture
def leadership(cast):
    """Leadership 6 as it ships: sponsored, with agreement, questionnaire, assessments, three-ways and summaries."""
    return ProgramTemplate.with_documents().where(ProgramTemplate.name == "Leadership 6").get()


@pytest.fixture
def alone(cast):
    """Leadership 3 as it ships: paid by the client."""
    return ProgramTemplate.with_documents().where(ProgramTemplate.name == "Leadership 3").get()


@pytest.fixture
def choose(cast):
    """`choose()` is what Vera chooses for Bob; any field of Start may be given."""

    def chosen(**changes):
        usual = {
            "coach": cast.alice, "starts_on": date(2026, 12, 7), "ends_on": None, "price_cents": 960_000,
            "payer": "sponsor", "po_number": "PO-1", "signers": (cast.sam,), "meets": (cast.sam,),
            "reads": (cast.sam,), "pays": (cast.sam,),
        }  # fmt: skip
        return Start(**(usual | changes))

    return chosen


@pytest.fixture
def begin(cast, leadership, choose):
    """`begin()` starts Leadership 6 with Bob."""
    return lambda template=leadership, client=cast.bob, **changes: actions.begin(
        client, template, choose(**changes), by=cast.vera
    )

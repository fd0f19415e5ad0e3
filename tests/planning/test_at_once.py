"""Several plans for the same times are applied at the same moment: each as a whole or not at all."""

import threading
from datetime import date

from coachbase.availability.rules import SessionKind
from coachbase.db import database, transaction
from coachbase.engagements.rules import Cadence
from coachbase.errors import Refused
from coachbase.planning import actions
from coachbase.planning.models import Proposal, foresee_cadence
from coachbase.planning.rules import ProposalKind, ProposalState, Wish
from coachbase.sessions.models import CoachingSession, LedgerEntry
from tests.planning.conftest import client_of, program_of

FIVE = 5
MONDAYS = Wish(date(2026, 12, 7), 0, 11 * 60, Cadence.WEEKLY, 6, SessionKind.COACHING, 60)


def test_of_five_who_want_the_same_mondays_one_gets_all_and_the_others_nothing_but_another_proposal(frozen, cast):
    with transaction():
        programs = [program_of(client_of(cast.alice, f"Client {number}"), cast.alice) for number in range(FIVE)]
    plans = [
        actions.propose(
            ProposalKind.CADENCE, cast.alice, foresee_cadence(program, MONDAYS), engagement=program,
            first=MONDAYS.first, by=cast.vera,
        )
        for program in programs
    ]  # fmt: skip
    gate, outcomes = threading.Barrier(FIVE), []

    def apply(plan: Proposal) -> None:
        try:
            gate.wait()
            actions.apply(plan, version=1, by=cast.vera)
            outcomes.append("booked")
        except Refused as refusal:
            outcomes.append(str(refusal))
        finally:
            database.close()

    threads = [threading.Thread(target=apply, args=(plan,)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("booked") == 1
    assert sum("Nothing was changed" in outcome for outcome in outcomes) == FIVE - 1
    assert CoachingSession.select().count() == 6
    assert sorted(LedgerEntry.balance(program).booked for program in programs) == [0, 0, 0, 0, 6]
    others = [plan for plan in Proposal.select() if plan.state is ProposalState.DRAFT]
    assert len(others) == FIVE - 1
    assert all("has just gone" in line.exception for plan in others for line in plan.lines)

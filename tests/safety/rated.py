"""Who is asked about Bob and Dan: somebody named, who waits for a yes, and somebody who was sent a way in."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.assessments.models import Assessment
from coachbase.clients.models import Client, Contact
from coachbase.credentials.models import Credential
from coachbase.instruments.models import Instrument, InstrumentGroup
from coachbase.raters.models import Rater, RaterAsk
from coachbase.raters.rules import State
from coachbase.tracking.models import StatusList

if TYPE_CHECKING:
    from tests.safety.world import World


def rate(world: "World", readers: Mapping[str, frozenset[str]]) -> None:
    """The named one is read by who named and by who approves; the asked one by the desk alone, by name."""
    instrument = Instrument.get(Instrument.public_id == world.ids["instrument"]["firm"])
    instrument.needs_raters = True
    instrument.save()
    group, now = InstrumentGroup.of(instrument).get(), clock.now()
    for whose in ("bob", "dan"):
        client = Client.get(Client.public_id == world.ids["client"][whose])
        assessment = Assessment.get(Assessment.client == client, Assessment.instrument == instrument)
        world.keep(whose, assessment)
        own = readers[whose] | (frozenset({"nominate"}) if whose == "bob" else frozenset())
        seen = own | (frozenset({"approve"}) if whose == "bob" else frozenset())
        named = {
            "name": world.word("ratername", whose, seen),
            "email": f"{world.word('ratermail', whose, own)}@x.example",
        }
        row = Rater.create(
            assessment=assessment, group=group, state_name=State.NOMINATED, is_named=True, created_at=now, **named
        )
        world.keep(whose, row)
        code = Credential.create(
            instrument=instrument, login="", secret=world.word("ratercode", whose, frozenset()), currency="GBP",
            state_name="given", client=client, added_at=now, given_at=now,
        )  # fmt: skip
        asked = Rater.create(
            assessment=assessment, group=group, name=world.word("askedname", whose), state_name=State.INVITED,
            email=f"{world.word('askedmail', whose)}@x.example", credential=code, invited_at=now, created_at=now,
        )  # fmt: skip
        world.keep(f"{whose}, asked", asked)
        by = {"bob": "vera", "dan": "dora"}[whose]
        alone = frozenset({by})
        content = f"Who,What\n{world.word('listname', whose, alone)},done\n"
        world.keep(
            whose,
            StatusList.create(
                vendor=instrument.vendor, by=User.get(User.email == f"{by}@northbank.example"), content=content,
                filename=f"{world.word('listfile', whose, alone)}.csv", created_at=now,
            ),
        )  # fmt: skip
        contact = Contact.get(Contact.organisation == client.organisation)
        world.keep(f"{whose}’s names", RaterAsk.create(assessment=assessment, asked_at=now))
        world.keep(f"{whose}’s approval", RaterAsk.create(assessment=assessment, contact=contact, asked_at=now))

"""Bob and Dan stand in their coaches' logs: one by name, the other by a letter of the sponsor."""

from datetime import timedelta

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.clients.models import Client
from coachbase.logbook.models import LogConsent
from coachbase.sessions.models import CoachingSession

LONG_AGO = timedelta(days=900)


def log(world, readers) -> None:
    """`readers`: who may read the canaries, by whose they are. Dan was Alice's then, and is not in her log now."""
    now = clock.now()
    coaches = {user.email.partition("@")[0]: user for user in User.select()}
    for day, (whose, coach) in enumerate((("bob", "alice"), ("dan", "carol"), ("dan", "alice"))):
        client = Client.get(Client.public_id == world.ids["client"][whose])
        begins = now - LONG_AGO + timedelta(days=day)
        CoachingSession.create(
            uid=f"{whose}-{coach}-logged@northbank.example", coach=coaches[coach], client=client,
            kind_name="coaching", starts_at=begins, ends_at=begins + timedelta(hours=1), zone="Europe/London",
            state_name="held", via="staff", created_at=begins,
        )  # fmt: skip
    for whose in ("bob", "dan"):
        LogConsent.create(
            client=Client.get(Client.public_id == world.ids["client"][whose]), is_given=True, by_name=whose == "bob",
            organisation="" if whose == "bob" else world.word("logletter", whose, readers[whose]),
            on=now.date(), how=world.word("loghow", whose, readers[whose]), at=now,
        )  # fmt: skip

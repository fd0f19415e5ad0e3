"""A week of Alice's, seen on its Monday morning."""

from collections.abc import Callable

import pytest

from coachbase.clients.models import Client
from coachbase.sessions.models import Attendee, CoachingSession
from tests.scheduling.conftest import HOUR, MONDAY, monday, place, program  # noqa: F401 (fixtures)


@pytest.fixture
def put(cast, monday, place) -> Callable[..., CoachingSession]:  # noqa: F811
    """`put(26)` writes an hour with Bob on that day at ten; hours after midnight and minutes may be said."""

    def put(day: int, hour: float = 10, *, client: Client | None = cast.bob, coach=cast.alice, minutes=60, **facts):
        begins = MONDAY.replace(day=day, hour=0) + hour * HOUR
        usual = {"kind_name": "coaching", "zone": "Europe/London", "via": "staff", "created_at": MONDAY}
        session = CoachingSession.create(
            uid=f"{coach.id}-{day}-{hour}", coach=coach, client=client, starts_at=begins,
            ends_at=begins + minutes * HOUR / 60, **usual | facts,
        )  # fmt: skip
        if client:
            who = {"name": client.name, "email": client.email, "zone": client.zone or "Europe/London"}
            Attendee.create(session=session, role_name="client", client=client, **who)
        return session

    return put

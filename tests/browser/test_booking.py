"""The pages behind the links to book and to move, as a phone shows them: within reach in both themes."""

from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.availability.models import Availability, Hours
from coachbase.availability.rules import SessionKind, moment_of
from coachbase.db import transaction
from coachbase.engagements.models import Engagement
from coachbase.links import actions as links
from coachbase.requests import actions as requests
from coachbase.requests.models import Request, offered
from coachbase.scheduling import actions
from coachbase.scheduling.rules import Via
from coachbase.sessions import actions as sessions
from coachbase.sessions.models import CoachingSession
from tests.agreements import signing
from tests.browser.chromium import DESKTOP, PHONE


@pytest.fixture
def asked(cast) -> tuple[Request, CoachingSession]:
    """Bob is asked for his kickoff; a three-way meeting and another session are booked."""
    cast.bob.assistant_name, cast.bob.assistant_email = "Eve Lind", "eve@brightwater.example"
    with transaction():
        cast.bob.save()
        Availability.create(coach=cast.alice, place="https://meet.example/alice")
        for weekday in range(5):
            Hours.create(coach=cast.alice, weekday=weekday, begins=9 * 60, ends=17 * 60)
        signing.engaged(cast)
        Engagement.update(state_name="active").execute()
        engagement = Engagement.current_of(cast.bob)
        sessions.buy(engagement, by=cast.vera)
        about = {"minutes": 60, "engagement": engagement, "by": cast.vera}
        request = requests.ask(engagement.client, cast.alice, SessionKind.KICKOFF, **about)
        free = [moment_of(start) for start in offered(request, clock.now()).starts]
        who = {"via": Via.STAFF, "client": engagement.client, "engagement": engagement, "by": cast.vera}
        actions.book(cast.alice, SessionKind.THREE_WAY, free[-1], 60, contacts=[cast.sam], **who)
        session = actions.book(cast.alice, SessionKind.COACHING, free[-20], 60, **who)
    return request, session


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_booking_and_moving_are_within_reach(cast, asked, open_page, axe, theme):
    request, session = asked
    with transaction():
        tokens = {
            kind: links.issue(kind, row.public_id, lasts=timedelta(days=1))[1]
            for kind, row in (
                ("client", cast.bob), ("assistant", cast.bob), ("sponsor", cast.sam), ("book", request),
                ("session", session),
            )
        }  # fmt: skip
    page = open_page(color_scheme=theme, java_script_enabled=True)
    found = []

    def look(what: str) -> None:
        page.set_viewport_size(DESKTOP)
        found.extend(f"{what}: {broken}" for broken in axe(page))
        page.set_viewport_size(PHONE)
        if page.evaluate("document.documentElement.scrollWidth") != PHONE["width"]:
            found.append(f"{what}: wider than a phone")

    for kind, token in tokens.items():
        page.goto(f"/p/{kind}/open/{token}")
        look(kind)
    for path in ("/p/book?zones=1", "/p/session/move", "/p/session/cancel"):
        page.goto(path)
        look(path)
    page.goto("/p/book")
    page.get_by_text("None of these suits").click()
    look("none suits")
    page.locator("a.time").first.click()
    look("confirm")
    page.get_by_role("button", name="Book it").click()
    look("booked")
    page.get_by_role("button", name="Move it").click()
    page.locator("a.time").first.click()
    look("confirm the move")
    assert found == []

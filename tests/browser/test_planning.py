"""A whole cadence is planned, changed, booked and undone as people do it; within reach in both themes."""

from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.availability.rules import SessionKind
from coachbase.db import transaction
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import CoachingSession
from coachbase.sessions.rules import State
from tests.browser.chromium import PHONE
from tests.planning.conftest import place_of, program_of


@pytest.fixture
def program(cast, live_server):
    """Bob's program, with one session booked on a Tuesday in two weeks."""
    with transaction():
        place_of(cast.alice)
        program = program_of(cast.bob, cast.alice, starts_on=clock.now().date(), ends_on=None)
        today = clock.now().replace(hour=10, minute=0, second=0, microsecond=0)
        tuesday = today + timedelta(days=14 + (1 - today.weekday()) % 7)
        scheduling.book(
            cast.alice, SessionKind.COACHING, tuesday, 60, via=Via.STAFF, client=cast.bob, engagement=program,
            despite="a test", by=cast.vera,
        )  # fmt: skip
    return program


def count_of_booked() -> int:
    return CoachingSession.select().where(CoachingSession.state_name == State.BOOKED).count()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_cadence_is_planned_one_line_changed_all_booked_and_undone(open_page, enter, program, axe, theme):
    page = open_page(color_scheme=theme)
    enter(page, "vera")
    page.goto(f"/engagements/{program.public_id}/cadence")
    assert axe(page) == []
    page.fill("[name=count]", "4")
    page.get_by_role("button", name="Show the dates").click()
    page.get_by_role("button", name="Book all").wait_for()
    assert axe(page) == []
    page.get_by_role("link", name="Change Coaching session 2").click()
    page.locator("#dialog [name=start]").first.wait_for()
    assert axe(page) == []
    page.get_by_role("button", name="Leave it out").click()
    page.get_by_text("left out").wait_for()
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("button", name="Book all").click()
    page.locator(".toast").wait_for()
    assert count_of_booked() == 4
    page.locator(".toast").get_by_role("button", name="Undo").click()
    page.get_by_text("no mail leaves").wait_for()
    assert count_of_booked() == 1
    assert axe(page) == []


def test_without_javascript_an_absence_is_planned_line_by_line_and_applied(open_page, enter, program):
    session = CoachingSession.get()
    day = session.starts_at.date().isoformat()
    page = open_page(java_script_enabled=False)
    enter(page, "vera")
    page.goto("/planning/new?kind=ill")
    page.fill("[name=first]", day)
    page.fill("[name=last]", day)
    page.fill("[name=reason]", "Alice is away")
    page.get_by_role("button", name="Show the smallest change").click()
    page.get_by_role("link", name="Change Bob Haddad").click()
    page.locator("[name=start]").nth(3).check()
    page.get_by_role("button", name="Take this time").click()
    page.get_by_role("button", name="Apply").click()
    page.locator("main").get_by_role("button", name="Undo").wait_for()
    assert CoachingSession.get().starts_at != session.starts_at

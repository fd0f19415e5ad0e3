"""Sessions marked by one key each, on Today and on a session's page, and the mark taken back."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from coachbase import clock
from coachbase.availability.rules import SessionKind
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import CoachingSession


@pytest.fixture
def over(cast):
    """Three sessions of the last days, which nobody has marked."""
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    where = {"place_kind": "room", "place": "Room 4"}
    sessions = []
    for days in (4, 3, 2):
        at = now - timedelta(days=days)
        with clock.pretend(at - timedelta(days=5)):
            sessions.append(
                scheduling.book(
                    cast.alice, SessionKind.COACHING, at, 60, via=Via.STAFF, client=cast.bob, despite="agreed",
                    by=cast.vera, **where,
                )
            )  # fmt: skip
    return sessions


def states(sessions):
    return [CoachingSession.get_by_id(session.id).state_name for session in sessions]


def test_one_key_marks_the_selected_row_and_it_goes(open_page, enter, over):
    page = open_page()
    enter(page, "vera")
    rows = page.locator(".row.marking")
    expect(rows).to_have_count(3)
    page.keyboard.press("h")  # nothing is selected, so nothing happens
    while rows.locator("nth=0").get_attribute("aria-current") is None:
        page.keyboard.press("j")
    page.keyboard.press("h")
    expect(rows).to_have_count(2)
    expect(rows.first).to_have_attribute("aria-current", "true")
    page.keyboard.press("n")
    expect(rows).to_have_count(1)
    page.keyboard.press("l")
    expect(rows).to_have_count(0)
    assert states(over) == ["held", "no_show", "late_cancelled"]
    page.locator(".toast", has_text="cancelled late").get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(1)
    assert states(over) == ["held", "no_show", "booked"]


def test_the_focus_stays_where_one_works_when_a_row_is_drawn_anew_or_goes(open_page, enter, over):
    page = open_page()
    enter(page, "vera")
    rows = page.locator(".row.marking")
    rows.first.get_by_role("button", name="No-show").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(2)
    expect(rows.first.get_by_role("button", name="No-show")).to_be_focused()
    for left in (1, 0):
        page.keyboard.press("Enter")
        expect(rows).to_have_count(left)
    expect(page.locator("#main")).to_be_focused()
    assert states(over) == ["no_show"] * 3


def test_escape_closes_a_menu_and_gives_the_focus_back(open_page, enter):
    page = open_page()
    enter(page, "vera")
    opener = page.locator(".me > summary")
    opener.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Your account")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_one_key_marks_the_session_one_looks_at(open_page, enter, over):
    page = open_page()
    enter(page, "alice")
    page.goto(f"/sessions/{over[0].public_id}")
    page.keyboard.press("n")
    expect(page.locator(".session-head")).to_contain_text("No-show")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".session-head")).to_contain_text("not marked yet")
    assert states(over) == ["booked"] * 3

"""The calendar in a real browser: what only hands, keys and a phone can show."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from coachbase import clock
from coachbase.availability.models import Availability
from coachbase.clients.models import Client
from coachbase.db import transaction
from coachbase.scheduling import actions
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import CoachingSession

LONDON = ZoneInfo("Europe/London")
HOUR = 56  # pixels


def at(day, hour):
    """A time of the week after this one, on London's clock; the server has the real one."""
    today = clock.now().astimezone(LONDON).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=7 - today.weekday() + day, hours=hour)


@pytest.fixture
def sessions(cast, live_server):
    """Bob on Tuesday at ten, Ines on Wednesday at ten, next week."""
    with transaction():
        Availability.create(coach=cast.alice, place="https://meet.example/alice")
        ines = Client.create(name="Ines Marchetti", coach=cast.alice, zone="Europe/Rome", created_at=clock.now())
        return {
            client.name.split()[0]: actions.book(
                cast.alice, "chemistry", at(day, 10), 60, via=Via.STAFF, client=client, by=cast.vera
            )
            for day, client in ((1, cast.bob), (2, ines))
        }


@pytest.fixture
def week(page, enter, sessions):
    enter(page, "vera")
    open_week(page)
    return page


def open_week(page):
    year, number, _ = at(0, 9).isocalendar()
    page.goto(f"/calendar?week={year}-W{number:02}")


def block(page, name):
    return page.locator(".cal .session", has_text=name)


def column(page, day):
    return page.locator(".lane-of-day").nth(day)


def drag(page, item, *, days=0, hours=0.0, edge=False):
    """By the middle of a block, or by its lower edge."""
    item.scroll_into_view_if_needed()
    box = item.bounding_box()
    wide = column(page, 1).bounding_box()["x"] - column(page, 0).bounding_box()["x"]
    x, y = box["x"] + box["width"] / 2, box["y"] + (box["height"] - 3 if edge else 20)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y + 8, steps=4)
    page.mouse.move(x + days * wide, y + hours * HOUR, steps=12)
    page.mouse.up()


def when(session):
    """Where a session is now: day of the week, hour, minutes."""
    found = CoachingSession.known_as(session.public_id)
    local = found.starts_at.astimezone(LONDON)
    return local.weekday(), local.hour + local.minute / 60, found.minutes


def test_a_drag_moves_a_session_and_an_edge_changes_its_length(week, sessions):
    drag(week, block(week, "Bob"), days=2, hours=3.5)
    expect(week.locator(".toast")).to_contain_text("Bob Haddad, chemistry call: moved to Thu")
    assert when(sessions["Bob"]) == (3, 13.5, 60)
    expect(column(week, 3).locator(".session")).to_contain_text("13:30–14:30")
    drag(week, block(week, "Bob"), hours=0.5, edge=True)
    expect(week.locator(".toast")).to_have_count(2)  # the answer, not what the hand showed before it
    expect(column(week, 3).locator(".session")).to_contain_text("13:30–15:00")
    assert when(sessions["Bob"]) == (3, 13.5, 90)
    assert "/calendar" in week.url, "a drag is not a click on the link"


def test_a_drag_onto_another_session_is_refused_in_words_and_the_block_returns(week, sessions):
    drag(week, block(week, "Bob"), days=1)
    expect(week.locator("#notice")).to_contain_text("That time cannot be had: Alice Kern: 10:00 with Ines Marchetti")
    expect(column(week, 1).locator(".session")).to_contain_text("Bob Haddad")
    offset = block(week, "Bob").bounding_box()["y"] - column(week, 1).bounding_box()["y"]
    assert round(offset) in (3 * HOUR, 3 * HOUR + 1)
    expect(block(week, "Bob")).to_contain_text("10:00–11:00")
    assert when(sessions["Bob"]) == (1, 10, 60)


def test_a_drag_outside_the_hours_asks_why_and_then_moves(week, sessions):
    drag(week, block(week, "Bob"), hours=8)
    dialog = week.get_by_role("dialog")
    expect(dialog).to_contain_text("Alice Kern: outside the open hours")
    why = dialog.get_by_label("Why it is right nevertheless")
    expect(why).to_be_focused()
    assert when(sessions["Bob"]) == (1, 10, 60)
    why.fill("Bob lands at five")
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(block(week, "Bob")).to_contain_text("18:00–19:00")
    expect(block(week, "Bob")).to_contain_text("outside hours")
    assert when(sessions["Bob"]) == (1, 18, 60)


def test_enter_after_the_reason_moves_and_takes_no_other_time(week, sessions):
    drag(week, block(week, "Bob"), hours=8)
    dialog = week.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Move", exact=True)).to_be_in_viewport()
    dialog.get_by_label("Why it is right nevertheless").fill("Bob lands at five")
    week.keyboard.press("Enter")
    expect(block(week, "Bob")).to_contain_text("18:00–19:00")
    assert when(sessions["Bob"]) == (1, 18, 60)


def test_keys_carry_a_session_and_enter_keeps_it(week, sessions):
    block(week, "Bob").locator(".what").focus()
    week.keyboard.press("Alt+ArrowDown")
    week.keyboard.press("Alt+ArrowRight")
    week.keyboard.press("Alt+ArrowRight")
    week.keyboard.press("Alt+Shift+ArrowDown")
    expect(week.locator("#said")).to_contain_text("10:30 to 12:00. Enter keeps it")
    assert when(sessions["Bob"]) == (1, 10, 60), "nothing happens before Enter"
    week.keyboard.press("Escape")
    expect(block(week, "Bob")).to_contain_text("10:00–11:00")
    week.keyboard.press("Alt+ArrowDown")
    week.keyboard.press("Enter")
    expect(week.locator(".toast")).to_contain_text("10:30")
    expect(block(week, "Bob").locator(".what")).to_be_focused()
    assert when(sessions["Bob"]) == (1, 10.5, 60)


def test_a_press_on_an_empty_time_says_why_not_and_books_there(week, sessions, cast):
    top = (14 - 7) * HOUR + 10
    column(week, 4).click(position={"x": 60, "y": top})
    dialog = week.get_by_role("dialog")
    expect(dialog).to_contain_text("This time is free.")
    assert dialog.locator("#at").input_value() == "14:00"
    dialog.get_by_label("Client").select_option("Bob Haddad")
    dialog.get_by_role("link", name="Book here").click()
    expect(dialog).to_contain_text("Book a session with Bob Haddad")
    dialog.get_by_label("Kind").select_option("Chemistry call")
    expect(dialog).to_contain_text("This time is free.")
    dialog.get_by_role("button", name="Book", exact=True).click()
    expect(column(week, 4).locator(".session")).to_contain_text("Bob Haddad")
    assert CoachingSession.select().count() == 3


def test_letters_turn_the_weeks(week):
    here = week.url
    week.keyboard.press("n")
    week.wait_for_url(lambda url: url != here)
    week.keyboard.press("p")
    week.wait_for_url(here)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_calendar_is_within_reach(open_page, enter, sessions, axe, theme):
    page = open_page(color_scheme=theme)
    enter(page, "vera")
    open_week(page)
    assert axe(page) == []
    block(page, "Bob").hover()
    block(page, "Bob").get_by_role("link", name="Move Bob Haddad").click()
    expect(page.get_by_role("dialog")).to_contain_text("Move: Bob Haddad")
    assert axe(page) == []
    bob, session = sessions["Bob"].client.public_id, sessions["Bob"].public_id
    forms = [f"/clients/{bob}/sessions/{what}" for what in ("new", "ask")]
    forms += [f"/sessions/{session}/{what}" for what in ("move", "cancel", "place")]
    for address in (f"/calendar?month={at(0, 9):%Y-%m}", "/slots/why", *forms):
        page.goto(address)
        assert axe(page) == [], address


def test_the_owner_sees_whose_each_session_is(page, enter, sessions, axe):
    enter(page, "olive")
    open_week(page)
    expect(block(page, "Bob").locator("abbr")).to_have_text("AK")
    assert axe(page) == []
    page.goto(f"/calendar?month={at(0, 9):%Y-%m}")
    expect(page.locator(".line", has_text="Bob").locator("abbr").first).to_have_text("AK")
    assert axe(page) == []


def test_a_phone_gets_a_list_with_everything_to_press(phone, enter, sessions, axe):
    enter(phone, "vera")
    open_week(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    boxes = [block(phone, name).bounding_box() for name in ("Bob", "Ines")]
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"], "one under the other"
    assert min(box["width"] for box in boxes) > 340
    assert axe(phone) == []
    block(phone, "Bob").get_by_role("link", name="Move Bob Haddad").click()
    expect(phone.get_by_role("dialog")).to_contain_text("Move: Bob Haddad")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    phone.goto(f"/calendar?month={at(0, 9):%Y-%m}")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390

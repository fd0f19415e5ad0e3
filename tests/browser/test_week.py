"""The week of a coach's hours, painted with the mouse and walked by keys."""

import pytest
from playwright.sync_api import expect

from coachbase.availability.models import CoachWeek
from coachbase.availability.rules import Wall
from tests.browser import axe
from tests.browser.chromium import PHONE

NINE_TO_FIVE = Wall(540, 1020)


@pytest.fixture
def week(page, cast, enter):
    enter(page, "vera")
    page.goto(f"/settings/availability/{cast.alice.public_id}")
    return page


def cell(page, day, time):
    return page.get_by_role("gridcell", name=f"{day} {time},")


def drag(page, start, end, *, dy=0):
    """From one cell to another; `dy` is how far from the first one's middle it is grabbed."""
    start.scroll_into_view_if_needed()
    one, other = start.bounding_box(), end.bounding_box()
    page.mouse.move(one["x"] + one["width"] / 2, one["y"] + one["height"] / 2 + dy)
    page.mouse.down()
    page.mouse.move(other["x"] + other["width"] / 2, other["y"] + other["height"] / 2, steps=6)
    page.mouse.up()


def save(page):
    page.get_by_role("button", name="Save the week").click()
    expect(page.get_by_text("The weekly hours are saved.")).to_be_visible()


def saved(cast):
    return [list(walls) for walls in CoachWeek.of(cast.alice).week]


def test_hours_are_painted_closed_and_dragged_by_their_edges(week, cast):
    drag(week, cell(week, "Saturday", "10:00"), cell(week, "Saturday", "11:30"))
    drag(week, cell(week, "Monday", "12:00"), cell(week, "Monday", "12:30"))
    drag(week, cell(week, "Tuesday", "16:30"), cell(week, "Tuesday", "14:30"), dy=7)
    drag(week, cell(week, "Wednesday", "9:00"), cell(week, "Wednesday", "8:30"), dy=-7)
    save(week)
    assert saved(cast) == [
        [Wall(540, 720), Wall(780, 1020)],
        [Wall(540, 900)],
        [Wall(510, 1020)],
        [NINE_TO_FIVE],
        [NINE_TO_FIVE],
        [Wall(600, 720)],
        [],
    ]


def test_hours_are_moved_by_their_time_to_another_day_and_what_lies_there_gives_way(week, cast):
    drag(week, cell(week, "Monday", "12:00"), cell(week, "Monday", "12:30"))
    drag(week, cell(week, "Monday", "9:00"), cell(week, "Saturday", "10:00"))
    drag(week, cell(week, "Friday", "9:00"), cell(week, "Monday", "7:00"), dy=3)
    cell(week, "Tuesday", "9:00").click()
    save(week)
    assert saved(cast) == [[Wall(420, 1020)], *([[NINE_TO_FIVE]] * 3), [], [Wall(600, 780)], []]


def test_hours_keep_their_kinds_when_they_are_moved_or_stretched_onto_their_neighbours(week, cast):
    drag(week, cell(week, "Monday", "12:00"), cell(week, "Monday", "12:30"))
    week.get_by_text("Times and kinds of session").click()
    monday = week.locator("fieldset[data-day='0']")
    monday.get_by_text("Any session").last.click()
    monday.get_by_label("Debrief").last.check()
    drag(week, cell(week, "Monday", "13:00"), cell(week, "Monday", "12:00"), dy=-7)
    save(week)
    assert saved(cast)[0] == [Wall(540, 720), Wall(720, 1020, ("debrief",))]


def test_hours_are_moved_and_stretched_by_keys(week, cast):
    cell(week, "Friday", "10:00").focus()
    for key in ("Alt+ArrowRight", "Alt+ArrowDown", "Alt+ArrowDown", "Alt+Shift+ArrowUp", "Alt+Shift+ArrowUp"):
        week.keyboard.press(key)
    expect(week.locator("#week-said")).to_have_text("Saturday: 10:00 to 17:00.")
    expect(cell(week, "Saturday", "11:00")).to_be_focused()
    save(week)
    assert saved(cast)[4:6] == [[], [Wall(600, 1020)]]


def test_hours_are_set_by_keys_alone_and_each_change_is_said(week, cast):
    cell(week, "Monday", "9:00").focus()
    for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "Enter", "ArrowUp", "ArrowUp", "Enter"):
        week.keyboard.press(key)
    expect(week.locator("#week-said")).to_have_text("Tuesday: 7:30 to 17:00.")
    week.keyboard.press("ArrowRight")
    week.keyboard.press("Space")
    expect(week.locator("#week-said")).to_have_text("Wednesday: 7:30 to 8:00, 9:00 to 17:00.")
    for key in ("ArrowRight", "PageDown", "PageDown", "Delete"):
        week.keyboard.press(key)
    expect(week.locator("#week-said")).to_have_text("Thursday: closed.")
    save(week)
    assert saved(cast)[1:4] == [[Wall(450, 1020)], [Wall(450, 480), NINE_TO_FIVE], []]


def test_what_is_typed_shows_in_the_grid_and_kinds_are_kept_when_hours_grow(week, cast):
    week.get_by_text("Times and kinds of session").click()
    week.get_by_label("Monday to").fill("12:15")
    monday = week.locator("fieldset[data-day='0']")
    monday.get_by_text("Any session").click()
    monday.get_by_label("Debrief").check()
    expect(cell(week, "Monday", "12:00")).to_have_attribute(
        "aria-label", "Monday 12:00, open 9:00–12:15, some kinds only"
    )
    drag(week, cell(week, "Monday", "13:00"), cell(week, "Monday", "12:30"))
    week.get_by_role("button", name="Tuesday to Friday as Monday").click()
    save(week)
    assert saved(cast)[0] == [Wall(540, 735, ("debrief",)), Wall(750, 810)]
    assert saved(cast)[4] == saved(cast)[0]


def test_the_week_has_no_fault_of_access_also_on_a_phone(week):
    assert axe.violations(week) == []
    week.set_viewport_size(PHONE)
    week.reload()
    expect(week.locator("#week-grid")).to_be_hidden()
    expect(week.get_by_label("Monday from")).to_be_visible()
    assert axe.violations(week) == []

"""The catalogue in a browser: a battery put in order by hand, keys and without JavaScript; a code that is shown."""

import pytest
from playwright.sync_api import expect

from coachbase import clock
from coachbase.credentials import actions
from coachbase.credentials.models import Credential
from coachbase.credentials.rules import Code
from coachbase.db import transaction
from coachbase.instruments.models import Battery, BatteryItem, Instrument
from tests.browser.chromium import PHONE


@pytest.fixture
def battery(cast, live_server) -> Battery:
    """The one every firm begins with: HPI, HDS, EQ-i."""
    return Battery.get()


@pytest.fixture
def disc(cast, live_server) -> Instrument:
    """One code in stock, and one that Bob has."""
    disc = Instrument.with_vendor().where(Instrument.name == "Everything DiSC").get()
    with transaction():
        actions.add(disc, [Code("FIRST-CODE"), Code("SECOND-CODE")], order="EPIC 88412", by=cast.vera)
        actions.take(disc, client=cast.bob, today=clock.now().date(), by=cast.vera)
    return disc


def names(battery) -> list[str]:
    return [item.instrument.name for item in BatteryItem.of(battery)]


def row(page, name):
    return page.locator("#items .row", has=page.get_by_role("link", name=name, exact=True))


def test_a_battery_is_put_in_order_by_dragging(page, battery, enter):
    enter(page, "vera")
    page.goto(f"/settings/batteries/{battery.public_id}")
    start, end = row(page, "EQ-i 2.0").locator(".handle").bounding_box(), row(page, "Hogan HPI").bounding_box()
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 12, start["y"] - 10, steps=4)
    page.mouse.move(end["x"] + 60, end["y"] + 6, steps=12)
    page.wait_for_timeout(150)
    page.mouse.up()
    expect(page.locator("#said")).to_have_text("EQ-i 2.0 is now 1 of 3.")
    assert names(battery) == ["EQ-i 2.0", "Hogan HPI", "Hogan HDS"]


def test_a_battery_is_put_in_order_by_keys_and_the_place_is_said(page, battery, enter):
    enter(page, "vera")
    page.goto(f"/settings/batteries/{battery.public_id}")
    row(page, "Hogan HPI").get_by_role("link").focus()
    for place in (2, 3):
        page.keyboard.press("Alt+ArrowDown")
        expect(page.locator("#said")).to_have_text(f"Hogan HPI is now {place} of 3.")
        expect(row(page, "Hogan HPI").get_by_role("link")).to_be_focused()
    assert names(battery) == ["Hogan HDS", "EQ-i 2.0", "Hogan HPI"]


def test_a_battery_is_filled_and_put_in_order_without_javascript(open_page, battery, enter):
    page = open_page(java_script_enabled=False)
    enter(page, "vera")
    page.goto(f"/settings/batteries/{battery.public_id}")
    page.get_by_label("Instrument").select_option("CliftonStrengths")
    page.get_by_label("Completed").fill("9")
    page.get_by_label("Unit").select_option("months")
    page.get_by_label("Before or after").select_option("after")
    page.get_by_label("Of", exact=True).select_option("the start")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("9 months after the start")).to_be_visible()
    page.get_by_role("button", name="Move CliftonStrengths up").click()
    assert names(battery) == ["Hogan HPI", "Hogan HDS", "CliftonStrengths", "EQ-i 2.0"]


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE}, {"java_script_enabled": False}])
def test_a_code_is_shown_where_it_is_asked_for_and_is_masked_again(open_page, disc, enter, options):
    page = open_page(**options)
    enter(page, "vera")
    home = f"/settings/instruments/{disc.public_id}/codes"
    page.goto(home)
    expect(page.get_by_text("SECOND-CODE")).to_have_count(0)
    page.get_by_role("button", name="Show the code").click()
    expect(page.get_by_text("SECOND-CODE")).to_be_visible()
    page.goto(home)
    expect(page.get_by_text("SECOND-CODE")).to_have_count(0)


def test_what_became_of_a_code_is_said_in_a_dialog(page, disc, enter):
    enter(page, "vera")
    page.goto(f"/settings/instruments/{disc.public_id}/codes?state=given")
    page.get_by_role("link", name="What became of it").click()
    dialog = page.locator("#dialog")
    expect(dialog.get_by_text("Bob may still have it in a mail")).to_be_visible()
    dialog.get_by_label("It is back in stock, unused").check()
    dialog.get_by_role("button", name="Note it").click()
    expect(page.get_by_text("returned, free again").first).to_be_visible()
    assert Credential.select().where(Credential.client.is_null(False)).count() == 0

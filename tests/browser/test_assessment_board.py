"""The board of assessments in a real browser: dragging marks, what may not be goes back, many are ticked at once."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from coachbase import clock
from coachbase.assessments import actions as assessments
from coachbase.assessments.models import Assessment
from coachbase.assessments.rules import State
from coachbase.clients import actions as clients
from coachbase.db import transaction
from coachbase.instruments.models import Instrument
from tests.browser.test_board import drag, names_in, stage

BOARD = "/boards/assessments"
NAMES = ("Grace Adeyemi", "Ines Marchetti")


@pytest.fixture
def people(cast, live_server):
    """Ines and Grace beside Bob, each set up for EQ-i, Grace on top."""
    eqi, due = Instrument.get(Instrument.name == "EQ-i 2.0"), clock.now().date() + timedelta(days=60)
    with transaction():
        others = [
            clients.add({"name": name, "coach": cast.alice, "email": f"{name[:4]}@x.example"}, how="by hand")
            for name in reversed(NAMES)
        ]
        for client in (cast.bob, *others):
            assessments.set_up(client, eqi, due=due, by=cast.vera)
    return cast


@pytest.fixture
def desk(page, people, enter):
    enter(page, "vera")
    page.goto(BOARD)
    return page


def card(page, name):
    return page.locator(".card", has=page.get_by_role("link", name=f"{name} EQ-i 2.0", exact=True))


def tick(page, name):
    return page.get_by_role("checkbox", name=f"{name}, EQ-i 2.0", exact=True)


def states():
    return {row.client.name: row.state for row in Assessment.with_people()}


def test_what_is_dragged_is_marked_and_undone(desk):
    drag(desk, card(desk, "Bob Haddad"), stage(desk, "Access sent").locator(".cards"))
    expect(desk.get_by_text("Bob Haddad, EQ-i 2.0 moved to Access sent.")).to_be_visible()
    expect(card(desk, "Bob Haddad")).to_contain_text("client · 0 m")
    assert states()["Bob Haddad"] is State.ACCESS_SENT
    desk.get_by_role("button", name="Undo").click()
    expect(stage(desk, "Set up").locator(".card")).to_have_count(3)
    assert states()["Bob Haddad"] is State.SET_UP


def test_what_may_not_be_goes_back_and_says_why(desk):
    drag(desk, card(desk, "Bob Haddad"), stage(desk, "Report in").locator(".cards"))
    expect(desk.locator("#notice")).to_have_text("There is no report yet. File it, and the assessment moves by itself.")
    expect(stage(desk, "Set up").locator(".card")).to_have_count(3)
    expect(desk.locator("#said")).to_have_text("Bob Haddad, EQ-i 2.0 is back in Set up.")
    assert states()["Bob Haddad"] is State.SET_UP


def test_keys_move_a_card_and_mark_it(desk):
    card(desk, "Ines Marchetti").locator(".who").focus()
    desk.keyboard.press("Alt+ArrowRight")
    expect(desk.locator("#said")).to_have_text("Ines Marchetti, EQ-i 2.0: Access sent, 1 of 1")
    desk.keyboard.press("Alt+ArrowRight")
    expect(desk.locator("#said")).to_have_text("Ines Marchetti, EQ-i 2.0: In progress, 1 of 1")
    assert states()["Ines Marchetti"] is State.IN_PROGRESS


def test_ticked_by_mouse_or_keys_access_is_sent_to_these(desk):
    bar = desk.get_by_role("group", name="With the ticked cards")
    expect(bar).to_be_hidden()
    card(desk, "Bob Haddad").hover()
    tick(desk, "Bob Haddad").check()
    expect(bar).to_contain_text("1 card ticked")
    card(desk, "Grace Adeyemi").locator(".who").focus()
    desk.keyboard.press("x")
    expect(bar).to_contain_text("2 cards ticked")
    assert desk.url.endswith(BOARD), "ticking a card is not a click on its link"
    bar.get_by_role("button", name="Send access to these 2…").click()
    desk.wait_for_url("**/assessments/send?ids=*")
    for shown, is_there in (("Bob Haddad", True), ("Grace Adeyemi", True), ("Ines Marchetti", False)):
        assert (shown in desk.locator("main").inner_text()) is is_there
    assert set(states().values()) == {State.SET_UP}


def test_ticks_outlast_what_others_do(desk, people):
    tick(desk, "Bob Haddad").check(force=True)
    with transaction():
        grace = next(row for row in Assessment.with_people() if row.client.name == "Grace Adeyemi")
        facts = grace.facts(people.olive, has_package=False)
        assessments.mark(grace, State.ACCESS_SENT, facts=facts, by=people.olive)
    expect(stage(desk, "Access sent").locator(".card")).to_have_count(1, timeout=8000)
    expect(tick(desk, "Bob Haddad")).to_be_checked()
    expect(tick(desk, "Grace Adeyemi")).not_to_be_checked()
    desk.get_by_role("button", name="Untick all").click()
    expect(desk.get_by_role("group", name="With the ticked cards")).to_be_hidden()


def test_many_are_marked_completed_without_javascript(open_page, people, enter):
    page = open_page(java_script_enabled=False)
    enter(page, "vera")
    page.goto(BOARD)
    for name in NAMES:
        tick(page, name).check(force=True)
    page.get_by_role("button", name="Mark completed").click()
    assert "2 assessments marked completed." in page.locator("#toasts").inner_text()
    assert len(names_in(page, "Completed")) == 2
    assert states() == dict.fromkeys(NAMES, State.COMPLETED) | {"Bob Haddad": State.SET_UP}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, people, enter, axe, scheme):
    Assessment.update(due_on=clock.now().date() + timedelta(days=2)).where(Assessment.client == people.bob).execute()
    page = open_page(color_scheme=scheme)
    enter(page, "vera")
    page.goto(f"{BOARD}?closed=1")
    expect(card(page, "Bob Haddad")).to_contain_text("at risk")
    tick(page, "Bob Haddad").check(force=True)
    assert axe(page) == []
    page.goto("/settings/stages?board=assessments")
    assert axe(page) == []


def test_a_phone_ticks_cards_and_sees_what_to_do_with_them(phone, people, enter, axe):
    enter(phone, "vera")
    phone.goto(BOARD)
    tick(phone, "Bob Haddad").tap()
    expect(phone.get_by_role("button", name="Send access to this one…")).to_be_in_viewport()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert axe(phone) == []

"""The board in a real browser: what only hands, keys and two screens can show."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from coachbase.boards.models import Board, Card, Stage
from coachbase.boards.rules import StageMeaning
from coachbase.clients import actions as clients
from coachbase.clients.models import Client
from coachbase.clients.rules import Status
from coachbase.db import transaction
from coachbase.timeline.models import Entry

BOARD = "/boards/onboarding"


@pytest.fixture
def people(cast, live_server):
    """Ines and Grace beside Bob, all new, Grace on top."""
    with transaction():
        for name in ("Ines Marchetti", "Grace Adeyemi"):
            clients.add({"name": name, "coach": cast.alice, "position": "COO"}, how="by hand", by=cast.vera)
    return cast


@pytest.fixture
def desk(page, people, enter):
    enter(page, "vera")
    page.goto(BOARD)
    return page


def card(page, name):
    return page.locator(".card", has=page.get_by_role("link", name=name, exact=True))


def stage(page, name):
    return page.locator(".stage", has=page.get_by_role("heading", name=name, exact=True))


def names_in(page, name):
    return stage(page, name).locator(".who").all_inner_texts()


def drag(page, what, onto, *, dy=0):
    start, end = what.bounding_box(), onto.bounding_box()
    page.mouse.move(start["x"] + 60, start["y"] + 50)
    page.mouse.down()
    page.mouse.move(start["x"] + 80, start["y"] + 60, steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 40 + dy, steps=12)
    page.wait_for_timeout(150)
    page.mouse.up()


def where(name):
    """Stage and version as the database has them."""
    found = Card.select(Card, Stage).join(Stage).switch(Card).join(Client).where(Client.name == name).get()
    return found.stage.name, found.version


def test_a_card_is_dragged_to_another_stage_and_stays_there(desk):
    drag(desk, card(desk, "Bob Haddad"), stage(desk, "Chemistry").locator(".cards"))
    expect(stage(desk, "Chemistry").locator(".who")).to_have_text(["Bob Haddad"])
    expect(desk.get_by_text("Bob Haddad moved to Chemistry.")).to_be_visible()
    expect(card(desk, "Bob Haddad")).to_contain_text("Pick a time")
    assert where("Bob Haddad") == ("Chemistry", 2)
    assert Entry.select().where(Entry.sentence == "Moved from Inquiry to Chemistry").count() == 1
    assert desk.url.endswith(BOARD), "dropping a card is not a click on its link"


def test_a_card_is_dragged_within_its_stage(desk):
    assert names_in(desk, "Inquiry") == ["Grace Adeyemi", "Ines Marchetti", "Bob Haddad"]
    drag(desk, card(desk, "Bob Haddad"), card(desk, "Grace Adeyemi"), dy=-36)
    expect(desk.get_by_text("Bob Haddad moved within Inquiry.")).to_be_visible()
    desk.reload()
    assert names_in(desk, "Inquiry")[0] == "Bob Haddad"


def test_a_move_is_undone_whole(desk, people):
    Card.update(entered_at=Card.get().entered_at - timedelta(days=4)).execute()
    desk.reload()
    expect(card(desk, "Bob Haddad")).to_contain_text("late")
    drag(desk, card(desk, "Bob Haddad"), stage(desk, "Agreement").locator(".cards"))
    desk.get_by_role("button", name="Undo").click()
    expect(stage(desk, "Inquiry").locator(".who")).to_have_text(["Grace Adeyemi", "Ines Marchetti", "Bob Haddad"])
    expect(card(desk, "Bob Haddad")).to_contain_text("late")
    assert Client.get_by_id(people.bob.id).status is Status.PROSPECT


def test_keys_move_a_card_and_keep_it_in_hand(desk):
    desk.get_by_role("link", name="Ines Marchetti", exact=True).focus()
    desk.keyboard.press("Alt+ArrowRight")
    expect(stage(desk, "Chemistry").locator(".who")).to_have_text(["Ines Marchetti"])
    expect(desk.locator("#said")).to_have_text("Ines Marchetti: Chemistry, 1 of 1")
    expect(desk.get_by_role("link", name="Ines Marchetti", exact=True)).to_be_focused()
    desk.keyboard.press("Alt+ArrowLeft")
    expect(stage(desk, "Inquiry").locator(".who").first).to_have_text("Ines Marchetti")
    desk.keyboard.press("Alt+ArrowDown")
    desk.keyboard.press("Alt+ArrowDown")
    expect(desk.locator("#said")).to_have_text("Ines Marchetti: Inquiry, 3 of 3")
    desk.keyboard.press("Alt+ArrowUp")
    expect(desk.locator("#said")).to_have_text("Ines Marchetti: Inquiry, 2 of 3")
    assert desk.url.endswith(BOARD), "Alt and an arrow did not leave the page"


def test_arrows_walk_and_enter_opens_the_client(desk, people):
    desk.get_by_role("link", name="Grace Adeyemi", exact=True).focus()
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("ArrowDown")
    expect(desk.get_by_role("link", name="Bob Haddad", exact=True)).to_be_focused()
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/clients/{people.bob.public_id}")


def test_the_dialog_moves_a_card_to_a_place(desk):
    card(desk, "Ines Marchetti").hover()
    desk.get_by_role("link", name="Move Ines Marchetti").click()
    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Move Ines Marchetti")
    dialog.get_by_label("Place").select_option(label="At the bottom")
    dialog.get_by_role("button", name="Move").click()
    expect(dialog).to_be_hidden()
    expect(stage(desk, "Inquiry").locator(".who")).to_have_text(["Grace Adeyemi", "Bob Haddad", "Ines Marchetti"])
    desk.get_by_role("link", name="Move Bob Haddad").press("Enter")
    dialog.get_by_label("Stage").select_option(label="Kickoff")
    expect(dialog.get_by_label("Place").locator("option")).to_have_text(["At the top"])
    dialog.get_by_role("button", name="Move").click()
    expect(stage(desk, "Kickoff").locator(".who")).to_have_text(["Bob Haddad"])


def test_a_card_is_moved_without_javascript(open_page, people, enter, axe):
    page = open_page(java_script_enabled=False)
    enter(page, "vera")
    page.goto(BOARD)
    page.get_by_role("link", name="Move Bob Haddad").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Stage").select_option(label="Intake")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(stage(page, "Intake").locator(".who")).to_have_text(["Bob Haddad"])
    page.get_by_role("button", name="Undo").click()
    expect(stage(page, "Inquiry").locator(".who").filter(has_text="Bob Haddad")).to_have_count(1)


def test_two_people_see_each_other_move(desk, open_page, enter):
    olive = open_page()
    enter(olive, "olive")
    olive.goto(BOARD)
    drag(desk, card(desk, "Bob Haddad"), stage(desk, "Chemistry").locator(".cards"))
    expect(stage(olive, "Chemistry").locator(".who")).to_have_text(["Bob Haddad"], timeout=8000)


def test_who_moves_a_card_that_has_just_been_moved_is_told_by_whom(desk, open_page, enter):
    olive = open_page()
    enter(olive, "olive")
    olive.goto(BOARD)
    olive.evaluate("document.querySelector('#board').insertAdjacentHTML('beforeend', '<details open></details>')")
    drag(desk, card(desk, "Bob Haddad"), stage(desk, "Chemistry").locator(".cards"))
    expect(stage(desk, "Chemistry").locator(".who")).to_have_text(["Bob Haddad"])
    drag(olive, card(olive, "Bob Haddad"), stage(olive, "Agreement").locator(".cards"))
    expect(olive.locator("#notice")).to_contain_text("Vera Moreau has just moved Bob Haddad to Chemistry.")
    expect(stage(olive, "Chemistry").locator(".who")).to_have_text(["Bob Haddad"])


def test_a_drop_that_does_not_arrive_goes_back_and_says_so(desk, tolerated):
    tolerated.extend(["Failed to load resource", "htmx:(afterRequest|sendError)"])
    desk.route("**/move", lambda route: route.abort())
    drag(desk, card(desk, "Bob Haddad"), stage(desk, "Chemistry").locator(".cards"))
    expect(desk.locator("#notice")).to_contain_text("did not answer")
    expect(stage(desk, "Inquiry").locator(".who")).to_have_text(["Grace Adeyemi", "Ines Marchetti", "Bob Haddad"])
    assert where("Bob Haddad") == ("Inquiry", 1)


def test_a_stage_that_was_hidden_meanwhile_takes_no_card(desk):
    desk.evaluate("document.querySelector('#board').insertAdjacentHTML('beforeend', '<details open></details>')")
    Stage.update(hidden=True).where(Stage.meaning_name == StageMeaning.CHEMISTRY).execute()
    drag(desk, card(desk, "Bob Haddad"), stage(desk, "Chemistry").locator(".cards"))
    expect(desk.locator("#notice")).to_contain_text("Chemistry is hidden.")
    expect(stage(desk, "Inquiry").locator(".who")).to_have_text(["Grace Adeyemi", "Ines Marchetti", "Bob Haddad"])


def test_a_phone_shows_one_stage_at_a_time_and_reaches_the_others(phone, people, enter, axe):
    enter(phone, "vera")
    phone.goto(BOARD)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    expect(stage(phone, "Inquiry").locator("h2")).to_be_in_viewport()
    expect(stage(phone, "Agreement").locator("h2")).not_to_be_in_viewport()
    phone.get_by_role("navigation", name="Stages").get_by_role("link", name="Agreement").tap()
    expect(stage(phone, "Agreement").locator("h2")).to_be_in_viewport()
    assert axe(phone) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, people, enter, axe, scheme):
    Card.update(entered_at=Card.get().entered_at - timedelta(days=4)).where(Card.client == people.bob).execute()
    page = open_page(color_scheme=scheme)
    enter(page, "vera")
    page.goto(f"{BOARD}?closed=1")
    assert axe(page) == []
    page.get_by_role("link", name="Move Bob Haddad").press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert axe(page) == []
    page.goto("/settings/stages")
    assert axe(page) == []


def test_stages_are_put_in_order_by_dragging(page, people, enter):
    enter(page, "vera")
    page.goto("/settings/stages")
    handles = page.locator(".handle")
    start, end = handles.nth(3).bounding_box(), handles.nth(0).bounding_box()
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 10, start["y"] - 10, steps=4)
    page.mouse.move(end["x"] + 10, end["y"] + 2, steps=12)
    page.wait_for_timeout(150)
    with page.expect_response("**/place"):
        page.mouse.up()
    names = [each.name for each in Stage.of(Board.onboarding())]
    assert names[:4] == ["Intake", "Inquiry", "Chemistry", "Agreement"]


def test_a_card_held_for_a_moment_is_dragged_by_touch(phone, people, enter):
    enter(phone, "vera")
    phone.goto(BOARD)
    fingers = phone.context.new_cdp_session(phone)

    def touch(kind, *points):
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    def hold_and_slide(start, end):
        touch("touchStart", start)
        phone.wait_for_timeout(400)
        for step in range(1, 9):
            touch("touchMove", tuple(a + (b - a) * step / 8 for a, b in zip(start, end, strict=True)))
            phone.wait_for_timeout(30)
        phone.wait_for_timeout(150)
        touch("touchEnd")

    bob, grace = (card(phone, name).bounding_box() for name in ("Bob Haddad", "Grace Adeyemi"))
    start = (bob["x"] + 120, bob["y"] + 40)
    hold_and_slide(start, (start[0], grace["y"] + 8))
    expect(phone.get_by_text("Bob Haddad moved within Inquiry.")).to_be_visible()
    assert names_in(phone, "Inquiry")[0] == "Bob Haddad"

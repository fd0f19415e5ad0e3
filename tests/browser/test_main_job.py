"""The main job, end to end: a stranger fills in the form, a card appears, the assistant drags it, mail leaves.

Everything is real: the server as people start it, its worker, a browser, an SMTP server.
"""

import time

import pytest
from playwright.sync_api import Page, expect

STORY = "To decide less myself and more through my team."


@pytest.fixture
def post(smtp, live_server):
    """The mail server, once the real coachbase with its worker runs on this practice."""
    return smtp


def fill_in(page: Page) -> None:
    """What a person does on the public page; typing takes a person some seconds, and the form expects that."""
    page.goto("/p/intake/inquiry")
    page.get_by_label("Your name").fill("Ines Marchetti")
    page.get_by_label("Your email").fill("ines@halden.example")
    page.get_by_label("Your role").fill("COO")
    page.get_by_label("Your organisation").fill("Halden Foods")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("What would you like to be different").press_sequentially(STORY, delay=80)
    page.get_by_label("In one to three months").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("I agree that").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")


def mails(post, count: int):
    """The messages the server took, once there are so many; the worker needs a moment."""
    deadline = time.monotonic() + 15
    while len(post.messages) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return sorted(post.messages, key=lambda message: message["To"])


def check_mails(post) -> None:
    thanks, notice = mails(post, 2)
    assert thanks["To"].addresses[0].addr_spec == "ines@halden.example"
    assert notice["To"].addresses[0].addr_spec == "vera@northbank.example"
    assert "Ines Marchetti" in notice.get_body(("plain",)).get_content()
    assert STORY not in notice.as_string()
    assert thanks.get_body(("html",)) is not None
    assert len({message["Message-ID"] for message in post.messages}) == len(post.messages) == 2


def check_timeline(page: Page) -> None:
    timeline = page.locator("#timeline")
    for sentence in ("Moved from Inquiry to Chemistry", "intake form", "ines@halden.example"):
        expect(timeline).to_contain_text(sentence)
    expect(page.locator(".facts")).to_contain_text("Pick a time")


def test_an_inquiry_becomes_a_client_on_the_board(page, open_page, enter, post):
    fill_in(page)
    desk = open_page()
    enter(desk, "vera")
    desk.goto("/boards/onboarding")
    card = desk.locator(".card", has_text="Ines Marchetti")
    expect(card).to_contain_text("COO, Halden Foods")
    chemistry = desk.locator(".stage", has_text="Chemistry").locator(".cards")
    start, end = card.bounding_box(), chemistry.bounding_box()
    desk.mouse.move(start["x"] + 60, start["y"] + 50)
    desk.mouse.down()
    desk.mouse.move(start["x"] + 90, start["y"] + 60, steps=5)
    desk.mouse.move(end["x"] + end["width"] / 2, end["y"] + 30, steps=15)
    desk.mouse.up()
    expect(chemistry).to_contain_text("Ines Marchetti")
    expect(desk.locator("#toasts")).to_contain_text("Chemistry")
    check_mails(post)
    card.get_by_role("link", name="Ines Marchetti", exact=True).click()
    check_timeline(desk)
    desk.get_by_role("link", name="Answers").click()
    expect(desk.locator("main")).to_contain_text(STORY)


def test_the_same_without_javascript(open_page, enter, post):
    fill_in(open_page(java_script_enabled=False))
    desk = open_page(java_script_enabled=False)
    enter(desk, "vera")
    desk.goto("/boards/onboarding")
    desk.locator(".card", has_text="Ines Marchetti").get_by_role("link", name="Move Ines Marchetti").click()
    desk.get_by_label("Stage").select_option(label="Chemistry")
    desk.get_by_role("button", name="Move", exact=True).click()
    expect(desk.locator(".stage", has_text="Chemistry").locator(".cards")).to_contain_text("Ines Marchetti")
    check_mails(post)
    desk.get_by_role("link", name="Ines Marchetti", exact=True).click()
    check_timeline(desk)


def test_the_same_on_a_phone_with_the_keyboard_of_a_reader(phone, axe, post):
    fill_in(phone)
    assert axe(phone) == []
    assert len(mails(post, 2)) == 2

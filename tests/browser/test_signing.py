"""Signing on a phone, with a finger; and the pages behind links within everybody's reach."""

import json
from datetime import timedelta

import pytest

from coachbase.agreements.models import Agreement
from coachbase.agreements.rules import strokes_of
from coachbase.db import transaction
from coachbase.intake import actions as intake
from coachbase.intake.models import Form
from coachbase.links import actions as links
from tests.agreements import signing

PAGES = ("/p/sign", "/p/sign/read", "/p/sign/decline", "/p/sign/somebody-else")


@pytest.fixture
def agreement(cast) -> Agreement:
    """Bob was asked to sign and to answer, before the server starts: its worker would freeze the document too."""
    with transaction():
        cast.bob.assistant_email = "eve@brightwater.example"
        cast.bob.save()
    agreement = signing.sent(cast)
    intake.ask(Form.askable().get(), agreement.engagement)
    return agreement


def way_in(kind: str, row: object) -> str:
    return f"/p/{kind}/open/{links.issue(kind, row.public_id, lasts=timedelta(days=60))[1]}"


def strokes(page) -> list:
    return json.loads(page.locator("[name=strokes]").input_value() or "[]")


def draw(page, *points: tuple[float, float]) -> None:
    """One line over the box; points as parts of its width and height."""
    box = page.locator("canvas").bounding_box()
    for place, (across, down) in enumerate(points):
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=6)
        if place == 0:
            page.mouse.down()
    page.mouse.up()


def test_bob_draws_his_signature_on_a_phone(agreement, cast, phone, axe):
    phone.goto(way_in("client", cast.bob))
    phone.get_by_role("button", name="Read and sign").click()
    phone.get_by_role("checkbox").check()
    phone.get_by_role("button", name="Send me the signing code").click()
    phone.get_by_label("Draw my signature").check()
    assert not phone.get_by_label("Your full name, as your signature").is_visible()
    draw(phone, (0.1, 0.5), (0.4, 0.2), (0.7, 0.8))
    draw(phone, (0.75, 0.4), (0.9, 0.4))
    draw(phone, (0.2, 0.1), (0.3, 0.1))
    phone.get_by_role("button", name="Undo").click()
    drawn = strokes(phone)
    assert len(drawn) == 2
    assert strokes_of(json.dumps(drawn))
    assert drawn[0][0] == pytest.approx([100, 200], abs=6), "both ways by the width, so that a circle stays one"
    assert axe(phone) == []
    phone.get_by_label("The six-digit code from the mail").fill("000000")
    phone.get_by_role("button", name="Sign “Coaching agreement”").click()
    phone.get_by_text("That is not the code.").wait_for()
    assert strokes(phone) == drawn, "a wrong code keeps the drawing"
    assert phone.locator("canvas").is_visible()
    phone.get_by_label("The six-digit code from the mail").fill(
        signing.mailed_code(signing.signer_of(agreement, "client"))
    )
    phone.get_by_role("button", name="Sign “Coaching agreement”").click()
    phone.get_by_text("Thank you, it is signed").wait_for()
    assert json.loads(signing.signer_of(agreement, "client").mark) == drawn
    assert axe(phone) == []
    phone.get_by_role("link", name="Back to my page").click()
    phone.get_by_role("progressbar", name="1 of 2 done").wait_for()


def test_clear_takes_the_drawing_away_and_typing_is_always_there(agreement, cast, page):
    page.goto(way_in("client", cast.bob))
    page.get_by_role("button", name="Read and sign").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Send me the signing code").click()
    page.get_by_label("Draw my signature").check()
    draw(page, (0.1, 0.5), (0.4, 0.2))
    page.get_by_role("button", name="Clear").click()
    assert strokes(page) == []
    page.get_by_label("Draw my signature").press("ArrowUp")
    assert page.get_by_label("Your full name, as your signature").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_behind_links_are_within_reach(agreement, cast, open_page, axe, theme):
    page = open_page(color_scheme=theme, viewport={"width": 390, "height": 844})
    signer = signing.signer_of(agreement, "client")
    early = signing.signer_of(agreement, "sponsor")
    found = {}
    for path in (
        way_in("client", cast.bob),
        way_in("assistant", cast.bob),
        way_in("sponsor", cast.sam),
        way_in("sign", early),
        way_in("sign", signer),
        *PAGES,
        "/p/sign/handed-over",
        "/p/left",
    ):
        page.goto(path)
        found[path] = axe(page)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found[path].append("wider than a phone")
    assert [f"{path}: {broken}" for path, all_broken in found.items() for broken in all_broken] == []

"""Lists that are searched while one types: what is found is drawn, and the address keeps what was asked."""

import re

import pytest
from playwright.sync_api import expect

from coachbase.files import actions as files
from coachbase.files.rules import Upload


@pytest.mark.parametrize(
    ("page_of", "list_of", "found"),
    [
        ("/clients", "#clients", "Bob Haddad"),
        ("/sponsors", "#sponsors", "Brightwater"),
        ("/library", "#documents", "bo-plan.txt"),
    ],
)
def test_what_is_typed_is_found_and_stands_in_the_address(open_page, enter, cast, page_of, list_of, found):
    files.file(cast.bob, [Upload("bo-plan.txt", b"A plan.")], by=cast.vera)
    page = open_page()
    enter(page, "vera")
    page.goto(page_of)
    search = page.locator("input[type=search][name=q]")
    search.press_sequentially("zzz")
    expect(page.locator(list_of)).not_to_contain_text(found)
    expect(page).to_have_url(re.compile(r"[?&]q=zzz"))
    search.fill(found[:2].lower())
    expect(page.locator(list_of)).to_contain_text(found)
    expect(page).to_have_url(re.compile(f"[?&]q={found[:2].lower()}"))
    page.reload()
    expect(page.locator(list_of)).to_contain_text(found)
    expect(search).to_have_value(found[:2].lower())

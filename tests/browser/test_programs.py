"""The page that starts a program, in a browser: what happens follows what is typed, and Enter never starts anything."""

from playwright.sync_api import expect

from coachbase.engagements.models import Engagement


def test_what_happens_follows_what_is_typed_and_a_double_click_starts_once(open_page, enter, cast):
    page = open_page()
    enter(page, "vera")
    page.goto(f"/clients/{cast.bob.public_id}/programs/new")
    outlook = page.locator("#outlook")
    expect(outlook).to_contain_text("£9,600.00")
    page.get_by_label("Price").fill("7000")
    page.get_by_label("Price").press("Tab")
    expect(outlook).to_contain_text("£7,000.00")
    page.get_by_label("Sam Okafor signs", exact=True).uncheck()
    expect(outlook).to_contain_text("signed by Bob Haddad, then Alice Kern")
    page.get_by_label("Purchase order").fill("PO-7")
    page.get_by_label("Purchase order").press("Enter")
    expect(page.get_by_label("Purchase order")).to_have_value("PO-7")
    assert not Engagement.select().exists()
    page.get_by_role("button", name="Start the program").dblclick()
    page.wait_for_url(lambda url: url.endswith("/program"))
    engagement = Engagement.get()
    assert (engagement.price_cents, engagement.po_number) == (700_000, "PO-7")
    assert Engagement.select().count() == 1

"""A client's page in a real browser: writing, reading back, dropping files, and hostile notes that stay still."""

import pytest
from playwright.sync_api import expect

from coachbase.clients import actions as clients
from coachbase.clients.rules import Party
from coachbase.db import transaction
from coachbase.files import actions as files
from coachbase.files.rules import Audience, Upload
from coachbase.timeline import actions as timeline
from coachbase.timeline.models import Entry, Note
from coachbase.timeline.rules import Kind
from tests.timeline.payloads import PAYLOADS

PDF = b"%PDF-1.7\n%%EOF"


@pytest.fixture
def address(cast, live_server):
    return f"/clients/{cast.bob.public_id}"


@pytest.fixture
def desk(page, address, enter):
    enter(page, "vera")
    page.goto(address)
    return page


@pytest.fixture
def history(cast, live_server):
    """Something of every kind, and enough of it for a second page."""
    with transaction():
        clients.pass_ball(cast.bob, Party.SPONSOR, "Agree the kickoff date")
        for number in range(45):
            timeline.record(cast.bob, Kind.MOVE, f"Moved once more ({number})", by=cast.vera)
        timeline.write(cast.bob, Kind.NOTE, "He is **in**.\n\n- Mondays\n- Thursdays", by=cast.alice)
        timeline.write(cast.bob, Kind.CALL, "See [the brief](https://example.com).", by=cast.vera)
        files.file(cast.bob, [Upload("brief.pdf", PDF)], by=cast.vera)
        files.file(cast.bob, [Upload("report.pdf", PDF)], audience=Audience.COACH, by=cast.vera)


def entries(page):
    return page.locator(".timeline > li")


def test_a_note_is_written_without_leaving_the_page(desk):
    box = desk.get_by_label("Text", exact=True)
    box.fill("Went **well**.")
    desk.get_by_role("button", name="Preview").click()
    expect(desk.locator("#preview strong")).to_have_text("well")
    box.press("Control+Enter")
    expect(entries(desk).first).to_contain_text("Went well.")
    expect(box).to_have_value("")
    expect(box).to_be_focused()
    expect(desk.locator(".toast")).to_contain_text("on the timeline")
    assert Note.select().count() == 1


def test_a_call_asks_when_and_a_note_does_not(desk):
    when = desk.get_by_label("When was it?")
    expect(when).to_be_hidden()
    desk.get_by_label("Call", exact=True).check()
    when.fill("2099-01-01T10:00")
    desk.get_by_label("Text", exact=True).fill("Rang him.")
    desk.get_by_role("button", name="Save").click()
    expect(desk.locator("#composer-errors")).to_contain_text("still to come")
    expect(desk.get_by_label("Text", exact=True)).to_have_value("Rang him.")
    desk.get_by_label("When was it?").fill("2024-03-01T10:00")
    desk.get_by_role("button", name="Save").click()
    expect(entries(desk).filter(has_text="Rang him.")).to_contain_text("Fri 1 Mar 2024 10:00")


def test_a_file_dropped_on_the_text_is_filed(desk):
    desk.locator("#composer textarea").evaluate(
        """target => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(["a,b"], "raters.csv"));
          for (const name of ["dragover", "drop"])
            target.dispatchEvent(new DragEvent(name, {bubbles: true, cancelable: true, dataTransfer}));
        }"""
    )
    desk.get_by_role("button", name="Save").click()
    expect(entries(desk).first).to_contain_text("Filed raters.csv")


def test_earlier_entries_join_on_and_chips_filter_in_the_address(desk, history):
    desk.reload()
    expect(entries(desk)).to_have_count(40)
    desk.get_by_role("link", name="Earlier").click()
    expect(entries(desk)).to_have_count(49)
    desk.get_by_role("link", name="Files", exact=True).click()
    expect(entries(desk)).to_have_count(2)
    assert desk.url.endswith("?show=files")
    desk.go_back()
    expect(entries(desk)).to_have_count(40)


def test_an_own_note_is_mended_in_its_place(desk, history):
    desk.reload()
    entry = entries(desk).filter(has_text="the brief")
    entry.get_by_role("link", name="Edit").click()
    desk.locator("li textarea").fill("The brief is lost.")
    desk.locator("li").get_by_role("button", name="Save").click()
    expect(entries(desk).filter(has_text="The brief is lost.")).to_contain_text("edited by Vera Moreau")


def test_everything_works_without_javascript(open_page, address, enter, history):
    page = open_page(java_script_enabled=False)
    enter(page, "vera")
    page.goto(address)
    page.get_by_label("Text", exact=True).fill("No **script** at all.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview strong")).to_have_text("script")
    expect(page.get_by_label("Text", exact=True)).to_have_value("No **script** at all.")
    page.get_by_role("button", name="Save").click()
    expect(entries(page).first).to_contain_text("No script at all.")
    page.get_by_role("link", name="Earlier").click()
    expect(entries(page)).to_have_count(10)
    page.get_by_role("link", name="Back to the newest").click()
    page.get_by_role("link", name="Files", exact=True).click()
    expect(entries(page)).to_have_count(2)
    page.goto(address)
    entries(page).first.get_by_role("link", name="Edit").click()
    page.get_by_label("Text", exact=True).fill("Mended.")
    page.get_by_role("button", name="Save").click()
    expect(entries(page).first).to_contain_text("Mended.")
    page.goto(f"{address}/documents")
    page.locator("#files").set_input_files({"name": "plan.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.get_by_role("button", name="Upload", exact=True).click()
    page.goto("/library/waiting?now=1")
    page.get_by_role("button", name="File what is ticked").click()
    page.goto(f"{address}/documents")
    page.get_by_role("link", name="plan.pdf").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "plan.pdf"


def test_two_tabs_meet_with_both_texts_on_screen(desk, open_page, address, enter, cast, axe):
    timeline.write(cast.bob, Kind.NOTE, "First.", by=cast.vera)
    note = f"{address}/notes/{Entry.get(Entry.kind_name == Kind.NOTE).public_id}"
    other = open_page()
    enter(other, "olive")
    for tab in (desk, other):
        tab.goto(note)
    desk.locator("li textarea").fill("Vera’s words.")
    desk.locator("li").get_by_role("button", name="Save").click()
    expect(entries(desk).first).to_contain_text("Vera’s words.")
    other.locator("li textarea").fill("Olive’s <b>words</b>.")
    other.locator("li").get_by_role("button", name="Save").click()
    expect(other.locator("main")).to_contain_text("Vera’s words.")
    expect(other.locator("main")).to_contain_text("Olive’s <b>words</b>.")
    assert axe(other) == []
    assert Note.get().body == "Vera’s words."


def test_no_hostile_note_runs(desk, cast, address):
    """P10 for notes: nothing is asked, nothing runs, nothing moves; the fixture fails on any complaint."""
    desk.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    for start in range(0, len(PAYLOADS), 40):
        with transaction():
            for payload in PAYLOADS[start : start + 40]:
                timeline.write(cast.bob, Kind.NOTE, payload, by=cast.vera)
        desk.goto(address)
        desk.wait_for_load_state("networkidle")
        assert desk.url.endswith(address)
        added = desk.locator(
            ".timeline .text :is(script, img, svg, iframe, form, button, input, [style], [id], [class])"
        )
        assert added.count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, {"width": 390, "height": 844}], ids=["desk", "phone"])
def test_the_pages_of_a_client_are_accessible_and_fit(open_page, address, enter, history, axe, theme, size):
    page = open_page(color_scheme=theme, viewport=size)
    enter(page, "vera")
    note = Entry.select().where(Entry.kind_name == Kind.CALL).get()
    for path in (address, f"{address}?show=mail", f"{address}/documents", f"{address}/notes/{note.public_id}"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
    page.goto(address)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#composer-errors")).to_be_visible()
    assert axe(page) == []

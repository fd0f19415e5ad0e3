"""Assessments end to end: a battery, access for the client and eight raters, reminders by the clock, a vendor's status
list, reports that are dropped, the package, and the client's copy of it.

Everything is real: server and worker as people start them, browsers (the client's a phone without scripts), an SMTP
server, a PDF library's eyes on the package.
"""

import io
import re
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Page, expect

from coachbase import clock
from coachbase.assessments.models import Assessment
from coachbase.credentials import actions as credentials
from coachbase.credentials.rules import Code
from coachbase.db import transaction
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Step
from coachbase.engagements.rules import StepKind
from coachbase.instruments import actions as instruments
from coachbase.instruments.models import Instrument
from coachbase.instruments.rules import Anchor, Item, Part, Unit
from coachbase.links import actions as links
from coachbase.portal import actions as portal
from coachbase.raters.models import Rater
from coachbase.sample.reports import INTRO, report_of
from tests.browser.chromium import PHONE
from tests.browser.test_onboarding import Mailbox, link_in, reload_until, text_of
from tests.programs.conftest import begin, choose, leadership  # noqa: F401 (fixtures)

DAY = timedelta(days=1)
RATERS = {
    "Manager": ["Mona Klee"],
    "Peers": ["Pia Lund", "Paul Marsh", "Petra Nash", "Per Olsen"],
    "Direct reports": ["Rita Parr", "Rolf Quist", "Rosa Rand"],
}
EIGHT = [name for names in RATERS.values() for name in names]
CODES = {
    "EQ-i 2.0": ["https://vendor.example/own/quartz"],
    "EQ 360": ["https://vendor.example/own/basalt", *(f"https://vendor.example/rater/{n}-onyx" for n in range(8))],
}


def address_of(name: str) -> str:
    return f"{name.split()[0].lower()}@colleague.example"


@pytest.fixture
def battery(cast):
    """Two of one vendor, one of which asks others, too; and codes for everybody in stock."""
    with transaction():
        made = instruments.make_battery("Debrief battery")
        for name, secrets in CODES.items():
            instrument = Instrument.with_vendor().where(Instrument.name == name).get()
            instruments.add_item(made, instrument, Item(Anchor.KICKOFF, -1, Unit.WEEKS))
            credentials.add(instrument, [Code(secret, "", None) for secret in secrets], order="PO-7", by=cast.olive)
    return made


@pytest.fixture
def program(cast, battery, begin):  # noqa: F811 (a fixture)
    """Bob's program runs, and its battery was applied when it started."""
    with transaction():
        starts_on = (clock.now() + 17 * DAY).date()  # so near that access is to be sent at once
        started = begin(starts_on=starts_on, has_own_battery=True, battery=battery, send_now=False)
        signed = Step.get(Step.engagement == started, Step.kind_name == StepKind.AGREEMENT_SIGNED)
        engagements.tick(signed, reason="Signed on paper", by=cast.vera)
    return started


def link_of_bob(live_server, cast) -> str:
    with transaction():
        return f"{live_server.url}/p/client/open/{links.issue('client', cast.bob.public_id, lasts=DAY)[1]}"


# The acts, in the order in which they come ----------------------------------------------------------------------------


def ask_to_name(desk: Page, assessment: Assessment) -> None:
    desk.goto(f"/assessments/{assessment.public_id}/raters")
    desk.get_by_role("button", name="Ask Bob to name them").click()


def name_raters(client: Page, link: str) -> None:
    """On a phone, without scripts: saved half way, which makes room for more, then handed in."""
    client.goto(link)
    write_names(client)
    client.get_by_role("button", name="Save and go on later").click()
    expect(client.get_by_text("Saved.")).to_be_visible()
    write_names(client)
    client.get_by_role("button", name="These are all").click()
    expect(client.get_by_role("heading", level=1)).to_contain_text("Thank you")


def write_names(client: Page) -> None:
    """As many as there is room for."""
    for group, names in RATERS.items():
        fields = client.locator("fieldset", has=client.get_by_text(group, exact=True))
        room = fields.get_by_label("Name").count()
        for place, name in enumerate(names[:room]):
            fields.get_by_label("Name").nth(place).fill(name)
            fields.get_by_label("Email").nth(place).fill(address_of(name))


def send_access(desk: Page, home: str, assessment: Assessment) -> None:
    """Both of the client's in one act, after a look at the mails; then the raters', likewise."""
    desk.goto(f"{home}/assessments")
    desk.get_by_role("link", name="Send access to these 2…").click()
    expect(desk.locator(".mails li")).to_have_count(2)
    assert_no_code(desk.content())
    desk.get_by_role("button", name="Send all 2").click()
    expect(desk.locator(".assessment", has_text="EQ-i 2.0")).to_contain_text("Access sent")
    desk.goto(f"/assessments/{assessment.public_id}/raters")
    desk.get_by_role("button", name="Approve the ticked, or all").click()
    desk.get_by_role("link", name="Send access to 8").click()
    expect(desk.locator(".mails input[type=checkbox]:checked")).to_have_count(8)
    assert_no_code(desk.content())
    desk.get_by_role("button", name="Send to the ticked").click()
    expect(desk.locator("#toasts")).to_contain_text("8 mails are on the way")


def assert_no_code(text: str) -> None:
    assert not [code for codes in CODES.values() for code in codes if code in text]


def codes_in(message) -> list[str]:
    return re.findall(r"https://vendor\.example/\S+", text_of(message))


def read_mails(mailbox: Mailbox) -> list[str]:
    """Ten mails from the mail server, and no code in two of them; the client's own two."""
    mails = [mailbox.next_to("bob@", "EQ"), mailbox.next_to("bob@", "EQ")]
    mails += [mailbox.next_to(address_of(name)) for name in EIGHT]
    found = [codes_in(mail) for mail in mails]
    assert [len(codes) for codes in found] == [1] * 10
    assert {codes[0] for codes in found} == {code for codes in CODES.values() for code in codes}
    for mail in mails[2:]:
        assert "Bob Haddad" in text_of(mail)
        assert not [name for name in EIGHT if name in text_of(mail) and name.split()[0].lower() not in mail["To"]]
    return [codes[0] for codes in found[:2]]


def read_own_page(client: Page, link: str, own: list[str]) -> None:
    """On a phone, without scripts: the own ways in, and of the raters their number."""
    client.goto(link)
    assert not [name for name in EIGHT if name in client.inner_text("main")]
    pages = client.locator("a[href*='/p/client/assessment/']").evaluate_all("links => links.map(one => one.href)")
    shown = []
    for page in dict.fromkeys(pages):
        client.goto(page)
        shown += [code for codes in CODES.values() for code in codes if code in client.inner_text("main")]
        assert not [name for name in EIGHT if name in client.content()]
        assert client.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert sorted(shown) == sorted(own)


def be_reminded(mailbox: Mailbox) -> None:
    """Five days on, at noon in Dubai: whoever is silent is reminded once, with the own way in."""
    later = (clock.now() + 5 * DAY).replace(hour=8, minute=0)
    while later.weekday() > 3:
        later += DAY
    with transaction(), clock.pretend(later):
        portal.remind_due()
        portal.chase_raters()
        portal.remind_due()
        portal.chase_raters()
    assert text_of(mailbox.next_to("bob@", "reminder"))
    reminded = [mailbox.next_to(address_of(name)) for name in EIGHT]
    assert len({codes_in(mail)[0] for mail in reminded}) == 8
    assert Rater.select().where(Rater.reminders == 1).count() == 8


def drop_status_list(desk: Page, assessment: Assessment) -> None:
    """What the vendor's portal exports: its columns and words are said once, what would change is looked at first."""
    lines = [["Participant", "E-Mail", "Product", "Completion status", "Note"]]
    lines += [["Bob Haddad", "bob@brightwater.example", product, "Scored", ""] for product in CODES]
    lines += [[name, address_of(name), "EQ 360", "Scored", "=1+1"] for name in EIGHT[:6]]
    lines += [["Nobody We Know", "zoe@elsewhere.example", "EQ 360", "Scored", ""]]
    desk.goto("/assessments/status")
    desk.get_by_label("Whose list is it?").select_option(label="MHS")
    desk.get_by_label("CSV file").set_input_files(
        [{"name": "export.csv", "mimeType": "text/csv", "buffer": "\n".join(map(",".join, lines)).encode()}]
    )
    desk.get_by_role("button", name="Read the list").click()
    desk.get_by_label("Completion status").select_option(label="Status")
    desk.get_by_role("button", name="See what would change").click()
    if desk.get_by_label("Scored").count():
        desk.get_by_label("Scored").select_option(label="Completed")
        desk.get_by_role("button", name="See what would change").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("What would change")
    expect(desk.locator("main")).to_contain_text("zoe@elsewhere.example")
    assert {row.state_name for row in Rater.select()} == {"invited"}
    desk.get_by_role("button", name="Mark them").click()
    expect(desk.locator("#toasts")).to_contain_text("marked")
    assert Rater.select().where(Rater.state_name == "completed").count() == 6
    states = {row.instrument.name: row.state_name for row in Assessment.with_people()}
    assert states == {"EQ-i 2.0": "completed", "EQ 360": "in_progress"}
    desk.goto(f"/assessments/{assessment.public_id}/raters")
    desk.get_by_text("Complete it although not all have answered").click()
    desk.get_by_role("button", name="Complete it all the same").click()
    expect(desk.locator("#toasts")).to_contain_text("is completed")


def drop_reports(desk: Page, home: str) -> dict[str, bytes]:
    """All four files at once, under the names a vendor gives them; what each is stands there already, and is asked."""
    now = clock.now()
    files = [report_of("Bob Haddad", name, part, now) for name in CODES for part in Part]
    desk.goto(f"{home}/documents")
    desk.get_by_label("Documents:").set_input_files(
        [{"name": file.name, "mimeType": "application/pdf", "buffer": file.content} for file in files]
    )
    desk.get_by_role("button", name="Upload").click()
    reload_until(desk, lambda: desk.get_by_role("button", name="File what is ticked").count())
    chosen = [each.evaluate("one => one.selectedOptions[0].text") for each in desk.locator("select[name$=what]").all()]
    assert sorted(chosen) == [
        "EQ 360, client part",
        "EQ 360, coach part",
        "EQ-i 2.0, client part",
        "EQ-i 2.0, coach part",
    ]
    desk.get_by_role("button", name="File what is ticked").click()
    expect(desk.locator("#toasts")).to_contain_text("4 documents are filed")
    return {file.name: file.content for file in files}


def make_package(desk: Page, coach: Page, home: str) -> tuple[bytes, bytes]:
    """Vera has it made and may not open it; Alice does. Both copies."""
    desk.goto(f"{home}/packages/new")
    desk.get_by_role("button", name="Make the package").first.click()
    expect(desk.locator("#package header .pill")).to_have_text("ready", timeout=60_000)
    expect(desk.get_by_role("button", name="Open", exact=True)).to_have_count(0)
    coach.goto(desk.url)
    copies = []
    for whose in ("For the coach", "For Bob Haddad"):
        row = coach.locator("li.row", has=coach.get_by_text(whose, exact=True))
        with coach.expect_download() as download:
            row.get_by_role("button", name="Open").click()
        copies.append(Path(download.value.path()).read_bytes())
    return copies[0], copies[1]


# What is in the package -----------------------------------------------------------------------------------------------


def bookmarks(pdf: pypdf.PdfReader) -> list[tuple[str, int]]:
    return [(each.title, pdf.get_destination_page_number(each)) for each in pdf.outline if not isinstance(each, list)]


def look_at_package(content: bytes) -> None:
    """Cover and contents, four reports of three pages each in the battery's order, the manifest."""
    pdf = pypdf.PdfReader(io.BytesIO(content))
    marks = bookmarks(pdf)
    parts = [title for title, _ in marks if "part" in title]
    assert parts == ["EQ-i 2.0, coach part", "EQ-i 2.0, client part", "EQ 360, coach part", "EQ 360, client part"]
    places = dict(marks)
    first = places[parts[0]]
    assert [places[title] for title in parts] == [first, first + 3, first + 6, first + 9]
    assert len(pdf.pages) >= first + 12 + 1
    for title in parts:
        text = pdf.pages[places[title]].extract_text()
        assert title.partition(",")[0] in text
        assert f"{places[title] + 1} / {len(pdf.pages)}" in text
    assert INTRO[Part.COACH][:30] in pdf.pages[first].extract_text().replace("\n", " ")


def look_at_copy(content: bytes, files: dict[str, bytes]) -> None:
    """Nothing of what is for the coach: no page, no bookmark, no name, not in any stream once it is unpacked."""
    pdf = pypdf.PdfReader(io.BytesIO(content))
    titles = [title for title, _ in bookmarks(pdf) if "part" in title]
    assert titles == ["EQ-i 2.0, client part", "EQ 360, client part"]
    words = " ".join(page.extract_text() for page in pdf.pages).replace("\n", " ")
    assert INTRO[Part.CLIENT][:30] in words
    told = [content, words.encode(), *streams_of(pdf)]
    of_coach = [name for name in files if "Coach" in name]
    assert len(of_coach) == 2
    for secret in (*of_coach, INTRO[Part.COACH][:30], "coach part", "Coach part", "Coach report"):
        assert not [each for each in told if secret.encode() in each], secret


def streams_of(pdf: pypdf.PdfReader) -> list[bytes]:
    """Every object of the file that holds a stream, unpacked; and every other as it is written."""
    found = []
    for number in range(1, len(pdf.xref_objStm) + sum(map(len, pdf.xref.values())) + 1):
        each = pdf.get_object(number)
        if isinstance(each, pypdf.generic.StreamObject):
            found.append(each.get_data())
        found.append(repr(each).encode())
    assert len(found) > 20
    return found


def test_from_a_battery_to_the_package_in_the_coachs_hands(cast, program, open_page, enter, smtp, live_server):
    mailbox = Mailbox(smtp)
    desk, coach = open_page(), open_page()
    client = open_page(java_script_enabled=False, viewport=PHONE, is_mobile=True, has_touch=True)
    enter(desk, "vera")
    enter(coach, "alice")
    home = f"/clients/{cast.bob.public_id}"
    about_others = Assessment.with_people().where(Instrument.name == "EQ 360").get()

    ask_to_name(desk, about_others)
    name_raters(client, link_in(mailbox.next_to("bob@", "Who may be asked")))
    send_access(desk, home, about_others)
    own = read_mails(mailbox)
    read_own_page(client, link_of_bob(live_server, cast), own)
    be_reminded(mailbox)
    drop_status_list(desk, about_others)
    files = drop_reports(desk, home)
    whole, copy = make_package(desk, coach, home)
    look_at_package(whole)
    look_at_copy(copy, files)
    with pytest.raises(AssertionError):  # it would see them, were they there
        look_at_copy(whole, files)
    desk.goto("/boards/assessments")
    expect(desk.locator(".stage", has_text="Packaged").locator(".cards")).to_contain_text("Bob Haddad")

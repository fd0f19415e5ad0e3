"""Onboarding end to end: the assistant starts a program; client, sponsor and coach sign; steps tick; the card moves.

Everything is real: server and worker as people start them, browsers (the client's and the sponsor's without scripts),
an SMTP server, poppler's eyes on the sealed PDF.
"""

import hashlib
import re
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from coachbase.agreements.models import Signer
from coachbase.agreements.rules import SignerRole
from coachbase.availability.models import Availability, Hours
from coachbase.db import transaction
from coachbase.engagements.models import Engagement
from coachbase.links import actions as links
from coachbase.sessions.models import CoachingSession
from tests.browser.chromium import PHONE

DAY = timedelta(days=1)
MOST_ACTS = 8
"""Of the twelve that product.md allows from inquiry to confirmed kickoff."""


class Assistant:
    """Vera at her desk. Each click, tick and field filled in is an act; looking is none."""

    def __init__(self, page: Page) -> None:
        self.page, self.acts = page, []

    def click(self, role: str, name: str, within: Locator | None = None) -> None:
        (within or self.page).get_by_role(role, name=name, exact=True).first.click()
        self.acts.append(f"click “{name}”")

    def fill(self, label: str, text: str, within: Locator | None = None) -> None:
        (within or self.page).get_by_label(label).first.fill(text)
        self.acts.append(f"fill in {label}")


class Mailbox:
    """What the SMTP server took; the worker needs a moment."""

    def __init__(self, post) -> None:
        self.post, self.seen = post, 0

    def next_to(self, address: str, subject: str = ""):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for message in self.post.messages:
                fits = address in message["To"] and subject in message["Subject"]
                if fits and not getattr(message, "was_read", False):
                    message.was_read = True
                    return message
            time.sleep(0.05)
        raise AssertionError(f"no mail to {address} about “{subject}”: {[m['Subject'] for m in self.post.messages]}")


def reload_until(page: Page, shows: Callable[[], object]) -> None:
    """The worker writes that a mail left a moment after the mailbox has it."""
    deadline = time.monotonic() + 30
    while not shows() and time.monotonic() < deadline:
        page.reload()
    assert shows()


def text_of(message) -> str:
    return message.get_body(("plain",)).get_content()


def link_in(message) -> str:
    return re.search(r"https?://\S+/open/\S+", text_of(message)).group(0)


def code_in(message) -> str:
    return re.search(r"\b\d{6}\b", text_of(message)).group(0)


def sign(page: Page, mailbox: Mailbox, address: str) -> None:
    """What a signer does once on the signing page."""
    page.get_by_role("button", name=re.compile("^Read ")).click()
    expect(page.locator("article")).to_contain_text("Confidentiality")
    page.get_by_role("link", name="I have read it: go on").click()
    page.get_by_label(re.compile("I have read")).check()
    page.get_by_role("button", name="Send me the signing code").click()
    page.get_by_label(re.compile("code", re.I)).first.fill(code_in(mailbox.next_to(address, "signing code")))
    page.get_by_role("button", name=re.compile("^Sign “")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("it is signed")


ANSWERS = {
    "Your full name": "Bob Karim Haddad",
    "Your postal address": "1 Talbot Road, Dubai",
    "What would make these months": "To decide less myself, and more through my team.",
}


def answer(page: Page) -> None:
    """The questionnaire, page by page; what was known stands there already."""
    for _ in range(8):
        for label, words in ANSWERS.items():
            if (field := page.get_by_label(label)).count():
                field.fill(words)
        for box in page.get_by_role("checkbox").all():
            box.check()
        page.get_by_role("button", name=re.compile("^(Next|Send)$")).click()
        if "/thanks" in page.url:
            return
    raise AssertionError(page.inner_text("main"))


def sponsors_link(live_server) -> str:
    """A link of the sponsor's before it is the sponsor's turn: mailed to nobody, as an attacker might wish for."""
    with transaction():
        signer = Signer.get(Signer.role_name == SignerRole.SPONSOR)
        return f"{live_server.url}/p/sign/open/{links.issue('sign', signer.public_id, lasts=DAY)[1]}"


def book(page: Page) -> str:
    """The kickoff, from the page behind the one link: a time, one question, done. What was chosen, as it is read."""
    page.goto("/p/client")
    page.get_by_role("button", name="Choose a time").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kickoff with Alice Kern")
    page.locator("a.time").first.click()
    when = page.locator("dd strong").first.inner_text()
    page.get_by_role("button", name="Book it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("It is booked")
    expect(page.locator("dd strong").first).to_have_text(when)
    return when


def check_copies(mailbox: Mailbox, folder: Path) -> bytes:
    """Everybody has the same sealed file by mail, its hash in the text; poppler takes the seal for valid."""
    copies = [mailbox.next_to(address, "Signed:") for address in ("bob@", "sam@", "alice@")]
    files = [part.get_content() for copy in copies for part in copy.iter_attachments()]
    assert len(files) == 3
    assert len(set(files)) == 1
    assert all(hashlib.sha256(files[0]).hexdigest() in text_of(copy) for copy in copies)
    (folder / "sealed.pdf").write_bytes(files[0])
    said = subprocess.run(["pdfsig", folder / "sealed.pdf"], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    return files[0]


def test_from_yes_to_ready_for_the_kickoff(cast, open_page, enter, smtp, live_server, tmp_path):
    mailbox = Mailbox(smtp)
    desk, coach = open_page(), open_page()
    client = open_page(java_script_enabled=False, viewport=PHONE, is_mobile=True, has_touch=True)
    sponsor = open_page(java_script_enabled=False)
    with transaction():
        Availability.create(coach=cast.alice, place="https://meet.example/alice")
        for weekday in range(5):
            Hours.create(coach=cast.alice, weekday=weekday, begins=9 * 60, ends=17 * 60)
    enter(desk, "vera")
    desk.goto(f"/clients/{cast.bob.public_id}")
    vera = Assistant(desk)
    vera.click("link", "Start program")
    vera.click("button", "Start the program")

    client.goto(link_in(mailbox.next_to("bob@")))
    sponsor.goto(sponsors_link(live_server))
    expect(sponsor.get_by_role("heading", level=1)).to_contain_text("not your turn")
    client.get_by_role("button", name="Read and sign").click()
    sign(client, mailbox, "bob@")
    client.get_by_role("link", name="Back to my page").click()
    client.get_by_role("button", name="Answer").click()
    answer(client)
    sponsor.goto(link_in(mailbox.next_to("sam@")))
    sign(sponsor, mailbox, "sam@")
    coach.goto(link_in(mailbox.next_to("alice@")))
    sign(coach, mailbox, "alice@")
    sealed = check_copies(mailbox, tmp_path)

    request = text_of(mailbox.next_to("bob@", "A time for your kickoff"))
    assert "choose a time for your kickoff with Alice Kern" in request
    when = book(client)
    invitation = mailbox.next_to("bob@", when.split(",")[0])
    assert "text/calendar" in [part.get_content_type() for part in invitation.walk()]

    ticked = desk.locator("#steps li", has=desk.locator(".pill.good"))
    reload_until(desk, lambda: ticked.count() == 7)
    engagement = Engagement.get(Engagement.client == cast.bob)
    assert engagement.kickoff_on == CoachingSession.get().starts_at.astimezone(ZoneInfo("Europe/London")).date()
    for step in ("Assessment access given", "Sponsor three-way agreed"):
        row = desk.locator("#steps li", has=desk.get_by_text(step, exact=True))
        row.locator("summary").click()
        vera.acts.append(f"open “{step}”")
        vera.fill("Why is it done", "Agreed by phone", within=row)
        vera.click("button", "Tick it", within=row)
        expect(row.locator(".pill.good")).to_have_count(1)
    assert text_of(mailbox.next_to("bob@", "How your program runs"))
    expect(desk.locator("#toasts")).to_be_attached()
    reload_until(desk, lambda: "ready since" in desk.locator("#steps header").inner_text())
    desk.goto("/boards/onboarding")
    expect(desk.locator(".stage", has_text="Kickoff").locator(".cards")).to_contain_text("Bob Haddad")
    desk.goto(f"/clients/{cast.bob.public_id}?show=steps")
    for sentence in ("from Inquiry to Agreement", "Bob Haddad signed", "Ready for the kickoff"):
        expect(desk.locator("#timeline")).to_contain_text(sentence)

    client.goto("/p/client")
    with client.expect_download() as download:
        client.get_by_role("link", name=re.compile("Signed Coaching agreement")).click()
    assert Path(download.value.path()).read_bytes() == sealed
    print(
        f"\nacts of the assistant, from “let’s start” to ready for the kickoff: {len(vera.acts)}",
        *vera.acts,
        sep="\n  ",
    )
    assert len(vera.acts) <= MOST_ACTS

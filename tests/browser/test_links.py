"""P7: a mail scanner that opens links in a real browser, runs its scripts and clicks nothing changes nothing."""

from coachbase.accounts import actions as accounts
from coachbase.accounts.rules import Role
from coachbase.db import transaction
from coachbase.intake import actions as intake
from coachbase.intake.models import Form, FormVersion
from coachbase.mail.models import Message
from tests.safety.digest import digest

TEN_SECONDS = 10_000


def addresses_mailed() -> list[str]:
    """What the mails of an invitation, a reset and a form begun lead to."""
    return [f"/p/{message.link.kind}/open/{message.token}" for message in Message.select() if message.token]


def test_ten_seconds_in_a_browser_that_clicks_nothing_change_nothing(cast, app, open_page, config):
    with transaction():
        accounts.invite(name="New Coach", email="new@northbank.example", role=Role.COACH, colleagues=[], by=cast.olive)
        accounts.ask_for_reset(cast.alice.email)
        submission = intake.start(FormVersion.published(Form.get()), "t1", source="10.0.0.1")
        intake.mail_return_link(submission, "ines@halden.example", source="10.0.0.1")
    links = addresses_mailed()
    assert len(links) == 3
    scanner = open_page()
    pages = [scanner, *(scanner.context.new_page() for _ in links[1:])]
    before = digest_without_the_worker()
    for page, link in zip(pages, links, strict=True):
        assert page.goto(link).status == 200
    scanner.wait_for_timeout(TEN_SECONDS)
    assert digest_without_the_worker() == before


def digest_without_the_worker() -> str:
    return digest("heartbeat", "task", "schedule", "kv", "counter", "message")

"""A practice where sessions can be booked: Alice has a place and hours, and there is a group."""

import email.message
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from coachbase import jobs
from coachbase.availability.models import Availability
from coachbase.availability.rules import SessionKind
from coachbase.clients.models import Client
from coachbase.db import transaction
from coachbase.mail import actions as mail
from coachbase.scheduling import actions as scheduling
from coachbase.scheduling.rules import Side, Via
from coachbase.sessions.models import CoachingSession
from tests.cast import Cast
from tests.smtp import Post

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
THURSDAY = datetime(2026, 12, 3, 9, tzinfo=UTC)
FRIDAY = datetime(2026, 12, 4, 14, 30, tzinfo=UTC)
PLACE = "https://meet.example/alice"


@pytest.fixture
def frozen(cast: Cast):
    """Tuesday 1 December 2026, 10:00 in London; the clock stands still until the test moves it."""
    with time_machine.travel(NOW, tick=False) as clock:
        with transaction():
            Availability.create(coach=cast.alice, place_kind_name="video", place=PLACE)
        yield clock


@pytest.fixture
def book(frozen, cast: Cast) -> Callable[..., CoachingSession]:
    """`book()` is Bob's coaching session on Thursday at nine in London, one in the afternoon in Dubai."""

    def booked(starts_at: datetime = THURSDAY, **more: object) -> CoachingSession:
        asked = {"kind": SessionKind.COACHING, "client": cast.bob, "minutes": 60, "despite": "a test", "by": cast.vera}
        return scheduling.book(cast.alice, starts_at=starts_at, via=Via.STAFF, **asked | more)

    return booked


@pytest.fixture
def move(cast: Cast) -> Callable[..., None]:
    def moved(session: CoachingSession, starts_at: datetime) -> None:
        scheduling.move(session, starts_at, side=Side.FIRM, via=Via.STAFF, despite="a test", by=cast.vera)

    return moved


@pytest.fixture
def cancel(cast: Cast) -> Callable[..., None]:
    def cancelled(session: CoachingSession) -> None:
        scheduling.cancel(session, side=Side.FIRM, reason="Alice is ill", by=cast.vera)

    return cancelled


@pytest.fixture
def leave(smtp: Post) -> Callable[[], list[email.message.EmailMessage]]:
    """`leave()` lets everything that is due leave; what has left since the last time."""

    def left() -> list[email.message.EmailMessage]:
        before = len(smtp.messages)
        mail.sweep()
        jobs.run_jobs()
        return smtp.messages[before:]

    return left


@pytest.fixture
def eight(frozen, cast: Cast) -> list[Client]:
    """Eight members of a group."""
    names = ("Ada", "Ben", "Cleo", "Dev", "Eva", "Finn", "Gita", "Hugo")
    with transaction():
        return [
            Client.create(
                name=f"{name} Quillfeather{number}",
                email=f"{name.lower()}@quill{number}.example",
                coach=cast.alice,
                zone="Europe/Paris",
                created_at=NOW - timedelta(days=9),
            )
            for number, name in enumerate(names)
        ]


def part(letter: email.message.EmailMessage, kind: str) -> str:
    """The text of a part of a mail."""
    return next(each for each in letter.walk() if each.get_content_type() == kind).get_content()


def file_of(letter: email.message.EmailMessage) -> str:
    """The calendar file that came with a mail, as the buttons read it, CRLF and all."""
    found = next(each for each in letter.walk() if each.get_content_type() == "text/calendar")
    return found.get_payload(decode=True).decode()


def to(letters: list[email.message.EmailMessage], name: str) -> email.message.EmailMessage:
    """The one mail to somebody."""
    found = [letter for letter in letters if name in letter["To"]]
    assert len(found) == 1, [letter["To"] for letter in letters]
    return found[0]

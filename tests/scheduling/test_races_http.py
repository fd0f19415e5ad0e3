"""P3 (safety.md), as the world sees it: browsers and link holders at once, over HTTP, on the real server."""

import http.client
import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.availability.models import Availability, Hours
from coachbase.availability.rules import SessionKind, minute_of
from coachbase.clients.models import Client, Contact
from coachbase.cohorts import actions as cohorts
from coachbase.cohorts.models import Cohort, Seat
from coachbase.db import transaction
from coachbase.engagements.models import Engagement
from coachbase.links import actions as links
from coachbase.polls import actions as polls
from coachbase.polls.models import PollSlot, Voter
from coachbase.requests import actions as requests
from coachbase.scheduling import actions
from coachbase.scheduling.rules import Via
from coachbase.sessions.models import CoachingSession, Hold
from tests.cast import PASSWORD
from tests.live import serving
from tests.scheduling.test_races import overlapping

ATTEMPTS, BROWSERS = int(os.environ.get("ATTEMPTS", "400")), 8
"""`make soak` asks for all 1,600, at two hundred slots."""
SLOTS = ATTEMPTS // 8
SEATS = 12
OPEN = 5
DAYS = SLOTS // (2 * OPEN)
"""Five open hours a day, so that there are just these slots."""
DAY, HOUR, SLOT = timedelta(days=1), timedelta(hours=1), timedelta(minutes=30)
DONE, REFUSED = (204, 303), (409, 422)


class Post(NamedTuple):
    """What a browser sends; `cookie` of a link, or '' for the one that is signed in. `done` hears of a success."""

    path: str
    fields: dict[str, object]
    cookie: str = ""
    done: Callable[[], None] = lambda: None


@dataclass
class Town:
    """Everybody who wants a time of Alice's within the same few days, and the doors they come by."""

    first: datetime
    chance: random.Random = field(default_factory=lambda: random.Random(4))
    requests: list[str] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    desks: list[list] = field(default_factory=list)
    own: list[list] = field(default_factory=list)
    asking: list[tuple[str, str]] = field(default_factory=list)
    voting: list[tuple[str, list[str]]] = field(default_factory=list)
    cohort: str = ""
    circle: str = ""

    def moment(self) -> datetime:
        """On quarters of an hour, so that most attempts overlap without being the same."""
        return self.first + self.chance.randrange(DAYS) * DAY + self.chance.randrange(4 * OPEN) * SLOT / 2

    def attempts(self) -> Iterator[Post]:
        doors = (self.public, self.staff, self.move, self.own_move, self.propose, self.vote, self.series, self.seat)
        for number, door in zip(range(ATTEMPTS), cycle(doors), strict=False):
            yield door(number // len(doors))

    def public(self, turn: int) -> Post:
        token = self.requests[turn % len(self.requests)]
        return Post("/p/book", {"start": minute_of(self.moment()), "zone": "UTC"}, f"link_book={token}")

    def staff(self, turn: int) -> Post:
        client = self.chance.choice(self.clients)
        typed = {"kind": "chemistry", "suggested_for": "chemistry", "program": "", "minutes": 45, "place_kind": ""}
        return Post(f"/clients/{client}/sessions/new", typed | self._when() | {"despite": "they rang"})

    def move(self, turn: int) -> Post:
        row = self.desks[turn % len(self.desks)]
        typed = {"minutes": 45, "version": row[1], "despite": "they rang"}
        return Post(f"/sessions/{row[0]}/move", self._when() | typed, done=_next(row))

    def own_move(self, turn: int) -> Post:
        row = self.own[turn % len(self.own)]
        sent = {"start": minute_of(self.moment()), "zone": "UTC", "version": row[1]}
        return Post("/p/session/move", sent, f"link_session={row[0]}", _next(row))

    def propose(self, turn: int) -> Post:
        client, contact = self.asking[turn % len(self.asking)]
        times = [f"{self.moment():%Y-%m-%dT%H:%MZ}" for _ in range(2)]
        return Post(f"/clients/{client}/polls/new", {"contacts": contact, "minutes": 30, "slots": times})

    def vote(self, turn: int) -> Post:
        token, slots = self.voting[turn % len(self.voting)]
        return Post("/p/poll", {"slots": slots, "zone": "UTC"}, f"link_poll={token}")

    def series(self, turn: int) -> Post:
        times = [f"{self.moment():%Y-%m-%dT%H:%MZ}"]
        return Post(f"/cohorts/{self.cohort}/series", {"start": times, "topics": "", "despite": "-"})

    def seat(self, turn: int) -> Post:
        """In the cohort that has its session; who has none yet is asked for more often than there are seats."""
        return Post(f"/cohorts/{self.circle}/seats", {"clients": self.clients[turn % len(self.clients)]})

    def _when(self) -> dict[str, object]:
        moment = self.moment()
        return {"day": moment.date().isoformat(), "at": f"{moment:%H:%M}", "fold": "0"}


def _next(row: list) -> Callable[[], None]:
    def count() -> None:
        row[1] += 1

    return count


@pytest.fixture
def town(cast) -> Town:
    """Forty who are asked to book, sixteen with a session, ten programs with a sponsor, eight polls, and a cohort."""
    now = clock.now()
    with transaction():
        User.update(zone="UTC").execute()
        alice = User.get_by_id(cast.alice.id)
        terms = {"notice_hours": 0, "horizon_days": DAYS + 4, "increment": 15, "after_minutes": 0, "version": 1}
        Availability.create(coach=alice, place_kind_name="video", place="https://meet.example/alice", **terms)
        for weekday in range(7):
            Hours.create(coach=alice, weekday=weekday, begins=9 * 60, ends=(9 + OPEN) * 60)
        town = Town(first=datetime(now.year, now.month, now.day, tzinfo=UTC) + 2 * DAY + 9 * HOUR)
        people = iter([_client(alice, number) for number in range(74)])
        for _ in range(40):
            person = next(people)
            asked = requests.ask(person, alice, SessionKind.CHEMISTRY, minutes=45, engagement=None, by=None)
            town.requests.append(links.issue(requests.BOOK, asked.public_id, lasts=DAY)[1])
            town.clients.append(person.public_id)
        for place in range(16):
            begins = town.first + DAYS * DAY + place * HOUR
            session = actions.book(
                alice, SessionKind.CHEMISTRY, begins, 45, via=Via.STAFF, client=next(people), despite="-", by=cast.vera
            )
            by_link = links.issue(actions.CHANGE, session.public_id, lasts=DAY)[1]
            (town.own if place % 2 else town.desks).append([by_link if place % 2 else session.public_id, 1])
        for place in range(18):
            _sponsored(town, cast, next(people), place)
        town.cohort = Cohort.create(name="Leading", coach=alice, seats=8, minutes=60, created_at=now).public_id
        circle = Cohort.create(name="Circle", coach=alice, seats=SEATS, minutes=60, created_at=now)
        hour = town.first + DAYS * DAY - HOUR
        cohorts.book_series(circle, [hour, hour + DAYS * DAY], despite="-", by=cast.vera)
        town.circle = circle.public_id
    return town


def _client(alice: User, number: int) -> Client:
    facts = {"email": f"c{number}@x.example", "zone": "UTC", "created_at": clock.now()}
    return Client.create(name=f"Client {number}", coach=alice, **facts)


def _sponsored(town: Town, cast, client: Client, place: int) -> None:
    """A client with a sponsor: eight have a poll that waits for two answers, ten may be asked."""
    now = clock.now()
    email = f"k{place}@brightwater.example"
    contact = Contact.create(organisation=cast.brightwater, name=f"Contact {place}", email=email)
    client.organisation = cast.brightwater
    client.save()
    engagement = Engagement.create(
        client=client, coach=cast.alice, name="Six", currency="GBP", state_name="active", starts_on=now.date(),
        created_at=now, onboarded_at=now,
    )  # fmt: skip
    if place >= 8:
        town.asking.append((client.public_id, contact.public_id))
        return
    day = town.first + place % DAYS * DAY + place // DAYS * 2 * HOUR
    starts = [day, day + HOUR]
    poll = polls.propose(engagement, [contact], starts, minutes=30, by=cast.vera)
    slots = [slot.public_id for slot in PollSlot.of(poll)]
    for voter in Voter.of(poll):
        town.voting.append((links.issue("poll", voter.public_id, lasts=DAY)[1], slots))


class Browser:
    """One browser on one kept connection, with Vera signed in."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        self.cookie = ""
        answer = self.send(Post("/sign-in", {"email": "vera@northbank.example", "password": PASSWORD}))
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]

    def send(self, post: Post) -> http.client.HTTPResponse:
        headers = {
            "Cookie": post.cookie or self.cookie,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        if not post.cookie and self.cookie:
            headers["HX-Request"] = "true"
        self.connection.request("POST", post.path, urlencode(post.fields, doseq=True), headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer


def knock(url: str, posts: Iterator[Post]) -> Counter[tuple[str, int]]:
    """All of them, eight at a time: how often which path answered what."""
    answers: Counter[tuple[str, int]] = Counter()
    taking = threading.Lock()

    def work(browser: Browser) -> None:
        while True:
            with taking:
                post = next(posts, None)
            if post is None:
                return
            status = browser.send(post).status
            with taking:
                answers[post.path.rpartition("/")[2], status] += 1
                if status in DONE:
                    post.done()

    browsers = [Browser(url) for _ in range(BROWSERS)]
    workers = [threading.Thread(target=work, args=(browser,)) for browser in browsers]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for browser in browsers:
        browser.connection.close()
    return answers


def test_eight_attempts_over_http_at_each_of_many_slots_book_nobody_twice(town, config):
    with serving(config, worker=False) as server:
        answers = knock(server.url, town.attempts())
    assert overlapping() == []
    assert {status for _, status in answers} <= {*DONE, *REFUSED}, f"nobody is told that we are busy: {answers}"
    assert sum(answers.values()) == ATTEMPTS
    vias = {session.via for session in CoachingSession.select(CoachingSession.via)}
    assert vias == {"client", "staff", "poll", "cadence"}, "a group's series comes by the door of a cadence"
    assert CoachingSession.select().where(CoachingSession.moves > 0).exists()
    assert Hold.select().where(Hold.starts_at > town.first).exists()
    assert CoachingSession.select().count() > SLOTS / 4
    assert sorted(seat.number for seat in Seat.select()) == list(range(1, SEATS + 1)), "each seat was given once"
    assert answers["seats", 204] == SEATS
    assert answers["seats", 422] == ATTEMPTS // 8 - SEATS

"""Reading for real: a web server, a CalDAV server, and 200 damaged calendars."""

import random
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.apart import apart_within
from coachbase.config import Config, put_in_force
from coachbase.db import transaction
from coachbase.feeds import actions
from coachbase.feeds.models import Busy, Feed
from coachbase.feeds.rules import FeedKind, NotACalendar, busy_in
from coachbase.jobs import run_jobs
from tests.feeds.test_rules import TEN, WEEKLY, calendar, event
from tests.radicale import PASSWORD, USER, radicale  # noqa: F401 (a fixture)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Shelf(ThreadingHTTPServer):
    """A web server with one calendar on it."""

    daemon_threads = True

    def __init__(self) -> None:
        self.text, self.status, self.asked = calendar(event(**TEN)), 200, []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Shelf

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers.items()))
        same = self.headers.get("If-None-Match") == '"1"'
        self.send_response(304 if same else self.server.status)
        self.send_header("ETag", '"1"')
        self.end_headers()
        if not same:
            self.wfile.write(self.server.text.encode())

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def shelf():
    server = Shelf()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def inside(config: Config):
    """The operator lets calendars of this machine be read."""
    put_in_force(Config(data=config.data, base_url="http://desk.example", calendar_hosts=frozenset({"localhost"})))


def add(cast, address: str, kind: FeedKind = FeedKind.ICS, username: str = "", password: str = "") -> Feed:
    return actions.add(cast.alice, name="Private", kind=kind, address=address, username=username, password=password)


def read_at(moment: datetime, feed: Feed) -> Feed:
    with clock.pretend(moment):
        actions.sweep()
        run_jobs()
    return Feed.get_by_id(feed.id)


def test_a_calendar_is_read_kept_without_titles_and_read_again(cast, shelf, inside):
    shelf.text = calendar(event(**TEN, SUMMARY="zqdentist"))
    feed = read_at(NOW, add(cast, f"http://localhost:{shelf.server_port}/a.ics"))
    assert (feed.answer, feed.ok_at, feed.failures) == ("", NOW, 0)
    assert [(busy.begins_at.hour, busy.ends_at.hour) for busy in Busy.select()] == [(10, 11)]
    assert b"zqdentist" not in b"".join(bytes(str(row), "utf-8") for row in Busy.select().tuples())
    assert read_at(NOW + timedelta(minutes=14), feed).ok_at == NOW
    again = read_at(NOW + timedelta(minutes=16), feed)
    assert again.ok_at == NOW + timedelta(minutes=16)
    assert shelf.asked[-1]["If-None-Match"] == '"1"'
    assert Busy.select().count() == 1
    read_at(NOW + timedelta(days=1), feed)
    assert "If-None-Match" not in shelf.asked[-1]


def told_of(coach: User, now: datetime) -> tuple[list[str], list[str]]:
    """The calendars that say something of a week around now, and those that do not."""
    busy, unread = Busy.told([coach], NOW - timedelta(days=7), NOW + timedelta(days=7), now)
    return [time.calendar for time in busy], [feed.name for feed in unread]


def test_a_calendar_that_fails_keeps_what_was_known_and_says_why(cast, shelf, inside):
    feed = read_at(NOW, add(cast, f"http://localhost:{shelf.server_port}/a.ics"))
    shelf.status = 404
    failed = read_at(NOW + timedelta(hours=25), feed)
    assert failed.answer == "There is no calendar at this address (any more)."
    assert (failed.ok_at, failed.failures, Busy.select().count()) == (NOW, 1, 1)
    assert told_of(cast.alice, NOW + timedelta(hours=25)) == ([], ["Private"])
    assert told_of(cast.alice, NOW + timedelta(hours=5)) == (["Private"], [])


def test_what_lies_within_is_not_read_unless_the_operator_says_so(cast, shelf):
    feed = read_at(NOW, add(cast, f"http://localhost:{shelf.server_port}/a.ics"))
    assert feed.answer == "This address lies in a private network, so it is not read."
    assert shelf.asked == []


def test_what_a_killed_worker_took_is_read_later_and_nobody_reads_twice(cast, shelf, inside):
    feed = add(cast, f"http://localhost:{shelf.server_port}/a.ics")
    with transaction():
        Feed.update(leased_until=NOW + timedelta(minutes=3)).execute()
    assert read_at(NOW, feed).ok_at is None
    assert read_at(NOW + timedelta(minutes=4), feed).ok_at is not None


def test_a_calendar_that_was_changed_meanwhile_is_not_overwritten(cast, shelf, inside, monkeypatch):
    feed = add(cast, f"http://localhost:{shelf.server_port}/a.ics")
    answer = Handler.do_GET

    def change_then_answer(self):
        with transaction():
            Feed.update(version=2).execute()
        answer(self)

    monkeypatch.setattr(Handler, "do_GET", change_then_answer)
    assert read_at(NOW, feed).ok_at is None
    assert Busy.select().count() == 0


def test_a_caldav_server_is_read(cast, radicale, inside):  # noqa: F811
    path = radicale.make_calendar("read")
    radicale.put(path, "one", calendar(event(**TEN)).replace("UID:1", "UID:one"))
    radicale.put(path, "series", calendar(WEEKLY).replace("UID:1", "UID:series"))
    radicale.put(path, "free", calendar(event(**TEN, TRANSP="TRANSPARENT")).replace("UID:1", "UID:free"))
    address = radicale.address.replace("127.0.0.1", "localhost") + path
    feed = read_at(NOW, add(cast, address, FeedKind.CALDAV, USER, PASSWORD))
    assert feed.answer == ""
    found = [f"{busy.begins_at:%d.%m. %H}" for busy in Busy.select().order_by(Busy.begins_at)]
    assert found == ["24.11. 08", "25.11. 10", "01.12. 08", "08.12. 08"]


def test_a_page_that_is_no_caldav_calendar_gets_a_sentence(cast, radicale, inside):  # noqa: F811
    address = radicale.address.replace("127.0.0.1", "localhost") + f"/{USER}/nothing-here/"
    feed = read_at(NOW, add(cast, address, FeedKind.CALDAV, USER, PASSWORD))
    assert feed.answer.endswith(".")
    assert feed.ok_at is None


# 200 damaged calendars ------------------------------------------------------------------------------------------------

WHOLE = calendar(
    event(**TEN),
    WEEKLY,
    WEEKLY.replace("UID:1", "UID:2") + "\r\nEXDATE;TZID=Europe/Berlin:20261201T090000",
    event(DTSTART=";VALUE=DATE:20261125", RRULE="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
    event(DTSTART="19700101T000000Z", DURATION="PT1H", RRULE="FREQ=HOURLY"),
    event(DTSTART="20200101T000000Z", DURATION="PT1H", RRULE="FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
    event(DTSTART=";TZID=Nowhere/Land:20261125T100000", DURATION="P1DT2H", RRULE="FREQ=MONTHLY;BYDAY=-1FR"),
)
WORDS = [
    "RRULE:FREQ=SECONDLY", "RRULE:FREQ=DAILY;INTERVAL=0", "RRULE:FREQ=DAILY;COUNT=-1",
    "RRULE:FREQ=DAILY;UNTIL=99999999", "RRULE:FREQ=YEARLY;BYEASTER=1", "RRULE:" + "BYDAY=MO;" * 999,
    "DTSTART:99991231T235959Z", "DTSTART:00010101T000000", "DTSTART;TZID=:20261125T100000", "DTEND:garbage",
    "DURATION:P99999999999D", "EXDATE:1,2,3", "RDATE:" + ",".join(["20261125T100000Z"] * 5_000),
    "RECURRENCE-ID:20261125T100000Z", "TZID:../../etc/passwd", "BEGIN:VTIMEZONE", "BEGIN:VEVENT", "END:VEVENT",
    "END:VCALENDAR", "\x00", "\ud800", " folded", "X-A;B=C:D", "A" * 100_000, "ATTACH;ENCODING=BASE64:" + "A" * 50_000,
]  # fmt: skip


def damaged(number: int) -> str:
    chance, lines = random.Random(number), WHOLE.split("\r\n")
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(1, len(lines))
        act = chance.choice(["cut", "double", "put", "swap", "flip", "end"])
        if act == "cut":
            del lines[place]
        elif act == "double":
            lines[place:place] = lines[place : place + 5]
        elif act == "put":
            lines.insert(place, chance.choice(WORDS))
        elif act == "swap":
            other = chance.randrange(1, len(lines))
            lines[place], lines[other] = lines[other], lines[place]
        elif act == "flip" and lines[place]:
            at = chance.randrange(len(lines[place]))
            lines[place] = lines[place][:at] + chr(chance.randrange(32, 0x2FF)) + lines[place][at + 1 :]
        elif act == "end":
            del lines[place + 5 :]
    return "\r\n".join(lines)


def worked_out(text: str) -> float:
    """The processor's seconds for one calendar, in the process apart: other tests may be running on this machine."""
    begun = time.process_time()
    with suppress(NotACalendar):
        busy_in(text, NOW - timedelta(days=2), NOW + timedelta(days=400), "Europe/London", ours="@x")
    return time.process_time() - begun


@pytest.mark.parametrize("lot", range(4))
def test_no_damaged_calendar_takes_long_or_falls_over(lot):
    texts = {number: damaged(number).encode("utf-8", "replace").decode() for number in range(50 * lot, 50 * lot + 50)}
    took = {number: apart_within(60, worked_out, text) for number, text in texts.items()}
    assert {number: seconds for number, seconds in took.items() if seconds > 2} == {}


def wait(seconds: float) -> None:
    time.sleep(seconds)


def test_what_never_ends_is_ended():
    with pytest.raises(TimeoutError):
        apart_within(0.2, wait, 60)
    assert apart_within(5, max, 1, 2) == 2

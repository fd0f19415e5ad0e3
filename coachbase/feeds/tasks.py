"""The slow edge: fetching a calendar and working out what of it is busy."""

from datetime import datetime
from urllib.parse import urlsplit

from .. import clock, config
from ..apart import apart_within
from ..db import transaction
from ..fetch import Answer, NotFetched, fetch
from ..jobs import job
from .models import Busy, Feed
from .rules import (
    AHEAD,
    BACK,
    LEASE_LASTS,
    WORK,
    FeedKind,
    NotACalendar,
    Reading,
    busy_in,
    busy_in_all,
    calendar_query,
    calendars_in,
    next_time,
    sentence_of,
)

NOT_CHANGED = 304
LOWEST = -20
"""Behind mail: a calendar server that hangs holds up nothing else for long."""


@job
def read(public_id: str) -> None:
    """Read one calendar, if it is due; its row tells what came of it. No transaction is open while servers talk."""
    feed = _lease(public_id)
    if feed is None:
        return
    now = clock.now()
    try:
        answer = _fetch(feed, now)
        reading = None if answer.status == NOT_CHANGED else _work_out(feed, answer, now)
    except (NotFetched, NotACalendar) as error:
        _settle(feed, None, str(error), now)
    except TimeoutError:
        _settle(feed, None, "This calendar could not be worked out in time: something in it repeats without end.", now)
    except EOFError:
        _settle(feed, None, "This calendar is too large to be worked out here.", now)
    else:
        _settle(feed, reading, "", now, etag=answer.headers.get("etag", "")[:200])


def _lease(public_id: str) -> Feed | None:
    now = clock.now()
    with transaction():
        feed = Feed.get_or_none(Feed.public_id == public_id)
        if feed is None or (feed.leased_until and feed.leased_until > now) or (feed.next_at and feed.next_at > now):
            return None
        feed.leased_until = now + LEASE_LASTS
        feed.save()
        return feed


def _fetch(feed: Feed, now: datetime) -> Answer:
    login = (feed.username, feed.password or "") if feed.username else None
    hosts = config.in_force().calendar_hosts
    if feed.kind is FeedKind.CALDAV:
        headers = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
        query = calendar_query(now - BACK, now + AHEAD)
        return fetch(feed.address, method="REPORT", body=query, headers=headers, login=login, private_hosts=hosts)
    # Once a day it is read whole even if nothing changed: what repeats has come nearer.
    read_today = feed.ok_at is not None and feed.ok_at.date() == now.date()
    headers = {"If-None-Match": feed.etag} if feed.etag and read_today else {}
    return fetch(feed.address, headers=headers, login=login, private_hosts=hosts)


def _work_out(feed: Feed, answer: Answer, now: datetime) -> Reading:
    if answer.status not in (200, 207):
        raise NotACalendar(sentence_of(answer.status))
    first, last, zone = now - BACK, now + AHEAD, feed.coach.zone
    ours = "@" + (urlsplit(config.in_force().base_url).hostname or "localhost")
    if feed.kind is FeedKind.CALDAV:
        return apart_within(WORK, busy_in_all, calendars_in(answer.body), first, last, zone, ours=ours)
    return apart_within(WORK, busy_in, answer.body.decode("utf-8", "replace"), first, last, zone, ours=ours)


def _settle(feed: Feed, reading: Reading | None, answer: str, now: datetime, *, etag: str = "") -> None:
    """Write down what came. What was known stays when nothing did; how old it is tells how far to trust it."""
    with transaction():
        current = Feed.get_or_none(Feed.id == feed.id)
        if current is None or current.leased_until != feed.leased_until or current.version != feed.version:
            return  # removed, changed, or given to another worker meanwhile
        if reading is not None:
            Busy.delete().where(Busy.feed == current).execute()
            rows = [(current.id, *each) for each in reading.busy]
            for begin in range(0, len(rows), 200):
                fields = [Busy.feed, Busy.begins_at, Busy.ends_at, Busy.is_all_day]
                Busy.insert_many(rows[begin : begin + 200], fields).execute()
            current.warning = " ".join(reading.warnings)[:1000]
        if not answer:
            current.ok_at, current.failures, current.etag = now, 0, etag
        else:
            current.failures += 1
        current.answer, current.leased_until = answer, None
        current.next_at = next_time(now, current.failures)
        current.save()

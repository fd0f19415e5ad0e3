"""Add, change and remove calendars that are read; read them by the clock."""

from .. import clock, jobs
from ..accounts.models import User
from ..db import atomic
from ..errors import Refused, Stale
from . import tasks
from .models import Busy, Feed
from .rules import FeedKind, refusal_of_address, refusal_to_lead

MOST = 10
"""Calendars of one coach."""


@atomic
def add(coach: User, *, name: str, kind: FeedKind, address: str, username: str, password: str) -> Feed:
    """Read one more calendar of a coach, at once."""
    if refusal := refusal_of_address(address):
        raise Refused(refusal)
    if Feed.of(coach).count() >= MOST:
        raise Refused(f"{MOST} calendars are enough for one person. Remove one first.")
    feed = Feed.create(
        coach=coach,
        name=name,
        kind_name=kind,
        address=address,
        username=username,
        password=password or None,
        created_at=clock.now(),
    )
    _nudge(feed)
    return feed


@atomic
def change(feed: Feed, *, version: int, name: str, kind: FeedKind, address: str, username: str, password: str) -> None:
    """Another name, address or login; a blank address or password keeps the one there is. It is read anew at once.

    Raises Stale when somebody changed it since `version`, Refused when a password that is kept would go elsewhere.
    """
    feed = Feed.get_by_id(feed.id)
    if feed.version != version:
        raise Stale("Somebody else changed this calendar while you were typing.")
    keeps = bool(username and feed.password and not password)
    if (
        refusal := refusal_of_address(address) or refusal_to_lead(address, feed.address, has_password=keeps)
        if address
        else None
    ):
        raise Refused(refusal)
    if address and address != feed.address:
        Busy.delete().where(Busy.feed == feed).execute()
        feed.address, feed.ok_at = address, None
    feed.name, feed.kind_name, feed.username = name, kind, username
    feed.password = (password or feed.password) if username else None
    feed.version += 1
    _read_anew(feed)


@atomic
def remove(feed: Feed) -> None:
    """Forget a calendar and what it said."""
    Feed.delete().where(Feed.id == feed.id).execute()


@atomic
def read_now(feed: Feed) -> None:
    """Do not wait for its turn."""
    _read_anew(Feed.get_by_id(feed.id))


@atomic
def sweep() -> None:
    """By the clock: read what is due, also what a killed worker left behind."""
    now = clock.now()
    awake = {task.args[0] for task in jobs.huey.pending() if isinstance(task, tasks.read.task_class)}
    for feed in Feed.due(now):
        if feed.public_id not in awake:
            _nudge(feed)


def _read_anew(feed: Feed) -> None:
    feed.next_at, feed.leased_until, feed.etag = None, None, ""
    feed.save()
    _nudge(feed)


def _nudge(feed: Feed) -> None:
    tasks.read(feed.public_id, priority=tasks.LOWEST)

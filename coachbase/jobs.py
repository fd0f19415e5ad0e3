"""The background worker: huey on the same database, so that a job commits and rolls back with the data.

Huey forgets a task that was running when the worker died. So a job is only ever a nudge ("look now"): whatever must
happen is a row with a state, and a sweep in schedule.py returns what was left behind.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from huey import crontab
from huey.api import Huey
from huey.consumer import Consumer
from huey.contrib.sql_huey import SqlStorage
from huey.registry import Message
from huey.serializer import Serializer
from peewee import CharField

from . import clock
from .db import Model, UtcDateTimeField, database, transaction


class JsonSerializer(Serializer):
    """Tasks as JSON, not pickle: a written row can never become code."""

    def _serialize(self, data: Message) -> bytes:
        return json.dumps(data._asdict()).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(**json.loads(data))


huey = Huey(
    "coachbase",
    storage_class=SqlStorage,
    database=database,
    create_tables=False,
    results=False,
    serializer=JsonSerializer(),
)


class Heartbeat(Model):
    """When a worker was last alive; /healthz tells it."""

    name = CharField(unique=True)
    seen_at = UtcDateTimeField()


def job(function: Callable[..., Any]) -> Callable[..., Any]:
    """A slow thing for the worker. Calling it only queues it, within the caller's transaction."""
    return huey.task(name=f"{function.__module__}.{function.__name__}")(function)


def at(function: Callable[[], Any], **when: str) -> None:
    """Let the worker call an action by the clock, e.g. `at(mail.actions.sweep, minute="*")`."""
    huey.periodic_task(crontab(**when), name=f"at.{function.__module__}.{function.__name__}")(function)


def beat() -> None:
    """Say that the worker lives."""
    with transaction():
        Heartbeat.insert(name="worker", seen_at=clock.now()).on_conflict(
            conflict_target=[Heartbeat.name], preserve=[Heartbeat.seen_at]
        ).execute()


class QuietConsumer(Consumer):
    """Huey's consumer as threads of ours: the process that starts it owns the signals."""

    def _set_signal_handlers(self) -> None:
        pass


start_worker = partial(
    QuietConsumer, huey, workers=1, initial_delay=0.1, max_delay=1.0, check_worker_health=False, periodic=True
)


def run_jobs() -> int:
    """Do all queued jobs now, in this thread; how many there were. For tests and `sample`."""
    done = 0
    while (task := huey.dequeue()) is not None:
        huey.execute(task)
        done += 1
    return done

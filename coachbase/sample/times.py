"""When things happened in the sample, and that its mail arrived without having left."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from .. import clock
from ..clients.models import Client
from ..events import announce
from ..mail.models import Message
from ..mail.rules import State
from ..mail.tasks import MailEnded


def deliver(client: Client) -> None:
    """Let what waits for this client have arrived: the steps that stand for a mail tick themselves."""
    arrive(Message.select().where(Message.client == client, Message.state_name == State.QUEUED))


def arrive(messages: Iterable[Message]) -> None:
    """Let these have arrived."""
    for message in messages:
        message.token = None
        message.state_name, message.attempts, message.sent_at = State.SENT, 1, clock.now()
        message.answer = "250 2.0.0 Taken (a sample: this was never sent)"
        message.save()
        announce(MailEnded(message))


@contextmanager
def days_ago(days: float) -> Iterator[None]:
    """What happens in here happened so many days ago."""
    with clock.pretend(min(clock.now(), clock.now() - timedelta(days=max(days, 0)))):
        yield

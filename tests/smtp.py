"""A real mail server on this machine that does as it is told: takes mail, refuses it, hangs, hangs up."""

import asyncio
import email
import email.policy
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from coachbase.mail.models import MailServer
from coachbase.mail.rules import Security

Step = str | Callable[[], str]
"""What to answer: an SMTP reply, or `hang`, `drop` (hang up), `drop after` (say 250, then hang up)."""


class Post:
    """The server and what it took. `script` holds the next answers to RCPT and to DATA; without one it is kind."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.rcpt: list[str] = []
        self.data: list[Step] = []
        self.on_leaving: Callable[[], None] = lambda: None
        self.port = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: Any) -> str:
        answer = self.rcpt.pop(0) if self.rcpt else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.data.pop(0) if self.data else "250 2.0.0 taken, with thanks"
        if callable(answer):
            answer = await asyncio.to_thread(answer)
        if answer == "hang":
            await asyncio.sleep(30)
        if answer == "drop":
            server.transport.abort()
            return "421 gone"
        if answer.startswith(("250", "drop after")):
            self._take(envelope)
        if answer == "drop after":
            await server.push("250 2.0.0 taken")
            server.transport.close()
            return "421 gone"
        return answer

    def _take(self, envelope: Envelope) -> None:
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        message.recipients = list(envelope.rcpt_tos)
        self.messages.append(message)

    @property
    def ids(self) -> list[str]:
        return [message["Message-ID"] for message in self.messages]


class Door(SMTP):
    """Tells when a client has left."""

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.event_handler.on_leaving()


def run_post() -> Iterator[Post]:
    """The server in a thread of its own, until the caller is done with it."""
    post = Post()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    make = lambda: Door(post, hostname="post.example", enable_SMTPUTF8=False, loop=loop)  # noqa: E731
    server = asyncio.run_coroutine_threadsafe(loop.create_server(make, "127.0.0.1", 0), loop).result(5)
    post.port = server.sockets[0].getsockname()[1]
    yield post
    asyncio.run_coroutine_threadsafe(_close(server), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def use(port: int) -> None:
    """Make this the mail server of the practice."""
    MailServer.delete().execute()
    MailServer.create(
        host="127.0.0.1",
        port=port,
        security_name=Security.NONE,
        from_name="Northbank",
        from_address="desk@northbank.example",
    )


@pytest.fixture
def smtp(app) -> Iterator[Post]:
    """The mail server of the practice, running."""
    for post in run_post():
        use(post.port)
        yield post

"""Queue, cancel and resend messages; keep the settings and the texts."""

from datetime import datetime
from urllib.parse import urlsplit

from peewee import Value, fn

from .. import clock, config, jobs
from ..accounts.models import User
from ..clients.models import Client
from ..db import atomic, new_public_id
from ..errors import Refused, Stale
from ..files.models import Document
from ..links import actions as links
from ..links.models import Link
from . import tasks
from .models import MailServer, MailText, Message
from .rules import (
    CALLED_OFF,
    KINDS,
    Security,
    State,
    fill,
    fill_html,
    plain,
    plain_value,
    refusal_of_body,
    refusal_of_server,
    refusal_of_subject,
    refusal_to_cancel,
    refusal_to_resend,
    tidy,
)

BATCH = 200
"""How many messages one sweep wakes; the next follows a minute later."""


@atomic
def queue(
    kind: str,
    *,
    to: tuple[str, str],
    fields: dict[str, str],
    link: tuple[Link, str] | None = None,
    code: str = "",
    attach: Document | None = None,
    client: Client | None = None,
    about: str = "",
    reply_to: str = "",
    calendar: tuple[str, str] | None = None,
    after: datetime | None = None,
    by: User | None = None,
) -> Message:
    """Put a message into the outbox, in the caller's transaction; the worker sends it after the commit.

    `to` is (name, address). `fields` are the kind's own merge fields (rules.KINDS); `link` the personal link and its
    token, or `code` the code, for kinds that have one; `attach` a stored document; `about` the public id of what it is
    for (see `call_off`); `calendar` the method and the text of a calendar file; `after` when it may leave. An address
    field takes a path of ours, such as "/clients/…".
    """
    text = MailText.in_force(kind)
    values = text.values(fields, secret="link" if link else "code" if code else "")
    name, address = to
    return _insert(
        kind=kind,
        to_name=plain_value(name),
        to_address=address,
        reply_to=reply_to,
        subject=fill(text.subject, values),
        text=fill(plain(text.body), values),
        html=fill_html(tasks.html_of(text.body), values, text.about.places),
        link=link and link[0],
        token=link[1] if link else code or None,
        document=attach,
        client=client,
        about=about,
        method=calendar[0] if calendar else "",
        calendar=calendar[1] if calendar else None,
        try_at=after,
        by=by,
    )


def _insert(**values: object) -> Message:
    """A new message with the Message-ID it keeps through every attempt, and the worker's nudge."""
    public_id = new_public_id()
    message = Message.create(
        public_id=public_id, message_id=f"<{public_id}@{_sender_domain()}>", created_at=clock.now(), **values
    )
    _nudge(public_id)
    return message


def _sender_domain() -> str:
    server = MailServer.current()
    if server is not None:
        return server.from_address.rpartition("@")[2]
    return urlsplit(config.in_force().base_url).hostname or "localhost"


def _nudge(public_id: str) -> None:
    tasks.deliver(public_id, priority=tasks.LOWEST)


@atomic
def sweep() -> None:
    """Return what a killed worker left behind, and wake what is due and not awake yet."""
    now = clock.now()
    for message in Message.left_behind(now):
        tasks.put_off(message, "The worker stopped while it was sending; whether the server took it is not known.")
        message.save()
    if MailServer.current() is None:
        return
    awake = {task.args[0] for task in jobs.huey.pending() if isinstance(task, tasks.deliver.task_class)}
    for message in Message.due(now).limit(BATCH):
        if message.public_id not in awake:
            _nudge(message.public_id)


@atomic
def cancel(message: Message) -> None:
    """Take a message back before it is sent; one that is dead is set aside, so that nobody need look at it again."""
    message = Message.get_by_id(message.id)
    if refusal := refusal_to_cancel(message.state):
        raise Refused(refusal)
    message.state_name, message.try_at, message.token = State.CANCELLED, None, None
    message.save()


@atomic
def call_off(about: str, *, to: str = "") -> None:
    """Take back what waits to be sent about something that is done, or withdrawn: nobody is to be asked for it now.

    `to`: only what waits for this address. What a server is taking at this moment is not tried again if that fails.
    """
    meant = [Message.about == about, *([Message.to_address == to] if to else [])]
    answer = fn.TRIM(Value(f"{CALLED_OFF} ").concat(Message.answer))
    waiting = Message.state_name.in_((State.QUEUED, State.FAILED))
    Message.update(state_name=State.CANCELLED, try_at=None, token=None, answer=answer).where(*meant, waiting).execute()
    Message.update(answer=CALLED_OFF).where(*meant, Message.state_name == State.LEASED).execute()


@atomic
def resend(message: Message, *, by: User) -> Message:
    """Send it once more, and return the message that goes out.

    One that is still to be tried again is tried now. Else a copy goes out; for a mail with a personal link, one with
    a new link, and the old link dies.
    """
    message = Message.get_by_id(message.id)
    if refusal := _refusal_to_resend(message):
        raise Refused(refusal)
    if message.state is State.FAILED:
        message.try_at = clock.now()
        message.save()
        _nudge(message.public_id)
        return message
    link, token = links.reissue(message.link) if message.has_link else (None, None)
    if message.state is State.DEAD:
        cancel(message)
    return _insert(
        kind=message.kind,
        to_name=message.to_name,
        to_address=message.to_address,
        reply_to=message.reply_to,
        subject=message.subject,
        text=message.text,
        html=message.html,
        link=link,
        token=token,
        document=message.document,
        client=message.client,
        about=message.about,
        method=message.method,
        calendar=message.calendar,
        by=by,
    )


def _refusal_to_resend(message: Message) -> str | None:
    lives = message.link is not None and message.link.revoked_at is None
    return refusal_to_resend(
        message.state,
        anew=KINDS[message.kind].instead_of_resending,
        had_link=message.has_link,
        link_lives=lives,
        is_overtaken=message.is_overtaken,
    )


@atomic
def save_server(
    *,
    version: int,
    host: str,
    port: int,
    security: Security,
    username: str,
    password: str,
    from_name: str,
    from_address: str,
) -> None:
    """Save where mail is handed over, and wake what waited for it. A blank password keeps the one there is.

    Raises Stale when somebody else saved the settings since version `version` (0: there were none).
    """
    if refusal := refusal_of_server(host, security, username):
        raise Refused(refusal)
    server = MailServer.current()
    if (server.version if server else 0) != version:
        raise Stale("Somebody else changed the mail server while you were typing.")
    server = server or MailServer(version=0)
    server.host, server.port, server.security_name = host, port, security
    server.username, server.from_name, server.from_address = username, from_name, from_address
    server.password = (password or server.password) if username else None
    server.version = version + 1
    server.save()
    sweep()


@atomic
def send_test(to: str, *, by: User) -> Message:
    """Mail a test to this address; its row tells what the server said."""
    if MailServer.current() is None:
        raise Refused("Save the mail server first, then send a test.")
    return queue("test", to=("", to), fields={}, by=by)


@atomic
def save_text(kind: str, *, version: int, subject: str, body: str) -> None:
    """Use the firm's own words for one kind of message.

    Raises Stale when somebody else saved this text since version `version`; Refused when a field is misspelt or a
    link leads nowhere.
    """
    subject, body = tidy(subject), tidy(body)
    if refusal := refusal_of_subject(KINDS[kind], subject) or refusal_of_body(KINDS[kind], body):
        raise Refused(refusal)
    _write_text(kind, version, subject, body)


@atomic
def restore_text(kind: str, *, version: int) -> None:
    """Go back to the text coachbase brings.

    Raises Stale when somebody else saved this text since version `version`.
    """
    _write_text(kind, version, "", "")


def _write_text(kind: str, version: int, subject: str, body: str) -> None:
    row = MailText.get_or_none(MailText.kind == kind) or MailText(kind=kind, version=0)
    if row.version != version:
        raise Stale("Somebody else changed this text while you were typing.")
    row.subject, row.body, row.version = subject, body, version + 1
    row.save()

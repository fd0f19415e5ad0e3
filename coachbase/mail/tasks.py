"""The slow edge: making a text into HTML, and handing messages to the mail server."""

import logging
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache, lru_cache
from typing import BinaryIO

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup
from peewee import OperationalError

from .. import clock, config
from ..db import transaction
from ..events import announce
from ..jobs import job
from ..links.rules import path_of
from .models import TEXTS, MailServer, Message
from .rules import (
    CALLED_OFF,
    KINDS,
    LEASE_LASTS,
    LINK_PLACE,
    LINK_SHOWN,
    Outcome,
    Security,
    State,
    delay_after,
    is_due,
    linked,
    one_line,
    too_late,
)

log = logging.getLogger("coachbase")
PATIENCE = 20.0
"""Seconds to wait for each answer of the server."""
TALK_LASTS = 120.0
"""Seconds after which a talk is cut whatever it has come to: well within LEASE_LASTS, so a lease outlives its talk."""
LONGEST_TALK = 1_000_000
"""Bytes a server may say."""
BREATH = 1.0
"""Seconds between attempts to write an outcome down."""
SHORTEST_SECRET = 5
"""Letters from which a word of a secret is blotted out of what a server answers."""
LOWEST = -10
"""The priority of deliveries: a mail server that hangs holds up no other job."""
_POLICY = SMTP.clone(cte_type="7bit")  # every relay takes it, the old ones too
_LONGEST_ANSWER = 300
_ADDRESS_FIELD = re.compile(r"(\](?:\(|:)\s*<?)\{\{(link|page)\}\}")


@dataclass(frozen=True)
class MailEnded:
    """A message was sent, or given up; `message.state` tells which."""

    message: Message


# From Markdown to HTML ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def html_of(body: str) -> str:
    """The whole HTML part for a text, its fields still unfilled; kept, because a text is filled a thousand times.

    Values enter only afterwards and escaped: whatever they contain was never read as Markdown.
    """
    from css_inline import CSSInliner  # noqa: PLC0415 (heavy)

    page = _layout().render(firm=Markup("{{firm}}"), body=Markup(content_of(body)))  # noqa: S704 (cleaned there)
    return CSSInliner(load_remote_stylesheets=False, keep_at_rules=True).inline(page)


def content_of(body: str) -> str:
    """A text as clean HTML; a link that makes up a paragraph becomes a button.

    Only whole addresses pass the cleaning, so that an address field stands as one meanwhile.
    """
    from ..text import render_markdown  # noqa: PLC0415 (heavy)

    html = render_markdown(_ADDRESS_FIELD.sub(r"\1https://\2.invalid", body))
    html = re.sub(r'href="https://(link|page)\.invalid"', r'href="{{\1}}"', html)
    html = re.sub(r'href="[^"{]+\{\{[^"]*"', 'href="#"', html)
    return re.sub(r"<p>(<a )([^>]*>[^<]*</a>)</p>", r'<p>\1class="button" \2</p>', html)


@cache
def _layout() -> Template:
    return Environment(loader=FileSystemLoader(TEXTS), autoescape=True).get_template("layout.html")


# Handing over ---------------------------------------------------------------------------------------------------------


@job
def deliver(public_id: str) -> None:
    """Hand one message to the mail server, if it is (still) to be sent. No transaction is open while they talk."""
    server = MailServer.current()
    if server is None:
        return  # it waits; saving the settings calls the sweep
    message = _lease(public_id)
    if message is not None:
        _settle_surely(message, _hand_over(message, server))


def _lease(public_id: str) -> Message | None:
    """Take a message for LEASE_LASTS, so that nobody else sends it and nobody can cancel it."""
    now = clock.now()
    with transaction():
        message = Message.get_or_none(Message.public_id == public_id)
        if message is None or not is_due(
            message.state, try_at=message.try_at, leased_until=message.leased_until, now=now
        ):
            return None
        if message.state is State.LEASED and message.answer.startswith(CALLED_OFF):
            return None  # it was called off while a worker had it, who was killed: the sweep sets it aside
        if message.link is not None and message.link.revoked_at is not None:
            message.state_name, message.token = State.CANCELLED, None
            message.answer = "Not sent: its personal link was replaced or used before."
            message.save()
            return None
        if too_late(message.kind, message.created_at, now):
            end(message, Outcome(State.DEAD, f"Not sent: it would have come too late. {message.answer}".strip()))
            message.save()
            return None
        message.state_name, message.leased_until = State.LEASED, now + LEASE_LASTS
        message.attempts += 1
        message.save()
        return message


def _settle_surely(message: Message, outcome: Outcome) -> None:
    """The server has spoken: a database that is locked or full is waited for as long as the lease lasts, because
    a mail whose sending nobody wrote down would go out again.
    """
    while True:
        try:
            return _settle(message, outcome)
        except OperationalError as error:
            if clock.now() >= message.leased_until:
                raise
            log.warning("mail %s has been handed over but not written down yet: %s", message.public_id, error)
            time.sleep(BREATH)


def _settle(message: Message, outcome: Outcome) -> None:
    """Write down what became of it. Sent is sent, even when the lease ran out meanwhile; a failure is ours to tell
    only while the lease is.
    """
    now = clock.now()
    with transaction():
        current = Message.get_by_id(message.id)
        ours = current.state is State.LEASED and current.leased_until == message.leased_until
        if current.state is State.SENT or not (ours or outcome.state is State.SENT):
            return
        if outcome.state is State.FAILED:
            put_off(current, outcome.answer)
        else:
            current.sent_at = now if outcome.state is State.SENT else None
            end(current, outcome)
        current.save()


def put_off(message: Message, answer: str) -> None:
    """After a failed attempt: try again later, or give up when there were enough. The caller saves."""
    if message.answer.startswith(CALLED_OFF):  # while the server was taking it
        message.state_name, message.answer = State.CANCELLED, f"{CALLED_OFF} {answer}"
        message.leased_until = message.try_at = message.token = None
        return
    delay = delay_after(message.attempts) if KINDS[message.kind].is_tried_again else None
    if delay is None:
        end(message, Outcome(State.DEAD, answer))
    else:
        message.state_name, message.answer = State.FAILED, answer
        message.leased_until, message.try_at = None, clock.now() + delay


def end(message: Message, outcome: Outcome) -> None:
    """Sent or dead: nothing more happens by itself, and the token is no longer needed. The caller saves."""
    message.state_name, message.answer = outcome
    message.leased_until = message.try_at = message.token = None
    announce(MailEnded(message))


def _hand_over(message: Message, server: MailServer) -> Outcome:
    """Talk to the server; whatever happens becomes an outcome with a sentence."""
    try:
        letter = _letter(message, server).as_bytes()
        recipient = _ascii_address(message.to_address)
    except (ValueError, IndexError, UnicodeError) as error:
        return Outcome(State.DEAD, f"This mail cannot be written to {message.to_address}: {error}")
    try:
        outcome = _talk(server, recipient, letter)
    except smtplib.SMTPResponseException as error:
        outcome = Outcome(State.FAILED, _readable(error.smtp_code, error.smtp_error))
    except smtplib.SMTPServerDisconnected as error:
        outcome = Outcome(State.FAILED, f"{server.host} stayed silent or hung up before it had taken the mail: {error}")
    except (OSError, smtplib.SMTPException, ValueError) as error:
        outcome = Outcome(State.FAILED, f"{server.host}:{server.port} could not be used: {error}"[:_LONGEST_ANSWER])
    # Some servers repeat what they refuse; the token must not come back that way.
    return outcome._replace(answer=_without(message.token, outcome.answer)) if message.token else outcome


def _without(token: str, answer: str) -> str:
    """An answer without any word of the secret; the short ones of its labels may stay."""
    words = {word for word in token.split() if len(word) >= SHORTEST_SECRET}
    for word in sorted({token} | words, key=len, reverse=True):
        answer = answer.replace(word, LINK_SHOWN)
    return answer


def _letter(message: Message, server: MailServer) -> EmailMessage:
    """Text and HTML with their headers, each built by the library, never by hand."""
    letter = EmailMessage(_POLICY)
    letter["From"] = Address(_literal(server.from_name), addr_spec=_ascii_address(server.from_address))
    letter["To"] = Address(_literal(message.to_name), addr_spec=_ascii_address(message.to_address))
    if message.reply_to:
        letter["Reply-To"] = Address(addr_spec=_ascii_address(message.reply_to))
    letter["Subject"] = _literal(message.subject)
    letter["Date"] = clock.now()
    letter["Message-ID"] = message.message_id
    letter["Auto-Submitted"] = "auto-generated"
    secret = _secret(message)
    letter.set_content(message.text.replace(LINK_PLACE, secret))
    in_html = linked(secret) if KINDS[message.kind].has_code else secret
    letter.add_alternative(message.html.replace(LINK_PLACE, in_html), subtype="html")
    if message.calendar:
        _enclose(letter, message.method, with_organizer(message.calendar, server))
    if document := message.document:
        kind, _, subtype = document.media_type.partition("/")
        letter.add_attachment(document.content, maintype=kind, subtype=subtype, filename=document.name)
    return letter


def with_organizer(calendar: str, server: MailServer) -> str:
    """The calendar file as it leaves: who sends the mail is who answers go to (RFC 6047), and that may have changed
    since the file was written.
    """
    from icalendar import Calendar, vCalAddress  # noqa: PLC0415 (heavy)

    file = Calendar.from_ical(calendar)
    for event in file.walk("VEVENT"):
        event.pop("ORGANIZER", None)
        organizer = vCalAddress(f"mailto:{_ascii_address(server.from_address)}")
        organizer.params["CN"] = one_line(server.from_name).replace('"', "’")
        event["ORGANIZER"] = organizer
    return file.to_ical(sorted=False).decode()


def _enclose(letter: EmailMessage, method: str, calendar: str) -> None:
    """A calendar file: as another way to read an invitation, with its buttons, and as a file to open.

    What is only to be known of (PUBLISH) has no buttons, so it is a file alone.
    """
    if method == "PUBLISH":
        letter.add_attachment(
            calendar, subtype="calendar", cte="base64", params={"method": method}, filename="session.ics"
        )
        return
    letter.add_alternative(calendar, subtype="calendar", cte="base64", params={"method": method})
    letter.add_attachment(calendar.encode(), maintype="application", subtype="ics", filename="invite.ics")


def _literal(words: str) -> str:
    """Words for a header, as they are: the library would decode “=?utf-8?…?=” in them, line breaks and all."""
    return words.replace("=?", "= ?")


def _secret(message: Message) -> str:
    """The code, or where the personal link leads: from BASE_URL only, never from a request's Host."""
    if KINDS[message.kind].has_code and message.token:
        return message.token
    if message.token is None or message.link is None:
        if LINK_PLACE in message.text:
            raise ValueError("its personal link is gone")
        return ""
    return config.in_force().base_url + path_of(message.link.kind, message.token)


def _ascii_address(address: str) -> str:
    """The address with its domain as mail servers know it (xn--…).

    Raises ValueError for letters before the @ that most servers cannot carry.
    """
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise ValueError("mail servers cannot carry such letters before the @")
    return f"{local}@{domain.encode('idna').decode()}"


def _talk(server: MailServer, recipient: str, letter: bytes) -> Outcome:
    """The SMTP talk. Only what the server says of this recipient or this content is final; the rest may mend."""
    with _connected(server) as smtp:
        _expect(smtp.mail(_ascii_address(server.from_address)))
        code, answer = smtp.rcpt(recipient)
        if code < 400:
            code, answer = smtp.data(letter)
        state = State.SENT if code < 400 else State.FAILED if code < 500 else State.DEAD
        return Outcome(state, _readable(code, answer))


class _Ear:
    """Listens to a server for so long: one that talks without end would fill the memory before its talk is cut."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.left = file, LONGEST_TALK

    def readline(self, longest: int) -> bytes:
        line = self.file.readline(longest)
        self.left -= len(line)
        if self.left < 0:
            raise OSError("it talks without end")
        return line

    def close(self) -> None:
        self.file.close()


class _Talk(smtplib.SMTP):
    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Ear(self.sock.makefile("rb"))
        return super().getreply()


class _TlsTalk(_Talk, smtplib.SMTP_SSL):
    pass


@contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    secure = ssl.create_default_context()
    encrypted = server.security is Security.TLS
    smtp = _TlsTalk(timeout=PATIENCE, context=secure) if encrypted else _Talk(timeout=PATIENCE)
    smtp._host = server.host  # what the certificate is checked against; connect() alone does not set it
    cut = threading.Timer(TALK_LASTS, _cut, [smtp])
    cut.daemon = True
    cut.start()
    try:
        _expect(smtp.connect(server.host, server.port))
        if server.security is Security.STARTTLS:
            _expect(smtp.starttls(context=secure))
        if server.username:
            smtp.login(server.username, server.password or "")
        else:
            smtp.ehlo_or_helo_if_needed()
        yield smtp
        with suppress(OSError, smtplib.SMTPException):  # a courtesy: the mail's fate is known by now
            smtp.putcmd("QUIT")
    finally:
        cut.cancel()
        smtp.close()


def _cut(smtp: smtplib.SMTP) -> None:
    """End a talk that drips on: the thread that waits for the server wakes up with an error."""
    if smtp.sock is not None:
        with suppress(OSError):  # it ended by itself just now
            smtp.sock.shutdown(socket.SHUT_RDWR)


def _expect(reply: tuple[int, bytes]) -> None:
    if reply[0] >= 400:
        raise smtplib.SMTPResponseException(*reply)


def _readable(code: int, answer: bytes | str) -> str:
    """The server's own answer as one short line."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(''.join(sign if sign.isprintable() else ' ' for sign in text).split())}"[:_LONGEST_ANSWER]

"""The slow edge: reading the mailbox that answers to invitations come to."""

import imaplib
import mailbox
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..mail.rules import Security
from .models import ReplyBox
from .rules import LONGEST_REPLY

PATIENCE = 20.0
"""Seconds to wait for each answer of the server."""
TALK_LASTS = 90.0
"""Seconds after which a talk is cut whatever it has come to: other jobs wait."""
MOST_AT_ONCE = 50


def unread(box: Path | None) -> Iterator[bytes]:
    """The mails that nobody read yet, each marked as read once the caller is done with it; none without a mailbox.

    `box` is a Maildir or an mbox file. What is too long to be an answer is marked unread by us.
    """
    if box is None:
        return
    yield from (_of_maildir if (box / "new").is_dir() else _of_file)(box)


def _of_maildir(box: Path) -> Iterator[bytes]:
    """A program that delivers puts whole files into new/; whoever read one moves it to cur/ (see maildir(5))."""
    for letter in sorted((box / "new").iterdir()):
        if letter.stat().st_size <= LONGEST_REPLY:
            yield letter.read_bytes()
        letter.rename(box / "cur" / f"{letter.name}:2,S")


def _of_file(box: Path) -> Iterator[bytes]:
    """In an mbox file `R` stands in the Status header of what was read."""
    if not box.is_file() or not box.stat().st_size:
        return
    file = mailbox.mbox(box, create=False)
    file.lock()
    try:
        for key, letter in file.iteritems():
            if "R" in letter.get_flags():
                continue
            content = file.get_bytes(key)
            if len(content) <= LONGEST_REPLY:
                yield content
            letter.add_flag("RO")
            file[key] = letter
    finally:
        file.flush()
        file.close()


def fetched(box: ReplyBox) -> Iterator[tuple[int, int, bytes]]:
    """What came by IMAP since the last time: validity, uid and mail of each. Nothing in the mailbox changes.

    What lay there before we came is nobody's answer to us: the first time gives the last uid alone, with no mail.
    Raises OSError or imaplib's own error when the server cannot be used.
    """
    with _connected(box) as imap:
        imap.login(box.username, box.password)
        _expect(imap.select(_quoted(box.folder), readonly=True))
        validity, following = (_number_of(imap, name) for name in ("UIDVALIDITY", "UIDNEXT"))
        if validity != box.validity:
            yield validity, max(following - 1, 0), b""
            return
        found = _expect(imap.uid("SEARCH", f"UID {box.last_uid + 1}:*"))[0] or b""
        # “*” is the last one there is, also when that is an old one.
        new = sorted(uid for uid in map(int, found.split()) if uid > box.last_uid)
        for uid in new[:MOST_AT_ONCE]:
            parts = _expect(imap.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LONGEST_REPLY + 1}>)"))
            yield validity, uid, next((part[1] for part in parts if isinstance(part, tuple)), b"")


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _expect(answer: tuple[str, list[Any]]) -> list[Any]:
    if answer[0] != "OK":
        raise imaplib.IMAP4.error((answer[1] or [b""])[0])
    return answer[1]


def _number_of(imap: imaplib.IMAP4, name: str) -> int:
    """A number the server told when the folder was opened; 0 when it did not."""
    told = imap.response(name)[1][0]
    return int(told) if told and told.isdigit() else 0


@contextmanager
def _connected(box: ReplyBox) -> Iterator[imaplib.IMAP4]:
    secure = ssl.create_default_context()
    if box.security is Security.TLS:
        imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(box.host, box.port, ssl_context=secure, timeout=PATIENCE)
    else:
        imap = imaplib.IMAP4(box.host, box.port, timeout=PATIENCE)
    cut = threading.Timer(TALK_LASTS, imap.shutdown)
    cut.daemon = True
    cut.start()
    try:
        if box.security is Security.STARTTLS:
            imap.starttls(secure)
        yield imap
        with suppress(OSError, imaplib.IMAP4.error):  # a courtesy: all that was wanted is here
            imap.logout()
    finally:
        cut.cancel()
        with suppress(OSError):  # it may be closed already
            imap.shutdown()

"""The slow edge: reading the mailbox that answers to invitations come to."""

import mailbox
from collections.abc import Iterator
from pathlib import Path

from .rules import LONGEST_REPLY


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

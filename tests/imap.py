"""A small IMAP server on this machine that does as it is told: just what reading a mailbox takes (RFC 3501)."""

import re
import socketserver
import threading
from collections.abc import Iterator

import pytest

PASSWORD = "a mailbox of the desk"


class MailboxServer(socketserver.ThreadingTCPServer):
    """The server and what lies in its one folder; `trouble` makes it refuse, hang up or send nonsense."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.letters: dict[int, bytes] = {}
        self.validity = 7
        self.trouble = ""
        self.asked: list[str] = []

    @property
    def port(self) -> int:
        return self.server_address[1]

    def add(self, letter: bytes) -> int:
        uid = max(self.letters, default=0) + 1
        self.letters[uid] = letter
        return uid


class _Talk(socketserver.StreamRequestHandler):
    server: MailboxServer

    def handle(self) -> None:
        self._say("* OK ready")
        while line := self.rfile.readline().decode().strip():
            tag, verb, *rest = line.split(" ", 2)
            self.server.asked.append(verb.upper())
            if self.server.trouble == "hang up":
                return
            if self.server.trouble == "nonsense":
                return self._say("\u2014 good day \u2014")
            answer = getattr(self, f"_{verb.lower()}")(rest[0] if rest else "")
            self._say(f"{tag} {answer}")
            if verb.upper() == "LOGOUT":
                return

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def _capability(self, _: str) -> str:
        self._say("* CAPABILITY IMAP4rev1")
        return "OK done"

    def _login(self, rest: str) -> str:
        return "OK in" if rest.endswith(f'"{PASSWORD}"') else "NO wrong password"

    def _examine(self, rest: str) -> str:
        if rest != '"INBOX"':
            return "NO no such folder"
        self._say(f"* {len(self.server.letters)} EXISTS")
        self._say(f"* OK [UIDVALIDITY {self.server.validity}] valid")
        self._say(f"* OK [UIDNEXT {max(self.server.letters, default=0) + 1}] next")
        return "OK [READ-ONLY] open"

    def _uid(self, rest: str) -> str:
        if found := re.fullmatch(r"SEARCH UID (\d+):\*", rest):
            last = max(self.server.letters, default=0)
            uids = [uid for uid in self.server.letters if uid >= int(found[1]) or uid == last]
            self._say(f"* SEARCH {' '.join(map(str, uids))}")
            return "OK searched"
        uid, longest = map(int, re.fullmatch(r"FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest).groups())
        letter = self.server.letters[uid][:longest]
        self.wfile.write(b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n" % (uid, uid, len(letter)) + letter + b")\r\n")
        return "OK fetched"

    def _logout(self, _: str) -> str:
        self._say("* BYE")
        return "OK bye"


@pytest.fixture
def imap() -> Iterator[MailboxServer]:
    """A mailbox on this machine, open to `desk` with PASSWORD."""
    with MailboxServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)

"""A real CalDAV server on this machine (Radicale), in a folder of its own, spoken to by plain HTTP."""

import base64
import contextlib
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

USER, PASSWORD = "alice", "a calendar of her own"
"""Whoever signs in with any name and password gets the folder of that name: Radicale runs with `auth = none`."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Radicale:
    """The server, and the verbs of CalDAV that a test needs."""

    port: int
    folder: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        own = {"Authorization": f"Basic {secret}", "Content-Type": "text/plain; charset=utf-8"}
        with contextlib.closing(line):
            line.request(method, path, body.encode(), own | {name.replace("_", "-"): headers[name] for name in headers})
            answer = line.getresponse()
            return Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))

    def make_calendar(self, name: str = "work") -> str:
        """A new calendar of Alice's; its path."""
        path = f"/{USER}/{name}/"
        answer = self.ask("MKCALENDAR", path)
        assert answer.status == 201, answer
        return path

    def put(self, calendar: str, uid: str, text: str) -> None:
        """Store an event, as a calendar program does; METHOD has no place in a stored event (RFC 4791, 4.1)."""
        answer = self.ask("PUT", f"{calendar}{uid}.ics", text, Content_Type="text/calendar; charset=utf-8")
        assert answer.status in (201, 204), answer

    def get(self, calendar: str, uid: str) -> str:
        answer = self.ask("GET", f"{calendar}{uid}.ics")
        assert answer.status == 200, answer
        return answer.text

    def report(self, calendar: str, first: str, last: str) -> str:
        """A calendar-query: what lies between two moments, such as 20261203T000000Z."""
        answer = self.ask("REPORT", calendar, _QUERY.format(first=first, last=last), Depth="1")
        assert answer.status == 207, answer
        return answer.text


_QUERY = """<?xml version="1.0" encoding="utf-8"?>
<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
  <d:prop><d:getetag/><c:calendar-data/></d:prop>
  <c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">
    <c:time-range start="{first}" end="{last}"/>
  </c:comp-filter></c:comp-filter></c:filter>
</c:calendar-query>"""


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        assert process.poll() is None, "Radicale did not start"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("Radicale does not answer")


def run_radicale(folder: Path) -> Iterator[Radicale]:
    """The server in a process of its own, until the caller is done with it."""
    port = _free_port()
    settings = folder / "radicale.ini"
    settings.write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = none\n[rights]\ntype = authenticated\n"
        f"[storage]\nfilesystem_folder = {folder / 'collections'}\n[logging]\nlevel = warning\n"
    )
    command = [sys.executable, "-m", "radicale", "--config", str(settings)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield Radicale(port, folder)
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    """A CalDAV server, running; each test makes calendars of its own."""
    yield from run_radicale(tmp_path_factory.mktemp("radicale"))

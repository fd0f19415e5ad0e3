"""P12: nothing that somebody types makes us ask a server inside the house."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from coachbase import fetch as way_out
from coachbase.fetch import NotFetched, fetch, is_public


class Canary(ThreadingHTTPServer):
    """A server inside the house. It sings when somebody asks it anything."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request, client_address) -> None:
        """Who hung up on us meant to."""


class Handler(BaseHTTPRequestHandler):
    server: Canary

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        act = self.path.strip("/").partition("?")[0]
        if act == "to":
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.end_headers()
        elif act == "slow-head":
            for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 600:
                self.wfile.write(bytes([byte]))
                time.sleep(0.02)
        elif act == "slow-body":
            self.send_response(200)
            self.end_headers()
            for _ in range(600):
                self.wfile.write(b"a")
                time.sleep(0.02)
        elif act == "large":
            self.send_response(200)
            self.end_headers()
            for _ in range(200):
                self.wfile.write(b"a" * 65_536)
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def canary() -> Iterator[Canary]:
    server = Canary()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


WITHIN = ["127.0.0.1", "10.0.0.5", "172.16.3.4", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1"]


def disguises(ip: str) -> list[str]:
    """The ways to write an address that some library or other understands."""
    a, b, c, d = map(int, ip.split("."))
    whole = (a << 24) + (b << 16) + (c << 8) + d
    return [
        ip,
        f"{ip}.",
        str(whole),
        hex(whole),
        oct(whole).replace("o", ""),
        ".".join(hex(part) for part in (a, b, c, d)),
        ".".join(f"0{part:o}" for part in (a, b, c, d)),
        f"{a}.{b}.{(c << 8) + d}",
        f"{a}.{(b << 16) + (c << 8) + d}",
        f"[::ffff:{ip}]",
        f"[::ffff:{a:02x}{b:02x}:{c:02x}{d:02x}]",
        f"[64:ff9b::{ip}]",
        f"[2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1]",
    ]


TARGETS = [
    *(host for ip in WITHIN for host in disguises(ip)),
    "localhost", "LOCALHOST", "localhost.", "0", "0.0.0.0", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[fe80::1]",
    "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.2.1",
    "１２７.0.0.1", "127.1", "127.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", TARGETS)
def test_nothing_inside_the_house_is_asked(host, canary):
    with pytest.raises(NotFetched):
        fetch(f"http://{host}:{canary.server_port}/")
    assert canary.asked == []


def test_there_are_a_hundred_of_them():
    assert len(set(TARGETS)) >= 100


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.com/", "gopher://localhost/", "//example.com/", "example.com", "", "http://",
        "http://[", "http://example.com:99999/", "https://user:pass@example.com/", "http://exa mple.com/", "http://a\r\nb/",
        "http://example.com/\r\nHost: x", f"http://{'a' * 300}/", "http://\x00/", "http://example.com/\ud800",
        "javascript:alert(1)", "http://..",
    ],
)  # fmt: skip
def test_what_is_no_address_on_the_web_gets_a_sentence(url):
    with pytest.raises(NotFetched, match=r"\.$"):
        fetch(url)


def test_a_named_host_may_lie_inside(canary):
    answer = fetch(f"http://localhost:{canary.server_port}/", private_hosts={"localhost"})
    assert (answer.status, answer.body) == (200, b"hello")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433"])
def test_a_redirect_leads_no_further_inside(host, canary):
    there = f"http://{host}:{canary.server_port}/within"
    with pytest.raises(NotFetched, match="private network"):
        fetch(f"http://localhost:{canary.server_port}/to?{there}", private_hosts={"localhost"})
    assert [path.partition("?")[0] for path, _ in canary.asked] == ["/to"]


def test_a_login_does_not_follow_to_another_server(canary):
    other = Canary()
    threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    there = f"http://localhost:{other.server_port}/"
    fetch(f"http://localhost:{canary.server_port}/to?{there}", login=("bob", "s"), private_hosts={"localhost"})
    other.shutdown()
    other.server_close()
    assert "authorization" in canary.asked[0][1]
    assert "authorization" not in other.asked[0][1]


def test_a_circle_ends(canary):
    with pytest.raises(NotFetched, match="from one address to the next"):
        fetch(f"http://localhost:{canary.server_port}/to?/to?/to?/to?/to?/to", private_hosts={"localhost"})


def test_a_name_that_means_something_else_a_moment_later_gains_nothing(canary, monkeypatch):
    """DNS rebinding: the address that was checked is the one that is connected to; the name is asked for once."""
    answers = iter(["192.0.43.10", "127.0.0.1", "127.0.0.1"])
    connected = []
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 0))]
    )

    def connect(address, *_):
        connected.append(address[0])
        raise OSError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotFetched):
        fetch(f"http://rebinding.example:{canary.server_port}/")
    assert connected == ["192.0.43.10"]
    assert canary.asked == []


@pytest.mark.parametrize("path", ["slow-head", "slow-body"])
def test_who_answers_a_byte_at_a_time_is_left(path, canary, monkeypatch):
    monkeypatch.setattr(way_out, "LONGEST", 0.3)
    begun = time.monotonic()
    with pytest.raises(NotFetched, match="too long"):
        fetch(f"http://localhost:{canary.server_port}/{path}", private_hosts={"localhost"})
    assert time.monotonic() - begun < 3


def test_what_never_ends_is_cut(canary):
    with pytest.raises(NotFetched, match="larger than"):
        fetch(f"http://localhost:{canary.server_port}/large", private_hosts={"localhost"})


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_the_open_internet_is_public(address):
    assert is_public(address)

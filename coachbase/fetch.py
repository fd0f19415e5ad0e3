"""The one way out: asking another server for something, by the worker only.

An address is resolved once, every answer must be public, and the very address that was checked is connected to, so
that a name which points elsewhere a moment later gains nothing. A redirect is an address like the first one.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

MOST_REDIRECTS = 3
LARGEST = 10_000_000
"""Bytes of an answer."""
LONGEST = 20.0
"""Seconds for everything, redirects included."""
_CHUNK = 65_536
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NotFetched(Exception):
    """Why nothing came, as a sentence for the screen; it names no address."""


@dataclass(frozen=True)
class Answer:
    """What a server answered. Header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class _Place:
    """Where to connect, checked."""

    scheme: str
    host: str
    port: int
    path: str
    address: str


def fetch(
    url: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    login: tuple[str, str] | None = None,
    private_hosts: Collection[str] = (),
) -> Answer:
    """Ask for an address, http or https; `webcal` is https. `private_hosts` may lie in a private network.

    The login goes to the first host only. Raises NotFetched.
    """
    deadline = time.monotonic() + LONGEST
    first_host = None
    for _ in range(MOST_REDIRECTS + 1):
        place = _checked(url, private_hosts)
        first_host = first_host or (place.scheme, place.host, place.port)
        sent = dict(headers or {})
        if login and (place.scheme, place.host, place.port) == first_host:
            sent["Authorization"] = "Basic " + b64encode(":".join(login).encode()).decode()
        answer = _asked(place, method, body, sent, deadline)
        if answer.status not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
            return answer
        url = urljoin(url, answer.headers["location"])
    raise NotFetched("The server sends us from one address to the next.")


def _checked(url: str, private_hosts: Collection[str]) -> _Place:
    """Where this address leads, if we may go there."""
    try:
        parts = urlsplit(url.strip())
        scheme = "https" if parts.scheme == "webcal" else parts.scheme
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(scheme, 0)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path.encode("ascii")
        ascii_host = host if ":" in host else host.encode("idna").decode()
    except ValueError as error:  # a port of 99999, a host of 300 letters, signs that no address has
        raise NotFetched("This is not an address on the web.") from error
    if scheme not in _PORTS or not ascii_host or not path.isprintable() or " " in path:
        raise NotFetched("The address must begin with https:// or http://.")
    if parts.username is not None:
        raise NotFetched("Put the name and the password into their own fields, not into the address.")
    return _Place(scheme, ascii_host, port, path, _resolved(ascii_host, port, private_hosts))


def _resolved(host: str, port: int, private_hosts: Collection[str]) -> str:
    """The first address of a host, when all of them are public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotFetched("No server of this name was found.") from error
    addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
    if host.casefold() not in private_hosts and not all(map(is_public, addresses)):
        raise NotFetched("This address lies in a private network, so it is not read.")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also when another is wrapped in it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if ip in _NAT64:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped:
            return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was checked, whatever the name means by now."""

    def __init__(self, place: _Place, deadline: float) -> None:
        super().__init__(place.host, place.port, timeout=_left(deadline))
        self.place = place
        self.line: socket.socket | None = None
        """The socket, also once http.client has handed it to the answer and forgotten it."""

    def connect(self) -> None:
        self.sock = socket.create_connection((self.place.address, self.place.port), self.timeout)
        if self.place.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.place.host)
        self.line = self.sock


@contextmanager
def _cut_at(deadline: float, connection: _Pinned) -> Iterator[None]:
    """A server that sends one byte of its headers a second keeps every single timeout: cut the line in its middle."""

    def cut() -> None:
        if connection.line is not None:
            with suppress(OSError):  # it has just ended by itself
                connection.line.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(_left(deadline), cut)
    watch.daemon = True
    watch.start()
    try:
        yield
        _left(deadline)
    finally:
        watch.cancel()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise NotFetched("The server took too long.")
    return left


def _asked(place: _Place, method: str, body: bytes | None, headers: Mapping[str, str], deadline: float) -> Answer:
    sent = {"User-Agent": "coachbase", "Accept-Encoding": "identity", **headers}
    try:
        with closing(_Pinned(place, deadline)) as connection, _cut_at(deadline, connection):
            connection.request(method, place.path, body, sent)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, b"".join(_read(response)))
    except TimeoutError as error:
        raise NotFetched("The server took too long.") from error
    except ssl.SSLError as error:
        raise NotFetched("The server's certificate is not one we can trust.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        _left(deadline)  # what was cut because it took too long shall be told so
        raise NotFetched("The server could not be reached, or did not answer as a web server does.") from error


def _read(response: http.client.HTTPResponse) -> Iterator[bytes]:
    size = 0
    while piece := response.read1(_CHUNK):
        size += len(piece)
        if size > LARGEST:
            raise NotFetched(f"The answer is larger than {LARGEST // 1_000_000} MB.")
        yield piece

"""The door behind a mailed link: the token moves from the address into a scoped cookie, and is looked up every time.

A GET changes nothing: mail scanners open links too. The page itself then asks for a POST.
"""

from collections import Counter
from datetime import datetime, timedelta

from flask import Blueprint, abort, current_app, redirect, request
from werkzeug.wrappers import Response

from .. import clock
from ..errors import TooMany
from ..links.models import Link
from ..links.rules import hash_token

MOST_MISSES, WITHIN = 60, timedelta(minutes=15)
CAME_FROM = "back"
"""The cookie by which a page that another one led to leads back."""


class Misses:
    """Wrong tokens per address and quarter of an hour. Counted in memory: a GET writes nothing, not even this."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        self.counts: Counter[str] = Counter()

    def count_one(self, address: str, now: datetime) -> None:
        """Raises TooMany for who keeps trying tokens."""
        if self.since is None or now - self.since > WITHIN:
            self.since, self.counts = now, Counter()
        self.counts[address] += 1
        if self.counts[address] > MOST_MISSES:
            raise TooMany("Too many links that do not work came from here. Please wait 15 minutes and try again.")


misses = Misses()


class LinkDoors:
    """Where holders of one kind of link come in: `/p/<kind>/open/<token>` leads to `/p/<kind>`, or to `home`."""

    def __init__(self, kind: str, home: str = "") -> None:
        self.kind = kind
        self.home = home or f"/p/{kind}"
        self.cookie = f"link_{kind}"

    def open(self, token: str) -> Response:
        """Set the cookie and go to an address without the token; an unknown token looks like any other missing page."""
        if self._link(token) is None:
            abort(404)
        return self.keep(redirect(self.home, 303), token)

    def keep(self, response: Response, token: str) -> Response:
        """Let this browser hold the link."""
        response.set_cookie(
            self.cookie,
            token,
            path=self.home,
            httponly=True,
            secure=current_app.config["COACHBASE"].is_https,
            samesite="Lax",
        )
        return response

    def let_go(self, response: Response) -> Response:
        """Let this browser no longer hold the link."""
        response.delete_cookie(self.cookie, path=self.home)
        return response

    def remember(self, response: Response, came_from: str) -> Response:
        """Let this browser find the way back from here to the page it came from."""
        response.set_cookie(
            CAME_FROM,
            came_from,
            path=self.home,
            httponly=True,
            secure=current_app.config["COACHBASE"].is_https,
            samesite="Lax",
        )
        return response

    def subject(self) -> str:
        """The public id of what the link opens; 404 when it is unknown, expired or revoked."""
        link = self._link(request.cookies.get(self.cookie, ""))
        if link is None:
            abort(404)
        return link.subject

    def subject_or_none(self) -> str | None:
        link = self._link(request.cookies.get(self.cookie, ""))
        return link and link.subject

    def _link(self, token: str) -> Link | None:
        if not token:
            return None
        link = Link.behind(self.kind, hash_token(token), clock.now())
        if link is None:
            misses.count_one(request.remote_addr or "nowhere", clock.now())
        return link


def link_doors(pages: Blueprint, kind: str) -> LinkDoors:
    """Add the opening route of one kind of link to a public blueprint under /p."""
    doors = LinkDoors(kind)
    pages.add_url_rule(f"/{kind}/open/<token>", f"open_{kind}", doors.open)
    return doors

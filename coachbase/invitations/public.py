"""A calendar by address: for a client's or a coach's calendar program, which keeps no cookie."""

from flask import Response, abort, request

from .. import clock
from ..links.models import Link
from ..links.rules import hash_token
from ..web.guard import public_blueprint
from ..web.links import misses
from .models import feed_of
from .rules import Feed

pages = public_blueprint("invitations_public", __name__, prefix="/p")


@pages.get("/feed/<token>.ics")
def feed(token: str) -> Response:
    """The sessions, or 304 when nothing changed; an unknown or closed address is no page."""
    now = clock.now()
    found = next(((kind, link) for kind in Feed if (link := Link.behind(kind, hash_token(token), now))), None)
    if found is None:
        misses.count_one(request.remote_addr or "nowhere", now)
        abort(404)
    file = feed_of(found[0], found[1].subject, now)
    if file is None:
        abort(404)
    answer = Response(file, mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'inline; filename="sessions.ics"'
    answer.add_etag()
    answer.make_conditional(request)
    return answer

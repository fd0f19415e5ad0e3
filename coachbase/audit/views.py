"""The log of openings: who opened what is kept shut, and about whom. domain.md §1 says who reads it."""

from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from ..accounts.models import User
from ..accounts.rules import Role
from ..web.pages import require
from .models import Opening
from .rules import ICONS

pages = Blueprint("audit", __name__)
PER_PAGE, LAST_PAGE = 50, 2000


class Wanted(NamedTuple):
    """What part of the log one looks at; it lives in the address."""

    by: str
    about: str
    page: int

    def href(self, page: int) -> str:
        asked = {"by": self.by, "about": self.about, "page": page if page > 1 else ""}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"/audit?{query}" if query else "/audit"


@pages.get("/audit")
def openings() -> ResponseReturnValue:
    """Newest first; narrowed to who opened, or to whom it was about."""
    reader: User = current_user._get_current_object()
    require(reader.role is not Role.ASSISTANT)
    openers, clients = Opening.people(reader)
    wanted = _wanted({key for key, _ in openers}, {key for key, _ in clients})
    found = Opening.listed(reader, by=wanted.by, about=wanted.about)
    rows = list(found.offset((wanted.page - 1) * PER_PAGE).limit(PER_PAGE + 1))
    return render_template(
        "audit/openings.html",
        openings=rows[:PER_PAGE],
        has_more=len(rows) > PER_PAGE,
        wanted=wanted,
        openers=openers,
        clients=clients,
        icons=ICONS,
    )


def _wanted(openers: set[str], clients: set[str]) -> Wanted:
    """Who is not in the log counts as not asked for."""
    by, about = request.args.get("by", ""), request.args.get("about", "")
    page = request.args.get("page", 1, type=int)
    return Wanted(by if by in openers else "", about if about in clients else "", min(max(page, 1), LAST_PAGE))

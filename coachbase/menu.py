"""What the sidebar shows to whom, with the count of open things."""

from flask import Flask, g, request
from flask_login import current_user

from .db import kept
from .rooms import MENU, SETTINGS, MenuItem, open_things
from .web.guard import is_public


def install(app: Flask) -> None:
    app.config["PLACES"] = MENU + SETTINGS  # for the palette, which stands below this file
    app.context_processor(_menu)


def _menu() -> dict[str, object]:
    """Counts are read only for a whole page of the desk: partials and people with a link have no sidebar."""
    if request.htmx or g.get("refused") or is_public(request.blueprint) or not current_user.is_authenticated:
        return {"menu": [], "settings_menu": [], "mail_waiting": False}
    user = current_user._get_current_object()
    counts, mail_waiting = kept(("menu", user.id), lambda: open_things(user))
    return {
        "menu": [_shown(item, counts.get(item.href)) for item in MENU],
        "settings_menu": [_shown(item) for item in SETTINGS if user.role in item.roles],
        "mail_waiting": mail_waiting,
    }


def _shown(item: MenuItem, count: int | None = None) -> dict[str, object]:
    return vars(item) | {"current": any(map(_is_here, (item.href, *item.also))), "count": count}


def _is_here(href: str) -> bool:
    return request.path == href if href == "/" else request.path == href or request.path.startswith(href + "/")

"""What the sidebar shows to whom, with the count of open things."""

from flask import Flask, g, request
from flask_login import current_user

from .db import kept
from .rooms import COUNTS, MENU, SETTINGS, MenuItem, mail_waits


def install(app: Flask) -> None:
    app.config["PLACES"] = MENU + SETTINGS  # for the palette, which stands below this file
    app.context_processor(_menu)


def _menu() -> dict[str, object]:
    """Counts are read only for a whole page: partials have no sidebar."""
    if not current_user.is_authenticated or request.htmx or g.get("refused"):
        return {"menu": [], "settings_menu": [], "mail_waiting": False}
    user = current_user._get_current_object()
    counts = kept(("menu", user.id), lambda: {href: count(user) for href, count in COUNTS.items()})
    return {
        "menu": [_shown(item, counts.get(item.href)) for item in MENU],
        "settings_menu": [_shown(item) for item in SETTINGS if user.role in item.roles],
        "mail_waiting": kept("mail waits", mail_waits),
    }


def _shown(item: MenuItem, count: int | None = None) -> dict[str, object]:
    return vars(item) | {"current": _is_here(item.href), "count": count}


def _is_here(href: str) -> bool:
    return request.path == href if href == "/" else request.path == href or request.path.startswith(href + "/")

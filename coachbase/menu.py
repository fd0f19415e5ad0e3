"""What the sidebar shows to whom, with the count of open things."""

from flask import Flask, g, request
from flask_login import current_user

from .rooms import COUNTS, MENU, SETTINGS, MenuItem, mail_waits


def install(app: Flask) -> None:
    app.config["PLACES"] = MENU + SETTINGS  # for the palette, which stands below this file
    app.context_processor(_menu)


def _menu() -> dict[str, object]:
    """Counts are read only for a whole page: partials have no sidebar."""
    if not current_user.is_authenticated or request.htmx or g.get("refused"):
        return {"menu": [], "settings_menu": [], "mail_waiting": False}
    return {
        "menu": [_shown(item) for item in MENU],
        "settings_menu": [_shown(item) for item in SETTINGS if current_user.role in item.roles],
        "mail_waiting": mail_waits(),
    }


def _shown(item: MenuItem) -> dict[str, object]:
    count = COUNTS[item.href](current_user) if item.href in COUNTS else None
    return vars(item) | {"current": _is_here(item.href), "count": count}


def _is_here(href: str) -> bool:
    return request.path == href if href == "/" else request.path == href or request.path.startswith(href + "/")

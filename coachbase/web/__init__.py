"""The edge: what happens to every request before a room sees it, and to every answer after."""

from flask import Flask

from . import faults, filters, guard, headers, once, pages


def install(app: Flask) -> None:
    """Put the whole edge in front of the app. The order of the guards matters: first come, first asked."""
    pages.install(app)
    guard.install(app)
    once.install(app)
    headers.install(app)
    faults.install(app)
    filters.install(app)

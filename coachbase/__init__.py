"""coachbase: the desk of the virtual assistant who runs an executive coaching firm's administration."""

from collections.abc import Callable, MutableMapping
from datetime import timedelta
from functools import cache
from typing import Any

from flask import Flask
from flask.templating import Environment
from htmx_flask import Htmx
from jinja2 import StrictUndefined
from werkzeug.routing import Rule

from .config import Config, put_in_force

LARGEST_REQUEST = 26_000_000


class Templates(Environment):
    """Jinja keeps a chain of two maps for each template, its own globals and everybody's, and compares them at every
    import; ours have none of their own."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


class Route(Rule):
    """Werkzeug compiles two functions for each rule that write its address, which is most of a start; we write our
    addresses ourselves, so they are compiled when somebody asks."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(super()._compile_builder)
        return lambda rule, **values: compiled(append_unknown)(rule, **values)


def create_app(config: Config | None = None) -> Flask:
    """The whole application, from top to bottom.

    Raises ConfigError, one line that says what to do, when this machine or its database is not ready.
    """
    config = config or Config.from_env()
    _open(config)
    app = Flask(__name__, template_folder="../templates", static_folder="../static")
    app.jinja_environment, app.url_rule_class = Templates, Route
    app.config.update(
        COACHBASE=config,
        SECRET_KEY=_cookie_key(),
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=2_000_000,
        MAX_FORM_PARTS=2_000,
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        SESSION_COOKIE_NAME="__Host-coachbase" if config.is_https else "coachbase",
        SESSION_COOKIE_SECURE=config.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    app.debug = config.debug
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Htmx(app)
    _furnish(app)
    return app


def _open(config: Config) -> None:
    from . import schema

    schema.open_for_work(config)
    put_in_force(config)


def _cookie_key() -> str:
    from . import sealing

    return sealing.derive("cookies")


def _furnish(app: Flask) -> None:
    """Edge, rooms, consequences, timetable."""
    from . import menu, reactions, rooms, schedule, web

    web.install(app)
    for blueprint in rooms.BLUEPRINTS:
        app.register_blueprint(blueprint)
    menu.install(app)
    reactions.wire()
    schedule.set_clock()

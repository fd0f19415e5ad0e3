"""One database per test, made from a template that was migrated once; one cast; clients who are signed in."""

import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coachbase import create_app, jobs, schema, sealing
from coachbase.accounts import actions as accounts
from coachbase.config import Config, put_in_force
from coachbase.db import database, open_database
from coachbase.web.links import misses
from tests.cast import Cast, assemble
from tests.live import LiveServer, serving
from tests.radicale import radicale  # noqa: F401 (a fixture)
from tests.serve import keep_compiled_templates
from tests.smtp import smtp  # noqa: F401 (a fixture)

# Where the environment forbids Python to keep what it compiled, each of our servers would compile the whole program.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

keep_compiled_templates()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty practice with its cast, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    config = Config(data=folder, base_url="http://localhost")
    schema.migrate(config)
    create_app(config)  # wires the reactions that founding a firm sets off
    assemble()
    jobs.huey.storage.flush_queue()
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    # No test in this process is about a power cut, so none waits for the disk; servers that are started do, as at work.
    database.pragma("synchronous", "off", permanent=True)
    database.close()
    return folder


@pytest.fixture(autouse=True)
def _nobody_guessed_yet() -> None:
    misses.since = None


@pytest.fixture
def config(migrated: Path, tmp_path: Path) -> Config:
    folder = tmp_path / "data"
    shutil.copytree(migrated, folder)
    return Config(data=folder, base_url="http://localhost")


@pytest.fixture(scope="session")
def built(migrated: Path) -> Flask:
    """The application, built once a run: its hundred rules take longer to compile than most tests to run."""
    app = create_app(Config(data=migrated, base_url="http://localhost"))
    database.close()
    return app


@pytest.fixture
def app(built: Flask, config: Config) -> Iterator[Flask]:
    """The application on this test's own data. Who changes the application itself asks for `own_app`."""
    sealing.load_key_file(config.key_path)  # what a start looks at besides, it has looked at once in `built`
    open_database(str(config.database_path))
    put_in_force(config)
    built.config["COACHBASE"], built.testing, built.debug = config, True, False
    built.extensions.pop("boards", None)  # boards drawn from another test's data
    yield built
    database.close()


@pytest.fixture
def own_app(config: Config) -> Iterator[Flask]:
    """An application of this test's own, to be changed at will."""
    app = create_app(config)
    app.testing = True
    yield app
    database.close()


@pytest.fixture
def cast(app: Flask) -> Cast:
    """Olive the owner, Alice a coach, Vera her assistant, Bob her client, Sam his sponsor, Carol next door."""
    return Cast.met()


@pytest.fixture
def live_server(app: Flask, config: Config) -> Iterator[LiveServer]:
    """The real server with its worker, on this test's own database, which the test reads and writes beside it."""
    with serving(config) as server:
        yield server


@pytest.fixture
def queries() -> Callable[[], AbstractContextManager[list[str]]]:
    """`with queries() as asked:` collects every statement that reaches the database."""

    @contextmanager
    def listening() -> Iterator[list[str]]:
        asked: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: asked.append(str(record.msg))
        log = logging.getLogger("peewee")
        log.addHandler(handler)
        log.setLevel(logging.DEBUG)
        try:
            yield asked
        finally:
            log.setLevel(logging.NOTSET)
            log.removeHandler(handler)

    return listening


class Browser(FlaskClient):
    """A test client that, like a browser, says which site a request comes from."""

    def open(self, *args, **kwargs):
        headers = dict(kwargs.pop("headers", None) or {})
        headers.setdefault("Sec-Fetch-Site", "same-origin")
        return super().open(*args, headers=headers, **kwargs)


@pytest.fixture
def stranger(app: Flask) -> Browser:
    """Somebody without an account."""
    app.test_client_class = Browser
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask, cast: Cast) -> Callable[[str], Browser]:
    """`sign_in("vera")` gives the client of a signed-in member of the cast."""

    def enter(name: str) -> Browser:
        app.test_client_class = Browser
        client = app.test_client()
        user = accounts.sign_in(getattr(cast, name), user_agent="")
        with client.session_transaction() as session:
            session["_user_id"] = user.get_id()  # as Flask-Login does; signing in by password is tested in accounts
        return client

    return enter


@pytest.fixture
def olive(sign_in: Callable[[str], Browser]) -> Browser:
    return sign_in("olive")


@pytest.fixture
def alice(sign_in: Callable[[str], Browser]) -> Browser:
    return sign_in("alice")


@pytest.fixture
def vera(sign_in: Callable[[str], Browser]) -> Browser:
    return sign_in("vera")


@pytest.fixture
def carol(sign_in: Callable[[str], Browser]) -> Browser:
    return sign_in("carol")

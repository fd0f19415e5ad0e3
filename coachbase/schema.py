"""Bringing the database to today's shape, and refusing to start on another."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import DatabaseError
from playhouse.migrations import Runner

from . import clock, sealing, triggers
from .config import Config, ConfigError
from .db import OLDEST_SQLITE, database, open_database

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(config: Config) -> list[str]:
    """Apply what is pending and put the triggers back; the names of what was applied.

    The first time it makes the data folder, the key and the file. Later it keeps a copy of the file before changing
    it.
    """
    with _said_in_one_line(config):
        if not config.database_path.exists():
            config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not config.key_path.exists():
                sealing.make_key_file(config.key_path)
            _make_private_file(config.database_path)
        sealing.load_key_file(config.key_path)
        open_database(str(config.database_path))
        _refuse_newer()
        if _pending() and _runner().applied():
            _keep_copy(config)
        applied = _runner().up()
        triggers.install()
    return applied


def open_for_work(config: Config) -> None:
    """Open the database of a running coachbase.

    Raises ConfigError, one line that says what to do, when the file, the key, the schema or SQLite is not fit.
    """
    if database.server_version < OLDEST_SQLITE:
        raise ConfigError("This SQLite can corrupt the database: install the cysqlite of requirements.lock.")
    if not config.database_path.exists():
        raise ConfigError(f"There is no database in {config.data}: run `python app.py migrate` first.")
    sealing.load_key_file(config.key_path)
    with _said_in_one_line(config):
        open_database(str(config.database_path))
        _refuse_newer()
        if pending := _pending():
            raise ConfigError(f"The database waits for {pending[0]}: run `python app.py migrate`.")
        if lost := triggers.missing():
            raise ConfigError(f"The database lost its guard {lost[0]}: run `python app.py migrate`.")
        _refuse_another_key(config)


@contextmanager
def _said_in_one_line(config: Config) -> Iterator[None]:
    """What SQLite or the file system says against the data folder, as a line for whoever starts coachbase."""
    try:
        yield
    except DatabaseError as error:
        raise ConfigError(
            f"The database {config.database_path} cannot be opened ({error}): see docs/operations.md."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"The folder {config.data} cannot be used ({error.strerror}): mend it or set COACHBASE_DATA."
        ) from None


def _refuse_newer() -> None:
    if unknown := [row.name for row in _runner().status() if row.path is None]:
        raise ConfigError(f"The database is newer than this coachbase ({unknown[0]}): install the newer version again.")


_SEALED = (
    ("note", "body"),
    ("answer", "value"),
    ("message", "text"),
    ("document_content", "content"),
    ("agreement", "body"),
    ("trail_detail", "content"),
    ("seal_key", "private_key"),
)


def _refuse_another_key(config: Config) -> None:
    """A key that fits nothing would only be noticed when the first note is opened, and by then new ones are sealed."""
    for table, column in _SEALED:
        row = database.execute_sql(f"SELECT {column} FROM {table} ORDER BY id DESC LIMIT 1").fetchone()  # noqa: S608
        if row and not sealing.is_known(bytes(row[0])):
            raise ConfigError(f"The key {config.key_path} is another key than this database’s: put the right one back.")


def _runner() -> Runner:
    return Runner(database, str(_MIGRATIONS))


def _pending() -> list[str]:
    return [row.name for row in _runner().status() if not row.applied]


def _keep_copy(config: Config) -> None:
    copy = config.data / "backups" / f"before-migration-{clock.now():%Y%m%d-%H%M%S}.sqlite3"
    copy.parent.mkdir(mode=0o700, exist_ok=True)
    _make_private_file(copy)
    database.execute_sql("VACUUM INTO ?", (str(copy),))


def _make_private_file(path: Path) -> None:
    """An empty file for its owner's eyes only; what SQLite lays beside a database takes over its rights."""
    path.touch(mode=0o600, exist_ok=False)

"""Bringing the database to today's shape, and refusing to start on another."""

from pathlib import Path

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
    if not config.database_path.exists():
        config.data.mkdir(parents=True, exist_ok=True)
        if not config.key_path.exists():
            sealing.make_key_file(config.key_path)
    sealing.load_key_file(config.key_path)
    open_database(str(config.database_path))
    pending = _pending()
    if pending and _runner().applied():
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
    open_database(str(config.database_path))
    if unknown := [row.name for row in _runner().status() if row.path is None]:
        raise ConfigError(f"The database is newer than this coachbase ({unknown[0]}): install the newer version again.")
    if pending := _pending():
        raise ConfigError(f"The database waits for {pending[0]}: run `python app.py migrate`.")
    if lost := triggers.missing():
        raise ConfigError(f"The database lost its guard {lost[0]}: run `python app.py migrate`.")


def _runner() -> Runner:
    return Runner(database, str(_MIGRATIONS))


def _pending() -> list[str]:
    return [row.name for row in _runner().status() if not row.applied]


def _keep_copy(config: Config) -> None:
    copy = config.data / "backups" / f"before-migration-{clock.now():%Y%m%d-%H%M%S}.sqlite3"
    copy.parent.mkdir(exist_ok=True)
    database.execute_sql("VACUUM INTO ?", (str(copy),))

"""The database: one SQLite file, its field types, and `@atomic`, the only way to write.

Why cysqlite: SQLite up to 3.51.2 can corrupt a WAL database that two connections write; cysqlite carries its own newer
one. Why IMMEDIATE: a deferred transaction that reads and then writes fails at once when another writes in between.
"""

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

import peewee
from peewee import CharField, Field, IntegrityError, TextField
from playhouse.cysqlite_ext import AutoIncrementField, CySqliteDatabase
from ulid import ULID

from . import clock, sealing
from .errors import AlreadyDone, RefusedAndNoted

OLDEST_SQLITE = (3, 51, 3)
P = ParamSpec("P")
R = TypeVar("R")


class Writer(peewee.Context):
    """Writes a statement. A column of a table, which is most of what ours consist of, takes one step where peewee takes
    six; peewee writes the rest."""

    __slots__ = ()

    def sql(self, obj: Any) -> Self:
        if isinstance(obj, Field) and type(obj).__sql__ is Field.__sql__ and self.scope != peewee.SCOPE_VALUES:
            return self.literal(f'"{self.alias_manager[obj.model._meta.table]}"."{obj.column_name}"')
        return super().sql(obj)


class OneFile(CySqliteDatabase):
    """SQLite as we use it."""

    context_class = Writer

    def rollback(self) -> None:
        """When the disk is full SQLite rolls back by itself; to ask again would hide that reason behind an error."""
        if self.connection().in_transaction:
            super().rollback()


database = OneFile(
    None,
    pragmas={"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "busy_timeout": 5000},
    lock_type="IMMEDIATE",
)


if TYPE_CHECKING:

    class Column(Field):
        """For the type checker: a field of a row holds a value, not a field."""

        def __get__(self, row: object, kind: type) -> Any: ...
        def __set__(self, row: object, value: Any) -> None: ...
else:
    Column = Field


class UtcDateTimeField(Column):
    """A moment: aware in Python, UTC text of fixed width in the file, so that it sorts and compares as text."""

    field_type = "TEXT"

    def db_value(self, value: datetime | None) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its zone")
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")

    def python_value(self, value: str | None) -> datetime | None:
        return None if value is None else datetime.fromisoformat(f"{value}+00:00")


class SealedField(Column):
    """Bytes that are encrypted in the file; see sealing.py. Cannot be searched or sorted, on purpose."""

    field_type = "BLOB"

    def _place(self) -> str:
        return f"{self.model._meta.table_name}.{self.column_name}"

    def db_value(self, value: Any) -> bytes | None:
        return None if value is None else sealing.seal(value, self._place())

    def python_value(self, value: bytes | None) -> Any:
        return None if value is None else sealing.unseal(bytes(value), self._place())


class EncryptedTextField(SealedField):
    """Text that is encrypted in the file."""

    def db_value(self, value: str | None) -> bytes | None:
        return super().db_value(None if value is None else value.encode())

    def python_value(self, value: bytes | None) -> str | None:
        plain = super().python_value(value)
        return None if plain is None else plain.decode()


class EncryptedBlobField(SealedField):
    """A document's bytes, encrypted in the file."""


class NoCaseField(TextField, Column):
    """Text compared without regard to case: mail addresses."""

    def __init__(self, **options: Any) -> None:
        super().__init__(collation="NOCASE", **options)


def new_public_id() -> str:
    """A ULID: the only id that leaves the database."""
    return str(ULID())


class PublicIdField(CharField):
    """The id the world sees; made with the row."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=26, unique=True, default=new_public_id, **options)


class Model(peewee.Model):
    """A table of coachbase."""

    id = AutoIncrementField()

    class Meta:
        database = database
        legacy_table_names = False
        only_save_dirty = True

    def twin(self) -> Self:
        """The same row in an object of its own: what is kept between requests must not be changed by one of them."""
        twin = type(self)(__no_default__=True)
        twin.__data__.update(self.__data__)
        return twin


def every_model(below: type[Model] = Model) -> Iterator[type[Model]]:
    """Every model that has a table; one with `is_shape` of its own only gives columns to those below it."""
    for model in below.__subclasses__():
        if "is_shape" not in vars(model):
            yield model
        yield from every_model(model)


ADDED_LATER = peewee.SQL("DEFAULT ''")
"""For a text column that a later migration adds: SQLite asks for what older rows hold."""


class Once(Model):
    """A form that was sent: its key goes in with what the form did, so that a second sending does nothing."""

    key = CharField(max_length=64, unique=True)
    at = UtcDateTimeField(index=True)
    location = TextField(null=True)


once_key: ContextVar[str | None] = ContextVar("once_key", default=None)
"""The key of the form being handled; the edge sets it, the first action of the request takes it."""


class _Kept(threading.local):
    """What one connection has read since anybody last wrote."""

    stamp: tuple[object, ...] = ()

    def __init__(self) -> None:
        self.values: dict[object, Any] = {}


_kept = _Kept()
MOST_KEPT = 500


def kept(key: object, read: Callable[[], R]) -> R:
    """What `read()` gives, read again only after somebody has written to the database.

    For what nearly every page asks: who is this, what is the firm called, how many are open. SQLite itself says whether
    anything changed: `data_version` when another connection committed, `total_changes` when this one wrote. So there is
    nothing to invalidate and nothing to forget. Both count for one connection only, so a new one begins anew. What is
    returned is shared: do not change it.
    """
    if database.in_transaction():
        return read()
    connection = database.connection()
    stamp = (connection, connection.execute("PRAGMA data_version").fetchone(), connection.total_changes())
    if stamp != _kept.stamp or len(_kept.values) > MOST_KEPT:
        _kept.stamp, _kept.values = stamp, {}
    if key not in _kept.values:
        _kept.values[key] = read()
    return _kept.values[key]


_write_lock = threading.RLock()


class _Afterwards(threading.local):
    """What is to be done once the transaction of this thread is committed, each thing once."""

    def __init__(self) -> None:
        self.works: dict[Callable[[], None], None] = {}


_afterwards = _Afterwards()


def after_commit(work: Callable[[], None]) -> None:
    """Do this when what is being written is committed, and never when it is rolled back.

    For what is kept beside the database. What must happen is a row instead: a process that is killed forgets this.
    """
    _afterwards.works[work] = None


@contextmanager
def transaction() -> Iterator[None]:
    """BEGIN IMMEDIATE … COMMIT; inside another one it simply joins.

    The lock lets this process's threads queue up fairly instead of fighting for SQLite's write lock, whose
    busy handler sleeps at random and makes the slowest of eight writers wait for hundreds of milliseconds.
    """
    with _write_lock:
        if database.in_transaction():
            yield
            return
        _afterwards.works = {}
        with database.atomic("IMMEDIATE"):
            yield
        works, _afterwards.works = _afterwards.works, {}
        for work in works:
            work()


def atomic(action: Callable[P, R]) -> Callable[P, R]:
    """Make a verb one transaction: all of it happens, or nothing does.

    A refusal that is to be noted is raised after what the action wrote, a wrong code say, is committed. Raises
    AlreadyDone when the form behind this request has taken effect before.
    """

    @functools.wraps(action)
    def whole(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction():
            _take_once_key()
            try:
                return action(*args, **kwargs)
            except RefusedAndNoted as refusal:
                noted = refusal
        raise noted

    whole.is_atomic = True  # type: ignore[attr-defined]
    return whole


def _take_once_key() -> None:
    key = once_key.get()
    if key is None:
        return
    once_key.set(None)
    try:
        Once.insert(key=key, at=clock.now()).execute()
    except IntegrityError:
        raise AlreadyDone(key) from None


def open_database(path: str) -> None:
    """Point at the file; the connection itself is opened by whichever thread needs it."""
    if not database.is_closed():
        database.close()
    database.init(path)

"""The two databases set up alike: types, naming, and sessions that read or write.

SQLite is set up as measured safe for several processes: WAL with ``synchronous=FULL``, an explicit ``BEGIN IMMEDIATE``
for every transaction that may write (Python's own transaction handling loses acknowledged edits), a plain ``BEGIN``
and ``query_only`` for one that only reads, and ``recursive_triggers`` so that REPLACE cannot pass the audit's triggers.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Enum,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.functions import FunctionElement

from register.clock import Clock, SystemClock
from register.errors import Unusable

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
WANTED = "write sqlite:////FOLDER/FILE or postgresql://USER:PASSWORD@HOST/NAME"
# Seconds: how long a writer waits for its turn, and how often it asks.
LONGEST_WAIT = 15
SHORTEST_PAUSE, LONGEST_PAUSE = 0.0003, 0.005
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={1000 * LONGEST_WAIT}",
    "recursive_triggers=ON",
    # 32 MB: an audited change writes some twenty pages, mostly the same ones; the usual 4 MB would be copied back into
    # the database, by a writer while the others wait, every fifty changes.
    "wal_autocheckpoint=8000",
    "trusted_schema=OFF",
    # 32 MB: what the pages of a ministry with thousands of use cases read fits in, and is not fetched again for each.
    "cache_size=-32768",
)
# Of a database that is filled once, only read after that, and gone with its process.
SCRATCH_PRAGMAS = ("synchronous=OFF", "foreign_keys=OFF", "trusted_schema=OFF", "cache_size=-32768")
# PRAGMA optimize: analyse where it would help (0x02), and look at all tables, not at those lately queried (0x10000).
EVERY_TABLE = 0x10002
# SQLite 3.7.0 to 3.51.2 may corrupt a WAL database that several processes checkpoint (sqlite.org/wal.html).
SQLITE_FIXED = (3, 51, 3)


class Base(DeclarativeBase):
    """The root of every model; its metadata carries the naming convention that the migrations rely on."""

    metadata = MetaData(naming_convention=NAMING)


def table_of(model: type[DeclarativeBase]) -> Table:
    """Return the table of ``model``: statements on it pass by the ORM, which costs twice the statement itself."""
    return cast("Table", model.__table__)


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware moment, stored in UTC on both databases; a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        utc = value.astimezone(dt.UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        # PostgreSQL answers in the time zone of its session, which is the server's own.
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


Json = JSON().with_variant(JSONB(), "postgresql")
# SQLite gives rowids only to INTEGER; the audit may outgrow 32 bits on PostgreSQL.
BigId = BigInteger().with_variant(Integer(), "sqlite")


def term(kind: type[StrEnum], name: str) -> Enum:
    """Return a VARCHAR column type with a CHECK that admits the codes of ``kind``; ``name`` is the constraint's."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=name,
        values_callable=lambda members: [member.value for member in members],
    )


def roomy(session: Session) -> None:
    """Give the statements of this transaction room to group in memory: PostgreSQL's own 4 MB send it to the disk."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql("SET LOCAL work_mem = '64MB'")


class unindexed(FunctionElement[Any]):
    """A column by whose index SQLite shall not look for rows: one of few values, beside an order with its own index.

    SQLite takes an index on an equality for better than one that spares it to sort what is found.
    """

    inherit_cache = True

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(unindexed)
def _as_it_is(element: unindexed, compiler: Any, **more: Any) -> str:
    return str(compiler.process(element.clauses, **more))


@compiles(unindexed, "sqlite")
def _with_a_plus(element: unindexed, compiler: Any, **more: Any) -> str:
    return f"+{compiler.process(element.clauses, **more)}"


def code(length: int = 32) -> String:
    """Return the column type of a code that a list in ``config/codes`` or a form version defines."""
    return String(length)


class Database:
    """One engine with its two kinds of session; holds the clock that stamps what is written.

    ``scratch`` is for a file that nobody needs after this process: no wait for the disk, no check of foreign keys.
    """

    def __init__(self, url: str, clock: Clock | None = None, *, scratch: bool = False) -> None:
        self.engine = make_engine(url, SCRATCH_PRAGMAS if scratch else PRAGMAS)
        self.clock = clock or SystemClock()
        reading = self.engine.execution_options(readonly=True, postgresql_readonly=True)
        if self.dialect == "postgresql":
            # As on SQLite: a check of the chain that saw its head move would cry forgery.
            reading = reading.execution_options(isolation_level="REPEATABLE READ")
        # Objects stay readable after the edge's one commit: the redirect needs their ids, not a new query.
        self._write = sessionmaker(self.engine, expire_on_commit=False, info={"clock": self.clock})
        self._read = sessionmaker(reading, autoflush=False, info={"clock": self.clock, "readonly": True})
        self._check: Callable[[Session], None] | None = None

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    def session(self, *, write: bool) -> Session:
        """Return a new session; the caller closes it. A reading session refuses to flush (see ``audit``)."""
        return self._write() if write else self._read()

    def optimize(self) -> None:
        """Bring up to date what the database knows of its tables' contents.

        SQLite looks at every table that has changed much since, at a bounded number of rows of each; PostgreSQL at a
        sample of each, which it otherwise does only after many changes.
        """
        wanted = f"PRAGMA optimize={EVERY_TABLE:#x}" if self.dialect == "sqlite" else "ANALYZE"
        with self.engine.begin() as connection:
            connection.exec_driver_sql(wanted)

    def guarded(self, check: Callable[[Session], None]) -> Database:
        """Return the same database, every ``writing`` of which begins with ``check``: what that raises ends it."""
        made = copy(self)
        made._check = check
        return made

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session whose work is committed once at the end, or rolled back when an exception leaves."""
        with self._write() as session, session.begin():
            if self._check is not None:
                self._check(session)
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that only reads: every statement sees the register of the same moment."""
        with self._read() as session:
            yield session


def make_engine(url: str, pragmas: Sequence[str] = PRAGMAS) -> Engine:
    """Return an engine for ``url``, set up for several processes on either database; raise ``Unusable`` for any other.

    Its errors do not show the values of a statement: they end in logs, and may be the text of a case.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise Unusable(f"REGISTER_DATABASE_URL is no address of a database: {WANTED}") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database:
        return _sqlite_engine(parsed, Path(parsed.database), pragmas)
    if backend == "postgresql":
        # A writer waits as long as on SQLite; a session whose host is gone does not keep its locks for ever.
        limits = f"-c lock_timeout={LONGEST_WAIT}s -c idle_in_transaction_session_timeout=5min"
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"options": limits},
        )
    kind = "SQLite without a file" if backend == "sqlite" else backend
    raise Unusable(f"REGISTER_DATABASE_URL names {kind}, which is not supported: {WANTED}")


def _sqlite_engine(url: URL, path: Path, pragmas: Sequence[str]) -> Engine:
    if sqlite.sqlite_version_info < SQLITE_FIXED:
        raise RuntimeError(f"SQLite {sqlite.sqlite_version} may corrupt a shared database; 3.51.3 or newer is needed")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"REGISTER_DATABASE_URL: the folder {path.parent} cannot be made ({error.strerror})") from None
    engine = create_engine(
        url.set(drivername="sqlite"),
        module=sqlite,
        connect_args={"timeout": LONGEST_WAIT},
        hide_parameters=True,
        # The connection used last is the next: the one that a request writes on then stays the one that writes.
        pool_use_lifo=True,
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        record.info["readonly"] = False
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        readonly = connection.get_execution_options().get("readonly", False)
        # Past the engine, which would prepare and log what is the same for every transaction.
        driver: Any = connection.connection.driver_connection
        try:
            # Said only when it changes: SQLite prepares every statement of the connection anew after it.
            if connection.info["readonly"] is not readonly:
                driver.execute(f"PRAGMA query_only={'ON' if readonly else 'OFF'}")
                connection.info["readonly"] = readonly
            if readonly:
                driver.execute("BEGIN")
            else:
                _begin_writing(driver)
        except sqlite.OperationalError as error:
            raise OperationalError("BEGIN", None, error) from error

    return engine


def _begin_writing(driver: Any) -> None:
    """Take SQLite's one write lock; raise ``OperationalError`` when it is not to be had in ``LONGEST_WAIT`` seconds.

    SQLite's own waiting sleeps ever longer, up to a tenth of a second, while the lock is held for a few milliseconds:
    under several writers most of the time would go by with nobody writing.
    """
    driver.execute("PRAGMA busy_timeout=0")
    try:
        until, pause = time.monotonic() + LONGEST_WAIT, SHORTEST_PAUSE
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite.OperationalError as error:
                if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > until:
                    raise
                time.sleep(pause)
                pause = min(pause * 1.1, LONGEST_PAUSE)
            else:
                return
    finally:
        driver.execute(f"PRAGMA busy_timeout={1000 * LONGEST_WAIT}")

"""One runner works, the others stand by: a lock that ends with its holder and knows no clock.

SQLite lives on one host, so a lock on a file beside the database is enough; PostgreSQL keeps an advisory lock for as
long as the connection that took it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

# Any fixed number will do; advisory locks of other uses in the same database must have another.
LOCK = 0x726567_6A6F62
# A leader whose host vanished must be noticed: its connection would otherwise stay open for hours.
CONNECTION = {"tcp_user_timeout": "15000", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3"}


class Leader(Protocol):
    """The right to work."""

    def lead(self) -> bool:
        """Return whether we have the right now; try to take it when we do not."""
        ...

    def close(self) -> None:
        """Give the right back."""
        ...


class FileLeader:
    """Leads while it holds the lock of a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def lead(self) -> bool:
        if self._file is not None:
            return True
        opened = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(opened)
            return False
        self._file = opened
        return True

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class AdvisoryLeader:
    """Leads while its connection, which does nothing else, holds the advisory lock."""

    def __init__(self, url: URL) -> None:
        own = url.set(drivername="postgresql+psycopg").update_query_dict(CONNECTION)
        self._engine = create_engine(own, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._connection: Connection | None = None

    def lead(self) -> bool:
        if self._connection is not None and self._alive(self._connection):
            return True
        self.close()
        connection = self._engine.connect()
        if connection.scalar(text("select pg_try_advisory_lock(:key)"), {"key": LOCK}):
            self._connection = connection
            return True
        connection.close()
        return False

    def _alive(self, connection: Connection) -> bool:
        try:
            return bool(connection.scalar(text("select 1")))
        except DBAPIError:
            return False

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def leader_for(url: str) -> Leader:
    """Return the leader's lock for the database at ``url``."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return FileLeader(Path(f"{parsed.database}.runner.lock"))
    return AdvisoryLeader(parsed)

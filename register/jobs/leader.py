"""One runner works, the others stand by: a lock that ends with its holder and knows no clock.

SQLite lives on one host, so a lock on a file beside the database is enough; PostgreSQL keeps an advisory lock for as
long as the connection that took it. Who gains the lock takes a new fence (``services.leadership``), which everything
that it writes is checked against.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from register.runtime import Runtime
from register.services import leadership
from register.services.jobs import Lost

# Any fixed number will do; advisory locks of other uses in the same database must have another.
LOCK = 0x726567_6A6F62
# A leader whose host vanished must be noticed by the server, which holds its lock, and a vanished server by the leader:
# either end would otherwise keep the connection for hours.
KEEPALIVES = {"keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3"}
SERVERS = " ".join(f"-c tcp_{name}={value}" for name, value in KEEPALIVES.items())
CONNECTION = {**KEEPALIVES, "tcp_user_timeout": "15000", "options": f"{SERVERS} -c tcp_user_timeout=15000"}
# How often a leader says that it lives.
BEAT_SECONDS = 30

log = structlog.get_logger(__name__)


class Leader(Protocol):
    """The right to work; ``turn`` counts how often it was gained."""

    turn: int

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
        self.turn = 0

    def lead(self) -> bool:
        if self._file is not None and self._in_place(self._file):
            return True
        self.close()
        opened = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(opened)
            return False
        self._file = opened
        self.turn += 1
        return True

    def _in_place(self, opened: int) -> bool:
        """Tell whether the file is still the one that others would lock: somebody may have cleared it away."""
        try:
            return os.path.samestat(os.fstat(opened), self._path.stat())
        except FileNotFoundError:
            return False

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
        self.turn = 0

    def lead(self) -> bool:
        if self._connection is not None and self._alive(self._connection):
            return True
        self.close()
        connection = self._engine.connect()
        if connection.scalar(text("select pg_try_advisory_lock(:key)"), {"key": LOCK}):
            self._connection = connection
            self.turn += 1
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


class Leadership:
    """The lock and the fence of one runner, shared by its threads."""

    def __init__(self, run: Runtime, leader: Leader | None = None) -> None:
        self._run = run
        self._leader = leader or leader_for(run.settings.database_url)
        self._mutex = threading.Lock()
        self._led: Led | None = None
        self._turn = 0
        self._beaten = 0.0

    def lead(self) -> Led | None:
        """Return what may be done as the leader, None when another leads; take the lock and a new fence if we can."""
        with self._mutex:
            if not self._leader.lead():
                self._led = None
                return None
            try:
                # A lock that was lost and gained again is a new turn: another may have led in between.
                if self._led is None or self._turn != self._leader.turn:
                    self._take()
                elif time.monotonic() - self._beaten >= BEAT_SECONDS:
                    self._beat(self._led)
            except Lost:
                self._led = None
            return self._led

    def held(self) -> Led | None:
        """Return the same without asking for the lock: what a step does is checked against the fence."""
        return self._led

    def drop(self, led: Led) -> None:
        """Forget a fence that was found to be an old one; the next ``lead`` takes a new one, if the lock is ours."""
        with self._mutex:
            if self._led is led:
                self._led = None

    def close(self) -> None:
        """Let another runner lead."""
        with self._mutex:
            self._led = None
            self._leader.close()

    def _take(self) -> None:
        self._led = None
        with self._run.database.writing() as session:
            fence = leadership.take(session, f"{socket.gethostname()}:{os.getpid()}")
        self._led, self._turn, self._beaten = Led(self._run, fence), self._leader.turn, time.monotonic()
        log.info("this runner leads", fence=fence)

    def _beat(self, led: Led) -> None:
        with self._run.database.writing() as session:
            leadership.beat(session, led.fence)
        self._beaten = time.monotonic()


class Led:
    """What the leader works with: its fence, and a runtime whose every transaction first checks it."""

    def __init__(self, run: Runtime, fence: int) -> None:
        self.fence = fence
        self.run = self.guarded(run)

    def guarded(self, run: Runtime) -> Runtime:
        """Return ``run`` with the same check: a replay has a clock of its own."""
        return replace(run, database=run.database.guarded(self.hold))

    def hold(self, session: Session) -> None:
        """Raise ``Lost`` unless we lead still; until the transaction ends nobody else will."""
        leadership.hold(session, self.fence)

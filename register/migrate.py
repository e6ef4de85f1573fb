"""Bringing a database to a schema revision; the revisions themselves stand in ``migrations``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import Engine


def upgrade(engine: Engine, scripts: Path, revision: str = "head") -> None:
    """Upgrade the database to ``revision`` in one transaction."""
    with _changing(engine) as connection:
        command.upgrade(_config(scripts, connection), revision)


def downgrade(engine: Engine, scripts: Path, revision: str) -> None:
    """Take the database back to ``revision`` (``base`` empties it) in one transaction."""
    with _changing(engine) as connection:
        command.downgrade(_config(scripts, connection), revision)


def current(engine: Engine) -> str | None:
    """Return the database's revision; None when it holds no schema yet."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest(scripts: Path) -> str | None:
    """Return the revision that this code needs."""
    return ScriptDirectory(str(scripts)).get_current_head()


def _config(scripts: Path, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _changing(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in one transaction; SQLite looks at its foreign keys at the end of it, not on the way.

    SQLite changes a table by making it anew, and would take the rows that point at the old one along.
    """
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin():
                yield connection
            return
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                if broken := driver.execute("PRAGMA foreign_key_check").fetchone():
                    raise RuntimeError(f"rows of {broken[0]} point at rows of {broken[2]} that are not there")
        finally:
            driver.execute("PRAGMA foreign_keys=ON")

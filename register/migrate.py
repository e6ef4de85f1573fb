"""Bringing a database to a schema revision; the revisions themselves stand in ``migrations``."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import Engine


def upgrade(engine: Engine, scripts: Path, revision: str = "head") -> None:
    """Upgrade the database to ``revision`` in one transaction."""
    with engine.begin() as connection:
        command.upgrade(_config(scripts, connection), revision)


def downgrade(engine: Engine, scripts: Path, revision: str) -> None:
    """Take the database back to ``revision`` (``base`` empties it) in one transaction."""
    with engine.begin() as connection:
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

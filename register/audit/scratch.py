"""A database for a past state: our own tables in a temporary file, read by the queries of the screens, then deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import CheckConstraint, Column, Connection, Index, Integer, MetaData, String, Table, UniqueConstraint
from sqlalchemy.schema import CreateIndex

from register.clock import Clock
from register.db import NAMING, Base, Database

# Which values of the state are not known, because their clear text was lawfully purged.
PURGED_VALUES = Table(
    "purged_value",
    MetaData(),
    Column("table_name", String(64), primary_key=True),
    Column("pk", Integer, primary_key=True),
    Column("field", String(64), primary_key=True),
)


@contextmanager
def scratch(clock: Clock) -> Iterator[Database]:
    """Yield an empty database that ``replay`` fills; it is deleted when the block is left.

    ``clock`` is what its sessions take for the present: a fixed one at the past moment lets its deadlines be those of
    then. The file holds confidential text; only its owner may read it.
    """
    with TemporaryDirectory(prefix="register-past-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'past.sqlite3'}", clock, scratch=True)
        try:
            with database.engine.begin() as connection:
                _schema().metadata.create_all(connection)
                PURGED_VALUES.create(connection)
            yield database
        finally:
            database.engine.dispose()


def add_indexes(connection: Connection) -> None:
    """Add the indexes that the queries count on, where they are not there yet; without them the tables fill faster."""
    for index in _schema().indexes:
        connection.execute(CreateIndex(index, if_not_exists=True))


@dataclass(frozen=True)
class _Schema:
    """Our tables without what was the register's to enforce, and their indexes."""

    metadata: MetaData
    indexes: tuple[Index, ...]


@cache
def _schema() -> _Schema:
    # Entries are taken together, so that two rows may hold for a moment what only one of them may: nothing is unique.
    metadata, indexes = MetaData(naming_convention=NAMING), []
    for table in Base.metadata.sorted_tables:
        copy = table.to_metadata(metadata)
        for constraint in [*copy.constraints]:
            if isinstance(constraint, UniqueConstraint):
                columns = [*constraint.columns]
                Index("_".join(["uq", table.name, *(column.name for column in columns)]), *columns)
            if isinstance(constraint, UniqueConstraint | CheckConstraint):
                copy.constraints.discard(constraint)
        for index in copy.indexes:
            index.unique = False
        indexes += sorted(copy.indexes, key=lambda index: str(index.name))
        copy.indexes.clear()
    return _Schema(metadata, tuple(indexes))

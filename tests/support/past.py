"""Whole copies of the audited tables, and the state that is replayed from the log beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.db import Base, Database
from register.models import Audited

# What no log holds.
SECRETS = {("user", "password"), ("user", "fs_uniquifier"), ("webhook", "url")}
# Of this many entries at once a replay is made; the log of a test fits into one batch otherwise.
BATCHES = (1, 2_000)
Copy = dict[str, dict[int, dict[str, Any]]]


def copy_of(session: Session) -> Copy:
    """Return every row of every audited table but its secrets: by table, id and column."""
    tables = sorted(
        mapper.class_.__tablename__ for mapper in Base.registry.mappers if issubclass(mapper.class_, Audited)
    )
    copy: Copy = {}
    for name in tables:
        table = Base.metadata.tables[name]
        columns = [column for column in table.c if (name, column.name) not in SECRETS]
        rows = session.execute(select(*columns).order_by(table.c.id)).mappings()
        copy[name] = {row["id"]: dict(row) for row in rows}
    return copy


def size(copy: Copy) -> int:
    """Return how many rows a copy has."""
    return sum(map(len, copy.values()))


@contextmanager
def past(database: Database, seq: int | None = None) -> Iterator[tuple[audit.Replayed, Database]]:
    """Yield the state after entry ``seq``, the last one when none is named, and how it was made."""
    with database.reading() as session, audit.scratch(database.clock) as scratch:
        yield audit.replay(session, audit.head(session)[0] if seq is None else seq, scratch), scratch


def replayed(database: Database, seq: int | None = None) -> Copy:
    """Return a copy of the state after entry ``seq``."""
    with past(database, seq) as (_, scratch), scratch.reading() as session:
        return copy_of(session)


def told(database: Database) -> list[tuple[str, int, tuple[str, ...]]]:
    """Return what the comparison of the tables with the log finds."""
    with past(database) as (_, scratch), database.reading() as session:
        return [(one.table, one.pk, one.fields) for one in audit.differences(session, scratch)]

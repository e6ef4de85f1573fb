"""What the tables hold beside what the log says: a row that was changed behind the register's back is found by it.

The marks of the triggers show such a change until somebody takes them away; the log shows it for good.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, Dialect, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from register.audit.chain import canonical
from register.audit.restore import UNTOLD_VERSION, Shape, shapes, untold_id
from register.audit.scratch import PURGED_VALUES
from register.db import Database
from register.errors import Say, listed, say

BATCH = 500
# The stored value as the driver gives it: what is not of the column's type is told as a difference, not as a failure.
_RAW = NullType()


@dataclass(frozen=True)
class Difference:
    """A row that is otherwise in the table than the log says; ``fields`` are empty where one of the two has no row."""

    table: str
    pk: int
    fields: tuple[str, ...]
    sentence: Say


Values = Mapping[str, Any]
Line = tuple[int, Values]


class _Unreadable:
    """A stored value that is none of its column's type; equal to nothing."""


def differences(session: Session, past: Database) -> Iterator[Difference]:
    """Yield the rows of every audited table that differ from ``past``, the state at the head as it was replayed.

    Left out is what the log cannot tell: secrets, clear texts that were purged, and of rows that were last changed
    before the log held whole rows the id of the page and the count of edits. Both sides are read row by row.
    """
    with past.reading() as told:
        for shape in shapes().values():
            yield from _of_table(session, told, shape)


def _of_table(session: Session, told: Session, shape: Shape) -> Iterator[Difference]:
    with closing(_rows(session, shape)) as have, closing(_rows(told, shape)) as said:
        for pk, one, other in _together(have, said):
            if other is None:
                yield Difference(shape.table.name, pk, (), say("表にあり、記録にない行です。"))
            elif one is None:
                yield Difference(shape.table.name, pk, (), say("記録にあり、表にない行です。"))
            elif one != other and (names := _otherwise(told, shape, pk, one, other)):
                sentence = say("記録と違う項目：%(fields)s", fields=listed(names))
                yield Difference(shape.table.name, pk, tuple(names), sentence)


def _together(have: Iterator[Line], said: Iterator[Line]) -> Iterator[tuple[int, Values | None, Values | None]]:
    """Yield each id that either has, in their order, with the values of both."""
    one, other = next(have, None), next(said, None)
    while one or other:
        pk = min(line[0] for line in (one, other) if line)
        mine, theirs = (line if line and line[0] == pk else None for line in (one, other))
        yield pk, mine and mine[1], theirs and theirs[1]
        one = next(have, None) if mine else one
        other = next(said, None) if theirs else other


def _otherwise(told: Session, shape: Shape, pk: int, one: Values, other: Values) -> list[str]:
    names = [name for name, value in one.items() if value != other[name] and not _untold(shape, pk, name, other[name])]
    if names:
        own = PURGED_VALUES.c
        purged = set(told.scalars(select(own.field).where(own.table_name == shape.table.name, own.pk == pk)))
        names = [name for name in names if name not in purged]
    return names


def _untold(shape: Shape, pk: int, name: str, value: Any) -> bool:
    """Tell whether ``value`` stands for one that was never recorded."""
    if name == shape.version:
        return bool(value == UNTOLD_VERSION)
    return name in shape.ids and bool(value == untold_id(shape.table.name, pk))


def _rows(session: Session, shape: Shape) -> Generator[Line]:
    dialect = session.get_bind().dialect
    columns = [field.column for field in shape.fields.values() if not field.secret]
    readers = {column.name: _reader(column, dialect) for column in columns}
    raw = (type_coerce(column, _RAW) for column in columns)
    statement = select(shape.table.c.id, *raw).order_by(shape.table.c.id).execution_options(yield_per=BATCH)
    with session.execute(statement) as found:
        for pk, *stored in found:
            yield pk, {name: read(value) for (name, read), value in zip(readers.items(), stored, strict=True)}


def _reader(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any]:
    convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
    as_json = isinstance(column.type, JSON)

    def read(stored: Any) -> Any:
        try:
            value = convert(stored) if convert and stored is not None else stored
            # True and 1 are equal, and not the same answer.
            return canonical(value) if as_json and stored is not None else value
        except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
            return _Unreadable()

    return read

"""From the plain JSON of an entry back to what the columns hold: by their types, and what stands where it is silent."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Enum, Integer, LargeBinary, String, Table, Uuid
from sqlalchemy.orm import Mapper

from register.db import Base, UtcDateTime, table_of
from register.models import Audited
from register.vocab import DisclosureClass, RiskResult

# What a confidential text reads where its clear text was lawfully purged.
PURGED = "（法令に基づき消去済み）"
# The version of a row whose last change does not tell it.
UNTOLD_VERSION = 0
# The ids of rows that were written before the log held them are made of this one.
_UNTOLD_IDS = uuid.UUID("5f0c2f0e-6c1b-4d3e-9a57-0d6c4e1b7a21")


@dataclass(frozen=True)
class Bound:
    """Bytes of which the log holds the digest alone."""

    sha256: str


# How a value of each type is read, and what stands for none where there must be one. The first that fits is taken.
_TYPES: tuple[tuple[type[Any], Callable[[Any, Any], Any], Callable[[Any], Any]], ...] = (
    (Enum, lambda kind, value: kind.enum_class(value), lambda kind: _no_term(kind.enum_class)),
    (UtcDateTime, lambda _, value: dt.datetime.fromisoformat(value), lambda _: dt.datetime.fromtimestamp(0, dt.UTC)),
    (Date, lambda _, value: dt.date.fromisoformat(value), lambda _: dt.date(1970, 1, 1)),
    (Uuid, lambda _, value: uuid.UUID(value), lambda _: None),
    (JSON, lambda _, value: value, lambda _: {}),
    (LargeBinary, lambda _, value: Bound(value["sha256"]), lambda _: b""),
    (Boolean, lambda _, value: bool(value), lambda _: False),
    (Integer, lambda _, value: int(value), lambda _: 0),
    (String, lambda _, value: str(value), lambda _: ""),
)
# Where the first word of a vocabulary would claim something that is not known.
_NO_TERM: Mapping[type[StrEnum], StrEnum] = {
    RiskResult: RiskResult.UNDETERMINED,
    DisclosureClass: DisclosureClass.CLOSED,
}


def _no_term(kind: type[StrEnum]) -> StrEnum:
    return _NO_TERM.get(kind) or next(iter(kind))


@dataclass(frozen=True)
class Field:
    """A column as the log knows it: ``key`` is its name in an entry, ``blank`` what it holds where none is told."""

    key: str
    column: Column[Any]
    read: Callable[[Any], Any]
    blank: Any
    purged: Any

    @property
    def secret(self) -> bool:
        return bool(self.column.info.get("secret"))

    def value(self, told: Any) -> Any:
        """Return what the column holds when the log tells ``told``; raise ``ValueError`` for what it cannot hold."""
        if told is None:
            return None if self.column.nullable else self.blank
        return self.read(told)


@dataclass(frozen=True)
class Shape:
    """An audited table: its fields by their names in an entry.

    ``version`` names the column that counts the edits, ``ids`` those of random ids, ``bound`` those whose bytes the log
    binds by their digest; ``blanks`` is what the columns hold where an entry is silent.
    """

    table: Table
    fields: Mapping[str, Field]
    version: str | None
    ids: tuple[str, ...]
    bound: tuple[str, ...]
    blanks: Mapping[str, Any]

    def blank(self, pk: int) -> dict[str, Any]:
        """Return a row of which nothing was told."""
        return {**self.blanks, **{name: untold_id(self.table.name, pk) for name in self.ids}, "id": pk}


def untold_id(table: str, pk: int) -> uuid.UUID:
    """Return the id that stands for one that the log does not hold: always the same, and no row's own."""
    return uuid.uuid5(_UNTOLD_IDS, f"{table}/{pk}")


@cache
def shapes() -> Mapping[str, Shape]:
    """Return the shape of every audited table, by its name."""
    mappers = [mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, Audited)]
    found = {mapper.class_.__tablename__: _shape(mapper) for mapper in mappers}
    return {name: found[name] for name in sorted(found)}


def _shape(mapper: Mapper[Any]) -> Shape:
    fields = {}
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if isinstance(column, Column) and not column.primary_key:
            fields[attribute.key] = _field(attribute.key, column)
    counter = mapper.version_id_col
    columns = {field.column.key: field for field in fields.values()}
    ids = tuple(key for key, field in columns.items() if isinstance(field.column.type, Uuid))
    return Shape(
        table_of(mapper.class_),
        fields,
        None if counter is None else str(counter.key),
        ids,
        tuple(key for key, field in columns.items() if isinstance(field.column.type, LargeBinary)),
        # A column of which the database alone knows the default is left to it.
        {
            key: one.blank
            for key, one in columns.items()
            if key not in ids and (one.column.server_default is None or one.column.default is not None)
        },
    )


def _field(key: str, column: Column[Any]) -> Field:
    kind = column.type
    read, empty = next((read, empty) for one, read, empty in _TYPES if isinstance(kind, one))
    purged = PURGED if isinstance(kind, String) and not isinstance(kind, Enum) else empty(kind)
    return Field(key, column, lambda value: read(kind, value), _blank(column, empty(kind)), purged)


def _blank(column: Column[Any], empty: Any) -> Any:
    """Return what a column holds of which an entry is silent: its default, else nothing, else the type's own nothing.

    An entry is silent where it was written before the log held whole rows, or before the column was there.
    """
    default: Any = column.default
    if column.info.get("secret"):
        return None if column.nullable else ""
    if default is not None and default.is_scalar:
        return default.arg
    if default is not None and default.is_callable and not isinstance(column.type, Uuid):
        return default.arg(None)
    return None if column.nullable else empty

"""The log in words: a sentence for every event, a name for every table and field that an entry may hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from sqlalchemy import Column, Enum
from sqlalchemy.orm import Mapper

from register.audit import Event
from register.db import Base, UtcDateTime
from register.formspec.schema import FormSpec
from register.models import BuiltTableVersion
from register.reports import builder
from register.reports.dimensions import Dimensions
from register.vocab import Role, Term
from register.web.filters import day_text, language, moment_text, number, said, say
from register.web.log_fields import FIELDS, TABLES
from register.web.log_names import SENTENCES


def sentence(event: str) -> str:
    """Return what was done, in words; an event of a later version is shown by its code."""
    return str(SENTENCES[Event(event)]) if event in set(Event) else event


def field_name(table: str, name: str) -> str:
    """Return what a recorded field is called; a name that means something else in one table is told apart there."""
    return str(FIELDS.get(f"{table}.{name}") or FIELDS.get(name, name))


def table_name(table: str) -> str:
    """Return what a table is called; one of a later version by its own name."""
    return str(TABLES.get(table, table))


def column_of(table: str, name: str) -> Column[Any] | None:
    """Return the column that an entry's field stood in; None when the table has no such field any more."""
    for mapper in Base.registry.mappers:
        if _table(mapper) == table and name in mapper.column_attrs:
            column = mapper.column_attrs[name].columns[0]
            return column if isinstance(column, Column) else None
    return None


def value_text(table: str, name: str, value: Any, spec: FormSpec, labels: Mapping[tuple[str, str], str]) -> str:
    """Return a recorded value as a person reads it; empty for no value."""
    column = column_of(table, name)
    if value is None or value == "":
        return ""
    if column is not None and column.info.get("secret"):
        return str(gettext("（値は記録しません）"))
    if isinstance(value, bool):
        return str(gettext("はい") if value else gettext("いいえ"))
    if (table, name) == (BuiltTableVersion.__tablename__, "definition"):
        words = builder.words(builder.read(value), Dimensions(spec, language(), {}))
        return "\n".join(gettext("%(label)s：%(text)s", label=say(label), text=said(text)) for label, text in words)
    if isinstance(value, dict):
        answers = ((_question(spec, key), _answer(spec, key, one)) for key, one in value.items())
        return "\n".join(gettext("%(label)s：%(text)s", label=label, text=text) for label, text in answers)
    if isinstance(value, list):
        return "\n".join(map(str, value))
    if column is not None and (text := _typed(column, value, labels)) is not None:
        return text
    return _answer(spec, name, value)


def _typed(column: Column[Any], value: Any, labels: Mapping[tuple[str, str], str]) -> str | None:
    for key in column.foreign_keys:
        return labels.get((key.column.table.name, str(value)), str(value))
    if isinstance(column.type, Enum) and column.type.enum_class is not None:
        member = column.type.enum_class(value)
        return member.label(language()) if isinstance(member, Term) else str(value)
    if isinstance(column.type, UtcDateTime):
        return moment_text(dt.datetime.fromisoformat(value))
    if column.type.python_type is dt.date:
        return day_text(dt.date.fromisoformat(value))
    return None


def _question(spec: FormSpec, field_id: str) -> str:
    return spec.field(field_id).label(language()) if spec.has(field_id) else field_id


def _answer(spec: FormSpec, field_id: str, value: Any) -> str:
    if isinstance(value, str) and spec.has(field_id) and value in spec.field(field_id).codes:
        return spec.field(field_id).option(value).label(language())
    return str(value)


def _table(mapper: Mapper[Any]) -> str:
    return str(mapper.local_table.description)


def role(code: str) -> str:
    """Return the role that the actor had then."""
    return next((one.label(language()) for one in Role if one.value == code), code)


def detail_text(value: Any) -> str:
    """Return a detail of an entry as a person reads it."""
    if isinstance(value, bool):
        return str(gettext("はい") if value else gettext("いいえ"))
    return number(value) if isinstance(value, int) else str(value)

"""The log in words, in any language: a sentence for every event, a name and a text for all that an entry may hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from sqlalchemy import Column, Enum
from sqlalchemy.orm import Mapper

from register.audit import Event
from register.db import Base, UtcDateTime
from register.errors import Say, say
from register.formspec.loader import FormLibrary
from register.formspec.risk import CodeList, RiskTerms
from register.queries.log_fields import FIELDS, TABLES
from register.queries.log_names import DETAILS, OPERATIONS, SENTENCES
from register.vocab import Role, Term

FACT = "fact_"
# Where codes of the lists of the risk side stand, by the name of the list.
LISTED = {
    ("incident", "categories"): "categories",
    ("incident", "grade"): "grades",
    ("incident", "information"): "information",
    ("incident_reference", "kind"): "references",
}
# What a stored value of one field, by its table and name, says in lines: label and text.
Readers = Mapping[tuple[str, str], Callable[[Any], Iterable[tuple[Say, Say | str]]]]


class Speaker(Protocol):
    """What puts sentences, days, moments and numbers into one language."""

    @property
    def code(self) -> str: ...
    def say(self, sentence: Say) -> str: ...
    def on(self, day: dt.date) -> str: ...
    def at(self, moment: dt.datetime) -> str: ...
    def number(self, value: int) -> str: ...


class LogWords:
    """Puts what entries hold into the words of ``speaker``; ``forms`` and ``terms`` name questions and codes.

    ``readers`` are for values that only a layer above can read.
    """

    def __init__(self, speaker: Speaker, forms: FormLibrary, terms: RiskTerms, readers: Readers | None = None) -> None:
        self._speaker, self._terms, self._readers = speaker, terms, readers or {}
        # Of a question that several versions ask, the newest wins.
        self._questions = {field.id: field for spec in forms.versions.values() for field in spec.fields}

    def sentence(self, event: str) -> str:
        """Return what was done, in words; an event of a later version is shown by its code."""
        return self._speaker.say(SENTENCES[Event(event)]) if event in set(Event) else event

    def field_name(self, table: str, name: str) -> str:
        """Return what a recorded field is called; a name that means something else in one table is told apart there."""
        return self._named(FIELDS.get(f"{table}.{name}") or FIELDS.get(name), name)

    def table_name(self, table: str) -> str:
        """Return what a table is called; one of a later version by its own name."""
        return self._named(TABLES.get(table), table)

    def detail_name(self, name: str) -> str:
        """Return what a detail of an entry is called."""
        return self._named(DETAILS.get(name), "") or self.field_name("", name)

    def operation(self, code: str) -> str:
        """Return what happened to a row."""
        return self._named(OPERATIONS.get(code), code)

    def role(self, code: str) -> str:
        """Return the role that the actor had then."""
        return next((one.label(self._speaker.code) for one in Role if one.value == code), code)

    def detail_text(self, value: Any) -> str:
        """Return a detail of an entry as a person reads it."""
        if isinstance(value, bool):
            return self._yes(value)
        return self._speaker.number(value) if isinstance(value, int) else str(value)

    def value_text(self, table: str, name: str, value: Any, labels: Mapping[tuple[str, str], str]) -> str:
        """Return a recorded value as a person reads it; empty for no value."""
        column = column_of(table, name)
        if value is None or value == "":
            return ""
        if column is not None and column.info.get("secret"):
            return self._speaker.say(say("（値は記録しません）"))
        if isinstance(value, bool):
            return self._yes(value)
        if reader := self._readers.get((table, name)):
            return "\n".join(self._line(label, text) for label, text in reader(value))
        if isinstance(value, dict):
            return "\n".join(self._line(self._question(key), self._answer(key, one)) for key, one in value.items())
        if isinstance(value, list):
            return "\n".join(map(str, value))
        if name_of_list := LISTED.get((table, name)):
            listed: CodeList = getattr(self._terms, name_of_list)
            return "\n".join(listed.label(code, self._speaker.code) for code in str(value).split())
        if column is not None and (text := self._typed(column, value, labels)) is not None:
            return text
        return self._answer(name, value)

    def _named(self, known: Say | None, code: str) -> str:
        return self._speaker.say(known) if known else code

    def _yes(self, value: bool) -> str:
        return self._speaker.say(say("はい") if value else say("いいえ"))

    def _line(self, label: Say | str, text: Say | str) -> str:
        return self._speaker.say(say("%(label)s：%(text)s", label=label, text=text))

    def _typed(self, column: Column[Any], value: Any, labels: Mapping[tuple[str, str], str]) -> str | None:
        for key in column.foreign_keys:
            return labels.get((key.column.table.name, str(value)), str(value))
        if isinstance(column.type, Enum) and column.type.enum_class is not None:
            member = column.type.enum_class(value)
            return member.label(self._speaker.code) if isinstance(member, Term) else str(value)
        if isinstance(column.type, UtcDateTime):
            return self._speaker.at(dt.datetime.fromisoformat(value))
        if column.type.python_type is dt.date:
            return self._speaker.on(dt.date.fromisoformat(value))
        return None

    def _question(self, field_id: str) -> str:
        question = self._questions.get(field_id)
        return question.label(self._speaker.code) if question else field_id

    def _answer(self, field_id: str, value: Any) -> str:
        # What a judgment keeps of its case bears the question's name behind a mark.
        question = self._questions.get(field_id.removeprefix(FACT))
        if question and isinstance(value, str) and value in question.codes:
            return question.option(value).label(self._speaker.code)
        return str(value)


def column_of(table: str, name: str) -> Column[Any] | None:
    """Return the column that an entry's field stood in; None when the table has no such field any more."""
    for mapper in Base.registry.mappers:
        if _table(mapper) == table and name in mapper.column_attrs:
            column = mapper.column_attrs[name].columns[0]
            return column if isinstance(column, Column) else None
    return None


def _table(mapper: Mapper[Any]) -> str:
    return str(mapper.local_table.description)

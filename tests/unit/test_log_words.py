"""The log can be read: every event, table and field that an entry may hold has its words."""

from __future__ import annotations

from register.audit import Event
from register.db import Base
from register.models import Audited
from register.queries.audit import TECHNICAL
from register.queries.log_fields import FIELDS, TABLES
from register.queries.log_names import SENTENCES


def audited() -> list:
    """Return the mappers of the audited models."""
    return [mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, Audited)]


def test_every_event_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Event)
    assert len({str(text) for text in SENTENCES.values()}) == len(SENTENCES)


def test_every_audited_table_has_its_name() -> None:
    assert {mapper.class_.__tablename__ for mapper in audited()} == set(TABLES)


def test_every_field_of_an_audited_table_has_its_name() -> None:
    fields = {
        attribute.key
        for mapper in audited()
        for attribute in mapper.column_attrs
        if not attribute.columns[0].primary_key
    }
    assert fields - set(FIELDS) == set()


def test_what_is_left_out_of_an_entry_is_a_field_and_has_its_reason() -> None:
    fields = {attribute.key for mapper in audited() for attribute in mapper.column_attrs}
    assert TECHNICAL.keys() <= fields
    assert all(TECHNICAL.values())

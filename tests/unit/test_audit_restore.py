"""Back from plain JSON to what the columns hold: every audited column, its values, and what stands for none."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Enum, Integer, LargeBinary, String, Text, Uuid
from sqlalchemy.dialects import sqlite

from register.audit.chain import canonical
from register.audit.record import _plain
from register.audit.restore import PURGED, Bound, Field, shapes, untold_id
from register.db import Base, UtcDateTime
from register.models import Audited
from register.vocab import DisclosureClass, RiskResult

FIELDS = [(name, field) for name, shape in shapes().items() for field in shape.fields.values()]
MOMENT = dt.datetime(2025, 11, 10, 1, 2, 3, 400, tzinfo=dt.UTC)
# Values of each type, and how a log of any kind tells them.
SAMPLES: dict[type, list[Any]] = {
    UtcDateTime: [MOMENT, MOMENT.replace(microsecond=0), dt.datetime(1, 1, 1, tzinfo=dt.UTC)],
    Uuid: [uuid.UUID(int=7)],
    JSON: [{}, [], {"数": [1, 1.5, None, True, {"a": "\u2028"}]}, "text", 0],
    Boolean: [True, False],
    Integer: [0, -1, 2**53 - 1],
    String: ["", "文\n\t\u0000\U0001f600", '{"hmac": "x"}'],
}


def field(table: str, name: str) -> Field:
    return shapes()[table].fields[name]


def samples(column: Column[Any]) -> list[Any]:
    if isinstance(column.type, Enum):
        return list(column.type.enum_class)
    if column.type.python_type is dt.date:
        return [dt.date(1926, 12, 25), dt.date(9999, 12, 31)]
    return next(values for kind, values in SAMPLES.items() if isinstance(column.type, kind))


def test_every_audited_column_is_known() -> None:
    audited = [mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, Audited)]
    assert len(audited) > 30
    assert {mapper.class_.__tablename__: {*mapper.column_attrs.keys()} - {"id"} for mapper in audited} == {
        name: {*shape.fields} for name, shape in shapes().items()
    }


def test_every_value_comes_back_as_it_was() -> None:
    for table, one in FIELDS:
        if isinstance(one.column.type, LargeBinary):
            continue
        for value in samples(one.column):
            back = one.value(json.loads(canonical(_plain(value))))
            assert (back, type(back)) == (value, type(value)), (table, one.key)
        assert one.value(None) == (None if one.column.nullable else one.blank)


def test_bytes_come_back_as_what_binds_them() -> None:
    assert field("form_version", "canonical").value(json.loads(canonical(_plain(b"")))) == Bound(
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


@pytest.mark.parametrize(
    ("table", "name", "value"),
    [
        ("use_case", "lifecycle", "gone"),
        ("use_case", "start_on", "2025-02-30"),
        ("use_case", "public_id", "7"),
        ("use_case", "created_at", "yesterday"),
        ("use_case", "version", "many"),
        ("form_version", "canonical", {}),
    ],
)
def test_what_a_column_cannot_hold_is_refused(table: str, name: str, value: Any) -> None:
    with pytest.raises((ValueError, LookupError)):
        field(table, name).value(value)


def test_a_row_of_which_nothing_was_told_can_be_stored_and_read() -> None:
    dialect = sqlite.dialect()
    for name, shape in shapes().items():
        row = shape.blank(7)
        assert row.keys() == {column.key for column in shape.table.c}
        for column in shape.table.c:
            value, kind = row[column.key], column.type.dialect_impl(dialect)
            assert value is not None or column.nullable, (name, column.key)
            bind, result = kind.bind_processor(dialect), kind.result_processor(dialect, None)
            stored = bind(value) if bind and value is not None else value
            assert (result(stored) if result and stored is not None else stored) == value, (name, column.key)


def test_a_column_that_was_not_told_has_its_default() -> None:
    blank = shapes()["submission_item"].blank(1)
    assert (blank["carried"], blank["ended_on"], blank["ended_reason"]) == ({}, None, "")
    assert blank["confirmation"] == "reported"
    assert shapes()["edition"].blank(1)["hands"] == []
    assert shapes()["user"].blank(1)["active"] is True
    assert shapes()["user"].blank(1)["fs_uniquifier"] == ""


def test_an_id_that_was_not_told_is_the_same_each_time_and_no_other_rows() -> None:
    assert shapes()["use_case"].blank(1)["public_id"] == untold_id("use_case", 1) == untold_id("use_case", 1)
    assert len({untold_id(table, pk) for table in ("use_case", "incident") for pk in (1, 2)}) == 4


def test_what_was_purged_claims_nothing() -> None:
    confidential = [one for _, one in FIELDS if one.column.info.get("confidential")]
    for one in confidential:
        kind = one.column.type
        assert isinstance(one.purged, StrEnum | dict) or one.purged == PURGED
        assert isinstance(kind, Enum | JSON | Text)
    assert field("assessment", "suggested").purged is field("assessment", "decision").purged is RiskResult.UNDETERMINED
    assert field("disclosure", "level").blank is DisclosureClass.CLOSED

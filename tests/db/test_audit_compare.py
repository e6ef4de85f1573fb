"""The tables beside the log: whatever was changed behind the register's back is found, its marks removed or not."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from register import audit
from register.db import Database
from register.models import SubmissionItem
from tests.support.databases import Build
from tests.support.everything import BY, rows_of_everything
from tests.support.past import past, told


@pytest.fixture
def content() -> Build:
    """Rows of every kind."""
    return rows_of_everything


def raw(database: Database, *statements: str) -> None:
    """Change something behind the register's back, the marks of it too."""
    with database.engine.begin() as connection:
        for statement in (*statements, "DELETE FROM change_mark"):
            connection.execute(text(statement))
    with database.reading() as session:
        assert audit.verify(session).finding is None


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("use_case", "title", "'別の題'"),
        ("use_case", "lifecycle", "'retired'"),
        ("use_case", "usage_type", "'G1'"),
        ("use_case", "lifecycle_since", "'2025-11-11'"),
        ("use_case", "as_of", "'2025-11-11'"),
        ("use_case", "updated_at", "'2025-11-10 01:00:00.000001'"),
        ("use_case", "version", "2"),
        ("use_case", "search_key", "'鍵'"),
        ("use_case", "public_id", "'00000000000000000000000000000007'"),
        ("ai_system", "shared", "NOT shared"),
        ("submission_item", "answers", """'{"a": 1}'"""),
        ("submission_item", "mapping", """'{"a": [true]}'"""),
        ("lifecycle_event", "on_date", "'2025-11-11'"),
        ("user", "active", "NOT active"),
    ],
)
def test_a_changed_value_is_found(database: Database, table: str, column: str, value: str) -> None:
    assert told(database) == []
    raw(database, f'UPDATE "{table}" SET {column} = {value} WHERE id = 1')
    assert told(database) == [(table, 1, (column,))]


def test_yes_is_not_one(database: Database) -> None:
    with database.writing() as session:
        item = session.get_one(SubmissionItem, 1)
        item.mapping = {"a": True, "b": [1, None, "文"]}
        audit.record(session, audit.Event.SUBMISSION_FILLED, item, by=BY)
    assert told(database) == []
    raw(database, """UPDATE submission_item SET mapping = '{"b": [1, null, "文"], "a": 1}' WHERE id = 1""")
    assert told(database) == [("submission_item", 1, ("mapping",))]


def test_rows_that_came_or_went_are_found(database: Database) -> None:
    insert = "INSERT INTO incident_reference (id, incident_id, ministry_id, kind, number) VALUES"
    raw(
        database,
        f"{insert} (1, 1, 1, 'x', 'y')",
        "DELETE FROM nil_report WHERE id = 1",
        "DELETE FROM notice_answer",
    )
    with past(database) as (_, scratch), scratch.reading() as session:
        gone = [("notice_answer", pk) for pk in session.scalars(text("SELECT id FROM notice_answer ORDER BY id"))]
    assert gone
    expected = [("incident_reference", 1), ("nil_report", 1), *gone]
    assert told(database) == [(table, pk, ()) for table, pk in expected]
    with past(database) as (_, scratch), database.reading() as session:
        sentences = {(one.table, str(one.sentence)) for one in audit.differences(session, scratch)}
    assert ("incident_reference", "表にあり、記録にない行です。") in sentences
    assert ("nil_report", "記録にあり、表にない行です。") in sentences


def test_several_changes_are_told_by_the_row(database: Database) -> None:
    raw(database, "UPDATE use_case SET title = '別の題', unit = '別の課'", "UPDATE measure SET owner = '別の課'")
    found = told(database)
    assert [one for one in found if one[0] == "use_case"] == [("use_case", pk, ("unit", "title")) for pk in (1, 2)]
    assert [one for one in found if one[0] == "measure"] == [("measure", pk, ("owner",)) for pk in (1, 2, 3, 4)]
    assert len(found) == 6


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("use_case", "lifecycle_since", "'いつか'"),
        ("use_case", "created_at", "'いつか'"),
        ("use_case", "as_of", "'いつか'"),
        ("use_case", "lifecycle", "'gone'"),
        ("use_case", "public_id", "x'00'"),
        ("use_case", "title", "x'00'"),
        ("submission_item", "answers", "'{'"),
        ("submission_item", "answers", "'[NaN]'"),
        ("form_version", "canonical", "'text'"),
    ],
)
def test_a_value_that_is_none_of_its_column_is_found(database: Database, table: str, column: str, value: str) -> None:
    raw(database, "PRAGMA ignore_check_constraints = ON", f"UPDATE {table} SET {column} = {value} WHERE id = 1")
    assert told(database) == [(table, 1, (column,))]


def test_secrets_are_in_no_log_and_not_compared(database: Database) -> None:
    raw(database, "UPDATE \"user\" SET password = 'hash' WHERE id = 1")
    assert told(database) == []

"""The migrations on both databases: they build what the models say, step back cleanly, and set the audit's triggers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from register import audit, migrate
from register.authz import Actor
from register.clock import Clock
from register.db import Base, Database
from register.models import Audited, AuditEntry, ChangeMark, Ministry
from tests.support.data import staffed
from tests.support.databases import Build, Databases
from tests.support.sources import ROOT

SYSTEM = Actor.system("tests")
SCRIPTS = ROOT / "migrations"
# From the first to the newest.
REVISIONS = [script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()][::-1]
AUDITED = sorted(mapper.class_.__tablename__ for mapper in Base.registry.mappers if issubclass(mapper.class_, Audited))
TRIGGERS = {
    "sqlite": "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT relname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE NOT tgisinternal AND tgenabled = 'O'
    """,
}
FUNCTIONS = "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
SEQUENCES = "SELECT sequence_name FROM information_schema.sequences"


def empty(url: str) -> None:
    """Leave the database as it is made, without a schema."""
    database = Database(url)
    with database.engine.begin():
        pass
    database.engine.dispose()


@pytest.fixture
def content() -> Build:
    """A database without a schema: the tests bring it to the revision they need."""
    return empty


@pytest.fixture
def engine(database: Database) -> Engine:
    """The engine of the test's database."""
    return database.engine


@pytest.fixture
def used(database_kind: str, databases: Databases, clock: Clock) -> Iterator[Database]:
    """A database with people in it, and with an entry that has a clear text beside it."""
    url = databases.fresh(database_kind, staffed.__name__, staffed)
    opened = Database(url, clock)
    with opened.writing() as session:
        audit.record(session, audit.Event.REPORT_EXPORTED, None, by=SYSTEM, reason="照会への回答")
    yield opened
    opened.engine.dispose()
    databases.release(url)


def triggers(connection: Connection) -> set[tuple[str, str]]:
    """Return every trigger that is in force: its table and its text."""
    return {(row[0], row[1]) for row in connection.execute(text(TRIGGERS[connection.dialect.name]))}


def code(connection: Connection) -> set[tuple[Any, ...]]:
    """Return what the schema holds besides tables and their triggers."""
    if connection.dialect.name == "sqlite":
        return set()
    return {tuple(row) for statement in (FUNCTIONS, SEQUENCES) for row in connection.execute(text(statement))}


def tables(connection: Connection) -> dict[str, Any]:
    """Return what the database itself tells of its tables, without the order of columns and constraints."""
    inspector = inspect(connection)
    return {
        name: {
            "columns": {column["name"]: _column(column) for column in inspector.get_columns(name)},
            "key": inspector.get_pk_constraint(name),
            "foreign keys": _sorted(inspector.get_foreign_keys(name)),
            "unique": _sorted(inspector.get_unique_constraints(name)),
            "checks": _sorted(inspector.get_check_constraints(name)),
            "indexes": _sorted(map(_index, inspector.get_indexes(name))),
            "autoincrement": "AUTOINCREMENT" in _text(connection, name),
        }
        for name in inspector.get_table_names()
        if name != "alembic_version"
    }


def _column(column: Any) -> tuple[str, ...]:
    return (repr(column["type"]), *(str(column.get(key)) for key in ("nullable", "default", "primary_key", "identity")))


def _index(index: Any) -> dict[str, Any]:
    """Return an index with the condition of a partial one as text: SQLite's is an object that equals no other."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return {**index, "dialect_options": options}


def _sorted(items: Any) -> list[str]:
    return sorted(re.sub(r"\s+", " ", repr(sorted(_plain(item).items()))) for item in items)


def _plain(item: Any) -> dict[str, Any]:
    """Return an item with the conditions of its dialect as text."""
    options = {name: str(value) for name, value in item.get("dialect_options", {}).items()}
    return {**item, **({"dialect_options": options} if options else {})}


def _text(connection: Connection, table: str) -> str:
    if connection.dialect.name != "sqlite":
        return ""
    return connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table}) or ""


def schema(engine: Engine) -> tuple[Any, ...]:
    """Return everything that a migration may leave in a database."""
    with engine.connect() as connection:
        return tables(connection), triggers(connection), code(connection)


def test_the_models_and_the_migrated_schema_do_not_differ(engine: Engine) -> None:
    migrate.upgrade(engine, SCRIPTS)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_the_database_tells_the_same_of_the_models_and_of_the_migrations(engine: Engine) -> None:
    migrate.upgrade(engine, SCRIPTS)
    built, _, _ = schema(engine)
    migrate.downgrade(engine, SCRIPTS, "base")
    Base.metadata.create_all(engine)
    modelled, _, _ = schema(engine)
    assert built.keys() == modelled.keys()
    for name, told in modelled.items():
        assert built[name] == told, name


@pytest.mark.parametrize("number", range(len(REVISIONS)), ids=REVISIONS)
def test_each_step_can_be_taken_back_and_again(engine: Engine, number: int) -> None:
    before = REVISIONS[number - 1] if number else "base"
    if number:
        migrate.upgrade(engine, SCRIPTS, before)
    below = schema(engine)
    migrate.upgrade(engine, SCRIPTS, REVISIONS[number])
    assert migrate.current(engine) == REVISIONS[number]
    above = schema(engine)
    assert above != below
    migrate.downgrade(engine, SCRIPTS, before)
    assert schema(engine) == below
    migrate.upgrade(engine, SCRIPTS, REVISIONS[number])
    assert schema(engine) == above


def test_the_way_back_from_the_newest_leaves_nothing(engine: Engine) -> None:
    migrate.upgrade(engine, SCRIPTS)
    assert migrate.current(engine) == migrate.newest(SCRIPTS) == REVISIONS[-1]
    newest = schema(engine)
    migrate.downgrade(engine, SCRIPTS, "base")
    assert migrate.current(engine) is None
    assert schema(engine) == ({}, set(), set())
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    migrate.upgrade(engine, SCRIPTS)
    assert schema(engine) == newest


def test_a_failing_upgrade_leaves_the_old_schema(engine: Engine) -> None:
    migrate.upgrade(engine, SCRIPTS, REVISIONS[0])
    below = schema(engine)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE lifecycle_event"))
    without = schema(engine)
    with pytest.raises(DBAPIError):
        migrate.upgrade(engine, SCRIPTS)
    assert migrate.current(engine) == REVISIONS[0]
    assert schema(engine) == without != below


def test_every_change_of_an_audited_table_is_watched_and_no_other(engine: Engine) -> None:
    migrate.upgrade(engine, SCRIPTS)
    watched: dict[str, list[str]] = {}
    with engine.connect() as connection:
        for table, made in triggers(connection):
            if "change_mark" in _effect(made):
                before_the_body = re.split(r" ON | BEGIN", made)[0]
                watched.setdefault(table, []).extend(re.findall(r"\b(?:INSERT|UPDATE|DELETE)\b", before_the_body))
    assert {table: sorted(deeds) for table, deeds in watched.items()} == {
        table: ["DELETE", "INSERT", "UPDATE"] for table in AUDITED
    }


def _effect(trigger: str) -> str:
    return trigger.replace("EXECUTE FUNCTION mark_change()", "change_mark")


def test_a_mark_names_the_row_and_the_deed(engine: Engine, database_kind: str) -> None:
    migrate.upgrade(engine, SCRIPTS)
    columns = "id, key, name, name_short, name_en, sort_no"
    with engine.connect() as connection:
        connection.execute(text(f"INSERT INTO ministry ({columns}) VALUES (77, 'z', '府省庁Y', 'Y', 'Y', 9)"))
        connection.execute(text("UPDATE ministry SET sort_no = 10 WHERE id = 77"))
        connection.execute(text("DELETE FROM ministry WHERE id = 77"))
        marks = connection.execute(select(ChangeMark.table_name, ChangeMark.pk, ChangeMark.op, ChangeMark.txid)).all()
    assert [tuple(mark[:3]) for mark in marks] == [("ministry", "77", op) for op in ("insert", "update", "delete")]
    assert {mark.txid is None for mark in marks} == {database_kind == "sqlite"}


REWRITES = [
    "UPDATE audit_entry SET actor_name = 'nobody' WHERE seq = 2",
    "UPDATE audit_entry SET body = body",
    "DELETE FROM audit_entry WHERE seq = 2",
    "DELETE FROM audit_entry",
    "UPDATE audit_clear SET texts = texts",
]
OTHERS = ", ".join(column.name for column in list(AuditEntry.__table__.columns)[3:])
UPSERT = """
    INSERT INTO audit_entry SELECT * FROM audit_entry WHERE seq = 2 ON CONFLICT (seq) DO UPDATE SET actor_name = 'x'
"""
EXTRA = {
    "sqlite": [
        "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE seq = 2",
        f"REPLACE INTO audit_entry SELECT 99, prev, 'x', {OTHERS} FROM audit_entry WHERE seq = 2",
        "UPDATE OR REPLACE audit_entry SET seq = 3 WHERE seq = 2",
        UPSERT,
    ],
    "postgresql": [
        "TRUNCATE audit_entry",
        "TRUNCATE audit_clear",
        UPSERT,
    ],
}


def test_the_log_cannot_be_rewritten_by_sql(used: Database) -> None:
    def rows() -> list[Any]:
        with used.engine.connect() as connection:
            entries = connection.execute(text("SELECT * FROM audit_entry ORDER BY seq")).all()
            return [*entries, *connection.execute(text("SELECT * FROM audit_clear ORDER BY seq")).all()]

    before = rows()
    for statement in (*REWRITES, *EXTRA[used.dialect]):
        with pytest.raises(DBAPIError, match="append-only"), used.engine.begin() as connection:
            connection.execute(text(statement))
        assert rows() == before, statement


def test_clear_text_may_be_purged(used: Database) -> None:
    with used.engine.begin() as connection:
        assert connection.execute(text("DELETE FROM audit_clear")).rowcount == 1


def test_a_register_in_use_goes_on_after_a_step_back_and_forth(used: Database) -> None:
    with used.reading() as session:
        length, head = audit.head(session)
    before = schema(used.engine)
    migrate.downgrade(used.engine, SCRIPTS, REVISIONS[0])
    migrate.upgrade(used.engine, SCRIPTS)
    assert schema(used.engine) == before
    with used.writing() as session:
        row = session.scalars(select(Ministry).order_by(Ministry.id)).first()
        row.sort_no = 7
        audit.record(session, audit.Event.MINISTRY_CREATED, row, by=SYSTEM)
    with used.reading() as session:
        verdict = audit.verify(session)
        assert session.get_one(AuditEntry, length + 1).prev == head
    assert (verdict.length, verdict.finding) == (length + 1, None)

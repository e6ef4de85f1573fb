"""The ground of the data tests: the same people on both databases, and no test sees what another wrote."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.db import Database, unindexed
from register.models import AuditEntry, Ministry, UseCase
from register.vocab import Lifecycle
from tests.support.data import STAFF, ministry


def test_the_url_is_of_the_kind(database: Database, database_kind: str) -> None:
    assert database.dialect == database_kind


@pytest.mark.parametrize("turn", [1, 2])
def test_no_test_sees_what_another_wrote(session: Session, turn: int) -> None:
    assert session.scalar(select(func.count(Ministry.id))) == 2, turn
    added = ministry("c", 3)
    session.add(added)
    audit.record(session, audit.Event.MINISTRY_CREATED, added, by=Actor.system("tests"))
    session.commit()


def test_everybody_of_the_staff_is_there(actor: Callable[[str], Actor]) -> None:
    people = {name: actor(name) for name in STAFF}
    assert people["reporter"].ministry_id == people["approver"].ministry_id
    assert people["reporter"].ministry_id != people["other"].ministry_id
    assert people["auditor"].ministry_id is None


def test_errors_do_not_show_the_values_of_a_statement(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught, database.engine.connect() as connection:
        connection.execute(text("select :title from no_such_table"), {"title": "秘密の題"})
    assert "no_such_table" in str(caught.value)
    assert "秘密の題" not in str(caught.value)


def test_a_moment_is_read_in_utc_whatever_the_zone_of_the_server(database: Database) -> None:
    with database.reading() as reading:
        if database.dialect == "postgresql":
            reading.execute(text("SET LOCAL TIME ZONE 'Europe/Berlin'"))
        read = [one.at for one in reading.scalars(select(AuditEntry).limit(1))]
    assert [moment.utcoffset() for moment in read] == [dt.timedelta(0)]


def test_a_reading_session_sees_one_moment(database: Database) -> None:
    with database.reading() as reading:
        before = audit.head(reading), reading.scalar(select(func.count(Ministry.id)))
        with database.writing() as writing:
            added = ministry("c", 3)
            writing.add(added)
            audit.record(writing, audit.Event.MINISTRY_CREATED, added, by=Actor.system("tests"))
        assert (audit.head(reading), reading.scalar(select(func.count(Ministry.id)))) == before
        assert audit.verify(reading).finding is None
    with database.reading() as reading:
        assert audit.head(reading)[0] == before[0][0] + 1


def test_a_connection_that_wrote_does_not_write_for_a_reader(database: Database) -> None:
    for number in range(3, 6):
        with database.writing() as writing:
            added = ministry("abcdef"[number - 1], number)
            writing.add(added)
            audit.record(writing, audit.Event.MINISTRY_CREATED, added, by=Actor.system("tests"))
        with database.reading() as reading, pytest.raises(DBAPIError, match=r"read-?only"):
            reading.execute(text("DELETE FROM ministry"))
    with database.reading() as reading:
        assert reading.scalar(select(func.count(Ministry.id))) == 5


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_nobody_waits_for_a_lock_for_ever(database: Database) -> None:
    with database.engine.connect() as connection:
        assert connection.scalar(text("show lock_timeout")) == "15s"
        assert connection.scalar(text("show idle_in_transaction_session_timeout")) == "5min"


def test_a_column_of_few_values_leads_sqlite_to_no_index(database: Database) -> None:
    begun = unindexed(UseCase.lifecycle).in_([Lifecycle.PRODUCTION])
    statement = select(UseCase.id).where(begun).order_by(UseCase.updated_at.desc(), UseCase.id.desc()).limit(50)
    asked = str(statement.compile(database.engine, compile_kwargs={"literal_binds": True}))
    assert ("+use_case.lifecycle" in asked) is (database.dialect == "sqlite")
    with database.reading() as session:
        assert session.scalars(statement).all() == []
        if database.dialect == "sqlite":
            plan = session.execute(text(f"EXPLAIN QUERY PLAN {asked}")).all()
            assert ["ix_use_case_all_updated" in row[3] for row in plan] == [True], plan


def test_what_a_database_knows_of_its_tables_is_brought_up_to_date(database: Database) -> None:
    database.optimize()
    database.optimize()
    with database.reading() as session:
        assert session.scalar(select(func.count(Ministry.id))) == 2
        if database.dialect == "sqlite":
            assert session.scalar(text("select count(*) from sqlite_stat1 where tbl = 'ministry'"))

"""No silent change, on both databases: what no deed names, or what goes behind the session, is never committed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session, SessionTransaction

from register import audit
from register.audit import Event, UnnamedChange
from register.db import Database
from register.models import AuditClear, ChangeMark, Ministry
from tests.support.audit_log import TESTS, changes, entries, logged, name, nothing_bad, stored, system, third
from tests.support.data import ministry
from tests.support.databases import Build

Deed = Callable[[Session], None]
D = {"key": "d", "name": "府省庁D", "name_short": "D", "name_en": "D", "sort_no": 4}
BEHIND = {
    "core insert": insert(Ministry.__table__).values(D),
    "bulk insert": insert(Ministry).values([D]),
    "bulk update": update(Ministry).where(Ministry.key == "c").values(sort_no=9),
    "core update": update(Ministry.__table__).values(sort_no=Ministry.sort_no + 10),
    "update that changes nothing": update(Ministry.__table__).values(sort_no=Ministry.sort_no),
    "bulk delete": delete(Ministry).where(Ministry.key == "c"),
    "raw update": text("UPDATE ministry SET name_en = 'nobody' WHERE key = 'c'"),
    "raw delete": text("DELETE FROM ministry WHERE key = 'c'"),
    "new id": text("UPDATE ministry SET id = id + 100 WHERE key = 'c'"),
}


@pytest.fixture
def content() -> Build:
    """A register with a log."""
    return logged


def add(session: Session) -> None:
    session.add(ministry("d", 4))


def edit(session: Session) -> None:
    third(session).name = "府省庁D"


def remove(session: Session) -> None:
    session.delete(third(session))


def write_behind(session: Session) -> None:
    session.execute(BEHIND["raw update"])


def purge(session: Session) -> None:
    session.execute(delete(AuditClear))


def carried_out(deed: Deed, session: Session) -> None:
    """Do it and commit."""
    deed(session)
    session.commit()


def refused(session: Session, reason: str) -> None:
    """Assert that the session's work cannot be committed, and leave the session."""
    with pytest.raises(UnnamedChange, match=reason):
        session.commit()
    session.rollback()


def test_a_change_that_nobody_named_is_refused(database: Database, session: Session) -> None:
    before = stored(database)
    for deed in (add, edit, remove):
        deed(session)
        refused(session, r"no deed names these changes: \w+ ministry \d")
        deed(session)
        session.flush()
        refused(session, r"no deed names these changes: \w+ ministry \d")
        assert stored(database) == before, deed


def test_a_change_after_the_last_deed_is_refused_together_with_it(database: Database, session: Session) -> None:
    before = stored(database)
    row = third(session)
    row.name = "府省庁D"
    name(session, row)
    row.name = "府省庁E"
    refused(session, "update ministry")
    assert stored(database) == before


def test_a_change_behind_the_session_is_refused(database: Database, session: Session) -> None:
    before = stored(database)
    for called, statement in BEHIND.items():
        assert session.execute(statement).rowcount, called
        refused(session, "otherwise than the deeds say")
        assert stored(database) == before, called


def test_a_change_behind_the_session_is_refused_beside_named_ones(database: Database, session: Session) -> None:
    before = stored(database)
    for called, statement in BEHIND.items():
        row = session.get_one(Ministry, 1)
        row.sort_no = 77
        name(session, row)
        assert session.execute(statement).rowcount, called
        refused(session, "otherwise than the deeds say")
        assert stored(database) == before, called


def test_objects_saved_in_bulk_are_refused(database: Database, session: Session) -> None:
    before = stored(database)
    session.bulk_save_objects([ministry("d", 4)])
    refused(session, "otherwise than the deeds say")
    assert stored(database) == before


def test_a_named_change_does_not_cover_another_of_the_same_row(database: Database, session: Session) -> None:
    before = stored(database)
    row = third(session)
    row.sort_no = 9
    name(session, row)
    session.execute(BEHIND["bulk update"])
    refused(session, "otherwise than the deeds say")
    assert stored(database) == before


@pytest.mark.parametrize("end", [SessionTransaction.commit, SessionTransaction.rollback])
def test_a_savepoint_does_not_hide_what_came_before_it(
    database: Database, session: Session, end: Callable[[SessionTransaction], None]
) -> None:
    before = stored(database)
    session.execute(BEHIND["core update"])
    savepoint = session.begin_nested()
    session.execute(select(Ministry)).all()
    end(savepoint)
    refused(session, "otherwise than the deeds say")
    assert stored(database) == before


def test_a_savepoint_does_not_hide_what_it_keeps(database: Database, session: Session) -> None:
    before = stored(database)
    with session.begin_nested():
        session.execute(BEHIND["core update"])
    refused(session, "otherwise than the deeds say")
    with session.begin_nested():
        edit(session)
    refused(session, "update ministry")
    assert stored(database) == before


def test_a_change_named_only_in_a_savepoint_that_was_taken_back_is_refused(
    database: Database, session: Session
) -> None:
    before = stored(database)
    row = third(session)
    row.name_short = "C2"
    savepoint = session.begin_nested()
    name(session, row)
    savepoint.rollback()
    refused(session, f"update ministry {row.id}")
    assert stored(database) == before


def test_what_a_savepoint_took_back_is_told_by_no_entry(database: Database) -> None:
    length = len(entries(database))
    with database.writing() as session:
        row = third(session)
        row.name_short = "C2"
        savepoint = session.begin_nested()
        row.name_short = "C3"
        session.add(ministry("d", 4))
        name(session, row)
        savepoint.rollback()
        with session.begin_nested():
            row.name_en = "Third"
        name(session, row)
    told = entries(database)[length:]
    assert [changes(entry)[0]["fields"] for entry in told] == [
        {"name_short": ["府省庁C", "C2"], "name_en": ["Ministry C", "Third"]}
    ]
    assert nothing_bad(database)


def test_a_savepoint_within_a_savepoint_takes_back_only_its_own(database: Database) -> None:
    with database.writing() as session:
        row = third(session)
        with session.begin_nested():
            row.name_short = "C2"
            failing = session.begin_nested()
            session.add(ministry("a", 4))
            with pytest.raises(IntegrityError):
                session.flush()
            failing.rollback()
            name(session, row)
        outer = session.begin_nested()
        with session.begin_nested():
            row.name_en = "Third"
            name(session, row)
        outer.rollback()
    assert changes(entries(database)[-1])[0]["fields"] == {"name_short": ["府省庁C", "C2"]}
    assert nothing_bad(database)


def test_a_field_set_back_before_it_was_written_is_no_change(database: Database) -> None:
    before = stored(database)
    with database.writing() as session:
        row = third(session)
        row.sort_no = 8
        row.sort_no = 3
    assert stored(database) == before


def test_a_reading_session_cannot_write(database: Database) -> None:
    before = stored(database)
    for attempt in (add, edit, remove, write_behind, purge):
        with database.reading() as session, pytest.raises((UnnamedChange, DBAPIError)):
            carried_out(attempt, session)
        assert stored(database) == before, attempt
    # The connection that refused is the next writer's.
    with database.writing() as session:
        audit.record(session, Event.REPORT_EXPORTED, None, by=TESTS)
    assert len(stored(database)) == len(before) + 1


@pytest.mark.parametrize("end", [Session.rollback, Session.close])
def test_what_is_not_committed_leaves_neither_change_nor_entry(
    database: Database, session: Session, end: Callable[[Session], None]
) -> None:
    before = stored(database)
    edit(session)
    name(session, third(session))
    audit.record(session, Event.REPORT_EXPORTED, None, by=TESTS, reason="消える理由")
    end(session)
    # A deed that changes nothing has not even begun a transaction of the database.
    audit.record(session, Event.REPORT_EXPORTED, None, by=TESTS)
    end(session)
    session.commit()
    assert stored(database) == before
    audit.record(session, Event.DEMO_SEEDED, None, by=TESTS)
    session.commit()
    assert entries(database)[-1].event == "demo.seeded"
    assert len(stored(database)) == len(before) + 1


def test_a_commit_that_fails_leaves_neither_change_nor_entry(database: Database, session: Session) -> None:
    before = stored(database)
    row = system(session)
    row.note = "残らない備考"
    audit.record(session, Event.AI_SYSTEM_EDITED, row, by=TESTS)
    session.execute(text("UPDATE audit_head SET seq = 3"))
    with pytest.raises(IntegrityError):
        session.commit()
    session.rollback()
    assert stored(database) == before
    assert nothing_bad(database)


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_open_transactions_do_not_answer_for_each_other(database: Database) -> None:
    # SQLite has one writer at a time.
    bad, slow, fast = (database.session(write=True) for _ in range(3))
    with bad, slow, fast:
        bad.execute(BEHIND["raw update"])
        slow.get_one(Ministry, 1).sort_no = 50
        name(slow, slow.get_one(Ministry, 1))
        fast.get_one(Ministry, 2).sort_no = 60
        name(fast, fast.get_one(Ministry, 2))
        fast.commit()
        slow.commit()
        refused(bad, "otherwise than the deeds say")
    assert [changes(entry)[0]["fields"]["sort_no"][1] for entry in entries(database)[-2:]] == [60, 50]
    assert nothing_bad(database)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ChangeMark)) == 0

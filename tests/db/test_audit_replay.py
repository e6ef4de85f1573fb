"""The state of a past moment, made from the log alone, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import delete, inspect, select
from sqlalchemy.exc import DBAPIError

from register import audit, authz
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.models import AISystem, Ministry, UseCase
from register.queries import audit as log_queries
from register.services import ai_systems
from tests.support.audit_log import TESTS, VALUES, logged, name, system
from tests.support.data import NOW
from tests.support.databases import Build
from tests.support.everything import rows_of_everything
from tests.support.past import BATCHES, copy_of, past, replayed, told

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def content() -> Build:
    """A register with a log."""
    return logged


def now(database: Database) -> dict:
    """Return a copy of the tables."""
    with database.reading() as session:
        return copy_of(session)


def head(database: Database) -> int:
    """Return the length of the log."""
    with database.reading() as session:
        return audit.head(session)[0]


def edit(database: Database, **values: object) -> int:
    """Change the AI system, and return the number of the entry that tells it."""
    with database.writing() as session:
        row = system(session)
        for key, value in values.items():
            setattr(row, key, value)
        audit.record(session, audit.Event.AI_SYSTEM_EDITED, row, by=TESTS)
    return head(database)


def test_every_entry_has_its_state(database: Database) -> None:
    copies = {head(database): now(database)}
    for note in ("一", "二", ""):
        seq = edit(database, note=note)
        copies[seq] = now(database)
    assert {seq: replayed(database, seq) for seq in copies} == copies
    assert replayed(database) == copies[max(copies)]


def test_before_the_first_entry_there_is_nothing(database: Database) -> None:
    with past(database, 0) as (made, scratch), scratch.reading() as session:
        assert (made.seq, made.head, made.at, made.rows) == (0, audit.GENESIS, None, 0)
        assert set(map(len, copy_of(session).values())) == {0}
    with past(database, 1) as (made, scratch), scratch.reading() as session:
        assert [row.key for row in session.scalars(select(Ministry))] == ["a"]
        assert (made.at, made.rows) == (NOW, 1)


def test_a_state_can_be_made_from_an_earlier_one(database: Database) -> None:
    seqs = [3, edit(database, note="一"), edit(database, note="二", shared=True)]
    with database.reading() as session, audit.scratch(database.clock) as scratch:
        made = audit.replay(session, seqs[0], scratch)
        for seq in seqs[1:]:
            made = audit.replay(session, seq, scratch, since=made)
        with scratch.reading() as then:
            assert copy_of(then) == now(database)
            assert audit.head(then) == audit.head(session) == (made.seq, made.head)
        with pytest.raises(ValueError, match="later"):
            audit.replay(session, 1, scratch, since=made)


def test_a_moment_has_the_last_entry_that_was_written_by_then(database: Database, clock: FixedClock) -> None:
    first = head(database)
    clock.moment += HOUR
    edit(database, note="一")
    # The clock is set back: the chain's order still holds.
    clock.moment -= 2 * HOUR
    edit(database, note="二")
    clock.moment += 3 * HOUR
    edit(database, note="三")
    microsecond = dt.timedelta(microseconds=1)
    with database.reading() as session:
        for moment, seq in (
            (NOW - HOUR - microsecond, 0),
            (NOW - HOUR, first + 2),
            (NOW + HOUR, first + 2),
            (NOW + 2 * HOUR - microsecond, first + 2),
            (NOW + 2 * HOUR, first + 3),
            (NOW + 99 * HOUR, first + 3),
        ):
            assert audit.seq_at(session, moment) == seq, moment


def test_what_was_rolled_back_is_in_no_state(database: Database) -> None:
    with database.writing() as session:
        row = system(session)
        row.note = "一"
        with session.begin_nested() as savepoint:
            row.note = "二"
            session.add(AISystem(name="失敗", ministry_id=1, created_at=NOW, updated_at=NOW))
            session.flush()
            savepoint.rollback()
        audit.record(session, audit.Event.AI_SYSTEM_EDITED, row, by=TESTS)
    assert replayed(database) == now(database)
    assert [row["note"] for row in now(database)["ai_system"].values()] == ["一"]


@pytest.mark.parametrize("batch", BATCHES, indirect=True)
@pytest.mark.parametrize("deeds", [1, 2])
def test_a_row_that_takes_the_number_of_a_removed_one_is_another_row(
    database: Database, deeds: int, batch: int
) -> None:
    with database.writing() as session:
        row = system(session)
        number, row.note = row.id, "最後の備考"
        session.flush()
        session.delete(row)
        session.flush()
        if deeds == 2:
            audit.record(session, audit.Event.AI_SYSTEM_EDITED, None, by=TESTS)
        made = AISystem(id=number, name="別のもの", ministry_id=2, created_at=NOW, updated_at=NOW)
        session.add(made)
        audit.record(session, audit.Event.AI_SYSTEM_CREATED, made, by=TESTS)
        session.delete(extra := ai_systems.create(session, values=VALUES, by=Actor("x", 1, None, 1)))
        audit.record(session, audit.Event.AI_SYSTEM_EDITED, extra, by=TESTS)
    assert replayed(database) == now(database)
    (left,) = now(database)["ai_system"].values()
    assert (left["name"], left["note"], left["version"]) == ("別のもの", "", 1)


def test_values_that_were_unique_may_change_hands(database: Database) -> None:
    with database.writing() as session:
        one, other = session.scalars(select(Ministry).where(Ministry.key.in_(["a", "b"])).order_by(Ministry.id))
        one.name, spare = "仮", one.name
        session.flush()
        other.name, taken = spare, other.name
        session.flush()
        one.name = taken
        name(session, one)
    assert replayed(database) == now(database)
    assert told(database) == []


@pytest.mark.parametrize("content", [rows_of_everything])
def test_rows_of_every_kind_come_back_and_the_screens_read_them(
    database: Database, actor: Callable[[str], Actor]
) -> None:
    assert replayed(database) == now(database)
    with past(database) as (made, scratch), scratch.reading() as then, database.reading() as session:
        assert made.rows == sum(map(len, now(database).values()))
        for model in authz.SIGHT:
            if model.__tablename__ in now(database):
                for who in ("reporter", "other-approver", "secretariat", "auditor"):
                    key = inspect(model).primary_key[0]
                    seen = authz.visible(select(key).order_by(key), model, actor(who))
                    assert then.scalars(seen).all() == session.scalars(seen).all()
        # It is another database: the log is not in it, and nobody writes there.
        assert log_queries.list_page(then, actor("auditor"), log_queries.LogFilter(), 1).total == 0
        with pytest.raises(DBAPIError, match=r"read-?only"):
            then.execute(delete(UseCase))

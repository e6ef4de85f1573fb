"""What an entry of the log says, on both databases: who did what, the old and the new, and nothing secret."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from register import audit
from register.audit import Event
from register.authz import Actor
from register.db import Database
from register.models import AuditClear, AuditEntry, Ministry, UseCase, User
from register.services import ai_systems
from register.vocab import Lifecycle
from tests.support.audit_log import TESTS, VALUES, changes, clear, entries, logged, name, nothing_bad, system, third
from tests.support.data import NOW
from tests.support.databases import Build

ActorOf = Callable[[str], Actor]


@pytest.fixture
def content() -> Build:
    """A register with a log."""
    return logged


def test_an_entry_tells_the_first_old_value_and_the_last_new_one(database: Database) -> None:
    with database.writing() as session:
        row = third(session)
        for word in ("C2", "C3", "C4"):
            row.name_short = word
            session.flush()
        row.sort_no = 8
        session.flush()
        row.sort_no = 3
        name(session, row)
    (change,) = changes(entries(database)[-1])
    assert (change["table"], change["pk"], change["op"]) == ("ministry", "3", "update")
    assert change["fields"] == {"name_short": ["府省庁C", "C4"], "sort_no": [3, 3]}


@pytest.mark.parametrize("loaded", [True, False])
def test_the_old_value_is_told_even_when_nobody_had_read_it(database: Database, loaded: bool) -> None:
    with database.writing() as session:
        row = third(session)
        if not loaded:
            session.expire(row)
        row.name_short = "C2"
        name(session, row)
    assert changes(entries(database)[-1])[0]["fields"] == {"name_short": ["府省庁C", "C2"]}


def test_a_new_row_is_told_whole(database: Database) -> None:
    with database.writing() as session:
        # Two that one statement writes.
        cases = [case_of(session, number) for number in (1, 2)]
        session.add_all(cases)
        audit.record(session, Event.USE_CASE_CREATED, cases[0], by=TESTS)
        rows = session.execute(select(*UseCase.__table__.c).order_by(UseCase.id)).mappings().all()
    entry = entries(database)[-1]
    texts = clear(database, entry)
    for change, row in zip(changes(entry), rows, strict=True):
        assert change["fields"].keys() == {name for name, value in row.items() if value is not None} - {"id"}
        assert change["fields"]["public_id"] == [None, str(row["public_id"])]
        assert change["fields"]["version"] == [None, 1]
        assert texts[f"use_case/{row['id']}/unit"] == [None, ""]


def test_the_count_of_edits_is_told_without_a_look_at_the_row(database: Database) -> None:
    statements: list[str] = []
    with database.writing() as session:
        row = system(session)
        session.expire(row)
        row.shared = True
        session.flush()
        row.shared, row.note = False, "次"
        event.listen(database.engine, "before_cursor_execute", lambda *found: statements.append(found[2]))
        session.flush()
        assert [statement.split()[0] for statement in statements] == ["UPDATE"]
        audit.record(session, Event.AI_SYSTEM_EDITED, row, by=TESTS)
    (change,) = changes(entries(database)[-1])
    assert change["fields"].keys() == {"shared", "note", "version"}
    assert change["fields"]["version"] == [1, 3]


@pytest.mark.parametrize("how", ["loaded", "expired", "changed first", "written first"])
def test_a_removed_row_is_told_as_it_stood(database: Database, how: str) -> None:
    with database.writing() as session:
        row = system(session)
        if how == "expired":
            session.expire(row)
        elif how != "loaded":
            row.note = "消す前の備考"
        if how == "written first":
            session.flush()
        session.delete(row)
        session.flush()
        audit.record(session, Event.AI_SYSTEM_EDITED, None, by=TESTS)
    entry = entries(database)[-1]
    (change,) = changes(entry)
    texts = clear(database, entry)
    assert (change["op"], change["fields"]["shared"]) == ("delete", [False, None])
    assert texts["ai_system/1/note"] == ["最初の備考", None]
    assert texts["ai_system/1/name"] == ["対話支援", None]
    assert nothing_bad(database)


def test_confidential_values_stand_in_the_entry_only_as_digests(database: Database) -> None:
    with database.writing() as session:
        row = system(session)
        row.note, row.shared = "秘密の備考", True
        audit.record(session, Event.AI_SYSTEM_EDITED, row, by=TESTS, reason="秘密の理由")
    entry = entries(database)[-1]
    told = json.loads(entry.body)
    fields = told["changes"][0]["fields"]
    assert fields["shared"] == [False, True]
    for item in (*fields["note"], told["reason"]):
        assert list(item) == ["hmac"]
        assert len(item["hmac"]) == 64
    columns = [str(getattr(entry, column.key)) for column in inspect(AuditEntry).column_attrs]
    for word in ("秘密の備考", "秘密の理由", "最初の備考", "対話支援"):
        assert not any(word in value or json.dumps(word) in value for value in columns)
    assert clear(database, entry) == {"ai_system/1/note": ["最初の備考", "秘密の備考"], "reason": "秘密の理由"}


def test_the_same_text_has_another_digest_in_each_entry(database: Database) -> None:
    with database.writing() as session:
        for _ in range(2):
            audit.record(session, Event.REPORT_EXPORTED, None, by=TESTS, reason="同じ理由")
    first, second = (json.loads(entry.body)["reason"]["hmac"] for entry in entries(database)[-2:])
    assert first != second


def test_a_secret_is_nowhere_in_the_log(database: Database) -> None:
    hashes = ["$argon2id$first", "$argon2id$second"]
    for value in hashes:
        with database.writing() as session:
            person = session.scalars(select(User).where(User.name == "auditor")).one()
            person.password = value
            audit.record(session, Event.PASSWORD_REHASHED, person, by=TESTS)
    with database.writing() as session:
        newcomer = User(
            email="new@example.go.jp", name="new", role="auditor", password=hashes[0], fs_uniquifier="u" * 9
        )
        session.add(newcomer)
        audit.record(session, Event.USER_CREATED, newcomer, by=TESTS)
    with database.reading() as session:
        rows = [
            str(tuple(row)) for model in (AuditEntry, AuditClear) for row in session.execute(select(*columns(model)))
        ]
        uniquifiers = session.scalars(select(User.fs_uniquifier)).all()
    assert changes(entries(database)[-2])[0]["fields"] == {"password": ["", "changed"]}
    for secret in (*hashes, *uniquifiers):
        assert not any(secret in row for row in rows)


def case_of(session: Session, number: int) -> UseCase:
    """Return a new case of which nothing is given that has a default."""
    facts = {"ministry_id": third(session).id, "created_at": NOW, "updated_at": NOW, "search_key": "題"}
    return UseCase(
        case_no=str(number), title="題", lifecycle=Lifecycle.PLANNED, lifecycle_since=dt.date(2025, 4, 1), **facts
    )


def columns(model: type) -> list[Any]:
    """Return the columns of a model."""
    return list(inspect(model).columns)


def test_deeds_of_one_transaction_follow_each_other(database: Database, actor: ActorOf) -> None:
    length = len(entries(database))
    by = actor("approver")
    with database.writing() as session:
        session.info["request_id"] = "request-7"
        made = ai_systems.create(session, values=VALUES, by=by)
        made.note = "次の備考"
        audit.record(session, Event.AI_SYSTEM_EDITED, made, by=by, lines=3)
        audit.record(session, Event.REPORT_EXPORTED, None, by=actor("auditor"))
    before, *new = entries(database)[length - 1 :]
    assert [entry.seq for entry in new] == [length + 1, length + 2, length + 3]
    assert [entry.prev for entry in new] == [before.hash, new[0].hash, new[1].hash]
    assert [entry.event for entry in new] == ["ai_system.created", "ai_system.edited", "report.exported"]
    assert [len(changes(entry)) for entry in new] == [1, 1, 0]
    assert [entry.ministry_id for entry in new] == [by.ministry_id, by.ministry_id, None]
    for entry in new:
        told = json.loads(entry.body)
        assert entry.hash == hashlib.sha256(b"\x00" + entry.body.encode()).hexdigest()
        assert entry.body == json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert (told["seq"], told["prev"], told["request"]) == (entry.seq, entry.prev, "request-7")
    assert json.loads(new[1].body)["details"] == {"lines": 3}
    with database.reading() as session:
        assert audit.head(session) == (new[-1].seq, new[-1].hash)


def test_an_entry_keeps_the_names_of_its_day(database: Database) -> None:
    before = entries(database)[-1]
    assert (before.actor_name, before.role) == ("approver", "approver")
    with database.writing() as session:
        person = session.scalars(select(User).where(User.name == "approver")).one()
        person.name, person.role, person.ministry_id = "改姓", "auditor", None
        audit.record(session, Event.USER_CREATED, person, by=TESTS)
        body = session.get_one(Ministry, before.ministry_id)
        body.name = "府省庁X"
        name(session, body)
    after = entries(database)[before.seq - 1]
    for column in inspect(AuditEntry).column_attrs:
        assert getattr(after, column.key) == getattr(before, column.key)
    assert nothing_bad(database)


def test_writers_at_the_same_time_make_one_chain_without_a_gap(
    database: Database, database_url: str, actor: ActorOf
) -> None:
    by, length = actor("approver"), len(entries(database))
    start, errors = threading.Barrier(4), []

    def work(number: int) -> None:
        own = Database(database_url, database.clock)
        start.wait()
        try:
            for turn in range(3):
                with own.writing() as session:
                    ai_systems.create(session, values={"name": f"{number}/{turn}"}, by=by)
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        own.engine.dispose()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    made = entries(database)[length:]
    assert [entry.seq for entry in made] == list(range(length + 1, length + 13))
    named = {clear(database, entry)[f"ai_system/{entry.subject_id}/name"][1] for entry in made}
    assert named == {f"{number}/{turn}" for number in range(4) for turn in range(3)}
    assert nothing_bad(database)

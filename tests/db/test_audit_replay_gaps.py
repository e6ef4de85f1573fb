"""Logs with gaps: purged by law, forged, or written before the log held whole rows; and what then stands there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update

from register import audit
from register.audit.record import Fact
from register.audit.restore import UNTOLD_VERSION, untold_id
from register.db import Base, Database
from register.models import AISystem, AuditClear, Audited, ChangeMark, FormVersion, Snapshot
from register.services import form_versions
from tests.support import audit_owner as owner
from tests.support.audit_log import TESTS, logged, system
from tests.support.data import NOW
from tests.support.databases import Build
from tests.support.everything import rows_of_everything
from tests.support.past import BATCHES, copy_of, past, replayed, told
from tests.support.round_files import FORMS, empty_round

CREATED = 11  # the entry that made the AI system, the last one
CONFIDENTIAL = ("model_usage", "name", "note", "vendor")


@pytest.fixture
def content() -> Build:
    """A register with a log."""
    return logged


def edit(database: Database, **values: object) -> None:
    """Change the AI system."""
    with database.writing() as session:
        row = system(session)
        for key, value in values.items():
            setattr(row, key, value)
        audit.record(session, audit.Event.AI_SYSTEM_EDITED, row, by=TESTS)


def purge(database: Database, *seqs: int) -> None:
    """Remove the clear texts of some entries, as a law may ask; of all when none is named."""
    with database.writing() as session:
        session.execute(delete(AuditClear).where(AuditClear.seq.in_(seqs) if seqs else True))


def stood(database: Database, seq: int) -> tuple[int, dict[str, Any]]:
    """Return how many values of a state are not known, and the AI system in it."""
    with past(database, seq) as (made, scratch), scratch.reading() as session:
        (row,) = copy_of(session)["ai_system"].values()
        return made.purged, row


def raw(database: Database, *statements: str) -> None:
    """Change something behind the register's back, the marks of it too."""
    with database.engine.begin() as connection:
        for statement in (*statements, "DELETE FROM change_mark"):
            connection.execute(text(statement))


@pytest.mark.parametrize("batch", BATCHES, indirect=True)
def test_what_was_purged_is_marked_until_it_is_told_anew(database: Database, batch: int) -> None:
    edit(database, note="一")
    edit(database, shared=True)
    edit(database, note="二")
    purge(database, CREATED, CREATED + 1)
    for seq, unknown in ((CREATED, CONFIDENTIAL), (CREATED + 1, CONFIDENTIAL), (CREATED + 2, CONFIDENTIAL)):
        count, row = stood(database, seq)
        assert (count, [row[name] for name in unknown]) == (4, [audit.PURGED] * 4)
    count, row = stood(database, CREATED + 3)
    assert (count, row["name"], row["note"], row["shared"]) == (3, audit.PURGED, "二", True)
    assert told(database) == []
    raw(database, "UPDATE ai_system SET note = '別の備考', vendor = '別の提供元'")
    assert told(database) == [("ai_system", 1, ("note",))]


def test_the_count_of_what_was_purged_follows_a_state_onwards(database: Database) -> None:
    edit(database, note="一", name="対話")
    purge(database, CREATED)
    with database.writing() as session:
        row = system(session)
        session.delete(row)
        session.flush()
        audit.record(session, audit.Event.AI_SYSTEM_EDITED, None, by=TESTS)
    with database.reading() as session, audit.scratch(database.clock) as scratch:
        made, counts = audit.replay(session, 0, scratch), []
        for seq in range(CREATED - 1, CREATED + 3):
            made = audit.replay(session, seq, scratch, since=made)
            counts.append(made.purged)
        assert counts == [0, 4, 2, 0]


@pytest.mark.parametrize("content", [rows_of_everything])
def test_a_register_without_any_clear_text_can_still_be_read(database: Database) -> None:
    purge(database)
    with past(database) as (made, scratch), scratch.reading() as session:
        assert made.purged > 50
        for mapper in Base.registry.mappers:
            if issubclass(mapper.class_, Audited):
                assert all(row.audit_label for row in session.scalars(select(mapper.class_)))
    assert told(database) == []


def spoil(seq: int, change: Callable[[dict[str, Any]], object]) -> owner.Tamper:
    """Return the deed of an owner who rewrites an entry, and every later one so that they fit."""

    def tamper(connection: Any, _seq: int) -> None:
        body = owner.body_of(connection, seq)
        change(body)
        owner.recompute(connection, seq, body)

    return tamper


def of_a_row_that_is_not_there(body: dict[str, Any]) -> None:
    body["changes"][0] |= {"op": "update", "pk": "77"}


def of_a_day_that_is_none(body: dict[str, Any]) -> None:
    body["changes"][0]["fields"]["created_at"] = [None, "いつか"]


def by_a_deed_that_is_none(body: dict[str, Any]) -> None:
    body["changes"][0]["op"] = "truncate"


def of_no_row(body: dict[str, Any]) -> None:
    body["changes"][0]["pk"] = "9" * 40


TAMPERED: dict[str, tuple[int, str, owner.Tamper]] = {
    "content": (5, "content", lambda connection, seq: owner.set_entry(connection, seq, body="{}")),
    "copy": (5, "copy", lambda connection, seq: owner.set_entry(connection, seq, actor_name="別人")),
    "link": (5, "link", lambda connection, seq: owner.set_entry(connection, seq, prev="f" * 64)),
    "gap": (5, "gap", lambda connection, seq: owner.remove(connection, [seq])),
    "first": (1, "gap", lambda connection, seq: owner.remove(connection, [seq])),
    "end": (CREATED, "gap", lambda connection, seq: owner.remove(connection, [seq])),
    "clear": (
        CREATED, "clear", lambda connection, seq: connection.execute(update(AuditClear).values(salt="00" * 16)),
    ),
    "unknown row": (CREATED, "state", spoil(CREATED, of_a_row_that_is_not_there)),
    "bad value": (CREATED, "state", spoil(CREATED, of_a_day_that_is_none)),
    "bad deed": (CREATED, "state", spoil(CREATED, by_a_deed_that_is_none)),
    "bad number": (CREATED, "state", spoil(CREATED, of_no_row)),
    "no changes": (CREATED, "state", spoil(CREATED, lambda body: body.update(changes=[7]))),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERED)
def test_a_log_that_is_not_whole_is_refused_from_there_on(database: Database, how: str) -> None:
    seq, kind, tamper = TAMPERED[how]
    before = replayed(database, seq - 1)
    with database.engine.begin() as connection:
        owner.drop_triggers(connection)
        if kind == "state":
            connection.execute(delete(AuditClear))
        tamper(connection, seq)
    assert replayed(database, seq - 1) == before
    for wanted in {seq, CREATED}:
        with pytest.raises(audit.Broken) as refused, past(database, wanted):
            pytest.fail("it was made all the same")
        assert (refused.value.finding.seq, refused.value.finding.kind) == (seq, kind)
        assert str(refused.value.sentence).startswith(f"{seq}番の記録")


def test_a_log_that_was_made_anew_is_refused_where_a_print_tells_otherwise(database: Database) -> None:
    with database.writing() as session:
        holding = empty_round(session)
        number, printed = audit.head(session)
        facts = {"language": "ja", "file_name": "a.pdf", "path": "a", "size": 1, "pages": 1, "made_by": "tests"}
        snapshot = Snapshot(round=holding, audit_seq=number, audit_head=printed, made_at=NOW, **facts)
        snapshot.sha256 = snapshot.data_sha256 = "0" * 64
        session.add(snapshot)
        audit.record(session, audit.Event.SNAPSHOT_MADE, snapshot, by=TESTS)
    assert told(database) == []
    with database.engine.begin() as connection:
        owner.drop_triggers(connection)
        spoil(3, lambda body: body.update(request="another"))(connection, 3)
    replayed(database, number - 1)
    with pytest.raises(audit.Broken, match=r"a\.pdfに印刷された値と違います"), past(database, number):
        pytest.fail("it was made all the same")


def test_an_entry_that_is_not_written_yet_is_none(database: Database) -> None:
    with pytest.raises(audit.Broken, match=f"{CREATED + 1}番の記録がありません"), past(database, CREATED + 1):
        pytest.fail("it was made all the same")


@pytest.fixture
def before_whole_rows(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Write the log as it was written before it held whole rows, until the function is called."""
    recorder = sys.modules[Fact.__module__]  # the package has a function of that name
    real = recorder._fact

    def fact(row: Any, op: str) -> Fact | None:
        made = real(row, op)
        if made and op != "delete":
            untold = {"version", "public_id"} | {
                name for name, old_new in made.fields.items() if old_new in ([None, ""], [None, False])
            }
            for name in untold & made.fields.keys():
                del made.fields[name]
        return made

    monkeypatch.setattr(recorder, "_fact", fact)
    return monkeypatch.undo


def test_what_an_old_entry_does_not_tell_has_its_default(
    database: Database, before_whole_rows: Callable[[], None]
) -> None:
    with database.writing() as session:
        one = AISystem(name="古いもの", ministry_id=1, created_at=NOW, updated_at=NOW)
        session.add(one)
        audit.record(session, audit.Event.AI_SYSTEM_CREATED, one, by=TESTS)
        number = one.id

    def share(shared: bool) -> dict[str, Any]:
        with database.writing() as session:
            row = session.get_one(AISystem, number)
            row.shared = shared
            audit.record(session, audit.Event.AI_SYSTEM_EDITED, row, by=TESTS)
        return replayed(database)["ai_system"][number]

    row = replayed(database)["ai_system"][number]
    assert (row["name"], row["vendor"], row["shared"]) == ("古いもの", "", False)
    assert (row["public_id"], row["version"]) == (untold_id("ai_system", number), UNTOLD_VERSION)
    assert share(True)["version"] == UNTOLD_VERSION
    before_whole_rows()
    assert told(database) == []
    assert share(False)["version"] == 3
    assert told(database) == []
    raw(database, "UPDATE ai_system SET version = 9, vendor = '提供元'")
    assert told(database) == [("ai_system", 1, ("version",)), ("ai_system", number, ("vendor", "version"))]


def test_what_the_register_gave_up_is_in_no_state(database: Database) -> None:
    before = replayed(database)
    other = {"table": "fax", "pk": "1", "op": "insert", "fields": {"number": [None, "3"]}}

    def tell_more(body: dict[str, Any]) -> None:
        body["changes"][0]["fields"]["fax"] = [None, {"any": "thing"}]
        body["changes"].append(other)

    with database.engine.begin() as connection:
        owner.drop_triggers(connection)
        spoil(3, tell_more)(connection, 3)
    assert replayed(database) == before


@pytest.mark.parametrize("batch", BATCHES, indirect=True)
def test_bytes_are_those_that_the_log_binds_or_none(database: Database, batch: int) -> None:
    with database.writing() as session:
        form_versions.publish(session, FORMS["v2"], by=TESTS)
    assert [row["canonical"] for row in replayed(database)["form_version"].values()] == [FORMS["v2"].canonical]
    assert told(database) == []
    with database.engine.begin() as connection:
        connection.execute(update(FormVersion).values(canonical=b"{}"))
        connection.execute(delete(ChangeMark))
    assert [row["canonical"] for row in replayed(database)["form_version"].values()] == [b""]
    assert told(database) == [("form_version", 1, ("canonical",))]

"""The verifier on both databases: whatever an owner of the database does to the log, the first bad entry is named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.orm import Session

from register import audit
from register.audit import Anchor, Event
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.models import AuditClear, AuditEntry, AuditHead, ChangeMark, FormVersion, Round, Snapshot, User
from register.services import ai_systems
from register.vocab import RoundState
from tests.support import audit_owner as owner
from tests.support import snapshots
from tests.support.audit_log import TESTS, VALUES, logged, name, system
from tests.support.data import NOW
from tests.support.databases import Build

Found = tuple[int, str] | None
OTHER = "f" * 64


def reported(url: str) -> None:
    """Build a register whose log tells of edits, of reasons and of a round."""
    logged(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        by = Actor.of(session.scalars(select(User).where(User.name == "approver")).one())
        row = system(session)
        ai_systems.edit(session, row, values={**VALUES, "note": "次の備考"}, version=row.version, by=by)
        audit.record(session, Event.REPORT_EXPORTED, None, by=by, reason="照会への回答", lines=3)
    with database.writing() as session:
        form = FormVersion(form="cases", version="v1", canonical=b"{}", sha256=OTHER, published_at=NOW)
        session.add(form)
        name(session, form)
        as_of = dt.date(2025, 9, 30)
        row = Round(fiscal_year=2025, number=2, as_of=as_of, state=RoundState.FROZEN, form_version_id=form.id)
        session.add(row)
        name(session, row)
    database.engine.dispose()


@pytest.fixture
def content() -> Build:
    """A register whose log holds every kind of entry."""
    return reported


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """The owner's connection: no trigger is left, and nothing of the test is kept."""
    with database.engine.connect() as opened:
        owner.drop_triggers(opened)
        yield opened
        opened.rollback()


@pytest.fixture
def seqs(connection: Connection) -> range:
    """The numbers of the entries."""
    return range(1, owner.length(connection) + 1)


def found(connection: Connection, *anchors: Anchor) -> Found:
    """Return the number and the kind of what the verifier finds."""
    with Session(connection) as session:
        finding = audit.verify(session, anchors).finding
    return (finding.seq, finding.kind) if finding else None


def found_after(connection: Connection, deed: Callable[[], object], *anchors: Anchor) -> Found:
    """Return what the verifier finds after the deed, which is then taken back."""
    with connection.begin_nested() as savepoint:
        deed()
        finding = found(connection, *anchors)
        savepoint.rollback()
    return finding


def anchor(connection: Connection, seq: int) -> Anchor:
    """Return what a snapshot made when the log had ``seq`` entries would have printed."""
    return Anchor(seq, connection.scalars(select(AuditEntry.hash).where(AuditEntry.seq == seq)).one(), "print")


def keep(connection: Connection, printed: Anchor) -> None:
    """Write the row of a snapshot that printed this anchor."""
    values = snapshots.values(audit_seq=printed.seq, audit_head=printed.hash, file_name=f"x{printed.seq}")
    connection.execute(insert(Snapshot).values(**values))


def lie(connection: Connection, seq: int) -> dict[str, Any]:
    """Return the entry's body with another person in it."""
    body = owner.body_of(connection, seq)
    return {**body, "actor": {**body["actor"], "name": "別人"}}


def set_body(body: str) -> owner.Tamper:
    """Return the deed that puts ``body`` in the place of an entry's body, with the hash that fits."""
    return lambda connection, seq: owner.set_entry(connection, seq, body=body, hash=owner.hash_of(body))


def add_blank(connection: Connection, seq: int) -> None:
    body = owner.canonical(owner.body_of(connection, seq)) + " "
    owner.set_entry(connection, seq, body=body, hash=owner.hash_of(body))


def keep_only_links(connection: Connection, seq: int) -> None:
    body = owner.body_of(connection, seq)
    owner.recompute(connection, seq, {"seq": seq, "prev": body["prev"]})


IN_PLACE: dict[str, tuple[owner.Tamper, str]] = {
    "a detail added to the body": (
        owner.sql("""body = replace(body, '"details":{', '"details":{"x": 1')"""),
        "content",
    ),
    "a blank added to the body": (owner.sql("body = body || ' '"), "content"),
    "a blank added, hash fitted": (add_blank, "content"),
    "no JSON": (set_body("{"), "content"),
    "no object": (set_body("null"), "content"),
    "a number that JSON has not": (set_body('{"seq":NaN}'), "content"),
    "half of a character": (set_body('{"seq":"\\ud800"}'), "content"),
    "too deep": (set_body("[" * 5_000), "content"),
    "an empty body": (set_body("{}"), "link"),
    "the hash": (owner.sql(f"hash = '{OTHER}'"), "content"),
    "the previous hash": (owner.sql(f"prev = '{OTHER}'"), "link"),
    "the number in the body": (lambda c, n: owner.rewrite(c, n, {**owner.body_of(c, n), "seq": n + 1}), "link"),
    "the name": (owner.sql("actor_name = '別人'"), "copy"),
    "the actor": (owner.sql("actor_id = 77"), "copy"),
    "the role": (owner.sql("role = role || 'x'"), "copy"),
    "the event": (owner.sql("event = 'session.signed_in'"), "copy"),
    "the moment": (lambda c, n: owner.set_entry(c, n, at=NOW + dt.timedelta(microseconds=1)), "copy"),
    "the ministry": (owner.sql("ministry_id = 77"), "copy"),
    "the subject's table": (owner.sql("subject_table = subject_table || 'x'"), "copy"),
    "the subject": (owner.sql("subject_id = subject_id || '0'"), "copy"),
    "the subject's name": (owner.sql("subject_label = subject_label || 'x'"), "copy"),
    "a body that is only a link": (keep_only_links, "copy"),
}


def test_an_honest_log_is_found_good(connection: Connection, seqs: range) -> None:
    assert len(seqs) >= 15
    assert found(connection) is None
    for seq in seqs:
        assert found(connection, anchor(connection, seq)) is None
    with Session(connection) as session:
        verdict = audit.verify(session)
        assert (verdict.length, verdict.head) == audit.head(session) == (seqs[-1], anchor(connection, seqs[-1]).hash)


def test_an_entry_changed_in_its_place_is_named(connection: Connection, seqs: range) -> None:
    for how, (tamper, kind) in IN_PLACE.items():
        for seq in seqs:
            assert found_after(connection, lambda t=tamper, n=seq: t(connection, n)) == (seq, kind), (how, seq)


# SQLite stores what it is given, whatever the column is for.
SHAPELESS: dict[str, tuple[str, str]] = {
    "a moment that is none": ("UPDATE audit_entry SET at = 'yesterday' WHERE seq = :seq", "copy"),
    "a moment that is a number": ("UPDATE audit_entry SET at = 5 WHERE seq = :seq", "copy"),
    "a body of bytes": ("UPDATE audit_entry SET body = CAST(body AS BLOB) WHERE seq = :seq", "content"),
    "a body of broken bytes": ("UPDATE audit_entry SET body = x'ff00' WHERE seq = :seq", "content"),
    "a name of bytes": ("UPDATE audit_entry SET actor_name = x'ff' WHERE seq = :seq", "copy"),
    "clear texts that are no JSON": ("UPDATE audit_clear SET texts = 'x' WHERE seq = :seq", "clear"),
    "clear texts of bytes": ("UPDATE audit_clear SET texts = x'ff' WHERE seq = :seq", "clear"),
    "a salt of bytes": ("UPDATE audit_clear SET salt = x'ff' WHERE seq = :seq", "clear"),
}


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_values_of_a_wrong_shape_are_named_too(connection: Connection, seqs: range) -> None:
    with_clear = connection.scalars(select(AuditClear.seq)).all()
    for how, (statement, kind) in SHAPELESS.items():
        for seq in with_clear if kind == "clear" else seqs:
            change = text(statement).bindparams(seq=seq)
            assert found_after(connection, lambda c=change: connection.execute(c)) == (seq, kind), (how, seq)


def test_an_entry_rewritten_with_its_hash_is_missed_by_the_next_one(connection: Connection, seqs: range) -> None:
    for seq in seqs:
        kind = "link" if seq < seqs[-1] else "head"

        def tamper(seq: int = seq) -> None:
            owner.rewrite(connection, seq, lie(connection, seq), actor_name="別人")

        assert found_after(connection, tamper) == (seq + 1, kind)


def test_a_removed_entry_is_named(connection: Connection, seqs: range) -> None:
    for seq in seqs:
        kind = "gap" if seq < seqs[-1] else "head"
        assert found_after(connection, lambda n=seq: owner.remove(connection, [n])) == (seq, kind)


def test_a_removed_entry_is_named_though_the_others_close_up(connection: Connection, seqs: range) -> None:
    for seq in seqs[:-1]:

        def tamper(seq: int = seq) -> None:
            owner.remove(connection, [seq])
            for number in range(seq + 1, seqs[-1] + 1):
                owner.set_entry(connection, number, seq=number - 1)
            owner.set_head(connection)

        assert found_after(connection, tamper) == (seq, "link")


def test_entries_that_changed_places_are_named(connection: Connection, seqs: range) -> None:
    for first, second in [*pairwise(seqs), (2, seqs[-1])]:
        assert found_after(connection, lambda a=first, b=second: owner.swap(connection, a, b)) == (first, "link")


def test_an_inserted_entry_is_named(connection: Connection, seqs: range) -> None:
    for seq in seqs:

        def insert_one(seq: int = seq) -> None:
            owner.make_room(connection, seq)
            body = {**owner.body_of(connection, seq + 1), "at": NOW.isoformat(timespec="microseconds"), "request": "x"}
            forged = owner.canonical(body)
            # What follows is led to the forged entry, as far as its columns go.
            owner.set_entry(connection, seq + 1, prev=owner.hash_of(forged))
            owner.forge(connection, seq, body=forged, hash=owner.hash_of(forged), prev=body["prev"])
            owner.set_head(connection)

        assert found_after(connection, insert_one) == (seq + 1, "link")


def test_an_appended_entry_is_missed_by_the_head(connection: Connection, seqs: range) -> None:
    last = seqs[-1]
    body = {**owner.body_of(connection, last), "seq": last + 1, "prev": anchor(connection, last).hash}
    owner.set_entry(connection, last, seq=last + 2)
    owner.forge(connection, last + 1, body=owner.canonical(body), prev=body["prev"], hash=OTHER)
    owner.set_entry(connection, last + 2, seq=last)
    owner.rewrite(connection, last + 1, body)
    assert found(connection) == (last + 2, "head")


def test_the_first_of_several_bad_entries_is_named(connection: Connection, seqs: range) -> None:
    owner.remove(connection, [seqs[-3]])
    owner.sql("event = 'session.signed_in'")(connection, 7)
    assert found(connection) == (7, "copy")
    owner.sql(f"hash = '{OTHER}'")(connection, 4)
    assert found(connection) == (4, "content")


def betrayed(connection: Connection, printed: Anchor) -> Found:
    """Return what is found with this anchor, which must be the same whether it is given or stands in a snapshot's row."""
    given = found(connection, printed)
    assert found_after(connection, lambda: keep(connection, printed)) == given
    return given


def test_a_recomputed_log_is_betrayed_only_by_an_anchor(connection: Connection, seqs: range) -> None:
    prints = {seq: anchor(connection, seq) for seq in seqs}
    for start in seqs:
        with connection.begin_nested() as savepoint:
            owner.recompute(connection, start, lie(connection, start), actor_name="別人")
            assert found(connection) is None
            for seq in {1, start - 1, start, seqs[-1]} & set(seqs):
                expected = (seq, "anchor") if seq >= start else None
                assert betrayed(connection, prints[seq]) == expected, (start, seq)
            savepoint.rollback()


def test_a_cut_end_is_betrayed_by_the_head_or_an_anchor(connection: Connection, seqs: range) -> None:
    prints = {seq: anchor(connection, seq) for seq in seqs}
    for left in range(seqs[-1]):
        with connection.begin_nested() as savepoint:
            owner.remove(connection, range(left + 1, seqs[-1] + 1))
            assert found(connection) == (left + 1, "head")
            owner.set_head(connection)
            assert found(connection) is None
            for seq in {1, left, left + 1, seqs[-1]} & set(seqs):
                expected = (left + 1, "truncated") if seq > left else None
                assert betrayed(connection, prints[seq]) == expected, (left, seq)
            savepoint.rollback()


def test_the_first_anchor_that_does_not_fit_is_named(connection: Connection, seqs: range) -> None:
    first, middle, last = (anchor(connection, seq) for seq in (1, 6, seqs[-1]))
    keep(connection, middle)
    keep(connection, last)
    assert found(connection, first, last) is None
    owner.recompute(connection, 3, lie(connection, 3), actor_name="別人")
    assert found(connection, last, first) == (6, "anchor")
    assert found(connection, Anchor(4, OTHER, "print")) == (4, "anchor")


def test_a_lost_head_is_told(connection: Connection, seqs: range) -> None:
    for statement in (delete(AuditHead), update(AuditHead).values(hash=OTHER), update(AuditHead).values(seq=3)):
        assert found_after(connection, lambda s=statement: connection.execute(s)) == (seqs[-1] + 1, "head")


def test_an_anchor_of_an_empty_log_is_its_beginning(connection: Connection) -> None:
    assert found(connection, Anchor(0, audit.GENESIS, "print")) is None
    assert found(connection, Anchor(0, OTHER, "print")) == (0, "anchor")


def exchanged(connection: Connection, rows: list[Any]) -> None:
    """Put the clear text of each entry beside another one."""
    for row, other in zip(rows, rows[1:] + rows[:1], strict=True):
        statement = update(AuditClear).where(AuditClear.seq == row.seq)
        connection.execute(statement.values(texts=other.texts, salt=other.salt))


def test_changed_clear_text_is_named_and_purged_text_is_not(connection: Connection, seqs: range) -> None:
    rows = connection.execute(select(AuditClear.__table__).order_by(AuditClear.seq)).all()
    assert len(rows) >= 3
    for row in rows:
        key, value = next(iter(row.texts.items()))
        other = f"{value}x" if isinstance(value, str) else [value[0], f"{value[1]}x"]
        for change in (
            {"texts": {**row.texts, key: other}},
            {"texts": {**row.texts, "more": "x"}},
            {"texts": {more: told for more, told in row.texts.items() if more != key}},
            {"texts": [row.texts]},
            {"salt": "00" * 16},
            {"salt": "salt"},
        ):
            statement = update(AuditClear).where(AuditClear.seq == row.seq).values(change)
            assert found_after(connection, lambda s=statement: connection.execute(s)) == (row.seq, "clear"), change
        purge = delete(AuditClear).where(AuditClear.seq == row.seq)
        assert found_after(connection, lambda s=purge: connection.execute(s)) is None
    assert found_after(connection, lambda: exchanged(connection, list(rows))) == (rows[0].seq, "clear")
    bare = next(seq for seq in seqs if seq not in {row.seq for row in rows})
    added = insert(AuditClear).values(seq=bare, salt="00", texts={"reason": "x"})
    assert found_after(connection, lambda: connection.execute(added)) == (bare, "clear")
    assert found_after(connection, lambda: connection.execute(delete(AuditClear))) is None


def test_a_change_behind_the_register_is_told(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE ministry SET sort_no = sort_no + 1"))
    with database.reading() as session:
        length, _ = audit.head(session)
        finding = audit.verify(session).finding
        assert len(session.scalars(select(ChangeMark)).all()) == 3
    assert finding is not None
    assert (finding.seq, finding.kind) == (length, "unnamed")
    assert "3件" in str(finding.sentence)
    # A later deed does not make it good.
    with database.writing() as session:
        audit.record(session, Event.REPORT_EXPORTED, None, by=TESTS)
    with database.reading() as session:
        finding = audit.verify(session).finding
    assert finding is not None
    assert finding.kind == "unnamed"

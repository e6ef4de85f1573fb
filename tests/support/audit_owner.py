"""What the owner of a database can do to the log behind the register's back: everything, once the triggers are gone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text, update

from register.audit import GENESIS
from register.models import AuditEntry, AuditHead

Body = dict[str, Any]
Tamper = Callable[[Connection, int], object]
TRIGGERS = {
    "sqlite": "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT format('DROP TRIGGER %I ON %I', tgname, relname) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE NOT tgisinternal
    """,
}


def drop_triggers(connection: Connection) -> None:
    """Take away what watches the database."""
    for statement in connection.scalars(text(TRIGGERS[connection.dialect.name])).all():
        connection.execute(text(statement))


def set_entry(connection: Connection, seq: int, /, **columns: Any) -> None:
    """Overwrite columns of one entry."""
    assert connection.execute(update(AuditEntry).where(AuditEntry.seq == seq).values(columns)).rowcount == 1


def sql(assignment: str) -> Tamper:
    """Return the deed that overwrites one entry by an expression."""
    statement = text(f"UPDATE audit_entry SET {assignment} WHERE seq = :seq")
    return lambda connection, seq: connection.execute(statement, {"seq": seq})


def remove(connection: Connection, seqs: Iterable[int]) -> None:
    """Remove entries."""
    connection.execute(delete(AuditEntry).where(AuditEntry.seq.in_(list(seqs))))


def length(connection: Connection) -> int:
    """Return the number of the last entry."""
    return connection.scalar(select(func.coalesce(func.max(AuditEntry.seq), 0))) or 0


def swap(connection: Connection, first: int, second: int) -> None:
    """Let two entries change places."""
    for old, new in ((first, -1), (second, first), (-1, second)):
        set_entry(connection, old, seq=new)


def make_room(connection: Connection, seq: int) -> None:
    """Move the entries from ``seq`` on by one."""
    for number in range(length(connection), seq - 1, -1):
        set_entry(connection, number, seq=number + 1)


def forge(connection: Connection, seq: int, /, **columns: Any) -> None:
    """Write an entry that looks like the one after its place."""
    row = connection.execute(select(AuditEntry.__table__).where(AuditEntry.seq == seq + 1)).one()
    connection.execute(insert(AuditEntry).values({**row._asdict(), "seq": seq, **columns}))


def set_head(connection: Connection) -> None:
    """Make the head row fit the entries that are left."""
    last = connection.execute(select(AuditEntry.seq, AuditEntry.hash).order_by(AuditEntry.seq.desc()).limit(1)).first()
    seq, head = last or (0, GENESIS)
    connection.execute(update(AuditHead).values(seq=seq, hash=head))


def canonical(body: Body) -> str:
    """Return the form that is hashed; our keys are ASCII and our numbers small, so that this is all of RFC 8785."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def hash_of(body: str) -> str:
    """Return the hash of an entry with this body."""
    return hashlib.sha256(b"\x00" + body.encode()).hexdigest()


def body_of(connection: Connection, seq: int) -> Body:
    """Return what the entry says."""
    body: Body = json.loads(connection.scalars(select(AuditEntry.body).where(AuditEntry.seq == seq)).one())
    return body


def rewrite(connection: Connection, seq: int, body: Body, **columns: Any) -> str:
    """Give an entry another body with the hash that fits, and return the hash."""
    text_of = canonical(body)
    set_entry(connection, seq, body=text_of, hash=hash_of(text_of), prev=body["prev"], **columns)
    return hash_of(text_of)


def recompute(connection: Connection, seq: int, body: Body, **columns: Any) -> None:
    """Rewrite an entry and make every later one, and the head, fit it: a chain without a fault."""
    last = rewrite(connection, seq, body, **columns)
    for number in range(seq + 1, length(connection) + 1):
        last = rewrite(connection, number, {**body_of(connection, number), "prev": last})
    set_head(connection)

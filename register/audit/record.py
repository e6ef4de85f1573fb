"""The audit chain: facts are collected, the deed is named, silence is refused.

A service changes rows and calls ``record`` with the deed's name; ``after_flush`` has collected which fields changed.
Before the commit the chain compares what it knows with the marks that the database's own triggers left in this
transaction, so that a change behind the ORM's back (bulk, raw SQL) cannot pass; then it writes the entries.
An entry's hash is ``SHA-256(0x00 || body)`` over the RFC 8785 form of its body with the previous hash inside, which is
at once its RFC 6962 leaf hash.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, event, func, insert, inspect, select, text, update
from sqlalchemy.orm import InstanceState, Mapper, Session, SessionTransaction, UOWTransaction
from sqlalchemy.orm.attributes import History

from register.audit.chain import canonical, digest_of, entry_hash
from register.audit.events import Event
from register.authz import Actor
from register.db import table_of
from register.models import AuditClear, Audited, AuditEntry, AuditHead, ChangeMark


class UnnamedChange(RuntimeError):
    """A transaction tried to commit a change that no deed named; it is a programming error, never a person's."""


@dataclass
class Fact:
    """The changes of one row within a deed: the first old and the last new value of each field."""

    table: str
    pk: str
    op: str
    fields: dict[str, list[Any]] = field(default_factory=dict)
    confidential: set[str] = field(default_factory=set)

    def fold(self, later: Fact) -> None:
        """Take in a later change of the same row: the first old value stays, the newest value wins."""
        for name, (old, new) in later.fields.items():
            self.fields[name] = [self.fields[name][0], new] if name in self.fields else [old, new]
        self.confidential |= later.confidential
        if later.op == "delete":
            self.op = later.op


@dataclass(frozen=True)
class Deed:
    """A named change, waiting for the commit."""

    event: Event
    by: Actor
    at: dt.datetime
    subject: tuple[str, str, str]
    ministry_id: int | None
    reason: str
    request_id: str
    facts: tuple[Fact, ...]
    details: Mapping[str, Any]


@dataclass
class _Ledger:
    """What a session has collected in its running transaction; ``savepoints`` is what it held at each open one."""

    facts: list[Fact] = field(default_factory=list)
    seen: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    deeds: list[Deed] = field(default_factory=list)
    mark_floor: int = 0
    savepoints: list[tuple[list[Fact], Counter[tuple[str, str, str]], list[Deed]]] = field(default_factory=list)


def record(
    session: Session, what: Event, subject: Audited | None, *, by: Actor, reason: str = "", **details: Any
) -> None:
    """Name the deed that made the changes collected since the last call; also records deeds that change nothing.

    ``details`` are plain values that help to read the entry (never confidential text).
    """
    if not session.in_transaction():
        session.begin()  # a deed that changes nothing still belongs to a transaction, and goes with it
    # The changes must be known, and new rows must have their ids, before the deed can claim them.
    session.flush()
    ledger = _ledger(session)
    facts, ledger.facts = _folded(ledger.facts), []
    subject_of = (subject.__tablename__, str(subject.id), subject.audit_label) if subject is not None else ("", "", "")
    ministry_id = getattr(subject, "ministry_id", None) if subject is not None else by.ministry_id
    ledger.deeds.append(
        Deed(
            what,
            by,
            session.info["clock"].now(),
            subject_of,
            ministry_id,
            reason,
            session.info.get("request_id", ""),
            tuple(facts),
            details,
        )
    )


def head(session: Session) -> tuple[int, str]:
    """Return the chain's length and newest hash as this transaction sees them."""
    row = session.execute(select(AuditHead.seq, AuditHead.hash)).one()
    return row.seq, row.hash


def _ledger(session: Session) -> _Ledger:
    return session.info.setdefault("audit", _Ledger())  # type: ignore[no-any-return]


def _folded(facts: Iterable[Fact]) -> list[Fact]:
    folded: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        key = (fact.table, fact.pk)
        if key in folded and "update" in (fact.op, folded[key].op):
            folded[key].fold(fact)
        else:
            folded[key] = fact
    return list(folded.values())


# Built once, and of tables: every audited transaction runs them while others wait for the head.
_ENTRY, _CLEAR, _HEAD, _MARK = (table_of(model) for model in (AuditEntry, AuditClear, AuditHead, ChangeMark))
_NEWEST_MARK = select(func.coalesce(func.max(_MARK.c.id), 0))
_TAKEN = (_MARK.c.table_name, _MARK.c.pk, _MARK.c.op)
_TAKE_MARKS = {
    "sqlite": delete(_MARK).where(_MARK.c.id > bindparam("floor")).returning(*_TAKEN),
    "postgresql": delete(_MARK).where(_MARK.c.txid == text("pg_current_xact_id()::text::bigint")).returning(*_TAKEN),
}
_LOCK_HEAD = select(_HEAD.c.seq, _HEAD.c.hash).with_for_update()
_ADD_ENTRY, _ADD_CLEAR, _MOVE_HEAD = insert(_ENTRY), insert(_CLEAR), update(_HEAD)


@event.listens_for(Session, "after_begin")
def _note_marks(session: Session, transaction: SessionTransaction, connection: Any) -> None:
    """Remember where this transaction's marks begin: SQLite has no transaction id, but its writers come one by one."""
    if connection.dialect.name == "sqlite" and not (session.info.get("readonly") or transaction.nested):
        _ledger(session).mark_floor = connection.scalar(_NEWEST_MARK)


@event.listens_for(Session, "before_flush")
def _prepare(session: Session, *_: object) -> None:
    if session.info.get("readonly") and (session.new or session.deleted or session.dirty):
        raise UnnamedChange("a reading session was asked to write")
    for row in session.deleted:
        if isinstance(row, Audited):
            # Once the row is gone, what was not loaded of it cannot be told.
            state: InstanceState[Any] = inspect(row)
            for attribute in state.mapper.column_attrs:
                state.attrs[attribute.key].load_history()


@event.listens_for(Session, "after_flush")
def _collect(session: Session, context: UOWTransaction) -> None:
    ledger = _ledger(session)
    for op, rows in (("insert", session.new), ("update", session.dirty), ("delete", session.deleted)):
        for row in rows:
            if isinstance(row, Audited) and (fact := _fact(row, op)):
                ledger.facts.append(fact)
                ledger.seen[(fact.table, fact.pk, op)] += 1


def _fact(row: Audited, op: str) -> Fact | None:
    state: InstanceState[Any] = inspect(row)
    columns = _recorded(state.mapper)
    fact = Fact(row.__tablename__, str(row.id), op)
    for key, handling in columns.handling.items():
        if op == "insert":
            # What was written, the defaults of the columns included: those have no history.
            value = state.dict.get(key)
            old_new = None if value is None else [None, _plain(value)]
        elif op == "update" and key not in state.committed_state:
            continue
        else:
            old_new = _change(state.attrs[key].history, op)
        if old_new is None:
            continue
        if handling == "secret":
            old_new = ["", "changed"]
        elif handling == "confidential":
            fact.confidential.add(key)
        fact.fields[key] = old_new
    if op == "update" and fact.fields and columns.version:
        # The flush counts the edits by itself, one at a time, and leaves no history of it.
        version = state.dict[columns.version]
        fact.fields[columns.version] = [version - 1, version]
    return fact if fact.fields or op == "delete" else None


@dataclass(frozen=True)
class _Recorded:
    """How each attribute of a model enters a fact (plain, confidential, secret), and which one counts the edits."""

    handling: Mapping[str, str]
    version: str | None


@cache
def _recorded(mapper: Mapper[Any]) -> _Recorded:
    handling = {}
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if not column.primary_key:
            kinds = [kind for kind in ("secret", "confidential") if column.info.get(kind)]
            handling[attribute.key] = kinds[0] if kinds else "plain"
    counter = mapper.version_id_col
    return _Recorded(handling, None if counter is None else mapper.get_property_by_column(counter).key)


def _change(history: History, op: str) -> list[Any] | None:
    if op == "delete":
        return [_plain(next(iter(history.deleted or history.unchanged), None)), None]
    if not history.has_changes():
        return None
    old = history.deleted[0] if history.deleted else None
    new = history.added[0] if history.added else None
    return [_plain(old), _plain(new)]


def _plain(value: Any) -> Any:
    """Return ``value`` as canonical JSON can hold it."""
    if value is None or isinstance(value, bool | str):
        return value if not isinstance(value, StrEnum) else value.value
    if isinstance(value, int | list | dict):
        return value
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return {"sha256": hashlib.sha256(value).hexdigest()}
    return str(value)


@event.listens_for(Session, "before_commit")
def _append(session: Session) -> None:
    if session.in_nested_transaction() or session.info.get("readonly"):
        return
    # What is still pending belongs to this commit and must be named like the rest.
    session.flush()
    ledger = _ledger(session)
    if ledger.facts:
        changed = ", ".join(sorted({f"{fact.op} {fact.table} {fact.pk}" for fact in ledger.facts}))
        raise UnnamedChange(f"no deed names these changes: {changed}")
    if session.in_transaction():
        _compare_marks(session, ledger)
    if ledger.deeds:
        _write(session, ledger.deeds)


def _compare_marks(session: Session, ledger: _Ledger) -> None:
    """Compare the triggers' marks of this transaction with what was named, and take the marks away."""
    connection = session.connection()
    gone = connection.execute(_TAKE_MARKS[connection.dialect.name], {"floor": ledger.mark_floor})
    marks = Counter((row.table_name, row.pk, row.op) for row in gone)
    if marks != ledger.seen:
        extra = sorted((marks - ledger.seen).elements()) + sorted((ledger.seen - marks).elements())
        raise UnnamedChange(f"the database changed otherwise than the deeds say: {extra[:5]}")


def _write(session: Session, deeds: list[Deed]) -> None:
    connection = session.connection()
    last = connection.execute(_LOCK_HEAD).one()
    seq, prev = last.seq, last.hash
    entries, clears = [], []
    for deed in deeds:
        seq += 1
        entry, clear = _entry(deed, seq, prev)
        prev = entry["hash"]
        entries.append(entry)
        if clear:
            clears.append(clear)
    connection.execute(_ADD_ENTRY, entries)
    if clears:
        connection.execute(_ADD_CLEAR, clears)
    connection.execute(_MOVE_HEAD, {"seq": seq, "hash": prev})


def _entry(deed: Deed, seq: int, prev: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    salt = secrets.token_hex(16)
    clear: dict[str, Any] = {}
    changes = []
    for fact in deed.facts:
        fields: dict[str, Any] = {}
        for name, old_new in fact.fields.items():
            if name in fact.confidential and any(value is not None for value in old_new):
                fields[name] = [None if value is None else {"hmac": digest_of(salt, value)} for value in old_new]
                clear[f"{fact.table}/{fact.pk}/{name}"] = old_new
            else:
                fields[name] = old_new
        changes.append({"table": fact.table, "pk": fact.pk, "op": fact.op, "fields": fields})
    reason: Any = deed.reason
    if deed.reason:
        # People write what happened into a reason; it is as confidential as the case it speaks of.
        clear["reason"] = deed.reason
        reason = {"hmac": digest_of(salt, deed.reason)}
    table, pk, label = deed.subject
    body = canonical(
        {
            "seq": seq,
            "prev": prev,
            "at": _plain(deed.at),
            "event": deed.event.value,
            "actor": {"id": deed.by.user_id, "name": deed.by.name, "role": deed.by.role.value if deed.by.role else ""},
            "ministry": deed.ministry_id,
            "request": deed.request_id,
            "subject": {"table": table, "pk": pk, "label": label},
            "reason": reason,
            "details": {key: _plain(value) for key, value in deed.details.items()},
            "changes": changes,
        }
    )
    entry = {
        "seq": seq,
        "prev": prev,
        "hash": entry_hash(body),
        "at": deed.at,
        "event": deed.event.value,
        "actor_id": deed.by.user_id,
        "actor_name": deed.by.name,
        "role": deed.by.role.value if deed.by.role else "",
        "ministry_id": deed.ministry_id,
        "subject_table": table,
        "subject_id": pk,
        "subject_label": label,
        "body": body.decode(),
    }
    return entry, ({"seq": seq, "salt": salt, "texts": clear} if clear else None)


@event.listens_for(Session, "after_transaction_create")
def _keep(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        ledger = _ledger(session)
        # A deed inside the savepoint may fold later changes into these facts.
        ledger.savepoints.append((deepcopy(ledger.facts), ledger.seen.copy(), ledger.deeds.copy()))


@event.listens_for(Session, "after_rollback")
def _go_back(session: Session) -> None:
    if session.in_nested_transaction():
        ledger = _ledger(session)
        ledger.facts, ledger.seen, ledger.deeds = ledger.savepoints[-1]


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """Forget what a savepoint or a transaction held, however it ended: committed, rolled back or just closed."""
    if transaction.nested:
        _ledger(session).savepoints.pop()
    elif transaction.parent is None:
        session.info.pop("audit", None)

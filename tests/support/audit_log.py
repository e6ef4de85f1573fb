"""What the tests of the audit share: a register with a log, its rows, and what the log says."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.models import AISystem, AuditClear, AuditEntry, ChangeMark, Ministry, User
from register.services import ai_systems
from tests.support.data import NOW, ministry, staffed

TESTS = Actor.system("tests")
VALUES = {"name": "対話支援", "vendor": "提供元", "model_usage": "", "note": "最初の備考", "shared": False}


def logged(url: str) -> None:
    """Build the staff's database with a third ministry, to which nothing refers, and an AI system of ministry A."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        row = ministry("c", 3)
        session.add(row)
        name(session, row)
        approver = session.scalars(select(User).where(User.name == "approver")).one()
        ai_systems.create(session, values=VALUES, by=Actor.of(approver))
    database.engine.dispose()


def third(session: Session) -> Ministry:
    """Return the ministry to which nothing refers."""
    return session.scalars(select(Ministry).where(Ministry.key == "c")).one()


def system(session: Session) -> AISystem:
    """Return the AI system."""
    return session.scalars(select(AISystem)).one()


def name(session: Session, row: Any) -> None:
    """Name what was changed; which deed it was does not matter."""
    audit.record(session, audit.Event.MINISTRY_CREATED, row, by=TESTS)


def entries(database: Database) -> list[AuditEntry]:
    """Return the chain, from the first entry."""
    with database.reading() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))


def changes(entry: AuditEntry) -> Any:
    """Return what the entry says was changed."""
    return json.loads(entry.body)["changes"]


def clear(database: Database, entry: AuditEntry) -> dict[str, Any]:
    """Return the clear texts beside the entry."""
    with database.reading() as session:
        return session.get_one(AuditClear, entry.seq).texts


def stored(database: Database) -> list[tuple[Any, ...]]:
    """Return every row that these tests may change, the whole log included."""
    found: list[tuple[Any, ...]] = []
    with database.reading() as session:
        for model in (Ministry, AISystem, User, AuditEntry, AuditClear, ChangeMark):
            key = inspect(model).primary_key[0]
            found += [tuple(row) for row in session.execute(select(*model.__table__.columns).order_by(key))]
    return found


def nothing_bad(database: Database) -> bool:
    """Return whether the verifier is content."""
    with database.reading() as session:
        return audit.verify(session).finding is None

"""What a database says of its own soundness, and what the chores look for before they begin."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from register.audit import Anchor
from register.models import JobRun, Snapshot
from register.vocab import ChoreName, RunState, SnapshotState

# An index that was built only in part is not used, and a unique one guards nothing.
_INVALID = "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid"
# So many faults are named at most: a broken file may have millions.
_NAMED = 20


def faults(session: Session) -> list[str]:
    """Return what is wrong with the database itself, in its own words; nothing as a rule.

    SQLite reads every page and index and looks for rows that point nowhere; PostgreSQL checks its pages by itself.
    """
    if session.get_bind().dialect.name == "postgresql":
        return list(session.scalars(text(_INVALID)))
    broken = [line for line in session.scalars(text(f"PRAGMA integrity_check({_NAMED})")) if line != "ok"]
    return [
        *broken,
        *(f"{row[0]} -> {row[2]}" for row in session.execute(text("PRAGMA foreign_key_check")).fetchmany(_NAMED)),
    ]


def anchors(session: Session) -> list[Anchor]:
    """Return the lengths and heads of the log that earlier checks found good."""
    runs = select(JobRun.slot, JobRun.counts).where(JobRun.chore == ChoreName.AUDIT, JobRun.state == RunState.DONE)
    return [
        Anchor(counts["entries"], counts["head"], f"{slot:%Y-%m-%d %H:%M} UTC")
        for slot, counts in session.execute(runs.order_by(JobRun.id))
        if counts.keys() >= {"entries", "head"}
    ]


def unsigned(session: Session) -> bool:
    """Tell whether a snapshot waits for its signature."""
    return session.scalar(select(Snapshot.id).where(Snapshot.state == SnapshotState.WAITING).limit(1)) is not None

"""What kept snapshots need as time goes by: a signature that could not be had at once, and an end after their term."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import select

from register.documents.signed import signed
from register.models import Snapshot
from register.runtime import Runtime
from register.services import snapshots as services
from register.vocab import SnapshotState

log = structlog.get_logger(__name__)


def sign_waiting(run: Runtime) -> int:
    """Sign what waits for its signature; return how many were signed. Stops at the first that cannot be."""
    done = 0
    with run.database.reading() as session:
        waiting = session.scalars(select(Snapshot.id).where(Snapshot.state == SnapshotState.WAITING)).all()
    for number in waiting:
        with run.database.reading() as session:
            path = session.get_one(Snapshot, number).path
        made = signed(run, run.files.get(path))
        if made.signed_at is None:
            break
        kept = run.files.put(f"snapshots/{made.sha256}.pdf", made.content)
        with run.database.writing() as session:
            row = session.get_one(Snapshot, number)
            services.sign(session, row, path=kept, size=len(made.content), sha256=made.sha256, at=made.signed_at)
        run.files.remove(path)
        done += 1
    return done


def over(run: Runtime, today: dt.date) -> list[str]:
    """Return the names of the snapshots whose term is over on ``today`` and whose files are still kept."""
    due = select(Snapshot.file_name).where(Snapshot.retain_until < today, Snapshot.disposed_at.is_(None))
    with run.database.reading() as session:
        return list(session.scalars(due.order_by(Snapshot.id)))


def dispose(run: Runtime, today: dt.date) -> int:
    """Take away the files of snapshots whose term is over on ``today``; return how many. Their rows stay.

    A row says so before its file goes: one that a crash leaves behind goes the next time.
    """
    due = select(Snapshot).where(Snapshot.retain_until < today, Snapshot.disposed_at.is_(None))
    with run.database.writing() as session:
        rows = session.scalars(due.order_by(Snapshot.id)).all()
        for row in rows:
            services.dispose(session, row)
    with run.database.reading() as session:
        gone = session.scalars(select(Snapshot.path).where(Snapshot.disposed_at.is_not(None))).all()
    for path in gone:
        run.files.remove(path)
    if rows:
        log.info("snapshots disposed of", count=len(rows))
    return len(rows)

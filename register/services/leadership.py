"""The fence: the number of the runner that leads, which every step of its work checks before it writes anything.

A lock says who may begin; the fence says whose step still counts. A leader that was paused, or whose lock was lost with
its connection, wakes up with an old number and can write nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from register.models import JobLeader
from register.services.jobs import Lost

_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
# Steps of the leader read the number side by side; a new leader waits for those that have begun.
_FENCE = select(JobLeader.fence).with_for_update(read=True)


def take(session: Session, name: str) -> int:
    """Make ``name`` the leader, in a transaction of its own, and return its fence: greater than every one before."""
    now = session.info["clock"].now()
    insert = _INSERT[session.get_bind().dialect.name](JobLeader)
    values = {"name": name, "since": now, "beat_at": now}
    raised = insert.values(id=1, fence=1, **values).on_conflict_do_update(
        index_elements=["id"], set_={"fence": JobLeader.fence + 1, **values}
    )
    return int(session.scalars(raised.returning(JobLeader.fence)).one())


def hold(session: Session, fence: int) -> None:
    """Raise ``Lost`` when another leader has come since; until this transaction ends none can."""
    if session.scalar(_FENCE) != fence:
        raise Lost(f"the runner with fence {fence} leads no more")


def beat(session: Session, fence: int) -> None:
    """Say that the leader lives; raise ``Lost`` when it is none any more."""
    mine = update(JobLeader).where(JobLeader.fence == fence).values(beat_at=session.info["clock"].now())
    if session.execute(mine).rowcount != 1:  # type: ignore[attr-defined]
        raise Lost(f"the runner with fence {fence} leads no more")

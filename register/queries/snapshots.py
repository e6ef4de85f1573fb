"""Reading snapshots: the list, and the rounds that one can be asked of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor, Permission
from register.models import Round, Snapshot, SubmissionItem, counted
from register.states import ROUND_SETTLED


@dataclass(frozen=True)
class SnapshotsPage:
    """The snapshots, newest first, and the rounds that the actor may ask one of."""

    rows: Sequence[Row[Any]]
    rounds: Sequence[Round]


def list_page(session: Session, actor: Actor) -> SnapshotsPage:
    """Return (snapshot, round) for all that ``actor`` may see."""
    statement = (
        select(Snapshot, Round)
        .join(Round, Round.id == Snapshot.round_id)
        .order_by(Snapshot.made_at.desc(), Snapshot.id.desc())
    )
    rows = session.execute(authz.visible(statement, Snapshot, actor)).all()
    return SnapshotsPage(rows, _rounds(session) if authz.can(actor, Permission.SNAPSHOT_CREATE) else ())


def _rounds(session: Session) -> Sequence[Round]:
    return session.scalars(select(Round).where(_takes()).order_by(Round.as_of.desc(), Round.id.desc())).all()


def _takes() -> ColumnElement[bool]:
    answered = select(SubmissionItem.id).where(SubmissionItem.round_id == Round.id, counted()).exists()
    return and_(Round.state.in_(ROUND_SETTLED), Round.rehearsal.is_(False), answered)

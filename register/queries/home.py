"""Reading for the first page: what the actor's part of the register holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor, Permission
from register.models import Round, UseCase
from register.vocab import Lifecycle

NEWEST = 3


@dataclass(frozen=True)
class HomePage:
    """Counts of the visible use cases by state (every state, zeros included), and the newest rounds."""

    counts: Mapping[Lifecycle, int]
    rounds: Sequence[Round]
    reads_cases: bool

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def home_page(session: Session, actor: Actor) -> HomePage:
    """Return what the first page shows to ``actor``, in two statements."""
    counted = select(UseCase.lifecycle, func.count()).group_by(UseCase.lifecycle)
    found = {row[0]: row[1] for row in session.execute(authz.visible(counted, UseCase, actor))}
    newest = select(Round).order_by(Round.as_of.desc(), Round.id.desc()).limit(NEWEST)
    rounds = session.scalars(authz.visible(newest, Round, actor)).all()
    reads_cases = authz.can(actor, Permission.USE_CASE_READ)
    return HomePage({state: found.get(state, 0) for state in Lifecycle}, rounds, reads_cases)

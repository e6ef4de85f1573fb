"""Reading for the first page: what the actor's part of the register holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor, Permission
from register.formspec.risk import RiskTerms
from register.formspec.sheets import SheetLibrary
from register.models import Round, Submission, SubmissionItem, UseCase
from register.queries import worklist
from register.queries.tasks import Task
from register.states import ROUND_RUNNING
from register.vocab import MINISTRY_ROLES, Lifecycle, SubmissionState

NEWEST = 3


@dataclass(frozen=True)
class HomePage:
    """Counts of the visible use cases by state (every state, zeros included), the newest rounds, and what is to do.

    ``own`` holds the returns of the person's ministry in rounds that run, with their number of cases; ``waiting`` how
    many returns of each running round wait for the secretariat; ``tasks`` is what waits on the risk side.
    """

    counts: Mapping[Lifecycle, int]
    rounds: Sequence[Round]
    reads_cases: bool
    own: Sequence[tuple[Submission, Round, int]]
    waiting: Sequence[tuple[Round, int]]
    tasks: Sequence[Task]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def home_page(session: Session, actor: Actor, terms: RiskTerms, sheets: SheetLibrary, today: dt.date) -> HomePage:
    """Return what the first page shows to ``actor``, in a fixed number of statements."""
    counted = select(UseCase.lifecycle, func.count()).group_by(UseCase.lifecycle)
    found = {row[0]: row[1] for row in session.execute(authz.visible(counted, UseCase, actor))}
    newest = select(Round).order_by(Round.as_of.desc(), Round.id.desc()).limit(NEWEST)
    rounds = session.scalars(authz.visible(newest, Round, actor)).all()
    reads_cases = authz.can(actor, Permission.USE_CASE_READ)
    counts = {state: found.get(state, 0) for state in Lifecycle}
    waits = worklist.tasks(session, actor, terms, sheets, today)
    return HomePage(counts, rounds, reads_cases, _own(session, actor), _waiting(session, actor), waits)


def _own(session: Session, actor: Actor) -> list[tuple[Submission, Round, int]]:
    if actor.role not in MINISTRY_ROLES:
        return []
    cases = select(func.count()).where(SubmissionItem.submission_id == Submission.id).scalar_subquery()
    statement = select(Submission, Round, cases).join(Round, Round.id == Submission.round_id)
    running = statement.where(Submission.ministry_id == actor.ministry_id, Round.state.in_(ROUND_RUNNING))
    return [(row[0], row[1], row[2]) for row in session.execute(running.order_by(Round.due_on, Round.id))]


def _waiting(session: Session, actor: Actor) -> list[tuple[Round, int]]:
    if not authz.can(actor, Permission.ROUND_PLAN):
        return []
    statement = (
        select(Round, func.count(Submission.id))
        .join(Submission, Submission.round_id == Round.id)
        .where(Round.state.in_(ROUND_RUNNING), Submission.state == SubmissionState.SUBMITTED)
        .group_by(Round.id)
        .order_by(Round.due_on, Round.id)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]

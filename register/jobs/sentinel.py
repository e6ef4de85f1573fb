"""The consistency check part by part: each is read, and what differs is written in a short transaction of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor, Permission
from register.jobs.base import Progress, Store
from register.models import UseCase
from register.queries import sentinel_facts
from register.queries.sentinel_facts import Ground
from register.runtime import Runtime
from register.services import sentinel as services
from register.services.jobs import Work
from register.vocab import QuestionDeed

KIND = services.KIND


@dataclass
class Outcome:
    """What a check has done so far: how many use cases it looked at, and how many questions it did what with."""

    looked: int = 0
    tally: Counter[QuestionDeed] = field(default_factory=Counter)


def sweep(run: Runtime, by: Actor, told: Callable[[int], None]) -> Outcome:
    """Go through the whole register; ``told`` hears after each part how many use cases were looked at.

    Nothing is kept of a part but its counts. A check that is stopped in the middle has asked what it found so far, and
    the next one finds the rest.
    """
    outcome = Outcome()

    def look(cursor: services.Cursor, base: Ground) -> services.Part:
        with run.database.reading() as session:
            return services.look(session, cursor, base, run.limits)

    with run.database.reading() as session:
        base = sentinel_facts.ground(session)
    for part in services.parts(look, base):
        if part.changes:
            with run.database.writing() as session:
                outcome.tally += services.settle(session, part, by=by)
        outcome.looked += part.looked
        told(outcome.looked)
    return outcome


def make(run: Runtime, work: Work, progress: Progress) -> Store:
    """Make the check that was asked for; return what records its end."""
    authz.require(work.by, Permission.SENTINEL_RUN)
    with run.database.reading() as session:
        total = session.scalar(select(func.count()).select_from(UseCase)) or 0
    progress(0, total)
    outcome = sweep(run, work.by, lambda looked: progress(min(looked, total), total))

    def store(session: Session) -> None:
        services.conclude(session, outcome.tally, outcome.looked, by=work.by)

    return store

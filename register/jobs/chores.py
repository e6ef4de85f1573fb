"""What the register does by itself when its time comes, as one table; ``run_chore`` is the edge that commits its steps.

To add a chore: a word in ``vocab.ChoreName``, its time in ``states.SCHEDULE``, a line in ``CHORES`` here, and words for
what it counts in ``queries.chores.COUNTS``.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.errors import NotNow, say
from register.jobs import keeping, outbox, reminders
from register.jobs.base import Progress, sentence_of, trace
from register.jobs.leader import Led
from register.jobs.sentinel import sweep
from register.models import UseCase
from register.queries import upkeep
from register.runtime import Runtime
from register.services import chores as services
from register.services import sentinel
from register.services.chores import Begun
from register.services.jobs import Lost
from register.states import SCHEDULE, When
from register.vocab import ChoreName, RunState

# What a run counted, by the names in ``queries.chores.COUNTS``.
Counts = Mapping[str, Any]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Fence:
    """The right to do one run: ``slot`` is the moment for which it is done.

    ``stopping`` tells when the runner is to end: work that can be left between two steps then ends with what it has
    done.
    """

    led: Led
    slot: dt.datetime
    stopping: Callable[[], bool] = outbox.never

    @property
    def number(self) -> int:
        """Which leader it is of: it grows with every one."""
        return self.led.fence

    def hold(self, session: Session) -> None:
        """Raise ``Lost`` when another runner leads by now; call it first in a transaction.

        ``run.database.writing()`` of the runtime that a chore is given does so by itself.
        """
        self.led.hold(session)


# Does the work: ``make(run, fence, progress)`` returns what it counted. Each transaction that it opens with
# ``run.database.writing()`` is checked against the fence; ``progress(done, total)`` tells how far it is. It must bear
# being done again for the same slot, for a runner may die after the last step and before the run is marked as done.
Make = Callable[[Runtime, Fence, Progress], Counts]


def _always(_run: Runtime) -> bool:
    return True


@dataclass(frozen=True)
class Chore:
    """A chore: its name, when it is due, and what does it.

    ``waits`` tells cheaply whether there is anything to do: one that has nothing to do leaves no row. ``replayed`` is
    False where the work carries the true time and cannot be done as of another one.
    """

    name: str
    when: When
    make: Make
    waits: Callable[[Runtime], bool] = _always
    replayed: bool = True


def run_chore(led: Led, run: Runtime, chore: Chore, begun: Begun, told: Progress, stopping: Callable[[], bool]) -> None:
    """Do one run that was begun: its progress and its end are written in short transactions of their own.

    ``run`` is the leader's (``Led.guarded``). A run that fails because we are stopping stays ``running``, and the next
    runner takes it over.
    """

    def progress(done: int, total: int) -> None:
        told(done, total)
        with run.database.writing() as session:
            services.progress(session, begun, done=done, total=total)

    about = {"chore": chore.name, "slot": begun.slot.isoformat(), "attempt": begun.attempt}
    try:
        counts = chore.make(run, Fence(led, begun.slot, stopping), progress)
        with run.database.writing() as session:
            services.finish(session, begun, counts)
        log.info("chore done", **about, **counts)
    except Lost:
        raise
    except Exception as error:  # noqa: BLE001 it is logged, shown and tried again
        # One bad chore must not stop the others.
        if stopping():
            return
        log.error("chore failed", **about, **trace(error))
        with run.database.writing() as session:
            if services.fail(session, begun, sentence_of(error)) is RunState.PARKED:
                log.error("chore given up", **about)


def _outbox(run: Runtime, fence: Fence, progress: Progress) -> Counts:
    return outbox.make(run, fence, progress, stopping=fence.stopping)


def _retention(run: Runtime, _fence: Fence, _progress: Progress) -> Counts:
    return {"disposed": keeping.dispose(run, run.clock.today())}


def _signing(run: Runtime, _fence: Fence, _progress: Progress) -> Counts:
    return {"signed": keeping.sign_waiting(run)}


def _unsigned(run: Runtime) -> bool:
    with run.database.reading() as session:
        return upkeep.unsigned(session)


def _sentinel(run: Runtime, _fence: Fence, progress: Progress) -> Counts:
    by = Actor.system("flask jobs run")
    with run.database.reading() as session:
        total = session.scalar(select(func.count()).select_from(UseCase)) or 0
    outcome = sweep(run, by, lambda looked: progress(min(looked, total), total))
    with run.database.writing() as session:
        sentinel.conclude(session, outcome.tally, outcome.looked, by=by)
    return {"looked_at": outcome.looked, **{f"questions_{deed.value}": n for deed, n in sorted(outcome.tally.items())}}


def _audit(run: Runtime, _fence: Fence, _progress: Progress) -> Counts:
    """Check the log against everything printed and against earlier checks, and keep its head in two more places.

    The file store and the service's log lie outside the database: whoever cuts the log there and here alike is seen.
    """
    with run.database.reading() as session:
        verdict = audit.verify(session, upkeep.anchors(session))
    if verdict.finding:
        raise NotNow(verdict.finding.sentence)
    anchor = {"entries": verdict.length, "head": verdict.head}
    content = json.dumps({**anchor, "checked_at": run.clock.now().isoformat()}) + "\n"
    run.files.put(f"anchors/{verdict.length}-{verdict.head[:16]}.json", content.encode())
    return anchor


def _database(run: Runtime, _fence: Fence, _progress: Progress) -> Counts:
    with run.database.reading() as session:
        found = upkeep.faults(session)
    if found:
        log.error("the database is not sound", faults=found)
        raise NotNow(
            say(
                "データベースに%(count)d件の異常があります。復元の準備をしてください：%(first)s",
                count=len(found),
                first=found[0],
            )
        )
    run.database.optimize()
    with run.database.writing() as session:
        return {"forgotten": services.forget(session)}


def _chore(name: ChoreName, make: Make, **more: Any) -> Chore:
    return Chore(name, SCHEDULE[name], make, **more)


# In this order where one thread does all (``flask jobs once``); whether one is due is asked when its turn comes.
CHORES = (
    _chore(ChoreName.REMINDERS, reminders.make),
    _chore(ChoreName.SIGNING, _signing, waits=_unsigned, replayed=False),
    _chore(ChoreName.RETENTION, _retention),
    _chore(ChoreName.DATABASE, _database),
    _chore(ChoreName.AUDIT, _audit),
    _chore(ChoreName.SENTINEL, _sentinel),
    # Last, so that what the others queue leaves with them.
    _chore(ChoreName.OUTBOX, _outbox, waits=outbox.waits, replayed=False),
)

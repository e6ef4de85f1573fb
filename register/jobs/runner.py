"""The job runner: a process of its own in which a ticker looks for queued jobs; the web processes never run any."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Mapping
from threading import Event
from types import FrameType

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy.exc import DBAPIError

from register.errors import Unusable
from register.formats.signing_process import held_in_child
from register.jobs import keeping, packs, sentinel, snapshots
from register.jobs.base import Handler, Progress, Store, run_job
from register.jobs.leader import Leader, leader_for
from register.runtime import Runtime
from register.services import jobs
from register.services.jobs import Work
from register.vocab import SnapshotKind


def make_snapshot(run: Runtime, work: Work, progress: Progress) -> Store:
    """Make a snapshot of any kind: a pack is written by itself, everything else is a document."""
    make = packs.make if work.params["kind"] == SnapshotKind.PACK else snapshots.make
    return make(run, work, progress)


HANDLERS: Mapping[str, Handler] = {snapshots.KIND: make_snapshot, sentinel.KIND: sentinel.make}

# How long what could not be signed waits before it is tried again.
SIGNING_MINUTES = 5

log = structlog.get_logger(__name__)


class Runner:
    """Claims and does queued jobs while it leads; one that stands by does nothing."""

    def __init__(self, run: Runtime, handlers: Mapping[str, Handler] = HANDLERS, leader: Leader | None = None) -> None:
        self._run = run
        self._handlers = handlers
        self._leader = leader or leader_for(run.settings.database_url)
        self._stop = Event()

    def tick(self) -> int | None:
        """Do every job that waits; return how many, or None when another runner leads."""
        if not self._leader.lead():
            return None
        # Nothing waits most of the time: look without the write lock first.
        with self._run.database.reading() as session:
            if not jobs.anything_open(session):
                return 0
        # We lead and do nothing yet, so what still runs was left by a runner that ended.
        with self._run.database.writing() as session:
            jobs.take_over(session)
        count = 0
        # The lock is asked for again before each job: a lost connection must not let two runners work.
        while not self._stop.is_set() and self._leader.lead() and (work := self._claim()) is not None:
            run_job(self._run, work, self._handlers, self._stop.is_set)
            count += 1
        return count

    def upkeep(self) -> None:
        """Do what a database and kept files want from time to time, if we lead."""
        if self._leader.lead():
            self._run.database.optimize()
            keeping.dispose(self._run, self._run.clock.today())

    def sign(self) -> None:
        """Sign the snapshots that wait for their signature, if we lead."""
        if self._leader.lead():
            keeping.sign_waiting(self._run)

    def stop(self) -> None:
        """Take no further job; the one at hand is finished."""
        self._stop.set()

    def close(self) -> None:
        """Let another runner lead."""
        self._leader.close()

    def _claim(self) -> Work | None:
        with self._run.database.writing() as session:
            return jobs.claim(session)


def serve(run: Runtime) -> None:
    """Tick every ``job_seconds`` until SIGTERM or SIGINT; the job at hand is finished first."""
    runner = Runner(run)
    _tell_key(run)
    # That a tick is left out while a job runs is no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    scheduler = BlockingScheduler(timezone="UTC")
    scheduler.add_job(
        _safely, "interval", [runner.tick], seconds=run.settings.job_seconds, max_instances=1, coalesce=True,
        misfire_grace_time=None,
    )  # fmt: skip
    # Runners are restarted at any hour: once at each start is needed, the clock only serves those that run for weeks.
    scheduler.add_job(_safely, "interval", [runner.upkeep], days=1, next_run_time=run.clock.now(), coalesce=True)
    scheduler.add_job(_safely, "interval", [runner.sign], minutes=SIGNING_MINUTES, max_instances=1, coalesce=True)

    def end(_number: int, _frame: FrameType | None) -> None:
        runner.stop()
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        scheduler.start()
    finally:
        if scheduler.running:
            scheduler.shutdown(wait=True)
        runner.close()


def _tell_key(run: Runtime) -> None:
    """Say whose key signs and how long it holds: a key that cannot be used must be seen before it is needed."""
    try:
        held = held_in_child(run.signing)
    except Unusable as error:
        log.error("snapshots cannot be signed", reason=str(error))
        return
    if held is not None:
        log.info("snapshots are signed", by=held.name, valid_until=held.valid_until.date().isoformat())


def _safely(deed: Callable[[], object]) -> None:
    try:
        deed()
    except DBAPIError as error:
        # The database is away for a while: the next tick tries again.
        log.error("the database did not answer", error=type(error).__name__, detail=str(error.orig))

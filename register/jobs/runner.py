"""The job runner: a process of its own in which a ticker looks for queued jobs and for chores that are due.

The ticker decides nothing: what is due is computed from the rows and the clock, so a tick too many or too few does no
harm. The web processes never run any.
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Event
from types import FrameType

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy.exc import DBAPIError

from register.errors import Unusable
from register.formats.signing_process import held_in_child
from register.jobs import packs, sentinel, snapshots
from register.jobs.base import Handler, Progress, Store, run_job
from register.jobs.chores import CHORES, Chore, run_chore
from register.jobs.leader import Leader, Leadership, Led
from register.runtime import Runtime
from register.services import chores as services
from register.services import jobs
from register.services.jobs import Lost, Work
from register.vocab import SnapshotKind


def make_snapshot(run: Runtime, work: Work, progress: Progress) -> Store:
    """Make a snapshot of any kind: a pack is written by itself, everything else is a document."""
    make = packs.make if work.params["kind"] == SnapshotKind.PACK else snapshots.make
    return make(run, work, progress)


HANDLERS: Mapping[str, Handler] = {snapshots.KIND: make_snapshot, sentinel.KIND: sentinel.make}

log = structlog.get_logger(__name__)


# Told how far a piece of work is: its name, what is done, of how many.
Told = Callable[[str, int, int], None]


def _silent(_name: str, _done: int, _total: int) -> None:
    pass


class Runner:
    """Does queued jobs and the chores that are due while it leads; one that stands by does nothing."""

    def __init__(
        self,
        run: Runtime,
        handlers: Mapping[str, Handler] = HANDLERS,
        leader: Leader | None = None,
        chores: Sequence[Chore] = CHORES,
        told: Told = _silent,
    ) -> None:
        self._run = run
        self._handlers = handlers
        self._leadership = Leadership(run, leader)
        self.chores = chores
        self._told = told
        self._stop = Event()

    def lead(self) -> bool:
        """Return whether we lead, after trying to where nobody does; now and then this says that the leader lives."""
        return self._leadership.lead() is not None

    def tick(self) -> int | None:
        """Do every job that waits; return how many, or None when another runner leads."""
        led = self._leadership.lead()
        return None if led is None else self._unless_lost(led, self._jobs)

    def due(self, chore: Chore, at: Runtime | None = None) -> int | None:
        """Do a run of ``chore`` if one is due, with the clock of ``at``; return how many, or None when another leads.

        It is called for different chores at once, never for the same one.
        """
        led = self._leadership.held()
        return None if led is None else self._unless_lost(led, partial(self._chore, chore, at or self._run))

    def stop(self) -> None:
        """Take on nothing more; the work at hand is finished."""
        self._stop.set()

    def close(self) -> None:
        """Let another runner lead."""
        self._leadership.close()

    def _unless_lost(self, led: Led, deed: Callable[[Led], int]) -> int | None:
        try:
            return deed(led)
        except Lost:
            log.warning("another runner leads by now", fence=led.fence)
            self._leadership.drop(led)
            return None

    def _jobs(self, led: Led) -> int:
        # Nothing waits most of the time: look without the write lock first.
        with led.run.database.reading() as session:
            if not jobs.anything_open(session):
                return 0
        # We lead and do nothing yet, so what still runs was left by a runner that ended.
        with led.run.database.writing() as session:
            jobs.take_over(session)
        count = 0
        # The lock is asked for again before each job: one whose connection is lost should not begin another.
        while not self._stop.is_set() and self._leadership.lead() is led and (work := self._claim(led)) is not None:
            told = partial(self._told, work.kind)
            run_job(led.run, work, self._handlers, self._stop.is_set, told)
            count += 1
        return count

    def _claim(self, led: Led) -> Work | None:
        with led.run.database.writing() as session:
            return jobs.claim(session)

    def _chore(self, chore: Chore, at: Runtime, led: Led) -> int:
        if self._stop.is_set():
            return 0
        run, slot = led.guarded(at), chore.when.slot(at.clock.now())
        with run.database.reading() as session:
            due, new = services.due(session, chore.name, slot)
        if not due or (new and not chore.waits(run)):
            return 0
        with run.database.writing() as session:
            begun = services.begin(session, chore.name, slot, led.fence)
        if begun is None:
            return 0
        run_chore(led, run, chore, begun, partial(self._told, chore.name), self._stop.is_set)
        return 1


def serve(run: Runtime, chores: Sequence[Chore] = CHORES) -> None:
    """Tick every ``job_seconds`` until SIGTERM or SIGINT; the work at hand is finished first."""
    runner = Runner(run, chores=chores)
    _tell_key(run)
    # That a tick is left out while work is done is no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    # A thread for each: mail does not wait for a long document, nor a job for the nightly checks.
    ticks = [runner.lead, runner.tick, *(partial(runner.due, chore) for chore in runner.chores)]
    scheduler = BlockingScheduler(timezone="UTC", executors={"default": ThreadPoolExecutor(len(ticks))})
    for tick in ticks:
        scheduler.add_job(
            _safely, "interval", [tick], seconds=run.settings.job_seconds, max_instances=1, coalesce=True,
            misfire_grace_time=None, next_run_time=run.clock.now(),
        )  # fmt: skip

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

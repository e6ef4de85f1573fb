"""The chores on both databases: each slot once, whatever the clock does; tried again, given up, and asked for anew."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select, text

from register import audit
from register.authz import Actor
from register.clock import TOKYO, FixedClock
from register.db import Database
from register.errors import Forbidden, NotNow
from register.jobs.chores import CHORES
from register.jobs.leader import leader_for
from register.jobs.runner import Runner
from register.models import AuditEntry, JobLeader, JobRun, Ministry
from register.queries import chores as queries
from register.queries.chores import COUNTS
from register.runtime import Runtime
from register.services import chores, leadership
from register.services.jobs import Lost
from register.states import SCHEDULE, Daily, Every
from register.vocab import ChoreName, RunState
from tests.support.chores import counting, runtime_on
from tests.support.data import NOW

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NIGHTLY = Daily(8, 30)
# The days before London changes its clocks.
SPRING = dt.datetime(2026, 3, 28, tzinfo=dt.UTC)
AUTUMN = dt.datetime(2026, 10, 24, tzinfo=dt.UTC)


@pytest.fixture
def runtime(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Runtime]:
    """A runtime on the test's database with the test's clock."""
    with runtime_on(database_url, tmp_path, clock) as run:
        yield run


@pytest.fixture
def runner(runtime: Runtime) -> Iterator[Runner]:
    """A runner that leads."""
    made = Runner(runtime)
    assert made.lead()
    yield made
    made.close()


def runs(run: Runtime) -> list[JobRun]:
    """Return the runs in the order of their beginning."""
    with run.database.reading() as session:
        return list(session.scalars(select(JobRun).order_by(JobRun.id)))


def refused(_fence: object) -> None:
    """Fail with what may not be shown."""
    raise ValueError("a secret")


def test_a_slot_is_done_once_by_however_many(runner: Runner, runtime: Runtime) -> None:
    done: list[dt.datetime] = []
    chore = counting(NIGHTLY, lambda fence: done.append(fence.slot))
    assert [runner.due(chore) for _ in range(3)] == [1, 0, 0]
    assert done == [dt.datetime(2025, 11, 9, 23, 30, tzinfo=dt.UTC)]
    row = runs(runtime)[0]
    assert (row.state, row.counts, row.attempts, row.error) == (RunState.DONE, {"made": 1}, 1, "")
    assert (row.done, row.total, row.started_at, row.ended_at) == (1, 1, NOW, NOW)
    standby = Runner(runtime)
    assert (standby.lead(), standby.tick(), standby.due(chore)) == (False, None, None)
    standby.close()


@pytest.mark.parametrize(
    ("jumps", "slots"),
    [
        # Forward: the newest slot once. Back: an older one is not done when a newer one was.
        ([3 * HOUR], 1),
        ([-3 * HOUR], 1),
        ([-3 * HOUR, 3 * HOUR], 1),
        ([5 * DAY], 2),
        ([DAY, -3 * HOUR, 3 * HOUR, -DAY, DAY], 2),
        # A clock that was a year ahead does not stop the chore when it is set right.
        ([400 * DAY, -400 * DAY, DAY], 3),
        ([-400 * DAY, 400 * DAY], 2),
    ],
)
def test_clocks_may_jump(
    runner: Runner, runtime: Runtime, clock: FixedClock, jumps: list[dt.timedelta], slots: int
) -> None:
    done: list[dt.datetime] = []
    chore = counting(NIGHTLY, lambda fence: done.append(fence.slot))
    runner.due(chore)
    for jump in jumps:
        clock.moment += jump
        runner.due(chore)
        runner.due(chore)
    assert len(done) == len(set(done)) == slots
    assert {run.state for run in runs(runtime)} == {RunState.DONE}


@pytest.mark.parametrize(("zone", "start"), [("Europe/London", SPRING), ("Europe/London", AUTUMN)])
def test_the_zone_of_the_machine_and_its_summer_time_say_nothing(
    runner: Runner, clock: FixedClock, zone: str, start: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "TZ", zone)
    time.tzset()
    done: list[dt.datetime] = []
    chore = counting(NIGHTLY, lambda fence: done.append(fence.slot))
    clock.moment = start
    for _ in range(3 * 24 + 1):
        runner.due(chore)
        clock.moment += HOUR
    monkeypatch.undo()
    time.tzset()
    assert [slot.astimezone(TOKYO).strftime("%H:%M") for slot in done] == ["08:30"] * 4
    assert [later - sooner for sooner, later in pairwise(done)] == [DAY] * 3


def test_what_fails_is_tried_again_after_growing_pauses_and_given_up(
    runner: Runner, runtime: Runtime, clock: FixedClock
) -> None:
    chore, pauses = counting(NIGHTLY, refused), []
    for attempt in range(1, chores.MAX_ATTEMPTS + 1):
        assert [runner.due(chore), runner.due(chore)] == [1, 0]
        row = runs(runtime)[0]
        assert row.attempts == attempt
        assert "secret" not in row.error
        if row.next_at:
            pauses.append((row.next_at - clock.moment) // dt.timedelta(minutes=1))
            clock.moment = row.next_at
    assert pauses == [1, 2, 4, 8, 16, 32, 60]
    assert (row.state, row.next_at) == (RunState.PARKED, None)
    assert runner.due(chore) == 0
    clock.moment += DAY
    assert runner.due(counting(NIGHTLY)) == 1
    assert [run.state for run in runs(runtime)] == [RunState.PARKED, RunState.DONE]


def test_what_waits_to_be_tried_again_serves_the_newest_slot(
    runner: Runner, runtime: Runtime, clock: FixedClock
) -> None:
    done: list[dt.datetime] = []
    runner.due(counting(NIGHTLY, refused))
    clock.moment += 3 * DAY
    working = counting(NIGHTLY, lambda fence: done.append(fence.slot))
    assert [runner.due(working), runner.due(working)] == [1, 0]
    assert done == [NIGHTLY.slot(clock.moment)]
    assert [(run.state, run.attempts, run.error) for run in runs(runtime)] == [(RunState.DONE, 2, "")]


def test_a_pause_does_not_outlast_a_clock_that_was_wrong(runner: Runner, clock: FixedClock) -> None:
    clock.moment += 2 * HOUR
    runner.due(counting(NIGHTLY, refused))
    clock.moment -= 2 * HOUR
    assert runner.due(counting(NIGHTLY)) == 1


def test_what_a_dead_runner_left_is_taken_over_and_counted(runtime: Runtime, runner: Runner, clock: FixedClock) -> None:
    slot = NIGHTLY.slot(clock.moment)
    for attempt in range(1, chores.MAX_ATTEMPTS + 1):
        with runtime.database.writing() as session:
            begun = chores.begin(session, "test", slot, attempt)
        assert begun is not None
        assert (begun.slot, begun.attempt) == (slot, attempt)
    assert runner.due(counting(NIGHTLY)) == 0
    row = runs(runtime)[0]
    assert row.state is RunState.PARKED
    assert "8回続けて途中で止まった" in str(queries.said(row.error))


def test_an_old_leader_that_wakes_up_writes_nothing(
    runner: Runner, runtime: Runtime, database: Database, clock: FixedClock
) -> None:
    seen: list[str] = []

    def overtaken(fence: object) -> None:
        # Another leads while we sleep; what we then write is refused, whatever it is.
        with database.writing() as session:
            leadership.take(session, "another")
        for deed in ("UPDATE ministry SET name = 'x'", "DELETE FROM job_run"):
            with pytest.raises(Lost), fence.led.run.database.writing() as session:  # type: ignore[attr-defined]
                session.execute(text(deed))
        with pytest.raises(Lost), database.writing() as session:
            fence.hold(session)  # type: ignore[attr-defined]
        seen.append("woken")

    chore = counting(NIGHTLY, overtaken)
    assert runner.due(chore) is None
    assert seen == ["woken"]
    assert [run.state for run in runs(runtime)] == [RunState.RUNNING]
    with database.reading() as session:
        assert session.get_one(JobLeader, 1).name == "another"
        assert "x" not in set(session.scalars(select(Ministry.name)))
    # The lock is ours still: we come back with a new fence, and take over what we left.
    assert runner.lead()
    assert runner.due(counting(NIGHTLY)) == 1
    assert [(run.state, run.attempts, run.fence) for run in runs(runtime)] == [(RunState.DONE, 2, 3)]


def test_a_beat_of_an_old_leader_is_none(database: Database, clock: FixedClock) -> None:
    fences = []
    for name in ("one", "two"):
        with database.writing() as session:
            fences.append(leadership.take(session, name))
    clock.moment += HOUR
    with pytest.raises(Lost), database.writing() as session:
        leadership.beat(session, fences[0])
    with database.writing() as session:
        leadership.beat(session, fences[1])
    with database.reading() as session:
        assert session.get_one(JobLeader, 1).beat_at == clock.moment
    assert fences == [1, 2]


def test_a_lock_whose_file_was_cleared_away_is_taken_anew(database_url: str, database_kind: str) -> None:
    if database_kind != "sqlite":
        return
    first, second = leader_for(database_url), leader_for(database_url)
    assert first.lead()
    Path(f"{database_url.removeprefix('sqlite:///')}.runner.lock").unlink()
    assert second.lead()
    assert not first.lead()
    assert (first.turn, second.turn) == (1, 1)
    for one in (first, second):
        one.close()


def test_only_who_may_has_a_chore_tried_again_and_it_is_recorded(
    runner: Runner, runtime: Runtime, clock: FixedClock, actor: Callable[[str], Actor]
) -> None:
    chore = counting(NIGHTLY, refused, name=ChoreName.AUDIT)
    for _ in range(chores.MAX_ATTEMPTS):
        runner.due(chore)
        clock.moment += HOUR
    row = runs(runtime)[0]
    for name in ("auditor", "reporter"):
        with pytest.raises(Forbidden), runtime.database.writing() as session:
            chores.again(session, row, by=actor(name))
    with runtime.database.writing() as session:
        chores.again(session, session.get_one(JobRun, row.id), by=actor("admin"))
    assert runner.due(counting(NIGHTLY, name=ChoreName.AUDIT)) == 1
    row = runs(runtime)[0]
    assert (row.state, row.attempts) == (RunState.DONE, 1)
    with pytest.raises(NotNow), runtime.database.writing() as session:
        chores.again(session, session.get_one(JobRun, row.id), by=actor("secretariat"))
    with runtime.database.reading() as session:
        told = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
    assert (told.event, told.actor_name) == (audit.Event.CHORE_AGAIN, "admin")


def test_the_oldest_runs_are_forgotten(runner: Runner, runtime: Runtime, clock: FixedClock) -> None:
    chore = counting(Every(HOUR))
    for _ in range(5):
        runner.due(chore)
        clock.moment += HOUR
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chores, "KEPT", 3)
        with runtime.database.writing() as session:
            assert chores.forget(session) == 2
            assert chores.forget(session) == 0
    assert len(runs(runtime)) == 3


def test_the_chores_of_the_register_are_done_and_told(
    runner: Runner, runtime: Runtime, actor: Callable[[str], Actor]
) -> None:
    assert {chore.name for chore in CHORES} == set(SCHEDULE) == set(ChoreName)
    # Nothing waits for its signature or is to be sent, so those leave no row.
    assert sum(runner.due(chore) or 0 for chore in CHORES) == len(CHORES) - 2
    made = {run.chore: run for run in runs(runtime)}
    assert set(made) == set(ChoreName) - {ChoreName.SIGNING, ChoreName.OUTBOX}
    assert {run.state for run in made.values()} == {RunState.DONE}
    assert {key for run in made.values() for key in run.counts} <= set(COUNTS)
    kept = made[ChoreName.AUDIT].counts
    assert runtime.files.get(f"anchors/{kept['entries']}-{kept['head'][:16]}.json")
    with runtime.database.reading() as session:
        page = queries.chores_page(session, actor("auditor"))
    assert page.alive
    assert {line.name: line.next_at for line in page.chores}[ChoreName.AUDIT] == NOW.replace(hour=17, minute=30)


def test_a_log_that_was_cut_since_the_last_check_is_found(
    runner: Runner, runtime: Runtime, database: Database, clock: FixedClock
) -> None:
    chore = next(chore for chore in CHORES if chore.name == ChoreName.AUDIT)
    runner.due(chore)
    # As if the log had been longer when it was checked.
    with database.engine.begin() as connection:
        connection.execute(
            text("UPDATE job_run SET counts = :told"), {"told": '{"entries": 900, "head": "%s"}' % ("0" * 64)}
        )
    clock.moment += DAY
    runner.due(chore)
    row = runs(runtime)[-1]
    assert row.state is RunState.FAILED
    assert "失われています" in str(queries.said(row.error))

"""Several runners as processes: one leads, another follows at once, and a kill -9 anywhere does nothing twice."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from register.clock import SystemClock
from register.db import Database
from register.models import JobLeader, JobRun
from register.vocab import RunState
from tests.support.chores import Runners, until, with_effects

KILLS = 20
LONGEST_SECONDS = 5


@pytest.fixture
def runners(database: Database, database_url: str, tmp_path: Path) -> Iterator[Runners]:
    """Three runners on the test's database."""
    with_effects(database)
    made = Runners(database_url, tmp_path)
    try:
        for _ in range(3):
            made.start()
        yield made
    finally:
        made.close()


def leader(database: Database) -> tuple[int, int]:
    """Return the process number of the leader and its fence; zeros before the first."""
    with database.reading() as session:
        row = session.get(JobLeader, 1)
        return (int(row.name.rpartition(":")[2]), row.fence) if row else (0, 0)


def ended(database: Database) -> int:
    """Return how many runs are done."""
    with database.reading() as session:
        return len(session.scalars(select(JobRun.id).where(JobRun.state == RunState.DONE)).all())


def test_another_leads_within_seconds_and_every_slot_is_done_once(
    database: Database, runners: Runners, database_kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    took: list[float] = []
    until(lambda: ended(database) > 0)
    for _ in range(KILLS):
        done, (number, fence) = ended(database), leader(database)
        until(lambda done=done: ended(database) > done)
        time.sleep(random.uniform(0, 0.1))
        runners.kill(number)
        took.append(until(lambda fence=fence: leader(database)[1] > fence))
        runners.start()
    until(lambda: leader(database)[0] in runners.numbers)
    last = ended(database)
    until(lambda: ended(database) > last + 1)
    runners.close()
    with capsys.disabled():
        print(f"\n{database_kind}: {KILLS} leaders killed, the next led after {max(took):.2f} s at most")  # noqa: T201
    assert max(took) < LONGEST_SECONDS
    check(database)


def check(database: Database) -> None:
    """Compare the runs with what they wrote."""
    with database.reading() as session:
        runs = session.scalars(select(JobRun).order_by(JobRun.id)).all()
        effects = session.execute(text("SELECT slot, fence, attempt FROM effect ORDER BY id")).all()
    fences = [row.fence for row in effects]
    assert fences == sorted(fences), "a leader wrote after the one that followed it"
    assert len({run.slot for run in runs}) == len(runs)
    assert [run.slot for run in runs] == sorted(run.slot for run in runs)
    # The last may have been killed in the middle; a slot that a dead runner had begun was served by a later one.
    assert {run.state for run in runs[:-1]} == {RunState.DONE}
    whole = Counter(row.slot for row in effects if row.attempt == 1)
    for run in runs[:-1]:
        assert whole[run.slot.isoformat()] >= 1
        if run.attempts == 1:
            assert whole[run.slot.isoformat()] == 1
    assert leader(database)[1] == KILLS + 1 >= fences[-1]
    assert SystemClock().now() > runs[-1].slot

"""Jobs as rows on both databases: asked once, claimed once, finished by whoever holds the claim."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import make_url, select

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.errors import NotFound, say
from register.jobs.base import Store, run_job
from register.jobs.leader import AdvisoryLeader, leader_for
from register.models import Job
from register.queries import jobs as queries
from register.services import jobs
from register.services.jobs import Lost, Work
from register.vocab import JobState

Ask = Callable[..., int]


def never() -> bool:
    """Nobody asks us to stop."""
    return False


@pytest.fixture
def ask(database: Database, actor: Callable[[str], Actor]) -> Ask:
    """Write a job's row and return its id."""
    by = actor("secretariat")

    def write(key: str = "one", **params: Any) -> int:
        with database.writing() as session:
            return jobs.ask(session, kind="test", key=key, params=params, by=by)[0].id

    return write


def claim(database: Database) -> Work | None:
    with database.writing() as session:
        return jobs.claim(session)


def stored(database: Database, job_id: int) -> Job:
    with database.reading() as session:
        return session.get_one(Job, job_id)


class Holder:
    """As much of a runtime as ``run_job`` needs."""

    def __init__(self, database: Database) -> None:
        self.database = database


def run(database: Database, work: Work, handler: Any, stopping: Callable[[], bool] = never) -> None:
    run_job(Holder(database), work, {"test": handler}, stopping)  # type: ignore[arg-type]


def test_asking_twice_gives_the_same_row(database: Database, actor: Callable[[str], Actor]) -> None:
    by = actor("secretariat")
    found = []
    for _ in range(2):
        with database.writing() as session:
            job, new = jobs.ask(session, kind="test", key="k", params={"a": 1}, by=by)
            found.append((job.id, new))
    assert found[0][0] == found[1][0]
    assert [new for _, new in found] == [True, False]


def test_an_open_job_is_found_by_what_it_is_for(database: Database, ask: Ask, actor: Callable[[str], Actor]) -> None:
    job_id = ask(round_id=1)
    with database.reading() as session:
        by = actor("secretariat")
        assert jobs.open_job(session, kind="test", params={"round_id": 2}, by=by) is None
        assert jobs.open_job(session, kind="test", params={"round_id": 1}, by=actor("auditor")) is None
        found = jobs.open_job(session, kind="test", params={"round_id": 1}, by=by)
    assert found is not None
    assert found.id == job_id


def test_the_oldest_is_claimed_first_with_who_asked(
    database: Database, ask: Ask, actor: Callable[[str], Actor]
) -> None:
    first, second = ask("one", n=1), ask("two", n=2)
    works = [claim(database), claim(database)]
    assert [work.id for work in works if work] == [first, second]
    assert works[0] is not None
    assert works[0].by == actor("secretariat")
    assert works[0].params == {"n": 1}
    assert claim(database) is None
    assert stored(database, first).state is JobState.RUNNING
    assert stored(database, first).started_at == database.clock.now()


def test_many_claim_at_once_and_each_job_goes_to_one(database: Database, ask: Ask) -> None:
    wanted = {ask(f"job {number}") for number in range(12)}
    taken: list[int] = []
    start = threading.Barrier(4)

    def take() -> None:
        start.wait()
        while (work := claim(database)) is not None:
            taken.append(work.id)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(wanted)


def test_a_job_is_done_with_its_progress_in_between(database: Database, ask: Ask) -> None:
    job_id, seen = ask(), []

    def handler(_run: Any, work: Work, progress: Callable[[int, int], None]) -> Store:
        progress(1, 3)
        row = stored(database, work.id)
        seen.append((row.state, row.done, row.total))
        return lambda session: None

    work = claim(database)
    assert work is not None
    run(database, work, handler)
    row = stored(database, job_id)
    assert seen == [(JobState.RUNNING, 1, 3)]
    assert (row.state, row.done, row.total) == (JobState.DONE, 3, 3)
    assert row.ended_at is not None


def test_a_refusal_is_told_at_once(database: Database, ask: Ask) -> None:
    job_id = ask()

    def handler(*_: Any) -> Store:
        raise NotFound(say("回%(code)sがありません。", code="2025-2"))

    work = claim(database)
    assert work is not None
    run(database, work, handler)
    row = stored(database, job_id)
    assert (row.state, row.next_at) == (JobState.FAILED, None)
    assert str(queries.said(row.error)) == "回2025-2がありません。"


def test_an_unexpected_error_is_tried_again_after_growing_pauses_and_then_told(
    database: Database, ask: Ask, clock: FixedClock
) -> None:
    job_id = ask()

    def handler(*_: Any) -> Store:
        raise ValueError("a secret")

    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        work = claim(database)
        assert work is not None
        run(database, work, handler)
        row = stored(database, job_id)
        assert "secret" not in row.error
        assert str(queries.said(row.error)).startswith("処理の途中で予期しない誤りが起きました。")
        if attempt < jobs.MAX_ATTEMPTS:
            assert row.next_at == clock.moment + dt.timedelta(minutes=attempt)
            assert (row.state, claim(database)) == (JobState.QUEUED, None)
            with database.reading() as session:
                assert not jobs.anything_open(session)
                assert queries.oldest_waiting(session) == row.next_at
            clock.moment = row.next_at
    assert (row.state, row.attempts) == (JobState.FAILED, jobs.MAX_ATTEMPTS)


def test_a_failure_while_storing_rolls_the_result_back(database: Database, ask: Ask) -> None:
    job_id = ask()

    def store(session: Any) -> None:
        session.add(Job(kind="x", key="left over", params={}, asked_by="", asked_at=database.clock.now()))
        session.flush()
        raise ValueError

    work = claim(database)
    assert work is not None
    run(database, work, lambda *_: store)
    with database.reading() as session:
        assert session.scalar(select(Job).where(Job.key == "left over")) is None
    assert stored(database, job_id).state is JobState.QUEUED


def test_what_fails_because_we_stop_is_left_for_the_next_runner(database: Database, ask: Ask) -> None:
    job_id = ask()

    def handler(*_: Any) -> Store:
        raise ValueError

    work = claim(database)
    assert work is not None
    run(database, work, handler, lambda: True)
    assert stored(database, job_id).state is JobState.RUNNING


def test_what_a_dead_runner_left_is_queued_again_and_given_up_in_the_end(database: Database, ask: Ask) -> None:
    job_id = ask()
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        work = claim(database)
        assert work is not None
        assert work.attempt == attempt
        with database.writing() as session:
            taken = jobs.take_over(session)
        assert taken == (1 if attempt < jobs.MAX_ATTEMPTS else 0)
    row = stored(database, job_id)
    assert row.state is JobState.FAILED
    assert str(queries.said(row.error)).startswith("処理が3回続けて")
    assert claim(database) is None


def test_a_runner_that_lost_its_claim_can_neither_tell_nor_store(database: Database, ask: Ask) -> None:
    job_id = ask()
    late = claim(database)
    assert late is not None
    with database.writing() as session:
        jobs.take_over(session)
    again = claim(database)
    assert again is not None
    for step in (lambda s: jobs.finish(s, late), lambda s: jobs.progress(s, late, done=1, total=2)):
        with pytest.raises(Lost), database.writing() as session:
            step(session)
    run(database, late, lambda *_: lambda session: None)
    assert stored(database, job_id).state is JobState.RUNNING
    run(database, again, lambda *_: lambda session: None)
    assert stored(database, job_id).state is JobState.DONE


def test_an_unknown_kind_fails(database: Database, ask: Ask) -> None:
    job_id = ask()
    work = claim(database)
    assert work is not None
    run_job(Holder(database), work, {}, never)  # type: ignore[arg-type]
    assert stored(database, job_id).state is JobState.FAILED


def test_one_leads_and_another_follows_it(database_url: str) -> None:
    first, second = leader_for(database_url), leader_for(database_url)
    try:
        assert first.lead()
        assert first.lead()
        assert not second.lead()
        first.close()
        assert second.lead()
        assert not first.lead()
    finally:
        first.close()
        second.close()


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_a_vanished_host_is_noticed_by_either_end(database_url: str) -> None:
    leader = AdvisoryLeader(make_url(database_url))
    try:
        assert leader.lead()
        assert leader._connection is not None
        asked = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
        told = [leader._connection.exec_driver_sql(f"SHOW {name}").scalar() for name in asked]
    finally:
        leader.close()
    assert told == ["10", "5", "3", "15000"]


def test_the_oldest_waiting_job_is_known(database: Database, ask: Ask) -> None:
    with database.reading() as session:
        assert queries.oldest_waiting(session) is None
    ask()
    with database.reading() as session:
        assert queries.oldest_waiting(session) == database.clock.now()

"""What goes wrong around a delivery: the database fails in the middle of a batch, we are to stop, a person lets go what waits."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.formats.mail import Letter
from register.jobs import outbox as jobs
from register.jobs.chores import CHORES
from register.jobs.letters import LETTERS
from register.jobs.runner import Runner
from register.models import JobRun, Message
from register.queries import deliveries
from register.runtime import Runtime
from register.services import outbox
from register.services.outbox import Envelope
from register.vocab import Channel, ChoreName, MessageState, RunState
from tests.support.chores import until
from tests.support.outbox import KIND, letter, queue
from tests.support.postbox import Alone, Postbox, listening, mailing, nothing

OUTBOX = next(chore for chore in CHORES if chore.name == ChoreName.OUTBOX)


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    """A mail server that takes everything."""
    with listening() as found:
        yield found


@pytest.fixture
def run(
    database: Database, database_url: str, tmp_path: Path, clock: FixedClock, postbox: tuple[Postbox, int]
) -> Iterator[Runtime]:
    """A register that sends its mail there."""
    with mailing(database_url, tmp_path, clock, postbox[1]) as made:
        yield made


def put(run: Runtime, *addresses: str, **more: Any) -> None:
    """Queue messages."""
    with run.database.writing() as session:
        for address in addresses:
            assert queue(session, address, **more)


def states(run: Runtime) -> list[MessageState]:
    """Return how far each message is, the oldest first."""
    with run.database.reading() as session:
        return list(session.scalars(select(Message.state).order_by(Message.id)))


def test_a_fault_of_the_database_fails_the_run_and_no_letter(run: Runtime, postbox: tuple[Postbox, int]) -> None:
    put(run, "a@example.go.jp", "b@example.go.jp", "c@example.go.jp")
    asked: list[str] = []

    def reading(_run: Any, session: Session, one: Envelope) -> Letter | None:
        asked.append(one.address)
        if asked == ["a@example.go.jp", "b@example.go.jp"]:
            session.execute(text("SELECT nothing FROM nowhere"))
        session.execute(text("SELECT 1"))
        return letter(_run, session, one)

    with pytest.raises(DBAPIError):
        jobs.make(run, Alone(), nothing, {KIND: reading})
    assert states(run) == [MessageState.CLAIMED] * 3
    assert jobs.make(run, Alone(), nothing, {KIND: reading}) == {"sent": 3}
    assert [mail["To"] for mail in postbox[0].mails] == ["a@example.go.jp", "b@example.go.jp", "c@example.go.jp"]


def test_a_runner_that_is_to_stop_leaves_what_is_not_handed_over(
    run: Runtime, postbox: tuple[Postbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LETTERS, KIND, letter)  # type: ignore[arg-type]
    put(run, *(f"a{number}@example.go.jp" for number in range(100)))
    box, runner = postbox[0], Runner(run)
    box.pause = 0.2
    assert runner.lead()
    work = threading.Thread(target=runner.due, args=[OUTBOX])
    work.start()
    until(lambda: len(box.mails) > 1)
    runner.stop()
    work.join(5)
    assert not work.is_alive()
    runner.close()
    assert Counter(states(run)) == {MessageState.SENT: len(box.mails), MessageState.QUEUED: 100 - len(box.mails)}
    with run.database.reading() as session:
        # What it did is told; it is not begun again.
        assert [row.state for row in session.scalars(select(JobRun))] == [RunState.DONE]


def test_a_window_that_was_begun_is_left_when_we_are_to_stop(run: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    put(run, *(f"a{number}@example.go.jp" for number in range(9)))
    asked: list[None] = []

    def stopping() -> bool:
        asked.append(None)
        return len(asked) > 6

    # Windows of one, two and four: as if a commit took long, and a mail no time at all.
    monkeypatch.setattr(jobs._Round, "_fit", lambda self, *_: setattr(self, "_window", 2 * self._window))
    told = jobs.make(run, Alone(), nothing, {KIND: letter}, stopping)
    assert told == {"sent": 5, "unsent": 2}
    assert Counter(states(run)) == {MessageState.SENT: 5, MessageState.QUEUED: 4}


def test_what_is_let_go_while_the_runner_waits_for_it_stays_so(run: Runtime, actor: Callable[[str], Actor]) -> None:
    put(run, "a@example.go.jp")
    told: list[object] = []
    work = threading.Thread(target=lambda: told.append(jobs.make(run, Alone(), nothing, {KIND: letter})))
    with run.database.session(write=True) as session:
        outbox.drop(session, session.scalars(select(Message).with_for_update()).one(), actor("secretariat"))
        session.flush()
        work.start()
        time.sleep(0.5)
        session.commit()
    work.join(20)
    assert (told, states(run)) == ([{}], [MessageState.SUPERSEDED])


def test_what_is_put_off_for_its_own_sake_is_no_standstill(
    run: Runtime, clock: FixedClock, actor: Callable[[str], Actor]
) -> None:
    put(run, "later@example.go.jp", "never@example.go.jp")
    with run.database.writing() as session:
        later, never = session.scalars(select(Message).order_by(Message.id))
        later.refusals, never.state = 1, MessageState.FAILED
    clock.moment += dt.timedelta(days=1)
    with run.database.writing() as session:
        assert deliveries.standstills(session, [Channel.MAIL]) == []
        # Sent again it waits from now on.
        outbox.again(session, session.get_one(Message, never.id), actor("secretariat"))
    clock.moment += deliveries.STUCK
    with run.database.reading() as session:
        assert deliveries.standstills(session, [Channel.MAIL]) == []
    clock.moment += dt.timedelta(seconds=1)
    with run.database.reading() as session:
        (one,) = deliveries.standstills(session, [Channel.MAIL])
        assert (one.since, one.count) == (clock.moment - deliveries.STUCK - dt.timedelta(seconds=1), 1)
        tasks = deliveries.tasks(session, actor("secretariat"))
        assert [(task.count, task.args) for task in tasks] == [(1, {"state": "queued"})]
        assert deliveries.tasks(session, actor("auditor")) == []

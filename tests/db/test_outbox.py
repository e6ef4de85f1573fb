"""The outbox as rows on both databases: queued once, taken by one, ended by whoever holds the number."""

from __future__ import annotations

import asyncio
import datetime as dt
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.errors import Forbidden, NotNow
from register.jobs import outbox as jobs
from register.models import AuditEntry, DeadAddress, Message
from register.queries import deliveries
from register.queries.deliveries import Standstill
from register.queries.jobs import said
from register.services import outbox
from register.services.jobs import Lost
from register.services.outbox import Envelope, Fence, Sender
from register.vocab import Channel, MessageState
from tests.support.mail_server import MailServer, listening
from tests.support.outbox import HOST, LETTERS, SENDER, Numbered, led, make_leaders, queue, sending

Work = Callable[..., dict[str, int]]


@pytest.fixture
def fence(database: Database) -> Fence:
    """We lead."""
    make_leaders(database)
    return led(database)


@contextmanager
def server(taken: Path, *, pipelining: bool = True) -> Iterator[int]:
    """Run the mail server with every bad habit."""
    port = listening()
    number = int(port.getsockname()[1])
    process = multiprocessing.get_context("fork").Process(
        target=lambda: asyncio.run(MailServer(taken, pipelining=pipelining).serve(port))
    )
    process.start()
    port.close()
    try:
        yield number
    finally:
        process.kill()
        process.join()


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    """Where the mail server keeps what it has taken."""
    path = tmp_path / "taken"
    path.touch()
    return path


@pytest.fixture(params=[True, False], ids=["pipelining", "one by one"])
def work(request: pytest.FixtureRequest, database: Database, fence: Fence, taken: Path) -> Iterator[Work]:
    """Deliver what is due to a running server."""
    with server(taken, pipelining=request.param) as port:
        run = sending(database, port, seconds=0.3)
        yield lambda: dict(jobs.make(run, fence, lambda _done, _total: None, LETTERS))


def put(database: Database, *addresses: str, **more: Any) -> None:
    """Queue messages."""
    with database.writing() as session:
        for address in addresses:
            assert queue(session, address, **more)


def rows(database: Database) -> dict[str, Message]:
    """Return the messages by address."""
    with database.reading() as session:
        return {row.address: row for row in session.scalars(select(Message))}


def names(taken: Path) -> list[str]:
    """Return the recipients of what the server has taken, in order."""
    return [line.split()[1] for line in taken.read_text().splitlines()]


def claimed(database: Database, fence: Fence, limit: int = 10) -> list[Envelope]:
    with database.writing() as session:
        return outbox.claim(session, fence, limit)


def test_queueing_twice_queues_once_and_a_rollback_queues_nothing(database: Database) -> None:
    with database.session(write=True) as session:
        assert queue(session, "gone@example.go.jp")
        session.rollback()
    with database.writing() as session:
        assert [queue(session, "a@example.go.jp", "k") for _ in range(2)] == [True, False]
    row = rows(database)["a@example.go.jp"]
    assert row.state is MessageState.QUEUED
    assert row.message_id == outbox.message_id("k", SENDER)


def test_the_name_of_a_message_is_that_of_its_key_and_known_to_nobody_else() -> None:
    name = outbox.message_id("k", SENDER)
    assert name == outbox.message_id("k", SENDER) != outbox.message_id("l", SENDER)
    assert name.endswith(f"@{HOST}>")
    assert outbox.message_id("k", Sender("")).endswith("@register.invalid>")
    assert len({name, outbox.message_id("k", Sender(HOST)), outbox.message_id("k", Sender(HOST, "another key"))}) == 3
    assert SENDER.secret not in repr(SENDER)


@pytest.mark.parametrize(
    "address", ["", "a", "a@b\r\nRCPT TO:<c@d>", "a b@c", "<a@b>", "あ@example.go.jp", "a@例え.jp", "a@-b"]
)
def test_what_is_no_address_fails_at_once(database: Database, address: str) -> None:
    put(database, address)
    row = rows(database)[address]
    assert row.state is MessageState.FAILED
    assert str(said(row.error)) == str(outbox.MALFORMED)


def test_a_message_is_taken_by_one_leader_and_only_when_it_is_due(
    database: Database, fence: Fence, clock: FixedClock
) -> None:
    put(database, "a@example.go.jp", "b@example.go.jp")
    assert [one.address for one in claimed(database, fence, 1)] == ["a@example.go.jp"]
    assert [one.address for one in claimed(database, fence)] == ["b@example.go.jp"]
    assert claimed(database, fence) == []
    with database.reading() as session:
        assert outbox.waits(session, [Channel.MAIL])


def test_a_clock_that_was_ahead_keeps_nothing_waiting(database: Database, fence: Fence, clock: FixedClock) -> None:
    clock.moment += dt.timedelta(days=400)
    put(database, "a@example.go.jp")
    clock.moment -= dt.timedelta(days=400)
    with database.reading() as session:
        assert outbox.waits(session, [Channel.MAIL])
    assert len(claimed(database, fence)) == 1


def test_who_was_replaced_changes_nothing(database: Database, fence: Fence) -> None:
    put(database, "a@example.go.jp")
    (one,) = claimed(database, fence)
    later = led(database)
    for step in (outbox.recover, lambda session, mine: outbox.claim(session, mine, 1)):
        with pytest.raises(Lost), database.writing() as session:
            step(session, fence)
    with database.writing() as session:
        assert outbox.recover(session, later) == (1, 0)
    claimed(database, later)
    steps: list[Callable[[Session], None]] = [
        lambda session: outbox.sending(session, fence, [one.id]),
        lambda session: outbox.supersede(session, fence, [one.id]),
        lambda session: outbox.release(session, fence, [one]),
        lambda session: outbox.sent(session, fence, [one.id]),
        lambda session: outbox.uncertain(session, fence, [one.id]),
        lambda session: outbox.unsent(session, fence, one, ""),
        lambda session: outbox.refused(session, fence, one, 451, "", recipient=True),
        lambda session: outbox.refused(session, fence, one, 550, "", recipient=True),
    ]
    for step_ in steps:
        with pytest.raises(Lost), database.writing() as session:
            step_(session)
    assert rows(database)[one.address].state is MessageState.CLAIMED


def test_what_a_dead_runner_left_is_queued_or_shown_as_uncertain(database: Database, fence: Fence) -> None:
    put(database, "a@example.go.jp", "b@example.go.jp")
    first, _ = claimed(database, fence)
    with database.writing() as session:
        outbox.sending(session, fence, [first.id])
    with database.writing() as session:
        assert outbox.recover(session, led(database)) == (1, 1)
    found = rows(database)
    assert found["a@example.go.jp"].state is MessageState.UNCERTAIN
    assert found["b@example.go.jp"].state is MessageState.QUEUED
    assert str(said(found["a@example.go.jp"].error)) == str(outbox.UNKNOWN)


def test_every_habit_of_a_server(database: Database, work: Work, taken: Path, clock: FixedClock) -> None:
    habits = ("plain", "later", "never", "policy", "busy", "stall", "drop", "kept", "lost")
    put(database, *(f"{habit}-1@example.go.jp" for habit in habits))
    put(database, "over@example.go.jp", params={"over": True})
    put(database, "broken@example.go.jp", params={"broken": True})
    for _ in range(4):
        work()
        clock.moment += dt.timedelta(hours=1)
    found = {address.partition("@")[0].partition("-")[0]: row for address, row in rows(database).items()}
    assert {habit: row.state.value for habit, row in found.items()} == {
        **dict.fromkeys(("plain", "later", "busy", "stall", "drop"), "sent"),
        **dict.fromkeys(("never", "policy", "broken"), "failed"),
        **dict.fromkeys(("kept", "lost"), "uncertain"),
        "over": "superseded",
    }
    assert sorted(names(taken)) == [
        f"{habit}-1@example.go.jp" for habit in ("busy", "drop", "kept", "later", "plain", "stall")
    ]
    assert (found["later"].refusals, found["later"].attempts) == (2, 3)
    assert "550 5.1.1" in found["never"].detail
    with database.reading() as session:
        # A content that is refused speaks of the content.
        assert session.scalars(select(DeadAddress.address)).all() == ["never-1@example.go.jp"]


def test_pauses_grow_and_end_with_a_person(database: Database, fence: Fence, clock: FixedClock) -> None:
    put(database, "a@example.go.jp")
    waited = []
    for _ in range(outbox.MOST_REFUSALS):
        (one,) = claimed(database, fence)
        with database.writing() as session:
            outbox.sending(session, fence, [one.id])
            outbox.refused(session, fence, one, 451, "4.7.1 later", recipient=True)
        row = rows(database)[one.address]
        waited.append((row.next_at - clock.moment).total_seconds() / 60)
        clock.moment = max(clock.moment, row.next_at)
    assert waited[:9] == [0.5, 1, 2, 4, 8, 15, 30, 60, 60]
    assert row.state is MessageState.FAILED
    assert str(said(row.error)) == str(outbox.TOO_OFTEN)


def test_a_server_that_is_away_delays_and_loses_nothing(
    database: Database, fence: Fence, taken: Path, clock: FixedClock
) -> None:
    put(database, *(f"plain-{number}@example.go.jp" for number in range(30)))
    since = clock.moment
    for hours in (0, 8, 16):
        with database.reading() as session:
            told = [Standstill(Channel.MAIL, since, 30)] if hours else []
            assert deliveries.standstills(session, [Channel.MAIL]) == told
            assert deliveries.standstills(session, [Channel.WEBHOOK]) == []
        assert jobs.make(sending(database, 9), fence, lambda _done, _total: None, LETTERS).get("sent") is None
        assert {row.state for row in rows(database).values()} == {MessageState.QUEUED}
        clock.moment += dt.timedelta(hours=8)
    with server(taken) as port:
        counts = jobs.make(sending(database, port), fence, lambda _done, _total: None, LETTERS)
    assert counts == {"sent": 30}
    with database.reading() as session:
        assert deliveries.standstills(session, [Channel.MAIL]) == []
    assert len(set(names(taken))) == 30


def test_without_a_mail_server_nothing_is_sent(database: Database, fence: Fence) -> None:
    put(database, "a@example.go.jp")
    assert jobs.make(sending(database, None), fence, lambda _done, _total: None, LETTERS) == {}
    assert rows(database)["a@example.go.jp"].state is MessageState.QUEUED


def test_a_dead_address_gets_nothing_until_somebody_has_seen_to_it(
    database: Database, fence: Fence, actor: Callable[[str], Actor]
) -> None:
    put(database, "a@example.go.jp")
    with database.writing() as session:
        for _ in range(2):
            outbox.mark_dead(session, "a@example.go.jp", None, outbox.REFUSED, "550")
    assert claimed(database, fence) == []
    put(database, "a@example.go.jp", key="another")
    with database.reading() as session:
        assert {row.state for row in session.scalars(select(Message))} == {MessageState.FAILED}
        assert [(task.endpoint, task.count) for task in deliveries.tasks(session, actor("secretariat"))] == [
            ("deliveries.index", 2),
            ("deliveries.index", 1),
        ]
        assert deliveries.tasks(session, actor("auditor")) == []
        message, dead = session.scalars(select(Message)).first(), session.scalars(select(DeadAddress)).one()
    assert message is not None
    with pytest.raises(NotNow), database.writing() as session:
        outbox.again(session, session.merge(message), actor("secretariat"))
    with pytest.raises(Forbidden), database.writing() as session:
        outbox.revive(session, session.merge(dead), actor("admin"))
    with database.writing() as session:
        outbox.revive(session, session.merge(dead), actor("secretariat"))
        outbox.again(session, session.merge(message), actor("secretariat"))
    assert len(claimed(database, fence)) == 1


def test_sending_again_keeps_the_name_and_is_told_in_the_log(
    database: Database, work: Work, taken: Path, actor: Callable[[str], Actor]
) -> None:
    put(database, "lost-1@example.go.jp", "kept-1@example.go.jp")
    assert work() == {"uncertain": 2}
    by = actor("secretariat")
    with pytest.raises(Forbidden), database.writing() as session:
        outbox.again(session, session.scalars(select(Message)).first(), actor("auditor"))  # type: ignore[arg-type]
    with database.writing() as session:
        for row in session.scalars(select(Message)):
            if row.address.startswith("lost"):
                outbox.again(session, row, by)
            else:
                outbox.drop(session, row, by)
    assert work() == {"sent": 1}
    found = rows(database)
    assert (found["lost-1@example.go.jp"].again, found["kept-1@example.go.jp"].state.value) == (1, "superseded")
    named = [line.split()[0] for line in taken.read_text().splitlines()]
    assert sorted(named) == sorted(row.message_id for row in found.values())
    with pytest.raises(NotNow), database.writing() as session:
        outbox.again(session, session.merge(found["lost-1@example.go.jp"]), by)
    with database.reading() as session:
        events = session.scalars(select(AuditEntry.event).where(AuditEntry.event.like("message.%"))).all()
    assert sorted(events) == [audit.Event.MESSAGE_AGAIN, audit.Event.MESSAGE_DROPPED]


def test_nobody_touches_what_the_runner_holds(database: Database, fence: Fence, actor: Callable[[str], Actor]) -> None:
    put(database, "a@example.go.jp")
    (one,) = claimed(database, fence)
    for deed in (outbox.again, outbox.drop):
        with pytest.raises(NotNow), database.writing() as session:
            deed(session, session.get_one(Message, one.id), actor("secretariat"))
    with database.writing() as session:
        outbox.sending(session, fence, [one.id])
    for deed in (outbox.again, outbox.drop):
        with pytest.raises(NotNow), database.writing() as session:
            deed(session, session.get_one(Message, one.id), actor("secretariat"))


def test_what_comes_back_is_found_by_its_name(database: Database, work: Work) -> None:
    put(database, "plain-1@example.go.jp", "plain-2@example.go.jp", "plain-3@example.go.jp")
    put(database, "a room", channel=Channel.WEBHOOK)
    work()
    found = rows(database)
    with database.writing() as session:
        for name in ("", "<nobody@knows>", found["a room"].message_id):
            assert outbox.returned(session, name, "5.1.1 unknown", of_address=True) is None
        for address, said, of_address in (("plain-1", "5.1.1 unknown", True), ("plain-2", "4.4.7 timed out", False)):
            name = found[f"{address}@example.go.jp"].message_id
            assert outbox.returned(session, name, said, of_address=of_address) is not None
    states = [rows(database)[f"plain-{number}@example.go.jp"].state for number in (1, 2, 3)]
    assert states == [MessageState.FAILED, MessageState.FAILED, MessageState.SENT]
    with database.reading() as session:
        assert session.scalars(select(DeadAddress.address)).all() == ["plain-1@example.go.jp"]


def test_a_run_ends_between_two_commits_when_it_is_to_stop(database: Database, fence: Fence, taken: Path) -> None:
    put(database, *(f"plain-{number}@example.go.jp" for number in range(9)))
    asked = iter([False, False, True, True, True])
    with server(taken) as port:
        run = sending(database, port)
        told = jobs.make(run, fence, lambda _done, _total: None, LETTERS, lambda: next(asked))
    assert told == {"sent": 1}
    assert {row.state for row in rows(database).values()} == {MessageState.SENT, MessageState.QUEUED}


def test_another_leader_ends_the_run_before_the_next_message(database: Database, fence: Fence, taken: Path) -> None:
    put(database, *(f"plain-{number}@example.go.jp" for number in range(9)))
    replaced: list[Numbered] = []

    def replace(_done: int, _total: int) -> None:
        replaced.append(led(database))

    with server(taken) as port, pytest.raises(Lost):
        jobs.make(sending(database, port), fence, replace, LETTERS)
    assert names(taken) == []

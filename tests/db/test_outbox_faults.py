"""What goes wrong around a delivery: the database fails in the middle of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from register.clock import FixedClock
from register.db import Database
from register.formats.mail import Letter
from register.jobs import outbox as jobs
from register.models import Message
from register.runtime import Runtime
from register.services.outbox import Envelope
from register.vocab import MessageState
from tests.support.outbox import KIND, letter, queue
from tests.support.postbox import Alone, Postbox, listening, mailing, nothing


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

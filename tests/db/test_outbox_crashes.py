"""A thousand messages and two hundred deaths: nothing is sent twice, nothing is lost without being shown."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from register.db import Database
from register.models import DeadAddress, Message
from register.vocab import MessageState
from tests.support.outbox import make_leaders, queue
from tests.support.outbox_crashes import DEATHS, POINTS
from tests.support.programs import told_by

MESSAGES = 1000
HABITS = {
    "plain": 860,
    "later": 50,
    "never": 20,
    "policy": 10,
    "busy": 20,
    "stall": 4,
    "drop": 16,
    "kept": 10,
    "lost": 10,
}


def test_nothing_is_sent_twice_and_nothing_is_lost(
    database: Database, database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    addresses = [f"{habit}-{number}@example.go.jp" for habit, count in HABITS.items() for number in range(count)]
    random.shuffle(addresses)
    with database.writing() as session:
        assert all(queue(session, address) for address in addresses)
    assert len(addresses) == MESSAGES
    make_leaders(database)
    database.engine.dispose()
    seed = random.randrange(1_000_000)
    command = [sys.executable, "-m", "tests.support.outbox_crashes", database_url, str(taken), str(seed)]
    deaths: dict[str, int] = json.loads(told_by(command).splitlines()[-1])
    told = check(database, taken)
    assert sum(deaths.values()) >= DEATHS
    assert set(POINTS) == {point for point, count in deaths.items() if count}
    record_property(
        "figures", f"outbox, {database.dialect}: {sum(deaths.values())} deaths at {len(POINTS)} points, {told}"
    )


def check(database: Database, taken: Path) -> str:
    """Hold the rows against what the server has taken; return the figures in words."""
    names = Counter(line.split()[0] for line in taken.read_text().splitlines())
    with database.reading() as session:
        rows = session.scalars(select(Message)).all()
        dead = set(session.scalars(select(DeadAddress.address)))
    by_state = {state: {row.message_id for row in rows if row.state is state} for state in MessageState}
    sent, uncertain, failed = (by_state[getattr(MessageState, name)] for name in ("SENT", "UNCERTAIN", "FAILED"))
    duplicates = {name for name, count in names.items() if count > 1}
    missing = sent - set(names)
    assert (duplicates, missing) == (set(), set())
    assert len(sent) + len(uncertain) + len(failed) == MESSAGES
    assert set(names) <= sent | uncertain
    assert dead == {
        row.address for row in rows if row.address.startswith("never-") and row.state is MessageState.FAILED
    }
    assert all(row.error for row in rows if row.state in (MessageState.UNCERTAIN, MessageState.FAILED))
    arrived = len(uncertain & set(names))
    return (
        f"{MESSAGES} messages: sent {len(sent)}, failed {len(failed)}, uncertain {len(uncertain)} "
        f"({arrived} arrived, {len(uncertain) - arrived} did not), duplicates 0, missing and unflagged 0"
    )

"""The planner is killed in the middle: everybody is told everything once, in the register and by one mail a day."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from register.db import Database
from register.models import Message, Reminder
from tests.support.databases import Build
from tests.support.lived_round import scheduled
from tests.support.planning_crashes import DAYS, POINTS
from tests.support.programs import told_by


@pytest.fixture
def content() -> Build:
    return scheduled


def test_a_planner_that_dies_tells_everybody_once(
    database: Database, database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    database.engine.dispose()
    seed = str(random.randrange(1_000_000))
    program = [sys.executable, "-m", "tests.support.planning_crashes", database_url, str(tmp_path), seed]
    found = json.loads(told_by(program).splitlines()[-1])
    deaths, foretold = Counter(found["deaths"]), found["told"]
    with database.reading() as session:
        told = Counter((row.day, row.key) for row in session.execute(select(Reminder.day, Reminder.key)))
        mails = session.execute(select(Message.day, Message.user_id, Message.params)).all()
        people = {(row.day, row.user_id) for row in session.scalars(select(Reminder))}
        ids = sorted(session.scalars(select(Reminder.id)))
    assert {(day.isoformat(), key) for day, key in told} == {(day, key) for day in foretold for key in foretold[day]}
    assert set(told.values()) == {1}
    assert Counter((row.day, row.user_id) for row in mails) == dict.fromkeys(people, 1)
    assert sorted(one for row in mails for one in row.params["reminders"]) == ids
    assert set(deaths) == set(POINTS)
    assert len(told) >= 1000
    record_property(
        "figures",
        f"planning, {database.dialect}: {deaths.total()} deaths at {len(POINTS)} points over {DAYS} days, "
        f"{len(told)} told in the register once each, {len(mails)} mails queued once each",
    )

"""A round of 25 ministries lived through day by day: what was foretold is what was told."""

from __future__ import annotations

import datetime as dt
import random
import time

import pytest
from sqlalchemy import select

from register.db import Database
from register.models import Reminder, Submission
from register.vocab import SubmissionState
from tests.support.databases import Build
from tests.support.reminders import MINISTRIES, at_noon, changing, crowded, foretold, told
from tests.support.running_round import DUE, OPENS

DAYS = 30


@pytest.fixture
def content() -> Build:
    return crowded


def test_what_was_foretold_for_a_round_is_what_was_told(database: Database) -> None:
    began = time.monotonic()
    days = [OPENS + dt.timedelta(days=number) for number in range(DAYS)]
    at_noon(database, OPENS)
    ahead = foretold(database, OPENS, days[-1])
    everything = []
    for day in days:
        at_noon(database, day)
        everything += told(database, day)
    assert everything == ahead
    # 10 hear of the opening, 7 of ten days before, 10 of five days, of one and of the day; then who is late.
    assert sum(day <= DUE for day, _ in ahead) == MINISTRIES * (10 + 7 + 10 + 10 + 10)
    assert sum(day > DUE for day, _ in ahead) == MINISTRIES * (7 + 3 + 3)
    assert time.monotonic() - began < 20


def test_foretold_is_told_while_ministries_hand_in(database: Database) -> None:
    """Every day some hand in; the ledger of the evening before, computed anew, is what is told in the morning."""
    chance = random.Random(7)
    for number in range(DAYS):
        day = OPENS + dt.timedelta(days=number)
        at_noon(database, day)
        before = foretold(database, day, day)
        assert told(database, day) == before
        assert told(database, day) == []
        with changing(database) as session:
            for one in session.scalars(select(Submission).where(Submission.submitted_at.is_(None))):
                if chance.random() < 0.1:
                    one.state, one.submitted_at, one.nil = SubmissionState.SUBMITTED, database.clock.now(), True
    with database.reading() as session:
        late = (
            select(Reminder.id)
            .join(Submission, Reminder.ministry_id == Submission.ministry_id)
            .where(Reminder.planned_at > Submission.submitted_at)
        )
        assert session.scalars(late).all() == []

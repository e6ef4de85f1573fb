"""Sixty days with anything happening: each word once, none after its matter, and the ledger of the morning is told."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from register import workdays
from register.db import Database
from register.models import Reminder, Round, Submission, User
from register.queries.reminder_subjects import Asked
from register.queries.reminders import due, gather
from register.vocab import ReminderEvent, RoundState, SubmissionState
from tests.support.databases import Build
from tests.support.reminders import PLAN, TERMS, at_noon, changing, few, foretold, told
from tests.support.running_round import OPENS


@pytest.fixture
def content() -> Build:
    return few


CHANGES = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.sampled_from(["submit", "return", "review", "extend", "leave", "join", "close", "open", "late_planner"]),
        st.integers(0, 10_000),
    ),
    max_size=20,
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_each_word_once_and_none_after_its_matter(database: Database, changes: list[tuple[int, str, int]]) -> None:
    _start_over(database)
    queue = [(gap, deed, which) for gap, deed, which in changes]
    wait = queue[0][0] if queue else 0
    for number in range(60):
        day = OPENS + dt.timedelta(days=number)
        at_noon(database, day)
        missed = False
        while queue and wait <= 0:
            _gap, deed, which = queue.pop(0)
            missed |= deed == "late_planner"
            _change(database, deed, which)
            wait = queue[0][0] if queue else 0
        wait -= 1
        if missed:  # the runner was away on this day
            continue
        if not workdays.is_business_day(day):
            assert told(database, day) == []
            continue
        before = foretold(database, day, day)
        _none_is_over(database, day)
        assert told(database, day) == before
        assert told(database, day) == []
    with database.reading() as session:
        keys = session.scalars(select(Reminder.key)).all()
        assert len(keys) == len(set(keys))


def _none_is_over(database: Database, day: dt.date) -> None:
    """Check that what is due concerns only what can still be done, and people who are still there."""
    with database.reading() as session:
        found = due(gather(Asked(session, day, TERMS), PLAN), day).told
        rows = {f"submission:{one.id}": one for one in session.scalars(select(Submission))}
        gone = set(session.scalars(select(User.id).where(User.active.is_(False))))
        for one in found:
            assert one.person.id not in gone
            if one.subject.event is ReminderEvent.ROUND_DUE:
                assert rows[one.subject.key].submitted_at is None


def _change(database: Database, deed: str, which: int) -> None:
    with changing(database) as session:
        rows = session.scalars(select(Submission).order_by(Submission.id)).all()
        one, held = rows[which % len(rows)], session.scalars(select(Round)).one()
        people = session.scalars(select(User).order_by(User.id)).all()
        if deed == "submit":
            one.state, one.submitted_at = SubmissionState.SUBMITTED, database.clock.now()
        elif deed == "return" and one.submitted_at:
            one.state, one.granted = SubmissionState.RETURNED, True
        elif deed == "review" and one.submitted_at is None:
            one.state, one.sent_at = SubmissionState.IN_REVIEW, database.clock.now()
        elif deed == "extend":
            one.due_on = workdays.add(database.clock.today(), which % 9)
        elif deed in ("leave", "join"):
            people[which % len(people)].active = deed == "join"
        elif deed in ("close", "open"):
            held.state = RoundState.CLOSED if deed == "close" else RoundState.OPEN


def _start_over(database: Database) -> None:
    with changing(database) as session:
        for row in session.scalars(select(Reminder)):
            session.delete(row)
        for one in session.scalars(select(Submission)):
            one.state, one.submitted_at, one.due_on, one.granted = SubmissionState.NOT_STARTED, None, None, False
        for person in session.scalars(select(User)):
            person.active = True
        session.scalars(select(Round)).one().state = RoundState.OPEN

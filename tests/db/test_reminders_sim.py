"""Rounds lived through day by day: what was foretold is what was told, each word once, and none after its matter."""

from __future__ import annotations

import datetime as dt
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit, workdays
from register.db import Database
from register.formspec.reminders import load_reminders
from register.formspec.risk import load_risk
from register.models import Ministry, Reminder, Round, Submission, User
from register.queries.reminder_subjects import Asked
from register.queries.reminders import due, gather, ledger
from register.services import form_versions, reminders
from register.vocab import ReminderEvent, Role, RoundState, SubmissionState
from tests.support.data import migrated, ministry
from tests.support.databases import Build
from tests.support.everything import BY
from tests.support.round_files import CONFIG
from tests.support.running_round import DUE, LIBRARY, OPENS

PLAN, TERMS = load_reminders(CONFIG), load_risk(CONFIG)
MINISTRIES, EACH, DAYS = 25, 10, 30


def crowded(url: str) -> None:
    """Build 25 ministries with ten people each, three of the secretariat, and a round that opens."""
    migrated(url)
    database = Database(url)
    with database.writing() as session:
        for number in range(MINISTRIES):
            row = ministry(f"m{number:02d}", number)
            session.add(row)
            session.flush()
            for place in range(EACH):
                _person(session, f"{row.key}-{place}", Role.APPROVER if place < 3 else Role.REPORTER, row.id)
        for place in range(3):
            _person(session, f"s-{place}", Role.SECRETARIAT, None)
        form = form_versions.publish(session, LIBRARY.newest, by=BY)
        facts = {"fiscal_year": 2025, "number": 3, "as_of": dt.date(2025, 9, 30), "state": RoundState.OPEN}
        held = Round(**facts, opens_on=OPENS, due_on=DUE, form_version=form)
        session.add(held)
        session.flush()
        for body in session.scalars(select(Ministry)):
            session.add(Submission(round_id=held.id, ministry_id=body.id, state=SubmissionState.NOT_STARTED))
        audit.record(session, audit.Event.DEMO_SEEDED, None, by=BY)
    database.engine.dispose()


def _person(session: Session, name: str, role: Role, ministry_id: int | None) -> None:
    person = User(email=f"{name}@example.go.jp", name=name, role=role, ministry_id=ministry_id)
    person.fs_uniquifier = secrets.token_hex(16)
    session.add(person)


@pytest.fixture
def content() -> Build:
    return crowded


@contextmanager
def changing(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        yield session
        audit.record(session, audit.Event.DEMO_SEEDED, None, by=BY)


def at_noon(database: Database, day: dt.date) -> None:
    database.clock.moment = dt.datetime(day.year, day.month, day.day, 3, tzinfo=dt.UTC)


def foretold(database: Database, first: dt.date, last: dt.date) -> list[tuple[dt.date, str]]:
    with database.reading() as session:
        facts = gather(Asked(session, first, TERMS), PLAN)
        return sorted((one.told_on, one.key) for one in ledger(facts, first, last))


def told(database: Database, day: dt.date) -> list[tuple[dt.date, str]]:
    with database.writing() as session:
        planned = reminders.plan(session, PLAN, TERMS, day)
        return sorted((day, one.key) for rows in planned.told.values() for one in rows)


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


CHANGES = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.sampled_from(["submit", "return", "review", "extend", "leave", "join", "close", "open", "late_planner"]),
        st.integers(0, 10_000),
    ),
    max_size=20,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_each_word_once_and_none_after_its_matter(database: Database, changes: list[tuple[int, str, int]]) -> None:
    _start_over(database)
    queue = [(gap, deed, which) for gap, deed, which in changes]
    wait = queue[0][0] if queue else 0
    for number in range(60):
        day = OPENS + dt.timedelta(days=number)
        at_noon(database, day)
        before, missed = foretold(database, day, day), False
        while queue and wait <= 0:
            _gap, deed, which = queue.pop(0)
            missed |= deed == "late_planner"
            _change(database, deed, which)
            before = foretold(database, day, day)
            wait = queue[0][0] if queue else 0
        wait -= 1
        if missed:  # the runner was away on this day
            continue
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

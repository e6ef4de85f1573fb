"""A round and its people for the reminders, stored past the services, and what is foretold and told of it."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.db import Database
from register.formspec.reminders import load_reminders
from register.formspec.risk import load_risk
from register.models import Ministry, Round, Submission, User
from register.queries.reminder_subjects import Asked
from register.queries.reminders import gather, ledger
from register.services import form_versions, reminders
from register.vocab import Role, RoundState, SubmissionState
from tests.support.data import migrated, ministry
from tests.support.everything import BY
from tests.support.round_files import CONFIG
from tests.support.running_round import DUE, LIBRARY, OPENS

PLAN, TERMS = load_reminders(CONFIG), load_risk(CONFIG)
MINISTRIES, EACH = 2, 3


def few(url: str) -> None:
    """Build two ministries with three people each, one of the secretariat, and a round that opens."""
    migrated(url)
    database = Database(url)
    with database.writing() as session:
        for number in range(MINISTRIES):
            row = ministry(f"m{number:02d}", number)
            session.add(row)
            session.flush()
            for place in range(EACH):
                _person(session, f"{row.key}-{place}", Role.REPORTER if place else Role.APPROVER, row.id)
        _person(session, "s-0", Role.SECRETARIAT, None)
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

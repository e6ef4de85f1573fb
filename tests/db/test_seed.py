"""The demo data: complete, done by the real services, and never beside real data."""

from __future__ import annotations

import tomllib

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import audit, seed
from register.authz import Actor
from register.db import Database
from register.documents.language import speakers
from register.errors import NotNow
from register.formspec.loader import load_library
from register.models import (
    AISystem,
    AuditEntry,
    LifecycleEvent,
    Ministry,
    Round,
    Submission,
    SubmissionItem,
    UseCase,
    User,
    counted,
)
from register.vocab import Confirmation, Lifecycle, Role, RoundState, Source, SubmissionState
from tests.support.data import migrated, ministry
from tests.support.databases import Build
from tests.support.round_files import CONFIG
from tests.support.sources import ROOT

FORMS = load_library(CONFIG, "periodic")


@pytest.fixture
def content() -> Build:
    """A database as `flask db upgrade` leaves it."""
    return migrated


def plant(session: Session) -> None:
    """Load the demo."""
    people = seed.accounts(CONFIG)[1]
    hashed = {entry["email"]: f"hash of {entry['email']}" for entry in people}
    seed.seed(session, forms=FORMS, config_dir=CONFIG, hashed=hashed, speak=speakers(ROOT / "translations"))


def test_the_demo_is_whole(database: Database) -> None:
    with database.writing() as session:
        plant(session)
    with database.reading() as session:
        assert seed.is_seeded(session)
        assert session.scalar(select(func.count()).where(counted())) == 188 + 306
        people = session.scalars(select(User)).all()
        assert {user.role for user in people} == set(Role)
        assert len({user.ministry_id for user in people if user.ministry_id}) == 2
        assert all(user.password == f"hash of {user.email}" and user.email.endswith("@demo.example") for user in people)
        assert {system.shared for system in session.scalars(select(AISystem))} == {True, False}
        assert not audit.verify(session, []).finding


def test_the_steps_of_the_story_were_taken_by_people(database: Database) -> None:
    with database.writing() as session:
        plant(session)
    story = tomllib.loads((CONFIG / "demo" / "story.toml").read_text())
    with database.reading() as session:
        steps = session.scalars(select(LifecycleEvent).where(LifecycleEvent.source == Source.WEB)).all()
        assert [(step.to_state, step.on, step.reason) for step in steps] == [
            (move["to"], move["on"], move["reason"]) for move in story["moves"]
        ]
        assert all(step.actor_id for step in steps)
        tied = session.scalars(select(UseCase.case_no).where(UseCase.ai_system_id.is_not(None)))
        assert set(tied) == {case for system in story["systems"] for case in system["cases"]}


def test_a_newcomer_finds_a_planned_case_to_move(database: Database) -> None:
    with database.writing() as session:
        plant(session)
    with database.reading() as session:
        reporters = select(User.ministry_id).where(User.role == Role.REPORTER)
        planned = select(func.count()).where(UseCase.ministry_id.in_(reporters), UseCase.lifecycle == "planned")
        assert session.scalar(planned)


def test_a_newcomer_finds_a_round_to_answer(database: Database) -> None:
    with database.writing() as session:
        plant(session)
    with database.reading() as session:
        current = session.scalars(select(Round).where(Round.state == RoundState.OPEN)).one()
        assert current.as_of < database.clock.today() < current.due_on
        returns = session.scalars(select(Submission).where(Submission.round_id == current.id)).all()
        assert {one.state for one in returns} == {SubmissionState.NOT_STARTED}
        assert len(returns) == session.scalar(select(func.count()).select_from(Ministry))
        items = session.scalars(select(SubmissionItem).where(SubmissionItem.round_id == current.id)).all()
        living = select(UseCase.id).where(UseCase.lifecycle != Lifecycle.RETIRED)
        assert {item.use_case_id for item in items} == set(session.scalars(living))
        assert {(item.confirmation, bool(item.answers)) for item in items} == {(Confirmation.UNCONFIRMED, False)}


def test_real_data_are_never_mixed_with_it(database: Database) -> None:
    with database.writing() as session:
        row = ministry("a", 1)
        session.add(row)
        audit.record(session, audit.Event.MINISTRY_CREATED, row, by=Actor.system("tests"))
    with pytest.raises(NotNow, match="空のデータベース"), database.writing() as session:
        plant(session)
    with database.reading() as session:
        assert not seed.is_seeded(session)
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 1
        assert session.scalar(select(func.count()).select_from(Ministry)) == 1


def test_it_is_loaded_once(database: Database) -> None:
    with database.writing() as session:
        plant(session)
    with pytest.raises(NotNow), database.writing() as session:
        plant(session)

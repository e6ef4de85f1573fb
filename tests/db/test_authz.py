"""What a statement shows and what a row allows are one rule, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from register.authz import SIGHT, Actor, can, sight, visible
from register.db import Base, Database
from register.models import (
    AISystem,
    Assessment,
    AuditEntry,
    BuiltTable,
    CalendarFeed,
    DeadAddress,
    HighRiskFlag,
    Incident,
    IncidentFile,
    Job,
    JobRun,
    LifecycleEvent,
    Measure,
    Message,
    Ministry,
    NilReport,
    Notice,
    NoticeAnswer,
    NoticeRecipient,
    Question,
    Referral,
    Remark,
    Reminder,
    Round,
    Snapshot,
    Submission,
    SubmissionItem,
    Upload,
    UseCase,
    Webhook,
)
from register.vocab import (
    ReplyState,
    RoundState,
    SubmissionState,
    Variant,
)
from tests.support.data import STAFF
from tests.support.databases import Build
from tests.support.everything import rows_of_everything

NOBODY = Actor.system("nobody")
RISK = (Incident, Measure, IncidentFile, NilReport, Assessment, HighRiskFlag, Referral)
TOLD = (Assessment, Incident, Measure, IncidentFile, Referral)
RISK = (Incident, Measure, IncidentFile, NilReport, NoticeRecipient, NoticeAnswer)
RISK = (Incident, Measure, IncidentFile, NilReport, Question)
HANDED_IN = {"submitted", "returned", "accepted", "frozen"}


@pytest.fixture
def content() -> Build:
    """Rows of every kind, of both ministries."""
    return rows_of_everything


@pytest.fixture
def reading(database: Database) -> Iterator[Session]:
    """A session that only reads."""
    with database.reading() as session:
        yield session


def key_of(model: type[Base]) -> Any:
    """Return the column that names a row."""
    return inspect(model).primary_key[0]


def shown(session: Session, model: type[Base], actor: Actor) -> set[int]:
    """Return the rows that a statement shows to ``actor``."""
    return set(session.scalars(visible(select(key_of(model)), model, actor)))


def allowed(session: Session, model: type[Base], actor: Actor) -> set[int]:
    """Return the rows that ``actor`` may read, asked one by one."""
    name = key_of(model).name
    return {getattr(row, name) for row in session.scalars(select(model)) if can(actor, SIGHT[model], row)}


def test_there_are_rows_of_every_kind_that_sight_is_asked_of(reading: Session) -> None:
    for model in SIGHT:
        assert reading.scalar(select(func.count()).select_from(model)), model
    for model in (UseCase, AISystem, LifecycleEvent, Submission, SubmissionItem, Remark, Upload, *RISK):
        assert len(set(reading.scalars(select(model.ministry_id)))) == 2
    assert set(reading.scalars(select(Submission.state))) == set(SubmissionState)
    assert set(reading.scalars(select(Round.state))) == set(RoundState)
    assert None in set(reading.scalars(select(AuditEntry.ministry_id)))


def test_a_statement_shows_what_may_be_read_one_by_one(reading: Session, actor: Callable[[str], Actor]) -> None:
    people = {name: actor(name) for name in STAFF}
    told_apart = [
        (name, model.__name__)
        for name, person in people.items()
        for model in SIGHT
        if shown(reading, model, person) != allowed(reading, model, person)
    ]
    assert told_apart == []


def test_a_condition_counts_what_may_be_read_one_by_one(reading: Session, actor: Callable[[str], Actor]) -> None:
    # A count joins nothing, so the condition must stand by itself.
    people = {name: actor(name) for name in STAFF}
    for name, person in people.items():
        for model in SIGHT:
            counted = select(func.count()).select_from(model).where(sight(model, person))
            assert reading.scalar(counted) == len(allowed(reading, model, person)), (name, model)


def test_a_command_of_the_system_is_shown_nothing(reading: Session) -> None:
    assert not any(shown(reading, model, NOBODY) | allowed(reading, model, NOBODY) for model in SIGHT)


@pytest.mark.parametrize("name", [name for name, (_, key) in STAFF.items() if key])
def test_people_of_a_ministry_are_shown_its_rows_and_shared_systems(
    reading: Session, actor: Callable[[str], Actor], name: str
) -> None:
    person, key = actor(name), STAFF[name][1]
    for model in (UseCase, LifecycleEvent, Submission, SubmissionItem, Remark, *RISK):
        statement = visible(select(Ministry.key).join(model, model.ministry_id == Ministry.id), model, person)
        assert set(reading.scalars(statement)) == {key}
    systems = visible(select(Ministry.key, AISystem.shared).join(AISystem.ministry), AISystem, person)
    assert set(map(tuple, reading.execute(systems))) == {("a", True), ("b", True), (key, False)}
    kept = visible(select(Snapshot.ministry_id, Snapshot.variant), Snapshot, person)
    public = {(one, Variant.PUBLIC) for one in reading.scalars(select(Snapshot.ministry_id))}
    assert set(map(tuple, reading.execute(kept))) == public | {(person.ministry_id, Variant.CLOSED)}
    assert set(reading.scalars(visible(select(Job.asked_by_id), Job, person))) == {person.user_id}
    # An approver reads what was done in the ministry; a reporter reads nothing of the log.
    entries = set(reading.scalars(visible(select(AuditEntry.ministry_id), AuditEntry, person)))
    assert entries == ({person.ministry_id} if "approver" in name else set())


def test_the_secretariat_is_shown_returns_once_handed_in_and_its_own_jobs(
    reading: Session, actor: Callable[[str], Actor]
) -> None:
    person = actor("secretariat")
    states = visible(select(Submission.state), Submission, person)
    assert {state.value for state in reading.scalars(states)} == HANDED_IN
    items = visible(select(Submission.state).join(SubmissionItem.submission), SubmissionItem, person)
    assert {state.value for state in reading.scalars(items)} == HANDED_IN
    remarks = visible(select(Submission.state).join(Remark, Remark.submission_id == Submission.id), Remark, person)
    assert {state.value for state in reading.scalars(remarks)} == HANDED_IN
    assert not shown(reading, Upload, person)
    assert set(reading.scalars(visible(select(Job.asked_by), Job, person))) == {"secretariat"}


def test_a_built_table_is_shown_to_others_while_it_is_shared(reading: Session, actor: Callable[[str], Actor]) -> None:
    seen = {"secretariat": 3, "admin": 0}
    for name in STAFF:
        assert len(shown(reading, BuiltTable, actor(name))) == seen.get(name, 1), name


def test_a_round_is_no_secret_once_it_is_announced(reading: Session, actor: Callable[[str], Actor]) -> None:
    for name, (_, key) in STAFF.items():
        states = set(reading.scalars(visible(select(Round.state), Round, actor(name))))
        assert states == (set(RoundState) - ({RoundState.DRAFT} if key else set()) if name != "admin" else set()), name


def test_the_secretariat_and_the_auditor_are_shown_what_they_were_told_of(
    reading: Session, actor: Callable[[str], Actor]
) -> None:
    for name in ("secretariat", "auditor"):
        seen = set(reading.scalars(visible(select(Incident.notified_at), Incident, actor(name))))
        assert len(seen) == 1
        assert None not in seen
        for model in TOLD:
            assert len(shown(reading, model, actor(name))) == 2
        internal = set(reading.scalars(visible(select(Question.internal), Question, actor(name))))
        assert internal == {False}


def test_a_notice_is_shown_to_who_received_or_cleared_it_and_its_answers_once_confirmed(
    reading: Session, actor: Callable[[str], Actor]
) -> None:
    for name in ("reporter", "approver", "other", "other-approver"):
        person = actor(name)
        origins = set(reading.scalars(visible(select(Notice.origin_ministry_id), Notice, person)))
        assert origins == {None, person.ministry_id}
        # Four that it was asked for are shown: not the draft, and not the one withdrawn before it was asked.
        assert len(shown(reading, Notice, person)) == 4 + len(ReplyState)
        assert len(shown(reading, NoticeAnswer, person)) == len(ReplyState)
    for name in ("secretariat", "auditor"):
        assert len(shown(reading, NoticeRecipient, actor(name))) == 2 * len(ReplyState)
        assert len(shown(reading, NoticeAnswer, actor(name))) == 2


def test_reminders_of_what_only_a_ministry_knows_are_shown_to_it_alone(
    reading: Session, actor: Callable[[str], Actor]
) -> None:
    known = set(reading.scalars(select(Reminder.id).where(Reminder.internal.is_(False))))
    assert shown(reading, Reminder, actor("secretariat")) == shown(reading, Reminder, actor("auditor")) == known
    own = actor("reporter")
    of_it = set(reading.scalars(select(Reminder.id).where(Reminder.ministry_id == own.ministry_id)))
    assert shown(reading, Reminder, own) == of_it


def test_the_auditor_is_shown_everything_but_what_waits_in_a_ministry_and_the_administrator_nothing(
    reading: Session, actor: Callable[[str], Actor]
) -> None:
    assert shown(reading, Upload, actor("auditor")) == set()
    for model in set(SIGHT) - {Upload}:
        if model not in {*TOLD, NoticeAnswer, Question, BuiltTable, Snapshot, Reminder, CalendarFeed, Webhook}:
            assert shown(reading, model, actor("auditor")) == set(reading.scalars(select(key_of(model)))), model
        # Whether the chores are done is no content, nor is whom mail reaches, or where a webhook leads.
        hidden = model not in {JobRun, Message, DeadAddress, Webhook}
        assert (shown(reading, model, actor("admin")) == set()) is hidden, model


def test_a_calendar_is_shown_to_whose_it_is(reading: Session, actor: Callable[[str], Actor]) -> None:
    for name in set(STAFF) - {"admin"}:
        own = select(CalendarFeed.id).where(CalendarFeed.user_id == actor(name).user_id)
        assert shown(reading, CalendarFeed, actor(name)) == set(reading.scalars(own)) != set()

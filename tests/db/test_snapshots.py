"""Snapshots on both databases: asked once, made from one moment of the register, kept under their digest."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import page
import pikepdf
import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.errors import Invalid, NotNow
from register.factory import create_app
from register.jobs.runner import Runner
from register.models import AuditEntry, Job, Round, Snapshot, User
from register.queries import jobs as job_queries
from register.services import snapshot_subjects as subjects
from register.services import snapshots
from register.vocab import JobState, Role, SnapshotKind
from tests.support.application import settings_for
from tests.support.databases import Build
from tests.support.round_files import reference_rounds


@pytest.fixture
def content() -> Build:
    """Both rounds of the reference."""
    return reference_rounds


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Flask]:
    """The application on the test's database, for its runtime."""
    made = create_app(settings_for(database_url, tmp_path), clock, TESTING=True)
    yield made
    made.extensions["register"].database.engine.dispose()


@pytest.fixture
def by(database: Database) -> Actor:
    """Somebody of the secretariat."""
    with database.reading() as session:
        return Actor.of(session.scalars(select(User).where(User.role == Role.SECRETARIAT)).first())


@pytest.fixture
def ask(database: Database, by: Actor) -> Callable[..., int]:
    """Ask for a snapshot of 2025-2 and return the job's id."""

    def write(language: str = "ja") -> int:
        with database.writing() as session:
            return ask_figures(session, language, by).id

    return write


@pytest.fixture
def work(app: Flask) -> Iterator[Callable[[], int | None]]:
    """Do the queued jobs."""
    runner = Runner(app.extensions["register"])
    yield runner.tick
    runner.close()


def ask_figures(session: Session, language: str, by: Actor) -> Job:
    """Ask for the figures of 2025-2."""
    asked = newest(session)
    return snapshots.ask(session, subjects.of_round(session, asked, SnapshotKind.REPORT, language), asked, by=by)


def newest(session: object) -> Round:
    """Return the round of the reference print."""
    return session.scalars(select(Round).where(Round.fiscal_year == 2025, Round.number == 2)).one()


def asked(database: Database) -> int:
    """Return how often the log says that a snapshot was asked for."""
    statement = select(func.count()).where(AuditEntry.event == audit.Event.SNAPSHOT_ASKED.value)
    with database.reading() as session:
        return session.scalar(statement)


def test_asking_again_while_one_waits_gives_the_same_job(database: Database, ask: Callable[..., int]) -> None:
    assert ask() == ask()
    assert ask("en") != ask()
    assert asked(database) == 2


def test_what_cannot_be_made_is_refused(database: Database, by: Actor) -> None:
    with database.writing() as session:
        with pytest.raises(Invalid):
            ask_figures(session, "fr", by)
        template = newest(session)
        empty = Round(
            fiscal_year=2030,
            number=1,
            as_of=template.as_of,
            state=template.state,
            form_version_id=template.form_version_id,
        )
        session.add(empty)
        audit.record(session, audit.Event.ROUND_CREATED, empty, by=by)
        with pytest.raises(NotNow):
            subjects.of_round(session, empty, SnapshotKind.REPORT, "ja")


def test_a_snapshot_is_made_as_it_says(
    app: Flask, database: Database, ask: Callable[..., int], work: Callable[[], int | None], tmp_path: Path
) -> None:
    job_id = ask()
    with database.reading() as session:
        before = audit.head(session)
        leaves = session.scalars(select(AuditEntry.hash).order_by(AuditEntry.seq)).all()
    assert work() == 1
    with database.reading() as session:
        job = session.get_one(Job, job_id)
        snapshot = session.get_one(Snapshot, job.snapshot_id)
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
    content = app.extensions["register"].files.get(snapshot.path)
    assert (snapshot.audit_seq, snapshot.audit_head) == before
    assert hashlib.sha256(content).hexdigest() == snapshot.sha256
    assert len(content) == snapshot.size
    assert (job.state, job.done) == (JobState.DONE, job.total)
    assert entry.event == audit.Event.SNAPSHOT_MADE.value
    assert snapshot.sha256 in entry.body
    file = tmp_path / snapshot.file_name
    file.write_bytes(content)
    printed = "".join(
        subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout.split()
    )
    for figure in ("275/306", "89.9%", "306", before[1], audit.merkle_root(leaves), snapshot.data_sha256, "2025-2-001"):
        assert figure in printed
    for profile in ("pdfa3a", "ua1"):
        report = page.validate_pdf(str(file), profile=profile)
        assert report.is_compliant, [failure.message for failure in report.failures]
    with pikepdf.open(file) as document:
        assert len(document.pages) == snapshot.pages
        attached = document.attachments["report.json"].get_file().read_bytes()
        assert hashlib.sha256(attached).hexdigest() == snapshot.data_sha256


def test_the_same_data_at_the_same_time_give_the_same_bytes(
    database: Database, ask: Callable[..., int], work: Callable[[], int | None], by: Actor
) -> None:
    for _ in range(2):
        ask()
        assert work() == 1
    with database.reading() as session:
        first, second = session.scalars(select(Snapshot).order_by(Snapshot.id)).all()
    # The chain grew by the first snapshot itself, and the second has its own number.
    assert first.data_sha256 == second.data_sha256
    assert first.sha256 != second.sha256
    assert [first.file_name, second.file_name] == ["report-2025-2-001-ja.pdf", "report-2025-2-002-ja.pdf"]
    with database.reading() as session:
        assert audit.verify(session).finding is None


def test_no_anchor_is_printed_on_a_broken_chain(
    database: Database, ask: Callable[..., int], work: Callable[[], int | None]
) -> None:
    job_id = ask()
    with database.engine.begin() as connection:
        connection.execute(text("update audit_head set hash = :other"), {"other": "f" * 64})
    assert work() == 1
    with database.reading() as session:
        job = session.get_one(Job, job_id)
        assert session.scalar(select(func.count()).select_from(Snapshot)) == 0
    assert job.state is JobState.FAILED
    assert str(job_queries.said(job.error)).startswith("監査記録の検証に失敗した")


def test_whoever_lost_the_right_meanwhile_gets_none(
    database: Database, ask: Callable[..., int], work: Callable[[], int | None], by: Actor
) -> None:
    job_id = ask()
    with database.writing() as session:
        user = session.get_one(User, by.user_id)
        user.role = Role.ADMIN
        audit.record(session, audit.Event.USER_CREATED, user, by=by)
    assert work() == 1
    with database.reading() as session:
        assert session.get_one(Job, job_id).state is JobState.FAILED
        assert session.scalar(select(func.count()).select_from(Snapshot)) == 0

"""What a monitor is told: yes and no, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import text, update

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.models import Message
from register.runtime import runtime_of
from register.services import jobs, leadership
from register.vocab import Channel
from tests.support.client import Client
from tests.support.outbox import queue


@pytest.fixture(autouse=True)
def leader(database: Database) -> int:
    """The fence of a runner that leads."""
    with database.writing() as session:
        return leadership.take(session, "a runner")


def test_all_is_well(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ok",
        "database": True,
        "schema": True,
        "jobs": True,
        "outbox": True,
        "runner": True,
    }


def test_an_old_schema_is_told(client: Client, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = 'old'"))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.get_json() == {
        "status": "failing", "database": True, "schema": False, "jobs": True, "outbox": True, "runner": True,
    }  # fmt: skip


def test_a_database_without_tables_is_told(client: Client, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("drop table job"))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.get_json()["database"] is False


def test_a_job_that_nobody_takes_is_told(
    client: Client, database: Database, clock: FixedClock, actor: Callable[[str], Actor], leader: int
) -> None:
    with database.writing() as session:
        jobs.ask(session, kind="test", key="k", params={}, by=actor("secretariat"))
    clock.moment += dt.timedelta(minutes=30)
    beat(database, leader)
    assert client.get("/healthz").status_code == 200
    clock.moment += dt.timedelta(seconds=1)
    assert client.get("/healthz").get_json()["jobs"] is False


def beat(database: Database, fence: int) -> None:
    """Let the leader say that it lives."""
    with database.writing() as session:
        leadership.beat(session, fence)


def test_a_leader_that_is_silent_is_told(client: Client, database: Database, clock: FixedClock, leader: int) -> None:
    for jump in (dt.timedelta(minutes=5, seconds=1), -dt.timedelta(days=400)):
        clock.moment += jump
        answer = client.get("/healthz")
        assert (answer.status_code, answer.get_json()["runner"]) == (503, False)
        beat(database, leader)
        assert client.get("/healthz").status_code == 200


def test_that_no_runner_ever_led_is_told(client: Client, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("delete from job_leader"))
    assert client.get("/healthz").get_json()["runner"] is False


def configure(app: Flask, **more: Any) -> None:
    """Change settings of the running application."""
    run = runtime_of(app)
    settings = run.settings.model_copy(update=more)  # type: ignore[attr-defined]
    app.extensions["register"] = replace(run, settings=settings)


def test_a_post_that_nobody_takes_is_told_where_only_webhooks_are_on(
    app: Flask, client: Client, database: Database, clock: FixedClock, leader: int
) -> None:
    with database.writing() as session:
        assert queue(session, "https://chat.example.go.jp", channel=Channel.WEBHOOK)
    clock.moment += dt.timedelta(minutes=30, seconds=1)
    beat(database, leader)
    configure(app, mail_url=SecretStr("smtp://127.0.0.1:9"))
    assert client.get("/healthz").status_code == 200
    configure(app, mail_url=None, webhook_hosts=["chat.example.go.jp"], secret_key=SecretStr("a key"))
    assert client.get("/healthz").get_json()["outbox"] is False


def test_that_nothing_leaves_is_told_however_often_it_was_tried(
    app: Flask, client_of: Callable[[str], Client], database: Database, clock: FixedClock, leader: int
) -> None:
    configure(app, mail_url=SecretStr("smtp://127.0.0.1:9"))
    with database.writing() as session:
        assert queue(session, "somebody@example.go.jp")
    said = "11月10日 10時00分</time>からメールを送れていません"
    for seconds, stuck in ((3600, False), (1, True)):
        clock.moment += dt.timedelta(seconds=seconds)
        beat(database, leader)
        with database.writing() as session:
            # The server was away, so it is not due.
            session.execute(update(Message).values(next_at=clock.moment + dt.timedelta(minutes=30)))
        answer = client_of("secretariat").get("/healthz")
        assert (answer.status_code, answer.get_json()["outbox"]) == ((503, False) if stuck else (200, True))
        assert (said in client_of("auditor").get("/deliveries").text) is stuck
        assert ("送れずに待っているメール" in client_of("secretariat").get("/").text) is stuck
    configure(app, mail_url=None)
    # What was left is for a person to let go; the monitor need not know.
    assert client_of("secretariat").get("/healthz").status_code == 200
    assert "からメールを送れていません" not in client_of("auditor").get("/deliveries").text
    assert "送れずに待っているメール" in client_of("secretariat").get("/").text


def test_mail_that_nobody_takes_is_told(
    app: Flask, client: Client, database: Database, clock: FixedClock, leader: int
) -> None:
    with database.writing() as session:
        assert queue(session, "somebody@example.go.jp")
    clock.moment += dt.timedelta(minutes=30, seconds=1)
    beat(database, leader)
    assert client.get("/healthz").status_code == 200, "without a mail server nothing is to be sent"
    configure(app, webhook_hosts=["chat.example.go.jp"], secret_key=SecretStr("a key"))
    assert client.get("/healthz").status_code == 200, "what posts has no mail to send"
    configure(app, mail_url=SecretStr("smtp://127.0.0.1:9"))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json()["outbox"]) == (503, False)
    clock.moment -= dt.timedelta(seconds=1)
    beat(database, leader)
    assert client.get("/healthz").status_code == 200

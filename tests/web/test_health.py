"""What a monitor is told: yes and no, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from flask import Flask
from sqlalchemy import text

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.services import jobs
from tests.support.client import Client


def test_all_is_well(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ok", "database": True, "schema": True, "jobs": True}


def test_an_old_schema_is_told(client: Client, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = 'old'"))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.get_json() == {"status": "failing", "database": True, "schema": False, "jobs": True}


def test_a_database_without_tables_is_told(client: Client, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("drop table job"))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.get_json()["database"] is False


def test_a_job_that_nobody_takes_is_told(
    app: Flask, client: Client, database: Database, clock: FixedClock, actor: Callable[[str], Actor]
) -> None:
    with database.writing() as session:
        jobs.ask(session, kind="test", key="k", params={}, by=actor("secretariat"))
    clock.moment += dt.timedelta(minutes=30)
    assert client.get("/healthz").status_code == 200
    clock.moment += dt.timedelta(seconds=1)
    assert client.get("/healthz").get_json()["jobs"] is False

"""Fixtures of the application: databases with its schema, sessions, the application itself, clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from register import migrate
from register.db import Database
from tests.support.databases import Databases
from tests.support.postgres import NoServer
from tests.support.sources import ROOT


def migrated(url: str) -> None:
    """Build the schema by the migrations, as an installation does."""
    opened = Database(url)
    migrate.upgrade(opened.engine, ROOT / "migrations")
    opened.engine.dispose()


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def database_url(database_kind: str, databases: Databases) -> Iterator[str]:
    """The URL of a database of the test's own, migrated and empty."""
    try:
        url = databases.fresh(database_kind, "migrated", migrated)
    except NoServer as reason:
        pytest.skip(str(reason))
    yield url
    databases.release(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same database, opened as the application opens it."""
    opened = Database(database_url)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session; what the test does not commit is rolled back."""
    with database.session(write=True) as opened:
        yield opened

"""Fixtures of the data layer: databases with the schema, people, sessions."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from zlib import crc32

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit, migrate
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.models import Ministry, User
from register.vocab import Role
from tests.support.databases import Build, Databases
from tests.support.postgres import NoServer
from tests.support.sources import ROOT

# The round of the reference data is being collected: 2025-11-10, 10:00 in Tokyo.
NOW = dt.datetime(2025, 11, 10, 1, 0, tzinfo=dt.UTC)
STAFF = {
    "reporter": (Role.REPORTER, "a"),
    "approver": (Role.APPROVER, "a"),
    "other": (Role.REPORTER, "b"),
    "other-approver": (Role.APPROVER, "b"),
    "secretariat": (Role.SECRETARIAT, None),
    "auditor": (Role.AUDITOR, None),
    "admin": (Role.ADMIN, None),
}


def migrated(url: str) -> None:
    """Build the schema by the migrations, as an installation does."""
    database = Database(url)
    migrate.upgrade(database.engine, ROOT / "migrations")
    database.engine.dispose()


def staffed(url: str) -> None:
    """Build the schema with two ministries and a person of every role, ``<name of STAFF>@example.go.jp``."""
    migrated(url)
    database = Database(url, FixedClock(NOW))
    system = Actor.system("tests")
    with database.writing() as session:
        ministries = {key: ministry(key, number) for number, key in enumerate("ab", 1)}
        for row in ministries.values():
            session.add(row)
            audit.record(session, audit.Event.MINISTRY_CREATED, row, by=system)
        for name, (role, key) in STAFF.items():
            person = User(email=f"{name}@example.go.jp", name=name, role=role, ministry_id=key and ministries[key].id)
            person.fs_uniquifier = secrets.token_hex(16)
            session.add(person)
            audit.record(session, audit.Event.USER_CREATED, person, by=system)
    database.engine.dispose()


def ministry(key: str, number: int) -> Ministry:
    """Return a body that has a key, names and its place in the official order."""
    name = f"府省庁{key.upper()}"
    return Ministry(key=key, name=name, name_short=name, name_en=f"Ministry {key.upper()}", sort_no=number)


@contextmanager
def lent(databases: Databases, kind: str, build: Build) -> Iterator[str]:
    """Yield the URL of a copy of what ``build`` makes; skip the test where no server is found for ``kind``."""
    try:
        # Builders of two test modules may have the same name and still be two.
        name = f"{build.__name__}_{crc32(build.__module__.encode()):08x}"
        url = databases.fresh(kind, name, build)
    except NoServer as reason:
        pytest.skip(str(reason))
    yield url
    databases.release(url)


@pytest.fixture
def clock() -> FixedClock:
    """The clock of everything in this test; it stands still."""
    return FixedClock(NOW)


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def content() -> Build:
    """What the test's database holds at first; a test module may override this with a builder of its own."""
    return staffed


@pytest.fixture
def database_url(database_kind: str, databases: Databases, content: Build) -> Iterator[str]:
    """The URL of a database of the test's own."""
    with lent(databases, database_kind, content) as url:
        yield url


@pytest.fixture
def database(database_url: str, clock: FixedClock) -> Iterator[Database]:
    """The same database, opened as the application opens it."""
    opened = Database(database_url, clock)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session; what the test does not commit is rolled back."""
    with database.session(write=True) as opened:
        yield opened


@pytest.fixture
def user(database: Database) -> Callable[[str], User]:
    """``user("approver")`` returns the person with that name in ``STAFF``."""

    def find(name: str) -> User:
        with database.reading() as reading:
            return reading.scalars(select(User).where(User.email == f"{name}@example.go.jp")).one()

    return find


@pytest.fixture
def actor(user: Callable[[str], User]) -> Callable[[str], Actor]:
    """``actor("approver")`` returns the actor that this person is."""
    return lambda name: Actor.of(user(name))

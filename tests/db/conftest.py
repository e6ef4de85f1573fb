"""The data layer is tested on both databases: every test here that takes one runs twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from register import audit
from register.clock import FixedClock
from register.db import Database
from register.reports.report import Report
from tests.support.data import NOW, lent
from tests.support.databases import KINDS, Databases
from tests.support.documents import Press, pressed
from tests.support.prints import report_of
from tests.support.round_files import reference_rounds


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return str(request.param)


@pytest.fixture(scope="module")
def reference(databases: Databases) -> Iterator[Report]:
    """The report of the second round, read once."""
    with lent(databases, "sqlite", reference_rounds) as url:
        database = Database(url, FixedClock(NOW))
        with database.reading() as session:
            yield report_of(session, 2)
        database.engine.dispose()


@pytest.fixture
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many entries are written together; how many stands in ``past.BATCHES``."""
    size = int(request.param)
    # The package has a function of the module's name.
    monkeypatch.setattr(sys.modules[audit.Replayed.__module__], "ENTRIES", size)
    return size


@pytest.fixture
def press(database_url: str, tmp_path: Path) -> Iterator[Press]:
    """What makes documents of the test's database."""
    with pressed(database_url, tmp_path) as made:
        yield made

"""A replay takes as much memory for a long log as for a short one."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import select

from register.db import Database
from register.models import UseCase
from tests.support import long_log
from tests.support.data import migrated
from tests.support.databases import Build
from tests.support.past import past
from tests.support.sources import ROOT

# Both are several batches long.
LENGTH, SHORT = 20_000, 5_000
TEXT = "長い文です。" * 5
MEGABYTE = 1_000_000


def lengthy(url: str) -> None:
    """Build a register that has a long log and nothing else."""
    migrated(url)
    database = Database(url)
    long_log.write(database, LENGTH, TEXT)
    database.engine.dispose()


@pytest.fixture
def content() -> Build:
    """A register that has a long log."""
    return lengthy


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_memory_does_not_grow_with_the_log(database: Database, database_url: str) -> None:
    command = [sys.executable, "-m", "tests.support.long_log", database_url, str(SHORT), str(LENGTH)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    (rows, short), (all_rows, whole) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert (rows, all_rows) == (SHORT // long_log.TURN, LENGTH // long_log.TURN)
    log = Path(database_url.removeprefix("sqlite:///")).stat().st_size
    assert log > 40 * MEGABYTE
    assert (whole - short) * 1024 < 16 * MEGABYTE


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_was_told_last_counts_however_long_ago_the_row_was_made(database: Database) -> None:
    last: dict[int, dict[str, object]] = {}
    for deed in islice(long_log.deeds(TEXT), SHORT):
        (fact,) = deed.facts
        last.setdefault(int(fact.pk), {}).update({name: new for name, (_, new) in fact.fields.items()})
    with past(database, SHORT) as (_, scratch), scratch.reading() as session:
        found = session.execute(select(UseCase.id, UseCase.purpose, UseCase.goal_text, UseCase.version)).all()
    assert {row.id: tuple(row[1:]) for row in found} == {
        pk: (values["purpose"], values["goal_text"], values["version"]) for pk, values in last.items()
    }

"""Chores and runners for tests: a runtime on a test's database, chores that count, runners as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import text

from register.clock import Clock
from register.db import Database
from register.factory import create_app
from register.jobs.base import Progress
from register.jobs.chores import Chore, Counts, Fence
from register.runtime import Runtime, runtime_of
from register.states import When
from tests.support.application import settings_for
from tests.support.sources import ROOT

PATIENCE_SECONDS = 30
# What the chore of the processes writes: one row for each slot, with the fence under which it was written.
EFFECTS = (
    "CREATE TABLE effect (id {serial}, slot VARCHAR(40) NOT NULL, fence INTEGER NOT NULL, attempt INTEGER NOT NULL)"
)
SERIAL = {"sqlite": "INTEGER PRIMARY KEY", "postgresql": "SERIAL PRIMARY KEY"}


@contextmanager
def runtime_on(url: str, folder: Path, clock: Clock) -> Iterator[Runtime]:
    """Yield a runtime on the database at ``url``."""
    run = runtime_of(create_app(settings_for(url, folder), clock, TESTING=True))
    yield run
    run.database.engine.dispose()


def counting(when: When, deed: Callable[[Fence], None] = lambda _fence: None, name: str = "test") -> Chore:
    """Return a chore that does ``deed`` and says that it did one thing."""

    def make(_run: Runtime, fence: Fence, progress: Progress) -> Counts:
        progress(0, 1)
        deed(fence)
        return {"made": 1}

    return Chore(name, when, make)


def with_effects(database: Database) -> None:
    """Make the table that the runners of ``tests.support.runner`` write to."""
    with database.engine.begin() as connection:
        connection.execute(text(EFFECTS.format(serial=SERIAL[database.dialect])))


def until(holds: Callable[[], bool]) -> float:
    """Return after how many seconds ``holds`` does; fail when it never does."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_SECONDS:
        if holds():
            return time.monotonic() - began
        time.sleep(0.01)
    raise AssertionError("nothing moves any more")


class Runners:
    """Runners as processes of their own on one database."""

    def __init__(self, url: str, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.support.runner", url, str(folder)]
        own = {**os.environ, "TZ": "America/New_York"}
        self._mother = subprocess.Popen(
            command, cwd=ROOT, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.numbers: list[int] = []

    def start(self) -> int:
        """Start one more and return its process number."""
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        print(file=self._mother.stdin, flush=True)
        self.numbers.append(int(self._mother.stdout.readline()))
        return self.numbers[-1]

    def kill(self, number: int) -> None:
        """End one in the middle of whatever it does."""
        self.numbers.remove(number)
        os.kill(number, signal.SIGKILL)

    def close(self) -> None:
        """End all of them."""
        for number in list(self.numbers):
            with suppress(ProcessLookupError):
                self.kill(number)
        self._mother.kill()
        self._mother.communicate()

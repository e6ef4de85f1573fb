"""Fresh databases for tests: each kind of content is built once per worker and then copied, which takes milliseconds.

``Databases.fresh("sqlite", "migrated", build)`` calls ``build(url)`` the first time it is asked for ``"migrated"``
and hands out a copy of the result for every test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

from tests.support.postgres import NoServer, Server

KINDS = ("sqlite", "postgresql")
Build = Callable[[str], None]


class Databases:
    """The databases of one test worker; ``server`` is None where there is no PostgreSQL, for ``reason``."""

    def __init__(self, folder: Path, worker: str, server: Server | None, reason: str = "") -> None:
        self.folder = folder
        self.server = server
        self.reason = reason
        self._prefix = f"register_test_{os.getpid()}_{worker}"
        self._templates: set[tuple[str, str]] = set()
        self._numbers = count(1)
        self._mine: set[str] = set()

    def fresh(self, kind: str, content: str, build: Build) -> str:
        """Return the URL of a new database of ``kind`` that holds what ``build`` put into its template."""
        make = {"sqlite": self._fresh_sqlite, "postgresql": self._fresh_postgresql}[kind]
        return make(content, build)

    def release(self, url: str) -> None:
        """Remove one database that ``fresh`` made; the test is through with it."""
        name = url.rsplit("/", 1)[-1]
        if name in self._mine:
            self._drop(name)
        elif url.startswith("sqlite:///"):
            path = Path(url.removeprefix("sqlite:///"))
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove every database that is left, the templates too."""
        for name in sorted(self._mine):
            self._drop(name)

    def _drop(self, name: str) -> None:
        if self.server:
            self.server.drop(name)
            self._mine.discard(name)

    def _fresh_sqlite(self, content: str, build: Build) -> str:
        template = self.folder / f"template-{content}.sqlite3"
        if ("sqlite", content) not in self._templates:
            build(f"sqlite:///{template}")
            if template.with_name(template.name + "-wal").exists():
                raise RuntimeError(f"the template {content!r} is still open: its builder must dispose of the engine")
            self._templates.add(("sqlite", content))
        copy = self.folder / f"test-{next(self._numbers)}.sqlite3"
        shutil.copyfile(template, copy)
        return f"sqlite:///{copy}"

    def _fresh_postgresql(self, content: str, build: Build) -> str:
        if self.server is None:
            raise NoServer(self.reason)
        template = f"{self._prefix}_{content}"
        if ("postgresql", content) not in self._templates:
            url = self._create(template)
            build(url)
            self._templates.add(("postgresql", content))
        return self._create(f"{self._prefix}_{next(self._numbers)}", template)

    def _create(self, name: str, template: str | None = None) -> str:
        if self.server is None:
            raise NoServer(self.reason)
        self._mine.add(name)
        url = self.server.create(name, template)
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)

"""Documents for tests: made as the job makes them, and held against the standards and their own data."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import page as page_validation
import pikepdf
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import FixedClock
from register.documents.figures import missing_in
from register.documents.ground import Ground
from register.documents.kinds import DOCUMENTS
from register.documents.language import Language
from register.documents.paper import Paper
from register.factory import create_app
from register.formats.pdf_process import render_request
from register.formats.pdf_read import read_in_child
from register.jobs.snapshots import Drawn, draw
from register.models import User
from register.runtime import Runtime
from register.services.snapshots import Wanted
from register.vocab import SnapshotKind
from tests.support import pdf_text
from tests.support.application import settings_for
from tests.support.data import NOW, lent
from tests.support.databases import Build, Databases

# When everything of the stories has been done.
LATER = dt.datetime(2025, 12, 1, 1, 0, tzinfo=dt.UTC)
Subject = Callable[[Session], Mapping[str, Any]]


@dataclass
class Press:
    """Makes documents of one database, as the people of ``STAFF`` ask for them."""

    run: Runtime
    kept: dict[Any, Any] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        """Return the actor that the person is."""
        with self.run.database.reading() as session:
            return Actor.of(session.scalars(select(User).where(User.email == f"{name}@example.go.jp")).one())

    def papers(
        self,
        kind: SnapshotKind,
        subject: Subject,
        who: str = "secretariat",
        *,
        moment: dt.datetime = LATER,
        language: str = "ja",
        past: Session | None = None,
    ) -> list[Paper]:
        """Return the papers as they are before they are rendered; ``past`` holds the state to tell of."""
        by = self.actor(who)
        words = Language(self.run.settings.translations_dir, language)
        with self.run.database.reading() as session:
            own = past or session
            return list(DOCUMENTS[kind].papers(Ground(self.run, own, session, by, words, moment, subject(own))))

    def told(self, kind: SnapshotKind, subject: Subject, who: str = "secretariat", **more: Any) -> dict[str, Any]:
        """Return the data of the one paper."""
        (paper,) = self.papers(kind, subject, who, **more)
        return json.loads(paper.canonical)

    def file(self, wanted: Callable[[Session], Wanted], who: str = "secretariat") -> Sheet:
        """Return the one file of a snapshot, rendered once for every test that asks for it."""
        with self.run.database.reading() as session:
            asked = wanted(session)
        key = (asked.kind, asked.about, asked.language, who)
        if key not in self.kept:
            (one,) = draw(self.run, asked, LATER, self.actor(who))
            self.kept[key] = Sheet(asked, one, render_request(one.request))
        return self.kept[key]


@dataclass(frozen=True)
class Sheet:
    """A rendered file beside what it was made of."""

    wanted: Wanted
    drawn: Drawn
    pdf: bytes

    @property
    def text(self) -> str:
        """All that is printed, without blanks."""
        return pdf_text.joined(self.pdf)

    def attached(self) -> dict[str, bytes]:
        """Return the attachments by name."""
        with pikepdf.open(BytesIO(self.pdf)) as document:
            return {name: one.get_file().read_bytes() for name, one in document.attachments.items()}

    def bookmarks(self) -> list[str]:
        """Return the bookmarks of the first level."""
        with pikepdf.open(BytesIO(self.pdf)) as document, document.open_outline() as outline:
            return [one.title for one in _below(outline.root)]

    def check(self, folder: Path, *hidden: str) -> None:
        """Hold the file against both standards, its own data, its attachments; nothing of ``hidden`` may be in it."""
        path = folder / "file.pdf"
        path.write_bytes(self.pdf)
        for profile in ("pdfa3a", "ua1"):
            result = page_validation.validate_pdf(str(path), profile=profile)
            assert result.is_compliant, [failure.message for failure in result.failures]
        paper, attached = self.drawn.paper, self.attached()
        data = attached[f"{paper.name}.json"]
        assert hashlib.sha256(data).hexdigest() == paper.data_sha256
        assert {f"{paper.name}.json", f"{paper.name}.xlsx", f"{paper.name}.csv"} <= set(attached)
        expected = DOCUMENTS[self.wanted.kind].expected(json.loads(data))
        read = read_in_child(self.pdf)
        assert missing_in(expected, read.cells, read.text) == ""
        beneath = pdf_text.beneath(self.pdf)
        assert [text for text in hidden if text in beneath or "".join(text.split()) in self.text] == []
        with pikepdf.open(path) as document:
            assert document.Root.Lang == self.wanted.language


def _below(items: Any) -> Iterator[Any]:
    for one in items:
        yield one
        yield from _below(one.children)


@contextmanager
def pressed(url: str, folder: Path) -> Iterator[Press]:
    """Yield a press on a database."""
    app = create_app(settings_for(url, folder), FixedClock(NOW), TESTING=True)
    yield Press(app.extensions["register"])
    app.extensions["register"].database.engine.dispose()


@contextmanager
def lent_press(databases: Databases, build: Build, factory: pytest.TempPathFactory) -> Iterator[Press]:
    """Yield a press on a copy of what ``build`` makes, for several tests that only read."""
    with lent(databases, "sqlite", build) as url, pressed(url, factory.mktemp("press")) as press:
        yield press

"""The documents of a round and of a meeting in both languages, and every kind made twice by different processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.clock import FixedClock
from register.db import Database
from register.documents.kinds import DOCUMENTS
from register.documents.language import LANGUAGES
from register.models import Round
from register.services import snapshot_subjects as subjects
from register.services.snapshots import Wanted
from register.vocab import SnapshotKind
from tests.support.data import lent
from tests.support.databases import Databases
from tests.support.documents import LATER, Press, lent_press
from tests.support.drawn import met, receipted, settled_round
from tests.support.editions import begun, held, published
from tests.support.sources import ROOT
from tests.support.stories import storied


@pytest.fixture(scope="module")
def printed(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Press]:
    """A round that was handed in and settled, with a meeting of the board."""
    with lent_press(databases, storied, tmp_path_factory) as press:
        yield press


def figures(session: Session, language: str) -> Wanted:
    """Return the figures of the settled round."""
    return subjects.of_round(session, session.scalars(select(Round)).first(), SnapshotKind.REPORT, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_figures_of_a_round(printed: Press, tmp_path: Path, language: str) -> None:
    sheet = printed.file(lambda session: figures(session, language))
    sheet.check(tmp_path)
    assert sheet.drawn.seal.anchor.head in sheet.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receipt(printed: Press, tmp_path: Path, language: str) -> None:
    sheet = printed.file(lambda session: subjects.of_submission(receipted(session), language))
    sheet.check(tmp_path)
    with printed.run.database.reading() as session:
        assert receipted(session).approved_sha256 == sheet.drawn.paper.data_sha256


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_papers_of_a_meeting(printed: Press, tmp_path: Path, language: str) -> None:
    printed.file(lambda session: subjects.of_meeting(met(session), language)).check(tmp_path)


def brought_out(url: str) -> None:
    """Build the story, and an edition of its settled round that was brought out."""
    storied(url)
    database = Database(url, FixedClock(LATER))
    with database.writing() as session:
        published(session, held(session, begun(session, settled_round(session))))
    database.engine.dispose()


def test_every_kind_is_the_same_in_other_processes(databases: Databases, tmp_path: Path) -> None:
    with lent(databases, "sqlite", brought_out) as url:
        command = [sys.executable, "-m", "tests.support.drawn", url, str(tmp_path)]
        at_work = [
            subprocess.Popen(
                command,
                env=os.environ | {"TZ": zone, "PYTHONHASHSEED": seed, "LANG": language},
                stdout=subprocess.PIPE,
                cwd=ROOT,
            )
            for zone, seed, language in (("Asia/Tokyo", "1", "C"), ("America/New_York", "2", "ja_JP.UTF-8"))
        ]
        found = [json.loads(one.communicate()[0]) for one in at_work]
    kinds = {f"{kind}-" for kind in DOCUMENTS}
    assert all(any(name.startswith(kind) and name.endswith(".pdf") for name in found[0]) for kind in kinds)
    assert found[0] == found[1]

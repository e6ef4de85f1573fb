"""The whole demo in the log: every state on the way, each table and column, from entries of every service."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update

from register import audit, seed
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.documents.language import speakers
from register.models import AuditEntry, EditionText, User
from register.queries import use_cases
from register.reports.report import as_json
from register.vocab import Role
from tests.support import audit_owner as owner
from tests.support.data import NOW, migrated
from tests.support.databases import Build
from tests.support.past import Copy, copy_of, past, replayed, size, told
from tests.support.prints import report_of
from tests.support.round_files import CONFIG, LIBRARY
from tests.support.sources import ROOT

# A copy is taken after every so many deeds: those that follow each other are of one kind mostly.
EVERY = 37
# By the kind of database: the tables as they stood after some entries, the last one among them.
COPIES: dict[str, dict[int, Copy]] = {}


def planted(url: str) -> None:
    """Load the demo, and keep copies of the tables on the way."""
    migrated(url)
    database = Database(url, FixedClock(NOW))
    copies, real, count = COPIES.setdefault(database.dialect, {}), audit.record, 0

    def record(session: Any, *given: Any, **more: Any) -> None:
        nonlocal count
        real(session, *given, **more)
        count += 1
        # The demo is one transaction: its n-th deed is the n-th entry.
        if count % EVERY == 0:
            copies[count] = copy_of(session)

    hashed = {entry["email"]: f"hash of {entry['email']}" for entry in seed.accounts(CONFIG)[1]}
    with pytest.MonkeyPatch.context() as patch, database.writing() as session:
        patch.setattr(audit, "record", record)
        speak = speakers(ROOT / "translations")
        seed.seed(session, forms=LIBRARY, config_dir=CONFIG, hashed=hashed, speak=speak)
    with database.reading() as session:
        assert count == session.scalar(select(func.count()).select_from(AuditEntry))
        copies[count] = copy_of(session)
    database.engine.dispose()


@pytest.fixture
def content() -> Build:
    """The whole demo."""
    return planted


@pytest.fixture
def copies(database: Database) -> dict[int, Copy]:
    """The tables after some entries."""
    return COPIES[database.dialect]


def test_every_state_of_the_demo_comes_back(database: Database, copies: dict[int, Copy]) -> None:
    assert len(copies) >= 5
    assert sorted(map(size, copies.values())) == [size(copy) for _, copy in sorted(copies.items())]
    with database.reading() as session, audit.scratch(database.clock) as scratch:
        made = audit.replay(session, 0, scratch)
        for seq, copy in sorted(copies.items()):
            made = audit.replay(session, seq, scratch, since=made)
            with scratch.reading() as then:
                assert copy_of(then) == copy, seq
            assert (made.seq, made.rows, made.purged) == (seq, size(copy), 0)
    for seq in (EVERY, 3 * EVERY):
        assert replayed(database, seq) == copies[seq]
    assert told(database) == []


def test_the_screens_read_the_past_as_they_read_the_present(database: Database, copies: dict[int, Copy]) -> None:
    first = min(copies)
    with past(database) as (_, scratch), scratch.reading() as then, database.reading() as session:
        for person in session.scalars(select(User)):
            mine = [use_cases.list_page(one, Actor.of(person), use_cases.ListState()) for one in (then, session)]
            assert mine[0].rows == mine[1].rows
            assert mine[0].total == mine[1].total
        reports = [as_json(report_of(one, 2), str) for one in (then, session)]
        assert reports[0] == reports[1]
    with past(database, first) as (_, scratch), scratch.reading() as then:
        everything = use_cases.list_page(then, Actor("x", 1, Role.SECRETARIAT), use_cases.ListState())
        assert everything.total == len(copies[first]["use_case"]) < len(copies[max(copies)]["use_case"])


def test_what_editions_say_is_copied_where_the_log_binds_it(database: Database) -> None:
    texts = select(*EditionText.__table__.c).order_by(*EditionText.__table__.primary_key)

    def copied() -> list[Any]:
        with past(database) as (_, scratch), database.reading() as session, scratch.reading() as then:
            assert audit.copy_edition_texts(session, scratch) == audit.copy_edition_texts(session, scratch)
            return then.execute(texts).all()

    with database.reading() as session:
        assert copied() == session.execute(texts).all() != []
    with past(database, EVERY) as (_, scratch), database.reading() as session:
        assert audit.copy_edition_texts(session, scratch) == 0
    with database.engine.begin() as connection:
        owner.drop_triggers(connection)
        connection.execute(update(EditionText).values(content={"title": "別の文"}))
    assert copied() == []

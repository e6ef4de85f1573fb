"""Checking a file against the register: an honest one passes, and each way of tampering has its sentence."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pytest
from flask import Flask
from sqlalchemy import select, text, true

from register.clock import FixedClock
from register.db import Database
from register.documents import checking
from register.documents.checking import Checked, Outcome, check, check_row
from register.formats import pdf_read, pdf_verify
from register.models import Snapshot, UseCase
from register.runtime import Runtime, runtime_of
from register.services import snapshot_subjects as subjects
from register.vocab import SnapshotState
from tests.support import sealed
from tests.support.databases import Build
from tests.support.round_files import reference_rounds

ISSUED = "発行したときのファイルと、1バイトも違いません。"
OTHER = "発行したときのファイルと、内容が違います。"


@pytest.fixture
def content() -> Build:
    """The reference rounds."""
    return reference_rounds


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Flask]:
    """The application, signing."""
    made = sealed.signing(database_url, tmp_path, clock)
    yield made
    runtime_of(made).database.engine.dispose()


@pytest.fixture
def run(app: Flask) -> Runtime:
    """What the application holds."""
    return runtime_of(app)


@dataclass(frozen=True)
class Kept:
    """A snapshot with its file."""

    row: Snapshot
    file: bytes


@pytest.fixture
def keep(app: Flask, run: Runtime) -> Callable[[], Kept]:
    """Make a snapshot of a case."""

    def make() -> Kept:
        with run.database.reading() as session:
            case = session.scalars(select(UseCase).order_by(UseCase.id)).first()
            wanted = subjects.of_case(case, "ja", None)
        (row,) = sealed.made(app, wanted, sealed.somebody(run))
        return Kept(row, run.files.get(row.path))

    return make


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read and check in this process: what bounds a child has tests of its own, and starting one takes a second."""
    monkeypatch.setattr(checking, "read_in_child", pdf_read.read)
    monkeypatch.setattr(checking, "check_in_child", pdf_verify.check)


def checked(run: Runtime, data: bytes) -> Checked:
    """Return what is found in a file by somebody who may know of every snapshot."""
    with run.database.reading() as session:
        return check(run, session, data, true())


def said(found: Checked, outcome: Outcome) -> list[str]:
    """Return the first sentence of every finding that ended so."""
    return [str(one.sentences[0]) for one in found.findings if one.outcome is outcome]


def changed(data: bytes, name: str, content: bytes) -> bytes:
    """Return the file written anew with another attachment under ``name``."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as file:
        file.attachments[name].obj.EF.F.write(content)
        file.save(out)
    return out.getvalue()


def test_an_honest_file_passes(run: Runtime, keep: Callable[[], Kept]) -> None:
    kept = keep()
    found = checked(run, kept.file)
    assert (found.snapshot.id, found.good, kept.row.state) == (kept.row.id, True, SnapshotState.SIGNED)
    assert said(found, Outcome.BAD) == said(found, Outcome.TOLD) == []
    assert ISSUED in said(found, Outcome.GOOD)
    assert "電子署名は有効です。署名の後に変更されていません。" in said(found, Outcome.GOOD)
    assert "本文に印刷された数値と番号は、添付データと同じです。" in said(found, Outcome.GOOD)
    # What was rendered are the first bytes of what was signed.
    rendered = kept.file[: kept.row.unsigned_size]
    assert hashlib.sha256(rendered).hexdigest() == kept.row.unsigned_sha256
    before = checked(run, rendered)
    assert before.good
    assert "署名する前のファイルと、1バイトも違いません。" in said(before, Outcome.GOOD)
    with run.database.reading() as session:
        assert check_row(run, session, session.get_one(Snapshot, kept.row.id)).good


@pytest.mark.usefixtures("here")
def test_each_tampering_has_its_sentence(run: Runtime, keep: Callable[[], Kept]) -> None:
    kept = keep()
    source = b'{"case":{}}'
    cases = {
        "a byte of the text": (_flipped(kept.file, 2000), [OTHER, "署名された内容が、署名の後に変更されています。"]),
        "an update appended": (kept.file + b"\n% more\n", [OTHER, "署名の後に、ファイルに追記されています。"]),
        "an attachment swapped": (
            changed(kept.file, "case.json", source),
            [OTHER, "添付データが、文書に記された値と違います。差し替えられています。"],
        ),
        "another file": (b"%PDF-1.7\n", ["この台帳が発行した写しとして、記録が見つかりません。"]),
        "no file": (b"", ["この台帳が発行した写しとして、記録が見つかりません。"]),
    }
    for name, (data, sentences) in cases.items():
        found = checked(run, data)
        assert not found.good, name
        bad = said(found, Outcome.BAD)
        assert set(sentences) <= set(bad), (name, bad)


@pytest.mark.usefixtures("here")
def test_two_hundred_random_tamperings_are_all_found(run: Runtime, keep: Callable[[], Kept]) -> None:
    kept, chance = keep(), random.Random(20261128)
    for number in range(200):
        data = _tampered(kept.file, chance)
        found = checked(run, data)
        assert not found.good, number
        assert set(said(found, Outcome.BAD)) & {OTHER, "この台帳が発行した写しとして、記録が見つかりません。"}, number


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _tampered(data: bytes, chance: random.Random) -> bytes:
    """Return the file with one thing done to it."""
    at, other = chance.randrange(len(data)), chance.randrange(len(data))
    first, last = sorted((at, other))
    return chance.choice(
        [
            lambda: data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :],
            lambda: data[:at] or b"%",
            lambda: data + chance.randbytes(chance.randrange(1, 99)),
            lambda: data[:first] + data[last + 1 :],
            lambda: data[:at] + chance.randbytes(8) + data[at:],
        ]
    )()


def test_a_log_that_was_rewritten_is_told(run: Runtime, database: Database, keep: Callable[[], Kept]) -> None:
    kept = keep()
    with database.engine.begin() as connection:
        for trigger in connection.execute(text(TRIGGERS[connection.dialect.name])).all():
            connection.execute(text(DROP[connection.dialect.name].format(*trigger)))
        other = {"hash": "f" * 64, "seq": kept.row.audit_seq}
        connection.execute(text("update audit_entry set hash = :hash where seq = :seq"), other)
    found = checked(run, kept.file)
    assert said(found, Outcome.BAD) == [
        f"監査記録の{kept.row.audit_seq}番が、印刷された値と違います。監査記録が書き換えられています。"
    ]


TRIGGERS = {
    "sqlite": "select name, tbl_name from sqlite_master where type = 'trigger' and tbl_name = 'audit_entry'",
    "postgresql": "select tgname, 'audit_entry' from pg_trigger where tgrelid = 'audit_entry'::regclass and not tgisinternal",
}
DROP = {"sqlite": "drop trigger {0}", "postgresql": "drop trigger {0} on {1}"}


def test_who_may_not_see_a_snapshot_is_told_of_none(run: Runtime, keep: Callable[[], Kept]) -> None:
    kept = keep()
    with run.database.reading() as session:
        found = check(run, session, kept.file, Snapshot.ministry_id == -1)
    assert (found.snapshot, found.good) == (None, False)
    assert said(found, Outcome.BAD) == ["この台帳が発行した写しとして、記録が見つかりません。"]

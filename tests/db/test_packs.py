"""Evidence packs on both databases: made by the job, whole, and good for the program that they carry."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text, true

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.documents import checking
from register.documents.signed import Signed
from register.errors import NotNow, say
from register.factory import create_app
from register.formats import pdf
from register.formats.pdf_process import Limits, Request
from register.formats.signing import StampAway
from register.jobs import pack_documents, packs
from register.jobs import snapshots as job_snapshots
from register.jobs.runner import Runner, make_snapshot
from register.models import Job, Round, Snapshot, User
from register.queries import jobs as job_queries
from register.runtime import Runtime
from register.services import snapshot_subjects as subjects
from register.services import snapshots
from register.services.jobs import Work
from register.verifier import program
from register.vocab import JobState, Role, RoundDeed, SnapshotKind, SnapshotState
from tests.support import sample_document
from tests.support.application import demo, settings_for
from tests.support.databases import Build
from tests.support.running_round import Office, busy

NAMES = [
    "documents/report-2025-3-001-ja.pdf",
    "data/report-2025-3-001-ja.csv",
    "data/report-2025-3-001-ja.json",
    "data/report-2025-3-001-ja.xlsx",
    "documents/report-2025-3-en.pdf",
    "data/report-2025-3-en.csv",
    "data/report-2025-3-en.json",
    "data/report-2025-3-en.xlsx",
    "documents/annex-2025-3-ja.pdf",
    "data/annex-2025-3-ja.csv",
    "data/annex-2025-3-ja.json",
    "data/annex-2025-3-ja.xlsx",
    "receipts/receipt-2025-3-a-ja.pdf",
    "receipts/receipt-2025-3-b-ja.pdf",
    "forms/periodic-v2.json",
    "tables/definitions.json",
    "tables/crosswalk.json",
    "audit/chain.jsonl",
    "audit/leaves.txt",
    "verify.py",
    "README.txt",
    "manifest.json",
]


def frozen(url: str) -> None:
    """Build a settled round: ministry A handed in a case, ministry B has none to report."""
    busy(url)
    database = Database(url, FixedClock(dt.datetime(2025, 11, 10, 1, 0, tzinfo=dt.UTC)))
    with database.writing() as session:
        office = Office(session)
        office.case()
        round_ = office.opened()
        for key, reporter, approver in (("a", "reporter", "approver"), ("b", "other", "other-approver")):
            submission = office.submission(round_, key)
            if key == "a":
                office.confirm(submission, who=reporter)
                office.send(submission, who=reporter)
            else:
                office.nil(submission, who=reporter)
            office.approve(submission, who=approver)
            office.accept(submission)
        office.go(round_, RoundDeed.CLOSE, RoundDeed.FREEZE)
    database.engine.dispose()


@pytest.fixture
def content(request: pytest.FixtureRequest) -> Build:
    """A settled round of two ministries, unless the test says otherwise."""
    return getattr(request, "param", frozen)


@pytest.fixture
def run(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Runtime]:
    """The application's runtime."""
    made = create_app(settings_for(database_url, tmp_path), clock, TESTING=True)
    yield made.extensions["register"]
    made.extensions["register"].database.engine.dispose()


def secretary(database: Database) -> Actor:
    """Return somebody of the secretariat."""
    with database.reading() as session:
        return Actor.of(session.scalars(select(User).where(User.role == Role.SECRETARIAT)).first())


@pytest.fixture
def runner(run: Runtime) -> Iterator[Runner]:
    """The job runner."""
    made = Runner(run)
    yield made
    made.close()


@pytest.fixture
def make(run: Runtime, runner: Runner) -> Callable[..., Snapshot]:
    """Ask for a snapshot of the newest settled round, let the runner make it, and return its row."""
    database, by = run.database, secretary(run.database)

    def made(kind: SnapshotKind, language: str = "ja") -> Snapshot:
        with database.writing() as session:
            of = session.scalars(select(Round).order_by(Round.id.desc())).first()
            job_id = snapshots.ask(session, subjects.of_round(session, of, kind, language), of, by=by).id
        assert runner.tick() == 1
        with database.reading() as session:
            job = session.get_one(Job, job_id)
            assert job.state is JobState.DONE, job_queries.said(job.error)
            assert job.done == job.total
            return session.get_one(Snapshot, job.snapshot_id)

    return made


def checked(run: Runtime, snapshot: Snapshot, folder: Path, *more: str) -> list[str]:
    """Unpack a pack and check it with the program that lies in it; return the exit code and what it says."""
    with zipfile.ZipFile(io.BytesIO(run.files.get(snapshot.path))) as pack:
        pack.extractall(folder)
    return run_in(folder, *more)


def run_in(folder: Path, *more: str) -> list[str]:
    """Check the pack in a folder; return the exit code and what the program says."""
    command = [sys.executable, "-I", folder / "verify.py", "--lang", "ja", *more]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.stderr == ""
    return [str(done.returncode), *done.stdout.splitlines()]


def test_a_pack_is_whole_and_good_for_the_program_in_it(
    run: Runtime, make: Callable[..., Snapshot], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if run.database.dialect == "postgresql":
        # The pages do not know the database.
        for module in (pack_documents, job_snapshots):
            monkeypatch.setattr(module, "render_request", drawn_small)
    report = make(SnapshotKind.REPORT)
    with run.database.reading() as session:
        before = audit.head(session)
    snapshot = make(SnapshotKind.PACK)
    content = run.files.get(snapshot.path)
    assert snapshot.file_name == "pack-2025-3-001-ja.zip"
    assert (snapshot.pages, snapshot.size, snapshot.state) == (0, len(content), SnapshotState.ISSUED)
    assert snapshot.sha256 == snapshot.unsigned_sha256 == hashlib.sha256(content).hexdigest()
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        names, manifest = pack.namelist(), json.loads(pack.read("manifest.json"))
        assert hashlib.sha256(pack.read("manifest.json")).hexdigest() == snapshot.data_sha256
        assert pack.read(f"documents/{report.file_name}") == run.files.get(report.path)
        assert pack.read("verify.py") == program()
        chain = [json.loads(line) for line in pack.read("audit/chain.jsonl").splitlines()]
        told = pack.read("README.txt").decode()
    assert names == NAMES
    assert [one["issued"] for one in manifest["files"] if one["kind"] == "document"] == [True, *[False] * 4]
    assert (manifest["audit"]["length"], manifest["audit"]["head"]) == (before[0] + 1, chain[-1]["hash"])
    assert manifest["without_receipt"] == []
    assert "控えのない府省庁" not in told
    lines = checked(run, snapshot, tmp_path / "pack", "--sha256", snapshot.data_sha256)
    assert lines[0] == "0", lines
    assert not [line for line in lines if "[NG]" in line]
    assert any(line.startswith("[OK] 2個の提出の控え") for line in lines)


def drawn_small(request: Request, _limits: Limits) -> bytes:
    """Return a PDF of one line with the data and the metadata that were asked for: pages take time."""
    language = re.search(r'<html lang="(\w+)"', request.html)[1]
    page = sample_document.page("<h1>文書</h1>", lang=f'lang="{language}"')
    asked = {"created": request.created, "attachments": request.attachments, "properties": request.properties}
    return pdf.render(page, identifier=request.identifier, **asked)


@pytest.mark.parametrize("content", [demo], indirect=True)
def test_a_round_that_came_from_a_file_has_its_reports_and_no_receipts(
    run: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_documents, "render_request", drawn_small)
    snapshot = made_by_hand(run, "2025-2")
    lines = checked(run, snapshot, tmp_path / "pack")
    assert lines[0] == "0", lines
    with zipfile.ZipFile(io.BytesIO(run.files.get(snapshot.path))) as pack:
        names, manifest = pack.namelist(), json.loads(pack.read("manifest.json"))
        crosswalk = json.loads(pack.read("tables/crosswalk.json"))
        told = pack.read("README.txt").decode()
    documents = [name for name in names if name.endswith(".pdf")]
    assert documents == [
        *(f"documents/report-2025-2-{language}.pdf" for language in ("ja", "en")),
        *(f"documents/edition-2025-2-{kind}-{one}.pdf" for kind in ("public", "closed") for one in ("ja", "en")),
        "documents/annex-2025-2-ja.pdf",
    ]
    assert len([name for name in names if name.startswith("data/report")]) == 6
    assert {one["path"] for one in manifest["files"] if one["kind"] == "document"} == set(documents)
    assert {"forms/periodic-v1.json", "forms/periodic-v2.json"} < set(names)
    assert [one["after"] for one in crosswalk["steps"]] == ["v2"]
    assert len(manifest["without_receipt"]) == 25
    assert "控えのない府省庁（台帳で承認された提出がない）：府省庁A、府省庁B、" in told
    figures = next(line for line in lines if "CSVの表の" in line)
    assert int(re.search(r"(\d+)個の数字", figures)[1]) > 2_000


def made_by_hand(run: Runtime, code: str) -> Snapshot:
    """Make a pack without the queue, in which other work may wait; return its row."""
    by = secretary(run.database)
    with run.database.reading() as session:
        of = next(one for one in session.scalars(select(Round)) if one.code == code)
        wanted = subjects.of_round(session, of, SnapshotKind.PACK, "ja")
    store = make_snapshot(run, Work(0, snapshots.KIND, wanted.params(), 1, by), lambda done, total: None)
    with run.database.writing() as session:
        number = store(session)
    with run.database.reading() as session:
        return session.get_one(Snapshot, number)


def test_the_register_knows_the_documents_of_its_packs(run: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_documents, "render_request", drawn_small)
    snapshot = made_by_hand(run, "2025-3")
    with zipfile.ZipFile(io.BytesIO(run.files.get(snapshot.path))) as pack:
        own = pack.read("receipts/receipt-2025-3-a-ja.pdf")
    forged = own.replace(b"%PDF-1.7", b"%PDF-1.6")
    with run.database.reading() as session:
        found = checking.check(run, session, own, true())
        assert found.good
        assert found.snapshot.id == snapshot.id
        other = checking.check(run, session, forged, true())
        assert not other.good
        assert "内容が違います" in str(other.findings[0].sentences[0])
        assert checking.check(run, session, run.files.get(snapshot.path), true()).good
        run.files.remove(snapshot.path)
        lost = checking.check(run, session, own, true())
    assert not lost.good
    assert "台帳が保存していないため" in str(lost.findings[0].sentences[0])


def refused(run: Runtime) -> str:
    """Ask for a pack that cannot be made; return the reason. Nothing of it is left in the store."""
    with pytest.raises(NotNow) as refusal:
        made_by_hand(run, "2025-3")
    assert not [path for path in Path(run.files.path("snapshots")).iterdir() if path.suffix != ".pdf"]
    return str(refusal.value.sentence)


def test_what_was_issued_is_taken_as_it_is_or_not_at_all(
    run: Runtime,
    make: Callable[..., Snapshot],
    runner: Runner,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for module in (pack_documents, job_snapshots):
        monkeypatch.setattr(module, "render_request", drawn_small)
    make(SnapshotKind.REPORT)
    report = make(SnapshotKind.REPORT)
    with run.database.writing() as session:
        # One that its ministry made for itself is none of the pack's.
        of = session.scalars(select(Round)).one()
        own = Actor.of(session.scalars(select(User).where(User.email == "approver@example.go.jp")).one())
        submission = Office(session).submission(of)
        snapshots.ask(session, subjects.of_submission(submission, "ja"), submission, by=own)
    assert runner.tick() == 1
    with run.database.reading() as session:
        receipt = session.scalars(select(Snapshot).where(Snapshot.kind == SnapshotKind.RECEIPT)).one()
    assert receipt.internal
    pack = made_by_hand(run, "2025-3")
    lines = checked(run, pack, tmp_path / "pack")
    assert lines[0] == "0", lines
    with zipfile.ZipFile(io.BytesIO(run.files.get(pack.path))) as opened:
        documents = [name for name in opened.namelist() if name.endswith(".pdf")]
    assert documents[0] == "documents/report-2025-3-002-ja.pdf"
    assert "receipts/receipt-2025-3-a-ja.pdf" in documents
    run.files.remove(pack.path)
    Path(run.files.path(report.path)).write_bytes(b"%PDF-1.7 another")
    assert refused(run).startswith("写し「report-2025-3-002-ja.pdf」のファイルが、保存時の内容と違うか")
    run.files.remove(report.path)
    assert refused(run).startswith("写し「report-2025-3-002-ja.pdf」のファイルが")


def test_no_pack_is_made_on_a_broken_chain(run: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_documents, "render_request", drawn_small)
    Path(run.files.path("snapshots")).mkdir(parents=True)
    with run.database.engine.begin() as connection:
        connection.execute(text("update audit_head set hash = :other"), {"other": "f" * 64})
    assert refused(run).startswith("監査記録の検証に失敗した")


def test_a_signature_that_cannot_be_had_ends_the_job(run: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_manifest: bytes, _config: object, _at: object) -> bytes:
        raise StampAway(say("タイムスタンプ局から応答がありません。"))

    monkeypatch.setattr(pack_documents, "render_request", drawn_small)
    monkeypatch.setattr(pack_documents, "signed", lambda _run, pdf: Signed(pdf, pdf, SnapshotState.WAITING, None))
    monkeypatch.setattr(packs, "sign_in_child", away)
    signing = replace(run, signing=replace(run.signing, key_file=Path("key.pem")))
    with pytest.raises(StampAway):
        made_by_hand(signing, "2025-3")
    assert list(Path(run.files.path("snapshots")).iterdir()) == []


def test_the_manifest_is_signed_where_there_is_a_key(run: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_documents, "render_request", drawn_small)
    monkeypatch.setattr(pack_documents, "signed", lambda _run, pdf: Signed(pdf, pdf, SnapshotState.ISSUED, None))
    monkeypatch.setattr(packs, "sign_in_child", lambda manifest, _config, _at: b"over " + manifest[:9])
    signing = replace(run, signing=replace(run.signing, key_file=Path("key.pem")))
    snapshot = made_by_hand(signing, "2025-3")
    with zipfile.ZipFile(io.BytesIO(run.files.get(snapshot.path))) as pack:
        assert pack.namelist()[-1] == "manifest.p7s"
        assert pack.read("manifest.p7s") == b"over " + pack.read("manifest.json")[:9]
    assert (snapshot.state, snapshot.signed_at) == (SnapshotState.SIGNED, run.clock.now())

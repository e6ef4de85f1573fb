"""The pages of snapshots: the list, asking from each page, one with its readings, the check, copies, the public page."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.formats.pdf_read import read
from register.models import AuditEntry, Edition, Job, Round, Snapshot, SnapshotCopy, UseCase, User
from register.runtime import runtime_of
from register.services import snapshot_subjects as subjects
from register.services.snapshots import Wanted
from register.vocab import Role, SnapshotState, Variant
from tests.support import pdf_text, sealed, snapshots
from tests.support.client import Client
from tests.support.data import NOW
from tests.support.databases import Build
from tests.support.editions import begun, held, published
from tests.support.round_files import reference_rounds

ClientOf = Callable[[str], Client]


@pytest.fixture
def content() -> Build:
    """The reference rounds."""
    return reference_rounds


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Flask]:
    """The application, signing; it knows its own address."""
    made = sealed.signing(database_url, tmp_path, clock, public_url="https://register.example/")
    made.test_client_class = Client
    yield made
    runtime_of(made).database.engine.dispose()


@pytest.fixture
def case(database: Database) -> str:
    """The address of a case of ministry a."""
    with database.writing() as session:
        found = session.scalars(select(UseCase).order_by(UseCase.id)).first()
        return f"/use-cases/{found.public_id}"


def events(database: Database) -> list[str]:
    """Return what was done with snapshots, in order."""
    with database.reading() as session:
        rows = session.scalars(select(AuditEntry.event).order_by(AuditEntry.seq))
        return [one for one in rows if one.startswith("snapshot.")]


def keep(database: Database, *rows: Snapshot) -> list[str]:
    """Write rows of snapshots and return their addresses."""
    with database.writing() as session:
        for row in rows:
            session.add(row)
            audit.record(session, audit.Event.SNAPSHOT_MADE, row, by=Actor.system("tests"))
        return [f"/snapshots/{row.public_id}" for row in rows]


class TestAsking:
    """From the page of what it is of, with the language and, of some, a past moment."""

    def test_a_case_as_it_was(self, client_of: ClientOf, database: Database, case: str) -> None:
        client = client_of("secretariat")
        assert f"{case}/snapshot" in client.get(case).text
        answer = client.submit(f"{case}/snapshot", {"language": "en", "as_of_on": "2025-11-01", "as_of_at": "9:05"})
        assert answer.status_code == 303
        with database.reading() as session:
            wanted = Wanted.of(session.scalars(select(Job)).one().params)
        assert (wanted.kind.value, wanted.language) == ("case", "en")
        assert wanted.as_of.isoformat() == "2025-11-01T09:05:00+09:00"
        assert "順番を待っています。" in client.get(answer.location).text
        # Asked twice, it is one.
        again = client.submit(f"{case}/snapshot", {"language": "en", "as_of_on": "2025-11-01", "as_of_at": "9:05"})
        assert again.location == answer.location

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({"as_of_on": "2025-13-01"}, "日付として読めません。"),
            ({"as_of_on": "2025-11-01", "as_of_at": "25:00"}, "時刻として読めません。"),
            ({"as_of_at": "9:00"}, "時刻を指定するときは、日付も入力してください。"),
            ({"as_of_on": "2099-01-01"}, "今より前の日時を入力してください。"),
            ({"language": "fr"}, "選択肢の中から選んでください。"),
        ],
    )
    def test_what_cannot_be_is_told_beside_its_field(
        self, client_of: ClientOf, case: str, typed: dict[str, str], sentence: str
    ) -> None:
        answer = client_of("auditor").submit(f"{case}/snapshot", {"language": "ja", **typed})
        assert answer.status_code == 422
        assert sentence in answer.text

    def test_the_list_is_kept_as_it_was_narrowed(self, client_of: ClientOf, database: Database) -> None:
        client = client_of("secretariat")
        page = client.get("/use-cases?lifecycle=production&q=%E8%A6%81%E7%B4%84").text
        assert "この一覧の台帳写しを作成する" in page
        client.submit("/use-cases/snapshot?lifecycle=production&q=%E8%A6%81%E7%B4%84", {"language": "ja"})
        with database.reading() as session:
            subject = session.scalars(select(Job)).one().params["subject"]
        assert subject["filters"] == {"lifecycle": ["production"], "q": ["要約"]}

    def test_nobody_asks_of_what_they_may_not_see(self, client_of: ClientOf, case: str) -> None:
        assert client_of("other").get(f"{case}/snapshot").status_code == 404
        assert client_of("reporter").get("/rounds/2025-2/snapshots/report").status_code == 403


class TestList:
    """Newest first, narrowed by what people look for."""

    def test_it_is_narrowed(self, client_of: ClientOf, database: Database) -> None:
        keep(
            database,
            snapshots.row(file_name="report-2025-2-001-ja.pdf"),
            snapshots.row(file_name="report-2025-2-001-en.pdf", language="en", state=SnapshotState.SIGNED),
        )
        client = client_of("auditor")
        assert client.get("/snapshots").text.count("report-2025-2-001-") == 2
        for query in ("language=en", "state=signed", "q=en.pdf", "kind=report&language=en"):
            page = client.get(f"/snapshots?{query}").text
            assert "report-2025-2-001-en.pdf" in page, query
            assert "report-2025-2-001-ja.pdf" not in page, query
        assert "条件に合う台帳写しはありません。" in client.get("/snapshots?kind=pack").text
        assert client.get("/snapshots?sort=size").status_code == 200

    def test_what_was_superseded_says_so(self, client_of: ClientOf, database: Database) -> None:
        (old,) = keep(database, before := snapshots.row(file_name="report-2025-2-001-ja.pdf"))
        keep(database, snapshots.row(file_name="report-2025-2-002-ja.pdf", supersedes_id=before.id))
        client = client_of("secretariat")
        assert client.get("/snapshots").text.count("差替え済み") == 1
        page = client.get(old).text
        assert "この写しは、訂正した新しい写しに差し替えられています。" in page
        assert "report-2025-2-002-ja.pdf" in page


class TestOne:
    """All that is known of it, and who looked at it."""

    def test_who_looked_stands_on_it(self, client_of: ClientOf, database: Database) -> None:
        (address,) = keep(database, snapshots.row())
        assert "まだありません。" in client_of("auditor").get(address).text
        page = client_of("secretariat").get(address).text
        assert "台帳写しを閲覧した" in page
        assert events(database) == ["snapshot.made", "snapshot.read", "snapshot.read"]

    def test_what_was_disposed_of_is_not_handed_out(self, client_of: ClientOf, database: Database) -> None:
        (address,) = keep(database, snapshots.row(state=SnapshotState.DISPOSED, disposed_at=NOW))
        client = client_of("auditor")
        assert "保存期間が満了したため" in client.get(address).text
        answer = client.get(f"{address}/download")
        assert answer.status_code == 409
        assert "保存期間が満了したため廃棄されました。" in answer.text
        assert "廃棄しました。" in client.get(f"{address}/check").text

    def test_a_file_that_is_gone_or_another_is_not_handed_out(
        self, app: Flask, client_of: ClientOf, database: Database
    ) -> None:
        files = runtime_of(app).files
        lost, changed = keep(
            database,
            snapshots.row(path="snapshots/none.pdf"),
            snapshots.row(file_name="other-ja.pdf", path=files.put("snapshots/other.pdf", b"%PDF-other")),
        )
        client = client_of("auditor")
        assert "ファイルが見つかりません。" in client.get(f"{lost}/download").text
        assert "保存時の内容と違うため" in client.get(f"{changed}/download").text
        assert "台帳が保存しているはずのファイルがありません。" in client.get(f"{lost}/check").text
        assert "snapshot.downloaded" not in events(database)


class TestEditions:
    """The public edition is everybody's; the closed one is handed out in its reader's name."""

    @pytest.fixture
    def rows(self, app: Flask, database: Database) -> dict[Variant, Snapshot]:
        """Publish an edition, have the Japanese snapshots made, and return them."""
        with database.writing() as session:
            second = session.scalars(select(Round).where(Round.number == 2)).one()
            edition = published(session, held(session, begun(session, second), threshold=3))
            for job in session.scalars(select(Job)):
                session.delete(job)
        by = sealed.somebody(runtime_of(app))
        found = {}
        for variant in Variant:
            with database.reading() as session:
                wanted = subjects.of_edition(session.get_one(Edition, edition.id), variant, "ja")
            (found[variant],) = sealed.made(app, wanted, by)
        return found

    def test_the_public_page(self, client: Client, client_of: ClientOf, rows: dict[Variant, Snapshot]) -> None:
        public, closed = rows[Variant.PUBLIC], rows[Variant.CLOSED]
        page = client.get(f"/verify/{public.public_id}")
        assert page.status_code == 200
        assert public.sha256 in page.text
        hidden, missing = (
            client.get(f"/verify/{closed.public_id}"),
            client.get(f"/verify/{'0' * 8}-0000-4000-8000-{'0' * 12}"),
        )
        assert (hidden.status_code, missing.status_code) == (404, 404)
        own = client_of("auditor").get(f"/verify/{closed.public_id}")
        assert own.location.endswith(f"/snapshots/{closed.public_id}/check")
        assert client_of("reporter").get(f"/snapshots/{public.public_id}").status_code == 200
        assert client_of("reporter").get(f"/snapshots/{closed.public_id}").status_code == 404

    def test_a_closed_copy_has_its_reader_across_it_and_is_known_again(
        self, client_of: ClientOf, database: Database, rows: dict[Variant, Snapshot]
    ) -> None:
        closed, client = rows[Variant.CLOSED], client_of("auditor")
        copy = client.get(f"/snapshots/{closed.public_id}/download").data
        assert hashlib.sha256(copy).hexdigest() != closed.sha256
        assert read(copy).text.count("auditor") == closed.pages + 1
        with database.reading() as session:
            kept = session.scalars(select(SnapshotCopy)).one()
            person = session.scalars(select(User).where(User.role == Role.AUDITOR)).one()
        assert (kept.snapshot_id, kept.user_id, kept.sha256) == (
            closed.id, person.id, hashlib.sha256(copy).hexdigest(),
        )  # fmt: skip
        found = client.submit("/snapshots/check", {"file": (io.BytesIO(copy), "copy.pdf")}).text
        assert "この台帳が発行した写しで、問題は見つかりませんでした。" in found
        assert "auditorさんに" in found
        public = client.get(f"/snapshots/{rows[Variant.PUBLIC].public_id}/download").data
        assert hashlib.sha256(public).hexdigest() == rows[Variant.PUBLIC].sha256
        assert "https://register.example/verify/" in pdf_text.joined(public)
        assert "auditor" not in pdf_text.joined(public)
        assert events(database)[-3:] == ["snapshot.downloaded", "snapshot.checked", "snapshot.downloaded"]


class TestChecking:
    """A file or an id; what is wrong with the form is told beside it."""

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({}, "ファイルを選ぶか、写しのIDを入力してください。"),
            ({"id": "report-2025-2-001"}, "写しのIDとして読めません。"),
        ],
    )
    def test_neither_file_nor_id(self, client_of: ClientOf, typed: dict[str, str], sentence: str) -> None:
        answer = client_of("reporter").submit("/snapshots/check", typed)
        assert answer.status_code == 422
        assert sentence in answer.text

    def test_an_id_leads_to_the_check(self, client_of: ClientOf, database: Database) -> None:
        (address,) = keep(database, snapshots.row())
        number = address.rpartition("/")[2]
        answer = client_of("auditor").submit("/snapshots/check", {"id": f" urn:uuid:{number.upper()} "})
        assert answer.location.endswith(f"/verify/{number}")

    def test_a_file_of_no_kind_is_a_finding_and_no_error(self, client_of: ClientOf, database: Database) -> None:
        client = client_of("reporter")
        for content in (b"", b"PK\x03\x04", b"%PDF-1.7\n%%EOF\n"):
            answer = client.submit("/snapshots/check", {"file": (io.BytesIO(content), "x.pdf")})
            assert "確かめられませんでした" in answer.text
        assert "snapshot.checked" in events(database)


class TestCommands:
    """``flask snapshots``."""

    def test_verify(self, app: Flask, database: Database, tmp_path: Path) -> None:
        run = runtime_of(app)
        with database.reading() as session:
            wanted = subjects.of_case(session.scalars(select(UseCase).order_by(UseCase.id)).first(), "ja", None)
        (row,) = sealed.made(app, wanted, sealed.somebody(run))
        file = tmp_path / row.file_name
        file.write_bytes(run.files.get(row.path))
        done = app.test_cli_runner().invoke(args=["snapshots", "verify", str(file)])
        assert done.exit_code == 0, done.output
        assert "OK ファイルが発行したときのままか: 発行したときのファイルと、1バイトも違いません。" in done.output
        file.write_bytes(file.read_bytes() + b"x")
        done = app.test_cli_runner().invoke(args=["snapshots", "verify", str(file)])
        assert done.exit_code == 1
        assert "NG ファイルが発行したときのままか: 発行したときのファイルと、内容が違います。" in done.output

    def test_dispose(self, app: Flask, database: Database, clock: FixedClock) -> None:
        files = runtime_of(app).files
        kept = files.put("snapshots/over.pdf", b"over")
        today = clock.today()
        keep(
            database,
            snapshots.row(path=kept, file_name="over-ja.pdf", retain_until=today.replace(year=today.year - 1)),
            snapshots.row(file_name="kept-ja.pdf", retain_until=today),
        )
        runner = app.test_cli_runner()
        assert runner.invoke(args=["snapshots", "dispose", "--dry-run"]).output == "over-ja.pdf\n"
        assert files.get(kept) == b"over"
        assert runner.invoke(args=["snapshots", "dispose"]).output.endswith("1 disposed of\n")
        with pytest.raises(FileNotFoundError):
            files.get(kept)
        assert runner.invoke(args=["snapshots", "dispose"]).output == "0 disposed of\n"
        with database.reading() as session:
            states = dict(session.execute(select(Snapshot.file_name, Snapshot.state)).all())
        assert states == {"over-ja.pdf": SnapshotState.DISPOSED, "kept-ja.pdf": SnapshotState.ISSUED}
        assert events(database)[-1] == "snapshot.disposed"

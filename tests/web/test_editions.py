"""The pages and files of editions: who reads which variant, how one goes out, and what none of them gives away."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import page as page_validation
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from register import audit
from register.authz import Actor
from register.db import Database
from register.models import AuditEntry, Edition, Round, SubmissionItem, UseCase
from register.queries import editions as queries
from register.vocab import Variant
from tests.support import pdf_text
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.editions import OTHER, begun, checked, held, published, take
from tests.support.round_files import reference_rounds

ClientOf = Callable[[str], Client]
LIST = "/rounds/2025-2/report/editions"
MARKS = re.compile("印題|印用|印標")
KINDS = ("json", "csv", "xlsx", "pdf")


@pytest.fixture
def content() -> Build:
    """The reference rounds."""
    return reference_rounds


@pytest.fixture
def out(database: Database) -> str:
    """The address of a published edition whose examples hold marked words that are not public."""
    with database.writing() as session:
        second = session.scalars(select(Round).where(Round.number == 2)).one()
        chosen = [one.id for one in queries.offered(session, second.id)[:2]]
        for item in session.scalars(select(SubmissionItem).where(SubmissionItem.id.in_(chosen))):
            marked = {"title": f"印題{item.id}", "purpose": f"印用{item.id}", "goal_text": f"印標{item.id}"}
            item.answers = {**item.answers, **marked}
            audit.record(session, audit.Event.ITEM_CORRECTED, item, by=Actor.system("tests"))
        edition = published(session, held(session, begun(session, second), threshold=3, examples=chosen))
        return f"/editions/{edition.public_id}"


def drafted(database: Database, **changes: object) -> str:
    """Begin an edition and return its address."""
    with database.writing() as session:
        second = session.scalars(select(Round).where(Round.number == 2)).one()
        return f"/editions/{held(session, begun(session, second), **changes).public_id}"


def edition_at(database: Database, address: str) -> Edition:
    """Return the edition at an address."""
    with database.reading() as session:
        return next(one for one in session.scalars(select(Edition)) if str(one.public_id) in address)


class TestReading:
    """Everybody reads the public edition, once it is out; the closed one only who oversees."""

    @pytest.mark.parametrize("who", ["reporter", "approver", "secretariat", "auditor"])
    def test_the_public_edition_is_everybodys(self, client_of: ClientOf, out: str, who: str) -> None:
        client = client_of(who)
        assert out in client.get(LIST).text
        page = client.get(f"{out}/public").text
        assert "「x」は、件数が小さいか" in page
        assert "非公開資料" in page
        assert "（一部非公開）" in page
        for kind in KINDS:
            assert client.get(f"{out}/public.{kind}").status_code == 200

    @pytest.mark.parametrize("who", ["reporter", "approver"])
    def test_the_closed_edition_is_not(self, client_of: ClientOf, out: str, who: str) -> None:
        client = client_of(who)
        assert "関係者版" not in client.get(out).text
        for path in ("closed", *(f"closed.{kind}" for kind in KINDS), "edit", "check", "discard"):
            assert client.get(f"{out}/{path}").status_code == 403

    def test_whoever_reads_the_closed_edition_stands_in_the_log(
        self, client_of: ClientOf, database: Database, out: str
    ) -> None:
        client = client_of("auditor")
        assert "印題" in client.get(f"{out}/closed").text
        client.get(f"{out}/closed.csv")
        with database.reading() as session:
            found = session.scalars(select(AuditEntry.event).order_by(AuditEntry.seq)).all()
        assert found[-2:] == ["edition.read", "edition.exported"]

    def test_a_draft_is_nobodys_but_who_oversees(self, client_of: ClientOf, database: Database) -> None:
        address = drafted(database)
        for path in (address, f"{address}/public", f"{address}/public.json"):
            assert client_of("reporter").get(path).status_code == 404
        assert client_of("auditor").get(address).status_code == 200
        assert client_of("auditor").get(f"{address}/public").status_code == 404
        assert address not in client_of("reporter").get(LIST).text

    def test_it_speaks_english(self, client_of: ClientOf, out: str) -> None:
        client = client_of("reporter")
        client.set_cookie("language", "en")
        assert "Public edition" in client.get(f"{out}/public").text
        assert "x" in client.get(f"{out}/public.csv").text

    def test_the_same_edition_gives_the_same_bytes(self, client_of: ClientOf, out: str) -> None:
        for kind in KINDS:
            once, again = (client_of("reporter").get(f"{out}/public.{kind}").data for _ in range(2))
            assert once == again, kind


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("variant", ["public", "closed"])
def test_the_document_can_be_archived_and_read_aloud(
    client_of: ClientOf, out: str, tmp_path: Path, variant: str, language: str
) -> None:
    client, path = client_of("secretariat"), tmp_path / "edition.pdf"
    client.set_cookie("language", language)
    path.write_bytes(client.get(f"{out}/{variant}.pdf").data)
    for profile in ("pdfa3a", "ua1"):
        result = page_validation.validate_pdf(str(path), profile=profile)
        assert result.is_compliant, [failure.message for failure in result.failures]


class TestLeaks:
    """No word that is not public stands in any form of the public edition."""

    @pytest.mark.parametrize("language", ["ja", "en"])
    def test_no_marked_word_is_found(self, client_of: ClientOf, out: str, language: str) -> None:
        client = client_of("reporter")
        client.set_cookie("language", language)
        closed = client_of("auditor")
        closed.set_cookie("language", language)
        for address in (out, f"{out}/public", LIST):
            assert MARKS.search(client.get(address).text) is None
        for kind in KINDS:
            said = read(client.get(f"{out}/public.{kind}").data, kind)
            assert MARKS.search(said) is None, kind
            if kind in ("json", "pdf"):
                assert "印題" in read(closed.get(f"{out}/closed.{kind}").data, kind)

    def test_no_case_number_is_found(self, client_of: ClientOf, database: Database, out: str) -> None:
        with database.reading() as session:
            numbers = session.scalars(select(UseCase.case_no)).all()
        for kind in KINDS:
            said = read(client_of("reporter").get(f"{out}/public.{kind}").data, kind)
            assert [one for one in numbers if one in said] == []


def read(data: bytes, kind: str) -> str:
    """Return all text of a file, its attachments included."""
    if kind == "xlsx":
        book = CalamineWorkbook.from_object(io.BytesIO(data))
        return str([book.get_sheet_by_name(name).to_python() for name in book.sheet_names])
    if kind == "pdf":
        return pdf_text.joined(data) + pdf_text.beneath(data)
    return str(json.loads(data)) if kind == "json" else data.decode()


class TestPublishing:
    """From the report's page to the published edition, by two people."""

    def test_two_people_bring_it_out(self, client_of: ClientOf, database: Database) -> None:
        client = client_of("secretariat")
        address = client.submit(LIST, button="/editions").location
        assert "準備中" in client.get(address).text
        assert client.submit(f"{address}/edit", {"threshold": "3"}).location == address
        page = client.get(f"{address}/check").text
        assert "すべて互いに合っています" in page
        assert "残る数字から計算できてしまいます" in page
        assert client.submit(f"{address}/check").location == address
        page = client.get(address).text
        assert "承認待ち" in page
        assert f"{address}/approve" not in page
        refused = client.submit(f"{address}/approve")
        assert (refused.status_code, "ほかの人が承認" in refused.text) == (409, True)
        with database.writing() as session:
            take(session, session.merge(edition_at(database, address)), "approve", by=OTHER)
        assert client.submit(f"{address}/publish").location == address
        assert "公表済み" in client.get(address).text
        assert "公表済み" in client.get("/rounds/2025-2").text

    def test_the_reason_is_asked_for(self, client_of: ClientOf, database: Database) -> None:
        address = drafted(database)
        client = client_of("secretariat")
        refused = client.submit(f"{address}/discard")
        assert (refused.status_code, "理由を入力してください" in refused.text) == (422, True)
        assert client.submit(f"{address}/discard", {"word": "不要のため"}).location == address
        assert "取りやめ" in client.get(address).text
        assert client.get(f"{address}/edit").status_code == 409

    def test_a_threshold_that_is_not_offered_is_refused(self, client_of: ClientOf, database: Database) -> None:
        sent = client_of("secretariat").submit(f"{drafted(database)}/edit", {"threshold": "7"})
        assert (sent.status_code, "選択肢の中から" in sent.text) == (422, True)

    def test_a_correction_must_say_what_it_corrects(self, client_of: ClientOf, out: str) -> None:
        client = client_of("secretariat")
        address = client.submit(LIST, button="/editions").location
        assert address != out
        refused = client.submit(f"{address}/check")
        assert (refused.status_code, "何を訂正したかを入力" in refused.text) == (422, True)

    def test_others_begin_nothing(self, client_of: ClientOf, database: Database) -> None:
        for who in ("reporter", "approver", "auditor"):
            assert client_of(who).post(LIST).status_code in {400, 403}
        with database.reading() as session:
            assert session.scalars(select(Edition)).all() == []


def test_what_is_checked_can_be_read_before_it_goes_out(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        second = session.scalars(select(Round).where(Round.number == 2)).one()
        edition = checked(session, held(session, begun(session, second)))
        assert queries.text_of(session, edition, Variant.PUBLIC, "ja")
        address = f"/editions/{edition.public_id}"
    assert client_of("secretariat").get(f"{address}/public").status_code == 200
    assert "まだ公表していない版です" in pdf_text.joined(client_of("secretariat").get(f"{address}/public.pdf").data)
    assert client_of("reporter").get(f"{address}/public").status_code == 404

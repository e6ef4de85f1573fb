"""The papers of a meeting: all that was sent stands in them, they fit both standards, and taking them out is logged."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import page as page_validation
import pikepdf
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.db import Database
from register.models import AuditEntry, Incident, Referral, ReferralPackage
from register.vocab import IncidentState, ReferralState
from tests.support import pdf_text
from tests.support.client import Client
from tests.support.incidents import Desk
from tests.support.referrals import MEETING, MEETING_NAME, PACKAGE, TODAY, Table
from tests.support.running_round import Office

ClientOf = Callable[[str], Client]
ADDRESS = f"/agendas/{MEETING}.pdf"
LONG = "窓口に寄せられる問合せに答える案を作り、職員が確かめる。" * 30


@pytest.fixture
def planned(database: Database) -> list[str]:
    """Two referrals of one meeting, with all that a history may hold; return their numbers."""
    with database.writing() as session:
        table, case = Table(session), Office(session).case(title=f"窓口の案内。{LONG[:120]}", purpose="問合せに答える")
        _history(session, table, case.case_no)
        before = table.at(ReferralState.SENT, case, details="以前の概要")
        table.move(before, "schedule", who="secretariat", on=TODAY)
        table.move(before, "advise", who="secretariat", on=TODAY)
        table.move(before, "respond", who="approver")
        table.move(before, "close", who="secretariat")
        own = table.at(ReferralState.SCHEDULED, case, details=f"新しい概要。{LONG}", publicity="closed")
        foreign = table.draft(who="other", details="府省庁Bの概要")
        table.move(foreign, "send", who="other-approver", word="府省庁Bの連絡")
        table.move(foreign, "schedule", who="secretariat")
        assert before.referral_no == "a-AB2025-001"
        return [own.referral_no, foreign.referral_no]


def _history(session: Session, table: Table, case_no: str) -> None:
    desk = Desk(session)
    desk.at(IncidentState.IN_RESPONSE, cases=case_no, unregistered="", title="知らせた出来事")
    desk.at(IncidentState.RECEIVED, cases=case_no, unregistered="", title="知らせていない出来事")
    assert len(session.scalars(select(Incident)).all()) == 2
    assert table.people


def test_all_of_it_stands_in_the_papers(client_of: ClientOf, planned: list[str]) -> None:
    answer = client_of("secretariat").get(ADDRESS)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="agenda-2025-11-20.pdf"'
    printed = pdf_text.joined(answer.data)
    wanted = [
        "議題資料", "令和7年11月20日（2025年11月20日）", MEETING_NAME, "2件", "目次", *planned,
        f"新しい概要。{LONG}", "府省庁Bの概要", *list(PACKAGE.values())[1:], "府省庁A", "府省庁B", "窓口の案内", "問合せに答える",
        "単一府省庁のみ-課室単位以下", "常用段階", "知らせた出来事", "府省庁Bの連絡", "公開の区分（府省庁の案）", "非公開",
        "a-AB2025-001", "進めてよい。", "半年後に報告する", "5月に報告する。", "そのように進める。", "機密性２情報・関係者限り",
    ]  # fmt: skip
    assert [text for text in wanted if "".join(text.split()) not in printed] == []
    for hidden in ("知らせていない出来事", "以前の概要"):
        assert hidden not in printed


def test_the_contents_lead_to_the_packages_and_pages_are_counted(client_of: ClientOf, planned: list[str]) -> None:
    data = client_of("secretariat").get(ADDRESS).data
    pages = pdf_text.pages_of(data)
    assert len(pages) >= 5
    for number, text in enumerate(pages[1:], 2):
        assert f"{number}/{len(pages)}" in "".join(text.split())
    assert all("機密性２情報・関係者限り" in text for text in pages)
    for referral_no in planned:
        first = next(number for number, text in enumerate(pages, 1) if number > 2 and referral_no in text)
        # A long title goes over several lines; the number stands after the dots of the last.
        told = re.search(rf"{referral_no}[^.]*\.{{3,}}\s*(\d+)", pages[1])
        assert told is not None
        assert told[1] == str(first)


def test_the_papers_fit_both_standards(client_of: ClientOf, planned: list[str], tmp_path: Path) -> None:
    assert planned
    for language in ("ja", "en"):
        client = client_of("secretariat")
        client.set_cookie("language", language)
        path = tmp_path / f"{language}.pdf"
        path.write_bytes(client.get(ADDRESS).data)
        for profile in ("pdfa3a", "ua1"):
            result = page_validation.validate_pdf(str(path), profile=profile)
            assert result.is_compliant, [failure.message for failure in result.failures]
        with pikepdf.open(path) as document:
            assert document.Root.Lang == language


def test_the_packages_are_attached_as_they_were_sent(
    client_of: ClientOf, database: Database, planned: list[str]
) -> None:
    data = client_of("secretariat").get(ADDRESS).data
    with database.reading() as session:
        rows = select(Referral.referral_no, ReferralPackage.sha256).join(
            ReferralPackage, ReferralPackage.referral_id == Referral.id
        )
        digests = {row[0]: row[1] for row in session.execute(rows)}
    printed = pdf_text.joined(data)
    with pikepdf.open(io.BytesIO(data)) as document:
        assert {f"{number}.json" for number in planned} < set(document.attachments)
        for number in planned:
            attached = document.attachments[f"{number}.json"].get_file().read_bytes()
            assert hashlib.sha256(attached).hexdigest() == digests[number]
            assert digests[number] in printed


def test_taking_them_out_is_logged_for_every_referral_in_them(
    client_of: ClientOf, database: Database, planned: list[str]
) -> None:
    client_of("secretariat").get(ADDRESS)
    with database.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.event == "referral.exported")).all()
    assert {(row.actor_name, row.subject_label) for row in rows} == {
        ("secretariat", number) for number in (*planned, "a-AB2025-001")
    }
    assert len({row.ministry_id for row in rows}) == 2


def test_the_opinion_stands_in_them_once_it_was_given(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        Table(session).at(ReferralState.ADVISED)
    printed = pdf_text.joined(client_of("secretariat").get(ADDRESS).data)
    assert "アドバイザリーボードの意見" in printed
    assert "苦情の窓口を置く" in printed
    assert "一部非公開" in printed


def test_the_page_lists_the_meetings(client_of: ClientOf, planned: list[str]) -> None:
    assert len(planned) == 2
    text = client_of("secretariat").get("/agendas").text
    assert ADDRESS in text
    assert MEETING_NAME in text
    assert "2件" in text

"""The pages of high-risk judgments as people use them: sheet, decision, lists, what is due, what the log says of reading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from csv import DictReader
from io import StringIO

import pytest
from sqlalchemy import select

from register.clock import FixedClock
from register.db import Database
from register.models import Assessment, AuditEntry, UseCase
from register.services import assessments
from register.vocab import AssessmentState, Lifecycle
from tests.support import html
from tests.support.assessments import HIGH, LOW, SHEETS, Panel
from tests.support.assessments import filled as filled_in
from tests.support.client import Client, filled, find_form
from tests.support.data import staffed
from tests.support.databases import Build
from tests.support.running_round import Office

ClientOf = Callable[[str], Client]
WHOLE = {f"answer_{one}": code for one, code in LOW.items()} | {f"reason_{one}": "仕様書のとおり" for one in LOW}


@pytest.fixture
def content() -> Build:
    """People of two ministries."""
    return staffed


@pytest.fixture
def case(database: Database) -> str:
    """The address of a case of ministry A that runs."""
    with database.writing() as session:
        return f"/use-cases/{Office(session).case().public_id}"


def made(database: Database) -> Assessment:
    """Return the newest judgment."""
    with database.reading() as session:
        found = session.scalars(select(Assessment).order_by(Assessment.id.desc())).first()
        assert found is not None
        return found


def after(client: Client, page: str, values: dict[str, str]) -> str:
    """Return what the person sees after sending the form of ``page``."""
    answer = client.submit(page, values)
    assert answer.status_code == 303, answer.text
    return client.get(answer.location).text


def events(database: Database, event: str) -> list[str | None]:
    """Return who did something, in the order of the log."""
    with database.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.event == event).order_by(AuditEntry.seq))
        return [row.actor_name for row in rows]


def test_a_case_is_judged_by_two_people(client_of: ClientOf, database: Database, case: str) -> None:
    reporter, approver = client_of("reporter"), client_of("approver")
    assert "高リスク判定を始める" in reporter.get(case).text
    saved = after(reporter, f"{case}/assessments/new", {"answer_A": "A1"})
    assert "下書きを保存しました。" in saved
    page = f"/assessments/{made(database).public_id}"
    wanting = reporter.submit(f"{page}/edit", {"propose": "1"})
    assert wanting.status_code == 422
    assert "どれか一つを選んでください。" in wanting.text
    assert made(database).state is AssessmentState.DRAFT
    asked = after(reporter, f"{page}/edit", {**WHOLE, "propose": "1"})
    assert "判定を求めました。" in asked
    assert reporter.get(f"{page}/decide").status_code == 403
    shown = approver.get(f"{page}/decide").text
    assert "結果が変わる答え" in shown
    assert "観点Cが「学習に使う」であれば、「高リスクの可能性」になります。" in shown
    differs = approver.submit(f"{page}/decide", {"result": "possible_high"})
    assert (differs.status_code, made(database).state) == (422, AssessmentState.PROPOSED)
    assert "シートの示す結果と違う判定には、理由を入力してください。" in differs.text
    decided = {"result": "possible_high", "reason": "影響が大きいため", "document_no": "第1号"}
    assert "判定を記録しました。" in after(approver, f"{page}/decide", decided)
    assert "高リスクの可能性" in reporter.get(case).text
    again = approver.get(f"{page}/decide")
    assert (again.status_code, "「判定済み」のため" in again.text) == (409, True)


def test_whoever_filled_in_is_told_that_somebody_else_decides(
    client_of: ClientOf, database: Database, case: str
) -> None:
    approver = client_of("approver")
    page = approver.submit(f"{case}/assessments/new", {**WHOLE, "propose": "1"}).location
    assert "シートに入力した人は、判定できません。" in approver.get(page).text
    assert f"{page}/decide" not in approver.get(page).text
    refused = approver.submit(f"{page}/decide", {"result": "not_high"})
    assert refused.status_code == 403
    assert "ほかの取りまとめ担当者に頼んでください。" in refused.text
    assert made(database).state is AssessmentState.PROPOSED


def test_a_judgment_is_sent_back_and_withdrawn_with_words(client_of: ClientOf, database: Database, case: str) -> None:
    reporter, approver = client_of("reporter"), client_of("approver")
    page = reporter.submit(f"{case}/assessments/new", {**WHOLE, "propose": "1"}).location
    assert approver.submit(f"{page}/step/send_back", {"word": ""}).status_code == 422
    approver.submit(f"{page}/step/send_back", {"word": "根拠を足してください"})
    assert "根拠を足してください" in reporter.get(page).text
    assert reporter.submit(f"{page}/step/propose").status_code == 303
    assert reporter.submit(f"{page}/step/withdraw", {"word": "重複"}).status_code == 303
    assert made(database).state is AssessmentState.WITHDRAWN
    assert [reporter.get(f"{page}/step/{deed}").status_code for deed in ("decide", "edit", "supersede", "x")] == [
        404
    ] * 4
    assert reporter.get(f"{page}/edit").status_code == 409


def test_two_who_fill_in_at_once_see_both_texts(client_of: ClientOf, database: Database, case: str) -> None:
    first, second = client_of("reporter"), client_of("approver")
    page = first.submit(f"{case}/assessments/new", WHOLE).location
    old = filled(find_form(html.parse(second.get(f"{page}/edit").text)[0], None))
    first.submit(f"{page}/edit", {"reason_B": "先の理由"})
    stale = second.post(f"{page}/edit", data={**old, "reason_B": "後の理由"})
    assert stale.status_code == 409
    assert "先の理由" in stale.text
    assert "後の理由" in stale.text
    assert made(database).reasons["B"] == "先の理由"


def test_a_new_judgment_begins_with_what_was_filled_in_before(
    client_of: ClientOf, database: Database, case: str
) -> None:
    with database.writing() as session:
        panel = Panel(session)
        panel.decided(session.scalars(select(UseCase)).one(), HIGH)
    page = client_of("reporter").get(f"{case}/assessments/new").text
    assert 'value="A4" checked' in page.replace("\n", " ").replace("  ", " ")
    assert "仕様書第3章" in page


def test_every_reading_is_in_the_log(client_of: ClientOf, database: Database, case: str) -> None:
    with database.writing() as session:
        Panel(session).decided(session.scalars(select(UseCase)).one(), HIGH)
    page = f"/assessments/{made(database).public_id}"
    for name in ("auditor", "secretariat", "reporter"):
        assert client_of(name).get(page).status_code == 200
    client_of("auditor").get(case)
    assert events(database, "assessment.read") == ["auditor", "secretariat", "reporter", "auditor"]
    client_of("auditor").get("/assessments")
    client_of("other").get("/assessments")
    assert events(database, "assessment.listed") == ["auditor"]
    client_of("secretariat").get("/assessments.csv")
    assert events(database, "assessment.exported") == ["secretariat"]
    assert client_of("other").get(page).status_code == 404
    assert events(database, "assessment.read") == ["auditor", "secretariat", "reporter", "auditor"]


def test_the_list_is_narrowed_and_taken_out(client_of: ClientOf, database: Database, case: str) -> None:
    with database.writing() as session:
        panel, office = Panel(session), Office(session)
        panel.decided(session.scalars(select(UseCase)).one(), HIGH)
        panel.decided(office.case(), reason="軽い案件")
        panel.start(office.case())
    auditor = client_of("auditor")
    assert '<h2 class="count">2件</h2>' in auditor.get("/assessments").text
    high = auditor.get("/assessments?decision=possible_high").text
    assert '<h2 class="count">1件</h2>' in high
    assert "条件に合う判定はありません。" in auditor.get("/assessments?differs=1").text
    rows = list(
        DictReader(StringIO(auditor.get("/assessments.csv?decision=not_high").get_data(as_text=True).lstrip("\ufeff")))
    )
    assert [(row["判定の結果"], row["判定の理由"]) for row in rows] == [("高リスクに該当しない", "軽い案件")]
    assert auditor.get("/assessments.xlsx").data[:2] == b"PK"
    assert '<h2 class="count">3件</h2>' in client_of("reporter").get("/assessments").text


def test_what_is_due_is_listed_with_the_reason(client_of: ClientOf, database: Database, case: str) -> None:
    reporter = client_of("reporter")
    assert "判定が必要な案件はありません。" in reporter.get("/assessments/due").text
    with database.writing() as session:
        Panel(session).decided(session.scalars(select(UseCase)).one(), LOW)
    reporter.submit(f"{case}/edit", {"user_scope": "7"})
    due = reporter.get("/assessments/due").text
    assert "利用者の範囲が変わりました" in due
    assert "利用者の範囲が変わりました" in reporter.get(case).text
    assert "高リスク判定が必要な案件を判定する" in reporter.get("/").text
    assert (
        "案件の内容からは「国民等の不特定多数が直接利用する」と考えられます。"
        in reporter.get(f"{case}/assessments/new").text
    )
    assert client_of("auditor").get("/assessments/due").status_code == 403
    assert client_of("auditor").get("/").text.count("高リスク判定が必要な案件") == 0


def test_a_start_without_a_judgment_is_warned_of(client_of: ClientOf, database: Database, clock: FixedClock) -> None:
    with database.writing() as session:
        planned = f"/use-cases/{Office(session).case(Lifecycle.PLANNED).public_id}"
    reporter = client_of("reporter")
    assert "高リスク判定はまだ決まっていません" not in reporter.get(f"{planned}/move?to=verification").text
    clock.moment = dt.datetime(2026, 7, 1, 3, tzinfo=dt.UTC)
    assert "高リスク判定はまだ決まっていません" in reporter.get(f"{planned}/move?to=verification").text
    assert reporter.submit(f"{planned}/move?to=verification").status_code == 303


def test_the_sheet_says_that_it_is_provisional(client_of: ClientOf) -> None:
    reporter = client_of("reporter")
    for version in ("v1", "v2"):
        page = reporter.get(f"/assessments/sheets/{version}").text
        assert "暫定の案です" in page
        assert "注意すべき観点の組合せに当たらない" in page
    assert reporter.get("/assessments/sheets/v9").status_code == 404


def told(client: Client, event: str) -> str:
    """Return what a person reads in the entries of the log about an event."""
    tree, _ = html.parse(client.get(f"/audit?event={event}").text)
    links = {link.get("href") or "" for link in tree.iter("a")}
    return "".join(client.get(link).text for link in sorted(links) if link.startswith("/audit/"))


def test_the_log_tells_others_no_word_of_a_draft_and_tells_who_read_of_a_judgment(
    client_of: ClientOf, database: Database, case: str
) -> None:
    with database.writing() as session:
        panel, office = Panel(session), Office(session)
        assessments.start(
            session, office.case(), filled_in(LOW, "省内だけの理由"), library=SHEETS, by=panel.people["reporter"]
        )
        panel.decided(session.scalars(select(UseCase)).all()[0], HIGH, reason="決めた理由")
    own, auditor = told(client_of("approver"), "assessment.drafted"), told(client_of("auditor"), "assessment.drafted")
    assert "省内だけの理由" in own
    assert "省内だけの理由" not in auditor
    assert "仕様書のとおり" in auditor
    assert "府省庁の中だけの内容のため" in auditor
    assert events(database, "assessment.read") == ["approver", "approver", "auditor"]
    assert "決めた理由" in told(client_of("secretariat"), "assessment.decided")
    assert events(database, "assessment.read")[-1] == "secretariat"
